"""A gate's verdict as a short comment on a pull request, the worst result first."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlencode

from howsure.present import flips
from howsure.present.document import Document, Note, Table, Text, guided
from howsure.present.gate import document, named_warnings, notes, sentence
from howsure.present.render.visible import visible
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.answers.gate import Gate
    from howsure.errors import ResultWarning
    from howsure.present.document import Block, Cell, LinkedPage

T = TypeVar("T")

MOST_ROWS, MOST_NOTES, MOST_WARNINGS, MOST_LINKED = 20, 6, 5, 3
LONGEST, LONGEST_CELL, LONGEST_NAME = 400, 80, 100
"""Longer texts are cut, as a GitHub comment can have 65,536 characters."""
ORDER = ("fail", "unclear", "underpowered", "pass", "nothing")
WHY = {
    "evidence": "There is too little evidence either way",
    "missing": "Results are missing",
    "differs": "The two were not asked the same",
    "quarantine": "The candidate's run has no date to compare with the end of the quarantine",
    "attempts": "A column was taken for attempts that all questions may share",
    "clusters": "A suggested clustering would change the verdict",
    "population": "Clusters are few: the same ones or new ones?",
}
"""The reason why a gate can't tell, as the start of a sentence."""


def comment(
    gate: Gate,
    name: str,
    *,
    counts: str,
    warnings: Iterable[ResultWarning] = (),
    digests: Mapping[str, str] | None = None,
    linked: LinkedPage | None = None,
) -> Document:
    """Return the comment of a gate of this name. `counts`: how "can't tell" counts here. `warnings`: further
    ones.

    The sentence comes first, then the checks, then the `linked` page. The notes on the data are below. A
    comment may be public: it contains no text of a prompt or an answer. `digests`: replacements for texts of
    settings.
    """
    gate = _digested(gate, digests or {})
    order = sorted(gate.checks, key=lambda check: ORDER.index(check.counts_as))
    worst_first = replace(gate, checks=tuple(order), flips=None)
    tables = [_cut(block) for block in document(worst_first).blocks if isinstance(block, Table)]
    blocks: list[Block] = [
        Text(text=_short(name, LONGEST_NAME), kind="heading"),
        Text(text=_short(sentence(gate)), kind="verdict"),
    ]
    if why := reason(gate, counts):
        blocks.append(Text(text=f"{why} {guided(gate.chapter)}".rstrip()))
    told = notes(gate)
    small = [Text(text=" ".join(map(_short, _some(told, MOST_NOTES))), kind="small")] if told else []
    beside = [_cut(block) if isinstance(block, Table) else block for block in flips.brief(gate.flips)]
    return Document(
        blocks=(
            *blocks,
            *tables,
            *small,
            *beside,
            *_warnings((*warnings, *gate.warnings, *named_warnings(gate))),
        ),
        mark=mark(name),
        linked=linked and replace(linked, places=_places(gate, linked.address)),
    )


def _places(gate: Gate, page: str) -> tuple[tuple[str, str], ...]:
    """Return the first questions that got worse, and where the report shows them."""
    worse = [flip for flip in gate.flips.items if flip.regressed] if gate.flips is not None else []
    several = len({check.task for check in gate.checks}) > 1
    found = []
    for flip in worse[:MOST_LINKED]:
        place = {"look": "question", "question": flip.item} | ({"task": flip.task} if several else {})
        found.append((_short(flip.item, LONGEST_CELL), f"{page}#{urlencode(place)}"))
    return tuple(found)


def _digested(value: T, digests: Mapping[str, str]) -> T:
    """Return an answer with these texts replaced in all places, also inside of others."""
    found: Any = value
    if isinstance(value, str):
        for text, digest in digests.items():
            found = found.replace(text, digest)
    elif isinstance(value, tuple):
        found = tuple(_digested(each, digests) for each in value)
    elif is_dataclass(value) and digests:
        told = {
            each.name: _digested(getattr(value, each.name), digests) for each in fields(value) if each.init
        }
        found = replace(found, **told)
    return cast("T", found)


def mark(name: str) -> str:
    """Return the hidden marker by which the comment of a gate of this name is found again. A name can't end
    it early.
    """
    plain = re.sub(r"-{2,}", "-", re.sub("[<>@]", "", visible(name)))[:LONGEST_NAME].strip()
    told = "" if plain == name else f" #{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return f"howsure gate: {plain}{told}"


def reason(gate: Gate, counts: str) -> str:
    """Return why a gate can't tell, and how that counts. "" if it can."""
    if not gate.unclear_because:
        return ""
    return f"{WHY[gate.unclear_because]}: {counts}."


def _cut(table: Table) -> Table:
    """Return the first rows of a table, with the number of rows left out."""
    more = len(table.rows) - MOST_ROWS
    beside = f"and {plural(more, 'more check')}; " if more > 0 else ""
    rows = tuple(tuple(map(_cell, row)) for row in table.rows[:MOST_ROWS])
    return replace(table, rows=rows, title=_short(table.title), note=beside + table.note)


def _cell(cell: Cell) -> Cell:
    return _short(cell, LONGEST_CELL) if isinstance(cell, str) else cell


def _warnings(warnings: Iterable[ResultWarning]) -> list[Block]:
    """Return the first kinds of warnings, and how many more there are."""
    kinds: dict[str, list[ResultWarning]] = {}
    for warning in dict.fromkeys(warnings):
        kinds.setdefault(warning.code, []).append(
            replace(warning, message=_short(warning.message), remedy=_short(warning.remedy))
        )
    shown = [warning for same in list(kinds.values())[:MOST_WARNINGS] for warning in same]
    more = sum(map(len, kinds.values())) - len(shown)
    told: list[Block] = [Note(warnings=tuple(shown))] if shown else []
    return [
        *told,
        *(
            [Text(text=f"… and {plural(more, 'more warning')}: see the job's summary.", kind="small")]
            if more
            else []
        ),
    ]


def _some(texts: Sequence[str], most: int) -> list[str]:
    return [*texts[:most], *([f"… and {len(texts) - most:,} more."] if len(texts) > most else [])]


def _short(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
