"""Shared code of the harness readers: one attempt as a row of the tidy table, names of models and items,
measures of attempts, and checks of the content.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError, ReadError, ResultWarning
from howsure.readers.parsing import CELLS, RECORDS, cut_at
from howsure.table.cells import finite, whole_text
from howsure.table.names import word_list
from howsure.table.schema import COLUMNS, MEASURES
from howsure.table.scores import moment, text_digest
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from howsure.readers.base import Reading, Source
    from howsure.table.scores import Published

SECRET = re.compile(r"key|token$|secret|password|credential", re.IGNORECASE)
"""Settings with such names are never kept."""

MAX_METADATA_TEXT = 200
"""Longer texts aren't kept as metadata: a cluster or a stratum is a short word."""


def tidy(records: Sequence[Mapping[str, Any]], *, source: str) -> pl.DataFrame:
    """Turn one mapping per attempt into the tidy table.

    A record has those columns of the tidy table that it knows (`task`, `model`, `item`, `attempt` from 0,
    `metric`, `score`, `status`, `cluster`, `weight`). `score` is a float, or None if `status` isn't "ok". The
    measures of an attempt (`usd`, `seconds`, `tokens_in` …, see `MEASURES`) are numbers, or None if they were
    not recorded. Any other key is metadata: scalars are kept as text, longer texts and nested values are left
    out.
    """
    defaults = {"attempt": 0, "metric": "score", "status": "ok"}
    names = dict.fromkeys(key for record in records for key in record if key not in COLUMNS)
    columns: dict[str, Any] = {}
    for name in COLUMNS[:-1]:
        values = [record.get(name, defaults.get(name)) for record in records]
        dtype = {"attempt": pl.Int64, "score": pl.Float64, "weight": pl.Float64}.get(name, pl.String)
        if dtype == pl.String:
            values = [None if value is None else whole_text(str(value)) for value in values]
        columns[name] = pl.Series(values, dtype=dtype)
    columns["source"] = pl.Series([source] * len(records), dtype=pl.String)
    for name in MEASURES:
        if name in names:
            columns[name] = pl.Series([finite(record.get(name)) for record in records], dtype=pl.Float64)
    for name in [name for name in names if name not in MEASURES]:
        values = [metadata_text(record.get(name)) for record in records]
        if any(value is not None for value in values):
            columns[name] = pl.Series(values, dtype=pl.String)
    return pl.DataFrame(columns)


