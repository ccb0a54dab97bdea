"""lm-evaluation-harness: `samples_<task>_<time>.jsonl` with `results_<time>.json` beside them.

The samples name neither model nor task: the task is in the file's name and the model in the results file. A
document is known by its hash, since `doc_id` is only a position. One document has one row per filter, so the
filter is part of the metric's name wherever there is more than the filter "none".
"""

from __future__ import annotations

import re
from dataclasses import replace
from glob import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import Caution, ReadError
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.lfs import is_pointer
from howsure.readers.lm_eval_columns import Columns, columns, shaped_columns
from howsure.readers.lm_eval_documents import documents, rows
from howsure.readers.lm_eval_probabilities import Probabilities, probabilities
from howsure.readers.lm_eval_results import (
    extent,
    find_results,
    groups,
    lower_is_better,
    model_name,
    no_numbers,
    stated,
)
from howsure.readers.lm_eval_runs import configuration, run_of
from howsure.readers.lm_eval_transcripts import transcript
from howsure.readers.naming import digest, digest_of_rows
from howsure.readers.records import tidy
from howsure.readers.soundness import left_out
from howsure.table.cells import finite
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from howsure.readers.lm_eval_documents import Document
    from howsure.readers.transcripts import Transcript

NAME = "lm-eval"
FORMATS = "lm-evaluation-harness samples (.jsonl, .json) and results (.json)"
CHECKED = "lm-eval 0.4.13; files of 2022-12 to 2026-07, those from before 0.4 among them"

_ENOUGH = 20
"""So many scores tell a copy of results, beside the time and the model."""
SAMPLES_NAME = re.compile(
    r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)\.jsonl?"
)
RESULTS_NAME = re.compile(r"results_(?P<time>\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)\.json")

_OWN = frozenset(
    ["doc", "arguments", "resps", "filtered_resps", "metrics", "doc_hash", "prompt_hash", "target_hash"]
)
"""Keys that samples have beside `doc_id`, of which some may have been taken out."""
_STDERR = re.compile(rb'"[^"\n]{1,99}(?:_stderr"|_stderr,|,none")')


def claims(source: Source) -> Claim | None:
    """Claim samples by their keys, and results; results with samples beside them are their companion."""
    if _holds_samples(source):
        return "rows"
    results = source.first.get("results", b"")
    others = source.is_list or "config_general" in source.first  # a list, or lighteval's
    if others or not results.startswith((b"{", b"[")) or not _STDERR.search(results):
        return None
    there = [not is_pointer(samples) for samples in _samples(source).values()]
    return "companion" if there and all(there) else "rows"


def _holds_samples(source: Source) -> bool:
    keys = source.first.keys()
    return "doc_id" in keys and ("doc" in keys or len(keys & _OWN) > 1)


def read(source: Source) -> Reading:
    """Read one samples file, or the published scores of a results file that stands alone."""
    if _holds_samples(source):
        return _read_samples(source)
    results = source.json()
    model, cautions = model_name(results, source)
    samples = _samples(source)
    pointers = {task for task, each in samples.items() if is_pointer(each)}
    every = stated(results, model=model, source=source.name)
    published = every if len(pointers) == len(samples) else tuple(e for e in every if e.task in pointers)
    if not published:
        raise ReadError(
            "no score in the results", where=source.name, remedy="Run lm-eval with --log_samples."
        )
    tasks, configured = dict.fromkeys(entry.task for entry in published), configuration(results, "")
    return Reading(
        facts=tuple(_facts(task, results, ()) for task in tasks),
        notes=_of_pointers(len(pointers)),
        published=published,
        cautions=(*cautions, *left_out(no_numbers(results), source)),
        run=run_of(
            results,
            task="",
            model=model,
            time=_time(source),
            compared=digest([entry.score for entry in published[:_ENOUGH]]),
            configured=configured,
        ),
        configuration=configured,
    )


def transcripts(source: Source, items: Collection[str] | None) -> Iterator[Transcript]:
    """Yield what every document of these items, of all where `items` is None, was asked and answered, under
    each filter.
    """
    if not _holds_samples(source):
        return
    task, time = _task_and_time(source)
    found = _found(replace(source, probabilities=False))
    metrics, _ = found.metrics(_known(find_results(source, time) or {}, task))
    called = {metric: found.called(metric) for metric in metrics}
    for place, (row, item) in enumerate(zip(rows(source), found.items(), strict=True)):
        if items is None or item in items:
            scores = {called[metric][place]: finite(row[metric]) for metric in metrics if metric in row}
            yield transcript(row, item=item, scores=scores)


def _task_and_time(source: Source) -> tuple[str, str]:
    """Return the task and the time that the name of a file of samples tells."""
    named = SAMPLES_NAME.search(source.path.name)
    return (named["task"], named["time"]) if named else (source.path.stem, "")


