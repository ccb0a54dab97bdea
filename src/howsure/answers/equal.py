"""EqualSystems: what a gate with a margin will say of two systems that are equally good, before it is
switched on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from howsure.answers.output import number

MarginCriterion = Literal["not_worse_than", "same_within"]
"""The criteria of a gate that have a margin."""
Pairing = Literal["itself", "pair", "assumed"]
"""How two equal systems are taken to differ from question to question: as two runs of one, as a pair of
models, as assumed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualSystems:
    """What one criterion of a gate says of two equal systems: their true scores are alike, their answers
    aren't.

    Attributes:
        task: The task; empty for several together, or without results.
        metric: What the score measures.
        criterion: The criterion, alone: "not_worse_than" or "same_within".
        margin: Its margin, in score units.
        pairing: How the two differ from question to question: "itself" as two runs of `a`, by the noise of
            its answers alone, "pair" as `a` and `b` do, "assumed" as assumed.
        a: The model; of a pair the first.
        b: The second model of a pair.
        items: The questions of the gate.
        attempts: Attempts at each, by either system.
        passed: How often the gate passes, a share.
        unclear: How often it can't tell.
        failed: How often it fails.
        items_that_tell: The questions from which on it can't tell in fewer than a fifth of runs; infinite
            where no number is enough.
        items_that_tell_low: The lower limit of that number, given how uncertain the spread is; NaN where that
            isn't known.
        items_that_tell_high: Its upper limit.
        percent: Whether scores lie in [0, 1].
    """

    task: str = ""
    metric: str = ""
    criterion: MarginCriterion
    margin: float
    pairing: Pairing
    a: str = ""
    b: str = ""
    items: float
    attempts: float
    passed: float
    unclear: float
    failed: float
    items_that_tell: float
    items_that_tell_low: float = math.nan
    items_that_tell_high: float = math.nan
    percent: bool = True

    def columns(self, prefix: str = "") -> dict[str, float | None]:
        """Return its shares as columns of a row about something else, named after the criterion."""
        name = f"{prefix}{self.criterion}"
        shares = {
            "pass": self.passed,
            "unclear": self.unclear,
            "fail": self.failed,
            "items_that_tell": self.items_that_tell,
        }
        return {f"{name}_{key}": number(value) for key, value in shares.items()}
