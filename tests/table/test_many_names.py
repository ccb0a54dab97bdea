"""Many models by name: a name after a slash is enough for each, however many are named."""

import polars as pl
import pytest

import howsure as hs
from howsure.table.aggregate import MANY_NAMES


@pytest.mark.parametrize("count", [2, MANY_NAMES, 3 * MANY_NAMES])
def test_the_same_models_answer_to_short_and_full_names(count, tmp_path):
    rows = pl.DataFrame({"model": [f"org/m{k}" for k in range(30)] * 5, "item": [k // 30 for k in range(150)]})
    rows = rows.with_columns(score=(pl.int_range(pl.len()) * 7 % 11 < 6).cast(pl.Float64))
    path = tmp_path / "table.parquet"
    rows.write_parquet(path)
    short, full = ([f"{start}m{k}" for k in range(count)] for start in ("", "org/"))
    found = [hs.estimate(data, model=names).to_frame().drop("task") for data in (rows, path) for names in (short, full)]
    assert sorted(found[0]["model"]) == sorted(full)
    assert all(each.equals(found[0]) for each in found)
