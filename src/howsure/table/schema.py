"""The tidy table that every reader fills and every method starts from, and the conversion of any table to it.

The schema is defined here and nowhere else: its columns, and the other names under which they are recognised.
Narwhals expressions convert tables to it. Only the distinct texts of a score column with text are collected.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.table.cells import FIGURE, is_text, read_numbers, text_of
from howsure.table.engines import columns_of, scanned, to_polars
from howsure.table.names import by_plain_name, name_words, plain_name, word_list
from howsure.table.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

STATUSES = ("ok", "error", "unscored", "not run")
"""The outcome of one attempt. Only `ok` has a score. A failed run counts as 0 only if the policy does that.
"""

NOT_TRIED = (
    *("not attempted", "not generated", "not evaluated", "not started", "no generation", "no prediction"),
    *("no submission", "skipped"),
)
"""Words for attempts that were never made: a 0 next to them isn't an answer."""

FAILURES = (
    *(
        "error",
        "errored",
        "fail",
        "failed",
        "failure",
        "timeout",
        "timed out",
        "crash",
        "crashed",
        "killed",
        "aborted",
    ),
    *("cancelled", "canceled", "interrupted", "exception", "rate limited"),
)
"""Other words for a failed attempt without a score."""

IDENTITY = ("task", "model", "item", "attempt", "metric")
"""The columns that together name one row."""

NAMES = ("task", "model", "item", "metric", "cluster")
"""The columns whose values are names, even if they look like numbers."""

COLUMNS = (*IDENTITY, "score", "status", "cluster", "weight", "source")
"""Every column of the tidy table, in order. Further columns (metadata) may follow."""

MEASURES = word_list(
    "usd seconds steps tokens_in tokens_out tokens_cache_read tokens_cache_write tokens_reasoning"
)
"""Columns with the usage of an attempt, as numbers: null means not recorded, not 0.

Input tokens that were read from or written to a cache have their own price and aren't in `tokens_in`.
`tokens_out` are all billed output tokens, including those of reasoning.
"""

FINGERPRINTS = ("question_hash", "target_hash")
"""Columns that identify a question and its right answer: models with the same question have the same values
in both.
"""

GRADING = "grading"
"""The role of the column that tells gradings of an answer apart. It has no usual names, as these may hold
grades.
"""
GRADINGS, GRADING_SQUARES = "gradings", "grading_squares"
"""The columns with the number of gradings of an answer, and their sum of squared deviations from the mean, if
a column tells gradings apart.
"""

STOP = "stop"
"""The column with the stop reason of an attempt, if a saved baseline has it."""

METRICS = (
    *("exact_match", "em", "f1", "f1_score", "bleu", "rouge", "rouge1", "rouge_1", "rouge2", "rouge_2"),
    *("rougel", "rouge_l", "rougelsum", "rouge_lsum"),
)
"""Names of metrics: one of them is the score of a table without a column named as a score."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "task": ("task", "benchmark", "task_name", "eval", "eval_name", "dataset", "scenario"),
    "model": word_list("model model_name model_id system candidate checkpoint agent llm retriever"),
    "item": (
        *("item", "item_id", "question_id", "qid", "sample_id", "instance_id", "example_id", "problem_id"),
        *("task_id", "doc_hash", "doc_id", "question", "problem", "prompt_id", "id"),
    ),
    "attempt": ("attempt", "epoch", "trial", "repeat", "replicate", "run", "seed"),
    "metric": ("metric", "metric_name", "scorer"),
    "score": (
        *word_list("score correct is_correct value reward passed pass resolved is_resolved solved"),
        *("acc", "accuracy", "result", *METRICS, "success", "ok", "verdict"),
    ),
    "status": ("status",),
    "cluster": ("cluster", "cluster_id"),
    "weight": ("weight",),
}
"""Recognised names of a table's columns. The first one found counts."""

LABELS = word_list("label labels gold_label true_label y_true")
"""Columns with the right class next to a classifier's score."""

METRIC_ROLES = ("label", "prediction")
"""The roles of columns that a metric reads instead of scores."""


class FirstOf(tuple[str, ...]):
    """Names of columns, of which a role has the first that a table contains."""

    __slots__ = ()


