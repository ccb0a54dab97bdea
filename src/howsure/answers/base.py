"""What every answer can do, derived from its records and its document."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure import checks
from howsure.errors import OptionError
from howsure.options import Format
from howsure.present.render import comma_separated, render

if TYPE_CHECKING:
    import polars as pl

    from howsure.present.document import Document

SCHEMA_VERSION = 1
"""The version of the JSON form; see `schema.json` beside this file."""
DATA: tuple[Format, ...] = ("csv", "json")
"""The formats that programs read."""


class Answer(ABC):
    """A frozen result: data first, then its renderings. `print(answer)` shows the terminal form."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON; a number that doesn't exist is None."""

    @abstractmethod
    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per row."""

    @abstractmethod
    def document(self) -> Document:
        """Return what the answer says, ready to be rendered."""

    def to_frame(self) -> pl.DataFrame:
        """Return one row per record as a Polars frame."""
        import polars as pl

        return pl.DataFrame(self.records(), infer_schema_length=None)

    def explanation(self) -> Document:
        """Return the answer in plain words, for readers without statistics; an empty document where there are none."""
        from howsure.present.document import Document

        return Document()

    def render(
        self, format: Format = "terminal", *, width: int | None = None, color: bool = False, explain: bool = False
    ) -> str:
        """Return the answer as text in one of the formats, ending with a line break.

        `width`: columns of the terminal, None asks the terminal; `color`: use ANSI colours (terminal only); `explain`: add
        the answer in plain words (not to csv and json).
        """
        checks.word("format", format, Format)
        if explain and format in DATA:
            raise OptionError(
                f"explain=True adds prose, and {format} is data",
                remedy="Leave one out, or choose terminal, markdown, latex or html.",
            )
        if format == "json":
            return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        if format == "csv":
            return comma_separated.render(self.records())
        document = self.document()
        if explain:
            document = replace(document, blocks=(*document.blocks, *self.explanation().blocks))
        return render(document, format, width=width, color=color)

    def _repr_html_(self) -> str:
        """Return the answer as Jupyter and marimo show it."""
        from howsure.present.render import html

        return html.notebook(self.document())

    def __str__(self) -> str:
        return self.render().rstrip("\n")


def number(value: float) -> float | None:
    """Return a finite float to 12 digits, None otherwise: JSON has no NaN, and processors differ in the last digits."""
    value = float(value)
    return float(f"{value:.12g}") if math.isfinite(value) else None
