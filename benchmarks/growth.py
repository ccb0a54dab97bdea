"""How time and memory grow: whole commands on made-up results of growing size, each beside the least that could be done.

    python benchmarks/growth.py [--only models,files] [--before COMMAND --revision NAME]

Without --only it writes growth.md. With --before, the `howsure` of another environment, each command runs once in that and once in
this one, in turn, for at most 300 s, and the file is growth-before.md. The least is a process of its own that reads the same files and averages twice: Polars for tables,
json or msgspec line by line, or sample by sample, for logs. Seconds are medians of quiet runs (measure.py); what counts is the growth, and the ratio to the least.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from measure import HERE, SCALE, Race, Run, Side, machine, run, script

if TYPE_CHECKING:
    from measure import Result

COMMAND = str(Path(sys.executable).with_name("howsure"))
TABLE = {"tasks": 1, "models": 4, "items": 500, "attempts": 1, "clusters": 0}
ABOUT = (
    "Written by `python benchmarks/growth.py`. Each cell: seconds and peak memory of the whole command, and how many times as long as the least "
    "that could be done, a process that reads the same and averages it twice (Polars for tables, json or msgspec line by line, or sample by sample, for logs)."
)
ABOUT_BEFORE = (
    "Written by `python benchmarks/growth.py --before`. Each cell: seconds and peak memory of the whole command, one run each, before ({before}) and now ({today}, {machine}). "
    "A report of 100 tasks or more is made by one process per core, at most four. Memory is that of the first, and each other one needs 150 MB more. "
    "The exponents are those of time and memory in the last step: 1 is as the size itself. The least is a process that reads the same and averages it twice."
)
PATIENCE = 300
"""Seconds after which a command is stopped."""
MORE = 12
"""So many files come between two commands."""
SAMPLES, PROMPT = 20, "word " * 300
TURNS = 40
INSPECT_LOG = HERE.parent / "tests" / "fixtures" / "inspect" / "integer_ids.eval"
RESULT = {"filter": "none", "metrics": ["acc"], "target": "1", "resps": [["1"]], "filtered_resps": ["1"]}


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One thing that grows, by its sizes: the kind of what is made ("table", "files", "csv", "json", "logs", "file", "lines" or "log"), and the commands on it.

    `again`: each command ran before on all but the last files, and what it kept is there.
    """

    name: str
    sizes: tuple[int, ...]
    commands: tuple[str, ...]
    kind: str = "table"
    beside: tuple[tuple[str, int], ...] = ()
    again: bool = False

    def make(self, folder: Path, size: int, howsure: str = COMMAND) -> Path:
        """Make the results of one size, in a process of its own: this one stays small. `howsure`: the command that ran before."""
        path = folder / f"{self.kind}-{self.name}-{size}".replace(" ", "-").replace(",", "")
        grows = self.name.partition(",")[0]
        told = {**TABLE, **dict(self.beside), grows: size} if self.kind == "table" else size
        subprocess.run(script("growth.py", f"make-{self.kind}", str(path), json.dumps(told)), check=True)
        if self.again:
            for command in self.commands:
                subprocess.run([howsure, *command.split(), str(path)], check=True, capture_output=True)
            subprocess.run(script("growth.py", "make-more", str(path), json.dumps(size)), check=True)
        return path


