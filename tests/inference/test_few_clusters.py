"""Populations: new clusters, same clusters, these questions; with few clusters the same clusters are the default."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.errors import MethodError, OptionError
from trials import draws

SIZES = (40, 6, 5, 4, 3, 2)


def few(seed=0, models="abcde", sizes=SIZES):
    """Models that differ from cluster to cluster, in few clusters of which one holds most items."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    chance = np.clip(
        0.75 - 0.06 * np.arange(len(models)) + rng.normal(0, 0.15, (len(sizes), len(models)))[group], 0.02, 0.98
    )
    right = (rng.random(chance.shape) < chance).astype(float)
    return pl.DataFrame(
        {
            "model": np.repeat(list(models), len(group)),
            "item": np.tile(np.arange(len(group)), len(models)),
            "repo": np.tile(group, len(models)),
            "score": right.T.ravel(),
        }
    )


def test_population_same_clusters_gives_the_stratified_standard_error_and_df():
    rows = few()
    found = hs.compare(rows, "a", "e", cluster="repo", population="same-clusters")
    wide = rows.pivot(on="model", index=["item", "repo"], values="score").sort("item")
    d, group = (wide["a"] - wide["e"]).to_numpy(), wide["repo"].to_numpy()
    parts = [d[group == g] for g in np.unique(group)]
    se = np.sqrt(sum((len(part) / len(d)) ** 2 * part.var(ddof=1) / len(part) for part in parts))
    assert found.difference.value == pytest.approx(d.mean())
    assert found.difference.se == pytest.approx(se)
    assert found.difference.df == len(d) - len(parts)
    assert (found.wins, found.losses) == (int((d > 0).sum()), int((d < 0).sum()))
    assert found.difference.method.same_clusters
    assert (found.p_value <= 0.05) == (not found.difference.interval.low <= 0 <= found.difference.interval.high)


def test_few_clusters_default_to_same_clusters_and_also_report_new_clusters():
    rows = few()
    usual = hs.compare(rows, "a", "e", cluster="repo")
    narrow = hs.compare(rows, "a", "e", cluster="repo", population="same-clusters")
    wide = hs.compare(rows, "a", "e", cluster="repo", population="new-clusters")
    assert usual.population == "same-clusters"
    assert (usual.difference, usual.p_value, usual.other_population) == (
        narrow.difference,
        narrow.p_value,
        narrow.other_population,
    )
    assert wide.other_population.population == "same-clusters"
    assert wide.other_population.estimate.interval == narrow.difference.interval
    assert wide.other_population.p_value == narrow.p_value
    assert narrow.other_population.population == "new-clusters"
    assert narrow.other_population.estimate.interval == wide.difference.interval
    assert "on more questions from these 6 repositories" in usual.sentence
    assert "on more questions from these 6 repositories" in wide.render("markdown")
    assert "on new repositories" in narrow.render("markdown")


def test_many_clusters_or_none_report_one_population():
    assert hs.compare(few(sizes=(5,) * 12), "a", "e", cluster="repo").other_population is None
    assert hs.compare(few(), "a", "e", cluster="none").other_population is None
    assert hs.leaderboard(few(sizes=(5,) * 12), cluster="repo").boards[0].other_population is None


def test_a_board_with_few_clusters_reports_could_be_best_for_both_populations():
    rows = few()
    board = hs.leaderboard(rows, cluster="repo").boards[0]
    wide = hs.leaderboard(rows, cluster="repo", population="new-clusters").boards[0]
    assert board.clusters.n == len(SIZES)
    assert board.clusters.effective == pytest.approx(sum(SIZES) ** 2 / sum(size**2 for size in SIZES))
    assert board.other_population.could_be_best == wide.could_be_best
    assert wide.other_population.could_be_best == board.could_be_best
    assert f"on more questions from these {len(SIZES)} repositories" in board.sentence
    assert "could be best on new repositories, and none on more questions from these 6 repositories." in wide.sentence
    said = hs.leaderboard(rows, cluster="repo").render("markdown")
    assert "On new repositories, any of the 3 other models could be best." in said
    assert board.ranks == hs.leaderboard(rows, cluster="repo", population="same-clusters").boards[0].ranks


