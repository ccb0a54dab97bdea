"""Proposal: what a file that no reader knows looks like, and a mapping for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a file that no reader knows looks like, and a mapping for it.

    Attributes:
        source: The file.
        shape: Where its records seem to be, and what they hold, a line each.
        mapping: A mapping as TOML, to be mended and given as `map`; empty where nothing looks like results.
        name: The mapping that comes with howsure and fits, but was never tried; empty where none does.
    """

    source: str
    shape: tuple[str, ...]
    mapping: str
    name: str = ""
