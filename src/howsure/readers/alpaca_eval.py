"""AlpacaEval: one judge's preferences between a model and a baseline, and leaderboards."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import digest, number, numbered, scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite, number_in
from howsure.table.scores import Published, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "alpaca_eval"
FORMATS = "AlpacaEval annotations (.json) and leaderboards (.csv)"
CHECKED = "annotations of AlpacaEval 1, leaderboards of 1 and 2, which state no version"

_LEADERBOARD = re.compile(rb'(?:""|\w*),win_rate,standard_error,[^\n]*n_total')
_TIE = 0.5
_FIGURES = (("win_rate", "standard_error"), ("length_controlled_winrate", "lc_standard_error"))


def claims(source: Source) -> Claim | None:
    """Claim pairs of outputs with their generators, or a table of win rates."""
    return "rows" if source.is_list or _LEADERBOARD.match(source.head) else None


def read(source: Source) -> Reading:
    """Read annotations, or the published win rates of a leaderboard."""
    if _LEADERBOARD.match(source.head):
        text = source.whole_rows().decode("utf-8-sig", errors="replace")
        task = re.sub(r"_?leaderboard\.csv$", "", source.path.name) or "alpaca_eval"
        published = tuple(
            entry for row in csv.DictReader(io.StringIO(text)) for entry in _published(row, task, source.name)
        )
        if not published:
            raise source.error("no win rate in the table", "Check the file.")
        return Reading(facts=(_facts(task, "win_rate"),), published=published)
    rows = [row for row in source.json() if isinstance(row, dict) and "instruction" in row]
    if not rows:
        raise source.error("no annotations", "Run alpaca_eval again.")
    items = numbered(digest(row["instruction"]) for row in rows)
    records = [
        {
            "task": f"alpaca_eval vs {row.get('generator_1')}",
            "model": row.get("generator_2"),
            "item": item,
            "metric": f"win_rate,{row.get('annotator')}" if row.get("annotator") else "win_rate",
            **_scored(row.get("preference")),
            "dataset": row.get("dataset"),
        }
        for item, row in zip(items, rows, strict=True)
    ]
    tasks = dict.fromkeys((record["task"], record["metric"]) for record in records)
    return Reading(
        rows=tidy(records, source=source.name), facts=tuple(_facts(task, metric) for task, metric in tasks)
    )


def _scored(preference: object) -> dict[str, Any]:
    """1 means the baseline's output, 2 the model's, values between them a judge's probability, and 0
    neither.
    """
    told = finite(preference)
    return scored(None if told is None else _TIE if told == 0 else told - 1.0)


def _published(row: Mapping[str, Any], task: str, source: str) -> Iterator[Published]:
    model = next(iter(row.values()))
    for metric, error in _FIGURES:
        score, stderr, n = (number_in(row.get(name)) for name in (metric, error, "n_total"))
        if row.get(metric):
            yield Published(
                task=task,
                model=str(model),
                metric=metric,
                score=number(score) / 100,
                n=int(n) if n is not None else None,
                stderr=stderr / 100 if stderr is not None else None,
                source=source,
            )


def _facts(task: str, metric: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="AlpacaEval",
        headline=metric,
        failures="drop",
        failures_words="AlpacaEval leaves judgments that it can't parse out of the win rate.",
    )
