"""Run howsure and its peers on the very same samples: `python benchmarks/peers/run.py --envs FOLDER`.

Writes docs/peers.md (between its marks) and results.md, which has every number.

Each peer gets its own virtual environment under FOLDER, made once. Samples and results are kept there as well, so that a
run goes on where it stopped; `--only howsure --again` measures one side anew on the same samples.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from peer_worlds import WORLDS, draw

from simulation.worlds import RateWorld

HERE = Path(__file__).parent
DETAILS = HERE / "results.md"
PAGE = HERE.parent.parent / "docs" / "peers.md"
PEERS = {
    "howsure": None,
    "evalstats": "evalstats==0.3.3",
    "errorbars": "errorbars==0.2.4",
    "truescore": "truescore==0.7.4",
    "inspect_ai": "inspect_ai==0.3.285",
    "statsmodels": "statsmodels==0.15.0",
    "scipy": "scipy==1.17.1",
}
"""Side and what to install; None: this environment."""

BEGIN, END = "<!-- begin -->", "<!-- end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--envs", type=Path, required=True, help="a folder for environments, samples and results")
    parser.add_argument("--only", help="sides, comma-separated; 'none' only writes the page again")
    parser.add_argument(
        "--again", action="store_true", help="run these sides anew, not only worlds that have no result"
    )
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=30.0, help="at most, per world and tool")
    options = parser.parse_args()
    folder = options.envs.resolve()
    write_samples(folder / "samples", options.trials)
    for peer in options.only.split(",") if options.only else PEERS:
        if peer in PEERS:
            if options.again:
                shutil.rmtree(folder / "results" / peer, ignore_errors=True)
            run_side(peer, folder, options.seconds)
    write_page(folder)


def write_samples(folder: Path, trials: int) -> None:
    """Draw every world once; a world that is there stays, so that all sides see the same samples."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, world in enumerate(WORLDS.values()):
        path = folder / f"{k:02}.npz"
        if not path.exists():
            np.savez_compressed(path, **draw(world, np.random.default_rng([0, k]), trials))


