"""Verdicts of judges beside labels of people, from tables: one row an answer, or one row an answer and
judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.annotations import one_question
from howsure.readers.columns import coded, copies_note, known_column, name_columns, require_roles, roles_of
from howsure.readers.labels import NAMED_JUDGE, VERDICT, one_row_an_answer, side_by_side, with_labels
from howsure.table.cells import Kind, chosen_rows, read_column, texts_of
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints

    Roles = Mapping[str, str]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "model_id", "system"),
    "judge": (
        *(
            "judge_verdict",
            "judge_score",
            "verdict",
            "judged",
            "llm_judge",
            "judge",
            "prediction",
            "grade",
            "score",
        ),
    ),
    "human": ("human", "human_label", "human_score", "label", "gold", "annotation", "expert", "truth"),
    "item": (
        *(
            "item",
            "item_id",
            "question_id",
            "prompt_id",
            "task_id",
            "sample_id",
            "example_id",
            "question",
            "prompt",
        ),
        "id",
    ),
    "attempt": ("attempt", "epoch", "trial", "sample"),
    "cluster": ("cluster",),
}
"""Names under which the columns are recognised; the first one found counts."""
NO_CLUSTERS = "none"
CHANCE = Kind(
    what="probability", remedy="Every labelled answer needs the probability with which it was drawn."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Verdicts (N, J) of J judges, NaN where one is silent, and labels in [0, 1] (N,), NaN where there is
    none.

    `models`: of each answer, empty where no column says it. `items`, `clusters` (N,): codes, None where no
    column says them. `weights` (N,): how many answers a label stands for, None where nothing is known of how
    they were drawn. `human`: the column of the labels, empty without one;
    `rows`: the answers as they came.
    """

    judges: tuple[str, ...]
    verdicts: Floats
    labels: Floats
    models: tuple[str, ...]
    items: Ints | None
    clusters: Ints | None
    weights: Floats | None
    human: str
    rows: pl.DataFrame
    notes: tuple[str, ...]


