"""What a log says of one attempt as a row of the tidy table: scores, settings and metadata, as plain short
values.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from howsure.table.cells import finite, whole_text
from howsure.table.schema import COLUMNS, MEASURES
from howsure.table.scores import text_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl


SECRET = re.compile(r"key|token$|secret|password|credential", re.IGNORECASE)
"""Settings of such a name are never kept."""

MAX_METADATA_TEXT = 200
"""Longer texts are not kept as metadata: a cluster or a stratum is a short word."""


def tidy(records: Sequence[Mapping[str, Any]], *, source: str) -> pl.DataFrame:
    """Turn one mapping per attempt into the tidy table.

    A record names the columns of the tidy table that it knows (`task`, `model`, `item`, `attempt` from 0,
    `metric`, `score`, `status`, `cluster`, `weight`); `score` is a float, or None where `status` is not "ok".
    The measures of an attempt (`usd`, `seconds`, `tokens_in` …, see `MEASURES`) are numbers, None where they
    were not recorded. Any other key is metadata: scalars are kept as text, longer texts and nested values are
    left out.
    """
    import polars as pl

    names = dict.fromkeys(key for record in records for key in record if key not in COLUMNS)
    columns: dict[str, Any] = {
        "task": pl.Series([_text(r.get("task")) for r in records], dtype=pl.String),
        "model": pl.Series([_text(r.get("model")) for r in records], dtype=pl.String),
        "item": pl.Series([_text(r.get("item")) for r in records], dtype=pl.String),
        "attempt": pl.Series([r.get("attempt", 0) for r in records], dtype=pl.Int64),
        "metric": pl.Series([_text(r.get("metric", "score")) for r in records], dtype=pl.String),
        "score": pl.Series([r.get("score") for r in records], dtype=pl.Float64),
        "status": pl.Series([r.get("status", "ok") for r in records], dtype=pl.String),
        "cluster": pl.Series([_text(r.get("cluster")) for r in records], dtype=pl.String),
        "weight": pl.Series([r.get("weight") for r in records], dtype=pl.Float64),
        "source": pl.Series([source] * len(records), dtype=pl.String),
    }
    for name in MEASURES:
        if name in names:
            columns[name] = pl.Series([finite(record.get(name)) for record in records], dtype=pl.Float64)
    for name in [name for name in names if name not in MEASURES]:
        values = [metadata_text(record.get(name)) for record in records]
        if any(value is not None for value in values):
            columns[name] = pl.Series(values, dtype=pl.String)
    return pl.DataFrame(columns)


def inner(record: object, *names: str) -> dict[str, Any]:
    """Return the mapping under these names, one within the other; an empty one where something else stands
    there.
    """
    for name in names:
        record = record.get(name) if isinstance(record, dict) else None
    return record if isinstance(record, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """Return the mappings of a list; none where something else stands there."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def plain_text(value: object) -> str:
    """Return a text or a number as a text that a table can hold; "" for anything else."""
    return whole_text(str(value)) if isinstance(value, (str, int, float)) else ""


def scored(value: object, otherwise: str = "unscored") -> dict[str, Any]:
    """Return score and status of an attempt: ok where there is a finite number, else no score and this
    status.
    """
    score = finite(value)
    return {"score": score, "status": otherwise if score is None else "ok"}


def number(value: object) -> float:
    """Return a number as a float, NaN for anything else: `sound` says that it is none."""
    found = finite(value)
    return math.nan if found is None else found


def settings(named: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells two runs of one model apart as short texts, secrets left out; long texts and what is
    nested by a digest.
    """
    texts = {name: _setting(value) for name, value in named.items() if not SECRET.search(name)}
    return {name: text for name, text in texts.items() if text}


def _setting(value: object) -> str | None:
    """Return a setting as a text that is short enough for a name; an address in memory is no part of it."""
    text = metadata_text(value)
    if text is not None or not value:
        return text and _ADDRESS.sub("", text)
    whole = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text_digest(_ADDRESS.sub("", whole))


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def metadata_text(value: object) -> str | None:
    """Return a scalar as short text, None for anything that can't be a cluster or a stratum."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return whole_text(str(value)) if _is_short(value) else None


def _is_short(value: object) -> bool:
    """Say whether a value is a scalar, and no long text."""
    return len(value) <= MAX_METADATA_TEXT if isinstance(value, str) else isinstance(value, (int, float))


def flatten_metadata(metadata: object) -> dict[str, Any]:
    """Keep the scalar fields of a metadata mapping, renaming those that collide with the tidy table."""
    if not isinstance(metadata, dict):
        return {}
    return {
        (f"metadata_{key}" if key in (*COLUMNS, *MEASURES) and key != "cluster" else str(key)): value
        for key, value in metadata.items()
        if _is_short(value)
    }


def _text(value: object) -> str | None:
    return None if value is None else whole_text(str(value))
