"""EvalScope: reviews of single questions, with the report of their data set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.attempt_rows import (
    flatten_metadata,
    inner,
    rows_beside,
    scored,
    settings,
    tidy,
    token_rows,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import can_be_read, parse_yaml
from howsure.table.cells import finite
from howsure.table.scores import Extent, Published, Run, TaskFacts, Total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "evalscope"
FORMATS = "EvalScope reviews (reviews/<model>/<dataset>_<subset>.jsonl)"
CHECKED = "a development version (evalscope_version 0.0.0_dev)"

DECIMALS = 4
"""Reports state this many."""
_BLOCK = re.compile(
    rb"^(?:limit|evalscope_version|generation_config|judge|model_args|repeats):.*\n(?:[ -].*\n)*",
    re.MULTILINE,
)
NOT_READ = (
    "the run's configuration isn't read, so runs with other settings can't be distinguished: pip install "
    "'howsure[yaml]'"
)
_MACHINERY = frozenset(["batch_size", "stream", "timeout", "retries", "retry_interval", "seed"])


def claims(source: Source) -> Claim | None:
    """Claim reviews. Predictions and reports of the run are companions."""
    keys, kind = source.first.keys(), source.path.absolute().parent.parent.name
    if "index" in keys and kind == "predictions":
        return "companion"
    if "index" in keys and (kind == "reviews" or "sample_score" in keys):
        return "rows"
    return "companion" if kind == "reports" and {"dataset_name", "model_name"} <= keys else None


def read(source: Source) -> Reading:
    """Read the reviews of one subset. The index restarts in each, so items are named by both."""
    rows = [
        row
        for row in source.json_lines()
        if isinstance(row, dict) and isinstance(row.get("sample_score"), dict)
    ]
    if not rows:
        raise source.error("no scores in the reviews", "Run the evaluation again.")
    report, task, subset = _report(source)
    model, config = source.path.absolute().parent.name, _config(source)
    usage = _usage(source)
    records = [record for row in rows for record in _records(row, task, model, subset, usage)]
    # The report's main metric, if the rows have it.
    first = next((str(metric.get("name")) for metric in report.get("metrics") or ()), "")
    name = first.removeprefix("mean_")
    headline = name if any(record["metric"] == name for record in records) else None
    facts = TaskFacts(
        task=task,
        harness="EvalScope",
        headline=headline,
        failures="drop",
        failures_words="EvalScope reviews only answers, so every item in its files has a score.",
    )
    # Collect the configuration's information on the run, which includes neither a date nor an id.
    limit, version = config.get("limit"), config.get("evalscope_version")
    epochs = finite(config.get("repeats"))
    run = Run(
        limit="" if limit is None else str(limit),
        epochs=int(epochs or 0),
        exam=settings({"grader": inner(config, "judge").get("models")}),
        surroundings=settings({"evalscope": version}),
    )
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(facts,),
        published=tuple(_published(report, task, model, source)),
        extents=tuple(_extents(report, task, model, subset)),
        totals=tuple(_totals(report, task, model, len(usage))),
        run=run,
        configuration=_configuration(config),
        notes=() if can_be_read() or _config_file(source) is None else (NOT_READ,),
    )


def _config_file(source: Source) -> Source | None:
    """Return the run's configuration, or None if there isn't exactly one."""
    found = source.listed(source.path.absolute().parents[2] / "configs", "task_config*.yaml")
    return source.near(found[0]) if len(found) == 1 else None


def _config(source: Source) -> Mapping[str, Any]:
    """Return the requested blocks of the run's configuration in `configs/task_config*.yaml`, which are a few
    of many lines.
    """
    config = _config_file(source)
    if config is None or not can_be_read():
        return {}
    blocks = _BLOCK.findall(config.head.replace(b"\r\n", b"\n"))
    try:
        document = parse_yaml(b"".join(blocks), where=config.name)
    except ReadError:
        return {}
    return document if isinstance(document, dict) else {}


def _configuration(config: Mapping[str, Any]) -> dict[str, str]:
    """Collect the settings that distinguish two runs of one model, without machinery and seeds."""
    generation = inner(config, "generation_config")
    named = {key: value for key, value in generation.items() if key not in _MACHINERY}
    judge = inner(config, "judge")
    named |= {f"model_args.{key}": value for key, value in inner(config, "model_args").items()}
    return settings({**named, "judge.strategy": judge.get("strategy"), "judge.models": judge.get("models")})


def _report(source: Source) -> tuple[Mapping[str, Any], str, str]:
    """Find the report of the data set that the file's name begins with; return it, the data set and the
    subset.
    """
    stem, folder = (
        source.path.stem,
        source.path.absolute().parent.parent.parent / "reports" / source.path.absolute().parent.name,
    )
    names = [path.stem for path in source.listed(folder, "*.json") if stem.startswith(f"{path.stem}_")]
    found = source.near(folder / f"{max(names, key=len)}.json") if names else None
    if found is None:
        task, _, subset = stem.rpartition("_")
        return {}, task or stem, subset
    document, name = found.json(), found.path.stem
    return document if isinstance(document, dict) else {}, name, stem.removeprefix(f"{name}_")


def _usage(source: Source) -> dict[str, dict[str, float | None]]:
    """Return the measures of each prediction by its index, from the file in `predictions` with the reviews'
    name.
    """
    path = source.path.absolute()
    predictions = path.parent.parent.parent / "predictions" / path.parent.name / path.name
    answers = {str(row.get("index")): inner(row, "model_output") for row in rows_beside(predictions, source)}
    tokens = token_rows([answer.get("usage") for answer in answers.values()])
    return {
        index: {**took, "seconds": finite(answer.get("time"))}
        for (index, answer), took in zip(answers.items(), tokens, strict=True)
    }


def _totals(report: Mapping[str, Any], task: str, model: str, answers: int) -> Iterator[Total]:
    """Yield the tokens in a report, if they are those of this file's predictions."""
    summary = inner(report, "perf_metrics", "summary")
    total = finite(inner(summary, "usage").get("total_tokens_count"))
    if total and summary.get("n_samples") == answers:
        yield Total(task=task, model=model, figure="tokens", value=total)


def _records(
    row: Mapping[str, Any], task: str, model: str, subset: str, usage: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    sample = row["sample_score"]
    score = sample.get("score") or {}
    value = score.get("value") if isinstance(score, dict) else None
    for metric, number in (value if isinstance(value, dict) else {"score": value}).items():
        yield {
            **flatten_metadata(sample.get("sample_metadata")),
            "task": task,
            "model": model,
            "item": f"{subset}/{row.get('index')}",
            "metric": metric,
            **scored(number),
            "subset": subset,
            **usage.get(str(row.get("index")), {}),
        }


def _subsets(metric: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [subset for category in metric.get("categories") or () for subset in category.get("subsets") or ()]


def _published(report: Mapping[str, Any], task: str, model: str, source: Source) -> Iterator[Published]:
    """Yield the scores of a report of one subset. Those of several cover more than one file."""
    for metric in report.get("metrics") or ():
        score, name = finite(metric.get("score")), str(metric.get("name")).removeprefix("mean_")
        if score is not None and len(_subsets(metric)) == 1:
            yield source.published(task, model, name, score, n=metric.get("num"), decimals=DECIMALS)


def _extents(report: Mapping[str, Any], task: str, model: str, subset: str) -> Iterator[Extent]:
    for metric in (report.get("metrics") or ())[:1]:
        for part in _subsets(metric):
            if part.get("name") == subset and isinstance(part.get("num"), int):
                yield Extent(task=task, model=model, items=part["num"])
