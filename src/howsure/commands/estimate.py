"""howsure estimate: give every model of every task its score and error bar, one line each."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import DESIGN, OUTPUT, READING, SLICES, STATISTICS, paths, takes


@click.command()
@paths
@takes(
    "estimate",
    *READING,
    *DESIGN,
    *SLICES,
    "population",
    "random_factor",
    "covariate",
    "model",
    *STATISTICS,
    "interval",
    "explain",
    "methods_paragraph",
    *OUTPUT,
)
def estimate(paths: tuple[str, ...], **given: Any) -> None:
    """Give every model of every task its score and error bar."""
    import howsure

    rest, shown = split(paths, given)
    write(howsure.estimate(read(paths, rest), **rest), **shown)
