"""Verdicts become a plan of labels, and the table of answers in the order in which they are to be
labelled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.plan_labels import LabelBill, LabelPlan, LabelStratum
from howsure.errors import Caution
from howsure.inference.judge_panel import shared_answers
from howsure.statistics.judge_strata import (
    FEWEST,
    Expected,
    cheapest,
    drawn,
    expected_gaps,
    expected_rates,
    labels_alone,
    opinion,
    planned_strata,
)
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats, Ints

LABEL, PROBABILITY, ORDER, EARLIER = "label", "probability", "to_label", "earlier_label"
"""The columns of a queue beside those of the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsQuestion:
    """What is asked of a plan: of two models or of all answers, a give or take or a number of labels, whether
    earlier labels were drawn at random, prices, the seed.
    """

    a: str | None
    b: str | None
    within: float | None
    n_labels: int | None
    random: bool
    judge_right: float
    level: float
    cost_label: float | None
    cost_judge: float | None
    budget: float | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelPool:
    """What is to be labelled: answers, or pairs of answers to one item (N,), in strata, and what is expected
    of each stratum.

    `rows`: the places in the table of each answer, or of both (N,); `opinions` (N,): what judges say of an
    answer, or by how much of two; `labels` (N,): NaN without one, or without both; `counted` (N,): those that
    count.
    """

    rows: tuple[Ints, ...]
    opinions: Floats
    labels: Floats
    code: Ints
    expected: Expected
    counted: Bools

    @classmethod
    def of(cls, table: Verdicts, question: LabelsQuestion) -> _LabelPool:
        """Take the answers, or the pairs of those of two models."""
        of_answers = opinion(table.verdicts, table.labels)
        rows: tuple[Ints, ...] = (np.arange(len(table.labels)),)
        opinions, labels = of_answers, table.labels
        if question.a is not None and question.b is not None:
            first, second = rows = shared_answers(table, question.a, question.b)
            opinions, labels = (
                np.round(of_answers[first] - of_answers[second], 9),
                table.labels[first] - table.labels[second],
            )
        code = planned_strata(opinions)
        expected = (
            expected_rates(code, opinions, labels, question.judge_right)
            if len(rows) == 1
            else expected_gaps(code, (of_answers[rows[0]], of_answers[rows[1]]), labels, question.judge_right)
        )
        counted = np.asarray(np.isfinite(labels) & question.random)
        return cls(rows=rows, opinions=opinions, labels=labels, code=code, expected=expected, counted=counted)


def planned(table: Verdicts, question: LabelsQuestion) -> tuple[LabelPlan, pl.DataFrame]:
    """Plan labels; see `howsure.plan_labels`. Beside the plan its queue: every answer, those to be labelled
    first.
    """
    pool = _LabelPool.of(table, question)
    expected, counted = pool.expected, pool.counted
    count = question.n_labels if question.within is None else expected.fewest(question.within, question.level)
    wanted = expected.shared_out(int(expected.sizes.sum()) if count is None else count)
    have = np.bincount(pool.code[counted], minlength=len(expected.sizes))
    rng = np.random.default_rng(question.seed).spawn(1)[0]
    chosen = drawn(pool.code, np.maximum(wanted - have, 0), ~counted, rng)
    more = np.bincount(pool.code[chosen], minlength=len(expected.sizes))
    # within a stratum old and new labels are one random sample
    probability = ((have + more) / expected.sizes)[pool.code]
    return _plan(table, pool, question, more, probability), _queue(table, pool, chosen, probability)


def _plan(
    table: Verdicts, pool: _LabelPool, question: LabelsQuestion, more: Ints, probability: Floats
) -> LabelPlan:
    expected, have = pool.expected, np.bincount(pool.code[pool.counted], minlength=len(pool.expected.sizes))
    half = expected.half_width(more + have, question.level)
    within = math.nan if question.within is None else question.within
    alone = Expected(
        sizes=np.array([10**7]),
        means=np.array([expected.mean]),
        variances=np.array([expected.whole_variance]),
        bounded=expected.bounded,
    )
    bills = _bills(expected, question, half)
    reached = question.within is None or half <= question.within * (1 + 1e-9)
    return LabelPlan(
        a=question.a or "",
        b=question.b or "",
        within=within,
        n_labels=int(more.sum()),
        n_counted=int(have.sum()),
        half_width=half,
        labels_alone=alone.fewest(half, question.level) or 0,
        reached=reached,
        expected=expected.mean,
        judge_right=question.judge_right,
        level=question.level,
        with_judge=bills[0],
        without_judge=bills[1],
        strata=tuple(
            LabelStratum(
                verdict=float(pool.opinions[pool.code == k].mean()),
                n_answers=int(expected.sizes[k]),
                n_labelled=int(np.isfinite(pool.labels[pool.code == k]).sum()),
                n_labels=int(more[k]),
                probability=float(probability[pool.code == k].max()),
                expected=float(expected.means[k]),
            )
            for k in range(len(expected.sizes))
        ),
        notes=table.notes,
        cautions=tuple(_cautions(table, pool, question, half, reached=reached)),
    )


