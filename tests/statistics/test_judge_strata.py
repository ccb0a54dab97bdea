"""Strata of judge verdicts: merging those with few labels, and combining several judges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics.judge_correction import JudgedAnswers, corrected
from howsure.statistics.judge_strata import FEWEST, HARDLY_NONE, joined, opinion, strata_of_panel
from judged_worlds import assert_held, judged
from trials import draws

counts = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 40)), min_size=1, max_size=5)


def answers(parts):
    """Strata of so many labelled and other answers."""
    code = np.repeat(np.arange(len(parts)), [sum(part) for part in parts])
    known = np.concatenate([np.arange(sum(part)) < part[0] for part in parts])
    return code, known


def test_the_stratum_with_fewest_labels_joins_the_neighbour_with_fewer():
    code, known = answers([(6, 20), (2, 20), (9, 20)])
    assert [np.bincount(joined(code, known)).tolist(), joined(code, known)[26]] == [[48, 29], 0]
    code, known = answers([(9, 20), (2, 20), (6, 20)])
    assert np.bincount(joined(code, known)).tolist() == [29, 48]
    code, known = answers([(3, 20), (2, 20), (4, 20)])
    assert np.bincount(joined(code, known)).tolist() == [45, 24] if FEWEST < 5 else [69]


def test_two_strata_with_few_labels_are_merged():
    code, known = answers([(4, 300), (36, 600)])
    assert joined(code, known).tolist() == [0] * len(code)
    code, known = answers([(5, 300), (35, 600)])
    assert joined(code, known).tolist() == code.tolist()


def test_an_improbably_unlabelled_stratum_is_not_merged():
    code, known = answers([(0, 300), (40, 600)])
    assert joined(code, known).tolist() == code.tolist(), "nothing is known of it, and the interval says so"
    code, known = answers([(0, 30), (40, 870)])
    assert joined(code, known).tolist() == [0] * len(code), "1.3 labels are expected"


def test_fully_labelled_answers_have_one_stratum():
    code, known = answers([(50, 0), (40, 0)])
    assert joined(code, known).tolist() == [0] * 90


@given(counts.filter(lambda parts: sum(part[0] for part in parts) > 0 and sum(part[1] for part in parts) > 0))
def test_every_merged_stratum_has_enough_labels_or_is_the_only_one(parts):
    code, known = answers(parts)
    found = joined(code, known)
    labels, sizes = np.bincount(found[known], minlength=found.max() + 1), np.bincount(found)
    left_open = (labels == 0) & (known.sum() * sizes / len(code) >= HARDLY_NONE - 1e-9)
    assert (labels[~left_open] >= FEWEST).all() or (~left_open).sum() == 1
    assert len(np.unique(found)) == found.max() + 1
    for k in np.unique(code):
        assert len(np.unique(found[code == k])) == 1, "strata are joined, never split"


def test_one_stratum_gives_the_interval_of_the_labels_alone():
    labels = np.full(500, np.nan)
    labels[:10] = [1, 1, 0, 1, 1, 1, 1, 0, 1, 1]
    found = corrected(JudgedAnswers(strata=np.zeros(500, dtype=np.int64), labels=labels), 0.95)
    assert (found.rate.interval.low, found.rate.interval.high) == pytest.approx(
        (found.alone.interval.low, found.alone.interval.high), abs=1e-9
    )


def test_a_stratum_of_two_labels_does_not_dominate_the_interval():
    """18 of 1,000 answers with 2 labels, 1 right, beside 197 of 198: [88.4, 100], where both at their own limits have [95.4, 100]."""
    code = np.repeat([0, 1], [18, 982])
    labels = np.full(1000, np.nan)
    labels[:2], labels[18:216] = [0, 1], 1
    labels[18] = 0
    found = corrected(JudgedAnswers(strata=code, labels=labels), 0.95)
    assert found.rate.interval.low == pytest.approx(0.954, abs=0.001)
    assert found.rate.interval.high == 1
    together = corrected(JudgedAnswers(strata=joined(code, np.isfinite(labels)), labels=labels), 0.95)
    assert together.rate.interval == together.alone.interval or together.rate.interval.low == pytest.approx(
        together.alone.interval.low, abs=1e-9
    )


def test_the_interval_includes_the_variance_of_stratum_shares():
    """200 answers, half of them labelled, of a judge that was right each time: cut off at the strata's own limits .75 held in place of .95."""
    code = np.repeat([0, 1], [100, 100])
    labels = np.full(200, np.nan)
    labels[:50], labels[100:150] = 0, 1
    found = corrected(JudgedAnswers(strata=code, labels=labels), 0.95).rate.interval
    assert (found.high - found.low) / 2 >= stats.norm.ppf(0.975) * np.sqrt(0.25 / 200) * (1 - 1e-9)
    assert_held(lambda rng: corrected(judged(rng, 0.7, (1.0, 1.0), 100, n=200), 0.95).rate.interval, 0.7)


