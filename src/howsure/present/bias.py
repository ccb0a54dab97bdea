"""How a judge's biases are worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.answers.bias import LONGER, OWN_FAMILY, SHOWN_FIRST
from howsure.present.document import Document, Field, closing, opening, tabled
from howsure.present.estimate import limits, whisker
from howsure.statistics.results import significant
from howsure.wording import Scale, ci_text, level_text, listing, p_text

if TYPE_CHECKING:
    from howsure.answers.bias import Biases, JudgeBias
    from howsure.present.document import Table

PERCENT = Scale(percent=True)
TOLD_BY = {"gold": "gold", "orders": "both orders", "others": "other judges", "nothing": "nothing"}


def document(answer: Biases) -> Document:
    """Return the verdict, one line per judge and kind of answer, and the warnings."""
    tables = [favours_table(answer)] if answer.biases else []
    return Document(blocks=(*opening(sentence(answer), answer.notes), *tables, *closing(answer.warnings)))


def sentence(answer: Biases) -> str:
    """Return the largest significant bias, or that there is none, then mere associations."""
    if not answer.biases:
        return "Too few choices to test for bias."
    judges = {each.judge for each in answer.biases}
    told = [each for each in answer.biases if each.bias]
    shown = sorted(
        (each for each in told if significant(each.p_value, answer.level)),
        key=lambda each: -abs(each.estimate.value),
    )
    kinds = listing(sorted({_kind(each.feature, many=True) for each in told}))
    if shown:
        more = len(shown) - 1
        rest = (
            f" {more} more of {len(told)} tested biases {'is' if more == 1 else 'are'} significant."
            if more
            else ""
        )
        return f"{_said(shown[0])}{rest}"
    if told:
        who = next(iter(judges)) if len(judges) == 1 else f"any of {len(judges)} judges"
        return f"No significant bias of {who} towards {kinds}."
    return "Bias can't be separated from quality in these data."


def _said(found: JudgeBias) -> str:
    """Return one bias."""
    gap = f"{PERCENT.difference(found.estimate.value)}, {ci_text(found.estimate.interval, PERCENT)}"
    kind = _kind(found.feature) if found.estimate.value >= 0 else _other(found.feature)
    first = f"{found.judge} is biased towards {kind} ({gap})"
    if math.isfinite(found.order_flips):
        return f"{first}; {PERCENT.score(found.order_flips)} of its verdicts flip with the order."
    return (
        f"{first}; it errs towards {_kind(found.feature)} in {PERCENT.score(found.error_towards)} of its "
        f"choices and away from it in {PERCENT.score(found.error_away)}."
    )


def _kind(favours: str, *, many: bool = False) -> str:
    """Name the answers that are favoured: the answer shown first, longer answers, answers with more
    tables.
    """
    noun = "answers" if many else "the answer"
    if favours == LONGER:
        return "longer answers" if many else "the longer answer"
    if favours == OWN_FAMILY:
        return f"{noun} of its own family"
    return f"{noun} {favours}" if favours == SHOWN_FIRST else f"{noun} with {favours}"


def _other(favours: str) -> str:
    """Name the answer of the other kind."""
    others = {
        SHOWN_FIRST: "the answer shown second",
        LONGER: "the shorter answer",
        OWN_FAMILY: "the answer of another family",
    }
    return others.get(favours, f"the answer with {favours.replace('more ', 'less ', 1)}")


def favours_table(answer: Biases) -> Table:
    """Lay out what each judge favours, by how much, and how that is separated from quality."""
    fields: list[Field[JudgeBias]] = [
        Field("feature", lambda each: each.feature, align="left"),
        Field("judge", lambda each: each.judge, align="left"),
        Field("choices", lambda each: f"{each.n_choices:,}", priority=5),
        Field("chosen %", lambda each: PERCENT.number(each.chosen_share), priority=4),
        Field("errors towards %", lambda each: PERCENT.number(each.error_towards), priority=6),
        Field("errors away %", lambda each: PERCENT.number(each.error_away), priority=6),
        Field("bias, points", lambda each: PERCENT.signed(each.estimate.value)),
        Field(f"{level_text(answer.level)} CI", lambda each: limits(each.estimate, PERCENT), priority=8),
        Field("", lambda each: whisker(each.estimate), align="left", priority=3, axis=PERCENT),
        Field("p", lambda each: p_text(each.p_value), priority=7),
        Field("order flips %", lambda each: PERCENT.number(each.order_flips), priority=2),
        Field("evidence", lambda each: TOLD_BY[each.evidence], align="left", priority=9),
    ]
    return tabled(answer.biases, fields)
