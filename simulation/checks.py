"""The methods to check, and the criterion of each: a minimum coverage if the data are rich enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.statistics import intervals, mcnemar, resampling
from howsure.statistics.answer_noise import difference_noise, fixed_limits, fixed_pivot, mean_noise
from howsure.statistics.control_variates import adjusted_mean
from howsure.statistics.differences import pivots
from howsure.statistics.mean_intervals import Means, limits
from howsure.statistics.variance_components import components, variance_limits
from simulation.samples import AnswerSample, DifferenceSample, MeanSample, PoolSample, Samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.statistics.arrays import Floats, Limits
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.difference_tests import TestChoice
    from howsure.statistics.mean_intervals import IntervalChoice
    from simulation.worlds import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Coverage of at least `least` if a sample is large enough.

    `clusters`: effective ones, n² / Σ n_g² (items without clusters). `events`: effective outcomes of the
    rarer kind, n p (1 − p) / deff. `skewed`: effective clusters if scores are skewed and unbounded.
    `fractions`: events if clustered scores in [0, 1] aren't right-or-wrong answers. `plain`: only for items
    that are their own clusters. `null`: only if the models are equal. There is none for clusters that are all
    right or all wrong.
    """

    least: float
    clusters: float = 2.0
    events: float = 0.0
    skewed: float = 100.0
    fractions: float = 10.0
    plain: bool = False
    null: bool = False

    def holds_in(self, world: World) -> bool:
        """Return whether the criterion applies to this scenario."""
        clustered, split = getattr(world, "cluster_size", 1) > 1, getattr(world, "shape", "beta") == "split"
        excepted = (
            (self.plain and clustered) or split or (self.null and world.features().get("effect") != 0.0)
        )
        family = getattr(world, "family", "")
        clusters = self.skewed if family == "skewed" else self.clusters
        events = max(self.events, self.fractions) if family == "beta" and clustered else self.events
        return not excepted and world.effective_clusters >= clusters and world.events >= events


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One method: its name in answers, its limits for T samples, and its criterion.

    `slow`: it resamples, so that it is checked in fewer scenarios and trials. `unbounded`: it also takes
    unbounded scores. `default_for`: "bounded" or "unbounded" if it is the default for such scores.
    """

    name: str
    run: Callable[[Any, float], Limits]
    promise: Promise
    kind: str
    default_for: str = ""
    slow: bool = False
    unbounded: bool = False
    plain_only: bool = False

    def takes(self, sample: Samples) -> bool:
        """Return whether the method is made for such scores."""
        if self.kind != sample.kind:
            return False
        if self.plain_only and (not isinstance(sample, DifferenceSample) or sample.wins is None):
            return False
        return sample.bounded or self.unbounded


def interval_check(
    method: IntervalChoice,
    variance: VarianceChoice,
    promise: Promise,
    *,
    default: str = "",
    unbounded: bool = False,
) -> Check:
    """Check a method of mean_intervals.py."""

    def run(sample: MeanSample, level: float) -> Limits:
        """Return the limits of every mean."""
        return limits(sample.means(variance), method, level)

    return Check(
        name=f"{method}, {variance}",
        run=run,
        promise=promise,
        kind="mean",
        default_for=default,
        unbounded=unbounded,
    )


def _bayes_mean(sample: MeanSample, level: float) -> Limits:
    means = sample.means("CR2")
    effective = np.where(means.at_edge, means.edge_units, means.effective)
    return intervals.beta_interval(means.value * effective + 1, (1 - means.value) * effective + 1, level)


def _bootstrap_mean(sample: MeanSample, level: float) -> Limits:
    """Resample clusters. At 0 and n of n the result is Clopper and Pearson's, as in means.py."""
    means, rng, codes = sample.means("CR2"), np.random.default_rng(0), ()
    low, high = np.full_like(means.value, np.nan), np.full_like(means.value, np.nan)
    if sample.bounded:
        low, high = (limit.copy() for limit in limits(means, "clopper-pearson", level))
    for k in np.flatnonzero(~means.at_edge):
        x = sample.sums[:, k] / sample.totals
        low[k], high[k] = resampling.mean_interval(
            x, sample.totals, codes, level=level, rng=rng, draws=SLOW_DRAWS
        )
    return (np.maximum(low, 0.0), np.minimum(high, 1.0)) if sample.bounded else (low, high)


