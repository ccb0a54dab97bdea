"""leaderboard: the first sentence counts models that are not in the overall ranking."""

import polars as pl

import howsure as hs
from places import DATA


def rows(**shares):
    """Rows of 40 items: model_task=share, of which the first so many are right."""
    return pl.DataFrame(
        [
            {"task": name.split("_")[1], "model": name.split("_")[0], "item": item, "score": float(item < 40 * share)}
            for name, share in shares.items()
            for item in range(40)
        ]
    )


def test_the_first_sentence_counts_models_left_out_of_the_overall_ranking():
    found = hs.leaderboard(rows(a_x=0.9, b_x=0.3, c_x=1, a_y=0.9, b_y=0.2))
    assert found.sentence.startswith("Of the 2 of 3 models with all 2 tasks, a is best")
    assert found.overall.n_left_out == 1
    (warning,) = [each for each in found.warnings if each.code == "not_in_overall"]
    assert warning.message.endswith("is not in the overall ranking, though c leads x")


def test_tied_models_are_reported_among_those_with_every_task():
    found = hs.leaderboard(rows(a_x=0.5, b_x=0.5, c_x=0.1, a_y=0.5, b_y=0.5))
    assert found.sentence.startswith("Of the 2 of 3 models with all 2 tasks, both models tie at 50.0%")
    assert hs.leaderboard(rows(a_x=0.5, b_x=0.5)).sentence.startswith("Both models tie at 50.0%")


def test_the_first_sentence_has_no_counts_if_every_model_has_every_task():
    assert hs.leaderboard(rows(a_x=0.9, b_x=0.3, a_y=0.9, b_y=0.2)).sentence.startswith("a is best")


def test_zeroeval_ranks_the_29_of_60_models_with_all_tasks(real_data):
    found = hs.leaderboard(pl.scan_parquet(DATA / "tidy" / "zeroeval.parquet"))
    assert found.sentence.startswith("Of the 29 of 60 models with all 5 tasks, o1-mini-2024-09-12")
    assert "83.7%" in found.sentence
    assert "o1-preview-2024-09-12 leads zeroeval_crux" in found.warnings[-1].message
