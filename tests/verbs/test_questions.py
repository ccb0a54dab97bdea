"""questions: item analysis of a benchmark, from degenerate tables to public results."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.answers.output import row
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.inference.questions import examine, examine_task
from howsure.study.design import make_design
from howsure.study.gathering import gather
from invoked import everything
from paragraphs import paragraph


def questions(data, *, top=None, level=0.95, columns=None, **options):
    question = Question(population=NEW_CLUSTERS, level=level)
    return examine(gather(hs.read(data, columns=columns), make_design(options)), question, top=top)


def table(scores, **columns):
    """A frame of model → item scores, None for a missing one."""
    n = len(next(iter(scores.values())))
    rows = [
        {
            "model": model,
            "item": f"q{k:03}",
            "score": float(score),
            **{name: values[k] for name, values in columns.items()},
        }
        for model, values in scores.items()
        for k, score in zip(range(n), values, strict=True)
        if score is not None
    ]
    return pl.DataFrame(rows)


def graded(models=12, n=40, broken=0):
    """Abilities and difficulties in steps; the last `broken` items are solved by the weaker models only."""
    level = np.linspace(0, n, models + 2)[1:-1]
    x = (np.arange(n)[:, None] * 7 % n < level).astype(float)
    if broken:
        x[-broken:] = np.arange(models) < models // 2
    return table({f"m{k:02}": x[:, k] for k in range(models)})


DEGENERATE = {
    "one model": table({"a": [1, 0, 1]}),
    "two models": table({"a": [1, 0, 1, 1], "b": [1, 0, 0, 1]}),
    "one item": table({"a": [1], "b": [0], "c": [1]}),
    "one model, one item": table({"a": [1]}),
    "all right": table({"a": [1] * 5, "b": [1] * 5, "c": [1] * 5}),
    "all the same": table({"a": [0.3] * 5, "b": [0.3] * 5, "c": [0.3] * 5}),
    "no shared item": table({"a": [1, None, None], "b": [None, 0, None], "c": [None, None, 1]}),
    "all missing but one": table({"a": [1, 0, 1, 1], "b": [1, None, None, None], "c": [0, None, None, None]}),
    "open scale": table({"a": [3.5, -2, 7], "b": [3.5, 1, 7], "c": [2, 0, 7]}),
    "open scale, all the same": table({"a": [3.5, 7], "b": [3.5, 7]}),
    "one cluster": table({"a": [1, 0, 1], "b": [0, 0, 1], "c": [0, 1, 1]}, cluster=["x"] * 3),
    "two clusters": table({"a": [1, 0, 1], "b": [0, 0, 1], "c": [0, 1, 1]}, cluster=["x", "x", "y"]),
}


@pytest.mark.parametrize("frame", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("lower_is_better", [None, True])
def test_degenerate_tables_are_analysed_without_an_error(frame, lower_is_better):
    answer = questions(frame, lower_is_better=lower_is_better)
    task = answer.tasks[0]
    everything(answer)
    assert (
        task.n_discriminating + task.n_all_equal + task.count("unanswered")
        == task.n_items
        == len(answer.item_records())
    )


def test_one_model_gives_no_item_discrimination():
    answer = questions(DEGENERATE["one model"])
    assert answer.sentence.endswith("a single model doesn't show which questions distinguish models.")
    text = answer.render(width=80)
    assert "questions" in text
    for claim in ("separate the models", "solved by all", "by none", "suspect", "reliability"):
        assert claim not in text
    assert [c.code for c in answer.tasks[0].warnings] == ["one_model"]
    assert answer.tasks[0].count("unanswered") == 3


def test_two_models_have_one_difference_and_no_reliability():
    task = questions(DEGENERATE["two models"]).tasks[0]
    assert (task.n_discriminating, task.count("all_solved"), task.count("none_solved")) == (1, 2, 1)
    assert "1 of 4 questions distinguishes both models; 2 were solved by all and 1 by none." in task.sentence
    larger = questions(table({"a": [1] * 30, "b": [0] * 29 + [1]}))
    assert "The two models must differ by" in paragraph(larger)
    assert "1 pair of neighbouring ranks does." in larger.render("markdown")
    assert np.isnan(task.reliability)
    assert [c.code for c in task.warnings] == ["few_models"]


def test_an_unbounded_scale_has_no_solved_items():
    task = questions(DEGENERATE["open scale"]).tasks[0]
    assert "2 of 3 questions distinguish the 3 models; on 1 all models score the same." in task.sentence
    assert row(task)["none_solved"] is None
    assert not task.percent


def test_lower_is_better_describes_items_by_best_and_worst_score():
    frame = table({"a": [0, 0, 1], "b": [0, 1, 1], "c": [0, 1, 1]})
    task = questions(frame, lower_is_better=True, top=2).tasks[0]
    assert task.models == ("a", "b")
    assert "1 was at the best score for all and 1 at the worst for all." in task.sentence


def test_top_selects_the_best_models_with_ties_by_name():
    frame = table({"c": [1, 0, 1], "b": [1, 1, 0], "a": [0, 0, 1], "d": [1, 1, 1]})
    assert questions(frame, top=2).tasks[0].models == ("d", "b")
    assert questions(frame, top=99).tasks[0].models == ("d", "b", "c", "a")
    with pytest.raises(hs.OptionError, match="`top=0` leaves no model"):
        questions(frame, top=0)


@pytest.mark.parametrize("top", [None, 3])
def test_pairs_that_are_known_give_the_same_examination(top):
    rng = np.random.default_rng(5)
    names = [f"m{k}" for k in rng.permutation(6)]
    rows = [
        {"model": model, "item": f"q{i}", "group": f"g{i // 3}", "score": float(rng.random() < 0.3 + 0.1 * k)}
        for k, model in enumerate(names)
        for i in range(30)
        if (k, i) != (2, 7)
    ]
    (matrix,) = gather(hs.read(pl.DataFrame(rows)), make_design({"cluster": "group"})).matrices()
    question = Question(population=NEW_CLUSTERS)
    known = examine_task(matrix, question, top=top, pairs=question.population.pairs(matrix, question))
    assert row(known) == row(examine_task(matrix, question, top=top))


def test_items_with_negative_discrimination_are_listed_as_suspect():
    answer = questions(graded(models=16, n=80, broken=2))
    task = answer.tasks[0]
    assert [suspect.item for suspect in task.suspects] == ["q078", "q079"]
    assert "2 questions contradict the others (negative item discrimination): review them." in paragraph(answer)
    assert "q079" in answer.render(width=80)
    kinds = {record["item"]: record["kind"] for record in answer.item_records()}
    assert kinds["q079"] == "suspect"
    assert task.n_discriminating == sum(kind in ("discriminating", "suspect") for kind in kinds.values())


def test_consistent_items_give_no_suspects():
    task = questions(graded(models=16, n=80)).tasks[0]
    assert task.suspects == ()
    assert task.reliability > 0.9


def test_several_tasks_have_one_row_each_and_a_joint_verdict():
    tasks = [graded().with_columns(task=pl.lit(name)) for name in ("one", "two")]
    answer = questions(pl.concat(tasks))
    assert answer.sentence == ("66 of 80 questions in 2 tasks distinguish the models.")
    assert row(answer["two"]) | {"task": "one"} == row(answer["one"])
    assert len(answer.records()) == 2
    assert {record["task"] for record in answer.item_records()} == {"one", "two"}
    everything(answer)


def test_the_smallest_detectable_difference_is_about_typical_models():
    assert "Two typical models must differ by" in paragraph(questions(graded()))


def test_the_verdict_counts_boards_for_several_metrics():
    rows = [graded().with_columns(metric=pl.lit(name)) for name in ("one", "two")]
    assert questions(pl.concat(rows)).sentence.startswith(
        "66 of 80 questions on 2 boards, one for each task and metric, distinguish the models."
    )


def test_a_detectable_difference_above_the_scale_is_shown_as_over_100_points():
    tiny = table({"a": [1] * 3 + [0] * 4, "b": [0] * 2 + [1] * 5, "c": [1] * 6 + [0]}).with_columns(task=pl.lit("tiny"))
    answer = questions(pl.concat([tiny, graded().with_columns(task=pl.lit("graded"))]))
    assert answer["tiny"].smallest_significant_difference > 1
    assert "The smallest significant difference is 15.2 points to over 100 points." in paragraph(answer)


def test_tasks_with_one_model_are_left_out_of_the_verdict():
    alone = table({"a": [1, 0, 1]}).with_columns(task=pl.lit("alone"))
    assert questions(pl.concat([alone, alone.with_columns(task=pl.lit("too"))])).sentence.startswith(
        "A single model per task"
    )
    answer = questions(pl.concat([alone, graded().with_columns(task=pl.lit("graded"))]))
    assert answer.sentence.startswith("33 of 40 questions in 1 of 2 tasks distinguish the models.")
    line = next(line for line in answer.render(width=100).splitlines() if line.startswith("alone"))
    assert line.split() == ["alone", "1", "3", *["n/a"] * 6]
    assert row(answer["alone"])["n_significant_neighbours"] is None


def test_weights_determine_the_best_models():
    frame = table({"a": [1, 1, 0], "b": [0, 0, 1]}, importance=[1, 1, 9])
    assert questions(frame, top=1).tasks[0].models == ("a",)
    assert questions(frame, top=1, weight="importance").tasks[0].models == ("b",)


def test_split_half_reliability_uses_the_first_of_two_clusterings_with_a_warning():
    frame = graded().with_columns(first=pl.col("item").str.slice(0, 3), second=pl.col("item").str.slice(3))
    task = questions(frame, cluster=["first", "second"]).tasks[0]
    assert "first_clustering_only" in [c.code for c in task.warnings]
    assert task.n_clusters == 4
    assert task.reliability == questions(frame, cluster="first").tasks[0].reliability


# public results


@pytest.fixture(scope="module")
def swebench(real_data):
    return real_data / "tidy" / "swebench_verified.parquet"


@pytest.mark.parametrize("cluster", [None, "none"])
def test_on_swebench_verified_248_of_500_items_separate_the_30_best_models(swebench, cluster):
    task = questions(swebench, top=30, cluster=cluster).tasks[0]
    assert (task.n_items, len(task.models)) == (500, 30)
    assert (task.n_discriminating, task.count("all_solved"), task.count("none_solved")) == (248, 214, 38)
    assert task.count("suspect") == 0
    assert task.n_significant_neighbours == 0
    gap, reliability = (0.0498, 0.70) if cluster is None else (0.032, 0.79)
    assert task.smallest_significant_difference == pytest.approx(gap, abs=5e-4)
    assert task.reliability == pytest.approx(reliability, abs=0.01)  # 200 random halves
    assert task.reliability_items == pytest.approx(0.77, abs=0.005)


def test_the_30_best_models_and_248_separating_items_match_a_direct_count(swebench):
    rows = pl.read_parquet(swebench)
    best = rows.group_by("model").agg(pl.col("score").mean()).sort("score", "model", descending=[True, False])[:30]
    shares = rows.filter(pl.col("model").is_in(best["model"].implode())).group_by("item").agg(pl.col("score").mean())
    assert shares.filter(pl.col("score").is_between(0, 1, closed="none")).height == 248
    task = questions(swebench, top=30).tasks[0]
    assert set(task.models) == set(best["model"])


@pytest.mark.unmeasured
def test_the_same_three_cruxeval_inputs_are_suspect_in_two_collections(real_data):
    arena = questions(real_data / "tidy" / "code_arena_items.parquet")["CRUXEval-input"]
    samples = questions(
        real_data / "tidy" / "cruxeval_samples.parquet",
        columns={"model": ["model", "temperature"]},
        task="cruxeval_input",
    ).tasks[0]
    numbers = [{item.item.split(sep)[1] for item in task.suspects} for task, sep in ((arena, "/"), (samples, "_"))]
    assert numbers[0] & numbers[1] == {"233", "242", "373"}


def repeated(counts, attempts=10, model="m"):
    """A frame of one model with so many right answers of each question's attempts."""
    return pl.DataFrame(
        [
            {"model": model, "item": f"q{k:03}", "attempt": i, "score": float(i < c)}
            for k, c in enumerate(counts)
            for i in range(attempts)
        ]
    )


