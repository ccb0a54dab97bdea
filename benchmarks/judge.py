"""Judge the ratios of a run by those of the last one, which results.md holds: seconds hang on the machine, ratios hardly do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    Ratios = dict[tuple[str, str], str]

WORSE = 1.3
"""A ratio that is so many times worse than the last one fails."""
FASTER = " faster"


def last_ratios(path: Path) -> Ratios:
    """Return the ratios of results.md by race and side; none where it isn't there."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return ratios(line[1:-1].split("|") for line in lines if line.startswith("|"))


def ratios(rows: Iterable[Sequence[str]]) -> Ratios:
    """Return the ratios of rows by race and side; a side's note, in brackets, is left out."""
    found: Ratios = {}
    race = ""
    for row in rows:
        cells = [cell.strip() for cell in row]
        if len(cells) < 5 or cells[0] in ("what", "---"):
            continue
        race = cells[0] or race
        if cells[4]:
            found[race, cells[1].partition(" (")[0]] = cells[4]
    return found


def worse(now: Ratios, last: Ratios) -> list[str]:
    """Say which ratios are worse than the last ones by more than WORSE."""
    return [
        f"{race}, {side}: {text}, last {last[race, side]}"
        for (race, side), text in now.items()
        if (race, side) in last and _times(text) > WORSE * _times(last[race, side])
    ]


def _times(ratio: str) -> float:
    """Return how many times as long as the other howsure takes: `3.0× faster` is a third."""
    number = float(ratio.removesuffix(FASTER).rstrip("×").replace(",", ""))
    return 1 / number if ratio.endswith(FASTER) else number
