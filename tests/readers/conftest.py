"""Sources made of text, for the tests of the readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from howsure.readers import cache, looked_at
from howsure.readers.base import Source

if TYPE_CHECKING:
    from reader_cases import Write


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


@pytest.fixture
def cached(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a cache of its own that keeps everything, however fast it was read and however young it is."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(cache, "WORTH_SECONDS", -1.0)
    monkeypatch.setattr(looked_at, "TOO_SOON", -(10**18))
