"""How a value that is no text is written as one, so that 1, 1.0 and "1" are the same, and true and "true"."""

from __future__ import annotations

import json
from typing import Any

from howsure.readers.records import whole_text

EXACT = 2.0**53
"""Up to here a float stands for one whole number."""


def plain_text(value: Any) -> str:
    """Write a value as a text; what has parts is written as JSON.

    >>> [plain_text(value) for value in (1, 1.0, "1", 1.5, True, [1])]
    ['1', '1', '1', '1.5', 'true', '[1]']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if isinstance(value, (dict, list)):
        return whole_text(json.dumps(value, sort_keys=True, default=str))
    return whole_text(str(value))
