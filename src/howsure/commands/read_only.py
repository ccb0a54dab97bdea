"""The options of a command that only change its answer: those that agents may use, and that a statement of
a gate records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ("output", "plot", "card", "queue", "junit", "comment", "freeze", "statement", "github", "cache")
TEXT = ("format", "details", "explain", "methods_paragraph", "top", "mark", "help", "help_all")
WITHOUT = frozenset((*FILES, *TEXT))
"""Options that write a file, or only change text for people."""
WRITES = {"questions": {"quarantine"}}
"""More of them, of one command."""


def reading_options(command: click.Command) -> Iterator[click.Option]:
    """Yield the options of a command that only change what it answers."""
    refused = WITHOUT | WRITES.get(str(command.name), set())
    for param in command.params:
        if isinstance(param, click.Option) and param.name not in refused:
            yield param
