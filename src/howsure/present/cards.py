"""The card of an answer: its claim in a few words, and what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.answers.base import presentation
from howsure.errors import MethodError
from howsure.present.charts import gate as gate_chart
from howsure.present.charts.card import MODELS, Card
from howsure.present.labels import short_labels
from howsure.present.leaderboard import headline, panel
from howsure.present.words.plain import short_names
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.answers.compare import Comparison
    from howsure.answers.frontier import Frontier
    from howsure.answers.gate import Gate
    from howsure.answers.leaderboard import Board
    from howsure.statistics.results import Estimate

MOST_NAMES = 2


def card_of(answer: Any) -> Card:
    """Return the card of an answer. MethodError if it has none."""
    made = CARDS.get(type(answer).__name__)
    if made is None:
        raise MethodError(
            "this answer has no card", remedy="leaderboards, comparisons, gates and frontiers have one."
        )
    return made(answer)


def _of_board(board: Board) -> Card:
    """Return how many models could be best, over the best of them."""
    return Card(
        kicker=_kicker([board.task], board.entries[0].estimate),
        claim=headline(board),
        chart=panel(board, "leaderboard", MODELS),
    )


def _of_comparison(answer: Comparison) -> Card:
    """Return which of two models is better."""
    whole = answer.every[0] if answer.tasks else answer
    return Card(
        kicker=_kicker([c.task for c in answer.tasks] or [answer.task], whole.difference),
        claim=_claim(answer.sentence, answer.a, answer.b),
        chart=presentation(answer).chart(answer),
    )


def _of_gate(answer: Gate) -> Card:
    """Return whether a candidate passes, over its checks."""
    first = answer.checks[0]
    size = _size(
        max(check.n_items for check in answer.checks), max(check.n_clusters for check in answer.checks)
    )
    names = [answer.candidate, *([answer.baseline] if answer.baseline else [])]
    return Card(
        kicker=_joined(check.task for check in answer.checks) + size + _about(first.population),
        claim=_claim(answer.sentence, *names),
        chart=gate_chart.spec(answer.checks[:MODELS], description=answer.sentence),
    )


def _of_frontier(answer: Frontier) -> Card:
    """Return the cheapest model that could be best."""
    part = answer.tasks[0]
    return Card(
        kicker=_kicker([part.task], part.models[0].score),
        claim=_claim(part.sentence, *(each.model for each in part.models)),
        chart=presentation(answer).task_chart(part),
    )


CARDS: Mapping[str, Callable[[Any], Card]] = {
    "Board": _of_board,
    "Comparison": _of_comparison,
    "Gate": _of_gate,
    "Frontier": _of_frontier,
}


def _claim(sentence: str, *names: str) -> str:
    """Return a sentence up to its numbers in brackets, with short names, which may have brackets too."""
    short = short_labels(short_names(*names))
    places = {name: f"\x00{k}\x00" for k, name in enumerate(names)}
    for name in sorted(names, key=len, reverse=True):
        sentence = sentence.replace(name, places[name])
    claim = sentence.partition(" (")[0].removesuffix(".")
    for name, text in zip(names, short, strict=True):
        claim = claim.replace(places[name], text)
    return claim


def _kicker(tasks: list[str], estimate: Estimate) -> str:
    """Return a benchmark, its size, and what results are about."""
    population = "same-clusters" if estimate.method.same_clusters else "new-clusters"
    if estimate.method.of_benchmark:
        population = "these-questions"
    return _joined(tasks) + _size(estimate.n_items, estimate.n_clusters) + _about(population)


def _joined(tasks: Any) -> str:
    names = list(dict.fromkeys(task for task in tasks if task))
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more + (" · " if names else "")


def _size(n_items: int, n_clusters: int) -> str:
    clusters = f" in {plural(n_clusters, 'cluster')}" if 0 < n_clusters < n_items else ""
    return f"{plural(n_items, 'question')}{clusters}"


def _about(population: str) -> str:
    words = {
        "same-clusters": "more questions from these clusters",
        "these-questions": "exactly these questions",
    }
    return f" · about {words.get(population, 'new questions like these')}"
