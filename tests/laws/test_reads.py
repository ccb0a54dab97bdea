"""A verb runs at most two queries on a lazy frame or a database."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.io.plugins import register_io_source

import howsure as hs
from trials import draws

MOST = 2
ALL_CRITERIA = {"not_worse_than": 0.05, "better": True, "same_within": 0.2, "at_least": 0.3}
ASKS = {
    "estimate": hs.estimate,
    "compare": lambda rows, **more: hs.compare(rows, "a", "b", **more),
    "leaderboard": hs.leaderboard,
    "noise": hs.noise,
    "report": hs.report,
    "questions": hs.questions,
    "gate": lambda rows, **more: hs.gate(rows, "a", "b", **ALL_CRITERIA, **more),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "clusters": {"cluster": "passage"},
    "failures count as zero": {"failures": "zero"},
}
EACH = [(verb, options) for verb in ASKS for options in OPTIONS]
SOME = [(verb, options) for verb, options in EACH if options == "as it is" or verb == "gate"]
"""A gate asks for most; the other verbs are read with every option in scripts/trials."""


def rows() -> pl.DataFrame:
    """Two tasks, three models, two attempts, passages as clusters, and some attempts that failed.

    The seed is one by which attempts don't move together by chance: a lazy frame isn't asked for that, and would lack the warning.
    """
    rng = np.random.default_rng(4)
    table = [
        {
            "task": task,
            "model": f"lab/{model}",
            "item": f"q{item}",
            "attempt": attempt,
            "passage": f"p{item // 4}",
            "score": None if rng.random() < 0.05 else float(rng.random() < 0.4 + 0.1 * k),
        }
        for task in ("maths", "reading")
        for k, model in enumerate("abc")
        for item in range(40)
        for attempt in range(2)
    ]
    return pl.DataFrame(table)


@pytest.mark.unmeasured
@pytest.mark.parametrize(("verb", "options"), draws(SOME, EACH))
def test_a_verb_reads_a_lazy_frame_at_most_twice(verb: str, options: str) -> None:
    table, reads = rows(), []

    def source(columns: Any, predicate: Any, n_rows: Any, batch_size: Any) -> Any:
        reads.append(columns)
        found = table if predicate is None else table.filter(predicate)
        yield found.select(columns) if columns is not None else found

    lazy = register_io_source(source, schema=table.schema)
    answer = ASKS[verb](lazy, **OPTIONS[options])
    assert 1 <= len(reads) <= MOST
    assert repr(answer) == repr(ASKS[verb](table, **OPTIONS[options])) or verb == "report"


@pytest.mark.unmeasured
@pytest.mark.parametrize(("verb", "options"), draws(SOME, EACH))
def test_a_verb_sends_at_most_two_statements_to_a_database(
    verb: str, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb
    import narwhals as nw

    table, statements = rows(), []
    connection = duckdb.connect()
    connection.register("results", table.to_arrow())
    collect = nw.LazyFrame.collect

    def counted(self: Any, *args: Any, **more: Any) -> Any:
        statements.append(self)
        return collect(self, *args, **more)

    monkeypatch.setattr(nw.LazyFrame, "collect", counted)
    ASKS[verb](connection.table("results"), **OPTIONS[options])
    assert 1 <= len(statements) <= MOST
