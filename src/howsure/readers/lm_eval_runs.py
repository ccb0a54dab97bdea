"""What lm-eval's results say of their run: date, commit of the folder it ran in, versions, and the settings
that make another system.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from howsure.readers.records import inner, settings
from howsure.table.cells import finite
from howsure.table.scores import DIGITS, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)[-:](\d\d)[-:](\d\d)(?:\.\d+)?")
_DESCRIBED = re.compile(r".+-\d+-g([0-9a-f]{7,40})")
"""A commit as git describes it: behind the nearest tag, and how many commits lie between."""
_PART = re.compile(r"([^,=]+)=([^,]*)")
_PROMPT = (
    *(
        "doc_to_text",
        "doc_to_target",
        "doc_to_choice",
        "description",
        "target_delimiter",
        "fewshot_delimiter",
    ),
    *("gen_prefix", "use_prompt", "process_docs", "test_split", "validation_split"),
)
_SCORING = ("output_type", "metric_list", "filter_list", "process_results", "repeats")
"""What a task's configuration says of its questions' form, and of how answers are scored."""
_MANY = 20
_EXAM = {"task_version": "version", "scoring": "scorer"}
"""Settings that are the exam's and not the model's."""


def run_of(
    results: Mapping[str, Any],
    *,
    task: str,
    model: str,
    time: str,
    compared: str,
    configured: Mapping[str, str],
) -> Run:
    """Tell what the results say of their run of one task, of all tasks where it is empty.

    `configured`: its configuration. `time`: that in the file's name. `compared`: a name for what was scored,
    by which a copy is known beside the time; where there is no time, nobody knows whose run it is.
    """
    config = inner(results, "config")
    identity = f"{task} {model} {time} {compared}".strip() if time else ""
    limit = finite(config.get("limit"))
    return Run(
        key=identity,
        started=_date(results.get("date")) or _written(time),
        identity=identity,
        call=time,
        ids=(time,) if time else (),
        commit=_commit(results.get("git_hash")),
        limit="" if limit is None else f"{limit:g}",
        exam=exam(configured),
        surroundings=settings(_surroundings(results, task)),
    )


def _date(seconds: object) -> str:
    """Write the seconds since 1970 as a date and time."""
    number = finite(seconds)
    try:
        return "" if not number else datetime.fromtimestamp(number, UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return ""


def _written(time: str) -> str:
    """Write the time of a file's name, which is local, as a date and time."""
    found = _STAMP.fullmatch(time)
    return f"{found[1]}T{found[2]}:{found[3]}:{found[4]}" if found else ""


def _commit(text: object) -> str:
    found = _DESCRIBED.fullmatch(text) if isinstance(text, str) else None
    return found[1] if found else text if isinstance(text, str) else ""


def _surroundings(results: Mapping[str, Any], task: str) -> dict[str, Any]:
    """Collect what makes no other run of it: versions of the harness, where the questions lay, and their
    hash, which moves with seeds and limits.
    """
    asked, hashes = inner(results, "configs", task), results.get("task_hashes")
    named = {"lm_eval": results.get("lm_eval_version"), "transformers": results.get("transformers_version")}
    return {
        **{name: text for name, text in named.items() if text != "N/A"},
        "dataset": asked.get("dataset_path"),
        "dataset name": asked.get("dataset_name"),
        "task_hash": str(hashes.get(task) or "")[:DIGITS] if isinstance(hashes, dict) else "",
    }


def configuration(results: Mapping[str, Any], task: str) -> dict[str, str]:
    """Collect the settings that tell two runs of one model apart, leaving out machinery, seeds and
    secrets.
    """
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
    """Return how the task's configuration calls a setting of generation that the user gave."""
    return name.replace("gen_kwargs.", "generation.") if name.startswith("gen_kwargs.") else ""


def exam(settings: Mapping[str, str]) -> dict[str, str]:
    """Tell by what the answers were judged, as far as a configuration says: the task's version, and a digest
    of how it scores.
    """
    return {_EXAM[key]: text for key, text in settings.items() if key in _EXAM}


def _parts(name: str, value: object) -> dict[str, Any]:
    """Part settings that are written as one text, a=1,b=2, so that each has its name and a secret is known by
    it.
    """
    if isinstance(value, str) and "=" in value:
        value = {key.strip(): part.strip() for key, part in _PART.findall(value)}
    return (
        {f"{name}.{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
    )


def _asked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Tell how a task asks, how it scores and how it lets answer, by digests of what its configuration says
    of it.
    """
    told = {
        "prompt": {key: config[key] for key in _PROMPT if config.get(key) not in (None, "")},
        "scoring": {key: config[key] for key in _SCORING if config.get(key) is not None},
    }
    given = inner(config, "generation_kwargs")
    return {**told, **{f"generation.{key}": value for key, value in given.items()}}
