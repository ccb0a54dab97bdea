"""Column names decide which columns are item, attempt, task and score."""

import pytest

from howsure.table.schema import find_roles

SAMPLES = ["sample_id", "eval_id", "task_id", "model", "task_name", "log", "id", "epoch", "input"]


def test_in_the_sample_table_of_inspect_the_id_is_the_item():
    roles = find_roles([*SAMPLES, "score_match"], {})
    assert {role: roles[role] for role in ("item", "attempt", "task", "score")} == {
        "item": ("id",),
        "attempt": ("epoch",),
        "task": ("task_name",),
        "score": ("score_match",),
    }


@pytest.mark.parametrize("scores", [[], ["score_match", "score_includes"]])
def test_of_several_score_columns_none_is_chosen(scores):
    assert "score" not in find_roles([*SAMPLES, *scores], {})
    assert find_roles([*SAMPLES, *scores], {"score": ("score_match",)})["item"] == ("id",)


def test_a_sample_id_outside_inspect_is_the_item():
    assert find_roles(["sample_id", "id", "epoch", "score"], {})["item"] == ("sample_id",)
