"""A run that is looked at after every item: the state that grows with it, against doing it all again at every look.

2,000 right-or-wrong differences, one at a time; interval and p-value after each. The peers make the same interval: from all items at
every look (200 looks, times 10), and with a loop over items in place of arrays (10 looks, times 200).
"""

from __future__ import annotations

import sys

from measure import Race, Side, report, script, timed

ITEMS = 2_000


def races(peers: dict[str, str]) -> list[Race]:
    ours = Side(name="howsure", command=script("stopping.py", "streamed"))
    again = Side(name="all items again", command=script("stopping.py", "again"))
    loop = Side(name="an item at a time", command=script("stopping.py", "loop"))
    return [Race(title="a look after each of 2,000 items", ours=ours, others=[again, loop], at_least=3)]


def made_up():
    """Return differences of two models on the items."""
    import numpy as np

    return np.random.default_rng(0).choice([-1.0, 0.0, 1.0], ITEMS, p=[0.14, 0.7, 0.16])


def streamed(d) -> None:
    from howsure.statistics.betting import Betting

    def run():
        state = Betting(bounds=(-1, 1), null=0.0, horizon=ITEMS)
        for k in range(ITEMS):
            state.add(d[k : k + 1])
            look = state.look()
        return look

    report(timed(run, repeats=5))


def again(d) -> None:
    """The capital of every bet from the product over all items so far, limits by halving."""
    import numpy as np

    shares = _shares()[:, None]

    def capital(s, m):
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(1 + shares * (s / m - 1), 0)).sum(axis=1)
        return np.logaddexp.reduce(logs) - np.log(len(shares))

    def run():
        for n in range(10, ITEMS + 1, 10):
            _limits(lambda m: capital(d[:n] + 1, m), lambda m: capital(1 - d[:n], m))

    report(10 * timed(run, repeats=3), note="200 looks, × 10")


def loop(d) -> None:
    import math

    shares = _shares().tolist()

    def capital(values, m):
        total = 0.0
        for share in shares:
            log = 0.0
            for s in values:
                gain = 1 + share * (s / m - 1)
                log = log + math.log(gain) if gain > 0 else -math.inf
            total += math.exp(min(log, 700)) / len(shares)
        return math.log(total) if total else -math.inf

    def run():
        for n in range(ITEMS // 10, ITEMS + 1, ITEMS // 10):
            up, down = (d[:n] + 1).tolist(), (1 - d[:n]).tolist()
            _limits(lambda m: capital(up, m), lambda m: capital(down, m))

    report(200 * timed(run, repeats=1), note="10 looks, × 200")


def _shares():
    from howsure.statistics.betting import Bets

    return Bets.tuned(horizon=ITEMS, place=0.5, level=0.95).shares


def _limits(*capitals) -> list[float]:
    import math

    found = []
    for capital in capitals:
        low, high = 0.0, 2.0
        for _ in range(52):
            middle = (low + high) / 2
            low, high = (middle, high) if capital(middle) >= math.log(40) else (low, middle)
        found.append(low)
    return found


if __name__ == "__main__":
    globals()[sys.argv[1]](made_up())
