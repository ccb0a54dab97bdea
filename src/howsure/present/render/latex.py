"""LaTeX: booktabs tables with standard errors in parentheses, cautions as a list below."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from howsure.present.document import Pointer, Table, Text
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
NEEDS_BOTH = NEEDS.replace("{booktabs}", "{booktabs,siunitx}")
_NUMBER = re.compile(r"([−-]?)(\d[\d,]*)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """How tables go into a paper.

    Attributes:
        caption: LaTeX, as it is; with one, every table floats, and what is said beside the tables becomes
            comments.
        label: What the first table is referred to by; the others have -2, -3 … behind it.
        siunitx: Columns of numbers are aligned at their decimal points by the package siunitx.
    """

    caption: str = ""
    label: str = ""
    siunitx: bool = False


def render(document: Document, paper: Paper | None = None) -> str:
    """Return a document as LaTeX that needs the package booktabs, and siunitx where its columns are asked
    for.
    """
    paper = paper or Paper()
    told = (
        _floats(document, paper)
        if paper.caption
        else [_block(each, siunitx=paper.siunitx) for each in document.blocks]
    )
    return "\n\n".join([NEEDS_BOTH if paper.siunitx else NEEDS, *told]) + "\n"


def _floats(document: Document, paper: Paper) -> list[str]:
    """Return every table with its caption, and the rest as comments."""
    count = sum(isinstance(block, Table) for block in document.blocks)
    number, told = 0, []
    for block in document.blocks:
        if isinstance(block, Table):
            number += 1
            told.append(_floating(block, paper, number, count))
        else:
            told.append(_comment(block))
    return told


def _floating(table: Table, paper: Paper, number: int, count: int) -> str:
    """Return a table that floats, with its caption above it."""
    titled = f" ({escape(table.title)})" if table.title and count > 1 else ""
    label = [rf"\label{{{paper.label}{f'-{number}' if number > 1 else ''}}}"] if paper.label else []
    below = rf"\par\smallskip{{\small {prose(table.note)}}}" if table.note else ""
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{paper.caption}{titled}}}",
            *label,
            r"\smallskip",
            *_tabular(table, siunitx=paper.siunitx),
            *([below] if below else []),
            r"\end{table}",
        ]
    )


def _comment(block: Text | Note) -> str:
    """Return what is said beside tables as lines that LaTeX doesn't read."""
    if isinstance(block, Text):
        lines = [visible(line) for line in block.text.split("\n")]
    else:
        lines = [f"! {visible(message)} {visible(remedy)}".rstrip() for message, remedy in block.lines]
    return "\n".join(f"% {line}" for line in lines)


def escape(text: str) -> str:
    """Escape every character that LaTeX would obey, and part those that it would join: no dash out of two
    hyphens.
    """
    shown = visible(text)
    ends = [found.end() for found in _LIGATURE.finditer(shown)]
    return "{}".join(shown[i:j].translate(_SPECIAL) for i, j in pairwise([0, *ends, len(shown)]))


def prose(text: str) -> str:
    """Escape a text in which backticks stand around code."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(rf"\texttt{{{escape(part)}}}" if k % 2 else escape(part) for k, part in enumerate(parts))


def _block(block: Block, *, siunitx: bool) -> str:
    if isinstance(block, Pointer):  # it is for whoever writes the paper, not for its readers
        return _comment(block)
    if isinstance(block, Text) and block.kind == "code":
        return "\\\\\n".join(rf"\texttt{{{escape(line)}}}" for line in block.text.split("\n"))
    if isinstance(block, Text):
        text = prose(block.text)
        return {
            "verdict": rf"\textbf{{{text}}}",
            "heading": rf"\paragraph{{{text}}}\mbox{{}}\par",
            "small": rf"{{\small {text}}}",
            "plain": text,
        }[block.kind]
    return _table(block, siunitx=siunitx) if isinstance(block, Table) else _note(block)


def _table(table: Table, *, siunitx: bool = False) -> str:
    first, *lines = _tabular(table, siunitx=siunitx)
    title = [rf"\paragraph{{{escape(table.title)}}}\mbox{{}}\par"] if table.title else []
    note = [rf"{{\small {prose(table.note)}}}"] if table.note else []
    *lines, last = lines
    return "\n".join([*title, rf"\smallskip\noindent{first}", *lines, rf"{last}\par\smallskip", *note])


def _tabular(table: Table, *, siunitx: bool) -> list[str]:
    """Return the lines of a table itself. Standard errors stand behind their scores, or have columns of their
    own by siunitx.
    """
    errors = {} if siunitx else _errors(table)
    shown = [k for k in range(len(table.columns)) if k not in errors.values() and not table.is_drawn(k)]
    formats = {k: found for k in shown if siunitx and (found := _format(table, k))}
    spec = [formats.get(k) or ("r" if table.columns[k].align == "right" else "l") for k in shown]
    if not table.has_header:  # facts: the last of them may be a sentence
        spec[-1] = r"p{0.6\linewidth}"
    lines = [rf"\begin{{tabular}}{{{''.join(spec)}}}", r"\toprule"]
    if table.has_header:
        lines += [_line([_head(table, k, errors, formats) for k in shown]), r"\midrule"]
    body = [
        _line([_number(row, k) if k in formats else _with_error(row, k, errors) for k in shown])
        for row in table.rows
    ]
    lines += [*body[: table.lead], r"\midrule", *body[table.lead :]] if table.lead else body
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _head(table: Table, k: int, errors: dict[int, int], formats: dict[int, str]) -> str:
    column = table.columns[k]
    head = escape(column.name + (f" ({table.columns[errors[k]].name})" if k in errors else ""))
    return f"{{{head}}}" if k in formats else head


def _format(table: Table, k: int) -> str:
    """Return siunitx's column for numbers with so many digits before and behind the point; "" for other
    columns.
    """
    cells = [cell for row in table.rows if isinstance(cell := row[k], str)]
    found = [match for cell in cells if (match := _NUMBER.fullmatch(cell))]
    if table.columns[k].align != "right" or not found:
        return ""
    sign = "-" if any(match[1] for match in found) else ""
    whole = max(len(match[2].replace(",", "")) for match in found)
    behind = max(len(match[3] or "") for match in found)
    return rf"S[table-format={sign}{whole}{f'.{behind}' if behind else ''}]"


def _number(row: tuple[Cell, ...], k: int) -> str:
    """Write a number as siunitx reads it; what is none stands in braces."""
    cell = row[k]
    if isinstance(cell, str) and _NUMBER.fullmatch(cell):
        return cell.replace("−", "-").replace(",", "")
    return f"{{{_cell(cell)}}}"


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
    lines = [rf"\item {prose(message)} {prose(remedy)}".rstrip() for message, remedy in note.lines]
    return "\n".join([r"\begin{itemize}", *lines, r"\end{itemize}"])
