"""Messages about files that gave no scores. A message that several files share is given once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from howsure.errors import ReadError, ResultWarning
from howsure.readers.parsing import CELLS, PACKED, RECORDS
from howsure.readers.reading import UNKNOWN, links_out
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from howsure.table.scores import FileReport

NO_RESULTS = "a table without results: no score of an item, and no published one"
COPY = "a copy of another table"
COPY_OF_RUN = "a copy, row for row, of "
FORMATS = (
    "`howsure --help` lists the formats that can be read. For other data files `howsure "
    "describe` proposes a mapping."
)
OF_RESULTS = (*CELLS, *RECORDS, ".parquet", ".arrow", ".xlsx", ".pkl")
"""Suffixes of files that usually contain results, packed or not. Most JSON and text files are something else.
"""


def told_together(notes: Iterable[tuple[str, str]]) -> list[str]:
    """Give a message that several files share once."""
    files: dict[str, list[str]] = {}
    for name, note in notes:
        files.setdefault(note, []).append(name)
    return [
        f"{names[0]}{f' and {len(names) - 1:,} more' if len(names) > 1 else ''}: {note}"
        for note, names in files.items()
    ]


def warnings_of(reports: Sequence[FileReport]) -> list[ResultWarning]:
    """Warn of files that couldn't be read, and of left-out ones that may contain results."""
    warnings = []
    failed = [report for report in reports if report.outcome == "failed"]
    if failed:
        why = [f"{report.path}, {report.reason.removesuffix('.')}" for report in failed[:2]]
        why += [f"and {len(failed) - 2:,} more"] if len(failed) > 2 else []
        warnings.append(
            ResultWarning(
                code="files_failed",
                message=f"{plural(len(failed), 'file')} could not be read: {'; '.join(why)}",
                remedy="`howsure describe` lists them all, and `strict=True` stops at the first.",
            )
        )
    for is_meant, kind, warning in LEFT_OUT:
        names = [report.path for report in reports if is_meant(report)]
        if names:
            message = f"{plural(len(names), kind)} {warning.message}: {listing(names, 2)}"
            warnings.append(replace(warning, message=message))
    return warnings


def _may_hold_results(name: str) -> bool:
    path = PurePath(name.lower())
    packed = path.suffix in PACKED
    return (PurePath(path.stem).suffix if packed else path.suffix) in OF_RESULTS


LEFT_OUT: tuple[tuple[Callable[[FileReport], bool], str, ResultWarning], ...] = (
    (
        lambda report: report.reason == NO_RESULTS,
        "table",
        ResultWarning(
            code="tables_left_out",
            message="without results left out",
            remedy="Give a file directly to see its columns.",
        ),
    ),
    (
        lambda report: report.reason == COPY,
        "table",
        ResultWarning(
            code="tables_copied",
            message="left out, byte for byte the same as another",
            remedy="Number the attempts in a column if these are different ones with the same scores.",
        ),
    ),
    (
        lambda report: report.reason.startswith(COPY_OF_RUN),
        "log",
        ResultWarning(
            code="logs_copied",
            message="left out, the same row for row as another of its run",
            remedy="`howsure runs` lists what counts.",
        ),
    ),
    (
        lambda report: report.reason == UNKNOWN and _may_hold_results(report.path),
        "file",
        ResultWarning(
            code="files_unknown",
            message="that may contain results left out, empty or in no known format",
            remedy="Give a file directly to see what is wrong with it.",
        ),
    ),
)
"""Files that are left out with a warning: which, of what kind, and the warning without their names."""


def nothing(paths: Sequence[str | Path], reports: Sequence[FileReport]) -> ReadError:
    """Explain why nothing could be read, with every file named once."""
    place = listing([str(path) for path in paths])
    failed = [report for report in reports if report.outcome == "failed"]
    if len(reports) == 1 and failed:
        reason, inside = failed[0].reason, len(paths) == 1 and Path(paths[0]).is_dir()
        where = str(Path(paths[0], failed[0].path)) if inside else place
        return ReadError(reason, where=where, remedy=FORMATS if reason == UNKNOWN else "")
    links = sum(links_out(Path(path)) for path in paths if Path(path).is_dir()) if not reports else 0
    if links:
        verb, followed = ("leads", "isn't") if links == 1 else ("lead", "aren't")
        return ReadError(
            f"no files but {plural(links, 'link')} that {verb} out of the folder, which {followed} followed",
            where=place,
            remedy="Give the files directly, or the folder above that contains both.",
        )
    others = Counter(report.reason or report.outcome for report in reports if report.outcome != "failed")
    why = [
        *(f"{report.path}, {report.reason.rstrip('.')}" for report in failed[:3]),
        *(f"{n} × {reason}" for reason, n in others.items()),
    ]
    return ReadError(
        f"no scores found in {plural(len(reports), 'file')} ({'; '.join(why) or 'nothing there'})",
        where=place if any(Path(path).is_dir() for path in paths) or not failed else "",
        remedy=FORMATS,
    )
