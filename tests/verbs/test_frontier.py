"""frontier: the Pareto frontier of score and cost, from answers and published scores, in every format."""

import json
import math

import polars as pl
import pytest

import howsure as hs
from asked import PRICED, same
from invoked import run
from paragraphs import paragraph


def test_the_frontier_command_gives_the_result_of_the_function(tmp_path):
    path = tmp_path / "scores.csv"
    PRICED.write_csv(path)
    found = hs.frontier(hs.read(path), usage="usd")
    answered = json.loads(run("frontier", str(path), "--usage", "usd", "-f", "json").output)
    assert answered == found.to_dict()
    assert found.sentence.split(":")[0] in run("frontier", str(path), "--usage", "usd").output.replace("\n", " ")
    rows = pl.read_csv(run("frontier", str(path), "--usage", "usd", "-f", "csv").stdout_bytes)
    assert rows["model"].to_list() == [buy.model for buy in found.tasks[0].models]


PUBLISHED = pl.DataFrame(
    {
        "model": ["big", "small", "slow", "twin", "twin", "local"],
        "score": [0.84, 0.8, 0.5, 0.2, 0.22, 0.81],
        "n": [400] * 6,
        "total_cost": [400.0, 40.0, 80.0, 4.0, 8.0, 0.0],
    }
)


def test_published_scores_with_costs_have_a_frontier(tmp_path):
    """As a frame and as a file: costs are known, a 0 isn't, and names that come twice are numbered."""
    found = hs.frontier(PUBLISHED, usage="usd").tasks[0]
    assert found["big"].cost.value == 1.0
    assert found["slow"].dominated_by == ("small",)
    assert found.could_be_on_frontier == ("twin", "twin (2)", "small", "big", "local")
    assert (found.cheapest, found.leader) == ("small", "big")
    assert found["big"].could_be_best
    assert found["local"].n_missing == 400
    assert found.difference.ratio == 10
    assert found.lead.value == 0.84 - 0.8
    assert found.models[-1].model == "local", "what isn't known comes last"
    path = tmp_path / "board.csv"
    PUBLISHED.write_csv(path)
    said = " ".join(run("frontier", str(path), "--usage", "usd").output.split())
    assert said.startswith("Cheapest model that could be best: small (0.1 usd per question). big costs 10× and isn't s")
    assert "The usd of local isn't known, so it is never cheaper than another." in said
    for form in ("markdown", "html", "latex", "csv", "json"):
        assert "unknown" in run("frontier", str(path), "--usage", "usd", "-f", form).output or form in ("csv", "json")
    figure = tmp_path / "frontier.json"
    assert run("plot", "frontier", str(path), "--usage", "usd", "-o", str(figure)).exit_code == 0


def test_percent_scores_with_bounds_give_no_warning_on_their_scale():
    """Percent by `bounds` are no scores of an unknown scale."""
    board = PUBLISHED.with_columns(score=pl.col("score") * 60 + 20)
    found = hs.frontier(board, usage="usd", bounds=(0, 100))
    assert found.tasks[0].percent
    assert "unbounded_scores" not in {warning.code for warning in found.warnings}
    assert any("by the bounds given" in note for note in found.notes)
    assert "unknown scale" in hs.frontier(board.with_columns(stderr=1.0), usage="usd").render("terminal")


def test_models_with_unknown_cost_are_listed_in_the_plural():
    board = PUBLISHED.with_columns(total_cost=pl.when(pl.col("model") == "small").then("total_cost"))
    text = " ".join(hs.frontier(board, usage="usd").render("terminal").split())
    assert "so they are never cheaper than another" in text


@pytest.mark.parametrize("unknown", [0.0, -1.0, None])
def test_a_published_cost_that_is_not_above_0_is_unknown(unknown):
    board = PUBLISHED.with_columns(
        total_cost=pl.when(pl.col("model") == "local").then(pl.lit(unknown, pl.Float64)).otherwise("total_cost")
    )
    found = hs.frontier(board, usage="usd").tasks[0]
    assert found["local"].n_missing == 400
    assert found.cheapest == "small"


def test_options_that_need_answers_are_refused_for_published_scores():
    with pytest.raises(hs.OptionError, match="contain no single answers"):
        hs.frontier(PUBLISHED, usage="usd", cluster="none")
    with pytest.raises(hs.OptionError, match="contain no single answers"):
        hs.frontier(PUBLISHED, usage="usd", variance="CR1")
    with pytest.raises(hs.DataError, match="state their seconds"):
        hs.frontier(PUBLISHED, usage="seconds")
    with pytest.raises(hs.DataError, match="state their usd"):
        hs.frontier(PUBLISHED.drop("n"), usage="usd")


def test_aider_leaderboard_costs_per_question_are_read(real_data):
    """gpt-5 (high) cost 29.0829 dollars for 225 cases; 18 of 69 have no cost."""
    board = real_data / "wild" / "aider-leaderboards" / "aider" / "website" / "_data" / "polyglot_leaderboard.yml"
    found = hs.frontier(board, usage=["usd", "seconds"]).tasks[0]
    assert len(found.models) == 69
    assert sum(buy.n_missing > 0 for buy in found.models) == 18
    assert found["gpt-5 (high)"].cost.value == pytest.approx(29.0829 / 225)
    assert found["gpt-5 (high)"].score.value == pytest.approx(0.88)
    assert found.cheapest == "DeepSeek-V3.2-Exp (Reasoner)"
    assert sum(buy.could_be_on_frontier and not buy.n_missing for buy in found.models) == 25


