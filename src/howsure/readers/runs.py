"""Runs: of several logs of one run the newest complete one counts, set-ups of one model are told apart,
repeated runs are attempts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from howsure.checks import AGE
from howsure.errors import Caution, ReadError
from howsure.readers import tables
from howsure.readers.reconciling import Word, reconciled
from howsure.readers.reporting import COPY_OF_RUN
from howsure.table.scores import FileReport, Run, RunEntry, UncountedLog, in_a_name
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from howsure.readers.base import Reading, Source
    from howsure.table.scores import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One log that a harness reader took, and what it says of its own rows; `held` to that already, where it
    comes from a saved baseline.
    """

    source: Source
    reader: str
    reading: Reading
    word: Word = field(default_factory=Word)
    held: bool = False

    def left_out(self, reason: str) -> FileReport:
        """Report that it doesn't count, and why."""
        return FileReport(path=self.source.name, reader=self.reader, outcome="left out", reason=reason)


Dated = tuple["datetime", Taken]
"""The moment of a log, and the log."""
Named = tuple[Taken, str, str, str]
"""A log, a task and a model of it, and what the model is called."""


NOT_ASKED = "of no run that was asked for"


def chosen_runs(taken: list[Taken], reports: list[FileReport], selectors: Sequence[str]) -> list[Taken]:
    """Keep the logs of runs with one of these tags, commits or ids. ReadError, with what there is, where
    there is none of one of them.
    """
    nothing = [selector for selector in selectors if not any(_answers(read, selector) for read in taken)]
    if nothing:
        raise ReadError(f"no run with {listing(nothing)}", remedy=_there_are(taken, nothing))
    kept = [read for read in taken if any(_answers(read, selector) for selector in selectors)]
    chosen = {id(read) for read in kept}
    left = [read for read in taken if id(read) not in chosen]
    reports += [read.left_out(NOT_ASKED) for read in left]
    return kept


def _answers(read: Taken, selector: str) -> bool:
    return read.reading.run is not None and read.reading.run.answers(selector)


def _there_are(taken: list[Taken], selectors: Sequence[str]) -> str:
    """Say which tags, commits or ids the logs name, of the kinds that were asked for."""
    runs = [read.reading.run for read in taken if read.reading.run is not None]
    kinds = sorted({selector.partition(":")[0] for selector in selectors})
    names = [tag for run in runs for tag in run.tags] if "tag" in kinds else []
    names += [run.commit for run in runs if run.commit] if "commit" in kinds else []
    names += [run.ids[0] for run in runs if run.ids] if "run" in kinds else []
    known = list(dict.fromkeys(names))
    return (
        f"There {'is' if len(known) == 1 else 'are'} {listing(known)}."
        if known
        else f"The logs name no {' and no '.join(kinds)}."
    )


def without_copies(taken: list[Taken], reports: list[FileReport]) -> list[Taken]:
    """Leave out logs that hold again, row for row, what another log of the same run holds: a run copied into
    a subfolder, say.

    The log that lies highest counts. Logs of two ids are two runs, though every score agrees.
    """
    originals: dict[tuple[object, ...], list[Taken]] = {}
    copies: set[int] = set()
    for read in sorted(taken, key=lambda read: len(read.source.path.parts)):
        rows = read.reading.rows
        if read.held or rows is None or not len(rows):
            continue
        identity = read.reading.run.identity if read.reading.run else ""
        first = rows.select("task", "model", "item").row(0)
        alike = originals.setdefault((read.reader, identity, len(rows), *first), [])
        original = next((other for other in alike if _holds_the_same(other.reading.rows, rows)), None)
        if original is None:
            alike.append(read)
            continue
        copies.add(id(read))
        reason = f"{COPY_OF_RUN}{original.source.name}"
        reports.append(read.left_out(reason))
    return [read for read in taken if id(read) not in copies]


