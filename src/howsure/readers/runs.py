"""Runs: among several logs of one run the newest complete one counts, set-ups of one model are kept separate,
and repeated runs are attempts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from howsure.checks import AGE
from howsure.errors import ReadError, ResultWarning
from howsure.readers import tables
from howsure.readers.reconciling import Word, reconciled
from howsure.readers.reporting import COPY_OF_RUN
from howsure.table.scores import FileReport, Run, RunEntry, UncountedLog, in_a_name
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from howsure.readers.base import Reading, Source
    from howsure.table.scores import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One log from a harness reader, with its own figures. `held`: already checked against these, if it comes
    from a saved baseline.
    """

    source: Source
    reader: str
    reading: Reading
    word: Word = field(default_factory=Word)
    held: bool = False

    @property
    def run(self) -> Run:
        """Its information on the run, or an empty one."""
        return self.reading.run or NOTHING

    @property
    def setup(self) -> dict[str, str]:
        """The settings that keep its run separate from others of the same model, by name."""
        return {**self.run.apart, **self.reading.configuration}

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Its tasks and models; most logs have one of each."""
        rows = self.reading.rows
        if rows is None:
            return list({(entry.task, entry.model): None for entry in self.reading.published})
        task, model = rows["task"], rows["model"]
        if task.n_unique() == model.n_unique() == 1:
            return [(task[0], model[0])]
        return list(rows.select("task", "model").unique().iter_rows())


NOTHING = Run()
"""Uninformative values in a log's information on its run."""
Named = tuple[Taken, str, str, str]
"""A log, a task and a model in it, and the name of the model."""


def _without(
    taken: Iterable[Taken], left_out: Iterable[tuple[Taken, str]], reports: list[FileReport]
) -> list[Taken]:
    """Return the other logs, and report the left-out ones, each with its reason."""
    gone = set()
    for log, reason in left_out:
        gone.add(id(log))
        reports.append(FileReport(path=log.source.name, reader=log.reader, outcome="left out", reason=reason))
    return [log for log in taken if id(log) not in gone]


NOT_ASKED = "of no requested run"


def chosen_runs(taken: list[Taken], reports: list[FileReport], selectors: Sequence[str]) -> list[Taken]:
    """Keep the logs of runs with one of these tags, commits or ids. ReadError, with the available ones, if
    one of them matches nothing.
    """
    nothing = [selector for selector in selectors if not any(log.run.answers(selector) for log in taken)]
    if not nothing:
        others = [log for log in taken if not any(map(log.run.answers, selectors))]
        return _without(taken, ((log, NOT_ASKED) for log in others), reports)
    kinds = sorted({selector.partition(":")[0] for selector in nothing})
    names = [tag for log in taken for tag in log.run.tags] if "tag" in kinds else []
    names += [log.run.commit for log in taken if log.run.commit] if "commit" in kinds else []
    names += [log.run.ids[0] for log in taken if log.run.ids] if "run" in kinds else []
    known = list(dict.fromkeys(names))
    there = f"There {'is' if len(known) == 1 else 'are'} {listing(known)}."
    none = f"The logs name no {' and no '.join(kinds)}."
    raise ReadError(f"no run with {listing(nothing)}", remedy=there if known else none)


def without_copies(taken: list[Taken], reports: list[FileReport]) -> list[Taken]:
    """Leave out logs that repeat, row for row, another log of the same run, such as a run copied into a
    subfolder.

    The log in the highest folder counts. Logs with different ids are different runs, even if every score
    agrees.
    """
    originals: dict[tuple[object, ...], list[tuple[Taken, pl.DataFrame]]] = {}
    copies: list[tuple[Taken, str]] = []
    for log in sorted(taken, key=lambda log: len(log.source.path.parts)):
        rows = log.reading.rows
        if log.held or rows is None or not len(rows):
            continue
        first = rows.select("task", "model", "item").row(0)
        alike = originals.setdefault((log.reader, log.run.identity, len(rows), *first), [])
        original = next((other for other, others in alike if _hold_the_same(rows, others)), None)
        if original is None:
            alike.append((log, rows))
        else:
            copies.append((log, f"{COPY_OF_RUN}{original.source.name}"))
    return _without(taken, copies, reports)


def _hold_the_same(rows: pl.DataFrame, others: pl.DataFrame) -> bool:
    """Return whether two logs agree in every shared column, except the file."""
    shared = [name for name in rows.columns if name in others.columns and name != "source"]
    return rows.select(shared).equals(others.select(shared))


