"""A series of runs on the same items that is looked at after every run and has no end.

At run t every split of the runs so far into before and after is a paired difference: the mean after less the mean before, on the items that
all of them have. An alarm is the largest |z| over the splits above a limit that leaves each run its share of error, given that none has
come yet: the change-point chart (Hawkins, Qiu and Kang 2003), whose runs between false alarms are geometric. The limit depends on the
number of runs alone and everything else on the runs so far, so that no later run can withdraw an alarm. After an alarm the series begins
anew with the next run: the run that gave it was selected for being far away, and a level that such runs belong to gives more alarms.

The variance is that of runs of one system on these very items: how an item's score differs from run to run, clusters respected (CR2),
pooled over all runs since the last change, as one run's own flips go with its score where few items fail. The limits are those of
independent normal runs, kept as how many single tests the largest z is worth (scripts/history-trial limits). Measured in
docs/decisions/0030-history.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.means.clustered import clustering
from howsure.statistics.pairs.score import Pivots, plain_pivots, stacked

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.means.clustered import Clustering

ENOUGH = 0.5
"""A run with less than this share of the level's items is no part of it; where it has others, the series begins anew."""
SHARES = np.array([0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0001])
RUNS = np.array([2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50])
WORTH = np.array(
    [
        [1.0, 1.21, 1.34, 1.42, 1.49, 1.55, 1.60, 1.63, 1.65, 1.67, 1.68],
        [1.0, 1.27, 1.45, 1.58, 1.67, 1.78, 1.84, 1.92, 1.95, 1.98, 2.01],
        [1.0, 1.36, 1.59, 1.77, 1.90, 2.10, 2.20, 2.36, 2.42, 2.48, 2.53],
        [1.0, 1.42, 1.70, 1.92, 2.08, 2.33, 2.48, 2.71, 2.80, 2.91, 2.99],
        [1.0, 1.47, 1.79, 2.07, 2.27, 2.58, 2.74, 3.04, 3.18, 3.35, 3.48],
        [1.0, 1.49, 1.90, 2.16, 2.47, 2.80, 3.06, 3.48, 3.70, 3.95, 4.15],
        [1.0, 1.50, 2.00, 2.28, 2.60, 3.02, 3.38, 3.80, 4.05, 4.40, 4.70],
        [1.0, 1.70, 2.10, 2.60, 3.00, 3.60, 4.00, 4.80, 5.20, 5.70, 6.40],
    ]
)
"""How many single tests the largest z of so many runs is worth (columns), by the share of error of a run (rows)."""
SPARED = 0.93
"""This part of the share is spent: scores near the end of their scale are skewed, and alarm a little more often than normal ones."""
DRAWS = 2_048
TINY, ROUNDING = 1e-300, 1e-13
FALL = -2 * math.log(1 - math.sqrt(0.95))
"""By so much twice the log likelihood of the true place falls below the largest in 5 % of series at most (Yao 1987; Hansen 2000) …"""
OVERSHOOT = 2 * 0.583
"""… less so much for each standard deviation of a change, as runs are whole steps (Siegmund 1985)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Scores of runs on items, oldest first.

    `values` (n, T): NaN where a run has no score for an item; `attempts` (T,): how many a run made at an item, None where all made as
    many; `codes` (n,) of clusters, None where each item is its own; `weights` (n,), None for equal ones.
    """

    values: Floats
    attempts: Floats | None = None
    codes: Ints | None = None
    weights: Floats | None = None

    @property
    def worth(self) -> Floats:
        """How much each run weighs in a level (T,)."""
        runs = self.values.shape[1]
        return np.ones(runs) if self.attempts is None else self.attempts / self.attempts.mean()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that is shown: `run` gave the alarm; it came at `place`, which lies in `low` … `high` (positions of runs, from 0).

    `before`, `after`: the runs (positions) on both sides; `difference`: the pivots of the mean after less the mean before.
    """

    run: int
    place: int
    low: int
    high: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    difference: Pivots


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A series followed to its end; arrays (T,).

    `ahead`: each run less the mean of the runs since the last change, NaN for one that has none to be held against; `limits`: the |z|
    that an alarm takes, `largest`: the largest |z| of any split, NaN likewise. `n_items`: those that it shares with all of these runs.
    `apart`: runs with too few of the items, which are no part of the series. `anew`: runs whose items are others, with which it begins anew.
    """

    changes: tuple[Change, ...]
    ahead: Pivots
    limits: Floats
    largest: Floats
    n_items: Ints
    apart: tuple[int, ...]
    anew: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a run is held against: `runs` of the level and itself, the items that all have; the splits and their z."""

    runs: tuple[int, ...]
    splits: Pivots
    z: Floats
    limit: float

    @property
    def largest(self) -> float:
        """The largest |z| of all splits, NaN where none has one."""
        return float(np.nanmax(np.abs(self.z), initial=0.0)) if np.isfinite(self.z).any() else math.nan

    def size(self, split: int) -> float:
        """Return by how many standard deviations of a run's answers a split differs at least: a standard error less than was seen."""
        parts = 1 / (split + 1) + 1 / (len(self.runs) - split - 1)
        return max(float(abs(self.splits.t_at(0.0)[split])) - 1, 0.0) * math.sqrt(parts)

    @property
    def is_alarm(self) -> bool:
        """Whether a split passes the limit."""
        return self.largest > self.limit


