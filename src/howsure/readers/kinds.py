"""The kind of a table, by the names of its columns: votes, judged answers with labels, ratings, published
scores or scores of questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from howsure.errors import HowsureError
from howsure.readers import tables
from howsure.readers.base import Source
from howsure.readers.published import published_roles
from howsure.readers.ratings import RATINGS
from howsure.readers.registry import identify
from howsure.readers.verdicts import NAMED_JUDGE, VERDICTS
from howsure.readers.votes import ONE_HOT, VOTES
from howsure.table.names import by_plain_name
from howsure.table.schema import find_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from howsure.readers.columns import Roles

Kind = Literal["scores", "votes", "verdicts", "ratings", "published", ""]
VERBS_OF_TABLES: Mapping[Kind, str] = {"votes": "arena", "verdicts": "judge", "ratings": "agree"}
"""The commands that read tables without scores."""
HUMAN = ("human", "human_label", "human_score", "human_verdict", "expert", "annotation", "gold_label")
"""Names of columns with people's labels; `label` alone may be a classifier's."""
JUDGES = (*(name for name in VERDICTS.aliases["judge"] if "judge" in name), "verdict")
"""Names of columns with the verdicts of a judge, or the judge's name."""


def kind_of_columns(columns: Iterable[str]) -> Kind:
    """Return the kind of a table with these columns, or "" if unknown."""
    names = by_plain_name(columns)
    votes = _roles(names, VOTES)
    if {"model_a", "model_b"} <= votes and ("winner" in votes or set(ONE_HOT) <= names.keys()):
        return "votes"
    if names.keys() & set(HUMAN) and names.keys() & {*JUDGES, *NAMED_JUDGE}:
        return "verdicts"
    roles, ratings = find_roles(names.values(), {}), _roles(names, RATINGS)
    if {"item", "rater", "rating"} <= ratings and "model" not in roles:
        return "ratings"
    if {"item", "score"} <= roles.keys():
        return "scores"
    if "item" not in roles and {"model", "score"} <= published_roles(names.values(), {}).keys():
        return "published"
    return ""


def _roles(names: Iterable[str], roles: Roles) -> set[str]:
    return {role for role, usual in roles.aliases.items() if set(usual) & set(names)}


def kind_of_file(path: Path, root: Path) -> Kind:
    """Return the kind of a table, or "" for other files, and unreadable ones."""
    source = Source(path=path, root=root)
    try:
        known = identify(source)
        if known is None or known[0].NAME != tables.NAME:
            return ""
        return kind_of_columns(tables.scan(source).collect_schema().names())
    except HowsureError:
        return ""
