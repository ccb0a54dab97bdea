"""The plan of labels: how many a judge's corrected rate takes, and of which answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError
from howsure.inference.plan_labels import LabelsQuestion, planned
from howsure.options.table import checked
from howsure.readers.verdicts import VERDICTS, read_verdicts
from howsure.study.models import resolve
from howsure.verbs.read import table_of, with_notes
from howsure.writing import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.plan_labels import LabelPlan

    Names = str | Sequence[str]


def plan_labels(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    within: float | None = None,
    n_labels: int | None = None,
    human: str | None = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    labels_drawn: str = "unknown",
    judge_right: float = 0.8,
    cost_label: float | None = None,
    cost_judge: float | None = None,
    budget: float | None = None,
    queue: str | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> LabelPlan:
    """Plan how many labels a judge's corrected rate takes, and draw the answers to be labelled with known
    probabilities.

    Answers are parted by what the judges say, and labels shared out so that the parts they leave the most
    open get the most (Neyman 1934): those on which several judges disagree. The queue has every answer, those
    to be labelled first, with its `probability` and an empty `label`; filled in, it is what
    [`judge`][howsure.judge] reads, with labels_drawn="probability:probability".

    Args:
        data: A table of verdicts as `judge` reads it; labels needn't be there.
        a: The first of two models, to plan their difference: items are drawn, and both answers to them
            labelled. None plans the rate of all answers.
        b: The second.
        within: The give or take that is asked for: 0.03 for three points.
        n_labels: So many labels in all, in place of a give or take.
        human: The column of labels that there are. None goes by the usual names.
        columns: The column of a role: {"judge": …, "human": …}; judge may have several. None goes by the
            usual names.
        where: Keep only rows with this value in a column.
        labels_drawn: How labels that there are were drawn: at "random", and they count with the new ones;
            else they only tell what to expect.
        judge_right: How often judges are assumed to be right where they agree, as far as no label tells.
        cost_label: The price of a label, in any unit.
        cost_judge: The price of a verdict. With both, the plan says how many answers to judge and to label
            for the least money.
        budget: What may be spent in all, in place of `within`, for that.
        queue: The path of a CSV file to write the answers to.
        level: The confidence level.
        seed: The seed of the draw.

    Returns:
        LabelPlan: The labels of each part of the answers, the give or take that is expected, and what labels
            alone would take.

    Raises:
        OptionError: If an option has a value that it can't have, or neither `within` nor `n_labels` is given,
            or both.
        DataError: If a column is missing, or a verdict can't be understood.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> verdicts = pl.DataFrame({"item": range(1000), "judge": [1] * 700 + [0] * 300})
        >>> found = plan_labels(verdicts, within=0.05)
        >>> found.n_labels, found.labels_alone, [part.n_labels for part in found.strata]
        (286, 363, [86, 200])
    """
    read = checked(
        "plan_labels",
        human=human,
        columns={} if columns is None else columns,
        where={} if where is None else where,
        queue=queue,
    )
    options_given = checked(
        "plan_labels",
        a=a,
        b=b,
        within=within,
        n_labels=n_labels,
        labels_drawn=labels_drawn,
        judge_right=judge_right,
        cost_label=cost_label,
        cost_judge=cost_judge,
        budget=budget,
        level=level,
        seed=seed,
    )
    _refuse(options_given)
    roles = {**read["columns"], **({"human": (read["human"],)} if read["human"] else {})}
    rows, notes = table_of(data, VERDICTS.id_columns(roles), logs=True)
    table = with_notes(
        read_verdicts(rows, columns=roles, where=read["where"], cluster="none", labelled=False), notes
    )
    random = options_given.pop("labels_drawn") == "random"
    names = sorted(set(table.models))
    models = {
        name: resolve(options_given[name], names, parts=True)
        for name in ("a", "b")
        if options_given[name] is not None
    }
    plan, rows = planned(table, LabelsQuestion(random=random, **(options_given | models)))
    if read["queue"] is None:
        return plan
    write(rows.write_csv(), read["queue"])
    return replace(plan, queue=read["queue"])


def _refuse(options_given: Mapping[str, Any]) -> None:
    """Raise OptionError where options don't go together."""
    if (options_given["within"] is None) == (options_given["n_labels"] is None):
        raise OptionError(
            "either a goal or a number of labels is needed, and not both",
            remedy="Give `within` or `n_labels`: `within=0.03` for three points.",
        )
    if (options_given["a"] is None) != (options_given["b"] is None) or (
        options_given["a"] is not None and options_given["a"] == options_given["b"]
    ):
        raise OptionError(
            "a difference is of two models", remedy="Name them with `a` and `b`, or leave both out."
        )
    if (options_given["cost_label"] is None) != (options_given["cost_judge"] is None):
        raise OptionError("one price says nothing", remedy="Give `cost_label` and `cost_judge`.")
    if options_given["budget"] is not None and options_given["cost_label"] is None:
        raise OptionError("a budget needs prices", remedy="Give `cost_label` and `cost_judge`.")
    if options_given["labels_drawn"] not in ("random", "unknown", "convenience"):
        raise OptionError(
            f"labels_drawn={options_given['labels_drawn']!r} can't be drawn further from",
            remedy=(
                "Plan the labels of these answers at once, or say 'random' where earlier ones were drawn so."
            ),
        )
