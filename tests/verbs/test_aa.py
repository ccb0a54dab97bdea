"""A/A splits: they agree with gates run one by one, and equal systems are not failed more often than promised."""

import time

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import howsure as hs
from frames import attempts, two_models
from howsure.checks import Relative
from howsure.commands.main import main
from howsure.statistics.aa_splits import (
    Attempts,
    ClusterMoments,
    Criteria,
    halves,
    judged,
    paired_splits,
    part_attempts,
    right_or_wrong,
    unpaired_pivots,
    unpaired_splits,
)
from howsure.statistics.difference import difference
from places import LOGS

ASKED = {"not_worse_than": 0.04, "better": True, "same_within": 0.2}


def one_model(n=60, times=5, seed=0, clusters=0):
    rng = np.random.default_rng(seed)
    right = rng.random((n, times)) < rng.beta(1, 1, n)[:, None]
    rows = pl.DataFrame(
        {
            "model": "m",
            "item": np.repeat(np.arange(n), times),
            "attempt": np.tile(np.arange(times), n),
            "score": right.ravel().astype(float),
        }
    )
    return rows.with_columns(passage=pl.col("item") % clusters) if clusters else rows


@pytest.mark.no_cover
@pytest.mark.parametrize("clusters", [0, 9])
@pytest.mark.parametrize("weighted", [False, True])
def test_split_attempts_agree_with_gates_one_by_one(clusters, weighted):
    """The same halves, drawn once, judged at once and by `gate` on a table of two models each."""
    n, splits = 40, 25
    rows = one_model(n, seed=3, clusters=clusters)
    weights = 1 + np.arange(n) % 3 if weighted else np.ones(n)
    weights = weights / weights.mean()
    codes = (np.arange(n) % clusters,) if clusters else ()
    means = rows.group_by("item", maintain_order=True).agg(pl.col("score").mean())["score"].to_numpy()
    items = right_or_wrong(means, np.full(n, 5))
    a, b = part_attempts(items, splits, np.random.default_rng(7))
    (found,) = paired_splits(
        items, weights, codes, splits=splits, variance="CR2", score=True, rng=np.random.default_rng(7)
    )
    counted = judged(found, Criteria(**ASKED), level=0.95, sign=1)
    options = {"cluster": "passage"} if clusters else {}
    verdicts, different = [], 0
    for k in range(splits):
        table = pl.DataFrame(
            {
                "model": ["a"] * n + ["b"] * n,
                "item": [*range(n)] * 2,
                "score": np.concatenate([a[:, k], b[:, k]]),
                "importance": np.tile(weights, 2),
                **({"passage": np.tile(codes[0], 2)} if clusters else {}),
            }
        )
        options = {**options, "weight": "importance"} if weighted else options
        answer = hs.gate(table, "a", "b", **ASKED, **options)
        verdicts.append(answer.verdict)
        better = hs.compare(table, "a", "b", **options)
        different += better.decided
        assert answer.checks[0].value == pytest.approx(float(weights @ (a - b)[:, k]) / n, abs=1e-12)
        p = float(2 * min(np.r_[tail(found, 0.0, 1)[k], tail(found, 0.0, -1)[k]]))
        assert better.p_value == pytest.approx(p, rel=1e-9)
    assert (verdicts.count("pass"), verdicts.count("fail"), different) == (
        counted.passed,
        counted.failed,
        counted.different,
    )


def tail(found, margin, sign):
    from howsure.statistics.aa_splits import p_below

    return p_below(found, margin, sign)


