"""In plain words: an answer for a reader without statistics, with the reader's own numbers.

Three steps, each plain data: conditions (properties of an answer), fields (its numbers as texts), and the
phrases of phrases.txt whose conditions are true. Every number here is one of the answer's own, written by the
one formatter.
"""

from __future__ import annotations

import math
from importlib.resources import files
from typing import TYPE_CHECKING

from howsure.present.document import Document, Text
from howsure.present.words import factors
from howsure.present.words.factors import bound_sentence
from howsure.statistics.results import significant
from howsure.wording import MOST_FORECAST, Scale, correlation_text, level_text, p_text, plural, rounded_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.against import AgainstModel, AgainstTask
    from howsure.answers.compare import Comparison
    from howsure.answers.estimate import Entry
    from howsure.answers.leaderboard import Board
    from howsure.answers.parts import ErrorSources
    from howsure.statistics.results import Estimate

    Said = list[tuple[str, dict[str, str]]]

TOPICS: dict[str, str] = {}
"""The question that a topic answers."""

PHRASES: dict[str, str] = {}
"""The phrases by their keys (`pair.seen.shared`), in reading order."""

WHEN: dict[str, tuple[str, ...]] = {}
"""The conditions of each phrase. `!name` is the opposite of `name`."""


def _fill(text: str) -> None:
    topic = ""
    for block in text.strip().split("\n\n"):
        head, *lines = block.split("\n")
        name, _, rest = head.removeprefix("# ").partition(":")
        if head.startswith("# "):
            topic = name
            TOPICS[topic] = rest.strip()
        else:
            PHRASES[f"{topic}.{name}"] = " ".join(lines)
            WHEN[f"{topic}.{name}"] = tuple(rest.split())


_fill(files("howsure.present.words").joinpath("phrases.txt").read_text(encoding="utf-8"))


HEADING = "In plain words"
ALIKE = 0.03
"""Standard errors count as equal if they differ by less than this share of them."""
FEW = 30.0
"""Degrees of freedom from which t and normal intervals are nearly the same."""
AGREEING = 0.1
"""Correlation from which two models are described as finding the same questions hard."""


def chosen(kind: str, holds: Mapping[str, bool]) -> list[str]:
    """Return the keys of the phrases of one kind ("pair", "against", "board", "score") whose conditions are
    true, in reading order.
    """
    return [
        key
        for key, when in WHEN.items()
        if key.startswith(f"{kind}.")
        and all(holds[name.removeprefix("!")] != name.startswith("!") for name in when)
    ]


def paragraphs(said: Said) -> list[Text]:
    """Fill the phrases and put those of one topic into one paragraph under its question."""
    topics: dict[str, list[str]] = {}
    for key, fields in said:
        topics.setdefault(key.rpartition(".")[0], []).append(PHRASES[key].format(**fields))
    return [Text(text=f"{TOPICS[topic]} {' '.join(sentences)}") for topic, sentences in topics.items()]


def pair_phrases(c: Comparison) -> Said:
    """Return the phrases that apply to a comparison, each with its fields."""
    fields = pair_fields(c)
    return [(key, fields) for key in chosen("pair", pair_conditions(c))]


def pair_conditions(c: Comparison) -> dict[str, bool]:
    """Return the conditions of a comparison, by the names in `WHEN`."""
    d, interval = c.difference, c.difference.interval
    bar = math.isfinite(c.p_value) and math.isfinite(interval.low)
    comparable = c.paired and not _covariates(d) and c.sources is None
    saving = clearly_less(d.se, c.unpaired_se) if comparable else None
    naive_smaller, naive_larger = clearly_less(c.unclustered_se, d.se), clearly_less(d.se, c.unclustered_se)
    return {
        "bar": bar,
        "paired": c.paired,
        "overall": not c.task,
        "benchmark": _benchmark(d),
        "bayes": d.method.name == "bayes",
        "covariates": _covariates(d),
        "saved": c.variance_saved >= 0.005,
        "lower": c.lower_is_better,
        "counted": c.wins + c.losses + c.ties > 0,
        "differ": c.wins + c.losses > 0,
        "only": c.paired and c.n_only_a + c.n_only_b > 0,
        "equal": d.value == 0,
        "saving": saving is True,
        "unsaving": saving is False,
        "agreeing": c.correlation >= AGREEING,
        "clustered": _clustered(d),
        "levels": c.sources is not None and c.sources.known,
        "naive_smaller": naive_smaller is True,
        "naive_larger": naive_larger is True,
        "naive_alike": naive_smaller is naive_larger is False,
        "few": d.df < FEW,
        "corrected": c.p_adjusted != c.p_value and math.isfinite(c.p_adjusted),
        "alone": significant(c.p_value, interval.level) and not c.decided,
        "decided": c.decided,
        "margin": c.equivalence is not None,
        "equivalent": c.equivalence is not None and c.equivalence.equivalent,
        "noninferior": c.equivalence is not None and c.equivalence.noninferior,
        "inferior": c.equivalence is not None and c.equivalence.inferior,
        "items": c.items_needed < MOST_FORECAST,
        "attempts": c.attempts_needed < MOST_FORECAST and not c.items_needed < MOST_FORECAST,
    }


