"""Strata of answers by what judges said of them, which is known of all.

One judge: yes and no as they are, numbers at their quantiles, a part for each ten labels, up to five. Several
judges: their verdicts are put together, each weighed by the logarithm of its odds to be right, as its labels
have them (Nitzan and Paroush 1982); with fewer than 30 labels in two parts by that majority, else each of
these as the numbers of one judge.

Strata with few labels are joined to a neighbour, which two of yes and no are: by the numbers of labels alone,
never by what they say. Chosen by trial: docs/decisions/0033-judges.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.midranks import midranks

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

LABELS_A_STRATUM, MOST_STRATA = 10, 5
MAJORITY_BELOW = 30
"""With fewer labels several judges make two strata."""
SIGNS = 3
"""Differences of yes and no are of three kinds."""
HARDLY_NONE = 3.0
"""Where so many labels are expected, there is none in one of twenty samples."""
FEWEST, FEWEST_PAIRS = 5, 2
"""Strata of answers, and of pairs of answers, have so many labels at least."""
PRIOR_RIGHT, PRIOR_WRONG = 3.0, 1.0
"""A judge is believed to be right in three of four before its labels are seen."""


def strata(verdicts: Floats, labels: int) -> Ints:
    """Return the stratum of every answer (N,), by its verdict and the number of labels alone."""
    values = np.unique(verdicts)
    return np.searchsorted(values, verdicts) if len(values) <= 2 else _at_quantiles(verdicts, labels)


def _at_quantiles(verdicts: Floats, labels: int) -> Ints:
    """Part verdicts (N,) at their quantiles, a part for each ten labels."""
    count = int(np.clip(labels // LABELS_A_STRATUM, 1, MOST_STRATA))
    edges = np.unique(np.quantile(verdicts, np.linspace(0, 1, count + 1)[1:-1], method="higher"))
    return np.searchsorted(edges, verdicts, side="right")


def strata_of_panel(opinions: Floats, labels: int) -> Ints:
    """Return the stratum of every answer (N,), by what several judges said together (`opinion`): the majority
    first, then its quantiles.
    """
    yes = opinions > 1 / 2
    if labels < MAJORITY_BELOW or yes.all() or not yes.any():
        return strata(yes.astype(float), labels)
    code = np.zeros(len(opinions), dtype=np.int64)
    for part in (~yes, yes):
        code[part] = 1 + code.max() + _at_quantiles(opinions[part], int(labels * part.mean()))
    return np.unique(code, return_inverse=True)[1]


def strata_of_gaps(gaps: Floats, labels: int) -> Ints:
    """Return the stratum of every pair of answers (N,), by how the verdicts differ, and the number of pairs
    of labels.
    """
    return np.sign(gaps).astype(np.int64) + 1 if len(np.unique(gaps)) <= SIGNS else strata(gaps, labels)


def joined(code: Ints, known: Bools, fewest: int = FEWEST) -> Ints:
    """Join strata (N,) with fewer labels to a neighbour, the one with the fewest first, and of two neighbours
    to that with fewer.

    `known` (N,): which have a label. A stratum without any, where that would hardly happen by chance, stays
    as it is. If all have one, there is nothing to correct, and no strata.
    """
    if known.all():
        return np.zeros_like(code)
    found, sizes = (np.bincount(each, minlength=int(code.max()) + 1) for each in (code[known], code))
    left = [
        k
        for k in np.flatnonzero(sizes).tolist()
        if found[k] or known.sum() * sizes[k] / len(code) < HARDLY_NONE
    ]
    place = np.arange(len(sizes))
    while len(left) > 1 and min(found[left]) < fewest:
        at = int(np.argmin(found[left]))
        into = min((k for k in (at - 1, at + 1) if 0 <= k < len(left)), key=lambda k: found[left[k]])
        found[left[into]] += found[left[at]]
        place[place == left[at]] = left[into]
        del left[at]
    return np.unique(place[code], return_inverse=True)[1]


def opinion(verdicts: Floats, labels: Floats) -> Floats:
    """Return what judges say of every answer together (N,), from 0 to 1; verdicts (N, J), NaN where a judge
    is silent, labels (N,).

    A silent judge counts as undecided; one that is more often wrong than right counts the other way.
    """
    scaled = np.column_stack([_from_0_to_1(column) for column in verdicts.T])
    weights = _log_odds(scaled, labels)
    whole = np.abs(weights).sum()
    said = np.where(np.isnan(scaled), 0.0, scaled - 1 / 2) @ (weights / whole if whole > 0 else weights)
    return np.asarray(np.round(said + 1 / 2, 9))


def _log_odds(scaled: Floats, labels: Floats) -> Floats:
    """Return the logarithm of each judge's odds to agree with a label (J,), drawn towards three to one."""
    apart = np.abs(scaled - labels[:, None])
    right, wrong = np.nansum(1 - apart, axis=0) + PRIOR_RIGHT, np.nansum(apart, axis=0) + PRIOR_WRONG
    return np.asarray(np.log(right / wrong))


def _from_0_to_1(column: Floats) -> Floats:
    """Return two verdicts as 0 and 1, and numbers as their ranks."""
    values = np.unique(column[np.isfinite(column)])
    if len(values) <= 2:
        return np.where(np.isnan(column), np.nan, (column == values[-1]).astype(float))
    known = ~np.isnan(column)
    ranks = np.full(column.shape, np.nan)
    ranks[known] = midranks(column[known])
    return np.asarray((ranks - 1) / max(np.nanmax(ranks) - 1, 1.0))
