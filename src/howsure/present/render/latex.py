"""LaTeX: booktabs tables with standard errors in parentheses, warnings as a list below."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from howsure.present.charts.base import broken
from howsure.present.document import Pointer, Table, Text
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from howsure.present.document import Block, Cell, Document, Note, Printed

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
HEAD = 10
"""The number of characters of a line over a column of scores."""
NEEDS = r"% needs \usepackage{booktabs}; names beyond Latin letters need LuaLaTeX or XeLaTeX"


def render(document: Document) -> str:
    """Return a document as LaTeX that needs the package booktabs."""
    return "\n\n".join([NEEDS, *map(_block, document.blocks)]) + "\n"


def _comment(block: Text | Note) -> str:
    """Return text next to tables as LaTeX comments."""
    if isinstance(block, Text):
        lines = [visible(line) for line in f"{block.text} {block.more}".rstrip().split("\n")]
    else:
        lines = [f"! {visible(message)} {visible(remedy)}".rstrip() for message, remedy in block.lines]
    return "\n".join(f"% {line}" for line in lines)


def escape(text: str) -> str:
    """Escape the special characters of LaTeX, and separate those that it would join: two hyphens don't become
    a dash.
    """
    shown = visible(text)
    ends = [found.end() for found in _LIGATURE.finditer(shown)]
    return "{}".join(shown[i:j].translate(_SPECIAL) for i, j in pairwise([0, *ends, len(shown)]))


def prose(text: str) -> str:
    """Escape a text with code in backticks."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(rf"\texttt{{{escape(part)}}}" if k % 2 else escape(part) for k, part in enumerate(parts))


def _block(block: Block) -> str:
    if isinstance(block, Pointer):  # it is for the author of the paper, not for its readers
        return _comment(block)
    if isinstance(block, Table):
        return _table(block)
    if not isinstance(block, Text):
        lines = [rf"\item {prose(message)} {prose(remedy)}".rstrip() for message, remedy in block.lines]
        return "\n".join([r"\begin{itemize}", *lines, r"\end{itemize}"])
    if block.kind == "code":
        return "\\\\\n".join(rf"\texttt{{{escape(line)}}}" for line in block.text.split("\n"))
    text = prose(block.text)
    more = f" {prose(block.more)}" if block.more else ""
    return {
        "verdict": rf"\textbf{{{text}}}{more}",
        "heading": rf"\paragraph{{{text}}}\mbox{{}}\par",
        "small": rf"{{\small {text}}}",
        "plain": text,
    }[block.kind]


def _table(table: Table) -> str:
    """Return a table with standard errors after their scores."""
    if table.printed is not None:
        return _scores(table, table.printed)
    # The columns of errors, by the columns they belong to.
    places = {column.name: k for k, column in enumerate(table.columns)}
    errors = {
        places[c.error_of]: k for k, c in enumerate(table.columns) if c.error_of and c.error_of in places
    }
    shown = [k for k in range(len(table.columns)) if k not in errors.values() and not table.is_drawn(k)]
    spec = ["r" if table.columns[k].align == "right" else "l" for k in shown]
    if not table.has_header:  # facts: the last of them may be a sentence
        spec[-1] = r"p{0.6\linewidth}"
    heads = [
        escape(table.columns[k].name + (f" ({table.columns[errors[k]].name})" if k in errors else ""))
        for k in shown
    ]
    strong = table.strong or (False,) * len(table.rows)
    body = [
        _line([_bold(_with_error(row, k, errors), bold) for k in shown])
        for row, bold in zip(table.rows, strong, strict=True)
    ]
    return "\n".join(
        [
            *([rf"\paragraph{{{escape(table.title)}}}\mbox{{}}\par"] if table.title else []),
            rf"\smallskip\noindent\begin{{tabular}}{{{''.join(spec)}}}",
            r"\toprule",
            *([_line(heads), r"\midrule"] if table.has_header else []),
            *([*body[: table.lead], r"\midrule", *body[table.lead :]] if table.lead else body),
            r"\bottomrule",
            r"\end{tabular}\par\smallskip",
            *([rf"{{\small {prose(table.note)}}}"] if table.note else []),
        ]
    )


def _scores(table: Table, printed: Printed) -> str:
    """Return a table of scores, each with its interval below."""
    lines = []
    for (name, *_), row in zip(table.rows, printed.rows, strict=True):
        scores = [_bold(escape(score), bold) for score, _, bold in row]
        below = [rf"{{\scriptsize {escape(limits)}}}" for _, limits, _ in row]
        lines += [_line([_cell(name), *scores]) + "[-3pt]", _line(["", *below]) + "[2pt]"]
    heads = [rf"\shortstack[r]{{{_stacked(head)}}}" for head in printed.heads]
    return "\n".join(
        [
            *([rf"\paragraph{{{escape(table.title)}}}\mbox{{}}\par"] if table.title else []),
            r"\smallskip\noindent{\small\setlength{\tabcolsep}{4pt}%",
            rf"\begin{{tabular}}{{@{{}}l{'r' * len(heads)}@{{}}}}",
            r"\toprule",
            _line([escape(table.columns[0].name), *heads]),
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}\par}\smallskip",
            rf"{{\small {prose(printed.note)}}}",
        ]
    )


def _stacked(name: str) -> str:
    """Break a long name over a column into lines. None of them is taken as an option of the line before."""
    return r" \\{} ".join(escape(part.strip()) for part in broken(visible(name), HEAD).split("\n"))


def _bold(text: str, bold: bool) -> str:
    return rf"\textbf{{{text}}}" if bold and text else text


def _with_error(row: tuple[Cell, ...], k: int, errors: dict[int, int]) -> str:
    """Write a cell with its standard error as Miller (2024) prints it: `78.8 (1.8)`."""
    return _cell(row[k]) + (f" ({_cell(row[errors[k]])})" if k in errors and row[errors[k]] else "")


def _cell(cell: Cell) -> str:
    """Write a cell. The end of the line before it must not take its first character as an option."""
    text = escape(cell) if isinstance(cell, str) else ""
    return "{" + text + "}" if text.startswith(("[", "*")) else text


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