@settings(max_examples=40)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["CR2", "CR1", "miller"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 3, 7]),
)
def test_unpaired_splits_agree_with_the_unpaired_comparison(seed, variance, bounded, weighted, clusters):
    rng = np.random.default_rng(seed)
    n = 40
    x = (rng.random(n) < 0.7).astype(float) if bounded else rng.normal(3, 2, n)
    w = rng.integers(1, 4, n).astype(float) if weighted else np.ones(n)
    w /= w.mean()
    codes = None if not clusters else rng.permutation(np.arange(n) % (4 * clusters))
    moments = ClusterMoments.of(x, w, codes)
    each = np.arange(n) if codes is None else codes
    first = rng.random((each.max() + 1, 6)) < 0.5
    first[:2], first[2:4] = True, False  # two clusters on each side
    sums = np.array([np.bincount(each, weights=w * x**k) for k in range(5)])
    same = np.isclose if codes is None else np.equal  # sums of clusters are made in the same way
    kinds = same(sums[:, :, None], moments.powers[:, None, :]).all(axis=0) & (
        np.bincount(each)[:, None] == moments.items
    )
    assert kinds.sum(axis=0).tolist() == moments.copies.tolist()
    found = unpaired_pivots(moments, kinds.T.astype(int) @ first, variance, pseudo=bounded)
    for k in range(6):
        side = first[:, k] if codes is None else first[codes, k]
        a, b = np.where(side, x, np.nan), np.where(side, np.nan, x)
        one = difference(
            a, b, clusters=() if codes is None else (codes,), weights=w, bounded=bounded, variance=variance
        )
        if one.pivot.found is None:
            continue
        assert found.difference[k] == pytest.approx(float(one.pivot.found.difference), abs=1e-9)
        assert found.variance[k] == pytest.approx(float(one.pivot.found.variance), rel=1e-7)
        assert found.df[k] == pytest.approx(one.pivot.df, rel=1e-7)


def test_halves_are_hypergeometric():
    """Mean and variance of the number right in a half: m k / n and m k (n − k) (n − m) / (n² (n − 1))."""
    items = right_or_wrong(np.array([0.3, 1.0, 0.0]), np.array([10, 4, 4]))
    a, b = part_attempts(items, 40_000, np.random.default_rng(0))
    right = 5 * a[0]
    assert right.mean() == pytest.approx(1.5, abs=0.02)
    assert right.var() == pytest.approx(5 * 3 * 7 * 5 / (100 * 9), rel=0.03)
    assert set(a[1]) == {1.0}
    assert set(b[2]) == {0.0}


@given(st.integers(0, 1000))
def test_halves_of_any_scores_are_whole(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, (8, 5))
    counts[:, 0] += 2
    values = rng.normal(size=(8, 5))
    a, b = part_attempts(Attempts(values=values, counts=counts), 30, rng)
    total = counts.sum(axis=1)
    whole = (counts * values).sum(axis=1)
    even = total % 2 == 0
    assert (a + b)[even] == pytest.approx(np.broadcast_to((2 * whole / total)[even, None], (even.sum(), 30)))
    assert (a <= values.max(axis=1, where=counts > 0, initial=-9)[:, None] + 1e-12).all()


def test_equal_systems_rarely_fail():
    found = hs.aa(one_model(300, 10), not_worse_than=0.01)
    assert found.entries[0].parted == "attempts"
    assert found.entries[0].failed_interval.high <= 0.05
    assert found.broken == ()
    single = hs.aa(one_model(300, 1))
    assert single.entries[0].parted == "items"
    assert 0.02 < single.different_share < 0.08
    assert single.promised_fails == pytest.approx(0.025)


def test_scores_that_are_not_right_or_wrong():
    rows = one_model(50, 6).with_columns(score=pl.col("score") * 3 + pl.col("attempt") % 2)
    found = hs.aa(rows, not_worse_than=0.5, splits=200)
    assert (found.entries[0].parted, found.entries[0].n_items) == ("attempts", 50)
    failed = rows.with_columns(score=pl.when(pl.col("attempt") == 5).then(None).otherwise("score"))
    assert hs.aa(failed, failures="zero", splits=200).entries[0].splits == 200
    lower = hs.aa(rows, not_worse_than=0.5, splits=200, lower_is_better=True)
    assert lower.entries[0].different == found.entries[0].different


def test_other_designs():
    assert hs.aa(attempts(), cluster=["passage", "item"], splits=50).entries[0].parted == "attempts"
    assert hs.aa(attempts(), score="pass@2", splits=50, cluster="passage").entries[0].parted == "items"
    assert hs.aa(attempts(), variance="miller", method="t", splits=50).entries[0].splits == 50
    ragged = one_model(40, 3).filter((pl.col("item") > 9) | (pl.col("attempt") == 0))
    assert hs.aa(ragged, splits=50).entries[0].n_items == 30


