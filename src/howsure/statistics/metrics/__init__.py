"""Metrics that aren't means over questions: their value, and the influence of every row on it.

The influence of a row is the derivative of the metric as the row's share of the weight grows (Hampel 1974).
Influences have mean 0, so the metric plus a row's influence is a score of this row. The mean of these scores
is the metric. Their standard error is that of the linearised metric, with clusters, pairs and corrections as
for any mean. For ratios that is the linearisation of survey statistics (Särndal, Swensson and Wretman
1992, section 5.6), for AUROC DeLong, DeLong and Clarke-Pearson (1988), in clusters Obuchowski (1997).

Quantiles, and recall at a false positive rate, depend on a density. Their slope is taken between the points
two standard errors to either side, as in the interval of Woodruff (1952).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar

from howsure.errors import MethodError
from howsure.statistics.metrics.base import HigherIsBetter, Mean, Measured, Metric, Reads, Rows, Scale
from howsure.statistics.metrics.calibration import CalibrationError
from howsure.statistics.metrics.classes import (
    ONE_CLASS,
    Matthews,
    OfClasses,
    OfLists,
    of_class,
    recall,
    right,
)
from howsure.statistics.metrics.numbers import Horizon, Pearson, Quantile, Ratio, Spearman
from howsure.statistics.metrics.scores import Auroc, AveragePrecision, RecallAtFpr, brier_scores
from howsure.statistics.metrics.texts import Bleu, Chrf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats


@dataclass(frozen=True, slots=True)
class OfRows(HigherIsBetter):
    """Your own function of the rows of one model: a Polars frame in, a number out."""

    of: Callable[[Any], float]
    reads: ClassVar[Reads] = "rows"
    scale: ClassVar[Scale] = "number"

    @property
    def name(self) -> str:
        """The name of the function."""
        return getattr(self.of, "__name__", type(self.of).__name__).strip("<>")

    def measure(self, rows: Rows) -> Measured:
        """Raise MethodError: it reads more than labels and predictions."""
        raise MethodError(f"{self.name} reads {len(rows.share):,} whole rows", remedy="Call `jackknife`.")


def jackknife(value: float, without: Floats, share: Floats) -> Measured:
    """Return a metric with the influences of groups of rows (G,), from its values without each of them.

    `share` (G,): of each group in all weight. Exact for means; for smooth metrics correct as groups grow in
    number (Efron and Stein 1981).
    """
    influence = (1 - share) / share * (value - without)
    return Measured(value=value, influence=influence - share @ influence)


_BY_NAME: tuple[Metric, ...] = (
    Mean("accuracy", right, "classes", of_questions=True),
    Mean("share", of_class, "outcomes", of_questions=True),
    *(OfClasses(name, of, "one") for name, of in ONE_CLASS.items()),
    *(OfClasses(f"macro-{name}", of, "macro") for name, of in ONE_CLASS.items()),
    *(OfClasses(f"weighted-{name}", of, "weighted") for name, of in ONE_CLASS.items()),
    *(OfClasses(f"micro-{name}", of, "micro") for name, of in ONE_CLASS.items()),
    *(OfLists(f"samples-{name}", of) for name, of in ONE_CLASS.items()),
    OfClasses("balanced-accuracy", recall, "labelled"),
    Matthews(),
    Auroc(),
    AveragePrecision(),
    Mean("brier", brier_scores, "scores", lower_is_better=True),
    CalibrationError(),
    Ratio("ratio"),
    Ratio("wer", lower_is_better=True),
    Ratio("cer", lower_is_better=True),
    Bleu(),
    Chrf(),
    Ratio("perplexity", lower_is_better=True, exponential=True),
    Pearson(),
    Spearman(),
    Quantile(0.5),
    Horizon(),
)
METRICS: Mapping[str, Metric] = {each.name: each for each in _BY_NAME}
"""The metrics by the words that choose them, except those with a value of their own in `OF_VALUES`."""

OF_VALUES: Mapping[str, Callable[[float], Metric]] = {
    "recall@fpr": RecallAtFpr,
    "quantile@q": Quantile,
    "horizon@p": Horizon,
}
"""The metrics with a value of their own, by the words before it."""

WORDS = (*METRICS, *(f"{word}=…" for word in OF_VALUES))
OF_CLASS = "@class="


@dataclass(frozen=True, slots=True)
class ChosenMetric:
    """A metric, and the class that it is about, "" if none is named."""

    metric: Metric
    positive: str = ""

    def __str__(self) -> str:
        return f"{self.metric.name}{OF_CLASS}{self.positive}" if self.positive else self.metric.name


def metric_of(word: str) -> ChosenMetric:
    """Return the metric of a word, such as `f1`, `f1@class=unsafe` or `recall@fpr=0.01`. MethodError for an
    unknown one, with the nearest.

    >>> metric_of("f1@class=unsafe").positive
    'unsafe'
    """
    name, _, positive = word.partition(OF_CLASS)
    if name in METRICS:
        metric = METRICS[name]
        if positive and metric.reads not in ("classes", "scores", "outcomes"):
            raise MethodError(f"{name} has no class", remedy=f"Write {name}.")
        return ChosenMetric(metric, positive)
    key, _, text = name.partition("=")
    if key in OF_VALUES:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value < 1:
            raise MethodError(f"{word!r}: {text!r} isn't between 0 and 1", remedy=f"Write {key}=0.1.")
        return ChosenMetric(OF_VALUES[key](value), positive)
    near = get_close_matches(
        name.lower().replace("_", "-").replace(" ", "-"), [*METRICS, *OF_VALUES], n=1, cutoff=0.7
    )
    raise MethodError(
        f"no metric {word!r}", remedy=f"Did you mean {near[0]}?" if near else f"There are {', '.join(WORDS)}."
    )
