"""History: runs of one system over time, their significant changes, and which best scores are significant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Drawn, TaskPart, named
from howsure.answers.output import HIDDEN, number

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.options.choices import Top
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """A run minus another one, on the questions that both have. The interval and p-value are for this
    difference alone.

    Attributes:
        run: The other run.
        value: The difference, in score units.
        interval: Its confidence interval.
        p_value: The p-value of no difference. NaN if there is none.
        n_items: Questions of both runs.
    """

    run: str
    value: float
    interval: Interval
    p_value: float
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRun:
    """One run on one task.

    Attributes:
        run: The name of the run.
        number: Its number among all runs, from 1.
        started: Date and time according to its logs. Empty if unknown.
        commit: The commit of the code that ran. Empty if unknown.
        n_items: Its questions with a score.
        score: Its score on these.
        level: The mean of the runs since the last change before it, on the questions that all of them have.
            NaN without such runs.
        low: A lower score alone raises an alarm for a sudden change. NaN without a level, or if no answer of
            these runs differs.
        high: A higher score alone raises an alarm.
        z: The largest deviate over all change points among the runs so far.
        limit: The deviate at which an alarm is raised.
        alarm: Whether the run raised an alarm.
        previous: The comparison with the run before.
        baseline: The comparison with the baseline.
        best: The comparison with the best run before it, whose score is corrected for selection.
        is_best_so_far: Whether it scored better than every run before it.
        is_significant_best: Whether it is significantly better than the level of the best before it,
            corrected for all pairs of runs so far.
        incomplete: Whether it has too few of the questions to be included in the series.
        new_items: Whether its questions differ from those of the runs before, so that the series starts
            again.
        in_current_level: Whether it is one of the runs since the last change, which define the level.
    """

    run: str
    number: int
    started: str
    commit: str
    n_items: int
    score: float
    level: float
    low: float
    high: float
    z: float
    limit: float
    alarm: bool
    previous: RunDifference | None
    baseline: RunDifference | None
    best: RunDifference | None
    is_best_so_far: bool
    is_significant_best: bool
    incomplete: bool = False
    new_items: bool = False
    in_current_level: bool = False

    def record_row(self) -> dict[str, Any]:
        """Return one flat mapping."""
        gaps = {"previous": self.previous, "baseline": self.baseline, "best": self.best}
        return {
            "run": self.run,
            "number": self.number,
            "started": self.started,
            "commit": self.commit,
            "n_items": self.n_items,
            "score": number(self.score),
            "level": number(self.level),
            "low": number(self.low),
            "high": number(self.high),
            "z": number(self.z),
            "limit": number(self.limit),
            "alarm": self.alarm,
            **{f"against_{name}": None if gap is None else number(gap.value) for name, gap in gaps.items()},
            **{f"p_{name}": None if gap is None else number(gap.p_value) for name, gap in gaps.items()},
            "record": self.is_best_so_far,
            "real": self.is_significant_best,
            "apart": self.incomplete,
            "anew": self.new_items,
            "in_level": self.in_current_level,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChange:
    """A significant change of the level.

    Attributes:
        run: The run that raised the alarm.
        number: Its number.
        since: The estimated first run of the new level, from the runs up to the alarm.
        since_number: Its number.
        low: The earliest possible first run, at the confidence level.
        low_number: Its number.
        high: The latest possible first run.
        high_number: Its number.
        difference: The mean of the runs from then to the alarm, minus the mean of those before. It was
            selected for being large.
        difference_since: The mean of the runs after the alarm, up to the next change or a recovery, minus the
            mean of those before the change. Not selected. None with fewer than three such runs.
        n_since: The number of these runs.
        recovered_at: The run at which the runs after the alarm are clearly back at the level before the
            change. Empty if there is none.
        recovered_at_number: Its number.
    """

    run: str
    number: int
    since: str
    since_number: int
    low: str
    low_number: int
    high: str
    high_number: int
    difference: Estimate
    difference_since: Estimate | None = None
    n_since: int = 0
    recovered_at: str = ""
    recovered_at_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRuns:
    """The last runs compared with as many before them.

    Attributes:
        n_runs: How many runs each group has.
        since: The first of the last runs.
        since_number: Its number.
        difference: The mean of the last runs minus the mean of those before. Its error includes the spread
            between runs.
        p_value: The p-value of no difference.
    """

    n_runs: int
    since: str
    since_number: int
    difference: Estimate
    p_value: float


WhatChanged = Literal["judge", "system", "both", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorChange:
    """A change split into the judge's part, by the anchors, and the system's.

    Attributes:
        since: The first run after the change.
        since_number: Its number.
        n_before: How many runs of the level before it are compared.
        n_after: With how many from it on, up to the next change. Without the runs that gave the alarm if
            there are three later ones.
        others: The change of the other questions: the runs after minus those before.
        judge: The change of the anchors, whose texts are the same in every run.
        system: The change of the others minus that of the anchors.
        p_judge: The p-value of no change of the judge.
        p_system: The p-value of no change of the system.
        cause: What is significant at the confidence level: "judge", "system" or "both". Otherwise "unclear".
    """

    since: str
    since_number: int
    n_before: int
    n_after: int
    others: Estimate
    judge: Estimate
    system: Estimate
    p_judge: float
    p_system: float
    cause: WhatChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """Answers that every run graded again, which tell a change of the judge from one of the system.

    Attributes:
        n_items: The number of anchors.
        changes: The changes of the other questions, and those of the anchors at other runs, by run.
    """

    n_items: int
    changes: tuple[AnchorChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHistory(TaskPart):
    """All runs on one task and metric, oldest first.

    Attributes:
        task: The task.
        metric: What the score measures.
        baseline: The baseline run.
        runs: The runs.
        changes: The significant changes.
        n_bests: How many runs after the first scored better than every run before.
        n_significant_bests: How many of these are significantly better than the level of the best before.
        level: The mean of the runs since the last change, on the questions that all of them have.
        n_level_runs: The number of these runs.
        sd_between_runs: The standard deviation between runs, beyond the variation of answers, in score units.
            NaN if unknown.
        sd_of_answers: The standard deviation due to the randomness of answers alone.
        repeated_answer_share: The share of answers identical to those of the run before, judged by scores.
        n_sd_runs: The number of runs behind the estimate.
        sd_known: Whether there are enough runs to estimate the spread. Otherwise it mostly follows the
            assumption.
        last_runs: The last runs compared with as many before them. None if not requested, or with too few
            runs.
        anchors: What changed by the anchors, which aren't among the other figures. None without any.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    baseline: str
    runs: tuple[HistoryRun, ...]
    changes: tuple[HistoryChange, ...]
    n_bests: int
    n_significant_bests: int
    level: float
    n_level_runs: int
    sd_between_runs: float
    sd_of_answers: float
    repeated_answer_share: float
    n_sd_runs: int
    sd_known: bool
    last_runs: LastRuns | None = None
    anchors: Anchors | None = None
    lower_is_better: bool = False
    percent: bool = field(default=True, metadata=HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class History(Drawn):
    """Runs of one system over time, task by task.

    Attributes:
        tasks: One part per task and metric.
        n_runs: The number of runs.
        runs_between_alarms: The minimum average number of runs between two false alarms (in-control ARL).
        level: The confidence level of intervals.
        top: How many of the last runs are shown. "all" shows all. None leaves it to the format.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    tasks: tuple[TaskHistory, ...]
    n_runs: int
    runs_between_alarms: float
    level: float
    top: Top | None = field(default=None, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskHistory:
        return named(self.tasks, "task", task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and run."""
        return [
            {"task": task.task, "metric": task.metric, **run.record_row()}
            for task in self.tasks
            for run in task.runs
        ]
