"""What may be asked of a run in progress."""

from __future__ import annotations

from howsure.errors import OptionError


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
    if bounds is None:
        return
    low, high = bounds
    if at_least is not None and not low < at_least < high:
        raise OptionError(
            f"at_least={at_least!r} is not inside the bounds {low:g} and {high:g}", remedy="Write 0.92 for 92 %."
        )
    half = (high - low) * (0.5 if b is None else 1.0)
    if within is not None and within >= half:
        raise OptionError(f"within={within!r} is the whole scale", remedy="Write 0.02 (or 2pp) for two points.")
    if margin is not None and margin >= high - low:
        raise OptionError(f"margin={margin!r} is the whole scale", remedy="Write 0.05 (or 5pp) for 5 points.")
