"""A fault in one file is reported with the file's name; other files are still read."""

import io
import json
import math
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

import howsure as hs
from frames import two_models
from howsure.errors import DataError, ReadError
from howsure.readers import parsing, tables
from howsure.readers.base import Source, named
from howsure.readers.looked_at import without_waiting
from howsure.readers.parsing import cut_at, parse_json
from howsure.readers.zipped import open_archive
from howsure.table.engines import in_pieces


@pytest.fixture
def good(tmp_path):
    two_models().write_csv(tmp_path / "good.csv")
    return tmp_path


def failed(scores):
    return {report.path: report.reason for report in scores.files if report.outcome == "failed"}


@pytest.mark.parametrize(
    "error",
    [
        pl.exceptions.PanicException("bug"),
        pl.exceptions.ComputeError("bad"),
        MemoryError(),
        OSError(5, "broken"),
        KeyError("x"),
    ],
)
def test_every_exception_while_reading_names_the_file(error):
    def broken():
        with named("a.csv"):
            raise error

    with pytest.raises(ReadError, match=r"^a\.csv: "):
        broken()


def test_a_polars_panic_over_one_file_leaves_the_others(good, monkeypatch):
    (good / "bad.csv").write_text("model,item,score\na,1,1\n")
    real = pl.scan_csv

    def scan(data, **more):
        if b"a,1,1\n" in data[:30]:
            raise pl.exceptions.PanicException("index out of bounds")
        return real(data, **more)

    monkeypatch.setattr(pl, "scan_csv", scan)
    scores = hs.read(good)
    assert "index out of bounds" in failed(scores)["bad.csv"]
    assert len(hs.estimate(scores).entries) == 2
    assert [warning.code for warning in hs.estimate(scores).warnings] == ["files_failed"]


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_damaged_column_is_reported_with_its_file(good, kind):
    held = io.BytesIO()
    table = two_models(n=2000)
    table.write_parquet(held) if kind == "parquet" else table.write_ipc(held)
    data = bytearray(held.getvalue())
    data[20 : len(data) // 2] = b"\xff" * (len(data) // 2 - 20)
    (good / f"bad.{kind}").write_bytes(data)
    scores = hs.read(good)
    assert list(failed(scores)) == [f"bad.{kind}"]
    assert len(hs.estimate(scores).entries) == 2


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv"])
def test_a_file_truncated_after_reading_does_not_change_the_scores(tmp_path, kind):
    path = tmp_path / f"quiz.{kind}"
    table = two_models(n=50_000)
    {"parquet": table.write_parquet, "arrow": table.write_ipc, "csv": table.write_csv}[kind](path)
    scores = hs.read(path)
    with path.open("rb+") as file:
        file.truncate(100)
    assert {entry.estimate.n_items for entry in hs.estimate(scores).entries} == {50_000}


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_large_file_truncated_after_reading_is_an_error_and_no_crash(tmp_path, kind, monkeypatch, capfd):
    monkeypatch.setattr(tables, "MAX_HELD_BYTES", 0)
    path = tmp_path / f"quiz.{kind}"
    table = two_models(n=200_000)
    table.write_parquet(path) if kind == "parquet" else table.write_ipc(path)
    scores = hs.read(path)
    assert len(hs.estimate(scores).entries) == 2
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size // 2)
    if kind == "arrow":  # read at once
        assert len(hs.estimate(scores).entries) == 2
    else:
        with pytest.raises(DataError, match="the table can't be read completely"):
            hs.estimate(scores)
    capfd.readouterr()  # what Polars writes about its panic


def test_a_file_of_many_rows_is_read_once_and_its_fault_names_it(tmp_path, monkeypatch, capfd):
    """The only file isn't checked before; beside another it is, and doesn't stop that one."""
    monkeypatch.setattr(tables, "MOST_READ_TWICE", 1000)
    path, other = tmp_path / "quiz.parquet", tmp_path / "b.parquet"
    two_models(n=200_000).write_parquet(path, row_group_size=20_000, compression="uncompressed")
    two_models(n=2_000).write_parquet(other)
    assert len(hs.estimate(path).entries) == 2
    data = path.read_bytes()
    middle = data.index(b"q1234", len(data) // 2)
    path.write_bytes(data[:middle] + b"\xff" * 5 + data[middle + 5 :])
    scores = hs.read(path)
    with pytest.raises(DataError, match=r"quiz.parquet: the table can't be read completely .* Write the file again"):
        hs.leaderboard(scores)
    both = hs.read(tmp_path)
    assert {Path(file.path).name: file.outcome for file in both.files} == {
        "b.parquet": "read",
        "quiz.parquet": "failed",
    }
    assert len(hs.estimate(both).entries) == 2
    capfd.readouterr()  # what Polars writes about its panic


def test_a_file_truncated_while_read_in_pieces_is_an_error_and_not_fewer_rows(tmp_path, capfd):
    path = tmp_path / "quiz.parquet"
    two_models(n=50_000).write_parquet(path, row_group_size=10_000)
    with path.open("rb+") as file:
        frame = pl.scan_parquet(file)
        assert sum(map(len, in_pieces(frame, 10_000))) == 100_000
        file.truncate(path.stat().st_size // 2)
        with pytest.raises(DataError, match="the table can't be read completely"):
            list(in_pieces(frame, 10_000))
    assert len(next(in_pieces(two_models(n=50_000).lazy(), 1000))) >= 1000  # and whoever leaves early isn't waited for
    capfd.readouterr()  # what Polars writes about its panic


def test_json_that_would_need_too_much_memory_is_refused_before_parsing(monkeypatch):
    monkeypatch.setattr(parsing, "SMALL_BYTES", 0)
    monkeypatch.setattr(parsing, "MAX_OBJECT_BYTES", 10_000)
    with pytest.raises(ReadError, match=r"^a\.json: its objects would need about"):
        parse_json(b"[" + b"{}," * 1000 + b"{}]", where="a.json")
    text = json.dumps([{"text": '{[,\\"' * 1000}])
    assert parse_json(text, where="a.json") == json.loads(text)


def test_members_of_an_archive_share_one_memory_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(parsing, "SMALL_BYTES", 0)
    monkeypatch.setattr(parsing, "MAX_OBJECT_BYTES", 10_000)
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w") as file:
        for k in range(10):
            file.writestr(f"{k}.json", "[" + "{}," * 20 + "{}]")

    with open_archive(path, where="a.eval") as archive:
        for k in range(2):
            archive.json(f"{k}.json")
        with pytest.raises(ReadError, match=r"^a\.eval, member '2\.json': its objects"):
            archive.json("2.json")


def test_files_without_permission_are_named(good, monkeypatch):
    (good / "closed.csv").write_text("model,item,score\na,1,1\n")
    real = Source.opened

    def opened(source):
        if source.path.name == "closed.csv":
            raise PermissionError(13, "Permission denied")
        return real(source)

    monkeypatch.setattr(Source, "opened", opened)
    assert "Permission denied" in failed(hs.read(good))["closed.csv"]


def test_folders_without_permission_are_named(good, monkeypatch):
    def walk(path, onerror):
        onerror(PermissionError(13, "Permission denied", str(Path(path, "closed"))))
        yield str(path), [], ["good.csv"]

    (good / "closed").mkdir()
    monkeypatch.setattr("os.walk", walk)
    assert list(failed(hs.read(good))) == ["closed"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_file_that_would_wait_for_its_data_is_refused_at_once(tmp_path):
    """A pipe that somebody holds open and writes nothing to waits as the system's own files do (/proc/kmsg)."""
    path = tmp_path / "quiz.csv"
    os.mkfifo(path)
    with path.open("rb+", buffering=0):
        opened = without_waiting(str(path), os.O_RDONLY)
        waits = os.get_blocking(opened)
        os.close(opened)
        assert not waits
        with pytest.raises(ReadError, match=r"quiz\.csv: no content yet"):
            Source(path=path, root=tmp_path).head


def test_a_file_without_data_yet_is_refused(good, monkeypatch):
    class Waiting(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            return None

    monkeypatch.setattr(Source, "opened", lambda source: io.BufferedReader(Waiting()))
    with pytest.raises(ReadError, match=r"good\.csv: no content yet"):
        hs.read(good / "good.csv")


@pytest.mark.parametrize("text", ["model,item,answer\na,1,x\n", "model,item,score\na,1,very good\n"])
def test_a_table_without_scores_leaves_the_others(good, text):
    (good / "bad.csv").write_text(text)
    answer = hs.estimate(good)
    assert {entry.task for entry in answer.entries} == {"good"}
    assert "bad.csv" in answer.warnings[0].message
    with pytest.raises((DataError, ReadError), match=r"bad\.csv: "):
        hs.read(good / "bad.csv")


def test_a_task_without_scores_leaves_the_others(good):
    (good / "bad.csv").write_text("model,item,score\na,1,nan\nb,1,nan\n")
    answer = hs.estimate(good)
    assert {entry.task for entry in answer.entries} == {"good"}
    assert "bad · score: no attempt has a score" in " ".join(warning.message for warning in answer.warnings)


def test_rows_without_a_model_are_an_error(good, monkeypatch):
    from howsure.readers import tables
    from howsure.readers.attempt_rows import tidy
    from howsure.readers.base import Reading

    rows = tidy([{"task": "t", "model": None, "item": "1", "score": 1.0}], source="x")
    monkeypatch.setattr(tables, "read", lambda source: Reading(rows=rows))
    (good / "bad.csv").write_text("model,accuracy\na,1\n")
    assert failed(hs.read(good))["bad.csv"].startswith("1 row without a name of the model")


def test_lone_surrogates_become_question_marks(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"model": "a\ud800", "item": f"{i}\udfff", "score": i % 2}) for i in range(9)))
    assert [entry.model for entry in hs.estimate(path).entries] == ["a?"]


def test_a_table_with_too_many_columns_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"model": "a", "item": "1", "score": 1, **{f"k{i}": 1 for i in range(20_000)}}))
    with pytest.raises(ReadError, match="20,003 columns"):
        hs.read(path)


