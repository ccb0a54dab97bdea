"""tau-bench (a list of rewards) and tau2-bench (simulations with their set-up), and tau2's leaderboard
submissions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import (
    counted,
    from_path,
    inner,
    mixed_ids,
    number,
    scored,
    settings,
    summed,
    tidy,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite
from howsure.table.scores import Extent, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "tau-bench"
FORMATS = "tau-bench and tau2-bench results (.json)"
CHECKED = (
    "tau2-bench of 2025-08 (b02b509), submissions of 1.0.1, and lists of the first "
    "tau-bench in made-up files only"
)

_DOMAIN = re.compile(r"airline|retail|telecom")
_ENDING = r"(?:_range_.*)?\.json"
_MACHINERY = frozenset(["seed", "num_retries", "timeout"])
_NAME = re.compile(r"(?:tool-calling|act|react|few-shot)-(.+?)(?:-(\d\.\d+))?")


def claims(source: Source) -> Claim | None:
    """Claim a list of tasks with rewards, a set-up with simulations, or a submission with pass^k."""
    first = source.first
    if source.is_list:
        return None if first["task_id"].startswith((b"{", b"[")) else "rows"
    setup = {"num_trials", "user_info", "agent_info"} <= members(first.get("info", b"")).keys()
    submission = "submitting_organization" in first and b'"pass_1"' in first.get("results", b"")
    return "rows" if setup or submission else None


def read(source: Source) -> Reading:
    """Read one file of any of the three kinds."""
    document = source.json()
    if isinstance(document, list):
        return _read_list(document, source)
    return (
        _read_simulations(document, source)
        if "simulations" in document
        else _read_submission(document, source)
    )


def _read_list(entries: list[Any], source: Source) -> Reading:
    """The first tau-bench: the file names no model and no domain, and a crashed trial has a reward of 0."""
    name, warnings = from_path(source, _ENDING)
    parts = _NAME.fullmatch(name)
    domain = _DOMAIN.search("/".join(source.path.absolute().parts[-3:]))
    task = f"tau-bench {domain[0]}" if domain else "tau-bench"
    records = [
        {
            "task": task,
            "model": parts[1] if parts else name,
            "item": entry["task_id"],
            "attempt": int(entry.get("trial") or 0),
            "metric": "reward",
            **scored(None if _crashed(entry) else entry.get("reward"), "error"),
        }
        for entry in entries
        if "task_id" in entry
    ]
    ids = [entry["task_id"] for entry in entries if "task_id" in entry]
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task),),
        warnings=(*warnings, *mixed_ids(ids, source.name)),
        configuration={"temperature": parts[2]} if parts and parts[2] else {},
    )


def _read_simulations(document: Mapping[str, Any], source: Source) -> Reading:
    info = document.get("info") or {}
    agent, domain = info.get("agent_info") or {}, (info.get("environment_info") or {}).get("domain_name")
    if not document["simulations"] or not agent:
        raise source.error("no simulations", "Run the simulations first.")
    task = f"tau2-bench {domain}" if domain else "tau2-bench"
    records: list[dict[str, Any]] = [
        {
            "task": task,
            "model": agent.get("llm") or agent.get("implementation"),
            "item": run["task_id"],
            "attempt": int(run.get("trial") or 0),
            "metric": "reward",
            **scored((run.get("reward_info") or {}).get("reward"), "error"),
            "termination_reason": run.get("termination_reason"),
            **_usage(run),
        }
        for run in document["simulations"]
    ]
    counted(records, "usd")
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task),),
        extents=_extents(document, info, task, str(records[0]["model"])),
        warnings=mixed_ids([run["task_id"] for run in document["simulations"]], source.name),
        run=_run(document, info, task, str(records[0]["model"])),
        configuration=_configuration(info),
    )


def _run(document: Mapping[str, Any], info: Mapping[str, Any], task: str, model: str) -> Run:
    """Collect the file's information on its run. A resumed one keeps its time, and grows."""
    started, tasks = str(document.get("timestamp") or ""), document.get("tasks")
    own = f"{task} {model} {started}" if started else ""
    wanted = len(tasks) * int(finite(info.get("num_trials")) or 1) if isinstance(tasks, list) else 0
    return Run(
        key=own,
        complete=len(document["simulations"]) >= wanted,
        started=started,
        identity=own,
        call=own,
        ids=(started,) if started else (),
        commit=str(info.get("git_commit") or ""),
        epochs=int(finite(info.get("num_trials")) or 0),
    )


def _usage(run: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the measures of a simulation: the agent's share of cost and tokens, but the time of the whole
    conversation, including the user.
    """
    messages = [
        each
        for each in run.get("messages") or ()
        if isinstance(each, dict) and each.get("role") == "assistant"
    ]
    usage = [each["usage"] for each in messages if isinstance(each.get("usage"), dict)]
    return {
        "usd": finite(run.get("agent_cost")),
        "seconds": finite(run.get("duration")),
        "tokens_in": summed([each.get("prompt_tokens") for each in usage]),
        "tokens_out": summed([each.get("completion_tokens") for each in usage]),
    }


def _extents(
    document: Mapping[str, Any], info: Mapping[str, Any], task: str, model: str
) -> tuple[Extent, ...]:
    """Return the planned attempts: every task, this many times."""
    tasks, trials = document.get("tasks"), info.get("num_trials")
    if not isinstance(tasks, list) or not tasks or not isinstance(trials, int) or trials < 1:
        return ()
    names = tuple(str(entry.get("id")) for entry in tasks if isinstance(entry, dict))
    return (
        Extent(
            task=task,
            model=model,
            items=len(tasks),
            attempts=trials,
            names=names if len(names) == len(tasks) else (),
        ),
    )


def _read_submission(document: Mapping[str, Any], source: Source) -> Reading:
    model = document.get("model_name")
    if not isinstance(model, str):
        raise source.error("no model_name", "Check the submission.")
    published = tuple(
        source.published(
            " · ".join([f"tau2-bench {domain}", *_kind(document)]),
            model,
            "reward",
            number(result["pass_1"]) / 100,
        )
        for domain, result in (document.get("results") or {}).items()
        if isinstance(result, dict) and result.get("pass_1") is not None
    )
    effort = document.get("reasoning_effort")
    return Reading(
        facts=tuple(_facts(entry.task) for entry in published),
        published=published,
        configuration={"reasoning_effort": str(effort)} if effort else {},
    )


def _kind(document: Mapping[str, Any]) -> list[str]:
    """Return what makes a separate board: voice or text, and the benchmark's version, between which scores
    aren't comparable.
    """
    modality, version = document.get("modality"), inner(document, "methodology").get("tau2_bench_version")
    spoken = [modality] if isinstance(modality, str) and modality != "text" else []
    return [*spoken, *([version.removeprefix("v")] if isinstance(version, str) and version else [])]


def _crashed(entry: Mapping[str, Any]) -> bool:
    info = entry.get("info")
    return isinstance(info, dict) and "error" in info and "traceback" in info


def _configuration(info: Mapping[str, Any]) -> dict[str, str]:
    agent, user = inner(info, "agent_info"), inner(info, "user_info")
    named = {key: value for key, value in inner(agent, "llm_args").items() if key not in _MACHINERY}
    named |= {f"user.{key}": value for key, value in inner(user, "llm_args").items() if key not in _MACHINERY}
    named |= {"agent": agent.get("implementation"), "user": user.get("llm")}
    return settings({**named, **{key: info.get(key) for key in ("max_steps", "max_errors")}})


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="tau-bench",
        headline="reward",
        failures="zero",
        failures_words="tau-bench counts a conversation that broke down as 0.",
    )
