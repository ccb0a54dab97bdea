"""howsure bias: say what a judge favours beside quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, split, write
from howsure.commands.options import OUTPUT, paths, takes

if TYPE_CHECKING:
    from howsure.answers.bias import Biases


@click.command()
@paths
@takes("bias", "covariate", "columns", "where", "winner_is", "level", *OUTPUT)
def bias(paths: tuple[str, ...], **given: Any) -> None:
    """Say what a judge favours beside quality.

    What it was shown first, what is longer, its own family: from a table with one row a choice between two
    answers.
    """
    rest, shown = split(paths, given)
    write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Biases:
    """Read the choices and measure what is favoured, as the options say."""
    import howsure

    return howsure.bias(list(paths), **(given | columns_and_rows(given)))
