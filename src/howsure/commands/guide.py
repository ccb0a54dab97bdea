"""howsure guide: nine short chapters, with their numbers computed from your own results."""

from __future__ import annotations

import contextlib
import io
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from howsure.commands.base import open_page, page_path, read
from howsure.commands.options import READING, takes, words_of
from howsure.commands.streams import say, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.guide.chapters import Chapter
    from howsure.guide.rewriting import Target
    from howsure.table.scores import Scores

WIDTH = 100


PAGE = "lesson.html"
CHAPTER = click.IntRange(1, 9)
A_LESSON = b'data-page="lesson"'
"""A mark in the first lines of a lesson, and of no other page."""


@click.command()
@click.argument("words", nargs=-1, metavar="[CHAPTER] [PATH]...")
@takes("guide", *READING)
@click.option(
    "--cluster",
    multiple=True,
    metavar="COLUMN|id:REGEX",
    help="Cluster your questions by a column or a pattern.",
)
@click.option(
    "--task", "-t", metavar="NAME", help="About this task.  [default: the one with most models and items]"
)
@click.option("--metric", "-m", metavar="NAME", help="About this metric.")
@click.option("-a", "--a", metavar="MODEL", help="The first model.  [default: the best]")
@click.option("-b", "--b", metavar="MODEL", help="The second model.  [default: the next best]")
@click.option(
    "--open",
    "opened",
    is_flag=True,
    help="Play with it: the chapters as one page in the browser, with your results inside.",
)
@click.option(
    "--skill", is_flag=True, help="Print the skill for agents, a SKILL.md: which command to use when."
)
@click.option(
    "--output", "-o", metavar="FILE", help=f"Write the page to this file.  [default with --open: {PAGE}]"
)
@click.pass_context
def guide(
    ctx: click.Context, /, words: tuple[str, ...], opened: bool, skill: bool, output: str | None, **asked: Any
) -> None:
    """Read nine short chapters on error bars and comparisons.

    Clusters, fair comparisons, ranks, plans. Without a CHAPTER it prints the contents. With PATHs it uses
    your own results. With --open it opens an interactive page in the browser.
    """
    from howsure.guide import chapters

    if skill:
        say(chapters.skill())
        return
    on_page = opened or output is not None
    number, paths = _parted(words, on_page=on_page)
    if not paths and (given := _typed(ctx, *asked)):
        raise click.UsageError(f"{given[0]} is about your own results: give their path after the chapter")
    target = _target(ctx, paths, asked) if paths else None
    if on_page:
        _page(number, target, output, opened=opened, asked=asked)
    elif number is None:
        _contents(chapters.chapters())
    else:
        _show(chapters.chapter(number), None if target is None else target[0], ctx.find_root())


def _parted(words: tuple[str, ...], *, on_page: bool) -> tuple[int | None, tuple[str, ...]]:
    """Split the words into a chapter and paths. In the terminal the chapter comes first. A page has all of
    them.
    """
    if not words:
        return None, ()
    first, *rest = words
    if first.lstrip("-").isdecimal() and not (on_page and Path(first).exists()):
        return int(CHAPTER(first)), tuple(rest)
    if not on_page:
        raise click.UsageError(
            f"{first!r} isn't a chapter. The chapter comes first: howsure guide 4 {shlex.quote(first)}, or "
            f"--open {shlex.quote(first)}"
        )
    return None, words


def _target(ctx: click.Context, paths: tuple[str, ...], asked: dict[str, Any]) -> tuple[Target, Scores]:
    """Choose the subject of the chapters from the words and the available data."""
    from howsure.guide.rewriting import choose

    chosen = {name: asked.pop(name) for name in ("task", "metric", "a", "b")}
    scores = read(paths, asked)
    grouping, reading = _typed(ctx, "cluster"), _typed(ctx, *READING)
    return choose(scores, paths, grouping=grouping, reading=reading, **chosen), scores


