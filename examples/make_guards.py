"""Make guards.parquet: two made guards that score 600 prompts, written from 60 templates, by how likely they are unsafe.

python examples/make_guards.py
"""

from pathlib import Path

import numpy as np
import polars as pl

TEMPLATES, PROMPTS, UNSAFE = 60, 10, 0.2


def main() -> None:
    """Draw labels, and scores that share what is hard about a template and a prompt."""
    rng = np.random.default_rng(9)
    template = np.repeat(np.arange(TEMPLATES), PROMPTS)
    label = rng.random(len(template)) < np.clip(rng.beta(1, 4, TEMPLATES), 0.02, 0.9)[template]
    hard = rng.normal(0, 0.5, TEMPLATES)[template] + rng.normal(0, 0.6, len(template))
    parts = []
    for guard, skill in (("guard-large", 2.4), ("guard-small", 1.7)):
        logit = skill * label - 1.8 + hard + rng.normal(0, 0.8, len(template))
        score = (1 / (1 + np.exp(-logit))).round(3)
        parts.append(
            pl.DataFrame(
                {
                    "model": guard,
                    "prompt_id": [f"p{k:03}" for k in range(len(template))],
                    "template": [f"t{k:02}" for k in template],
                    "label": np.where(label, "unsafe", "safe"),
                    "score": score,
                    "predicted": np.where(score >= 0.5, "unsafe", "safe"),
                }
            )
        )
    pl.concat(parts).write_parquet(Path(__file__).with_name("guards.parquet"), compression="zstd")


if __name__ == "__main__":
    main()
