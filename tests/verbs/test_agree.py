"""agree: agreement between raters from wide and long tables, chance-corrected, in every format."""

import json
import math
import re

import numpy as np
import polars as pl
import pytest

import howsure as hs
from invoked import run


def ratings(seed=0, n=200, raters=("one", "two", "gold")):
    """A column for each rater: the last is right, each other in 85% of items."""
    rng = np.random.default_rng(seed)
    gold = rng.random(n) < 0.6
    return pl.DataFrame(
        {"item": [f"q{k}" for k in range(n)]}
        | {name: (gold ^ (name != "gold") * (rng.random(n) < 0.15)).astype(int) for name in raters}
    )


def long(wide):
    """The same with a row a rating."""
    return wide.unpivot(index="item", variable_name="rater", value_name="rating")


def test_wide_and_long_tables_give_the_same_agreement():
    wide, tall = hs.agree(ratings()), hs.agree(long(ratings()))
    assert wide.overall == tall.overall
    assert wide.pairs == tall.pairs
    assert wide.raters == tall.raters
    assert wide.of("cohen", "one", "two") == wide.of("cohen", "two", "one")
    with pytest.raises(KeyError, match="no cohen of one"):
        wide.of("cohen", "one")


def test_two_raters_have_a_confusion_matrix():
    rows = ratings(raters=("one", "gold"))
    found = hs.agree(rows)
    assert {(each.value_a, each.value_b): each.count for each in found.confusion}["1", "1"] == (
        rows.filter(pl.col("one") == 1)["gold"].sum()
    )
    assert found.pairs == found.raters == ()
    assert found.sentence.startswith("Two raters agree on 8")
    assert "Beyond chance, agreement is 0.72" in found.sentence


def test_three_identical_raters_count_as_one_independent_rater():
    rows = ratings(raters=("one", "two", "three", "gold")).with_columns(two="one", three="one")
    found = hs.agree(rows, human="gold")
    assert found.sentence.startswith("Measured by gold, all 3 raters agree on 86.0%")
    assert found.n_raters == 3
    assert found.independence.value == pytest.approx(1.0)
    assert found.of("agreement").value == 1.0
    assert {(each.a, each.b) for each in found.pairs} == {("gold", name) for name in ("one", "two", "three")}
    assert "Without gold, 3 raters agree on 100.0%" in found.render(details=True)


def test_repeated_ratings_give_the_self_agreement_of_each_rater():
    rows = pl.concat([long(ratings()).with_columns(epoch=pl.lit(k)) for k in range(2)])
    turned = rows.with_columns(
        rating=pl.when((pl.col("rater") == "two") & (pl.col("epoch") == 1) & (pl.col("item").str.ends_with("7")))
        .then(1 - pl.col("rating"))
        .otherwise("rating")
    )
    found = hs.agree(turned)
    assert found.of("agreement", "one", "one").value == 1.0
    assert found.of("agreement", "two", "two").value == pytest.approx(0.9)
    assert found.overall == hs.agree(long(ratings())).overall
    assert "600 ratings by a rater that had rated the item before" in " ".join(found.notes)


def test_answers_of_several_models_are_clustered_by_item():
    rows = pl.concat([long(ratings(k)).with_columns(model=pl.lit(f"m{k}")) for k in range(3)])
    found = hs.agree(rows)
    assert found.n_items == 600
    assert found.of("agreement").n_clusters == 200
    assert hs.agree(rows, cluster="none").of("agreement").n_clusters == 600


def test_the_measurement_level_is_inferred_from_the_values():
    rows = ratings()
    assert hs.agree(rows).measurement == "nominal"
    stars = rows.with_columns(pl.col("one", "two", "gold") + pl.int_range(pl.len()) % 4)
    assert hs.agree(stars).measurement == "ordinal"
    assert hs.agree(stars, measurement="nominal").measurement == "nominal"
    assert hs.agree(stars.with_columns(pl.col("one", "two", "gold") * 1.5)).measurement == "interval"
    words = rows.with_columns(pl.col("one", "two", "gold").replace_strict({0: "bad", 1: "good"}))
    assert hs.agree(words).of("krippendorff") == hs.agree(rows).of("krippendorff")
    with pytest.raises(hs.DataError, match="aren't numbers have no order"):
        hs.agree(words, measurement="ordinal")


