"""Rows of labels and predictions as scores whose mean is a metric (see statistics/metrics).

Each question counts once, however many attempts a model has at it: its attempts share its weight. Models that
are compared are measured on the questions that all of them have, as the metric of fewer questions isn't a
mean of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import DataError, MethodError, OptionError, ResultWarning
from howsure.statistics.metrics import OfRows, jackknife
from howsure.statistics.metrics.base import ENOUGH, Rows, Sets
from howsure.statistics.metrics.calibration import CalibrationError
from howsure.statistics.metrics.classes import OfClasses, OfLists
from howsure.study.models import resolve
from howsure.study.texts import COUNTS, edit_distances, lists_of
from howsure.table.engines import to_polars
from howsure.table.grouping import all_differ
from howsure.table.schema import METRIC_ROLES, find_roles, open_frame, roles_note, roles_of_metric, tidy
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.metrics import ChosenMetric
    from howsure.statistics.metrics.base import Measured, Metric
    from howsure.study.design import Design
    from howsure.table.scores import Scores

POSITIVE = ("1", "true", "yes", "positive", "pos")
"""The class of interest if there are two and none is named."""
FEW_SHOWN = 6
WEIGHT, COUNT = "weight of the question", "count of texts"


def with_metric(
    scores: Scores, design: Design, models: Sequence[str], *, paired: bool
) -> tuple[Scores, dict[tuple[str, str], float], pl.DataFrame | None]:
    """Return scores of rows whose mean is the design's metric, with warnings, and by task and model the size
    of the smallest class. The same scores without a metric.

    Also return the labels and probabilities behind a calibration error, else None. `models`: those that are
    used, () for all. `paired`: they are compared, so questions that one of them lacks are left out.
    OptionError for a calibration error, which can't be compared.
    """
    chosen, labelled = design.statistic, None
    if chosen is None:
        return scores, {}, None
    of_calibration = isinstance(chosen.metric, CalibrationError)
    if paired and of_calibration:
        raise OptionError(
            "calibration errors aren't compared: chance makes each of them positive, one more than another",
            remedy="Compare models by `brier`, or measure each with `estimate`.",
        )
    if not scores.roles.keys() & {*METRIC_ROLES}:  # they were read without a metric
        known = {role: columns for role, columns in scores.roles.items() if role != "score"}
        scores = replace(scores, roles={**known, **roles_of_metric(chosen.metric.reads, {})})
    smallest: dict[tuple[str, str], float] = {}
    paired = paired and not chosen.metric.of_questions
    rows = _rows(scores, design, models)
    columns = open_frame(scores.rows).collect_schema().names()
    used = {role: names for role, names in find_roles(columns, scores.roles).items() if role != "score"}
    warnings, found = list(scores.warnings), []
    notes = [*scores.notes, f"Metric: {chosen}.", roles_note(used)]
    read = tuple(name for role in METRIC_ROLES for name in used.get(role, ()))
    for task in rows["task"].unique().sort():
        part = rows.filter(pl.col("task") == task)
        table = replace(_Table.of(part, chosen, str(task)), read=read)
        part = table.rows
        if paired:
            part, shared = table.shared()
            if left := table.rows["item"].n_unique() - shared:
                notes.append(
                    f"{chosen} is computed on the {shared:,} questions that all "
                    f"{part['model'].n_unique():,} models answered ({left:,} left out)."
                )
        measured, sizes, doubts = table.measured(part)
        found += [measured]
        if of_calibration:
            labelled = pl.concat([*([] if labelled is None else [labelled]), table.labelled()])
        smallest |= {(str(task), model): size for model, size in sizes.items() if size < np.inf}
        warnings += [*doubts, *table.small(sizes)]
    measured_scores = replace(
        scores, rows=pl.concat(found), roles={}, score_name="", notes=tuple(notes), warnings=tuple(warnings)
    )
    return measured_scores, smallest, labelled


def _rows(scores: Scores, design: Design, models: Sequence[str]) -> pl.DataFrame:
    """Return the tidy rows of the tasks and models that are used."""
    frame, _ = tidy(scores.rows, scores.roles)
    rows = to_polars(frame)
    if design.task:
        rows = rows.filter(pl.col("task").is_in([*design.task]))
    if models:
        known = rows["model"].unique().sort().to_list()
        rows = rows.filter(pl.col("model").is_in([resolve(name, known, parts=True) for name in models]))
    if design.weight is not None and design.weight not in rows.columns:
        raise DataError(
            f"no column {design.weight!r} in the rows to weight a metric by", remedy="Add it to the table."
        )
    return rows.with_columns(_weight(design.weight or ("weight" if "weight" in scores.chosen else "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The rows of one task, with labels and predictions as numbers or codes of `classes`. `read`: their
    columns.
    """

    rows: pl.DataFrame
    chosen: ChosenMetric
    task: str
    classes: tuple[str, ...] = ()
    positive: int = -1
    read: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: pl.DataFrame, chosen: ChosenMetric, task: str) -> _Table:
        """Read the labels and predictions of a task. DataError if they aren't what the metric reads."""
        metric = chosen.metric
        if metric.reads in ("values", "outcomes"):
            rows = rows.drop("label", strict=False)
        label, prediction = (rows.get_column(role, default=rows["score"]) for role in METRIC_ROLES)
        if metric.reads == "rows":
            return cls(rows=rows, chosen=chosen, task=task)
        if metric.reads == "texts":
            counts = COUNTS[metric.name](label.cast(pl.String), prediction.cast(pl.String))
            columns = [pl.Series(f"{COUNT} {k}", counts[:, k]) for k in range(counts.shape[1])]
            return cls(rows=rows.with_columns(columns), chosen=chosen, task=task)
        if metric.name in ("wer", "cer") and rows["label"].dtype == rows["prediction"].dtype == pl.String:
            errors, size = edit_distances(label, prediction, characters=metric.name == "cer")
            rows = rows.with_columns(prediction=pl.Series(errors), label=pl.Series(size))
            return cls(rows=rows, chosen=chosen, task=task)
        if metric.reads not in ("classes", "scores", "outcomes"):
            numbers = {
                role: _numbers(rows[role], role, metric, task)
                for role in METRIC_ROLES
                if role in rows.columns
            }
            return cls(rows=rows.with_columns(**numbers), chosen=chosen, task=task)
        numeric = label.dtype.is_numeric() or (metric.reads == "classes" and prediction.dtype.is_numeric())
        if metric.reads == "outcomes":
            label = prediction
        lists = [lists_of(column) for column in (label, prediction)]
        if any(column is not None for column in lists):
            return cls._of_lists(rows, chosen, task, lists)
        labels = _class_names(label, as_numbers=numeric)
        answers = labels if metric.reads == "scores" else _class_names(prediction, as_numbers=numeric)
        if not {*labels.values()} & {*answers.values()}:
            raise DataError(
                f"no prediction is one of the labels: predictions are {_shown(answers)}, labels "
                f"{_shown(labels)}",
                where=task,
                remedy="Name the right columns: `columns={'label': '…', 'prediction': '…'}`.",
            )
        classes = tuple(sorted({*labels.values(), *answers.values()}))
        if metric.reads == "scores":
            rows = rows.with_columns(prediction=_numbers(prediction, "prediction", metric, task))
        else:
            rows = rows.with_columns(prediction=_codes(prediction, answers, classes))
        if metric.reads != "outcomes":
            rows = rows.with_columns(label=_codes(label, labels, classes))
        found = _positive(classes, chosen.positive, task)
        return cls(rows=rows, chosen=chosen, task=task, classes=classes, positive=found)

    @classmethod
    def _of_lists(
        cls, rows: pl.DataFrame, chosen: ChosenMetric, task: str, lists: Sequence[pl.Series | None]
    ) -> _Table:
        """Return rows whose labels and predictions are lists of classes. DataError if only one of them is, or
        if the metric needs one class.
        """
        if not isinstance(chosen.metric, (OfClasses, OfLists)) and chosen.metric.name != "accuracy":
            raise DataError(
                f"{chosen.metric.name} needs one class per row, and these columns hold lists of classes",
                where=task,
                remedy="Measure macro-f1, micro-f1 or samples-f1, or f1@class=… of one class.",
            )
        label, prediction = lists
        if label is None or prediction is None:
            raise DataError(
                f"the {'predictions' if label is None else 'labels'} are lists of classes, and the "
                f"{'labels' if label is None else 'predictions'} aren't",
                where=task,
                remedy='Write both as lists, such as ["toxic", "insult"].',
            )
        classes = tuple(pl.concat([label.explode(), prediction.explode()]).drop_nulls().unique().sort())
        code = pl.element().drop_nulls().unique().cast(pl.Enum(classes)).to_physical()
        columns = [
            column.list.eval(code).alias(role)
            for role, column in zip(METRIC_ROLES, (label, prediction), strict=True)
        ]
        positive = _positive(classes, chosen.positive, task) if chosen.positive else -1
        return cls(
            rows=rows.with_columns(columns), chosen=chosen, task=task, classes=classes, positive=positive
        )

    def shared(self) -> tuple[pl.DataFrame, int]:
        """Return the rows of the questions that every model answered, with all failed attempts, which are
        only counted, and how many these questions are.
        """
        models, failed = self.rows["model"].n_unique(), pl.col("score").is_null()
        answered = self.rows.filter(~failed)
        counts = answered.group_by("item").agg(pl.col("model").n_unique())
        kept = counts.filter(pl.col("model") == models)["item"]
        if not len(kept):
            raise DataError(
                f"no question was answered by all {models:,} models, so their {self.chosen} can't be "
                "compared",
                where=self.task,
                remedy="Choose models with `model`, or use `howsure estimate`, which measures each alone.",
            )
        return self.rows.filter(pl.col("item").is_in(kept.implode()) | failed), len(kept)

    def measured(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, float], list[ResultWarning]]:
        """Return the rows with their scores, the size of each model's smallest class, and warnings."""
        doubts: list[ResultWarning] = []
        parts, smallest = [], {}
        for model, part in _by_model(rows):
            answered = part.filter(pl.col("score").is_not_null())
            if not len(answered):
                parts.append(part)
                continue
            try:
                found = self._measure(answered)
            except MethodError as error:
                columns = f" (columns {', '.join(self.read)})" if self.read else ""
                raise DataError(
                    f"{error.what}{columns}", where=f"{self.task}, {model}", remedy=error.remedy
                ) from None
            smallest[model] = found.smallest
            doubts += [replace(each, message=f"{model}: {each.message}") for each in found.doubts]
            scores = pl.Series("score", found.scores)
            parts += [answered.with_columns(scores), part.filter(pl.col("score").is_null())]
        read = (*METRIC_ROLES, WEIGHT)
        whole = pl.concat(parts)
        whole = whole.drop([name for name in whole.columns if name in read or name.startswith(COUNT)])
        return whole.with_columns(metric=pl.lit(str(self.chosen))), smallest, doubts

    def _measure(self, answered: pl.DataFrame) -> Measured:
        """Measure one model. Your own function is called once more without each question."""
        metric = self.chosen.metric
        if not isinstance(metric, OfRows):
            return metric.measure(self._rows_of(answered))
        items = answered["item"].unique(maintain_order=True)
        place = pl.col("item").replace_strict(items, range(len(items)), return_dtype=pl.Int64)
        codes = answered.select(place).to_series()
        values = [metric.of(answered), *(metric.of(answered.filter(codes != k)) for k in range(len(items)))]
        try:
            value, *without = map(float, values)
            found = jackknife(value, np.array(without), np.full(len(items), 1 / len(items)))
        except (TypeError, ValueError):
            value = np.nan
        if not np.isfinite(value) or not np.isfinite(without).all():
            raise MethodError(
                f"{metric.name} isn't a finite number, perhaps without some question",
                remedy="Return a number for any rows.",
            )
        return replace(found, influence=found.influence[codes.to_numpy()])

    def _rows_of(self, answered: pl.DataFrame) -> Rows:
        """Return the rows of one model. The attempts at a question share its weight."""
        share, item = answered[WEIGHT].to_numpy(), None
        if not all_differ(answered.select("item")):
            share = share / answered.select(pl.len().over("item")).to_series().to_numpy()
            item = answered["item"].rank("dense").to_numpy().astype(np.int64) - 1
        counts = [name for name in answered.columns if name.startswith(COUNT)]
        roles = [role for role in METRIC_ROLES if role in answered.columns and not counts]
        lists = [_sets(answered[role]) for role in roles if answered[role].dtype == pl.List]
        columns = {} if lists else {role: answered[role].to_numpy().astype(np.float64) for role in roles}
        return Rows(
            label=columns.get("label", np.zeros(len(answered))),
            prediction=columns.get("prediction", np.zeros(len(answered))),
            share=share / share.sum(),
            classes=self.classes,
            positive=self.positive,
            counts=answered.select(counts).to_numpy() if counts else None,
            item=item,
            lists=(lists[0], lists[1]) if lists else None,
        )

    def labelled(self) -> pl.DataFrame:
        """Return the task, model, item, label (0 or 1), probability and weight of every answered row."""
        return self.rows.filter(pl.col("score").is_not_null()).select(
            pl.lit(self.task).alias("task"),
            pl.col("model", "item").cast(pl.String),
            (pl.col("label") == self.positive).cast(pl.Float64).alias("label"),
            pl.col("prediction").alias("probability"),
            (pl.col(WEIGHT) / pl.len().over("model", "item")).alias("weight"),
        )

    def small(self, smallest: dict[str, float]) -> list[ResultWarning]:
        """Warn of classes so small that the intervals weren't tested."""
        if min(smallest.values(), default=ENOUGH) >= ENOUGH:
            return []
        model = min(smallest, key=lambda name: smallest[name])
        return [
            ResultWarning(
                code="small_class",
                message=(
                    f"{self.task}: the smallest class has only {smallest[model]:.3g} questions ({model}), so "
                    f"the interval of {self.chosen} is approximate"
                ),
                remedy=f"Add questions of this class: the error bars are tested with {ENOUGH} or more.",
            )
        ]


