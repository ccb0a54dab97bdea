"""Mappings with the files that they map, and what lies beside these."""

import json
import re
from collections.abc import Callable
from random import Random

from . import cells, texts
from .case import Case, Mutation, Way

VALUES = (
    *(
        "gold[",
        "gold[id",
        "gold[id].gold.gold",
        "gold[gold[id].gold]",
        "nothing",
        "up.up.up",
        "top[*]",
        "key[99999999999]",
    ),
    *("((((" * 2_000, "-" * 5_000 + "1", "not " * 3_000 + "x", "lower(" * 500 + "x" + ")" * 500, "a" + ".a" * 5_000),
    *("1/0", "0/0", "9" * 5_000, "1e999", "-1e999", "1e308*1e308", "2**9", "x == ", "[*]", "*", ".", "", " ", "\0"),
    *(
        '{"a": 1}[id]',
        '{"a": "b"}[id]',
        "{}[id]",
        '{"1": 1, "1": 0}[id]',
        "number(text(id))",
        "percent(id)",
        "digest(id)",
    ),
    *("id", "pred", "gold", "missing(pred)", "lower(id, id)", "nope(id)", "id in (1, 2)", "id in id", "1 < id < 3 < 4"),
    *("true", "null", "None", "record", 'record["id"]', "value", "column", "file", "folder", "pred + 1", "pred + 'a'"),
    *("(a+)+b", "(?P<model>.*)(?P<model>.*)", "(?P<x>[)", r"(\w+)\1", "x" * 100_000, "é模", "../../etc/passwd", "/"),
)
TOKENS = ('"x"', "1", "true", "[1]", '["a", "b"]', "{}", '{a = "gold.csv"}', "1979-05-27", "inf", "nan", '""')
KEYS = (
    *("rows", "where", "beside", "item", "score", "model", "task", "attempt", "metric", "cluster", "weight", "status"),
    *("columns", "files", "path", "keep", "lower_is_better", "n", "stderr", "usd", "seconds", "tokens_in", "nonsense"),
)


def mappings() -> Way:
    """A few mappings of each kind of document; the text of the mapping, what it maps and what lies beside are mutated."""
    both = {f"mapped: {name}": texts.of_file(mutate) for name, mutate in texts.MUTATIONS.items()}
    beside = {f"beside: {name}": _beside(mutate) for name, mutate in texts.MUTATIONS.items()}
    own = {f"mapping: {name}": texts.of_file(mutate, "map.toml") for name, mutate in OWN.items()}
    words = texts.VALID | {"null", "nan", "huge", "digits", "text"}  # an answer may be any of these
    valid = {f"{part}: {name}" for part in ("mapped", "beside") for name in words}
    valid |= {
        f"mapping: {name}" for name in ("another expression", "a key more", "line deleted", "flipped", "another value")
    }
    return Way(name="mappings", cases=tuple(_cases()), mutations={**both, **beside, **own}, valid=frozenset(valid))


def expression(data: bytes, rng: Random) -> bytes:
    """Put another expression in the place of one."""
    places = list(re.finditer(rb"'[^'\n]*'|\"[^\"\n]*\"", data))
    if not places:
        return texts.cut(data, rng)
    place, value = rng.choice(places), json.dumps(rng.choice(VALUES)).encode()
    return data[: place.start()] + value + data[place.end() :]


def value(data: bytes, rng: Random) -> bytes:
    """Put another kind of value behind a key."""
    lines = data.splitlines(keepends=True)
    places = [k for k, line in enumerate(lines) if b" = " in line]
    if not places:
        return texts.cut(data, rng)
    place = rng.choice(places)
    lines[place] = lines[place].split(b" = ")[0] + b" = " + rng.choice(TOKENS).encode() + b"\n"
    return b"".join(lines)


def key(data: bytes, rng: Random) -> bytes:
    """Say more: a key that there is, or isn't, with a value that it might have."""
    said = json.dumps(rng.choice(VALUES)) if rng.random() < 0.7 else rng.choice(TOKENS)
    return data.rstrip(b"\n") + f"\n{rng.choice(KEYS)} = {said}\n".encode()


OWN: dict[str, Callable[[bytes, Random], bytes]] = {
    "another expression": expression,
    "another value": value,
    "a key more": key,
    **{name: texts.MUTATIONS[name] for name in ("cut", "flipped", "line deleted", "line doubled", "utf-16", "bom")},
}


def _beside(mutate) -> Mutation:
    def mutation(case: Case, rng: Random) -> Case:
        place = sorted(set(case.files) - {"map.toml"})[0]  # what lies beside comes first, where there is any
        return case.with_file(place, mutate(case.files[place], rng))

    return mutation


def _cases():
    answers = [{"id": f"{k:03}", "pred": "ABC"[k % 3], "usage": {"total": k}} for k in range(30)]
    flat = cells.table_of([{"id": row["id"], "pred": row["pred"]} for row in answers])
    gold = "id,gold\n" + "".join(f"{k:03},{'ABC'[(k * k) % 3]}\n" for k in range(30))
    by_id = json.dumps({f"{k:03}": {"gold": "ABC"[k % 2]} for k in range(30)})
    lookup = "item = 'id'\nscore = 'pred == gold[id].gold'\n"
    for form in ("json", "csv", "jsonl", "parquet"):
        yield _case(f"answers.{form}", cells.WRITERS[form](flat), lookup + "beside = {gold = 'a-gold.csv'}\n", gold)
    whole = json.dumps(answers).encode()
    yield _case(
        "of objects.json", whole, lookup + "tokens_in = 'usage.total'\nbeside = {gold = 'a-gold.json'}\n", by_id
    )
    runs = {
        "runs": [
            {"model": m, "answers": {f"q{k}": {"verdict": v, "seconds": k} for k, v in enumerate(w)}} for m, w in RUNS
        ]
    }
    yield _case("verdicts.json", json.dumps(runs).encode(), VERDICTS)
    wide = [{"id": f"q{k}", **{f"m{j}": (k + j) % 3 == 0 for j in range(3)}, "tag": "t"} for k in range(20)]
    yield _case("wide.csv", cells.as_csv(cells.table_of(wide)), WIDE)
    yield _case("lines.jsonl", cells.as_lines(cells.table_of(wide)), WIDE)
    yield _case("board.csv", b"name,acc,count\nx,71.5,100\ny,68.2,100\n", BOARD)
    yield _case("list.yaml", b"- {id: a, ok: yes}\n- {id: b, ok: no}\n- &z {id: c, ok: true}\n", YAML)


RUNS = (("x", ("win", "tie", "loss", "win")), ("y", ("loss", "tie", "win", "loss")))
VERDICTS = """rows = "runs[*].answers.*"
item = "key[0]"
model = "up.model"
score = '{"win": 1, "tie": 0.5, "loss": 0}[verdict]'
seconds = "seconds"
"""
WIDE = """item = "id"
columns = ["m*"]
model = "column"
score = "value"
keep = ["tag"]
where = "tag == 't'"
path = '(?P<form>\\w+)\\.(?P<suffix>\\w+)$'
"""
BOARD = """model = "name"
score = "percent(acc)"
n = "count"
"""
YAML = """rows = "[*]"
item = "id"
score = "ok"
"""


def _case(name: str, data: bytes, mapping: str, beside: str = "") -> Case:
    files = {name: data, "map.toml": mapping.encode()}
    if beside:
        files["a-gold.json" if beside.startswith("{") else "a-gold.csv"] = beside.encode()
    return Case(label=f"mapping of {name}", ask="mapped", named=name, files=files)
