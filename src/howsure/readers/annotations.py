"""Exports of annotation tools as tables: Label Studio, Argilla, Prodigy, and the outputs of JudgeBench.

Label Studio (1.x, JSON) was tested with the tool. Argilla (2.x, `records.to_json`), Prodigy (`db-out`) and
JudgeBench (`run_judge.py`) follow their sources and documentation and weren't.

Each export becomes one row per rating (item, question_name, rater, rating) or one row per choice (item,
judge, winner, gold, swapped), with the metadata of the item. A skipped annotation is left out, as in the
tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError
from howsure.readers.parsing import RECORDS
from howsure.table.cells import finite
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from howsure.readers.base import Source

    Record = dict[str, Any]

QUESTION = "question_name"
"""The column of the question, if an export contains several."""
MOST_TEXT = 200
"""Longer texts aren't kept with a rating."""
TURNED = {"A>B": "B>A", "B>A": "A>B"}


def export_of(source: Source) -> pl.DataFrame | None:
    """Return the rows of an export of an annotation tool, or None for anything else."""
    suffix = source.path.suffix.lower()
    reader = next((read for marks, read in EXPORTS if all(mark in source.head for mark in marks)), None)
    if reader is None or suffix not in (".json", *RECORDS):
        return None
    parsed = source.json() if suffix == ".json" else source.json_lines()
    records = parsed if isinstance(parsed, list) else [parsed]
    rows = [row for record in records if isinstance(record, dict) for row in reader(record)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return (
        pl.DataFrame([pl.Series(name, [row.get(name) for row in rows], strict=False) for name in names])
        if rows
        else None
    )


def one_question(frame: pl.DataFrame) -> None:
    """Raise DataError if an export contains answers to several questions."""
    asked = frame[QUESTION].unique().sort().to_list() if QUESTION in frame.columns else []
    if len(asked) > 1:
        raise DataError(
            f"the export contains several questions: {listing(asked, most=6)}",
            remedy=f"Choose one of them with `where`: {QUESTION}={asked[0]}.",
        )


def _label_studio(task: Record) -> Iterator[Record]:
    """Yield the ratings of a task: by people, and by models if it has predictions, which some exports store
    within the annotations.
    """
    if not isinstance(task.get("data"), dict) or not isinstance(task.get("annotations"), list):
        return
    beside = {"item": str(task.get("id")), **_texts(task["data"])}
    done = [each for each in task["annotations"] if isinstance(each, dict)]
    for each in done:
        if not each.get("was_cancelled"):
            yield from _results(each, {**beside, "rater": _person(each.get("completed_by"))})
    predictions = [*(task.get("predictions") or []), *(each.get("prediction") for each in done)]
    known = {each["id"]: each for each in predictions if isinstance(each, dict) and "id" in each}
    for each in known.values():
        yield from _results(each, {**beside, "rater": str(each.get("model_version") or "prediction")})


def _person(by: Any) -> str:
    """Return who annotated: an id, or what is known of the person."""
    if isinstance(by, dict):
        by = by.get("email") or by.get("username") or by.get("id")
    return "(nobody)" if by is None else str(by)


def _results(done: Record, beside: Record) -> Iterator[Record]:
    for result in done.get("result") or []:
        rating = _rating(result.get("value")) if isinstance(result, dict) else None
        if rating is not None:
            picked = {"winner": rating} if "selected" in result["value"] else {}
            yield {**beside, QUESTION: str(result.get("from_name", "")), "rating": rating, **picked}


def _rating(value: Any) -> str | None:
    """Return a label, several, a rating, a number or the picked side, as text. None for rankings, spans,
    boxes and texts.
    """
    if isinstance(value, dict):
        kinds = ("choices", "rating", "number", "selected")
        value = next((value[kind] for kind in kinds if value.get(kind) is not None), None)
    if isinstance(value, list):
        several = value and not any(isinstance(each, dict) for each in value)
        return "+".join(sorted(map(str, value))) if several else None
    return None if value is None or isinstance(value, dict) else str(value)


def _argilla(record: Record) -> Iterator[Record]:
    """Yield the responses to a record, and its suggestions, which a model may have made."""
    responses, suggestions = record.get("responses"), record.get("suggestions")
    if not isinstance(responses, dict) or not isinstance(record.get("fields"), dict):
        return
    beside = {"item": str(record.get("id")), **_texts(record.get("metadata") or {})}
    for question, given in responses.items():
        for each in given if isinstance(given, list) else []:
            if isinstance(each, dict) and (rating := _rating(each.get("value"))) is not None:
                yield {**beside, QUESTION: question, "rater": str(each.get("user_id")), "rating": rating}
    for question, each in (suggestions or {}).items():
        if isinstance(each, dict) and (rating := _rating(each.get("value"))) is not None:
            agent = str(each.get("agent") or "suggestion")
            yield {**beside, QUESTION: question, "rater": agent, "rating": rating}


def _prodigy(example: Record) -> Iterator[Record]:
    """Yield the answer to an example: the options chosen, else whether its label was accepted, or none if it
    was ignored.
    """
    answer = example.get("answer")
    if answer not in ("accept", "reject") or "_task_hash" not in example:
        return
    chosen = example.get("accept")
    item, rating = example.get("_input_hash"), answer
    if isinstance(chosen, list):
        if answer == "reject" or not chosen:
            return
        rating = "+".join(sorted(map(str, chosen)))
    elif "label" in example:
        item = f"{item}:{example['label']}"
    rater = example.get("_annotator_id") or example.get("_session_id") or "(nobody)"
    yield {"item": str(item), **_texts(example.get("meta") or {}), "rater": str(rater), "rating": rating}


def _judgebench(pair: Record) -> Iterator[Record]:
    """Yield the judgments of a pair: the first with the answers in order, the second with them swapped."""
    if not isinstance(pair.get("judgments"), list) or "label" not in pair:
        return
    beside = {
        "item": str(pair.get("pair_id")),
        **_texts({name: pair.get(name) for name in ("source", "response_model")}),
    }
    judge = str(pair.get("judge_name") or "the judge")
    for k, judgment in enumerate(pair["judgments"]):
        decision = judgment.get("decision") if isinstance(judgment, dict) else None
        winner = TURNED.get(str(decision), decision) if k else decision
        yield {**beside, "judge": judge, "swapped": bool(k), "winner": winner, "gold": pair["label"]}


def _texts(given: Mapping[str, Any]) -> Record:
    """Return short values under unused names: one may be a cluster, or the author of the answer."""
    taken = ("item", "rater", "rating", QUESTION)
    return {
        str(name): str(value) if isinstance(value, str) else finite(value)
        for name, value in given.items()
        if name not in taken and isinstance(value, (str, int, float)) and len(str(value)) <= MOST_TEXT
    }


EXPORTS: tuple[tuple[tuple[bytes, ...], Callable[[Record], Iterator[Record]]], ...] = (
    ((b'"annotations"', b'_annotations"'), _label_studio),
    ((b'"responses"', b'"fields"'), _argilla),
    ((b'"_task_hash"', b'"answer"'), _prodigy),
    ((b'"judgments"', b'"response_A"'), _judgebench),
)
"""The words that an export begins with, and the function that reads one of its records."""