def _by_model(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Return the rows of each model. Those of a single one aren't copied."""
    first = rows["model"][0]
    if (rows["model"] == first).all():
        return [(str(first), rows)]
    return sorted((str(model), part) for (model,), part in rows.partition_by("model", as_dict=True).items())


def _weight(name: str) -> pl.Expr:
    """Return the weight of each row's question: the sum over a model's attempts, 1 without a column."""
    if not name:
        return pl.lit(1.0).alias(WEIGHT)
    return pl.col(name).cast(pl.Float64).sum().over("model", "item").alias(WEIGHT)


def _numbers(column: pl.Series, role: str, metric: Metric, task: str) -> pl.Series:
    """Return a column as numbers. DataError for text."""
    found = column.cast(pl.Float64, strict=False)
    lost = column.filter(found.is_null() & column.is_not_null())
    if len(lost):
        raise DataError(
            f"{metric.name} needs numbers, but the {role} {str(lost[0])!r} isn't one",
            where=task,
            remedy=f"Name another column: `columns={{{role!r}: '…'}}`.",
        )
    return found.fill_nan(None)


def _class_names(column: pl.Series, *, as_numbers: bool) -> dict[Any, str]:
    """Return the name of the class of every value: 1, 1.0 and true beside 1 are the same class."""
    values = column.drop_nulls().unique()
    names = values.cast(pl.Int64) if values.dtype == pl.Boolean and as_numbers else values
    if names.dtype.is_float():
        names, values = names.drop_nans(), values.drop_nans()
        names = names.cast(pl.Int64) if (names % 1 == 0).all() else names
    texts = names.cast(pl.String).str.strip_chars()
    return dict(zip(values.to_list(), texts.to_list(), strict=True))


def _sets(lists: pl.Series) -> Sets:
    """Return the codes and rows of lists of codes."""
    row = np.repeat(np.arange(len(lists)), lists.list.len().to_numpy())
    return Sets(lists.filter(lists.list.len() > 0).explode().to_numpy().astype(np.int64), row)


def _codes(column: pl.Series, names: dict[Any, str], classes: Sequence[str]) -> pl.Series:
    places = {name: place for place, name in enumerate(classes)}
    codes = [places[name] for name in names.values()]
    return column.replace_strict(list(names), codes, return_dtype=pl.Float64, default=None)


def _shown(names: dict[Any, str]) -> str:
    return listing([repr(name) for name in sorted({*names.values()})[:FEW_SHOWN]])


def _positive(classes: Sequence[str], named: str, task: str) -> int:
    """Return the class that metrics of one class are about, −1 if it isn't known."""
    if named:
        if named not in classes:
            raise DataError(
                f"no class {named!r} among {listing(list(classes[:FEW_SHOWN]))}",
                where=task,
                remedy="Name one of these: f1@class=….",
            )
        return list(classes).index(named)
    usual = [k for k, name in enumerate(classes) if name.lower() in POSITIVE]
    return usual[0] if len(classes) == 2 and len(usual) == 1 else -1