def pair_fields(c: Comparison) -> dict[str, str]:
    """Write the numbers of a comparison as texts."""
    scale, d = Scale(percent=c.percent), c.difference
    interval, sign = c.judged_interval, -1 if c.lower_is_better else 1
    a, b = short_names(c.a, c.b)
    sides = sorted((sign * interval.low, sign * interval.high))
    near, far = sorted((abs(interval.low), abs(interval.high)))
    percent = f"{100 * c.variance_saved:.0f}%" if math.isfinite(c.variance_saved) else ""
    return {
        "a": a,
        "b": b,
        "a_score": scale.score(c.a_mean),
        "b_score": scale.score(c.b_mean),
        "gap": _gap(scale, d.value),
        "winner": b if c.better == c.b else a,
        "where": "on exactly these questions" if _benchmark(d) else f"on questions {kind_of(d, c.sources)}",
        "why": _why(d),
        **_bar_fields(d, scale.difference(interval.low), scale.difference(interval.high), c.sources),
        **_level_fields(c.sources),
        "plus": f"plus means that {a} scores higher" + (", which is worse here" if c.lower_is_better else ""),
        "a_most": scale.gap(max(sides[1], 0.0)),
        "b_most": scale.gap(max(-sides[0], 0.0)),
        "near": scale.gap(near),
        "far": scale.gap(far),
        "wins": f"{c.wins:,}",
        "losses": f"{c.losses:,}",
        "ties": f"{c.ties:,}",
        "only_a": plural(c.n_only_a, "question"),
        "only_b": plural(c.n_only_b, "question"),
        "correlation": correlation_text(c.correlation),
        "se": scale.gap(d.se),
        "unpaired": scale.gap(c.unpaired_se),
        "naive": scale.gap(c.unclustered_se),
        "saved": percent,
        "p": _p_words(c.p_value),
        "p_adjusted": _p_words(c.p_adjusted),
        "luck": luck(c.p_value),
        "margin": "" if c.equivalence is None else scale.given_gap(c.equivalence.margin),
        "items": rounded_up(c.items_needed) if c.items_needed < MOST_FORECAST else "",
        "attempts": rounded_up(c.attempts_needed) if c.attempts_needed < MOST_FORECAST else "",
    }


def board_phrases(board: Board, *, boards: int = 1) -> Said:
    """Return the phrases that apply to a board. `boards`: the number of all boards."""
    steps = board_steps(board)
    fields = board_fields(board, steps)
    return [(key, fields) for key in chosen("board", board_conditions(board, steps, boards=boards))]


def board_conditions(board: Board, steps: tuple[float, float], *, boards: int = 1) -> dict[str, bool]:
    """Return the conditions of a board with these `board_steps`, by the names in `WHEN`."""
    leader, rank = board.entries[0].estimate, board.ranks[0]
    step, visible = steps
    return {
        "bar": math.isfinite(leader.interval.low),
        "many": len(board.entries) > 1,
        "crowd": len(board.entries) > 2,
        "boards": boards > 1,
        "level_scores": all(entry.estimate.value == leader.value for entry in board.entries),
        "lower": board.lower_is_better,
        "benchmark": _benchmark(leader),
        "bayes": leader.method.name == "bayes",
        "spread": rank.low != rank.high,
        "simultaneous": board.adjust in ("max-t", "holm"),
        "shared": board.adjust == "bh",
        "several": len(board.could_be_best) > 1,
        "steps": len(board.entries) > 1 and not math.isnan(step),
        "apart": board.n_significant_neighbours > 0,
        "sized": step > 0 and math.isfinite(visible) and visible > 0,
        "narrow": step < visible,
    }


