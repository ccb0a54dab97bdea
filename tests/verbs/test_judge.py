"""judge: rates and differences from an LLM judge, corrected by human labels, in every format."""

import json

import numpy as np
import polars as pl
import pytest

import howsure as hs
from invoked import run
from paragraphs import paragraph
from places import ROOT
from trials import draws


def verdicts(seed=0, n=600, labels=80, kind=0.2):
    """Judged answers of three models; the judge calls `kind` of the wrong ones right."""
    rng = np.random.default_rng(seed)
    right = rng.random(n) < 0.6
    judged = right | (rng.random(n) < kind)
    human = pl.Series(right.astype(int))
    chosen = np.zeros(n, dtype=bool)
    chosen[rng.choice(n, labels, replace=False)] = True
    return pl.DataFrame(
        {"model": rng.choice(["a", "b", "c"], n), "judge": judged.astype(int), "human": human}
    ).with_columns(human=pl.when(pl.Series(chosen)).then("human"))


def test_a_lenient_judge_is_detected_and_its_rate_corrected():
    found = hs.judge(verdicts(labels=200, kind=0.5), labels_drawn="random")
    assert found.all_answers.judge > 0.75
    assert found.all_answers.estimate.interval.contains(0.6)
    assert found.all_answers.bias_interval.low > 0
    assert "The judge is too kind by about" in paragraph(found)
    assert found.sentence.startswith("Corrected with 200 labels, the rate is")
    assert {each.model for each in found.models} == {"a", "b", "c"}
    assert sum(each.n_labelled for each in found.models) == 200


@pytest.mark.parametrize(("kind", "right", "guesses"), [(0.2, 1.0, False), (1.0, 0.6, True), (1.0, 1.0, True)])
def test_a_judge_not_better_than_chance_is_named_first_in_the_verdict(kind, right, guesses):
    rng = np.random.default_rng(3)
    rows = verdicts(labels=100, kind=kind)
    rows = rows.with_columns(judge=pl.when(pl.Series(rng.random(600) < right)).then("judge").otherwise(0))
    found = hs.judge(rows, labels_drawn="random")
    (line,) = found.judges
    assert line.better_than_chance is not guesses
    assert found.sentence.startswith("The judge isn't shown to be better than guessing (") == guesses
    assert (
        hs.judge(rows, a="a", at_least=0.1, labels_drawn="random").sentence.startswith("The judge isn't shown")
        == guesses
    )
    assert json.loads(found.render("json"))["judges"][0]["better_than_chance"] is not guesses


def test_the_verdict_names_judges_not_better_than_chance():
    rows = verdicts(labels=150).with_columns(coin=pl.Series(np.random.default_rng(8).integers(0, 2, 600)))
    found = hs.judge(rows, columns={"judge": ["judge", "coin"]})
    assert found.sentence.startswith("Not shown to be better than guessing: coin.")


def test_better_than_chance_uses_the_newcombe_limit_of_sensitivity_plus_specificity():
    (line,) = hs.judge(verdicts(labels=120, kind=0.7)).judges
    low = [share.value - share.interval.low for share in (line.sensitivity, line.specificity)]
    total = line.sensitivity.value + line.specificity.value
    assert line.better_than_chance == (total - np.sqrt(low[0] ** 2 + low[1] ** 2) > 1)


def test_the_verdict_states_how_labels_were_sampled():
    rows = verdicts()
    assert "valid only if the labels were drawn at random" in paragraph(hs.judge(rows)).lower()
    assert "Valid only as far as the labels, a convenience sample," in paragraph(
        hs.judge(rows, labels_drawn="convenience")
    )
    chosen = rows.with_columns(human=pl.when(pl.col("judge") == 0).then("human"))
    assert chosen["human"].is_not_null().any()
    every = hs.judge(verdicts(labels=600))
    assert not every.sentence.startswith("If your labels"), "where all answers have one, none was drawn"
    assert "labels_unlike" in [warning.code for warning in hs.judge(chosen).warnings]


