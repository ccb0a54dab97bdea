"""The harness's own figures: the stated results of logs are checked against the rows that were read from
them.

All files are checked at once, so that a thousand small logs cost one grouping.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import TOKENS
from howsure.table.scores import Missing, Reconciled, Total
from howsure.wording import amounts_apart, plural, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.readers.base import Reading
    from howsure.table.scores import Extent, Figure, Published

MOST_DRAWN = 10_000
"""More attempts than are used for one score in practice; a reducer that draws more is treated as unknown."""
_OF_COUNTS = re.compile(r"(at_least|pass_at|pass_k)_(\d+)")


def reduced(
    rows: pl.LazyFrame, by: Sequence[str], reducer: str, *, zero: bool, cluster: str = "item"
) -> pl.LazyFrame:
    """Return one `score` and `cluster` per item within the groups of `by`.

    Attempts without a score are left out, or count as 0. An unknown reducer gives no scores.
    """
    score = pl.col("score")
    scored = rows.with_columns(score.fill_null(0.0)) if zero else rows.drop_nulls("score")
    made = _reduction(reducer)
    one = scored.group_by(*by, "item").agg(
        score=pl.lit(None, pl.Float64) if made is None else made, cluster=pl.col(cluster).first()
    )
    return one.drop_nulls("score")


def means_and_errors(items: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Return the `mean` of each group's items and its standard `error` by their clusters, corrected for their
    number. If each item is its own cluster, it is the plain one.

    One cluster has no standard error: NaN.
    """
    score, n, many = pl.col("score"), pl.col("n"), pl.len()
    mean = score.sum() / n.sum()
    error = ((score - n * mean).pow(2).sum() * many / (many - 1)).sqrt() / n.sum()
    sums = items.group_by(*by, "cluster").agg(score.sum(), n=pl.len())
    return sums.group_by(*by).agg(mean=mean, error=pl.when(many > 1).then(error).otherwise(math.nan))


def _reduction(reducer: str) -> pl.Expr | None:
    """Return the reducer as an expression over the attempts at one item, or None for an unknown one."""
    score = pl.col("score")
    if counted := _OF_COUNTS.fullmatch(reducer):
        kind, k = counted[1], int(counted[2])
        if k > MOST_DRAWN:
            return None
        right, n = (score >= 1).sum().cast(pl.Int64), pl.len().cast(pl.Int64)
        if kind == "at_least":
            return (right >= k).cast(pl.Float64)
        return 1 - _none_of(n - right, n, k) if kind == "pass_at" else _none_of(right, n, k)
    return {"mean": score.mean(), "median": score.median(), "max": score.max()}.get(reducer)


def _none_of(others: pl.Expr, n: pl.Expr, k: int) -> pl.Expr:
    """Return the probability that all of `k` attempts, drawn without replacement, are among the `others`
    (Chen et al. 2021).
    """
    shares = ((others - drawn).clip(lower_bound=0) / (n - drawn) for drawn in range(k))
    share = pl.sum_horizontal(
        [each.log() for each in shares]
    ).exp()  # an expression of products would be as deep as it is long
    return pl.when(n >= k).then(share)


