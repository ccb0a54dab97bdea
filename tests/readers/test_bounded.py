"""Path patterns, YAML aliases and very long keys can't make reading take forever."""

import json
import re
from types import SimpleNamespace

import pytest

import howsure as hs
from howsure.readers import attempt_rows, tables
from howsure.readers.attempt_rows import found_in
from howsure.readers.base import Source

pytestmark = pytest.mark.once


def rows(path):
    """Write two rows of a table that names no model."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"id": 1, "score": 1}, {"id": 2, "score": 0}]))
    return path


class Described:
    """A pattern of Python that tells its groups and can't search."""

    def __init__(self, pattern):
        known = re.compile(pattern)
        self.groups, self.groupindex = known.groups, known.groupindex


def test_path_patterns_are_not_searched_by_backtracking(monkeypatch):
    monkeypatch.setattr(attempt_rows, "re", SimpleNamespace(compile=Described))
    assert found_in(r"(a|aa)+(a+)+b$", "a" * 120, option="path") == ("", {})
    assert found_in(r"(?P<x>(a+)+)b$", "a" * 120 + "b", option="path") == ("a" * 120, {"x": "a" * 120})


def test_a_path_pattern_that_would_backtrack_without_end_is_answered(tmp_path):
    place = rows(tmp_path / ("a" * 120) / "x.json")
    with pytest.raises(hs.HowsureError, match="no part of the path matches"):
        hs.read(place, model_from=r"(a|aa)+(a+)+b$")
    hs.read(place, map={"item": "id", "score": "score", "path": r"(?P<x>(a+)+)+b$"})


@pytest.mark.parametrize("pattern", [r"(?<=runs/)(\w+)", r"(\w+)/\1"])
def test_path_patterns_that_need_more_than_linear_time_are_refused(tmp_path, pattern):
    place = rows(tmp_path / "runs" / "x.json")
    with pytest.raises(hs.HowsureError, match="is too complex"):
        hs.read(place, model_from=pattern)
    with pytest.raises(hs.HowsureError, match="is too complex"):
        hs.read(place, map={"item": "id", "score": "score", "path": pattern})


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"runs/([^/]+)/", ("a", {})),
        (r"[a-z]+\.json$", ("x.json", {})),
        (r"seed(?P<seed>\d+)?_(?P<name>\w+)", ("", {"seed": None, "name": "b"})),
        (r"nothing(?P<x>.)", ("", {})),
    ],
)
def test_path_patterns_extract_their_groups(pattern, found):
    assert found_in(pattern, "runs/a/seed_b/x.json", option="path") == found


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a [*a]\n",
        "- &x {item: 1, score: *x}\n",
    ],
)
def test_exploding_yaml_aliases_are_refused(tmp_path, text):
    pytest.importorskip("yaml")
    (tmp_path / "bomb.yaml").write_text(text)
    with pytest.raises(hs.ReadError, match="aliases that expand to more than 10,000,000 values"):
        hs.read(tmp_path / "bomb.yaml", map={"rows": "[*]", "item": "item", "score": "score"})


def test_yaml_aliases_are_resolved(tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "a.yaml").write_text("- &one {item: 1, score: 1}\n- {<<: *one, item: 2}\n")
    assert len(hs.read(tmp_path / "a.yaml", map={"rows": "[*]", "item": "item", "score": "score"}).to_frame()) == 2


@pytest.mark.unmeasured
@pytest.mark.parametrize(("length", "kept"), [(10_000, True), (10_001, False), (2_000_000, False)])
def test_a_json_key_of_more_than_10_000_characters_is_not_a_column(tmp_path, length, kept):
    path = tmp_path / "a.jsonl"
    first = {"model": "a", "item": 0, "score": 1, "k" * length: 1}
    others = [{"model": "a", "item": k, "score": k % 2} for k in range(1, 4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in (first, *others)))
    columns = tables.scan(Source(path=path, root=path)).collect_schema().names()
    assert columns == ["model", "item", "score", *(["k" * length] * kept)]
    assert hs.estimate(path).records()[0]["value"] == 0.75
