"""Document: the text of an answer, as pure data. Renderers lay it out and escape it. Numbers become words
here.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import compress, takewhile
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from howsure.errors import ResultWarning
    from howsure.options.choices import Top
    from howsure.wording import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """An error bar or limits to draw: a value, and two limits that needn't contain it. All three are finite,
    on the scale of their column.

    `limits`: they are limits for the value, drawn as two upright lines, not its error bar.
    """

    value: float
    low: float
    high: float
    limits: bool = False


MORE, GUIDE = "More", "howsure guide"
Cell = str | Whisker
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. On a narrow terminal columns of low `priority` are left out first. 9 always stays,
    0 never does.

    `error_of`: the name of the column whose errors these are. Print puts them after it, in parentheses.
    `cut`: the beginning of its cells' texts is enough. `varies`: it is left out of a shortened table whose
    cells are all the same. `axis`: how the numbers of the axis are written, if its cells are error bars.
    """

    name: str
    align: Literal["left", "right"] = "right"
    priority: int = 9
    error_of: str = ""
    cut: bool = False
    varies: bool = False
    axis: Scale | None = None

    @property
    def is_name(self) -> bool:
        """Whether its cells name their rows: text that always stays."""
        return self.align == "left" and self.priority == 9


MOST_ROWS = 20
"""The number of rows of a long table that the terminal and Markdown show by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which rows of a long table are shown: the first `rows`, or the `last`, and those to `keep`. `noun`: the
    kind of row.
    """

    rows: int = MOST_ROWS
    keep: frozenset[int] = frozenset()
    last: bool = False
    noun: str = "model"
    hint: str = "`top='all'` shows all"

    def apply(self, table: Table) -> Table:
        """Return the table without the other rows, with a note that counts them."""
        count = len(table.rows)
        shown = range(count - self.rows, count) if self.last else range(self.rows)
        chosen = [k in shown or k in self.keep for k in range(count)]
        kept = tuple(compress(table.rows, chosen))
        left = count - len(kept)
        if not left:
            return replace(table, cut=None)
        alike = [
            place
            for place, column in enumerate(table.columns)
            if column.varies and len({row[place] for row in kept}) == 1
        ]
        places = [place for place in range(len(table.columns)) if place not in alike]
        kept = tuple(tuple(row[place] for place in places) for row in kept)
        columns = tuple(table.columns[place] for place in places)
        note = f"… and {plural(left, f'more {self.noun}')}; {self.hint}."
        strong, printed = tuple(compress(table.strong, chosen)), table.printed
        if printed is not None:
            rows = tuple(compress(printed.rows, chosen))
            printed = replace(printed, rows=rows, note=f"{note} {printed.note}")
        note = f"{note} {table.note}".rstrip()
        return replace(table, columns=columns, rows=kept, note=note, cut=None, strong=strong, printed=printed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """How print shows a table of scores beside its first column: whole names over the columns, and for every
    row and column the score, its interval, and whether it is bold.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[tuple[str, str, bool], ...], ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under columns. `note` goes below it in small print, the first `lead` rows are set off
    from the others. `cut`: the rows that the terminal and Markdown show. None shows all.

    `strong`: whether each row is bold, in HTML and print. Empty for none. `printed`: its form in print, if
    that is another.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    note: str = ""
    lead: int = 0
    cut: Cut | None = None
    strong: tuple[bool, ...] = ()
    printed: Printed | None = None

    @property
    def whisker_range(self) -> tuple[float, float]:
        """The smallest and largest number of all whiskers, so that they share one axis."""
        whiskers = [cell for row in self.rows for cell in row if isinstance(cell, Whisker)]
        if not whiskers:
            return 0.0, 1.0
        low, high = min(min(w.low, w.value) for w in whiskers), max(max(w.high, w.value) for w in whiskers)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    @property
    def has_header(self) -> bool:
        """Whether any column has a name. A table without is a list of facts."""
        return any(column.name for column in self.columns)

    def is_drawn(self, place: int) -> bool:
        """Return whether a column contains error bars to draw."""
        return any(isinstance(row[place], Whisker) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Field(Generic[Thing]):
    """A column, and its cell for each row. It is left out unless it is `shown`."""

    name: str
    cell: Callable[[Thing], Cell]
    _: KW_ONLY
    align: Literal["left", "right"] = "right"
    priority: int = 9
    error_of: str = ""
    cut: bool = False
    varies: bool = False
    axis: Scale | None = None
    shown: bool = True

    @property
    def column(self) -> Column:
        """The column without its cells."""
        return Column(
            name=self.name,
            align=self.align,
            priority=self.priority,
            error_of=self.error_of,
            cut=self.cut,
            varies=self.varies,
            axis=self.axis,
        )


def tabled(
    things: Iterable[Thing], fields: Iterable[Field[Thing]], *, title: str = "", note: str = "", lead: int = 0
) -> Table:
    """Lay out things, one per row, under the fields that are shown. The first `lead` of them are set off."""
    shown = [each for each in fields if each.shown]
    rows = tuple(tuple(each.cell(thing) for each in shown) for thing in things)
    return Table(columns=tuple(each.column for each in shown), rows=rows, title=title, note=note, lead=lead)


def cut(
    table: Table, top: Top | None, *, keep: Iterable[int] = (), last: bool = False, noun: str = "model"
) -> Table:
    """Return a table with as many rows as `top` allows. None keeps all for the formats that have space."""
    if top == "all":
        return table
    asked = Cut(rows=top or MOST_ROWS, keep=frozenset(keep), last=last, noun=noun)
    return replace(table, cut=asked) if top is None else asked.apply(table)


def shortened(table: Table) -> Table:
    """Return a table as the terminal and Markdown show it."""
    return table if table.cut is None else table.cut.apply(table)


def facts(rows: Iterable[tuple[Cell, ...]], *, heads: tuple[str, str] = ("", ""), note: str = "") -> Table:
    """Lay out facts as two columns: name and value."""
    return Table(
        columns=tuple(Column(name=head, align="left") for head in heads), rows=tuple(rows), note=note
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph, or lines of code. The verdict is the main message. `more` continues its paragraph."""

    text: str
    kind: Literal["verdict", "plain", "heading", "small", "code"] = "plain"
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer(Text):
    """A line with a reference to a chapter of the guide, or to details."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Warnings, shown after the numbers. If many have one code, the first is shown and the others are
    counted.
    """

    warnings: tuple[ResultWarning, ...]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The message and the remedy of each kind of warning. The first of each chapter of the guide ends
        with its number.
        """
        kinds: dict[str, list[ResultWarning]] = {}
        for warning in dict.fromkeys(self.warnings):
            kinds.setdefault(warning.code, []).append(warning)
        first: dict[int | None, str] = {}
        for code, same in kinds.items():
            first.setdefault(same[0].chapter, code)
        return [
            (_counted(same), " ".join(filter(None, (same[0].remedy, _named(same[0].chapter, first, code)))))
            for code, same in kinds.items()
        ]


def _named(chapter: int | None, first: dict[int | None, str], code: str) -> str:
    return guided(chapter) if first[chapter] == code else ""


def warning_text(warning: ResultWarning) -> str:
    """Return a warning in one text: the message, the remedy, and its chapter."""
    return " ".join(f"{warning.message}. {warning.remedy} {guided(warning.chapter)}".split())


def guided(chapter: int | None) -> str:
    """Return the end of a warning: `(howsure guide 4)`, nothing without a chapter."""
    return "" if chapter is None else f"({GUIDE} {chapter})"


def _counted(same: list[ResultWarning]) -> str:
    message = same[0].message.rstrip(".")
    return f"{message}." if len(same) == 1 else f"{message} (and {len(same) - 1:,} more like it)."


Block = Text | Table | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPage:
    """A page on the web, linked by its address, below its picture if there is one. `places`: names of parts
    of it, and their addresses.
    """

    address: str
    picture: str = ""
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Blocks in reading order: the answer first, the numbers after, warnings last.

    `details`: further tables, the method and assumptions, which are shown on request. `mark`: a hidden first
    line of Markdown, by which a program finds its comment again. `linked`: a page that is linked below the
    first table, only in Markdown.
    """

    blocks: tuple[Block, ...] = field(default=())
    details: tuple[Block, ...] = field(default=())
    mark: str = ""
    linked: LinkedPage | None = None


def opening(
    sentence: str, notes: Iterable[str] = (), *, more: str = "", chapter: int | None = None
) -> list[Block]:
    """Return the beginning of every answer: its first sentence, and `more` of its paragraph. The notes on the
    data and the chapter of the guide follow, and are moved to the end.
    """
    return [Text(text=sentence, kind="verdict", more=more), *small(notes), *pointed(chapter)]


def pointed(chapter: int | None) -> list[Block]:
    """Return the line with a reference to a chapter, nothing without one."""
    return [] if chapter is None else [pointer(chapter)]


def pointer(chapter: int) -> Pointer:
    """Return the line with a reference to a chapter."""
    return Pointer(text=f"{MORE}: {GUIDE} {chapter}", kind="small")


def in_full(document: Document) -> Document:
    """Return a document that shows its details after its other blocks."""
    return replace(document, blocks=(*document.blocks, *document.details), details=())


def with_hint(document: Document) -> Document:
    """Return a document whose last line names the way to its details."""
    *blocks, last = document.blocks
    if isinstance(last, Pointer):
        return replace(document, blocks=(*blocks, replace(last, text=f"{last.text}, `details=True`")))
    hint = Pointer(text=f"{MORE}: `details=True`", kind="small")
    return replace(document, blocks=(*document.blocks, hint))


def foot_last(document: Document) -> Document:
    """Return a document whose small print comes last, as one paragraph that ends with the reference to the
    guide, if it followed the first sentence.
    """
    first, rest = document.blocks[:1], document.blocks[1:]
    if not first or not (isinstance(first[0], Text) and first[0].kind == "verdict"):
        return document
    foot = [block for block in takewhile(_is_small, rest) if isinstance(block, Text)]
    blocks = (*first, *rest[len(foot) :])
    if not foot:
        return replace(document, blocks=blocks)
    notes = " ".join(block.text for block in foot if not isinstance(block, Pointer))
    pointers = [block for block in foot if isinstance(block, Pointer)]
    return replace(document, blocks=(*blocks, *small([notes] if notes else []), *pointers))


def _is_small(block: Block) -> bool:
    return isinstance(block, Text) and block.kind == "small"


def small(notes: Iterable[str]) -> list[Block]:
    """Return notes as small print."""
    return [Text(text=note, kind="small") for note in notes]


def closing(warnings: Iterable[ResultWarning]) -> list[Block]:
    """Return the end of every answer: its warnings, if any."""
    found = tuple(warnings)
    return [Note(warnings=found)] if found else []
