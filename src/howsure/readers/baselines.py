"""Where saved baselines lie, and which there are: in a folder of this name beside the configuration, or at
the repository's root.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError, OptionError, ReadError
from howsure.readers.base import Source
from howsure.readers.records import SECRET
from howsure.readers.saved import (
    FORMAT,
    FORMAT_KEY,
    ROWS,
    VERSION,
    VERSION_KEY,
    Log,
    columns_of,
    is_baseline,
    plain,
)
from howsure.readers.tables import NAME as TABLE
from howsure.table.names import name_words, word_list
from howsure.table.schema import COLUMNS, FINGERPRINTS, MEASURES, STOP
from howsure.table.scores import Run, text_digest
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.table.scores import RunEntry, Scores

FOLDER, SUFFIX = "baselines", ".howsure"
NAME = re.compile(r"\w[\w.+-]{0,99}")
OWN, PYPROJECT, TOOL = "howsure.toml", "pyproject.toml", b"[tool.howsure"
MOST_NAMES, LONGEST = 5, 100


def folder() -> Path:
    """Return the folder of baselines: beside the nearest configuration, else at the repository's root, else
    in the working directory.
    """
    here = Path.cwd()
    for place in (here, *here.parents):
        if _is_configured(place) or (place / ".git").exists():
            return place / FOLDER
    return here / FOLDER


def _is_configured(place: Path) -> bool:
    try:
        return (place / OWN).is_file() or TOOL in (place / PYPROJECT).read_bytes()
    except OSError:
        return False


def place_of(name: str) -> Path:
    """Return where a baseline of this name is saved. OptionError where it is no plain name."""
    if not NAME.fullmatch(name):
        raise OptionError(
            f"{name!r} is no name of a baseline",
            remedy="Take letters, digits and . _ + -; `output` puts it elsewhere.",
        )
    return folder() / f"{name}{SUFFIX}"


def names() -> tuple[str, ...]:
    """Return the names of the baselines that are there."""
    try:
        return tuple(
            sorted(path.name.removesuffix(SUFFIX) for path in folder().glob(f"*{SUFFIX}") if path.is_file())
        )
    except OSError:
        return ()


def found(text: str) -> Path:
    """Return the file of a baseline, by its name or its path.

    Raises OptionError, with the nearest names, where there is none, ReadError where the file is something
    else.
    """
    named = folder() / f"{text}{SUFFIX}" if NAME.fullmatch(text) else Path(text)
    place = Path(shown(named)) if _is_file(named) else Path(text)
    if not _is_file(place):
        raise OptionError(
            f"no saved baseline {text[:LONGEST]!r} in {shown(folder())}", remedy=_there_are(text)
        )
    if not is_one(place):
        raise ReadError(
            "not a saved baseline",
            where=shown(place),
            remedy="Name one, or take the file as it is, without `saved:`.",
        )
    return place


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def is_one(place: Path) -> bool:
    """Say whether a file is a saved baseline, by how it begins."""
    try:
        return is_baseline(Source(path=place, root=place).head)
    except OSError:
        return False


def shown(place: Path) -> str:
    """Return a path as a user would write it from the working directory."""
    relative = (
        os.path.relpath(place) if place.is_absolute() and place.anchor == Path.cwd().anchor else str(place)
    )
    return relative if not relative.startswith("..") else str(place)


def _there_are(text: str) -> str:
    known = names()
    if not known:
        return "There are none yet: `howsure baseline save NAME PATHS`."
    near = get_close_matches(text, known, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    return f"{meant}There is {listing(list(known), MOST_NAMES)}."


EXACT = 12
"""So many digits of a sum are the same in whatever order it was added up."""
LONGEST_VALUE = 100
"""Longer values are text, whatever their name is."""
LONGEST_ID, MANY_BLANKS = 200, 4
"""An item whose name is longer, or has more blanks, is called by its text."""
COUNTED = frozenset(["n", "num", "number", "count", "len", "length"])
"""A name that begins so is that of a number: n_messages."""
ABSOLUTE = re.compile("/|[A-Za-z]:/")
DIGEST = re.compile(r"#?[0-9a-f]{6,64}")
TEXTS = frozenset(
    word_list(
        """
        prompt question problem query instruction input text content message template system target answer
        label gold ideal expected reference solution choice option explanation output response completion
        prediction pred resp generation transcript description hint
        """
    )
)
"""Columns and settings whose name ends so hold text, or give a right answer away, however short they are."""
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""A gzip without a date, a name, or a system: the same rows give the same bytes everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A baseline as bytes, its rows, and the columns that it doesn't keep."""

    data: bytes
    rows: pl.DataFrame
    left_out: tuple[str, ...]


