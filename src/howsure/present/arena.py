"""How a board of votes is worded, tabled and drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure import checks
from howsure.errors import MethodError
from howsure.options.choices import BoardChart
from howsure.present.document import Document, Field, Text, closing, cut, opening, small, tabled
from howsure.present.estimate import limits, score, standard_error, whisker
from howsure.present.leaderboard import (
    GROUPS,
    ahead,
    at_most,
    leading,
    marked_rows,
    neighbours,
    panel,
    picked,
    places,
    rank_text,
    rivals,
)
from howsure.statistics.results import significant
from howsure.wording import Scale, ci_text, level_text, p_text, p_words, plural, rounded_up

if TYPE_CHECKING:
    from howsure.answers.arena import Arena, ArenaBoard, VotedModel, VoteEffect
    from howsure.answers.estimate import Entry
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Rank

    Line = tuple[Entry, Rank, VotedModel]

PERCENT = Scale(percent=True)
MATTERS = 0.1
"""A cluster is named if the lead would be smaller by this share of it, or gone."""
MOST_TIMES = 100
"""A forecast of more than this many times the votes isn't shown, as no one would collect as many."""


def document(answer: Arena) -> Document:
    """Return each pool's verdict and table, then the warnings."""
    blocks: list[Block] = []
    details: list[Block] = []
    for k, pool in enumerate(answer.boards):
        if len(answer.boards) > 1:
            blocks.append(Text(text=title(pool, k), kind="heading"))
        notes = (*picked(pool.board), *(answer.notes if k == 0 else ()))
        chapter = answer.chapter if k == 0 else None
        blocks += opening(pool_sentence(pool), notes, more=neighbours(pool.board), chapter=chapter)
        blocks += [pool_table(pool, answer), *effects(pool), *findings(pool), *closing(pool.board.warnings)]
        details += small(filter(None, (model_fit(pool), next_votes(pool))))
    return Document(blocks=(*blocks, *closing(answer.warnings)), details=tuple(details))


def sentence(answer: Arena) -> str:
    """Return the result of the pool with the most votes."""
    return pool_sentence(answer.boards[0])


def title(pool: ArenaBoard, k: int) -> str:
    """Name a pool by its number and size."""
    return f"pool {k + 1}: {plural(len(pool.models), 'model')}, {plural(pool.n_votes, 'vote')}"


def pool_sentence(pool: ArenaBoard) -> str:
    """Return who scores highest, and who else could be best."""
    board, count = pool.board, len(pool.models)
    score, level = PERCENT.score(board.entries[0].estimate.value), board.leaders
    others = len(set(board.could_be_best) - set(level))
    if others == 0 and len(level) == 1:
        rest = "the other" if count == 2 else f"all {count - 1} others"
        return f"{level[0]} is best ({score}): {ahead(board, rest)}."
    highest = leading(level, "scores highest", "share the highest score")
    if others == 0:
        return f"{highest} ({score})."
    return f"{highest} ({score}), but {rivals(others, count - len(level))} could be best."


def findings(pool: ArenaBoard) -> list[Block]:
    """Return significant position bias, and the most influential cluster of votes for the lead."""
    biased = pool.position_effect is not None and significant(
        pool.position_effect.p_value, pool.position_effect.interval.level
    )
    texts = [position_effect(pool) if biased else "", influential_cluster(pool)]
    return [Text(text=text) for text in texts if text]


def position_effect(pool: ArenaBoard) -> str:
    """Return the position bias, nothing if position is a covariate."""
    found = pool.position_effect
    if found is None or not math.isfinite(found.p_value):
        return ""
    word, figures = (
        "more" if found.value > 0 else "less",
        f"{ci_text(found.interval, PERCENT)}, {p_words(found.p_value)}",
    )
    if not significant(found.p_value, found.interval.level):
        return f"Position bias isn't significant ({PERCENT.difference(found.value)}, {figures})."
    return (
        f"Position bias: the answer shown first wins {PERCENT.gap(abs(found.value))} {word} "
        f"often ({figures}). "
        "Remove it with `covariate='position'`."
    )


def model_fit(pool: ArenaBoard) -> str:
    """Return that the model fits the votes. If it doesn't, a warning reports it."""
    found = pool.model_fit
    if found is None or significant(found.p_value, pool.board.level):
        return ""
    return f"The Bradley–Terry model fits all {plural(found.n_pairs, 'pair')} ({p_words(found.p_value)})."


def influential_cluster(pool: ArenaBoard) -> str:
    """Return the most influential cluster of votes for the lead, if it matters much."""
    found = pool.influential_cluster
    if found is None or found.lead - found.lead_without < MATTERS * found.lead:
        return ""
    name = f"{found.column} {found.cluster}" if found.cluster else f"one without a {found.column}"
    best = pool.board.entries[0].model
    start = f"The most influential is {name}: without its {found.n_votes:,} votes, "
    if found.leader_without != best:
        return f"{start}{found.leader_without} would lead by {PERCENT.lead(-found.lead_without)} over {best}."
    return (
        f"{start}{best} would score {PERCENT.score(found.score_without)} and lead by "
        f"{PERCENT.lead(found.lead_without)}, not {PERCENT.lead(found.lead)}."
    )


