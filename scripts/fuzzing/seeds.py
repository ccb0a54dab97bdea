"""Seeds: inputs that once were answered wrongly, or ended the process, each with what it must give now."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import cells, databases, zips
from .case import Case


@dataclass(frozen=True, kw_only=True)
class Seed:
    """An input and its outcome: an error that fits `refused`, or figures that fit `gives` beside words that fit `said`."""

    name: str
    ask: str
    named: str
    files: Callable[[], Mapping[str, bytes]]
    options: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    said: str = ""
    gives: Callable[[dict[Any, Any]], bool] = bool

    def case(self) -> Case:
        """Make the files."""
        return Case(label=self.name, ask=self.ask, named=self.named, files=self.files(), options=self.options)

    def holds(self, outcome: str, found: Any) -> bool:
        """Say whether a question ended as it must."""
        if outcome == "refused":
            return bool(self.refused and re.search(self.refused, found))
        if outcome != "read" or self.refused:
            return False
        values, words = found
        return self.gives(values) and bool(re.search(self.said, "\n".join(words)))


def file(name: str, data: str | bytes):
    """Return a maker of one file."""
    return lambda: {name: data.encode() if isinstance(data, str) else data}


def votes_of(first: str, second: str) -> bytes:
    """Sixty votes in both orders, all but one of which the first model won, by its name."""
    rows = [(first, second, first) if k % 2 else (second, first, first) for k in range(59)]
    header = ("model_a", "model_b", "winner")
    return cells.as_csv(cells.Table(header=header, rows=(*rows, (first, second, second))))


def wins(first: str):
    """Say whether a board gives a model what 59 of 60 votes are worth."""

    def given(values: dict[Any, Any]) -> bool:
        scores = {dict(row)["model"]: float(dict(row)["value"]) for row in values.values()}
        return abs(scores[first] - 59 / 60) < 0.001

    return given


def table(*records: Mapping[str, Any]) -> bytes:
    return cells.as_csv(cells.table_of([dict(record) for record in records]))


def mapped(
    name: str, data: str, gives: Mapping[str, float | None], *, said: str = "", gold: str = "", score: str = "x"
) -> dict[str, Any]:
    """What a seed of a mapping is: a file, the scores of its items, and what lies beside it."""
    options = {"item": "id", "score": score, **({"beside": {"gold": "gold.csv"}} if gold else {})}
    files = {name: data.encode(), **({"gold.csv": gold.encode()} if gold else {})}
    return {
        "ask": "mapped items",
        "named": name,
        "files": lambda: files,
        "options": options,
        "gives": lambda values: values == gives,
        "said": said,
    }


GOLD = "pred == gold[id].gold"
LARGE = 2**53
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def damaged() -> dict[str, bytes]:
    """A Parquet file with a number of its metadata changed, which once ended the process."""
    whole = cells.table_of([{"model": "m", "item": f"q{k}", "score": k % 2} for k in range(40)])
    data = bytearray(cells.as_parquet(whole))
    data[-40:-20] = b"\xff" * 20
    return {"a.parquet": bytes(data)}


def two_of_one_name() -> dict[str, bytes]:
    rows = [zips.ROWS.format(model=model, score=1).encode() for model in "xyz"]
    return {"a.zip": zips.packed([("x.csv", rows[0]), ("x.csv", rows[2]), ("b.csv", rows[1])])}


def with_colons() -> dict[str, bytes]:
    rows = [zips.ROWS.format(model=model, score=1).encode() for model in "xy"]
    return {"a.zip": zips.packed([("mmlu:subject=law,model=x/rows.csv", rows[0]), ("b.csv", rows[1])])}


def long_key() -> dict[str, bytes]:
    rows = [
        {"model": "a", "item": k, "score": int(k > 0), **({"k" * 10_000_000: 1} if not k else {})} for k in range(4)
    ]
    return {"a.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()}


def many_models() -> dict[str, bytes]:
    return {"a.csv": table(*({"model": f"m{k}", "item": "q", "score": k % 2} for k in range(100_000)))}


def lm_eval_twice() -> dict[str, bytes]:
    """Samples of lm-eval, every line of which comes twice."""
    from .files import ROOT

    found = sorted((ROOT / "tests" / "fixtures" / "lm_eval").rglob("samples_*.jsonl"))[0]
    lines = found.read_bytes().splitlines(keepends=True)
    return {f"run/{found.name}": b"".join(line * 2 for line in lines)}


RATINGS = [{"item": f"i{k}", "rater": who, "rating": k % 5} for k in range(30) for who in "ab"]
CAPITALS = [
    {"item": f"i{k}", "rater": who, "rating": "A" if who == "a" or k else "a"} for k in range(30) for who in "ab"
]
JUDGED = [{"question": k, "judge": k % 3 > 0, "human": k % 4 > 0} for k in range(80)]
VOTED = [
    {"id": k, "model_a": "x", "model_b": "y", "winner": ("model_a", "model_b", "model_a")[k % 3]} for k in range(60)
]
DISJOINT = [
    {"model": m, "item": f"{m}{k}", "score": int(k % 10 < right)}
    for m, right in (("a", 8), ("b", 5))
    for k in range(200)
]
ROWS = "model,item,score\na,q1,1\na,q2,0\n"
SIGNS = [{"model": f"{sign}cmd", "item": f"q{k}", "score": k % 2} for sign in "=＝+＋-－@＠" for k in range(4)]


def shielded(values: dict[Any, Any]) -> bool:
    """Say whether no cell begins as a formula does, in either width."""
    return not any(re.search(r"(^|,)\"?[=＝+＋@＠－]|(^|,)-cmd", line) for line in values.values())


def _names() -> list[Seed]:
    pairs = (("A", "B"), ("a", "b"), ("left", "right"), ("1", "2"), ("first", "second"), ("model_a", "model_b"))
    return [
        Seed(
            name=f"models called {first} and {second}",
            ask="arena",
            named="v.csv",
            files=file("v.csv", votes_of(first, second)),
            gives=wins(first),
        )
        for first, second in pairs
    ]


def _mappings() -> list[Seed]:
    padded = "id,pred\n" + "".join(f"{k:03},{k % 3}\n" for k in range(1, 7))
    gold = "id,gold\n" + "".join(f"{k:03},{k % 3}\n" for k in range(1, 7))
    large = f"id,p,a\n0,{LARGE + 1},{LARGE + 1}\n1,{LARGE + 1},{LARGE}\n2,12,12\n"
    apart = {"007": 1, "7": 0, "1e2": 1, "100": 0, "1.10": 1, "1.1": 0}
    lacking = '[{"id": 1, "pred": "A"}, {"id": 2, "pred": "B"}]'
    twice = [
        ("a.json", '[{"id":1,"x":1,"x":0}]', 0),
        ("a.jsonl", '{"id":1,"x":1,"x":0}\n', 0),
        ("a.csv", "id,x,x\n1,1,0\n", 1),
    ]
    return [
        Seed(
            name="ids 001 beside", **mapped("a.csv", padded, {f"{k:03}": 1 for k in range(1, 7)}, gold=gold, score=GOLD)
        ),
        Seed(
            name="gold ids lacking", **mapped("a.json", lacking, {"1": 1, "2": None}, gold="id,gold\n1,A\n", score=GOLD)
        ),
        Seed(name="007 and 7", **mapped("t.csv", "id,x\n" + "".join(f"{k},{v}\n" for k, v in apart.items()), apart)),
        Seed(name="numbers above 2^53", **mapped("t.csv", large, {"0": 1, "1": 0, "2": 1}, score="p == a")),
        *(
            Seed(name=f"a name twice in {name}", **mapped(name, text, {"1": last}, said="'x'"))
            for name, text, last in twice
        ),
    ]


def _files() -> list[Seed]:
    board = "model,score,n,\nx,0.7,100,\ny,0.6,100,\n"
    return [
        Seed(
            name="runs of no name",
            ask="scores",
            named="a.csv",
            files=file("a.csv", ROWS),
            options={"runs": ("nope",)},
            refused="nope",
        ),
        Seed(
            name="a database with a log",
            ask="mapped",
            named="runs.db",
            files=databases.built,
            gives=lambda found: [*found.values()] == [("0.25", 40)],
        ),
        Seed(
            name="a board's last header empty",
            ask="scores",
            named="b.csv",
            files=file("b.csv", board),
            gives=lambda found: len(found) == 2,
        ),
        Seed(
            name="a zip with colons",
            ask="scores",
            named="a.zip",
            files=with_colons,
            gives=lambda found: len(found) == 2,
        ),
        Seed(
            name="a zip with two of a name",
            ask="scores",
            named="a.zip",
            files=two_of_one_name,
            gives=lambda found: len(found) == 1,
            said="several members of this name differ",
        ),
        Seed(
            name="lm-eval twice",
            ask="scores",
            named="run",
            files=lm_eval_twice,
            said="twice|repeated|more than once|copies",
        ),
        Seed(
            name="damaged Parquet",
            ask="scores",
            named="a.parquet",
            files=damaged,
            refused="not a readable table|damaged",
        ),
        Seed(name="100,000 models", ask="leaderboard", named="a.csv", files=many_models, refused="100,000 models"),
        Seed(
            name="a key of 10 MB",
            ask="scores",
            named="a.jsonl",
            files=long_key,
            gives=lambda found: [*found.values()] == [("0.75", 4)],
        ),
        Seed(
            name="aliases of YAML",
            ask="mapped items",
            named="a.yaml",
            files=file("a.yaml", BOMB),
            options={"rows": "[*]", "item": "item", "score": "score"},
            refused="aliases that expand to more|needs PyYAML|howsure\\[yaml\\]",
        ),
        Seed(name="signs of formulas", ask="csv", named="a.csv", files=file("a.csv", table(*SIGNS)), gives=shielded),
    ]


def _judgments() -> list[Seed]:
    copies = "{} repeated rows counted"
    infinite = [{**row, "human": "inf" if k == 3 else int(row["human"])} for k, row in enumerate(JUDGED)]
    vast = {
        value: [{**row, "rating": value if not k else row["rating"]} for k, row in enumerate(RATINGS)]
        for value in ("inf", "1e308")
    }
    return [
        *(
            Seed(
                name=f"votes twice, for {ask}",
                ask=ask,
                named="v.csv",
                files=file("v.csv", table(*VOTED, *VOTED[:15])),
                said=copies.format(15),
            )
            for ask in ("arena", "bias")
        ),
        Seed(
            name="verdicts twice",
            ask="judge",
            named="j.csv",
            files=file("j.csv", table(*JUDGED, *JUDGED)),
            said=copies.format(80),
        ),
        Seed(
            name="infinite labels",
            ask="judge",
            named="j.csv",
            files=file("j.csv", table(*infinite)),
            refused="column 'human' has the value 'inf'",
        ),
        Seed(
            name="ratings in capitals",
            ask="agree",
            named="r.csv",
            files=file("r.csv", table(*CAPITALS)),
            said="differ only in capitals: 'A', 'a'",
        ),
        *(
            Seed(
                name=f"a rating of {value}",
                ask="agree",
                named="r.csv",
                files=file("r.csv", table(*rows)),
                refused="too large to take a difference of",
            )
            for value, rows in vast.items()
        ),
        Seed(
            name="a gate on disjoint questions",
            ask="gated",
            named="a.csv",
            files=file("a.csv", table(*DISJOINT)),
            options={"candidate": "a", "baseline": "b"},
            gives=lambda found: dict(found[0])["verdict"] == "unclear",
        ),
    ]


SEEDS = (*_names(), *_mappings(), *_files(), *_judgments())
