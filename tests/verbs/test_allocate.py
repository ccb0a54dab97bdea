"""The verb allocate: who decides, what is promised, and that nothing of a model's own outcomes leaks into its attempts."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import attempts
from howsure.commands.main import main
from places import LOGS

MODELS = "abcd"


def table(seed=0, items=60, times=4, models=MODELS, **columns):
    """Models that find items hard alike: rates from 0 to 1, many at the ends."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.4, 0.6, size=items)
    return pl.DataFrame(
        [
            {"model": m, "item": f"q{i:03}", "attempt": t, "score": float(rng.random() < p[i])}
            for m in models
            for i in range(items)
            for t in range(times)
        ]
    ).with_columns(**columns)


def shuffled_outcomes(rows, model, seed):
    """Give the model other outcomes, item by item."""
    rng = np.random.default_rng(seed)
    own = pl.col("model") == model
    return rows.with_columns(score=pl.when(own).then(pl.Series(rng.integers(0, 2, len(rows)) * 1.0)).otherwise("score"))


@pytest.mark.parametrize("seed", range(5))
def test_a_models_own_answers_never_choose_its_attempts(seed):
    rows = table()
    found = hs.allocate(rows, "a", attempts=90)
    other = hs.allocate(shuffled_outcomes(rows, "a", seed), "a", attempts=90)
    assert found.add.tolist() == other.add.tolist()
    assert found.decided_by == ("b", "c", "d")
    assert found.saved != other.saved


def test_in_a_pair_each_model_is_chosen_by_all_others():
    found = hs.allocate(table(), "a", "b", attempts=90)
    assert found.total == 90
    assert set(found.decided_by) == set(MODELS)
    alone = hs.allocate(shuffled_outcomes(table(), "b", 1), "a", "b", attempts=90)
    assert found.add.tolist() != alone.add.tolist()


def test_a_new_run_is_chosen_by_its_own_answers_and_reaches_every_item():
    found = hs.allocate(table(), "a", attempts=200, new_run=True)
    assert found.decided_by == ("a",)
    assert found.total == 200
    assert found.add.min() >= 1
    assert [caution.code for caution in found.cautions].count("new_run_alone") == 1
    means = table().filter(pl.col("model") == "a").group_by("item").agg(pl.col("score").mean()).sort("item")
    mixed = means["score"].to_numpy()
    order = dict(zip(found.item, found.add.tolist(), strict=True))
    assert min(order[i] for i, m in zip(means["item"], mixed, strict=True) if m == 0.5) > max(
        order[i] for i, m in zip(means["item"], mixed, strict=True) if m in (0, 1)
    )


def test_the_parts_are_those_of_noise():
    rows = table()
    entry = hs.noise(rows)["a"]
    found = hs.allocate(rows, "a", attempts=60)
    assert (found.se, found.questions, found.answers) == (entry.se, entry.questions, entry.answers)
    assert found.answers_even == pytest.approx(entry.answers * 4 / 5)
    assert found.se_even == pytest.approx(entry.se_with(attempts=5))
    pair = hs.noise(rows, "a", "b")["a − b"]
    both = hs.allocate(rows, "a", "b", attempts=120)
    assert (both.se, both.answers) == (pair.se, pair.answers)
    assert both.answers_even == pytest.approx(pair.answers * 4 / 5)


def test_what_is_expected_is_what_the_same_attempts_bring():
    """The answers' part after, by hand: own unbiased variances over old and new attempts."""
    rows = table()
    found = hs.allocate(rows, "a", attempts=100)
    own = rows.filter(pl.col("model") == "a").group_by("item").agg(v=pl.col("score").var()).sort("item")
    expected = (own["v"].to_numpy() / (found.attempts + found.add)).sum() / 60**2
    assert found.answers_after == pytest.approx(expected)
    assert found.saved == pytest.approx(1 - expected / found.answers_even)


@pytest.mark.no_cover
def test_the_forecast_of_a_new_run_comes_true():
    """Foreseen and true savings of the answers' part, 200 draws of 5 attempts at 300 items."""
    rng = np.random.default_rng(7)
    p = rng.beta(0.3, 0.5, size=300)
    cost, foreseen, true = p * (1 - p), [], []
    for _ in range(200):
        right = rng.binomial(5, p)
        rows = pl.DataFrame(
            {"item": np.repeat([f"q{i:03}" for i in range(300)], 5), "attempt": [*range(5)] * 300, "model": "a"}
        ).with_columns(score=pl.Series((np.arange(5) < right[:, None]).ravel() * 1.0))
        found = hs.allocate(rows, attempts=900, new_run=True)
        foreseen.append(found.saved)
        true.append(1 - (cost / found.add).sum() / (cost.sum() / 3))
    assert np.mean(foreseen) == pytest.approx(np.mean(true), abs=0.03)
    assert np.mean(true) > 0.05


def test_no_item_gets_more_than_the_most():
    found = hs.allocate(table(), "a", attempts=100, most=6)
    assert (found.attempts + found.add).max() == 6
    full = hs.allocate(table(), "a", attempts=120, most=6)
    assert set(full.add.tolist()) == {2}
    assert full.saved == pytest.approx(0)
    assert not full.worthwhile


def test_weights_move_attempts():
    rows = table().with_columns(w=pl.when(pl.col("item") < "q030").then(9.0).otherwise(1.0))
    plain, weighed = (hs.allocate(rows, "a", attempts=100, weight=weight) for weight in (None, "w"))
    assert weighed.add[:30].sum() > plain.add[:30].sum()


