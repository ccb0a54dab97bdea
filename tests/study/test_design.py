"""Options per task: patterns of task names override the options shared by all tasks."""

import pytest

from howsure.errors import OptionError
from howsure.study.design import make_design

TASKS = {
    "mmlu_law": {"cluster": "passage", "lower_is_better": False},
    "mmlu*": {"cluster": ["subject", "source"], "metric": "acc", "failures": "zero", "margin": 0.02},
    "*": {"lower_is_better": True, "failures": "drop"},
}


def test_the_first_matching_pattern_that_sets_an_option_wins():
    design = make_design({"tasks": TASKS, "cluster": "document", "metric": "exact"})
    assert design.cluster_of("mmlu_law") == ("passage",)
    assert design.cluster_of("mmlu_art") == ("subject", "source")
    assert design.cluster_of("gsm8k") == ("document",)
    assert design.metric_of("mmlu_law") == ("acc",)
    assert design.metric_of("gsm8k") == ("exact",)
    assert design.failures_of("mmlu_law") == "zero"
    assert design.failures_of("gsm8k") == "drop"
    assert design.lower_is_better_of("mmlu_law") is False
    assert design.lower_is_better_of("mmlu_art") is True
    assert design.margin_of("mmlu_art") == 0.02
    assert design.margin_of("mmlu_art", 0.05) == 0.02
    assert design.margin_of("gsm8k", 0.05) == 0.05


def test_without_patterns_the_shared_options_apply():
    design = make_design({"failures": "zero"})
    assert design.cluster_of("x") is None
    assert design.metric_of("x") == ()
    assert design.failures_of("x") == "zero"
    assert design.lower_is_better_of("x") is None
    assert design.margin_of("x") is None


def test_a_task_name_with_brackets_matches_itself():
    assert make_design({"tasks": {"a[1]": {"cluster": "c"}}}).cluster_of("a[1]") == ("c",)


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (3, "isn't a table of tasks"),
        ({3: {}}, "isn't a table of tasks"),
        ({"x": 3}, r"tasks\['x'\]=3 is not a table"),
        ({"x": {"clustr": "c"}}, r"tasks\['x'\]: no option 'clustr'. Did you mean 'cluster'?"),
        ({"x": {"failures": "ignore"}}, r"tasks\['x'\]: `failures='ignore'` is not one of"),
        ({"x": {"margin": 0}}, r"tasks\['x'\]: `margin=0` is not above 0"),
        ({"x": {"lower_is_better": 1}}, r"tasks\['x'\]: `lower_is_better=1` is neither True nor False"),
    ],
)
def test_errors_in_task_options_name_the_task(tasks, message):
    with pytest.raises(OptionError, match=message):
        make_design({"tasks": tasks})
