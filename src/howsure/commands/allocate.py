"""howsure allocate: spend the next attempts on the items where they shrink the error bar most."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import VARIANCES, design, output, paths, reading


@click.command()
@paths
@click.option("--attempts", type=click.IntRange(1), required=True, metavar="N", help="How many attempts to spend.")
@click.option("-a", "--a", "--model", "a", metavar="MODEL", help="The model whose attempts they are, or the first …")
@click.option("-b", "--b", metavar="MODEL", help="… and the second, where their difference is asked for.")
@click.option("--most", type=click.IntRange(1), metavar="K", help="No item shall have more, old and new together.")
@click.option("--new-run", is_flag=True, help="A run of its own, chosen by a model's own old answers.")
@click.option("--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator.")
@reading
@design
@output
def allocate(paths: tuple[str, ...], **given: Any) -> None:
    """Spend the next attempts on the items where they shrink the error bar most.

    -o attempts.csv writes item, model, attempts so far and attempts to add.
    """
    import howsure

    rest, shown = split(paths, given)
    write(howsure.allocate(read(paths, rest), **rest), **shown)
