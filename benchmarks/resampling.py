"""10,000 clustered sign flips of all 4,950 pairs, studentised, with step-down; truescore bootstraps pair by pair."""

from __future__ import annotations

import sys

from made_up import pairs, scores
from measure import Race, Side, report, script, timed, timed_items

RESAMPLES = 10_000
MOST_SECONDS = 10


def races(peers: dict[str, str]) -> list[Race]:
    others = []
    if "truescore" in peers:
        others.append(Side(name="truescore", command=script("resampling.py", "truescore", python=peers["truescore"])))
    ours = Side(name="howsure", command=script("resampling.py", "howsure"))
    return [Race(title="10,000 resamples, 4,950 pairs", ours=ours, others=others, at_least=50, max_mb=150)]


def howsure(x, codes) -> None:
    import numpy as np

    from howsure.statistics.max_t import max_t
    from howsure.statistics.all_pairs import pair_moments

    def work():
        moments = pair_moments(x, clusters=[codes])
        return max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0), draws=RESAMPLES)

    report(timed(work, repeats=3))


def truescore(x, codes) -> None:
    from truescore.compare import paired_bootstrap

    def pair(i: int, j: int) -> object:
        return paired_bootstrap(x[:, i], x[:, j], n_bootstrap=RESAMPLES, clusters=codes)

    report(*timed_items(pair, pairs(), most_seconds=MOST_SECONDS))


if __name__ == "__main__":
    globals()[sys.argv[1]](*scores())
