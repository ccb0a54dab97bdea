"""Scores: per-question results in one tidy table, with their sources."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations of what is saved
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from howsure.table.schema import METRIC_ROLES, find_roles, open_frame, tidy_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from howsure.errors import ResultWarning

DIGITS = 6
"""The number of digits that represent a long text."""
MOST_IN_A_NAME = 40
"""Sentences with more letters don't make readable names."""


def text_digest(text: str) -> str:
    """Return a digest that represents a text."""
    return f"#{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:DIGITS]}"


def in_a_name(setting: str) -> str:
    """Write a setting as part of a name, and a sentence as its digest."""
    return text_digest(setting) if len(setting) > MOST_IN_A_NAME and len(setting.split()) > 1 else setting


def moment(text: str) -> datetime | None:
    """Read a date and time in ISO 8601 as one in UTC, which is also assumed without a zone. None if the text
    isn't a date.
    """
    try:
        date = datetime.fromisoformat(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


DATE = (
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T _-]?([01]\d|2[0-3])[-:h_]?([0-5]\d)(?:[-:m_]?([0-5]\d))?)?"
)
"""A date, and a time, in a name."""


def date_in(name: str) -> str:
    """Return the date, and the time if any, in a name, as ISO 8601, or "" if there is none."""
    found = re.search(DATE, name)
    if found is None:
        return ""
    year, month, day, hour, minute, second = found.groups()
    time = f"T{hour}:{minute}:{second or '00'}" if hour else ""
    text = f"{year}-{month}-{day}{time}"
    return text if moment(text) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The metadata of a run in its log. Empty means unknown.

    `key`: logs of one run and its retries share it, and the newest complete one counts. `identity`: unique to
    the run. Copies of a log share it, but two runs never do. `call`: shared by the runs of all tasks in one
    call. `ids`: every name that selects the run. `started`: date and time, ISO 8601. `commit` of the code
    that ran, and whether it was `dirty` (changed since). `limit`: the number of items of a deliberately
    limited run. `exam`: `version` of the task, `grader` and `scorer`, for a single scorer as `grader:NAME`.
    An empty text means that there is none. `surroundings`: information that doesn't distinguish runs, such as
    the version of the harness. `attempts`: how many it made, if the log records how each ended. `ends`: how
    many of them a limit ended, by its name ("token limit"). `submission`: the folder of a submitted system,
    if the commit is that of the harness and not of the system.
    """

    key: str = ""
    complete: bool = True
    started: str = ""
    identity: str = ""
    call: str = ""
    ids: tuple[str, ...] = ()
    commit: str = ""
    dirty: bool | None = None
    tags: tuple[str, ...] = ()
    limit: str = ""
    epochs: int = 0
    exam: Mapping[str, str] = field(default_factory=dict, hash=False)
    surroundings: Mapping[str, str] = field(default_factory=dict, hash=False)
    attempts: int = 0
    ends: Mapping[str, int] = field(default_factory=dict, hash=False)
    submission: str = ""

    @property
    def date(self) -> datetime | None:
        """When it started, in UTC if it doesn't have a zone. None if unknown."""
        return moment(self.started)

    @property
    def apart(self) -> dict[str, str]:
        """The settings that distinguish this run from others of the same model, by name. Two dirty runs may
        have run different code.
        """
        said = {"commit": self.commit, "tags": "+".join(sorted(self.tags))}
        if self.dirty:
            said |= {"commit": f"{self.commit} dirty".strip(), "run": (self.call or self.identity)[:SHORT]}
        return {name: text for name, text in said.items() if text}

    def is_plain(self, most: int) -> bool:
        """Return whether all its texts are ASCII, and no shown one is longer than this many letters."""
        shown = (self.started, self.commit, self.limit, *self.tags)
        every = (*shown, self.key, self.identity, self.call, *self.ids)
        return all(len(text) <= most for text in shown) and all(text.isascii() for text in every)

    def mended(self, mend: Callable[[str], str], most: int) -> Run:
        """Return the same run with its texts corrected, and shown ones shortened. Texts that distinguish runs
        keep their length.
        """
        shown: dict[str, Any] = {
            name: mend(getattr(self, name)[:most]) for name in ("started", "commit", "limit")
        }
        names: dict[str, Any] = {name: mend(getattr(self, name)) for name in ("key", "identity", "call")}
        tags, ids = tuple(mend(tag[:most]) for tag in self.tags), tuple(mend(name) for name in self.ids)
        return replace(self, **shown, **names, tags=tags, ids=ids)

    def answers(self, selector: str) -> bool:
        """Return whether it is a run of this tag, commit or id: `tag:pr-42`, `commit:1a2b3c` (the first
        letters are enough), `run:ID`.
        """
        kind, _, text = selector.partition(":")
        if kind == "tag":
            return text in self.tags
        known = (self.commit,) if kind == "commit" else self.ids
        return any(name.startswith(text) for name in known)


