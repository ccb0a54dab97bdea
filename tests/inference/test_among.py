"""A pair chosen from many models: compare warns if it isn't significant after correction for all pairs of the board."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import howsure as hs
from paragraphs import paragraph


def board(models: int = 12, n: int = 150, seed: int = 1) -> pl.DataFrame:
    """Return models of which the first is a little better than the others."""
    rng = np.random.default_rng(seed)
    right = rng.random((n, models)) < np.where(np.arange(models) == 0, 0.68, 0.55)
    return pl.DataFrame(
        {
            "model": np.repeat([f"m{k:02}" for k in range(models)], n),
            "item": np.tile(np.arange(n), models),
            "score": right.T.astype(float).ravel(),
        }
    )


def test_compare_reports_the_boards_corrected_p_value_for_the_pair() -> None:
    rows = board()
    whole = hs.leaderboard(rows).boards[0]
    names = [entry.model for entry in whole.entries]
    said = 0
    for other in names[1:]:
        pair = hs.compare(rows, names[0], other)
        among = whole.pairs.p_adjusted[0, names.index(other)]
        assert (pair.among_models is not None) == (pair.decided and among > 0.05)
        if pair.among_models is not None:
            said += 1
            assert (pair.among_models.n_models, pair.among_models.p_adjusted) == (12, pytest.approx(among))
            assert f"Among all pairs of 12 models it isn't significant (p = {among:.3f})." in paragraph(pair)
    assert said > 1


def test_tables_of_two_models_margins_and_mcnemar_have_no_correction_for_other_pairs() -> None:
    rows = board()
    pair = next(each for k in range(1, 12) if (each := hs.compare(rows, "m00", f"m{k:02}")).among_models)
    two = rows.filter(pl.col("model").is_in([pair.a, pair.b]))
    assert hs.compare(two, pair.a, pair.b).among_models is None
    assert hs.compare(rows, pair.a, pair.b, margin=0.3).among_models is None
    assert hs.compare(rows, pair.a, pair.b, method="mcnemar").among_models is None


def test_other_models_with_unusable_clusters_do_not_change_the_pair() -> None:
    rows = board()
    pair = next(each for k in range(1, 12) if (each := hs.compare(rows, "m00", f"m{k:02}")).among_models)
    other = next(name for name in rows["model"].unique().sort() if name not in (pair.a, pair.b))
    broken = rows.with_columns(score=pl.when(pl.col("model") == other).then(float("inf")).otherwise("score"))
    found = hs.compare(broken, pair.a, pair.b)
    assert (found.difference, found.among_models) == (pair.difference, None)
