"""Help on one screen: groups, the options that most people need first, examples that can be run."""

import shlex

import click
import pytest
from click.testing import CliRunner

from howsure.commands import help as screen
from howsure.commands.main import every, main
from howsure.commands.options import GroupedCommand


def commands():
    """Yield every command and subcommand, with the words that call it."""
    for name, command in every().items():
        yield name, command
        if isinstance(command, click.Group) and name != "plot":
            yield from ((f"{name} {member}", each) for member, each in command.commands.items())


COMMANDS = dict(commands())
GROUPED = [words for words, command in COMMANDS.items() if isinstance(command, GroupedCommand)]


def shown(words, flag="--help"):
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, [*words.split(), flag], prog_name="howsure").output


@pytest.mark.parametrize("words", GROUPED)
def test_help_fits_one_screen(words):
    assert shown(words).count("\n") <= 50


@pytest.mark.parametrize("words", GROUPED)
def test_the_whole_help_has_every_option(words):
    short, whole = shown(words), shown(words, "--help-all") if "--help-all" in shown(words) else shown(words)
    flags = [max(param.opts, key=len) for param in COMMANDS[words].params if isinstance(param, click.Option)]
    assert [flag for flag in flags if flag not in whole] == []
    assert sum(flag in short for flag in flags) <= screen.MOST + 8


@pytest.mark.parametrize("words", ["compare", "plan", "gate", "leaderboard"])
def test_the_large_commands_show_about_twelve_options_first(words):
    options = [param for param in COMMANDS[words].params if isinstance(param, click.Option)]
    first = screen.shown_first(words, [str(param.name) for param in options])
    assert len(first) == screen.MOST
    assert len(options) > 30
    assert "Examples:" in shown(words)


@pytest.mark.parametrize("command", screen.FIRST)
def test_the_options_shown_first_exist(command):
    if command == "answer":
        pytest.skip("it is no command that is named")
    found = next(each for words, each in COMMANDS.items() if words.split()[-1] == command)
    names = {str(param.name) for param in found.params}
    assert set(screen.FIRST[command]) - set(screen._COMMON) <= names


@pytest.mark.parametrize("words", [words for words in GROUPED if words != "answer"])
def test_every_command_has_three_examples(words):
    few = ("annotate", "baseline save", "verify", "mcp")  # with few options
    assert len(screen.EXAMPLES[words.split()[-1]]) >= (1 if words in few else 3)


EXAMPLES = [example for examples in screen.EXAMPLES.values() for example in examples]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_read_as_they_are_written(example):
    name, *words = shlex.split(example)[1:]
    command = every().get(name)
    if command is None:
        return  # a path without a command
    if isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    context = command.make_context(str(command.name), list(words), resilient_parsing=False)
    assert context.params


def test_options_are_in_groups():
    text = shown("compare")
    places = [text.index(f"{title}:") for title in ("What to compare", "Reading", "Design", "Output", "Examples")]
    assert places == sorted(places)
    assert "Statistics:" in shown("compare", "--help-all")
