"""A zip of logs is read like a folder, member by member, and never writes outside its own temporary folder."""

import bz2
import gzip
import lzma
import sys
import warnings
import zipfile

import polars as pl
import pytest

import howsure as hs

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.once

PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd.compress}

ROWS = "task,model,item,score\nt,{model},1,1\nt,{model},2,0\n"


def packed(path, *members):
    """Write a zip whose members may have the same name."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            archive.writestr(name, content)
    return path


def models(path):
    """Return the models that are read."""
    return sorted(hs.read(path).to_frame()["model"].unique())


def test_member_names_may_contain_a_colon(tmp_path):
    path = packed(
        tmp_path / "a.zip",
        ("mmlu:subject=law,model=x/rows.csv", ROWS.format(model="x")),
        ("b.csv", ROWS.format(model="y")),
    )
    assert models(path) == ["x", "y"]


@pytest.mark.parametrize("name", ["C:/x.csv", "/x.csv", "../x.csv", "a/../../x.csv", "c:\\x.csv", ".hidden/x.csv"])
def test_members_that_lead_outside_the_archive_are_ignored(tmp_path, name):
    path = packed(tmp_path / "a.zip", (name, ROWS.format(model="x")), ("b.csv", ROWS.format(model="y")))
    assert models(path) == ["y"]


def test_identical_members_of_one_name_count_once_and_differing_ones_fail(tmp_path):
    row = ("b.csv", ROWS.format(model="y"))
    path = packed(tmp_path / "a.zip", ("x.csv", ROWS.format(model="x")), ("x.csv", ROWS.format(model="z")), row, row)
    scores = hs.read(path)
    assert models(path) == ["y"]
    assert [(file.path, file.outcome) for file in scores.files] == [("a.zip/b.csv", "read"), ("a.zip/x.csv", "failed")]
    (warning,) = [warning for warning in scores.warnings if warning.code == "files_failed"]
    assert "several members of this name differ" in warning.message
    with pytest.raises(hs.ReadError, match="several members of this name differ"):
        hs.read(path, strict=True)


def test_a_damaged_member_leaves_the_others(tmp_path):
    path = packed(tmp_path / "a.zip", ("x.csv", ROWS.format(model="damaged")), ("b.csv", ROWS.format(model="y")))
    path.write_bytes(path.read_bytes().replace(b"damaged", b"dAmaged"))
    assert models(path) == ["y"]
    assert [file.outcome for file in hs.read(path).files] == ["read", "failed"]


def test_hidden_aider_case_files_in_a_zip_are_read(tmp_path):
    case = '{"testcase": "a", "model": "m", "tests_outcomes": [true], "cost": 0.1, "duration": 1.0, "commit_hash": "a1", "test_timeouts": 0, "edit_format": "diff"}'
    assert packed(tmp_path / "a.zip", ("run/a/.aider.results.json", case)).exists()
    assert models(tmp_path / "a.zip") != []


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_a_compressed_file_is_read_like_its_content(tmp_path, suffix, kind):
    rows = pl.DataFrame({"item": range(6), "score": [1, 0, 1, 1, 0, 1]})
    place = tmp_path / f"gpt-4.1.{kind}"
    {"csv": rows.write_csv, "jsonl": rows.write_ndjson, "json": rows.write_json}[kind](place)
    packed = tmp_path / "in" / f"gpt-4.1.{kind}.{suffix}"
    packed.parent.mkdir()
    packed.write_bytes(PACK[suffix](place.read_bytes()))
    expected = hs.estimate(place).records()
    assert hs.estimate(packed).records() == expected
    assert hs.estimate(packed.parent).records() == expected


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_a_truncated_compressed_file_is_an_error(tmp_path, suffix):
    data = PACK[suffix](b"item,score\n" + b"".join(b"%d,%d\n" % (k * k, k % 2) for k in range(5_000)))
    (tmp_path / f"a.csv.{suffix}").write_bytes(data[: len(data) // 2])
    with pytest.raises(hs.ReadError, match=rf"a\.csv\.{suffix}: can't be unpacked"):
        hs.read(tmp_path / f"a.csv.{suffix}")


def test_a_file_that_unpacks_to_too_much_is_refused_and_others_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("howsure.readers.zipped.MAX_MEMBER_BYTES", 1_000_000)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"0" * 50_000_000))
    (tmp_path / "b.csv").write_text(ROWS.format(model="y"))
    assert models(tmp_path) == ["y"]
    with pytest.raises(hs.ReadError, match="unpacks to more than is done automatically"):
        hs.read(tmp_path / "bomb.csv.gz")


def test_compressed_files_without_a_data_suffix_are_left_out(tmp_path):
    (tmp_path / "weights.tar.gz").write_bytes(b"\x1f\x8b not even one")
    (tmp_path / "b.csv").write_text(ROWS.format(model="y"))
    assert [(file.path, file.outcome) for file in hs.read(tmp_path).files] == [
        ("b.csv", "read"),
        ("weights.tar.gz", "left out"),
    ]


def test_a_compressed_leaderboard_is_named_after_its_content(tmp_path):
    (tmp_path / "board.csv.gz").write_bytes(gzip.compress(b"model,score,n\na,71.2,500\nb,70.1,500\n"))
    assert [board.task for board in hs.audit(hs.read(tmp_path / "board.csv.gz"), n=500).boards] == ["board"]
