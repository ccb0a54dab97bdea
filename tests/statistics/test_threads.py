"""Parts of work in threads give what one thread gives."""

import warnings

import numpy as np
import pytest

from howsure.statistics.arrays import MANY_STEPS, in_parts, in_threads


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("steps", [1, MANY_STEPS])
def test_parts_are_put_together_in_order(count, steps):
    values, seen = np.arange(count) / 2, []

    def squares(part):
        seen.append(len(part))
        return part**2

    assert in_parts(squares, values, steps=steps).tolist() == (values**2).tolist()
    assert min(seen) > 0  # no thread has nothing to do
    assert len(seen) == (1 if steps < MANY_STEPS else min(count, 2))


def test_threads_keep_the_callers_error_state():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(divide="ignore"):
            found = in_threads(lambda x: 1 / np.array([x]), [0.0, 2.0, 0.0], steps=MANY_STEPS)
    assert [each.tolist() for each in found] == [[np.inf], [0.5], [np.inf]]
