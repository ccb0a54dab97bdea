"""The page says what `compare` and `leaderboard` say, in the terminal, as JSON and in LaTeX: every pair, both ways round."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
from dataclasses import replace

import pytest
from browser_cases import CASES, compared, made

from howsure.answers.comparison import comparison_table
from howsure.answers.plain_words import pair_phrases, paragraphs, short_names
from howsure.render.latex import escape

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


def differing(shown, c):
    """Return what the panel says otherwise than a comparison: what, the panel's, the comparison's."""
    a, b = short_names(c.a, c.b)
    short = replace(c, a=a, b=b)
    if not c.paired:
        return [("known", True, False)] if shown["known"] else []
    scores, table = comparison_table(short).rows[:2], dict(comparison_table(short).rows[2:])
    counts = [f"{n:,}" for n in (c.wins, c.ties, c.losses)]
    shared = (" (on shared items)", "")
    found = [
        ("verdict", shown["verdict"], short.verdict),
        ("scores", [value for _, value in shown["rows"][:2]], [text.replace(*shared) for _, text in scores]),
        ("counts", [text.rpartition(": ")[2] for text in shown["counts"]], counts),
        ("words", shown["words"], [text.text for text in paragraphs(pair_phrases(c))]),
    ]
    latex, rows = c.render("latex"), [row for row in shown["rows"][2:] if row[0] != "p among all pairs"]
    for name, value in rows:
        told = table.get(name, "")
        if name.startswith("SE"):
            told = re.sub("(; |\\()pairing saved.*", lambda part: ")" if part[1] == "; " else "", told)
        found.append((name, value, told))
        found.append((f"{name} in LaTeX", True, escape(value.removesuffix(")")) in latex))
    return [each for each in found if each[1] != each[2]]


@pytest.mark.parametrize("name", [name for name in CASES if len(made(name).data["boards"][0]["models"]) > 1])
def test_every_pair_is_what_compare_says(name, opened):
    page = opened(made(name))
    wrong = []
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        models = [model["model"] for model in board["models"]]
        for a, b in itertools.permutations(range(len(models)), 2):
            c = compared(name, models[a], models[b])[board["task"]]
            wrong += [(board["task"], a, b, *each) for each in differing(said(page, a, b), c)]
    assert wrong == []
