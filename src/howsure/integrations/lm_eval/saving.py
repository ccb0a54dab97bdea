"""Results in memory as lm-eval saves them, so that the one reader of its files reads them as well."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from howsure.readers.base import Source
from howsure.readers.lm_eval import model_name
from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.table.scores import Scores

TIME = "2000-01-01T00-00-00"
"""Samples and results of one run have one time in their names; which one plays no part."""


def scores_of(
    results: Mapping[str, Any],
    samples: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    name: str | None = None,
    probabilities: bool = False,
) -> Scores:
    """Read samples of one run, by task, through the files that lm-eval would write of them. `name`: of the
    model.

    Raises ReadError where no sample holds a score.
    """
    with TemporaryDirectory(prefix="howsure-") as folder:
        place = Path(folder)
        told = {key: value for key, value in results.items() if key != "samples"}
        told["model_name"] = name or name_of(results)
        (place / f"results_{TIME}.json").write_text(_json(told), encoding="utf-8")
        paths = []
        for task, rows in samples.items():
            lines = [_json(_as_saved(row)) for row in rows]
            path = place / f"samples_{task.replace('/', '_')}_{TIME}.jsonl"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            paths.append(path)
        return read(paths, reader="lm-eval", strict=True, probabilities=probabilities)


def name_of(results: Mapping[str, Any]) -> str:
    """Name the model: what its arguments name, else what lm-eval calls it."""
    name, guessed = model_name(results, Source(path=Path("model"), root=Path()))
    config = results.get("config")
    called = config.get("model") if isinstance(config, dict) else None
    return str(called) if guessed and called else name


def _as_saved(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample as lm-eval saves it: answers and target as text, arguments by name."""
    arguments = {
        f"gen_args_{i}": {f"arg_{j}": part for j, part in enumerate(each)}
        for i, each in enumerate(row["arguments"])
    }
    texts = {key: _texts(row[key]) for key in ("resps", "filtered_resps")}
    return {**row, **texts, "arguments": arguments, "target": str(row["target"])}


def _texts(value: Any) -> Any:
    return [_texts(part) for part in value] if isinstance(value, (list, tuple)) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=True)


def _plain(value: Any) -> Any:
    """Return a number of NumPy as Python's own, a set as a list, anything else as text."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    return list(value) if isinstance(value, set) else str(value)
