"""Flips: questions that regressed or improved, the number expected in a rerun, and stop reasons."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.inference import flips as inference
from howsure.readers import transcripts
from places import ROOT
from reader_cases import whole_log, whole_sample

LOGS = str(ROOT / "examples" / "logs")
NAMES = {"a": "smollm2-135m-2shot", "b": "smollm2-135m-t0.3"}


def rows(**scores: list[list[float]]) -> pl.DataFrame:
    """Return rows of models whose scores are a list of attempts for each item."""
    return pl.DataFrame(
        [
            {"model": model, "item": f"q{k}", "attempt": j, "score": score}
            for model, items in scores.items()
            for k, attempts in enumerate(items)
            for j, score in enumerate(attempts)
        ]
    )


def flips(data: Any, a: str = "a", b: str = "b", **options: Any) -> hs.Flips:
    found = hs.compare(data, a, b, flips=True, **options).flips
    assert found is not None
    return found


def test_a_question_broke_if_right_became_wrong_and_is_fixed_if_wrong_became_right() -> None:
    found = flips(rows(a=[[1], [1], [0], [0], [1]], b=[[0], [1], [1], [0], [0]]))
    assert (found.before, found.after, found.n_regressed, found.n_improved) == ("a", "b", 2, 1)
    assert [(each.item, each.regressed, each.before, each.after) for each in found.items] == [
        ("q0", True, 1, 0),
        ("q4", True, 1, 0),
        ("q2", False, 0, 1),
    ]


def test_lower_is_better_swaps_broken_and_fixed() -> None:
    found = flips(rows(a=[[1], [1], [0]], b=[[0], [1], [1]]), lower_is_better=True)
    assert [(each.item, each.regressed) for each in found.items] == [("q2", True), ("q0", False)]


def test_counts_of_flips_equal_wins_and_losses_of_compare() -> None:
    answer = hs.compare(LOGS, *NAMES.values(), cluster="passage_id", flips=True)
    assert isinstance(answer, hs.Comparison)
    assert answer.flips is not None
    assert (answer.flips.n_regressed, answer.flips.n_improved) == (answer.wins, answer.losses) == (19, 29)


@pytest.mark.parametrize("options", [{}, {"population": "these-questions"}, {"cluster": "item"}])
def test_means_equal_up_to_rounding_are_ties(options: dict[str, str]) -> None:
    """One right of five is one fifth whether what failed is missing or 0; 1/3 · 3/5 isn't 1/5 to the last bit."""
    failed = [[1, 1, 1, 1, 1], *[[1, 0, 0, None, None]] * 5]
    wrong = [[0, 0, 0, 0, 0], *[[1, 0, 0, 0, 0]] * 5]
    data = rows(a=failed, b=wrong)  # type: ignore[arg-type]
    found = hs.compare(data, "a", "b", failures="zero", **options)  # type: ignore[call-overload]
    assert (found.wins, found.losses, found.ties) == (1, 0, 5)
    (side,) = hs.against(data, "b", failures="zero").tasks[0].models
    assert (side.n_improved, side.n_regressed, side.n_unchanged) == (1, 0, 5)


def test_the_largest_drop_comes_first_and_unlisted_flips_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "MOST_LISTED", 2)
    found = flips(rows(a=[[1, 1], [1, 1], [0, 0]], b=[[1, 0], [0, 0], [1, 1]]))
    assert [each.item for each in found.items] == ["q1", "q0"]
    assert (found.n_regressed, found.n_improved, found.n_unlisted) == (2, 1, 1)


def test_expected_flips_of_a_rerun_need_several_right_or_wrong_attempts() -> None:
    one = flips(rows(a=[[1], [0]], b=[[0], [0]]))
    assert math.isnan(one.rerun_regressed)
    graded = flips(rows(a=[[0.5, 0.7], [0.1, 0.2]], b=[[0.3, 0.3], [0.1, 0.2]]))
    assert math.isnan(graded.rerun_regressed)
    never = flips(rows(a=[[1, 1], [0, 0]] * 20, b=[[0, 0], [0, 0]] * 20))
    assert never.rerun_regressed == pytest.approx(0, abs=0.1)
    assert never.n_regressed == 20


