"""The page says what `compare` and `leaderboard` say, in the terminal, as JSON and in LaTeX: every pair, both ways round."""

from __future__ import annotations

import itertools
import math
import random
import re
from dataclasses import replace

import pytest

import howsure as hs
from browser_cases import CASES, choose, compared, look, made, scores, unpacked
from howsure.present.compare import details_table, scores_table
from howsure.present.flips import sentence
from howsure.present.leaderboard import alone, board_table
from howsure.present.render.latex import escape
from howsure.present.words.plain import board_phrases, pair_phrases, paragraphs, short_names
from howsure.verbs.report import report
from howsure.wording import Scale, p_text
from paragraphs import paragraph

SAID = """(pairs) => pairs.map(([a, b]) => {
  const element = (id) => document.getElementById(id);
  element("pair-a").value = a;
  element("pair-b").value = b;
  element("pair-b").dispatchEvent(new Event("change"));
  const shown = (id) => (element(id).hidden ? "" : element(id).textContent);
  const names = [...document.querySelectorAll("#pair-numbers dt")].map((each) => each.textContent);
  const values = [...document.querySelectorAll("#pair-numbers dd")].map((each) => each.textContent);
  return {
    chosen: [element("pair-a").value, element("pair-b").value],
    verdict: shown("pair-verdict"),
    among: shown("pair-among"),
    known: !element("pair-known").hidden,
    rows: names.map((name, k) => [name, values[k]]),
    counts: [...document.querySelectorAll("#pair-counts li")].map((each) => each.textContent),
    words: [...document.querySelectorAll("#pair-words p")].map((each) => each.textContent),
  };
})"""

TITLES = "(cells) => cells.map((cell) => cell.title)"


def said(page, pairs):
    """Choose models two by two by their places, and return what the panel says of each two."""
    found = page.evaluate(SAID, [list(pair) for pair in pairs])
    assert [each["chosen"] for each in found] == [[str(a), str(b)] for a, b in pairs]
    return found


def differing(shown, c):
    """Return what the panel says otherwise than a comparison: what, the panel's, the comparison's."""
    a, b = short_names(c.a, c.b)
    short = replace(c, a=a, b=b, among_models=None)  # a line of its own in the panel
    if not c.paired:
        return [("known", True, False)] if shown["known"] else []
    table = dict(details_table(short).rows)
    counts = [f"{n:,}" for n in (c.wins, c.ties, c.losses)]
    found = [
        ("verdict", shown["verdict"], paragraph(short)),
        ("scores", [value for _, value in shown["rows"][:2]], [row[1] for row in scores_table(short).rows]),
        ("counts", [text.rpartition(": ")[2] for text in shown["counts"]], counts),
        ("words", shown["words"], [text.text for text in paragraphs(pair_phrases(c))]),
    ]
    latex, rows = c.render("latex", details=True), [row for row in shown["rows"][2:] if row[0] != "p among all pairs"]
    for name, value in rows:
        if name not in table and value.startswith("n/a"):
            continue  # an answer on paper leaves out what there is not
        told = table.get(name, "")
        if name.startswith("SE"):
            told = re.sub("(; |\\()pairing (?:removed|gained).*", lambda part: ")" if part[1] == "; " else "", told)
        found.append((name, value, told))
        found.append((f"{name} in LaTeX", True, escape(value.removesuffix(")")) in latex))
    return [each for each in found if each[1] != each[2]]


def check_pairs(page, name):
    """Hold every pair of a case, both ways round, against `compare`."""
    wrong = []
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        models = [model["model"] for model in board["models"]]
        pairs = list(itertools.permutations(range(len(models)), 2))
        for (a, b), shown in zip(pairs, said(page, pairs), strict=True):
            c = compared(name, models[a], models[b])[board["task"]]
            wrong += [(board["task"], a, b, *each) for each in differing(shown, c)]
    assert wrong == []


