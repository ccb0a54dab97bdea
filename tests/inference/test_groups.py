"""Groups of lm-eval tasks: the overall score equals the group score in the log."""

import json
from pathlib import Path

import pytest

import howsure
from places import DATA
from reader_cases import lines

STAMP = "2025-01-01T00-00-00.000000"
SIZES = {"law": 2, "art": 6}


def run(folder: Path, *, by_size: bool, name: str = "m") -> float:
    """Write a run of two tasks and their group; return the group's score."""
    right = {"law": 2, "art": 3}
    for task, size in SIZES.items():
        rows = [
            {
                "doc_id": k,
                "doc": {"q": k},
                "doc_hash": f"{task}{k}",
                "metrics": ["acc"],
                "acc": float(k < right[task]),
                "filter": "none",
            }
            for k in range(size)
        ]
        (folder / f"samples_mmlu_{task}_{STAMP}.jsonl").write_text(lines(rows))
    scores = {task: right[task] / size for task, size in SIZES.items()}
    group = sum(right.values()) / 8 if by_size else sum(scores.values()) / 2
    results = {f"mmlu_{task}": {"acc,none": score} for task, score in scores.items()} | {"mmlu": {"acc,none": group}}
    counts = {f"mmlu_{task}": {"original": size, "effective": size} for task, size in SIZES.items()}
    subtasks = {"mmlu": ["mmlu_law", "mmlu_art"], "mmlu_law": []}
    stated = {
        "results": results,
        "groups": {"mmlu": results["mmlu"]},
        "group_subtasks": subtasks,
        "n-samples": counts,
        "model_name": name,
    }
    (folder / f"results_{STAMP}.json").write_text(json.dumps(stated))
    return group


@pytest.mark.parametrize("by_size", [True, False])
def test_the_overall_score_equals_the_group_score_in_the_log(tmp_path: Path, by_size: bool) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        stated = run(tmp_path / name, by_size=by_size, name=name)
    board = howsure.leaderboard(tmp_path)
    assert board.overall is not None
    assert board.overall.entries[0].estimate.value == pytest.approx(stated)
    note = "Overall: mmlu as in lm-eval, its 2 tasks weighted by their size."
    assert (note in board.notes) == by_size
    found = howsure.compare(tmp_path, "a", "b").overall
    assert found is not None
    assert found.a_mean == pytest.approx(stated)
    assert (note in howsure.compare(tmp_path, "a", "b").notes) == by_size


def test_the_overall_option_takes_precedence_and_a_subset_of_tasks_has_no_group_score(tmp_path: Path) -> None:
    run(tmp_path, by_size=True)
    mean = howsure.leaderboard(tmp_path, overall="mean").overall
    assert mean is not None
    assert mean.entries[0].estimate.value == pytest.approx(0.75)
    assert howsure.leaderboard(tmp_path, task="mmlu_law").overall is None


@pytest.mark.skipif(not DATA.is_dir(), reason="the real results are not here")
def test_lm_eval_logs_state_that_mmlu_weights_tasks_by_size() -> None:
    from howsure.readers.lm_eval import groups

    found = 0
    for path in sorted((DATA / "raw" / "lm_eval").glob("*results_2025-03-0*.json")):
        stated = {group.name: (len(group.tasks), group.by_size) for group in groups(json.loads(path.read_text()))}
        found += "mmlu" in stated
        assert stated.get("mmlu", (57, True)) == (57, True)
    assert found > 3