@pytest.mark.unmeasured
@pytest.mark.parametrize("labels", draws([10, 40], [10, 20, 40, 100]))
def test_corrected_intervals_are_rarely_much_wider_than_those_of_labels_alone(labels):
    """Above 1.1 times in at most .10 of samples, over judges and rates; scripts/judge-trial --table alone has the whole grid."""
    wide, held = [], []
    for k, (rate, judge) in enumerate(
        (rate, judge) for rate in (0.5, 0.9, 0.98) for judge in ((0.6, 0.4), (0.8, 0.7), (1.0, 1.0))
    ):
        rng = np.random.default_rng([labels, k])
        for _ in range(draws(12, 60)):
            found = corrected(judged(rng, rate, judge, labels), 0.95)
            one, other = (each.interval.high - each.interval.low for each in (found.rate, found.alone))
            wide.append(one > 1.1 * other)
            held.append(found.rate.interval.contains(rate))
    assert np.mean(wide) <= 0.1
    assert np.mean(held) > 0.93 - 3 * draws(1, 0) * np.sqrt(0.93 * 0.07 / len(held))


GOOD, USELESS = (0.95, 0.95), (0.6, 0.4)


def panel(rng, rate, judges, labels, n=1000):
    """Verdicts of several judges (n, J), and labels."""
    right = rng.random(n) < rate
    said = np.column_stack([np.where(right, rng.random(n) < hit, rng.random(n) >= turn) for hit, turn in judges])
    shown = np.where(np.isin(np.arange(n), rng.choice(n, labels, replace=False)), right, np.nan)
    return said.astype(float), shown


def test_one_accurate_judge_outweighs_five_random_ones():
    said, shown = panel(np.random.default_rng(0), 0.6, [GOOD, *[USELESS] * 5], 200)
    together = opinion(said, shown) > 0.5
    assert (together == (said[:, 0] == 1)).mean() > 0.97


def test_a_missing_verdict_counts_one_half_and_an_inverted_judge_is_reversed():
    said, shown = panel(np.random.default_rng(1), 0.6, [GOOD, (0.1, 0.1)], 300)
    alone = said[:, :1].copy()
    alone[:10] = np.nan
    assert (opinion(alone, shown)[:10] == 0.5).all()
    assert np.corrcoef(opinion(said, shown), said[:, 0])[0, 1] > 0.9


def test_numeric_verdicts_are_used_by_rank():
    rng = np.random.default_rng(2)
    said, shown = panel(rng, 0.6, [GOOD, GOOD], 100)
    shifted = np.column_stack([said[:, 0], np.exp(5 * said[:, 1] + rng.random(1000))])
    assert np.corrcoef(opinion(shifted, shown), opinion(said, shown))[0, 1] > 0.9


@pytest.mark.unmeasured
@pytest.mark.parametrize("labels", draws([10, 200], [10, 40, 200]))
@pytest.mark.parametrize("judges", [*draws([], [[GOOD, GOOD]]), [GOOD, USELESS, USELESS]])
def test_corrected_intervals_of_several_judges_cover(judges, labels):
    def draw(rng):
        said, shown = panel(rng, 0.8, judges, labels)
        code = joined(strata_of_panel(opinion(said, shown), labels), np.isfinite(shown))
        return corrected(JudgedAnswers(strata=code, labels=shown), 0.95).rate.interval

    assert_held(draw, 0.8)
