"""The verb judge: what is read, what is said, and the same answer in every format."""

import json

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main


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


def run(*words):
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, ["--no-config", *words], catch_exceptions=False)


def test_a_kind_judge_is_found_out():
    found = hs.judge(verdicts(labels=200, kind=0.5), labels_drawn="random")
    assert found.whole.judge > 0.75
    assert found.whole.estimate.interval.contains(0.6)
    assert found.whole.bias_interval.low > 0
    assert "the judge is too kind by about" in found.verdict
    assert found.verdict.startswith("The judge says")
    assert {each.model for each in found.models} == {"a", "b", "c"}
    assert sum(each.n_labelled for each in found.models) == 200


def test_how_labels_were_drawn_is_said():
    rows = verdicts()
    assert hs.judge(rows).verdict.startswith("If your labels were drawn at random: the judge says")
    assert hs.judge(rows, labels_drawn="convenience").verdict.startswith("Your labels are a convenience sample")
    chosen = rows.with_columns(human=pl.when(pl.col("judge") == 0).then("human"))
    assert chosen["human"].is_not_null().any()
    assert "labels_unlike" in [caution.code for caution in hs.judge(chosen).cautions]


WORDS = {"yes and no": ("yes", "no"), "C and I": ("C", "I"), "truth values": (True, False), "pass": ("PASS", "fail")}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_verdicts_in_every_spelling(words):
    rows = verdicts()
    kind = pl.Boolean if isinstance(words[0], bool) else pl.String
    said = rows.with_columns(pl.col("judge", "human").replace_strict({1: words[0], 0: words[1]}, return_dtype=kind))
    assert hs.judge(said).to_dict() == hs.judge(rows).to_dict()


def test_columns_of_other_names():
    rows = verdicts().rename({"judge": "g", "human": "me", "model": "who"})
    found = hs.judge(rows, human="me", columns={"judge": "g", "model": "who"})
    assert found.whole == hs.judge(verdicts()).whole


def test_a_judge_on_another_scale_still_helps():
    rng = np.random.default_rng(1)
    rows = verdicts(labels=200).with_columns(judge=pl.col("judge") * 4 + pl.Series(rng.integers(1, 6, 600)))
    found = hs.judge(rows)
    assert np.isnan(found.whole.judge)
    assert "with your 200 labels the rate of all 600 answers is" in found.verdict
    json.loads(found.render("json"))


def test_what_can_t_be_used_is_an_error():
    rows = verdicts()
    with pytest.raises(hs.DataError, match="no column for human"):
        hs.judge(rows.drop("human"))
    with pytest.raises(hs.DataError, match="no judged answer has a label"):
        hs.judge(rows.with_columns(human=pl.lit(None, dtype=pl.Int64)))
    with pytest.raises(hs.DataError, match="run from 0 to 5"):
        hs.judge(rows.with_columns(pl.col("human") * 5))
    with pytest.raises(hs.DataError, match="what is no verdict: 'perhaps'"):
        hs.judge(rows.with_columns(judge=pl.lit("perhaps")))
    with pytest.raises(hs.DataError, match="no column 'x'"):
        hs.judge(rows, human="x")
    with pytest.raises(hs.OptionError, match="labels_drawn"):
        hs.judge(rows, labels_drawn="somehow")


def test_answers_without_a_verdict_and_models_without_labels_are_counted():
    rows = verdicts()
    more = pl.DataFrame({"model": ["d", "d", "a"], "judge": [1, 0, None], "human": [None, None, 1]})
    found = hs.judge(pl.concat([rows, more], how="diagonal_relaxed"))
    assert "1 answer without a verdict left out." in found.notes
    assert any("no label, and left out: d" in caution.message for caution in found.cautions)


def test_the_command_says_what_the_verb_says(tmp_path):
    path = tmp_path / "verdicts.csv"
    verdicts().write_csv(path)
    found = hs.judge(path, human="human")
    assert json.loads(run("judge", str(path), "--human", "human", "-f", "json").output) == found.to_dict()
    assert found.verdict in " ".join(run("judge", str(path)).output.split())
    assert pl.read_csv(run("judge", str(path), "-f", "csv").stdout_bytes)["model"].to_list()[1:] == [
        each.model for each in found.models
    ]
    only = hs.judge(path, where={"model": "a"})
    assert only.models == ()
    for form in ("markdown", "html", "latex", "terminal"):
        assert "all answers" in found.render(form)


def test_hostile_names_are_escaped():
    name = "<script>alert(1)</script>\x1b[31m"
    found = hs.judge(verdicts().with_columns(pl.col("model").replace({"a": name})))
    assert "<script>" not in found.render("html")
    assert "\x1b" not in found.render("terminal")
