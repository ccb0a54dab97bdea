"""howsure judge: say what a judge's rate is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, split, write
from howsure.commands.options import OUTPUT, paths, takes

if TYPE_CHECKING:
    from howsure.answers.judge import JudgeRates


@click.command()
@paths
@takes("judge", "human", "columns", "where", "labels_drawn", "level", *OUTPUT)
def judge(paths: tuple[str, ...], **given: Any) -> None:
    """Say what a judge's rate is worth, with labels of a few.

    From a table with one row an answer: the judge's verdict, and a label of some.
    """
    rest, shown = split(paths, given)
    write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> JudgeRates:
    """Read the verdicts and correct them, as the options say."""
    import howsure

    return howsure.judge(list(paths), **(given | columns_and_rows(given)))
