"""What plain words are made of: phrases with {fields}, each with the conditions under which it is true.

Data, so that a page can choose and fill the same phrases: a phrase is used where each condition in `WHEN`
holds (`!name`: where it doesn't), and its fields are texts that are already formatted. They stand in
phrases.txt: under the name and the question of a topic (`# pair.seen: What was seen?`) its phrases, each a
line with its name and its conditions and then the text. The phrases of a topic make one paragraph under its
question. See plain.py for what the conditions mean.
"""

from __future__ import annotations

from importlib.resources import files

TOPICS: dict[str, str] = {}
"""The question that a topic answers."""

PHRASES: dict[str, str] = {}
"""The phrases by their keys (`pair.seen.shared`), in reading order."""

WHEN: dict[str, tuple[str, ...]] = {}
"""The conditions of each phrase; `!name` is the opposite of `name`."""


def _fill(text: str) -> None:
    topic = ""
    for block in text.strip().split("\n\n"):
        head, *lines = block.split("\n")
        name, _, rest = head.removeprefix("# ").partition(":")
        if head.startswith("# "):
            topic = name
            TOPICS[topic] = rest.strip()
        else:
            PHRASES[f"{topic}.{name}"] = " ".join(lines)
            WHEN[f"{topic}.{name}"] = tuple(rest.split())


_fill(files("howsure.present.words").joinpath("phrases.txt").read_text(encoding="utf-8"))
