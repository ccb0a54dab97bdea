"""The best of many: who could be best, by comparisons with the leader, and the leader's score corrected for
selection.

How far any other model is above each of some models in flips of signs: the basis of who could be best.

For each model, only few flips can raise another as far above it as observed. In these, the largest sum is far
enough above its own, by the smallest variance of its differences from the others. Only in these are the
others checked, those with the largest sums first. The hundredth of the others most similar to a model (near
copies have tiny variances, and would make the bound useless) is checked in every flip. Memory: blocks of
about a million others × flips.

Who could be best: one-sided comparisons with the leader (Hsu 1981, 1984; Mogstad, Romano, Shaikh and
Wilhelm 2024).

A model is excluded if the leader is further ahead of it than any other would be if none were better. The
reference is the largest of the M − 1 pivots "other − model" under flips of signs of whole clusters, the same
flips as those of max-t. These are fewer comparisons than all pairs, and in one direction only, so fewer
models remain. The best model remains with the chosen probability, and so does each of several equally good
ones. Models whose share of flips is clear after a few aren't checked in any more (Besag and Clifford 1991;
Gandy 2009).

The leader's score, corrected for selection.

The best of many scores was selected for being high, so it is too high on average (the winner's curse; Efron
2011). The bias is estimated by flipping the models' cluster sums around true scores: it is the mean noise of
the top score among those measured about as well as the leader. The true scores are drawn in every flip from
their distribution given the scores (empirical Bayes; Morris 1983). Scores shrunk by their share of noise,
without such draws, would be less spread than true scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.arrays import blocks, in_parts
from howsure.statistics.clustered_variance import satterthwaite
from howsure.statistics.max_t import CACHED_CELLS, TINY
from howsure.statistics.results import allowed
from howsure.statistics.sign_flips import FlipColumns, clear_of, drawn, flipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from howsure.statistics.arrays import Bools, Floats, Positions, Singles
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.pair_moments import FlipSums, PairMoments

STEADY = 0.5
"""This much of a difference's variance under "no difference" is added to its own if clusters differ in size.
"""
ALIKE = 0.01
"""The share of the others, those most similar to a model, that is checked in every flip."""
FEW, MOSTLY = 64, 0.2
"""All others are checked if there are at most this many models, or if more than this share of flips could
raise one as far.
"""
TOP = 128
"""This many of the largest sums of a flip are checked first: usually no other can reach the observed value.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """The pivots "other − model" of some models against all, and the terms of a flip.

    A pivot here is z² / ((1 + STEADY) A + z s), where t² is z² / (A + z s) (`Columns`): A, which no flip
    changes, is the variance under "no difference". With few clusters that differ in size, t² has tails so
    heavy that a handful of pairs would set the threshold for all. `squares` (M, K): the term of the divisors
    that no flip changes. `models` (K,): their places. `sums` (M,): observed z. `count`: clusters − 1.
    `lever`: √B / W.
    """

    models: Positions
    squares: Singles
    sums: Floats
    count: int
    even: bool
    lever: float

    @classmethod
    def of(cls, flips: FlipSums, models: Positions) -> Leads:
        """Compute them from the clusters."""
        data = flips.data_squares(models)
        squares = np.where(data > 0, data + flips.lone_squares, np.inf)
        return cls(
            models=models,
            squares=np.maximum(squares * (1 if flips.even else 1 + STEADY), TINY).astype(np.float32),
            sums=flips.sums.sum(axis=0),
            count=len(flips.sums) - 1,
            even=flips.even,
            lever=0.0
            if flips.even
            else math.sqrt(float(flips.inflation @ flips.sizes**2)) / float(flips.sizes.sum()),
        )

    def comparable(self, t_squared: Floats, leaders: Positions) -> Floats:
        """Convert the t² of leaders against the models (L, K) to the scale of these pivots."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.even:
                return np.where(
                    np.isinf(t_squared), self.count, t_squared * self.count / (self.count + t_squared)
                )
            gap = self.sums[leaders][:, None] - self.sums[self.models]
            return np.asarray(1 / (1 / t_squared + self.squares[leaders] * STEADY / (1 + STEADY) / gap**2))

    def passed(self, summed: tuple[Singles, ...], seen: Floats, places: Positions) -> Floats:
        """Count the flips in which some other model is at least as far above each of P models as observed
        (P,), P given by their places (P,) among all.

        `seen` (K,): squared pivots. `summed`: z (M, flips), its lift, and s and its lift if sizes differ, as
        `FlipColumns.sums` returns them.
        """
        bars = _Bars(
            models=self.models[places],
            squares=self.squares[:, places],
            seen=np.maximum(seen[places], TINY).astype(np.float32),
            lever=self.lever,
        )
        return np.asarray(bars.passed(summed).sum(axis=1), dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """What others must reach above P models (`models`): the observed squared pivots `seen` (P,).

    `squares` (M, P) and `lever`: as in `Leads`.
    """

    models: Positions
    squares: Singles
    seen: Singles
    lever: float

    def passed(self, summed: tuple[Singles, ...]) -> Bools:
        """Return in which flips some other is at least as far above each model as observed (P, flips)."""
        z, lift = summed[:2]
        if len(z) <= FEW:
            return self._of_all(summed)
        alike, apart, beyond = self._distances()
        most = z.max(axis=0) - z[self.models] + np.abs(lift)
        near, far = most >= apart[:, None], most >= beyond[:, None]
        if far.mean() > MOSTLY:
            return self._of_all(summed)
        found = np.repeat(self.not_behind[:, None], most.shape[1], axis=1)
        model, flip = np.nonzero(~found & near)
        found[model, flip] = self._any(summed, model, flip, alike, model)
        model, flip = np.nonzero(~found & far)
        enough = np.zeros(len(flip), dtype=bool)
        if len(z) > 2 * TOP:
            top = np.argpartition(-z, TOP, axis=0)[: TOP + 1]  # the last of them the smallest
            enough = z[top[-1, flip], flip] - z[self.models[model], flip] + np.abs(lift[flip]) < beyond[model]
            found[model[enough], flip[enough]] = self._any(
                summed, model[enough], flip[enough], top, flip[enough]
            )
        model, flip = model[~enough], flip[~enough]
        found[model, flip] = self._any(summed, model, flip, np.arange(len(z))[:, None], np.zeros_like(flip))
        return found

    @property
    def not_behind(self) -> Bools:
        """Which models aren't behind, so that any other reaches them (P,)."""
        return np.asarray(self.seen <= TINY)

    def _distances(self) -> tuple[Positions, Singles, Singles]:
        """Return, for each model, the others whose differences from it vary least (N, P), how far above it
        the z of any of these must be (P,), and that of any other (P,). By Cauchy and Schwarz, as in max_t.py.
        """
        last = min(max(int(len(self.squares) * ALIKE), 1), len(self.squares) - 1)
        nearest = np.argpartition(self.squares, (0, last), axis=0)[: last + 1]
        root = np.sqrt(self.seen) * np.float32(1 - 1e-4)
        share = root / (1 + np.float32(self.lever) * root)
        least, other = (np.take_along_axis(self.squares, nearest[[k]], axis=0)[0] for k in (0, -1))
        return nearest[:-1], share * np.sqrt(least), share * np.sqrt(other)

    def _of_all(self, summed: tuple[Singles, ...]) -> Bools:
        """Return the same by checking all others in every flip: faster if most flips could raise one as far.

        z² / (A + z s) reaches p where z (z − p s) reaches p A.
        """
        (z, lift), *rest = _with_lifts(summed)
        found = np.empty((len(self.models), z.shape[1]), dtype=bool)
        for part in blocks(len(self.models), z.size, CACHED_CELLS):
            models, seen = self.models[part], self.seen[part, None, None]
            gap = z - (z[models] - lift)[:, None]
            np.maximum(gap, 0, out=gap)
            product = gap
            for s, s_lift in rest:
                product = s - (s[models] - s_lift)[:, None]
                product *= -seen
                product += gap
            product *= gap
            found[part] = (product >= seen * self.squares[:, part].T[:, :, None]).any(axis=1)
        return found | self.not_behind[:, None]

    def _any(
        self,
        summed: tuple[Singles, ...],
        model: Positions,
        flip: Positions,
        others: Positions,
        column: Positions,
    ) -> Bools:
        """Return whether any of the others (N, columns) of its column is as far above as observed, for models
        in flips (C,).
        """
        found = np.zeros(len(model), dtype=bool)
        for part in blocks(len(model), len(others), CACHED_CELLS):
            pivots = self._pivots(summed, others[:, column[part]], model[part], flip[part])
            found[part] = (pivots >= self.seen[model[part]]).any(axis=0)
        return found

    def _pivots(
        self, summed: tuple[Singles, ...], other: Positions, model: Positions, flip: Positions
    ) -> Singles:
        """Return the squared pivots of others (N, C) above models in flips (C,), 0 for those that aren't
        above.
        """
        at = self.models[model]
        gap, *slope = (x[other, flip] - x[at, flip] + lift[flip] for x, lift in _with_lifts(summed))
        return _squared(gap, slope, self.squares[other, model])


