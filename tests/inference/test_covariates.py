"""Covariate adjustment: means and differences adjusted by attributes known for more items than were answered."""

import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import two_models
from howsure.statistics.control_variates import adjusted_mean
from invoked import everything


def world(pool=200, answered=60, seed=1, slope=0.6):
    """A pool of items of known ease, and two models' answers to some of them."""
    rng = np.random.default_rng(seed)
    ease = rng.random(pool)
    items = pl.DataFrame({"item": [f"q{i:03}" for i in range(pool)], "ease": ease}).with_columns(
        level=pl.when(pl.col("ease") > 0.6).then(pl.lit("easy")).otherwise(pl.lit("hard")),
        passage=pl.Series([f"p{i // 4:02}" for i in range(pool)]),
        importance=pl.Series([1.0 + i % 3 for i in range(pool)]),
    )
    chosen = np.sort(rng.choice(pool, answered, replace=False))
    rows = pl.DataFrame(
        [
            {"model": model, "item": f"q{i:03}", "score": float(rng.random() < 0.2 + bonus + slope * ease[i])}
            for model, bonus in (("a", 0.1), ("b", 0.0))
            for i in chosen
        ]
    )
    return rows, items


@pytest.fixture
def side(tmp_path):
    rows, items = world()
    path = tmp_path / "items.csv"
    items.write_csv(path)
    return rows, items, path


def by_hand(rows, items, columns, model="a"):
    """Return ȳ + (Z̄ − z̄)'β by an ordinary regression."""
    joined = rows.filter(pl.col("model") == model).join(items, on="item")
    x = np.column_stack([np.ones(len(joined)), joined.select(columns).to_numpy()])
    beta = np.linalg.lstsq(x, joined["score"].to_numpy(), rcond=None)[0]
    return float(np.concatenate([[1.0], items.select(columns).to_numpy().mean(axis=0)]) @ beta)


def test_a_numeric_covariate_adjusts_the_mean_as_regression_does(side):
    rows, items, path = side
    answer = hs.estimate(rows, covariate="ease", items=path)
    for entry in answer.entries:
        assert entry.estimate.value == pytest.approx(by_hand(rows, items, ["ease"], entry.model), rel=1e-9)
        assert entry.estimate.n_items == 60
        assert entry.estimate.method.adjusted
    everything(answer)


def test_estimate_with_a_covariate_equals_adjusted_mean(side):
    rows, items, path = side
    y = items.join(rows.filter(pl.col("model") == "a"), on="item", how="left", maintain_order="left")["score"]
    found = adjusted_mean(y.cast(pl.Float64).fill_null(float("nan")).to_numpy(), items.select("ease").to_numpy())
    entry = hs.estimate(rows, covariate="ease", items=path)[0]
    assert (entry.estimate.value, entry.estimate.se) == pytest.approx((found.value, math.sqrt(found.variance)))
    assert entry.variance_saved == pytest.approx(found.saved)


def test_several_covariates_adjust_jointly(side):
    rows, items, path = side
    items = items.with_columns(hard=(pl.col("level") == "hard").cast(pl.Float64))
    answer = hs.estimate(rows, covariate=["ease", "level"], items=path)
    assert answer[0].estimate.value == pytest.approx(by_hand(rows, items, ["ease", "hard"]), rel=1e-9)


def test_a_predictive_covariate_reduces_the_variance(side):
    rows, _, path = side
    plain, better = hs.estimate(rows)[0], hs.estimate(rows, covariate="ease", items=path)[0]
    assert better.variance_saved == pytest.approx(1 - (better.estimate.se / plain.estimate.se) ** 2, rel=1e-9)
    assert better.variance_saved > 0.02
    assert better.estimate.se < plain.estimate.se
    assert math.isnan(plain.variance_saved)


