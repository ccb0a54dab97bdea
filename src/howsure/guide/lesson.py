"""The lesson: nine interactive chapters in one page, which is self-contained and makes no network requests.

Its chapters are HTML (assets/chapters) with a program each (assets/app). The plain version below each is the
chapter of docs/guide. The statistics module is shared with the report's page.
"""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import DataError
from howsure.guide.chapters import Example, Formula, chapters
from howsure.page import page
from howsure.page.packing import SYMBOLS, packed_scores, short, to_json
from howsure.present.document import warning_text
from howsure.present.render import html
from howsure.study.design import Respects
from howsure.study.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.guide.chapters import Chapter, Piece
    from howsure.guide.rewriting import Target
    from howsure.statistics.arrays import Floats
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

RESPECTS = Respects(verb="guide", all_but=("random factor", "covariate", "slices", "measures", "benchmark"))
MOST_MODELS = 40
MOST_CELLS = 2_000_000
EXACT = 17


@cache
def built_in() -> list[dict[str, Any]]:
    """Return the boards that come with howsure (scripts/lesson-boards makes them): SWE-bench Verified, and
    the example logs.
    """
    found: list[dict[str, Any]] = json.loads(
        files("howsure.guide").joinpath("assets", "boards.json").read_text("utf-8")
    )
    return found


def board_of(
    scores: Scores, design: Design, target: Target, *, name: str, kind: str = "own"
) -> dict[str, Any]:
    """Return one of the user's tasks in the form that the lesson's page needs: at most 40 models, the best,
    and the two that are compared.

    `name`: the board's name on the page. DataError if scores are outside of [0, 1], or are too many for a
    page.
    """
    study = gather(scores, design)
    matrix = next(study.matrices())
    if not matrix.bounded:
        raise DataError(
            "the lesson is for scores from 0 to 1",
            where=matrix.task,
            remedy=(
                "Choose another metric (--metric), or read the chapter in the terminal: howsure guide 1 PATH"
            ),
        )
    # Which models are shown, best first.
    means = matrix.orientation * _means(matrix.values, ~np.isnan(matrix.values))
    order = np.argsort(-np.nan_to_num(means, nan=-np.inf), kind="stable").tolist()
    wanted = [m for m in order if matrix.models[m] in (target.a, target.b)]
    best = [m for m in order if m not in wanted][: MOST_MODELS - len(wanted)]
    kept = sorted(best + wanted, key=order.index)
    if len(kept) * len(matrix.items) > MOST_CELLS:
        raise DataError(
            f"{len(kept)} models × {len(matrix.items):,} items are too many for a page",
            remedy="Choose one task (--task).",
        )
    said = [*study.notes, *_lesson_notes(matrix), *map(warning_text, study.warnings)] if kind == "own" else []
    return _told(matrix, kept, target) | {"name": name, "kind": kind, "said": said}


def _lesson_notes(matrix: ScoreMatrix) -> list[str]:
    """Note the differences between the lesson and the commands."""
    turned = "Smaller scores are better here: the lesson shows 1 − score." if matrix.lower_is_better else ""
    crossed = (
        f"The lesson supports one clustering, and uses {matrix.cluster_names[0]}."
        if matrix.clusters[1:]
        else ""
    )
    return [note for note in (turned, crossed) if note]


def _told(matrix: ScoreMatrix, kept: list[int], target: Target) -> dict[str, Any]:
    values = matrix.values[:, kept] if not matrix.lower_is_better else 1 - matrix.values[:, kept]
    words = (*target.grouping, *target.reading)
    task = ("--task", target.task) if target.task else ()
    # The mean variance of the attempts at an item (unbiased), or NaN if every item has one.
    counts, within = matrix.attempts[:, kept], matrix.within[:, kept]
    several = counts > 1
    unbiased = np.where(several, within * counts / np.maximum(counts - 1, 1), 0.0)
    answer_variance = _means(unbiased, several)
    return {
        "task": matrix.task,
        "path": shlex.join(target.paths),
        "grouping": shlex.join((*words, *task)),
        "same": bool(matrix.few_clusters),
        "models": [matrix.models[m] for m in kept],
        "a": target.a,
        "b": target.b,
        "left": len(matrix.models) - len(kept),
        "scores": packed_scores(values, digits=EXACT) | {"symbols": SYMBOLS},
        "clusters": _clusters(matrix),
        "attempts": short(_attempts(matrix, kept), EXACT),
        "within": short(answer_variance, EXACT),
        "answers": [_answers(matrix, m) for m in kept],
    }


