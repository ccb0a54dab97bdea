"""Repeated grading: gradings are nested in answers in questions, for every verb and in the parts of noise."""

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from trials import draws

GRADING = {"grading": "grading"}


def graded(rng, n=40, answers=3, gradings=(2, 2), spreads=(0.3, 0.2, 0.1), models=("a", "b")):
    """Gradings of answers to n questions. `gradings`: the least and largest number. `spreads`: standard deviations
    between questions, answers and gradings.
    """
    rows = []
    for model in models:
        for question in range(n):
            level = rng.normal(0, spreads[0])
            for answer in range(answers):
                quality = level + rng.normal(0, spreads[1])
                rows += [
                    {"model": model, "question": question, "attempt": answer, "grading": k, "score": quality + e}
                    for k, e in enumerate(rng.normal(0, spreads[2], rng.integers(gradings[0], gradings[1] + 1)))
                ]
    return pl.DataFrame(rows)


def averaged(rows):
    return rows.group_by("model", "question", "attempt", maintain_order=True).agg(pl.col("score").mean())


@pytest.mark.parametrize("verb", [hs.estimate, hs.compare, hs.leaderboard])
def test_an_answer_counts_once_however_often_it_is_graded(verb):
    rows = graded(np.random.default_rng(1), gradings=(1, 6))
    ours, oracle = verb(rows, columns=GRADING).to_dict(), verb(averaged(rows)).to_dict()
    for found in (ours, oracle):
        del found["notes"], found["settings"]
    assert ours == oracle


def test_without_the_role_gradings_of_numbered_attempts_are_an_error_that_names_it():
    with pytest.raises(hs.DataError) as error:
        hs.estimate(graded(np.random.default_rng(2)))
    assert "columns={'grading': '…'}" in error.value.remedy


@pytest.mark.parametrize("kind", ["lazy", "csv", "parquet", "pandas", "duckdb"])
def test_every_kind_of_table_gives_the_same_parts(kind, tmp_path):
    rows = graded(np.random.default_rng(3), gradings=(1, 4))
    if kind == "csv":
        rows.write_csv(tmp_path / "g.csv")
        data = tmp_path / "g.csv"
    elif kind == "parquet":
        rows.write_parquet(tmp_path / "g.parquet")
        data = pl.scan_parquet(tmp_path / "g.parquet")
    elif kind == "duckdb":
        duckdb = pytest.importorskip("duckdb")
        data = duckdb.sql("select * from rows")
    else:
        data = rows.lazy() if kind == "lazy" else pytest.importorskip("pandas").DataFrame(rows.to_dict(as_series=False))
    ours, plain = (hs.noise(each, columns=GRADING)["a"] for each in (data, rows))
    assert ours.se == pytest.approx(plain.se)
    assert ours.variance_between_gradings == pytest.approx(plain.variance_between_gradings)
    assert ours.gradings == pytest.approx(plain.gradings)


def test_balanced_parts_are_those_of_the_nested_analysis_of_variance():
    n, k, g = 40, 3, 2
    rows = graded(np.random.default_rng(4), n, k, (g, g)).filter(model="a")
    x = rows["score"].to_numpy().reshape(n, k, g)
    questions = k * g * ((x.mean(axis=(1, 2)) - x.mean()) ** 2).sum() / (n - 1)
    answers = g * ((x.mean(axis=2) - x.mean(axis=(1, 2))[:, None]) ** 2).sum() / (n * (k - 1))
    gradings = ((x - x.mean(axis=2, keepdims=True)) ** 2).sum() / (n * k * (g - 1))
    entry = hs.noise(rows, columns=GRADING)["a"]
    size = n * k * g
    assert entry.se**2 == pytest.approx(questions / size)
    assert entry.grading_variance == pytest.approx(gradings)
    assert entry.variance_between_gradings == pytest.approx(gradings / size)
    assert entry.variance_within_questions == pytest.approx(answers / size)
    assert entry.answer_share == pytest.approx((answers - gradings) / questions)
    assert entry.grading_share == pytest.approx(gradings / questions)


def test_the_forecast_of_gradings_is_the_closed_form():
    entry = hs.noise(graded(np.random.default_rng(5), n=50), columns=GRADING)["a"]
    rest = entry.se**2 - entry.variance_between_gradings
    once = entry.variance_between_gradings_once
    assert entry.variance_between_gradings == pytest.approx(once / 2)
    for each in entry.graded:
        assert each.se == pytest.approx((rest + once / each.gradings) ** 0.5)
        assert each.items_with_one == pytest.approx(50 * (rest + once) / each.se**2)
    assert [each.gradings for each in entry.graded] == [1, 2, 3, 5]
    assert entry.graded[1].se == pytest.approx(entry.se)


def test_a_forecast_from_two_gradings_agrees_with_five():
    rng, ratios = np.random.default_rng(6), []
    for _ in range(20):
        rows = graded(rng, 60, 2, (5, 5), (0.3, 0.1, 0.4), models=("a",))
        few = hs.noise(rows.filter(pl.col("grading") < 2), columns=GRADING)["a"]
        ratios.append(few.graded[3].se / hs.noise(rows, columns=GRADING)["a"].se)
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
    assert 0.75 < min(ratios) < max(ratios) < 1.3


