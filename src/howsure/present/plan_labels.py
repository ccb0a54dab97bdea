"""How a plan of labels is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, closing, opening, tabled
from howsure.wording import Scale, amounts_apart, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan_labels import LabelPlan, LabelStratum
    from howsure.present.document import Block, Table

PERCENT = Scale(percent=True)


def document(plan: LabelPlan) -> Document:
    """Return the verdict, one line per stratum, the prices, what to do next, and the warnings."""
    return Document(
        blocks=(*opening(sentence(plan), plan.notes), _table(plan), *_texts(plan), *closing(plan.warnings))
    )


def sentence(plan: LabelPlan) -> str:
    """Return the result of this number of labels, and how many would be needed without a judge."""
    more = "more " if plan.n_counted else ""
    give = f"± {PERCENT.gap(plan.half_width)} ({level_text(plan.level)} confidence)"
    if plan.b:
        text = (
            f"Label both answers to {plural(plan.n_labels, f'{more}question')} to know the corrected "
            f"difference of {plan.a} and {plan.b} to {give}"
        )
    else:
        text = f"Label {plural(plan.n_labels, f'{more}answer')} to know the corrected rate to {give}"
    if not plan.labels_alone or plan.labels_alone <= plan.n_labels + plan.n_counted:
        return f"{text}; the judge saves no labels."
    return f"{text}; without the judge, you need {plan.labels_alone:,}."


def _table(plan: LabelPlan) -> Table:
    labelled, two = any(part.n_labelled for part in plan.strata), bool(plan.b)
    fields: list[Field[LabelStratum]] = [
        Field(
            "verdict", lambda part: PERCENT.difference(part.verdict) if two else PERCENT.score(part.verdict)
        ),
        Field("questions" if two else "answers", lambda part: f"{part.n_answers:,}"),
        Field("labelled", lambda part: f"{part.n_labelled:,}", shown=labelled),
        Field("to label", lambda part: f"{part.n_labels:,}"),
        Field("probability", lambda part: f"{part.probability:.3f}"),
        Field(
            "expected, points" if two else "expected rate %",
            lambda part: PERCENT.number(part.expected),
            priority=6,
        ),
    ]
    assumed = f"Assumed accuracy when judges agree: {PERCENT.given(plan.judge_right)}"
    return tabled(
        plan.strata, fields, note=f"{assumed}, updated with the labels." if labelled else f"{assumed}."
    )


def _texts(plan: LabelPlan) -> list[Block]:
    """Return the cheapest plan, with a judge and without, and what to do next."""
    texts = []
    judged, alone = plan.with_judge, plan.without_judge
    if judged is not None and alone is not None:
        pair = "pair of " if plan.b else ""

        def counted(count: int, noun: str) -> str:
            """Write a number of labels or verdicts, in pairs for two models."""
            return plural(count, f"{pair}{noun}s", f"pairs of {noun}s") if pair else plural(count, noun)

        costs = amounts_apart(judged.cost, alone.cost)
        with_judge, without_judge = (
            f"{counted(bill.n_labels, 'label')}, ± {PERCENT.gap(bill.half_width)}, for {cost}"
            for bill, cost in zip((judged, alone), costs, strict=True)
        )
        same = math.isclose(judged.half_width, alone.half_width, rel_tol=0.05)
        worth = " The judge doesn't pay off." if same and judged.cost >= alone.cost else ""
        texts.append(
            f"At these prices: {counted(judged.n_judged, 'verdict')} and {with_judge}; without a judge "
            f"{without_judge}.{worth}"
        )
    if plan.queue:
        texts.append(
            f"{plan.queue} has the answers to label first. Fill in its column label, and pass it to judge "
            "with the same columns and `labels_drawn='probability:probability'`."
        )
    return [Text(text=text) for text in texts]
