"""What an Inspect log says of its run: ids, date, commit, tags, and the settings that make another system of
a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.readers.records import inner, mappings, metadata_text, settings
from howsure.table.scores import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MACHINERY = frozenset(
    [
        "max_retries",
        "timeout",
        "attempt_timeout",
        "stream_idle_timeout",
        "max_connections",
        "adaptive_connections",
        "cache",
        "seed",
        "batch",
        "verbose",
    ]
)
_LIMITS = ("message_limit", "token_limit", "turn_limit", "time_limit", "working_limit", "cost_limit")
"""What a sample may take; what it may not take ends it, and changes its score."""
GRADER = "model"
"""The option of a scorer that names the model which grades."""
_FIRST_VERSION = ("0", "")
"""Versions of a task that say nothing: that of a task whose author gave it none."""


def run_of(
    spec: Mapping[str, Any], header: Mapping[str, Any], *, epochs: int, attempts: int, ends: Mapping[str, int]
) -> Run:
    """Tell what the log says of its run; a retry keeps the task's id, and a run's id is that of all tasks of
    one call.
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
    """Say to how many samples the run was limited on purpose: their number, from which to which, or how many
    were named.
    """
    limit, ids = config.get("limit"), config.get("sample_id")
    if isinstance(limit, list):
        return "–".join(str(bound) for bound in limit)
    return str(limit) if limit else f"{len(ids)} ids" if isinstance(ids, list) else ""


def _surroundings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what makes no other run of it: the harness's version, where the data set lay, and what the user
    wrote beside it.
    """
    data = inner(spec, "dataset")
    said = {
        f"metadata.{key}": value for key, value in inner(spec, "metadata").items() if metadata_text(value)
    }
    harness = inner(spec, "packages").get("inspect_ai")
    return {"inspect_ai": harness, "dataset": data.get("name"), "dataset place": data.get("location"), **said}


def configuration(spec: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, str]:
    """Collect the settings that tell two runs of one model apart, leaving out machinery, seeds and
    secrets.
    """
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
    """Tell by what the samples were judged: the task's version, and of each scorer who grades and its other
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
    """Yield each scorer with its options, a grading model among them; older logs name them with the results
    only.
    """
    planned = [(each.get("name"), each.get("options")) for each in mappings(spec.get("scorers"))]
    scores = mappings(inner(header, "results").get("scores"))
    for name, options in planned or [(each.get("scorer"), each.get("params")) for each in scores]:
        yield str(name), {key: _model(value) for key, value in inner(options).items()}


def _model(value: Any) -> Any:
    """Return the name of a model that is written with its settings, anything else as it is."""
    return value["model"] if isinstance(value, dict) and isinstance(value.get("model"), str) else value


def _steps(header: Mapping[str, Any]) -> dict[str, Any]:
    """Name the solvers that the task itself lists, and what each was called with: a system message is such an
    argument.
    """
    steps = [step for step in mappings(inner(header, "plan").get("steps")) if step.get("solver")]
    solvers = [str(step["solver"]) for step in steps]
    named: dict[str, Any] = {"solver": ", ".join(solvers)}
    for i, (solver, step) in enumerate(zip(solvers, steps, strict=True)):
        time = solvers[: i + 1].count(solver)
        for key, value in inner(step.get("params_passed", step.get("params"))).items():
            named[f"{solver if time == 1 else f'{solver} {time}'}.{key}"] = value
    return named
