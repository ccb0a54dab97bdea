"""Random halves of one system judged by the criteria of a gate: how often they would fail it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import scipy

from howsure.answers.aa import AlarmRate, FalseAlarms
from howsure.checks import Relative
from howsure.errors import Caution, DataError, OptionError
from howsure.inference.aa_policy import WHOLE_TASKS, TaskTrial, policy_rate, task_trial
from howsure.inference.equal import AskedOfEquals, of_matrix
from howsure.statistics import intervals
from howsure.statistics.aa_splits import (
    Attempts,
    ClusterMoments,
    Criteria,
    Verdicts,
    judged,
    paired_splits,
    right_or_wrong,
    unpaired_splits,
)
from howsure.statistics.results import Interval
from howsure.study.attempts import probabilities
from howsure.study.notes import direction_cautions
from howsure.table.aggregate import Wanted, value_counts
from howsure.wording import Scale, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.answers.aa import PolicyRate
    from howsure.answers.equal import EqualSystems, MarginCriterion
    from howsure.inference.gating.policy import Policy
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import PlanMethod
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.score_pivot import Pivots
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scale import Scale as StudyScale
    from howsure.table.scores import Scores


FEWEST = 4
"""Halves of fewer clusters have no error bar."""


SPLITS_LEVEL = 0.95


MOSTLY = 0.5
"""Attempts are parted where at least this share of a model's items has two or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitQuestion:
    """What is asked of every split: the criteria of a gate, and how differences are judged."""

    not_worse_than: float | None
    better: bool
    same_within: float | None
    level: float
    method: str | None
    variance: VarianceChoice
    splits: int

    @property
    def criteria(self) -> Criteria:
        """What is asked, for the methods."""
        return Criteria(not_worse_than=self.not_worse_than, better=self.better, same_within=self.same_within)

    @property
    def margins(self) -> list[tuple[MarginCriterion, float]]:
        """The criteria with a margin, and the margin."""
        named: tuple[tuple[MarginCriterion, float | None], ...] = (
            ("not_worse_than", self.not_worse_than),
            ("same_within", self.same_within),
        )
        return [(name, margin) for name, margin in named if margin is not None]

    def with_margin(self, margin: float) -> SplitQuestion:
        """Return what is asked of a task that has a margin of its own."""
        return replace(
            self,
            not_worse_than=None if self.not_worse_than is None else margin,
            same_within=None if self.same_within is None else margin,
        )

    @property
    def promised(self) -> float:
        """The share of fails that is promised at most: a lone "better" is two-sided, and fails on one side
        only.
        """
        lone = self.better and self.not_worse_than is None and self.same_within is None
        return (1 - self.level) / 2 if lone else 1 - self.level

    def words(self, scale: Scale) -> str:
        """Say what the gate asks."""
        told = []
        if self.better:
            told.append("better")
        if self.not_worse_than is not None:
            told.append(f"not worse by more than {scale.given_gap(self.not_worse_than)}")
        if self.same_within is not None:
            told.append(f"the same within {scale.given_gap(self.same_within)}")
        return ", ".join(told)


def parted(
    scores: Scores, study: Study, asked: SplitQuestion, seed: int, policy: Policy | None = None
) -> FalseAlarms:
    """Part every model of every task into random halves, and count the verdicts; see `howsure.aa`."""
    trials: dict[str, list[TaskTrial]] = {}
    values = _Values(
        scores=_asked_of(scores, study),
        wanted=Wanted(task=study.tasks, model=study.design.model, metric=study.design.metric),
        scales=study.scales,
    )
    entries, told, percent = [], [*study.cautions, *direction_cautions(study)], True
    for k, (matrix, model) in enumerate(_models(study)):
        percent = percent and matrix.bounded
        mine = (
            _of_task(asked, study, matrix, [model])
            if policy is None
            else _of_policy(asked, policy, matrix, model)
        )
        try:
            halves = _halves(matrix, model, values)
            found = list(_pivots(halves, mine, np.random.default_rng([seed, k])))
            entries.append(_rate(halves, mine, found))
            if policy is not None:
                trials.setdefault(model, []).append(_trial(policy, halves, mine, found))
        except DataError as error:
            told.append(Caution(code="not_parted", message=str(error)))
    if not entries:
        raise DataError(
            "no model has enough items to be parted", remedy="Four items or clusters are the least."
        )
    _refuse_whole_scale(asked, percent=percent)
    entries = [replace(entry, excess=_excess(entry, asked, len(entries))) for entry in entries]
    if policy is not None and (policy.slices or policy.costs):
        told.append(WHOLE_TASKS)
    return FalseAlarms(
        policy=tuple(_policy_rates(trials, asked)),
        entries=tuple(entries),
        equal=tuple(_equal(study, asked, policy)),
        better=asked.better,
        asked=_words(asked, study, percent=percent)
        if policy is None
        else "not worse by more than the policy's margins",
        level=asked.level,
        promised_fails=asked.promised,
        seed=seed,
        notes=study.notes,
        cautions=tuple(dict.fromkeys(told)),
    )


