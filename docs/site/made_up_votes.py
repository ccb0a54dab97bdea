"""Write made-up votes for the demonstration of `howsure arena`: made_up_votes.py FILE. Nobody voted; every model, voter and vote is invented.

Six invented models of known strength, 60 voters of 20 votes each. Voters differ in taste, and what is shown first gets a little more.
"""

import csv
import math
import random
import sys

STRENGTHS = {
    "made-up-large": 0.9,
    "made-up-tuned": 0.75,
    "made-up-base": 0.3,
    "made-up-small": 0.0,
    "made-up-old": -0.4,
    "made-up-tiny": -1.0,
}
VOTERS, VOTES, TASTE, FIRST, TIES = 60, 20, 0.5, 0.15, 0.15


def votes(rng):
    for voter in range(VOTERS):
        taste = {model: rng.gauss(strength, TASTE) for model, strength in STRENGTHS.items()}
        for _ in range(VOTES):
            a, b = rng.sample(list(STRENGTHS), 2)
            wins = 1 / (1 + math.exp(taste[b] - taste[a] - FIRST))
            winner = "tie" if rng.random() < TIES else "model_a" if rng.random() < wins else "model_b"
            yield {"model_a": a, "model_b": b, "winner": winner, "voter": f"made-up-voter-{voter + 1:02}"}


if __name__ == "__main__":
    with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["model_a", "model_b", "winner", "voter"])
        writer.writeheader()
        writer.writerows(votes(random.Random(20261127)))
