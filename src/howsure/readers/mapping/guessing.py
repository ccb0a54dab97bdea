"""What the fields of records seem to be, and why a guess is doubtful: the item, the model and the score of a
proposed mapping.
"""

from __future__ import annotations

import json
import re
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.readers.mapping.fields import RECORD, WORDS
from howsure.readers.mapping.mapping import FEW_EQUAL, LONG
from howsure.table.cells import MISSING, number_in
from howsure.table.cells import WORDS as VERDICTS
from howsure.table.names import by_plain_name, name_words, plain_name
from howsure.table.scale import PERCENT, extent_of_scores, scale_of
from howsure.table.schema import ALIASES, METRICS
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Fields = Mapping[str, Sequence[Any]]
    """The values of each field, one per record."""
    Guess = tuple[str, str]
    """An expression, and why it is doubtful; both may be empty."""

SCORES = (*ALIASES["score"], "verdict", "outcome", "status", "jailbroken")
"""Names of fields that hold scores."""
MODELS = (*ALIASES["model"], "engine", "provider")
PREDICTED = ("pred", "prediction", "predicted", "output", "response", "model_answer")
GOLD = ("answer", "gold", "target", "label", "reference", "expected", "ground_truth", "correct_answer")
ID_WORDS = frozenset(
    (
        *(
            "id",
            "uid",
            "qid",
            "q",
            "uuid",
            "key",
            "case",
            "testcase",
            "sample",
            "index",
            "idx",
            "nr",
            "no",
            "number",
        ),
        *("segment", "prompt", "input", "question", "problem", "line", "row"),
    )
)
"""Words in the names of fields that number or name the questions."""
FAMILIES = re.compile(
    r"gpt|claude|llama|gemini|gemma|qwen|mi[sx]tral|deepseek|sonnet|opus|haiku|grok", re.IGNORECASE
)
"""What stands in the names of many models."""
SUMMARIES = (
    "n",
    "n_items",
    "n_questions",
    "n_samples",
    "num_samples",
    "total",
    "count",
    "stderr",
    "std_err",
    "se",
)
"""Names of fields that stand beside the score of many questions."""
LIKELY_PERCENT = 10.0


def field(name: str) -> str:
    """Write a field as the language does: by its name, or as a part of the record if that is no word."""
    first, *inner = name.split(".")
    plain = is_word(first) and all(part.isidentifier() and not iskeyword(part) for part in inner)
    return name if plain else f"{RECORD}[{json.dumps(name)}]"


def is_word(name: str) -> bool:
    """Say whether the language takes a name for a field."""
    return name.isidentifier() and not iskeyword(name) and name not in WORDS


def named(fields: Iterable[str], names: Iterable[str]) -> str:
    """Return the field that has the first of these names; "" if none has."""
    plain = by_plain_name(fields)
    return next((plain[name] for name in names if name in plain), "")


def known(values: Iterable[Any]) -> list[Any]:
    """Return the values that aren't missing."""
    return [value for value in values if value is not None and not _is_missing(value)]


def _is_missing(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() in MISSING


def worth(expression: str, name: str, values: Sequence[Any]) -> Guess:
    """Return the expression of a score between 0 and 1 from a field: yes/no, numbers, percent or words; "" if
    its values are none.
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
    return expression, f"{span}; bring them to 0 to 1, such as (x - low) / (high - low)"


def _figures(values: Iterable[Any]) -> list[float] | None:
    """Return values as numbers; None if there are none, or one is no number."""
    found = [number_in(value) for value in values]
    return None if None in found else [number for number in found if number is not None] or None


def score_fields(fields: Fields) -> list[str]:
    """Return the fields that are named as scores are and hold such values, the likeliest first."""
    by_name: dict[str, list[str]] = {}
    for name in fields:
        by_name.setdefault(plain_name(name.rpartition(".")[2]), []).append(name)
    found = [name for alias in SCORES for name in by_name.get(alias, [])]
    return [name for name in found if worth("x", name, fields[name])[0]]


def score(fields: Fields) -> Guess:
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
    predicted, gold = named(fields, PREDICTED), named(fields, GOLD)
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
        return next(filter(None, guesses), ""), "no field is named as scores are"
    said = listing(sorted({repr(value) for value in known(fields[words])}), most=5)
    made, _ = worth(field(words), words, fields[words])
    return made, "is it the score?" if made else f"what is {words!r} worth ({said})?"


def _is_verdict(values: Sequence[Any]) -> bool:
    """Say whether values are a few short words that come again."""
    texts = {value for value in values if isinstance(value, str)}
    return 1 < len(texts) <= len(values) / 2 and len(texts) <= 5 and max(map(len, texts)) <= LONG


def _unequal(predicted: Sequence[Any], gold: Sequence[Any]) -> str:
    """Say why a comparison letter by letter may be no score."""
    pairs = [
        (str(a), str(b)) for a, b in zip(predicted, gold, strict=True) if a is not None and b is not None
    ]
    equal = sum(a == b for a, b in pairs)
    nearly = sum(a.strip().lower() == b.strip().lower() for a, b in pairs)
    if nearly > equal:
        return f"{plural(nearly - equal, 'pair')} of texts differ only in capitals or spaces"
    if pairs and (equal < FEW_EQUAL * len(pairs) or any(len(a) > LONG for a, _ in pairs)):
        return f"letter by letter, {equal:,} of {plural(len(pairs), 'pair')} are equal"
    return ""


def item_field(fields: Fields, models: Sequence[Any], *, keyed: bool) -> str:
    """Return the field with the questions: one of the usual names, else one named as ids are that comes once
    per model.

    `keyed`: records have keys, so that a field counts only if it comes once per model.
    """
    usual = [name for alias in ALIASES["item"] if (name := named(fields, [alias]))]
    others = [name for name in fields if ID_WORDS & set(name_words(name))]
    once = [name for name in (*usual, *others) if _comes_once(fields[name], models)]
    return next(iter(once if keyed else (*once, *usual)), "")


def not_questions(texts: Sequence[str], fields: Iterable[str]) -> str:
    """Say why what is taken for questions may be models: their names, or a count or an error beside a
    score.
    """
    models = [text for text in texts if len(text) <= LONG and FAMILIES.search(text)]
    summary = named(fields, SUMMARIES)
    return (
        "are these models?"
        if 2 * len(models) > len(texts)
        else f"{summary!r} looks like a summary"
        if summary
        else ""
    )


def _comes_once(values: Sequence[Any], model: Sequence[Any]) -> bool:
    """Say whether each value comes once per model, and all are ids."""
    if not all(isinstance(value, (str, int)) and not isinstance(value, bool) for value in values):
        return False
    pairs = list(zip(model, values, strict=True))
    return len({*map(str, pairs)}) == len(pairs)


def is_date(values: Sequence[Any]) -> bool:
    """Say whether values are days or times: 2025-01-31, 20250131."""
    return all(re.match(r"(19|20)\d\d-?[01]\d-?[0-3]\d", str(value)) for value in values)
