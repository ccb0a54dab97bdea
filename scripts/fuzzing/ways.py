"""All ways in, by name."""

from collections.abc import Iterable

from . import databases, files, gates, mappings, tables, zips
from .case import Way

MAKERS = {
    "files": files.files,
    "packed": files.packed,
    "mappings": mappings.mappings,
    "zips": zips.zips,
    "sqlite": databases.databases,
    "scores": tables.scores,
    "votes": tables.votes,
    "ratings": tables.ratings,
    "verdicts": tables.verdicts,
    "baselines": gates.baselines,
    "policies": gates.policies,
}
NAMES = tuple(MAKERS)
SHARES = {"files": 3}
"""How many shares of the inputs a way in has, where it isn't one."""


def ways(names: Iterable[str], *, own: bool) -> list[Way]:
    """Make the ways in of these names; `own`: from files of the repository alone."""
    return [MAKERS[name](own) if name in ("files", "packed") else MAKERS[name]() for name in names]
