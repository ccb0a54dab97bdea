"""Votes, ratings and verdicts, each written in four forms."""

import random
from dataclasses import dataclass
from random import Random
from typing import Any

from . import cells, texts
from .case import Case, Mutation, Way
from .cells import Table

MANY = 120


@dataclass(frozen=True, kw_only=True)
class OfTable(Case):
    """A case whose file is a table, written by its suffix."""

    table: Table

    def form(self) -> str:
        return self.named.rsplit(".", 1)[1]


def of_table(mutate) -> Mutation:
    def mutation(case: OfTable, rng: Random) -> Case:
        try:
            data = cells.WRITERS[case.form()](mutate(case.table, rng))
        except (OverflowError, ValueError):  # the form holds no such value
            return case
        return case.with_file(case.named, data)

    return mutation


GAPS = frozenset({"null", "empty", "whitespace", "row cut"})
"""Ratings and labels that aren't there are a part of every table of them."""


def _way(
    name: str, tables: dict[str, tuple[Table, str, dict[str, Any]]], *, valid: frozenset[str] = frozenset()
) -> Way:
    """Return the way in of tables, each with its question and options; `valid`: more mutations that leave another valid table."""
    cases = []
    for kind, (table, ask, options) in tables.items():
        for form, write in cells.WRITERS.items():
            place = f"{kind.replace(' ', '_')}.{form}"
            files = {place: write(table)}
            cases.append(
                OfTable(label=f"{kind} in {form}", ask=ask, named=place, files=files, options=options, table=table)
            )
    mutations = {kind: of_table(mutate) for kind, mutate in cells.MUTATIONS.items()}
    mutations |= {f"bytes {kind}": texts.of_file(texts.MUTATIONS[kind]) for kind in (*texts.DAMAGE, "utf-16", "bom")}
    return Way(name=name, cases=tuple(cases), mutations=mutations, valid=cells.VALID | valid | {"bytes flipped"})


def scores() -> Way:
    """Scores of three models on two tasks, with attempts."""
    rng = random.Random(4)
    rows = [
        {"task": task, "model": model, "item": f"{task}{k}", "attempt": attempt, "score": int(rng.random() < 0.6)}
        for task in ("maths", "reading")
        for model in ("x", "y", "z")
        for k in range(10)
        for attempt in (1, 2)
    ]
    graded = [
        {**row, "score": row["score"] * 0.9 + 0.05, "language": ("de", "fr")[k % 2]} for k, row in enumerate(rows)
    ]
    board = [{"model": f"m{k}", "score": 50 + k / 2, "n": 100 + k} for k in range(12)]
    return _way(
        "scores",
        {
            "scores": (cells.table_of(rows), "scores", {}),
            "scores graded": (cells.table_of(graded), "scores", {}),
            "a leaderboard": (cells.table_of(board), "scores", {}),
        },
    )


def votes() -> Way:
    """Votes among three models, in the words and numbers that tables have for a winner."""
    rng = random.Random(0)
    models = ("gpt", "claude", "llama")
    records = []
    for k in range(MANY):
        a, b = rng.sample(models, 2)
        won = rng.choice((a, a, b, "tie"))
        records.append({"model_a": a, "model_b": b, "winner": won, "voter": f"v{k % 20}", "id": k})
    by_side = [{**r, "winner": {r["model_a"]: "a", r["model_b"]: "b"}.get(r["winner"], "tie")} for r in records]
    shares = [{**r, "winner": {"a": 1.0, "b": 0.0, "tie": 0.5}[r["winner"]]} for r in by_side]
    weighed = [{**r, "length_a": 10 + k % 7, "length_b": 9 + k % 5, "w": 1 + k % 3} for k, r in enumerate(by_side)]
    names, sides, shared = map(cells.table_of, (records, by_side, shares))
    return _way(
        "votes",
        {
            "votes by name": (names, "arena", {}),
            "votes by side": (sides, "arena", {}),
            "votes as shares": (shared, "arena", {}),
            "votes weighed": (cells.table_of(weighed), "arena", {"covariate": "length", "weight": "w"}),
            "votes with ties": (sides, "arena", {"ties": "davidson"}),
            "two of three": (names, "head_to_head", {"a": "gpt", "b": "claude"}),
            "biases": (names, "bias", {}),
            "biases of sides": (cells.table_of(weighed), "bias", {"covariate": "length"}),
        },
    )


def ratings() -> Way:
    """Ratings of three raters: words, grades and numbers, long and wide."""
    rng = random.Random(1)
    truth = [rng.randrange(5) for _ in range(40)]
    wide = [
        {"item": f"i{k}", **{who: min(4, max(0, value + rng.choice((0, 0, 1, -1)))) for who in ("ann", "bo", "judge")}}
        for k, value in enumerate(truth)
    ]
    long = [
        {"item": row["item"], "rater": who, "rating": row[who], "doc": f"d{k % 8}"}
        for k, row in enumerate(wide)
        for who in ("ann", "bo", "judge")
    ]
    worded = [{**row, "rating": ("bad", "poor", "fair", "good", "great")[row["rating"]]} for row in long]
    return _way(
        "ratings",
        {
            "ratings wide": (cells.table_of(wide), "agree", {}),
            "ratings long": (cells.table_of(long), "agree", {}),
            "ratings in words": (cells.table_of(worded), "agree", {"cluster": "doc"}),
            "ratings as numbers": (cells.table_of(long), "agree", {"measurement": "interval", "human": "ann"}),
        },
        valid=GAPS,
    )


def verdicts() -> Way:
    """Verdicts of a judge beside labels of some of them."""
    rng = random.Random(2)
    rows = []
    for k in range(MANY):
        true = rng.random() < 0.6
        rows.append(
            {
                "item": f"q{k // 2}",
                "model": "xy"[k % 2],
                "judge": int(rng.random() < (0.9 if true else 0.2)),
                "human": int(true) if k % 3 else None,
                "chance": 0.67,
            }
        )
    words = [{**r, "judge": "pass" if r["judge"] else "fail"} for r in rows]
    graded = [{**r, "judge": r["judge"] * 0.8 + 0.1} for r in rows]
    drawn = {"labels_drawn": "random"}
    return _way(
        "verdicts",
        {
            "verdicts": (cells.table_of(rows), "judge", drawn),
            "verdicts in words": (cells.table_of(words), "judge", {}),
            "verdicts graded": (cells.table_of(graded), "judge", {}),
            "verdicts drawn": (cells.table_of(rows), "judge", {"labels_drawn": "probability:chance"}),
            "a verdict asked": (cells.table_of(rows), "judge", {**drawn, "at_least": 0.5}),
        },
        valid=GAPS,
    )
