"""Two models that share a part of their items: whether the shared ones differ from the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution
from howsure.statistics.overlap import unlike
from howsure.wording import Scale, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.study.matrix import ScoreMatrix

UNLIKE_ITEMS = "shared_items_differ"
FEW = 0.5
"""Shared items that are fewer than this part of a model's are held beside the others."""


def with_unlike_items(pair: Comparison, matrix: ScoreMatrix) -> Comparison:
    """Return a comparison of few shared items with a warning where these differ from the models' other
    items.
    """
    shared = pair.wins + pair.losses + pair.ties
    if not 0 < shared < FEW * (shared + max(pair.n_only_a, pair.n_only_b)):
        return pair
    return replace(pair, cautions=(*pair.cautions, *unlike_cautions(matrix, pair.a, pair.b)))


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
