"""A mapping: the tidy table's columns in terms of a file of any shape, and reading a file by it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from dataclasses import fields as fields_of
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError, OptionError, ReadError, ResultWarning
from howsure.readers.attempt_rows import found_in
from howsure.readers.base import Reading
from howsure.readers.mapping import documents, language
from howsure.readers.mapping.documents import COLUMN, FILE, FOLDER, KEY, TOP, UP, VALUE, own_field, reached
from howsure.readers.published import questions
from howsure.table.cells import NumberKind, plain_numbers, plain_text, read_column, texts_of
from howsure.table.names import by_plain_name, plain_name, word_list
from howsure.table.schema import ALIASES, MEASURES, NAMES, STATUSES
from howsure.table.scores import Published, TaskFacts
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from collections.abc import Mapping as Table

    from howsure.readers.base import Claim, Source


def rows_of(
    source: Source, path: str, columns: tuple[str, ...], wanted: list[str], names: Collection[str] = ()
) -> pl.LazyFrame | pl.DataFrame:
    """Return the fields of all records as columns, from a document or, lazily, from a table.

    `path` leads to the records. `columns` are patterns for those of a wide table with one value each. `names`
    are fields with names and ids.
    """
    # nested fields, and the record around one, don't exist in a table of JSON lines
    parts = any("." in own_field(name) or name in (KEY, TOP, UP) for name in wanted)
    if documents.is_database(source):
        named = {own_field(name).split(".")[0] for name in wanted} | {own_field(name) for name in wanted}
        table = documents.database(source, path, lambda name: name in named or _is_chosen(name, columns))
    elif path or documents.is_document(source) or (documents.has_records(source) and parts):
        document = documents.parsed(source)
        path = path or (documents.EACH if isinstance(document, list) else "*")
        found = list(documents.records(document, path))
        if not columns:
            return documents.frame(found, document, wanted)
        fields = dict.fromkeys(
            str(name) for record in found if isinstance(record.value, dict) for name in record.value
        )
        chosen = [name for name in fields if _is_chosen(name, columns)]
        others = [name for name in wanted if name not in (VALUE, *chosen)]
        table = documents.frame(found, document, [*others, *chosen]).lazy()
    else:
        table = documents.table(source, [own_field(name) for name in names])
    if columns:
        every = table.collect_schema().names()
        chosen = [name for name in every if _is_chosen(name, columns)]
        if not chosen:
            raise source.error(f"no column like {listing(columns)}", f"There is {', '.join(every[:12])}.")
        others = [name for name in every if name not in (*chosen, COLUMN, VALUE)]
        table = table.select(*chosen, *others).unpivot(
            on=chosen, index=others, variable_name=COLUMN, value_name=VALUE
        )
    known = table.collect_schema()
    places = {name: _place(own_field(name), known) for name in wanted}
    lacking = [own_field(name) for name, place in places.items() if place is None]
    if lacking:
        raise source.error(
            f"no field {listing(lacking)}", f"There is {', '.join(list(known)[:12]) or 'nothing in it'}."
        )
    extra = [COLUMN] if COLUMN in known else []
    return table.select(
        *extra,
        *(place.alias(name) for name, place in places.items() if place is not None and name not in extra),
    )


def _is_chosen(name: str, columns: tuple[str, ...]) -> bool:
    """Return whether a column of a wide table contains values."""
    return any(fnmatch(name, pattern) for pattern in columns)


def _place(name: str, schema: Table[str, pl.DataType]) -> pl.Expr | None:
    """Return a field of a table, or a nested one, or None if it doesn't exist."""
    if name in schema:
        return pl.col(name)
    first, *rest = name.split(".")
    found = pl.col(first)
    kind: Any = schema.get(first)
    for step in rest:
        inner = {field.name: field.dtype for field in kind.fields} if isinstance(kind, pl.Struct) else {}
        if step in inner:
            found, kind = found.struct.field(step), inner[step]
        elif isinstance(kind, pl.List) and step.isdigit():
            found, kind = found.list.get(int(step), null_on_oob=True), kind.inner
        else:
            return None
    return found if kind is not None else None


