"""Reading with several processes gives exactly what one process gives, whatever happens to the helpers."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path

import pytest

from cached import Failure, assert_same, result
from howsure.errors import ReadError
from howsure.readers import parallel
from howsure.readers.folder import read_paths
from howsure.readers.reading import find_sources, outcome_of
from reader_cases import lm_eval_run, run_log

pytestmark = pytest.mark.usefixtures("cached")

MODELS = 12
TEXT = "hello"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Call helpers before the second file is read, with parcels of a few files."""
    monkeypatch.setattr(parallel, "AFTER_SECONDS", 0.0)
    monkeypatch.setattr(parallel, "WORTH_SECONDS", 0.0)
    monkeypatch.setattr(parallel, "PARCEL_FILES", 3)


@pytest.fixture
def _patient(monkeypatch):
    """Let this process wait until helpers have read all that they were given."""

    def call(self, place):
        called(self, place)
        while self.helpers is not None and self.waiting:
            self._hand_over(self.helpers)
            wait(self.running, return_when=FIRST_COMPLETED)

    called = parallel.ParallelReading._call_helpers
    monkeypatch.setattr(parallel.ParallelReading, "_call_helpers", call)


@pytest.fixture
def told(monkeypatch, _patient):
    """Collect the names of the files that helpers read."""
    found = []

    def collect(self, source):
        result = theirs(self, source)
        found.extend([source.name] if result else [])
        return result

    theirs = parallel.ParallelReading._result_of_helper
    monkeypatch.setattr(parallel.ParallelReading, "_result_of_helper", collect)
    return found


@pytest.fixture
def logs(tmp_path):
    """Write logs of Inspect, samples of lm-eval with their results, a table, a stray file, and two that are cut short."""
    tree = tmp_path / "logs"
    tree.mkdir()
    for k in range(MODELS):
        run_log(tree, f"m{k:02}", "CICIC"[: 3 + k % 3], model=f"m/{k}", task_id="t", run_id=f"r{k}")
    lm_eval_run(tree / "lm")
    (tree / "n.csv").write_text("model,task,item,score\nx,t2,1,1\nx,t2,2,0\n")
    (tree / "o.txt").write_text(TEXT)
    (tree / "p.eval").write_bytes((tree / "m00.eval").read_bytes()[:200])
    (tree / "q.json").write_text('{"version": 2, "status": "success", "eval": {')
    return tree


def test_several_processes_give_the_scores_of_one(logs, told):
    assert_same(result([logs]), result([logs], processes=3))
    assert sorted(told) == sorted(source.name for source in find_sources(logs)[1:]), "all but the first"


@pytest.mark.unmeasured
def test_two_and_four_processes_give_the_scores_of_one(logs):
    for processes in (2, 4):
        assert_same(result([logs]), result([logs], processes=processes))


@pytest.mark.parametrize(
    "how", [{"reader": "inspect"}, {"strict": True}, {"probabilities": True}, {"model_from": "m(.)"}]
)
def test_reading_options_reach_the_helper_processes(logs, told, how):
    alone = result([logs], **how)
    assert_same(alone, result([logs], processes=2, **how))
    assert told
    assert isinstance(alone, Failure) == ("strict" in how)


def test_results_of_helper_processes_are_cached(logs, told, monkeypatch):
    alone = result([logs])
    assert_same(alone, result([logs], cache=True, processes=2))
    assert len(told) == len(find_sources(logs)) - 1
    read = []
    monkeypatch.setattr(parallel, "WORTH_SECONDS", 60.0)
    monkeypatch.setattr(
        parallel, "outcome_of", lambda source, asked: read.append(source.name) or outcome_of(source, asked)
    )
    assert_same(alone, result([logs], cache=True, processes=2))
    assert read == ["n.csv", "p.eval", "q.json"], "tables and files that failed aren't kept"


def test_only_uncached_files_go_to_helper_processes(logs, told):
    result([logs], cache=True)
    for k in range(5):
        run_log(logs, f"z{k}", "CI", model=f"n/{k}", task_id="t", run_id=f"s{k}")
    assert_same(result([logs]), result([logs], cache=True, processes=2))
    assert {Path(name).stem for name in told} <= {"p", "q", *(f"z{k}" for k in range(5))}
    assert "z4.eval" in told