LABEL = FirstOf(
    (*LABELS, *word_list("gold target reference expected truth ground_truth right_answer correct_answer"))
)
"""The usual columns with the right class, number or text."""
CLASS = FirstOf(
    word_list(
        "prediction predicted pred predicted_label y_pred hypothesis translation answer output response"
    )
)
"""The usual columns with a predicted class or text."""
REFERENCE = FirstOf((*word_list("reference references ref target expected"), *LABEL))
TEXT = FirstOf((*word_list("hypothesis translation output response answer text"), *CLASS))
"""The usual columns with a right text, and with a model's."""
PROBABILITY = FirstOf(
    word_list(
        "prob probability proba y_score y_prob predicted_prob confidence score logit similarity prediction"
    )
)
"""The usual columns with a classifier's score."""
EITHER = FirstOf((*CLASS, *PROBABILITY))
OUTCOME = FirstOf((*word_list("outcome category status verdict result"), *CLASS))
"""The usual columns with the outcome of an attempt, such as refused or timed out."""

CLASSIFIED = word_list("prediction predicted pred prob proba probability confidence logit score")
"""Words in the names of columns with a classifier's output."""

SAMPLES = frozenset({"sample_id", "eval_id", "id", "epoch"})
"""Columns by which a table of Inspect's `samples_df` is recognised: `id` is the item, other ids are those of
an attempt or run.
"""

CONSTANTS: Mapping[str, str] = {"task": "task", "metric": "score"}
"""The defaults for a table without these columns."""


