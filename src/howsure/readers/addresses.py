"""Remote paths, `https://…`, `s3://…`, `gs://…`, `hf://…`: a Parquet table is scanned remotely, everything
else is fetched with limits.

Fetched files are read as a local folder. For scanned ones Polars requests the necessary columns from the
server, whenever they are needed.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeGuard

import polars as pl

from howsure.errors import ReadError
from howsure.readers import registry, tables
from howsure.readers.base import TEMPORARY, Source, named
from howsure.readers.looked_at import without_waiting
from howsure.table.schema import find_roles
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Columns = dict[str, list[str]]
    from collections.abc import Callable, Iterable, Iterator

    from howsure.readers.base import GivenReader

    Progress = Callable[[Sequence[Any]], Iterable[Any]]

MAX_FETCHED_BYTES = 2 * 1024**3
MAX_FILE_BYTES = 256 * 1024**2
"""Files up to this size are kept in memory once they are read, so that fetched ones needn't be kept."""
MAX_FILES = 10_000
PIECE_BYTES = 1024**2
MAX_SILENT_SECONDS = 30
"""The longest time for which a server may send nothing."""
SCANNED = {"https": "", "http": "", "s3": "", "gs": "STORAGE_EMULATOR_HOST", "hf": "HF_ENDPOINT"}
"""Whether Polars can scan: not if the variable is set that directs other packages to another server, but not
Polars.
"""
WEB = ("http://", "https://")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_LOGIN = re.compile(r"(?<=://)[^/]*@|[?#].*")
_TABLE = re.compile(r"(?P<scheme>\w+)://[^/@?#]+/[^?#]+\.parquet(?:[?#].*)?", re.IGNORECASE)
"""A single Parquet file at an address without a name and a password, which Polars would drop."""
NEEDED = "pip install 'howsure[remote]', or download it and give the folder."


def is_elsewhere(path: object) -> TypeGuard[str]:
    """Return whether a path is an address and not a local path."""
    return isinstance(path, str) and _SCHEME.match(path) is not None


def shown(url: str) -> str:
    """Return an address that may be shown: without credentials before the host, and without its query."""
    return _LOGIN.sub("", url)


@contextmanager
def at_hand(
    paths: Sequence[str | Path],
    *,
    reader: str | None = None,
    maps: Sequence[GivenReader] = (),
    progress: Progress | None = None,
) -> Iterator[list[str | Path | Source]]:
    """Yield the paths. An address becomes a table that can be scanned, or the local folder its files were
    fetched to.

    The folder is removed at the end. An error in it shows the address instead. `reader` and `maps` are the
    user's. `progress` wraps the list of files to fetch.
    """
    if not any(map(is_elsewhere, paths)):
        yield list(paths)
        return
    urls = [str(path) for path in paths]
    with TemporaryDirectory(prefix=TEMPORARY) as folder:
        inside = map(_numbered, map(_way, urls), _alike(urls, [shown(url) for url in urls]))
        places = [Path(folder, str(k), way) for k, way in enumerate(inside)]
        try:
            yield [
                (_scanned(path, place, reader, maps) or fetched(path, place, progress))
                if is_elsewhere(path)
                else path
                for path, place in zip(paths, places, strict=True)
            ]
        except ReadError as error:
            where = error.where
            for url, place in zip(urls, places, strict=True):
                where = where.replace(str(place), shown(url).rstrip("/"))
            raise ReadError(error.what, where=where, remedy=error.remedy) from error


def _scanned(url: str, place: Path, reader: str | None, maps: Sequence[GivenReader]) -> Source | None:
    """Return a Parquet table that is scanned remotely, or None if the address is anything else, or Polars
    can't scan it.

    The readers recognise it by a file with the same columns and no rows, which is written to the folder.
    """
    address = _TABLE.fullmatch(url)
    scheme = address["scheme"].lower() if address else ""
    if scheme not in SCANNED or os.environ.get(SCANNED[scheme]):
        return None
    schema = _schema(url)
    if schema is None:
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    schema.to_frame().write_parquet(place)
    source = Source(path=place, root=place, address=url)
    claimed = registry.identify(replace(source, maps=tuple(maps)))
    name = reader or (claimed[0].NAME if claimed else "")
    return source if name == tables.NAME else None


def _schema(url: str) -> pl.Schema | None:
    """Return the columns of a Parquet file at an address. None if Polars can't read it; fetching will then
    give the reason.

    Polars waits forever for a silent server, so it runs in a thread that may be abandoned.
    """
    answers: Queue[pl.Schema | BaseException] = Queue()

    def ask() -> None:
        """Put the columns, or the error, if they are still awaited."""
        try:
            answers.put(pl.scan_parquet(url, glob=False).collect_schema())
        except BaseException as error:  # noqa: BLE001 - whatever a server causes
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=MAX_SILENT_SECONDS)
    except Empty:
        if _is_web(url):
            raise _silent(url) from None
        return None
    if isinstance(answer, FileNotFoundError):
        remedy = "Check the address. A folder's ends in /."
        raise ReadError("no file there", where=shown(url), remedy=remedy) from None
    return answer if isinstance(answer, pl.Schema) else None


