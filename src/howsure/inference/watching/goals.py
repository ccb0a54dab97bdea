"""What may be asked of a run in progress."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import OptionError
from howsure.inference.adjusted import refuse_covariate
from howsure.options import check_numbers

if TYPE_CHECKING:
    from howsure.study.design import Design


def check_goal(
    a: str,
    b: str | None,
    *,
    at_least: float | None,
    within: float | None,
    margin: float | None,
    bounds: tuple[float, float] | None,
) -> None:
    """Raise OptionError for a question that makes no sense."""
    check_numbers(at_least=at_least, within=within, margin=margin)
    if sum(goal is not None for goal in (at_least, within, margin)) > 1:
        raise OptionError("at_least, within and margin are three questions", remedy="Ask one of them.")
    if b is None and at_least is None and within is None:
        raise OptionError(f"nothing is asked of {a!r}", remedy="Name b to compare with, at_least or within.")
    if b is None and margin is not None:
        raise OptionError("a margin is for two models", remedy="Name b, or use at_least.")
    if b is not None and at_least is not None:
        raise OptionError("at_least is for one model", remedy="Leave b out, or use margin.")
    if b == a:
        raise OptionError(f"{a!r} is compared with itself", remedy="Name two models.")
    for name, size in (("within", within), ("margin", margin)):
        if size is not None and not size > 0:
            raise OptionError(f"{name}={size!r} is not above 0", remedy="Write 0.02 for two percentage points.")
    if bounds is None:
        return
    low, high = bounds
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise OptionError(f"bounds={bounds!r} are not two numbers, the lower one first", remedy="Write (0, 100).")
    if at_least is not None and not low < at_least < high:
        raise OptionError(
            f"at_least={at_least!r} is not inside the bounds {low:g} and {high:g}", remedy="Write 0.92 for 92 %."
        )
    half = (high - low) * (0.5 if b is None else 1.0)
    if within is not None and within >= half:
        raise OptionError(f"within={within!r} is the whole scale", remedy="Write 0.02 (or 2pp) for two points.")
    if margin is not None and margin >= high - low:
        raise OptionError(f"margin={margin!r} is the whole scale", remedy="Write 0.05 (or 5pp) for 5 points.")


def check_counts(**counts: int | None) -> None:
    """Raise OptionError unless all counts are whole numbers above 0."""
    for name, count in counts.items():
        if count is not None and (not isinstance(count, (int, np.integer)) or count < 1):
            raise OptionError(f"{name}={count!r} is not a whole number above 0")


def refuse_others(design: Design) -> None:
    """Raise OptionError for options that a run in progress can't respect."""
    refuse_covariate(design, "watch")
    if design.population == "benchmark":
        raise OptionError("watch doesn't ask about exactly these questions", remedy="compare and estimate do.")
    if design.average_last:
        raise OptionError("watch follows single models, not averages of checkpoints", remedy="Leave average_last out.")
    if design.cluster is not None and len(design.cluster) > 1:
        raise OptionError("watch takes one way of clustering", remedy="Name the coarser one.")
