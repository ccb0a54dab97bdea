"""howsure aa: how often would the gate fail a system against itself? By random splits of your own results."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import VerdictCommand, read, split, write
from howsure.commands.options import VARIANCES, criteria, design, models, output, parse_criteria, paths, reading


@click.command(cls=VerdictCommand)
@paths
@criteria
@click.option("--splits", type=click.IntRange(1), default=1_000, show_default=True, help="Random splits a model.")
@reading
@design
@models
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator.")
@click.option("--method", type=click.Choice(("pseudo-items", "t")), help="How a difference is tested.")
@click.option("--seed", type=int, default=0, show_default=True, help="For the splits.")
@output
def aa(paths: tuple[str, ...], **given: Any) -> None:
    """Say how often the gate would fail a system against itself, by random splits of your own results (A/A).

    Exits with 3 where something went wrong.
    """
    import howsure

    rest, shown = split(paths, given)
    asked = parse_criteria(rest)
    write(howsure.aa(read(paths, rest), **asked, **rest), **shown)