def _clusters(matrix: ScoreMatrix) -> dict[str, Any] | None:
    if not matrix.clusters:
        return None
    return {
        "name": matrix.cluster_names[0],
        "codes": matrix.clusters[0].tolist(),
        "labels": matrix.cluster_labels[0],
    }


def _attempts(matrix: ScoreMatrix, kept: list[int]) -> Floats:
    """Return the number of attempts at every item that would be equally noisy: the harmonic mean over the
    items.
    """
    counts = matrix.attempts[:, kept].astype(float)
    with np.errstate(divide="ignore"):
        return np.asarray(1 / _means(1 / np.maximum(counts, 1), counts > 0))


def _answers(matrix: ScoreMatrix, m: int) -> int | list[int] | None:
    """Return the number of right-or-wrong answers in each score of a model, or None if scores are something
    else.
    """
    if not matrix.right_or_wrong()[m]:
        return None
    counts = matrix.attempts[:, m].astype(int)
    some = counts[counts > 0]
    return int(some[0]) if len(some) and (some == some[0]).all() else counts.tolist()


def _means(values: Any, there: Any) -> Floats:
    """Return the mean of each column over the existing cells, or NaN if there are none."""
    counts = there.sum(axis=0)
    found: Floats = np.where(
        counts > 0, np.where(there, values, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan
    )
    return found


SHARED = ("data", "format", "page", "shapes")
"""The code that the lesson's program shares with the report's."""
APP = (
    *("random", "board", "csv", "draw", "guess", "sheet", "reading", "picture"),
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
    *("questions", "class", "story", "main"),
)
"""The lesson's own program, in reading order: building blocks of chapters, one file per chapter, and the code
that opens them.
"""
STORY = '<p class="story"><span class="asks" data-show="question"></span> <span data-show="sofar"></span></p>'
"""The question of all chapters, about two models, and the answer so far."""
QUESTIONS = "questions"
FIVE = "Five questions that people ask"
CLASS, GAME = "class", "A game for your class"
_FRAGMENT = re.compile(r"(?P<name>[1-9]|questions|class)[a-z-]*\.html")


def write_lesson(boards: Sequence[dict[str, Any]]) -> str:
    """Return the page. `boards`: the results to play with (`board_of`), the initial ones first."""
    from howsure import __version__

    style = page.asset("theme.css") + _asset("lesson.css")
    scripts = (page.asset("distributions.min.js"), _program())
    every = chapters()
    five_questions = _article(
        QUESTIONS, FIVE, _fragments()[QUESTIONS], _to(every[-1], "← "), _to(every[0], "From the start: ")
    )
    class_game = _article(CLASS, GAME, _fragments()[CLASS], _to(every[-1], "← "), "")
    return Template(_asset("lesson.html")).substitute(
        policy=page.policy(style, scripts),
        version=__version__,
        style=style,
        contents="".join(_link(str(each.number), each.title, str(each.number)) for each in every)
        + _link(QUESTIONS, FIVE, "?"),
        chapters="\n".join([*(_chapter(each, every) for each in every), five_questions, class_game]),
        licences=page.licences(drawing=False),
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
    body = f"{STORY}\n{_fragments()[str(chapter.number)]}\n{_plain(chapter)}"
    leading = _to(before[-1], "← ") if before else "<span></span>"
    return _article(
        str(chapter.number), f"{chapter.number}. {html.escape(chapter.title)}", body, leading, following
    )


def _article(name: str, title: str, body: str, before: str, after: str) -> str:
    """Return a chapter's part of the page, with links to the previous and next one."""
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
        return _preformatted(piece.text)
    if isinstance(piece, Example):
        return _preformatted(f"$ {piece.command}\n{piece.output}")
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(piece.text))


def _preformatted(text: str) -> str:
    escaped = "\n".join(map(html.escape, text.split("\n")))  # in one piece, the ends of lines would be shown
    return f'<pre tabindex="0">{escaped}</pre>'


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
