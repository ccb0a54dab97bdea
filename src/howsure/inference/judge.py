"""Verdicts and labels become corrected rates, of all answers and model by model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.judge import JudgedModel, JudgeRates
from howsure.errors import Caution
from howsure.statistics.judges.correction import corrected
from howsure.statistics.results import Interval, significant
from howsure.wording import listing, p_text

if TYPE_CHECKING:
    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats
    from howsure.statistics.choices import Drawing
    from howsure.statistics.judges.correction import Corrected

FEWEST = 10
"""With fewer labels an interval says little, whatever the judge."""


def rates(table: Verdicts, drawn: Drawing, level: float) -> JudgeRates:
    """Correct a judge's rate; see `howsure.judge`."""
    every = np.ones(len(table.verdicts), dtype=bool)
    found = corrected(table.verdicts, table.labels, level)
    names = np.array(table.models)
    several = sorted(set(table.models)) if len(set(table.models)) > 1 else []
    parts = {name: np.asarray(names == name) for name in several}
    labelled = {name: part for name, part in parts.items() if np.isfinite(table.labels[part]).any()}
    models = tuple(
        _entry(name, table, part, corrected(table.verdicts[part], table.labels[part], level), level)
        for name, part in labelled.items()
    )
    without = [name for name in several if name not in labelled]
    return JudgeRates(
        whole=_entry("", table, every, found, level),
        models=tuple(sorted(models, key=lambda each: -each.estimate.value)),
        level=level,
        drawn=drawn,
        notes=table.notes,
        cautions=(*_unlike(found, level), *_without(without), *_few(models)),
    )


def _entry(model: str, table: Verdicts, part: Bools, found: Corrected, level: float) -> JudgedModel:
    verdicts, labels = table.verdicts[part], table.labels[part]
    said = _mean(table.verdicts, verdicts)
    low, high = found.rate.interval.low, found.rate.interval.high
    return JudgedModel(
        model=model,
        n_judged=len(verdicts),
        n_labelled=int(np.isfinite(labels).sum()),
        judge=said,
        estimate=found.rate,
        labels=found.alone,
        bias=said - found.rate.value,
        bias_interval=Interval(low=said - high, high=said - low, level=level),
    )


def _mean(every: Floats, verdicts: Floats) -> float:
    """Return the judge's rate; NaN where verdicts are on another scale than labels."""
    return float(verdicts.mean()) if every.min() >= 0 and every.max() <= 1 else math.nan


def _unlike(found: Corrected, level: float) -> list[Caution]:
    if not significant(found.unlike, level):
        return []
    return [
        Caution(
            code="labels_unlike",
            message=f"the judge sees the labelled answers otherwise than the rest (p {p_text(found.unlike)}): they are hardly a random sample",
            remedy="Draw answers to label at random; the correction weighs them by verdict, and by nothing else.",
        )
    ]


def _without(names: list[str]) -> list[Caution]:
    if not names:
        return []
    return [
        Caution(
            code="no_labels", message=f"no label, and left out: {listing(names)}", remedy="Label some of their answers."
        )
    ]


def _few(models: tuple[JudgedModel, ...]) -> list[Caution]:
    few = [each.model for each in models if each.n_labelled < FEWEST]
    if not few:
        return []
    return [
        Caution(
            code="few_labels",
            message=f"fewer than {FEWEST} labels of {listing(few)}: their intervals say little",
            remedy="Label more of their answers.",
        )
    ]
