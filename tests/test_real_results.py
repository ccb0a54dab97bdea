"""Known figures of published results are reproduced; skipped if the folder of real results is absent."""

import json
import zipfile

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.rates import binomial_se
from trials import draws

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def swebench(real_data):
    return hs.read(real_data / "tidy" / "swebench_verified.parquet")


def top_thirty(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "swebench_verified.parquet")
    wide = rows.pivot(on="model", index=["item", "cluster"], values="score").sort("item")
    x = wide.drop("item", "cluster").to_numpy()
    complete = x[:, ~np.isnan(x).any(axis=0)]
    assert complete.shape == (500, 153)
    order = np.argsort(-complete.mean(axis=0), kind="stable")[:30]
    codes = np.unique(wide["cluster"].to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)
    return complete[:, order], codes


def test_swebench_verified_has_16_possible_leaders_and_28_for_new_repositories(swebench):
    usual = hs.leaderboard(swebench).boards[0]
    assert (usual.population, usual.clusters.n, len(usual.could_be_best)) == ("same-clusters", 12, 16)
    assert usual.clusters.effective == pytest.approx(3.87, abs=0.01)
    assert "but 15 of the 157 other models could be best on more issues from these 12 repositories" in usual.sentence
    board = hs.leaderboard(swebench, population="new-clusters").boards[0]
    assert usual.other_population.could_be_best == board.could_be_best
    assert board.other_population.could_be_best == usual.could_be_best
    leader = board.entries[0].estimate
    assert len(board.entries) == 158
    assert sum(entry.estimate.n_items < 500 for entry in board.entries) == 5
    assert leader.value == 0.788
    assert leader.n_clusters == 12
    assert leader.se == pytest.approx(0.0151249520447958, abs=1e-15)
    assert leader.df == pytest.approx(3.33080031613, abs=1e-10)
    assert [c.code for c in leader.warnings] == ["dominant_cluster"]
    assert "(django/django) contains 231 of 500 questions" in leader.warnings[0].message
    assert (np.diagonal(board.pairs.p_adjusted, offset=1)[:29] > 0.05).all()
    assert len(board.could_be_best) == 28
    assert max(k for k, entry in enumerate(board.entries, 1) if entry.model in board.could_be_best) == 47
    assert "27 of the 157 other models could be best" in board.sentence


def test_swebench_verified_without_clusters_separates_no_neighbours_in_the_top_30(swebench):
    board = hs.leaderboard(swebench, cluster="none").boards[0]
    assert board.entries[0].estimate.n_clusters == 500
    assert (np.diagonal(board.pairs.p_adjusted, offset=1)[:29] > 0.05).all()
    assert (np.diagonal(board.pairs.p_value, offset=1)[:29] > 0.05).all()


@pytest.mark.parametrize(("clustered", "expected"), [(False, 179), (True, 70)])
def test_swebench_clusters_cut_the_significant_pairs_of_the_top_30(real_data, clustered, expected):
    x, codes = top_thirty(real_data)
    moments = pair_moments(x, clusters=[codes] if clustered else [], score=False)
    p = moments.p_value[np.triu_indices(30, 1)]
    assert len(p) == 435
    assert (p < 0.05).sum() == expected


def test_alpaca_eval_win_rates_and_standard_errors_match_the_published_ones(real_data):
    tidy = real_data / "tidy"
    scores = hs.read(tidy / "alpaca_eval.parquet", columns={"metric": "judge"})
    ours = hs.estimate(scores, cluster="none", interval="t").to_frame()
    published = pl.read_parquet(tidy / "alpaca_eval_leaderboard_summary.parquet")
    both = ours.join(published, left_on=["model", "metric"], right_on=["model", "judge"])
    agree = ((both["value"] * 100 - both["win_rate"]).abs() < 1e-6) & (
        (both["se"] * 100 - both["standard_error"]).abs() < 1e-6
    )
    assert agree.sum() >= 120
    assert both.filter(~agree)["model"].to_list() == ["Mistral-7B-Instruct-v0.2"]


