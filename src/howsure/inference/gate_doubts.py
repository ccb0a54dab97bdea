"""What takes a verdict back.

Attempts whose outcome nobody knows, clusters that nobody named, a factor that nobody chose, sides that took
different exams, and rows that contradict their own log.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.inference.gate_verdicts import FLOORS, judged, other_policies, settled, verdicts
from howsure.study.comparability import caution
from howsure.study.failures import completed
from howsure.study.gathering import as_proposed
from howsure.study.notes import silent_factor_taken
from howsure.wording import VERDICTS, have, plural, told_apart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.gate import Check, CheckKey, GateVerdict
    from howsure.inference.gate_question import GateQuestion
    from howsure.study.study import Study

    Key = tuple[str, str]

    from howsure.study.clusters import ProposedClusters
    from howsure.study.comparability import AskedDifference
    from howsure.table.scores import Reconciled

UNPAIRED = "unpaired"
NO_SHARED_ITEM = "the two share no item"


def answered(
    gate: GateQuestion, figures: Sequence[Reconciled]
) -> tuple[list[Check], list[str], list[Caution]]:
    """Return every check with its final verdict, notes and cautions; `figures`: what logs state of their own
    scores.
    """
    checks, notes, cautions = judged(gate)
    checks = with_absent(gate, weighed(gate, settled(gate, checks)))
    checks = _whatever_the_clusters(gate, checks)
    differences = [difference for difference in gate.study.differs if difference.what not in gate.allowed]
    disjoint = "questions" in gate.allowed
    checks = [_of_one_exam(check, differences, disjoint=disjoint) for check in checks]
    factor = gate.study.unasked
    if factor:  # costs are judged as they are
        checks = [
            check if check.criterion == "ratio_at_most" else replace(check, verdict="unclear", unasked=factor)
            for check in checks
        ]
    cautions += other_policies(gate, checks)
    # Take back what was judged on rows that give another score than their own log states: nobody knows which
    # of the two is right.
    sides = {gate.candidate, gate.baseline}
    # sides may be named otherwise than their logs name them
    of_sides = [figure for figure in figures if figure.model in sides] or figures
    wrong = [figure for figure in of_sides if figure.figure == "score" and not figure.agrees]
    as_stated = [_contradicted(check, wrong) for check in checks]
    # Say in the warnings of differences and of a factor that nobody chose how a gate lets them be.
    remedied = {caution(difference): caution(difference, allow=True) for difference in differences}
    cautions = [remedied.get(one, one) for one in cautions]
    of_factor = {one.code: one for one in silent_factor_taken(factor, gate=True)}
    with_remedies = [of_factor.get(one.code, one) for one in cautions]
    return as_stated, notes, with_remedies


def _whatever_the_clusters(gate: GateQuestion, checks: list[Check]) -> list[Check]:
    """Take back verdicts that would be others with the clusters that a column or the ids suggest."""
    study, proposed = as_proposed(gate.study), gate.study.proposed
    if study is None or proposed is None:
        return checks
    others = {check.key: check.verdict for check in verdicts(replace(gate, study=study))}
    return [_with_clusters(check, others.get(check.key, check.verdict), proposed) for check in checks]


def _with_clusters(check: Check, other: GateVerdict, proposed: ProposedClusters) -> Check:
    if check.verdict in ("unclear", other):
        return check
    would_change = Caution(
        code="clusters_would_change_verdict",
        message=f"{check.name}: {VERDICTS[check.verdict].lower()!r} if each item is its own cluster, "
        f"{VERDICTS[other].lower()!r} if questions are clustered by {proposed.words}",
        remedy=f"Say which it is: {proposed.choice} or `cluster='none'`.",
    )
    cautions = (*check.cautions, would_change)
    return replace(check, verdict="unclear", proposed_clusters=proposed.words, cautions=cautions)


def _of_one_exam(check: Check, differences: Sequence[AskedDifference], *, disjoint: bool) -> Check:
    """Take back the verdict on a pair where questions or right answers differ; `disjoint`: sides that share
    no item may be compared.
    """
    if check.criterion in FLOORS:
        return check
    words = [difference.words for difference in differences if check.task in ("", difference.task)]
    if not disjoint and any(caution.code == UNPAIRED for caution in check.cautions):
        words.append(NO_SHARED_ITEM)
        check = replace(check, cautions=tuple(map(_with_the_way_out, check.cautions)))
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words))) if words else check


def _with_the_way_out(caution: Caution) -> Caution:
    if caution.code != UNPAIRED:
        return caution
    return replace(caution, remedy=f"{caution.remedy} `allow_differs='questions'` judges them nevertheless.")


def _contradicted(check: Check, wrong: Sequence[Reconciled]) -> Check:
    words = [
        "the log of {} states {}, its rows give {}".format(
            figure.model, *told_apart(figure.stated, figure.read)
        )
        for figure in wrong
        if check.task in ("", figure.task)
        and check.metric == figure.metric.partition("@")[0]
        and not (check.criterion in FLOORS and figure.model == check.baseline)
    ]
    return replace(check, verdict="unclear", differs="; ".join(dict.fromkeys(words))) if words else check


def weighed(gate: GateQuestion, checks: Sequence[Check]) -> list[Check]:
    """Take back verdicts that attempts of unknown outcome could turn, where they are more than the gate's
    `missing_at_most`.

    Unknown are attempts without a score and what wasn't run, unless the harness or the user says what they
    count as. Where they are fewer, the verdict stands, and how many of them would have to go the other way is
    said.
    """
    worlds = _Worlds.of(gate)
    if not worlds.unknown:
        return list(checks)
    extremes = [worlds.stakes(worlds.all_against), worlds.stakes({})]
    return [_weighed(check, worlds, extremes) for check in checks]


def _weighed(check: Check, worlds: _Worlds, extremes: Sequence[Mapping[CheckKey, GateVerdict]]) -> Check:
    count, tried = worlds.counts(check.task)
    verdict = _stake(check)
    if check.lacking or check.criterion == "ratio_at_most" or verdict == "unclear" or not count:
        return check
    if worlds.can_be_judged and all(world.get(check.key, verdict) == verdict for world in extremes):
        return check
    # attempts that turn a slice's verdict are in the slice
    held = check.n_items + check.n_absent if check.by else tried
    stands = count <= worlds.gate.missing_at_most * held
    share = f"{count:,} of {plural(tried, 'attempt')} {have(count)} no score"
    message = f"{share}, and their outcomes could turn the verdict"
    if not stands:
        message += f", which would be {VERDICTS[check.verdict].lower()!r} without them"
    elif worlds.can_be_judged and check.task:
        against = extremes[0].get(check.key, verdict) != verdict
        needed, way = worlds.turning(check, against=against), "against" if against else "in favour of"
        message = (
            f"{share}; the verdict would turn if {needed:,} of these {count:,} went {way} {check.candidate}"
        )
    caution = Caution(code="missing_could_turn", message=message, remedy=RUN if stands else REMEDY)
    check = replace(check, cautions=(*check.cautions, caution))
    return check if stands else replace(check, verdict="unclear", n_unknown=count)


def with_absent(gate: GateQuestion, checks: Sequence[Check]) -> list[Check]:
    """Say of a policy's checks that stay open for lack of evidence that results are missing, where the
    candidate lacks more than the gate's `missing_at_most` of the items.
    """
    if gate.policy is None:
        return list(checks)
    return [
        replace(check, n_unknown=check.n_absent)
        if check.unclear_because == "evidence"
        and check.n_absent > gate.missing_at_most * (check.n_items + check.n_absent)
        else check
        for check in checks
    ]


RUN = "Run them again to be sure."
REMEDY = (
    "Run them again, or say what they count as with `failures`; `missing_at_most` lets a share of them be."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worlds:
    """A study with all that is missing in it, and the attempts of unknown outcome by task and metric and by
    model.
    """

    gate: GateQuestion
    study: Study
    unknown: Mapping[Key, Mapping[str, int]]

    @classmethod
    def of(cls, gate: GateQuestion) -> _Worlds:
        """Return a gate's study with what its logs lack added to it, and the attempts whose outcome nothing
        settles.
        """
        study = replace(gate.study, parts=completed(gate.study.parts, gate.study.missing))
        lost = {key: _lost(part) for key, part in study.parts.items() if not _is_settled(gate.study, key)}
        return cls(gate=gate, study=study, unknown={key: counts for key, counts in lost.items() if counts})

    @property
    def can_be_judged(self) -> bool:
        """Whether attempts can be filled in: rules over attempts and averaged checkpoints are made from
        single rows.
        """
        return not (self.study.rule.over_attempts or self.study.averages)

    @property
    def all_against(self) -> dict[Key, int]:
        """All attempts of unknown outcome."""
        return {key: sum(counts.values()) for key, counts in self.unknown.items()}

    def counts(self, task: str) -> tuple[int, int]:
        """Count the attempts of unknown outcome of a task (of all where it is empty), and all that were to be
        made.
        """
        keys = [key for key in self.study.parts if task in ("", key[0])]
        return (
            sum(self.all_against.get(key, 0) for key in keys),
            sum(int(self.study.parts[key]["rows"].sum()) for key in keys),
        )

    def stakes(self, against: Mapping[Key, int]) -> dict[CheckKey, GateVerdict]:
        """Judge a world in which so many of these attempts go against the candidate, and the others for
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
        """Return how few of the attempts turn a check's verdict by going against the candidate, or for it,
        found by halving.
        """
        key = (check.task, check.metric)
        count = self.all_against[key]

        def turns(number: int) -> bool:
            """Say whether the verdict is another one with so many attempts gone the other way."""
            verdicts_then = self.stakes({key: number if against else count - number})
            return verdicts_then.get(check.key, _stake(check)) != _stake(check)

        return bisect_left(range(count + 1), True, key=turns)

    def _filled(self, key: Key, against: int) -> pl.DataFrame:
        """Give the unknown attempts of a part their outcomes: the candidate's go against it first, then the
        baseline's for that one.
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
        return _with_outcomes(part, bad, worst, best)


def _with_outcomes(part: pl.DataFrame, bad: pl.Expr, worst: float, best: float) -> pl.DataFrame:
    """Score all attempts that have no score: the first `bad` of a model the worst, the others the best."""
    lost = (pl.col("rows") - pl.col("n")).cast(pl.Int64)
    before = lost.cum_sum().over("model") - lost
    wrong = pl.min_horizontal((bad - before).clip(lower_bound=0), lost)
    right, n, rows = lost - wrong, pl.col("n").cast(pl.Int64), pl.col("rows").cast(pl.Int64)
    scored, square = (
        pl.col("mean").fill_null(0.0),
        pl.col("variance").fill_null(0.0) + pl.col("mean").fill_null(0.0) ** 2,
    )
    mean = (scored * n + worst * wrong + best * right) / rows
    power = (square * n + worst**2 * wrong + best**2 * right) / rows
    ends = [pl.when(wrong > 0).then(worst), pl.when(right > 0).then(best)]
    return part.with_columns(
        mean=mean,
        variance=(power - mean**2).clip(lower_bound=0),
        n=pl.col("rows").cast(part.schema["n"]),
        low=pl.min_horizontal("low", *ends),
        high=pl.max_horizontal("high", *ends),
    )


def _is_settled(study: Study, key: Key) -> bool:
    """Say whether harness or user say what an attempt without a score counts as; of what was never run the
    user alone may.
    """
    if study.design.failures_of(key[0]) != "harness":
        return True
    silent = any(lack.task == key[0] for lack in study.missing)
    return study.policy_of(key) == "zero" and not silent


def _lost(part: pl.DataFrame) -> dict[str, int]:
    lost = part.group_by(pl.col("model").cast(pl.String)).agg(
        (pl.col("rows") - pl.col("n")).sum().cast(pl.Int64)
    )
    return {model: count for model, count in lost.iter_rows() if count}


def _stake(check: Check) -> GateVerdict:
    """Return what could turn: the verdict; of a supporting check, which may stay open, whether it fails."""
    return "pass" if check.tier == "supporting" and check.verdict != "fail" else check.verdict
