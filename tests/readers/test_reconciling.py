"""Sample counts, scores and standard errors that a log states are checked against its rows."""

import json
import math
import shutil

import polars as pl
import pytest

import howsure
from howsure.errors import ReadError
from howsure.readers.reconciling import reduced
from places import DATA, LOGS, ROOT
from reader_cases import inspect_header, lines, sample, zipped


def inspect_log(folder, samples, name="a.eval", **header):
    return zipped({"summaries.json": samples, "header.json": inspect_header(**header)}, folder / name)


def results(accuracy, stderr=None, **more):
    metrics = {"accuracy": {"value": accuracy}} | (
        {} if stderr is None else {"stderr": {"value": stderr, "params": more}}
    )
    return {"scores": [{"name": "match", "scorer": "match", "metrics": metrics}]}


def told(scores, code):
    return [warning.message for warning in scores.warnings if warning.code == code]


def figures(scores):
    return {figure.figure: (figure.stated, round(figure.read, 6), figure.agrees) for figure in scores.reconciled}


def entry(answer):
    return answer.entries[0]


def test_a_stated_score_that_the_rows_do_not_give_is_a_warning_or_a_strict_error(tmp_path):
    path = inspect_log(tmp_path, [sample(1, 1), sample(2, 0)], results=results(0.33))
    scores = howsure.read(path)
    assert told(scores, "differs_from_log") == ["a.eval: the rows give 50.0% for words · match, the log states 33.0%"]
    assert figures(scores) == {"samples": (2, 2, True), "score": (0.33, 0.5, False)}
    assert any("the log states 33.0%" in warning.message for warning in howsure.estimate(path).warnings)
    with pytest.raises(ReadError, match=r"a\.eval: the rows give 50\.0% for words · match, the log states 33\.0%"):
        howsure.read(path, strict=True)


def test_stated_figures_that_agree_give_no_warning(tmp_path):
    path = inspect_log(tmp_path, [sample(1, 1), sample(2, 0)], results=results(0.5, 0.5))
    scores = howsure.read(path, strict=True)
    assert figures(scores) == {"samples": (2, 2, True), "score": (0.5, 0.5, True), "standard error": (0.5, 0.5, True)}
    assert scores.warnings == ()


def test_duplicated_rows_do_not_count_in_the_check(tmp_path):
    """A line given twice is left out, and so says nothing against what the log states; a line that differs does."""
    logs = shutil.copytree(ROOT / "tests" / "fixtures" / "lm_eval", tmp_path / "logs")
    path = min(logs.glob("*small/samples_sums_choice_*.jsonl"))
    whole = path.read_text().splitlines()
    path.write_text("\n".join((*whole, *whole[:5])) + "\n")
    scores = howsure.read(logs)
    assert told(scores, "differs_from_log") == []
    assert told(howsure.leaderboard(logs, task="sums_choice", metric="acc"), "copies_dropped") != []
    path.write_text("\n".join((*whole[:-3], *whole[:5])) + "\n")
    assert told(howsure.read(logs), "differs_from_log") != []


def test_samples_that_were_not_run_are_counted_in_every_answer(tmp_path):
    ids = list(range(120))
    samples = [sample(name, name % 2, epoch) for name in ids for epoch in (1, 2, 3)][:-7]
    path = inspect_log(
        tmp_path, samples, dataset={"samples": 120, "sample_ids": ids}, config={"epochs": 3}, status="error"
    )
    scores = howsure.read(path)
    assert told(scores, "partial_run") == ["a.eval: 353 of 360 samples planned are in the log (status error)"]
    assert scores.missing[0].named == {"117": 1, "118": 3, "119": 3}
    answer = howsure.estimate(path)
    assert "Data: 1 model × 120 questions × 3 attempts." in answer.notes
    assert any("7 of 360 attempts have no score (7 not run)" in note for note in answer.notes)
    assert entry(answer).estimate.n_items == 118
    with pytest.raises(ReadError, match="353 of 360 samples"):
        howsure.read(path, strict=True)
    for verb in (howsure.leaderboard, howsure.noise):
        assert any("7 not run" in note for note in verb(path).notes)


def test_failures_zero_counts_samples_that_were_not_run_as_0(tmp_path):
    ids = list(range(10))
    path = inspect_log(tmp_path, [sample(name, 1) for name in ids[:8]], dataset={"samples": 10, "sample_ids": ids})
    assert entry(howsure.estimate(path)).estimate.value == 1
    assert entry(howsure.estimate(path, failures="zero")).estimate.value == 0.8
    assert entry(howsure.estimate(path, failures="zero")).estimate.n_items == 10


