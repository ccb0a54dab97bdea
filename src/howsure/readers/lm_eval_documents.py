"""One row of lm-eval's samples as it is kept: a document under one filter, without its prompts and answers.

A file of samples is read line by line, so that memory follows documents and metrics, not what the models were
asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.lm_eval_choices import Question, question
from howsure.readers.records import flatten_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from howsure.readers.base import Source

NOT_METRICS = frozenset(
    [
        "doc_id",
        "doc",
        "target",
        "arguments",
        "resps",
        "filtered_resps",
        "filter",
        "metrics",
        "doc_hash",
        "prompt_hash",
        "target_hash",
    ]
)
NO_NUMBER = ""
"""In place of a value that is no scalar: the corpus has it, not the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document under one filter.

    `hash`, `target_hash`: of the document and its target, None where the row has none; `named`: its metrics
    as the row lists them; `values`: every further key with a scalar, or NO_NUMBER; `metadata`: the scalars of
    the document; `question`: its choices where they were asked for.
    """

    doc_id: Any
    hash: Any
    target_hash: Any
    filter: Any
    named: tuple[str, ...]
    values: Mapping[str, Any]
    metadata: Mapping[str, Any]
    question: Question | None = None

    @property
    def position(self) -> str:
        """Its place in the task, as text."""
        return str(self.doc_id)


def rows_by_line(source: Source) -> bool:
    """Say whether a file of samples has a row a line, and is no list."""
    return not source.head.lstrip().startswith(b"[")


def rows(source: Source) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a file of samples as they are, one at a time where it has a row a line."""
    if rows_by_line(source):
        each = source.each_json_line()
    else:
        parsed = source.json()
        each = iter(parsed if isinstance(parsed, list) else [])
    return (row for row in each if isinstance(row, dict) and "doc_id" in row)


def documents(source: Source, delimiter: str | None) -> list[Document]:
    """Return every row of a file of samples; with their choices where the source asks for probabilities,
    parted by `delimiter`.
    """
    found = [_document(row, delimiter, choices=source.probabilities) for row in rows(source)]
    if not found:
        raise ReadError("no samples", where=source.name, remedy="Run lm-eval with --log_samples.")
    return found


def _document(row: Mapping[str, Any], delimiter: str | None, *, choices: bool) -> Document:
    return Document(
        doc_id=row["doc_id"],
        hash=row.get("doc_hash"),
        target_hash=row.get("target_hash"),
        filter=row.get("filter"),
        named=tuple(map(str, row.get("metrics") or ())),
        values={key: _scalar(value) for key, value in row.items() if key not in NOT_METRICS},
        metadata=flatten_metadata(row.get("doc")),
        question=question(row, delimiter) if choices else None,
    )


def _scalar(value: object) -> object:
    return NO_NUMBER if isinstance(value, (list, tuple, str, dict)) else value