KEYS = ("source", "task", "model", "metric")
"""The columns that group the rows of all files. `source` is the number of the file, a name that no attribute
of an item has.
"""
TAKEN = ("tokens", "usd")
"""Figures that a log may state for all attempts together."""
RELATIVE = 1e-9
"""Figures stated in full precision may differ by the rounding of sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A log's own figures on its rows with those computed from the rows, missing attempts, deliberate
    subsets, and other warnings.
    """

    figures: tuple[Reconciled, ...] = ()
    missing: tuple[Missing, ...] = ()
    subsets: tuple[Extent, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()


class _Given(NamedTuple):
    """The results from the rows of one file for a task, model and metric."""

    rows: int
    items: int
    mean: float | None
    error: float | None


class _Rule(NamedTuple):
    """How a harness combines the attempts at an item into a score, and its column of clusters. `zero`: a
    failure counts as 0.
    """

    reducer: str
    cluster: str
    zero: bool

    @classmethod
    def of(cls, stated: Published, reading: Reading) -> _Rule | None:
        """Return the rule behind a published score, or None if attempts are averaged and each item is its own
        cluster.
        """
        if stated.reducer == "mean" and not stated.cluster:
            return None
        zero = any(fact.task == stated.task and fact.failures == "zero" for fact in reading.facts)
        known = reading.rows is not None and stated.cluster in reading.rows.columns
        return cls(stated.reducer, stated.cluster if known else "item", zero)


_Ruled = dict[tuple[str, str, str, _Rule], tuple[float, float]]
"""Mean and standard error by task, model, metric and rule."""


def reconciled(readings: Sequence[tuple[str, Reading]]) -> list[Word]:
    """Check the figures of each log, by its name, against its rows. One without rows has nothing to check.

    If figures differ, rows that are exact copies of others don't count, as in all results.
    """
    words = _words(readings)
    torn = {k for k, word in enumerate(words) if not all(figure.agrees for figure in word.figures)}
    single = [
        (where, _without_copies(reading) if k in torn else reading)
        for k, (where, reading) in enumerate(readings)
    ]
    return (
        words
        if all(one[1] is other[1] for one, other in zip(single, readings, strict=True))
        else _words(single)
    )


def _without_copies(reading: Reading) -> Reading:
    """Return a reading without exact copies of rows, or the same one if there are none."""
    if reading.rows is None:
        return reading
    one = [
        name
        for name in ("task", "model", "metric", "item", "attempt", "score")
        if name in reading.rows.columns
    ]
    rows = reading.rows.unique(one, keep="first", maintain_order=True)
    return reading if len(rows) == len(reading.rows) else replace(reading, rows=rows)


def _words(readings: Sequence[tuple[str, Reading]]) -> list[Word]:
    talking = {
        file: reading
        for file, (_, reading) in enumerate(readings)
        if reading.rows is not None
        and len(reading.rows)
        and (reading.published or reading.extents or reading.totals)
    }
    given, taken = _given(talking), _taken(talking)
    totals, ruled = _totals(readings, talking, taken), _ruled(talking)
    return [
        _word(reading, where, given.get(file, {}), ruled.get(file, {}), totals.get(file, []))
        if file in talking
        else Word()
        for file, (where, reading) in enumerate(readings)
    ]


def _given(readings: Mapping[int, Reading]) -> dict[int, dict[tuple[str, str, str], _Given]]:
    """Group the rows of all files once, by file, task, model and metric."""
    if not readings:
        return {}
    rows = _joined(readings, ("task", "model", "metric", "item", "attempt", "score"))
    zero = [
        file for file, reading in readings.items() if any(fact.failures == "zero" for fact in reading.facts)
    ]
    score = pl.when(pl.col("source").is_in(zero)).then(pl.col("score").fill_null(0.0)).otherwise("score")
    found: dict[int, dict[tuple[str, str, str], _Given]] = {}
    for file, task, model, metric, *values in _by_metric(rows.with_columns(score=score)).iter_rows():
        found.setdefault(file, {})[task, model, metric] = _Given(*values)
    return found


def _ruled(readings: Mapping[int, Reading]) -> dict[int, _Ruled]:
    """Return means and standard errors by the harnesses' rules that reduce attempts otherwise, or cluster.
    The rows are grouped once per rule.
    """
    asked: dict[_Rule, dict[int, Reading]] = {}
    for file, reading in readings.items():
        rules = (_Rule.of(stated, reading) for stated in reading.published)
        for rule in {rule for rule in rules if rule is not None}:
            asked.setdefault(rule, {})[file] = reading
    found: dict[int, _Ruled] = {}
    for rule, files in asked.items():
        rows = _joined(files, ("task", "model", "metric", "item", "score", *{rule.cluster} - {"item"}))
        items = reduced(rows.lazy(), KEYS, rule.reducer, zero=rule.zero, cluster=rule.cluster)
        for file, *names, mean, error in means_and_errors(items, KEYS).collect().iter_rows():
            found.setdefault(file, {})[*names, rule] = mean, error
    return found


def _joined(readings: Mapping[int, Reading], names: Sequence[str]) -> pl.DataFrame:
    """Concatenate these columns of all files, if they have them, with the number of the file."""
    frames = {file: reading.rows for file, reading in readings.items() if reading.rows is not None}
    heights = pl.Series("height", [len(frame) for frame in frames.values()], dtype=pl.UInt32)
    files = pl.DataFrame({"source": pl.Series(list(frames), dtype=pl.UInt32)}).select(
        pl.col("source").repeat_by(heights).explode()
    )
    parts = [frame[[name for name in names if name in frame.columns]] for frame in frames.values()]
    return pl.concat(parts, how="diagonal_relaxed").with_columns(files["source"])


def _by_metric(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows, items, the mean over items and its plain standard error. Attempts at an item are averaged
    before.
    """
    score, many = pl.col("score"), bool((rows["attempt"] > 0).any())
    items = rows.lazy()
    if many:
        items = items.group_by(*KEYS, "item").agg(pl.len(), score.mean())
    count = pl.col("len").sum() if many else pl.len()
    error = score.std() / score.count().sqrt()
    return (
        items.group_by(*KEYS)
        .agg(count.alias("rows"), pl.len().alias("items"), score.mean().alias("mean"), error.alias("error"))
        .collect()
    )


def _taken(readings: Mapping[int, Reading]) -> dict[int, dict[tuple[str, str], dict[str, float]]]:
    """Add up the measures of the attempts in files, if these state totals, by file, task and model.

    The measures are repeated in every metric of an attempt, so only the metric with the most rows counts.
    """
    stating = {file: reading for file, reading in readings.items() if reading.totals}
    if not stating:
        return {}
    rows = _joined(stating, ("task", "model", "metric", "usd", *TOKENS))
    tokens = sum((pl.col(name).fill_null(0.0) for name in TOKENS if name in rows.columns), pl.lit(0.0))
    usd = pl.col("usd") if "usd" in rows.columns else pl.lit(0.0).alias("usd")
    totals = rows.select(*KEYS, tokens.alias("tokens"), usd).group_by(KEYS)
    found: dict[int, dict[tuple[str, str], dict[str, float]]] = {}
    for row in totals.agg(pl.len().alias("rows"), pl.col(TAKEN).sum()).sort("rows", "metric").to_dicts():
        found.setdefault(row["source"], {})[row["task"], row["model"]] = {name: row[name] for name in TAKEN}
    return found


def _totals(
    readings: Sequence[tuple[str, Reading]],
    talking: Mapping[int, Reading],
    taken: Mapping[int, Mapping[tuple[str, str], Mapping[str, float]]],
) -> dict[int, list[Reconciled]]:
    """Check the measures of attempts against the stated totals, by file. For a run over many files all have
    to be present.
    """
    saying: dict[Total | tuple[int, Total], list[int]] = {}
    for file, reading in talking.items():
        for total in reading.totals:
            saying.setdefault(total if total.run else (file, total), []).append(file)
    found: dict[int, list[Reconciled]] = {}
    for key, files in saying.items():
        total = key if isinstance(key, Total) else key[1]
        if len(files) == total.files:
            parts = [
                taken.get(file, {}).get((total.task, total.model), {}).get(total.figure, math.nan)
                for file in files
            ]
            # a log may state more than its attempts used: calls for attempts that it doesn't keep
            where = total.run or readings[files[0]][0]
            about = {"source": where, "task": total.task, "model": total.model, "metric": ""}
            figure = _reconciled(about, total.figure, total.value, math.fsum(parts), total.decimals)
            found.setdefault(files[0], []).append(figure)
    return found


def _word(
    reading: Reading,
    where: str,
    given: Mapping[tuple[str, str, str], _Given],
    ruled: _Ruled,
    totals: Sequence[Reconciled],
) -> Word:
    samples = [_samples(extent, given, where) for extent in reading.extents]
    scores = [
        figure for stated in reading.published for figure in _scores(stated, reading, given, ruled, where)
    ]
    warnings, missing = [], []
    for figure, extent in zip(samples, reading.extents, strict=True):
        if not figure.agrees:
            missing.append(_lacking(extent, reading))
            count = plural(int(figure.stated), "sample" if extent.attempts else "question")
            status = f" (status {extent.status})" if extent.status else ""
            message = f"{where}: {figure.read:,.0f} of {count} planned are in the log{status}"
            warnings.append(ResultWarning(code="partial_run", message=message, remedy=extent.remedy))
    for figure in scores:
        if figure.figure == "score" and not figure.agrees:
            read, stated = told_apart(figure.read, figure.stated)
            message = (
                f"{where}: the rows give {read} for {figure.task} · {figure.metric}, the log states {stated}"
            )
            remedy = (
                "`howsure describe` lists the logs' own figures. Find out which of the two is "
                "right before you use "
                "either."
            )
            warnings.append(ResultWarning(code="differs_from_log", message=message, remedy=remedy))
    for figure in totals:
        if not figure.agrees and figure.read > figure.stated:
            read, stated = amounts_apart(figure.read, figure.stated)
            message = (
                f"{figure.source}: the attempts at {figure.task} used {read} {figure.figure}, the log states "
                f"{stated} in all"
            )
            remedy = "Attempts may be in the log twice: `howsure describe` lists the logs' own figures."
            warnings.append(ResultWarning(code="differs_from_log", message=message, remedy=remedy))
    return Word(
        figures=(*samples, *scores, *totals),
        missing=tuple(missing),
        subsets=tuple(extent for extent in reading.extents if extent.whole > extent.items),
        warnings=tuple(warnings),
    )


def _samples(extent: Extent, given: Mapping[tuple[str, str, str], _Given], where: str) -> Reconciled:
    """Count the rows of the metric with the most rows, or their items if the log states no number of
    attempts.
    """
    found = [each for (task, model, _), each in given.items() if (task, model) == (extent.task, extent.model)]
    read = max((each.rows if extent.attempts else each.items for each in found), default=0)
    stated = extent.items * max(extent.attempts, 1)
    about = {"source": where, "task": extent.task, "model": extent.model, "metric": ""}
    return Reconciled(**about, figure="samples", stated=stated, read=read, agrees=read >= stated)


def _lacking(extent: Extent, reading: Reading) -> Missing:
    """Find the planned attempts that are missing, by item if the log names its items."""
    rows: pl.DataFrame = reading.rows  # type: ignore[assignment]
    its_own = (rows["task"] == extent.task) & (rows["model"] == extent.model)
    each, metric = max(extent.attempts, 1), rows["metric"].filter(its_own).mode().min() or ""
    made = dict(rows["item"].filter(its_own & (rows["metric"] == metric)).value_counts().iter_rows())
    named = {name: each - made.get(name, 0) for name in extent.names or made if made.get(name, 0) < each}
    unnamed = 0 if extent.names else max(extent.items - len(made), 0)
    return Missing(task=extent.task, model=extent.model, named=named, unnamed=unnamed, attempts=each)


def _scores(
    stated: Published,
    reading: Reading,
    given: Mapping[tuple[str, str, str], _Given],
    ruled: _Ruled,
    where: str,
) -> Iterator[Reconciled]:
    """Yield a published score, and its standard error, recomputed from the rows, or nothing without rows."""
    of_metric = (stated.task, stated.model, stated.row_metric)
    found = given.get(of_metric)
    if found is None:
        return
    rule = _Rule.of(stated, reading)
    mean, error = (found.mean, found.error) if rule is None else ruled.get((*of_metric, rule), (None, None))
    about = {"source": where, "task": stated.task, "model": stated.model, "metric": stated.metric}
    yield _reconciled(about, "score", stated.score, mean, stated.decimals)
    if stated.stderr is not None and error is not None and math.isfinite(error):
        yield _reconciled(about, "standard error", stated.stderr, error, stated.decimals)


def _reconciled(
    about: Mapping[str, str], figure: Figure, stated: float, read: float | None, decimals: int | None
) -> Reconciled:
    """Check a figure against the stated one: equal to half a unit of the last of this many decimals, or in
    full precision if these are None.
    """
    value = math.nan if read is None else read
    near = (0.0 if decimals is None else 0.5 * 10.0**-decimals) + RELATIVE * max(1.0, abs(stated))
    return Reconciled(**about, figure=figure, stated=stated, read=value, agrees=abs(value - stated) <= near)


def subset_notes(subsets: Iterable[Extent]) -> list[str]:
    """Note which tasks were deliberately run on a part of their questions, each once."""
    sizes: dict[tuple[str, int], list[int]] = {}
    for extent in subsets:
        sizes.setdefault((extent.task, extent.whole), []).append(extent.items)
    notes = []
    for (task, whole), items in sizes.items():
        least, most = min(items), max(items)
        how = f"run on a subset, {most:,}" if least == most else f"run on subsets, {least:,} to {most:,}"
        notes.append(f"{task}: {how} of {whole:,} questions, as requested.")
    return notes
