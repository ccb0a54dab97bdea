"""What a file that no reader knows looks like, and the mapping that fits it best, checked by reading the file
with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import HowsureError
from howsure.readers import faults, registry
from howsure.readers.mapping import documents, guessing, language, records
from howsure.readers.mapping.known import fitting
from howsure.readers.mapping.mapping import mapping_of, read
from howsure.readers.mapping.wide import wide
from howsure.table.scale import FRACTIONS, extent_of_scores
from howsure.table.schema import ALIASES
from howsure.table.scores import Proposal
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.readers.base import Source

DEPTH, SAMPLE, MOST_ROWS, MOST_FIELDS = 4, 50, 10_000, 12
CHANGE = "# change me"
"""What stands where a user has to say something."""
NO_ITEM = "no field is known as the question"
ROLES = {
    role: [name for name in ALIASES[role] if name not in ALIASES["item"]]
    for role in ("task", "attempt", "metric")
}
"""The usual names of further fields."""
WHOLE = "."
"""The path of a document that is one record."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where records seem to be: their path, all of them, and the document."""

    path: str
    every: tuple[records.Record, ...]
    document: Any

    @property
    def first(self) -> records.Record:
        """The first record."""
        return self.every[0]

    @cached_property
    def fields(self) -> dict[str, list[Any]]:
        """The values of the records' fields, one per record."""
        rows = [record.value if isinstance(record.value, dict) else {} for record in self.every]
        names = dict.fromkeys(str(name) for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}

    @cached_property
    def flat(self) -> dict[str, list[Any]]:
        """The fields, and those of a field that is an object: score.value."""
        inner = {
            f"{name}.{key}": [value.get(key) if isinstance(value, dict) else None for value in values]
            for name, values in self.fields.items()
            for key in dict.fromkeys(
                key for value in values if isinstance(value, dict) for key in islice(value, MOST_FIELDS)
            )
        }
        return self.fields | inner


def proposed(source: Source) -> Proposal | None:
    """Look at a file and propose a mapping; None where it is no file of data."""
    if not documents.is_data(source) or documents.is_database(source):
        return None
    own = fitting(source)
    if own is not None:
        return Proposal(
            source=source.name, shape=(f"the fields of {own.formats}",), mapping=own.text, name=own.NAME
        )
    try:
        with faults.named(source.name):
            places = sorted(_places(_document(source)), key=_rank, reverse=True)
            if not places:
                return Proposal(
                    source=source.name, shape=("no list of records and no object of ids",), mapping=""
                )
            shape = tuple(_shown(place) for place in places[:3])
            return Proposal(source=source.name, shape=shape, mapping=_mapping(places[0], source))
    except HowsureError:
        return None


def _document(source: Source) -> Any:
    if documents.has_objects(source):
        return documents.parsed(source)
    return documents.table(source).head(MOST_ROWS).collect().to_dicts()


def _places(document: Any) -> Iterator[_Place]:
    """Find lists of objects, and objects of objects or values, down to a few levels; else a document that is
    one record.
    """
    paths, scored = [""], False
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
            every = tuple(records.records(document, path))
            if len(every) >= (1 if path == records.EACH else 2) and path.endswith(("*", records.EACH)):
                place = _Place(path=path, every=every, document=document)
                scored = scored or bool(_score(place)[0])
                yield place
    whole = _Place(path=WHOLE, every=(records.Record(document),), document=document)
    if not scored and guessing.score_fields(whole.fields):
        yield whole


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
    """Say whether an object is one of ids: several keys, none named as a score is, all with values of one
    kind.
    """
    if not isinstance(value, dict) or len(value) < 2 or guessing.named(map(str, value), guessing.SCORES):
        return False
    kinds = {type(part) for part in value.values()} - {type(None)}
    return kinds <= {int, float} or (len(kinds) == 1 and kinds <= {bool, dict, list})


def _rank(place: _Place) -> tuple[bool, bool, bool, bool, int]:
    """Rank places: those with a field named as a score go first, then with any score, a named item, fields or
    numbers, and most records.
    """
    named = bool(guessing.named(place.fields, ALIASES["item"]))
    plain = isinstance(place.first.value, (bool, int, float))
    scored = bool(guessing.score_fields(place.flat)) or plain
    return scored, bool(_score(place)[0]), named, bool(place.fields) or plain, len(place.every)


def _shown(place: _Place) -> str:
    fields = [
        f"{name} ({_kind(next(iter(guessing.known(values)), None))})"
        for name, values in islice(place.fields.items(), 99)
    ]
    what = f"with {listing(fields, MOST_FIELDS)}" if fields else f"that are {_kind(place.first.value)}s"
    return f"{place.path}: {plural(len(place.every), 'record')} {what}"


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
    """Write the mapping, with the lines that are doubtful and why."""
    said, doubts = _guessed(place)
    claimed = registry.identify(source)
    if claimed is not None and claimed[0].NAME not in registry.GENERIC:
        said["files"] = escape(source.path.name)
    said = {
        key: value
        for key, value in said.items()
        if value or key == "score" or (key == "item" and key in doubts)
    }
    doubts |= {} if any(doubts.get(key) for key in ("item", "score", "model")) else _misread(said, source)
    lines = [_line(key, value, doubts.get(key, "")) for key, value in said.items()]
    return "\n".join([f"[map.{_plain(source.path.stem)}]", *lines])


