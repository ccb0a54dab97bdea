"""Metrics over labels and predictions, through the verbs: what is read, what is left out, what is an error."""

import json

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.statistics.metrics import metric_of
from howsure.statistics.metrics.base import Rows, Sets
from places import DATA, ROOT

KNOWN = json.loads((ROOT / "tests" / "references" / "metrics.json").read_text())
GUARDS = ROOT / "examples" / "guards.parquet"


def classified(n=120, models=("a", "b"), seed=1):
    """Return rows of two models that predict one of three classes, and a score for the first."""
    rng = np.random.default_rng(seed)
    label = rng.choice(["x", "y", "z"], n, p=[0.5, 0.3, 0.2])
    parts = []
    for k, model in enumerate(models):
        right = rng.random(n) < 0.6 + 0.2 * k
        said = np.where(right, label, rng.choice(["x", "y", "z"], n))
        score = (label == "x") + rng.normal(size=n)
        parts.append(
            pl.DataFrame(
                {"model": model, "item": [f"q{i}" for i in range(n)], "gold": label, "predicted": said, "score": score}
            )
        )
    return pl.concat(parts)


def test_the_columns_are_recognised_by_their_usual_names():
    by_name = hs.estimate(classified(), statistic="macro-f1")
    named = hs.estimate(
        classified().rename({"gold": "u", "predicted": "v"}),
        statistic="macro-f1",
        columns={"label": "u", "prediction": "v"},
    )
    assert [entry.estimate for entry in by_name] == [entry.estimate for entry in named]
    assert any("gold as label, predicted as prediction" in note for note in by_name.notes)
    assert by_name[0].metric == "macro-f1"


def test_rows_without_names_of_questions_are_questions_in_their_order(tmp_path):
    rows = classified(models=("a",))
    named = hs.estimate(rows, statistic="macro-f1")
    bare = hs.estimate(rows.select("gold", "predicted"), statistic="macro-f1")
    path = tmp_path / "guard.csv"
    rows.select("gold", "predicted").write_csv(path)
    of_file = hs.estimate(path, statistic="macro-f1")
    for answer, model in ((bare, "model"), (of_file, "guard")):
        assert answer[0].model == model
        assert answer[0].estimate.value == pytest.approx(named[0].estimate.value, abs=1e-12)
        assert answer[0].estimate.se == pytest.approx(named[0].estimate.se, abs=1e-12)
        assert any("No column names the questions" in note for note in answer.notes)


def test_models_without_names_of_questions_are_matched_by_order_if_they_have_as_many_rows():
    rows = classified()
    named = hs.compare(rows, "a", "b", statistic="macro-f1")
    sides = {name: rows.filter(model=name).select("gold", "predicted") for name in ("a", "b")}
    assert hs.compare(rows.drop("item"), "a", "b", statistic="macro-f1").difference.se == pytest.approx(
        named.difference.se, abs=1e-12
    )
    assert hs.compare(sides, statistic="macro-f1").difference.se == pytest.approx(named.difference.se, abs=1e-12)
    with pytest.raises(hs.DataError, match="no question was answered by all 2 models"):
        hs.compare({**sides, "b": sides["b"].head(100)}, statistic="macro-f1")


def test_one_column_of_amounts_is_enough_for_a_quantile():
    answer = hs.estimate(
        pl.DataFrame({"seconds": np.arange(101.0)}), statistic="median", columns={"prediction": "seconds"}
    )
    assert answer[0].estimate.value == pytest.approx(50)


