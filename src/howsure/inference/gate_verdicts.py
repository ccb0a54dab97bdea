"""Verdicts of checks, by one rule: passes uncorrected, fails corrected for the number of checks. Doubtful
verdicts are then withdrawn.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.gate import PopulationVerdict
from howsure.errors import ResultWarning
from howsure.inference.compare import unlike_of
from howsure.inference.gate_checks import cost_checks, floors, pair_checks, slice_checks, tasks_of_one
from howsure.inference.gate_each import each_checks, with_verdicts
from howsure.inference.gate_policy import tiered, weights
from howsure.inference.population import BY_TASK, NEW_CLUSTERS, SAME_CLUSTERS
from howsure.statistics.multiplicity import holm
from howsure.statistics.results import significant
from howsure.study.comparability import warning as difference_warning
from howsure.study.failures import completed
from howsure.study.gathering import as_proposed
from howsure.study.notes import silent_factor_taken
from howsure.wording import VERDICTS, have, plural, told_apart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.gate import Check, CheckKey, GateVerdict
    from howsure.inference.gate_question import GateQuestion
    from howsure.inference.planned_looks import LookSeries
    from howsure.statistics.arrays import Floats
    from howsure.study.clusters import ProposedClusters
    from howsure.study.comparability import AskedDifference
    from howsure.study.study import Study
    from howsure.table.scores import Reconciled

    Key = tuple[str, str]

FLOORS = ("at_least", "at_most")
OF_CANDIDATE = (*FLOORS, "each_at_least")
UNPAIRED, NO_SHARED_ITEM = "unpaired", "the two don't share any item"
POPULATIONS = {
    "new-clusters": "about new clusters",
    "same-clusters": "on more questions from these same clusters",
}
UNCORRECTED = ResultWarning(
    code="fail_not_corrected",
    message="alone this check would fail; with so many checks at once that may be chance (Holm)",
    remedy="Run more questions, or ask for fewer tasks.",
)


def verdict_of(p_pass: float, p_fail: float, level: float) -> GateVerdict:
    """Decide one check: "pass" if significant at `level`, else "fail" if significant, else "unclear".

    This is the gate's only rule: every criterion, on a task, on a slice, on costs or by a policy, is reduced
    to two p-values. `p_pass` is that of the check alone, since all checks have to pass (an intersection-union
    test). `p_fail` is corrected for the number of checks, since one fail is enough. NaN isn't significant.
    """
    if significant(p_pass, level):
        return "pass"
    return "fail" if significant(p_fail, level) else "unclear"


def p_values_of(check: Check) -> tuple[float, float]:
    """Return the p-values of a pass and of a fail of one check alone.

    The score of a model is judged by its one-sided limits: 0 if they show the result, 1 if they don't. A
    limit equal to the floor passes.
    """
    if check.criterion not in FLOORS:
        return check.p_pass, check.p_fail
    if not (math.isfinite(check.low) and math.isfinite(check.high)):
        return math.nan, math.nan
    if check.lower_is_better:
        return float(check.high > check.limit), float(check.low <= check.limit)
    return float(check.low < check.limit), float(check.high >= check.limit)


def decided(gate: GateQuestion, checks: Sequence[Check]) -> list[Check]:
    """Give every check its verdict. Fails are corrected by Holm's procedure over the checks that bind."""
    p_pass, p_fail = np.array([p_values_of(check) for check in checks]).reshape(-1, 2).T
    tested = [k for k, check in enumerate(checks) if check.binds and not check.lacking]
    adjusted = np.where([check.binds for check in checks], math.nan, p_fail)
    adjusted[tested] = _corrected(gate, [checks[k] for k in tested], p_fail[tested])
    decisions = []
    for k, check in enumerate(checks):
        verdict = verdict_of(p_pass[k], adjusted[k], gate.level)
        by_chance = significant(p_fail[k], gate.level) and not significant(adjusted[k], gate.level)
        decisions.append(
            replace(
                with_verdicts(check, adjusted[k], gate.level),
                verdict=verdict,
                p_fail_adjusted=math.nan if check.criterion in FLOORS else float(adjusted[k]),
                warnings=(*check.warnings, UNCORRECTED) if by_chance else check.warnings,
            )
        )
    return decisions


