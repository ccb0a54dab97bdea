"""A gate's verdict as an in-toto Statement: the digests of its files, its settings, and all numbers.

Predicate: test-result v0.1 of in-toto, with one more field, `howsure`. A statement isn't signed. To verify
it, the digests are computed again, and the gate is run again.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure import __version__
from howsure.errors import ReadError
from howsure.readers.reading import find_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.answers.gate import Gate

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
RESULTS = {"pass": "PASSED", "fail": "FAILED", "unclear": "WARNED"}
TESTS = {"pass": "passedTests", "fail": "failedTests", "unclear": "warnedTests"}
CLOSE = 1e-9
"""Numbers of another machine may differ by this share."""
MOST_BYTES = 50 * 1024**2
MOST_SHOWN = 20


def statement(answer: Gate, *, paths: Iterable[str], settings: Iterable[str], words: Sequence[str]) -> str:
    """Return the statement of a verdict, as JSON.

    `paths`: what was read, whose files are the subjects. `settings`: further files that the verdict depends
    on. `words`: the options of the gate, to run it again.
    """
    tests: dict[str, list[str]] = {name: [] for name in TESTS.values()}
    for check in answer.checks:
        if check.verdict in TESTS:
            tests[TESTS[check.verdict]].append(f"{check.name}: {check.asked}")
    made = {
        "_type": STATEMENT,
        "subject": _digests(paths),
        "predicateType": PREDICATE,
        "predicate": {
            "result": RESULTS[answer.verdict],
            "configuration": _digests(settings),
            **tests,
            "howsure": {"version": __version__, "options": list(words), "answer": answer.to_dict()},
        },
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _digests(paths: Iterable[str]) -> list[dict[str, Any]]:
    """Return the files below the paths, with their digests, each once."""
    files = dict.fromkeys(
        Path(source.path).as_posix() for path in paths for source in find_sources(Path(path))
    )
    return [{"name": name, "digest": {"sha256": digest(Path(name))}} for name in files]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_statement(path: str) -> dict[str, Any]:
    """Read a statement. ReadError if it isn't one of a gate."""
    place = Path(path)
    try:
        if place.stat().st_size > MOST_BYTES:
            raise ReadError("too large for a statement", where=path)
        found = json.loads(place.read_bytes())
        predicate = found["predicate"]["howsure"]
        words, answer = predicate["options"], predicate["answer"]
        subjects = [*found["subject"], *found["predicate"]["configuration"]]
        right = (found["_type"], found["predicateType"]) == (STATEMENT, PREDICATE)
        right &= all(isinstance(word, str) for word in words) and isinstance(answer, dict) and bool(subjects)
        right &= all(
            isinstance(each["name"], str) and isinstance(each["digest"]["sha256"], str) for each in subjects
        )
        right &= isinstance(found["predicate"]["result"], str)
    except OSError as error:
        raise ReadError(f"can't be read ({error.strerror})", where=path) from None
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        right = False
    if not right:
        raise ReadError(
            "not a statement of a gate", where=path, remedy="howsure gate … --statement FILE writes one."
        )
    return dict(found)


def changed_files(found: dict[str, Any], paths: Iterable[str]) -> list[str]:
    """Return what differs between the files of a statement and those that are here, a line each."""
    listed = {
        each["name"]: each["digest"]["sha256"]
        for each in (*found["subject"], *found["predicate"]["configuration"])
    }
    lines = []
    for name, was in listed.items():
        place = Path(name)
        if not place.is_file():
            lines.append(f"{name}: is not here")
        elif digest(place) != was:
            lines.append(f"{name}: was changed")
    here = {
        Path(source.path).as_posix()
        for path in paths
        if Path(path).exists()
        for source in find_sources(Path(path))
    }
    return lines + [f"{name}: is not in the statement" for name in sorted(here - set(listed))]


def changed_numbers(found: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """Return what differs between the recorded verdict and that of a second run, a line each."""
    predicate = found["predicate"]
    recorded = predicate["howsure"]["answer"]
    lines = []
    expected = RESULTS.get(str(answer.get("verdict")), "")
    if predicate["result"] != expected:
        lines.append(f"result: {predicate['result']} in the statement, {expected} here")
    for kind, name in TESTS.items():
        count = sum(check.get("verdict") == kind for check in answer.get("checks", ()))
        if len(predicate.get(name) or ()) != count:
            lines.append(f"{name}: {len(predicate.get(name) or ())} in the statement, {count} here")
    return lines + list(_differences(recorded, answer, ""))


def _differences(one: Any, other: Any, place: str) -> Iterator[str]:
    """Yield the places where two answers differ, apart from rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            yield from _differences(one.get(name), other.get(name), f"{place}.{name}" if place else name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for k, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{place}[{k}]")
    elif _is_number(one) and _is_number(other):
        if not math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE):
            yield f"{place}: {one:.6g} in the statement, {other:.6g} here"
    elif one != other:
        yield f"{place}: {_short(one)} in the statement, {_short(other)} here"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
