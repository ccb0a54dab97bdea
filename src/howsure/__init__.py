"""howsure: how sure can you be of an LLM evaluation result?

>>> import howsure as hs
>>> callable(hs.read) and callable(hs.leaderboard)
True

Public names are loaded when they are first used, so that importing howsure costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.answers.against import Against as Against
    from howsure.answers.agree import Agreement as Agreement
    from howsure.answers.arena import Arena as Arena
    from howsure.answers.audit import Audit as Audit
    from howsure.answers.bias import Biases as Biases
    from howsure.answers.calibrate import Calibration as Calibration
    from howsure.answers.compare import Comparison as Comparison
    from howsure.answers.curve import Curves as Curves
    from howsure.answers.describe import Description as Description
    from howsure.answers.estimate import Estimates as Estimates
    from howsure.answers.flips import Flips as Flips
    from howsure.answers.frontier import Frontier as Frontier
    from howsure.answers.gate import Gate as Gate
    from howsure.answers.head_to_head import HeadToHead as HeadToHead
    from howsure.answers.history import History as History
    from howsure.answers.horizon import Horizons as Horizons
    from howsure.answers.judge import JudgeRates as JudgeRates
    from howsure.answers.leaderboard import Leaderboard as Leaderboard
    from howsure.answers.noise import Noise as Noise
    from howsure.answers.plan import Plan as Plan
    from howsure.answers.plan_failures import FailurePlan as FailurePlan
    from howsure.answers.plan_labels import LabelPlan as LabelPlan
    from howsure.answers.plan_policy import PolicyPlan as PolicyPlan
    from howsure.answers.plan_score import ScorePlan as ScorePlan
    from howsure.answers.question import OneQuestion as OneQuestion
    from howsure.answers.questions import Questions as Questions
    from howsure.answers.report import Report as Report
    from howsure.answers.runs import Runs as Runs
    from howsure.answers.trend import Trend as Trend
    from howsure.answers.verdict_changes import VerdictChanges as VerdictChanges
    from howsure.answers.watch import Look as Look
    from howsure.errors import DataError as DataError
    from howsure.errors import HowsureError as HowsureError
    from howsure.errors import MethodError as MethodError
    from howsure.errors import OptionError as OptionError
    from howsure.errors import ReadError as ReadError
    from howsure.errors import ResultWarning as ResultWarning
    from howsure.inference.plan_pilot import Assumptions as Assumptions
    from howsure.inference.plan_pilot import Costs as Costs
    from howsure.statistics.results import Estimate as Estimate
    from howsure.statistics.results import Interval as Interval
    from howsure.table.scores import Scores as Scores
    from howsure.verbs.against import against as against
    from howsure.verbs.agree import agree as agree
    from howsure.verbs.arena import arena as arena
    from howsure.verbs.audit import audit as audit
    from howsure.verbs.bias import bias as bias
    from howsure.verbs.calibrate import calibrate as calibrate
    from howsure.verbs.compare import compare as compare
    from howsure.verbs.curve import curve as curve
    from howsure.verbs.describe import describe as describe
    from howsure.verbs.estimate import estimate as estimate
    from howsure.verbs.frontier import frontier as frontier
    from howsure.verbs.gate import gate as gate
    from howsure.verbs.head_to_head import head_to_head as head_to_head
    from howsure.verbs.history import history as history
    from howsure.verbs.horizon import horizon as horizon
    from howsure.verbs.judge import judge as judge
    from howsure.verbs.leaderboard import leaderboard as leaderboard
    from howsure.verbs.noise import noise as noise
    from howsure.verbs.plan import plan as plan
    from howsure.verbs.plan_failures import plan_failures as plan_failures
    from howsure.verbs.plan_labels import plan_labels as plan_labels
    from howsure.verbs.plan_policy import plan_policy as plan_policy
    from howsure.verbs.plan_score import plan_score as plan_score
    from howsure.verbs.question import question as question
    from howsure.verbs.questions import questions as questions
    from howsure.verbs.read import read as read
    from howsure.verbs.report import report as report
    from howsure.verbs.runs import runs as runs
    from howsure.verbs.save_baseline import SavedBaseline as SavedBaseline
    from howsure.verbs.save_baseline import save_baseline as save_baseline
    from howsure.verbs.trend import trend as trend
    from howsure.verbs.watch import Monitor as Monitor

__version__ = "0.1.0"

VERBS = (
    *(
        "read",
        "describe",
        "runs",
        "question",
        "questions",
        "estimate",
        "compare",
        "against",
        "leaderboard",
        "frontier",
        "curve",
        "horizon",
        "arena",
        "head_to_head",
        "judge",
        "agree",
        "bias",
        "noise",
    ),
    *("history", "trend", "audit", "report"),
    *(
        "plan",
        "plan_score",
        "plan_failures",
        "plan_policy",
        "plan_labels",
        "gate",
        "save_baseline",
        "calibrate",
    ),
)
"""What one can ask for; each is a function of its name in `howsure.verbs`. The verb watch is the class
Monitor.
"""

_HOMES = {
    **{f"howsure.verbs.{verb}": (verb,) for verb in VERBS},
    "howsure.verbs.save_baseline": ("SavedBaseline", "save_baseline"),
    "howsure.verbs.watch": ("Monitor",),
    "howsure.answers.against": ("Against",),
    "howsure.answers.agree": ("Agreement",),
    "howsure.answers.arena": ("Arena",),
    "howsure.answers.audit": ("Audit",),
    "howsure.answers.bias": ("Biases",),
    "howsure.answers.calibrate": ("Calibration",),
    "howsure.answers.compare": ("Comparison",),
    "howsure.answers.curve": ("Curves",),
    "howsure.answers.describe": ("Description",),
    "howsure.answers.estimate": ("Estimates",),
    "howsure.answers.flips": ("Flips",),
    "howsure.answers.frontier": ("Frontier",),
    "howsure.answers.gate": ("Gate",),
    "howsure.answers.head_to_head": ("HeadToHead",),
    "howsure.answers.questions": ("Questions",),
    "howsure.answers.history": ("History",),
    "howsure.answers.horizon": ("Horizons",),
    "howsure.answers.judge": ("JudgeRates",),
    "howsure.answers.leaderboard": ("Leaderboard",),
    "howsure.answers.noise": ("Noise",),
    "howsure.answers.plan": ("Plan",),
    "howsure.answers.plan_failures": ("FailurePlan",),
    "howsure.answers.plan_labels": ("LabelPlan",),
    "howsure.answers.plan_policy": ("PolicyPlan",),
    "howsure.answers.plan_score": ("ScorePlan",),
    "howsure.answers.report": ("Report",),
    "howsure.answers.runs": ("Runs",),
    "howsure.answers.question": ("OneQuestion",),
    "howsure.answers.trend": ("Trend",),
    "howsure.answers.verdict_changes": ("VerdictChanges",),
    "howsure.answers.watch": ("Look",),
    "howsure.errors": (
        "ResultWarning",
        "DataError",
        "HowsureError",
        "MethodError",
        "OptionError",
        "ReadError",
    ),
    "howsure.inference.plan_pilot": ("Assumptions", "Costs"),
    "howsure.statistics.results": ("Estimate", "Interval"),
    "howsure.table.scores": ("Scores",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - built from the table above, locked by a test
    *_HOME_OF,
    "__version__",
]


def __getattr__(name: str) -> object:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'howsure' has no attribute {name!r}{_meant(name)}")


def _meant(name: str) -> str:
    """Return what a word means that people try in place of a verb, "" for other names."""
    if name.startswith("_"):
        return ""
    meaning = import_module("howsure.commands.words").command_for(name)
    return f"; {meaning}" if meaning else ""


def __dir__() -> list[str]:
    return sorted(__all__)
