"""How comparisons are said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.answers.compare import Comparisons
from howsure.present import flips, measures, slices
from howsure.present.compare_verdict import one_verdict, tasks_verdict
from howsure.present.document import (
    Column,
    Document,
    Field,
    Table,
    Text,
    Whisker,
    closing,
    facts,
    opening,
    small,
    tabled,
)
from howsure.present.estimate import merged
from howsure.present.methods import of_comparisons
from howsure.present.words import clusters, factors, plain
from howsure.statistics.results import significant
from howsure.wording import (
    MOST_FORECAST,
    Scale,
    correlation_text,
    level_text,
    listing,
    p_text,
    plural,
    rounded_up,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.slices import GapSlices
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Cell
    from howsure.statistics.results import Equivalence

OPEN = "can't tell"


def document(answer: Comparison | Comparisons) -> Document:
    """Return the verdict, a table for each comparison and the cautions."""
    return Document(blocks=tuple(_several(answer) if isinstance(answer, Comparisons) else _one(answer)))


def methods(answer: Comparison | Comparisons) -> Document:
    """Say what was done, as a paper's methods do."""
    return of_comparisons(answer.every if isinstance(answer, Comparisons) else (answer,))


def _one(c: Comparison) -> list[Block]:
    cautions = (*c.cautions, *c.difference.cautions, *measures.cautions(c))
    return [
        *opening(verdict(c), chapter=c.chapter, models=(c.a, c.b)),
        *measures.blocks(c),
        *small(c.notes),
        comparison_table(c),
        *slices.gap_blocks(c.slices, models=() if c.chapter else (c.a, c.b)),
        *flips.blocks(c.flips),
        *closing(cautions),
    ]


def _several(answer: Comparisons) -> list[Block]:
    first = answer.comparisons[0]
    names = f"a: {first.a}, b: {first.b}."
    cautions = merged(
        [
            (_name_of(c, answer), (*c.cautions, *c.difference.cautions, *measures.cautions(c)))
            for c in answer.every
        ],
        "task",
    )
    return [
        *opening(verdict(answer), chapter=answer.chapter, models=(first.a, first.b)),
        *(block for c in answer.every[:1] for block in measures.blocks(c)),
        *small([*answer.notes, names, *_unseen(answer)]),
        tasks_table(answer),
        *_measures_table(answer),
        *(block for c in answer.every for block in _sliced(c)),
        *flips.blocks(answer.flips),
        *closing((*cautions, *answer.cautions)),
    ]


def _unseen(answer: Comparisons) -> list[str]:
    """Name the tasks on which losses that no question showed could be larger than the interval is wide."""
    tasks = [_name_of(c, answer) for c in answer.comparisons if c.hides_losses]
    if not tasks:
        return []
    return [
        (
            f"{listing(tasks)}: no question was lost as a whole; if some are, the difference could lie "
            "beyond its interval."
        )
    ]


def _measures_table(answer: Comparisons) -> list[Block]:
    """Return what both took, a line a task and measure."""
    rows = [(c.task or "overall", *row) for c in answer.every for row in measures.rows(c)]
    if not rows:
        return []
    heads = tuple(Column(name=name, align="left") for name in ("task", "took", "a / b"))
    return [Table(columns=heads, rows=tuple(rows))]


def _sliced(c: Comparison) -> list[Block]:
    """Return a task's slices under its name."""
    found = slices.gap_blocks(c.slices)
    return [Text(text=c.task or "overall", kind="heading"), *found] if found else []


def _name_of(c: Comparison, answer: Comparisons) -> str:
    """Name a comparison among others: by its task, and by its metric where a task has several."""
    if not c.task:
        return "overall"
    tasks = [other.task for other in answer.comparisons]
    return f"{c.task} · {c.metric}" if len(set(tasks)) < len(tasks) else c.task


