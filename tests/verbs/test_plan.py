"""plan: sample sizes and power, from assumptions and pilots, checked by formulas, simulation and brute force."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from simulation.noise_worlds import ComponentWorld

import howsure as hs
from frames import attempts, two_models
from howsure.inference.plan_pilot import limits_of
from howsure.present.plan import simulated_sentence
from howsure.statistics.variance_components import mixed, mixture_errors, variances
from invoked import planned as run
from paragraphs import paragraph
from places import DATA, ROOT
from trials import draws

APART = two_models().filter((pl.col("model") == "a") == (pl.col("item").rank("dense") % 2 == 0))
"""Two models of which each answered other items."""
LOGS = str(ROOT / "examples" / "logs")
A, B = "smollm2-135m-t0.3", "smollm2-135m-2shot"


@pytest.fixture(scope="module")
def scores():
    return hs.read(LOGS)


def test_sample_sizes_and_effects_equal_those_published_by_miller():
    assert hs.plan(effect=0.03, method="z", assume=hs.Assumptions(answer_variance=0)).items == 969
    for attempts_, points in ((1, 13.3), (10, 7.6)):
        found = hs.plan(n_items=198, attempts=attempts_, method="z").main.best.effect.value
        assert round(100 * found, 1) == points
    endless = next(o for o in hs.plan(effect=0.03, method="z").main.options if math.isinf(o.attempts))
    assert endless.items.value == 969


def test_the_default_plan_states_its_assumptions_and_uses_the_method_of_compare():
    answer = hs.plan(effect=0.03)
    assert answer.method == "score"
    assert "textbook" in answer.notes[0]
    assert "0.111" in answer.notes[0]
    assert "0.333" in answer.notes[0]
    assert answer.sentence.startswith(
        "You need about 3,890 questions, one attempt each by both models, to detect a true difference of 3.0 points"
    )
    assert answer.main.best.items_by_formula == math.ceil(2.801585218**2 * (1 / 9 + 1 / 3) / 0.03**2)


def test_plans_from_rate_and_correlation_follow_the_closed_formulas():
    assumed = hs.Assumptions(rate=0.7, correlation=0.5)
    assert hs.plan(effect=0.05, method="z", assume=assumed).items == math.ceil(2.801585218**2 * 0.21 / 0.05**2)
    unpaired = hs.plan(effect=0.05, paired=False, assume=assumed)
    assert unpaired.items > 2 * hs.plan(effect=0.05, method="t", assume=assumed).items * 0.99
    from statsmodels.stats.power import TTestIndPower

    expected = TTestIndPower().solve_power(0.05 / math.sqrt(0.21), power=0.8, alpha=0.05)
    assert unpaired.items == math.ceil(expected)


def test_clusters_multiply_the_sample_size_by_the_design_effect():
    plain = hs.plan(effect=0.05, method="z")
    clustered = hs.plan(effect=0.05, method="z", assume=hs.Assumptions(cluster_size=10, icc=0.1))
    assert clustered.items / plain.items == pytest.approx(1 + 9 * 0.1, rel=0.01)
    uneven = hs.plan(effect=0.05, method="z", assume=hs.Assumptions(cluster_size=10, cluster_variation=1.0, icc=0.1))
    assert uneven.items / plain.items == pytest.approx(1 + 19 * 0.1, rel=0.01)
    few = hs.plan(effect=0.02, assume=hs.Assumptions(cluster_size=10, icc=0.1), n_clusters=10)
    assert math.isinf(few.items)
    assert "No number of questions in these 10 clusters" in few.sentence


def test_several_models_and_tasks_are_planned_at_the_corrected_level():
    two = hs.plan(effect=0.05)
    five = hs.plan(effect=0.05, n_models=5, n_tasks=3)
    assert five.comparisons == 30
    assert five.items == hs.plan(effect=0.05, level=1 - 0.05 / 30).items > two.items
    assert "corrected for 30 comparisons" in five.sentence


def test_margins_are_planned_with_one_sided_quantiles():
    spread = hs.Assumptions(question_variance=0.2, answer_variance=0)
    found = hs.plan(not_worse_than=0.03, method="z", assume=spread)
    assert found.items == math.ceil((1.6448536270 + 0.8416212336) ** 2 * 0.2 / 0.03**2)
    ahead = hs.plan(not_worse_than=0.03, effect=0.01, method="z", assume=spread)
    assert ahead.items == math.ceil((1.6448536270 + 0.8416212336) ** 2 * 0.2 / 0.04**2)
    same = hs.plan(same_within=0.03, method="z", assume=spread)
    assert same.items == pytest.approx((1.6448536270 + 1.2815515655) ** 2 * 0.2 / 0.03**2, abs=2)
    assert "“same within 3.0 points”" in same.sentence
    assert hs.plan(not_worse_than=0.03, n_items=500, assume=spread).solved_for == "power"


@pytest.mark.unmeasured
def test_the_planned_number_of_items_has_the_requested_power():
    for goal in ({"effect": 0.04}, {"not_worse_than": 0.04}, {"same_within": 0.06}):
        items = hs.plan(**goal).items
        again = hs.plan(**goal, n_items=int(items)).main.best.power.value
        assert 0.8 <= again < 0.802
    effect = hs.plan(n_items=400).main.best.effect.value
    assert hs.plan(effect=effect, n_items=400).main.best.power.value == pytest.approx(0.8, abs=1e-6)


def test_variances_of_a_pilot_equal_those_of_noise(scores):
    answer = hs.plan(scores, A, B, effect=0.05, cluster="passage_id")
    noise = hs.noise(scores, A, B, cluster="passage_id").tasks[0].entries[2]
    basis = answer.main.basis
    assert basis.question == pytest.approx(noise.between_questions.variance)
    assert basis.answer == pytest.approx(noise.within_question.variance)
    assert basis.between == pytest.approx(noise.between_clusters.variance)
    assert (basis.n_items, basis.n_clusters, basis.cluster_size) == (100, 20, 5)
    assert basis.attempts == pytest.approx(5)
    now = next(o for o in hs.plan(scores, A, B, n_items=100, cluster="passage_id").main.options if o.attempts == 5)
    assert now.se == pytest.approx(noise.se, rel=1e-6)  # clusters of one size, attempts of one number
    best = answer.main.best
    assert best.attempts == 5
    assert best.items.low < best.items.value < best.items.high


def test_the_planned_power_agrees_with_simulation(scores):
    answer = hs.plan(scores, A, B, effect=0.08, cluster="passage_id", simulate=True)
    assert answer.simulated.power == pytest.approx(0.8, abs=0.05)
    assert simulated_sentence(answer.simulated) in answer.render(width=300)
    assert hs.plan(scores, A, B, effect=0.08, cluster="passage_id", simulate=True).simulated == answer.simulated


@pytest.mark.unmeasured
def test_without_names_the_plan_uses_the_median_pair_by_variance(scores):
    """The smallest pair at which half of the pairs are as noisy at most."""
    basis = hs.plan(scores, n_items=500, attempts=5, cluster="none").main.basis
    names = [f"smollm2-135m-{name}" for name in ("t0.3", "2shot", "t1.0", "terse")]
    pairs = [hs.noise(scores, a, b, cluster="none").tasks[0].entries[2] for a, b in itertools.combinations(names, 2)]
    seen = sorted(each.between_questions.variance + each.within_question.variance / 5 for each in pairs)
    assert (basis.pairs, basis.question + basis.answer / 5) == (6, pytest.approx(seen[3]))


def test_limits_of_a_pilots_variance_cover_the_true_variance():
    """In 600 pilots of 60 questions × 3 attempts, and of 30 clusters, the 95% limits of the variance hold the true one."""
    for world, codes in (
        (ComponentWorld(target="question", p=0.4, n_clusters=60, attempts=3, item_icc=0.4), None),
        (
            ComponentWorld(target="question", p=0.4, n_clusters=30, cluster_size=5, icc=0.2, attempts=3, item_icc=0.4),
            np.repeat(np.arange(30), 5),
        ),
    ):
        sample = world.draw(np.random.default_rng(1), 600)
        crowd = 1.0 if codes is None else 5.0
        true_between = world.p * (1 - world.p) * world.icc
        total = world.p * (1 - world.p)
        item = total * (world.icc + (1 - world.icc) * world.item_icc) if codes is not None else total * world.item_icc
        truth = crowd * true_between + (item - true_between) + (total - item) / 5
        found = sample.answers()
        values = mixed(variances(found, codes), crowd, 1 / 5)
        errors = mixture_errors(found, codes, [(crowd, 1 / 5)])
        units = 60 if codes is None else 30
        ends = [limits_of((v, e, units), 0.95) for v, e in zip(values, errors[0], strict=True)]
        held = np.mean([low * v <= truth <= high * v for (low, high), v in zip(ends, values, strict=True)])
        assert held > 0.9, (world, held)
        assert values.mean() == pytest.approx(truth, rel=0.05)


@pytest.mark.unmeasured
def test_the_cheapest_design_equals_that_of_brute_force():
    assumed = hs.Assumptions(question_variance=0.05, answer_variance=0.4)
    for item, attempt in draws([(0.5, 0.1)], [(2.0, 0.1), (0.02, 0.15), (0.5, 0.1), (10.0, 0.01)]):
        costs = hs.Costs(item=item, attempt=attempt)
        answer = hs.plan(effect=0.04, costs=costs, assume=assumed)
        best = int(answer.main.best.attempts)
        tried = {*range(max(best - 3, 1), best + 4), *range(1, 60, draws(9, 4))}
        brute = [costs.of(hs.plan(effect=0.04, attempts=k, costs=costs, assume=assumed).items, k) for k in tried]
        assert answer.main.best.cost <= min(brute) * 1.002, (item, attempt)
        assert f"{answer.main.best.cost:,.4g}" in answer.sentence


def test_pilots_with_one_attempt_plan_for_one_attempt():
    answer = hs.plan(two_models(n=60), "a", "b", effect=0.1)
    assert [option.attempts for option in answer.main.options] == [1]
    assert "one_attempt" in {warning.code for warning in answer.warnings}
    assert math.isnan(answer.main.basis.answer)
    with pytest.raises(hs.OptionError, match="the effect of 3 attempts is unknown"):
        hs.plan(two_models(n=60), "a", "b", effect=0.1, attempts=3)


def test_several_tasks_have_an_overall_plan():
    frame = pl.concat([attempts(n_clusters=12).with_columns(task=pl.lit(t)) for t in ("x", "y")])
    answer = hs.plan(frame, "a", "b", effect=0.05, cluster="passage")
    assert [task.task for task in answer.tasks] == ["x", "y", ""]
    assert (
        answer.tasks[0].best.items.value
        == hs.plan(attempts(n_clusters=12), "a", "b", effect=0.05, cluster="passage", level=1 - 0.05 / 2).items
    )
    alone = hs.plan(attempts(n_clusters=12), "a", "b", effect=0.05, cluster="passage", method="z").items
    total = hs.plan(frame, "a", "b", effect=0.05, cluster="passage", method="z").items
    assert total == pytest.approx(alone, rel=0.1)  # two equal tasks: as many questions in all as one of them needs
    assert "overall" in answer.render()


def test_plans_do_not_depend_on_the_scale_or_direction_of_unbounded_scores():
    frame = attempts(n_clusters=12).with_columns(score=pl.col("score") * 10 + pl.col("length") / 50)
    answer = hs.plan(frame, "a", "b", effect=1.0, cluster="passage", method="t")
    scaled = hs.plan(
        frame.with_columns(score=pl.col("score") / 10), "a", "b", effect=0.1, cluster="passage", method="t"
    )
    assert answer.items == scaled.items
    assert " pp" not in answer.sentence
    assert (
        hs.plan(frame, "a", "b", effect=1.0, cluster="passage", method="t", lower_is_better=True).items == answer.items
    )


def test_unequal_weights_raise_the_sample_size_by_the_kish_factor():
    frame = attempts(n_clusters=12).with_columns(w=1.0 + 9.0 * (pl.col("length") % 3 == 0))
    plain, weighted = (hs.plan(frame, "a", "b", effect=0.05, weight=w, method="t").items for w in (None, "w"))
    w = frame.filter(pl.col("model") == "a", pl.col("attempt") == 0)["w"].to_numpy()
    assert weighted / plain == pytest.approx(len(w) * (w @ w) / w.sum() ** 2, rel=0.02)


def test_power_curves_rise_with_the_items_and_are_plotted(scores, tmp_path):
    answer = hs.plan(scores, A, B, effect=0.05)
    records = answer.curve_records()
    assert {record["effect"] for record in records} == {0.05}
    one = [record["power"] for record in records if record["attempts"] == 5]
    assert one == sorted(one)
    run("--pilot", LOGS, "-a", A, "-b", B, "--effect", "5pp", "--plot", str(tmp_path / "x.svg"))
    assert "attempts per question" in (tmp_path / "x.svg").read_text()
    assert run("--effect", "5pp", "--curve").startswith("task,metric,attempts,items,effect,power")


REFUSED = {
    "nothing to plan for": {},
    "`effect=0` is not above 0": {"effect": 0},
    "`power=80` is not between": {"effect": 0.1, "power": 80},
    "two goals": {"not_worse_than": 0.1, "same_within": 0.1},
    "a true difference of -0.1 is not within": {"not_worse_than": 0.05, "effect": -0.1},
    "`n_items=1` is not a whole number": {"n_items": 1},
    "an unpaired plan is for the t test": {"effect": 0.1, "paired": False, "method": "score"},
    "a needs a pilot": {"effect": 0.1, "a": "x", "b": "y"},
    "cluster needs a pilot": {"effect": 0.1, "cluster": "passage"},
    "simulate needs a pilot": {"effect": 0.1, "simulate": True},
}


@pytest.mark.parametrize("message", REFUSED)
def test_invalid_goals_are_refused(message):
    with pytest.raises(hs.OptionError, match=message.replace("(", r"\(")):
        hs.plan(**REFUSED[message])


@pytest.mark.parametrize(
    ("message", "frame", "given"),
    [
        ("has only one model", two_models().filter(pl.col("model") == "a"), {}),
        ("no variance to plan from", two_models(score=pl.lit(1.0)), {}),
        ("no variance to plan from", two_models(score=pl.lit(1.0)), {"a": "a", "b": "b"}),
        ("share 1 item", two_models(n=1), {"a": "a", "b": "b"}),
        ("two models with at least two shared items are needed", APART, {}),
        (
            "are in one cluster",
            two_models().with_columns(g=pl.lit("g")),
            {"a": "a", "b": "b", "cluster": "g", "population": "new-clusters"},
        ),
        ("replaces the assumptions of `assume`", two_models(), {"assume": hs.Assumptions()}),
        ("one model of a pair is missing", two_models(), {"a": "a"}),
        ("another score", attempts(), {"score": "pass@2"}),
    ],
)
def test_pilots_without_variance_or_a_pair_are_refused(message, frame, given):
    with pytest.raises(hs.HowsureError, match=message):
        hs.plan(frame, effect=0.1, **given)


def test_contradictory_assumptions_are_refused():
    with pytest.raises(hs.OptionError, match="more variance between clusters"):
        hs.plan(effect=0.1, assume=hs.Assumptions(icc=0.5, cluster_size=5))
    with pytest.raises(hs.OptionError, match="are alternatives"):
        hs.Assumptions(rate=0.5, question_variance=0.1)
    with pytest.raises(hs.OptionError, match=r"rate=1\.5"):
        hs.Assumptions(rate=1.5)
    with pytest.raises(hs.OptionError, match="are invalid"):
        hs.Costs(attempt=0)


def test_plans_for_failure_rates_use_the_exact_binomial_limit():
    assert hs.plan_failures(0.01).items == 299
    assert run("failures", "1%").startswith("299 runs without a failure show a failure rate below 1% (95% confidence).")
    seen = hs.plan_failures(0.01, observed=(2, 500))
    assert seen.observed.further_runs == hs.plan_failures(0.01).allowances[2].items - 500
    assert hs.plan_failures(0.01, observed=(2, 628)).observed.further_runs == 0
    assert hs.plan_failures(0.01, observed=(2, 627)).observed.further_runs == 1
    assert hs.plan_failures(0.01, observed=(30, 500)).observed.further_runs == -1
    held = hs.plan_failures(0.01, cluster_size=10)
    assert "2,990 (299 clusters) if they all pass or all fail together" in held.sentence
    chance = hs.plan_failures(0.01, rate=0.001).allowances[0].probability
    assert chance == pytest.approx(0.999**299)
    assert "--observed 3,2 isn't valid" in run("failures", "1%", "--observed", "3/2", code=1)
    assert "No such option '--effect'" in run("failures", "1%", "--effect", "3pp", code=2)


def test_paths_given_to_plan_are_an_error_that_suggests_pilot():
    assert "Write --pilot before each file of results: --pilot 'my logs'" in run("my logs", code=2)


def test_the_plan_command_reads_fractions_and_costs():
    out = run("--effect", "3pp", "--question-variance", "1/9", "--answer-variance", "0", "--method", "z", "-f", "json")
    assert '"value": 969.0' in out
    assert "divides by 0" in run("--effect", "3pp", "--rate", "1/0", code=2)
    assert "--cost-item needs --cost-attempt" in run("--effect", "3pp", "--cost-item", "1", code=2)
    assert "--observed goes with a subcommand: howsure plan failures" in run(
        "--effect", "3pp", "--observed", "1/5", code=2
    )
    assert "the cheapest design" in run(
        "--pilot", LOGS, "--effect", "5pp", "--cost-item", "2", "--cost-attempt", "0.1"
    ).replace("\n", " ")


@pytest.mark.skipif(not (DATA / "tidy" / "swebench_repeat_runs.parquet").exists(), reason="real results are absent")
def test_half_of_a_benchmark_predicts_the_standard_error_of_the_other_half():
    """Half of CRUXEval's items forecast the SE of the difference on the other half."""
    rows = pl.scan_parquet(DATA / "tidy" / "swebench_verified.parquet").collect()
    items = (
        rows["item"].unique().sort().to_list()
        if "item" in rows.columns
        else rows["question_id"].unique().sort().to_list()
    )
    column = "item" if "item" in rows.columns else "question_id"
    first, second = (rows.filter(pl.col(column).is_in(items[k::2])) for k in (0, 1))
    names = ["20250928_trae_doubao_seed_code", "20250804_epam-ai-run-claude-4-sonnet"]
    plan = hs.plan(first, *names, n_items=250, cluster="none")
    seen = hs.compare(second, *names, cluster="none").difference.se
    assert plan.main.best.se == pytest.approx(seen, rel=0.25)


