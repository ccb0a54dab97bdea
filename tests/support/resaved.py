"""Files of JSON saved again by another program: the same values, with other spaces and another order of keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

JSON, LINES = (".json",), (".jsonl", ".ndjson")


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(each) for key, each in reversed(value.items())}
    return [_reversed(each) for each in value] if isinstance(value, list) else value


WAYS: Mapping[str, Callable[[Any], str]] = {
    "sorted": lambda value: json.dumps(value, sort_keys=True),
    "reversed": lambda value: json.dumps(_reversed(value)),
    "compact": lambda value: json.dumps(value, separators=(",", ":")),
    "escaped": lambda value: json.dumps(value).replace("/", r"\/"),  # as pandas writes it
    "indented": lambda value: json.dumps(value, indent=2),
}


def saved_again(path: Path, *, by_line: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each way of saving a file again with its text; nothing of a file that isn't whole JSON. `by_line`: it has lines whatever it is called."""
    values = _values(path)
    for way, text in WAYS.items() if values else ():
        if len(values) == 1 and path.suffix in JSON and not by_line:
            yield way, text(values[0])
        elif way != "indented":
            yield way, "".join(text(value) + "\n" for value in values)


def _values(path: Path) -> list[Any]:
    if path.suffix not in (*JSON, *LINES):
        return []
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return []
    for parts in ([text], [line for line in text.splitlines() if line.strip()]):
        try:
            return [json.loads(part) for part in parts]
        except ValueError:
            continue
    return []
