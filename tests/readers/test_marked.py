"""Files that begin with a UTF-8 byte order mark are read like those without."""

import shutil
from codecs import BOM_UTF8
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.readers import tables
from places import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
TEXTS = (".json", ".jsonl", ".csv", ".yaml")
LOGS = {
    "Inspect": FIXTURES / "inspect" / "small.json",
    "lm-eval": FIXTURES / "lm_eval",
    "OpenAI Evals": FIXTURES / "harnesses" / "openai_evals",
    "MT-bench": FIXTURES / "harnesses" / "mt_bench",
}


def marked(path, target):
    """Copy a file or folder, with the mark before every text."""
    copy = target / path.name
    (shutil.copytree if path.is_dir() else shutil.copy)(path, copy)
    for file in [copy] if copy.is_file() else copy.rglob("*"):
        if file.suffix in TEXTS:
            file.write_bytes(BOM_UTF8 + file.read_bytes())
    return copy


@pytest.mark.parametrize("name", LOGS)
def test_a_log_with_a_byte_order_mark_is_read_like_one_without(name, tmp_path):
    plain, found = hs.read(LOGS[name]), hs.read(marked(LOGS[name], tmp_path))
    assert found.to_frame().drop("source").equals(plain.to_frame().drop("source"), null_equal=True)
    assert [fact.harness for fact in found.facts] == [fact.harness for fact in plain.facts] != []


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_a_table_with_a_byte_order_mark_is_read_like_one_without(suffix, tmp_path):
    rows = pl.DataFrame({"model": ["a", "b"] * 9, "item": [k // 2 for k in range(18)], "score": [1.0, 0.0] * 9})
    path = tmp_path / f"scores{suffix}"
    {".csv": rows.write_csv, ".jsonl": rows.write_ndjson, ".json": rows.write_json}[suffix](path)
    plain = hs.leaderboard(path).to_dict()
    path.write_bytes(BOM_UTF8 + path.read_bytes())
    assert hs.leaderboard(path).to_dict() == plain


def test_a_large_parquet_file_is_scanned_after_looking_at_its_first_bytes(tmp_path, monkeypatch):
    """The first bytes are looked at without moving on in the file."""
    monkeypatch.setattr(tables, "MAX_HELD_BYTES", 0)
    path = tmp_path / "scores.parquet"
    pl.DataFrame({"model": ["a", "b"] * 9, "item": [k // 2 for k in range(18)], "score": [1.0, 0.0] * 9}).write_parquet(
        path
    )
    assert hs.leaderboard(path).boards[0].entries[0].estimate.value == 1


def test_a_configuration_with_a_byte_order_mark_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("scores.csv").write_text("model,item,score\n" + "".join(f"{m},{k},{k % 2}\n" for m in "ab" for k in range(9)))
    Path("howsure.toml").write_bytes(BOM_UTF8 + b"level = 0.9\n")
    told = CliRunner().invoke(main, ["leaderboard", "scores.csv"])
    assert (told.exit_code, "90% CI" in told.output) == (0, True), told.output
