"""A column or key that a table names twice gives a warning with the file and which of the two counts."""

import json

import pytest

import howsure as hs

HEAD = "model,item,score"
ROWS = "a,q1,1\na,q2,0\nb,q1,0\nb,q2,1\n"


def twice(path):
    return [(c.code, c.message) for c in hs.read(path).warnings if c.code == "name_twice"]


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("suffix", "mark"), [("csv", ","), ("csv", ";"), ("tsv", "\t")])
def test_of_two_columns_of_one_name_the_first_counts_with_a_warning(tmp_path, suffix, mark):
    rows = "".join(f"{line},{k}\n" for k, line in enumerate(ROWS.splitlines()))
    path = written(tmp_path / f"runs.{suffix}", f'{HEAD},"score"\n{rows}'.replace(",", mark))
    assert twice(path) == [
        ("name_twice", f"runs.{suffix}: two columns are named 'score', and the first of them counts")
    ]
    assert hs.read(path).to_frame()["score"].to_list() == [1, 0, 0, 1]


def test_every_repeated_column_name_gives_a_warning(tmp_path):
    path = written(tmp_path / "x.csv", "model,item,score,a,b,a,b,a\n" + "m,q,1,2,3,4,5,6\n")
    assert [message for _, message in twice(path)] == [
        "x.csv: three columns are named 'a', and the first of them counts",
        "x.csv: two columns are named 'b', and the first of them counts",
    ]


RECORD = '{"model": "a", "item": "q%d", "score": 1, "score": 0}'


@pytest.mark.parametrize("lines", [True, False])
def test_of_a_key_given_twice_the_last_counts_with_a_warning(tmp_path, lines):
    records = [RECORD % k for k in range(30)]
    text = "\n".join(records) if lines else " [\n" + ",\n".join(records) + "]"
    path = written(tmp_path / ("x.jsonl" if lines else "x.json"), text)
    assert twice(path) == [
        ("name_twice", f"{path.name}: the key 'score' is repeated in one object, and the last counts")
    ]
    assert set(hs.read(path).to_frame()["score"]) == {0}


def test_keys_of_nested_objects_are_no_repetition(tmp_path):
    record = {"model": "a", "item": "q", "score": 1, "more": {"item": 1, "score": 2}}
    path = written(tmp_path / "x.jsonl", "\n".join(json.dumps({**record, "item": k}) for k in range(3)))
    assert not twice(path)


def test_a_very_long_record_gives_no_false_warning(tmp_path):
    path = written(tmp_path / "x.json", json.dumps([{"model": "a", "item": "q" * 100_000, "score": 1}]))
    assert not twice(path)


def test_a_repeated_column_of_a_leaderboard_gives_a_warning(tmp_path):
    path = written(tmp_path / "board.csv", "model,score,n,n\na,0.5,100,7\nb,0.4,100,7\n")
    assert len(twice(path)) == 1
    assert "two columns are named 'n'" in hs.audit(path).render(width=400)


def test_an_answer_shows_the_warning_with_the_file_name(tmp_path):
    written(tmp_path / "good.csv", f"{HEAD}\n{ROWS}")
    written(tmp_path / "bad.csv", f"{HEAD},item\nc,q1,1,z\nc,q2,0,z\n")
    text = hs.leaderboard(tmp_path).render(width=400)
    assert "! bad.csv: two columns are named 'item', and the first of them counts." in text
    assert "good.csv: two" not in text


def test_distinct_column_names_give_no_warning(tmp_path):
    assert not twice(written(tmp_path / "x.csv", f"{HEAD}\n{ROWS}"))


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.jsonl", "ratings.json"])
def test_repeated_columns_of_ratings_votes_and_verdicts_give_a_note(tmp_path, name):
    def table(rows, twice):
        header = [*rows[0], twice]
        if name.endswith("csv"):
            return "\n".join([",".join(header), *(",".join([*row.values(), row[twice]]) for row in rows)])
        objects = [json.dumps(row)[:-1] + f', "{twice}": "{row[twice]}"}}' for row in rows]
        return "\n".join(objects) if name.endswith("l") else f"[{','.join(objects)}]"

    rated = [{"item": f"i{k}", "rater": who, "rating": str(k % 2)} for k in range(8) for who in "ab"]
    voted = [{"model_a": "x", "model_b": "y", "winner": "xy"[k % 3 == 0]} for k in range(12)]
    judged = [{"item": f"i{k}", "judge": str(k % 2), "human": str(k % 3 % 2)} for k in range(12)]
    for verb, rows, twice in (
        (hs.agree, rated, "rating"),
        (hs.arena, voted, "winner"),
        (lambda path: hs.head_to_head(path, "x", "y"), voted, "winner"),
        (hs.bias, voted, "winner"),
        (hs.judge, judged, "judge"),
    ):
        path = written(tmp_path / name, table(rows, twice))
        notes = [note for note in verb(path).notes if repr(twice) in note]
        assert len(notes) == 1
        assert "Rename or remove all but one" in notes[0]


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_a_repeated_header_among_ratings_is_an_error(tmp_path, name):
    rows = [{"item": f"i{k}", "ann": "ab"[k % 2], "bo": "ab"[k % 3 % 2]} for k in range(12)]
    rows.insert(6, {name: name for name in rows[0]})
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)] if name == "r.csv" else map(json.dumps, rows)
    with pytest.raises(hs.ReadError, match="row 7 repeats the names of the columns"):
        hs.agree(written(tmp_path / name, "\n".join(lines)))


def test_incomplete_rows_of_votes_give_a_note(tmp_path):
    path = written(tmp_path / "v.csv", "model_a,model_b,winner\n" + "x,y,x\nx,y,y\n" * 6 + "x,y\n")
    assert any("line 14 has 2 of 3 cells" in note for note in hs.arena(path).notes)
