"""The warning on few unequal clusters cites the coverage measured by resampling clusters of real benchmarks."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.inference import calibration_record

SWEBENCH = (231, 75, 44, 34, 32, 22, 22, 19, 10, 8, 2, 1)


def rows(sizes, models=("a", "b"), task="t", score=None):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    rng, found = np.random.default_rng(len(sizes)), []
    for k, model in enumerate(models):
        right = score(rng, len(codes)) if score else (rng.random(len(codes)) < 0.7 - 0.05 * k).astype(float)
        found += [
            (task, model, f"{task}{i}", f"c{g}", value) for i, (g, value) in enumerate(zip(codes, right, strict=True))
        ]
    return pl.DataFrame(found, schema=["task", "model", "item", "cluster", "score"], orient="row")


def coverage_warnings(warnings):
    return [warning for warning in warnings if warning.code == "real_clusters"]


def test_clusters_like_those_of_swebench_give_a_warning_with_the_measured_coverage():
    (warning,) = coverage_warnings(hs.compare(rows(SWEBENCH), "a", "b", population="new-clusters").difference.warnings)
    (row,) = (
        calibration_record.clusters()
        .filter(benchmark="SWE-bench Verified", n_clusters=12, method="paired score, CR2")
        .iter_rows(named=True)
    )
    assert "12 whole repositories resampled from SWE-bench Verified" in warning.message
    assert f"{row['count']} pairs" in warning.message
    assert f"{100 * row['mean']:.0f}% of samples on average" in warning.message
    assert f"{100 * row['again']:.0f}% for the worst" in warning.message


EVEN = {f"{n} even clusters": ((size,) * n, {}) for n, size in ((7, 20), (10, 20), (30, 20), (60, 10), (200, 1))}
OTHERS = {
    "no clusters": (SWEBENCH, {"cluster": "none"}),
    "these clusters": (SWEBENCH, {"population": "same-clusters"}),
    "an open scale": (SWEBENCH, {"bounds": None, "population": "new-clusters"}),
}


@pytest.mark.parametrize(("sizes", "asked"), [*EVEN.values(), *OTHERS.values()], ids=[*EVEN, *OTHERS])
def test_many_even_or_same_clusters_give_no_warning(sizes, asked):
    data = rows(sizes, score=(lambda rng, n: rng.normal(3, 2, n)) if "bounds" in asked else None)
    assert not coverage_warnings(hs.compare(data, "a", "b", **asked).difference.warnings)
    assert not coverage_warnings(hs.leaderboard(data, **asked).boards[0].warnings)


def test_the_warning_depends_on_cluster_sizes_and_not_on_scores():
    """The draws that miss look calm: counts alone decide."""
    one, other = (
        coverage_warnings(
            hs.compare(rows(SWEBENCH, score=score), "a", "b", population="new-clusters").difference.warnings
        )
        for score in (lambda rng, n: (rng.random(n) < 0.02) * 1.0, lambda rng, n: (rng.random(n) < 0.5) * 1.0)
    )
    assert one == other != []


def test_a_leaderboard_shows_the_warning_once():
    board = hs.leaderboard(rows(SWEBENCH, ("a", "b", "c")), population="new-clusters")
    assert len(coverage_warnings(board.boards[0].warnings)) == 1
    assert board.render("terminal", width=10_000).count("whole repositories") == 1
    assert not coverage_warnings(hs.leaderboard(rows(SWEBENCH, ("a",))).boards[0].warnings)


def test_several_tasks_show_the_warning_once():
    data = pl.concat([rows(SWEBENCH), rows(SWEBENCH, task="u")])
    found = hs.compare(data, "a", "b", population="new-clusters")
    assert all(len(coverage_warnings(each.difference.warnings)) == 1 for each in found.every if each.task)
    assert found.render("terminal", width=10_000).count("whole repositories") == 1


def test_methods_without_measured_coverage_give_no_warning():
    assert calibration_record.real_miss("difference", "paired bayes, CR2", np.full(8, 1 / 8)) is None
    assert (
        calibration_record.real_miss("difference", "paired score, CR2, same clusters", np.array(SWEBENCH) / 500) is None
    )
