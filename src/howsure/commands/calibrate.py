"""howsure calibrate: check what every method promises in worlds whose truth is known, or with your items as
the population.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from howsure.commands.base import counter, read, split, write
from howsure.commands.exits import FAILED
from howsure.commands.options import OUTPUT, READING, takes

OWN = ("worlds", "record", "methods", "trials", "slow", "processes", "level", "seed")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@takes("calibrate", *OWN, *READING, *OUTPUT)
def calibrate(paths: tuple[str, ...], **given: Any) -> None:
    """Check what every method promises, where the truth is known.

    In made-up worlds, or with your items as the population. Exits with 1 where a promise is broken.
    """
    import howsure

    rest, shown = split(paths, given)
    asked = {name: rest.pop(name) for name in OWN}
    answer = howsure.calibrate(read(paths, rest) if paths else None, **asked, progress=counter())
    write(answer, **shown)
    if not answer.kept:
        sys.exit(FAILED)
