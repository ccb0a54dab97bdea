"""Word error rate and BLEU of texts equal jiwer's and sacrebleu's (tests/references/metrics.py)."""

import json

import polars as pl
import pytest

import howsure as hs
from howsure.study.texts import edit_distances
from places import ROOT

FOLDER = ROOT / "tests" / "references"
TEXTS = pl.read_csv(FOLDER / "texts.csv")
KNOWN = json.loads((FOLDER / "metrics.json").read_text())["texts"]


@pytest.mark.parametrize("word", ["wer", "cer", "bleu"])
def test_metrics_of_texts_equal_those_of_jiwer_and_sacrebleu(word):
    found = hs.estimate(TEXTS, statistic=word)[0].estimate
    assert found.value == pytest.approx(KNOWN[word], rel=1e-9)
    assert 0 < found.interval.low < found.value < found.interval.high


def test_the_error_rate_of_texts_is_the_ratio_of_counted_errors_and_words():
    errors, words = edit_distances(TEXTS["label"], TEXTS["prediction"], characters=False)
    counted = TEXTS.with_columns(prediction=pl.Series(errors), label=pl.Series(words))
    assert hs.estimate(counted, statistic="wer")[0].estimate == hs.estimate(TEXTS, statistic="wer")[0].estimate


def test_a_missing_prediction_is_a_failed_attempt_and_an_empty_one_is_all_errors():
    rows = TEXTS.head(3).with_columns(prediction=pl.Series(["", None, "the cat"]))
    found = hs.estimate(rows, statistic="wer")[0]
    assert (found.n_failed, found.estimate.n_items) == (1, 2)
    assert hs.estimate(rows.head(1).with_columns(item=pl.lit("q")), statistic="wer")[0].estimate.value == 1


def test_texts_without_common_words_have_no_bleu():
    rows = TEXTS.with_columns(prediction=pl.lit("zzz yyy xxx www"))
    with pytest.raises(hs.DataError, match="no sequence of 1 words is right"):
        hs.estimate(rows, statistic="bleu")
