"""The cost of the ordinary commands, as counts (calls, queries, modules, bytes) and not times, stays within 1.3 times the recorded one.

Each command runs in its own process and is compared with counts.json: calls of the project's own functions, queries that Polars
collects, modules of the project, and bytes of the page. Of the smallest one the processor's instructions are counted too, from
start to exit, by Valgrind, which counts the same on a busy machine. `HOWSURE_UPDATE_COUNTS=1 pytest tests/laws/test_counts.py` (with
HOWSURE_TRIALS=1 for all of them) writes the file anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trials import draws

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
KNOWN = Path(__file__).with_name("counts.json")
MOST = 1.3
SWE = "examples/swebench_verified.parquet"
COMMANDS = {
    "100 rows": ["leaderboard", "small.csv"],
    "logs": ["leaderboard", "examples/logs"],
    "pair": ["compare", SWE, "-a", "20250928_trae_doubao_seed_code", "-b", "20250804_epam-ai-run-claude-4-sonnet"],
    "all of SWE-bench Verified": ["leaderboard", SWE],
    "noise": ["noise", SWE],
    "gate": ["gate", "small.csv", "-a", "d", "-b", "a", "--not-worse-than", "60pp"],
    "report": ["report", SWE, "-o", "page.html"],
    "30 tasks": ["leaderboard", "tasks.csv"],
}
COUNT = """
import json, sys
from pathlib import Path
import howsure
own, calls = str(Path(howsure.__file__).parent), 0
def count(frame, event, argument):
    global calls
    calls += event == "call" and frame.f_code.co_filename.startswith(own)
import polars
collects, collect = 0, polars.LazyFrame.collect
def collected(*given, **options):
    global collects
    collects += 1
    return collect(*given, **options)
polars.LazyFrame.collect = collected
from howsure.commands.main import main
from click.testing import CliRunner
sys.setprofile(count)
done = CliRunner().invoke(main, sys.argv[1:])
sys.setprofile(None)
assert done.exit_code == 0, done.output
modules = sum(name.partition(".")[0] == "howsure" for name in sys.modules)
print(json.dumps({"calls": calls, "queries": collects, "modules": modules}))
"""


def table(tasks: int) -> str:
    rows = [
        f"t{task},{model},q{item},{item * 7 % (3 + k + task % 2) > 0:d}"
        for task in range(tasks)
        for k, model in enumerate("abcd")
        for item in range(25)
    ]
    return "\n".join(["task,model,item,score", *rows, ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("counts")
    (place / "small.csv").write_text(table(1), encoding="utf-8")
    (place / "tasks.csv").write_text(table(30), encoding="utf-8")
    (place / "examples").symlink_to(ROOT / "examples")
    return place


def counted(words: list[str], folder: Path) -> dict[str, int]:
    """Count what a command takes in a process of its own."""
    done = subprocess.run([sys.executable, "-c", COUNT, *words], capture_output=True, text=True, check=True, cwd=folder)
    found: dict[str, int] = json.loads(done.stdout)
    page = folder / "page.html"
    return found | ({"bytes": page.stat().st_size} if "page.html" in words else {})


OFTEN = ["100 rows", "logs", "gate", "report"]


@pytest.mark.unmeasured
@pytest.mark.parametrize("command", draws(OFTEN, list(COMMANDS)))
def test_no_command_exceeds_1_3_times_its_recorded_calls_queries_modules_or_bytes(command, folder):
    known, found = json.loads(KNOWN.read_text(encoding="utf-8")), counted(COMMANDS[command], folder)
    if os.environ.get("HOWSURE_UPDATE_COUNTS"):
        KNOWN.write_text(json.dumps(known | {command: found}, indent=2) + "\n", encoding="utf-8")
        return
    grown = {name: (known[command][name], now) for name, now in found.items() if now > MOST * known[command][name]}
    assert not grown, "counts of before and now"
    assert found.keys() == known[command].keys()


MOST_INSTRUCTIONS = 1.1
"""Those of the libraries count too, and differ by a few percent between processors."""


@pytest.mark.unmeasured
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs Valgrind")
def test_100_rows_take_at_most_1_1_times_the_recorded_instructions(folder):
    words = [sys.executable, "-m", "howsure", *COMMANDS["100 rows"]]
    left = ("COV_", "COVERAGE", "PYTHON", "PYTEST")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(left)}
    how = {"cwd": folder, "capture_output": True, "text": True}
    how["env"] = variables | {"PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
    subprocess.run(words, check=True, **how)  # compiles what isn't compiled yet
    counter = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run([*counter, *words], check=True, **how)
    found = int(re.search(r"Collected : ([0-9]+)", done.stderr)[1])
    known = json.loads(KNOWN.read_text(encoding="utf-8"))
    if os.environ.get("HOWSURE_UPDATE_COUNTS"):
        KNOWN.write_text(json.dumps(known | {"instructions of 100 rows": found}, indent=2) + "\n", encoding="utf-8")
        return
    assert found <= MOST_INSTRUCTIONS * known["instructions of 100 rows"]
