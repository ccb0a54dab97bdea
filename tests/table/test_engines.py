"""pandas, PyArrow and Dask tables are read column by column and piece by piece, without changing a value and without unneeded columns."""

import itertools
from decimal import Decimal

import narwhals as nw
import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.table import engines
from howsure.table.schema import open_frame
from table_cases import ROWS, VERBS, numbers, same
from trials import draws

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")


def objects(*values):
    """Return a column of Python objects, whatever they are."""
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return pd.Series(held)


def answers(**columns):
    """Return twelve answers of two models in pandas, with these columns in place of the usual ones or beside them."""
    usual = {"model": ["ant", "bee"] * 6, "item": [f"q{k // 2}" for k in range(12)], "score": [1.0, 0.0, 1.0] * 4}
    return pd.DataFrame({**usual, **columns})


def collected(table):
    return open_frame(table).collect("polars").to_native()


# Columns ------------------------------------------------------------------------------------------------------------

COLUMNS = {
    "floats": (pd.Series([0.5, np.nan]), pl.Float64(), [0.5, None]),
    "nullable floats": (pd.Series([0.5, None], dtype="Float64"), pl.Float64(), [0.5, None]),
    "nullable integers": (pd.Series([1, None], dtype="Int64"), pl.Int64(), [1, None]),
    "nullable booleans": (pd.Series([True, None], dtype="boolean"), pl.Boolean(), [True, None]),
    "texts": (pd.Series(["a", None], dtype="string"), pl.String(), ["a", None]),
    "object texts": (objects("a", np.nan), pl.String(), ["a", None]),
    "object booleans": (objects(True, None), pl.Boolean(), [True, None]),
    "object integers": (objects(1, pd.NA), pl.Int64(), [1, None]),
    "object floats": (objects(1, 0.5), pl.Float64(), [1.0, 0.5]),
    "decimals": (objects(Decimal("0.5"), None), pl.Float64(), [0.5, None]),
    "long decimals": (objects(Decimal("0.1" + "0" * 54 + "1"), Decimal("NaN")), pl.Float64(), [0.1, None]),
    "times taken": (pd.Series(pd.to_timedelta([1, None], unit="s")), pl.Binary(), [b"0 days 00:00:01", None]),
    "huge integers": (objects(2**70, 1), pl.String(), [str(2**70), "1"]),
    "texts and integers": (objects(7, "b"), pl.String(), ["7", "b"]),
    "texts and booleans": (objects("C", True), pl.String(), ["C", "True"]),
    "nothing": (objects(None, None), pl.String(), [None, None]),
    "lists": (objects(["a"], None), pl.Binary(), [b"['a']", None]),
    "complex numbers": (pd.Series([1j, 2j]), pl.Binary(), [b"1j", b"2j"]),
    "periods": (pd.Series(pd.period_range("2026-01", periods=2, freq="M")), pl.Binary(), [b"2026-01", b"2026-02"]),
    "categories": (pd.Series(["b", None], dtype="category"), pl.Categorical(), ["b", None]),
    "no category": (pd.Series([None, None], dtype="category"), pl.Categorical(), [None, None]),
    "categories of one text": (pd.Series(objects(1, "1")).astype("category"), pl.Categorical(), ["1", "1"]),
    "categories of numbers": (pd.Series([2, 1], dtype="category"), pl.Categorical(), ["2", "1"]),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("rows", [1, 250_000])
def test_every_column_type_keeps_its_type_and_values(name, rows, monkeypatch):
    """A piece that holds but one of the values has the type of the whole column."""
    monkeypatch.setattr(engines, "PIECE_ROWS", rows)
    column, dtype, values = COLUMNS[name]
    found = collected(pd.DataFrame({"x": column}))["x"]
    assert found.dtype == dtype
    assert found.to_list() == values


def test_arrow_decimals_and_durations_are_converted():
    long = pa.array([Decimal("1.5"), None], pa.decimal256(50, 10))
    table = pa.table({"score": long, "took": pa.array([1, 2], pa.duration("us"))})
    assert collected(table).to_dict(as_series=False) == {"score": [1.5, None], "took": ["1", "2"]}
    same(hs.estimate(answers(score=objects(*[Decimal(1), Decimal(0), Decimal(1)] * 4))), hs.estimate(answers()))


def test_arrow_columns_of_unsupported_types_are_left_out():
    spans = pa.array([(1, 2, 3)] * 2, pa.month_day_nano_interval())
    runs = pa.RunEndEncodedArray.from_arrays([2], [1])
    table = pa.table({"a": [1, 2], "span": spans, "runs": runs, "id": pa.array([b"x" * 16] * 2, pa.uuid())})
    assert collected(table).columns == ["a", "id"]


SCORES = {
    "booleans": [True, False, True] * 4,
    "object booleans": objects(*[True, False, True] * 4),
    "words": ["C", "I", "C"] * 4,
    "categories of words": pd.Series(["C", "I", "C"] * 4, dtype="category"),
    "categories of numbers": pd.Series([1, 0, 1] * 4, dtype="category"),
    "mixed": objects(*["C", 0, 1.0] * 4),
}


@pytest.mark.parametrize("kind", SCORES)
def test_scores_of_every_column_type_give_the_same_estimate(kind):
    same(hs.estimate(answers(score=SCORES[kind])), hs.estimate(answers()))


def test_nan_na_and_none_are_missing_scores():
    expected = str(hs.estimate(answers(score=[None, 0.0, 1.0] * 4)))
    for missing in (np.nan, pd.NA, None):
        assert str(hs.estimate(answers(score=objects(*[missing, 0.0, 1.0] * 4)))) == expected
    assert str(hs.estimate(answers(score=pd.Series([None, 0, 1] * 4, dtype="Int64")))) == expected


@pytest.fixture
def computed(monkeypatch):
    """Return how many rows every piece has, as they happen."""
    seen = []
    converted = engines._converted

    def watched(piece, types):
        seen.append(len(piece))
        return converted(piece, types)

    monkeypatch.setattr(engines, "_converted", watched)
    return seen


# Tables -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("native", [pl.DataFrame.to_pandas, pl.DataFrame.to_arrow])
@pytest.mark.parametrize(("rows", "verb"), draws([*zip(ROWS, VERBS, strict=True)], [*itertools.product(ROWS, VERBS)]))
def test_reading_in_pieces_changes_no_answer(rows, verb, native, monkeypatch):
    monkeypatch.setattr(engines, "PIECE_ROWS", 17)
    case = ROWS[rows]()
    same(VERBS[verb](native(case.table), **case.options), VERBS[verb](case.table, **case.options))


def test_unneeded_columns_are_not_converted(monkeypatch):
    seen = set()
    series = engines._series

    def watched(column, dtype):
        seen.add(column.name)
        return series(column, dtype)

    monkeypatch.setattr(engines, "_series", watched)
    hs.estimate(answers(transcript="a long one", half=["odd", "even"] * 6))
    assert seen == {"model", "item", "score"}


@pytest.mark.parametrize("rows", [5, 250_000])
def test_head_filter_and_length_work_across_pieces(rows, monkeypatch):
    monkeypatch.setattr(engines, "PIECE_ROWS", rows)
    frame = open_frame(answers())
    assert frame.head(7).collect().shape == (7, 3)
    chosen = frame.filter(nw.col("model") == "ant", nw.col("item") > "q2").select("score").collect("polars").to_native()
    assert chosen["score"].to_list() == [1.0, 1.0, 0.0]
    assert frame.select(nw.len()).collect().item() == 12


def test_a_pandas_index_is_ignored():
    expected = hs.estimate(answers())
    same(hs.estimate(answers().set_axis([0] * 12)), expected)
    same(hs.estimate(answers().sample(frac=1, random_state=1)), expected)
    with pytest.raises(hs.DataError, match="no column for the item among model, score"):
        hs.estimate(answers().set_index("item"))


REFUSED = {
    "two names": (lambda: answers().set_axis(["model", "model", "score"], axis=1), "two columns have the same name"),
    "a number": (lambda: answers().rename(columns={"item": 7}), "column 7 has a number as its name"),
    "no rows": (lambda: answers().head(0), "no row is left"),
    "no columns": (pd.DataFrame, "only published scores"),
    "no scores": (lambda: answers(score=np.nan), "no attempt of metric 'score' has a score"),
    "no scores at all": (lambda: answers(score=objects(*[None] * 12)), "no attempt of metric 'score' has a score"),
    "infinite": (lambda: answers(score=np.inf), "infinite score"),
    "no model": (lambda: answers(model=objects(*["ant", None] * 6)), "rows without a model: 6"),
    "no item": (lambda: answers(item=objects(*["q", None] * 6)), "rows without an item: 6"),
    "no number": (lambda: answers(score=["1", "x", "0"] * 4), r"the value 'x' \(row 2\), which isn't a score"),
    "lists": (lambda: answers(score=objects(*[[1]] * 12)), "neither numbers nor texts"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_tables_that_hold_no_scores_are_refused(why):
    make, message = REFUSED[why]
    with pytest.raises(hs.DataError, match=message):
        hs.estimate(make())


def test_a_table_of_one_row_has_an_estimate():
    assert hs.estimate(answers().head(1)).to_frame()["value"].to_list() == [1.0]


def test_columns_of_lists_do_not_distinguish_repeated_rows():
    """They may differ between attempts, as transcripts do."""
    found = hs.estimate(answers(item="q", said=objects(*[[k] for k in range(12)])))
    assert [warning.code for warning in found.warnings][:1] == ["rows_as_attempts"]


def test_rows_read_to_explain_an_error_are_read_to_the_end(computed, monkeypatch):
    """What is left early could still run while the program ends, which kills it."""
    monkeypatch.setattr(engines, "PIECE_ROWS", 500)
    table = pd.DataFrame({"model": "ant", "item": "q", "score": 1.0, "language": ["short", "long"] * 1_500})
    with pytest.raises(hs.DataError, match="column 'language' distinguishes the rows"):
        hs.estimate(table)
    assert len(computed) % 6 == 0


def test_scores_know_whether_their_rows_are_in_memory():
    assert hs.read(answers()).in_memory
    assert not hs.read(pl.LazyFrame({"model": ["a"], "item": ["q"], "score": [1]})).in_memory
    assert "bee" in hs.read(answers())._repr_html_()


# Dask ---------------------------------------------------------------------------------------------------------------


def test_dask_partitions_are_computed_one_by_one(computed):
    table = pytest.importorskip("dask.dataframe").from_pandas(answers(), npartitions=4)
    found = hs.estimate(table[table.item != "q9"])
    assert computed == [3, 3, 3, 3]
    same(found, hs.estimate(answers()))


def test_shuffled_dask_partitions_are_computed_once(computed):
    table = pytest.importorskip("dask.dataframe").from_pandas(answers(), npartitions=4)
    found = hs.estimate(table.shuffle("item"))
    assert computed == [12]
    same(found, hs.estimate(answers()))


def test_dask_tables_drop_duplicates_and_refuse_contradictory_scores():
    dataframe = pytest.importorskip("dask.dataframe")
    once = answers(attempt=0)
    twice = dataframe.from_pandas(pd.concat([once, once.head(2)]), npartitions=2, sort=False)
    assert [warning.code for warning in hs.estimate(twice).warnings][:1] == ["copies_dropped"]
    other = pd.concat([once, once.head(2).assign(score=0.5)])
    with pytest.raises(hs.DataError, match="two different scores for one attempt"):
        hs.estimate(dataframe.from_pandas(other, npartitions=2, sort=False))


# Others -------------------------------------------------------------------------------------------------------------


def test_duckdb_relations_and_lazy_frames_are_not_converted():
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.connect().from_arrow(numbers().table.to_arrow())
    assert isinstance(open_frame(relation).to_native(), type(relation))
    lazy = numbers().table.lazy()
    assert open_frame(lazy).to_native() is lazy
