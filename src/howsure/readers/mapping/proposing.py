"""What a file that no reader knows looks like, and the mapping that fits it best, ready to be mended and pasted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from howsure.errors import HowsureError
from howsure.readers import faults
from howsure.readers.mapping import documents, records
from howsure.readers.mapping.fields import RECORD, WORDS
from howsure.readers.mapping.known import fitting
from howsure.readers.mapping.wide import CHANGE, wide
from howsure.table.proposal import Proposal
from howsure.table.schema import ALIASES, plain_name
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from howsure.readers.base import Source

DEPTH, SAMPLE, MOST_FIELDS = 4, 50, 12
PREDICTED = ("pred", "prediction", "predicted", "output", "response", "model_answer")
GOLD = ("answer", "gold", "target", "label", "reference", "expected", "ground_truth", "correct_answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where records seem to be: their path, some of them, and how many there are."""

    path: str
    sample: tuple[records.Record, ...]
    count: int

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """Those of the records that have fields."""
        return tuple(record.value for record in self.sample if isinstance(record.value, dict))

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the records, each with the first value that isn't null."""
        found: dict[str, Any] = {}
        for row in self.rows:
            for name, value in row.items():
                if found.get(str(name)) is None:
                    found[str(name)] = value
        return found


def proposed(source: Source) -> Proposal | None:
    """Look at a file and propose a mapping; None where it is no file of data."""
    if not documents.is_data(source) or documents.is_database(source):
        return None
    own = fitting(source)
    if own is not None:
        return Proposal(source=source.name, shape=(f"the fields of {own.formats}",), mapping=own.text, name=own.NAME)
    try:
        with faults.named(source.name):
            document = _document(source)
    except HowsureError:
        return None
    places = sorted(_places(document), key=_worth, reverse=True)
    if not places:
        return Proposal(source=source.name, shape=("no list of records and no object of ids",), mapping="")
    return Proposal(
        source=source.name, shape=tuple(_told(place) for place in places[:3]), mapping=_mapping(places[0], source)
    )


def _document(source: Source) -> Any:
    if documents.has_objects(source):
        return documents.parsed(source)
    return documents.table(source).head(SAMPLE).collect().to_dicts()


def _places(document: Any) -> Iterator[_Place]:
    """Find lists of objects, and objects of objects or values, down to a few levels."""
    paths = [""]
    for _ in range(DEPTH):
        paths, tried = [], paths
        for path in tried:
            found = list(islice(records.records(document, path), SAMPLE))
            values = [record.value for record in found]
            if any(isinstance(value, list) and value for value in values):
                paths.append(path + records.EACH)
            paths += [f"{path}.{name}".strip(".") for name in _inner(values)]
            if not path.endswith(records.EACH) and any(_is_keyed(value) for value in values):
                paths.append(f"{path}.*".strip("."))
        for path in paths:
            every = list(records.records(document, path))
            if len(every) >= (1 if path == records.EACH else 2) and path.endswith(("*", records.EACH)):
                yield _Place(path=path, sample=tuple(every[:SAMPLE]), count=len(every))


def _inner(values: list[Any]) -> list[str]:
    """Return the names of fields that have parts of their own."""
    named = {
        str(name): None
        for value in values
        if isinstance(value, dict)
        for name, part in islice(value.items(), MOST_FIELDS * 2)
        if isinstance(part, (dict, list))
    }
    return [name for name in list(named)[:MOST_FIELDS] if not {".", "*", "["} & set(name)]


def _is_keyed(value: Any) -> bool:
    """Say whether an object is one of ids: many keys, all with values of one kind."""
    if not isinstance(value, dict) or len(value) < 2:
        return False
    kinds = {type(part) for part in value.values()}
    return len(kinds - {int, float, bool, type(None)}) == 0 or kinds == {dict}


def _worth(place: _Place) -> tuple[bool, bool, bool, int]:
    """Rank places: those with a score go first, then with a named item, then with fields or numbers, then the fuller ones."""
    named = bool(_named(place.fields, ALIASES["item"]))
    plain = isinstance(place.sample[0].value, (bool, int, float))
    return (_score(place) != CHANGE, named, bool(place.fields) or plain, place.count)


def _told(place: _Place) -> str:
    fields = [f"{name} ({_kind(value)})" for name, value in place.fields.items()]
    what = f"with {listing(fields, MOST_FIELDS)}" if fields else f"that are {_kind(place.sample[0].value)}s"
    return f"{place.path}: {plural(place.count, 'record')} {what}"


def _kind(value: Any) -> str:
    names = {
        bool: "yes/no",
        int: "number",
        float: "number",
        str: "text",
        list: "list",
        dict: "object",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)


def _mapping(place: _Place, source: Source) -> str:
    said: dict[str, Any] = {} if place.path == records.EACH else {"rows": place.path}
    said |= {"item": _item(place), "model": _model(place), "score": _score(place)}
    if said["score"] == CHANGE:
        said |= wide(place.rows, said)
    lines = [
        f'{name} = ""  {CHANGE}' if what == CHANGE else f"{name} = {json.dumps(what, ensure_ascii=False)}"
        for name, what in said.items()
        if what
    ]
    return "\n".join([f"[map.{_plain(source.path.stem)}]", *lines])


def _plain(stem: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem).strip("-") or "mine"


def _named(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    plain = {plain_name(name): name for name in reversed(list(fields))}
    return next((plain[name] for name in names if name in plain), "")


def _item(place: _Place) -> str:
    keys = len(place.sample[0].keys)
    named = _named(place.fields, ALIASES["item"])
    return _field(named) if named else f"key[{keys - 1}]" if keys else CHANGE


def _model(place: _Place) -> str:
    named, record = _named(place.fields, ALIASES["model"]), place.sample[0]
    if named:
        return _field(named)
    around = record.around[-2] if len(record.around) > 1 else {}
    outer = _named(around, ALIASES["model"]) if isinstance(around, dict) else ""
    return (
        f"up[{json.dumps(outer)}]"
        if outer and not _is_word(outer)
        else f"up.{outer}"
        if outer
        else "key[0]"
        if len(record.keys) > 1
        else ""
    )


def _score(place: _Place) -> str:
    fields = place.fields
    if not fields:
        return "value" if isinstance(place.sample[0].value, (bool, int, float)) else CHANGE
    predicted, gold = _named(fields, PREDICTED), _named(fields, GOLD)
    known = _named(fields, ALIASES["score"])
    if known and isinstance(fields[known], (bool, int, float)):
        return _field(known)
    if predicted and gold:
        return f"{_field(predicted)} == {_field(gold)}"
    return next((_field(name) for name, value in fields.items() if isinstance(value, bool)), CHANGE)


def _field(name: str) -> str:
    """Write a field as the language does: by its name, or as a part of the record where that is no word."""
    return name if _is_word(name) else f"{RECORD}[{json.dumps(name)}]"


def _is_word(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name) and name not in WORDS
