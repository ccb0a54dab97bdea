"""A damaged Parquet file is left out and never ends the process; sound files of every writer are read."""

import subprocess
import sys

import polars as pl
import pytest

import howsure as hs
from howsure.readers.base import Source
from howsure.readers.parquet import _fits, refuse_damaged
from trials import draws

pytestmark = pytest.mark.once

ROWS = pl.DataFrame(
    {
        "model": [f"m{k % 4}" for k in range(400)],
        "item": [f"question {k // 4}" for k in range(400)],
        "score": [k % 3 / 2 for k in range(400)],
        "note": [None if k % 5 else "x" * (k % 17) for k in range(400)],
        "parts": [[k, None] if k % 3 else None for k in range(400)],
    }
)
READ_ALL = """
import sys
from pathlib import Path
import howsure
for path in sorted(Path(sys.argv[1]).glob("*.parquet")):
    try:
        howsure.estimate(path)
    except howsure.HowsureError:
        pass
"""


def is_sound(path):
    """Say whether a file passes."""
    try:
        refuse_damaged(Source(path=path, root=path))
    except hs.ReadError:
        return False
    return True


@pytest.mark.parametrize("compression", ["zstd", "snappy", "uncompressed", "lz4", "gzip", "brotli"])
@pytest.mark.parametrize("size", [None, 17])
def test_parquet_files_of_polars_are_accepted(tmp_path, compression, size):
    for k, frame in enumerate((ROWS, ROWS.head(0), ROWS.head(1))):
        path = tmp_path / f"{k}.parquet"
        frame.write_parquet(path, compression=compression, row_group_size=size, data_page_size=1_000)
        assert is_sound(path)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_parquet_files_of_pyarrow_are_accepted(tmp_path, version, dictionary):
    parquet = pytest.importorskip("pyarrow.parquet")
    for k, frame in enumerate((ROWS, ROWS.head(0))):
        path = tmp_path / f"{k}.parquet"
        more = {"write_page_checksum": True, "write_page_index": True, "data_page_size": 500, "row_group_size": 70}
        parquet.write_table(frame.to_arrow(), path, data_page_version=version, use_dictionary=dictionary, **more)
        assert is_sound(path)


@pytest.mark.parametrize(
    ("levels", "missing", "fits"),
    [
        ((0, 2), 0, True),
        ((1, 4), 5, True),
        ((0, 5), 0, True),
        ((2, 4), 0, False),
        ((9, -4), 0, False),
        ((0, 2), 6, False),
    ],
)
def test_a_parquet_page_holds_its_levels_and_no_more_missing_values_than_values(levels, missing, fits):
    page = {1: 5, 2: missing, 3: 5, 5: levels[0], 6: levels[1]}
    assert _fits(page, 5) is fits


def test_parquet_files_of_duckdb_are_accepted(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "a.parquet"
    for version in ("v1", "v2"):
        duckdb.sql(f"COPY (SELECT range AS a, [range] AS b FROM range(9999)) TO '{path}' (PARQUET_VERSION {version})")
        assert is_sound(path)


@pytest.mark.unmeasured
def test_a_damaged_parquet_file_never_ends_the_process(tmp_path):
    """Bytes of the first page's header, and of the metadata, are changed in turn."""
    whole = tmp_path / "whole.parquet"
    ROWS.head(40).write_parquet(whole, compression="uncompressed")
    data, damaged = whole.read_bytes(), tmp_path / "damaged"
    damaged.mkdir()
    metadata = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    step = draws(8, 1)
    places = [*range(4, 60, step), *range(metadata, len(data) - 8, 5 * step)]
    for place in places:
        for byte in (0xFF, data[place] ^ 0x40, data[place] ^ 1):
            changed = bytearray(data)
            changed[place] = byte
            (damaged / f"{place:05}-{byte:02x}.parquet").write_bytes(changed)
    done = subprocess.run([sys.executable, "-c", READ_ALL, str(damaged)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert sum(not is_sound(path) for path in damaged.iterdir()) > len(places) / 2


def test_a_damaged_parquet_file_leaves_the_others(tmp_path):
    ROWS.write_parquet(tmp_path / "good.parquet")
    data = bytearray((tmp_path / "good.parquet").read_bytes())
    data[-40:-20] = b"\xff" * 20
    (tmp_path / "bad.parquet").write_bytes(data)
    scores = hs.read(tmp_path)
    assert [(file.path, file.outcome) for file in scores.files] == [("bad.parquet", "failed"), ("good.parquet", "read")]
    assert len(scores.to_frame()) == 400
