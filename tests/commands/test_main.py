"""Every command runs, documents its options, reports errors in one line and writes the requested output."""

import csv
import io
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import click
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import clustered, two_models
from howsure import commands
from howsure.commands.main import NAMES, every, main
from howsure.commands.options import Points, Size, parse_tasks
from howsure.commands.verbs import SERVED
from howsure.present.flags import as_flags


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "quiz.csv"
    clustered().write_csv(path)
    return str(path)


def run(*words, code=0):
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, (words, result.output, result.exception)
    return result


def every_command():
    for name, command in every().items():
        yield (name,), command
        yield from (((name, member), found) for member, found in getattr(command, "commands", {}).items())


def test_every_command_and_option_has_help():
    for name, command in every_command():
        text = run(*name, "--help").output
        assert command.help
        assert text.startswith(f"Usage: main {' '.join(name)}")
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help, (name, option.name)


def options_of(command):
    return [param for param in command.params if isinstance(param, click.Option)]


def test_every_command_module_is_registered():
    folder = Path(commands.__file__).parent
    shared = {
        "__init__",
        "answer",
        "base",
        "configuration",
        "exits",
        "flags",
        "freezing",
        "help",
        "json_errors",
        "main",
        "options",
        "places",
        "read_only",
        "signatures",
        "streams",
        "verbs",
        "words",
    }
    assert sorted(NAMES) == sorted(
        {file.stem for file in folder.glob("*.py")} - shared | {*SERVED} - {"plan_failures", "plan_labels"}
    )


def test_every_verb_has_a_command():
    served = {"against": "compare", "plan_score": "plan", "plan_failures": "plan", "read": "convert"}
    served |= {"save_baseline": "baseline", "plan_policy": "plan", "plan_labels": "plan", "head_to_head": "arena"}
    served |= {"question": "questions"}
    assert {served.get(verb, verb) for verb in (*hs.VERBS, "watch")} <= set(every())


def test_command_summaries_are_whole_sentences_that_fit_80_columns():
    lines = CliRunner(env={"COLUMNS": "80"}).invoke(main, ["--help"]).output.splitlines()
    width = max(map(len, every()))
    for name, command in every().items():
        sentence = command.help.split("\n\n")[0]
        assert sentence.endswith(".")
        assert f"  {name:{width}}  {sentence}" in lines, name


def test_a_flag_has_one_meaning_in_every_command():
    """A long flag has the same name in Python, and takes the same kind of value, in every command that has it."""
    meant = {}
    for _, command in every_command():
        for option in options_of(command):
            for flag in option.opts:
                meant.setdefault(flag, set()).add((option.name, option.is_flag, type(option.type)))
    doubtful = {flag: meanings for flag, meanings in meant.items() if flag.startswith("--") and len(meanings) > 1}
    assert set(doubtful) == {"--cluster-size", "--top"}, doubtful


@pytest.mark.parametrize("verb", [verb for verb in (*hs.VERBS, "watch") if verb in every()])
def test_a_command_has_the_design_options_that_its_verb_supports(verb):
    names = {option.name for option in options_of(every()[verb])}
    if "tasks" not in names:
        return
    respects = getattr(import_module(f"howsure.verbs.{verb}"), "RESPECTS", None)
    refused = set(respects.all_but if respects else ())
    for name in ("population", "covariate"):
        assert (name in names) == (name not in refused), name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Leave `average_last` out.", "Leave --average-last out."),
        ('Use `cluster="none"`.', "Use --cluster none."),
        ("Use `cluster=r'id:^(.+)-'`.", "Use --cluster 'id:^(.+)-'."),
        (
            "Name it: `columns={'model': ['model', 'step']}`, `bounds=(0, 100)`.",
            "Name it: --columns model=model+step, --bounds 0,100.",
        ),
        ("Say `bounds=(0, 100)`, or `bounds=None`.", "Say --bounds 0,100, or --bounds none."),
        ("Say `shuffled=True`, `attempts=3`.", "Say --shuffled, --attempts 3."),
        ("See `howsure describe`, column `speed`, `x=1`.", "See `howsure describe`, column `speed`, `x=1`."),
    ],
)
def test_python_option_names_in_messages_become_flags(text, shown):
    assert as_flags(text) == shown


def test_column_names_in_messages_do_not_become_flags():
    assert as_flags('column `cluster`, with `failures="zero"`', bare=False) == "column `cluster`, with --failures zero"


