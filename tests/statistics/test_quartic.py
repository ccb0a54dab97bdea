"""Roots of polynomials of the fourth degree are those of companion matrices, and give the same pivots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics import quartic, score_pivot
from howsure.statistics.quartic import real_parts

REAL = st.sampled_from([0.0, 0.5, 1.0, -1.0]) | st.floats(-3, 3)


def of_roots(roots):
    """Return the coefficients of polynomials with these roots (N, 4), without the leading 1."""
    return np.array([np.poly(each).real for each in roots]).T[1:]


@given(st.lists(REAL, min_size=4, max_size=4))
def test_real_roots_are_found_as_exactly_as_their_multiplicity_allows(roots):
    found = np.sort(real_parts(*of_roots([roots]))[:, 0])
    gaps = np.abs(np.subtract.outer(roots, roots))
    copies = (gaps < 0.05).sum(axis=0).max()  # the error of a root of multiplicity k is ε^(1 / k)
    assert np.abs(found - np.sort(roots)).max() < (5e-6, 5e-4, 5e-3, 2e-2)[copies - 1]


@given(REAL, REAL, REAL, REAL)
def test_real_parts_of_complex_roots_are_found(a, b, c, d):
    roots = [complex(a, b), complex(a, -b), complex(c, d), complex(c, -d)]
    found = np.sort(real_parts(*of_roots([roots]))[:, 0])
    assert np.abs(found - np.sort([a, a, c, c])).max() < 2e-2
    if min(abs(b), abs(d)) > 0.1 and abs(a - c) > 0.1:
        assert np.abs(found - np.sort([a, a, c, c])).max() < 1e-6


def test_distant_roots_and_nothing_at_all():
    assert np.sort(real_parts(*of_roots([[1e9, 0.25, 0.5, 1.0]]))[:, 0])[:3] == pytest.approx(
        [0.25, 0.5, 1.0], rel=1e-6
    )
    assert (real_parts(*np.zeros((4, 3))) == 0).all()
    assert real_parts(*np.zeros((4, 0))).shape == (4, 0)


@pytest.mark.parametrize("seed", range(3))
def test_pivots_are_those_of_eigenvalues(seed, monkeypatch):
    rng, size = np.random.default_rng(seed), 3000
    share = rng.random(size)
    d = rng.uniform(-1, 1, size) * share
    item = np.maximum(share - d**2, 0.0)
    n = rng.integers(5, 500, size)
    pivots = score_pivot.Pivots(
        difference=d,
        variance=item / n * rng.uniform(0, 1.2, size),
        df=rng.uniform(1, 50, size),
        item_variance=item,
        room=1 / n,
        added=np.zeros(()),
    )
    value = rng.uniform(-1, 1, size)
    found = pivots.t_at(0.0), pivots.t_at(value), *pivots.limits(0.95, 1.0)
    monkeypatch.setattr(score_pivot, "real_parts", quartic._eigenvalues)
    before = pivots.t_at(0.0), pivots.t_at(value), *pivots.limits(0.95, 1.0)
    for now, then in zip(found, before, strict=True):
        assert np.abs(now - then)[np.isfinite(then)].max() < 1e-10
        assert (np.isnan(now) == np.isnan(then)).all()
