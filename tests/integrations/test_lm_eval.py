"""`evaluate` runs lm-eval and adds error bars; tested on recorded results, and on lm-eval itself if installed."""

import importlib.util
import json
import sys

import numpy as np
import pytest

import howsure as hs
import lm_eval_recorded
from howsure.integrations.lm_eval import evaluate, scores_of
from lm_eval_recorded import FOLDER

LARGE, SMALL = FOLDER / "example__canned-large", FOLDER / "example__canned-small"
KEYS = ["task", "model", "item", "metric", "attempt"]


@pytest.fixture
def recorded(monkeypatch):
    return lm_eval_recorded.install(monkeypatch)


@pytest.fixture(params=["recorded", "real"])
def tasks(request, monkeypatch, tmp_path):
    """The two tasks by name, of the recorded lm_eval or of the real one."""
    if request.param == "recorded":
        lm_eval_recorded.install(monkeypatch)
        return {"sums_open": "sums_open", "sums_choice": "sums_choice"}
    pytest.importorskip("lm_eval", reason="scripts/recipes has what this needs")
    if "canned_lm_eval" not in sys.modules:
        spec = importlib.util.spec_from_file_location("canned_lm_eval", FOLDER / "make.py")
        sys.modules["canned_lm_eval"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["canned_lm_eval"])
    made = sys.modules["canned_lm_eval"]
    monkeypatch.chdir(tmp_path)
    lines = "\n".join(map(json.dumps, made.DOCUMENTS))
    (tmp_path / "documents.jsonl").write_text(lines + "\n")
    return {task["task"]: task for task in made.TASKS}


def table(scores):
    return scores.to_frame().drop("source").sort(KEYS)


lenient = pytest.mark.filterwarnings("ignore")


@lenient
def test_results_in_memory_equal_those_read_from_files(tasks):
    found = evaluate("canned", list(tasks.values()), model_args="pretrained=example/canned-large")
    assert table(found.scores).equals(table(hs.read(LARGE)))
    assert found.estimates.to_dict()["entries"] == hs.estimate(LARGE).to_dict()["entries"]
    assert str(found) == str(found.estimates)
    assert set(found.results["samples"]) == set(tasks)


@lenient
def test_options_are_passed_to_howsure_or_lm_eval(tasks):
    found = evaluate(
        "canned",
        tasks["sums_choice"],
        model_args="pretrained=example/canned-large",
        metric="acc",
        cluster="lesson",
        name="mine",
        num_fewshot=0,
        level=0.9,
    )
    assert [(entry.metric, entry.model) for entry in found.estimates] == [("acc", "mine")]
    assert found.estimates[0].estimate.n_clusters == 4
    assert found.estimates[0].estimate.interval.level == 0.9


@lenient
def test_probability_scores_equal_those_read_from_files(tasks):
    found = evaluate("canned", tasks["sums_choice"], model_args="pretrained=example/canned-large", score="prob")
    from_files = hs.estimate(LARGE, score="prob", task="sums_choice")
    assert [entry.estimate for entry in found.estimates] == [entry.estimate for entry in from_files]


LARGE_NAME, SMALL_NAME = "example/canned-large", "example/canned-small"


def test_numpy_numbers_and_objects_in_samples_are_read():
    row = {
        "doc_id": 0,
        "doc": {"q": "?", "s": {1}},
        "target": 3,
        "arguments": [("x", object)],
        "resps": [["a"]],
        "filtered_resps": [(-1.5, True)],
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": "h",
        "acc": np.float64(0.1),
    }
    scores = scores_of({"results": {}, "config": {"model": "Made"}}, {"a/b": [row]})
    assert scores.to_frame().select("task", "model", "item", "score").row(0) == ("a_b", "Made", "h", 0.1)


def test_a_missing_lm_eval_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(hs.OptionError, match=r"lm_eval is not installed. pip install lm_eval"):
        evaluate("canned", "sums_open")


def test_a_run_without_results_is_an_error(recorded, monkeypatch):
    monkeypatch.setattr(sys.modules["lm_eval"], "simple_evaluate", lambda **_: None)
    with pytest.raises(hs.MethodError, match="not the first of a distributed run"):
        evaluate("canned", "sums_open")


def test_log_samples_false_is_an_error(recorded):
    with pytest.raises(hs.OptionError, match="log_samples=False leaves nothing"):
        evaluate("canned", "sums_open", log_samples=False)
