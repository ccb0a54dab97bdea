"""Write slices.csv: differences of items in slices and clusters, which slices.R makes tests of. Same seed, same file."""

import csv
from pathlib import Path

import numpy as np

SHAPES = {
    "small, crossing": (60, 12, 3),
    "crossing": (200, 40, 5),
    "items alone": (100, 100, 4),
    "few clusters, crossing": (150, 15, 4),
    "two slices": (90, 30, 2),
}


def main() -> None:
    """Write the table."""
    rng = np.random.default_rng(0)
    with Path(__file__).with_name("slices.csv").open("w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["set", "d", "cluster", "slice"])
        for name, (n, clusters, slices) in SHAPES.items():
            code = np.arange(n) if clusters == n else rng.integers(0, clusters, n)
            part = rng.integers(0, slices, n)
            d = rng.integers(-1, 2, n) + rng.normal(0, 0.3, clusters)[code]
            rows.writerows([name, float(f"{x:.6f}"), c, s] for x, c, s in zip(d, code, part, strict=True))


if __name__ == "__main__":
    main()