def _with_lifts(summed: tuple[Singles, ...]) -> Iterator[tuple[Singles, Singles]]:
    """Yield z and its lift, and s and its lift if sizes differ."""
    return zip(summed[::2], summed[1::2], strict=True)


def _squared(gap: Singles, slope: Sequence[Singles], squares: Singles) -> Singles:
    """Return squared pivots if the other is above, else 0. `slope`: the difference in s, 0 if sizes are
    equal.
    """
    gap = np.maximum(gap, 0)
    return np.asarray(gap * gap / (squares + slope[0] * gap if slope else squares))


DRAWS = 4_096
"""The number of flips: that of 12 clusters. A p-value of .05 then has a Monte-Carlo error of .0034."""
CHECK_STEPS = 30
"""A check of one model in one flip takes as long as so many steps of a product for each other one."""
LOOKS = (64, 320, 640)
"""After this many flips of the first block, and after each block, models whose shares are clear are dropped
from the remaining flips.
"""


def best_of(
    moments: PairMoments,
    scores: Floats,
    p_adjusted: Floats,
    adjust: Adjustment,
    level: float,
    *,
    sign: int = 1,
    rng: np.random.Generator,
) -> Bools:
    """Return which of M models could be best (M,): by comparisons with the leaders if pairs are corrected by
    max-t, else all that no other is significantly better than.

    `scores` (M,): larger is better. `p_adjusted` (M, M): of all pairs. `sign`: −1 if smaller values are
    better.
    """
    better = (p_adjusted <= allowed(level)) & (sign * moments.difference > 0)
    if adjust != "max-t":
        return np.asarray(~better.any(axis=0))
    leaders = np.flatnonzero(np.isclose(scores, scores.max(), rtol=1e-12, atol=0))
    return could_be_best(moments, better, leaders, level, sign=sign, rng=rng)


