"""Cases of Spark come first and side by side, so that one worker alone starts it."""


def pytest_collection_modifyitems(items):
    """Put the cases of Spark before all others, whose order stays."""
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)
