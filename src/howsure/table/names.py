"""The meaning of column names: how they are compared, and which leave the direction of scores open (a cost, a
loss). Also which mean values shared by all questions (seeds, prompts, judges) or settings of the model.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def word_list(text: str) -> tuple[str, ...]:
    """Return the words of a text, used here for long lists of names."""
    return tuple(text.split())


def plain_name(name: object) -> str:
    """Write a column's name like the aliases: `Question ID` is question_id."""
    return re.sub(r"[\s-]+", "_", str(name).strip().lower())


def name_words(name: str) -> list[str]:
    """Return the words of a column's or metric's name in lower case, a % sign too: costUSD, cost_usd, Score
    (%).
    """
    return re.findall(r"[a-z]+|%", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())


def by_plain_name(columns: Iterable[str]) -> dict[str, str]:
    """Return columns by the names of the aliases, the first of several with equal names."""
    return {plain_name(name): name for name in reversed(list(columns))}


BURDENS = frozenset(
    word_list(
        """
        cost costs price usd dollars seconds secs duration latency runtime tokens steps error errors loss
        perplexity ppl wer cer unsafe harmful toxic toxicity failure failures violation violations
        hallucination hallucinations
        """
    )
)
"""Words of a name that don't determine whether larger scores are better."""


def is_burden(*names: str) -> bool:
    """Return whether a name leaves the direction open: cost_usd, Seconds, error rate."""
    return any(not BURDENS.isdisjoint(name_words(name)) for name in names)


FACTORS = frozenset({"seed", "run", "prompt", "template", "paraphrase", "judge", "grader", "rater", "user"})
"""Names of values shared by many questions that are meant as a sample, however few there are."""
SETTINGS = frozenset({"temperature", "checkpoint"})
"""Names of parts of a model: rows that differ in one are neither repeats nor a sample."""
_BESIDE = frozenset({"id", "name", "no", "number", "index", "idx", "key"})


def means_factor(name: str) -> bool:
    """Return whether a column's name means values shared by all questions: `prompt`, `template_id`,
    `judge_name`.
    """
    return _is_called(name, FACTORS)


def means_setting(name: str) -> bool:
    """Return whether a column's name is one for settings of the model."""
    return _is_called(name, SETTINGS)


def _is_called(name: str, known: frozenset[str]) -> bool:
    words = {word for word in re.split(r"[^a-z]+", name.lower()) if word} - _BESIDE
    return bool(words) and words <= known


def silent_factor(found: Mapping[str, tuple[str, ...]], chosen: frozenset[str]) -> str:
    """Return the column used as attempts because of its name alone, although it may be a factor, "" if none
    was, or if the caller chose it.
    """
    columns = found.get("attempt", ()) if "attempt" not in chosen else ()
    return next((name for name in columns if means_factor(name)), "")
