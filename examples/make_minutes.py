"""Make minutes.csv: six made agents at 72 tasks of 24 families, with the minutes that people need for each.

python examples/make_minutes.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

AGENTS = {
    "agent-1": ("2023-03-14", 4.0),
    "agent-2": ("2023-11-06", 7.0),
    "agent-3": ("2024-05-13", 9.0),
    "agent-4": ("2024-10-22", 28.0),
    "agent-5": ("2025-02-24", 55.0),
    "agent-6": ("2025-08-07", 130.0),
}
"""When each was released, and the minutes of the tasks that it solves half of."""
FAMILIES, TASKS = 24, 3


def main() -> None:
    """Write two attempts of every agent at every task."""
    rng = np.random.default_rng(47)
    minutes = np.round(2 ** rng.uniform(0, 10, (FAMILIES, TASKS)), 1)
    with Path(__file__).with_name("minutes.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["model", "released", "task_id", "family", "human_minutes", "attempt", "solved"])
        easier = rng.normal(0, 0.8, FAMILIES)
        for agent, (released, half) in AGENTS.items():
            suits = rng.normal(0, 0.6, FAMILIES)
            for f in range(FAMILIES):
                for k in range(TASKS):
                    odds = easier[f] + suits[f] - 0.7 * np.log2(minutes[f, k] / half)
                    for attempt in (1, 2):
                        solved = int(rng.random() < 1 / (1 + np.exp(-odds)))
                        table.writerow([agent, released, f"f{f}-{k}", f"f{f}", minutes[f, k], attempt, solved])


if __name__ == "__main__":
    main()
