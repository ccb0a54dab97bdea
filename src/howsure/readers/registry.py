"""The readers, the content that each applies to, and the order in which they are tried.

A reader is registered by one line in `HARNESSES`, and by nothing else. The line may define the content it
applies to. Then only such files are passed to it, and its module is loaded at the first of them. A reader
with an empty line is tried for every file.

Another package registers a reader (a module or object with `NAME`, `FORMATS`, `claims` and `read`, and
optionally `CHECKED`) under the entry point group `howsure.readers`. It is tried for every file that none of
these claims. Tables come last, since nearly anything is a table.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal, cast

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from howsure.readers.base import Claim, Reader, Source

    Kind = Literal["object", "list", "text", "zip", "gzip", "parquet", "arrow"]

GROUP = "howsure.readers"

MAGIC: dict[bytes, Kind] = {b"PAR1": "parquet", b"ARROW1": "arrow", b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip"}
"""The kinds of files that are recognised by their first bytes."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content that a reader applies to.

    Attributes:
        kind: The content of the file: one JSON object or one per line, a list of JSON, text, or a binary
            format.
        keys: Keys that the first object must have.
        names: Names of files or patterns of these (`*.log`), any of which is enough; empty for all.
    """

    kind: Kind
    keys: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def fits(self, source: Source, kind: Kind) -> bool:
        """Return whether a file of this kind has such content."""
        return (
            kind == self.kind
            and (not self.names or any(fnmatchcase(source.path.name, name) for name in self.names))
            and (not self.keys or self.keys <= source.first.keys())
        )


def objects(*keys: str) -> Content:
    """Apply to JSON objects, one per file or per line, the first of which has these keys."""
    return Content("object", frozenset(keys))


def lists(*keys: str) -> Content:
    """Apply to lists of JSON whose first object has these keys."""
    return Content("list", frozenset(keys))


def called(kind: Kind, *names: str) -> Content:
    """Apply to files with these names, or names that match these patterns."""
    return Content(kind, names=frozenset(names))


SAVED = "saved"
"""The name of the reader of saved baselines, which contain several logs."""

HARNESSES: dict[str, tuple[Content, ...]] = {
    "lfs": (Content("text"),),
    "baseline_file": (Content("gzip"),),
    "inspect_ai": (Content("zip"), objects("version", "eval", "status")),
    "lm_eval": (objects("doc_id"), lists("doc_id"), objects("results")),
    "helm": (
        lists("instance_id", "train_trial_index", "stats"),
        lists("name", "count", "sum"),
        objects("adapter_spec"),
        called("object", "scenario.json", "run_spec.json"),
        called("list", "instances.json", "display_predictions.json", "display_requests.json"),
    ),
    "polybench": (
        called("text", "metadata.yaml"),
        objects("instance_id", "patch_applied", "resolved"),
        objects("instance_id", "model_patch"),
        objects("instance_id", "file_retrieval_metrics"),
    ),
    "swebench": (Content("object"),),
    "tau_bench": (lists("task_id", "reward"), objects("info"), objects("submitting_organization", "results")),
    "promptfoo": (objects("results"),),
    "alpaca_eval": (Content("text"), lists("instruction", "generator_1", "generator_2")),
    "evalplus": (Content("object"), Content("list")),
    "livecodebench": (objects("performances"), lists("question_id")),
    "cruxeval": (objects("raw_generations"), objects("raw_scored_generations")),
    "arc_agi": (objects("score", "total_tasks", "task_results"),),
    "every_eval_ever": (objects("schema_version", "evaluation_id"),),
    "terminal_bench": (
        objects("results"),
        objects("task_id", "is_resolved"),
        objects("task_name", "verifier_result"),
        objects("task_name", "trial_name", "task_checksum"),
        objects("n_total_trials", "stats"),
        objects("run_id", "agent_name", "dataset_name"),
    ),
    "lighteval": (Content("parquet"), objects("config_general")),
    "mmlu_pro": (lists("question_id", "answer", "category", "pred"),),
    "livebench": (
        objects("question_id", "task", "model", "score", "category", "tstamp"),
        objects("question_id", "answer_id", "model_id"),
    ),
    "bfcl": (objects("accuracy", "correct_count", "total_count"), objects("id", "result")),
    "evalscope": (objects("index"), objects("dataset_name", "model_name")),
    "aider": (called("text", "results.txt"), objects("testcase", "model", "tests_outcomes")),
    "skill_creator": (objects("runs"), objects("expectations", "summary")),
    "garak": (objects("entry_type"), objects("attempt_id", "attempt_seq", "detector", "generator", "probe")),
    "agentbench": (objects("total", "validation", "custom"), objects("index", "error", "output")),
}
"""Modules of this package for one harness each, by the content they apply to. `mapping.known` has more, which
are mappings.
"""

GENERIC = ("tables",)
"""Modules of this package for files that no other reader recognises."""


def identify(source: Source) -> tuple[Reader, Claim] | None:
    """Return the first reader that claims a file, or None if none does.

    A mapping that names its files takes precedence over all readers. One that doesn't is for files that no
    harness reader recognises.
    """
    own = next((mapping for mapping in source.maps if mapping.names(source)), None)
    if own is not None:
        return own, "rows"
    for reader in _in_order(shown(source), source.maps):
        claim = claim_of(reader, source)
        if claim is not None:
            return reader, claim
    return None


def claim_of(reader: Reader, source: Source) -> Claim | None:
    """Get a reader's claim. One without `claims` reads every file passed to it."""
    claims = getattr(reader, "claims", None)
    return "rows" if claims is None else cast("Claim | None", claims(source))


def shown(source: Source) -> list[str]:
    """Return the modules that apply to a file, by its content."""
    kind = kind_of(source.head)
    return [
        name
        for name, contents in HARNESSES.items()
        if not contents or any(content.fits(source, kind) for content in contents)
    ]


def kind_of(head: bytes) -> Kind:
    """Return the kind of a file, by its first bytes."""
    binary = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
    if binary is not None:
        return binary
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return "object" if start == b"{" else "list" if start == b"[" else "text"


def _in_order(harnesses: Collection[str], given: tuple[Reader, ...]) -> Iterator[Reader]:
    """Yield these readers, then mappings, those of other packages, the user's, and those for tables. Each is
    loaded when it is needed.
    """
    yield from map(_built_in, harnesses)
    yield from _mapped()
    yield from others()
    yield from given
    yield from map(_built_in, GENERIC)


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order in which they are tried."""
    return tuple(_in_order(HARNESSES, ()))


@cache
def _built_in(name: str) -> Reader:
    return cast("Reader", import_module(f"howsure.readers.{name}"))


def _mapped() -> tuple[Reader, ...]:
    """Return the mappings that come with howsure and were tested."""
    from howsure.readers.mapping.known import tried

    return tried()


@cache
def others() -> tuple[Reader, ...]:
    """Load the readers of other packages. One that can't be loaded is left out with a warning."""
    loaded = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            loaded.append(cast("Reader", entry.load()))
        except Exception as error:  # noqa: BLE001 - whatever a foreign module raises must not stop the others
            warnings.warn(f"reader {entry.name!r} ({entry.value}) can't be loaded: {error}", stacklevel=2)
    return tuple(loaded)


def by_name(name: str) -> Reader:
    """Return the reader of this name, for users who override the recognition by content."""
    named_so = next((reader for reader in readers() if name == reader.NAME), None)
    if named_so is None:
        names = ", ".join(reader.NAME for reader in readers())
        raise OptionError(f"`reader={name!r}` is not one of {names}")
    return named_so