GROWTHS = (
    Growth(name="models", sizes=(100, 300, 1000, 3000), commands=("leaderboard", "noise", "report -o REPORT")),
    Growth(
        name="items",
        sizes=(10_000, 100_000, 1_000_000),
        commands=("leaderboard", "questions", "plan -a m0 -b m1 --effect 1pp --pilot", "report -o REPORT"),
    ),
    Growth(
        name="clusters",
        sizes=(10, 100, 1000, 10_000),
        commands=("leaderboard",),
        beside=(("models", 50), ("items", 20_000)),
    ),
    Growth(name="attempts", sizes=(1, 10, 100), commands=("leaderboard", "noise"), beside=(("models", 20),)),
    Growth(name="models, 50 questions", sizes=(500, 5000, 20_000), commands=("leaderboard",), beside=(("items", 50),)),
    Growth(
        name="tasks",
        sizes=(10, 100, 300, 1000),
        commands=("leaderboard", "report -o REPORT"),
        beside=(("models", 20), ("items", 40)),
    ),
    Growth(
        name="files", sizes=(100, 500, 2000), commands=("leaderboard --no-cache", "describe --no-cache"), kind="files"
    ),
    Growth(
        name="files, second command",
        sizes=(100, 500, 2000),
        commands=("leaderboard", "describe"),
        kind="files",
        again=True,
    ),
    Growth(name="CSV files", sizes=(250, 2000, 20_000), commands=("leaderboard --no-cache",), kind="csv"),
    Growth(name="JSON files", sizes=(250, 2000, 20_000), commands=("leaderboard --no-cache",), kind="json"),
    Growth(name="Inspect logs", sizes=(250, 2000, 20_000), commands=("leaderboard --no-cache",), kind="logs"),
    Growth(name="megabytes of one file", sizes=(10, 100, 1000), commands=("estimate --no-cache",), kind="file"),
    Growth(name="rows of JSON Lines", sizes=(10_000, 100_000, 1_000_000), commands=("estimate",), kind="lines"),
    Growth(
        name="megabytes of one Inspect log without summaries",
        sizes=(10, 100, 800),
        commands=("estimate --no-cache",),
        kind="log",
    ),
)


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", metavar="WORDS", default="", help="of these growths only (names or parts), parted by commas"
    )
    parser.add_argument("--before", metavar="COMMAND", help="the howsure of another environment")
    parser.add_argument("--revision", metavar="NAME", default="an earlier revision", help="the revision of that one")
    options = parser.parse_args()
    wanted = options.only.split(",")
    exact = [growth for growth in GROWTHS if growth.name in wanted]
    chosen = exact or [growth for growth in GROWTHS if any(word in growth.name for word in wanted)]
    texts = [_measured(growth) if options.before is None else _beside(growth, options.before) for growth in chosen]
    called = {"before": options.revision, "today": f"{date.today():%-d %B %Y}", "machine": machine()}
    about = ABOUT if options.before is None else ABOUT_BEFORE.format(**called)
    text = "\n\n".join(["# How time and memory grow", about, *texts]) + "\n"
    print(text)
    if wanted == [""]:
        name = "growth.md" if options.before is None else "growth-before.md"
        (HERE / name).write_text(text, encoding="utf-8")