def _holds_the_same(rows: pl.DataFrame | None, others: pl.DataFrame) -> bool:
    """Say whether two logs agree in every column that both have, but for the file that it was."""
    assert rows is not None
    both = [name for name in rows.columns if name in others.columns and name != "source"]
    return rows.select(both).equals(others.select(both))


def newest_runs(taken: list[Taken], reports: list[FileReport]) -> list[Taken]:
    """Of several logs of one run (retries, copies), keep the newest complete one."""
    best: dict[tuple[str, str], Taken] = {}
    for read in taken:
        key = _key(read)
        if key is None:
            continue
        if key not in best or _worth(read) > _worth(best[key]):
            best[key] = read
    kept = []
    for read in taken:
        key = _key(read)
        winner = best[key] if key else read
        if winner is read:
            kept.append(read)
        else:
            reason = f"another log of the same run counts: {winner.source.name}"
            reports.append(read.left_out(reason))
    return kept


def _key(read: Taken) -> tuple[str, str] | None:
    """Return what the logs of one run share, None where nothing is known of the run."""
    return (
        (read.reader, read.reading.run.key) if read.reading.run is not None and read.reading.run.key else None
    )


def held_to_their_word(kept: list[Taken], *, strict: bool) -> list[Taken]:
    """Hold the rows of logs to what the logs state; `strict`: where they differ, that is an error."""
    fresh = [read for read in kept if not read.held]
    words = reconciled([(read.source.name, read.reading) for read in fresh])
    if strict:
        for read, caution in (
            (read, caution) for read, word in zip(fresh, words, strict=True) for caution in word.cautions
        ):
            what = caution.message.removeprefix(f"{read.source.name}: ")
            raise ReadError(what, where=read.source.name, remedy=caution.remedy)
    found = {
        id(read): replace(read, word=word) for read, word in zip(fresh, words, strict=True) if word.figures
    }
    return [found.get(id(read), read) for read in kept]


def _worth(read: Taken) -> tuple[bool, int, str]:
    run, rows = read.reading.run, read.reading.rows
    return (run is not None and run.complete, 0 if rows is None else 1, "" if run is None else run.started)


def tell_apart(
    kept: list[Taken], cautions: list[Caution], notes: list[str], *, as_attempts: bool | None = None
) -> tuple[list[pl.DataFrame], tuple[Missing, ...], list[Named]]:
    """Rename models that ran in several configurations, and number repeated runs as further attempts.

    `as_attempts`: all of them, or none of several configurations; by default those of a system that was
    submitted once, at several commits of the harness. What was done is added to the notes, with the option
    that does the other. Returns the rows, what they lack, and each log with its tasks, models, and what these
    are called there.
    """
    frames = [
        (read, read.reading.rows) for read in kept if read.reading.rows is not None and len(read.reading.rows)
    ]
    cells: dict[tuple[str, str], list[int]] = {}
    for position, (_, frame) in enumerate(frames):
        for cell in _cells(frame):
            cells.setdefault(cell, []).append(position)
    result, missing = [frame for _, frame in frames], [list(read.word.missing) for read, _ in frames]
    configurations = [
        {**(read.reading.run.apart if read.reading.run else {}), **read.reading.configuration}
        for read, _ in frames
    ]
    runs = [read.reading.run for read, _ in frames]
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
            name = _configured(configurations[k], telling[model].keys() - pooled[model])
            groups.setdefault(name, []).append(k)
            if name:
                result[k] = _rename(result[k], task, model, f"{model} ({name})")
                missing[k] = [_renamed(lack, task, model, f"{model} ({name})") for lack in missing[k]]
        for name, group in groups.items():
            called = f"{model} ({name})" if name else model
            named += [(frames[k][0], task, model, called) for k in group]
            cautions += number_runs(result, group, runs, task=task, model=called, differing=pooled[model])
    return result, tuple(lack for lacking in missing for lack in lacking), named


