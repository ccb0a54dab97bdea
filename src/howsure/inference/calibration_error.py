"""The calibration error of a model: its interval, what calibrated probabilities would show, and its bins."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.parts import ReliabilityBin, ReliabilityCurve
from howsure.statistics.metrics.calibration import Labelled, reliability
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.answers.estimate import Entry
    from howsure.inference.question import Question
    from howsure.study.matrix import ScoreMatrix


def with_calibration(
    entries: list[Entry], matrix: ScoreMatrix, labelled: pl.DataFrame | None, question: Question
) -> list[Entry]:
    """Return the entries of a matrix with their calibration, unchanged without labels and probabilities.

    The interval starts at 0 unless the error is significantly larger than that of calibrated probabilities.
    """
    if labelled is None:
        return entries
    codes = matrix.clusters[0] if matrix.clusters else np.arange(len(matrix.items))
    places = dict(zip(map(str, matrix.items), codes.tolist(), strict=True))
    found = []
    for entry in entries:
        rows = labelled.filter((pl.col("task") == matrix.task) & (pl.col("model") == entry.model))
        cluster = rows["item"].replace_strict(places, return_dtype=pl.Int64).rank("dense").to_numpy()
        weight = rows["weight"].to_numpy()
        by_item = rows.group_by("item").agg(pl.col("weight").sum())["weight"].to_numpy()
        of = Labelled(
            label=rows["label"].to_numpy(),
            probability=rows["probability"].to_numpy(),
            share=weight / weight.sum(),
            cluster=cluster.astype(np.int64) - 1,
            questions=float(by_item.sum() ** 2 / (by_item @ by_item)),
        )
        level, estimate = question.level, entry.estimate
        curve = reliability(of, level, np.random.default_rng(question.seed))
        half = estimate.interval.high - estimate.value
        low = max(curve.debiased - half, 0.0) if significant(curve.p_value, level) else 0.0
        if math.isfinite(half):
            interval = replace(estimate.interval, low=low, high=min(estimate.interval.high, 1.0))
            estimate = replace(estimate, interval=interval)
        bins = zip(curve.n, curve.probability, curve.rate, curve.low, curve.high, strict=True)
        calibration = ReliabilityCurve(
            p_value=curve.p_value,
            calibrated_mean=curve.calibrated_mean,
            calibrated_high=curve.calibrated_high,
            debiased=curve.debiased,
            bins=tuple(
                ReliabilityBin(n=int(n), probability=float(p), rate=float(rate), low=float(a), high=float(b))
                for n, p, rate, a, b in bins
            ),
        )
        found.append(replace(entry, calibration=calibration, estimate=estimate))
    return found