def packed(scores: Scores, notes: Sequence[str] = ()) -> Packed:
    """Return scores as a baseline, with more notes than their own. DataError where there are no rows, or
    items are called by their texts.
    """
    table = scores.to_frame() if scores.has_rows else pl.DataFrame()
    if not len(table):
        raise DataError(
            "no score of a single question, and a baseline is compared question by question",
            remedy="Give the logs, or a table with one row an answer.",
        )
    _refuse_sentences(table["item"].unique())
    names = [name for name in table.columns if name in COLUMNS or _is_kept(table, name)]
    by_log = _by_log(table.select(names), scores.runs)
    hidden = _texts_of(by_log.logs)
    told = {
        FORMAT_KEY: FORMAT,
        VERSION_KEY: VERSION,
        "logs": plain([_bare(log) for log in by_log.logs]),
        "facts": plain(scores.facts),
        "published": plain([replace(entry, run="") for entry in scores.published]),
        "groups": plain(scores.groups),
        "missing": _lacking(scores, by_log),
        "reconciled": plain(
            [replace(figure, read=float(f"{figure.read:.{EXACT}g}")) for figure in scores.reconciled]
        ),
        "score_name": scores.score_name,
        "signed": bool(scores.signed),
        "notes": [_mended(note, hidden) for note in (*scores.notes, *notes)],
        "cautions": [
            plain(
                replace(
                    caution, message=_mended(caution.message, hidden), remedy=_mended(caution.remedy, hidden)
                )
            )
            for caution in scores.cautions
        ],
        "columns": columns_of(by_log.rows.drop("source")),
    }
    data = json.dumps(told, separators=(",", ":")).encode()
    return Packed(
        data=_zipped(data),
        rows=by_log.rows,
        left_out=tuple(name for name in table.columns if name not in names and table[name].count()),
    )


def _mended(text: str, digests: Mapping[str, str]) -> str:
    """Return a sentence with digests in place of texts."""
    for long, digest in digests.items():
        text = text.replace(long, digest)
    return text


def _lacking(scores: Scores, by_log: _ByLog) -> list[dict[str, Any]]:
    """Write what models lack, each with the place of its log and as that calls the model."""
    known = [
        (lack, by_log.places[key])
        for lack in scores.missing
        if (key := (lack.task, lack.model)) in by_log.places
    ]
    return [{**plain(replace(lack, model=name)), "log": place} for lack, (place, name) in known]


