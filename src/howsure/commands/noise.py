"""howsure noise: say where the error bars come from, and what more attempts or questions would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import VARIANCES, design, models, output, paths, reading

if TYPE_CHECKING:
    from howsure.answers.noise import Noise


@click.command()
@paths
@click.option("-a", "--a", metavar="MODEL", help="Take the difference of two models apart: the first …")
@click.option("-b", "--b", metavar="MODEL", help="… and the second.")
@reading
@design
@models
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator.")
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@click.option("--plot", metavar="FILE", help="Draw the SE over attempts and questions (.pdf, .svg, .png, .json).")
@output
def noise(paths: tuple[str, ...], pairs: bool, plot: str | None, **given: Any) -> None:
    """Say where the error bars come from, and what more attempts or questions would bring."""
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

    return howsure.noise(read(paths, given), **given)
