"""Samples of lm-eval: their questions, the choices, and the probabilities of the right one."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import flatten_metadata
from howsure.readers.base import PROB, PROB_NORM
from howsure.table.names import word_list
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.readers.base import Source

REFINES = {PROB: "acc", PROB_NORM: "acc_norm"}
"""lm-eval's metric for whether the most likely choice is right."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceQuestion:
    """One document's choices: log-likelihoods, plain and by length if that is known, and the right ones."""

    plain: list[float]
    by_length: list[float] | None
    right: frozenset[int]

    def probability(self, metric: str) -> float | None:
        """Return the probability of the right choice (of all right ones, if several are), or None if
        unknown.
        """
        values = self.plain if metric == PROB else self.by_length
        if not self.right or values is None or not is_distribution(values):
            return None
        weights = softmax(values)
        return min(1.0, math.fsum(weights[k] for k in self.right))

    def grade(self, metric: str) -> float:
        """Grade the most likely choice as lm-eval does."""
        values = self.plain if metric == PROB else self.by_length or self.plain
        return float(_most_likely(values) in self.right)


def softmax(values: Sequence[float]) -> list[float]:
    """Return probabilities in proportion to exp(values)."""
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def is_distribution(values: Sequence[float]) -> bool:
    """Return whether log-likelihoods can be normalised: none is NaN or +inf, and some choice is possible."""
    return -math.inf < max(values) < math.inf and not any(map(math.isnan, values))


