"""A cell has one meaning as an id, name, number or rating, in every kind of table and file.

CELLS states what each cell means; every input format must agree. Justified exceptions are in NUMBERS.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import howsure as hs
from howsure.readers.published import published_scores
from howsure.readers.ratings import RATINGS, read_ratings
from howsure.readers.verdicts import VERDICTS, read_verdicts
from howsure.readers.votes import VOTES, read_votes
from howsure.table.writing import Writing
from howsure.verbs.read import table_of
from trials import draws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.once

LONG = "x" * 10_000
REFUSED = "refused"
"""No number, no word, and no way to say that nothing stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a cell means: its `number`, None where it says that nothing stands there, or REFUSED; as a `word` where only words tell.

    `verdict`, `rating`: where these differ: a rating may be any text, so that only numbers are written in one way. As an id and as a
    name it is what is written, and nothing where that is empty or blank.
    """

    number: Any
    word: Any = None
    verdict: Any = None
    rating: str | None = None

    @property
    def score(self) -> Any:
        """What it is where words count."""
        return self.number if self.word is None else self.word


GONE, STRANGE = Cell(number=None, rating=""), Cell(number=REFUSED)
RIGHT, WRONG, HALF = (Cell(number=REFUSED, word=worth) for worth in (1.0, 0.0, 0.5))
CELLS = {
    "007": Cell(number=7.0, rating="7"),
    "7": Cell(number=7.0),
    "7.0": Cell(number=7.0, rating="7"),
    "1e2": Cell(number=100.0, rating="100"),
    "100": Cell(number=100.0),
    "9007199254740993": Cell(number=2.0**53),
    "-0": Cell(number=0.0, rating="0"),
    "+1": Cell(number=1.0, rating="1"),
    " 1 ": Cell(number=1.0, rating="1"),
    "1\u00a0": Cell(number=1.0, rating="1"),
    "1.5": Cell(number=1.5),
    "1,000": Cell(number=1000.0),
    "1e70": Cell(number=1e70, rating="1e+70"),
    "1e100": Cell(number=REFUSED, rating=REFUSED),
    "1,5": STRANGE,  # beside numbers with a point
    "50%": STRANGE,  # beside numbers without a sign
    "１": STRANGE,
    "١": STRANGE,
    "0x10": STRANGE,
    "1_000": STRANGE,
    "½": STRANGE,
    "1/2": STRANGE,
    "=1+1": STRANGE,
    "\u200b1": STRANGE,
    "\ufeff1": STRANGE,
    "a\x00b": STRANGE,
    LONG: STRANGE,
    "👍🏽": STRANGE,
    "é": STRANGE,
    "e\u0301": STRANGE,
    "inf": Cell(number=REFUSED, rating=REFUSED),
    "-inf": Cell(number=REFUSED, rating=REFUSED),
    "1e999": Cell(number=REFUSED, rating=REFUSED),
    "": GONE,
    " ": GONE,
    "NA": GONE,
    "n/a": GONE,
    "null": GONE,
    "None": GONE,
    "nan": GONE,
    "NaN": GONE,
    "-": GONE,
    "—": GONE,
    "true": RIGHT,
    "True": RIGHT,
    "TRUE": RIGHT,
    "yes": RIGHT,
    "pass": RIGHT,
    "C": RIGHT,
    "no": WRONG,
    "wrong": WRONG,
    "I": WRONG,
    "P": HALF,
    "unknown": Cell(
        number=REFUSED, verdict=()
    ),  # a judge that doesn't know gave no verdict, a score of that kind is none
    "skip": Cell(number=REFUSED, verdict=(), rating=""),
}
KINDS = ("csv", "jsonl", "parquet", "frame")
BINARY = "a\x00b"
"""No text file holds it: CSV with a byte of zero is damaged."""


def some(ways: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each way by CSV and by every second of the other kinds; in scripts/trials by all."""
    return draws([(way, kind) for place, (way, kind) in enumerate(ways) if kind == "csv" or place % 2], ways)


def stored(columns: dict[str, Sequence[str]], kind: str, place: Path, name: str = "rows") -> Any:
    """Write a table in one kind of file; a frame stays one."""
    rows, path = pl.DataFrame(columns), place / f"{name}.{kind}"
    if kind == "frame":
        return rows
    if kind == "csv":
        rows.write_csv(path)
    elif kind == "parquet":
        rows.write_parquet(path)
    else:
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows.to_dicts()), encoding="utf-8")
    return path


def tidy(kind: str, place: Path, **said: Sequence[str]) -> pl.DataFrame:
    columns = {"item": ["q1", "q2", "q3"], "model": ["m"] * 3, "score": ["0.5"] * 3} | said
    return hs.read(stored(columns, kind, place)).to_frame()