def _is_web(url: str) -> bool:
    return url.lower().startswith(WEB)


def _silent(url: str) -> ReadError:
    return ReadError(
        f"no data within {MAX_SILENT_SECONDS} s",
        where=shown(url),
        remedy="Try again, or download it and give the folder.",
    )


def fetched(url: str, place: Path, progress: Progress | None = None) -> Path:
    """Fetch the file at an address, or the files of a folder below it, and return the local place.

    Credentials come from the usual places of the package for the address, and are never shown. Raises
    ReadError if a package is missing, nothing is found, or it is too large.
    """
    files, root = _opened(url)
    names = _names(files, root, url)
    inner = [_inner(name, root) for name in names]
    numbered = map(_numbered, inner, _alike(names, inner))
    targets = dict(zip((place / path for path in numbered), names, strict=True))
    size = 0
    for target in progress(list(targets)) if progress else targets:
        with named(shown(url)):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file, _errors_of(url), files.open(targets[target], "rb") as remote:
                while piece := remote.read(PIECE_BYTES):
                    size += len(piece)
                    if size > MAX_FETCHED_BYTES or file.tell() + len(piece) > MAX_FILE_BYTES:
                        what = "is more than is fetched automatically"
                        remedy = "Download it and give the folder."
                        raise ReadError(what, where=shown(url), remedy=remedy)
                    file.write(piece)
    return place


