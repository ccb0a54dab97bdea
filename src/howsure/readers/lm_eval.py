"""lm-evaluation-harness: `samples_<task>_<time>.jsonl` with `results_<time>.json` beside them.

The samples name neither model nor task: the task is in the file's name and the model in the results file. A document
is known by its hash, since `doc_id` is only a position. One document has one row per filter, so the filter is part
of the metric's name wherever there is more than the filter "none".
"""

from __future__ import annotations

import re
from dataclasses import replace
from glob import escape
from typing import TYPE_CHECKING, Any

from howsure.errors import Caution, ReadError
from howsure.readers.base import Claim, Reading, Source, finite, left_out, scored, tidy
from howsure.readers.lm_eval_documents import NO_NUMBER, documents, rows
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
from howsure.readers.naming import numbered
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from howsure.readers.lm_eval_documents import Document
    from howsure.readers.transcripts import Transcript

NAME = "lm-eval"
FORMATS = "lm-evaluation-harness samples (.jsonl, .json) and results (.json)"
CHECKED = "lm-eval 0.4.13; files of 2022-12 to 2026-07, those from before 0.4 among them"

_ENOUGH = 20
"""So many scores tell a copy of results, beside the time and the model."""
SAMPLES_NAME = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)\.jsonl?")
RESULTS_NAME = re.compile(r"results_(?P<time>\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)\.json")

_SAMPLE = re.compile(rb'\s*\[?\s*\{\s*"doc_id"\s*:\s*[^,{}\[\]]+,\s*"doc"\s*:')
_RESULTS = re.compile(rb'\s*\{\s*"results"\s*:\s*[{\[]')
_STDERR = re.compile(rb'"[^"\n]{1,99}(?:_stderr"|_stderr,|,none")')


def claims(source: Source) -> Claim | None:
    """Claim samples by their first keys, and results; results with samples beside them are their companion."""
    if _SAMPLE.match(source.head):
        return "rows"
    if not (_RESULTS.match(source.head) and _STDERR.search(source.head)):
        return None
    return "companion" if _has_samples(source) else "rows"


def read(source: Source) -> Reading:
    """Read one samples file, or the published scores of a results file that stands alone."""
    if _SAMPLE.match(source.head):
        return _read_samples(source)
    results = source.json()
    model, cautions = model_name(results, source)
    published = stated(results, model=model, source=source.name)
    if not published:
        raise ReadError("no score in the results", where=source.name, remedy="Run lm-eval with --log_samples.")
    tasks, configured = dict.fromkeys(entry.task for entry in published), configuration(results, "")
    return Reading(
        facts=tuple(_facts(task, results, ()) for task in tasks),
        published=published,
        cautions=(*cautions, *left_out(no_numbers(results), source)),
        run=run_of(
            results,
            task="",
            model=model,
            time=_time(source),
            scores=[entry.score for entry in published[:_ENOUGH]],
            configured=configured,
        ),
        configuration=configured,
    )


def transcripts(source: Source, items: Collection[str] | None) -> Iterator[Transcript]:
    """Yield what every document of these items, of all where `items` is None, was asked and answered, under each filter."""
    if not _SAMPLE.match(source.head):
        return
    task, time = _task_and_time(source)
    found = documents(replace(source, probabilities=False), None)
    metrics, _ = _metrics(found, find_results(source, time) or {}, task)
    known, names = _items(found), _metric_names(found)
    for row, document in zip(rows(source), found, strict=True):
        item = known[document.position]
        if items is None or item in items:
            scores = {names(metric, document): finite(row[metric]) for metric in metrics if metric in row}
            yield transcript(row, item=item, scores=scores)


def _task_and_time(source: Source) -> tuple[str, str]:
    """Return the task and the time that the name of a file of samples tells."""
    named = SAMPLES_NAME.search(source.path.name)
    return (named["task"], named["time"]) if named else (source.path.stem, "")


