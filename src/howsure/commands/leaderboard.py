"""howsure leaderboard: rank all models of every task: score, error bar, possible ranks, ties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import (
    adjust,
    design,
    explain,
    interval,
    method,
    models,
    output,
    overall,
    parse_overall,
    paths,
    population,
    reading,
    statistics,
    top,
)

if TYPE_CHECKING:
    from howsure.answers.leaderboard import Leaderboard


@click.command()
@paths
@reading
@design
@population
@models
@statistics
@interval
@method
@adjust
@overall
@top
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@explain
@output
def leaderboard(paths: tuple[str, ...], pairs: bool, **given: Any) -> None:
    """Rank all models of every task: score, error bar, possible ranks, ties."""
    rest, shown = split(paths, given)
    if pairs and shown["explain"]:
        raise click.UsageError("--explain adds prose, and --pairs writes data: leave one out")
    answer = ask(paths, rest)
    if pairs:
        write_records(answer.pair_records(), shown["format"], shown["output"])
    else:
        write(answer, **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Leaderboard:
    """Read the paths and rank the models, as the options say."""
    import howsure

    given["overall"] = parse_overall(given["overall"])
    return howsure.leaderboard(read(paths, given), **given)
