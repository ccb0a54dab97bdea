"""howsure arena: rank models by pairwise votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, split, write, write_records
from howsure.commands.options import OUTPUT, paths, takes

if TYPE_CHECKING:
    from howsure.answers.arena import Arena


@click.command()
@paths
@takes("arena", "columns", "where", "cluster", "ties", "against", "adjust", "level", "seed", "top")
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@takes("arena", *OUTPUT)
def arena(paths: tuple[str, ...], pairs: bool, **given: Any) -> None:
    """Rank models by pairwise votes.

    Expected score, error bar and possible ranks, from a table with one row a vote: model_a, model_b, winner, and who voted.
    """
    rest, shown = split(paths, given)
    answer = ask(paths, rest)
    if pairs:
        write_records(answer.pair_records(), shown["format"], shown["output"])
    else:
        write(answer, **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Arena:
    """Read the votes and rank the models, as the options say."""
    import howsure

    return howsure.arena(list(paths), **(given | columns_and_rows(given)))
