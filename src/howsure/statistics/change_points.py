"""An open-ended series of runs on the same items, tested after every run.

At run t, every split of the runs so far gives a paired difference: the mean after less the mean before, on
the items that all runs have. There is an alarm if the largest |z| over the splits exceeds a limit, which
gives each run its share of error, given no earlier alarm. This is the change-point chart (Hawkins, Qiu and
Kang 2003), whose run lengths between false alarms are geometric. The limit depends on the number of runs only
and the rest on the runs so far, so a later run can't withdraw an alarm. After an alarm the series restarts
with the next run. The run that gave the alarm was selected for being extreme. If later runs are at its level,
they give more alarms.

If the runs after an alarm are clearly back at the level before it, the runs before the change rejoin that
level, without those that gave the alarm. So a false alarm or one bad run doesn't discard the history.

The covariance of runs has two parts. The variance from answers is estimated from the items: how an item's
score differs from run to run, clusters respected (CR2). It is pooled over the runs of a level, as the flips
of one run depend on its score if few items fail. Answers may repeat those of the run before: their
correlation falls by the same factor from run to run, which is estimated by comparing neighbouring runs with
all runs. Runs may also differ as wholes, all items together. The spread of these shifts is estimated from the
means of runs within levels, earlier ones too, with a weak prior (half-normal), so that a few runs don't make
it 0. The limits are those of independent normal runs, stored as how many single tests the largest z is worth
(scripts/history-trial limits). Measured in docs/decisions/0030-history.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.clustered_variance import clustering
from howsure.statistics.intervals import t_beyond
from howsure.statistics.score_pivot import Pivots, plain_pivots, stacked
from howsure.statistics.tolerances import ROUNDED_MEANS, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.clustered_variance import Clustering

ENOUGH = 0.5
"""A run with less than this share of the level's items is left out. If it has others, the series restarts."""
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
"""How many single tests the largest z of this many runs is worth (columns), by the share of error of a run
(rows).
"""
SPARED = 0.55
"""Only this fraction of the error share is spent, as the spread between runs is estimated, and scores near
the end of their scale are skewed. Spending less costs less power than a prior of a larger spread.
"""
SPREADS = np.concatenate([[0.0], np.geomspace(0.005, 2, 19)])
"""How much runs may vary beyond their answers, in standard deviations of one answer to an item …"""
USUAL = 0.03
"""… and the scale of the half-normal prior: as much as a shift of all items by 0.06 (p near 1/2) to 0.14
logit (p near 0.95).
"""
WIDE = 0.1
"""The scale if one test must keep its level, even if runs differ by more than is usual."""
REPEATS = np.arange(0, 1, 0.01)
"""The correlation of an item's scores in neighbouring runs: the share of answers that are those of the run
before.
"""
BACK = 5.0
"""Runs are back at the level before an alarm if they are this many times as likely there as at the alarm's
level.
"""
KNOWN = 10
"""The number of runs that is enough to estimate how much runs differ beyond their answers."""
DRAWS = 2_048
FALL = -2 * math.log(1 - math.sqrt(0.95))
"""In at most 5% of series, twice the log likelihood of the true place is further than this below the largest
(Yao 1987; Hansen 2000) …
"""
OVERSHOOT = 2 * 0.583
"""… less this for each standard deviation of a change, as runs are whole steps (Siegmund 1985)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Scores of runs on items, oldest first.

    `values` (n, T): NaN if a run has no score for an item. `attempts` (T,): attempts per item of each run,
    None if all are equal. `codes` (n,): clusters, None if each item is its own. `weights` (n,), None for
    equal ones.
    """

    values: Floats
    attempts: Floats | None = None
    codes: Ints | None = None
    weights: Floats | None = None

    @property
    def worth(self) -> Floats:
        """The weight of each run in a level (T,)."""
        runs = self.values.shape[1]
        return np.ones(runs) if self.attempts is None else self.attempts / self.attempts.mean()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A significant change: `run` gave the alarm. It came at `place`, with interval `low` … `high` (positions
    of runs, from 0).

    `before`, `after`: the runs (positions) on both sides. `difference`: the pivots of the mean after less the
    mean before. `back`: the run at which those since are clearly back at the level before, −1 for none.
    """

    run: int
    place: int
    low: int
    high: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    difference: Pivots
    back: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpread:
    """How much one run differs from its level, as standard deviations: `runs` beyond that of their `answers`.

    `repeated`: the share of answers that are those of the run before. `seen`: the runs this is estimated
    from, less one per level for its mean.
    """

    runs: float
    answers: float
    repeated: float
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSeries:
    """A series followed to its end; arrays (T,).

    `ahead`: each run less the mean of the runs since the last change, NaN if there is none. `limits`: the |z|
    needed for an alarm. `largest`: the largest |z| of any split, NaN likewise. `n_items`: the items that it
    shares with all of these runs. `apart`: runs with too few of the items, which are left out. `anew`: runs
    with other items, at which the series restarts. `levels`: after each run, the runs so far level by level,
    the current one last. `level`: the runs of the last one and of the alarm that began it. `spread`: how much
    runs differ, estimated from all.
    """

    changes: tuple[Change, ...]
    ahead: Pivots
    limits: Floats
    largest: Floats
    n_items: Ints
    apart: tuple[int, ...]
    anew: tuple[int, ...]
    levels: tuple[tuple[tuple[int, ...], ...], ...]
    level: tuple[int, ...]
    spread: RunSpread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Estimates from completed levels: the log likelihood of each of SPREADS (G,), the criterion for choosing
    among REPEATS (R,), and the `runs` behind them.
    """

    spreads: Floats
    repeats: Floats
    runs: int = 0

    def __add__(self, other: _Past) -> _Past:
        return _Past(
            spreads=self.spreads + other.spreads,
            repeats=self.repeats + other.repeats,
            runs=self.runs + other.runs,
        )


