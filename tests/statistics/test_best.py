"""The confidence set of the best model and the winner's curse correction of the leader."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.best import _with_those_behind, chances, could_be_best, luck
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.ranks import ranks
from howsure.statistics.sign_flips import flipped
from method_cases import codes
from places import ROOT
from trials import draws

LEVEL = 0.95


def board(seed, n=60, models=6, spread=1.0, clusters=0, alike=0):
    """Scores of models of different abilities, the first `alike` of which are one and the same; cluster codes."""
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-(np.linspace(spread, -spread, models) + rng.normal(0, 1, (n, 1)))))
    x = (rng.random((n, models)) < chance).astype(float)
    x[:, 1:alike] = x[:, :1]
    return x, (codes(rng.integers(0, clusters, n)),) if clusters else ()


def kept(x, clusters, sign=1, level=LEVEL):
    """Which could be best, and what all pairs say: p-values, and who is better than whom."""
    moments = pair_moments(x, clusters=clusters)
    q = adjust_pairs(moments, "max-t", rng=np.random.default_rng(0), draws=2_000)
    better = (q <= 1 - level) & (sign * moments.difference > 0)
    scores = sign * x.mean(axis=0)
    leaders = np.flatnonzero(scores >= scores.max() - 1e-12)
    best = could_be_best(moments, better, leaders, level, sign=sign, rng=np.random.default_rng(1))
    return moments, q, better, best


def test_p_values_against_the_best_equal_enumerated_sign_flips(monkeypatch):
    """All 2^9 flips of nine items, each pivot made anew with the variance of the score test of 0."""
    monkeypatch.setattr("howsure.statistics.sign_flips.CLEAR", -1)  # every flip is looked at
    x, _ = board(4, n=9, models=4, spread=1.5)
    moments = pair_moments(x)
    leader = int(x.mean(axis=0).argmax())
    signs = 1 - 2 * ((np.arange(2**9)[:, None] >> np.arange(9)) & 1)

    def pivots(d):
        mean = d.mean(axis=-1)
        variance = d.var(axis=-1, ddof=1) / 9 + mean**2 / 9
        return np.where(variance > 0, mean / np.sqrt(np.where(variance > 0, variance, 1)), 0.0)

    models = np.delete(np.arange(4), leader)
    found = chances(moments, models, np.array([leader]), 1 - LEVEL, sign=1, rng=np.random.default_rng(0))
    for k, chance in zip(models, found, strict=True):
        others = [pivots(signs * (x[:, i] - x[:, k])) for i in range(4) if i != k]
        seen = pivots(x[:, leader] - x[:, k])
        if seen > 0:
            assert chance == pytest.approx((np.max(others, axis=0) >= seen - 1e-6).mean())


@pytest.mark.parametrize("clusters", [9, 12, 0])
def test_stopping_sign_flips_early_changes_no_verdict(monkeypatch, clusters):
    """Few clusters have all their flips listed, in a random order: the first ones stand for all there too."""
    for seed in range(draws(4, 12)):
        x, groups = board(seed, n=80, models=14, spread=0.8, clusters=clusters)
        moments = pair_moments(x, clusters=groups, score=False)
        leader = int(x.mean(axis=0).argmax())
        models = np.delete(np.arange(14), leader)
        found = []
        for clear in (-1, 1e-7):
            monkeypatch.setattr("howsure.statistics.sign_flips.CLEAR", clear)
            given = (moments, models, np.array([leader]), 1 - LEVEL)
            found.append(chances(*given, sign=1, rng=np.random.default_rng(0)))
        assert ((found[0] <= 1 - LEVEL) == (found[1] <= 1 - LEVEL)).all()


def test_p_values_with_unequal_clusters_equal_enumerated_sign_flips(monkeypatch):
    """All 2^7 flips of seven clusters: to CR2's variance comes half of the one that each difference has if there is none."""
    monkeypatch.setattr("howsure.statistics.sign_flips.CLEAR", -1)  # every flip is looked at
    sizes = np.array([20, 9, 7, 5, 4, 2, 1])
    groups = codes(np.repeat(np.arange(7), sizes))
    x, _ = board(8, n=sizes.sum(), models=5, spread=1.5)
    moments = pair_moments(x, clusters=(groups,), score=False)
    leader = int(x.mean(axis=0).argmax())
    models = np.delete(np.arange(5), leader)
    signs = 1 - 2 * ((np.arange(2**7)[:, None] >> np.arange(7)) & 1)
    share = sizes / sizes.sum()
    sums = np.stack([x[groups == g].sum(axis=0) for g in range(7)]) / sizes.sum()

    def pivots(d):
        mean = d.sum(axis=-1)
        residual = d - share * mean[..., None]
        variance = (residual**2 / (1 - share)).sum(axis=-1) + (d**2 / (1 - share)).sum(axis=-1) / 2
        return mean / np.sqrt(variance)

    found = chances(moments, models, np.array([leader]), 1 - LEVEL, sign=1, rng=np.random.default_rng(0))
    for k, chance in zip(models, found, strict=True):
        others = [pivots(signs * (sums[:, i] - sums[:, k])) for i in range(5) if i != k]
        assert chance == pytest.approx((np.max(others, axis=0) >= pivots(sums[:, leader] - sums[:, k]) - 1e-6).mean())


