"""Right-or-wrong scores given as 0/1, 0/100 or "100%" give the same answers, except for a note about the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from asked import ASKS, WITHOUT_SCORES, data, same
from howsure.commands.main import main
from trials import draws

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

UNITS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "0 and 100": lambda rows: rows.with_columns(pl.col("score") * 100),
    "a name": lambda rows: rows.with_columns(pl.col("score") * 100).rename({"score": "score_pct"}),
    "% signs": lambda rows: rows.with_columns(pl.format("{}%", (pl.col("score") * 100).cast(pl.Int64).cast(pl.String))),
}
PUBLISHED = ("a name", "% signs")
"""Units that a published table tells: its scores are means, and no values but 0 and 100."""


def test_the_unit_tests_cover_every_verb_with_scores() -> None:
    assert {name.partition(",")[0] for name in ASKS} == {*hs.VERBS, "watch"} - WITHOUT_SCORES


def _read(rows: pl.DataFrame, verb: str) -> Any:
    column = next(name for name in rows.columns if name.startswith("score"))
    return rows if verb == "audit" else hs.read(rows, columns={"score": column})


def _plain(value: Any) -> Any:
    """Leave out what says how the data were read, and the metric's name, which is the column's in a published table."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in ("notes", "metric", "fingerprint")}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _paragraphs(answer: Any) -> list[str]:
    """What a terminal shows, without its notes."""
    text = answer.sentence if isinstance(answer, hs.Report) else answer.render("terminal")
    notes = [" ".join(note.split()) for note in getattr(answer, "notes", ())]
    lines = [" ".join(part.split()) for part in text.split("\n\n")]
    for note in notes:
        lines = [" ".join(line.replace(note, "").split()) for line in lines]
    return [line for line in lines if line]


EACH = [(verb, unit) for verb in ASKS for unit in UNITS if verb != "audit" or unit in PUBLISHED]


@pytest.mark.parametrize(("verb", "unit"), EACH[:: draws(2, 1)])
def test_scores_in_percent_give_the_same_answer_as_fractions(verb: str, unit: str) -> None:
    rows, ask = ASKS[verb]
    usual, other = ask(_read(rows, verb)), ask(_read(UNITS[unit](rows), verb))
    same(data(usual, _plain), data(other, _plain))
    assert _paragraphs(usual) == _paragraphs(other)
    if hasattr(other, "notes") and verb != "describe":  # which estimates nothing
        assert any("percent" in note for note in other.notes)


def test_describe_says_percent_and_convert_writes_fractions(tmp_path, monkeypatch):
    """What a name says of a column is lost with the name, and so the tidy table holds fractions."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("item,model,score_pct\n1,a,80\n2,a,60.5\n3,a,100\n")
    read = hs.read("x.csv", columns={"score": "score_pct"})
    assert "x · score: percent, by its name." in hs.describe(read).notes
    found = CliRunner().invoke(main, ["convert", "x.csv", "-c", "score=score_pct", "-o", "y.csv"])
    assert (found.exit_code, "percent, by its name, written as fractions" in found.output) == (0, True)
    assert pl.read_csv("y.csv")["score"].to_list() == [0.8, 0.605, 1.0]
    assert hs.estimate("y.csv").entries[0].estimate.interval == hs.estimate(read).entries[0].estimate.interval
