"""save_baseline: comparisons with a saved baseline equal those with its logs."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.readers import baselines
from places import ROOT
from reader_cases import SHARED, eval_log, own_log, run_log, sample

LOGS = ROOT / "examples" / "logs"
LM_EVAL = ROOT / "tests" / "fixtures" / "lm_eval"
SWEBENCH = SHARED / "wild" / "swe-bench-results"
ITEMS, ATTEMPTS = 500, 5
KB = 1_000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own, in which one stands."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_command(*words: object) -> Any:
    return CliRunner().invoke(main, [str(word) for word in words])


def as_json(answer: Any) -> dict[str, Any]:
    """Return an answer as JSON."""
    return dict(json.loads(answer.render("json")))


def same_answers(logs: Any, a: str, b: str, **options: Any) -> None:
    """Save all logs, and b alone; every answer on them has to be that on the logs."""
    hs.save_baseline(logs, "all")
    scores = hs.read(logs)
    for verb in (hs.estimate, hs.noise, hs.leaderboard, hs.questions):
        assert as_json(verb(hs.read("baselines/all.howsure"), **options)) == as_json(verb(scores, **options)), verb
    for verb in (hs.compare, hs.gate):
        more = {**options, **({"not_worse_than": 0.05} if verb is hs.gate else {})}
        assert as_json(verb("baselines/all.howsure", a, b, **more)) == as_json(verb(scores, a, b, **more)), verb


@pytest.mark.unmeasured
@pytest.mark.usefixtures("place")
def test_results_on_a_baseline_equal_those_on_inspect_logs() -> None:
    same_answers(LOGS, "smollm2-135m-t0.3", "smollm2-135m-terse")
    same_answers(LOGS, "smollm2-135m-t0.3", "smollm2-135m-terse", cluster="passage_id")


@pytest.mark.usefixtures("place")
def test_results_on_a_baseline_equal_those_on_lm_eval_logs() -> None:
    models = hs.read(LM_EVAL).to_frame()["model"].unique().sort().to_list()
    same_answers(LM_EVAL, models[0], models[1], task="sums_choice", metric="acc")


@pytest.mark.unmeasured
@pytest.mark.usefixtures("place")
@pytest.mark.skipif(not SWEBENCH.is_dir(), reason="real results are not here")
def test_results_on_a_baseline_equal_those_on_swe_bench_reports() -> None:
    models = hs.read(SWEBENCH).to_frame()["model"].unique().sort().to_list()
    same_answers(SWEBENCH, models[0], models[1])


@pytest.mark.unmeasured
def test_gate_accepts_saved_baselines_for_either_model(place: Path) -> None:
    for name, log in (("main", "terse"), ("pr-42", "t0.3")):
        (place / "runs" / name).mkdir(parents=True)
        (place / "runs" / name / "log.eval").write_bytes((LOGS / f"smollm2-135m-{log}.eval").read_bytes())
    saved = run_command("baseline", "save", "main", "runs/main")
    assert saved.exit_code == 0, saved.output
    assert "Saved to baselines/main.howsure: 1 model on 1 task, 100 questions, 500 rows, 6.2" in saved.output
    gate = ["gate", "--candidate", "runs/pr-42", "--not-worse-than", "2pp", "-f", "json"]
    against_logs = run_command(*gate, "--baseline", "runs/main")
    assert against_logs.exit_code == 0
    for side in ("saved:main", "saved:baselines/main.howsure"):
        against = run_command(*gate, "--baseline", side)
        assert against.output.replace("main.howsure", "main") == against_logs.output, side
    (place / "howsure.toml").write_text(
        '[gate]\nbaseline = "saved:main"\ncandidate = "runs/pr-42"\nnot-worse-than = "2pp"\n'
    )
    (place / "below").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place / "below")
        assert run_command("gate", "-a", "../runs/pr-42", "-f", "json").exit_code == 0
    assert hs.compare(None, "runs/pr-42", "saved:main").difference.value == pytest.approx(0.104)  # type: ignore[union-attr]
    assert hs.compare("runs/pr-42", "smollm2-135m-t0.3", "saved:main").difference.value == pytest.approx(0.104)  # type: ignore[union-attr]


def test_a_baseline_with_several_models_is_compared_model_by_model(place: Path) -> None:
    for side, scores in {"main": "CCCI", "pr": "CIII"}.items():
        for model in ("mock/a", "mock/b"):
            (place / side).mkdir(exist_ok=True)
            run_log(place / side, f"{side}-{model[-1]}", scores, model=model)
    hs.save_baseline("main", "main")
    answer = hs.compare(None, "saved:main", "pr")
    assert answer.tasks
    assert [(pair.task, pair.wins) for pair in answer.comparisons] == [("mock/a", 2), ("mock/b", 2)]
    assert as_json(answer) == as_json(hs.compare(None, "main", "pr"))


def test_a_baseline_keeps_the_number_of_planned_items(place: Path) -> None:
    for name, scores in {"main": "CCCCCI", "pr": "CCCC"}.items():
        (place / name).mkdir()
        run_log(place / name, name, scores, dataset={"samples": 6, "sample_ids": [1, 2, 3, 4, 5, 6]})
        hs.save_baseline(name, name)
    logs, saved = (hs.gate(None, *sides, not_worse_than=0.5) for sides in (("pr", "main"), ("saved:pr", "saved:main")))
    assert as_json(logs) == as_json(saved)
    assert any(warning.code == "partial_run" for warning in saved.warnings)


def test_a_baseline_keeps_question_hashes(place: Path) -> None:
    for name, text in {"main": "What is it?", "pr": "What was it?"}.items():
        samples = [{**sample(n, "C"), "input": f"{text} {n}"} for n in range(1, 5)]
        own_log(place / name / "log.eval", samples)
    hs.save_baseline("main", "main")
    assert hs.gate(None, "pr", "saved:main", not_worse_than=0.1).unclear_because == "differs"


def large(path: Path) -> Path:
    """Write an Inspect log of 500 items, 5 attempts each, with tokens, times, metadata, questions and right answers."""
    drawn = random.Random(0)
    used = lambda: {"mock/a": {"input_tokens": drawn.randrange(200, 2000), "output_tokens": drawn.randrange(20, 900)}}  # noqa: E731
    samples = [
        {
            **sample(f"repo__name-{10_000 + item}", "CI"[drawn.random() < 0.4], epoch),
            "input": f"Question {item}: " + "words " * 40,
            "target": f"answer {item}",
            "metadata": {"repo": f"repo-{item % 12}", "difficulty": round(drawn.random(), 2)},
            "total_time": round(drawn.uniform(1, 300), 3),
            "model_usage": used(),
        }
        for item in range(ITEMS)
        for epoch in range(1, ATTEMPTS + 1)
    ]
    return eval_log(path, samples, config={"epochs": ATTEMPTS})


def test_a_baseline_of_500_items_and_5_attempts_is_small_enough_to_commit(place: Path) -> None:
    log = large(place / "large.eval")
    saved = hs.save_baseline(log, "main")
    print(f"{saved.n_bytes:,} bytes for {saved.n_rows:,} rows; the log: {log.stat().st_size:,}")
    assert (saved.n_rows, saved.n_items, saved.left_out) == (ITEMS * ATTEMPTS, ITEMS, ())
    assert saved.n_bytes < 100 * KB
    assert as_json(hs.estimate("baselines/main.howsure", cluster="repo")) == as_json(hs.estimate(log, cluster="repo"))


def test_a_baseline_of_a_table_keeps_its_column_mapping(place: Path) -> None:
    rows = pl.DataFrame(
        {
            "model": ["a", "b"] * 4,
            "question_id": [n // 2 for n in range(8)],
            "accuracy (%)": [100, 0, 100, 100, 0, 0, 100, 0],
        }
    )
    rows.write_csv(place / "quiz.csv")
    same_answers(hs.read("quiz.csv", columns={"score": "accuracy (%)"}), "a", "b")
    back = hs.read("baselines/all.howsure")
    assert back.notes == ("Columns: accuracy (%) as score, question_id as item.",)
    assert "quiz · score: percent, by its name." in hs.estimate(back).notes
    assert back.score_column == "accuracy (%)"
    assert "accuracy (%)" not in back.to_frame().columns
    judged = pl.DataFrame({"model": "a", "item": [1, 1, 2, 2], "judge": ["x", "y"] * 2, "score": [1, 0, 1, 1]})
    with pytest.raises(hs.DataError, match="column 'judge' is used as attempts"):
        hs.save_baseline(judged, "judged")


def test_reading_options_apply_when_the_baseline_is_saved(place: Path) -> None:
    rows = pl.DataFrame(
        {
            "who": ["a", "b"] * 4,
            "item": [n // 2 for n in range(8)],
            "split": ["test"] * 4 + ["train"] * 4,
            "score": [1, 0] * 4,
        }
    )
    rows.write_csv(place / "quiz.csv")
    assert (
        run_command("baseline", "save", "main", "quiz.csv", "--columns", "model=who", "--where", "split=test").exit_code
        == 0
    )
    assert len(hs.read("baselines/main.howsure").to_frame()) == 4
    (place / "howsure.toml").write_text('[baseline]\ncolumns = {model = "who"}\n')
    assert run_command("baseline", "save", "other", "quiz.csv").exit_code == 0
    assert (
        run_command(
            "compare", "quiz.csv", "--columns", "model=who", "--where", "split=test", "-a", "a", "-b", "model:b"
        ).exit_code
        == 0
    )


def test_saving_replaces_a_baseline_but_no_other_file(place: Path) -> None:
    assert run_command("baseline", "list").exit_code == 1
    run_command("baseline", "save", "main", LOGS)
    again = run_command("baseline", "save", "main", LOGS / "smollm2-135m-terse.eval")
    assert "It replaces a baseline that was there (2,000 rows)." in again.output
    whole = (place / "baselines" / "main.howsure").read_bytes()
    (place / "baselines" / "main.howsure").write_bytes(whole[:-9])
    assert "main  can't be read: cut short" in run_command("baseline", "list").output
    assert "(a damaged one)" in run_command("baseline", "save", "main", LOGS / "smollm2-135m-terse.eval").output
    assert "smollm2-135m-terse on passages, 500 rows, 6." in run_command("baseline", "list").output
    (place / "notes.txt").write_text("mine")
    refused = run_command("baseline", "save", "main", LOGS, "-o", "notes.txt")
    assert (refused.exit_code, "'notes.txt' isn't a saved baseline" in refused.output) == (1, True)
    assert (place / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("side", "said"),
    [
        ("saved:mian", "no saved baseline 'mian' in baselines. Did you mean 'main'? There is main."),
        ("saved:../x", "no saved baseline '../x'"),
        ("saved:" + "x" * 5000, "no saved baseline"),
        ("saved:\0", "no saved baseline"),
        ("saved:picture", "baselines/picture.howsure: not a saved baseline"),
        ("saved:notes.txt", "notes.txt: not a saved baseline"),
        ("saved:cut", "cut short: its end is missing. Save it again"),
    ],
)
def test_missing_or_damaged_baselines_are_an_error(place: Path, side: str, said: str) -> None:
    hs.save_baseline(LOGS / "smollm2-135m-t0.3.eval", "main")
    folder = place / "baselines"
    (folder / "cut.howsure").write_bytes((folder / "main.howsure").read_bytes()[:3000])
    (folder / "picture.howsure").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (place / "notes.txt").write_text("mine")
    if said.endswith("main."):
        (folder / "cut.howsure").unlink()
        (folder / "picture.howsure").unlink()
    with pytest.raises(hs.HowsureError) as caught:
        hs.compare(LOGS / "smollm2-135m-t0.3.eval", "smollm2-135m-t0.3", side)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "", "../main", ".hidden", "x" * 101, "a b"])
def test_invalid_baseline_names_are_refused(place: Path, name: str) -> None:
    with pytest.raises(hs.OptionError, match=re.escape(repr(name)) + "`? (is not a|isn.t a valid) name"):
        hs.save_baseline(LOGS, name)
    assert not (place / "baselines").exists()


def test_published_scores_cannot_be_saved_as_a_baseline(place: Path) -> None:
    pl.DataFrame({"model": ["a", "b"], "score": [0.7, 0.6], "n": [100, 100]}).write_csv(place / "board.csv")
    with pytest.raises(hs.DataError, match="question by question"):
        hs.save_baseline("board.csv", "main")


def test_the_folder_of_baselines_is_next_to_the_configuration(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = place / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert baselines.folder() == place / "baselines"
    (place / "a" / "pyproject.toml").write_text("[tool.howsure]\n")
    assert baselines.folder() == place / "a" / "baselines"
    (deep / "howsure.toml").write_text("")
    assert baselines.folder() == deep / "baselines"
