"""A description of a file of unknown format, and a mapping for it. Fields are guessed by their names and
values, and wide tables by their columns.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from itertools import islice
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import HowsureError
from howsure.readers import base, registry
from howsure.readers.mapping import documents, language
from howsure.readers.mapping.documents import RECORD, WORDS
from howsure.readers.mapping.known import fitting
from howsure.readers.mapping.mapping import FEW_EQUAL, LONG, mapping_of, read
from howsure.table.cells import MISSING, number_in
from howsure.table.cells import WORDS as VERDICTS
from howsure.table.names import BURDENS, by_plain_name, name_words, plain_name, word_list
from howsure.table.scale import FRACTIONS, PERCENT, extent_of_scores, scale_of
from howsure.table.schema import ALIASES, METRICS
from howsure.table.scores import Proposal
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Fields = Mapping[str, Sequence[Any]]
    "The values of each field, one per record."
    Guess = tuple[str, str]
    "An expression, and why it is doubtful; both may be empty."
    from collections.abc import Iterator

    from howsure.readers.base import Source

SCORES = (*ALIASES["score"], "verdict", "outcome", "status", "jailbroken")
"""Names of fields with scores."""
MODELS = (*ALIASES["model"], "engine", "provider")
PREDICTED = ("pred", "prediction", "predicted", "output", "response", "model_answer")
GOLD = ("answer", "gold", "target", "label", "reference", "expected", "ground_truth", "correct_answer")
ID_WORDS = frozenset(
    word_list(
        """
        id uid qid q uuid key case testcase sample index idx nr no number segment prompt input question
        problem line row
        """
    )
)
"""Words in the names of fields that number or name the questions."""
FAMILIES = re.compile(
    r"gpt|claude|llama|gemini|gemma|qwen|mi[sx]tral|deepseek|sonnet|opus|haiku|grok", re.IGNORECASE
)
"""Parts of many models' names."""
SUMMARIES = word_list("n n_items n_questions n_samples num_samples total count stderr std_err se")
"""Names of fields that occur with the score of many questions."""
LIKELY_PERCENT = 10.0


def field(name: str) -> str:
    """Write a field in the language: by its name, or as a part of the record if that isn't a word."""
    first, *inner = name.split(".")
    plain = is_word(first) and all(part.isidentifier() and not iskeyword(part) for part in inner)
    return name if plain else f"{RECORD}[{json.dumps(name)}]"


def is_word(name: str) -> bool:
    """Return whether the language accepts a name for a field."""
    return name.isidentifier() and not iskeyword(name) and name not in WORDS


def first_named(fields: Iterable[str], names: Iterable[str]) -> str:
    """Return the field that has the first of these names, or "" if none has."""
    plain = by_plain_name(fields)
    return next((plain[name] for name in names if name in plain), "")


def known(values: Iterable[Any]) -> list[Any]:
    """Return the values that aren't missing."""
    return [
        value
        for value in values
        if value is not None and not (isinstance(value, str) and value.strip().lower() in MISSING)
    ]


def worth(expression: str, name: str, values: Sequence[Any]) -> Guess:
    """Return the expression of a score between 0 and 1 from a field: yes/no, numbers, percentages or words,
    or "" for other values.
    """
    found = known(values)
    if found and all(isinstance(value, str) for value in found):
        words = {value.lower(): VERDICTS.get(value.strip().lower()) for value in found}
        if all(number is not None and len(word.strip()) > 1 for word, number in words.items()):
            table = ", ".join(f"{json.dumps(word)}: {number:g}" for word, number in sorted(words.items()))
            return f"{{{table}}}[lower({expression})]", ""
        signs = {value.strip().endswith("%") for value in found}
        if signs == {True} and _figures(value.strip(" %") for value in found) is not None:
            return f"percent({expression})", ""
    figures = _figures(found)
    if figures is None:
        return "", ""
    if any(isinstance(value, str) for value in values):
        expression = f"number({expression})"
    extent = extent_of_scores(pl.Series(figures, dtype=pl.Float64))
    if extent.within((0.0, 1.0)):
        return expression, ""
    span = f"its values go from {extent.low:g} to {extent.high:g}"
    if scale_of(extent, (name,)).bounds == PERCENT:
        return f"percent({expression})", ""
    if extent.within(PERCENT) and extent.high > LIKELY_PERCENT:
        return f"percent({expression})", f"{span}; percent?"
    return expression, f"{span}: rescale them to 0 to 1, such as (x - low) / (high - low)"


