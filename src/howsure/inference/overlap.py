"""Two models that share a part of their items: what all items say, and whether shared ones differ from the
others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import AllItems
from howsure.errors import Caution, OptionError
from howsure.statistics.overlap import unlike
from howsure.study.design import of_new_clusters
from howsure.wording import Scale, level_text, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.inference.question import Question
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix

UNLIKE_ITEMS, MOST_NOTES = "shared_items_differ", 3
FEW = 0.5
"""Fewer shared items than this part of a model's call for the answer of all."""


def for_overlap(overlap: str, design: Design) -> Design:
    """Return a design that fits: all items are combined as draws of new clusters. OptionError for these
    questions, these clusters, covariates.
    """
    if overlap == "shared":
        return design
    if design.population not in (None, "new-clusters"):
        raise OptionError(
            f"overlap={overlap!r} takes shared and other items for draws from the same questions",
            remedy="Leave `population` or `overlap` out.",
        )
    if design.covariate:
        raise OptionError(
            f"overlap={overlap!r} and a covariate are two ways to use more items than the shared ones",
            remedy="Leave one out.",
        )
    return of_new_clusters(design)


def with_all_items(pair: Comparison, matrix: ScoreMatrix, question: Question) -> Comparison:
    """Return a comparison of few shared items with what all items say beside it."""
    shared = pair.wins + pair.losses + pair.ties
    fullest = shared + max(pair.n_only_a, pair.n_only_b)
    usual = question.method in (None, "score", "t") and question.population.of(matrix).name == "new-clusters"
    if question.overlap != "shared" or not usual or not 0 < shared < FEW * fullest:
        return pair
    found = question.population.pair(
        matrix, pair.a, pair.b, replace(question, overlap="combine", margin=None)
    )
    return replace(
        pair,
        combined=AllItems(
            a_mean=found.a_mean, b_mean=found.b_mean, estimate=found.difference, p_value=found.p_value
        ),
        cautions=(*pair.cautions, *unlike_cautions(matrix, pair.a, pair.b)),
    )


def all_items_notes(pairs: Sequence[Comparison]) -> tuple[str, ...]:
    """Say what all items say of pairs that share few, for a gate that decides on the shared ones; nothing of
    more than a few.
    """
    found = [_all_items_note(pair, pair.combined) for pair in pairs if pair.combined is not None]
    return tuple(found) if len(found) <= MOST_NOTES else ()


def _all_items_note(pair: Comparison, all_items: AllItems) -> str:
    scale, interval = Scale(percent=pair.percent), all_items.estimate.interval
    task = f"{pair.task}: " if pair.task else ""
    return (
        f"{task}on all items of both the difference would be {scale.difference(all_items.estimate.value)}, "
        f"the {level_text(interval.level)} interval "
        f"{scale.interval(interval.low, interval.high)}{scale.unit} (p {p_text(all_items.p_value)}); this "
        "isn't what decides."
    )


def unlike_of(pairs: Sequence[Comparison]) -> list[Caution]:
    """Return what compare warns of where shared items differ from the others, with the task where there are
    several.
    """
    found = [(pair.task, each) for pair in pairs for each in pair.cautions if each.code == UNLIKE_ITEMS]
    named = len(pairs) > 1
    return [
        replace(each, message=f"{task}: {each.message}") if named and task else each for task, each in found
    ]


def unlike_cautions(matrix: ScoreMatrix, a: str, b: str) -> list[Caution]:
    """Warn of a model that scores differently on the items that both answered than on those that it has
    alone.
    """
    columns = [matrix.values[:, matrix.column(model)] for model in (a, b)]
    both = np.asarray(~np.isnan(columns).any(axis=0))
    scale, found = Scale(percent=matrix.bounded), []
    for model, x in zip((a, b), columns, strict=True):
        seen = unlike(x, both, matrix.weights, matrix.clusters)
        if seen is not None and seen.beyond_noise:
            found.append(
                f"{model} scores {scale.score(seen.shared)} on the {plural(seen.n_shared, 'item')} that "
                f"both answered and {scale.score(seen.alone)} on the {seen.n_alone:,} that it alone has (p "
                f"{p_text(seen.p_value)})"
            )
    if not found:
        return []
    return [
        Caution(
            code=UNLIKE_ITEMS,
            message=(
                f"{'; '.join(found)}: which items are shared isn't chance, and all items together may mislead"
            ),
            remedy="Run both on the same items.",
        )
    ]
