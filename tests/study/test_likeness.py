"""Comparability by content: the same item id has to be the same question, right answer and system message."""

import pytest

import howsure
from howsure.readers import inspect_scores
from reader_cases import own_log, sample


def log(path, inputs, target="A", **changes):
    """Write an Inspect log, each sample with its input."""
    samples = [
        {**sample(number, "CI"[number % 2]), "input": each, "target": target} for number, each in enumerate(inputs)
    ]
    return own_log(path, samples, **{"model": f"mock/{path.stem}", **changes})


def comparability_warnings(folder):
    """Return what is said of questions that are not the same."""
    answer = howsure.compare(folder, "a", "b")
    return [warning.message for warning in answer.warnings if warning.code == "not_like_with_like"]


TURN = {"role": "user", "content": "How many?", "id": "x1"}


def test_different_questions_under_the_same_ids_are_a_warning(tmp_path):
    log(tmp_path / "a.eval", ["How many?"] * 8)
    log(tmp_path / "b.eval", ["How few?"] * 8)
    assert comparability_warnings(tmp_path) == [
        "words: not like with like: 8 of 8 items are other questions under the same id"
    ]


def test_different_right_answers_under_the_same_ids_are_a_warning(tmp_path):
    log(tmp_path / "a.eval", ["How many?"] * 8)
    log(tmp_path / "b.eval", ["How many?"] * 8, target="B")
    assert comparability_warnings(tmp_path) == [
        "words: not like with like: 8 of 8 items have other right answers under the same id"
    ]


@pytest.mark.parametrize(
    "other",
    [
        "How many?",
        [TURN],
        [{**TURN, "id": "another"}],
        [{"role": "system", "content": "Be short."}, TURN],
        [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}, TURN],
        [{"role": "user", "content": [{"type": "text", "text": "How many?", "id": "y"}]}],
        None,
    ],
)
def test_message_ids_and_surrounding_messages_do_not_change_the_question_hash(tmp_path, other):
    log(tmp_path / "a.eval", ["How many?"] * 6)
    log(tmp_path / "b.eval", [other] * 6)
    assert comparability_warnings(tmp_path) == []


def test_a_truncated_question_text_hashes_like_the_whole_text():
    text = "word " * 2_000
    cut = text[:5_000] + "...\n(content truncated)"
    assert inspect_scores.questions([text, cut]) == [inspect_scores.questions([text])[0]] * 2
    assert len({*inspect_scores.questions([text, "x" + text])}) == 2


def test_an_image_hashes_like_its_placeholder_in_a_log_summary():
    whole = [{"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "image", "image": "data:…"}]}]
    thin = [{"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "text", "text": "(Image)"}]}]
    assert len({*inspect_scores.questions([whole, thin])}) == 1


@pytest.mark.parametrize(
    "value", [None, "", [], {}, [1], [{"role": "system", "content": "x"}], [{"role": "user"}], 3.5]
)
def test_a_value_without_a_question_has_no_hash(value):
    assert inspect_scores.questions([value]) == [None]


@pytest.mark.parametrize(("value", "known"), [("A", True), (["A", "B"], True), (4, True), ("", False), (None, False), ([], False), ({}, False)])  # fmt: skip
def test_only_non_empty_right_answers_have_a_hash(value, known):
    assert (inspect_scores.targets([value])[0] is not None) == known


def test_question_hashes_are_not_listed_as_columns(tmp_path):
    log(tmp_path / "a.eval", ["How many?", "How few?"])
    assert not {"question_hash", "target_hash"} & set(howsure.describe(tmp_path).columns)


def test_gate_is_unclear_for_different_questions_unless_allow_differs_is_given(tmp_path):
    log(tmp_path / "a.eval", ["How many?"] * 40)
    log(tmp_path / "b.eval", ["How few?"] * 40)
    answer = howsure.gate(tmp_path, "a", "b", not_worse_than=0.3, at_least=0.2)
    assert {check.criterion: check.verdict for check in answer.checks} == {
        "not_worse_than": "unclear",
        "at_least": "pass",
    }
    assert (answer.verdict, answer.unclear_because) == ("unclear", "differs")
    assert "40 of 40 items are other questions under the same id" in answer.sentence
    allowed = howsure.gate(tmp_path, "a", "b", not_worse_than=0.3, at_least=0.2, allow_differs="questions")
    assert (allowed.verdict, allowed.unclear_because) == ("pass", "")
    with pytest.raises(howsure.OptionError, match="questions"):
        howsure.gate(tmp_path, "a", "b", not_worse_than=0.3, allow_differs="temperature")


def test_gate_passes_as_usual_when_the_questions_are_identical(tmp_path):
    for name in "ab":
        log(tmp_path / f"{name}.eval", ["How many?"] * 40)
    answer = howsure.gate(tmp_path, "a", "b", not_worse_than=0.3)
    assert (answer.verdict, answer.checks[0].differs) == ("pass", "")


SYSTEM = {"role": "system", "content": "Be short."}


def shots(number):
    return [{"role": "user", "content": f"{number}+{number}?"}, {"role": "assistant", "content": str(2 * number)}]


def test_the_hash_of_messages_covers_the_system_message_and_fixed_examples():
    told = inspect_scores.frame([[SYSTEM, TURN], [{**SYSTEM, "id": "z"}, {**TURN, "content": "Which?"}]])
    assert told.startswith("#")
    assert inspect_scores.frame([[{**SYSTEM, "content": "Be long."}, TURN]] * 2) not in ("", told)
    assert inspect_scores.frame([[SYSTEM, *shots(1), TURN]] * 2) not in ("", told)
    drawn = [[SYSTEM, *shots(k), TURN] for k in range(3)]
    assert inspect_scores.frame(drawn) == told  # examples that are drawn are none, the system message is
    assert inspect_scores.frame([[TURN], "text"]) == inspect_scores.frame([[*shots(k), TURN] for k in range(2)]) == ""
    assert inspect_scores.frame([]) == ""


def test_runs_with_different_system_messages_are_different_models(tmp_path):
    for name, words in (("one", "Be short."), ("two", "Be long.")):
        log(tmp_path / f"{name}.eval", [[{**SYSTEM, "content": words}, TURN]] * 6, model="mock/m")
    models = howsure.read(tmp_path).to_frame()["model"].unique().sort().to_list()
    assert len(models) == 2
    assert all(model.startswith("mock/m (messages=#") for model in models)
    answer = howsure.compare(None, str(tmp_path / "one.eval"), str(tmp_path / "two.eval"))
    assert any(note.startswith("Settings that differ: messages") for note in answer.notes)