def test_identical_scores_have_no_flips() -> None:
    found = flips(rows(a=[[1], [0]], b=[[1], [0]]))
    assert (found.n_regressed, found.n_improved, found.items, found.texts_unknown) == (0, 0, (), "")


def test_stop_reasons_have_shares_among_all_attempts_and_among_changed_questions() -> None:
    found = flips(LOGS, NAMES["a"], NAMES["b"])
    (cause,) = found.causes
    assert (cause.stop, cause.before, cause.after) == ("max_tokens", 0.2, 0.552)
    assert 0 < cause.before_changed < 1
    shown = found.items[0]
    assert (shown.item, shown.target, shown.answer_before) == (
        "expedition-4",
        "Emil | cook",
        "The cook, Emil, kept a diary.",
    )
    assert shown.stop_after == "max_tokens"


def test_flips_of_tables_state_that_texts_are_unknown() -> None:
    found = flips(rows(a=[[1]] * 3, b=[[0]] * 3))
    assert found.texts_unknown == found.stops_unknown == transcripts.NO_LOG
    said = " ".join(str(hs.compare(rows(a=[[1]] * 3, b=[[0]] * 3), "a", "b", flips=True)).split())
    assert "3 of 3 questions got worse and 0 better. How many would flip in an unchanged rerun isn't known." in said
    assert said.count(transcripts.NO_LOG) == 1


def test_logs_over_the_size_limit_give_texts_of_listed_questions_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_log(tmp_path / "a.eval", whole_sample(1, "C"), whole_sample(2, "C"), model="a")
    whole_log(tmp_path / "b.eval", whole_sample(1, "I"), whole_sample(2, "C"), model="b")
    monkeypatch.setattr(transcripts, "MOST_BYTES", 10)
    found = flips(tmp_path)
    assert found.stops_unknown == transcripts.TOO_LARGE
    assert [(each.item, each.answer_before) for each in found.items] == [("q1", "1")]


def test_gate_shows_flips_relative_to_the_baseline_in_terminal_and_junit(tmp_path: Path) -> None:
    junit = tmp_path / "gate.xml"
    asked = [
        "gate",
        LOGS,
        "-a",
        NAMES["a"],
        "-b",
        NAMES["b"],
        "--not-worse-than",
        "2pp",
        "--flips",
        "--junit",
        str(junit),
    ]
    shown = CliRunner().invoke(main, asked)
    assert "29 of 100 questions got worse and 19 better" in " ".join(shown.output.split())
    beside = ET.parse(junit).getroot().find("testsuite/system-out")
    assert beside is not None
    assert "max_tokens" in str(beside.text)


def test_flips_without_a_baseline_are_an_error() -> None:
    with pytest.raises(hs.OptionError, match="no baseline to show flips from"):
        hs.gate(rows(a=[[1]] * 5), "a", at_least=0.1, flips=True)


def test_flips_of_sides_with_several_models_are_listed_per_model(tmp_path: Path) -> None:
    for side, values in (("main", "CC"), ("pr", "CI")):
        for model, value in zip("xy", values, strict=True):
            (tmp_path / side).mkdir(exist_ok=True)
            whole_log(
                tmp_path / side / f"{side}{model}.eval", whole_sample(1, value), whole_sample(2, "C"), model=model
            )
    found = flips(hs.read({"main": tmp_path / "main", "pr": tmp_path / "pr"}), "main", "pr")
    assert [(each.task, each.item, each.answer_before) for each in found.items] == [("y", "q1", "1")]


def test_a_saved_baseline_keeps_stop_reasons_but_no_answer_texts(tmp_path: Path) -> None:
    a, b = (f"{LOGS}/{name}.eval" for name in NAMES.values())
    hs.save_baseline(a, "main", output=tmp_path / "main.howsure")
    told, logs = (flips(None, side, b) for side in (f"saved:{tmp_path / 'main.howsure'}", a))
    assert told.causes == logs.causes != ()
    assert [(each.item, each.before, each.after) for each in told.items] == [
        (each.item, each.before, each.after) for each in logs.items
    ]
    assert (told.rerun_regressed, told.rerun_improved) == (logs.rerun_regressed, logs.rerun_improved)
    assert told.texts_unknown == "not kept in a saved baseline"
    assert {each.answer_before for each in told.items} == {""}
    assert [each.answer_after for each in told.items] == [each.answer_after for each in logs.items]
