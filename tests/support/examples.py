"""The example in a verb's docstring as a call that works, so that laws find new verbs by themselves."""

import doctest
import functools
import inspect
from importlib import import_module

import howsure as hs

WITH_EXAMPLES = [verb for verb in hs.VERBS if ">>>" in (getattr(hs, verb).__doc__ or "")]


@functools.cache
def call_of(verb):
    """Return what the first call in a verb's docstring gives it, by the names of its parameters."""
    function, calls = getattr(hs, verb), []
    (test,) = doctest.DocTestFinder(recurse=False).find(function, verb, module=import_module(function.__module__))

    def recorded(*args, **given):
        bound = inspect.signature(function).bind(*args, **given).arguments
        calls.append({**{name: each for name, each in bound.items() if name != "options"}, **bound.get("options", {})})
        return function(*args, **given)

    scope = {**test.globs, verb: recorded}
    for example in test.examples:
        exec(example.source, scope)
        if calls:
            return calls[0]
    raise AssertionError(f"{verb} is not called in its example")


def answer_of(verb):
    """Return the answer of that call."""
    return getattr(hs, verb)(**call_of(verb))
