"""Words in cells, in lower case: what stands for right and wrong, and what for nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = frozenset(("", "na", "n/a", "#n/a", "null", "none", "nan", "-", "–", "—"))
"""Texts that say that nothing stands there."""
NONE = "none"
"""The one of them that is a word of its own on a scale of words, such as none, mild and severe."""
UNDECIDED = frozenset(("skip", "skipped", "unknown", "invalid", "error"))
"""Words for no verdict and no winner, where only some words are one."""

WORDS: Mapping[str, float] = {
    **dict.fromkeys(("c", "correct", "true", "yes", "y", "pass", "passed", "resolved", "good", "right"), 1.0),
    **dict.fromkeys(
        ("i", "incorrect", "false", "no", "n", "fail", "failed", "unresolved", "bad", "wrong"), 0.0
    ),
    **dict.fromkeys(("p", "partial"), 0.5),
}
"""What a score or a verdict written as a word means (C, I, P, N are Inspect's letters)."""
