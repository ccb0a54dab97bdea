"""The code of docs/methods/margins.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.inference.gate_verdicts import verdict_of
from howsure.statistics import multiplicity, question_rates
from howsure.statistics.difference import difference
from methods import FOLDER, methods
from places import LOGS

page = methods("margins")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("gap", [-0.05, 0.0, 0.1])
@pytest.mark.parametrize("margin", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("differ", [0.02, 0.3])
def test_margins(margin, gap, grouped, differ):
    rng = np.random.default_rng(4)
    g = np.unique(np.sort(rng.integers(15, size=150)), return_inverse=True)[1] if grouped else np.arange(150)
    b = (rng.random(150) < 0.6).astype(float)
    a = np.where(rng.random(150) < differ, rng.random(150) < 0.6 + 2 * gap, b).astype(float)
    a[:2], b[:2] = (1, 0), (0, 1)  # so that something varies
    found = difference(a, b, clusters=(g,) if grouped else (), margin=margin).equivalence
    expected = found.p_noninferior, found.p_equivalent, found.p_inferior, found.p_outside
    assert page.margin_tests(a - b, g, margin) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("clusters", [None, 3, 12])
@pytest.mark.parametrize("margin", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("seed", range(4))
def test_margins_of_averages(seed, margin, clusters):
    """Three clusters: a value can be rejected while a more distant one isn't."""
    rng = np.random.default_rng(seed)
    g = np.sort(np.arange(48) % (clusters or 48))
    a, b = (rng.binomial(3, 0.6 + more, 48) / 3 for more in (0.1, 0))
    found = difference(a, b, clusters=(g,) if clusters else (), margin=margin).equivalence
    expected = found.p_noninferior, found.p_equivalent, found.p_inferior, found.p_outside
    assert page.margin_tests(a - b, g, margin) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_equal_models():
    d = np.zeros(470)
    found = difference(d, d, margin=0.005).equivalence
    assert page.margin_tests(d, np.arange(470), 0.005)[:2] == pytest.approx((found.p_noninferior, found.p_equivalent))
    with pytest.raises(ValueError, match="fraction"):
        page.margin_tests(d, np.arange(470), 5)


def test_the_example():
    rows = hs.read(LOGS).to_frame().group_by("model", "item", "passage_id").agg(pl.col("score").mean())
    names = [next(m for m in rows["model"].unique() if m.endswith(end)) for end in ("t0.3", "2shot")]
    wide = rows.filter(pl.col("model").is_in(names)).pivot("model", index=["item", "passage_id"], values="score")
    d, g = (wide[names[0]] - wide[names[1]]).to_numpy(), np.unique(wide["passage_id"], return_inverse=True)[1]
    text = (FOLDER / "margins.md").read_text()
    assert f"p-value     {page.margin_tests(d, g, 0.05)[0]:.3f}" in text
    _, low, high = page.compare_averages(d, g, alpha=0.1)
    assert f"90% CI      {100 * low:.1f} to {100 * high:.1f} points".replace("-", "−") in text


def test_corrections_and_verdicts():
    rng = np.random.default_rng(1)
    p, weights = rng.random(8) ** 3, rng.integers(1, 4, 8).astype(float)
    assert page.holm(p, weights) == pytest.approx(multiplicity.holm(p, weights), rel=1e-12)
    for p_pass, p_fail in ((0.01, 0.9), (0.9, 0.04), (0.3, 0.2), (0.05, 0.05)):
        found = page.verdict(p_pass, p_fail).replace("can't tell", "unclear")
        assert found == verdict_of(p_pass, p_fail, 0.95)


@pytest.mark.parametrize("seed", range(5))
def test_every_single_question(seed):
    rng = np.random.default_rng(seed)
    attempts = rng.integers(3, 25, 12)
    right = rng.binomial(attempts, rng.beta(4, 1, 12))
    kept = question_rates.keeps_floor(right, attempts, 0.8)
    assert page.keeps_floor(right, attempts, 0.8) == pytest.approx(kept, rel=1e-9)
    below = question_rates.below_floor(right, attempts, 0.8).adjusted
    assert page.below_floor(right, attempts, 0.8) == pytest.approx(below, rel=1e-9)
