"""Choices of a judge between two answers, and what sets these apart: which was shown first, is longer, has
more of anything, is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.columns import (
    PAIRS,
    POSITION,
    coded,
    copies_note,
    name_columns,
    numbers,
    require_roles,
    roles_of,
)
from howsure.readers.votes import first_scores
from howsure.table.cells import WORDS, Kind, chosen_rows, read_column, texts_of
from howsure.table.names import word_list
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import WinnerIs

ALIASES: Mapping[str, tuple[str, ...]] = {
    "item": word_list("item item_id question_id prompt_id sample_id instruction prompt question id"),
    "judge": ("judge", "judge_id", "judge_model", "rater", "annotator", "grader", "voter"),
    "winner": ("winner", "verdict", "choice", "preference", "vote", "preferred", "chosen"),
    "gold": ("gold", "gold_label", "label", "truth", "human", "target"),
    "swapped": ("swapped", "swap", "reversed", "is_swapped"),
    "model_a": ("model_a", "model_1", "model1", "generator_1", "left_model", "first_model"),
    "model_b": ("model_b", "model_2", "model2", "generator_2", "right_model", "second_model"),
}
"""Names under which the columns are recognised; the first one found counts."""
NO_ATTRIBUTE = frozenset({"model", "winner", "score", "rating", "id", "item", "answer"})
SWAPPED = Kind(
    what="truth value", words={**WORDS, "swapped": 1.0, "original": 0.0}, remedy="Write yes or no."
)
NOBODY, NEITHER = -1.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """N choices: `picked` (N,), 1 the first answer, 0 the second, ½ neither; `better` (N,), 1 or 0, NaN where
    it isn't known; codes of items and judges (N,).

    `pair` (N,): codes of the item with the two models; `order` (N,): which way round a pair was shown.
    `sides`: by the attribute, POSITION for who was shown first, which answer has more of it: 1 the first, 0
    the second, NaN neither (N,). "First" is here the answer in the first columns, whichever was shown first.
    `own` (N, judges): which one alone is of each judge's family, in the same way.
    """

    picked: Floats
    better: Floats
    item: Ints
    pair: Ints
    order: Bools
    judge: Ints
    judges: tuple[str, ...]
    sides: Mapping[str, Floats]
    own: Floats
    notes: tuple[str, ...]


def id_columns(named: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the columns whose values are ids and names, also where they look like numbers."""
    return name_columns(ALIASES, named, ("item", "judge", "winner", "gold", "model_a", "model_b"))


def read_choices(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    covariate: Sequence[str],
    winner_is: WinnerIs | None = None,
) -> Choices:
    """Read choices. DataError where there is no winner, or one can't be understood."""
    frame = chosen_rows(frame, where)
    require_roles(columns, (*ALIASES, *covariate))
    roles = roles_of(frame, ALIASES, {role: names for role, names in columns.items() if role in ALIASES})
    if "winner" not in roles:
        raise DataError(
            f"no column for winner among {', '.join(frame.columns)}",
            remedy="Name it with `columns`: winner=…",
        )
    kept = np.isfinite(_picked(frame, roles, "winner", winner_is))
    if not kept.any():
        raise DataError("no choice has a winner", remedy="Name the column with `columns`: winner=…")
    frame, lost = frame.filter(pl.Series(kept)), int((~kept).sum())
    judge, judges = _judges(frame, roles)
    item = _items(frame, roles)
    names = covariate or _attributes(frame, {*roles.values()})
    (pair, turned), swapped = _pairs(frame, roles, item), _swapped(frame, roles)
    sides = {POSITION: np.where(swapped, 0.0, 1.0)} | _more(frame, names, columns)
    counted = f"{plural(len(frame), 'choice')} between two answers, {plural(int(item.max()) + 1, 'item')}"
    notes = [
        f"Data: {counted}, {plural(len(judges), 'judge')}.",
        f"Columns: {', '.join(f'{column} as {role}' for role, column in roles.items())}.",
        *([f"Compared: {listing(list(names), most=6)} of the two answers."] if names else []),
        *([f"{plural(lost, 'row')} without a winner left out."] if lost else []),
        *copies_note(frame),
    ]
    return Choices(
        picked=_picked(frame, roles, "winner", winner_is),
        better=_better(frame, roles, winner_is),
        item=item,
        pair=pair,
        order=turned ^ swapped,
        judge=judge,
        judges=judges,
        sides=sides,
        own=_own(frame, roles, judges),
        notes=tuple(notes),
    )