def test_what_can_t_be_parted_is_told():
    both = pl.concat([two_models(n=40, task=pl.lit("x")), two_models(n=3, task=pl.lit("y"))])
    found = hs.aa(both, splits=20)
    assert {entry.task for entry in found.entries} == {"x"}
    assert {caution.code for caution in found.cautions} == {"not_parted"}
    with pytest.raises(hs.DataError, match="no model has enough"):
        hs.aa(two_models(n=3))
    with pytest.raises(hs.OptionError, match="aa asks about new clusters"):
        hs.aa(attempts(), population="these-questions")
    with pytest.raises(hs.OptionError, match="covariate"):
        hs.aa(attempts(), covariate="length")


def test_a_thousand_splits_take_no_time():
    rows = one_model(1000, 10)
    start = time.perf_counter()
    hs.aa(rows, not_worse_than=0.01)
    assert time.perf_counter() - start < 3  # a tenth of it on an idle machine


def test_the_command(tmp_path):
    done = CliRunner().invoke(main, ["aa", str(LOGS), "--not-worse-than", "1pp", "--cluster", "passage_id"])
    assert done.exit_code == 0
    assert done.output.startswith("Compared with itself on halves of the data, a model fails the gate")
    assert CliRunner().invoke(main, ["aa", "no/where"]).exit_code == 3
    assert CliRunner().invoke(main, ["aa", str(LOGS), "--level", "2"]).exit_code == 3


def test_same_seed_same_bytes():
    rows = one_model(30, 4)
    assert hs.aa(rows, seed=1).render("json") == hs.aa(rows, seed=1).render("json")
    assert hs.aa(rows, seed=1).render("json") != hs.aa(rows, seed=2).render("json")


