"""howsure trend: follow the checkpoints of training runs, and say which tasks can tell runs apart."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import DESIGN, OUTPUT, READING, paths, takes


@click.command()
@paths
@takes("trend", *READING, *DESIGN, "population", "model", "last", "level", "variance", *OUTPUT)
def trend(paths: tuple[str, ...], **given: Any) -> None:
    """Follow the checkpoints of training runs.

    And say which tasks can tell runs apart.
    """
    import howsure

    rest, shown = split(paths, given)
    write(howsure.trend(read(paths, rest), **rest), **shown)
