"""How a plan of labels is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, closing, opening, tabled
from howsure.wording import Scale, amounts_apart, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan_labels import LabelBill, LabelPlan, LabelStratum
    from howsure.present.document import Block, Table

PERCENT = Scale(percent=True)


def document(plan: LabelPlan) -> Document:
    """Return the verdict, a line a stratum, the prices, what to do next, and the cautions."""
    return Document(
        blocks=(*opening(verdict(plan), plan.notes), _table(plan), *_texts(plan), *closing(plan.cautions))
    )


def verdict(plan: LabelPlan) -> str:
    """Say how many labels give what, and what they would without a judge."""
    more = "more " if plan.n_counted else ""
    give = f"± {PERCENT.gap(plan.half_width)} ({level_text(plan.level)} confidence)"
    if plan.b:
        told = (
            f"Label both answers to {plural(plan.n_labels, f'{more}item')}: expect the corrected "
            f"difference of {plan.a} and {plan.b} {give}"
        )
    else:
        told = f"Label {plural(plan.n_labels, f'{more}answer')}: expect the corrected rate {give}"
    if not plan.labels_alone or plan.labels_alone <= plan.n_labels + plan.n_counted:
        return f"{told}. The judge saves no label."
    return f"{told}. Without the judge it would take {plan.labels_alone:,}."


def _table(plan: LabelPlan) -> Table:
    labelled, two = any(each.n_labelled for each in plan.strata), bool(plan.b)
    fields: list[Field[LabelStratum]] = [
        Field(
            "judges say",
            lambda each: PERCENT.difference(each.verdict) if two else PERCENT.score(each.verdict),
        ),
        Field("items" if two else "answers", lambda each: f"{each.n_answers:,}"),
        Field("labelled", lambda each: f"{each.n_labelled:,}", shown=labelled),
        Field("to label", lambda each: f"{each.n_labels:,}"),
        Field("probability", lambda each: f"{each.probability:.3f}"),
        Field(
            "expected pp" if two else "expected rate %",
            lambda each: PERCENT.number(each.expected),
            priority=6,
        ),
    ]
    assumed = f"judges are assumed to be right in {PERCENT.given(plan.judge_right)} where they agree"
    return tabled(plan.strata, fields, note=f"{assumed}; labels tell otherwise" if labelled else assumed)


def _texts(plan: LabelPlan) -> list[Block]:
    texts = []
    if plan.with_judge is not None and plan.without_judge is not None:
        texts.append(_priced(plan, plan.with_judge, plan.without_judge))
    if plan.queue:
        texts.append(
            f"{plan.queue} has the answers to label first. Fill in its column label, and give it to judge "
            "with the same columns and `labels_drawn='probability:probability'`."
        )
    return [Text(text=text) for text in texts]


def _priced(plan: LabelPlan, judged: LabelBill, alone: LabelBill) -> str:
    """Say what is the cheapest, with a judge and without; of two models in pairs."""
    of = "pair of " if plan.b else ""
    one, other = amounts_apart(judged.cost, alone.cost)
    with_, without = (
        f"{_counted(each.n_labels, of, 'label')}, ± {PERCENT.gap(each.half_width)}, for {cost}"
        for each, cost in ((judged, one), (alone, other))
    )
    told = (
        f"At these prices: {_counted(judged.n_judged, of, 'verdict')} and {with_}; without a judge {without}."
    )
    same = math.isclose(judged.half_width, alone.half_width, rel_tol=0.05)
    if same and judged.cost >= alone.cost:
        return f"{told} The judge doesn't pay."
    return told


def _counted(count: int, of: str, noun: str) -> str:
    return plural(count, f"{of}{noun}s", f"pairs of {noun}s") if of else plural(count, noun)
