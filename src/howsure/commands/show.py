"""howsure show: one question, with every answer to it."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import OUTPUT, READING, paths, takes


@click.command()
@paths
@click.argument("item")
@takes("show", "task", "model", "metric", *READING, *OUTPUT)
def show(paths: tuple[str, ...], item: str, **given: Any) -> None:
    """Show one question, and what every model answered.

    What was asked, the right answer, all answers, scores, and why they ended. ITEM is the question's id, or a
    part of it that no other has.
    """
    import howsure

    rest, shown = split(paths, given)
    write(howsure.show(read(paths, rest), item, **rest), **shown)