def could_be_best(
    moments: PairMoments,
    better: Bools,
    leaders: Positions,
    level: float,
    *,
    sign: int = 1,
    rng: np.random.Generator,
) -> Bools:
    """Return which of M models could be best at this level (M,).

    `better` (M, M): [i, j] if i is significantly better than j at the same level by all pairs, which excludes
    j. `leaders`: those with the best score. `sign`: −1 if smaller scores are better. A model is only excluded
    if it is significantly worse than another in a comparison of two. Needs flips.
    """
    behind = ((moments.p_value <= allowed(level)) & (sign * moments.difference > 0)).any(axis=0)
    out = np.asarray(better.any(axis=0))
    left = np.flatnonzero(behind & ~out)
    if len(left):
        out[left] = chances(moments, left, leaders, allowed(level), sign=sign, rng=rng) <= allowed(level)
    out[leaders] = False
    out = _with_those_behind(out, moments, int(leaders[0]), sign) & behind
    out[leaders] = False
    return ~out


def chances(
    moments: PairMoments,
    models: Positions,
    leaders: Positions,
    level: float,
    *,
    sign: int,
    rng: np.random.Generator,
) -> Floats:
    """Return, for each of these models, the chance of a lead over it as large as observed if no other is
    better (K,).

    If a chance is clearly above or below `level`, it rests on the flips that settled this.
    """
    flips = moments.flips
    if flips is None:
        raise ValueError("comparisons with the best need flips")
    leads = Leads.of(flips, models)
    # The observed t² of the leaders against all (L, M).
    observed = _plain(moments, flips, leaders) if flips.observed is None else flips.observed[leaders]
    seen = leads.comparable(observed[:, models], leaders)
    seen *= np.sign(moments.difference[leaders][:, models]) * sign
    seen = np.nanmax(np.where(np.isfinite(seen), seen, -np.inf), axis=0) * (1 - 1e-4)
    columns, blocks, count = drawn(
        FlipColumns.of(flips), float(flips.sizes.max() / flips.sizes.sum()), rng, DRAWS
    )
    above, every, doubtful = (
        np.full(len(models), float(count)),
        np.full(len(models), count),
        np.arange(len(models)),
    )
    for summed in _parts(columns, blocks):
        steps = CHECK_STEPS * summed[0].size * len(doubtful)
        above[doubtful] += in_parts(partial(leads.passed, summed, seen), doubtful, steps=steps)
        every[doubtful] += summed[0].shape[1]
        clear = clear_of(above[doubtful], every[doubtful], level)
        doubtful = doubtful[~(clear[0] | clear[1])]
        if not len(doubtful):
            break
    return np.asarray(np.maximum(above, 1) / every)


