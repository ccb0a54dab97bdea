"""Random factors: levels such as seeds or prompts that all questions share are a sample and add to the variance."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy import stats

import howsure as hs
from howsure.commands.main import main
from howsure.errors import DataError, OptionError
from paragraphs import paragraph


def trained(seed: int = 5, n: int = 120, seeds: int = 4, models: tuple[str, ...] = ("base", "tuned")) -> pl.DataFrame:
    """Return models that were trained from several seeds, one answer to every question from each."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, 1.2, n)
    return pl.DataFrame(
        {"model": model, "seed": s, "item": f"q{i}", "score": float(right)}
        for k, model in enumerate(models)
        for s in range(seeds)
        for i, right in enumerate(rng.random(n) < 1 / (1 + np.exp(-hard - 0.35 * k - rng.normal(0, 0.2))))
    )


def wide(rows: pl.DataFrame, model: str, factor: str = "seed") -> np.ndarray:
    """Return the scores of a model (n, S)."""
    table = rows.filter(model=model).sort(factor).pivot(on=factor, index="item", values="score").sort("item")
    return table.drop("item").to_numpy()


def squares(y: np.ndarray) -> tuple[float, float, float]:
    """Return the variance of a mean that items, levels and what is left make, from their mean squares."""
    n, s = y.shape
    rest = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    return (
        y.mean(axis=1).var(ddof=1) / n,
        y.mean(axis=0).var(ddof=1) / s,
        (rest**2).sum() / ((n - 1) * (s - 1)) / (n * s),
    )


def test_the_variance_of_a_score_includes_the_variance_between_levels() -> None:
    rows = trained()
    for entry in hs.estimate(rows, random_factor="seed").entries:
        items, levels, rest = squares(wide(rows, entry.model))
        found = entry.estimate
        assert found.value == pytest.approx(wide(rows, entry.model).mean())
        assert found.se**2 == pytest.approx(items + max(levels - rest, 0.0))
        assert found.df <= 119
        half = stats.t.ppf(0.975, found.df) * found.se
        assert (found.interval.low, found.interval.high) == pytest.approx((found.value - half, found.value + half))
        (seed,) = entry.sources.factors
        assert (seed.name, seed.n_levels) == ("seed", 4)
        assert entry.sources.questions + seed.share + seed.interaction == pytest.approx(1.0)
        assert seed.share == pytest.approx(max(levels - rest, 0.0) / found.se**2)
        assert math.isnan(entry.sources.answers)


def test_seeds_add_variance_per_model_and_prompts_are_shared_by_the_pair() -> None:
    rows = trained()
    a, b = wide(rows, "tuned"), wide(rows, "base")
    own = hs.compare(rows, "tuned", "base", random_factor="seed")
    added = sum(levels - rest for _, levels, rest in (squares(a), squares(b)))
    assert own.difference.se**2 == pytest.approx(squares(a - b)[0] + max(added, 0.0))
    prompts = rows.rename({"seed": "prompt"})
    shared = hs.compare(prompts, "tuned", "base", random_factor="prompt")
    items, levels, rest = squares(a - b)
    assert shared.difference.se**2 == pytest.approx(items + max(levels - rest, 0.0))
    assert (shared.p_value <= 0.05) == (not shared.difference.interval.low <= 0 <= shared.difference.interval.high)


def test_the_verdict_names_the_number_of_levels() -> None:
    found = hs.compare(trained(), "tuned", "base", random_factor="seed")
    assert "the choice of questions and of 4 seeds each" in found.sentence
    said = found.render("markdown")
    assert "variance from" in said
    assert "SE with twice the" in said
    assert any(note.startswith("Random factor: column `seed`, 4 levels a model") for note in found.notes)
    assert found.notes[0] == "Data: 2 models × 120 items × 4 levels."
    (seed,) = json.loads(found.render("json"))["sources"]["factors"]
    assert seed["name"] == "seed"
    assert seed["se_twice"] < found.difference.se


