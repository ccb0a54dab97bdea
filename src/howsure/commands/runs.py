"""howsure runs: every run, and whether it counts."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import OUTPUT, READING, paths, takes


@click.command()
@paths
@takes("runs", "task", "metric", *READING, "top", *OUTPUT)
def runs(paths: tuple[str, ...], **given: Any) -> None:
    """List every run, and say which count.

    Date, task, model, items, score, commit, tags, limit.
    """
    import howsure

    rest, shown = split(paths, given)
    write(howsure.runs(read(paths, rest), **rest), **shown)