def _parts(columns: FlipColumns, blocks: Sequence[Callable[[], Singles]]) -> Iterator[tuple[Singles, ...]]:
    """Yield the sums of the models in the flips of every block, for the first one in smaller batches."""
    for place, block in enumerate(blocks):
        summed = columns.sums(block())
        looks = LOOKS if place == 0 else ()
        for start, end in pairwise(
            (0, *(look for look in looks if look < summed[0].shape[1]), summed[0].shape[1])
        ):
            yield tuple(each[..., start:end] for each in summed)


def _with_those_behind(out: Bools, moments: PairMoments, leader: int, sign: int) -> Bools:
    """Also exclude models further behind the leader than an excluded one, with at most its standard error, on
    the same items.
    """
    gap, error = sign * moments.difference[leader], moments.variance[leader]
    every, own = moments.shared[leader, leader], np.diagonal(moments.shared)
    same = (own == every) & (
        moments.shared[leader] == every
    )  # all that the leader answered, and nothing else
    same = same[:, None] & same
    behind = (gap[None, :] >= gap[:, None]) & (error[None, :] <= error[:, None]) & same
    return np.asarray(out | (behind & out[:, None]).any(axis=0))


def _plain(moments: PairMoments, flips: FlipSums, leaders: Positions) -> Floats:
    """Return the t² without the score pivot's room that has the p-value of each pair with a leader (L, M)."""
    df = satterthwaite(flips.sizes / flips.sizes.sum())
    p = np.clip(np.nan_to_num(moments.p_value[leaders], nan=1.0), 1e-300, 1.0)
    squared = scipy.special.stdtrit(df, p / 2) ** 2
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(p < 1, 1 / np.maximum(1 / squared - flips.room, 0.0), 0.0))


LUCK_DRAWS = 4_096
AS_WELL_MEASURED = 2.0
"""A model counts for the leader's selection bias if its standard error is at most this many times the
leader's, and at least 1 / this of it.
"""