def test_pairs_of_the_leaderboard_equal_compare_with_a_random_factor() -> None:
    rows = trained(models=("a", "b", "c", "d"))
    board = hs.leaderboard(rows, random_factor="seed").boards[0]
    assert board.adjust == "holm"
    names = [entry.model for entry in board.entries]
    for i, j in zip(*np.triu_indices(4, 1), strict=True):
        pair = hs.compare(rows, names[i], names[j], random_factor="seed")
        assert board.pairs.se[i, j] == pytest.approx(pair.difference.se)
        assert board.pairs.p_value[i, j] == pytest.approx(pair.p_value)
        assert (board.pairs.low[i, j], board.pairs.high[i, j]) == pytest.approx(
            (pair.difference.interval.low, pair.difference.interval.high)
        )


def test_one_level_gives_no_standard_error_and_a_warning() -> None:
    found = hs.estimate(trained(seeds=1), random_factor="seed")[0].estimate
    assert math.isnan(found.se)
    assert found.warnings[0].code == "one_level"


def test_a_factor_constant_within_each_question_is_used_as_a_cluster() -> None:
    rows = trained(seeds=1).with_columns(text=pl.col("item").str.slice(-1))
    asked = hs.compare(rows, "tuned", "base", random_factor="text")
    known = hs.compare(rows, "tuned", "base", cluster="text", population="new-clusters")
    assert (asked.difference, asked.p_value) == (known.difference, known.p_value)
    assert any("questions are clustered by it" in note for note in asked.notes)


def test_items_and_levels_missing_for_some_models_are_left_out_with_a_warning() -> None:
    rows = trained().rename({"seed": "prompt"})
    torn = rows.filter((pl.col("model") != "base") | (pl.col("prompt") > 0) | (pl.col("item") != "q7"))
    found = hs.compare(torn, "tuned", "base", random_factor="prompt")
    assert found.difference.n_items == 119
    (told,) = [each for each in found.warnings if each.code == "levels_missing"]
    assert "1 item without a score at every level of 'prompt'" in told.message
    fewer = rows.filter((pl.col("model") != "base") | (pl.col("prompt") > 0))
    found = hs.compare(fewer, "tuned", "base", random_factor="prompt")
    assert found.sources.factors[0].n_levels == 3
    (told,) = [each for each in found.warnings if each.code == "levels_unshared"]
    assert "1 value of 'prompt' that only some models have left out: 0" in told.message
    assert (
        found.difference
        == hs.compare(rows.filter(pl.col("prompt") > 0), "tuned", "base", random_factor="prompt").difference
    )


def test_question_texts_may_differ_between_levels_but_not_within_them() -> None:
    rows = trained().rename({"seed": "prompt"}).with_columns(prompt=pl.format("p{}", "prompt"))
    told = rows.with_columns(question_hash=pl.format("{} {}", "prompt", "item"))
    found = hs.gate(told, "tuned", "base", at_least=0.1, better=True, random_factor="prompt")
    assert not any(check.differs for check in found.checks)
    assert not [each for each in found.warnings if each.code == "not_like_with_like"]
    other = told.with_columns(
        question_hash=pl.when((pl.col("model") == "base") & (pl.col("item") == "q1"))
        .then(pl.lit("else"))
        .otherwise("question_hash")
    )
    assert any(check.differs for check in hs.gate(other, "tuned", "base", better=True, random_factor="prompt").checks)


def test_attempts_within_a_level_are_averaged() -> None:
    rows = trained()
    again = pl.concat([rows.with_columns(attempt=pl.lit(k)) for k in range(2)])
    one, other = (hs.compare(each, "tuned", "base", random_factor="seed") for each in (rows, again))
    assert one.difference.se == pytest.approx(other.difference.se)


