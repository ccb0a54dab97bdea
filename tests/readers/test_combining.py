"""Tables in one folder are combined as if each were read alone, whatever their column names and id formats."""

import datetime as dt
import shutil

import polars as pl
import pytest

import howsure as hs
from places import ROOT

ITEMS = 6
LATE = 12_000
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
CALLED = {
    "capitals": ({"task": "Task", "model": "Model", "item": "Item", "score": "Score"}, {}),
    "other names": (
        {},
        {"task": "benchmark", "model": "model_name", "item": "question_id", "score": "is_correct", "attempt": "epoch"},
    ),
    "the score": ({"score": "passed"}, {"score": "result"}),
    "the item": ({"item": "id"}, {"item": "question"}),
}


def _rows(model, *, attempts=2):
    cells = [(item, attempt) for item in range(ITEMS) for attempt in range(attempts)]
    return pl.DataFrame(
        {
            "task": "t",
            "model": model,
            "item": [f"q{item}" for item, _ in cells],
            "attempt": [attempt for _, attempt in cells],
            "score": [(item + attempt + len(model)) % 2 for item, attempt in cells],
        }
    )


def _read(place, **frames):
    for name, frame in frames.items():
        frame.write_csv(place / f"{name}.csv")
    return hs.read(place)


def _tidy(scores):
    return (
        scores.to_frame().select("task", "model", "item", "attempt", "metric", "score", "status").sort(pl.all()).rows()
    )


@pytest.mark.parametrize("called", CALLED)
def test_tables_with_different_column_names_are_combined_by_role(tmp_path, called):
    one, other = CALLED[called]
    scores = _read(tmp_path, a=_rows("x").rename(one), b=_rows("yy").rename(other))
    plain = hs.read(pl.concat([_rows("x"), _rows("yy")]))
    assert _tidy(scores) == _tidy(plain)
    board, usual = hs.leaderboard(scores).boards[0], hs.leaderboard(plain).boards[0]
    assert [(entry.model, entry.estimate) for entry in board.entries] == [
        (entry.model, entry.estimate) for entry in usual.entries
    ]
    said = [note for note in scores.notes if "Columns: " in note]
    assert [note[:5] for note in said] == [f"{name}.csv" for name, names in (("a", one), ("b", other)) if names]


@pytest.mark.parametrize("column", ["status", "metric", "cluster", "weight", "attempt", "task"])
def test_a_column_missing_in_one_table_has_its_usual_default_there(tmp_path, column):
    values = {"status": "ok", "metric": "score", "cluster": "c", "weight": 1.0}
    full = _rows("x", attempts=1)
    full = full.with_columns(pl.lit(values[column]).alias(column)) if column in values else full
    scores = _read(tmp_path, a=full, b=_rows("yy", attempts=1).drop(column, strict=False))
    alone = hs.read(tmp_path / "b.csv").to_frame()
    found = scores.to_frame().filter(model="yy")
    same = ["model", "item", "attempt", "metric", "score", "status", "cluster", "weight"]
    assert found.select(same).equals(alone.select(same))
    assert len(scores.to_frame()) == 2 * ITEMS


def test_numbered_attempts_and_repeated_rows_are_combined(tmp_path):
    scores = _read(tmp_path, a=_rows("x"), b=_rows("yy").drop("attempt"))
    assert _tidy(scores) == _tidy(hs.read(pl.concat([_rows("x"), _rows("yy")])))


def test_several_columns_are_joined_to_a_model_name_in_every_table(tmp_path):
    a = _rows("x").with_columns(temperature=pl.lit("0.5"))
    b = _rows("yy").with_columns(temperature=pl.lit("1.0")).rename({"item": "id"})
    for name, frame in (("a", a), ("b", b)):
        frame.write_csv(tmp_path / f"{name}.csv")
    scores = hs.read(tmp_path, columns={"model": ["model", "temperature"]})
    assert scores.to_frame()["model"].unique().sort().to_list() == ["x · 0.5", "yy · 1.0"]


def test_percent_signs_count_in_score_columns_of_different_names(tmp_path):
    a = _rows("x").with_columns(pl.col("score") * 80.5).rename({"score": "acc"})
    b = _rows("yy").with_columns(pl.col("score") * 80.5).rename({"score": "accuracy"})
    scores = _read(tmp_path, a=a, b=b)
    assert scores.score_column == "acc / accuracy"
    signed = [frame.with_columns(pl.format("{}%", pl.nth(-1))) for frame in (a, b)]
    scores = _read(tmp_path, a=signed[0], b=signed[1])
    assert scores.signed >= {scores.score_column}
    assert hs.estimate(scores)[0].estimate.value == pytest.approx(0.4025)
    assert _read(tmp_path, a=signed[0], b=b).signed == {"acc"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.lit(NOON.replace(tzinfo=None)), pl.lit(NOON)),
        (pl.lit(NOON), pl.lit(b"\xff")),
        (pl.lit("a").cast(pl.Enum(["a"])), pl.lit("b").cast(pl.Enum(["b"]))),
        (pl.lit("a").cast(pl.Enum(["a"])), pl.lit("b").cast(pl.Categorical)),
        (pl.lit(1).implode().list.eval(pl.element()), pl.struct(a=pl.lit(1))),
    ],
)
def test_metadata_columns_of_incompatible_types_become_text(tmp_path, one, other):
    for name, model, made in (("a", "x", one), ("b", "yy", other)):
        _rows(model).with_columns(made.alias("when")).write_parquet(tmp_path / f"{name}.parquet")
    scores = hs.read(tmp_path)
    assert scores.to_frame()["when"].dtype == pl.String
    assert len(hs.estimate(scores)) == 2