def _figures(values: Iterable[Any]) -> list[float] | None:
    """Return values as numbers, or None if there are none, or one isn't a number."""
    found = [number_in(value) for value in values]
    return None if None in found else [number for number in found if number is not None] or None


def score_fields(fields: Fields) -> list[str]:
    """Return the fields with names and values of scores, the likeliest first."""
    by_name: dict[str, list[str]] = {}
    for name in fields:
        by_name.setdefault(plain_name(name.rpartition(".")[2]), []).append(name)
    found = [name for alias in SCORES for name in by_name.get(alias, [])]
    return [name for name in found if worth("x", name, fields[name])[0]]


def guessed_score(fields: Fields) -> Guess:
    """Return the score of records with fields."""
    candidates = score_fields(fields)
    if candidates:
        name, *others = candidates
        if plain_name(name) in METRICS:
            others += [
                other for other in fields if other not in candidates and worth("x", other, fields[other])[0]
            ]
        made, doubt = worth(field(name), name, fields[name])
        also = [repr(other) for other in others if list(fields[other]) != list(fields[name])]
        return made, doubt or (f"{listing(also)} could be the score, too" if also else "")
    predicted, gold = first_named(fields, PREDICTED), first_named(fields, GOLD)
    if predicted and gold and predicted != gold:
        return f"{field(predicted)} == {field(gold)}", _unequal(fields[predicted], fields[gold])
    flags = [
        name for name, values in fields.items() if known(values) and {*map(type, known(values))} == {bool}
    ]
    if flags:
        return field(flags[0]), "is it the score?"
    words = next((name for name, values in fields.items() if _is_verdict(known(values))), "")
    if not words:
        guesses = (worth(field(name), name, values)[0] for name, values in fields.items())
        return next(filter(None, guesses), ""), "no field has a usual name of scores"
    said = listing(sorted({repr(value) for value in known(fields[words])}), most=5)
    made, _ = worth(field(words), words, fields[words])
    return made, "is it the score?" if made else f"what is the score of {words!r} ({said})?"


def _is_verdict(values: Sequence[Any]) -> bool:
    """Return whether values are a few repeated short words."""
    texts = {value for value in values if isinstance(value, str)}
    return 1 < len(texts) <= len(values) / 2 and len(texts) <= 5 and max(map(len, texts)) <= LONG


def _unequal(predicted: Sequence[Any], gold: Sequence[Any]) -> str:
    """Explain why an exact comparison may not be a score."""
    pairs = [
        (str(a), str(b)) for a, b in zip(predicted, gold, strict=True) if a is not None and b is not None
    ]
    equal = sum(a == b for a, b in pairs)
    nearly = sum(a.strip().lower() == b.strip().lower() for a, b in pairs)
    if nearly > equal:
        return f"{plural(nearly - equal, 'pair')} of texts differ only in capitals or spaces"
    if pairs and (equal < FEW_EQUAL * len(pairs) or any(len(a) > LONG for a, _ in pairs)):
        return f"with an exact comparison, {equal:,} of {plural(len(pairs), 'pair')} are equal"
    return ""


def item_field(fields: Fields, models: Sequence[Any], *, keyed: bool) -> str:
    """Return the field with the questions: one of the usual names, else one named like an id that occurs once
    per model.

    `keyed`: records have keys, so a field counts only if it occurs once per model.
    """
    usual = [name for alias in ALIASES["item"] if (name := first_named(fields, [alias]))]
    others = [name for name in fields if ID_WORDS & set(name_words(name))]
    once = [name for name in (*usual, *others) if _comes_once(fields[name], models)]
    return next(iter(once if keyed else (*once, *usual)), "")