def test_repeated_attempts_identify_the_within_question_share_of_the_variance() -> None:
    rng = np.random.default_rng(1)
    rows = trained().drop("score")
    chance = rng.random(120)[rows["item"].str.slice(1).cast(pl.Int64).to_numpy()]
    again = pl.concat(
        [
            rows.with_columns(attempt=pl.lit(k), score=pl.Series((rng.random(len(rows)) < chance) * 1.0))
            for k in range(3)
        ]
    )
    sources = hs.estimate(again, random_factor="seed")[0].sources
    (seed,) = sources.factors
    variance = hs.estimate(again, random_factor="seed")[0].estimate.se ** 2
    cells = again.filter(model="base").group_by("item", "seed").agg(pl.col("score").var())["score"].mean()
    assert sources.answers * variance == pytest.approx(cells / 3 / (120 * 4))
    assert seed.interaction * variance < 3e-4
    assert sources.questions + seed.share + seed.interaction + sources.answers == pytest.approx(1.0)
    assert sources.se_with(240, [4]) == pytest.approx(sources.se_twice_questions)
    assert sources.se_with(120, [8]) == pytest.approx(seed.se_twice)


def crossed(seed: int = 0, n: int = 80, effects: tuple[float, float] = (0.3, 0.3)) -> pl.DataFrame:
    """Return two models, each with three seeds of its own and four prompts that both have."""
    rng = np.random.default_rng(seed)
    hard, prompts = rng.normal(0, 1.2, n), rng.normal(0, effects[1], (2, 4))
    seeds = rng.normal(0, effects[0], (2, 3))
    return pl.DataFrame(
        {"model": model, "seed": s, "prompt": f"p{q}", "item": f"q{i:03}", "score": float(right)}
        for m, model in enumerate(("base", "tuned"))
        for s in range(3)
        for q in range(4)
        for i, right in enumerate(rng.random(n) < 1 / (1 + np.exp(-hard - seeds[m, s] - prompts[0, q] - prompts[m, q])))
    )


def test_two_crossed_factors_add_their_variances() -> None:
    rows = crossed()
    found = hs.compare(rows, "tuned", "base", random_factor=["seed", "prompt"])
    mean = rows.group_by("model", "item").agg(pl.col("score").mean()).pivot(on="model", index="item", values="score")
    items = (mean["tuned"] - mean["base"]).var() / 80
    by_seed = [
        squares(wide(rows.group_by("model", "item", "seed").agg(pl.col("score").mean()), m)) for m in ("tuned", "base")
    ]
    by_prompt = rows.group_by("model", "item", "prompt").agg(pl.col("score").mean())
    shared = squares(wide(by_prompt, "tuned", "prompt") - wide(by_prompt, "base", "prompt"))
    seeds = max(sum(levels - rest for _, levels, rest in by_seed), 0.0)
    assert found.difference.se**2 == pytest.approx(items + seeds + max(shared[1] - shared[2], 0.0))
    assert [(each.name, each.n_levels) for each in found.sources.factors] == [("seed", 3), ("prompt", 4)]
    assert "the choice of questions and of 3 seeds and 4 prompts each" in found.sentence
    assert found.notes[0] == "Data: 2 models × 80 items × 3 × 4 levels."
    both = hs.compare(rows.filter(prompt="p0"), "tuned", "base", random_factor=["seed", "prompt"])
    assert math.isnan(both.difference.se)
    assert "one prompt only" in both.sentence


@pytest.mark.parametrize("factor", ["seed", ["seed", "prompt"]])
@pytest.mark.parametrize("cluster", [None, "text"])
@pytest.mark.parametrize("effects", [(0.0, 0.0), (0.4, 0.1)])
def test_variance_shares_sum_to_1_and_predict_the_present_standard_error(
    factor: Any, cluster: str | None, effects: tuple[float, float]
) -> None:
    rows = crossed(3, effects=effects).with_columns(text=pl.col("item").str.slice(0, 3))
    pair = hs.compare(rows, "tuned", "base", random_factor=factor, cluster=cluster)
    for found, sources in (
        (pair.difference, pair.sources),
        *((e.estimate, e.sources) for e in hs.estimate(rows, random_factor=factor, cluster=cluster).entries),
    ):
        answers = 0.0 if math.isnan(sources.answers) else sources.answers
        parts = [part for each in sources.factors for part in (each.share, each.interaction)]
        assert sources.questions + answers + sum(parts) == pytest.approx(1.0)
        assert min(sources.questions, answers, *parts) >= 0
        assert sources.se_with(found.n_items, sources.spread.levels) == pytest.approx(found.se)


