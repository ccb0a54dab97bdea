"""The verb arena: models ranked by pairwise votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.inference.arena import voted
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.readers.votes import id_columns, read_votes
from howsure.verbs.tables import table_of, with_notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.arena import Arena
    from howsure.options.words import ArenaScale
    from howsure.statistics.choices import Adjustment, Ties, WinnerIs

    Names = str | Sequence[str]


def arena(
    data: Any,
    *,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: Names | None = None,
    weight: str | None = None,
    covariate: Names | None = None,
    ties: Ties = "half",
    against: Names | None = None,
    adjust: Adjustment = "max-t",
    level: float = 0.95,
    top: int | None = None,
    scale: ArenaScale = "score",
    seed: int = 0,
    winner_is: WinnerIs | None = None,
) -> Arena:
    """Rank models by pairwise votes, with error bars that know who voted and a simultaneous interval for
    every rank.

    Strengths are fitted by maximum likelihood (Bradley and Terry 1952). A model's score is what it would be
    expected to get against the other models, each once: P(win) + P(tie) / 2. Its error is that of the
    clusters of votes (CR2 on their influences; Bell and McCaffrey 2002, Huber 1967), so that twenty votes of
    one voter aren't twenty voters. With covariates the fit is a logistic regression on these as well (Agresti
    2013), and scores are those of answers that are alike in them. Pairs, ranks and who could be best are
    those of [`leaderboard`][howsure.leaderboard].

    Args:
        data: A table of votes as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data
            frame: one row a vote.
        columns: The column of a role: {"model_a": …, "model_b": …, "winner": …, "voter": …}. None goes by the
            usual names. That of a covariate: its difference, or the two of first and second.
        where: Keep only rows with this value in a column.
        cluster: The columns by which votes hang together, one or two; "none" takes each vote by itself. None
            takes who voted, where a column says it.
        weight: The column with the weight of each vote: 2 counts as two. None weighs all alike.
        covariate: What answers shall be alike in: a column that holds the first's less the second's, a pair
            such as `length_a` and `length_b` by the name "length", or "position", for who stood first. Each
            is measured in its standard deviation.
        ties: What a tie is: "half" a win of each, or an outcome of its own as "davidson" (1970) or
            "rao-kupper" (1967) have it.
        against: The models that scores are against. None takes all others, so that a newcomer moves every
            score a little.
        adjust: The correction for the number of pairs: "max-t" or "holm" (family-wise error), "bh" (false
            discovery rate), or "none".
        level: The confidence level of each score's interval, and of all rank intervals of a board together.
        top: How many models to display; inference is about all. None displays all.
        scale: What a rendered answer shows first: the "score", or "elo".
        seed: The seed of the sign flips.
        winner_is: What a winner is where it could be both: the "name" of a model, or a "side" such as a, left
            or 1. None tells by the values, and refuses where these could be both.

    Returns:
        Arena: One board for all models that votes connect, best first.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If a column is missing, or a winner can't be understood.
        MethodError: If votes don't settle the effect of a covariate.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> votes = [{"model_a": "x", "model_b": "y", "winner": "model_a", "voter": k} for k in range(30)]
        >>> votes += [{"model_a": "y", "model_b": "x", "winner": "model_a", "voter": k} for k in range(10)]
        >>> board = arena(pl.DataFrame(votes)).boards[0].board
        >>> round(board.entries[0].estimate.value, 2), board.could_be_best
        (0.75, ('x',))
    """
    given = checked("arena", adjust=adjust, level=level, seed=seed)
    asked = checked(
        "arena",
        columns={} if columns is None else columns,
        where={} if where is None else where,
        cluster=cluster,
        weight=weight,
        covariate=() if covariate is None else covariate,
        winner_is=winner_is,
    )
    shown = checked("arena", ties=ties, against=against, top=top, scale=scale)
    names = id_columns(asked["columns"]).union(asked["cluster"] or ())
    rows, notes = table_of(data, names)
    table = with_notes(read_votes(rows, **asked), notes)
    question = Question(population=NEW_CLUSTERS, **given)
    return voted(
        table, question, shown["ties"], shown["against"] or (), top=shown["top"], scale=shown["scale"]
    )