def _corrected(gate: GateQuestion, checks: Sequence[Check], p_fail: Floats) -> Floats:
    """Return p-values of fails after Holm's correction, with the weights of a policy. NaN stays.

    A failing floor, whose p-value has no formula, gets (1 − level) / j, j the largest of Holm's steps at
    which it still fails, found by bisection. The procedure doesn't need more.
    """

    @cache
    def fails_at(step: int) -> frozenset[tuple[str, str]]:
        """Return task and metric of the floors that fail at one step's level."""
        _, at_step = floors(gate, 1 - 2 * (1 - gate.level) / step)
        return frozenset((check.task, check.metric) for check in at_step if p_values_of(check)[1] == 0)

    p_fail, steps = p_fail.copy(), range(2, len(checks) + 1)
    for k, check in enumerate(checks):
        if steps and check.criterion in FLOORS and p_fail[k] == 0:
            key = (check.task, check.metric)
            last = 1 + bisect_left(steps, True, key=lambda step: key not in fails_at(step))
            p_fail[k] = (1 - gate.level) / last
    finite = np.isfinite(p_fail)
    shares = weights(gate.policy, checks)
    p_fail[finite] = holm(p_fail[finite], None if shares is None else shares[finite])
    return p_fail


def judged(gate: GateQuestion) -> tuple[list[Check], list[str], list[ResultWarning]]:
    """Return every check with its p-values or limits, not yet decided, with notes and warnings."""
    checks: list[Check] = []
    notes: list[str] = []
    warnings: list[ResultWarning] = []
    of_scores = [floors(gate, gate.one_sided)] if gate.criteria.floors else []
    for answer, more in (*pair_checks(gate), *of_scores):
        checks += more if gate.look is None else [_at_look(check, gate.look, gate.level) for check in more]
        notes += answer.notes
        warnings += [warning for warning in answer.warnings if warning.code != "task_left_out"]
    if not gate.criteria.of_difference and not gate.criteria.floors:
        notes, warnings = [*gate.study.notes], [*gate.study.warnings]
    if not gate.criteria.of_pair and not gate.criteria.floors:  # single questions have no clusters
        warnings = [warning for warning in warnings if warning.code != "looks_grouped"]
    checks += [*each_checks(gate), *cost_checks(gate)]
    if gate.policy is not None:
        checks += slice_checks(gate, gate.policy)
    pairs: list[Comparison] = []
    if gate.criteria.of_difference:
        pairs = gate.wanted(gate.compare(gate.level, None))
        warnings += unlike_of(pairs)
    if gate.baseline is not None:
        lacking, without_baseline = tasks_of_one(gate, gate.baseline, checks)
        checks, warnings = [*checks, *lacking], [*warnings, *without_baseline]
    if gate.policy is not None:
        checks = tiered(gate.policy, checks, pairs)
    return checks, notes, warnings


def _at_look(check: Check, look: LookSeries, level: float) -> Check:
    """Return a check with p-values and limits for all looks together. `level`: that of the gate."""
    two_sided, one_sided = level, 2 * level - 1
    if check.criterion in FLOORS:
        return replace(check, level=one_sided)

    def overall(p_value: float, *, sides: int) -> float:
        """Return the smallest error with which this look would decide."""
        if sides == 2:
            return look.overall_p(p_value, two_sided)
        return look.overall_p(2 * p_value, one_sided) / 2 if p_value < 0.5 else p_value

    own = min((two_sided, one_sided), key=lambda each: abs(look.level(each) - check.level))
    sides = {"better": (2, 2), "not_worse_than": (1, 1), "same_within": (1, 2)}[check.criterion]
    return replace(
        check,
        level=one_sided if check.criterion == "not_worse_than" else own,
        p_pass=overall(check.p_pass, sides=sides[0]),
        p_fail=overall(check.p_fail, sides=sides[1]),
    )


def verdicts(gate: GateQuestion) -> list[Check]:
    """Return every check with its verdict."""
    return settled(gate, judged(gate)[0])


