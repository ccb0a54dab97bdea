"""A small part of scripts/fuzz: every mutated input gives an answer or a clear error."""

import os
import subprocess
import sys

import pytest

from places import ROOT
from trials import draws

pytestmark = [pytest.mark.once, pytest.mark.unmeasured]

WAYS = ("packed", "mappings", "zips", "sqlite", "scores", "votes", "ratings", "verdicts", "baselines", "policies")
CLEAN = "raw exception 0, abort 0, hang 0, over 2 GB 0"


def fuzzed(*words):
    """Run the script and return what it prints."""
    command = [sys.executable, str(ROOT / "scripts" / "fuzz"), "--own", "--minutes", str(draws(0.08, 2)), *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_mutated_inputs_are_read_or_refused_and_seeds_have_their_known_outcome():
    printed = fuzzed("--inputs", str(draws(12, 400)), "--seed", "7")
    assert CLEAN in printed
    (seeds,) = [line for line in printed.splitlines() if line.startswith("seeds ")]
    planted, right = (int(word.strip(",")) for word in seeds.split() if word.strip(",").isdigit())
    assert planted == right > 30


@pytest.mark.trial
@pytest.mark.parametrize("way", WAYS)
def test_mutated_inputs_of_each_format_are_read_or_refused(way):
    printed = fuzzed("--only", way, "--inputs", "40", "--seed", "3")
    assert CLEAN in printed
    assert printed.splitlines()[-1].startswith("inputs ")