@given(
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.0, 0.5, 2.0]),
    clusters=st.sampled_from([0, 5, 12]),
    alike=st.sampled_from([0, 3]),
    sign=st.sampled_from([1, -1]),
)
def test_the_confidence_set_contains_the_leaders_and_excludes_significantly_worse_models(
    seed, spread, clusters, alike, sign
):
    x, groups = board(seed, spread=spread, clusters=clusters, alike=alike)
    moments, q, better, best = kept(x, groups, sign)
    scores = sign * x.mean(axis=0)
    leader = int(scores.argmax())
    assert best[scores == scores.max()].all(), "the leaders are"
    assert not best[better.any(axis=0)].any(), "who is shown to be worse than another is not"
    behind = ((moments.p_value <= 1 - LEVEL) & (sign * moments.difference > 0)).any(axis=0)
    assert behind[~best].all(), "a comparison of two shows everyone that is out to be behind another"
    gap, error = scores[leader] - scores, moments.variance[leader]
    for i, j in np.argwhere((gap[:, None] <= gap) & (error[:, None] >= error)):
        assert best[i] or not best[j], "nor is who lies further behind with no larger error than one that is not"
    order = np.argsort(-scores, kind="stable")
    at = np.ix_(order, order)
    found = ranks(scores[order], sign * moments.difference[at], q[at], level=LEVEL, best=best[order])
    assert [rank.could_be_best for rank in found] == best[order].tolist()
    assert all((rank.low == 1) == rank.could_be_best for rank in found if rank.rank > 1)


def test_a_model_on_a_huge_scale_does_not_change_other_pairs():
    """One model on a scale ten million times as large leaves the other pairs as they were."""
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, (80, 5)) + np.linspace(0.6, 0, 5)
    far = rng.normal(0, 1, 80)
    large, beside = np.column_stack([x, 1e7 * far]), np.column_stack([x, 1e3 * far])
    one, other = (
        adjust_pairs(pair_moments(each, score=False), "max-t", rng=np.random.default_rng(0), draws=4_000)
        for each in (large, beside)
    )
    assert one[:5, :5] == pytest.approx(other[:5, :5], abs=0.01)
    assert (one[:5, :5] >= pair_moments(x, score=False).p_value - 1e-12).all()


@pytest.mark.parametrize(("clusters", "scale"), [(0, 1.0), (12, 1.0), (0, 100.0)])
def test_the_correction_removes_the_winners_curse_among_equal_models(clusters, scale):
    """Twenty models of one ability: the best score lies above the truth, and what is left of that is little."""
    raw, left = [], []
    for seed in range(draws(25, 60)):
        x, groups = board(seed, n=150, models=20, spread=0.0, clusters=clusters)
        scores = scale * x.mean(axis=0)
        found = luck(
            scores, pair_moments(scale * x, clusters=groups, score=False).flips.centred(), rng=np.random.default_rng(0)
        )
        raw.append(scores.max() - scores.mean())
        left.append(raw[-1] - found)
    assert np.mean(raw) > 0.03 * scale
    assert abs(np.mean(left)) < draws(0.25, 0.15) * np.mean(raw)


