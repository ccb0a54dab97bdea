"""Inspect AI logs: `.eval` (a zip) and `.json` (one document).

Scores come from `summaries.json`, with one row per sample and epoch. Full samples are opened only if a log
has no summaries, or for probabilities. A crashed run has neither header nor summaries, but a journal with
both.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError, ResultWarning
from howsure.readers.attempt_rows import (
    flatten_metadata,
    inner,
    mappings,
    metadata_text,
    plain_text,
    settings,
    unknown_layout,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.inspect_probabilities import TokenProbabilities, probabilities
from howsure.readers.inspect_scores import (
    Sample,
    Samples,
    attempt_of,
    frame,
    limit_of,
    sample_values,
    score_frame,
    stated_totals,
    summary,
    to_number,
)
from howsure.readers.parsing import members
from howsure.readers.transcripts import Transcript
from howsure.readers.zipped import Archive, first_member, open_archive
from howsure.table.cells import finite, whole_text
from howsure.table.names import word_list
from howsure.table.scores import Extent, Published, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

NAME = "inspect"
FORMATS = "Inspect AI logs (.eval, .json)"
CHECKED = "Inspect 0.3.41–0.3.285, log version 2"

LAYOUTS = ("2",)
"""Known versions of the log."""
STANDARD_ERRORS = ("stderr", "clustered_se")
"""Inspect's metric, and the one of `howsure.integrations.inspect`."""
_MEMBER = re.compile(r"header\.json|summaries\.json|reductions\.json|_journal/.+|samples/.+_epoch_\d+\.json")
_JOURNAL = re.compile(r"_journal/summaries/(\d+)\.json")


def claims(source: Source) -> Claim | None:
    """Claim an Inspect log: a zip that begins with one of its members, or a document with version and
    eval.
    """
    member = first_member(source.head)
    if member is not None:
        return "rows" if _MEMBER.fullmatch(member) else None
    first = source.first
    told = (
        first.get("version", b"").isdigit() and first.get("eval", b"").startswith(b"{") and "status" in first
    )
    return "rows" if told and {"created", "task", "model"} & members(first["eval"]).keys() else None


def read(source: Source) -> Reading:
    """Read one log. A log of results without samples gives published scores only."""
    header, samples = _open(source)
    spec = header.get("eval")
    if (
        not isinstance(spec, dict)
        or not isinstance(spec.get("model"), str)
        or not isinstance(spec.get("task"), str)
    ):
        raise source.error("no task and model in the log's header", "Write the log again.")
    scores = _published_scores(header)
    table = Samples.of(samples, expected=_expected_metrics(spec, scores), spec=spec)
    published = tuple(_publish(score, spec, header, table, source) for score in scores)
    stated = tuple(entry for entry in published if entry is not None)
    samples = samples if table.usable else []
    if not samples and not stated:
        raise _nothing(table, source)
    rows = score_frame(table, task=spec["task"], model=spec["model"], source=source.name) if samples else None
    facts, more = _facts(spec, header, scores, table), TokenProbabilities()
    if source.probabilities and rows is not None:
        metrics = sorted(table.values, key=lambda metric: metric != facts.headline)
        more = probabilities(source, header, samples, metrics)
        rows = more.below(rows)
    # Collect the messages that the data set puts before every question: another system message is another
    # set-up.
    told = frame(sample.get("input") for sample in samples)
    messages = {"messages": told} if told else {}
    return Reading(
        rows=rows,
        facts=(replace(facts, finer=more.refined),),
        published=stated,
        extents=_extents(spec, header),
        totals=stated_totals(header, table.usage),
        warnings=(
            *unknown_layout(header.get("version"), LAYOUTS, source),
            *table.warnings(source.name),
            *_log_warnings(header, spec, table, source.name),
            *more.warnings,
        ),
        run=run_of(spec, header, epochs=_epochs(spec), attempts=len(samples), ends=table.ends),
        configuration=configuration(spec, header) | messages,
    )


def _nothing(table: Samples, source: Source) -> ReadError:
    if not table.items:
        return source.error("neither samples nor results in the log", "Run the task again.")
    return source.error("no sample has a score", f"Score the log first: inspect score {source.path.name}")


def _open(source: Source) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if first_member(source.head) is None:
        document = source.json()
        header = document if isinstance(document, dict) else {}
        samples = header.get("samples")
    else:
        with open_archive(source.path, where=source.name) as archive:
            header, samples = _header(archive, source), _summaries(archive)
    return header, [sample for sample in samples or [] if isinstance(sample, dict)]


