"""Runs: of several logs of one run the newest complete one counts, set-ups of one model are told apart,
repeated runs are attempts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import ReadError
from howsure.readers.reconciling import Word, reconciled
from howsure.readers.reporting import COPY_OF_RUN
from howsure.readers.run_attempts import number_runs
from howsure.table.scores import FileReport, in_a_name
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.errors import Caution
    from howsure.readers.base import Reading, Source
    from howsure.table.scores import Missing, Run


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
    reports += [
        FileReport(path=read.source.name, reader=read.reader, outcome="left out", reason=NOT_ASKED)
        for read in left
    ]
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
        reports.append(
            FileReport(path=read.source.name, reader=read.reader, outcome="left out", reason=reason)
        )
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
            reports.append(
                FileReport(path=read.source.name, reader=read.reader, outcome="left out", reason=reason)
            )
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
