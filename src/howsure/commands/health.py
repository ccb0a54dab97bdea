"""howsure health: say which questions tell models apart at all, and the smallest gap that can be seen."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import design, models, output, paths, reading, top


@click.command()
@paths
@reading
@design
@models
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@top
@click.option("--questions", is_flag=True, help="Write every question instead of every task (csv and json).")
@output
def health(paths: tuple[str, ...], questions: bool, **given: Any) -> None:
    """Say which questions tell models apart at all, and the smallest gap that can be seen."""
    import howsure

    rest, shown = split(paths, given)
    answer = howsure.health(read(paths, rest), **rest)
    if questions:
        write_records(answer.item_records(), **shown)
    else:
        write(answer, **shown)
