"""What several tests share: the real results, the reference values, and Hypothesis' profile."""

import gc
import json
import os
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from places import DATA, ROOT
from trials import TRIALS

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # workers fill the cores already, and as a command has it; numpy comes later
settings.register_profile("search", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("howsure", settings.get_profile("search"), max_examples=12, derandomize=True)
settings.load_profile("search" if TRIALS else "howsure")  # the same examples in every run; others in scripts/trials


MEASURED = 1
"""Coverage is measured in so many cases of a test: the others run the same lines, and measuring takes time."""
CASES = int(os.environ.get("HOWSURE_CASES", "0"))
"""Only so many cases of each test run, 0 for all: on a second Python, what depends on it shows in the first ones."""


def pytest_collection_modifyitems(config, items):
    """Leave what is marked `trial` to scripts/trials, and measure coverage in the first cases of a test alone."""
    seen, beyond = Counter(), []
    for item in items:
        name = item.nodeid.partition("[")[0]
        seen[name] += 1
        if seen[name] > MEASURED:
            item.add_marker(pytest.mark.unmeasured)
        if CASES and seen[name] > CASES:
            beyond.append(item)
    if beyond:
        config.hook.pytest_deselected(items=beyond)
        left = {*beyond}
        items[:] = [item for item in items if item not in left]
    if not TRIALS:
        trials = [item for item in items if item.get_closest_marker("trial")]
        config.hook.pytest_deselected(items=trials)
        items[:] = [item for item in items if not item.get_closest_marker("trial")]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Measure no coverage in some tests: without tracing, as stopping and starting it takes six milliseconds a test."""
    tracer = sys.gettrace() if item.get_closest_marker("unmeasured") else None
    if tracer is None:
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def pytest_collection_finish():
    """Leave thousands of tests out of the search for garbage, which otherwise takes a twentieth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True, scope="session")
def cache_of_its_own(tmp_path_factory):
    """Commands keep nothing in the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOWSURE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def real_data():
    """The folder of real results; tests that need it are skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the folder of real results is not here")
    return DATA


@pytest.fixture(scope="session")
def reference():
    """Values computed by R; tests/references/README.md says how to make them again."""
    return json.loads((ROOT / "tests" / "references" / "r.json").read_text())
