"""plan score: sample sizes for the precision or floor of a score, checked by formulas and simulated gates."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from frames import attempts, two_models
from howsure.statistics.clustered_variance import equal_sizes
from howsure.statistics.means import mean
from howsure.statistics.power import Spread
from howsure.statistics.rates import floor_power, half_width
from invoked import planned as run
from places import ROOT
from trials import draws

LOGS = str(ROOT / "examples" / "logs")
A = "smollm2-135m-t0.3"


@pytest.mark.parametrize(("rate", "n"), [(0.5, 200), (0.1, 400), (0.95, 1000)])
def test_the_planned_half_width_is_that_of_the_interval(rate, n):
    x = np.zeros(n)
    x[: round(rate * n)] = 1
    found = mean(x, attempts=np.ones(n)).interval
    assert half_width(rate, Spread(within=rate * (1 - rate)), n, 1, 0.95) == pytest.approx(found.half_width, rel=0.01)


def test_without_a_rate_the_plan_assumes_one_half():
    """Within 3 points: 1,068 by z² / 4 d² (1,067.07), a little more by t and less by Wilson's shrinkage."""
    assert abs(hs.plan_score(within=0.03).items - 1.959964**2 / 4 / 0.03**2) < 3
    assert hs.plan_score(within=0.03, rate=0.1).items < hs.plan_score(within=0.03).items


@pytest.mark.parametrize(
    ("rate", "floor", "n"), [*draws([], [(0.95, 0.92, 300), (0.999, 0.99, 400)]), (0.6, 0.5, 80), (0.99, 0.95, 150)]
)
def test_power_for_a_floor_is_the_binomial_probability_of_the_intervals_limit(rate, floor, n):
    lows = []
    for k in range(n + 1):
        x = np.zeros(n)
        x[:k] = 1
        exact = stats.binomtest(k, n, alternative="greater").proportion_ci(0.95, method="exact").low
        lows.append(min(mean(x, attempts=np.ones(n), level=0.9).interval.low, exact))
    exact = stats.binom(n, rate).pmf(np.arange(n + 1))[np.array(lows) >= floor].sum()
    assert floor_power(rate, floor, Spread(within=rate * (1 - rate)), n, 1, level=0.95) == pytest.approx(
        exact, abs=1e-6
    )


@pytest.mark.unmeasured
def test_simulated_gates_pass_a_planned_floor_with_the_planned_power():
    """Evaluations of the planned size, drawn at the true score: gate passes in about as many as were planned for."""
    answer = hs.plan_score(at_least=0.8, rate=0.9)
    n, rng = int(answer.items), np.random.default_rng(1)
    frame = pl.DataFrame({"item": range(n), "model": "m"})
    passed = [
        hs.gate(frame.with_columns(score=pl.Series(rng.random(n) < 0.9)), "m", at_least=0.8).verdict == "pass"
        for _ in range(draws(40, 200))
    ]
    assert np.mean(passed) == pytest.approx(answer.best.power.value, abs=3 * math.sqrt(0.16 / len(passed)))


@pytest.mark.parametrize("n", [30, 200])
def test_a_pilot_of_fractions_near_1_predicts_the_half_width_of_estimate(n):
    """Misses that nobody saw are in the forecast: without them it were a fourth as wide at 30 questions."""
    draw = np.random.default_rng(n).beta
    pilot = pl.DataFrame({"item": range(400), "model": "m", "score": 1 - draw(1, 40, 400)})
    planned = hs.plan_score(pilot, "m", within=0.01, n_items=n).best.half_width.value
    found = [mean(1 - draw(1, 40, n)).interval.half_width for _ in range(draws(100, 300))]
    assert planned == pytest.approx(np.mean(found), rel=0.06)
    assert planned > 1.5 * 1.96 * pilot["score"].std() / math.sqrt(n)


def test_power_for_a_floor_of_fractions_near_1_equals_that_of_simulated_gates():
    """Fractions near 1: the chance of a floor that the unseen decides, as often as such samples show it."""
    draw, n, floor = np.random.default_rng(4).beta, 200, 0.96
    pilot = pl.DataFrame({"item": range(2_000), "model": "m", "score": 1 - draw(1, 40, 2_000)})
    plan = hs.plan_score(pilot, "m", at_least=floor, n_items=n)
    shown = [mean(1 - draw(1, 40, n), level=0.9).interval.low >= floor for _ in range(draws(150, 500))]
    assert plan.best.power.value == pytest.approx(np.mean(shown), abs=0.04 + 0.04 * draws(2, 1))


def test_larger_samples_also_have_the_planned_power():
    answer = hs.plan_score(at_least=0.92, rate=0.95)
    chances = [
        hs.plan_score(at_least=0.92, rate=0.95, n_items=int(answer.items) + k).best.power.value for k in range(60)
    ]
    assert min(chances) >= 0.8


def test_a_ceiling_needs_the_sample_size_of_the_mirrored_floor():
    floor, ceiling = hs.plan_score(at_least=0.9, rate=0.95), hs.plan_score(at_most=0.1, rate=0.05)
    assert ceiling.items == floor.items
    assert "at most 10.0%" in ceiling.sentence