def luck(scores: Floats, flips: FlipSums, *, rng: np.random.Generator) -> float:
    """Return the selection bias of the best of these scores (M,), larger ones better, 0 for one model.

    It never takes the leader below the mean of all. `flips`: the models' cluster sums in score units, without
    their differences (`FlipSums.centred`).
    """
    if len(scores) < 2:
        return 0.0
    share = flips.sizes / flips.sizes.sum()
    sums, variances = _steadied(
        _apart(flips.sums * np.sqrt(flips.inflation)[:, None]), 1 / (share @ share) - 1
    )
    leader = scores.argmax()
    if variances[leader] == 0:
        return 0.0
    true, doubt = _true_scores(scores, variances)
    table, blocks, _ = flipped(sums, float(share.max()), rng, LUCK_DRAWS, free=len(sums))
    times, added = max(LUCK_DRAWS >> len(sums), 1), []  # with few clusters all flips are listed, and few
    for block in blocks:
        noise = np.repeat(block().T @ table, times, axis=0)
        drawn = true + doubt * rng.standard_normal(noise.shape)
        added.append(_added(noise, (drawn + noise).argmax(axis=1), np.sqrt(variances), leader))
    every = np.concatenate(added)
    return float(np.clip(every.mean(), 0.0, max(scores.max() - true.mean(), 0.0))) if len(every) else 0.0


def _added(noise: Floats, first: Positions, errors: Floats, leader: np.intp) -> Floats:
    """Return the noise (flips, M) in the top score (flips,), if that is measured about as well as the
    leader's.
    """
    own = errors[leader]
    won = np.flatnonzero(((errors <= AS_WELL_MEASURED * own) & (own <= AS_WELL_MEASURED * errors))[first])
    return np.asarray(noise[won, first[won]] / errors[first[won]] * own)


def _apart(sums: Floats) -> Floats:
    """Remove from the clusters' contributions to the models (C, M) what all models share. Noisier models have
    less weight in it.
    """
    if not sums.any():
        return sums
    weights = 1 / _at_least_usual((sums**2).sum(axis=0))
    return np.asarray(sums - (sums @ weights / weights.sum())[:, None])


def _steadied(sums: Floats, df: float) -> tuple[Floats, Floats]:
    """Shrink the variances of the models' noise, each with this many degrees of freedom, towards their mean
    by the share of chance in their spread.

    Returns the resulting contributions of clusters to the models (C, M), and the variances (M,).
    """
    seen = (sums**2).sum(axis=0) * (sums.shape[1] / (sums.shape[1] - 1))
    mean, spread = seen.mean(), seen.var()
    kept = max(1 - 2 * mean**2 / max(df, 1.0) / spread, 0.0) if spread > 0 else 0.0
    variances = mean + kept * (seen - mean)
    return sums * np.sqrt(np.divide(variances, seen, out=np.zeros_like(seen), where=seen > 0)), variances


def _true_scores(scores: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return estimates of the true scores (M,), shrunk towards the mean of all by the share of noise in each,
    and their standard errors (M,).

    The spread of true scores is estimated by moments, since models may have answered more items or fewer
    (DerSimonian and Laird 1986).
    """
    usual = _at_least_usual(variances)
    weights, total = 1 / usual, (1 / usual).sum()
    excess = weights @ (scores - weights @ scores / total) ** 2 - (len(scores) - 1)
    merit = max(excess / (total - weights @ weights / total), 0.0)
    weights = 1 / (merit + usual)
    mean = weights @ scores / weights.sum()
    return np.asarray(mean + merit * weights * (scores - mean)), np.sqrt(merit * weights * usual)


def _at_least_usual(variances: Floats) -> Floats:
    """Raise values below the median, or below the mean if most are 0: a model that never fails isn't known
    exactly.
    """
    return np.asarray(np.maximum(variances, np.median(variances) or variances.mean()))