def _zipped(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    sizes = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return HEADER + packer.compress(data) + packer.flush() + sizes


def _refuse_sentences(items: pl.Series) -> None:
    """Refuse items that are called by what they ask: a baseline would hold their text."""
    texts = items.filter(
        (items.str.len_chars() > LONGEST_ID) | (items.str.count_matches(r"\s") > MANY_BLANKS)
    )
    if len(texts) * 2 > len(items):
        raise DataError(
            f"the items are called by their texts ({texts[0][:30]!r} …), and a baseline keeps none",
            remedy="Give every item a short id, or name the column that has one: `columns`.",
        )


def _is_kept(table: pl.DataFrame, name: str) -> bool:
    """Say whether a column is a measure, a fingerprint, or an attribute of items that could be a cluster or a
    covariate.

    An attribute has short values: numbers, or words of which there are fewer than items. Names of texts and
    of secrets are none.
    """
    if name in (*MEASURES, *FINGERPRINTS, STOP):
        return True
    values = table[name]
    if is_text_name(name) or SECRET.search(name) or values.dtype.is_nested():
        return False
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return True
    words = values.cast(pl.String, strict=False).drop_nulls().unique()
    if not len(words) or (words.str.len_chars() > LONGEST_VALUE).any():
        return False
    items = table.filter(values.is_not_null()).select("task", "item").n_unique()
    return len(words) < items or words.cast(pl.Float64, strict=False).is_not_null().all()


def is_text_name(name: str) -> bool:
    """Say whether a column or setting of this name holds text: by its last word, which may stand in the
    plural.
    """
    words = [word for word in name_words(name) if word != "%"] or [""]
    return words[0] not in COUNTED and (words[-1] in TEXTS or words[-1].removesuffix("s") in TEXTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByLog:
    """Rows with the place of their log, and their model as the log calls it; the logs in the order of their
    rows.

    `places`: for each task and model as the answers call it, its first log and its name there.
    """

    rows: pl.DataFrame
    logs: list[Log]
    places: dict[tuple[str, str], tuple[int, str]]


def _by_log(table: pl.DataFrame, runs: Sequence[RunEntry]) -> _ByLog:
    """Give the rows back to their logs; those that no log is known of are a table's."""
    entries = {(entry.source, entry.task, entry.model): entry for entry in reversed(runs)}
    cells = table.select("source", "task", "model").unique(maintain_order=True)
    known = [entries.get(cell) for cell in cells.iter_rows()]
    names = [entry.name if entry else model for entry, model in zip(known, cells["model"], strict=True)]
    whose = [
        _log(entry) if entry else Log(source=source or ROWS, reader=TABLE, run=Run(), settings={})
        for entry, source in zip(known, cells["source"], strict=True)
    ]
    logs = [log for k, log in enumerate(whose) if log not in whose[:k]]
    found = [logs.index(log) for log in whose]
    places: dict[tuple[str, str], tuple[int, str]] = {}
    for (_, task, model), place, name in zip(cells.iter_rows(), found, names, strict=True):
        places.setdefault((task, model), (place, name))
    told = cells.with_columns(
        pl.Series("log", found, dtype=pl.Int64), pl.Series("named", names, dtype=pl.String)
    )
    rows = table.join(
        told, on=["source", "task", "model"], how="left", nulls_equal=True, maintain_order="left"
    )
    return _ByLog(rows=rows.with_columns(model="named").drop("named"), logs=logs, places=places)


def _log(entry: RunEntry) -> Log:
    return Log(source=entry.source, reader=entry.reader, run=entry.run, settings=entry.settings)


def _texts_of(logs: Iterable[Log]) -> dict[str, str]:
    """Return how models are called by texts among their settings, and by the digests that stand for these,
    the longest first.
    """
    found = {pair for log in logs for pair in _long(log.settings.items())}
    return {
        f"{name}={text}": f"{name}={text_digest(text)}"
        for name, text in sorted(found, key=lambda pair: -len(pair[1]))
    }


def _long(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the settings that are texts."""
    yield from (
        (name, text)
        for name, text in pairs
        if len(text) > LONGEST_VALUE or (is_text_name(name) and not DIGEST.fullmatch(text))
    )


def _bare(log: Log) -> Log:
    """Return a log with digests in place of texts; a path keeps its last part."""
    source = log.source.replace("\\", "/")
    return replace(
        log,
        source=source.rsplit("/", 1)[-1] if ABSOLUTE.match(source) else source,
        settings=_without(log.settings),
        run=replace(log.run, surroundings=_without(log.run.surroundings)),
    )


def _without(named: Mapping[str, str]) -> dict[str, str]:
    return {**named, **{name: text_digest(text) for name, text in _long(named.items())}}