def _header(archive: Archive, source: Source) -> dict[str, Any]:
    for name in ("header.json", "_journal/start.json"):
        if name in archive:
            header = archive.json(name)
            return header if isinstance(header, dict) else {}
    raise source.error("a log without header.json and _journal/start.json", "Run it again.")


def _summaries(archive: Archive) -> list[Any]:
    if "summaries.json" in archive:
        summaries = archive.json("summaries.json", list[Sample])
        return summaries if isinstance(summaries, list) else []
    numbered = ((match, name) for name in archive.names if (match := _JOURNAL.fullmatch(name)))
    journal = [name for _, name in sorted((int(match[1]), name) for match, name in numbered)]
    rows = [row for name in journal for row in archive.json(name, list[Sample])]
    if not rows:
        members = (name for name in dict.fromkeys(archive.names) if name.startswith("samples/"))
        rows = [summary(sample) for sample in archive.each_json(members, Sample) if isinstance(sample, dict)]
    latest = {(str(row.get("id")), row.get("epoch")): row for row in rows if isinstance(row, dict)}
    return list(latest.values())


def _published_scores(header: Mapping[str, Any]) -> list[dict[str, Any]]:
    results = header.get("results")
    scores = results.get("scores") if isinstance(results, dict) else None
    return [score for score in scores or [] if isinstance(score, dict)]


def _expected_metrics(spec: Mapping[str, Any], scores: list[dict[str, Any]]) -> list[str]:
    """Name the planned metrics of a log without any score."""
    stated = [_metric(score, ()) for score in scores]
    planned = [scorer.get("name") for scorer in spec.get("scorers") or [] if isinstance(scorer, dict)]
    return list(dict.fromkeys(str(name) for name in (*stated, *planned) if name))


def _metric(score: Mapping[str, Any], known: Mapping[str, Any] | tuple[()]) -> str:
    """Name a published score's metric as the samples name it: `scorer`, or `scorer/key` for one of several
    values.
    """
    name, scorer = str(score.get("name") or ""), str(score.get("scorer") or "")
    both = f"{scorer}/{name}"
    candidates = (both, name, scorer) if name != scorer else (name,)
    metric = next((candidate for candidate in candidates if candidate in known), candidates[0])
    reducer = score.get("reducer")
    return metric if reducer in (None, "mean") else f"{metric}@{reducer}"


def _publish(
    score: Mapping[str, Any],
    spec: Mapping[str, Any],
    header: Mapping[str, Any],
    table: Samples,
    source: Source,
) -> Published | None:
    metrics = score.get("metrics") or {}
    value = next(
        (v for v in (_metric_value(metrics, name) for name in ("accuracy", "mean")) if v is not None), None
    )
    if value is None:
        return None
    return source.published(
        spec["task"],
        spec["model"],
        _metric(score, table.values),
        value,
        n=_items_behind(score, spec, header),
        stderr=_metric_value(metrics, "stderr"),
        reducer=str(score.get("reducer") or "mean"),
        cluster=_cluster(metrics.get("stderr")),
    )


def _cluster(metric: object) -> str:
    """Name the column of the metadata by which a standard error is clustered; empty if it is plain."""
    options = (metric.get("params") or metric.get("options")) if isinstance(metric, dict) else None
    cluster = options.get("cluster") if isinstance(options, dict) else None
    return next(iter(flatten_metadata({cluster: ""})), "") if isinstance(cluster, str) and cluster else ""