@pytest.mark.parametrize("n", [10, 11])
def test_halves_of_items_are_drawn_by_kind(n):
    """Of 6 right among n, a half of h has 6 h / n on average, with the variance of the hypergeometric distribution."""
    moments = ClusterMoments.of(np.array([1.0] * 6 + [0.0] * (n - 6)), np.ones(n), None)
    assert moments.copies.tolist() == [n - 6, 6]
    counts = halves(moments, 40_000, np.random.default_rng(0))
    sizes = counts.sum(axis=0)
    assert set(sizes) == {n // 2, (n + 1) // 2}
    for h in set(sizes):
        right = counts[1, sizes == h]
        assert right.mean() == pytest.approx(6 * h / n, abs=0.03)
        assert right.var() == pytest.approx(6 * h * (n - 6) * (n - h) / (n**2 * (n - 1)), rel=0.05)


def test_unpaired_halves_are_halves():
    moments = ClusterMoments.of(np.arange(9.0), np.ones(9), None)
    for found in unpaired_splits(moments, splits=50, variance="CR2", pseudo=False, rng=np.random.default_rng(0)):
        assert found.difference.shape == (50,)
        assert abs(found.difference.mean()) < 2


REAL = {
    "cruxeval": ("tidy/cruxeval_samples.parquet", {"columns": {"model": ["model", "temperature"]}}, {}),
    "inspect": ("raw/inspect", {}, {"failures": "drop"}),
    "swebench": ("tidy/swebench_verified.parquet", {}, {"cluster": "none"}),
    "tau": ("tidy/tau_bench.parquet", {}, {}),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("asked", [{"not_worse_than": 0.01}, {"better": True}])
@pytest.mark.parametrize("name", REAL)
def test_real_results_rarely_fail_against_themselves(real_data, name, asked):
    path, reading, options = REAL[name]
    found = hs.aa(hs.read(real_data / path, **reading), **asked, **options, splits=300)
    assert found.failed_share <= found.promised_fails
    assert found.broken == ()


@pytest.mark.no_cover
@pytest.mark.parametrize("asked", [{"not_worse_than": 0.01}, {"better": True}])
def test_the_example_logs_rarely_fail_against_themselves(asked):
    """By `aa`, and by hand: the rows of one model's attempts dealt to two names, and the gate run on them."""
    assert hs.aa(LOGS, **asked, cluster="passage_id").failed_share <= 0.025
    rows = hs.read(LOGS).rows.collect() if hasattr(hs.read(LOGS).rows, "collect") else hs.read(LOGS).rows
    one = rows.filter(pl.col("model").str.ends_with("t1.0"))
    rng, fails = np.random.default_rng(0), 0
    for _ in range(60):
        dealt = one.with_columns(order=pl.Series(rng.random(len(one))).alias("order")).with_columns(
            model=pl.when(pl.col("order").rank().over("item") <= 2).then(pl.lit("a")).otherwise(pl.lit("b"))
        )
        fails += hs.gate(dealt.drop("order"), "a", "b", **asked, cluster="passage_id").verdict == "fail"
    assert fails <= 6  # one in 20 of 60 is promised, and more than 6 come once in 30 times


def test_attempts_of_a_probability_are_those_that_the_study_counts():
    """Where `score` says prob, single attempts are probabilities as well, and not what stands in the column `score`."""
    rows = attempts(n_clusters=15, size=4, times=4)
    rows = rows.with_columns(prob=(pl.col("score") * 0.6 + pl.int_range(pl.len()) % 7 / 20).round(3))
    alone = rows.drop("score").rename({"prob": "score"})
    asked = {"not_worse_than": 0.02, "splits": 100}
    found = hs.aa(rows, score="prob", **asked).entries
    assert [entry.failed for entry in found] == [entry.failed for entry in hs.aa(alone, **asked).entries]
    assert [entry.different for entry in found] == [entry.different for entry in hs.aa(alone, **asked).entries]


@pytest.mark.parametrize("criterion", ["--not-worse-than", "--same-within"])
def test_the_command_asks_for_the_unit_that_gate_asks_for(tmp_path, criterion):
    """0.5 of scores from 0 to 1 is 50 points, and 2pp is no size of scores on another scale."""
    one_model().write_csv(tmp_path / "shares.csv")
    one_model().with_columns(score=pl.col("score") * 7.5 + pl.col("item") % 3).write_csv(tmp_path / "others.csv")

    def said(name, size):
        words = ["--no-config", "aa", str(tmp_path / name), criterion, size, "--splits", "20"]
        found = CliRunner().invoke(main, words, catch_exceptions=False)
        return found.exit_code, " ".join(found.output.split())

    code, text = said("shares.csv", "0.5")
    assert (code, f"{criterion} 0.5 is 50 points of scores from 0 to 1" in text) == (3, True)
    code, text = said("others.csv", "2pp")
    assert (code, f"{criterion} 2pp: points and percent are for scores in [0, 1]" in text) == (3, True)
    assert [said(*each)[0] for each in (("shares.csv", "50pp"), ("others.csv", "0.5"))] == [0, 0]


@pytest.mark.parametrize("criterion", ["not_worse_than", "same_within"])
def test_a_margin_of_a_task_is_that_of_the_gate(criterion):
    """It counted for nothing here, while `gate` judged by it."""
    rows = one_model().with_columns(task=pl.lit("quiz"))
    rows = pl.concat([rows, rows.with_columns(task=pl.lit("other"))])
    asked = {"splits": 50, "task": "quiz"}
    own = hs.aa(rows, **{criterion: 0.02}, tasks={"quiz": {"margin": 0.2}}, **asked)
    usual = hs.aa(rows, **{criterion: 0.2}, **asked)
    assert own.entries == usual.entries
    assert own.equal == usual.equal
    assert own.asked.endswith("2.0 pp, some tasks with a margin of their own")
    other = hs.aa(rows, **{criterion: 0.02}, tasks={"quiz": {"margin": 0.2}}, splits=50, task="other")
    assert other.entries[0].passed == hs.aa(rows, **{criterion: 0.02}, splits=50, task="other").entries[0].passed
    better = hs.aa(rows, better=True, tasks={"quiz": {"margin": 0.2}}, **asked)
    assert (better.entries, better.asked) == (hs.aa(rows, better=True, **asked).entries, "better")


def test_a_margin_of_a_task_that_is_a_share_is_one_of_the_models_score():
    rows = one_model()
    score = rows.group_by("item").agg(pl.col("score").mean())["score"].mean()
    share = hs.aa(rows, not_worse_than=0.02, tasks={"*": {"margin": Relative(0.1)}}, splits=50)
    usual = hs.aa(rows, not_worse_than=0.1 * score, splits=50)
    assert [(each.passed, each.failed) for each in share.entries] == [
        (each.passed, each.failed) for each in usual.entries
    ]
    assert share.equal[0].margin == pytest.approx(0.1 * score)
