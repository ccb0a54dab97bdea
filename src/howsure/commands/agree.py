"""howsure agree: say how far raters agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, split, write, write_records
from howsure.commands.options import OUTPUT, paths, takes

if TYPE_CHECKING:
    from howsure.answers.agree import Agreement


@click.command()
@paths
@takes("agree", "human", "columns", "exclude", "where", "cluster", "measurement", "level")
@click.option("--confusion", is_flag=True, help="Write what one says where another says this (csv and json).")
@takes("agree", *OUTPUT)
def agree(paths: tuple[str, ...], confusion: bool, **given: Any) -> None:
    """Say how far raters, judges and repeats agree.

    As it is and beyond chance, from a table with one row a rating, or a column for each rater.
    """
    rest, shown = split(paths, given)
    answer = ask(paths, rest)
    if confusion:
        write_records(answer.confusion_records(), shown["format"], shown["output"])
    else:
        write(answer, **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Agreement:
    """Read the ratings and measure agreement, as the options say."""
    import howsure

    return howsure.agree(list(paths), **(given | columns_and_rows(given)))
