"""The checks of what is made of answers: fixed items, variance components, adjusted means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.means import intervals
from howsure.statistics.means.covariates import adjusted_mean
from howsure.statistics.means.limits import Means, deciding, limits
from howsure.statistics.noise.answer_noise import difference_noise, mean_noise
from howsure.statistics.noise.components import components, variance_limits
from howsure.statistics.noise.fixed import fixed_limits, fixed_pivot

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.calibration.noise_samples import AnswerSample, PoolSample
    from howsure.statistics.arrays import Limits


def fixed_mean(sample: AnswerSample, level: float) -> Limits:
    """Return the interval over exactly these items, as fixed.py has it."""
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
    """Return what makes the jackknife interval of a variance component."""

    def run(sample: AnswerSample, level: float) -> Limits:
        found = sample.answers()
        values, errors = components(found, sample.codes)
        units = len(sample.right) if sample.codes is None else int(sample.codes.max()) + 1
        return variance_limits(getattr(values, name), getattr(errors, name), units, level)

    return run


def adjusted(sample: PoolSample, level: float) -> Limits:
    """Return the interval of means adjusted by a covariate, as covariates.py has it."""
    found = [
        adjusted_mean(sample.scores[:, k], sample.covariate[:, k, None], clusters=sample.codes)
        for k in range(sample.trials)
    ]
    sums = np.column_stack([one.sums for one in found])
    known = Means(
        value=np.clip([one.value for one in found], 0.0, 1.0),
        var=np.array([one.variance for one in found]),
        df=found[0].df,
        n=found[0].n,
        units=found[0].units,
        bounded=True,
        cluster_size=1.0,
        deciding=deciding(sums),
    )
    return limits(known, "blend", level)
