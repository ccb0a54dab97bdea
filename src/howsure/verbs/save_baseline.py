"""The verb save_baseline: scores become a small file without any text, to be compared with later."""

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
    """A baseline that was saved.

    Attributes:
        path: The file.
        n_bytes: Its size.
        n_rows: Rows that it holds.
        n_items: Items of all tasks.
        tasks: The tasks.
        models: The models, as their logs call them.
        left_out: Columns that it doesn't keep: texts, secrets, and values that are other ones for every item.
        replaced: What was there before, in a few words; empty where nothing was.
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
    """Save results as a baseline, a small file to be committed and compared with: `saved:NAME` in `compare`
    and `gate`.

    Kept are scores, status, measures (cost, time, tokens), short attributes of items, hashes of questions and
    right answers, and what the logs say of their runs. No text of a prompt, a right answer or an output is:
    answers from the baseline equal those from the logs in every number, but texts that name a set-up become
    digests. Several models are all kept. The same results give the same bytes. A baseline of this name is
    replaced. Where it is read, the numbers are made anew from its scores.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        name: What it is called: letters, digits and `. _ + -`. It becomes `baselines/NAME.howsure` beside the
            configuration, else at the repository's root, else in the working directory.
        output: Another file to write to. None writes to the folder of baselines.

    Returns:
        SavedBaseline: The file, its size, what it holds, and which columns were left out.

    Raises:
        OptionError: If the name is none, or a file that is no baseline lies there.
        DataError: If there are no scores of single items, or items are called by their texts.
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
            remedy = "Move it away, or take another name or `output`."
            raise OptionError(f"{shown(place)!r} is no saved baseline", remedy=remedy)
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
    """Return tables with their columns settled, as every verb would settle them, and what is to be said of
    that; logs as they are.

    Scores keep their scale, and the name that tells it: beside other scores it is decided on once for all.
    """
    if scores.runs or not scores.has_rows:
        return scores, []
    from howsure.errors import DataError
    from howsure.study.design import Design
    from howsure.study.gathering import gather
    from howsure.study.notes import silent_factor_taken
    from howsure.table.schema import COLUMNS, find_roles, open_frame, roles_note

    study = gather(
        scores, Design()
    )  # refuses rows that nobody could tell apart, which would be numbered here
    for warning in silent_factor_taken(study.unasked):
        raise DataError(warning.message, remedy=warning.remedy)
    roles = find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles)
    again = {name for role in ("item", "score") for name in roles.get(role, ())} - set(COLUMNS)
    rows = scores.to_frame().drop(again, strict=False)
    return with_rows(scores, rows), [text for text in (roles_note(roles),) if text]
