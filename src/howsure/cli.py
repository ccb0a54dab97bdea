"""The command line: parse, call the library, render. The only place that prints."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from howsure import __version__
from howsure.cli_options import (
    VARIANCES,
    WORLDS,
    adjust,
    choosing,
    covariate,
    design,
    gather,
    interval,
    method,
    models,
    name_pairs,
    output,
    overall,
    parse_margin,
    parse_overall,
    paths,
    population,
    reading,
    statistics,
    top,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from howsure.answers.base import Answer
    from howsure.options import Format
    from howsure.scores import Scores

gc.set_threshold(200_000, 50, 50)  # a command lives for a second, and collecting would take a tenth of it
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # its products are small: two threads were seen to be slower than one

MANY_FILES = 20


class Commands(click.Group):
    """A group that turns howsure's errors into one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from howsure.errors import HowsureError

        try:
            return super().invoke(ctx)
        except HowsureError as error:
            from howsure.render.visible import visible

            click.echo(f"howsure: {visible(str(error))}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a user meets them."""
        del ctx
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="howsure %(version)s")
def main() -> None:
    """How sure can you be of an LLM evaluation result?

    Point howsure at what an eval harness wrote (a file, a folder, a table): Inspect, lm-eval, HELM, SWE-bench,
    tau-bench, promptfoo, evalplus, LiveCodeBench, alpaca_eval, terminal-bench, Every Eval Ever, CSV, JSON, Parquet …
    """


@main.command()
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
@output
def leaderboard(paths: tuple[str, ...], pairs: bool, **given: Any) -> None:
    """Rank all models of every task: score, error bar, possible ranks, ties."""
    import howsure

    rest, shown = _split(paths, given)
    rest["overall"] = parse_overall(rest["overall"])
    answer = howsure.leaderboard(_read(paths, rest), **rest)
    if pairs:
        _write_records(answer.pair_records(), **shown)
    else:
        _write(answer, **shown)


@main.command()
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
@output
def compare(paths: tuple[str, ...], a: str, b: str, margin: str | None, **given: Any) -> None:
    """Say whether A is better than B: the verdict first, numbers after."""
    import howsure

    rest, shown = _split(paths, given)
    rest["overall"] = parse_overall(rest["overall"])
    rest["margin"] = None if margin is None else parse_margin(margin)
    _write(howsure.compare(_read(paths, rest), a, b, **rest), **shown)


@main.command()
@paths
@reading
@design
@population
@covariate
@models
@statistics
@interval
@output
def estimate(paths: tuple[str, ...], **given: Any) -> None:
    """Give every model of every task its score and error bar, one line each."""
    import howsure

    rest, shown = _split(paths, given)
    _write(howsure.estimate(_read(paths, rest), **rest), **shown)


@main.command()
@paths
@click.option("-a", "--a", metavar="MODEL", help="Take the difference of two models apart: the first …")
@click.option("-b", "--b", metavar="MODEL", help="… and the second.")
@reading
@design
@models
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator.")
@click.option("--pairs", is_flag=True, help="Write every pair instead of every model (csv and json).")
@click.option("--plot", metavar="FILE", help="Draw the SE over attempts and questions (.svg, .png, .json).")
@output
def noise(paths: tuple[str, ...], pairs: bool, plot: str | None, **given: Any) -> None:
    """Say where the error bars come from, and what more attempts or questions would bring."""
    import howsure
    from howsure.writing import write_chart

    rest, shown = _split(paths, given)
    answer = howsure.noise(_read(paths, rest), **rest)
    if plot is not None:
        write_chart(answer, plot)
    if pairs:
        _write_records(answer.pair_records(), **shown)
    else:
        _write(answer, **shown)


@main.command()
@paths
@reading
@design
@models
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@top
@click.option("--questions", is_flag=True, help="Write every question instead of every task (csv and json).")
@output
def health(paths: tuple[str, ...], questions: bool, **given: Any) -> None:
    """Say which questions tell models apart at all, and the smallest gap that can be seen."""
    import howsure

    rest, shown = _split(paths, given)
    answer = howsure.health(_read(paths, rest), **rest)
    if questions:
        _write_records(answer.item_records(), **shown)
    else:
        _write(answer, **shown)


