"""howsure guide: nine short chapters, with what they say computed from your own results."""

from __future__ import annotations

import contextlib
import io
import shlex
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from howsure.commands.base import read
from howsure.commands.options import READING, takes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.guide.chapters import Chapter
    from howsure.guide.rewriting import Target

WIDTH = 100


class _ChapterNumber(click.IntRange):
    """The number of a chapter; a path in its place is told where it belongs."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and not value.lstrip("-").isdecimal():
            self.fail(
                f"{value!r} is no chapter. The chapter comes first: howsure guide 4 {shlex.quote(value)}", param, ctx
            )
        return int(super().convert(value, param, ctx))


@click.command()
@click.argument("number", type=_ChapterNumber(1, 9), required=False, metavar="[CHAPTER]")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@takes("guide", *READING)
@click.option("--cluster", multiple=True, metavar="COLUMN", help="The column that your questions came in groups by.")
@click.option("--cluster-from", metavar="REGEX", help="… or a pattern in the item id; its first group.")
@click.option("--task", "-t", metavar="NAME", help="About this task.  [default: the one with most models and items]")
@click.option("--metric", "-m", metavar="NAME", help="About this metric.")
@click.option("-a", "--a", metavar="MODEL", help="The first model.  [default: the best]")
@click.option("-b", "--b", metavar="MODEL", help="The second model.  [default: the next best]")
@click.pass_context
def guide(ctx: click.Context, /, number: int | None, paths: tuple[str, ...], **asked: Any) -> None:
    """Read nine short chapters on error bars and comparisons.

    Clusters, fair comparisons, ranks, plans. Without a CHAPTER: the contents. With PATHs: the chapter's commands run on your own results.
    """
    from howsure.guide import chapters

    if number is None:
        _contents(chapters.chapters())
    elif not paths:
        given = _typed(ctx, *asked)
        if given:
            raise click.UsageError(f"{given[0]} is about your own results: give their path after the chapter")
        _show(chapters.chapter(number), None, ctx.find_root())
    else:
        from howsure.guide.choosing import choose

        chosen = {name: asked.pop(name) for name in ("task", "metric", "a", "b")}
        target = choose(
            read(paths, asked),
            paths,
            grouping=_typed(ctx, "cluster", "cluster_from"),
            reading=_typed(ctx, "columns", "where", "missing", "decimal", "reader", "strict"),
            **chosen,
        )
        _show(chapters.chapter(number), target, ctx.find_root())


def _typed(ctx: click.Context, *names: str) -> tuple[str, ...]:
    """Return the words of these options that were typed; what a configuration says reaches the commands by itself."""
    words: list[str] = []
    for param in ctx.command.params:
        if param.name not in names or ctx.get_parameter_source(param.name) is not ParameterSource.COMMANDLINE:
            continue
        option, value = max(param.opts, key=len), ctx.params[param.name]
        if value is True:
            words.append(option)
        else:
            words += [word for each in (value if isinstance(value, tuple) else (value,)) for word in (option, each)]
    return tuple(words)


def _contents(every: Iterable[Chapter]) -> None:
    click.echo("How sure can you be? Nine short chapters:\n")
    for chapter in every:
        click.echo(f"  {chapter.number}  {chapter.title}")
    click.echo("\nhowsure guide 4          reads one")
    click.echo("howsure guide 4 logs/    the same, computed from your own results")


def _show(chapter: Chapter, target: Target | None, root: click.Context) -> None:
    """Print a chapter, its commands run on the target where there is one."""
    from howsure.guide.chapters import Example, Formula

    click.secho(f"{chapter.number}. {chapter.title}", bold=True)
    if target is not None:
        click.secho(_about(target), dim=True)
    for piece in chapter.pieces:
        click.echo()
        if isinstance(piece, Formula):
            click.echo("\n".join(f"    {line}" for line in piece.text.split("\n")))
        elif isinstance(piece, Example):
            command, output = (piece.command, piece.output) if target is None else _run(piece.command, target, root)
            click.secho(f"$ {command}", fg="magenta")
            click.echo(output)
        else:
            _prose(piece.text)


def _about(target: Target) -> str:
    from howsure.present.render.visible import visible

    task = f"{target.task}: " if target.task else ""
    models = target.a if target.b is None else f"{target.a} and {target.b}"
    return visible(f"On your results, {task}{models} (--task, --metric, -a and -b choose others).")


def _prose(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(legacy_windows=False)
    with console.capture() as shown:
        console.print(Markdown(text, hyperlinks=False), width=min(console.width, WIDTH))
    click.echo("\n".join(line.rstrip() for line in shown.get().rstrip().split("\n")))


def _run(command: str, target: Target, root: click.Context) -> tuple[str, str]:
    """Run a chapter's command on the target; return it as it would be typed, and what it printed, errors included."""
    from howsure.commands.main import every
    from howsure.guide.rewriting import OneModel, rewrite
    from howsure.present.render.visible import visible

    commands = every()
    options = {name: {word for param in each.params for word in param.opts} for name, each in commands.items()}
    try:
        name, *words = rewrite(command, target, options)
    except OneModel:
        return command, "This takes two models, and your results have one."
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        _invoke(commands[name], name, words, root)
    return visible(shlex.join(["howsure", name, *words])), printed.getvalue().strip("\n")


def _invoke(command: click.Command, name: str, words: list[str], root: click.Context) -> None:
    """Run a command; what stops it is told in one line, as the group would."""
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
