"""Rendering: an answer's document becomes text. Pure. Each format escapes text from logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from howsure.present.document import Document


def render(
    document: Document,
    format: Literal["terminal", "markdown", "latex", "html"] = "terminal",
    *,
    width: int | None = None,
    color: bool = False,
) -> str:
    """Return a document as text in one of the formats, ending with a line break.

    `width`: the width of the terminal in columns. None detects it. `color`: use ANSI colours (terminal only).
    """
    if format == "markdown":
        from howsure.present.render import markdown

        return markdown.render(document)
    if format == "latex":
        from howsure.present.render import latex

        return latex.render(document)
    if format == "html":
        from howsure.present.render import html

        return html.page(document)
    from howsure.present.render import terminal

    return terminal.render(document, width=width, color=color)
