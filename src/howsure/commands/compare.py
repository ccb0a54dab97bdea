"""howsure compare: say whether A is better than B: the verdict first, numbers after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read_sides, split, write
from howsure.commands.options import DESIGN, OUTPUT, READING, STATISTICS, refuse_points, sided_paths, takes

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison, Comparisons


@click.command()
@sided_paths
@takes("compare", "a", "b", *READING, *DESIGN, "population", "covariate", *STATISTICS, "method", "margin", "adjust")
@takes("compare", "overall", "flips", "explain", *OUTPUT)
def compare(paths: tuple[str, ...], **given: Any) -> None:
    """Say whether A is really better than B.

    The verdict first, numbers after; paired on the questions that both answered.
    """
    rest, shown = split(paths, given)
    write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Comparison | Comparisons:
    """Read the paths and compare the two models, as the options say."""
    import howsure

    answer = howsure.compare(read_sides(paths, given, "a", "b"), **given)
    pairs = answer.comparisons if isinstance(answer, howsure.Comparisons) else (answer,)
    refuse_points({"margin": given["margin"]}, percent=all(pair.percent for pair in pairs))
    return answer
