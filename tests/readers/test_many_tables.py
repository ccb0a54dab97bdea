"""Many small tables are looked at and put together in batches, and faults are found where they are."""

import pytest

import howsure as hs
from howsure.readers import combining


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write nine tables, which are taken three at a time."""
    monkeypatch.setattr(combining, "MANY_TABLES", 3)
    for k in range(9):
        rows = "".join(f"m{k},q{item},{(item + k) % 3 == 0:d}\n" for item in range(8))
        (tmp_path / f"run{k}.csv").write_text(f"model,item,score\n{rows}")
    return tmp_path


def test_rows_of_all_tables_count(folder):
    answer = hs.estimate(folder)
    assert len(answer.entries) == 9
    assert {entry.estimate.n_items for entry in answer.entries} == {8}


def test_the_rows_are_in_memory_at_once(folder):
    plan = hs.read(folder).rows.explain()
    assert "UNION" not in plan


def test_a_row_without_a_model_is_found_in_its_table(folder):
    (folder / "run4.csv").write_text("model,item,score\nm4,q0,1\n,q1,0\n")
    scores = hs.read(folder)
    failed = [file for file in scores.files if file.outcome == "failed"]
    assert [file.path for file in failed] == ["run4.csv"]
    assert "1 row without a model" in failed[0].reason
    assert len(hs.estimate(scores).entries) == 8


def test_a_table_with_other_columns_and_text_scores_is_read_too(folder):
    (folder / "run9.csv").write_text("model,item,score,note\nm9,q0,right,x\nm9,q1,wrong,y\n")
    found = {entry.model: entry.estimate.value for entry in hs.estimate(folder).entries}
    assert found["m9"] == 0.5
    assert len(found) == 10