NO_PAST = _Past(spreads=np.zeros(len(SPREADS)), repeats=np.zeros(len(REPEATS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """Runs on the items that all of them have (m,): positions `at`, weights, means, and estimates for their
    covariance.

    `answers`: the variance from answers of a run that weighs 1, with its `df`. `item`: that of one answer to
    one item. `repeated`: the correlation of neighbouring runs' answers. `past`: estimates from completed
    levels. `own`: what these runs add to the estimate of the repeats.
    """

    at: Ints
    weights: Floats
    means: Floats
    past: _Past
    answers: float = math.nan
    df: float = math.nan
    item: float = math.nan
    repeated: float = 0.0
    own: Floats = field(default_factory=lambda: NO_PAST.repeats)

    def white(self, columns: Floats) -> Floats:
        """Return columns (…, m) with the variance from answers made independent and equal, `answers`."""
        scaled = columns * np.sqrt(self.weights)
        kept = self.repeated ** np.diff(self.at)
        return np.concatenate(
            [scaled[..., :1], (scaled[..., 1:] - kept * scaled[..., :-1]) / np.sqrt(1 - kept**2)], axis=-1
        )

    def likelihood(self, squares: Floats, df: int) -> Floats:
        """Return the log likelihoods of SPREADS (…, G) from sums of squares (…) of whitened means about their
        levels.
        """
        kept = self.repeated ** np.diff(self.at)
        grown = float(np.mean([1.0, *((1 + kept**2) / (1 - kept**2))]))
        variance = self.answers + self.spreads * grown
        return np.asarray(-df / 2 * np.log(variance / self.answers) - squares[..., None] / 2 / variance)

    @property
    def spreads(self) -> Floats:
        """SPREADS as variances of runs (G,)."""
        return SPREADS**2 * self.item

    def chances(self, likelihood: Floats) -> Floats:
        """Return the probability of each of SPREADS (…, G)."""
        log = likelihood + self.past.spreads + _PRIOR
        weight = np.exp(log - log.max(axis=-1, keepdims=True))
        return np.asarray(weight / weight.sum(axis=-1, keepdims=True))

    def over(self) -> _Past:
        """Return the estimates from these runs as one level, once it is complete."""
        if not self.answers > 0:
            return NO_PAST
        y, one = self.white(self.means), self.white(np.ones(len(self.at)))
        squares = np.asarray(y @ y - (y @ one) ** 2 / (one @ one))
        return _Past(
            spreads=self.likelihood(squares, len(self.at) - 1), repeats=self.own, runs=len(self.at) - 1
        )

    def splits(self) -> Pivots:
        """Return the estimates from these runs as one completed level."""
        m, k = len(self.at), self.weights
        before, total = np.cumsum(k)[:-1], float(k.sum())
        sums = np.cumsum(k * self.means)[:-1]
        difference = (float(self.means @ k) - sums) / (total - before) - sums / before
        difference = np.where(np.abs(difference) <= ROUNDED_MEANS, 0.0, difference)
        if not self.answers > 0:
            return plain_pivots(difference, np.full(m - 1, self.answers), self.df)
        root = np.sqrt(k)
        answers = self.answers * _of_contrasts(
            root[:, None] * root * self.repeated ** np.abs(self.at[:, None] - self.at), before, total
        )
        own = np.cumsum(k**2)
        runs = own[:-1] / before**2 + (own[-1] - own[:-1]) / (total - before) ** 2
        variance = answers[:, None] + runs[:, None] * self.spreads
        chance = self.chances(self.likelihood(self._squares(), m - 2))
        mean = (chance * variance).sum(axis=1)
        doubt = (chance * (variance - mean[:, None]) ** 2).sum(axis=1) / mean**2 + 2 / self.df * (
            answers / mean
        ) ** 2
        return plain_pivots(difference, mean, 2 / doubt)

    def _squares(self) -> Floats:
        """Return the sums of squares of whitened means about the levels before and after each split (m −
        1,).
        """
        m = len(self.at)
        y, one = self.white(self.means - self.means.mean()), self.white(np.ones(m))
        after = self.white((np.arange(m) >= np.arange(1, m)[:, None]).astype(float))
        a, b, c = one @ one, after @ one, (after**2).sum(axis=1)
        e, f = y @ one, after @ y
        return np.asarray(np.maximum(y @ y - (c * e**2 - 2 * b * e * f + a * f**2) / (a * c - b**2), 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A run tested against its level: `runs` of the level and itself, on the items that all have, with the
    splits and their z.
    """

    runs: tuple[int, ...]
    splits: Pivots
    z: Floats
    limit: float

    @property
    def largest(self) -> float:
        """The largest |z| of all splits, NaN if none has one."""
        return float(np.nanmax(np.abs(self.z), initial=0.0)) if np.isfinite(self.z).any() else math.nan

    def size(self, split: int) -> float:
        """Return by how many standard deviations of a run's answers a split differs at least: one standard
        error less than observed.
        """
        parts = 1 / (split + 1) + 1 / (len(self.runs) - split - 1)
        return max(float(abs(self.splits.t_at(0.0)[split])) - 1, 0.0) * math.sqrt(parts)

    @property
    def is_alarm(self) -> bool:
        """Whether a split exceeds the limit."""
        return self.largest > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    """The runs before the last alarm's change, those from it on, and the estimates from earlier levels."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    past: _Past


@dataclass(slots=True, kw_only=True)
class _State:
    """A series up to a run: the completed levels (`over`) and their estimates, the runs of the current level,
    their items, and the last alarm while its level may return.
    """

    series: Series
    items: Bools
    level: tuple[int, ...] = ()
    over: tuple[tuple[int, ...], ...] = ()
    past: _Past = NO_PAST
    alarm: _Alarm | None = None
    began: tuple[int, ...] = ()

    def shows(self, runs: tuple[int, ...]) -> _Past:
        """Return what runs show as one completed level."""
        return _runs(self.series, runs, self.items, self.past).over()

    def close(self, *parts: tuple[int, ...]) -> None:
        """End the level, split into these parts."""
        for part in parts:
            self.past += self.shows(part)
        self.over, self.level, self.alarm, self.began = (*self.over, *parts), (), None, ()

    def change(self, change: Change) -> None:
        """Start a new level after an alarm."""
        past = self.past + self.shows(change.after)
        self.close(change.before, change.after)
        self.alarm = _Alarm(before=change.before, after=change.after, past=past)
        self.began = change.after

    def rejoin(self) -> bool:
        """Rejoin the runs before the alarm to the level if those since are clearly back at it. Return whether
        they were.
        """
        if self.alarm is None or not self.level:
            return False
        chance = self._log_chance(self.alarm.before, self.alarm.past) - self._log_chance(
            self.alarm.after, self.alarm.past
        )
        if not abs(chance) >= math.log(BACK):
            return False
        back, alarm = chance > 0, self.alarm
        if back:
            self.over = (*self.over[:-2], alarm.after)
            self.level, self.past, self.began = (*alarm.before, *self.level), alarm.past, ()
        else:
            self.items = _shared(self.series, self.level)
        self.alarm = None
        return back

    def _log_chance(self, runs: tuple[int, ...], past: _Past) -> float:
        """Return the log likelihood of the mean of the runs since the alarm at the level of other runs."""
        split = _runs(self.series, (*runs, *self.level), self.items, past).splits().at(len(runs) - 1)
        if not split.variance > 0:
            return math.nan
        return float(-(split.difference**2) / split.variance - np.log(split.variance)) / 2


def watch(series: Series, share: float | Floats) -> FollowedSeries:
    """Follow a series run by run. `share`: of error, one for all runs or one per run (T,)."""
    has = ~np.isnan(series.values)
    shares = SPARED * np.broadcast_to(share, (has.shape[1],))
    state = _State(series=series, items=has[:, 0])
    steps: list[_Step | None] = []
    changes: list[Change] = []
    counts: list[int] = []
    apart: list[int] = []
    anew: list[int] = []
    levels: list[tuple[tuple[int, ...], ...]] = []
    for t in range(has.shape[1]):
        held = bool(state.level or state.alarm)
        shared, step = state.items & has[:, t] if held else has[:, t], None
        if held and shared.sum() < ENOUGH * state.items.sum():
            if has[:, t].sum() < ENOUGH * state.items.sum():
                apart.append(t)
            else:
                anew.append(t)
                state.close(state.level)
                state.level, state.items = (t,), has[:, t]
        else:
            state.items = shared
            step = (
                _step(series, (*state.level, t), shared, float(shares[t]), state.past)
                if state.level
                else None
            )
            if step is not None and step.is_alarm:
                changes.append(_change(step))
                state.change(changes[-1])
            else:
                state.level = (*state.level, t)
                if state.rejoin():
                    changes[-1] = replace(changes[-1], back=t)
        counts.append(int(shared.sum()))
        steps.append(step)
        levels.append((*state.over, state.level))
    return FollowedSeries(
        changes=tuple(changes),
        ahead=stacked([NOTHING if step is None else step.splits.at(-1) for step in steps]),
        limits=np.array([math.nan if step is None else step.limit for step in steps]),
        largest=np.array([math.nan if step is None else step.largest for step in steps]),
        n_items=np.array(counts),
        apart=tuple(apart),
        anew=tuple(anew),
        levels=tuple(levels),
        level=(*state.began, *state.level),
        spread=_spread(state),
    )


def _spread(state: _State) -> RunSpread:
    """Return how much runs differ: the variance from answers in the last level with at least two runs, and
    the spread beyond it from all levels.
    """
    last = next(
        (level for level in (state.level, *reversed(state.over)) if len(level) > 1),
        state.level or state.began,
    )
    runs = _runs(state.series, last, _shared(state.series, last), state.past)
    own = runs.over() if last == state.level else NO_PAST
    variance = float(runs.chances(own.spreads) @ runs.spreads)
    return RunSpread(
        runs=math.sqrt(variance),
        answers=math.sqrt(runs.answers),
        repeated=runs.repeated,
        seen=state.past.runs + own.runs,
    )


def ahead_of(series: Series, runs: tuple[int, ...], t: int) -> Pivots:
    """Return the pivots of a run less the mean of others, on the items that all have."""
    return _runs(series, (*runs, t), _shared(series, (*runs, t)), NO_PAST).splits().at(-1)


def last_against(series: Series, found: FollowedSeries, count: int) -> Pivots:
    """Return the pivots of the mean of the last `count` runs less the mean of as many before them, on the
    items that all have.

    The spread between runs is estimated from these, each half about its own mean, and from the levels of the
    runs before.
    """
    runs = tuple(t for t in range(series.values.shape[1]) if t not in found.apart)
    early, late = set(runs[: -2 * count]), runs[-2 * count :]
    past = replace(NO_PAST, spreads=SPREADS**2 / 2 * (1 / USUAL**2 - 1 / WIDE**2))
    for level in found.levels[-1]:
        if part := tuple(t for t in level if t in early):
            past += _runs(series, part, _shared(series, part), past).over()
    return _runs(series, late, _shared(series, late), past).splits().at(count - 1)


def between(series: Series, before: Sequence[int], after: Sequence[int]) -> Pivots:
    """Return the pivots of the mean of some runs less the mean of the runs before them, on the items that all
    have. As in `last_against`, runs may differ by more than is usual. No run of `after` precedes one of
    `before`.
    """
    runs = (*before, *after)
    past = replace(NO_PAST, spreads=SPREADS**2 / 2 * (1 / USUAL**2 - 1 / WIDE**2))
    shared = _shared(series, runs)
    if not shared.any():
        return NOTHING
    return _runs(series, runs, shared, past).splits().at(len(before) - 1)


def _shared(series: Series, runs: tuple[int, ...]) -> Bools:
    """Return which items are in all of these runs."""
    return np.asarray(~np.isnan(series.values[:, runs]).any(axis=1))


def level_at(found: FollowedSeries, run: int, t: int) -> tuple[int, ...]:
    """Return the runs before t in the same level as a run, judged from the runs before t only."""
    return next(level for level in found.levels[t - 1] if run in level)


def limit(runs: int, share: float) -> float:
    """Return the |z| needed for an alarm at the last of this many runs, given no earlier alarm: it gives the
    run its share of error.
    """
    return float(-scipy.special.ndtri(single_share(runs, share) / 2))


def single_share(runs: int, share: float) -> float:
    """Return the two-sided error of one test whose limit is that of the largest of all splits."""
    by_runs = np.array([np.interp(math.log(runs), np.log(RUNS), row) for row in WORTH])
    scale, at = -np.log(SHARES), -math.log(share)
    worth = float(np.interp(at, scale, by_runs))
    if at > scale[-1]:
        worth += float(by_runs[-1] - by_runs[-2]) / float(scale[-1] - scale[-2]) * (at - float(scale[-1]))
    return share / max(worth, 1.0)


def limit_gap(found: FollowedSeries) -> Floats:
    """Return how far each run alone may differ from the mean of those before it without an alarm (T,).

    NaN if there is nothing to compare with, or if no answer of these runs differs, as the limit is then
    unknown.
    """
    df = np.where(np.isnan(found.ahead.df), 1.0, found.ahead.df)
    tail = scipy.special.ndtr(-np.nan_to_num(found.limits, nan=0.0))
    t = t_beyond(tail, df)
    return np.where(found.ahead.variance > ROUNDED_MEANS**2, t * np.sqrt(found.ahead.variance), np.nan)


def luck_draws(runs: int, rng: np.random.Generator) -> Floats:
    """Return the random numbers of `luck` for this many runs (draws, T). Those of the first runs don't depend
    on the number.
    """
    return np.ascontiguousarray(rng.standard_normal((runs, DRAWS)).T)


def luck(score: Floats, noise: float, draws: Floats) -> float:
    """Return the selection bias of the best of these scores (T,): how much too high it is on average. It is 0
    for one score.

    `noise`: the standard deviation of a run's answers. Scores are shrunk by the share of noise in their
    spread (James and Stein 1961), and noise is drawn around them (Efron 2011). `draws` (draws, T or more):
    standard normal ones.
    """
    if len(score) < 2 or not noise > 0:
        return 0.0
    spread = float(np.var(score, ddof=1))
    kept = max(1 - noise**2 / spread, 0.0) if spread > 0 else 0.0
    around = noise * draws[:, : len(score)]
    first = (score.mean() + kept * (score - score.mean()) + around).argmax(axis=1)
    return max(float(around[np.arange(len(around)), first].mean()), 0.0)


def _step(series: Series, runs: tuple[int, ...], items: Bools, share: float, past: _Past = NO_PAST) -> _Step:
    """Test the last of these runs, and every other later segment, against those before."""
    splits = _runs(series, runs, items, past).splits()
    # The normal deviates of tests of "no difference", NaN if there is none.
    t = splits.t_at(0.0)
    p = np.clip(splits.p_value_at(0.0), SMALLEST, 1.0)
    z = np.asarray(np.where(np.isnan(t), np.nan, np.sign(t) * -scipy.special.ndtri(p / 2)))
    return _Step(runs=runs, splits=splits, z=z, limit=limit(len(runs), share))


def _runs(series: Series, runs: tuple[int, ...], items: Bools, past: _Past) -> _Runs:
    """Return runs on these items.

    If all items differ from run to run by the same amount, the variance is that under "no change", as in a
    score test.
    """
    at = np.asarray(runs)
    x, attempts = (
        series.values[np.ix_(items, at)],
        np.ones(len(at)) if series.attempts is None else series.attempts[at],
    )
    codes = (
        None
        if series.codes is None
        else np.unique(series.codes[items], return_inverse=True)[1].astype(np.int64)
    )
    w, k = np.ones(len(x)) if series.weights is None else series.weights[items], attempts / attempts.mean()
    term, spare = clustering(codes, w), len(at) - 1
    means = w @ x / term.total
    if not spare or term.n_clusters < 2:
        return _Runs(at=at, weights=k, means=means, past=past)
    x = x - (x @ k / k.sum())[:, None]
    e = x - (means - means @ k / k.sum())
    each, next_to = _variances(term, e, w)
    near = at[1:] - at[:-1] == 1
    if (
        each @ k <= spare * ROUNDED_MEANS**2
    ):  # all items moved by the same amount, for example if every answer of a run failed
        e, near = x, near & False
        each, next_to = _variances(term, e, w)
    answers, alike = float(each @ k) / spare, _alike(len(at))
    steps = (k * each)[1:] + (k * each)[:-1] - 2 * np.sqrt(k[1:] * k[:-1]) * next_to
    own = steps[near].sum() / 2 - near.sum() * (1 - REPEATS) / (1 - alike) * answers
    place = min(int((own + past.repeats < -ROUNDED_MEANS * answers).sum()), len(REPEATS) - 1)
    return _Runs(
        at=at,
        weights=k,
        means=means,
        past=past,
        answers=answers / (1 - alike[place]),
        df=term.df("CR2") * spare,
        item=float(w @ (e * e) @ k) / term.total / spare / (1 - alike[place]) * attempts.mean(),
        repeated=float(REPEATS[place]),
        own=own,
    )


@cache
def _alike(runs: int) -> Floats:
    """Return the mean correlation of this many consecutive runs, for each of REPEATS (R,)."""
    lags = np.arange(1, runs)
    return np.asarray(REPEATS[:, None] ** lags @ (runs - lags) / lags.sum())


def _of_contrasts(covariance: Floats, before: Floats, total: float) -> Floats:
    """Return the variances of means after less means before, for each split (m − 1,), from a covariance (m,
    m) of weighted runs.
    """
    sums = covariance.cumsum(axis=0).cumsum(axis=1)
    place = np.arange(len(before))
    first, across = sums[place, place], sums[place, -1] - sums[place, place]
    last = sums[-1, -1] - first - 2 * across
    return np.asarray(
        first / before**2 + last / (total - before) ** 2 - 2 * across / before / (total - before)
    )


def _variances(term: Clustering, e: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Return the variances of means of runs (m,) and the covariances of neighbours (m − 1,), from residuals
    of items (n, m).
    """
    sums = term.sums(e if (w == 1).all() else e * w[:, None])
    scale = term.inflation("CR2") / term.total**2
    return scale @ (sums * sums), scale @ (sums[:, 1:] * sums[:, :-1])


def _change(step: _Step) -> Change:
    """Return the place of a change and its interval: the places whose likelihood ratio isn't too far below
    the largest.
    """
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


NOTHING = plain_pivots(math.nan, math.nan, math.nan)
_PRIOR = np.log(np.gradient(SPREADS)) - (SPREADS / USUAL) ** 2 / 2
