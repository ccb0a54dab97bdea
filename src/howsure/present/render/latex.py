"""LaTeX: booktabs tables with standard errors in parentheses, cautions as a list below."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from howsure.present.document import Table, Text
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from howsure.present.document import Block, Cell, Document, Note

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
        "×": r"$\times$",
        "∞": r"$\infty$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "²": r"\textsuperscript{2}",
        "▸": r"$\triangleright$",
        "σ": r"$\sigma$",
        "ω": r"$\omega$",
        "ρ": r"$\rho$",
        "√": r"$\surd$",
        "→": r"$\rightarrow$",
        "“": "``",
        "”": "''",
    }
)
_LIGATURE = re.compile(r"-(?=-)|[?!](?=`)|,(?=,)|`(?=`)|'(?=')")
NEEDS = r"% needs \usepackage{booktabs}; names beyond Latin letters need LuaLaTeX or XeLaTeX"


def render(document: Document) -> str:
    """Return a document as LaTeX that needs the package booktabs."""
    return "\n\n".join([NEEDS, *(_block(block) for block in document.blocks)]) + "\n"


def escape(text: str) -> str:
    """Escape every character that LaTeX would obey, and part those that it would join: no dash out of two hyphens."""
    shown = visible(text)
    ends = [found.end() for found in _LIGATURE.finditer(shown)]
    return "{}".join(shown[i:j].translate(_SPECIAL) for i, j in pairwise([0, *ends, len(shown)]))


def _block(block: Block) -> str:
    if isinstance(block, Text) and block.kind == "code":
        return "\\\\\n".join(rf"\texttt{{{escape(line)}}}" for line in block.text.split("\n"))
    if isinstance(block, Text):
        text = escape(block.text)
        return {
            "verdict": rf"\textbf{{{text}}}",
            "heading": rf"\paragraph{{{text}}}\mbox{{}}\par",
            "small": rf"{{\small {text}}}",
            "plain": text,
        }[block.kind]
    return _table(block) if isinstance(block, Table) else _note(block)


def _table(table: Table) -> str:
    errors = _errors(table)
    shown = [k for k in range(len(table.columns)) if k not in errors.values() and not table.is_drawn(k)]
    columns = [table.columns[k] for k in shown]
    spec = "".join("r" if column.align == "right" else "l" for column in columns)
    if not table.has_header:  # facts: the last of them may be a sentence
        spec = spec[:-1] + r"p{0.6\linewidth}"
    lines = [rf"\paragraph{{{escape(table.title)}}}\mbox{{}}\par"] if table.title else []
    lines += [rf"\smallskip\noindent\begin{{tabular}}{{{spec}}}", r"\toprule"]
    if table.has_header:
        heads = [
            column.name + (f" ({table.columns[errors[k]].name})" if k in errors else "")
            for k, column in zip(shown, columns, strict=True)
        ]
        lines += [_line([escape(head) for head in heads]), r"\midrule"]
    body = [_line([_with_error(row, k, errors) for k in shown]) for row in table.rows]
    lines += [*body[: table.lead], r"\midrule", *body[table.lead :]] if table.lead else body
    lines += [r"\bottomrule", r"\end{tabular}\par\smallskip"]
    return "\n".join([*lines, *([rf"{{\small {escape(table.note)}}}"] if table.note else [])])


def _errors(table: Table) -> dict[int, int]:
    """Return which column holds the errors of which, by their places."""
    places = {column.name: k for k, column in enumerate(table.columns)}
    return {places[c.error_of]: k for k, c in enumerate(table.columns) if c.error_of and c.error_of in places}


def _with_error(row: tuple[Cell, ...], k: int, errors: dict[int, int]) -> str:
    """Write a cell with its standard error as Miller (2024) prints it: `78.8 (1.8)`."""
    return _cell(row[k]) + (f" ({_cell(row[errors[k]])})" if k in errors and row[errors[k]] else "")


def _cell(cell: Cell) -> str:
    """Write a cell; the end of the line before it must not take its first character for an option."""
    text = escape(cell) if isinstance(cell, str) else ""
    return "{" + text + "}" if text.startswith(("[", "*")) else text


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _note(note: Note) -> str:
    lines = [rf"\item {escape(message)} {escape(remedy)}".rstrip() for message, remedy in note.lines]
    return "\n".join([r"\begin{itemize}", *lines, r"\end{itemize}"])