def test_a_deliberately_limited_run_lacks_nothing(tmp_path):
    dataset = {"samples": 100, "sample_ids": [1, 2]}
    for name in ("a.eval", "b.eval"):
        inspect_log(tmp_path, [sample(1, 1), sample(2, 0)], name, dataset=dataset, model=f"mock/{name}", task_id=name)
    scores = howsure.read(tmp_path)
    assert scores.missing == ()
    assert [note for note in scores.notes if "subset" in note] == [
        "words: run on a subset, 2 of 100 questions, as requested."
    ]


def test_runs_on_several_subsets_are_summarised_in_one_note(tmp_path):
    for k, name in enumerate(("a.eval", "b.eval")):
        dataset = {"samples": 100, "sample_ids": [1, 2][: k + 1]}
        samples = [sample(1, 1), sample(2, 0)][: k + 1]
        inspect_log(tmp_path, samples, name, dataset=dataset, model=f"mock/{name}", task_id=name)
    assert [note for note in howsure.read(tmp_path).notes if "subset" in note] == [
        "words: run on subsets, 1 to 2 of 100 questions, as requested."
    ]


def test_clustered_standard_errors_equal_those_of_inspect():
    found = [figure for figure in howsure.read(LOGS).reconciled if figure.figure == "standard error"]
    assert len(found) == 4
    assert all(figure.agrees for figure in found)


@pytest.mark.parametrize("name", ["file", "source", "n", "mean", "error", "item", "cluster"])
def test_a_cluster_column_may_have_any_name(tmp_path, name):
    rows = [sample(k, k % 3 == 0) | {"metadata": {name: f"g{k % 4}"}} for k in range(12)]
    inspect_log(tmp_path, rows, results=results(1 / 3, 0.1, cluster=name))
    inspect_log(tmp_path, rows[:4], "b.eval", task_id="other", results=results(0.5))
    found = [figure.read for figure in howsure.read(tmp_path).reconciled if figure.figure == "standard error"]
    offs = [sum((k % 3 == 0) - 1 / 3 for k in range(12) if k % 4 == group) for group in range(4)]
    assert found == [pytest.approx(math.sqrt(4 / 3 * sum(off**2 for off in offs)) / 12, abs=1e-12)]


def test_an_absurdly_large_reducer_is_not_checked(tmp_path):
    stated = {
        "scores": [
            {"name": "match", "scorer": "match", "reducer": "pass_at_20000", "metrics": {"accuracy": {"value": 1.0}}}
        ]
    }
    config = {"epochs": 2, "epochs_reducer": ["pass_at_20000"]}
    scores = howsure.read(inspect_log(tmp_path, [sample(1, 1), sample(1, 0, 2)], config=config, results=stated))
    assert math.isnan(next(figure.read for figure in scores.reconciled if figure.figure == "score"))


