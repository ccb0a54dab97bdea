"""What a plan starts from: assumptions, costs, and what a pilot tells of a comparison, with how far off it
could be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure import checks
from howsure.answers.plan import Basis
from howsure.errors import Caution, DataError, OptionError
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
    from collections.abc import Sequence

    from howsure.statistics.answer_noise import Answers
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.power import Doubt, Planned
    from howsure.statistics.variance_components import Components
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

MOST_ATTEMPTS, UNSEEN_QUESTIONS = 1_000, 10
"""Attempts that a plan tries at most, and where questions show no spread of their own: more would rest on
nothing.
"""
TEXTBOOK_QUESTIONS, TEXTBOOK_ANSWERS, TEXTBOOK_UNPAIRED = 1 / 9, 1 / 3, 1 / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is assumed of a comparison without a pilot; the defaults are those of Miller (2024), section 5.

    Rates spread evenly from 0 to 1 have variances of 1/12 between questions and 1/6 between answers for one
    model; 1/9 goes with a correlation of 1/3 between two.

    Args:
        question_variance: The variance of the true differences between items, in squared score units. None
            takes 1/9, and 1/6 for an unpaired comparison.
        answer_variance: The conditional variance of one attempt, both models' together. None takes 1/3.
        rate: The score of single answers, which with `correlation` takes the place of the variances:
            2 · rate · (1 − rate) · (1 − correlation). None relies on the variances.
        correlation: The correlation of the two models' single answers to the same item.
        cluster_size: The mean number of items per cluster.
        cluster_variation: The coefficient of variation of that number.
        icc: The intra-cluster correlation of the differences at two items of a cluster, one attempt each, so
            that the design effect is 1 + (crowd − 1) · icc.

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
    cluster_size: float = 1.0
    cluster_variation: float = 0.0
    icc: float = 0.0

    def __post_init__(self) -> None:
        least, most = {"correlation": -1.0}, {"rate": 1.0, "correlation": 1.0, "icc": 1.0}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            low, high = least.get(name, 1.0 if name == "cluster_size" else 0.0), most.get(name, math.inf)
            if value is not None and not low <= checks.number(name, value) <= high:
                reach = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of {low:g} or more"
                raise OptionError(f"`{name}={value!r}` is not a number {reach}")
        if self.rate is not None and (self.question_variance is not None or self.answer_variance is not None):
            raise OptionError(
                "rate and variances say the same thing twice", remedy="Give the rate, or the variances."
            )
        if self.icc and self.cluster_size == 1 and not self.cluster_variation:
            raise OptionError("icc is about clusters", remedy="Give `cluster_size` as well.")

    def variances(self, *, paired: bool) -> tuple[float, float]:
        """Return the variances of questions and answers of the difference."""
        if self.rate is not None:
            shared = self.correlation if paired else 0.0
            return round(2 * self.rate * (1 - self.rate) * (1 - shared), 15), 0.0
        usual = TEXTBOOK_QUESTIONS if paired else TEXTBOOK_UNPAIRED
        question = usual if self.question_variance is None else self.question_variance
        return question, TEXTBOOK_ANSWERS if self.answer_variance is None else self.answer_variance

    def percent(self, effect: float, margin: float) -> bool:
        """Say whether this is about scores in [0, 1]: variances that were given, or sizes beside them, may be
        larger.
        """
        given = self.question_variance is not None or self.answer_variance is not None
        return not given or max(sum(self.variances(paired=True)), abs(effect), margin) < 1

    def spread(self, *, paired: bool, clusters: float | None = None) -> Planned:
        """Return the spread of a difference."""
        question, answer = self.variances(paired=paired)
        between = self.icc * (question + answer)
        if between > question + 1e-12:
            raise OptionError(
                f"icc={self.icc:g} makes clusters differ more ({between:.3g}) than questions do "
                f"({question:.3g})",
                remedy="Assume a smaller icc, or a larger question variance.",
            )
        sizes = spread_sizes(self.cluster_size, self.cluster_variation)
        whole = Spread(
            within=question - between, between=between, answer=answer, sizes=sizes, clusters=clusters
        )
        return whole if paired else Joined(parts=(whole.times(0.5),) * 2, shares=(1.0, 1.0), items=(1.0, 1.0))

    def basis(self, *, paired: bool) -> Basis:
        """Return the same as the plan tells it."""
        question, answer = self.variances(paired=paired)
        sizes = spread_sizes(self.cluster_size, self.cluster_variation)
        between = self.icc * (question + answer)
        told = answer if self.rate is None else math.nan
        return Basis(
            question=question, answer=told, between=between, cluster_size=sizes.size, crowd=sizes.crowd
        )

    def contradictions(self, effect: float, *, paired: bool) -> tuple[Caution, ...]:
        """Warn where models that score like this can't differ by so much: the spread is then assumed too
        small.
        """
        if self.rate is None or not math.isfinite(effect):
            return ()
        most = sum(self.variances(paired=True)) if paired else 2 * min(self.rate, 1 - self.rate)
        if abs(effect) <= most + 1e-9:
            return ()
        scale = Scale()
        alike = f" and a correlation of {self.correlation:g}" if paired else ""
        what = (
            f"answer {scale.number(most)} % of questions differently"
            if paired
            else f"differ by {scale.gap(most)}"
        )
        return (
            Caution(
                code="more_than_differ",
                message=f"with scores of about {100 * self.rate:g} %{alike} the models can at most {what}, "
                f"which is less than a difference of {scale.gap(effect)}: the plan is too small",
                remedy="Assume the mean of both models' scores as the rate, or a smaller correlation.",
            ),
        )

    def note(self, *, paired: bool) -> str:
        """Say it aloud."""
        if self.rate is not None:
            alike = f" and a correlation of {self.correlation:g} between the models" if paired else ""
            return f"Assumed: a score of about {100 * self.rate:g} %{alike}, one attempt. A pilot would tell."
        question, answer = self.variances(paired=paired)
        usual = self.question_variance is None and self.answer_variance is None
        source = (
            "the textbook's values (Miller 2024: rates spread evenly from 0 to 100 %)"
            if usual
            else "as given"
        )
        return (
            f"Assumed, {source}: question variance {question:.3g}, answer variance {answer:.3g} of the "
            "difference. A pilot would tell."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What questions and attempts cost, in any unit.

    Args:
        attempt: The price of one attempt at a question, by all models together; above 0.
        item: The price of a question, paid once.
        level: The price of a level of a random factor, of both models together: of training from another
            seed.

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
                f"costs of {self.attempt!r} an attempt and {self.item!r} an item make no sense",
                remedy="An attempt costs more than 0, an item 0 or more.",
            )

    def of(self, items: float, attempts: float) -> float:
        """Return the cost of so many items with so many attempts each."""
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
    """Return what an attempt at a question by all these models took in the pilot, and a note of it; the costs
    as they are without a measure.

    OptionError where costs are given as well, or several measures; DataError where attempts don't record it.
    """
    if not study.design.measure:
        return costs, ()
    if costs is not None or len(study.design.measure) > 1:
        raise OptionError("a plan has one cost", remedy="Name one `measure`, or give `costs`, not both.")
    name = study.design.measure[0]
    cost = sum(_mean_cost(study, name, model) for model in models)
    told = (
        f"Costs: {amount_text(cost, 3)} {name} for an attempt at a question by "
        f"{plural(len(models), 'model')}, as in the pilot."
    )
    return Costs(item=0.0, attempt=cost), (told,)


def _mean_cost(study: Study, name: str, model: str) -> float:
    """Return what an attempt of a model took on average, over all tasks."""
    total = attempts = 0.0
    for key in study.parts:
        matrix = study.measure(key, name)
        if model not in matrix.models:
            continue
        one = matrix.take_models([matrix.column(model)])
        lacking = int(one.n_failed[0])
        if lacking:
            raise DataError(
                f"{plural(lacking, 'attempt')} of {model} record no {name}, so that a plan would look too "
                "cheap",
                where=key[0],
                remedy="Give `costs` (`--cost-attempt`) instead.",
            )
        total += float(np.nansum(one.values * one.attempts))
        attempts += float(one.attempts.sum())
    if not total > 0:
        raise DataError(f"{model} took no {name}", remedy="Leave `measure` out.")
    return total / attempts


LEAST_ITEMS = 2
LEAST_SHARE = 1e-3
"""Of the variance seen: a lower limit of none at all would ask for a plan without any spread."""


def refuse_pilot_options(design: Design, **options: object) -> None:
    """Raise OptionError where an option is about a pilot and there is none."""
    usual = Design()
    names = [name for name, value in options.items() if value]
    names += [
        field.name for field in fields(Design) if getattr(design, field.name) != getattr(usual, field.name)
    ]
    if names:
        raise OptionError(f"{names[0]} needs a pilot", remedy="Give results as `pilot`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """Two models on the items of a task that both answered, and what their differences tell.

    `both`: their matrix, as the population has it drawn; `found`: the columns a, b and a − b; `codes`:
    clusters, None where each item is its own;
    `parts`: the variances of these columns; `weight`: how many times the variance is that of equal weights
    (Kish's design effect of weights).
    """

    both: ScoreMatrix
    found: Answers
    codes: Ints | None
    parts: Components
    basis: Basis
    weight: float
    paired: bool

    @property
    def measured(self) -> bool:
        """Whether several attempts tell the noise of answers."""
        return math.isfinite(self.basis.answer)

    def spread(self, clusters: float | None) -> Planned:
        """Return the spread of a difference; `clusters`: hold their number fixed."""
        strata, fixed = self.both.strata, clusters is not None
        spreads = tuple(
            replace(
                spread_of(self.parts, k, self.codes, fixed=fixed),
                clusters=clusters,
                events=self._events(k),
                strata=strata,
            )
            for k in self.columns
        )
        spreads = tuple(spread.times(self.weight) for spread in spreads)
        return spreads[0] if self.paired else Joined(parts=spreads, shares=(1.0, 1.0), items=(1.0, 1.0))

    @property
    def columns(self) -> list[int]:
        """Which columns the difference is made of."""
        return _columns(paired=self.paired)

    def _events(self, column: int) -> float:
        e = self.found.means[:, column] - self.found.means[:, column].mean()
        fourths = float((e**4).sum())
        return float((e**2).sum()) ** 2 / fourths / len(e) if fourths > 0 else math.nan

    def variances(self, attempts: Sequence[float]) -> Floats:
        """Return n times the variance of each column that the difference is made of (K, columns), with so
        many attempts.
        """
        shares = [(self.basis.crowd, 1 / k) for k in attempts]
        seen = np.array([mixed(self.parts, crowd, share) for crowd, share in shares])[:, self.columns]
        least = [
            [spread_of(self.parts, k, self.codes).per_item(1.0, each) for k in self.columns]
            for each in attempts
        ]
        return np.asarray(np.maximum(seen, least))

    def errors(self, attempts: Sequence[float]) -> list[tuple[float, float, int]]:
        """Return n times the variance of the difference with so many attempts, its jackknife error, and the
        units.
        """
        shares = [(self.basis.crowd, 1 / k) for k in attempts]
        errors = mixture_errors(
            self.found.take(slice(self.columns[0], self.columns[-1] + 1)), self.codes, shares
        )
        value, error = self.variances(attempts).sum(axis=1), np.sqrt((errors**2).sum(axis=1))
        units = self.basis.n_clusters
        return [
            (self.weight * float(v), self.weight * float(e), units) for v, e in zip(value, error, strict=True)
        ]

    def limits(self, attempts: Sequence[float], level: float) -> list[tuple[float, float]]:
        """Return the limits of that variance as shares of it, for each number of attempts."""
        return [limits_of(found, level) for found in self.errors(attempts)]


def _columns(*, paired: bool) -> list[int]:
    """Return which columns a difference is made of: a − b itself, or a and b where these aren't paired."""
    return [2] if paired else [0, 1]


def spread_of(parts: Components, column: int, codes: Ints | None, *, fixed: bool = False) -> Spread:
    """Return the spread of one column as a plan may carry it on to other numbers of attempts and items.

    Where questions vary less than answers alone would have them vary, by chance, all spread is taken as that
    of answers: the estimate under ω² ≥ 0 that keeps the variance of single answers. `fixed`: clusters are to
    grow, and vary no less than 0.
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


def read_pilots(
    scores: Scores, design: Design, a: str | None, b: str | None, *, paired: bool
) -> tuple[list[Pilot], Study, list[Caution]]:
    """Return one pilot a task: of a and b, or of the pair of models whose difference varies as the median
    pair's does.
    """
    question = Question(population=population_of(design.population), method="t")
    if a is not None and b is not None:
        study = gather_pair(scores, design, a, b)
        first, second = study.models
        matrices = one_metric(study)
        chosen = [(matrix, (first, second), 1) for matrix in matrices]
        cautions = tasks_left_out(study, matrices)
    else:
        study = gather_levelled(scores, design)
        chosen = [(matrix, *median_pair(matrix, question)) for matrix in study.matrices()]
        cautions = []
    pilots = [_pilot(matrix, names, pairs, question, paired=paired) for matrix, names, pairs in chosen]
    two_way = any(len(matrix.clusters) > 1 for matrix, _, _ in chosen)
    return pilots, study, [*cautions, FIRST_CLUSTERS] if two_way else cautions


def median_pair(matrix: ScoreMatrix, question: Question) -> tuple[tuple[str, str], int]:
    """Return the two models whose difference varies as that of the median pair does, and the number of
    pairs.
    """
    if len(matrix.models) < 2:
        raise DataError(
            f"the pilot holds one model only, {matrix.models[0]}",
            where=matrix.task,
            remedy="A comparison needs two: add another model's logs, or plan without a pilot.",
        )
    moments = question.population.pairs(matrix, question)
    upper = np.triu_indices(len(matrix.models), 1)
    each = (moments.variance * moments.shared)[upper]
    if moments.shared[upper].max() < LEAST_ITEMS:
        raise _few_shared("no two models share two items", matrix)
    known = np.flatnonzero(np.isfinite(each) & (each > 0) & (moments.shared[upper] >= LEAST_ITEMS))
    if not len(known):
        raise _no_spread(matrix, "all models")
    middle = known[np.argsort(each[known], kind="stable")[len(known) // 2]]
    first, second = (int(side[middle]) for side in upper)
    return (matrix.models[first], matrix.models[second]), len(known)


def _pilot(
    matrix: ScoreMatrix, names: tuple[str, str], pairs: int, question: Question, *, paired: bool
) -> Pilot:
    pair = matrix.take_models(matrix.columns(names))
    shared = np.asarray(~np.isnan(pair.values).any(axis=1))
    if int(shared.sum()) < LEAST_ITEMS:
        raise _few_shared(f"{names[0]} and {names[1]} share {plural(int(shared.sum()), 'item')}", matrix)
    both = question.population.drawn(pair.take_items(shared))
    found = answers(both.values, both.attempts.astype(float), both.within).with_difference()
    codes = both.clusters[0] if both.clusters and int(both.clusters[0].max()) + 1 < len(both.items) else None
    if codes is not None and int(codes.max()) < 1:
        raise DataError(
            f"all {len(both.items)} shared items are in one cluster: nothing tells how another would differ",
            where=matrix.task,
            remedy="Add clusters to the pilot, or use `cluster='none'` if the items were drawn one by one.",
        )
    parts = variances(found, codes)
    spreads = [spread_of(parts, k, codes) for k in _columns(paired=paired)]
    sizes, measured = spreads[0].sizes, bool(np.isfinite(parts.answer).all())
    w = np.ones(len(both.items)) if both.weights is None else both.weights
    basis = Basis(
        question=sum(spread.within + spread.between for spread in spreads),
        answer=sum(spread.answer for spread in spreads) if measured else math.nan,
        between=sum(spread.between for spread in spreads),
        cluster_size=sizes.size,
        crowd=sizes.crowd,
        n_items=len(both.items),
        n_clusters=len(both.items) if codes is None else int(codes.max()) + 1,
        attempts=float(2 / (1 / found.attempts[:, :2]).mean(axis=0).sum()),
        pairs=pairs,
    )
    weight = len(w) * float(w @ w) / float(w.sum()) ** 2
    pilot = Pilot(both=both, found=found, codes=codes, parts=parts, basis=basis, weight=weight, paired=paired)
    if not pilot.variances([1.0 if math.isnan(basis.answer) else basis.attempts]).sum() > 0:
        raise _no_spread(matrix, f"{names[0]} and {names[1]}")
    return pilot


def _few_shared(what: str, matrix: ScoreMatrix) -> DataError:
    return DataError(
        f"{what}: nothing tells how their difference varies",
        where=matrix.task,
        remedy="A pilot needs two shared items or more.",
    )


def _no_spread(matrix: ScoreMatrix, who: str) -> DataError:
    each = "on every item" if not matrix.clusters else "in every cluster"
    return DataError(
        f"the pilot shows no spread to plan from: {who} differ by the same amount {each}",
        where=matrix.task,
        remedy="Take a larger pilot, or assume variances of questions and answers.",
    )


def limits_of(errors: tuple[float, float, int], level: float) -> tuple[float, float]:
    """Return the limits of a variance as shares of it; NaN where nothing tells them."""
    value, error, units = errors
    if not (value > 0 and math.isfinite(error)):
        return math.nan, math.nan
    low, high = variance_limits(np.array([value]), np.array([error]), units, level)
    return max(float(low[0]) / value, LEAST_SHARE), float(high[0]) / value


def doubt_of(errors: tuple[float, float, int]) -> Doubt:
    """Return by how many times a variance may be larger than it seems, and how likely that is; 1 where
    nothing tells.

    A variance times ν over a χ² of ν degrees of freedom, ν from its error, and no more than one less than the
    units. A plan whose power is the mean over these reaches it over pilots (assurance, O'Hagan, Stevens and
    Campbell 2005); one that takes the pilot at its word falls short, since power falls more for a variance
    that is too small than it rises for one that is too large.
    """
    value, error, units = errors
    if not (value > 0 and error > 0 and math.isfinite(error)):
        return SURE
    df = max(min(2 * (value / error) ** 2, units - 1), 1)
    return tuple((df / float(scipy.special.chdtri(df, place)), share) for place, share in MIDDLES)


_POINTS, _SHARES = np.polynomial.legendre.leggauss(5)
MIDDLES = tuple(zip(((_POINTS + 1) / 2).tolist(), (_SHARES / 2).tolist(), strict=True))
"""Places and weights of Gauss and Legendre's rule between 0 and 1."""


def joined(pilots: Sequence[Pilot], shares: Sequence[float], clusters: float | None) -> Joined:
    """Return the spread of the overall difference: tasks keep their shares of the items."""
    n = sum(pilot.basis.n_items for pilot in pilots)
    spreads = tuple(pilot.spread(clusters) for pilot in pilots)
    held = tuple(pilot.basis.n_items / n for pilot in pilots)
    return Joined(parts=spreads, shares=tuple(shares), items=held)


def joined_errors(
    pilots: Sequence[Pilot], shares: Sequence[float], attempts: Sequence[float]
) -> list[tuple[float, float, int]]:
    """Return n times the variance of the overall difference, its jackknife error, and the units of all
    tasks.
    """
    n = sum(pilot.basis.n_items for pilot in pilots)
    factors = [share**2 * n / pilot.basis.n_items for share, pilot in zip(shares, pilots, strict=True)]
    parts = [pilot.errors(attempts) for pilot in pilots]
    units = sum(pilot.basis.n_clusters for pilot in pilots)
    return [
        (
            sum(f * part[k][0] for f, part in zip(factors, parts, strict=True)),
            math.sqrt(sum((f * part[k][1]) ** 2 for f, part in zip(factors, parts, strict=True))),
            units,
        )
        for k in range(len(attempts))
    ]


FIRST_CLUSTERS = Caution(
    code="first_clustering_only",
    message="the plan's clusters are those of the first way of clustering",
    remedy="Name the other one first to plan for it.",
)
