"""How a description is worded and tabled."""

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
HAS = {"arena": "votes", "judge": "verdicts of a judge", "agree": "ratings"}
"""What a table has that another command reads."""
MOST_FIGURES = 16
"""The number of figures shown if all agree. If there are more, only those that don't are shown."""


def document(answer: Description) -> Document:
    """Return the summary, tasks, columns that could be clusters, and files that were not read."""
    blocks = opening(sentence(answer), answer.notes, more=_more(answer))
    details: list[Block] = []
    if answer.tasks:
        blocks.append(_tasks_table(answer.tasks))
    if columns := _useful_columns(answer):
        shown = ", ".join(f"{name} ({plural(count, 'value')})" for name, count in columns.items())
        blocks.append(Text(text=f"Columns for clusters or for selecting rows: {shown}."))
    if answer.usage:
        fields: list[Field[Usage]] = [
            Field("usage", lambda u: u.name, align="left"),
            Field("recorded in", lambda u: f"{u.recorded:,} of {u.attempts:,} attempts"),
            Field("total", lambda u: amount_text(u.total)),
            Field("mean of recorded", lambda u: amount_text(u.mean)),
        ]
        details.append(tabled(answer.usage, fields))
    blocks += [block for proposal in answer.proposals for block in _proposed(proposal)]
    all_read = all(file.outcome == "read" for file in answer.files)
    (details if all_read else blocks).extend(_file_blocks(answer.files))
    agree = all(figure.agrees for figure in answer.reconciled)
    (details if agree else blocks).extend(_stated(answer.reconciled))
    if answer.plan:
        blocks.append(Text(text=answer.plan, kind="code"))
    return Document(blocks=(*blocks, *closing(answer.warnings)), details=tuple(details))


def sentence(answer: Description) -> str:
    """Return how many files were read, and their contents."""
    if answer.proposals:
        sentences = [
            f"{proposal.source} has {HAS[proposal.verb]} and no scores: use `howsure {proposal.verb}`."
            for proposal in answer.proposals
            if proposal.verb
        ]
        if unknown := [proposal.source for proposal in answer.proposals if not proposal.verb]:
            sentences.append(f"No reader knows {listing(unknown)}.")
        return " ".join(sentences)
    tasks, names = answer.tasks, {task.task for task in answer.tasks}
    parts = [plural(len(names), "task")]
    if len(names) == 1:
        parts.append(plural(max(task.models for task in tasks), "model"))
        parts.append(plural(max(task.items for task in tasks), "question"))
    parts.append(plural(sum(task.rows for task in tasks), "row"))
    if answer.published:
        parts.append(plural(answer.published, "published score"))
    held = ", ".join(parts)
    if not answer.files:
        return f"{held}."
    read = sum(file.outcome in ("read", "published") for file in answer.files)
    return f"{read:,} of {plural(len(answer.files), 'file')} read: {held}."


def _more(answer: Description) -> str:
    """Return how many attempts failed, and whether the totals in logs agree with the rows."""
    failed = sum(task.failed for task in answer.tasks)
    texts = (
        [f"{plural(failed, 'failed attempt')}." if failed else "No failed attempts."] if answer.tasks else []
    )
    if answer.reconciled and all(figure.agrees for figure in answer.reconciled):
        texts.append(f"{_agreement(len(answer.reconciled), 0)}.")
    return " ".join(texts)


def _useful_columns(answer: Description) -> dict[str, int]:
    """Return the columns that could be clusters or select rows: with several values, and fewer than
    questions.
    """
    most = max((task.items for task in answer.tasks), default=0)
    return {name: count for name, count in answer.columns.items() if count > 1 and not count == most > 1}


def _tasks_table(tasks: tuple[TaskSummary, ...]) -> Table:
    fields: list[Field[TaskSummary]] = [
        Field("task", lambda t: t.task, align="left"),
        Field("metric", lambda t: t.metric + (" *" if t.headline else ""), align="left", priority=8),
        Field("from", lambda t: t.harness, align="left", priority=4),
        Field("models", lambda t: f"{t.models:,}"),
        Field("questions", lambda t: f"{t.items:,}"),
        Field("attempts", lambda t: _span(t.attempts_low, t.attempts_high), priority=7),
        Field("failed", lambda t: f"{t.failed:,}", priority=6, shown=any(t.failed for t in tasks)),
        Field(
            "incomplete", lambda t: f"{t.incomplete:,}", priority=3, shown=any(t.incomplete for t in tasks)
        ),
        Field(
            "clusters",
            lambda t: "" if t.clusters is None else f"{t.clusters:,}",
            priority=5,
            shown=any(t.clusters for t in tasks),
        ),
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
    # Return which files were not read and why, those with one reason together.
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
    """Compare the totals in logs with the rows: all of a few figures, otherwise those that differ."""
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
    """Show the shape of an unknown file, and a mapping to paste."""
    shape: list[Block] = [Text(text=f"{proposal.source} has {line}.") for line in proposal.shape]
    if not proposal.mapping:
        return shape
    if proposal.name:
        how = (
            f"Add `map={proposal.name!r}` to read it with this mapping, which is written from the format's "
            "documentation and untested:"
        )
        return [*shape, Text(text=how), Text(text=proposal.mapping, kind="code")]
    name = proposal.mapping.partition("]")[0].removeprefix("[map.")
    how = f"Paste this into howsure.toml, correct it, and add `map={name!r}` (docs/mapping.md):"
    return [*shape, Text(text=how), Text(text=proposal.mapping, kind="code")]


def _agreement(count: int, differing: int) -> str:
    if differing:
        return (
            f"Of {plural(count, 'figure')} stated in the logs, {differing:,} "
            f"{'differs' if differing == 1 else 'differ'} from the rows"
        )
    return (
        f"All {count:,} figures stated in the logs match the rows"
        if count > 1
        else "The figure stated in the log matches its rows"
    )


def _both(figure: Reconciled) -> tuple[str, str]:
    """Write the computed and the stated figure."""
    if figure.figure == "samples":
        return f"{figure.read:,.0f}", f"{figure.stated:,.0f}"
    if figure.figure in ("tokens", "usd"):
        return amounts_apart(figure.read, figure.stated)
    return told_apart(figure.read, figure.stated)
