"""plan labels: how many answers to label, which ones, a queue that judge reads back, and costs."""

import json

import numpy as np
import polars as pl
import pytest

import howsure as hs
from invoked import run
from trials import draws

WORDS = ("-c", "judge=first", "-c", "judge=second")
COLUMNS = {"judge": ["first", "second"]}


def verdicts(seed=0, n=800, rate=0.7, labels=0):
    """Two judges' verdicts, what is true, and labels of some answers, drawn at random."""
    rng = np.random.default_rng(seed)
    right = rng.random(n) < rate
    said = {
        name: np.where(right, rng.random(n) < hit, rng.random(n) >= turn).astype(int)
        for name, hit, turn in (("first", 0.95, 0.8), ("second", 0.9, 0.9))
    }
    shown = pl.Series(right.astype(int)).to_frame("human")
    at = np.isin(np.arange(n), rng.choice(n, labels, replace=False))
    human = shown.with_columns(human=pl.when(pl.Series(at)).then("human"))["human"]
    return pl.DataFrame({"item": range(n), **said, "truth": right.astype(int), "human": human})


def filled(queue, rows):
    """Fill in the labels that a queue asks for."""
    truth = rows.select("item", "truth")
    asked = pl.col("to_label").is_not_null()
    joined = queue.join(truth, on="item", how="left", maintain_order="left")
    return joined.with_columns(label=pl.when(asked).then("truth").otherwise("label")).drop("truth")


def test_labels_are_allocated_where_judges_disagree():
    plan = hs.plan_labels(verdicts(), columns=COLUMNS, within=0.04)
    assert [round(part.verdict, 1) for part in plan.strata] == [0, 0.5, 1]
    assert plan.strata[1].probability > plan.strata[0].probability
    assert plan.strata[1].probability > plan.strata[2].probability
    assert plan.n_labels < plan.labels_alone
    assert plan.half_width <= 0.04 < hs.plan_labels(verdicts(), columns=COLUMNS, n_labels=plan.n_labels - 8).half_width
    assert plan.sentence.startswith(f"Label {plan.n_labels} answers to know the corrected rate to ± 4.0 points")


def test_a_queue_can_be_planned_labelled_and_read_back_by_judge(tmp_path):
    """Planned, drawn, labelled and corrected by the two commands alone."""
    rows, path, queue = verdicts(), tmp_path / "verdicts.csv", tmp_path / "queue.csv"
    rows.drop("truth", "human").write_csv(path)
    said = run("plan", "labels", str(path), *WORDS, "--within", "4pp", "--queue", str(queue))
    assert said.exit_code == 0
    assert "it to judge with the same columns and" in " ".join(said.output.split())
    drawn = pl.read_csv(queue, infer_schema_length=None)
    assert drawn.columns == ["item", "first", "second", "label", "probability", "to_label"]
    asked = drawn["to_label"].drop_nulls().to_list()
    assert asked == list(range(1, len(asked) + 1))
    filled(drawn, rows).write_csv(queue)
    found = run("judge", str(queue), *WORDS, "--labels-drawn", "probability:probability", "--at-least", "60%")
    assert found.exit_code == 0
    assert found.output.startswith("PASS. The rate is at least 60.0%")


@pytest.mark.unmeasured
def test_corrected_rates_from_queues_are_unbiased_covered_and_as_precise_as_planned(tmp_path):
    """Queues, planned from 60 random labels: the mean within three errors, nine intervals of ten hold, four of five no wider than asked."""
    values, held, wide = [], [], []
    for seed in range(draws(12, 60)):
        rows, path = verdicts(seed, labels=60), str(tmp_path / "queue.csv")
        hs.plan_labels(rows.drop("truth"), columns=COLUMNS, within=0.05, labels_drawn="random", queue=path, seed=seed)
        labelled = filled(pl.read_csv(path, infer_schema_length=None), rows)
        found = hs.judge(labelled, columns=COLUMNS, labels_drawn="probability:probability").all_answers.estimate
        values.append(found.value)
        held.append(found.interval.contains(0.7))
        wide.append(found.interval.half_width)
    assert abs(np.mean(values) - 0.7) < 3 * np.std(values) / np.sqrt(len(values))
    assert np.mean(held) > draws(0.75, 0.9)
    assert np.mean(np.array(wide) <= 0.05) >= draws(0.6, 0.8)