def test_questions_over_attempts_are_always_never_mixed_or_flaky():
    answer = hs.questions(repeated([10, 0, 5, 1, 9, 10]))
    (model,) = answer.tasks[0].over_attempts
    assert model.items.kind.tolist() == ["always", "never", "flaky", "mixed", "mixed", "always"]
    assert (model.always, model.never, model.mixed, model.flaky, model.n_attempts) == (2, 1, 3, 1, 60)
    assert model.items.solved.tolist() == [10, 0, 5, 1, 9, 10]
    assert model.items.noise_share.tolist() == pytest.approx([0, 0, 25 / 43, 9 / 43, 9 / 43, 0])
    assert answer.sentence.endswith(
        "3 of 6 questions were solved in some of 10 attempts and not in others (mixed); 2 always and 1 never."
    )
    assert "1 question is shown to be flaky (a success probability of 5% to 95%)." in paragraph(answer)
    assert [record["over_attempts"] for record in answer.item_records()] == model.items.kind.tolist()


def test_smaller_scores_that_are_better_are_solved_at_the_worst_number():
    (model,) = hs.questions(repeated([10, 0, 5]), lower_is_better=True).tasks[0].over_attempts
    assert model.items.kind.tolist() == ["never", "always", "flaky"]


def test_attempts_of_a_question_in_fractions_or_single_ones_are_not_counted():
    assert hs.questions(repeated([10, 0, 5]).with_columns(pl.col("score") / 2)).tasks[0].over_attempts == ()
    assert hs.questions(repeated([1, 0, 1], attempts=1)).tasks[0].over_attempts == ()