def _cells(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Return each task and model of a frame; most logs have one."""
    task, model = frame["task"], frame["model"]
    if task.n_unique() == model.n_unique() == 1:
        return [(task[0], model[0])]
    return list(frame.select("task", "model").unique().iter_rows())


def _telling(
    cells: Mapping[tuple[str, str], list[int]], configurations: Sequence[Mapping[str, str]]
) -> dict[str, dict[str, None]]:
    """Return, for each model, the settings in which its runs of one task differ: on every task it is called
    after them.
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
    """Return the settings in which runs of a model differ and count as attempts nevertheless."""
    if as_attempts is not None:
        return tuple(telling) if as_attempts else ()
    ours = [runs[k] for (_, other), positions in cells.items() if other == model for k in positions]
    submissions = {run.submission if run is not None else "" for run in ours}
    return ("commit",) if "commit" in telling and len(submissions) == 1 and "" not in submissions else ()


def _settings_notes(
    telling: Mapping[str, Iterable[str]], pooled: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Say of which models runs were pooled or kept apart though they differ, and how to do the other."""
    for verb, other, chosen in (
        ("count as attempts", "`as_attempts=False` keeps them apart", pooled),
        (
            "are kept apart",
            "`as_attempts=True` counts them as attempts",
            {m: set(telling[m]) - set(pooled[m]) for m in telling},
        ),
    ):
        models = [model for model in telling if chosen[model]]
        settings = sorted({setting for model in models for setting in chosen[model]})
        if models:
            yield f"Runs of {listing(models, 2)} that differ in {listing(settings, 3)} {verb}; {other}."


def _configured(configuration: Mapping[str, str], telling: Iterable[str]) -> str:
    """Name a configuration by the settings that tell it apart; "" where there are none."""
    return ", ".join(
        f"{key}={in_a_name(configuration[key])}" for key in sorted(telling) if key in configuration
    )


def _rename(frame: pl.DataFrame, task: str, model: str, name: str) -> pl.DataFrame:
    here = (pl.col("task") == task) & (pl.col("model") == model)
    return frame.with_columns(model=pl.when(here).then(pl.lit(name)).otherwise("model"))


def _renamed(lack: Missing, task: str, model: str, name: str) -> Missing:
    return replace(lack, model=name) if (lack.task, lack.model) == (task, model) else lack


IDENTITY = ["item", "metric", "attempt"]
MOST_DATES = 3
MINUTES = 16
"""A date and time to the minute has so many letters."""


def number_runs(
    frames: list[pl.DataFrame],
    positions: Sequence[int],
    runs: Sequence[Run | None],
    *,
    task: str,
    model: str,
    differing: tuple[str, ...] = (),
) -> tuple[Caution, ...]:
    """Let later runs of one configuration count as further attempts, unless they are of other items, or
    copies that a baseline holds.

    `differing`: settings in which they differ, and count as attempts nevertheless.
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
        if _is_another(part, seen, known=known):
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


def _identity(run: Run | None) -> str:
    return "" if run is None else run.identity


def _together(parts: Mapping[int, pl.DataFrame], runs: Sequence[Run | None]) -> list[tuple[list[int], bool]]:
    """Put the logs of one run together, such as one log a trial, and say whether they are known to be no
    copies.

    A log that doesn't say whose it is, is a run of its own, and so is one that holds again what another of
    its run holds.
    """
    groups: dict[object, list[int]] = {}
    for k in parts:
        groups.setdefault(_identity(runs[k]) or k, []).append(k)
    found: list[tuple[list[int], bool]] = []
    for group in groups.values():
        apart = (
            len(group) == 1 or not pl.concat([parts[k].select(IDENTITY) for k in group]).is_duplicated().any()
        )
        found += [(group, True)] if apart else [([k], False) for k in group]
    return found


def _is_another(part: pl.DataFrame, seen: pl.DataFrame, *, known: bool) -> bool:
    """Say whether a run holds items that were seen, and is no copy."""
    both = part.join(seen, on=IDENTITY, how="inner", suffix="_seen")
    return bool(len(both)) and (known or not both["score"].eq_missing(both["score_seen"]).all())


OWN_NAMES = "Give them different model names if they are different systems."
LEFT_APART = "`as_attempts=False` keeps them apart."


def _pooled(runs: Sequence[Run | None], *, task: str, model: str, differing: tuple[str, ...]) -> Caution:
    """Say which runs count as attempts; that nobody knows the commit of any is said as well."""
    dates = [run.started[:MINUTES].replace("T", " ") for run in runs if run is not None and run.started]
    when = f" ({listing(dates, MOST_DATES)})" if len(dates) == len(runs) else ""
    unknown = "" if any(run is not None and run.commit for run in runs) else "; their logs name no commit"
    harness = any(run is not None and run.submission for run in runs)
    why = (
        (
            "although they differ in "
            f"{listing(differing)}{' of the harness' if harness and differing == ('commit',) else ''}"
        )
        if differing
        else f"since no known setting differs{unknown}"
    )
    return Caution(
        code="runs_as_attempts",
        message=f"{task}: {plural(len(runs), 'run')} of {model}{when} count as attempts, {why}",
        remedy=f"`howsure runs` lists them. {LEFT_APART if differing else OWN_NAMES}",
    )


ONLY_PUBLISHED = "scores only, no rows behind them"
NOTHING = Run()


def run_entries(named: Iterable[Named]) -> tuple[RunEntry, ...]:
    """Return an entry for each log, task and model whose rows count; rows of a table, as a saved baseline has
    them, are of no run.
    """
    return tuple(
        RunEntry(
            source=read.source.name,
            reader=read.reader,
            task=task,
            name=name,
            model=model,
            run=read.reading.run or NOTHING,
            settings=read.reading.configuration,
            file="" if read.held else str(read.source.path.absolute()),
        )
        for read, task, name, model in named
        if read.reader != tables.NAME
    )


def uncounted_logs(
    taken: Sequence[Taken], named: Iterable[Named], reports: Iterable[FileReport]
) -> tuple[UncountedLog, ...]:
    """Return the other logs that readers took, each with why it doesn't count."""
    counted = {id(read.reading.rows) for read, *_ in named}
    reasons = {report.path: report.reason for report in reports if report.outcome == "left out"}
    return tuple(
        UncountedLog(
            source=read.source.name,
            reader=read.reader,
            reason=reasons.get(read.source.name, ONLY_PUBLISHED),
            run=read.reading.run or NOTHING,
            rows=read.reading.rows,
            published=read.reading.published,
            facts=read.reading.facts,
            settings=read.reading.configuration,
        )
        for read in taken
        if read.reading.rows is None or id(read.reading.rows) not in counted
    )


OLDER = "an older run than those that were asked for"
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """Read an age as it is written: 90m, 12h, 7d, 2w. ValueError where it is none."""
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return timedelta(**{UNITS[found[2]]: float(found[1])})


def recent(
    kept: Sequence[Taken], reports: list[FileReport], *, latest: bool, since: str
) -> tuple[list[Taken], tuple[Caution, ...]]:
    """Keep the newest run of each task and model (`latest`), or those that began no more than `since` before
    the newest; all where neither is asked.

    A log without a date can't be told from a recent one: it is kept, and that is said.
    """
    if not latest and not since:
        return list(kept), ()
    known = [(date, read) for read in kept if (date := _date(read)) is not None]
    young = _within(known, age(since)) if since else known
    chosen = {id(read) for read in (_newest(young) if latest else (read for _, read in young))}
    left = [read for _, read in known if id(read) not in chosen]
    reports += [read.left_out(OLDER) for read in left]
    older = set(map(id, left))
    return [read for read in kept if id(read) not in older], _undated(len(kept) - len(known))


def _within(known: Sequence[Dated], span: timedelta) -> list[Dated]:
    last = max((date for date, _ in known), default=None)
    return [(date, read) for date, read in known if last is not None and last - date <= span]


def _newest(known: Sequence[Dated]) -> Iterator[Taken]:
    """Yield the logs of the newest run of each task and model; a run may have several."""
    cells: dict[Hashable, list[Dated]] = defaultdict(list)
    for date, read in known:
        cells[_cell(read)].append((date, read))
    for dated in cells.values():
        _, first = max(dated, key=lambda each: each[0])
        yield from (read for _, read in dated if read is first or (_run(read) and _run(read) == _run(first)))


def _cell(read: Taken) -> Hashable:
    """Return the tasks and models of a log, of one with published scores alone those."""
    rows = read.reading.rows
    if rows is None:
        return (read.reader, *sorted({(entry.task, entry.model) for entry in read.reading.published}))
    return (read.reader, *rows.select("task", "model").unique().sort("task", "model").iter_rows())


def _run(read: Taken) -> str:
    return "" if read.reading.run is None else read.reading.run.identity


def _date(read: Taken) -> datetime | None:
    return None if read.reading.run is None else read.reading.run.date


def _undated(count: int) -> tuple[Caution, ...]:
    message = (
        f"{plural(count, 'log')} {'names' if count == 1 else 'name'} no date and "
        f"{'is' if count == 1 else 'are'} kept"
    )
    remedy = "Name the files to be read."
    return (Caution(code="undated_runs", message=message, remedy=remedy),) if count else ()


REASON = "limited to fewer items than other runs of the same"


def whole_runs(kept: Sequence[Taken], reports: list[FileReport]) -> tuple[list[Taken], tuple[Caution, ...]]:
    """Leave out runs that were limited on purpose where the same model in the same set-up ran on more items
    of the task as well; say so.

    Runs with more attempts at each item stay.
    """
    if not any(map(_limit, kept)):
        return list(kept), ()
    whole: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for read in kept:
        if _limit(read) == "" and _cell_of(read) is not None:
            whole[_cell_of(read)].append(_size(read))
    smoke = [
        read
        for read in kept
        if _limit(read) and any(_is_less(_size(read), size) for size in whole[_cell_of(read)])
    ]
    if not smoke:
        return list(kept), ()
    reports += [read.left_out(REASON) for read in smoke]
    aside = {id(read) for read in smoke}
    names = [read.source.name for read in smoke]
    told = Caution(
        code="limited_left_out",
        message=(
            f"{plural(len(smoke), 'run')} that {'was' if len(smoke) == 1 else 'were'} limited to fewer "
            f"items left out beside whole ones: {listing(names)}"
        ),
        remedy="Read the files by themselves to see them.",
    )
    return [read for read in kept if id(read) not in aside], (told,)


def _limit(read: Taken) -> str | None:
    """Return to what a run was limited, "" where it was whole; None where its log says nothing of the run, or
    it has no rows.
    """
    rows = read.reading.rows
    return None if read.reading.run is None or rows is None or not len(rows) else read.reading.run.limit


def _cell_of(read: Taken) -> Hashable:
    """Return what runs of one model on one task in one set-up share; None for a log of several."""
    rows, run = read.reading.rows, read.reading.run
    if rows is None or run is None or rows["task"].n_unique() != 1 or rows["model"].n_unique() != 1:
        return None
    said = {**run.apart, **read.reading.configuration}
    return (read.reader, rows["task"][0], rows["model"][0], *sorted(said.items()))


def _size(read: Taken) -> tuple[int, int]:
    """Return how many items a run has, and how many attempts at each."""
    rows, run = read.reading.rows, read.reading.run
    return (0 if rows is None else rows["item"].n_unique(), 0 if run is None else run.epochs)


def _is_less(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Say whether a run has fewer items than another, and no more attempts at each: with more it shows what
    the other doesn't.
    """
    return size[0] < other[0] and size[1] <= other[1]
