"""Evaluate with lm-eval, and say how sure the scores are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from howsure.errors import MethodError, OptionError
from howsure.integrations.lm_eval.saving import scores_of
from howsure.study.design import DesignOptions, make_design
from howsure.verbs.estimate import estimate

if TYPE_CHECKING:
    from howsure.answers.estimate import Estimates
    from howsure.statistics.choices import IntervalMethod, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.mean_intervals import MeanInterval
    from howsure.table.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What lm-eval returned, its samples as scores, and the estimates with their error bars. `print` shows
    the estimates.
    """

    results: dict[str, Any]
    scores: Scores
    estimates: Estimates

    def __str__(self) -> str:
        return str(self.estimates)


def evaluate(
    model: Any,
    tasks: Any,
    *,
    name: str | None = None,
    interval: IntervalMethod | MeanInterval | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Any,
) -> Evaluated:
    """Run lm-eval's `simple_evaluate` and estimate every score with its error bar.

    `options`: those that howsure's verbs share (`cluster`, `metric`, `score`, `failures` …; a cluster is a
    field of the documents; see [`Design`][howsure.study.design.Design]), and everything that
    `simple_evaluate` takes (`model_args`, `num_fewshot`, `limit` …). `name`: what the model is called; None
    takes what lm-eval's results say. `interval`, `variance`, `level`, `seed` as in `howsure.estimate`.
    Filters, metrics of the whole corpus and repeats are handled as in lm-eval's own log files. In a process
    that is not the first of a distributed run lm-eval has no results: MethodError. Raises OptionError where
    lm_eval is not installed.
    """
    shared = {key: options.pop(key) for key in list(options) if key in DesignOptions.__annotations__}
    design = make_design(shared)  # type: ignore[arg-type]
    if options.get("log_samples", True) is not True:
        raise OptionError("log_samples=False leaves nothing to estimate from", remedy="Leave it out.")
    options.pop("log_samples", None)
    results = run(harness().simple_evaluate, model=model, tasks=listed(tasks), **options)
    scores = scores_of(results, results["samples"], name=name, probabilities=design.score.kind == "prob")
    found = estimate(scores, interval=interval, variance=variance, level=level, seed=seed, **shared)
    return Evaluated(results=results, scores=scores, estimates=found)


def harness(module: str = "lm_eval") -> Any:
    """Import a module of lm-eval."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "lm_eval":
            raise
        raise OptionError("lm_eval is not installed", remedy="pip install lm_eval") from None


def listed(tasks: Any) -> list[Any]:
    """Return several tasks as a list, one as a list of one."""
    return list(tasks) if isinstance(tasks, (list, tuple)) else [tasks]


def run(simple_evaluate: Any, **arguments: Any) -> dict[str, Any]:
    """Call lm-eval with samples; MethodError in a process to which it returns nothing."""
    results = simple_evaluate(log_samples=True, **arguments)
    if results is None:
        raise MethodError(
            "lm-eval returned no results: this process is not the first of a distributed run",
            remedy="Let lm-eval write its files (--log_samples) and read these with howsure.",
        )
    return dict(results)
