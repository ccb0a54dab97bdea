"""An error about a missing optional package names the extra that installs it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import howsure as hs
from howsure.commands.mcp import mcp
from howsure.errors import HowsureError
from howsure.page.server import serve
from howsure.present.charts.base import picture
from howsure.readers.base import Source
from howsure.readers.registry import identify
from howsure.table.engines import EXTRAS
from places import LOGS, ROOT

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
ROWS = "- {item: a, model: m, score: 1}\n- {item: b, model: m, score: 0}\n"


def of_yaml(folder: Path) -> object:
    (folder / "rows.yaml").write_text(ROWS)
    return hs.estimate(folder / "rows.yaml")


def of_yaml_in_a_folder(folder: Path) -> object:
    (folder / "rows.yaml").write_text(ROWS)
    return hs.estimate(folder)


def of_duckdb(folder: Path) -> object:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(folder / "rows.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE rows AS SELECT 'm' AS model, 'q' || i AS item, i % 2 AS score FROM range(9) t(i)"
        )
    return folder / "rows.duckdb"


def of_a_relation(folder: Path) -> object:
    duckdb = pytest.importorskip("duckdb")
    return hs.estimate(duckdb.sql("SELECT 'm' AS model, 'q' || i AS item, i % 2 AS score FROM range(9) t(i)"))


def a_chart(folder: Path) -> object:
    return hs.leaderboard(LOGS).plot()


def a_picture(folder: Path) -> object:
    return picture({}, "svg")


def a_page(folder: Path) -> object:
    return serve([], lambda: None, port=0, tell=print)  # type: ignore[arg-type,return-value]


def the_server(folder: Path) -> object:
    sys.modules.pop("howsure.integrations.mcp", None)
    return mcp.callback((str(folder),), 40_000)  # type: ignore[misc]


def an_address(folder: Path) -> object:
    return hs.estimate("https://localhost:9/rows.csv")


TEXTS = pl.DataFrame({"model": "m", "item": [1, 2], "label": ["a b", "c"], "prediction": ["a b", "d"]})


def a_word_error_rate(folder: Path) -> object:
    return hs.estimate(TEXTS, statistic="wer")


def a_bleu(folder: Path) -> object:
    return hs.estimate(TEXTS, statistic="bleu")


CASES: dict[tuple[str, str], Callable[[Path], object]] = {
    ("yaml", "yaml"): of_yaml,
    ("yaml", "yaml in a folder"): of_yaml_in_a_folder,
    ("remote", "fsspec"): an_address,
    ("plot", "altair"): a_chart,
    ("plot", "vl_convert"): a_picture,
    ("duckdb", "pyarrow"): of_a_relation,
    ("texts", "rapidfuzz"): a_word_error_rate,
    ("texts", "sacrebleu"): a_bleu,
    ("mcp", "mcp"): the_server,
    ("view", "starlette"): a_page,
    ("view", "uvicorn"): a_page,
    ("view", "watchfiles"): a_page,
}


def block(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a package be missing, and the parts of it that another test may have imported."""
    for name in {package, *(name for name in sys.modules if name.startswith(f"{package}."))}:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(("extra", "package"), CASES)
def test_a_missing_package_names_its_extra(
    extra: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block(package.split(maxsplit=1)[0], monkeypatch)
    with pytest.raises(HowsureError, match=rf"howsure\[{extra}\]"):
        CASES[extra, package](tmp_path)


@pytest.mark.parametrize("package", ["duckdb", "pyarrow"])
def test_a_duckdb_file_without_its_packages_names_the_duckdb_extra(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_duckdb(tmp_path)
    block(package, monkeypatch)
    with pytest.raises(HowsureError, match=r"howsure\[duckdb\]"):
        hs.estimate(path)


def test_every_declared_extra_is_tested() -> None:
    assert {extra for extra, _ in CASES} | {"spark"} == DECLARED.keys()
    assert "howsure[spark]" in EXTRAS["pyspark"], (
        "a Spark session is the caller's: what it lacks is named as rows are collected"
    )


def test_yaml_files_are_recognised_without_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "rows.yml").write_text(ROWS)
    found = identify(Source(path=tmp_path / "rows.yml", root=tmp_path))
    assert found is not None
    assert found[0].NAME == "tables"
