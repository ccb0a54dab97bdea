"""Exports of annotation tools (Label Studio, Argilla, Prodigy, JudgeBench) are read as ratings or votes."""

import json

import polars as pl
import pytest

import howsure as hs
from howsure.readers.annotations import export_of
from howsure.readers.base import Source
from places import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "annotations"


def rows(path):
    return export_of(Source(path=path, root=path))


def written(folder, records, name="export.json"):
    path = folder / name
    path.write_text("\n".join(map(json.dumps, records)) if name.endswith("l") else json.dumps(records))
    return path


def test_label_studio_annotations_and_predictions_are_raters():
    found = rows(FIXTURES / "label_studio.json")
    assert sorted(found["rater"].unique()) == ["1", "2", "judge-1"]
    assert sorted(found["question_name"].unique()) == ["correct", "style"]
    counts = dict(found.filter(pl.col("question_name") == "correct").group_by("rater").len().iter_rows())
    assert counts == {"1": 15, "2": 14, "judge-1": 16}  # one annotation was skipped, a question left out
    assert {"model", "document", "question"} <= set(found.columns)


def test_label_studio_needs_a_choice_among_several_questions():
    with pytest.raises(hs.DataError, match="the export contains several questions: correct, style"):
        hs.agree(FIXTURES / "label_studio.json")
    found = hs.agree(FIXTURES / "label_studio.json", where={"question_name": "correct"}, cluster="document")
    assert found.n_raters == 3
    assert found.of("agreement").n_clusters == 4
    assert hs.agree(FIXTURES / "label_studio.json", where={"question_name": "style"}).measurement == "ordinal"


def test_label_studio_pairs_are_votes():
    board = hs.arena(FIXTURES / "label_studio_pairs.json").boards[0]
    assert board.n_votes == 6
    assert board.board.entries[0].model == "large"


def argilla():
    """Records as `Record.to_dict` writes them."""
    for k in range(12):
        responses = {
            "label": [
                {"value": "good" if k % 3 else "bad", "user_id": "u1"},
                {"value": "good" if k % 4 else "bad", "user_id": "u2"},
            ]
        }
        suggestions = {"label": {"value": "good", "score": None, "agent": "gpt"}}
        yield {
            "id": f"r{k}",
            "fields": {"text": "t"},
            "metadata": {"doc": k % 3},
            "suggestions": suggestions,
            "responses": responses,
            "vectors": {},
        }


def prodigy():
    """Examples as `db-out` writes them: one choice, one ignored."""
    for k in range(12):
        for who in ("a", "b"):
            yield {
                "text": "t",
                "_input_hash": k,
                "_task_hash": k,
                "accept": ["X" if (k + (who == "b" and k == 3)) % 2 else "Y"],
                "answer": "ignore" if k == 11 else "accept",
                "_annotator_id": who,
            }


def judgebench():
    """Pairs as `run_judge.py` writes them: the second judgment is of the answers turned."""
    for k in range(12):
        label = "A>B" if k % 2 else "B>A"
        first = {"judge_model": "m", "decision": "A>B"}
        yield {
            "pair_id": k,
            "question": "q",
            "response_A": "a",
            "response_B": "b",
            "label": label,
            "judge_name": "arena_hard",
            "judgments": [first, first if k % 3 else None],
        }


def test_argilla_responses_are_ratings(tmp_path):
    found = rows(written(tmp_path, list(argilla())))
    assert sorted(found["rater"].unique()) == ["gpt", "u1", "u2"]
    assert hs.agree(found, human="u1").n_raters == 2


def test_prodigy_answers_are_ratings(tmp_path):
    path = written(tmp_path, list(prodigy()), "export.jsonl")
    found = hs.agree(path)
    assert (found.n_items, found.values) == (11, ("X", "Y"))
    assert found.of("agreement").value == pytest.approx(10 / 11)
    binary = [
        {
            "text": "t",
            "_input_hash": k,
            "_task_hash": k,
            "label": "OK",
            "answer": "accept" if k % 2 else "reject",
            "_session_id": who,
        }
        for k in range(9)
        for who in "ab"
    ]
    assert hs.agree(written(tmp_path, binary, "binary.jsonl")).values == ("accept", "reject")


def test_judgebench_judgments_are_votes_in_both_orders(tmp_path):
    found = hs.bias(written(tmp_path, list(judgebench()), "dataset=judgebench.jsonl"))
    first = found.biases[0]
    assert (first.judge, first.evidence, first.n_choices) == ("arena_hard", "orders", 16)
    assert (first.estimate.value, first.order_flips) == (1.0, 1.0)


def test_other_json_is_not_read_as_an_annotation_export(tmp_path):
    assert rows(written(tmp_path, [{"id": 1, "annotations": "many", "total_annotations": 3}])) is None
    assert rows(written(tmp_path, [{"item": 1, "score": 0}])) is None
    hostile = [
        {
            "id": 1,
            "annotations": [None, {"result": [None, {"value": {"choices": None}}]}],
            "data": {},
            "total_annotations": 1,
        }
    ]
    assert rows(written(tmp_path, hostile)) is None


def test_scorers_of_a_log_are_raters():
    found = hs.agree(ROOT / "tests" / "fixtures" / "inspect" / "dict_scores.eval")
    assert found.n_raters >= 2
    assert any("scorer as rater" in note for note in found.notes)


def test_repeated_votes_are_noted_if_an_id_column_identifies_votes():
    votes = pl.DataFrame(
        {"id": range(60), "model_a": "x", "model_b": "y", "winner": ["model_a", "model_b", "model_a"] * 20}
    )
    twice = pl.concat([votes, votes.head(15)])
    note = "15 repeated rows counted: leave out those that are copies."
    assert note in hs.arena(twice).notes
    assert note in hs.bias(twice).notes
    assert not any(
        "repeated row" in note for answer in (hs.arena(votes), hs.arena(twice.drop("id"))) for note in answer.notes
    )


def test_repeated_verdicts_are_noted_and_infinite_labels_are_errors():
    rows = pl.DataFrame(
        {"question": range(80), "judge": [k % 3 > 0 for k in range(80)], "human": [k % 4 > 0 for k in range(80)]}
    )
    told = hs.judge(pl.concat([rows, rows]), human="human").notes
    assert "80 repeated rows counted: leave out those that are copies." in told
    for value in (float("inf"), float("-inf")):
        human = pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(value)).otherwise(pl.col("human").cast(pl.Float64))
        with pytest.raises(hs.DataError, match=r"column 'human' has the value .*inf' \(row 4\), which isn't a verdict"):
            hs.judge(rows.with_columns(human=human), human="human")
