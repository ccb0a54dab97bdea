"""How one question is worded: the prompt, the right answer, then the answers by model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Text, closing, facts, opening, small
from howsure.wording import Scale, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.question import OneQuestion, ShownAttempt
    from howsure.present.document import Block, Table

MOST_LETTERS = 2_000
"""The number of characters shown of a prompt or an answer. The JSON form has all of it."""


def document(answer: OneQuestion) -> Document:
    """Return the sentence, the prompt, and every answer."""
    unknown = [f"Prompts and answers aren't known: {answer.unknown}."] if answer.unknown else []
    models: dict[str, list[ShownAttempt]] = {}
    for attempt in answer.attempts:
        models.setdefault(attempt.model, []).append(attempt)
    percent = all(
        0 <= score <= 1 for each in answer.attempts for score in each.scores.values() if math.isfinite(score)
    )
    blocks: list[Block] = [*opening(sentence(answer), [*answer.notes, *unknown]), *_asked(answer.attempts)]
    for model, attempts in models.items():
        blocks += [Text(text=model, kind="heading"), _answers(attempts, Scale(percent=percent))]
    return Document(blocks=(*blocks, *closing(answer.warnings)))


def sentence(answer: OneQuestion) -> str:
    """Return how many models answered the question, how often, and which always or never got it right."""
    models: dict[str, list[float]] = {}
    for attempt in answer.attempts:
        models.setdefault(attempt.model, []).append(attempt.score)
    asked = f"{plural(len(models), 'model')}, {plural(len(answer.attempts), 'attempt')}"
    always = [name for name, scores in models.items() if all(score == 1 for score in scores)]
    never = [name for name, scores in models.items() if all(score == 0 for score in scores)]
    told = [f"always right: {listing(always)}"] if always else []
    told += [f"never right: {listing(never)}"] if never else []
    return f"{answer.item} of {answer.task}: {asked}{'; ' if told else ''}{'; '.join(told)}."


def _asked(attempts: Sequence[ShownAttempt]) -> list[Block]:
    """OneQuestion each prompt once, and each right answer, with the models if they differ."""
    blocks: list[Block] = []
    for name in ("prompt", "target"):
        found: dict[str, dict[str, None]] = {}
        for attempt in attempts:
            if text := getattr(attempt, name):
                found.setdefault(text, {})[attempt.model] = None
        for text, models in found.items():
            whose = f", {listing(list(models))}" if len(found) > 1 else ""
            title = "Right answer" if name == "target" else "Asked"
            lines = [line for line in _short(text).splitlines() if line.strip()]
            blocks += [Text(text=f"{title}{whose}", kind="heading"), *small(lines)]
    return blocks


def _answers(attempts: Iterable[ShownAttempt], scale: Scale) -> Table:
    """Lay out the answers of a model, identical ones together."""
    same: dict[tuple[str, str], list[int]] = {}
    for attempt in attempts:
        told = " ".join(_short(attempt.output or attempt.error).split())
        taken = f" ⇒ {' '.join(_short(attempt.answer).split())}" if attempt.answer else ""
        same.setdefault((_ended(attempt, scale), f"{told}{taken}"), []).append(attempt.attempt)
    return facts([(f"{_numbers(numbers)}: {ended}", text) for (ended, text), numbers in same.items()])


def _numbers(numbers: Sequence[int]) -> str:
    word = "attempt" if len(numbers) == 1 else "attempts"
    return f"{word} {listing([str(number) for number in numbers], 5)}"


def _ended(attempt: ShownAttempt, scale: Scale) -> str:
    """Write the score for each metric, and how the attempt ended if that is informative."""
    scores = {
        name: scale.score(score) if math.isfinite(score) else attempt.status
        for name, score in attempt.scores.items()
    }
    told = (
        next(iter(scores.values()))
        if len(scores) == 1
        else ", ".join(f"{name} {text}" for name, text in scores.items())
    )
    return f"{told} ({attempt.stop})" if attempt.stop not in ("", "stop") else told


def _short(text: str) -> str:
    return (
        text
        if len(text) <= MOST_LETTERS
        else f"{text[:MOST_LETTERS]} … {len(text) - MOST_LETTERS:,} more characters"
    )