def test_alpaca_eval_rows_of_several_judges_give_a_warning(real_data):
    found = hs.estimate(real_data / "tidy" / "alpaca_eval.parquet")
    asked, moved = (
        next(c for c in found.warnings if c.code == code) for code in ("factor_as_attempt", "attempts_move_together")
    )
    assert "`random_factor='judge'`" in asked.remedy
    assert "`columns={'metric': 'judge'}`" in asked.remedy
    assert "standard deviation of 40.6 points" in moved.message


def test_pythia_binomial_standard_errors_match_lm_eval(real_data):
    table = pl.read_parquet(real_data / "tidy" / "pythia_lm_eval_summary.parquet")
    acc = table.filter(
        pl.col("metric").is_in(["acc", "acc_norm"]) & (pl.col("stderr") > 0) & pl.col("score").is_between(0.0, 1.0)
    )
    implied = acc["score"] * (1 - acc["score"]) / acc["stderr"] ** 2 + 1
    assert (implied - implied.round()).abs().max() < 1e-4
    ours = binomial_se(acc["score"].to_numpy(), implied.round().to_numpy())
    assert np.abs(ours - acc["stderr"].to_numpy()).max() < 1e-12
    assert len(acc) > 50_000


def test_tau_bench_airline_score_is_42_percent_over_50_tasks_and_200_attempts(real_data):
    answer = hs.estimate(real_data / "tidy" / "tau_bench.parquet", task="tau_bench_airline")[0]
    assert answer.estimate.value == pytest.approx(0.42, abs=1e-12)
    assert (answer.estimate.n_items, answer.n_attempts) == (50, 200)


def test_inspect_standard_errors_match_the_log_headers(real_data):
    logs = sorted((real_data / "raw" / "inspect").glob("2025-09-15T15-04-34*.eval"))
    ses = [hs.estimate(log, interval="t")[0].estimate.se for log in logs]
    stated = []
    for log in logs:
        header = json.loads(zipfile.ZipFile(log).read("header.json"))
        stated.append(header["results"]["scores"][0]["metrics"]["stderr"]["value"])
    assert ses == pytest.approx(stated, abs=1e-12)
    assert [round(se, 4) for se in sorted(ses)] == [0.1492, 0.1528, 0.1633]


def test_cruxeval_models_are_separated_by_temperature(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "cruxeval_samples.parquet")
    rows = rows.filter(
        pl.col("model").is_in(draws(rows["model"].unique().sort()[:4], rows["model"].unique()).to_list())
    )
    with pytest.raises(hs.DataError, match="column 'temperature' distinguishes the rows"):
        hs.estimate(rows)
    ours = hs.estimate(hs.read(rows, columns={"model": ["model", "temperature"]})).to_frame()
    means = (
        rows.group_by("benchmark", "model", "temperature", "item")
        .agg(pl.col("score").cast(pl.Float64).mean())
        .group_by("benchmark", "model", "temperature")
        .agg(pl.col("score").mean())
        .with_columns(model=pl.concat_str("model", "temperature", separator=" · "))
    )
    both = ours.join(means, left_on=["task", "model"], right_on=["benchmark", "model"])
    assert len(both) == len(ours) == len(means)
    assert (both["value"] - both["score"]).abs().max() < 1e-12


