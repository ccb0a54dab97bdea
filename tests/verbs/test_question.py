"""question: one question with every attempt and its texts."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.readers.transcripts import NO_LOG
from places import ROOT
from reader_cases import whole_log, whole_sample

LOGS = str(ROOT / "examples" / "logs")
LM_EVAL = str(ROOT / "tests" / "fixtures" / "lm_eval")
ROWS = pl.DataFrame({"model": ["a", "a", "b"], "item": ["q1", "q2", "q1"], "score": [1.0, 0.0, None]})


def test_question_lists_every_attempt_of_every_model_with_its_texts() -> None:
    answer = hs.question(LOGS, "opposites-1", model=["smollm2-135m-2shot", "smollm2-135m-terse"])
    assert len(answer.attempts) == 10
    first = answer.attempts[0]
    assert (first.target, first.output, first.scores, first.stop) == ("cold", "hot", {"whole_word": 0.0}, "stop")
    assert first.prompt.endswith("Question: What is the opposite of hot?")
    assert answer.unknown == ""


def test_a_unique_part_of_an_item_id_is_accepted() -> None:
    answer = hs.question(LOGS, "pposites-1")
    assert answer.item == "opposites-1"
    assert "the only one with 'pposites-1' in its id" in answer.notes[-1]
    with pytest.raises(hs.DataError, match="could be any of 5"):
        hs.question(LOGS, "opposites")


def test_an_unknown_item_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(hs.DataError, match=r"no item 'opposite_1'.*Did you mean 'opposites-1'"):
        hs.question(LOGS, "opposite_1")


def test_an_item_of_several_tasks_requires_a_task() -> None:
    item = "a62ba69f3101e5dc4578e3d6762fa800ae57ba71c5e4c9c374cfb45b0461ad79"
    with pytest.raises(hs.DataError, match=r"2 tasks have a question .*Choose one with `task`"):
        hs.question(LM_EVAL, item)
    answer = hs.question(LM_EVAL, item, task="sums_open", metric="exact_match,flexible-extract")
    assert [each.model for each in answer.attempts] == ["example/canned-large", "example/canned-small"]
    assert all(each.prompt.startswith("Q: ") for each in answer.attempts)
    with pytest.raises(hs.DataError, match="no task 'sums_closed'"):
        hs.question(LM_EVAL, item, task="sums_closed")
    with pytest.raises(hs.DataError, match="no metric 'f1'"):
        hs.question(LM_EVAL, item, task="sums_open", metric="f1")


def test_items_of_tables_have_scores_but_no_texts() -> None:
    answer = hs.question(ROWS, "q1")
    first, second = answer.attempts
    assert (first.model, first.status, first.score) == ("a", "ok", 1.0)
    assert math.isnan(second.score)
    assert answer.unknown == NO_LOG
    assert answer.sentence == "q1 of task: 2 models, 2 attempts; always right: a."


def test_missing_logs_give_the_reason_for_missing_texts(tmp_path: Path) -> None:
    path = whole_log(tmp_path / "a.eval", whole_sample(1, "C"))
    scores = hs.read(path)
    path.unlink()
    answer = hs.question(scores, "q1")
    assert answer.attempts[0].score == 1.0
    assert "not on this disk" in answer.unknown


def test_attempts_of_pooled_runs_keep_their_own_texts(tmp_path: Path) -> None:
    for name, value in (("one", "C"), ("two", "I")):
        whole_log(tmp_path / f"{name}.eval", whole_sample(1, value, output={"completion": name}))
    answer = hs.question(tmp_path, "q1")
    assert {(each.source, each.output, each.score) for each in answer.attempts} == {
        ("one.eval", "one", 1.0),
        ("two.eval", "two", 0.0),
    }


def test_the_questions_command_takes_the_item_as_last_argument() -> None:
    result = CliRunner().invoke(main, ["questions", LOGS, "opposites-1", "--model", "smollm2-135m-terse"])
    assert result.exit_code == 0, result.output
    output = " ".join(result.output.split())
    assert "opposites-1 of passages: 1 model, 5 attempts; always right: openai-api/local/smollm2-135m-terse." in output
    assert "Right answer cold" in output
    assert "attempts 0, 1, 2, 3, 4: 100.0% The opposite of hot is cold." in output
