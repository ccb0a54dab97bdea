"""Methods that were tried and not taken, in the worlds of the calibration: the figures of docs/decisions/0004 and 0005.

python benchmarks/alternatives.py [--trials 2000]
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from itertools import product

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from simulation.boards import BoardWorld
from simulation.checks import CHECKS
from simulation.pair_worlds import PairWorld
from simulation.worlds import RateWorld
from howsure.statistics import intervals
from howsure.statistics.multiplicity import adjust_pairs, holm
from howsure.statistics.mean_intervals import posterior_limits
from howsure.statistics.differences import pivots
from howsure.statistics.mean_intervals import limits
from howsure.statistics.all_pairs import pair_moments
from scipy import special

LEVEL = 0.95
BLEND = next(check for check in CHECKS if check.name.startswith("adaptive"))
SCORE = next(check for check in CHECKS if check.name.startswith("paired score"))


# --- one rate in clusters ------------------------------------------------------------------------------------------


def at_edges(means, low, high):
    edge = intervals.clopper_pearson(np.round(means.value) * means.units, means.units, LEVEL)
    return np.where(means.at_edge, edge[0], low), np.where(means.at_edge, edge[1], high)


def guarded(sample):
    means = sample.means("CR2")
    return at_edges(means, *intervals.guarded_wilson(means.value, means.effective, means.df, LEVEL))


def fourth_moment(sample):
    """Degrees of freedom from the fourth moment of the cluster sums."""
    means = sample.means("CR2")
    e2 = (sample.sums - sample.totals[:, None] * means.value) ** 2
    spread = np.maximum((e2**2).sum(axis=0) - e2.sum(axis=0) ** 2 / means.units, 1e-12)
    df = np.clip(2 * e2.sum(axis=0) ** 2 / spread, 1, means.df)
    return at_edges(means, *intervals.guarded_wilson(means.value, means.effective, df, LEVEL))


def shrunken(prior):
    """Wilson's interval with the intra-cluster correlation drawn towards 1 by `prior` events against those seen."""

    def run(sample):
        means = sample.means("CR2")
        n, size = means.n, float(sample.totals @ sample.totals) / means.n
        deff = n / means.effective
        events = n * means.value * (1 - means.value) / np.maximum(deff, 1)
        rho = np.clip((deff - 1) / max(size - 1, 1e-9), 0, 1)
        inflated = 1 + (size - 1) * (events * rho + prior) / (events + prior)
        return at_edges(means, *intervals.guarded_wilson(means.value, n / inflated, means.df, LEVEL))

    return run


def by_clusters(sample):
    """The correlation drawn towards 1 by two clusters against those that hold the rarer outcome."""
    means = sample.means("CR2")
    n, size = means.n, float(sample.totals @ sample.totals) / means.n
    deff, held = n / means.effective, (sample.sums > 0).sum(axis=0)
    held = np.minimum(held, (sample.sums < sample.totals[:, None]).sum(axis=0))
    rho = np.clip((deff - 1) / max(size - 1, 1e-9), 0, 1)
    inflated = 1 + (size - 1) * (held * rho + 2) / (held + 2)
    return at_edges(means, *intervals.guarded_wilson(means.value, n / inflated, means.df, LEVEL))


def posterior(sample):
    means = sample.means("CR2")
    return at_edges(means, *posterior_limits(means.groups, LEVEL))


def korn_graubard(sample):
    """Clopper and Pearson's interval on n / deff, shrunk by (z / t)², never more than n."""
    means = sample.means("CR2")
    ratio = float(intervals.t_quantile(LEVEL, np.inf) / intervals.t_quantile(LEVEL, means.df)) ** 2
    n = np.minimum(means.effective * ratio, means.n)
    return at_edges(means, *intervals.clopper_pearson(means.value * n, n, LEVEL))


def the_wider(sample):
    """The wider of the guarded Wilson interval and the posterior's."""
    (a, b), (c, d) = guarded(sample), posterior(sample)
    return np.minimum(a, c), np.maximum(b, d)


RATES = {
    "Wilson on n / deff, t (before)": lambda s: limits(s.means("CR2"), "wilson", LEVEL),
    "the same, guarded": guarded,
    "guarded, df by the fourth moment": fourth_moment,
    "Korn–Graubard": korn_graubard,
    "beta-binomial posterior": posterior,
    "the wider of guarded and posterior": the_wider,
    "correlation drawn to 1, 2 clusters": by_clusters,
    "correlation drawn to 1, 0.25 events": shrunken(0.25),
    "correlation drawn to 1, 0.5 events": shrunken(0.5),
    "adaptive (default)": lambda s: BLEND.run(s, LEVEL),
}


