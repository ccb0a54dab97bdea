"""Comparison: is A better than B? The verdict first, the numbers after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.document import Column, Document, Note, Scale, Table, Text, level_text, p_text, plural, rounded_up
from howsure.options import significant

if TYPE_CHECKING:
    import altair as alt

    from howsure.answers.estimate import Estimate
    from howsure.document import Block
    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """What a margin says: is A not worse than B by more than it, and are they the same within it?

    p-values of the one-sided tests at ±margin (Schuirmann 1987); `p_inferior` of the other side, that A is worse by more, and
    `p_outside`, two-sided, that the difference lies beyond ±margin.
    """

    margin: float
    p_noninferior: float
    p_equivalent: float
    level: float
    p_inferior: float = math.nan
    p_outside: float = math.nan

    @property
    def noninferior(self) -> bool:
        """A is not worse than B by more than the margin."""
        return significant(self.p_noninferior, self.level)

    @property
    def equivalent(self) -> bool:
        """A and B are the same within the margin."""
        return significant(self.p_equivalent, self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "margin": self.margin,
            "p_noninferior": number(self.p_noninferior),
            "p_equivalent": number(self.p_equivalent),
            "noninferior": self.noninferior,
            "equivalent": self.equivalent,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Answer):
    """The difference a − b on one task and metric, or overall.

    `difference.value` and `.se` are the plain ones; interval and p-value come from one pivot and never disagree.
    `paired`: on the items that both answered. `unpaired_se`: what the SE would be without pairing.
    `wins`, `losses`, `ties`: items on which a scores better, worse or the same. `n_only_a`, `n_only_b`: items that
    only one of them answered. `p_adjusted`: corrected for the number of comparisons asked at once.
    `items_needed`: about how many items in all would show a gap of this size with 80 % power, NaN if there is none
    or fewer than ten clusters (items without them) tell its size;
    `attempts_needed`: the same for attempts at each item, where the question is about exactly these items.
    `saved`: the share of the plain difference's variance that covariates saved, NaN without them.
    `unclustered_se`: what the SE would be if each item stood alone, NaN without clusters.
    """

    task: str
    metric: str
    a: str
    b: str
    a_mean: float
    b_mean: float
    difference: Estimate
    p_value: float
    p_adjusted: float
    correlation: float = math.nan
    unpaired_se: float = math.nan
    unclustered_se: float = math.nan
    paired: bool = True
    wins: int = 0
    losses: int = 0
    ties: int = 0
    n_only_a: int = 0
    n_only_b: int = 0
    lower_is_better: bool = False
    percent: bool = True
    items_needed: float = math.nan
    attempts_needed: float = math.nan
    saved: float = math.nan
    equivalence: Equivalence | None = None
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the difference is real at the level of its interval, after adjustment."""
        return significant(self.p_adjusted, self.difference.interval.level)

    @property
    def better(self) -> str | None:
        """The model that is really better, None where it can't be told."""
        if not self.decided:
            return None
        return self.a if (self.difference.value > 0) != self.lower_is_better else self.b

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        return verdict_sentence(self)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping."""
        numbers = self.difference.to_dict()
        numbers["difference"] = numbers.pop("value")
        del numbers["bounds"], numbers["cautions"]
        head = {"task": self.task, "metric": self.metric, "a": self.a, "b": self.b}
        means = {"a_mean": number(self.a_mean), "b_mean": number(self.b_mean)}
        return [{**head, **means, **numbers, **self._facts(), "verdict": self.verdict}]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "comparison",
            "verdict": self.verdict,
            "task": self.task,
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
            "a_mean": number(self.a_mean),
            "b_mean": number(self.b_mean),
            "difference": self.difference.to_dict(),
            **self._facts(),
            "equivalence": None if self.equivalence is None else self.equivalence.to_dict(),
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def _facts(self) -> dict[str, Any]:
        return {
            "better": self.better,
            "p_value": number(self.p_value),
            "p_adjusted": number(self.p_adjusted),
            "correlation": number(self.correlation),
            "unpaired_se": number(self.unpaired_se),
            "unclustered_se": number(self.unclustered_se),
            "paired": self.paired,
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
            "n_only_a": self.n_only_a,
            "n_only_b": self.n_only_b,
            "items_needed": number(self.items_needed),
            "attempts_needed": number(self.attempts_needed),
            "saved": number(self.saved),
        }

    def chart(self) -> dict[str, Any]:
        """Return the difference with its interval as Vega-Lite."""
        from howsure.answers.drawing import comparisons_chart

        return comparisons_chart((self,), self.verdict)

    def plot(self) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot"."""
        from howsure.charts.base import draw

        return draw(self.chart())

    def document(self) -> Document:
        """Return the verdict, one table and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(comparison_table(self))
        cautions = (*self.cautions, *self.difference.cautions)
        if cautions:
            blocks.append(Note(cautions=cautions))
        return Document(blocks=tuple(blocks))

    def explanation(self) -> Document:
        """Return the answer in plain words, for readers without statistics."""
        from howsure.answers.plain_words import explain_comparison

        return explain_comparison(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons(Answer):
    """The same two models on several tasks, with the overall difference where one was asked for."""

    comparisons: tuple[Comparison, ...]
    overall: Comparison | None = None
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def verdict(self) -> str:
        """One plain sentence: the overall one, or how many tasks each wins."""
        if self.overall is not None:
            return self.overall.verdict
        a, b = self.comparisons[0].a, self.comparisons[0].b
        won = [sum(c.better == name for c in self.comparisons) for name in (a, b)]
        tasks = plural(len(self.comparisons), "task")
        open_ = len(self.comparisons) - sum(won)
        return f"Of {tasks}, {a} is really better on {won[0]}, {b} on {won[1]}; on {open_} it can't be told."

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per comparison, the overall one first."""
        every = (*((self.overall,) if self.overall else ()), *self.comparisons)
        return [record for comparison in every for record in comparison.records()]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "comparisons",
            "verdict": self.verdict,
            "overall": None if self.overall is None else self.overall.to_dict(),
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def chart(self) -> dict[str, Any]:
        """Return the difference on each task with its interval as Vega-Lite."""
        from howsure.answers.drawing import comparisons_chart

        return comparisons_chart((*((self.overall,) if self.overall else ()), *self.comparisons), self.verdict)

    def plot(self) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot"."""
        from howsure.charts.base import draw

        return draw(self.chart())

    def document(self) -> Document:
        """Return the verdict, each task's own document and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        if self.overall is not None:
            blocks.append(comparison_table(self.overall))
        for comparison in self.comparisons:
            blocks.append(Text(text=f"{comparison.task} · {comparison.metric}", kind="heading"))
            blocks += comparison.document().blocks
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))

    def explanation(self) -> Document:
        """Return the overall answer, or else the first task's, in plain words."""
        from howsure.answers.plain_words import explain_comparisons

        return explain_comparisons(self)


