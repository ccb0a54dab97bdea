"""What a question was, and its right answer, as short names: by these two logs are known to ask the same
under one id.

Only the beginning of a text counts, since summaries cut long ones; ids of messages, which are random, don't.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from howsure.table.scores import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LETTERS = 1_000
"""So many of a text count: logs keep at least these."""
USER, SYSTEM = "user", "system"


def questions(inputs: Iterable[object]) -> list[str | None]:
    """Return a name for each question: a text, or the last turn of the user in a list of messages; None where
    there is neither.
    """
    return list(_names(map(_question, inputs)))


def frame(inputs: Iterable[object]) -> str:
    """Return a short name for the messages that stand before the question in every sample, such as a system
    message; "" where there are none.

    Where these differ from sample to sample, as examples that are drawn do, the system messages alone count.
    """
    given = iter(inputs)
    first = _before(next(given, None))
    if not first:
        return ""
    before = [first, *map(_before, given)]
    for turns in (before, [[turn for turn in each if turn[0] == SYSTEM] for each in before]):
        if turns and turns[0] and all(each == turns[0] for each in turns):
            return f"#{_name(json.dumps(turns[0]))[:DIGITS]}"
    return ""


def _before(value: object) -> list[tuple[str, str]]:
    """Return role and content of the messages before the last turn of the user."""
    if not isinstance(value, list):
        return []
    turns = [turn for turn in value if isinstance(turn, dict)]
    last = len(turns) - 1
    while last > 0 and turns[last].get("role") != USER:
        last -= 1
    return [(str(turn.get("role")), _content(turn.get("content")) or "") for turn in turns[: max(last, 0)]]


def targets(given: Iterable[object]) -> list[str | None]:
    """Return a name for each right answer, a text or a list of them; None where there is none."""
    return list(_names(map(_target, given)))


def short_input(value: object) -> object:
    """Return an input with no more of its texts than counts here."""
    if not isinstance(value, list):
        return value[:LETTERS] if isinstance(value, str) else None
    turns = [turn for turn in value if isinstance(turn, dict)]
    return [{"role": turn.get("role"), "content": _short_content(turn.get("content"))} for turn in turns]


def _short_content(content: object) -> object:
    return [{"text": text} for text in _parts(content)] if isinstance(content, list) else _content(content)


def short_target(value: object) -> object:
    """Return a right answer with no more of its texts than counts here."""
    if isinstance(value, list):
        return [str(part)[:LETTERS] for part in value]
    return value[:LETTERS] if isinstance(value, str) else value


def _names(texts: Iterable[str | None]) -> Iterator[str | None]:
    """Yield a name for each text; the same text, asked again in another attempt, is named once."""
    known: dict[str, str] = {}
    for text in texts:
        if text is None:
            yield None
            continue
        if text not in known:
            known[text] = _name(text)
        yield known[text]


def _name(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _question(value: object) -> str | None:
    if isinstance(value, str):
        return value[:LETTERS] if value else None
    for turn in reversed(value) if isinstance(value, list) else ():
        if isinstance(turn, dict) and turn.get("role") == USER:
            return _content(turn.get("content"))
    return None


def _content(content: object) -> str | None:
    """Return the text of a message; of pictures and the like their kind alone, which is all that a summary
    keeps.
    """
    if isinstance(content, str):
        return content[:LETTERS]
    if not isinstance(content, list):
        return None
    return "\n".join(_parts(content))


def _parts(content: Sequence[object]) -> list[str]:
    parts = [part for part in content if isinstance(part, dict)]
    texts = [
        part["text"] if isinstance(part.get("text"), str) else f"({str(part.get('type')).capitalize()})"
        for part in parts
    ]
    return [text[:LETTERS] for text in texts]


def _target(value: object) -> str | None:
    if isinstance(value, list):
        return "\n".join([str(part)[:LETTERS] for part in value]) if value else None
    return str(value)[:LETTERS] if isinstance(value, (str, int, float)) and value != "" else None
