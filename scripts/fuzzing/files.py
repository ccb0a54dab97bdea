"""Files of harnesses and tables, as they are and packed."""

import gzip
import random
import sys
from pathlib import Path
from random import Random

from . import texts
from .case import Case, Mutation, Way

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("tests/fixtures", "examples/logs", "../shared/data/raw")
SUFFIXES = {".eval", ".json", ".jsonl", ".csv", ".tsv", ".parquet", ".arrow", ".gz", ".zst", ".zip", ".db", ".sqlite"}
TEXTS = {".json", ".jsonl", ".csv", ".tsv"}
MOST_BYTES = 2_000_000


def _zstd(data: bytes) -> bytes:
    """Compress with a checksum, as the program does."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACK = {"gz": (gzip.compress, gzip.decompress), "zst": (_zstd, zstd.decompress)}
MANY = 60


def originals(own: bool) -> list[Path]:
    """The files to begin from, in a fixed order."""
    places = [(ROOT / place).resolve() for place in PLACES]
    found = [path for place in places for path in sorted(place.rglob("*"))]
    found = [path for path in found if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size <= MOST_BYTES]
    return [path for path in found if path.is_relative_to(ROOT)] if own else found


def files(own: bool) -> Way:
    """Each file alone, beside nothing that it lay beside."""
    cases = tuple(OnDisk(path) for path in originals(own))
    return Way(name="files", cases=cases, mutations=on_disk(texts.MUTATIONS), valid=texts.VALID)


class OnDisk:
    """A case whose file is read when it is its turn."""

    def __init__(self, path: Path) -> None:
        self.path, self.label = path, f"{path.parent.name}/{path.name}"
        self.ask, self.named, self.options = "scores", self.label, {}

    @property
    def files(self) -> dict[str, bytes]:
        return {self.label: self.path.read_bytes()}

    def with_file(self, name: str, data: bytes) -> Case:
        return Case(label=self.label, ask=self.ask, named=self.named, files={name: data})


def on_disk(mutations: dict) -> dict[str, Mutation]:
    return {name: texts.of_file(mutate) for name, mutate in mutations.items()}


def packed(own: bool) -> Way:
    """Some of the texts, compressed: what they hold is mutated, or the packed bytes."""
    paths = [path for path in originals(own) if path.suffix in TEXTS and path.stat().st_size < 200_000]
    paths = random.Random(0).sample(paths, min(MANY, len(paths)))
    cases = tuple(_packed(path, suffix) for path in paths for suffix in PACK)
    inside = {f"in it: {name}": _inside(mutate) for name, mutate in texts.MUTATIONS.items()}
    outside = {name: texts.of_file(texts.MUTATIONS[name]) for name in texts.DAMAGE}
    valid = frozenset(f"in it: {name}" for name in texts.VALID)
    return Way(name="packed", cases=cases, mutations={**inside, **outside, "packed twice": _again}, valid=valid)


def _packed(path: Path, suffix: str) -> Case:
    name = f"{path.parent.name}/{path.name}.{suffix}"
    return Case(label=name, ask="scores", named=name, files={name: PACK[suffix][0](path.read_bytes())})


def _inside(mutate) -> Mutation:
    def mutation(case: Case, rng: Random) -> Case:
        pack, unpack = PACK[case.named.rsplit(".", 1)[1]]
        return case.with_file(case.named, pack(mutate(unpack(case.files[case.named]), rng)))

    return mutation


def _again(case: Case, rng: Random) -> Case:
    pack, _ = PACK[case.named.rsplit(".", 1)[1]]
    return case.with_file(case.named, pack(case.files[case.named]))