def not_questions(texts: Sequence[str], fields: Iterable[str]) -> str:
    """Explain why apparent questions may be models: their names, or a count or an error with a score."""
    models = [text for text in texts if len(text) <= LONG and FAMILIES.search(text)]
    summary = first_named(fields, SUMMARIES)
    return (
        "are these models?"
        if 2 * len(models) > len(texts)
        else f"{summary!r} looks like a summary"
        if summary
        else ""
    )


def _comes_once(values: Sequence[Any], model: Sequence[Any]) -> bool:
    """Return whether each value occurs once per model, and all are ids."""
    if not all(isinstance(value, (str, int)) and not isinstance(value, bool) for value in values):
        return False
    pairs = list(zip(model, values, strict=True))
    return len({*map(str, pairs)}) == len(pairs)


def is_date(values: Sequence[Any]) -> bool:
    """Return whether values are days or times: 2025-01-31, 20250131."""
    return all(re.match(r"(19|20)\d\d-?[01]\d-?[0-3]\d", str(value)) for value in values)


NUMBERS = ID_WORDS | frozenset(
    word_list(
        """
        rank n num count counts total year date time timestamp size length params parameters context window
        seed epoch attempt temperature elo difficulty level weight position turn ms
        """
    )
)
"""Words in the names of columns that number, date or describe questions."""
MEANS = frozenset(("gold", "average", "avg", "overall", "mean"))
"""Words in the names of columns that summarise the others, or are what they are compared with."""
NAMED_MODEL = re.compile(rf"\d|model|system|baseline|{FAMILIES.pattern}", re.IGNORECASE)
"""Parts of the names of most columns that are models."""


