"""howsure arena: rank models by pairwise votes, or compare two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, split, write, write_records
from howsure.commands.options import OUTPUT, GroupedCommand, flag_of, paths, takes, typed

if TYPE_CHECKING:
    from howsure.answers.arena import Arena
    from howsure.answers.head_to_head import HeadToHead

OF_MANY = ("adjust", "seed", "top", "mark", "scale", "pairs")
"""Options of a board, which don't apply to two models."""


@click.command(cls=GroupedCommand)
@paths
@takes("head_to_head", "a", "b", needed=False)
@takes(
    "arena",
    "columns",
    "where",
    "cluster",
    "weight",
    "covariate",
    "ties",
    "against",
    "adjust",
    "level",
    "seed",
)
@takes("arena", "top", "mark", "scale", "winner_is")
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@takes("arena", *OUTPUT)
def arena(paths: tuple[str, ...], pairs: bool, **given: Any) -> None:
    """Rank models by pairwise votes, or compare two of them (-a, -b).

    Expected score, error bar and rank interval, from a table with one row per vote: model_a, model_b, winner,
    and the voter.
    """
    rest, shown = split(paths, given)
    if (rest["a"] is None) != (rest["b"] is None):
        raise click.UsageError("-a and -b are two models: name both, or neither")
    if rest["a"] is not None:
        write(ask_two(paths, rest), **shown)
    elif pairs:
        write_records(ask(paths, rest).pair_records(), shown["format"], shown["output"])
    else:
        write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Arena:
    """Read the votes and rank the models, with the options."""
    import howsure

    board = {name: value for name, value in given.items() if name not in ("a", "b")}
    return howsure.arena(list(paths), **(board | columns_and_rows(given)))


def ask_two(paths: tuple[str, ...], given: dict[str, Any]) -> HeadToHead:
    """Read the votes and compare two models, with the options."""
    import howsure

    wrong = [name for name in OF_MANY if typed(name)]
    if wrong:
        flags = ", ".join(map(flag_of, wrong))
        raise click.UsageError(f"-a and -b compare two models, and {flags} is for a board: leave one out")
    two = {name: value for name, value in given.items() if name not in OF_MANY}
    return howsure.head_to_head(list(paths), **(two | columns_and_rows(given)))