def roles_of_metric(reads: str, named: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the columns by role that a metric reads (statistics/metrics): those that the user named, else
    the usual ones.
    """
    usual_prediction = {
        "classes": CLASS,
        "outcomes": OUTCOME,
        "texts": TEXT,
        "rows": EITHER,
        "amounts": EITHER,
    }.get(reads, PROBABILITY)
    prediction = named.get("score", usual_prediction)
    usual = {"prediction": prediction}
    if reads not in ("values", "outcomes", "rows"):
        usual = {"label": REFERENCE if reads == "texts" else LABEL, **usual}
    return {**usual, **{role: columns for role, columns in named.items() if role != "score"}}


TOGETHER = " · "
"""The separator between the texts of several columns that form one name."""


def find_roles(columns: Iterable[str], asked: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return which columns of a table form each column of the tidy table.

    `asked`: the user's own choice, which has precedence. Names are compared without case, spaces and hyphens.
    A column has two roles only if the user gave it one and its name implies the other.
    """
    own = tuple((role, chosen, isinstance(chosen, FirstOf)) for role, chosen in asked.items())
    return dict(_found_roles(tuple(columns), own))


@lru_cache(maxsize=256)
def _found_roles(
    columns: tuple[str, ...], asked: tuple[tuple[str, tuple[str, ...], bool], ...]
) -> dict[str, tuple[str, ...]]:
    """Return the roles of columns. `asked`: with whether the first of its names counts."""
    by_name = _by_name(columns)
    roles = {
        role: next(((by_name[name],) for name in chosen if name in by_name), chosen) if is_first else chosen
        for role, chosen, is_first in asked
    }
    taken, measured = used_columns(roles), bool(roles.keys() & {*METRIC_ROLES})
    for role, aliases in ALIASES.items():
        if role == "score" and measured:
            continue
        found = [by_name[a] for a in aliases if a in by_name and (a == role or by_name[a] not in taken)]
        several = [
            column for column in found[:2] if plain_name(column) in METRICS
        ]  # the user has to choose which of them counts
        if role not in roles and found and len(several) < 2:
            roles[role] = (found[0],)
            taken.add(found[0])
    return roles


def only_by(
    kept: Sequence[str], lost: Sequence[str], asked: Mapping[str, tuple[str, ...]]
) -> tuple[str, str] | None:
    """Return a role that only a lost column would have, and that column, or None."""
    have = find_roles(kept, asked)
    for role, columns in find_roles([*kept, *lost], asked).items():
        if role in (*IDENTITY, "score") and role not in have and columns[0] in lost:
            return role, columns[0]
    return None


def _by_name(columns: Iterable[str]) -> dict[str, str]:
    """Return columns by the names of the aliases. For Inspect's samples, use the only score, and no ids other
    than the item's.
    """
    named = by_plain_name(columns)
    if not named.keys() >= SAMPLES:
        return named
    scores = [name for name in named if name.startswith("score_")]
    only = {"score": named[scores[0]]} if len(scores) == 1 else {}
    return only | {name: column for name, column in named.items() if name not in ("sample_id", "task_id")}


def roles_note(roles: Mapping[str, tuple[str, ...]]) -> str:
    """Return a note on the columns used for roles that their names don't imply, "" if there are none."""
    renamed = [
        f"{' + '.join(cols)} as {role}"
        for role, cols in roles.items()
        if cols != (role,) and not isinstance(cols, FirstOf)
    ]
    return f"Columns: {', '.join(renamed)}." if renamed else ""


def open_frame(native: Any) -> Frame:
    """Wrap the rows of any kind of frame. Those in memory become lazy Polars frames, so that the query is
    planned as a whole.
    """
    try:
        frame: Frame = nw.from_native(
            native.lazy() if isinstance(native, pl.DataFrame) else columns_of(native)
        )
        unnamed = [name for name in frame.collect_schema().names() if not isinstance(name, str)]
    except nw.exceptions.DuplicateError:
        raise DataError("two columns have the same name", remedy="Rename one of them.") from None
    except TypeError:
        raise DataError(
            f"a {type(native).__module__}.{type(native).__name__} isn't a readable table",
            remedy=(
                "Pass a path, or a pandas, Polars, PyArrow, Dask, DuckDB, Ibis or Spark table. For a "
                "list of rows, use `polars.DataFrame(rows)`."
            ),
        ) from None
    if unnamed:
        raise DataError(
            f"column {unnamed[0]!r} has a number as its name", remedy="Give every column a text name."
        )
    frame = scanned(native, frame)
    names = frame.collect_schema().names()
    plain = [name for name in names if not (name == "*" or (name.startswith("^") and name.endswith("$")))]
    return frame if len(plain) == len(names) else frame.select(plain)


def tidy(
    native: Any, asked: Mapping[str, tuple[str, ...]], *, blanks: bool = False, in_memory: bool = False
) -> tuple[Frame, dict[str, tuple[str, ...]]]:
    """Name the columns of the tidy table and convert scores to floats. Other columns are unchanged. Gradings
    of one answer become one row with their mean.

    Returns the frame and the roles of its columns. Raises DataError if a role is missing. `blanks`: names of
    blanks only are left to `without_blanks`, unless they are parts of names or have gradings. `in_memory`:
    the rows may be looked at first.
    """
    frame = open_frame(native)
    columns = frame.collect_schema().names()
    roles = find_roles(columns, asked)
    _require(columns, roles)
    blanks &= GRADING not in roles
    score = _score(frame, roles["score"][0]) if "score" in roles else _answered(frame, roles)
    ok = "status" not in roles or (in_memory and _all_ok(frame, roles["status"]))
    status = nw.lit("ok") if ok else _status(roles["status"], score)
    measured = [role for role in METRIC_ROLES if role in roles]
    extra = [name for name in columns if name not in (*COLUMNS, *measured)]
    named = [
        *(_named(frame, roles, name, blanks=blanks) for name in ("task", "model", "item")),
        *_attempt(frame, roles),
        _named(frame, roles, "metric", blanks=blanks),
        score.alias("score"),
        status.alias("status"),
        *([_named(frame, roles, "cluster", blanks=blanks)] if "cluster" in roles else []),
        *([_weight(frame, roles["weight"][0])] if "weight" in roles else []),
        *([nw.col("source")] if "source" in columns and "source" not in used_columns(roles) else []),
        *(nw.col(roles[role][0]).alias(role) for role in measured),
    ]
    table = frame.select(*named, *(nw.col(name) for name in extra))
    return (_answers(table, roles[GRADING]) if GRADING in roles else table), roles


def _answers(frame: Frame, gradings: Sequence[str]) -> Frame:
    """Return one row per answer of a tidy table with one row per grading: its mean score, the number of
    gradings and their sum of squares. Other columns have one value of the answer, the least.
    """
    schema = frame.collect_schema()
    keys = [name for name in IDENTITY if name in schema.names()]
    others = [
        name
        for name, dtype in schema.items()
        if name not in (*keys, *gradings, "score", "status")
        and (dtype.is_numeric() or dtype.is_temporal() or dtype in (nw.Boolean, nw.String, nw.Categorical))
    ]
    score, scored = nw.col("score"), nw.col("score").count()
    grouped = (
        frame.with_columns(nw.col(name).cast(nw.String) for name in others if schema[name] == nw.Categorical)
        .group_by(*keys)
        .agg(
            score.mean(),
            scored.alias(GRADINGS),
            score.var(ddof=0).alias(GRADING_SQUARES),
            nw.col("status").min(),
            *(nw.col(name).min() for name in others),
        )
    )
    count, status = nw.col(GRADINGS), nw.col("status")
    found: Frame = grouped.with_columns(
        (nw.col(GRADING_SQUARES) * count).alias(GRADING_SQUARES),
        nw.when(count > 0).then(nw.lit("ok")).otherwise(status).alias("status"),
    ).sort(*keys)
    native = found.to_native()
    # A lazy Polars frame would be read in pieces, each of which would group the rows again.
    return nw.from_native(native.collect().lazy()) if isinstance(native, pl.LazyFrame) else found


def refuse_scoreless(native: Any, asked: Mapping[str, tuple[str, ...]]) -> None:
    """Raise DataError for anything but a tidy table: a role is missing, or scores or weights aren't
    numbers.
    """
    frame = open_frame(native)
    columns = frame.collect_schema().names()
    roles = find_roles(columns, asked)
    _require(columns, roles)
    if "score" in roles:
        _score(frame, roles["score"][0])
    if "weight" in roles:
        _weight(frame, roles["weight"][0])


def _require(columns: Sequence[str], roles: Mapping[str, tuple[str, ...]]) -> None:
    if not columns:
        raise DataError(
            "only published scores here, no per-question rows",
            remedy=(
                "Use `howsure audit`, or name the item's column (`columns={'item': '…'}`) if there is one."
            ),
        )
    for role, chosen in roles.items():
        if isinstance(chosen, FirstOf):
            raise DataError(
                f"no column for the {role} among {', '.join(columns)}",
                remedy=f"Name it: `columns={{{role!r}: '…'}}`.",
            )
        for column in chosen:
            if column not in columns:
                raise DataError(
                    f"no column {column!r} for the {role}", remedy=f"The columns are: {', '.join(columns)}."
                )
    measured = bool(roles.keys() & {*METRIC_ROLES})
    for role in ("model", "item", *(() if measured else ("score",))):
        if role not in roles:
            hint = ""
            if {"model_a", "model_b"} <= set(columns):
                hint = " These are votes between two models: `howsure arena` ranks them."
            elif role == "score" and label_column(columns) and (said := _classified(columns)):
                hint = (
                    f" {said} beside {label_column(columns)} looks like a classifier's output: use "
                    "`statistic='accuracy'`, or another metric such as f1."
                )
            elif role != "item" and "score" not in roles:
                hint = (
                    " With one column per model, `howsure describe` proposes a mapping for a file. For a "
                    "frame, make one row per answer first (unpivot, melt)."
                )
            raise DataError(
                f"no column for the {role} among {', '.join(columns)}",
                remedy=(
                    f"Name it: `columns={{{role!r}: "
                    f"{(likely_item(columns) if role == 'item' else '…')!r}}}`.{hint}"
                ),
            )


def likely_item(columns: Iterable[str]) -> str:
    """Return the column that may have the questions despite its ambiguous name, for example "prompt", or "…"
    without one.
    """
    return next((name for name in columns if plain_name(name) == "prompt"), "…")


def _classified(columns: Iterable[str]) -> str:
    """Return the column with a classifier's output, judged by its name, "" if there is none."""
    return next((name for name in columns if {*name_words(name)} & {*CLASSIFIED}), "")


def list_columns(asked: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the names of columns whose lists are kept: the classes of a metric of several labels per row."""
    return {name for role in METRIC_ROLES for name in asked.get(role, ())}


def label_column(columns: Iterable[str]) -> str:
    """Return the column with the right classes, judged by its name, "" if there is none."""
    return next((name for name in columns if plain_name(name) in LABELS), "")


def used_columns(roles: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return every column of a table used for the tidy table."""
    return {column for chosen in roles.values() if not isinstance(chosen, FirstOf) for column in chosen}


def _named(frame: Frame, roles: Mapping[str, tuple[str, ...]], role: str, *, blanks: bool = False) -> nw.Expr:
    """Return the name of a role in each row, the names of several columns as one, or the default without a
    column.
    """
    if role not in roles:
        return nw.lit(CONSTANTS[role]).alias(role)
    blanks &= len(roles[role]) == 1
    texts = [text_of(column, frame, item=role == "item", blanks=blanks) for column in roles[role]]
    return (texts[0] if len(texts) == 1 else nw.concat_str(texts, separator=TOGETHER)).alias(role)


def _all_ok(frame: Frame, columns: Sequence[str]) -> bool:
    """Return whether all rows have the status "ok", as it is written."""
    status, *more = columns
    if more or frame.collect_schema()[status] != nw.String:
        return False
    ok = frame.lazy().select((nw.col(status) == "ok").fill_null(value=False).all()).collect()
    return bool(ok.item())


def _status(columns: Sequence[str], score: nw.Expr) -> nw.Expr:
    """Convert a status to one of STATUSES. With any other word a score counts, and an attempt without one
    failed or wasn't scored.
    """
    word = (
        nw.concat_str([nw.col(column).cast(nw.String) for column in columns], separator=TOGETHER)
        .str.strip_chars()
        .str.to_lowercase()
        .str.replace_all("_", " ", literal=True)
    )
    failed = nw.when(word.is_in(list(FAILURES))).then(nw.lit("error")).otherwise(nw.lit("ok"))
    by_score = nw.when(~score.is_null()).then(nw.lit("ok")).otherwise(failed)
    known = nw.when(word.is_in(list(STATUSES))).then(word).otherwise(by_score)
    return nw.when(word.is_in(list(NOT_TRIED))).then(nw.lit("not run")).otherwise(known)


def _attempt(frame: Frame, roles: Mapping[str, tuple[str, ...]]) -> list[nw.Expr]:
    if "attempt" not in roles:
        return []
    first, *more = roles["attempt"]
    return [_named(frame, roles, "attempt") if more else nw.col(first).alias("attempt")]


def _weight(frame: Frame, column: str) -> nw.Expr:
    text = is_text(frame.collect_schema()[column])
    weight = (
        read_numbers(frame, column, Writing(), FIGURE).values if text else nw.col(column).cast(nw.Float64)
    )
    return weight.alias("weight")


def _answered(frame: Frame, roles: Mapping[str, tuple[str, ...]]) -> nw.Expr:
    """Return 0 in place of a score for rows with all that a metric needs, null for others."""
    schema = frame.collect_schema()
    there = []
    for role in METRIC_ROLES:
        for column in roles.get(role, ())[:1]:
            missing = nw.col(column).is_null()
            there.append(~(missing | nw.col(column).is_nan() if schema[column].is_float() else missing))
    return nw.when(nw.all_horizontal(*there, ignore_nulls=False)).then(nw.lit(0.0))


def _score(frame: Frame, column: str) -> nw.Expr:
    """Bring a score column to Float64 with null for "no score". NaN counts as no score."""
    dtype = frame.collect_schema()[column]
    if dtype == nw.Boolean:
        return nw.col(column).cast(nw.Int64).cast(nw.Float64)
    if dtype.is_numeric():
        number = nw.col(column).cast(nw.Float64)
        return nw.when(~number.is_nan()).then(number) if dtype.is_float() else number
    if is_text(dtype):
        return read_numbers(frame, column, Writing()).values
    held = (
        "values that are neither numbers nor texts"
        if dtype == nw.Binary
        else f"type {dtype}, which isn't a score"
    )
    raise DataError(f"column {column!r} has {held}", remedy="Name another: `columns={'score': '…'}`.")


def tidy_frame(native: Any, asked: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    """Return the tidy table as a Polars frame with all columns of the schema, metadata after them."""
    frame, _ = tidy(native, asked)
    table = to_polars(frame)
    missing = {"cluster": pl.String, "weight": pl.Float64, "source": pl.String}
    fill = [pl.lit(None, dtype).alias(name) for name, dtype in missing.items() if name not in table.columns]
    table = table.with_columns(fill)
    if "attempt" not in table.columns or not table["attempt"].dtype.is_integer():
        by = ["task", "model", "item", "metric"]
        table = table.with_columns(attempt=pl.int_range(pl.len()).over(by))
    table = table.with_columns(
        status=pl.when(pl.col("score").is_null() & (pl.col("status") == "ok"))
        .then(pl.lit("unscored"))
        .otherwise(pl.col("status")),
        attempt=pl.col("attempt").cast(pl.Int64),
    )
    extra = [name for name in table.columns if name not in COLUMNS]
    return table.select(*COLUMNS, *extra)