LEVELS = 4
"""The number of folders above the file's that are searched."""


def lookup(source: Source, name: str) -> Callable[[tuple[str, ...]], Table[str, Any]]:
    """Open the nearest file of this name in a file's folder, or above it. Returns the value of a path of
    fields for each id: an object's keys, or the column with the usual name of items.

    Raises ReadError if it is missing, or its records have no ids.
    """
    beside = source.nearest(source.path.absolute().parents[: LEVELS + 1], name)
    if beside is None:
        raise source.error(
            f"no file {name!r} in its folder or above it", "Put it there, or correct `beside`."
        )
    if documents.has_objects(beside):
        document = documents.parsed(beside)
    else:  # ids as they are written, 007 and not 7
        columns = documents.table(beside).collect_schema().names()
        ids = [column for column in columns if plain_name(column) in ALIASES["item"]]
        document = documents.table(beside, ids).collect().to_dicts()
    if isinstance(document, dict):
        records = {plain_text(key): record for key, record in document.items()}
    else:
        rows = [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []
        by_name = by_plain_name(rows[0] if rows else ())
        id_column = next((by_name[alias] for alias in ALIASES["item"] if alias in by_name), None)
        if id_column is None:
            what = "its records have no id to look them up by"
            raise beside.error(what, "Write an object of id and record.")
        records = {}
        for row in rows:
            key = plain_text(row.get(id_column))
            if records.setdefault(key, row) != row:
                raise beside.error(
                    f"id {key!r} occurs more than once, with different values", "Correct the file."
                )

    def reach(steps: tuple[str, ...]) -> dict[str, Any]:
        """Return the value at the path of fields in each record, by its id. Nested values are left out."""
        values = {key: reached(record, steps) for key, record in records.items()}
        return {key: value for key, value in values.items() if not isinstance(value, (dict, list))}

    return reach


ROLES = word_list("task model item attempt metric score status cluster weight n stderr where")
LISTS, YES_NO, TABLES = ("columns", "keep"), ("lower_is_better",), ("beside",)
"""The keys of a mapping whose values aren't texts."""
WANTED: dict[type, tuple[str, str]] = {
    str: ("text", 'a text: "pred == answer"'),
    list: ("list of texts", 'a list: ["gpt*", "llama*"]'),
    bool: ("yes or no", "true or false"),
    dict: ("table of texts", 'a table: {gold = "answers.json"}'),
}
"""The values of a key, by its type, and an example."""
ANY = "*"
"""The pattern of all files."""
FEW_EQUAL, LONG = 0.02, 60
"""Below this share of equal texts, of which one is longer than this, an exact comparison is uninformative."""
MOST_WORDS = 100
WORTH = NumberKind(
    what="score", remedy="Define the score of such words: score = \"{'yes': 1, 'no': 0}[verdict]\"."
)
FIGURE = NumberKind(what="number", remedy="Write number(…) if such a text stands for nothing.")
REPEATED = "some items occur more than once and the mapping defines no attempt: their rows count as attempts."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """The meaning of a file's records. Texts are expressions of the language, see
    `howsure.readers.mapping.language`.

    `rows`: the path to the records, empty for the lines of a table. `where` filters them. `beside`: files in
    the same folder or one above it, whose records are looked up by id. `columns`: those of a wide table with
    one value each. `files`: a pattern for the names of its files. `path`: a regular expression whose named
    groups, found in the path, are fields. `keep`: further fields, for clusters and for choosing rows. The
    measures of an attempt are expressions, too. Without an `item` the scores are published ones, of models,
    with `n` questions and `stderr` if they are known.
    """

    name: str
    score: str
    item: str = ""
    model: str = ""
    task: str = ""
    attempt: str = ""
    metric: str = ""
    status: str = ""
    cluster: str = ""
    weight: str = ""
    n: str = ""
    stderr: str = ""
    rows: str = ""
    where: str = ""
    beside: Table[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    files: str = ANY
    path: str = ""
    keep: tuple[str, ...] = ()
    lower_is_better: bool = False
    usd: str = ""
    seconds: str = ""
    steps: str = ""
    tokens_in: str = ""
    tokens_out: str = ""
    tokens_cache_read: str = ""
    tokens_cache_write: str = ""
    tokens_reasoning: str = ""

    @property
    def expressions(self) -> dict[str, str]:
        """The expressions, by the name of the column. A field that is kept is its own expression."""
        named = {role: getattr(self, role) for role in (*ROLES, *MEASURES)}
        return {name: name for name in self.keep} | {role: text for role, text in named.items() if text}

    def fits(self, source: Source) -> bool:
        """Return whether the mapping applies to a file, by its name."""
        return fnmatch(source.name, self.files) or fnmatch(source.path.name, self.files)


@dataclass(frozen=True, slots=True)
class MappedReader:
    """A mapping as a reader of files of unknown format."""

    mapping: Mapping

    @property
    def NAME(self) -> str:  # noqa: N802 - what every reader is called
        """The name shown to the user."""
        return f"map {self.mapping.name}"

    @property
    def FORMATS(self) -> str:  # noqa: N802 - what every reader has
        """One line for the documentation."""
        return "files by a mapping"

    def names(self, source: Source) -> bool:
        """Return whether the mapping names this file."""
        return self.mapping.files != ANY and self.mapping.fits(source)

    def claims(self, source: Source) -> Claim | None:
        """Claim data files if the mapping names none."""
        return "rows" if self.mapping.files == ANY and documents.is_data(source) else None

    def read(self, source: Source) -> Reading:
        """Read a file by the mapping."""
        return read(source, self.mapping)


def mapping_of(name: str, said: Table[str, Any]) -> Mapping:
    """Check a mapping. OptionError if a key is unknown, something is missing, or a text isn't of the
    language.
    """
    where = f"map {name}"
    known = [each.name for each in fields_of(Mapping) if each.name != "name"]
    for key, value in said.items():
        if key not in known:
            raise OptionError(
                f"mappings have no key {key!r}", where=where, remedy=f"It has {', '.join(known)}."
            )
        wanted = list if key in LISTS else bool if key in YES_NO else dict if key in TABLES else str
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        texts = not isinstance(value, (dict, list, tuple)) or all(isinstance(part, str) for part in parts)
        if not isinstance(value, (list, tuple) if wanted is list else wanted) or not texts:
            kind, example = WANTED[wanted]
            raise OptionError(f"{key} = {value!r} is no {kind}", where=where, remedy=f"Write {example}.")
    if not said.get("score"):
        raise OptionError("the mapping has no score", where=where, remedy='Write score = "…".')
    if not said.get("item") and not said.get("model"):
        remedy = 'Write item = "…", or model = "…" for published scores.'
        raise OptionError("the mapping has no item", where=where, remedy=remedy)
    lists = {key: tuple(map(str, said[key])) for key in LISTS if key in said}
    made = Mapping(name=name, **{**said, **lists})
    named = {each for text in made.expressions.values() for each in language.fields(text, made.beside)}
    if COLUMN in named and not made.columns:
        remedy = 'Write columns = ["…"], or record["column"].'
        raise OptionError(f"{COLUMN!r} is used without columns", where=where, remedy=remedy)
    documents.steps(made.rows)
    try:
        re.compile(made.path)
    except re.error as error:
        raise OptionError(f"path = {made.path!r} isn't a pattern ({error})", where=where) from None
    return made


def read(source: Source, mapping: Mapping) -> Reading:
    """Read a file by a mapping. ReadError if there are no records, or a score isn't a number."""
    frame = _columns(source, mapping)
    if not len(frame):
        raise source.error(f"no record at {mapping.rows or 'its lines'}", "Check the mapping's rows.")
    if not mapping.item:
        published = tuple(_published(frame, source, mapping))
        lost = len(frame) - len(published)
        note = f"{plural(lost, 'row')} of {len(frame):,} without a model or a score left out."
        return Reading(published=published, notes=(note,) if lost else ())
    tidied = _tidy(frame, source, mapping.name)
    lower = frozenset(tidied["metric"].unique()) if mapping.lower_is_better else frozenset()
    facts = [
        TaskFacts(task=task, harness=f"mapping {mapping.name}", lower_is_better=lower)
        for task in tidied["task"].unique(maintain_order=True)
    ]
    repeated = not mapping.attempt and bool((tidied["attempt"] > 0).any())
    return Reading(
        rows=tidied,
        facts=tuple(facts),
        notes=(REPEATED,) if repeated else (),
        warnings=tuple(_seldom_equal(frame["score"], source, mapping)),
    )


def _seldom_equal(scores: pl.Series, source: Source, mapping: Mapping) -> Iterator[ResultWarning]:
    """Warn of a score that compares long texts exactly, or with nothing, so that hardly any two are equal."""
    sides = language.equality(mapping.score)
    if sides is None or scores.dtype != pl.Boolean or scores.sum() >= FEW_EQUAL * len(scores):
        return
    texts = [_columns(source, replace(mapping, score=side))["score"] for side in sides]
    empty = next(
        (side for side, text in zip(sides, texts, strict=True) if text.null_count() == len(text)), None
    )
    if empty is not None:
        yield ResultWarning(
            code="seldom_equal",
            message=(f"{source.name}: no record has a value for {empty}, so {mapping.score} is never true"),
            remedy="Check the name of the field in the mapping.",
        )
    elif any((text.cast(pl.String).str.len_chars() > LONG).any() for text in texts):
        yield ResultWarning(
            code="seldom_equal",
            message=(
                f"{source.name}: {mapping.score} compares long texts exactly, and {int(scores.sum()):,} of "
                f"{len(scores):,} are equal"
            ),
            remedy="Extract the answer first, or use a field with the grade as the score.",
        )


def _published(frame: pl.DataFrame, source: Source, mapping: Mapping) -> Iterator[Published]:
    """Yield the scores of models without results per question."""
    figures = [_numbers(frame[name], source) for name in ("score", "n", "stderr") if name in frame.columns]
    rows = frame.with_columns(*figures, *(texts_of(frame[name]) for name in NAMES if name in frame.columns))
    for row in rows.filter(pl.col("score").is_not_null() & pl.col("model").is_not_null()).iter_rows(
        named=True
    ):
        n, stderr = row.get("n"), row.get("stderr")
        yield source.published(
            row.get("task") or mapping.name,
            row["model"],
            row.get("metric") or "score",
            row["score"],
            n=questions(n, source.name),
            stderr=stderr if stderr is not None and stderr >= 0 else None,
        )


def _columns(source: Source, mapping: Mapping) -> pl.DataFrame:
    """Compute the mapping's columns, one row per record."""
    path = source.path.absolute()
    _, groups = found_in(mapping.path, path.as_posix(), option=f"map {mapping.name}: path")
    given = {FILE: path.stem, FOLDER: path.parent.name, **groups}
    named = mapping.expressions
    if "model" not in named:
        named["model"] = "model" if "model" in given else FILE
    wanted = dict.fromkeys(name for text in named.values() for name in language.fields(text, mapping.beside))
    constants = [pl.lit(value, dtype=pl.String).alias(name) for name, value in given.items()]
    own = [name for name in wanted if name not in given and name != COLUMN]
    ids = {name for role in NAMES if role in named for name in language.fields(named[role], mapping.beside)}
    rows = rows_of(source, mapping.rows, mapping.columns, own, ids)
    files = {name: lookup(source, pattern) for name, pattern in mapping.beside.items()}
    every = rows.lazy().with_columns(constants)
    kinds: dict[str, language.Kind] = {}
    for name, dtype in every.collect_schema().items():
        if dtype.is_numeric():
            kinds[name] = "number"
        elif dtype in (pl.String, pl.Boolean):
            kinds[name] = "text" if dtype == pl.String else "yes/no"
    made = {role: language.expression(text, files, kinds) for role, text in named.items()}
    try:
        computed = every.select(value.alias(role) for role, value in made.items()).collect()
    except pl.exceptions.PolarsError:
        raise _not_computed(every, made, named, source) from None
    if not mapping.where:
        return computed
    if computed["where"].dtype not in (pl.Boolean, pl.Null):
        raise source.error(
            f"where = {mapping.where!r} is neither true nor false", 'Compare: kind == "match".'
        )
    return computed.filter(pl.col("where").cast(pl.Boolean)).drop("where")


def _not_computed(
    rows: pl.LazyFrame, made: Table[str, pl.Expr], named: Table[str, str], source: Source
) -> ReadError:
    """Report which of the values can't be computed."""
    for role, value in made.items():
        try:
            rows.select(value).collect()
        except pl.exceptions.PolarsError as error:
            why = str(error).splitlines()[0][:MOST_WORDS]
            return source.error(
                f"{role} = {named[role][:MOST_WORDS]!r} can't be computed ({why})",
                'Write the type: number(x), text(x), x == "yes".',
            )
    return source.error("the values can't be computed together", "Check path and columns of the mapping.")


def _tidy(frame: pl.DataFrame, source: Source, name: str) -> pl.DataFrame:
    """Convert the columns to those of the tidy table."""
    given = set(frame.columns)
    assumed = {"task": name, "metric": "score", "cluster": None}
    texts = {
        each: texts_of(frame[each], item=each == "item")
        if each in given
        else pl.lit(assumed[each], pl.String)
        for each in NAMES
    }
    score = _numbers(frame["score"], source)
    weight = (
        _numbers(frame["weight"], source) if "weight" in given else pl.lit(None, pl.Float64).alias("weight")
    )
    figures = [plain_numbers(pl.col(each)).alias(each) for each in MEASURES if each in given]
    rows = frame.with_columns(score, weight, *figures, **texts)
    status = _status(rows, source) if "status" in given else pl.lit("ok")
    ok = pl.col("score").is_not_null()
    rows = rows.with_columns(
        status=pl.when(ok).then(status).when(status == "ok").then(pl.lit("unscored")).otherwise(status)
    )
    rows = rows.with_columns(
        score=pl.when(pl.col("status") == "ok").then("score"),
        attempt=_attempt(rows, source),
        source=pl.lit(source.name),
    )
    order = ["task", "model", "item", "attempt", "metric", "score", "status", "cluster", "weight", "source"]
    measures = [name for name in MEASURES if name in given]
    kept = [pl.col(name).cast(pl.String) for name in rows.columns if name not in (*order, *MEASURES)]
    return rows.select(*order, *measures, *kept)


def _numbers(values: pl.Series, source: Source) -> pl.Series:
    """Convert a column to numbers. ReadError if a value isn't one."""
    try:
        return read_column(values, WORTH if values.name == "score" else FIGURE)
    except DataError as error:
        raise source.error(error.what, error.remedy) from None


def _status(rows: pl.DataFrame, source: Source) -> pl.Expr:
    if rows["status"].dtype == pl.Boolean:
        return pl.when(pl.col("status").fill_null(value=False)).then(pl.lit("error")).otherwise(pl.lit("ok"))
    odd = set(rows["status"].drop_nulls().cast(pl.String).unique()) - set(STATUSES)
    if odd:
        raise source.error(f"status {min(odd)!r}", f"It is one of {', '.join(STATUSES)}.")
    return pl.col("status").cast(pl.String).fill_null("ok")


def _attempt(rows: pl.DataFrame, source: Source) -> pl.Expr:
    """Number the attempts by the mapping, else in the order of an item's rows."""
    if "attempt" not in rows.columns:
        return pl.int_range(pl.len()).over("task", "model", "item", "metric").cast(pl.Int64)
    if lacking := rows["attempt"].null_count():
        raise source.error(f"{plural(lacking, 'row')} without an attempt", "Correct the mapping's attempt.")
    if rows["attempt"].dtype.is_integer() and rows["attempt"].dtype != pl.Int128:
        return pl.col("attempt").cast(pl.Int64)
    return (pl.col("attempt").cast(pl.String).rank("dense").over("task", "model", "item", "metric") - 1).cast(
        pl.Int64
    )
