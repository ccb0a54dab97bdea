"""Two models of a pool of votes: the difference of their expected scores, and what their own votes say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from howsure.answers.head_to_head import HeadToHead, Met
from howsure.errors import DataError, OptionError
from howsure.inference.arena import board_cautions, pools_of, score_interval, taken
from howsure.inference.voting import VOTED
from howsure.statistics.means.intervals import t_quantile
from howsure.statistics.results import Estimate, Interval
from howsure.statistics.votes.clustered import vote_moments
from howsure.statistics.votes.ties import told
from howsure.study.names import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.voting import Pool
    from howsure.readers.votes import VoteTable
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes.clustered import VoteMoments


def two_voted(table: VoteTable, a: str, b: str, ties: Ties, against: Sequence[str], *, level: float) -> HeadToHead:
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
    chance, interval = _chance(found, at, pool.ties, level)
    return HeadToHead(
        a=a,
        b=b,
        a_score=float(found.values[at[0]]),
        b_score=float(found.values[at[1]]),
        difference=_difference(pool, found, at, level),
        p_value=float(found.pairs.p_value[at]),
        chance=chance,
        chance_interval=interval,
        met=_met(pool, at, level),
        against=named,
        notes=(*table.notes, taken(ties, named)),
        cautions=tuple(board_cautions(pool, found)),
    )


def _difference(pool: Pool, found: VoteMoments, at: tuple[int, int], level: float) -> Estimate:
    low, high = found.pairs.limits(level)
    return Estimate(
        value=float(found.pairs.difference[at]),
        se=float(np.sqrt(found.pairs.variance[at])),
        interval=Interval(low=float(low[at]), high=float(high[at]), level=level),
        df=float(found.pairs.df[at]),
        n_items=len(pool.votes),
        n_clusters=pool.n_clusters,
        method=VOTED,
    )


def _chance(found: VoteMoments, at: tuple[int, int], ties: Ties, level: float) -> tuple[float, Interval]:
    """Return what a would be expected to get against b, and its interval: symmetric on the logistic scale, by the pivot of the difference."""
    gap = np.array(found.fit.log[at[0]] - found.fit.log[at[1]])
    chance, pivot = float(told(gap, found.fit.tie, ties).expected), float(found.pairs.t_at(0.0)[at])
    centre = float(special.logit(chance))
    half = abs(centre / pivot) * float(t_quantile(level, float(found.pairs.df[at]))) if pivot else math.nan
    low, high = special.expit([centre - half, centre + half]).tolist()
    return chance, Interval(low=low, high=high, level=level)


def _met(pool: Pool, at: tuple[int, int], level: float) -> Met | None:
    """Return what the two models' votes against each other say, fitted by themselves."""
    members = np.zeros(len(pool.names), dtype=bool)
    members[list(at)] = True
    kept = np.asarray(members[pool.votes.first] & members[pool.votes.second])
    if not kept.any():
        return None
    votes = pool.votes.among(members).plain()
    codes = [np.unique(code[kept], return_inverse=True)[1] for code in pool.codes]
    found, place = vote_moments(votes, codes, "half"), int(at[0] > at[1])
    score = votes.score if place == 0 else 1 - votes.score
    of_a = np.where(votes.first == 0, score, 1 - score)
    return Met(
        wins=int((of_a == 1).sum()),
        ties=votes.ties,
        losses=int((of_a == 0).sum()),
        between=int((~np.isin(of_a, (0, 1 / 2, 1))).sum()),
        share=float(of_a @ votes.weights / votes.weights.sum()),
        interval=score_interval(found, place, level),
        n_clusters=min((int(code.max()) + 1 for code in codes), default=len(votes)),
    )
