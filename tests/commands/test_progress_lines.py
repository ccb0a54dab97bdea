"""Where no bar can be drawn, a line now and then counts the files."""

from howsure.commands import base


def test_a_line_counts_the_files_that_were_read(monkeypatch, capsys):
    monkeypatch.setattr(base, "LINE_SECONDS", -1.0)
    assert list(base._progress(list(range(30)))) == list(range(30))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Read 0 of 30 files."
    assert lines[-1] == "Read 29 of 30 files."


def test_few_files_and_quick_ones_have_no_line(monkeypatch, capsys):
    assert list(base._progress(list(range(3)))) == [0, 1, 2]
    assert list(base._progress(list(range(30)))) == list(range(30))
    assert capsys.readouterr().err == ""
