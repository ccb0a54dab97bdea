"""The terminal: verdict, table with whiskers, warnings. Fits its width. Colour only if it helps."""

from __future__ import annotations

import io
import shutil
from itertools import takewhile
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table as RichTable
from rich.text import Text as RichText

from howsure.present.document import Table, Text, Whisker, shortened
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from howsure.present.document import Block, Cell, Document, Note


def draw_whisker(whisker: Whisker, width: int, low: float, high: float) -> str:
    """Draw an error bar on an axis from `low` to `high`: `   ├──●──┤    `, or limits: `   │  ●  │    `."""
    left, dot, right = (_place(x, width, low, high) for x in (whisker.low, whisker.value, whisker.high))
    if whisker.limits:  # a value outside the limits is drawn outside
        left = max(left, dot + 1) if whisker.value < whisker.low else left
        right = min(right, dot - 1) if whisker.value > whisker.high else right
    line = [" "] * width
    line[left : right + 1] = (" " if whisker.limits else "─") * (right + 1 - left)
    line[left], line[right] = "││" if whisker.limits else "├┤"
    line[dot] = "●"
    return "".join(line)


def _place(x: float, width: int, low: float, high: float) -> int:
    share = (x - low) / (high - low)
    return min(max(round(share * (width - 1)), 0), width - 1)


WHISKER_WIDTHS = (12, 28)
NAME_WIDTH = 20
TEXT_WIDTH = 14
GAP = 2
MARK = "magenta bold"
"""Of a terminal's eight colours, the one that is legible on a light and on a dark ground. Text has the
terminal's own colour.
"""
STYLES = {"verdict": "bold", "heading": "bold underline", "small": "dim", "plain": "", "code": ""}


def render(document: Document, *, width: int | None = None, color: bool = False) -> str:
    """Return a document as terminal text of at most `width` columns (None: the terminal's own, 80 without
    one).
    """
    columns = width or shutil.get_terminal_size((80, 24)).columns
    out = io.StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=color,
        force_jupyter=False,  # in a notebook it would display its text instead of writing it
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
            console.print(part, soft_wrap=_is_code(block), crop=False)  # text to be pasted keeps its lines
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def _is_small(block: Block) -> bool:
    return isinstance(block, Text) and block.kind == "small"


def _is_code(block: Block) -> bool:
    return isinstance(block, Text) and block.kind == "code"


def _parts(block: Block, width: int) -> Iterator[RenderableType]:
    if isinstance(block, Text):
        lines = block.text.split("\n") if _is_code(block) else [block.text]
        texts = [RichText(visible(line), style=STYLES[block.kind]) for line in lines]
        if block.more:
            texts[-1].append(f" {visible(block.more)}", style="not bold")
        yield from texts
    elif isinstance(block, Table):
        block = shortened(block)
        if block.title:
            yield RichText(visible(block.title), style=STYLES["heading"])
        yield from _table(block, width)
        if block.note:
            yield RichText(visible(block.note), style="dim")
    else:
        yield from _note(block)


def _note(note: Note) -> Iterator[RenderableType]:
    for message, remedy in note.lines:
        text = RichText("! ", style=MARK)
        text.append(visible(message), style="not bold default")
        if remedy:
            text.append(" " + visible(remedy), style="not bold default dim")
        yield text


def _table(table: Table, width: int) -> Iterator[RenderableType]:
    yield from _grid(table, width) if table.has_header else (_facts(table),)


def _grid(table: Table, width: int) -> Iterator[RenderableType]:
    """Lay out rows under a header as one piece, much faster than a rich table, whose cells may each wrap."""
    widths = fit(table, width)
    low, high = table.whisker_range
    header = _line(table, widths, [visible(table.columns[k].name) for k in widths])
    yield RichText(header, style="dim", no_wrap=True, overflow="ignore")
    texts = {k: _texts(table, k, w) for k, w in widths.items()}
    lines = [
        _line(table, widths, [_cell(row[k], w, low, high, texts[k]) for k, w in widths.items()])
        for row in table.rows
    ]
    if table.lead:
        lines.insert(table.lead, "")
    yield Segments([Segment(f"{line}\n") for line in lines])


