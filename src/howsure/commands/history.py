"""howsure history: follow runs of one system over time, and say which changes are real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read_runs, split, write
from howsure.commands.options import DESIGN, OUTPUT, READING, paths, takes

if TYPE_CHECKING:
    from howsure.answers.history import History


@click.command()
@paths
@takes(
    "history",
    *READING,
    *DESIGN,
    "random_factor",
    "model",
    "baseline",
    "runs_between_alarms",
    "compare_last",
    "level",
    "seed",
    *OUTPUT,
)
def history(paths: tuple[str, ...], **given: Any) -> None:
    """Follow runs of one system over time: which changes are real.

    Of a folder each file or folder in it is a run, in order of the dates in their logs or names.
    """
    rest, shown = split(paths, given)
    write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> History:
    """Follow the runs that lie in these paths."""
    import howsure

    return howsure.history(read_runs(paths, given), **given)
