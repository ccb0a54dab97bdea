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
    from howsure.adaptive import allocate as allocate
    from howsure.answers.allocation import Allocation as Allocation
    from howsure.answers.audit import Audit as Audit
    from howsure.answers.calibration import Calibration as Calibration
    from howsure.answers.comparison import Comparison as Comparison
    from howsure.answers.comparison import Comparisons as Comparisons
    from howsure.answers.description import Description as Description
    from howsure.answers.estimate import Estimate as Estimate
    from howsure.answers.estimate import Estimates as Estimates
    from howsure.answers.estimate import Interval as Interval
    from howsure.answers.failure_plan import FailurePlan as FailurePlan
    from howsure.answers.false_alarms import FalseAlarms as FalseAlarms
    from howsure.answers.gate import Gate as Gate
    from howsure.answers.health import Health as Health
    from howsure.answers.leaderboard import Leaderboard as Leaderboard
    from howsure.answers.monitor import Look as Look
    from howsure.answers.noise import Noise as Noise
    from howsure.answers.plan import Plan as Plan
    from howsure.answers.score_plan import ScorePlan as ScorePlan
    from howsure.answers.trend import Trend as Trend
    from howsure.api import audit as audit
    from howsure.api import compare as compare
    from howsure.api import describe as describe
    from howsure.api import estimate as estimate
    from howsure.api import health as health
    from howsure.api import leaderboard as leaderboard
    from howsure.api import noise as noise
    from howsure.api import read as read
    from howsure.api import trend as trend
    from howsure.assumptions import Assumptions as Assumptions
    from howsure.assumptions import Prices as Prices
    from howsure.calibration.run import calibrate as calibrate
    from howsure.errors import Caution as Caution
    from howsure.errors import DataError as DataError
    from howsure.errors import HowsureError as HowsureError
    from howsure.errors import MethodError as MethodError
    from howsure.errors import OptionError as OptionError
    from howsure.errors import ReadError as ReadError
    from howsure.failure_planning import plan_failures as plan_failures
    from howsure.false_alarms import aa as aa
    from howsure.gating import gate as gate
    from howsure.monitoring import Monitor as Monitor
    from howsure.planning import plan as plan
    from howsure.reporting import Report as Report
    from howsure.reporting import report as report
    from howsure.score_planning import plan_score as plan_score
    from howsure.scores import Scores as Scores

__version__ = "0.1.0"

_HOMES = {
    "howsure.adaptive": ("allocate",),
    "howsure.answers.allocation": ("Allocation",),
    "howsure.answers.audit": ("Audit",),
    "howsure.answers.calibration": ("Calibration",),
    "howsure.answers.comparison": ("Comparison", "Comparisons"),
    "howsure.answers.description": ("Description",),
    "howsure.answers.estimate": ("Estimate", "Estimates", "Interval"),
    "howsure.answers.false_alarms": ("FalseAlarms",),
    "howsure.answers.gate": ("Gate",),
    "howsure.answers.failure_plan": ("FailurePlan",),
    "howsure.answers.health": ("Health",),
    "howsure.answers.leaderboard": ("Leaderboard",),
    "howsure.answers.monitor": ("Look",),
    "howsure.answers.noise": ("Noise",),
    "howsure.answers.plan": ("Plan",),
    "howsure.answers.score_plan": ("ScorePlan",),
    "howsure.answers.trend": ("Trend",),
    "howsure.api": ("audit", "compare", "describe", "estimate", "health", "leaderboard", "noise", "read", "trend"),
    "howsure.assumptions": ("Assumptions", "Prices"),
    "howsure.calibration.run": ("calibrate",),
    "howsure.errors": ("Caution", "DataError", "HowsureError", "MethodError", "OptionError", "ReadError"),
    "howsure.false_alarms": ("aa",),
    "howsure.gating": ("gate",),
    "howsure.monitoring": ("Monitor",),
    "howsure.failure_planning": ("plan_failures",),
    "howsure.planning": ("plan",),
    "howsure.reporting": ("Report", "report"),
    "howsure.score_planning": ("plan_score",),
    "howsure.scores": ("Scores",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - built from the table above, locked by a test
    *_HOME_OF,
    "__version__",
]


def __getattr__(name: str) -> object:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'howsure' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
