"""lm-evaluation-harness: `samples_<task>_<time>.jsonl` with `results_<time>.json` next to them.

The samples name neither model nor task: the task is in the file's name and the model in the results file. A
document is identified by its hash, since `doc_id` is only a position. It has one row per filter, so the
filter is part of the metric's name if there are others than "none".
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from glob import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import (
    digest,
    digest_of_rows,
    inner,
    left_out,
    named_by_path,
    plain_text,
    settings,
    tidy,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.lfs import is_pointer
from howsure.readers.lm_eval_columns import SampleColumns, columns, typed_columns
from howsure.readers.lm_eval_samples import ChoiceProbabilities, documents, probabilities, rows
from howsure.readers.transcripts import Transcript
from howsure.table.cells import finite, number_in
from howsure.table.names import word_list
from howsure.table.scores import DIGITS, Extent, Group, Published, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from howsure.readers.lm_eval_samples import EvalDocument

NAME = "lm-eval"
FORMATS = "lm-evaluation-harness samples (.jsonl, .json) and results (.json)"
CHECKED = "lm-eval 0.4.13, and files of 2022-12 to 2026-07, including those from before 0.4"

_ENOUGH = 20
"""This many scores, with time and model, identify a copy of results."""
SAMPLES_NAME = re.compile(
    r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)\.jsonl?"
)
RESULTS_NAME = re.compile(r"results_(?P<time>\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)\.json")

_OWN = frozenset(
    ["doc", "arguments", "resps", "filtered_resps", "metrics", "doc_hash", "prompt_hash", "target_hash"]
)
"""Keys of samples in addition to `doc_id`, some of which may have been removed."""
_STDERR = re.compile(rb'"[^"\n]{1,99}(?:_stderr"|_stderr,|,none")')


def claims(source: Source) -> Claim | None:
    """Claim samples by their keys, and results. Results with samples are companions."""
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
    """Read one samples file, or the published scores of a results file without samples."""
    if _holds_samples(source):
        return _read_samples(source)
    results = source.json()
    model, warnings = model_name(results, source)
    samples = _samples(source)
    pointers = {task for task, each in samples.items() if is_pointer(each)}
    every = stated(results, model=model, source=source.name)
    published = every if len(pointers) == len(samples) else tuple(e for e in every if e.task in pointers)
    if not published:
        raise source.error("no score in the results", "Run lm-eval with --log_samples.")
    tasks, configured = dict.fromkeys(entry.task for entry in published), configuration(results, "")
    # The time in the name of a file of results, or an empty text.
    named = RESULTS_NAME.search(source.path.name)
    time = named["time"] if named else ""
    return Reading(
        facts=tuple(_facts(task, results, ()) for task in tasks),
        notes=_of_pointers(len(pointers)),
        published=published,
        warnings=(*warnings, *left_out(no_numbers(results), source)),
        run=run_of(
            results,
            task="",
            model=model,
            time=time,
            compared=digest([entry.score for entry in published[:_ENOUGH]]),
            configured=configured,
        ),
        configuration=configured,
    )


def transcripts(source: Source, items: Collection[str] | None) -> Iterator[Transcript]:
    """Yield the input and output of every document of these items, or of all if `items` is None, under each
    filter.
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
    """Return the task and the time in the name of a file of samples."""
    named = SAMPLES_NAME.search(source.path.name)
    return (named["task"], named["time"]) if named else (source.path.stem, "")


def _read_samples(source: Source) -> Reading:
    task, time = _task_and_time(source)
    results = find_results(source, time) or {}
    asked = documents(source, _delimiter(results, task)) if source.probabilities else ()
    found = columns(asked) if asked else _found(source)
    model, warnings = model_name(results, source)
    metrics, corpus = found.metrics(_known(results, task))
    scores = found.rows(metrics, task=task, model=model, source=source.name)
    identities = _identities(asked, found.items(), task, model) if asked else ()
    more = probabilities(asked, identities, metrics, where=source.name) if asked else ChoiceProbabilities()
    # The rows followed by those of probabilities.
    tables = [
        *([] if scores is None else [scores]),
        *([tidy(more.records, source=source.name)] if more.records else []),
    ]
    table = pl.concat(tables, how="diagonal") if tables else None
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
        warnings=(*warnings, *_corpus_warning(corpus, source), *more.warnings),
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