def rate_worlds():
    for count, size, p, icc, sizes in product(
        (3, 5, 10, 20, 50, 200), (5, 50), (0.005, 0.02, 0.05, 0.2, 0.5), (0.0, 0.05, 0.2, 0.5), ("equal", "dominant")
    ):
        yield RateWorld(p=p, n_clusters=count, cluster_size=size, icc=icc, sizes=sizes)


def attempt_worlds():
    for n, attempts, p, icc in product((10, 30, 100, 300), (2, 5, 10), (0.01, 0.05, 0.2, 0.5), (0.0, 0.2, 0.5, 0.9)):
        yield RateWorld(p=p, n_clusters=n, attempts=attempts, item_icc=icc)


# --- two models, independent items ---------------------------------------------------------------------------------


def tango(sample):
    """Tango's (1998) score interval, by bisection for all samples at once."""
    n, wins, losses = sample.n, sample.wins, sample.losses
    z = special.ndtri(0.5 + LEVEL / 2)

    def score(delta):
        a, b = 2 * n, -wins - losses + (2 * n - wins + losses) * delta
        share = (np.sqrt(np.maximum(b**2 - 8 * n * (-losses * delta * (1 - delta)), 0)) - b) / (2 * a)
        spread = np.sqrt(np.maximum(n * (2 * share + delta * (1 - delta)), 1e-12))
        return (wins - losses - n * delta) / spread

    return bisect(lambda d: score(d) - z, wins.shape), bisect(lambda d: score(d) + z, wins.shape)


