"""The code of docs/methods/random-factors.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.random_factors import LevelSpread, label_test
from methods import FOLDER, methods
from places import ROOT

page = methods("random-factors")


def drawn(seed, levels, effect, grouped):
    """Return two models' answers (n, levels), and clusters."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(20), 3) if grouped else np.arange(60)
    chance = rng.beta(1, 1, g.max() + 1)[g]
    return [
        (rng.random((60, levels)) < np.clip(chance[:, None] + rng.normal(0, effect, levels), 0, 1)) * 1.0 for _ in "ab"
    ], g


def table(models, g, factor):
    """Return rows of these models."""
    return pl.DataFrame(
        [
            {"model": name, "item": i, factor: f, "score": x[i, f], "cluster": str(g[i])}
            for name, x in models.items()
            for i in range(x.shape[0])
            for f in range(x.shape[1])
        ]
    )


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("levels", [2, 3, 6])
@pytest.mark.parametrize("effect", [0.0, 0.1])
@pytest.mark.parametrize("factor", ["seed", "prompt"])
def test_scores_and_differences(factor, effect, levels, grouped):
    (a, b), g = drawn(levels, levels, effect, grouped)
    rows = table({"a": a, "b": b}, g, factor)
    options = {"random_factor": factor, "cluster": "cluster" if grouped else "none", "population": "new-clusters"}
    for entry in hs.estimate(rows, **options).entries:
        found = entry.estimate
        expected = page.score_over_levels(a if entry.model == "a" else b, g)
        assert (found.value, found.se, found.df) == pytest.approx(expected, rel=1e-9)
    pair = hs.compare(rows, a="a", b="b", **options).comparisons[0]
    if factor == "seed":
        assert (pair.difference.value, pair.difference.se, pair.p_value) == pytest.approx(
            page.compare_own_levels(a, b, g), rel=1e-9
        )
    else:
        expected = page.score_over_levels(a - b, g)
        assert (pair.difference.value, pair.difference.se, pair.difference.df) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_labels(seed, grouped):
    (a, _), g = drawn(seed, 4, 0.1, grouped)
    found = label_test(a, codes=g if grouped else None)
    assert page.labels_differ(a, g) == pytest.approx((found.f, found.p_value), rel=1e-9)


def test_plans():
    spread = LevelSpread(
        question=0.2, level=(0.003,), interaction=(0.05,), answer=0.1, levels=(6.0,), sets=(1,), size=2.0
    )
    variance, df = page.planned(0.2, 0.003, 0.05, 0.1, 200, 100, 6, 3)
    assert (spread.per_item(200, 3) / 200, spread.df(200, 3)) == pytest.approx((variance, df), rel=1e-9)


def test_the_example():
    rows = pl.read_parquet(ROOT / "examples" / "seeds.parquet")
    wide = rows.pivot("seed", index=["model", "question"], values="correct").sort("question")
    a, b = (wide.filter(model=name).drop("model", "question").to_numpy().astype(float) for name in ("tuned", "base"))
    value, _, p = page.compare_own_levels(a, b, np.arange(len(a)))
    text = (FOLDER / "random-factors.md").read_text().replace("\n", " ")
    assert f"{100 * value:.1f} points" in text
    assert f"p = {p:.3f}" in text
