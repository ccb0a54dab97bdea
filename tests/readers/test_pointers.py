"""Files that Git LFS or git-annex never fetched are counted and reported; published scores next to them are read."""

import shutil

import pytest

import howsure
from howsure.errors import DataError, ReadError
from places import ROOT

pytestmark = pytest.mark.once

RUN = ROOT / "tests" / "fixtures" / "lm_eval" / "example__canned-large"
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"
KEY = f"annex/objects/SHA256E-s12345--{'4d' * 32}.jsonl"


def pointed(path, kind):
    """Put a pointer in the place of a file."""
    path.unlink()
    if kind == "link":
        path.symlink_to(f"../.git/{KEY}")
    else:
        path.write_text(LFS if kind == "lfs" else f"/{KEY}\n")


@pytest.mark.parametrize("kind", ["lfs", "annex", "link"])
def test_results_whose_samples_were_never_fetched_are_published_scores(kind, tmp_path):
    copy = shutil.copytree(RUN, tmp_path / RUN.name)
    samples = sorted(copy.glob("samples_*"))
    for path in samples:
        pointed(path, kind)
    found = howsure.read(copy)
    assert len(found.published) == 4
    assert {entry.n for entry in found.published} == {12}
    assert not found.has_rows
    assert [report.outcome for report in found.files] == ["published", "failed", "failed"]
    assert any("2 samples files" in note for note in found.notes)
    with pytest.raises(DataError, match="git lfs pull" if kind == "lfs" else "git annex get"):
        howsure.estimate(copy)


@pytest.mark.parametrize("kind", ["lfs", "annex", "link"])
def test_fetched_samples_are_read_next_to_those_never_fetched(kind, tmp_path):
    copy = shutil.copytree(RUN, tmp_path / RUN.name)
    pointed(next(copy.glob("samples_sums_open_*")), kind)
    found = howsure.read(copy)
    assert set(found.rows.lazy().collect()["task"]) == {"sums_choice"}
    assert {entry.task for entry in found.published} == {"sums_choice", "sums_open"}
    assert any("the samples file" in note for note in found.notes)
    assert {figure.task for figure in found.reconciled} == {"sums_choice"}


@pytest.mark.parametrize(
    ("kind", "get"), [("lfs", "git lfs pull"), ("annex", "git annex get"), ("link", "git annex get")]
)
def test_a_pointer_file_is_an_error_that_says_how_to_fetch_it(kind, get, tmp_path):
    (tmp_path / "samples.jsonl").touch()
    pointed(tmp_path / "samples.jsonl", kind)
    with pytest.raises(ReadError, match=get):
        howsure.read(tmp_path)


def test_an_ordinary_broken_link_is_ignored(tmp_path):
    shutil.copytree(RUN, tmp_path / RUN.name)
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    assert all(report.outcome != "failed" for report in howsure.read(tmp_path).files)
