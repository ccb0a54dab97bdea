"""LaTeX: booktabs tables, cautions as table notes below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.document import Table, Text, Whisker
from howsure.render.visible import visible

if TYPE_CHECKING:
    from howsure.document import Block, Cell, Document, Note

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "−": "$-$",
        "±": r"$\pm$",
        "–": "--",
        "…": r"\ldots{}",
        "·": r"$\cdot$",
    }
)


def render(document: Document) -> str:
    """Return a document as LaTeX that needs the package booktabs."""
    return "\n\n".join(_block(block) for block in document.blocks) + "\n"


def escape(text: str) -> str:
    """Escape every character that LaTeX would obey."""
    return "-{}-".join(part.translate(_SPECIAL) for part in visible(text).split("--"))  # no dash out of two hyphens


def _block(block: Block) -> str:
    if isinstance(block, Text):
        text = escape(block.text)
        return {
            "verdict": rf"\textbf{{{text}}}",
            "heading": rf"\paragraph{{{text}}}",
            "small": rf"{{\small {text}}}",
            "plain": text,
        }[block.kind]
    return _table(block) if isinstance(block, Table) else _note(block)


def _table(table: Table) -> str:
    shown = [k for k in range(len(table.columns)) if not any(isinstance(row[k], Whisker) for row in table.rows)]
    columns = [table.columns[k] for k in shown]
    spec = "".join("r" if column.align == "right" else "l" for column in columns)
    lines = [rf"\paragraph{{{escape(table.title)}}}"] if table.title else []
    lines += [rf"\begin{{tabular}}{{{spec}}}", r"\toprule"]
    if any(column.name for column in columns):
        lines += [_line([escape(column.name) for column in columns]), r"\midrule"]
    lines += [_line([_cell(row[k]) for k in shown]) for row in table.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join([*lines, *([escape(table.note)] if table.note else [])])


def _cell(cell: Cell) -> str:
    text = escape(cell) if isinstance(cell, str) else ""
    return "{" + text + "}" if text.startswith("[") else text


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _note(note: Note) -> str:
    lines = [rf"\item {escape(message)} {escape(remedy)}".rstrip() for message, remedy in note.lines]
    return "\n".join([r"\begin{itemize}", *lines, r"\end{itemize}"])