@pytest.mark.parametrize("asked", [{"effect": 3}, {"effect": 1.0}, {"not_worse_than": 1}, {"same_within": 2}])
def test_an_effect_or_margin_of_the_whole_scale_is_refused(scores, asked):
    for pilot in ((), (scores, A, B)):
        with pytest.raises(hs.OptionError, match="is the whole scale"):
            hs.plan(*pilot, **asked)


def test_plans_with_variances_beyond_0_to_1_are_not_in_percent():
    answer = hs.plan(effect=3, assume=hs.Assumptions(question_variance=400, answer_variance=300))
    assert "a true difference of 3 with" in answer.sentence
    assert answer.method == "t"
    assert hs.plan(effect=0.03, assume=hs.Assumptions(question_variance=0.1)).method == "score"


def on_another_scale(n=400, seed=3, gap=0.0):
    """Scores about 50; the difference of one attempt has a standard deviation of about 7."""
    rng = np.random.default_rng(seed)
    item = rng.normal(50, 10, n)
    return pl.concat(
        [
            pl.DataFrame({"model": name, "item": np.arange(n), "score": item + shift + rng.normal(0, 5, n)})
            for name, shift in (("a", gap), ("b", 0.0))
        ]
    )


def test_unbounded_scores_are_planned_for_the_t_method_of_compare():
    frame = on_another_scale()
    assert hs.compare(frame, "a", "b").difference.method.name == "t"
    assert hs.plan(frame, "a", "b", effect=1.0).method == "t"
    with pytest.raises(hs.OptionError, match="needs scores in"):
        hs.plan(frame, "a", "b", effect=1.0, method="score")


