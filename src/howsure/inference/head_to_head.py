"""Two models of a pool of votes: the difference of their expected scores, and what their own votes say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.head_to_head import HeadToHead, Met
from howsure.errors import DataError, OptionError
from howsure.inference.arena import CALM, board_cautions, no_calmer, pools_of, score_interval, taken
from howsure.inference.voting import VOTED
from howsure.statistics.bradley_terry import moved_apart
from howsure.statistics.results import Estimate, Interval
from howsure.statistics.vote_errors import vote_moments
from howsure.statistics.votes import tie_rule
from howsure.study.models import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.voting import Pool
    from howsure.readers.votes import VoteTable
    from howsure.statistics.arrays import Bools
    from howsure.statistics.choices import Ties
    from howsure.statistics.vote_errors import VoteMoments


def two_voted(
    table: VoteTable, a: str, b: str, ties: Ties, against: Sequence[str], *, level: float
) -> HeadToHead:
    """Compare two models of one pool; see `howsure.head_to_head`."""
    a, b = (resolve(name, table.models, parts=True) for name in (a, b))
    if a == b:
        raise OptionError(f"a and b are both {a}", remedy="Name two models.")
    named = tuple(resolve(name, table.models, parts=True) for name in against)
    pool = next((pool for pool in pools_of(table, named, ties) if a in pool.names and b in pool.names), None)
    if pool is None:
        raise DataError(f"no vote connects {a} and {b}", remedy="Let them, or models that they met, meet.")
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
        chance=chance,
        chance_interval=interval,
        met=_met(pool, at, level),
        against=named,
        notes=(*table.notes, taken(ties, named)),
        cautions=tuple(board_cautions(pool, found)),
    )


def _difference(pool: Pool, found: VoteMoments, at: tuple[int, int], level: float) -> Estimate:
    """Return the difference of two expected scores; where no cluster's votes vary, as far off as so many
    leave possible.
    """
    value, se = float(found.pairs.difference[at]), float(np.sqrt(found.pairs.variance[at]))
    low, high = (float(limit[at]) for limit in found.pairs.limits(level, 1.0))
    if se < CALM and math.isfinite(found.pairs.p_value[at]):
        shares = no_calmer(
            (1 + value) / 2, ((1 + low) / 2, (1 + high) / 2), float(found.clusters[list(at)].min()), level
        )
        low, high = (2 * share - 1 for share in shares)
    return Estimate(
        value=value,
        se=se,
        interval=Interval(low=low, high=high, level=level),
        df=float(found.pairs.df[at]),
        n_items=len(pool.votes),
        n_clusters=pool.n_clusters,
        method=VOTED,
    )


def _chance(
    found: VoteMoments, against: Bools, ties: Ties, at: tuple[int, int], limits: Interval
) -> tuple[float, Interval]:
    """Return what a would be expected to get against b, and its interval: where the two strengths would give
    the limits of the difference.
    """
    gap = found.fit.log[at[0]] - found.fit.log[at[1]]
    apart = [moved_apart(found.fit, against, ties, at, limit) for limit in (limits.low, limits.high)]
    gaps = np.array([gap, gap + apart[0], gap + apart[1]])
    chance, low, high = tie_rule(ties).at(gaps, found.fit.tie).expected.tolist()
    return chance, Interval(low=low, high=high, level=limits.level)


def _met(pool: Pool, at: tuple[int, int], level: float) -> Met | None:
    """Return what the two models' votes against each other say, fitted by themselves."""
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
    return Met(
        wins=int((of_a == 1).sum()),
        ties=votes.ties,
        losses=int((of_a == 0).sum()),
        between=int((~np.isin(of_a, (0, 1 / 2, 1))).sum()),
        share=float(of_a @ votes.weights / votes.weights.sum()),
        interval=interval,
        n_clusters=pair.n_clusters,
    )
