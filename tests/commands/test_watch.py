"""`howsure watch` follows growing folders and Inspect runs in progress, tolerates half-written files, and reports the decision as an exit code."""

import json
import shutil
import threading
import zipfile

import polars as pl
import pytest
from click.testing import CliRunner

from howsure.commands import watch as command
from howsure.commands.main import main
from howsure.readers.zipped import zipfile as reading
from howsure.table.scores import _joined_order
from places import LOGS, ROOT
from runs import first, results

FIXTURES = ROOT / "tests" / "fixtures" / "inspect"


def watch(*words, env=None):
    return CliRunner(env={"COLUMNS": "80", **(env or {})}).invoke(main, ["watch", *map(str, words)])


def test_watch_once_exits_0_if_decided_and_2_if_not(tmp_path):
    first(results(200), 20).write_csv(tmp_path / "run.csv")
    again = watch(tmp_path, "-a", "a", "-b", "b", "--once", "--looks", "any/200")
    assert again.exit_code == 2
    assert again.output.startswith("Keep going: ")
    results(200).write_csv(tmp_path / "run.csv")
    done = watch(tmp_path, "-a", "a", "-b", "b", "--once", "--looks", "any/200")
    assert done.exit_code == 0
    assert done.output.startswith("Stop: a is better than b by ")


def test_watch_follows_a_growing_folder_until_the_comparison_is_decided(tmp_path):
    data = results(200, seed=4)
    first(data, 10).write_csv(tmp_path / "run.csv")
    sizes = iter(range(20, 201, 10))

    def grow(seconds):
        size = next(sizes)
        if size == 40:
            (tmp_path / "other.json").write_text('[{"model": "a", ')
        first(data, size).write_csv(tmp_path / "run.csv")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "sleep", grow)
        done = watch(tmp_path, "-a", "a", "-b", "b", "--looks", "any/200", "--shuffled", "-f", "json")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert [line[10:].split()[0] for line in lines[:3]] == ["10", "20", "30"]
    assert "a file can't be read now, trying again" in lines[4]
    answer = json.loads(done.stdout)
    assert (answer["answer"], answer["decided"], answer["better"]) == ("look", True, "a")


def test_watch_reads_a_file_that_is_being_replaced(tmp_path):
    data = results(200, seed=4)
    first(data, 5).write_csv(tmp_path / "run.csv")

    def grow():
        for n in range(10, 201, 10):
            first(data, n).write_csv(tmp_path / "part")
            (tmp_path / "part").replace(tmp_path / "run.csv")

    thread = threading.Thread(target=grow)
    thread.start()
    done = watch(tmp_path / "run.csv", "-a", "a", "-b", "b", "--looks", "any/200", "--every", 0.1)
    thread.join()
    assert done.exit_code == 0


def test_watch_retries_a_half_written_file(tmp_path):
    states = iter(["half", "whole"])

    def go_on(seconds):
        if next(states) == "whole":
            results(200).write_ndjson(tmp_path / "run.jsonl")

    (tmp_path / "run.jsonl").write_text('{"model": "a", "item"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "sleep", go_on)
        done = watch(tmp_path, "-a", "a", "-b", "b")
    assert done.exit_code == 0
    assert done.stderr.count("can't read now, trying again") == 1


def test_an_empty_folder_is_undecided_and_a_missing_one_is_an_error(tmp_path):
    done = watch(tmp_path, "-a", "a", "-b", "b", "--once")
    assert done.exit_code == 2
    assert "Nothing could be read yet" in done.stderr
    missing = watch(tmp_path / "nowhere", "-a", "a", "-b", "b", "--once")
    assert missing.exit_code == 3
    assert "no such file or folder" in missing.stderr


def test_ctrl_c_prints_the_last_look(tmp_path):
    first(results(200), 12).write_csv(tmp_path / "run.csv")

    def stop(seconds):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "sleep", stop)
        done = watch(tmp_path, "-a", "a", "-b", "b")
    assert done.exit_code == 2
    assert done.stdout.startswith("Keep going: ")


def test_watch_ends_undecided_once_all_planned_items_are_in(tmp_path):
    results(30, b=0.75).write_csv(tmp_path / "run.csv")
    done = watch(tmp_path, "-a", "a", "-b", "b", "--looks", "any/30")
    assert done.exit_code == 2
    assert done.stdout.startswith("Can't tell after all 30 questions: ")