def test_chance_corrected_agreement_is_undefined_if_all_ratings_are_equal():
    rows = pl.DataFrame({"one": [1] * 40, "two": [1] * 40})
    found = hs.agree(rows)
    assert math.isnan(found.of("cohen").value)
    assert "undefined" in found.render(details=True)
    assert {each.code for each in found.warnings} == {"one_value", "cant_be_known"}
    assert found.to_dict()["overall"][1]["estimate"]["value"] is None


def test_tables_without_two_raters_are_an_error():
    with pytest.raises(hs.DataError, match="no two columns with ratings"):
        hs.agree(ratings().select("item", "one"))
    with pytest.raises(hs.DataError, match="one rater alone"):
        hs.agree(ratings().select("item", rater=pl.lit("x"), rating="one"))
    with pytest.raises(hs.DataError, match="no column 'cats'"):
        hs.agree(ratings(), cluster="cats")


def test_items_rated_by_one_rater_only_are_left_out_with_a_note():
    rows = ratings().with_columns(
        one=pl.when(pl.int_range(pl.len()) % 2 == 0).then("one"),
        two=pl.when(pl.int_range(pl.len()) % 4 > 0).then("two"),
    )
    found = hs.agree(rows)
    assert found.n_items == 200
    only = hs.agree(rows.drop("gold"))
    assert only.n_items == 50
    assert "150 items rated by one rater." in only.notes


def test_the_agree_command_gives_text_json_csv_and_escaped_html(tmp_path):
    path = tmp_path / "ratings.csv"
    ratings().rename({"one": "<b>one</b>"}).write_csv(path)
    assert "3 raters agree on" in run("agree", str(path)).output
    assert run("agree", str(path), "-c", "rater=two+gold", "--confusion", "-f", "csv").output.startswith(
        "a,b,value_a,value_b,count,share,"
    )
    found = json.loads(run("agree", str(path), "--human", "gold", "-f", "json").output)
    assert found["human"] == "gold"
    assert "<b>one" not in run("agree", str(path), "-f", "html").output
    assert "<b>one" not in run("agree", str(path), "-f", "markdown").output
    assert run("agree", str(path), "--measurement", "wild").exit_code == 2


def test_raters_without_shared_items_are_each_compared_with_the_human():
    rows = pl.DataFrame(
        {"item": range(100), "gold": [0, 1] * 50, "x": [0, 1] * 25 + [None] * 50, "y": [None] * 50 + [0, 0] * 25}
    )
    found = hs.agree(rows, human="gold")
    assert found.overall == ()
    assert math.isnan(found.by_chance)
    assert found.sentence.startswith("Measured by gold, x agrees most (100.0%")
    assert found.independence is None
    for format in ("terminal", "html", "json", "csv"):
        assert found.render(format)
    with pytest.raises(hs.DataError, match="no item was rated by two raters"):
        hs.agree(rows.drop("gold"))


def test_none_is_a_category_among_words_and_a_missing_rating_among_numbers():
    severity = {0: "none", 1: "mild"}
    rows = long(ratings()).with_columns(rating=pl.col("rating").replace_strict(severity))
    plain = rows.with_columns(rating=pl.col("rating").replace("none", "no harm"))
    assert hs.agree(rows).of("krippendorff") == hs.agree(plain).of("krippendorff")
    numbers = long(ratings()).with_columns(rating=pl.col("rating").cast(pl.String))
    some = pl.when(pl.int_range(pl.len()) % 10 == 0)
    gaps = numbers.with_columns(rating=some.then(pl.lit("None")).otherwise("rating"))
    assert hs.agree(gaps).overall == hs.agree(numbers.filter(pl.int_range(pl.len()) % 10 != 0)).overall
    assert f"{len(numbers) // 10} cells left out as no rating: 'None'." in hs.agree(gaps).notes
    assert any(
        "'skip'" in note
        for note in hs.agree(rows.with_columns(some.then(pl.lit("skip")).otherwise("rating").alias("rating"))).notes
    )


