"""howsure leaderboard: rank all models of every task: score, error bar, possible ranks, ties."""

from __future__ import annotations

from typing import Any

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
    import howsure

    rest, shown = split(paths, given)
    if pairs and shown["explain"]:
        raise click.UsageError("--explain adds prose, and --pairs writes data: leave one out")
    rest["overall"] = parse_overall(rest["overall"])
    answer = howsure.leaderboard(read(paths, rest), **rest)
    if pairs:
        write_records(answer.pair_records(), shown["format"], shown["output"])
    else:
        write(answer, **shown)
