"""The fast reader of lm-eval samples gives the same readings as reading line by line."""

import json
from contextlib import nullcontext

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from howsure.errors import ReadError
from howsure.processes import in_turn
from howsure.readers import attempt_rows, base, lm_eval, lm_eval_columns
from howsure.readers.attempt_rows import digest_of_rows
from howsure.readers.base import BLOCK_BYTES, Source
from howsure.readers.lm_eval_columns import typed_columns
from places import ROOT
from trials import draws

pytestmark = pytest.mark.once

NAME = "samples_law_2026-01-01T00-00-00.000000.jsonl"
SCORES = [
    *(st.sampled_from([0.0, 1.0]), st.floats(0, 1), st.integers(0, 1), st.booleans(), st.sampled_from([1, 0.5])),
    *(st.none(), st.sampled_from([None, 1.0]), st.just([1, 2]), st.text(max_size=2), st.just(float("nan"))),
    *(st.sampled_from([None, "x"]), st.sampled_from([None, [1]]), st.sampled_from([1.0, [1]])),
]
ATTRIBUTES = [
    *(st.sampled_from(["a", "b"]), st.integers(0, 9), st.floats(0, 1), st.booleans(), st.none()),
    *(st.sampled_from([None, "late", "x" * 300]), st.just([1, 2]), st.sampled_from([1, 1.5, "1"])),
    *(st.sampled_from([[1, 2], {"a": 1}, None]), st.sampled_from([[1, 2], "a"])),
]
OWN = ["q", "task", "cluster", "usd", "é", "target_hash", "metadata_task"]
IDS = st.integers(0, 4)


@st.composite
def samples(draw):
    """Draw a file of samples whose rows mostly have one shape."""
    metrics = {f"m{k}": draw(st.sampled_from(SCORES[:5] + SCORES)) for k in range(draw(st.integers(1, 3)))}
    names = draw(st.lists(st.sampled_from(OWN), unique=True, max_size=3))
    made = {
        "doc_id": IDS,
        "doc": st.fixed_dictionaries({name: draw(st.sampled_from(ATTRIBUTES)) for name in names}),
        "arguments": st.just([["a prompt", " c"]]),
        "filter": draw(st.sampled_from([st.just("none"), st.sampled_from(["strict", "flexible"]), st.none()])),
        "doc_hash": draw(st.sampled_from([IDS.map("h{}".format), st.none(), st.text(max_size=1)])),
        "target_hash": st.sampled_from(["t", "u"]),
        **metrics,
    }
    if draw(st.booleans()):
        made["metrics"] = st.just([*metrics])
    rows = draw(st.lists(st.fixed_dictionaries(made), min_size=1, max_size=6))
    if draw(st.integers(0, 9)) == 3:
        rows[-1].pop("m0")
    return "".join(json.dumps(row) + "\n" for row in rows)


def reading(source, monkeypatch, worth):
    monkeypatch.setattr(lm_eval_columns, "WORTH_BYTES", worth)
    try:
        return lm_eval.read(source)
    except ReadError as error:
        return str(error)


def check(source, monkeypatch):
    by_shape, by_line = (reading(source, monkeypatch, worth) for worth in (0, 10**9))
    if isinstance(by_line, str) or isinstance(by_shape, str):
        assert by_shape == by_line
        return
    for name in ("facts", "published", "warnings", "run"):
        assert getattr(by_shape, name) == getattr(by_line, name)
    if by_line.rows is None or by_shape.rows is None:
        assert by_line.rows is by_shape.rows
        return
    assert by_shape.rows.schema == by_line.rows.schema
    assert by_shape.rows.equals(by_line.rows)


