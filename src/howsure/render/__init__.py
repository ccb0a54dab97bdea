"""Rendering: an answer's document becomes text. Pure; each format escapes what came from logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from howsure.options import Format, check

if TYPE_CHECKING:
    from howsure.answers.base import Answer


def render(answer: Answer, format: Format = "terminal", *, width: int | None = None, color: bool = False) -> str:
    """Return an answer as text in one of the formats, ending with a line break.

    `width`: columns of the terminal, None asks the terminal; `color`: use ANSI colours (terminal only).
    """
    check("format", format, Format)
    if format == "json":
        return json.dumps(answer.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if format == "csv":
        from howsure.render import comma_separated

        return comma_separated.render(answer.records())
    document = answer.document()
    if format == "markdown":
        from howsure.render import markdown

        return markdown.render(document)
    if format == "latex":
        from howsure.render import latex

        return latex.render(document)
    from howsure.render import terminal

    return terminal.render(document, width=width, color=color)
