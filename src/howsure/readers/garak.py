"""garak: the report of a scan (`<name>.report.jsonl`), one line per event.

A probe's prompt is a question, each output an attempt, and one detector on one probe a separate task. The
score is 1 if the output passed: the detector found no hit, because its score is below the threshold. So
higher is better, as in garak's "ok on".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import digest, from_path, inner, mappings, numbered, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite
from howsure.table.scores import Extent, Published, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAME = "garak"
FORMATS = "garak reports (*.report.jsonl)"
CHECKED = "the source of garak 0.9–0.14, in made-up files only"

METRIC = "passed"
THRESHOLD = 0.5
"""From this score on an output is a hit, if the report states no other."""
EVALUATED = 2
"""The status of a prompt whose outputs the detectors evaluated. It is written once before with status 1."""
_ENTRIES = (b'"start_run setup"', b'"init"', b'"attempt"', b'"eval"', b'"digest"', b'"plugin_cache"')
_OWN = {"_config.version", "garak_version", "probe_classname", "detector", "transient.run_id"}
_HIT = {"attempt_id", "attempt_seq", "detector", "generator", "probe"}


def claims(source: Source) -> Claim | None:
    """Claim the events of a scan, and its list of hits, to explain what that is."""
    first = source.first
    report = first.get("entry_type") in _ENTRIES and _OWN & first.keys()
    return "rows" if report or first.keys() >= _HIT else None


def read(source: Source) -> Reading:
    """Read one scan. Without its prompts the scores come from its eval lines."""
    if source.first.keys() >= _HIT:
        raise source.error(
            "a list of garak's hits alone, without the outputs that passed",
            "Use the report next to it: *.report.jsonl.",
        )
    events = mappings(source.json_lines())
    setup = next((event for event in events if event.get("entry_type") == "start_run setup"), {})
    model, warnings = _model(setup, source)
    stated = finite(setup.get("run.eval_threshold"))
    records = list(_records(events, model, THRESHOLD if stated is None else stated))
    evals = [event for event in events if event.get("entry_type") == "eval"]
    tasks = dict.fromkeys([*(str(record["task"]) for record in records), *map(_task, evals)])
    if not tasks:
        raise source.error("no prompt was evaluated by a detector", "Wait for the scan to end.")
    return Reading(
        rows=tidy(records, source=source.name) if records else None,
        facts=tuple(_facts(task) for task in tasks),
        published=tuple(_published(evals, records, model, source)),
        extents=tuple(_extents(evals, records, model)),
        warnings=(*warnings, *_miscounted(evals, records, source)),
        configuration={"generations": str(setup["run.generations"])} if "run.generations" in setup else {},
    )


def _model(setup: Mapping[str, Any], source: Source) -> tuple[str, tuple[ResultWarning, ...]]:
    """Return the target in the set-up, called a model in older reports."""
    for kind in ("name", "type"):
        for target in ("target", "model"):
            if found := setup.get(f"plugins.{target}_{kind}"):
                return str(found), ()
    return from_path(source, r"(?:\.report)?\.jsonl")


def _records(events: Iterable[Mapping[str, Any]], model: str, threshold: float) -> Iterator[dict[str, Any]]:
    """Yield one row for each output and detector. A prompt that is repeated in a probe gets its place in the
    name.
    """
    attempts = [e for e in events if e.get("entry_type") == "attempt" and e.get("status") == EVALUATED]
    seen = numbered(f"{attempt.get('probe_classname')} {_prompt(attempt)}" for attempt in attempts)
    for attempt, name in zip(attempts, seen, strict=True):
        for detector, scores in inner(attempt, "detector_results").items():
            for place, score in enumerate(scores if isinstance(scores, list) else ()):
                hit = finite(score)
                yield {
                    "task": f"{attempt.get('probe_classname')} {detector}",
                    "model": model,
                    "item": name.partition(" ")[2],
                    "attempt": place,
                    "metric": METRIC,
                    "score": None if hit is None else float(hit < threshold),
                    "status": "unscored" if hit is None else "ok",
                    "goal": attempt.get("goal"),
                }


def _prompt(attempt: Mapping[str, Any]) -> str:
    """Name a prompt by its texts, which are the same in every scan, and by its place if it was removed."""
    prompt = attempt.get("prompt")
    if prompt is None:
        return f"seq {attempt.get('seq')}"
    turns = mappings(prompt.get("turns")) if isinstance(prompt, dict) else []
    texts = [(turn.get("role"), inner(turn, "content").get("text", turn.get("content"))) for turn in turns]
    return digest(texts or (prompt.get("text", prompt) if isinstance(prompt, dict) else prompt))


def _task(event: Mapping[str, Any]) -> str:
    detector = str(event.get("detector")).removeprefix("detector.")
    return f"{event.get('probe')} {detector}"


def _total(event: Mapping[str, Any]) -> float | None:
    """Return how many outputs were evaluated; older reports call it the total."""
    return finite(event.get("total_evaluated", event.get("total")))


def _published(
    evals: Iterable[Mapping[str, Any]], records: list[dict[str, Any]], model: str, source: Source
) -> Iterator[Published]:
    """Yield the share that passed, if all prompts have equal weight: an eval line counts outputs, of which
    some prompts may have more.
    """
    uneven = {task for task, counts in _counts(records).items() if len({*counts.values()}) > 1}
    for event in evals:
        passed, total = finite(event.get("passed")), _total(event)
        if passed is not None and total and _task(event) not in uneven:
            n = len(_counts(records).get(_task(event), ())) or None
            yield source.published(_task(event), model, METRIC, passed / total, n=n)


def _counts(records: Iterable[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """Count the outputs of each prompt that have a score, by task."""
    counts: dict[str, Counter[str]] = {}
    for record in records:
        counts.setdefault(str(record["task"]), Counter())[str(record["item"])] += record["score"] is not None
    return counts


def _extents(
    evals: Iterable[Mapping[str, Any]], records: list[dict[str, Any]], model: str
) -> Iterator[Extent]:
    """Yield how many prompts a probe had, from the outputs that were processed."""
    attempts = max((record["attempt"] + 1 for record in records), default=1)
    for event in evals:
        processed = finite(event.get("total_processed"))
        if processed and processed % attempts == 0:
            items = int(processed // attempts)
            yield Extent(
                task=_task(event),
                model=model,
                items=items,
                attempts=attempts,
                remedy="Copy the report again.",
            )


def _miscounted(
    evals: Iterable[Mapping[str, Any]], records: list[dict[str, Any]], source: Source
) -> Iterator[ResultWarning]:
    """Warn if an eval line counts outputs that differ from those of the prompts above it."""
    scored = [record for record in records if record["score"] is not None]
    totals = Counter(str(record["task"]) for record in scored)
    passes = Counter(str(record["task"]) for record in scored if record["score"])
    for event in evals if records else ():
        task, stated = _task(event), (finite(event.get("passed")), _total(event))
        if stated != (passes[task], totals[task]):
            yield ResultWarning(
                code="differs_from_log",
                message=f"{source.name}: {passes[task]:,} of {totals[task]:,} outputs passed for {task}, "
                f"the report states {stated[0] or 0:,.0f} of {stated[1] or 0:,.0f}",
                remedy=(
                    "`howsure describe` lists the logs' own figures. Find out which of the two "
                    "is right before you "
                    "use either."
                ),
            )


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="garak",
        headline=METRIC,
        failures="drop",
        failures_words="garak leaves out outputs that a detector couldn't judge.",
    )
