"""What plain words are made of: phrases with {fields}, each with the conditions under which it is true.

Data, so that a page can choose and fill the same phrases: a phrase is said where each condition in `WHEN` holds (`!name`: where it
doesn't), and its fields are texts that are already formatted. The first two parts of a key are its topic; the phrases of a topic
make one paragraph under the question in `TOPICS`. See plain.py for what the conditions mean.
"""

from __future__ import annotations

from howsure.present.words import board_phrases, pair_phrases

_TABLE = (*pair_phrases.PAIR, *board_phrases.BOARD, *board_phrases.SCORE)

TOPICS: dict[str, str] = {**pair_phrases.TOPICS, **board_phrases.TOPICS}
"""The question that a topic answers."""

PHRASES: dict[str, str] = {key: text for key, _, text in _TABLE}
"""The phrases by their keys, in reading order."""

WHEN: dict[str, tuple[str, ...]] = {key: tuple(when.split()) for key, when, _ in _TABLE}
"""The conditions of each phrase; `!name` is the opposite of `name`."""
