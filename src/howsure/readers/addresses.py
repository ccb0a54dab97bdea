"""Paths elsewhere, `https://…`, `s3://…`, `gs://…`, `hf://…`: a table of Parquet is scanned there, all else
is fetched with limits.

What is fetched is read as a folder here. Of what is scanned Polars asks the server for the columns that
count, whenever they are needed.
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
from howsure.readers.base import Source, named
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
"""Files up to this size are held in memory once they are read, so that the fetched ones needn't be kept."""
MAX_FILES = 10_000
PIECE_BYTES = 1024**2
MAX_SILENT_SECONDS = 30
"""So long a server may send nothing."""
SCANNED = {"https": "", "http": "", "s3": "", "gs": "STORAGE_EMULATOR_HOST", "hf": "HF_ENDPOINT"}
"""Where Polars can scan, and the variable that leads other packages to another server, but not Polars."""
WEB = ("http://", "https://")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_LOGIN = re.compile(r"(?<=://)[^/]*@|[?#].*")
_TABLE = re.compile(r"(?P<scheme>\w+)://[^/@?#]+/[^?#]+\.parquet(?:[?#].*)?", re.IGNORECASE)
"""A single file of Parquet at an address without a name and a password, which Polars would leave out."""
NEEDED = "pip install 'howsure[remote]', or fetch it yourself and name the folder."


def is_elsewhere(path: object) -> TypeGuard[str]:
    """Say whether a path is an address and not a place on this machine."""
    return isinstance(path, str) and _SCHEME.match(path) is not None


def shown(url: str) -> str:
    """Return an address as it may be shown: without what stands before the host, and without its query."""
    return _LOGIN.sub("", url)


@contextmanager
def at_hand(
    paths: Sequence[str | Path],
    *,
    reader: str | None = None,
    maps: Sequence[GivenReader] = (),
    progress: Progress | None = None,
) -> Iterator[list[str | Path | Source]]:
    """Yield the paths, for each address the table that can be scanned there, or the place where its files
    were fetched to.

    That is in a folder which is removed at the end. An error that names it names the address instead.
    `reader` and `maps` are those that were asked for; `progress` wraps the list of files to fetch.
    """
    if not any(map(is_elsewhere, paths)):
        yield list(paths)
        return
    urls = [str(path) for path in paths]
    with TemporaryDirectory(prefix="howsure-") as folder:
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
    """Return a table of Parquet that stays where it is; None where the address leads to anything else, or
    Polars can't scan there.

    Whose it is, the readers say by a file with the same columns and no rows, which is written to the place.
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
    """Return the columns of a file of Parquet at an address; None where Polars can't read there, and fetching
    will say why.

    Polars waits for a silent server without an end: it is asked in a thread that may be left behind.
    """
    answers: Queue[pl.Schema | BaseException] = Queue()

    def ask() -> None:
        """Put the columns, or what went wrong, where they are waited for."""
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
        remedy = "Check the address; that of a folder ends in /."
        raise ReadError("no file there", where=shown(url), remedy=remedy) from None
    return answer if isinstance(answer, pl.Schema) else None


def _is_web(url: str) -> bool:
    return url.lower().startswith(WEB)


def _silent(url: str) -> ReadError:
    return ReadError(
        f"nothing came within {MAX_SILENT_SECONDS} s",
        where=shown(url),
        remedy="Try again, or fetch it and name the folder.",
    )


def fetched(url: str, place: Path, progress: Progress | None = None) -> Path:
    """Fetch the file at an address to a place, or the files of a folder below it, and return the place.

    Credentials come from where the package for the address takes them, and are never shown. Raises ReadError
    where a package is missing, nothing is there, or it is too much.
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
                        what = "is more than is fetched unasked"
                        remedy = "Fetch it and name the folder."
                        raise ReadError(what, where=shown(url), remedy=remedy)
                    file.write(piece)
    return place


