"""How much a test draws: little in every run, much in scripts/trials (before a release, and once a week)."""

import os

TRIALS = os.environ.get("HOWSURE_TRIALS") == "1"


def draws(few, many):
    """Return how many worlds, seeds or cases to draw; `few` must still show a broken method, so tolerances follow the number."""
    return many if TRIALS else few