def settled(gate: GateQuestion, checks: Sequence[Check]) -> list[Check]:
    """Give every check its verdict. With few clusters, the verdict for the other population (new or same
    clusters) is added. If none was chosen, a verdict that only one of the two gives is withdrawn.
    """
    checks, population = decided(gate, checks), gate.question.population
    if not gate.study.few_clusters or population.only_these:
        return checks
    other = SAME_CLUSTERS if population == NEW_CLUSTERS else NEW_CLUSTERS
    other_gate = replace(gate, question=replace(gate.question, population=other))
    others = {check.key: check for check in decided(other_gate, judged(other_gate)[0])}
    of_both = []
    for own in checks:
        that = others.get(own.key)
        if that is None or that.population == own.population or own.lacking:
            of_both.append(own)
            continue
        verdict = PopulationVerdict(
            population=that.population, verdict=that.verdict, low=that.low, high=that.high
        )
        with_other = replace(own, other_population=verdict)
        if population == BY_TASK and own.verdict != that.verdict:
            words = [
                f"{VERDICTS[one.verdict].lower()!r} {POPULATIONS[one.population]}" for one in (own, that)
            ]
            warning = ResultWarning(
                code="population_would_change_verdict",
                message=f"{own.name}: {' and '.join(words)}. There are too few clusters to generalise to "
                "new ones",
                remedy=(
                    'Choose with `population`, or in howsure.toml: population = "same-clusters" '
                    'or population = "new-clusters".'
                ),
            )
            warnings = (*own.warnings, warning)
            with_other = replace(
                with_other, verdict="unclear", verdict_own_population=own.verdict, warnings=warnings
            )
        of_both.append(with_other)
    return of_both


def other_policies(gate: GateQuestion, checks: Sequence[Check]) -> list[ResultWarning]:
    """Warn if counting failed attempts the other way would change the verdict of a check."""
    if gate.study.design.failures == "error" or not gate.study.failed():
        return []
    before = {check.key: check.verdict for check in checks}
    warnings = []
    policies = ("drop", "zero") if gate.study.design.of_metric is None else ("drop",)
    for policy in policies:
        again = replace(gate, study=gate.study.with_failures(policy))
        warnings += [
            ResultWarning(
                code="failure_policy",
                message=(
                    f"{check.name}: with `failures={policy!r}` the verdict would be "
                    f"{VERDICTS[check.verdict].lower()!r}"
                ),
                remedy="Choose a policy and keep it.",
            )
            for check in verdicts(again)
            if before.get(check.key, check.verdict) != check.verdict
        ]
    return warnings


def answered(
    gate: GateQuestion, figures: Sequence[Reconciled]
) -> tuple[list[Check], list[str], list[ResultWarning]]:
    """Return every check with its final verdict, notes and warnings. `figures`: the scores stated in the
    logs.

    Verdicts are withdrawn for attempts with unknown results, unnamed clusters, a factor that wasn't chosen,
    models that aren't comparable, and rows that contradict their own log.
    """
    checks, notes, warnings = judged(gate)
    checks = weighed(gate, settled(gate, checks))
    study, proposed = as_proposed(gate.study), gate.study.proposed
    if study is not None and proposed is not None:
        others = {check.key: check.verdict for check in verdicts(replace(gate, study=study))}
        checks = [_with_clusters(check, others.get(check.key, check.verdict), proposed) for check in checks]
    differences = [difference for difference in gate.study.differs if difference.what not in gate.allowed]
    disjoint = "questions" in gate.allowed
    checks = [_of_one_exam(check, differences, disjoint=disjoint) for check in checks]
    factor = gate.study.unasked
    if factor:  # costs are judged without changes
        checks = [
            check
            if check.criterion == "ratio_at_most"
            else replace(check, verdict="unclear", unconfirmed_attempts=factor)
            for check in checks
        ]
    warnings += other_policies(gate, checks)
    # Withdraw verdicts on rows whose score differs from the one stated in their log: it is unknown which of
    # the two is right.
    sides = {gate.candidate, gate.baseline}
    # models may have other names than in their logs
    of_sides = [figure for figure in figures if figure.model in sides] or figures
    wrong = [figure for figure in of_sides if figure.figure == "score" and not figure.agrees]
    checks = [_contradicted(check, wrong) for check in checks]
    # Add the gate's remedy to warnings of differences and of a factor that wasn't chosen.
    remedied = {
        difference_warning(difference): difference_warning(difference, allow=True)
        for difference in differences
    }
    of_factor = {one.code: one for one in silent_factor_taken(factor, gate=True)}
    warnings = [remedied.get(one, one) for one in warnings]
    return checks, notes, [of_factor.get(one.code, one) for one in warnings]


def _with_clusters(check: Check, other: GateVerdict, proposed: ProposedClusters) -> Check:
    """Withdraw a verdict that would change with the clusters suggested by a column or the ids."""
    if check.verdict in ("unclear", other):
        return check
    would_change = ResultWarning(
        code="clusters_would_change_verdict",
        message=f"{check.name}: {VERDICTS[check.verdict].lower()!r} if each item is its own cluster, "
        f"{VERDICTS[other].lower()!r} if questions are clustered by {proposed.words}",
        remedy=f"Choose one: {proposed.choice} or `cluster='none'`.",
    )
    warnings = (*check.warnings, would_change)
    return replace(check, verdict="unclear", proposed_clusters=proposed.words, warnings=warnings)


