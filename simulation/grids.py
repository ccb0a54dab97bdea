"""The grids of scenarios: "standard" for the release, "small" for every run of the tests, "stress" beyond the
criteria.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from simulation.irt_worlds import FineTunePairWorld, ResponseWorld
from simulation.noise_worlds import Attempts, AttemptScoreWorld, ComponentWorld, CovariateWorld, FixedWorld
from simulation.pair_worlds import AttemptPairWorld, PairWorld, ScorePairWorld
from simulation.worlds import RateWorld, ScoreWorld, Sizes, World

if TYPE_CHECKING:
    from collections.abc import Iterator

Worlds = Literal["small", "standard", "stress"]
COUNTS = (3, 5, 10, 20, 50, 200)
ITEMS = (10, 20, 50, 100, 200, 1000)
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.95, 0.995)
BOTH: tuple[Sizes, ...] = ("equal", "dominant")


def grid(name: Worlds) -> list[World]:
    """Return the scenarios of a grid."""
    if name == "standard":
        return [
            *_rates(),
            *_scores(),
            *_pairs(),
            *_noise(),
            *_responses(),
        ]  # a scenario's index is its seed: add at the end
    if name == "small":
        return list(_small())
    return list(_stress())


def _rates() -> Iterator[World]:
    for n, p in product(ITEMS, RATES):
        yield RateWorld(p=p, n_clusters=n)
    for count, size, p, icc, sizes in product(
        COUNTS, (5, 50), (0.005, 0.02, 0.1, 0.5, 0.95), (0.0, 0.1, 0.5), BOTH
    ):
        yield RateWorld(p=p, n_clusters=count, cluster_size=size, icc=icc, sizes=sizes)
    for n, attempts, p, item_icc in product(
        (10, 30, 100, 300), (2, 5, 10, "ragged"), (0.02, 0.2, 0.5), (0.1, 0.5, 0.9)
    ):
        yield RateWorld(p=p, n_clusters=n, attempts=attempts, item_icc=item_icc)  # type: ignore[arg-type]
    for count, p, icc in product((10, 50), (0.1, 0.5), (0.1, 0.5)):
        yield RateWorld(p=p, n_clusters=count, cluster_size=10, icc=icc, attempts=5, item_icc=0.5)
        yield RateWorld(p=p, n_clusters=count, cluster_size=10, icc=icc, weights=True)
    for n, p in product((30, 100, 300), (0.05, 0.5, 0.9)):
        yield RateWorld(p=p, n_clusters=n, weights=True)


def _scores() -> Iterator[World]:
    for n, centre in product((10, 30, 100, 300), (0.5, 0.8, 0.95)):
        yield ScoreWorld(family="beta", centre=centre, n_clusters=n)
    for count, centre in product((5, 20, 100), (0.5, 0.8)):
        yield ScoreWorld(family="beta", centre=centre, n_clusters=count, cluster_size=10, icc=0.2)
    for family in ("normal", "skewed", "heavy"):
        for n in (10, 30, 100, 300):
            yield ScoreWorld(family=family, n_clusters=n)
            yield ScorePairWorld(family=family, n_clusters=n)
        for count in (5, 20, 100):
            yield ScoreWorld(family=family, n_clusters=count, cluster_size=10, icc=0.2)
            yield ScorePairWorld(family=family, n_clusters=count, cluster_size=10, icc=0.2)


def _pairs() -> Iterator[World]:
    for n, p, correlation in product((10, 30, 100, 300, 1000), (0.1, 0.5), (0.0, 0.5, 0.8, 0.95)):
        discordance = 2 * p * (1 - p) * (1 - correlation)
        for share in (0.0, 0.5):
            yield PairWorld(discordance=discordance, effect=share * discordance, n_clusters=n)
    for count, size, discordance, share, icc, sizes in product(
        COUNTS, (5, 50), (0.01, 0.05, 0.3), (0.0, 0.7), (0.0, 0.1, 0.5), BOTH
    ):
        effect = share * discordance
        yield PairWorld(
            discordance=discordance, effect=effect, n_clusters=count, cluster_size=size, icc=icc, sizes=sizes
        )
    for n, attempts, shared in product((10, 30, 100, 300), (2, 5), (0.3, 0.9)):
        yield AttemptPairWorld(p=0.5, n_clusters=n, attempts=attempts, item_icc=0.5, shared=shared)
    for count, attempts, icc, shared in product((5, 20, 100), (2, 5), (0.0, 0.2), (0.3, 0.9)):
        yield AttemptPairWorld(
            p=0.5, n_clusters=count, cluster_size=5, icc=icc, attempts=attempts, item_icc=0.5, shared=shared
        )


SEVERAL: tuple[Attempts, ...] = (2, 5, 10, "ragged")


def _noise() -> Iterator[World]:
    """Yield scenarios of fixed items, of variance components, of scores over attempts and of covariates."""
    for n, attempts, p, item_icc in product(
        (10, 30, 100, 300), SEVERAL, (0.02, 0.1, 0.5, 0.9), (0.3, 0.7, 0.95)
    ):
        yield FixedWorld(p=p, n_clusters=n, attempts=attempts, item_icc=item_icc)
    for n, attempts, p, item_icc, equal in product(
        (10, 30, 100, 300), SEVERAL, (0.02, 0.1, 0.5), (0.3, 0.9), (True, False)
    ):
        yield FixedWorld(p=p, n_clusters=n, attempts=attempts, item_icc=item_icc, models=2, equal=equal)
    yield from _components()
    for score, attempts, n, p in product(OVER_ATTEMPTS, SEVERAL[1::2], (30, 100, 300), (0.1, 0.5, 0.9)):
        yield AttemptScoreWorld(score=score, attempts=attempts, n_clusters=n, p=p, item_icc=0.5)
    for score, p, count in product(OVER_ATTEMPTS, (0.1, 0.5), (20, 50)):
        yield AttemptScoreWorld(
            score=score, attempts=5, n_clusters=count, cluster_size=10, icc=0.2, p=p, item_icc=0.5
        )
    for n, correlation, p in product((30, 100, 300), (0.0, 0.5, 0.9), (0.2, 0.5)):
        yield CovariateWorld(n_clusters=n, pool=10 * n, correlation=correlation, p=p)
    for count, correlation, p in product((10, 30), (0.0, 0.5, 0.9), (0.2, 0.5)):
        yield CovariateWorld(
            n_clusters=count, cluster_size=10, icc=0.2, pool=50 * count, correlation=correlation, p=p
        )


OVER_ATTEMPTS = ("pass@3", "pass^3", "majority@3", "consistency")


def _components() -> Iterator[World]:
    for n, attempts, p, item_icc in product((30, 100, 300), (2, 5, "ragged"), (0.1, 0.5), (0.3, 0.7)):
        for target in ("answer", "question"):
            yield ComponentWorld(target=target, p=p, n_clusters=n, attempts=attempts, item_icc=item_icc)  # type: ignore[arg-type]
    for count, attempts, p, icc in product((10, 30, 100), (1, 2, 5, "ragged"), (0.1, 0.5), (0.1, 0.3)):
        clustered = {
            "n_clusters": count,
            "cluster_size": 10,
            "icc": icc,
            "item_icc": 0.5,
            "p": p,
            "attempts": attempts,
        }
        yield ComponentWorld(target="between", **clustered)  # type: ignore[arg-type]
        if attempts != 1:
            yield ComponentWorld(target="question", **clustered)  # type: ignore[arg-type]
            yield ComponentWorld(target="answer", **clustered)  # type: ignore[arg-type]


FINE_TUNES: dict[str, tuple[dict[str, Any], float]] = {
    "10 clusters of 20": ({"n_clusters": 10, "cluster_size": 20}, 0.35),
    "SWE-bench's sizes": ({"n_clusters": 12, "cluster_size": 42, "sizes": "SWE-bench"}, 0.30),
    "5 clusters of 40": ({"n_clusters": 5, "cluster_size": 40}, 0.50),
    "8 uneven clusters": ({"n_clusters": 8, "cluster_size": 40, "sizes": "4 to 120"}, 0.40),
}
"""Clusters of fine-tunes, and their difference if they differ."""

ALONE: tuple[tuple[dict[str, Any], float], ...] = (
    ({"n_clusters": 100, "slope": 0.0}, 0.5),
    ({"n_clusters": 300, "slope": 0.0}, 0.3),
)


def _responses() -> Iterator[World]:
    """Yield fine-tunes, more and less similar, and single models of an item-response model."""
    for (clusters, gap), (slope, luck), share in product(
        FINE_TUNES.values(), ((0.3, 0.8), (0.5, 0.8), (0.3, 0.95)), (0, 1)
    ):
        yield FineTunePairWorld(**clusters, slope=slope, luck=luck, gap=share * gap)
    for (alone, gap), luck, share in product(ALONE, (0.8, 0.95), (0, 1)):
        yield FineTunePairWorld(**alone, luck=luck, gap=share * gap)
    for (clusters, _), ability in product((*FINE_TUNES.values(), *ALONE), (-1.5, 0.0, 2.5)):
        yield ResponseWorld(**clusters, ability=ability)
    for clusters, _ in FINE_TUNES.values():
        yield ResponseWorld(**clusters, slope=0.5, ability=0.0)


def _small() -> Iterator[World]:
    for n, p in product((10, 50, 200), (0.01, 0.1, 0.5)):
        yield RateWorld(p=p, n_clusters=n)
    for count, p, icc, sizes in product((5, 20), (0.02, 0.5), (0.0, 0.5), BOTH):
        yield RateWorld(p=p, n_clusters=count, cluster_size=20, icc=icc, sizes=sizes)
    for n, item_icc in product((10, 50), (0.1, 0.9)):
        yield RateWorld(p=0.2, n_clusters=n, attempts=5, item_icc=item_icc)
    yield RateWorld(p=0.2, n_clusters=20, cluster_size=10, icc=0.2, weights=True)
    yield ScoreWorld(family="beta", centre=0.8, n_clusters=50)
    yield ScoreWorld(family="normal", n_clusters=20, cluster_size=5, icc=0.2)
    yield ScorePairWorld(family="normal", n_clusters=20, cluster_size=5, icc=0.2)
    for count, icc, share, sizes in product((3, 10, 50), (0.0, 0.5), (0.0, 0.7), BOTH):
        yield PairWorld(
            discordance=0.1, effect=0.1 * share, n_clusters=count, cluster_size=20, icc=icc, sizes=sizes
        )
    yield PairWorld(discordance=0.2, n_clusters=50)
    yield AttemptPairWorld(p=0.5, n_clusters=50, attempts=5, item_icc=0.5, shared=0.9)
    for attempts, item_icc in product((2, "ragged"), (0.3, 0.95)):
        yield FixedWorld(p=0.2, n_clusters=50, attempts=attempts, item_icc=item_icc)  # type: ignore[arg-type]
        yield FixedWorld(p=0.2, n_clusters=50, attempts=attempts, item_icc=item_icc, models=2, equal=True)  # type: ignore[arg-type]
    yield ComponentWorld(target="answer", p=0.5, n_clusters=100, attempts="ragged", item_icc=0.3)
    yield ComponentWorld(target="question", p=0.5, n_clusters=100, attempts=2, item_icc=0.3)
    yield ComponentWorld(
        target="between", p=0.5, n_clusters=30, cluster_size=10, icc=0.3, attempts=2, item_icc=0.5
    )
    yield AttemptScoreWorld(score="pass@3", attempts="ragged", n_clusters=100, p=0.5, item_icc=0.5)
    yield CovariateWorld(n_clusters=50, pool=500, correlation=0.9, p=0.5)
    yield FineTunePairWorld(n_clusters=10, cluster_size=20)


def _stress() -> Iterator[World]:
    """Yield scenarios that the criteria don't fully cover: other shapes of clusters, very unequal sizes, two
    clusters, ρ = 0.9.
    """
    for shape, count, size, p, icc in product(
        ("logit", "split"), (10, 50, 200), (5, 50), (0.02, 0.1, 0.5), (0.1, 0.5)
    ):
        yield RateWorld(p=p, n_clusters=count, cluster_size=size, icc=icc, shape=shape)  # type: ignore[arg-type]
    for count, size, p, icc in product((10, 50, 200), (5, 50), (0.02, 0.1, 0.5), (0.1, 0.5)):
        yield RateWorld(p=p, n_clusters=count, cluster_size=size, icc=icc, sizes="spread")
        for share in (0.0, 0.7):
            discordance = min(p, 0.3)
            yield PairWorld(
                discordance=discordance,
                effect=share * discordance,
                n_clusters=count,
                cluster_size=size,
                icc=icc,
                sizes="spread",
            )
    for count, centre in product((5, 20, 100), (0.95, 0.98)):
        yield ScoreWorld(family="beta", centre=centre, n_clusters=count, cluster_size=10, icc=0.2)
    for count, p in product((2, 3, 4, 5, 10, 20), (0.05, 0.5)):
        yield RateWorld(p=p, n_clusters=count, cluster_size=50, icc=0.9)
        yield PairWorld(discordance=0.6, n_clusters=count, cluster_size=50, icc=0.9)
