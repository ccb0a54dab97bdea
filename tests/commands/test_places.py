"""Sides by their place, counts in place of files, and a published score: compare, estimate and gate."""

import json

import polars as pl
import pytest
from click.testing import CliRunner
from scipy import stats

import howsure as hs
from howsure.commands.main import main
from howsure.commands.places import is_name, looks_like_path


def run(*words, code=0):
    done = CliRunner(env={"COLUMNS": "100"}).invoke(main, list(map(str, words)), prog_name="howsure")
    assert done.exit_code == code, done.output
    return done.output


def answers(model, right, n=40):
    return pl.DataFrame({"model": model, "id": range(n), "correct": [int(k < right) for k in range(n)]})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pl.concat([answers("new", 30), answers("old", 22), answers("third", 5)]).write_csv("all.csv")
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
    answers("m", 22).write_csv("v1/x.csv")
    answers("m", 30).write_csv("v2/x.csv")
    answers("n", 30).write_csv("n.csv")
    return tmp_path


def sides(output):
    found = json.loads(output)
    return found["a"], found["b"], round(found["difference"]["value"], 3)


@pytest.mark.usefixtures("folder")
def test_two_models_are_named_by_their_place():
    assert sides(run("compare", "all.csv", "old", "new", "-f", "json")) == ("old", "new", -0.2)
    assert sides(run("compare", "new", "third", "all.csv", "-f", "json")) == ("new", "third", 0.625)
    assert "no model 'odl'" in run("compare", "all.csv", "odl", "new", code=1)
    assert "'new' is one model, and a comparison takes two" in run("compare", "all.csv", "new", code=2)


@pytest.mark.usefixtures("folder")
def test_two_paths_are_two_sides():
    assert sides(run("compare", "v1", "v2", "-f", "json")) == ("v1", "v2", -0.2)  # one model: called after the paths
    assert sides(run("compare", "v1/x.csv", "n.csv", "-f", "json")) == ("m", "n", -0.2)
    assert "all.csv contains 3 models, but only one can be compared: new, old, third" in run(
        "compare", "all.csv", "n.csv", code=1
    )
    three = run("compare", "v1", "v2", "all.csv", "-a", "new", "-b", "old", "-f", "json")
    assert sides(three)[:2] == ("new", "old")
    python = hs.compare(["v1", "v2"])
    assert (python.a, python.b, round(python.value, 3)) == ("v1", "v2", -0.2)


@pytest.mark.usefixtures("folder")
def test_two_files_of_the_same_models_stay_data(folder):
    pl.concat([answers("new", 20), answers("old", 30)]).write_csv("t1.csv")
    pl.concat([answers("new", 25), answers("old", 12)]).write_csv("t2.csv")
    found = json.loads(run("compare", "t1.csv", "t2.csv", "-f", "json"))
    assert {found["a"], found["b"]} == {"new", "old"}


@pytest.mark.usefixtures("folder")
def test_a_missing_file_is_no_model():
    assert "x.csv: no such file or folder" in run("compare", "all.csv", "x.csv", code=1)
    assert "neither a file, nor a folder, nor a count" in run("compare", "foo", "bar", code=1)
    assert all(map(looks_like_path, ("a/", "./x", "x.JSON")))
    assert not looks_like_path("openai/gpt-4")
    assert [word for word in ("gpt-4", "v1", "17/20") if is_name(word)] == ["gpt-4"]


@pytest.mark.usefixtures("folder")
def test_a_gate_takes_its_sides_by_name():
    output = run("gate", "v2", "v1", "--not-worse-than", "5pp", code=3)
    assert "--candidate v2 --baseline v1" in output.replace("\n", " ")
    output = run("gate", "all.csv", "new", "old", "--better", code=3)
    assert "write --candidate new --baseline old (or the other way round) in place of new old" in output.replace(
        "\n", " "
    )
    assert run("gate", "n.csv", "--at-least", "60%").startswith("PASS")  # the only model


def test_a_path_goes_before_a_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert hs.estimate("2/4")[0].estimate.n_items == 4
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "4").write_text("no results")
    with pytest.raises(hs.ReadError, match="2/4"):
        hs.estimate("2/4")


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 300), (300, 300), (2, 3000), (17, 20)])
def test_the_interval_of_a_count_is_that_of_its_answers(k, n):
    counted = hs.estimate(f"{k}/{n}")[0]
    rows = hs.estimate(pl.DataFrame({"model": "x", "item": range(n), "score": [1] * k + [0] * (n - k)}))[0]
    assert (counted.value, counted.low, counted.high) == pytest.approx((rows.value, rows.low, rows.high), nan_ok=True)


@pytest.mark.parametrize("text", ["3/2", "1/0", "5/99999999"])
def test_impossible_counts_are_refused(text):
    with pytest.raises(hs.DataError, match="neither a file nor a count of right answers"):
        hs.estimate(text)


def test_counts_and_paths_are_two_sides_or_nothing(tmp_path):
    answers("m", 3, n=9).write_csv(tmp_path / "x.csv")
    gap = hs.compare(None, str(tmp_path / "x.csv"), "2/9")
    assert gap.value == pytest.approx(1 / 9)
    with pytest.raises(hs.OptionError, match=r"2/9 is a count, but .*x\.csv is a path"):
        hs.read(["2/9", str(tmp_path / "x.csv")])


