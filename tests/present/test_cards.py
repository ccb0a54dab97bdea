"""Cards: 1200 × 630, one claim, names that fit, and the chart with most of the width."""

import re
import struct

import polars as pl
import pytest

import howsure as hs
from frames import attempts
from howsure.answers.base import presentation
from howsure.present.cards import card_of
from howsure.present.charts.card import WIDTH
from howsure.present.labels import short_labels
from invoked import run

ROWS = attempts(n_clusters=6, size=4, times=2).with_columns(usd=pl.col("length") + 1.0)
LONG = {"a": "x" * 50 + "-a-" + "y" * 54, "b": "x" * 50 + "-b-" + "y" * 54}


def answers(rows, a="a", b="b"):
    return {
        "board": hs.leaderboard(rows, cluster="passage").boards[0],
        "comparison": hs.compare(rows, a, b, cluster="passage"),
        "gate": hs.gate(rows, a, b, not_worse_than=0.05, cluster="passage"),
        "gate of a score": hs.gate(rows, a, at_least=0.4, cluster="passage"),
        "frontier": hs.frontier(rows, usage="usd", cluster="passage"),
    }


@pytest.mark.parametrize("kind", answers(ROWS))
def test_a_card_has_its_size_one_claim_and_where_it_comes_from(kind):
    card = card_of(answers(ROWS)[kind])
    png = card.png("https://example.org/a?b&c")
    assert struct.unpack(">II", png[16:24]) == (1200, 630)
    svg = card.svg("https://example.org/a?b&c")
    assert card.kicker.startswith("quiz · 24 questions in 6 clusters · about ")
    assert "https://example.org/a?b&amp;c" in svg
    assert len(re.findall('font-size="46"', svg)) <= 2
    assert card.claim
    assert "(" not in card.claim


@pytest.mark.parametrize("kind", ["board", "comparison", "gate", "frontier"])
def test_a_chart_keeps_most_of_the_width_whatever_the_names(kind):
    rows = ROWS.with_columns(model=pl.col("model").replace_strict(LONG))
    card = card_of(answers(rows, *LONG.values())[kind])
    svg = card.svg()
    texts = [text for text in re.findall(r">([^<]+)</text>", svg) if "xx" in text or "yy" in text]
    assert max(map(len, texts), default=0) <= 70  # a line with two names of 30
    placed = re.search(r'<svg xmlns="[^"]+" x="56" y="[\d.]+" width="([\d.]+)"', svg)
    assert float(placed[1]) >= 0.6 * WIDTH


def test_a_claim_keeps_brackets_of_names_and_a_kicker_names_the_population():
    rows = ROWS.with_columns(model=pl.col("model") + " (high)")
    assert "b (high) " in card_of(hs.compare(rows, "a (high)", "b (high)")).claim + " "
    these = card_of(hs.compare(ROWS, "a", "b", population="these-questions"))
    assert these.kicker.endswith("about exactly these questions")


def test_names_that_are_cut_stay_apart():
    names = [f"{'x' * 40}-{k}-{'y' * 40}" for k in range(20)]
    cut = short_labels(names)
    assert len(set(cut)) == 20
    assert max(map(len, cut)) <= 30
    assert short_labels(["a", "b" * 50])[0] == "a"


def test_other_answers_have_no_card_and_texts_are_escaped():
    with pytest.raises(hs.MethodError, match="has no card"):
        card_of(hs.estimate(ROWS))
    rows = ROWS.with_columns(model=pl.col("model").replace_strict({"a": "<script>", "b": "&b"}), task=pl.lit("<i>"))
    svg = card_of(hs.compare(rows, "<script>", "&b")).svg()
    assert "<script>" not in svg
    assert "<i>" not in svg


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "rows.csv", "a", "b"),
        ("gate", "rows.csv", "-a", "a", "-b", "b", "--not-worse-than", "50pp"),
        ("frontier", "rows.csv", "--usage", "usd"),
        ("report", "rows.csv", "-o", "p.html"),
    ],
)
def test_commands_write_cards(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ROWS.write_csv("rows.csv")
    shown = run(*words, "--card", "card.png")
    assert "Card written to card.png." in shown.stderr
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
    wrong = run(*words, "--card", "rows.csv")
    assert wrong.exit_code
    assert "is one of the files to be read" in wrong.stderr
    assert presentation(hs.compare(ROWS, "a", "b"))
