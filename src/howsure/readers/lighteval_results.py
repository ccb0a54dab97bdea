"""lighteval results: what a run states of its tasks, alone or beside the details that it is made of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.readers.naming import digest
from howsure.readers.records import number, settings
from howsure.table.cells import finite
from howsure.table.scores import Published, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from howsure.readers.base import Claim, Source

STDERR = "_stderr"
ALL, AVERAGE = "all", "_average"
"""What the averages of other tasks are called, or have in their names."""
UNKNOWN = "?"
"""What stands for a commit that lighteval couldn't tell."""
_NAME = re.compile(r"results_(?P<time>.+)\.json")


def claim(source: Source) -> Claim | None:
    """Claim the results of a run; those with details in the same folder of runs are companions."""
    if b'"lighteval_sha"' not in source.first.get("config_general", b""):
        return None
    return "companion" if any(_details(source)) else "rows"


def beside(source: Source) -> Mapping[str, Any]:
    """Return the results of the run that details are of: `results/<model>/` beside `details/<model>/<time>/`;
    empty where there are none.
    """
    folder = source.path.absolute().parent
    above = next((parent for parent in folder.parents if source.has_folder(parent / "results")), None)
    if above is None:
        return {}
    path = above / "results" / Path(*folder.relative_to(above).parts[1:-1]) / f"results_{folder.name}.json"
    found = source.near(path)
    document = {} if found is None else found.json()
    return document if isinstance(document, dict) else {}


def time_of(source: Source) -> str:
    """Return the time in the name of a file of results, empty where there is none."""
    named = _NAME.fullmatch(source.path.name)
    return named["time"] if named else ""


def run_of(document: Mapping[str, Any], task: str, name: str, *, time: str, scores: object) -> Run:
    """Tell what a run says of itself: the time is in the path alone; with what was scored it is how a copy is
    known.
    """
    identity = f"{task} {name} {time} {digest(scores)}".strip() if time else ""
    limit, sha = finite(_general(document).get("max_samples")), _general(document).get("lighteval_sha")
    date, _, hours = time.partition(".")[0].partition("T")
    return Run(
        key=identity,
        started=f"{date}T{hours.replace('-', ':')}" if hours else "",
        identity=identity,
        call=time,
        ids=(time,) if time else (),
        limit="" if limit is None else f"{limit:g}",
        surroundings=settings({"lighteval": "" if sha == UNKNOWN else sha}),
    )


def configuration(document: Mapping[str, Any], task: str) -> dict[str, str]:
    """Collect the settings that tell two runs of one model apart: those of the model, and the version of the
    task.
    """
    given, versions = _general(document).get("model_config"), document.get("versions")
    named = {f"model_config.{key}": value for key, value in given.items()} if isinstance(given, dict) else {}
    version = versions.get(task.replace(":", "|")) if isinstance(versions, dict) else None
    return settings({**named, "task_version": version})


def _general(document: Mapping[str, Any]) -> Mapping[str, Any]:
    general = document.get("config_general")
    return general if isinstance(general, dict) else {}


def model(document: Mapping[str, Any], source: Source) -> str:
    """Return the model that a run was of."""
    return str(_general(document).get("model_name") or source.path.absolute().parent.name)


def published(document: Mapping[str, Any], source: Source, *, only: str = "") -> Iterator[Published]:
    """Yield the scores that results state, of all tasks or of one; averages of several tasks are left out."""
    stated = document.get("results")
    for key, metrics in stated.items() if isinstance(stated, dict) else ():
        task = str(key).replace("|", ":")
        if task != ALL and AVERAGE not in task and only in ("", task) and isinstance(metrics, dict):
            yield from _scores(task, model(document, source), metrics, source)


def _scores(task: str, name: str, metrics: Mapping[str, Any], source: Source) -> Iterator[Published]:
    for metric, score in metrics.items():
        if not metric.endswith(STDERR) and finite(score) is not None:
            stderr = finite(metrics.get(metric + STDERR))
            yield Published(
                task=task, model=name, metric=metric, score=number(score), stderr=stderr, source=source.name
            )


def _details(source: Source) -> Iterator[Path]:
    """Yield the details of a file of results, as far as they lie in the folder that was asked for."""
    named, folder, root = (
        _NAME.fullmatch(source.path.name),
        source.path.absolute().parent,
        source.root.absolute(),
    )
    above = next((parent for parent in folder.parents if source.has_folder(parent / "details")), None)
    if named and above is not None and above.is_relative_to(root):
        inner = Path(*folder.relative_to(above).parts[1:])
        yield from source.listed(above / "details" / inner / named["time"], "*.parquet")
