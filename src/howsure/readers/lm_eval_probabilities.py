"""Rows of lm-eval's samples with the probability of the right choice.

`prob` is the softmax of the choices' log-likelihoods at the right choice, `prob_norm` the same after dividing
each by the length of its choice in characters: the probabilities whose largest choice `acc` and `acc_norm`
grade.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.errors import Caution
from howsure.readers.base import PROB
from howsure.readers.lm_eval_choices import REFINES, is_distribution
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.readers.lm_eval_choices import Question
    from howsure.readers.lm_eval_documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Probabilities:
    """Rows with the probability of the right choice, the metric that each refines, and what is to be told of
    them.
    """

    records: Sequence[dict[str, Any]] = ()
    refined: Mapping[str, str] = field(default_factory=dict)
    cautions: Sequence[Caution] = ()


def probabilities(
    rows: Sequence[Document], identities: Sequence[Mapping[str, Any]], graded: Sequence[str], *, where: str
) -> Probabilities:
    """Compute the probability of the right choice, once a document; nothing where no document has two
    choices.

    `graded` are the task's own metrics.
    """
    found = _questions(rows, identities)
    if not any(question is not None and len(question.plain) > 1 for question in found.values()):
        return Probabilities()
    measured = any(question is not None and question.by_length for question in found.values())
    metrics = [metric for metric in REFINES if metric not in graded and (metric == PROB or measured)]
    return Probabilities(
        records=[
            {**identities[position], "metric": metric, **_scored(question, metric)}
            for metric in metrics
            for position, question in found.items()
        ],
        refined=_refined(metrics, graded),
        cautions=tuple(_cautions(found, rows, where)),
    )


def _questions(
    rows: Sequence[Document], identities: Sequence[Mapping[str, Any]]
) -> dict[int, Question | None]:
    """Return the choices of each document by the position of its first row, None where it has no
    log-likelihoods.
    """
    first: dict[str, int] = {}
    for position, identity in enumerate(identities):
        first.setdefault(identity["item"], position)
    return {position: rows[position].question for position in first.values()}


def _scored(question: Question | None, metric: str) -> dict[str, Any]:
    score = question.probability(metric) if question else None
    return {"score": score, "status": "unscored" if score is None else "ok"}


def _refined(metrics: Sequence[str], graded: Sequence[str]) -> dict[str, str]:
    """Name what each probability refines: lm-eval's own metric of it, else acc, else the task's first."""
    own = {metric: [m for m in (REFINES[metric], "acc", *graded) if m in graded] for metric in metrics}
    return {metric: names[0] for metric, names in own.items() if names}


def _cautions(
    found: Mapping[int, Question | None], rows: Sequence[Document], where: str
) -> Iterator[Caution]:
    """Count the documents without a probability, and those that lm-eval graded by something else."""
    of = f"of {plural(len(found), 'document')}"
    numeric = [
        question for question in found.values() if question is not None and is_distribution(question.plain)
    ]
    if unknown := sum(1 for question in numeric if not question.right):
        yield Caution(
            code="prob_unscored",
            message=(
                f"{where}: {unknown:,} {of} have no probability, since the target doesn't tell the right "
                "choice."
            ),
            remedy="Give the position or the text of one choice as doc_to_target.",
        )
    if broken := len(found) - len(numeric):
        yield Caution(
            code="prob_unscored",
            message=(
                f"{where}: {broken:,} {of} have no probability, since a log-likelihood is missing or no "
                "number."
            ),
            remedy="Run those documents again.",
        )
    for metric, own in REFINES.items():
        if odd := sum(
            1 for position, question in found.items() if _differs(question, rows[position], metric)
        ):
            yield Caution(
                code="prob_differs",
                message=f"{where}: {own} of {odd:,} {of} is not whether the most likely choice is right, "
                f"so {metric} measures something else there.",
                remedy=f"Use {own}, or correct the task's target.",
            )


def _differs(question: Question | None, row: Document, metric: str) -> bool:
    grade = row.values.get(REFINES[metric])
    if question is None or question.probability(metric) is None or not isinstance(grade, (int, float)):
        return False
    return question.grade(metric) != grade