def _measured(growth: Growth) -> str:
    """Return one table: a row a command, a column a size."""
    rows: dict[str, list[list[Result]]] = {command: [] for command in growth.commands}
    with tempfile.TemporaryDirectory(prefix="howsure-growth-") as folder:
        os.environ["HOWSURE_CACHE"] = str(Path(folder, "cache"))
        for size in growth.sizes:
            path = growth.make(Path(folder), size)
            for command in growth.commands:
                print(f"{growth.name} {size:,}: {command} …", file=sys.stderr, flush=True)
                rows[command].append(run(_race(growth, command, path)))
    heads = ["command", *(f"{size:,}" for size in growth.sizes), "growth"]
    lines = [heads, ["---", *("---:" for _ in heads[1:])]]
    lines += [
        [f"`howsure {command.split(' -')[0]}`", *map(_cell, results), _grown(results, growth.sizes)]
        for command, results in rows.items()
    ]
    return f"## {growth.name}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _beside(growth: Growth, before: str) -> str:
    """Return one table of another environment's command and this one's, one run each: two rows a command."""
    sides = {"before": before, "now": COMMAND}
    rows: dict[tuple[str, str], list[Run | str]] = {(c, side): [] for c in growth.commands for side in sides}
    least: list[Run | str] = []
    with tempfile.TemporaryDirectory(prefix="howsure-growth-") as folder:
        for size in growth.sizes:
            path = None
            for side, howsure in sides.items():
                os.environ["HOWSURE_CACHE"] = str(Path(folder, f"cache-{side}-{size}"))
                if path is None or growth.again:
                    path = growth.make(Path(folder), size, howsure)
                for command in growth.commands:
                    print(f"{growth.name} {size:,}: {command}, {side} …", file=sys.stderr, flush=True)
                    words = command.replace("REPORT", str(path.with_name("report.html"))).split()
                    rows[command, side].append(_single([howsure, *words, str(path)]))
                if growth.again:
                    shutil.rmtree(path)
            if growth.again:
                path = growth.make(Path(folder), size, COMMAND)
            least.append(_single(script("growth.py", f"least-{growth.kind}", str(path))))
    heads = ["command", "", *(f"{size:,}" for size in growth.sizes), "exponents"]
    lines = [heads, ["---", "---", *("---:" for _ in heads[2:])]]
    lines += [
        [f"`howsure {command.split(' -')[0]}`", side, *map(_single_cell, runs), _exponents(runs, growth.sizes)]
        for (command, side), runs in rows.items()
    ]
    lines.append(["the least", "", *map(_single_cell, least), _exponents(least, growth.sizes)])
    return f"## {growth.name}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _single(command: list[str]) -> Run | str:
    """Run a command once, and return what it took, or why there is nothing to return."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stop = threading.Timer(PATIENCE, child.kill)
    stop.start()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    stop.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        return f"> {PATIENCE} s" if child.returncode < 0 else "refused"
    return Run(seconds=seconds, peak_mb=usage.ru_maxrss * SCALE / 1e6, note="", others=0.0)


def _single_cell(run: Run | str) -> str:
    return run if isinstance(run, str) else f"{run.seconds:.2f} s, {run.peak_mb:,.0f} MB"


def _exponents(runs: list[Run | str], sizes: tuple[int, ...]) -> str:
    """Return the exponents of time and memory in the last step that both ends of are known."""
    known = [(run, size) for run, size in zip(runs, sizes, strict=True) if not isinstance(run, str)]
    if len(known) < 2:
        return ""
    (before, smaller), (last, larger) = known[-2:]
    step = math.log(larger / smaller)
    return f"{math.log(last.seconds / before.seconds) / step:.2f}, {math.log(last.peak_mb / before.peak_mb) / step:.2f}"


def _race(growth: Growth, command: str, path: Path) -> Race:
    words = command.replace("REPORT", str(path.with_name("report.html"))).split()
    least = script("growth.py", f"least-{growth.kind}", str(path))
    return Race(
        title=command,
        ours=Side(name="howsure", command=[COMMAND, *words, str(path)], inner=False),
        others=[Side(name="least", command=least, inner=False, floor=True)],
        rounds=3,
    )


def _cell(results: list[Result]) -> str:
    ours, least = results
    return f"{ours.seconds:.2f} s, {ours.peak_mb:,.0f} MB ({ours.seconds / least.seconds:.1f}×)"


def _grown(rows: list[list[Result]], sizes: tuple[int, ...]) -> str:
    """Say by how much time and memory grew, with the exponents of the last step: 1 is as the size itself."""
    first, before, last = rows[0][0], rows[-2][0], rows[-1][0]
    step = math.log(sizes[-1] / sizes[-2])
    slopes = (math.log(last.seconds / before.seconds) / step, math.log(last.peak_mb / before.peak_mb) / step)
    return (
        f"{last.seconds / first.seconds:.1f}× the time, {last.peak_mb / first.peak_mb:.1f}× the memory; "
        f"exponents {slopes[0]:.2f} and {slopes[1]:.2f}"
    )


def make_table(path: Path, size: dict[str, int]) -> None:
    """Write right-or-wrong answers of models that lie close, one row an attempt."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(1)
    shape = [size[name] for name in ("tasks", "models", "items", "attempts")]
    task, model, item, attempt = (place.ravel() for place in np.indices(shape, dtype=np.int32))
    chance = 1 / (1 + np.exp(-rng.normal(size=size["items"])[item] - 0.3 * model / size["models"]))
    frame = pl.DataFrame({"task": task, "model": model, "item": item, "attempt": attempt})
    frame = frame.with_columns(score=pl.Series((rng.random(len(item)) < chance).astype(float)))
    if size["clusters"]:
        frame = frame.with_columns(cluster=pl.format("c{}", pl.Series(item % size["clusters"])))
    names = [pl.format(f"{name[0]}{{}}", name).alias(name) for name in ("task", "model", "item")]
    frame.with_columns(names).write_parquet(path)


def make_files(path: Path, size: int) -> None:
    """Write so many small files of samples of lm-eval, 20 models to a task."""
    path.mkdir()
    _write_files(path, range(size))


def make_more(path: Path, size: int) -> None:
    """Write a few more files beside so many."""
    _write_files(path, range(size, size + MORE))


