"""Runs: what a log says of the run that wrote it, beside the scores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


DIGITS = 6
"""So many digits stand for a long text."""
MOST_IN_A_NAME = 40
"""Sentences of more letters make no readable name."""


def text_digest(text: str) -> str:
    """Return what stands for a text."""
    return f"#{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:DIGITS]}"


def in_a_name(setting: str) -> str:
    """Write a setting as a part of a name: sentences by their digest."""
    return text_digest(setting) if len(setting) > MOST_IN_A_NAME and len(setting.split()) > 1 else setting


def moment(text: str) -> datetime | None:
    """Read a date and time in ISO 8601 as one in UTC, which it is where no zone is told; None where the text
    is none.
    """
    try:
        date = datetime.fromisoformat(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a log says of its run; what is empty is not known.

    `key`: logs of one run and its retries share it, and the newest complete one counts. `identity`: the run's
    own; copies of a log share it, and two runs never do. `call`: shared by the runs of all tasks that one
    call made. `ids`: every name under which the run can be asked for. `started`: date and time, ISO 8601.
    `commit` of the code that ran, and whether that was `dirty`, changed since; `limit`: to so many items the
    run was limited on purpose. `exam`: by what it was judged, `version` of the task, `grader` and `scorer`,
    of one scorer alone as `grader:NAME`; an empty text is known to be none. `surroundings`: what is worth
    telling and makes no other run of it, such as the version of the harness. `attempts`: how many it made,
    where the log says how each ended, and `ends`: how many of them a limit ended, by its name ("token
    limit"). `submission`: the folder in which one system was submitted, where the commit is that of the
    harness and not of the system.
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
    exam: Mapping[str, str] = field(default_factory=dict, hash=False)
    surroundings: Mapping[str, str] = field(default_factory=dict, hash=False)
    attempts: int = 0
    ends: Mapping[str, int] = field(default_factory=dict, hash=False)
    submission: str = ""

    @property
    def date(self) -> datetime | None:
        """When it started; a stamp without a zone is in UTC. None where none is known."""
        return moment(self.started)

    @property
    def apart(self) -> dict[str, str]:
        """What keeps this run apart from others of the same model, by name; of two that were dirty nobody
        knows that they ran the same code.
        """
        said = {"commit": self.commit, "tags": "+".join(sorted(self.tags))}
        if self.dirty:
            said |= {"commit": f"{self.commit} dirty".strip(), "run": (self.call or self.identity)[:SHORT]}
        return {name: text for name, text in said.items() if text}

    def is_plain(self, most: int) -> bool:
        """Say whether all its texts are ASCII, and none that is shown is longer than so many letters."""
        shown = (self.started, self.commit, self.limit, *self.tags)
        every = (*shown, self.key, self.identity, self.call, *self.ids)
        return all(len(text) <= most for text in shown) and all(text.isascii() for text in every)

    def mended(self, mend: Callable[[str], str], most: int) -> Run:
        """Return the same run with its texts mended, and those that are shown cut; what tells runs apart
        keeps its length.
        """
        shown: dict[str, Any] = {
            name: mend(getattr(self, name)[:most]) for name in ("started", "commit", "limit")
        }
        names: dict[str, Any] = {name: mend(getattr(self, name)) for name in ("key", "identity", "call")}
        tags, ids = tuple(mend(tag[:most]) for tag in self.tags), tuple(mend(name) for name in self.ids)
        return replace(self, **shown, **names, tags=tags, ids=ids)

    def answers(self, selector: str) -> bool:
        """Say whether it is a run of this tag, commit or id: `tag:pr-42`, `commit:1a2b3c` (the first letters
        are enough), `run:ID`.
        """
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
    """What a log whose rows count holds of one task and one model.

    `source`: the file as it is shown; `reader`: the one that took it. `name`: the model as the log calls it;
    `model`: as the answers do.
    `settings`: what else tells it from other runs of the model. `file`: where it can be read again, empty
    where it can't.
    """

    source: str
    reader: str
    task: str
    name: str
    model: str
    run: Run
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    file: str = field(default="", compare=False)