def watch(series: Series, share: float | Floats) -> Watched:
    """Follow a series run by run; `share`: of error, of every run or of each (T,)."""
    has = ~np.isnan(series.values)
    shares = SPARED * np.broadcast_to(share, (has.shape[1],))
    level: tuple[int, ...] = ()
    items = has[:, 0]
    steps: list[_Step | None] = []
    changes: list[Change] = []
    counts: list[int] = []
    apart: list[int] = []
    anew: list[int] = []
    for t in range(has.shape[1]):
        shared, step = items & has[:, t] if level else has[:, t], None
        if level and shared.sum() < ENOUGH * items.sum():
            few = bool(has[:, t].sum() < ENOUGH * items.sum())
            (apart if few else anew).append(t)
            level, items = (level, items) if few else ((t,), has[:, t])
        else:
            step = _step(series, (*level, t), shared, float(shares[t])) if level else None
            level, items = ((), items) if step is not None and step.is_alarm else ((*level, t), shared)
        changes += [_change(step)] if step is not None and step.is_alarm else []
        counts.append(int(shared.sum()))
        steps.append(step)
    return Watched(
        changes=tuple(changes),
        ahead=stacked([_NOTHING if step is None else step.splits.at(-1) for step in steps]),
        limits=np.array([math.nan if step is None else step.limit for step in steps]),
        largest=np.array([math.nan if step is None else step.largest for step in steps]),
        n_items=np.array(counts),
        apart=tuple(apart),
        anew=tuple(anew),
    )


def ahead_of(series: Series, runs: tuple[int, ...], t: int) -> Pivots:
    """Return the pivots of a run less the mean of others, on the items that all have."""
    items = np.asarray(~np.isnan(series.values[:, (*runs, t)]).any(axis=1))
    return _step(series, (*runs, t), items, 1.0).splits.at(-1)


def level_at(found: Watched, run: int, t: int) -> tuple[int, ...]:
    """Return the runs before t that are of one level with a run, as far as the alarms before t tell."""
    known = [change for change in found.changes if change.run < t]
    begins = {0, *found.anew, *(change.place for change in known), *(change.run + 1 for change in known)}
    start = max(begin for begin in begins if begin <= run)
    end = min((begin for begin in begins if begin > run), default=t)
    return tuple(k for k in range(start, min(end, t)) if k not in found.apart)


def limit(runs: int, share: float) -> float:
    """Return the |z| that an alarm takes at the last of so many runs, given that none has come: it leaves the run its share of error."""
    return float(-scipy.special.ndtri(single_share(runs, share) / 2))


def single_share(runs: int, share: float) -> float:
    """Return the two-sided error of one test whose limit is that of the largest of all splits."""
    by_runs = np.array([np.interp(math.log(runs), np.log(RUNS), row) for row in WORTH])
    scale, at = -np.log(SHARES), -math.log(share)
    worth = float(np.interp(at, scale, by_runs))
    if at > scale[-1]:
        worth += float(by_runs[-1] - by_runs[-2]) / float(scale[-1] - scale[-2]) * (at - float(scale[-1]))
    return share / max(worth, 1.0)


def limit_gap(found: Watched) -> Floats:
    """Return by how much each run alone may differ from the mean of those before it without an alarm (T,).

    NaN where nothing is held against it, and where no answer of these runs differs: what a run that differed could be held to isn't known.
    """
    df = np.where(np.isnan(found.ahead.df), 1.0, found.ahead.df)
    tail = scipy.special.ndtr(-np.nan_to_num(found.limits, nan=0.0))
    t = np.where(
        np.isinf(df), -scipy.special.ndtri(tail), -scipy.special.stdtrit(np.where(np.isinf(df), 1.0, df), tail)
    )
    return np.where(found.ahead.variance > ROUNDING**2, t * np.sqrt(found.ahead.variance), np.nan)