def _page(
    number: int | None,
    chosen: tuple[Target, Scores] | None,
    output: str | None,
    *,
    opened: bool,
    asked: dict[str, Any],
) -> None:
    """Write the lesson's page, with the reader's results before its own, and open it."""
    from howsure.guide.lesson import RESPECTS, board_of, built_in, write_lesson
    from howsure.present.flags import as_flags
    from howsure.study.design import make_design
    from howsure.writing import write

    place = _place(output, () if chosen is None else chosen[0].paths)
    boards = built_in()
    if chosen is not None:
        target, scores = chosen
        narrowed = {"task": target.task, "metric": target.metric}
        options = {name: value for name, value in {**asked, **narrowed}.items() if value}
        design = make_design(options, RESPECTS)  # type: ignore[arg-type]
        own = board_of(scores, design, target, name=target.task or "your results")
        boards = [own | {"said": [as_flags(text) for text in own["said"]]}, *boards]
    write(write_lesson(boards), place)
    tell(f"The lesson is in {place} ({place.stat().st_size / 1e6:.1f} MB).")
    if opened:
        open_page(place.resolve().as_uri() + (f"#chapter={number}" if number else ""))


def _place(output: str | None, paths: tuple[str, ...]) -> Path:
    """Return where the page goes. Under its default name it only replaces a lesson."""
    from howsure.errors import OptionError

    if output is not None:
        return page_path(output, paths)
    place = Path(PAGE)
    if place.exists() and A_LESSON not in place.read_bytes()[:200]:
        raise OptionError(
            f"{PAGE!r} already exists and isn't a lesson of howsure", remedy="Name another file with -o."
        )
    return place


def _typed(ctx: click.Context, *names: str) -> tuple[str, ...]:
    """Return the words of these options that were typed. Those of a configuration reach the commands
    anyway.
    """
    typed = [
        param
        for param in ctx.command.params
        if param.name in names and ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
    ]
    return tuple(word for param in typed for word in words_of(param, ctx.params[str(param.name)]))


def _contents(every: Iterable[Chapter]) -> None:
    click.echo("How sure can you be? Nine short chapters:\n")
    for chapter in every:
        click.echo(f"  {chapter.number}  {chapter.title}")
    click.echo("\nhowsure guide 4          reads one")
    click.echo("howsure guide 4 logs/    the same, computed from your own results")
    click.echo("howsure guide --open     to play with, in the browser (add logs/ for your own results)")


def _show(chapter: Chapter, target: Target | None, root: click.Context) -> None:
    """Print a chapter, with its commands run on the target if there is one."""
    from howsure.guide.chapters import Example, Formula

    click.secho(f"{chapter.number}. {chapter.title}", bold=True)
    if target is not None:
        from howsure.present.render.visible import visible

        task = f"{target.task}: " if target.task else ""
        models = target.a if target.b is None else f"{target.a} and {target.b}"
        about = visible(f"On your results, {task}{models} (--task, --metric, -a and -b choose others).")
        click.secho(about, dim=True)
    for piece in chapter.pieces:
        click.echo()
        if isinstance(piece, Formula):
            click.echo("\n".join(f"    {line}" for line in piece.text.split("\n")))
        elif isinstance(piece, Example):
            command, output = (
                (piece.command, piece.output) if target is None else _run(piece.command, target, root)
            )
            click.secho(f"$ {command}", fg="magenta")
            click.echo(output)
        else:
            from rich.console import Console
            from rich.markdown import Markdown

            console = Console(legacy_windows=False)
            with console.capture() as shown:
                console.print(Markdown(piece.text, hyperlinks=False), width=min(console.width, WIDTH))
            click.echo("\n".join(line.rstrip() for line in shown.get().rstrip().split("\n")))


def _run(command: str, target: Target, root: click.Context) -> tuple[str, str]:
    """Run a chapter's command on the target. Return it as one would type it, and its output, errors
    included.
    """
    from howsure.commands.main import every
    from howsure.guide.rewriting import OneModel, rewrite
    from howsure.present.render.visible import visible

    commands = every()
    options = {
        name: {word for param in each.params for word in param.opts} for name, each in commands.items()
    }
    try:
        name, *words = rewrite(command, target, options)
    except OneModel:
        return command, "This takes two models, and your results have one."
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        _invoke(commands[name], name, words, root)
    return visible(shlex.join(["howsure", name, *words])), printed.getvalue().strip("\n")


def _invoke(command: click.Command, name: str, words: list[str], root: click.Context) -> None:
    """Run a command. An error is reported in one line, as in the group."""
    from howsure.errors import HowsureError
    from howsure.present.render.visible import visible

    try:
        with command.make_context(name, list(words), parent=root) as ctx:
            command.invoke(ctx)
    except HowsureError as error:
        click.echo(f"howsure: {visible(str(error))}")
    except click.ClickException as error:
        click.echo(f"howsure: {visible(error.format_message())}")
    except (click.exceptions.Exit, SystemExit):
        pass  # a verdict's exit code
