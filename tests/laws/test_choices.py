"""Interval, variance and test methods: every documented name computes something distinct, other values are errors, and users can pass their own objects."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, get_args

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.errors import MethodError, OptionError
from howsure.statistics import choices
from howsure.statistics.attempts import ATTEMPT_SCORES, attempt_score
from howsure.statistics.clustered_variance import (
    VARIANCES,
    VarianceEstimator,
    covariance,
    degrees_of_freedom,
    variance_of,
)
from howsure.statistics.difference import difference
from howsure.statistics.difference_tests import TESTS, DifferenceTest, test_of
from howsure.statistics.differences import Pivot
from howsure.statistics.group_sequential import SPENDINGS, spent
from howsure.statistics.mean_intervals import INTERVALS, MeanInterval, interval_of
from howsure.statistics.means import mean
from howsure.statistics.multiplicity import CORRECTIONS, corrected_p
from howsure.statistics.votes import TIE_RULES, tie_rule

test_of.__test__ = False
TABLES = {
    "interval": (choices.IntervalMethod, INTERVALS),
    "method": (choices.ComparisonMethod, TESTS),
    "variance": (choices.Variance, VARIANCES),
    "ties": (choices.Ties, TIE_RULES),
    "spending": (choices.Spending, SPENDINGS),
    "adjust": (choices.Adjustment, CORRECTIONS),
    "score": (choices.ScoreKind, ATTEMPT_SCORES | dict.fromkeys(("mean", "prob"))),
}
ALIKE = {"max-t": "holm", "best-of-": "pass@"}
"""Words that are others where there is nothing more to know: p-values alone, and right-or-wrong answers."""
X = np.array([1.0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1])
Y = np.array([0.0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0])
CODES = np.array([0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5])
COMPUTED = {
    "interval": lambda word: mean(X, clusters=(CODES,), attempts=np.ones(12), interval=word).interval.low,
    "method": lambda word: difference(X, Y, method=word).estimate.interval.low,
    "variance": lambda word: (
        covariance(X[:, None], np.ones(12), (CODES,), word)[0, 0],
        degrees_of_freedom((CODES,), np.ones(12), word),
    ),
    "ties": lambda word: tuple(tie_rule(word).at(np.array([0.7]), 0.4).log.ravel()),
    "spending": lambda word: spent(word, 0.05, np.array([0.4]))[0],
    "adjust": lambda word: tuple(corrected_p(np.array([0.01, 0.03, 0.04]), word)),
    "score": lambda word: attempt_score(word, 3, np.array([5.0]), np.array([3.0]))[0],
}


@pytest.mark.parametrize("option", TABLES)
def test_the_literal_type_of_an_option_lists_exactly_its_methods(option):
    alias, table = TABLES[option]
    assert set(get_args(alias)) == set(table)
    assert all(made is None or getattr(made, "name", word) == word for word, made in table.items())


@pytest.mark.parametrize("option", TABLES)
def test_no_two_method_names_of_an_option_give_the_same_result(option):
    words = [word for word, made in TABLES[option][1].items() if made is not None and word not in ALIKE]
    found = {word: COMPUTED[option](word) for word in words}
    same = [(a, b) for a, b in itertools.combinations(words, 2) if found[a] == found[b]]
    assert same == []


@pytest.mark.parametrize("option", TABLES)
@pytest.mark.parametrize("choice", ["agresti-coull", 3, object()])
def test_an_unknown_method_is_an_error(option, choice):
    with pytest.raises(MethodError, match="is not one of"):
        COMPUTED[option](choice)


# a user's own object


@dataclass(frozen=True)
class AgrestiCoull(MeanInterval):
    name: ClassVar[str] = "agresti-coull"

    def limits(self, means, level):
        means.require_fractions(self.name)
        z = NormalDist().inv_cdf((1 + level) / 2)
        n = means.effective + z**2
        centre = (means.value * means.effective + z**2 / 2) / n
        half = z * np.sqrt(centre * (1 - centre) / n)
        return centre - half, centre + half


@dataclass(frozen=True)
class ZTest(DifferenceTest):
    name: ClassVar[str] = "z"

    def pivot(self, pair, level):
        normal, plain = NormalDist(), pair.plain
        half = normal.inv_cdf((1 + level) / 2) * plain.se
        p_value = 2 * normal.cdf(-abs(plain.value) / plain.se)
        return Pivot(p_value=p_value, low=plain.value - half, high=plain.value + half)


@dataclass(frozen=True)
class CR3(VarianceEstimator):
    name: ClassVar[str] = "CR3"

    def inflation(self, shares, clusters):
        return VARIANCES["CR2"].inflation(shares, clusters) ** 2

    def df(self, sums):
        return sums.count - 1


def rows(models="ab", count=40, tasks=("t",)):
    return pl.DataFrame(
        [
            {"task": task, "model": model, "item": k, "score": float((k * 7 + 3 * m) % 10 > 2 + m), "passage": k // 2}
            for task in tasks
            for m, model in enumerate(models)
            for k in range(count)
        ]
    )


def test_a_custom_interval_method_is_used_and_named_in_the_output():
    answer = hs.estimate(rows("a"), interval=AgrestiCoull())
    estimate = answer.entries[0].estimate
    n, z = 40, NormalDist().inv_cdf(0.975)
    centre = (estimate.value * n + z**2 / 2) / (n + z**2)
    assert (estimate.interval.low + estimate.interval.high) / 2 == pytest.approx(centre)
    assert estimate.method.name == "agresti-coull"
    assert "agresti-coull, CR2" in answer.render("json")
    assert "agresti-coull" in str(hs.leaderboard(rows(), interval=AgrestiCoull()).render("json"))
    with pytest.raises(MethodError, match="'agresti-coull' needs scores in"):
        hs.estimate(rows("a").with_columns(score=pl.col("score") * 30 + 2), interval=AgrestiCoull())


def test_a_custom_interval_method_also_applies_at_a_score_of_100_percent():
    estimate = hs.estimate(rows("a").with_columns(score=1.0), interval=AgrestiCoull()).entries[0].estimate
    assert estimate.method.name == "agresti-coull"
    assert 0.89 < estimate.interval.low < 0.92


def test_a_custom_test_gives_the_p_value_and_is_named_in_the_output():
    answer = hs.compare(rows(), "a", "b", method=ZTest())
    plain = hs.compare(rows(), "a", "b", method="t")
    z = plain.difference.value / plain.difference.se
    assert answer.p_value == pytest.approx(2 * NormalDist().cdf(-abs(z)))
    assert str(answer.difference.method) == "paired z, CR2"
    assert "paired z, CR2" in answer.render("json")
    several = hs.compare(rows(tasks=("s", "t")), "a", "b", method=ZTest())
    assert several.overall.difference.method.name == "z"
    with pytest.raises(MethodError, match="margin needs a comparison by"):
        hs.compare(rows(), "a", "b", method=ZTest(), margin=0.1)


@pytest.mark.parametrize("holes", [False, True])
def test_a_custom_variance_estimator_gives_standard_errors_and_degrees_of_freedom(holes):
    data = rows("abc")
    data = data.filter((pl.col("model") != "c") | (pl.col("item") % 9 > 0)) if holes else data
    asked = {"cluster": "passage", "population": "new-clusters"}
    found = hs.compare(data, "a", "b", variance=CR3(), method="t", **asked).difference
    usual = hs.compare(data, "a", "b", method="t", **asked).difference
    assert found.se == pytest.approx(usual.se * (1 / (1 - 1 / 20)) ** 0.5)
    assert found.df == 19
    assert str(found.method) == "paired t, CR3"
    board = hs.leaderboard(data, variance=CR3(), **asked).boards[0]
    entry = next(each for each in board.entries if each.model == "a")
    estimate = hs.estimate(data, model="a", **asked).entries[0].estimate
    assert entry.estimate.se == pytest.approx(estimate.se * (1 / (1 - 1 / 20)) ** 0.5)


@pytest.mark.parametrize("format", ["terminal", "markdown", "csv", "json", "latex", "html"])
def test_every_format_names_custom_methods(format):
    more = {} if format in ("csv", "json") else {"details": True}
    one = hs.estimate(rows("a"), interval=AgrestiCoull(), variance=CR3(), cluster="passage").render(format, **more)
    two = hs.compare(rows(), "a", "b", method=ZTest(), variance=CR3(), cluster="passage").render(format, **more)
    assert "agresti-coull, CR3" in one
    assert "paired z, CR3" in two
    assert not re.search(r"\bnan\b", one + two, re.IGNORECASE)


@pytest.mark.parametrize("made", [*INTERVALS.values()], ids=lambda made: made.name)
def test_a_built_in_interval_object_equals_its_name(made):
    by_object, by_word = (hs.estimate(rows("a"), interval=interval) for interval in (made, made.name))
    assert by_object.to_dict() == by_word.to_dict()


@pytest.mark.parametrize("asked", [{"interval": object()}, {"variance": AgrestiCoull()}, {"interval": AgrestiCoull}])
def test_an_object_without_the_required_members_is_an_option_error(asked):
    with pytest.raises(OptionError, match="is not one of"):
        hs.estimate(rows("a"), **asked)


def test_unknown_method_names_are_refused_when_resolved():
    for resolve, word in ((variance_of, "HC3"), (tie_rule, "glicko")):
        with pytest.raises(MethodError):
            resolve(word)
    for resolve in (interval_of, test_of):
        with pytest.raises(MethodError):
            resolve("guess", bounded=True)
