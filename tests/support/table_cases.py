"""Tables of every kind of row, and what makes two answers the same."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import howsure as hs

if TYPE_CHECKING:
    from collections.abc import Callable

TOLERANCE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows as a Polars frame, with what a verb has to be told about them."""

    table: pl.DataFrame
    options: dict[str, Any] = field(default_factory=dict)
    where: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)


def tidy_rows() -> pl.DataFrame:
    """Two tasks, four models, one to three attempts, clusters of five, weights; null, NaN and missing scores."""
    rng = np.random.default_rng(20)
    rows = []
    for task, n_items in (("maths", 40), ("reading", 30)):
        ease = rng.normal(size=n_items)
        for k, model in enumerate(("ant", "bee", "cat", "dög")):
            for item in range(n_items):
                if model == "dög" and item % 10 == 9:
                    continue
                for attempt in range(1 + (item + k) % 3):
                    score = round(1 / (1 + math.exp(-ease[item] - k / 2 + rng.normal())), 3)
                    if (item, attempt, k) in ((3, 0, 1), (4, 1, 0)):
                        score = None
                    if (item, attempt, k) == (7, 0, 2):
                        score = math.nan
                    rows.append((task, model, f"q{item:02}", attempt, score, f"p{item // 5}", 1.0 + item % 4, item % 2))
    names = ("task", "model", "item", "attempt", "score", "cluster", "weight", "half")
    shuffled = pl.DataFrame(rows, schema=names, orient="row").sample(fraction=1, shuffle=True, seed=3)
    return shuffled.with_columns(half=pl.when(pl.col("half") == 0).then(pl.lit("even")).otherwise(pl.lit("odd")))


def numbers() -> Rows:
    """Floats under the names of the tidy table."""
    return Rows(table=tidy_rows(), options={"weight": "weight"}, where={"half": "odd"}, columns={"cluster": "half"})


def booleans() -> Rows:
    """Right or wrong, under the names that others use; whole numbers as ids."""
    table = tidy_rows().select(
        benchmark="task",
        model_name="model",
        question_id=pl.col("item").str.tail(2).cast(pl.Int64),
        epoch="attempt",
        is_correct=pl.col("score").fill_nan(None) > 0.5,
        passage_id="cluster",
        half="half",
    )
    return Rows(
        table=table,
        options={"cluster": "passage_id"},
        where={"epoch": ("0", "1"), "half": "odd"},
        columns={"task": "half", "item": ("benchmark", "question_id"), "cluster": "passage_id"},
    )


def words() -> Rows:
    """Inspect's letters and a status, nothing else told; the model is a pair of columns."""
    table = tidy_rows().select(
        pl.col("task").alias("eval"),
        pl.col("model").str.head(1).alias("family"),
        pl.col("model").str.tail(2).alias("size"),
        "model",
        pl.col("item").alias("sample_id"),
        pl.col("attempt").alias("epoch"),
        pl.when(pl.col("score").fill_nan(None) > 0.6)
        .then(pl.lit("C"))
        .when(pl.col("score").fill_nan(None) > 0.5)
        .then(pl.lit("P"))
        .when(pl.col("score").fill_nan(None) <= 0.5)
        .then(pl.lit("I"))
        .alias("value"),
        pl.when(pl.col("score").is_nan())
        .then(pl.lit("not run"))
        .when(pl.col("score").is_null() | (pl.col("score") > 0.97))
        .then(pl.lit("error"))
        .otherwise(pl.lit("ok"))
        .alias("status"),
        pl.col("half"),
    )
    return Rows(table=table, where={"half": "even"}, columns={"model": ("family", "size")})


ROWS: dict[str, Callable[[], Rows]] = {"numbers": numbers, "booleans": booleans, "words": words}


def same(found: Any, expected: Any) -> None:
    """Two answers: numbers equal to 1e-12, everything else equal; and what a reader sees is equal, too."""
    left, right = found.to_frame(), expected.to_frame()
    assert left.schema == right.schema
    assert left.height == right.height > 0
    for name in left.columns:
        if left.schema[name].is_float():
            np.testing.assert_allclose(left[name].to_numpy(), right[name].to_numpy(), rtol=TOLERANCE, atol=TOLERANCE)
        else:
            assert left[name].to_list() == right[name].to_list(), name
    assert found.notes == expected.notes
    assert found.warnings == expected.warnings
    assert str(found) == str(expected)


VERBS: dict[str, Callable[..., Any]] = {
    "estimate": hs.estimate,
    "leaderboard": hs.leaderboard,
    "compare": lambda data, **options: hs.compare(data, "ant", "cat", **options),
}
