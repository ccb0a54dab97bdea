"""What goes into a tracker, by stand-ins that record it; tests/recipes/test_trackers.py has the trackers themselves."""

import sys
from types import SimpleNamespace

import polars as pl
import pytest

import howsure as hs
from frames import two_models
from howsure.errors import OptionError
from howsure.integrations import trackers


@pytest.fixture
def gap():
    return hs.compare(two_models(n=200), "a", "b")


class Recorder:
    """Records every call, by the name of what is called."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args, **options: self.calls.append((name, args, options))


def test_numbers_are_finite_and_named_by_their_row(gap):
    found = trackers.numbers(gap)
    assert found["difference"] == pytest.approx(gap.value)
    assert (found["low"], found["high"]) == pytest.approx((gap.low, gap.high))
    assert all(isinstance(value, float) for value in found.values())
    board = trackers.numbers(hs.leaderboard(two_models(n=200)))
    assert {name.partition("/")[0] for name in board} == {"a", "b"}
    tasks = pl.concat([two_models(n=50, task=pl.lit(task)) for task in "xy"])
    assert "a/x/value" in trackers.numbers(hs.estimate(tasks))


def test_texts_have_sentence_verdict_warnings_and_settings(gap):
    found = trackers.texts(gap)
    assert found["sentence"] == gap.sentence
    assert found["verdict"] == gap.verdict
    assert found["settings/level"] == "0.95"
    counts = trackers.texts(hs.compare("17/20", "14/20"))
    assert "counts don't show which questions" in counts["warnings"]
    assert "verdict" not in trackers.texts(hs.leaderboard(two_models(n=50)))


def test_mlflow_gets_metrics_tags_and_json(gap, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", seen := Recorder())
    trackers.to_mlflow(gap, prefix="quality")
    (metrics,), (tags,), (data, name) = (args for _, args, _ in seen.calls)
    assert metrics["quality/difference"] == pytest.approx(gap.value)
    assert tags["quality/verdict"] == gap.verdict
    assert (data["answer"], name) == ("comparison", "quality.json")
    odd = hs.estimate(two_models(n=50).with_columns(model=pl.col("model") + "<é|>"))
    trackers.to_mlflow(odd)
    assert "howsure/a<é|>/value".replace("<", "_").replace("é", "é").replace("|>", "__") in seen.calls[3][1][0]


def test_wandb_gets_a_table_and_the_summary_of_a_run(gap, monkeypatch):
    run = SimpleNamespace(logged=[], summary={})
    run.log = run.logged.append
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(run=None, Table=lambda **given: given))
    with pytest.raises(OptionError, match="no active run"):
        trackers.to_wandb(gap)
    trackers.to_wandb(gap, run=run)
    assert run.summary["howsure/difference"] == pytest.approx(gap.value)
    assert run.summary["howsure/sentence"] == gap.sentence
    assert len(run.logged[0]["howsure/rows"]["data"]) == 1


def test_langfuse_gets_a_score_per_number_and_the_verdict(gap, monkeypatch):
    client = Recorder()
    monkeypatch.setitem(sys.modules, "langfuse", SimpleNamespace(get_client=lambda: client))
    with pytest.raises(OptionError, match="need a target"):
        trackers.to_langfuse(gap)
    trackers.to_langfuse(gap, session_id="s")
    scores = {options["name"]: options for name, _, options in client.calls if name == "create_score"}
    assert scores["howsure/low"]["value"] == pytest.approx(gap.low)
    assert scores["howsure/verdict"]["data_type"] == "CATEGORICAL"
    assert {each["session_id"] for each in scores.values()} == {"s"}
    assert client.calls[-1][0] == "flush"


def test_a_missing_tracker_is_named(gap, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(OptionError, match="mlflow isn't installed"):
        trackers.to_mlflow(gap)
