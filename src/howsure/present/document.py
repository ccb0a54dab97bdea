"""Document: what an answer says, as pure data. Renderers lay it out and escape it; numbers become words here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """An error bar to be drawn: a value between two limits, all three finite, on the scale of its column."""

    value: float
    low: float
    high: float


Cell = str | Whisker


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. On a narrow terminal columns of low `priority` are left out first; 9 always stays, 0 never does.

    `error_of`: the name of the column whose numbers these are the errors of; print writes them behind, in parentheses.
    """

    name: str
    align: Literal["left", "right"] = "right"
    priority: int = 9
    error_of: str = ""

    @property
    def is_name(self) -> bool:
        """Whether its cells name their rows: text that always stays."""
        return self.align == "left" and self.priority == 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under columns; `note` goes below it in small print."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    note: str = ""

    @property
    def whisker_range(self) -> tuple[float, float]:
        """The smallest and largest limit of all whiskers, so that they share one axis."""
        whiskers = [cell for row in self.rows for cell in row if isinstance(cell, Whisker)]
        if not whiskers:
            return 0.0, 1.0
        low, high = min(w.low for w in whiskers), max(w.high for w in whiskers)
        return (low, high) if high > low else (low - 0.5, high + 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph. The verdict is the sentence that a reader in a hurry takes away."""

    text: str
    kind: Literal["verdict", "plain", "heading", "small"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Cautions, shown after the numbers; of many with one code the first is shown and the others are counted."""

    cautions: tuple[Caution, ...]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The message and the remedy of each kind of caution."""
        kinds: dict[str, list[Caution]] = {}
        for caution in dict.fromkeys(self.cautions):
            kinds.setdefault(caution.code, []).append(caution)
        return [(_counted(same), same[0].remedy) for same in kinds.values()]


def _counted(same: list[Caution]) -> str:
    message = same[0].message.rstrip(".")
    return f"{message}." if len(same) == 1 else f"{message} (and {len(same) - 1:,} more like it)."


Block = Text | Table | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Blocks in reading order: the answer first, the numbers after, cautions last.

    `mark`: a word in a hidden first line of Markdown, by which a program finds its comment again.
    """

    blocks: tuple[Block, ...] = field(default=())
    mark: str = ""


def opening(verdict: str, notes: Iterable[str] = ()) -> list[Block]:
    """Return how every answer begins: its verdict, and how the data were taken."""
    return [Text(text=verdict, kind="verdict"), *small(notes)]


def small(notes: Iterable[str]) -> list[Block]:
    """Return notes as small print."""
    return [Text(text=note, kind="small") for note in notes]


def closing(cautions: Iterable[Caution]) -> list[Block]:
    """Return how every answer ends: with its cautions, with nothing where there are none."""
    found = tuple(cautions)
    return [Note(cautions=found)] if found else []


def described(presentation: ModuleType, answer: object, *, explain: bool) -> Document:
    """Return what the module that presents an answer says of it; `explain`: in plain words as well, where it has some."""
    document: Document = presentation.document(answer)
    explanation = getattr(presentation, "explanation", None)
    if not explain or explanation is None:
        return document
    return replace(document, blocks=(*document.blocks, *explanation(answer).blocks))
