"""The verb head_to_head: which of two models is better, from pairwise votes?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.inference.head_to_head import two_voted
from howsure.options.table import checked
from howsure.readers.votes import id_columns, read_votes
from howsure.verbs.tables import table_of, with_notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.head_to_head import HeadToHead
    from howsure.statistics.choices import Ties, WinnerIs

    Names = str | Sequence[str]


def head_to_head(
    data: Any,
    a: str,
    b: str,
    *,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: Names | None = None,
    weight: str | None = None,
    covariate: Names | None = None,
    ties: Ties = "half",
    against: Names | None = None,
    level: float = 0.95,
    winner_is: WinnerIs | None = None,
) -> HeadToHead:
    """Say which of two models is better, from all votes of their pool, and what their own votes say.

    Strengths, scores and errors are those of [`arena`][howsure.arena] (Bradley and Terry 1952). Votes with
    third models count as well: who beats one that the other loses to is likely to beat it. Votes between the
    two stand beside it, by themselves.

    Args:
        data: A table of votes as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data
            frame: one row a vote.
        a: The first model, by its name or the part after its last slash.
        b: The second model.
        columns: The column of a role: {"model_a": …, "model_b": …, "winner": …, "voter": …}. None goes by the
            usual names.
        where: Keep only rows with this value in a column.
        cluster: The columns by which votes hang together, one or two; "none" takes each vote by itself. None
            takes who voted, where a column says it.
        weight: The column with the weight of each vote. None weighs all alike.
        covariate: What answers shall be alike in, as `arena` has it.
        ties: What a tie is: "half" a win of each, or an outcome of its own as "davidson" (1970) or
            "rao-kupper" (1967) have it.
        against: The models that scores are against. None takes all others.
        level: The confidence level.
        winner_is: What a winner is where it could be both: the "name" of a model, or a "side" such as a, left
            or 1. None tells by the values, and refuses where these could be both.

    Returns:
        HeadToHead: The difference of the expected scores, what a is expected to get against b, and their
            votes against each other.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If a column is missing, a winner can't be understood, or no vote connects the two.
        MethodError: If votes don't settle the effect of a covariate.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> votes = [{"model_a": "x", "model_b": "y", "winner": "model_a", "voter": k} for k in range(30)]
        >>> votes += [{"model_a": "y", "model_b": "x", "winner": "model_a", "voter": k} for k in range(10)]
        >>> answer = head_to_head(pl.DataFrame(votes), "x", "y")
        >>> round(answer.chance, 2), answer.better, answer.met.wins
        (0.75, 'x', 30)
    """
    asked = checked(
        "head_to_head",
        columns={} if columns is None else columns,
        where={} if where is None else where,
        cluster=cluster,
        weight=weight,
        covariate=() if covariate is None else covariate,
        winner_is=winner_is,
    )
    two = checked("head_to_head", a=a, b=b, ties=ties, against=against, level=level)
    names = id_columns(asked["columns"]).union(asked["cluster"] or ())
    rows, notes = table_of(data, names)
    table = with_notes(read_votes(rows, **asked), notes)
    return two_voted(table, two["a"], two["b"], two["ties"], two["against"] or (), level=two["level"])
