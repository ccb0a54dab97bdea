"""The verb judge: what a judge's rate is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError
from howsure.inference.judge import rates
from howsure.inference.judged_panel import Asked
from howsure.options.kinds import PROBABILITY
from howsure.options.table import checked
from howsure.readers.verdicts import id_columns, read_verdicts
from howsure.study.models import resolve
from howsure.verbs.tables import table_of, with_notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.judge import JudgeRates
    from howsure.readers.verdicts import Verdicts

    Names = str | Sequence[str]


def judge(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    human: str | None = None,
    labels: Any = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: str | None = None,
    labels_drawn: str = "unknown",
    at_least: float | None = None,
    margin: float | None = None,
    level: float = 0.95,
) -> JudgeRates:
    """Correct a judge's rate with labels of a few of the answers, and say whether the judge is too kind or
    too strict.

    Answers are parted by what the judge said, which is known of all; the labels say how often it is right in
    each part (post-stratification; with a yes-or-no judge the prediction-powered estimate of Angelopoulos,
    Duchi and Zrnic 2023 with its best weight). Parts are put together as small tasks are, so that the
    interval holds with ten labels, and where all of them agree. Answers of one cluster may hang together
    (CR2; Bell and McCaffrey 2002). Two models are compared on items with labels of both, where most labels
    are of such.

    Args:
        data: A table with one row an answer as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths,
            or a data frame: the judge's verdict, and a label where there is one. Or an export of Label
            Studio, Argilla or Prodigy, or logs of a harness, whose scorers are judges. Numbers, truth values,
            and words such as yes, no, C, I, pass, fail are understood. Several judges are several columns, or
            rows of one answer that a column names the judge of.
        a: The first model of a difference, or the one that `at_least` is about.
        b: The second model: how far is a ahead of it, or behind?
        human: The column of the labels, or the rater whose ratings they are. None goes by the usual names.
        labels: A second table, as a path or a data frame, that has the labels: matched by item, and by model
            where both tables name it.
        columns: The column of a role: {"judge": …, "human": …, "model": …, "item": …, "attempt": …}; judge
            may have several. None goes by the usual names.
        where: Keep only rows with this value in a column.
        cluster: The column by which answers hang together: a document, a conversation. None takes one named
            cluster, else the item where several answers are to one; "none" takes each answer by itself.
        labels_drawn: How the labelled answers were chosen: at "random", with a "probability:COLUMN" that a
            column has, by "convenience" (whatever was at hand), or "unknown", which the answer then says.
        at_least: Ask for a corrected rate of at least this: 0.7. Needs labels drawn at random, or with known
            probabilities.
        margin: Ask that a is not worse than b by more than this.
        level: The confidence level of each interval, of all rank intervals together, and how sure a verdict
            has to be.

    Returns:
        JudgeRates: The judge's rate, the corrected one and the labels' own, of all answers and of each model;
            how often each judge is right; the difference of a and b; the verdict.

    Raises:
        OptionError: If an option has a value that it can't have, or a verdict is asked for and nothing is
            known of how labels were drawn.
        DataError: If a column is missing, a verdict can't be understood, or there is no label.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> verdicts = pl.DataFrame({"judge": [1] * 80 + [0] * 20, "human": [1] * 24 + [0] * 8 + [None] * 48 + [0] * 8 + [None] * 12})
        >>> found = judge(verdicts, labels_drawn="random").whole
        >>> found.judge, round(found.estimate.value, 2), found.bias_interval.low > 0
        (0.8, 0.6, True)
    """
    named = checked(
        "judge",
        human=human,
        labels=labels,
        columns={} if columns is None else columns,
        where={} if where is None else where,
        cluster=cluster,
    )
    given = checked(
        "judge", a=a, b=b, labels_drawn=labels_drawn, at_least=at_least, margin=margin, level=level
    )
    _refuse(given)
    roles = {**named["columns"], **({"human": (named["human"],)} if named["human"] else {})}
    names = id_columns(roles) | {named["cluster"]}
    rows, notes = table_of(data, names, logs=True)
    labels, more = (None, []) if named["labels"] is None else table_of(named["labels"], names)
    table = read_verdicts(
        rows,
        columns=roles,
        where=named["where"],
        cluster=named["cluster"],
        probability=given["labels_drawn"].removeprefix(PROBABILITY)
        if given["labels_drawn"].startswith(PROBABILITY)
        else "",
        labels=labels,
    )
    return rates(with_notes(table, [*notes, *more]), _asked(table, given))


def _refuse(given: Mapping[str, Any]) -> None:
    """Raise OptionError where options don't go together, or a verdict would rest on labels of which nothing
    is known.
    """
    floor, margin, drawn = given["at_least"], given["margin"], given["labels_drawn"]
    if margin is not None and (floor is not None or given["a"] is None or given["b"] is None):
        raise OptionError("margin is about two models, and no floor", remedy="Name them with `a` and `b`.")
    if floor is not None and given["b"] is not None:
        raise OptionError("at_least is about one model", remedy="Leave `b` out.")
    if given["b"] is not None and given["a"] is None:
        raise OptionError("b is given, and a isn't", remedy="Name the first model with `a`.")
    if given["a"] is not None and given["b"] is None and floor is None:
        raise OptionError(
            "a is given, and b isn't", remedy="Name the second model with `b`, or ask for `at_least`."
        )
    if (floor is not None or margin is not None) and drawn in ("unknown", "convenience"):
        name = "at_least" if floor is not None else "margin"
        raise OptionError(
            f"`{name}={given[name]!r}` decides by labels that were drawn at random, and "
            f"`labels_drawn={drawn!r}`",
            remedy=(
                "Write `labels_drawn='random'` or `labels_drawn='probability:COLUMN'` if they were; else "
                "draw some with `plan_labels`."
            ),
        )


def _asked(table: Verdicts, given: Mapping[str, Any]) -> Asked:
    """Return what is asked, with the full names of models."""
    names = sorted(set(table.models))
    models = {
        name: None if given[name] is None else resolve(given[name], names, parts=True) for name in ("a", "b")
    }
    if models["a"] is not None and models["a"] == models["b"]:
        raise OptionError(f"a and b are both {models['a']}", remedy="Name two models.")
    return Asked(
        drawn=given["labels_drawn"],
        level=given["level"],
        at_least=given["at_least"],
        margin=given["margin"],
        **models,
    )