NOT_A_SCORE = {
    "submission.json": {
        "model_name": "m",
        "submitting_organization": "o",
        "results": {"a": {"pass_1": 84.0}, "b": {"pass_1": "x"}},
    },
    "evalplus.json": {
        "m": {"link": "", "open-data": "NONE", "pass@1": {"humaneval": 50.0, "mbpp+": [1]}, "prompted": True}
    },
    "a_leaderboard.csv": ",win_rate,standard_error,n_total,avg_length\nm,50.0,1.0,805,10\nn,x,1.0,805,10\n",
}


@pytest.mark.parametrize("name", NOT_A_SCORE)
def test_a_non_numeric_published_score_is_left_out_with_a_warning(tmp_path, name):
    content = NOT_A_SCORE[name]
    (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    scores = hs.read(str(tmp_path / name))
    assert [entry.model for entry in scores.published] == ["m"]
    assert [warning.code for warning in scores.warnings] == ["score_left_out"]
    assert scores.warnings[0].message == f"{name}: 1 published score is not numeric and left out."


def test_leaderboard_rows_without_a_model_or_score_are_counted(tmp_path):
    (tmp_path / "board.csv").write_text("model,score,n\na,0.5,100\nb,,100\n,0.4,100\n")
    scores = hs.read(str(tmp_path / "board.csv"))
    assert [entry.model for entry in scores.published] == ["a"]
    assert scores.notes == ("board.csv: 2 rows of 3 without a model or a score left out.",)


def test_a_non_numeric_swebench_outcome_is_an_error_and_not_resolved(tmp_path):
    outcomes = {"a__b-1": True, "a__b-2": "no", "a__b-3": [0], "a__b-4": math.nan, "a__b-5": False}
    (tmp_path / "report.json").write_text(json.dumps({"run1": outcomes, "run2": dict.fromkeys(outcomes, True)}))
    rows = hs.read(str(tmp_path / "report.json"), reader="swebench").to_frame().filter(pl.col("model") == "run1")
    assert dict(rows.select("item", "status").iter_rows()) == {
        "a__b-1": "ok", "a__b-2": "error", "a__b-3": "error", "a__b-4": "error", "a__b-5": "ok"
    }  # fmt: skip


def test_helm_takes_a_missing_model_from_the_folder_and_needs_statistic_names(tmp_path):
    folder = tmp_path / "gsm,model=o_m"
    folder.mkdir()
    stats = [{"name": {"name": "exact_match", "split": "test"}, "count": 1, "sum": 1.0, "mean": 1.0}]
    (folder / "run_spec.json").write_text(json.dumps({"name": "gsm:model=x", "adapter_spec": {"model": None}}))
    entries = [{"instance_id": f"id{k}", "train_trial_index": 0, "stats": stats} for k in range(2)]
    (folder / "per_instance_stats.json").write_text(json.dumps(entries))
    scores = hs.read(str(folder))
    assert scores.to_frame()["model"].unique().to_list() == ["o/m"]
    assert "model_from_path" in [warning.code for warning in scores.warnings]
    stats[0]["name"]["name"] = None
    (folder / "per_instance_stats.json").write_text(json.dumps(entries))
    with pytest.raises(hs.ReadError, match="a statistic without a name"):
        hs.read(str(folder))


ENDS = {
    "fewer cells": ("quiz.csv", -9, 1),
    "in the last cell": ("quiz.csv", -2, 0),
    "at the end of a line": ("quiz.csv", -1, 0),
    "whole": ("quiz.csv", None, 0),
    "tabs": ("quiz.tsv", -9, 1),
    "half a record": ("quiz.jsonl", -9, 1),
    "at the end of a record": ("quiz.jsonl", -1, 0),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_table_that_ends_in_mid_row_is_read_without_that_row_and_with_a_warning(tmp_path, case):
    name, end, left = ENDS[case]
    rows = two_models()
    text = rows.write_csv(separator="\t") if name.endswith("tsv") else rows.write_csv()
    text = rows.write_ndjson() if name.endswith("jsonl") else text
    (tmp_path / name).write_text(text[:end])
    scores = hs.read(str(tmp_path / name))
    assert len(scores.to_frame()) == len(rows) - left
    told = [warning.message for warning in scores.warnings if warning.code == "cut_row"]
    line = len(rows) + (not name.endswith("jsonl"))
    assert told == [f"{name} ends in mid-row: line {line} is incomplete and left out."] * left
    assert ("ends in mid-row" in hs.estimate(scores).render("terminal")) == bool(left)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ('item,score\n"a\nb",1\n"c\nd",0', None),
        ('item,score\n"a\nb",1\n"c\nd', 19),
        ('item,score\n"a\nb",1\n"c\nd"', 19),
        ('item,score\n6" pipe,1\nb', None),  # a stray quote: nothing tells where rows end
        ('item,score\na,1\n6" pipe,1', None),
        ("item;score\n1,5;1\nb", 17),
        ("item,score", None),
        ("item,score\n  ", None),
        ("item,score\r\na,1\r\nb", 17),
    ],
)
def test_the_start_of_an_incomplete_last_row_is_found(text, begins):
    assert cut_at(text.encode(), ".csv") == begins


