"""The function gate: may a candidate pass? Comparisons and estimates become checks with three verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from howsure.answers.gate import Gate
from howsure.errors import OptionError
from howsure.inference.compare import compared
from howsure.inference.flips import flipped
from howsure.inference.gate_policy import (
    PLACEHOLDER,
    policy_of,
    refuse_beside,
    with_policy_columns,
    with_policy_rules,
)
from howsure.inference.gate_question import Criteria, GateQuestion, gate_look, refuse_options
from howsure.inference.gate_verdicts import answered
from howsure.inference.population import population_of
from howsure.inference.published import of_counts, only_model, reworded, with_published
from howsure.inference.quarantine import read_quarantine, undated, without_questions
from howsure.inference.question import Question
from howsure.inference.settings import settings_of
from howsure.options.table import checked
from howsure.study.design import Respects, make_design
from howsure.study.factors import gather_levelled
from howsure.study.notes import require_direction
from howsure.study.units import require_one_scale
from howsure.verbs.sides import read_sides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.flips import Flips
    from howsure.answers.settings import Settings
    from howsure.answers.slices import DifferenceSlices
    from howsure.errors import ResultWarning
    from howsure.inference.gate_policy import Policy
    from howsure.options.choices import Overall
    from howsure.options.look_plan import LookPlan
    from howsure.statistics.choices import ComparisonMethod, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest
    from howsure.study.design import Design, DesignOptions
    from howsure.study.study import Study
    from howsure.table.scores import Scores
RESPECTS = Respects(verb="gate")


def gate(
    data: Any = None,
    candidate: str | None = None,
    baseline: str | None = None,
    *,
    published: str | float | tuple[float, int] | None = None,
    not_worse_than: float | str | None = None,
    better: bool = False,
    same_within: float | str | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    each_at_least: float | str | None = None,
    ratio_at_most: float | None = None,
    quarantine: str | None = None,
    policy: Any = None,
    overall: Overall | Mapping[str, float] | None = None,
    each_task: bool = True,
    missing_at_most: float = 0.01,
    allow_differs: str | Sequence[str] | None = None,
    guard_unseen: bool = False,
    flips: bool = False,
    looks: int | Sequence[int] | str | None = None,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Gate:
    """Decide whether a candidate may pass: pass, fail, or can't tell. Pass and fail are each significant at
    `level`.

    You can combine several criteria. Each is checked on every task:

    - `not_worse_than` (non-inferiority) passes if a one-sided test shows that candidate − baseline exceeds
        −margin, and fails if one shows that it is below.
    - `better` passes or fails if `compare` finds a difference, two-sided.
    - `same_within` (equivalence) passes by two one-sided tests (Schuirmann 1987), and fails if the two-sided
        interval
      lies outside ±margin.
    - `at_least` and `at_most` compare the candidate's score with the one-sided limits of `estimate`, which
        are exact at 0 and n of n.
    - `each_at_least` tests every single question over its attempts (exact binomial tests): it passes if each
        is shown not to be below the floor, and fails if one is shown to be, corrected for all questions.
    - `ratio_at_most` compares the candidate's mean of each `usage` with the baseline's, over all tasks
        together.

    The gate passes only if every check passes, which requires no correction (an intersection-union test,
    Berger 1982). It fails if any check fails, with p-values Holm-corrected over the checks. A candidate that
    meets all criteria fails with probability 1 − level at most. Doubtful cases are "can't tell" rather than
    random. Clusters and questions are assumed independent draws. The verdict is also "can't tell" if a task
    is missing from the candidate, or if the questions, grader or the like changed (see `allow_differs`). The
    same applies if more attempts than `missing_at_most` have no score and counting them all right or all
    wrong could change the verdict.

    A `policy` sets criteria per task. A critical check has to pass. A supporting one may stay open, and is
    underpowered if even a loss of its margin would hardly have shown. An advisory one decides nothing. Fails
    are corrected by Holm's weighted procedure (1979) over all checks that aren't advisory.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores. None suffices if candidate and baseline are paths or saved baselines.
        candidate: The model to be admitted, by its full name or the part after the last slash, else a path;
            or `tag:…`, `commit:…`, `run:…`, `saved:…` (a baseline), `model:…`, `path:…`. None: the only
            model.
        baseline: The model to compare it with, in the same forms, or `history:PATH`, the mean of the runs
            since the last change. None suffices for `at_least` and `at_most`.
        published: A published score instead of the baseline, as in [`compare`][howsure.compare]. None
            compares with `baseline`.
        not_worse_than: The margin of non-inferiority, in score units (0.01 is one percentage point), or
            "1%rel" for a share of the baseline's score on each task. None omits the criterion.
        better: Whether the candidate has to be better.
        same_within: The margin of equivalence, likewise. None omits the criterion.
        at_least: The floor of the candidate's score. None omits the criterion.
        at_most: The ceiling, for scores of which smaller ones are better. None omits the criterion.
        each_at_least: The floor of every question's success probability: 0.8 or "80%". "8/10" is the plain
            count: at least 8 of 10 attempts. None omits the criterion.
        ratio_at_most: The largest allowed ratio of the candidate's `usage` to the baseline's, on average
            over all attempts: for example, 1.1. Requires `usage`. None omits the criterion.
        quarantine: A file of flaky questions that [`questions`][howsure.questions] wrote. They are left out
            for both sides if the candidate's run isn't later than its last day. The verdict on all questions
            stands beside. The candidate's own run can't be the evidence. Without a date of that run the
            verdict is "can't tell". None leaves nothing out.
        policy: The criteria of a suite: the path of a TOML file, or a dict with the same keys: tiers, margins
            (also "1%rel"), weights, slices and costs. It replaces all criteria. None applies the same
            criteria to every task.
        overall: Whether to check the tasks combined as well: "harness" uses the log's weights, else the mean.
            Other choices: "mean" over tasks, "pooled" over all questions, or a weight per task. None checks
            single tasks only.
        each_task: Whether single tasks are checked. False requires `overall`.
        missing_at_most: The largest share of a task's planned attempts without a score at which a verdict may
            depend on their outcomes. Above it such a verdict is "can't tell", unless the harness or
            `failures` defines what they count as.
        allow_differs: What may differ between the two: "questions", "targets" (the right answers), "version"
            (of the task), "grader" and "scorer" (its options). If anything else of these differs, the verdict
            is "can't tell".
        guard_unseen: Whether averages (of attempts, fractions) pass a margin only if whole losses that no
            question showed couldn't exceed it either (the rule of three). False passes "for losses like those
            seen", with a note if that matters.
        flips: Whether to list which questions got worse and better from the baseline to the candidate, and
            why. This reads the logs a second time.
        looks: How often the gate is run while questions are added. For example, "4/2000" is four times, at
            equal shares of 2,000 questions, and "500,1000,2000" at these numbers of questions. With ":pocock"
            appended the error is spent evenly over the looks, else late (O'Brien and Fleming). Pass and fail
            are then each wrong with probability 1 − level at most over all looks (Lan and DeMets 1983). The
            number of questions determines the current look. None means a single look.
        method: The test of the difference, as in [`compare`][howsure.compare]. None chooses by the scale.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of a pass or a fail, above ½.
        seed: The seed for methods that resample.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters".

    Returns:
        Gate: One verdict over all checks, and one check per criterion, task and metric, with its value,
            interval and p-values.

    Raises:
        OptionError: If no criterion is given, the baseline is missing, an option has an invalid value, or
            scores called cost, error, unsafe and the like come without a direction.
        DataError: If a model doesn't exist, the two share no task, or the number of questions fits no planned
            look.
        MethodError: If the method isn't defined for these scores.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["new"] * 400 + ["old"] * 400, "item": [*range(400)] * 2,
        ...     "score": [int(i % 4 > 0) for i in range(400)] + [int(i % 4 > 0 and i != 1)
        ...     for i in range(400)]})
        >>> answer = gate(rows, "new", "old", not_worse_than=0.02, at_least=0.8)
        >>> answer.verdict, [check.verdict for check in answer.checks]
        ('fail', ['pass', 'fail'])
    """
    criteria = checked("gate", not_worse_than=not_worse_than, better=better, same_within=same_within)
    criteria |= checked("gate", at_least=at_least, at_most=at_most, ratio_at_most=ratio_at_most)
    criteria |= checked("gate", each_at_least=each_at_least)
    (path,) = checked("gate", quarantine=quarantine).values()
    candidate, baseline, published = checked(
        "gate", candidate=candidate, baseline=baseline, published=published
    ).values()
    overall, each_task, flips, plan = checked(
        "gate", overall=overall, each_task=each_task, flips=flips, looks=looks
    ).values()
    guard_unseen, missing_at_most = checked(
        "gate", guard_unseen=guard_unseen, missing_at_most=missing_at_most
    ).values()
    allowed, policy = checked("gate", allow_differs=allow_differs, policy=policy).values()
    statistics = checked("gate", method=method, variance=variance, level=level, seed=seed)
    design = make_design(options, RESPECTS, method=method)
    suite = None if policy is None else policy_of(policy)
    if suite is not None:
        others = {**criteria, "overall": overall, "each_task": not each_task, "looks": plan}
        refuse_beside(suite, others, level=statistics["level"], design=design)
        criteria, statistics["level"] = {"not_worse_than": suite.says.get("margin", PLACEHOLDER)}, suite.level
    of_candidate = Criteria(**criteria)
    refuse_options(
        of_candidate,
        baseline if published is None else "published",
        overall=overall,
        each_task=each_task,
        method=method,
        design=design,
        several_looks=plan is not None,
    )
    scores, names, instead = _read(data, (candidate, baseline), published, design, suite)
    study = _gathered(scores, names, design, suite)
    asked = Question(population=population_of(design.population), overall=overall or "harness", **statistics)
    question = GateQuestion(
        study=study,
        criteria=of_candidate,
        question=asked,
        overall=overall,
        each_task=each_task,
        look=gate_look(study, plan, missing_at_most),
        policy=suite,
        missing_at_most=missing_at_most,
        allowed=(*(allowed or ()), *(() if instead is None else ("questions",))),
        guard_unseen=guard_unseen,
    )
    if path is None:
        answer = _answer(question, scores, design, flips=flips)
    else:
        answer = _quarantined(question, scores, path, design=design, plan=plan, flips=flips)
    return answer if instead is None else _with_warning(answer, instead)


def automatic_settings(data: Any, asked: Mapping[str, Any]) -> Settings:
    """Return the settings that a gate takes for these scores, with the options of `gate` in `asked`."""
    from howsure.study.design import DesignOptions

    options = {name: asked[name] for name in DesignOptions.__annotations__ if name in asked}
    design = make_design(options, RESPECTS, method=asked.get("method"))  # type: ignore[arg-type]
    sides = asked["candidate"], asked["baseline"]
    scores, names, _ = _read(data, sides, asked.get("published"), design, None)
    study = _gathered(scores, names, design, None)
    return settings_of(study, Question(population=population_of(design.population)))


def _read(
    data: Any, sides: tuple[str | None, str | None], published: Any, design: Design, policy: Policy | None
) -> tuple[Scores, tuple[str, ...], ResultWarning | None]:
    """Read candidate and baseline, and return their names."""
    columns = design if policy is None else with_policy_columns(policy, design)
    if published is not None and sides[1] is not None:
        raise OptionError("`published` replaces `baseline`", remedy="Leave one of the two out.")
    scores, names = read_sides(data, [side for side in sides if side is not None], columns)
    if sides[0] is None:
        names = (only_model(scores, "candidate"), *names)
    if published is not None:
        return with_published(scores, names[0], published, columns)
    return scores, tuple(names), of_counts(scores)


def _gathered(scores: Scores, names: Sequence[str], design: Design, policy: Policy | None) -> Study:
    """Gather the rows of candidate and baseline once for all criteria."""
    columns = design if policy is None else with_policy_columns(policy, design)
    study = gather_levelled(scores, columns, models=names, whole=True)
    if len(study.models) < len(names):
        raise OptionError(
            f"candidate and baseline are both {study.models[0]!r}", remedy="Choose two different models."
        )
    require_direction(study)
    require_one_scale(study.warnings)
    return study if policy is None else with_policy_rules(policy, study)


def _answer(question: GateQuestion, scores: Scores, design: Design, *, flips: bool) -> Gate:
    checks, notes, warnings = answered(question, scores.reconciled)
    return Gate(
        candidate=question.candidate,
        baseline=question.baseline,
        checks=tuple(checks),
        level=question.level,
        looks=None if question.look is None else question.look.answer(question.level),
        flips=_flips(question, scores) if flips else None,
        slices=_slices(question, design),
        settings=settings_of(question.study, question.question),
        notes=tuple(dict.fromkeys(notes)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _quarantined(
    question: GateQuestion, scores: Scores, path: str, *, design: Design, plan: LookPlan | None, flips: bool
) -> Gate:
    """Return the verdict without the questions in quarantine, with that on all questions."""
    fewer, use, warnings = without_questions(read_quarantine(path), scores, question.candidate)
    answer = _answer(question, scores, design, flips=flips and not use.n_left_out)
    if use.n_left_out:
        use = replace(use, verdict_without=answer.verdict)
        study = _gathered(fewer, question.study.models, design, question.policy)
        look = gate_look(study, plan, question.missing_at_most)
        answer = undated(_answer(replace(question, study=study, look=look), fewer, design, flips=flips), use)
    return replace(answer, quarantine=use, warnings=(*answer.warnings, *warnings))


def _with_warning(answer: Gate, instead: ResultWarning) -> Gate:
    """Return a gate with the notes on counts or a published score."""
    checks = tuple(replace(check, warnings=reworded(check.warnings, instead)) for check in answer.checks)
    told = {warning for check in checks for warning in check.warnings}
    more = () if instead in told or answer.baseline is None else (instead,)
    return replace(answer, checks=checks, warnings=(*reworded(answer.warnings, instead), *more))


def _slices(question: GateQuestion, design: Design) -> tuple[DifferenceSlices, ...]:
    """Return the comparison with the baseline by the requested slices. OptionError if the baseline is
    missing.
    """
    if not design.by:
        return ()
    if question.baseline is None:
        raise OptionError("no baseline to compare slices with", remedy="Set `baseline`.")
    study = question.study
    study = replace(study, design=replace(study.design, by=design.by))
    pairs = compared(study, question.question, slices=True).every
    return tuple(way for pair in pairs for way in pair.slices)


def _flips(question: GateQuestion, scores: Scores) -> Flips:
    """List what changed from the baseline to the candidate, on all that both have. OptionError without a
    baseline.
    """
    if question.baseline is None:
        raise OptionError("no baseline to show flips from", remedy="Set `baseline`.")
    pair = {question.candidate, question.baseline}
    shared = [matrix for matrix in question.study.matrices() if pair <= set(matrix.models)]
    return flipped(shared, scores, question.baseline, question.candidate, level=question.level)