def test_no_raw_file_crashes_any_command(real_data):
    """In every run the smallest of each folder and kind; all of them in scripts/trials."""
    files = sorted((path for path in (real_data / "raw").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size)
    one_of_each = {(path.parent, path.suffix): path for path in reversed(files)}.values()
    for path in draws(one_of_each, files):
        for command in ("describe", "estimate", "audit"):
            result = CliRunner().invoke(main, [command, str(path)])
            assert result.exit_code in (0, 1), (command, path, result.exception)
            assert result.output.strip(), (command, path)


def test_a_folder_of_all_raw_results_is_read_at_once_with_reasons_for_every_failure(real_data):
    scores = hs.read(real_data / "raw")
    outcomes = {file.outcome for file in scores.files}
    assert outcomes == {"read", "published", "companion", "left out", "failed"}
    assert all(file.reason for file in scores.files if file.outcome in ("left out", "failed"))
    assert len(hs.describe(scores).tasks) > 30


def test_the_spread_of_five_runs_is_below_the_binomial_standard_error(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "swebench_repeat_runs.parquet").filter(
        pl.col("model") == "claude-sonnet-4.5|i0"
    )
    entry = hs.noise(rows)["claude-sonnet-4.5|i0"]
    one_run, binomial = np.sqrt(entry.variance_within_questions_once), np.sqrt(entry.value * (1 - entry.value) / 100)
    assert one_run == pytest.approx(0.0192, abs=5e-5)
    assert binomial == pytest.approx(0.0427, abs=5e-5)
    seen = rows.group_by("run").agg(pl.col("score").mean())["score"].std()
    assert seen == pytest.approx(0.0284, abs=5e-5)
    assert 0.5 < (seen / one_run) ** 2 < 2.79, "within what 4 degrees of freedom allow at 95%, up to rounding below"


@pytest.mark.parametrize(
    ("task", "temperature", "low", "high"),
    [
        ("cruxeval_input", "temp0.8", 0.94, 0.96),
        ("cruxeval_output", "temp0.8", 0.82, 0.85),
        ("cruxeval_input", "temp0.2", 0.01, 0.03),
        ("cruxeval_output", "temp0.2", 0.0, 0.02),
    ],
)
def test_answer_variance_dominates_paired_differences_only_at_high_temperature(real_data, task, temperature, low, high):
    scores = hs.read(
        real_data / "tidy" / "cruxeval_samples.parquet",
        columns={"model": ["model", "temperature"]},
        where={"temperature": temperature},
    )
    pairs = hs.noise(scores, task=task).tasks[0].pairs
    assert len(pairs.a) in (465, 528)
    assert low < pairs.n_mostly_within / len(pairs.a) < high


def test_the_variance_of_a_paired_difference_is_about_one_binomial_variance(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "code_arena_items.parquet").filter(pl.col("benchmark") == "mbpp+")
    board = hs.leaderboard(rows, adjust="none", method="t").boards[0]
    scores = np.array([entry.estimate.value for entry in board.entries])
    middle = (scores[:, None] + scores[None, :]) / 2
    upper = np.triu_indices(len(scores), 1)
    ratio = (board.pairs.se**2 * board.pairs.n_shared / (middle * (1 - middle)))[upper]
    kept = ratio[(middle[upper] > 0.1) & (middle[upper] < 0.9) & (board.pairs.n_shared[upper] >= 30)]
    assert np.quantile(kept, [0.1, 0.5, 0.9]) == pytest.approx([0.78, 0.97, 1.15], abs=0.01)


def test_swebench_slices_by_difficulty_and_repository_are_as_known(real_data):
    tidy = real_data / "tidy"
    pair = ("20250928_trae_doubao_seed_code", "20250807_openhands_gpt5")
    found = hs.compare(
        tidy / "swebench_verified.parquet",
        *pair,
        by="difficulty",
        items=tidy / "swebench_verified_items.parquet",
        cluster="none",
    )
    (way,) = found.slices
    assert {gap.slice: gap.difference.n_items for gap in way.slices} == {
        "1-4 hours": 42,
        "15 min - 1 hour": 261,
        "<15 min fix": 194,
    }
    assert [(small.slice, small.n_items) for small in way.slicing.too_small] == [(">4 hours", 3)]
    assert [gap.slice for gap in way.slices if way.better(gap)] == ["15 min - 1 hour"]
    by_repository = hs.compare(tidy / "swebench_verified.parquet", *pair, by="cluster").slices[0]
    assert {gap.population for gap in by_repository.slices} == {"same-clusters"}
    assert (len(by_repository.slices), by_repository.equal.p_value > 0.1) == (9, True)


def test_slices_of_mmlu_pro_and_mmmu_are_as_known(real_data):
    wild = real_data / "wild"
    way = hs.compare(wild / "MMLU-Pro", "jamba-1.5-large", "Llama-2-7b-hf", by="category").slices[0]
    assert sum(gap.difference.n_items for gap in way.slices) == way.all_items.difference.n_items == 12_032
    assert len([gap for gap in way.slices if way.better(gap) == way.a]) == len(way.slices) == 14
    standard, vision = "gpt-4o_standard(10 options)_direct", "gpt-4o_vision_direct"
    subjects = hs.compare(wild / "MMMU" / "mmmu-pro", standard, vision, by="subject").slices[0]
    assert {gap.slice for gap in subjects.slices if subjects.better(gap)} == {"Accounting", "Public_Health"}
    assert all(gap.shrunken is not None for gap in subjects.slices)


def test_terminal_bench_frontier_names_the_cheapest_agent_and_counts_missing_costs(real_data):
    found = hs.frontier(real_data / "wild" / "terminal-bench-leaderboard", usage=["seconds", "tokens_out"])
    seconds, tokens = found.tasks
    assert seconds.cheapest == "20250829_goose_claude-4-opus"
    assert {buy.model: buy.n_missing for buy in seconds.models if buy.n_missing} == {
        "20250902_orchestrator_qwen-3-coder-480B": 400,
        "20250811_cursor-cli_claude-4-sonnet": 4,
    }
    assert tokens["20250911_chaterm_claude-4-sonnet"].n_missing == 142
    assert tokens["20250911_chaterm_claude-4-sonnet"].cost.value == pytest.approx(3_110_877 / 400)
    assert tokens.cheapest is None


def test_llmbar_with_random_prompts_matches_the_variance_components_of_lme4(real_data):
    """Components of a mixed model with questions and prompts crossed, of the 410 questions that both judges answered in all six.

    R 4.5, lme4: lmer(d ~ 1 + (1|question) + (1|prompt)) of the differences gives .07838, .00233, .07174 and a standard error of 2.4655 points.
    """
    rows = pl.read_parquet(real_data / "tidy" / "llmbar.parquet").filter(
        pl.col("subset").str.starts_with("LLMBar") & ~pl.col("prompt").is_in(["Swap", "Swap_CoT"])
    )
    rows = rows.select(
        "prompt",
        "score",
        model="judge",
        item=pl.col("subset") + "/" + pl.col("item").cast(pl.String),
        attempt="swapped",
    )
    found = hs.compare(rows, "PaLM2", "Falcon", random_factor="prompt")
    n, levels, variance, sources = 410, 6, found.difference.se**2, found.sources
    assert (found.difference.n_items, sources.factors[0].n_levels) == (n, levels)
    assert 100 * found.difference.se == pytest.approx(2.465, abs=0.001)
    assert variance * sources.questions * n == pytest.approx(0.0784, abs=1e-4)
    assert variance * sources.factors[0].share * levels == pytest.approx(0.0023, abs=1e-4)
    rest = sources.factors[0].interaction + sources.answers
    assert variance * rest * n * levels == pytest.approx(0.0717, abs=1e-4)
    assert 100 * sources.se_twice_questions == pytest.approx(2.2, abs=0.05)
    pairs = rows.with_columns(item=pl.col("prompt") + "/" + pl.col("item"), question="item")
    two_ways = hs.compare(pairs, "PaLM2", "Falcon", cluster=["question", "prompt"])
    assert 100 * two_ways.difference.se == pytest.approx(2.4, abs=0.05)


def test_five_runs_of_one_agent_add_little_as_a_random_factor(real_data):
    """Runs of one agent that differ in nothing: nothing moves together, and as a sample of runs they hardly add to the error."""
    rows = pl.read_parquet(real_data / "tidy" / "swebench_repeat_runs.parquet").drop("run")
    one = rows.filter(pl.col("model").str.ends_with("i0"))
    repeats, sample = hs.estimate(one, cluster="none"), hs.estimate(one, cluster="none", random_factor="epoch")[0]
    assert not repeats.warnings
    (epoch,) = sample.sources.factors
    assert (epoch.n_levels, sample.estimate.n_items) == (5, 97)
    assert epoch.share < 0.05
    assert sample.estimate.se == pytest.approx(repeats[0].estimate.se, abs=0.002)
