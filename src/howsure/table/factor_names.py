"""Columns whose names say that all questions share what they hold (seeds, prompts, judges), or that it is a
setting of the model (temperature).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTORS = frozenset({"seed", "run", "prompt", "template", "paraphrase", "judge", "grader", "rater", "user"})
"""What is shared by many questions and of which others are meant as well, however few there are."""
SETTINGS = frozenset({"temperature", "checkpoint"})
"""What is part of a model: rows that differ in it are neither repeats nor a sample."""
_BESIDE = frozenset({"id", "name", "no", "number", "index", "idx", "key"})


def means_factor(name: str) -> bool:
    """Say whether a column is called as what all questions share is: `prompt`, `template_id`,
    `judge_name`.
    """
    return _is_called(name, FACTORS)


def means_setting(name: str) -> bool:
    """Say whether a column is called as a setting of the model is."""
    return _is_called(name, SETTINGS)


def _is_called(name: str, known: frozenset[str]) -> bool:
    words = {word for word in re.split(r"[^a-z]+", name.lower()) if word} - _BESIDE
    return bool(words) and words <= known


def silent_factor(found: Mapping[str, tuple[str, ...]], chosen: frozenset[str]) -> str:
    """Return the column that was taken for attempts by its name alone although it may be a factor; "" where
    none was, or the caller chose it.
    """
    columns = found.get("attempt", ()) if "attempt" not in chosen else ()
    return next((name for name in columns if means_factor(name)), "")
