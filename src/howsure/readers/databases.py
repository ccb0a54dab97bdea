"""DuckDB files: rows stay where they lie, in one table of the file. Nothing is written to it, and a view
reaches no other file.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.stamps import without_waiting
from howsure.table.schema import find_roles
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Columns = dict[str, list[str]]

MAGIC, HEAD = b"DUCK", 12
IN_FOLDER = "a DuckDB file is read alone: name it"
"""Why one in a folder is left out."""
CLOSED = {"enable_external_access": "false"}
COLUMNS = """
    SELECT CASE table_schema WHEN 'main' THEN table_name ELSE table_schema || '.' || table_name END AS name,
        '"' || replace(table_schema, '"', '""') || '"."' || replace(table_name, '"', '""') || '"' AS quoted, column_name
    FROM information_schema.columns WHERE table_catalog = current_database() ORDER BY name, ordinal_position
"""


def database_of(paths: Sequence[str | Path]) -> tuple[Path, str] | None:
    """Return the DuckDB file that is the only path, and the table named after it (`evals.duckdb/answers`), ""
    where none is.

    None where no path is one. ReadError where others stand beside it.
    """
    found = [place for place in map(_place, paths) if place is not None]
    if found and len(paths) > 1:
        raise ReadError(
            "a DuckDB file is read alone", where=str(found[0][0]), remedy="Name no other path beside it."
        )
    return found[0] if found else None


def _place(path: str | Path) -> tuple[Path, str] | None:
    path = Path(path)
    file = next((each for each in (path, *path.parents) if _is_database(each)), None)
    return None if file is None else (file, "/".join(path.parts[len(file.parts) :]))


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
