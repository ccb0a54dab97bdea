"""The fast reader of JSON lines gives the same table as the JSON parser, or leaves the file to it."""

import gzip
import json
import zipfile

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import howsure as hs
from howsure.errors import ReadError
from howsure.readers import base, json_lines, parsing, tables
from howsure.readers.base import Source
from howsure.readers.json_lines import shaped_table
from howsure.readers.tables import parsed_records
from places import ROOT
from trials import draws

pytestmark = pytest.mark.once

TABLES = sorted((ROOT / "tests" / "fixtures").rglob("*.jsonl"))

NUMBERS = st.integers(-(10**19), 10**19) | st.floats() | st.sampled_from([0, 1, 1.0, -0.0, 5e-324, 1e22, 2**53 + 1])
TEXTS = st.text(max_size=5) | st.sampled_from(["", "é😀", 'a"b\\', "\n\t\x00\x7f", "\ud800", "null", "1", "\u2028"])
PLAIN = [st.sampled_from("ab"), st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0]), st.booleans(), st.none()]
PLAIN += [TEXTS, NUMBERS]
NESTED = st.recursive(
    st.none() | TEXTS | NUMBERS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2)
)
NAMES = ["model", "item", "score", "x y", "é", 'q"', ""]


@st.composite
def made_tables(draw):
    """Draw records most of whose columns have one kind and are always there."""
    columns = {
        name: draw(st.sampled_from([*PLAIN[:5], *PLAIN, NESTED]))
        for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    }
    rare = draw(st.sampled_from([False, False, True]))
    made = st.fixed_dictionaries({}, optional=columns) if rare else st.fixed_dictionaries(columns)
    rows = draw(st.lists(made, min_size=1, max_size=8))
    return [{name: draw(PLAIN[-1]) if draw(st.integers(0, 60)) == 9 else row[name] for name in row} for row in rows]


