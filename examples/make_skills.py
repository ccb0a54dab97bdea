"""Make skills.csv: a made agent solves 40 tasks three times each, with and without a skill.

python examples/make_skills.py
"""

from pathlib import Path

import numpy as np
import polars as pl

TASKS, TRIALS, GAIN = 40, 3, 0.8


def main() -> None:
    """Draw trials: a task is hard or easy in all of them, and the skill helps on every one."""
    rng = np.random.default_rng(11)
    hard = rng.normal(0, 1.5, TASKS)
    rows = []
    for task in range(TASKS):
        for arm, gain in (("with_skill", GAIN), ("without_skill", 0.0)):
            for trial in range(TRIALS):
                right = rng.random() < 1 / (1 + np.exp(hard[task] - gain))
                cost = 0.02 * np.exp(0.3 * rng.normal()) * (1.4 if gain else 1.0)
                rows.append((f"task-{task:02}", arm, trial, int(right), round(cost, 4)))
    columns = ["task_id", "configuration", "trial", "passed", "usd"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(Path(__file__).with_name("skills.csv"))


if __name__ == "__main__":
    main()
