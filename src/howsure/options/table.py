"""Every option once: verbs, command line, configuration and reference pages are made from the same
entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.options.by_verb import COMPARING, DECIDING, LOOKING, PLANNING
from howsure.options.shared import DESIGN, FIGURE, METHODS, OUTPUT, READING, STATISTICS

if TYPE_CHECKING:
    from howsure.options.kinds import Option

_OWNED = (*LOOKING, *COMPARING, *PLANNING, *DECIDING)
_TABLE = {
    (each.verb, each.name): each
    for each in (*READING, *DESIGN, *STATISTICS, *OUTPUT, METHODS, *FIGURE, *_OWNED)
}


def option(name: str, verb: str = "") -> Option:
    """Return an option: a verb's own, or the one that all share."""
    return _TABLE.get((verb, name)) or _TABLE["", name]


def checked(verb: str = "", /, **given: Any) -> dict[str, Any]:
    """Check all options given to a verb. Raise OptionError for the first invalid value."""
    return {name: option(name, verb).checked(value) for name, value in given.items()}


def every() -> tuple[Option, ...]:
    """Return all options: first those that verbs share, then those of single verbs."""
    return tuple(_TABLE.values())
