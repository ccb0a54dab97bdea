"""How comparisons are said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.answers.compare import Comparisons
from howsure.present.document import Document, Text, closing, facts, opening
from howsure.present.words import plain
from howsure.wording import Scale, level_text, p_text, plural, rounded_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Equivalence


def document(answer: Comparison | Comparisons) -> Document:
    """Return the verdict, a table for each comparison and the cautions."""
    return Document(blocks=tuple(_several(answer) if isinstance(answer, Comparisons) else _one(answer)))


def _one(c: Comparison) -> list[Block]:
    return [*opening(verdict(c), c.notes), comparison_table(c), *closing((*c.cautions, *c.difference.cautions))]


def _several(answer: Comparisons) -> list[Block]:
    blocks = opening(verdict(answer), answer.notes)
    if answer.overall is not None:
        blocks.append(comparison_table(answer.overall))
    for comparison in answer.comparisons:
        blocks.append(Text(text=f"{comparison.task} · {comparison.metric}", kind="heading"))
        blocks += _one(comparison)
    return [*blocks, *closing(answer.cautions)]


def verdict(answer: Comparison | Comparisons) -> str:
    """Say which is better, or on how many tasks each is."""
    return _tasks_verdict(answer) if isinstance(answer, Comparisons) else verdict_sentence(answer)


def explanation(answer: Comparison | Comparisons) -> Document:
    """Explain the comparison, or the overall one, or else the first task's, in plain words."""
    if not isinstance(answer, Comparisons):
        return plain.explained(plain.pair_phrases(answer))
    c = answer.every[0]
    return plain.explained(plain.pair_phrases(c), f"{c.task or 'overall'} · {c.metric}")


def chart(answer: Comparison | Comparisons) -> Spec:
    """Draw the differences; those in points share a panel, another scale has its own."""
    from howsure.present.charts.base import panels

    comparisons = answer.every if isinstance(answer, Comparisons) else (answer,)
    shared = [c for c in comparisons if c.percent]
    groups = [*([shared] if shared else []), *([c] for c in comparisons if not c.percent)]
    return panels([_panel(group, verdict(answer)) for group in groups])


def _panel(group: Sequence[Comparison], description: str) -> Spec:
    from howsure.present.charts import compare

    first, metrics = group[0], {c.metric for c in group}
    return compare.spec(
        [record for c in group for record in c.records()],
        percent=first.percent,
        score=first.metric if len(metrics) == 1 else "score",
        lower_is_better=all(c.lower_is_better for c in group),
        level=first.difference.interval.level,
        margin=None if first.equivalence is None else first.equivalence.margin,
        description=description,
    )


def _tasks_verdict(answer: Comparisons) -> str:
    """Say the overall verdict, or how many tasks each wins."""
    if answer.overall is not None:
        return verdict_sentence(answer.overall)
    a, b = answer.comparisons[0].a, answer.comparisons[0].b
    won = [sum(c.better == name for c in answer.comparisons) for name in (a, b)]
    tasks = plural(len(answer.comparisons), "task")
    open_ = len(answer.comparisons) - sum(won)
    return f"Of {tasks}, {a} is significantly better on {won[0]} and {b} on {won[1]}; {open_ or 'none'} undecided."


def comparison_table(c: Comparison) -> Table:
    """Lay out one comparison as two columns: what, and how much."""
    scale = Scale(percent=c.percent)
    interval, level = c.judged_interval, level_text(c.difference.interval.level)
    shared = " (on shared items)" if c.paired and (c.n_only_a or c.n_only_b) else ""
    rows: list[tuple[str, str]] = [
        (c.a, scale.score(c.a_mean) + shared),
        (c.b, scale.score(c.b_mean) + shared),
        ("difference a − b", scale.difference(c.difference.value)),
        (f"{level} interval", scale.interval(interval.low, interval.high) + scale.unit),
        ("p-value", p_text(c.p_value)),
    ]
    if c.p_adjusted != c.p_value and math.isfinite(c.p_adjusted):
        rows.append(("p-value, adjusted", p_text(c.p_adjusted)))
    fixed = c.difference.method.of_benchmark
    rows.append(("SE" if fixed else f"SE, {'paired' if c.paired else 'unpaired'}", _se_text(c, scale)))
    if c.wins + c.losses + c.ties:
        rows.append(("wins / losses / ties", f"{c.wins:,} / {c.losses:,} / {c.ties:,}"))
    rows += _equivalence_rows(c, scale)
    rows.append(("items, clusters", _counts_text(c)))
    rows.append(("method", str(c.difference.method)))
    return facts(
        rows, note="how often such intervals contain the truth: see calibrate with `record=True`" if c.paired else ""
    )