def tasks_table(answer: Comparisons) -> Table:
    """Lay out the comparisons of several tasks, a line a task, the overall one first and set off."""
    every, percent = answer.every, all(c.percent for c in answer.every)
    alike = percent or not any(c.percent for c in every)
    margin, fixed = any(c.equivalence for c in every), every[0].difference.method.of_benchmark
    unit, gap = Scale(percent=percent).column, f"a − b{Scale(percent=percent).unit}"
    needed = "attempts needed" if fixed else "items needed"
    clustered = any(c.difference.n_clusters != c.difference.n_items for c in every)
    metrics = len({c.metric for c in answer.comparisons}) > 1
    fields: list[Field[Comparison]] = [
        Field("task", lambda c: c.task or "overall", align="left"),
        Field("metric", lambda c: c.metric if c.task else "", align="left", priority=8, shown=metrics),
        Field(f"a{unit}", lambda c: _score(c, c.a_mean, alike)),
        Field(f"b{unit}", lambda c: _score(c, c.b_mean, alike)),
        Field(gap, lambda c: _gap(c, alike)),
        Field(f"{level_text(every[0].difference.interval.level)} interval", lambda c: _limits(c, alike)),
        Field("", _bar, align="left", priority=3, axis=Scale(percent=percent), shown=alike),
        Field("p", lambda c: p_text(c.p_adjusted), priority=7, shown=not margin),
        Field("p, not worse", lambda c: p_text(_margin_p(c)[0]), priority=7, shown=margin),
        Field("p, equivalent", lambda c: p_text(_margin_p(c)[1]), priority=6, shown=margin),
        Field("verdict", _word, align="left", priority=10),
        Field("items", lambda c: f"{c.difference.n_items:,}", priority=6),
        Field("not shared", _not_shared, priority=8, shown=any(c.n_only_a or c.n_only_b for c in every)),
        Field("clusters", _clusters, priority=5, shown=clustered),
        Field("SE", lambda c: Scale(percent=c.percent).number(c.difference.se), priority=4, error_of=gap),
        Field("wins / losses", lambda c: f"{c.wins:,} / {c.losses:,}", priority=3),
        Field(needed, _forecast, priority=2, shown=any(_forecast(c) for c in every)),
    ]
    methods = "; ".join(dict.fromkeys(str(c.difference.method) for c in answer.comparisons))
    note = f"intervals by {methods}; their coverage: howsure calibrate"
    return tabled(every, fields, note=note, lead=int(answer.overall is not None))


def _score(c: Comparison, value: float, alike: bool) -> str:
    scale = Scale(percent=c.percent)
    return scale.number(value) if alike else scale.score(value)


def _gap(c: Comparison, alike: bool) -> str:
    scale = Scale(percent=c.percent)
    return scale.signed(c.difference.value) if alike else scale.difference(c.difference.value)


def _limits(c: Comparison, alike: bool) -> str:
    scale = Scale(percent=c.percent)
    return scale.interval(c.judged_interval.low, c.judged_interval.high) + ("" if alike else scale.unit)


def _bar(c: Comparison) -> Cell:
    low, high, value = c.judged_interval.low, c.judged_interval.high, c.difference.value
    return (
        Whisker(value=value, low=low, high=high) if math.isfinite(high - low) and math.isfinite(value) else ""
    )


def _margin_p(c: Comparison) -> tuple[float, float]:
    return (
        (math.nan, math.nan)
        if c.equivalence is None
        else (c.equivalence.p_noninferior, c.equivalence.p_equivalent)
    )


def _word(c: Comparison) -> str:
    """Say the verdict of one line in two or three words."""
    if not math.isfinite(c.p_value):
        return "no error bar"
    if c.equivalence is not None:
        return _margin_word(c.equivalence)
    return OPEN if c.better is None else "a is better" if c.better == c.a else "b is better"


def _margin_word(e: Equivalence) -> str:
    """Say what the margin shows in two or three words."""
    if e.equivalent:
        return "equivalent"
    return "a is not worse" if e.noninferior else "a is worse" if e.inferior else OPEN


def _not_shared(c: Comparison) -> str:
    return f"{c.n_only_a + c.n_only_b:,}"


def _clusters(c: Comparison) -> str:
    """Count the clusters of a task; over all tasks they would be added to the single items of others."""
    clustered = c.task and c.difference.n_clusters != c.difference.n_items
    return f"{c.difference.n_clusters:,}" if clustered else ""


def _forecast(c: Comparison) -> str:
    """Write what it would take to decide a comparison, nothing where it is decided or nothing tells."""
    needed = c.attempts_needed if c.difference.method.of_benchmark else c.items_needed
    return rounded_up(needed) if not c.decided and c.equivalence is None and needed < MOST_FORECAST else ""


def verdict(answer: Comparison | Comparisons) -> str:
    """Say which is better, or on how many tasks each is."""
    return tasks_verdict(answer) if isinstance(answer, Comparisons) else one_verdict(answer)


