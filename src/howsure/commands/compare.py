"""howsure compare: say whether A is better than B: the verdict first, numbers after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import (
    covariate,
    design,
    explain,
    method,
    output,
    overall,
    parse_margin,
    parse_overall,
    paths,
    population,
    reading,
    refuse_points,
    statistics,
)

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison, Comparisons


@click.command()
@paths
@click.option("-a", "--a", required=True, metavar="MODEL", help="The first model.")
@click.option("-b", "--b", required=True, metavar="MODEL", help="The second model.")
@reading
@design
@population
@covariate
@statistics
@method
@click.option(
    "--margin", metavar="SIZE", help="Ask for equivalence and non-inferiority within this margin: 1pp or 0.01."
)
@click.option(
    "--adjust",
    type=click.Choice(("holm", "bh", "none")),
    default="holm",
    show_default=True,
    help="Correct for many tasks.",
)
@overall
@explain
@output
def compare(paths: tuple[str, ...], **given: Any) -> None:
    """Say whether A is better than B: the verdict first, numbers after."""
    rest, shown = split(paths, given)
    write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Comparison | Comparisons:
    """Read the paths and compare the two models, as the options say."""
    import howsure

    margin = given["margin"]
    given["overall"] = parse_overall(given["overall"])
    given["margin"] = None if margin is None else parse_margin(margin)
    answer = howsure.compare(read(paths, given), **given)
    pairs = answer.comparisons if isinstance(answer, howsure.Comparisons) else (answer,)
    refuse_points({"margin": margin}, percent=all(pair.percent for pair in pairs))
    return answer
