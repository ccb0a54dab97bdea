"""Prompts and answers on the report page: found per question, shortened, limited in size, and read only on request."""

import base64
import gzip
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from howsure.page import texts as texts_module
from howsure.page.texts import Book, Kept, cut, letters
from howsure.verbs.report import report
from places import LOGS, ROOT

FIXTURES = ROOT / "tests" / "fixtures"


def unpacked(text):
    return json.loads(gzip.decompress(base64.b64decode(text)))


def rows(n=30, length=10):
    return pl.DataFrame(
        [
            {
                "model": m,
                "item": f"q{k}",
                "score": float((k + j) % 3 > 0),
                "prompt": f"{k}?" * length,
                "output": f"{m}{k}" * length,
            }
            for j, m in enumerate("ab")
            for k in range(n)
        ]
    )


@pytest.fixture(scope="module")
def example():
    return report(LOGS, cluster="passage_id", texts=True)


def restored(book, item, model):
    """Return what a page shows of an attempt."""
    (first, *_) = book["questions"][str(item)][str(model)]
    return {name: book["strings"][value] if name in texts_module.TEXTS else value for name, value in first.items()}


def test_texts_on_the_page_equal_those_of_show(example):
    book, place = unpacked(example.texts[0]), example.finder.places[0]
    assert len(book["questions"]) == 100
    assert book["left"] == 0
    for item in (0, 17, 99):
        for attempt in hs.question(LOGS, place.items[item]).attempts:
            if attempt.attempt == 0:
                found = restored(book, item, place.models.index(attempt.model))
                assert found["prompt"] == attempt.prompt
                assert found["target"] == attempt.target
                assert found.get("output", "") == attempt.output
                assert found["score"] == attempt.score
                assert found["source"] == attempt.source


def test_the_server_returns_the_texts_of_the_page(example):
    found = example.finder.of(0, 3, [0, 2])
    assert list(found["models"]) == ["0", "2"]
    assert len(found["models"]["0"]) == 5
    assert found["models"]["0"][0] == restored(unpacked(example.texts[0]), 3, 0)
    assert found == example.finder.of(0, 3, [0, 2])


@pytest.mark.parametrize("where", [(9, 0, [0]), (-1, 0, [0]), (0, 100, [0]), (0, 0, [4]), (0, -1, [0])])
def test_invalid_board_item_or_model_indices_are_lookup_errors(where, example):
    with pytest.raises(LookupError):
        example.finder.of(*where)


def test_texts_are_not_read_unless_requested(monkeypatch):
    monkeypatch.setattr(texts_module, "reread", lambda *_: pytest.fail("read"))
    made = report(LOGS, cluster="passage_id")
    assert made.texts == ()
    assert made.data["texts"] == {"held": False, "why": [""]}


def test_the_page_states_why_it_has_no_texts():
    assert "no column such as prompt" in report(rows().select("model", "item", "score")).data["texts"]["why"][0]
    assert report(rows()).data["texts"]["why"] == [""]
    swebench = report(ROOT / "tests" / "fixtures" / "harnesses" / "humaneval")
    assert swebench.data["texts"]["why"][0]


def test_deleted_logs_give_a_message_instead_of_texts(tmp_path):
    import shutil

    folder = tmp_path / "logs"
    shutil.copytree(LOGS, folder)
    made = report(folder, cluster="passage_id")
    shutil.rmtree(folder)
    found = made.finder.of(0, 0, [0])
    assert found["models"]["0"] == []
    assert "not on this disk" in found["why"]


@pytest.mark.parametrize("name", ["small.json", "integer_ids.eval"])
def test_texts_are_read_from_json_and_eval_logs_of_inspect(name):
    made = report(FIXTURES / "inspect" / name, cluster="none", texts=True)
    for place, text in zip(made.finder.places, made.texts, strict=True):
        if place is not None:
            assert len(unpacked(text)["questions"]) == len(place.items)


def test_lm_eval_files_are_read_once_for_all_questions(monkeypatch):
    made = report(FIXTURES / "lm_eval")
    board = next(k for k, place in enumerate(made.finder.places) if place)
    first = made.finder.of(board, 0, [0, 1])
    assert all(first["models"].values())
    monkeypatch.setattr(texts_module, "reread", lambda *_: pytest.fail("read again"))
    assert all(made.finder.of(board, 1, [0, 1])["models"].values())


