"""Attempts whose labels all questions share: a test of whether attempts with the same label are
correlated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import ResultWarning
from howsure.study.notes import silent_factor_taken
from howsure.table.aggregate import coded
from howsure.table.engines import to_polars
from howsure.table.names import means_setting
from howsure.table.schema import CONSTANTS, find_roles, open_frame, tidy, used_columns
from howsure.wording import Scale, p_text, plural

if TYPE_CHECKING:
    from howsure.statistics.random_factors import LabelTest
    from howsure.study.study import Study
    from howsure.study.units import Scales
    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
    Key = tuple[str, ...]

OWN = ("task", "metric", "model")
LEVEL = 0.05
"""For all models and tasks of an answer together: each is tested at its share of the level (Bonferroni)."""
COMMON = 0.5
"""A label with a smaller share of a model's questions isn't shared, just as an id of every single answer
isn't.
"""
MOST_ROWS = 5_000_000


def attempt_warnings(scores: Scores, study: Study, scales: Scales) -> tuple[ResultWarning, ...]:
    """Warn of attempts that aren't repeats judging by their column's name, that differ in a setting of the
    model, or whose labels are correlated over questions.

    Only rows in files and frames in memory are tested, and only if they easily fit there: a database, or the
    user's lazy frame, would be read once more.
    """
    silent = silent_factor_taken(study.unasked)
    here = scores.files or scores.in_memory or isinstance(scores.rows, pl.DataFrame)
    parts = [part for part in study.parts.values() if bool((part["rows"] > 1).any())]
    if not here or study.averages or not 0 < sum(part["rows"].sum() for part in parts) <= MOST_ROWS:
        return tuple(silent)
    return (*silent, *_of_settings(scores, parts), *_of_labels(scores, study, parts, scales))


def _of_settings(scores: Scores, parts: list[pl.DataFrame]) -> list[ResultWarning]:
    """Warn of a setting, such as the temperature, in which the rows of one model and question differ."""
    frame, roles = tidy(scores.rows, scores.roles)
    used = used_columns(roles)
    names = [name for name in frame.collect_schema().names() if means_setting(name) and name not in used]
    if not names:
        return []
    counts = to_polars(frame.group_by("task", "model", "item").agg(nw.col(name).n_unique() for name in names))
    asked = pl.concat([part.select(pl.col("task", "model", "item").cast(pl.String)) for part in parts])
    counts = counts.join(asked, on=["task", "model", "item"], how="semi")
    several = {name: counts.filter(pl.col(name) > 1)["model"].n_unique() for name in names}
    return [
        ResultWarning(
            code="setting_as_attempt",
            message=(
                f"{name!r} isn't the same for all attempts of {plural(models, 'model')} at a "
                "question, and is a "
                "setting of the model"
            ),
            remedy=f"Make it part of the name: `columns={ ({'model': [*roles['model'], name]})!r}`.",
        )
        for name, models in several.items()
        if models
    ]


def _of_labels(
    scores: Scores, study: Study, parts: list[pl.DataFrame], scales: Scales
) -> list[ResultWarning]:
    """Warn of labels that are significantly correlated (F test). Sums by label come first, then the rows of
    models if these look suspicious and sums don't determine the test.

    Failed attempts, and questions that lack a label, are left out.
    """
    column = attempt_column(scores)
    if not column:
        return []
    frame, own = _scored(scores, column)
    means = to_polars(frame.group_by(*own, "attempt").agg(nw.col("score").mean(), nw.len().alias("count")))
    tests, settled = _from_sums(_placed(means, scales), parts)
    doubtful = {key: test for key, test in sorted(tests.items()) if _is_small(test, 2 * LEVEL / len(tests))}
    if {"cluster_0", "weight"} & {*study.items.columns}:
        settled = set()
    doubtful |= _from_rows(frame, [key for key in doubtful if key not in settled], study, scales)
    together = [
        (test, f"{task}: {model}" if len(study.tasks) > 1 else model)
        for (task, _, model), test in doubtful.items()
        if test is not None and _is_small(test, LEVEL / len(tests))
    ]
    percent = all(bool(((part["low"] >= 0) & (part["high"] <= 1)).all()) for part in parts)
    return [_warning(column, together, len(tests), Scale(percent=percent))] if together else []


def attempt_column(scores: Scores) -> str:
    """Return the column whose values are used as attempts, or "" if there isn't exactly one."""
    names = open_frame(scores.rows).collect_schema().names()
    if scores.unasked in names:
        return scores.unasked
    columns = find_roles(names, scores.roles).get("attempt", ())
    return columns[0] if len(columns) == 1 else ""


