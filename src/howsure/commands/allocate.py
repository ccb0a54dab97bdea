"""howsure allocate: spend the next attempts on the items where they shrink the error bar most."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read_sides, split, write
from howsure.commands.options import DESIGN, OUTPUT, READING, sided_paths, takes


@click.command()
@sided_paths
@takes(
    "allocate", "attempts", "a", "b", "most", "new_run", "variance", *READING, *DESIGN, "population", *OUTPUT
)
def allocate(paths: tuple[str, ...], **given: Any) -> None:
    """Spend the next attempts where they shrink the error bar most.

    -o attempts.csv writes item, model, attempts so far and attempts to add.
    """
    import howsure

    rest, shown = split(paths, given)
    write(howsure.allocate(read_sides(paths, rest, "a", "b"), **rest), **shown)
