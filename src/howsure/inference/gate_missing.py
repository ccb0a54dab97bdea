"""Attempts whose outcome nobody knows: could they turn a verdict, and how one-sided would they have to be?"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.inference.gate_verdicts import verdicts
from howsure.study.failures import completed
from howsure.wording import VERDICTS, have, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.gate import Check, CheckKey, GateVerdict
    from howsure.inference.gate_question import GateQuestion
    from howsure.study.study import Study

    Key = tuple[str, str]


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
    kept = _stake(check)
    if check.lacking or check.criterion == "ratio_at_most" or kept == "unclear" or not count:
        return check
    if worlds.can_be_judged and all(world.get(check.key, kept) == kept for world in extremes):
        return check
    share = f"{count:,} of {plural(tried, 'attempt')} {have(count)} no score"
    # attempts that turn a slice's verdict are in the slice
    held = check.n_items + check.n_absent if check.by else tried
    if count > worlds.gate.missing_at_most * held:
        message = (
            f"{share}, and their outcomes could turn the verdict, which would be "
            f"{VERDICTS[check.verdict].lower()!r} without them"
        )
        told = Caution(code="missing_could_turn", message=message, remedy=REMEDY)
        return replace(check, verdict="unclear", n_unknown=count, cautions=(*check.cautions, told))
    if not worlds.can_be_judged or not check.task:
        told = Caution(
            code="missing_could_turn",
            message=f"{share}, and their outcomes could turn the verdict",
            remedy=RUN,
        )
    else:
        against = extremes[0].get(check.key, kept) != kept
        needed, way = worlds.turning(check, against=against), "against" if against else "in favour of"
        message = (
            f"{share}; the verdict would turn if {needed:,} of these {count:,} went {way} {check.candidate}"
        )
        told = Caution(code="missing_could_turn", message=message, remedy=RUN)
    return replace(check, cautions=(*check.cautions, told))


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
            found = self.stakes({key: number if against else count - number})
            return found.get(check.key, _stake(check)) != _stake(check)

        return bisect_left(range(count + 1), True, key=turns)

    def _filled(self, key: Key, against: int) -> pl.DataFrame:
        """Give the unknown attempts of a part their outcomes: the candidate's go against it first, then the
        baseline's for that one.
        """
        part, found, candidate = self.study.parts[key], self.unknown[key], self.gate.candidate
        mine = min(against, found.get(candidate, 0))
        theirs = sum(count for model, count in found.items() if model != candidate)
        bounded = not bool(((part["low"] < 0) | (part["high"] > 1)).any())
        ends = (0.0, 1.0) if bounded else (float(part["low"].min()), float(part["high"].max()))  # type: ignore[arg-type]
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
    known, square = (
        pl.col("mean").fill_null(0.0),
        pl.col("variance").fill_null(0.0) + pl.col("mean").fill_null(0.0) ** 2,
    )
    mean = (known * n + worst * wrong + best * right) / rows
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
