"""Settings: every answer names what it was computed with, and a frozen gate says what it would choose otherwise."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.answers.settings import Settings
from howsure.commands.main import main
from invoked import run
from places import ROOT

LOGS = ROOT / "examples" / "logs"
A, B = "smollm2-135m-t0.3", "smollm2-135m-2shot"
KEYS = ["attempts", "cluster", "failures", "level", "method", "metric", "population", "random_factors", "seed", "task"]


@pytest.fixture(scope="module")
def scores() -> hs.Scores:
    return hs.read(LOGS)


def test_settings_have_fixed_keys_each_with_a_value_and_a_source(scores: hs.Scores) -> None:
    for answer in (hs.compare(scores, A, B), hs.leaderboard(scores), hs.estimate(scores), hs.noise(scores)):
        found = answer.to_dict()["settings"]
        assert sorted(found) == KEYS
        assert all(sorted(each) == ["source", "value"] for each in found.values())
        assert {each["source"] for each in found.values()} <= {"given", "stated", "automatic"}


def test_the_source_of_clusters_is_the_log_the_option_or_howsure(scores: hs.Scores) -> None:
    stated, given = hs.compare(scores, A, B).settings, hs.compare(scores, A, B, cluster="none").settings
    assert stated is not None
    assert stated.cluster is not None
    assert given is not None
    assert given.cluster is not None
    assert (stated.cluster.value, stated.cluster.source) == (("passage_id",), "stated")
    assert (given.cluster.value, given.cluster.source) == ((), "given")


def test_both_populations_have_their_results_under_fixed_keys() -> None:
    rows = pl.DataFrame(
        {
            "model": ["a"] * 60 + ["b"] * 60,
            "item": [*range(60)] * 2,
            "score": [int(i % 3 > 0) for i in range(60)] + [int(i % 4 > 1) for i in range(60)],
            "cluster": [i // 15 for i in range(60)] * 2,
        }
    )
    pair, board = hs.compare(rows, "a", "b").to_dict(), hs.leaderboard(rows).to_dict()["boards"][0]
    for found in (pair, board):
        assert found["population"] == "same-clusters"
        assert found["same_clusters"]["population"] == "same-clusters"
        assert found["new_clusters"]["population"] == "new-clusters"
    assert pair["same_clusters"]["p_value"] == pair["p_value"]


def test_answers_that_decide_nothing_have_no_verdict(scores: hs.Scores) -> None:
    assert hs.leaderboard(scores).verdict is None
    assert hs.compare(scores, A, B).verdict == "unclear"
    assert hs.gate(scores, A, B, not_worse_than=0.05).verdict == "pass"
    assert hs.estimate(scores).to_dict()["verdict"] is None


def test_an_attribute_that_is_gone_names_its_successor(scores: hs.Scores) -> None:
    with pytest.raises(AttributeError, match="use warnings"):
        _ = hs.compare(scores, A, B).cautions  # type: ignore[attr-defined]


def test_settings_of_an_answer_without_a_study_are_empty_but_for_its_options() -> None:
    found = hs.plan_failures(0.01).settings
    assert found is not None
    assert found.level is not None
    assert (found.level.value, found.level.source, found.task) == (0.95, "automatic", None)
    assert Settings().cluster is None


def gated(*more: str) -> Any:
    """Gate as the configuration of the working directory has it, and return the JSON."""
    words = ["gate", "logs", "--candidate", A, "--baseline", B, "-f", "json", *more]
    return json.loads(CliRunner().invoke(main, words, catch_exceptions=False).stdout)


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose gate was frozen, as the working directory."""
    shutil.copytree(LOGS, tmp_path / "logs")
    monkeypatch.chdir(tmp_path)
    words = ("gate", "logs", "--candidate", A, "--baseline", B, "--not-worse-than", "5pp", "--freeze", "howsure.toml")
    assert run(*words).exit_code == 0
    return tmp_path / "howsure.toml"


def test_a_frozen_gate_gives_the_same_verdict_without_a_warning(frozen: Path) -> None:
    text = frozen.read_text()
    assert 'cluster = ["passage_id"]' in text
    assert 'not-worse-than = "5pp"' in text
    found = gated()
    assert found["verdict"] == "pass"
    assert "frozen_setting" not in {warning["code"] for warning in found["warnings"]}
    assert found["settings"]["cluster"] == {"value": ["passage_id"], "source": "given"}


def test_a_frozen_setting_that_howsure_would_choose_otherwise_is_a_warning(frozen: Path) -> None:
    frozen.write_text(frozen.read_text().replace('["passage_id"]', '"none"'))
    found = gated()
    (warning,) = [each for each in found["warnings"] if each["code"] == "frozen_setting"]
    assert warning["message"] == "cluster is frozen as none, but by itself howsure would now take passage_id"


@pytest.mark.parametrize("margin", ["5pp", "25pp", "1%rel", "0.05"])
def test_a_frozen_gate_is_read_back_with_the_same_margin_and_bounds(margin: str, frozen: Path) -> None:
    words = ["gate", "logs", "--candidate", A, "--baseline", B, "--not-worse-than", margin, "--bounds", "0,1"]
    frozen.unlink()
    result = CliRunner().invoke(main, [*words, "--freeze", "howsure.toml", "-f", "json"], catch_exceptions=False)
    assert gated()["checks"] == json.loads(result.stdout)["checks"]


def test_freezing_again_keeps_the_criteria_and_what_howsure_chose(frozen: Path) -> None:
    before = tomllib.loads(frozen.read_text())
    gated("--freeze", "again.toml")
    again = tomllib.loads(Path("again.toml").read_text())
    assert again["frozen"] == before["frozen"]
    assert set(again["gate"]) == set(before["gate"])
    assert again["gate"]["not-worse-than"] == "5pp"


def test_a_deleted_line_is_chosen_anew_and_frozen_again_without_a_warning(frozen: Path) -> None:
    text = frozen.read_text()
    frozen.write_text(text.replace('cluster = ["passage_id"]\n', ""))
    assert "frozen_setting" not in {warning["code"] for warning in gated()["warnings"]}
    gated("--freeze", "again.toml")
    assert 'cluster = ["passage_id"]' in Path("again.toml").read_text()


def test_clusters_that_differ_between_tasks_are_not_frozen_as_one_clustering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        {"model": model, "task": task, "item": f"{task}{i}", "score": (i * k) % 3 > 0, "doc": i // 5, "topic": i // 4}
        for k, model in enumerate((A, B), 2)
        for task in ("t1", "t2")
        for i in range(40)
    ]
    pl.DataFrame(rows).with_columns(pl.col("score").cast(float)).write_csv("x.csv")
    rules = ("--tasks", "t1:cluster=doc", "--tasks", "t2:cluster=topic")
    run("gate", "x.csv", "--candidate", A, "--baseline", B, "--not-worse-than", "30pp", *rules, "--freeze", "f.toml")
    text = Path("f.toml").read_text()
    assert "# Not frozen, because tasks differ: cluster." in text
    assert "cluster" not in tomllib.loads(text)["gate"]
    assert "cluster" not in tomllib.loads(text)["frozen"]["automatic"]
