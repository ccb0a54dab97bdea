"""The verb judge: what a judge's rate is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.inference.judge import rates
from howsure.options import checked
from howsure.readers.verdicts import read_verdicts
from howsure.verbs.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.judge import JudgeRates
    from howsure.statistics.choices import Drawing

    Names = str | Sequence[str]


def judge(
    data: Any,
    *,
    human: str | None = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    labels_drawn: Drawing = "unknown",
    level: float = 0.95,
) -> JudgeRates:
    """Correct a judge's rate with labels of a few of the answers, and say whether the judge is too kind or too strict.

    Answers are parted by what the judge said, which is known of all; the labels say how often it is right in each part
    (post-stratification; with a yes-or-no judge the prediction-powered estimate of Angelopoulos, Duchi and Zrnic 2023 with its best weight). Parts
    are put together as small tasks are, so that the interval holds with ten labels, and where all of them agree. Answers are assumed independent.

    Args:
        data: A table with one row an answer as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data frame: the judge's verdict, and
            a label where there is one. Numbers, truth values, and words such as yes, no, C, I, pass, fail are understood.
        human: The column of the labels. None goes by the usual names.
        columns: The column of a role: {"judge": …, "human": …, "model": …}. None goes by the usual names.
        where: Keep only rows with this value in a column.
        labels_drawn: How the labelled answers were chosen: at "random", by "convenience" (whatever was at hand), or "unknown", which the answer
            then says.
        level: The confidence level of each interval.

    Returns:
        JudgeRates: The judge's rate, the corrected one and the labels' own, of all answers and of each model.

    Raises:
        OptionError: If an option has a value that it can't have.
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
        "judge", human=human, columns={} if columns is None else columns, where={} if where is None else where
    )
    given = checked("judge", labels_drawn=labels_drawn, level=level)
    roles = {**named["columns"], **({"human": (named["human"],)} if named["human"] else {})}
    table = read_verdicts(table_of(data), columns=roles, where=named["where"])
    return rates(table, given["labels_drawn"], given["level"])
