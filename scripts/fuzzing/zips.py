"""Zips of logs and tables: their bytes are mutated, and archives built of members that no tool would write."""

import io
import struct
import warnings
import zipfile
from contextlib import suppress
from collections.abc import Callable
from random import Random

from . import texts
from .case import Case, Mutation, Way
from .files import ROOT

Member = tuple[str, bytes]
NAMES = (
    *(
        "a:b.csv",
        "C:/x.csv",
        "../x.csv",
        "/x.csv",
        "a/../../x.csv",
        "c:\\x.csv",
        ".hidden/x.csv",
        "x.csv/",
        "x.csv/y.csv",
    ),
    *(
        "a/" * 400 + "x.csv",
        "x" * 300 + ".csv",
        "x" * 60_000 + ".csv",
        "",
        " ",
        ".",
        "..",
        "con.csv",
        "nul",
        "é模\u202e.csv",
    ),
    *("a\nb.csv", "-x.csv", "x.csv.gz", "x.eval", "x.zip", "x.db", "x.parquet", "x.howsure", "a//b.csv", "./x.csv"),
)
ROWS = "task,model,item,score\n" + "".join(f"t,{{model}},{k},{{score}}\n" for k in range(10))


def zips() -> Way:
    """Two zips, of tables and of a log beside a table."""
    log = sorted((ROOT / "examples" / "logs").rglob("*.eval"))[0]
    tables = [(f"{m}/rows.csv", ROWS.format(model=m, score=s).encode()) for m, s in (("x", 1), ("y", 0))]
    cases = tuple(
        Case(label=label, ask="scores", named="a.zip", files={"a.zip": packed(members)})
        for label, members in (
            ("a zip of tables", tables),
            ("a zip of a log", [("x.eval", log.read_bytes()), tables[0]]),
        )
    )
    mutations = {name: of_members(mutate) for name, mutate in MEMBERS.items()}
    mutations |= {f"bytes {name}": texts.of_file(texts.MUTATIONS[name]) for name in texts.DAMAGE}
    mutations |= {name: texts.of_file(mutate) for name, mutate in RECORDS.items()}
    valid = frozenset({"member flipped", "another name", "case twins", "deep", "many", "one gone"})
    return Way(name="zips", cases=cases, mutations=mutations, valid=valid)


def packed(members: list[Member | tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, data in members:
            with suppress(IndexError):  # a name that is empty up to its first zero
                archive.writestr(name, data)
    return out.getvalue()


def members_of(data: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def of_members(mutate: Callable[[list[Member], Random], list]) -> Mutation:
    """Return the mutation of an archive's members."""

    def mutation(case: Case, rng: Random) -> Case:
        return case.with_file(case.named, packed(mutate(members_of(case.files[case.named]), rng)))

    return mutation


def _mutated(name: str):
    def mutation(members: list[Member], rng: Random) -> list[Member]:
        (first, data), *rest = members
        return [(first, texts.MUTATIONS[name](data, rng)), *rest]

    return mutation


def _named(members: list[Member], rng: Random) -> list[Member]:
    (_, data), *rest = members
    return [(rng.choice(NAMES), data), *rest]


def _twice(members: list[Member], rng: Random) -> list[Member]:
    (name, data), *rest = members
    return [(name, data), (name, rng.choice((data, data[: len(data) // 2]))), *rest]


def _twins(members: list[Member], rng: Random) -> list[Member]:
    (name, data), *rest = members
    return [(name, data), (name.upper(), data), *rest]


def _link(members: list[Member], rng: Random) -> list:
    (name, _), *rest = members
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return [(info, rng.choice((b"/etc/passwd", b"../rows.csv", b"rows.csv"))), *rest]


def _nested(members: list[Member], rng: Random) -> list[Member]:
    for _ in range(rng.choice((1, 2, 20))):
        members = [("inner.zip", packed(members))]
    return members


def _bomb(members: list[Member], rng: Random) -> list[Member]:
    return [*members, (rng.choice(("z.csv", "z.json", "z.eval")), b"0" * 300_000_000)]


MEMBERS = {
    **{
        f"member {name}": _mutated(name)
        for name in ("cut", "flipped", "zeros", "utf-16", "nested", "huge", "line doubled")
    },
    "another name": _named,
    "a name twice": _twice,
    "case twins": _twins,
    "symlink": _link,
    "nested zip": _nested,
    "bomb": _bomb,
    "many": lambda members, rng: [*members, *((f"n/{k}.csv", b"") for k in range(rng.choice((100, 3_000))))],
    "one gone": lambda members, rng: members[1:],
    "empty": lambda members, rng: [],
}


def _record(signature: bytes, place: int, form: str, values: tuple[int, ...]):
    """Overwrite a number in every record of a kind."""

    def mutation(data: bytes, rng: Random) -> bytes:
        changed, at = bytearray(data), data.find(signature)
        while at >= 0:
            if at + place + struct.calcsize(form) <= len(data):
                struct.pack_into(form, changed, at + place, rng.choice(values))
            at = data.find(signature, at + 4)
        return bytes(changed)

    return mutation


CENTRAL, END = b"PK\x01\x02", b"PK\x05\x06"
VAST = (0, 1, 2**31, 2**32 - 2, 2**32 - 1)
RECORDS = {
    "declared size": _record(CENTRAL, 24, "<I", VAST),
    "declared packed size": _record(CENTRAL, 20, "<I", VAST),
    "encrypted": _record(CENTRAL, 8, "<H", (1, 0x41, 0x800)),
    "another method": _record(CENTRAL, 10, "<H", (0, 1, 9, 12, 14, 93, 95, 99)),
    "another place": _record(CENTRAL, 42, "<I", VAST),
    "count of members": _record(END, 10, "<H", (0, 1, 65535)),
    "size of the list": _record(END, 12, "<I", VAST),
}