def question(row: Mapping[str, Any], delimiter: str | None) -> ChoiceQuestion | None:
    """Return the choices of a row of samples, or None if it has no log-likelihoods. `delimiter`: the task's
    text before a choice, or None if unknown.
    """
    values = max(_log_likelihoods(row.get("resps")), _log_likelihoods(row.get("filtered_resps")), key=len)
    if "acc_mutual_info" in row and len(values) % 2 == 0:
        values = values[: len(values) // 2]
    if not values:
        return None
    size = len(values)
    continuations = _continuations(row.get("arguments"))[:size]
    listed, labels = _listed(row.get("doc"), size)
    texts = _texts(continuations, listed, size, delimiter)
    names = [listed, texts, labels, list(_LETTERS[:size])]
    right = _right(row.get("target"), size, [name for name in names if name]) or _graded(row, values)
    by_length = [_per_character(v, text) for v, text in zip(values, texts, strict=True)] if texts else None
    return ChoiceQuestion(plain=values, by_length=by_length, right=right)


def _log_likelihoods(responses: object) -> list[float]:
    """Read `[[log-likelihood, is greedy], …]`, at any depth, or return nothing for anything else."""
    values = []
    for response in responses if isinstance(responses, list) else ():
        while isinstance(response, list) and response and isinstance(response[0], list):
            response = response[0]  # noqa: PLW2901 - step inside
        if not isinstance(response, list) or len(response) != 2 or str(response[1]) not in ("True", "False"):
            return []
        values.append(_number(response[0]))
    return values


def _number(value: object) -> float:
    try:
        return math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _continuations(arguments: object) -> list[str]:
    """Return the text whose likelihood was requested, one per request."""
    requests = list(arguments.values()) if isinstance(arguments, dict) else arguments
    if not isinstance(requests, list):
        return []
    pairs = [list(request.values()) if isinstance(request, dict) else request for request in requests]
    texts = [pair[1] for pair in pairs if isinstance(pair, list) and len(pair) > 1]
    return texts if len(texts) == len(pairs) and all(isinstance(text, str) for text in texts) else []


def _listed(doc: object, size: int) -> tuple[list[str], list[str]]:
    """Return the document's list of choices, and their labels."""
    choices = doc.get("choices") if isinstance(doc, dict) else None
    parts = (choices.get("text"), choices.get("label")) if isinstance(choices, dict) else (choices, None)
    texts, labels = (
        [str(name) for name in part] if isinstance(part, list) and len(part) == size else [] for part in parts
    )
    return texts, labels


def _texts(continuations: list[str], listed: list[str], size: int, delimiter: str | None) -> list[str]:
    """Return the choices as lm-eval measures them, or nothing if they are in the prompts, not the
    continuations.
    """
    if len(continuations) != size:
        return listed
    if size > 1 and len(set(continuations)) == 1:
        return []
    if delimiter is None and listed and all(map(_follows_blank, continuations, listed)):
        return listed
    return [text.removeprefix(" " if delimiter is None else delimiter) for text in continuations]


def _follows_blank(continuation: str, choice: str) -> bool:
    return continuation.endswith(choice) and not continuation.removesuffix(choice).strip()


def _right(target: object, size: int, names: Sequence[list[str]]) -> frozenset[int]:
    """Find the right choices: positions, texts or labels, or nothing if any is unclear."""
    if isinstance(target, str) and target.startswith("[") and len(target) < 10_000:
        try:
            target = json.loads(target)
        except (ValueError, RecursionError):
            return frozenset()
    found = [_position(one, size, names) for one in (target if isinstance(target, list) else [target])]
    return frozenset() if None in found else frozenset(place for place in found if place is not None)


def _position(target: object, size: int, names: Sequence[list[str]]) -> int | None:
    """Return the position of one right choice. As in lm-eval, digits are a position and not a text."""
    if isinstance(target, int):
        return int(target) if 0 <= target < size else None
    if not isinstance(target, str):
        return None
    word = target.strip()
    if word.isdecimal() and len(word) < 10 and int(word) < size:
        return int(word)
    stripped = ([name.strip() for name in choices] for choices in names)
    return next((choices.index(word) for choices in stripped if choices.count(word) == 1), None)


def _graded(row: Mapping[str, Any], values: list[float]) -> frozenset[int]:
    """With two choices, `acc` determines the right one if the target doesn't, as in Winogrande."""
    if len(values) != 2 or row.get("acc") not in (0, 1) or not is_distribution(values):
        return frozenset()
    best = _most_likely(values)
    return frozenset([best if row["acc"] == 1 else 1 - best])


def _per_character(value: float, text: str) -> float:
    return value / len(text) if text else -math.inf


def _most_likely(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


NOT_METRICS = frozenset(
    word_list(
        "doc_id doc target arguments resps filtered_resps filter metrics doc_hash prompt_hash target_hash"
    )
)
NO_NUMBER = ""
"""Replaces a value that isn't a scalar: the corpus has it, not the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalDocument:
    """A document under one filter.

    `hash`, `target_hash`: of the document and its target, or None if the row has none. `named`: the metrics
    that the row lists. `values`: every further key with a scalar, or NO_NUMBER. `metadata`: the scalars of
    the document. `question`: its choices if they were requested.
    """

    doc_id: Any
    hash: Any
    target_hash: Any
    filter: Any
    named: tuple[str, ...]
    values: Mapping[str, Any]
    metadata: Mapping[str, Any]
    question: ChoiceQuestion | None = None

    @property
    def position(self) -> str:
        """Its place in the task, as text."""
        return str(self.doc_id)


def rows_by_line(source: Source) -> bool:
    """Return whether a file of samples has a row per line, and isn't a list."""
    return not source.head.lstrip().startswith(b"[")


def rows(source: Source) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a file of samples unchanged, one at a time if it has a row per line."""
    if rows_by_line(source):
        each = source.each_json_line()
    else:
        parsed = source.json()
        each = iter(parsed if isinstance(parsed, list) else [])
    return (row for row in each if isinstance(row, dict) and "doc_id" in row)


def documents(source: Source, delimiter: str | None) -> list[EvalDocument]:
    """Return every row of a file of samples, with choices if the source requests probabilities, split by
    `delimiter`.
    """
    found = [_document(row, delimiter, choices=source.probabilities) for row in rows(source)]
    if not found:
        raise source.error("no samples", "Run lm-eval with --log_samples.")
    return found


def _document(row: Mapping[str, Any], delimiter: str | None, *, choices: bool) -> EvalDocument:
    return EvalDocument(
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceProbabilities:
    """Rows with the probability of the right choice, the metric that each refines, and the messages about
    them.
    """

    records: Sequence[dict[str, Any]] = ()
    refined: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[ResultWarning] = ()


def probabilities(
    rows: Sequence[EvalDocument],
    identities: Sequence[Mapping[str, Any]],
    graded: Sequence[str],
    *,
    where: str,
) -> ChoiceProbabilities:
    """Compute the probability of the right choice, once per document, or return nothing if no document has
    two choices.

    `graded` are the task's own metrics.
    """
    # The choices of each document by the position of its first row, or None if it has no log-likelihoods.
    first: dict[str, int] = {}
    for position, identity in enumerate(identities):
        first.setdefault(identity["item"], position)
    found = {position: rows[position].question for position in first.values()}
    if not any(question is not None and len(question.plain) > 1 for question in found.values()):
        return ChoiceProbabilities()
    measured = any(question is not None and question.by_length for question in found.values())
    metrics = [metric for metric in REFINES if metric not in graded and (metric == PROB or measured)]
    # Name the metric that each probability refines: lm-eval's own metric of it, else acc, else the task's
    # first.
    own = {metric: [m for m in (REFINES[metric], "acc", *graded) if m in graded] for metric in metrics}
    refined = {metric: names[0] for metric, names in own.items() if names}
    return ChoiceProbabilities(
        records=[
            {**identities[position], "metric": metric, **_scored(question, metric)}
            for metric in metrics
            for position, question in found.items()
        ],
        refined=refined,
        warnings=tuple(_warnings(found, rows, where)),
    )


def _scored(question: ChoiceQuestion | None, metric: str) -> dict[str, Any]:
    score = question.probability(metric) if question else None
    return {"score": score, "status": "unscored" if score is None else "ok"}


def _warnings(
    found: Mapping[int, ChoiceQuestion | None], rows: Sequence[EvalDocument], where: str
) -> Iterator[ResultWarning]:
    """Count the documents without a probability, and those whose grade in lm-eval isn't the most likely
    choice.
    """
    of = f"of {plural(len(found), 'document')}"
    numeric = [
        question for question in found.values() if question is not None and is_distribution(question.plain)
    ]
    if unknown := sum(1 for question in numeric if not question.right):
        yield ResultWarning(
            code="prob_unscored",
            message=(
                f"{where}: {unknown:,} {of} have no probability, since the target doesn't "
                "determine the right choice."
            ),
            remedy="Set doc_to_target to the position or the text of one choice.",
        )
    if broken := len(found) - len(numeric):
        yield ResultWarning(
            code="prob_unscored",
            message=(
                f"{where}: {broken:,} {of} have no probability, since a log-likelihood is "
                "missing or not a number."
            ),
            remedy="Run those documents again.",
        )
    for metric, own in REFINES.items():
        if odd := sum(
            1 for position, question in found.items() if _differs(question, rows[position], metric)
        ):
            yield ResultWarning(
                code="prob_differs",
                message=f"{where}: for {odd:,} {of} {own} isn't whether the most likely choice "
                f"is right, so {metric} "
                "measures something else there.",
                remedy=f"Use {own}, or correct the task's target.",
            )


def _differs(question: ChoiceQuestion | None, row: EvalDocument, metric: str) -> bool:
    grade = row.values.get(REFINES[metric])
    if question is None or question.probability(metric) is None or not isinstance(grade, (int, float)):
        return False
    return question.grade(metric) != grade