def pivot_check(
    method: TestChoice,
    variance: VarianceChoice,
    promise: Promise,
    *,
    default: str = "",
    unbounded: bool = False,
) -> Check:
    """Check a method of differences.py: "score" or "t"."""
    score = method == "score"

    def run(sample: DifferenceSample, level: float) -> Limits:
        """Return the limits of every difference, extended to those of wins minus losses."""
        found = pivots(sample.sums_for(variance), variance, score=score)
        low, high = found.limits(level)
        if score:
            net, items = sample.net_wins(found.variance)
            low = np.minimum(low, -intervals.net_limit(-net, items, (1 + level) / 2))
            high = np.maximum(high, intervals.net_limit(net, items, (1 + level) / 2))
        return (np.maximum(low, -1.0), np.minimum(high, 1.0)) if sample.bounded else (low, high)

    return Check(
        name=f"paired {method}, {variance}",
        run=run,
        promise=promise,
        kind="difference",
        default_for=default,
        unbounded=unbounded,
    )


def _mcnemar(sample: DifferenceSample, level: float) -> Limits:
    assert sample.wins is not None
    assert sample.losses is not None
    seen: dict[tuple[int, int], tuple[float, float]] = {}
    for pair in {(int(w), int(v)) for w, v in zip(sample.wins, sample.losses, strict=True)}:
        seen[pair] = mcnemar.midp_test(*pair, sample.n, level=level)[1:]
    found = np.array([seen[int(w), int(v)] for w, v in zip(sample.wins, sample.losses, strict=True)])
    return found[:, 0], found[:, 1]


def _sign_flip(sample: DifferenceSample, level: float) -> Limits:
    rng = np.random.default_rng(0)
    found = [
        resampling.flip_test(sample.sums[:, k], sample.totals, level=level, rng=rng, draws=SLOW_DRAWS)[1:]
        for k in range(sample.sums.shape[1])
    ]
    low, high = np.array(found).T
    return (np.maximum(low, -1.0), np.minimum(high, 1.0)) if sample.bounded else (low, high)


def _bayes_difference(sample: DifferenceSample, level: float) -> Limits:
    rng, tails = np.random.default_rng(0), [(1 - level) / 2, (1 + level) / 2]
    low, high = np.array([_posterior(sample, k, rng, tails) for k in range(sample.sums.shape[1])]).T
    return low, high


def _posterior(sample: DifferenceSample, k: int, rng: np.random.Generator, tails: list[float]) -> Floats:
    d, reach = sample.sums[:, k] / sample.totals, 1.0 if sample.bounded else 0.0
    draws = resampling.difference_draws(d, sample.totals, None, reach=reach, rng=rng, draws=SLOW_DRAWS)
    return np.quantile(draws, tails)


def fixed_mean(sample: AnswerSample, level: float) -> Limits:
    """Return the interval over exactly these items, as in statistics/answer_noise.py."""
    most = np.full(sample.trials, len(sample.right) * sample.attempts.min())
    noise = mean_noise(sample.answers())
    return fixed_limits(sample.right.mean(axis=0), noise, level, bounded=True, most=most)[:2]


def fixed_difference(sample: AnswerSample, level: float) -> Limits:
    """Return the interval of a difference over exactly these items."""
    a, b = mean_noise(sample.answers()), mean_noise(sample.others())
    spread, df = fixed_pivot(difference_noise(a, b), a.event, b.event)
    value = sample.right.mean(axis=0) - sample.others().means.mean(axis=0)
    low, high = intervals.t_interval(value, spread, df, level)
    return np.maximum(low, -1.0), np.minimum(high, 1.0)


