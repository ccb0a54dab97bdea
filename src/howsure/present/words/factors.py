"""Random factors in words: how many levels, the sources of error, and how many levels would decide."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from howsure.wording import MOST_FORECAST, level_text, plural, rounded_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.parts import ErrorSources, TaskClusters
    from howsure.statistics.results import Bound
    from howsure.wording import Scale

LEAST_TOLD = 0.05
"""The cost of unequal weights is mentioned if it affects the first decimal."""
SMALL = 0.1
"""Rates below this are written to two significant digits."""


def bound_sentence(bound: Bound) -> str:
    """Return a limit in words: `failure rate below 9.5% (95% confidence), counting 30 questions`, with the
    number of failures if there are any.
    """
    rate = bound.limit if bound.side == "upper" else 1 - bound.limit
    what = "success" if (bound.side == "upper") != bound.of_failures else "failure"
    percent = f"{100 * rate:.2g}" if rate < SMALL else f"{100 * rate:.1f}"
    counted = plural(bound.n, "question" if bound.units == "items" else bound.units[:-1])
    if bound.n_observed:
        return (
            f"{what} rate at most {percent}% with {level_text(bound.level)} confidence "
            f"({bound.n_observed:,} of "
            f"{counted})"
        )
    if bound.worth < bound.n - LEAST_TOLD:
        counted = f"{counted}, by their weights worth {bound.worth:,.1f}"
    return f"{what} rate below {percent}% ({level_text(bound.level)} confidence), counting {counted}"


NOUNS = {
    "repo": "repository",
    "repositories": "repository",
    "doc": "document",
    "cat": "category",
    "lang": "language",
    **{
        noun: noun
        for noun in (
            *(
                "passage",
                "context",
                "document",
                "repository",
                "template",
                "subject",
                "category",
                "topic",
                "story",
            ),
            *(
                "conversation",
                "contest",
                "paragraph",
                "article",
                "theme",
                "domain",
                "source",
                "family",
                "language",
            ),
            *(
                "book",
                "text",
                "page",
                "site",
                "project",
                "chapter",
                "skill",
                "scenario",
                "patient",
                "case",
                "author",
            ),
        )
    },
}
"""The names of cluster columns, and of their clusters."""
_BESIDE = frozenset({"id", "name", "no", "number", "index", "idx", "key"})
ISSUES = re.compile(r"swe[-_ ]?bench", re.IGNORECASE)
"""Tasks whose questions are issues of repositories."""


def more_of_these(clusters: TaskClusters | None, task: str) -> str:
    """Name the same clusters: `more questions from these 20 passages`."""
    if clusters is None:
        return "more questions from these same clusters"
    which = "this" if clusters.n == 1 else f"these {clusters.n:,}"
    noun = _noun(clusters, task)
    column = (
        f" ({clusters.name})"
        if noun == "cluster" and clusters.name.isidentifier() and clusters.name != noun
        else ""
    )
    return f"more {_questions(task)} from {which} {noun if clusters.n == 1 else _many(noun)}{column}"


def new_ones(clusters: TaskClusters | None, task: str) -> str:
    """Name new clusters: `new passages`."""
    return f"new {_many('cluster' if clusters is None else _noun(clusters, task))}"


def _questions(task: str) -> str:
    """Return the noun for the questions of a task."""
    return "issues" if ISSUES.search(task) else "questions"


def _noun(clusters: TaskClusters, task: str) -> str:
    """Return the noun for a cluster, from its column or the task."""
    words = [word for word in re.split(r"[^a-z]+", clusters.name.lower()) if word and word not in _BESIDE]
    known = NOUNS.get(words[-1], "cluster") if words and not clusters.name.startswith("the id") else "cluster"
    return "repository" if clusters.name == "cluster" and ISSUES.search(task) else known


def _many(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def counted(sources: ErrorSources, levels: Sequence[int] = ()) -> str:
    """Name the levels: `4 seeds and 3 prompts`, or other numbers of them if given."""
    counts = levels or [each.n_levels for each in sources.factors]
    return " and ".join(plural(count, each.name) for each, count in zip(sources.factors, counts, strict=True))


def as_sample(sources: ErrorSources) -> str:
    """Return the random factors, with the space before it."""
    return f" with {counted(sources)} each as a sample"


def beyond(sources: ErrorSources, *, real: bool) -> str:
    """Return whether a difference is larger than those between questions and levels, with the space before
    it.
    """
    chance = f"the choice of questions and of {counted(sources)} each"
    return f" more than {chance} explains" if real else f" no more than {chance} can explain"


def _shares(sources: ErrorSources) -> list[tuple[str, float]]:
    alone = math.isfinite(sources.answers)
    return [
        ("questions", sources.questions),
        *((each.name, each.share) for each in sources.factors),
        *(
            (f"questions × {each.name}{'' if alone else ', answers'}", each.interaction)
            for each in sources.factors
        ),
        *([("answers", sources.answers)] if alone else []),
    ]


def shares_text(sources: ErrorSources) -> str:
    """Return the share of the variance from each source, for a table."""
    return ", ".join(f"{name} {100 * share:.0f}%" for name, share in _shares(sources))


def shares_listed(sources: ErrorSources) -> str:
    """Return the same in a sentence: `40% comes from the choice of questions, 35% from that of seeds and 25%
    from …`.
    """
    alone = math.isfinite(sources.answers)
    rest = [
        (
            f"{100 * each.interaction:.0f}% from how {each.name}s suit single "
            f"questions{'' if alone else ', with randomness in the answers'}"
        )
        for each in sources.factors
    ]
    *parts, last = [
        f"{100 * sources.questions:.0f}% comes from the choice of questions",
        *(f"{100 * each.share:.0f}% from that of {each.name}s" for each in sources.factors),
        *rest,
        *([f"{100 * sources.answers:.0f}% from randomness in the answers"] if alone else []),
    ]
    return f"{', '.join(parts)} and {last}"


def source_rows(sources: ErrorSources | None, scale: Scale) -> list[tuple[str, str]]:
    """Return the sources of error, and the gain from more of each, nothing if unknown."""
    if sources is None or not sources.known:
        return []
    twice = [
        ("questions", sources.se_twice_questions),
        *((f"{each.name}s", each.se_twice) for each in sources.factors),
    ]
    return [
        ("variance from", shares_text(sources)),
        ("SE with twice the", ", ".join(f"{name}: {scale.number(se)}{scale.unit}" for name, se in twice)),
    ]


def alone(sources: ErrorSources, se: float, scale: Scale) -> str:
    """Return the standard error for exactly these levels."""
    own = se * math.sqrt(max(1 - sum(each.share for each in sources.factors), 0.0))
    return f"{scale.number(own)} for these {' and '.join(f'{each.name}s' for each in sources.factors)} alone"


def needed(sources: ErrorSources | None) -> str:
    """Return how many levels in total would decide it, if some number would: `about 14 seeds each`. Otherwise
    nothing.
    """
    near = (
        []
        if sources is None
        else [each for each in sources.factors if each.n_levels < each.n_needed < MOST_FORECAST]
    )
    if not near:
        return ""
    each = min(near, key=lambda each: each.n_needed / each.n_levels)
    return f"about {rounded_up(each.n_needed)} {each.name}s each"
