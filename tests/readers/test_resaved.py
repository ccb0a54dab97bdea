"""A harness file that another program saved again is still recognised and gives the same rows.

`read` of `reader_cases` applies this to the small files of every reader.
"""

import json
import shutil

import pytest

import howsure
from howsure.readers.base import HEAD_BYTES, Source
from howsure.readers.parsing import members
from howsure.readers.registry import identify
from places import ROOT
from reader_cases import SHARED
from resaved import WAYS, saved_again
from trials import draws

pytestmark = pytest.mark.once

FIXTURES = ROOT / "tests" / "fixtures"
COLUMNS = ["task", "model", "item", "attempt", "metric", "score", "status"]
LM_EVAL = FIXTURES / "lm_eval" / "example__canned-large"
FOLDERS = [LM_EVAL, *sorted(path for path in (FIXTURES / "harnesses").iterdir() if path.is_dir())]
RAW = sorted(path for path in (SHARED / "raw").rglob("*.json*") if path.is_file())
TEXTS = ("doc", "arguments", "resps", "filtered_resps", "target")
"""What takes most of the place in samples, and is taken out before they are passed on."""


def rows(folder):
    found = howsure.read(folder).rows.lazy().collect()
    return sorted(map(repr, found[COLUMNS].rows()))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_folder_saved_again_gives_the_same_rows(folder, way, tmp_path):
    copy = shutil.copytree(folder, tmp_path / folder.name)
    for path in [path for path in copy.rglob("*.json*") if path.is_file()]:
        text = dict(saved_again(path)).get(way)
        if text is not None:
            path.write_text(text, "utf-8")
    assert rows(copy) == rows(folder)


LONG = (
    "prompt",
    "completion",
    "question",
    "options",
    "output",
    "outputs",
    "response",
    "solution",
    "judgment",
    "history",
)


WITHOUT_TEXTS = [path for path in FOLDERS if path.name != "humaneval"]
"""HumanEval without its completions has nothing of its own: task_id, result and passed are anybody's columns."""


@pytest.mark.parametrize("folder", WITHOUT_TEXTS, ids=lambda path: path.name)
def test_a_folder_without_its_long_texts_gives_the_same_rows(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / folder.name)
    for path in [path for path in copy.rglob("*.json*") if path.is_file()]:
        text = dict(saved_again(path)).get("compact")
        if text is not None:
            parts = [text] if path.suffix == ".json" else text.splitlines()
            path.write_text("".join(json.dumps(without(json.loads(part), LONG)) + "\n" for part in parts), "utf-8")
    assert rows(copy) == rows(folder)


def without(value, names):
    """Take texts and lists of these names out, wherever they stand."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in names or not isinstance(v, (str, list))}
        return {k: without(v, names) for k, v in kept.items()}
    return [without(each, names) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("dropped", [*[(text,) for text in TEXTS], TEXTS], ids="-".join)
def test_lm_eval_samples_without_their_texts_keep_rows_and_stated_figures(dropped, tmp_path):
    copy = shutil.copytree(LM_EVAL, tmp_path / LM_EVAL.name)
    for path in copy.glob("samples_*"):
        kept = [{k: v for k, v in json.loads(row).items() if k not in dropped} for row in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in kept))
    assert rows(copy) == rows(LM_EVAL)
    assert [figure.agrees for figure in howsure.read(copy).reconciled].count(True) == len(
        howsure.read(LM_EVAL).reconciled
    )


def test_lm_eval_samples_without_documents_still_show_a_partial_run(tmp_path):
    copy = shutil.copytree(LM_EVAL, tmp_path / LM_EVAL.name)
    for path in copy.glob("samples_*"):
        kept = [{k: v for k, v in json.loads(row).items() if k != "doc"} for row in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in kept[: len(kept) // 2]))
    assert "partial_run" in {warning.code for warning in howsure.read(copy).warnings}


SMALL = [path for path in RAW if path.stat().st_size <= draws(20, 10_000) * HEAD_BYTES]


@pytest.mark.skipif(not RAW, reason="the shared data is not here")
@pytest.mark.parametrize("path", SMALL, ids=lambda path: str(path.relative_to(SHARED / "raw")))
def test_a_real_file_saved_again_has_the_same_reader(path, tmp_path):
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    known = identify(Source(path=copy, root=copy))
    for way, text in saved_again(path):
        copy.write_text(text, "utf-8", errors="surrogatepass")
        found = identify(Source(path=copy, root=copy))
        assert (found and (found[0].NAME, found[1])) == (known and (known[0].NAME, known[1])), way


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (b'{"a": 1, "b": {"c": [2, 3]}}', {"a": b"1", "b": b'{"c": [2, 3]}'}),
        (b'[{"a": "x,}"}, {"b": 2}]', {"a": b'"x,}"'}),
        (b'{"a": NaN, "b": -Infinity}', {"a": b"null", "b": b"null"}),
        (b'{"a": 1, "b": [1, {"c": "cut', {"a": b"1", "b": b'[1, {"c": "cut'}),
        (b'{"a": {"b": 1}, "c', {"a": b'{"b": 1}'}),
        (b'{"a": 1}{"b": 2}', {"a": b"1"}),
        (b"[]", {}),
        (b"[1, 2]", {}),
        (b"{}", {}),
        (b"no JSON", {}),
        (b'{"\\u00e9": "' + b"x" * HEAD_BYTES + b'", "z": 1}', {"é": b'"' + b"x" * (HEAD_BYTES // 2 - 1), "z": b"1"}),
    ],
)
def test_the_first_members_of_a_json_text_are_found(text, first):
    assert members(text) == first


@pytest.mark.parametrize("indent", [None, 2])
def test_keys_after_the_first_bytes_are_seen(tmp_path, indent):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"task_results": {"t": "x" * HEAD_BYTES}, "total_tasks": 1, "score": 1}, indent=indent))
    assert {"score", "total_tasks", "task_results"} == Source(path=path, root=path).first.keys()
