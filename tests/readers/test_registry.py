"""The registry identifies files by content, asks specific readers first and tables last, and survives a broken external reader."""

import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counted import calls_in
from howsure.readers import lm_eval, registry, swebench
from howsure.readers.base import Source
from howsure.readers.mapping.known import tried
from reader_cases import claimed, inspect_header, sample
from trials import draws

CSV = "item,score\na,1\nb,0\n"


@pytest.fixture(autouse=True)
def fresh():
    cached = (registry.readers, registry.others)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


def test_every_reader_has_a_unique_name_formats_and_tested_versions():
    names = [reader.NAME for reader in registry.readers()]
    assert len(set(names)) == len(names)
    assert names[-1] == "tables"
    for reader in registry.readers():
        assert reader.FORMATS
        assert reader.CHECKED  # those of other packages need not say it
        assert callable(reader.read)


def test_files_are_identified_by_content_and_not_by_name(write):
    found = registry.identify(write("notes.txt", {**inspect_header(), "samples": [sample("a", 1)]}))
    assert (found[0].NAME, found[1]) == ("inspect", "rows")


def test_a_reader_of_another_package_comes_before_tables(write, monkeypatch):
    foreign = types.SimpleNamespace(NAME="mine", FORMATS="mine", claims=lambda _: "rows", read=lambda _: None)
    good = types.SimpleNamespace(name="mine", value="mine:reader", load=lambda: foreign)
    bad = EntryPoint(name="broken", value="no_such_module:reader", group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [good, bad])
    with pytest.warns(UserWarning, match="reader 'broken' .* can't be loaded"):
        assert [reader.NAME for reader in registry.readers()][-2:] == ["mine", "tables"]
    found = registry.identify(write("x.csv", CSV))
    assert found[0].NAME == "mine"


SPECIFIC = (*map(registry._built_in, registry.HARNESSES), *tried())


TABLES = {
    "csv": CSV,
    "empty": "",
    "binary": b"\x00\xff",
    "zip": b"PK\x03\x04",
    "parquet": b"PAR1",
    "list": "[]",
    "object": "{}",
    "null": "null",
    "json table": '[{"item": "a", "score": 1}]',
    "jsonl table": '{"item": "a", "score": 1}\n',
}


@pytest.mark.parametrize("kind", TABLES)
def test_no_specific_reader_claims_a_generic_table(write, kind):
    source = write("x", TABLES[kind])
    assert [reader.NAME for reader in SPECIFIC if claimed(reader, source)] == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=draws(15, 400))
@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b'{"results": ', b'[{"doc_id": 1, "doc": ']),
)
def test_no_reader_raises_on_random_content(write, data, start):
    source = write("x", start + data)
    for reader in SPECIFIC:
        claimed(reader, source)


@pytest.mark.parametrize("piece", ['"a____', '"id":"', "[{", '{"results":', '"a__b-1":', "_", ' "x_stderr'])
@pytest.mark.parametrize("opening", ["{", "[{", '{"no_generation": [', ""])
def test_readers_identify_hostile_content_in_calls_proportional_to_its_length(write, opening, piece):
    def calls(length):
        source = write("x.json", opening + piece * (length // len(piece)))
        return calls_in(lambda: [claimed(reader, source) for reader in SPECIFIC])

    calls(100)  # what is loaded when a reader first asks
    assert calls(60_000) < 2.1 * calls(30_000)


@pytest.mark.parametrize(
    ("reader", "content", "sign", "most"),
    [
        (swebench, '{"no_generation": ["NAME__b-1"]}', "a", 100),
        (swebench, '{"no_generation": ["a__NAME-1"]}', "a", 99),
        (swebench, '{"no_generation": ["a__b-NAME"]}', "1", 9),
        (lm_eval, '{"results": {"t": {"NAME_stderr": 1}}}', "a", 99),
    ],
)
def test_patterns_that_identify_a_file_look_at_a_bounded_length(write, reader, content, sign, most):
    """Without the bound a pattern would go on from every place to the end of what it searches."""
    found = [reader.claims(write("x.json", content.replace("NAME", sign * length))) for length in (most, most + 1)]
    assert found == ["rows", None]


@pytest.mark.parametrize("head", [b'{"a": 1}\n', b'[{"a": 1}]', b"a,b\n1,2\n", b"- a\n"])
@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv", ".aider.results.json", "x_score.json"])
def test_a_file_in_the_root_folder_is_identified_without_an_error(name, head):
    source = Source(path=Path("/") / name, root=Path("/") / name)
    vars(source)["head"] = head  # it isn't there
    for reader in registry.readers():
        claimed(reader, source)
