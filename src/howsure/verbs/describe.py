"""The verb describe: what was found, before any statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.describe import Description

    Names = str | Sequence[str]


def describe(data: Any) -> Description:
    """Say what was found: files, harness, tasks, models, items, attempts, clusters, what was left out and why."""
    from howsure.inference.describe import describe_scores

    return describe_scores(read(data))