def mapped(kind: str, place: Path, **said: Sequence[str]) -> pl.DataFrame:
    columns = {"item": ["q1", "q2", "q3"], "model": ["m"] * 3, "score": ["0.5"] * 3} | said
    path = stored({f"a {name}": values for name, values in columns.items()}, kind, place)
    return hs.read(path, map={name: f'record["a {name}"]' for name in columns}).to_frame()


def beside(kind: str, place: Path, id: Sequence[str], gold: Sequence[str]) -> pl.DataFrame:
    stored({"id": id, "gold": gold}, kind, place, "gold")
    path = stored({"i": id}, "jsonl", place)
    said = {"item": "i", "score": "gold[i].gold", "beside": {"gold": f"gold.{kind}"}}
    return hs.read(path, map=said).to_frame()


def board(kind: str, place: Path, **said: Sequence[str]) -> Any:
    columns = {"model": ["a", "b", "c"], "score": ["0.5"] * 3, "n": ["100"] * 3} | said
    rows = stored(columns, kind, place)
    return (published_scores(rows, "board", Writing()) if kind == "frame" else hs.read(rows)).published


def votes(kind: str, place: Path, weight: str | None = None, **said: Sequence[str]) -> Any:
    columns = {"model_a": ["a", "a", "b"], "model_b": ["b", "c", "c"], "winner": ["model_a", "model_b", "tie"]} | said
    rows, _ = table_of(stored(columns, kind, place), VOTES.id_columns({}))
    return read_votes(rows, columns={}, where={}, cluster=None, weight=weight)


def ratings(kind: str, place: Path, **said: Sequence[str]) -> Any:
    columns = {"item": ["q1", "q2", "q3"] * 2, "rater": ["r"] * 3 + ["s"] * 3, "rating": ["3", "2", "3"] * 2} | said
    rows, _ = table_of(stored(columns, kind, place), RATINGS.id_columns({}))
    return read_ratings(rows, columns={}, where={}, cluster=None, measurement=None)


def verdicts(kind: str, place: Path, **said: Sequence[str]) -> Any:
    columns = {"item": ["q1", "q2", "q3"], "model": ["m"] * 3, "verdict": ["1", "0", "1"], "human": ["1", "0", "1"]}
    rows, _ = table_of(stored(columns | said, kind, place), VERDICTS.id_columns({}))
    return read_verdicts(rows, columns={}, where={})


def of_items(rows: pl.DataFrame, items: Sequence[str]) -> list[Any]:
    scores = dict(rows.select("item", "score").iter_rows())
    return [scores[item] for item in items]


def scores_of(kind: str, place: Path, cells: Sequence[str], read: Callable[..., pl.DataFrame]) -> list[Any]:
    items = [f"q{place}" for place in range(len(cells))]
    return of_items(read(kind, place, item=items, model=["m"] * len(cells), score=cells), items)


def scores_beside(kind: str, place: Path, cells: Sequence[str]) -> list[Any]:
    ids = [f"q{place}" for place in range(len(cells))]
    return of_items(beside(kind, place, ids, cells), ids)


def scores_of_board(kind: str, place: Path, cells: Sequence[str]) -> list[Any]:
    names = [f"m{place}" for place in range(len(cells))]
    said = {each.model: each.score for each in board(kind, place, model=names, score=cells, n=["9"] * len(names))}
    return [said.get(name) for name in names]


def weights(kind: str, place: Path, cells: Sequence[str]) -> list[Any]:
    """What is left out stands at the end of nothing: a vote without a weight above 0 isn't there."""
    pairs = {"model_a": [f"m{place}" for place in range(len(cells))], "model_b": ["x"] * len(cells)}
    found = votes(kind, place, weight="w", w=cells, winner=["model_a"] * len(cells), **pairs)
    said = {found.models[first]: weight for first, weight in zip(found.votes.first, found.votes.weight, strict=True)}
    return [said.get(name) for name in pairs["model_a"]]


def judged(kind: str, place: Path, cells: Sequence[str]) -> list[Any]:
    names = [f"m{place}" for place in range(len(cells))]
    said = {"verdict": cells, "human": ["1"] * len(cells), "item": names, "model": names}
    found = verdicts(kind, place, **said)
    return [dict(zip(found.models, found.verdicts[:, 0].tolist(), strict=True)).get(name) for name in names]


NUMBERS: dict[str, tuple[str, str, Callable[[str, Path, Sequence[str]], list[Any]]]] = {
    "a tidy table": ("score", "score", lambda kind, place, cells: scores_of(kind, place, cells, tidy)),
    "verdicts": ("verdict", "verdict", judged),
    "a mapping": ("number", "score", lambda kind, place, cells: scores_of(kind, place, cells, mapped)),
    "a file beside": ("number", "score", scores_beside),
    "a board": ("number", "score", scores_of_board),
    "weights of votes": ("number", "w", weights),
}
"""By way in: what a cell is there (a number; a score, which may be a word; a verdict), the column that a refusal names, and what reads it.

A mapping says what a word is worth; a board and a weight hold no words.
"""
WAYS = some(
    [(way, kind) for way in NUMBERS for kind in KINDS if kind != "frame" or way not in ("a mapping", "a file beside")]
)


