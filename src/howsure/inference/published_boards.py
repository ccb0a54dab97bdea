"""Published scores put together board by board, and the error that each may claim: the stated one, else the
binomial of a share.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution
from howsure.statistics import intervals
from howsure.statistics import rates as methods
from howsure.study.notes import lower_note, unsaid
from howsure.table.names import is_burden
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.table.scores import Published, Scores

    Key = tuple[str, str]


_TEMPLATE = re.compile(r"(?<![A-Za-z0-9])(example|template)(?![A-Za-z0-9])", re.IGNORECASE)


def boards_of(published: Iterable[Published]) -> dict[Key, list[Published]]:
    """Return the scores by task and metric, each marked as `scaled` where every score of its board is a
    share.

    One score above 1 on an unknown scale says that its neighbours are no shares either. A standard error of 0
    is taken as not stated.
    """
    boards: dict[Key, list[Published]] = {}
    for score in published:
        boards.setdefault((score.task, score.metric), []).append(_believed(score))
    return {key: _marked(board) for key, board in boards.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """The boards whose smaller scores are better, and what is said of that; a caution where a name leaves it
    open.
    """

    lower: frozenset[Key]
    notes: tuple[str, ...]
    cautions: tuple[Caution, ...]


def directions_of(boards: Iterable[Key], scores: Scores, said: bool | None) -> Directions:
    """Return the direction of every board: what the user says, else what the logs say."""
    keys = list(boards)
    stated = {
        key
        for key in keys
        if any(fact.task == key[0] and key[1] in fact.lower_is_better for fact in scores.facts)
    }
    lower = stated if said is None else set(keys) if said else set()
    note = lower_note([key for key in keys if key in lower], len(keys))
    open_ = [" · ".join(key) for key in keys if said is None and key not in stated and is_burden(key[1])]
    return Directions(lower=frozenset(lower), notes=(note,) if note else (), cautions=tuple(unsaid(open_)))


def _believed(score: Published) -> Published:
    return score if states_error(score) or score.stderr is None else replace(score, stderr=None)


def states_error(score: Published) -> bool:
    """Say whether a standard error is stated that can be one; 0 is what a table holds where nobody computed
    it.
    """
    return score.stderr is not None and score.stderr > 0


def _marked(board: Sequence[Published]) -> list[Published]:
    shares = all(score.scaled or 0 <= score.score <= 1 for score in board)
    return [replace(score, scaled=shares) for score in board]


def has_error(score: Published) -> bool:
    """Say whether a score of a board has an error: a stated one, or a number of questions behind a share."""
    return score.stderr is not None or (score.n is not None and _is_share(score))


def stated_or_binomial(score: Published) -> float:
    """Return the standard error that a score of a board states, else the binomial one of a share; NaN where
    it has none.
    """
    if score.stderr is not None:
        return score.stderr
    rate = score.score if _is_share(score) else math.nan
    return float(methods.binomial_se(np.array(rate), np.array(math.nan if score.n is None else score.n)))


def limits(score: Published, se: float, level: float) -> tuple[float, float]:
    """Return the interval of a score of a board with this standard error; NaN where it has none."""
    if not math.isfinite(se):
        return math.nan, math.nan
    if score.n is None or not _is_share(score):
        half = float(intervals.t_quantile(level, math.inf)) * se
        return score.score - half, score.score + half
    return methods.score_interval(score.score, score.n, se, level)


def _is_share(score: Published) -> bool:
    return score.scaled and 0 <= score.score <= 1


def without_copies(published: Iterable[Published]) -> list[Published]:
    """Return the scores without those that say of a model, and of the same run, what one before says,
    wherever they stand.
    """
    return list({_said(score): score for score in reversed(list(published))}.values())[::-1]


def _said(score: Published) -> tuple[object, ...]:
    named = score.task, score.metric, score.model
    return *named, score.run, score.score, score.n, score.stderr, frozenset(score.took.items())


def without_templates(
    published: Sequence[Published], named: Iterable[str]
) -> tuple[list[Published], list[Caution]]:
    """Leave out scores of models that are called EXAMPLE or TEMPLATE, by a whole word, from boards with two
    others; `named` are kept.
    """
    others = Counter((score.task, score.metric) for score in published if not _TEMPLATE.search(score.model))
    kept = {*named}
    left = [
        score
        for score in published
        if _TEMPLATE.search(score.model) and score.model not in kept and others[score.task, score.metric] > 1
    ]
    if not left:
        return list(published), []
    models = list(dict.fromkeys(score.model for score in left))
    caution = Caution(
        code="templates_left_out",
        message=f"{listing(models)}: by the name an example or a template, not ranked",
        remedy=f"If it is a model, name it with those that it is compared with: `model={models[0]!r}`.",
    )
    return [score for score in published if score not in left], [caution]


def named_apart(board: Sequence[Published]) -> list[Published]:
    """Return the scores of a board with names that come twice numbered."""
    seen: Counter[str] = Counter()
    named = []
    for score in board:
        seen[score.model] += 1
        again = seen[score.model]
        named.append(score if again == 1 else replace(score, model=f"{score.model} ({again})"))
    return named
