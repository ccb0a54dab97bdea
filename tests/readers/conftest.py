"""Sources made of text, for the tests of the readers."""

import json

import pytest

from howsure.readers import cache, looked_at
from howsure.readers.base import Source


@pytest.fixture
def write(tmp_path):
    """Write a file below tmp_path and return it as a source; what is not text or bytes is written as JSON."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Source(path=path, root=tmp_path)

    return write


@pytest.fixture
def cached(tmp_path_factory, monkeypatch):
    """Give a cache of its own that keeps everything, however fast it was read and however young it is."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(cache, "WORTH_SECONDS", -1.0)
    monkeypatch.setattr(looked_at, "TOO_SOON", -(10**18))
