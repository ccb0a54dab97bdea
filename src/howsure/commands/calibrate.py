"""howsure calibrate: show how often the interval of every method held the truth where it is known."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import split, write
from howsure.commands.options import OUTPUT, takes


@click.command()
@takes("calibrate", "methods", *OUTPUT)
def calibrate(**given: Any) -> None:
    """Show how often every method's interval held the truth.

    The published record: 95 % intervals in worlds whose truth is known, beside what each method promises.
    """
    import howsure

    rest, shown = split((), given)
    write(howsure.calibrate(**rest), **shown)
