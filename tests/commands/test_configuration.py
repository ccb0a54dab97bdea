"""Options in howsure.toml or pyproject.toml apply to the commands; the command line takes precedence, and mistakes name the file."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from frames import attempts, clustered, two_models
from howsure.commands.main import main


def run(*words):
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with logs and a folder to start from."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "sub").mkdir()
    two_models(n=300).write_csv(tmp_path / "logs" / "quiz.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


GATE = """
paths = "logs"
{table}
candidate = "a"
baseline = "b"
not-worse-than = 0.01
junit = "out.xml"
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("howsure.toml", GATE.format(table="[gate]")),
        ("pyproject.toml", "[tool.howsure]" + GATE.format(table="[tool.howsure.gate]")),
    ],
)
def test_a_gate_takes_all_its_options_from_a_configuration_file(project, name, text, monkeypatch):
    (project / name).write_text(text)
    monkeypatch.chdir(project / "sub")
    result = run("gate")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("PASS. a is not worse than b by more than 1.0 points")
    assert result.stderr == f"howsure: options from ../{name}\n"
    assert (project / "out.xml").exists()


def test_command_line_options_override_the_configuration_file(project):
    (project / "howsure.toml").write_text(GATE.format(table="[gate]"))
    assert run("gate", "--candidate", "b", "--baseline", "a").exit_code == 1
    assert run("--no-config", "gate").exit_code == 3
    assert "options from" not in run("--no-config", "estimate", "logs").stderr


def test_the_config_flag_names_the_file_and_a_missing_one_is_an_error(project, tmp_path):
    (project / "sub" / "other.toml").write_text(GATE.format(table="[gate]").replace('"logs"', '"../logs"'))
    assert run("--config", "sub/other.toml", "gate").exit_code == 0
    assert (project / "sub" / "out.xml").exists()
    assert run("--config", "nowhere.toml", "gate").exit_code == 3
    assert run("--config", "nowhere.toml", "estimate", "logs").exit_code == 1
    (project / "pyproject.toml").write_text("[tool.other]\n")
    assert "no table [tool.howsure]" in run("--config", "pyproject.toml", "estimate", "logs").output


def test_configuration_values_may_be_lists_tables_numbers_and_booleans(project):
    clustered().write_csv(project / "logs" / "quiz.csv")
    (project / "howsure.toml").write_text(
        'paths = ["logs"]\ncluster = ["passage"]\nmodel = "a"\nlevel = 0.9\nwhere = {item = ["p0-0", "p0-1", "p1-0", "p1-1"]}\n'
        'columns = {model = ["model"]}\nstrict = true\noverall = {quiz = 2}\n'
    )
    result = run("estimate")
    assert result.exit_code == 0, result.output
    assert "90%" in result.output
    assert "clusters" in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gate]\nnot-wors-than = 1\n", "no option 'gate.not-wors-than'. Did you mean 'gate.not-worse-than'?"),
        ("clustr = 'x'\n", "no option 'clustr'. Did you mean 'cluster'?"),
        ("[gat]\nbetter = true\n", "no option 'gat'. Did you mean 'gate'?"),
        ("[gate]\nbetter = 'yes'\n", "better = 'yes' doesn't fit. It is true or false."),
        ("[gate]\nbaseline = ['a']\n", "baseline = ['a'] doesn't fit. It is a text or a number."),
        ("[gate\n", "no TOML"),
        ('[tasks."mmlu*"]\nclustr = "x"\n', "tasks['mmlu*']: no option 'clustr'. Did you mean 'cluster'?"),
        ('[tasks.quiz]\nfailures = "ignore"\n', "tasks['quiz']: --failures ignore is not one of"),
        ("[tasks]\nquiz = 3\n", "tasks['quiz']=3 is not a table"),
    ],
)
def test_mistakes_in_a_configuration_are_errors_that_name_the_file(project, text, message):
    (project / "howsure.toml").write_text(text)
    result = run("gate", "logs")
    assert result.exit_code == 3
    assert result.stderr.startswith("howsure: howsure.toml: ")
    assert message in result.stderr


def test_the_search_for_a_configuration_stops_at_the_repository_root(project, monkeypatch):
    inner = project / "sub" / "repository"
    (inner / ".git").mkdir(parents=True)
    (project / "howsure.toml").write_text("level = 0.9\n")
    monkeypatch.chdir(inner)
    assert run("estimate", "../../logs").stderr == ""
    monkeypatch.chdir(project / "sub")
    assert "90%" in run("estimate", "../logs").stdout


def test_a_pyproject_file_without_a_howsure_table_is_ignored(project):
    for text in ("[tool.black]\n", "[broken howsure", "tool = 3\n# howsure\n"):
        (project / "pyproject.toml").write_text(text)
        assert run("estimate", "logs").stderr == ""


def test_tomllib_is_not_imported_without_a_configuration(project):
    (project / "pyproject.toml").write_text("[tool.black]\n")
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom howsure.commands.main import main\n"
        "CliRunner().invoke(main, ['describe', 'nowhere'])\nsys.exit('tomllib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ONE = """
cluster = "passage"
items = "items.csv"
failures = "zero"
lower-is-better = false
level = 0.9
seed = 3
margin = 0.02

