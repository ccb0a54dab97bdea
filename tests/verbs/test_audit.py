"""audit: what published scores support, from scores and numbers of questions alone."""

import json
import math

import polars as pl
import pytest

import howsure as hs
from asked import same
from invoked import run


def board(**columns):
    return hs.audit(pl.DataFrame(columns)).boards[0]


def codes(answer):
    return [warning.code for warning in answer.warnings]


def test_a_score_above_1_leaves_the_board_unjudged_until_bounds_are_given():
    """0.8% of 500 is no 80%: on a scale that nothing tells no gap is judged, and with `bounds` it is what it is of percent."""
    rows = pl.DataFrame({"model": [*"abcd"], "score": [55.2, 43.1, 0.8, 0.2], "n": [500] * 4})
    unknown = hs.audit(rows)
    assert all(math.isnan(entry.se) and math.isnan(entry.low) for entry in unknown.boards[0].entries)
    assert [entry.verdict for entry in unknown.boards[0].entries] == [None] * 4
    assert "nothing tells the scale" in unknown.boards[0].sentence
    percent = hs.audit(rows, bounds=(0, 100)).boards[0].entries[2]
    assert percent.p_next == pytest.approx(0.18, abs=0.005)


def test_the_scale_is_inferred_for_each_board_separately():
    rows = pl.DataFrame({"task": ["elo", "elo", "qa", "qa"], "model": [*"abab"], "score": [1200.0, 1100.0, 0.9, 0.5]})
    elo, qa = hs.audit(rows, n=100).boards
    assert [math.isfinite(entry.se) for entry in (*elo.entries, *qa.entries)] == [False, False, True, True]


def test_frontier_of_published_percent_scores_requires_bounds():
    rows = pl.DataFrame({"model": [*"abc"], "score": [55.2, 0.8, 0.2], "n": [500] * 3, "usd": [3.0, 2.0, 1.0]})
    with pytest.raises(hs.DataError, match="Percentages need `bounds`"):
        hs.frontier(rows, usage="usd")


def test_a_stated_standard_error_of_0_counts_as_missing():
    """Without a number of questions nothing is known; with one it is the binomial error."""
    rows = pl.DataFrame({"model": [*"abc"], "score": [0.82, 0.81, 0.8], "stderr": [0.0, 0.0, 0.01]})
    without = hs.audit(rows)
    assert [entry.verdict for entry in without.boards[0].entries] == [None] * 3
    assert "A standard error of 0 counts as not stated: a, b." in without.notes
    assert any("no number of questions for a, b" in warning.message for warning in without.warnings)
    known = hs.audit(rows, n=100).boards[0].entries
    assert known[0].se == pytest.approx(math.sqrt(0.82 * 0.18 / 99))
    assert known[2].se == 0.01


def test_duplicate_rows_are_dropped_and_other_results_of_a_model_are_numbered():
    rows = {"model": [*"ABAA"], "score": [0.9, 0.8, 0.9, 0.7], "n": [100] * 4}
    answer = hs.audit(pl.DataFrame(rows))
    assert [entry.model for entry in answer.boards[0].entries] == ["A", "B", "A (2)"]
    assert {"copies_dropped", "several_results"} <= set(codes(answer))
    assert "1 exact copy of other scores left out" in str(answer)
    alone = hs.audit(pl.DataFrame(rows)[:3])
    assert [entry.model for entry in alone.boards[0].entries] == ["A", "B"]
    assert "several_results" not in codes(alone)


ERRORS = pl.DataFrame({"model": [*"abc"], "metric": ["error_rate"] * 3, "score": [0.12, 0.3, 0.4], "n": [100] * 3})


def test_an_unknown_score_direction_is_a_warning_in_audit():
    answer = hs.audit(ERRORS)
    assert answer.boards[0].entries[0].model == "c"
    assert "unknown_direction" in codes(answer)
    assert "unknown_direction" not in codes(hs.audit(ERRORS, lower_is_better=False))


def test_lower_is_better_sorts_the_smallest_score_first():
    """The gaps stay positive, their tests are the same, and a note says it."""
    answer = hs.audit(ERRORS, lower_is_better=True)
    found, turned = answer.boards[0], hs.audit(ERRORS, lower_is_better=False).boards[0]
    assert found.lower_is_better
    assert [entry.model for entry in found.entries] == [*"abc"]
    assert "unknown_direction" not in codes(answer)
    assert "Direction: smaller scores are better." in answer.notes
    assert [entry.difference_next for entry in found.entries[:2]] == pytest.approx([0.18, 0.1])
    assert [entry.p_next for entry in found.entries[:2]] == pytest.approx(
        [entry.p_next for entry in turned.entries[1::-1]]
    )


def test_the_audit_command_accepts_lower_is_better(tmp_path):
    ERRORS.write_csv(tmp_path / "errors.csv")
    said = run("audit", str(tmp_path / "errors.csv"), "--lower-is-better")
    assert said.output.index("\na ") < said.output.index("\nc ")
    assert "--lower-is-better" in " ".join(run("audit", str(tmp_path / "errors.csv")).output.split())


