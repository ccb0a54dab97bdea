"""lm-eval with error bars: against recorded return values everywhere, and against the real one where it is installed."""

import importlib.util
import json
import sys

import numpy as np
import polars as pl
import pytest

import howsure as hs
import lm_eval_recorded
from howsure.integrations.lm_eval import evaluate, evaluate_until
from howsure.integrations.lm_eval.saving import scores_of
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
    pytest.importorskip("lm_eval")
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


def run(tasks, which, **options):
    return evaluate_until("canned", tasks[which], model_args="pretrained=example/canned-large", **options)


lenient = pytest.mark.filterwarnings("ignore")


@lenient
def test_what_was_run_reads_like_the_files_that_lm_eval_writes(tasks):
    found = evaluate("canned", list(tasks.values()), model_args="pretrained=example/canned-large")
    assert table(found.scores).equals(table(hs.read(LARGE)))
    assert found.estimates.to_dict()["entries"] == hs.estimate(LARGE).to_dict()["entries"]
    assert str(found) == str(found.estimates)
    assert set(found.results["samples"]) == set(tasks)


@lenient
def test_options_part_between_howsure_and_lm_eval(tasks):
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
def test_probabilities_come_as_from_files(tasks):
    found = evaluate("canned", tasks["sums_choice"], model_args="pretrained=example/canned-large", score="prob")
    from_files = hs.estimate(LARGE, score="prob", task="sums_choice")
    assert [entry.estimate for entry in found.estimates] == [entry.estimate for entry in from_files]


@lenient
def test_a_floor_is_decided_early(tasks):
    looks = []
    found = run(tasks, "sums_choice", at_least=0.2, batch=4, metric="acc", each=looks.append)
    assert found.look.decided
    assert found.look.kept
    assert found.n_used == found.look.n_items == 4 * len(looks) < found.n_documents == 12
    assert found.look.planned == 12
    assert [look.decided for look in looks] == [False] * (len(looks) - 1) + [True]
    assert len(found.samples["sums_choice"]) == found.n_used
    assert str(found) == str(found.look)
    assert [caution.code for caution in found.estimates.cautions if caution.code == "stopped_early"]
    whole = table(hs.read(LARGE)).filter(pl.col("task") == "sums_choice")
    assert table(found.scores).join(whole, on=[*KEYS, "score"]).height == table(found.scores).height


@lenient
def test_all_documents_give_the_whole_run(tasks):
    found = run(tasks, "sums_open", baseline=SMALL, batch=5, metric="exact_match,strict-match")
    assert (found.n_used, found.n_documents, found.look.exhausted) == (12, 12, True)
    assert (found.look.a, found.look.b) == ("example/canned-large", "example/canned-small")
    whole = hs.read(LARGE).to_frame().filter(pl.col("task") == "sums_open")
    assert set(found.scores.to_frame()["item"]) == set(whole["item"])
    gap = hs.compare([LARGE, SMALL], LARGE_NAME, SMALL_NAME, task="sums_open", metric="exact_match,strict-match")
    assert found.look.estimate == pytest.approx(gap.difference.value)
    assert "stopped_early" not in [caution.code for caution in found.estimates.cautions]


LARGE_NAME, SMALL_NAME = "example/canned-large", "example/canned-small"


@lenient
def test_clusters_are_drawn_whole(tasks):
    looks = []
    found = run(tasks, "sums_choice", baseline=SMALL, batch=4, metric="acc", cluster="lesson", each=looks.append)
    assert [(look.n_units, look.n_items) for look in looks] == [(1, 3), (2, 6), (4, 12)]
    assert found.estimates[0].estimate.n_clusters == 4
    used = [tuple(sorted(row["doc"]["lesson"] for row in found.samples["sums_choice"]))]
    assert len(used[0]) == 12


def test_the_model_is_made_once_and_batches_are_random_sorted_and_new(recorded):
    found = run({"x": "sums_choice"}, "x", within=0.01, batch=5, metric="acc", num_fewshot=2)
    assert lm_eval_recorded.Model.made == 1
    batches = [call["samples"]["sums_choice"] for call in recorded]
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert sorted(position for batch in batches for position in batch) == list(range(12))
    assert batches[0] != list(range(5))
    assert [call["random_seed"] for call in recorded] == [0, 1, 2]
    assert {call["num_fewshot"] for call in recorded} == {2}
    assert {call["bootstrap_iters"] for call in recorded} == {0}
    assert not found.look.decided


