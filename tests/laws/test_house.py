"""The code base keeps its layout: every verb has its modules, command, tests and documentation; module and function sizes are limited."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import runpy
import tomllib
from pathlib import Path

import pytest

import howsure as hs
from howsure.commands.main import NAMES
from howsure.readers import registry
from places import ROOT

pytestmark = pytest.mark.once

SOURCE = ROOT / "src" / "howsure"
BESIDE = ("__init__", "read", "save_baseline", "series", "sides", "tables")
"""What stands among the verbs and answers no question: rows in, rows out, and what is compared."""
VERBS = sorted(path.stem for path in (SOURCE / "verbs").glob("*.py") if path.stem not in BESIDE)
COMMANDS = {
    "question": "questions",
    "against": "compare",
    "head_to_head": "arena",
    "plan_score": "plan",
    "plan_failures": "plan",
    "plan_policy": "plan",
    "plan_labels": "plan",
}
"""The verbs that a command of another name serves."""

NOT_TESTED_ALONE = {"describe", "estimate", "compare", "calibrate", "plan_failures"}
"""The verbs whose tests stand by subject (tables, populations, real results), not in a file of their own."""

ROOMS = {"an answer": "src/howsure/answers/{verb}.py", "a presentation": "src/howsure/present/{verb}.py"}
STEERING = re.compile(
    r"""\.(?:endswith|startswith)\(["'](?:fixed-items|adjusted|overall|Failures:)"""
    r"""|["'](?:pseudo-items|bayes|fixed-items)["'] in \w|["'] \(last ["']"""
)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_module_in_every_package(verb: str, room: str) -> None:
    path = ROOMS[room].format(verb=verb)
    assert (ROOT / path).is_file(), f"{verb} lacks {room}: {path}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_command(verb: str) -> None:
    assert COMMANDS.get(verb, verb) in NAMES


@pytest.mark.parametrize("verb", sorted(set(VERBS) - NOT_TESTED_ALONE))
def test_every_verb_has_a_test_file(verb: str) -> None:
    assert (ROOT / "tests" / "verbs" / f"test_{verb}.py").is_file()


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_of_commands_names_every_verb(verb: str) -> None:
    assert f"`howsure {COMMANDS.get(verb, verb)}" in (ROOT / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("verb", [*hs.VERBS, "Monitor"])
def test_every_verb_has_a_docstring_example(verb: str) -> None:
    thing = getattr(hs, verb)
    if verb in ("describe", "audit"):  # files or leaderboards; their pages have the examples
        return
    assert (
        doctest.DocTestFinder(recurse=False)
        .find(thing, verb, module=importlib.import_module(thing.__module__))[0]
        .examples
    )


@pytest.mark.parametrize("reader", registry.readers(), ids=lambda reader: reader.NAME)
def test_every_reader_is_listed_in_the_formats_page(reader) -> None:
    assert f"| `{reader.NAME}` |" in (ROOT / "docs" / "formats.md").read_text()


def test_every_documentation_page_is_in_the_site_navigation() -> None:
    """Sphinx fails on a page that no navigation names; this says it without building the site."""
    conf = runpy.run_path(str(ROOT / "docs" / "site" / "conf.py"))
    listed = {
        conf["root_doc"],
        *conf["GUIDE"],
        conf["TEACHING"],
        *conf["DECISIONS"],
        *conf["METHODS"],
        *conf["DEVELOPERS"],
        *(page for pages in conf["NAVIGATION"].values() for page in pages),
        "benchmarks/results",
        "benchmarks/growth-before",
        "benchmarks/beyond",
        "benchmarks/engines",
        "benchmarks/peers/results",
    }
    pages = {
        str(path.relative_to(ROOT).with_suffix(""))
        for pattern in conf["include_patterns"]
        for path in ROOT.glob(pattern.replace("**.md", "**/*.md"))
    }
    assert pages - listed == set()


def test_at_most_six_modules_are_outside_a_package() -> None:
    assert len([path for path in SOURCE.glob("*.py") if path.name != "__main__.py"]) <= 6


def test_there_are_twelve_layers_at_most() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    assert len(contract["layers"]) <= 12
    assert contract["exhaustive"]


def test_no_code_branches_on_display_text() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}" for path in sources() for match in STEERING.finditer(path.read_text())
    ]
    assert found == []


def test_the_statistics_package_imports_only_errors_and_checks() -> None:
    """They import numpy, scipy, errors and checks, and each other."""
    for path in (SOURCE / "statistics").rglob("*.py"):
        modules = {
            node.module
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("howsure.")
        }
        own = {module for module in modules if module.startswith("howsure.statistics")}
        assert modules - own <= {"howsure.errors", "howsure.checks"}, path


def test_no_line_is_wider_than_110_columns() -> None:
    wide = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 110
    ]
    assert wide == []


@pytest.mark.unmeasured
def test_no_function_is_longer_than_eighty_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and lines(node) > 80
    ]
    assert long == []


def sources() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def lines(node: ast.FunctionDef) -> int:
    """The lines of a function, its docstring not counted."""
    said = node.body[0] if ast.get_docstring(node) is not None else None
    return node.end_lineno - node.lineno + 1 - (said.end_lineno - said.lineno + 1 if said else 0)


def test_presentation_code_writes_options_in_python_form() -> None:
    """In backticks (`top=3`), of which present/flags.py makes flags; a flag would be wrong in a notebook."""
    flag = re.compile(r'"[^"]*--[a-z]')
    paths = (SOURCE / "present").rglob("*.py")
    found = [f"{path.relative_to(ROOT)}: {match[0]}" for path in paths for match in flag.finditer(path.read_text())]
    assert found == []