def _line(table: Table, widths: dict[int, int], cells: list[str]) -> str:
    parts = []
    for cell, (k, w) in zip(cells, widths.items(), strict=True):
        gap = " " * (w - cell_len(cell))
        parts.append(f"{gap}{cell}" if table.columns[k].align == "right" else f"{cell}{gap}")
    return (" " * GAP).join(parts).rstrip()


def _facts(table: Table) -> RichTable:
    """Lay out a list of facts: no header, and the last column wraps."""
    rich = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=False)
    for column in table.columns:
        rich.add_column(justify=column.align)
    for row in table.rows:
        rich.add_row(*(RichText(visible(cell) if isinstance(cell, str) else "") for cell in row))
    return rich


def fit(table: Table, width: int) -> dict[int, int]:
    """Choose the columns that fit, by position with their widths.

    Columns of low priority are left out first. Then whiskers get the remaining width, and names and texts
    shrink to fit.
    """
    columns = range(len(table.columns))
    natural = {k: _natural(table, k) for k in columns}
    least = {k: _least(table, k, natural[k]) for k in columns}
    shown = [k for k in columns if table.columns[k].priority]
    while _total(least[k] for k in shown) > width:
        lowest = min(shown, key=lambda k: (table.columns[k].priority, -k))
        if table.columns[lowest].priority >= 9:
            break
        shown.remove(lowest)
    spare = width - _total(least[k] for k in shown)
    widths: dict[int, int] = {}
    texts = sum(table.columns[k].cut for k in shown)
    for k in sorted(shown, key=lambda k: table.columns[k].cut):
        most = WHISKER_WIDTHS[1] if table.is_drawn(k) else natural[k]
        share = max(spare, 0)
        if table.columns[k].cut:  # each gets an equal share of the width left by names and whiskers
            share, texts = share // texts, texts - 1
        extra = min(share, most - least[k])
        widths[k] = least[k] + extra
        spare -= extra
    return {k: widths[k] for k in shown}


def _least(table: Table, k: int, natural: int) -> int:
    column = table.columns[k]
    return min(natural, TEXT_WIDTH) if column.cut else min(natural, NAME_WIDTH) if column.is_name else natural


def _total(widths: Iterable[int]) -> int:
    listed = list(widths)
    return sum(listed) + GAP * (len(listed) - 1)


def _natural(table: Table, k: int) -> int:
    if table.is_drawn(k):
        return WHISKER_WIDTHS[0]
    cells = (cell_len(visible(cell)) for row in table.rows if isinstance(cell := row[k], str))
    return max([cell_len(table.columns[k].name), *cells])


def _texts(table: Table, k: int, width: int) -> dict[str, str]:
    """Return the text for each entry of a column. Names that are too wide are cut but stay distinct."""
    cells = {visible(cell) for row in table.rows if isinstance(cell := row[k], str)}
    if table.columns[k].cut:
        return {text: beginning(text, width) for text in cells}
    told = {text: shorten(text, width) for text in cells}
    return told | _told_apart(told, width) if table.columns[k].is_name else told


def _told_apart(told: dict[str, str], width: int) -> dict[str, str]:
    """Write names that became equal from about the place at which they differ."""
    groups: dict[str, list[str]] = {}
    for text, short in told.items():
        groups.setdefault(short, []).append(text)
    again: dict[str, str] = {}
    head = width // 3
    rest = width - head - 1
    for same in (group for group in groups.values() if len(group) > 1):
        differ = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(same), max(same), strict=False))
        )
        start = max(same[0].rfind(" ", 0, differ) + 1, differ - rest // 2)
        apart = {
            text: f"{set_cell_size(text, head).rstrip()}…{beginning(text[start:], rest)}" for text in same
        }
        again |= apart | (_told_apart(apart, width) if len(set(apart.values())) > 1 else {})
    return again


def _cell(cell: Cell, width: int, low: float, high: float, texts: dict[str, str]) -> str:
    return draw_whisker(cell, width, low, high) if isinstance(cell, Whisker) else texts[visible(cell)]


def beginning(text: str, width: int) -> str:
    """Cut the end off a text that is too wide."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def shorten(text: str, width: int) -> str:
    """Cut the middle out of a text that is too wide: names often differ at both ends."""
    if cell_len(text) <= width:
        return text
    tail = (width - 1) // 2
    head, end = width - 1 - tail, len(text)
    while end and cell_len(text[end - 1 :]) <= tail:
        end -= 1
    return set_cell_size(text, head) + "…" + text[end:]
