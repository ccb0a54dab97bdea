"""The lesson: nine chapters to play with, in one page that needs nothing else and asks nobody for anything.

Its chapters are HTML (assets/chapters) with a program each (assets/app); the plain version below each is the
chapter of docs/guide. The statistics are the module that the report's page has too.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from howsure.guide.chapters import Example, Formula, chapters
from howsure.page import page
from howsure.page.packing import to_json
from howsure.present.render import html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.guide.chapters import Chapter, Piece

SHARED = ("data", "format", "page", "shapes")
"""What the lesson's program shares with the report's."""
APP = (
    *("random", "board", "csv", "draw", "sheet", "reading"),
    *(
        "illusion",
        "super_population",
        "central_limit",
        "clusters",
        "shrinking",
        "comparison",
        "power",
        "playbook",
        "rigor",
    ),
    *("questions", "main"),
)
"""The lesson's own program, in reading order: what chapters are made of, a file a chapter, and what opens
them.
"""
QUESTIONS = "questions"
FIVE = "Five questions that people ask"
_FRAGMENT = re.compile(r"(?P<name>[1-9]|questions)[a-z-]*\.html")


def write_lesson(boards: Sequence[dict[str, Any]]) -> str:
    """Return the page; `boards`: the results to play with (numbers.py), those that it begins with first."""
    from howsure import __version__

    style = page.asset("theme.css") + _asset("lesson.css")
    scripts = (page.asset("distributions.min.js"), _program())
    every = chapters()
    return Template(_asset("lesson.html")).substitute(
        policy=page.policy(style, scripts),
        version=__version__,
        style=style,
        contents="".join(_link(str(each.number), each.title, str(each.number)) for each in every)
        + _link(QUESTIONS, FIVE, "?"),
        chapters="\n".join([*(_chapter(each, every) for each in every), _five_questions(every)]),
        licences=page.licences(),
        boards=to_json(list(boards)),
        distributions=scripts[0],
        program=scripts[1],
    )


def _link(name: str, title: str, shown: str) -> str:
    said = html.escape(f"{shown}. {title}" if shown != "?" else title)
    return f'<li><a href="#chapter={name}" title="{said}" aria-label="{said}">{shown}</a></li>'


def _chapter(chapter: Chapter, every: Sequence[Chapter]) -> str:
    before, after = every[: chapter.number - 1], every[chapter.number :]
    following = _to(after[0], "Next: ") if after else f'<a href="#chapter={QUESTIONS}">Next: {FIVE} →</a>'
    body = f"{_fragments()[str(chapter.number)]}\n{_plain(chapter)}"
    leading = _to(before[-1], "← ") if before else "<span></span>"
    return _article(
        str(chapter.number), f"{chapter.number}. {html.escape(chapter.title)}", body, leading, following
    )


def _five_questions(every: Sequence[Chapter]) -> str:
    return _article(
        QUESTIONS, FIVE, _fragments()[QUESTIONS], _to(every[-1], "← "), _to(every[0], "From the start: ")
    )


def _article(name: str, title: str, body: str, before: str, after: str) -> str:
    """Return a chapter's part of the page, with links to what comes before and after."""
    return (
        f'<article class="chapter" id="chapter-{name}" data-chapter="{name}">\n<h1 '
        f'tabindex="-1">{title}</h1>\n{body}\n<nav class="next" aria-label="Before and '
        f'after">{before}{after}</nav>\n</article>'
    )


def _to(chapter: Chapter, said: str) -> str:
    arrow = " →" if said == "Next: " else ""
    return (
        f'<a href="#chapter={chapter.number}">{said}{chapter.number}. {html.escape(chapter.title)}{arrow}</a>'
    )


def _plain(chapter: Chapter) -> str:
    """Return the chapter of docs/guide, to be read or listened to, closed at first."""
    text = "\n".join(map(_plain_piece, chapter.pieces))
    return (
        '<details class="plain"><summary>The plain version, to read or to listen to</summary>\n'
        '<p class="listen"><button type="button">Listen</button> <label>Pace '
        '<input type="range" min="0.8" max="2" step="0.1" value="1"></label> <output>1.0×</output></p>\n'
        f'<div class="text">{text}</div></details>'
    )


def _plain_piece(piece: Piece) -> str:
    from markdown_it import MarkdownIt

    if isinstance(piece, Formula):
        return f'<pre tabindex="0">{html.escape(piece.text)}</pre>'
    if isinstance(piece, Example):
        return f'<pre tabindex="0">$ {html.escape(piece.command)}\n{html.escape(piece.output)}</pre>'
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(piece.text))


@cache
def _fragments() -> dict[str, str]:
    """Return the chapters' own HTML by name."""
    folder = files("howsure.guide").joinpath("assets", "chapters")
    found = ((_FRAGMENT.fullmatch(file.name), file) for file in folder.iterdir())
    return {match["name"]: _unbroken(file.read_text(encoding="utf-8")) for match, file in found if match}


def _unbroken(text: str) -> str:
    """Keep a number and its unit in one line."""
    return re.sub(r"(?<=\d) (?=%|pp\b)", "\N{NO-BREAK SPACE}", text)


@cache
def _asset(name: str) -> str:
    return files("howsure.guide").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _program() -> str:
    return page.in_one_scope(
        [
            *(page.asset(f"app/{name}.js") for name in SHARED),
            page.statistics(),
            *(_asset(f"app/{name}.js") for name in APP),
        ]
    )
