"""The basis of a plan: assumptions, costs, and a pilot's estimates for a comparison, with their
uncertainty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import scipy

from howsure import checks
from howsure.answers.plan import Basis, Forecast
from howsure.errors import DataError, OptionError, ResultWarning
from howsure.inference.compare import gather_pair, one_metric, tasks_left_out
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.statistics.answer_noise import answers
from howsure.statistics.clustered_variance import equal_sizes, sizes_of, spread_sizes
from howsure.statistics.power import SURE, Joined, Spread
from howsure.statistics.variance_components import mixed, mixture_errors, variance_limits, variances
from howsure.study.design import Design
from howsure.study.factors import gather_levelled
from howsure.wording import Scale, amount_text, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from howsure.statistics.answer_noise import Answers
    from howsure.statistics.arrays import Ints
    from howsure.statistics.power import Doubt, Planned
    from howsure.statistics.variance_components import Components
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 10.0, math.inf)
"""The numbers of attempts whose effect a plan reports."""
MOST_ATTEMPTS, UNSEEN_QUESTIONS = 1_000, 10
"""The largest number of attempts that a plan considers, and the largest if questions don't show any spread of
their own, as more would lack a basis.
"""
TEXTBOOK_QUESTIONS, TEXTBOOK_ANSWERS, TEXTBOOK_UNPAIRED = 1 / 9, 1 / 3, 1 / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Assumptions about a comparison without a pilot. The defaults are those of Miller (2024), section 5.

    Rates spread evenly from 0 to 1 have variances of 1/12 between questions and 1/6 between answers for one
    model. 1/9 corresponds to a correlation of 1/3 between two.

    Args:
        question_variance: The variance of the true differences between items, in squared score units. None
            takes 1/9, and 1/6 for an unpaired comparison.
        answer_variance: The conditional variance of one attempt, both models' together. None takes 1/3.
        rate: The score of single answers, which, with `correlation`, replaces the variances: 2 · rate · (1 −
            rate) · (1 − correlation). None relies on the variances.
        correlation: The correlation of the two models' single answers to the same item.
        agreement: The share of items that both models get right or both get wrong, one attempt each. It
            replaces `correlation` and the variances: that of a difference is 1 − agreement.
        cluster_size: The mean number of items per cluster.
        cluster_variation: The coefficient of variation of that number.
        icc: The intra-cluster correlation of the differences at two items of a cluster, one attempt each. The
            design effect is 1 + (crowd − 1) · icc, with crowd the mean cluster size over items.

    Raises:
        OptionError: If a value is outside its range, both `rate` and a variance are given, or `icc` without
            `cluster_size`.

    Examples:
        >>> Assumptions(rate=0.8, correlation=0.5).variances(paired=True)
        (0.16, 0.0)
    """

    question_variance: float | None = None
    answer_variance: float | None = None
    rate: float | None = None
    correlation: float = 0.0
    agreement: float | None = None
    cluster_size: float = 1.0
    cluster_variation: float = 0.0
    icc: float = 0.0

    def __post_init__(self) -> None:
        least, most = {"correlation": -1.0}, {"rate": 1.0, "correlation": 1.0, "agreement": 1.0, "icc": 1.0}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            low, high = least.get(name, 1.0 if name == "cluster_size" else 0.0), most.get(name, math.inf)
            if value is not None and not low <= checks.number(name, value) <= high:
                reach = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of {low:g} or more"
                raise OptionError(f"`{name}={value!r}` is not a number {reach}")
        if self.rate is not None and (self.question_variance is not None or self.answer_variance is not None):
            raise OptionError(
                "rate and variances are alternatives", remedy="Give the rate, or the variances."
            )
        self._refuse_agreement()
        if self.icc and self.cluster_size == 1 and not self.cluster_variation:
            raise OptionError("icc needs clusters", remedy="Give `cluster_size` as well.")

    def _refuse_agreement(self) -> None:
        """Raise OptionError if the agreement contradicts the other assumptions."""
        if self.agreement is None:
            return
        if self.correlation or self.question_variance is not None or self.answer_variance is not None:
            raise OptionError("agreement replaces a correlation or variances", remedy="Give one of them.")
        if self.rate is not None and self.agreement < abs(2 * self.rate - 1):
            raise OptionError(
                f"if both models are right on {self.rate:g} of the items, they agree on at least "
                f"{abs(2 * self.rate - 1):g} of them",
                remedy="Assume a larger agreement, or another rate.",
            )

    @property
    def only_once(self) -> bool:
        """Whether this is about single answers, so that the effect of more attempts is unknown."""
        return self.rate is not None or self.agreement is not None

    def variances(self, *, paired: bool) -> tuple[float, float]:
        """Return the variances of questions and answers of the difference."""
        if self.agreement is not None:
            if not paired:
                raise OptionError(
                    "agreement needs the same items for both models", remedy="Give the rate alone."
                )
            return round(1 - self.agreement, 15), 0.0
        if self.rate is not None:
            shared = self.correlation if paired else 0.0
            return round(2 * self.rate * (1 - self.rate) * (1 - shared), 15), 0.0
        usual = TEXTBOOK_QUESTIONS if paired else TEXTBOOK_UNPAIRED
        question = usual if self.question_variance is None else self.question_variance
        return question, TEXTBOOK_ANSWERS if self.answer_variance is None else self.answer_variance

    def percent(self, effect: float, margin: float) -> bool:
        """Return whether this is about scores in [0, 1]. Given variances or sizes may exceed that scale."""
        stated = self.question_variance is not None or self.answer_variance is not None
        return not stated or max(sum(self.variances(paired=True)), abs(effect), margin) < 1

    def spread(self, question: float, answer: float, clusters: float | None = None) -> Spread:
        """Return the spread of questions and answers with these variances."""
        between = self.icc * (question + answer)
        if between > question + 1e-12:
            raise OptionError(
                f"icc={self.icc:g} gives more variance between clusters ({between:.3g}) than between "
                f"questions ({question:.3g})",
                remedy="Assume a smaller icc, or a larger question variance.",
            )
        sizes = spread_sizes(self.cluster_size, self.cluster_variation)
        return Spread(
            within=question - between, between=between, answer=answer, sizes=sizes, clusters=clusters
        )

    def known(self, level: float, *, paired: bool = True, clusters: float | None = None) -> KnownSpread:
        """Return the basis for a plan of a difference."""
        whole = self.spread(*self.variances(paired=paired), clusters)
        half = whole.times(0.5)
        spread = whole if paired else unpaired(half, half)
        return KnownSpread(spread=spread, level=level, only_once=self.only_once)

    def basis(self, *, paired: bool) -> Basis:
        """Return the same for the plan's output."""
        question, answer = self.variances(paired=paired)
        spread = self.spread(question, answer)
        return Basis(
            question=question,
            answer=math.nan if self.only_once else answer,
            between=spread.between,
            cluster_size=spread.sizes.size,
            effective_cluster_size=spread.sizes.crowd,
        )

    def contradictions(self, effect: float, *, paired: bool) -> tuple[ResultWarning, ...]:
        """Warn if models with these scores can't differ this much: the assumed spread is then too small."""
        if not self.only_once or not math.isfinite(effect):
            return ()
        rate = 0.5 if self.rate is None else self.rate
        most = sum(self.variances(paired=True)) if paired else 2 * min(rate, 1 - rate)
        if abs(effect) <= most + 1e-9:
            return ()
        scale = Scale()
        what = (
            f"answer {scale.number(most)}% of questions differently"
            if paired
            else f"differ by {scale.gap(most)}"
        )
        return (
            ResultWarning(
                code="more_than_differ",
                message=f"with {self._told(paired=paired)} the models can at most {what}, which is less "
                f"than the planned difference of {scale.gap(effect)}, so the plan is too small",
                remedy="Assume the mean of both models' scores as the rate, or a smaller correlation.",
            ),
        )

    def _told(self, *, paired: bool) -> str:
        """Return a sentence on the assumptions about single answers."""
        score = "" if self.rate is None else f"a score of about {100 * self.rate:g}%"
        if self.agreement is not None:
            agreement = f"an agreement on {100 * self.agreement:g}% of the questions"
            return f"{score} and {agreement}" if score else agreement
        return f"{score} and a correlation of {self.correlation:g} between the models" if paired else score

    def note(self, *, paired: bool) -> str:
        """Return them as a note."""
        if self.only_once:
            return (
                f"Assumed: {self._told(paired=paired)}, one attempt. Use a pilot to estimate this from data."
            )
        question, answer = self.variances(paired=paired)
        usual = self.question_variance is None and self.answer_variance is None
        source = (
            "the textbook's values (Miller 2024: rates spread evenly from 0 to 100%)" if usual else "as given"
        )
        return (
            f"Assumed, {source}: question variance {question:.3g}, answer variance {answer:.3g} of the "
            "difference. Use a pilot to estimate this from data."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The costs of questions and attempts, in any unit.

    Args:
        attempt: The price of one attempt at a question, by all models together, above 0.
        item: The price of a question, paid once.
        level: The price of a level of a random factor, of both models together, for example of training from
            another seed.

    Raises:
        OptionError: If an attempt costs nothing, or a price is negative.

    Examples:
        >>> Costs(attempt=0.02, item=3).item
        3
    """

    attempt: float
    item: float = 0.0
    level: float = 0.0

    def __post_init__(self) -> None:
        checks.price("item", self.item)
        checks.price("level", self.level)
        if not checks.price("attempt", self.attempt) > 0:
            raise OptionError(
                f"costs of {self.attempt!r} per attempt and {self.item!r} per item are invalid",
                remedy="Use more than 0 per attempt, and 0 or more per item.",
            )

    def of(self, items: float, attempts: float) -> float:
        """Return the cost of this many items with this many attempts each."""
        return items * (self.item + attempts * self.attempt)

    def candidates(self, spread: Planned) -> list[float]:
        """Return the whole numbers of attempts next to the cheapest, √(σ² item / ω² attempt), Cochran (1977),
        and 1.
        """
        ends = [spread.per_item(1e6, k) for k in (1, math.inf)]
        answer = ends[0] - ends[1]
        best = math.sqrt(answer * self.item / (ends[1] * self.attempt)) if ends[1] > 0 else UNSEEN_QUESTIONS
        around = min(max(best, 1.0), MOST_ATTEMPTS)
        return sorted({1.0, *(float(max(math.floor(around) + step, 1)) for step in (-1, 0, 1, 2))})


def check_assumed(assume: object) -> None:
    """Raise OptionError unless this is None, or Assumptions."""
    if assume is not None:
        checks.instance("assume", assume, Assumptions, remedy="Write howsure.Assumptions(rate=0.7).")


def check_costs(costs: object) -> None:
    """Raise OptionError unless this is None, or Costs."""
    if costs is not None:
        checks.instance("costs", costs, Costs, remedy="Write howsure.Costs(attempt=0.02).")


def measured_costs(
    costs: Costs | None, study: Study, models: Sequence[str]
) -> tuple[Costs | None, tuple[str, ...]]:
    """Return the cost of an attempt at a question by all these models in the pilot, and a note of it, or the
    given costs without a measure.

    OptionError if costs are given as well, or several measures. DataError if attempts don't record it.
    """
    if not study.design.usage:
        return costs, ()
    if costs is not None or len(study.design.usage) > 1:
        raise OptionError(
            "a plan can have only one cost", remedy="Name one `usage`, or give `costs`, not both."
        )
    name, cost = study.design.usage[0], 0.0
    for model in models:
        total = attempts = 0.0
        for key in study.parts:
            matrix = study.measure(key, name)
            if model not in matrix.models:
                continue
            one = matrix.take_models([matrix.column(model)])
            lacking = int(one.n_failed[0])
            if lacking:
                raise DataError(
                    f"{plural(lacking, 'attempt')} of {model} don't record {name}, so the plan's cost "
                    "would be too low",
                    where=key[0],
                    remedy="Give `costs` (`--cost-attempt`) instead.",
                )
            total += float(np.nansum(one.values * one.attempts))
            attempts += float(one.attempts.sum())
        if not total > 0:
            raise DataError(f"{model} used no {name}", remedy="Leave `usage` out.")
        cost += total / attempts
    note = (
        f"Costs: {amount_text(cost, 3)} {name} per attempt at a question by "
        f"{plural(len(models), 'model')}, as in the pilot."
    )
    return Costs(item=0.0, attempt=cost), (note,)


def unpaired(a: Planned, b: Planned) -> Joined:
    """Return the spread of a difference of two models that answer different questions."""
    return Joined(parts=(a, b), shares=(1.0, 1.0), items=(1.0, 1.0))


LEAST_ITEMS = 2
LEAST_SHARE = 1e-3
"""The share of the observed variance used as a lower limit: with a limit of 0, a plan would be without any
spread.
"""


def refuse_pilot_options(design: Design, **options: object) -> None:
    """Raise OptionError if an option is about a pilot and there isn't one."""
    usual = Design()
    names = [name for name, value in options.items() if value]
    names += [
        field.name for field in fields(Design) if getattr(design, field.name) != getattr(usual, field.name)
    ]
    if names:
        raise OptionError(f"{names[0]} needs a pilot", remedy="Give results as `pilot`.")


Error: TypeAlias = "tuple[float, float, int]"
"""n times a variance, its jackknife error, and the number of units."""


def _no_error(_: float) -> Error:
    return math.nan, math.nan, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSpread:
    """The basis of a plan: the variation of questions and answers, and its uncertainty.

    Attributes:
        spread: The variance components of a mean.
        level: The level of the limits.
        usual: The attempts of the pilot, 1 without one.
        only_once: Whether the effect of more attempts than one is unknown.
        error: The variance with a number of attempts, and its error, unknown without a pilot.
    """

    spread: Planned
    level: float
    usual: float = 1.0
    only_once: bool = False
    error: Callable[[float], Error] = _no_error

    def doubt(self, attempts: float) -> Doubt:
        """Return possible factors of the spread, or a certain factor of 1 without information."""
        return doubt_of(self.error(attempts))

    def forecast(self, attempts: float, seek: Callable[[Planned, Doubt], float]) -> Forecast:
        """Return the result for the spread, and an interval for it from the pilot's uncertainty."""
        value = seek(self.spread, self.doubt(attempts))
        low, high = limits_of(self.error(attempts), self.level)
        if math.isnan(low):
            return Forecast(value=value)
        ends = (value, *(seek(self.spread.times(factor), SURE) for factor in (low, high)))
        return Forecast(value=value, low=min(ends), high=max(ends))

    def attempts(self, wanted: int | None) -> float:
        """Return the wanted attempts, or else the usual ones. OptionError if their effect is unknown."""
        if self.only_once and wanted not in (None, 1):
            raise OptionError(
                f"the effect of {wanted} attempts is unknown: one attempt per question was "
                "observed or assumed",
                remedy=(
                    "Run the pilot with at least two attempts, or assume variances of questions and answers."
                ),
            )
        return float(wanted or self.usual)

    def counts(self, wanted: int | None, more: Iterable[float] = ()) -> list[float]:
        """Return the numbers of attempts to try, including the wanted ones."""
        attempts = self.attempts(wanted)
        if self.only_once:
            return [1.0]
        counts = {*ATTEMPTS, self.usual, *more, attempts}
        # infinite attempts may leave no spread, so that a plan isn't possible
        return sorted(counts if self.spread.per_item(1e6, math.inf) > 0 else counts - {math.inf})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """The estimates from the scores of one model, or from the differences of two on the items that both
    answered.

    Attributes:
        matrix: The models' scores, as drawn from the population.
        scores: Its columns, followed by a − b for two models.
        columns: Those that the plan is about: a model, a − b, or a and b if these aren't paired.
        codes: The clusters, None if each item is its own.
        parts: The variances of the columns.
        weight: The factor of the variance relative to equal weights (Kish's design effect of weights).
        attempts: The harmonic mean of the attempts.
        pairs: Pairs of models in the pilot.
    """

    matrix: ScoreMatrix
    scores: Answers
    columns: list[int]
    codes: Ints | None
    parts: Components
    weight: float
    attempts: float
    pairs: int = 1

    @classmethod
    def of(cls, matrix: ScoreMatrix, columns: list[int], pairs: int = 1) -> Pilot:
        """Return the estimates from a matrix without missing cells."""
        scores, codes = answers(matrix.values, matrix.attempts.astype(float), matrix.within), codes_of(matrix)
        attempts = float(len(matrix.models) / (1 / scores.attempts).mean(axis=0).sum())
        scores = scores.with_difference() if len(matrix.models) > 1 else scores
        w = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
        return cls(
            matrix=matrix,
            scores=scores,
            columns=columns,
            codes=codes,
            parts=variances(scores, codes),
            weight=len(w) * float(w @ w) / float(w.sum()) ** 2,
            attempts=attempts,
            pairs=pairs,
        )

    @property
    def measured(self) -> bool:
        """Whether several attempts give the noise of answers."""
        return bool(np.isfinite(self.parts.answer).all())

    @property
    def units(self) -> int:
        """The number of clusters, or of items without clusters."""
        return len(self.matrix.items) if self.codes is None else int(self.codes.max()) + 1

    @property
    def basis(self) -> Basis:
        """The same for the plan's output."""
        spreads = [spread_of(self.parts, k, self.codes) for k in self.columns]
        return Basis(
            question=sum(spread.within + spread.between for spread in spreads),
            answer=sum(spread.answer for spread in spreads) if self.measured else math.nan,
            between=sum(spread.between for spread in spreads),
            cluster_size=spreads[0].sizes.size,
            effective_cluster_size=spreads[0].sizes.crowd,
            n_items=len(self.matrix.items),
            n_clusters=self.units,
            attempts=self.attempts,
            pairs=self.pairs,
        )

    def spread(self, clusters: float | None = None) -> Planned:
        """Return the spread of a score or a difference. `clusters`: their number, if fixed."""
        spreads = []
        for k in self.columns:
            e = self.scores.means[:, k] - self.scores.means[:, k].mean()
            squares, fourths = float((e**2).sum()), float((e**4).sum())
            events = squares**2 / fourths / len(e) if fourths > 0 else math.nan
            spread = spread_of(self.parts, k, self.codes, fixed=clusters is not None)
            spread = replace(spread, clusters=clusters, events=events, strata=self.matrix.strata)
            spreads.append(spread.times(self.weight))
        return spreads[0] if len(spreads) == 1 else unpaired(*spreads)

    def error(self, attempts: float) -> Error:
        """Return n times the variance with this many attempts, its jackknife error, and the units."""
        spreads = [spread_of(self.parts, k, self.codes) for k in self.columns]
        share = (spreads[0].sizes.crowd, 1 / attempts)
        least = [spread.per_item(1.0, attempts) for spread in spreads]
        variance = np.maximum(mixed(self.parts, *share)[self.columns], least).sum()
        columns = self.scores.take(slice(self.columns[0], self.columns[-1] + 1))
        errors = mixture_errors(columns, self.codes, [share])[0]
        return self.weight * float(variance), self.weight * float(np.sqrt((errors**2).sum())), self.units

    def known(self, level: float, clusters: float | None = None) -> KnownSpread:
        """Return the basis for a plan."""
        return KnownSpread(
            spread=self.spread(clusters),
            level=level,
            usual=float(max(round(self.attempts), 1)) if self.measured else 1.0,
            only_once=not self.measured,
            error=cache(self.error),
        )


def known_together(
    pilots: Sequence[Pilot], shares: Sequence[float], level: float, clusters: float | None
) -> KnownSpread:
    """Return the overall difference's spread from the pilots of several tasks, which keep their shares of the
    items.
    """
    counts = [len(pilot.matrix.items) for pilot in pilots]
    n = sum(counts)

    def error(attempts: float) -> Error:
        """Return the variance of the overall difference, its error, and the units of all tasks."""
        errors = [pilot.error(attempts) for pilot in pilots]
        factors = [share**2 * n / count for share, count in zip(shares, counts, strict=True)]
        value = squares = 0.0
        for factor, (variance, se, _) in zip(factors, errors, strict=True):
            value += factor * variance
            squares += (factor * se) ** 2
        return value, math.sqrt(squares), sum(units for _, _, units in errors)

    measured = all(pilot.measured for pilot in pilots)
    return KnownSpread(
        spread=Joined(
            parts=tuple(pilot.spread(clusters) for pilot in pilots),
            shares=tuple(shares),
            items=tuple(count / n for count in counts),
        ),
        level=level,
        usual=float(max(round(min(pilot.attempts for pilot in pilots)), 1)) if measured else 1.0,
        only_once=not measured,
        error=cache(error),
    )


def codes_of(matrix: ScoreMatrix) -> Ints | None:
    """Return the (first) clusters of a matrix, None if each item is its own."""
    if not matrix.clusters or int(matrix.clusters[0].max()) + 1 == len(matrix.items):
        return None
    return matrix.clusters[0]


def spread_of(parts: Components, column: int, codes: Ints | None, *, fixed: bool = False) -> Spread:
    """Return the spread of one column, for plans with other numbers of attempts and items.

    If, by chance, questions vary less than answers alone would make them, all spread is attributed to
    answers: the estimate under ω² ≥ 0 that keeps the variance of single answers. `fixed`: clusters grow, and
    their variance is at least 0.
    """
    sizes = equal_sizes() if codes is None else sizes_of(np.bincount(codes).astype(float))
    within, between, answer = (float(part[column]) for part in (parts.within, parts.between, parts.answer))
    question = sizes.crowd * between + within
    if math.isfinite(answer) and question < 0:
        return Spread(within=0.0, answer=max(answer + question, 0.0), sizes=sizes)
    if fixed and between < 0:
        within, between = question, 0.0
    return Spread(
        within=within, between=between, answer=answer if math.isfinite(answer) else 0.0, sizes=sizes
    )


def read_pairs(
    scores: Scores, design: Design, a: str | None, b: str | None, question: Question
) -> tuple[Study, list[tuple[ScoreMatrix, tuple[str, str], int]], list[ResultWarning]]:
    """Return the matrix of each task with the pair of models to plan for, and the number of pairs: a and b,
    or the pair with the median variance of the difference.
    """
    if a is None or b is None:
        study = gather_levelled(scores, design)
        return study, [(matrix, *median_pair(matrix, question)) for matrix in study.matrices()], []
    study = gather_pair(scores, design, a, b)
    first, second = study.models
    matrices = one_metric(study)
    return study, [(matrix, (first, second), 1) for matrix in matrices], tasks_left_out(study, matrices)


def read_pilots(
    scores: Scores, design: Design, a: str | None, b: str | None, *, paired: bool
) -> tuple[list[Pilot], Study, list[ResultWarning]]:
    """Return one pilot per task."""
    question = Question(population=population_of(design.population), method="t")
    study, pairs, warnings = read_pairs(scores, design, a, b, question)
    pilots = [_pair_pilot(matrix, names, count, question, paired=paired) for matrix, names, count in pairs]
    two_way = any(len(matrix.clusters) > 1 for matrix, _, _ in pairs)
    return pilots, study, [*warnings, FIRST_CLUSTERS] if two_way else warnings


def median_pair(matrix: ScoreMatrix, question: Question) -> tuple[tuple[str, str], int]:
    """Return the pair of models with the median variance of the difference, and the number of pairs."""
    if len(matrix.models) < 2:
        raise DataError(
            f"the pilot has only one model, {matrix.models[0]}",
            where=matrix.task,
            remedy="A comparison needs two: add another model's logs, or plan without a pilot.",
        )
    moments = question.population.pairs(matrix, question)
    upper = np.triu_indices(len(matrix.models), 1)
    variance = (moments.variance * moments.shared)[upper]
    if moments.shared[upper].max() < LEAST_ITEMS:
        raise _few_shared("two models with at least two shared items are needed", matrix)
    varying = np.flatnonzero(np.isfinite(variance) & (variance > 0) & (moments.shared[upper] >= LEAST_ITEMS))
    if not len(varying):
        raise _no_spread(matrix, "all models")
    middle = varying[np.argsort(variance[varying], kind="stable")[len(varying) // 2]]
    first, second = (int(side[middle]) for side in upper)
    return (matrix.models[first], matrix.models[second]), len(varying)


def _pair_pilot(
    matrix: ScoreMatrix, names: tuple[str, str], pairs: int, question: Question, *, paired: bool
) -> Pilot:
    pair = matrix.take_models(matrix.columns(names))
    shared = np.asarray(~np.isnan(pair.values).any(axis=1))
    if int(shared.sum()) < LEAST_ITEMS:
        raise _few_shared(f"{names[0]} and {names[1]} share {plural(int(shared.sum()), 'item')}", matrix)
    pair = question.population.drawn(pair.take_items(shared))
    codes = codes_of(pair)
    if codes is not None and int(codes.max()) < 1:
        raise DataError(
            f"all {len(pair.items)} shared items are in one cluster, so the variance between clusters is "
            "unknown",
            where=matrix.task,
            remedy="Add clusters to the pilot, or use `cluster='none'` if the items were drawn one by one.",
        )
    pilot = Pilot.of(pair, [2] if paired else [0, 1], pairs)
    if not pilot.error(pilot.attempts if pilot.measured else 1.0)[0] > 0:
        raise _no_spread(matrix, f"{names[0]} and {names[1]}")
    return pilot


def _few_shared(what: str, matrix: ScoreMatrix) -> DataError:
    return DataError(
        f"{what}, so the variance of their difference is unknown",
        where=matrix.task,
        remedy="A pilot needs at least two shared items.",
    )


def _no_spread(matrix: ScoreMatrix, who: str) -> DataError:
    where = "on every item" if not matrix.clusters else "in every cluster"
    return DataError(
        f"the pilot has no variance to plan from: {who} differ by the same amount {where}",
        where=matrix.task,
        remedy="Take a larger pilot, or assume variances of questions and answers.",
    )


def limits_of(error: Error, level: float) -> tuple[float, float]:
    """Return the limits of a variance as shares of it, NaN if unknown."""
    value, se, units = error
    if not (value > 0 and math.isfinite(se)):
        return math.nan, math.nan
    low, high = variance_limits(np.array([value]), np.array([se]), units, level)
    return max(float(low[0]) / value, LEAST_SHARE), float(high[0]) / value


def doubt_of(error: Error) -> Doubt:
    """Return possible factors of an estimated variance, and their probabilities. The factor is 1 without
    information.

    A variance times ν over a χ² of ν degrees of freedom, ν from its error, and at most the units less one. A
    plan whose power is the mean over these reaches it on average over pilots (assurance, O'Hagan, Stevens and
    Campbell 2005). A plan that ignores the pilot's uncertainty has too little power, since an underestimated
    variance loses more power than an overestimated one gains.
    """
    value, se, units = error
    if not (value > 0 and se > 0 and math.isfinite(se)):
        return SURE
    df = max(min(2 * (value / se) ** 2, units - 1), 1)
    return tuple((df / float(scipy.special.chdtri(df, place)), share) for place, share in MIDDLES)


_POINTS, _SHARES = np.polynomial.legendre.leggauss(5)
MIDDLES = tuple(zip(((_POINTS + 1) / 2).tolist(), (_SHARES / 2).tolist(), strict=True))
"""Places and weights of Gauss and Legendre's rule between 0 and 1."""


FIRST_CLUSTERS = ResultWarning(
    code="first_clustering_only",
    message="the plan uses the clusters of the first clustering",
    remedy="List the other one first to plan for it.",
)
