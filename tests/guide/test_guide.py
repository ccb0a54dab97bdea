"""The guide's chapters are parsed, their commands are rewritten for the reader's own results, and a wheel contains them."""

import os
import re
import subprocess
import sys
import zipfile

import click
import polars as pl
import pytest
from click.testing import CliRunner

from frames import attempts, two_models
from howsure import read
from howsure.commands.main import every, main
from howsure.errors import DataError, OptionError
from howsure.guide import chapters
from howsure.guide.chapters import Example, Formula, Prose
from howsure.guide.rewriting import EXAMPLE_LOGS, OneModel, Target, choose, rewrite
from places import LOGS, ROOT
from trials import draws

NUMBERS = range(1, 10)
OPTIONS = {name: {word for param in command.params for word in param.opts} for name, command in every().items()}
PASTED = ("$ ", "    ", "|", "**", "More: ", "Data: ")
"""What stays on its line, however long, or is no text of a terminal."""
MINE = Target(paths=("x/one", "x/two"), a="new", b="old", task="quiz")


def commands():
    return [piece.command for chapter in chapters.chapters() for piece in chapter.pieces if isinstance(piece, Example)]


def run(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, ["guide", *map(str, words)], prog_name="howsure")


def test_there_are_nine_chapters_in_order():
    assert [chapter.number for chapter in chapters.chapters()] == list(NUMBERS)
    assert all(chapter.title for chapter in chapters.chapters())
    with pytest.raises(OptionError, match="no chapter 10"):
        chapters.chapter(10)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_chapter_is_short_and_ends_with_one_action(number):
    chapter = chapters.chapter(number)
    page = next((ROOT / "docs" / "guide").glob(f"{number}-*.md")).read_text()
    assert 300 <= len(page.split()) <= 700
    assert any(isinstance(piece, Example) for piece in chapter.pieces)
    assert page.count("**Do this:**") == 1
    if number < 9:
        assert re.search(rf"Next: \[{number + 1}\. .+\]\({number + 1}-[a-z-]+\.md\)\n$", page)
        assert chapter.pieces[-1].text.endswith(f"(`howsure guide {number + 1}`)")


@pytest.mark.parametrize("number", NUMBERS)
def test_the_prose_of_a_chapter_repeats_no_number_of_its_outputs(number):
    prose = " ".join(piece.text for piece in chapters.chapter(number).pieces if isinstance(piece, Prose))
    numbers = {
        n
        for piece in chapters.chapter(number).pieces
        if isinstance(piece, Example)
        for n in re.findall(r"\d+\.\d", piece.output)
    }
    assert not {n for n in numbers if re.search(rf"(?<![\d.]){re.escape(n)}(?![\d.])", prose)}, (
        "numbers belong to the output"
    )


def test_a_page_is_parsed_into_prose_formulas_and_examples():
    text = (
        "# 3. Nets\n\nSee [4. Clusters](4-clusters.md), [that](../x.md), [paper](https://a.b).\n\n```text\nSE = 1\n```\n\n"
        "```console\n$ howsure one\nout\n\nput\n\n$ howsure two\n```\nEnd.\n"
    )
    chapter = chapters.parse(3, text)
    assert chapter.title == "Nets"
    assert chapter.pieces == (
        Prose(text="See Clusters (`howsure guide 4`), that, [paper](https://a.b)."),
        Formula(text="SE = 1"),
        Example(command="howsure one", output="out\n\nput"),
        Example(command="howsure two", output=""),
        Prose(text="End."),
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("howsure plan --effect 3pp", "plan --effect 3pp"),
        ("howsure describe examples/logs", "describe x/one x/two"),
        ("howsure estimate examples/logs --cluster none", "estimate x/one x/two --cluster none --task quiz"),
        ("howsure estimate examples/logs --cluster passage_id", "estimate x/one x/two --task quiz"),
        ("howsure compare examples/logs -a p -b q", "compare x/one x/two -a new -b old --task quiz"),
        (
            "howsure gate examples/logs --candidate p --baseline q",
            "gate x/one x/two --candidate new --baseline old --task quiz",
        ),
        ("howsure plan --pilot examples/logs -a p -b q", "plan --pilot x/one --pilot x/two -a new -b old --task quiz"),
    ],
)
def test_a_command_of_the_guide_is_rewritten_for_own_results(command, words):
    assert rewrite(command, MINE, OPTIONS) == words.split()


