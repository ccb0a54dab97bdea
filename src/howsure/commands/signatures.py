"""The options of a verb, read from its signature without importing it: a command's help needs no NumPy."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VERBS = Path(__file__).parents[1] / "verbs"
REFUSED = {
    "population": ("population",),
    "covariate": ("covariate",),
    "random factor": ("random_factor",),
    "slices": ("by",),
    "measures": ("usage", "prices"),
}
"""The shared options that a verb doesn't have, according to its RESPECTS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The options of a verb.

    Attributes:
        own: Its own options, in the order of its signature, without the data.
        shared: Whether it also takes the options of a Design.
        refused: The shared options that it refuses, whatever their value.
    """

    own: tuple[str, ...]
    shared: bool
    refused: tuple[str, ...]


@cache
def signature_of(verb: str) -> Signature:
    """Return the signature of a verb. For watch, it is that of its class."""
    tree = ast.parse((VERBS / f"{verb}.py").read_text(encoding="utf-8"))
    classes = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    members = [*tree.body, *(member for body in classes for member in body)]
    functions = {node.name: node.args for node in members if isinstance(node, ast.FunctionDef)}
    arguments = functions.get(verb) or functions["__init__"]
    own = (*(each.arg for each in arguments.args[1:]), *(each.arg for each in arguments.kwonlyargs))
    refused = [word for node in tree.body if _is_respects(node) for word in _words(node)]
    return Signature(
        own=own,
        shared=arguments.kwarg is not None,
        refused=tuple(name for word in refused for name in REFUSED.get(word, ())),
    )


def _is_respects(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RESPECTS"


def _words(node: ast.stmt) -> list[str]:
    """Return the refused words in the assignment of RESPECTS."""
    return [str(each.value) for each in ast.walk(node) if isinstance(each, ast.Constant)]
