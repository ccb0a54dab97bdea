"""Text from logs made harmless: control, direction and invisible characters are shown instead of obeyed."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # of some scripts, drawn as nothing
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # spaces of no width, joiners, directions
    "\ufe00-\ufe0e\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # variants, beams of music, tags
    "\ud800-\udfff"  # halves of characters
    "]"
)


def visible(text: str) -> str:
    r"""Write invisible characters as escapes: ESC becomes `\x1b`."""
    return _UNSEEN.sub(lambda match: escape(match.group()), text)


def escape(text: str) -> str:
    r"""Write every character as its escape: `\x1b`, `\u202e`, `\U000e0041`."""
    return "".join(map(_escape, map(ord, text)))


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