def inner(record: object, *names: str) -> dict[str, Any]:
    """Return the nested mapping under these names, or an empty one for anything else."""
    for name in names:
        record = record.get(name) if isinstance(record, dict) else None
    return record if isinstance(record, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """Return the mappings in a list, or none for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def plain_text(value: object) -> str:
    """Return a text or a number as a text for a table, or "" for anything else."""
    return whole_text(str(value)) if isinstance(value, (str, int, float)) else ""


def scored(value: object, otherwise: str = "unscored") -> dict[str, Any]:
    """Return score and status of an attempt: ok if there is a finite number, else no score and this
    status.
    """
    score = finite(value)
    return {"score": score, "status": otherwise if score is None else "ok"}


def number(value: object) -> float:
    """Return a number as a float, NaN for anything else, which `sound` reports."""
    found = finite(value)
    return math.nan if found is None else found


def settings(named: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that distinguish two runs of one model as short texts, without secrets. Long texts
    and nested values become digests.
    """
    texts = {name: _setting(value) for name, value in named.items() if not SECRET.search(name)}
    return {name: text for name, text in texts.items() if text}


def _setting(value: object) -> str | None:
    """Return a setting as a text that is short enough for a name, without addresses in memory."""
    text = metadata_text(value)
    if text is not None or not value:
        return text and _ADDRESS.sub("", text)
    whole = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text_digest(_ADDRESS.sub("", whole))


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def metadata_text(value: object) -> str | None:
    """Return a scalar as short text, or None for anything that can't be a cluster or a stratum."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return whole_text(str(value)) if is_short(value) else None


def is_short(value: object) -> bool:
    """Return whether a value is a scalar and not a long text."""
    return len(value) <= MAX_METADATA_TEXT if isinstance(value, str) else isinstance(value, (int, float))


def flatten_metadata(metadata: object) -> dict[str, Any]:
    """Keep the scalar fields of a metadata mapping, renaming those that collide with the tidy table."""
    if not isinstance(metadata, dict):
        return {}
    return {
        (f"metadata_{key}" if key in (*COLUMNS, *MEASURES) and key != "cluster" else str(key)): value
        for key, value in metadata.items()
        if is_short(value)
    }


PLAIN_FOLDERS = frozenset(
    word_list(
        """
        results result logs log output outputs evaluation evaluations eval evals data runs trajs
        run_evaluation evaluation_results
        """
    )
)
"""Folder names that don't identify the model."""
FEW_ROWS, DIGESTED_ROWS = 1_000, 50_000


def from_path(
    source: Source, ending: str, *, beginning: str = "", plain: str = ""
) -> tuple[str, tuple[ResultWarning, ...]]:
    """Name the model after the file, without the parts that the harness adds, else after the folder.

    `ending` is a pattern for the part that the harness adds, up to the end of the name, and `beginning` for
    the part before. A folder is skipped if its whole name matches `plain`, or is one of
    [`PLAIN_FOLDERS`][howsure.readers.attempt_rows.PLAIN_FOLDERS].
    """
    stem = re.sub(rf"(?:{ending})$", "", source.path.name).removeprefix(beginning).strip("_-. ")
    folders = (folder.name for folder in source.path.absolute().parents)
    named = (name for name in (stem, *folders) if name and not _is_plain(name, plain))
    model = next(named, "unknown")
    return model, (named_by_path(source, model, remedy="Name the file or its folder after the model."),)


def named_by_path(source: Source, model: str, *, remedy: str) -> ResultWarning:
    """Warn that a model is named after the path of its file."""
    return ResultWarning(
        code="model_from_path",
        message=f"{source.name}: the file names no model, so it is named {model!r} after its path.",
        remedy=remedy,
    )


def chosen_model(source: Source) -> str:
    """Return the part of the path that the user's pattern finds, its first group if it has one, or "" without
    a pattern.

    Raises ReadError if the path has no such part.
    """
    if not source.model_from:
        return ""
    name = found_in(source.model_from, source.path.absolute().as_posix(), option="model_from")[0]
    if not name:
        raise source.error(
            f"no part of the path matches `model_from={source.model_from!r}`",
            r"Write a pattern with the model in parentheses: 'runs/([^/]+)/'.",
        )
    return name


def found_in(pattern: str, text: str, *, option: str) -> tuple[str, dict[str, str | None]]:
    """Return the first group of a pattern's match in a text (the whole match without groups), and its named
    groups. Return "" and none without a match.

    The time is linear in the text for any pattern. OptionError if the pattern doesn't allow that.
    """
    known = re.compile(pattern)
    column = pl.Series([text])
    try:
        matches = bool(column.str.contains(pattern)[0])
        first = column.str.extract(pattern, min(known.groups, 1))[0]
        named = column.str.extract_groups(pattern)[0] if known.groupindex and matches else {}
    except pl.exceptions.PolarsError:
        raise OptionError(
            f"{option} = {pattern!r} is too complex",
            remedy="Write it without look-around, back-references and large repeats.",
        ) from None
    return first or "", {name: named[name] for name in known.groupindex if matches}


def with_model(reading: Reading, name: str) -> Reading:
    """Rename the model of a reading; several are distinguished by their own names after it."""
    if not name:
        return reading
    own = set() if reading.rows is None else set(reading.rows["model"].unique())
    own |= {entry.model for entry in reading.published}
    names = {model: name if len(own) == 1 else f"{name} {model}" for model in own}
    return replace(
        reading,
        rows=None if reading.rows is None else reading.rows.with_columns(pl.col("model").replace(names)),
        published=tuple(replace(entry, model=names[entry.model]) for entry in reading.published),
        extents=tuple(replace(entry, model=names.get(entry.model, name)) for entry in reading.extents),
        warnings=tuple(warning for warning in reading.warnings if warning.code != "model_from_path"),
    )


def digest(value: object) -> str:
    """Return a short name for a text or a JSON value without an id: the same value always gets the same
    name.
    """
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:16]


def digest_of_rows(rows: pl.DataFrame) -> str:
    """Return a short name for rows. Of many, only a part is in memory as text at a time."""
    if len(rows) <= FEW_ROWS:  # Polars takes longer to begin
        return digest(rows.rows())
    named = hashlib.sha256()
    for part in rows.iter_slices(DIGESTED_ROWS):
        named.update(part.write_csv(include_header=False).encode())
    return named.hexdigest()[:16]


