"""Metrics for Inspect: they average the attempts (epochs) at a sample first, and return NaN instead of
raising errors.
"""

from __future__ import annotations

import math
import os
import sys
from logging import getLogger
from typing import TYPE_CHECKING, Any, TypeVar

from inspect_ai.hooks import Hooks, TaskEnd, hooks
from inspect_ai.scorer import Metric, SampleScore, metric, value_to_float

from howsure.errors import HowsureError, MethodError
from howsure.present.render.visible import visible
from howsure.statistics.means import mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from inspect_ai.log import EvalLog

    from howsure.statistics.results import Estimate

PRINT, CLUSTER = "HOWSURE_PRINT", "HOWSURE_CLUSTER"


@hooks(name="estimate", description="Prints howsure's estimate at the end of a task (HOWSURE_PRINT=1).")
class PrintEstimate(Hooks):
    """Print the estimate of every task that ends, to standard error. It is enabled if HOWSURE_PRINT is set
    and not 0.
    """

    def enabled(self) -> bool:
        """Return whether it is enabled."""
        return os.environ.get(PRINT, "0") not in ("", "0")

    async def on_task_end(self, data: TaskEnd) -> None:
        """Print the estimate. Any error is only logged."""
        try:
            sys.stderr.write(f"\n{_told(data.log)}\n")
        except HowsureError as error:
            sys.stderr.write(f"\nhowsure: {visible(str(error))}\n")


def _told(log: EvalLog) -> str:
    import howsure

    return str(howsure.estimate(log.location))


logger = getLogger(__name__)
T = TypeVar("T")


@metric(name="clustered_se", scores="unreduced")
def clustered_se(cluster: str | None = None) -> Metric:
    """Return the standard error of the mean: attempts averaged, CR2 over clusters.

    `cluster`: a key of the samples' metadata. Without it, that of the environment variable HOWSURE_CLUSTER,
    or `cluster` if all samples have this key. NaN with one cluster, or if a sample lacks the key. Bell and
    McCaffrey (2002).
    """

    def compute(scores: list[SampleScore]) -> float:
        """Return the standard error."""
        return _safely(lambda: _estimate(scores, cluster).se, math.nan)

    return compute


@metric(name="interval", scores="unreduced")
def interval(cluster: str | None = None, level: float = 0.95) -> Metric:
    """Return the limits `low` and `high` of the mean, as in `howsure estimate`."""

    def compute(scores: list[SampleScore]) -> dict[str, float]:
        """Return both limits."""

        def ends() -> dict[str, float]:
            """Return the limits of the scores' interval."""
            found = _estimate(scores, cluster, level).interval
            return {"low": found.low, "high": found.high}

        return _safely(ends, {"low": math.nan, "high": math.nan})

    return compute


@metric(name="noise", scores="unreduced")
def noise(cluster: str | None = None) -> Metric:
    """Return the sources of the standard error: the sampling of questions, and the randomness of answers.

    NaN with one attempt per sample, as the two can't be distinguished then. Miller (2024), section 3.
    """

    def compute(scores: list[SampleScore]) -> dict[str, float]:
        """Return both components of the standard error."""
        return _safely(lambda: _noise(scores, cluster), {"se_questions": math.nan, "se_answers": math.nan})

    return compute


def _safely(compute: Callable[[], T], otherwise: T) -> T:
    """Run a metric on the available scores. Inspect would end the run if it raised an error."""
    try:
        return compute()
    except Exception as error:  # noqa: BLE001 - a metric must never raise
        logger.debug("no howsure metric yet: %s", error)
        return otherwise


def _gathered(scores: Iterable[SampleScore], cluster: str | None) -> tuple[Any, Any, Any, Any]:
    """Return mean, number and variance of the attempts at every sample (n,), and cluster codes or None."""
    import numpy as np

    number = value_to_float()
    scores = list(scores)
    cluster = cluster or os.environ.get(CLUSTER) or _usual_cluster(scores)
    held: dict[str, list[float]] = {}
    groups: dict[str, Any] = {}
    for score in scores:
        value = number(score.score.value)
        if math.isfinite(value):
            held.setdefault(str(score.sample_id), []).append(value)
            if cluster is not None:
                groups[str(score.sample_id)] = (score.sample_metadata or {})[cluster]
    if not held:
        raise MethodError("no sample has a score yet")
    means, variances = (np.array([find(values) for values in held.values()]) for find in (np.mean, np.var))
    counts = np.array([len(values) for values in held.values()], dtype=float)
    codes = (
        None if cluster is None else np.unique([str(groups[item]) for item in held], return_inverse=True)[1]
    )
    return means, counts, variances, codes


def _usual_cluster(scores: Sequence[SampleScore]) -> str | None:
    return "cluster" if all("cluster" in (score.sample_metadata or {}) for score in scores) else None


def _estimate(scores: Iterable[SampleScore], cluster: str | None, level: float = 0.95) -> Estimate:
    import numpy as np

    means, counts, variances, codes = _gathered(scores, cluster)
    bounded = bool(((means >= 0) & (means <= 1)).all())
    binary = bounded and bool(np.allclose(variances, means * (1 - means), atol=1e-9))
    clusters = () if codes is None else (codes.astype(np.int64),)
    return mean(means, clusters=clusters, attempts=counts if binary else None, bounded=bounded, level=level)


def _noise(scores: Iterable[SampleScore], cluster: str | None) -> dict[str, float]:
    from howsure.statistics.answer_noise import answers, mean_noise

    scores = list(scores)
    means, counts, variances, _ = _gathered(scores, cluster)
    now = float(mean_noise(answers(means[:, None], counts[:, None], variances[:, None])).now[0])
    rest = _estimate(scores, cluster).se ** 2 - now
    questions = math.sqrt(max(rest, 0.0)) if math.isfinite(rest) else math.nan
    return {"se_questions": questions, "se_answers": math.sqrt(now)}
