"""All pairs of a board as columns for the page: the results of `compare` for each, written by the same
formatter.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import HowsureError, doubt
from howsure.page.packing import short
from howsure.present.words.plain import AGREEING, ALIKE, luck
from howsure.statistics.pair_details import PairDetails, pair_details
from howsure.statistics.results import significant
from howsure.statistics.suites import combined_error, telling_error
from howsure.wording import Scale, correlation_text, p_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.leaderboard import Board
    from howsure.answers.noise import PairNoise
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Bools, Floats, Ints, Positions
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.study.matrix import ScoreMatrix

    Places = tuple[Positions, Positions]

MOST_REASONS = 1_000
"""Pairs without an error bar that are compared one by one. If there are more, the page shows no reason."""


def reasons(board: Board, matrix: ScoreMatrix | None, asked: Question, count: int) -> dict[str, Any]:
    """Return the reason for every pair of the first models that has no error bar, in both orders, or {} if
    all have one.

    Pairs of one item, or of one cluster, have one reason and are found at once. Others, which are few, are
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
    """Return why a pair has no error bar, as in `compare`."""
    try:
        warnings = asked.population.pair(matrix, a, b, asked).difference.warnings
    except HowsureError as error:
        return error.what
    return warnings[0].message if warnings else "too few items or clusters"


def pair_attempts(matrix: ScoreMatrix, models: list[str]) -> list[float | None]:
    """Return the average number of attempts per item, both models together, on the items that both
    answered.
    """
    places = matrix.columns(models)
    has = (~np.isnan(matrix.values[:, places])).astype(float)
    counts = matrix.attempts[:, places].astype(float).T @ has
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (counts + counts.T) / (2 * (has.T @ has))
    found = mean[np.triu_indices(len(models), 1)].tolist()
    return [value if np.isfinite(value) else None for value in found]


FLAGS = (
    "real",
    "real_among_all",
    "saving",
    "unsaving",
    "naive_smaller",
    "naive_larger",
    "naive_alike",
    "agreeing",
)
"""The flags of a pair, one bit each; all but the first two as in present/words/plain.py. The page lists them
too (pair.js).
"""
NUMBERS = ("difference", "se", "low", "high", "df", "p_value", "p_adjusted", "n_shared", "n_clusters")
ROUNDING = 8 * np.finfo(float).eps
"""Standard errors below this share of the scores are treated as rounding errors: 0."""


def most_models(pairs: int) -> int:
    """Return the largest number of models with at most this many pairs.

    >>> most_models(6), most_models(44_850)
    (4, 300)
    """
    return (1 + math.isqrt(1 + 8 * pairs)) // 2


def task_details(matrix: ScoreMatrix, models: Sequence[str], variance: VarianceChoice) -> PairDetails:
    """Return the data of all pairs of these models of a task, in their order."""
    values = matrix.values[:, matrix.columns(models)]
    return pair_details(values, clusters=matrix.clusters, weights=matrix.weights, variance=variance)


def only_answers(details: PairDetails) -> PairDetails:
    """Leave out results for sampled questions: if these are fixed, no two models share their sampling
    error.
    """
    unknown = np.full(details.mean.shape, np.nan)
    return replace(details, correlation=unknown, unpaired_se=unknown, unclustered_se=unknown)


def overall_details(parts: Sequence[PairDetails], shares: Sequence[float]) -> PairDetails:
    """Combine the details of several tasks, with independent errors between tasks. There isn't an overall
    correlation.
    """
    s = np.array(shares)[:, None, None]

    return PairDetails(
        mean=(s * np.stack([part.mean for part in parts])).sum(axis=0),
        wins=np.sum([part.wins for part in parts], axis=0),
        ties=np.sum([part.ties for part in parts], axis=0),
        correlation=np.full(parts[0].correlation.shape, np.nan),
        unpaired_se=combined_error([part.unpaired_se for part in parts], shares),
        unclustered_se=combined_error([part.unclustered_se for part in parts], shares),
    )


