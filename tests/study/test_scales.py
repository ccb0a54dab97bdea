"""The scale and direction of scores: percent, other bounds, unbounded scores, and lower-is-better."""

import math

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import attempts, two_models
from howsure.commands.main import main


def percent(column="score", factor=100, **more):
    return two_models(score=pl.col("score") * factor, **more).rename({"score": column})


def read(rows):
    return hs.read(rows, columns={"score": next(name for name in rows.columns if name not in ("model", "item"))})


def codes(answer):
    return [warning.code for warning in answer.warnings]


def test_scores_that_are_all_100_are_percent_and_have_an_exact_interval():
    rows = pl.DataFrame({"model": "a", "item": [*range(30)], "score": 100})
    answer = hs.estimate(rows)
    assert answer[0].estimate.value == 1
    assert answer[0].estimate.interval.low == pytest.approx(1 - 0.1157, abs=1e-3)
    assert answer.notes[1:] == ("task · score: percent, because every score is 0 or 100.",)


@pytest.mark.parametrize("name", ["score_pct", "Accuracy (%)", "percent correct", "accuracyPct"])
def test_a_column_name_with_percent_divides_scores_by_100(name):
    rows = percent(name).with_columns(pl.when(pl.col("item") == "q3").then(37.5).otherwise(pl.col(name)).alias(name))
    answer = hs.estimate(read(rows), model="a")
    assert answer[0].estimate.value == pytest.approx(0.01 * rows.filter(model="a")[name].mean())
    assert answer.notes[-1] == "task · score: percent, by its name."


def test_a_percent_column_name_with_scores_up_to_1_is_a_warning():
    answer = hs.estimate(read(percent("score_pct", 1)))
    assert codes(answer) == ["percent_name"]
    assert answer[0].estimate.value == hs.estimate(two_models())[0].estimate.value
    assert codes(hs.estimate(read(percent("score_pct", 1)), bounds=(0, 1))) == []
    assert hs.estimate(read(percent("score_pct", 1)), bounds=(0, 100))[0].estimate.value < 0.01


def test_scores_above_1_are_unbounded_unless_bounds_are_given():
    rows = percent(factor=7)
    answer = hs.estimate(rows)
    assert codes(answer) == ["unbounded_scores"]
    assert answer[0].estimate.value == pytest.approx(7 * hs.estimate(two_models())[0].estimate.value)
    named = hs.estimate(rows, bounds=(0, 7))
    assert codes(named) == []
    assert named[0].estimate.value == pytest.approx(hs.estimate(two_models())[0].estimate.value)
    assert named[0].estimate.interval.low == pytest.approx(hs.estimate(two_models())[0].estimate.interval.low)
    assert named.notes[1:] == (
        "task · score: scores from 0 to 7 count as 0% to 100%, by the bounds given. This also applies to sizes and limits.",
    )
    with pytest.raises(hs.DataError, match=r"score 7 is outside `bounds=\(0, 5\)`"):
        hs.estimate(rows, bounds=(0, 5))


def test_percent_signs_and_percent_bounds_together_divide_by_100_once():
    rows = two_models(score=pl.format("{}%", (pl.col("score") * 100).cast(pl.Int64)))
    plain = hs.estimate(two_models())[0].estimate
    for bounds in (None, (0, 1), (0, 100)):
        assert hs.estimate(rows, bounds=bounds)[0].estimate == plain


def test_ratings_with_bounds_1_to_5_equal_rescaled_scores():
    rows = two_models(score=1 + 4 * pl.col("score"))
    plain = hs.compare(two_models(), "a", "b")
    rated = hs.compare(rows, "a", "b", bounds=(1, 5))
    assert rated.p_value == pytest.approx(plain.p_value, rel=1e-12)
    assert rated.difference.value == pytest.approx(plain.difference.value)


def test_margins_and_floors_for_percent_scores_are_fractions_of_the_scale():
    with pytest.raises(hs.OptionError, match="off the scale"):
        hs.gate(percent(), "a", at_least=40)
    with pytest.raises(hs.OptionError, match="whole scale"):
        hs.compare(percent(), "a", "b", margin=1)
    assert hs.gate(percent(), "a", at_least=0.4).checks[0].percent


