"""A run copied into a subfolder counts once in every verb; runs with different ids count separately even if all scores agree."""

import json

import pytest

import howsure as hs
from reader_cases import SHARED, run_log

pytestmark = pytest.mark.once

RUNS = (f"2026-01-0{day}__10-00-00" for day in range(1, 6))
TIMES = tuple(RUNS)
SYSTEM = "terminal-bench-core@0.1.1/agent_model"


def terminal_run(folder, time, resolved, *, metadata=False):
    """Write one run of ten tasks, of which so many are resolved; the id is in the names of its trials, or in its metadata."""
    trials = [
        {"task_id": f"t{k}", "trial_name": f"t{k}.1-of-1.{time}", "is_resolved": k < resolved, "failure_mode": "unset"}
        for k in range(10)
    ]
    document = {"results": trials, "n_resolved": resolved, "n_unresolved": 10 - resolved, "accuracy": resolved / 10}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (f"{time}/results.json" if metadata else f"{time}_results.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    if metadata:
        (path.parent / "run_metadata.json").write_text(json.dumps({"uuid": f"id of {time}", "run_id": time}))
    return path


@pytest.mark.parametrize(
    ("metadata", "which", "below"),
    [(False, 0, "again"), (False, 2, "zz/copy"), (True, 0, "zz/copy"), (True, 3, "2026-01-01"), (True, 4, "again")],
)
def test_a_run_copied_into_a_subfolder_counts_once(tmp_path, which, below, metadata):
    place = tmp_path / SYSTEM
    runs = [terminal_run(place, time, k + 2, metadata=metadata) for k, time in enumerate(TIMES)]
    before = hs.estimate(tmp_path).records()
    original = runs[which]
    target = original.parent / below
    target.mkdir(parents=True, exist_ok=True)
    for file in original.parent.iterdir() if metadata else [original]:
        if file.is_file():
            (target / file.name).write_bytes(file.read_bytes())
    for scores in (hs.read(tmp_path), hs.read(tmp_path, strict=True)):
        assert hs.estimate(scores).records() == before
        assert [warning.message.rsplit(": ")[0] for warning in scores.warnings if warning.code == "logs_copied"] == [
            "1 log left out, the same row for row as another of its run"
        ]
    assert before[0]["value"] == pytest.approx(0.4)
    assert before[0]["n_attempts"] == 50
    assert sum(run.counted for run in hs.runs(tmp_path).runs) == 5
    assert len(hs.audit(tmp_path).boards[0].entries) == 5
    assert hs.leaderboard(tmp_path).records()[0]["value"] == pytest.approx(0.4)


@pytest.mark.parametrize("metadata", [False, True])
def test_runs_with_different_ids_count_separately_even_if_all_scores_agree(tmp_path, metadata):
    for time in TIMES:
        terminal_run(tmp_path / SYSTEM, time, 4, metadata=metadata)
    assert hs.estimate(tmp_path).records()[0]["n_attempts"] == 50
    audit = hs.audit(tmp_path)
    assert len(audit.boards[0].entries) == 5
    assert "copies_dropped" not in {warning.code for warning in audit.warnings}


def test_a_copied_inspect_log_counts_once_with_a_warning(tmp_path):
    for name, values in (("one", "CCCI"), ("two", "CCII"), ("three", "CIII")):
        run_log(tmp_path, name, values)
    before = hs.estimate(tmp_path).records()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "renamed.eval").write_bytes((tmp_path / "two.eval").read_bytes())
    scores = hs.read(tmp_path)
    assert hs.estimate(scores).records() == before
    assert "logs_copied" in {warning.code for warning in scores.warnings}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data")
def test_a_copied_run_of_terminal_bench_counts_once(tmp_path):
    board = SHARED / "wild" / "terminal-bench-leaderboard" / "results" / "terminal-bench-core@0.1.1"
    place = tmp_path / board.name / "goose"
    place.mkdir(parents=True)
    for file in (board / "20250829_goose_claude-4-opus").glob("*_results.json"):
        (place / file.name).write_bytes(file.read_bytes())
    for name in ("2025-08-29__12-25-33_results.json", "2025-08-27__22-13-13_results.json"):
        (place / "sub").mkdir(exist_ok=True)
        (place / "sub" / name).write_bytes((place / name).read_bytes())
    row = hs.estimate(tmp_path).records()[0]
    assert (row["value"], row["n_attempts"]) == (pytest.approx(181 / 400), 400)