def test_if_space_is_short_the_questions_with_most_disagreement_are_kept(monkeypatch):
    monkeypatch.setattr(texts_module, "MOST_PACKED", 600)
    monkeypatch.setattr(texts_module, "FIRST_BATCH", 4)
    made = report(rows(), texts=True)
    book, place = unpacked(made.texts[0]), made.finder.places[0]
    held = sorted(map(int, book["questions"]))
    assert 0 < len(held) < 30
    assert book["left"] == 30 - len(held)
    assert set(held) <= set(place.by_spread[: len(held) + 2])
    assert f"of {len(held)} questions, but {book['left']} more didn't fit." in made.notes[-1]
    assert sum(map(len, book["strings"])) <= 600


def test_with_enough_space_all_questions_are_kept(monkeypatch):
    monkeypatch.setattr(texts_module, "FIRST_BATCH", 4)
    assert len(unpacked(report(rows(), texts=True).texts[0])["questions"]) == 30


def test_long_texts_are_cut_in_the_middle(monkeypatch):
    monkeypatch.setattr(texts_module, "MOST_LETTERS", 12)
    book = unpacked(report(rows(length=50), texts=True).texts[0])
    assert all(isinstance(text, list) and len(text[0]) == 8 and len(text[2]) == 4 for text in book["strings"])


@given(st.text(), st.integers(3, 40))
def test_a_cut_text_counts_the_omitted_characters(text, most):
    found = cut(text, most)
    if isinstance(found, str):
        assert found == text
        assert len(text) <= most
    else:
        head, left, tail = found
        assert text.startswith(head)
        assert text.endswith(tail)
        assert len(head) + left + len(tail) == len(text)
        assert len(head) + len(tail) == most


def test_the_text_cache_of_the_server_is_limited_in_size():
    kept = Kept(1000)
    for k in range(20):
        kept.put((("f", "t", "m"), f"q{k}"), [{"attempt": 0, "output": "x" * 200}])
    assert kept.size <= 1000
    assert kept.size == sum(letters(each) for each in kept.held.values())
    assert kept.get((("f", "t", "m"), "q0")) is None
    assert kept.get((("f", "t", "m"), "q19")) is not None
    kept.put((("f", "t", "m"), "big"), [{"attempt": 0, "output": "x" * 5000}])
    assert list(kept.held) == [(("f", "t", "m"), "big")]


def test_a_repeated_text_is_stored_once():
    book = Book(room=100)
    assert book.add(
        0, {0: [{"attempt": 0, "prompt": "abc"}], 1: [{"attempt": 0, "prompt": "abc", "output": ["a", 3, "b"]}]}
    )
    assert book.strings == ["abc", ["a", 3, "b"]]
    assert book.room == 100 - 3 - 2
    assert not book.add(1, {0: [{"attempt": 0, "prompt": "y" * 99}]})


def test_the_page_keeps_the_first_ten_attempts_and_counts_the_rest():
    many = pl.concat([rows(3).with_columns(attempt=pl.lit(k)) for k in range(25)])
    book = unpacked(report(many, texts=True).texts[0])
    attempts = book["questions"]["0"]["0"]
    assert len(attempts) == 10
    assert attempts[-1]["more"] == 15


def test_a_page_with_texts_is_reproducible():
    assert report(rows(), texts=True).html == report(rows(), texts=True).html


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ftp://x", "http://", "//x", "x", "http://a b", "http://x/#y", 3, "http://x\n"]
)
def test_inspect_view_links_must_be_web_addresses(address):
    with pytest.raises(hs.OptionError, match="not a web address"):
        report(rows(), inspect_view=address)


def test_only_inspect_logs_are_linked():
    made = report(LOGS, cluster="passage_id", inspect_view="https://x.org/view")
    logs = unpacked(made.boards[0])["logs"]
    assert sorted(name for each in logs for name in each) == sorted(path.name for path in LOGS.iterdir())
    assert unpacked(report(FIXTURES / "lm_eval", inspect_view="https://x.org").boards[1])["logs"] == [[], []]
    assert "logs" not in unpacked(report(rows()).boards[0])
