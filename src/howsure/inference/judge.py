"""Verdicts and labels become corrected rates, of all answers and model by model, and what judges are
worth.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.judge import JudgedModel, JudgeLine, JudgeRates
from howsure.errors import Caution, doubt
from howsure.inference.judged_boards import places
from howsure.inference.judged_checks import checked_rate
from howsure.inference.judged_gaps import gap_notes, gap_of
from howsure.inference.judged_panel import Panel
from howsure.inference.small_parts import small_part
from howsure.statistics.clustered_variance import degrees_of_freedom
from howsure.statistics.judge_correction import accuracy, corrected
from howsure.statistics.judge_strata import FEWEST as FEWEST_IN_PART
from howsure.statistics.means import cluster_cautions
from howsure.statistics.results import Estimate, Interval, Method, significant
from howsure.wording import Scale, listing, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.errors import SmallPart
    from howsure.inference.judged_panel import Asked
    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools
    from howsure.statistics.judge_correction import Corrected, Judged

FEWEST = 10
"""With fewer labels an interval says little, whatever the judge."""


def rates(table: Verdicts, asked: Asked) -> JudgeRates:
    """Correct a judge's rate; see `howsure.judge`."""
    panel, every = Panel.of(table), np.ones(len(table.labels), dtype=bool)
    judged = panel.judged(every)
    found = corrected(judged, asked.level)
    names = np.array(table.models)
    several = sorted(set(table.models)) if len(set(table.models)) > 1 else []
    parts = {name: np.asarray(names == name) for name in several}
    labelled = {name: part for name, part in parts.items() if np.isfinite(table.labels[part]).any()}
    fits = {name: corrected(panel.judged(part), asked.level) for name, part in labelled.items()}
    ordered = sorted(fits, key=lambda name: -fits[name].rate.value)
    models = tuple(_entry(name, panel, labelled[name], fits[name]) for name in ordered)
    gap = gap_of(panel, parts, fits, asked) if asked.a is not None and asked.b is not None else None
    return JudgeRates(
        whole=_entry("", panel, every, found),
        gap=gap,
        check=checked_rate(panel, parts, asked),
        models=models,
        ranks=places(
            [fits[name] for name in ordered], [labelled[name] for name in ordered], table, asked.level
        ),
        judges=tuple(_judge(k, panel, found, asked.level) for k in range(len(table.judges))),
        level=asked.level,
        drawn=asked.drawn,
        notes=(*table.notes, *_joined(panel, {"all answers": every, **labelled}), *gap_notes(gap)),
        cautions=(
            *_unlike(found, asked.level),
            *_without([name for name in several if name not in labelled]),
            *_few(models),
            *_small_stratum(panel, judged, found),
            *_few_clusters(table),
        ),
    )


def _entry(model: str, panel: Panel, part: Bools, found: Corrected) -> JudgedModel:
    said = panel.said(part)
    return JudgedModel(
        model=model,
        n_judged=int(part.sum()),
        n_labelled=int(np.isfinite(panel.table.labels[part]).sum()),
        judge=said,
        estimate=found.rate,
        labels=found.alone,
        bias=said - found.rate.value,
        bias_interval=_less(said, found.rate),
    )


def _less(said: float, rate: Estimate) -> Interval:
    """Return the interval of what a judge says less the rate."""
    return Interval(low=said - rate.interval.high, high=said - rate.interval.low, level=rate.interval.level)


def _judge(k: int, panel: Panel, found: Corrected, level: float) -> JudgeLine:
    """Say what one judge's verdicts are worth by themselves."""
    table, verdicts = panel.table, panel.table.verdicts[:, k]
    there = np.isfinite(verdicts)
    said = float(verdicts[there].mean()) if there.any() else math.nan
    if there.any() and (verdicts[there].min() < 0 or verdicts[there].max() > 1):
        said = math.nan
    right = accuracy(verdicts, panel.judged(np.ones(len(verdicts), dtype=bool)), level)
    return JudgeLine(
        judge=table.judges[k],
        n_judged=int(there.sum()),
        n_labelled=int((there & np.isfinite(table.labels)).sum()),
        rate=said,
        bias=said - found.rate.value,
        bias_interval=_less(said, found.rate),
        sensitivity=_nothing(level) if right is None else right.sensitivity,
        specificity=_nothing(level) if right is None else right.specificity,
    )


def _nothing(level: float) -> Estimate:
    """Return an estimate of what can't be said."""
    none = Interval(low=math.nan, high=math.nan, level=level)
    method = Method(name="no yes or no")
    return Estimate(
        value=math.nan, se=math.nan, interval=none, df=math.nan, n_items=0, n_clusters=0, method=method
    )


def _unlike(found: Corrected, level: float) -> list[Caution]:
    if not significant(found.unlike, level):
        return []
    return [
        Caution(
            code="labels_unlike",
            message=(
                f"the judge sees the labelled answers otherwise than the rest (p {p_text(found.unlike)}): "
                "they are hardly a random sample"
            ),
            remedy=(
                "Draw answers to label at random; the correction weighs them by verdict, and by nothing else."
            ),
        )
    ]


def _without(names: list[str]) -> list[Caution]:
    if not names:
        return []
    return [
        Caution(
            code="no_labels",
            message=f"no label, and left out: {listing(names)}",
            remedy="Label some of their answers.",
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


def _joined(panel: Panel, parts: Mapping[str, Bools]) -> list[str]:
    """Say of which answers strata were joined, and what that leaves."""
    found = {
        name: [len(np.unique(each)) for each in (panel.parted(at), panel.judged(at).strata)]
        for name, at in parts.items()
        if not np.isfinite(panel.table.labels[at]).all()
    }
    alone = [name for name, (before, after) in found.items() if after == 1 < before]
    fewer = [name for name, (before, after) in found.items() if 1 < after < before]
    few = f"fewer than {FEWEST_IN_PART} labels"
    notes = []
    if alone:
        notes.append(
            f"The rate of {listing(alone)} is that of the labels alone: one of the verdicts has {few}."
        )
    if fewer:
        notes.append(f"Verdicts with {few} are joined with those next to them: {listing(fewer)}.")
    return notes


def _small_stratum(panel: Panel, judged: Judged, found: Corrected) -> tuple[SmallPart, ...]:
    """Warn of the stratum that carries most of the error of all answers."""
    if found.weakest is None:
        return ()
    at = judged.strata == found.weakest.place
    n, low, high = int((at & judged.known).sum()), panel.opinions[at].min(), panel.opinions[at].max()
    who = "the judge says" if panel.table.verdicts.shape[1] == 1 else "the judges say"
    part = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    said = (
        f"answers of which {who} {part} ({n:,} of {plural(int(judged.known.sum()), 'label')}) carry "
        f"{100 * found.weakest.error_share:.0f}% of the error"
    )
    small = small_part(found.weakest, said, part=part, n=n, units="labels", scale=Scale())
    return (replace(small, remedy="Draw more of these answers to label, with `plan_labels`."),)


def _few_clusters(table: Verdicts) -> list[Caution]:
    """Warn of labels in few clusters, or most of them in one."""
    if table.clusters is None:
        return []
    codes = np.unique(table.clusters[np.isfinite(table.labels)], return_inverse=True)[1]
    if int(codes.max()) < 1:
        return [doubt("one_cluster", n=len(codes))]
    weights = np.ones(len(codes))
    return cluster_cautions(weights, (codes,), degrees_of_freedom((codes,), weights, "CR2"))
