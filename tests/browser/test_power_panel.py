"""The sliders: the power shown is that of statistics/power.py, and what is needed is what `compare` says."""

from __future__ import annotations

import math
import re

import pytest

from browser_cases import choose, compared, made, unpacked
from howsure.statistics import power
from howsure.statistics.clustered_variance import equal_sizes
from howsure.statistics.difference import MIN_FORECAST
from howsure.wording import rounded_up

MOVED = """([gap, questions, attempts]) => {
  const element = (id) => document.getElementById(id);
  const move = (id, value) => { element(id).value = value; element(id).dispatchEvent(new Event("input")); };
  if (gap !== null) move("true-gap", gap);
  if (attempts !== null) move("attempts", attempts);
  move("questions", questions);
  const line = document.querySelector("#pair-power .mark-line path");
  const text = (id) => element(id).textContent;
  return { power: Number(element("power").dataset.value), shown: text("power"), n: Number(text("questions-out").replaceAll(",", "")),
    attempts: text("attempts-out"), needed: text("needed"), smallest: text("smallest"), path: line?.getAttribute("d"),
    gap: Number(element("true-gap").value), told: element("questions").getAttribute("aria-valuetext"),
    most: Number(element("questions").max), label: element("pair-power").getAttribute("aria-label") };
}"""


def planned(columns, k, board):
    """Return the test and the spread of a pair as `items_needed` in statistics/difference.py builds them."""
    of = {name: column[k] if isinstance(column, list) else column for name, column in columns.items()}
    of["g"] = of["n"] if board["same"] else of["g"]
    normal = board["normal"]
    units = 1.0 if normal else max(of["df"] + 1, 1.0)
    size = 1.0 if normal or of["g"] == of["n"] else max(of["n"] / units, 1.0)
    test = power.Test(method="z" if normal else "score" if board["score"] else "t", level=board["level"])
    error = of["se"] if of.get("telling") is None else of["telling"]
    now = power.Spread(within=of["n"] * error**2, sizes=equal_sizes(size))
    if of.get("once") is None:
        return test, now, None, of
    split = power.Spread(within=of["n"] * of["questions"], answer=of["n"] * of["once"], sizes=equal_sizes(size))
    return test, now, split, of


@pytest.mark.parametrize(
    "name",
    [
        "example",
        "example, no clusters",
        "attempts",
        "holes",
        "open scale",
        "tasks",
        "weights",
        "t",
        "miller",
        "miller, attempts",
        "two clusters",
        "not corrected",
    ],
)
def test_the_power_shown_is_that_of_the_method(name, opened):
    page = opened(made(name), hash="#look=pair")
    board, columns = made(name).data["boards"][0], unpacked(made(name).boards[0])["pairs"]
    scale = 100 if board["percent"] else 1
    test, now, split, of = planned(columns, 0, board)
    start = page.evaluate(MOVED, [None, page.evaluate("Number(document.getElementById('questions').value)"), None])
    assert start["n"] == of["n"]
    most = start["most"]
    chosen = [(None, round(most * part), k) for part in (0, 0.3, 0.7, 1) for k in ((None, 1, 20) if split else (None,))]
    chosen += [(factor * start["gap"], round(most / 2), None) for factor in (0.5, 3)]
    for gap, place, attempts in chosen:
        found = page.evaluate(MOVED, [gap, place, attempts])
        effect = abs(found["gap"]) / scale
        own = found["attempts"] and int(found["attempts"]) != round(board["attempts"])
        spread, times = (split, int(found["attempts"])) if own else (now, 1)
        expected = power.power(test, spread, effect, found["n"], times)
        assert found["power"] == pytest.approx(expected, abs=1e-4)
        assert found["shown"] == f"{100 * found['power']:.0f}%" or abs(100 * found["power"] % 1 - 0.5) < 1e-6
        assert found["told"] == f"{found['n']:,} questions"
        assert found["shown"] in found["label"]
        needed = power.items_needed(test, spread, effect, times, 0.8)
        told = f"about {rounded_up(needed)}" if needed < 1e7 else "more than ten million"
        told = told if of["g"] >= MIN_FORECAST else "too few to forecast"
        assert found["needed"] == told
        least = power.smallest_effect(test, spread, found["n"], times, 0.8, most=1 if board["percent"] else math.inf)
        if math.isinf(least):
            assert found["smallest"] == "no gap at all"
        else:
            shown = float(found["smallest"].split()[0])
            assert shown == pytest.approx(scale * least, rel=1e-3, abs=0.051 if board["percent"] else 5.1e-4)


def test_the_curve_moves(opened):
    page = opened(made("example"), hash="#look=pair")
    page.wait_for_selector("#pair-power .mark-line path")
    first = page.evaluate(MOVED, [5, 10, 5])
    page.wait_for_timeout(50)
    second = page.evaluate(MOVED, [20, 10, 5])
    page.wait_for_function(
        "(old) => document.querySelector('#pair-power .mark-line path').getAttribute('d') !== old", arg=second["path"]
    )
    assert first["path"]
    assert first["power"] < second["power"]


@pytest.mark.parametrize("name", ["example", "holes", "open scale", "tasks", "attempts", "eighty items", "miller"])
def test_what_is_needed_at_the_start_is_what_compare_says(name, opened):
    page = opened(made(name), hash="#look=pair")
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        models = [model["model"] for model in board["models"]]
        for a in range(len(models) - 1):
            page.select_option("#pair-a", str(a))
            page.select_option("#pair-b", str(a + 1))
            c = compared(name, models[a], models[a + 1])[board["task"]]
            if math.isfinite(c.items_needed) and c.items_needed < 1e7 and page.is_visible("#needs"):
                shown = int(re.sub(r"\D", "", page.text_content("#needed")))
                exact = int(rounded_up(c.items_needed).replace(",", ""))
                # the field shows the gap to three digits
                assert shown == pytest.approx(exact, rel=0.11)
