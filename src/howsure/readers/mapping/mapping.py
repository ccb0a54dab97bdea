"""A mapping: what the columns of the tidy table are in a file of any shape, and the reading of a file by it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError, ReadError
from howsure.readers.base import Reading
from howsure.readers.mapping import beside, documents, language, records
from howsure.table.schema import MEASURES, STATUSES
from howsure.table.scores import Published, TaskFacts
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Table

    from howsure.readers.base import Claim, Source

ROLES = ("task", "model", "item", "attempt", "metric", "score", "status", "cluster", "weight", "n", "stderr", "where")
LISTS, YES_NO, TABLES = ("columns", "keep"), ("lower_is_better",), ("beside",)
"""The keys of a mapping that hold no text."""
ANY = "*"
"""The pattern of all files."""
COLUMN = "column"
"""What a mapping of a wide table calls the column that a value stands in."""
REPEATED = "some items come more than once and the mapping says no attempt: their rows count as attempts."
FILE, FOLDER = "file", "folder"
"""What a mapping calls a file, without its suffix, and the folder that it lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What a file's records mean; texts are expressions of the language, see `howsure.readers.mapping.language`.

    `rows`: the path to the records, empty for the lines of a table; `where` chooses among them. `beside`: files in the same folder or
    one above it, whose records are looked up by id. `columns`: those of a wide table that hold a value each. `files`: a
    pattern for the names of the files that it is for. `path`: a regular expression whose named groups, found in the path, are fields.
    `keep`: further fields, for clusters and for choosing rows. The measures of an attempt are expressions, too. Without an `item`
    the scores are published ones, of models, with `n` questions and `stderr` where they are known.
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
        """What is computed, by the name of its column; a field that is kept is itself."""
        named = {role: getattr(self, role) for role in (*ROLES, *MEASURES)}
        return {name: name for name in self.keep} | {role: text for role, text in named.items() if text}

    def fits(self, source: Source) -> bool:
        """Say whether a file is one that the mapping is for, by its name."""
        return fnmatch(source.name, self.files) or fnmatch(source.path.name, self.files)


@dataclass(frozen=True, slots=True)
class MappedReader:
    """A mapping as a reader of files that no other knows."""

    mapping: Mapping

    @property
    def NAME(self) -> str:  # noqa: N802 - what every reader is called
        """What the user sees."""
        return f"map {self.mapping.name}"

    @property
    def FORMATS(self) -> str:  # noqa: N802 - what every reader has
        """One line for the documentation."""
        return "files by a mapping"

    def names(self, source: Source) -> bool:
        """Say whether the mapping names this file."""
        return self.mapping.files != ANY and self.mapping.fits(source)

    def claims(self, source: Source) -> Claim | None:
        """Claim files of data where the mapping names none."""
        return "rows" if self.mapping.files == ANY and documents.is_data(source) else None

    def read(self, source: Source) -> Reading:
        """Read a file by the mapping."""
        return read(source, self.mapping)


def mapping_of(name: str, said: Table[str, Any]) -> Mapping:
    """Check what a mapping says. OptionError where a key is unknown, something is missing, or a text isn't of the language."""
    known = [each.name for each in fields_of(Mapping) if each.name != "name"]
    for key, value in said.items():
        if key not in known:
            raise OptionError(f"a mapping has no {key!r}", where=f"map {name}", remedy=f"It has {', '.join(known)}.")
        wanted = list if key in LISTS else bool if key in YES_NO else dict if key in TABLES else str
        if not isinstance(value, (list, tuple) if wanted is list else wanted):
            raise OptionError(
                f"{key} = {value!r} is no {wanted.__name__}",
                where=f"map {name}",
                remedy='Write a text: "pred == answer".',
            )
    if not said.get("score"):
        raise OptionError("the mapping says no score", where=f"map {name}", remedy='Write score = "…".')
    if not said.get("item") and not said.get("model"):
        raise OptionError(
            "the mapping says no item",
            where=f"map {name}",
            remedy='Write item = "…", or model = "…" for published scores.',
        )
    lists = {key: tuple(map(str, said[key])) for key in LISTS if key in said}
    made = Mapping(name=name, **{**said, **lists})
    for text in made.expressions.values():
        language.fields(text, made.beside)
    records.steps(made.rows)
    _pattern(made)
    return made


