"""howsure judge: say what a judge's rate is worth. Asked for a floor or a margin, exit code 0 pass, 1 fail, 2
can't tell, 3 error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, split, write
from howsure.commands.exits import VerdictCommand
from howsure.commands.options import OUTPUT, paths, refuse_points, takes

if TYPE_CHECKING:
    from howsure.answers.judge import JudgeRates


@click.command(cls=VerdictCommand)
@paths
@takes("judge", "a", "b", "human", "labels", "columns", "where", "cluster", "labels_drawn")
@takes("judge", "at_least", "margin", "level", *OUTPUT)
def judge(paths: tuple[str, ...], **given: Any) -> None:
    """Say what a judge's rate is worth, with labels of a few.

    From a table with one row an answer: the judge's verdict, and a label of some. -a and -b compare two
    models. With --at-least or --margin it exits with 0 for pass, 1 for fail, 2 for can't tell, and 3 where
    something went wrong.
    """
    rest, shown = split(paths, given)
    refuse_points({"margin": rest["margin"]}, percent=True)
    answer = ask(paths, rest)
    write(answer, **shown)
    sys.exit(answer.exit_code)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> JudgeRates:
    """Read the verdicts and correct them, as the options say."""
    import howsure

    return howsure.judge(list(paths), **(given | columns_and_rows(given)))