def _found(source: Source) -> SampleColumns:
    """Return the samples by column, for a large file without its inputs and outputs."""
    typed = typed_columns(source)
    return columns(documents(source, None)) if typed is None else typed


def _known(results: Mapping[str, Any], task: str) -> set[str]:
    """Return a task's metrics in the results."""
    return {key.split(",")[0] for key in ((results.get("results") or {}).get(task) or {})}


def _compared(results: Mapping[str, Any], task: str, table: pl.DataFrame | None) -> str:
    """Return a key that copies of samples share: the results of their task, else every score."""
    stated = results.get("results")
    own = stated.get(task) if isinstance(stated, dict) else None
    return digest(own or []) if own or table is None else digest_of_rows(table[["item", "metric", "score"]])


def _delimiter(results: Mapping[str, Any], task: str) -> str | None:
    """Return the task's delimiter between prompt and choice, or None if the results don't contain it."""
    configs = results.get("configs")
    config = configs.get(task) if isinstance(configs, dict) else None
    delimiter = config.get("target_delimiter") if isinstance(config, dict) else None
    return delimiter if isinstance(delimiter, str) else None


def _identities(
    found: Sequence[EvalDocument], items: Iterable[str], task: str, model: str
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


def _corpus_warning(corpus: Sequence[str], source: Source) -> list[ResultWarning]:
    if not corpus:
        return []
    return [
        ResultWarning(
            code="corpus_metric",
            message=(
                f"{source.name}: {', '.join(corpus)} has a value for the whole corpus only, not "
                "one per document."
            ),
            remedy="Analyse a metric that scores each document, such as acc or exact_match.",
        )
    ]


def _samples(source: Source) -> dict[str, Source]:
    """Return the samples of results by their tasks, including those that were never fetched."""
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
        "the samples file next to it is a pointer"
        if count == 1
        else f"the {count:,} samples files next to it are pointers"
    )
    return (f"{files} to files that were never fetched: published scores are used instead.",)


