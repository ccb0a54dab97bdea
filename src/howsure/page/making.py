"""Contents become a report: plain data and packed details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.answers.report import Report
from howsure.page.boards import details, shown
from howsure.page.drawings import drawings, look
from howsure.page.packing import SYMBOLS, packed
from howsure.page.page import write_page
from howsure.page.reruns import Reruns
from howsure.page.sharing import embedding
from howsure.present.alike import retold, told_apart, written_apart
from howsure.present.document import Document, closing, small
from howsure.present.leaderboard import board_title, document, methods
from howsure.present.render import html
from howsure.present.words.phrases import PHRASES, TOPICS, WHEN
from howsure.wording import listing

if TYPE_CHECKING:
    from howsure.inference.question import Question
    from howsure.page.contents import Contents
    from howsure.page.origin import Origin


def make(
    contents: Contents,
    asked: Question,
    origin: Origin,
    title: str | None,
    *,
    url: str | None = None,
    card: str | None = None,
) -> Report:
    """Return the report of everything that was gathered; `url`: where it will lie, `card`: the picture beside it."""
    first = opened(contents)
    tasks = list(dict.fromkeys(part.board.task for part in contents.tasks))
    told = written_apart({entry.model for part in contents.parts for entry in part.board.entries} | set(tasks))
    data = {
        "howsure": 1,
        "version": origin.version,
        "title": title or retold(f"{listing(tasks)}: how sure?", told),
        "verdict": retold(_verdict(contents, first), told),
        "first": first,
        "command": origin.command,
        "origin": origin.to_dict(),
        "boards": [retold(shown(part, contents, asked), told) for part in contents.parts],
        "drawings": {"percent": drawings(percent=True), "plain": drawings(percent=False)},
        "look": look(),
        "phrases": _phrases(),
        "symbols": SYMBOLS,
        "html": {
            "notes": html.render(_notes(contents)),
            "made": html.render(origin.document()),
            "methods": html.render(Document(blocks=methods(contents.leaderboard).blocks[1:])),
        },
        "url": url,
        "card": card,
    }
    data["embed"] = embedding(url, data["title"])
    reruns = Reruns()
    boards = tuple(packed(retold(details(part, contents, asked, reruns), told)) for part in contents.parts)
    still = html.render(told_apart(document(contents.leaderboard), contents.leaderboard))
    return Report(
        html=write_page(data, boards, still),
        data=data,
        boards=boards,
        still=still,
        notes=contents.leaderboard.notes,
        cautions=contents.leaderboard.cautions,
    )


def opened(contents: Contents) -> int:
    """Return which board is shown first: the overall one, or else the one with most answers."""
    if contents.leaderboard.overall is not None:
        return 0
    sizes = [sum(entry.estimate.n_items for entry in part.board.entries) for part in contents.parts]
    return sizes.index(max(sizes))


def _verdict(contents: Contents, first: int) -> str:
    board = contents.parts[first].board
    alone = len(contents.parts) == 1 or contents.leaderboard.overall is not None
    return board.verdict if alone else f"{board_title(board)}: {board.verdict}"


def _notes(contents: Contents) -> Document:
    answer = contents.leaderboard
    return Document(blocks=(*small(answer.notes), *closing(answer.cautions)))


def _phrases() -> dict[str, dict[str, object]]:
    """Return what a pair's plain words are made of."""
    keys = [key for key in WHEN if key.startswith("pair.")]
    return {
        "texts": {key: PHRASES[key] for key in keys},
        "when": {key: list(WHEN[key]) for key in keys},
        "topics": {topic: text for topic, text in TOPICS.items() if topic.startswith("pair.")},
    }