def _clusters(spec: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Name the columns by which a log's standard errors are clustered, or "" if all are plain. Before there
    are results, the planned ones.
    """
    stated = [pair for score in scores for pair in (score.get("metrics") or {}).items()]
    planned = [scorer.get("metrics") for scorer in spec.get("scorers") or [] if isinstance(scorer, dict)]
    metrics = stated or [*_named(planned)]
    found = frozenset(
        _cluster(metric) for name, metric in metrics if name.rpartition("/")[2] in STANDARD_ERRORS
    )
    return found - {""} or found


def _named(given: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield metrics with their names from planned lists and groups."""
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        yield given["name"], given
    elif isinstance(given, (dict, list)):
        for each in given.values() if isinstance(given, dict) else given:
            yield from _named(each)


def _metric_value(metrics: Mapping[str, Any], name: str) -> float | None:
    metric = metrics.get(name)
    return finite(metric.get("value")) if isinstance(metric, dict) else None


def _items_behind(score: Mapping[str, Any], spec: Mapping[str, Any], header: Mapping[str, Any]) -> int | None:
    scored = score.get("scored_samples")
    completed = (header.get("results") or {}).get("completed_samples")
    if isinstance(scored, int):
        return scored
    return completed // _epochs(spec) if isinstance(completed, int) else None


def _facts(
    spec: Mapping[str, Any], header: Mapping[str, Any], scores: list[dict[str, Any]], table: Samples
) -> TaskFacts:
    """The headline is the only published score, or the one that newer logs name."""
    named = (header.get("results") or {}).get("headline") or {}
    if len(scores) > 1:
        scores = [
            s for s in scores if (s.get("scorer"), s.get("name")) == (named.get("scorer"), named.get("score"))
        ]
    return TaskFacts(
        task=spec["task"],
        harness="Inspect",
        headline=_metric(scores[0], table.values) if len(scores) == 1 else None,
        failures="drop",
        failures_words="Inspect leaves failed samples out of the mean.",
        planned=_planned(spec, header) // _epochs(spec),
        epochs=_epochs(spec),
        shuffled=_shuffled(spec),
        order=() if header.get("status") == "success" else _order(spec),
        clusters=_clusters(spec, _published_scores(header)),
    )


def _order(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the samples in the order in which they start, after shuffling and the limit; empty if it is
    unknown.
    """
    ids = (spec.get("dataset") or {}).get("sample_ids")
    return tuple(whole_text(str(name)) for name in ids) if isinstance(ids, list) else ()


def _shuffled(spec: Mapping[str, Any]) -> bool | None:
    """Return whether the samples were shuffled, by the dataset or by the option, or None if the log doesn't
    record it.
    """
    stated = (spec.get("dataset") or {}).get("shuffled")
    asked = (spec.get("config") or {}).get("sample_shuffle")
    if asked is not None and asked is not False:
        return True
    return stated if isinstance(stated, bool) else None


def _epochs(spec: Mapping[str, Any]) -> int:
    epochs = (spec.get("config") or {}).get("epochs")
    return epochs if isinstance(epochs, int) and epochs > 0 else 1


def _planned(spec: Mapping[str, Any], header: Mapping[str, Any]) -> int:
    """Count the planned samples: those of the dataset after the limit, times the epochs."""
    total = (header.get("results") or {}).get("total_samples")
    dataset, limit = spec.get("dataset") or {}, (spec.get("config") or {}).get("limit")
    if isinstance(total, int):
        return total
    ids, size = dataset.get("sample_ids"), dataset.get("samples")
    if isinstance(ids, list) and ids:
        return len(ids) * _epochs(spec)
    low, high = limit if isinstance(limit, list) and len(limit) == 2 else (0, limit)
    bounds = [bound for bound in (size, high) if isinstance(bound, int)]
    return max(0, min(bounds) - int(low or 0)) * _epochs(spec) if bounds else 0


def _extents(spec: Mapping[str, Any], header: Mapping[str, Any]) -> tuple[Extent, ...]:
    """Return the planned attempts: samples after the limit, each in every epoch. With a limit they are a
    part.
    """
    items, epochs, size = (
        _planned(spec, header) // _epochs(spec),
        _epochs(spec),
        (spec.get("dataset") or {}).get("samples"),
    )
    if not items:
        return ()
    names = _order(spec)
    return (
        Extent(
            task=whole_text(spec["task"]),
            model=whole_text(spec["model"]),
            items=items,
            attempts=epochs,
            names=names if len(set(names)) == items else (),
            whole=size if isinstance(size, int) and size > items else 0,
            status=str(header.get("status") or "started"),
            remedy="Finish the run with inspect eval-retry, or treat the result as one over fewer questions.",
        ),
    )


def _log_warnings(
    header: Mapping[str, Any], spec: Mapping[str, Any], table: Samples, where: str
) -> Iterator[ResultWarning]:
    if table.items and not table.usable:
        message = (
            f"{where}: no sample has a score ({len(table.items):,} in the log), so only the "
            "log's own results are used."
        )
        yield ResultWarning(
            code="unscored_samples", message=message, remedy=f"Score the log: inspect score {where}"
        )
    if header.get("invalidated"):
        message = f"{where}: marked as invalid by its owner."
        yield ResultWarning(code="invalidated", message=message, remedy="Leave it out.")
    reducers = [name for name in (spec.get("config") or {}).get("epochs_reducer") or [] if name != "mean"]
    if reducers and _epochs(spec) > 1:
        names = ", ".join(map(str, reducers))
        message = f"{where}: Inspect reduced the epochs of a question by {names}, but here they are averaged."
        remedy = "Compare with Inspect's own figure only if it is a mean."
        yield ResultWarning(code="reducer", message=message, remedy=remedy)


_SAMPLE = re.compile(r"samples/(?P<item>.+)_epoch_\d+\.json", re.DOTALL)
_ATTACHED = re.compile(r"attachment://([0-9a-f]{32})")
_ODD = re.compile(r"[^\w. -]")
"""An id with other characters may be written differently in the names of members."""


def transcripts(source: Source, items: Collection[str] | None) -> Iterator[Transcript]:
    """Yield every attempt at these items, or all if `items` is None, in the order of the log."""
    if first_member(source.head) is None:
        document = source.json()
        samples = document.get("samples") if isinstance(document, dict) else None
        yield from (_transcript(sample) for sample in samples or () if _is_asked(sample, items))
        return
    with open_archive(source.path, where=source.name) as archive:
        for name in _members(archive, items):
            sample = archive.json(name)
            if _is_asked(sample, items):
                yield _transcript(sample)


def _members(archive: Archive, items: Collection[str] | None) -> list[str]:
    """Return the members that may contain these items. If an id may be written differently, return all."""
    members = {
        name: found["item"] for name in dict.fromkeys(archive.names) if (found := _SAMPLE.fullmatch(name))
    }
    if items is None or any(_ODD.search(item) for item in items):
        return list(members)
    return [name for name, item in members.items() if item in items]


def _is_asked(sample: object, items: Collection[str] | None) -> bool:
    return isinstance(sample, dict) and (items is None or whole_text(str(sample.get("id"))) in items)


def _transcript(sample: Mapping[str, Any]) -> Transcript:
    output, scores = inner(sample, "output"), inner(sample, "scores")
    attached = inner(sample, "attachments")
    answered = _attached(_answered(output), attached)
    taken = next((text for each in scores.values() if (text := plain_text(inner(each).get("answer")))), "")
    error = inner(sample, "error")
    return Transcript(
        item=whole_text(str(sample.get("id"))),
        attempt=attempt_of(sample.get("epoch")),
        prompt=_attached(spoken(sample.get("input")), attached),
        target=_target(sample.get("target")),
        output=answered,
        answer=_attached(taken, attached) or answered,
        stop=_stop(sample, output),
        error=plain_text(error.get("message")),
        scores={whole_text(name): to_number(value) for name, value in sample_values(sample)},
    )


def _stop(sample: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    """Return why an attempt ended: by an error, a limit of the sample, else as the model's last call did."""
    if sample.get("error"):
        return "error"
    return limit_of(sample) or plain_text(_choice(output).get("stop_reason"))


def _answered(output: Mapping[str, Any]) -> str:
    if isinstance(output.get("completion"), str):
        return whole_text(output["completion"])
    return _content(inner(_choice(output), "message").get("content"))


def _choice(output: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = output.get("choices")
    return inner(choices[0]) if isinstance(choices, list) and choices else {}


def spoken(value: object) -> str:
    """Return the input: a text, or messages with their roles."""
    if isinstance(value, str):
        return whole_text(value)
    return "\n\n".join(
        f"{plain_text(turn.get('role'))}: {_content(turn.get('content'))}" for turn in mappings(value)
    )


def _content(content: object) -> str:
    if isinstance(content, str):
        return whole_text(content)
    return "\n".join(
        plain_text(part.get("text")) or f"({plain_text(part.get('type'))})" for part in mappings(content)
    )


def _target(value: object) -> str:
    return " | ".join(map(plain_text, value)) if isinstance(value, list) else plain_text(value)


def _attached(text: str, attached: Mapping[str, Any]) -> str:
    """Insert the parts that the log stores separately because they are repeated."""
    return (
        _ATTACHED.sub(lambda found: plain_text(attached.get(found[1])) or found[0], text)
        if attached
        else text
    )


_MACHINERY = frozenset(
    word_list(
        """
        max_retries timeout attempt_timeout stream_idle_timeout max_connections adaptive_connections cache
        seed batch verbose
        """
    )
)
_LIMITS = ("message_limit", "token_limit", "turn_limit", "time_limit", "working_limit", "cost_limit")
"""The limits of a sample; exceeding one ends it, and changes its score."""
GRADER = "model"
"""The option of a scorer that names the grader model."""
_FIRST_VERSION = ("0", "")
"""Uninformative versions of a task: the default if its author gave it none."""


def run_of(
    spec: Mapping[str, Any], header: Mapping[str, Any], *, epochs: int, attempts: int, ends: Mapping[str, int]
) -> Run:
    """Collect the log's information on its run. A retry keeps the task's id, and a run's id is that of all
    tasks of one call.
    """
    revision, config = inner(spec, "revision"), inner(spec, "config")
    created, task_id = str(spec.get("created") or ""), str(spec.get("task_id") or "")
    own = str(spec.get("eval_id") or "") or (f"{task_id} {created}" if task_id and created else "")
    call, tags = str(spec.get("run_id") or ""), spec.get("tags")
    tags = tags if isinstance(tags, list) else []
    return Run(
        key=task_id,
        complete=header.get("status") == "success",
        started=created,
        identity=own,
        call=call,
        ids=tuple(dict.fromkeys(name for name in (own, task_id, call) if name)),
        commit=str(revision.get("commit") or ""),
        dirty=bool(revision["dirty"]) if "dirty" in revision else None,
        tags=tuple(tag for tag in tags if isinstance(tag, str)),
        limit=_limit(config),
        epochs=epochs,
        exam=exam(spec, header),
        surroundings=settings(_surroundings(spec)),
        attempts=attempts,
        ends=ends,
    )


def _limit(config: Mapping[str, Any]) -> str:
    """Return the deliberate limit on the samples of a run: their number, their range, or how many were
    named.
    """
    limit, ids = config.get("limit"), config.get("sample_id")
    if isinstance(limit, list):
        return "–".join(str(bound) for bound in limit)
    return str(limit) if limit else f"{len(ids)} ids" if isinstance(ids, list) else ""


def _surroundings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what doesn't make it another run: the harness's version, the place of the data set, and the
    user's notes.
    """
    data = inner(spec, "dataset")
    said = {
        f"metadata.{key}": value for key, value in inner(spec, "metadata").items() if metadata_text(value)
    }
    harness = inner(spec, "packages").get("inspect_ai")
    return {"inspect_ai": harness, "dataset": data.get("name"), "dataset place": data.get("location"), **said}


def configuration(spec: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, str]:
    """Collect the settings that distinguish two runs of one model, without machinery, seeds and secrets."""
    generate = inner(spec, "model_generate_config") or inner(header, "plan", "config")
    named = {key: value for key, value in generate.items() if key not in _MACHINERY}
    for part in ("model_args", "task_args", "solver_args"):
        named |= {f"{part}.{key}": value for key, value in inner(spec, part).items()}
    for role, model in inner(spec, "model_roles").items():
        named[f"model_roles.{role}"] = _model(model)
    config, version = inner(spec, "config"), str(spec.get("task_version") or "")
    named |= {name: config.get(name) for name in _LIMITS}
    named["task_version"] = "" if version in _FIRST_VERSION else version
    named |= {"solver": spec["solver"]} if spec.get("solver") else _steps(header)
    scorers = {
        f"{name}.{key}": value for name, options in _scorers(spec, header) for key, value in options.items()
    }
    return settings({**named, **scorers})


def exam(spec: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, str]:
    """Collect how the samples were judged: the task's version, and for each scorer the grader and its other
    options.
    """
    told = {"version": str(spec.get("task_version") or "0")}
    grader = _model(inner(spec, "model_roles").get("grader"))
    for name, options in _scorers(spec, header):
        own = {key: value for key, value in options.items() if key != GRADER}
        told[f"scorer:{name}"] = settings({"options": own}).get("options", "")
        told[f"grader:{name}"] = settings({"grader": options.get(GRADER) or grader}).get("grader", "")
    return told


def _scorers(spec: Mapping[str, Any], header: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each scorer with its options, including a grader model. Older logs name them with the results
    only.
    """
    planned = [(each.get("name"), each.get("options")) for each in mappings(spec.get("scorers"))]
    scores = mappings(inner(header, "results").get("scores"))
    for name, options in planned or [(each.get("scorer"), each.get("params")) for each in scores]:
        yield str(name), {key: _model(value) for key, value in inner(options).items()}


def _model(value: Any) -> Any:
    """Return the name of a model that is written with its settings. Anything else is unchanged."""
    return value["model"] if isinstance(value, dict) and isinstance(value.get("model"), str) else value


def _steps(header: Mapping[str, Any]) -> dict[str, Any]:
    """Name the task's own solvers, with their arguments: a system message is such an argument."""
    steps = [step for step in mappings(inner(header, "plan").get("steps")) if step.get("solver")]
    solvers = [str(step["solver"]) for step in steps]
    named: dict[str, Any] = {"solver": ", ".join(solvers)}
    for i, (solver, step) in enumerate(zip(solvers, steps, strict=True)):
        time = solvers[: i + 1].count(solver)
        for key, value in inner(step.get("params_passed", step.get("params"))).items():
            named[f"{solver if time == 1 else f'{solver} {time}'}.{key}"] = value
    return named
