"""howsure leaderboard: rank all models of every task: score, error bar, possible ranks, ties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import DESIGN, OUTPUT, READING, SLICES, STATISTICS, flag_of, paths, takes

if TYPE_CHECKING:
    from howsure.answers.leaderboard import Leaderboard


@click.command()
@paths
@takes("leaderboard", *READING, *DESIGN, *SLICES, "population", "random_factor", "model", *STATISTICS)
@takes("leaderboard", "interval", "method", "adjust", "overall", "top")
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@takes("leaderboard", "explain", "methods_paragraph", *OUTPUT)
def leaderboard(paths: tuple[str, ...], pairs: bool, **given: Any) -> None:
    """Rank all models: score, error bar, possible ranks, ties."""
    rest, shown = split(paths, given)
    prose = next((name for name in ("explain", "methods_paragraph") if shown[name]), None)
    if pairs and prose:
        raise click.UsageError(f"{flag_of(prose)} adds prose, and --pairs writes data: leave one out")
    answer = ask(paths, rest)
    if pairs:
        write_records(answer.pair_records(), shown["format"], shown["output"])
    else:
        write(answer, **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Leaderboard:
    """Read the paths and rank the models, as the options say."""
    import howsure

    return howsure.leaderboard(read(paths, given), **given)
