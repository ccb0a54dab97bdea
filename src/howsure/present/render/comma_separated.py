"""CSV: one line per record. Text that a spreadsheet would run as a formula gets a leading apostrophe, control
characters are shown.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from howsure.present.render.visible import visible

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the full-width signs, which some spreadsheets treat as the others."""


def render(records: list[dict[str, Any]]) -> str:
    """Return the records as CSV. A missing number is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(records[0]) if records else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in record.items()} for record in records)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = visible(value)
    return (
        "'" + text if value.startswith(FORMULA_STARTS) or value.lstrip().startswith(FORMULA_STARTS) else text
    )
