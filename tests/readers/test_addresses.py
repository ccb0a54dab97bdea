"""Files, folders and tables are read from web addresses (tested on a local server), within size and time limits and without showing credentials."""

import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from howsure.errors import DataError, ReadError
from howsure.readers import addresses
from served import falling_silent, serving


@pytest.fixture
def server(tmp_path):
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    folder = tmp_path / "runs"
    folder.mkdir()
    for model, score in (("a", 1), ("b", 0)):
        (folder / f"{model}.csv").write_text(f"item,model,score\n1,{model},{score}\n2,{model},1\n")
    with serving(tmp_path) as served:
        yield served.url


@pytest.fixture
def scannable(tmp_path):
    """Serve a table of which Polars needs a part only, in a folder of its own."""
    folder = tmp_path / "served"
    folder.mkdir()
    rows = [
        {"item": str(k), "model": model, "score": float(k % 3 == 0), "text": f"{model} {k} " * 100}
        for k in range(2000)
        for model in "ab"
    ]
    pl.DataFrame(rows).write_parquet(folder / "runs.parquet", compression="uncompressed")
    with serving(folder, parts=True) as served:
        yield served


def test_a_file_and_a_folder_are_read_from_an_address(server):
    assert howsure.read(f"{server}/runs/a.csv").to_frame()["score"].to_list() == [1.0, 1.0]
    assert set(howsure.read(f"{server}/runs/").to_frame()["model"]) == {"a", "b"}


def test_the_command_line_takes_addresses(server):
    result = CliRunner().invoke(
        main, ["compare", f"{server}/runs/a.csv", f"{server}/runs/b.csv", "-a", "a", "-b", "b", "--format", "csv"]
    )
    assert result.exit_code == 0, result.output


def test_an_error_about_an_address_shows_no_credentials(server):
    url = server.replace("http://", "http://me:secret@") + "/nothing.csv?token=secret"
    with pytest.raises(ReadError) as told:
        howsure.read(url)
    assert "secret" not in str(told.value)
    assert "/nothing.csv" in str(told.value)


def test_a_file_over_the_size_limit_is_not_fetched(server, monkeypatch):
    monkeypatch.setattr(addresses, "MAX_FILE_BYTES", 10)
    with pytest.raises(ReadError, match="more than is fetched automatically"):
        howsure.read(f"{server}/runs/a.csv")


@pytest.mark.parametrize("name", ["runs.csv", "runs/", "runs.parquet"])
@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nAccept-Ranges: bytes\r\n\r\nPAR1 item,"]
)
def test_a_server_that_stops_sending_is_an_error(name, answer, monkeypatch):
    pytest.importorskip("aiohttp")
    monkeypatch.setattr(addresses, "MAX_SILENT_SECONDS", 0.2)
    with falling_silent(answer) as url, pytest.raises(ReadError, match=r"127.*: no data within 0.2 s\. Try again"):
        howsure.read(f"{url}/{name}")


def test_a_missing_package_for_addresses_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(
        ReadError,
        match=r"https://example\.org/x\.csv: reading an address needs a package\. pip install 'howsure\[remote\]'",
    ):
        howsure.read("https://example.org/x.csv")


@pytest.mark.parametrize(
    ("name", "root", "inner"),
    [
        ("https://h/a/b.csv", "https://h/a/b.csv", "."),
        ("https://h/a/c/b.csv", "https://h/a", "c/b.csv"),
        ("bucket/runs/../../x.csv", "bucket/runs", "x.csv"),
        ("https://h/a/b.csv?x=/../y", "https://h/a/", "b.csv"),
        ("https://h/a/?C=N", "https://h/a/", "."),
    ],
)
def test_fetched_file_names_stay_inside_the_folder(name, root, inner):
    assert str(addresses._inner(name, root)) == inner


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("s3://b/runs/", "b/runs"),
        ("https://h/x/a.csv?t=/..", "h/x/a.csv"),
        ("https://h/..", "h"),
        ("https://h:8", "files"),
    ],
)
def test_a_fetched_file_is_named_after_its_address(url, way):
    assert str(addresses._way(url)) == way


def test_a_shown_address_has_no_password_and_no_query():
    assert addresses.shown("https://me:p@ss@host/x.csv?token=1#2") == "https://host/x.csv"


