"""howsure plot: draw an answer, as PDF, SVG, PNG, or Vega-Lite. Each kind takes the options of its verb."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from howsure.commands import arena, compare, plan, verbs
from howsure.commands.base import PROSE, split
from howsure.commands.flags import with_flags
from howsure.commands.options import GroupedCommand, made
from howsure.commands.streams import say, tell
from howsure.options.shared import FIGURE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.base import Answer
    from howsure.options.choices import BoardChart
    from howsure.present.charts.sizes import FigureSize

    Draw = Callable[[tuple[str, ...], dict[str, Any]], tuple[Answer, dict[str, Any]]]

NOT_DRAWN = (*("format", "output", *PROSE, "pairs", "curve", "plot", "card"),)
"""Options of the verbs for other outputs."""

file = click.Option(
    ["--output", "-o"],
    metavar="FILE",
    help="A .pdf, .svg, .png, or .json (Vega-Lite) file.  [default: KIND.svg, if there is none yet]",
)


class Figure(GroupedCommand):
    """A kind of chart. It takes the options of a verb, and its defaults from a configuration."""

    def __init__(
        self, name: str, verb: click.Command, help: str, draw: Draw, without: Sequence[str] = ()
    ) -> None:
        self.verb = str(verb.name)
        self.draw = draw
        params = [param for param in verb.params if param.name not in (*NOT_DRAWN, *without)]
        sizes = [made("", option.name) for option in FIGURE]
        super().__init__(name, params=[*params, *sizes, file], help=help, callback=self._write)

    def _write(self, output: str | None, **given: Any) -> None:
        """Draw the chart into a file, and print the verdict and the warnings."""
        from howsure.answers.base import resized
        from howsure.options.table import checked
        from howsure.present.charts.sizes import size_of
        from howsure.present.files import chart_kind, write_chart

        size = {option.name: given.pop(option.name) for option in FIGURE}
        asked = size_of(**checked(**size))
        paths = given.pop("paths") if "paths" in given else given.pop("pilot")
        rest, _ = split(paths, {**given, "output": output})
        target = output or _unused(f"{self.name}.svg")
        chart_kind(target)  # before the work
        answer, chart = self.draw(paths, rest)
        chart = resized(chart, **size)
        write_chart(chart, target)
        # Write an answer in words: everything but its tables.
        from howsure.answers.base import presentation
        from howsure.present.document import Document, Table
        from howsure.present.render import render

        words = tuple(
            block for block in presentation(answer).document(answer).blocks if not isinstance(block, Table)
        )
        say(render(with_flags(Document(blocks=words)), color=sys.stdout.isatty()))
        tell(f"Chart written to {target}{_size(chart, asked)}.")


def _size(chart: dict[str, Any], asked: FigureSize | None) -> str:
    """Return the size of a figure, if one was requested, and whether it is taller than its preset."""
    if asked is None:
        return ""
    from howsure.present.charts.sizes import extent

    width, height = extent(chart)
    taller = (
        f", more than {asked.tallest / 72:.4g} in tall: -t and --top draw less"
        if height > asked.tallest
        else ""
    )
    return f" ({width / 72:.2f} × {height / 72:.2f} in{taller})"


def _unused(name: str) -> str:
    from howsure.errors import OptionError

    if Path(name).exists():
        raise OptionError(
            f"{name!r} already exists", remedy=f"Use -o {name} to overwrite it, or another name."
        )
    return name


def _board(kind: BoardChart) -> Draw:
    def draw(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        """Compute a board, and draw it."""
        answer = verbs.ask("leaderboard", paths, given)
        return answer, answer.chart(kind)

    return draw


def _of(ask: Callable[..., Any]) -> Draw:
    def draw(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        """Call the verb, and draw its answer."""
        answer = ask(paths, given)
        return answer, answer.chart()

    return draw


class Figures(click.Group):
    """The kinds of figures. Results in place of a kind are drawn as a leaderboard."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the kind of figure. Any other word is an error that lists the kinds."""
        from howsure.verbs.sides import is_path

        if args[0] not in self.commands and is_path(args[0]):
            args = ["leaderboard", *args]
        elif args[0] not in self.commands:
            kinds = ", ".join(self.commands)
            raise click.UsageError(
                f"no figure {args[0]!r}, and no file or folder of this name. The figures are {kinds}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(cls=Figures)
def plot() -> None:
    """Draw an answer into a PDF, SVG, PNG or Vega-Lite file.

    Each kind takes the options of its verb. Ranks and pairs take those of leaderboard. Needs the extra
    howsure[plot], except for Vega-Lite (.json).
    """


def _command(verb: str) -> click.Command:
    return verbs.command_of(verb, "")


_LEADERBOARD = _command("leaderboard")
for figure in (
    Figure("leaderboard", _LEADERBOARD, "Scores with their error bars, best first.", _board("leaderboard")),
    Figure("ranks", _LEADERBOARD, "The rank interval of every model.", _board("ranks")),
    Figure("pairs", _LEADERBOARD, "All pairs: differences, and which are significant.", _board("pairs")),
    Figure("compare", compare.compare, "The difference of two models on every task.", _of(compare.ask)),
    Figure(
        "arena", arena.arena, "Expected scores from votes, best first.", _of(arena.ask), ("a", "b", "scale")
    ),
    *(
        Figure(verb, _command(verb), help, _of(partial(verbs.ask, verb)))
        for verb, help in (
            ("frontier", "Score over cost, and which could be the best buy."),
            ("curve", "Scores over attempts, cost or the size of models."),
            ("horizon", "Success over difficulty, with the curve of every model."),
            ("history", "Scores of runs over time, with limits and alarms."),
            ("noise", "The SE over attempts and questions."),
        )
    ),
    Figure(
        "plan",
        plan.plan,
        "Power over questions, or over the true difference.",
        _of(partial(plan.ask, "plan")),
    ),
):
    plot.add_command(figure)
