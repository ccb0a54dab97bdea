"""Run every benchmark and print one table of ratios; also written to results.md.

python benchmarks/run.py --errorbars PYTHON --truescore PYTHON --evalstats PYTHON --inspect PYTHON --spark PYTHON --giant 10,100,1000

Each PYTHON is an interpreter that has that peer installed. Rows without their peer are shown without a ratio.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import all_pairs
import arena
import clustered_se
import giant
import inspect_log
import judge
import leaderboard_command
import max_t
import metrics
import noise
import planning
import resampling
import small
import start
import stopping
from measure import HERE, Race, Result, floor_mb, machine, run

PEERS = {
    "errorbars": ("errorbars",),
    "truescore": ("truescore",),
    "evalstats": ("evalstats",),
    "inspect": ("inspect-ai", "pandas", "pyarrow"),
    "spark": ("pyspark", "pandas", "pyarrow", "howsure"),
    "arena_rank": ("arena-rank",),
    "evalica": ("evalica",),
    "scikit_learn": ("scikit-learn",),
}
"""The packages that each peer's interpreter needs, its own first."""

HEADS = ("what", "side", "seconds", "peak MB", "ratio", "target", "met")
"""The columns. ratio: how many times faster howsure is, or how many times as long as the least that could be done."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for peer, packages in PEERS.items():
        variable = f"HOWSURE_BENCH_{peer.upper()}"
        about = f"has {', '.join(packages)}; {variable}"
        parser.add_argument(f"--{peer}", metavar="PYTHON", default=os.environ.get(variable), help=about)
    parser.add_argument("--only", metavar="WORD", default="", help="only races with this word in their title")
    parser.add_argument(
        "--giant", metavar="MODELS", default="10,100", help="sizes of the giant, 100,000 rows a model (default 10,100)"
    )
    parser.add_argument("--judge", action="store_true", help="fail where a ratio is 1.3 times worse than in results.md")
    options = parser.parse_args()
    peers = {peer: getattr(options, peer) for peer in PEERS if getattr(options, peer)}
    for peer, python in peers.items():
        if missing := _missing(python, PEERS[peer]):  # said now, not after half an hour
            parser.error(f"--{peer} {python} has no {', '.join(missing)}")
    rows: list[tuple[str, ...]] = []
    sizes = {giant.title(int(models)): int(models) for models in options.giant.split(",")}
    giants: dict[int, Result] = {}
    failed: list[str] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="howsure-benchmarks-") as folder:
        for race in _races(peers, Path(folder), options.only, sizes):
            print(f"{race.title} …", file=sys.stderr, flush=True)
            try:
                results = run(race)
            except SystemExit as error:  # the others go on
                print(error, file=sys.stderr, flush=True)
                failed.append(race.title)
                continue
            rows += (lines := _lines(race, results))
            print("\n".join(_markdown(lines)[2:]), file=sys.stderr, flush=True)
            if race.title in sizes:
                giants[sizes[race.title]] = results[0]
    left_out = [f"{packages[0]} (--{peer})" for peer, packages in PEERS.items() if peer not in peers]
    if not leaderboard_command.TABLES.is_dir():
        left_out.append("the whole command on real results (no folder of them)")
    about = _about(peers)
    about.append(f"Load average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.")
    notes = [*giant.growth(giants), *([f"Left out: {', '.join(left_out)}."] if left_out else [])]
    print("\n".join([*_plain(rows), "", *about, *notes]))
    if options.judge and (worse := judge.worse(judge.ratios(rows), judge.last_ratios(HERE / "results.md"))):
        sys.exit("\n".join(["Worse than in the last run:", *worse]))  # which stays what the next is held to
    if failed:
        sys.exit(f"Failed, and the last results stay: {'; '.join(failed)}.")
    if not options.only:
        text = "\n".join(["# Benchmarks: last results", "", *about, *notes, "", *_markdown(rows), ""])
        (HERE / "results.md").write_text(text, encoding="utf-8")


def _races(peers: dict[str, str], folder: Path, word: str, sizes: dict[str, int]) -> list[Race]:
    modules = (
        all_pairs,
        resampling,
        leaderboard_command,
        start,
        clustered_se,
        max_t,
        metrics,
        arena,
        noise,
        planning,
        stopping,
    )
    races = [race for module in modules for race in module.races(peers)]
    if word in "read a .eval of 15,000 samples":
        races[2:2] = inspect_log.races(peers, folder)
    races += small.races(peers, folder)
    races += giant.races(peers, folder, [models for title, models in sizes.items() if word in title])
    return [race for race in races if word in race.title]


def _lines(race: Race, results: list[Result]) -> list[tuple[str, ...]]:
    ours, *others = results
    floors = {side.name for side in race.others if side.floor}
    lines = []
    for result in results:
        ratio = "" if result is ours else _ratio(ours, result, floor=result.name in floors)
        name = f"{result.name} ({result.note})" if result.note else result.name
        lines.append([race.title, name, _seconds(result.seconds), _peak(result.peak_mb), ratio, "", ""])
    _judge(race, ours, others, lines)
    for line in lines[1:]:
        line[0] = ""
    return [tuple(line) for line in lines]


def _ratio(ours: Result, other: Result, *, floor: bool) -> str:
    times = ours.seconds / other.seconds if floor else other.seconds / ours.seconds
    text = f"{times:.1f}×" if times < 20 else f"{times:,.0f}×"
    return text if floor else f"{text} faster"


def _judge(race: Race, ours: Result, others: list[Result], lines: list[list[str]]) -> None:
    targets, kept = [], []
    if others and (race.at_least or race.at_most):
        fastest = min(other.seconds for other in others)
        if race.at_least:
            targets.append(f"≥ {race.at_least:g}×")
            kept.append(fastest / ours.seconds >= race.at_least)
        if race.at_most:
            targets.append(f"≤ {race.at_most:g}×")
            kept.append(ours.seconds / fastest <= race.at_most)
    if race.max_mb:
        targets.append(f"< {race.max_mb:g} MB")
        kept.append(ours.peak_mb < race.max_mb)
    lines[0][5] = ", ".join(targets)
    lines[0][6] = ("yes" if all(kept) else "NO") if kept else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.4f}" if seconds < 0.1 else f"{seconds:,.2f}"


def _peak(mb: float) -> str:
    return f"≤ {mb:.0f}" if mb <= floor_mb() + 1 else f"{mb:.0f}"


def _plain(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (HEADS, *rows)
    ]


def _markdown(rows: list[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (HEADS, ("---",) * len(HEADS), *rows)]


def _about(peers: dict[str, str]) -> list[str]:
    ours = _versions(sys.executable, ("howsure", "numpy", "scipy", "polars", "statsmodels"))
    theirs = [_versions(python, PEERS[peer][:1]) for peer, python in peers.items()]
    core = os.environ.get("OPENBLAS_CORETYPE")
    return [
        f"{machine()}; Python {platform.python_version()}; {ours}.",
        *([f"Peers: {', '.join(theirs)}."] if theirs else []),
        f"OPENBLAS_CORETYPE is {'not set' if core is None else f'set to {core}'}.",
        "Seconds are medians of runs that take turns; MB are 10⁶ bytes, the peak of the whole process.",
    ]


def _missing(python: str, packages: tuple[str, ...]) -> list[str]:
    """Return the packages that an interpreter doesn't have."""
    program = """
import sys
from importlib.metadata import distributions
found = {d.name.lower().replace("_", "-") for d in distributions()}
print(*(name for name in sys.argv[1:] if name not in found))
"""
    command = [python, "-c", program, *packages]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def _versions(python: str, names: tuple[str, ...]) -> str:
    program = "import sys; from importlib.metadata import version\nprint(', '.join(f'{n} {version(n)}' for n in sys.argv[1:]))"
    return subprocess.run([python, "-c", program, *names], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