def explanation(answer: Comparison | Comparisons) -> Document:
    """Explain the comparison, or the overall one, or else the first task's, in plain words."""
    if not isinstance(answer, Comparisons):
        return plain.explained(plain.pair_phrases(answer))
    c = answer.every[0]
    return plain.explained(plain.pair_phrases(c), f"{c.task or 'overall'} · {c.metric}")


def chart(answer: Comparison | Comparisons) -> Spec:
    """Draw the differences; those in points share a panel, another scale has its own, and so has every
    partition into slices.
    """
    from howsure.present.charts.base import panels

    comparisons = answer.every if isinstance(answer, Comparisons) else (answer,)
    forests = [_forest(way) for c in comparisons for way in c.slices]
    drawn = () if forests and len(comparisons) == 1 else comparisons
    shared = [c for c in drawn if c.percent]
    groups = [*([shared] if shared else []), *([c] for c in drawn if not c.percent)]
    return panels([*(_panel(group, verdict(answer)) for group in groups), *forests])


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


def _forest(way: GapSlices) -> Spec:
    """Draw the whole and the slices of a partition."""
    from howsure.present.charts import compare

    return compare.spec(
        slices.gap_records(way),
        percent=way.percent,
        score=way.metric,
        parts=way.slicing.by,
        lower_is_better=way.lower_is_better,
        level=way.level,
        description=slices.gap_sentence(way),
    )


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
    plain = c.difference.method.of_benchmark
    rows.append(("SE" if plain else f"SE, {'paired' if c.paired else 'unpaired'}", _se_text(c, scale)))
    if c.wins + c.losses + c.ties:
        rows.append(("wins / losses / ties", f"{c.wins:,} / {c.losses:,} / {c.ties:,}"))
    rows += [
        *_unseen_rows(c, scale),
        *measures.rows(c),
        *factors.source_rows(c.sources, scale),
        *_beside_rows(c, scale),
        *_equivalence_rows(c, scale),
    ]
    rows.append(("items, clusters", _counts_text(c)))
    rows.append(("method", str(c.difference.method)))
    return facts(
        rows, note="how often such intervals contain the truth: see howsure calibrate" if c.paired else ""
    )


def _unseen_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    """Say how large a loss could be that no question showed, if the interval is narrower than that."""
    if not c.hides_losses:
        return []
    return [
        (
            "unseen losses",
            f"up to {scale.gap(c.unseen)}, if some questions are lost as a whole; none of these was",
        )
    ]


def _beside_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    """Say what the other of new and same clusters says."""
    if c.beside is None:
        return []
    same = c.beside.population == "same-clusters"
    where = (
        f"on {clusters.more_of_these(c.clusters, c.task) if same else clusters.new_ones(c.clusters, c.task)}"
    )
    interval, shown = (
        c.beside.estimate.interval,
        significant(c.beside.p_value, c.beside.estimate.interval.level),
    )
    told = f"{scale.interval(interval.low, interval.high)}{scale.unit}, p {p_text(c.beside.p_value)}"
    return [(where, told if c.equivalence else f"{'significant' if shown else OPEN}: {told}")]


def _se_text(c: Comparison, scale: Scale) -> str:
    text = scale.number(c.difference.se) + scale.unit
    if c.sources is not None and c.sources.known:
        return f"{text} ({factors.alone(c.sources, c.difference.se, scale)})"
    if math.isfinite(c.saved):
        gained = f"removed {100 * c.saved:.0f} % of the variance" if c.saved >= 0 else "gained nothing"
        return f"{text} (covariates {gained})"
    if not c.paired or not math.isfinite(c.unpaired_se) or not c.unpaired_se:
        return text
    saved = 1 - (c.difference.se / c.unpaired_se) ** 2
    effect = (
        f"pairing removed {100 * saved:.0f} % of the variance" if saved >= 0 else "pairing gained nothing"
    )
    together = f"correlation {correlation_text(c.correlation)}; " if math.isfinite(c.correlation) else ""
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
        text += f" in {plural(c.difference.n_clusters, 'cluster')}"
        text += f" (df {c.difference.df:.1f})" if math.isfinite(c.difference.df) else ""
    if c.n_only_a or c.n_only_b:
        text += f"; {c.n_only_a:,} only in a, {c.n_only_b:,} only in b"
    return text
