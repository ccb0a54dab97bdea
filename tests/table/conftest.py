"""Cases of Spark come first and side by side, so that one worker alone starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the cases of Spark before all others, whose order stays."""
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)
