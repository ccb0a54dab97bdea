"""Addresses: a local server stands for all of them; what is fetched is limited, and no credential is shown."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from howsure.errors import ReadError
from howsure.readers import elsewhere


class Quiet(SimpleHTTPRequestHandler):
    """A server that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    folder = tmp_path / "runs"
    folder.mkdir()
    for model, score in (("a", 1), ("b", 0)):
        (folder / f"{model}.csv").write_text(f"item,model,score\n1,{model},{score}\n2,{model},1\n")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def test_a_file_and_a_folder(server: str) -> None:
    assert howsure.read(f"{server}/runs/a.csv").to_frame()["score"].to_list() == [1.0, 1.0]
    assert set(howsure.read(f"{server}/runs/").to_frame()["model"]) == {"a", "b"}


def test_the_command_line_takes_addresses(server: str) -> None:
    result = CliRunner().invoke(
        main, ["compare", f"{server}/runs/a.csv", f"{server}/runs/b.csv", "-a", "a", "-b", "b", "--format", "csv"]
    )
    assert result.exit_code == 0, result.output


def test_what_is_not_there_is_said_without_credentials(server: str) -> None:
    url = server.replace("http://", "http://me:secret@") + "/nothing.csv?token=secret"
    with pytest.raises(ReadError) as told:
        howsure.read(url)
    assert "secret" not in str(told.value)
    assert "/nothing.csv" in str(told.value)


def test_too_much_is_not_fetched(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "MAX_FILE_BYTES", 10)
    with pytest.raises(ReadError, match="more than is fetched unasked"):
        howsure.read(f"{server}/runs/a.csv")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(
        ReadError,
        match=r"https://example\.org/x\.csv: reading an address needs a package\. pip install 'howsure\[remote\]'",
    ):
        howsure.read("https://example.org/x.csv")


@pytest.mark.parametrize(
    ("name", "root", "local"),
    [
        ("https://h/a/b.csv", "https://h/a/b.csv", "b.csv"),
        ("https://h/a/c/b.csv", "https://h/a", "c/b.csv"),
        ("bucket/runs/../../x.csv", "bucket/runs", "x.csv"),
        ("https://h/b.csv?x=/../y", "https://h/b.csv?x=/../y", "b.csv"),
    ],
)
def test_names_never_lead_out_of_the_folder(name: str, root: str, local: str) -> None:
    assert str(elsewhere._local(name, root)) == local


def test_no_part_of_a_password_is_shown() -> None:
    assert elsewhere.shown("https://me:p@ss@host/x.csv?token=1#2") == "https://host/x.csv"