def meant(cell: str, role: str) -> Any:
    means = CELLS[cell]
    if role == "verdict" and means.verdict == ():
        return None
    return means.number if role == "number" else means.score


@pytest.mark.parametrize(("way", "kind"), WAYS)
def test_a_number_cell_has_the_same_value_in_every_input_format(way: str, kind: str, tmp_path: Path) -> None:
    role, _, found = NUMBERS[way]
    expected = {cell: worth for cell in CELLS if (worth := meant(cell, role)) != REFUSED}
    if way == "weights of votes":  # one of 0 is left out, and counted
        expected = {cell: worth or None for cell, worth in expected.items()}
    assert found(kind, tmp_path, ["1.5", *expected])[1:] == list(expected.values())
    if kind != "csv":
        return
    for cell in (cell for cell in expected if is_inferred(cell)):  # as numbers, where all cells are
        assert found(kind, tmp_path, ["1.5", cell])[1:] == [expected[cell]], cell


def is_inferred(cell: str) -> bool:
    """Say whether Polars may take a column of CSV with such cells for numbers or truth values."""
    return cell[-1:].isdigit() or cell.lower() in ("true", "nan", "inf", "-inf", "")


@pytest.mark.parametrize(("way", "kind"), WAYS)
def test_a_non_numeric_cell_is_an_error_that_names_its_column_and_row(way: str, kind: str, tmp_path: Path) -> None:
    role, column, found = NUMBERS[way]
    for cell in (cell for cell in CELLS if meant(cell, role) == REFUSED):
        with pytest.raises(hs.HowsureError) as refused:
            found(kind, tmp_path, ["0.5", cell, "0.5"])
        told = str(refused.value)
        if kind == "csv" and cell == BINARY:
            continue
        assert f"column {column!r}" in told, cell
        assert re.search(r"\(row [12]\)", told), cell
        assert re.search(r"\. [A-Z]\w+ .*\.", told), "what to do about it"
        assert len(told) < 600, cell


@pytest.mark.parametrize("kind", KINDS)
def test_ratings_are_free_text_and_equal_numbers_are_one_rating(kind: str, tmp_path: Path) -> None:
    for cell, means in CELLS.items():
        rated = {"rating": ["3", cell, "2"] * 2}
        expected = cell if means.rating is None else means.rating
        if expected == REFUSED or (kind == "csv" and cell == BINARY):
            with pytest.raises(hs.HowsureError) as refused:
                ratings(kind, tmp_path, **rated)
            assert cell == BINARY or "'q2'" in str(refused.value)
        else:
            assert {*ratings(kind, tmp_path, **rated).values} == {"2", "3", expected} - {""}, cell


def names_of(kind: str, place: Path, cells: Sequence[str], *, winners: bool = False) -> list[str]:
    size = len(cells)
    said = {"model_a": cells, "model_b": ["x"] * size, "winner": cells if winners else ["model_a"] * size}
    return [name for name in votes(kind, place, **said).models if name != "x"]


def rated(kind: str, place: Path, cells: Sequence[str]) -> list[str]:
    size = len(cells)
    said = {"rater": [cell for cell in cells for _ in "xy"], "item": ["x", "y"] * size, "rating": ["1", "2"] * size}
    return list(ratings(kind, place, **said).raters)


def judged_models(kind: str, place: Path, cells: Sequence[str]) -> list[str]:
    said = {name: ["1"] * len(cells) for name in ("verdict", "human")}
    found = verdicts(kind, place, **said, item=[f"q{place}" for place in range(len(cells))], model=cells)
    return [name for name in found.models if name != "(no name)"]


def known_beside(kind: str, place: Path, cells: Sequence[str]) -> list[str]:
    return beside(kind, place, cells, ["1"] * len(cells)).filter(pl.col("score") == 1)["item"].to_list()


def tidied(read: Callable[..., pl.DataFrame], role: str, kind: str, place: Path, cells: Sequence[str]) -> list[str]:
    size = len(cells)
    said = {"item": [f"q{place}" for place in range(size)], "model": ["m"] * size, "score": ["1"] * size}
    return read(kind, place, **said | {role: cells})[role].to_list()