def _read_samples(source: Source) -> Reading:
    task, time = _task_and_time(source)
    results = find_results(source, time) or {}
    asked = documents(source, _delimiter(results, task)) if source.probabilities else ()
    found = columns(asked) if asked else _found(source)
    model, cautions = model_name(results, source)
    metrics, corpus = found.metrics(_known(results, task))
    scores = found.rows(metrics, task=task, model=model, source=source.name)
    identities = _identities(asked, found.items(), task, model) if asked else ()
    more = probabilities(asked, identities, metrics, where=source.name) if asked else Probabilities()
    table = _below(scores, more, source)
    configured = configuration(results, task)
    return Reading(
        rows=table,
        facts=(
            replace(
                _facts(task, results, () if scores is None else scores["metric"].unique(maintain_order=True)),
                finer={finer: found.called(own)[0] for finer, own in more.refined.items()},
            ),
        ),
        published=stated(results, model=model, source=source.name, task=task),
        extents=extent(results, model=model, task=task),
        groups=groups(results),
        cautions=(*cautions, *_corpus_caution(corpus, source), *more.cautions),
        run=run_of(
            results,
            task=task,
            model=model,
            time=time,
            compared=_compared(results, task, table) if time else "",
            configured=configured,
        ),
        configuration=configured,
    )


def _found(source: Source) -> Columns:
    """Return the samples by column, of a large file by the shape of its lines."""
    shaped = shaped_columns(source)
    return columns(documents(source, None)) if shaped is None else shaped


def _known(results: Mapping[str, Any], task: str) -> set[str]:
    """Return the metrics that the results have of a task."""
    return {key.split(",")[0] for key in ((results.get("results") or {}).get(task) or {})}


def _below(scores: pl.DataFrame | None, more: Probabilities, source: Source) -> pl.DataFrame | None:
    """Return the rows with those of probabilities below them."""
    tables = [
        *([] if scores is None else [scores]),
        *([tidy(more.records, source=source.name)] if more.records else []),
    ]
    return pl.concat(tables, how="diagonal") if tables else None


def _time(source: Source) -> str:
    """Return the time in the name of a file of results, empty where there is none."""
    named = RESULTS_NAME.search(source.path.name)
    return named["time"] if named else ""


def _compared(results: Mapping[str, Any], task: str, table: pl.DataFrame | None) -> str:
    """Name what copies of samples agree in: the results of their task, else every score."""
    stated = results.get("results")
    own = stated.get(task) if isinstance(stated, dict) else None
    return digest(own or []) if own or table is None else digest_of_rows(table[["item", "metric", "score"]])


def _delimiter(results: Mapping[str, Any], task: str) -> str | None:
    """Return what the task puts between prompt and choice, None where the results don't say."""
    configs = results.get("configs")
    config = configs.get(task) if isinstance(configs, dict) else None
    delimiter = config.get("target_delimiter") if isinstance(config, dict) else None
    return delimiter if isinstance(delimiter, str) else None


def _identities(
    found: Sequence[Document], items: Iterable[str], task: str, model: str
) -> list[dict[str, Any]]:
    return [
        {"doc_id": document.doc_id, **document.metadata}
        | {"task": task, "model": model, "item": item, "target_hash": document.target_hash}
        for document, item in zip(found, items, strict=True)
    ]


def _facts(task: str, results: Mapping[str, Any], metrics: Any) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="lm-eval",
        lower_is_better=lower_is_better(results, task, metrics),
        failures="drop",
        failures_words="lm-eval stops at the first failure, so every document in its files has a score.",
    )


def _corpus_caution(corpus: Sequence[str], source: Source) -> list[Caution]:
    if not corpus:
        return []
    return [
        Caution(
            code="corpus_metric",
            message=(
                f"{source.name}: {', '.join(corpus)} has a value for the whole corpus only, not one a "
                "document."
            ),
            remedy="Analyse a metric that scores each document, such as acc or exact_match.",
        )
    ]


def _samples(source: Source) -> dict[str, Source]:
    """Return the samples beside results by their tasks, those that were never fetched as well."""
    named = RESULTS_NAME.search(source.path.name)
    if not named:
        return {}
    prefix = source.path.name[: named.start()]
    listed = source.listed(source.path.parent, f"{escape(prefix)}samples_*{escape(named['time'])}*")
    samples = [(SAMPLES_NAME.search(path.name), source.near(path)) for path in listed]
    return {
        found["task"]: each
        for found, each in samples
        if found is not None
        and each is not None
        and found["time"] == named["time"]
        and found.start() == len(prefix)
    }


def _of_pointers(count: int) -> tuple[str, ...]:
    """Return the note that samples were never fetched."""
    if not count:
        return ()
    files = (
        "the samples file beside it is a pointer"
        if count == 1
        else f"the {count:,} samples files beside it are pointers"
    )
    return (f"{files} to what was never fetched: published scores stand for the rows.",)
