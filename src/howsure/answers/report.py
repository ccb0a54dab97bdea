"""Report: one page of everything that scores show, and what is said beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from howsure.writing import write

if TYPE_CHECKING:
    from pathlib import Path

    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report:
    """A self-contained page that opens offline in any current browser.

    Attributes:
        html: The page as one text.
        data: What it shows at once, as plain data.
        boards: The packed details of each board.
        still: Its tables as HTML, for readers without JavaScript.
        texts: The packed prompts and answers of each board, where the page was to hold them.
        finder: What finds the texts of a question when a served page is asked for them.
        notes: How the data were read and grouped.
        cautions: Warnings, each with what to do about it.
    """

    html: str
    data: dict[str, Any]
    boards: tuple[str, ...]
    still: str
    texts: tuple[str, ...] = ()
    finder: Any = field(default=None, compare=False)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def verdict(self) -> str:
        """One plain sentence about the overall board or the only one; of several, on how many one model is shown to be best."""
        return str(self.data["verdict"])

    def save(self, path: str | Path) -> None:
        """Write the page to a file, whole or not at all."""
        write(self.html, path)

    def __repr__(self) -> str:
        return self.verdict

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        source = escape(self.html, quote=True)
        return f'<iframe sandbox="allow-scripts" width="100%" height="800" srcdoc="{source}"></iframe>'