def _opened(url: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    A web server may be silent for so long and no longer, unless the user's configuration says otherwise;
    other packages have limits of their own.
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
    """List the files at an address in a fixed order, hidden ones left out. A web server that is silent, or
    refuses, is an error and not "no".
    """

    def raise_silence(error: OSError) -> None:
        """Let what can't be listed be left out, as the package for addresses does, but not what is silent."""
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
        raise ReadError(f"more than {MAX_FILES:,} files", where=shown(url), remedy="Name a smaller folder.")
    return names


def _is_shown(inner: PurePosixPath) -> bool:
    """Say whether a path is that of a file below the address, and nothing of it hidden; pages of links lead
    to themselves as well.
    """
    return bool(inner.parts) and not any(part.startswith(".") for part in inner.parts)


def _way(url: str) -> PurePosixPath:
    """Return the path of an address, its host first: some readers find a name in the folders above a file."""
    return PurePosixPath(*(_parts(shown(url)) or ["files"]))


def _inner(name: str, root: str) -> PurePosixPath:
    """Return the path of a file below an address, nothing for the file of the address itself; nothing leads
    out of the folder.
    """
    return PurePosixPath(*_parts(shown(name.removeprefix(root))))


def _parts(path: str) -> list[str]:
    return [
        part for part in PurePosixPath(path).parts if part not in ("/", "//", "..", ".") and ":" not in part
    ]


def _numbered(path: PurePosixPath, before: int) -> PurePosixPath:
    return path.with_name(f"{path.stem} ({before + 1}){path.suffix}") if before else path


def _alike(names: Sequence[str], seen: Sequence[object]) -> list[int]:
    """Count for each name the others before it that are seen as the same, such as addresses that differ in
    their query.
    """
    found: dict[object, dict[str, int]] = {}
    return [
        (same := found.setdefault(key, {})).setdefault(name, len(same))
        for name, key in zip(names, seen, strict=True)
    ]


@contextmanager
def _errors_of(url: str) -> Iterator[None]:
    """Turn what a foreign file system raises into an error that names the address, without its
    credentials.
    """
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
IN_FOLDER = "a DuckDB file is read alone: name it"
"""Why one in a folder is left out."""
CLOSED = {"enable_external_access": "false"}
COLUMNS = """
    SELECT CASE table_schema WHEN 'main' THEN table_name ELSE table_schema || '.' || table_name END AS name,
        '"' || replace(table_schema, '"', '""') || '"."' || replace(table_name, '"', '""') || '"' AS quoted,
        column_name
    FROM information_schema.columns WHERE table_catalog = current_database() ORDER BY name, ordinal_position
"""


def database_of(paths: Sequence[str | Path]) -> tuple[Path, str] | None:
    """Return the DuckDB file that is the only path, and the table named after it (`evals.duckdb/answers`), ""
    where none is.

    None where no path is one. ReadError where others stand beside it.
    """
    places = []
    for path in map(Path, paths):
        file = next((each for each in (path, *path.parents) if _is_database(each)), None)
        if file is not None:
            places.append((file, "/".join(path.parts[len(file.parts) :])))
    if places and len(paths) > 1:
        raise ReadError(
            "a DuckDB file is read alone", where=str(places[0][0]), remedy="Name no other path beside it."
        )
    return places[0] if places else None


def _is_database(path: Path) -> bool:
    """Say whether a file begins as one of DuckDB; what can't be read is left to the readers, which say
    why.
    """
    try:
        if not path.is_file():
            return False
        with open(path, "rb", buffering=0, opener=without_waiting) as file:
            return begins_database(file.read(HEAD) or b"")
    except (OSError, ValueError):
        return False


def begins_database(head: bytes) -> bool:
    """Say whether a file of DuckDB begins so."""
    return head[:HEAD].endswith(MAGIC)


def rows_of(file: Path, table: str, roles: Mapping[str, tuple[str, ...]]) -> Any:
    """Return a table of a DuckDB file as a relation: that of this name, or else the only one with a column
    for the item.

    `roles`: the columns of the user's by role. ReadError where there is no such table, or several are.
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
            raise ReadError(told, where=str(file), remedy="Make a view of the one that is meant.")
        return connection.sql(f"SELECT * FROM {quoted.pop()}")  # noqa: S608 - quoted
    except duckdb.Error as error:
        told = str(error).splitlines()[0]
        raise ReadError(
            f"can't be read by DuckDB ({told})",
            where=str(file),
            remedy="Check that it is whole, and that nothing else writes to it.",
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
        remedy = f"Name one after the file: {file}/{fit[0]}"
        raise ReadError(
            f"results may be in {len(fit)} tables: {listing(fit)}", where=str(file), remedy=remedy
        )
    if not columns:
        raise ReadError("holds no table", where=str(file))
    raise ReadError(
        f"no table with a column for the item among {listing(list(columns))}",
        where=str(file),
        remedy="Name the column (`columns={'item': '…'}`), or the table after the file.",
    )