def board_fields(board: Board, steps: tuple[float, float]) -> dict[str, str]:
    """Write the numbers of a board with these `board_steps` as texts."""
    scale, leader, rank = Scale(percent=board.percent), board.entries[0], board.ranks[0]
    count, estimate, level = len(board.entries), leader.estimate, board.level
    pairs, worse, apart = count * (count - 1) // 2, count - rank.high, board.n_significant_neighbours
    step, visible = steps
    return {
        "unit": board.unit,
        "units": f"{board.unit}s",
        "sharing": "with the same tasks" if board.unit == "task" else "that answered the same questions",
        "leader": leader.model,
        "score": scale.score(estimate.value),
        "models": plural(count, "model"),
        "why": _why(estimate),
        **_bar_fields(
            estimate, scale.score(estimate.interval.low), scale.score(estimate.interval.high), leader.sources
        ),
        "level": level_text(level),
        "rest": _rest(level),
        "rank_low": str(rank.low),
        "rank_high": str(rank.high),
        "better": "none is shown to be better" if rank.low == 1 else f"{rank.low - 1:,} shown to be better",
        "worse": f"{worse or 'none'} {'is' if worse <= 1 else 'are'} shown to be worse",
        "candidates": f"{len(board.could_be_best):,}",
        "gaps": plural(count - 1, "step"),
        "apart": f"{apart:,} {'is' if apart == 1 else 'are'}",
        "step": _gap(scale, step),
        "visible": scale.gap(visible),
        "pairs": plural(pairs, "pair"),
        "pair_count": f"{pairs:,}",
        "expected": f"{pairs * (1 - level):,.2g}"
        if pairs * (1 - level) < 10
        else f"{pairs * (1 - level):,.0f}",
    }


def against_phrases(part: AgainstTask) -> Said:
    """Return the phrases that apply to many models compared with one, each with its fields."""
    fields = against_fields(part)
    return [(key, fields) for key in chosen("against", against_conditions(part))]


def against_conditions(part: AgainstTask) -> dict[str, bool]:
    """Return the conditions of many models compared with one, by the names in `WHEN`."""
    many = part.n_tests > 1
    return {
        "crowd": len(part.models) > 1,
        "many": many,
        "bar": _shown_side(part) is not None,
        "lower": part.lower_is_better,
        "together": many and part.adjust not in ("bh", "none"),
        "shared": many and part.adjust == "bh",
    }


def against_fields(part: AgainstTask) -> dict[str, str]:
    """Write the numbers of many models compared with one as texts."""
    scale, side = Scale(percent=part.percent), _shown_side(part) or part.models[0]
    expected = part.n_tests * (1 - part.level)
    return {
        "one": part.against,
        "side": side.model,
        "sides": plural(len(part.models), "side"),
        "gap": scale.difference(side.difference.value),
        "low": scale.number(side.adjusted_interval.low),
        "high": scale.number(side.adjusted_interval.high) + scale.unit,
        "tests": plural(part.n_tests, "comparison"),
        "expected": f"{expected:,.2g}" if expected < 10 else f"{expected:,.0f}",
        "level": level_text(part.level),
        "rest": _rest(part.level),
    }


def _shown_side(part: AgainstTask) -> AgainstModel | None:
    """Return the first model with an interval."""
    return next((side for side in part.models if math.isfinite(side.adjusted_interval.low)), None)


def score_phrases(entry: Entry, *, percent: bool = True, many: bool = False) -> Said:
    """Return the phrases that apply to one model's score. `many`: whether there are others to compare it
    with.
    """
    fields = score_fields(entry, percent=percent)
    return [(key, fields) for key in chosen("score", score_conditions(entry, many=many))]


def score_conditions(entry: Entry, *, many: bool = False) -> dict[str, bool]:
    """Return the conditions of a score, by the names in `WHEN`."""
    estimate = entry.estimate
    return {
        "bar": math.isfinite(estimate.interval.low),
        "benchmark": _benchmark(estimate),
        "bayes": estimate.method.name == "bayes",
        "covariates": _covariates(estimate),
        "clustered": _clustered(estimate),
        "levels": entry.sources is not None and entry.sources.known,
        "few": estimate.df < FEW,
        "bound": bool(estimate.bounds) and not estimate.bounds[0].n_observed,
        "full": bool(estimate.bounds)
        and (estimate.bounds[0].side == "lower") != estimate.bounds[0].of_failures,
        "many": many,
    }


