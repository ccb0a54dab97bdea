"""Contents become a report: plain data and packed details."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from howsure.answers.report import Report
from howsure.page.boards import MOST_ESTIMATES, Reruns, details, logs, shown, written
from howsure.page.drawings import drawings, look
from howsure.page.packing import SYMBOLS, packed
from howsure.page.page import embedding, write_page
from howsure.page.texts import PageTexts, Place, held
from howsure.present import leaderboard
from howsure.present.document import Document, closing, small
from howsure.present.presenting import retold, told_apart, written_apart
from howsure.present.summary import board_names
from howsure.present.words.plain import PHRASES, TOPICS, WHEN
from howsure.processes import in_groups, in_turn
from howsure.wording import count_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.leaderboard import Leaderboard
    from howsure.page.contents import BoardPart, PageContents, Rung
    from howsure.page.provenance import Origin
    from howsure.page.texts import Held
    from howsure.processes import Each

MOST_STILL = 20
"""Boards of tasks that readers without JavaScript see."""
STEPS = (
    "noise",
    "health",
    "board.places.tested",
    "board.places.p_adjusted",
    "board.places.best",
    "board.places.ranks",
)
"""What is computed of a part before its details, which keep all pairs in the order of the board and take more
memory.
"""


def make(
    contents: PageContents,
    origin: Origin,
    title: str | None,
    *,
    texts: bool = False,
    inspect_view: str | None = None,
    lesson: str | None = None,
    url: str | None = None,
    card: str | None = None,
    each: Each = in_turn,
) -> Report:
    """Return the report of all gathered results.

    `texts`: whether to include prompts and answers. `inspect_view`: whether to link to it. `lesson`: the
    address of the lesson. `url`: the page's address. `card`: the picture in the same folder. `each`: draws
    the boards.
    """
    first = contents.first
    answer = first.leaderboard
    tasks = list(dict.fromkeys(part.board.task for part in first.tasks))
    told = written_apart({entry.model for part in first.parts for entry in part.board.entries} | set(tasks))
    reruns = Reruns(MOST_ESTIMATES // max(len(first.tasks), 1))
    begun = [
        # The overall board is the last: helpers, which begin at the first, needn't be sent all tasks.
        in_groups(
            each,
            partial(_drawn, told=told, reruns=reruns),
            [
                (
                    part,
                    rung is first,
                    logs(part, contents.scores.runs) if inspect_view and rung is first else None,
                )
                for part in reversed(rung.parts)
            ],
        )
        for rung in contents.rungs
    ]
    finder = PageTexts(scores=contents.scores, places=tuple(map(Place.of, first.parts)))
    found = held(finder) if texts else None
    still = written(told_apart(_still(answer), answer))
    drawn = [list(boards)[::-1] for boards in begun]
    data = {
        "howsure": 1,
        "version": origin.version,
        "title": title or retold(f"{listing(tasks)}: how sure?", told),
        "claim": retold(leaderboard.claim(answer), told),
        "verdict": retold(leaderboard.sentence(answer), told),
        "command": origin.command,
        "origin": origin.to_dict(),
        **_rung(first, told, drawn[0]),
        "others": [
            _rung(rung, told, boards) for rung, boards in zip(contents.others, drawn[1:], strict=True)
        ],
        "drawings": _drawings(contents),
        "look": look(),
        "phrases": _phrases(),
        "symbols": SYMBOLS,
        "texts": {"held": texts, "why": [finder.why_not(place) if place else "" for place in finder.places]},
        "inspect": inspect_view,
        "lesson": lesson,
        "html": {
            "notes": written(_notes(answer, found)),
            "made": written(origin.document()),
            "methods": written(Document(blocks=leaderboard.methods(answer).blocks[1:])),
        },
        "url": url,
        "card": card,
    }
    data["embed"] = embedding(url, data["title"])
    boards = tuple(details for every in drawn for _, details in every)
    return Report(
        html=write_page(data, boards, still, texts=found.boards if found else ()),
        data=data,
        boards=boards,
        leaderboard=answer,
        still=still,
        texts=found.boards if found else (),
        finder=finder,
        notes=(*answer.notes, *_told(found)),
        warnings=answer.warnings,
    )


def _still(answer: Leaderboard) -> Document:
    """Return what readers without JavaScript see: the boards, or the first of very many."""
    answer = replace(answer, each_task=True)
    if len(answer.boards) <= MOST_STILL:
        return leaderboard.document(answer)
    shown = leaderboard.document(replace(answer, boards=answer.boards[:MOST_STILL]))
    more = (
        f"Without JavaScript this page shows {MOST_STILL} of "
        f"{plural(len(answer.boards), 'task')}. With it, all are "
        "shown."
    )
    return Document(blocks=(*small((more,)), *shown.blocks))


def opened(rung: Rung) -> int:
    """Return which board is shown first: the overall one, or else the one with most answers."""
    if rung.leaderboard.overall is not None:
        return 0
    sizes = [sum(entry.estimate.n_items for entry in part.board.entries) for part in rung.parts]
    return sizes.index(max(sizes))


def _drawn(
    asked: Sequence[tuple[BoardPart, bool, list[list[str]] | None]],
    *,
    told: Mapping[str, str],
    reruns: Reruns,
) -> list[tuple[dict[str, Any], str]]:
    """Return the data of each board shown at first, and its packed details. `asked`: the boards, whether with
    the scores of single items, and the names of their logs.
    """
    for step in map(attrgetter, STEPS):
        for part, _, _ in asked:
            step(part)
    first = [retold(shown(part), told) for part, _, _ in asked]
    more = [
        details(part, reruns, items=items) | ({} if names is None else {"logs": names})
        for part, items, names in asked
    ]
    return [(one, packed(retold(each, told))) for one, each in zip(first, more, strict=True)]


def _rung(
    rung: Rung, told: Mapping[str, str], boards: Sequence[tuple[dict[str, Any], str]]
) -> dict[str, Any]:
    """Return the data on one population shown at first: its boards, the first of them, and the summary over
    all of them.
    """
    return {
        "population": rung.asked.population.name,
        "first": opened(rung),
        "overview": retold(_overview(rung), told),
        "boards": [board for board, _ in boards],
    }


def _overview(rung: Rung) -> dict[str, Any] | None:
    """Return the summary over all tasks: the sentence, and the name of each board, or None if there is one
    board.
    """
    answer = rung.leaderboard
    if len(answer.every) < 2:
        return None
    sampled = rung.over_tasks
    more = "" if sampled is None else f" For other tasks like these: {leaderboard.sentence(sampled)}"
    return {
        "claim": leaderboard.claim(answer),
        "verdict": leaderboard.sentence(answer) + more,
        "names": board_names(answer),
    }


def _notes(answer: Leaderboard, found: Held | None) -> Document:
    return Document(blocks=(*small((*answer.notes, *_told(found))), *closing(answer.warnings)))


def _told(found: Held | None) -> tuple[str, ...]:
    """Note for how many questions a page contains the texts."""
    if found is None:
        return ()
    left = f", but {count_text(found.left)} more didn't fit" if found.left else ""
    return (
        f"Texts: this page contains the prompts and answers of {plural(found.questions, 'question')}{left}.",
    )


def _drawings(contents: PageContents) -> dict[str, Any]:
    """Return the charts of the scales that the boards have."""
    percents = {part.board.percent for rung in contents.rungs for part in rung.parts}
    return {"percent" if percent else "plain": drawings(percent=percent) for percent in sorted(percents)}


def _phrases() -> dict[str, dict[str, object]]:
    """Return the building blocks of a pair's plain words."""
    keys = [key for key in WHEN if key.startswith("pair.")]
    return {
        "texts": {key: PHRASES[key] for key in keys},
        "when": {key: list(WHEN[key]) for key in keys},
        "topics": {topic: text for topic, text in TOPICS.items() if topic.startswith("pair.")},
    }
