"""Prompts and answers, by question: read when a reader of a served page requests them, or packed into a page
that contains them.

Nothing is read before that. Logs are read again for the requested questions, and the rows of a table are
searched for them.
"""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.page.packing import packed
from howsure.readers.registry import by_name
from howsure.readers.table_texts import NO_COLUMN, table_transcripts, text_columns
from howsure.readers.transcripts import NOT_KEPT, reread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from howsure.page.contents import BoardPart
    from howsure.readers.transcripts import Transcript
    from howsure.table.scores import RunEntry, Scores

    Text = str | list[str | int]
    """A text, or its beginning and end and how many characters between them are left out."""
    Attempt = dict[str, Any]
    Answers = dict[str, list[Attempt]]
    """A model's answers to each question, attempt by attempt."""
    Key = tuple[str, str, str]

TEXTS = ("prompt", "target", "output", "answer", "error")
MOST_ATTEMPTS = 10
"""This many attempts of a model at a question are in a page; the others are counted."""
MOST_LETTERS = 20_000
"""Longer texts are cut in the middle in a page that contains them."""
MOST_SERVED = 200_000
"""The same if a server reads them."""
MOST_PACKED = 20_000_000
"""The maximum number of characters of texts in a page, all boards together, each text counted once."""
MOST_KEPT = 32_000_000
"""The number of characters that a server caches, so that it needn't read a log again."""
FIRST_BATCH = 50
WHOLE_BYTES = 64 * 1024**2
"""A log that must be read from end to end is read once for all of its questions, up to this size."""
OWN = ".eval"
"""The suffix of logs in which one question can be found without reading the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A board whose questions may be requested: its task, its questions and its models in the order of the
    page.

    `by_spread`: the questions that models disagree on first.
    """

    task: str
    metric: str
    items: tuple[str, ...]
    models: tuple[str, ...]
    by_spread: tuple[int, ...]
    percent: bool = True

    @classmethod
    def of(cls, part: BoardPart) -> Place | None:
        """Return the index of a board, None for one without its own questions."""
        if part.matrix is None:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            counts = np.isfinite(part.matrix.values).sum(axis=1)
            spread = np.where(counts > 1, np.nan_to_num(_variance(part.matrix.values)), -1.0)
        return cls(
            task=part.board.task,
            metric=part.board.metric,
            items=tuple(map(str, part.matrix.items.tolist())),
            models=tuple(entry.model for entry in part.board.entries),
            by_spread=tuple(np.argsort(-spread, kind="stable").tolist()),
            percent=part.board.percent,
        )


def _variance(values: Any) -> Any:
    counts = np.maximum(np.isfinite(values).sum(axis=1), 1)
    mean = np.nansum(values, axis=1) / counts
    return np.nansum((values - mean[:, None]) ** 2, axis=1) / counts


@dataclass(slots=True)
class Kept:
    """A cache of recent texts, limited by its number of characters: the least recently used are removed
    first.
    """

    most: int
    held: OrderedDict[tuple[Key, str], list[Attempt]] = field(default_factory=OrderedDict)
    size: int = 0

    def get(self, key: tuple[Key, str]) -> list[Attempt] | None:
        """Return the cached value, or None if there isn't one."""
        if key in self.held:
            self.held.move_to_end(key)
        return self.held.get(key)

    def put(self, key: tuple[Key, str], attempts: list[Attempt]) -> None:
        """Cache a value."""
        self.size += letters(attempts) - letters(self.held.pop(key, []))
        self.held[key] = attempts
        while self.size > self.most and len(self.held) > 1:
            self.size -= letters(self.held.popitem(last=False)[1])


