"""The function head_to_head: which of two models is better, from pairwise votes?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.head_to_head import DirectVotes, HeadToHead
from howsure.answers.settings import of_options
from howsure.errors import DataError, OptionError
from howsure.inference.voting import VOTED
from howsure.options.table import checked
from howsure.statistics.bradley_terry import moved_apart
from howsure.statistics.results import Estimate, Interval
from howsure.statistics.vote_errors import vote_moments
from howsure.statistics.votes import tie_rule
from howsure.study.models import resolve
from howsure.verbs.arena import (
    CALM,
    board_warnings,
    no_calmer,
    pools_of,
    score_interval,
    score_note,
    votes_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.inference.voting import VotePool
    from howsure.statistics.arrays import Bools
    from howsure.statistics.choices import Ties, WinnerIs
    from howsure.statistics.vote_errors import VoteMoments

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
    """Test which of two models is better, from all votes of their pool, and show the result of their own
    votes.

    Strengths, scores and errors are those of [`arena`][howsure.arena] (Bradley and Terry 1952). Votes with
    third models count as well: a model that beats one that the other loses to is likely to beat it. The votes
    between the two are also shown separately.

    Args:
        data: A table of votes as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data
            frame: one row per vote.
        a: The first model, by its name or the part after its last slash.
        b: The second model.
        columns: The column of a role: {"model_a": …, "model_b": …, "winner": …, "voter": …}. None uses the
            usual names.
        where: Keep only rows with this value in a column.
        cluster: The columns by which votes are correlated, one or two. "none" treats votes as independent.
            None uses the voter, if there is such a column.
        weight: The column with the weight of each vote. None weights all equally.
        covariate: What to adjust for, as in `arena`.
        ties: How to count a tie: "half" a win each, or a separate outcome as in "davidson" (1970) or
            "rao-kupper" (1967).
        against: The models that scores are against. None uses all others.
        level: The confidence level.
        winner_is: How to read the winner if it could be both: the "name" of a model, or a "side" such as a,
            left or 1. None infers it from the values, and raises an error if both are possible.

    Returns:
        HeadToHead: The difference of the expected scores, the expected score of a against b, and their votes
            against each other.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If a column is missing, a winner can't be understood, or no vote connects the two.
        MethodError: If the votes don't identify the effect of a covariate.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> votes = [{"model_a": "x", "model_b": "y", "winner": "model_a", "voter": k} for k in range(30)]
        >>> votes += [{"model_a": "y", "model_b": "x", "winner": "model_a", "voter": k} for k in range(10)]
        >>> answer = head_to_head(pl.DataFrame(votes), "x", "y")
        >>> round(answer.win_probability, 2), answer.better, answer.direct_votes.wins
        (0.75, 'x', 30)
    """
    a, b, ties, level = checked("head_to_head", a=a, b=b, ties=ties, level=level).values()
    table, against = votes_of(
        "head_to_head",
        data,
        against,
        columns=columns,
        where=where,
        cluster=cluster,
        weight=weight,
        covariate=covariate,
        winner_is=winner_is,
    )
    a, b = (resolve(name, table.models, parts=True) for name in (a, b))
    if a == b:
        raise OptionError(f"a and b are both {a}", remedy="Choose two models.")
    pool = next(
        (pool for pool in pools_of(table, against, ties) if a in pool.names and b in pool.names), None
    )
    if pool is None:
        raise DataError(
            f"no vote connects {a} and {b}",
            remedy="Collect votes between them, or between models that they met.",
        )
    found = vote_moments(pool.votes, pool.codes, pool.ties, pool=pool.against)
    at = pool.names.index(a), pool.names.index(b)
    difference = _difference(pool, found, at, level)
    chance, interval = _chance(found, pool.against, pool.ties, at, difference.interval)
    return HeadToHead(
        a=a,
        b=b,
        a_score=float(found.values[at[0]]),
        b_score=float(found.values[at[1]]),
        difference=difference,
        p_value=float(found.pairs.p_value[at]),
        win_probability=chance,
        win_probability_interval=interval,
        direct_votes=_met(pool, at, level),
        against=against,
        settings=of_options(level=level, clusters=[way.column for way in table.clusters], asked=cluster),
        notes=(*table.notes, score_note(ties, against)),
        warnings=tuple(board_warnings(pool, found)),
    )


def _difference(pool: VotePool, moments: VoteMoments, at: tuple[int, int], level: float) -> Estimate:
    """Return the difference of two expected scores. If no cluster's votes vary, it has the widest limits that
    this many clusters allow.
    """
    value, se = float(moments.pairs.difference[at]), float(np.sqrt(moments.pairs.variance[at]))
    low, high = (float(limit[at]) for limit in moments.pairs.limits(level, 1.0))
    if se < CALM and math.isfinite(moments.pairs.p_value[at]):
        shares = no_calmer(
            (1 + value) / 2, ((1 + low) / 2, (1 + high) / 2), float(moments.clusters[list(at)].min()), level
        )
        low, high = (2 * share - 1 for share in shares)
    return Estimate(
        value=value,
        se=se,
        interval=Interval(low=low, high=high, level=level),
        df=float(moments.pairs.df[at]),
        n_items=len(pool.votes),
        n_clusters=pool.n_clusters,
        method=VOTED,
    )


def _chance(
    moments: VoteMoments, against: Bools, ties: Ties, at: tuple[int, int], limits: Interval
) -> tuple[float, Interval]:
    """Return the expected score of a against b, with its interval: the scores at the strengths that give the
    limits of the difference.
    """
    gap = moments.fit.log[at[0]] - moments.fit.log[at[1]]
    apart = [moved_apart(moments.fit, against, ties, at, limit) for limit in (limits.low, limits.high)]
    gaps = np.array([gap, gap + apart[0], gap + apart[1]])
    chance, low, high = tie_rule(ties).at(gaps, moments.fit.tie).expected.tolist()
    return chance, Interval(low=low, high=high, level=limits.level)


def _met(pool: VotePool, at: tuple[int, int], level: float) -> DirectVotes | None:
    """Return the fit to the two models' votes against each other alone."""
    pair = pool.of_two(at)
    if pair is None:
        return None
    found, votes, place = vote_moments(pair.votes, pair.codes, "half"), pair.votes, int(at[0] > at[1])
    of_a = np.where(votes.first == place, votes.score, 1 - votes.score)
    order = place, 1 - place
    limits = _difference(pair, found, order, level).interval
    plain = found.extreme.any() or math.isnan(limits.low)
    interval = (
        score_interval(found, place, level)
        if plain
        else _chance(found, pair.against, "half", order, limits)[1]
    )
    return DirectVotes(
        wins=int((of_a == 1).sum()),
        ties=votes.ties,
        losses=int((of_a == 0).sum()),
        split=int((~np.isin(of_a, (0, 1 / 2, 1))).sum()),
        share=float(of_a @ votes.weights / votes.weights.sum()),
        interval=interval,
        n_clusters=pair.n_clusters,
    )
