"""The summary sentence of several leaderboards: on how many one model is best, and how many could be best on the others."""

from types import SimpleNamespace

import pytest

from howsure.present.summary import tasks_sentence


def boards(*best, models=4, task=None):
    """Boards of tasks of their own, or of one; each with the models that could be best."""
    return [
        SimpleNamespace(task=task or f"t{k}", entries=[None] * models, could_be_best=tuple(each))
        for k, each in enumerate(best)
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (boards("a", "a"), "On each of 2 tasks, one model is shown to be best: a."),
        (boards("a", "b", "a"), "On each of 3 tasks, one model is shown to be best: a on 2, b on 1."),
        (boards("ab", "abcd"), "On none of 2 tasks is one model shown to be best: 2 to 4 models could be."),
        (boards("a", "abc"), "On 1 of 2 tasks, one model is shown to be best: a. On the other, 3 models could be."),
        (
            boards("a", "ab", "bc"),
            "On 1 of 3 tasks, one model is shown to be best: a. On the others, 2 models could be.",
        ),
        (
            boards("a", "ab", task="t"),
            "On 1 of 2 boards, one model is shown to be best: a. On the other, 2 models could be.",
        ),
        (boards("a", "b", models=1), "No task has several models, so there is nothing to rank."),
        (boards("a", "b", models=1, task="t"), "No board has several models, so there is nothing to rank."),
        ([*boards("a", models=1), *boards("ab")], "On the one task with several models, 2 models could be best."),
    ],
)
def test_the_summary_counts_the_leaderboards_with_one_best_model(given, said):
    assert tasks_sentence(given) == said
