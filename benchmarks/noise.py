"""Where the error bars come from: variance components with their errors, and the noise of all pairs.

100 models answer 2000 items in 200 clusters five times each. The peer for components is statsmodels' mixed model (REML), for one
model of the 100, times 100; the peer for pairs is the same sums as a NumPy loop over pairs.
"""

from __future__ import annotations

import sys

from made_up import scores
from measure import Race, Side, report, script, timed

TIMES = 5


def races(peers: dict[str, str]) -> list[Race]:
    split = Side(name="howsure", command=script("noise.py", "split"))
    mixed = Side(name="statsmodels MixedLM", command=script("noise.py", "mixed"))
    pairs = Side(name="howsure", command=script("noise.py", "pairs"))
    loop = Side(name="NumPy, pair by pair", command=script("noise.py", "loop"))
    return [
        Race(title="variance components of 100 models", ours=split, others=[mixed]),
        Race(title="answer and question noise of 4,950 pairs", ours=pairs, others=[loop]),
    ]


def made_up():
    """Return item means (n, M) of five right-or-wrong answers, and the codes of the clusters."""
    import numpy as np

    single, codes = scores()
    rng = np.random.default_rng(0)
    return rng.binomial(TIMES, 0.1 + 0.8 * rng.beta(1, 1, single.shape)) / TIMES, codes


def answered(means):
    import numpy as np

    from howsure.statistics.answer_noise import answers

    return answers(means, np.full(means.shape, float(TIMES)), means * (1 - means))


def split(means, codes) -> None:
    from howsure.statistics.variance_components import components

    report(timed(lambda: components(answered(means), codes), repeats=11))


def mixed(means, codes) -> None:
    import warnings

    import numpy as np
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    warnings.simplefilter("ignore")
    right = np.rint(TIMES * means[:, 0]).astype(int)
    y = (np.arange(TIMES) < right[:, None]).astype(float).ravel()
    groups, items = np.repeat(codes, TIMES), np.repeat(np.arange(len(codes)), TIMES)
    blocks = [np.unique(items[groups == g], return_inverse=True)[1] for g in np.unique(groups)]
    blocks = [np.eye(block.max() + 1)[block] for block in blocks]
    labels = [[str(k) for k in range(block.shape[1])] for block in blocks]

    def run():
        spec = VCSpec(["item"], [labels], [blocks])
        return MixedLM(y, np.ones((len(y), 1)), groups, exog_re=np.ones((len(y), 1)), exog_vc=spec).fit(reml=True)

    report(100 * timed(run, repeats=1), note="one model, × 100")


def pairs(means, codes) -> None:
    import numpy as np

    from howsure.statistics.answer_noise import pair_noise
    from howsure.statistics.all_pairs import pair_moments

    def run():
        whole = pair_moments(means, clusters=(codes,), score=False).variance
        answers = pair_noise(answered(means)).now
        return answers, np.maximum(whole - answers, 0)

    report(timed(run, repeats=11))


def loop(means, codes) -> None:
    import numpy as np

    n, count = means.shape
    shares = np.bincount(codes) / n
    noise = means * (1 - means) / (TIMES - 1)

    def run():
        found = []
        for a in range(count):
            for b in range(a + 1, count):
                d = means[:, a] - means[:, b]
                sums = np.bincount(codes, weights=d - d.mean())
                whole = (sums**2 / (1 - shares)).sum() / n**2
                answers = (noise[:, a] + noise[:, b]).sum() / n**2
                found.append((answers, max(whole - answers, 0)))
        return found

    report(timed(run, repeats=3))


if __name__ == "__main__":
    globals()[sys.argv[1]](*made_up())