def _pattern(mapping: Mapping) -> re.Pattern[str]:
    try:
        return re.compile(mapping.path)
    except re.error as error:
        raise OptionError(f"path = {mapping.path!r} is no pattern ({error})", where=f"map {mapping.name}") from None


def read(source: Source, mapping: Mapping) -> Reading:
    """Read a file as a mapping says. ReadError where it finds no record, or a score that is no number."""
    frame = _columns(source, mapping)
    if not len(frame):
        raise ReadError(f"no record at {mapping.rows or 'its lines'}", where=source.name, remedy="Check `rows`.")
    if not mapping.item:
        return Reading(published=tuple(_published(frame, source, mapping)))
    tidied = _tidy(frame, source, mapping.name)
    facts = [_facts(task, mapping, tidied) for task in tidied["task"].unique(maintain_order=True)]
    repeated = not mapping.attempt and bool((tidied["attempt"] > 0).any())
    return Reading(rows=tidied, facts=tuple(facts), notes=(REPEATED,) if repeated else ())


def _published(frame: pl.DataFrame, source: Source, mapping: Mapping) -> Iterator[Published]:
    """Yield the scores of models that stand without the answers behind them."""
    rows = frame.with_columns(_score(frame["score"], source))
    for row in rows.filter(pl.col("score").is_not_null() & pl.col("model").is_not_null()).iter_rows(named=True):
        n, stderr = row.get("n"), row.get("stderr")
        yield Published(
            task=str(row.get("task") or mapping.name),
            model=str(row["model"]),
            metric=str(row.get("metric") or "score"),
            score=row["score"],
            n=int(n) if n is not None else None,
            stderr=float(stderr) if stderr is not None else None,
            source=source.name,
        )


def _facts(task: str, mapping: Mapping, rows: pl.DataFrame) -> TaskFacts:
    lower = frozenset(rows["metric"].unique()) if mapping.lower_is_better else frozenset()
    return TaskFacts(task=task, harness=f"mapping {mapping.name}", lower_is_better=lower)


def _columns(source: Source, mapping: Mapping) -> pl.DataFrame:
    """Compute what the mapping says, one row a record."""
    found = _pattern(mapping).search(source.path.absolute().as_posix())
    given = {FILE: source.path.stem, FOLDER: source.path.absolute().parent.name, **(found.groupdict() if found else {})}
    named = mapping.expressions
    if "model" not in named:
        named["model"] = "model" if "model" in given else FILE
    wanted = dict.fromkeys(name for text in named.values() for name in language.fields(text, mapping.beside))
    constants = [pl.lit(value, dtype=pl.String).alias(name) for name, value in given.items()]
    rows = _rows(source, mapping, [name for name in wanted if name not in given and name != COLUMN])
    files = {name: beside.lookup(source, pattern) for name, pattern in mapping.beside.items()}
    every = rows.lazy().with_columns(constants)
    kinds = _kinds(every.collect_schema())
    made = [language.expression(text, files, kinds).alias(f"_{role}") for role, text in named.items()]
    computed = every.select(made).rename(lambda name: name.removeprefix("_"))
    return (computed.filter(pl.col("where")).drop("where") if mapping.where else computed).collect()


def _kinds(schema: Table[str, pl.DataType]) -> dict[str, language.Kind]:
    texts: dict[str, language.Kind] = {name: "text" for name, kind in schema.items() if kind == pl.String}
    return texts | {name: "number" for name, kind in schema.items() if kind.is_numeric()}


def _rows(source: Source, mapping: Mapping, wanted: list[str]) -> pl.LazyFrame | pl.DataFrame:
    """Return the fields of all records as columns, from a document or, lazily, from a table."""
    if documents.is_database(source):
        table = documents.database(source, mapping.rows)
    elif mapping.rows or documents.is_document(source) or (documents.has_records(source) and _has_parts(wanted)):
        document = documents.parsed(source)
        path = mapping.rows or (records.EACH if isinstance(document, list) else "*")
        return records.frame(list(records.records(document, path)), document, wanted)
    else:
        table = documents.table(source)
    if mapping.columns:
        table = _long(table, mapping, source)
    known = table.collect_schema()
    lacking = [name for name in wanted if name.split(".")[0] not in known and name not in known]
    if lacking:
        raise ReadError(
            f"no field {listing(lacking)}", where=source.name, remedy=f"There is {', '.join(list(known)[:12])}."
        )
    extra = [COLUMN] if COLUMN in known else []
    return table.select(*extra, *(_field(name, known).alias(name) for name in wanted if name not in extra))


