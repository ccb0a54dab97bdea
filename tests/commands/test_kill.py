"""`kill -9` while `howsure convert -o` writes leaves the old file or the new one, byte for byte, and no temporary file for long."""

import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

from howsure.writing import HIDDEN
from trials import draws

MOMENTS = draws(4, 10)
ROWS = 200_000
OLD = b"the old file\n" * 1000

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 here")


def converting(rows, target):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-m", "howsure.commands.main", "--no-config", "convert", str(rows), "-o", str(target)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def hidden(folder):
    return list(folder.glob(f"{HIDDEN}*"))


def writing_began(process, folder):
    while process.poll() is None and not hidden(folder):
        time.sleep(0.001)
    return time.monotonic()


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("kill") / "rows.parquet"
    n = pl.int_range(ROWS, eager=True)
    pl.DataFrame({"model": "m", "item": n.cast(pl.String), "score": (n % 2).cast(pl.Float64)}).write_parquet(path)
    return path


@pytest.mark.unmeasured
def test_kill_at_any_moment_leaves_the_complete_old_or_new_file(tmp_path, rows):
    target = tmp_path / "old.jsonl"
    process = converting(rows, target)
    began = writing_began(process, tmp_path)
    assert process.wait() == 0
    lasted, new, killed = time.monotonic() - began, target.read_bytes(), 0
    for moment in range(MOMENTS):
        target.write_bytes(OLD)
        process = converting(rows, target)
        writing_began(process, tmp_path)
        time.sleep(lasted * moment / MOMENTS)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL and target.read_bytes() == OLD:
            killed += 1
            assert len(hidden(tmp_path)) == 1  # that of this process: it removed the one before
        else:
            assert target.read_bytes() == new
            assert not hidden(tmp_path)
    assert killed >= MOMENTS // 2
    assert converting(rows, target).wait() == 0
    assert target.read_bytes() == new
    assert not hidden(tmp_path)
