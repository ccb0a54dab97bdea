"""Paths elsewhere, `https://…`, `s3://…`, `gs://…`, `hf://…`: their files are fetched, with limits, and read as a folder here."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FETCHED_BYTES = 2 * 1024**3
MAX_FILE_BYTES = 256 * 1024**2
"""Files up to this size are held in memory once they are read, so that the fetched ones needn't be kept."""
MAX_FILES = 10_000
PIECE_BYTES = 1024**2
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_LOGIN = re.compile(r"(?<=://)[^/]*@|[?#].*")
NEEDED = "pip install 'howsure[remote]', or fetch it yourself and name the folder."


def is_elsewhere(path: object) -> bool:
    """Say whether a path is an address and not a place on this machine."""
    return isinstance(path, str) and _SCHEME.match(path) is not None


def shown(url: str) -> str:
    """Return an address as it may be shown: without what stands before the host, and without its query."""
    return _LOGIN.sub("", url)


@contextmanager
def at_hand(paths: Sequence[str | Path]) -> Iterator[list[str | Path]]:
    """Yield the paths with what lies elsewhere fetched into a folder, which is removed at the end."""
    if not any(map(is_elsewhere, paths)):
        yield list(paths)
        return
    with TemporaryDirectory(prefix="howsure-") as folder:
        yield [fetched(str(path), Path(folder, str(k))) if is_elsewhere(path) else path for k, path in enumerate(paths)]


def fetched(url: str, folder: Path) -> Path:
    """Fetch the files at an address into a folder and return their place there.

    Credentials come from where the package for the address takes them, and are never shown. Raises ReadError where a package is
    missing, nothing is there, or it is too much.
    """
    files, root = _opened(url)
    size = 0
    names = _names(files, root, url)
    for name in names:
        place = folder / _local(name, root)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            for piece in _pieces(files, name, url):
                size += len(piece)
                if size > MAX_FETCHED_BYTES or file.tell() + len(piece) > MAX_FILE_BYTES:
                    raise ReadError(
                        "is more than is fetched unasked", where=shown(url), remedy="Fetch it and name the folder."
                    )
                file.write(piece)
    return folder / _local(names[0], root) if names == [root] else folder


def _opened(url: str) -> tuple[Any, str]:
    try:
        import fsspec  # type: ignore[import-untyped]
    except ImportError:
        raise ReadError("reading an address needs a package", where=shown(url), remedy=NEEDED) from None
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ReadError(f"this kind of address can't be read ({error})", where=shown(url), remedy=NEEDED) from None
    return files, str(root)


def _names(files: Any, root: str, url: str) -> list[str]:
    """List the files at an address in a fixed order, hidden ones left out."""
    with _said(url):
        names = [root] if files.isfile(root) and not root.endswith("/") else sorted(files.find(root))
    names = [name for name in names if not any(part.startswith(".") for part in _local(name, root).parts)]
    if not names:
        raise ReadError("no file there", where=shown(url), remedy="Check the address.")
    if len(names) > MAX_FILES:
        raise ReadError(f"more than {MAX_FILES:,} files", where=shown(url), remedy="Name a smaller folder.")
    return names


def _pieces(files: Any, name: str, url: str) -> Iterator[bytes]:
    with _said(url), files.open(name, "rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _local(name: str, root: str) -> PurePosixPath:
    """Return where a file goes: its path below the address, that of a single one its name; nothing leads out of the folder."""
    inner = name.removeprefix(root).strip("/") if name != root else ""
    parts = [
        part
        for part in PurePosixPath(re.sub(r"[?#].*", "", inner or name)).parts
        if part not in ("/", "..", ".") and ":" not in part
    ]
    return PurePosixPath(*(parts if inner else parts[-1:]))


@contextmanager
def _said(url: str) -> Iterator[None]:
    """Turn what a foreign file system raises into an error that names the address, without its credentials."""
    try:
        yield
    except ReadError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a foreign file system raises
        what = f"can't be fetched ({type(error).__name__})"
        raise ReadError(what, where=shown(url), remedy="Check the address and your rights.") from None
