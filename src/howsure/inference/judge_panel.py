"""Judges and labels: a panel's verdicts on answers, and the corrected difference of two models.

The difference is from items on which both have a label, or from their two corrected rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.judge import JudgedDifference
from howsure.errors import DataError
from howsure.statistics.judge_correction import REFERENCE, JudgedAnswers, corrected
from howsure.statistics.judge_differences import paired_gap, separate_gap
from howsure.statistics.judge_strata import (
    FEWEST_PAIRS,
    joined,
    opinion,
    strata,
    strata_of_gaps,
    strata_of_panel,
)
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.judge_correction import CorrectedRate
    from howsure.statistics.judge_differences import CorrectedGap

MOST_ALONE = 1 / 2
"""Items with labels of both are used alone if at least this share of each model's labels is on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SharedAnswers:
    """Items that both answered: the places of their answers (n,) in the table, and which have labels of both
    (n,).
    """

    first: Ints
    second: Ints
    labelled: Bools

    def joins(self, panel: Panel) -> bool:
        """Return whether strata are merged because they have few labels."""
        strata = self.strata(panel)
        return len(np.unique(joined(strata, self.labelled, FEWEST_PAIRS))) < len(np.unique(strata))

    def strata(self, panel: Panel) -> Ints:
        """Return the strata of the pairs (n,) before those with few labels are merged."""
        return strata_of_gaps(
            panel.opinions[self.first] - panel.opinions[self.second], int(self.labelled.sum())
        )


def gap_of(
    panel: Panel, parts: Mapping[str, Bools], found: Mapping[str, CorrectedRate], question: JudgeQuestion
) -> JudgedDifference:
    """Compare the two models in question. `parts`: each model's answers. `found`: its corrected rate, if it
    has labels.
    """
    a, b = str(question.a), str(question.b)
    lacking = next((name for name in (a, b) if name not in found), None)
    if lacking is not None:
        raise DataError(
            f"no answer of {lacking} has a label",
            remedy="Label some of them, or draw them with `plan_labels`.",
        )
    both = _both(panel.table, parts[a], parts[b])
    counts = [int(np.isfinite(panel.table.labels[parts[name]]).sum()) for name in (a, b)]
    n_both = 0 if both is None else int(both.labelled.sum())
    paired = both is not None and n_both >= 2 and n_both >= MOST_ALONE * min(counts)
    gap = (
        _paired(panel, both, question.level)
        if paired and both is not None
        else _separate(panel, parts, question)
    )
    return JudgedDifference(
        a=a,
        b=b,
        judge=panel.said(parts[a]) - panel.said(parts[b]),
        difference=gap.estimate,
        p_value=gap.p_value,
        paired=gap.paired,
        n_items=0 if both is None else len(both.first),
        n_both=n_both,
        n_labels=sum(counts),
        joined=paired and both is not None and both.joins(panel),
    )


def gap_notes(gap: JudgedDifference | None) -> tuple[str, ...]:
    """Return notes on the answers and labels behind a difference, and on those that don't count."""
    if gap is None:
        return ()
    if not gap.paired:
        why = (
            f"{plural(gap.n_both, 'item')} with labels of both are too few"
            if gap.n_items
            else "shared items aren't known"
        )
        return (f"Difference: from the two corrected rates, because {why}.",)
    alone = gap.n_labels - 2 * gap.n_both
    unused = f"; {plural(alone, 'label')} of one of them alone don't count" if alone else ""
    few = (
        f" Strata with fewer than {FEWEST_PAIRS} of them are merged with their neighbours."
        if gap.joined
        else ""
    )
    return (
        (
            f"Difference: on {plural(gap.n_items, 'item')} that both answered, {gap.n_both:,} with labels of "
            f"both{unused}.{few}"
        ),
    )