def _asked_of(scores: Scores, study: Study) -> Scores:
    """Return the rows with what the study takes for the score."""
    return probabilities(scores, study.design)[0]


def _refuse_whole_scale(asked: SplitQuestion, *, percent: bool) -> None:
    for margin in (asked.not_worse_than, asked.same_within):
        if percent and margin is not None and margin >= 1:
            raise OptionError(
                f"margin={margin:g} is the whole scale", remedy="Write 0.05 (or 5pp) for 5 points."
            )


def _of_policy(asked: SplitQuestion, policy: Policy, matrix: ScoreMatrix, model: str) -> SplitQuestion:
    return replace(asked, not_worse_than=_margin(policy.of_task(matrix.task).margin, matrix, [model]))


def _of_task(asked: SplitQuestion, study: Study, matrix: ScoreMatrix, models: Sequence[str]) -> SplitQuestion:
    """Return what is asked of a task: with its own margin where it has one, as `gate` asks it."""
    margin = study.design.margin_of(matrix.task)
    return asked if margin is None else asked.with_margin(_margin(margin, matrix, models))


def _margin(margin: float, matrix: ScoreMatrix, models: Sequence[str]) -> float:
    """Return the margin of a task in score units; a share is of the models' own score, which that of either
    half is about.
    """
    if not isinstance(margin, Relative):
        return float(margin)
    return margin.of(float(np.nanmean(matrix.values[:, matrix.columns(models)])))


def _words(asked: SplitQuestion, study: Study, *, percent: bool) -> str:
    """Say what the gate asks."""
    own = any(study.design.margin_of(task) is not None for task in study.tasks) and asked.margins
    return f"{asked.words(Scale(percent=percent))}{', some tasks with a margin of their own' if own else ''}"


def _trial(policy: Policy, halves: _Halves, asked: SplitQuestion, found: Sequence[Pivots]) -> TaskTrial:
    matrix = halves.matrix
    return task_trial(
        policy.of_task(matrix.task),
        asked.not_worse_than or 0.0,
        found,
        level=asked.level,
        sign=matrix.orientation,
        reach=matrix.reach,
    )


def _policy_rates(trials: Mapping[str, Sequence[TaskTrial]], asked: SplitQuestion) -> Iterator[PolicyRate]:
    """Yield what the policy makes of every model that has a task that binds."""
    held = {
        model: each
        for model, each in trials.items()
        if any(trial.standing.tier != "advisory" for trial in each)
    }
    for model, each in held.items():
        rate = policy_rate(model, each, asked.level, SPLITS_LEVEL)
        p = float(scipy.special.bdtrc(rate.failed - 1, rate.splits, asked.promised)) if rate.failed else 1.0
        yield replace(rate, excess=p * len(held) < 1 - SPLITS_LEVEL)


def _equal(study: Study, asked: SplitQuestion, policy: Policy | None) -> Iterator[EqualSystems]:
    """Say of every task what the whole gate makes of equal systems; of a policy's tasks the plan does."""
    for matrix in study.matrices() if policy is None else ():
        method: PlanMethod = "t" if asked.method == "t" or not matrix.bounded else "score"
        criteria = [
            AskedOfEquals(criterion=name, margin=margin, level=asked.level, method=method)
            for name, margin in _of_task(asked, study, matrix, matrix.models).margins
        ]
        yield from of_matrix(matrix, criteria) if criteria else ()


def _models(study: Study) -> Iterator[tuple[ScoreMatrix, str]]:
    for matrix in study.matrices():
        for model in matrix.models:
            yield matrix, model


@dataclass(frozen=True, slots=True, kw_only=True)
class _Halves:
    """One model's items, ready to be parted: `attempts` where their attempts are, None where the items
    themselves are.
    """

    matrix: ScoreMatrix
    model: str
    attempts: Attempts | None

    @property
    def weights(self) -> Floats:
        """The items' weights, 1 on average."""
        n = len(self.matrix.items)
        return (
            np.ones(n)
            if self.matrix.weights is None
            else self.matrix.weights * (n / self.matrix.weights.sum())
        )

    @property
    def units(self) -> int:
        """The number of clusters, items where there are none."""
        return min([int(code.max()) + 1 for code in self.matrix.clusters], default=len(self.matrix.items))


