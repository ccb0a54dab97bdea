"""What simulates says the same on every Python, and draws hundreds of times what other tests cover."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.once)
            item.add_marker(pytest.mark.unmeasured)
