"""howsure audit: say which gaps between published scores (model, score, n) could be noise."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read, split, write
from howsure.commands.options import OUTPUT, READING, paths, takes


@click.command()
@paths
@takes(
    "audit", "n", "task", "metric", "model", "lower_is_better", "bounds", "level", *READING, "top", *OUTPUT
)
def audit(paths: tuple[str, ...], **given: Any) -> None:
    """Say which gaps between published scores could be noise.

    From model, score and number of questions alone.
    """
    import howsure

    rest, shown = split(paths, given)
    write(howsure.audit(read(paths, rest), **rest), **shown)