@dataclass(slots=True)
class PageTexts:
    """The texts behind the boards of a page: `of` finds those of one question, `read` those of several."""

    scores: Scores
    places: tuple[Place | None, ...]
    kept: Kept = field(default_factory=lambda: Kept(MOST_KEPT))
    lock: Lock = field(default_factory=Lock)
    columns: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = text_columns(self.scores)

    def why_not(self, place: Place) -> str:
        """Return why no question of a board can have texts, or "" if some may have."""
        entries = self._entries(place)
        if not entries:
            return "" if self.columns else NO_COLUMN
        return "" if any(map(_holds_texts, entries)) else NOT_KEPT

    def of(self, board: int, item: int, models: Sequence[int]) -> dict[str, Any]:
        """Return the attempts of these models at a question, by the model's index, and the reasons why some
        have none.

        Raises LookupError if the board, question or model doesn't exist.
        """
        place = self.places[board] if 0 <= board < len(self.places) else None
        if (
            place is None
            or not 0 <= item < len(place.items)
            or not all(0 <= m < len(place.models) for m in models)
        ):
            raise LookupError
        reasons: dict[str, None] = {}
        with self.lock:
            found = {m: self._found(place, place.items[item], place.models[m], reasons) for m in models}
        return {"models": {str(m): attempts for m, attempts in found.items()}, "why": "; ".join(reasons)}

    def read(self, place: Place, items: Collection[str], reasons: dict[str, None]) -> dict[str, Answers]:
        """Return every model's answers to these questions, cut for a page."""
        answers: dict[str, Answers] = {model: {} for model in place.models}
        for each in reread(self._entries(place), {place.task: items}):
            reasons |= dict.fromkeys([each.reason] if each.reason else [])
            for item, attempts in _by_item(each.transcripts, place, each.entry.source, MOST_LETTERS).items():
                answers[each.entry.model].setdefault(item, []).extend(attempts)
        if not self._entries(place):
            answers |= self._tabled(place, items, MOST_LETTERS)
        return answers

    def _entries(self, place: Place) -> list[RunEntry]:
        return [
            entry for entry in self.scores.runs if entry.task == place.task and entry.model in place.models
        ]

    def _found(self, place: Place, item: str, model: str, reasons: dict[str, None]) -> list[Attempt]:
        """Return a model's answer to a question, from the cache, its logs, or the table."""
        entries = [entry for entry in self._entries(place) if entry.model == model]
        found = [attempt for entry in entries for attempt in self._logged(place, item, entry, reasons)]
        if entries:
            return found
        key: Key = ("", place.task, model)
        if self.kept.get((key, item)) is None:
            for each, answers in self._tabled(place, [item], MOST_SERVED).items():
                self.kept.put((("", place.task, each), item), answers.get(item, []))
            reasons |= {} if self.columns else {NO_COLUMN: None}
        return self.kept.get((key, item)) or []

    def _logged(self, place: Place, item: str, entry: RunEntry, reasons: dict[str, None]) -> list[Attempt]:
        """Return a log's attempts at a question. A log that must be read from end to end is read once for all
        questions.
        """
        key: Key = (entry.file, entry.task, entry.model)
        known = self.kept.get((key, item))
        if known is not None:
            return known
        wanted = place.items if _read_whole(entry) else (item,)
        read = next(reread([entry], {place.task: set(wanted)}))
        reasons |= dict.fromkeys([read.reason] if read.reason else [])
        answers = _by_item(read.transcripts, place, entry.source, MOST_SERVED)
        for other in answers.keys() - {item}:
            self.kept.put((key, other), answers[other])
        self.kept.put((key, item), answers.get(item, []))
        return answers.get(item, [])

    def _tabled(self, place: Place, items: Collection[str], most: int) -> dict[str, Answers]:
        """Return a table's texts for these questions."""
        if not self.columns:
            return {}
        said: dict[str, list[Transcript]] = defaultdict(list)
        for model, transcript in table_transcripts(self.scores, place.task, items):
            said[model].append(transcript)
        return {model: _by_item(said[model], place, "", most) for model in place.models}


def _holds_texts(entry: RunEntry) -> bool:
    return bool(entry.file) and hasattr(by_name(entry.reader), "transcripts")


def _read_whole(entry: RunEntry) -> bool:
    path = Path(entry.file)
    return path.suffix != OWN and path.is_file() and path.stat().st_size <= WHOLE_BYTES


def _by_item(transcripts: Iterable[Transcript], place: Place, source: str, most: int) -> Answers:
    """Return the attempts at each question. If an attempt has several transcripts, that of the board's metric
    is used.
    """
    attempts: dict[str, dict[int, Transcript]] = defaultdict(dict)
    for each in transcripts:
        known = attempts[each.item].get(each.attempt)
        if known is None or (place.metric in each.scores and place.metric not in known.scores):
            attempts[each.item][each.attempt] = each
    return {
        item: [_attempt(found[number], place, source, most) for number in sorted(found)]
        for item, found in attempts.items()
    }


def _attempt(said: Transcript, place: Place, source: str, most: int) -> Attempt:
    """Return one attempt in the page's form: empty fields are left out, long texts are cut in the middle."""
    score = said.scores.get(place.metric)
    known = score is not None and math.isfinite(score) and (not place.percent or 0 <= score <= 1)
    texts = {name: cut(text, most) for name in TEXTS if (text := getattr(said, name))}
    if said.answer == said.output:
        texts.pop("answer", None)
    stop = said.stop if said.stop not in ("", "stop") else ""
    more = {"score": score if known else None, "stop": stop, "source": source}
    return {
        "attempt": said.attempt,
        **texts,
        **{name: value for name, value in more.items() if value not in ("", None)},
    }