def test_contradictory_scores_for_one_attempt_end_watch_with_an_error(tmp_path):
    data = results(20, attempt=pl.lit(0))
    pl.concat([data, data.with_columns(score=1 - pl.col("score"))]).write_csv(tmp_path / "run.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "sleep", lambda seconds: None)
        done = watch(tmp_path, "-a", "a", "-b", "b")
    assert done.exit_code == 3
    assert "two different scores for one attempt" in done.stderr


def test_watch_one_model_against_a_floor_or_for_a_precision(tmp_path):
    results(300, a=0.97).write_csv(tmp_path / "run.csv")
    kept = watch(tmp_path, "-a", "a", "--at-least", "90%", "--once")
    assert kept.exit_code == 0
    assert kept.output.startswith("Stop: a is at least 90.0% ")
    assert watch(tmp_path, "-a", "a", "--within", "1pp", "--once").exit_code == 2
    wrong = watch(tmp_path, "-a", "a", "--once")
    assert wrong.exit_code == 3
    assert "'a' has no goal" in wrong.stderr
    assert watch(tmp_path, "-a", "a", "--within", "1pp", "--bounds", "low").exit_code == 3


def test_names_from_logs_are_escaped(tmp_path):
    evil = results(200).with_columns(model=pl.lit("\x1b[31m") + pl.col("model"))
    evil.write_csv(tmp_path / "run.csv")
    done = watch(tmp_path, "-a", "\x1b[31ma", "-b", "\x1b[31mb", "--once")
    assert "\x1b" not in done.output


def half_way(source, target, share=0.5):
    """Write what Inspect has written half-way: samples and journal, no header, no summaries."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        samples = [name for name in old.namelist() if name.startswith("samples/")]
        kept = set(samples[: int(len(samples) * share)])
        for name in old.namelist():
            if name in kept or name == "_journal/start.json":
                new.writestr(name, old.read(name))


def test_watch_reads_an_inspect_run_in_progress(tmp_path):
    shutil.copy(FIXTURES / "interrupted.eval", tmp_path)
    done = watch(tmp_path, "-a", "mockllm/model", "--within", "5pp", "--once", "-f", "json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 2
    assert answer["planned"] == 8
    assert 0 < answer["n_items"] < 8
    assert "partial_run" not in [warning["code"] for warning in answer["warnings"]]


def in_progress(folder, kept):
    """Write two example logs as they were while samples were missing: `kept` says which ones there are."""
    for name in ("t0.3", "terse"):
        with reading.ZipFile(LOGS / f"smollm2-135m-{name}.eval") as old:
            members = [n for n in old.namelist() if n.startswith("samples/") and kept(n)]
            with zipfile.ZipFile(folder / f"{name}.eval", "w") as new:
                for member in ("_journal/start.json", *members):
                    new.writestr(member, old.read(member))


def look_at(folder, *words):
    done = watch(
        folder,
        "-a",
        "smollm2-135m-t0.3",
        "-b",
        "smollm2-135m-terse",
        "--cluster",
        "none",
        "--once",
        "-f",
        "json",
        *words,
    )
    return json.loads(done.stdout)


with reading.ZipFile(LOGS / "smollm2-135m-terse.eval") as log:
    IDS = json.loads(log.read("_journal/start.json"))["eval"]["dataset"]["sample_ids"]


def test_items_wait_for_their_planned_epochs(tmp_path):
    late = {f"samples/{item}_epoch_5.json" for item in IDS[40:]}
    in_progress(tmp_path, lambda name: name not in late)
    answer = look_at(tmp_path)
    assert (answer["planned"], answer["n_items"], answer["n_waiting"]) == (100, 40, 60)
    assert "order_not_random" in [warning["code"] for warning in answer["warnings"]]


def test_items_count_in_the_order_in_which_the_run_started_them(tmp_path):
    """Items 11 and 13 are slow: what came after them waits, until they are there."""
    slow = {f"samples/{IDS[k]}_epoch_2.json" for k in (10, 12)}
    in_progress(tmp_path, lambda name: name not in slow)
    answer = look_at(tmp_path)
    assert (answer["n_items"], answer["n_waiting"]) == (10, 90)
    assert any("88 items wait" in note for note in answer["notes"])
    in_progress(tmp_path, lambda name: name != f"samples/{IDS[12]}_epoch_2.json")
    assert look_at(tmp_path)["n_items"] == 12
    in_progress(tmp_path, lambda name: True)
    assert look_at(tmp_path)["exhausted"]


def test_the_joint_order_of_two_runs_uses_the_later_position():
    assert _joined_order(("a", "b", "c", "d"), ("d", "a", "b", "c")) == ("a", "b", "c", "d")
    assert _joined_order(("a", "b", "c"), ("c", "b", "a")) == ("b", "a", "c")
    assert _joined_order((), ("c", "b")) == ("c", "b")


def test_a_model_without_results_is_named_while_watch_waits(tmp_path):
    first(results(200), 20).write_csv(tmp_path / "run.csv")

    def stop(seconds):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "sleep", stop)
        done = watch(tmp_path, "-a", "a", "-b", "mistyped")
    assert "no result of model 'mistyped' yet; there are: 'a', 'b'" in done.stderr


def test_watch_takes_models_as_paths_like_compare(tmp_path):
    data = results(200)
    for name in "ab":
        (tmp_path / name).mkdir()
        data.filter(model=name).with_columns(model=pl.lit("m")).write_csv(tmp_path / name / "run.csv")
    asked = ("--once", "--looks", "any/200")
    paths = watch("-a", tmp_path / "a", "-b", tmp_path / "b", *asked)
    assert paths.exit_code == 0
    assert paths.output.startswith("Stop: a is better than b by ")
    saved = CliRunner().invoke(
        main, ["baseline", "save", "main", str(tmp_path / "b"), "-o", str(tmp_path / "m.howsure")]
    )
    assert saved.exit_code == 0
    assert watch("-a", tmp_path / "a", "-b", f"saved:{tmp_path / 'm.howsure'}", *asked).output.startswith(
        "Stop: a is better than m by "
    )
    assert "no run with tag:x" in watch(tmp_path, "-a", "tag:x", "--at-least", "50%", *asked).output
    nothing = watch("-a", "m", "--at-least", "50%", *asked)
    assert nothing.exit_code == 3
    assert "PATH" in nothing.output


def test_watch_of_two_runs_gives_the_difference_of_compare(tmp_path):
    done = watch(
        LOGS, "-a", "run:gFb", "-b", "run:fPqh", "--cluster", "passage_id", "--cluster-size", 5, "--once", "-f", "json"
    )
    answer = json.loads(done.stdout)
    compared = json.loads(
        CliRunner()
        .invoke(
            main, ["compare", str(LOGS), "-a", "run:gFb", "-b", "run:fPqh", "--cluster", "passage_id", "-f", "json"]
        )
        .stdout
    )
    assert (answer["a"], answer["b"]) == (compared["a"], compared["b"]) == ("gFb", "fPqh")
    assert answer["estimate"] == pytest.approx(compared["difference"]["value"])