def test_a_parquet_table_at_an_address_is_scanned_without_fetching_it_all(scannable, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    there = howsure.estimate(f"{scannable.url}/runs.parquet?token=secret")
    assert there.render("json") == howsure.estimate(scannable.folder / "runs.parquet").render("json")
    assert 0 < scannable.sent < (scannable.folder / "runs.parquet").stat().st_size / 2


def test_harness_files_at_an_address_are_read_by_their_reader(scannable):
    pytest.importorskip("aiohttp")
    folder = scannable.folder / "org" / "model"
    folder.mkdir(parents=True)
    details = {"doc": [{"query": "q1"}, {"query": "q2"}], "metric": [{"acc": 1.0}, {"acc": 0.0}]}
    path = folder / "details_arc_2026-01-01T00-00-00.parquet"
    pl.DataFrame(details).write_parquet(path)
    scores = howsure.read(f"{scannable.url}/org/model/{path.name}")
    assert scores.files[0].reader == "lighteval"
    assert scores.to_frame().equals(howsure.read(path).to_frame())


def test_a_server_without_range_requests_is_read(server, tmp_path):
    pl.DataFrame({"item": ["1"], "model": ["a"], "score": [1.0]}).write_parquet(tmp_path / "runs" / "x.parquet")
    assert howsure.read(f"{server}/runs/x.parquet").to_frame()["score"].to_list() == [1.0]


@pytest.mark.parametrize("asked", [{"reader": "tables"}, {"reader": "Inspect"}, {}])
def test_an_unreadable_file_is_named_by_its_address(scannable, asked):
    pytest.importorskip("aiohttp")
    (scannable.folder / "x.parquet").write_bytes(b"PAR1, but no table")
    for name in ("x.parquet", "nothing.parquet"):
        with pytest.raises(ReadError) as told:
            howsure.read(f"{scannable.url}/{name}?token=secret", **asked)
        assert str(told.value).startswith(f"{scannable.url}/{name}: ")
        assert "secret" not in str(told.value)


def test_a_mapping_reads_a_parquet_file_at_an_address(scannable):
    pytest.importorskip("aiohttp")
    pl.DataFrame({"q": ["1", "2"], "who": ["a", "a"], "pts": [1, 0]}).write_parquet(scannable.folder / "x.parquet")
    mapping = {"files": "x.parquet", "item": "q", "model": "who", "score": "pts"}
    there = howsure.read(f"{scannable.url}/x.parquet", map=mapping)
    assert there.to_frame()["score"].to_list() == [1.0, 0.0]
    assert there.files[0].reader != "tables"


@pytest.mark.parametrize(
    ("url", "scanned"),
    [
        ("https://h/a.parquet?t=1", True),
        ("hf://datasets/me/runs@main/a.parquet", True),
        ("https://me:word@h/a.parquet", False),
        ("https://h/a?name=.parquet", False),
        ("https://h/a.parquet/", False),
        ("memory://h/a.parquet", False),
    ],
)
def test_only_supported_addresses_are_scanned_in_place(url, scanned, tmp_path, monkeypatch):
    frame = pl.LazyFrame({"item": ["1"], "score": [1.0]})
    monkeypatch.setattr(pl, "scan_parquet", lambda *_, **__: frame)
    assert (addresses._scanned(url, tmp_path / "a.parquet", None, ()) is not None) == scanned


@pytest.mark.parametrize(("scheme", "name"), [("hf", "HF_ENDPOINT"), ("gs", "STORAGE_EMULATOR_HOST")])
def test_a_custom_endpoint_is_not_scanned_in_place(scheme, name, tmp_path, monkeypatch):
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert addresses._scanned(f"{scheme}://b/me/a.parquet", tmp_path / "a.parquet", None, ()) is None


def test_a_table_deleted_from_its_address_is_an_error_without_credentials(scannable):
    scores = howsure.read(f"{scannable.url}/runs.parquet?token=secret")
    (scannable.folder / "runs.parquet").unlink()
    with pytest.raises(DataError, match="Check that it still exists") as told:
        howsure.estimate(scores)
    assert "secret" not in str(told.value)


def test_addresses_that_differ_in_their_query_are_different_files(server):
    urls = [f"{server}/runs/{name}" for name in ("a.csv?x=1", "a.csv?x=2", "a.csv?x=1", "b.csv")]
    assert [file.path for file in howsure.read(urls).files] == ["a (2).csv", "a.csv", "a.csv", "b.csv"]


def test_a_folder_at_an_address_keeps_its_name(server, tmp_path):
    here, there = (howsure.read(path).to_frame() for path in (tmp_path / "runs", f"{server}/runs/"))
    assert there["task"].unique().to_list() == ["runs"]
    assert there.equals(here)


def test_fetching_shows_progress(server):
    seen = []

    def progress(files):
        seen.append([type(file).__name__ for file in files])
        return files

    howsure.read(f"{server}/runs/", progress=progress)
    assert seen == [[type(Path()).__name__] * 2, ["Source"] * 2]


def test_describe_proposes_a_mapping_for_an_unknown_file_at_an_address(server, tmp_path):
    (tmp_path / "x.json").write_text('{"rows": [{"q": "1", "sys": "a", "pts": 1}, {"q": "2", "sys": "a", "pts": 0}]}')
    assert howsure.describe(f"{server}/x.json").proposals
