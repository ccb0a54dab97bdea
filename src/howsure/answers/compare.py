"""Comparison: is A better than B? The verdict first, the numbers after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.compare import comparison_table, verdict_sentence
from howsure.present.document import Document, Note, Text
from howsure.statistics.results import significant
from howsure.wording import plural

if TYPE_CHECKING:
    import altair as alt

    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.statistics.pairs.equivalence import Equivalence
    from howsure.statistics.results import Estimate


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
        from howsure.present.charts.drawing import comparisons_chart

        return comparisons_chart((self,), self.verdict)

    def plot(self) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot"."""
        from howsure.present.charts.base import draw

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
        from howsure.present.words.plain import explain_comparison

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
        from howsure.present.charts.drawing import comparisons_chart

        return comparisons_chart((*((self.overall,) if self.overall else ()), *self.comparisons), self.verdict)

    def plot(self) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot"."""
        from howsure.present.charts.base import draw

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
        from howsure.present.words.plain import explain_comparisons

        return explain_comparisons(self)