def test_a_file_changed_after_a_helper_read_it_is_not_cached(logs, told, monkeypatch):
    """What another process read is held to how the file was before, not to how it is when it is told of."""

    def change_what_was_read(self, source):
        if source.path.stem == "m05" and source in self.begun:
            run_log(logs, "m05", "IIIII", model="m/5", task_id="t", run_id="r5")
            told.append("changed")
        return theirs(self, source)

    theirs = parallel.ParallelReading._result_of_helper
    with monkeypatch.context() as during:
        during.setattr(parallel.ParallelReading, "_result_of_helper", change_what_was_read)
        result([logs], cache=True, processes=2)
    assert "changed" in told
    assert_same(result([logs]), result([logs], cache=True))


@pytest.mark.parametrize("when", [0, 1])
def test_files_of_killed_helpers_are_read_by_the_main_process(logs, monkeypatch, when):
    """Before they have said a word, or with files in their hands."""
    theirs, killed = parallel.ParallelReading._result_of_helper, []

    def kill(self, source):
        if self.running and not killed:
            if when:
                wait(self.running, return_when=FIRST_COMPLETED)
            for child in multiprocessing.active_children():
                child.kill()
                killed.append(child)
        return theirs(self, source)

    monkeypatch.setattr(parallel.ParallelReading, "_result_of_helper", kill)
    assert_same(result([logs]), result([logs], processes=3))
    assert killed


def test_without_helper_processes_the_main_process_reads_everything(logs, monkeypatch):
    def refuse(*args):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("multiprocessing.get_context", refuse)
    assert_same(result([logs]), result([logs], processes=3))


def test_helper_processes_are_started_only_if_worthwhile(logs, monkeypatch):
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", lambda *args: pytest.fail("called"))
    with monkeypatch.context() as slow:
        slow.setattr(parallel, "WORTH_SECONDS", 60.0)
        read_paths([logs], processes=3)
    with monkeypatch.context() as large:
        large.setattr(parallel, "MAX_BYTES", 1)
        large.setattr(parallel, "WORTH_SECONDS", 1e-9)
        read_paths([logs], processes=3)
    read_paths([logs], processes=1)


def test_a_helper_returns_readings_errors_and_the_files_it_touched(logs):
    sources = find_sources(logs)
    plain = parallel.read_all(sources, None, noting=False)
    noted = parallel.read_all(sources, None, noting=True)
    for source, (found, nothing), (same, touched) in zip(sources, plain, noted, strict=True):
        assert nothing is None
        assert str(source.path) in touched.paths
        assert type(found) is type(same)
    assert sum(isinstance(found, ReadError) for found, _ in plain) == 2


SCRIPT = """
import sys, time
from howsure.readers import parallel
from howsure.readers.folder import read_paths

if __name__ == "__main__":
    parallel.AFTER_SECONDS = parallel.WORTH_SECONDS = 0
    parallel.PARCEL_FILES = 3
    def stop(source):
        children = [child.pid for child in __import__("multiprocessing").active_children()]
        if children:
            print(*children, flush=True)
            time.sleep(60)
    def each(sources):
        for source in sources:
            stop(source)
            yield source
    read_paths([sys.argv[1]], processes=3, progress=each)
"""


@pytest.mark.unmeasured
@pytest.mark.skipif(not hasattr(os, "getpgid"), reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=str)
def test_helper_processes_end_with_the_main_process(logs, tmp_path, how):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with (tmp_path / "errors").open("w") as errors:
        command = [sys.executable, script, logs]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        with run:
            children = [int(pid) for pid in run.stdout.readline().split()]
            assert len(children) == 2
            time.sleep(1)  # so that they have begun: Python's own start can't leave Ctrl-C to another
            os.killpg(run.pid, how) if how == signal.SIGINT else run.kill()
    deadline = time.monotonic() + 30
    while any(map(_lives, children)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "SpawnProcess" not in (tmp_path / "errors").read_text()


def _lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[-1].split()[0]
    except OSError:
        return False
    return state != "Z"
