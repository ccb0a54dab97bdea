"""From paths to Scores: let each file's reader read it, and put together what they hold.

A file that can't be read is reported and the rest goes on. Nothing is merged in silence: each outcome is a
FileReport or a caution.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import Caution, DataError, HowsureError
from howsure.readers import registry, tables
from howsure.readers.base import GivenReader, Source, named
from howsure.readers.combining import joined_rows, named_after_file, nameless
from howsure.readers.files import find_sources
from howsure.readers.parallel import reading_ahead
from howsure.readers.parsing import PACKED
from howsure.readers.published import boards_apart
from howsure.readers.reading import UNKNOWN, read_by
from howsure.readers.reconciling import subset_notes
from howsure.readers.records import cut_row, sound
from howsure.readers.reporting import COPY, NO_RESULTS, OF_RESULTS, cautions_of, nothing, told_together
from howsure.readers.runs import (
    NOT_ASKED,
    Taken,
    chosen_runs,
    held_to_their_word,
    newest_runs,
    recent,
    run_entries,
    tell_apart,
    uncounted_logs,
    whole_runs,
    without_copies,
)
from howsure.readers.tables import named_twice
from howsure.table.cells import Writing
from howsure.table.scale import BESIDE
from howsure.table.schema import find_roles, refuse_scoreless
from howsure.table.scores import FileReport, Scores, joined_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from howsure.readers.cache import Cache
    from howsure.readers.parallel import Ahead

    Progress = Callable[[Sequence[Source]], Iterable[Source]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the walk has found so far: what became of each file, what readers took, and tables; `cache`: of
    earlier walks.

    `places`: where the report of each file is; `alone`: of each size the only table so far, None where there
    are more, whose bytes have `digests`.
    """

    cache: Cache | None = None
    reports: list[FileReport] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    tables: list[tables.Table] = field(default_factory=list)
    cautions: list[Caution] = field(default_factory=list)
    places: dict[Path, int] = field(default_factory=dict)
    alone: dict[int, Path | None] = field(default_factory=dict)
    digests: set[bytes] = field(default_factory=set)

    def report(self, source: Source, outcome: str, *, reader: str | None = None, reason: str = "") -> None:
        """Report what became of a file, in place of what was reported of it."""
        place = self.places.setdefault(source.path, len(self.reports))
        self.reports[place : place + 1] = [
            FileReport(path=source.name, reader=reader, outcome=outcome, reason=reason)
        ]

    def failed(self, source: Source, error: HowsureError) -> None:
        """Report a file that can't be read, or used."""
        self.report(source, "failed", reason=str(error).removeprefix(source.name).lstrip(",: "))

    def keep(self, runs: Sequence[str]) -> None:
        """Keep the logs of these runs; tables, and logs that say nothing of their run, are of none. ReadError
        where none is left.
        """
        kept = chosen_runs(self.taken, self.reports, runs)
        for table in self.tables:
            self.left_out(table.source, NOT_ASKED)
        self.tables.clear()
        self.taken[:] = kept

    def has_copy(self, source: Source) -> bool:
        """Say whether a table with the same bytes was asked about before. The bytes are read of files of one
        size alone, each once.
        """
        if source.address:
            return False
        size = source.path.stat().st_size
        alone = self.alone.setdefault(size, source.path)
        if alone == source.path:
            return False
        if alone is not None:
            self.alone[size] = None
            self.digests.add(_digest(alone))
        digest = _digest(source.path)
        is_copy = digest in self.digests
        self.digests.add(digest)
        return is_copy

    def left_out(self, source: Source, reason: str) -> None:
        """Report a table that was passed over."""
        self.report(source, "left out", reader=tables.NAME, reason=reason)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").digest()


