"""What every answer can do in Python: a frame, plain data, and a figure or the name of the one to take."""

import polars as pl
import pytest

import howsure as hs

ROWS = pl.DataFrame(
    [(m, i, int(i % (3 + k) > 0)) for k, m in enumerate("ab") for i in range(40)],
    schema=["model", "item", "score"],
    orient="row",
)


def test_estimates_and_comparisons_have_their_numbers():
    entry = hs.estimate(ROWS)[0]
    assert (entry.value, entry.se) == (entry.estimate.value, entry.estimate.se)
    assert (entry.low, entry.high) == (entry.estimate.interval.low, entry.estimate.interval.high)
    gap = hs.compare(ROWS)
    assert (gap.value, gap.se) == (gap.difference.value, gap.difference.se)
    assert (gap.low, gap.high) == (gap.difference.interval.low, gap.difference.interval.high)


def test_the_only_estimate_has_its_numbers_without_its_place():
    one = hs.estimate(ROWS, model="a")
    assert (one.value, one.se, one.low, one.high) == (one[0].value, one[0].se, one[0].low, one[0].high)
    with pytest.raises(hs.DataError, match="2 estimates, and one is asked for"):
        hs.estimate(ROWS).value


def test_an_answer_without_a_figure_names_the_one_to_take():
    with pytest.raises(hs.MethodError, match=r"estimates has no figure. leaderboard\(data\)"):
        hs.estimate(ROWS).plot()
    with pytest.raises(hs.MethodError, match=r"gate has no figure. compare\(data, a, b\)"):
        hs.gate(ROWS, "a", "b", better=True).plot()
    with pytest.raises(hs.MethodError, match="Figures: those of leaderboard"):
        hs.describe(ROWS).plot()


def test_several_tasks_are_one_comparison_with_its_tasks():
    rows = pl.concat([ROWS.with_columns(task=pl.lit(task)) for task in "xyz"])
    gap = hs.compare(rows, "a", "b")
    assert isinstance(gap, hs.Comparison)
    assert [task.task for task in gap.tasks] == ["x", "y", "z"]
    assert gap.value == pytest.approx(sum(task.value for task in gap.tasks) / 3)
    assert gap.overall is not None
    assert gap.overall.p_value == gap.p_value
    assert hs.compare(ROWS, "a", "b").tasks == ()
    assert len(gap.to_frame()) == 4
    assert [task["task"] for task in gap.to_dict()["tasks"]] == ["x", "y", "z"]


def test_tasks_that_cannot_be_combined_have_no_overall_difference():
    rows = pl.concat([ROWS.with_columns(task=pl.lit(task), length=pl.col("item") * 1.0) for task in "xy"])
    gap = hs.compare(rows, "a", "b", covariate="length")
    assert gap.overall is None
    assert gap.value != gap.value
    assert [task.task for task in gap.tasks] == ["x", "y"]
    assert gap.to_dict()["difference"]["value"] is None
    assert "Of 2 tasks" in gap.sentence


def test_an_unknown_name_leads_to_the_verb_for_what_it_means():
    with pytest.raises(AttributeError, match="no attribute 'pass_at_k'; pass@k: howsure estimate --score pass@5"):
        hs.pass_at_k
    with pytest.raises(AttributeError, match="no attribute 'rank'; ranks of models: howsure leaderboard"):
        hs.rank
    assert not hasattr(hs, "xyzzy")


@pytest.mark.parametrize(
    ("data", "a", "b"), [((412, 500), (431, 500), None), (None, (412, 500), "431/500"), ("412/500", "431/500", None)]
)
def test_counts_are_given_in_several_ways(data, a, b):
    gap = hs.compare(data, a, b)
    assert gap.value == pytest.approx(-0.038)
    assert not gap.paired


def test_a_metric_may_be_named_by_the_column_of_the_scores():
    rows = ROWS.rename({"score": "f1"}).with_columns(latency=1.0)
    assert hs.estimate(rows, metric="f1")[0].value == hs.estimate(rows)[0].value
    with pytest.raises(hs.DataError, match="it is a column, and 'f1' is read as the score"):
        hs.estimate(rows, metric="latency")


def test_scores_name_their_models_and_tasks():
    scores = hs.read(ROWS.with_columns(task=pl.lit("quiz")))
    assert (scores.models, scores.tasks) == (("a", "b"), ("quiz",))
    assert hs.compare(scores).interval == hs.compare(scores).difference.interval
    assert hs.estimate(scores)[0].interval.low == hs.estimate(scores)[0].low
