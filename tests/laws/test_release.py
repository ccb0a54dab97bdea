"""Repository metadata: the citation, the permissions of workflows, the issue forms and the benchmark check."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import howsure as hs

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def test_the_citation_file_has_the_current_version_and_licence():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["version"]) == hs.__version__
    assert cited["license"] in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_conda_recipe_has_the_version_and_the_dependencies_of_the_package():
    recipe = yaml.safe_load((ROOT / "packaging" / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == hs.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.sub(r"([\w.-]+?)(>=[\d.]+).*", r"\1 \2", each) for each in project["dependencies"]}
    assert set(recipe["requirements"]["run"]) == needed | {"python >=3.11"}


def test_the_listing_for_inspect_has_the_fields_of_its_list():
    (entry,) = yaml.safe_load((ROOT / "packaging" / "inspect-extension.yml").read_text(encoding="utf-8"))
    assert set(entry) == {"name", "description", "author", "categories"}
    assert entry["categories"] == ["Analysis"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_have_read_only_permissions_pinned_actions_and_timeouts(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    scripts = [re.sub(r"^sudo ", "", step["run"]) for step in steps if "run" in step]
    assert all((ROOT / script).exists() for script in scripts)
    assert all(
        re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+|[0-9a-f]{40})", step["uses"])
        for step in steps
        if "uses" in step
    )
    assert all(
        "timeout-minutes" in job for job in workflow["jobs"].values() if any("run" in step for step in job["steps"])
    )


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_forms_have_a_required_field(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"]
    assert form["description"]
    assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_the_benchmark_check_finds_speed_ratios_that_got_worse(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    judge = importlib.import_module("judge")
    table = "| what | side | seconds | peak MB | ratio |\n| --- | --- | --- | --- | --- |\n| a | howsure | 1 | 9 |  |\n|  | peer (two) | 3 | 9 | 30× faster |\n|  | floor | 1 | 9 | 2.0× |\n"
    (tmp_path / "results.md").write_text(table, encoding="utf-8")
    last = judge.last_ratios(tmp_path / "results.md")
    assert last == {("a", "peer"): "30× faster", ("a", "floor"): "2.0×"}
    now = {("a", "peer"): "1,000× faster", ("a", "floor"): "2.5×", ("b", "floor"): "9×"}
    assert judge.worse(now, last) == []
    assert len(judge.worse({("a", "peer"): "23× faster", ("a", "floor"): "2.7×"}, last)) == 2
    assert judge.last_ratios(tmp_path / "none.md") == {}
