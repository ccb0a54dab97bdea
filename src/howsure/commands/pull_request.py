"""What a pull request changes of the gate that judges it: on GitHub Actions, the configuration that the gate
takes options from, and its baseline.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.commands.configuration import OWN, PYPROJECT, table_of
from howsure.errors import Caution, OptionError
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable

CODE, BASELINE = "configuration_changed", "baseline_changed"
UNKNOWN = Caution(
    code=CODE,
    message=(
        "Whether this pull request changes the gate's own configuration or baseline is not known: its "
        "base commit is not here."
    ),
    remedy="Check out with fetch-depth: 0.",
)


def configuration_cautions(
    named: str | None, *, baseline: Path | None = None, policy: Path | None = None, read: bool = True
) -> list[Caution]:
    """Warn where the pull request that is being tested changes what the gate asks, or the saved baseline that
    it is compared with.

    `named`: the file of --config; `policy`: that of --policy, which is configuration as well; `read`: whether
    a configuration counts at all.
    """
    base = _base_commit()
    if base is None or not (read or baseline or policy):
        return []
    root = _git("rev-parse", "--show-toplevel")
    if root is None or _git("cat-file", "-e", f"{base}^{{commit}}") is None:
        return [UNKNOWN]
    top = Path(os.fsdecode(root).strip()).resolve()
    candidates = _candidates(top, named) if read else []
    changed = [path.relative_to(top).as_posix() for path in candidates if _is_changed(path, top, base)]
    held = [policy.resolve()] if policy else []
    changed += [
        path.relative_to(top).as_posix()
        for path in held
        if path.is_relative_to(top) and _is_another_file(path, top, base)
    ]
    told = [_caution(CODE, f"the gate's own configuration: {listing(changed)}")] if changed else []
    place = baseline.resolve() if baseline else None
    if place is not None and place.is_relative_to(top) and _is_another_file(place, top, base):
        told.append(
            _caution(BASELINE, f"the baseline that it is compared with: {place.relative_to(top).as_posix()}")
        )
    return told


def _caution(code: str, what: str) -> Caution:
    return Caution(
        code=code,
        message=f"This pull request changes {what}.",
        remedy="Read that change before you trust the verdict.",
    )


def _is_another_file(path: Path, top: Path, base: str) -> bool:
    return (
        not path.is_file() or _git("show", f"{base}:{path.relative_to(top).as_posix()}") != path.read_bytes()
    )


def _base_commit() -> str | None:
    """Return the commit that the pull request goes out from, as GitHub tells it; None outside of a pull
    request.
    """
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        commit = str(event["pull_request"]["base"]["sha"])
        int(commit, 16)
    except (KeyError, TypeError, ValueError, OSError):
        return None
    return commit


def _candidates(top: Path, named: str | None) -> Iterable[Path]:
    """Return the files that could be the gate's configuration, or could have been it."""
    if named is not None:
        return [path for path in [Path(named).resolve()] if path.is_relative_to(top)]
    here = Path.cwd().resolve()
    folders = [folder for folder in (here, *here.parents) if folder.is_relative_to(top)]
    return [folder / name for folder in folders for name in (OWN, PYPROJECT)]


def _is_changed(path: Path, top: Path, base: str) -> bool:
    before = _git("show", f"{base}:{path.relative_to(top).as_posix()}")
    return bool(_table(path, before) != _table(path, path.read_bytes() if path.is_file() else None))


def _table(path: Path, raw: bytes | None) -> Any:
    """Return the options that a file holds; None where it is absent or has none, its bytes where they can't
    be read.
    """
    try:
        return None if raw is None else table_of(path, raw)
    except OptionError:
        return raw


def _git(*words: str) -> bytes | None:
    """Return what git says, None where it fails."""
    try:
        return subprocess.run(["git", *words], capture_output=True, check=True).stdout  # noqa: S603, S607 - no shell
    except (OSError, subprocess.CalledProcessError):
        return None
