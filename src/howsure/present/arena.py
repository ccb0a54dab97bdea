"""How a board of votes is said, tabled and drawn."""

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
from howsure.wording import Scale, level_text, p_text, plural, rounded_up

if TYPE_CHECKING:
    from howsure.answers.arena import Arena, ArenaBoard, VotedModel, VoteEffect
    from howsure.answers.estimate import Entry
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Rank

    Line = tuple[Entry, Rank, VotedModel]

PERCENT = Scale(percent=True)
MATTERS = 0.1
"""A cluster is named where the lead would be smaller by this share of it, or gone."""
MOST_TIMES = 100
"""A forecast of more than so many times the votes is not said: nobody asks for as many."""


def document(answer: Arena) -> Document:
    """Return each pool's verdict and table, then the warnings."""
    blocks: list[Block] = []
    for k, pool in enumerate(answer.boards):
        if len(answer.boards) > 1:
            blocks.append(Text(text=title(pool, k), kind="heading"))
        notes = (*picked(pool.board), *(answer.notes if k == 0 else ()))
        blocks += opening(pool_verdict(pool), notes, chapter=answer.chapter if k == 0 else None)
        blocks += [
            pool_table(pool, answer),
            *effects(pool),
            *small(beside(pool)),
            *closing(pool.board.warnings),
        ]
    return Document(blocks=(*blocks, *closing(answer.warnings)))


def sentence(answer: Arena) -> str:
    """Say what the pool with the most votes shows."""
    return pool_verdict(answer.boards[0])


def title(pool: ArenaBoard, k: int) -> str:
    """Name a pool by its place and size."""
    return f"pool {k + 1}: {plural(len(pool.models), 'model')}, {plural(pool.n_votes, 'vote')}"


def pool_verdict(pool: ArenaBoard) -> str:
    """Say who leads, who could, and how many gaps between neighbouring ranks are significant."""
    board, count = pool.board, len(pool.models)
    score, level = PERCENT.score(board.entries[0].estimate.value), board.leaders
    others = len(set(board.could_be_best) - set(level))
    if others == 0 and len(level) == 1:
        rest = "the other" if count == 2 else f"all {count - 1} others"
        first = f"{level[0]} is best ({score}): {ahead(board, rest)}."
    elif others == 0:
        first = f"{leading(level, 'leads', 'lead')} with {score} each."
    else:
        first = (
            f"{leading(level, 'leads', 'lead')} with {score}, but {rivals(others, count - len(level))} "
            "could also be best."
        )
    return f"{first} {neighbours(board)}".rstrip()


def beside(pool: ArenaBoard) -> list[str]:
    """Say in a line each what standing first is worth, whether one line fits, which voter matters most, and
    which votes would help.
    """
    return [said for said in (first_gain(pool), one_line(pool), without(pool), following(pool)) if said]


def first_gain(pool: ArenaBoard) -> str:
    """Say what it is worth to stand first; nothing where it is a covariate."""
    found = pool.position_effect
    if found is None or not math.isfinite(found.p_value):
        return ""
    said = (
        f"{PERCENT.difference(found.value)} {PERCENT.interval(found.interval.low, found.interval.high)}, p "
        f"{p_text(found.p_value)}"
    )
    if not significant(found.p_value, found.interval.level):
        return f"Nothing shows that it matters who stands first ({said})."
    word = "gains" if found.value > 0 else "loses"
    return (
        f"Who stands first {word} by it: {said} beyond what strengths expect. `covariate='position'` takes "
        "it out."
    )


def one_line(pool: ArenaBoard) -> str:
    """Say that strengths on one line explain the votes; where they don't, a warning says so."""
    found = pool.model_fit
    if found is None or significant(found.p_value, pool.board.level):
        return ""
    return (
        f"Nothing speaks against one line of strengths for all {plural(found.n_pairs, 'pair')} that met (p "
        f"{p_text(found.p_value)})."
    )


def without(pool: ArenaBoard) -> str:
    """Say which cluster of votes matters most to the lead, where it matters much."""
    found = pool.influential_cluster
    if found is None or found.lead - found.lead_without < MATTERS * found.lead:
        return ""
    name = f"{found.column} {found.cluster}" if found.cluster else f"one without a {found.column}"
    best = pool.board.entries[0].model
    start = (
        f"The lead hangs most on {name}: without its {found.n_votes:,} of {plural(pool.n_votes, 'vote')}, "
    )
    if found.leader_without != best:
        return (
            f"{start}{found.leader_without} would lead, {PERCENT.lead(-found.lead_without)} ahead of {best}."
        )
    return (
        f"{start}{best} would get {PERCENT.score(found.score_without)} and lead by {PERCENT.lead(found.lead_without)}, not "
        f"{PERCENT.lead(found.lead)}."
    )


def following(pool: ArenaBoard) -> str:
    """Say how many votes would settle the first open gap, and which vote tells most of it."""
    found = pool.next_votes
    if found is None or math.isnan(found.votes_needed):
        return ""
    two = f"{found.ahead} and {found.behind}"
    named = {found.next_a, found.next_b} == {found.ahead, found.behind}
    tells = f"A vote between {'the two' if named else f'{found.next_a} and {found.next_b}'} tells most."
    tells = "" if len(pool.models) == 2 else f" {tells}"
    if found.votes_needed <= MOST_TIMES * pool.n_votes:
        needed = (
            f"{two} ({PERCENT.gap(found.difference)} apart) could be told apart with about "
            f"{rounded_up(found.votes_needed)} votes in all, by more such voters."
        )
        return needed + tells
    return (
        f"{two} are {PERCENT.gap(found.difference)} apart: too little to be told apart with {MOST_TIMES} times as "
        f"many votes.{tells}"
    )


def effects(pool: ArenaBoard) -> list[Block]:
    """Lay out what each covariate is worth between equal models."""
    if not pool.effects:
        return []
    level = level_text(pool.board.level)
    fields: list[Field[VoteEffect]] = [
        Field("covariate", lambda e: e.covariate, align="left"),
        Field("one SD", lambda e: f"{e.sd:.4g}" if math.isfinite(e.sd) else "", priority=5),
        Field("gain pp", lambda e: PERCENT.signed(e.gain)),
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
    """Lay out a pool: rank, model, expected score, interval, whisker, ties, votes and Elo, of which scale
    comes first; and scores by other choices.
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
        Field("Elo", lambda r: f"{r[2].elo:,.0f}", priority=9 if elo else 4),
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
        Field("votes", lambda r: f"{r[2].n_votes:,}", priority=5),
        *(shares if elo else strength),
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
    """Draw the pools as leaderboards are drawn, one panel each."""
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
