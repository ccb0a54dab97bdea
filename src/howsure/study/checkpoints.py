"""Checkpoints of a training run: which model names are steps of one run, and the average over the last of
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution, DataError, OptionError
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

USUAL = (
    r"(?P<run>.+?)(?:[-_./:@ ]*(?:global_?step|step|checkpoint|ckpt|iter(?:ation)?|epoch)[-_=: ]?| · (?=\d+$))"
    r"(?P<step>\d+(?:\.\d+)?[kKmMbB]?)(?P<rest>(?:[-_./:@ ].*)?)"
)
UNITS = {"k": 1e3, "m": 1e6, "b": 1e9}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model that is one step of a training run."""

    model: str
    run: str
    step: float


def find_checkpoints(models: Sequence[str], pattern: str | None = None) -> list[Checkpoint]:
    """Return the models that are steps of a run, by run and step.

    `pattern`: a regular expression with the groups run and step; None takes the usual names: …-step1000,
    …_ckpt-3, …@iter=2k.
    """
    try:
        named = re.compile(pattern or USUAL, 0 if pattern else re.IGNORECASE)
    except re.error as error:
        raise OptionError(f"step_from={pattern!r} is not a valid regular expression ({error})") from None
    if not {"run", "step"} <= set(named.groupindex):
        raise OptionError(
            f"step_from={pattern!r} lacks the groups run and step",
            remedy=r"Write '(?P<run>.+)-(?P<step>\d+)'.",
        )
    found = [
        match
        for match in (named.fullmatch(model) for model in models)
        if match and match["run"] and match["step"]
    ]
    checkpoints = [
        Checkpoint(
            model=match.string,
            run=match["run"] + (match.groupdict().get("rest") or ""),
            step=_step(match["step"]),
        )
        for match in found
    ]
    return sorted(checkpoints, key=lambda point: (point.run, point.step))


def runs_of(models: Sequence[str], pattern: str | None = None) -> dict[str, list[Checkpoint]]:
    """Return the checkpoints of every run by step; DataError where two models are one step of a run."""
    runs: dict[str, list[Checkpoint]] = {}
    for point in find_checkpoints(models, pattern):
        run = runs.setdefault(point.run, [])
        if run and run[-1].step == point.step:
            raise DataError(
                f"{run[-1].model!r} and {point.model!r} are both step {point.step:,.12g} of {point.run!r}",
                remedy="Choose models with `model`, or say how names tell run and step with `step_from`.",
            )
        run.append(point)
    return runs


def _step(text: str) -> float:
    unit = UNITS.get(text[-1:].lower())
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        raise OptionError(
            f"step {text!r} is not a number", remedy="The group step must hold digits."
        ) from None


@dataclass(frozen=True, slots=True)
class Average:
    """The average over the last checkpoints of a run: its `name`, the run, and the models that it is of."""

    name: str
    run: str
    models: tuple[str, ...]


def last_checkpoints(models: Sequence[str], count: int, pattern: str | None) -> list[Average]:
    """Return the averages over the last `count` checkpoints of every run; DataError where there are none."""
    runs = runs_of(models, pattern)
    if not runs:
        raise DataError(
            f"no model looks like a checkpoint ({listing([repr(model) for model in models])})",
            remedy=r"Say how names tell run and step: `step_from='(?P<run>.+)-(?P<step>\d+)'`.",
        )
    return [
        Average(
            f"{run} (last {min(count, len(points))})", run, tuple(point.model for point in points[-count:])
        )
        for run, points in runs.items()
    ]


def names_of_averages(averages: Sequence[Average]) -> dict[str, str]:
    """Return the name of the average that each model goes into."""
    return {model: average.name for average in averages for model in average.models}


def keep_last(part: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """Keep the rows of the last checkpoints, under the name of their average; other rows go."""
    model = part["model"].cast(pl.String)
    return part.filter(model.is_in(list(names))).with_columns(
        model=pl.col("model").cast(pl.String).replace_strict(names).cast(pl.Categorical)
    )


def average(part: pl.DataFrame, averages: Sequence[Average]) -> pl.DataFrame:
    """Average the checkpoints of a run item by item; items that some checkpoint lacks are left out.

    `n` and `variance` are changed so that they give the answer noise of
    the average; n = 1 where nothing tells it.
    """
    noise = pl.when(pl.col("n") > 1).then(
        pl.col("variance") / (pl.col("n") - 1)
    )  # of the mean over the attempts
    joined = part.group_by("model", "item", maintain_order=True).agg(
        pl.first("task", "metric"),
        pl.col("mean").mean(),
        noise=noise.sum() / pl.len() ** 2,
        known=(pl.col("n") > 1).all(),
        steps=pl.len(),
        n=pl.col("n").sum(),
        low=pl.col("low").min(),
        high=pl.col("high").max(),
    )
    whole = joined.filter(pl.col("steps") == _wanted(averages))
    return whole.with_columns(
        n=pl.when("known").then("n").otherwise(1),
        variance=pl.when("known").then(pl.col("noise") * (pl.col("n") - 1)).otherwise(0.0),
    )


def _wanted(averages: Sequence[Average]) -> pl.Expr:
    steps = {average.name: len(average.models) for average in averages}
    return pl.col("model").cast(pl.String).replace_strict(steps, return_dtype=pl.Int64)


def torn_items(part: pl.DataFrame, averages: Sequence[Average], task: str) -> list[Caution]:
    """Tell how many items some checkpoint of a run lacks."""
    counted = part.filter(pl.col("n") > 0).group_by("model", "item").agg(steps=pl.len())
    lacking = counted.filter(pl.col("steps") < _wanted(averages))
    if not len(lacking):
        return []
    first = lacking.sort("model", "item").row(0, named=True)
    return [
        Caution(
            code="torn_checkpoints",
            message=f"{task}: {plural(len(lacking), 'item')} missing from some checkpoint and left out of the "
            f"average, first {first['item']!r} of {first['model']!r}",
            remedy="Run the missing items, or average fewer checkpoints.",
        )
    ]
