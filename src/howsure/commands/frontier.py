"""howsure frontier: say which models could be the best buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import DESIGN, MEASURES, OUTPUT, READING, STATISTICS, paths, takes

if TYPE_CHECKING:
    from howsure.answers.frontier import Frontier


@click.command()
@paths
@takes("frontier", *MEASURES, *READING, *DESIGN, "population", "model", *STATISTICS, "method", *OUTPUT)
def frontier(paths: tuple[str, ...], **given: Any) -> None:
    """Say which models could be the best buy.

    By --measure usd, seconds, tokens_out …: no other is shown to score higher and to cost no more. The
    cheapest of those that could be best comes first. A published leaderboard (model, score, n, usd or
    total_cost) will do.
    """
    rest, shown = split(paths, given)
    write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Frontier:
    """Read the paths and find the frontier, as the options say."""
    import howsure

    return howsure.frontier(read(paths, given), **given)
