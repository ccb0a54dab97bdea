"""Report: one page of everything that scores show, and what is said beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from howsure import checks
from howsure.writing import write

if TYPE_CHECKING:
    from pathlib import Path

    from howsure.answers.leaderboard import Leaderboard
    from howsure.errors import ResultWarning


HEIGHT = 800
"""Of the frame in a notebook, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report:
    """A self-contained page that opens offline in any current browser.

    Attributes:
        html: The page as one text.
        data: What it shows at once, as plain data.
        boards: The packed details of each board.
        leaderboard: The boards behind the page, for the population that was asked about.
        still: Its tables as HTML, for readers without JavaScript.
        texts: The packed prompts and answers of each board, where the page was to hold them.
        finder: What finds the texts of a question when a served page is asked for them.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    html: str
    data: dict[str, Any]
    boards: tuple[str, ...]
    leaderboard: Leaderboard
    still: str
    texts: tuple[str, ...] = ()
    finder: Any = field(default=None, compare=False)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def sentence(self) -> str:
        """One plain sentence about the overall board or the only one; of several, on how many one model is
        shown to be best.
        """
        return str(self.data["verdict"])

    def save(self, path: str | Path) -> None:
        """Write the page to a file, whole or not at all."""
        write(self.html, path)

    def __repr__(self) -> str:
        return self.sentence

    def frame(self, *, height: int = HEIGHT) -> str:
        """Return the page in a frame of its own, as HTML for a notebook or an app.

        In its frame the page runs its program, and may save and copy; it reaches neither what is around it
        nor any server.

        Args:
            height: The height of the frame in pixels; it is as wide as there is room.

        Returns:
            str: An element that needs nothing else.

        Raises:
            OptionError: If the height is no whole number of at least 1.

        Examples:
            >>> import polars as pl, howsure as hs
            >>> page = hs.report(pl.DataFrame({"model": ["a", "b"], "item": ["q", "q"], "score": [1, 0]}))
            >>> page.frame(height=600).startswith("<iframe ")
            True
        """
        high = checks.count("height", height)
        title, source = escape(str(self.data["title"]), quote=True), escape(self.html, quote=True)
        return (
            f'<iframe title="{title}" sandbox="allow-scripts allow-downloads" allow="clipboard-write" '
            f'width="100%" height="{high}" style="border: 0" srcdoc="{source}"></iframe>'
        )

    def _repr_html_(self) -> str:
        """Show the page in a notebook."""
        return self.frame()