def test_several_models_over_attempts_have_a_line_each():
    rows = pl.concat([repeated([10, 0, 5], model="a"), repeated([10, 10, 2], model="b")])
    answer = hs.questions(rows)
    assert [(each.model, each.mixed, each.flaky) for each in answer.tasks[0].over_attempts] == [
        ("b", 1, 0),
        ("a", 1, 1),
    ]
    assert "shown to be flaky for a" in paragraph(answer)


def test_the_reliability_study_has_66_always_16_never_18_mixed(real_data):
    """Missing attempts as failed; without them 67, 16 and 17."""
    rows = pl.read_parquet(real_data / "tidy" / "swebench_repeat_runs.parquet")
    rows = rows.filter(pl.col("model").str.ends_with("i0")).drop("run")
    (model,) = hs.questions(rows).tasks[0].over_attempts
    assert (model.always, model.never, model.mixed, model.flaky) == (67, 16, 17, 0)
    every = (
        rows.select("benchmark", "model", "item", "cluster").unique().join(rows.select("epoch").unique(), how="cross")
    )
    whole = every.join(rows.drop("cluster"), on=["benchmark", "model", "item", "epoch"], how="left")
    (model,) = hs.questions(whole, failures="zero").tasks[0].over_attempts
    assert (model.always, model.never, model.mixed) == (66, 16, 18)


