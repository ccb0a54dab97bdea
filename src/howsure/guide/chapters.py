"""The chapters as data: Markdown in, pieces in reading order out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from howsure.errors import OptionError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_NAME = re.compile(r"(?P<number>[1-9])-[a-z-]+\.md")
_TITLE = re.compile(r"^# [1-9]\. (?P<title>.+)\n+")
_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$\n?", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (?P<command>.+)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
_CHAPTER_LINK = re.compile(r"\[(?:[1-9]\. )?(?P<text>[^\]]+)\]\((?P<number>[1-9])-[a-z-]+\.md\)")
_PAGE_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?!https?:)[^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A stretch of Markdown."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Lines that are shown unchanged."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A command as it would be typed, and its output on the example logs."""

    command: str
    output: str


Piece = Prose | Formula | Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One chapter: its number from 1, its title, and its pieces in reading order."""

    number: int
    title: str
    pieces: tuple[Piece, ...]


def chapters() -> tuple[Chapter, ...]:
    """Return all chapters in their order."""
    found = ((_NAME.fullmatch(page.name), page) for page in folder().iterdir())
    pages = {int(match["number"]): page for match, page in found if match}
    return tuple(parse(number, pages[number].read_text(encoding="utf-8")) for number in sorted(pages))


def chapter(number: int) -> Chapter:
    """Return one chapter. OptionError if it doesn't exist."""
    every = chapters()
    for found in every:
        if found.number == number:
            return found
    raise OptionError(f"no chapter {number}", remedy=f"There are {len(every)}: see `howsure guide`.")


def folder() -> Traversable:
    """Return the folder of the chapters: in the package, or docs/guide in a repository that is installed in
    place.
    """
    packed = files("howsure.guide") / "chapters"
    return packed if packed.is_dir() else Path(__file__).parents[3] / "docs" / "guide"


def parse(number: int, text: str) -> Chapter:
    """Split a page into its title, prose, formulas and examples."""
    title = _TITLE.match(text)
    body = text[title.end() :] if title else text
    pieces: list[Piece] = []
    start = 0
    for fence in _FENCE.finditer(body):
        pieces += _prose(body[start : fence.start()])
        pieces += _fenced(fence["info"], fence["body"])
        start = fence.end()
    pieces += _prose(body[start:])
    return Chapter(number=number, title=title["title"] if title else "", pieces=tuple(pieces))


def _prose(text: str) -> list[Piece]:
    said = _PAGE_LINK.sub(
        r"\g<text>", _CHAPTER_LINK.sub(r"\g<text> (`howsure guide \g<number>`)", text)
    ).strip()
    return [Prose(text=said)] if said else []


def _fenced(info: str, body: str) -> list[Piece]:
    if not info.startswith("console"):
        return [Formula(text=body.rstrip("\n"))]
    return [
        Example(command=found["command"], output=found["output"].strip("\n"))
        for found in _COMMAND.finditer(body)
    ]


def skill() -> str:
    """Return the instructions for agents that use howsure: skills/howsure/SKILL.md, which is part of the
    package.
    """
    packed = files("howsure.guide") / "SKILL.md"
    page = packed if packed.is_file() else Path(__file__).parents[3] / "skills" / "howsure" / "SKILL.md"
    return page.read_text(encoding="utf-8")