def numbered(names: Iterable[str]) -> list[str]:
    """Make repeated names unique: the second becomes `name#2`."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def mixed_ids(values: Iterable[object], where: str) -> tuple[ResultWarning, ...]:
    """Warn if some ids are numbers and some are text."""
    kinds = {isinstance(value, str) for value in values}
    if len(kinds) < 2:
        return ()
    return (
        ResultWarning(
            code="mixed_id_types",
            message=f"{where}: some ids are numbers and some are text; all are read as text, 1 as '1'.",
            remedy="Give all items ids of one kind.",
        ),
    )


def _is_plain(name: str, plain: str) -> bool:
    return name.lower() in PLAIN_FOLDERS or (bool(plain) and re.fullmatch(plain, name) is not None)


TOKENS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")
"""The measures that add up to all tokens of an attempt. Reasoning tokens are included in `tokens_out`."""


def token_measures(usages: Sequence[object]) -> dict[str, pl.Series]:
    """Return the measures of usages in the style of Inspect, EvalScope and Every Eval Ever by column, if any
    usage has them.
    """
    found = [usage if isinstance(usage, dict) else {} for usage in usages]
    every = (
        {name: numbers([usage.get(key) for usage in found]) for name, key in _WRITTEN.items()}
        if any(found)
        else {}
    )
    columns = {name: column for name, column in every.items() if column.count()}
    if {"tokens_in", "tokens_out", _TOTAL} <= columns.keys():
        columns |= _placed(columns)
    columns.pop(_TOTAL, None)
    return columns


def token_rows(usages: Sequence[object]) -> list[dict[str, float | None]]:
    """Return the same, one mapping for each usage."""
    columns = {name: column.to_list() for name, column in token_measures(usages).items()}
    return [{name: column[place] for name, column in columns.items()} for place in range(len(usages))]


def numbers(values: Sequence[object]) -> pl.Series:
    """Return values of any kind as numbers, null for anything else, NaN and infinity too."""
    series = pl.Series(values, dtype=pl.Float64, strict=False)
    return series if math.isfinite(series.sum()) else series.set(~series.is_finite(), None)


def _placed(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """Return the tokens of the input without cached ones, and of the output with reasoning.

    Providers disagree on whether cached tokens are included in the input, and reasoning in the output. The
    stated total decides: the excess over input and output isn't included in them. If it matches neither,
    nothing is changed.
    """
    taken, given, total = columns["tokens_in"], columns["tokens_out"], columns[_TOTAL]
    nothing = taken.fill_null(0.0) * 0.0
    cached = sum((columns[name].fill_null(0.0) for name in TOKENS[2:] if name in columns), nothing)
    thought = columns["tokens_reasoning"].fill_null(0.0) if "tokens_reasoning" in columns else nothing
    if not (cached + thought).max():
        return {}
    outside = (total - taken - given).set(total <= 0, None)
    inside = ((outside == 0) | (outside == thought)) & (outside != cached + thought) & (cached <= taken)
    beside = ((outside == thought) | (outside == cached + thought)) & (outside != cached)
    return {
        "tokens_in": (taken - cached).zip_with(inside, taken),
        "tokens_out": (given + thought).zip_with(beside, given),
    }


_TOTAL = "total"
_WRITTEN = {
    "usd": "total_cost",
    "tokens_in": "input_tokens",
    "tokens_out": "output_tokens",
    "tokens_cache_read": "input_tokens_cache_read",
    "tokens_cache_write": "input_tokens_cache_write",
    "tokens_reasoning": "reasoning_tokens",
    _TOTAL: "total_tokens",
}


def counted(records: Sequence[dict[str, Any]], *names: str) -> None:
    """Drop measures that are 0 in all records together: they weren't counted or priced."""
    if not any(record.get(name) for record in records for name in names):
        for record in records:
            for name in names:
                record.pop(name, None)


def without(measure: object, part: object) -> float | None:
    """Return a measure minus a component, such as cached tokens, if both are numbers and the component is
    included.
    """
    whole, taken = finite(measure), finite(part) or 0.0
    return None if whole is None else whole - taken if taken <= whole else whole


