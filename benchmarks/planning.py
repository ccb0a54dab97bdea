"""Plans: questions needed for 100 designs, against statsmodels; and a rehearsal of 4,000 runs, against a loop over them."""

from __future__ import annotations

import sys

from measure import Race, Side, report, script, timed

DESIGNS = 100
ITEMS = 500
DRAWS = 4_000


def races(peers: dict[str, str]) -> list[Race]:
    needed = Side(name="howsure", command=script("planning.py", "needed"))
    solved = Side(name="statsmodels solve_power", command=script("planning.py", "solved"))
    ours = Side(name="howsure", command=script("planning.py", "rehearsed"))
    loop = Side(name="SciPy, draw by draw", command=script("planning.py", "loop"))
    return [
        Race(title="questions needed, 100 designs", ours=needed, others=[solved]),
        Race(title="power by 4,000 draws of 500 items", ours=ours, others=[loop], at_least=3),
    ]


def effects():
    import numpy as np

    return np.geomspace(0.01, 0.5, DESIGNS).tolist()


def needed() -> None:
    from howsure.statistics.power import Spread, Test, items_needed

    test, spread = Test(method="t"), Spread(within=1.0)
    report(timed(lambda: [items_needed(test, spread, size, 1, 0.8) for size in effects()], repeats=5))


def solved() -> None:
    import warnings

    from statsmodels.stats.power import TTestPower

    warnings.simplefilter("ignore")
    report(timed(lambda: [TTestPower().solve_power(size, power=0.8, alpha=0.05) for size in effects()], repeats=5))


def differences():
    import numpy as np

    return np.random.default_rng(0).choice([-1.0, 0.0, 1.0], ITEMS, p=[0.12, 0.7, 0.18])


def rehearsed() -> None:
    import numpy as np

    from howsure.statistics.power import Test
    from howsure.statistics.gate_shares import rehearse

    d = differences()

    def run():
        return rehearse(
            d, None, Test(), effect=0.06, count=ITEMS, scale=1.0, rng=np.random.default_rng(0), trials=DRAWS
        )

    report(timed(run, repeats=5))


def loop() -> None:
    import numpy as np
    from scipy import stats

    d = differences()

    def run():
        rng = np.random.default_rng(0)
        return sum(stats.ttest_1samp(rng.choice(d, ITEMS), 0.0).pvalue <= 0.05 for _ in range(DRAWS // 10))

    report(10 * timed(run, repeats=3), note="400 draws, × 10")


if __name__ == "__main__":
    {"needed": needed, "solved": solved, "rehearsed": rehearsed, "loop": loop}[sys.argv[1]]()
