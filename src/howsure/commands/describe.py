"""howsure describe: say what was found: files, tasks, models, items, attempts, clusters, and what was left out."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import output, paths, reading


@click.command()
@paths
@reading
@output
def describe(paths: tuple[str, ...], **given: Any) -> None:
    """Say what was found: files, tasks, models, items, attempts, clusters, and what was left out."""
    import howsure

    rest, shown = split(paths, given)
    write(howsure.describe(read(paths, rest)), **shown)
