"""The same answers without the rows in this process: DuckDB from Parquet, and a local Spark, against the file in memory.

    python benchmarks/beyond.py [--models 1000] [--only duckdb,spark] [--memory 700MB] [--heap 6g]

`estimate`, `compare`, `gate` and `leaderboard` of 100,000 rows a model. Each runs in a process of its own, which may fetch as much as
HOWSURE_MEMORY says. Shown are the time, the peak of the Python process and of Java, the rows that came back, and the largest difference
from the answers of the file: scores, differences and standard errors; p-values and limits; corrected p-values, which are simulated.
Without --only it writes beyond.md. It wants an interpreter with DuckDB and PySpark, and Java.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import giant
from measure import HERE, SCALE, machine, script

ENGINES = ("file", "duckdb", "spark")
QUESTIONS = ("estimate", "compare", "gate", "leaderboard")
FIRST, SECOND = "model-0007", "model-0003"
TESTED, CORRECTED = ("p", "low", "high"), ("q",)
"""What follows the test, and the correction by simulation. The rest must equal the answers of the file anyway."""


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1000, help="100,000 rows each (default 1000)")
    parser.add_argument("--only", default="", help="these engines only, parted by commas")
    parser.add_argument("--questions", default=",".join(QUESTIONS), help="these only, parted by commas")
    parser.add_argument("--file", help="the Parquet file, if it was made before")
    parser.add_argument("--memory", default="700MB", help="what howsure may fetch at once (default 700MB)")
    parser.add_argument("--heap", default="6g", help="Java's heap (default 6g)")
    options = parser.parse_args()
    chosen = [engine for engine in ENGINES if not options.only or engine in ("file", *options.only.split(","))]
    rows = []
    with tempfile.TemporaryDirectory(prefix="howsure-beyond-") as folder:
        path = Path(options.file or Path(folder) / f"giant-{options.models}.parquet")
        if not options.file:
            giant._write(path, options.models)
        for question in options.questions.split(","):
            answers = {}
            for engine in chosen:
                print(f"{question}, {engine} …", file=sys.stderr, flush=True)
                answers[engine] = _run(question, engine, path, options.memory, options.heap)
                rows.append(_row(question, engine, answers))
                print(rows[-1], file=sys.stderr, flush=True)
    heads = "| question | rows are in | seconds | Python MB | Java MB | rows back | largest difference | test |"
    text = "\n".join(
        [
            "# Beyond one process",
            "",
            f"Written by `python benchmarks/beyond.py`: {options.models * 100_000:,} rows, one run each, HOWSURE_MEMORY={options.memory} "
            f"for DuckDB and Spark, Java's heap {options.heap}, {machine()}. The largest differences from the answers of the file are those of "
            "scores, differences and standard errors / of p-values and limits / of corrected p-values (simulated).",
            "",
            heads,
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
            *rows,
            "",
        ]
    )
    print(text)
    if not options.only and not options.file:
        (HERE / "beyond.md").write_text(text, encoding="utf-8")


def _run(question: str, engine: str, path: Path, memory: str, heap: str) -> dict[str, object]:
    """Ask one question in a process of its own."""
    environment = {**os.environ, "HEAP": heap} | ({} if engine == "file" else {"HOWSURE_MEMORY": memory})
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            script("beyond.py", question, engine, str(path)), stdout=out, stderr=err, env=environment
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        if child.returncode:
            return {
                "error": err.read().decode().strip().splitlines()[-1][:200],
                "seconds": seconds,
                "mb": usage.ru_maxrss * SCALE / 1e6,
            }
        return {**json.loads(out.read().splitlines()[-1]), "seconds": seconds}


def _row(question: str, engine: str, answers: dict[str, dict[str, object]]) -> str:
    found, file = answers[engine], answers["file"]
    cells = [question, engine, f"{found['seconds']:.0f}", f"{found['mb']:,.0f}"]
    if "error" in found:
        return f"| {' | '.join([*cells, '', '', '', str(found['error'])])} |"
    java = f"{found['java']:,.0f}" if found.get("java") else ""
    back = f"{found['back']:,}" if engine != "file" else ""
    cells += [java, back, "" if engine == "file" else _apart(found["numbers"], file["numbers"]), str(found["test"])]
    return f"| {' | '.join(cells)} |"


def _apart(found: dict[str, list[float]], file: dict[str, list[float]]) -> str:
    """Return the largest differences: of scores, differences and errors, of p-values and limits, and of corrected p-values."""

    def largest(names: set[str]) -> float:
        pairs = [pair for name in names for pair in zip(found[name], file[name], strict=True)]
        return max((abs(a - b) for a, b in pairs if a == a or b == b), default=0.0)

    kinds = (set(file) - {*TESTED, *CORRECTED}, set(file) & {*TESTED}, set(file) & {*CORRECTED})
    return " / ".join(f"{largest(names):.1g}" for names in kinds if names)


def side(question: str, engine: str, path: str) -> None:
    """Ask one question, and print its numbers and what came back."""
    import numpy as np

    import howsure
    from howsure.table import engines

    back = 0
    collect = engines._of_engine

    def counted(frame):
        nonlocal back
        table = collect(frame)
        back += len(table)
        return table

    engines._of_engine = counted
    data, java = _opened(engine, path)
    answer, numbers = ASK[question](howsure, data)
    # Before the numbers are written, which takes as much again as the answer.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * SCALE / 1e6
    numbers = {name: np.asarray(values).tolist() for name, values in numbers.items()}
    print(
        json.dumps(
            {
                "numbers": numbers,
                "back": back,
                "java": giant._peak_mb(java()) if java else None,
                "test": _test(answer),
                "mb": peak,
            }
        )
    )


def _test(answer) -> str:
    if boards := getattr(answer, "boards", None):
        return f"t or score, {boards[0].adjust}" if boards[0].adjust else ""
    return ""


def _opened(engine: str, path: str):
    if engine == "file":
        return path, None
    if engine == "duckdb":
        import duckdb

        limits = {"memory_limit": "700MB", "threads": 2, "preserve_insertion_order": False}
        connection = duckdb.connect(config={**limits, "temp_directory": tempfile.mkdtemp(prefix="howsure-duckdb-")})
        return connection.read_parquet(path), None
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", os.environ["HEAP"])
    builder = builder.config("spark.driver.maxResultSize", "0").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.host", "localhost").config("spark.log.level", "OFF").getOrCreate()
    return session.read.parquet(path), lambda: session.sparkContext._gateway.proc.pid


def _estimate(howsure, data):
    found = howsure.estimate(data, cluster="cluster")
    entries = sorted((entry for entry in found.entries), key=lambda entry: entry.model)
    names = {"value": "value", "se": "se", "low": "interval.low", "high": "interval.high"}
    return found, {name: [_at(entry.estimate, way) for entry in entries] for name, way in names.items()}


def _at(value, way: str) -> float:
    for name in way.split("."):
        value = getattr(value, name)
    return float(value)


def _compare(howsure, data):
    found = howsure.compare(data, FIRST, SECOND, cluster="cluster")
    first = found.comparisons[0]
    each = {"value": "value", "se": "se", "low": "interval.low", "high": "interval.high"}
    return found, {name: [_at(first.difference, way)] for name, way in each.items()} | {"p": [first.p_value]}


def _gate(howsure, data):
    found = howsure.gate(data, FIRST, SECOND, cluster="cluster", not_worse_than=0.01)
    if found.verdict != "pass":
        raise SystemExit(f"the gate says {found.verdict}")
    each = {"value": "value", "low": "low", "high": "high", "p": "p_pass"}
    return found, {name: [float(found.to_dict()["checks"][0][key])] for name, key in each.items()}


def _leaderboard(howsure, data):
    import numpy as np

    found = howsure.leaderboard(data, cluster="cluster")
    board = found.boards[0]
    models = [entry.model for entry in board.entries]
    order = np.argsort(models)
    upper = np.triu_indices(len(models), 1)
    pairs = {
        "value of pairs": "difference",
        "se of pairs": "se",
        "p": "p_value",
        "q": "p_adjusted",
        "low": "low",
        "high": "high",
    }
    numbers = {name: getattr(board.pairs, part)[np.ix_(order, order)][upper] for name, part in pairs.items()}
    numbers["value"] = [board.entries[k].estimate.value for k in order]
    numbers["se"] = [board.entries[k].estimate.se for k in order]
    return found, numbers


ASK = {"estimate": _estimate, "compare": _compare, "gate": _gate, "leaderboard": _leaderboard}

if __name__ == "__main__":
    side(*sys.argv[1:]) if sys.argv[1:2] and sys.argv[1] in QUESTIONS else main()