def _opened(url: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    A web server may be silent for the maximum time, unless the user's configuration sets another one. Other
    packages have their own limits.
    """
    try:
        import fsspec  # type: ignore[import-untyped]
    except ImportError:
        raise ReadError("reading an address needs a package", where=shown(url), remedy=NEEDED) from None
    limits = {}
    configured = fsspec.config.conf.get(url.partition(":")[0].lower(), {})
    try:
        if _is_web(url) and "client_kwargs" not in configured:
            from aiohttp import ClientTimeout

            timeout = ClientTimeout(total=None, sock_connect=MAX_SILENT_SECONDS, sock_read=MAX_SILENT_SECONDS)
            limits = {"client_kwargs": {"timeout": timeout}}
        files, root = fsspec.core.url_to_fs(url, **limits)
    except (ImportError, ValueError) as error:
        what = f"this kind of address can't be read ({error})"
        raise ReadError(what, where=shown(url), remedy=NEEDED) from None
    return files, str(root)


def _names(files: Any, root: str, url: str) -> list[str]:
    """List the files at an address in a fixed order, without hidden ones. A web server that is silent or
    refuses access is an error, not an empty list.
    """

    def raise_silence(error: OSError) -> None:
        """Leave out what can't be listed, as the package for addresses does, but not silence of the
        server.
        """
        if isinstance(error, TimeoutError):
            raise error

    with _errors_of(url):
        exists = files.exists if _is_web(url) else files.isfile
        if not root.endswith("/") and exists(root, **({"strict": True} if _is_web(url) else {})):
            return [root]
        listed = files.find(root, **({"on_error": raise_silence} if _is_web(url) else {}))
        names = [name for name in sorted(listed) if _is_shown(_inner(name, root))]
    if not names:
        raise ReadError("no file there", where=shown(url), remedy="Check the address.")
    if len(names) > MAX_FILES:
        raise ReadError(f"more than {MAX_FILES:,} files", where=shown(url), remedy="Give a smaller folder.")
    return names


def _is_shown(inner: PurePosixPath) -> bool:
    """Return whether a path is a visible file below the address. Pages of links also link to themselves."""
    return bool(inner.parts) and not any(part.startswith(".") for part in inner.parts)


def _way(url: str) -> PurePosixPath:
    """Return the path of an address, its host first: some readers use the names of folders above a file."""
    return PurePosixPath(*(_parts(shown(url)) or ["files"]))


def _inner(name: str, root: str) -> PurePosixPath:
    """Return the path of a file below an address, empty for the file of the address itself. Paths never leave
    the folder.
    """
    return PurePosixPath(*_parts(shown(name.removeprefix(root))))


def _parts(path: str) -> list[str]:
    return [
        part for part in PurePosixPath(path).parts if part not in ("/", "//", "..", ".") and ":" not in part
    ]


def _numbered(path: PurePosixPath, before: int) -> PurePosixPath:
    return path.with_name(f"{path.stem} ({before + 1}){path.suffix}") if before else path


def _alike(names: Sequence[str], seen: Sequence[object]) -> list[int]:
    """Count for each name the earlier ones that look the same, such as addresses that differ only in their
    query.
    """
    found: dict[object, dict[str, int]] = {}
    return [
        (same := found.setdefault(key, {})).setdefault(name, len(same))
        for name, key in zip(names, seen, strict=True)
    ]


@contextmanager
def _errors_of(url: str) -> Iterator[None]:
    """Turn errors of a remote file system into an error with the address, without its credentials."""
    try:
        yield
    except ReadError:
        raise
    except TimeoutError:
        raise _silent(url) from None
    except Exception as error:  # noqa: BLE001 - whatever a foreign file system raises
        what = f"can't be fetched ({type(error).__name__})"
        raise ReadError(what, where=shown(url), remedy="Check the address and your rights.") from None


MAGIC, HEAD = b"DUCK", 12
IN_FOLDER = "a DuckDB file is read alone: give its path"
"""The reason why one in a folder is left out."""
CLOSED = {"enable_external_access": "false"}
COLUMNS = """
    SELECT CASE table_schema WHEN 'main' THEN table_name ELSE table_schema || '.' || table_name END AS name,
        '"' || replace(table_schema, '"', '""') || '"."' || replace(table_name, '"', '""') || '"' AS quoted,
        column_name
    FROM information_schema.columns WHERE table_catalog = current_database() ORDER BY name, ordinal_position
"""


def database_of(paths: Sequence[str | Path]) -> tuple[Path, str] | None:
    """Return the DuckDB file that is the only path, and the table named after it (`evals.duckdb/answers`), or
    "" if none is.

    Return None if no path is one. ReadError if there are other paths as well.
    """
    places = []
    for path in map(Path, paths):
        file = next((each for each in (path, *path.parents) if _is_database(each)), None)
        if file is not None:
            places.append((file, "/".join(path.parts[len(file.parts) :])))
    if places and len(paths) > 1:
        raise ReadError(
            "a DuckDB file is read alone", where=str(places[0][0]), remedy="Give no other path with it."
        )
    return places[0] if places else None


def _is_database(path: Path) -> bool:
    """Return whether a file begins like a DuckDB file. Unreadable files are left to the readers, which report
    the reason.
    """
    try:
        if not path.is_file():
            return False
        with open(path, "rb", buffering=0, opener=without_waiting) as file:
            return begins_database(file.read(HEAD) or b"")
    except (OSError, ValueError):
        return False


def begins_database(head: bytes) -> bool:
    """Return whether a DuckDB file begins with these bytes."""
    return head[:HEAD].endswith(MAGIC)


def rows_of(file: Path, table: str, roles: Mapping[str, tuple[str, ...]]) -> Any:
    """Return a table of a DuckDB file as a relation: the one of this name, or the only one with a column for
    the item.

    `roles`: the user's columns by role. ReadError if the table doesn't exist, or several match.
    """
    if find_spec("duckdb") is None or find_spec("pyarrow") is None:
        raise ReadError(
            "a DuckDB file needs packages", where=str(file), remedy="pip install 'howsure[duckdb]'"
        )
    import duckdb

    try:
        connection = duckdb.connect(str(file), read_only=True, config={**CLOSED})
        cells = connection.execute(COLUMNS).fetchall()
        columns: Columns = {}
        for name, _, column in cells:
            columns.setdefault(name, []).append(column)
        chosen = _chosen(file, table, columns, roles)
        quoted = {quoted for name, quoted, _ in cells if name == chosen}
        if len(quoted) > 1:
            told = f"{chosen!r} may be any of {listing(sorted(quoted))}"
            raise ReadError(told, where=str(file), remedy="Create a view of the intended table.")
        return connection.sql(f"SELECT * FROM {quoted.pop()}")  # noqa: S608 - quoted
    except duckdb.Error as error:
        told = str(error).splitlines()[0]
        raise ReadError(
            f"can't be read by DuckDB ({told})",
            where=str(file),
            remedy="Check that it is complete, and that no other program writes to it.",
        ) from None


def _chosen(file: Path, table: str, columns: Columns, roles: Mapping[str, tuple[str, ...]]) -> str:
    """Choose the table."""
    if table in columns:
        return table
    if table:
        near = get_close_matches(table, columns, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ReadError(
            f"no table {table!r}", where=str(file), remedy=f"There is {listing(list(columns))}.{hint}"
        )
    fit = [name for name, found in columns.items() if "item" in find_roles(found, roles)]
    if len(fit) == 1:
        return fit[0]
    if fit:
        remedy = f"Add one to the file's name: {file}/{fit[0]}"
        raise ReadError(
            f"results may be in {len(fit)} tables: {listing(fit)}", where=str(file), remedy=remedy
        )
    if not columns:
        raise ReadError("contains no table", where=str(file))
    raise ReadError(
        f"no table with a column for the item among {listing(list(columns))}",
        where=str(file),
        remedy="Name the column (`columns={'item': '…'}`), or add the table to the file's name.",
    )