def run_side(peer: str, folder: Path, seconds: float) -> None:
    python, package = sys.executable, PEERS[peer]
    if package:
        home = folder / peer
        python = str(home / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        if not Path(python).exists():
            venv.create(home, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy", package], check=True)
    out = folder / "results" / peer
    command = [python, str(HERE / f"side_{peer}.py"), "--samples", str(folder / "samples"), "--out", str(out)]
    subprocess.run([*command, "--seconds", str(seconds)], check=True)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tool in one world. `found`: the share that calls the difference real; `apart`: p and interval disagree."""

    tool: str
    trials: int
    coverage: float
    found: float
    width: float
    refused: float
    apart: float
    seconds: float
    errors: dict
    widths: np.ndarray


def rows_of(k: int, truth: float, folder: Path) -> list[Row]:
    """Return the rows of world k, howsure first."""
    order = {peer: place for place, peer in enumerate(PEERS)}
    paths = sorted((folder / "results").glob(f"*/{k:02}--*.npz"), key=lambda path: (order[path.parent.name], path.name))
    return [_row(path, truth) for path in paths]


def _row(path: Path, truth: float) -> Row:
    held = np.load(path)
    low, high, p = held["low"], held["high"], held["p"]
    known = np.isfinite(low) & np.isfinite(high)
    beside = (low > 1e-12) | (high < -1e-12)
    has_p = np.isfinite(p)
    real = np.where(has_p, p < 0.05, beside)[known | has_p]
    both = known & has_p
    return Row(
        tool=path.stem.split("--", 1)[1],
        trials=len(low),
        coverage=float(np.mean((low <= truth + 1e-12)[known] & (high >= truth - 1e-12)[known]))
        if known.any()
        else math.nan,
        found=float(np.mean(real)) if len(real) else math.nan,
        width=float(np.mean((high - low)[known])) if known.any() else math.nan,
        refused=float(1 - known.mean()),
        apart=float(np.mean(((p < 0.05) != beside)[both])) if both.any() else math.nan,
        seconds=float(held["seconds"]),
        errors=json.loads(str(held["errors"])),
        widths=high - low,
    )


def write_page(folder: Path) -> None:
    """Put the short tables between the marks of the page, and every number into results.md."""
    results = {}
    for k, (name, world) in enumerate(WORLDS.items()):
        truth = world.p if isinstance(world, RateWorld) else world.effect
        results[name] = rows_of(k, truth, folder)
        if "howsure" not in {row.tool for row in results[name]}:
            raise SystemExit(f"no result of howsure for {name!r}: widths are relative to it; run --only howsure first")
    today = f"{datetime.datetime.now(tz=datetime.UTC):%-d %B %Y}"
    means = [name for name, world in WORLDS.items() if isinstance(world, RateWorld)]
    nulls = [name for name, world in WORLDS.items() if name not in means and world.effect == 0]
    effects = [name for name in WORLDS if name not in means and name not in nulls]
    parts = [
        _measured(today, results),
        "## One score: coverage, and width relative to howsure",
        _wide(means, results, lambda row, ours: f"{_share(row.coverage)} · {_relative(row, ours):.2f}{_none(row)}"),
        "## Two equal models: type I error (p < .05), coverage, and relative width",
        _wide(
            nulls,
            results,
            lambda row, ours: f"{_share(row.found)} · {_share(row.coverage)} · {_relative(row, ours):.2f}{_none(row)}",
        ),
        "## Two models that differ: power, coverage, and relative width",
        _wide(
            effects,
            results,
            lambda row, ours: f"{_share(row.found)} · {_share(row.coverage)} · {_relative(row, ours):.2f}{_none(row)}",
        ),
        "## Milliseconds a call",
        _times(results, means),
    ]
    page = PAGE.read_text(encoding="utf-8")
    block = f"{BEGIN}\n" + "\n\n".join(parts) + f"\n{END}"
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: block, page, flags=re.DOTALL), encoding="utf-8")
    tables = [_every(name, rows) for name, rows in results.items() if rows]
    DETAILS.write_text(f"# Every number\n\n{today}. {LEGEND}\n\n" + "\n\n".join(tables) + "\n", encoding="utf-8")


LEGEND = (
    "Coverage among the samples with an interval, ± its Monte-Carlo standard error; found: the share with p < .05 (where a "
    "tool has no p: whose interval leaves out 0), the type I error where there is no effect; apart: p and interval "
    "disagree; width relative to howsure in the same samples; none: no interval. Seconds are those of one call on a busy "
    "machine."
)


def columns(results: dict[str, list[Row]], worlds: list[str]) -> list[str]:
    """Return the tools that have anything for these worlds, in the order of the sides."""
    seen = dict.fromkeys(row.tool for name in worlds for row in results[name])
    return sorted((tool for tool in seen if tool != "howsure (table)"), key=lambda tool: list(SHOWN).index(tool))


SHOWN = {
    "howsure": "howsure",
    "evalstats": "evalstats",
    "evalstats (in compare)": "evalstats, in `compare`",
    "evalstats (clusters as items)": "evalstats, clusters as items",
    "errorbars": "errorbars",
    "truescore": "truescore",
    "inspect_ai ci": "inspect_ai `ci`",
    "inspect_ai ci_wilson": "inspect_ai `ci_wilson`",
    "statsmodels": "statsmodels, no clusters",
    "statsmodels OLS, z": "statsmodels OLS, z",
    "statsmodels OLS, t": "statsmodels OLS, t",
    "statsmodels GEE": "statsmodels GEE",
    "scipy bootstrap": "scipy bootstrap",
}


def _wide(worlds: list[str], results: dict[str, list[Row]], cell) -> str:
    """A table with one row a tool and one column a world."""
    lines = [f"| | {' | '.join(worlds)} |", f"| --- |{' ---: |' * len(worlds)}"]
    for tool in columns(results, worlds):
        cells = []
        for name in worlds:
            held = {row.tool: row for row in results[name]}
            cells.append(cell(held[tool], held["howsure"]) if tool in held else "")
        lines.append(f"| {SHOWN[tool]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}".removeprefix("0")


def _measured(today: str, results: dict[str, list[Row]]) -> str:
    versions = ", ".join(package.replace("==", " ") for package in PEERS.values() if package)
    trials = {row.tool: row.trials for rows in results.values() for row in rows if row.tool != "howsure (table)"}
    fewest = min(row.trials for rows in results.values() for row in rows if row.tool in trials)
    return (
        f"Measured {today} with Python {sys.version_info.major}.{sys.version_info.minor}: {versions}. "
        f"2,000 samples a world for the fast ones, at least {fewest} for the slow ones: the Monte-Carlo standard error of a "
        f"coverage near .95 is .005 and at most {math.sqrt(0.95 * 0.05 / fewest):.3f}. "
        "[results.md](../benchmarks/peers/results.md) has every number."
    )


def _none(row: Row) -> str:
    """Tell how often there was no interval, where that is 1% or more."""
    return f" (none {100 * row.refused:.0f}%)" if row.refused >= 0.01 else ""


def _times(results: dict[str, list[Row]], means: list[str]) -> str:
    """Medians over worlds: one score and a pair, with and without clusters."""
    kinds = [
        ("one score", [name for name in means if "ICC" not in name]),
        ("one score, clusters", [name for name in means if "ICC" in name and "attempts" not in name]),
        ("one score, attempts", [name for name in means if "attempts" in name]),
        ("a pair", [name for name in WORLDS if name.startswith("100 pairs")]),
        ("a pair, clusters", [name for name in WORLDS if name not in means and not name.startswith("100 pairs")]),
    ]
    lines = [f"| | {' | '.join(kind for kind, _ in kinds)} |", f"| --- |{' ---: |' * len(kinds)}"]
    for tool in ["howsure", "howsure (table)", *(tool for tool in SHOWN if tool != "howsure")]:
        cells = []
        for _, worlds in kinds:
            times = [row.seconds for name in worlds for row in results[name] if row.tool == tool]
            cells.append(f"{1000 * statistics.median(times):.2g}" if times else "")
        label = "howsure, from a table" if tool == "howsure (table)" else SHOWN[tool]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _every(name: str, rows: list[Row]) -> str:
    ours = next(row for row in rows if row.tool == "howsure")
    heads = ["tool", "trials", "coverage", "found", "apart", "width", "relative", "none", "ms"]
    lines = [f"## {name}", "", f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    errors, pair = {}, not isinstance(WORLDS[name], RateWorld)
    for row in rows:
        error = math.sqrt(max(row.coverage * (1 - row.coverage), 0) / row.trials)
        lines.append(
            f"| {row.tool} | {row.trials:,} | {row.coverage:.3f} ± {error:.3f} | {_share(row.found) if pair else '–'} | "
            f"{_share(row.apart) if pair else '–'} | {row.width:.4f} | {_relative(row, ours):.2f} | "
            f"{row.refused:.3f} | {1000 * row.seconds:.2g} |"
        )
        errors |= {f"{row.tool}: {message}": count for message, count in row.errors.items()}
    said = [f"- {message} (× {count:,})" for message, count in errors.items()]
    return "\n".join([*lines, *([""] if said else []), *said])


def _relative(row: Row, ours: Row) -> float:
    """Return the mean width over howsure's in the same samples: those that both have an interval for."""
    n = min(len(row.widths), len(ours.widths))
    both = np.isfinite(row.widths[:n]) & np.isfinite(ours.widths[:n])
    return float(row.widths[:n][both].mean() / ours.widths[:n][both].mean()) if both.any() else math.nan


if __name__ == "__main__":
    main()
