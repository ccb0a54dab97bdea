"""The terminal: verdict, table with whiskers, cautions. Fits its width; colour only where it helps."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from howsure.document import Table, Text, Whisker
from howsure.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from howsure.document import Block, Cell, Column, Document, Note

WHISKER_WIDTH = 18
SHORTEST_NAME = 12
STYLES = {"verdict": "bold", "heading": "bold underline", "small": "dim", "plain": ""}


def render(document: Document, *, width: int | None = None, color: bool = False) -> str:
    """Return a document as terminal text of at most `width` columns (None: the terminal's own, 80 without one)."""
    columns = width or shutil.get_terminal_size((80, 24)).columns
    out = io.StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for k, block in enumerate(document.blocks):
        if k and not (_is_small(block) and _is_small(document.blocks[k - 1])):
            console.print()
        for part in _parts(block, columns):
            console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def _is_small(block: Block) -> bool:
    return isinstance(block, Text) and block.kind == "small"


def _parts(block: Block, width: int) -> Iterator[RenderableType]:
    if isinstance(block, Text):
        yield RichText(visible(block.text), style=STYLES[block.kind])
    elif isinstance(block, Table):
        if block.title:
            yield RichText(visible(block.title), style=STYLES["heading"])
        yield _table(block, width)
        if block.note:
            yield RichText(visible(block.note), style="dim")
    else:
        yield from _note(block)


def _note(note: Note) -> Iterator[RenderableType]:
    for caution in note.cautions:
        text = RichText("! ", style="yellow bold")
        text.append(visible(caution.message).rstrip(".") + ".", style="yellow")
        if caution.remedy:
            text.append(" " + visible(caution.remedy), style="not bold default")
        yield Padding(text, (0, 0, 0, 0))


def _table(table: Table, width: int) -> RichTable:
    shown = fitting_columns(table, width)
    rich = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=_has_header(table))
    for k in shown:
        column = table.columns[k]
        rich.add_column(visible(column.name), justify=column.align, no_wrap=not _is_prose(table, k), overflow="ellipsis")
    low, high = table.whisker_range
    for row in table.rows:
        rich.add_row(*(_cell(row[k], low, high) for k in shown))
    return rich


def _has_header(table: Table) -> bool:
    return any(column.name for column in table.columns)


def _is_prose(table: Table, k: int) -> bool:
    """Whether a column may wrap: only where a table has no header, like a list of facts."""
    return not _has_header(table) and k == len(table.columns) - 1


def fitting_columns(table: Table, width: int) -> list[int]:
    """Choose the columns that fit, leaving out those of lowest priority first; names may shrink to 12 columns."""
    needed = [_needed(table, k) for k in range(len(table.columns))]
    shown = list(range(len(table.columns)))
    if not _has_header(table):
        return shown
    while sum(needed[k] + 2 for k in shown) - 2 > width:
        lowest = min(shown, key=lambda k: (table.columns[k].priority, -k))
        if table.columns[lowest].priority >= 9:
            break
        shown.remove(lowest)
    return shown


def _needed(table: Table, k: int) -> int:
    column = table.columns[k]
    widths = [_cell_width(row[k]) for row in table.rows]
    natural = max([cell_len(column.name), *widths])
    return min(natural, SHORTEST_NAME + 12) if _is_name(column) else natural


def _is_name(column: Column) -> bool:
    return column.align == "left" and column.priority == 9


def _cell_width(cell: Cell) -> int:
    return WHISKER_WIDTH if isinstance(cell, Whisker) else cell_len(visible(cell))


def _cell(cell: Cell, low: float, high: float) -> RichText:
    if isinstance(cell, Whisker):
        return RichText(draw_whisker(cell, low, high), style="cyan")
    return RichText(visible(cell))


def draw_whisker(whisker: Whisker, low: float, high: float) -> str:
    """Draw an error bar on an axis from `low` to `high`: `   ├──●──┤    `."""
    left, dot, right = (_place(x, low, high) for x in (whisker.low, whisker.value, whisker.high))
    line = [" "] * WHISKER_WIDTH
    line[left : right + 1] = "─" * (right + 1 - left)
    line[left], line[right] = "├", "┤"
    line[dot] = "●"
    return "".join(line)


def _place(x: float, low: float, high: float) -> int:
    share = (x - low) / (high - low)
    return min(max(round(share * (WHISKER_WIDTH - 1)), 0), WHISKER_WIDTH - 1)