def wide(fields: Fields, item: str, model: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the mapping of a table with a column per model, or, with a `model`, a column per task, and its
    uncertainties, or nothing for others.

    `item` and `model` are the columns that were found for them.
    """
    taken = {item, model}
    columns = [name for name in fields if name not in taken and _is_score(name, fields[name])]
    if len(columns) < (1 if model else 2):
        return {}, {}
    left = [name for name in fields if name not in (*taken, *columns)]
    made, doubt = worth("value", " ".join(columns), [value for name in columns for value in fields[name]])
    said = {"columns": [escape(name) for name in columns], "score": made}
    one_scale = len({worth("value", "", fields[name])[0] for name in columns}) == 1
    doubts = {"score": doubt or ("" if one_scale else "the columns are on different scales")}
    notes = {"columns": f"without {', '.join(map(repr, left))}"} if left else {}
    if model:
        return {"item": "", "model": field(model), **said, "task": "column"}, {**doubts, **notes}
    strange = [name for name in columns if not NAMED_MODEL.search(name)]
    doubts["model"] = f"is {strange[0]!r} a model?" if strange else ""
    return {"item": field(item) if item else "", **said, "model": "column"}, {**doubts, **notes}


def _is_score(name: str, values: Iterable[Any]) -> bool:
    """Return whether a column has a score, or nothing, in every row."""
    words, found = {*name_words(name)}, known(values)
    if words & MEANS or (words & (NUMBERS | BURDENS) and not NAMED_MODEL.search(name)) or is_date(found):
        return False
    return bool(worth("value", name, found)[0])


DEPTH, SAMPLE, MOST_ROWS, MOST_FIELDS = 4, 50, 10_000, 12
CHANGE = "# change me"
"""The placeholder for what a user has to fill in."""
NO_ITEM = "no field is recognised as the question"
ROLES = {
    role: [name for name in ALIASES[role] if name not in ALIASES["item"]]
    for role in ("task", "attempt", "metric")
}
"""The usual names of further fields."""
WHOLE = "."
"""The path of a document that is one record."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A possible place of records: their path, all of them, and the document."""

    path: str
    every: tuple[documents.Record, ...]
    document: Any

    @property
    def first(self) -> documents.Record:
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
        """The fields, and nested ones of an object: score.value."""
        inner = {
            f"{name}.{key}": [value.get(key) if isinstance(value, dict) else None for value in values]
            for name, values in self.fields.items()
            for key in dict.fromkeys(
                key for value in values if isinstance(value, dict) for key in islice(value, MOST_FIELDS)
            )
        }
        return self.fields | inner


def proposed(source: Source) -> Proposal | None:
    """Look at a file and propose a mapping, or return None if it isn't a data file."""
    if not documents.is_data(source) or documents.is_database(source):
        return None
    own = fitting(source)
    if own is not None:
        return Proposal(
            source=source.name, shape=(f"the fields of {own.formats}",), mapping=own.text, name=own.NAME
        )
    try:
        with base.named(source.name):
            if documents.has_objects(source):
                document = documents.parsed(source)
            else:
                document = documents.table(source).head(MOST_ROWS).collect().to_dicts()
            places = sorted(_places(document), key=_rank, reverse=True)
            if not places:
                return Proposal(
                    source=source.name, shape=("no list of records and no object of ids",), mapping=""
                )
            shape = tuple(_shown(place) for place in places[:3])
            return Proposal(source=source.name, shape=shape, mapping=_mapping(places[0], source))
    except HowsureError:
        return None


def _places(document: Any) -> Iterator[_Place]:
    """Find lists of objects, and objects of objects or values, down to a few levels, else a document that is
    one record.
    """
    paths, scored = [""], False
    for _ in range(DEPTH):
        paths, tried = [], paths
        for path in tried:
            found = list(islice(documents.records(document, path), SAMPLE))
            values = [record.value for record in found]
            if any(isinstance(value, list) and value for value in values):
                paths.append(path + documents.EACH)
            paths += [f"{path}.{name}".strip(".") for name in _inner(values)]
            if not path.endswith(documents.EACH) and any(_is_keyed(value) for value in values):
                paths.append(f"{path}.*".strip("."))
        for path in paths:
            every = tuple(documents.records(document, path))
            if len(every) >= (1 if path == documents.EACH else 2) and path.endswith(("*", documents.EACH)):
                place = _Place(path=path, every=every, document=document)
                scored = scored or bool(_score(place)[0])
                yield place
    whole = _Place(path=WHOLE, every=(documents.Record(document),), document=document)
    if not scored and score_fields(whole.fields):
        yield whole


def _inner(values: list[Any]) -> list[str]:
    """Return the names of fields with nested values."""
    named = {
        str(name): None
        for value in values
        if isinstance(value, dict)
        for name, part in islice(value.items(), MOST_FIELDS * 2)
        if isinstance(part, (dict, list))
    }
    return [name for name in list(named)[:MOST_FIELDS] if not {".", "*", "["} & set(name)]


def _is_keyed(value: Any) -> bool:
    """Return whether an object's keys are ids: several keys, none named like a score, all with values of one
    type.
    """
    if not isinstance(value, dict) or len(value) < 2 or first_named(map(str, value), SCORES):
        return False
    kinds = {type(part) for part in value.values()} - {type(None)}
    return kinds <= {int, float} or (len(kinds) == 1 and kinds <= {bool, dict, list})


def _rank(place: _Place) -> tuple[bool, bool, bool, bool, int]:
    """Rank places: those with a field named like a score first, then with any score, a named item, fields or
    numbers, and most documents.
    """
    named = bool(first_named(place.fields, ALIASES["item"]))
    plain = isinstance(place.first.value, (bool, int, float))
    scored = bool(score_fields(place.flat)) or plain
    return scored, bool(_score(place)[0]), named, bool(place.fields) or plain, len(place.every)


def _shown(place: _Place) -> str:
    fields = [
        f"{name} ({_kind(next(iter(known(values)), None))})"
        for name, values in islice(place.fields.items(), 99)
    ]
    what = f"with {listing(fields, MOST_FIELDS)}" if fields else f"that are {_kind(place.first.value)}s"
    return f"{place.path}: {plural(len(place.every), 'record')} {what}"


KINDS: Mapping[type, str] = {
    bool: "yes/no",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
    type(None): "null",
}


def _kind(value: Any) -> str:
    return KINDS.get(type(value), type(value).__name__)


def _mapping(place: _Place, source: Source) -> str:
    """Write the mapping, with the uncertain lines and the reasons."""
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
    stem = "".join(each if each.isalnum() and each.isascii() else "-" for each in source.path.stem).strip("-")
    lines = [f"[map.{stem or 'mine'}]"]
    for key, value in said.items():
        plain = isinstance(value, str) and '"' in value and "'" not in value and value.isprintable()
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
        why = "".join(letter if letter.isprintable() else " " for letter in doubts.get(key, ""))
        mark = "#" if key == "columns" else f"{CHANGE}:"
        lines.append(f"{key} = " + (f"'{value}'" if plain else text) + (f"  {mark} {why}" if why else ""))
    return "\n".join(lines)


def _guessed(place: _Place) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the mapping by key, and its uncertainties."""
    fields = place.fields
    said: dict[str, Any] = {} if place.path == documents.EACH else {"rows": place.path}
    keys, model_doubt = _keys(place)
    own = first_named(fields, MODELS)
    model = field(own) if own else _model_around(place) or keys[1]
    roles = {role: first_named(fields, ROLES[role]) for role in ROLES}
    models = _texts(place, model)
    groups = list(zip(models, *(fields[name] for name in roles.values() if name), strict=True))
    others = {name: values for name, values in fields.items() if name != own}
    item = item_field(others, groups, keyed=bool(keys[0]))
    if fields and not keys[0] and not score_fields(place.flat) and not first_named(fields, PREDICTED):
        board = bool(own) and len({*models}) == len(models)
        made, doubts = (
            wide(fields, "" if board else item, own if board else "") if board or not own else ({}, {})
        )
        if made:
            return said | made, doubts if board or item else doubts | {"item": NO_ITEM}
    rest = {name: values for name, values in place.flat.items() if name not in (own, item)}
    score, doubt = guessed_score(rest) if fields else _score(place)
    said |= {"item": field(item) if item else keys[0], "model": model, "score": score}
    said |= {
        role: field(name) for role, name in roles.items() if name and name in rest and field(name) != score
    }
    if "jailbroken" in score:
        said["lower_is_better"] = True
    doubts = {"score": doubt, "model": model_doubt if model == keys[1] else ""}
    return said, doubts | {
        "item": not_questions(_texts(place, said["item"]), rest) if said["item"] else NO_ITEM
    }


def _texts(place: _Place, name: str) -> list[str]:
    """Return the values of a field, or a key, as texts, one per record, empty for an empty name."""
    if not name:
        return [""] * len(place.every)
    return [
        str(value)
        for value in documents.frame(place.every, place.document, language.fields(name)).to_series()
    ]


def _score(place: _Place) -> Guess:
    """Return the score of the records, with fields or without."""
    if place.fields:
        return guessed_score(place.flat)
    made, doubt = worth("value", "", [record.value for record in place.every])
    return made, doubt or ("" if made else "the records contain no numbers")


def _keys(place: _Place) -> tuple[tuple[str, str], str]:
    """Return which keys on the way to a record are the question and the model (there are fewer models), and
    the uncertainties.
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
    """Return the model that the record around a record names, or the whole document, or "" if neither
    does.
    """
    around = place.first.around[-2] if len(place.first.around) > 1 else place.document
    for where, record in (("up", around), ("top", place.document)):
        name = (
            first_named(record, MODELS)
            if isinstance(record, dict) and record is not place.first.value
            else ""
        )
        if name and isinstance(record[name], str):
            return f"{where}.{name}" if is_word(name) else f"{where}[{json.dumps(name)}]"
    return ""


def _misread(said: dict[str, Any], source: Source) -> dict[str, str]:
    """Read the file by the mapping, and return the uncertainties of the result."""
    try:
        with base.named(source.name):
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
    # The first model that shares no question with any other of its task, or "" if all do, or there is only
    # one.
    pairs = rows.select("task", "model", "item").unique(maintain_order=True)
    shared = pairs.filter(pairs.select("task", "item").is_duplicated())["model"].unique().to_list()
    models = pairs["model"].unique(maintain_order=True).to_list()
    alone = next((model for model in models if model not in shared), "") if len(models) > 1 else ""
    if alone:
        return {"model": f"{alone!r} has no question in common with the others"}
    counted = "attempt" in said or said["rows" if "rows" in said else "item"].endswith(f"*{documents.EACH}")
    if not counted and bool((rows["attempt"] > 0).any()):
        return {"item": "some questions occur more than once"}
    return {}
