"""Scores as shown in a notebook: models × tasks, each with its mean and the amount of data."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import HowsureError
from howsure.present.labels import labels
from howsure.present.render.html import STYLE, escape
from howsure.present.style import BLUE
from howsure.study.rescaled import scaled
from howsure.table.scale import FRACTIONS, ROUNDING
from howsure.wording import Scale, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.table.scores import Scores

    Key = tuple[str, str]
    Cell = dict[str, Any]

MOST_MODELS, MOST_TASKS = 25, 6
MOST_ROWS = 5_000_000
"""Scores with more rows aren't read for an overview, nor those of a frame that the caller keeps lazy."""
WIDTH, HEIGHT = 84, 9
NOTE = "Means of what was scored, without error bars: leaderboard() and estimate() have them."


def picture(scores: Scores) -> str:
    """Return the overview as an HTML fragment, the `repr` if rows can't be read, or don't fit together."""
    try:
        cells = _cells(scores) if _at_hand(scores) else None
    except HowsureError as error:
        return _framed(f"<pre>{_lines(repr(scores))}</pre>\n<p>{escape(str(error))}</p>")
    return _framed(f"<pre>{_lines(repr(scores))}</pre>" if cells is None else _table(cells))


def _at_hand(scores: Scores) -> bool:
    """Return whether an overview may read the rows: those of files and those in memory, unless they are
    many.
    """
    if not scores.has_rows:
        return False
    rows = nw.from_native(scores.rows)
    if isinstance(rows, nw.DataFrame):
        return len(rows) <= MOST_ROWS
    known = bool(scores.files) or scores.in_memory
    counted = rows.select(nw.col(rows.collect_schema().names()[0]).len())
    return known and bool(counted.collect().item() <= MOST_ROWS)


def _cells(scores: Scores) -> dict[Key, dict[str, Cell]]:
    """Return, for every task and metric, the results of each model."""
    scales, found = scaled(scores)
    parts = {
        (str(task), str(metric)): part
        for (task, metric), part in sorted(found.results.partition_by("task", "metric", as_dict=True).items())
    }
    return {key: _column(part) for key, part in scales.place(parts).items()}


def _column(part: pl.DataFrame) -> dict[str, Cell]:
    per_model = part.group_by("model").agg(
        mean=pl.col("mean").filter(pl.col("n") > 0).mean(),
        items=pl.len(),
        attempts=pl.col("rows").sum(),
        failed=pl.col("rows").sum() - pl.col("n").sum(),
    )
    low, high = part["low"].min(), part["high"].max()
    least, most = FRACTIONS[0] - ROUNDING, FRACTIONS[1] + ROUNDING
    inside = low is not None and low >= least and high <= most  # type: ignore[operator]
    largest = 1.0 if inside else max(abs(value) for value in (*per_model["mean"].drop_nulls(), 1e-300))
    return {
        str(row["model"]): {**row, "percent": inside, "largest": largest}
        for row in per_model.sort(pl.col("model").cast(pl.String)).to_dicts()
    }


def _table(cells: dict[Key, dict[str, Cell]]) -> str:
    models = list(dict.fromkeys(model for column in cells.values() for model in column))
    shown, tasks = sorted(models)[:MOST_MODELS], list(cells)[:MOST_TASKS]
    attempts = sum(cell["attempts"] for column in cells.values() for cell in column.values())
    names = len({task for task, _ in cells})
    said = f"{plural(len(models), 'model')}, {plural(names, 'task')}, {plural(attempts, 'score')}."
    usual = {key: Counter(map(_counted, cells[key].values())).most_common(1)[0][0] for key in tasks}
    alone = len(tasks) == len({task for task, _ in tasks})
    heads = "".join(
        (
            f'<th scope="col" colspan="2">{escape(key[0] if alone else " · ".join(key))}<br><span '
            f'class="small">{usual[key]}</span></th>'
        )
        for key in tasks
    )
    rows = []
    for model, name in zip(shown, labels(shown), strict=True):
        of_tasks = "".join(_cell(cells[key].get(model), usual[key]) for key in tasks)
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{of_tasks}</tr>')
    return "\n".join(
        [
            f'<p class="verdict">{said}</p>',
            '<table class="howsure">',
            f"<thead><tr><td></td>{heads}</tr></thead>",
            "<tbody>",
            *rows,
            "</tbody>",
            "</table>",
            f'<p class="small">{" ".join([*_left(models, cells), NOTE])}</p>',
        ]
    )


def _left(models: Sequence[str], cells: dict[Key, dict[str, Cell]]) -> list[str]:
    """Return what is left out for lack of space."""
    left = [(len(models) - MOST_MODELS, "model"), (len(cells) - MOST_TASKS, "task or metric")]
    many = {"model": "models", "task or metric": "tasks and metrics"}
    return [
        f"… and {plural(count, f'more {noun}', f'more {many[noun]}')}." for count, noun in left if count > 0
    ]


def _cell(cell: Cell | None, usual: str) -> str:
    """Return a bar as long as the mean and the mean, with the amount of data if it differs from that of most
    models.
    """
    if cell is None:
        return '<td colspan="2">–</td>'
    mean, counted = cell["mean"], _counted(cell)
    value = "n/a" if mean is None else Scale(percent=cell["percent"]).score(mean)
    return (
        f'<td class="number">{_bar(abs(mean or 0.0) / cell["largest"])} {escape(value)}</td>'
        f'<td class="small">{counted if counted != usual else ""}</td>'
    )


def _counted(cell: Cell) -> str:
    """Return how many questions and attempts there are, and how many failed."""
    per_item = cell["attempts"] / cell["items"]
    times = f" × {per_item:,.3g}" if per_item != 1 else ""
    failed = f", {cell['failed']:,} failed" if cell["failed"] else ""
    return f"{plural(cell['items'], 'question')}{times}{failed}"


def _bar(share: float) -> str:
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="currentColor" opacity="0.12"></rect>'
    bar = f'<rect width="{WIDTH * min(share, 1.0):.1f}" height="{HEIGHT}" fill="{BLUE}"></rect>'
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" style="display: inline" '
        f'aria-hidden="true">{ground}{bar}</svg>'
    )


def _lines(text: str) -> str:
    return "\n".join(map(escape, text.split("\n")))


def _framed(fragment: str) -> str:
    return f'<div class="howsure-answer">\n<style>\n{STYLE}</style>\n{fragment}\n</div>\n'
