"""What lm-eval's samples say of an answer: the prompt, the right answer, and what was generated or chosen.
They hold no stop reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.readers.records import plain_text
from howsure.readers.transcripts import Transcript
from howsure.table.cells import number_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def transcript(row: Mapping[str, Any], *, item: str, scores: Mapping[str, float | None]) -> Transcript:
    """Return what one row, a document under one filter, says; `scores` by the names that the tidy table
    has.
    """
    requests = list(_requests(row.get("arguments")))
    choices = [
        plain_text(request[1]) for request in requests if len(request) > 1 and isinstance(request[1], str)
    ]
    chosen = _chosen(row.get("filtered_resps"), choices)
    output = chosen if chosen is not None else _first(row.get("resps"))
    answer = chosen if chosen is not None else _first(row.get("filtered_resps"))
    return Transcript(
        item=item,
        prompt=plain_text(requests[0][0]) if requests and requests[0] else "",
        target=_target(row.get("target"), choices),
        output=output,
        answer=answer,
        scores=scores,
    )


def _requests(arguments: object) -> Iterator[Sequence[Any]]:
    """Yield the arguments of each request; since 0.4.3 they have names."""
    listed = (
        arguments.values()
        if isinstance(arguments, dict)
        else arguments
        if isinstance(arguments, list)
        else ()
    )
    for each in listed:
        yield list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else [each]


def _chosen(answers: object, choices: Sequence[str]) -> str | None:
    """Return the choice of the largest log-likelihood; None where the answer isn't a choice among several."""
    if not isinstance(answers, list) or len(answers) != len(choices) or len(choices) < 2:
        return None
    likely = [number_in(each[0]) if isinstance(each, list) and each else None for each in answers]
    known = [number for number in likely if number is not None]
    return choices[likely.index(max(known))].strip() if len(known) == len(choices) else None


def _first(value: object) -> str:
    """Return the first text of answers that may be nested."""
    while isinstance(value, list) and value:
        value = value[0]
    return plain_text(value)


def _target(value: object, choices: Sequence[str]) -> str:
    """Return the right answer; the position of a choice as that choice."""
    text = plain_text(value)
    return choices[int(text)].strip() if text.isdecimal() and int(text) < len(choices) > 1 else text