def test_a_leaderboard_claims_no_more_about_new_clusters_than_compare():
    """All right against all wrong in five clusters: for new clusters two models can't be told apart, so any could be best."""
    best = few(sizes=(20, 12, 10, 9, 8)).with_columns(score=pl.when(pl.col("model") == "a").then(1.0).otherwise(0.0))
    told = hs.leaderboard(best, cluster="repo").boards[0]
    assert told.could_be_best == ("a",)
    assert told.other_population.could_be_best == ("a", "b", "c", "d", "e")
    assert hs.compare(best, "a", "b", cluster="repo", population="new-clusters").p_value > 0.05
    assert "a is best on more questions from these 5 repositories" in told.sentence


def test_the_verdict_with_one_cluster_is_in_the_singular():
    said = hs.leaderboard(few(sizes=(20,)), cluster="repo").boards[0].sentence
    assert "on more questions from this repository," in said


def test_the_default_population_depends_on_all_questions_of_the_task():
    """A pair, a metric, a slice or dropped failures have fewer questions, and another count; the task's own decides."""
    whole = few(models="abc", sizes=(10,) * 7)
    assert hs.compare(whole, "a", "b", cluster="repo").population == "new-clusters"
    torn = whole.filter((pl.col("model") == "c") | (pl.col("repo") < 3))
    assert hs.compare(torn, "a", "b", cluster="repo").population == "new-clusters"
    assert hs.compare(torn.filter(pl.col("model") != "c"), "a", "b", cluster="repo").population == "same-clusters"
    failed = whole.with_columns(score=pl.when((pl.col("repo") < 3) | (pl.col("model") == "c")).then("score"))
    assert hs.compare(failed, "a", "b", cluster="repo", failures="drop").population == "new-clusters"
    (way,) = hs.compare(whole, "a", "b", cluster="repo", by="repo").slices
    assert way.all_items.population == "new-clusters"


def test_questions_without_a_cluster_do_not_count_as_clusters():
    rows = few(sizes=(20, 20, 20, *(1,) * 30)).rename({"repo": "cluster"})
    lone = rows.with_columns(cluster=pl.when(pl.col("cluster") < 3).then(pl.col("cluster").cast(pl.String)))
    assert hs.leaderboard(rows).boards[0].population == "new-clusters"
    assert hs.leaderboard(lone).boards[0].population == "same-clusters"


@pytest.mark.parametrize("name", ["prompt", "template_id", "judge_name", "prompt-template", "seed", "User"])
def test_clusters_by_prompt_or_judge_default_to_new_clusters(name):
    rows = few().rename({"repo": name})
    found = hs.compare(rows, "a", "e", cluster=name)
    assert found.population == "new-clusters"
    assert found.other_population is None


def test_with_two_clusterings_the_smaller_count_decides_the_default_population():
    rows = few(sizes=(5,) * 12).with_columns(half=pl.col("item") % 2)
    both = hs.compare(rows, "a", "e", cluster=["repo", "half"])
    assert both.population == "same-clusters"
    first = hs.compare(rows, "a", "e", cluster="repo", population="same-clusters").difference
    assert (both.difference.se, both.difference.df) == (first.se, first.df)
    assert hs.compare(rows, "a", "e", cluster="repo").population == "new-clusters"


def test_weights_count_in_the_effective_number_of_clusters():
    rows = few(sizes=(5,) * 12).with_columns(w=pl.when(pl.col("repo") == 0).then(50.0).otherwise(1.0))
    assert hs.compare(rows, "a", "e", cluster="repo").population == "new-clusters"
    assert hs.compare(rows, "a", "e", cluster="repo", weight="w").population == "same-clusters"