def pair_columns(board: Board, details: PairDetails, noise: PairNoise | None) -> dict[str, Any]:
    """Return one list per column, with one entry per pair of the first models: (0, 1), (0, 2) … in the order
    of the board.

    `details` sets how many models there are. Numbers for charts have 6 digits, all else is formatted text.
    """
    count = len(details.wins)
    upper = np.triu_indices(count, 1)
    scale = Scale(percent=board.percent)
    found = {name: getattr(board.pairs, name)[:count, :count][upper] for name in NUMBERS}
    size = 1.0 if board.percent else float(np.nanmax(np.abs(details.mean), initial=0.0))
    found["se"] = np.where(found["se"] < ROUNDING * size, 0.0, found["se"])
    comparable = (details.unpaired_se[upper] > ROUNDING * size) & (board.entries[0].sources is None)
    unpaired = np.where(comparable, details.unpaired_se[upper], np.nan)
    texts = {
        "difference": (scale.signed, found["difference"]),
        "low": (scale.number, found["low"]),
        "high": (scale.number, found["high"]),
        "shown_se": (scale.number, found["se"]),
        "unpaired": (scale.number, unpaired),
        "naive": (scale.number, details.unclustered_se[upper]),
        "r": (_correlation, details.correlation[upper]),
        "p": (p_text, found["p_value"]),
        "q": (p_text, found["p_adjusted"]),
        "luck": (luck, found["p_value"]),
    }
    wins, losses = details.wins[upper].tolist(), details.wins.T[upper].tolist()
    return {
        "models": count,
        "d": short(found["difference"].tolist()),
        "se": short(found["se"].tolist()),
        "df": short(found["df"].tolist()),
        "n": _column(found["n_shared"]),
        "g": _column(found["n_clusters"]),
        "wins": losses if board.lower_is_better else wins,
        "losses": wins if board.lower_is_better else losses,
        "ties": details.ties[upper].tolist(),
        "flags": _flags(found, details, upper, board.level, unpaired),
        **{name: _written(write, values) for name, (write, values) in texts.items()},
        **({} if board.task else _telling(found)),
        **_means(details, upper, scale),
        **_sources(noise, [entry.model for entry in board.entries[:count]]),
    }


def _written(write: Callable[[float], str | None], values: Floats) -> list[str | None]:
    """Return the text of every value. Pairs of a board share many values, each of which is written once."""
    every: list[float] = values.tolist()
    texts = {value: write(value) for value in set(every)}
    return [texts[value] for value in every]


def _telling(found: dict[str, Any]) -> dict[str, list[float | None]]:
    """Return the standard error used for forecasts of an overall difference."""
    names = ("difference", "se", "p_value", "df")
    return {"telling": short(telling_error(*(found[name] for name in names)).tolist())}


def _correlation(r: float) -> str | None:
    return correlation_text(r) if math.isfinite(r) else None


def _flags(
    found: dict[str, Any], details: PairDetails, upper: Places, level: float, unpaired: Floats
) -> list[int]:
    """Return the flags of every pair as one number, one bit per flag."""
    se, naive = found["se"], details.unclustered_se[upper]
    saving, unsaving = _clearly_less(se, unpaired)
    smaller, not_smaller = _clearly_less(naive, se)
    larger, not_larger = _clearly_less(se, naive)
    holds = (
        [significant(p, level) for p in found["p_value"].tolist()],
        [significant(p, level) for p in found["p_adjusted"].tolist()],
        saving,
        unsaving,
        smaller,
        larger,
        not_smaller & not_larger,
        details.correlation[upper] >= AGREEING,
    )
    bits = [np.asarray(each, dtype=np.int64) << k for k, each in enumerate(holds)]
    return [sum(each) for each in zip(*(bit.tolist() for bit in bits), strict=True)]


def _clearly_less(small: Floats, large: Floats) -> tuple[Bools, Bools]:
    """Return whether one standard error is clearly less than another, and whether it is known not to be."""
    known = (small > 0) & (large > 0)
    less = known & (small < (1 - ALIKE) * large)
    return less, known & ~less


def _column(values: Ints) -> int | list[int]:
    """Return a number if all are the same."""
    column: list[int] = values.tolist()
    return column[0] if len(set(column)) == 1 else column


def _means(details: PairDetails, upper: Places, scale: Scale) -> dict[str, list[str | None]]:
    """Return both models' scores on shared items, if they answered others as well."""
    own = np.diagonal(details.mean)
    if np.allclose(details.mean, own[:, None], rtol=0, atol=1e-12, equal_nan=True):
        return {}
    sides = {"a_score": details.mean[upper], "b_score": details.mean.T[upper]}
    return {name: _written(scale.score, values) for name, values in sides.items()}


def _sources(noise: PairNoise | None, models: Sequence[str]) -> dict[str, list[float | None]]:
    """Return the variance of every pair between questions, and within questions with one attempt."""
    if noise is None:
        return {}
    place = {model: k for k, model in enumerate(models)}
    known = [k for k, pair in enumerate(zip(noise.a, noise.b, strict=True)) if set(pair) <= place.keys()]
    rows, columns = [place[noise.a[k]] for k in known], [place[noise.b[k]] for k in known]
    found = {}
    for name, values in (("questions", noise.questions), ("once", noise.once)):
        table = np.full((len(models), len(models)), np.nan)
        table[rows, columns] = table[columns, rows] = values[known]
        found[name] = short(table[np.triu_indices(len(models), 1)].tolist())
    return found