def score_fields(entry: Entry, *, percent: bool = True) -> dict[str, str]:
    """Write the numbers of a score as texts."""
    estimate = entry.estimate
    scale = Scale(percent=percent).near(estimate.value)
    return {
        "model": entry.model,
        "score": scale.score(estimate.value),
        "why": _why(estimate),
        "bound": bound_sentence(estimate.bounds[0]) if estimate.bounds else "",
        **_bar_fields(
            estimate, scale.score(estimate.interval.low), scale.score(estimate.interval.high), entry.sources
        ),
        **_level_fields(entry.sources),
    }


def short_names(*names: str) -> tuple[str, ...]:
    """Leave out the leading parts (`provider/`) that all names share.

    >>> short_names("openai/gpt-a", "openai/gpt-b")
    ('gpt-a', 'gpt-b')
    """
    parts = [name.split("/") for name in names]
    shared = 0
    while all(len(part) > shared + 1 for part in parts) and len({part[shared] for part in parts}) == 1:
        shared += 1
    return tuple("/".join(part[shared:]) for part in parts)


def explained(said: Said, title: str = "") -> Document:
    """Return phrases as a document under its heading, which names their subject if there are several."""
    heading = Text(text=f"{HEADING}: {title}" if title else HEADING, kind="heading")
    return Document(blocks=(heading, *paragraphs(said)))


def _level_fields(sources: ErrorSources | None) -> dict[str, str]:
    """Return the random factors besides the questions."""
    if sources is None or not sources.known:
        return {"levels": "", "shares": ""}
    return {"levels": factors.counted(sources), "shares": factors.shares_listed(sources)}


def _bar_fields(estimate: Estimate, low: str, high: str, sources: ErrorSources | None) -> dict[str, str]:
    level = estimate.interval.level
    return {
        "n": plural(estimate.n_items, "question"),
        "clusters": plural(estimate.n_clusters, "group"),
        "count": f"{estimate.n_items:,}",
        "df": f"{estimate.df:.1f}",
        "low": low,
        "high": high,
        "level": level_text(level),
        "rest": _rest(level),
        "kind": kind_of(estimate, sources),
    }


def board_steps(board: Board) -> tuple[float, float]:
    """Return the median difference between neighbouring ranks, and the approximate smallest significant
    one.
    """
    import numpy as np

    gaps, high = (np.diagonal(x, offset=1) for x in (board.pairs.difference, board.pairs.high))
    known = np.isfinite(gaps) & np.isfinite(high)
    return (
        (float(np.median(np.abs(gaps[known]))), board.smallest_significant)
        if known.any()
        else (math.nan, math.nan)
    )


def clearly_less(small: float, large: float) -> bool | None:
    """Return whether one standard error is clearly less than another. None if one of them is unknown or 0."""
    if not (small > 0 and large > 0):
        return None
    return small < (1 - ALIKE) * large


def _benchmark(estimate: Estimate) -> bool:
    return estimate.method.of_benchmark


def kind_of(estimate: Estimate, sources: ErrorSources | None = None) -> str:
    """Return the population of a score or a difference: which questions, and levels of random factors, unless
    it is about exactly these.
    """
    like = (
        ""
        if sources is None
        else f" and {' and '.join(f'{each.name}s' for each in sources.factors)} like these"
    )
    return "from these same clusters" if estimate.method.same_clusters else f"of this kind{like}"


def _covariates(estimate: Estimate) -> bool:
    return estimate.method.adjusted


def _clustered(estimate: Estimate) -> bool:
    return estimate.n_clusters != estimate.n_items and not estimate.method.same_clusters


def _why(estimate: Estimate) -> str:
    return (estimate.warnings[0].message if estimate.warnings else "too few questions or groups").rstrip(".")


def _gap(scale: Scale, value: float) -> str:
    return scale.lead(value) + (" (percentage points)" if scale.percent else "")


def _rest(level: float) -> str:
    return f"{round(100 * (1 - level), 10):g}%"


def _p_words(p: float) -> str:
    return p_text(p).replace("<", "below")


def luck(p: float) -> str:
    """Write a p-value as a share of evaluations."""
    if not math.isfinite(p):
        return ""
    if p < 0.001:
        return "fewer than 0.1%"
    return "nearly all" if p >= 0.995 else f"about {100 * p:.{0 if p >= 0.0995 else 1}f}%"
