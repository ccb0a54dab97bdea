"""Make regraded.csv: two made models answer 80 questions twice, and a judge grades every answer one to four times.

python examples/make_regraded.py
"""

from pathlib import Path

import numpy as np
import polars as pl

QUESTIONS, ANSWERS, GRADES = 80, 2, 4


def main() -> None:
    """Draw every grading: the quality of the answer and the judge's noise, in quarters of a point."""
    rng = np.random.default_rng(8)
    rows = []
    level = rng.normal(0.6, 0.15, QUESTIONS)
    for model, gain in (("base", 0.0), ("tuned", 0.05)):
        for question in range(QUESTIONS):
            for attempt in range(ANSWERS):
                quality = level[question] + gain + rng.normal(0, 0.15)
                grades = quality + rng.normal(0, 0.3, rng.integers(1, GRADES + 1))
                rows += [
                    {"model": model, "question": f"q{question:02}", "attempt": attempt, "grading": k, "score": score}
                    for k, score in enumerate((np.clip(grades, 0, 1) * 4).round() / 4)
                ]
    pl.DataFrame(rows).write_csv(Path(__file__).with_name("regraded.csv"))


if __name__ == "__main__":
    main()