def read_paths(
    paths: Sequence[str | Path | Source],
    *,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
    writing: Writing | None = None,
    reader: str | None = None,
    strict: bool = False,
    probabilities: bool = False,
    maps: Sequence[GivenReader] = (),
    model_from: str = "",
    items: str = "",
    runs: Sequence[str] = (),
    as_attempts: bool | None = None,
    latest: bool = False,
    since: str = "",
    cache: bool = False,
    processes: int = 1,
    progress: Progress | None = None,
) -> Scores:
    """Read files and folders, and tables that lie elsewhere, into one Scores.

    `columns` names the columns of tables, `where` keeps only rows of tables with these values, `writing` says
    how they write numbers, `reader` forces a format, `strict` stops at the first file that can't be read, or
    whose rows differ from what it states. `probabilities` asks for the probability of the right answer beside
    the scores. `maps` read what no reader of a harness knows, `model_from` names the model by a part of the
    path, `items` is the path of a table with one row an item. Of logs only those of `runs` are kept: `tag:…`,
    `commit:…`, `run:…`, and of these the newest (`latest`), or those of a time (`since`); `as_attempts`
    counts all of one model as attempts, or none that differ in a setting. `cache` keeps what logs hold for
    the next time. `processes` may read many files at once. `progress` wraps the list of files.
    """
    given: dict[str, Any] = {
        "probabilities": probabilities,
        "writing": writing or Writing(),
        "maps": tuple(maps),
        "model_from": model_from,
        "items": items,
        "columns": columns or {},
        "where": where or {},
    }
    sources = [replace(source, **given) for source in _listed(paths)]
    found = _Found(cache=_cache(sources, reader, given) if cache else None)
    reports, taken = found.reports, found.taken
    known = found.cache.knows if found.cache is not None else None
    with reading_ahead(sources, reader, 1 if maps else processes, known) as ahead:
        for source in progress(sources) if progress else sources:
            _take_all(source, ahead, columns or {}, found, strict=strict)
    if found.cache is not None:
        found.cache.write()
    if runs:
        found.keep(runs)
    whole, told = whole_runs(newest_runs(without_copies(taken, reports), reports), reports)
    whole, undated = recent(whole, reports, latest=latest, since=since)
    found.cautions.extend((*told, *undated))
    kept = held_to_their_word(whole, strict=strict)
    scores = _together(found, kept, columns or {}, where or {}, strict=strict, as_attempts=as_attempts)
    if not scores.has_rows and not scores.published:
        raise nothing([path.path if isinstance(path, Source) else path for path in paths], reports)
    return replace(scores, cautions=tuple(dict.fromkeys((*scores.cautions, *named_twice(sources, reports)))))


def _listed(paths: Sequence[str | Path | Source]) -> list[Source]:
    """Return the files under some paths, each once, also where several paths lead to it."""
    found = [
        source
        for path in paths
        for source in ([path] if isinstance(path, Source) else find_sources(Path(path)))
    ]
    if len(paths) == 1:
        return found
    once: dict[object, Source] = {}
    for source in found:
        once.setdefault(source.address or os.path.realpath(source.path), source)
    return list(once.values())


def _cache(sources: Sequence[Source], reader: str | None, given: Mapping[str, Any]) -> Cache | None:
    """Return the cache; none where files that it doesn't know of say how others are read."""
    if given["maps"] or given["items"]:
        return None
    from howsure.readers.cache import cache_of

    return cache_of(sources, (reader, given["probabilities"], given["writing"], given["model_from"]))


