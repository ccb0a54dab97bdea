"""howsure noise: say where the error bars come from, and what more attempts or questions would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read_sides, split, write, write_records
from howsure.commands.options import DESIGN, OUTPUT, READING, SLICES, sided_paths, takes

if TYPE_CHECKING:
    from howsure.answers.noise import Noise


@click.command()
@sided_paths
@takes(
    "noise", "a", "b", *READING, *DESIGN, *SLICES, "population", "random_factor", "model", "level", "variance"
)
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@click.option(
    "--plot", metavar="FILE", help="Draw the SE over attempts and questions (.pdf, .svg, .png, .json)."
)
@takes("noise", *OUTPUT)
def noise(paths: tuple[str, ...], pairs: bool, plot: str | None, **given: Any) -> None:
    """Say where the error bars come from, and how to shrink them.

    Which part is the questions' and which the answers', and what more attempts or questions would bring.
    """
    from howsure.present.files import write_chart

    rest, shown = split(paths, given)
    answer = ask(paths, rest)
    if plot is not None:
        write_chart(answer.chart(), plot)
    if pairs:
        write_records(answer.pair_records(), **shown)
    else:
        write(answer, **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Noise:
    """Read the paths and take the noise apart, as the options say."""
    import howsure

    return howsure.noise(read_sides(paths, given, "a", "b"), **given)
