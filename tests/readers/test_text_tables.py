"""Tables written as text: comments, aligned columns, Markdown, and rows with a different number of cells."""

import pytest

import howsure
from howsure.errors import ReadError
from howsure.readers import tables
from howsure.readers.parsing import commented

pytestmark = pytest.mark.once

ROWS = [("m", "a", "1"), ("m", "b", "0"), ("m", "c", "1")]
HEADER = ("model", "item", "score")
EXPECTED = {("m", "a", 1.0), ("m", "b", 0.0), ("m", "c", 1.0)}


def table(mark, header=HEADER):
    return "".join(mark.join(row) + "\n" for row in [header, *ROWS])


def rows(path, text):
    path.write_text(text)
    frame = howsure.read(path).rows.lazy().collect()
    return {(str(a), str(b), float(c)) for a, b, c in frame.select("model", "item", "score").rows()}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "# of monday\n" + table(",")),
        ("a.csv", "# one, two\n#\n" + table(",")),
        ("a.csv", "# of monday\n" + table(";")),
        ("a.csv", "# a, b, c\n" + table(",")),
        ("a.csv", "# by; me; now\n" + table(";")),
        ("a.csv", ("# note\n" + table(",")).replace("\n", "\r\n")),
        ("a.csv", "\ufeff# note\n" + table(",")),
        ("a.tsv", "# of monday\n" + table("\t")),
        ("a.tsv", table("    ")),
        ("a.tsv", table(" ")),
        ("a.txt", table("   ")),
        ("a.txt", table("\t")),
        ("a.txt", table(",")),
        ("a.txt", "  " + table("  ").replace("\n", "\n  ").rstrip(" ")),
        ("a.txt", "  model item  score\n" + "".join(f"{k}  {'  '.join(row)}\n" for k, row in enumerate(ROWS))),
        (
            "a.md",
            "# Runs\n\n| model | item | score |\n|---|:-:|--:|\n" + "".join(f"| {' | '.join(r)} |\n" for r in ROWS),
        ),
    ],
)
def test_text_tables_in_every_notation_are_read(name, text, tmp_path):
    assert rows(tmp_path / name, text) == EXPECTED


def test_a_cell_of_an_aligned_table_may_contain_one_space(tmp_path):
    text = "model     score   n\ngpt 4     71.2%   500\nllama 3   65.1%   500\n"
    (tmp_path / "board.txt").write_text(text)
    found = howsure.read(tmp_path / "board.txt").published
    assert [(entry.model, entry.score, entry.n) for entry in found] == [
        ("gpt 4", pytest.approx(0.712), 500),
        ("llama 3", pytest.approx(0.651), 500),
    ]


def test_a_header_that_starts_with_a_hash_column_is_no_comment(tmp_path):
    (tmp_path / "board.csv").write_text("#,model,score,n\n1,a,0.7,100\n2,b,0.6,100\n")
    assert [entry.model for entry in howsure.read(tmp_path / "board.csv").published] == ["a", "b"]
    assert commented(b"#only a comment") == 0


def test_an_item_may_start_with_a_hash(tmp_path):
    assert ("m", "#1", 1.0) in rows(tmp_path / "a.csv", "# note\n" + table(",").replace("m,a", "m,#1"))


BOARD = "# Board\n\n| Model | Score | n |\n|:--|--:|--:|\n| **[gpt](https://a.b/c)** | 71.2% | 500 |\n| `llama` | 65.1% | 500 |\n\nEnd.\n"


def test_markdown_is_read_only_if_named_as_a_file(tmp_path):
    (tmp_path / "README.md").write_text(BOARD)
    found = howsure.read(tmp_path / "README.md").published
    assert [(entry.model, entry.n) for entry in found] == [("gpt", 500), ("llama", 500)]
    assert [entry.score for entry in found] == pytest.approx([0.712, 0.651])
    with pytest.raises(ReadError, match="unknown format"):
        howsure.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "cell"), [("Score", ".712"), ("Score", "71.2%"), ("Score (%)", "71.2"), ("Score %", "71.2")]
)
def test_scores_in_markdown_are_read_as_fraction_or_percent(name, cell, tmp_path):
    (tmp_path / "board.md").write_text(
        f"| Model | {name} | N |\n|---|---|---|\n| a | {cell} | 500 |\n| b | {cell} | 500 |\n"
    )
    found = howsure.read(tmp_path / "board.md").published
    assert [(entry.score, entry.n) for entry in found] == [(pytest.approx(0.712), 500)] * 2


