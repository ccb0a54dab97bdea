"""bias: position, length and self-preference of judges, separated from quality by swaps, labels or other judges."""

import json
import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from invoked import run


def choices(seed=0, n=300, first=0.0, longer=0.0):
    """Choices of one judge in both orders: right in 75%, with a favour for the answer shown first and for the longer one."""
    rng = np.random.default_rng(seed)
    better, long = rng.integers(1, 3, n), rng.integers(1, 3, n)
    rows = []
    for swapped in (False, True):
        up = 1.1 * (3 - 2 * better) + longer * (3 - 2 * long) + first * (-1 if swapped else 1)
        winner = np.where(rng.random(n) < 1 / (1 + np.exp(-up)), 1, 2)
        rows.append(
            pl.DataFrame(
                {
                    "item": np.arange(n),
                    "swapped": swapped,
                    "winner": winner,
                    "gold": better,
                    "len_1": 10 + 5 * (long == 1),
                    "len_2": 10 + 5 * (long == 2),
                }
            )
        )
    return pl.concat(rows)


def of(found, kind, judge=None):
    return next(each for each in found.biases if each.feature == kind and judge in (None, each.judge))


def test_a_position_bias_is_detected_from_swapped_orders():
    found = hs.bias(choices(first=1.0))
    assert of(found, "shown first").evidence == "orders"
    assert of(found, "shown first").estimate.interval.low > 0.2
    assert found.sentence.startswith("the judge is biased towards the answer shown first (+")
    assert "of its verdicts flip with the order." in found.sentence
    assert of(hs.bias(choices(first=-1.0)), "shown first").estimate.value < 0


def test_a_length_bias_is_separated_from_quality_only_with_gold_labels():
    found = of(hs.bias(choices(longer=1.0)), "longer")
    assert (found.evidence, found.bias) == ("gold", True)
    assert found.error_towards - found.error_away == pytest.approx(found.estimate.value)
    assert found.estimate.interval.low > 0.2
    no_gold = hs.bias(choices(longer=1.0).drop("gold"))
    assert (of(no_gold, "longer").evidence, of(no_gold, "longer").bias) == ("nothing", False)
    assert "association" in {each.code for each in no_gold.warnings}
    assert math.isnan(of(no_gold, "longer").error_towards)


def test_an_unbiased_judge_gives_no_significant_bias():
    found = hs.bias(choices())
    assert found.sentence.startswith("No significant bias of the judge towards ")
    low, high = of(found, "shown first").estimate.interval.low, of(found, "shown first").estimate.interval.high
    assert (of(found, "shown first").p_value > 0.05) == (low <= 0 <= high)


def test_both_orders_can_be_given_as_rows_with_swapped_models():
    rows = choices(first=1.0).drop("gold", "len_1", "len_2")
    named = rows.select(
        "item",
        model_a=pl.when("swapped").then(pl.lit("y")).otherwise(pl.lit("x")),
        model_b=pl.when("swapped").then(pl.lit("x")).otherwise(pl.lit("y")),
        winner=pl.when(pl.col("winner") == 1).then(pl.lit("x")).otherwise(pl.lit("y")),
    )
    turned, plain = of(hs.bias(named), "shown first"), of(hs.bias(rows), "shown first")
    assert turned.evidence == "orders"
    assert turned.estimate == plain.estimate
    assert turned.order_flips == plain.order_flips


def test_self_preference_is_measured_relative_to_other_judges():
    rng = np.random.default_rng(0)
    rows = [
        {
            "item": k,
            "judge": judge,
            "model_a": "openai/gpt-4",
            "model_b": "claude-3",
            "winner": int(rng.random() > (0.8 if judge == "gpt-4o" else 0.5)) + 1,
        }
        for k in range(200)
        for judge in ("gpt-4o", "llama-3")
    ]
    found = of(hs.bias(pl.DataFrame(rows)), "own family")
    assert (found.judge, found.evidence, found.bias) == ("gpt-4o", "others", False)
    assert found.estimate.interval.contains(0.3)