def test_overall_scores_are_about_new_clusters_unless_all_tasks_default_to_same_clusters():
    one, other, many = few(1), few(2), few(3, sizes=(5,) * 12)
    same = pl.concat([one.with_columns(task=pl.lit("x")), other.with_columns(task=pl.lit("y"))])
    mixed = pl.concat([one.with_columns(task=pl.lit("x")), many.with_columns(task=pl.lit("y"))])
    assert {board.population for board in hs.leaderboard(same, cluster="repo").every} == {"same-clusters"}
    board = hs.leaderboard(mixed, cluster="repo")
    assert [each.population for each in board.every] == ["new-clusters", "same-clusters", "new-clusters"]
    wide = hs.leaderboard(mixed, cluster="repo", population="new-clusters")
    assert board.overall.entries == wide.overall.entries
    assert board.overall.ranks == wide.overall.ranks
    pair = hs.compare(mixed, "a", "e", cluster="repo")
    assert [each.population for each in pair.every] == ["new-clusters", "same-clusters", "new-clusters"]
    assert (
        pair.overall.difference
        == hs.compare(mixed, "a", "e", cluster="repo", population="new-clusters").overall.difference
    )
    beside = hs.against(mixed, "a", cluster="repo")
    assert beside.overall == hs.against(mixed, "a", cluster="repo", population="new-clusters").overall


@pytest.mark.parametrize(("old", "new"), [("questions", "new-clusters"), ("benchmark", "these-questions")])
def test_a_former_population_name_is_an_error_that_names_the_new_one(old, new):
    with pytest.raises(OptionError, match=new):
        hs.estimate(few(), population=old)


def test_a_gate_with_few_clusters_decides_only_if_both_populations_agree():
    best = few(sizes=(20, 12, 10, 9, 8)).with_columns(score=pl.when(pl.col("model") == "a").then(1.0).otherwise(0.0))
    apart = hs.gate(best, "a", "e", better=True, cluster="repo")
    assert (apart.verdict, apart.unclear_because) == ("unclear", "population")
    (check,) = apart.checks
    assert (check.population, check.verdict_own_population) == ("same-clusters", "pass")
    assert (check.other_population.population, check.other_population.verdict) == ("new-clusters", "unclear")
    assert "pass on more questions from these 5 repositories" in check.sentence
    assert "can't tell on new repositories" in check.sentence
    (told,) = [each for each in check.warnings if each.code == "population_would_change_verdict"]
    assert "howsure.toml" in told.remedy
    for population, verdict in (("same-clusters", "pass"), ("new-clusters", "unclear")):
        settled = hs.gate(best, "a", "e", better=True, cluster="repo", population=population)
        assert (settled.verdict, settled.unclear_because) == (verdict, "evidence" if verdict == "unclear" else "")
        assert settled.checks[0].other_population.verdict != verdict
    same = hs.gate(best, "a", "e", not_worse_than=0.5, cluster="repo")
    assert same.verdict == "pass"
    assert same.checks[0].other_population.verdict == "pass"
    assert "and on new repositories" in same.checks[0].sentence
    floor = hs.gate(best, "a", at_least=0.5, cluster="repo")
    assert floor.checks[0].other_population is not None


def test_a_gate_with_many_clusters_uses_one_population():
    gate = hs.gate(few(sizes=(5,) * 12), "a", "e", better=True, cluster="repo")
    assert gate.checks[0].other_population is None


def test_methods_without_strata_are_refused_for_same_clusters():
    with pytest.raises(MethodError, match="strata"):
        hs.compare(few(), "a", "e", cluster="repo", population="same-clusters", method="sign-flip")


def test_without_clusters_new_and_same_clusters_give_the_same_difference():
    rows = few().drop("repo")
    one, other = (hs.compare(rows, "a", "e", population=word) for word in ("new-clusters", "same-clusters"))
    assert one.difference == other.difference


def wide(rows):
    """Return scores (n, M) of models in the order of their names, and the cluster of each item."""
    table = rows.pivot(on="model", index=["item", "repo"], values="score", aggregate_function="mean").sort("item")
    return table.select(sorted(rows["model"].unique())).to_numpy(), table["repo"].to_numpy()