def test_columns_and_rows_of_a_published_table_can_be_selected(tmp_path):
    path = tmp_path / "board.csv"
    path.write_text("lang,model,score,other,n\nx,A,0.7,0.1,100\ny,B,0.5,0.9,100\nx,C,0.6,0.2,100\n")

    def boards(*words):
        return json.loads(run("audit", str(path), "-f", "json", *words).stdout)["boards"][0]["entries"]

    assert [(entry["model"], entry["score"]) for entry in boards("-c", "score=other")] == [
        ("B", 0.9),
        ("C", 0.2),
        ("A", 0.1),
    ]
    assert [entry["model"] for entry in boards("-w", "lang=x")] == ["A", "C"]
    assert boards("-c", "model=lang+model")[0]["model"] == "x · A"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-c", "score=nope"), "no column 'nope' for the score. The columns are: lang, model, score, n."),
        (("-w", "nolang=x"), "no column 'nolang' to choose rows by. The columns are: lang, model, score, n."),
        (("-w", "lang=z"), "no row has z in the column 'lang'. It holds x, y."),
    ],
)
def test_unknown_columns_or_values_of_a_published_table_are_an_error(tmp_path, words, says):
    (tmp_path / "board.csv").write_text("lang,model,score,n\nx,A,0.7,100\ny,B,0.5,100\n")
    answered = run("audit", str(tmp_path / "board.csv"), *words)
    assert answered.exit_code == 1
    assert says in " ".join(answered.output.split())


def test_columns_of_a_published_table_can_be_mapped(tmp_path):
    """Of a file that is named, and of one in a folder."""
    (tmp_path / "board.csv").write_text("system,quality,n\nA,0.7,100\nB,0.5,100\n")
    for path in (tmp_path, tmp_path / "board.csv"):
        scores = hs.read(path, columns={"score": "quality", "model": "system"})
        assert [entry.score for entry in hs.audit(scores).boards[0].entries] == [0.7, 0.5]
        assert hs.audit(scores).boards[0].metric == "quality"


SCALES = {
    "fractions": lambda rows: rows,
    "% signs": lambda rows: rows.with_columns(score=pl.format("{}%", pl.col("score") * 100)),
    "% signs under a name that says percent": lambda rows: rows.with_columns(
        score=pl.format("{}%", pl.col("score") * 100)
    ).rename({"score": "score_pct"}),
    "a name": lambda rows: rows.with_columns(pl.col("score") * 100).rename({"score": "accuracy_pct"}),
}


@pytest.mark.parametrize("scale", SCALES)
def test_published_scores_are_audited_alike_as_frame_file_or_database_table(tmp_path, scale):
    """As a frame, read or not, lazy, as a file, and as a table of DuckDB."""
    duckdb = pytest.importorskip("duckdb")
    rows = SCALES[scale](pl.DataFrame({"model": [*"abc"], "score": [0.75, 0.5, 0.02], "n": [100, 100, 50]}))
    column = rows.columns[1]
    usual = hs.audit(rows.rename({column: "percent"}) if column == "accuracy_pct" else rows)
    rows.write_csv(tmp_path / "board.csv")
    with duckdb.connect(str(tmp_path / "board.duckdb")) as connection:
        connection.execute(f"CREATE TABLE board AS SELECT * FROM read_csv('{tmp_path / 'board.csv'}')")
    asked = {"score": column}
    places = rows, rows.lazy(), tmp_path / "board.csv", tmp_path / "board.duckdb" / "board"
    for scores in (hs.read(place, columns=asked) for place in places):
        answer = hs.audit(scores)
        same(answer.to_dict()["boards"][0]["entries"], usual.to_dict()["boards"][0]["entries"])
        assert codes(answer) == codes(usual)
        assert any("percent" in note for note in answer.notes) == (scale != "fractions")


def test_audit_refuses_rows_of_answers():
    rows = pl.DataFrame({"model": ["a", "b"], "item": [1, 1], "score": [1.0, 0.0]})
    with pytest.raises(hs.DataError, match="no published scores"):
        hs.audit(hs.read(rows))


def test_a_single_score_has_no_difference_to_judge():
    for columns in ({"n": [100]}, {}):
        assert board(model=["a"], score=[0.8], **columns).sentence == "One score leaves no difference to judge."


def test_a_tie_is_never_significant_at_any_correlation():
    text = hs.audit(pl.DataFrame({"model": [*"ab"], "score": [0.8, 0.8], "n": [100, 100]})).render("markdown")
    assert "| never" in text


def test_a_perfect_score_on_few_questions_is_not_significantly_better():
    """10 of 10 and 90 of 100 differ by luck (Fisher: p 0.6), though 100% has a binomial error of 0; 50 of 50 and 1 of 50 don't."""
    few, many = (
        board(model=["a", "b"], score=[1.0, 0.9], n=[10, 100]).entries[0],
        board(model=["a", "b"], score=[1.0, 0.02], n=[50, 50]).entries[0],
    )
    assert few.p_next > 0.2
    assert few.verdict == "not_significant"
    assert many.p_next < 0.001
    assert many.verdict == "significant"


def test_differences_without_a_standard_error_are_counted_with_a_warning():
    answer = hs.audit(pl.DataFrame({"model": [*"abc"], "score": [0.9, 0.5, 0.4], "n": [100, 100, 1]}))
    assert answer.boards[0].sentence.startswith("Of 2 differences between neighbouring ranks, 1 is significant")
    assert answer.boards[0].sentence.endswith("1 can't be judged.")
    assert "one_item" in codes(answer)
    assert "one question" in board(model=["a", "b"], score=[1.0, 0.0], n=[1, 1]).sentence
    assert "one question" in board(model=["a", "b"], score=[1.0, 0.5], n=[1, 10]).sentence