def _of_one_exam(check: Check, differences: Sequence[AskedDifference], *, disjoint: bool) -> Check:
    """Withdraw the verdict on a pair if questions or right answers differ. `disjoint`: models without shared
    items may be compared.
    """
    if check.criterion in OF_CANDIDATE:
        return check
    words = [difference.words for difference in differences if check.task in ("", difference.task)]
    if not disjoint and any(warning.code == UNPAIRED for warning in check.warnings):
        words.append(NO_SHARED_ITEM)
        remedy = "`allow_differs='questions'` allows the comparison anyway."
        warnings = [
            replace(warning, remedy=f"{warning.remedy} {remedy}") if warning.code == UNPAIRED else warning
            for warning in check.warnings
        ]
        check = replace(check, warnings=tuple(warnings))
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words))) if words else check


def _contradicted(check: Check, wrong: Sequence[Reconciled]) -> Check:
    words = [
        "the log of {} states {}, its rows give {}".format(
            figure.model, *told_apart(figure.stated, figure.read)
        )
        for figure in wrong
        if check.task in ("", figure.task)
        and check.metric == figure.metric.partition("@")[0]
        and not (check.criterion in OF_CANDIDATE and figure.model == check.baseline)
    ]
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words))) if words else check


def weighed(gate: GateQuestion, checks: list[Check]) -> list[Check]:
    """Withdraw verdicts that attempts with unknown results could change, if there are more than the gate's
    `missing_at_most`.

    Unknown are attempts without a score and attempts not run, unless the harness or an option defines how
    they count. If there are fewer, the verdict stays, with the number of them that would change it. For a
    policy's checks that are undecided for lack of evidence, missing results are reported.
    """
    worlds = Worlds.of(gate)
    if worlds.unknown:
        extremes = [worlds.stakes(worlds.all_against), worlds.stakes({})]
        checks = [_weighed(check, worlds, extremes) for check in checks]
    if gate.policy is None:
        return checks
    return [
        replace(check, n_unknown=check.n_absent)
        if check.unclear_because == "evidence"
        and check.n_absent > gate.missing_at_most * (check.n_items + check.n_absent)
        else check
        for check in checks
    ]


def _weighed(check: Check, worlds: Worlds, extremes: Sequence[Mapping[CheckKey, GateVerdict]]) -> Check:
    count, tried = worlds.counts(check.task)
    verdict = _stake(check)
    if check.lacking or check.criterion == "ratio_at_most" or verdict == "unclear" or not count:
        return check
    if worlds.can_be_judged and all(world.get(check.key, verdict) == verdict for world in extremes):
        return check
    # attempts that change a slice's verdict are in the slice
    held = check.n_items + check.n_absent if check.by else tried
    stands = count <= worlds.gate.missing_at_most * held
    share = f"{count:,} of {plural(tried, 'attempt')} {have(count)} no score"
    message = f"{share}, and their results could change the verdict"
    if not stands:
        message += f", which would be {VERDICTS[check.verdict].lower()!r} without them"
    elif worlds.can_be_judged and check.task:
        against = extremes[0].get(check.key, verdict) != verdict
        way = "against" if against else "in favour of"
        needed = worlds.turning(check, against=against)
        message = (
            f"{share}. The verdict would change if {needed:,} of these {count:,} went {way} {check.candidate}"
        )
    warning = ResultWarning(code="missing_could_turn", message=message, remedy=RUN if stands else REMEDY)
    check = replace(check, warnings=(*check.warnings, warning))
    return check if stands else replace(check, verdict="unclear", n_unknown=count)


