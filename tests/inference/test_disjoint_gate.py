"""Two models on disjoint questions: a gate can't tell, whichever is ahead, unless other questions are allowed; a floor is judged."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import howsure as hs

QUESTIONS = [{"not_worse_than": 0.02}, {"better": True}, {"same_within": 0.4}]


def disjoint(first: float, second: float, n: int = 200) -> pl.DataFrame:
    """Return scores of a and b, which share no question."""
    rng = np.random.default_rng(0)
    rows = [("a", f"q{k}", int(rng.random() < first)) for k in range(n)]
    rows += [("b", f"z{k}", int(rng.random() < second)) for k in range(n)]
    return pl.DataFrame(rows, schema=["model", "item", "score"], orient="row")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("rates", [(0.8, 0.5), (0.5, 0.8), (1.0, 0.0), (0.7, 0.7)])
def test_a_gate_cannot_tell(question: dict[str, object], rates: tuple[float, float]) -> None:
    answer = hs.gate(disjoint(*rates), "a", "b", **question)
    assert answer.verdict == "unclear"
    (check,) = answer.checks
    assert check.differs == "the two share no item"
    (caution,) = [caution for caution in check.cautions if caution.code == "unpaired"]
    assert "`allow_differs='questions'`" in caution.remedy


def test_it_judges_where_other_questions_are_allowed() -> None:
    assert hs.gate(disjoint(0.9, 0.5), "a", "b", not_worse_than=0.02, allow_differs="questions").verdict == "pass"
    assert hs.gate(disjoint(0.5, 0.9), "a", "b", not_worse_than=0.02, allow_differs="questions").verdict == "fail"


def test_a_floor_needs_no_shared_questions() -> None:
    assert hs.gate(disjoint(0.9, 0.5), "a", at_least=0.5).verdict == "pass"
