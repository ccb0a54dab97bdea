"""How much a test draws: little in every run, much in scripts/trials (before a release, and once a week)."""

import os

TRIALS = os.environ.get("HOWSURE_TRIALS") == "1"


def draws(few, many):
    """Return how many worlds, seeds or cases to draw; `few` must still show a broken method, so tolerances follow the number."""
    return many if TRIALS else few


def diagonal(first, second):
    """Return pairs of two lists in which every element stands: each of the longer with one of the other, in turn; in scripts/trials all pairs."""
    pairs = [(k % len(first), k % len(second)) for k in range(max(len(first), len(second)))]
    return draws([(first[i], second[j]) for i, j in pairs], [(a, b) for a in first for b in second])
