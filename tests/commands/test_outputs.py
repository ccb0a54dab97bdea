"""Every command that writes a file keeps the old file if the disk is full, and says so in one line."""

import contextlib
import itertools
import resource
import signal

import pytest
from click.testing import CliRunner

from frames import attempts
from howsure.commands.main import main
from howsure.writing import HIDDEN
from trials import draws

OLD = "the old file\n"
ROOM = (0, 100)
"""So many bytes are written before the disk is full."""

COMMANDS = {
    "estimate": ("estimate", "{rows}", "-o", "{out}.md"),
    "compare": ("compare", "{rows}", "-a", "a", "-b", "b", "-o", "{out}.html"),
    "leaderboard": ("leaderboard", "{rows}", "-o", "{out}.json"),
    "noise": ("noise", "{rows}", "-o", "{out}.tex"),
    "questions": ("questions", "{rows}", "-o", "{out}.txt"),
    "describe": ("describe", "{rows}", "-o", "{out}.csv"),
    "gate": ("gate", "{rows}", "--candidate", "a", "--at-least", "0.1", "-o", "{out}.md"),
    "gate, junit": ("gate", "{rows}", "--candidate", "a", "--at-least", "0.1", "--junit", "{out}.xml"),
    "report": ("report", "{rows}", "-o", "{out}.html"),
    "plot, vega": ("plot", "compare", "{rows}", "-a", "a", "-b", "b", "-o", "{out}.json"),
    "plot, svg": ("plot", "compare", "{rows}", "-a", "a", "-b", "b", "-o", "{out}.svg"),
    "convert, csv": ("convert", "{rows}", "-o", "{out}.csv"),
    "convert, jsonl": ("convert", "{rows}", "-o", "{out}.jsonl"),
    "convert, parquet": ("convert", "{rows}", "-o", "{out}.parquet"),
    "convert, arrow": ("convert", "{rows}", "-o", "{out}.arrow"),
}
ERRORS = {"gate": 3}


@contextlib.contextmanager
def room(size):
    """Let no file grow beyond a size, as on a full disk; by the system, so that what isn't written in Python is stopped as well."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("name", "size"), draws([*zip(COMMANDS, itertools.cycle(ROOM))], [*itertools.product(COMMANDS, ROOM)])
)
def test_a_full_disk_leaves_the_old_output_file_of_every_command(tmp_path, name, size):
    rows = tmp_path / "rows.csv"
    attempts(n_clusters=4, size=4, times=2).write_csv(rows)
    words = [word.format(rows=rows, out=tmp_path / "old") for word in COMMANDS[name]]
    target = tmp_path / next(word for word in words if "/old." in word).rsplit("/", 1)[1]
    target.write_text(OLD)
    with room(size):
        result = CliRunner().invoke(main, ["--no-config", *words])
    assert result.exit_code == ERRORS.get(words[0], 1), result.output
    assert f"can't write '{target}' (File too large)" in result.stderr
    assert result.stderr.count("\n") == 1
    assert target.read_text() == OLD
    assert not list(tmp_path.glob(f"{HIDDEN}*"))
    assert CliRunner().invoke(main, ["--no-config", *words]).exit_code == 0
    assert target.read_bytes() != OLD.encode()