def component(name: str) -> Callable[[AnswerSample, float], Limits]:
    """Return the function for the jackknife interval of a variance component."""

    def run(sample: AnswerSample, level: float) -> Limits:
        """Return the limits of the component in every sample."""
        found = sample.answers()
        values, errors = components(found, sample.codes)
        units = len(sample.right) if sample.codes is None else int(sample.codes.max()) + 1
        return variance_limits(getattr(values, name), getattr(errors, name), units, level)

    return run


def adjusted(sample: PoolSample, level: float) -> Limits:
    """Return the interval of means adjusted by a covariate, as in covariates.py."""
    found = [
        adjusted_mean(sample.scores[:, k], sample.covariate[:, k, None], clusters=sample.codes)
        for k in range(sample.trials)
    ]
    known = Means(
        value=np.clip([one.value for one in found], 0.0, 1.0),
        var=np.array([one.variance for one in found]),
        df=found[0].df,
        n=found[0].n,
        units=found[0].units,
        bounded=True,
        cluster_size=1.0,
    )
    return limits(known, "adaptive", level)


SLOW_DRAWS = 1_999

CHECKS: tuple[Check, ...] = (
    interval_check("adaptive", "CR2", Promise(least=0.93), default="bounded"),
    interval_check("wilson", "CR2", Promise(least=0.92, clusters=4, events=10)),
    interval_check(
        "t", "CR2", Promise(least=0.92, clusters=4, events=20), default="unbounded", unbounded=True
    ),
    interval_check("t", "CR1", Promise(least=0.92, clusters=20, events=20), unbounded=True),
    interval_check("t", "miller", Promise(least=0.92, clusters=50, events=30), unbounded=True),
    interval_check("clopper-pearson", "CR2", Promise(least=0.92, clusters=10, events=10)),
    interval_check("jeffreys", "CR2", Promise(least=0.92, clusters=20, events=10)),
    Check(
        name="bayes, CR2", run=_bayes_mean, promise=Promise(least=0.92, clusters=20, events=10), kind="mean"
    ),
    Check(
        name="bootstrap, CR2",
        run=_bootstrap_mean,
        promise=Promise(least=0.92, clusters=10, events=20),
        kind="mean",
        slow=True,
        unbounded=True,
    ),
    pivot_check("score", "CR2", Promise(least=0.93), default="bounded"),
    pivot_check("t", "CR2", Promise(least=0.92, clusters=10, events=20), default="unbounded", unbounded=True),
    pivot_check("t", "miller", Promise(least=0.92, clusters=50, events=30), unbounded=True),
    Check(
        name="paired mcnemar, CR2",
        run=_mcnemar,
        promise=Promise(least=0.92, clusters=10, events=5, plain=True, null=True),
        kind="difference",
        plain_only=True,
    ),
    Check(
        name="paired sign-flip, CR2",
        run=_sign_flip,
        promise=Promise(least=0.92, clusters=10, events=20),
        kind="difference",
        slow=True,
        unbounded=True,
    ),
    Check(
        name="paired bayes, CR2",
        run=_bayes_difference,
        promise=Promise(least=0.90, clusters=20, events=20),
        kind="difference",
        slow=True,
        unbounded=True,
    ),
    Check(
        name="fixed-items",
        run=fixed_mean,
        promise=Promise(least=0.93),
        kind="fixed mean",
        default_for="bounded",
    ),
    Check(
        name="paired fixed-items",
        run=fixed_difference,
        promise=Promise(least=0.93),
        kind="fixed difference",
        default_for="bounded",
    ),
    *(
        Check(name=f"{name} variance", run=component(part), promise=promise, kind=f"{part} variance")
        for name, part, promise in (
            ("answer", "answer", Promise(least=0.9, clusters=20, events=10)),
            ("question", "question", Promise(least=0.9, clusters=20, events=10)),
            ("cluster", "between", Promise(least=0.85, clusters=30, events=20)),
        )
    ),
    Check(
        name="adjusted adaptive, CR2",
        run=adjusted,
        promise=Promise(least=0.92, clusters=10, events=5),
        kind="adjusted mean",
    ),
)
