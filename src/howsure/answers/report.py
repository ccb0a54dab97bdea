"""The page of a report, and what it tells beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from howsure.present.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page. `data`: what it shows at once, plain; `boards`: of each board the packed details; `still`: its tables as HTML.

    `told`: what is said beside the file: the verdict, and what was left out, guessed or doubtful in the data.
    """

    data: dict[str, Any]
    boards: tuple[str, ...]
    still: str
    told: Document

    @property
    def verdict(self) -> str:
        """One plain sentence about the overall board, the only one, or else the largest, which it names."""
        return str(self.data["verdict"])

    @property
    def html(self) -> str:
        """The page as one text."""
        return self.page()

    def page(self, *, live: bool = False) -> str:
        """Return the page; `live`: one that follows the server that it comes from."""
        from howsure.page.page import write_page

        return write_page(self.data, self.boards, self.still, live=live)

    def save(self, path: str | Path) -> None:
        """Write the page to a file."""
        Path(path).write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        import html

        source = html.escape(self.html, quote=True)
        return f'<iframe sandbox="allow-scripts" width="100%" height="800" srcdoc="{source}"></iframe>'
