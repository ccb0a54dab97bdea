"""Answers don't depend on row order, names, column types or duplicated attempts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import howsure as hs
from asked import ASKS, ROWS, data, same
from trials import draws

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.once, pytest.mark.unmeasured]

OF_ROWS = [verb for verb in ASKS if verb != "audit"]
IN_ORDER = {"watch"}
"""The order of rows is the order in which the answers came."""
NAMED = {"compare": "ab", "against": "a", "gate": "ab", "plan_score": "a", "watch": "ab"}
"""Verbs that are told which models to look at."""
WITH_MODELS = [verb for verb in OF_ROWS if verb != "trend"]
"""The names of checkpoints tell their steps."""

TYPES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "int": lambda rows: rows.with_columns(pl.col("score").cast(pl.Int8)),
    "float32": lambda rows: rows.with_columns(pl.col("score").cast(pl.Float32)),
    "bool": lambda rows: rows.with_columns(pl.col("score").cast(pl.Boolean)),
    "decimal": lambda rows: rows.with_columns(pl.col("score").cast(pl.Decimal(10, 2))),
    "text": lambda rows: rows.with_columns(pl.col("score").cast(pl.Int64).cast(pl.String)),
    "categories": lambda rows: rows.with_columns(pl.col("model", "item", "passage").cast(pl.Categorical)),
    "pandas, Decimal": lambda rows: rows.to_pandas().assign(score=[Decimal(int(score)) for score in rows["score"]]),
    "pandas, category": lambda rows: rows.to_pandas().astype({"model": "category", "item": "category"}),
    "pandas, nullable": lambda rows: rows.to_pandas().convert_dtypes(),
    "arrow": lambda rows: rows.to_arrow(),
    "lazy": lambda rows: rows.lazy(),
}


def _plain(value: Any) -> Any:
    """Leave out what says from which rows an answer came, and when."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in ("fingerprint", "made")}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _renamed(old: str, new: str, answer: Any) -> Any:
    """Return an answer as data, with an old name for a new one."""
    return json.loads(json.dumps(data(answer, _plain)).replace(old, new))


@pytest.mark.parametrize("seed", draws([1], [1, 2]))
@pytest.mark.parametrize("verb", [verb for verb in OF_ROWS if verb not in IN_ORDER])
def test_row_order_changes_no_answer(verb: str, seed: int) -> None:
    rows, ask = ASKS[verb]
    same(data(ask(rows), _plain), data(ask(rows.sample(fraction=1, shuffle=True, seed=seed)), _plain))


@pytest.mark.parametrize("verb", OF_ROWS)
def test_renaming_items_and_clusters_changes_no_number(verb: str) -> None:
    rows, ask = ASKS[verb]
    names = [pl.concat_str(pl.lit("¶"), pl.col(name)).alias(name) for name in ("item", "passage")]
    same(data(ask(rows), _plain), _renamed("\\u00b6p", "p", ask(rows.with_columns(names))))


@pytest.mark.parametrize("verb", WITH_MODELS)
def test_renaming_models_changes_no_number(verb: str) -> None:
    rows, ask = ASKS[verb]
    given = {name: f"§{name}" for name in NAMED.get(verb, "")}
    same(data(ask(rows), _plain), _renamed("\\u00a7", "", ask(rows.with_columns(model="§" + pl.col("model")), **given)))


EACH_KIND = [(verb, kind) for verb in OF_ROWS for kind in TYPES]
ON_SOME = [(verb, kind) for k, (verb, kind) in enumerate(EACH_KIND) if verb in ("estimate", "gate") or k % 7 == 0]
"""Types are read by one module for all verbs: every one is tried on two, and the others on one or two each."""


@pytest.mark.parametrize(("verb", "kind"), draws(ON_SOME, EACH_KIND))
def test_column_types_change_no_answer(verb: str, kind: str) -> None:
    rows, ask = ASKS[verb]
    same(data(ask(rows), _plain), data(ask(TYPES[kind](rows)), _plain))


@pytest.mark.parametrize("verb", OF_ROWS)
def test_numeric_item_ids_give_the_same_answer_as_text_ids(verb: str) -> None:
    rows, ask = ASKS[verb]
    numbers = rows.with_columns(pl.col("item").rank("dense").cast(pl.Int64) + 100)
    same(data(ask(numbers.with_columns(pl.col("item").cast(pl.String))), _plain), data(ask(numbers), _plain))


ONCE = ROWS.filter(pl.col("attempt") == 0)
AGAIN = pl.concat([ONCE.with_columns(pl.lit(k, dtype=pl.Int64).alias("attempt")) for k in range(3)])
ESTIMATES: dict[str, Callable[[Any], list[Any]]] = {
    "estimate": lambda rows: [entry.estimate for entry in hs.estimate(rows).entries],
    "estimate, clusters": lambda rows: [entry.estimate for entry in hs.estimate(rows, cluster="passage").entries],
    "leaderboard": lambda rows: [entry.estimate for entry in hs.leaderboard(rows).boards[0].entries],
    "compare": lambda rows: [hs.compare(rows, "a", "b").difference],
    "compare, clusters": lambda rows: [hs.compare(rows, "a", "b", cluster="passage").difference],
}


@pytest.mark.parametrize("verb", ESTIMATES)
def test_duplicating_every_attempt_changes_neither_estimate_nor_standard_error(verb: str) -> None:
    once, again = ([[each.value, each.se, each.n_items] for each in ESTIMATES[verb](rows)] for rows in (ONCE, AGAIN))
    same(once, again)


@pytest.mark.parametrize("verb", ESTIMATES)
def test_duplicating_every_attempt_changes_no_interval_limit(verb: str) -> None:
    once, again = (
        [[each.interval.low, each.interval.high] for each in ESTIMATES[verb](rows)] for rows in (ONCE, AGAIN)
    )
    same(once, again)


def test_duplicating_every_attempt_changes_no_gate_verdict() -> None:
    once, again = (hs.gate(rows, "a", "b", not_worse_than=0.05).checks[0] for rows in (ONCE, AGAIN))
    same([once.value, once.low, once.high, once.p_pass], [again.value, again.low, again.high, again.p_pass])
    assert once.verdict == again.verdict
