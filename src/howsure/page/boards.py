"""One board as plain data for the page: the data shown at first, and the details that are unpacked on
demand.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.noise import Noise
from howsure.answers.output import number
from howsure.answers.questions import Questions
from howsure.inference.flips import rerun_flips
from howsure.inference.population import SAME_CLUSTERS
from howsure.inference.weakest_part import TaskAlone, small_task
from howsure.page.packing import packed_scores, short
from howsure.page.pairs import (
    most_models,
    only_answers,
    overall_details,
    pair_attempts,
    pair_columns,
    reasons,
    task_details,
)
from howsure.present import curve, horizon
from howsure.present.charts.sizes import without_columns
from howsure.present.compare import carries, what_settles
from howsure.present.document import Document, Note, closing, small, warning_text
from howsure.present.estimate import merged_warnings
from howsure.present.flags import as_flags, with_flags
from howsure.present.frontier import task_blocks, task_chart, task_sentence
from howsure.present.leaderboard import board_table, board_title, headline, more_of, on_these, panel, where
from howsure.present.noise import document as noise_document
from howsure.present.questions import document as health_document
from howsure.present.render import html
from howsure.present.slices import board_blocks
from howsure.present.words.factors import alone, beyond, bound_sentence, counted, shares_listed
from howsure.present.words.plain import board_phrases, kind_of, paragraphs, short_names
from howsure.readers.inspect_ai import NAME as INSPECT
from howsure.statistics.clustered_variance import ShareSums, variance_of
from howsure.wording import Scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from howsure.study.matrix import ScoreMatrix

    Counts = tuple[float, float]
    from howsure.answers.leaderboard import Board, SliceBoard
    from howsure.study.slices import Partition

    Data = dict[str, Any]
    from howsure.answers.curve import TaskCurves
    from howsure.answers.estimate import Entry
    from howsure.answers.frontier import TaskFrontier
    from howsure.answers.horizon import TaskHorizons
    from howsure.answers.noise import NoiseEntry
    from howsure.answers.questions import TaskQuestions
    from howsure.inference.question import Question
    from howsure.page.contents import BoardPart
    from howsure.present.document import Cell
    from howsure.statistics.pair_details import PairDetails
    from howsure.statistics.results import Rank
    from howsure.table.scores import RunEntry

MOST_ESTIMATES = 200
"""This many reruns are estimated for the boards of a population, at up to 20 ms each, equally many for each
task; a board that needs more shows the command.
"""


class TooManyEstimatesError(Exception):
    """More estimates than a page has time for."""


@dataclass(slots=True)
class Reruns:
    """The reruns that a page needs: the same model, items and attempts are estimated once, and `most` for one
    task.
    """

    most: int
    known: dict[tuple[str, str], dict[tuple[object, ...], Counts]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def columns(self, matrices: Sequence[ScoreMatrix], models: Sequence[str]) -> dict[str, Any]:
        """Return, for every pair, how many questions a rerun of the first loses and gains, and of the second,
        or {} if they are too many.

        Tasks are added up, with None if the attempts of some task aren't sufficient.
        """
        pairs = list(combinations(models, 2))
        try:
            return {
                "rerun": list(self._told(matrices, pairs)),
                "turned_rerun": list(self._told(matrices, [(b, a) for a, b in pairs])),
            }
        except TooManyEstimatesError:
            return {}

    def _told(
        self, matrices: Sequence[ScoreMatrix], pairs: Sequence[tuple[str, str]]
    ) -> Iterator[list[int] | None]:
        """Yield the rounded sums over the tasks, or None if they aren't known."""
        several = [dict(zip(m.models, m.attempts.max(axis=0) > 1, strict=True)) for m in matrices]
        repeated = {model for model in several[0] if all(each[model] for each in several)}
        for before, after in pairs:
            if before not in repeated:
                yield None
                continue
            counts = zip(*(self._of(matrix, before, after) for matrix in matrices), strict=True)
            sums = [math.fsum(each) for each in counts]
            yield [round(each) for each in sums] if all(map(math.isfinite, sums)) else None

    def _of(self, matrix: ScoreMatrix, before: str, after: str) -> Counts:
        a, b = matrix.column(before), matrix.column(after)
        shared = np.isfinite(matrix.values[:, a]) & np.isfinite(matrix.values[:, b])
        key = (before, shared.tobytes(), matrix.attempts[shared, b].tobytes())
        known = self.known[matrix.task, matrix.metric]
        if key not in known:
            if len(known) >= self.most:
                raise TooManyEstimatesError
            known[key] = rerun_flips(matrix, before, after)
        return known[key]