def test_nested_factors_are_refused_together() -> None:
    rows = trained().with_columns(run=pl.col("seed") * 2)
    with pytest.raises(DataError, match="aren't crossed"):
        hs.compare(rows, "tuned", "base", random_factor=["seed", "run"])
    hs.compare(rows, "tuned", "base", random_factor="run")


def test_one_of_two_factors_can_be_a_cluster() -> None:
    rows = trained().with_columns(text=pl.col("item").str.slice(-1))
    asked = hs.compare(rows, "tuned", "base", random_factor=["seed", "text"])
    known = hs.compare(rows, "tuned", "base", random_factor="seed", cluster="text")
    assert asked.difference == known.difference


def test_a_random_factor_works_with_clusters_and_a_margin() -> None:
    rows = trained().with_columns(text=pl.col("item").str.slice(-1))
    found = hs.compare(rows, "tuned", "base", random_factor="seed", cluster="text", margin=0.3)
    assert found.difference.n_clusters == 10
    assert found.equivalence.noninferior == (found.equivalence.p_noninferior <= 0.05)


def test_several_tasks_with_a_random_factor_have_no_overall_difference() -> None:
    rows = pl.concat([trained(k).with_columns(task=pl.lit(f"t{k}")) for k in range(2)])
    found = hs.compare(rows, "tuned", "base", random_factor="seed")
    assert found.overall is None
    assert any("the variation from seed is shared by all tasks" in each.message for each in found.warnings)


@pytest.mark.parametrize(
    "given", [{"population": "same-clusters"}, {"covariate": "seed"}, {"score": "pass@2"}, {"method": "sign-flip"}]
)
def test_populations_covariates_and_scores_over_attempts_are_refused_with_a_factor(given: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="random factor"):
        hs.compare(trained(), "tuned", "base", **{"random_factor": "seed", **given})


def test_unknown_factors_missing_levels_and_unsupported_commands_are_errors() -> None:
    with pytest.raises(DataError, match="no column 'sede'"):
        hs.compare(trained(), "tuned", "base", random_factor="sede")
    torn = trained().with_columns(seed=pl.when(pl.col("item") != "q3").then("seed"))
    with pytest.raises(DataError, match="without 'seed'"):
        hs.compare(torn, "tuned", "base", random_factor="seed")
    with pytest.raises(OptionError, match="supports no random factor"):
        hs.against(trained(), "tuned", random_factor="seed")


def test_gate_uses_the_interval_with_levels_as_a_sample() -> None:
    rows = shifted()
    pair = hs.compare(rows, "tuned", "base", random_factor="seed", margin=0.02, level=0.9)
    gate = hs.gate(rows, "tuned", "base", not_worse_than=0.02, random_factor="seed")
    (check,) = gate.checks
    assert (check.low, check.high) == pytest.approx((pair.difference.interval.low, pair.difference.interval.high))
    assert check.p_pass == pytest.approx(pair.equivalence.p_noninferior)
    assert "with 4 seeds each as a sample" in gate.render("markdown")
    asked = hs.gate(rows, "tuned", "base", better=True, random_factor="seed")
    assert asked.verdict == "unclear"
    (seed,) = asked.checks[0].sources.factors
    assert 4 < seed.n_needed < 1_000
    said = asked.render("markdown")
    assert "More questions alone wouldn't" in said
    assert "seeds each would." in said
    floor = hs.gate(rows, "tuned", at_least=0.1, random_factor="seed")
    assert floor.verdict == "pass"
    with pytest.raises(OptionError, match="planned looks"):
        hs.gate(rows, "tuned", "base", better=True, random_factor="seed", looks="2/400")


def shifted() -> pl.DataFrame:
    """Return two models whose four seeds shift all questions by several points, so that no number of questions would tell them apart."""
    rng = np.random.default_rng(8)
    shift = {"base": (-0.6, 0.5, -0.2, 0.3), "tuned": (-0.1, 0.9, 0.4, -0.2)}
    hard = rng.normal(0, 1.2, 300)
    return pl.DataFrame(
        {"model": model, "seed": s, "item": f"q{i}", "score": float(right)}
        for model, own in shift.items()
        for s, effect in enumerate(own)
        for i, right in enumerate(rng.random(300) < 1 / (1 + np.exp(-hard - effect)))
    )


