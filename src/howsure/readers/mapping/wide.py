"""Wide tables: a column a model, or a column a task, and the mapping that makes a row of each value."""

from __future__ import annotations

import re
from glob import escape
from typing import TYPE_CHECKING, Any

from howsure.readers.mapping.guessing import FAMILIES, ID_WORDS, field, is_date, known, worth
from howsure.table.names import BURDENS, name_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.readers.mapping.guessing import Fields

NUMBERS = ID_WORDS | frozenset(
    (
        *(
            "rank",
            "n",
            "num",
            "count",
            "counts",
            "total",
            "year",
            "date",
            "time",
            "timestamp",
            "size",
            "length",
        ),
        *("params", "parameters", "context", "window", "seed", "epoch", "attempt", "temperature", "elo"),
        *("difficulty", "level", "weight", "position", "turn", "ms"),
    )
)
"""Words in the names of columns that number, date or describe questions."""
MEANS = frozenset(("gold", "average", "avg", "overall", "mean"))
"""Words in the names of columns that sum up the others, or are what they are compared with."""
NAMED_MODEL = re.compile(rf"\d|model|system|baseline|{FAMILIES.pattern}", re.IGNORECASE)
"""What stands in the names of most columns that are models."""


def wide(fields: Fields, item: str, model: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a mapping says of a table with a column a model, or, with a `model`, a column a task, and
    what is doubtful; nothing of others.

    `item` and `model` are the columns that were found for them.
    """
    taken = {item, model}
    columns = [name for name in fields if name not in taken and _is_score(name, fields[name])]
    if len(columns) < (1 if model else 2):
        return {}, {}
    left = [name for name in fields if name not in (*taken, *columns)]
    made, doubt = worth("value", " ".join(columns), [value for name in columns for value in fields[name]])
    said = {"columns": [escape(name) for name in columns], "score": made}
    doubts = {
        "score": doubt or ("" if _one_scale(fields, columns) else "the columns are on different scales")
    }
    notes = {"columns": f"without {', '.join(map(repr, left))}"} if left else {}
    if model:
        return {"item": "", "model": field(model), **said, "task": "column"}, {**doubts, **notes}
    strange = [name for name in columns if not NAMED_MODEL.search(name)]
    doubts["model"] = f"is {strange[0]!r} a model?" if strange else ""
    return {"item": field(item) if item else "", **said, "model": "column"}, {**doubts, **notes}


def _is_score(name: str, values: Iterable[Any]) -> bool:
    """Say whether a column holds a score in every row, or nothing."""
    words, found = {*name_words(name)}, known(values)
    if words & MEANS or (words & (NUMBERS | BURDENS) and not NAMED_MODEL.search(name)) or is_date(found):
        return False
    return bool(worth("value", name, found)[0])


def _one_scale(fields: Fields, columns: list[str]) -> bool:
    """Say whether the columns alone would be read as they are together."""
    return len({worth("value", "", fields[name])[0] for name in columns}) == 1
