"""How a leaderboard is worded and tabled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure import checks
from howsure.errors import MethodError
from howsure.options.choices import BoardChart
from howsure.present import slices
from howsure.present.document import Document, Field, Text, closing, cut, opening, tabled
from howsure.present.estimate import (
    bound_texts,
    limits,
    merged,
    merged_warnings,
    score,
    standard_error,
    whisker,
)
from howsure.present.labels import short_labels
from howsure.present.methods import of_boards
from howsure.present.summary import board_names, is_marked, summary, tasks_sentence
from howsure.present.words import factors, plain
from howsure.wording import Scale, ci_text, level_text, plural, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.estimate import Entry
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.errors import ResultWarning
    from howsure.options.choices import Top
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Rank

MOST_NAMED = 3
GROUPS = "Models that share a letter don't differ significantly."
LITTLE = 0.1
"""A correction smaller than this share of the leader's standard error isn't mentioned, even if the digits
would show it.
"""
RANKED_BY = {
    "mean-rank": "mean rank",
    "win-rate": "win rate",
    "borda": "Borda count",
    "elo": "Elo rating",
    "normalised": "normalised score",
}
MANY_BOARDS = 5
"""From this number on, boards are drawn as small panels with one order of models."""


def document(answer: Leaderboard) -> Document:
    """Return each board's verdict and table, then the warnings. For several tasks only the overall board and
    a summary, unless single boards are requested.
    """
    if len(answer.every) == 1:
        (only,) = answer.every
        blocks = [*_board(only, answer, answer.notes, answer.chapter), *closing(_warnings(only))]
    else:
        blocks = _at_a_glance(answer)
        for board in answer.boards if answer.each_task else ():
            blocks.append(Text(text=board_title(board), kind="heading"))
            blocks += [*_board(board, answer), *closing(_warnings(board))]
    return Document(blocks=(*blocks, *slices.board_blocks(answer.slices), *closing(answer.warnings)))


def _board(
    board: Board, answer: Leaderboard, notes: Iterable[str] = (), chapter: int | None = None
) -> list[Block]:
    return [
        *opening(board_sentence(board), (*picked(board), *notes), more=more_of(board), chapter=chapter),
        board_table(board, answer.top, answer.mark),
        *bound_texts(list(board.entries[: at_most(answer.top)])),
    ]


def _warnings(board: Board) -> list[ResultWarning]:
    return [*board.warnings, *merged_warnings(board.entries)]


def _at_a_glance(answer: Leaderboard) -> list[Block]:
    """Return the overall board, if there is one, and the table of models and tasks. Warnings about a task are
    listed with its own board if that is shown.
    """
    if answer.overall is None:
        blocks = opening(sentence(answer), answer.notes, chapter=answer.chapter)
    else:
        notes = (*answer.notes, f"Overall: {answer.overall.metric}.")
        blocks = _board(answer.overall, answer, notes, answer.chapter)
    warnings = [
        (name, _warnings(board))
        for name, board in zip(board_names(answer), answer.every, strict=True)
        if board is answer.overall or not answer.each_task
    ]
    return [*blocks, summary(answer), *closing(merged(warnings, "task"))]


def sentence(answer: Leaderboard) -> str:
    """Return the result of the overall board, or the only one. For several, how many have one significantly
    best model.
    """
    several = tasks_sentence(answer.boards) if len(answer.boards) > 1 and answer.overall is None else ""
    return several or board_sentence(answer.every[0])


def explanation(answer: Leaderboard) -> Document:
    """Explain the overall board, or else the first, in plain words."""
    board, count = answer.every[0], len(answer.boards)
    title = f"{board.task or 'overall'} · {board.metric}" if count > 1 else ""
    return plain.explained(plain.board_phrases(board, boards=count), title)


def methods(answer: Leaderboard) -> Document:
    """Return the methods, as in a paper."""
    return of_boards(answer.every)


def chart(answer: Leaderboard, kind: BoardChart) -> Spec:
    """Draw the boards and those of slices: one panel each, in their order, with its best `top` models."""
    from howsure.present.charts.base import panels

    checks.word("kind", kind, BoardChart)
    every, top = answer.every, at_most(answer.top)
    several = len(every) > 1 or bool(answer.slices)
    titled = [((board.task or "overall") if several else "", board) for board in every]
    titled += [
        (
            f"{way.task} · {way.slicing.by} {each.slice}"
            if len(every) > 1
            else f"{way.slicing.by} {each.slice}",
            each.board,
        )
        for way in answer.slices
        for each in way.slices
    ]
    if kind == "pairs":
        titled = [(title, board) for title, board in titled if len(board.entries[:top]) > 1]
    boards = [board for _, board in titled]
    if not boards:
        raise MethodError("nothing to draw: one model makes no pair", remedy="Add another model.")
    alike = len({board.percent for board in boards}) == 1 and not answer.slices
    if kind == "leaderboard" and len(boards) >= MANY_BOARDS and alike:
        return _multiples(answer)
    specs = [panel(board, kind, top, title=title) for title, board in titled]
    return panels(specs, columns=2 if len(boards) > 2 and kind != "pairs" else 1, own_scales=kind == "pairs")


def _multiples(answer: Leaderboard) -> Spec:
    """Draw many small boards, their models in the order of the first."""
    from howsure.present.charts.leaderboard import multiples_spec

    every, top = answer.every, at_most(answer.top)
    names = list(dict.fromkeys(entry.model for board in every for entry in board.entries))
    leaders = {board.entries[0].model for board in every}
    shown = [name for k, name in enumerate(names) if top is None or k < top or name in leaders]
    metrics = {board.metric for board in answer.boards}
    return multiples_spec(
        [(name, board.records()) for name, board in zip(board_names(answer), every, strict=True)],
        shown,
        percent=every[0].percent,
        score=answer.boards[0].metric if len(metrics) == 1 else "score",
        level=every[0].level,
        lower_is_better=every[0].lower_is_better,
        subtitle=(
            f"{len(shown)} of {plural(len(names), 'model')}: the best overall, and the best of each task"
            if len(shown) < len(names)
            else ""
        ),
        description=f"{len(every)} panels. {board_sentence(every[0])}",
    )


def panel(board: Board, kind: BoardChart, top: int | None, *, title: str = "") -> Spec:
    """Draw one board, with a title if it is one of several."""
    from howsure.present.charts.leaderboard import pairs_spec, ranks_spec, spec

    records, count = board.records()[:top], len(board.entries)
    given: dict[str, Any] = {
        "percent": board.percent,
        "score": board.metric,
        "level": board.level,
        "title": title,
        "subtitle": f"the best {len(records)} of {plural(count, 'model')}" if len(records) < count else "",
        "description": board_sentence(board),
    }
    if kind == "pairs":
        return pairs_spec(board.pair_records(), [record["model"] for record in records], **given)
    if kind == "ranks":
        return ranks_spec(records, **given)
    return spec(records, lower_is_better=board.lower_is_better, **given)


def board_title(board: Board) -> str:
    """Name a board: its task and metric, or "overall"."""
    return f"{board.task} · {board.metric}" if board.task else f"overall · {board.metric}"


def board_sentence(board: Board) -> str:
    """Return who scores highest, on how many of the tasks, and who else could be best."""
    every = board.n_tasks + board.n_tasks_left_out
    scope = f"On {board.n_tasks:,} of {every:,} tasks, " if board.n_tasks_left_out else ""
    return within(scope, _sentence_on_all(board))


def _sentence_on_all(board: Board) -> str:
    count, leader = len(board.entries), board.entries[0]
    if count == 1:
        return _among(board) + alone(leader, Scale(percent=board.percent))
    about, asked = where(leader), on_these(board)
    if board.population == "new-clusters" and board.other_population is not None:
        asked = f" on {factors.new_ones(board.clusters, board.task)}"
    score = Scale(percent=board.percent).score(leader.estimate.value)
    level, some = board.leaders, _some_items(board)
    others = len(set(board.could_be_best) - set(level))
    if len(level) == count:
        tied = f"{'both' if count == 2 else f'all {count}'} models tie at {score}{about}."
        return f"{_among(board)}{tied if board.n_left_out else tied.capitalize()}"
    if others == 0:
        rest = "the other" if count - len(level) == 1 else f"all {count - len(level)} others"
        seen = f"{score}, {some}" if some else score
        first = f"{leading(level, 'is best', 'are level')}{about or asked} ({seen}): {ahead(board, rest)}."
    else:
        seen = f"{score}, {some}" if some else score
        highest = "lowest" if board.lower_is_better else "highest"
        one, several = f"scores {highest}", f"share the {highest} score"
        if _noun(board) != "score":
            one, several = (f"{has} the best {_noun(board)}" for has in ("has", "share"))
        first = (
            f"{leading(level, one, several)}{about} ({seen}), but {rivals(others, count - len(level))} could "
            f"be best{asked}{elsewhere(board)}."
        )
    return f"{_among(board)}{first}"


def claim(answer: Leaderboard) -> str:
    """Return the result of the overall or the only board in a few words, for several the sentence."""
    if answer.overall is not None or len(answer.boards) == 1:
        return headline(answer.every[0])
    return sentence(answer).partition(". ")[0].removesuffix(".")


def _noun(board: Board) -> str:
    """Return what models are ranked by, over tasks as a sample: `mean rank`."""
    return RANKED_BY.get(board.metric, "score") if board.unit == "task" else "score"


def more_of(board: Board) -> str:
    """Return who could be best for lack of answers, the other population of a clear leader, and how many
    neighbouring ranks differ.
    """
    if len(board.entries) == 1 or len(board.leaders) == len(board.entries):
        return ""
    clear = not set(board.could_be_best) - set(board.leaders)
    return " ".join(
        filter(None, (_barely_asked(board), _clear_elsewhere(board) if clear else "", neighbours(board)))
    )


def ahead(board: Board, rest: str) -> str:
    """Return how the leaders are ahead: significant leads over the rest, or only that none of these could be
    best.
    """
    claim = f"significantly ahead of {rest}" if board.is_ahead_of_all else "no other could be best"
    return f"{claim} at {level_text(board.level)} confidence"


def headline(board: Board) -> str:
    """Return the result of a board in a few words: `16 of 158 could be best`."""
    count, best, leader = len(board.entries), len(board.could_be_best), board.entries[0]
    name = short_labels(plain.short_names(*(entry.model for entry in board.entries))[:1])[0]
    if count == 1:
        return f"{name}: {Scale(percent=board.percent).score(leader.estimate.value)}"
    return f"{name} is best of {count:,}" if best == 1 else f"{best:,} of {count:,} could be best"


def neighbours(board: Board) -> str:
    """Return how many neighbouring ranks differ significantly, nothing for two models."""
    if len(board.entries) == 2:
        return ""
    apart, pairs = board.n_significant_neighbours, len(board.entries) - 1
    if not apart:
        return "No two neighbouring ranks differ significantly."
    if apart == pairs:
        return "All neighbouring ranks differ significantly."
    return (
        f"Of {pairs:,} pairs of neighbouring ranks, {apart:,} "
        f"{'differs' if apart == 1 else 'differ'} significantly."
    )


def on_these(board: Board) -> str:
    """Return other random factors, or the clusters of a board limited to the same ones, with the space before
    it.
    """
    sources = board.entries[0].sources
    if sources is not None:
        return factors.as_sample(sources)
    same = board.population == "same-clusters" and (board.clusters is not None or not board.task)
    return f" on {factors.more_of_these(board.clusters, board.task)}" if same else ""


def _others_elsewhere(board: Board) -> int:
    """Count the other models that could be best for the other of new and same clusters."""
    assert board.other_population is not None
    return len(set(board.other_population.could_be_best) - set(board.leaders))


def _population_elsewhere(board: Board) -> str:
    """Name the other of new and same clusters."""
    assert board.other_population is not None
    new = board.other_population.population == "new-clusters"
    return (factors.new_ones if new else factors.more_of_these)(board.clusters, board.task)


def elsewhere(board: Board) -> str:
    """Return how many could be best for the other of new and same clusters, as the end of a sentence. ""
    unless clusters are few.
    """
    if board.other_population is None or board.clusters is None:
        return ""
    return f", and {_others_elsewhere(board) or 'none'} on {_population_elsewhere(board)}"


def _clear_elsewhere(board: Board) -> str:
    """Return who could be best for the other of new and same clusters, if the leader is clear for its own."""
    if board.other_population is None or board.clusters is None:
        return ""
    others, count = _others_elsewhere(board), len(board.entries) - len(board.leaders)
    could = f"{rivals(others, count)} could be best" if others else "no other could be best either"
    return f"On {_population_elsewhere(board)}, {could}."


def leading(leaders: Sequence[str], one: str, several: str) -> str:
    """Name the leaders, all of them if they are level, with their verb."""
    if len(leaders) == 1:
        return f"{leaders[0]} {one}"
    named = (
        leaders[:MOST_NAMED]
        if len(leaders) <= MOST_NAMED
        else (*leaders[: MOST_NAMED - 1], f"{len(leaders) - MOST_NAMED + 1} others")
    )
    return f"{', '.join(named[:-1])} and {named[-1]} {several}"


def _barely_asked(board: Board) -> str:
    """Return which of those that could be best answered under half as many questions, or tasks, as
    another.
    """
    most = max(entry.estimate.n_items for entry in board.entries)
    few = [
        entry
        for entry, rank in zip(board.entries, board.ranks, strict=True)
        if rank.could_be_best and rank.rank > 1 and 2 * entry.estimate.n_items < most
    ]
    if not few:
        return ""
    answered = f"{'had' if board.unit == 'task' else 'answered'} too few {board.unit}s to be excluded"
    if 1 < len(few) == len(set(board.could_be_best) - set(board.leaders)):
        return f"They {answered} (under half of {most:,})."
    if len(few) == 1:
        return f"{few[0].model} {answered} ({few[0].estimate.n_items:,} of {most:,})."
    return f"{len(few):,} of them {answered} (under half of {most:,})."


def picked(board: Board) -> tuple[str, ...]:
    """Return the best score corrected for selection (the winner's curse), if the correction is visible."""
    scale, leader = Scale(percent=board.percent), board.entries[0]
    seen, without = (scale.score(value) for value in (leader.estimate.value, board.leader_corrected))
    luck = abs(leader.estimate.value - board.leader_corrected)
    if seen == without or not luck >= LITTLE * leader.estimate.se:  # nor without an error bar
        return ()
    return (
        (
            f"Corrected for selecting the best of {len(board.entries):,}, the leader's {_noun(board)} "
            f"is about {without}."
        ),
    )


def _among(board: Board) -> str:
    """Return the number of models on a board, if others lack some of its tasks."""
    if not board.n_left_out:
        return ""
    every = len(board.entries) + board.n_left_out
    if len(board.entries) == 1:
        return f"Only 1 of {every} models has all {board.n_tasks} tasks: "
    return f"Of the {len(board.entries)} of {every} models with all {board.n_tasks} tasks, "


def alone(entry: Entry, scale: Scale) -> str:
    """Return one model's score and its error bar."""
    value, interval = entry.estimate.value, entry.estimate.interval
    same = entry.estimate.method.same_clusters and entry.clusters is not None
    about = f" on {factors.more_of_these(entry.clusters, entry.task)}" if same else where(entry)
    about = about or ("" if entry.sources is None else factors.as_sample(entry.sources))
    said = f"{entry.model} scores {scale.score(value)}{about}"
    if not interval.low <= interval.high:
        return f"{said}, with no error bar."
    return f"{said} ({ci_text(interval, scale)})."


def where(entry: Entry) -> str:
    """Return the population of a score, unless that is other questions, with the space before it."""
    method = entry.estimate.method
    return " on exactly these questions" if method.of_benchmark else ""


def _some_items(board: Board) -> str:
    """Return the number of questions, or tasks, behind the leader's score if another model answered more,
    otherwise "".
    """
    counts = [entry.estimate.n_items for entry in board.entries]
    most = max(counts)
    if counts[0] == most:
        return ""
    shared, place = board.pairs.n_shared[0], counts.index(most)
    if place < len(shared) and shared[place] == counts[0]:
        return f"on {counts[0]:,} of {plural(most, board.unit)}"
    return f"on {plural(counts[0], board.unit)}, others on up to {most:,}"


def rivals(others: int, count: int) -> str:
    """Return how many of the other models could be best."""
    if count == 1:
        return "the other model"
    if others < count:
        return f"{others:,} of the {count:,} other models"
    return f"{'either' if count == 2 else 'any'} of the {count:,} other models"


def at_most(top: Top | None) -> int | None:
    """Return the requested number of rows. None for all."""
    return top if isinstance(top, int) else None


def marked_rows(board: Board, mark: Sequence[str]) -> list[int]:
    """Return the rows of the highlighted models."""
    models = [entry.model for entry in board.entries]
    return [k for k, model in enumerate(models) if is_marked(model, mark)]


def rank_text(rank: Rank, model: str, mark: Sequence[str]) -> str:
    """Write a rank, with a sign before that of a highlighted model."""
    return f"{'▸ ' if is_marked(model, mark) else ''}{rank.rank}"


def board_table(board: Board, top: Top | None, mark: Sequence[str] = ()) -> Table:
    """Lay out a board: rank, model, score, interval, whisker, group."""
    scale, level = Scale(percent=board.percent), level_text(board.level)
    ranked, column = list(zip(board.entries, board.ranks, strict=True)), f"{_noun(board)}{scale.column}"
    uneven = len({entry.estimate.n_items for entry, _ in ranked}) > 1
    fields: list[Field[tuple[Entry, Rank]]] = [
        Field("rank", lambda r: rank_text(r[1], r[0].model, mark)),
        Field("rank CI", lambda r: places(r[1]), align="left", priority=10),
        Field("model", lambda r: r[0].model, align="left"),
        Field(column, lambda r: score(r[0].estimate, scale)),
        Field("SE", lambda r: standard_error(r[0].estimate, scale), priority=0, error_of=column),
        Field(f"{level} CI", lambda r: limits(r[0].estimate, scale), priority=8),
        Field("", lambda r: whisker(r[0].estimate), align="left", priority=7, axis=scale),
        Field(
            "group",
            lambda r: r[1].group,
            align="left",
            priority=6,
            shown=any(rank.group for rank in board.ranks),
        ),
        Field(
            f"{board.unit}s", lambda r: f"{r[0].estimate.n_items:,}", priority=5, varies=True, shown=uneven
        ),
        Field(
            "failed",
            lambda r: f"{r[0].n_failed:,}",
            priority=5,
            varies=True,
            shown=any(entry.n_failed for entry, _ in ranked),
        ),
    ]
    grouped = any(rank.group for rank in board.ranks)
    table = tabled(ranked, fields, note=GROUPS if grouped else "")
    table = replace(table, strong=tuple(rank.could_be_best for rank in board.ranks))
    return cut(table, top, keep=marked_rows(board, mark))


def places(rank: Rank) -> str:
    """Return the rank interval of a model: `1–3`."""
    return str(rank.low) if rank.low == rank.high else f"{rank.low}–{rank.high}"