WORDS = {"yes and no": ("yes", "no"), "C and I": ("C", "I"), "truth values": (True, False), "pass": ("PASS", "fail")}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_judge_verdicts_are_recognised_in_every_spelling(words):
    rows = verdicts()
    kind = pl.Boolean if isinstance(words[0], bool) else pl.String
    said = rows.with_columns(pl.col("judge", "human").replace_strict({1: words[0], 0: words[1]}, return_dtype=kind))
    assert hs.judge(said).to_dict() == hs.judge(rows).to_dict()


def test_columns_of_verdicts_can_be_mapped():
    rows = verdicts().rename({"judge": "g", "human": "me", "model": "who"})
    found = hs.judge(rows, human="me", columns={"judge": "g", "model": "who"})
    assert found.all_answers == hs.judge(verdicts()).all_answers


def test_a_numeric_judge_scale_still_corrects_the_rate():
    rng = np.random.default_rng(1)
    rows = verdicts(labels=200).with_columns(judge=pl.col("judge") * 4 + pl.Series(rng.integers(1, 6, 600)))
    found = hs.judge(rows)
    assert np.isnan(found.all_answers.judge)
    assert "With 200 labels, the rate of all 600 answers is" in found.sentence
    json.loads(found.render("json"))


def test_missing_labels_and_invalid_verdicts_are_an_error():
    rows = verdicts()
    with pytest.raises(hs.DataError, match="no column for human"):
        hs.judge(rows.drop("human"))
    with pytest.raises(hs.DataError, match="no judged answer has a label"):
        hs.judge(rows.with_columns(human=pl.lit(None, dtype=pl.Int64)))
    with pytest.raises(hs.DataError, match="run from 0 to 5"):
        hs.judge(rows.with_columns(pl.col("human") * 5))
    with pytest.raises(hs.DataError, match=r"'judge' has the value 'perhaps' \(row 1\), which isn't a verdict"):
        hs.judge(rows.with_columns(judge=pl.lit("perhaps")))
    with pytest.raises(hs.DataError, match="no column 'x'"):
        hs.judge(rows, human="x")
    with pytest.raises(hs.OptionError, match="labels_drawn"):
        hs.judge(rows, labels_drawn="somehow")


def test_answers_without_verdict_and_models_without_labels_are_reported():
    rows = verdicts()
    more = pl.DataFrame({"model": ["d", "d", "a"], "judge": [1, 0, None], "human": [None, None, 1]})
    found = hs.judge(pl.concat([rows, more], how="diagonal_relaxed"))
    assert "1 answer without a verdict left out." in found.notes
    assert any("no label, and left out: d" in warning.message for warning in found.warnings)


def test_the_judge_command_gives_the_result_of_the_function(tmp_path):
    path = tmp_path / "verdicts.csv"
    verdicts().write_csv(path)
    found = hs.judge(path, human="human")
    assert json.loads(run("judge", str(path), "--human", "human", "-f", "json").output) == found.to_dict()
    assert found.sentence in " ".join(run("judge", str(path)).output.split())
    assert pl.read_csv(run("judge", str(path), "-f", "csv").stdout_bytes)["model"].to_list()[1:] == [
        each.model for each in found.models
    ]
    only = hs.judge(path, where={"model": "a"})
    assert only.models == ()
    for form in ("markdown", "html", "latex", "terminal"):
        assert "all answers" in found.render(form)