def test_a_lead_at_n_of_n_has_newcombe_limits_that_include_0():
    """Newcombe's limits of 20 of 20 less 20 of 20, from the exact limits of both."""
    rows = pl.DataFrame({"model": ["dear", "cheap"], "score": [1.0, 0.95], "n": [20, 20], "usd": [2.0, 1.0]})
    found = hs.frontier(rows, usage="usd").tasks[0]
    assert found.cheapest == "cheap"
    assert found.lead.interval.contains(0.0)
    assert found.lead.interval.high > found.lead.value


def test_without_a_standard_error_no_model_is_better_and_costs_stay_known():
    rows = pl.DataFrame(
        {"model": m, "item": i, "score": float((7 * i + k) % 5 < 2 + k), "cluster": "c", "usd": 1.0 + k + i / 40}
        for k, m in enumerate("AB")
        for i in range(40)
    )
    found = hs.frontier(rows, usage="usd", population="new-clusters")
    assert "isn't significantly better" in paragraph(found)
    assert "no error bar" in paragraph(found)
    assert "isn't known" not in found.sentence
    gap = hs.compare(rows, "A", "B", usage="usd")
    for each in gap.usage:
        assert (each.ratio_is, each.decided, each.n_clusters) == ("exact", False, 1)
        assert each.ratio == pytest.approx(each.a / each.b)
        assert math.isnan(each.interval.low)
        assert math.isnan(each.p_value)
    assert "without an error bar" in " ".join(gap.render().split())
    assert "nan" not in gap.render()


def test_an_unknown_score_direction_is_a_warning_on_the_frontier():
    """Of answers and of published scores alike."""
    answers = hs.read(PRICED.rename({"score": "error_rate"}), columns={"score": "error_rate"})
    board = hs.read(PUBLISHED.rename({"score": "error_rate"}), columns={"score": "error_rate"})
    for data in (answers, board):
        assert "unknown_direction" in [warning.code for warning in hs.frontier(data, usage="usd").warnings]
        for said in (True, False):
            answer = hs.frontier(data, usage="usd", lower_is_better=said)
            assert "unknown_direction" not in [warning.code for warning in answer.warnings]
            assert ("Direction: smaller scores are better." in answer.notes) == said


def test_published_error_rates_give_the_frontier_of_their_complements():
    """1 − score with the smaller better: the same buys, and the gap to the leader the other way round."""
    right = hs.frontier(PUBLISHED, usage="usd").tasks[0]
    errors = PUBLISHED.with_columns(score=1 - pl.col("score"))
    wrong = hs.frontier(errors, usage="usd", lower_is_better=True).tasks[0]
    assert [buy.model for buy in wrong.models] == [buy.model for buy in right.models]
    assert [(buy.could_be_best, buy.dominated_by) for buy in wrong.models] == [
        (buy.could_be_best, buy.dominated_by) for buy in right.models
    ]
    assert (wrong.cheapest, wrong.leader, wrong.lower_is_better) == (right.cheapest, right.leader, True)
    assert wrong.lead.value == pytest.approx(-right.lead.value)
    assert "scores lower and costs no more" in paragraph(hs.frontier(errors, usage="usd", lower_is_better=True))


def test_warnings_separate_unknown_scales_from_unknown_numbers_of_questions():
    rows = pl.DataFrame(
        {
            "model": [*"abcd"],
            "task": ["qa", "qa", "elo", "elo"],
            "score": [0.9, 0.5, 1200.0, 0.5],
            "n": [100, 100, 100, None],
            "usd": [2.0, 1.0, 2.0, 1.0],
        }
    )
    warnings = {warning.code: warning.message for warning in hs.frontier(rows, usage="usd").warnings}
    assert warnings["unknown_scale"] == "unknown scale, and left out: c"
    assert warnings["unknown_n"] == "no number of questions, and left out: d"


def test_answers_with_a_mapped_score_column_are_not_read_as_published_scores(tmp_path):
    """A file's own names counted for nothing where one was given: answers were taken for a leaderboard, and refused."""
    PRICED.write_csv(tmp_path / "scores.csv")
    named = hs.read(tmp_path / "scores.csv", columns={"score": "score"})
    found, usual = (hs.frontier(data, usage="usd").to_dict()["tasks"] for data in (named, PRICED))
    same(found, usual)


def test_models_tied_for_the_lowest_cost_are_all_named():
    board = PUBLISHED.filter(pl.col("model").is_in(["big", "small"])).with_columns(total_cost=pl.lit(40.0))
    said = " ".join(hs.frontier(board, usage="usd").render("terminal").split())
    assert said.startswith("Cheapest models that could be best: big, small (0.1 usd per question). big also has ")
    alike = " ".join(hs.frontier(board.with_columns(score=pl.lit(0.8)), usage="usd").render("terminal").split())
    assert alike.startswith("Cheapest models that could be best: big, small (0.1 usd per question). big, small als")