def slice_details(part: BoardPart) -> list[Data]:
    """Return the boards of all slices, for each way of splitting the items that has some."""
    places = {entry.model: k for k, entry in enumerate(part.board.entries)}
    ways = [way for way in part.slices if way.slices]
    return [
        {
            "by": way.slicing.by,
            "level": way.level,
            "names": [each.slice for each in way.slices],
            "boards": [_board(each, places) for each in way.slices],
        }
        for way in ways
    ]


def _board(each: SliceBoard, places: dict[str, int]) -> Data:
    """Return the models of a slice as columns, the best first. A model that isn't on the board of the task is
    given by its name.
    """
    found = each.board
    estimates = [entry.estimate for entry in found.entries]
    items, clusters = (max(getattr(e, name) for e in estimates) for name in ("n_items", "n_clusters"))
    return {
        "verdict": found.sentence,
        "level": found.level,
        "items": items,
        "clusters": clusters if clusters != items else 0,
        "models": [places.get(entry.model, entry.model) for entry in found.entries],
        "value": short(e.value for e in estimates),
        "low": short(e.interval.low for e in estimates),
        "high": short(e.interval.high for e in estimates),
        "rank": [rank.rank for rank in found.ranks],
        "rank_low": [rank.low for rank in found.ranks],
        "rank_high": [rank.high for rank in found.ranks],
        "best": [rank.could_be_best for rank in found.ranks],
    }


def items_of_slices(ways: Sequence[Partition]) -> list[Data]:
    """Return the slice of every item, −1 for none, for each way of splitting the items."""
    return [{"by": way.by, "names": list(way.labels), "codes": way.codes.tolist()} for way in ways]


MOST_PAIRS = 25_000
"""The maximum number of pairs in a page, all boards together. Larger boards have those of the best models."""
MOST_OVER_LEVELS = 300
"""For this many pairs of a board with random factors the page shows the number of questions or levels needed.
"""
MOST_CELLS = 4_000_000
"""The maximum number of single-item scores in a page if there are few distinct ones, all boards together, and
for others an eighth.
"""
BINS = 20
MOST_DRAWN = 30
"""Models in the figure of tasks as a sample."""
ORDER = {
    "rank": "rank",
    "could": "rank_low",
    "model": "model",
    "score": "value",
    "SE": "se",
    "ties": "rank",
    "items": "n_items",
    "failed": "n_failed",
}
"""The field of a model by which a column of the table is sorted, by the first word of its name; for any other
the score.
"""


def shown(part: BoardPart) -> Data:
    """Return the data of a board shown at first. `score`, `normal` and `benchmark` are how its pairs are
    tested.
    """
    board, first, asked = part.board, part.board.entries[0], part.asked
    table = board_table(board, None)
    words = Document(blocks=tuple(paragraphs(board_phrases(board, boards=part.count))))
    n_items = first.estimate.n_items if part.matrix is None else len(part.matrix.items)
    fixed = asked.population.only_these
    normal = fixed or bool(np.isinf(variance_of(asked.variance).df(ShareSums.equal(2))))
    return {
        "title": board_title(board),
        "task": board.task,
        "metric": first.metric,
        "listed": part.matrix is None or not part.matrix.of_metric,
        "claim": headline(board),
        "verdict": board.sentence,
        "percent": board.percent,
        "lower": board.lower_is_better,
        "level": board.level,
        "adjust": board.adjust,
        "score": board.percent and asked.method != "t" and not normal and first.sources is None,
        "normal": normal,
        "benchmark": fixed,
        "same": board.population == "same-clusters",
        "kind": kind_of(first.estimate, first.sources),
        "beyond": first.sources and [beyond(first.sources, real=real) for real in (False, True)],
        "levels": "" if first.sources is None else counted(first.sources),
        "where": where(first) or on_these(board),
        "about": on_these(board),
        "attempts": first.n_attempts / first.estimate.n_items if first.estimate.n_items else 0,
        "items": n_items,
        "clusters": 0 if board.clusters is None or board.clusters.n == n_items else board.clusters.n,
        "columns": [
            {"name": column.name, "align": column.align, "by": ORDER.get(column.name.split(" ")[0], "value")}
            for column in table.columns
        ],
        "cells": [[_text(cell) for cell in row] for row in table.rows],
        "models": [_model(entry, rank) for entry, rank in zip(board.entries, board.ranks, strict=True)],
        "difficulty": _difficulty(part.health),
        "strips": _strips(part),
        "left_out": _left_out(part),
        "costs": [_costs(each) for each in part.frontiers],
        "curves": [
            *(_charted(each, horizon) for each in part.horizons),
            *([_charted(part.curves, curve)] if part.curves else []),
        ],
        "sampled": [_over_tasks(part.over_tasks.boards[0])] if part.over_tasks else [],
        "html": {
            "warnings": written(_warnings(part)),
            "words": written(words),
            "noise": written(_noise(part)),
            "health": written(_health(part.health)),
            "slices": written(Document(blocks=tuple(board_blocks(list(part.slices))))),
        },
    }


