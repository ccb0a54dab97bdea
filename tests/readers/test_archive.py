"""Zip archives are read within limits, and what breaks them is a ReadError that says where."""

import struct

import pytest

from howsure.errors import ReadError
from howsure.readers.zipped import first_member, open_archive
from reader_cases import zipped


@pytest.mark.parametrize("method", [0, 8, 93], ids=["stored", "deflate", "zstd"])
def test_reads_each_method(tmp_path, method):
    path = zipped({"a.json": {"x": [1, 2]}}, tmp_path / "a.zip", method=method)
    with open_archive(path, where="a.zip") as opened:
        assert opened.names == ["a.json"]
        assert "a.json" in opened
        assert opened.json("a.json") == {"x": [1, 2]}
    assert first_member(path.read_bytes()) == "a.json"


@pytest.mark.parametrize("method", [8, 93], ids=["deflate", "zstd"])
def test_refuses_a_bomb_whatever_size_it_declares(tmp_path, monkeypatch, method):
    path = zipped({"bomb": b"0" * 3_000_000}, tmp_path / "bomb.zip", method=method)
    assert path.stat().st_size < 20_000
    declared = path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 10))
    path.write_bytes(declared)
    monkeypatch.setattr("howsure.readers.zipped.MAX_LOG_MEMBER_BYTES", 1_000_000)
    with open_archive(path, where="bomb.zip") as opened, pytest.raises(ReadError) as caught:
        opened.read("bomb")
    assert str(caught.value).startswith("bomb.zip, member 'bomb': ")


def test_refuses_a_member_over_the_limit(tmp_path, monkeypatch):
    path = zipped({"big": b"0" * 2_000_000}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_LOG_MEMBER_BYTES", 1_000_000)
    with open_archive(path, where="a.zip") as opened, pytest.raises(ReadError) as caught:
        opened.read("big")
    assert str(caught.value) == ("a.zip, member 'big': unpacks to more than 1,000,000 bytes. Check where it came from.")


def test_counts_all_members_against_the_total(tmp_path, monkeypatch):
    path = zipped({"a": b"0" * 600, "b": b"0" * 600}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_TOTAL_BYTES", 1_000)
    with open_archive(path, where="a.zip") as opened:
        opened.read("a")
        with pytest.raises(ReadError, match="unpacks to more than 400 bytes"):
            opened.read("b")


def test_refuses_too_many_members(tmp_path, monkeypatch):
    path = zipped({f"{i}": b"" for i in range(20)}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_MEMBERS", 10)
    with pytest.raises(ReadError, match="more than 10 members"), open_archive(path, where="a.zip"):
        pass


def test_refuses_a_long_member_list_before_parsing_it(tmp_path, monkeypatch):
    path = zipped({f"{i}": b"" for i in range(20)}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_DIRECTORY_BYTES", 100)
    monkeypatch.setattr("howsure.readers.zipped.zipfile", None)
    with pytest.raises(ReadError, match="Check where the archive came from"), open_archive(path, where="a.zip"):
        pass


def test_says_that_an_archive_is_cut_short(tmp_path):
    path = zipped({"a.json": {"x": 1}}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReadError, match=r"a\.zip: not a complete zip archive"), open_archive(path, where="a.zip"):
        pass


def test_says_that_a_member_is_damaged(tmp_path):
    path = zipped({"a": b"hello world" * 100}, tmp_path / "a.zip", method=8)
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(bytes(data))
    with open_archive(path, where="a.zip") as opened, pytest.raises(ReadError, match="can't be unpacked"):
        opened.read("a")


def test_names_a_missing_member(tmp_path):
    path = zipped({"a": b"x"}, tmp_path / "a.zip")
    with open_archive(path, where="a.zip") as opened, pytest.raises(ReadError, match="member 'b': no such member"):
        opened.read("b")


@pytest.mark.parametrize("head", [b"", b"PK", b"PK\x03\x04", b"PK\x05\x06" + b"0" * 40, b"{}"])
def test_no_first_member_in_what_is_no_zip(head):
    assert first_member(head) is None