IDS: dict[str, Callable[[str, Path, Sequence[str]], list[str]]] = {
    "items of a tidy table": partial(tidied, tidy, "item"),
    "models of a tidy table": partial(tidied, tidy, "model"),
    "items of a mapping": partial(tidied, mapped, "item"),
    "models of a mapping": partial(tidied, mapped, "model"),
    "ids of a file beside": known_beside,
    "models of a board": lambda kind, place, cells: [
        each.model for each in board(kind, place, model=cells, score=["1"] * len(cells), n=["9"] * len(cells))
    ],
    "models of votes": names_of,
    "winners of votes": partial(names_of, winners=True),
    "models of verdicts": judged_models,
    "raters": rated,
}
ID_WAYS = some(
    [
        (way, kind)
        for way in IDS
        for kind in KINDS
        if kind != "frame" or not way.endswith(("a mapping", "a file beside"))
    ]
)


@pytest.mark.parametrize(("way", "kind"), ID_WAYS)
def test_ids_and_names_are_kept_exactly_as_written(way: str, kind: str, tmp_path: Path) -> None:
    cells = [cell for cell in CELLS if cell.strip() and (kind, cell) != ("csv", BINARY)]
    if way == "winners of votes":  # one that says that there is none, is none
        cells = [cell for cell in cells if CELLS[cell] is not GONE and CELLS[cell].verdict is None]
    assert {*IDS[way](kind, tmp_path, cells)} == {*cells}
    if kind == "csv":
        for cell in filter(is_inferred, cells):
            assert {*IDS[way](kind, tmp_path, ["8", cell])} == {"8", cell}, cell


@pytest.mark.parametrize(("way", "kind"), [(way, kind) for way, kind in ID_WAYS if way != "winners of votes"])
def test_a_blank_id_or_name_counts_as_missing(way: str, kind: str, tmp_path: Path) -> None:
    if way.endswith(("a mapping", "a file beside")):
        with pytest.raises(hs.ReadError, match=r"2 rows without a name of the (item|model)"):
            IDS[way](kind, tmp_path, ["8", "9", "", " "])
    else:
        assert {*IDS[way](kind, tmp_path, ["8", "9", "", " "])} - {None} == {"8", "9"}


def test_float_item_ids_lose_their_decimal_zero_but_model_versions_keep_it(tmp_path: Path) -> None:
    """Pandas makes 1.0 of an id where another is missing; a model's 1.0 is a version."""
    columns = {"item": [1.0, 2.0], "model": [1.0, 2.0], "score": [1, 0]}
    for kind in KINDS:
        read = hs.read(stored(columns, kind, tmp_path)).to_frame()
        assert read.select("item", "model").rows() == [("1", "1.0"), ("2", "2.0")]
    versions = hs.read(stored(columns | {"item": ["1.0", "1.10"]}, "csv", tmp_path)).to_frame()
    assert versions["item"].to_list() == ["1.0", "1.10"]


def test_ids_beyond_float_precision_stay_distinct(tmp_path: Path) -> None:
    ids = [2**53, 2**53 + 1]
    for kind in KINDS:
        found = hs.read(stored({"item": ids, "model": ["m"] * 2, "score": [1, 0]}, kind, tmp_path)).to_frame()
        assert found["item"].to_list() == [str(each) for each in ids]
    (tmp_path / "mixed.jsonl").write_text(
        "\n".join(json.dumps({"item": each, "model": "m", "score": 1}) for each in (*ids, 0.5)), encoding="utf-8"
    )
    assert hs.read(tmp_path / "mixed.jsonl").to_frame()["item"].to_list() == [*map(str, ids), "0.5"]
    assert len(hs.read(tmp_path / "mixed.jsonl", where={"item": str(ids[0])}).to_frame()) == 1


def test_verbs_keep_leading_zeros_of_ids_in_csv_files(tmp_path: Path) -> None:
    names = ["007", "7"] * 20
    won = {"left": names, "right": names[1:] + names[:1], "winner": names, "voter": [f"{k:03}" for k in range(40)]}
    path = stored(won, "csv", tmp_path)
    columns = {"model_a": "left", "model_b": "right"}
    assert {entry.model for entry in hs.arena(path, columns=columns).boards[0].board.entries} == {"007", "7"}
    assert hs.head_to_head(path, "007", "7", columns=columns).direct_votes.wins == 20
    said = {"id": [f"{k:02}" for k in range(20)] * 2, "who": ["007"] * 20 + ["7"] * 20, "rating": ["1", "2"] * 20}
    assert "007 says 2  7 says 2" in str(hs.agree(stored(said, "csv", tmp_path, "rated"), columns={"rater": "who"}))
    judged = {"item": [f"{k}" for k in range(40)], "system": names, "judge": ["1", "0"] * 20, "human": ["1", "0"] * 20}
    found = hs.judge(stored(judged, "csv", tmp_path, "judged"), columns={"model": "system"})
    assert {entry.model for entry in found.models} == {"007", "7"}