@pytest.mark.parametrize("counts", [("17/20", "14/20"), ("20/20", "0/20"), ("2/3000", "0/3000"), ("5/9", "5/9")])
def test_counts_are_compared_as_different_questions(counts):
    gap = hs.compare(None, *counts)
    (a, m), (b, n) = ([int(x) for x in text.split("/")] for text in counts)
    assert gap.value == pytest.approx(a / m - b / n)
    assert not gap.paired
    exact = stats.fisher_exact([[a, m - a], [b, n - b]]).pvalue
    assert (gap.p_value < 0.05) == (exact < 0.05)
    said = " ".join(f"{each.message} {each.remedy}" for each in (*gap.warnings, *gap.difference.warnings))
    assert "counts don't show which questions" in said
    assert "share any item" not in said


def test_a_published_score_is_compared_unpaired_with_its_own_error():
    rows = answers("ours", 38, n=89)
    gap = hs.compare(rows, published="58.7%/89")
    assert gap.value == pytest.approx(38 / 89 - 0.587)
    assert gap.b == "published 58.7%"
    alone = hs.compare(None, "38/89", "52/89")
    assert gap.se == pytest.approx(alone.se, rel=0.02)
    assert "as if its questions differed from yours" in " ".join(c.message for c in gap.difference.warnings)
    for published in ((0.587, 89), "0.587/89"):
        assert hs.compare(rows, published=published).p_value == pytest.approx(gap.p_value)


def test_a_published_score_without_its_number_of_questions_is_exact():
    rows = answers("ours", 38, n=89)
    gap = hs.compare(rows, published=0.587)
    own = hs.estimate(rows)[0]
    assert gap.se == pytest.approx(own.se)
    assert gap.p_value == pytest.approx(stats.binomtest(38, 89, 0.587).pvalue, abs=0.003)
    assert "treated as exact" in " ".join(c.message for c in gap.warnings)
    assert (gap.wins, gap.losses, gap.ties) == (0, 0, 0)


def test_own_clusters_count_beside_a_published_score():
    rows = answers("ours", 38, n=88).with_columns(cluster=pl.col("id") // 4)
    gap = hs.compare(rows, published="58.7%/89")
    own = hs.estimate(rows)[0]
    assert gap.difference.n_clusters == 22 + 89
    assert gap.se**2 == pytest.approx(own.se**2 + 0.587 * 0.413 / 88, rel=0.02)


def test_published_scores_are_refused_if_it_is_unclear_what_they_are_of():
    rows = answers("ours", 38, n=89)
    with pytest.raises(hs.OptionError, match="`published` replaces `b`"):
        hs.compare(pl.concat([rows, answers("m", 3, n=89)]), "ours", "m", published=0.5)
    with pytest.raises(hs.OptionError, match="which of 2 models is meant"):
        hs.compare(pl.concat([rows, answers("m", 3, n=89)]), published=0.5)
    with pytest.raises(hs.OptionError, match="needs one task and metric"):
        hs.compare(pl.concat([rows.with_columns(task=pl.lit(task)) for task in "xy"]), published=0.5)
    with pytest.raises(hs.OptionError, match=r"Write 58\.7% for percent"):
        hs.compare(rows, published=58.7)
    with pytest.raises(hs.OptionError, match="is not a published score"):
        hs.compare(rows, published="high")


def test_percent_scores_are_compared_with_a_published_percentage():
    rows = answers("ours", 38, n=89).with_columns(correct=100.0 * pl.col("correct"))
    gap = hs.compare(
        rows.rename({"correct": "accuracy_percent"}), columns={"score": "accuracy_percent"}, published="58.7%"
    )
    assert gap.value == pytest.approx(38 / 89 - 0.587)


def test_a_gate_may_ask_about_a_published_score_and_counts():
    rows = answers("ours", 38, n=89)
    assert hs.gate(rows, published="58.7%/89", not_worse_than=0.02).verdict == "fail"
    assert hs.gate(rows, published="20%/89", better=True).verdict == "pass"
    assert hs.gate("47/50", at_least=0.8).verdict == "pass"
    assert hs.gate(None, "47/50", "45/50", not_worse_than=0.15).verdict == "pass"
    with pytest.raises(hs.OptionError, match="`published` replaces `baseline`"):
        hs.gate(rows, "ours", "ours", published=0.5, better=True)


def test_columns_and_rows_are_chosen_by_every_verb():
    rows = answers("a", 30).vstack(answers("b", 20)).rename({"id": "prompt_text", "correct": "points"})
    rows = rows.with_columns(split=pl.when(pl.col("prompt_text") < 20).then(pl.lit("x")).otherwise(pl.lit("y")))
    chosen = {"columns": {"item": "prompt_text", "score": "points"}, "where": {"split": "y"}}
    gap = hs.compare(rows, "a", "b", **chosen)
    assert gap.difference.n_items == 20
    assert gap.value == pytest.approx(0.5)
    assert hs.leaderboard(rows, **chosen).boards[0].entries[0].value == pytest.approx(0.5)
    scores = hs.read(rows, **chosen)
    with pytest.raises(hs.OptionError, match="Pass them to `read`"):
        hs.compare(scores, "a", "b", where={"split": "x"})
    with pytest.raises(hs.OptionError, match=r"Name a column as columns=\{'item': 'prompt_text'\}"):
        hs.compare(rows, "a", "b", item="prompt_text")
