"""Folders of mixed formats: which files are read, what counts once, what counts as attempts, and which files are reported."""

import json
import os
import shutil

import polars as pl
import pytest

import howsure as hs
from frames import two_models
from howsure.readers import folder
from howsure.readers.reading import find_sources
from places import LOGS, ROOT
from reader_cases import eval_log, sample

INSPECT = ROOT / "tests" / "fixtures" / "inspect"


def codes(scores):
    return [warning.code for warning in scores.warnings]


def inspect_log(path, *, values, model="m", task_id="t1", temperature=None, created="2026-01-01"):
    """Write a minimal Inspect log in the .json format, one sample per value."""
    config = {} if temperature is None else {"temperature": temperature}
    samples = [
        {"id": k, "epoch": 1, "scores": {"match": {"value": value}}, "metadata": {}} for k, value in enumerate(values)
    ]
    header = {
        "task": "quiz",
        "task_id": task_id,
        "run_id": task_id,
        "created": created,
        "model": model,
        "dataset": {"name": "d", "samples": len(values)},
        "model_generate_config": config,
        "config": {"epochs": 1},
    }
    results = {"scores": [{"name": "match", "scorer": "match", "metrics": {}}]}
    log = {"version": 2, "status": "success", "eval": header, "plan": {"config": config}, "results": results}
    path.write_text(json.dumps({**log, "samples": samples}))


def test_a_folder_of_mixed_formats_is_read_and_other_files_are_left_out(tmp_path):
    inspect_log(tmp_path / "log.json", values=["C", "I", "C"])
    two_models().write_csv(tmp_path / "table.csv")
    (tmp_path / "notes.txt").write_text("hello")
    scores = hs.read(tmp_path)
    assert {(file.path, file.reader, file.outcome) for file in scores.files} == {
        ("log.json", "inspect", "read"),
        ("table.csv", "tables", "read"),
        ("notes.txt", None, "left out"),
    }
    assert {entry.task for entry in hs.estimate(scores).entries} == {"quiz", "table"}


def test_hidden_files_are_ignored(tmp_path):
    two_models().write_csv(tmp_path / ".hidden.csv")
    two_models().write_csv(tmp_path / "seen.csv")
    assert [file.path for file in hs.read(tmp_path).files] == ["seen.csv"]


def test_differing_settings_become_part_of_the_model_name(tmp_path):
    inspect_log(tmp_path / "cold.json", values=["C", "C"], task_id="t1", temperature=0.0)
    inspect_log(tmp_path / "hot.json", values=["C", "I"], task_id="t2", temperature=1.0)
    models = {entry.model: entry.estimate.value for entry in hs.estimate(tmp_path).entries}
    assert models == {"m (temperature=0.0)": 1.0, "m (temperature=1.0)": 0.5}


def test_runs_of_one_configuration_count_as_attempts(tmp_path):
    inspect_log(tmp_path / "one.json", values=["C", "C"], task_id="t1")
    inspect_log(tmp_path / "two.json", values=["C", "I"], task_id="t2")
    scores = hs.read(tmp_path)
    entry = hs.estimate(scores)[0]
    assert "runs_as_attempts" in codes(scores)
    assert (entry.n_attempts, entry.estimate.n_items, entry.estimate.value) == (4, 2, 0.75)


def test_of_two_logs_of_one_run_the_newest_complete_one_counts(tmp_path):
    inspect_log(tmp_path / "old.json", values=["I", "I"], created="2026-01-01")
    inspect_log(tmp_path / "new.json", values=["C", "C"], created="2026-01-02")
    scores = hs.read(tmp_path)
    assert hs.estimate(scores)[0].estimate.value == 1.0
    assert next(file.reason for file in scores.files if file.path == "old.json").endswith("new.json")


def test_a_retried_inspect_run_counts_once():
    scores = hs.read(INSPECT / "retry")
    assert sorted(file.outcome for file in scores.files) == ["left out", "read"]
    assert len(scores.to_frame().filter(pl.col("status") != "ok")) == 0


def test_the_same_log_twice_counts_once(tmp_path):
    for name in ("a.eval", "b.eval"):
        shutil.copy(next(iter(sorted(LOGS.glob("*.eval")))), tmp_path / name)
    assert hs.estimate(tmp_path)[0].n_attempts == 500


def test_the_same_table_twice_counts_once(tmp_path):
    table = two_models(attempt=pl.lit(0), task=pl.lit("t"))
    table.write_csv(tmp_path / "a.csv")
    table.write_parquet(tmp_path / "b.parquet")
    answer = hs.estimate(tmp_path)
    assert answer[0].estimate.n_items == 20
    assert "copies_dropped" in codes(answer)


def test_a_table_without_a_model_is_named_after_its_file(tmp_path):
    two_models().filter(pl.col("model") == "a").drop("model").write_csv(tmp_path / "gpt-x.csv")
    answer = hs.estimate(tmp_path / "gpt-x.csv")
    assert answer[0].model == "gpt-x"
    assert any("so it is named after the file: gpt-x" in note for note in answer.notes)