def test_rewriting_keeps_several_clusters_and_odd_names():
    target = Target(
        paths=("a b",),
        a="x y",
        b=None,
        grouping=("--cluster", "one", "--cluster", "id:(x)"),
        metric="f 1",
        reading=("--strict",),
    )
    assert rewrite("howsure estimate examples/logs --cluster passage_id --model m", target, OPTIONS) == (
        ["estimate", "a b", "--cluster", "one", "--cluster", "id:(x)", "--model", "x y", "--strict", "--metric", "f 1"]
    )
    with pytest.raises(OneModel):
        rewrite("howsure compare examples/logs -a p -b q", target, OPTIONS)


def test_rewriting_limits_the_output_for_many_models():
    crowd = Target(paths=("x",), a="p", b="q", crowded=True)
    assert rewrite("howsure leaderboard examples/logs", crowd, OPTIONS) == ["leaderboard", "x", "--top", "10"]
    assert rewrite("howsure estimate examples/logs", crowd, OPTIONS) == [
        "estimate",
        "x",
        "--model",
        "p",
        "--model",
        "q",
    ]
    assert rewrite("howsure questions examples/logs", crowd, OPTIONS) == ["questions", "x"]


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_guide_can_be_rewritten(command):
    name, *words = rewrite(command, MINE, OPTIONS)
    assert EXAMPLE_LOGS not in words
    assert not any("smollm2" in word or word == "passage_id" for word in words)
    with click.Context(main) as root:
        every()[name].make_context(name, list(words), parent=root)


def test_the_guide_chooses_a_task_and_two_models():
    frame = pl.concat(
        [attempts(models="abc"), two_models(task=pl.lit("single")).select("task", "model", "item", "score")],
        how="diagonal",
    )
    scores = read(frame)
    chosen = choose(scores, ("x",))
    assert (chosen.task, chosen.metric, chosen.a, chosen.b, chosen.crowded) == ("quiz", None, "c", "b", False)
    assert choose(scores, ("x",), task="single").a == "a"
    assert (choose(scores, ("x",), b="c").a, choose(scores, ("x",), b="c").b) == ("b", "c")
    assert choose(scores, ("x",), a="a").b == "c"
    with pytest.raises(OptionError, match="both 'a'"):
        choose(scores, ("x",), a="a", b="a")
    with pytest.raises(DataError, match="no model 'z'"):
        choose(scores, ("x",), a="z")


@pytest.mark.parametrize("asked", [{}, {"a": "a"}, {"b": "a"}])
def test_one_model_is_chosen_without_a_second(asked):
    chosen = choose(read(two_models().filter(pl.col("model") == "a")), ("x",), **asked)
    assert (chosen.a, chosen.b, chosen.task) == ("a", None, None)


@pytest.mark.parametrize(("path", "typed"), [("logs/", "logs/"), ("my logs", "'my logs'"), ("4.csv", "4.csv")])
def test_a_path_before_the_chapter_is_a_usage_error_that_shows_the_order(path, typed):
    result = run(path)
    assert result.exit_code == 2
    assert f"The chapter comes first: howsure guide 4 {typed}" in result.output


@pytest.mark.parametrize("number", ["0", "12", "-3"])
def test_an_unknown_chapter_is_a_usage_error(number):
    result = run("--", number)
    assert result.exit_code == 2
    assert f"{number} is not in the range 1<=x<=9" in result.output


def test_guide_without_arguments_lists_the_chapters():
    result = run()
    assert result.exit_code == 0
    assert "4  When independence fails and clusters emerge" in result.output


