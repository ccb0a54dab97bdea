"""Multiple choice in lm-eval's samples: the choices of a row, their log-likelihoods, and the right ones."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.readers.base import PROB, PROB_NORM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REFINES = {PROB: "acc", PROB_NORM: "acc_norm"}
"""The metric of lm-eval that grades the most likely choice of each."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One document's choices: log-likelihoods, as they are and by length where that is known, and the right
    ones.
    """

    plain: list[float]
    by_length: list[float] | None
    right: frozenset[int]

    def probability(self, metric: str) -> float | None:
        """Return the probability of the right choice (of all right ones, where several are), None where
        unknown.
        """
        values = self.plain if metric == PROB else self.by_length
        if not self.right or values is None or not is_distribution(values):
            return None
        weights = softmax(values)
        return min(1.0, math.fsum(weights[k] for k in self.right))

    def grade(self, metric: str) -> float:
        """Grade the most likely choice as lm-eval does."""
        values = self.plain if metric == PROB else self.by_length or self.plain
        return float(_most_likely(values) in self.right)


def softmax(values: Sequence[float]) -> list[float]:
    """Return probabilities in proportion to exp(values)."""
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def is_distribution(values: Sequence[float]) -> bool:
    """Say whether log-likelihoods can be normalised: none is NaN or +inf, and some choice is possible."""
    return -math.inf < max(values) < math.inf and not any(map(math.isnan, values))


def question(row: Mapping[str, Any], delimiter: str | None) -> Question | None:
    """Return the choices of a row of samples, None where it has no log-likelihoods; `delimiter`: what the
    task puts before a choice, None where that isn't known.
    """
    values = max(_log_likelihoods(row.get("resps")), _log_likelihoods(row.get("filtered_resps")), key=len)
    if "acc_mutual_info" in row and len(values) % 2 == 0:
        values = values[: len(values) // 2]
    if not values:
        return None
    size = len(values)
    continuations = _continuations(row.get("arguments"))[:size]
    listed, labels = _listed(row.get("doc"), size)
    texts = _texts(continuations, listed, size, delimiter)
    names = [listed, texts, labels, list(_LETTERS[:size])]
    right = _right(row.get("target"), size, [name for name in names if name]) or _graded(row, values)
    by_length = [_per_character(v, text) for v, text in zip(values, texts, strict=True)] if texts else None
    return Question(plain=values, by_length=by_length, right=right)


def _log_likelihoods(responses: object) -> list[float]:
    """Read `[[log-likelihood, is greedy], …]`, at whatever depth each lies; nothing where it is anything
    else.
    """
    values = []
    for response in responses if isinstance(responses, list) else ():
        while isinstance(response, list) and response and isinstance(response[0], list):
            response = response[0]  # noqa: PLW2901 - step inside
        if not isinstance(response, list) or len(response) != 2 or str(response[1]) not in ("True", "False"):
            return []
        values.append(_number(response[0]))
    return values


def _number(value: object) -> float:
    try:
        return math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _continuations(arguments: object) -> list[str]:
    """Return the text whose likelihood was asked for, one a request."""
    requests = list(arguments.values()) if isinstance(arguments, dict) else arguments
    if not isinstance(requests, list):
        return []
    pairs = [list(request.values()) if isinstance(request, dict) else request for request in requests]
    texts = [pair[1] for pair in pairs if isinstance(pair, list) and len(pair) > 1]
    return texts if len(texts) == len(pairs) and all(isinstance(text, str) for text in texts) else []


def _listed(doc: object, size: int) -> tuple[list[str], list[str]]:
    """Return the choices that the document lists, and their labels."""
    choices = doc.get("choices") if isinstance(doc, dict) else None
    parts = (choices.get("text"), choices.get("label")) if isinstance(choices, dict) else (choices, None)
    texts, labels = (
        [str(name) for name in part] if isinstance(part, list) and len(part) == size else [] for part in parts
    )
    return texts, labels


def _texts(continuations: list[str], listed: list[str], size: int, delimiter: str | None) -> list[str]:
    """Return the choices as lm-eval measures them; nothing where the prompts, not the continuations, hold
    them.
    """
    if len(continuations) != size:
        return listed
    if size > 1 and len(set(continuations)) == 1:
        return []
    if delimiter is None and listed and all(map(_follows_blank, continuations, listed)):
        return listed
    return [text.removeprefix(" " if delimiter is None else delimiter) for text in continuations]


def _follows_blank(continuation: str, choice: str) -> bool:
    return continuation.endswith(choice) and not continuation.removesuffix(choice).strip()


def _right(target: object, size: int, names: Sequence[list[str]]) -> frozenset[int]:
    """Find the right choices: positions, texts or labels; nothing where any can't be told."""
    if isinstance(target, str) and target.startswith("[") and len(target) < 10_000:
        try:
            target = json.loads(target)
        except (ValueError, RecursionError):
            return frozenset()
    found = [_position(one, size, names) for one in (target if isinstance(target, list) else [target])]
    return frozenset() if None in found else frozenset(place for place in found if place is not None)


def _position(target: object, size: int, names: Sequence[list[str]]) -> int | None:
    """Return the position of one right choice; as in lm-eval, digits are a position and not a text."""
    if isinstance(target, int):
        return int(target) if 0 <= target < size else None
    if not isinstance(target, str):
        return None
    word = target.strip()
    if word.isdecimal() and len(word) < 10 and int(word) < size:
        return int(word)
    stripped = ([name.strip() for name in choices] for choices in names)
    return next((choices.index(word) for choices in stripped if choices.count(word) == 1), None)


def _graded(row: Mapping[str, Any], values: list[float]) -> frozenset[int]:
    """Of two choices, `acc` tells the right one where the target doesn't, as in Winogrande."""
    if len(values) != 2 or row.get("acc") not in (0, 1) or not is_distribution(values):
        return frozenset()
    best = _most_likely(values)
    return frozenset([best if row["acc"] == 1 else 1 - best])


def _per_character(value: float, text: str) -> float:
    return value / len(text) if text else -math.inf


def _most_likely(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)
