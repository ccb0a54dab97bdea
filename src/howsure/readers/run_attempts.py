"""Runs of one model that count as attempts: they are numbered, and what was pooled is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.table.scores import Run

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
