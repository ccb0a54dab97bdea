"""How two models are compared by votes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, closing, facts, opening
from howsure.wording import Scale, ci_text, level_text, p_text, p_words, plural

if TYPE_CHECKING:
    from howsure.answers.head_to_head import DirectVotes, HeadToHead
    from howsure.present.document import Table

PERCENT = Scale(percent=True)


def document(answer: HeadToHead) -> Document:
    """Return the verdict, how votes were taken, the numbers, and the warnings."""
    return Document(
        blocks=(
            *opening(sentence(answer), answer.notes, more=_between(answer), chapter=answer.chapter),
            table(answer),
            *closing(answer.warnings),
        )
    )


def sentence(answer: HeadToHead) -> str:
    """Return which model is better, or that these votes can't tell."""
    a, b, gap = answer.a, answer.b, answer.difference
    if not math.isfinite(answer.p_value):
        return f"Can't tell which of {a} and {b} is better: there is no error bar."
    lead = PERCENT.lead(gap.value)
    take = f"({ci_text(gap.interval.of_lead(gap.value), PERCENT)}, {p_words(answer.p_value)})"
    if answer.better is not None:
        return f"{answer.better} is better than {b if answer.better == a else a} by {lead} {take}."
    if gap.value == 0:
        return f"Can't tell. {a} and {b} score the same ({ci_text(gap.interval, PERCENT)})."
    ahead, behind = (a, b) if gap.value > 0 else (b, a)
    return f"Can't tell. {ahead} is ahead of {behind} by {lead} {take}."


def _between(answer: HeadToHead) -> str:
    if answer.direct_votes is None:
        return "No vote compares the two directly; the difference comes from votes with other models."
    return (
        f"Of {plural(_votes(answer.direct_votes), 'vote')} between them, {answer.a} won "
        f"{answer.direct_votes.wins:,} and lost "
        f"{answer.direct_votes.losses:,}."
    )


def _votes(met: DirectVotes) -> int:
    return met.wins + met.ties + met.losses + met.split


def table(answer: HeadToHead) -> Table:
    """Lay out the comparison as two columns: name and value."""
    gap, chance = answer.difference, answer.win_probability_interval
    level = level_text(gap.interval.level)
    rows = [
        (answer.a, PERCENT.score(answer.a_score)),
        (answer.b, PERCENT.score(answer.b_score)),
        ("difference a − b", PERCENT.difference(gap.value)),
        (f"{level} CI", PERCENT.interval(gap.interval.low, gap.interval.high) + PERCENT.unit),
        ("p-value", p_text(answer.p_value)),
        ("SE", PERCENT.number(gap.se) + PERCENT.unit),
        (
            "a wins against b, expected",
            f"{PERCENT.score(answer.win_probability)} ({PERCENT.interval(chance.low, chance.high)})",
        ),
        *_met_rows(answer.direct_votes),
        ("votes, clusters", f"{gap.n_items:,}, {gap.n_clusters:,}"),
        ("method", str(gap.method)),
    ]
    return facts(rows)


def _met_rows(met: DirectVotes | None) -> list[tuple[str, str]]:
    if met is None:
        return []
    between = f" / {met.split:,} split" if met.split else ""
    return [
        (
            "a wins against b, observed",
            (
                f"{PERCENT.score(met.share)} ({PERCENT.interval(met.interval.low, met.interval.high)}) "
                f"({plural(met.n_clusters, 'cluster')})"
            ),
        ),
        ("wins / losses / ties", f"{met.wins:,} / {met.losses:,} / {met.ties:,}{between}"),
    ]
