"""howsure audit: say which gaps between published scores (model, score, n) could be noise."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import choosing, output, paths, reading, top


@click.command()
@paths
@click.option("--n", type=click.IntRange(1), metavar="N", help="Number of questions, where the table has none.")
@choosing
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@reading
@top
@output
def audit(paths: tuple[str, ...], **given: Any) -> None:
    """Say which gaps between published scores (model, score, n) could be noise."""
    import howsure

    rest, shown = split(paths, given)
    write(howsure.audit(read(paths, rest), **rest), **shown)
