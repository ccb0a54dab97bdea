"""`howsure PATH…` without a command: answer the likely question in at most 40 lines, and name the command
that gives the same answer.

| data | command |
| --- | --- |
| one model, or one on each task | estimate |
| two models | compare, the higher score first |
| three models or more | leaderboard |
| one model on five dates or more, each run complete | history |
| pairwise votes | arena |
| judged answers with labels of people | judge |
| ratings by several raters | agree |
| published scores | audit |
| several of these | a line for each, with its command |
"""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import (
    columns_and_rows,
    command_line,
    put,
    read,
    read_runs,
    read_two_paths,
    split,
    write,
    write_records,
)
from howsure.commands.flags import with_flags
from howsure.commands.options import DESIGN, OUTPUT, READING, GroupedCommand, paths, takes
from howsure.readers.kinds import VERBS_OF_TABLES
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.base import Answer
    from howsure.present.document import Block, Document
    from howsure.readers.kinds import Kind
    from howsure.table.scores import Scores

MOST_LINES = 40
ROWS = (30, 20, 15, 12, 10, 7, 5, 3)
"""The numbers of rows of a table to try until everything fits."""
FEWEST_DATES = 5
WHOLE = 0.9
"""The least share of the questions of the largest run that a complete run has."""
PROSE = ("terminal", "markdown")
VERBS: Mapping[Kind, str] = {"scores": "leaderboard", "published": "audit", **VERBS_OF_TABLES}
NOUNS: Mapping[Kind, str] = {
    "scores": "row",
    "votes": "vote",
    "verdicts": "judged answer",
    "ratings": "rating",
    "published": "published score",
}


@click.command(cls=GroupedCommand, hidden=True)
@paths
@takes("", *READING, *DESIGN, *OUTPUT)
@takes("estimate", "explain")
def answer(paths: tuple[str, ...], **given: Any) -> None:
    """Answer what the data ask for.

    One model: its score. Two: the comparison. More: the leaderboard. One model on many dates: its history.
    Votes, ratings, judged answers and published scores: theirs. The last line names the command; scripts use
    that one, as the choice may change.
    """
    import howsure

    rest, shown = split(paths, given)
    scores, kinds = _looked_at(paths, rest)
    if len(kinds) > 1:
        _list_kinds(kinds, scores, paths, shown)
        return
    (kind,) = kinds
    skip: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    if kind in VERBS_OF_TABLES:
        verb, skip = VERBS[kind], (*DESIGN, *READING)
        found = getattr(howsure, verb)(list(paths), **columns_and_rows(rest))
    elif scores is None or not scores.has_rows:
        found, verb, skip = howsure.audit(scores), "audit", DESIGN
    else:
        found, verb, sides = _of_scores(scores, paths, rest)
    skip = tuple(name for name in skip if name not in ("columns", "where"))
    _show(found, _command(verb, skip=skip, sides=sides), **shown)


def _command(verb: str, *, skip: Sequence[str] = (), sides: Sequence[str] = ()) -> str:
    """Return the command that gives the same answer."""
    line = command_line(click.get_current_context(), skip=(*skip, *OUTPUT, "explain"), name=verb)
    more = [word for option, side in zip(("-a", "-b"), sides, strict=False) for word in (option, side)]
    return " ".join([line, shlex.join(more)]) if more else line


