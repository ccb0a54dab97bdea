"""The output for the example logs is unchanged, byte for byte, for every verb and format."""

import pytest

import howsure as hs
from places import LOGS

MODELS = ("smollm2-135m-t0.3", "smollm2-135m-2shot")
ANSWERS = {
    "leaderboard": lambda scores: hs.leaderboard(scores, cluster="passage_id"),
    "compare": lambda scores: hs.compare(scores, *MODELS, cluster="passage_id", margin=0.1),
    "estimate": lambda scores: hs.estimate(scores, cluster="passage_id"),
    "describe": hs.describe,
    "audit": hs.audit,
}


@pytest.fixture(scope="module")
def scores():
    return hs.read(LOGS)


@pytest.mark.parametrize("format", ["terminal", "markdown", "csv", "latex", "html", "json"])
@pytest.mark.parametrize("verb", ANSWERS)
def test_output_of_the_example_logs_is_unchanged_in_every_format(scores, verb, format, snapshot):
    assert ANSWERS[verb](scores).render(format, width=80) == snapshot
