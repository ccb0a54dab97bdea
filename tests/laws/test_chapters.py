"""Every warning code that howsure can emit has exactly one chapter of `howsure guide`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from howsure.errors import CHAPTERS, ResultWarning, doubt
from howsure.guide.chapters import chapters
from places import ROOT

pytestmark = pytest.mark.once

SOURCE = ROOT / "src" / "howsure"


def words(node: ast.expr, known: dict[str, str]) -> Iterator[str]:
    """Yield the texts that an expression can be."""
    if isinstance(node, ast.IfExp):
        yield from words(node.body, known)
        yield from words(node.orelse, known)
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id in known:
        yield known[node.id]


def constants(tree: ast.Module) -> dict[str, str]:
    """Return the names of a module that are texts."""
    found: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[name.id] = value.value
    return found


def made() -> Iterator[tuple[str, list[str]]]:
    """Yield where a warning is made in the source, and the codes that it can have there."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        known = constants(tree)
        for node in ast.walk(tree):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name in ("ResultWarning", "SmallPart", "doubt") or (
                name == "_warning" and path.name == "gate.py" and "commands" in path.parts
            ):
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                given += node.args[:1] if name in ("doubt", "_warning") else []
                codes = [code for value in given for code in words(value, known)]
                if name == "doubt":
                    codes = [code_of(kind) for kind in codes]
                yield f"{path.relative_to(ROOT)}:{node.lineno}", codes


def code_of(kind: str) -> str:
    return doubt(
        kind, **dict.fromkeys(("n", "count", "more", "clusters", "df", "name", "size", "units", "value", "smallest"), 1)
    ).code


PASSED_ON = ("src/howsure/errors.py", "src/howsure/commands/gate.py")
"""Where a code comes from the caller, who is looked at as well."""


@pytest.mark.unmeasured
def test_every_warning_code_in_the_source_is_a_literal_or_constant() -> None:
    """Elsewhere a code is written out, or is a constant of its module, so that the next test sees it."""
    hidden = [where for where, codes in made() if not codes and not where.startswith(PASSED_ON)]
    assert hidden == []


@pytest.mark.unmeasured
def test_every_warning_code_has_a_guide_chapter() -> None:
    used = {code for _, codes in made() for code in codes}
    assert len(used) > 100
    assert sorted(code for code in used if ResultWarning(code=code, message="").chapter is None) == []


@pytest.mark.unmeasured
def test_no_guide_chapter_lists_an_unused_warning_code() -> None:
    used = {code for _, codes in made() for code in codes}
    assert sorted({code for codes in CHAPTERS.values() for code in codes} - used) == []


def test_no_warning_code_is_listed_under_two_chapters() -> None:
    every = [code for codes in CHAPTERS.values() for code in codes]
    assert sorted(every) == sorted(set(every))


def test_warning_chapters_exist_in_the_guide() -> None:
    assert set(CHAPTERS) <= {chapter.number for chapter in chapters()}


def test_an_unknown_warning_code_has_no_chapter() -> None:
    assert ResultWarning(code="mine", message="").chapter is None


@pytest.mark.parametrize(
    ("kind", "chapter"), [("few_clusters", 4), ("one_item", 3), ("unpaired", 6), ("one_attempt", 5)]
)
def test_warnings_about_statistics_point_to_their_guide_chapter(kind: str, chapter: int) -> None:
    assert doubt(kind, **dict.fromkeys(("n", "clusters", "df", "units"), 2)).chapter == chapter
