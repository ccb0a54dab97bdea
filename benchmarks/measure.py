"""How everything here is measured: each side in a process of its own, A B A B, medians; peak memory from the kernel.

Nothing but the standard library is imported, so that the measuring process stays small: on Linux a child's peak can't be
told from its parent's where the parent is the larger one.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

SCALE = 1 if sys.platform == "darwin" else 1024
HERE = Path(__file__).parent
QUIET = 0.25
"""Other processes may have kept this many cores busy during a run that counts."""

ENOUGH_SECONDS = 60.0
"""A side is not started again once it has taken this long in all, beyond its first two runs."""


def machine() -> str:
    """Name the processor, its cores and the system."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    named = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return f"{next(named, platform.machine())}, {os.cpu_count()} cores, {platform.system()}"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One way of doing the work. `command`: its process; `inner`: the process times itself and prints JSON.

    `floor`: it is a part of the work, or the least that could be done, so that howsure can only be slower.
    """

    name: str
    command: list[str]
    inner: bool = True
    floor: bool = False


@dataclass(frozen=True, kw_only=True)
class Race:
    """howsure's side against others. `at_least`: times faster than the fastest other; `at_most`: times as slow."""

    title: str
    ours: Side
    others: list[Side] = field(default_factory=list)
    at_least: float | None = None
    at_most: float | None = None
    max_mb: float | None = None
    rounds: int = 5


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one side. `others`: how many cores other processes kept busy meanwhile."""

    seconds: float
    peak_mb: float
    note: str
    others: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """Medians of one side: seconds, peak memory in MB (10⁶ bytes), runs, and what it had to say (extrapolated …)."""

    name: str
    seconds: float
    peak_mb: float
    runs: int
    note: str


def script(name: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """Return the command that runs a file of this folder."""
    return [python, str(HERE / name), *arguments]


def run(race: Race) -> list[Result]:
    """Run the sides in turn, after one warm-up run of each whole command, and return their medians, ours first.

    Runs during which other processes kept the processor busy are repeated, up to three times as many in all.
    """
    sides = [race.ours, *race.others]
    for side in sides:
        if not side.inner:
            _once(side)
    seen: dict[str, list[Run]] = {side.name: [] for side in sides}
    spent = dict.fromkeys(seen, 0.0)
    for k in range(3 * race.rounds):
        for side in sides:
            runs = seen[side.name]
            enough = sum(run.others < QUIET for run in runs) >= race.rounds or spent[side.name] > ENOUGH_SECONDS
            if k < 2 or not enough:
                start = time.perf_counter()
                runs.append(_once(side))
                spent[side.name] += time.perf_counter() - start
    return [_median(name, runs) for name, runs in seen.items()]


def _busy() -> float:
    """Return the seconds that all cores have worked so far; 0 where the system doesn't tell."""
    try:
        ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0.0
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def _once(side: Side) -> Run:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start, busy = time.perf_counter(), _busy()
        child = subprocess.Popen(side.command, stdout=out, stderr=err, env=_environment())
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        others = (_busy() - busy - usage.ru_utime - usage.ru_stime) / seconds
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise SystemExit(f"{side.name}: {' '.join(side.command)}\n{err.read().decode()}")
        answer = json.loads(out.read().splitlines()[-1]) if side.inner else {"seconds": seconds}
    return Run(
        seconds=answer["seconds"], peak_mb=usage.ru_maxrss * SCALE / 1e6, note=answer.get("note", ""), others=others
    )


def _environment() -> dict[str, str]:
    """Let every side keep its bytecode, as an installed package does, in a folder that is thrown away."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": BYTECODE.name}


BYTECODE = tempfile.TemporaryDirectory(prefix="howsure-bytecode-")


def _median(name: str, runs: list[Run]) -> Result:
    """Take the quiet runs; without at least two of them take all, and say so."""
    quiet = [run for run in runs if run.others < QUIET]
    kept = quiet if len(quiet) >= 2 else runs
    notes = [next((run.note for run in kept if run.note), ""), "" if kept is quiet else "noisy"]
    return Result(
        name=name,
        seconds=statistics.median(run.seconds for run in kept),
        peak_mb=statistics.median(run.peak_mb for run in kept),
        runs=len(kept),
        note=", ".join(filter(None, notes)),
    )


def floor_mb() -> float:
    """Return this process's own peak: no smaller one can be seen in its children."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * SCALE / 1e6


def report(seconds: float, note: str = "") -> None:
    """What a side's process says at its end."""
    print(json.dumps({"seconds": seconds, "note": note}))


def timed(work, *, repeats: int) -> float:
    """Return the median time of a call, after one call that doesn't count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def timed_items(work, items, *, most_seconds: float) -> tuple[float, str]:
    """Return the time of work(*item) over all items, extrapolated where it would take longer than `most_seconds`."""
    work(*items[0])
    start = time.perf_counter()
    for done, item in enumerate(items, start=1):
        work(*item)
        seconds = time.perf_counter() - start
        if seconds > most_seconds and done < len(items):
            return seconds * len(items) / done, f"extrapolated from {done:,} of {len(items):,}"
    return time.perf_counter() - start, ""
