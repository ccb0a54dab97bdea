"""Make agent-2026-11-01.csv and agent-2026-11-28.csv: two nights of a made agent on 40 tasks, 20 and 14 attempts at each.

python examples/make_agent.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

TASKS = [f"{kind}-{k}" for kind in ("cart", "refund", "search", "login") for k in range(1, 11)]
NIGHTS = {"2026-11-01": 20, "2026-11-28": 14}
SOLVED = {"refund-4": 0.5, "search-7": 0.4, "login-2": 0.95}
"""How likely an attempt at a task succeeds. All others always do."""


def main() -> None:
    """Write both nights."""
    rng = np.random.default_rng(149)
    for night, attempts in NIGHTS.items():
        path = Path(__file__).with_name(f"agent-{night}.csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["task", "model", "question", "attempt", "passed"])
            for task in TASKS:
                for k in range(attempts):
                    passed = int(rng.random() < SOLVED.get(task, 1.0))
                    table.writerow(["shop", "agent", task, k, passed])


if __name__ == "__main__":
    main()
