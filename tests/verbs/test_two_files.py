"""Two result files or frames of one test set are two sides, whatever they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main


def results(better: int) -> pl.DataFrame:
    return pl.DataFrame({"id": [f"q{i}" for i in range(60)], "correct": [int(i % 5 < better) for i in range(60)]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two files that say nothing of model or task."""
    results(2).write_csv(tmp_path / "old.csv")
    results(4).write_csv(tmp_path / "new.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "words",
    [["old.csv", "new.csv"], ["-a", "old.csv", "-b", "new.csv"], ["old.csv", "new.csv", "-a", "old", "-b", "new"]],
)
def test_two_files_are_two_models_on_the_command_line(words: list[str]) -> None:
    done = CliRunner().invoke(main, ["compare", *words, "-f", "json"])
    assert done.exit_code == 0, done.output
    assert '"value": -0.4' in done.output
    assert '"n_items": 60' in done.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("data", "names", "note"),
    [
        (["old.csv", "new.csv"], ["old", "new"], "No side names its task, so they are treated as the same one."),
        ({"x": "old.csv", "y": "new.csv"}, ["x", "y"], "No side names its task, so they are treated as the same one."),
        ({"z": results(2), "a": "new.csv"}, ["z", "a"], "No side names its task, so they are treated as the same one."),
        ({"b": results(2).to_pandas(), "a": results(4).lazy()}, ["b", "a"], "Sides: b; a."),
    ],
    ids=["list of files", "files by name", "frame and file", "frames"],
)
def test_two_files_or_frames_are_two_models_in_python(data: Any, names: list[str], note: str) -> None:
    found = hs.compare(data)
    assert found.difference.value == pytest.approx(-0.4)
    assert (found.difference.n_items, found.paired) == (60, True)
    assert [found.a, found.b] == names
    assert note in " ".join(found.notes)


@pytest.mark.usefixtures("folder")
def test_compare_without_names_is_an_error_unless_there_are_two_models() -> None:
    with pytest.raises(hs.OptionError, match="there is 1 model: old"):
        hs.compare("old.csv")
    with pytest.raises(hs.OptionError, match="one side of a comparison is missing"):
        hs.compare("old.csv", "old")
    three = pl.concat([results(k).with_columns(model=pl.lit(f"m{k}")) for k in (1, 2, 3)])
    with pytest.raises(hs.OptionError, match="there are 3 models") as raised:
        hs.compare(three)
    assert "`against`" in raised.value.remedy


def test_two_files_with_different_tasks_stay_two_tasks(tmp_path: Path) -> None:
    for task, better in (("gsm", 2), ("mmlu", 4)):
        rows = pl.concat([results(better + k).with_columns(model=pl.lit(name)) for k, name in enumerate("ab")])
        rows.write_csv(tmp_path / f"{task}.csv")
    found = hs.compare([tmp_path / "gsm.csv", tmp_path / "mmlu.csv"], "a", "b")
    assert sorted(pair.task for pair in found.comparisons) == ["gsm", "mmlu"]


def test_a_file_alone_does_not_name_the_task_of_its_side_and_several_of_one_name_do(tmp_path: Path) -> None:
    for side, better in (("old", 2), ("new", 4)):
        for attempt in range(2):
            place = tmp_path / side / f"run {attempt}"
            place.mkdir(parents=True)
            results(better).with_columns(model=pl.lit("m"), attempt=attempt).write_csv(place / f"{side}.csv")
    found = hs.compare({side: tmp_path / side / "run 0" for side in ("old", "new")})
    assert found.difference.value == pytest.approx(-0.4)
    assert any("treated as the same one" in note for note in found.notes)
    with pytest.raises(
        hs.DataError, match="the two models don't share a task and metric: new has new · score; old has old · score"
    ):
        hs.compare({side: tmp_path / side for side in ("old", "new")})


def wide() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "question": [f"q{i}" for i in range(60)],
            "a_correct": [int(i % 5 < 2) for i in range(60)],
            "b_correct": [i % 5 < 4 for i in range(60)],
        }
    )


def test_score_columns_of_a_wide_table_can_be_the_sides(tmp_path: Path) -> None:
    for name, write in (("w.csv", wide().write_csv), ("w.parquet", wide().write_parquet)):
        write(tmp_path / name)
        found = hs.compare(tmp_path / name, "a_correct", "b_correct")
        assert found.difference.value == pytest.approx(-0.4)
        assert any("each of the columns a_correct, b_correct is a model" in note for note in found.notes)
    for frame in (wide(), wide().lazy(), wide().to_pandas()):
        assert hs.compare(frame, "a_correct", "b_correct").difference.value == pytest.approx(-0.4)
    assert hs.gate(wide(), "b_correct", "a_correct", better=True).verdict == "pass"


def test_a_wide_table_with_unknown_side_columns_is_an_error(tmp_path: Path) -> None:
    wide().write_csv(tmp_path / "w.csv")
    for a, b in (("a_correct", "z"), ("question", "b_correct")):
        with pytest.raises(hs.DataError, match=r"no model '(z|question)' .*'a_correct', 'b_correct'"):
            hs.compare(tmp_path / "w.csv", a, b)
    with pytest.raises(hs.OptionError, match="a and b are both 'a_correct'"):
        hs.compare(tmp_path / "w.csv", "a_correct", "a_correct")
