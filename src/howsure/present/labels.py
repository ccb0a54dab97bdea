"""Short names: the middle of long ones is cut, and all stay distinct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.render.terminal import shorten
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LABEL = 36
"""The number of characters of a name on an axis."""


def labels(names: Iterable[str], width: int = LABEL) -> list[str]:
    """Return names as shown on an axis: made harmless, long ones cut in the middle, and all distinct.

    >>> labels(["a", "organisation/model-large"], 12)
    ['a', 'organi…large']
    """
    shown = [visible(name) for name in names]
    cut = _unless_alike([shorten(name, width) for name in shown], lambda k: shown[k])
    return _unless_alike(cut, lambda k: f"{shown[k]} ({k + 1})")


def _unless_alike(texts: list[str], other: Callable[[int], str]) -> list[str]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return [text if counts[text] == 1 else other(k) for k, text in enumerate(texts)]
