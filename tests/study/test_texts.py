"""Word error rate, BLEU and chrF of texts equal jiwer's and sacrebleu's (tests/references/metrics.py)."""

import json

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.mean_intervals import OfMetric
from howsure.statistics.metrics import METRICS, jackknife
from howsure.statistics.metrics.base import Rows
from howsure.study.texts import COUNTS, edit_distances
from places import ROOT
from trials import draws

FOLDER = ROOT / "tests" / "references"
TEXTS = pl.read_csv(FOLDER / "texts.csv")
KNOWN = json.loads((FOLDER / "metrics.json").read_text())["texts"]


@pytest.mark.parametrize("word", ["wer", "cer", "bleu", "chrf"])
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


def test_texts_without_common_characters_have_no_chrf():
    rows = TEXTS.with_columns(prediction=pl.lit("ζζζ"))
    with pytest.raises(hs.DataError, match="no character is right, so chrf is 0"):
        hs.estimate(rows, statistic="chrf")


@pytest.mark.parametrize("word", ["bleu", "chrf"])
def test_limits_of_texts_end_at_100(word):
    nearly = TEXTS.with_columns(prediction=pl.when(pl.col("item") == "q3").then("prediction").otherwise("label"))
    found = hs.estimate(nearly, statistic=word)[0].estimate
    assert found.low < found.value < found.high < 100
    found = hs.estimate(nearly.with_columns(prediction="label"), statistic=word)[0].estimate
    assert (found.value, found.high) == (100, 100)
    assert found.low == pytest.approx(100 * 0.025 ** (1 / 60))


def measured(word, counts, times=None):
    """A metric of texts with these counts, each drawn so many times."""
    times = np.ones(len(counts)) if times is None else times
    blank = np.zeros(len(counts))
    return METRICS[word].measure(Rows(label=blank, prediction=blank, share=times / times.sum(), counts=counts))


@pytest.mark.parametrize(
    "pairs",
    [
        [("the cat sat", "the cat sat")],
        [("a b", "ab"), ("", "xyz"), ("höher als 3.", "hoeher als 3"), ("the cat", "")],
        [("ab", "abcdefgh ijk"), ("abcdefgh", "b"), ("你好世界", "你好，世界")],
    ],
)
def test_chrf_equals_sacrebleu_for_short_empty_and_foreign_texts(pairs):
    chrf = pytest.importorskip("sacrebleu.metrics.chrf").CHRF()
    right, said = (list(texts) for texts in zip(*pairs, strict=True))
    counts = COUNTS["chrf"](pl.Series(right), pl.Series(said))
    assert measured("chrf", counts).value == pytest.approx(chrf.corpus_score(said, [right]).score, rel=1e-9)


@pytest.mark.parametrize("word", ["bleu", "chrf"])
def test_influences_of_texts_are_nearly_those_of_the_jackknife(word):
    counts = COUNTS[word](TEXTS["label"], TEXTS["prediction"])
    found, share = measured(word, counts), np.full(len(counts), 1 / len(counts))
    without = np.array([measured(word, np.delete(counts, k, axis=0)).value for k in range(len(counts))])
    knife = jackknife(found.value, without, share)
    assert np.corrcoef(found.influence, knife.influence)[0, 1] > 0.999
    assert np.std(found.influence) == pytest.approx(np.std(knife.influence), rel=0.05)


@pytest.mark.unmeasured
@pytest.mark.parametrize("word", ["bleu", "chrf"])
def test_intervals_of_texts_hold_what_they_say(word):
    """Texts of differing length and quality are drawn from 2,000; the truth is the metric of all of these."""
    rng = np.random.default_rng(6)
    words = np.array(["".join(rng.choice([*"etaoinshrdlu"], rng.integers(1, 9))) for _ in range(300)])
    right = [rng.choice(words, rng.integers(3, 40)) for _ in range(2000)]
    said = [
        [w if rng.random() > rate else str(rng.choice(words)) for w in text]
        for text, rate in zip(right, rng.beta(0.3, 8, 2000), strict=True)
    ]
    counts = COUNTS[word](*(pl.Series([" ".join(text) for text in texts]) for texts in (right, said)))
    truth, held, trials = measured(word, counts).value, [], draws(80, 2000)
    for _ in range(trials):
        drawn = counts[rng.integers(0, 2000, 100)]
        found = measured(word, drawn)
        rows = pl.DataFrame({"model": "m", "item": range(100), "score": found.scores})
        interval = hs.estimate(rows, interval=OfMetric("percent", np.array([np.inf])))[0].estimate.interval
        held.append(interval.low <= truth <= interval.high)
    assert np.mean(held) >= 0.94 - 3 * np.sqrt(0.05 * 0.95 / trials)
