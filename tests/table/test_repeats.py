"""Ratings of one answer by several judges don't count as attempts."""

import polars as pl
import pytest

import howsure

ROWS = [
    {"model": model, "item": item, "by": rater, "score": (item + rater) % 3 / 2}
    for model in ("a", "b")
    for item in range(6)
    for rater in (1, 2, 3)
]
FRAME = pl.DataFrame(ROWS)
RATERS = ("rater", "judge", "annotator_id", "Grader Name", "llm_judge", "human_rater", "labeller", "worker_id")


@pytest.mark.parametrize("name", RATERS)
@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
@pytest.mark.parametrize("numbered", [True, False])
def test_rows_of_several_raters_are_an_error_or_a_warning(name, kind, numbered):
    frame = FRAME.rename({"by": name}).with_columns(pl.col(name).cast(kind))
    frame = frame.with_columns(epoch=pl.lit(1)) if numbered else frame
    if not numbered and name in ("rater", "judge", "Grader Name"):
        (asked,) = [each for each in howsure.estimate(frame).warnings if each.code == "factor_as_attempt"]
        assert f"{{'metric': {name!r}}}" in asked.remedy
        return
    with pytest.raises(howsure.DataError, match=rf"column '{name}' distinguishes the rows") as caught:
        howsure.estimate(frame)
    assert f"{{'metric': '{name}'}}" in str(caught.value)
    assert f"{{'attempt': '{name}'}}" in str(caught.value)


def test_the_rater_column_is_named_before_other_columns_that_differ():
    frame = FRAME.rename({"by": "human_rater"}).with_columns(comment=pl.int_range(pl.len()).cast(pl.String))
    with pytest.raises(howsure.DataError, match="column 'human_rater' distinguishes"):
        howsure.estimate(frame)


def test_the_proposed_remedies_for_several_raters_work():
    frame = FRAME.rename({"by": "judge"}).with_columns(metric=pl.lit("fit"))
    each = howsure.estimate(howsure.read(frame, columns={"metric": ["metric", "judge"]}))
    assert len(each.records()) == 6
    mean = howsure.estimate(howsure.read(frame, columns={"attempt": "judge"})).records()
    assert [row["value"] for row in mean] == pytest.approx([0.5, 0.5])
    one = howsure.estimate(howsure.read(frame, where={"judge": "1"})).records()
    assert [row["n_items"] for row in one] == [6, 6]


def test_rows_that_differ_in_an_unrelated_number_are_attempts():
    rows = howsure.estimate(FRAME.rename({"by": "length"})).records()
    assert [row["n_attempts"] for row in rows] == [18, 18]
