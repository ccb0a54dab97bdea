"""Saved baselines and policies, and gates that go by them."""

import gzip
import random
import re
import tempfile
from pathlib import Path
from random import Random

from . import cells, mappings, texts
from .case import Case, Mutation, Way
from .files import ROOT
from .tables import OfTable, of_table

POLICY = b"""level = 0.95
margin = "2pp"
tier = "supporting"

[tasks."safety*"]
tier = "critical"
margin = "10pp"
weight = 2

[tasks.maths]
tier = "advisory"
margin = "5%rel"

[slices.language]
margin = "50pp"

[costs.usd]
tier = "critical"
ratio_at_most = 1.5
"""
VALUES = (
    *(
        '"critical"',
        '"advisory"',
        '"none"',
        '"0pp"',
        '"-1pp"',
        '"nanpp"',
        '"infpp"',
        '"1e999pp"',
        '"5%rel"',
        '"1e308%rel"',
    ),
    *(
        '"rel"',
        '"%"',
        '""',
        "0",
        "-1",
        "1",
        "1e308",
        "inf",
        "nan",
        "true",
        "[1]",
        "{}",
        "{a = 1}",
        "1979-05-27",
        '"१pp"',
    ),
    *("9" * 5_000, f'"{"9" * 5_000}pp"', "0x10", "0.5", "1.0", "1e-320", "{'' = {}}", '"1_0pp"'),
)
TABLES = (
    '[tasks."*"]',
    '[tasks."["]',
    '[tasks."[!"]',
    "[slices.nothing]",
    "[costs.seconds]",
    "[costs.nothing]",
    "[x]",
    '[tasks.""]',
)


def value(data: bytes, rng: Random) -> bytes:
    """Put another value behind a key."""
    places = list(re.finditer(rb"(?<== ).*", data))
    if not places:
        return texts.cut(data, rng)
    place = rng.choice(places)
    return data[: place.start()] + rng.choice(VALUES).encode() + data[place.end() :]


def name(data: bytes, rng: Random) -> bytes:
    """Speak of another task, slice or cost."""
    place = rng.choice(list(re.finditer(rb"\[.*\]", data)) or [re.search(rb"$", data)])
    return data[: place.start()] + rng.choice(TABLES).encode() + data[place.end() :]


OWN = {
    "another value": value,
    "another table": name,
    "a key more": lambda data, rng: f"{rng.choice(mappings.KEYS)} = {rng.choice(VALUES)}\n".encode() + data,
    **{
        kind: texts.MUTATIONS[kind]
        for kind in ("cut", "flipped", "line deleted", "line doubled", "utf-16", "bom", "zeros")
    },
}


def rows(*models: str) -> cells.Table:
    """Return rows of two tasks with a column to slice by, and costs."""
    rng = random.Random(3)
    return cells.table_of(
        [
            {
                "task": task,
                "model": model,
                "item": f"{task}{k}",
                "score": int(rng.random() < 0.7),
                "language": "de fr".split()[k % 2],
                "usd": 0.01 + rng.random() / 1e2,
            }
            for task in ("maths", "safety1")
            for model in models
            for k in range(60)
        ]
    )


def policies() -> Way:
    """A policy of all kinds of tables; it is mutated, or the scores that it is asked of."""
    table = rows("new", "old")
    options = {"candidate": "new", "baseline": "old", "policy": "policy.toml"}
    cases = tuple(
        OfTable(
            label=label,
            ask="gated",
            named="scores.csv",
            files={"scores.csv": cells.as_csv(table), "policy.toml": policy},
            options=options,
            table=table,
        )
        for label, policy in (("a policy", POLICY), ("a margin", b'margin = "2pp"\n'))
    )
    own = {f"policy: {kind}": texts.of_file(mutate, "policy.toml") for kind, mutate in OWN.items()}
    scores = {f"scores: {kind}": of_table(mutate) for kind, mutate in cells.MUTATIONS.items()}
    valid = {f"policy: {kind}" for kind in ("another value", "another table", "a key more", "flipped", "line deleted")}
    valid |= {f"scores: {kind}" for kind in cells.VALID}
    return Way(name="policies", cases=cases, mutations={**own, **scores}, valid=frozenset(valid))


def baselines() -> Way:
    """Baselines as `howsure.save_baseline` writes them, of a table and of logs; each beside what is to be admitted."""
    log = sorted((ROOT / "examples" / "logs").rglob("*.eval"))[0]
    table = {"new.csv": cells.as_csv(rows("new"))}
    cases = (
        _case("a baseline of a table", saved({"old.csv": cells.as_csv(rows("old"))}), "new.csv", table),
        _case("a baseline of a log", saved({log.name: log.read_bytes()}), log.name, {log.name: log.read_bytes()}),
    )
    inside = {f"in it: {kind}": _inside(mutate) for kind, mutate in texts.MUTATIONS.items()}
    inside["in it: another value"] = _inside(_value)
    outside = {
        kind: texts.of_file(texts.MUTATIONS[kind], "main.howsure") for kind in (*texts.DAMAGE, "bom", "line doubled")
    }
    outside["twice"] = texts.of_file(lambda data, _: data * 2, "main.howsure")
    valid = frozenset({"in it: another value", *(f"in it: {kind}" for kind in texts.VALID)})
    return Way(name="baselines", cases=cases, mutations={**inside, **outside}, valid=valid)


def saved(files: dict[str, bytes]) -> bytes:
    """Return what a baseline of files holds."""
    import howsure

    with tempfile.TemporaryDirectory() as folder:
        for place, data in files.items():
            Path(folder, place).write_bytes(data)
        found = howsure.save_baseline(
            [str(Path(folder, place)) for place in files], "main", output=f"{folder}/main.howsure"
        )
        return Path(found.path).read_bytes()


def _case(label: str, baseline: bytes, named: str, files: dict[str, bytes]) -> Case:
    files = {**files, "main.howsure": baseline}
    return Case(label=label, ask="gated saved", named=named, files=files, options={"baseline": "main.howsure"})


def _inside(mutate) -> Mutation:
    def mutation(case: Case, rng: Random) -> Case:
        data = mutate(gzip.decompress(case.files["main.howsure"]), rng)
        return case.with_file("main.howsure", gzip.compress(data, mtime=0))

    return mutation


def _value(data: bytes, rng: Random) -> bytes:
    """Put something else in the place of any value, also of lists and objects that are short."""
    places = list(
        re.finditer(rb'(?<=[:,\[])(?:-?[\d.]+|"[^"]*"|\[[^\[\]]{0,60}\]|\{[^{}]{0,200}\}|null|true|false)', data)
    )
    place = rng.choice(places)
    new = rng.choice(
        (
            b"null",
            b"[]",
            b"{}",
            b"-1",
            b"1e999",
            b"true",
            b'""',
            b'"\\u0000"',
            b"9" * 400,
            b"[[[]]]",
            b'"x"',
            b"0.5",
            b"99999",
        )
    )
    return data[: place.start()] + new + data[place.end() :]