def test_two_tables_in_one_markdown_file_are_an_error(tmp_path):
    (tmp_path / "board.md").write_text(BOARD + "\n" + BOARD)
    with pytest.raises(ReadError, match="2 tables"):
        howsure.read(tmp_path / "board.md")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", table(",").replace("m,b,0", "m,b,0,9"), "line 3: 4 cells below a header of 3"),
        ("a.csv", "# note\n" + table(",").replace("m,b,0", "m,b,0,9"), "line 4: 4 cells below a header of 3"),
        ("a.csv", table(",").replace("m,b,0", 'm,"b,0'), "line 3: an unclosed quote"),
        ("a.tsv", table("\t").replace("b\t0", "b\t0\t9"), "line 3: 4 cells below a header of 3"),
        ("a.jsonl", '{"model": "m", "item": "a", "score": 1}\n{"model": \n', "line 2"),
        ("a.jsonl", '{"model": "m", "item": "a", "score": 1}\n\n[1, 2]\n', "line 3: not a JSON object"),
        ("a.jsonl", '# note\n{"model": "m", "item": "a", "score": 1}\n', "line 1: a comment"),
        ("a.jsonl", '// note\n{"model": "m", "item": "a", "score": 1}\n', "line 1: a comment"),
    ],
)
def test_a_malformed_row_of_a_table_is_an_error_that_names_its_line(name, text, told, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=told):
        howsure.read(tmp_path / name)


def test_rows_with_too_few_cells_give_a_warning_that_names_the_line(tmp_path):
    (tmp_path / "a.csv").write_text("# note\nmodel,item,score\nm,a,1\nm,b\nm,c,1\nm,d\n")
    found = howsure.read(tmp_path / "a.csv")
    told = [warning.message for warning in found.warnings if warning.code == "short_rows"]
    assert len(told) == 1
    assert "line 4 has 2 of 3 cells" in told[0]
    assert "1 other row" in told[0]


def test_an_incomplete_last_row_below_a_comment_gives_a_warning(tmp_path):
    (tmp_path / "a.csv").write_text("# a note\nmodel,item,score\nm,a,1\nm,b")
    assert [warning.code for warning in howsure.read(tmp_path / "a.csv").warnings] == ["cut_row"]


@pytest.mark.parametrize(
    "text", ["The model had a score.\nIt was good.\n", "model score\n", "", "requests>=2\nnumpy\n"]
)
def test_other_text_files_are_left_out(text, tmp_path):
    (tmp_path / "notes.txt").write_text(text)
    (tmp_path / "a.csv").write_text(table(","))
    found = howsure.read(tmp_path)
    assert [report.outcome for report in found.files] == ["read", "left out"]


NAMES = {
    "plain": "model,item,cluster,score\na,x,p,1\na,y,p,0\nb,x,q,0\nb,y,q,1\n",
    "whole numbers": "model,item,score\na,1,1\na,2,0\nb,1,0\nb,2,1\n",
    "numbers as written": "model,item,score\n1.10,007,1\n1.10,8,0\n1.2,007,0\n1.2,8,1\n",
    "a text among numbers": "model,item,score\n" + "".join(f"a,{k},{k % 2}\n" for k in range(20)) + "a,x,1\n",
    "spaces around": "model,item,score\n a,x ,1\na,y,0\nb, x,0\nb,y,1\n",
    "blank names": "model,item,score\na,x,1\n ,y,0\nb,,1\nb,y,1\n",
    "missing clusters": "model,item,cluster,score\na,x,,1\na,y,p,0\nb,x,,0\nb,y,p,1\n",
    "a short row": "model,item,score,note\na,x,1\na,y,0,n\nb,x,0,n\nb,y,1,n\n",
    "scores in words": "model,item,score\na,x,yes\na,y,no\nb,x,no\nb,y,yes\n",
}


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_names_kept_as_categoricals_give_the_same_answers(tmp_path, monkeypatch, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    answers = []
    for least in (2**40, 0):
        monkeypatch.setattr(tables, "CODED_BYTES", least)
        answers.append([])
        for verb in (howsure.describe, howsure.estimate, howsure.leaderboard):
            try:
                answers[-1].append(str(verb(howsure.read(path))))
            except howsure.HowsureError as error:
                answers[-1].append(str(error))
    assert answers[0] == answers[1]
