"""What Inspect's whole samples say of an attempt: the prompt, the right answer, what was answered, and why it
stopped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.readers.archive import first_member, open_archive
from howsure.readers.inspect_scores import attempt_of, limit_of, sample_values, to_number
from howsure.readers.records import inner, mappings, plain_text
from howsure.readers.transcripts import Transcript
from howsure.table.cells import whole_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from howsure.readers.archive import Archive
    from howsure.readers.base import Source

_MEMBER = re.compile(r"samples/(?P<item>.+)_epoch_\d+\.json", re.DOTALL)
_ATTACHED = re.compile(r"attachment://([0-9a-f]{32})")
_ODD = re.compile(r"[^\w. -]")
"""An id with any other sign may be written in another way in the names of members."""


def transcripts(source: Source, items: Collection[str] | None) -> Iterator[Transcript]:
    """Yield every attempt at these items, at all where `items` is None, in the order of the log."""
    if first_member(source.head) is None:
        document = source.json()
        samples = document.get("samples") if isinstance(document, dict) else None
        yield from (_transcript(sample) for sample in samples or () if _is_asked(sample, items))
        return
    with open_archive(source.path, where=source.name) as archive:
        for name in _members(archive, items):
            sample = archive.json(name)
            if _is_asked(sample, items):
                yield _transcript(sample)


def _members(archive: Archive, items: Collection[str] | None) -> list[str]:
    """Return the members that may hold these items; where an id may be written in another way, all."""
    members = {
        name: found["item"] for name in dict.fromkeys(archive.names) if (found := _MEMBER.fullmatch(name))
    }
    if items is None or any(_ODD.search(item) for item in items):
        return list(members)
    return [name for name, item in members.items() if item in items]


def _is_asked(sample: object, items: Collection[str] | None) -> bool:
    return isinstance(sample, dict) and (items is None or whole_text(str(sample.get("id"))) in items)


def _transcript(sample: Mapping[str, Any]) -> Transcript:
    output, scores = inner(sample, "output"), inner(sample, "scores")
    attached = inner(sample, "attachments")
    answered = _attached(_answered(output), attached)
    taken = next((text for each in scores.values() if (text := plain_text(inner(each).get("answer")))), "")
    error = inner(sample, "error")
    return Transcript(
        item=whole_text(str(sample.get("id"))),
        attempt=attempt_of(sample.get("epoch")),
        prompt=_attached(spoken(sample.get("input")), attached),
        target=_target(sample.get("target")),
        output=answered,
        answer=_attached(taken, attached) or answered,
        stop=_stop(sample, output),
        error=plain_text(error.get("message")),
        scores={whole_text(name): to_number(value) for name, value in sample_values(sample)},
    )


def _stop(sample: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    """Say why an attempt ended: by an error, a limit of the sample, else as the model's last call did."""
    if sample.get("error"):
        return "error"
    return limit_of(sample) or plain_text(_choice(output).get("stop_reason"))


def _answered(output: Mapping[str, Any]) -> str:
    if isinstance(output.get("completion"), str):
        return whole_text(output["completion"])
    return _content(inner(_choice(output), "message").get("content"))


def _choice(output: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = output.get("choices")
    return inner(choices[0]) if isinstance(choices, list) and choices else {}


def spoken(value: object) -> str:
    """Return what was asked: a text, or messages with who says each."""
    if isinstance(value, str):
        return whole_text(value)
    return "\n\n".join(
        f"{plain_text(turn.get('role'))}: {_content(turn.get('content'))}" for turn in mappings(value)
    )


def _content(content: object) -> str:
    if isinstance(content, str):
        return whole_text(content)
    return "\n".join(
        plain_text(part.get("text")) or f"({plain_text(part.get('type'))})" for part in mappings(content)
    )


def _target(value: object) -> str:
    return " | ".join(map(plain_text, value)) if isinstance(value, list) else plain_text(value)


def _attached(text: str, attached: Mapping[str, Any]) -> str:
    """Put in what the log keeps apart because it comes more than once."""
    return (
        _ATTACHED.sub(lambda found: plain_text(attached.get(found[1])) or found[0], text)
        if attached
        else text
    )
