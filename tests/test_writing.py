"""A file is replaced atomically: after any error, kill or interruption it is the old one or the new one."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from howsure.errors import OptionError
from howsure.writing import HIDDEN, append, replacing, write
from trials import draws

OLD = "the old file\n" * 1000
SLOW = """
import pathlib, sys, time
from howsure import writing
print("ready", flush=True)
real = pathlib.Path.write_bytes
def slowly(path, data):
    with path.open("wb") as file:
        for k in range(0, len(data), 50_000):
            file.write(data[k : k + 50_000]); file.flush(); time.sleep(0.002)
pathlib.Path.write_bytes = slowly
writing.write("new" * 2_000_000, sys.argv[1])
"""


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(HIDDEN)]


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file_unchanged(tmp_path, monkeypatch):
    target = tmp_path / "a.md"
    target.write_text(OLD)

    def half(path, data):
        path.write_text("ne")
        full()

    monkeypatch.setattr("pathlib.Path.write_bytes", half)
    with pytest.raises(OptionError, match=r"can't write '.*a\.md' \(No space left on device\)"):
        write("new", target)
    assert target.read_text() == OLD
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_error_at_any_step_leaves_the_old_file_unchanged(tmp_path, monkeypatch, step):
    target = tmp_path / "a.md"
    target.write_text(OLD)
    monkeypatch.setattr({"fsync": "os.fsync", "replace": "pathlib.Path.replace"}[step], full)
    with pytest.raises(OptionError, match="No space left"):
        write("new", target)
    assert target.read_text() == OLD
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("moment", range(0, 10, draws(4, 1)))
def test_a_kill_while_writing_leaves_the_old_file_unchanged(tmp_path, moment):
    target = tmp_path / "a.md"
    target.write_text(OLD)
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(target)], stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(moment * 0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert target.read_text() == OLD


def test_writing_through_a_symbolic_link_keeps_the_link_and_the_file_mode(tmp_path):
    target = tmp_path / "there" / "a.md"
    target.parent.mkdir()
    target.write_text(OLD)
    target.chmod(0o604)
    link = tmp_path / "link.md"
    link.symlink_to(target)
    write("new", link)
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o604


def test_a_new_file_has_the_default_file_mode(tmp_path):
    write("new", tmp_path / "a.md")
    (tmp_path / "b.md").write_text("b")
    assert (tmp_path / "a.md").stat().st_mode == (tmp_path / "b.md").stat().st_mode


def test_devices_and_pipes_are_written_through(tmp_path):
    write("new", "/dev/null")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write("new", pipe)
    reader.join(5)
    assert read == ["new"]
    assert pipe.is_fifo()
    with pytest.raises(OptionError, match="No space left"):
        write("new", "/dev/full")


def test_writing_to_a_folder_or_a_missing_folder_is_an_error_that_names_it(tmp_path):
    for place in (tmp_path, tmp_path / "no" / "a.md"):
        with pytest.raises(OptionError, match="can't write '"):
            write("new", place)
    with pytest.raises(OptionError, match="can't write '"):
        append("new", tmp_path)


def test_an_interruption_leaves_no_temporary_file(tmp_path):
    def interrupted():
        with replacing(tmp_path / "a.csv") as place:
            place.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no locks of this kind")
def test_abandoned_temporary_files_are_removed_and_those_in_use_are_not(tmp_path):
    abandoned, foreign = tmp_path / f"{HIDDEN}0123456789ab.md", tmp_path / f"{HIDDEN}settings"
    for path in (abandoned, foreign):
        path.write_text("half")
    with replacing(tmp_path / "a.md") as place:
        write("new", tmp_path / "b.md")
        place.write_text("whole")
    assert {path.name for path in tmp_path.iterdir()} == {"a.md", "b.md", foreign.name}
    assert (tmp_path / "a.md").read_text() == "whole"