def stratified(x, group):
    """Return the standard error of a mean over strata, Cochran (1977), equation 5.7, and its degrees of freedom."""
    parts = [x[group == g] for g in np.unique(group)]
    return np.sqrt(sum((len(p) / len(x)) ** 2 * p.var(ddof=1) / len(p) for p in parts)), len(x) - len(parts)


SAME = {"cluster": "repo", "population": "same-clusters"}


def test_a_stratified_score_loses_one_degree_of_freedom_per_cluster():
    rows = few()
    x, group = wide(rows)
    for k, entry in enumerate(sorted(hs.estimate(rows, **SAME).entries, key=lambda entry: entry.model)):
        assert (entry.estimate.se, entry.estimate.df) == pytest.approx(stratified(x[:, k], group))


def test_noise_for_same_clusters_omits_the_between_cluster_variance():
    rows = pl.concat([few(seed).with_columns(attempt=pl.lit(seed)) for seed in range(3)])
    x, group = wide(rows)
    entry, usual = (hs.noise(rows, cluster="repo", population=word)["a"] for word in ("same-clusters", "new-clusters"))
    own = rows.filter(pl.col("model") == "a").group_by("item").agg(pl.col("score").var(ddof=1)).sort("item")["score"]
    within = sum(x[group == g, 0].var(ddof=1) * (group == g).mean() for g in np.unique(group))
    assert entry.se == pytest.approx(stratified(x[:, 0], group)[0])
    assert entry.variance_within_questions == usual.variance_within_questions == pytest.approx(own.mean() / 3 / len(x))
    assert entry.between_questions.variance == pytest.approx(within - own.mean() / 3)
    assert entry.between_clusters.variance == 0
    pair = hs.noise(rows, "a", "e", **SAME).tasks[0].entries[-1]
    assert pair.se == pytest.approx(stratified(x[:, 0] - x[:, 4], group)[0])
    assert pair.se == pytest.approx(hs.compare(rows, "a", "e", **SAME).difference.se)
    assert any("same clusters" in note for note in hs.noise(rows, **SAME).notes)


def test_a_plan_for_same_clusters_adds_questions_within_the_clusters():
    """n = V (t_1 + t_2)² / gap² with V = Σ W_g s_g², Cochran (1977), section 5.9, at n − G degrees of freedom."""
    rows = few()
    x, group = wide(rows)
    spread = len(x) * stratified(x[:, 0] - x[:, 4], group)[0] ** 2
    plan = hs.plan(rows, "a", "e", effect=0.1, n_items=600, method="t", **SAME)
    noncentral, df = 0.1 / np.sqrt(spread / 600), 600 - len(SIZES)
    doubts = hs.plan(rows, "a", "e", effect=0.1, n_items=600, method="t", cluster="none").main.best.power.value
    expected = stats.nct.sf(stats.t.ppf(0.975, df), df, noncentral)
    assert plan.main.best.se == pytest.approx(np.sqrt(spread / 600))
    assert plan.main.best.power.value == pytest.approx(expected, abs=0.02), "less what the pilot leaves in doubt"
    assert plan.main.best.power.value > doubts, "what clusters differ by doesn't count"
    assert plan.main.best.power.low < expected < plan.main.best.power.high
    assert (
        hs.plan(rows, effect=0.1, **SAME).items
        < hs.plan(rows, effect=0.1, cluster="repo", population="new-clusters").items
    )


def test_a_plan_for_same_clusters_needs_a_pilot_and_refuses_n_clusters():
    with pytest.raises(OptionError, match="n_clusters"):
        hs.plan(few(), effect=0.1, n_clusters=20, **SAME)
    with pytest.raises(OptionError, match="pilot"):
        hs.plan(effect=0.1, population="same-clusters")


def test_a_score_planned_for_same_clusters_needs_under_half_the_questions():
    same, other = (
        hs.plan_score(few(), "a", within=0.05, cluster="repo", population=word).items
        for word in ("same-clusters", "new-clusters")
    )
    assert same < other / 2


