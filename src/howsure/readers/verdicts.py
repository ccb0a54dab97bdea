"""Verdicts of a judge beside labels of people, from tables: one row an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.columns import kept_rows, roles_of
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.statistics.arrays import Floats

ALIASES: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "model_id", "system"),
    "judge": (
        *("judge_verdict", "judge_score", "verdict", "judged", "llm_judge", "judge", "prediction", "grade", "score"),
    ),
    "human": ("human", "human_label", "human_score", "label", "gold", "annotation", "expert", "truth"),
}
"""Names under which the columns are recognised; the first one found counts."""
WORDS: Mapping[str, float] = {
    **dict.fromkeys(("c", "yes", "true", "correct", "pass", "passed", "good", "right", "1"), 1.0),
    **dict.fromkeys(("i", "no", "false", "incorrect", "fail", "failed", "bad", "wrong", "0"), 0.0),
}
NOTHING = frozenset({"", "na", "n/a", "none", "null", "nan", "-", "skip", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Verdicts (N,) and labels in [0, 1] (N,), NaN where there is no label; the model of each answer, empty without one."""

    verdicts: Floats
    labels: Floats
    models: tuple[str, ...]
    notes: tuple[str, ...]


def read_verdicts(
    frame: pl.DataFrame, *, columns: Mapping[str, Sequence[str]], where: Mapping[str, Sequence[str]]
) -> Verdicts:
    """Read verdicts and labels. DataError where a column is missing or a cell can't be understood."""
    frame = kept_rows(frame, where)
    roles = _roles(frame, columns)
    verdicts, labels = _numbers(frame[roles["judge"]]), _numbers(frame[roles["human"]])
    kept = np.isfinite(verdicts)
    labels = labels[kept]
    known = labels[np.isfinite(labels)]
    if not len(known):
        raise DataError(f"no judged answer has a label in {roles['human']!r}", remedy="Label some of them.")
    if known.min() < 0 or known.max() > 1:
        raise DataError(
            f"labels in {roles['human']!r} run from {known.min():g} to {known.max():g}",
            remedy="Labels are 0 or 1, or shares between: bring them to that scale.",
        )
    names = (
        frame[roles["model"]].cast(pl.String).fill_null("(no name)").to_numpy()[kept].tolist()
        if "model" in roles
        else []
    )
    notes = [
        f"Data: {plural(int(kept.sum()), 'judged answer')}, {len(known):,} of them with a label.",
        f"Columns: {roles['judge']} as judge, {roles['human']} as human.",
    ]
    if not kept.all():
        notes.append(f"{plural(int((~kept).sum()), 'answer')} without a verdict left out.")
    return Verdicts(verdicts=verdicts[kept], labels=labels, models=tuple(names), notes=tuple(notes))


def _roles(frame: pl.DataFrame, named: Mapping[str, Sequence[str]]) -> dict[str, str]:
    roles = roles_of(frame, ALIASES, named)
    lacking = [role for role in ("judge", "human") if role not in roles]
    if lacking:
        raise DataError(
            f"no column for {listing(lacking)} among {', '.join(frame.columns)}",
            remedy="Name them with `columns`: judge is the judge's verdict, human the label.",
        )
    return roles


def _numbers(column: pl.Series) -> Floats:
    """Read numbers, truth values and words for right and wrong (N,), NaN where there is nothing."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    text = column.cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    words = text.replace_strict(dict(WORDS), default=None, return_dtype=pl.Float64)
    found = words.fill_null(text.cast(pl.Float64, strict=False))
    strange = text.filter(found.is_null() & ~text.is_in(list(NOTHING)))
    if len(strange):
        raise DataError(
            f"{column.name!r} has what is no verdict: {listing([repr(each) for each in strange.unique().sort().to_list()])}",
            remedy="Write 1 and 0, yes and no, correct and incorrect, pass and fail, or numbers.",
        )
    return found.fill_null(np.nan).to_numpy().copy()