RUN = "Run them again to be sure."
REMEDY = "Run them again, or choose how they count with `failures`. `missing_at_most` allows a share of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """A study completed by its missing attempts, and the attempts with unknown results by task and metric and
    by model.
    """

    gate: GateQuestion
    study: Study
    unknown: Mapping[Key, Mapping[str, int]]

    @classmethod
    def of(cls, gate: GateQuestion) -> Worlds:
        """Return a gate's study completed by the attempts missing in its logs, and the attempts with unknown
        results.
        """
        study = replace(gate.study, parts=completed(gate.study.parts, gate.study.missing))
        unknown = {}
        for key, part in study.parts.items():
            if study.design.failures_of(key[0]) != "harness":
                continue  # an option defines how they count
            silent = any(lack.task == key[0] for lack in study.missing)
            if study.policy_of(key) == "zero" and not silent:
                continue  # the harness defines it, for attempts that were run
            lost = part.group_by(pl.col("model").cast(pl.String)).agg(
                (pl.col("rows") - pl.col("n")).sum().cast(pl.Int64)
            )
            if counts := {model: count for model, count in lost.iter_rows() if count}:
                unknown[key] = counts
        return cls(gate=gate, study=study, unknown=unknown)

    @property
    def can_be_judged(self) -> bool:
        """Whether attempts can be filled in: rules over attempts, averaged checkpoints and metrics need
        single rows.
        """
        study = self.study
        return not (study.rule.over_attempts or study.averages or study.design.of_metric is not None)

    @property
    def all_against(self) -> dict[Key, int]:
        """The number of all attempts with unknown results."""
        return {key: sum(counts.values()) for key, counts in self.unknown.items()}

    def counts(self, task: str) -> tuple[int, int]:
        """Count the attempts with unknown results of a task (of all if it is empty), and all planned ones."""
        keys = [key for key in self.study.parts if task in ("", key[0])]
        return (
            sum(self.all_against.get(key, 0) for key in keys),
            sum(int(self.study.parts[key]["rows"].sum()) for key in keys),
        )

    def stakes(self, against: Mapping[Key, int]) -> dict[CheckKey, GateVerdict]:
        """Return the verdicts if this many of these attempts go against the candidate, and the others for
        it.
        """
        if not self.can_be_judged:
            return {}
        parts = {
            key: self._filled(key, against.get(key, 0)) if key in self.unknown else part
            for key, part in self.study.parts.items()
        }
        gate = replace(self.gate, study=replace(self.study, parts=parts, missing=()))
        return {check.key: _stake(check) for check in verdicts(gate)}

    def turning(self, check: Check, *, against: bool) -> int:
        """Return the smallest number of attempts that change a check's verdict by going against the
        candidate, or for it, found by bisection.
        """
        key = (check.task, check.metric)
        count = self.all_against[key]

        def turns(number: int) -> bool:
            """Return whether the verdict changes if this many attempts go the other way."""
            verdicts_then = self.stakes({key: number if against else count - number})
            return verdicts_then.get(check.key, _stake(check)) != _stake(check)

        return bisect_left(range(count + 1), True, key=turns)

    def _filled(self, key: Key, against: int) -> pl.DataFrame:
        """Assign results to the unknown attempts of a part: the candidate's count against it first, then the
        baseline's in favour of that one.
        """
        part, unknown, candidate = self.study.parts[key], self.unknown[key], self.gate.candidate
        mine = min(against, unknown.get(candidate, 0))
        theirs = sum(count for model, count in unknown.items() if model != candidate)
        bounded = not bool(((part["low"] < 0) | (part["high"] > 1)).any())
        low, high = (0.0, 1.0) if bounded else (part["low"].min(), part["high"].max())
        ends = float(low), float(high)  # type: ignore[arg-type]
        worst, best = reversed(ends) if self.study.is_lower_better(key) else ends
        bad = (
            pl.when(pl.col("model").cast(pl.String) == candidate)
            .then(mine)
            .otherwise(theirs - (against - mine))
        )
        lost = (pl.col("rows") - pl.col("n")).cast(pl.Int64)
        before = lost.cum_sum().over("model") - lost
        wrong = pl.min_horizontal((bad - before).clip(lower_bound=0), lost)
        right, n, rows = lost - wrong, pl.col("n").cast(pl.Int64), pl.col("rows").cast(pl.Int64)
        scored = pl.col("mean").fill_null(0.0)
        square = pl.col("variance").fill_null(0.0) + scored**2
        mean = (scored * n + worst * wrong + best * right) / rows
        power = (square * n + worst**2 * wrong + best**2 * right) / rows
        limits = [pl.when(wrong > 0).then(worst), pl.when(right > 0).then(best)]
        return part.with_columns(
            mean=mean,
            variance=(power - mean**2).clip(lower_bound=0),
            n=pl.col("rows").cast(part.schema["n"]),
            low=pl.min_horizontal("low", *limits),
            high=pl.max_horizontal("high", *limits),
        )


def _stake(check: Check) -> GateVerdict:
    """Return what could change: the verdict or, for a supporting check, which may stay undecided, whether it
    fails.
    """
    return "pass" if check.tier == "supporting" and check.verdict != "fail" else check.verdict