@pytest.mark.unmeasured
@settings(max_examples=draws(15, 400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(samples(), st.sampled_from([BLOCK_BYTES, 200]), st.sampled_from([1, 2]), st.integers(1, 500))
def test_the_fast_reader_agrees_with_reading_line_by_line(tmp_path_factory, monkeypatch, text, block, processes, size):
    path = tmp_path_factory.mktemp("samples") / NAME
    path.write_text(text)
    monkeypatch.setattr(base, "BLOCK_BYTES", block)
    in_parts_here(monkeypatch, size)
    check(Source(path=path, root=path.parent, processes=processes), monkeypatch)


def in_parts_here(monkeypatch, size):
    """Read every file in parts of this size, in this process."""
    monkeypatch.setattr(lm_eval_columns, "SHARED_BYTES", 0)
    monkeypatch.setattr(lm_eval_columns, "PART_BYTES", size)
    monkeypatch.setattr(lm_eval_columns, "in_processes", lambda count, load: nullcontext(in_turn))


def test_several_processes_read_what_one_reads(tmp_path, monkeypatch):
    path = tmp_path / NAME
    path.write_text("".join(json.dumps(sample(place, "a", place % 2)) + "\n" for place in range(1000)))
    monkeypatch.setattr(lm_eval_columns, "SHARED_BYTES", 0)
    monkeypatch.setattr(lm_eval_columns, "PART_BYTES", 5000)
    check(Source(path=path, root=tmp_path, processes=2), monkeypatch)
    monkeypatch.setattr(lm_eval_columns, "WORTH_BYTES", 0)
    typed = [typed_columns(Source(path=path, root=tmp_path, processes=count)) for count in (1, 2)]
    assert typed[0].items().equals(typed[1].items())


@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf"], ids=["plain", "a mark of byte order"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\n" + b"x" * 40], ids=["open", "whole", "blank", "long"])
@pytest.mark.parametrize("size", [1, 7, 30, 1000])
def test_parts_of_a_file_have_its_lines(tmp_path, monkeypatch, begin, end, size):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(begin + b"\n".join(b"%d" % place for place in range(20)) + end)
    source = Source(path=path, root=tmp_path)
    whole = b"".join(source.blocks())
    monkeypatch.setattr(base, "BLOCK_BYTES", 11)
    parts = source.parts(size)
    assert b"".join(block for part in parts for block in source.blocks(*part)) == whole
    assert len(parts) == 1 if size == 1000 else len(parts) > 1
    assert all(path.read_bytes()[end - 1 : end] == b"\n" for _, end in parts[:-1])


def sample(place, own, score):
    return {"doc_id": place, "doc": {"q": own}, "filter": "none", "metrics": ["m"], "doc_hash": f"h{place}", "m": score}


CHANGING = {
    "a text, then a list": [("a", 1.0), ([1], 1.0)],
    "a list, then a text": [([1], 1.0), ("a", 1.0)],
    "nothing, then a list": [(None, 1.0), ([1], 1.0)],
    "a score that comes late": [("a", None), ("b", 1.0)],
    "a score that becomes text": [("a", None), ("b", "x")],
    "a score that becomes a list": [("a", 1.0), ("b", [1])],
    "a list that becomes a score": [("a", [1]), ("b", 1.0)],
    "whole numbers, then others": [(1, 1), (1.5, 0.5)],
    "an attribute that comes late": [(None, 1.0), ("b", 1.0)],
}


@pytest.mark.parametrize("values", CHANGING.values(), ids=CHANGING)
@pytest.mark.parametrize("block", [BLOCK_BYTES, 50], ids=["one block", "many"])
def test_the_fast_reader_agrees_if_value_types_change_between_lines(tmp_path, monkeypatch, values, block):
    monkeypatch.setattr(base, "BLOCK_BYTES", block)
    path = tmp_path / NAME
    path.write_text("".join(json.dumps(sample(place, *value)) + "\n" for place, value in enumerate(values)))
    check(Source(path=path, root=tmp_path), monkeypatch)


LINE = json.dumps({**sample(1, "a", 1.0), "arguments": [["a prompt", " c"]]}).encode()
LEFT = {
    "not UTF-8 in a prompt": LINE.replace(b"prompt", b"\xff"),
    "NaN in a prompt": LINE.replace(b'"a prompt"', b"NaN"),
    "half a character in a prompt": LINE.replace(b"prompt", rb"\ud800"),
    "no JSON in a prompt": LINE.replace(b'" c"', b'" c",'),
    "two objects in a line": LINE + b" " + LINE,
    "a mark of byte order": b"\xef\xbb\xbf" + LINE,
    "another key": LINE[:-1] + b', "n": 1}',
    "another key of the document": LINE.replace(b'{"q":', b'{"p": 1, "q":'),
    "a missing key": LINE.replace(b'"doc_hash": "h1", ', b""),
    "a document that is text": LINE.replace(b'{"q": "a"}', b'"a"'),
    "a place that is no whole number": LINE.replace(b'"doc_id": 1', b'"doc_id": 1.5'),
    "a hash that is a number": LINE.replace(b'"h1"', b"1"),
    "a number that is too large": LINE.replace(b"1.0", b"1e400"),
}