def test_a_table_with_only_the_word_none_has_no_ratings():
    rows = long(ratings()).with_columns(rating=pl.lit("none"))
    with pytest.raises(hs.DataError, match="no rating in this table"):
        hs.agree(rows)


def test_agreement_of_a_pair_with_one_shared_value_is_undefined():
    rows = pl.DataFrame(
        [(1, "ann", 1), (1, "bob", 1), (1, "cy", 2), (2, "ann", 2), (2, "cy", 3), (3, "bob", 3), (3, "cy", 3)],
        schema=["item", "rater", "score"],
        orient="row",
    ).filter((pl.col("item") != 1) | (pl.col("rater") != "cy"))
    found = hs.agree(rows)
    assert found.measurement == "ordinal"
    alone = found.of("krippendorff", "bob", "cy")
    assert math.isnan(alone.value)
    assert math.isfinite(found.of("krippendorff").value)


def test_undefined_agreement_and_small_negative_values_render_without_nan_or_minus_zero():
    one = hs.agree(pl.DataFrame({"item": ["q"] * 3, "rater": ["a", "b", "c"], "score": [1, 0, 1]}))
    assert "nan" not in one.render()
    assert "[n/a, n/a]" in one.render()
    near = [3, 3, 0, 1, 0, 1, 0, 3, 2, 3, 2, 3, 3, 0, 2, 2, 2, 2, 1, 1, 0, 1, 2, 0, 1]
    rows = pl.DataFrame({"item": [k // 5 for k in range(25)], "rater": [f"r{k % 5}" for k in range(25)], "score": near})
    for each in (rows, rows.reverse(), rows.sample(fraction=1.0, shuffle=True, seed=1)):
        assert "−0.00" not in hs.agree(each, measurement="nominal").render()


def test_weighted_agreement_with_a_human_is_not_called_a_share_of_items():
    """The weighted agreement is no share of the items; and one rater alone is not both the most and the least."""
    rows = pl.DataFrame({"item": range(30), "gold": [1, 2, 3] * 10, "x": [2, 2, 3] * 10, "y": [3, 2, 1] * 10})
    near = hs.agree(rows, human="gold", measurement="ordinal").sentence
    assert near.startswith("Measured by gold, x is closest (8")
    assert ") and y farthest (33.3%" in near
    assert " of the items" not in near
    alone = rows.with_columns(gold=pl.when(pl.col("y") < 3).then("gold"), y=pl.when(pl.col("y") == 3).then("y"))
    found = hs.agree(alone, human="gold", measurement="nominal")
    assert re.fullmatch(r"Measured by gold, x agrees on 100.0% \(95% CI .*\) of the questions\.", found.sentence)
    assert "Without gold, two raters agree on " in " ".join(found.render("terminal").split())


def odd_columns():
    """Ratings of three raters beside what is no rater's: an id, a constant, a date, a long text, counts and categories."""
    more = {
        "id": [1000 + k for k in range(60)],
        "benchmark": ["mmlu"] * 60,
        "date": [f"2025-01-{k % 28 + 1:02}" for k in range(60)],
        "text": [f"question {k} " * 20 for k in range(60)],
        "n_words": [20 + 7 * k % 200 for k in range(60)],
        "length": [20 + 7 * k % 200 for k in range(60)],
        "subject": [("math", "law")[k % 2] for k in range(60)],
    }
    return pl.DataFrame(more).hstack(ratings(n=60).drop("item"))


def test_columns_without_ratings_are_left_out_with_a_note():
    found = hs.agree(odd_columns())
    assert found.overall == hs.agree(ratings(n=60)).overall
    assert found.n_raters == 3
    said = next(note for note in found.notes if note.startswith("No raters, left out: the columns "))
    assert all(name in said for name in ("benchmark", "date", "text", "n_words", "length", "subject"))


def test_rater_columns_can_be_named_or_excluded(tmp_path):
    odd_columns().write_csv(tmp_path / "r.csv")
    expected = json.loads(hs.agree(ratings(n=60).drop("gold")).render("json"))["overall"]
    for options in (["-c", "rater=one", "-c", "rater=two"], ["-c", "rater=one+two"], ["--exclude", "gold"]):
        result = run("agree", str(tmp_path / "r.csv"), *options, "--format", "json")
        assert json.loads(result.output)["overall"] == expected
    refused = run("agree", str(tmp_path / "r.csv"), "--exclude", "nobody")
    assert refused.exit_code
    assert "no column 'nobody' among id, benchmark" in refused.output


def test_a_constant_rater_column_counts_as_a_rater():
    rows = ratings(raters=("one", "gold")).with_columns(always=pl.lit(1))
    assert hs.agree(rows).n_raters == 3


@pytest.mark.parametrize("item", ["item", "question", "prompt"])
def test_long_tables_of_grades_are_recognised(item):
    rows = long(ratings()).rename({"item": item, "rater": "grader", "rating": "grade"})
    gold = rows.with_columns(label=pl.lit(1), comment=pl.lit("well"))
    assert hs.agree(rows).overall == hs.agree(gold).overall == hs.agree(ratings()).overall


def test_raters_can_have_numeric_names():
    rows = long(ratings()).with_columns(
        pl.col("rater").replace_strict({"one": 1, "two": 2, "gold": 0}, return_dtype=pl.Int64)
    )
    assert hs.agree(rows).overall == hs.agree(ratings()).overall


@pytest.mark.parametrize(
    ("value", "measurement"), [(math.inf, None), (-math.inf, "nominal"), (-1e308, "ordinal"), (1e76, "interval")]
)
def test_ratings_too_large_for_a_difference_are_refused(value: float, measurement: str | None) -> None:
    rows = [(f"i{k}", rater, float(k % 5)) for k in range(30) for rater in "ab"]
    rows[0] = ("i0", "a", value)
    frame = pl.DataFrame(rows, schema=["item", "rater", "rating"], orient="row")
    with pytest.raises(hs.DataError, match="too large to take a difference of"):
        hs.agree(frame, measurement=measurement)


def test_a_note_names_ratings_that_differ_only_in_case() -> None:
    rows = [(f"i{k}", rater, value) for k in range(30) for rater, value in (("a", "Yes"), ("b", "yes" if k else "no"))]
    answer = hs.agree(pl.DataFrame(rows, schema=["item", "rater", "rating"], orient="row"))
    assert "Different ratings, although they differ only in capitals: 'Yes', 'yes'." in answer.notes


@pytest.mark.unmeasured
@pytest.mark.parametrize(("right", "base", "raters"), [(0.9, 0.5, 2), (0.8, 0.3, 2), (0.85, 0.5, 4)])
def test_as_many_questions_as_planned_bring_agreement_to_the_requested_half_width(right, base, raters):
    rng = np.random.default_rng(4)

    def ratings(n):
        truth = rng.random(n) < base
        return pl.DataFrame(
            {"item": np.arange(n)}
            | {f"r{j}": np.where(rng.random(n) < right, truth, ~truth).astype(int) for j in range(raters)}
        )

    needed = int(np.median([hs.agree(ratings(120), within=0.06).items_needed for _ in range(9)]))
    widths = [hs.agree(ratings(needed)).of("krippendorff").interval.half_width for _ in range(9)]
    assert np.mean(widths) == pytest.approx(0.06, rel=0.08)


def test_the_plan_of_agreement_says_how_many_more_questions():
    ratings = pl.DataFrame({"item": range(60), "judge": [1] * 40 + [0] * 20, "me": [1] * 36 + [0] * 24})
    answer = hs.agree(ratings, within=0.1)
    assert answer.items_needed > 60
    text = str(answer).replace("\n", " ")
    assert "more questions would make that ± 0.1." in text
    assert "within the requested ± 0.5" in str(hs.agree(ratings, within=0.5)).replace("\n", " ")
    assert math.isnan(hs.agree(ratings).items_needed)
    same = pl.DataFrame({"item": range(9), "judge": [1] * 9, "me": [1] * 9})
    assert math.isnan(hs.agree(same, within=0.1).items_needed)
