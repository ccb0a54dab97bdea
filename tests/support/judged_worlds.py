"""Judged answers whose truth is known."""

import numpy as np

from howsure.statistics.judge_correction import JudgedAnswers
from howsure.statistics.judge_strata import joined, strata
from trials import draws


def judged(rng, rate, judge, labels, *, n=1000, clusters=0, icc=0.2):
    """Answers in so many clusters with an intra-cluster correlation, a judge's sensitivity and specificity, and random labels."""
    code = np.arange(n) % clusters if clusters else None
    ease = rng.beta(rate * (1 / icc - 1), (1 - rate) * (1 / icc - 1), clusters)[code] if clusters else rate
    right = rng.random(n) < ease
    said = np.where(right, rng.random(n) < judge[0], rng.random(n) >= judge[1]).astype(float)
    shown = np.full(n, np.nan)
    chosen = rng.choice(n, labels, replace=False)
    shown[chosen] = right[chosen]
    return JudgedAnswers(strata=joined(strata(said, labels), np.isfinite(shown)), labels=shown, clusters=code)


def assert_held(draw, truth, few=150):
    """Assert that of so many intervals .93 hold the truth, three Monte-Carlo errors off."""
    rng, tables = np.random.default_rng(0), draws(few, 300)
    held = np.mean([draw(rng).contains(truth) for _ in range(tables)])
    assert held > 0.93 - 3 * np.sqrt(0.93 * 0.07 / tables)
