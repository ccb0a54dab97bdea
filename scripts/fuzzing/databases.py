"""SQLite databases, with their log of changes: bytes are mutated, and what SQL can make of a table."""

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from random import Random

from . import texts
from .case import Case, Mutation, Way

MAPPING = b"rows = 'runs'\nitem = 'q'\nscore = 'ok'\nmodel = 'm'\n"
MANY = 40
COUNTED = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c{}) SELECT x AS q, 1 AS ok, 'x' AS m FROM c"
SQL = {
    "text score": "UPDATE runs SET ok = 'x' WHERE rowid = 3",
    "blob score": "UPDATE runs SET ok = x'ff00' WHERE rowid = 3",
    "null score": "UPDATE runs SET ok = NULL WHERE rowid < 5",
    "infinite score": "UPDATE runs SET ok = 9e999 WHERE rowid = 3",
    "vast score": "UPDATE runs SET ok = 9223372036854775807 WHERE rowid = 3",
    "null item": "UPDATE runs SET q = NULL WHERE rowid = 3",
    "blob item": "UPDATE runs SET q = x'00ff' WHERE rowid = 3",
    "bad text": "UPDATE runs SET q = CAST(x'ff80' AS TEXT) WHERE rowid = 3",
    "zero byte": "UPDATE runs SET q = 'a' || char(0) || 'b' WHERE rowid = 3",
    "huge cell": "UPDATE runs SET q = hex(zeroblob(20000000)) WHERE rowid = 3",
    "huge cells": "UPDATE runs SET q = zeroblob(4000000)",
    "generated": "ALTER TABLE runs ADD COLUMN g AS (zeroblob(900000000))",
    "generated score": "ALTER TABLE runs RENAME COLUMN ok TO was; ALTER TABLE runs ADD COLUMN ok AS (1 - was)",
    "generated vast": "ALTER TABLE runs RENAME COLUMN q TO was; ALTER TABLE runs ADD COLUMN q AS (zeroblob(900000000))",
    "typed": "CREATE TABLE n (q BOOLEAN, ok DATETIME, m DECIMAL(10,5)); INSERT INTO n SELECT * FROM runs; DROP TABLE runs; ALTER TABLE n RENAME TO runs",
    "untyped": "CREATE TABLE n (q, ok, m); INSERT INTO n SELECT * FROM runs; DROP TABLE runs; ALTER TABLE n RENAME TO runs",
    "view": "ALTER TABLE runs RENAME TO t; CREATE VIEW runs AS SELECT * FROM t",
    "view of nothing": "DROP TABLE runs; CREATE VIEW runs AS SELECT * FROM missing",
    "view of itself": "DROP TABLE runs; CREATE VIEW runs AS SELECT * FROM other; CREATE VIEW other AS SELECT * FROM runs",
    "view without end": f"DROP TABLE runs; CREATE VIEW runs AS {COUNTED.format('')}",
    "view of nothing without end": f"DROP TABLE runs; CREATE VIEW runs AS SELECT * FROM ({COUNTED.format('')}) WHERE q < 0",
    "view of many": f"DROP TABLE runs; CREATE VIEW runs AS {COUNTED.format(' LIMIT 3000000')}",
    "empty table": "DELETE FROM runs",
    "no table": "DROP TABLE runs",
    "column gone": "ALTER TABLE runs RENAME COLUMN ok TO 'o''k \"x'",
    "name in capitals": "ALTER TABLE runs RENAME COLUMN ok TO OK",
    "strict": "CREATE TABLE n (q TEXT, ok INT, m ANY) STRICT; INSERT INTO n SELECT * FROM runs; DROP TABLE runs; ALTER TABLE n RENAME TO runs",
    "no rowid": "CREATE TABLE n (q TEXT PRIMARY KEY, ok, m) WITHOUT ROWID; INSERT INTO n SELECT * FROM runs; DROP TABLE runs; ALTER TABLE n RENAME TO runs",
    "full text": "DROP TABLE runs; CREATE VIRTUAL TABLE runs USING fts5(q, ok, m); INSERT INTO runs VALUES ('a', 1, 'x'), ('b', 0, 'x')",
    "broken schema": "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'CREATE TABLE runs (q' WHERE name = 'runs'",
    "another root": "PRAGMA writable_schema = 1; UPDATE sqlite_master SET rootpage = 1 WHERE name = 'runs'",
    "rows twice": "INSERT INTO runs SELECT * FROM runs",
    "utf-16": "",
}
VALID = frozenset(
    {
        "generated",
        "generated score",
        "typed",
        "untyped",
        "view",
        "view of many",
        "strict",
        "no rowid",
        "full text",
        "utf-16",
    }
    | {
        "vast score",
        "blob item",
        "bad text",
        "zero byte",
        "huge cell",
        "huge cells",
        "null score",
        "name in capitals",
        "another root",
    }
)


def databases() -> Way:
    """A database whose writer still has most rows in the log, and one at rest."""
    files = built()
    at_rest = built(wal=False)
    cases = (
        Case(label="a database with a log", ask="mapped", named="runs.db", files=files),
        Case(label="a database at rest", ask="mapped", named="runs.db", files=at_rest),
    )
    mutations = {f"bytes {name}": texts.of_file(texts.MUTATIONS[name]) for name in texts.DAMAGE}
    mutations |= {f"log {name}": _of_log(name) for name in texts.DAMAGE}
    mutations |= {"log gone": _without_log, "header odd": texts.of_file(_header)}
    mutations |= {name: _by_sql(statements) for name, statements in SQL.items()}
    return Way(name="sqlite", cases=cases, mutations=mutations, valid=VALID | {"bytes flipped", "header odd"})


def built(statements: str = "", *, wal: bool = True, encoding: str = "UTF-8", rows: int = MANY) -> dict[str, bytes]:
    """Return the files of a database; with `wal` the first ten rows are in it, and the others only in its log."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.db")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA encoding = '{encoding}'")
            connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
            connection.execute("CREATE TABLE runs (q TEXT, ok INTEGER, m TEXT)")
            _insert(connection, range(10), 1)
            if wal:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA wal_autocheckpoint = 0")
            _insert(connection, range(10, rows), 0)
            connection.executescript(statements)
            found = {file.name: file.read_bytes() for file in Path(folder).iterdir() if not file.name.endswith("-shm")}
    return {**found, "map.toml": MAPPING}


def _insert(connection: sqlite3.Connection, places: Iterable[int], ok: int) -> None:
    connection.executemany("INSERT INTO runs (q, ok, m) VALUES (?, ?, 'x')", [(f"q{k}", ok) for k in places])


def _by_sql(statements: str) -> Mutation:
    def mutation(case: Case, rng: Random) -> Case:
        files = built(statements, wal="runs.db-wal" in case.files, encoding="UTF-8" if statements else "UTF-16le")
        return Case(label=case.label, ask=case.ask, named=case.named, files=files)

    return mutation


def _of_log(name: str) -> Mutation:
    def mutation(case: Case, rng: Random) -> Case:
        log = case.files.get("runs.db-wal", case.files["runs.db"])  # that of another database, where there is none
        return case.with_file("runs.db-wal", texts.MUTATIONS[name](log, rng))

    return mutation


def _without_log(case: Case, rng: Random) -> Case:
    files = {name: data for name, data in case.files.items() if name != "runs.db-wal"}
    return Case(label=case.label, ask=case.ask, named=case.named, files=files)


def _header(data: bytes, rng: Random) -> bytes:
    """Change a number of the hundred bytes by which a database begins."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3))):
        changed[rng.randrange(16, 100)] = rng.choice((0, 1, 2, 127, 255))
    return bytes(changed)
