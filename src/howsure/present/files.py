"""Answers and tables to files, the format chosen by the suffix."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.options import Format
    from howsure.table.scores import Scores

SUFFIXES: dict[str, Format] = {
    ".txt": "terminal",
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".tex": "latex",
    ".html": "html",
}
CHARTS: dict[str, Literal["pdf", "svg", "png", "json"]] = {
    ".pdf": "pdf",
    ".svg": "svg",
    ".png": "png",
    ".json": "json",
}
TABLES = (".parquet", ".csv", ".jsonl", ".arrow")


def format_of(output: str | None) -> Format:
    """Choose a format by a file's suffix; the terminal's where there is no file."""
    if output is None:
        return "terminal"
    suffix = Path(output).suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(
            f"can't tell a format from {output!r}", remedy=f"End it in {', '.join(SUFFIXES)}, or give `format`."
        )
    return SUFFIXES[suffix]


def write_text(text: str, output: str | None) -> None:
    """Write text to a file, or to standard output where there is none."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _cannot_write(output, error) from None


def chart_kind(output: str) -> Literal["pdf", "svg", "png", "json"]:
    """Return what a chart is written as, by a file's suffix."""
    suffix = Path(output).suffix.lower()
    if suffix not in CHARTS:
        raise OptionError(f"can't draw {output!r}", remedy=f"End it in {', '.join(CHARTS)}.")
    return CHARTS[suffix]


def write_chart(chart: dict[str, Any], output: str) -> None:
    """Draw a chart into a file; its Vega-Lite into a .json file, which needs no extra."""
    kind = chart_kind(output)
    if kind == "json":
        write_text(json.dumps(chart, indent=1, ensure_ascii=False, allow_nan=False) + "\n", output)
        return
    from howsure.present.charts.base import picture

    drawn = picture(chart, kind)
    try:
        Path(output).write_bytes(drawn)
    except OSError as error:
        raise _cannot_write(output, error) from None


def write_table(scores: Scores, output: str) -> int:
    """Write the tidy table and return its number of rows."""
    suffix = Path(output).suffix.lower()
    if suffix not in TABLES:
        raise OptionError(f"can't write {output!r}", remedy=f"End it in {', '.join(TABLES)}.")
    table = scores.to_frame()
    try:
        if suffix == ".parquet":
            table.write_parquet(output)
        elif suffix == ".csv":
            table.write_csv(output)
        elif suffix == ".jsonl":
            table.write_ndjson(output)
        else:
            table.write_ipc(output)
    except OSError as error:
        raise _cannot_write(output, error) from None
    return len(table)


def refuse_overwriting(output: str | None, inputs: Sequence[str]) -> None:
    """Refuse to write over one of the files that were read."""
    if output is None or not Path(output).exists():
        return
    for path in inputs:
        if Path(path).exists() and Path(output).samefile(path):
            raise OptionError(f"{output!r} is one of the files to be read", remedy="Choose another name.")


def _cannot_write(output: str, error: OSError) -> OptionError:
    return OptionError(f"can't write {output!r} ({error.strerror or error})", remedy="Check the folder and its rights.")
