"""promptfoo results: one row per prompt, provider and test.

A provider with several prompts counts as several systems: `<provider>, prompt 1` and so on. A test is
identified by its variables, so that providers and runs can be compared. A test repeated in one run is a
further attempt.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import (
    counted,
    digest,
    flatten_metadata,
    inner,
    metadata_text,
    per_thousand,
    scored,
    settings,
    summed,
    tidy,
    unknown_layout,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite, whole_text
from howsure.table.scores import Published, Run, TaskFacts, Total

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from howsure.readers.transcripts import Transcript

NAME = "promptfoo"
FORMATS = "promptfoo results (.json)"
CHECKED = "promptfoo 0.120.19, and results of version 1 and 3"

LAYOUTS = ("1", "2", "3")
"""Known versions of the results; the second is read like the third."""
_ERROR = 2


def claims(source: Source) -> Claim | None:
    """Claim a document of results with a version and prompts, and the very first layout."""
    first = source.first
    results = first.get("results", b"")
    inner = members(results).keys()
    if results.startswith(b"["):
        return "rows" if first.get("version") == b"1" and "prompt" in inner else None
    named = "version" in inner or ({"evalId", "config"} & first.keys() and {"prompts", "stats"} & inner)
    return "rows" if results.startswith(b"{") and named else None


def read(source: Source) -> Reading:
    """Read one run. The first layout names no provider, so the prompt is used as the model."""
    document = source.json()
    results = document if isinstance(document["results"], list) else document["results"]
    rows = [row for row in results.get("results") or () if isinstance(row, dict)]
    if not rows:
        raise source.error("no results", "Run promptfoo eval --output results.json.")
    config = document.get("config") if isinstance(document.get("config"), dict) else {}
    task = str((config or {}).get("description") or "promptfoo")
    records = [
        {**identity, "metric": metric, **_scored(row, row.get(key)), **_usage(row)}
        for row, identity in zip(rows, _identities(rows, task), strict=True)
        for metric, key in (("pass", "success"), ("score", "score"))
        if key in row or results is not document
    ]
    counted(records, "usd")
    counted(records, "tokens_in", "tokens_out")
    models = {str(record["model"]) for record in records}
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(
            TaskFacts(
                task=task,
                harness="promptfoo",
                headline="pass",
                failures="zero",
                failures_words="promptfoo counts an error as a test that did not pass.",
            ),
        ),
        published=_published(results, models, task, source),
        totals=_totals(results, rows, models, task),
        warnings=unknown_layout(results.get("version"), LAYOUTS, source),
        run=_run(document, results, source),
        configuration={"prompts": digest(_prompts(results))} if _prompts(results) else {},
    )


def transcripts(source: Source, items: Collection[str] | None) -> Iterator[Transcript]:
    """Yield the input and output of every test of these items, or of all if `items` is None. Right answers
    aren't recorded.
    """
    from howsure.readers.transcripts import Transcript

    document = source.json()
    results = document if isinstance(document["results"], list) else document["results"]
    rows = [row for row in results.get("results") or () if isinstance(row, dict)]
    for row, identity in zip(rows, _identities(rows, ""), strict=True):
        if items is None or identity["item"] in items:
            yield Transcript(
                item=identity["item"],
                model=str(identity["model"]),
                attempt=identity["attempt"],
                prompt=_written(inner(row, "prompt").get("raw")),
                output=_written(inner(row, "response").get("output")),
                error=_written(row.get("error")) if _scored(row, 0)["status"] == "error" else "",
                scores={"pass": finite(row.get("success")), "score": finite(row.get("score"))},
            )


def _written(value: object) -> str:
    """Return a text unchanged, anything else as JSON."""
    if value is None or isinstance(value, str):
        return whole_text(value or "")
    return whole_text(json.dumps(value, ensure_ascii=False))


def _run(document: Mapping[str, Any], results: Mapping[str, Any], source: Source) -> Run:
    """Collect the results' information on their run. Those of the first layout are identified by their file
    only.
    """
    own, told = str(document.get("evalId") or ""), inner(document, "metadata")
    tags = inner(document, "config", "tags")
    return Run(
        key=own or source.name,
        complete=True,
        started=str(results.get("timestamp") or ""),
        identity=own,
        call=own,
        ids=(own,) if own else (),
        tags=tuple(f"{name}={value}" for name, value in tags.items() if metadata_text(value)),
        surroundings=settings({"promptfoo": told.get("promptfooVersion")}),
    )


def _published(
    results: Mapping[str, Any], models: set[str], task: str, source: Source
) -> tuple[Published, ...]:
    """Return the share of passed tests, which the run counts over all its models. It is a score only for one
    model.
    """
    stats = results.get("stats") or {}
    counts = [stats.get(kind, 0) for kind in ("successes", "failures", "errors")]
    if len(models) > 1 or not all(isinstance(count, int) for count in counts) or not (n := sum(counts)):
        return ()
    return (source.published(task, min(models), "pass", counts[0] / n, n=n),)


def _usage(row: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the measures of the answer, not of its grading, or nothing if it came from promptfoo's own
    cache, or is missing.
    """
    response, tokens = inner(row, "response"), inner(row, "response", "tokenUsage")
    replayed = response.get("cached") or (tokens.get("cached") and not tokens.get("prompt"))
    if not response or replayed:
        return {}
    return {
        "usd": finite(row.get("cost")),
        "seconds": per_thousand(row.get("latencyMs")),
        "tokens_in": finite(tokens.get("prompt")),
        "tokens_out": finite(tokens.get("completion")),
        "tokens_reasoning": finite(inner(tokens, "completionDetails").get("reasoning")),
    }