def test_noise_reports_the_variance_share_of_seeds() -> None:
    rows = shifted()
    found = hs.noise(rows, random_factor="seed")
    for entry in found.tasks[0].entries:
        (known,) = hs.estimate(rows, random_factor="seed", model=entry.name)
        assert entry.se == pytest.approx(known.estimate.se)
        assert entry.sources.factors[0].share == pytest.approx(known.sources.factors[0].share)
        assert entry.se_with(items=600) == pytest.approx(entry.sources.se_twice_questions)
    pair = hs.noise(rows, "tuned", "base", random_factor="seed").tasks[0]
    assert pair.entries[2].sources.factors[0].share > 0.5
    assert "from that of seeds" in pair.sentence
    assert "with twice the seeds" in pair.sentence


def test_failed_attempts_with_a_random_factor_follow_the_failure_policy() -> None:
    rows = trained().with_columns(score=pl.when((pl.col("item") != "q1") | (pl.col("seed") != 2)).then("score"))
    dropped, counted = (
        hs.compare(rows, "tuned", "base", random_factor="seed", failures=each) for each in ("drop", "zero")
    )
    assert dropped.difference.n_items == 119
    assert counted.difference.n_items == 120


def test_history_uses_the_mean_over_prompts() -> None:
    rng, hard = np.random.default_rng(2), np.random.default_rng(3).normal(0, 1.2, 200)
    rows = pl.DataFrame(
        {"model": f"2026-10-{night + 1:02}", "prompt": prompt, "item": f"q{i}", "score": float(right)}
        for night in range(12)
        for prompt, harder in (("a", 0.3), ("b", 0.0))
        for i, right in enumerate(rng.random(200) < 1 / (1 + np.exp(hard + harder - (0.0 if night > 8 else 0.6))))
    )
    found = hs.history(rows, random_factor="prompt")
    assert [change.since_number for change in found.tasks[0].changes] == [10]
    assert found.notes[0] == "Data: 12 runs × 200 items × 2 levels."
    means = rows.group_by("model").agg(pl.col("score").mean()).sort("model")["score"].to_list()
    assert [run.score for run in found.tasks[0].runs] == pytest.approx(means)


def test_the_report_uses_the_leaderboard_with_the_random_factor(tmp_path: Any) -> None:
    rows = shifted()
    page = hs.report(rows, random_factor="seed")
    assert page.sentence == hs.leaderboard(rows, random_factor="seed").boards[0].sentence
    assert "with 4 seeds each as a sample" in page.sentence


def test_compare_estimate_and_leaderboard_accept_random_factor_on_the_command_line(tmp_path: Any) -> None:
    trained().write_csv(tmp_path / "rows.csv")
    for words in (["compare", "-a", "tuned", "-b", "base"], ["estimate"], ["leaderboard"]):
        done = CliRunner().invoke(main, [*words, str(tmp_path / "rows.csv"), "--random-factor", "seed"])
        assert done.exit_code == 0, done.output
        assert "a sample like the questions" in " ".join(done.output.split())