def with_judge(pool=150, answered=50, seed=2):
    rng = np.random.default_rng(seed)
    ease = rng.random(pool)
    rows = [{"model": "old", "item": f"q{i:03}", "score": float(rng.random() < ease[i])} for i in range(pool)]
    for model, bonus in (("a", 0.15), ("b", 0.0)):
        rows += [
            {"model": model, "item": f"q{i:03}", "score": float(rng.random() < np.clip(ease[i] + bonus, 0, 1))}
            for i in range(answered)
        ]
    return pl.DataFrame(rows)


def test_another_models_scores_can_be_a_covariate():
    rows = with_judge()
    old = rows.filter(pl.col("model") == "old").select("item", old="score")
    answer = hs.estimate(rows, covariate="model:old", model=["a", "b"])
    for entry in answer.entries:
        assert entry.estimate.value == pytest.approx(by_hand(rows, old, ["old"], entry.model), rel=1e-9)
    everything(answer)


def test_another_models_means_over_attempts_can_be_a_covariate():
    rows = pl.concat([with_judge().with_columns(attempt=pl.lit(k)) for k in range(2)])
    flips = (pl.col("attempt") == 1) & (pl.col("model") == "old") & pl.col("item").str.contains("[147]$")
    rows = rows.with_columns(score=pl.when(flips).then(1 - pl.col("score")).otherwise("score"))
    old = rows.filter(pl.col("model") == "old").group_by("item").agg(old=pl.col("score").mean())
    mine = rows.filter(pl.col("attempt") == 0)
    answer = hs.estimate(rows, covariate="model:old", model=["a"])
    assert answer[0].estimate.value == pytest.approx(by_hand(mine, old.sort("item"), ["old"]), rel=1e-9)


def test_an_unknown_covariate_model_is_an_error_with_a_suggestion():
    with pytest.raises(hs.DataError, match=r"no model 'odl'.*Did you mean 'old'"):
        hs.estimate(with_judge(), covariate="model:odl")


def test_the_part_of_a_name_after_the_slash_names_a_covariate_model():
    rows = with_judge().with_columns(model="org/" + pl.col("model"))
    long, short = (hs.estimate(rows, covariate=f"model:{name}")[0].estimate.value for name in ("org/old", "old"))
    assert long == short


def test_a_model_is_not_adjusted_by_its_own_scores():
    rows = with_judge()
    own = next(e for e in hs.estimate(rows, covariate="model:old").entries if e.model == "old")
    plain = next(e for e in hs.estimate(rows).entries if e.model == "old")
    assert own.estimate.value == pytest.approx(plain.estimate.value)
    assert own.estimate.se == pytest.approx(plain.estimate.se, rel=0.01)
    assert "−0%" not in everything(hs.estimate(rows, covariate="model:old"))


@pytest.mark.parametrize("verb", [hs.estimate, lambda *data, **options: hs.compare(*data, "a", "b", **options)])
def test_an_unknown_covariate_column_is_an_error_that_lists_the_columns(side, verb):
    rows, _, path = side
    with pytest.raises(hs.DataError, match=r"no column 'eaze'.*ease.*level"):
        verb(rows, covariate="eaze", items=path)
    with pytest.raises(hs.DataError, match="no column 'ease'"):
        verb(rows, covariate="ease")


def test_a_data_frame_as_items_table_is_refused(side):
    rows, items, _ = side
    with pytest.raises(hs.OptionError, match="items must be the path of a table"):
        hs.estimate(rows, covariate="ease", items=items)


