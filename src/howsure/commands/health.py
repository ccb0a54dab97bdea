"""howsure health: say which questions tell models apart at all, and the smallest gap that can be seen."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import DESIGN, OUTPUT, READING, paths, takes


@click.command()
@paths
@takes("health", *READING, *DESIGN, "population", "model", "level", "top")
@click.option("--questions", is_flag=True, help="Write every question instead of every task (csv and json).")
@takes("health", *OUTPUT)
def health(paths: tuple[str, ...], questions: bool, **given: Any) -> None:
    """Say which questions tell models apart at all.

    And the smallest gap between models that the questions can show.
    """
    import howsure

    rest, shown = split(paths, given)
    answer = howsure.health(read(paths, rest), **rest)
    if questions:
        write_records(answer.item_records(), **shown)
    else:
        write(answer, **shown)