def cut(text: str, most: int) -> Text:
    """Return a text, or for a longer one its first two thirds and its end, with the number of characters
    between.

    >>> cut("abcdefghij", 6)
    ['abcd', 4, 'ij']
    """
    if len(text) <= most:
        return text
    end = most // 3
    return [text[: most - end], len(text) - most, text[-end:]]


def letters(attempts: Iterable[Attempt]) -> int:
    """Count the characters of attempts, and a few for each."""
    return sum(
        100 + sum(_letters(attempt[name]) for name in TEXTS if name in attempt) for attempt in attempts
    )


def _letters(text: Text) -> int:
    return len(text) if isinstance(text, str) else sum(len(part) for part in text if isinstance(part, str))


@dataclass(slots=True)
class Book:
    """The texts of a board in a page: each text once, and questions with attempts that refer to them.

    `left`: questions with texts that didn't fit.
    """

    room: int
    strings: list[Text] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    questions: dict[int, dict[int, list[Attempt]]] = field(default_factory=dict)
    left: int = 0

    def add(self, item: int, answers: Mapping[int, list[Attempt]]) -> bool:
        """Add a question, unless it doesn't fit, and return whether it was added."""
        new = {repr(text): text for attempts in answers.values() for text in _texts_of(attempts)}
        size = sum(_letters(text) for name, text in new.items() if name not in self.places)
        if size > self.room:
            return False
        self.room -= size
        self.questions[item] = {
            m: [self._pointing(each) for each in attempts] for m, attempts in answers.items()
        }
        return True

    def _pointing(self, attempt: Attempt) -> Attempt:
        return {name: self._place(value) if name in TEXTS else value for name, value in attempt.items()}

    def _place(self, text: Text) -> int:
        place = self.places.setdefault(repr(text), len(self.strings))
        if place == len(self.strings):
            self.strings.append(text)
        return place


def _texts_of(attempts: Iterable[Attempt]) -> Iterator[Text]:
    return (attempt[name] for attempt in attempts for name in TEXTS if name in attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The texts in a page: packed by board, with the number of questions included and of those that didn't
    fit.
    """

    boards: tuple[str, ...]
    questions: int
    left: int


def held(texts: PageTexts) -> Held:
    """Pack the texts of every board, the questions that models disagree on first, as far as they fit."""
    count = max(sum(place is not None for place in texts.places), 1)
    boards, questions, left = [], 0, 0
    for place in texts.places:
        reasons: dict[str, None] = {}
        book = Book(room=MOST_PACKED // count)
        if place is not None:
            fill(book, place, texts, reasons)
        questions, left = questions + len(book.questions), left + book.left
        told = {
            "strings": book.strings,
            "questions": book.questions,
            "left": book.left,
            "why": "; ".join(reasons),
        }
        boards.append(packed(told))
    return Held(boards=tuple(boards), questions=questions, left=left)


def fill(book: Book, place: Place, texts: PageTexts, reasons: dict[str, None]) -> None:
    """Read questions in batches, each as large as the estimated remaining space, until there is none."""
    waiting, room = list(place.by_spread), book.room
    batch = FIRST_BATCH
    while waiting:
        asked, waiting = waiting[:batch], waiting[batch:]
        answers = texts.read(place, {place.items[item] for item in asked}, reasons)
        for item in asked:
            found = {
                m: each
                for m, model in enumerate(place.models)
                if (each := answers[model].get(place.items[item]))
            }
            if found and not book.add(item, _shortened(found)):
                book.left += 1
        if book.left:
            book.left += len(waiting)
            return
        done = len(place.by_spread) - len(waiting)
        batch = max(int(book.room / max((room - book.room) / done, 1)) + 1, FIRST_BATCH)


def _shortened(answers: Mapping[int, list[Attempt]]) -> dict[int, list[Attempt]]:
    """Return the first attempts of each model, the last of them with the number of further ones."""
    kept: dict[int, list[Attempt]] = {}
    for m, attempts in answers.items():
        more = len(attempts) - MOST_ATTEMPTS
        kept[m] = attempts[:MOST_ATTEMPTS]
        if more > 0:
            kept[m] = [*kept[m][:-1], {**kept[m][-1], "more": more}]
    return kept
