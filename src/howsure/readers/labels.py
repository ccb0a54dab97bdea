"""Tables of verdicts made one row an answer: labels from a second table beside them, several judges' rows put
side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.columns import known_column, roles_of
from howsure.table.cells import UNDECIDED, WORDS, Kind, read_column, texts_of
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Names = Mapping[str, Sequence[str]]

NAMED_JUDGE = ("judge_name", "judge_model", "judge_id", "judge", "grader", "scorer", "rater", "annotator")
"""Columns that may name the judge of a row."""
RATERS = ("rater", "scorer", "annotator")
"""Columns that may name the human of a row as well."""
KEY = ("model", "item", "attempt")
VERDICT = Kind(
    what="verdict",
    words=WORDS,
    nothing=UNDECIDED,
    remedy="Write 1 and 0, yes and no, correct and incorrect, pass and fail, or numbers.",
)


def with_labels(
    frame: pl.DataFrame, roles: Mapping[str, str], labels: pl.DataFrame, aliases: Names, named: Names
) -> tuple[pl.DataFrame, str]:
    """Return the answers with the labels of another table as the column `human`, matched by item, and by
    model and attempt where both have them.

    Several labels of one answer are averaged. DataError where no column tells what belongs together, or
    nothing does.
    """
    both = {role: names for role, names in named.items() if role == "human" or names[0] in labels.columns}
    there = roles_of(labels, aliases, both)
    key = [role for role in KEY if role in roles and role in there]
    if "item" not in key or "human" not in there:
        lacking = "item" if "item" not in key else "label"
        raise DataError(
            f"labels can't be matched: no column for the {lacking} in "
            f"{'both tables' if lacking == 'item' else 'the second table'}",
            remedy=(
                "Name columns with `columns`: item and model tell which answer a label belongs to, human "
                "is the label."
            ),
        )
    given = labels.select(
        *(texts_of(labels[there[role]], item=role != "model").alias(f"_{role}") for role in key),
        read_column(labels[there["human"]], VERDICT).alias("human"),
    ).drop_nulls("human")
    once = given.group_by([f"_{role}" for role in key], maintain_order=True).agg(pl.col("human").mean())
    answers = frame.drop("human", strict=False).with_columns(
        texts_of(frame[roles[role]], item=role != "model").alias(f"_{role}") for role in key
    )
    _refuse_several(answers, key)
    joined = answers.join(once, on=[f"_{role}" for role in key], how="left", maintain_order="left")
    matched = once.join(answers, on=[f"_{role}" for role in key], how="semi")
    said = f"Labels: {plural(len(matched), 'label')} matched by {listing(key)}"
    if len(given) > len(once):
        said += f"; {plural(len(given) - len(once), 'further label')} of the same answers averaged"
    if len(once) > len(matched):
        said += f"; {plural(len(once) - len(matched), 'label')} of no judged answer left out"
    return joined.drop([f"_{role}" for role in key]), f"{said}."


def _refuse_several(answers: pl.DataFrame, key: Sequence[str]) -> None:
    """Raise DataError where a label could belong to several answers."""
    names = [f"_{role}" for role in key]
    several = answers.filter(pl.struct(names).is_duplicated())
    judged = [name for name in several.columns if name.lower() in NAMED_JUDGE]
    if len(several) and not judged:
        first = ", ".join(f"{role} {several[name][0]}" for role, name in zip(key, names, strict=True))
        raise DataError(
            f"labels can't be matched: several answers have the same {listing(list(key))} ({first})",
            remedy="Name the column that tells them apart with `columns`: attempt, or model.",
        )


def side_by_side(
    frame: pl.DataFrame, human: str, aliases: Names
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Put raters side by side where the human is one of them, and no column: the answers, the other raters,
    and what is to be said.
    """
    name = next((each for each in RATERS if each in frame.columns), "")
    verdict = next((each for each in ("rating", "score") if each in frame.columns), "")
    if not (name and verdict) or human in frame.columns or human not in texts_of(frame[name]).to_list():
        return frame, [], []
    answers, raters, notes = one_row_an_answer(frame, roles_of(frame, aliases, {}), name, verdict)
    return answers, [rater for rater in raters if rater != human], notes


def one_row_an_answer(
    frame: pl.DataFrame, roles: Mapping[str, str], name: str, verdict: str
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Put the verdicts of several judges on one answer side by side: the answers, the judges' columns, and
    what is to be said.

    Several verdicts of one judge on an answer are averaged. DataError where no column tells which answer a
    row is about.
    """
    if "item" not in roles:
        raise DataError(
            f"{name!r} names several judges, and no column says which answer a row is about",
            remedy=f"Name it with `columns` as item, or keep one judge with `where`: {name}={frame[name][0]}.",
        )
    key = [roles[role] for role in KEY if role in roles]
    if name in key:
        role = next(role for role in KEY if roles.get(role) == name)
        raise DataError(
            f"{name!r} names several judges, and can't name the {role} as well",
            remedy=(
                f"Name another column as {role} with `columns`, or none, or keep one judge with `where`: "
                f"{name}={frame[name][0]}."
            ),
        )
    told = frame.with_columns(read_column(frame[known_column(verdict, frame)], VERDICT).alias("_verdict"))
    judges = [str(each) for each in told[name].drop_nulls().unique().sort().to_list()]
    wide = told.select(*key, name, "_verdict").pivot(
        name, index=key, values="_verdict", aggregate_function="mean", maintain_order=True
    )
    rest = (
        told.drop(name, "_verdict", *({verdict} - set(key)))
        .group_by(key, maintain_order=True)
        .agg(pl.all().drop_nulls().first())
    )
    taken = {judge: judge if judge not in rest.columns else f"judge {judge}" for judge in judges}
    answers = rest.join(wide.rename(taken), on=key, how="left", maintain_order="left", nulls_equal=True)
    notes = [f"Judges: column `{name}` ({plural(len(judges), 'judge')}), side by side."]
    count = int(np.isfinite(answers.select(taken.values()).to_numpy().astype(float)).sum())
    more = int(told["_verdict"].is_not_null().sum()) - count
    if more > 0:
        notes.append(
            f"{plural(more, 'verdict')} of a judge on an answer that it had judged before averaged with "
            "that one."
        )
    return answers, list(taken.values()), notes