def _scored(scores: Scores, column: str) -> tuple[Frame, list[str]]:
    """Return the attempts that have a score and a label (`column`), and the existing columns of tasks,
    metrics and models.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    scored = ~nw.col("score").is_null() & ~nw.col(column).is_null()
    own = [name for name in OWN if name in roles]
    kept = frame.filter((nw.col("status") == "ok") & scored if "status" in roles else scored)
    return kept.select(*own, "item", nw.col(column).alias("attempt"), "score"), own


def _placed(rows: pl.DataFrame, scales: Scales) -> pl.DataFrame:
    """Return rows with their constants, texts, and scores in the units of their scales."""
    constants = {name: pl.lit(CONSTANTS[name]) for name in OWN if name not in rows.columns}
    return scales.place_values(rows.with_columns(pl.col("attempt").cast(pl.String), **constants))


def _is_small(test: LabelTest | None, p_value: float) -> bool:
    """Return whether the p-value of a test is at most this."""
    return test is not None and test.p_value <= p_value


def _from_sums(sums: pl.DataFrame, parts: list[pl.DataFrame]) -> tuple[dict[Key, LabelTest | None], set[Key]]:
    """Return the test of every model of a part whose attempts have labels that most of its questions share,
    computed from sums alone, and the models all of whose questions have all labels once.
    """
    n = pl.col("n").cast(pl.Int64)
    models = pl.concat([part.select(*OWN, "n", "variance") for part in parts], rechunk=False).group_by(OWN)
    terms = {"rest": n.sum() - (n > 0).sum(), "within": pl.col("variance").dot(n.cast(pl.Float64))}
    own = models.agg(pl.len(), **terms).with_columns(pl.col(OWN).cast(pl.String))
    shared = sums.join(own, on=OWN).filter(pl.col("count") >= COMMON * pl.col("len"))
    labels = shared.group_by(*OWN, "within", "rest", "len").agg("score", "count")
    from howsure.statistics.random_factors import label_test_from_sums

    tests, complete = {}, set()
    for *key, within, rest, items, means, counts in labels.iter_rows():
        tests[tuple(key)] = label_test_from_sums(np.array(means), np.array(counts), within, rest)
        if {*counts} == {items} and rest == items * (len(counts) - 1):
            complete.add(tuple(key))
    return tests, complete


def _from_rows(frame: Frame, models: list[Key], study: Study, scales: Scales) -> dict[Key, LabelTest | None]:
    """Return the tests of these models from their rows."""
    if not models:
        return {}
    rows = _placed(to_polars(frame.filter(nw.col("model").is_in({model for *_, model in models}))), scales)
    by_model = rows.partition_by(*OWN, as_dict=True)
    return {key: _test(by_model[key], study.items.filter(task=key[0])) for key in models}


def _test(rows: pl.DataFrame, items: pl.DataFrame) -> LabelTest | None:
    """Test one model's labels on its questions that have all of them. `items`: with clusters and weights."""
    shared = pl.len().over("attempt") >= COMMON * rows["item"].n_unique()
    wide = (
        rows.filter(shared)
        .pivot(on="attempt", index="item", values="score", aggregate_function="mean")
        .drop_nulls()
    )
    if wide.width < 3 or wide.height < 2:
        return None
    named = wide.select("item").join(items, on="item", how="left", maintain_order="left")
    codes = weights = None
    if "cluster_0" in named.columns:
        codes = coded(named["cluster_0"].fill_null(named["item"]))[1]
    if "weight" in named.columns:
        weights = named["weight"].fill_null(strategy="mean").to_numpy()
    from howsure.statistics.random_factors import label_test

    return label_test(wide.drop("item").to_numpy(), codes=codes, weights=weights)


def _warning(column: str, together: list[tuple[LabelTest, str]], tests: int, scale: Scale) -> ResultWarning:
    """Warn of the model whose labels differ most clearly, with the size of the difference, and the number of
    other models.
    """
    test, model = min(together, key=lambda each: each[0].p_value)
    others = f", and so do those of {plural(len(together) - 1, 'other model')}" if len(together) > 1 else ""
    p = p_text(min(test.p_value * tests, 1.0))
    return ResultWarning(
        code="attempts_move_together",
        message=f"answers of {model} with the same {column!r} are correlated: the scores of its "
        f"{int(test.df[0]) + 1} "
        f"values have a standard deviation of {scale.gap(test.spread)}, about "
        f"{scale.gap(test.chance)} expected "
        f"by chance (F test, p {p if p.startswith('<') else f'= {p}'}){others}",
        remedy=(
            "The error bar doesn't include their shared effect. To include it, use "
            f"`random_factor={column!r}`."
        ),
    )
