"""Zip archives are read within limits of size and number; a damaged one is a ReadError that names the member."""

import struct

import pytest

from howsure.errors import ReadError
from howsure.readers.zipped import first_member, open_archive
from reader_cases import zipped


@pytest.mark.parametrize("method", [0, 8, 93], ids=["stored", "deflate", "zstd"])
def test_stored_deflate_and_zstd_archives_are_read(tmp_path, method):
    path = zipped({"a.json": {"x": [1, 2]}}, tmp_path / "a.zip", method=method)
    with open_archive(path, where="a.zip") as opened:
        assert opened.names == ["a.json"]
        assert "a.json" in opened
        assert opened.json("a.json") == {"x": [1, 2]}
    assert first_member(path.read_bytes()) == "a.json"


@pytest.mark.parametrize("method", [8, 93], ids=["deflate", "zstd"])
def test_a_zip_bomb_is_refused_whatever_size_it_declares(tmp_path, monkeypatch, method):
    path = zipped({"bomb": b"0" * 3_000_000}, tmp_path / "bomb.zip", method=method)
    assert path.stat().st_size < 20_000
    declared = path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 10))
    path.write_bytes(declared)
    monkeypatch.setattr("howsure.readers.zipped.MAX_LOG_MEMBER_BYTES", 1_000_000)
    with open_archive(path, where="bomb.zip") as opened, pytest.raises(ReadError) as caught:
        opened.read("bomb")
    assert str(caught.value).startswith("bomb.zip, member 'bomb': ")


def test_a_member_over_the_size_limit_is_refused(tmp_path, monkeypatch):
    path = zipped({"big": b"0" * 2_000_000}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_LOG_MEMBER_BYTES", 1_000_000)
    with open_archive(path, where="a.zip") as opened, pytest.raises(ReadError) as caught:
        opened.read("big")
    assert str(caught.value) == ("a.zip, member 'big': unpacks to more than 1,000,000 bytes. Check its origin.")


def test_all_members_count_towards_the_total_size_limit(tmp_path, monkeypatch):
    path = zipped({"a": b"0" * 600, "b": b"0" * 600}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_TOTAL_BYTES", 1_000)
    with open_archive(path, where="a.zip") as opened:
        opened.read("a")
        with pytest.raises(ReadError, match="unpacks to more than 400 bytes"):
            opened.read("b")


def test_an_archive_with_too_many_members_is_refused(tmp_path, monkeypatch):
    path = zipped({f"{i}": b"" for i in range(20)}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_MEMBERS", 10)
    with pytest.raises(ReadError, match="more than 10 members"), open_archive(path, where="a.zip"):
        pass


def test_a_too_long_member_list_is_refused_before_parsing(tmp_path, monkeypatch):
    path = zipped({f"{i}": b"" for i in range(20)}, tmp_path / "a.zip")
    monkeypatch.setattr("howsure.readers.zipped.MAX_DIRECTORY_BYTES", 100)
    monkeypatch.setattr("howsure.readers.zipped.zipfile", None)
    with pytest.raises(ReadError, match="Check the archive's origin"), open_archive(path, where="a.zip"):
        pass


def test_a_truncated_archive_is_an_error(tmp_path):
    path = zipped({"a.json": {"x": 1}}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReadError, match=r"a\.zip: not a complete zip archive"), open_archive(path, where="a.zip"):
        pass


@pytest.mark.parametrize("kept", [4, 12, 19, 21])
def test_an_archive_cut_off_in_its_last_record_is_an_error(tmp_path, kept):
    path = zipped({"a.json": {"x": 1}}, tmp_path / "a.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"PK\x05\x06") + kept])
    with pytest.raises(ReadError, match=r"a\.zip: not a complete zip archive"), open_archive(path, where="a.zip"):
        pass


def test_a_damaged_member_is_an_error(tmp_path):
    path = zipped({"a": b"hello world" * 100}, tmp_path / "a.zip", method=8)
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(bytes(data))
    with open_archive(path, where="a.zip") as opened, pytest.raises(ReadError, match="can't be unpacked"):
        opened.read("a")


def test_a_missing_member_is_named_in_the_error(tmp_path):
    path = zipped({"a": b"x"}, tmp_path / "a.zip")
    with open_archive(path, where="a.zip") as opened, pytest.raises(ReadError, match="member 'b': no such member"):
        opened.read("b")


@pytest.mark.parametrize("head", [b"", b"PK", b"PK\x03\x04", b"PK\x05\x06" + b"0" * 40, b"{}"])
def test_bytes_that_are_no_zip_have_no_first_member(head):
    assert first_member(head) is None
