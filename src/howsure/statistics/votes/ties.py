"""What a vote says of the difference of two strengths, for three ways of taking ties.

- "half": a tie is half a win of each (the quasi-likelihood of a fraction; Papke and Wooldridge 1996).
- "davidson": P(win) : P(tie) : P(loss) = exp(d / 2) : exp(t) : exp(−d / 2) (Davidson 1970).
- "rao-kupper": win and loss are logistic in d − t and −d − t, a tie is what is left (Rao and Kupper 1967).

d is the difference of strengths on the logistic scale, t what makes ties more or less likely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Ties

LEAST = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Arrays of one shape, but for an outcome (win, tie, loss) in front where named so.

    `log` (3, …): the log likelihood of each outcome; `slope`, `tie` (3, …): its derivatives by d and t;
    `information` (3, …): of d, of d with t, and of t, as it is expected; `curvature` (3, 3, …): the same as
    each outcome has it, minus the second derivatives; `expected`: P(win) + P(tie) / 2; `steep`, `flat`: its
    derivatives by d and t.
    """

    log: Floats
    slope: Floats
    tie: Floats
    information: Floats
    curvature: Floats
    expected: Floats
    steep: Floats
    flat: Floats


def told(d: Floats, t: float, ties: Ties) -> Told:
    """Return what the three outcomes say at differences d."""
    return {"half": _half, "davidson": _davidson, "rao-kupper": _rao_kupper}[ties](d, t)


def expected(d: Floats, t: float, ties: Ties) -> tuple[Floats, Floats, Floats]:
    """Return P(win) + P(tie) / 2 at differences d (N,), and its derivatives by d and t: what `told` says,
    without the rest where that is long.
    """
    if ties == "half":
        p = scipy.special.expit(d)
        return p, p * (1 - p), np.zeros(len(d))
    found = told(d, t, ties)
    return found.expected, found.steep, found.flat


def of_votes(d: Floats, t: float, ties: Ties, score: Floats) -> tuple[Floats, Floats]:
    """Return the derivatives of the log likelihood of votes with these scores (N,) by d and t."""
    if ties == "half":
        return score - scipy.special.expit(d), np.zeros(len(d))
    found, shares = told(d, t, ties), outcomes(score)
    return (shares * found.slope).sum(axis=0), (shares * found.tie).sum(axis=0)


def outcomes(score: Floats) -> Floats:
    """Return the shares of win, tie and loss that a score of the first (N,) is made of (3, N): 0.9 is eight
    wins and two ties of ten.
    """
    ahead = 2 * score - 1
    return np.stack([np.maximum(ahead, 0.0), 1 - np.abs(ahead), np.maximum(-ahead, 0.0)])


def _half(d: Floats, _: float) -> Told:
    win, loss = scipy.special.log_expit(d), scipy.special.log_expit(-d)
    p, nothing = scipy.special.expit(d), np.zeros_like(d)
    steep = p * scipy.special.expit(-d)
    information = np.stack([steep, nothing, nothing])
    return Told(
        log=np.stack([win, (win + loss) / 2, loss]),
        slope=np.stack([1 - p, 0.5 - p, -p]),
        tie=np.stack([nothing] * 3),
        information=information,
        curvature=_alike(information),
        expected=p,
        steep=steep,
        flat=nothing,
    )


def _davidson(d: Floats, t: float) -> Told:
    log = scipy.special.log_softmax(np.stack([d / 2, np.full_like(d, t), -d / 2]), axis=0)
    win, tie, loss = np.exp(log)
    ahead = win - loss
    steep, flat = (win + loss - ahead**2) / 4, -tie * ahead / 2
    information = np.stack([steep, flat, tie * (1 - tie)])
    return Told(
        log=log,
        slope=np.stack([(1 - ahead) / 2, -ahead / 2, (-1 - ahead) / 2]),
        tie=np.stack([-tie, 1 - tie, -tie]),
        information=information,
        curvature=_alike(information),
        expected=(1 + ahead) / 2,
        steep=steep,
        flat=flat,
    )


def _rao_kupper(d: Floats, t: float) -> Told:
    win, loss = scipy.special.expit(d - t), scipy.special.expit(-d - t)
    tie = np.maximum(1 - win - loss, LEAST)
    up, down = win * (1 - win), loss * (1 - loss)
    by_d = np.stack([up, down - up, -down])
    by_t = np.stack([-up, up + down, -down])
    p = np.maximum(np.stack([win, tie, loss]), LEAST)
    bent, back = up * (1 - 2 * win), down * (1 - 2 * loss)
    second = np.stack([[bent, -bent - back, back], [-bent, bent - back, back], [bent, -bent - back, back]])
    slope, by_tie = by_d / p, by_t / p
    return Told(
        log=np.log(p),
        slope=slope,
        tie=by_tie,
        information=np.stack(
            [(by_d**2 / p).sum(axis=0), (by_d * by_t / p).sum(axis=0), (by_t**2 / p).sum(axis=0)]
        ),
        curvature=np.stack([slope**2, slope * by_tie, by_tie**2]) - second / p,
        expected=(1 + win - loss) / 2,
        steep=(up + down) / 2,
        flat=(down - up) / 2,
    )


def _alike(information: Floats) -> Floats:
    """Return an information (3, …) that is the same for each outcome (3, 3, …)."""
    return np.broadcast_to(information[:, None], (3, 3, *information.shape[1:]))