def test_the_difference_of_two_models_has_the_gradings_of_both():
    rows = graded(np.random.default_rng(7), gradings=(1, 4))
    one, other, gap = hs.noise(rows, "a", "b", columns=GRADING).tasks[0].entries
    assert gap.variance_between_gradings == pytest.approx(
        one.variance_between_gradings + other.variance_between_gradings
    )
    assert gap.se == pytest.approx(hs.compare(averaged(rows), "a", "b", method="t").se)


def test_percent_scores_have_the_same_parts_as_fractions():
    rows = graded(np.random.default_rng(8)).with_columns(pl.col("score").clip(0, 1))
    percent = rows.with_columns(pl.col("score") * 100)
    ours, plain = hs.noise(percent, columns=GRADING, bounds=(0, 100))["a"], hs.noise(rows, columns=GRADING)["a"]
    assert ours.variance_between_gradings == pytest.approx(plain.variance_between_gradings)


def test_gradings_without_a_score_do_not_count():
    rows = graded(np.random.default_rng(9), gradings=(2, 3))
    more = pl.concat([rows, rows.filter(grading=0).with_columns(grading=pl.lit(9), score=None)], how="vertical_relaxed")
    assert hs.noise(more, columns=GRADING)["a"] == hs.noise(rows, columns=GRADING)["a"]
    lost = rows.with_columns(score=pl.when(pl.col("question") > 0).then("score"))
    assert hs.estimate(lost, columns=GRADING).entries[0].n_failed == 3


def test_one_answer_per_question_leaves_questions_and_answers_together():
    answer = hs.noise(graded(np.random.default_rng(10), answers=1), columns=GRADING)
    entry = answer["a"]
    assert np.isnan(entry.answer_share)
    assert 0 < entry.grading_share < 1
    assert "is between questions, with one answer each, and" in answer.sentence


def test_one_grading_each_leaves_the_judge_unknown():
    answer = hs.noise(graded(np.random.default_rng(11), gradings=(1, 1)), columns=GRADING)
    assert (answer["a"].gradings, answer["a"].graded) == (1, ())
    assert "gradings of an answer" not in answer.sentence


def test_a_judge_that_repeats_itself_brings_nothing():
    rows = graded(np.random.default_rng(12), spreads=(0.3, 0.2, 0))
    answer = hs.noise(rows, columns=GRADING)
    assert answer["a"].grading_share == pytest.approx(0)
    assert "so grading again brings nothing" in str(answer).replace("\n", " ")


def test_nothing_that_varies_has_no_shares():
    rows = graded(np.random.default_rng(13), spreads=(0, 0, 0))
    assert hs.noise(rows, columns=GRADING)["a"].graded == ()


def test_the_command_shows_shares_forecasts_and_the_same_number_of_questions(tmp_path):
    graded(np.random.default_rng(14)).write_csv(tmp_path / "g.csv")
    done = CliRunner().invoke(main, ["noise", str(tmp_path / "g.csv"), "-c", "grading=grading"])
    assert done.exit_code == 0
    text = " ".join(done.output.split())
    assert "between answers to a question" in text
    assert "Gradings of an answer are averaged first" in text
    assert "How many questions with one grading per answer have the SE of 2, 3 and 5." in text


def test_intervals_hold_where_poor_answers_are_graded_more_often():
    n = draws(40, 100)
    rng, held, pooled = np.random.default_rng(15), 0, 0
    for _ in range(n):
        rows = graded(rng, 50, 2, (6, 6), (0.2, 0.4, 0.1), models=("a",))
        poor = rows.group_by("question", "attempt").agg(poor=pl.col("score").mean() < 0)
        kept = rows.join(poor, on=["question", "attempt"]).filter(pl.col("poor") | (pl.col("grading") < 1)).drop("poor")
        held += hs.estimate(kept, columns=GRADING).entries[0].interval.contains(0)
        flat = kept.with_columns(attempt=pl.int_range(pl.len()).over("question")).drop("grading")
        pooled += hs.estimate(flat).entries[0].interval.contains(0)
    assert held >= 0.85 * n
    assert pooled < 0.8 * n


def test_real_verdicts_that_a_judge_gave_twice_have_the_mean_squares_of_their_table(real_data):
    rows = pl.read_parquet(real_data / "tidy" / "llmbar.parquet").filter(judge="GPT-4", prompt="Swap")
    rows = rows.with_columns(question=pl.concat_str("subset", "item")).drop("item").drop_nulls("score")
    whole = rows.filter(pl.len().over("question") == 4)
    x = whole.sort("question", "swapped", "epoch")["score"].to_numpy().reshape(-1, 2, 2)
    names = {"model": "judge", "item": "question", "attempt": "swapped", "grading": "epoch", "task": "benchmark"}
    entry = hs.noise(whole, columns=names)["GPT-4"]
    assert len(x) > 100
    assert entry.grading_variance == pytest.approx(((x - x.mean(axis=2, keepdims=True)) ** 2).sum() / x.size * 2)
    assert entry.se == pytest.approx(x.mean(axis=(1, 2)).std(ddof=1) / len(x) ** 0.5)
