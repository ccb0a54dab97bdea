"""`where` selects rows by the value of a cell, however an engine writes it."""

import polars as pl
import pytest

import howsure as hs

TABLE = pl.DataFrame(
    {
        "model": ["a", "a", "b", "b"],
        "item": ["1", "2", "1", "2"],
        "score": [1, 0, 1, 1],
        "temperature": [0.0, 1.0, 0.0, 1.0],
        "seed": [7, 8, 7, 8],
        "hard": [True, False, True, False],
        "split": ["test", "1.0", "test", "1.0"],
    }
)
CHOICES = {
    ("temperature", "1"): ["2", "2"],
    ("temperature", "1.0"): ["2", "2"],
    ("temperature", "0"): ["1", "1"],
    ("seed", "7.0"): ["1", "1"],
    ("seed", "7"): ["1", "1"],
    ("hard", "True"): ["1", "1"],
    ("hard", "true"): ["1", "1"],
    ("hard", "0"): ["2", "2"],
    ("split", "1"): [],
    ("split", "1.0"): ["2", "2"],
    ("seed", "seven"): [],
    ("hard", "maybe"): [],
}


def _arrow(table):
    pytest.importorskip("pyarrow")
    return table.to_arrow()


def _pandas(table):
    return pytest.importorskip("pandas").DataFrame(table.to_dict(as_series=False))


@pytest.mark.parametrize("make", [pl.DataFrame.lazy, _arrow, _pandas, lambda table: table])
@pytest.mark.parametrize("choice", CHOICES, ids="=".join)
def test_where_selects_the_same_rows_of_every_frame(choice, make):
    name, value = choice
    assert hs.read(make(TABLE), where={name: value}).to_frame()["item"].to_list() == CHOICES[choice]


@pytest.mark.parametrize("choice", [choice for choice, items in CHOICES.items() if items], ids="=".join)
def test_where_selects_the_same_rows_of_csv_and_parquet_files(tmp_path, choice):
    name, value = choice
    TABLE.write_csv(tmp_path / "a.csv")
    TABLE.write_parquet(tmp_path / "b.parquet")
    for path in (tmp_path / "a.csv", tmp_path / "b.parquet"):
        assert hs.read(path, where={name: value}).to_frame()["item"].to_list() == CHOICES[choice]


@pytest.mark.parametrize("role", ["clusters", "Cluster", "weights", "judge"])
def test_columns_for_an_unknown_role_are_an_error(role):
    for data in (TABLE, hs.read(TABLE)):
        with pytest.raises(hs.OptionError, match=f"'{role}' isn't one of task, model"):
            hs.read(data, columns={role: "split"})