def test_answered_items_without_the_covariate_are_left_out_and_counted(side, tmp_path):
    rows, items, _ = side
    lacking = rows["item"].unique().sort()[:7].to_list()
    items.with_columns(ease=pl.when(pl.col("item").is_in(lacking)).then(None).otherwise("ease")).write_csv(
        tmp_path / "torn.csv"
    )
    answer = hs.estimate(rows, covariate="ease", items=tmp_path / "torn.csv")
    assert answer[0].estimate.n_items == 53
    assert "7 answered items without the covariate" in everything(answer)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("ease", lambda items, known: items.filter(pl.col("item").is_in(known[:2])), "fewer than three items that a"),
        ("name", lambda items, _: items.with_columns(name="n" + pl.col("item")), r"a label \(200 different words\)"),
        ("ease", lambda items, _: pl.concat([items, items.head(1).with_columns(ease=pl.lit(0.123))]), "two|several"),
    ],
    ids=["too few items", "too many labels", "two values"],
)
def test_items_tables_unsuitable_for_adjustment_are_refused(side, tmp_path, name, change, message):
    rows, items, _ = side
    change(items, rows["item"].unique().sort().to_list()).write_csv(tmp_path / "items.csv")
    with pytest.raises(hs.DataError, match=message):
        hs.estimate(rows, covariate=name, items=tmp_path / "items.csv")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("item", "'item' can't be a covariate"),
        ("model", "'model' differs between rows of item"),
        ("score", "'score' differs between rows of item"),
    ],
)
def test_item_model_and_score_columns_are_refused_as_covariates(side, name, told):
    rows, _, path = side
    with pytest.raises(hs.HowsureError, match=told):
        hs.estimate(rows, covariate=name, items=path)


def test_a_covariate_that_differs_within_an_item_is_refused():
    rows = two_models(n=40).with_columns(length=pl.col("item").str.len_chars())
    answer = hs.estimate(rows, covariate="length")
    assert "covariate_saves_nothing" in {warning.code for warning in answer[0].estimate.warnings}
    torn = rows.with_columns(length=pl.col("length") + (pl.col("model") == "a").cast(pl.Int64))
    with pytest.raises(hs.DataError, match=r"'length' differs between rows of item"):
        hs.estimate(torn, covariate="length")


def test_a_covariate_without_unanswered_items_changes_nothing_and_gives_a_warning(side, tmp_path):
    rows, items, _ = side
    items.filter(pl.col("item").is_in(rows["item"].unique().to_list())).write_csv(tmp_path / "same.csv")
    adjusted = hs.estimate(rows, covariate="ease", items=tmp_path / "same.csv")[0]
    plain = hs.estimate(rows)[0]
    assert adjusted.estimate.value == pytest.approx(plain.estimate.value, rel=1e-12)
    assert adjusted.estimate.se == pytest.approx(plain.estimate.se, rel=0.03)
    assert "covariate_saves_nothing" in {warning.code for warning in adjusted.estimate.warnings}