@pytest.mark.parametrize("reducer", ["mean", "median", "max", "at_least_2", "pass_at_2", "pass_k_2"])
def test_epoch_reducers_equal_those_of_inspect(reducer):
    registry = pytest.importorskip("inspect_ai.scorer")
    from inspect_ai.scorer._reducer import create_reducers

    values = [[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [1.0, 0.5, 0.0, 0.25]]
    (reduce,) = create_reducers(reducer)
    theirs = [float(reduce([registry.Score(value=value) for value in row]).as_float()) for row in values]
    rows = pl.DataFrame([{"item": str(k), "score": value} for k, row in enumerate(values) for value in row])
    ours = reduced(rows.lazy(), (), reducer, zero=False).sort("cluster").collect()["score"].to_list()
    assert ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("kind", ["pass_at", "pass_k"])
def test_pass_at_k_and_pass_hat_k_of_many_attempts_are_exact(kind):
    rights, n, k = (0, 3, 120, 150, 200), 200, 150
    rows = pl.DataFrame([{"item": str(r), "score": float(j < r)} for r in rights for j in range(n)])
    found = dict(reduced(rows.lazy(), (), f"{kind}_{k}", zero=False).select("item", "score").collect().iter_rows())
    share = {r: math.comb(n - r if kind == "pass_at" else r, k) / math.comb(n, k) for r in rights}
    expected = {str(r): 1 - share[r] if kind == "pass_at" else share[r] for r in rights}
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_a_stated_score_is_checked_with_its_own_reducer(tmp_path):
    stated = {
        "scores": [{"name": "match", "scorer": "match", "reducer": "max", "metrics": {"accuracy": {"value": 1.0}}}]
    }
    config = {"epochs": 2, "epochs_reducer": ["max"]}
    rows = [sample(1, 1), sample(1, 0, 2), sample(2, 0), sample(2, 1, 2)]
    scores = howsure.read(inspect_log(tmp_path, rows, config=config, results=stated))
    assert figures(scores)["score"] == (1.0, 1.0, True)


def test_documents_and_scores_stated_by_lm_eval_are_checked(tmp_path):
    stamp = "2025-01-01T00-00-00.000000"
    rows = [
        {"doc_id": k, "doc": {"q": k}, "doc_hash": f"h{k}", "metrics": ["acc"], "acc": float(k == 0), "filter": "none"}
        for k in range(3)
    ]
    (tmp_path / f"samples_t_{stamp}.jsonl").write_text(lines(rows))
    stated = {
        "results": {"t": {"alias": "t", "acc,none": 0.25, "acc_stderr,none": 0.25}},
        "n-samples": {"t": {"original": 9, "effective": 4}},
        "model_name": "m",
    }
    (tmp_path / f"results_{stamp}.json").write_text(json.dumps(stated))
    scores = howsure.read(tmp_path)
    assert told(scores, "partial_run")[0].endswith("3 of 4 questions planned are in the log")
    assert told(scores, "differs_from_log")[0].endswith("the rows give 33.3% for t · acc, the log states 25.0%")
    assert scores.missing[0].unnamed == 1
    assert "t: run on a subset, 4 of 9 questions, as requested." in scores.notes
    assert entry(howsure.estimate(tmp_path, failures="zero")).estimate.value == 0.25


def test_unnamed_missing_items_are_taken_from_other_reports(tmp_path):
    """A report of 3 tasks that lists 2 of them failed the third, which another report lists."""
    whole = {
        "resolved_ids": ["a__b-1", "a__b-2"],
        "unresolved_ids": ["a__b-3"],
        "total_instances": 3,
        "resolved_instances": 2,
    }
    part = {"resolved_ids": ["a__b-1"], "unresolved_ids": ["a__b-2"], "total_instances": 3, "resolved_instances": 1}
    (tmp_path / "one.run.json").write_text(json.dumps(whole))
    (tmp_path / "two.run.json").write_text(json.dumps(part))
    found = howsure.compare(tmp_path, "one", "two")
    assert (found.a_mean, found.b_mean, found.difference.n_items) == (2 / 3, 1 / 3, 3)


def test_trials_and_accuracy_stated_by_terminal_bench_are_checked(tmp_path):
    trials = [{"task_id": f"t{k}", "trial_name": f"t{k}.1-of-1.x", "is_resolved": k == 0} for k in range(3)]
    document = {"results": trials, "n_resolved": 2, "n_unresolved": 1, "accuracy": 2 / 3}
    (tmp_path / "results.json").write_text(json.dumps(document))
    scores = howsure.read(tmp_path)
    assert figures(scores) == {"samples": (3, 3, True), "score": (2 / 3, round(1 / 3, 6), False)}


def test_samples_not_yet_run_are_left_out_of_the_score(tmp_path):
    """What isn't run yet is said, and left out by default."""
    ids = list(range(50))
    path = inspect_log(
        tmp_path, [sample(name, 1) for name in ids[:20]], dataset={"samples": 50, "sample_ids": ids}, status="started"
    )
    answer = howsure.estimate(path)
    assert (entry(answer).estimate.n_items, entry(answer).estimate.value) == (20, 1.0)


STATED = {
    "raw/inspect": (81, 81),
    "raw/helm": (14, 14),
    "raw/arc_agi": (6, 5),
    "raw/cruxeval": (5, 5),
    "raw/swebench": (23, 21),
    "raw/promptfoo": (5, 5),
    "raw/tau_bench": (2, 2),
    "wild/llm-evals": (73, 69),
    "wild/terminal-bench-leaderboard": (32, 32),
    "wild/swe-bench-results": (6, 6),
    "wild/prompt-eval-workbench": (2, 2),
    "wild/evalscope": (27, 27),
}
"""Figures that the files of a folder state of their own rows, and how many agree: of ARC-AGI one file adds up otherwise
than it says, of SWE-bench two runs name 99 and 97 of 100 tasks, and of llm-evals four runs broke off."""


@pytest.mark.skipif(not DATA.is_dir(), reason="the real results are not here")
@pytest.mark.parametrize("folder", STATED)
def test_figures_stated_in_real_logs_agree_as_known(folder):
    found = howsure.read(DATA / folder).reconciled
    assert (len(found), sum(figure.agrees for figure in found)) == STATED[folder]
    assert not any(math.isnan(figure.read) for figure in found)