def test_attribute_columns_can_be_named():
    rows = choices(longer=1.0).rename({"len_1": "one", "len_2": "two"})
    assert {each.feature for each in hs.bias(rows).biases} == {"shown first"}
    found = hs.bias(rows, covariate="words", columns={"words": ["one", "two"]})
    assert of(found, "longer") == of(hs.bias(choices(longer=1.0)), "longer")


def test_missing_columns_and_invalid_verdicts_are_an_error():
    with pytest.raises(hs.DataError, match="no column for winner"):
        hs.bias(choices().drop("winner"))
    with pytest.raises(hs.DataError, match="unrecognised winners"):
        hs.bias(choices().with_columns(winner=pl.lit("perhaps")))
    with pytest.raises(hs.DataError, match=r"'swapped' has the value 'perhaps' \(row 1\), which isn't a truth value"):
        hs.bias(choices().with_columns(swapped=pl.lit("perhaps")))
    with pytest.raises(hs.DataError, match="no row has nobody in the column 'winner'"):
        hs.bias(choices(), where={"winner": "nobody"})
    few = hs.bias(choices(n=3))
    assert few.sentence == "Too few choices to test for bias."
    assert few.render("html")


def test_the_bias_command_gives_text_json_csv_and_escaped_html(tmp_path):
    path = tmp_path / "choices.csv"
    choices(first=1.0).with_columns(judge=pl.lit("<i>j</i>")).write_csv(path)
    assert "is biased towards the answer shown first" in run("bias", str(path)).output
    found = json.loads(run("bias", str(path), "-f", "json").output)
    assert {each["evidence"] for each in found["biases"]} == {"orders", "gold"}
    assert run("bias", str(path), "-f", "csv").output.startswith("judge,feature,evidence,")
    assert "<i>j" not in run("bias", str(path), "-f", "html").output


def test_each_attribute_effect_uses_its_own_columns():
    rows = choices(longer=1.0).with_columns(tables_1=3, tables_2=1, words_1=pl.col("len_2"), words_2=pl.col("len_1"))
    found = hs.bias(rows, covariate=["position", "tables", "len", "words"])
    assert {each.feature for each in found.biases} == {"shown first", "more tables", "longer", "more words"}
    assert of(found, "longer").estimate.value == pytest.approx(-of(found, "more words").estimate.value)


def test_the_verdict_names_the_preferred_kind_of_answer():
    longer = hs.bias(choices(longer=1.0)).sentence
    assert "is biased towards the longer answer (+" in longer
    assert "it errs towards the longer answer in" in longer
    assert "towards the shorter answer (" in hs.bias(choices(longer=-1.0)).sentence
    named = choices(longer=1.0).rename({"len_1": "tables_1", "len_2": "tables_2"})
    assert "towards the answer with more tables (" in hs.bias(named).sentence


def shown_once(n=200, both=0):
    """Choices whose order was drawn: each pair is shown in one order, but for the last ones, which are shown in both."""
    rows = choices(first=1.0, n=n + both)
    drawn = np.random.default_rng(1).random(n + both) < 0.5
    asked = pl.Series(drawn[rows["item"].to_numpy()]) == rows["swapped"]
    return rows.filter(asked | (pl.col("item") >= n)).sample(fraction=1.0, shuffle=True, seed=2)


@pytest.mark.parametrize("both", [0, 3])
def test_position_bias_with_one_order_per_item_is_estimated_from_gold_labels(both):
    rows = shown_once(both=both)
    found = of(hs.bias(rows), "shown first")
    best_first = (pl.col("gold") == 1) != pl.col("swapped")
    wrong = pl.col("gold") != pl.col("winner")
    assert found.evidence == "gold"
    assert found.n_choices == len(rows)
    assert found.estimate.value == pytest.approx(found.error_towards - found.error_away)
    towards, away = (rows.filter(best_first == up).select(wrong.mean()).item() for up in (False, True))
    assert (found.error_towards, found.error_away) == pytest.approx((towards, away))


def test_position_bias_with_one_order_per_item_needs_gold_labels():
    for rows in (shown_once().drop("gold"), shown_once().drop("gold").reverse()):
        assert of(hs.bias(rows), "shown first").evidence == "nothing"
