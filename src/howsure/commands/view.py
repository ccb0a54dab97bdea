"""howsure view: the page served on this machine, updated as new logs arrive."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from howsure.commands.base import command_line, open_page
from howsure.commands.options import GroupedCommand, paths, takes
from howsure.commands.report import PAGE_OPTIONS, ask
from howsure.commands.streams import tell


@click.command(cls=GroupedCommand)
@paths
@takes("report", *PAGE_OPTIONS)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8360, show_default=True, help="0 takes a free one."
)
@click.option("--open/--no-open", "opened", default=True, show_default=True, help="Open it in the browser.")
@click.pass_context
def view(ctx: click.Context, /, paths: tuple[str, ...], port: int, opened: bool, **given: Any) -> None:
    """Serve the report on this machine, and update it with the folder.

    The page shows new logs as they arrive. Only this machine can see it (127.0.0.1). Unfinished logs are read
    again until they are complete. Ctrl-C ends it.
    """
    from howsure.page.server import serve

    command = command_line(ctx, skip=("port", "opened"), name="report")
    serve(
        paths, partial(_load, paths, given, command), port=port, tell=tell, open=open_page if opened else None
    )


def _load(paths: tuple[str, ...], given: dict[str, Any], command: str) -> Any:
    return ask(paths, {**given, "output": None}, command)
