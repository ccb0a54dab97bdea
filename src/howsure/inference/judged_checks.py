"""Whether a corrected rate keeps a floor, or a corrected difference a margin, by their one-sided limits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.judge import JudgeCheck
from howsure.errors import DataError, OptionError
from howsure.inference.judged_gaps import gap_of
from howsure.statistics.judge_correction import corrected
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.gate import GateVerdict
    from howsure.answers.judge import JudgeCriterion
    from howsure.inference.judged_panel import Asked, Panel
    from howsure.statistics.arrays import Bools
    from howsure.statistics.results import Estimate


def checked_rate(panel: Panel, parts: Mapping[str, Bools], asked: Asked) -> JudgeCheck | None:
    """Decide on the floor or the margin that is asked for; None where neither is."""
    one_sided = 2 * asked.level - 1
    if asked.margin is not None:
        fits = {
            name: corrected(panel.judged(part), asked.level)
            for name, part in parts.items()
            if name in (asked.a, asked.b) and np.isfinite(panel.table.labels[part]).any()
        }
        found = gap_of(panel, parts, fits, replace(asked, level=one_sided)).difference
        return _decided("not_worse_than", asked.margin, -asked.margin, found, asked)
    if asked.at_least is None:
        return None
    judged = panel.judged(_candidate(panel, parts, asked))
    return _decided("at_least", asked.at_least, asked.at_least, corrected(judged, one_sided).rate, asked)


def _candidate(panel: Panel, parts: Mapping[str, Bools], asked: Asked) -> Bools:
    """Return the answers that a floor is about."""
    if not parts:
        return np.ones(len(panel.table.labels), dtype=bool)
    if asked.a is None:
        raise OptionError(
            f"at_least is about one model, and there are {len(parts):,}: {listing(list(parts))}",
            remedy="Name it with `a`.",
        )
    part = parts[asked.a]
    if not np.isfinite(panel.table.labels[part]).any():
        raise DataError(f"no answer of {asked.a} has a label", remedy="Label some of them.")
    return part


def _decided(
    criterion: JudgeCriterion, limit: float, least: float, found: Estimate, asked: Asked
) -> JudgeCheck:
    low, high = found.interval.low, found.interval.high
    verdict: GateVerdict = "pass" if low >= least else "fail" if high < least else "unclear"
    return JudgeCheck(
        criterion=criterion,
        limit=limit,
        verdict=verdict,
        candidate=asked.a or "",
        value=found.value,
        low=low,
        high=high,
        level=asked.level,
    )
