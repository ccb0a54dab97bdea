"""Words that stand where nobody gave a value."""

from __future__ import annotations

BLANK = frozenset({"", "-", "na", "n/a", "nan", "null", "skip", "skipped"})
"""What isn't a value whatever the values are, in lower case."""
NONE = "none"
"""A word of its own on a scale of words, such as none, mild and severe; nothing among numbers."""
NOTHING = BLANK | {NONE, "unknown", "invalid", "error"}
"""What isn't a value where only some words are, such as verdicts and winners."""
