"""The verb bias: what a judge favours beside quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.inference.bias import favours
from howsure.options.table import checked
from howsure.readers.votes import choice_id_columns, read_choices
from howsure.verbs.tables import table_of, with_notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.bias import Biases
    from howsure.statistics.choices import WinnerIs

    Names = str | Sequence[str]


def bias(
    data: Any,
    *,
    covariate: Names | None = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    level: float = 0.95,
    winner_is: WinnerIs | None = None,
) -> Biases:
    """Say what a judge favours beside quality when it chooses between two answers: what it was shown first,
    what is longer, its own family.

    Where it is known which answer is better, a favour is how much more often the judge errs towards a kind of
    answer than away from it. Where each pair was shown in both orders, it is how much more often the first is
    picked than the second. These are biases. Elsewhere it is an association: longer answers may be better.
    Intervals are those of `compare`, clustered by item.

    Args:
        data: A table with one row a choice as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or
            a data frame: the winner, and what sets the two answers apart. The winner and the gold are named
            by their columns: 1 or 2, A or B, or a model's name; `swapped` says that the second was shown
            first.
        covariate: What may be favoured, as `arena` has it: `length` in columns `length_a` and `length_b`.
            None takes all pairs of columns of numbers.
        columns: The column of a role: {"winner": …, "gold": …, "swapped": …, "item": …, "judge": …,
            "model_a": …, "model_b": …}. None goes by the usual names.
        where: Keep only rows with this value in a column.
        level: The confidence level of each interval.
        winner_is: What a winner is where it could be both: the "name" of a model, or a "side" such as a, left
            or 1. None tells by the values, and refuses where these could be both.

    Returns:
        Biases: One entry a judge and kind of answer, with its effect, interval and p-value.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If a column is missing, or a winner can't be understood.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> choices = pl.DataFrame({"item": list(range(40)) * 2, "swapped": [False] * 40 + [True] * 40, "winner": [1] * 60 + [2] * 20})
        >>> found = bias(choices).favours[0]
        >>> found.by, round(found.estimate.value, 2), found.flipped
        ('orders', 0.5, 0.5)
    """
    named = checked("bias", columns={} if columns is None else columns, where={} if where is None else where)
    given = checked("bias", covariate=covariate, level=level, winner_is=winner_is)
    rows, notes = table_of(data, choice_id_columns(named["columns"]))
    table = read_choices(rows, **named, covariate=given["covariate"] or (), winner_is=given["winner_is"])
    return favours(with_notes(table, notes), given["level"])
