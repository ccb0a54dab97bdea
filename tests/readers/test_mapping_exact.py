"""Mappings keep ids and numbers exactly as written; an answer missing from the second file is unscored, not wrong."""

import gzip
import json

import pytest

import howsure as hs

pytestmark = pytest.mark.once

GOLD = {"item": "id", "score": "pred == gold[id].gold", "beside": {"gold": "gold.csv"}}
LARGE = 2**53


def scores(place, mapping):
    """Read a file by a mapping and return the score of each item."""
    rows = hs.read(place, map=mapping).to_frame().select("item", "score")
    found = dict(rows.iter_rows())
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("kind", ["json", "csv", "csv.gz"])
def test_ids_with_leading_zeros_match_across_files(tmp_path, kind):
    answers = [{"id": f"{k:03}", "pred": str(k % 3)} for k in range(1, 7)]
    table = "id,pred\n" + "".join(f"{row['id']},{row['pred']}\n" for row in answers)
    (tmp_path / "gold.csv").write_text("id,gold\n" + "".join(f"{k:03},{k % 3 if k < 5 else 9}\n" for k in range(1, 7)))
    place = tmp_path / f"answers.{kind}"
    place.write_bytes(
        {"json": json.dumps(answers).encode(), "csv": table.encode(), "csv.gz": gzip.compress(table.encode())}[kind]
    )
    assert scores(place, GOLD) == {f"{k:03}": float(k < 5) for k in range(1, 7)}


def test_an_item_missing_from_the_answer_file_is_unscored(tmp_path):
    place = tmp_path / "answers.json"
    place.write_text(json.dumps([{"id": k, "pred": None if k == 1 else "A"} for k in range(5)]))
    (tmp_path / "gold.csv").write_text("id,gold\n0,a\n1,A\n2,B\n3,\n")
    lower = {**GOLD, "score": "lower(pred) == lower(gold[id].gold)"}
    assert scores(place, GOLD) == {"0": 0, "1": 0, "2": 0, "3": None, "4": None}
    assert scores(place, lower) == {"0": 1, "1": 0, "2": 0, "3": None, "4": None}
    unequal = {**GOLD, "score": "lower(pred) != lower(gold[id].gold)"}
    assert scores(place, unequal) == {"0": 0, "1": 1, "2": 1, "3": None, "4": None}
    answer = hs.estimate(hs.read(place, map=lower))
    assert answer.records()[0]["value"] == pytest.approx(1 / 3)
    assert any("2 of 5 attempts have no score" in note for note in answer.notes)


@pytest.mark.parametrize("kind", ["csv", "csv.gz"])
def test_mapped_ids_of_a_table_are_kept_as_written(tmp_path, kind):
    table = b"id,x\n007,1\n7,0\n1e2,1\n100,0\n1.10,1\n1.1,0\n"
    place = tmp_path / f"t.{kind}"
    place.write_bytes(gzip.compress(table) if kind == "csv.gz" else table)
    assert scores(place, {"item": "id", "score": "x"}) == {"007": 1, "7": 0, "1e2": 1, "100": 0, "1.10": 1, "1.1": 0}


def test_numeric_ids_can_be_compared_in_where(tmp_path):
    (tmp_path / "t.csv").write_text("id,x\n1,1\n2,0\n30,1\n")
    assert scores(tmp_path / "t.csv", {"item": "id", "score": "x", "where": "id > 1"}) == {"2": 0, "30": 1}


@pytest.mark.parametrize("text", ["x", str(LARGE + 7)])
def test_integers_beyond_float_precision_are_compared_by_their_digits(tmp_path, text):
    rows = [(0, text, LARGE + 1), (1, LARGE + 1, LARGE + 1), (2, LARGE + 1, LARGE), (3, 12, 12)]
    (tmp_path / "t.csv").write_text("id,p,a\n" + "".join(f"{k},{p},{a}\n" for k, p, a in rows))
    (tmp_path / "t.json").write_text(json.dumps([{"id": k, "p": p, "a": a} for k, p, a in rows]))
    for name in ("t.csv", "t.json"):
        mapping = {"item": "id", "score": "p == a"}
        assert scores(tmp_path / name, mapping) == {"0": 0, "1": 1, "2": 0, "3": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"id":1,"x":1,"x":0},{"id":2,"x":1,"x":0}]'),
        ("a.jsonl", '{"id":1,"x":1,"x":0}\n{"id":2,"x":1,"x":0}\n'),
        ("a.csv", "id,x,x\n1,1,0\n2,1,0\n"),
    ],
)
def test_a_column_named_twice_in_a_mapped_file_gives_a_warning(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    scores = hs.read(tmp_path / name, map={"item": "id", "score": "x"})
    (warning,) = [warning for warning in scores.warnings if warning.code == "name_twice"]
    assert "'x'" in warning.message
