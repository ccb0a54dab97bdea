"""The ladder of generalisation: other clusters, more questions of the same, exactly these; both answers where clusters are few."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.errors import MethodError

SIZES = (40, 6, 5, 4, 3, 2)


def few(seed=0, models="abcde", sizes=SIZES):
    """Models that differ from cluster to cluster, in few clusters of which one holds most items."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    chance = np.clip(
        0.75 - 0.06 * np.arange(len(models)) + rng.normal(0, 0.15, (len(sizes), len(models)))[group], 0.02, 0.98
    )
    right = (rng.random(chance.shape) < chance).astype(float)
    return pl.DataFrame(
        {
            "model": np.repeat(list(models), len(group)),
            "item": np.tile(np.arange(len(group)), len(models)),
            "repo": np.tile(group, len(models)),
            "score": right.T.ravel(),
        }
    )


def test_the_same_clusters_are_strata():
    rows = few()
    found = hs.compare(rows, "a", "e", cluster="repo", population="same-clusters")
    wide = rows.pivot(on="model", index=["item", "repo"], values="score").sort("item")
    d, group = (wide["a"] - wide["e"]).to_numpy(), wide["repo"].to_numpy()
    parts = [d[group == g] for g in np.unique(group)]
    se = np.sqrt(sum((len(part) / len(d)) ** 2 * part.var(ddof=1) / len(part) for part in parts))
    assert found.difference.value == pytest.approx(d.mean())
    assert found.difference.se == pytest.approx(se)
    assert found.difference.df == len(d) - len(parts)
    assert (found.wins, found.losses) == (int((d > 0).sum()), int((d < 0).sum()))
    assert found.difference.method.same_clusters
    assert (found.p_value <= 0.05) == (not found.difference.interval.low <= 0 <= found.difference.interval.high)


def test_both_rungs_are_told_where_clusters_are_few():
    rows = few()
    wide = hs.compare(rows, "a", "e", cluster="repo")
    narrow = hs.compare(rows, "a", "e", cluster="repo", population="same-clusters")
    assert wide.beside.population == "same-clusters"
    assert wide.beside.estimate.interval == narrow.difference.interval
    assert wide.beside.p_value == narrow.p_value
    assert narrow.beside.population == "questions"
    assert narrow.beside.estimate.interval == wide.difference.interval
    assert "on these same clusters" in wide.render("markdown")
    assert "for other clusters" in narrow.render("markdown")


def test_many_clusters_and_none_have_one_answer():
    assert hs.compare(few(sizes=(5,) * 12), "a", "e", cluster="repo").beside is None
    assert hs.compare(few(), "a", "e", cluster="none").beside is None
    assert hs.leaderboard(few(sizes=(5,) * 12), cluster="repo").boards[0].same_clusters_best is None


def test_a_board_of_few_clusters_says_first_what_holds_for_these():
    rows = few()
    board = hs.leaderboard(rows, cluster="repo").boards[0]
    narrow = hs.leaderboard(rows, cluster="repo", population="same-clusters").boards[0]
    assert board.n_clusters == len(SIZES)
    assert board.effective_clusters == pytest.approx(sum(SIZES) ** 2 / sum(size**2 for size in SIZES))
    assert board.same_clusters_best == narrow.could_be_best
    assert f"same {len(SIZES)} clusters" in board.verdict
    assert "can't say much" in board.verdict
    assert "on more questions from these same clusters" in narrow.verdict


def test_a_gate_prints_the_rung_that_does_not_decide():
    rows = few(sizes=(5,) * 12)
    gate = hs.gate(rows, "a", "e", better=True, cluster="repo")
    narrow = hs.compare(rows, "a", "e", cluster="repo", population="same-clusters").difference.interval
    (note,) = [note for note in gate.notes if "this isn't what decides" in note]
    assert f"[{100 * narrow.low:.1f}, {100 * narrow.high:.1f}] pp" in note


def test_methods_that_know_no_strata_are_refused():
    with pytest.raises(MethodError, match="strata"):
        hs.compare(few(), "a", "e", cluster="repo", population="same-clusters", method="sign-flip")


def test_without_clusters_the_first_two_rungs_are_one():
    rows = few().drop("repo")
    one, other = (hs.compare(rows, "a", "e", population=word) for word in ("questions", "same-clusters"))
    assert one.difference == other.difference
