"""Details: what the short answer leaves out is in --details; long tables show 20 rows and those that are marked."""

import re

import polars as pl
import pytest

import howsure as hs
from howsure.errors import DataError
from places import ROOT

LOGS = ROOT / "examples" / "logs"
A, B = "smollm2-135m-t0.3", "smollm2-135m-2shot"


@pytest.fixture(scope="module")
def scores() -> hs.Scores:
    return hs.read(LOGS)


ANSWERS = {
    "compare": (
        lambda scores: hs.compare(scores, A, B),
        "43.4% 35.4% 8.0 −1.9 17.3 0.103 4.4 7.7 0.58 67% 29 19 52 100 20 19.0 CR2",
    ),
    "estimate": (hs.estimate, "43.4 36.6 35.4 33.0 5.9 4.2 4.9 100 20 CR2 8.7 11.9"),
    "gate": (
        lambda scores: hs.gate(scores, A, B, not_worse_than=0.05),
        "43.4% 35.4% 8.0 −0.1 15.7 0.007 0.993 100 20 −5.0 5.0",
    ),
    "noise": (hs.noise, "5.9 6.5 5.8 4.2 95% 26.6 40.0 12.6 35% 73% 3.4 100"),
    "plan": (
        lambda scores: hs.plan(scores, A, B, effect=0.03),
        "1,890 630 3,280 377 80% 3.0 1.0 0.1188 0.1560 0.0118 100 20 5",
    ),
    "describe": (lambda scores: hs.describe(LOGS), "2,000 804.6 222,680 40,299 89,802 57,723 59,407 56,047 16"),
    "questions": (hs.questions, "100 20"),
}
"""The numbers that each answer printed before there were details: none is lost."""


@pytest.mark.parametrize("verb", ANSWERS)
def test_no_number_is_lost_from_the_answer_with_its_details(verb: str, scores: hs.Scores) -> None:
    ask, numbers = ANSWERS[verb]
    text = ask(scores).render("terminal", width=140, details=True)
    lost = [number for number in numbers.split() if number not in text]
    assert lost == []


@pytest.mark.parametrize("verb", ANSWERS)
def test_the_first_sentence_has_at_most_35_words(verb: str, scores: hs.Scores) -> None:
    sentence = ANSWERS[verb][0](scores).sentence
    first = re.split(r"(?<=[.]) (?=[A-Z])", sentence.removeprefix("Can't tell. "))[0]
    assert len(first.split()) <= 35, sentence


@pytest.mark.parametrize("verb", ANSWERS)
def test_small_print_stands_last_and_names_the_details(verb: str, scores: hs.Scores) -> None:
    lines = ANSWERS[verb][0](scores).render("terminal", width=80).splitlines()
    assert lines[-1].startswith("More: ")


def test_a_methods_paragraph_comes_after_the_small_print(scores: hs.Scores) -> None:
    text = hs.compare(scores, A, B).render("markdown", methods_paragraph=True)
    assert text.index("Data: ") < text.index("More: ") < text.index("### Methods")


def many(count: int = 30) -> pl.DataFrame:
    """Models m00 to m29, each a little worse than the one before."""
    return pl.DataFrame(
        [{"model": f"m{k:02}", "item": i, "score": int(i % 30 >= k)} for k in range(count) for i in range(60)]
    )


def rows_of(text: str) -> list[str]:
    """Return the models of a board's rows."""
    return list(dict.fromkeys(re.findall(r"\bm\d\d\b", text.split("rank CI")[1])))


def test_the_terminal_and_markdown_show_20_rows_and_other_formats_all() -> None:
    board = hs.leaderboard(many())
    for form in ("terminal", "markdown"):
        text = board.render(form, width=100)
        assert rows_of(text) == [f"m{k:02}" for k in range(20)]
        assert "10 more models" in text
    assert len(rows_of(board.render("html"))) == 30
    assert len(board.records()) == 30


@pytest.mark.parametrize(("top", "count"), [(5, 5), ("all", 30)])
def test_top_chooses_the_rows_of_every_format(top: int | str, count: int) -> None:
    board = hs.leaderboard(many(), top=top)
    for form in ("terminal", "markdown", "html", "latex"):
        assert len(rows_of(board.render(form, width=100))) == count


def test_a_marked_model_is_shown_beyond_the_top() -> None:
    text = hs.leaderboard(many(), top=3, mark="m25").render("terminal", width=100)
    assert rows_of(text) == ["m00", "m01", "m02", "m25"]
    assert "▸ 26" in text
    with pytest.raises(DataError, match="no model 'm99'"):
        hs.leaderboard(many(), mark="m99")
