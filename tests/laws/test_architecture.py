"""The paths, functions and layers that ARCHITECTURE.md and CONTRIBUTING.md name exist in the source."""

import re
import tomllib

import pytest

from places import ROOT

pytestmark = pytest.mark.once

SOURCE = ROOT / "src" / "howsure"
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
PATH = re.compile(r"`([\w./-]+\.(?:py|js|json|toml|md|html|ambr|txt))`")
PLACEHOLDER = re.compile(r"(?<![A-Za-z])(NAME|VERB|ROOM)(?![A-Za-z])")
STEP = re.compile(r"^\| `([\w/.]+\.py)` \| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def stands(path):
    """Whether a file is in the repository, or in the package."""
    return path == "howsure.toml" or (ROOT / path).is_file() or (SOURCE / path).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_every_path_named_in_the_architecture_pages_exists(page):
    named = [path for path in PATH.findall(text_of(page)) if not PLACEHOLDER.search(path)]
    assert len(named) > 20
    assert [path for path in named if not stands(path)] == []


def test_every_function_that_architecture_names_is_defined_in_the_named_file():
    steps = STEP.findall(text_of("ARCHITECTURE.md"))
    assert len(steps) > 30
    missing = [
        f"{path}: {name}"
        for path, names in steps
        for name in re.findall(r"`(\w+)`", names)
        if not re.search(rf"^ *(?:def|class) {name}\b", (SOURCE / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_the_documented_layers_equal_the_import_linter_contract():
    contract = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    told = re.findall(r"^\| \d+ \| ([^|]+) \|", text_of("ARCHITECTURE.md"), re.MULTILINE)
    assert [re.findall(r"\w+", row) for row in told] == [layer.split(" | ") for layer in contract]


def test_architecture_lists_every_package_and_top_level_module():
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    loose = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py", "__main__.py"}
    told = re.findall(r"^\| `([\w.]+)/?` \| (?!`)", text_of("ARCHITECTURE.md").split("## Rooms")[1], re.MULTILINE)
    assert set(told) == rooms | loose