@pytest.mark.parametrize("write", ["write_csv", "write_parquet", "write_ipc", "write_ndjson", "write_json"])
def test_every_table_format_gives_the_same_answer(tmp_path, write):
    suffix = {
        "write_csv": "csv",
        "write_parquet": "parquet",
        "write_ipc": "arrow",
        "write_ndjson": "jsonl",
        "write_json": "json",
    }[write]
    path = tmp_path / f"task.{suffix}"
    getattr(two_models(task=pl.lit("t")), write)(path)
    assert hs.estimate(path).records() == hs.estimate(two_models(task=pl.lit("t"))).records()


@pytest.mark.parametrize("space", ["", " "])
def test_a_json_table_of_columns_and_data_is_read(tmp_path, space):
    path = tmp_path / "results_0_4f8f.table.json"
    table = {"columns": ["item", 'mo,"]del', "score"], "data": [["q1", "a", 1.0], ["q2", "a", None]]}
    path.write_text(json.dumps(table, separators=(f",{space}", f":{space}")))
    rows = hs.read(path, columns={"model": 'mo,"]del'}).to_frame()
    assert rows.select("item", "model", "score").rows() == [("q1", "a", 1.0), ("q2", "a", None)]


@pytest.mark.parametrize(
    "text", ['["a"], "data": [[1]', '["a", "a"], "data": [[1, 2]]}', '["a"], "data": [[1], [1, 2]]}']
)
def test_a_broken_json_table_of_columns_and_data_is_an_error(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text('{"columns": ' + text)
    with pytest.raises(hs.errors.ReadError, match=r"not valid JSON|not a list of records"):
        hs.read(path)


def test_numeric_and_text_ids_match_across_files(tmp_path):
    pl.DataFrame({"model": "a", "item": [1, 2], "score": [1, 0]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"model": "b", "item": ["1", "2"], "score": [1, 1]}).write_parquet(tmp_path / "b.parquet")
    scores = hs.read([tmp_path / "a.parquet", tmp_path / "b.parquet"], columns={"task": "model"})
    assert set(scores.to_frame()["item"]) == {"1", "2"}


def test_a_circular_link_is_followed_once(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path)
    two_models().write_csv(tmp_path / "x.csv")
    assert len(hs.read(tmp_path).files) == 1


def test_one_table_per_model_is_one_task(tmp_path):
    for model in ("a", "b"):
        two_models().filter(pl.col("model") == model).write_csv(tmp_path / f"{model}.csv")
    answer = hs.compare(tmp_path, "a", "b")
    assert (answer.difference.n_items, answer.task) == (20, tmp_path.name)
    assert any("taken as one task because no model is in two of them" in note for note in answer.notes)


def test_tables_of_the_same_models_are_one_task_each(tmp_path):
    for task in ("gsm", "math"):
        two_models().write_csv(tmp_path / f"{task}.csv")
    assert {board.task for board in hs.leaderboard(tmp_path).boards} == {"gsm", "math"}


def test_a_broken_table_is_reported_and_other_files_are_read(tmp_path):
    two_models().write_csv(tmp_path / "good.csv")
    (tmp_path / "latin.csv").write_bytes("model,item,score\ncafé,1,1\n".encode("latin-1"))
    scores = hs.read(tmp_path)
    assert [(file.path, file.outcome) for file in scores.files] == [("good.csv", "read"), ("latin.csv", "failed")]


def test_csv_files_separated_by_semicolons_are_read(tmp_path):
    two_models().write_csv(tmp_path / "x.csv", separator=";")
    assert hs.estimate(tmp_path / "x.csv")[0].estimate.n_items == 20


def test_an_empty_log_is_reported_and_other_files_are_read(tmp_path):
    inspect_log(tmp_path / "whole.json", values=["C", "I"])
    (tmp_path / "begun.eval").touch()
    (tmp_path / "notes.bin").touch()
    scores = hs.read(tmp_path)
    assert codes(scores) == ["files_failed"]
    assert "begun.eval, empty, or not an Inspect log" in scores.warnings[0].message
    assert {file.path: file.outcome for file in scores.files}["notes.bin"] == "left out"


@pytest.mark.parametrize("text", ['{"results": [1, 2', '  {"a": {"b": 1}, "c": "'])
def test_truncated_json_of_an_unknown_format_is_reported(tmp_path, text):
    inspect_log(tmp_path / "whole.json", values=["C", "I"])
    (tmp_path / "cut.json").write_text(text)
    (tmp_path / "settings.json").write_text(' {"a": [1]}\n' + 100 * " ")
    (tmp_path / "word.json").write_text('"a"')
    (tmp_path / "begin").write_text(text)
    scores = hs.read(tmp_path)
    assert codes(scores) == ["files_failed"]
    assert "cut.json, truncated JSON" in scores.warnings[0].message
    assert [file.path for file in scores.files if file.outcome == "left out"] == ["begin", "settings.json", "word.json"]


def test_several_failed_files_are_listed_with_their_reasons(tmp_path):
    inspect_log(tmp_path / "whole.json", values=["C", "I"])
    for name in "abc":
        (tmp_path / f"{name}.eval").touch()
    message = hs.read(tmp_path).warnings[0].message
    assert "copy it again; b.eval, " in message
    assert message.endswith("copy it again; and 1 more")


def test_model_from_takes_the_model_from_the_path(tmp_path):
    for model in ("one", "two"):
        folder = tmp_path / "runs" / model / "seed1"
        folder.mkdir(parents=True)
        (folder / "scores.csv").write_text("item,model,score\n1,same,1\n2,same,0\n")
        eval_log(folder / "log.eval", [sample(1, 1)], task_id=model)
    scores = hs.read(tmp_path, model_from=r"runs/([^/]+)/")
    assert set(scores.to_frame()["model"]) == {"one", "two"}
    with pytest.raises(hs.ReadError, match="no part of the path matches"):
        hs.read(tmp_path, model_from=r"nowhere/(.+)/", strict=True)


def test_a_file_given_twice_is_read_once(tmp_path):
    place = tmp_path / "a.csv"
    place.write_text("model,item,score\na,1,1\na,2,0\n")
    (tmp_path / "link.csv").symlink_to(place)
    for paths in ([place, place], [tmp_path, place], [place, tmp_path / "link.csv"]):
        assert len(hs.read(paths).to_frame()) == 2


def test_a_copied_table_is_left_out_with_a_warning(tmp_path):
    for name in ("a.csv", "a (copy).csv"):
        (tmp_path / name).write_text("task,model,item,score\nt,a,1,1\nt,a,2,0\n")
    scores = hs.read(tmp_path)
    assert len(scores.to_frame()) == 2
    assert codes(scores) == ["tables_copied"]
    with pytest.raises(hs.DataError, match="one attempt per item"):
        hs.estimate(scores, population="these-questions")


def test_identical_tables_without_a_model_column_are_different_models(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("item,score\n1,1\n2,0\n")
    assert hs.read(tmp_path).to_frame()["model"].unique().sort().to_list() == ["a", "b"]
    scores = hs.read(tmp_path, model_from="([ab]).csv")
    assert scores.to_frame()["model"].n_unique() == 2


def test_answers_of_one_model_are_not_published_scores(tmp_path):
    (tmp_path / "a.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    (tmp_path / "b.csv").write_text("model,place,score\n" + "".join(f"b,{k},{k % 2}\n" for k in range(10)))
    scores = hs.read(tmp_path)
    assert scores.published == ()
    assert codes(scores) == ["tables_left_out"]
    (tmp_path / "b.csv").write_text("model,step,score\n" + "".join(f"b,{k},{k / 10}\n" for k in range(10)))
    assert len(hs.read(tmp_path).published) == 10


@pytest.mark.parametrize("name", ["b.csv", "b.jsonl", "b.csv.gz", "B.PARQUET", "run.xlsx"])
def test_an_empty_file_of_a_result_format_gives_a_warning(tmp_path, name):
    (tmp_path / "a.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    (tmp_path / name).write_bytes(b"")
    scores = hs.read(tmp_path)
    assert codes(scores) == ["files_unknown"]
    assert name in scores.warnings[0].message


def test_files_of_other_kinds_give_no_warning(tmp_path):
    (tmp_path / "a.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    for name in ("notes.txt", "config.json", "run.log", "weights.gz"):
        (tmp_path / name).write_text("{}")
    assert codes(hs.read(tmp_path)) == []


def test_a_folder_with_only_outward_links_is_an_error_that_counts_them(tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "blobs" / "1f").write_text("model,item,score\na,1,1\na,2,0\n")
    (tmp_path / "snapshot" / "a.csv").symlink_to(tmp_path / "blobs" / "1f")
    with pytest.raises(hs.ReadError, match=r"no files but 1 link that leads out of the folder.*folder above"):
        hs.read(tmp_path / "snapshot")
    assert len(hs.read(tmp_path / "snapshot" / "a.csv").to_frame()) == 2


def test_an_empty_path_is_an_error_and_not_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    for paths in ("", ["a.csv", ""]):
        with pytest.raises(hs.OptionError, match="an empty path"):
            hs.read(paths)
    assert len(hs.read(".").to_frame()) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_named_pipe_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(hs.ReadError, match="neither a file nor a folder"):
        hs.read(tmp_path / "pipe")


def test_the_beginnings_of_files_are_freed_when_they_were_read(tmp_path, monkeypatch):
    inspect_log(tmp_path / "log.json", values=["C", "I"])
    two_models().write_csv(tmp_path / "table.csv")
    (tmp_path / "notes.txt").write_text("not results")
    sources = find_sources(tmp_path)
    monkeypatch.setattr(folder, "find_sources", lambda path: sources)
    assert len(hs.read(tmp_path).files) == len(sources) == 3
    assert not any({"head", "first"} & vars(source).keys() for source in sources)
    assert sources[0].head.startswith(b'{"version"')
