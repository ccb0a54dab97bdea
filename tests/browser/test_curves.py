"""Curves over attempts and horizons of difficulty: the sentence, the table and the chart of their commands."""

from __future__ import annotations

import polars as pl

import howsure as hs
from howsure.present import curve, horizon
from howsure.verbs.report import report


def rows() -> pl.DataFrame:
    """Three attempts of two models at 60 questions, of which the easy ones succeed more often."""
    return pl.DataFrame(
        {
            "model": model,
            "item": f"q{i:02}",
            "attempt": attempt,
            "minutes": 2.0 ** (i / 6),
            "score": float((i * 7 + attempt * 5 + k) % 11 < 10 - i / 6),
        }
        for k, model in enumerate(("a", "b"))
        for i in range(60)
        for attempt in range(3)
    )


def test_curves_and_horizons_are_those_of_their_commands(opened):
    page = opened(report(rows(), difficulty="minutes"))
    told = [horizon.sentence(hs.horizon(rows(), difficulty="minutes")), curve.sentence(hs.curve(rows()))]
    assert page.locator("#curves .verdict").all_text_contents() == told
    page.wait_for_selector("#curves .mark-line path")
    assert page.locator("#curves .chart").count() == 2
    assert page.locator("#curves tbody tr").count() == 2 + 4


def test_without_repeated_attempts_there_are_no_curves(opened):
    once = rows().filter(pl.col("attempt") == 0)
    assert opened(report(once)).locator("#curves-card").is_hidden()
