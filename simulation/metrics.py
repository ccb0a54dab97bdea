"""Metrics over labels and predictions, in scenarios with known parameters: type I error for equal models,
coverage and width for one.

Binary labels depend on a latent trait, scores on the label, and both models share a part of the noise.
Several classes are confused with their neighbours; of lists, each class is there or not, and a part is common
to all classes of a question. Numbers are normal or heavy-tailed, errors of words are
counts with a rate of their own in every text. In clusters of ten, traits and noise have a common part. The
truth is the metric of a large sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import scipy

from howsure.errors import MethodError
from howsure.statistics.clustered_variance import clustering, moment_df
from howsure.statistics.intervals import t_p_value
from howsure.statistics.mean_intervals import OfMetric
from howsure.statistics.means import means
from howsure.statistics.metrics import metric_of
from howsure.statistics.metrics.base import ENOUGH, Rows, Sets
from simulation.harness import TOLERANCE, error_of, over_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.metrics.base import Measured, Metric

Family = Literal["binary", "classes", "lists", "numbers", "words", "difficulty"]
CLUSTER, LARGE, RESAMPLES = 10, 400_000, 200
HELD, MOST_FALSE = 0.93, 0.055
CUT = 0.9
"""Scores from this on are predictions of the positive class."""

SCHEMA = {
    "metric": pl.String,
    "world": pl.String,
    "items": pl.Int64,
    "clustered": pl.Boolean,
    "trials": pl.Int64,
    "truth": pl.Float64,
    "smallest": pl.Float64,
    "coverage": pl.Float64,
    "width": pl.Float64,
    "bootstrap_coverage": pl.Float64,
    "bootstrap_width": pl.Float64,
    "false": pl.Float64,
    "undefined": pl.Float64,
    "kept": pl.Boolean,
}
"""`smallest`: the expected number of questions in the smallest class. `bootstrap_…`: the percentile bootstrap
over clusters, in a twentieth of the trials. `undefined`: the share of samples without the metric. `kept`:
whether the promise holds, None with fewer than 25 of a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricWorld:
    """Two equal models on the same questions. `rare`: share of positives, or error rate. `strong`: the models
    are good. `shape`: of the noise.
    """

    metric: str
    family: Family
    items: int
    clustered: bool = False
    rare: float = 0.3
    strong: bool = False
    shape: Literal["normal", "heavy", "tied"] = "normal"

    @property
    def name(self) -> str:
        """Its parameters in words."""
        parts = [self.family, f"{self.rare:g}" if self.family in ("binary", "words") else ""]
        return " ".join(
            filter(None, (*parts, "strong" if self.strong else "", self.shape.replace("normal", "")))
        )

    def draw(self, items: int, rng: np.random.Generator) -> tuple[Floats, list[Floats], Ints | None]:
        """Draw labels, the predictions of two models, and clusters."""
        code = np.arange(items) // CLUSTER if self.clustered else None
        common = [
            rng.normal(0, 0.7, items // CLUSTER + 1)[code] if code is not None else 0.0 for _ in range(2)
        ]
        trait, noise = common
        draw = {
            "binary": self._binary,
            "classes": self._classes,
            "lists": self._lists,
            "numbers": self._numbers,
            "words": self._words,
            "difficulty": self._difficulty,
        }[self.family]
        label, predictions = draw(items, rng, np.asarray(trait), np.asarray(noise))
        return label, predictions, code

    def _binary(
        self, n: int, rng: np.random.Generator, trait: Floats, noise: Floats
    ) -> tuple[Floats, list[Floats]]:
        spread = np.sqrt(1 + 0.49 * self.clustered)
        label = ((rng.normal(size=n) + trait) / spread > scipy.special.ndtri(1 - self.rare)).astype(float)
        skill, shared = (3.0 if self.strong else 1.2), rng.normal(size=n)
        scores = [skill * label + noise + 0.6 * shared + 0.8 * rng.normal(size=n) for _ in range(2)]
        return label, [np.round(x, 1) if self.shape == "tied" else x for x in scores]

    def _classes(
        self, n: int, rng: np.random.Generator, trait: Floats, noise: Floats
    ) -> tuple[Floats, list[Floats]]:
        share = np.cumsum([0.4, 0.25, 0.2, 0.1, 0.05])
        place = scipy.special.ndtr((rng.normal(size=n) + trait) / np.sqrt(1 + 0.49 * self.clustered))
        label = np.searchsorted(share, np.minimum(place, share[-1] - 1e-12)).astype(float)
        bar = scipy.special.ndtri(0.95 if self.strong else 0.65) * np.sqrt(1 + 0.49 * self.clustered)
        hard, found = rng.normal(size=n), []
        for _ in range(2):
            right = 0.7 * hard + np.sqrt(0.51) * rng.normal(size=n) + noise < bar
            other = (label + rng.choice([1, 2, 3], n, p=[0.6, 0.3, 0.1])) % len(share)
            found.append(np.where(right, label, other))
        return label, found

    def _lists(
        self, n: int, rng: np.random.Generator, trait: Floats, noise: Floats
    ) -> tuple[Floats, list[Floats]]:
        spread = np.sqrt(1 + 0.49 * self.clustered + 0.25)
        bar = scipy.special.ndtri(1 - np.array([0.4, 0.25, 0.2, 0.1, 0.1])) * spread
        topic, one_by_one = 0.5 * rng.normal(size=n) + trait, rng.normal(size=(n, 5))
        label = (one_by_one + topic[:, None] > bar).astype(float)
        hard, found = rng.normal(size=n) + noise, []
        for _ in range(2):
            error = scipy.special.expit((-3.5 if self.strong else -1.8) + 0.7 * hard)
            found.append(np.abs(label - (rng.random((n, 5)) < error[:, None])))
        return label, found

    def _numbers(
        self, n: int, rng: np.random.Generator, trait: Floats, noise: Floats
    ) -> tuple[Floats, list[Floats]]:
        x, shared, found = rng.normal(size=n) + trait, rng.normal(size=n), []
        for _ in range(2):
            y = (2.5 if self.strong else 0.6) * x + noise + 0.6 * shared + 0.8 * rng.normal(size=n)
            y = np.sign(y) * np.abs(y) ** 1.5 if self.shape == "heavy" else y
            found.append(np.round(y) if self.shape == "tied" else y)
        return (np.round(x) if self.shape == "tied" else x), found

    def _words(
        self, n: int, rng: np.random.Generator, trait: Floats, noise: Floats
    ) -> tuple[Floats, list[Floats]]:
        length = 0.9 if self.shape == "heavy" else 0.4
        words = np.asarray(
            1.0 + rng.poisson(np.exp(2.3 + length * rng.normal(size=n) + 0.3 * trait)), dtype=float
        )
        hard = 0.6 * rng.normal(size=n) + 0.8 * noise
        rates = [self.rare * np.exp(hard + 0.4 * rng.normal(size=n)) for _ in range(2)]
        return words, [rng.poisson(np.minimum(rate, 1) * words).astype(float) for rate in rates]

    def _difficulty(
        self, n: int, rng: np.random.Generator, trait: Floats, noise: Floats
    ) -> tuple[Floats, list[Floats]]:
        minutes = np.exp(2.5 + 2.2 * rng.normal(size=n) + trait)
        hard = noise + 0.5 * rng.normal(size=n)
        bar = 3.5 if self.strong else 2.0
        chances = scipy.special.expit(-(np.log(minutes) - bar) + hard)
        return np.asarray(minutes), [(rng.random(n) < chances).astype(float) for _ in range(2)]

    def rows(self, metric: Metric, label: Floats, prediction: Floats) -> Rows:
        """Return what the metric reads."""
        if self.family == "binary" and metric.reads == "classes":
            prediction = (prediction > CUT).astype(float)
        if metric.name == "brier":
            prediction = scipy.special.expit((prediction - CUT) * 2)
        classes = ("0", "1") if self.family == "binary" else tuple("abcde")
        sets = (
            [Sets(code, row) for row, code in (np.nonzero(label), np.nonzero(prediction))]
            if self.family == "lists"
            else []
        )
        return Rows(
            label=label,
            prediction=prediction,
            share=np.full(len(label), 1 / len(label)),
            classes=classes,
            positive=1,
            lists=(sets[0], sets[1]) if sets else None,
        )


BINARY = (
    "auroc",
    "average-precision",
    "recall@fpr=0.1",
    "precision",
    "recall",
    "f1",
    "mcc",
    "balanced-accuracy",
    "brier",
)


def standard_metrics() -> list[MetricWorld]:
    """Return the scenarios of the released simulation: at least six for each metric."""
    found = []
    for metric in BINARY:
        plain: list[dict[str, Any]] = [
            {"items": 100, "rare": 0.5},
            {"items": 100, "rare": 0.1},
            {"items": 250, "rare": 0.1},
            {"items": 500, "rare": 0.1, "strong": True},
            {"items": 300, "rare": 0.3, "clustered": True},
            {"items": 600, "rare": 0.1, "clustered": True},
            {"items": 200, "rare": 0.5, "shape": "tied"},
        ]
        found += [MetricWorld(metric=metric, family="binary", **world) for world in plain]
    for metric in ("macro-f1", "weighted-f1"):
        plain = [
            {"items": 300},
            {"items": 600},
            {"items": 600, "strong": True},
            {"items": 1_500, "strong": True},
            {"items": 600, "clustered": True},
            {"items": 1_000, "clustered": True, "strong": True},
        ]
        found += [MetricWorld(metric=metric, family="classes", **world) for world in plain]
    for metric in ("pearson", "spearman", "median", "quantile@q=0.9"):
        plain = [
            {"items": 100},
            {"items": 100, "strong": True},
            {"items": 300, "clustered": True},
            {"items": 100, "shape": "heavy"},
            {"items": 400, "shape": "heavy"},
            {"items": 100, "shape": "tied"} if metric in ("pearson", "spearman") else {"items": 400},
        ]
        found += [MetricWorld(metric=metric, family="numbers", **world) for world in plain]
    for metric in ("ratio", "perplexity"):
        plain = [
            {"items": 100, "rare": 0.12},
            {"items": 400, "rare": 0.02},
            {"items": 300, "rare": 0.12, "clustered": True},
            {"items": 200, "rare": 0.12, "shape": "heavy"},
            {"items": 400, "rare": 0.12, "clustered": True, "shape": "heavy"},
            {"items": 1_000, "rare": 0.02},
        ]
        found += [MetricWorld(metric=metric, family="words", **world) for world in plain]
    for metric in ("horizon", "horizon@p=0.8"):
        plain = [
            {"items": 100},
            {"items": 200},
            {"items": 200, "strong": True},
            {"items": 300, "clustered": True},
            {"items": 600, "clustered": True},
            {"items": 600, "clustered": True, "strong": True},
        ]
        found += [MetricWorld(metric=metric, family="difficulty", **world) for world in plain]
    for metric in ("macro-f1", "micro-f1", "samples-f1"):
        plain = [
            {"items": 300},
            {"items": 300, "strong": True},
            {"items": 600},
            {"items": 600, "strong": True},
            {"items": 600, "clustered": True},
            {"items": 1_000, "clustered": True, "strong": True},
        ]
        found += [MetricWorld(metric=metric, family="lists", **world) for world in plain]
    return found


def check_metrics(worlds: Sequence[MetricWorld], **options: Any) -> pl.DataFrame:
    """Return one row per scenario."""
    return over_worlds(run_metric, SCHEMA, worlds, **options)


def run_metric(
    index: int, world: MetricWorld, *, trials: int, level: float, seed: int
) -> list[dict[str, Any]]:
    """Draw evaluations of a scenario, and count how often the truth is held, and equal models are called
    different.
    """
    rng, metric = np.random.default_rng([seed, 47, index]), metric_of(world.metric).metric
    label, predictions, _ = world.draw(LARGE, rng)
    large = metric.measure(world.rows(metric, label, predictions[0]))
    held, width, false, undefined, boot = 0, [], 0, 0, []
    for trial in range(trials):
        label, predictions, code = world.draw(world.items, rng)
        data = [world.rows(metric, label, each) for each in predictions]
        try:
            a, b = map(metric.measure, data)
        except MethodError:
            undefined += 1
            continue
        low, high = _interval(metric, a, code, level)
        held += low <= large.value <= high
        width.append(high - low)
        false += _p_value(a.scores - b.scores, code) <= 1 - level
        if trial % 20 == 0:
            boot.append(_bootstrap(metric, world, (label, predictions[0]), code, level=level, rng=rng))
    drawn = trials - undefined
    coverage, smallest = held / drawn, large.smallest / LARGE * world.items
    limits = np.array(boot)
    inside = (limits[:, 0] <= large.value) & (large.value <= limits[:, 1])
    kept = coverage >= HELD - TOLERANCE * error_of(HELD, drawn)
    kept &= false / drawn <= MOST_FALSE + TOLERANCE * error_of(MOST_FALSE, drawn)
    return [
        {
            "metric": world.metric,
            "world": world.name,
            "items": world.items,
            "clustered": world.clustered,
            "trials": trials,
            "truth": large.value,
            "smallest": smallest,
            "coverage": coverage,
            "width": float(np.mean(width)),
            "bootstrap_coverage": float(inside.mean()),
            "bootstrap_width": float(np.nanmean(limits[:, 1] - limits[:, 0])),
            "false": false / drawn,
            "undefined": undefined / trials,
            "kept": None if smallest < ENOUGH else bool(kept),
        }
    ]


def _interval(metric: Metric, found: Measured, code: Ints | None, level: float) -> tuple[float, float]:
    interval = OfMetric(metric.scale, np.array([found.smallest]))
    clusters = () if code is None else (code,)
    estimate = means(found.scores[:, None], clusters=clusters, bounded=False, interval=interval, level=level)[
        0
    ]
    return estimate.interval.low, estimate.interval.high


def _p_value(difference: Floats, code: Ints | None) -> float:
    """Test a difference as a comparison does (`metric_df` in inference/sampled_questions.py)."""
    estimate = means(
        difference[:, None], clusters=() if code is None else (code,), bounded=False, interval="t"
    )[0]
    squares = clustering(code, np.ones(len(difference))).sums(difference - difference.mean()) ** 2
    df = min(estimate.df, float(moment_df(squares.sum(), (squares**2).sum(), float(len(squares)))))
    return float(t_p_value(estimate.value / estimate.se, df)) if estimate.se > 0 else 1.0


def _bootstrap(
    metric: Metric,
    world: MetricWorld,
    columns: tuple[Floats, Floats],
    code: Ints | None,
    *,
    level: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the percentile interval over resampled questions, or clusters."""
    unit = np.arange(len(columns[0])) if code is None else code
    values = []
    for _ in range(RESAMPLES):
        share = np.bincount(
            rng.integers(0, int(unit.max()) + 1, int(unit.max()) + 1), minlength=int(unit.max()) + 1
        )
        drawn = np.repeat(np.arange(len(unit)), share[unit])
        try:
            values.append(metric.measure(world.rows(metric, *(each[drawn] for each in columns))).value)
        except MethodError:
            continue
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) if values else (np.nan, np.nan)
    return float(low), float(high)
