"""howsure calibrate: check what every method promises in worlds whose truth is known, or with your items as the population."""

from __future__ import annotations

import sys
from typing import Any

import click

from howsure.commands.base import counter, read, split, write
from howsure.commands.options import WORLDS, output, reading


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option(
    "--worlds",
    type=click.Choice(WORLDS),
    default="small",
    show_default=True,
    help="Which made-up worlds, where no data are given.",
)
@click.option("--record", is_flag=True, help="Show the published record; draw nothing.")
@click.option("--method", multiple=True, metavar="WORD", help="Only methods with this word in their name.")
@click.option("--trials", type=click.IntRange(10), default=2_000, show_default=True, help="Samples drawn per world.")
@click.option("--slow", is_flag=True, help="Also the methods that resample, in every tenth world.")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True, help="How many to use.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--seed", type=int, default=0, show_default=True, help="For all draws.")
@reading
@output
def calibrate(paths: tuple[str, ...], **given: Any) -> None:
    """Check what every method promises in worlds whose truth is known, or with your items as the population.

    Exits with 1 where a promise is broken.
    """
    import howsure

    rest, shown = split(paths, given)
    asked = {
        name: rest.pop(name) for name in ("worlds", "record", "method", "trials", "slow", "processes", "level", "seed")
    }
    answer = howsure.calibrate(read(paths, rest) if paths else None, **asked, progress=counter())
    write(answer, **shown)
    if not answer.kept:
        sys.exit(1)
