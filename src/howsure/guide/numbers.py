"""The results that the lesson is played with, as its page takes them: one task's scores by model and item."""

from __future__ import annotations

import json
import shlex
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import DataError
from howsure.page.packing import SYMBOLS, packed_scores, short
from howsure.present.document import caution_text
from howsure.study.design import Respects
from howsure.study.gathering import gather

if TYPE_CHECKING:
    from howsure.guide.rewriting import Target
    from howsure.statistics.arrays import Floats
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

RESPECTS = Respects(verb="guide", all_but=("random factor", "covariate", "slices", "measures", "benchmark"))
MOST_MODELS = 40
MOST_CELLS = 2_000_000
EXACT = 17


@cache
def built_in() -> list[dict[str, Any]]:
    """Return the boards that come with howsure (scripts/lesson-boards makes them): SWE-bench Verified, and
    the example logs.
    """
    found: list[dict[str, Any]] = json.loads(
        files("howsure.guide").joinpath("assets", "boards.json").read_text("utf-8")
    )
    return found


def board_of(
    scores: Scores, design: Design, target: Target, *, name: str, kind: str = "own"
) -> dict[str, Any]:
    """Return one task of the reader's as the lesson's page takes it: at most 40 models, the best, and the two
    that are compared.

    `name`: what the board is called on the page. DataError where scores lie outside of [0, 1], or are too
    many for a page.
    """
    study = gather(scores, design)
    matrix = next(study.matrices())
    if not matrix.bounded:
        raise DataError(
            "the lesson is about scores from 0 to 1",
            where=matrix.task,
            remedy="Name another metric (--metric), or read the chapter in the terminal: howsure guide 1 PATH",
        )
    kept = _kept(matrix, target)
    if len(kept) * len(matrix.items) > MOST_CELLS:
        raise DataError(
            f"{len(kept)} models × {len(matrix.items):,} items are too many for a page",
            remedy="Name one task (--task).",
        )
    said = [*study.notes, *_lesson_notes(matrix), *map(caution_text, study.cautions)] if kind == "own" else []
    return _told(matrix, kept, target) | {"name": name, "kind": kind, "said": said}


def _lesson_notes(matrix: ScoreMatrix) -> list[str]:
    """Say what the lesson takes otherwise than the commands."""
    turned = "Smaller scores are better here: the lesson shows 1 − score." if matrix.lower_is_better else ""
    crossed = (
        f"The lesson knows one clustering, and takes {matrix.cluster_names[0]}."
        if matrix.clusters[1:]
        else ""
    )
    return [note for note in (turned, crossed) if note]


def _told(matrix: ScoreMatrix, kept: list[int], target: Target) -> dict[str, Any]:
    values = matrix.values[:, kept] if not matrix.lower_is_better else 1 - matrix.values[:, kept]
    words = (*target.grouping, *target.reading)
    task = ("--task", target.task) if target.task else ()
    return {
        "task": matrix.task,
        "path": shlex.join(target.paths),
        "grouping": shlex.join((*words, *task)),
        "models": [matrix.models[m] for m in kept],
        "a": target.a,
        "b": target.b,
        "left": len(matrix.models) - len(kept),
        "scores": packed_scores(values, digits=EXACT) | {"symbols": SYMBOLS},
        "clusters": _clusters(matrix),
        "attempts": short(_attempts(matrix, kept), EXACT),
        "within": short(_answer_variance(matrix, kept), EXACT),
        "answers": [_answers(matrix, m) for m in kept],
    }


def _kept(matrix: ScoreMatrix, target: Target) -> list[int]:
    """Return which models are shown, best first."""
    means = matrix.orientation * _means(matrix.values, ~np.isnan(matrix.values))
    order = np.argsort(-np.nan_to_num(means, nan=-np.inf), kind="stable").tolist()
    wanted = [m for m in order if matrix.models[m] in (target.a, target.b)]
    best = [m for m in order if m not in wanted][: MOST_MODELS - len(wanted)]
    return sorted(best + wanted, key=order.index)


def _clusters(matrix: ScoreMatrix) -> dict[str, Any] | None:
    if not matrix.clusters:
        return None
    return {
        "name": matrix.cluster_names[0],
        "codes": matrix.clusters[0].tolist(),
        "labels": matrix.cluster_labels[0],
    }


def _attempts(matrix: ScoreMatrix, kept: list[int]) -> Floats:
    """Return how many attempts at every item would be as noisy: their harmonic mean over the items."""
    counts = matrix.attempts[:, kept].astype(float)
    with np.errstate(divide="ignore"):
        return np.asarray(1 / _means(1 / np.maximum(counts, 1), counts > 0))


def _answer_variance(matrix: ScoreMatrix, kept: list[int]) -> Floats:
    """Return the mean variance of the attempts at an item (unbiased), NaN where every item has one."""
    counts, within = matrix.attempts[:, kept], matrix.within[:, kept]
    several = counts > 1
    unbiased = np.where(several, within * counts / np.maximum(counts - 1, 1), 0.0)
    return _means(unbiased, several)


def _answers(matrix: ScoreMatrix, m: int) -> int | list[int] | None:
    """Return of how many right-or-wrong answers each score of a model is the mean, None where it is something
    else.
    """
    if not matrix.right_or_wrong()[m]:
        return None
    counts = matrix.attempts[:, m].astype(int)
    some = counts[counts > 0]
    return int(some[0]) if len(some) and (some == some[0]).all() else counts.tolist()


def _means(values: Any, there: Any) -> Floats:
    """Return the mean of each column over the cells that are there, NaN where none is."""
    counts = there.sum(axis=0)
    found: Floats = np.where(
        counts > 0, np.where(there, values, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan
    )
    return found