def test_tasks_of_one_model_each_are_told_by_their_attempts():
    repeats = repeated([4, 2, 0], attempts=4).with_columns(task=pl.lit("repeats"))
    once = repeated([1, 0], attempts=1, model="other").with_columns(task=pl.lit("once"))
    answer = hs.questions(pl.concat([repeats, once]))
    assert (
        answer.sentence
        == "1 of 3 questions with several attempts was solved in some attempts and not in others (mixed)."
    )
    text = answer.render("terminal")
    assert "mixed question of repeats" in text
    assert "n/a" not in text


def test_a_long_list_of_models_or_questions_is_cut_and_says_so():
    rows = pl.concat([repeated([3, 1, 2], attempts=3, model=f"m{k:02}") for k in range(25)])
    assert "… and 5 more models." in hs.questions(rows).render("terminal")
    assert "… and 4 more questions." in hs.questions(repeated([1] * 24, attempts=3)).render("terminal")


def test_two_models_are_examined_for_what_changed_between_them():
    frame = pl.DataFrame(
        {"model": model, "item": f"q{i:02}", "attempt": attempt, "score": float(attempt < share)}
        for model, shares in (("old", [8, 8, 4, 0]), ("new", [0, 8, 5, 0]), ("other", [8, 0, 8, 0]))
        for i, share in enumerate(shares)
        for attempt in range(8)
    )
    found = hs.questions(frame, a="old", b="new")
    assert found.changed == hs.compare(frame, "old", "new", flips=True).flips
    assert [flip.item for flip in found.changed.items if flip.p_adjusted <= 0.05] == ["q00"]
    assert str(found).startswith("From old to new, 1 of 4 questions got worse and 1 better.")
    assert "1 question changed significantly alone" in " ".join(str(found).split())
    assert found.tasks[0].models == ("old", "new")
    assert hs.questions(frame).changed is None
    with pytest.raises(hs.OptionError, match="questions change between two models"):
        hs.questions(frame, a="old")
