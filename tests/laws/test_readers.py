"""A file is offered to the registered readers of its kind of content only, and loads no other reader."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from howsure.readers import registry
from howsure.readers.base import Source

CONTENTS = {
    "plain text": b"solved: 3 of 4\n",
    "a table of cells": b"question,answer\n1,a\n",
    "YAML": b"- question: 1\n",
    "an object": b'{"question": 1}',
    "lines of JSON": b'{"question": 1}\n{"question": 2}\n',
    "a list": b'[{"question": 1}]',
    "a zip": b"PK\x03\x04",
    "gzip": b"\x1f\x8b",
    "Parquet": b"PAR1",
    "Arrow": b"ARROW1",
    "nothing": b"",
}
LOADED = """
import sys, howsure
howsure.estimate(sys.argv[1])
print(*(name for name in sys.modules if name.startswith("howsure.readers.")))
"""


@pytest.fixture
def made_up(monkeypatch):
    """A reader that claims whatever it is asked about, registered in the one place and nothing else."""
    module = SimpleNamespace(NAME="made up", FORMATS="any", claims=lambda _: "rows", read=lambda _: None)
    monkeypatch.setitem(sys.modules, "howsure.readers.made_up", module)
    monkeypatch.setitem(registry.HARNESSES, "made_up", ())
    yield module
    registry._built_in.cache_clear()
    registry.readers.cache_clear()


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_registered_reader_is_offered_files_of_every_kind_of_content(content, made_up, tmp_path):
    path = tmp_path / "results.txt"
    path.write_bytes(content)
    assert registry.identify(Source(path=path, root=path)) == (made_up, "rows")


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_reader_is_offered_only_the_content_that_its_registration_names(content, made_up, tmp_path, monkeypatch):
    path = tmp_path / "results.txt"
    path.write_bytes(content)
    kind = registry.kind_of(content)
    monkeypatch.setitem(registry.HARNESSES, "made_up", (registry.Content(kind),))
    assert registry.identify(Source(path=path, root=path)) == (made_up, "rows")
    keyed = registry.Content(kind, keys=frozenset({"question"}))
    monkeypatch.setitem(registry.HARNESSES, "made_up", (keyed,))
    assert ("made_up" in registry.shown(Source(path=path, root=path))) == (b"{" in content)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_table_loads_no_reader_that_looks_at_other_content(suffix, tmp_path):
    path = tmp_path / f"table{suffix}"
    rows = [{"model": "a", "item": k, "score": k % 2} for k in range(20)]
    cells = ["model,item,score", *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(cells if suffix == ".csv" else map(json.dumps, rows)))
    program = [sys.executable, "-c", LOADED, str(path)]
    loaded = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    modules = {name.rpartition(".")[2] for name in loaded}
    always = {name for name, contents in registry.HARNESSES.items() if registry.Content("text") in contents}
    of_objects = {name for name, contents in registry.HARNESSES.items() if registry.Content("object") in contents}
    assert modules & registry.HARNESSES.keys() <= (always if suffix == ".csv" else of_objects)
    assert "howsure.readers.mapping.mapping" not in loaded, "the mappings that come with howsure were compiled"
