"""How a description is said and tabled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Field, Table, Text, closing, facts, opening, tabled
from howsure.wording import amount_text, amounts_apart, listing, plural, told_apart

if TYPE_CHECKING:
    from howsure.answers.describe import Description, TaskSummary, Usage
    from howsure.present.document import Block
    from howsure.table.scores import FileReport, Proposal, Reconciled

MOST_FILES = 20
MOST_FIGURES = 16
"""So many figures are shown where all agree; of more, only those that don't."""


def document(answer: Description) -> Document:
    """Return the summary line, tasks, metadata columns, and files that were not read."""
    blocks = opening(sentence(answer), answer.notes)
    if answer.tasks:
        blocks.append(_tasks_table(answer.tasks))
    if answer.columns:
        shown = ", ".join(f"{name} ({plural(count, 'value')})" for name, count in answer.columns.items())
        blocks.append(Text(text=f"Other columns, for clusters or for selecting rows: {shown}."))
    if answer.usage:
        fields: list[Field[Usage]] = [
            Field("it took", lambda u: u.name, align="left"),
            Field("recorded in", lambda u: f"{u.recorded:,} of {u.attempts:,} attempts"),
            Field("total", lambda u: amount_text(u.total)),
            Field("mean of recorded", lambda u: amount_text(u.mean)),
        ]
        usage_table = tabled(answer.usage, fields)
        blocks.append(usage_table)
    blocks += [block for proposal in answer.proposals for block in _proposed(proposal)]
    blocks += [*_file_blocks(answer.files), *_stated(answer.reconciled)]
    if answer.plan:
        blocks.append(Text(text=answer.plan, kind="code"))
    return Document(blocks=(*blocks, *closing(answer.warnings)))


def sentence(answer: Description) -> str:
    """Say in one line what was read."""
    if answer.proposals:
        return f"No reader knows {listing([proposal.source for proposal in answer.proposals])}."
    parts = [
        plural(len({task.task for task in answer.tasks}), "task"),
        plural(sum(task.rows for task in answer.tasks), "row"),
    ]
    if answer.files:
        read = sum(file.outcome in ("read", "published") for file in answer.files)
        parts.insert(0, f"{read:,} of {plural(len(answer.files), 'file')} read")
    if answer.published:
        parts.append(plural(answer.published, "published score"))
    return ", ".join(parts) + "."


def _tasks_table(tasks: tuple[TaskSummary, ...]) -> Table:
    fields: list[Field[TaskSummary]] = [
        Field("task", lambda t: t.task, align="left"),
        Field("metric", lambda t: t.metric + (" *" if t.headline else ""), align="left", priority=8),
        Field("from", lambda t: t.harness, align="left", priority=4),
        Field("models", lambda t: f"{t.models:,}"),
        Field("items", lambda t: f"{t.items:,}"),
        Field("attempts", lambda t: _span(t.attempts_low, t.attempts_high), priority=7),
        Field("failed", lambda t: f"{t.failed:,}", priority=6),
        Field("incomplete", lambda t: f"{t.incomplete:,}", priority=3),
        Field("clusters", lambda t: "" if t.clusters is None else f"{t.clusters:,}", priority=5),
    ]
    return tabled(
        tasks, fields, note="* the harness's headline metric" if any(t.headline for t in tasks) else ""
    )


def _span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _file_blocks(files: tuple[FileReport, ...]) -> list[Block]:
    if not files:
        return []
    counts = Counter((file.reader or "–", file.outcome) for file in files)
    rows = tuple((reader, outcome, f"{count:,}") for (reader, outcome), count in sorted(counts.items()))
    columns = (
        Column(name="format", align="left"),
        Column(name="outcome", align="left"),
        Column(name="files"),
    )
    blocks: list[Block] = [Table(columns=columns, rows=rows)]
    # Say which files were not read and why, those with one reason together.
    by_reason: dict[str, list[str]] = {}
    for file in files:
        if file.reason and file.outcome in ("failed", "left out"):
            by_reason.setdefault(file.reason, []).append(file.path)
    told = [
        (names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more", why)
        for why, names in by_reason.items()
    ]
    if told:
        left = len(told) - MOST_FILES
        note = f"… and {plural(left, 'more reason')}; `format='json'` lists all files" if left > 0 else ""
        blocks.append(facts(told[:MOST_FILES], note=note))
    return blocks


def _stated(figures: tuple[Reconciled, ...]) -> list[Block]:
    """Hold what logs state against what was read: all of a few figures, of many those that differ."""
    if not figures:
        return []
    differing = [figure for figure in figures if not figure.agrees]
    shown = figures if len(figures) <= MOST_FIGURES else differing[:MOST_FILES]
    head = _agreement(len(figures), len(differing))
    if not shown:
        return [Text(text=f"{head}.")]
    fields: list[Field[Reconciled]] = [
        Field("file", lambda f: f.source, align="left"),
        Field("task", lambda f: f"{f.task} · {f.metric}" if f.metric else f.task, align="left", priority=6),
        Field("model", lambda f: f.model, align="left", priority=4),
        Field("figure", lambda f: f.figure, align="left"),
        Field("stated", lambda f: _both(f)[1]),
        Field("read", lambda f: _both(f)[0]),
        Field("agree", lambda f: "yes" if f.agrees else "NO", align="left"),
    ]
    left = len(differing) - len(shown) if len(figures) > MOST_FIGURES else 0
    return [
        Text(text=f"{head}:"),
        tabled(shown, fields, note=f"… and {left:,} more that differ" if left else ""),
    ]


def _proposed(proposal: Proposal) -> list[Block]:
    """Show the shape of a file that no reader knows, and a mapping to paste."""
    shape: list[Block] = [Text(text=f"{proposal.source} has {line}.") for line in proposal.shape]
    if not proposal.mapping:
        return shape
    if proposal.name:
        how = (
            f"Add `map={proposal.name!r}` to read it so, which was written from the documentation and not "
            "tried:"
        )
        return [*shape, Text(text=how), Text(text=proposal.mapping, kind="code")]
    name = proposal.mapping.partition("]")[0].removeprefix("[map.")
    how = (
        f"Paste this into howsure.toml, mend it, and add `map={name!r}`; docs/mapping.md explains the "
        "language:"
    )
    return [*shape, Text(text=how), Text(text=proposal.mapping, kind="code")]


def _agreement(count: int, differing: int) -> str:
    if differing:
        return (
            f"Of {plural(count, 'figure')} that the logs state, {differing:,} "
            f"{'is' if differing == 1 else 'are'} not what the rows give"
        )
    return (
        f"All {count:,} figures that the logs state agree with the rows"
        if count > 1
        else "What the log states agrees with its rows"
    )


def _both(figure: Reconciled) -> tuple[str, str]:
    """Write what was read and what is stated."""
    if figure.figure == "samples":
        return f"{figure.read:,.0f}", f"{figure.stated:,.0f}"
    if figure.figure in ("tokens", "usd"):
        return amounts_apart(figure.read, figure.stated)
    return told_apart(figure.read, figure.stated)