def test_an_option_error_names_the_flag(table):
    assert "Leave --average-last out." in run("trend", table, "--average-last", "2", code=1).output
    assert "Give --not-worse-than, --better" in run("gate", table, "-a", "a", "-b", "b", code=3).output
    watched = ("watch", table, "-a", "a", "-b", "b", "--once", "--shuffled", "--cluster", "none")
    assert "--looks 3 needs the planned number of items" in run(*watched, "--looks", "3", code=3).output


@pytest.mark.parametrize(
    "words",
    [
        ("leaderboard",),
        ("leaderboard", "--cluster", "passage", "--top", "1"),
        ("leaderboard", "--cluster", "passage", "--cluster", "item"),
        ("leaderboard", "--cluster", r"id:^(p\d+)-"),
        ("leaderboard", "--adjust", "holm", "--interval", "bootstrap", "--variance", "miller", "--method", "t"),
        ("leaderboard", "--lower-is-better", "--level", "0.9"),
        ("estimate", "--interval", "jeffreys"),
        ("estimate", "--model", "a", "--failures", "zero"),
        ("compare", "-a", "a", "-b", "b", "--margin", "5pp"),
        ("compare", "-a", "a", "-b", "b", "--method", "sign-flip", "--cluster", "passage"),
        ("compare", "-a", "a", "-b", "b", "--method", "mcnemar"),
        ("compare", "-a", "a", "-b", "b", "--method", "bayes", "--seed", "3"),
        ("describe",),
    ],
)
def test_commands_print_an_answer(table, words):
    name, *rest = words
    assert run(name, table, *rest).output.strip()


def test_the_suffix_of_the_output_file_chooses_the_format(table, tmp_path):
    for suffix, start in ((".md", "**"), (".csv", "rank,"), (".json", "{"), (".tex", "% needs "), (".txt", "")):
        target = tmp_path / f"board{suffix}"
        assert run("leaderboard", table, "-o", str(target)).output == ""
        assert target.read_text().startswith(start)
    assert "can't tell a format" in run("leaderboard", table, "-o", "board.doc", code=1).output


def test_leaderboard_pairs_are_written_as_csv_and_json(table):
    rows = list(csv.DictReader(io.StringIO(run("leaderboard", table, "--pairs").output)))
    assert len(rows) == 3
    assert {"a", "b", "p_value", "p_adjusted", "difference"} <= set(rows[0])
    assert len(json.loads(run("leaderboard", table, "--pairs", "-f", "json").output)) == 3


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl", ".arrow"])
def test_a_converted_file_gives_the_same_estimates(table, tmp_path, suffix):
    target = str(tmp_path / f"scores{suffix}")
    assert "120 rows written" in run("convert", table, "-o", target).output
    before, after = (run("estimate", path, "--cluster", "passage", "-f", "csv").output for path in (table, target))
    assert before == after