[tasks."mmlu*"]
cluster = ["subject"]
lower-is-better = true
failures = "drop"
margin = 0.05
"""

CALLS = {
    "describe": (),
    "estimate": (),
    "noise": (),
    "questions": (),
    "compare": ("-a", "a", "-b", "b"),
    "leaderboard": (),
    "gate": ("-a", "a", "-b", "b", "--not-worse-than", "90pp"),
    "watch": ("-a", "a", "-b", "b", "--once", "--cluster-size", "5", "--bounds", "0,1"),
    "report": ("-o", "page.html"),
}


@pytest.mark.parametrize("command", [*CALLS, "plan", "plan of a score", "plan of failures", "plan from a pilot"])
def test_one_configuration_file_works_for_every_command(project, command):
    rows = attempts()
    rows.write_csv(project / "logs" / "quiz.csv")
    rows.select("task", "item", "passage").unique().write_csv(project / "items.csv")
    (project / "howsure.toml").write_text(ONE)
    plans = {
        "plan": ("plan", "--effect", "3pp"),
        "plan of a score": ("plan", "score", "--within", "3pp"),
        "plan of failures": ("plan", "failures", "1%"),
        "plan from a pilot": ("plan", "--n-items", "100", "--pilot", "logs"),
    }
    words = plans.get(command) or (command, "logs", *CALLS[command])
    result = run(*words)
    assert "howsure: howsure.toml" not in result.stderr
    assert result.exit_code in ((0, 1, 2) if command in ("gate", "watch") else (0,)), result.output


def test_per_task_tables_of_the_configuration_reach_the_verbs(project, monkeypatch):
    import howsure

    (project / "howsure.toml").write_text(ONE)
    seen = {}
    plain = howsure.estimate
    monkeypatch.setattr(howsure, "estimate", lambda data, **given: seen.update(given) or plain(data))
    run("estimate", "logs")
    said = {"cluster": ["subject"], "lower_is_better": True, "failures": "drop", "margin": 0.05}
    assert seen["tasks"] == {"mmlu*": said}
    run("estimate", "logs", "--tasks", "quiz:cluster=item")
    assert seen["tasks"] == {"quiz": {"cluster": ["item"]}}


@pytest.mark.parametrize("place", ["../out.md", "/tmp/out.md", "link/out.md"])
def test_a_discovered_configuration_cannot_write_outside_its_folder(project, place):
    outside = project.parent / "outside"
    outside.mkdir(exist_ok=True)
    (project / "link").symlink_to(outside)
    (project / "howsure.toml").write_text(f'[estimate]\noutput = "{place}"\n', encoding="utf-8")
    result = run("estimate", "logs")
    assert result.exit_code == 1
    assert "lies outside the configuration's folder" in result.output
    assert "--config" in result.output


def test_a_configuration_named_with_config_can_write_anywhere(project):
    (project / "sub" / "howsure.toml").write_text('[estimate]\noutput = "../out.md"\n', encoding="utf-8")
    assert run("--config", "sub/howsure.toml", "estimate", "logs").exit_code == 0
    assert (project / "out.md").exists()


def test_a_discovered_configuration_can_write_inside_its_folder(project, monkeypatch):
    (project / "howsure.toml").write_text('[estimate]\noutput = "sub/out.md"\n', encoding="utf-8")
    monkeypatch.chdir(project / "sub")
    assert run("estimate", "../logs").exit_code == 0
    assert (project / "sub" / "out.md").exists()


def test_per_task_margins_in_a_configuration_take_units(project):
    """With its unit, which is asked for where it is needed."""
    for margin, says in (("2pp", "by more than 2.0 points"), ("5%rel", "by more than")):
        (project / "howsure.toml").write_text(f'[tasks.quiz]\nmargin = "{margin}"\n')
        found = run("gate", "logs", "-a", "a", "-b", "b", "--not-worse-than", "1pp")
        assert says in " ".join(found.stdout.split()), found.output
    (project / "howsure.toml").write_text('[tasks.quiz]\nmargin = "0.5"\n')
    found = run("gate", "logs", "-a", "a", "-b", "b", "--not-worse-than", "1pp")
    assert (found.exit_code, "--tasks quiz:margin=0.5 is 50 points" in found.stderr) == (3, True)
    (project / "howsure.toml").write_text('[tasks.quiz]\nmargin = "much"\n')
    found = run("gate", "logs", "-a", "a", "-b", "b", "--not-worse-than", "1pp")
    assert "howsure.toml: tasks['quiz']: 'much' is no number: write 1pp or 0.01" in found.stderr


@pytest.mark.parametrize("bounds", ["[0, 4]", '"0,4"'])
@pytest.mark.parametrize("where", ["", "[estimate]\n", '[tasks."*"]\n'])
def test_bounds_in_a_configuration_may_be_a_list_or_a_text(project, where, bounds):
    (project / "howsure.toml").write_text(f"{where}bounds = {bounds}\n", encoding="utf-8")
    found = run("estimate", "logs")
    assert (found.exit_code, "scores from 0 to 4 count as 0% to 100%" in " ".join(found.output.split())) == (0, True), (
        found.output
    )


@pytest.mark.parametrize("where", ["", '[tasks."*"]\n'])
@pytest.mark.parametrize("bounds", ["[0, 4, 5]", '"04"'])
def test_malformed_bounds_in_a_configuration_are_errors(project, where, bounds):
    (project / "howsure.toml").write_text(f"{where}bounds = {bounds}\n", encoding="utf-8")
    assert run("estimate", "logs").exit_code in (1, 2)


def test_subcommands_of_plan_take_their_own_options_from_the_plan_table(project):
    (project / "howsure.toml").write_text('failures = "zero"\n[plan]\nlevel = 0.9\neffect = "3pp"\nwithin = "4pp"\n')
    assert "detect a true difference of 3.0 points" in " ".join(run("plan").stdout.split())
    scored = run("plan", "score", "--rate", "50%", "-f", "json")
    assert (json.loads(scored.stdout)["target"], json.loads(scored.stdout)["level"]) == (0.04, 0.9)
    (project / "howsure.toml").write_text('[plan]\nformat = "json"\n')
    assert json.loads(run("plan", "failures", "1%", "--observed", "x").stdout)["error"]["kind"] == "usage"
