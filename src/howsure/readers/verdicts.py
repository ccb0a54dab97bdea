"""Judges' verdicts with people's labels, from tables: one row per answer, or one row per answer and judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.annotations import one_question
from howsure.readers.columns import (
    NO_CLUSTERS,
    Roles,
    coded,
    copies_note,
    figures,
    known_column,
    refuse_lacking,
)
from howsure.table.cells import UNDECIDED, WORDS, NumberKind, chosen_rows, read_column, texts_of
from howsure.table.names import word_list
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints

    Names = Mapping[str, Sequence[str]]

NAMED_JUDGE = ("judge_name", "judge_model", "judge_id", "judge", "grader", "scorer", "rater", "annotator")
"""Columns that may contain the judge of a row."""
RATERS = ("rater", "scorer", "annotator")
"""Columns that may also contain the human of a row."""
KEY = ("model", "item", "attempt")
VERDICT = NumberKind(
    what="verdict",
    words=WORDS,
    nothing=UNDECIDED,
    remedy="Write 1 and 0, yes and no, correct and incorrect, pass and fail, or numbers.",
)


VERDICTS = Roles(
    {
        "model": ("model", "model_name", "model_id", "system"),
        "judge": word_list("judge_verdict judge_score verdict judged llm_judge judge prediction grade score"),
        "human": ("human", "human_label", "human_score", "label", "gold", "annotation", "expert", "truth"),
        "item": word_list(
            "item item_id question_id prompt_id task_id sample_id example_id question prompt id"
        ),
        "attempt": ("attempt", "epoch", "trial", "sample"),
        "cluster": ("cluster",),
    },
    names=("model", "item", "cluster"),
)


def with_labels(
    frame: pl.DataFrame, roles: Mapping[str, str], labels: pl.DataFrame, named: Names
) -> tuple[pl.DataFrame, str]:
    """Return the answers with the labels of another table as the column `human`, matched by item, and by
    model and attempt if both have them.

    Several labels of one answer are averaged. DataError if no column identifies matching rows, or none match.
    """
    shared = {role: names for role, names in named.items() if role == "human" or names[0] in labels.columns}
    there = VERDICTS.columns(labels, shared)
    key = [role for role in KEY if role in roles and role in there]
    if "item" not in key or "human" not in there:
        lacking = "item" if "item" not in key else "label"
        raise DataError(
            f"labels can't be matched: no column for the {lacking} in "
            f"{'both tables' if lacking == 'item' else 'the second table'}",
            remedy=(
                "Name columns with `columns`: item and model identify the answer of a label, "
                "human is the label."
            ),
        )
    labelled = labels.select(
        *(texts_of(labels[there[role]], item=role != "model").alias(f"_{role}") for role in key),
        read_column(labels[there["human"]], VERDICT).alias("human"),
    ).drop_nulls("human")
    columns = [f"_{role}" for role in key]
    once = labelled.group_by(columns, maintain_order=True).agg(pl.col("human").mean())
    answers = frame.drop("human", strict=False).with_columns(
        texts_of(frame[roles[role]], item=role != "model").alias(f"_{role}") for role in key
    )
    several = answers.filter(pl.struct(columns).is_duplicated())
    if len(several) and not any(name.lower() in NAMED_JUDGE for name in several.columns):
        first = ", ".join(f"{role} {several[name][0]}" for role, name in zip(key, columns, strict=True))
        raise DataError(
            f"labels can't be matched: several answers have the same {listing(key)} ({first})",
            remedy="Name the column that distinguishes them with `columns`: attempt, or model.",
        )
    joined = answers.join(once, on=columns, how="left", maintain_order="left")
    matched = once.join(answers, on=columns, how="semi")
    note = f"Labels: {plural(len(matched), 'label')} matched by {listing(key)}"
    if len(labelled) > len(once):
        note += f", {plural(len(labelled) - len(once), 'further label')} of the same answers averaged"
    if len(once) > len(matched):
        note += f", {plural(len(once) - len(matched), 'label')} without a judged answer left out"
    return joined.drop(columns), f"{note}."


def side_by_side(frame: pl.DataFrame, human: str) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Make a column per rater if the human is a rater and not a column. Returns the answers, the other
    raters, and the notes.
    """
    name = next((each for each in RATERS if each in frame.columns), "")
    verdict = next((each for each in ("rating", "score") if each in frame.columns), "")
    if not (name and verdict) or human in frame.columns or human not in texts_of(frame[name]).to_list():
        return frame, [], []
    answers, raters, notes = one_row_an_answer(frame, VERDICTS.columns(frame, {}), name, verdict)
    return answers, [rater for rater in raters if rater != human], notes


