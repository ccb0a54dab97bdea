"""howsure describe: files, tasks, models, items, attempts, clusters, and what was left out."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import OUTPUT, READING, GroupedCommand, paths, takes


@click.command(cls=GroupedCommand)
@paths
@takes("describe", *READING, "explain_plan", *OUTPUT)
def describe(paths: tuple[str, ...], **given: Any) -> None:
    """Describe the files' contents, and what was left out and why.

    Tasks, models, questions, attempts, clusters, and further columns.
    """
    import howsure

    explain_plan = given.pop("explain_plan")
    rest, shown = split(paths, given)
    plain = not any(value for name, value in rest.items() if name != "cache")
    try:
        answer = howsure.describe(read(paths, rest), explain_plan=explain_plan)
    except (howsure.ReadError, howsure.DataError):
        if not plain:
            raise
        answer = howsure.describe(list(paths))  # which proposes a mapping, or raises the same error
    write(answer, **shown)