def test_a_mix_of_fractions_and_percent_is_not_rescaled_and_is_a_warning():
    rows = pl.DataFrame({"model": ["a", "a", "b", "b"], "item": ["x", "y"] * 2, "score": [0.0, 1.0, 100.0, 100.0]})
    answer = hs.estimate(rows)
    assert codes(answer)[-1] == "mixed_scale"
    assert answer[1].estimate.value == 100


def test_a_monitor_with_bounds_rescales_scores_as_watch_does():
    rows = percent(n=60)
    monitor = hs.Monitor(a="a", b="b", bounds=(0, 100), shuffled=True)
    for item, part in rows.group_by("item", maintain_order=True):
        monitor.add(item[0], *part.sort("model")["score"])
    plain = hs.Monitor(a="a", b="b", shuffled=True).update(two_models(n=60))
    assert monitor.look().estimate == pytest.approx(plain.estimate)
    assert hs.Monitor(a="a", b="b", bounds=(0, 100), shuffled=True).update(rows).estimate == pytest.approx(
        plain.estimate
    )


def test_bounds_are_accepted_and_suggested_on_the_command_line(tmp_path):
    path = tmp_path / "rated.csv"
    percent(factor=7).write_csv(path)
    result = CliRunner().invoke(main, ["--no-config", "estimate", str(path), "--bounds", "0,7"])
    assert "scores from 0 to 7 count as 0% to 100%" in " ".join(result.output.split())
    offered = CliRunner().invoke(main, ["--no-config", "estimate", str(path)]).output
    assert "--bounds 0,100" in " ".join(offered.split())
    assert CliRunner().invoke(main, ["--no-config", "estimate", str(path), "--bounds", "7"]).exit_code == 2


def two_scales():
    """A rating from 1 to 7 beside right or wrong."""
    rated = two_models(task=pl.lit("rated")).with_columns(pl.col("score") * 6 + 1)
    return pl.concat([two_models(task=pl.lit("right")), rated], how="diagonal")


def test_bounds_of_one_task_do_not_rescale_other_tasks():
    answer = hs.estimate(two_scales(), tasks={"rat*": {"bounds": (1, 7)}})
    plain = [(e.estimate.value, e.estimate.interval.low) for e in hs.estimate(two_models()).entries]
    for task in ("right", "rated"):
        found = [(e.estimate.value, e.estimate.interval.low) for e in answer.entries if e.task == task]
        np.testing.assert_allclose(found, plain, rtol=1e-12)
    assert any("scores from 1 to 7 count as 0% to 100%" in note for note in answer.notes)
    assert "unbounded" not in " ".join(codes(answer))
    with pytest.raises(hs.DataError, match="rated"):
        hs.estimate(two_scales(), tasks={"rated": {"bounds": (0, 5)}})
    with pytest.raises(hs.OptionError, match="bounds of single tasks"):
        hs.Monitor(a="a", b="b", tasks={"rated": {"bounds": (1, 7)}})
    board = pl.DataFrame({"model": ["run", "run"], "step": [1, 2], "score": [3.0, 5.0], "n": [100, 100]})
    with pytest.raises(hs.OptionError, match="bounds of single tasks"):
        hs.trend(board, tasks={"*": {"bounds": (1, 7)}})


def test_bounds_of_one_task_work_on_the_command_line_and_in_a_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two_scales().write_csv("rows.csv")
    told = "scores from 1 to 7 count as 0% to 100%"
    result = CliRunner().invoke(main, ["--no-config", "estimate", "rows.csv", "--tasks", "rated:bounds=1,7"])
    assert told in " ".join(result.output.split())
    (tmp_path / "howsure.toml").write_text('[tasks."rat*"]\nbounds = [1, 7]\n')
    assert told in " ".join(CliRunner().invoke(main, ["estimate", "rows.csv"]).output.split())