def _halves(matrix: ScoreMatrix, model: str, values: _Values) -> _Halves:
    """Keep the items that a model answered, and find the attempts behind their scores where these are to be
    parted.
    """
    own = matrix.take_models([matrix.column(model)])
    part = own.take_items(~np.isnan(own.values[:, 0]))
    several = part.attempts[:, 0] > 1
    if matrix.derived or several.mean() < MOSTLY:
        return _Halves(matrix=part, model=model, attempts=None)
    part = part.take_items(several)
    counts = part.attempts[:, 0].astype(np.int64)
    if part.right_or_wrong()[0]:
        return _Halves(matrix=part, model=model, attempts=right_or_wrong(part.values[:, 0], counts))
    return _Halves(matrix=part, model=model, attempts=values.of(part, model, counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """How often every item had every score, on the study's scale, looked up once and only where answers are
    not right or wrong.
    """

    scores: Scores
    wanted: Wanted
    scales: Mapping[tuple[str, str], StudyScale]
    found: dict[tuple[str, str, str], pl.DataFrame] = field(default_factory=dict)

    def of(self, part: ScoreMatrix, model: str, attempts: Ints) -> Attempts:
        """Return the scores of the attempts of one model; failed attempts that count are zeros."""
        if not self.found:
            table = value_counts(self.scores, self.wanted).with_columns(
                pl.col("task", "metric", "model").cast(str)
            )
            for (task, metric, name), single in table.partition_by(
                "task", "metric", "model", as_dict=True
            ).items():
                self.found[str(task), str(metric), str(name)] = self._placed(single, str(task), str(metric))
        if (part.task, part.metric, model) not in self.found:
            raise DataError(f"{part.task}, {model}: the scores of single attempts are not there")
        rows = self.found[part.task, part.metric, model]
        ids = pl.DataFrame({"item": part.items.astype(str), "row": np.arange(len(part.items))})
        cells = ids.join(rows.with_columns(pl.col("item").cast(str)), on="item").sort("row", "score")
        cells = cells.with_columns(place=pl.int_range(pl.len()).over("row"))
        shape = (len(ids), int(cells["place"].max() or 0) + 2)  # type: ignore[arg-type]
        scores, counts = np.zeros(shape), np.zeros(shape, dtype=np.int64)
        at = cells["row"].to_numpy(), cells["place"].to_numpy()
        scores[at], counts[at] = cells["score"].to_numpy(), cells["count"].to_numpy()
        counts[:, -1] = attempts - counts.sum(axis=1)
        if (counts < 0).any():
            raise DataError(f"{part.task}, {model}: the scores of single attempts don't add up to the items'")
        return Attempts(values=scores, counts=counts)

    def _placed(self, rows: pl.DataFrame, task: str, metric: str) -> pl.DataFrame:
        scale = self.scales.get((task, metric))
        return rows if scale is None else rows.with_columns(score=scale.place(pl.col("score")))


def _rate(halves: _Halves, asked: SplitQuestion, pivots: Sequence[Pivots]) -> AlarmRate:
    """Judge every split of one model, and count the verdicts."""
    matrix, sums = halves.matrix, Verdicts()
    for found in pivots:
        sums += judged(found, asked.criteria, level=asked.level, sign=matrix.orientation)
    failed, different = (_share(count, asked.splits) for count in (sums.failed, sums.different))
    return AlarmRate(
        task=matrix.task,
        metric=matrix.metric,
        model=halves.model,
        parted="items" if halves.attempts is None else "attempts",
        splits=asked.splits,
        failed=sums.failed,
        passed=sums.passed,
        unclear=asked.splits - sums.failed - sums.passed,
        different=sums.different,
        failed_interval=failed,
        different_interval=different,
        n_items=len(matrix.items),
        n_clusters=halves.units,
    )


def _pivots(halves: _Halves, asked: SplitQuestion, rng: np.random.Generator) -> Iterator[Pivots]:
    matrix, where = halves.matrix, f"{halves.matrix.task}, {halves.model}"
    score = matrix.bounded and asked.method != "t"
    if asked.method == "score" and not matrix.bounded:
        raise OptionError("method='score' needs scores in [0, 1]", remedy="Leave it out.")
    if halves.units < (2 if halves.attempts is not None else FEWEST):
        raise DataError(
            f"{where}: {plural(halves.units, 'item or cluster', 'items or clusters')}, too few to be parted"
        )
    if halves.attempts is not None:
        codes = matrix.clusters
        return paired_splits(
            halves.attempts,
            halves.weights,
            codes,
            splits=asked.splits,
            variance=asked.variance,
            score=score,
            rng=rng,
        )
    if len(matrix.clusters) > 1:
        raise DataError(
            f"{where}: with one attempt an item, halves of two clusterings at once can't be drawn"
        )
    moments = ClusterMoments.of(
        matrix.values[:, 0], halves.weights, matrix.clusters[0] if matrix.clusters else None
    )
    return unpaired_splits(moments, splits=asked.splits, variance=asked.variance, pseudo=score, rng=rng)


def _excess(entry: AlarmRate, asked: SplitQuestion, entries: int) -> bool:
    """Test both shares against what is promised, one-sided and exact, corrected for the number of tests
    (Bonferroni).
    """
    counts = ((entry.failed, asked.promised), (entry.different, 1 - asked.level))
    p = [
        float(scipy.special.bdtrc(count - 1, entry.splits, promised)) if count else 1.0
        for count, promised in counts
    ]
    return min(p) * 2 * entries < 1 - SPLITS_LEVEL


def _share(count: int, splits: int) -> Interval:
    low, high = intervals.clopper_pearson(count, splits, SPLITS_LEVEL)
    return Interval(low=float(low), high=float(high), level=SPLITS_LEVEL)