def test_clusters_of_the_items_table_apply_to_the_whole_pool(side):
    rows, items, path = side
    answer = hs.estimate(rows, covariate="ease", items=path, cluster="passage")
    joined = items.join(rows.filter(pl.col("model") == "a"), on="item", how="left", maintain_order="left")
    codes = np.unique(joined["passage"].to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)
    found = adjusted_mean(
        joined["score"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        items.select("ease").to_numpy(),
        clusters=codes,
    )
    entry = answer[0].estimate
    assert (entry.value, entry.se, entry.df) == pytest.approx((found.value, math.sqrt(found.variance), found.df))
    assert entry.n_clusters == rows.join(items, on="item")["passage"].n_unique()
    everything(answer)


def test_a_constant_covariate_leaves_the_mean_unchanged_with_a_warning(side, tmp_path):
    rows, items, _ = side
    items.with_columns(ease=pl.lit(3.0)).write_csv(tmp_path / "flat.csv")
    found, plain = (
        hs.estimate(rows, **asked)[0].estimate for asked in ({"covariate": "ease", "items": tmp_path / "flat.csv"}, {})
    )
    assert (found.value, found.se) == pytest.approx((plain.value, plain.se), rel=1e-9)
    assert "the covariate doesn't vary among the answered items" in {warning.message for warning in found.warnings}


def test_covariates_that_cost_too_many_degrees_of_freedom_give_a_warning():
    rows, items = world(pool=120, answered=40)
    big = items.with_columns(
        repo=pl.when(pl.int_range(pl.len()) < 70).then(pl.lit("big")).otherwise(pl.col("item").str.slice(0, 3)),
        kind=pl.Series(["abc"[i % 3] for i in range(120)]),
    )
    rows = rows.join(big.select("item", "repo", "kind"), on="item")
    extra = big.filter(~pl.col("item").is_in(rows["item"].unique().to_list()))
    more = extra.select(model=pl.lit("other"), item="item", score=pl.lit(1.0), repo="repo", kind="kind")
    data = pl.concat([rows.select(more.columns), more])
    plain = hs.estimate(data, cluster="repo", model=["a"])[0].estimate
    answer = hs.estimate(data, cluster="repo", covariate="kind")
    adjusted = next(e for e in answer.entries if e.model == "a").estimate
    assert adjusted.interval.half_width > 1.5 * plain.interval.half_width
    assert "covariate_too_dear" in {c.code for c in adjusted.warnings}


def test_adjusted_means_use_the_weights_of_the_whole_pool(side):
    rows, items, path = side
    answer = hs.estimate(rows, covariate="ease", items=path, weight="importance")[0].estimate
    joined = rows.filter(pl.col("model") == "a").join(items, on="item")
    root = np.sqrt(joined["importance"].to_numpy())
    x = np.column_stack([np.ones(60), joined["ease"].to_numpy()])
    beta = np.linalg.lstsq(x * root[:, None], joined["score"].to_numpy() * root, rcond=None)[0]
    expected = beta[0] + beta[1] * np.average(items["ease"], weights=items["importance"])
    assert answer.value == pytest.approx(expected, rel=1e-9)


def test_a_paired_adjusted_difference_is_the_difference_of_adjusted_means(side):
    rows, _, path = side
    own = {e.model: e.estimate.value for e in hs.estimate(rows, covariate="ease", items=path).entries}
    plain, answer = hs.compare(rows, "a", "b"), hs.compare(rows, "a", "b", covariate="ease", items=path)
    assert answer.paired
    assert answer.difference.value == pytest.approx(own["a"] - own["b"], abs=1e-12)
    assert (answer.a_mean, answer.b_mean) == pytest.approx((own["a"], own["b"]))
    assert str(answer.difference.method) == "adjusted paired t, CR2"
    assert (answer.wins, answer.losses, answer.ties) == (plain.wins, plain.losses, plain.ties)
    everything(answer)


def test_an_unpaired_comparison_adjusts_both_means():
    rows, items = world(answered=120)
    chosen = rows["item"].unique().sort()
    first = set(chosen[::2].to_list())
    torn = rows.filter((pl.col("model") == "a") == pl.col("item").is_in(list(first)))
    torn = torn.join(items.select("item", "ease"), on="item")
    answer = hs.compare(torn, "a", "b", covariate="ease")
    plain = hs.compare(torn, "a", "b")
    assert not answer.paired
    assert str(answer.difference.method) == "adjusted unpaired t, CR2"
    assert answer.variance_saved == pytest.approx(1 - (answer.difference.se / plain.difference.se) ** 2, rel=1e-9)
    assert answer.variance_saved > 0
    everything(answer)


@pytest.mark.parametrize("seed", range(2))
def test_p_value_and_interval_of_an_adjusted_difference_agree(seed, tmp_path):
    rows, items = world(seed=seed)
    path = tmp_path / "items.csv"
    items.write_csv(path)
    p = hs.compare(rows, "a", "b", covariate="ease", items=path).p_value
    for level in (1 - 0.98 * p, 1 - 1.02 * p):
        if 0 < level < 1:
            answer = hs.compare(rows, "a", "b", covariate="ease", items=path, level=level)
            assert answer.difference.interval.contains(0.0) == (level > 1 - p)


def test_equivalence_within_a_margin_uses_the_adjusted_difference(side):
    rows, _, path = side
    answer = hs.compare(rows, "a", "b", covariate="ease", items=path, margin=0.9)
    assert answer.equivalence.equivalent
    everything(answer)


def test_several_tasks_are_adjusted_by_their_own_pools_without_an_overall_difference(side, tmp_path):
    rows, items, _ = side
    both = pl.concat([rows.with_columns(task=pl.lit(task)) for task in ("x", "y")])
    pl.concat(
        [items.with_columns(task=pl.lit("x")), items.with_columns(task=pl.lit("y"), ease=1 - pl.col("ease") ** 2)]
    ).write_csv(tmp_path / "tasks.csv")
    answer = hs.compare(both, "a", "b", covariate="ease", items=tmp_path / "tasks.csv")
    assert answer.overall is None
    assert "no_overall" in {warning.code for warning in answer.warnings}
    everything(answer)
    values = {
        e.task: e.estimate.value
        for e in hs.estimate(both, covariate="ease", items=tmp_path / "tasks.csv").entries
        if e.model == "a"
    }
    other = items.with_columns(ease=1 - pl.col("ease") ** 2)
    assert values["x"] == pytest.approx(by_hand(rows, items, ["ease"]), rel=1e-9)
    assert values["y"] == pytest.approx(by_hand(rows, other, ["ease"]), rel=1e-9)


@pytest.mark.parametrize(
    ("verb", "option"),
    [("estimate", {"interval": "wilson"}), ("estimate", {"variance": "CR1"}), ("compare", {"method": "mcnemar"})],
)
def test_methods_without_covariate_adjustment_are_refused(side, verb, option):
    rows, _, path = side
    names = ("a", "b") if verb == "compare" else ()
    (name,) = option
    with pytest.raises(hs.OptionError, match=f"{name}=.* doesn't work with a covariate"):
        getattr(hs, verb)(rows, *names, covariate="ease", items=path, **option)


def test_a_note_names_the_covariate_and_the_size_of_the_pool(side):
    rows, _, path = side
    answer = hs.estimate(rows, covariate="ease", items=path)
    assert any("ease" in note and "200" in note for note in answer.notes)


def pool_of_ten(**columns):
    """Ten items with a covariate, of which b answered all and a the first six."""
    rows = [
        {"model": model, "item": f"q{i}", "ease": float(i % 5), "score": float(i % 3 > 0)}
        for model, n in (("a", 6), ("b", 10))
        for i in range(n)
    ]
    return pl.DataFrame(rows).with_columns(**columns)


def test_one_cluster_gives_no_standard_error_with_a_covariate():
    rows = pool_of_ten(cluster=pl.when(pl.col("item") < "q6").then(pl.lit("g")).otherwise(pl.lit("h")))
    entry = hs.estimate(rows, covariate="ease", model=["a", "b"])[0]
    assert entry.model == "a"
    assert math.isnan(entry.estimate.se)
    assert "one_cluster" in [warning.code for warning in entry.estimate.warnings]
    assert math.isnan(hs.compare(rows, "a", "b", covariate="ease").p_value)


def test_compare_counts_items_without_the_covariate_per_model():
    rows = pool_of_ten(ease=pl.when(pl.col("item") == "q1").then(None).otherwise(pl.col("ease")))
    warnings = hs.compare(rows, "a", "b", covariate="ease").difference.warnings
    assert [c.message for c in warnings if c.code == "no_covariate"] == [
        "a: 1 answered item without the covariate left out",
        "b: 1 answered item without the covariate left out",
    ]


@pytest.mark.parametrize("name", ["none", "weight", "cluster"])
def test_reserved_words_without_a_column_are_refused_as_covariates(name):
    with pytest.raises(hs.HowsureError, match=f"{name!r}"):
        hs.estimate(pool_of_ten(), covariate=name)