def test_seeds_used_as_attempts_give_a_warning_until_a_choice_is_made() -> None:
    rows = trained()
    (told,) = [each for each in hs.compare(rows, "tuned", "base").warnings if each.code == "factor_as_attempt"]
    assert "`random_factor='seed'`" in told.remedy
    assert "`columns={'attempt': 'seed'}`" in told.remedy
    for chosen in (
        hs.compare(rows, "tuned", "base", random_factor="seed"),
        hs.compare(hs.read(rows, columns={"attempt": "seed"}), "tuned", "base"),
        hs.compare(rows.rename({"seed": "epoch"}), "tuned", "base"),
        hs.compare(trained(seeds=1), "tuned", "base"),
    ):
        assert not [each for each in chosen.warnings if each.code == "factor_as_attempt"]


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_all_right_or_all_wrong_gives_the_exact_interval_of_the_questions(score: float) -> None:
    """All right or all wrong at every level: no level differs from another, and the exact interval of the questions stays."""
    rows = trained().with_columns(score=pl.lit(score))
    plain = rows.rename({"seed": "epoch"})
    found, usual = hs.estimate(rows, random_factor="seed")[0].estimate, hs.estimate(plain)[0].estimate
    assert (found.interval.low, found.interval.high) == pytest.approx((usual.interval.low, usual.interval.high))
    pair = hs.compare(rows, "tuned", "base", random_factor="seed")
    assert pair.p_value == 1.0
    assert -0.05 < pair.difference.interval.low < 0 < pair.difference.interval.high < 0.05


def test_all_wins_are_significant_in_compare_and_leaderboard() -> None:
    rows = trained().with_columns(score=(pl.col("model") == "tuned").cast(pl.Float64))
    pair = hs.compare(rows, "tuned", "base", random_factor="seed")
    assert pair.better == "tuned"
    assert 0.9 < pair.difference.interval.low < pair.difference.interval.high == 1.0
    board = hs.leaderboard(rows, random_factor="seed").boards[0]
    assert board.pairs.p_value[0, 1] == pytest.approx(pair.p_value)
    assert board.pairs.low[0, 1] == pytest.approx(pair.difference.interval.low)
    assert "tuned is best with 4 seeds each as a sample" in board.sentence


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (trained(seeds=1), "one seed only, so the variance between values is unknown"),
        (trained().filter(item="q1"), "one shared question"),
        (trained().with_columns(cluster=pl.lit("c")), "(all shared questions are in one cluster,"),
    ],
)
def test_the_verdict_gives_the_reason_for_a_missing_standard_error(rows: pl.DataFrame, why: str) -> None:
    assert why in paragraph(hs.compare(rows, "tuned", "base", random_factor="seed"))


def settings() -> pl.DataFrame:
    """Return three models at two temperatures, each with five seeds on 80 prompts."""
    rng = np.random.default_rng(33)
    hard = rng.normal(0, 1.2, 80)
    return pl.DataFrame(
        {"prompt_id": f"p{i:02}", "model_name": model, "temperature": t, "seed": s, "passed": int(right)}
        for model, better in (("alpha", 0.0), ("beta", 0.3), ("gamma", 0.9))
        for t in (0.0, 0.8)
        for s, effect in enumerate(rng.normal(0, 0.35, 5))
        for i, right in enumerate(rng.random(80) < 1 / (1 + np.exp(hard - effect - better)))
    )


def test_the_verdict_compares_a_difference_of_models_or_settings_with_that_of_seeds() -> None:
    """The first guess says the one option that does; the answer to the question stands in the first sentence."""
    rows = settings()
    with pytest.raises(DataError, match="setting of the model") as raised:
        hs.compare(rows, "gamma", "alpha", random_factor="seed")
    assert "{'model': ['model_name', 'temperature']}" in raised.value.remedy
    named = hs.read(rows, columns={"model": ["model_name", "temperature"]})
    models = hs.compare(named, "gamma · 0.8", "alpha · 0.8", random_factor="seed")
    assert "more than the choice of questions and of 5 seeds each explains." in models.sentence
    hot = hs.compare(named, "gamma · 0.8", "gamma · 0.0", random_factor="seed")
    assert "no more than the choice of questions and of 5 seeds each can explain" in hot.sentence
    with pytest.raises(DataError, match="'model_name' distinguishes the rows") as raised:
        hs.leaderboard(hs.read(rows, columns={"model": "temperature"}), random_factor="seed")
    assert "{'item': ['prompt_id', 'model_name']}" in raised.value.remedy
    across = hs.read(rows, columns={"model": "temperature", "item": ["prompt_id", "model_name"]})
    board = hs.leaderboard(across, cluster="prompt_id", random_factor="seed").boards[0]
    assert board.entries[0].estimate.n_clusters == 80
