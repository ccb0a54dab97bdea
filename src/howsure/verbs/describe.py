"""The function describe: what was found, before any statistics."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.answers.describe import Description, TaskSummary, Usage
from howsure.errors import DataError, ReadError
from howsure.options.table import checked
from howsure.readers.kinds import VERBS_OF_TABLES, kind_of_file
from howsure.study.clusters import stated_clusters
from howsure.study.design import Design
from howsure.study.gathering import parts_of
from howsure.study.rescaled import scaled
from howsure.table.aggregate import Grouped, metadata_columns
from howsure.table.grouping import taken
from howsure.table.schema import find_roles, open_frame, roles_note
from howsure.verbs.read import is_paths, paths_of, read
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.errors import ResultWarning
    from howsure.readers.base import Source
    from howsure.table.scores import Proposal, Scores

    Names = str | Sequence[str]

MOST_UNKNOWN = 5
"""This many files that no reader recognises are inspected."""


def describe(data: Any, *, explain_plan: bool = False) -> Description:
    """Describe results before any inference: files, harnesses, tasks, models, items, attempts and candidate
    clusters.

    Nothing is estimated. If no reader recognises a file, its structure is described, and a mapping is
    proposed. Files and rows that were left out are listed with the reason.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        explain_plan: Whether to show the queries that run in the database or data frame, and the sizes of
            their results.

    Returns:
        Description: One line per task and metric, the other columns, the status of each file, and published
            scores.

    Raises:
        ReadError: If none of the files can be read.
        DataError: If the columns of a table don't fit.
    """
    wanted = checked("describe", explain_plan=explain_plan)["explain_plan"]
    try:
        scores = read(data)
    except (ReadError, DataError):
        unknown = describe_unknown(paths_of(data)) if is_paths(data) else None
        if unknown is None:
            raise
        return unknown
    found = describe_scores(scores)
    return replace(found, plan=scores.explain_plan()) if wanted else found


def describe_scores(scores: Scores) -> Description:
    """Summarise scores (see `howsure.describe`)."""
    tasks: tuple[TaskSummary, ...] = ()
    columns: dict[str, int] = {}
    usage: tuple[Usage, ...] = ()
    notes: list[str] = []
    warnings: list[ResultWarning] = []
    if scores.has_rows:
        scales, found = scaled(scores)
        notes, warnings = scales.notes(scales.scales), scales.warnings(scales.scales)
        parts = parts_of(found.results).items()
        tasks = tuple(_summary(task, metric, part, scores, found) for (task, metric), part in parts)
        columns = metadata_columns(scores)
        usage = tuple(Usage(**row, mean=row["total"] / row["recorded"]) for row in taken(scores).to_dicts())
    stated = stated_clusters(Design(), scores.facts)
    names = sorted({name for columns in stated.values() for name in columns if name})
    if names:
        notes.append(
            f"Clusters: {listing([f'column `{name}`' for name in names])}, as in the log's own "
            "standard error; "
            "`cluster='none'` ignores them."
        )
    note = roles_note(find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles))
    return Description(
        tasks=tasks,
        columns=columns,
        usage=usage,
        files=scores.files,
        published=len(scores.published),
        reconciled=scores.reconciled,
        notes=(*scores.notes, *([note] if note else []), *notes),
        warnings=(*scores.warnings, *warnings),
    )


def describe_unknown(paths: Sequence[str | Path]) -> Description | None:
    """Describe the structure of files that no reader recognises, with a mapping for each, or None if none
    looks like data.
    """
    from howsure.readers.addresses import at_hand
    from howsure.readers.mapping.proposing import proposed
    from howsure.readers.reading import find_sources

    with at_hand(paths) as places:
        here = [
            Path(place) for place in places if isinstance(place, (str, Path))
        ]  # a table elsewhere is recognised as one
        sources = [source for path in here for source in islice(find_sources(path), MOST_UNKNOWN)]
        found = [_with_verb(proposed(source), source) for source in sources]
    proposals = tuple(proposal for proposal in found if proposal is not None)
    return Description(tasks=(), columns={}, proposals=proposals) if proposals else None


def _with_verb(found: Proposal | None, source: Source) -> Proposal | None:
    """Name the command in place of a mapping if a table has other data than scores."""
    verb = VERBS_OF_TABLES.get(kind_of_file(source.path, source.root), "")
    return replace(found, mapping="", name="", verb=verb) if found is not None and verb else found


def _summary(task: str, metric: str, part: pl.DataFrame, scores: Scores, found: Grouped) -> TaskSummary:
    fact = scores.fact(task)
    per_model = part.group_by("model").agg(items=pl.len())["items"]
    items = part["item"].n_unique()
    clusters = found.attributes.filter(task=task)
    declared = "cluster" in clusters.columns and not clusters["cluster"].null_count()
    return TaskSummary(
        task=task,
        metric=metric,
        harness=fact.harness if fact else "table",
        headline=fact is not None and fact.headline == metric,
        models=len(per_model),
        items=items,
        attempts_low=int(part["rows"].min()),  # type: ignore[arg-type]
        attempts_high=int(part["rows"].max()),  # type: ignore[arg-type]
        rows=int(part["rows"].sum()),
        failed=int((part["rows"] - part["n"]).sum()),
        incomplete=int((per_model < items).sum()),
        clusters=clusters["cluster"].n_unique() if declared else None,
    )
