"""More models than the limit: commands that compare all pairs refuse, the others work."""

import polars as pl
import pytest

import howsure as hs
from howsure.study import matrix

ROWS = pl.DataFrame(
    {
        "model": [f"m{k // 5}" for k in range(40)],
        "item": [k % 5 for k in range(40)],
        "score": [k % 3 == 0 for k in range(40)],
    }
)
OF_PAIRS = {
    "leaderboard": hs.leaderboard,
    "leaderboard of these questions": lambda rows: hs.leaderboard(
        pl.concat([rows.with_columns(attempt=pl.lit(0)), rows.with_columns(attempt=pl.lit(1))]),
        population="these-questions",
    ),
    "questions": hs.questions,
    "compare against": lambda rows: hs.against(rows, "m0"),
    "report": hs.report,
}


@pytest.mark.parametrize("name", OF_PAIRS)
def test_all_pairs_of_too_many_models_are_refused(name, monkeypatch):
    OF_PAIRS[name](ROWS)
    monkeypatch.setattr(matrix, "MOST_MODELS", 7)
    with pytest.raises(hs.DataError, match="8 models, but all pairs of more than 7 aren't compared") as error:
        OF_PAIRS[name](ROWS)
    assert "howsure estimate" in error.value.remedy


def test_estimate_and_compare_of_two_models_work_with_too_many_models_for_all_pairs(monkeypatch):
    monkeypatch.setattr(matrix, "MOST_MODELS", 2)
    assert len(hs.estimate(ROWS).entries) == 8
    assert hs.compare(ROWS, "m0", "m1").difference.n_items == 5