def test_a_last_row_that_is_longer_than_is_looked_at_is_not_found(monkeypatch):
    monkeypatch.setattr("howsure.readers.parsing.LONGEST_ROW", 20)
    rows = b"item,score\n" + b"a,1\n" * 20
    assert cut_at(rows + 19 * b"b", ".csv") == len(rows)
    assert cut_at(rows + 21 * b"b", ".csv") is None


def test_null_bytes_in_a_text_table_are_an_error(good):
    data = (good / "good.csv").read_bytes() * 100
    (good / "bad.csv").write_bytes(data[:3000] + b"\0" * 100 + data[3000:])
    assert failed(hs.read(good)) == {"bad.csv": "zero bytes in the text. It may be damaged: write it again."}


def test_a_table_of_items_that_ends_in_mid_row_is_an_error(tmp_path):
    (tmp_path / "items.csv").write_text("item,topic\n1,a\n2")
    with pytest.raises(ReadError, match="ends in mid-row"):
        hs.estimate(two_models(), items=str(tmp_path / "items.csv"), cluster="topic")


def test_if_nothing_can_be_read_the_error_names_every_file_once(tmp_path):
    def said(*paths):
        with pytest.raises(ReadError) as caught:
            hs.read(list(map(str, paths)))
        return str(caught.value)

    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("model,item,score\na,q1,maybe\n")
    assert said(tmp_path).startswith(f"{one}: column 'score' has the value 'maybe'")
    assert said(one) == said(tmp_path)
    two.write_text(one.read_text())
    for told in (said(tmp_path), said(one, two)):
        assert (told.count("one.csv"), told.count("two.csv")) == (1, 1)
        assert "no scores found in 2 files (one.csv, column 'score' has the value 'maybe'" in told
