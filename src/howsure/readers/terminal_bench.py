"""terminal-bench (results.json of a run or a trial) and Harbor (result.json of a trial).

A trial that was never judged (`is_resolved` null, no reward) is a failure there. Here it is an error, and 0
only by the harness's policy.
"""

from __future__ import annotations

import re
from collections import Counter
from glob import escape
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import counted, elapsed, from_path, inner, scored, settings, tidy, without
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite
from howsure.table.scores import Extent, Published, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from howsure.errors import ResultWarning

NAME = "terminal-bench"
FORMATS = "terminal-bench results.json and Harbor result.json"
CHECKED = "terminal-bench-core 0.1.1, runs of 2025-08 and 2025-09, and Harbor in made-up files only"

_RUN = r"run[-_]?\d+(?:[-_].*)?|\d{4}-\d\d-\d\d__\d\d-\d\d-\d\d"
_VERSIONED = re.compile(r"terminal-bench[\w.-]*@[\w.-]+")
_RUN_OF_TRIAL = re.compile(r"\.\d+-of-\d+\.(.+)$")
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)__(\d\d-\d\d-\d\d)")
_TRIAL_KEYS = {"task_id", "is_resolved"}
UNKNOWN = "unknown"
"""The value for a commit that the harness couldn't determine."""
_TRIAL = re.compile(r"\.(\d+)-of-\d+\.")


def claims(source: Source) -> Claim | None:
    """Claim trials that are resolved or not, and Harbor's trials. A Harbor job is a companion of its
    trials.
    """
    keys = source.first.keys()
    if members(source.first.get("results", b"")).keys() >= _TRIAL_KEYS:
        return "rows"
    if keys >= _TRIAL_KEYS:
        return "companion" if _is_trial_of_a_run(source) else "rows"
    if "task_name" in keys:
        return "rows"
    return "companion" if {"n_total_trials", "agent_name"} & keys else None


def _is_trial_of_a_run(source: Source) -> bool:
    """Return whether a trial is below the results of its run, `<run>/<task>/<trial>/results.json`, which
    repeat it.
    """
    run = source.nearest(source.path.absolute().parents[2:3], source.path.name)
    return run is not None and (b'"results"' in run.head or "results" in run.first)


def read(source: Source) -> Reading:
    """Read one run or one trial."""
    document = source.json()
    return _read_harbor(document, source) if "task_name" in document else _read_run(document, source)


def _read_run(document: Mapping[str, Any], source: Source) -> Reading:
    trials = [
        trial
        for trial in document.get("results", [document])
        if isinstance(trial, dict) and "task_id" in trial
    ]
    if not trials:
        raise source.error("no trials", "Run the benchmark again.")
    metadata = _run_metadata(source)
    task, model, warnings = _metadata(source, metadata, trials)
    seen: Counter[str] = Counter()
    records = []
    for trial in trials:
        item = str(trial["task_id"])
        number = _TRIAL.search(str(trial.get("trial_name")))
        records.append(
            {
                "task": task,
                "model": model,
                "item": item,
                "attempt": int(number[1]) - 1 if number else seen[item],
                "metric": "resolved",
                **scored(trial.get("is_resolved"), "error"),
                "failure_mode": trial.get("failure_mode"),
                "seconds": elapsed(trial, "trial_started_at", "trial_ended_at"),
                "tokens_in": trial.get("total_input_tokens"),
                "tokens_out": trial.get("total_output_tokens"),
            }
        )
        seen[item] += 1
    counted(records, "tokens_in", "tokens_out")
    # A run's stated number of trials, or 0.
    counts = [document.get(name) for name in ("n_resolved", "n_unresolved")]
    n = sum(count for count in counts if isinstance(count, int)) if None not in counts else 0
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task, "resolved"),),
        published=_published(document, n, task, model, source),
        extents=_extents(n, max(seen.values()), task, model),
        warnings=warnings,
        run=_run(metadata, trials[0], _submission(source)),
        configuration=_configuration(metadata),
    )


def _run(metadata: Mapping[str, Any], trial: Mapping[str, Any], submission: str) -> Run:
    """Collect the information on the run in run_metadata.json, which all its trials share. Without it the
    names of trials end in the run's.
    """
    own, named, commit = (str(metadata.get(key) or "") for key in ("uuid", "run_id", "commit_hash"))
    found = _RUN_OF_TRIAL.search(str(trial.get("trial_name")))
    named = named or (found[1] if found else "")
    date = _DATED.fullmatch(named)
    return Run(
        started=str(metadata.get("start_time") or (f"{date[1]}T{date[2].replace('-', ':')}" if date else "")),
        identity=own or named,
        call=own or named,
        ids=tuple(dict.fromkeys(name for name in (own, named) if name)),
        commit="" if commit == UNKNOWN else commit,
        limit=str(metadata.get("n_tasks") or ""),
        epochs=int(finite(metadata.get("n_attempts")) or 0),
        exam=settings({"version": metadata.get("dataset_version")}),
        submission=submission,
    )


