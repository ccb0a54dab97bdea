"""Report: one page with all results of the scores, and the comments on them."""

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
"""The height of the frame in a notebook, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report:
    """A self-contained page that opens offline in any current browser.

    Attributes:
        html: The page as one text.
        data: The data shown at first, as plain data.
        boards: The packed details of each board.
        leaderboard: The boards behind the page, for the requested population.
        still: Its tables as HTML, for readers without JavaScript.
        texts: The packed prompts and answers of each board, if the page contains them.
        finder: Finds the texts of a question for a served page.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
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
        """One plain sentence about the overall board or the only one. For several, how many of them have one
        significantly best model.
        """
        return str(self.data["verdict"])

    def save(self, path: str | Path) -> None:
        """Write the page to a file, completely or not at all."""
        write(self.html, path)

    def __repr__(self) -> str:
        return self.sentence

    def frame(self, *, height: int = HEIGHT) -> str:
        """Return the page in a frame, as HTML for a notebook or an app.

        The page runs its program in the frame, and may save and copy. It has no access to the surrounding
        page or to any server.

        Args:
            height: The height of the frame in pixels. The width is that of the available space.

        Returns:
            str: A self-contained element.

        Raises:
            OptionError: If the height isn't a whole number of at least 1.

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
