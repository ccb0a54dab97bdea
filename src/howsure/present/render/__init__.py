"""Rendering: an answer's document becomes text. Pure; each format escapes what came from logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from howsure.present.document import Document
    from howsure.present.render.latex import Paper


def render(
    document: Document,
    format: Literal["terminal", "markdown", "latex", "html"] = "terminal",
    *,
    width: int | None = None,
    color: bool = False,
    paper: Paper | None = None,
) -> str:
    """Return a document as text in one of the formats, ending with a line break.

    `width`: columns of the terminal, None asks the terminal; `color`: use ANSI colours (terminal only);
    `paper`: how tables go into a paper (LaTeX only).
    """
    if format == "markdown":
        from howsure.present.render import markdown

        return markdown.render(document)
    if format == "latex":
        from howsure.present.render import latex

        return latex.render(document, paper)
    if format == "html":
        from howsure.present.render import html

        return html.page(document)
    from howsure.present.render import terminal

    return terminal.render(document, width=width, color=color)
