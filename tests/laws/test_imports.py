"""The import graph has no cycle, and few modules import by a name made at run time."""

import ast
from graphlib import TopologicalSorter

import grimp
import pytest

from places import ROOT

SOURCE = ROOT / "src" / "howsure"
BY_NAME = {
    "integrations/trackers.py",
    "commands/main.py",
    "__init__.py",
    "answers/base.py",
    "readers/registry.py",
    "table/scores.py",
    "integrations/lm_eval.py",
}
"""Files that import a module by a name made at run time: public names, presentations, readers, a task's own module."""


def test_there_is_no_import_cycle():
    graph = grimp.build_graph("howsure", cache_dir=None)
    modules = graph.modules - {"howsure"}  # its table of public names is resolved on demand
    arrows = {module: graph.find_modules_directly_imported_by(module) & modules for module in modules}
    assert len(list(TopologicalSorter(arrows).static_order())) == len(modules)


def names_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("howsure")
    ]


@pytest.mark.parametrize("room", ["answers", "present"])
def test_answers_and_presentations_import_no_private_names(room):
    private = [
        f"{path.name}: {alias.name}"
        for path in (SOURCE / room).rglob("*.py")
        for node in names_of(path)
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert private == []


def test_only_listed_modules_use_import_module():
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if "import_module" in path.read_text()}
    assert found <= BY_NAME