@pytest.mark.parametrize("items", [200, 500])
def test_the_correction_reduces_bias_and_error_on_swebench_resamples(items):
    """Items of SWE-bench Verified drawn with replacement, its best 20 systems; the truth is what all 500 say."""
    wide = pl.read_parquet(ROOT / "examples" / "swebench_verified.parquet").pivot(
        on="model", index="item", values="score"
    )
    full = wide.drop("item").to_numpy()
    full = full[:, ~np.isnan(full).any(axis=0)]
    full = full[:, np.argsort(-full.mean(axis=0), kind="stable")[:20]]
    truth, rng, off = full.mean(axis=0), np.random.default_rng(29), []
    for _ in range(60):
        x = full[rng.integers(0, 500, items)]
        scores = x.mean(axis=0)
        raw = scores.max() - truth[scores.argmax()] - (scores - truth).mean()
        off.append((raw, raw - luck(scores, pair_moments(x).flips.centred(), rng=rng)))
    mean, size = np.mean(off, axis=0), np.sqrt(np.mean(np.square(off), axis=0))
    assert abs(mean[1]) < abs(mean[0]) / 1.5
    assert size[1] < size[0]


def test_models_with_few_items_do_not_change_the_winners_curse_correction():
    """On a board of its own a clear leader owes next to nothing; two models of three items, that anything can be, change that little."""
    rng = np.random.default_rng(2)
    x = (rng.random((300, 12)) < np.linspace(0.9, 0.3, 12)).astype(float)
    few = x.copy()
    few[3:, [5, 9]] = np.nan
    few[:3, [5, 9]] = np.array([[1, 0], [0, 0], [1, 1]])
    alone, beside = (
        luck(np.nanmean(each, axis=0), pair_moments(each).flips.centred(), rng=np.random.default_rng(0))
        for each in (x, few)
    )
    assert alone < 0.005
    assert beside < 0.005


def test_the_corrected_leader_is_never_below_the_mean_of_all_models():
    """Two models that are level owe nothing to luck, however little is known of them."""
    x = np.array([[1, 0], [0, 1], [0.5, 0.5]])
    assert luck(x.mean(axis=0), pair_moments(x).flips.centred(), rng=np.random.default_rng(0)) == 0
    for seed in range(20):
        x, _ = board(seed, n=20, models=4, spread=0.2)
        scores = x.mean(axis=0)
        found = luck(scores, pair_moments(x).flips.centred(), rng=np.random.default_rng(0))
        assert scores.max() - found >= scores.mean() - 0.01


def test_tied_perfect_or_constant_leaders_have_a_correction_near_0():
    x = np.column_stack([np.ones((50, 2)), np.random.default_rng(0).random((50, 3)) < 0.5]).astype(float)
    found = luck(x.mean(axis=0), pair_moments(x).flips.centred(), rng=np.random.default_rng(0))
    assert 0 <= found < 0.05
    constant = np.tile([1.0, 0.0, 1.0], (50, 1))
    assert luck(constant.mean(axis=0), pair_moments(constant).flips.centred(), rng=np.random.default_rng(0)) == 0


def test_reduced_normal_sums_are_invariant_to_rounding():
    """Two models alike, and one that adds up two others: the rows don't turn with the last digits, and their products are the table's."""
    rng = np.random.default_rng(0)
    table = rng.normal(0, 1, (400, 6))
    table = np.column_stack([table[:, :3], table[:, 0], table[:, 1] + table[:, 2], table[:, 3:]])
    found = [
        flipped(each, 0.01, np.random.default_rng(1), 100, free=400)[0]
        for each in (table, table + 1e-15 * rng.normal(0, 1, table.shape))
    ]
    assert found[0].shape == (6, 8)
    empty = np.zeros((400, 3))
    assert not flipped(empty, 0.01, np.random.default_rng(1), 100, free=400)[0].any()
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert found[0].T @ found[0] == pytest.approx(table.T @ table, abs=1e-10)


def test_a_clear_leader_needs_no_winners_curse_correction():
    x = np.column_stack([np.ones(200), np.random.default_rng(0).random((200, 4)) < 0.3]).astype(float)
    found = luck(x.mean(axis=0), pair_moments(x).flips.centred(), rng=np.random.default_rng(0))
    assert found == pytest.approx(0, abs=2e-3)
    assert luck(np.array([0.5]), pair_moments(x[:, :1]).flips, rng=np.random.default_rng(0)) == 0


def test_who_is_further_behind_with_no_larger_error_on_the_same_items_is_out_as_well():
    shared = np.full((4, 4), 50.0)
    shared[3, :] = shared[:, 3] = 40.0
    gap = np.array([0.0, 0.1, 0.2, 0.2])
    moments = SimpleNamespace(difference=gap[None, :] - gap[:, None], variance=np.full((4, 4), 0.01), shared=shared)
    out = _with_those_behind(np.array([False, True, False, False]), moments, 0, 1)
    assert out.tolist() == [False, True, True, False]
