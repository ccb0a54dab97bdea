"""A case: files, and what is asked of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files by their place in a folder; `named` is the one that a user would name, and `ask` a question of `asking.QUESTIONS`.

    `label` is the same for all cases whose answer before the mutation is the same.
    """

    label: str
    ask: str
    named: str
    files: Mapping[str, bytes]
    options: Mapping[str, Any] = field(default_factory=dict)

    def with_file(self, name: str, data: bytes) -> "Case":
        """Return the case with other bytes in one of its files."""
        return replace(self, files={**self.files, name: data})


Mutation = Callable[[Case, Random], Case]


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way in: the cases to begin from, and the mutations of them.

    `valid`: the mutations that leave another valid file, in which nothing says that it was another before.
    """

    name: str
    cases: tuple[Case, ...]
    mutations: Mapping[str, Mutation]
    valid: frozenset[str] = frozenset()