def newest_runs(taken: list[Taken], reports: list[FileReport]) -> list[Taken]:
    """Of several logs of one run (retries, copies), keep the newest complete one."""

    def worth(log: Taken) -> tuple[bool, bool, str]:
        """Return what makes a log the one to keep: complete, with rows, the newest."""
        complete = log.reading.run is not None and log.run.complete
        return complete, log.reading.rows is not None, log.run.started

    best: dict[tuple[str, str], Taken] = {}
    for log in taken:
        key = log.reader, log.run.key
        if log.run.key and (key not in best or worth(log) > worth(best[key])):
            best[key] = log
    others = [(log, best.get((log.reader, log.run.key), log)) for log in taken]
    reasons = (
        (log, f"another log of the same run counts: {counts.source.name}")
        for log, counts in others
        if counts is not log
    )
    return _without(taken, reasons, reports)


def held_to_their_word(kept: list[Taken], *, strict: bool) -> list[Taken]:
    """Check the rows of logs against the logs' own figures. `strict`: raise an error if they differ."""
    fresh = [read for read in kept if not read.held]
    words = reconciled([(read.source.name, read.reading) for read in fresh])
    if strict:
        for read, warning in (
            (read, warning) for read, word in zip(fresh, words, strict=True) for warning in word.warnings
        ):
            what = warning.message.removeprefix(f"{read.source.name}: ")
            raise ReadError(what, where=read.source.name, remedy=warning.remedy)
    found = {
        id(read): replace(read, word=word) for read, word in zip(fresh, words, strict=True) if word.figures
    }
    return [found.get(id(read), read) for read in kept]


def tell_apart(
    kept: list[Taken], warnings: list[ResultWarning], notes: list[str], *, as_attempts: bool | None = None
) -> tuple[list[pl.DataFrame], tuple[Missing, ...], list[Named]]:
    """Rename models that ran in several configurations, and number repeated runs as further attempts.

    `as_attempts`: all of them, or none of several configurations. By default those of a system that was
    submitted once, at several commits of the harness. The result is added to the notes, with the option that
    does the opposite. Returns the rows, what they lack, and each log with its tasks, models, and the models'
    names.
    """
    logs = [log for log in kept if log.reading.rows is not None and len(log.reading.rows)]
    cells: dict[tuple[str, str], list[int]] = {}
    for position, log in enumerate(logs):
        for cell in log.cells:
            cells.setdefault(cell, []).append(position)
    result = [log.reading.rows for log in logs if log.reading.rows is not None]
    missing = [list(log.word.missing) for log in logs]
    configurations, runs = [log.setup for log in logs], [log.reading.run for log in logs]
    named: list[Named] = []
    telling = _telling(cells, configurations)
    pooled = {
        model: _settings_pooled(telling[model], runs, cells, model, as_attempts=as_attempts)
        for model in telling
    }
    notes += _settings_notes(telling, pooled)
    for (task, model), positions in sorted(cells.items()):
        groups: dict[str, list[int]] = {}
        for k in positions:
            settings = sorted((telling[model].keys() - pooled[model]) & configurations[k].keys())
            name = ", ".join(f"{setting}={in_a_name(configurations[k][setting])}" for setting in settings)
            groups.setdefault(name, []).append(k)
            if name:
                here = (pl.col("task") == task) & (pl.col("model") == model)
                renamed = pl.when(here).then(pl.lit(f"{model} ({name})")).otherwise("model")
                result[k] = result[k].with_columns(model=renamed)
                missing[k] = [
                    replace(lack, model=f"{model} ({name})")
                    if (lack.task, lack.model) == (task, model)
                    else lack
                    for lack in missing[k]
                ]
        for name, group in groups.items():
            called = f"{model} ({name})" if name else model
            named += [(logs[k], task, model, called) for k in group]
            warnings += number_runs(result, group, runs, task=task, model=called, differing=pooled[model])
    return result, tuple(lack for lacking in missing for lack in lacking), named


def _telling(
    cells: Mapping[tuple[str, str], list[int]], configurations: Sequence[Mapping[str, str]]
) -> dict[str, dict[str, None]]:
    """Return, for each model, the settings in which its runs of one task differ: it is named after them on
    every task.
    """
    telling: dict[str, dict[str, None]] = {}
    for (_, model), positions in sorted(cells.items()):
        ours = [configurations[k] for k in positions]
        keys = sorted({key for configuration in ours for key in configuration})
        differing = [key for key in keys if len({configuration.get(key) for configuration in ours}) > 1]
        telling.setdefault(model, {}).update(dict.fromkeys(differing))
    return telling


def _settings_pooled(
    telling: Iterable[str],
    runs: Sequence[Run | None],
    cells: Mapping[tuple[str, str], list[int]],
    model: str,
    *,
    as_attempts: bool | None,
) -> tuple[str, ...]:
    """Return the settings in which runs of a model differ and still count as attempts."""
    if as_attempts is not None:
        return tuple(telling) if as_attempts else ()
    ours = [runs[k] for (_, other), positions in cells.items() if other == model for k in positions]
    submissions = {run.submission if run is not None else "" for run in ours}
    return ("commit",) if "commit" in telling and len(submissions) == 1 and "" not in submissions else ()


