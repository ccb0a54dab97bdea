"""Runs: what a log says of the run that wrote it, beside the scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a log says of its run; what is empty is not known.

    `key`: logs of one run and its retries share it, and the newest complete one counts. `identity`: the run's own; copies of a log share
    it, and two runs never do. `call`: shared by the runs of all tasks that one call made. `ids`: every name under which the run can be asked for. `started`: date and time, ISO 8601. `commit` of the code
    that ran, and whether that was `dirty`, changed since; `limit`: to so many items the run was limited on purpose. `surroundings`: what is worth telling
    and makes no other run of it, such as the version of the harness.
    """

    key: str = ""
    complete: bool = True
    started: str = ""
    identity: str = ""
    call: str = ""
    ids: tuple[str, ...] = ()
    commit: str = ""
    dirty: bool | None = None
    tags: tuple[str, ...] = ()
    limit: str = ""
    epochs: int = 0
    surroundings: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def apart(self) -> dict[str, str]:
        """What keeps this run apart from others of the same model, by name; of two that were dirty nobody knows that they ran the same code."""
        said = {"commit": self.commit, "tags": "+".join(sorted(self.tags))}
        if self.dirty:
            said |= {"commit": f"{self.commit} dirty".strip(), "run": (self.call or self.identity)[:SHORT]}
        return {name: text for name, text in said.items() if text}

    def answers(self, selector: str) -> bool:
        """Say whether it is a run of this tag, commit or id: `tag:pr-42`, `commit:1a2b3c` (the first letters are enough), `run:ID`."""
        kind, _, text = selector.partition(":")
        if kind == "tag":
            return text in self.tags
        known = (self.commit,) if kind == "commit" else self.ids
        return any(name.startswith(text) for name in known)


SELECTORS = ("tag", "commit", "run")
"""By what runs are chosen."""
SHORT = 6
"""So many letters of a run's id tell it from others of one folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One run of one task by one model.

    Attributes:
        source: The file.
        reader: The reader that took it.
        task: The task.
        model: The model, as the answers call it.
        n_items: Items with a row, 0 where the log holds none.
        score: The mean score on the headline metric, else on the only one; None where there is no such metric.
        metric: What the score measures; empty where there is no such metric.
        counted: Whether its rows count.
        reason: Why they don't; empty where they do.
        run: What the log says of the run.
        settings: What else tells it from other runs of the model.
    """

    source: str
    reader: str
    task: str
    model: str
    n_items: int
    score: float | None
    metric: str
    counted: bool
    reason: str
    run: Run
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