def test_a_floor_planned_for_clusters_is_shown_with_the_planned_power():
    """Beta-binomial clusters of 10, correlation 0.1, judged by `mean` at the one-sided level."""
    rate, floor, icc, size = 0.85, 0.78, 0.1, 10
    answer = hs.plan_score(at_least=floor, rate=rate, assume=hs.Assumptions(cluster_size=size, icc=icc))
    count, rng, passed = int(answer.items / size), np.random.default_rng(3), 0
    precision = (1 - icc) / icc
    codes = np.repeat(np.arange(count), size)
    trials = draws(120, 400)
    for _ in range(trials):
        own = rng.beta(rate * precision, (1 - rate) * precision, count)
        x = (rng.random(count * size) < own[codes]).astype(float)
        passed += mean(x, clusters=(codes,), attempts=np.ones(len(x)), level=0.9).interval.low >= floor
    assert passed / trials == pytest.approx(0.8, abs=0.02 + 3 * math.sqrt(0.16 / trials))
    spread = Spread(within=0.25 * 0.9, between=0.25 * 0.1, sizes=equal_sizes(10))
    wide = half_width(0.5, spread, 1_000, 1, 0.95) / half_width(0.5, Spread(within=0.25), 1_000, 1, 0.95)
    assert wide == pytest.approx(math.sqrt(1.9), rel=0.02)


def test_a_pilot_supplies_score_clusters_and_variances():
    scores = hs.read(LOGS)
    answer = hs.plan_score(scores, A, within=0.05, cluster="passage_id")
    entry = hs.estimate(scores, model=f"openai-api/local/{A}", cluster="passage_id")[0].estimate
    assert answer.rate == pytest.approx(entry.value)
    now = hs.plan_score(scores, A, within=0.05, n_items=100, cluster="passage_id")
    assert now.best.attempts == 5
    assert now.best.half_width.value == pytest.approx(entry.interval.half_width, rel=0.1)
    assert answer.best.items.low < answer.items < answer.best.items.high
    assert answer.items % 5 == 0
    assert hs.plan_score(scores, A, within=0.05, attempts=4, cluster="passage_id").best.attempts == 4


def test_precision_is_planned_on_any_scale_and_floors_only_from_0_to_1():
    frame = attempts(n_clusters=12).with_columns(score=pl.col("score") * 10 + pl.col("length") / 50)
    answer = hs.plan_score(frame, "a", within=0.5, cluster="passage")
    assert " pp" not in answer.sentence
    with pytest.raises(hs.OptionError, match="planned for scores in"):
        hs.plan_score(frame, "a", at_least=0.5, cluster="passage")


@pytest.mark.parametrize(
    ("message", "given"),
    [
        ("nothing to plan for", {}),
        ("within and at-least to plan for", {"within": 0.1, "at_least": 0.5}),
        ("`within=0` is not above 0", {"within": 0}),
        ("needs the expected true score", {"at_least": 0.9}),
        ("is not at least 0.9", {"at_least": 0.9, "rate": 0.9}),
        ("is not at most 0.1", {"at_most": 0.1, "rate": 0.3}),
        ("`rate=1.2` is not between", {"within": 0.1, "rate": 1.2}),
        ("a needs a pilot", {"within": 0.1, "a": "m"}),
        ("exceed the maximum for a score of 0.5", {"within": 0.1, "assume": hs.Assumptions(question_variance=0.3)}),
        ("the effect of 3 attempts", {"within": 0.1, "attempts": 3}),
    ],
)
def test_invalid_floors_and_half_widths_are_refused(message, given):
    with pytest.raises(hs.OptionError, match=message):
        hs.plan_score(**given)


@pytest.mark.parametrize(
    ("message", "frame", "given"),
    [
        ("the pilot contains 2 models", two_models(), {}),
        ("every item of the pilot has the same score", two_models(score=pl.lit(1.0)), {"a": "a"}),
        ("one item isn't enough", two_models(n=1), {"a": "a"}),
        (
            "one cluster isn't enough",
            two_models(g=pl.lit("g")),
            {"a": "a", "cluster": "g", "population": "new-clusters"},
        ),
        ("contains 2 tasks or metrics", pl.concat([two_models(task=pl.lit(t)) for t in "xy"]), {"a": "a"}),
    ],
)
def test_pilots_without_variance_or_with_two_models_are_refused(message, frame, given):
    with pytest.raises(hs.HowsureError, match=message):
        hs.plan_score(frame, within=0.1, **given)


def test_the_plan_score_command_plans_precision_and_floors():
    assert run("score", "--within", "3pp").startswith("About 1,070 questions give an error bar of ± 3.0 points")
    assert "show at least 92.0% with 84% power" in run("score", "--at-least", "92%", "--rate", "95%")
    out = run("score", "--at-least", "35%", "--pilot", LOGS, "-a", A, "--cluster", "passage_id").replace("\n", " ")
    assert "if the true score is 43.4%" in out
    assert "write --level after score" in run("--level", "0.9", "score", "--within", "3pp", code=2)
    assert "No such option '--n-models'" in run("score", "--within", "3pp", "--n-models", "3", code=2)
    assert "--within goes with a subcommand: howsure plan score" in run("--within", "3pp", code=2)
    assert "expected true score" in run("score", "--at-least", "92%", code=1)


def test_a_floor_above_1_and_a_half_width_of_the_whole_scale_are_refused():
    with pytest.raises(hs.OptionError, match="`at_least=92` is not between 0 and 1"):
        hs.plan_score(at_least=92, rate=0.95)
    with pytest.raises(hs.OptionError, match="is the whole scale"):
        hs.plan_score(within=3)