def test_the_seed_decides_the_order(recorded):
    for seed in (0, 0, 1):
        run({"x": "sums_choice"}, "x", within=0.01, batch=12 // 3, metric="acc", seed=seed)
    first, again, other = (recorded[k]["samples"] for k in (0, 3, 6))
    assert first == again != other


def test_documents_that_the_baseline_lacks_are_not_run(recorded, tmp_path):
    path = next(SMALL.glob("samples_sums_choice*"))
    (tmp_path / path.name).write_text("\n".join(path.read_text().splitlines()[:7]) + "\n")
    found = run({"x": "sums_choice"}, "x", baseline=tmp_path, batch=50, metric="acc")
    assert (found.n_used, found.n_documents) == (7, 7)


def test_a_model_against_its_own_earlier_run(recorded):
    found = run({"x": "sums_choice"}, "x", baseline=LARGE, margin=0.9, metric="acc")
    assert found.look.b == "example/canned-large (baseline)"
    assert found.look.estimate == 0


def test_documents_alike_keep_apart(recorded, monkeypatch):
    whole = lm_eval_recorded.task("sums_choice")
    whole.eval_docs[7] = whole.eval_docs[2]
    monkeypatch.setattr(lm_eval_recorded, "task", lambda name: whole)
    found = run({"x": "sums_choice"}, "x", within=0.01, metric="acc", batch=3)
    items = found.scores.to_frame()["item"].unique()
    assert len(items) == 12
    assert sum(item.endswith("#2") for item in items) == 1


def test_numbers_of_numpy_and_objects_are_written_as_lm_eval_does():
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at_least": 0.5}, "has 2 metrics: acc, acc_norm. Choose one with metric"),
        ({"at_least": 0.5, "metric": "f1"}, "has no metric 'f1'. It has acc, acc_norm"),
        ({"at_least": 0.5, "limit": 5}, "limit can't be used: documents are chosen batch by batch"),
        ({"at_least": 0.5, "batch": 0}, "batch=0 is not a whole number of 1 or more"),
        ({"metric": "acc"}, "nothing is asked of"),
        ({"baseline": FOLDER, "metric": "acc"}, "the baseline has 2 models for sums_choice"),
        ({"at_least": 0.5, "metric": "acc", "cluster": "passage"}, "document 0 has no field 'passage'"),
    ],
)
def test_what_does_not_fit_is_told(recorded, options, message):
    with pytest.raises(hs.HowsureError, match=message):
        run({"x": "sums_choice"}, "x", **options)


def test_a_group_of_tasks_is_refused(recorded):
    with pytest.raises(hs.OptionError, match=r"2 tasks named: sums_open, sums_choice. One question at a time"):
        run({"x": "sums"}, "x", at_least=0.5)


def test_a_baseline_of_other_documents_is_refused(recorded, tmp_path):
    path = next(SMALL.glob("samples_sums_choice*"))
    rows = [{**json.loads(line), "doc_hash": "other"} for line in path.read_text().splitlines()]
    (tmp_path / path.name).write_text("\n".join(map(json.dumps, rows)) + "\n")
    with pytest.raises(hs.DataError, match="none of the task's documents is in the baseline"):
        run({"x": "sums_choice"}, "x", baseline=tmp_path, metric="acc")


def test_without_lm_eval_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(hs.OptionError, match=r"lm_eval is not installed. pip install lm_eval"):
        evaluate("canned", "sums_open")


def test_no_results_are_told(recorded, monkeypatch):
    monkeypatch.setattr(sys.modules["lm_eval"], "simple_evaluate", lambda **_: None)
    with pytest.raises(hs.MethodError, match="not the first of a distributed run"):
        evaluate("canned", "sums_open")


def test_samples_are_needed(recorded):
    with pytest.raises(hs.OptionError, match="log_samples=False leaves nothing"):
        evaluate("canned", "sums_open", log_samples=False)
