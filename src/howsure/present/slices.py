"""How slices are worded, tabled and drawn, below the answer for all questions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from howsure.present.document import Field, Text, Whisker, pointed, small, tabled
from howsure.statistics.results import significant
from howsure.wording import Scale, ci_text, level_text, listing, p_text, p_words, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.leaderboard import BoardSlices, RankReversal, SliceBoard
    from howsure.answers.slices import DifferenceSlices, SliceDifference, Slicing
    from howsure.present.document import Block, Cell, Table
    from howsure.statistics.results import Interval

MOST_NAMED = 3
SAME = "same-clusters"
ALL_TOO_SMALL = "By {by}: every slice is too small for a verdict."


def gap_blocks(ways: Iterable[DifferenceSlices], *, pointing: bool = False) -> list[Block]:
    """Return the comparison by slices: for each partition a sentence, a forest plot, and the slices left out.
    `pointing`: an inconclusive slice names its chapter.
    """
    blocks: list[Block] = []
    for way in ways:
        table = [forest(way)] if way.slices else []
        blocks += [Text(text=gap_sentence(way)), *table, *small(left_out(way.slicing))]
        if pointing and way.chapter is not None:
            blocks += pointed(way.chapter)
            pointing = False
    return blocks


def gap_records(way: DifferenceSlices) -> list[dict[str, Any]]:
    """Return the data of a forest plot: all questions, then the slices."""
    return [
        {
            "task": gap.slice,
            "a": way.a,
            "b": way.b,
            "difference": gap.difference.value,
            "adjusted_low": gap.difference.interval.low,
            "adjusted_high": gap.difference.interval.high,
            "better": way.better(gap),
            "n_items": gap.difference.n_items,
            "p_value": gap.p_value,
            "p_adjusted": gap.p_adjusted,
        }
        for gap in (way.all_items, *in_order(way))
    ]


def gap_sentence(way: DifferenceSlices) -> str:
    """Return the slices on which one model is better, and whether the difference varies between them at
    all.
    """
    by, count = way.slicing.by, len(way.slices)
    if not count:
        return ALL_TOO_SMALL.format(by=by)
    said = [_differs(way), _trend(way), *_real(way)]
    about = (
        " on more questions from these same clusters"
        if all(gap.population == SAME for gap in way.slices)
        else ""
    )
    return f"By {by}{about}: {' '.join(part for part in said if part)}"


def _differs(way: DifferenceSlices) -> str:
    count, equal = len(way.slices), way.equal
    if equal is None:
        return ""
    same = equal.population == SAME and any(gap.population != SAME for gap in way.slices)
    about = ", for more questions from these same clusters" if same else ""
    if not math.isfinite(equal.p_value):
        return f"too few clusters to test whether the difference varies between the {count} slices{about}."
    p = p_words(equal.p_value)
    if significant(equal.p_value, way.level):
        return f"the difference varies between the {count} slices ({p}{about})."
    return f"the difference doesn't vary significantly between the {count} slices ({p}{about})."


def _trend(way: DifferenceSlices) -> str:
    """Return the change of the difference from slice to slice."""
    found, scale = way.trend, Scale(percent=way.percent)
    if found is None:
        return ""
    limits = ci_text(found.interval, scale)
    return (
        f"From slice to slice it changes by {scale.difference(found.per_slice)} ({limits}, "
        f"{p_words(found.p_value)})."
    )


def _real(way: DifferenceSlices) -> list[str]:
    """Name the slices on which one model is significantly better, those with the largest difference first."""
    scale, said = Scale(percent=way.percent), []
    for model in (way.a, way.b):
        won = sorted(
            (gap for gap in way.slices if way.better(gap) == model),
            key=lambda gap: -abs(gap.difference.value),
        )
        if won:
            named = [f"{gap.slice} ({scale.lead(gap.difference.value)})" for gap in won]
            said.append(
                f"{model} is better on {_named(named) if len(won) < len(way.slices) else _all(way, scale)}"
            )
    if not said:
        return ["No slice is significant by itself." if len(way.slices) > 1 else "It isn't significant."]
    among = f" (corrected for {len(way.slices)} slices)" if len(way.slices) > 1 else ""
    return [f"{' and '.join(said)}{among}."]


def _all(way: DifferenceSlices, scale: Scale) -> str:
    """Return that one model is better on every slice, with the smallest and the largest difference."""
    gaps = sorted(abs(gap.difference.value) for gap in way.slices)
    if len(gaps) == 1:
        return f"{way.slices[0].slice} ({scale.lead(gaps[0])})"
    return f"every one, by {scale.number(gaps[0])} to {scale.lead(gaps[-1])}"


def _named(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMED:
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"


def headed(task: str, *, several: bool) -> list[Block]:
    """Name the task above its slices, if there are several."""
    return [Text(text=task or "overall", kind="heading")] if several else []


def left_out(slicing: Slicing) -> list[str]:
    """Return which slices are too small, and how many questions are in none."""
    said = []
    if slicing.too_small:
        named = listing([f"{each.slice} ({plural(each.n_items, 'question')})" for each in slicing.too_small])
        said.append(f"Too small for a verdict: {named}.")
    if slicing.n_without:
        said.append(
            f"{plural(slicing.n_without, 'question')} without a value of {slicing.by} are in no slice."
        )
    return said


def forest(way: DifferenceSlices) -> Table:
    """Lay out all questions and every slice, with error bars on one axis. Slices are in their order, or by
    their difference.
    """
    scale, level, lines = Scale(percent=way.percent), level_text(way.level), [way.all_items, *in_order(way)]
    clustered = any(line.difference.n_clusters != line.difference.n_items for line in lines)
    fields: list[Field[SliceDifference]] = [
        Field(way.slicing.by, lambda line: line.slice, align="left"),
        Field("questions", lambda line: f"{line.difference.n_items:,}", priority=8),
        Field("clusters", _clusters, priority=3, shown=clustered),
        Field(
            f"a, b{scale.column}", lambda g: f"{scale.number(g.a_mean)}, {scale.number(g.b_mean)}", priority=5
        ),
        Field(f"a − b{scale.points}", lambda line: scale.signed(line.difference.value)),
        Field(f"{level} CI", lambda line: _limits(line.difference.interval, scale), priority=9),
        Field("", _whisker, align="left", priority=7, axis=scale),
        Field("p", lambda line: p_text(line.p_adjusted), priority=7),
        Field("detectable", lambda line: scale.known(line.detectable), priority=4),
        Field(
            "shrunken",
            lambda line: _shrunken(line, scale),
            priority=6,
            shown=any(line.shrunken for line in lines),
        ),
    ]
    parts = ["Intervals and p-values are simultaneous over the slices."]
    mixed = [gap.slice for gap in way.slices if gap.population == SAME]
    if mixed and len(mixed) < len(way.slices):
        parts.append(f"{listing(mixed)}: few clusters, so about more questions from the same ones.")
    if any(line.shrunken for line in lines):
        parts.append("Shrunken: intervals cover on average over slices.")
    note = " ".join(parts)
    return tabled(lines, fields, note=note, lead=1)


def in_order(way: DifferenceSlices) -> list[SliceDifference]:
    """Return the slices in numeric order, else the largest difference first."""
    return (
        list(way.slices) if way.slicing.ordered else sorted(way.slices, key=lambda gap: -gap.difference.value)
    )


def _shrunken(line: SliceDifference, scale: Scale) -> str:
    found = line.shrunken
    return "" if found is None else f"{scale.signed(found.value)} ({_limits(found.interval, scale)})"


def _clusters(line: SliceDifference) -> str:
    return f"{line.difference.n_clusters:,}" if line.difference.n_clusters != line.difference.n_items else ""


def _limits(interval: Interval, scale: Scale) -> str:
    return scale.interval(interval.low, interval.high)


def _whisker(line: SliceDifference) -> Cell:
    value, interval = line.difference.value, line.difference.interval
    if not interval.low <= interval.high:
        return ""
    return Whisker(value=value, low=interval.low, high=interval.high)


def order_sentence(way: BoardSlices) -> str:
    """Return whether the order of the models differs significantly between slices."""
    by, count = way.slicing.by, len(way.slices)
    if not count:
        return ALL_TOO_SMALL.format(by=by)
    if count == 1:
        return f"By {by}: only one slice is large enough."
    if not way.rank_reversals:
        return (
            f"By {by}: no two models change places significantly between the {count} slices. "
            f"{_everywhere(way)}"
        )
    first = way.rank_reversals[0]
    more = f" and {plural(len(way.rank_reversals) - 1, 'other pair')}" if len(way.rank_reversals) > 1 else ""
    return (
        f"By {by}: the order differs between the {count} slices. {_swapped(first)}{more}. {_everywhere(way)}"
    )


def _everywhere(way: BoardSlices) -> str:
    best = way.best
    if not best:
        return "No model could be best on every slice."
    return (
        f"{listing(best)} could be best on every slice."
        if len(best) <= MOST_NAMED
        else f"{len(best):,} models could be best on every slice."
    )


def _swapped(swap: RankReversal) -> str:
    return f"{swap.better} is better than {swap.worse} on {swap.slice}, and worse on {swap.other_slice}"


def board_blocks(ways: Sequence[BoardSlices]) -> list[Block]:
    """Return the boards by slices: whether the order differs, then the leader of each slice."""
    blocks: list[Block] = []
    several = len({way.task for way in ways}) > 1
    for way in ways:
        table = [board_table(way)] if way.slices else []
        said = Text(text=order_sentence(way))
        blocks += [*headed(way.task, several=several), said, *table, *small(left_out(way.slicing))]
    return blocks


def board_table(way: BoardSlices) -> Table:
    """Lay out one line per slice: the leader, its score, and how many could be best."""
    fields: list[Field[SliceBoard]] = [
        Field(way.slicing.by, lambda each: each.slice, align="left"),
        Field(
            "questions", lambda each: f"{max(e.estimate.n_items for e in each.board.entries):,}", priority=8
        ),
        Field("highest", lambda each: listing(each.board.leaders), align="left"),
        Field("score", _score, priority=9),
        Field("could be best", lambda each: f"{len(each.board.could_be_best)} of {len(each.board.entries)}"),
        Field("significant neighbours", _neighbours, priority=5),
    ]
    return tabled(way.slices, fields, note="Ranks are simultaneous within a slice and over the slices.")


def _score(each: SliceBoard) -> str:
    return Scale(percent=each.board.percent).score(each.board.entries[0].estimate.value)


def _neighbours(each: SliceBoard) -> str:
    return f"{each.board.n_significant_neighbours} of {len(each.board.entries) - 1}"