def _line(key: str, value: Any, doubt: str) -> str:
    why = "".join(letter if letter.isprintable() else " " for letter in doubt)
    mark = "#" if key == "columns" else f"{CHANGE}:"
    plain = isinstance(value, str) and '"' in value and "'" not in value and value.isprintable()
    text = f"'{value}'" if plain else json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
    return f"{key} = {text}" + (f"  {mark} {why}" if why else "")


def _plain(stem: str) -> str:
    return (
        "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem).strip("-")
        or "mine"
    )


def _guessed(place: _Place) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the mapping says by key, and what is doubtful of it."""
    fields = place.fields
    said: dict[str, Any] = {} if place.path == records.EACH else {"rows": place.path}
    keys, model_doubt = _keys(place)
    own = guessing.named(fields, guessing.MODELS)
    model = guessing.field(own) if own else _model_around(place) or keys[1]
    roles = {role: guessing.named(fields, ROLES[role]) for role in ROLES}
    models = _texts(place, model)
    groups = list(zip(models, *(fields[name] for name in roles.values() if name), strict=True))
    others = {name: values for name, values in fields.items() if name != own}
    item = guessing.item_field(others, groups, keyed=bool(keys[0]))
    if (
        fields
        and not keys[0]
        and not guessing.score_fields(place.flat)
        and not guessing.named(fields, guessing.PREDICTED)
    ):
        board = bool(own) and len({*models}) == len(models)
        made, doubts = (
            wide(fields, "" if board else item, own if board else "") if board or not own else ({}, {})
        )
        if made:
            return said | made, doubts if board or item else doubts | {"item": NO_ITEM}
    rest = {name: values for name, values in place.flat.items() if name not in (own, item)}
    score, doubt = guessing.score(rest) if fields else _score(place)
    said |= {"item": guessing.field(item) if item else keys[0], "model": model, "score": score}
    said |= {
        role: guessing.field(name)
        for role, name in roles.items()
        if name and name in rest and guessing.field(name) != score
    }
    if "jailbroken" in score:
        said["lower_is_better"] = True
    doubts = {"score": doubt, "model": model_doubt if model == keys[1] else ""}
    return said, doubts | {
        "item": guessing.not_questions(_texts(place, said["item"]), rest) if said["item"] else NO_ITEM
    }


def _texts(place: _Place, name: str) -> list[str]:
    """Return the values of a field, or a key, as texts, one per record; empty ones for no name."""
    if not name:
        return [""] * len(place.every)
    return [
        str(value) for value in records.frame(place.every, place.document, language.fields(name)).to_series()
    ]


def _score(place: _Place) -> guessing.Guess:
    """Return the score of the records, with fields or without."""
    if place.fields:
        return guessing.score(place.flat)
    made, doubt = guessing.worth("value", "", [record.value for record in place.every])
    return made, doubt or ("" if made else "the records hold no numbers")


def _keys(place: _Place) -> tuple[tuple[str, str], str]:
    """Return which keys on the way to a record are the question and the model: there are fewer models; and
    why that is doubtful.
    """
    found = [record.keys for record in place.every]
    depth = len(found[0])
    if depth < 2:
        return ("key[0]" if depth else "", ""), ""
    outer, inner = (len({keys[k] for keys in found}) for k in (0, depth - 1))
    keys = (f"key[{depth - 1}]", "key[0]") if outer <= inner else ("key[0]", f"key[{depth - 1}]")
    clear = max(outer, inner) >= 2 * min(outer, inner) and depth == 2
    return keys, "" if clear else f"or is {keys[0]} the model?"


def _model_around(place: _Place) -> str:
    """Return the model that the record around a record names, or the whole document; "" where neither
    does.
    """
    around = place.first.around[-2] if len(place.first.around) > 1 else place.document
    for where, record in (("up", around), ("top", place.document)):
        name = (
            guessing.named(record, guessing.MODELS)
            if isinstance(record, dict) and record is not place.first.value
            else ""
        )
        if name and isinstance(record[name], str):
            return f"{where}.{name}" if guessing.is_word(name) else f"{where}[{json.dumps(name)}]"
    return ""


def _misread(said: dict[str, Any], source: Source) -> dict[str, str]:
    """Read the file by the mapping, and return what is doubtful about the outcome."""
    try:
        with faults.named(source.name):
            reading = read(source, mapping_of("proposed", said))
    except HowsureError as error:
        return {"score": error.what}
    if reading.rows is None:
        scores = pl.Series([entry.score for entry in reading.published], dtype=pl.Float64)
        return {} if extent_of_scores(scores).within(FRACTIONS) else {"score": "not between 0 and 1"}
    rows = reading.rows
    extent = extent_of_scores(rows["score"])
    if not extent.within(FRACTIONS) or rows["score"].is_null().all():
        return {"score": f"scores from {extent.low:g} to {extent.high:g}"}
    alone = _alone(rows)
    if alone:
        return {"model": f"{alone!r} has no question in common with the others"}
    counted = "attempt" in said or said["rows" if "rows" in said else "item"].endswith(f"*{records.EACH}")
    if not counted and bool((rows["attempt"] > 0).any()):
        return {"item": "some questions come more than once"}
    return {}


def _alone(rows: pl.DataFrame) -> str:
    """Return the first model that shares no question with any other of its task; "" if all do, or there is
    one only.
    """
    pairs = rows.select("task", "model", "item").unique(maintain_order=True)
    shared = pairs.filter(pairs.select("task", "item").is_duplicated())["model"].unique().to_list()
    models = pairs["model"].unique(maintain_order=True).to_list()
    return next((model for model in models if model not in shared), "") if len(models) > 1 else ""