def _write_files(path: Path, numbers: range) -> None:
    for k in numbers:
        folder = path / f"model{k % 20}"
        folder.mkdir(exist_ok=True)
        rows = [_row(f"{k // 20}-{n}", k * SAMPLES + n) for n in range(SAMPLES)]
        _write(folder / f"samples_task{k // 20}_2026-11-01T00-00-00.000000.jsonl", rows)


def make_csv(path: Path, size: int) -> None:
    """Write so many small tables of 20 answers, 20 models to a task."""
    path.mkdir()
    for k in range(size):
        rows = "".join(f"m{k % 20},t{k // 20},q{n},{_right(k * SAMPLES + n):.0f}\n" for n in range(SAMPLES))
        (path / f"run{k}.csv").write_text(f"model,task,item,score\n{rows}", encoding="utf-8")


def make_json(path: Path, size: int) -> None:
    """Write the same as lists of objects."""
    path.mkdir()
    for k in range(size):
        named = {"model": f"m{k % 20}", "task": f"t{k // 20}"}
        rows = [{**named, "item": f"q{n}", "score": _right(k * SAMPLES + n)} for n in range(SAMPLES)]
        (path / f"run{k}.json").write_text(json.dumps(rows), encoding="utf-8")


def make_logs(path: Path, size: int) -> None:
    """Write so many small Inspect logs, 20 models to a task: one that Inspect wrote, with other names and scores."""
    path.mkdir()
    with _zipped()(INSPECT_LOG) as log:
        start, header, summaries = (
            json.loads(log.read(name)) for name in ("_journal/start.json", "header.json", "summaries.json")
        )
        samples = [json.loads(log.read(f"samples/{each['id']}_epoch_{each['epoch']}.json")) for each in summaries]
    (scorer,) = samples[0]["scores"]
    (stated,) = header["results"]["scores"]
    for k in range(size):
        right = [_right(k * len(samples) + n) for n in range(len(samples))]
        stated["metrics"] = {"accuracy": {"name": "accuracy", "value": sum(right) / len(right), "params": {}}}
        spec = {**start["eval"], "task": f"t{k // 20}", "model": f"mockllm/m{k % 20}"}
        spec |= {name: f"{name}{k}" for name in ("eval_id", "run_id", "task_id")}
        for short, sample, one in zip(summaries, samples, right, strict=True):
            score = {"value": "C" if one else "I", "answer": "nothing", "history": []}
            short["scores"] = sample["scores"] = {scorer: score}
        with _zipped()(path / f"2026-11-01T00-00-00+00-00_t{k // 20}_{k}.eval", "w", compression=93) as log:
            log.writestr("_journal/start.json", json.dumps({**start, "eval": spec}))
            for sample in samples:
                log.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
            log.writestr("summaries.json", json.dumps(summaries))
            log.writestr("header.json", json.dumps({**header, "eval": spec}))


