"""plan with random factors: levels such as seeds are planned along with questions."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.errors import OptionError
from paragraphs import paragraph

pytestmark = pytest.mark.unmeasured  # whole answers, again and again


def pilot(seeds: int = 6, attempts: int = 1, n: int = 150, shift: float = 0.15) -> pl.DataFrame:
    """Return two models with seeds of their own."""
    rng = np.random.default_rng(4)
    hard = rng.normal(0, 1.2, n)
    return pl.DataFrame(
        {"model": model, "seed": s, "item": f"q{i}", "attempt": k, "score": float(right)}
        for model in ("a", "b")
        for s, effect in enumerate(rng.normal(0, shift, seeds))
        for k in range(attempts)
        for i, right in enumerate(rng.random(n) < 1 / (1 + np.exp(-hard - effect)))
    )


def test_the_verdict_states_the_minimum_number_of_seeds() -> None:
    found = hs.plan(pilot(shift=0.5), "a", "b", effect=0.05, random_factor="seed")
    (least,) = found.main.levels_needed
    assert least > 6
    assert f"With the pilot's 6 seeds no number of questions is enough: it takes {least:.0f} or more." in paragraph(
        found
    )
    assert found.main.best.levels[0] >= least
    assert found.main.best.items.value <= 150
    fewer = hs.plan(pilot(shift=0.5), "a", "b", effect=0.05, random_factor="seed", n_levels=int(least) - 1)
    assert math.isinf(fewer.items)
    assert "No number of questions" in fewer.sentence


def test_the_cheapest_design_of_levels_and_items_has_the_lowest_cost() -> None:
    costs = hs.Costs(attempt=0.01, item=1, level=100)
    found = hs.plan(pilot(), "a", "b", effect=0.06, random_factor="seed", costs=costs)
    best = found.main.best
    assert best.cost == min(option.cost for option in found.main.options if math.isfinite(option.items.value))
    (seeds,) = best.levels
    assert best.cost == pytest.approx(best.items.value * (1 + 0.01 * seeds) + 100 * seeds)
    dear = hs.plan(
        pilot(), "a", "b", effect=0.06, random_factor="seed", costs=hs.Costs(attempt=0.01, item=1, level=1_000)
    )
    assert dear.main.best.levels <= best.levels
    assert f"{seeds} seeds each" in found.sentence


def test_attempts_per_level_are_planned_only_if_the_pilot_has_several() -> None:
    costs = hs.Costs(attempt=0.01, item=5)
    found = hs.plan(pilot(attempts=3), "a", "b", effect=0.06, random_factor="seed", costs=costs)
    assert found.main.best.attempts > 1
    with pytest.raises(OptionError, match="one attempt at each level"):
        hs.plan(pilot(), "a", "b", effect=0.06, random_factor="seed", attempts=3)


def test_detectable_effect_and_power_use_the_pilots_levels_by_default() -> None:
    effect = hs.plan(pilot(), "a", "b", n_items=150, random_factor="seed").main.best
    assert effect.levels == (6,)
    power = hs.plan(pilot(), "a", "b", n_items=150, effect=effect.effect.value, random_factor="seed").main.best
    assert power.power.value == pytest.approx(0.8, abs=1e-6)
    more = hs.plan(
        pilot(), "a", "b", n_items=150, effect=effect.effect.value, random_factor="seed", n_levels=12
    ).main.best
    assert more.power.value > 0.8


def test_a_plan_for_a_margin_with_levels_reports_equal_systems() -> None:
    found = hs.plan(pilot(), "a", "b", not_worse_than=0.05, random_factor="seed")
    assert found.main.equal is not None
    assert 0 <= found.main.equal.passed <= 1


def test_records_contain_the_number_of_levels() -> None:
    found = hs.plan(pilot(), "a", "b", effect=0.06, random_factor="seed")
    rows = found.records()
    assert [row["levels_seed"] for row in rows] == [option.levels[0] for option in found.main.options]
    assert "variance from" in found.render("markdown")


@pytest.mark.parametrize(
    "given",
    [{"looks": 3}, {"simulate": True}, {"paired": False}, {"method": "score"}, {"n_clusters": 5}, {"n_levels": (3, 4)}],
)
def test_options_without_support_for_levels_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=r"random factor"):
        hs.plan(pilot(), "a", "b", effect=0.06, random_factor="seed", **given)


def test_clusters_and_levels_of_a_pilot_are_planned_together() -> None:
    rows = pilot().with_columns(text=pl.col("item").str.slice(-1))
    plain, clustered = (
        hs.plan(rows, "a", "b", n_items=150, random_factor="seed", cluster=each).main for each in (None, "text")
    )
    assert clustered.sources.spread.size == 15
    assert clustered.best.effect.value != plain.best.effect.value


def test_n_levels_without_a_random_factor_is_refused() -> None:
    with pytest.raises(OptionError, match="n_levels needs a random factor"):
        hs.plan(effect=0.03, n_levels=5)
