"""What a reading lacks: published scores that are no numbers, a last row that is cut, a layout that nobody
checked.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.errors import Caution
from howsure.readers.lines import CELLS, RECORDS, cut_at
from howsure.readers.records import MAX_METADATA_TEXT
from howsure.table.cells import whole_text
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.readers.base import Reading, Source
    from howsure.table.scores import Published

MAX_VERSION_TEXT = 20


def sound(reading: Reading, source: Source) -> Reading:
    """Leave published scores that are no numbers out, and say so; mend names that no text can hold."""
    if reading.run is not None and not reading.run.is_plain(MAX_METADATA_TEXT):
        reading = replace(reading, run=reading.run.mended(whole_text, MAX_METADATA_TEXT))
    if all(math.isfinite(entry.score) and _is_sound(entry) for entry in reading.published):
        return reading
    whole = tuple(entry for entry in reading.published if math.isfinite(entry.score))
    left = len(reading.published) - len(whole)
    published = tuple(
        replace(
            entry, task=whole_text(entry.task), model=whole_text(entry.model), metric=whole_text(entry.metric)
        )
        for entry in whole
    )
    return replace(reading, published=published, cautions=(*reading.cautions, *left_out(left, source)))


def _is_sound(entry: Published) -> bool:
    return all(name.isascii() or name == whole_text(name) for name in (entry.task, entry.model, entry.metric))


def cut_row(source: Source) -> tuple[Caution, ...]:
    """Say that a file of lines ends in mid-row; only its last byte is read where it doesn't."""
    suffix = source.path.suffix.lower()
    if suffix not in (*CELLS, *RECORDS) or _ends_a_line(source):
        return ()
    data = source.read_bytes()
    begins = cut_at(data, suffix)
    if begins is None:
        return ()
    line = data.count(b"\n", 0, begins) + 1
    return (
        Caution(
            code="cut_row",
            message=f"{source.name} ends in mid-row: line {line:,} is not whole and left out.",
            remedy="The run may still be going, or a copy was cut short: wait, or copy it again.",
        ),
    )


def _ends_a_line(source: Source) -> bool:
    with source.opened() as file:
        file.seek(max(source.path.stat().st_size - 1, 0))
        return file.read() in (b"\n", b"\r", b"")


def left_out(count: int, source: Source) -> tuple[Caution, ...]:
    """Say how many published scores are no numbers; nothing where there are none."""
    message = (
        f"{source.name}: {plural(count, 'published score')} {'is' if count == 1 else 'are'} no number and "
        "left out."
    )
    return (Caution(code="score_left_out", message=message, remedy="Write the file again."),) if count else ()


def unknown_layout(stated: object, known: Sequence[str], source: Source) -> tuple[Caution, ...]:
    """Say that a file states a layout that its reader wasn't checked on; nothing where it states none.

    `known`: the versions that it was checked on, the newest last; one such as 0.2 stands for 0.2.1 too.
    """
    text = str(stated)
    if stated is None or any(text == each or text.startswith(f"{each}.") for each in known):
        return ()
    checked = f"versions up to {known[-1]}" if len(known) > 1 else f"version {known[0]}"
    return (
        Caution(
            code="unknown_layout",
            message=(
                f"{source.name} states layout version {text[:MAX_VERSION_TEXT]}; this reader was checked "
                f"on {checked}."
            ),
            remedy=(
                "Hold the figures of `howsure describe` to those of the harness before you use them, or "
                "update howsure."
            ),
        ),
    )