@pytest.mark.parametrize("number", NUMBERS)
def test_a_chapter_prints_its_commands_and_outputs_within_80_columns(number):
    result = run(number)
    assert result.exit_code == 0
    for piece in chapters.chapter(number).pieces:
        if isinstance(piece, Example):
            assert f"$ {piece.command}\n{piece.output}\n" in result.output
    assert all(len(line) <= 80 for line in result.output.split("\n") if not line.startswith(PASTED))
    assert all(line == line.rstrip() for line in result.output.split("\n"))


@pytest.mark.parametrize("number", draws([4, 8], NUMBERS))
def test_a_chapter_runs_on_the_example_logs_as_own_results(number):
    named = ["-a", "smollm2-135m-t0.3", "-b", "smollm2-135m-2shot", "--cluster", "passage_id"]
    result = run(number, LOGS, *named)
    assert result.exit_code == 0
    assert "howsure:" not in result.output
    for piece in chapters.chapter(number).pieces:
        if isinstance(piece, Example):
            assert piece.output.split("\n")[0] in result.output, piece.command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("number", draws([2, 6], NUMBERS))
def test_a_chapter_continues_after_a_command_without_an_answer(folder, number):
    two_models(n=3).filter(pl.col("model") == "a").write_csv("one.csv")
    result = run(number, "one.csv")
    assert result.exit_code == 0
    last = chapters.chapter(number).pieces[-1].text.split("(`")[0].split()[-1]
    assert last in result.output
    assert "Traceback" not in result.output


def test_an_error_of_a_command_is_shown_below_that_command(folder):
    two_models().write_csv("t.csv")
    result = run(2, "t.csv")
    assert result.exit_code == 0
    assert re.search(
        r"--population these-questions\nhowsure: .*one attempt per item.*\n\nCompare the two", result.output
    )
    result = run(4, "t.csv", "--cluster", "nothing")
    assert re.search(r"\$ howsure estimate t\.csv --cluster nothing\nhowsure: .*nothing", result.output)


def test_column_and_cluster_options_are_passed_to_the_commands_of_a_chapter(folder):
    attempts(models="ab").rename({"score": "points", "item": "what"}).write_csv("t.csv")
    words = ["4", "t.csv", "-c", "score=points", "--columns", "item=what", "--cluster", "id:^(p[0-9]+)-"]
    result = run(*words)
    assert result.exit_code == 0
    assert "howsure:" not in result.output
    assert "--cluster 'id:^(p[0-9]+)-' --columns score=points --columns item=what" in result.output
    assert "8 clusters" in result.output
    (folder / "howsure.toml").write_text('columns = { score = "points", item = "what" }\n')
    result = run("4", "t.csv")
    assert result.exit_code == 0
    assert "$ howsure estimate t.csv --cluster none\n" in result.output
    assert "no column" not in result.output


def test_names_from_logs_are_escaped(folder):
    two_models().with_columns(model=pl.col("model") + "\x1b[31m[bold]", task=pl.lit("q\x1b")).write_csv("t.csv")
    output = run(6, "t.csv").output
    assert "\x1b" not in output
    assert "[bold]" in output


def test_unreadable_results_are_a_single_error(folder):
    result = run(4, "absent")
    assert result.exit_code == 1
    assert "absent" in result.output
    assert run(10).exit_code == 2
    result = run(4, "--cluster", "repo")
    assert result.exit_code == 2
    assert "give their path" in result.output


def test_a_configuration_applies_to_the_commands_of_a_chapter(folder):
    attempts(models="ab").write_csv("t.csv")
    (folder / "howsure.toml").write_text('cluster = "passage"\n')
    assert "clusters of" in run(4, "t.csv").output
    assert run(4).exit_code == 0


def test_a_wheel_contains_the_chapters_and_the_skill(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert len([name for name in wheel.namelist() if re.fullmatch(r"howsure/guide/chapters/\d-.*\.md", name)]) == 9
        assert wheel.read("howsure/guide/SKILL.md") == (ROOT / "skills" / "howsure" / "SKILL.md").read_bytes()
        wheel.extractall(tmp_path / "installed")
    code = "import howsure.commands.main, sys; assert 'installed' in howsure.commands.main.__file__; howsure.commands.main.main(['guide', '1'])"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("1. Beyond the illusion")
    assert "could be" in done.stdout