def _has_parts(wanted: list[str]) -> bool:
    """Say whether a field of a field is named, which a table of JSON lines doesn't hold, or the record around one."""
    return any("." in name or name in (records.KEY, records.TOP, records.UP) for name in wanted)


def _long(table: pl.LazyFrame, mapping: Mapping, source: Source) -> pl.LazyFrame:
    names = table.collect_schema().names()
    chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in mapping.columns)]
    if not chosen:
        raise ReadError(
            f"no column like {listing(mapping.columns)}", where=source.name, remedy=f"There is {', '.join(names[:12])}."
        )
    others = [name for name in names if name not in chosen]
    return table.unpivot(on=chosen, index=others, variable_name=COLUMN, value_name=records.VALUE)


def _field(name: str, schema: Table[str, Any]) -> pl.Expr:
    if name in schema:
        return pl.col(name)
    first, *rest = name.split(".")
    found = pl.col(first)
    for step in rest:
        found = found.list.get(int(step), null_on_oob=True) if step.isdigit() else found.struct.field(step)
    return found


def _tidy(frame: pl.DataFrame, source: Source, name: str) -> pl.DataFrame:
    """Bring the columns to those of the tidy table."""
    score = _score(frame["score"], source)
    given = set(frame.columns)
    text = {
        "task": pl.col("task").cast(pl.String) if "task" in given else pl.lit(name),
        "model": pl.col("model").cast(pl.String),
        "item": pl.col("item").cast(pl.String),
        "metric": pl.col("metric").cast(pl.String) if "metric" in given else pl.lit("score"),
        "cluster": pl.col("cluster").cast(pl.String) if "cluster" in given else pl.lit(None, pl.String),
        "weight": pl.col("weight").cast(pl.Float64, strict=False) if "weight" in given else pl.lit(None, pl.Float64),
    }
    rows = frame.with_columns(score, **text)
    status = _status(rows, source) if "status" in given else pl.lit("ok")
    ok = pl.col("score").is_not_null()
    rows = rows.with_columns(
        status=pl.when(ok).then(status).when(status == "ok").then(pl.lit("unscored")).otherwise(status)
    )
    rows = rows.with_columns(
        score=pl.when(pl.col("status") == "ok").then("score"), attempt=_attempt(rows), source=pl.lit(source.name)
    )
    order = ["task", "model", "item", "attempt", "metric", "score", "status", "cluster", "weight", "source"]
    measures = [pl.col(name).cast(pl.Float64, strict=False) for name in MEASURES if name in given]
    kept = [pl.col(name).cast(pl.String) for name in rows.columns if name not in (*order, *MEASURES)]
    return rows.select(*order, *measures, *kept)


def _score(values: pl.Series, source: Source) -> pl.Series:
    made = values.cast(pl.Float64, strict=False).alias("score")
    made = made.to_frame().select(pl.when(pl.col("score").is_finite()).then("score").alias("score"))["score"]
    lost = values.is_not_null() & made.is_null()
    if values.dtype == pl.String and bool(lost.any()):
        first = values.filter(lost)[0]
        raise ReadError(
            f"{plural(int(lost.sum()), 'score')} that are no numbers, such as {first!r}",
            where=source.name,
            remedy="Say what they are worth: score = \"{'yes': 1, 'no': 0}[verdict]\".",
        )
    return made


def _status(rows: pl.DataFrame, source: Source) -> pl.Expr:
    if rows["status"].dtype == pl.Boolean:
        return pl.when(pl.col("status").fill_null(value=False)).then(pl.lit("error")).otherwise(pl.lit("ok"))
    odd = set(rows["status"].drop_nulls().cast(pl.String).unique()) - set(STATUSES)
    if odd:
        raise ReadError(f"status {min(odd)!r}", where=source.name, remedy=f"It is one of {', '.join(STATUSES)}.")
    return pl.col("status").cast(pl.String).fill_null("ok")


def _attempt(rows: pl.DataFrame) -> pl.Expr:
    """Number the attempts as the mapping says, else in the order in which the rows of an item come."""
    if "attempt" not in rows.columns:
        return pl.int_range(pl.len()).over("task", "model", "item", "metric").cast(pl.Int64)
    if rows["attempt"].dtype.is_integer():
        return pl.col("attempt").cast(pl.Int64)
    return (pl.col("attempt").cast(pl.String).rank("dense").over("task", "model", "item", "metric") - 1).cast(pl.Int64)
