"""The data of a scenario for a method: T samples at once, as sums over clusters, and the true value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from howsure.statistics.answer_noise import Answers, answers
from howsure.statistics.clustered_variance import Clustering, variance_of
from howsure.statistics.differences import DifferenceSums, column_sums
from howsure.statistics.event_sizes import Events, ItemSpread
from howsure.statistics.mean_intervals import Groups, Means

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.clustered_variance import VarianceChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """T samples at once, along the last axis of what is `drawn`, and the true value. `kind`: the estimand."""

    drawn: ClassVar[tuple[str, ...]]

    truth: Floats | float
    kind: str
    bounded: bool = True

    @property
    def trials(self) -> int:
        """The number of samples."""
        return int(getattr(self, self.drawn[0]).shape[-1])

    def first(self, count: int) -> Self:
        """Return the first samples."""
        parts = {name: getattr(self, name) for name in self.drawn}
        kept: dict[str, Any] = {
            name: part[..., : max(count, 0)] for name, part in parts.items() if isinstance(part, np.ndarray)
        }
        return replace(self, **kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSample(Samples):
    """T samples of one model's scores.

    `sums` (C, T): sum of scores in each cluster, weights included. `totals` (C,): its items, or their weight.
    `squares` (T,): sum of squared scores over items, weights included. `answers` (C,): right-or-wrong answers
    in each cluster, None for other scores. `n`: items. `truth`: the mean of the population. Items as their
    own clusters are C = n clusters of one.
    """

    drawn = ("sums", "squares")

    sums: Floats
    totals: Floats
    squares: Floats
    answers: Floats | None
    n: int
    kind: str = "mean"

    def means(self, variance: VarianceChoice) -> Means:
        """Return the input of the interval methods."""
        term = Clustering(codes=None, totals=self.totals, total=float(self.totals.sum()))
        value = self.sums.sum(axis=0) / term.total
        residuals = self.sums - self.totals[:, None] * value
        var = term.inflation(variance) @ residuals**2 / term.total**2
        within = np.maximum(self.squares / term.total - value**2, 0.0)
        var = var + within * variance_of(variance).item_part(self.n)
        return Means(
            value=np.where(np.abs(value - 1) < ROUNDING, 1.0, value) if self.bounded else value,
            var=var,
            df=term.df(variance),
            n=self.n,
            units=len(self.totals),
            bounded=self.bounded,
            cluster_size=float(self.totals @ self.totals) / term.total,
            groups=self._groups(term.shares),
        )

    def _groups(self, shares: Floats) -> Groups | None:
        if self.answers is None:
            return None
        trials = np.full(self.sums.shape[1], round(float(shares @ self.answers), 9))
        several = np.full(self.sums.shape[1], self.answers.sum() > self.n)
        return Groups(means=self.sums / self.totals[:, None], shares=shares, trials=trials, several=several)


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSample(Samples):
    """T samples of the paired differences of two models.

    `sums` (C, T): summed differences in each cluster. `totals` (C,): its items. `items`: their spread over
    items (T,). `wins`, `losses` (T,): items that one model won. `events`: how averages count. Each is None
    for the other kind. `truth`: the difference in the population.
    """

    drawn = ("sums", "wins", "losses")

    sums: Floats
    totals: Floats
    items: ItemSpread
    wins: Floats | None = None
    losses: Floats | None = None
    events: Events | None = None
    kind: str = "difference"

    def first(self, count: int) -> DifferenceSample:
        """Return the first samples."""
        kept = Samples.first(self, count)
        items = ItemSpread(
            squares=self.items.squares[: kept.trials], fourths=self.items.fourths[: kept.trials]
        )
        events = self.events and replace(
            self.events, size=self.events.size[: kept.trials], averaged=self.events.averaged[: kept.trials]
        )
        return replace(kept, items=items, events=events)

    @property
    def n(self) -> int:
        """The number of items."""
        return round(float(self.totals.sum()))

    def net_wins(self, variance: Floats) -> tuple[Floats, Floats]:
        """Return wins minus losses in effective items, and the number of these: n / deff, or clusters if
        nothing varies (T,).
        """
        n, squares = self.n, self.items.squares
        varied = squares > ROUNDING
        deff = np.where(varied, variance * n**2 / np.where(varied, squares, 1.0), 1.0)
        items = np.where(varied, n / np.maximum(deff, 1.0), n**2 / float(self.totals @ self.totals))
        return self.sums.sum(axis=0) / n * items, items

    def sums_for(self, variance: VarianceChoice) -> DifferenceSums:
        """Return the input of the tests."""
        term = Clustering(codes=None, totals=self.totals, total=float(self.totals.sum()))
        return column_sums(self.sums, self.totals, self.items, term, variance, events=self.events)


ROUNDING = 1e-12


def item_spread(d: Floats) -> ItemSpread:
    """Return the spread of differences (n, T) over items."""
    around = (d - d.mean(axis=0)) ** 2
    return ItemSpread(squares=around.sum(axis=0), fourths=(around**2).sum(axis=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSample(Samples):
    """T samples of right-or-wrong answers to n items, by one model or by two.

    `right` (n, T): share of right answers at each item. `other` (n, T): the second model's. `attempts` (n,).
    `truth`: (T,) for fixed items, a number for components. `codes` (n,): clusters. `kind`: the estimand.
    """

    drawn = ("right", "other", "truth")

    right: Floats
    attempts: Floats
    other: Floats | None = None
    codes: Ints | None = None

    @property
    def counts(self) -> Floats:
        """The attempts at every item in every sample (n, T)."""
        return np.broadcast_to(self.attempts[:, None], self.right.shape)

    def answers(self) -> Answers:
        """Return the answers in the form of the package."""
        return answers(self.right, self.counts, self.right * (1 - self.right))

    def others(self) -> Answers:
        """Return the same for the second model."""
        assert self.other is not None
        return answers(self.other, self.counts, self.other * (1 - self.other))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSample(Samples):
    """T samples of a pool of N items with a covariate, of which some were answered.

    `scores` (N, T): NaN if not answered. `covariate` (N, T). `codes` (N,): clusters, None if there are none.
    """

    drawn = ("scores", "covariate")

    scores: Floats
    covariate: Floats
    codes: Ints | None = None
    kind: str = "adjusted mean"
