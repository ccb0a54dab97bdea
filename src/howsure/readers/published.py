"""Published leaderboards: scores of models without results per question, and costs per question if stated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError, ReadError
from howsure.readers.base import Reading
from howsure.readers.parsing import PACKED
from howsure.table.cells import FIGURE, chosen_rows, number_in, numbers_of, texts_of
from howsure.table.names import by_plain_name, plain_name, word_list
from howsure.table.scale import PERCENT, ScaleBounds, extent_of_scores, refuse_doubtful_percent, scale_of
from howsure.table.schema import MEASURES
from howsure.table.scores import Published
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.errors import ResultWarning
    from howsure.table.writing import Writing

PUBLISHED_ALIASES: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "name", "system", "agent"),
    "score": (
        *("score", "score_pct", "accuracy", "acc", "percent", "pass_rate", "win_rate", "resolved", "value"),
        *("pass_rate_2", "pass_rate_1", "mean"),
    ),
    "n": word_list("n n_items n_questions n_total items questions total test_cases total_tests count"),
    "stderr": ("stderr", "standard_error", "se", "std_err", "acc_stderr"),
    "low": ("rating_q025", "q025", "ci_low", "ci_lower", "lower"),
    "high": ("rating_q975", "q975", "ci_high", "ci_upper", "upper"),
    "task": ("task", "benchmark", "leaderboard", "board", "dataset"),
    "metric": ("metric", "metric_name"),
}
"""Names of the columns of a leaderboard: scores without results per question."""
MOST_QUESTIONS = 2.0**53
"""Up to here a float represents one whole number."""
KINDS = ("modality", "track", "benchmark_version")
"""Names of columns whose values are separate boards."""
NAMES, JOINT = ("model", "task", "metric"), " + "
"""The roles that several columns can be joined into, and the name of such a column."""
TOOK: Mapping[str, tuple[str, ...]] = {measure: (measure,) for measure in MEASURES} | {
    "usd": ("usd", "usd_per_question", "cost_per_question", "cost_per_task", "cost_per_case"),
    "seconds": ("seconds", "seconds_per_question", "seconds_per_task", "seconds_per_case"),
}
"""Names of the columns of a leaderboard with average measures per question."""
TOTALS: Mapping[str, tuple[str, ...]] = {"usd": ("total_cost", "total_usd"), "seconds": ("total_seconds",)}
"""Names of columns with measures of all questions."""

STEP = "step"
"""The column of a checkpoint's step, which becomes part of the model's name."""

NORMAL_95 = 1.959963984540054
"""The normal quantile of a 95% interval, two-sided."""


def published_scores(
    frame: pl.DataFrame,
    source: str,
    writing: Writing,
    asked: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    where: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    *,
    signed: frozenset[str] = frozenset(),
) -> Reading:
    """Read a leaderboard: model, score, and if available n, standard error, task, and step (joined to the
    model's name).

    `asked`: the user's columns by role, which take precedence. `where`: only rows in which a column has one
    of these values. `signed`: columns whose % signs have been read already. Percentages become fractions if a
    % sign, the column's name or its values indicate them. Returns nothing if the table isn't a leaderboard.
    """
    for role, chosen in asked.items():
        lacking = [column for column in chosen if column not in frame.columns]
        if lacking:
            raise DataError(
                f"no column {lacking[0]!r} for the {role}",
                remedy=f"The columns are: {', '.join(frame.columns)}.",
            )
    roles = published_roles(frame.columns, asked)
    if "model" not in roles or "score" not in roles:
        return Reading()
    several = {role: chosen for role, chosen in asked.items() if role in NAMES and len(chosen) > 1}
    frame = chosen_rows(frame, where).with_columns(
        pl.concat_str(chosen, separator=" · ").alias(_name(role, chosen)) for role, chosen in several.items()
    )
    frame = frame.with_columns(texts_of(frame[roles[role]]) for role in NAMES if role in roles)
    figures = _figures(frame, roles, writing, signed)
    rows = frame.with_columns(**{f"{role}_": values for role, values in figures.values.items()})
    entries = []
    file = Path(source.removesuffix(suffix) if (suffix := Path(source).suffix) in PACKED else source).stem
    whole = rows.filter(pl.col("score_").is_not_null() & pl.col(roles["model"]).is_not_null())
    for row in whole.iter_rows(named=True):
        n, model, step = row.get("n_"), row[roles["model"]], row.get(STEP)
        boards = [
            str(value) for name, value in row.items() if plain_name(name) in KINDS and value is not None
        ]
        entries.append(
            Published(
                task=" · ".join([_name_in(row, roles.get("task")) or file, *boards]),
                model=model if step is None or model.endswith(str(step)) else f"{model} · {step}",
                metric=_name_in(row, roles.get("metric")) or roles["score"],
                score=row["score_"],
                n=questions(n, source),
                stderr=row.get("stderr_"),
                source=source,
                scaled=figures.scaled,
                took=_took(row, n),
            )
        )
    notes = figures.notes
    if len(whole) < len(rows):
        lost = plural(len(rows) - len(whole), "row")
        notes = (*notes, f"{lost} of {len(rows):,} without a model or a score left out.")
    return Reading(published=tuple(entries), notes=notes, warnings=figures.warnings)


def _name_in(row: dict[str, Any], column: str | None) -> str:
    """Return a column's value in a row as a name, or "" if the column doesn't exist or the cell is empty."""
    return (None if column is None else row[column]) or ""


def boards_apart(published: Sequence[Published]) -> tuple[Published, ...]:
    """Add folders to the names of boards whose files have the same name: v1/board.csv and v2/board.csv.

    Each has two models or more, and some model has different scores on two. Files with one model each make
    one board.
    """
    boards: dict[tuple[str, str], dict[str, float]] = {}
    for entry in published:
        boards.setdefault((entry.task, entry.source), {})[entry.model] = entry.score
    several = {
        key: scores for key, scores in boards.items() if len(scores) > 1 and key[0] == Path(key[1]).stem
    }
    apart = {
        key
        for key, scores in several.items()
        for (task, _), others in several.items()
        if task == key[0] and any(scores[model] != others[model] for model in scores.keys() & others)
    }
    return tuple(
        replace(entry, task=Path(entry.source).with_suffix("").as_posix())
        if (entry.task, entry.source) in apart
        else entry
        for entry in published
    )


def _took(row: dict[str, Any], n: float | None) -> dict[str, float]:
    """Return the average measures per question. A published 0 is unknown, or local, and not free."""
    by_name = {plain_name(name): value for name, value in row.items()}
    found = {
        measure: number_in(by_name.get(name)) or 0.0
        for measure, names in TOOK.items()
        for name in reversed(names)
        if name in by_name
    }
    for measure, names in TOTALS.items():
        total = next((number_in(by_name[name]) for name in names if name in by_name), None)
        if total is not None and n is not None and n >= 1:
            found.setdefault(measure, total / n)
    return {measure: value for measure, value in found.items() if value > 0}


def questions(n: float | None, where: str) -> int | None:
    """Return a number of questions, or None if it is missing. ReadError if it isn't valid."""
    if n is None or n < 1:
        return None
    if n > MOST_QUESTIONS:
        raise ReadError(
            f"{n:g} isn't a number of questions", where=where, remedy="Correct the column, or use another."
        )
    return int(n)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """The numbers of a leaderboard by role, on the scale of the tidy table, and the notes on them."""

    values: Mapping[str, pl.Series]
    scaled: bool
    notes: tuple[str, ...]
    warnings: tuple[ResultWarning, ...]


def _figures(
    frame: pl.DataFrame, roles: Mapping[str, str], writing: Writing, read: frozenset[str]
) -> _Figures:
    values, notes = {}, list[str]()
    signed = {role for role, column in roles.items() if column in read}
    for role in [role for role in ("score", "stderr", "n", *_limits(roles)) if role in roles]:
        how = replace(writing, decimal="point") if role == "n" else writing
        wrapped = nw.from_native(frame)
        made, numbers = numbers_of(wrapped, [roles[role]], how, FIGURE)
        figure = nw.col(roles[role]) if made is None else made
        values[role] = wrapped.select(figure).to_native()[roles[role]].cast(pl.Float64).fill_nan(None)
        if numbers is not None:
            notes += numbers.notes
            signed |= {role} if numbers.percent else set()
    if _limits(roles):
        width = values.pop("high") - values.pop("low")
        values["stderr"] = width.set(width < 0, None) / (
            2 * NORMAL_95
        )  # limits in the wrong order are ignored
        notes.append(
            f"standard errors from the limits in {roles['low']} and {roles['high']}, assumed to be 95%."
        )
    column, percent = roles["score"], "score" in signed
    extent = extent_of_scores(values["score"])
    refuse_doubtful_percent(extent, column, signed=percent)
    scale = scale_of(extent, (column,), signed=percent)
    values["score"] = scale.place(values["score"])
    if "stderr" in values and "stderr" not in signed:
        values["stderr"] = (ScaleBounds(bounds=PERCENT) if percent else scale).size(values["stderr"])
    warning, note = scale.warning(column, extent), scale.note(f"Column {column}")
    return _Figures(
        values=values,
        scaled=percent or not scale.as_it_is,
        notes=(*notes, *([note] if note else [])),
        warnings=(warning,) if warning else (),
    )


def _limits(roles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the roles of published limits, if they exist and no standard error does."""
    limits = ("low", "high")
    return limits if "stderr" not in roles and all(role in roles for role in limits) else ()


def published_roles(columns: Iterable[str], asked: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Determine which columns of a leaderboard contain what. `asked`: the user's columns by role, which take
    precedence and have no other role.
    """
    taken = {column for chosen in asked.values() for column in chosen}
    by_name = by_plain_name(name for name in columns if name not in taken)
    usual = {
        role: next(by_name[alias] for alias in aliases if alias in by_name)
        for role, aliases in PUBLISHED_ALIASES.items()
        if any(alias in by_name for alias in aliases)
    }
    return usual | {role: _name(role, chosen) for role, chosen in asked.items() if role in PUBLISHED_ALIASES}


def _name(role: str, columns: tuple[str, ...]) -> str:
    """Name the column that several are joined into. Of numbers the first counts."""
    return JOINT.join(columns) if role in NAMES else columns[0]