def _both(table: Verdicts, first: Bools, second: Bools) -> _SharedAnswers | None:
    """Return the items that both answered, once each. None without an item column, or if one answered an item
    several times.
    """
    items = table.items
    if items is None:
        return None
    places = [np.flatnonzero(part) for part in (first, second)]
    if any(len(np.unique(items[at])) < len(at) for at in places):
        return None
    _, one, other = np.intersect1d(
        items[places[0]], items[places[1]], assume_unique=True, return_indices=True
    )
    if not len(one):
        return None
    at = places[0][one], places[1][other]
    known = np.isfinite(table.labels)
    return _SharedAnswers(first=at[0], second=at[1], labelled=np.asarray(known[at[0]] & known[at[1]]))


def shared_answers(table: Verdicts, a: str, b: str) -> tuple[Ints, Ints]:
    """Return the places of both models' answers to the items that both answered (n,). DataError without an
    item column, or if there are none.
    """
    names = np.array(table.models)
    both = _both(table, np.asarray(names == a), np.asarray(names == b))
    if both is None:
        raise DataError(
            f"no item is known to have exactly one answer each from {a} and {b}",
            remedy="Name the column with `columns` as item, and attempts at one item as attempt.",
        )
    return both.first, both.second


def _paired(panel: Panel, both: _SharedAnswers, level: float) -> CorrectedGap:
    """Compare on the shared items. A pair was drawn with the smaller of its two answers' chances."""
    table, labelled = panel.table, both.labelled
    first, second = (np.where(labelled, table.labels[at], np.nan) for at in (both.first, both.second))
    weights = (
        None if table.weights is None else np.maximum(table.weights[both.first], table.weights[both.second])
    )
    clusters = (
        None if table.clusters is None else np.unique(table.clusters[both.first], return_inverse=True)[1]
    )
    judged = JudgedAnswers(
        strata=joined(both.strata(panel), labelled, FEWEST_PAIRS),
        labels=first - second,
        weights=weights,
        clusters=None if clusters is not None and len(np.unique(clusters)) == len(clusters) else clusters,
    )
    return paired_gap(first, second, judged, level)


def _separate(panel: Panel, parts: Mapping[str, Bools], question: JudgeQuestion) -> CorrectedGap:
    either = np.asarray(parts[str(question.a)] | parts[str(question.b)])
    fits = [corrected(panel.judged(parts[str(name)]), REFERENCE) for name in (question.a, question.b)]
    return separate_gap(fits[0], fits[1], panel.judged(either), question.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeQuestion:
    """The options for verdicts: how labels were drawn, the level, two models to compare, a floor or a
    margin.
    """

    drawn: str
    level: float
    a: str | None = None
    b: str | None = None
    at_least: float | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The table, and its judges' combined verdict on every answer (N,), for one judge the verdicts
    themselves.
    """

    table: Verdicts
    opinions: Floats

    @classmethod
    def of(cls, table: Verdicts) -> Panel:
        """Combine the judges' verdicts."""
        alone = table.verdicts.shape[1] == 1
        return cls(
            table=table, opinions=table.verdicts[:, 0] if alone else opinion(table.verdicts, table.labels)
        )

    def judged(self, part: Bools) -> JudgedAnswers:
        """Return some answers in their strata."""
        table, clusters = self.table, self.table.clusters
        return JudgedAnswers(
            strata=joined(self.parted(part), np.isfinite(table.labels[part])),
            labels=table.labels[part],
            weights=None if table.weights is None else table.weights[part],
            clusters=None if clusters is None else np.unique(clusters[part], return_inverse=True)[1],
        )

    def parted(self, part: Bools) -> Ints:
        """Return the strata of some answers before those with few labels are merged."""
        by = strata if len(self.table.judges) == 1 else strata_of_panel
        return by(self.opinions[part], int(np.isfinite(self.table.labels[part]).sum()))

    def said(self, part: Bools) -> float:
        """Return the judges' rate of some answers, NaN if verdicts are on another scale than labels."""
        verdicts = self.table.verdicts
        if np.nanmin(verdicts) < 0 or np.nanmax(verdicts) > 1:
            return math.nan
        return float(np.nanmean(verdicts[part], axis=1).mean())