SELECTORS = ("tag", "commit", "run")
"""The selectors of runs."""
SHORT = 6
"""The number of letters of a run's id that distinguish it from others of one folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """The entry of a log with counted rows, for one task and one model.

    `source`: the file as shown. `reader`: the one that read it. `name`: the model's name in the log. `model`:
    its name in answers. `settings`: other settings that distinguish it from other runs of the model. `file`:
    its path for reading it again, empty if impossible.
    """

    source: str
    reader: str
    task: str
    name: str
    model: str
    run: Run
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    file: str = field(default="", compare=False)


Figure = Literal["samples", "score", "standard error", "tokens", "usd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The planned size of one run, as stated in its log.

    `items` were planned, each with `attempts` attempts, 0 if the log doesn't state them. `names`: these
    items, if stated. `whole`: the size of the data set if these are a deliberate subset, otherwise 0.
    `status`: the run's end according to the log. `remedy`: how to get the rest.
    """

    task: str
    model: str
    items: int
    attempts: int = 0
    names: tuple[str, ...] = ()
    whole: int = 0
    status: str = ""
    remedy: str = "Run the rest, or treat the result as one over fewer questions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The planned attempts of one model on a task that are missing.

    `named`: the missing attempts of items with known names. `unnamed`: the number of items without known
    names, each with `attempts` attempts.
    """

    task: str
    model: str
    named: Mapping[str, int] = field(default_factory=dict, hash=False)
    unnamed: int = 0
    attempts: int = 1

    @property
    def count(self) -> int:
        """All missing attempts."""
        return sum(self.named.values()) + self.unnamed * self.attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The total usage of all attempts of one run, as stated in its log.

    `figure`: "tokens" (input, output and cache), or a measure. `decimals`: how many are stated, None for all.
    `run`: a file that states it, if the run is spread over `files` files that all state it.
    """

    task: str
    model: str
    figure: Figure
    value: float
    decimals: int | None = None
    run: str = ""
    files: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks combined by a harness. `by_size`: weights are numbers of items, otherwise equal."""

    name: str
    harness: str
    tasks: frozenset[str]
    by_size: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One figure stated in a log, and the same from its rows.

    Attributes:
        source: The file.
        task: The task.
        model: The model.
        metric: What the score measures, empty if the figure isn't a score.
        figure: "samples", "score", "standard error", or the usage of attempts: "tokens", "usd".
        stated: The value in the log.
        read: The value from the rows, NaN if there is none.
        agrees: Whether both are equal up to the last stated digit.
    """

    source: str
    task: str
    model: str
    metric: str
    figure: Figure
    stated: float
    read: float
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The structure of a file in an unknown format, and a mapping for it.

    Attributes:
        source: The file.
        shape: The likely place and content of its records, one line each.
        mapping: A mapping as TOML, to be corrected and given as `map`, empty if nothing looks like results.
        name: A matching, but untested, mapping that comes with howsure, empty if none does.
        verb: The command that reads it as it is, if it has votes, ratings or verdicts of a judge, else empty.
    """

    source: str
    shape: tuple[str, ...]
    mapping: str
    name: str = ""
    verb: str = ""


MOST_NAMES = 3
"""The number of files or tasks named in a `repr`."""


COUNTS = "counts"
"""The harness, and the task, of counts given instead of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A harness's settings of one task.

    `headline`: the harness's main metric, None if unknown. `failures`: how the harness treats a failed
    attempt ("drop" or "zero"). `failures_words`: the same as a sentence. `missing_fails`: whether attempts
    not run count as failed as well. `finer`: metrics that are probabilities of the right answer, with the
    right-or-wrong metric that each refines. `planned` and `epochs`: items of the whole run and attempts at
    each, 0 if unknown. `shuffled`: whether items were put in random order, None if unknown. `order`: the
    items of a run in progress as it starts them. `clusters`: the columns by which logs cluster their standard
    errors, "" for an unclustered one, empty if unknown.
    """

    task: str
    harness: str
    headline: str | None = None
    lower_is_better: frozenset[str] = frozenset()
    failures: str = "drop"
    failures_words: str = ""
    missing_fails: bool = False
    finer: Mapping[str, str] = field(default_factory=dict, hash=False)
    planned: int = 0
    epochs: int = 0
    shuffled: bool | None = None
    order: tuple[str, ...] = ()
    clusters: frozenset[str] = frozenset()


def joined_facts(stated: Iterable[TaskFacts]) -> tuple[TaskFacts, ...]:
    """Join the facts of several logs on one task. A headline counts only if all agree. In `finer` the first
    log counts.

    The smallest numbers of planned items and attempts count. Items are shuffled if all logs agree. With
    several orders of starting, an item's last place counts.
    """
    facts: dict[str, TaskFacts] = {}
    for fact in stated:
        known = facts.setdefault(fact.task, fact)
        if known.headline != fact.headline:
            facts[fact.task] = replace(known, headline=None)
        lower = known.lower_is_better | fact.lower_is_better
        finer = {**fact.finer, **known.finer}
        plans = {name: min(getattr(known, name), getattr(fact, name)) for name in ("planned", "epochs")}
        shuffled = known.shuffled if known.shuffled == fact.shuffled else known.shuffled and fact.shuffled
        facts[fact.task] = replace(
            facts[fact.task],
            lower_is_better=lower,
            finer=finer,
            shuffled=shuffled,
            clusters=known.clusters | fact.clusters,
            order=_joined_order(known.order, fact.order),
            **plans,
        )
    return tuple(facts.values())


def _joined_order(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Order items by the later of their places in both runs. An empty order is ignored."""
    if not one or not other or one == other:
        return one or other
    places = {name: place for place, name in enumerate(one)}
    for place, name in enumerate(other):
        places[name] = max(places.get(name, 0), place)
    return tuple(sorted(places, key=lambda name: places[name]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A score stated by a log or a leaderboard without its rows, on the scale of the tidy table.

    `scaled`: the reader converted it to a fraction, so bounds aren't needed. `reducer`: how the harness
    combined the attempts at an item. If it isn't the mean, it follows an @ in `metric`. `cluster`: the column
    that `stderr` is clustered by. `decimals`: how many are stated, None for all. `took`: the average usage
    per question, for each known measure. `run`: the id of the run that states it, if any.
    """

    task: str
    model: str
    metric: str
    score: float
    n: int | None = None
    stderr: float | None = None
    source: str = ""
    scaled: bool = False
    reducer: str = "mean"
    cluster: str = ""
    decimals: int | None = None
    took: Mapping[str, float] = field(default_factory=dict)
    run: str = field(default="", compare=False)

    @property
    def row_metric(self) -> str:
        """The metric of the rows behind the score."""
        return self.metric.removesuffix(f"@{self.reducer}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """The outcome of reading one file.

    Attributes:
        path: The file.
        reader: The reader that read it, None if none did.
        outcome: "read", "companion" (used by its neighbour), "published" (scores without rows behind them),
            "left out" or "failed".
        rows: The number of its rows.
        reason: Why it was left out, or why it failed.
    """

    path: str
    reader: str | None
    outcome: str
    rows: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UncountedLog:
    """A log whose rows don't count, or without rows. Everything is computed lazily.

    `reason`: why they don't. `rows`, `published` and `facts` are its own, as read.
    """

    source: str
    reader: str
    reason: str
    run: Run
    rows: pl.DataFrame | None = None
    published: tuple[Published, ...] = ()
    facts: tuple[TaskFacts, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scores:
    """Per-question results in one tidy table, with their sources.

    Args:
        rows: A frame of any kind that Narwhals supports: a Polars frame from the readers, or the caller's
            own, eager or lazy, which is aggregated in its engine.
        roles: The columns of `rows` that make up each column of the tidy table.
        facts: The harness's settings of each task.
        published: Published scores without rows behind them.
        files: The outcome of reading each file.
        warnings: Warnings, each with a remedy.
        notes: Statements shown before any number.
        signed: Score columns that were in percent by their % signs, and are fractions now.
        score_name: The name of the original score column, if renamed. It may show that scores are percent, or
            that their direction is open.
        missing: Planned attempts that are missing, as stated in logs.
        reconciled: Figures stated in logs, and the same from the rows.
        groups: How harnesses combine tasks.
        runs: The logs' metadata of the runs behind the rows.
        uncounted: Logs whose rows don't count, or without rows.
        in_memory: Whether the caller's rows are in memory, although they are a lazy frame.
        chosen: The roles with columns named by the caller.
        unasked: A column that counts as attempts because of its name, although all questions may share its
            values. Empty if there is none.
        side_column: The column whose values are compared in place of models, such as `judge`. Empty if models
            are.
        answered_by: The columns that name the models behind the answers, if the values of `side_column` are
            compared on the answers of several models.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a"], "score": [1.0]})
        >>> Scores(rows=rows, roles={"model": ("model",), "score": ("score",)}).has_rows
        True
    """

    rows: Any
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: tuple[TaskFacts, ...] = ()
    published: tuple[Published, ...] = ()
    files: tuple[FileReport, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()
    notes: tuple[str, ...] = ()
    signed: frozenset[str] = frozenset()
    score_name: str = ""
    missing: tuple[Missing, ...] = ()
    reconciled: tuple[Reconciled, ...] = ()
    groups: tuple[Group, ...] = ()
    runs: tuple[RunEntry, ...] = ()
    uncounted: tuple[UncountedLog, ...] = ()
    in_memory: bool = False
    chosen: frozenset[str] = frozenset()
    unasked: str = ""
    side_column: str = ""
    answered_by: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the sources of the scores, their columns and known facts, without reading a row."""
        names = open_frame(self.rows).collect_schema().names()
        renamed = [f"{role} = {' + '.join(found)}" for role, found in self.roles.items() if found != (role,)]
        roles = f" ({', '.join(renamed)})" if renamed else ""
        columns = [f"columns: {', '.join(names) or 'none'}{roles}"]
        tasks = [f"{fact.task} by {fact.harness}" for fact in self.facts]
        more = f" and {len(tasks) - MOST_NAMES:,} more" if len(tasks) > MOST_NAMES else ""
        known = [
            *([f"tasks: {', '.join(tasks[:MOST_NAMES])}{more}"] if tasks else []),
            *([f"published scores: {len(self.published):,}"] if self.published else []),
            *(f"note: {note}" for note in self.notes),
            *(f"warning: {warning.message}" for warning in self.warnings),
        ]
        return "\n".join([f"Scores {_sources(self)}", *columns, *known])

    def _repr_html_(self) -> str:
        """Show models × tasks in a notebook. The caller's lazy rows aren't read."""
        return str(import_module("howsure.present.scores").picture(self))

    def fact(self, task: str) -> TaskFacts | None:
        """Return the harness's settings of a task, None if unknown."""
        return next((fact for fact in self.facts if fact.task == task), None)

    @property
    def has_rows(self) -> bool:
        """Whether there are scores per question, not only published ones."""
        if isinstance(self.rows, pl.DataFrame):
            return self.rows.width > 0
        return bool(open_frame(self.rows).collect_schema().names())

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models, sorted."""
        return self._names("model")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of all tasks, sorted."""
        return self._names("task")

    def _names(self, role: str) -> tuple[str, ...]:
        return tuple(import_module("howsure.table.aggregate").names_of(self, role)) if self.has_rows else ()

    @property
    def score_column(self) -> str:
        """The original score column, empty if there is none."""
        return (
            self.score_name
            or find_roles(open_frame(self.rows).collect_schema().names(), self.roles).get("score", ("",))[0]
        )

    def to_frame(self) -> pl.DataFrame:
        """Return the tidy table as a Polars frame, collecting it if it is lazy."""
        return tidy_frame(self.rows, self.roles)

    def explain_plan(self, *columns: str) -> str:
        """Return the queries that an analysis runs in the engine of the rows, and how many rows come back.

        Only the returned rows are counted. Nothing else runs. An analysis that leaves out tasks or models
        filters the rows first.

        Args:
            columns: Attributes of items needed in addition to `cluster` and `weight`, such as a column of
                clusters or a covariate.

        Returns:
            str: Two queries: SQL of DuckDB or of a database behind Ibis, or the plan of Spark or Polars. Each
                follows a line on its result.

        Raises:
            DataError: If there is no such column, or none for a model, an item or a score.
        """
        return str(import_module("howsure.table.aggregate").explained(self, columns))


def with_rows(scores: Scores, rows: pl.DataFrame) -> Scores:
    """Return scores with other rows, of the tidy table. They keep the name of the original column, which may
    show percent or direction.
    """
    return replace(scores, rows=rows, roles=tidy_roles(scores), score_name=scores.score_column)


def tidy_roles(scores: Scores) -> dict[str, tuple[str, ...]]:
    """Return the roles that columns of the tidy table need: those that a metric reads, under their own
    names.
    """
    return {role: (role,) for role in METRIC_ROLES if role in scores.roles}


def _sources(scores: Scores) -> str:
    rows = type(scores.rows)
    frame = f"in a {rows.__module__.partition('.')[0]} {rows.__name__}"
    if not scores.files:
        return frame
    read = [file.path for file in scores.files if file.outcome in ("read", "published")]
    more = f" and {len(read) - MOST_NAMES:,} more" if len(read) > MOST_NAMES else ""
    return f"of {len(read):,} of {len(scores.files):,} files ({', '.join(read[:MOST_NAMES])}{more}), {frame}"