def per_thousand(value: object) -> float | None:
    """Return milliseconds as seconds."""
    found = finite(value)
    return None if found is None else found / 1000


def elapsed(record: Mapping[str, Any], start: str, end: str) -> float | None:
    """Return the seconds between two timestamps of a record, or None if one is missing or invalid, or they go
    backwards.
    """
    begun, ended = moment(str(record.get(start))), moment(str(record.get(end)))
    if begun is None or ended is None or ended < begun:
        return None
    return (ended - begun).total_seconds()


def summed(value: object) -> float | None:
    """Return a number, or the sum of numbers in nested lists, as written for several turns, or None without
    any.
    """
    if not isinstance(value, list):
        return finite(value)
    found = [each for each in map(summed, value) if each is not None]
    return sum(found) if found else None


def rows_beside(path: Path, source: Source) -> list[dict[str, Any]]:
    """Read the objects of a neighbouring file with one per line, or none if it is missing or can't be read,
    which affects no score.
    """
    try:
        found = source.near(path)
        rows = [] if found is None else found.json_lines()
    except (ReadError, OSError):
        return []
    return [row for row in rows if isinstance(row, dict)]


MAX_VERSION_TEXT = 20


def sound(reading: Reading, source: Source) -> Reading:
    """Leave out published scores that aren't numbers, with a warning. Fix names with invalid characters."""
    if reading.run is not None and not reading.run.is_plain(MAX_METADATA_TEXT):
        reading = replace(reading, run=reading.run.mended(whole_text, MAX_METADATA_TEXT))
    if all(math.isfinite(entry.score) and _is_sound(entry) for entry in reading.published):
        return reading
    whole = tuple(entry for entry in reading.published if math.isfinite(entry.score))
    left = len(reading.published) - len(whole)
    published = tuple(
        replace(
            entry, task=whole_text(entry.task), model=whole_text(entry.model), metric=whole_text(entry.metric)
        )
        for entry in whole
    )
    return replace(reading, published=published, warnings=(*reading.warnings, *left_out(left, source)))


def _is_sound(entry: Published) -> bool:
    return all(name.isascii() or name == whole_text(name) for name in (entry.task, entry.model, entry.metric))


def cut_row(source: Source) -> tuple[ResultWarning, ...]:
    """Warn if a file of lines ends in mid-row. Only its last byte is read if it doesn't."""
    suffix = source.path.suffix.lower()
    if suffix not in (*CELLS, *RECORDS) or _ends_a_line(source):
        return ()
    data = source.read_bytes()
    begins = cut_at(data, suffix)
    if begins is None:
        return ()
    line = data.count(b"\n", 0, begins) + 1
    return (
        ResultWarning(
            code="cut_row",
            message=f"{source.name} ends in mid-row: line {line:,} is incomplete and left out.",
            remedy="The run may still be going, or a copy was cut short: wait, or copy it again.",
        ),
    )


def _ends_a_line(source: Source) -> bool:
    with source.opened() as file:
        file.seek(max(source.path.stat().st_size - 1, 0))
        return file.read() in (b"\n", b"\r", b"")


def left_out(count: int, source: Source) -> tuple[ResultWarning, ...]:
    """Warn how many published scores aren't numbers, if any."""
    message = (
        f"{source.name}: {plural(count, 'published score')} "
        f"{'is' if count == 1 else 'are'} not numeric and left out."
    )
    return (
        (ResultWarning(code="score_left_out", message=message, remedy="Write the file again."),)
        if count
        else ()
    )


def unknown_layout(stated: object, known: Sequence[str], source: Source) -> tuple[ResultWarning, ...]:
    """Warn if a file states a layout version that its reader wasn't checked on.

    `known`: the versions that it was checked on, the newest last. One such as 0.2 includes 0.2.1.
    """
    text = str(stated)
    if stated is None or any(text == each or text.startswith(f"{each}.") for each in known):
        return ()
    checked = f"versions up to {known[-1]}" if len(known) > 1 else f"version {known[0]}"
    return (
        ResultWarning(
            code="unknown_layout",
            message=(
                f"{source.name} states layout version {text[:MAX_VERSION_TEXT]}, but this reader "
                "was checked on "
                f"{checked}."
            ),
            remedy=(
                "Compare the figures of `howsure describe` with those of the harness before you use them, or "
                "update howsure."
            ),
        ),
    )
