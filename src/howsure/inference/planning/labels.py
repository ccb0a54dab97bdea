"""Verdicts become a plan of labels, and the table of answers in the order in which they are to be
labelled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.judge_strata import Bill

LABEL, PROBABILITY, ORDER, EARLIER = "label", "probability", "to_label", "earlier_label"
"""The columns of a queue beside those of the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsAsked:
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
class _Pool:
    """What is to be labelled: answers, or pairs of answers to one item (N,), in strata, and what is expected
    of each stratum.

    `rows`: the places in the table of each answer, or of both (N,); `said` (N,): what judges say of an
    answer, or by how much of two; `labels` (N,): NaN without one, or without both; `counted` (N,): those that
    count.
    """

    rows: tuple[Ints, ...]
    said: Floats
    labels: Floats
    code: Ints
    expected: Expected
    counted: Bools

    @classmethod
    def of(cls, table: Verdicts, asked: LabelsAsked) -> _Pool:
        """Take the answers, or the pairs of those of two models."""
        opinions = opinion(table.verdicts, table.labels)
        rows: tuple[Ints, ...] = (np.arange(len(table.labels)),)
        said, labels = opinions, table.labels
        if asked.a is not None and asked.b is not None:
            first, second = rows = shared_answers(table, asked.a, asked.b)
            said, labels = (
                np.round(opinions[first] - opinions[second], 9),
                table.labels[first] - table.labels[second],
            )
        code = planned_strata(said)
        expected = (
            expected_rates(code, said, labels, asked.judge_right)
            if len(rows) == 1
            else expected_gaps(code, (opinions[rows[0]], opinions[rows[1]]), labels, asked.judge_right)
        )
        counted = np.asarray(np.isfinite(labels) & asked.random)
        return cls(rows=rows, said=said, labels=labels, code=code, expected=expected, counted=counted)


def planned(table: Verdicts, asked: LabelsAsked) -> tuple[LabelPlan, pl.DataFrame]:
    """Plan labels; see `howsure.plan_labels`. Beside the plan its queue: every answer, those to be labelled
    first.
    """
    pool = _Pool.of(table, asked)
    expected, counted = pool.expected, pool.counted
    wanted = _wanted(expected, asked)
    have = np.bincount(pool.code[counted], minlength=len(expected.sizes))
    rng = np.random.default_rng(asked.seed).spawn(1)[0]
    chosen = drawn(pool.code, np.maximum(wanted - have, 0), ~counted, rng)
    more = np.bincount(pool.code[chosen], minlength=len(expected.sizes))
    # within a stratum old and new labels are one random sample
    probability = ((have + more) / expected.sizes)[pool.code]
    return _plan(table, pool, asked, more, probability), _queue(table, pool, chosen, probability)


def _wanted(expected: Expected, asked: LabelsAsked) -> Ints:
    """Return how many labels each stratum is to have in all (S,)."""
    count = asked.n_labels if asked.within is None else expected.fewest(asked.within, asked.level)
    return expected.shared_out(int(expected.sizes.sum()) if count is None else count)


def _plan(table: Verdicts, pool: _Pool, asked: LabelsAsked, more: Ints, probability: Floats) -> LabelPlan:
    expected, have = pool.expected, np.bincount(pool.code[pool.counted], minlength=len(pool.expected.sizes))
    half = expected.half_width(more + have, asked.level)
    within = math.nan if asked.within is None else asked.within
    alone = Expected(
        sizes=np.array([10**7]),
        means=np.array([expected.mean]),
        variances=np.array([expected.whole_variance]),
        bounded=expected.bounded,
    )
    bills = _bills(expected, asked, half)
    reached = asked.within is None or half <= asked.within * (1 + 1e-9)
    return LabelPlan(
        a=asked.a or "",
        b=asked.b or "",
        within=within,
        n_labels=int(more.sum()),
        n_counted=int(have.sum()),
        half_width=half,
        labels_alone=alone.fewest(half, asked.level) or 0,
        reached=reached,
        expected=expected.mean,
        judge_right=asked.judge_right,
        level=asked.level,
        with_judge=bills[0],
        without_judge=bills[1],
        strata=tuple(
            LabelStratum(
                verdict=float(pool.said[pool.code == k].mean()),
                n_answers=int(expected.sizes[k]),
                n_labelled=int(np.isfinite(pool.labels[pool.code == k]).sum()),
                n_labels=int(more[k]),
                probability=float(probability[pool.code == k].max()),
                expected=float(expected.means[k]),
            )
            for k in range(len(expected.sizes))
        ),
        notes=table.notes,
        cautions=(
            *_out_of_reach(reached, half),
            *_fewest(expected, asked),
            *_earlier(pool, asked),
            *_together(table, asked),
        ),
    )