def verdict_sentence(c: Comparison) -> str:
    """Say in one sentence which is better, or that the data can't tell and what it would take."""
    scale = Scale(percent=c.percent)
    if not math.isfinite(c.p_value):
        return f"Can't tell which of {c.a} and {c.b} is better: these scores give no error bar ({_why(c)})."
    take = scale.number(c.judged_interval.half_width)
    gap, level = scale.gap(c.difference.value), level_text(c.difference.interval.level)
    where = "" if c.task else "overall, "
    if c.equivalence is not None:
        return _margin_sentence(c, c.equivalence, scale)
    if c.better is not None:
        loser = c.b if c.better == c.a else c.a
        return f"{where}{c.better} beats {loser} by {gap}, give or take {take}: significant at {level} confidence."
    if c.difference.value == 0:
        return f"Can't tell: {where}{c.a} and {c.b} score the same, give or take {take}{scale.unit}."
    ahead = c.a if (c.difference.value > 0) != c.lower_is_better else c.b
    return f"Can't tell: {where}{ahead} is ahead by {gap}, give or take {take}{_needed(c)}."


def _needed(c: Comparison) -> str:
    if c.items_needed < 1e7:
        return f"; it would take about {rounded_up(c.items_needed)} items in all"
    if c.attempts_needed < 1e5:
        return f"; it would take about {rounded_up(c.attempts_needed)} attempts at each item"
    return ""


def _margin_sentence(c: Comparison, e: Equivalence, scale: Scale) -> str:
    margin, level = scale.gap(e.margin), level_text(e.level)
    take = f"{scale.difference(c.difference.value)}, give or take {scale.number(c.difference.interval.half_width)}"
    if e.equivalent:
        return f"{c.a} and {c.b} are equivalent within {margin} ({take}), at {level} confidence."
    if e.noninferior:
        return f"{c.a} is not worse than {c.b} by more than {margin} ({take}), at {level} confidence."
    return f"Can't tell whether {c.a} is within {margin} of {c.b} ({take})."


def _why(c: Comparison) -> str:
    return c.difference.cautions[0].message if c.difference.cautions else "too few items or clusters"


def _se_text(c: Comparison, scale: Scale) -> str:
    text = scale.number(c.difference.se) + scale.unit
    if math.isfinite(c.saved):
        return f"{text} (covariates removed {100 * c.saved:.0f} % of the variance)".replace("-", "−")
    if not c.paired or not math.isfinite(c.unpaired_se) or not c.unpaired_se:
        return text
    saved = 1 - (c.difference.se / c.unpaired_se) ** 2
    effect = f"pairing removed {100 * saved:.0f} % of the variance" if saved >= 0 else "pairing gained nothing"
    together = f"correlation {c.correlation:.2f}; " if math.isfinite(c.correlation) else ""
    return f"{text} (unpaired {scale.number(c.unpaired_se)}; {together}{effect})"


def _equivalence_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    if c.equivalence is None:
        return []
    e = c.equivalence
    return [
        ("margin", scale.gap(e.margin)),
        ("p, non-inferiority", p_text(e.p_noninferior)),
        ("p, equivalence", p_text(e.p_equivalent)),
    ]


def _counts_text(c: Comparison) -> str:
    text = plural(c.difference.n_items, "shared item" if c.paired else "item")
    if c.difference.n_clusters != c.difference.n_items:
        text += f" in {plural(c.difference.n_clusters, 'cluster')} (df {c.difference.df:.1f})"
    if c.n_only_a or c.n_only_b:
        text += f"; {c.n_only_a:,} only in a, {c.n_only_b:,} only in b"
    return text
