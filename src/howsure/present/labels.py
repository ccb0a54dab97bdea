"""Short names: the middle of long ones is cut, and all stay distinct."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from howsure.present.render.terminal import shorten
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LABEL = 36
"""The number of characters of a name on an axis."""
NAME = 30
"""The same in a claim and on a card."""


def labels(names: Iterable[str], width: int = LABEL) -> list[str]:
    """Return names as shown on an axis: made harmless, long ones cut in the middle, and all distinct.

    >>> labels(["a", "organisation/model-large"], 12)
    ['a', 'organi…large']
    """
    shown = [visible(name) for name in names]
    cut = _unless_alike([shorten(name, width) for name in shown], lambda k: shown[k])
    return _unless_alike(cut, lambda k: f"{shown[k]} ({k + 1})")


def short_labels(names: Iterable[str], width: int = NAME) -> list[str]:
    """Return distinct names of at most `width` characters, long alike ones from where they differ.

    >>> short_labels(["a-very-long-name-1-of-all-models", "a-very-long-name-2-of-all-models"], 12)
    ['…-name-1-of…', '…-name-2-of…']
    """
    shown = [visible(name) for name in names]
    cut = [shorten(name, width) for name in shown]
    counts = Counter(cut)
    alike = [k for k, text in enumerate(cut) if counts[text] > 1]
    columns = zip(*(shown[k] for k in alike), strict=False)
    shared = next((k for k, column in enumerate(columns) if len(set(column)) > 1), 0)
    for k in alike:
        rest = shown[k][max(shared - width // 2, 0) :]
        cut[k] = f"…{rest}" if len(rest) < width else f"…{rest[: width - 2]}…"
    return _unless_alike(cut, lambda k: f"{shorten(shown[k], width - len(str(k)) - 4)} ({k + 1})")


def _unless_alike(texts: list[str], other: Callable[[int], str]) -> list[str]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return [text if counts[text] == 1 else other(k) for k, text in enumerate(texts)]
