"""Published leaderboards: examples and templates aren't ranked, and different leaderboards are kept separate."""

import json

import polars as pl
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main

pytestmark = pytest.mark.once


def board(*models, **more):
    """Return a leaderboard."""
    rows = {"model": models, "score": [0.9 - k / 20 for k in range(len(models))], "n": [200] * len(models)}
    return pl.DataFrame(rows).with_columns(**{name: pl.lit(value) for name, value in more.items()})


def ranked(answer):
    """Return the models of each board."""
    return {each.task: [entry.model for entry in each.entries] for each in answer.boards}


@pytest.mark.parametrize("name", ["EXAMPLE", "Example-Voice-Model", "my_TEMPLATE_2", "org/example agent"])
def test_an_example_or_template_entry_is_left_out_with_a_warning(name):
    answer = howsure.audit(board(name, "a", "b"))
    assert ranked(answer) == {"scores": ["a", "b"]}
    (warning,) = (each for each in answer.warnings if each.code == "templates_left_out")
    assert name in warning.message
    assert ranked(howsure.audit(board(name, "a", "b"), model=[name, "a"])) == {"scores": [name, "a"]}


@pytest.mark.parametrize(
    "models", [("Examples-7b", "a", "b"), ("exampled", "a", "b"), ("EXAMPLE", "a"), ("EXAMPLE", "TEMPLATE")]
)
def test_other_model_names_are_not_taken_for_templates(models):
    answer = howsure.audit(board(*models))
    assert ranked(answer) == {"scores": [*models]}
    assert "templates_left_out" not in {each.code for each in answer.warnings}


def test_file_and_folder_names_do_not_make_a_template(tmp_path):
    (tmp_path / "examples").mkdir()
    board("a", "b", "c").write_csv(tmp_path / "examples" / "TEMPLATE.csv")
    assert ranked(howsure.audit(tmp_path)) == {"TEMPLATE": ["a", "b", "c"]}


def test_a_template_named_with_model_is_kept(tmp_path):
    board("EXAMPLE", "a", "b").write_csv(tmp_path / "board.csv")
    words = ["audit", str(tmp_path / "board.csv"), "--format", "json"]
    for more, models in (([], ["a", "b"]), (["--model", "EXAMPLE", "--model", "a"], ["EXAMPLE", "a"])):
        answer = json.loads(CliRunner().invoke(main, [*words, *more]).output)
        assert [entry["model"] for entry in answer["boards"][0]["entries"]] == models


def submission(folder, model, score, **more):
    """Write one submission as tau2-bench's leaderboard has them."""
    folder.mkdir(parents=True)
    said = {"model_name": model, "submitting_organization": "o", "results": {"retail": {"pass_1": score}}, **more}
    (folder / "submission.json").write_text(json.dumps(said))


def test_modalities_and_benchmark_versions_are_separate_leaderboards(tmp_path):
    for version in ("0.2.0", "v1.0.1"):
        for k, model in enumerate("ab"):
            submission(tmp_path / f"{model}_{version}", model, 80 - k, methodology={"tau2_bench_version": version})
    for k, model in enumerate(("Example-Voice-Model", "v", "w")):
        submission(tmp_path / model, model, 40 - k, modality="voice")
    assert ranked(howsure.audit(tmp_path, n=114)) == {
        "tau2-bench retail · 0.2.0": ["a", "b"],
        "tau2-bench retail · 1.0.1": ["a", "b"],
        "tau2-bench retail · voice": ["v", "w"],
    }


def test_a_modality_column_splits_a_leaderboard():
    both = pl.concat([board("a", "b", modality="text"), board("a", "b", modality="voice")])
    assert ranked(howsure.audit(both)) == {"scores · text": ["a", "b"], "scores · voice": ["a", "b"]}


def test_leaderboards_of_one_name_in_two_folders_are_separate(tmp_path):
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        board("a", "b", score=0.7 if version == "v1" else 0.8).write_csv(tmp_path / version / "board.csv")
    assert ranked(howsure.audit(tmp_path)) == {"v1/board": ["a", "b"], "v2/board": ["a", "b"]}
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "board.csv").write_bytes((tmp_path / "v1" / "board.csv").read_bytes())
    assert ranked(howsure.audit([tmp_path / "copy", tmp_path / "v1"])) == {"board": ["a", "b"]}
    for model in "cd":
        (tmp_path / "single" / model).mkdir(parents=True)
        board(model).write_csv(tmp_path / "single" / model / "scores.csv")
    assert ranked(howsure.audit(tmp_path / "single")) == {"scores": ["c", "d"]}