def _bills(expected: Expected, asked: LabelsAsked, half: float) -> tuple[LabelBill | None, LabelBill | None]:
    if asked.cost_label is None or asked.cost_judge is None:
        return None, None
    times = 1 if asked.b is None else 2  # both answers to an item
    target = None if asked.budget is not None else half if asked.within is None else asked.within
    budget = asked.budget or 0.0
    return (
        _bill(
            cheapest(
                expected,
                (times * asked.cost_label, times * asked.cost_judge),
                asked.level,
                within=target,
                budget=budget,
            )
        ),
        _bill(labels_alone(expected, times * asked.cost_label, asked.level, within=target, budget=budget)),
    )


def _bill(found: Bill) -> LabelBill:
    return LabelBill(
        n_judged=found.judged, n_labels=found.labelled, cost=found.cost, half_width=found.half_width
    )


def _out_of_reach(reached: bool, half: float) -> list[Caution]:
    if reached:
        return []
    return [
        Caution(
            code="out_of_reach",
            message=(
                f"labels of all these answers leave ± {100 * half:.1f} pp: they are too few, whatever is "
                "labelled"
            ),
            remedy="Judge more answers, or ask for less.",
        )
    ]


def _fewest(expected: Expected, asked: LabelsAsked) -> list[Caution]:
    """Say that a number of labels is too small to be kept to."""
    least = int(np.minimum(expected.sizes, FEWEST).sum())
    if asked.n_labels is None or asked.n_labels >= least:
        return []
    return [
        Caution(
            code="fewest_labels",
            message=(
                f"{plural(asked.n_labels, 'label')} can't be kept to: each kind of verdict takes {FEWEST}, "
                f"or all its answers, {least:,} in all"
            ),
            remedy="Ask for more.",
        )
    ]


def _earlier(pool: _Pool, asked: LabelsAsked) -> list[Caution]:
    """Say what becomes of labels that there are."""
    count = int(np.isfinite(pool.labels).sum())
    if not count or asked.random:
        return []
    one = count == 1
    told = "tells what to expect and doesn't" if one else "tell what to expect and don't"
    they_were = "it was drawn" if one else "they were drawn"
    return [
        Caution(
            code="earlier_labels",
            message=(
                f"{plural(count, 'earlier label')} {told} count, since nothing says that {they_were} at "
                "random"
            ),
            remedy="If so, say `labels_drawn='random'`.",
        )
    ]


def _together(table: Verdicts, asked: LabelsAsked) -> list[Caution]:
    """Warn where several answers are to one item."""
    if asked.b is not None or table.items is None or len(np.unique(table.items)) == len(table.items):
        return []
    return [
        Caution(
            code="taken_one_by_one",
            message=(
                "several answers are to one item, and the plan takes each by itself; where they hang "
                "together it takes more labels"
            ),
            remedy="Plan a model at a time with `where`.",
        )
    ]


def _queue(table: Verdicts, pool: _Pool, chosen: Ints, probability: Floats) -> pl.DataFrame:
    """Return every answer with its probability, those to be labelled first and in random order, and a column
    for the label.
    """
    order, chance, counted = (np.full(len(table.labels), filling) for filling in (np.nan, np.nan, 0.0))
    for places in pool.rows:
        order[places[chosen]] = 1 + np.arange(len(chosen))
        chance[places], counted[places] = probability, pool.counted
    kept, earlier = (np.where(which, table.labels, np.nan) for which in (counted > 0, counted == 0))
    taken = [name for name in (table.human, LABEL) if name in table.rows.columns and name not in table.judges]
    rows = table.rows.drop(taken).with_columns(
        pl.Series(LABEL, kept).fill_nan(None),
        pl.Series(PROBABILITY, chance).fill_nan(None),
        pl.Series(ORDER, order).fill_nan(None).cast(pl.Int64),
        *([pl.Series(EARLIER, earlier).fill_nan(None)] if np.isfinite(earlier).any() else []),
    )
    return rows.sort(ORDER, nulls_last=True, maintain_order=True)


def written_to(plan: LabelPlan, queue: str) -> LabelPlan:
    """Return the plan with the file that its queue was written to."""
    return replace(plan, queue=queue)
