"""Sources made of text, for the tests of the readers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cached import read_thrice
from howsure.readers import cache, folder, looked_at
from howsure.readers.base import Source
from howsure.readers.folder import read_paths

if TYPE_CHECKING:
    from howsure.table.scores import Scores
    from reader_cases import Write


THRICE = sys.version_info < (3, 13)
"""What a cache keeps depends on no Python: CI holds it to what was read on the oldest alone, and tests/readers/test_cache.py on both."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below tmp_path and return it as a source; what is not text or bytes is written as JSON."""

    def write(name: str, content: object) -> Source:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Source(path=path, root=tmp_path)

    return write


@pytest.fixture(autouse=True)
def cached(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever these tests read by its path is the same with an empty cache and from a full one."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(cache, "WORTH_SECONDS", -1.0)
    monkeypatch.setattr(looked_at, "TOO_SOON", -(10**18))  # what is too young is tested by itself

    def read(paths: Any, **how: Any) -> Scores:
        if THRICE and not any(isinstance(path, Source) for path in paths) and how.get("progress") is None:
            read_thrice(paths, how)
        return read_paths(paths, **how)

    monkeypatch.setattr(folder, "read_paths", read)