@pytest.mark.unmeasured
def test_lower_is_better_reverses_the_sign_of_a_planned_effect():
    """A difference a − b of +0.5 on the bad side needs as many items as −0.5 on the bad side of the usual direction."""
    frame = on_another_scale()
    options = {"not_worse_than": 1.0, "method": "t"}
    usual = hs.plan(frame, "a", "b", effect=-0.5, **options)
    turned = hs.plan(frame, "a", "b", effect=0.5, lower_is_better=True, **options)
    assert turned.items == usual.items
    assert [p.power for p in turned.main.curve] == [p.power for p in usual.main.curve]
    assert "+0.5" in turned.sentence
    assert hs.plan(frame, "a", "b", effect=-2.0, lower_is_better=True, **options).items < usual.items
    with pytest.raises(hs.OptionError, match="not within the margin"):
        hs.plan(frame, "a", "b", effect=2.0, lower_is_better=True, **options)
    simulated = hs.plan(frame, "a", "b", effect=0.5, lower_is_better=True, simulate=True, **options).simulated
    assert simulated.power == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("cluster", [None, "g"])
def test_a_negative_between_question_variance_in_a_pilot_counts_as_0(cluster):
    """With ω² below 0, by chance, more attempts help as if answers were all there is: n · K stays, and no row without spread."""
    rng = np.random.default_rng(0)
    n = 100
    frame = pl.concat(
        [
            pl.DataFrame(
                {"item": np.repeat(np.arange(n), 2), "attempt": [0, 1] * n, "g": np.repeat(np.arange(n) // 5, 2)}
            ).with_columns(
                model=pl.lit(name), score=pl.Series((np.arange(2 * n) % 2 + (rng.random(2 * n) < 0.02)) % 2.0)
            )
            for name in "ab"
        ]
    )
    answer = hs.plan(frame, "a", "b", effect=0.05, method="t", cluster=cluster or "none")
    assert answer.main.basis.question == 0
    rows = {option.attempts: option for option in answer.main.options}
    assert math.inf not in rows
    assert all(option.se > 0 for option in rows.values())
    for k, option in rows.items():
        assert option.items.value * k == pytest.approx(rows[1.0].items.value, rel=0.35)
        assert not option.items.low > option.items.value
    assert "−" not in answer.render(details=True).split("assumptions\n")[1]
    assert (
        hs.plan(
            frame, "a", "b", effect=0.05, cluster=cluster or "none", costs=hs.Costs(attempt=1, item=10)
        ).main.best.attempts
        <= 12
    )


@pytest.mark.unmeasured
def test_effects_margins_and_floors_are_shown_with_all_digits():
    assert "a true difference of 0.05 points" in hs.plan(effect=0.0005).sentence
    assert "more than 0.25 points" in hs.plan(not_worse_than=0.0025).sentence
    assert "at least 99.95%" in hs.plan_score(at_least=0.9995, rate=0.9999).sentence
    assert "true score is 99.99%" in hs.plan_score(at_least=0.9995, rate=0.9999).sentence


def test_costs_are_formatted_and_missing_values_shown_as_n_a():
    assert "at a cost of 37,380" in run("--effect", "3pp", "--cost-item", "20", "--cost-attempt", "1")
    shown = run("--n-items", "2")
    assert "none pp" not in shown
    assert "none" in shown


def test_effects_too_large_for_rates_near_1_give_a_warning():
    """Of right-or-wrong answers a share of at least the difference differs, whose variance is more than was assumed."""
    near = hs.Assumptions(rate=0.99)
    assert [c.code for c in hs.plan(effect=0.3, assume=near).warnings] == ["more_than_differ"]
    assert [c.code for c in hs.plan(n_items=30, assume=near).warnings] == ["more_than_differ"]
    assert [c.code for c in hs.plan(effect=0.03, assume=near, paired=False).warnings] == ["more_than_differ"]
    assert not hs.plan(effect=0.015, assume=near).warnings
    assert not hs.plan(effect=0.03, assume=hs.Assumptions(rate=0.7, correlation=0.6)).warnings


def test_assumptions_are_refused_with_a_pilot():
    assert "--rate doesn't go with --pilot" in run("--pilot", LOGS, "--effect", "5pp", "--rate", "50%", code=2)
    assert "--icc doesn't go with --pilot" in run(
        "score", "--pilot", LOGS, "--within", "5pp", "-a", A, "--icc", "0.1", code=2
    )


def test_observed_failures_are_judged_with_the_planned_clusters():
    """With a correlation 560 runs in clusters of ten show what 299 single ones do, and 500 don't."""
    held = {"cluster_size": 10, "icc": 0.2}
    short, enough = (hs.plan_failures(0.01, observed=(0, n), **held) for n in (500, 560))
    assert (short.observed.further_runs, enough.observed.further_runs) == (60, 0)
    assert enough.observed.high <= 0.01 < short.observed.high
    assert not short.warnings
    assert "1% is not shown; 60 further runs" in short.sentence
    assert [c.code for c in hs.plan_failures(0.01, observed=(0, 500), cluster_size=10).warnings] == ["runs_counted"]


def test_an_intraclass_correlation_without_a_cluster_size_is_refused():
    for ask in (
        lambda given: hs.plan(effect=0.03, assume=given()),
        lambda given: hs.plan_score(within=0.03, assume=given()),
    ):
        with pytest.raises(hs.OptionError, match="icc needs clusters"):
            ask(lambda: hs.Assumptions(icc=0.2))
    for words in (("--effect", "3pp"), ("score", "--within", "3pp"), ("failures", "1%")):
        assert "Give --cluster-size as well" in run(*words, "--icc", "0.2", code=1)


def test_a_plan_without_limits_does_not_refer_to_them():
    """Of two clusters nothing tells how well they tell."""
    rows = pl.DataFrame(
        {"model": ["a"] * 8 + ["b"] * 8, "item": [*range(8)] * 2, "score": [1, 1, 1, 0, 1, 0, 0, 0] + [0, 1, 1, 1] * 2}
    ).with_columns(group=pl.col("item") % 2)
    found = hs.plan(rows, effect=0.1, cluster="group", population="new-clusters")
    (remedy,) = [each.remedy for each in found.warnings if each.code == "small_pilot"]
    assert math.isnan(found.main.best.items.low)
    assert "limits of the plan can be given" in remedy
    known = hs.plan(two_models(n=20), effect=0.1)
    (remedy,) = [each.remedy for each in known.warnings if each.code == "small_pilot"]
    assert remedy.startswith("Use the limits")


def test_the_verdict_states_the_attempts_per_question():
    assert "500 questions, one attempt each by both models, detect " in hs.plan(effect=0.03, n_items=500).sentence
    assert "2 questions, one attempt each by both models, can't detect any difference" in paragraph(hs.plan(n_items=2))
