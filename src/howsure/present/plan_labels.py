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
    return Document(blocks=(*opening(verdict(plan), plan.notes), _table(plan), *_texts(plan), *closing(plan.cautions)))


def verdict(plan: LabelPlan) -> str:
    """Say how many labels give what, and what they would without a judge."""
    more = " more" if plan.n_counted else ""
    labels = f"{plan.n_labels:,}{more} {'label' if plan.n_labels == 1 else 'labels'}"
    give = f"the corrected rate ± {PERCENT.gap(plan.half_width)} ({level_text(plan.level)} confidence)"
    told = f"Label {labels.replace(' labels', ' answers').replace(' label', ' answer')}: expect {give}"
    have = plan.n_labels + plan.n_counted
    if not plan.labels_alone or plan.labels_alone <= have:
        return f"{told}. The judge saves no label."
    return f"{told}. Without the judge it would take {plan.labels_alone:,}."


def _table(plan: LabelPlan) -> Table:
    labelled = any(each.n_labelled for each in plan.strata)
    fields: list[Field[LabelStratum]] = [
        Field("judges say", lambda each: PERCENT.number(each.verdict) + " %"),
        Field("answers", lambda each: f"{each.n_answers:,}"),
        Field("labelled", lambda each: f"{each.n_labelled:,}", shown=labelled),
        Field("to label", lambda each: f"{each.n_labels:,}"),
        Field("probability", lambda each: f"{each.probability:.3f}"),
        Field("expected rate %", lambda each: PERCENT.number(each.rate), priority=6),
    ]
    assumed = f"judges are assumed to be right in {PERCENT.given(plan.judge_right)} where they agree"
    return tabled(plan.strata, fields, note=f"{assumed}; labels tell otherwise" if labelled else assumed)


def _texts(plan: LabelPlan) -> list[Block]:
    texts = []
    if plan.with_judge is not None and plan.without_judge is not None:
        texts.append(_priced(plan.with_judge, plan.without_judge))
    if plan.queue:
        texts.append(
            f"{plan.queue} has the answers to label first. Fill in its column label, and give it to judge with the same columns and "
            "`labels_drawn='probability:probability'`."
        )
    return [Text(text=text) for text in texts]


def _priced(judged: LabelBill, alone: LabelBill) -> str:
    """Say what is the cheapest, with a judge and without."""
    one, other = amounts_apart(judged.cost, alone.cost)
    with_, without = (
        f"{plural(each.n_labels, 'label')}, ± {PERCENT.gap(each.half_width)}, for {cost}"
        for each, cost in ((judged, one), (alone, other))
    )
    told = f"At these prices: {plural(judged.n_judged, 'verdict')} and {with_}; without a judge {without}."
    same = math.isclose(judged.half_width, alone.half_width, rel_tol=0.05)
    if same and judged.cost >= alone.cost:
        return f"{told} The judge doesn't pay."
    return told
