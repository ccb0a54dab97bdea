"""From paths to Scores: run each file's reader, and combine the contents.

A file that can't be read is reported and the rest continues. Nothing is merged silently: each outcome is a
FileReport or a warning.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError, HowsureError, ResultWarning
from howsure.readers import registry, tables
from howsure.readers.attempt_rows import cut_row, sound
from howsure.readers.base import TEMPORARY, GivenReader, Source, named
from howsure.readers.combining import joined_rows, named_after_file, nameless
from howsure.readers.parallel import reading_in_parallel
from howsure.readers.parsing import PACKED
from howsure.readers.published import boards_apart
from howsure.readers.reading import UNKNOWN, find_sources, outcome_of, read_by
from howsure.readers.reconciling import subset_notes
from howsure.readers.reporting import COPY, NO_RESULTS, OF_RESULTS, nothing, told_together, warnings_of
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
from howsure.table.scale import BESIDE
from howsure.table.schema import find_roles, refuse_scoreless
from howsure.table.scores import FileReport, Scores, joined_facts
from howsure.table.sides import (
    ROWS_AS_QUESTIONS,
    in_rows,
    model_columns,
    rows_are_questions,
    with_row_questions,
)
from howsure.table.writing import Writing
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from howsure.readers.cache import Cache
    from howsure.readers.reading import Outcome

    Look = Callable[[Source], Outcome]
    Progress = Callable[[Sequence[Source]], Iterable[Source]]


ZIP = ".zip"
"""A file with this suffix is treated as the folder inside it."""


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
    """Read files, folders and remote tables into one Scores.

    `columns` names the columns of tables, `where` keeps only rows of tables with these values, `writing` is
    how they write numbers, `reader` forces a format, and `strict` stops at the first file that can't be read,
    or whose rows differ from its own figures. `probabilities` adds the probability of the right answer.
    `maps` read files that no harness reader recognises, `model_from` names the model by a part of the path,
    and `items` is the path of a table with one row per item. `runs` keeps only some of the logs: `tag:…`,
    `commit:…`, `run:…`, and of these the newest (`latest`), or those of a time (`since`). `as_attempts`
    counts all of one model as attempts, or none that differ in a setting. `cache` saves the contents of logs
    for the next time. `processes` may read many files, or a large one, at once. `progress` wraps the list of
    files.
    """
    given: dict[str, Any] = {
        "probabilities": probabilities,
        "writing": writing or Writing(),
        "maps": tuple(maps),
        "model_from": model_from,
        "items": items,
        "columns": columns or {},
        "where": where or {},
        "processes": processes,
    }
    sources = [replace(source, **given) for source in _listed(paths)]
    walk = _Walk(
        columns=columns or {},
        where=where or {},
        strict=strict,
        reader=reader,
        cache=_cache(sources, reader, given) if cache else None,
        only=sources[0].path if len(sources) == 1 else None,
    )
    known = walk.cache.knows if walk.cache is not None else None
    several = processes > 1 and len(sources) > 1 and not maps
    with reading_in_parallel(sources, reader, processes, known) if several else nullcontext() as ahead:
        look = partial(outcome_of, asked=reader) if ahead is None else ahead.outcome
        for source in progress(sources) if progress else sources:
            walk.take_all(source, look)
    if walk.cache is not None:
        walk.cache.write()
    if runs:
        walk.keep(runs)
    scores = walk.scores(latest=latest, since=since, as_attempts=as_attempts)
    if not scores.has_rows and not scores.published:
        raise nothing([path.path if isinstance(path, Source) else path for path in paths], walk.reports)
    warnings = (*scores.warnings, *named_twice(sources, walk.reports))
    return replace(scores, warnings=tuple(dict.fromkeys(warnings)))


def _listed(paths: Sequence[str | Path | Source]) -> list[Source]:
    """Return the files under some paths, each once, also if several paths lead to it."""
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
    """Return the cache, or none if files outside its control affect how others are read."""
    if given["maps"] or given["items"]:
        return None
    from howsure.readers.cache import cache_of

    return cache_of(sources, (reader, given["probabilities"], given["writing"], given["model_from"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """One walk over files, with its results so far.

    Attributes:
        columns: The columns of tables by role, as the user names them.
        where: The rows of tables that count.
        strict: Whether the first file that can't be read or used is an error.
        reader: The name of the reader that the user requested.
        cache: Results of earlier walks.
        only: The only file, if there is one.
        reports: The result for each file.
        taken: Readings of harness logs.
        tables: Tables with rows.
        notes: How tables were interpreted.
        warnings: Warnings about files.
        places: The index of each file's report.
        alone: For each size the only table so far, or None if there are more.
        digests: The digests of tables with equal sizes.
    """

    columns: Mapping[str, tuple[str, ...]]
    where: Mapping[str, tuple[str, ...]]
    strict: bool
    reader: str | None
    cache: Cache | None
    only: Path | None
    reports: list[FileReport] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    tables: list[tables.ScoreTable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[ResultWarning] = field(default_factory=list)
    places: dict[Path, int] = field(default_factory=dict)
    alone: dict[int, Path | None] = field(default_factory=dict)
    digests: set[bytes] = field(default_factory=set)

    def take_all(self, source: Source, look: Look, *, inside: bool = False) -> None:
        """Process a file, or every file of a zip. Errors are reported, or raised if `strict`.

        `inside` a zip no other is opened, since a zip can contain itself.
        """
        try:
            with named(source.name):
                if inside or not _is_packed(source) or registry.identify(source) is not None:
                    self._take(source, look)
                    return
                from howsure.readers.zipped import decompressed, unpacked

                with TemporaryDirectory(prefix=TEMPORARY) as folder:
                    if source.path.suffix.lower() in PACKED:
                        self._take(decompressed(source, Path(folder)), look)
                        return
                    members, failed = unpacked(source, Path(folder))
                    for member, error in failed:
                        self._refuse(member, error)
                    for member in members:
                        self.take_all(member, look, inside=True)
        except HowsureError as error:
            self._refuse(source, error)
        finally:
            source.forget_contents()

    def _take(self, source: Source, look: Look) -> None:
        outcome = look(source) if self.cache is None else self.cache.outcome(source, look)
        if outcome.reader is None:
            from howsure.readers.addresses import IN_FOLDER, begins_database

            reason = IN_FOLDER if begins_database(source.head) else UNKNOWN
            self._report(source, "left out", reason=reason)
        elif outcome.claim == "companion":
            self._report(source, "companion", reader=outcome.reader)
        elif outcome.reading is not None:
            self.taken.append(Taken(source=source, reader=outcome.reader, reading=outcome.reading))
            self.warnings.extend(outcome.warnings)
        else:
            if outcome.reader == registry.SAVED:
                self.taken.extend(_read_saved(source))
            else:
                self._take_table(source)
            self.warnings.extend(cut_row(source))

    def _take_table(self, source: Source) -> None:
        """Process a table of rows, or of published scores. One without results is skipped unless it was given
        directly.
        """
        frame = tables.scan(source)
        names = frame.collect_schema().names()
        roles = find_roles(names, self.columns)
        asked = self.reader is not None or source.path == source.root
        by_order = asked and rows_are_questions(roles)
        if "item" in roles or by_order:
            # otherwise the file's own name is more informative than its bytes
            named_here = {"task", "model"} <= roles.keys() and not source.model_from
            table = tables.checked(source, frame, self.columns, alone=source.path == self.only)
            if by_order:
                table = replace(table, frame=with_row_questions(table.frame, roles))
                self.notes.append(ROWS_AS_QUESTIONS)
            if models := model_columns(table.frame, roles):
                table = replace(table, frame=in_rows(table.frame, models))
                self.notes.append(f"{source.name}: each of the columns {listing(models)} is a model.")
            if named_here and self._has_copy(source):
                self._left_out(source, COPY)
                return
            self.tables.append(table)
            self.warnings.extend(table.warnings)
            self._report(source, "read", reader=tables.NAME)
        elif asked or (
            tables.is_leaderboard(names, self.columns) and not tables.repeats_models(frame, self.columns)
        ):
            self.taken.append(Taken(source=source, reader=tables.NAME, reading=read_by(tables, source)))
        else:
            self._left_out(source, NO_RESULTS)

    def keep(self, runs: Sequence[str]) -> None:
        """Keep the logs of these runs. Tables, and logs without information on their run, belong to none.
        ReadError if none is left.
        """
        self.taken[:] = chosen_runs(self.taken, self.reports, runs)
        for table in self.tables:
            self._left_out(table.source, NOT_ASKED)
        self.tables.clear()

    def scores(self, *, latest: bool, since: str, as_attempts: bool | None) -> Scores:
        """Combine the contents of logs and tables, and the messages about them."""
        logs = self._logs(latest=latest, since=since) if self.taken else []
        warnings = [
            *self.warnings,
            *(warning for log in logs for warning in (*log.reading.warnings, *log.word.warnings)),
        ]
        notes = list(self.notes)
        harness, missing, called = tell_apart(logs, warnings, notes, as_attempts=as_attempts)
        texts = [(table.source.name, table.numbers) for table in self.tables if table.numbers is not None]
        notes += told_together([(name, note) for name, numbers in texts for note in numbers.notes])
        notes += told_together([(log.source.name, note) for log in logs for note in log.reading.notes])
        notes += dict.fromkeys(note for log in logs for note in log.word.notes)
        notes += subset_notes(extent for log in logs for extent in log.word.subsets)
        scans = self._usable(strict=self.strict or not harness)
        if named := [name for _, _, name in scans if name]:
            after = "it is named after the file" if len(named) == 1 else "each is named after its file"
            notes.append(f"No column names the model, so {after}: {listing(named)}.")
        frames = [(source, frame) for source, frame, _ in scans]
        rows, roles, score_name = joined_rows(harness, frames, dict(self.columns), self.where, notes)
        self.reports.extend(map(_report_of, logs))
        published = [
            replace(entry, run=log.reading.run.identity) if log.reading.run else entry
            for log in logs
            for entry in log.reading.published
        ]
        warnings += warnings_of(self.reports)
        saved_name = BESIDE.join(
            dict.fromkeys(log.reading.score_name for log in logs if log.reading.score_name)
        )
        signed = {saved_name} if logs and all(log.reading.signed for log in logs) else set()
        return Scores(
            rows=rows if rows is not None else pl.DataFrame(),
            roles=roles,
            chosen=frozenset(self.columns),
            facts=joined_facts(fact for log in logs for fact in log.reading.facts),
            published=boards_apart(published),
            files=tuple(sorted(self.reports, key=lambda report: report.path)),
            warnings=tuple(dict.fromkeys(warnings)),
            notes=tuple(notes),
            signed=self._signed_columns(score_name) | signed,
            score_name=score_name or saved_name,
            missing=missing,
            reconciled=tuple(figure for log in logs for figure in log.word.figures),
            groups=tuple(dict.fromkeys(group for log in logs for group in log.reading.groups)),
            runs=run_entries(called),
            uncounted=uncounted_logs(self.taken, called, self.reports),
            in_memory=not frames,
        )

    def _logs(self, *, latest: bool, since: str) -> list[Taken]:
        """Return the logs that count, checked against their own figures."""
        logs = newest_runs(without_copies(self.taken, self.reports), self.reports)
        logs, smoke = whole_runs(logs, self.reports)
        logs, undated = recent(logs, self.reports, latest=latest, since=since)
        self.warnings.extend((*smoke, *undated))
        return held_to_their_word(logs, strict=self.strict)

    def _usable(self, *, strict: bool) -> list[tuple[Source, pl.LazyFrame, str]]:
        """Return the tables that contain complete scores, with the models named after them ("" for none),
        and report the others. `strict`: an error if none of several contains scores.
        """
        scored, refused, usable = [], [], set()
        for table in self.tables:
            source = table.source
            frame, name = named_after_file(table, self.columns, self.where)
            types = frame.collect_schema()
            roles = find_roles(types, self.columns)
            try:
                if (schema := tuple(types.items())) not in usable:
                    refuse_scoreless(frame, self.columns)
            except DataError as error:
                refused.append((source, DataError(error.what, where=source.name, remedy=error.remedy)))
            else:
                scored.append((source, frame, name))
                read = [name for role in ("score", "weight") for name in roles.get(role, ())]
                if all(types[name].is_numeric() for name in read):  # no text that isn't a number
                    usable.add(schema)
        if refused and strict and not scored:
            raise refused[0][1]
        for source, why in refused:
            if source.path == source.root:
                self._failed(source, why)
            else:
                self._left_out(source, NO_RESULTS)
        if len(scored) == 1 and not self.taken:
            return scored
        named_rows = []
        faults = nameless([(source, frame) for source, frame, _ in scored], self.columns)
        for (source, frame, name), fault in zip(scored, faults, strict=True):
            if fault is None:
                named_rows.append((source, frame, name))
            else:
                self._refuse(source, fault)
        return named_rows

    def _signed_columns(self, score_name: str) -> frozenset[str]:
        """Return the score columns with % signs. If the tables have different names for them, return the
        common name if all have signs.
        """
        numbers = [table.numbers for table in self.tables if table.numbers is not None]
        signed = [column.column for column in numbers if column.percent]
        every = bool(score_name) and len(signed) == len(self.tables)
        return frozenset([*signed, score_name] if every else signed)

    def _has_copy(self, source: Source) -> bool:
        """Return whether a table with the same bytes was processed before. Only files of equal size are read,
        each once.
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

    def _report(self, source: Source, outcome: str, *, reader: str | None = None, reason: str = "") -> None:
        """Report the result for a file, replacing an earlier report."""
        place = self.places.setdefault(source.path, len(self.reports))
        report = FileReport(path=source.name, reader=reader, outcome=outcome, reason=reason)
        self.reports[place : place + 1] = [report]

    def _left_out(self, source: Source, reason: str) -> None:
        """Report a skipped table."""
        self._report(source, "left out", reader=tables.NAME, reason=reason)

    def _failed(self, source: Source, error: HowsureError) -> None:
        """Report a file that can't be read, or used."""
        self._report(source, "failed", reason=str(error).removeprefix(source.name).lstrip(",: "))

    def _refuse(self, source: Source, error: HowsureError) -> None:
        """Report a file that can't be read, or used, or raise the error if `strict`."""
        if self.strict:
            raise error
        self._failed(source, error)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").digest()


def _is_packed(source: Source) -> bool:
    """Return whether a file is to be unpacked: in a folder only compressed files whose names indicate
    data.
    """
    suffix, inner = source.path.suffix.lower(), Path(source.path.stem).suffix.lower()
    return suffix == ZIP or (
        suffix in PACKED and (source.path == source.root or inner in (".json", *OF_RESULTS))
    )


def _read_saved(source: Source) -> list[Taken]:
    """Read the logs of a saved baseline. Renaming of models was applied when it was saved."""
    from howsure.readers import baseline_file

    with named(source.name, baseline_file.NAME):
        return [replace(log, reading=sound(log.reading, log.source)) for log in baseline_file.logs(source)]


def _report_of(log: Taken) -> FileReport:
    rows = log.reading.rows
    outcome = "published" if rows is None else "read"
    reason = "scores only, no rows behind them: see `howsure audit`" if rows is None else ""
    return FileReport(
        path=log.source.name,
        reader=log.reader,
        outcome=outcome,
        rows=0 if rows is None else len(rows),
        reason=reason,
    )