def _read_samples(source: Source) -> Reading:
    task, time = _task_and_time(source)
    results = find_results(source, time) or {}
    found = documents(source, _delimiter(results, task))
    model, cautions = model_name(results, source)
    metrics, corpus = _metrics(found, results, task)
    names = _metric_names(found)
    identities = _identities(found, task, model)
    records = [
        {**identity, "metric": names(metric, document), **scored(document.values[metric])}
        for document, identity in zip(found, identities, strict=True)
        for metric in metrics
        if metric in document.values
    ]
    more = probabilities(found, identities, metrics, where=source.name) if source.probabilities else Probabilities()
    facts = _facts(task, results, dict.fromkeys(record["metric"] for record in records))
    records += more.records
    configured = configuration(results, task)
    return Reading(
        rows=tidy(records, source=source.name) if records else None,
        facts=(replace(facts, finer={finer: names(own, found[0]) for finer, own in more.refined.items()}),),
        published=stated(results, model=model, source=source.name, task=task),
        extents=extent(results, model=model, task=task),
        groups=groups(results),
        cautions=(*cautions, *_corpus_caution(corpus, source), *more.cautions),
        run=run_of(
            results,
            task=task,
            model=model,
            time=time,
            scores=_compared(results, task, records),
            configured=configured,
        ),
        configuration=configured,
    )


def _time(source: Source) -> str:
    """Return the time in the name of a file of results, empty where there is none."""
    named = RESULTS_NAME.search(source.path.name)
    return named["time"] if named else ""


def _compared(results: Mapping[str, Any], task: str, records: Sequence[Mapping[str, Any]]) -> object:
    """Return what copies of samples agree in: the results of their task, else every score."""
    stated = results.get("results")
    own = stated.get(task) if isinstance(stated, dict) else None
    return own or [(record["item"], record["metric"], record["score"]) for record in records]


def _delimiter(results: Mapping[str, Any], task: str) -> str | None:
    """Return what the task puts between prompt and choice, None where the results don't say."""
    configs = results.get("configs")
    config = configs.get(task) if isinstance(configs, dict) else None
    delimiter = config.get("target_delimiter") if isinstance(config, dict) else None
    return delimiter if isinstance(delimiter, str) else None


def _identities(found: Sequence[Document], task: str, model: str) -> list[dict[str, Any]]:
    items = _items(found)
    return [
        {"doc_id": document.doc_id, **document.metadata}
        | {"task": task, "model": model, "item": items[document.position], "target_hash": document.target_hash}
        for document in found
    ]


def _items(found: Sequence[Document]) -> dict[str, str]:
    """Name each document by its hash, or by its position; a document that comes again gets `#2`, and so on."""
    hashes = {document.position: document.hash for document in found}
    order = sorted(hashes, key=lambda position: (len(position), position))
    return dict(zip(order, numbered(str(hashes[position] or position) for position in order), strict=True))


def _metrics(found: Sequence[Document], results: Mapping[str, Any], task: str) -> tuple[list[str], list[str]]:
    """Return the metrics that have one number a document, and those that only the whole corpus has."""
    named = dict.fromkeys(name for document in found for name in document.named)
    if not named:
        known = {key.split(",")[0] for key in ((results.get("results") or {}).get(task) or {})}
        named = dict.fromkeys(key for document in found for key in document.values)
        named = {key: None for key in named if not known or key in known}
    corpus = [name for name in named if any(document.values.get(name) == NO_NUMBER for document in found)]
    return [name for name in named if name not in corpus], corpus


def _metric_names(found: Sequence[Document]) -> Any:
    filters = {document.filter for document in found}
    plain = filters <= {None, "none"}
    return lambda metric, document: metric if plain else f"{metric},{document.filter or 'none'}"


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
            message=f"{source.name}: {', '.join(corpus)} has a value for the whole corpus only, not one a document.",
            remedy="Analyse a metric that scores each document, such as acc or exact_match.",
        )
    ]


def _has_samples(source: Source) -> bool:
    named = RESULTS_NAME.search(source.path.name)
    if not named:
        return False
    prefix = source.path.name[: named.start()]
    return any(
        (found := SAMPLES_NAME.search(path.name)) is not None
        and found["time"] == named["time"]
        and path.name.startswith(f"{prefix}samples_")
        for path in source.listed(source.path.parent, f"{escape(prefix)}samples_*{escape(named['time'])}*")
    )
