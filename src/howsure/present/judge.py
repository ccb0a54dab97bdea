"""How a judge's corrected rate is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, closing, opening, tabled
from howsure.present.estimate import limits, whisker
from howsure.wording import Scale, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.judge import JudgedModel, JudgeRates
    from howsure.present.document import Table

PERCENT = Scale(percent=True)
HEADED = {
    "random": "",
    "unknown": "If your labels were drawn at random: ",
    "convenience": "Your labels are a convenience sample, and as far as they stand for all: ",
}


def document(answer: JudgeRates) -> Document:
    """Return the verdict, a line a model, and the cautions."""
    return Document(blocks=(*opening(verdict(answer), answer.notes), rates_table(answer), *closing(answer.cautions)))


def verdict(answer: JudgeRates) -> str:
    """Say what the judge says, what the labels make of it, and which way the judge errs."""
    found = answer.whole
    head = HEADED[answer.drawn]
    low, high = (PERCENT.number(x) for x in (found.estimate.interval.low, found.estimate.interval.high))
    rate = f"{PERCENT.score(found.estimate.value)} [{low}, {high}]"
    labels = plural(found.n_labelled, "label")
    if math.isnan(found.judge):
        return f"{head}with your {labels} the rate of all {found.n_judged:,} answers is {rate}."
    said = f"{'the' if head else 'The'} judge says {PERCENT.score(found.judge)}"
    return f"{head}{said}; with your {labels} the rate is {rate}: {_errs(found)}."


def _errs(found: JudgedModel) -> str:
    """Say which way the judge errs, where it is shown."""
    if found.bias_interval.contains(0.0):
        return "nothing shows that the judge is too kind or too strict"
    word = "kind" if found.bias > 0 else "strict"
    return f"the judge is too {word} by about {PERCENT.gap(abs(found.bias))}"


def rates_table(answer: JudgeRates) -> Table:
    """Lay out all answers, then each model."""
    level = level_text(answer.level)
    fields: list[Field[JudgedModel]] = [
        Field("model", lambda each: each.model or "all answers", align="left"),
        Field("judged", lambda each: f"{each.n_judged:,}", priority=6),
        Field("labels", lambda each: f"{each.n_labelled:,}", priority=8),
        Field("judge %", lambda each: PERCENT.number(each.judge)),
        Field("rate %", lambda each: PERCENT.number(each.estimate.value)),
        Field(f"{level} interval", lambda each: limits(each.estimate, PERCENT), priority=8),
        Field("", lambda each: whisker(each.estimate), align="left", priority=6),
        Field("labels alone %", lambda each: PERCENT.number(each.labels.value), priority=5),
        Field(f"{level} interval ", lambda each: limits(each.labels, PERCENT), priority=5),
        Field("judge errs pp", lambda each: PERCENT.signed(each.bias), priority=7),
    ]
    return tabled(answer.every, fields, lead=1 if answer.models else 0)