def make_file(path: Path, size: int) -> None:
    """Write one file of samples of so many megabytes."""
    path.mkdir()
    row = len(json.dumps(_row("0", 0)))
    _write(
        path / "samples_task_2026-11-01T00-00-00.000000.jsonl", (_row(str(n), n) for n in range(size * 10**6 // row))
    )


def make_lines(path: Path, size: int) -> None:
    """Write a table of so many answers, an object a line."""
    path.mkdir()
    rows = (
        {"model": f"m{n % 4}", "item": f"i{n // 4}", "score": _right(n), "attempt": 0, "cluster": f"c{n // 4 % 1000}"}
        for n in range(size)
    )
    _write(path / "table.jsonl", rows)


def make_log(path: Path, size: int) -> None:
    """Write a log of so many megabytes of long transcripts, a member a sample, as a run leaves it that was stopped."""
    path.mkdir()
    turns = [{"role": "assistant", "content": PROMPT}] * TURNS
    spec = {
        "task": "task",
        "model": "mock/model",
        "task_id": "t",
        "run_id": "r",
        "created": "2026-11-01T00:00:00+00:00",
    }
    with _zipped()(path / "log.eval", "w", compression=93) as log:
        log.writestr("_journal/start.json", json.dumps({"version": 2, "eval": spec}))
        for n in range(size * 10**6 // len(json.dumps(turns))):
            sample = {"id": n, "epoch": 1, "input": f"question {n}", "target": "1", "messages": turns}
            told = json.dumps({**sample, "scores": {"match": {"value": _right(n)}}})
            log.writestr(f"samples/{n}_epoch_1.json", told)


def _zipped() -> Any:
    """Return what opens a zip with members of zstd."""
    if sys.version_info >= (3, 14):
        from zipfile import ZipFile
    else:
        from backports.zstd.zipfile import ZipFile
    return ZipFile


def _right(seed: int) -> float:
    return float(seed * 2654435761 % 1000 < 600)


def _row(name: str, seed: int) -> dict[str, object]:
    return {
        "doc_id": int(name.split("-")[-1]),
        "doc": {"q": name},
        "arguments": [[PROMPT, "1"]],
        **RESULT,
        "doc_hash": name,
        "acc": _right(seed),
    }


def _write(path: Path, rows: object) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)  # type: ignore[attr-defined]


def least_table(path: Path) -> None:
    """Average a table twice."""
    import polars as pl

    per_item = pl.scan_parquet(path).group_by("task", "model", "item").agg(pl.col("score").mean())
    print(per_item.group_by("task", "model").agg(pl.col("score").mean()).collect(engine="streaming"))


def least_files(path: Path) -> None:
    """Average every file of samples, line by line."""
    for file in path.rglob("*.jsonl"):
        with file.open("rb") as lines:
            scores = [json.loads(line)["acc"] for line in lines]
        print(file.name, sum(scores) / len(scores))


def least_file(path: Path) -> None:
    """Average a large file of samples, whose lines are decoded into three typed fields."""
    import msgspec

    line = msgspec.defstruct("Line", [("doc_id", int), ("doc_hash", str), ("acc", float)])
    decode = msgspec.json.Decoder(line).decode
    for file in path.rglob("*.jsonl"):
        with file.open("rb") as lines:
            scores = [decode(each).acc for each in lines]
        print(file.name, sum(scores) / len(scores))


def least_csv(path: Path) -> None:
    """Average every table, one after the other."""
    import csv

    for file in path.iterdir():
        with file.open(encoding="utf-8") as lines:
            scores = [float(row["score"]) for row in csv.DictReader(lines)]
        print(file.name, sum(scores) / len(scores))


def least_json(path: Path) -> None:
    """Average every list, one after the other."""
    for file in path.iterdir():
        scores = [row["score"] for row in json.loads(file.read_bytes())]
        print(file.name, sum(scores) / len(scores))


def least_logs(path: Path) -> None:
    """Average the summaries of every Inspect log, one after the other."""
    for file in path.iterdir():
        with _zipped()(file) as log:
            scores = [each["scores"]["letters"]["value"] == "C" for each in json.loads(log.read("summaries.json"))]
        print(file.name, sum(scores) / len(scores))


def least_lines(path: Path) -> None:
    """Average a table of lines twice."""
    import polars as pl

    per_item = pl.scan_ndjson(path / "table.jsonl").group_by("model", "item").agg(pl.col("score").mean())
    print(per_item.group_by("model").agg(pl.col("score").mean()).collect(engine="streaming"))


def least_log(path: Path) -> None:
    """Average a log, member by member."""
    with _zipped()(path / "log.eval") as log:
        names = [name for name in log.namelist() if name.startswith("samples/")]
        scores = [json.loads(log.read(name))["scores"]["match"]["value"] for name in names]
    print(sum(scores) / len(scores))


PARTS = {
    "make-table": make_table,
    "make-files": make_files,
    "make-more": make_more,
    "make-csv": make_csv,
    "make-json": make_json,
    "make-logs": make_logs,
    "make-file": make_file,
    "make-lines": make_lines,
    "make-log": make_log,
}
LEAST = {
    "least-table": least_table,
    "least-files": least_files,
    "least-csv": least_csv,
    "least-json": least_json,
    "least-logs": least_logs,
    "least-file": least_file,
    "least-lines": least_lines,
    "least-log": least_log,
}


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in PARTS:
        PARTS[sys.argv[1]](Path(sys.argv[2]), json.loads(sys.argv[3]))
    elif len(sys.argv) > 1 and sys.argv[1] in LEAST:
        LEAST[sys.argv[1]](Path(sys.argv[2]))
    else:
        main()
