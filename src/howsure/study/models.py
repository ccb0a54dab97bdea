"""Models by their names: the model for a part of its name, the message for an unknown name, and models that
are steps of one training run, with the average over the last of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError, OptionError, ResultWarning
from howsure.table.aggregate import Grouped, Wanted, group, names_of
from howsure.table.grouping import distinct_names
from howsure.table.schema import CONSTANTS, open_frame
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.table.scores import Scores

ROLES = ("task", "model", "metric")
LONGEST_NAME = 1_000
"""Longer texts aren't names of a task, a model or a metric, and wouldn't fit into a table or chart."""


def resolve(
    name: str, names: Sequence[str], *, averages: Mapping[str, str] | None = None, parts: bool = False
) -> str:
    """Return the model of this name. The part after the last slash is enough.

    `averages`: for averages of checkpoints, the run of each, which is enough as well. `parts`: so is any
    unambiguous part. DataError, with the nearest names, if no model or more than one matches.
    """
    if name in names:
        return name
    runs = {known for known, run in (averages or {}).items() if run == name}
    ending = [known for known in fitting(name, names) if known.endswith(f"/{name}")]
    ending += [known for known in runs if known not in ending]
    if len(ending) == 1:
        return ending[0]
    apart = fitting(name, names)
    if apart and not ending:
        raise DataError(
            f"model {name!r} ran in {len(apart):,} set-ups, which are kept separate",
            remedy=f"Choose one of {listing([repr(known) for known in apart])}, or a side such "
            "as commit:… or a path. "
            "`as_attempts=True` counts them as attempts of one model.",
        )
    containing = [known for known in names if name in known] if parts and not ending else []
    if len(containing) == 1:
        return containing[0]
    raise unknown("model", name, names, ending or containing)


def parts_note(asked: Sequence[str], names: Sequence[str]) -> str:
    """Note which models were found by parts of their names, or return "" if all were named."""
    taken = (
        [(name, resolve(name, names, parts=True)) for name in asked if not fitting(name, names)]
        if names
        else []
    )
    told = [f"{name!r} is {model}" for name, model in taken]
    return f"Models by a part of their names: {'; '.join(told)}." if told else ""


def fitting(name: str, names: Sequence[str]) -> list[str]:
    """Return the models that a name may refer to: that one, else those with it after a slash, else its
    set-ups.
    """
    ending = [known for known in names if known == name] or [
        known for known in names if known.endswith(f"/{name}")
    ]
    return ending or [known for known in names if known.startswith(f"{name} (") or f"/{name} (" in known]


def unknown(role: str, name: str, names: Sequence[str], fitting: Sequence[str] = ()) -> DataError:
    """Report that a name is unknown, or ambiguous, with the nearest names."""
    near = fitting or get_close_matches(name, names, n=3, cutoff=0.3)
    said = listing([repr(known) for known in near or names])
    there = f"there {'is' if len(names) == 1 else 'are'} {plural(len(names), role)}"
    what = f"{role} {name!r} could be any of {len(fitting):,}" if fitting else f"no {role} {name!r} ({there})"
    return DataError(what, remedy=f"Did you mean {said}?" if near else f"Available: {said}.")


def choose(
    scores: Scores, wanted: Wanted, columns: Sequence[str], *, parts: bool = False, every: bool = False
) -> tuple[Wanted, Grouped]:
    """Group the requested rows, and return them with the full names of the requested tasks, models and
    metrics.

    `parts`: an unambiguous part of a model's name is enough. Its rows are grouped in a second query. `every`:
    attributes of all rows are wanted as well. Only if some name isn't found are all names of its kind looked
    up, for the error. DataError if none matches, or no row is left.
    """
    found = group(scores, wanted, columns, every=every)
    for role in ROLES:
        refuse_long(role, distinct_names(found.results[role]).cast(pl.String))
    missing = [role for role in ROLES if not _all_found(role, getattr(wanted, role), found)]
    names: dict[str, Any] = {
        role: _meant(scores, role, getattr(wanted, role), found, parts) for role in missing
    }
    meant = replace(wanted, **names)
    if parts and not all(_all_found(role, getattr(meant, role), found) for role in missing):
        found = replace(group(scores, meant, columns), every=found.every)
    if not len(found.results):
        raise _nothing(
            [f"{role} {listing([repr(name) for name in getattr(meant, role)])}" for role in missing]
        )
    return meant, found


def refuse_long(role: str, names: pl.Series) -> None:
    """DataError for a name that is too long."""
    long = names.filter(names.str.len_chars() > LONGEST_NAME)
    if len(long):
        raise DataError(
            f"the {role} {long[0][:40]!r} … has {len(long[0]):,} characters, more than the limit "
            f"of {LONGEST_NAME:,}",
            remedy=f"Check that the column for the {role} contains names.",
        )


def _all_found(role: str, names: Sequence[str], found: Grouped) -> bool:
    return not names or set(names) <= set(distinct_names(found.results[role]))


def _nothing(wanted: list[str]) -> DataError:
    what = f"no row has {' and '.join(wanted)} at once" if len(wanted) > 1 else "no row is left"
    return DataError(what, remedy="Check `task`, `model`, `metric` and `where` against `howsure describe`.")


def _meant(scores: Scores, role: str, asked: tuple[str, ...], found: Grouped, parts: bool) -> tuple[str, ...]:
    """Return the full names of the requested models. Tasks and metrics must be named in full."""
    there = distinct_names(found.results[role]).cast(pl.String).sort().to_list()
    if role == "model":
        try:
            return tuple(dict.fromkeys(resolve(name, there) for name in asked))
        except DataError:  # a name of which no row is left, or that is unknown
            there = []
    names = names_of(scores, role)
    if not names:
        raise _nothing([])
    if role == "metric" and names == [CONSTANTS["metric"]]:
        asked = tuple(names[0] if name == scores.score_column else name for name in asked)
        for name in asked:
            if name not in names and name in open_frame(scores.rows).collect_schema().names():
                raise DataError(
                    f"no metric {name!r}: it is a column, and {scores.score_column!r} is read as the score",
                    remedy=f"Use it as the score: `columns={{'score': {name!r}}}`.",
                )
    if role == "model":
        return tuple(dict.fromkeys(resolve(name, names, parts=parts) for name in asked))
    for name in asked:
        if name not in names and role == "metric" and _is_metric(name):
            raise DataError(
                f"no metric {name!r} in the data",
                remedy=f"To compute it from labels and predictions, use `statistic={name!r}`.",
            )
        if name not in names:
            raise unknown(role, name, names)
    return asked


def _is_metric(name: str) -> bool:
    """Return whether a metric over labels and predictions has this name."""
    from howsure.statistics.metrics import METRICS

    return name in METRICS


USUAL = (
    r"(?P<run>.+?)(?:[-_./:@ ]*(?:global_?step|step|checkpoint|ckpt|iter(?:ation)?|epoch)"
    r"[-_=: ]?| · (?=\d+$))"
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

    `pattern`: a regular expression with the groups run and step. None uses the usual names: …-step1000,
    …_ckpt-3, …@iter=2k.
    """
    try:
        named = re.compile(pattern or USUAL, 0 if pattern else re.IGNORECASE)
    except re.error as error:
        raise OptionError(f"`step_from={pattern!r}` is not a valid regular expression ({error})") from None
    if not {"run", "step"} <= set(named.groupindex):
        raise OptionError(
            f"`step_from={pattern!r}` lacks the groups run and step",
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
    """Return the checkpoints of every run by step. DataError if two models are one step of a run."""
    runs: dict[str, list[Checkpoint]] = {}
    for point in find_checkpoints(models, pattern):
        run = runs.setdefault(point.run, [])
        if run and run[-1].step == point.step:
            raise DataError(
                f"{run[-1].model!r} and {point.model!r} are both step {point.step:,.12g} of {point.run!r}",
                remedy="Choose models with `model`, or set `step_from` to a pattern for run and step.",
            )
        run.append(point)
    return runs


def _step(text: str) -> float:
    unit = UNITS.get(text[-1:].lower())
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        raise OptionError(
            f"step {text!r} is not a number", remedy="The group step must contain digits."
        ) from None


@dataclass(frozen=True, slots=True)
class Average:
    """The average over the last checkpoints of a run: its `name`, the run, and the averaged models."""

    name: str
    run: str
    models: tuple[str, ...]


def last_checkpoints(models: Sequence[str], count: int, pattern: str | None) -> list[Average]:
    """Return the averages over the last `count` checkpoints of every run. DataError if there are none."""
    runs = runs_of(models, pattern)
    if not runs:
        raise DataError(
            f"no name of a model looks like a checkpoint ({listing([repr(model) for model in models])})",
            remedy=r"Set a pattern for run and step: `step_from='(?P<run>.+)-(?P<step>\d+)'`.",
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
    """Keep the rows of the last checkpoints, under the name of their average, and drop other rows."""
    model = part["model"].cast(pl.String)
    return part.filter(model.is_in(list(names))).with_columns(
        model=pl.col("model").cast(pl.String).replace_strict(names).cast(pl.Categorical)
    )


def average(part: pl.DataFrame, averages: Sequence[Average]) -> pl.DataFrame:
    """Average the checkpoints of a run item by item. Items that some checkpoint lacks are left out.

    `n` and `variance` are changed so that they give the answer noise of the average, with n = 1 if it is
    unknown.
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


def torn_items(part: pl.DataFrame, averages: Sequence[Average], task: str) -> list[ResultWarning]:
    """Warn how many items some checkpoint of a run lacks."""
    counted = part.filter(pl.col("n") > 0).group_by("model", "item").agg(steps=pl.len())
    lacking = counted.filter(pl.col("steps") < _wanted(averages))
    if not len(lacking):
        return []
    first = lacking.sort("model", "item").row(0, named=True)
    return [
        ResultWarning(
            code="torn_checkpoints",
            message=f"{task}: {plural(len(lacking), 'item')} missing from some checkpoint and "
            "left out of the average, "
            f"first {first['item']!r} of {first['model']!r}",
            remedy="Run the missing items, or average fewer checkpoints.",
        )
    ]