ROWS = """() => {
  const order = [...document.querySelectorAll("#board-head th[data-column]")].map((head) => Number(head.dataset.column));
  const places = [...order.keys()].sort((a, b) => order[a] - order[b]);
  return [...document.querySelectorAll("#board-body tr")].map((row) => {
    const cells = [...row.children].filter((cell) => !/tick|whiskers/.test(cell.className));
    return places.map((place) => cells[place].textContent);
  });
}"""
"""The cells of every row, in the order of the columns of the table in the terminal."""


def check_rows(page, name):
    """Hold every row of a case against `leaderboard`."""
    pairwise = {key: value for key, value in CASES[name][1].items() if key != "score"}
    answer = hs.leaderboard(scores(name), **pairwise)
    boards = (*((answer.overall,) if answer.overall else ()), *answer.boards)
    latex, listed = replace(answer, each_task=True).render("latex"), answer.to_dict()
    plain = (*((listed["overall"],) if answer.overall else ()), *listed["boards"])
    for k, (board, told) in enumerate(zip(boards, plain, strict=True)):
        choose(page, k)
        full = [entry.model for entry in board.entries]
        names = short_names(*full) if len(full) > 1 else full
        table = board_table(board, None)
        named = next(place for place, column in enumerate(table.columns) if column.name == "model")
        kept = [place for place, column in enumerate(table.columns) if column.name]
        cells = [[row[place] for place in kept] for row in table.rows]
        expected = [[*row[:named], short, *row[named + 1 :]] for row, short in zip(cells, names, strict=True)]
        assert page.evaluate(ROWS) == expected
        assert page.text_content("#verdict") == board.sentence
        scale = Scale(percent=board.percent)
        look(page, "model")
        for m, entry in enumerate(board.entries):
            page.select_option("#model-name", str(m))
            assert page.text_content("#model-verdict") == alone(entry, scale)
        for row, model in zip(expected, [model["estimate"] for model in told["models"]], strict=True):
            assert row[named + 1] == scale.number(_or_nan(model["value"]))
            assert row[named + 2] == scale.number(_or_nan(model["se"]))
            assert row[named + 3] == scale.interval(_or_nan(model["low"]), _or_nan(model["high"]))
            assert f"{escape(row[named + 1])} ({escape(row[named + 2])})" in latex or row[named + 2] == "n/a"
        words = [block.text for block in paragraphs(board_phrases(board, boards=len(boards)))]
        assert [text.strip() for text in page.locator("#words p").all_text_contents()] == words


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", CASES)
def test_every_row_and_every_pair(name, opened):
    page = opened(made(name))
    check_rows(page, name)
    check_pairs(page, name)


def _or_nan(value):
    return math.nan if value is None else value


@pytest.mark.parametrize("name", ["example", "tasks", "holes", "open scale", "benchmark"])
def test_p_among_all_pairs_is_that_of_leaderboard_pairs(name, opened):
    page = opened(made(name))
    answer = hs.leaderboard(scores(name), **CASES[name][1])
    boards = (*((answer.overall,) if answer.overall else ()), *answer.boards)
    for k, board in enumerate(boards):
        choose(page, k)
        places = {entry.model: place for place, entry in enumerate(board.entries)}
        records = board.pair_records()
        every = said(page, [(places[pair["a"]], places[pair["b"]]) for pair in records])
        for pair, shown in zip(records, every, strict=True):
            p = p_text(_or_nan(pair["p_adjusted"]))
            assert dict(shown["rows"])["p among all pairs"] == f"{p} ({board.adjust})"
            real = pair["p_adjusted"] <= 0.05
            alone = pair["p_value"] <= 0.05
            assert shown["among"].startswith(
                "Also significant among all" if real else "But as one of all" if alone else ""
            )
            assert bool(shown["among"]) == (real or alone)
            assert not shown["among"] or p in shown["among"]