@main.command()
@paths
@reading
@design
@models
@click.option(
    "--last", type=click.IntRange(2), default=5, show_default=True, help="Checkpoints that measure a run's wobble."
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator.")
@output
def trend(paths: tuple[str, ...], **given: Any) -> None:
    """Follow the checkpoints of training runs, and say which tasks can tell runs apart."""
    import howsure

    rest, shown = _split(paths, given)
    _write(howsure.trend(_read(paths, rest), **rest), **shown)


@main.command()
@paths
@click.option("--n", type=click.IntRange(1), metavar="N", help="Number of questions, where the table has none.")
@choosing
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@reading
@top
@output
def audit(paths: tuple[str, ...], **given: Any) -> None:
    """Say which gaps between published scores (model, score, n) could be noise."""
    import howsure

    rest, shown = _split(paths, given)
    _write(howsure.audit(_read(paths, rest), **rest), **shown)


@main.command()
@paths
@reading
@click.option("--output", "-o", required=True, metavar="FILE", help="A .parquet, .csv, .jsonl or .arrow file.")
def convert(paths: tuple[str, ...], output: str, **given: Any) -> None:
    """Write any log as the one tidy table."""
    from howsure.writing import refuse_overwriting, write_table

    refuse_overwriting(output, paths)
    rows = write_table(_read(paths, given), output)
    click.echo(f"{rows:,} rows written to {output}.", err=True)


@main.command()
@paths
@reading
@output
def describe(paths: tuple[str, ...], **given: Any) -> None:
    """Say what was found: files, tasks, models, items, attempts, clusters, and what was left out."""
    import howsure

    rest, shown = _split(paths, given)
    _write(howsure.describe(_read(paths, rest)), **shown)


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option(
    "--worlds",
    type=click.Choice(WORLDS),
    default="small",
    show_default=True,
    help="Which made-up worlds, where no data are given.",
)
@click.option("--record", is_flag=True, help="Show the published record; draw nothing.")
@click.option("--method", multiple=True, metavar="WORD", help="Only methods with this word in their name.")
@click.option("--trials", type=click.IntRange(10), default=2_000, show_default=True, help="Samples drawn per world.")
@click.option("--slow", is_flag=True, help="Also the methods that resample, in every tenth world.")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True, help="How many to use.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--seed", type=int, default=0, show_default=True, help="For all draws.")
@reading
@output
def calibrate(paths: tuple[str, ...], **given: Any) -> None:
    """Check what every method promises in worlds whose truth is known, or with your items as the population.

    Exits with 1 where a promise is broken.
    """
    import howsure

    rest, shown = _split(paths, given)
    asked = {
        name: rest.pop(name) for name in ("worlds", "record", "method", "trials", "slow", "processes", "level", "seed")
    }
    answer = howsure.calibrate(_read(paths, rest) if paths else None, **asked, progress=_counter())
    _write(answer, **shown)
    if not answer.kept:
        sys.exit(1)


def _split(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the options of the output from the others; an option that wasn't given twice is None, not ()."""
    from howsure.writing import refuse_overwriting

    shown = {name: given.pop(name) for name in ("format", "output")}
    refuse_overwriting(shown["output"], paths)
    repeated = ("task", "metric", "model", "cluster", "covariate")
    return {name: (value or None) if name in repeated else value for name, value in given.items()}, shown


def _read(paths: tuple[str, ...], given: dict[str, Any]) -> Scores:
    import howsure

    return howsure.read(
        list(paths),
        columns={role: tuple(names.split("+")) for role, names in name_pairs("--columns", given.pop("columns"))},
        where=gather(name_pairs("--where", given.pop("where"))),
        reader=given.pop("reader"),
        strict=given.pop("strict"),
        probabilities=given.get("score") == "prob",
        progress=_progress,
    )


def _progress(sources: Sequence[Any]) -> Iterable[Any]:
    if len(sources) < MANY_FILES or not sys.stderr.isatty():
        return sources
    from rich.console import Console
    from rich.progress import track

    return track(sources, description="Reading", console=Console(stderr=True), transient=True)


def _counter() -> Callable[[int, int], None] | None:
    """Return what shows the number of worlds done on a terminal's last line."""
    if not sys.stderr.isatty():
        return None
    return lambda done, total: click.echo(f"\r{done:,} of {total:,} worlds", nl=done == total, err=True)


def _write(answer: Answer, format: Format | None, output: str | None) -> None:
    from howsure.writing import format_of, write_text

    chosen = format or format_of(output)
    color = output is None and sys.stdout.isatty()
    write_text(answer.render(chosen, color=color and chosen == "terminal"), output)


def _write_records(records: list[dict[str, Any]], format: Format | None, output: str | None) -> None:
    import json

    from howsure.render import comma_separated
    from howsure.writing import format_of, write_text

    if (format or format_of(output)) not in ("csv", "json") and (format or output):
        raise click.BadParameter("single rows are written as csv or json", param_hint="--format")
    as_json = (format or format_of(output)) == "json"
    write_text(json.dumps(records, indent=1) + "\n" if as_json else comma_separated.render(records), output)


if __name__ == "__main__":
    main()
