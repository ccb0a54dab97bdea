"""The function save_baseline: scores become a small file without any text, for later comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.options.table import checked
from howsure.table.scores import with_rows
from howsure.verbs.read import read

if TYPE_CHECKING:
    from howsure.table.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedBaseline:
    """A saved baseline.

    Attributes:
        path: The file.
        n_bytes: Its size.
        n_rows: Number of rows in it.
        n_items: Items of all tasks.
        tasks: The tasks.
        models: The models, as their logs call them.
        left_out: Columns that it doesn't keep: texts, secrets, and values that differ for every item.
        replaced: The baseline it replaced, in a few words, or empty if there wasn't one.
    """

    path: str
    n_bytes: int
    n_rows: int
    n_items: int
    tasks: tuple[str, ...]
    models: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    replaced: str = ""


def save_baseline(data: Any, name: str, *, output: str | None = None) -> SavedBaseline:
    """Save results as a baseline, a small file to commit and compare with later: `saved:NAME` in `compare`
    and `gate`.

    The file contains scores, status, measures (cost, time, tokens), short attributes of items, hashes of
    questions and right answers, and the logs' metadata of their runs. It contains no text of prompts, right
    answers or outputs. Answers from the baseline equal those from the logs in every number, but texts that
    name a set-up become digests. All models are kept. The same results give the same bytes. An existing
    baseline of this name is replaced. When it is read, the numbers are recomputed from its scores.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        name: Its name: letters, digits and `. _ + -`. It becomes `baselines/NAME.howsure` next to the
            configuration, else at the repository's root, else in the working directory.
        output: Another file to write to. None writes to the folder of baselines.

    Returns:
        SavedBaseline: The file, its size, its contents, and the columns that were left out.

    Raises:
        OptionError: If the name isn't valid, or the file exists and isn't a baseline.
        DataError: If there are no scores of single items, or the items' ids are their texts.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl, tempfile
        >>> rows = pl.DataFrame({"model": ["old"] * 4, "item": range(4), "score": [1, 0, 1, 1],
        ...     "prompt": ["a", "b", "c", "d"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     saved = save_baseline(rows, "main", output=f"{folder}/main.howsure")
        ...     again = read(saved.path).to_frame()
        >>> saved.n_rows, saved.left_out, again["score"].mean()
        (4, ('prompt',), 0.75)
    """
    from howsure.errors import HowsureError, OptionError
    from howsure.readers.baseline_file import packed
    from howsure.readers.baselines import is_one, place_of, shown
    from howsure.readers.transcripts import with_stops
    from howsure.wording import plural
    from howsure.writing import write

    name, output = checked("save_baseline", name=name, output=output).values()
    place = place_of(name) if output is None else Path(output)
    replaced = ""
    if place.exists():
        if not is_one(place):
            remedy = "Move it away, or use another name or `output`."
            raise OptionError(f"{shown(place)!r} isn't a saved baseline", remedy=remedy)
        try:
            replaced = plural(len(read(place).to_frame()), "row")
        except HowsureError:
            replaced = "a damaged one"
    scores, notes = _settled(read(data))
    baseline = packed(with_stops(scores), notes)
    if output is None:
        place.parent.mkdir(exist_ok=True)
    write(baseline.data, place)
    return SavedBaseline(
        path=shown(place),
        n_bytes=len(baseline.data),
        n_rows=len(baseline.rows),
        n_items=baseline.rows.select("task", "item").n_unique(),
        tasks=tuple(baseline.rows["task"].unique().sort()),
        models=tuple(baseline.rows["model"].unique().sort()),
        left_out=baseline.left_out,
        replaced=replaced,
    )


def _settled(scores: Scores) -> tuple[Scores, list[str]]:
    """Return tables with their columns settled, as in every function, and the notes on that. Logs are
    returned unchanged.

    Scores keep their scale, and the name that determines it: next to other scores it is decided once for all.
    """
    if scores.runs or not scores.has_rows:
        return scores, []
    from howsure.errors import DataError
    from howsure.study.design import Design
    from howsure.study.gathering import gather
    from howsure.study.notes import silent_factor_taken
    from howsure.table.schema import COLUMNS, find_roles, open_frame, roles_note

    study = gather(scores, Design())  # refuses rows that can't be distinguished, which would be numbered here
    for warning in silent_factor_taken(study.unasked):
        raise DataError(warning.message, remedy=warning.remedy)
    roles = find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles)
    again = {name for role in ("item", "score") for name in roles.get(role, ())} - set(COLUMNS)
    rows = scores.to_frame().drop(again, strict=False)
    return with_rows(scores, rows), [text for text in (roles_note(roles),) if text]
