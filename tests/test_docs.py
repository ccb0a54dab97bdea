"""Every example in the documentation runs and prints what it says. `HOWSURE_UPDATE_DOCS=1` writes the outputs anew.

A line that is only `…` ends an output that a page shows in part.
"""

import doctest
import importlib
import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from places import DATA, ROOT

pytestmark = pytest.mark.unmeasured

SOURCE = ROOT / "src"
PAGES = [ROOT / "README.md", ROOT / "skills" / "howsure" / "SKILL.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONSOLE = re.compile(r"^```console(?: needs=(?P<needs>\w+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (?P<command>.+)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|#)([^)#\s]+)")
REST = "…"
UPDATE = bool(os.environ.get("HOWSURE_UPDATE_DOCS"))


def run(command: str, made: Path) -> str:
    """Return what a command prints; pages, figures and baselines that it writes, or that commands before it wrote, are in the folder `made`."""
    words = shlex.split(command)
    assert words[0] == "howsure", command
    moved = {}
    if words[1] in ("plot", "report", "baseline"):
        moved = {name: str(made / name) for flag, name in itertools.pairwise(words) if flag in ("-o", "--from")}
    moved |= {name: str(made / name) for flag, name in itertools.pairwise(words) if flag in ("--quarantine", "--queue")}
    moved |= {word: word.replace(":", f":{made}/") for word in words if word.startswith("saved:")}
    result = CliRunner(env={"COLUMNS": "80"}).invoke(
        main, [moved.get(word, word) for word in words[1:]], prog_name="howsure"
    )
    assert result.exit_code in (0, 1, 2), (command, result.output, result.exception)
    output = result.stdout if words[-2:] == ["-f", "json"] else result.output
    for name, target in moved.items():
        output = output.replace(target, name)
    return output


def rerun(body: str, made: Path) -> str:
    def again(match: re.Match[str]) -> str:
        output = run(match["command"], made).rstrip()
        shown = match["output"].rstrip().splitlines()
        if shown[-1:] == [REST]:
            output = "\n".join([*output.splitlines()[: len(shown) - 1], REST])
        return f"$ {match['command']}\n{output}\n\n"

    return COMMAND.sub(again, body).rstrip() + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_print_what_the_page_says(page, monkeypatch, tmp_path):
    text = page.read_text()
    renewed = text
    for block in CONSOLE.finditer(text):
        if block["needs"]:
            if not (DATA / "tidy" / f"{block['needs']}.parquet").exists():
                continue
            monkeypatch.chdir(DATA / "tidy")
        else:
            monkeypatch.chdir(ROOT)
        output = rerun(block["body"], tmp_path)
        renewed = renewed.replace(block["body"], output)
        if not UPDATE:
            assert block["body"] == output
    if UPDATE and renewed != text:
        page.write_text(renewed)


UNRUN = re.compile(r"^```(?:sh|yaml|toml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ONE = r"(howsure [^`\n|&>#]+)"
IN_BLOCKS, IN_PROSE = re.compile(rf"^\s*(?:-? ?run: )?{ONE}", re.MULTILINE), re.compile(rf"(?<!`)`{ONE}")


@pytest.mark.once
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_pages_mention_exist_with_their_options(page):
    """Also in tables and in blocks without an output, which `test_commands_print_what_the_page_says` doesn't run."""
    if page.parent.name == "decisions":
        return  # as things were on their day
    text = page.read_text().replace("\\\n", " ")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for command in [
        *IN_PROSE.findall(prose),
        *(each for block in UNRUN.findall(text) for each in IN_BLOCKS.findall(block)),
    ]:
        parse(command.strip(), page)


def parse(command: str, page: Path) -> None:
    """Parse a command's words, without running it. A part of one, as prose shows it, may lack arguments."""
    words = shlex.split(command)[1:]
    group, context = main, click.Context(main, info_name="howsure")
    while isinstance(group, click.Group):
        if not words or words[0].startswith("-") or re.search("[A-Z…/.]", words[0]):
            return
        if page.name == "extending.md" and words[0] == "digest":  # the command that this page adds
            return
        name, group, words = group.resolve_command(context, words)
    try:
        group.make_context(name, words, parent=context)
    except (click.exceptions.Exit, click.MissingParameter):
        pass
    except click.UsageError as error:
        if "requires an argument" not in error.message:
            raise AssertionError(f"{command}: {error.message}") from error


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_that_nothing_runs_show_no_output_of_a_command(page):
    for block in re.findall(r"^```text\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        assert not re.search(r"^(\$ )?howsure ", block, re.MULTILINE), block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_examples_run(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {name: getattr(howsure, name) for name in howsure.__all__} if page.name == "api.md" else {}
    results = doctest.testfile(
        str(page), module_relative=False, globs=names, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )
    assert results.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize(
    "module", [str(path.relative_to(SOURCE)) for path in sorted(SOURCE.rglob("*.py")) if ">>> " in path.read_text()]
)
def test_docstring_examples_run(module):
    name = ".".join(Path(module).with_suffix("").parts).removesuffix(".__init__")
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted
    assert results.failed == 0


def test_the_reference_pages_agree_with_the_code():
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "reference"), "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