def bisect(falling, shape):
    low, high = np.full(shape, -1.0), np.full(shape, 1.0)
    for _ in range(50):
        middle = (low + high) / 2
        above = falling(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def bonett_price(sample):
    """Bonett and Price (2012): one win and one loss added, n + 2."""
    n, z = sample.n, special.ndtri(0.5 + LEVEL / 2)
    a, b = (sample.wins + 1) / (n + 2), (sample.losses + 1) / (n + 2)
    half = z * np.sqrt(np.maximum(a + b - (a - b) ** 2, 0) / (n + 2))
    return np.maximum(a - b - half, -1), np.minimum(a - b + half, 1)


def newcombe(sample):
    """Newcombe's (1998) square-and-add from Wilson's limits of both margins; ties are split evenly between right and wrong."""
    n = sample.n
    ties = n - sample.wins - sample.losses
    both = ties / 2
    a, b = (both + sample.wins) / n, (both + sample.losses) / n
    (la, ua), (lb, ub) = intervals.wilson(a, n, np.inf, LEVEL), intervals.wilson(b, n, np.inf, LEVEL)
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = both * both - sample.wins * sample.losses
        cross = np.where(cross > 0, np.maximum(cross - n / 2, 0), cross)
        phi = cross / (n * n * np.sqrt(a * (1 - a) * b * (1 - b)))
    phi = np.nan_to_num(phi)
    d = a - b
    low = d - np.sqrt(np.maximum((a - la) ** 2 - 2 * phi * (a - la) * (ub - b) + (ub - b) ** 2, 0))
    high = d + np.sqrt(np.maximum((ua - a) ** 2 - 2 * phi * (ua - a) * (b - lb) + (b - lb) ** 2, 0))
    return low, high


def pseudo_items(sample):
    """Two items at ±1 that are as heavy as an event (the default until 26 November 2026)."""
    found = pivots(sample.sums_for("CR2"), "CR2", score=True)
    return beside(sample, found.room * sample.n)


def beside(sample, unit):
    """Return the limits with two items at ±1 of this weight, each its own cluster (Agresti and Min 2005)."""
    n, totals = sample.n, sample.totals
    mean, added = sample.sums.sum(axis=0) / n, 2 * unit
    centre = mean * n / (n + added)
    q, lone = totals / (n + 2), 1 / (n + 2)
    squares = ((sample.sums - totals[:, None] * centre) ** 2 / (1 - q)[:, None]).sum(axis=0)
    squares = squares + 2 * unit**2 * (1 + centre**2) / (1 - unit / (n + added))
    a, b = q**2 / (1 - q), lone**2 / (1 - lone)
    df = 1 / (q @ q + 2 * lone**2 + (a.sum() + 2 * b) ** 2 - a @ a - 2 * b**2) + (added - 2) / (totals @ totals / n)
    low, high = intervals.t_interval(centre, np.sqrt(squares) / (n + added), df, LEVEL)
    return np.maximum(low, -1), np.minimum(high, 1)


PLAIN_PAIRS = {
    "score (default)": lambda s: SCORE.run(s, LEVEL),
    "pseudo-items by evidence": pseudo_items,
    "Tango": tango,
    "Bonett–Price": bonett_price,
    "Newcombe": newcombe,
    "t": lambda s: next(c for c in CHECKS if c.name == "paired t, CR2").run(s, LEVEL),
}


def plain_pair_worlds():
    for n, p, correlation, share in product((10, 30, 100, 300), (0.1, 0.5), (0.0, 0.5, 0.8, 0.95), (0.0, 0.5, 0.8)):
        discordance = 2 * p * (1 - p) * (1 - correlation)
        yield PairWorld(discordance=discordance, effect=share * discordance, n_clusters=n)


# --- two models, few clusters --------------------------------------------------------------------------------------


def light(sample):
    """Pseudo-items that weigh one item whatever the clusters."""
    return beside(sample, 1.0)


def flips(count, rng, most=999):
    if 2**count <= 4096:
        return 1.0 - 2.0 * ((np.arange(2**count) >> np.arange(count)[:, None]) & 1)
    return rng.choice([-1.0, 1.0], size=(count, most))


def wild(sample):
    """P-values of the wild cluster bootstrap-t with the null imposed and Rademacher signs (Cameron, Gelbach, Miller 2008)."""
    return studentised(sample, flips(len(sample.totals), np.random.default_rng(0)))


def studentised(sample, signs):
    totals, sums = sample.totals, sample.sums
    n = totals.sum()
    inflation = 1 / (1 - totals / n)

    def t(values):
        mean = values.sum(axis=0) / n
        residual = values - totals.reshape(-1, *[1] * (values.ndim - 1)) * mean
        return mean / np.sqrt(np.maximum(np.tensordot(inflation, residual**2, axes=(0, 0)), 1e-12)) * n

    seen = np.abs(t(sums))
    p = np.empty(sums.shape[1])
    for k in range(sums.shape[1]):
        p[k] = np.mean(np.abs(t(sums[:, k, None] * signs)) >= seen[k] - 1e-9)
    return p


def plain_flip(sample):
    """P-values of the sign-flip test of the plain sum."""
    signs = flips(len(sample.totals), np.random.default_rng(0))
    seen = np.abs(sample.sums.sum(axis=0))
    return np.array([np.mean(np.abs(sample.sums[:, k] @ signs) >= seen[k] - 1e-9) for k in range(len(seen))])


def excludes_zero(run):
    def p(sample):
        low, high = run(sample)
        return np.where((low > 0) | (high < 0), 0.0, 1.0)

    return p


FEW = {
    "score (default)": excludes_zero(lambda s: SCORE.run(s, LEVEL)),
    "pseudo-items by evidence": excludes_zero(pseudo_items),
    "pseudo-items of one item": excludes_zero(light),
    "CR2-t": excludes_zero(PLAIN_PAIRS["t"]),
    "wild cluster bootstrap-t": wild,
    "sign-flip of the sum": plain_flip,
}


PAIRS = {
    "score (default)": lambda s: SCORE.run(s, LEVEL),
    "pseudo-items by evidence": pseudo_items,
    "pseudo-items of one item": light,
    "CR2-t": PLAIN_PAIRS["t"],
}


def pair_worlds():
    for count, size, discordance, share, icc, sizes in product(
        (3, 5, 10, 20, 50, 200),
        (5, 50),
        (0.01, 0.05, 0.2, 0.6),
        (0.0, 0.5, 0.9),
        (0.0, 0.05, 0.2, 0.5),
        ("equal", "dominant"),
    ):
        effect = share * discordance
        yield PairWorld(
            discordance=discordance, effect=effect, n_clusters=count, cluster_size=size, icc=icc, sizes=sizes
        )


# --- leaderboards --------------------------------------------------------------------------------------------------


def shaffer(p):
    """Shaffer's (1986) first procedure for all pairs: Holm with the largest number of nulls that can be true together."""
    models = int((1 + np.sqrt(1 + 8 * len(p))) / 2)
    possible = sorted(true_counts(models), reverse=True)
    order = np.argsort(p)
    steps = [next(count for count in possible if count <= len(p) - k) for k in range(len(p))]
    stepped = np.maximum.accumulate(p[order] * np.maximum(steps, 1))
    result = np.empty_like(p)
    result[order] = np.minimum(stepped, 1)
    return result


def true_counts(models):
    """Return how many pairs of equal models there can be: Σ g (g − 1) / 2 over the groups of a partition."""
    counts = [{0}, {0}]
    for m in range(2, models + 1):
        counts.append({g * (g - 1) // 2 + rest for g in range(1, m + 1) for rest in counts[m - g]})
    return counts[models]


def board_row(world, trials):
    rng = np.random.default_rng(5)
    upper = np.triu_indices(world.n_models, 1)
    found = dict.fromkeys(("max-t, step-down (default)", "Holm", "Shaffer"), 0.0)
    false = dict.fromkeys(found, 0.0)
    for _ in range(trials):
        scores, codes = world.draw(rng)
        moments = pair_moments(scores, clusters=(codes,) if world.cluster_size > 1 else ())
        raw = moments.p_value[upper]
        rules = {
            "max-t, step-down (default)": adjust_pairs(moments, "max-t", rng=rng, draws=2_000)[0][upper],
            "Holm": holm(raw),
            "Shaffer": shaffer(raw),
        }
        for name, p in rules.items():
            found[name] += np.mean(p <= 1 - LEVEL)
            false[name] += float(np.any(p <= 1 - LEVEL))
    return {name: (false[name] / trials, found[name] / trials) for name in found}


# --- printing ------------------------------------------------------------------------------------------------------


def coverage_table(title, worlds, methods, trials):
    worlds = list(worlds)
    results = {name: [] for name in methods}
    for k, world in enumerate(worlds):
        sample = world.draw(np.random.default_rng([3, k]), trials)
        for name, run in methods.items():
            low, high = run(sample)
            covered = np.mean((low <= sample.truth + 1e-12) & (high >= sample.truth - 1e-12))
            width = high - low
            results[name].append((covered, np.nanmean(width) if np.isfinite(width).any() else np.nan))
    print(f"\n{title}: {len(worlds)} worlds, {trials} samples each\n")
    print(
        "| method | least coverage | mean coverage | worlds under 0.93 | mean width |\n| --- | ---: | ---: | ---: | ---: |"
    )
    for name, pairs in results.items():
        covered, width = np.array(pairs).T
        print(
            f"| {name} | {covered.min():.3f} | {covered.mean():.3f} | {(covered < 0.93).sum()} | {width.mean():.4f} |"
        )


def few_table(trials):
    print(f"\nFew clusters of 20, discordant 0.3: share of samples told apart at 5%, {trials} samples each\n")
    heads = [f"{count} {'equal' if not effect else 'apart'}" for count in (3, 4, 6, 8, 12) for effect in (0.0, 0.15)]
    print("| method | " + " | ".join(heads) + " |\n| --- |" + " ---: |" * len(heads))
    cells = {}
    for count, effect in product((3, 4, 6, 8, 12), (0.0, 0.15)):
        world = PairWorld(discordance=0.3, effect=effect, n_clusters=count, cluster_size=20, icc=0.2)
        sample = world.draw(np.random.default_rng([7, count]), trials)
        for name, p in FEW.items():
            cells[name, count, effect] = np.mean(p(sample) <= 1 - LEVEL)
    for name in FEW:
        row = [f"{cells[name, count, effect]:.3f}" for count in (3, 4, 6, 8, 12) for effect in (0.0, 0.15)]
        print(f"| {name} | " + " | ".join(row) + " |")


def boards_table(trials):
    print(
        f"\nLeaderboards, {trials} each: any false finding where models are equal / share of pairs found where they differ\n"
    )
    print("| board | max-t, step-down (default) | Holm | Shaffer |\n| --- | ---: | ---: | ---: |")
    for models, count, size in ((10, 12, 20), (20, 50, 10), (20, 300, 1)):
        world = BoardWorld(n_models=models, n_clusters=count, cluster_size=size, effect_sd=0.7)
        null, apart = board_row(world, trials), board_row(replace(world, spacing=0.1), trials)
        cells = [f"{null[name][0]:.3f} / {apart[name][1]:.3f}" for name in null]
        print(f"| {models} models, {count} × {size} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2_000)
    trials = parser.parse_args().trials
    coverage_table("A rate in clusters", rate_worlds(), RATES, trials)
    pick = ("Wilson on n / deff, t (before)", "the same, guarded", "beta-binomial posterior", "adaptive (default)")
    coverage_table("Attempts", attempt_worlds(), {name: RATES[name] for name in pick}, trials)
    coverage_table("A difference, independent items", plain_pair_worlds(), PLAIN_PAIRS, trials)
    coverage_table("A difference in clusters", pair_worlds(), PAIRS, trials)
    few_table(min(trials, 1_000))
    boards_table(max(trials // 10, 20))


if __name__ == "__main__":
    main()
