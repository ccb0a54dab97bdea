"""Units: the scale of each task and metric, measures (cost, time, tokens), and prices.

The scale of each task and metric: percentages and scores within bounds are rescaled to [0, 1] once the rows
are aggregated.

Measures: which ones are recorded, and usd computed by a table of prices if the log states none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

import narwhals as nw
import polars as pl

from howsure.errors import DataError, ReadError, ResultWarning
from howsure.table.cells import NumberKind, read_column, texts_of
from howsure.table.grouping import measure_names
from howsure.table.scale import (
    FRACTIONS,
    PERCENT,
    ROUNDING,
    ScaleBounds,
    ScoreExtent,
    require_bounds,
    require_countable,
    says_percent_in_part,
    scale_of,
)
from howsure.table.schema import MEASURES, find_roles, open_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from howsure.study.design import Design
    from howsure.table.scores import Scores

    Key = tuple[str, str]
    Parts = dict[Key, pl.DataFrame]

USD = "usd"
PER = 1e6
"""Prices are per this many tokens."""
NAMED = f"In a table the columns of measures are called {', '.join(MEASURES)}."
PRICE = NumberKind(
    what="price", remedy="Prices are numbers, in usd per million tokens. Leave a cell empty if there is none."
)
BILLED = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")


def known_measures(scores: Scores, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the requested measures. DataError if the rows have no such numbers."""
    held = measure_names(scores)
    for name in asked:
        if name not in held:
            near = get_close_matches(name, held, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            priced = (
                " A table of `prices` makes usd of the tokens."
                if name == USD and set(BILLED) & set(held)
                else ""
            )
            found = f"There are: {', '.join(held)}.{hint}" if held else f"No measure was recorded. {NAMED}"
            raise DataError(f"no measure {name!r} was recorded", remedy=f"{found}{priced}")
    return asked


def priced(scores: Scores, design: Design) -> Scores:
    """Return scores with usd computed by a table of prices if the log states none, or the same without a
    table.

    Attempts with tokens of a kind without a price, or without recorded tokens, get none.
    """
    if design.prices is None:
        return scores
    prices = read_prices(design.prices)
    frame = open_frame(scores.rows)
    names = frame.collect_schema().names()
    if not set(names) & set(BILLED):
        raise DataError("no tokens were recorded, but prices are per token", remedy="Leave `prices` out.")
    model = nw.col(find_roles(names, scores.roles)["model"][0]).cast(nw.String)
    cost = nw.lit(None, nw.Float64)
    for name, of_model in prices.items():
        matches = (model == name) | model.str.ends_with(f"/{name}")
        cost = nw.when(matches).then(_cost(names, of_model)).otherwise(cost)
    stated = nw.col(USD).cast(nw.Float64) if USD in names else nw.lit(None, nw.Float64)
    made = nw.when(~stated.is_null()).then(stated).otherwise(cost).alias(USD)
    return replace(scores, rows=frame.with_columns(made).to_native())


def _cost(names: list[str], prices: Mapping[str, float]) -> nw.Expr:
    """Return the cost of an attempt, or null if it used tokens that have no price, or input and output
    weren't recorded.
    """
    cost = nw.lit(0.0)
    for kind in BILLED:
        if kind not in names:
            continue
        count = nw.col(kind).cast(nw.Float64)
        needed = kind in BILLED[:2]
        if kind in prices:
            part = count * (prices[kind] / PER)
            cost = cost + (part if needed else nw.when(count.is_null()).then(nw.lit(0.0)).otherwise(part))
        else:
            cost = nw.when(count.is_null() & ~nw.lit(needed) | (count == 0)).then(cost)
    return cost


def read_prices(path: str) -> dict[str, dict[str, float]]:
    """Read a table of prices: one model per row, with a column per kind of token for the price of a
    million.
    """
    from howsure.readers.tables import read_table

    frame = read_table(path)
    kinds = [name for name in BILLED if name in frame.columns]
    if "model" not in frame.columns or not kinds:
        raise ReadError(
            f"no prices among {', '.join(frame.columns)}",
            where=path,
            remedy=(
                f"A table of prices has a column model, and any of {', '.join(BILLED)}, in usd per million "
                "tokens."
            ),
        )
    try:
        numbers = frame.select(texts_of(frame["model"]), *(read_column(frame[kind], PRICE) for kind in kinds))
    except DataError as error:
        raise ReadError(error.what, where=path, remedy=error.remedy) from None
    bad = numbers.filter(pl.any_horizontal(pl.col(kinds) < 0) | pl.col("model").is_null())
    if len(bad) or numbers["model"].is_duplicated().any():
        raise ReadError(
            "a price is negative, or a model is in two rows", where=path, remedy="Use one row per model."
        )
    return {
        str(row["model"]): {kind: row[kind] for kind in kinds if row[kind] is not None}
        for row in numbers.iter_rows(named=True)
    }


MIXED = "mixed_scale"
"""The warning of fractions for one model and percentages for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """The scale of each task and metric, the extent of its scores, and the warnings before any is scaled."""

    scales: Mapping[Key, ScaleBounds]
    extents: Mapping[Key, ScoreExtent]
    mixed: Mapping[Key, ResultWarning]

    def place(self, parts: Parts) -> Parts:
        """Return the parts in the units of their scales."""
        return {key: _placed(part, self.scales[key]) for key, part in parts.items()}

    def place_values(self, values: pl.DataFrame) -> pl.DataFrame:
        """Return single scores and their counts in the units of their scales."""
        score = pl.col("score")
        for (task, metric), scale in self.scales.items():
            if not scale.as_it_is:
                here = (pl.col("task") == task) & (pl.col("metric") == metric)
                score = pl.when(here).then(scale.place(pl.col("score"))).otherwise(score)
        return values.with_columns(score=score)

    def refuse_vast(self, keys: Iterable[Key]) -> None:
        """Raise DataError if scores are so large that their variances overflow."""
        for key in keys:
            if self.scales[key].as_it_is:
                require_countable(" · ".join(key), self.extents[key])

    def notes(self, keys: Iterable[Key]) -> list[str]:
        """Note which of these were scaled, and why."""
        return [note for key in keys if (note := self.scales[key].note(" · ".join(key)))]

    def warnings(self, keys: Iterable[Key]) -> list[ResultWarning]:
        """Warn if the scale is uncertain: two scales in one column, a name that doesn't match, no bounds."""
        told = [
            self.mixed.get(key) or self.scales[key].warning(" · ".join(key), self.extents[key])
            for key in keys
            if key in self.scales
        ]
        return [warning for warning in told if warning is not None]


def scales_of(
    parts: Parts, scores: Scores, design: Design, column: str, known: pl.DataFrame | None = None
) -> Scales:
    """Decide on the scale of each part. `column`: the one with the scores. DataError if one exceeds `bounds`.

    `known`: for each task, metric and model the extent of single scores (`low`, `high`, `ends`), if the parts
    contain means of them.
    """
    extents = {
        key: _extent(part) if known is None else _known_extent(key, part, known)
        for key, part in parts.items()
    }
    if design.of_metric is not None:
        return Scales(scales=dict.fromkeys(parts, ScaleBounds()), extents=extents, mixed={})
    signed = column in scores.signed
    asked = {key: design.bounds_of(key[0]) for key in parts}
    if signed:  # a % sign has divided by 100 already
        asked = {key: FRACTIONS if bounds == PERCENT else bounds for key, bounds in asked.items()}
    for key, bounds in asked.items():
        if bounds is not None:
            require_bounds(" · ".join(key), extents[key], bounds)
    scales = {
        key: scale_of(extent, (column, key[1]), bounds=asked[key], signed=signed)
        for key, extent in extents.items()
    }
    mixed = {
        key: warning
        for key, part in parts.items()
        if not asked[key] and (warning := _mixed(key, part, column))
    }
    return Scales(scales=scales, extents=extents, mixed=mixed)


def require_one_scale(warnings: Iterable[ResultWarning]) -> None:
    """Raise DataError if a verdict would compare fractions with percentages."""
    mixed = next((warning for warning in warnings if warning.code == MIXED), None)
    if mixed is not None:
        raise DataError(mixed.message, remedy=mixed.remedy)


def _extent(part: pl.DataFrame) -> ScoreExtent:
    """Return the extent of a part. The variance of scores that are all 0 or 100 is mean × (100 − mean)."""
    low, high = cast("float", part["low"].min() or 0.0), cast("float", part["high"].max() or 0.0)
    if low not in (0.0, 100.0) or high not in (0.0, 100.0):
        return ScoreExtent(low=low, high=high, ends=False)
    mean = pl.col("mean")
    ends = pl.col("low").is_in([0.0, 100.0]) & pl.col("high").is_in([0.0, 100.0])
    ends &= (pl.col("variance") - mean * (100 - mean)).abs() <= ROUNDING * 100**2
    return ScoreExtent(low=low, high=high, ends=bool(part.select(ends.all()).item()))


def _known_extent(key: Key, part: pl.DataFrame, known: pl.DataFrame) -> ScoreExtent:
    """Return the extent of the single scores of the models in a part."""
    models = part["model"].unique().cast(pl.String).to_list()
    rows = known.filter(pl.col("model").is_in(models), task=key[0], metric=key[1])
    row = rows.select(pl.col("low").min(), pl.col("high").max(), pl.col("ends").min()).row(0, named=True)
    return ScoreExtent(low=row["low"] or 0.0, high=row["high"] or 0.0, ends=bool(row["ends"]))


def _placed(part: pl.DataFrame, scale: ScaleBounds) -> pl.DataFrame:
    if scale.as_it_is:
        return part
    placed = [scale.place(pl.col(name)).alias(name) for name in ("mean", "low", "high")]
    return part.with_columns(*placed, variance=scale.size(scale.size(pl.col("variance"))))


def _mixed(key: Key, part: pl.DataFrame, column: str) -> ResultWarning | None:
    """Warn if one model's scores look like fractions and another's like percentages.

    Scores above 20 do, and so does any above 1 if some of the separately read columns are marked as
    percentages.
    """
    highest = cast("float", part["high"].max() or 0.0)
    least = 1 if says_percent_in_part(column) else 20
    if not least < highest <= 100:
        return None
    spans = part.group_by("model").agg(pl.col("low").min(), pl.col("high").max()).sort("model")
    fractions = spans.filter((pl.col("low") >= 0) & (pl.col("high") <= 1) & (pl.col("high") > 0))["model"]
    percents = spans.filter((pl.col("high") > least) & (pl.col("low") >= 0))["model"]
    if not len(fractions) or not len(percents):
        return None
    return ResultWarning(
        code=MIXED,
        message=f"{' · '.join(key)}: scores of {fractions[0]} are in [0, 1], those of {percents[0]} go up to "
        f"{highest:g}, which looks like fractions mixed with percentages",
        remedy="Convert both to one scale before comparing.",
    )
