"""Boards that the tests of the page show, each with the options that it was made with."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache

import numpy as np
import polars as pl

import howsure as hs
from frames import attempts, clustered, two_models
from howsure.verbs.report import report
from places import LOGS

PAIRWISE = ("method", "variance", "level", "overall", "seed")
"""What a report and `compare` both take, beside the design."""


def several(models="abcd", n=40, **columns):
    """Models that are right more and more often, each on its own items."""
    rows = [
        {"model": f"lab/{model}", "item": f"q{i}", "score": float((i * (k + 3) + i // 7) % (k + 4) > 1)}
        for k, model in enumerate(models)
        for i in range(n)
    ]
    return pl.DataFrame(rows).with_columns(**columns)


def holes():
    """Clustered scores of which each model but one lacks some."""
    rows = clustered(models=("p/a", "p/b", "p/c", "p/d"))
    gone = pl.struct("model", "item").is_in(
        [{"model": f"p/{m}", "item": f"p{g}-{i}"} for m, g, i in (("a", 0, 1), ("b", 2, 2), ("b", 3, 0), ("c", 7, 4))]
    )
    return rows.filter(~gone)


def open_scale():
    """Seconds, say: the lower the better, and no end above."""
    lengths = [(i * i * 7) % 23 + 3 * k + (i * (k + 1)) % 5 + 0.25 * k for k in range(4) for i in range(30)]
    rows = [(f"m{k}", f"q{i}") for k in range(4) for i in range(30)]
    return pl.DataFrame({"model": [m for m, _ in rows], "item": [i for _, i in rows], "score": lengths})


def tasks():
    """Three tasks of different sizes, the same models on all."""
    return pl.concat(
        [
            clustered(n_clusters=n, models=("a", "b", "c", "d")).with_columns(task=pl.lit(name))
            for n, name in ((8, "easy"), (6, "hard"), (12, "odd"))
        ]
    )


def nearly_alike():
    """Two models of which one is right once more in 2,100 questions."""
    rows = several("a", n=2100)
    once = pl.when(pl.col("item") == "q0").then(1.0 - pl.col("score")).otherwise("score")
    return pl.concat([rows, rows.with_columns(model=pl.lit("lab/b"), score=once)])


def weighted():
    return several().with_columns(stakes=1 + pl.col("item").str.slice(1).cast(pl.Float64) % 4)


def seeds():
    """Three models, each from four seeds that make all questions harder or easier."""
    rng, hard = np.random.default_rng(8), np.random.default_rng(9).normal(0, 1.2, 120)
    return pl.DataFrame(
        {"model": f"lab/{model}", "seed": s, "item": f"q{i}", "score": float(right)}
        for k, model in enumerate("abc")
        for s, effect in enumerate(rng.normal(0.6 * k, 0.3, 4))
        for i, right in enumerate(rng.random(120) < 1 / (1 + np.exp(hard - effect)))
    )


CASES = {
    "example": (lambda: LOGS, {"cluster": "passage_id"}),
    "example, no clusters": (lambda: LOGS, {"cluster": "none"}),
    "holes": (holes, {"cluster": "passage"}),
    "open scale": (open_scale, {"lower_is_better": True}),
    "thousands": (lambda: open_scale().with_columns(score=5000 * pl.col("score") + 0.0625), {}),
    "tasks": (tasks, {"cluster": "passage"}),
    "pooled": (tasks, {"cluster": "passage", "overall": "pooled"}),
    "attempts": (lambda: attempts(models=("a", "b", "c")), {"cluster": "passage"}),
    "weights": (weighted, {"weight": "stakes"}),
    "benchmark": (lambda: attempts(models=("a", "b", "c")), {"population": "these-questions"}),
    "same clusters": (lambda: clustered(n_clusters=5), {"cluster": "passage", "population": "same-clusters"}),
    "not corrected": (several, {"adjust": "none", "level": 0.9}),
    "t": (clustered, {"method": "t", "cluster": "passage"}),
    "miller": (clustered, {"variance": "miller", "cluster": "passage"}),
    "miller, attempts": (lambda: attempts(models=("a", "b", "c")), {"variance": "miller", "cluster": "passage"}),
    "eighty items": (lambda: several(n=80), {}),
    "four hundred items": (lambda: several(n=400), {}),
    "a hair's breadth": (nearly_alike, {}),
    "lower, in percent": (several, {"lower_is_better": True}),
    "seeds": (seeds, {"random_factor": "seed"}),
    "one model": (lambda: several("a"), {}),
    "two models": (two_models, {}),
    "one item": (lambda: several(n=1), {}),
    "two items": (lambda: several(n=2), {}),
    "all ties": (lambda: several(score=pl.lit(1.0)), {}),
    "none and all": (lambda: several(score=(pl.col("model") == "lab/a").cast(pl.Float64)), {}),
    "no shared item": (lambda: several("abc").with_columns(item=pl.col("item") + pl.col("model")), {}),
    "one cluster": (lambda: several(text=pl.lit("x")), {"cluster": "text"}),
    "two clusters": (lambda: several(text=pl.col("item").str.slice(-1) > "4"), {"cluster": "text"}),
    "a model without a score": (
        lambda: several().with_columns(score=pl.when(pl.col("model") == "lab/b").then(None).otherwise("score")),
        {},
    ),
}


@cache
def scores(name):
    """Return the scores of a case."""
    return hs.read(CASES[name][0]())


@cache
def made(name):
    """Return the report of a case."""
    return report(scores(name), **CASES[name][1])


@cache
def compared(name, a, b):
    """Return what `compare` says of two models of a case, by task; "" is overall."""
    options = {key: value for key, value in CASES[name][1].items() if key != "adjust"}
    found = hs.compare(scores(name), a, b, adjust="none", **options)
    return {each.task: each for each in found.every}


def random_board(models, items=500, spread=0.3):
    """Models that are right by chance: the better ones more often, by `spread` from the last to the first."""
    rng = np.random.default_rng(3)
    right = rng.random((models, items)) < np.linspace(0.5, 0.5 + spread, models)[:, None]
    return pl.DataFrame(
        {
            "model": np.repeat([f"lab-{k % 5}/model-{k}" for k in range(models)], items),
            "item": np.tile([f"q{i}" for i in range(items)], models),
            "score": right.ravel().astype(float),
        }
    )


AXIS = """() => [...document.querySelectorAll("#board-axis text")].map((text) => {
  const box = text.getBoundingClientRect();
  return [Number(text.textContent.replace("−", "-").replaceAll(",", "")), box.x + box.width / 2];
})"""
"""The numbers of the axis of the board, and where they stand."""
PHONE = {"width": 390, "height": 844}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "is_mobile": True},
    "narrow": {"viewport": PHONE},
}


def visit(page, hash):
    """Load the same page once more, with another hash."""
    page.goto("about:blank")
    page.goto(page.seen.address + hash)
    page.wait_for_selector("html[data-ready]", state="attached")


def choose(page, k):
    """Show the k-th board of the page."""
    if page.evaluate("document.documentElement.dataset.ready") != str(k):
        page.select_option("#task", str(k))
        page.wait_for_selector(f'html[data-ready="{k}"]', state="attached")


def look(page, what):
    """Open the panel at one model ("model"), two ("pair") or the questions, or turn it there."""
    page.evaluate("(what) => document.getElementById(`look-${what}`).click()", what)


def unpacked(text):
    """Return what packing.packed made."""
    return json.loads(gzip.decompress(base64.b64decode(text)))