def luck_draws(runs: int, rng: np.random.Generator) -> Floats:
    """Return what `luck` draws for so many runs (draws, T): those of the first runs are the same whatever their number."""
    return np.ascontiguousarray(rng.standard_normal((runs, DRAWS)).T)


def luck(score: Floats, noise: float, draws: Floats) -> float:
    """Return by how much the best of these scores (T,) is too high on average, having been selected; 0 for one.

    `noise`: the standard deviation of a run's answers. Scores are drawn together by as much as their spread is noise (James and
    Stein 1961), and noise is drawn around them (Efron 2011); `draws` (draws, T or more): standard normal ones.
    """
    if len(score) < 2 or not noise > 0:
        return 0.0
    spread = float(np.var(score, ddof=1))
    kept = max(1 - noise**2 / spread, 0.0) if spread > 0 else 0.0
    around = noise * draws[:, : len(score)]
    first = (score.mean() + kept * (score - score.mean()) + around).argmax(axis=1)
    return max(float(around[np.arange(len(around)), first].mean()), 0.0)


def _step(series: Series, runs: tuple[int, ...], items: Bools, share: float) -> _Step:
    """Hold the last of these runs, and every other part of them, against those before."""
    at = np.asarray(runs)
    x, k = series.values[np.ix_(items, at)], series.worth[at]
    means, variance, df = _pooled(x, k, *_grouping(series, items))
    before, total = np.cumsum(k)[:-1], float(k.sum())
    sums = np.cumsum(k * means)[:-1]
    difference = (float(means @ k) - sums) / (total - before) - sums / before
    difference = np.where(np.abs(difference) <= ROUNDING, 0.0, difference)
    splits = plain_pivots(difference, variance * (1 / before + 1 / (total - before)), df)
    return _Step(runs=runs, splits=splits, z=_z(splits), limit=limit(len(runs), share))


def _grouping(series: Series, items: Bools) -> tuple[Ints | None, Floats]:
    """Return the clusters and the weights of some items."""
    codes = None if series.codes is None else np.unique(series.codes[items], return_inverse=True)[1].astype(np.int64)
    return codes, np.ones(int(items.sum())) if series.weights is None else series.weights[items]


def _pooled(x: Floats, k: Floats, codes: Ints | None, w: Floats) -> tuple[Floats, float, float]:
    """Return the means of runs x (n, m), the variance of one that weighs 1, and its degrees of freedom.

    Where no item differs from run to run but by what all differ, the variance is that under "no change", as a score test has it.
    """
    term = clustering(codes, w)
    means = w @ x / term.total
    spare = x.shape[1] - 1
    if spare < 1 or term.n_clusters < 2:
        return means, math.nan, math.nan
    seen = (x - (x @ k / k.sum())[:, None]) * w[:, None]
    variance = _variance(term, seen - np.outer(w, means - means @ k / k.sum()), k)
    if variance <= ROUNDING**2:  # all items moved alike, as where every answer of a run failed
        variance = _variance(term, seen, k)
    return means, variance, term.df("CR2") * spare


def _variance(term: Clustering, e: Floats, k: Floats) -> float:
    """Return the variance of a run that weighs 1, from weighted residuals of its items (n, m)."""
    squares = np.broadcast_to(term.inflation("CR2"), (term.n_clusters,)) @ term.sums(e) ** 2 / term.total**2
    return float(squares @ k) / (len(k) - 1)


def _z(pivots: Pivots) -> Floats:
    """Return the normal deviates of tests of "no difference", NaN where there is none."""
    t = pivots.t_at(0.0)
    p = np.clip(pivots.p_value_at(0.0), TINY, 1.0)
    return np.asarray(np.where(np.isnan(t), np.nan, np.sign(t) * -scipy.special.ndtri(p / 2)))


def _change(step: _Step) -> Change:
    """Return the place of a change and what could be it too: places whose likelihood ratio isn't too far below the largest."""
    squares = np.where(np.isfinite(step.z), step.z**2, -np.inf)
    best = int(squares.argmax())
    near = np.flatnonzero(squares >= squares[best] - max(FALL - OVERSHOOT * step.size(best), 0.0))
    return Change(
        run=step.runs[-1],
        place=step.runs[best + 1],
        low=step.runs[int(near[0]) + 1],
        high=step.runs[int(near[-1]) + 1],
        before=step.runs[: best + 1],
        after=step.runs[best + 1 :],
        difference=step.splits.at(best),
    )


_NOTHING = plain_pivots(math.nan, math.nan, math.nan)
