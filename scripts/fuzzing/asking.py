"""What is asked of the files of a case, in the process that reads: figures by what they are of, and the words beside them."""

import json
from pathlib import Path
from typing import Any

import howsure

COUNTS = ("Data: ", "Clusters: ", "Columns: ", "Raters: ", "Labels: ", "Weights: ")
"""How notes begin that say how much there is: they change with every row, and give nothing away."""
Seen = tuple[dict[Any, Any], list[str]]


def scores(place: Path, **options: Any) -> Seen:
    """Read results, and estimate or audit them."""
    return of_scores(howsure.read(place, **options))


def of_scores(read: Any) -> Seen:
    if read.has_rows:
        answer = howsure.estimate(read)
        figures = [(e.task, e.model, e.metric, e.estimate.value, e.estimate.n_items) for e in answer.entries]
    else:
        answer = howsure.audit(read, n=100)
        figures = [(board.task, e.model, board.metric, e.score, None) for board in answer.boards for e in board.entries]
    values = {(task, model, metric): (f"{value:.12g}", n) for task, model, metric, value, n in figures}
    return values, words(answer.to_dict())


def mapped(place: Path, mapping: str = "map.toml") -> Seen:
    return scores(place, map=str(place.parent / mapping))


def mapped_items(place: Path, **mapping: Any) -> Seen:
    """Read a file by a mapping; the figures are the scores of its items."""
    read = howsure.read(place, map=mapping)
    rows = read.to_frame().select("item", "score").iter_rows()
    return dict(rows), [*read.notes, *(warning.message for warning in read.warnings)]


def answered(answer: Any) -> Seen:
    """Return the records of an answer; its text is rendered as well."""
    repr(answer)
    values = {place: tuple(map(plain, record.items())) for place, record in enumerate(answer.records())}
    return values, words(answer.to_dict())


def plain(pair: tuple[str, Any]) -> tuple[str, str]:
    name, value = pair
    return name, f"{value:.9g}" if isinstance(value, float) else str(value)[:200]


def words(found: Any) -> list[str]:
    """Return every note and message in an answer, wherever they stand."""
    if isinstance(found, list):
        return [word for each in found for word in words(each)]
    if not isinstance(found, dict):
        return []
    own = [note for note in found.get("notes") or () if isinstance(note, str) and not note.startswith(COUNTS)]
    own += [found["message"]] if isinstance(found.get("message"), str) else []
    return own + [word for each in found.values() for word in words(each)]


def verb(name: str):
    """Return the question of a verb that takes a path."""

    def question(place: Path, *sides: str, **options: Any) -> Seen:
        return answered(getattr(howsure, name)(place, *sides, **options))

    return question


def head_to_head(place: Path, a: str, b: str) -> Seen:
    return answered(howsure.head_to_head(place, a, b))


def gated(place: Path, candidate: str, baseline: str, policy: str = "", **options: Any) -> Seen:
    """Gate two models of a file, by a policy or a margin."""
    asked = {"policy": str(place.parent / policy)} if policy else {"not_worse_than": 0.05}
    return answered(howsure.gate(place, candidate, baseline, **{**asked, **options}))


def gated_saved(place: Path, baseline: str) -> Seen:
    """Gate a file against a saved baseline."""
    return answered(howsure.gate(None, str(place), f"saved:{place.parent / baseline}", not_worse_than=0.05))


def as_csv(place: Path) -> Seen:
    """Return the lines of an answer as a spreadsheet opens it."""
    return dict(enumerate(howsure.estimate(place).render("csv").splitlines())), []


QUESTIONS = {
    "scores": scores,
    "mapped": mapped,
    "mapped items": mapped_items,
    "head_to_head": head_to_head,
    "gated": gated,
    "gated saved": gated_saved,
    "csv": as_csv,
    **{name: verb(name) for name in ("arena", "bias", "agree", "judge", "leaderboard")},
}


def asked(ask: str, place: Path, options: dict[str, Any]) -> Seen:
    """Ask a question; what is found can be sent to another process."""
    values, said = QUESTIONS[ask](place, **options)
    json.dumps(said)
    return values, said
