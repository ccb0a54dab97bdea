"""In a notebook, scores are shown as a bounded table of models and tasks, with escaped names."""

import html
import re

import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered
from howsure.present import scores as shown
from howsure.present.render.visible import visible
from howsure.table.scores import Scores
from places import LOGS


def table(data):
    return hs.read(data)._repr_html_()


def test_scores_show_the_mean_and_the_number_of_items_and_attempts():
    text = table(LOGS)
    assert "4 models, 1 task, 2,000 scores." in text
    assert text.count("<tr>") == 5
    assert "100 questions × 5" in text
    for entry in hs.estimate(LOGS).entries:
        assert f"{100 * entry.estimate.value:.1f}%" in text
    assert text.count("<svg") == text.count("</svg>") == 4
    assert "http" not in text


def test_missing_tasks_and_failed_attempts_are_shown():
    rows = pl.concat(
        [clustered().with_columns(task=pl.lit("a")), clustered(models=("a",)).with_columns(task=pl.lit("b"))]
    )
    score = pl.when((pl.col("model") == "a") & (pl.col("item") == rows["item"][0])).then(None).otherwise("score")
    text = table(rows.with_columns(score=score).filter((pl.col("model") != "b") | (pl.col("item") != rows["item"][1])))
    assert '<td colspan="2">–</td>' in text
    assert "1 failed" in text


def test_scores_on_other_scales_are_shown_without_percent():
    rows = clustered().with_columns(score=1000 * pl.col("score") - 300)
    assert " %" not in table(rows)
    assert "<rect" in table(rows)


def test_models_and_tasks_beyond_the_limit_are_counted():
    models = tuple(f"m{k:02}" for k in range(shown.MOST_MODELS + 3))
    rows = pl.concat([clustered(models=models).with_columns(task=pl.lit(f"t{k}")) for k in range(shown.MOST_TASKS + 1)])
    text = table(rows)
    assert text.count("<tr>") == 1 + shown.MOST_MODELS
    assert "… and 3 more models. … and 1 more task or metric." in text


def test_hostile_names_are_escaped():
    evil = ["<script>x</script>", '"><img src=x>', "a\u202eb", "&amp;"]
    rows = attempts(models=tuple(evil)).with_columns(task=pl.lit(evil[1]))
    text = table(rows)
    assert "<script" not in text
    assert "<img" not in text
    names = re.findall(r'<th scope="row">(.*?)</th>', text)
    assert {html.unescape(name) for name in names} == set(map(visible, evil))


def test_a_lazy_frame_of_the_caller_is_not_read():
    def fail(_):
        raise AssertionError("rows were read")

    rows = pl.LazyFrame({"model": ["a"], "item": ["x"], "score": [1]})
    text = Scores(rows=rows.map_batches(fail, schema=rows.collect_schema()))._repr_html_()
    assert "<pre>Scores in a polars LazyFrame\n" in text


def test_too_many_rows_show_a_summary_instead_of_a_table(monkeypatch):
    monkeypatch.setattr(shown, "MOST_ROWS", 3)
    assert "<pre>" in table(LOGS)
    assert "<pre>" in table(clustered())


def test_invalid_rows_show_a_message_instead_of_an_exception():
    text = table(clustered().with_columns(score=pl.lit(float("inf"))))
    assert "<pre>Scores in a polars LazyFrame" in text
    assert "<p>" in text


@pytest.mark.parametrize("convert", [pl.DataFrame.to_pandas, pl.DataFrame.to_arrow])
def test_pandas_and_arrow_frames_are_shown_too(convert):
    assert "<table" in table(convert(clustered()))


def test_an_empty_frame_shows_no_table():
    assert "<table" not in Scores(rows=pl.DataFrame())._repr_html_()