def two_systems(seed=0, n=400, labels=100, rates=(0.8, 0.6), kind=0.2, one_row_a_judge=False):
    """Verdicts on the same items of two systems, labels of some items of both, clusters of eight items."""
    rng = np.random.default_rng(seed)
    hard, at = rng.random(n), rng.choice(n, labels, replace=False)
    parts = []
    for name, rate in zip("ab", rates, strict=True):
        right = np.where(rng.random(n) < 0.5, hard, rng.random(n)) < rate
        human = pl.Series(np.where(np.isin(np.arange(n), at), right.astype(float), np.nan)).fill_nan(None)
        judged = (right | (rng.random(n) < kind)).astype(int)
        other = np.where(rng.random(n) < 0.8, right, ~right).astype(int)
        parts.append(
            pl.DataFrame(
                {
                    "model": name,
                    "item": [f"q{k}" for k in range(n)],
                    "document": [f"d{k // 8}" for k in range(n)],
                    "kind": judged,
                    "fair": other,
                    "human": human,
                }
            )
        )
    rows = pl.concat(parts)
    if not one_row_a_judge:
        return rows
    index = ["model", "item", "document", "human"]
    return rows.unpivot(["kind", "fair"], index=index, variable_name="judge", value_name="verdict")


ONE = {"judge": "kind"}


def test_labels_of_both_models_on_the_same_items_give_a_paired_difference():
    found = hs.judge(two_systems(), "a", "b", columns=ONE, labels_drawn="random")
    gap = found.difference
    assert gap.paired
    assert (gap.n_items, gap.n_both, gap.n_labels) == (400, 100, 200)
    assert gap.difference.interval.low > 0
    assert gap.p_value < 0.05
    assert found.sentence.startswith("a is better. ")
    assert "with 100 pairs of labels, a is ahead by" in found.sentence
    turned = hs.judge(two_systems(), "b", "a", columns=ONE).difference
    assert turned.difference.value == pytest.approx(-gap.difference.value)
    assert turned.p_value == pytest.approx(gap.p_value)
    assert turned.difference.interval.low == pytest.approx(-gap.difference.interval.high)


def test_labels_on_different_items_give_an_unpaired_difference():
    rows = two_systems(labels=200)
    kept = (pl.col("item").str.slice(1).cast(pl.Int64) % 2 == 0) == (pl.col("model") == "a")
    found = hs.judge(rows.with_columns(human=pl.when(kept).then("human")), "a", "b", columns=ONE)
    assert not found.difference.paired
    assert found.difference.n_both == 0
    assert found.difference.difference.interval.contains(0.2)
    assert f"with {found.difference.n_labels} labels, a is ahead" in paragraph(found)
    without_items = hs.judge(rows.drop("item"), "a", "b", columns=ONE, cluster="none").difference
    assert (without_items.paired, without_items.n_items) == (False, 0)


def test_labels_can_come_from_a_second_table(tmp_path):
    rows = two_systems()
    labels = rows.drop_nulls("human").select("model", "item", label="human")
    more = pl.DataFrame({"model": ["a", "c"], "item": ["q0", "q1"], "label": [1.0, 0.0]})
    labels = pl.concat([labels.filter(pl.col("item") != "q0"), more, more.head(1)])
    once = rows.with_columns(
        human=pl.when(pl.col("item") == "q0").then(pl.when(pl.col("model") == "a").then(1.0)).otherwise("human")
    )
    found = hs.judge(rows.drop("human"), labels=labels, columns=ONE)
    assert found.all_answers == hs.judge(once, columns=ONE).all_answers
    assert any("1 label without a judged answer left out" in note for note in found.notes)
    assert any("1 further label of the same answers averaged" in note for note in found.notes)
    rows.drop("human").write_csv(tmp_path / "v.csv")
    labels.write_csv(tmp_path / "l.csv")
    said = run("judge", str(tmp_path / "v.csv"), "--labels", str(tmp_path / "l.csv"), "-c", "judge=kind", "-f", "json")
    assert json.loads(said.output) == found.to_dict()
    named = hs.judge(rows.drop("human"), labels=labels.rename({"label": "mine"}), human="mine", columns=ONE)
    assert named.all_answers == found.all_answers
    with pytest.raises(hs.DataError, match="no column 'yours'"):
        hs.judge(rows.drop("human"), labels=labels, human="yours", columns=ONE)
    with pytest.raises(hs.DataError, match="several answers have the same model, item"):
        hs.judge(pl.concat([rows, rows]).drop("human"), labels=labels, columns=ONE)
    with pytest.raises(hs.DataError, match="no column for the item in both tables"):
        hs.judge(rows.drop("human", "item"), labels=labels, columns=ONE)


