"""Two models with few or no shared items: compared on the shared ones, with a warning if their scores differ there."""

import numpy as np
import polars as pl
import pytest

import howsure as hs


def partly(shared, only_a, only_b, *, task="task", seed=0, harder=0.0):
    """Right or wrong answers of two models that have so many items together and alone; the shared ones may be harder."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(shared + only_a + only_b):
        luck, less = rng.random(), harder if k < shared else 0.0
        for model, rate, has in (("a", 0.7, k < shared + only_a), ("b", 0.6, not shared <= k < shared + only_a)):
            if has:
                rows.append(
                    {"task": task, "model": model, "item": k, "group": k % 20, "score": float(luck < rate - less)}
                )
    return pl.DataFrame(rows)


FEW, MANY = partly(10, 490, 490), partly(60, 30, 20)


def test_a_warning_gives_scores_on_shared_and_other_items_if_they_differ():
    rows = partly(100, 400, 400, harder=0.4)
    told = [each for each in hs.compare(rows, "a", "b").warnings if each.code == "shared_items_differ"]
    assert len(told) == 1
    assert "a scores 25.0% on 100 shared items and 67.0% on 400 of its own" in told[0].message
    assert "shared_items_differ" not in [each.code for each in hs.compare(FEW, "a", "b").warnings]


def test_gate_gives_the_same_warning_on_shared_items_as_compare():
    rows = partly(100, 400, 400, harder=0.4)
    (said,) = [each for each in hs.compare(rows, "a", "b").warnings if each.code == "shared_items_differ"]
    for asked in ({"better": True}, {"not_worse_than": 0.05}):
        assert said in hs.gate(rows, "a", "b", **asked).warnings
    two = pl.concat([rows, partly(100, 400, 400, harder=0.4, task="other", seed=3)])
    told = [each.message for each in hs.gate(two, "a", "b", better=True).warnings if each.code == "shared_items_differ"]
    assert [message.split(":")[0] for message in told] == ["other", "task"]


# no shared question

QUESTIONS = [{"not_worse_than": 0.02}, {"better": True}, {"same_within": 0.4}]


def disjoint(first: float, second: float, n: int = 200) -> pl.DataFrame:
    """Return scores of a and b, which share no question."""
    rng = np.random.default_rng(0)
    rows = [("a", f"q{k}", int(rng.random() < first)) for k in range(n)]
    rows += [("b", f"z{k}", int(rng.random() < second)) for k in range(n)]
    return pl.DataFrame(rows, schema=["model", "item", "score"], orient="row")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("rates", [(0.5, 0.8), (1.0, 0.0)])
def test_gate_on_disjoint_questions_is_unclear(question: dict[str, object], rates: tuple[float, float]) -> None:
    answer = hs.gate(disjoint(*rates), "a", "b", **question)
    assert answer.verdict == "unclear"
    (check,) = answer.checks
    assert check.differs == "the two don't share any item"
    (warning,) = [warning for warning in check.warnings if warning.code == "unpaired"]
    assert "`allow_differs='questions'`" in warning.remedy


def test_gate_on_disjoint_questions_decides_if_allow_differs_is_given() -> None:
    assert hs.gate(disjoint(0.9, 0.5), "a", "b", not_worse_than=0.02, allow_differs="questions").verdict == "pass"
    assert hs.gate(disjoint(0.5, 0.9), "a", "b", not_worse_than=0.02, allow_differs="questions").verdict == "fail"


def test_a_floor_is_judged_without_shared_questions() -> None:
    assert hs.gate(disjoint(0.9, 0.5), "a", at_least=0.5).verdict == "pass"