def next_votes(pool: ArenaBoard) -> str:
    """Return how many votes would separate the first two models that don't differ significantly, and which
    votes are the most informative.
    """
    found = pool.next_votes
    if found is None or math.isnan(found.votes_needed):
        return ""
    two = f"{found.ahead} and {found.behind}"
    named = {found.next_a, found.next_b} == {found.ahead, found.behind}
    pair = "these two" if named else f"{found.next_a} and {found.next_b}"
    tells = "" if len(pool.models) == 2 else f" Votes between {pair} are the most informative."
    if found.votes_needed <= MOST_TIMES * pool.n_votes:
        needed = (
            f"About {rounded_up(found.votes_needed)} votes in all, by more such voters, would separate {two} "
            f"({PERCENT.gap(found.difference)} apart, 80% power)."
        )
        return needed + tells
    return (
        f"{two} are {PERCENT.gap(found.difference)} apart, which {MOST_TIMES} times the votes "
        f"wouldn't separate.{tells}"
    )


def effects(pool: ArenaBoard) -> list[Block]:
    """Lay out the effect of each covariate between equal models."""
    if not pool.effects:
        return []
    level = level_text(pool.board.level)
    fields: list[Field[VoteEffect]] = [
        Field("covariate", lambda e: e.covariate, align="left"),
        Field("one SD", lambda e: f"{e.sd:.4g}" if math.isfinite(e.sd) else "", priority=5),
        Field("gain, points", lambda e: PERCENT.signed(e.gain)),
        Field(
            f"{level} CI", lambda e: PERCENT.interval(e.gain_interval.low, e.gain_interval.high), priority=8
        ),
        Field("p", lambda e: p_text(e.p_value), priority=7),
        Field("odds ×", lambda e: f"{e.odds_ratio:.2f}", priority=6),
    ]
    return [
        tabled(
            pool.effects,
            fields,
            note=(
                "what the first of two equal models gains by one standard deviation more, or by standing "
                "first"
            ),
        )
    ]


def pool_table(pool: ArenaBoard, answer: Arena) -> Table:
    """Lay out a pool: rank, model, expected score, interval, whisker, group, votes and Elo, in the order of
    the scale, and scores by other choices.
    """
    board, elo = pool.board, answer.scale == "elo"
    ranked = list(zip(board.entries, board.ranks, pool.models, strict=True))
    level = level_text(board.level)
    shares: list[Field[Line]] = [
        Field("score %", lambda r: score(r[0].estimate, PERCENT), priority=4 if elo else 9),
        Field(
            "SE",
            lambda r: standard_error(r[0].estimate, PERCENT),
            priority=0,
            error_of="score %",
            shown=not elo,
        ),
        Field(f"{level} CI", lambda r: limits(r[0].estimate, PERCENT), priority=8, shown=not elo),
        Field("", lambda r: whisker(r[0].estimate), align="left", priority=7, axis=PERCENT, shown=not elo),
    ]
    strength: list[Field[Line]] = [
        Field("Elo", lambda r: f"{r[2].elo:,.0f}", priority=9 if elo else 6),
        Field(f"{level} CI", lambda r: _elo_limits(r[2]), priority=8, shown=elo),
    ]
    fields: list[Field[Line]] = [
        Field("rank", lambda r: rank_text(r[1], r[0].model, answer.mark)),
        Field("rank CI", lambda r: places(r[1]), align="left", priority=10),
        Field("model", lambda r: r[0].model, align="left"),
        *(strength if elo else shares),
        Field("group", lambda r: r[1].group, align="left", priority=6),
        Field(
            "unadjusted %",
            lambda r: _other(r[2].unadjusted, r[2].unadjusted_rank),
            shown=bool(pool.effects),
            priority=7,
        ),
        Field(
            "against all %",
            lambda r: _other(r[2].against_all, r[2].against_all_rank),
            shown=(pool.models[0].against_all_rank is not None),
            priority=7,
        ),
        *(shares if elo else strength),
        Field("votes", lambda r: f"{r[2].n_votes:,}", priority=4),
    ]
    return cut(tabled(ranked, fields, note=GROUPS), answer.top, keep=marked_rows(board, answer.mark))


def _other(value: float, rank: int | None) -> str:
    """Write a score by another choice, and its rank."""
    return f"{PERCENT.number(value)} ({rank})"


def _elo_limits(model: VotedModel) -> str:
    low, high = model.elo_interval.low, model.elo_interval.high
    if math.isinf(low) or math.isinf(high):
        return f"up to {high:,.0f}" if math.isinf(low) else f"from {low:,.0f}"
    return f"[{low:,.0f}, {high:,.0f}]"


def chart(answer: Arena, kind: BoardChart) -> Spec:
    """Draw the pools like leaderboards, one panel each."""
    from howsure.present.charts.base import panels

    checks.word("kind", kind, BoardChart)
    boards = [pool.board for pool in answer.boards if kind != "pairs" or len(pool.models) > 1]
    if not boards:
        raise MethodError("nothing to draw: one model makes no pair", remedy="Add another model.")
    specs = [
        panel(board, kind, at_most(answer.top), title=(board.task or "overall") if len(boards) > 1 else "")
        for board in boards
    ]
    return panels(specs, columns=1, own_scales=kind == "pairs")