def _totals(
    results: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], models: set[str], task: str
) -> tuple[Total, ...]:
    """Return the stated tokens of a run of one model, if none were used for grading, which some versions
    include.
    """
    stated = inner(results, "stats", "tokenUsage")
    total = summed([stated.get("prompt"), stated.get("completion")])
    judged = any(inner(row, "gradingResult", "tokensUsed").get("total") for row in rows)
    if not total or judged or len(models) > 1:
        return ()
    return (Total(task=task, model=min(models), figure="tokens", value=total),)


def _prompts(results: Mapping[str, Any]) -> list[Any]:
    """Return the texts of the prompts, which change between runs of one provider while a prompt is being
    developed.
    """
    return [prompt.get("raw") for prompt in results.get("prompts") or () if isinstance(prompt, dict)]


def _identities(rows: Sequence[Mapping[str, Any]], task: str) -> list[dict[str, Any]]:
    models, items, attempts = _models(rows), [_item(row) for row in rows], [0] * len(rows)
    seen: Counter[tuple[str, str]] = Counter()
    for index in sorted(range(len(rows)), key=lambda index: rows[index].get("testIdx") or 0):
        attempts[index] = seen[models[index], items[index]]
        seen[models[index], items[index]] += 1
    return [
        flatten_metadata(row.get("vars"))
        | {
            "prompt": (row.get("prompt") or {}).get("label"),
            "description": (row.get("testCase") or {}).get("description"),
        }
        | {"task": task, "model": model, "item": item, "attempt": attempt}
        for row, model, item, attempt in zip(rows, models, items, attempts, strict=True)
    ]


def _models(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    providers = [_provider(row.get("provider") or (row.get("prompt") or {}).get("display")) for row in rows]
    prompts: dict[str, dict[int, None]] = {}
    for row, provider in zip(rows, providers, strict=True):
        prompts.setdefault(provider, {})[row.get("promptIdx") or 0] = None
    places = {provider: sorted(indices) for provider, indices in prompts.items()}
    return [
        f"{provider}, prompt {places[provider].index(row.get('promptIdx') or 0) + 1}"
        if len(places[provider]) > 1
        else provider
        for row, provider in zip(rows, providers, strict=True)
    ]


def _provider(provider: object) -> str:
    if isinstance(provider, dict):
        provider = provider.get("label") or provider.get("id")
    return str(provider or "unknown")


def _item(row: Mapping[str, Any]) -> str:
    variables = row.get("vars") or (row.get("testCase") or {}).get("vars")
    return digest(variables) if variables else f"test {row.get('testIdx', 0)}"


def _scored(row: Mapping[str, Any], value: object) -> dict[str, Any]:
    """A failed assertion also leaves an `error`, so only the reason identifies an error of the provider."""
    reason = row.get("failureReason")
    broke = (
        reason == _ERROR if reason is not None else bool(row.get("error")) and not row.get("gradingResult")
    )
    return scored(None, "error") if broke else scored(value)
