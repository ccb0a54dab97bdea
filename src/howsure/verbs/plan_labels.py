"""The plan of labels: how many a judge's corrected rate requires, of which answers, and a table of the
answers in labelling order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.answers.plan_labels import LabelBill, LabelPlan, LabelStratum
from howsure.answers.settings import of_options
from howsure.errors import OptionError, ResultWarning
from howsure.inference.judge_panel import shared_answers
from howsure.options.table import checked
from howsure.readers.verdicts import VERDICTS, read_verdicts
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
from howsure.study.models import resolve
from howsure.verbs.read import table_of, with_notes
from howsure.wording import plural
from howsure.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats, Ints

    Names = str | Sequence[str]

LABEL, PROBABILITY, ORDER, EARLIER = "label", "probability", "to_label", "earlier_label"
"""The columns of a queue in addition to those of the answers."""


def plan_labels(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    within: float | None = None,
    n_labels: int | None = None,
    human: str | None = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    labels_drawn: str = "unknown",
    judge_right: float = 0.8,
    cost_label: float | None = None,
    cost_judge: float | None = None,
    budget: float | None = None,
    queue: str | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> LabelPlan:
    """Plan how many labels a judge's corrected rate requires, and draw the answers to label with known
    probabilities.

    Answers are stratified by the judges' verdicts, and the most uncertain strata, those on which several
    judges disagree, get the most labels (Neyman 1934). The queue has every answer, those to label first, with
    its `probability` and an empty `label`. Filled in, it is an input for [`judge`][howsure.judge], with
    labels_drawn="probability:probability".

    Args:
        data: A table of verdicts as `judge` reads it. It needn't contain labels.
        a: The first of two models, to plan their difference: items are drawn, and both answers to them are
            labelled. None plans the rate of all answers.
        b: The second.
        within: The half-width of the interval: 0.03 for three points.
        n_labels: The total number of labels, instead of a half-width.
        human: The column of existing labels. None uses the usual names.
        columns: The column of a role: {"judge": …, "human": …}. The judge may have several columns. None uses
            the usual names.
        where: Keep only rows with this value in a column.
        labels_drawn: How existing labels were drawn. If at "random", they count with the new ones. Otherwise
            they only inform the plan.
        judge_right: The assumed accuracy of judges when they agree, without labels for it.
        cost_label: The price of a label, in any unit.
        cost_judge: The price of a verdict. With both prices, the plan gives the cheapest numbers of answers
            to judge and to label.
        budget: The total budget for that, instead of `within`.
        queue: The path of a CSV file to write the answers to.
        level: The confidence level.
        seed: The seed of the draw.

    Returns:
        LabelPlan: The labels per stratum, the expected half-width, and the number of labels needed without
            the judge.

    Raises:
        OptionError: If an option has an invalid value, or neither `within` nor `n_labels` is given, or both.
        DataError: If a column is missing, or a verdict can't be understood.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> verdicts = pl.DataFrame({"item": range(1000), "judge": [1] * 700 + [0] * 300})
        >>> found = plan_labels(verdicts, within=0.05)
        >>> found.n_labels, found.labels_alone, [part.n_labels for part in found.strata]
        (286, 363, [86, 200])
    """
    options = checked(
        "plan_labels",
        a=a,
        b=b,
        within=within,
        n_labels=n_labels,
        labels_drawn=labels_drawn,
        judge_right=judge_right,
        cost_label=cost_label,
        cost_judge=cost_judge,
        budget=budget,
        level=level,
        seed=seed,
        human=human,
        columns={} if columns is None else columns,
        where={} if where is None else where,
        queue=queue,
    )
    _refuse(options)
    human, seed, queue = options["human"], options["seed"], options["queue"]
    roles = {**options["columns"], **({"human": (human,)} if human else {})}
    rows, notes = table_of(data, VERDICTS.id_columns(roles), logs=True)
    table = with_notes(
        read_verdicts(rows, columns=roles, where=options["where"], cluster="none", labelled=False), notes
    )
    names = sorted(set(table.models))
    for name in ("a", "b"):
        if options[name] is not None:
            options[name] = resolve(options[name], names, parts=True)
    pool = _LabelPool.of(table, options)
    expected, counted = pool.expected, pool.counted
    count = options["n_labels"]
    if options["within"] is not None:
        count = expected.fewest(options["within"], options["level"])
    wanted = expected.shared_out(int(expected.sizes.sum()) if count is None else count)
    have = np.bincount(pool.code[counted], minlength=len(expected.sizes))
    rng = np.random.default_rng(seed).spawn(1)[0]
    chosen = drawn(pool.code, np.maximum(wanted - have, 0), ~counted, rng)
    more = np.bincount(pool.code[chosen], minlength=len(expected.sizes))
    # within a stratum old and new labels are one random sample
    probability = ((have + more) / expected.sizes)[pool.code]
    plan = _plan(table, pool, options, (have, more), probability)
    if queue is None:
        return plan
    write(_queue(table, pool, chosen, probability).write_csv(), queue)
    return replace(plan, queue=queue)


def _refuse(options: Mapping[str, Any]) -> None:
    """Raise OptionError if options don't fit together."""
    if (options["within"] is None) == (options["n_labels"] is None):
        raise OptionError(
            "either a goal or a number of labels is needed, not both",
            remedy="Give `within` or `n_labels`: `within=0.03` for three points.",
        )
    if (options["a"] is None) != (options["b"] is None) or (
        options["a"] is not None and options["a"] == options["b"]
    ):
        raise OptionError("a difference needs two models", remedy="Set `a` and `b`, or leave both out.")
    if (options["cost_label"] is None) != (options["cost_judge"] is None):
        raise OptionError("one price alone isn't enough", remedy="Set `cost_label` and `cost_judge`.")
    if options["budget"] is not None and options["cost_label"] is None:
        raise OptionError("a budget needs prices", remedy="Set `cost_label` and `cost_judge`.")
    if options["labels_drawn"] not in ("random", "unknown", "convenience"):
        raise OptionError(
            f"more labels can't be drawn with `labels_drawn={options['labels_drawn']!r}`",
            remedy=(
                "Plan all labels of these answers at once, or set 'random' if earlier ones were "
                "drawn at random."
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelPool:
    """What is to be labelled: answers, or pairs of answers to one item (N,), in strata, and the expectation
    for each stratum.

    `rows`: the rows in the table of each answer, or of both (N,). `opinions` (N,): the judges' verdict on an
    answer, or the difference for two. `labels` (N,): NaN without one, or without both. `counted` (N,): those
    that count.
    """

    rows: tuple[Ints, ...]
    opinions: Floats
    labels: Floats
    code: Ints
    expected: Expected
    counted: Bools

    @classmethod
    def of(cls, table: Verdicts, options: Mapping[str, Any]) -> _LabelPool:
        """Select the answers, or the pairs of those of two models."""
        of_answers = opinion(table.verdicts, table.labels)
        rows: tuple[Ints, ...] = (np.arange(len(table.labels)),)
        opinions, labels = of_answers, table.labels
        if options["b"] is not None:
            first, second = rows = shared_answers(table, options["a"], options["b"])
            opinions, labels = (
                np.round(of_answers[first] - of_answers[second], 9),
                table.labels[first] - table.labels[second],
            )
        code, right = planned_strata(opinions), options["judge_right"]
        if len(rows) == 1:
            expected = expected_rates(code, opinions, labels, right)
        else:
            expected = expected_gaps(code, (of_answers[rows[0]], of_answers[rows[1]]), labels, right)
        counted = np.asarray(np.isfinite(labels) & (options["labels_drawn"] == "random"))
        return cls(rows=rows, opinions=opinions, labels=labels, code=code, expected=expected, counted=counted)


def _plan(
    table: Verdicts,
    pool: _LabelPool,
    options: Mapping[str, Any],
    counts: tuple[Ints, Ints],
    probability: Floats,
) -> LabelPlan:
    """Return the plan. `counts`: existing labels of each stratum, and how many more to draw."""
    expected, (have, more), level = pool.expected, counts, options["level"]
    half = expected.half_width(more + have, level)
    alone = Expected(
        sizes=np.array([10**7]),
        means=np.array([expected.mean]),
        variances=np.array([expected.whole_variance]),
        bounded=expected.bounded,
    )
    with_judge, without_judge = _bills(expected, options, half)
    reached = options["within"] is None or half <= options["within"] * (1 + 1e-9)
    return LabelPlan(
        a=options["a"] or "",
        b=options["b"] or "",
        within=math.nan if options["within"] is None else options["within"],
        n_labels=int(more.sum()),
        n_counted=int(have.sum()),
        half_width=half,
        labels_alone=alone.fewest(half, level) or 0,
        reached=reached,
        expected=expected.mean,
        judge_right=options["judge_right"],
        level=level,
        with_judge=with_judge,
        without_judge=without_judge,
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
        settings=of_options(level=options["level"]),
        notes=table.notes,
        warnings=tuple(_warnings(table, pool, options, half, reached=reached)),
    )


def _bills(
    expected: Expected, options: Mapping[str, Any], half: float
) -> tuple[LabelBill | None, LabelBill | None]:
    """Return the cost of the labels with the judge, and without it, or None without prices."""
    if options["cost_label"] is None or options["cost_judge"] is None:
        return None, None
    times = 1 if options["b"] is None else 2  # both answers to an item
    label, judge = times * options["cost_label"], times * options["cost_judge"]
    within = (
        None if options["budget"] is not None else half if options["within"] is None else options["within"]
    )
    budget = options["budget"] or 0.0
    bills = (
        cheapest(expected, (label, judge), options["level"], within=within, budget=budget),
        labels_alone(expected, label, options["level"], within=within, budget=budget),
    )
    with_judge, without_judge = (
        LabelBill(n_judged=bill.judged, n_labels=bill.labelled, cost=bill.cost, half_width=bill.half_width)
        for bill in bills
    )
    return with_judge, without_judge


def _warnings(
    table: Verdicts, pool: _LabelPool, options: Mapping[str, Any], half: float, *, reached: bool
) -> Iterator[ResultWarning]:
    """Yield warnings about the plan."""
    if not reached:
        yield ResultWarning(
            code="out_of_reach",
            message=(f"labels of all these answers leave ± {100 * half:.1f} pp: there are too few answers"),
            remedy="Judge more answers, or choose a wider interval.",
        )
    least = int(np.minimum(pool.expected.sizes, FEWEST).sum())
    if options["n_labels"] is not None and options["n_labels"] < least:
        yield ResultWarning(
            code="fewest_labels",
            message=(
                f"{plural(options['n_labels'], 'label')} are too few: each kind of verdict "
                f"requires {FEWEST}, or "
                f"all its answers, {least:,} in all"
            ),
            remedy="Choose more.",
        )
    count = int(np.isfinite(pool.labels).sum())
    if count and options["labels_drawn"] != "random":
        what = "informs the plan but doesn't" if count == 1 else "inform the plan but don't"
        they_were = "it was drawn" if count == 1 else "they were drawn"
        yield ResultWarning(
            code="earlier_labels",
            message=(
                f"{plural(count, 'earlier label')} {what} count, since it isn't known whether "
                f"{they_were} at random"
            ),
            remedy="If so, set `labels_drawn='random'`.",
        )
    if options["b"] is None and table.items is not None and len(np.unique(table.items)) < len(table.items):
        yield ResultWarning(
            code="taken_one_by_one",
            message=(
                "several answers belong to one item, but the plan treats them as independent; if they are "
                "correlated, more labels are needed"
            ),
            remedy="Plan one model at a time with `where`.",
        )


def _queue(table: Verdicts, pool: _LabelPool, chosen: Ints, probability: Floats) -> pl.DataFrame:
    """Return every answer with its probability, those to label first and in random order, and a column for
    the label.
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