@pytest.mark.parametrize("line", LEFT.values(), ids=LEFT)
def test_other_lines_are_left_to_the_parser(tmp_path, monkeypatch, line):
    path = tmp_path / NAME
    path.write_bytes(LINE + b"\n" + line + b"\n")
    source = Source(path=path, root=tmp_path)
    check(source, monkeypatch)
    monkeypatch.setattr(lm_eval_columns, "WORTH_BYTES", 0)
    assert typed_columns(source) is None


TYPED = {
    "the same": LINE,
    "a key twice": LINE[:-1] + b', "m": 0.5}',
    "other spaces and another order": LINE.replace(b", ", b" ,\t").replace(b'{"doc_id": 1 ,', b"{")[:-1]
    + b', "doc_id": 2}',
    "empty lines and CRLF": b"\r\n  \n" + LINE + b"\r",
    "a long text": LINE.replace(b'"q": "a"', b'"q": "' + b"x" * 300 + b'"'),
    "a vast score": LINE.replace(b"1.0", b"1e80"),
    "a large whole number": LINE.replace(b'"q": "a"', b'"q": 123456789012345678901234567890'),
    "a place that is a large whole number": LINE.replace(b'"doc_id": 1', b'"doc_id": 9223372036854775808'),
    "a place that is a vast whole number": LINE.replace(b'"doc_id": 1', b'"doc_id": 1' + b"0" * 40),
    "a place that is text": LINE.replace(b'"doc_id": 1', b'"doc_id": "one"'),
    "no metrics": LINE.replace(b'["m"]', b"null"),
    "cut in mid-row": LINE + b"\n" + LINE[:20],
}


@pytest.mark.parametrize("line", TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("block", [BLOCK_BYTES, 50], ids=["one block", "many"])
def test_common_lines_are_read_by_their_keys(tmp_path, monkeypatch, line, block):
    path = tmp_path / NAME
    path.write_bytes(LINE + b"\n" + line)
    source = Source(path=path, root=tmp_path)
    monkeypatch.setattr(base, "BLOCK_BYTES", block)
    check(source, monkeypatch)
    monkeypatch.setattr(lm_eval_columns, "WORTH_BYTES", 0)
    assert typed_columns(source) is not None


def test_samples_that_need_too_much_memory_are_left_to_the_parser(tmp_path, monkeypatch):
    path = tmp_path / NAME
    path.write_bytes((LINE + b"\n") * 10)
    source = Source(path=path, root=tmp_path)
    monkeypatch.setattr(lm_eval_columns, "WORTH_BYTES", 0)
    monkeypatch.setattr(lm_eval_columns, "MAX_OBJECT_BYTES", 10 * 6 * lm_eval_columns.CELL_BYTES)
    assert typed_columns(source) is not None
    monkeypatch.setattr(lm_eval_columns, "MAX_OBJECT_BYTES", 10 * 6 * lm_eval_columns.CELL_BYTES - 1)
    assert typed_columns(source) is None


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "fixtures" / "lm_eval").rglob("samples_*.jsonl")), ids=lambda path: path.name
)
def test_real_samples_are_read_by_the_fast_reader(path, monkeypatch):
    source = Source(path=path, root=path.parent)
    monkeypatch.setattr(lm_eval_columns, "WORTH_BYTES", 0)
    assert typed_columns(source) is not None
    check(source, monkeypatch)


@given(st.lists(st.tuples(st.text(max_size=3), st.floats() | st.none()), max_size=7, unique_by=str))
def test_a_digest_computed_in_parts_equals_that_of_all_rows(pairs):
    rows, other = (
        pl.DataFrame(some, schema={"item": pl.String, "score": pl.Float64}, orient="row")
        for some in (pairs, pairs[:-1])
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempt_rows, "FEW_ROWS", 0)
        whole = digest_of_rows(rows)
        patch.setattr(attempt_rows, "DIGESTED_ROWS", 3)
        assert digest_of_rows(rows) == whole
        assert (digest_of_rows(other) == whole) == (len(other) == len(rows))