def test_errors_are_one_line_with_exit_code_1(tmp_path, table):
    result = run("estimate", str(tmp_path / "nothing.csv"), code=1)
    assert result.stderr.startswith("howsure: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert "Traceback" not in run("compare", table, "-a", "a", "-b", "nobody", code=1).output


def test_a_wrong_option_value_is_a_usage_error_with_exit_code_2(table):
    assert "wilson" in run("estimate", table, "--interval", "wlad", code=2).output
    assert "has no '='" in run("estimate", table, "--columns", "model", code=2).output
    assert "is no number" in run("compare", table, "-a", "a", "-b", "b", "--margin", "small", code=2).output


def test_columns_join_names_and_where_selects_rows(tmp_path):
    path = tmp_path / "x.csv"
    two_models().with_columns(prompt=pl.lit("p1"), kind=pl.col("item")).rename({"model": "who"}).write_csv(path)
    out = run("estimate", str(path), "-c", "model=who+prompt", "-w", "kind=q1", "-w", "kind=q2").output
    assert "a · p1" in out
    assert "who + prompt as model" in out
    assert " 2" in out


@pytest.mark.parametrize(("text", "size"), [("1pp", 0.01), ("1%", 0.01), ("0.01", 0.01), ("1PP", 0.01), (0.02, 0.02)])
def test_effect_sizes_are_parsed_with_units(text, size):
    found = Size().convert(text, None, None)
    assert found == size
    assert isinstance(found, Points) == (str(text)[-1] in "pP%")


def test_per_task_options_are_parsed_from_task_option_value():
    texts = (
        "mmlu*:cluster=subject",
        "mmlu*:cluster=source",
        "x:y:lower-is-better=true",
        "q:margin=2pp",
        "q:failures=zero",
    )
    assert parse_tasks(texts) == {
        "mmlu*": {"cluster": ["subject", "source"]},
        "x:y": {"lower_is_better": True},
        "q": {"margin": 0.02, "failures": "zero"},
    }
    with pytest.raises(click.BadParameter, match="is not TASK:OPTION=VALUE"):
        parse_tasks(("mmlu",))


def test_overall_takes_a_mean_pooling_or_weights_per_task(tmp_path):
    path = tmp_path / "x.csv"
    pl.concat([two_models(task=pl.lit("x")), two_models(n=40, task=pl.lit("y"))]).write_csv(path)
    assert "mean over tasks" in run("leaderboard", str(path)).output
    assert "all items pooled" in run("leaderboard", str(path), "--overall", "pooled").output
    assert "weighted mean" in run("leaderboard", str(path), "--overall", "x=2", "--overall", "y=1").output
    assert "name every task" in run("leaderboard", str(path), "--overall", "x=2", code=1).output
    assert run("compare", str(path), "-a", "a", "-b", "b").output.startswith("a is better than b overall by ")


def test_an_unwritable_output_or_an_input_as_output_is_an_error(table, tmp_path):
    target = str(tmp_path / "no" / "x.md")
    assert "can't write" in run("estimate", table, "-o", target, code=1).output
    assert "can't write" in run("convert", table, "-o", str(tmp_path / "no" / "x.csv"), code=1).output
    assert "one of the files to be read" in run("estimate", table, "-o", table, code=1).output
    assert "one of the files to be read" in run("convert", table, "-o", table, code=1).output


def test_a_leaderboard_of_published_scores_refers_to_audit(tmp_path):
    path = tmp_path / "pub.csv"
    pl.DataFrame({"model": ["a", "b"], "score": [0.7, 0.6], "n": ["1,319", "1,319"]}).write_csv(path)
    assert "howsure audit" in run("leaderboard", str(path), code=1).output
    assert "1,319" in run("audit", str(path)).output


def test_python_m_howsure_is_the_command_line():
    done = subprocess.run([sys.executable, "-m", "howsure", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("howsure")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["describe", "."], 2),
        (["--no-config", "compare", "x.csv", "-a", "saved:x", "-b", "y"], 2),
        (["gate", "x.csv", "-a", "x", "--at-least", "1%"], 3),
    ],
)
def test_a_deleted_working_directory_is_a_clear_error(words, code, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    found = CliRunner().invoke(main, words)
    assert (found.exit_code, found.stdout) == (code, "")
    assert "the folder that you are in was deleted: change into one that exists" in found.stderr


def test_commands_of_other_packages_are_run_and_cannot_replace_built_in_ones(monkeypatch):
    @click.command()
    def digest():
        click.echo("one line")

    found = {
        "digest": SimpleNamespace(value="acme:digest", load=lambda: digest),
        "broken": EntryPoint(name="broken", value="no_such_module:digest", group="howsure.commands"),
        "compare": EntryPoint(name="compare", value="no_such_module:compare", group="howsure.commands"),
    }
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group, name: [found[name]] if name in found else [])
    assert CliRunner().invoke(main, ["digest"]).output == "one line\n"
    assert "can't be loaded: No module named" in CliRunner().invoke(main, ["broken"]).output
    assert "Compare two models, or all models with one" in CliRunner().invoke(main, ["compare", "--help"]).output
    assert "'no' is neither a command nor a file or folder" in CliRunner().invoke(main, ["no"]).output


def test_a_process_that_ends_at_once_has_written_all_and_done_what_was_registered() -> None:
    code = (
        "import atexit, sys; atexit.register(print, 'the end'); sys.argv = ['howsure', 'gate', '40/50', "
        "'--at-least', '90%']; from howsure.__main__ import run; run(); print('not reached')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("FAIL.")
    assert done.stdout.endswith("the end\n")


HELPED = """
import sys
from howsure.commands import main
from howsure.processes import in_processes

def command(prog_name):
    with in_processes(2, int) as each:
        print(*each(str, range(10)))
    sys.exit(3)

if __name__ == "__main__":
    import howsure.__main__
    main.main = command
    howsure.__main__.run()
"""


def test_a_command_ends_as_soon_as_its_helper_processes(tmp_path: Path) -> None:
    """A helper that wasn't yet told to end was waited for, without end."""
    script = tmp_path / "helped.py"
    script.write_text(HELPED)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (3, "0 1 2 3 4 5 6 7 8 9\n", "")
