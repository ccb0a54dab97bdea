"""What attempts took: which measures there are, and usd computed by a table of prices where the log states
none.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import narwhals as nw
import polars as pl

from howsure.errors import DataError, ReadError
from howsure.table.cells import Kind, read_column, texts_of
from howsure.table.grouping import measure_names
from howsure.table.schema import MEASURES, find_roles, open_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.study.design import Design
    from howsure.table.scores import Scores

USD = "usd"
PER = 1e6
"""Prices are those of so many tokens."""
NAMED = f"In a table the columns of measures are called {', '.join(MEASURES)}."
PRICE = Kind(
    what="price",
    remedy="Prices are numbers, in usd per million tokens; leave a cell empty where there is none.",
)
BILLED = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")


def known_measures(scores: Scores, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the measures that are asked for. DataError where the rows have no such numbers."""
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
            found = f"There are: {', '.join(held)}.{hint}" if held else f"Nor was any other. {NAMED}"
            raise DataError(f"no measure {name!r} was recorded", remedy=f"{found}{priced}")
    return asked


def priced(scores: Scores, design: Design) -> Scores:
    """Return scores with usd computed by a table of prices wherever the log states none; the same where no
    table was given.

    Attempts that took tokens of a kind without a price, or whose tokens weren't recorded, stay without.
    """
    if design.prices is None:
        return scores
    prices = read_prices(design.prices)
    frame = open_frame(scores.rows)
    names = frame.collect_schema().names()
    if not set(names) & set(BILLED):
        raise DataError("no tokens were recorded, and prices are of tokens", remedy="Leave `prices` out.")
    model = nw.col(find_roles(names, scores.roles)["model"][0]).cast(nw.String)
    cost = nw.lit(None, nw.Float64)
    for name, of_model in prices.items():
        matches = (model == name) | model.str.ends_with(f"/{name}")
        cost = nw.when(matches).then(_cost(names, of_model)).otherwise(cost)
    stated = nw.col(USD).cast(nw.Float64) if USD in names else nw.lit(None, nw.Float64)
    made = nw.when(~stated.is_null()).then(stated).otherwise(cost).alias(USD)
    return replace(scores, rows=frame.with_columns(made).to_native())


def _cost(names: list[str], prices: Mapping[str, float]) -> nw.Expr:
    """Return what an attempt costs; null where it took tokens that have no price, or in and out weren't
    recorded.
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
    """Read a table of prices: a model in each row, the price of a million tokens in a column for each
    kind.
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
            "a price is negative, or a model stands in two rows", where=path, remedy="One row a model."
        )
    return {
        str(row["model"]): {kind: row[kind] for kind in kinds if row[kind] is not None}
        for row in numbers.iter_rows(named=True)
    }
