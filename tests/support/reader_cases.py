"""What the tests of the readers share: Inspect logs made of dictionaries, and short forms of what was read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from cached import assert_exact, assert_noted, looked_at
from howsure.readers import registry
from howsure.readers.base import Claim, Reader, Reading, Source
from howsure.readers.looked_at import LookedAt
from howsure.table.schema import COLUMNS
from resaved import saved_again

if sys.version_info >= (3, 14):
    import zipfile
else:
    from backports.zstd import zipfile

SHARED = Path(__file__).parents[3] / "shared" / "data"
"""Real results that are not part of the project; tests that need them are skipped without."""

Write = Callable[..., Source]


def lines(rows: list[Any]) -> str:
    """Write one JSON value a line."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def claimed(reader: Reader, source: Source) -> Claim | None:
    """Return what a reader claims of a file, None where its registration says that it doesn't look at such files."""
    module = getattr(reader, "__name__", "").rpartition(".")[2]
    shown = module not in registry.HARNESSES or module in registry.shown(source)
    return registry.claim_of(reader, source) if shown else None


def read(reader: Reader, source: Source) -> Reading:
    """Read a file that the reader must claim; what it looks at beside it must be noted, and what it reads come back from a cache.

    Saved again by another program, with other spaces and another order of keys, it gives the same rows.
    """
    touched = LookedAt()
    with looked_at() as looked:
        assert claimed(reader, replace(source, touched=touched)) == "rows"
        reading = reader.read(replace(source, touched=touched))
    assert_noted(touched, looked, source)
    assert_exact(reading)
    _assert_the_same_saved_again(reader, source, reading)
    return reading


def _assert_the_same_saved_again(reader: Reader, source: Source, reading: Reading) -> None:
    """Write a file of JSON again in every way, below another folder, and read it; the file is left as it was."""
    if not source.path.is_relative_to(gettempdir()):
        return
    before = source.path.read_bytes()
    try:
        for way, text in saved_again(source.path, by_line=reader.NAME == "bfcl"):
            source.path.write_text(text, "utf-8")
            again = Source(**{each.name: getattr(source, each.name) for each in fields(source)})
            assert claimed(reader, again) == "rows", way
            assert sorted_rows(reader.read(again)) == sorted_rows(reading), way
    finally:
        source.path.write_bytes(before)


def sorted_rows(reading: Reading) -> list[str]:
    """Return the rows of a reading in an order of their own, as far as they are scores."""
    if reading.rows is None:
        return sorted(map(repr, reading.published))
    return sorted(map(repr, reading.rows[list(COLUMNS)].rows()))


def scores(reading: Reading) -> dict[tuple[Any, ...], Any]:
    """Return the scores, or the status where there is none, by item, attempt and metric."""
    assert reading.rows is not None
    return {
        (row["item"], row["attempt"], row["metric"]): row["score"] if row["status"] == "ok" else row["status"]
        for row in reading.rows.to_dicts()
    }


def models(reading: Reading) -> set[str]:
    """Return the models of the rows."""
    assert reading.rows is not None
    return set(reading.rows["model"])


def codes(reading: Reading) -> list[str]:
    """Return the codes of the warnings."""
    return [warning.code for warning in reading.warnings]


def zipped(members: Mapping[str, object], path: Path, *, method: int = 93) -> Path:
    """Write a zip; what is not bytes is written as JSON, NaN included."""
    with zipfile.ZipFile(path, "w", compression=method) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return path


def lm_eval_run(folder: Path) -> None:
    """Write a run of lm-eval: the samples of one task, and its results beside them."""
    rows = [
        {"doc_id": k, "doc": {}, "doc_hash": f"h{k}", "acc": k % 2, "filter": "none", "metrics": ["acc"], "target": "x"}
        | {"arguments": [["q", "x"]], "resps": [["x"]], "filtered_resps": ["x"]}
        for k in range(4)
    ]
    folder.mkdir()
    (folder / "samples_quiz_2026-01-01T00-00-00.jsonl").write_text(lines(rows))
    results = {"results": {"quiz": {"acc,none": 0.5, "alias": "quiz"}}, "configs": {}, "model_name": "m/l"}
    (folder / "results_2026-01-01T00-00-00.json").write_text(
        json.dumps(results | {"config": {}, "lm_eval_version": "0.4"})
    )


def inspect_header(**changes: Any) -> dict[str, Any]:
    """Return the header of a small Inspect log; keyword arguments replace fields of `eval` or of the header."""
    spec = {
        "run_id": "r1",
        "created": "2025-01-01T00:00:00+00:00",
        "task": "words",
        "task_id": "t1",
        "dataset": {"samples": 2, "sample_ids": [1, 2]},
        "model": "mock/a",
        "config": {"epochs": 1},
        "scorers": [{"name": "match"}],
    }
    top: dict[str, Any] = {
        key: changes.pop(key) for key in ("status", "results", "invalidated", "plan") if key in changes
    }
    return {"version": 2, "status": "success", "eval": {**spec, **changes}, **top}


def sample(name: object, value: object, epoch: int = 1, **more: Any) -> dict[str, Any]:
    """Return one sample's summary with a score by `match`."""
    return {"id": name, "epoch": epoch, "input": "?", "target": "!", "scores": {"match": {"value": value}}, **more}


def eval_log(path: Path, samples: list[Any], header: object = None, **changes: Any) -> Path:
    """Write an Inspect log of these summaries, in a folder that is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return zipped({"summaries.json": samples, "header.json": header or inspect_header(**changes)}, path)


def own_log(path: Path, samples: list[Any], **changes: Any) -> Path:
    """Write an Inspect log of a run of its own: its ids are its place, or its name, unless they are said."""
    ids = {"task_id": f"task {path}", "eval_id": f"eval {path.stem}", "run_id": f"call {path}"}
    return eval_log(path, samples, **{**ids, **changes})


def run_log(folder: Path, name: str, scores: str = "CI", **changes: Any) -> Path:
    """Write an Inspect log of a run of its own: its ids are the file's name unless they are said."""
    ids = {"task_id": f"task {name}", "eval_id": f"eval {name}", "run_id": f"call {name}"}
    samples = [sample(number, value) for number, value in enumerate(scores, 1)]
    return eval_log(folder / f"{name}.eval", samples, **{**ids, **changes})


def whole_sample(number: int, value: object, **changes: Any) -> dict[str, Any]:
    """Return a whole sample as Inspect keeps it, with prompt, answer and stop reason."""
    return {
        "id": f"q{number}",
        "epoch": 1,
        "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"What is {number}?"}],
        "target": [str(number), "word"],
        "output": {"choices": [{"message": {"content": f"It is {number}."}, "stop_reason": "stop"}]},
        "scores": {"match": {"value": value, "answer": str(number)}},
        **changes,
    }


def whole_log(path: Path, *samples: dict[str, Any], **changes: Any) -> Path:
    """Write an Inspect log of a run of its own that keeps whole samples beside their summaries."""
    ids = {"task_id": path.stem, "eval_id": path.stem, "run_id": path.stem, "dataset": {}}
    members: dict[str, Any] = {"header.json": inspect_header(**{**ids, **changes}), "summaries.json": list(samples)}
    names = [each["id"].replace("/", "_").replace(":", "_") for each in samples]
    members |= {f"samples/{name}_epoch_{each['epoch']}.json": each for name, each in zip(names, samples, strict=True)}
    return zipped(members, path)
