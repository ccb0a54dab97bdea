"""Scores: per-question results in the one tidy table, and what is known about where they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations of what is saved
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from howsure.table.schema import find_roles, open_frame, tidy_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from howsure.errors import ResultWarning

DIGITS = 6
"""So many digits stand for a long text."""
MOST_IN_A_NAME = 40
"""Sentences of more letters make no readable name."""


def text_digest(text: str) -> str:
    """Return what stands for a text."""
    return f"#{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:DIGITS]}"


def in_a_name(setting: str) -> str:
    """Write a setting as a part of a name: sentences by their digest."""
    return text_digest(setting) if len(setting) > MOST_IN_A_NAME and len(setting.split()) > 1 else setting


def moment(text: str) -> datetime | None:
    """Read a date and time in ISO 8601 as one in UTC, which it is where no zone is told; None where the text
    is none.
    """
    try:
        date = datetime.fromisoformat(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a log says of its run; what is empty is not known.

    `key`: logs of one run and its retries share it, and the newest complete one counts. `identity`: the run's
    own; copies of a log share it, and two runs never do. `call`: shared by the runs of all tasks that one
    call made. `ids`: every name under which the run can be asked for. `started`: date and time, ISO 8601.
    `commit` of the code that ran, and whether that was `dirty`, changed since; `limit`: to so many items the
    run was limited on purpose. `exam`: by what it was judged, `version` of the task, `grader` and `scorer`,
    of one scorer alone as `grader:NAME`; an empty text is known to be none. `surroundings`: what is worth
    telling and makes no other run of it, such as the version of the harness. `attempts`: how many it made,
    where the log says how each ended, and `ends`: how many of them a limit ended, by its name ("token
    limit"). `submission`: the folder in which one system was submitted, where the commit is that of the
    harness and not of the system.
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
        """When it started; a stamp without a zone is in UTC. None where none is known."""
        return moment(self.started)

    @property
    def apart(self) -> dict[str, str]:
        """What keeps this run apart from others of the same model, by name; of two that were dirty nobody
        knows that they ran the same code.
        """
        said = {"commit": self.commit, "tags": "+".join(sorted(self.tags))}
        if self.dirty:
            said |= {"commit": f"{self.commit} dirty".strip(), "run": (self.call or self.identity)[:SHORT]}
        return {name: text for name, text in said.items() if text}

    def is_plain(self, most: int) -> bool:
        """Say whether all its texts are ASCII, and none that is shown is longer than so many letters."""
        shown = (self.started, self.commit, self.limit, *self.tags)
        every = (*shown, self.key, self.identity, self.call, *self.ids)
        return all(len(text) <= most for text in shown) and all(text.isascii() for text in every)

    def mended(self, mend: Callable[[str], str], most: int) -> Run:
        """Return the same run with its texts mended, and those that are shown cut; what tells runs apart
        keeps its length.
        """
        shown: dict[str, Any] = {
            name: mend(getattr(self, name)[:most]) for name in ("started", "commit", "limit")
        }
        names: dict[str, Any] = {name: mend(getattr(self, name)) for name in ("key", "identity", "call")}
        tags, ids = tuple(mend(tag[:most]) for tag in self.tags), tuple(mend(name) for name in self.ids)
        return replace(self, **shown, **names, tags=tags, ids=ids)

    def answers(self, selector: str) -> bool:
        """Say whether it is a run of this tag, commit or id: `tag:pr-42`, `commit:1a2b3c` (the first letters
        are enough), `run:ID`.
        """
        kind, _, text = selector.partition(":")
        if kind == "tag":
            return text in self.tags
        known = (self.commit,) if kind == "commit" else self.ids
        return any(name.startswith(text) for name in known)


SELECTORS = ("tag", "commit", "run")
"""By what runs are chosen."""
SHORT = 6
"""So many letters of a run's id tell it from others of one folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """What a log whose rows count holds of one task and one model.

    `source`: the file as it is shown; `reader`: the one that took it. `name`: the model as the log calls it;
    `model`: as the answers do.
    `settings`: what else tells it from other runs of the model. `file`: where it can be read again, empty
    where it can't.
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
    """How much one run was to answer, as its log states it.

    `items` were to be answered, each `attempts` times, 0 where the log states no number of attempts. `names`:
    these items, where they are stated. `whole`: the items of the data set of which these are a part on
    purpose, 0 where they are all or nobody says.
    `status`: what the log says of the run's end. `remedy`: how the rest is had.
    """

    task: str
    model: str
    items: int
    attempts: int = 0
    names: tuple[str, ...] = ()
    whole: int = 0
    status: str = ""
    remedy: str = "Run the rest, or read the result as one over fewer questions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What one model was to answer on a task and didn't.

    `named`: the missing attempts of items whose names are known. `unnamed`: items that nobody names, each
    with `attempts` attempts.
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
    """What all attempts of one run took together, as its log states it.

    `figure`: "tokens" are those in and out and of the cache, else a measure. `decimals`: so many are stated,
    None where all are. `run` names a file that states it of `files` others, where the run is spread over them
    and each of them says so.
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
    """Tasks that a harness puts together: `by_size`: each counts as much as it has items, else all count
    alike.
    """

    name: str
    harness: str
    tasks: frozenset[str]
    by_size: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One figure that a log states, and what its rows give.

    Attributes:
        source: The file.
        task: The task.
        model: The model.
        metric: What the score measures; empty where the figure is no score.
        figure: "samples", "score", "standard error", or what the attempts took: "tokens", "usd".
        stated: What the log says.
        read: What the rows give; NaN where they give none.
        agrees: Whether both are equal to the last digit that is stated.
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
    """What a file that no reader knows looks like, and a mapping for it.

    Attributes:
        source: The file.
        shape: Where its records seem to be, and what they hold, a line each.
        mapping: A mapping as TOML, to be mended and given as `map`; empty where nothing looks like results.
        name: The mapping that comes with howsure and fits, but was never tried; empty where none does.
    """

    source: str
    shape: tuple[str, ...]
    mapping: str
    name: str = ""


MOST_NAMES = 3
"""So many files or tasks are named in a `repr`."""


COUNTS = "counts"
"""The harness, and the task, of counts in place of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What a harness says of one task.

    `headline` is the metric that the harness itself puts first, None where it names none; `failures` is what
    the harness does with a failed attempt ("drop" or "zero"), `failures_words` the same as a sentence;
    `missing_fails`: whether it counts what wasn't run as failed as well. `finer` holds the
    metrics that are probabilities of the right answer, and the right-or-wrong metric that each refines.
    `planned` and `epochs`: items of the whole run and attempts at each, 0 where the log doesn't say;
    `shuffled`: whether items were put in random order, None where it doesn't say; `order`: the items of a run
    in progress as it starts them.
    `clusters`: the columns that logs cluster their standard errors by, "" for a plain one; empty where no log
    could say.
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
    """Join what several logs say of one task; a headline counts only where all agree, in `finer` the first
    log.

    Of planned items and attempts the least counts; items are shuffled where every log says so. Of several
    orders in which items are started an item's last place counts.
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
    """Order items by the later of their places in both runs; an empty order sets no bounds."""
    if not one or not other or one == other:
        return one or other
    places = {name: place for place, name in enumerate(one)}
    for place, name in enumerate(other):
        places[name] = max(places.get(name, 0), place)
    return tuple(sorted(places, key=lambda name: places[name]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A score that a log or a leaderboard states without the rows behind it, on the scale of the tidy table.

    `scaled`: the reader made a fraction of it, so that no bounds are to be named. `reducer`: how the harness
    made one score of the attempts at an item; another than the mean stands behind an @ in `metric`.
    `cluster`: the column that `stderr` is clustered by. `decimals`: so many are stated, None where all are.
    `took`: what a question took on average, by measure; the measures that are known alone. `run`: the id of
    the run that states it, where there is one.
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
        """The metric of the rows that stand behind the score."""
        return self.metric.removesuffix(f"@{self.reducer}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file.

    Attributes:
        path: The file.
        reader: The reader that took it; None where none did.
        outcome: "read", "companion" (used by its neighbour), "published" (scores without rows behind them),
            "left out" or "failed".
        rows: Rows that it gave.
        reason: Why it was left out, or why it failed.
    """

    path: str
    reader: str | None
    outcome: str
    rows: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UncountedLog:
    """A log whose rows don't count, or that has none; nothing is worked out before somebody asks.

    `reason`: why they don't; `rows`, `published` and `facts` are its own, as a reader gave them.
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
    """Per-question results in one tidy table, with what is known about where they came from.

    Args:
        rows: A frame of any kind that Narwhals supports: a Polars frame from the readers, or the caller's
            own, eager or lazy, which is aggregated where it lies.
        roles: The columns of `rows` that make up each column of the tidy table.
        facts: What the harness says of each task.
        published: Published scores without rows behind them.
        files: What became of each file.
        warnings: Warnings, each with what to do about it.
        notes: Statements that precede any number.
        signed: Score columns that were in percent by their % signs, and are fractions now.
        score_name: The name of the score column where the rows came from, if they don't have it any more; it
            says of some scores that they are percent, or which direction is open.
        missing: What runs were to answer and didn't, as their logs state it.
        reconciled: Figures that logs state of their rows, and what the rows give.
        groups: How harnesses put tasks together.
        runs: What the logs say of the runs that the rows come from.
        uncounted: Logs whose rows don't count, or that have none.
        in_memory: Whether the caller's rows lie in memory, though they are held as a lazy frame.
        chosen: The roles whose columns the caller named.
        unasked: The column of a side that was taken for attempts by its name although all questions may share
            its values; empty where none was.

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

    def __repr__(self) -> str:
        """Say where the scores came from, their columns and what is known already, without reading a row."""
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
        """Show models × tasks in a notebook; rows that the caller keeps lazy aren't read."""
        return str(import_module("howsure.present.scores").picture(self))

    def fact(self, task: str) -> TaskFacts | None:
        """Return what the harness says of a task, None where nothing is known."""
        return next((fact for fact in self.facts if fact.task == task), None)

    @property
    def has_rows(self) -> bool:
        """Whether there are scores of single questions, and not only published ones."""
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
        """The column that the scores stood in; empty where there are none."""
        return (
            self.score_name
            or find_roles(open_frame(self.rows).collect_schema().names(), self.roles).get("score", ("",))[0]
        )

    def to_frame(self) -> pl.DataFrame:
        """Return the tidy table as a Polars frame, collecting it if it is lazy."""
        return tidy_frame(self.rows, self.roles)

    def explain_plan(self, *columns: str) -> str:
        """Return the queries that a verb runs where the rows lie, and how many rows come back.

        Only the rows that come back are counted; nothing else runs. A verb that leaves out tasks or models
        filters the rows first.

        Args:
            columns: What the verb needs to know of items beside `cluster` and `weight`, such as a column of
                clusters or a covariate.

        Returns:
            str: Two queries: SQL of DuckDB or of a database that Ibis reaches, the plan of Spark or Polars.
                Before each stands what comes back.

        Raises:
            DataError: If there is no such column, or none for a model, an item or a score.
        """
        return str(import_module("howsure.table.aggregate").explained(self, columns))


def with_rows(scores: Scores, rows: pl.DataFrame) -> Scores:
    """Return scores with other rows, of the tidy table; they keep the name of the column that they stood in,
    which may say percent or direction.
    """
    return replace(scores, rows=rows, roles={}, score_name=scores.score_column)


def _sources(scores: Scores) -> str:
    rows = type(scores.rows)
    frame = f"in a {rows.__module__.partition('.')[0]} {rows.__name__}"
    if not scores.files:
        return frame
    read = [file.path for file in scores.files if file.outcome in ("read", "published")]
    more = f" and {len(read) - MOST_NAMES:,} more" if len(read) > MOST_NAMES else ""
    return f"of {len(read):,} of {len(scores.files):,} files ({', '.join(read[:MOST_NAMES])}{more}), {frame}"
