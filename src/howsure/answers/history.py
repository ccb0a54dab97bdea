"""History: runs of one system over time, the changes that are shown, and which records were real."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, TaskPart
from howsure.answers.output import HIDDEN, number

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.options.choices import Top
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """A run less another one, on the items that both have; an interval and a p-value for this difference
    alone.

    Attributes:
        run: The other run.
        value: The difference, in score units.
        interval: Its confidence interval.
        p_value: The p-value of no difference; NaN where there is none.
        n_items: The items that both have.
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
        run: What it is called.
        number: Its place among all runs, from 1.
        started: Date and time as its logs state it; empty where they don't.
        commit: The commit of the code that ran; empty where it isn't known.
        n_items: Its items with a score.
        score: Its score on these.
        level: The mean of the runs since the last change before it, on the items that all of them have; NaN
            where it has none to be held against.
        low: A run whose score is lower alarms alone, as a sudden change; NaN likewise, and where no answer of
            these runs differs.
        high: A run whose score is higher does.
        z: The largest deviate of any place of a change that the runs so far could have.
        limit: The deviate that an alarm takes.
        alarm: Whether it gave an alarm.
        previous: Against the run before.
        baseline: Against the baseline.
        best: Against the best run before it, whose score is corrected for its having been selected.
        is_best_so_far: Whether it was better than every run before it.
        is_significant_best: Whether it is shown to be better than the level of the best before it, corrected
            for all pairs of runs so far.
        incomplete: Whether it has too few of the items to be a part of the series.
        new_items: Whether it has other items than the runs before it, so that the series begins anew.
        in_current_level: Whether it is one of the runs since the last change, which make the level.
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
    """A change of the level that is shown.

    Attributes:
        run: The run that gave the alarm.
        number: Its number.
        since: The first run of the new level, as far as the runs up to the alarm tell.
        since_number: Its number.
        low: The first run that it could be, at the level of the interval.
        low_number: Its number.
        high: The last run that it could be.
        high_number: Its number.
        difference: The mean of the runs since then up to the alarm, less the mean of those before.
        recovered_at: The run with which the runs after the alarm are clearly back at the level before the
            change; empty for none.
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
    recovered_at: str = ""
    recovered_at_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRuns:
    """The last runs against as many before them.

    Attributes:
        n_runs: How many are compared with as many before.
        since: The first of the last ones.
        since_number: Its number.
        difference: The mean of the last ones, less the mean of those before; its error has the spread between
            runs in it.
        p_value: The p-value of no difference.
    """

    n_runs: int
    since: str
    since_number: int
    difference: Estimate
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHistory(TaskPart):
    """All runs on one task and metric, oldest first.

    Attributes:
        task: The task.
        metric: What the score measures.
        baseline: The run that is the baseline.
        runs: The runs.
        changes: The changes that are shown.
        n_bests: How many runs after the first were better than every run before.
        n_significant_bests: How many of these are shown to be better than the level of the best before.
        level: The mean of the runs since the last change, on the items that all of them have.
        n_level_runs: How many these are.
        sd_between_runs: How much one run differs from its level beyond what its answers give, as a standard
            deviation in score units; NaN where nothing shows it.
        sd_of_answers: How much it differs through its answers alone.
        repeated_answer_share: The share of answers that are those of the run before, as far as scores tell.
        n_sd_runs: How many runs show this.
        sd_known: Whether they are enough to know the spread; else it is mostly what is assumed.
        last_runs: The last runs against as many before them; None where that wasn't asked for, or there are
            too few.
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
    lower_is_better: bool = False
    percent: bool = field(default=True, metadata=HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class History(Drawn):
    """Runs of one system over time, task by task.

    Attributes:
        tasks: One part a task and metric.
        n_runs: The number of runs.
        runs_between_alarms: The least mean number of runs between two false alarms.
        level: The confidence level of intervals.
        top: So many of the last runs are shown; None leaves it to the format, "all" shows all.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    tasks: tuple[TaskHistory, ...]
    n_runs: int
    runs_between_alarms: float
    level: float
    top: Top | None = field(default=None, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> TaskHistory:
        return next(found for found in self.tasks if found.task == task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and run."""
        return [
            {"task": task.task, "metric": task.metric, **run.record_row()}
            for task in self.tasks
            for run in task.runs
        ]