def _bills(
    expected: Expected, question: LabelsQuestion, half: float
) -> tuple[LabelBill | None, LabelBill | None]:
    """Return what the labels cost with the judge, and without it; None without prices."""
    if question.cost_label is None or question.cost_judge is None:
        return None, None
    times = 1 if question.b is None else 2  # both answers to an item
    label, judge = times * question.cost_label, times * question.cost_judge
    within = None if question.budget is not None else half if question.within is None else question.within
    budget = question.budget or 0.0
    bills = (
        cheapest(expected, (label, judge), question.level, within=within, budget=budget),
        labels_alone(expected, label, question.level, within=within, budget=budget),
    )
    with_judge, without_judge = (
        LabelBill(n_judged=bill.judged, n_labels=bill.labelled, cost=bill.cost, half_width=bill.half_width)
        for bill in bills
    )
    return with_judge, without_judge


def _cautions(
    table: Verdicts, pool: _LabelPool, question: LabelsQuestion, half: float, *, reached: bool
) -> Iterator[Caution]:
    """Yield what is doubtful about the plan."""
    if not reached:
        yield Caution(
            code="out_of_reach",
            message=(
                f"labels of all these answers leave ± {100 * half:.1f} pp: they are too few, whatever is "
                "labelled"
            ),
            remedy="Judge more answers, or ask for less.",
        )
    least = int(np.minimum(pool.expected.sizes, FEWEST).sum())
    if question.n_labels is not None and question.n_labels < least:
        yield Caution(
            code="fewest_labels",
            message=(
                f"{plural(question.n_labels, 'label')} can't be kept to: each kind of verdict takes "
                f"{FEWEST}, or all its answers, {least:,} in all"
            ),
            remedy="Ask for more.",
        )
    count = int(np.isfinite(pool.labels).sum())
    if count and not question.random:
        what = "tells what to expect and doesn't" if count == 1 else "tell what to expect and don't"
        they_were = "it was drawn" if count == 1 else "they were drawn"
        yield Caution(
            code="earlier_labels",
            message=(
                f"{plural(count, 'earlier label')} {what} count, since nothing says that {they_were} at "
                "random"
            ),
            remedy="If so, say `labels_drawn='random'`.",
        )
    if question.b is None and table.items is not None and len(np.unique(table.items)) < len(table.items):
        yield Caution(
            code="taken_one_by_one",
            message=(
                "several answers are to one item, and the plan takes each by itself; where they hang "
                "together it takes more labels"
            ),
            remedy="Plan a model at a time with `where`.",
        )


def _queue(table: Verdicts, pool: _LabelPool, chosen: Ints, probability: Floats) -> pl.DataFrame:
    """Return every answer with its probability, those to be labelled first and in random order, and a column
    for the label.
    """
    order, chance, counted = (np.full(len(table.labels), filling) for filling in (np.nan, np.nan, 0.0))
    for places in pool.rows:
        order[places[chosen]] = 1 + np.arange(len(chosen))
        chance[places], counted[places] = probability, pool.counted
    counted_labels, earlier = (np.where(which, table.labels, np.nan) for which in (counted > 0, counted == 0))
    taken = [name for name in (table.human, LABEL) if name in table.rows.columns and name not in table.judges]
    rows = table.rows.drop(taken).with_columns(
        pl.Series(LABEL, counted_labels).fill_nan(None),
        pl.Series(PROBABILITY, chance).fill_nan(None),
        pl.Series(ORDER, order).fill_nan(None).cast(pl.Int64),
        *([pl.Series(EARLIER, earlier).fill_nan(None)] if np.isfinite(earlier).any() else []),
    )
    return rows.sort(ORDER, nulls_last=True, maintain_order=True)