# Directions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cost_usd", "Seconds", "n tokens", "error_rate", "loss", "unsafe"])
def test_the_direction_of_a_score_column_is_never_guessed_from_its_name(name):
    scores = read(percent(name, 1))
    for answer in (hs.leaderboard(scores), hs.compare(scores, "a", "b")):
        assert "unknown_direction" in codes(answer)
    assert f"(column {name})" in hs.leaderboard(scores).warnings[0].message
    with pytest.raises(hs.OptionError, match="it isn't known whether larger or smaller"):
        hs.gate(scores, "a", "b", better=True)
    for said in (True, False):
        assert "unknown_direction" not in codes(hs.leaderboard(scores, lower_is_better=said))
        assert hs.gate(scores, "a", "b", better=True, lower_is_better=said).checks


PLANNED = {
    "plan": lambda rows, **said: hs.plan(rows, "a", "b", effect=0.1, **said),
    "plan_score": lambda rows, **said: hs.plan_score(rows, a="a", within=0.1, **said),
}


@pytest.mark.parametrize("verb", PLANNED)
def test_plans_for_scores_of_unknown_direction_have_a_warning(verb):
    scores = hs.read(attempts().rename({"score": "unsafe"}), columns={"score": "unsafe"})
    assert "unknown_direction" in codes(PLANNED[verb](scores))
    assert "unknown_direction" not in codes(PLANNED[verb](scores, lower_is_better=True))


def test_a_cost_column_next_to_a_score_needs_no_direction():
    rows = two_models(cost=pl.lit(0.5))
    assert codes(hs.leaderboard(rows)) == []
    hs.gate(rows, "a", "b", better=True)


def test_gate_with_an_unknown_direction_exits_with_code_3(tmp_path):
    path = tmp_path / "unsafe.csv"
    percent("unsafe", 1).write_csv(path)
    words = ["--no-config", "gate", str(path), "-c", "score=unsafe", "-a", "a", "-b", "b", "--better"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 3
    assert "--higher-is-better if larger ones are." in " ".join(result.output.split())
    assert CliRunner().invoke(main, [*words, "--lower-is-better"]).exit_code in (0, 1, 2)


def test_a_note_states_that_smaller_scores_are_better():
    note = "Direction: smaller scores are better."
    for answer in (hs.leaderboard, lambda rows, **more: hs.compare(rows, "a", "b", **more)):
        assert note in answer(two_models(), lower_is_better=True).notes
        assert note not in answer(two_models()).notes
    both = pl.concat([two_models(task=pl.lit("t")), two_models(task=pl.lit("u"))])
    told = hs.leaderboard(both, tasks={"u": {"lower_is_better": True}}).notes
    assert "Direction: smaller scores are better for u · score." in told


def test_all_zero_scores_of_an_unsafe_column_bound_the_failure_rate():
    rows = pl.DataFrame({"model": "a", "item": [*range(300)], "unsafe": 0})
    text = hs.estimate(read(rows)).render("terminal")
    assert "failure rate below 0.99% (95% confidence), counting 300 questions" in " ".join(text.split())
    assert "success rate below" in hs.estimate(rows.rename({"unsafe": "score"})).render("terminal")
    (bound,) = hs.estimate(read(rows))[0].estimate.bounds
    assert bound.of_failures
    assert math.isclose(bound.limit, 1 - 0.05 ** (1 / 300), rel_tol=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ask", [hs.estimate, hs.leaderboard, lambda rows, **more: hs.compare(rows, "a", "b", **more)])
def test_scores_whose_squares_overflow_are_refused(ask):
    rows = two_models(score=pl.col("score") * 1e200 - 1.0).lazy()  # of frames in memory numbers are looked at before
    with pytest.raises(
        hs.DataError, match=r"a score of 1e\+200 is too large for a standard error: the limit is 1e\+75\."
    ):
        ask(rows)
    ask(two_models(score=pl.col("score") * 1e12 - 1.0))
    ask(two_models(score=pl.col("score") * 1e70), bounds=(0, 1e70))
