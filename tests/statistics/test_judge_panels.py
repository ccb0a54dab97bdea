"""Several judges combined by labels, their accuracy, and leaderboards of corrected rates."""

import numpy as np
import pytest

from howsure.statistics.intervals import clopper_pearson
from howsure.statistics.judge_correction import JudgedAnswers, accuracy, corrected
from howsure.statistics.judge_differences import judged_pairs
from howsure.statistics.judge_strata import joined, opinion, strata, strata_of_panel
from judged_worlds import assert_held, judged
from trials import draws

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


@pytest.mark.no_cover
@pytest.mark.parametrize("labels", draws([10, 200], [10, 40, 200]))
@pytest.mark.parametrize("judges", [*draws([], [[GOOD, GOOD]]), [GOOD, USELESS, USELESS]])
def test_corrected_intervals_of_several_judges_cover(judges, labels):
    def draw(rng):
        said, shown = panel(rng, 0.8, judges, labels)
        code = joined(strata_of_panel(opinion(said, shown), labels), np.isfinite(shown))
        return corrected(JudgedAnswers(strata=code, labels=shown), 0.95).rate.interval

    assert_held(draw, 0.8)


def test_sensitivity_and_specificity_count_labelled_verdicts():
    verdicts = np.repeat([1.0, 0.0, 1.0, 0.0, np.nan], [18, 2, 4, 6, 5])
    labels = np.repeat([1.0, 0.0, 1.0], [20, 10, 5])
    found = accuracy(verdicts, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=labels), 0.95)
    assert found.sensitivity.value == pytest.approx(0.9)
    assert found.specificity.value == pytest.approx(0.6)
    assert found.sensitivity.n_items == 20
    perfect = accuracy(labels, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=labels), 0.95)
    assert perfect.specificity.interval.low == pytest.approx(float(clopper_pearson(10, 10, 0.95)[0]))
    assert accuracy(verdicts / 2, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=labels), 0.95) is None
    none = accuracy(verdicts, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=np.ones(35)), 0.95)
    assert np.isnan(none.specificity.value)


def test_pairs_of_corrected_rates_have_conservative_variances():
    rng = np.random.default_rng(3)
    fits = [corrected(judged(rng, rate, GOOD, 40), 0.95) for rate in (0.9, 0.7, 1.0)]
    pairs = judged_pairs(fits, [np.arange(1000)] * 3)
    values = np.array([each.rate.value for each in fits])
    np.testing.assert_allclose(pairs.difference, values[:, None] - values, atol=1e-9)
    sides = (fits[0].sums.below.half_width(0.95) / 1.96) ** 2 + (fits[1].sums.above.half_width(0.95) / 1.96) ** 2
    assert pairs.variance[0, 1] + pairs.added[0, 1] > 0.6 * sides
    assert pairs.p_value[0, 1] == pairs.p_value[1, 0]


def test_equal_corrected_models_keep_the_familywise_error():
    """By any pair of five, at the corrected level: hardly ever, and a model with all labels alike is no exception."""
    rng, false, boards = np.random.default_rng(4), 0, draws(20, 60)
    for _ in range(boards):
        fits = [corrected(judged(rng, 0.95, GOOD, 20, n=300), 0.95) for _ in range(5)]
        pairs = judged_pairs(fits, [np.arange(300)] * 5)
        false += bool((pairs.p_value[np.triu_indices(5, 1)] < 0.05 / 10).any())
    assert false <= 0.1 * boards
    assert strata(np.ones(3), 2).tolist() == [0, 0, 0]