IDS = {
    "sections": ["1.1", "1.10", "2.1", "2.10"],
    "zeros in front": ["7", "07", "007", "8"],
    "exponents": ["1e3", "1000", "2e0", "2"],
    "versions": ["1.0", "1.00", "2.0", "2.5"],
}


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("role", ["item", "model", "cluster"])
def test_ids_that_look_like_numbers_are_kept_as_written(tmp_path, ids, role):
    names = IDS[ids]
    rows = pl.DataFrame({"model": "m", "item": [f"q{k}" for k in range(8)], "cluster": "c", "score": [0, 1] * 4})
    rows = rows.with_columns(pl.Series(role, names * 2))
    rows = rows if role == "item" else rows.with_columns(item=pl.Series(range(8)))
    rows.write_csv(tmp_path / "a.csv")
    read = hs.read(tmp_path / "a.csv").to_frame()
    assert read[role].to_list() == names * 2


def test_ids_0_and_0_0_match_across_tables(tmp_path):
    """Pandas writes whole numbers as 0.0, 1.0 … where one is missing."""
    (tmp_path / "a.csv").write_text("model,item,score\na,0,1\na,1,0\n")
    (tmp_path / "b.csv").write_text("model,item,score\nb,0.0,1\nb,1.0,1\n")
    scores = hs.read(tmp_path)
    assert hs.compare(scores, "a", "b").difference.n_items == 2


def test_a_table_of_items_matches_ids_with_leading_and_trailing_zeros(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"model": "m", "item": "007", "score": 1}\n{"model": "m", "item": "1.10", "score": 0}\n'
    )
    (tmp_path / "items.csv").write_text("item,topic\n007,x\n1.10,y\n")
    found = hs.estimate(tmp_path / "a.jsonl", items=str(tmp_path / "items.csv"), cluster="topic")
    assert found[0].estimate.n_clusters == 2


@pytest.mark.parametrize("column", ["score", "item", "model", "note"])
def test_a_column_that_becomes_text_far_down_is_read(tmp_path, column):
    rows = pl.DataFrame({"model": 1, "item": range(LATE), "attempt": 0, "score": 0.5, "note": 3})
    late = rows.with_columns(
        pl.when(pl.col("item") == LATE - 1).then(pl.lit("n/a")).otherwise(pl.col(column).cast(pl.String)).alias(column)
    )
    late.write_csv(tmp_path / "a.csv")
    read = hs.read(tmp_path / "a.csv").to_frame()
    assert len(read) == LATE
    assert read["attempt"].dtype.is_integer()
    assert read["score"].sum() == pytest.approx(0.5 * (LATE - (column == "score")))
    assert read["item"][1] == "1"


@pytest.mark.parametrize("role", ["model", "item", "task"])
def test_rows_without_a_name_exclude_only_their_file(tmp_path, role):
    lacking = _rows("yy").with_columns(pl.when(pl.int_range(pl.len()) != 3).then(pl.col(role)).alias(role))
    scores = _read(tmp_path, a=_rows("x"), b=lacking)
    assert scores.to_frame()["model"].unique().to_list() == ["x"]
    (failed,) = [report for report in scores.files if report.outcome == "failed"]
    assert (failed.path, failed.reason.partition(".")[0]) == (
        "b.csv",
        f"1 row without {'an' if role == 'item' else 'a'} {role}",
    )
    assert "b.csv, 1 row without" in scores.warnings[0].message
    with pytest.raises(hs.DataError, match=r"b\.csv: 1 row without"):
        hs.read(tmp_path, strict=True)


def test_a_blank_model_name_excludes_its_file(tmp_path):
    shutil.copy(ROOT / "examples" / "logs" / "smollm2-135m-2shot.eval", tmp_path)
    (tmp_path / "b.csv").write_text("item,model,score\n1,y,1\n2, ,1\n3,y,0\n")
    (failed,) = [report for report in hs.read(tmp_path).files if report.outcome == "failed"]
    assert failed.reason.startswith("1 row without a model. Fill the column")


def test_the_current_folder_names_the_task(tmp_path, monkeypatch):
    for model in "ab":
        (tmp_path / f"{model}.csv").write_text(f"item,model,score\n1,{model},1\n2,{model},0\n")
    monkeypatch.chdir(tmp_path)
    assert hs.read(".").to_frame()["task"].unique().to_list() == [tmp_path.name]


def test_empty_rows_do_not_exclude_their_file(tmp_path):
    empty = pl.DataFrame([dict.fromkeys(_rows("x").columns)], schema=_rows("x").schema)
    scores = _read(tmp_path, a=_rows("x"), b=pl.concat([_rows("yy"), empty]))
    assert {report.outcome for report in scores.files} == {"read"}