def _configuration(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Collect the settings that distinguish two runs of one system: the agent's arguments, and the version of
    the benchmark.
    """
    given = metadata.get("agent_kwargs")
    named = {f"agent_kwargs.{key}": value for key, value in given.items()} if isinstance(given, dict) else {}
    return settings({**named, "dataset_version": metadata.get("dataset_version")})


def _published(
    document: Mapping[str, Any], n: int, task: str, model: str, source: Source
) -> tuple[Published, ...]:
    if not n:
        return ()
    score = document["n_resolved"] / n
    return (source.published(task, model, "resolved", score, n=n),)


def _extents(n: int, attempts: int, task: str, model: str) -> tuple[Extent, ...]:
    """Return the planned attempts of a run, if its trials are a number of attempts at every task."""
    return (
        (Extent(task=task, model=model, items=n // attempts, attempts=attempts),)
        if n and n % attempts == 0
        else ()
    )


def _metadata(
    source: Source, run: Mapping[str, Any], trials: list[Any]
) -> tuple[str, str, tuple[ResultWarning, ...]]:
    """Name the task, and the system after the leaderboard's folder, agent and model of run_metadata.json, or
    the path.
    """
    benchmark, submission = _benchmark(source), _submission(source)
    task = str(
        run.get("dataset_name") or (benchmark.name.partition("@")[0] if benchmark else "terminal-bench")
    )
    if submission:
        return task, submission, ()
    if run.get("model_name"):
        return task, " ".join(str(run[key]) for key in ("agent_name", "model_name") if run.get(key)), ()
    inner = "|".join(
        re.escape(str(trial.get(key))) for trial in trials[:1] for key in ("task_id", "trial_name")
    )
    return task, *from_path(source, r"(?:__)?results\.json|\.json", plain=f"{_RUN}|{inner}")


def _run_metadata(source: Source) -> Mapping[str, Any]:
    """Return the content of run_metadata.json in the run's folder, which contains the trial's folder."""
    found = source.nearest(source.path.absolute().parents[:3], "run_metadata.json")
    run = {} if found is None else found.json()
    return run if isinstance(run, dict) else {}


def _benchmark(source: Source) -> Path | None:
    """Return the leaderboard's folder of a benchmark, `terminal-bench-core@0.1.1`, with one folder per
    system.
    """
    return next(
        (folder for folder in source.path.absolute().parents if _VERSIONED.fullmatch(folder.name)), None
    )


def _submission(source: Source) -> str:
    """Name the leaderboard's folder of one system, whose runs may be of several commits of the harness, or ""
    outside of one.
    """
    benchmark, path = _benchmark(source), source.path.absolute()
    return path.relative_to(benchmark).parts[0] if benchmark is not None and benchmark != path.parent else ""


def _read_harbor(document: Mapping[str, Any], source: Source) -> Reading:
    task = str(document.get("source") or "harbor")
    rewards = (document.get("verifier_result") or {}).get("rewards")
    rewards = rewards if isinstance(rewards, dict) and rewards else {"reward": None}
    agent = document.get("agent_info") or {}
    config = (document.get("config") or {}).get("agent") or {}
    info = agent.get("model_info") or {}
    name = "/".join(str(info[key]) for key in ("provider", "name") if info.get(key)) or config.get(
        "model_name"
    )
    scaffold = agent.get("name") or config.get("name")
    named = " ".join(str(part) for part in (scaffold, name) if part)
    trial = str(document.get("trial_name"))
    model, warnings = (
        (named, ()) if named else from_path(source, r".*\.json", plain=re.escape(trial) + r"|[^_]+__\w{6,8}")
    )
    records = [
        {
            "task": task,
            "model": model,
            "item": document["task_name"],
            "attempt": _harbor_attempt(source),
            "metric": metric,
            **scored(value, "error"),
            "exception": (document.get("exception_info") or {}).get("exception_type"),
            **_harbor_usage(document),
        }
        for metric, value in rewards.items()
    ]
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task, "reward" if "reward" in rewards else None),),
        warnings=warnings,
    )


def _harbor_usage(document: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the measures of a trial. Its input tokens include those read from the cache."""
    agent = inner(document, "agent_result")
    cached = agent.get("n_cache_tokens")
    return {
        "usd": finite(agent.get("cost_usd")),
        "seconds": elapsed(document, "started_at", "finished_at"),
        "tokens_in": without(agent.get("n_input_tokens"), cached),
        "tokens_out": finite(agent.get("n_output_tokens")),
        "tokens_cache_read": finite(cached),
    }


def _harbor_attempt(source: Source) -> int:
    """Number the trials of a task by their folders' names: Harbor gives each a random ending, and no
    number.
    """
    own = source.path.absolute().parent
    stem = own.name.rpartition("__")[0]
    if not stem:
        return 0
    siblings = [path.name for path in source.listed(own.parent, f"{escape(stem)}__*")]
    return [name for name in siblings if name.rpartition("__")[0] == stem].index(own.name)


def _facts(task: str, headline: str | None) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="terminal-bench",
        headline=headline,
        failures="zero",
        failures_words="terminal-bench counts a trial that was not judged as a failure.",
        missing_fails=True,
    )
