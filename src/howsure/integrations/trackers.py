"""Answers into experiment trackers: numbers, sentence, verdict and settings, in MLflow, Weights & Biases or
Langfuse.

A tracker is imported when it is used. Nothing is sent anywhere that its own configuration doesn't name.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.answers.base import Answer

NAMES = ("model", "a", "b", "candidate", "task", "metric", "criterion", "by", "slice")
"""Fields that name a row."""
PREFIX = "howsure"
LONGEST = 250
"""The longest name of a metric that all of them take."""


def numbers(answer: Answer) -> dict[str, float]:
    """Return every finite number of an answer, by its name: `difference`, or `gpt-4o/value` if there are
    several rows.

    >>> import howsure as hs
    >>> found = numbers(hs.compare("17/20", "14/20"))
    >>> round(found["difference"], 2), round(found["low"], 2) < 0
    (0.15, True)
    """
    records = answer.records()
    varying = [name for name in NAMES if len({str(record.get(name)) for record in records}) > 1]
    found: dict[str, float] = {}
    for record in records:
        row = "/".join(str(record[name]) for name in varying if record.get(name) not in (None, ""))
        for name, value in record.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                found.setdefault(f"{row}/{name}" if row else name, float(value))
    return found


def texts(answer: Answer) -> dict[str, str]:
    """Return the sentence, the verdict, the warnings and the settings of an answer."""
    found = {"sentence": answer.sentence}
    if answer.verdict is not None:
        found["verdict"] = answer.verdict
    data = answer.to_dict()
    if warnings := list(dict.fromkeys(_warnings(data))):
        found["warnings"] = "\n".join(warnings)
    for name, setting in (data.get("settings") or {}).items():
        if setting is not None:
            value = setting["value"]
            found[f"settings/{name}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _warnings(data: Any) -> Iterator[str]:
    """Yield the warnings of an answer and of its parts."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name == "warnings":
                yield from (f"{each['message']}. {each['remedy']}".strip() for each in value)
            else:
                yield from _warnings(value)
    elif isinstance(data, list):
        for each in data:
            yield from _warnings(each)


def to_mlflow(answer: Answer, *, prefix: str = PREFIX) -> None:
    """Log an answer to the active run of MLflow: numbers as metrics, texts as tags, all of it as JSON.

    Without an active run, MLflow begins one. Names have `prefix` before them. Raises OptionError without
    MLflow.
    """
    mlflow = _imported("mlflow")
    mlflow.log_metrics({_plain(f"{prefix}/{name}"): value for name, value in numbers(answer).items()})
    mlflow.set_tags({_plain(f"{prefix}/{name}"): text for name, text in texts(answer).items()})
    mlflow.log_dict(answer.to_dict(), f"{prefix}.json")


def to_wandb(answer: Answer, *, run: Any = None, prefix: str = PREFIX) -> None:
    """Write an answer into the summary of a run of Weights & Biases, with its rows as a table.

    `run`: the run, else the active one. Raises OptionError without Weights & Biases or a run.
    """
    wandb = _imported("wandb")
    run = run or wandb.run
    if run is None:
        raise OptionError("there is no active run", remedy="Call wandb.init() first, or give `run`.")
    records = answer.records()
    columns = list(dict.fromkeys(name for record in records for name in record))
    rows = [[record.get(name) for name in columns] for record in records]
    run.log({f"{prefix}/rows": wandb.Table(columns=columns, data=rows)})
    run.summary.update(
        {f"{prefix}/{name}": value for name, value in (numbers(answer) | texts(answer)).items()}
    )


def to_langfuse(answer: Answer, *, client: Any = None, prefix: str = PREFIX, **about: str) -> None:
    """Send an answer to Langfuse as scores: one per number, and the verdict, each with the sentence as its
    comment.

    `client`: a Langfuse client, else its default one. `about`: what the scores belong to, `trace_id`,
    `session_id` or `dataset_run_id`. Raises OptionError without Langfuse or `about`.
    """
    langfuse = _imported("langfuse")
    if not about:
        raise OptionError("scores need a target", remedy="Give trace_id, session_id or dataset_run_id.")
    client = client or langfuse.get_client()
    told = texts(answer)
    metadata = {name: text for name, text in told.items() if name.startswith("settings/")}
    for name, value in numbers(answer).items():
        client.create_score(
            name=f"{prefix}/{name}",
            value=value,
            data_type="NUMERIC",
            comment=answer.sentence,
            metadata=metadata,
            **about,
        )
    if answer.verdict is not None:
        client.create_score(
            name=f"{prefix}/verdict",
            value=answer.verdict,
            data_type="CATEGORICAL",
            comment=answer.sentence,
            metadata=metadata,
            **about,
        )
    client.flush()


def _plain(name: str) -> str:
    """Return a name in the characters that MLflow takes."""
    return re.sub(r"[^\w\-. :/]", "_", name)[:LONGEST]


def _imported(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise OptionError(f"{name} isn't installed", remedy=f"pip install {name}") from None
