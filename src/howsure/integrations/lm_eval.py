"""Evaluate with lm-evaluation-harness (lm_eval), with confidence intervals for the scores. lm_eval is
imported on first use.

Results in memory are read in the form that lm-eval saves, so that the same reader handles them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from howsure.errors import MethodError, OptionError
from howsure.readers.base import Source
from howsure.readers.lm_eval import model_name
from howsure.study.design import DesignOptions, make_design
from howsure.verbs.estimate import estimate
from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.estimate import Estimates
    from howsure.statistics.choices import IntervalMethod, Variance
    from howsure.table.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The result of lm-eval, its samples as scores, and the estimates with their error bars. `print` shows
    the estimates.
    """

    results: dict[str, Any]
    scores: Scores
    estimates: Estimates

    def __str__(self) -> str:
        return str(self.estimates)


def evaluate(
    model: Any,
    tasks: Any,
    *,
    name: str | None = None,
    interval: IntervalMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Any,
) -> Evaluated:
    """Run lm-eval's `simple_evaluate` and estimate every score with its error bar.

    `options`: howsure's shared options (`cluster`, `metric`, `score`, `failures` …, listed in
    [`Design`][howsure.study.design.Design]). A cluster is a field of the documents. It also contains all
    arguments of `simple_evaluate` (`model_args`, `num_fewshot`, `limit` …). `name`: the model's name, None
    for that in lm-eval's results. `interval`, `variance`, `level`, `seed` as in `howsure.estimate`. Filters,
    metrics of the whole corpus and repeats are handled as in lm-eval's own log files. In a process that is
    not the first of a distributed run lm-eval has no results: MethodError. Raises OptionError if lm_eval is
    not installed.
    """
    shared = {key: options.pop(key) for key in list(options) if key in DesignOptions.__annotations__}
    design = make_design(shared)  # type: ignore[arg-type]
    if options.get("log_samples", True) is not True:
        raise OptionError("log_samples=False leaves nothing to estimate from", remedy="Leave it out.")
    options.pop("log_samples", None)
    every = list(tasks) if isinstance(tasks, (list, tuple)) else [tasks]
    results = _lm_eval().simple_evaluate(model=model, tasks=every, log_samples=True, **options)
    if results is None:
        raise MethodError(
            "lm-eval returned no results: this process is not the first of a distributed run",
            remedy="Let lm-eval write its files (--log_samples) and read these with howsure.",
        )
    scores = scores_of(results, results["samples"], name=name, probabilities=design.score.kind == "prob")
    estimates = estimate(scores, interval=interval, variance=variance, level=level, seed=seed, **shared)
    return Evaluated(results=dict(results), scores=scores, estimates=estimates)


def _lm_eval() -> Any:
    try:
        return import_module("lm_eval")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "lm_eval":
            raise
        raise OptionError("lm_eval is not installed", remedy="pip install lm_eval") from None


TIME = "2000-01-01T00-00-00"
"""Samples and results of one run have the same time in their names. Its value doesn't matter."""


def scores_of(
    results: Mapping[str, Any],
    samples: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    name: str | None = None,
    probabilities: bool = False,
) -> Scores:
    """Read samples of one run, by task, through the files that lm-eval would write. `name`: of the model.

    Raises ReadError if no sample has a score.
    """
    with TemporaryDirectory(prefix="howsure-") as folder:
        place = Path(folder)
        told = {key: value for key, value in results.items() if key != "samples"}
        told["model_name"] = name or _name_of(results)
        (place / f"results_{TIME}.json").write_text(_json(told), encoding="utf-8")
        paths = []
        for task, rows in samples.items():
            lines = [_json(_as_saved(row)) for row in rows]
            path = place / f"samples_{task.replace('/', '_')}_{TIME}.jsonl"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            paths.append(path)
        return read(paths, reader="lm-eval", strict=True, probabilities=probabilities)


def _name_of(results: Mapping[str, Any]) -> str:
    """Name the model: by its arguments, else by lm-eval's name."""
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
    """Return a NumPy number as a Python one, a set as a list, anything else as text."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    return list(value) if isinstance(value, set) else str(value)