def one_row_an_answer(
    frame: pl.DataFrame, roles: Mapping[str, str], name: str, verdict: str
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Make a column per judge for verdicts of several judges on one answer. Returns the answers, the judges'
    columns, and the notes.

    Several verdicts of one judge on an answer are averaged. DataError if no column identifies the answer of a
    row.
    """
    if "item" not in roles:
        raise DataError(
            f"{name!r} names several judges, and no column identifies the answer of a row",
            remedy=(
                "Set its column with `columns` as item, or keep one judge with `where`: "
                f"{name}={frame[name][0]}."
            ),
        )
    key = [roles[role] for role in KEY if role in roles]
    if name in key:
        role = next(role for role in KEY if roles.get(role) == name)
        raise DataError(
            f"{name!r} names several judges, and can't be the column of the {role} as well",
            remedy=(
                f"Use another column as {role} with `columns`, or none, or keep one judge with `where`: "
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
    notes = [f"Judges: column `{name}` ({plural(len(judges), 'judge')}), one column each."]
    count = int(np.isfinite(answers.select(taken.values()).to_numpy().astype(float)).sum())
    more = int(told["_verdict"].is_not_null().sum()) - count
    if more > 0:
        notes.append(
            f"{plural(more, 'verdict')} of a judge on an answer that it had judged before "
            "averaged with that one."
        )
    return answers, list(taken.values()), notes


CHANCE = NumberKind(
    what="probability", remedy="Give the probability with which each labelled answer was drawn."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Verdicts (N, J) of J judges, or NaN if one gave none, and labels in [0, 1] (N,), or NaN if there is
    none.

    `models`: of each answer, empty without such a column. `items`, `clusters` (N,): codes, or None without
    such a column. `weights` (N,): how many answers a label represents, or None if the sampling is unknown.
    `human`: the column of the labels, empty without one. `rows`: the original answers.
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
    """Read verdicts and labels. `labels`: a separate table, `probability`: the column of the probability that
    an answer was labelled.

    `labelled`: whether labels are needed. DataError if a column is missing or a cell isn't recognised.
    """
    VERDICTS.refuse_unknown(columns)
    frame = chosen_rows(frame, where)
    one_question(frame)
    copies = copies_note(frame)
    frame, raters, notes = side_by_side(frame, next(iter(columns.get("human", ())), ""))
    columns = {"judge": raters, **columns} if raters else columns
    own = columns if labels is None else {role: names for role, names in columns.items() if role != "human"}
    roles = VERDICTS.columns(frame, own)
    judges = list(columns.get("judge", [roles["judge"]] if "judge" in roles else []))
    if labels is not None:
        frame, matched = with_labels(frame, roles, labels, columns)
        roles["human"] = "human"
        notes.append(matched)
    frame, judges, side_notes = _each_answer_once(frame, roles, judges)
    refuse_lacking(
        [*([] if judges else ["judge"]), *(["human"] if labelled and "human" not in roles else [])],
        frame,
        "Name them with `columns`: judge is the judge's verdict, human the label. Without labels, `howsure "
        "agree` compares judges with each other.",
    )
    verdicts = np.column_stack([figures(frame[known_column(name, frame)], VERDICT) for name in judges])
    kept = np.asarray(np.isfinite(verdicts).any(axis=1))
    values = _labels(frame, roles, kept, labelled=labelled)
    weights = _weights(frame, probability, values)[kept] if probability else None
    frame, verdicts, values = frame.filter(pl.Series(kept)), verdicts[kept], values[kept]
    human = f", {roles['human']} as human" if "human" in roles else ""
    count = int(np.isfinite(values).sum())
    data_notes = [
        f"Data: {plural(len(frame), 'judged answer')}, {count:,} of them with a label.",
        f"Columns: {listing(judges)} as {'judges' if len(judges) > 1 else 'judge'}{human}.",
    ]
    if not kept.all():
        data_notes.append(f"{plural(int((~kept).sum()), 'answer')} without a verdict left out.")
    models, items, clusters = (), None, None
    if "model" in roles:
        models = tuple(texts_of(frame[roles["model"]]).fill_null("(no name)"))
    if "item" in roles:
        item = texts_of(frame[roles["item"]])
        if "attempt" in roles:
            texts = pl.format("{}\x00{}", item, texts_of(frame[roles["attempt"]]))
            item = frame.select(item=texts)["item"]
        items = coded(item)[0]
    by = _cluster_column(frame, roles, cluster)
    cluster_notes = []
    if by:
        clusters = coded(texts_of(frame[by]))[0]
        by_how_many = plural(frame[by].n_unique(), "cluster")
        cluster_notes = [
            f"Clusters: column `{by}` ({by_how_many}); `cluster='none'` treats answers as independent."
        ]
    return Verdicts(
        judges=tuple(judges),
        verdicts=verdicts,
        labels=values,
        models=models,
        items=items,
        clusters=clusters,
        weights=weights,
        human=roles.get("human", ""),
        rows=frame,
        notes=(*data_notes, *notes, *side_notes, *copies, *cluster_notes),
    )


def _are_verdicts(column: pl.Series) -> bool:
    """Return whether all words in a column are verdicts."""
    try:
        read_column(column, VERDICT)
    except DataError:
        return False
    return True


def _each_answer_once(
    frame: pl.DataFrame, roles: Mapping[str, str], judges: list[str]
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Turn one row per answer and judge into one row per answer, if a column names the judge."""
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


def _labels(frame: pl.DataFrame, roles: Mapping[str, str], kept: Bools, *, labelled: bool) -> Floats:
    """Return the labels (N,), in [0, 1], of the answers that are kept."""
    if "human" not in roles:
        return np.full(len(frame), np.nan)
    labels = np.where(kept, figures(frame[roles["human"]], VERDICT), np.nan)
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
            remedy="Labels are 0 or 1, or fractions between: convert them to that scale.",
        )
    return labels


def _weights(frame: pl.DataFrame, name: str, labels: Floats) -> Floats:
    """Return how many answers each label represents, 1 over the probability that it was drawn (N,)."""
    chance = figures(frame[known_column(name, frame)], CHANCE)
    bad = np.isfinite(labels) & ~((chance > 0) & (chance <= 1))
    if bad.any():
        raise DataError(
            f"{plural(int(bad.sum()), 'label')} without a probability above 0 and up to 1 in {name!r} (row "
            f"{bad.argmax() + 1:,})",
            remedy="Give the probability with which each labelled answer was drawn.",
        )
    return np.where(np.isfinite(labels), 1 / np.where(chance > 0, chance, 1.0), 0.0)


def _cluster_column(frame: pl.DataFrame, roles: Mapping[str, str], asked: str | None) -> str:
    """Return the column of clusters of answers: the requested one, else `cluster`, else the item if several
    answers share one, or "" for none.
    """
    if asked == NO_CLUSTERS:
        return ""
    if asked is not None:
        return known_column(asked, frame)
    if "cluster" in roles:
        return roles["cluster"]
    item = roles.get("item", "")
    return item if item and frame[item].n_unique() < len(frame) else ""
