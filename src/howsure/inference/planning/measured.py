"""What a pilot's attempts took, as the cost of an attempt that is planned with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import DataError, OptionError
from howsure.inference.planning.assumptions import Costs
from howsure.wording import amount_text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.study.study import Study


def measured_costs(
    costs: Costs | None, study: Study, models: Sequence[str]
) -> tuple[Costs | None, tuple[str, ...]]:
    """Return what an attempt at a question by all these models took in the pilot, and a note of it; the costs
    as they are without a measure.

    OptionError where costs are given as well, or several measures; DataError where attempts don't record it.
    """
    if not study.design.measure:
        return costs, ()
    if costs is not None or len(study.design.measure) > 1:
        raise OptionError("a plan has one cost", remedy="Name one `measure`, or give `costs`, not both.")
    name = study.design.measure[0]
    cost = sum(_mean(study, name, model) for model in models)
    told = (
        f"Costs: {amount_text(cost, 3)} {name} for an attempt at a question by "
        f"{plural(len(models), 'model')}, as in the pilot."
    )
    return Costs(item=0.0, attempt=cost), (told,)


def _mean(study: Study, name: str, model: str) -> float:
    """Return what an attempt of a model took on average, over all tasks."""
    total = attempts = 0.0
    for key in study.parts:
        matrix = study.measure(key, name)
        if model not in matrix.models:
            continue
        one = matrix.take_models([matrix.column(model)])
        lacking = int(one.n_failed[0])
        if lacking:
            raise DataError(
                f"{plural(lacking, 'attempt')} of {model} record no {name}, so that a plan would look too "
                "cheap",
                where=key[0],
                remedy="Give `costs` (`--cost-attempt`) instead.",
            )
        total += float(np.nansum(one.values * one.attempts))
        attempts += float(one.attempts.sum())
    if not total > 0:
        raise DataError(f"{model} took no {name}", remedy="Leave `measure` out.")
    return total / attempts