def test_one_attempt_an_item_leaves_the_error_bar_open_and_says_so():
    rows = table().filter((pl.col("model") != "a") | (pl.col("attempt") == 0))
    found = hs.allocate(rows, "a", attempts=100)
    assert np.isnan(found.se_after)
    assert found.to_dict()["se_after"] is None
    assert "saving_foreseen" in [caution.code for caution in found.cautions]
    again = hs.allocate(rows, "a", attempts=100, new_run=True)
    assert again.decided_by == ("b", "c", "d")


def test_items_that_only_one_of_two_has_get_none_and_are_counted():
    rows = table().filter((pl.col("model") != "b") | (pl.col("item") > "q004"))
    found = hs.allocate(rows, "a", "b", attempts=50)
    assert "q004" not in found.item
    assert [c.message for c in found.cautions if c.code == "items_left_out"] == [
        "5 items that only one of the two models answered get none"
    ]


def test_scores_without_bounds():
    rows = table().with_columns(score=pl.col("score") * 40 + pl.col("attempt") * 3.0)
    found = hs.allocate(rows, "a", attempts=100)
    assert found.total == 100
    assert not found.percent
    assert " pp" not in str(found)


def test_models_that_always_answer_alike_leave_nothing_to_choose():
    rows = table().with_columns(score=pl.col("score").first().over("model", "item"))
    found = hs.allocate(rows, "a", attempts=60)
    assert found.saved == 0
    assert found.verdict.startswith("Spread the 60 attempts evenly")
    assert set(found.add.tolist()) == {1}


def test_failed_attempts_that_count_are_attempts():
    rows = table().with_columns(
        score=pl.when((pl.col("model") == "a") & (pl.col("attempt") == 3)).then(None).otherwise("score")
    )
    assert set(hs.allocate(rows, "a", attempts=60).attempts.tolist()) == {3}
    assert set(hs.allocate(rows, "a", attempts=60, failures="zero").attempts.tolist()) == {4}


def test_the_order_of_rows_plays_no_part():
    rows = table()
    first, again = (
        hs.allocate(rows, "a", attempts=77),
        hs.allocate(rows.sample(fraction=1, shuffle=True, seed=1), "a", attempts=77),
    )
    assert sorted(zip(first.item, first.add, strict=True)) == sorted(zip(again.item, again.add, strict=True))


def test_the_command_writes_the_list(tmp_path):
    out = tmp_path / "attempts.csv"
    asked = ["allocate", str(LOGS), "--attempts", "200", "--model", "smollm2-135m-t1.0", "-o", str(out)]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    listed = pl.read_csv(out)
    assert listed.columns == ["item", "model", "attempts", "add"]
    assert (listed["add"].sum(), set(listed["attempts"])) == (200, {5})
    shown = json.loads(CliRunner().invoke(main, [*asked[:-2], "--format", "json"]).output)
    assert sum(cell["add"] for cell in shown["cells"]) == 200


def test_real_results(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "cruxeval_samples.parquet")
    rows = rows.filter((pl.col("benchmark") == "cruxeval_output") & (pl.col("temperature") == "temp0.8"))
    rows = rows.filter(pl.col("model").is_in(["codellama-13b", "codellama-34b", "wizard-13b", "wizard-34b", "phind"]))
    found = hs.allocate(rows.drop("temperature"), "codellama-13b", attempts=1600)
    assert found.total == 1600
    assert -0.1 < found.saved < 0.25
    fresh = hs.allocate(rows.drop("temperature"), "codellama-13b", attempts=1600, new_run=True)
    assert 0.1 < fresh.saved < 0.6


def test_attempts_of_the_only_model_need_no_name():
    found = hs.allocate(attempts(models="a"), attempts=100, new_run=True)
    assert found.models == ("a",)


def test_a_saving_that_rounds_to_nothing_has_no_sign():
    """The last digit of it, which the way that the data came in decides, changed the sentence."""
    answer = hs.allocate(attempts(n_clusters=6, size=4, times=2), a="a", attempts=30, new_run=True)
    said = {replace(answer, saved=saved).verdict for saved in (-1e-12, 0.0, 1e-12)}
    assert len(said) == 1
    assert "would save 0 %" in said.pop()


def test_a_new_run_that_is_spread_evenly_was_chosen_by_no_answers():
    found = hs.allocate(attempts(n_clusters=6, models="a"), attempts=30, new_run=True)
    assert found.verdict.startswith("Spread the 30 attempts evenly")
    assert not {caution.code for caution in found.cautions} & {"new_run_alone", "keep_to_allocation"}


def test_an_error_of_nothing_has_no_share_of_the_questions():
    rows = attempts(models="abc").with_columns(score=pl.when(pl.col("model") == "a").then(0.0).otherwise("score"))
    assert "of SE squared" not in hs.allocate(rows, a="a", attempts=30).render("markdown")
    assert "of SE squared" in hs.allocate(rows, a="b", attempts=30).render("markdown")


def test_one_item_left_out_gets_none():
    rows = attempts(models="abc")
    item = rows["item"][0]
    torn = rows.filter((pl.col("model") != "b") | (pl.col("item") != item))
    found = hs.allocate(torn, a="a", b="b", attempts=30)
    assert "1 item that only one of the two models answered gets none" in {each.message for each in found.cautions}