def comparison_table(c: Comparison) -> Table:
    """Lay out one comparison as two columns: what, and how much."""
    scale = Scale(percent=c.percent)
    interval, level = c.difference.interval, level_text(c.difference.interval.level)
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
    fixed = c.difference.method.endswith("fixed-items")
    rows.append(("SE" if fixed else f"SE, {'paired' if c.paired else 'unpaired'}", _se_text(c, scale)))
    if c.wins + c.losses + c.ties:
        rows.append(("wins / losses / ties", f"{c.wins:,} / {c.losses:,} / {c.ties:,}"))
    rows += _equivalence_rows(c, scale)
    rows.append(("items, clusters", _counts_text(c)))
    rows.append(("method", c.difference.method))
    if c.paired:
        rows.append(("how often it holds", "howsure calibrate --record"))
    return Table(columns=(Column(name="", align="left"), Column(name="", align="left")), rows=tuple(rows))


def verdict_sentence(c: Comparison) -> str:
    """Say in one sentence who is better, or that it can't be told and what it would take."""
    scale = Scale(percent=c.percent)
    if not math.isfinite(c.p_value):
        return f"Can't tell {c.a} and {c.b} apart: these scores give no error bar ({_why(c)})."
    take = scale.number(c.difference.interval.half_width)
    gap, level = scale.gap(c.difference.value), level_text(c.difference.interval.level)
    where = "" if c.task else "overall, "
    if c.equivalence is not None:
        return _margin_sentence(c, c.equivalence, scale)
    if c.better is not None:
        loser = c.b if c.better == c.a else c.a
        return f"{where}{c.better} beats {loser} by {gap}, give or take {take}: real at {level}."
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
        return f"{c.a} and {c.b} are the same within {margin} ({take}): shown at {level}."
    if e.noninferior:
        return f"{c.a} is not worse than {c.b} by more than {margin} ({take}): shown at {level}."
    return f"Can't tell whether {c.a} is within {margin} of {c.b} ({take})."


def _why(c: Comparison) -> str:
    return c.difference.cautions[0].message if c.difference.cautions else "too few items or clusters"


def _se_text(c: Comparison, scale: Scale) -> str:
    text = scale.number(c.difference.se) + scale.unit
    if math.isfinite(c.saved):
        return f"{text} (covariates saved {100 * c.saved:.0f} % of the variance)".replace("-", "−")
    if not c.paired or not math.isfinite(c.unpaired_se) or not c.unpaired_se:
        return text
    saved = 1 - (c.difference.se / c.unpaired_se) ** 2
    effect = f"pairing saved {100 * saved:.0f} % of the variance" if saved >= 0 else "pairing saved nothing"
    together = f"correlation {c.correlation:.2f}; " if math.isfinite(c.correlation) else ""
    return f"{text} (unpaired {scale.number(c.unpaired_se)}; {together}{effect})"


def _equivalence_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    if c.equivalence is None:
        return []
    e = c.equivalence
    return [
        ("margin", scale.gap(e.margin)),
        ("p, not worse", p_text(e.p_noninferior)),
        ("p, equivalent", p_text(e.p_equivalent)),
    ]


def _counts_text(c: Comparison) -> str:
    text = plural(c.difference.n_items, "shared item" if c.paired else "item")
    if c.difference.n_clusters != c.difference.n_items:
        text += f" in {plural(c.difference.n_clusters, 'cluster')} (df {c.difference.df:.1f})"
    if c.n_only_a or c.n_only_b:
        text += f"; {c.n_only_a:,} only in a, {c.n_only_b:,} only in b"
    return text
