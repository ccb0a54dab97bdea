"""The code of docs/methods/slices.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from methods import methods

page = methods("slices")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("more", [0.0, 0.4])
@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("seed", [0])
def test_slices_their_equality_and_their_trend(seed, alike, more, grouped):
    rng = np.random.default_rng(seed)
    slices = rng.choice(4, size=240, p=[0.1, 0.2, 0.3, 0.4])
    g = np.unique(np.sort(rng.integers(60, size=240)), return_inverse=True)[1] if grouped else np.arange(240)
    chance = rng.beta(1, 1, g.max() + 1)[g]
    a, b = ((rng.random(240) < np.clip(chance + part, 0, 1)).astype(int) for part in (more * (slices > 1), 0))
    b = np.where((slices == 0) & alike, a, b)  # nothing differs in the first slice
    parts = [
        pl.DataFrame({"model": name, "item": np.arange(240), "level": slices, "template": g, "score": x})
        for name, x in zip("ab", (a, b), strict=True)
    ]
    found = hs.compare(pl.concat(parts), a="a", b="b", by="level", cluster="template" if grouped else None).slices[0]
    d = (a - b).astype(float)
    for own, (p, low, high) in zip(found.slices, page.each_slice(d, slices, g), strict=True):
        interval = own.difference.interval
        assert (p, low, high) == pytest.approx((own.p_adjusted, interval.low, interval.high), rel=1e-9, abs=1e-11)
    known = page.slice_covariance(d, slices, g)
    equal = found.equal
    assert equal.test == "htz"
    assert page.equal(*known) == pytest.approx((equal.statistic, equal.df, equal.df_rest, equal.p_value), rel=1e-9)
    slope, se, df = page.slice_trend(*known)
    half, trend = stats.t.ppf(0.975, df) * se, found.trend
    own = slope, df, slope - half, 2 * stats.t.sf(abs(slope) / se, df)
    assert own == pytest.approx((trend.per_slice, trend.df, trend.interval.low, trend.p_value), rel=1e-9)
