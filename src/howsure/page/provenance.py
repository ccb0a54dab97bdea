"""The source of a page: the command, the options, the versions and the data. Also how to read that from a
page.
"""

from __future__ import annotations

import json
import platform
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.present.document import Document, facts
from howsure.wording import level_text, listing, plural

if TYPE_CHECKING:
    from howsure.page.contents import PageContents, Rung


MOST_BYTES = 100_000_000
HELD = re.compile(r'<script type="application/json" id="howsure-report">(.*?)</script>', re.DOTALL)
BESIDE = ("numpy", "scipy", "polars")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a page was made: `command` makes it again, `options` are all that it depends on, `fingerprint` is
    of the data.
    """

    command: str
    version: str
    options: dict[str, str]
    versions: dict[str, str]
    fingerprint: str
    data: str

    @classmethod
    def of(cls, contents: PageContents, command: str, *, howsure: str) -> Origin:
        """Return the origin of a page of these contents. `howsure`: the version that makes it."""
        entries = [entry for part in contents.first.tasks for entry in part.board.entries]
        models = len({entry.model for entry in entries})
        items = sum(len(part.matrix.items) for part in contents.first.tasks if part.matrix is not None)
        attempts = sum(entry.n_attempts for entry in entries)
        files = f"{plural(contents.n_files, 'file')}, " if contents.n_files else ""
        tasks = plural(len({part.board.task for part in contents.first.tasks}), "task")
        counts = f"{plural(models, 'model')}, {plural(items, 'item')}, {plural(attempts, 'attempt')}"
        data = f"{files}{tasks}, {counts}"
        return cls(
            command=command,
            version=howsure,
            options=_options(contents.first),
            versions={"python": platform.python_version(), **{name: version(name) for name in BESIDE}},
            fingerprint=contents.fingerprint,
            data=data,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as plain data."""
        return asdict(self)

    def document(self) -> Document:
        """Return the origin as a table."""
        rows = [
            ("data", self.data),
            ("fingerprint", f"{self.fingerprint} (of all item scores)"),
            *self.options.items(),
            ("howsure", self.version),
            ("with", ", ".join(f"{name} {text}" for name, text in self.versions.items())),
        ]
        return Document(blocks=(facts(rows),))


def read_origin(path: str | Path) -> Origin:
    """Read how a page was made from the page itself. ReadError if it isn't a howsure report."""
    source = Path(path)
    try:
        if source.stat().st_size > MOST_BYTES:
            raise ReadError("too large for a report", where=str(path), remedy=GIVE)
        found = HELD.search(source.read_text(encoding="utf-8"))
        if found is None:
            raise ReadError("not a report of howsure", where=str(path), remedy=GIVE)
        return Origin(**json.loads(found[1])["origin"])
    except OSError as error:
        raise ReadError(f"can't be read ({error.strerror or error})", where=str(path)) from None
    except (ValueError, KeyError, TypeError):
        raise ReadError("not a report of howsure", where=str(path), remedy=GIVE) from None


GIVE = "Give a page that `howsure report` wrote."


def _options(rung: Rung) -> dict[str, str]:
    asked, board = rung.asked, rung.leaderboard.boards[0]
    overall = asked.overall
    methods = sorted({str(entry.estimate.method) for part in rung.parts for entry in part.board.entries})
    levels = any(entry.sources is not None for entry in board.entries)
    pairs = "t" if levels else asked.method or ("score" if board.percent else "t")
    fixed = asked.population.only_these
    return {
        "error bars": listing(methods),
        "pairs": "paired, exactly these questions" if fixed else f"paired {pairs}, {asked.variance}",
        "level": level_text(asked.level),
        "correction for all pairs": board.adjust,
        "coverage of these methods": "howsure calibrate",
        "overall": overall
        if isinstance(overall, str)
        else ", ".join(f"{t}={w:g}" for t, w in overall.items()),
        "seed": str(asked.seed),
    }
