"""The page says what `compare` and `leaderboard` say, in the terminal, as JSON and in LaTeX: every pair, both ways round."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import math
import re
from dataclasses import replace

import pytest

import howsure as hs
from browser_cases import CASES, compared, made, scores
from howsure.answers.comparison import comparison_table
from howsure.answers.plain_words import pair_phrases, paragraphs, short_names
from howsure.document import Scale
from howsure.render.latex import escape
from howsure.reporting import report

SAID = """async ([a, b]) => {
  const element = (id) => document.getElementById(id);
  for (const [id, value] of [["pair-a", b === 0 ? 1 : 0], ["pair-b", b], ["pair-a", a]]) {
    element(id).value = value;
    element(id).dispatchEvent(new Event("change", { bubbles: true }));
  }
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
    needs: !element("needs").hidden,
    needed: shown("needed"),
  };
}"""


def choose(page, k):
    """Show the k-th board of the page."""
    if page.evaluate("document.documentElement.dataset.ready") != str(k):
        page.select_option("#task", str(k))
        page.wait_for_selector(f'html[data-ready="{k}"]', state="attached")


def said(page, a, b):
    """Choose two models by their places, and return what the panel says."""
    found = page.evaluate(SAID, [a, b])
    assert found["chosen"] == [str(a), str(b)]
    return found


def unpacked(text):
    """Return what packing.packed made."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def check_pair(shown, c, board):
    """Hold what the panel says against one comparison."""
    a, b = short_names(c.a, c.b)
    short = replace(c, a=a, b=b)
    assert shown["known"] == c.paired
    if not c.paired:
        return
    assert shown["verdict"] == short.verdict
    table = dict(comparison_table(short).rows[2:])
    rows = dict(shown["rows"][2:])
    clear = re.compile(r" \(on shared items\)")
    assert [value for _, value in shown["rows"][:2]] == [clear.sub("", row[1]) for row in comparison_table(short).rows[:2]]
    assert rows["difference a − b"] == table["difference a − b"]
    level = next(name for name in table if name.endswith("interval"))
    assert rows[level] == table[level]
    assert rows["p-value"] == table["p-value"]
    error = next(name for name in table if name.startswith("SE"))
    assert rows[error] == table[error]
    assert rows["items, clusters"] == table["items, clusters"]
    assert [text.rpartition(": ")[2] for text in shown["counts"]] == [f"{n:,}" for n in (c.wins, c.ties, c.losses)]
    latex = c.render("latex")
    for name in ("difference a − b", level, error, "items, clusters"):
        assert escape(rows[name]) in latex
    plain = c.to_dict()
    scale = Scale(percent=c.percent)
    assert rows["difference a − b"] == scale.difference(plain["difference"]["value"])
    assert rows["p-value"] == table["p-value"]
    assert [text.text for text in paragraphs(pair_phrases(c))] == shown["words"]
    assert shown["needs"] == math.isfinite(c.items_needed) or c.difference.value == 0 or not c.items_needed < math.inf


@pytest.mark.parametrize("name", [name for name in CASES if len(made(name).data["boards"][0]["models"]) > 1])
def test_every_pair_is_what_compare_says(name, opened):
    page = opened(made(name))
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        models = [model["model"] for model in board["models"]]
        for a, b in itertools.permutations(range(len(models)), 2):
            c = compared(name, models[a], models[b])[board["task"]]
            check_pair(said(page, a, b), c, board)
