"""The fast JSON decoder gives the same values and errors as the standard library."""

import json
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from howsure.readers import parsing
from howsure.readers.parsing import decoded
from trials import draws

NUMBERS = st.integers() | st.integers(-(10**40), 10**40) | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 2**64])
TEXTS = st.text(max_size=5) | st.sampled_from(["", "\ud800", "\udc00\ud800", "é😀", 'a"\\/', "\x00\x1f\x7f\u2028"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)
FIGURES = st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
PARTS = (*'{}[],:"\\ \t\x0b01-.e\ufeff', "NaN", "true", "null")


def found(decode, data):
    """Return whether a text is JSON, and what it says, written so that NaN is NaN and 1 isn't 1.0."""
    try:
        return True, repr(decode(data))
    except (ValueError, RecursionError):
        return False, None


@given(VALUES, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_every_json_value_and_encoding_is_decoded_like_the_standard_library(value, plain, encoding):
    text = json.dumps(value, ensure_ascii=plain)
    data = text.encode(encoding, "surrogatepass")
    assert found(decoded, data) == found(json.loads, data)
    assert found(decoded, text) == found(json.loads, text)


@given(FIGURES)
@example("1e400")
@example("-0")
@example("9007199254740993.0")
@example("2.2250738585072011e-308")
@example("1" * 5_000)
def test_numbers_are_decoded_exactly_like_the_standard_library(text):
    assert found(decoded, text.encode()) == found(json.loads, text.encode())


@settings(max_examples=draws(20, 500))
@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
@example('{"a": 1, "a": 2, "\\u0061": 3}')
@example('{"a": 1,}')
@example("[" * 3_000 + "]" * 3_000)
def test_invalid_json_is_refused_like_by_the_standard_library(text):
    assert found(decoded, text.encode()) == found(json.loads, text.encode())


@given(st.binary(max_size=12).map(lambda inner: b'"' + inner + b'"'))
@example(b'"\xed\xa0\x80"')
@example(b'"\xc0\x80"')
def test_invalid_utf_8_is_handled_like_by_the_standard_library(data):
    assert found(decoded, data) == found(json.loads, data)


def test_nan_and_error_positions_come_from_the_standard_library():
    assert math.isnan(decoded("NaN"))
    with pytest.raises(json.JSONDecodeError, match="line 2 column 2"):
        decoded('{"a":\n nope}')


def test_the_standard_library_is_used_if_unshared_keys_might_not_fit_into_memory(monkeypatch):
    used = []
    monkeypatch.setattr(parsing, "SMALL_BYTES", 0)
    monkeypatch.setattr(parsing, "decoded", lambda data, kind: used.append("msgspec"))
    text = b'{"a": 1, "b": 2}'
    for most in (200 + 2 * parsing.KEY_COST, 199 + parsing.KEY_COST):
        monkeypatch.setattr(parsing, "MAX_OBJECT_BYTES", most)
        parsing.parse_json(text, where="here")
    assert used == ["msgspec"]