def test_a_missing_label_is_named(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("model,score\na,1\na,0\n")
    with pytest.raises(hs.HowsureError, match=r"no column .label. for the label"):
        hs.estimate(path, statistic="auroc")


def test_scores_that_were_read_before_are_measured_too():
    scores = hs.read(classified())
    found = hs.estimate(scores, statistic="macro-f1")
    assert [entry.estimate for entry in found] == [
        entry.estimate for entry in hs.estimate(classified(), statistic="macro-f1")
    ]
    with pytest.raises(hs.DataError, match="no column for the label"):
        hs.estimate(hs.read(classified().drop("gold")), statistic="macro-f1")


def test_the_difference_of_a_comparison_is_that_of_the_estimates():
    for word in ("macro-f1", "mcc", "accuracy", "auroc@class=x", "recall@fpr=0.1@class=x", "balanced-accuracy"):
        alone = {entry.model: entry.estimate.value for entry in hs.estimate(classified(), statistic=word)}
        pair = hs.compare(classified(), "b", "a", statistic=word)
        assert pair.difference.value == pytest.approx(alone["b"] - alone["a"], abs=1e-12)
        board = hs.leaderboard(classified(), statistic=word).boards[0]
        assert {entry.model: entry.estimate.value for entry in board.entries} == pytest.approx(alone)
        assert board.pairs.p_value[0, 1] == pytest.approx(pair.p_value, rel=1e-9)


@pytest.mark.unmeasured
def test_a_p_value_and_its_interval_agree():
    for seed in range(20):
        rows = classified(60, seed=seed)
        for word in ("macro-f1", "auroc@class=x", "mcc"):
            pair = hs.compare(rows, "b", "a", statistic=word)
            low, high = pair.difference.interval.low, pair.difference.interval.high
            assert (pair.p_value < 0.05) == (low > 0 or high < 0)


def test_questions_that_a_model_lacks_are_left_out_of_a_comparison_and_counted():
    rows = classified()
    fewer = rows.filter(~((pl.col("model") == "a") & pl.col("item").is_in(["q0", "q1", "q2"])))
    pair = hs.compare(fewer, "b", "a", statistic="macro-f1")
    exact = hs.compare(rows.filter(~pl.col("item").is_in(["q0", "q1", "q2"])), "b", "a", statistic="macro-f1")
    assert pair.difference == exact.difference
    assert any("117 questions that all 2 models answered (3 left out)" in note for note in pair.notes)
    alone = hs.estimate(fewer, statistic="macro-f1")
    assert [entry.estimate.n_items for entry in alone] == [117, 120]


def test_models_without_a_common_question_cannot_be_compared():
    rows = classified().with_columns(item=pl.col("model") + pl.col("item"))
    with pytest.raises(hs.DataError, match="no question was answered by all 2 models"):
        hs.compare(rows, "b", "a", statistic="macro-f1")
    assert len(hs.estimate(rows, statistic="macro-f1").entries) == 2


def test_a_missing_prediction_counts_as_a_failed_attempt():
    rows = classified().with_columns(
        predicted=pl.when(pl.col("item") == "q5").then(None).otherwise(pl.col("predicted"))
    )
    found = hs.estimate(rows, statistic="accuracy")
    assert [(entry.n_failed, entry.estimate.n_items) for entry in found] == [(1, 119), (1, 119)]


def test_attempts_share_the_weight_of_their_question():
    rows = classified(40)
    some = rows.filter(pl.col("item").is_in(["q0", "q7"]))
    twice = pl.concat([rows, some]).with_columns(attempt=pl.int_range(pl.len()).over("model", "item"))
    once = hs.estimate(rows, statistic="macro-f1")
    again = hs.estimate(twice, statistic="macro-f1")
    assert [each.estimate.value for each in again] == pytest.approx([each.estimate.value for each in once])


def test_numbers_booleans_and_texts_name_the_same_classes():
    n = 60
    rng = np.random.default_rng(2)
    label, said = rng.integers(0, 2, n), rng.integers(0, 2, n)
    base = {"model": "a", "item": [str(i) for i in range(n)]}
    forms = [
        pl.DataFrame({**base, "label": label, "predicted": said}),
        pl.DataFrame({**base, "label": label.astype(bool), "predicted": said.astype(float)}),
        pl.DataFrame({**base, "label": label.astype(str), "predicted": said}),
    ]
    values = {hs.estimate(rows, statistic="f1")[0].estimate.value for rows in forms}
    assert len(values) == 1


def test_your_own_function_equals_the_metric_that_it_computes():
    def share_of_x(rows):
        return (rows["prediction"] == "x").mean()

    rows = classified()
    found = hs.estimate(rows, statistic=share_of_x)
    plain = hs.estimate(
        rows.with_columns(hit=(pl.col("predicted") == "x").cast(pl.Float64)), columns={"score": "hit"}, interval="t"
    )
    for one, other in zip(found, plain, strict=True):
        assert one.metric == "share_of_x"
        assert one.estimate.value == pytest.approx(other.estimate.value)
        assert one.estimate.se == pytest.approx(other.estimate.se)


def test_the_jackknife_of_f1_is_close_to_its_influences():
    def macro_f1(rows):
        classes = ("x", "y", "z")
        parts = []
        for each in classes:
            hit = ((rows["gold"] == each) & (rows["prediction"] == each)).sum()
            parts.append(2 * hit / ((rows["gold"] == each).sum() + (rows["prediction"] == each).sum()))
        return sum(parts) / len(parts)

    own = hs.estimate(classified(), statistic=macro_f1)[0].estimate
    built_in = hs.estimate(classified(), statistic="macro-f1")[0].estimate
    assert own.value == pytest.approx(built_in.value, abs=1e-12)
    assert own.se == pytest.approx(built_in.se, rel=0.02)


def test_a_function_without_a_number_is_an_error():
    with pytest.raises(hs.DataError, match="isn't a finite number"):
        hs.estimate(classified(), statistic=lambda rows: float("nan"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistic": "f2"}, "no metric 'f2'"),
        ({"statistic": "f1"}, "about one class, but there are x, y, z"),
        ({"statistic": "f1@class=w"}, "no class 'w' among x, y, z"),
        ({"statistic": "auroc"}, "needs labels of two classes"),
        ({"statistic": "macro-f1", "score": "pass@2"}, "`score` and `statistic` can't be combined"),
        ({"statistic": len, "weight": "score"}, "`weight` and `statistic` can't be combined"),
        ({"statistic": "macro-f1", "by": "gold"}, "`by` and `statistic` can't be combined"),
        (
            {"statistic": "macro-f1", "tasks": {"*": {"failures": "zero"}}},
            "failures` and `statistic` can't be combined",
        ),
        ({"statistic": "macro-f1", "columns": {"label": "u"}}, "no column 'u' for the label"),
        ({"statistic": "pearson", "columns": {"label": "gold"}}, "pearson needs numbers, but the label"),
        ({"statistic": "macro-f1", "columns": {"prediction": "score"}}, "no prediction is one of the labels"),
        ({"columns": {"label": "gold"}}, "is read for a metric, and none is chosen"),
        ({"metric": "macro-f1"}, "no metric 'macro-f1' in the data"),
    ],
)
def test_what_cannot_be_measured_is_an_error_that_says_why(options, message):
    with pytest.raises(hs.HowsureError, match=message):
        hs.estimate(classified(), **options)


def test_a_table_without_labels_says_which_role_it_lacks():
    rows = classified().drop("gold")
    with pytest.raises(hs.DataError, match="no column for the label") as error:
        hs.estimate(rows, statistic="macro-f1")
    assert "columns={'label'" in error.value.remedy


@pytest.mark.parametrize("verb", ["noise", "questions", "history", "trend", "frontier"])
def test_other_verbs_refuse_metrics(verb):
    with pytest.raises(hs.OptionError, match="is for means of scores, and not for metrics such as macro-f1"):
        getattr(hs, verb)(classified(), statistic="macro-f1")


def test_the_share_of_an_outcome_is_a_mean_of_questions_in_percent():
    rows = pl.DataFrame(
        {"model": "a", "item": [*range(20)], "outcome": ["right"] * 12 + ["wrong"] * 5 + ["refused"] * 3}
    )
    found = hs.estimate(rows, statistic="share@class=refused")[0].estimate
    score = rows.with_columns(score=(pl.col("outcome") == "refused").cast(pl.Int64))
    assert found == hs.estimate(score)[0].estimate
    with pytest.raises(hs.DataError, match="a share needs its class, and there are refused, right, wrong"):
        hs.estimate(rows, statistic="share")


def test_micro_f1_of_one_label_a_row_is_the_accuracy():
    micro, accuracy = (hs.estimate(classified(), statistic=word)[0].estimate for word in ("micro-f1", "accuracy"))
    assert (micro.value, micro.se) == pytest.approx((accuracy.value, accuracy.se))


def test_small_classes_are_a_warning():
    codes = [warning.code for warning in hs.estimate(classified(60), statistic="macro-f1").warnings]
    assert "small_class" in codes
    assert "small_class" not in [w.code for w in hs.estimate(classified(400), statistic="macro-f1").warnings]


def test_a_gate_takes_a_metric_with_margins_in_its_units():
    verdict = hs.gate(GUARDS, "guard-large", "guard-small", not_worse_than=0.02, statistic="auroc@class=unsafe")
    assert verdict.verdict == "pass"
    floor = hs.gate(GUARDS, "guard-large", at_least=0.99, statistic="auroc@class=unsafe")
    assert floor.verdict == "fail"


def test_a_frozen_gate_of_a_metric_reads_back_with_the_same_verdict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sides = ["gate", str(GUARDS), "--candidate", "guard-large", "--baseline", "guard-small"]
    options = ["--not-worse-than", "0.02", "--statistic", "auroc@class=unsafe", "--cluster", "template"]
    first = CliRunner().invoke(main, [*sides, *options, "--freeze", "howsure.toml"])
    again = CliRunner().invoke(main, sides)
    assert (first.exit_code, again.exit_code) == (0, 0), again.output
    assert first.stdout.splitlines()[0] == again.stdout.splitlines()[0]
    assert "metric =" not in (tmp_path / "howsure.toml").read_text()


def test_bounds_of_a_metric_stay_in_its_range():
    rows = classified(60).with_columns(predicted=pl.col("gold"))
    found = hs.estimate(rows, statistic="macro-f1")[0].estimate
    assert (found.value, found.interval.high) == (1.0, 1.0)
    assert 0.5 < found.interval.low < 1
    for word in ("mcc", "auroc@class=x", "spearman"):
        columns = {"label": "score", "prediction": "score"} if word == "spearman" else {}
        interval = hs.estimate(classified(60), statistic=word, columns=columns)[0].estimate.interval
        assert -1 <= interval.low <= interval.high <= 1 or np.isnan(interval.low)


def test_the_macro_f1_of_gpt_4_on_llmbar_is_the_published_one():
    path = DATA / "tidy" / "llmbar.parquet"
    if not path.exists():
        pytest.skip("no real results here")
    rows = pl.read_parquet(path).filter(
        pl.col("judge") == "GPT-4", prompt="CoT", subset="LLMBar/Natural", swapped=False
    )
    found = hs.estimate(
        rows, statistic="macro-f1", columns={"label": "gold", "prediction": "verdict", "model": "judge"}
    )[0].estimate
    assert found.value == pytest.approx(0.9388, abs=5e-5)
    assert found.se == pytest.approx(0.0242, abs=2e-4)


def test_two_files_give_the_comparison_and_the_gate_of_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = classified()
    for model in ("a", "b"):
        rows.filter(pl.col("model") == model).drop("model").write_csv(f"{model}.csv")
    whole = hs.compare(rows, "b", "a", statistic="macro-f1")
    halves = hs.compare("b.csv", "a.csv", statistic="macro-f1")
    assert halves.difference.value == pytest.approx(whole.difference.value, abs=1e-12)
    assert halves.p_value == pytest.approx(whole.p_value)
    for data in ((rows, "b", "a"), (None, "b.csv", "a.csv")):
        verdict = hs.gate(*data, not_worse_than=0.02, statistic="macro-f1")
        assert verdict.checks[0].value == pytest.approx(whole.difference.value, abs=1e-12)


def test_a_metric_has_no_flips_of_questions():
    with pytest.raises(hs.OptionError, match="`flips` and `statistic` can't be combined"):
        hs.compare(classified(), "b", "a", statistic="macro-f1", flips=True)


def test_few_clusters_are_a_warning_in_a_comparison_of_metrics():
    rows = classified().with_columns(cluster=pl.col("item").str.slice(1).cast(pl.Int64) % 4)
    pair = hs.compare(rows, "b", "a", statistic="macro-f1", population="new-clusters")
    assert "few_clusters" in [warning.code for warning in pair.warnings + pair.difference.warnings]


def test_failed_attempts_are_counted_in_a_comparison_and_too_many_leave_a_gate_open():
    failed = (pl.col("model") == "b") & pl.col("item").is_in([f"q{i}" for i in range(15)])
    rows = classified().with_columns(predicted=pl.when(failed).then(None).otherwise(pl.col("predicted")))
    pair = hs.compare(rows, "b", "a", statistic="macro-f1")
    assert pair.difference.n_items == 105
    assert any("105 questions that all 2 models answered (15 left out)" in note for note in pair.notes)
    assert any("15 unscored" in note for note in pair.notes)
    board = hs.leaderboard(rows, statistic="macro-f1").boards[0]
    assert {entry.model: entry.n_failed for entry in board.entries} == {"a": 0, "b": 15}
    verdict = hs.gate(rows, "b", "a", not_worse_than=0.3, statistic="macro-f1")
    assert (verdict.verdict, verdict.checks[0].n_unknown) == ("unclear", 15)
    assert [warning.message for warning in verdict.warnings if warning.code == "failure_policy"] == [
        "task · macro-f1: with `failures='drop'` the verdict would be 'pass'"
    ]
    some = hs.gate(rows, "b", "a", not_worse_than=0.3, statistic="macro-f1", missing_at_most=0.2)
    assert some.verdict == "pass"
    whole = hs.gate(classified(), "b", "a", not_worse_than=0.3, statistic="macro-f1")
    assert whole.verdict == "pass"


def test_a_published_metric_is_refused_in_favour_of_a_floor():
    one = classified().filter(pl.col("model") == "a")
    with pytest.raises(hs.OptionError, match="a published macro-f1 has no scores of questions") as error:
        hs.compare(one, published=0.8, statistic="macro-f1")
    assert "at_least=0.8" in error.value.remedy


LISTS = ROOT / "tests" / "references" / "lists.jsonl"


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_lists_of_classes_equal_those_of_scikit_learn(weighted):
    known = KNOWN["lists, weighted" if weighted else "lists, plain"]
    columns = {"weight": "weight"} if weighted else {}
    frame = pl.read_ndjson(LISTS).drop([] if weighted else "weight").with_columns(model=pl.lit("m"))
    for word, value in known.items():
        found = hs.estimate(frame, statistic=word, columns=columns)[0].estimate.value
        assert found == pytest.approx(value, abs=1e-12), word


def test_lists_of_classes_are_read_from_lines_cells_and_parquet(tmp_path):
    frame = pl.read_ndjson(LISTS).with_columns(model=pl.lit("m"))
    frame.write_ndjson(tmp_path / "lines.jsonl")
    frame.write_parquet(tmp_path / "table.parquet")
    texts = frame.to_dicts()
    for name, write in (("json.csv", json.dumps), ("python.csv", repr)):
        cells = [{**row, "label": write(row["label"]), "prediction": write(row["prediction"])} for row in texts]
        pl.DataFrame(cells).write_csv(tmp_path / name)
    big = pl.concat([frame.with_columns(item=pl.format("{}-{}", "item", pl.lit(k))) for k in range(60)])
    big.write_ndjson(tmp_path / "big.jsonl")
    assert (tmp_path / "big.jsonl").stat().st_size > 2**20
    for path in sorted(tmp_path.iterdir()):
        found = hs.estimate(str(path), statistic="macro-f1")[0].estimate.value
        assert found == pytest.approx(KNOWN["lists, plain"]["macro-f1"], abs=1e-12), path.name


def test_numbers_in_lists_are_classes_too(tmp_path):
    (tmp_path / "numbers.jsonl").write_text(
        "".join(
            json.dumps({"model": "m", "item": f"q{k}", "label": [1, k % 3], "prediction": [1, 2]}) + "\n"
            for k in range(30)
        )
    )
    found = hs.estimate(str(tmp_path / "numbers.jsonl"), statistic="f1@class=2")[0].estimate.value
    assert found == pytest.approx(0.5)  # 10 of 30 rows have class 2, all are said to have it: 20 / 40


def test_lists_beside_single_classes_and_metrics_of_one_class_are_refused():
    frame = pl.read_ndjson(LISTS).with_columns(model=pl.lit("m"))
    with pytest.raises(hs.DataError, match="mcc needs one class per row, and these columns hold lists"):
        hs.estimate(frame, statistic="mcc")
    with pytest.raises(hs.DataError, match="the labels are lists of classes, and the predictions aren't"):
        hs.estimate(frame.with_columns(prediction=pl.lit("hate")), statistic="macro-f1")
    nothing = frame.with_columns(label=frame["label"].list.head(0))
    with pytest.raises(hs.DataError, match="no row has a label, so micro-f1 is undefined"):
        hs.estimate(nothing, statistic="micro-f1")


def test_rows_without_a_class_are_counted_in_a_metric_of_rows():
    frame = pl.read_ndjson(LISTS).with_columns(model=pl.lit("m"))
    empty = frame.filter((pl.col("label").list.len() == 0) & (pl.col("prediction").list.len() == 0)).height
    (warning,) = (w for w in hs.estimate(frame, statistic="samples-f1").warnings if w.code == "undefined_class")
    assert f"{empty} rows have no class to divide by" in warning.message


def test_influences_of_lists_are_those_of_the_jackknife():
    frame = pl.read_ndjson(LISTS)
    classes = tuple(frame["label"].explode().drop_nulls().unique().sort())
    has = [np.array([[name in row for name in classes] for row in frame[role]]) for role in ("label", "prediction")]

    def measured(word, kept):
        lists = tuple(Sets(code, row) for row, code in (np.nonzero(each[kept]) for each in has))
        none = np.zeros(len(kept))
        return metric_of(word).metric.measure(
            Rows(label=none, prediction=none, share=none + 1 / len(kept), classes=classes, lists=lists)
        )

    n = len(frame)
    for word in ("macro-f1", "micro-precision", "weighted-recall", "samples-f1"):
        error = measured(word, np.arange(n)).influence.std(ddof=1) / np.sqrt(n)
        left_out = np.array([measured(word, np.delete(np.arange(n), k)).value for k in range(n)])
        assert error == pytest.approx(np.sqrt((n - 1) * left_out.var()), rel=0.03), word


def test_lists_without_any_predicted_class_count_as_0_with_a_warning():
    frame = pl.read_ndjson(LISTS).with_columns(model=pl.lit("m"))
    empty = frame.with_columns(prediction=frame["prediction"].list.head(0))
    found = hs.estimate(empty, statistic="micro-precision")
    (warning,) = (w for w in found.warnings if w.code == "undefined_class")
    assert "no row has a predicted class, so micro-precision counts as 0" in warning.message
    assert found[0].estimate.value == 0


def test_null_in_a_list_of_text_is_no_class():
    rows = {"model": "m", "item": [*range(40)], "label": ['["a"]', '["b"]'] * 20}
    said = ['["a", null]', "[null]"] * 20
    found = hs.estimate(pl.DataFrame({**rows, "prediction": said}), statistic="micro-precision")
    assert found[0].estimate.value == 1
