"""The code of docs/methods/histories.md gives the library's numbers."""

import re

import numpy as np
import pytest

from howsure.statistics.change_points import SHARES, WORTH, Series, single_share, watch
from methods import FOLDER, methods

page = methods("histories")
SHARE = 0.01


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("repeated", [0.0, 0.6])
@pytest.mark.parametrize("fall", [0.0, 0.3])
def test_each_run_until_the_first_alarm(fall, repeated, grouped):
    rng = np.random.default_rng(6)
    g = np.unique(np.sort(rng.integers(30, size=120)), return_inverse=True)[1] if grouped else np.arange(120)
    chance = rng.beta(2, 2, 120)
    x = np.empty((120, 12))
    for run in range(12):
        new = (rng.random(120) < chance - fall * (run >= 8)).astype(float)
        x[:, run] = np.where(rng.random(120) < repeated, x[:, run - 1], new) if run else new
    found = watch(Series(values=x, codes=g if grouped else None), SHARE)
    alarm = found.changes[0].run if found.changes else 12
    assert alarm >= 8
    for run in range(1, min(alarm + 1, 12)):
        difference, variance, df = (part[-1] for part in page.splits(x[:, : run + 1], g))
        ahead = found.ahead
        known = ahead.difference[run], ahead.variance[run], ahead.df[run]
        assert (difference, variance, df) == pytest.approx(known, rel=1e-9, abs=1e-12)
        worth = 0.55 * SHARE / single_share(run + 1, 0.55 * SHARE)
        largest, limit, first = page.last_run(x[:, : run + 1], g, SHARE, worth)
        assert (largest, limit) == pytest.approx((found.largest[run], found.limits[run]), rel=1e-9)
        if run == alarm:
            assert first == found.changes[0].place


def test_the_page_has_the_table_of_the_limits():
    rows = re.findall(r"^\| (0\.\d+) \| (1 \|.+) \|$", (FOLDER / "histories.md").read_text(), re.MULTILINE)
    assert [float(share) for share, _ in rows] == SHARES.tolist()
    assert [[float(cell) for cell in cells.split("|")] for _, cells in rows] == WORTH.tolist()
