"""Columns that number attempts under other names are recognised; columns that distinguish rows otherwise are not."""

import itertools

import polars as pl
import pytest

import howsure as hs
from trials import draws


def answered(label, values, question="question", **columns):
    """Return two models' answers to twelve questions, each with these values of a column."""
    rows = [
        {
            "model": model,
            question: f"q{i}",
            label: value,
            "passed": int((i + 2 * j + len(model)) % 3 > 0),
            "answer": f"text {j} of {i}",
        }
        for model in ("a", "bb")
        for i in range(12)
        for j, value in enumerate(values)
    ]
    return pl.DataFrame(rows).with_columns(**columns)


NAMES = ["sample", "sample_idx", "sample_id", "sample_index", "rollout", "rollout_id", "repetition", "rep"]
NAMES += ["iteration", "try", "attempt_id", "trial_id", "completion_id", "generation", "Sample Index"]
FIRST = (0, 1, 7)


@pytest.mark.parametrize(
    ("name", "first"), draws([*zip(NAMES, itertools.cycle(FIRST))], [*itertools.product(NAMES, FIRST)])
)
def test_common_names_of_attempt_columns_are_recognised(name, first):
    found = hs.estimate(answered(name, range(first, first + 4)))
    assert [(entry.n_attempts, entry.estimate.n_items) for entry in found.entries] == [(48, 12)] * 2
    assert any(f"{name} as attempt" in note for note in found.notes)
    assert not found.warnings
    again = hs.read(answered(name, range(4)), columns={"attempt": name, "item": "question"})
    one, other = (hs.estimate(each, score="pass@2").entries for each in (answered(name, range(4)), again))
    assert repr(one) == repr(other)


@pytest.mark.parametrize("name", ["k", "n", "idx"])
@pytest.mark.parametrize("first", [0, 1])
def test_whole_numbers_that_count_up_per_question_number_attempts(name, first):
    found = hs.estimate(answered(name, range(first, first + 3)))
    assert any(f"{name} as attempt" in note for note in found.notes)
    assert found[0].n_attempts == 36


@pytest.mark.parametrize(
    "name", ["turn", "step", "position", "rank", "choice", "option", "segment_no", "level", "fold", "n_shot"]
)
def test_numbers_with_another_known_name_are_not_attempts(name):
    assert not any("as attempt" in note for note in hs.estimate(answered(name, range(3))).notes)


def test_numbers_that_do_not_count_up_per_question_are_not_attempts():
    for rows in (
        answered("k", (3, 4, 9)),
        answered("k", (0, 0, 1)),
        answered("k", range(3)).filter((pl.col("k") != 1) | (pl.col("question") != "q3")),
    ):
        assert not any("as attempt" in note for note in hs.estimate(rows).notes)


def test_a_generation_column_of_texts_does_not_number_attempts():
    found = hs.estimate(answered("generation", ("the first answer", "another one")).drop("answer"))
    assert not any("as attempt" in note for note in found.notes)
    assert found[0].n_attempts == 24


def test_a_sample_id_alone_or_with_epochs_is_the_item():
    rows = answered("epoch", range(3), question="sample_id").drop("answer")
    assert hs.estimate(rows)[0].estimate.n_items == 12
    assert hs.estimate(rows.filter(epoch=0).drop("epoch"))[0].estimate.n_items == 12


def test_a_sample_id_numbers_attempts_only_if_no_question_has_one_twice():
    rows = answered("sample_id", range(3)).drop("answer")
    found = hs.estimate(rows)
    assert (found[0].n_attempts, found[0].estimate.n_items) == (36, 12)
    with pytest.raises(hs.DataError, match="column 'question' distinguishes the rows"):
        hs.estimate(pl.concat([rows, rows.with_columns(passed=1 - pl.col("passed"))]))


@pytest.mark.parametrize("name", ["aspect", "criterion", "language", "topic"])
def test_columns_of_distinct_words_are_never_attempts(name):
    with pytest.raises(hs.DataError, match="distinguishes the rows") as raised:
        hs.estimate(answered(name, ("x", "y")))
    for way in (f"{{'task': {name!r}}}", f"{{'metric': {name!r}}}", f"`random_factor={name!r}`"):
        assert way in raised.value.remedy
    assert "attempt" not in raised.value.remedy
    assert len(hs.estimate(hs.read(answered(name, ("x", "y")), columns={"task": name})).entries) == 4


@pytest.mark.parametrize("name", ["answer", "completion", "response", "output", "essay"])
def test_rows_that_differ_only_in_free_text_are_attempts(name):
    """Rows of a question that differ in what was written alone are attempts: pass@1 is the mean over all."""
    rows = answered("k", range(3)).drop("k", "answer")
    rows = rows.with_columns(
        pl.format(
            "What was written at row {}, a text that is longer than any name of anything.", pl.int_range(pl.len())
        ).alias(name)
    )
    found = hs.estimate(rows)
    assert found[0].n_attempts == 36
    assert found[0].estimate.value == pytest.approx(rows.filter(model="a")["passed"].mean())


def test_numbers_that_code_another_column_are_not_attempts():
    rows = answered("aspect", ("style", "truth")).with_columns(aspect_no=pl.col("aspect").rank("dense").cast(pl.Int64))
    with pytest.raises(hs.DataError, match="column 'aspect' distinguishes the rows"):
        hs.estimate(rows)
    plain = answered("k", range(2)).with_columns(language=pl.lit("en"))
    assert any("k as attempt" in note for note in hs.estimate(plain).notes)