def test_a_trend_for_same_clusters_has_the_stratified_standard_error():
    rows = few(models=("run-step1", "run-step2", "run-step3"))
    x, group = wide(rows)
    run = hs.trend(rows, **SAME).tasks[0].runs[0]
    rise = x[:, 2] - x[:, 0]
    assert run.rise.value == pytest.approx(rise.mean())
    assert (run.rise.se, run.rise.df) == pytest.approx(stratified(rise, group))
    assert run.rise.method.same_clusters
    assert run.points[1].change.se == pytest.approx(stratified(x[:, 1] - x[:, 0], group)[0])


def test_health_for_same_clusters_detects_smaller_gaps():
    rows = pl.concat([few(seed).with_columns(attempt=pl.lit(seed)) for seed in range(3)])
    assert (
        hs.questions(rows, **SAME).tasks[0].smallest_significant_difference
        < hs.questions(rows, cluster="repo", population="new-clusters").tasks[0].smallest_significant_difference
    )


def test_against_for_same_clusters_gives_no_warning_on_few_clusters():
    sides = hs.against(few(), "a", **SAME).tasks[0].models
    assert not any(side.difference.warnings for side in sides)


def test_a_trend_of_published_scores_refuses_same_clusters():
    published = pl.DataFrame({"model": ["r", "r"], "step": [1, 2], "score": [0.1, 0.2]})
    with pytest.raises(OptionError, match="published scores is for new clusters"):
        hs.trend(published, population="same-clusters")


def test_single_question_clusters_give_the_results_without_clusters():
    rows = few(sizes=(1,) * 30)
    one, other = (
        hs.estimate(rows, cluster="repo", population=word)[0].estimate for word in ("same-clusters", "new-clusters")
    )
    assert (one.se, one.df) == pytest.approx((other.se, other.df))
    same, plain = (
        hs.plan(rows, effect=0.1, population=word, cluster="repo").items for word in ("same-clusters", "new-clusters")
    )
    assert same == plain


@pytest.mark.parametrize("seed", range(draws(1, 4)))
def test_a_board_with_missing_scores_equals_compare_within_strata(seed):
    """Each pair is centred within the items of a cluster that both answered, also where one or several are left alone there."""
    rows = few(seed, sizes=(20, 6, 4, 3, 2, 1))
    rows = rows.filter(pl.Series(np.random.default_rng(seed).random(len(rows)) > 0.3))
    board = hs.leaderboard(rows, adjust="none", **SAME).boards[0]
    names = [entry.model for entry in board.entries]
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        pair = hs.compare(rows, names[i], names[j], **SAME)
        assert board.pairs.se[i, j] == pytest.approx(pair.difference.se, rel=1e-9)
        assert board.pairs.df[i, j] == pytest.approx(pair.difference.df)
        assert board.pairs.p_value[i, j] == pytest.approx(pair.p_value, rel=1e-9)
        assert (board.pairs.low[i, j], board.pairs.high[i, j]) == pytest.approx(
            (pair.difference.interval.low, pair.difference.interval.high), abs=1e-9
        )


def test_pairs_that_share_one_item_or_none_have_no_standard_error_within_strata():
    rows = few(models="abc").filter((pl.col("model") != "b") | (pl.col("item") < 30))
    rows = rows.filter((pl.col("model") != "c") | (pl.col("item") >= 29))
    board = hs.leaderboard(rows, adjust="none", **SAME).boards[0]
    place = {entry.model: k for k, entry in enumerate(board.entries)}
    assert board.pairs.n_shared[place["b"], place["c"]] == 1
    assert np.isnan(board.pairs.low[place["b"], place["c"]])
    assert np.isfinite(board.pairs.low[place["a"], place["b"]])
    apart = rows.filter((pl.col("model") != "c") | (pl.col("item") >= 30))
    assert "tied" in hs.leaderboard(apart, **SAME).render("terminal")
