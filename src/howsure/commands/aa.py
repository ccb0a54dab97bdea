"""howsure aa: how often would the gate fail a system against itself? By random splits of your own results."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.exits import VerdictCommand
from howsure.commands.options import (
    CRITERIA,
    DESIGN,
    OUTPUT,
    READING,
    paths,
    refuse_points,
    refuse_task_points,
    takes,
)


@click.command(cls=VerdictCommand)
@paths
@takes(
    "aa",
    *CRITERIA,
    "policy",
    "splits",
    *READING,
    *DESIGN,
    "model",
    "level",
    "variance",
    "method",
    "seed",
    *OUTPUT,
)
def aa(paths: tuple[str, ...], **given: Any) -> None:
    """Say how often the gate would fail a system against itself.

    An A/A test by random splits of your own results. Exits with 3 where something went wrong.
    """
    import howsure

    rest, shown = split(paths, given)
    answer = howsure.aa(read(paths, rest), **rest)
    margins: dict[str, Any] = {each.criterion: rest[each.criterion] for each in answer.equal}
    refuse_points(margins, percent=all(each.percent for each in answer.equal))
    refuse_task_points(rest.get("tasks"), [(each.task, each.percent) for each in answer.equal])
    write(answer, **shown)