def test_clustered_answers_widen_the_corrected_interval():
    rows = two_systems(labels=300)
    asked = {"columns": ONE, "where": {"model": "a"}}
    alone, grouped = (hs.judge(rows, cluster=each, **asked).all_answers.estimate for each in ("none", "document"))
    assert grouped.value == alone.value
    assert grouped.interval.half_width > alone.interval.half_width
    assert grouped.n_clusters == 50
    by_name = hs.judge(rows.rename({"document": "cluster"}), **asked).all_answers.estimate
    assert by_name == grouped
    together = hs.judge(rows, columns=ONE)
    assert any("Clusters: column `item` (400 clusters)" in note for note in together.notes)
    one = hs.judge(rows.with_columns(document=pl.lit("d")), cluster="document", **asked)
    assert "one_cluster" in [warning.code for warning in one.warnings]
    assert one.all_answers.estimate.interval.high <= 1


def test_several_judges_are_evaluated_together():
    both = {"judge": ["kind", "fair"]}
    wide = hs.judge(two_systems(), columns=both)
    assert [each.judge for each in wide.judges] == ["kind", "fair"]
    kind, fair = wide.judges
    assert kind.sensitivity.value == 1
    assert 0.6 < kind.specificity.value < 0.95
    assert fair.sensitivity.interval.contains(0.8)
    assert wide.sentence.endswith("; that of the 2 judges is 66.8%.")
    apart = [
        hs.judge(two_systems(), columns={"judge": each}).all_answers.estimate.interval for each in ("kind", "fair")
    ]
    assert wide.all_answers.estimate.interval.half_width < 1.1 * min(each.half_width for each in apart)
    long = hs.judge(two_systems(one_row_a_judge=True))
    assert {each.judge for each in long.judges} == {"kind", "fair"}
    assert long.all_answers.estimate == wide.all_answers.estimate
    silent = two_systems().with_columns(fair=pl.when(pl.int_range(pl.len()) % 3 > 0).then("fair"))
    found = hs.judge(silent, columns=both)
    assert found.all_answers.n_judged == 800
    assert found.judges[1].n_judged < 800


def test_rows_of_several_judges_need_an_item_column():
    with pytest.raises(hs.DataError, match="no column identifies the answer of a row"):
        hs.judge(two_systems(one_row_a_judge=True).drop("item"))


def test_the_judge_column_cannot_also_be_the_model():
    rows = pl.DataFrame(
        {"judge": ["j1", "j2"] * 10, "item": np.repeat(np.arange(10), 2), "score": [0, 1] * 10, "human": [0, 1] * 10}
    )
    with pytest.raises(
        hs.DataError, match="'judge' names several judges, and can't be the column of the model as well"
    ):
        hs.judge(rows, human="human", columns={"model": "judge"})


def test_corrected_leaderboards_have_rank_intervals():
    rows = two_systems(labels=200, rates=(0.9, 0.5))
    found = hs.judge(rows, columns=ONE)
    assert [each.model for each in found.models] == ["a", "b"]
    assert [(rank.rank, rank.low, rank.high) for rank in found.ranks] == [(1, 1, 1), (2, 2, 2)]
    assert "significantly ahead" in paragraph(found)
    level = hs.judge(two_systems(labels=30, rates=(0.9, 0.9)), columns=ONE)
    assert all(rank.could_be_best for rank in level.ranks)
    assert "a scores highest (93.3%), but the other model could be best." in paragraph(level)
    assert "could be" in level.render("terminal")


