"""Answers and tables to files, the format chosen by the suffix."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from howsure.errors import HowsureError, OptionError
from howsure.present.document import MOST_ROWS
from howsure.writing import replacing, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from howsure.answers.base import Answer
    from howsure.options.choices import Format
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
TABLES = {".parquet": "write_parquet", ".csv": "write_csv", ".jsonl": "write_ndjson", ".arrow": "write_ipc"}
"""The Polars method that writes each kind of table."""


def format_of(output: str | None) -> Format:
    """Choose a format by a file's suffix, that of the terminal without a file."""
    if output is None:
        return "terminal"
    suffix = Path(output).suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(
            f"can't tell a format from {output!r}",
            remedy=(
                "A figure is drawn by `howsure plot`, in Python by the answer's plot()."
                if suffix in CHARTS
                else f"End it in {', '.join(SUFFIXES)}, or give `format`."
            ),
        )
    return SUFFIXES[suffix]


def chart_kind(output: str) -> Literal["pdf", "svg", "png", "json"]:
    """Return the format of a chart, by a file's suffix."""
    suffix = Path(output).suffix.lower()
    if suffix not in CHARTS:
        raise OptionError(f"can't draw {output!r}", remedy=f"End it in {', '.join(CHARTS)}.")
    return CHARTS[suffix]


def write_chart(chart: dict[str, Any], output: str) -> None:
    """Draw a chart into a file. A .json file gets its Vega-Lite, which needs no extra."""
    kind = chart_kind(output)
    if kind == "json":
        write(json.dumps(chart, indent=1, ensure_ascii=False, allow_nan=False) + "\n", output)
        return
    from howsure.present.charts.base import picture

    write(picture(chart, kind), output)


def figure_of(answer: Answer) -> tuple[bytes, str]:
    """Return the figure of an answer as PNG, and its text. Both are empty if nothing can be drawn. Without
    the package that draws, the text says so.

    Of many models the best are drawn, as many as tables show.
    """
    from howsure.answers.arena import Arena
    from howsure.answers.base import Drawn
    from howsure.answers.gate import Gate
    from howsure.answers.leaderboard import Leaderboard
    from howsure.present.charts import base, gate

    try:
        if isinstance(answer, Gate):
            chart = gate.spec(answer.checks[:MOST_ROWS], description=answer.sentence)
        elif isinstance(answer, (Drawn, Leaderboard, Arena)):
            cut: dict[str, Any] = {"top": MOST_ROWS} if getattr(answer, "top", "all") is None else {}
            chart = replace(answer, **cut).chart()
        else:
            return b"", ""
    except HowsureError:
        return b"", ""
    try:
        return base.picture(chart, "png"), chart["description"]
    except HowsureError as error:
        return b"", f"No figure: {error}"


def card_path(target: str, inputs: Sequence[str]) -> Path:
    """Return where a card goes. OptionError for another kind of file, or one of those to be read."""
    refuse_overwriting(target, inputs)
    if Path(target).suffix.lower() != ".png":
        raise OptionError(f"{target!r} isn't a valid name for a card", remedy="End it in .png.")
    return Path(target)


def write_table(scores: Scores, output: str) -> int:
    """Write the tidy table and return its number of rows."""
    suffix = Path(output).suffix.lower()
    if suffix not in TABLES:
        raise OptionError(f"can't write {output!r}", remedy=f"End it in {', '.join(TABLES)}.")
    table = scores.to_frame()
    with replacing(output) as place:
        _write_table(table, suffix, place)
    return len(table)


def _write_table(table: pl.DataFrame, suffix: str, place: Path) -> None:
    import polars as pl

    try:
        getattr(table, TABLES[suffix])(place)
    except (
        pl.exceptions.PolarsError,
        OSError,
    ) as error:  # its Parquet writer has its own message for a full disk
        number = re.search(r"\(os error (\d+)\)", str(error))
        raise (
            OSError(int(number[1]), os.strerror(int(number[1]))) if number else OSError(str(error))
        ) from None


def refuse_overwriting(output: str | None, inputs: Sequence[str]) -> None:
    """Refuse to overwrite one of the files that were read."""
    if output is None or not Path(output).exists():
        return
    for path in inputs:
        if Path(path).exists() and Path(output).samefile(path):
            raise OptionError(f"{output!r} is one of the files to be read", remedy="Choose another name.")