def test_packed_numbers_are_those_of_json():
    for name in ("example", "holes", "tasks", "weights", "benchmark"):
        data = made(name).data
        boards = [board for rung in (data, *data["others"]) for board in rung["boards"]]
        assert len(made(name).boards) == len(boards)
        for board, text in zip(data["boards"], made(name).boards, strict=False):
            columns, models = unpacked(text)["pairs"], [model["model"] for model in board["models"]]
            for k, (a, b) in enumerate(itertools.combinations(models, 2)):
                told = compared(name, a, b)[board["task"]].to_dict()
                for short, value in (
                    ("d", told["difference"]["value"]),
                    ("se", told["difference"]["se"]),
                    ("df", told["difference"]["df"]),
                ):
                    assert columns[short][k] == (value if value is None else pytest.approx(value, rel=1e-5, abs=1e-12))
                assert [columns[key][k] for key in ("wins", "losses", "ties")] == [
                    told[key] for key in ("wins", "losses", "ties")
                ]


REAL = {
    "SWE-bench Verified": ("swebench_verified.parquet", {}),
    "HELM safety": ("helm_safety.parquet", {"model": ["model", "suite"]}),
    "repeated runs": ("swebench_repeat_runs.parquet", {}),
}


@pytest.mark.parametrize("name", REAL)
def test_a_sample_of_pairs_of_real_results(name, real_data, opened):
    file, columns = REAL[name]
    found = hs.read(real_data / "tidy" / file, columns=columns)
    page = opened(report(found))
    boards = report(found).data["boards"]
    rng, wrong = random.Random(1), []
    for k in rng.sample(range(len(boards)), min(len(boards), 3)):
        choose(page, k)
        board, models = boards[k], [model["model"] for model in boards[k]["models"]]
        pairs = [tuple(rng.sample(range(len(models)), 2)) for _ in range(8)]
        for (a, b), shown in zip(pairs, said(page, pairs), strict=True):
            only = {"task": board["task"], "metric": board["title"].rpartition(" · ")[2]} if board["task"] else {}
            c = hs.compare(found, models[a], models[b], adjust="none", **only)
            c = c.overall or c
            wrong += [(board["task"], a, b, *each) for each in differing(shown, c)]
    assert wrong == []


@pytest.mark.parametrize("name", ["example", "tasks", "holes", "attempts", "lower, in percent", "thousands"])
def test_what_broke_is_what_compare_says(name, opened):
    page = opened(made(name))
    options = {key: value for key, value in CASES[name][1].items() if key != "adjust"}
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        models = [model["model"] for model in board["models"]]
        only = {"task": board["task"]} if board["task"] else {}
        for a, b in ((0, 1), (1, 0), (0, len(models) - 1)):
            flips = hs.compare(scores(name), models[a], models[b], flips=True, **only, **options).flips
            short = dict(zip(("before", "after"), short_names(models[a], models[b]), strict=True))
            look(page, "pair")
            page.select_option("#pair-a", str(a))
            page.select_option("#pair-b", str(b))
            assert page.text_content("#pair-flips") == sentence(replace(flips, **short))
            listed = page.locator("#decisive-lists").is_visible()
            assert listed == bool(board["task"])
            if listed:
                check_listed(page, flips)


def check_listed(page, flips):
    """Look whether the lists hold the questions that changed, and say of how many."""
    for k, (word, broke) in enumerate((("Broke", True), ("Fixed", False))):
        items = {flip.item for flip in flips.items if flip.regressed == broke}
        shown = page.locator("#decisive-lists > div").nth(k)
        assert shown.locator("caption").text_content().startswith(f"{word} {len(items)}: ")
        assert {title.partition(" (")[0] for title in shown.locator("th .link").evaluate_all(TITLES)} <= items
        look(page, "questions")
        page.select_option("#questions-outcome", word.lower())
        assert {title.partition(" (")[0] for title in listed_titles(page)} == items
        look(page, "pair")


def listed_titles(page):
    """Return what the list of questions holds, page by page."""
    titles = page.locator("#questions-body .link").evaluate_all(TITLES)
    while page.is_visible("#questions-on") and page.is_enabled("#questions-on"):
        page.click("#questions-on")
        titles += page.locator("#questions-body .link").evaluate_all(TITLES)
    return titles