def test_earlier_labels_count_only_if_they_are_a_random_sample(tmp_path):
    rows, path = verdicts(labels=100), str(tmp_path / "queue.csv")
    old = hs.plan_labels(rows, columns=COLUMNS, n_labels=150, labels_drawn="random", queue=path)
    assert old.n_counted == 100
    assert 50 <= old.n_labels <= 60
    assert pl.read_csv(path)["label"].is_not_null().sum() == 100
    new = hs.plan_labels(rows, columns=COLUMNS, n_labels=150, queue=path)
    assert new.n_counted == 0
    assert [warning.code for warning in new.warnings] == ["earlier_labels"]
    assert pl.read_csv(path)["label"].is_not_null().sum() == 0
    assert pl.read_csv(path)["earlier_label"].is_not_null().sum() == 100


def test_an_unreachable_precision_gives_a_warning():
    found = hs.plan_labels(verdicts(n=60), columns=COLUMNS, within=0.01)
    assert not found.reached
    assert found.n_labels == 60
    assert "out_of_reach" in [warning.code for warning in found.warnings]
    twice = pl.concat([verdicts(), verdicts(1)])
    assert "taken_one_by_one" in [
        warning.code for warning in hs.plan_labels(twice, columns=COLUMNS, n_labels=50).warnings
    ]


def both_models(seed=0, n=500):
    """The same items answered by two models, one of which is better."""
    parts = [
        verdicts(10 * seed + k, n, rate).with_columns(model=pl.lit(name))
        for k, (name, rate) in enumerate((("a", 0.8), ("b", 0.6)))
    ]
    return pl.concat(parts).drop("human")


def test_differences_from_planned_queues_are_unbiased_and_covered(tmp_path):
    """Queues: nine intervals of ten hold, and the differences are right on average."""
    path, values, held = str(tmp_path / "queue.csv"), [], []
    for seed in range(draws(8, 40)):
        rows = both_models(seed)
        plan = hs.plan_labels(rows.drop("truth"), "a", "b", columns=COLUMNS, n_labels=120, queue=path, seed=seed)
        queue = pl.read_csv(path, infer_schema_length=None)
        asked = queue.drop_nulls("to_label")
        assert asked.group_by("to_label").len()["len"].unique().to_list() == [2]
        truth = rows.select("item", "model", "truth")
        labelled = queue.join(truth, on=["item", "model"], how="left", maintain_order="left").with_columns(
            label=pl.when(pl.col("to_label").is_not_null()).then("truth")
        )
        found = hs.judge(
            labelled.drop("truth"), "a", "b", columns=COLUMNS, labels_drawn="probability:probability"
        ).difference
        assert found.paired
        assert found.n_both == plan.n_labels
        values.append(found.difference.value)
        held.append(found.difference.interval.contains(0.2))
    assert abs(np.mean(values) - 0.2) < 3 * np.std(values) / np.sqrt(len(values))
    assert np.mean(held) > draws(0.7, 0.85)
    assert plan.sentence.startswith(
        f"Label both answers to {plan.n_labels} questions to know the corrected difference of a and b to ±"
    )
    priced = hs.plan_labels(rows, "a", "b", columns=COLUMNS, within=0.1, cost_label=1.0, cost_judge=0.01)
    assert "pairs of labels" in priced.render("terminal").replace("\n", " ")
    assert priced.half_width <= 0.1
    with pytest.raises(hs.DataError, match="no item is known to have exactly one answer each from a and b"):
        hs.plan_labels(rows.drop("item"), "a", "b", columns=COLUMNS, n_labels=50)