def details(part: BoardPart, reruns: Reruns, *, items: bool) -> Data:
    """Return the details that are unpacked for a model or a pair of a board. `items`: with the scores of
    single items.
    """
    models = [entry.model for entry in part.board.entries]
    noise = part.noise if not isinstance(part.noise, str) else None
    return {
        "pairs": _pairs(part, reruns),
        "items": _items(part, models, MOST_CELLS // part.count) if items else None,
        "slices": slice_details(part),
        "noise": None if noise is None else _sources(noise.entries, models),
    }


def _over_levels(matrix: ScoreMatrix | None, models: Sequence[str], asked: Question) -> Data:
    """Return for every pair, if random factors are samples too, what would be needed for significance, and
    the sources of its error.
    """
    pairs = list(combinations(models, 2))
    if matrix is None or matrix.levels is None or len(pairs) > MOST_OVER_LEVELS:
        return {}
    scale = Scale(percent=matrix.bounded)
    found = [asked.population.pair(matrix, a, b, replace(asked, margin=None)) for a, b in pairs]
    known = [(c, c.sources) for c in found]
    return {
        "settled": [what_settles(c) for c in found],
        "items_needed": short([c.items_needed for c in found]),
        "alone": ["" if each is None else alone(each, c.difference.se, scale) for c, each in known],
        "shares": ["" if each is None or not each.known else shares_listed(each) for _, each in known],
    }


def _pairs(part: BoardPart, reruns: Reruns) -> Data:
    """Return the data of all pairs of a board, as columns."""
    asked = part.asked
    compared = [entry.model for entry in part.board.entries][: most_models(MOST_PAIRS // part.count)]
    noise = None if isinstance(part.noise, str) else part.noise.pairs
    if part.matrix is None:
        tasks = [_of_pairs(task.matrix, compared, asked) for task in part.tasks if task.matrix is not None]
        found = overall_details(tasks, part.shares)
    else:
        found = _of_pairs(part.matrix, compared, asked)
    more = reasons(part.board, part.matrix, asked, len(compared))
    of_tasks = (
        [part.matrix] if part.matrix is not None else [t.matrix for t in part.tasks if t.matrix is not None]
    )
    if any(matrix.of_metric for matrix in of_tasks):  # its questions have no outcome of their own
        none = np.zeros_like(found.wins)
        found = replace(found, wins=none, ties=none)
    else:
        more |= reruns.columns(of_tasks, compared)
    if part.matrix is None:
        # For every pair of these models the task that contributes most to the error of its overall
        # difference, as in `compare`, or {} if none does.
        boards = [task.board for task in part.tasks]
        places = [{entry.model: k for k, entry in enumerate(board.entries)} for board in boards]
        names, percent = [board.task for board in boards], part.board.percent
        said: list[str | None] = []
        for a, b in combinations(compared, 2):
            at = [(place[a], place[b]) for place in places]
            own = [
                TaskAlone(float(x.high[k] - x.low[k]) / 2, int(x.n_shared[k]), int(x.n_clusters[k]))
                for x, k in zip((board.pairs for board in boards), at, strict=True)
            ]
            small = small_task(own, part.shares, names, asked, percent=percent)
            said.append(carries(small[0]) if small else None)
        small_tasks = {"weak": said} if any(said) else {}
        more |= small_tasks
    more |= _over_levels(part.matrix, compared, asked)
    if asked.population.only_these:
        found = only_answers(found)
        more |= {} if part.matrix is None else {"attempts": pair_attempts(part.matrix, compared)}
    return pair_columns(part.board, found, noise) | more


def _of_pairs(matrix: ScoreMatrix, models: Sequence[str], asked: Question) -> PairDetails:
    """Return the data of all pairs of a task. For the same clusters the items are the sample, as in
    `compare`.
    """
    sampled = replace(matrix, clusters=()) if asked.population.of(matrix) == SAME_CLUSTERS else matrix
    return task_details(sampled, models, asked.variance)


def _text(cell: Cell) -> str | None:
    return cell if isinstance(cell, str) else None


def _charted(part: TaskCurves | TaskHorizons, presentation: ModuleType) -> Data:
    """Return the page's data on curves or horizons, as `_costs` does."""
    part = presentation.renamed(part, short_names)
    drawing = presentation.task_chart(part)
    return {
        "told": presentation.task_sentence(part),
        "rows": drawing["data"]["values"],
        "spec": {name: value for name, value in drawing.items() if name not in ("data", "config")},
        "html": written(Document(blocks=(*presentation.task_blocks(part), *closing(part.warnings)))),
    }


def _over_tasks(board: Board) -> Data:
    """Return the page's data on tasks as a sample, as `_costs` does."""
    # The table has the numbers beside the bars.
    drawing = without_columns(panel(board, "leaderboard", MOST_DRAWN), "n", "numbers")
    table = board_table(board, None)
    columns = [k for k, column in enumerate(table.columns) if column.name not in ("", "SE")]
    table = replace(
        table,
        columns=tuple(table.columns[k] for k in columns),
        rows=tuple(tuple(row[k] for k in columns) for row in table.rows),
    )
    return {
        "told": board.sentence,
        "rows": drawing["data"]["values"],
        "spec": {name: value for name, value in drawing.items() if name not in ("data", "config")},
        "html": written(Document(blocks=(table, *closing(board.warnings)))),
    }


def _costs(frontier: TaskFrontier) -> Data:
    """Return the page's data on costs: the sentence, its chart without the rows, the rows, and the table."""
    # A frontier with its models' short names, as on the board.
    names = [buy.model for buy in frontier.models]
    told = dict(zip(names, short_names(*names), strict=True))
    models = [
        replace(buy, model=told[buy.model], dominated_by=tuple(told[each] for each in buy.dominated_by))
        for buy in frontier.models
    ]
    cheapest = None if frontier.cheapest is None else told[frontier.cheapest]
    frontier = replace(frontier, models=tuple(models), cheapest=cheapest, leader=told[frontier.leader])
    drawing = task_chart(frontier, ground="transparent")
    return {
        "told": task_sentence(frontier),
        "rows": drawing["data"]["values"],
        "spec": {name: value for name, value in drawing.items() if name not in ("data", "config")},
        "html": written(Document(blocks=tuple(task_blocks(frontier)))),
    }


def _model(entry: Entry, rank: Rank) -> Data:
    estimate = entry.estimate
    return {
        "model": entry.model,
        "value": number(estimate.value),
        "low": number(estimate.interval.low),
        "high": number(estimate.interval.high),
        "se": number(estimate.se),
        "df": number(estimate.df),
        "rank": rank.rank,
        "rank_low": rank.low,
        "rank_high": rank.high,
        "best": rank.could_be_best,
        "n_items": estimate.n_items,
        "n_clusters": estimate.n_clusters,
        "n_attempts": entry.n_attempts,
        "n_failed": entry.n_failed,
        "method": str(estimate.method),
        "bounds": [bound_sentence(bound) for bound in estimate.bounds],
        "warnings": [as_flags(warning_text(warning)).replace("`", "") for warning in estimate.warnings],
    }


def written(document: Document) -> str:
    """Return the text of a page as HTML, with options as flags, since its readers use commands."""
    return html.render(with_flags(document))


def _warnings(part: BoardPart) -> Document:
    """Return what continues a board's sentence, and its warnings."""
    warnings = (*part.board.warnings, *merged_warnings(part.board.entries))
    more = filter(None, (more_of(part.board),))
    return Document(blocks=(*small(more), *([Note(warnings=warnings)] if warnings else [])))


def _left_out(part: BoardPart) -> str:
    """Return which of noise and health aren't shown, and why. Empty if both are."""
    reasons: dict[str, list[str]] = {}
    for name, answer in (("noise", part.noise), ("health of the questions", part.health)):
        if isinstance(answer, str):
            reasons.setdefault(answer, []).append(name)
    return " ".join(f"Not shown: {' and '.join(names)}. {reason}" for reason, names in reasons.items())


def _noise(part: BoardPart) -> Document:
    """Return the results of `noise` for a task, with models in the order of the board and by their short
    names.
    """
    noise = part.noise
    if isinstance(noise, str):
        return Document(blocks=())
    places = {entry.model: k for k, entry in enumerate(part.board.entries)}
    ordered = sorted(noise.entries, key=lambda entry: places.get(entry.name, len(places)))
    names = short_names(*(entry.name for entry in ordered))
    entries = tuple(
        entry if name == entry.name else replace(entry, name=name)
        for entry, name in zip(ordered, names, strict=True)
    )
    return noise_document(Noise(tasks=(replace(noise, entries=entries),)))


def _health(health: TaskQuestions | str) -> Document:
    return Document(blocks=()) if isinstance(health, str) else health_document(Questions(tasks=(health,)))


SOURCES = ("within questions", "between questions", "between clusters", "within clusters")


def _strips(part: BoardPart) -> list[Data]:
    """Return the standard deviation of single scores of every model by its source, as far as it is known."""
    if isinstance(part.noise, str):
        return []
    best = set(part.board.could_be_best)
    rows = [
        (source, entry.name, component.variance)
        for entry in part.noise.entries
        for source, component in zip(
            SOURCES,
            (entry.within_question, entry.between_questions, entry.between_clusters, entry.within_clusters),
            strict=True,
        )
        if math.isfinite(component.variance)
        and (entry.n_clusters < entry.n_items or "clusters" not in source)
    ]
    scale = Scale(percent=part.board.percent)
    return [
        {
            "source": source,
            "sd": (100 if part.board.percent else 1) * math.sqrt(max(variance, 0.0)),
            "best": name in best,
            "told": f"{name}: {scale.number(math.sqrt(max(variance, 0.0)))} {source}",
        }
        for source, name, variance in sorted(rows, key=lambda row: SOURCES.index(row[0]))
    ]


def _difficulty(health: TaskQuestions | str) -> list[Data]:
    """Count the items by their mean score over the models, in bins of equal width."""
    if isinstance(health, str) or not health.percent:
        return []
    scores = health.items.score[np.isfinite(health.items.score)]
    edges = np.linspace(0.0, 1.0, BINS + 1)
    at = np.searchsorted(edges, scores, side="right") - 1  # a tenth of the time of np.histogram
    counts, ends = np.bincount(np.clip(at, 0, BINS - 1), minlength=BINS), np.rint(100 * edges).tolist()
    bins = zip(ends, ends[1:], counts.tolist(), strict=False)
    return [{"low": low, "high": high, "count": count} for low, high, count in bins]


def _items(part: BoardPart, models: Sequence[str], most: int) -> Data | None:
    """Return the scores of single items, or None if they are too many, or a metric has none."""
    matrix = part.matrix
    if matrix is None or matrix.of_metric:
        return None
    values = matrix.values[:, matrix.columns(models)]
    scores = packed_scores(values) if values.size <= most else None
    if scores is None or (scores["levels"] is None and values.size > most // 8):
        return None
    clusters = matrix.clusters[0] if matrix.clusters else None
    # The number of attempts in each score: one number if it is the same for all.
    counts = matrix.attempts[:, matrix.columns(models)]
    there = counts[counts > 0]
    same = int(there[0]) if there.size and (there == there[0]).all() else 0
    attempts = same or packed_scores(np.where(counts > 0, counts.astype(float), np.nan))
    return {
        "ids": [str(item) for item in matrix.items.tolist()],
        "clusters": None if clusters is None else clusters.tolist(),
        "cluster_name": matrix.cluster_names[0] if clusters is not None else "",
        "labels": list(matrix.cluster_labels[0]) if clusters is not None else [],
        "slices": items_of_slices(part.ways),
        "attempts": attempts,
        "weights": None if matrix.weights is None else short(matrix.weights.tolist()),
        **scores,
    }


def logs(part: BoardPart, runs: Sequence[RunEntry]) -> list[list[str]]:
    """Return the names of each model's Inspect logs, as used by `inspect view` in the same folder."""
    board, found = part.board, defaultdict[str, list[str]](list)
    for entry in runs:
        if entry.reader == INSPECT and entry.task == board.task:
            found[entry.model].append(entry.source)
    return [found[entry.model] for entry in board.entries]


def _sources(entries: Sequence[NoiseEntry], models: Sequence[str]) -> list[Data | None]:
    """Return the sources of each model's error bar, or None if they aren't known."""
    found = {entry.name: entry for entry in entries if entry.measured and entry.se > 0}
    return [None if (entry := found.get(model)) is None else _source(entry) for model in models]


def _source(entry: NoiseEntry) -> Data:
    return {
        "se": number(entry.se),
        "attempts": number(entry.attempts),
        "questions": number(max(entry.variance_between_questions, 0.0)),
        "once": number(entry.variance_within_questions_once),
        "answer_share": number(entry.within_share),
        "items": entry.n_items,
    }