@st.composite
def written(draw):
    """Draw a table as programs write it, and at times a damage."""
    tight = draw(st.booleans())
    how = {"ensure_ascii": draw(st.booleans()), "separators": (",", ":") if tight else (", ", ": ")}
    lines = [json.dumps(row, **how).encode("utf-8", "surrogatepass") for row in draw(made_tables())]
    damage = draw(st.sampled_from([None] * 6 + DAMAGES))
    if damage is not None:
        place = draw(st.integers(0, len(lines) - 1))
        lines[place] = damage(lines[place])
    data = draw(st.sampled_from([b"\n", b"\n", b"\r\n"])).join(lines) + draw(st.sampled_from([b"\n", b"", b"\n\n"]))
    return data[: draw(st.integers(len(data) // 2, len(data)))] if draw(st.integers(0, 9)) == 3 else data


DAMAGES = [
    lambda line: line[:-1] + b', "model": 1}',
    lambda line: line[:-1] + b', "m\\u006fdel": "a"}',
    lambda line: line.replace(b": ", b":\t"),
    lambda line: line + b" ",
    lambda line: line + line,
    lambda line: b"\xef\xbb\xbf" + line,
    lambda line: line.replace(b"1", b"01"),
    lambda line: line.replace(b"0", b"1e400"),
    lambda line: line.replace(b'"a"', b'"\xff"'),
    lambda line: line.replace(b'"a"', b'"\\ud83d"'),
    lambda line: line.replace(b'"a"', b'"\r"'),
    lambda line: line.replace(b"}", b",}"),
    lambda line: b"[" + line + b"]",
    lambda line: b"\n" + line,
    lambda line: b"null",
    lambda line: b"{}",
]


def parsed(source):
    try:
        return parsed_records(source).collect()
    except ReadError:
        return None


def same(source):
    """Say whether a file was read by its shape; what was must be what the parser finds, also column by column from a file that isn't held."""
    held, expected = shaped_table(source), parsed(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "MAX_HELD_BYTES", 0)
        again = shaped_table(source)
        assert (again is None) == (held is None)
        if held is None:
            return False
        for found in (held.collect(), again.collect(), again.collect(engine="streaming")):
            assert found.schema == expected.schema
            assert found.equals(expected)
        name, size = expected.columns[-1], len(expected)
        assert again.select(name).head(2).collect().equals(expected.select(name).head(2))
        assert again.select(pl.len()).collect().item() == size
        assert len(again.filter(pl.col(name).is_null()).collect()) == expected[name].null_count()
    return True


@pytest.mark.unmeasured
@settings(max_examples=draws(20, 400))
@given(written(), st.sampled_from([base.BLOCK_BYTES, 60]))
@example(b'{"a": 1, "a": 2}\n', 60)
@example(b'{"b": {"a": 1, "a": 2}, "c": 1}\n', 60)
@example(b'{"a": null, "b": 1}\n{"b": 2.5}\n{"a": [NaN]}\n', 60)
@example(b'{"a": 1.5}\n\r\n{"a": -0}\n', 60)
def test_the_fast_reader_gives_the_table_of_the_parser(tmp_path_factory, data, block):
    path = tmp_path_factory.mktemp("shaped") / "t.jsonl"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "BLOCK_BYTES", block)
        same(Source(path=path, root=path))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_the_fast_reader_agrees_with_the_parser_on_every_fixture(path):
    same(Source(path=path, root=path))


CERTAIN = {
    "plain": b'{"model": "a", "item": 1, "score": 0.5}\n' * 3,
    "tight, no line break at the end": b'{"model":"a","item":1,"ok":true}\n{"model":"b","item":2,"ok":false}',
    "CRLF and empty lines": b'{"item": 1}\r\n{"item": 2}\r\n\n',
    "a kind known later": b'{"item": "a", "error": null}\n' * 300 + b'{"item": "b", "error": "timeout"}\n',
    "whole numbers and others": b'{"score": 1}\n' * 300 + b'{"score": 0.25}\n',
    "a key that some lines have": b'{"item": "a"}\n{"item": "b", "score": 1}\n{"score": 2, "item": "c"}\n',
    "nested values": b'{"item": "a", "messages": [{"role": "user", "content": "]}\\""}]}\n' * 2,
    "texts, then nested values": b'{"item": "a", "x": "t"}\n{"item": "b", "x": [1]}\n{"item": "c", "x": 1}\n',
    "nothing, then nested values": b'{"item": "a", "x": null}\n{"item": "b", "x": {"y": 1}}\n',
    "escapes": rb'{"item": "\u00e9\ud83d\ude00\n\"\\\/"}' + b"\n",
    "cut in mid-row": b'{"item": "a", "score": 1}\n{"item": "b", "sc',
}


@pytest.mark.parametrize("data", CERTAIN.values(), ids=CERTAIN)
@pytest.mark.parametrize("size", [base.BLOCK_BYTES, 100], ids=["one block", "many"])
def test_common_tables_are_read_by_the_fast_reader(tmp_path, monkeypatch, data, size):
    monkeypatch.setattr(base, "BLOCK_BYTES", size)
    path = tmp_path / "t.jsonl"
    path.write_bytes(data)
    assert same(Source(path=path, root=path))


UNSURE = {
    "a key twice": b'{"a": 1}\n{"a": 1, "a": 2}\n',
    "a key twice, written in two ways": b'{"a": 1, "\\u0061": 2}\n',
    "a key without a name": b'{"a": 1, "": 2}\n',
    "numbers and texts": b'{"a": 1}\n{"a": "x"}\n',
    "flags and numbers": b'{"a": true}\n{"a": 1}\n',
    "a large whole number": b'{"a": 12345678901234567890}\n',
    "NaN": b'{"a": NaN}\n',
    "half a character": b'{"a": "\\ud800"}\n',
    "not UTF-8": b'{"a": "\xff"}\n',
    "no object": b'{"a": 1}\n[1]\n',
    "no JSON": b'{"a": 1}\n{"a": 01}\n',
    "not JSON inside": b'{"a": 1, "b": [1,,2]}\n',
    "too deep": b'{"a": 1, "b": ' + b"[" * 30 + b"]" * 30 + b"}\n",
}


@pytest.mark.parametrize("data", UNSURE.values(), ids=UNSURE)
def test_ambiguous_lines_are_left_to_the_parser(tmp_path, data):
    path = tmp_path / "t.jsonl"
    path.write_bytes(data)
    assert shaped_table(Source(path=path, root=path)) is None


def test_tables_that_need_too_much_memory_are_left_to_the_parser(tmp_path, monkeypatch):
    path = tmp_path / "t.jsonl"
    path.write_bytes(json.dumps({f"k{k}": "" for k in range(90)}).encode() + b"\n" + b'{"k0": ""}\n' * 100)
    source = Source(path=path, root=path)
    assert same(source)
    monkeypatch.setattr(json_lines, "MAX_OBJECT_BYTES", 101 * 90 * json_lines.CELL_BYTES - 1)
    assert shaped_table(source) is None
    monkeypatch.setattr(json_lines, "MAX_HELD_BYTES", 0)  # then only the columns of a query need memory
    assert shaped_table(source).select("k7").collect().equals(parsed(source).select("k7"))


def test_a_line_of_very_many_objects_is_left_to_the_parser(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": [' + b"{}," * (parsing.SMALL_BYTES // 3) + b"{}]}\n")
    assert shaped_table(Source(path=path, root=path)) is None


@pytest.mark.parametrize("size", [base.BLOCK_BYTES, 11], ids=["one block", "many"])
def test_blocks_without_a_column_lose_no_row(tmp_path, monkeypatch, size):
    monkeypatch.setattr(base, "BLOCK_BYTES", size)
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"m": [1]}\n' * 3 + b'{"m": [1], "w": 1}\n')
    assert same(Source(path=path, root=path)) == (size > 11)