def id_columns(named: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the columns whose values are ids and names, also where they look like numbers."""
    return name_columns(ALIASES, named, ("model", "item", "cluster"))


def read_verdicts(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    cluster: str | None = None,
    probability: str = "",
    labels: pl.DataFrame | None = None,
    labelled: bool = True,
) -> Verdicts:
    """Read verdicts and labels; `labels`: a table of its own, `probability`: the column of the chance that an
    answer was labelled.

    `labelled`: whether labels are needed. DataError where a column is missing or a cell can't be understood.
    """
    require_roles(columns, ALIASES)
    frame = chosen_rows(frame, where)
    one_question(frame)
    copies = copies_note(frame)
    frame, raters, notes = side_by_side(frame, next(iter(columns.get("human", ())), ""), ALIASES)
    columns = {"judge": raters, **columns} if raters else columns
    own = columns if labels is None else {role: names for role, names in columns.items() if role != "human"}
    roles = roles_of(frame, ALIASES, own)
    judges = list(columns.get("judge", [roles["judge"]] if "judge" in roles else []))
    if labels is not None:
        frame, matched = with_labels(frame, roles, labels, ALIASES, columns)
        roles["human"] = "human"
        notes.append(matched)
    frame, judges, said = _each_answer_once(frame, roles, judges)
    notes += said
    _refuse_lacking(frame, roles, judges, labelled=labelled)
    said_by = np.column_stack([_numbers(frame[known_column(name, frame)]) for name in judges])
    kept = np.asarray(np.isfinite(said_by).any(axis=1))
    shown = _labels(frame, roles, kept, labelled=labelled)
    weights = _weights(frame, probability, shown)[kept] if probability else None
    frame, said_by, shown = frame.filter(pl.Series(kept)), said_by[kept], shown[kept]
    clustered = _cluster_column(frame, roles, cluster)
    return Verdicts(
        judges=tuple(judges),
        verdicts=said_by,
        labels=shown,
        models=tuple(_texts(frame, roles["model"])) if "model" in roles else (),
        items=coded(_answered(frame, roles)) if "item" in roles else None,
        clusters=coded(frame[clustered]) if clustered else None,
        weights=weights,
        human=roles.get("human", ""),
        rows=frame,
        notes=(*_notes(kept, shown, roles, judges), *notes, *copies, *_clusters_note(frame, clustered)),
    )


def _numbers(column: pl.Series, kind: Kind = VERDICT) -> Floats:
    """Return the verdicts of a column (N,), NaN where there is none."""
    return read_column(column, kind).fill_null(np.nan).to_numpy().copy()


def _are_verdicts(column: pl.Series) -> bool:
    """Say whether a column has verdicts, and no other words."""
    try:
        read_column(column, VERDICT)
    except DataError:
        return False
    return True


def _each_answer_once(
    frame: pl.DataFrame, roles: Roles, judges: list[str]
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Turn one row an answer and judge into one row an answer, where a column names the judge."""
    if len(judges) != 1:
        return frame, judges, []
    verdict = judges[0]
    if not _are_verdicts(frame[known_column(verdict, frame)]):
        usual = [
            name for name in frame.columns if name.lower() in ("verdict", "prediction", "grade", "score")
        ]
        verdict = next((name for name in usual if name != roles.get("human")), verdict)
    name = next((each for each in frame.columns if each.lower() in NAMED_JUDGE and each != verdict), "")
    if not name or frame[name].dtype.is_numeric() or frame[name].n_unique() < 2 or name == roles.get("human"):
        return frame, [verdict], []
    return one_row_an_answer(frame, roles, name, verdict)


def _refuse_lacking(frame: pl.DataFrame, roles: Roles, judges: list[str], *, labelled: bool) -> None:
    lacking = [*([] if judges else ["judge"]), *(["human"] if labelled and "human" not in roles else [])]
    if lacking:
        raise DataError(
            f"no column for {listing(lacking)} among {', '.join(frame.columns)}",
            remedy="Name them with `columns`: judge is the judge's verdict, human the label.",
        )


def _labels(frame: pl.DataFrame, roles: Roles, kept: Bools, *, labelled: bool) -> Floats:
    """Return the labels (N,), in [0, 1], of the answers that are kept."""
    if "human" not in roles:
        return np.full(len(frame), np.nan)
    labels = np.where(kept, _numbers(frame[roles["human"]]), np.nan)
    known = labels[~np.isnan(labels)]
    if not len(known):
        if not labelled:
            return labels
        raise DataError(f"no judged answer has a label in {roles['human']!r}", remedy="Label some of them.")
    if known.min() < 0 or known.max() > 1:
        row = int(np.argmax((labels < 0) | (labels > 1))) + 1
        raise DataError(
            f"labels in {roles['human']!r} run from {known.min():g} to {known.max():g} (row {row:,} is not "
            "in [0, 1])",
            remedy="Labels are 0 or 1, or shares between: bring them to that scale.",
        )
    return labels


def _weights(frame: pl.DataFrame, name: str, labels: Floats) -> Floats:
    """Return how many answers each label stands for, 1 over the chance that it was drawn (N,)."""
    chance = _numbers(frame[known_column(name, frame)], CHANCE)
    bad = np.isfinite(labels) & ~((chance > 0) & (chance <= 1))
    if bad.any():
        raise DataError(
            f"{plural(int(bad.sum()), 'label')} without a probability above 0 and up to 1 in {name!r} (row "
            f"{bad.argmax() + 1:,})",
            remedy="Every labelled answer needs the probability with which it was drawn.",
        )
    return np.where(np.isfinite(labels), 1 / np.where(chance > 0, chance, 1.0), 0.0)


def _texts(frame: pl.DataFrame, name: str) -> list[str]:
    return texts_of(frame[name]).fill_null("(no name)").to_list()


def _answered(frame: pl.DataFrame, roles: Roles) -> pl.Series:
    """Return what says which answers are to the same item, and the same attempt at it."""
    if "attempt" not in roles:
        return frame[roles["item"]]
    texts = pl.format("{}\x00{}", texts_of(frame[roles["item"]]), texts_of(frame[roles["attempt"]]))
    return frame.select(item=texts)["item"]


def _cluster_column(frame: pl.DataFrame, roles: Roles, asked: str | None) -> str:
    """Return the column that answers hang together by: as asked, else `cluster`, else the item where several
    answers are to one; "" for none.
    """
    if asked == NO_CLUSTERS:
        return ""
    if asked is not None:
        return known_column(asked, frame)
    if "cluster" in roles:
        return roles["cluster"]
    item = roles.get("item", "")
    return item if item and frame[item].n_unique() < len(frame) else ""


def _clusters_note(frame: pl.DataFrame, name: str) -> list[str]:
    if not name:
        return []
    count = frame[name].n_unique()
    return [
        (
            f"Clusters: column `{name}` ({plural(count, 'cluster')}); `cluster='none'` takes each answer by "
            "itself."
        )
    ]


def _notes(kept: Bools, labels: Floats, roles: Roles, judges: list[str]) -> list[str]:
    """Say how many answers and labels there are, by which columns, and what was left out."""
    known = int(np.isfinite(labels).sum())
    human = f", {roles['human']} as human" if "human" in roles else ""
    several = "judges" if len(judges) > 1 else "judge"
    notes = [
        f"Data: {plural(int(kept.sum()), 'judged answer')}, {known:,} of them with a label.",
        f"Columns: {listing(judges)} as {several}{human}.",
    ]
    if not kept.all():
        notes.append(f"{plural(int((~kept).sum()), 'answer')} without a verdict left out.")
    return notes
