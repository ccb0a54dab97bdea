"""The populations that can be asked about, chosen once by their word.

other_questions.py: the items, or clusters of them, are a sample of all that could have been drawn.
same_clusters.py: the items are a sample of what the same clusters hold.
these_questions.py: exactly these items; only the answers are a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.inference.other_questions import OtherQuestions
from howsure.inference.same_clusters import SameClusters
from howsure.inference.these_questions import TheseQuestions

if TYPE_CHECKING:
    from howsure.inference.question import Population

QUESTIONS: Population = OtherQuestions()
SAME_CLUSTERS: Population = SameClusters()
BENCHMARK: Population = TheseQuestions()
LADDER = {each.name: each for each in (QUESTIONS, SAME_CLUSTERS, BENCHMARK)}


def population_of(word: str) -> Population:
    """Return the population that an option names."""
    return LADDER[word]