def test_a_too_long_line_ends_the_fast_reader_after_one_block(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "BLOCK_BYTES", 50)
    monkeypatch.setattr(json_lines, "SMALL_BYTES", 100)
    read = []
    blocks = Source.blocks
    monkeypatch.setattr(Source, "blocks", lambda source: (read.append(len(block)) or block for block in blocks(source)))
    path = tmp_path / "t.jsonl"
    path.write_bytes((b'{"a": "' + b"x" * 150 + b'"}\n') * 5)
    assert shaped_table(Source(path=path, root=path)) is None
    assert len(read) == 1


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_a_large_file_that_changes_between_its_readings_is_refused(tmp_path, monkeypatch, engine):
    monkeypatch.setattr(json_lines, "MAX_HELD_BYTES", 0)
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 3)
    table = shaped_table(Source(path=path, root=path))
    path.write_bytes(b'{"b": 1}\n' * 9)
    with pytest.raises(ReadError, match="changed while it was read"):
        table.collect(engine=engine)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_floats_are_read_exactly(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("shaped") / "t.jsonl"
    path.write_text("".join(f'{{"x": {value:.17e}, "y": {value!r}, "z": {value % 1:.35f}}}\n' for value in values))
    same(Source(path=path, root=path))


def test_large_tables_use_the_fast_reader(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "WORTH_BYTES", 0)
    monkeypatch.delattr(tables, "parsed_records")
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"model": "a", "item": "x", "score": 1}\n')
    source = Source(path=path, root=path)
    assert tables.scan(source).collect().rows() == [("a", "x", 1)]


@pytest.mark.parametrize("name", ["a.zip", "a.jsonl.gz"])
def test_large_lines_from_an_archive_are_held_as_their_folder_is_removed(tmp_path, monkeypatch, name):
    data = "".join(json.dumps({"model": f"m{k % 2}", "item": k // 2, "score": k % 3 > 0}) + "\n" for k in range(200))
    if name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.jsonl", data)
    else:
        (tmp_path / name).write_bytes(gzip.compress(data.encode()))
    expected = str(hs.estimate(tmp_path / name))
    for module in (json_lines, tables):
        monkeypatch.setattr(module, "MAX_HELD_BYTES", 0)
    monkeypatch.setattr(tables, "WORTH_BYTES", 0)
    assert str(hs.estimate(tmp_path / name)) == expected
