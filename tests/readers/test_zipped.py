"""A zip of logs is a folder: any name that a folder can have, members one by one, and nothing outside of where it is unpacked."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import pytest

import howsure as hs

ROWS = "task,model,item,score\nt,{model},1,1\nt,{model},2,0\n"


def packed(path: Path, *members: tuple[str, str | bytes]) -> Path:
    """Write a zip whose members may have the same name."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            archive.writestr(name, content)
    return path


def models(path: Path) -> list[str]:
    """Return the models that are read."""
    return sorted(hs.read(path).to_frame()["model"].unique())


def test_a_colon_is_a_letter_of_a_name_like_any(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.zip",
        ("mmlu:subject=law,model=x/rows.csv", ROWS.format(model="x")),
        ("b.csv", ROWS.format(model="y")),
    )
    assert models(path) == ["x", "y"]


@pytest.mark.parametrize("name", ["C:/x.csv", "/x.csv", "../x.csv", "a/../../x.csv", "c:\\x.csv", ".hidden/x.csv"])
def test_names_that_lead_elsewhere_are_passed_over(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "a.zip", (name, ROWS.format(model="x")), ("b.csv", ROWS.format(model="y")))
    assert models(path) == ["y"]


def test_members_of_one_name_count_once_or_are_left_out_and_said(tmp_path: Path) -> None:
    row = ("b.csv", ROWS.format(model="y"))
    path = packed(tmp_path / "a.zip", ("x.csv", ROWS.format(model="x")), ("x.csv", ROWS.format(model="z")), row, row)
    scores = hs.read(path)
    assert models(path) == ["y"]
    assert [(file.path, file.outcome) for file in scores.files] == [("a.zip/b.csv", "read"), ("a.zip/x.csv", "failed")]
    (caution,) = [caution for caution in scores.cautions if caution.code == "files_failed"]
    assert "several members of this name differ" in caution.message
    with pytest.raises(hs.ReadError, match="several members of this name differ"):
        hs.read(path, strict=True)


def test_a_damaged_member_leaves_the_others(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", ("x.csv", ROWS.format(model="damaged")), ("b.csv", ROWS.format(model="y")))
    path.write_bytes(path.read_bytes().replace(b"damaged", b"dAmaged"))
    assert models(path) == ["y"]
    assert [file.outcome for file in hs.read(path).files] == ["read", "failed"]


def test_cases_of_aider_are_no_hidden_files_in_a_zip_either(tmp_path: Path) -> None:
    case = '{"testcase": "a", "model": "m", "tests_outcomes": [true], "cost": 0.1, "duration": 1.0, "commit_hash": "a1", "test_timeouts": 0, "edit_format": "diff"}'
    assert packed(tmp_path / "a.zip", ("run/a/.aider.results.json", case)).exists()
    assert models(tmp_path / "a.zip") != []