@pytest.mark.parametrize(
    ("asked", "verdict", "code"),
    [
        ({"at_least": 0.5, "a": "a"}, "pass", 0),
        ({"at_least": 0.95, "a": "a"}, "fail", 1),
        ({"at_least": 0.8, "a": "a"}, "unclear", 2),
        ({"margin": 0.03, "a": "a", "b": "b"}, "pass", 0),
        ({"margin": 0.03, "a": "b", "b": "a"}, "fail", 1),
    ],
)
def test_floors_and_margins_give_verdicts_and_exit_codes(asked, verdict, code, tmp_path):
    rows = two_systems()
    found = hs.judge(rows, columns=ONE, labels_drawn="random", **asked)
    assert found.check.verdict == verdict
    assert found.exit_code == code
    path = tmp_path / "v.csv"
    rows.write_csv(path)
    words = [
        f"--{name.replace('_', '-')}={value}" if len(name) > 1 else f"-{name}{value}" for name, value in asked.items()
    ]
    assert run("judge", str(path), "-c", "judge=kind", "--labels-drawn", "random", *words).exit_code == code
    refused = run("judge", str(path), "-c", "judge=kind", *words)
    assert refused.exit_code == 3
    assert (
        "--labels-drawn unknown. If they were, set --labels-drawn random or --labels-drawn probability:COLUMN"
        in refused.output
    )
    with pytest.raises(hs.OptionError, match="needs labels that were drawn at random"):
        hs.judge(rows, columns=ONE, **asked)
    if "at_least" in asked:
        one_sided = hs.judge(rows, columns=ONE, level=0.9).models[0].estimate.interval
        assert found.check.low == pytest.approx(one_sided.low)


def test_labels_with_sampling_probabilities_give_unbiased_covering_estimates():
    rng = np.random.default_rng(2)
    held, values = [], []
    for seed in range(draws(20, 100)):
        rows = verdicts(seed, n=600, labels=600)
        p = np.where(rows["human"].to_numpy() == 1, 0.1, 0.4)
        shown = pl.Series(rng.random(600) < p)
        drawn = rows.with_columns(p=pl.Series(p), human=pl.when(shown).then("human"))
        found = hs.judge(drawn, labels_drawn="probability:p", cluster="none").all_answers.estimate
        held.append(found.interval.contains(0.6))
        values.append(found.value)
    assert np.mean(held) > draws(0.75, 0.88)
    assert abs(np.mean(values) - 0.6) < 4 * np.std(values) / np.sqrt(len(values))
    with pytest.raises(hs.DataError, match="without a probability above 0 and up to 1"):
        hs.judge(drawn.with_columns(p=0.0), labels_drawn="probability:p")
    with pytest.raises(hs.DataError, match="no column 'q'"):
        hs.judge(drawn, labels_drawn="probability:q")


def test_conflicting_judge_options_are_refused():
    rows = two_systems()
    for given, said in (
        ({"a": "a"}, "a is given, and b isn't"),
        ({"b": "a"}, "b is given, and a isn't"),
        ({"a": "a", "b": "a"}, "a and b are both a"),
        ({"at_least": 0.5, "labels_drawn": "random"}, "at_least is for one model, and there are 2: a, b"),
        ({"at_least": 0.5, "a": "a", "b": "b"}, "at_least is for one model"),
        ({"margin": 0.5}, "margin is for two models"),
    ):
        with pytest.raises(hs.OptionError, match=said):
            hs.judge(rows, columns=ONE, **given)
    with pytest.raises(hs.DataError, match="no answer of b has a label"):
        hs.judge(rows.with_columns(human=pl.when(pl.col("model") == "a").then("human")), "a", "b", columns=ONE)


def test_a_rater_of_an_annotation_export_can_be_the_human():
    path = ROOT / "tests" / "fixtures" / "annotations" / "label_studio.json"
    found = hs.judge(path, human="1", columns={"judge": "judge-1"}, where={"question_name": "correct"})
    assert (found.all_answers.n_judged, found.all_answers.n_labelled) == (16, 15)
    with pytest.raises(hs.DataError, match="the export contains several questions"):
        hs.judge(path, human="1")


