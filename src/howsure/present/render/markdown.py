"""Markdown, as GitHub shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from howsure.present.document import Table, Text, shortened
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from howsure.present.document import Block, Cell, Column, Document, LinkedPage

_LINK = re.compile(r"(?<=:)(?=//|[\w+-]+:)|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
"""Places inside bare addresses, emoji codes and mentions: GitHub makes links and pictures of them after it
has undone all escapes.
"""
ADDRESS = "%:/?#@!$&'()*+,;=[]~"
"""Characters of an address that stay unescaped, besides letters and digits."""
_NOTHING = "<!-- -->"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!@$&])")


def render(document: Document) -> str:
    """Return a document as Markdown."""
    mark = f"<!-- {document.mark} -->\n" if document.mark else ""
    parts = [(block, part) for block in document.blocks if (part := _block(block))]
    texts = [part for _, part in parts]
    if document.linked:
        first = next((k + 1 for k, (block, _) in enumerate(parts) if isinstance(block, Table)), len(parts))
        texts.insert(first, _linked(document.linked))
    return mark + "\n\n".join(texts) + "\n"


def _linked(linked: LinkedPage) -> str:
    """Write a link to a page, below its picture if it has one. Addresses can't end the link early."""
    page, picture, *places = (
        f"<{quote(address, safe=ADDRESS)}>"
        for address in (linked.address, linked.picture, *(address for _, address in linked.places))
    )
    text = "The page of these results"
    link = f"[![{text}]({picture})]({page})" if linked.picture else f"[{text}]({page})"
    names = [f"[{escape(name)}]({place})" for (name, _), place in zip(linked.places, places, strict=True)]
    return f"{link}\n\nLook at {', '.join(names)}." if names else link


def escape(text: str) -> str:
    """Escape the special characters of Markdown, HTML or GitHub. Names stay on one line."""
    return _NOTHING.join(_SPECIAL.sub(r"\\\1", part) for part in _LINK.split(visible(text)))


def _block(block: Block) -> str:
    if isinstance(block, Text) and block.kind == "code":
        return "\n".join(f"    {visible(line)}" for line in block.text.split("\n"))
    if isinstance(block, Text):
        text = escape(block.text)
        more = f" {escape(block.more)}" if block.more else ""
        return {"verdict": f"**{text}**{more}", "heading": f"### {text}", "small": text, "plain": text}[
            block.kind
        ]
    if isinstance(block, Table):
        return _table(shortened(block))
    return "\n".join(f"- ⚠ {escape(message)} {escape(remedy)}".rstrip() for message, remedy in block.lines)


def _table(table: Table) -> str:
    shown = [k for k in range(len(table.columns)) if not table.is_drawn(k)]
    columns = [table.columns[k] for k in shown]
    lines = [_line([escape(column.name) for column in columns]), _line([_rule(column) for column in columns])]
    lines += [_line([_cell(row[k], bold=r < table.lead) for k in shown]) for r, row in enumerate(table.rows)]
    title = [f"### {escape(table.title)}", ""] if table.title else []
    note = ["", escape(table.note)] if table.note else []
    return "\n".join([*title, *lines, *note])


def _rule(column: Column) -> str:
    return "---:" if column.align == "right" else ":---"


def _cell(cell: Cell, *, bold: bool) -> str:
    text = escape(cell) if isinstance(cell, str) else ""
    return f"**{text}**" if bold and text else text


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