def _picked(frame: pl.DataFrame, roles: Mapping[str, str], role: str, winner_is: WinnerIs | None) -> Floats:
    """Return which answer a column names (N,): 1 the first, 0 the second, ½ neither, NaN where it says
    nothing.
    """
    nobody = pl.Series([None] * len(frame), dtype=pl.String)
    first, second = (
        texts_of(frame[roles[name]]) if name in roles else nobody for name in ("model_a", "model_b")
    )
    found = first_scores(frame[roles[role]], first, second, winner_is)
    return np.where(found == NOBODY, np.nan, found)


def _better(frame: pl.DataFrame, roles: Mapping[str, str], winner_is: WinnerIs | None) -> Floats:
    """Return which answer is better (N,), NaN where none is, or nobody knows."""
    if "gold" not in roles:
        return np.full(len(frame), np.nan)
    found = _picked(frame, roles, "gold", winner_is)
    return np.where(found == NEITHER, np.nan, np.round(found))


def _judges(frame: pl.DataFrame, roles: Mapping[str, str]) -> tuple[Ints, tuple[str, ...]]:
    """Return the code of each choice's judge (N,), and their names."""
    if "judge" not in roles:
        return np.zeros(len(frame), dtype=np.int64), ("the judge",)
    said = texts_of(frame[roles["judge"]]).fill_null("(no name)")
    names = said.unique().sort().to_list()
    place = {name: k for k, name in enumerate(names)}
    return said.replace_strict(place, return_dtype=pl.Int64).to_numpy(), tuple(names)


def _items(frame: pl.DataFrame, roles: Mapping[str, str]) -> Ints:
    """Return the code of each choice's item (N,); a row without one is by itself."""
    return coded(frame[roles["item"]]) if "item" in roles else np.arange(len(frame))


def _pairs(frame: pl.DataFrame, roles: Mapping[str, str], item: Ints) -> tuple[Ints, Bools]:
    """Return the code of each choice's item and two models (N,), and whether these stand in the second order
    (N,).
    """
    if not {"model_a", "model_b"} <= set(roles):
        return item, np.zeros(len(frame), dtype=bool)
    one, two = (texts_of(frame[roles[name]]).fill_null("") for name in ("model_a", "model_b"))
    key = pl.struct(pl.Series("item", item), one=pl.min_horizontal(one, two), two=pl.max_horizontal(one, two))
    found = frame.select(pair=key.rank("dense").cast(pl.Int64) - 1, turned=one > two)
    return found["pair"].to_numpy(), found["turned"].to_numpy()


def _swapped(frame: pl.DataFrame, roles: Mapping[str, str]) -> Bools:
    """Say which choices were shown the second answer first (N,)."""
    if "swapped" not in roles:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray((read_column(frame[roles["swapped"]], SWAPPED) > 0).fill_null(value=False).to_numpy())


def _attributes(frame: pl.DataFrame, taken: set[str]) -> list[str]:
    """Return what two columns of numbers have in common whose names differ by the side alone: len of len_1
    and len_2.
    """
    numeric = {name for name in frame.columns if name not in taken and frame[name].dtype.is_numeric()}
    found: dict[str, None] = {}
    for one, two in PAIRS:
        start, end = one.split("{}")
        bare = (
            name[len(start) : len(name) - len(end)]
            for name in sorted(numeric)
            if name.startswith(start) and name.endswith(end)
        )
        found |= {
            name: None for name in bare if name and name not in NO_ATTRIBUTE and two.format(name) in numeric
        }
    return list(found)


def _more(
    frame: pl.DataFrame, names: Sequence[str], columns: Mapping[str, Sequence[str]]
) -> dict[str, Floats]:
    """Return which answer has more of each attribute: 1 the first, 0 the second, NaN neither (N,)."""
    names = [name for name in names if name != POSITION]
    x = numbers(frame, names, columns, None).x
    if x is None:
        return {}
    sides = np.where(x > 0, 1.0, np.where(x < 0, 0.0, np.nan))
    return {name: sides[:, k] for k, name in enumerate(names)}


def _own(frame: pl.DataFrame, roles: Mapping[str, str], judges: Sequence[str]) -> Floats:
    """Return which answer alone is of each judge's family: 1 the first, 0 the second, NaN neither or both (N,
    judges).
    """
    if not {"judge", "model_a", "model_b"} <= set(roles):
        return np.full((len(frame), len(judges)), np.nan)
    own = _family(pl.Series(judges)).fill_null("").to_numpy()
    one, two = (
        _family(frame[roles[name]]).fill_null("").to_numpy()[:, None] for name in ("model_a", "model_b")
    )
    first, second = (one == own) & (own != ""), (two == own) & (own != "")
    return np.where(first == second, np.nan, first.astype(float))


def _family(names: pl.Series) -> pl.Series:
    """Return the letters that a model's name begins with, its maker aside: gpt, claude, llama."""
    return names.cast(pl.String).str.split("/").list.last().str.to_lowercase().str.extract(r"([a-z]+)")