def test_logs_can_be_combined_with_labels_in_a_second_table(tmp_path):
    logs = ROOT / "examples" / "logs"
    rows = hs.read(logs).to_frame()
    models = rows["model"].unique().sort().to_list()
    labels = rows.select("item", "model", "attempt", label="score").sample(60, seed=1)
    labels.write_csv(tmp_path / "labels.csv")
    found = hs.judge(logs, a=models[0], b=models[1], labels=tmp_path / "labels.csv")
    assert found.all_answers.n_labelled == sum(each.n_labelled for each in found.models)
    assert found.difference is not None


def test_a_limit_equal_to_0_up_to_rounding_is_not_significant():
    labels = [None, None, None, None, 0, None, None, 0, 0, None, None, 0, 0, 0, None, 1, 0, None, None, 0]
    rows = pl.DataFrame(
        {
            "model": [f"m{i % 2}" for i in range(20)],
            "item": [f"i{i // 2}" for i in range(20)],
            "score": 0,
            "label": labels,
        }
    )
    told = {paragraph(hs.judge(each, human="label")) for each in (rows, rows.reverse())}
    assert len(told) == 1
    assert "Its bias isn't significant" in told.pop()


def judged_as(parts):
    """Answers by verdict: so many of them, with so many labels, right ones first."""
    return pl.concat(
        pl.DataFrame(
            {"judge": [said] * n, "human": [*[1] * right, *[0] * (labels - right), *[None] * (n - labels)]},
            schema={"judge": pl.Int64, "human": pl.Int64},
        )
        for said, n, labels, right in parts
    )


def test_a_note_says_when_strata_with_few_labels_are_merged():
    few = hs.judge(judged_as([(0, 18, 2, 1), (1, 982, 198, 197)]))
    assert "The rate of all answers uses the labels alone: one of the verdicts has fewer than 5 labels." in few.notes
    assert few.all_answers.estimate.value == pytest.approx(few.all_answers.labels.value)
    assert few.all_answers.estimate.interval.low == pytest.approx(few.all_answers.labels.interval.low, abs=1e-9)
    enough = hs.judge(judged_as([(0, 180, 20, 4), (1, 820, 90, 88)]))
    assert not any("fewer than" in note for note in enough.notes)
    numbers = hs.judge(judged_as([(0, 200, 8, 1), (1, 200, 2, 1), (2, 200, 30, 30), (3, 200, 20, 20)]))
    assert "Verdicts with fewer than 5 labels are joined with those next to them: all answers." in numbers.notes


def test_a_warning_names_the_stratum_that_dominates_the_variance():
    found = hs.judge(judged_as([(0, 300, 8, 4), (1, 700, 120, 120)]))
    small = next(warning for warning in found.warnings if warning.code == "small_part")
    assert (small.name, small.n, small.units) == ("0", 8, "labels")
    assert small.message.startswith("answers with verdict 0 (8 of 128 labels) contribute 9")
    assert "with about" in small.message
    written = json.loads(found.render("json"))["warnings"]
    assert next(each for each in written if each["code"] == "small_part")["name"] == "0"
    more = hs.judge(judged_as([(0, 300, 150, 75), (1, 700, 120, 120)]))
    assert not [warning for warning in more.warnings if warning.code == "small_part"]


def test_a_note_says_when_strata_of_a_difference_are_merged():
    rows = two_systems(labels=12)
    few = hs.judge(rows, "a", "b", columns=ONE)
    assert few.difference.joined == any("Strata with fewer than 2 of them are merged" in note for note in few.notes)
    assert not hs.judge(two_systems(labels=200), "a", "b", columns=ONE).difference.joined
    whole = hs.judge(verdicts(labels=600))
    assert whole.all_answers.estimate.interval.low == pytest.approx(whole.all_answers.labels.interval.low, abs=1e-9)
    assert not any("fewer than" in note for note in whole.notes), (
        "with a label of every answer there is nothing to correct"
    )
