"""What only some pairs need: why they have no error bar, and with exactly these questions how many attempts
they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import HowsureError, doubt

if TYPE_CHECKING:
    from howsure.answers.leaderboard import Board
    from howsure.inference.question import Question
    from howsure.study.matrix import ScoreMatrix

MOST_REASONS = 1_000
"""Pairs without an error bar that are asked one by one; of more the page says no reason."""


def reasons(board: Board, matrix: ScoreMatrix | None, asked: Question, count: int) -> dict[str, Any]:
    """Return the reason of every pair of the first models that has no error bar, seen from both sides; {}
    where all have one.

    Pairs of one item, or of one cluster, have one reason and are told at once; others, which are few, are
    compared.
    """
    upper = np.triu_indices(count, 1)
    lacking = np.isnan(board.pairs.p_value[upper]) & (board.pairs.n_shared[upper] > 0)
    if not lacking.any():
        return {}
    columns: dict[str, list[str | None]] = {"why": [None] * len(lacking), "turned_why": [None] * len(lacking)}
    known: dict[tuple[int, int], tuple[str, ...]] = {}
    models = [entry.model for entry in board.entries]
    for k in np.flatnonzero(lacking).tolist():
        i, j = upper[0][k], upper[1][k]
        clusters = int(board.pairs.n_clusters[i, j])
        kind = (
            (0, min(int(board.pairs.n_shared[i, j]), 2))
            if clusters == 1 and board.population == "new-clusters"
            else (i, j)
        )
        if kind not in known and len(known) < MOST_REASONS:
            known[kind] = _both(matrix, models[i], models[j], asked)
        if kind in known:
            columns["why"][k], columns["turned_why"][k] = known[kind]
    return dict(columns)


def _both(matrix: ScoreMatrix | None, a: str, b: str, asked: Question) -> tuple[str, ...]:
    if matrix is None:
        return (doubt("no_overall_error_bar").message,) * 2
    return tuple(_reason(matrix, *sides, asked) for sides in ((a, b), (b, a)))


def _reason(matrix: ScoreMatrix, a: str, b: str, asked: Question) -> str:
    """Say why a pair has no error bar, as `compare` does."""
    try:
        cautions = asked.population.pair(matrix, a, b, asked).difference.cautions
    except HowsureError as error:
        return error.what
    return cautions[0].message if cautions else "too few items or clusters"


def pair_attempts(matrix: ScoreMatrix, models: list[str]) -> list[float | None]:
    """Return how many attempts an item has on average, both models' together, on the items that both
    answered.
    """
    places = matrix.columns(models)
    has = (~np.isnan(matrix.values[:, places])).astype(float)
    counts = matrix.attempts[:, places].astype(float).T @ has
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (counts + counts.T) / (2 * (has.T @ has))
    found = mean[np.triu_indices(len(models), 1)].tolist()
    return [value if np.isfinite(value) else None for value in found]