def _together(
    found: _Found,
    kept: list[Taken],
    columns: Mapping[str, tuple[str, ...]],
    where: Mapping[str, tuple[str, ...]],
    *,
    strict: bool,
    as_attempts: bool | None,
) -> Scores:
    """Put together what logs and tables hold, and what is to be said of it."""
    reports = found.reports
    cautions = [
        *found.cautions,
        *(caution for read in kept for caution in (*read.reading.cautions, *read.word.cautions)),
    ]
    notes: list[str] = []
    harness, missing, called = tell_apart(kept, cautions, notes, as_attempts=as_attempts)
    texts = [(table.source.name, table.numbers) for table in found.tables if table.numbers is not None]
    notes += told_together([(name, note) for name, numbers in texts for note in numbers.notes])
    notes += told_together([(read.source.name, note) for read in kept for note in read.reading.notes])
    notes += dict.fromkeys(note for read in kept for note in read.word.notes)
    notes += subset_notes(extent for read in kept for extent in read.word.subsets)
    named_tables = [(table.source, *named_after_file(table, columns, where)) for table in found.tables]
    named_tables = _scored(named_tables, columns, found, strict=strict or not harness)
    named_tables = _with_names(named_tables, columns, found, strict=strict)
    notes += [note for _, _, note in named_tables if note]
    scans = [(source, frame) for source, frame, _ in named_tables]
    rows, roles, score_name = joined_rows(harness, scans, dict(columns), where, notes)
    reports += [_report(read) for read in kept]
    published = boards_apart(
        [
            replace(entry, run=read.reading.run.identity) if read.reading.run else entry
            for read in kept
            for entry in read.reading.published
        ]
    )
    cautions += cautions_of(reports)
    return Scores(
        rows=rows if rows is not None else pl.DataFrame(),
        roles=roles,
        chosen=frozenset(columns),
        facts=joined_facts(fact for read in kept for fact in read.reading.facts),
        published=published,
        files=tuple(sorted(reports, key=lambda report: report.path)),
        cautions=tuple(dict.fromkeys(cautions)),
        notes=tuple(notes),
        signed=_signed_columns(found.tables, score_name) | _signed(kept),
        score_name=score_name or _score_name(kept),
        missing=missing,
        reconciled=tuple(figure for read in kept for figure in read.word.figures),
        groups=tuple(dict.fromkeys(group for read in kept for group in read.reading.groups)),
        runs=run_entries(called),
        uncounted=uncounted_logs(found.taken, called, reports),
    )


def _signed_columns(found: Sequence[tables.Table], score_name: str) -> frozenset[str]:
    """Return the score columns with % signs; of tables in which these have other names, the name that stands
    for all if all have signs.
    """
    signed = [table.numbers.column for table in found if table.numbers is not None and table.numbers.percent]
    return frozenset(signed) | (
        frozenset({score_name}) if score_name and len(signed) == len(found) else frozenset()
    )


def _score_name(kept: Iterable[Taken]) -> str:
    """Return what the score column was called in saved tables, by all names where these differ."""
    return BESIDE.join(dict.fromkeys(read.reading.score_name for read in kept if read.reading.score_name))


def _signed(kept: Sequence[Taken]) -> frozenset[str]:
    """Return the name of scores that all had % signs when they were saved."""
    return (
        frozenset({_score_name(kept)}) if kept and all(read.reading.signed for read in kept) else frozenset()
    )


ZIP = ".zip"
"""A file with this suffix is the folder that it holds."""


def _take_all(
    source: Source,
    ahead: Ahead,
    columns: Mapping[str, tuple[str, ...]],
    found: _Found,
    *,
    strict: bool,
    inside: bool = False,
) -> None:
    """Take a file, or every file of a zip; what goes wrong is reported, or raised where that is wanted.

    `inside` a zip no other is opened, since a zip can hold itself.
    """
    try:
        with named(source.name):
            suffix = source.path.suffix.lower()
            if inside or not _is_packed(source) or registry.identify(source) is not None:
                _take(source, ahead, columns, found)
                return
            from howsure.readers.zipped import decompressed, unpacked

            with TemporaryDirectory(prefix="howsure-") as folder:
                if suffix in PACKED:
                    _take(decompressed(source, Path(folder)), ahead, columns, found)
                    return
                members, failed = unpacked(source, Path(folder))
                for member, error in failed:
                    if strict:
                        raise error
                    found.failed(member, error)
                for member in members:
                    _take_all(member, ahead, columns, found, strict=strict, inside=True)
    except HowsureError as error:
        if strict:
            raise
        found.failed(source, error)


def _is_packed(source: Source) -> bool:
    """Say whether a file is to be unpacked: of a folder's compressed files only those whose names say that
    they hold data.
    """
    suffix, inner = source.path.suffix.lower(), Path(source.path.stem).suffix.lower()
    return suffix == ZIP or (
        suffix in PACKED and (source.path == source.root or inner in (".json", *OF_RESULTS))
    )