def _settings_notes(
    telling: Mapping[str, Iterable[str]], pooled: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Note which models' runs were pooled or kept separate though they differ, and how to do the opposite."""
    for verb, other, chosen in (
        ("count as attempts", "`as_attempts=False` keeps them separate", pooled),
        (
            "are kept separate",
            "`as_attempts=True` counts them as attempts",
            {m: set(telling[m]) - set(pooled[m]) for m in telling},
        ),
    ):
        models = [model for model in telling if chosen[model]]
        settings = sorted({setting for model in models for setting in chosen[model]})
        if models:
            yield f"Runs of {listing(models, 2)} that differ in {listing(settings, 3)} {verb}; {other}."


IDENTITY = ["item", "metric", "attempt"]
MOST_DATES = 3
MINUTES = 16
"""The length of a date and time to the minute."""


def number_runs(
    frames: list[pl.DataFrame],
    positions: Sequence[int],
    runs: Sequence[Run | None],
    *,
    task: str,
    model: str,
    differing: tuple[str, ...] = (),
) -> tuple[ResultWarning, ...]:
    """Count later runs of one configuration as further attempts, unless they have other items, or are copies
    in a baseline.

    `differing`: settings in which they differ, and still count as attempts.
    """
    if len(positions) < 2:
        return ()
    here = (pl.col("task") == task) & (pl.col("model") == model)
    seen: pl.DataFrame | None = None
    repeated: list[int] = []
    parts = {k: frames[k].filter(here).select(*IDENTITY, "score") for k in positions}
    for group, known in _together(parts, runs):
        part = pl.concat([parts[k] for k in group])
        if seen is None:
            seen, repeated = part, [group[0]]
            continue
        # whether it has items that were seen, and isn't a copy
        shared = part.join(seen, on=IDENTITY, how="inner", suffix="_seen")
        differ = known or not shared["score"].eq_missing(shared["score_seen"]).all()
        is_another = bool(len(shared)) and differ
        if is_another:
            shift = int(seen["attempt"].max()) + 1  # type: ignore[arg-type]
            later = pl.when(here).then(pl.col("attempt") + shift).otherwise("attempt")
            for k in group:
                frames[k] = frames[k].with_columns(attempt=later)
            part = part.with_columns(attempt=pl.col("attempt") + shift)
            repeated.append(group[0])
        seen = pl.concat([seen, part])
    if len(repeated) < 2:
        return ()
    return (_pooled([runs[k] for k in repeated], task=task, model=model, differing=differing),)


def _together(parts: Mapping[int, pl.DataFrame], runs: Sequence[Run | None]) -> list[tuple[list[int], bool]]:
    """Combine the logs of one run, such as one log per trial, and return whether they are known to be no
    copies.

    A log without information on its run is a separate run, and so is one that repeats another of its run.
    """
    groups: dict[object, list[int]] = {}
    for k in parts:
        groups.setdefault((runs[k] or NOTHING).identity or k, []).append(k)
    found: list[tuple[list[int], bool]] = []
    for group in groups.values():
        apart = (
            len(group) == 1 or not pl.concat([parts[k].select(IDENTITY) for k in group]).is_duplicated().any()
        )
        found += [(group, True)] if apart else [([k], False) for k in group]
    return found


OWN_NAMES = "Give them different model names if they are different systems."
LEFT_APART = "`as_attempts=False` keeps them separate."


def _pooled(
    runs: Sequence[Run | None], *, task: str, model: str, differing: tuple[str, ...]
) -> ResultWarning:
    """Warn which runs count as attempts, and whether the commit of all of them is unknown."""
    dates = [run.started[:MINUTES].replace("T", " ") for run in runs if run is not None and run.started]
    when = f" ({listing(dates, MOST_DATES)})" if len(dates) == len(runs) else ""
    unknown = "" if any(run is not None and run.commit for run in runs) else ", and their logs name no commit"
    harness = any(run is not None and run.submission for run in runs)
    why = (
        (
            "although they differ in "
            f"{listing(differing)}{' of the harness' if harness and differing == ('commit',) else ''}"
        )
        if differing
        else f"since no known setting differs{unknown}"
    )
    return ResultWarning(
        code="runs_as_attempts",
        message=f"{task}: {plural(len(runs), 'run')} of {model}{when} count as attempts, {why}",
        remedy=f"`howsure runs` lists them. {LEFT_APART if differing else OWN_NAMES}",
    )


ONLY_PUBLISHED = "scores only, no rows behind them"


def run_entries(named: Iterable[Named]) -> tuple[RunEntry, ...]:
    """Return an entry for each log, task and model whose rows count. Rows of a table, as in a saved baseline,
    belong to no run.
    """
    return tuple(
        RunEntry(
            source=read.source.name,
            reader=read.reader,
            task=task,
            name=name,
            model=model,
            run=read.run,
            settings=read.reading.configuration,
            file="" if read.held else str(read.source.path.absolute()),
        )
        for read, task, name, model in named
        if read.reader != tables.NAME
    )


def uncounted_logs(
    taken: Sequence[Taken], named: Iterable[Named], reports: Iterable[FileReport]
) -> tuple[UncountedLog, ...]:
    """Return the other logs that readers found, each with the reason why it doesn't count."""
    counted = {id(read.reading.rows) for read, *_ in named}
    reasons = {report.path: report.reason for report in reports if report.outcome == "left out"}
    return tuple(
        UncountedLog(
            source=read.source.name,
            reader=read.reader,
            reason=reasons.get(read.source.name, ONLY_PUBLISHED),
            run=read.run,
            rows=read.reading.rows,
            published=read.reading.published,
            facts=read.reading.facts,
            settings=read.reading.configuration,
        )
        for read in taken
        if read.reading.rows is None or id(read.reading.rows) not in counted
    )


OLDER = "older than the requested runs"
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """Parse an age: 90m, 12h, 7d, 2w. ValueError if it isn't valid."""
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return timedelta(**{UNITS[found[2]]: float(found[1])})


def recent(
    kept: Sequence[Taken], reports: list[FileReport], *, latest: bool, since: str
) -> tuple[list[Taken], tuple[ResultWarning, ...]]:
    """Keep the newest run of each task and model (`latest`), or those that began no more than `since` before
    the newest; all without either.

    A log without a date can't be distinguished from a recent one: it is kept, with a warning.
    """
    dates = {id(log): date for log in kept if (date := log.run.date) is not None}
    dated = [log for log in kept if id(log) in dates]
    if not latest and not since:
        return list(kept), ()
    young = dated
    if since and dated:
        last, span = max(dates.values()), age(since)
        young = [log for log in dated if last - dates[id(log)] <= span]
    if latest:
        newest: dict[Hashable, Taken] = {}
        for log in young:
            other = newest.setdefault((log.reader, *sorted(log.cells)), log)
            if dates[id(log)] > dates[id(other)]:
                newest[log.reader, *sorted(log.cells)] = log
        firsts = ((log, newest[log.reader, *sorted(log.cells)]) for log in young)  # a run may have several
        young = [
            log
            for log, first in firsts
            if log is first or (log.run.identity and log.run.identity == first.run.identity)
        ]
    chosen = set(map(id, young))
    logs = _without(kept, ((log, OLDER) for log in dated if id(log) not in chosen), reports)
    count = len(kept) - len(dated)
    if not count:
        return logs, ()
    verbs = ("names", "is") if count == 1 else ("name", "are")
    message = f"{plural(count, 'log')} {verbs[0]} no date and {verbs[1]} kept"
    return logs, (
        ResultWarning(code="undated_runs", message=message, remedy="Give the files to read directly."),
    )


REASON = "limited to fewer items than other runs of the same"


def whole_runs(
    kept: Sequence[Taken], reports: list[FileReport]
) -> tuple[list[Taken], tuple[ResultWarning, ...]]:
    """Leave out deliberately limited runs, with a warning, if the same model in the same set-up also ran on
    more items of the task.

    Runs with more attempts per item stay, as they add information.
    """
    if not any(log.run.limit for log in kept):
        return list(kept), ()
    groups: dict[Hashable, list[tuple[Taken, int]]] = defaultdict(list)
    for log in kept:
        rows = log.reading.rows
        if log.reading.run is not None and rows is not None and len(rows) and len(log.cells) == 1:
            own = (log.reader, *log.cells[0], *sorted(log.setup.items()))
            groups[own].append((log, rows["item"].n_unique()))
    limited = {
        id(log)
        for group in groups.values()
        for log, items in group
        if log.run.limit
        and any(
            not other.run.limit and items < more and log.run.epochs <= other.run.epochs
            for other, more in group
        )
    }
    left_out = [log for log in kept if id(log) in limited]
    if not left_out:
        return list(kept), ()
    names = [log.source.name for log in left_out]
    warning = ResultWarning(
        code="limited_left_out",
        message=(
            f"{plural(len(names), 'run')} limited to fewer items left out, as complete ones "
            f"exist: {listing(names)}"
        ),
        remedy="Read the files separately to see them.",
    )
    return _without(kept, ((log, REASON) for log in left_out), reports), (warning,)
