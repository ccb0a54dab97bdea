"""howsure estimate: give every model of every task its score and error bar, one line each."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import (
    covariate,
    design,
    explain,
    interval,
    models,
    output,
    paths,
    population,
    reading,
    statistics,
)


@click.command()
@paths
@reading
@design
@population
@covariate
@models
@statistics
@interval
@explain
@output
def estimate(paths: tuple[str, ...], **given: Any) -> None:
    """Give every model of every task its score and error bar, one line each."""
    import howsure

    rest, shown = split(paths, given)
    write(howsure.estimate(read(paths, rest), **rest), **shown)