def _take(source: Source, ahead: Ahead, columns: Mapping[str, tuple[str, ...]], found: _Found) -> None:
    outcome = ahead.outcome(source) if found.cache is None else found.cache.outcome(source, ahead.outcome)
    if outcome.reader is None:
        from howsure.readers.databases import IN_FOLDER, begins_database

        reason = IN_FOLDER if begins_database(source.head) else UNKNOWN
        found.report(source, "left out", reason=reason)
    elif outcome.claim == "companion":
        found.report(source, "companion", reader=outcome.reader)
    elif outcome.reading is not None:
        found.taken.append(Taken(source=source, reader=outcome.reader, reading=outcome.reading))
        found.cautions.extend(outcome.cautions)
    else:
        if outcome.reader == registry.SAVED:
            found.taken.extend(_read_saved(source))
        else:
            _take_table(source, columns, found, asked=ahead.asked is not None or source.path == source.root)
        found.cautions.extend(cut_row(source))


def _take_table(
    source: Source, columns: Mapping[str, tuple[str, ...]], found: _Found, *, asked: bool
) -> None:
    """Take a table of rows, or of published scores; one without results is passed over unless it was asked
    for.
    """
    frame = tables.scan(source)
    names = frame.collect_schema().names()
    roles = find_roles(names, columns)
    if "item" in roles:
        named_here = {
            "task",
            "model",
        } <= roles.keys() and not source.model_from  # else the file's own name says more
        table = tables.checked(source, frame, columns)
        if named_here and found.has_copy(source):
            found.left_out(source, COPY)
            return
        found.tables.append(table)
        found.cautions.extend(table.cautions)
        found.report(source, "read", reader=tables.NAME)
    elif asked or (tables.is_leaderboard(names, columns) and not tables.repeats_models(frame, columns)):
        found.taken.append(Taken(source=source, reader=tables.NAME, reading=read_by(tables, source)))
    else:
        found.left_out(source, NO_RESULTS)


def _read_saved(source: Source) -> list[Taken]:
    """Read the logs of a saved baseline; what names models otherwise did so when it was saved."""
    from howsure.readers import saved

    with named(source.name, saved.NAME):
        return [replace(read, reading=sound(read.reading, read.source)) for read in saved.logs(source)]


def _scored(
    scans: list[tuple[Source, pl.LazyFrame, str]],
    columns: Mapping[str, tuple[str, ...]],
    found: _Found,
    *,
    strict: bool,
) -> list[tuple[Source, pl.LazyFrame, str]]:
    """Keep the tables that hold scores and report the others; `strict`: an error where none of several does,
    or at the first.
    """
    kept, refused = [], []
    for source, frame, note in scans:
        try:
            refuse_scoreless(frame, columns)
        except DataError as error:
            refused.append((source, DataError(error.what, where=source.name, remedy=error.remedy)))
        else:
            kept.append((source, frame, note))
    if refused and strict and not kept:
        raise refused[0][1]
    for source, why in refused:
        if source.path == source.root:
            found.failed(source, why)
        else:
            found.left_out(source, NO_RESULTS)
    return kept


def _with_names(
    scans: list[tuple[Source, pl.LazyFrame, str]],
    columns: Mapping[str, tuple[str, ...]],
    found: _Found,
    *,
    strict: bool,
) -> list[tuple[Source, pl.LazyFrame, str]]:
    """Keep those of several tables whose rows all say what they are about; report the others, `strict`: raise
    DataError.
    """
    kept = []
    for source, frame, note in scans:
        error = nameless(frame, columns, where=source.name) if len(scans) > 1 or found.taken else None
        if error is None:
            kept.append((source, frame, note))
        elif strict:
            raise error
        else:
            found.failed(source, error)
    return kept


def _report(read: Taken) -> FileReport:
    rows = read.reading.rows
    outcome = "published" if rows is None else "read"
    reason = "scores only, no rows behind them: see `howsure audit`" if rows is None else ""
    return FileReport(
        path=read.source.name,
        reader=read.reader,
        outcome=outcome,
        rows=0 if rows is None else len(rows),
        reason=reason,
    )
