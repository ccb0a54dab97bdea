"""Verdicts become a plan of labels, and the table of answers in the order in which they are to be labelled."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.plan_labels import LabelBill, LabelPlan, LabelStratum
from howsure.errors import Caution
from howsure.statistics.judges.planning import Expected, cheapest, drawn, expected_of, labels_alone, planned_strata
from howsure.statistics.judges.strata import opinion

if TYPE_CHECKING:
    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.judges.planning import Bill

LABEL, PROBABILITY, ORDER, EARLIER = "label", "probability", "to_label", "earlier_label"
"""The columns of a queue beside those of the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsAsked:
    """What is asked of a plan: a give or take or a number of labels, whether earlier labels were drawn at random, prices, the seed."""

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
    """The answers in strata (N,), what is expected of each, those with a label that counts (N,), and how they were chosen."""

    code: Ints
    opinions: Floats
    expected: Expected
    counted: Bools


def planned(table: Verdicts, asked: LabelsAsked) -> tuple[LabelPlan, pl.DataFrame]:
    """Plan labels; see `howsure.plan_labels`. Beside the plan its queue: every answer, those to be labelled first."""
    opinions = opinion(table.verdicts, table.labels)
    code = planned_strata(opinions)
    expected = expected_of(code, opinions, table.labels, asked.judge_right)
    counted = np.asarray(np.isfinite(table.labels) & asked.random)
    pool = _Pool(code=code, opinions=opinions, expected=expected, counted=counted)
    wanted = _wanted(expected, asked)
    have = np.bincount(code[counted], minlength=len(expected.sizes))
    chosen = drawn(code, np.maximum(wanted - have, 0), ~counted, np.random.default_rng(asked.seed).spawn(1)[0])
    more = np.bincount(code[chosen], minlength=len(expected.sizes))
    probability = ((have + more) / expected.sizes)[code]  # within a stratum old and new labels are one random sample
    plan = _plan(table, pool, asked, more, probability)
    return plan, _queue(table, chosen, probability, counted)


def _wanted(expected: Expected, asked: LabelsAsked) -> Ints:
    """Return how many labels each stratum is to have in all (S,)."""
    count = asked.n_labels if asked.within is None else expected.fewest(asked.within, asked.level)
    return expected.shared_out(int(expected.sizes.sum()) if count is None else count)


def _plan(table: Verdicts, pool: _Pool, asked: LabelsAsked, more: Ints, probability: Floats) -> LabelPlan:
    expected, have = pool.expected, np.bincount(pool.code[pool.counted], minlength=len(pool.expected.sizes))
    half = expected.half_width(more + have, asked.level)
    within = math.nan if asked.within is None else asked.within
    alone = Expected(sizes=np.array([10**7]), rates=np.array([expected.rate]))
    bills = _bills(expected, asked, half)
    reached = asked.within is None or half <= asked.within * (1 + 1e-9)
    return LabelPlan(
        within=within,
        n_labels=int(more.sum()),
        n_counted=int(have.sum()),
        half_width=half,
        labels_alone=alone.fewest(half, asked.level) or 0,
        reached=reached,
        rate=expected.rate,
        judge_right=asked.judge_right,
        level=asked.level,
        with_judge=bills[0],
        without_judge=bills[1],
        strata=tuple(
            LabelStratum(
                verdict=float(pool.opinions[pool.code == k].mean()),
                n_answers=int(expected.sizes[k]),
                n_labelled=int(np.isfinite(table.labels[pool.code == k]).sum()),
                n_labels=int(more[k]),
                probability=float(probability[pool.code == k].max()),
                rate=float(expected.rates[k]),
            )
            for k in range(len(expected.sizes))
        ),
        notes=table.notes,
        cautions=(*_out_of_reach(reached, half), *_earlier(table, asked), *_together(table)),
    )


def _bills(expected: Expected, asked: LabelsAsked, half: float) -> tuple[LabelBill | None, LabelBill | None]:
    if asked.cost_label is None or asked.cost_judge is None:
        return None, None
    target = None if asked.budget is not None else half if asked.within is None else asked.within
    budget = asked.budget or 0.0
    return (
        _bill(cheapest(expected, (asked.cost_label, asked.cost_judge), asked.level, within=target, budget=budget)),
        _bill(labels_alone(expected, asked.cost_label, asked.level, within=target, budget=budget)),
    )


def _bill(found: Bill) -> LabelBill:
    return LabelBill(n_judged=found.judged, n_labels=found.labelled, cost=found.cost, half_width=found.half_width)


def _out_of_reach(reached: bool, half: float) -> list[Caution]:
    if reached:
        return []
    return [
        Caution(
            code="out_of_reach",
            message=f"labels of all these answers leave ± {100 * half:.1f} pp: they are too few, whatever is labelled",
            remedy="Judge more answers, or ask for less.",
        )
    ]


def _earlier(table: Verdicts, asked: LabelsAsked) -> list[Caution]:
    """Say what becomes of labels that there are."""
    count = int(np.isfinite(table.labels).sum())
    if not count or asked.random:
        return []
    return [
        Caution(
            code="earlier_labels",
            message=f"{count:,} earlier labels tell what to expect and don't count, since nothing says that they were drawn at random",
            remedy="If they were, say labels_drawn='random'.",
        )
    ]


def _together(table: Verdicts) -> list[Caution]:
    """Warn where several answers are to one item."""
    if table.items is None or len(np.unique(table.items)) == len(table.items):
        return []
    return [
        Caution(
            code="taken_one_by_one",
            message="several answers are to one item, and the plan takes each by itself; where they hang together it takes more labels",
            remedy="Plan a model at a time with `where`.",
        )
    ]


def _queue(table: Verdicts, chosen: Ints, probability: Floats, counted: Bools) -> pl.DataFrame:
    """Return every answer with its probability, those to be labelled first and in random order, and a column for the label."""
    order = np.zeros(len(table.labels), dtype=np.int64)
    order[chosen] = 1 + np.arange(len(chosen))
    kept = pl.Series(LABEL, np.where(counted, table.labels, np.nan)).fill_nan(None)
    earlier = pl.Series(EARLIER, np.where(counted, np.nan, table.labels)).fill_nan(None)
    taken = [name for name in (table.human, LABEL) if name in table.rows.columns and name not in table.judges]
    rows = table.rows.drop(taken).with_columns(
        kept,
        pl.Series(PROBABILITY, probability),
        pl.Series(ORDER, np.where(order > 0, order, 0)).replace(0, None),
        *([earlier] if earlier.is_not_null().any() else []),
    )
    return rows.sort(ORDER, nulls_last=True, maintain_order=True)


def written_to(plan: LabelPlan, queue: str) -> LabelPlan:
    """Return the plan with the file that its queue was written to."""
    return replace(plan, queue=queue)