_ARGUMENT = re.compile(r"(?:^|,)\s*(?:peft|delta|pretrained|model|path|engine)=([^,]+)")
_REVISION = re.compile(r"(?:^|,)\s*revision=([^,]+)")
_USUAL = frozenset(["main", "master", "None", ""])
"""Uninformative revisions."""
_NAME_PART = re.compile(r"(?:_*eval)?_*(?:results|samples)_.*|(?:_*eval)?_*(?:results|samples)?\.jsonl?$")
_LOWER = frozenset(
    ["perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "brier_score", "ter", "wer"]
)
_NEAR = 1e-9
_NONE = ("N/A", "")
_REMEDY = "Copy the samples file again, or run lm-eval again with --log_samples."


def find_results(source: Source, time: str) -> dict[str, Any] | None:
    """Return the results written with a samples file: the same folder, the same time."""
    results = source.beside(re.sub(r"samples_.*", f"results_{time}.json", source.path.name)) if time else None
    return results if isinstance(results, dict) and isinstance(results.get("results"), dict) else None


def model_name(results: Mapping[str, Any], source: Source) -> tuple[str, tuple[ResultWarning, ...]]:
    """Name the model as in the results, with its own revision, else after the file or folder, with a
    warning.
    """
    arguments = inner(results, "config").get("model_args")
    if isinstance(arguments, dict):
        arguments = ",".join(f"{key}={value}" for key, value in arguments.items() if isinstance(value, str))
    text = arguments if isinstance(arguments, str) else ""
    found, revision = _ARGUMENT.search(text), _REVISION.search(text)
    name = results.get("model_name") or (found and found[1])
    if name:
        return f"{name}@{revision[1]}" if revision and revision[1] not in _USUAL else str(name), ()
    part = _NAME_PART.sub("", source.path.name) or source.path.absolute().parent.name
    model = part.replace("__", "/")
    return model, (named_by_path(source, model, remedy="Keep results_*.json next to the samples."),)


def stated(
    results: Mapping[str, Any], *, model: str, source: str, task: str | None = None
) -> tuple[Published, ...]:
    """Return the scores in the results, for one task or all."""
    counts = results.get("n-samples") if isinstance(results.get("n-samples"), dict) else {}
    return tuple(
        Published(
            task=name,
            model=model,
            metric=metric,
            score=score,
            n=_count(counts, name),
            stderr=se,
            source=source,
        )
        for name, values in _entries(results.get("results"))
        if task is None or name == task
        for metric, score, se in _scores(values)
    )


def no_numbers(results: Mapping[str, Any]) -> int:
    """Count the scores that aren't numbers: values under a name that is numeric for another task, except
    `N/A` and an empty text.
    """
    entries = [values for _, values in _entries(results.get("results"))]
    metrics = {
        key for values in entries for key, value in values.items() if _number(value) is not None or "," in key
    }
    given = [
        value
        for values in entries
        for key, value in values.items()
        if key in metrics and "_stderr" not in key
    ]
    return sum(_number(value) is None and str(value).strip() not in _NONE for value in given)


def extent(results: Mapping[str, Any], *, model: str, task: str) -> tuple[Extent, ...]:
    """Return the number of evaluated documents, and of all, or nothing if the results don't contain them."""
    counts = results.get("n-samples")
    entry = counts.get(task) if isinstance(counts, dict) else None
    effective, original = (
        entry.get(key) if isinstance(entry, dict) else None for key in ("effective", "original")
    )
    if not isinstance(effective, int) or effective < 1:
        return ()
    whole = original if isinstance(original, int) and original > effective else 0
    return (Extent(task=task, model=model, items=effective, whole=whole, remedy=_REMEDY),)


def groups(results: Mapping[str, Any]) -> tuple[Group, ...]:
    """Return the groups of tasks whose stated score is the mean of their tasks' scores, or that weighted by
    size. Others are left out.
    """
    subtasks = results.get("group_subtasks")
    if not isinstance(subtasks, dict) or not isinstance(results.get("results"), dict):
        return ()
    found = ((str(name), _leaves(str(name), subtasks)) for name, inner in subtasks.items() if inner)
    made = ((name, leaves, _is_by_size(name, leaves, results)) for name, leaves in found)
    return tuple(
        Group(name=name, harness="lm-eval", tasks=frozenset(leaves), by_size=by_size)
        for name, leaves, by_size in made
        if by_size is not None
    )


def _leaves(name: str, subtasks: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[str]:
    """Return the tasks of a group, with its groups replaced by their tasks."""
    inner = subtasks.get(name)
    if name in above or not isinstance(inner, list) or not inner:
        return [name]
    return [leaf for part in inner for leaf in _leaves(str(part), subtasks, (*above, name))]


def _is_by_size(group: str, leaves: list[str], results: Mapping[str, Any]) -> bool | None:
    """Return whether a group's score weighs its tasks by size, or None if it is neither that nor their
    mean.
    """
    sizes = [_count(results.get("n-samples"), task) or 0 for task in leaves]
    for metric, stated, _ in _scores(_task(results, group)):
        parts = [
            next((score for name, score, _ in _scores(_task(results, task)) if name == metric), None)
            for task in leaves
        ]
        scores = [part for part in parts if part is not None]
        if len(scores) < len(leaves) or not all(sizes):
            continue
        by_size = sum(score * size for score, size in zip(scores, sizes, strict=True)) / sum(sizes)
        if math.isclose(by_size, stated, rel_tol=_NEAR):
            return True
        if math.isclose(sum(scores) / len(scores), stated, rel_tol=_NEAR):
            return False
    return None


def lower_is_better(results: Mapping[str, Any], task: str, metrics: Iterable[str]) -> frozenset[str]:
    """Return the metrics of a task for which less is better, filters included."""
    directions = results.get("higher_is_better")
    known = directions.get(task) if isinstance(directions, dict) else None
    lower = {name for name, higher in known.items() if higher is False} if isinstance(known, dict) else _LOWER
    names = tuple(metrics) or tuple(metric for metric, _, _ in _scores(_task(results, task)))
    return frozenset(name for name in names if name.split(",")[0] in lower)


def _entries(results: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield task and values. The oldest files contain a list with one entry per task and prompt."""
    if isinstance(results, dict):
        yield from ((str(task), values) for task, values in results.items() if isinstance(values, dict))
    elif isinstance(results, list):
        for entry in results:
            if isinstance(entry, dict) and "task_name" in entry:
                prompt = entry.get("prompt_name")
                yield f"{entry['task_name']}+{prompt}" if prompt else str(entry["task_name"]), entry


def _task(results: Mapping[str, Any], task: str) -> Mapping[str, Any]:
    return dict(_entries(results.get("results"))).get(task, {})


def _scores(values: Mapping[str, Any]) -> Iterator[tuple[str, float, float | None]]:
    """Yield metric, score and standard error. "acc,none" becomes acc if "none" is the only filter."""
    filters = {key.partition(",")[2] for key in values if "," in key}
    for key, value in values.items():
        name, comma, filtered = key.partition(",")
        if name.endswith("_stderr") or bool(comma) != bool(filters) or (score := _number(value)) is None:
            continue
        error = _number(values.get(f"{name}_stderr{comma}{filtered}"))
        yield (name if filters <= {"none"} else key), score, error


def _number(value: object) -> float | None:
    return None if isinstance(value, bool) else finite(value)


def _count(counts: object, task: str) -> int | None:
    entry = counts.get(task) if isinstance(counts, dict) else None
    effective = entry.get("effective") if isinstance(entry, dict) else None
    return effective if isinstance(effective, int) else None


_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)[-:](\d\d)[-:](\d\d)(?:\.\d+)?")
_DESCRIBED = re.compile(r".+-\d+-g([0-9a-f]{7,40})")
"""A commit as described by git: after the nearest tag, and how many commits lie between."""
_PART = re.compile(r"([^,=]+)=([^,]*)")
_PROMPT = word_list(
    """
    doc_to_text doc_to_target doc_to_choice description target_delimiter fewshot_delimiter gen_prefix
    use_prompt process_docs test_split validation_split
    """
)
_SCORING = ("output_type", "metric_list", "filter_list", "process_results", "repeats")
"""The parts of a task's configuration for the form of questions, and for scoring."""
_MANY = 20
_EXAM = {"task_version": "version", "scoring": "scorer"}
"""Settings that belong to the task and not the model."""


def run_of(
    results: Mapping[str, Any],
    *,
    task: str,
    model: str,
    time: str,
    compared: str,
    configured: Mapping[str, str],
) -> Run:
    """Collect the results' information on their run of one task, or of all tasks if it is empty.

    `configured`: its configuration. `time`: that in the file's name. `compared`: a name for the scores, which
    together with the time identifies a copy. Without a time the run is unknown.
    """
    config = inner(results, "config")
    identity = f"{task} {model} {time} {compared}".strip() if time else ""
    limit = finite(config.get("limit"))
    # Collect what doesn't make it another run: versions of the harness, the place of the questions, and their
    # hash, which changes with seeds and limits.
    asked, hashes = inner(results, "configs", task), results.get("task_hashes")
    named = {"lm_eval": results.get("lm_eval_version"), "transformers": results.get("transformers_version")}
    surroundings = {
        **{name: text for name, text in named.items() if text != "N/A"},
        "dataset": asked.get("dataset_path"),
        "dataset name": asked.get("dataset_name"),
        "task_hash": str(hashes.get(task) or "")[:DIGITS] if isinstance(hashes, dict) else "",
    }
    return Run(
        key=identity,
        started=_date(results.get("date")) or _written(time),
        identity=identity,
        call=time,
        ids=(time,) if time else (),
        commit=_commit(results.get("git_hash")),
        limit="" if limit is None else f"{limit:g}",
        exam=exam(configured),
        surroundings=settings(surroundings),
    )


def _date(seconds: object) -> str:
    """Write the seconds since 1970 as a date and time."""
    number = finite(seconds)
    try:
        return "" if not number else datetime.fromtimestamp(number, UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return ""


def _written(time: str) -> str:
    """Write the time in a file's name, which is local, as a date and time."""
    found = _STAMP.fullmatch(time)
    return f"{found[1]}T{found[2]}:{found[3]}:{found[4]}" if found else ""


def _commit(text: object) -> str:
    found = _DESCRIBED.fullmatch(text) if isinstance(text, str) else None
    return found[1] if found else text if isinstance(text, str) else ""


def configuration(results: Mapping[str, Any], task: str) -> dict[str, str]:
    """Collect the settings that distinguish two runs of one model, without machinery, seeds and secrets."""
    config = inner(results, "config")
    shots, versions = results.get("n-shot"), results.get("versions")
    named: dict[str, Any] = {"num_fewshot": shots.get(task) if isinstance(shots, dict) else None}
    if named["num_fewshot"] is None:
        named["num_fewshot"] = config.get("num_fewshot")
    for name in (
        "model_args",
        "gen_kwargs",
        "model_dtype",
        "model_revision",
        "model_sha",
        "peft_sha",
        "delta_sha",
    ):
        parts = _parts(name, config.get(name))
        named |= parts if len(parts) <= _MANY else {}
    for name in ("system_instruction_sha", "chat_template_sha", "fewshot_as_multiturn"):
        value = results.get(name)
        named[name] = value[:DIGITS] if isinstance(value, str) and name.endswith("_sha") else value
    named["task_version"] = versions.get(task) if isinstance(versions, dict) else None
    told = settings({**named, **_asked(inner(results, "configs", task))})
    return {name: value for name, value in told.items() if told.get(_in_the_task(name)) != value}


def _in_the_task(name: str) -> str:
    """Return the name in the task's configuration of a generation setting that the user gave."""
    return name.replace("gen_kwargs.", "generation.") if name.startswith("gen_kwargs.") else ""


def exam(settings: Mapping[str, str]) -> dict[str, str]:
    """Collect how the answers were judged, if the configuration contains it: the task's version, and a digest
    of its scoring.
    """
    return {_EXAM[key]: text for key, text in settings.items() if key in _EXAM}


def _parts(name: str, value: object) -> dict[str, Any]:
    """Split settings that are written as one text, a=1,b=2, so that each has its name and secrets are
    recognised.
    """
    if isinstance(value, str) and "=" in value:
        value = {key.strip(): part.strip() for key, part in _PART.findall(value)}
    return (
        {f"{name}.{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
    )


def _asked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Collect digests of a task's configuration: of its questions, its scoring and its generation."""
    told = {
        "prompt": {key: config[key] for key in _PROMPT if config.get(key) not in (None, "")},
        "scoring": {key: config[key] for key in _SCORING if config.get(key) is not None},
    }
    given = inner(config, "generation_kwargs")
    return {**told, **{f"generation.{key}": value for key, value in given.items()}}


def transcript(row: Mapping[str, Any], *, item: str, scores: Mapping[str, float | None]) -> Transcript:
    """Return the content of one row, a document under one filter, with `scores` by the tidy table's names."""
    requests = list(_requests(row.get("arguments")))
    choices = [
        plain_text(request[1]) for request in requests if len(request) > 1 and isinstance(request[1], str)
    ]
    chosen = _chosen(row.get("filtered_resps"), choices)
    output = chosen if chosen is not None else _first(row.get("resps"))
    answer = chosen if chosen is not None else _first(row.get("filtered_resps"))
    # The right answer; the position of a choice is replaced by that choice.
    value = row.get("target")
    text = plain_text(value)
    target = choices[int(text)].strip() if text.isdecimal() and int(text) < len(choices) > 1 else text
    return Transcript(
        item=item,
        prompt=plain_text(requests[0][0]) if requests and requests[0] else "",
        target=target,
        output=output,
        answer=answer,
        scores=scores,
    )


def _requests(arguments: object) -> Iterator[Sequence[Any]]:
    """Yield the arguments of each request. Since 0.4.3 they have names."""
    listed = (
        arguments.values()
        if isinstance(arguments, dict)
        else arguments
        if isinstance(arguments, list)
        else ()
    )
    for each in listed:
        yield list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else [each]


def _chosen(answers: object, choices: Sequence[str]) -> str | None:
    """Return the choice of the largest log-likelihood, or None if the answer isn't a choice among several."""
    if not isinstance(answers, list) or len(answers) != len(choices) or len(choices) < 2:
        return None
    likely = [number_in(each[0]) if isinstance(each, list) and each else None for each in answers]
    known = [number for number in likely if number is not None]
    return choices[likely.index(max(known))].strip() if len(known) == len(choices) else None


def _first(value: object) -> str:
    """Return the first text of answers that may be nested."""
    while isinstance(value, list) and value:
        value = value[0]
    return plain_text(value)
