"""SQLite databases are read including their write-ahead log, by named columns only, within size limits."""

import shutil
import sqlite3
from contextlib import closing

import pytest

import howsure as hs

pytestmark = pytest.mark.once

MAP = {"rows": "runs", "item": "q", "score": "ok", "model": "m"}


def database(path, rows, *, more=""):
    """Make a database in WAL mode; the first ten rows are in it, the others only in the log beside it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"CREATE TABLE runs (q TEXT, ok INTEGER, m TEXT{more})")
    connection.executemany("INSERT INTO runs (q, ok, m) VALUES (?, ?, 'x')", [(f"q{k}", 1) for k in range(10)])
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.executemany("INSERT INTO runs (q, ok, m) VALUES (?, ?, 'x')", [(f"q{k}", 0) for k in range(10, rows)])
    connection.commit()
    return connection


def test_rows_in_the_write_ahead_log_are_read(tmp_path):
    path = tmp_path / "runs.db"
    with closing(database(path, 40)):
        assert path.with_name("runs.db-wal").stat().st_size
        before = sorted(file.name for file in tmp_path.iterdir())
        row = hs.estimate(hs.read(path, map=MAP)).records()[0]
        assert (row["value"], row["n_items"]) == (0.25, 40)
        assert sorted(file.name for file in tmp_path.iterdir()) == before


def test_a_database_left_by_a_crashed_writer_is_read_with_its_log(tmp_path):
    (tmp_path / "dead").mkdir()
    with closing(database(tmp_path / "runs.db", 40)):
        for ending in ("", "-wal"):
            shutil.copy(tmp_path / f"runs.db{ending}", tmp_path / "dead")
    assert len(hs.read(tmp_path / "dead" / "runs.db", map=MAP).to_frame()) == 40


def test_uncommitted_rows_are_not_read(tmp_path):
    with closing(database(tmp_path / "runs.db", 40)) as connection:
        connection.execute("INSERT INTO runs (q, ok, m) VALUES ('later', 1, 'x')")
        assert len(hs.read(tmp_path / "runs.db", map=MAP).to_frame()) == 40


def test_an_unnamed_generated_column_is_not_computed(tmp_path):
    path = tmp_path / "runs.db"
    with closing(database(path, 20, more=", big AS (zeroblob(900000000))")):
        assert len(hs.read(path, map=MAP).to_frame()) == 20
        with pytest.raises(hs.ReadError, match="too big"):
            hs.read(path, map={**MAP, "cluster": "big"})


def test_a_database_over_the_size_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("howsure.readers.mapping.documents.MAX_UNPACKED_BYTES", 200)
    with closing(database(tmp_path / "runs.db", 40)), pytest.raises(hs.ReadError, match="more than 200 bytes"):
        hs.read(tmp_path / "runs.db", map=MAP)


@pytest.mark.parametrize("place", [8, 40, 60, 4_000, 9_000, "short", "pages"])
def test_a_damaged_write_ahead_log_is_an_error(tmp_path, place):
    with closing(database(tmp_path / "runs.db", 900)) as connection:
        for k in range(5):
            connection.execute("INSERT INTO runs (q, ok, m) VALUES (?, 1, 'x')", [f"later {k}"])
            connection.commit()
        (tmp_path / "copy").mkdir()
        for ending in ("", "-wal"):
            shutil.copy(tmp_path / f"runs.db{ending}", tmp_path / "copy")
    log = tmp_path / "copy" / "runs.db-wal"
    whole = bytearray(log.read_bytes())
    assert len(hs.read(tmp_path / "copy" / "runs.db", map=MAP).to_frame()) == 905
    if isinstance(place, int):
        whole[place] ^= 4
    log.write_bytes(whole[:20] if place == "short" else whole[: 32 + 2 * 4_120] if place == "pages" else whole)
    if place == "pages":  # nothing tells a log that was cut from one whose last transaction isn't committed
        assert len(hs.read(tmp_path / "copy" / "runs.db", map=MAP).to_frame()) == 10
    else:
        with pytest.raises(hs.ReadError, match="the log of changes next to it"):
            hs.read(tmp_path / "copy" / "runs.db", map=MAP)


def test_a_large_blob_as_an_id_is_an_error(tmp_path):
    with closing(database(tmp_path / "runs.db", 12)) as connection:
        connection.execute("UPDATE runs SET q = zeroblob(100000) WHERE q = 'q3'")
        connection.commit()
        with pytest.raises(hs.ReadError, match="column 'q' contains a blob of 100,000 bytes"):
            hs.read(tmp_path / "runs.db", map=MAP)
