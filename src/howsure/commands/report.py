"""howsure report: one self-contained page with all results of the scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import command_line, open_page, page_path, processes, read, split
from howsure.commands.flags import with_flags
from howsure.commands.options import CARD, GroupedCommand, Paths, takes
from howsure.commands.streams import say, tell
from howsure.commands.verbs import options_of

if TYPE_CHECKING:
    from howsure.answers.report import Report

PAGE = "report.html"

PAGE_OPTIONS = options_of("report", without=("command", "texts", "url", "card", "processes"))


@click.command(cls=GroupedCommand)
@click.argument("paths", cls=Paths, nargs=-1, metavar="PATH...")
@takes("report", *PAGE_OPTIONS, "texts")
@click.option("--output", "-o", metavar="FILE", help=f"Write the page to this file.  [default: {PAGE}]")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@CARD
@takes("report", "url")
@click.option("--from", "page", metavar="FILE", help="Show how a page was made, and do nothing else.")
@click.pass_context
def report(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    output: str | None,
    opened: bool,
    page: str | None,
    **given: Any,
) -> None:
    """Make one report of everything: ranks, pairs, noise, questions.

    In plain language. The page is one file that works offline: send it, publish it, keep it. Click models and
    pairs for details.
    """
    if page is not None:
        from howsure.page.provenance import read_origin
        from howsure.present.render.visible import visible

        origin = read_origin(page)
        say(visible(origin.command) + "\n")
        tell(f"howsure {origin.version}, data {origin.fingerprint} ({origin.data})")
        return
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'.")
    from howsure.present.files import card_path
    from howsure.writing import write

    target = page_path(output, paths) if output else _unused(Path(PAGE))
    card = None if given["card"] is None else card_path(given["card"], paths)
    named = card.name if card and given["url"] else None
    skipped = ("opened",) if named else ("opened", "card")
    answer = ask(paths, {**given, "card": named, "output": str(target)}, command_line(ctx, skip=skipped))
    drawn = None  # before the page is written: an error leaves no file
    if card is not None:
        from howsure.present.cards import card_of

        drawn = card_of(answer.leaderboard.every[answer.data["first"]]).png(answer.data["url"] or "")
    write(answer.html, target)
    # Write the verdict, and the notes and warnings about the data, as in every command.
    from howsure.present.render import render
    from howsure.present.report import document

    say(render(with_flags(document(answer)), color=sys.stdout.isatty()))
    tell(f"Page written to {target} ({target.stat().st_size / 1e6:.1f} MB).")
    if card is not None and drawn is not None:
        write(drawn, card)
        tell(f"Card written to {card}.")
    if opened:
        open_page(target.resolve().as_uri())


def ask(paths: tuple[str, ...], given: dict[str, Any], command: str) -> Report:
    """Make the report with the options."""
    import howsure

    rest, _ = split(paths, {"format": None, **given})
    return howsure.report(read(paths, rest), command=command, processes=processes(), **rest)


def _unused(target: Path) -> Path:
    """Return the default name, unless a file of that name isn't ours."""
    from howsure.errors import OptionError, ReadError
    from howsure.page.provenance import read_origin

    if target.exists():
        try:
            read_origin(target)
        except ReadError:
            raise OptionError(
                f"{str(target)!r} already exists and isn't a page of howsure",
                remedy="Name another file with -o.",
            ) from None
    return target