def _looked_at(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[Scores | None, dict[Kind, list[str]]]:
    """Return the scores, and the kinds of data in the paths with the files of each."""
    from howsure.errors import HowsureError
    from howsure.readers import tables
    from howsure.readers.counts import is_count
    from howsure.readers.kinds import kind_of_file
    from howsure.readers.reading import find_sources

    kinds: dict[Kind, list[str]] = {}
    scores, failed = None, None
    try:
        scores = read(paths, dict(given))
    except HowsureError as error:
        failed = error
    files = [
        source
        for path in paths
        if not is_count(path) and "://" not in path and Path(path).exists()
        for source in find_sources(Path(path))
    ]
    logs = (
        {report.path for report in scores.files if report.reader not in (None, tables.NAME)}
        if scores
        else set()
    )
    for source in files:
        kind = "" if source.name in logs else kind_of_file(source.path, source.root)
        if kind and not (kind in ("scores", "published") and scores is None):
            kinds.setdefault(kind, []).append(str(source.path))
    if scores is not None and scores.has_rows and (logs or not kinds):
        kinds.setdefault("scores", [])
    if scores is not None and not scores.has_rows:
        kinds.setdefault("published", [])
    if not kinds:
        raise failed or click.UsageError("nothing to answer")
    return scores, kinds


def _of_scores(
    scores: Scores, paths: tuple[str, ...], given: dict[str, Any]
) -> tuple[Answer, str, tuple[str, ...]]:
    """Answer for scores of questions, by the number of models and their dates. Return the answer, the verb
    and the two models that it names.
    """
    import howsure

    two = read_two_paths(paths, dict(given))
    if two is not None:
        scores = two[0]
    held = _held(scores, given)
    models = list(two[1] if two else dict.fromkeys(held["model"]))
    design = {name: value for name, value in given.items() if name in DESIGN}
    if two is None and _is_history(scores, held):
        rest = dict(given)
        return howsure.history(read_runs(paths, rest), **rest), "history", ()
    if max(Counter(held["task"]).values()) == 1:  # no task has two models
        return howsure.estimate(scores, **design), "estimate", ()
    if len(models) > 2:
        return howsure.leaderboard(scores, **design), "leaderboard", ()
    means = {model: held.filter(model=model)["mean"].mean() or 0.0 for model in models}
    first, second = sorted(models, key=lambda model: -means[model])
    given["model"] = design["model"] = None
    return howsure.compare(scores, f"model:{first}", f"model:{second}", **design), "compare", (first, second)


def _held(scores: Scores, given: Mapping[str, Any]) -> Any:
    """Return the requested tasks and models, with the number of questions and the mean score of each."""
    import narwhals as nw

    from howsure.study.models import resolve
    from howsure.table.engines import to_polars
    from howsure.table.schema import tidy

    frame, _ = tidy(scores.rows, scores.roles)
    groups = frame.group_by("task", "model").agg(
        nw.col("item").n_unique().alias("items"), nw.col("score").mean().alias("mean")
    )
    held = to_polars(groups).sort("task", "model")
    if given.get("task"):
        held = held.filter(held["task"].is_in(list(given["task"])))
    if given.get("model"):
        names = held["model"].unique().to_list()
        held = held.filter(held["model"].is_in([resolve(name, names) for name in given["model"]]))
    return held


def _is_history(scores: Scores, held: Any) -> bool:
    """Return whether these are complete runs of one model on at least five dates."""
    from howsure.table.scores import date_in

    names = {entry.name for entry in scores.runs}
    if names:
        dates = {entry.run.date.date() for entry in scores.runs if entry.run.date}
        whole = all(entry.run.complete for entry in scores.runs)
        return len(names) == 1 and len(dates) >= FEWEST_DATES and whole
    models = set(held["model"])
    if len(models) == 1:
        return len({date_in(Path(report.path).name) for report in scores.files} - {""}) >= FEWEST_DATES
    dated = {date_in(model) for model in models}
    counts = Counter[str]()
    for model, items in held.select("model", "items").iter_rows():
        counts[model] += items
    whole = min(counts.values()) >= WHOLE * max(counts.values())
    return "" not in dated and len(dated) >= FEWEST_DATES and whole


def _list_kinds(
    kinds: Mapping[Kind, Sequence[str]],
    scores: Scores | None,
    paths: tuple[str, ...],
    shown: Mapping[str, Any],
) -> None:
    """Write a line for each kind of data, with its contents and its command."""
    from howsure.present.document import Document, Text, facts
    from howsure.present.render import render

    lines = []
    for kind, files in kinds.items():
        where = files if files and len(files) <= 3 else list(paths)
        verb = VERBS[kind] if kind != "scores" or scores is None else _verb_by_models(scores)
        lines.append((kind, _counted(kind, files, scores), shlex.join(["howsure", verb, *where])))
    if (shown["format"] or "terminal") in ("csv", "json"):
        records = [dict(zip(("kind", "holds", "command"), line, strict=True)) for line in lines]
        write_records(records, shown["format"], shown["output"])
        return
    said = f"{plural(len(kinds), 'kind')} of data here, and each has its own command:"
    table = facts([(what, count, command) for what, count, command in lines])
    document = Document(blocks=(Text(text=said, kind="verdict"), table))
    put(str(render(document, shown["format"] or "terminal")), shown["output"], data=False)


def _verb_by_models(scores: Scores) -> str:
    held = _held(scores, {})
    if max(Counter(held["task"]).values()) == 1:
        return "estimate"
    return "compare" if len(set(held["model"])) == 2 else "leaderboard"


def _counted(kind: Kind, files: Sequence[str], scores: Scores | None) -> str:
    if kind == "scores" and scores is not None and scores.has_rows:
        held = _held(scores, {})
        counts = ((len(set(held["task"])), "task"), (len(set(held["model"])), "model"))
        return ", ".join(plural(count, noun) for count, noun in counts)
    if kind == "published" and scores is not None:
        return plural(len(scores.published), "published score")
    rows = sum(_rows(file) for file in files)
    return f"{plural(rows, NOUNS[kind])} in {plural(len(files), 'file')}"


def _rows(file: str) -> int:
    import polars as pl

    from howsure.readers import tables
    from howsure.readers.base import Source

    path = Path(file)
    return int(tables.scan(Source(path=path, root=path)).select(pl.len()).collect().item())


def _show(answer: Answer, command: str, *, format: Any, output: str | None, **prose: bool) -> None:
    """Write an answer and its command. For people, in at most the promised number of lines."""
    from howsure.answers.base import words_of as said_by
    from howsure.present.files import format_of
    from howsure.present.render import render

    chosen = format or format_of(output)
    if chosen not in PROSE:
        write(answer, format, output, **prose)
        return
    words = with_flags(said_by(answer, **prose))
    longer = any(prose.values())
    if not longer:
        words = replace(words, blocks=words.blocks[:MOST_LINES])  # a block has at least one line
    color = output is None and chosen == "terminal" and sys.stdout.isatty()
    least, text = MOST_LINES - 2, ""
    for rows in (0, *ROWS):
        short = _shortened(words, rows, last=command.startswith("howsure history "))
        text = str(render(short, chosen, color=color)).rstrip("\n")  # type: ignore[arg-type]  # it is prose
        if longer or text.count("\n") < least:
            break
    lines = text.split("\n")
    if not longer and len(lines) > least:
        text = "\n".join([*lines[: least - 1], f"… {plural(len(lines) - least + 1, 'more line')}"])
    put(f"{text}\n\nSame as: {command}\n", output, data=False)


def _shortened(document: Document, rows: int, *, last: bool) -> Document:
    """Return a document whose tables have at most this many rows, the first or the `last` ones. 0 keeps all
    rows.
    """
    from howsure.present.document import Table

    def cut(block: Block) -> Block:
        """Cut a table, and note the number of rows left out."""
        if not rows or not isinstance(block, Table) or len(block.rows) <= rows:
            return block
        more = f"… and {plural(len(block.rows) - rows, 'earlier row' if last else 'more row')}"
        kept = block.rows[-rows:] if last else block.rows[:rows]
        return replace(block, rows=kept, note=f"{more}. {block.note}".rstrip())

    return replace(document, blocks=tuple(map(cut, document.blocks)))
