"""Scores: per-question results in the one tidy table, and what is known about where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.table.schema import find_roles, open_frame, tidy_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from howsure.errors import Caution
    from howsure.table.runs import Run, RunEntry
    from howsure.table.stated import Group, Missing, Reconciled

MOST_NAMES = 3
"""So many files or tasks are named in a `repr`."""


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
        cautions: Warnings, each with what to do about it.
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
        >>> Scores(rows=pl.DataFrame({"model": ["a"], "score": [1.0]}), roles={"model": ("model",), "score": ("score",)}).has_rows
        True
    """

    rows: Any
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: tuple[TaskFacts, ...] = ()
    published: tuple[Published, ...] = ()
    files: tuple[FileReport, ...] = ()
    cautions: tuple[Caution, ...] = ()
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
        return "\n".join([f"Scores {_sources(self)}", *_columns(self), *_known(self)])

    def _repr_html_(self) -> str:
        """Show models × tasks in a notebook; rows that the caller keeps lazy aren't read."""
        from importlib import import_module

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
        from importlib import import_module

        return str(import_module("howsure.table.plans").explained(self, columns))


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


def _columns(scores: Scores) -> list[str]:
    names = open_frame(scores.rows).collect_schema().names()
    renamed = [f"{role} = {' + '.join(found)}" for role, found in scores.roles.items() if found != (role,)]
    roles = f" ({', '.join(renamed)})" if renamed else ""
    return [f"columns: {', '.join(names) or 'none'}{roles}"]


def _known(scores: Scores) -> list[str]:
    tasks = [f"{fact.task} by {fact.harness}" for fact in scores.facts]
    more = f" and {len(tasks) - MOST_NAMES:,} more" if len(tasks) > MOST_NAMES else ""
    return [
        *([f"tasks: {', '.join(tasks[:MOST_NAMES])}{more}"] if tasks else []),
        *([f"published scores: {len(scores.published):,}"] if scores.published else []),
        *(f"note: {note}" for note in scores.notes),
        *(f"caution: {caution.message}" for caution in scores.cautions),
    ]
