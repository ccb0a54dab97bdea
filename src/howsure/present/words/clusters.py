"""How clusters are named in sentences: `more issues from these 12 repositories`, `new passages`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.answers.clusters import TaskClusters

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
"""What a column of clusters is called, and what one of them is."""
_BESIDE = frozenset({"id", "name", "no", "number", "index", "idx", "key"})
ISSUES = re.compile(r"swe[-_ ]?bench", re.IGNORECASE)
"""Tasks whose questions are issues of repositories."""


def more_of_these(clusters: TaskClusters | None, task: str) -> str:
    """Say what the same clusters are: `more questions from these 20 passages`."""
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
    """Say what new clusters are: `new passages`."""
    return f"new {_many('cluster' if clusters is None else _noun(clusters, task))}"


def _questions(task: str) -> str:
    """Return what the questions of a task are called."""
    return "issues" if ISSUES.search(task) else "questions"


def _noun(clusters: TaskClusters, task: str) -> str:
    """Return what a cluster is, as its column or the task says it."""
    words = [word for word in re.split(r"[^a-z]+", clusters.name.lower()) if word and word not in _BESIDE]
    known = NOUNS.get(words[-1], "cluster") if words and not clusters.name.startswith("the id") else "cluster"
    return "repository" if clusters.name == "cluster" and ISSUES.search(task) else known


def _many(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
