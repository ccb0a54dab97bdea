"""howsure trend: follow the checkpoints of training runs, and say which tasks can tell runs apart."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import VARIANCES, design, models, output, paths, reading


@click.command()
@paths
@reading
@design
@models
@click.option(
    "--last", type=click.IntRange(2), default=5, show_default=True, help="Checkpoints that measure a run's wobble."
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator.")
@output
def trend(paths: tuple[str, ...], **given: Any) -> None:
    """Follow the checkpoints of training runs, and say which tasks can tell runs apart."""
    import howsure

    rest, shown = split(paths, given)
    write(howsure.trend(read(paths, rest), **rest), **shown)