def test_costs_of_labels_and_verdicts_follow_two_phase_sampling():
    """n / N = √(B · verdict / (A · label)), and V = A / N + B / n (Cochran 1977)."""
    plan = hs.plan_labels(verdicts(), columns=COLUMNS, within=0.03, cost_label=2.0, cost_judge=0.01)
    a = sum(p.n_answers * (p.expected - plan.expected) ** 2 for p in plan.strata) / 800
    b = (sum(p.n_answers * np.sqrt(p.expected * (1 - p.expected)) for p in plan.strata) / 800) ** 2
    bill = plan.with_judge
    assert bill.n_labels / bill.n_judged == pytest.approx(np.sqrt(b * 0.01 / (a * 2)), rel=0.01)
    assert 1.96 * np.sqrt(a / bill.n_judged + b / bill.n_labels) == pytest.approx(0.03, rel=0.01)
    assert bill.cost < plan.without_judge.cost
    spent = hs.plan_labels(verdicts(), columns=COLUMNS, n_labels=50, cost_label=2.0, cost_judge=0.01, budget=bill.cost)
    assert spent.with_judge.half_width == pytest.approx(0.03, rel=0.02)
    dear = hs.plan_labels(verdicts(), columns=COLUMNS, within=0.03, cost_label=1.0, cost_judge=1.0)
    assert "The judge doesn't pay" in dear.render("terminal").replace("\n", " ")


def test_conflicting_options_of_plan_labels_are_refused():
    for given, said in (
        ({}, "Give `within` or `n_labels`"),
        ({"within": 0.1, "n_labels": 10}, "not both"),
        ({"within": 0.1, "a": "x"}, "a difference needs two models"),
        ({"within": 0.1, "cost_label": 1.0}, "one price alone isn't enough"),
        ({"within": 0.1, "budget": 1.0}, "a budget needs prices"),
        ({"within": 0.1, "labels_drawn": "probability:p"}, "more labels can't be drawn with"),
        ({"within": 0.1, "judge_right": 0.4}, "is below chance"),
    ):
        with pytest.raises(hs.OptionError, match=said):
            hs.plan_labels(verdicts(), columns=COLUMNS, **given)


def test_the_plan_labels_command_gives_the_result_of_the_function(tmp_path):
    path = tmp_path / "verdicts.csv"
    verdicts(labels=40).drop("truth").write_csv(path)
    words = ("plan", "labels", str(path), *WORDS, "--n-labels", "90")
    found = hs.plan_labels(path, columns=COLUMNS, n_labels=90)
    assert json.loads(run(*words, "-f", "json").output) == found.to_dict()
    assert run(*words, "--queue", str(path)).exit_code == 1
    assert run(*words, "--effect", "3pp").exit_code == 2
    assert (
        "--n-labels goes with a subcommand: howsure plan labels"
        in run("plan", "--effect", "3pp", "--n-labels", "90").output
    )


def test_too_few_labels_are_raised_to_the_minimum_with_a_warning():
    few, enough = (hs.plan_labels(verdicts(), columns=COLUMNS, n_labels=count) for count in (2, 50))
    assert few.n_labels == 15
    (told,) = [warning.message for warning in few.warnings if warning.code == "fewest_labels"]
    assert told == "2 labels are too few: each kind of verdict requires 5, or all its answers, 15 in all"
    assert "fewest_labels" not in {warning.code for warning in enough.warnings}


def test_messages_on_one_label_are_singular():
    rows = pl.DataFrame({"item": [1], "judge": [1.0], "human": [1.0]})
    plan = hs.plan_labels(rows, within=0.05, columns={"judge": "judge"}, human="human")
    assert plan.sentence.startswith("Label 1 answer ")
    (told,) = [warning for warning in plan.warnings if warning.code == "earlier_labels"]
    assert told.message.startswith(
        "1 earlier label informs the plan but doesn't count, since it isn't known whether it was"
    )
    assert told.remedy == "If so, set `labels_drawn='random'`."
