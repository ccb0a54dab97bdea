"""What models cost: the sentence, the table and the chart of `frontier`, where a measure is named."""

from __future__ import annotations

import polars as pl
import pytest

import howsure as hs
from browser_cases import made
from howsure.present.frontier import task_sentence
from howsure.verbs.report import report


@pytest.fixture(scope="module")
def rows():
    """Three models on two tasks; the first is right more often and costs more."""
    return pl.DataFrame(
        [
            {
                "task": task,
                "model": model,
                "item": f"q{i}",
                "score": float((i * 7 + k) % 10 < right),
                "usd": usd * (1 + i % 3),
            }
            for k, task in enumerate(("one", "two"))
            for model, right, usd in (("big", 9, 0.3), ("small", 8, 0.1), ("slow", 3, 0.4))
            for i in range(60)
        ]
    )


def test_every_board_has_its_frontier(opened, rows):
    page = opened(report(rows, usage="usd"))
    found = hs.frontier(rows, usage="usd")
    told = {task.task: task_sentence(task) for task in found.tasks}
    assert set(told) == {"", "one", "two"}
    for k, task in enumerate(("", "one", "two")):
        page.select_option("#task", str(k))
        page.wait_for_selector(f'html[data-ready="{k}"]', state="attached")
        assert page.text_content("#costs .verdict") == told[task]
        assert page.get_attribute("#costs .chart", "aria-label") == told[task]
        assert page.locator("#costs tbody tr").count() == 3
    page.wait_for_selector("#costs .mark-symbol path")
    assert page.locator("#costs .mark-symbol.role-mark path").count() == 3


def test_without_a_measure_nothing_is_said_of_costs(opened):
    assert opened(made("example")).locator("#costs-card").is_hidden()


def test_two_measures_have_two_charts(opened, rows):
    page = opened(report(rows.with_columns(seconds=pl.col("usd") * 2), usage=["usd", "seconds"], task="one"))
    assert page.locator("#costs .chart").count() == 2
