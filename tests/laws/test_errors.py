"""Errors and warnings say what is wrong, where, and what to do; their texts are snapshots."""

import json
import os

import narwhals as nw
import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered, two_models
from howsure.commands import configuration
from howsure.page.provenance import read_origin
from howsure.present import files as writing
from howsure.readers import inspect_ai, registry
from howsure.statistics.betting import Betting
from howsure.statistics.difference import difference
from howsure.statistics.means import mean


def frame(**columns):
    return pl.DataFrame(columns)


def doubled(**columns):
    """Two rows for one item of one model."""
    return frame(model=["a", "a"], item=["x", "x"], score=[1.0, 0.0], **columns)


def grouped(**columns):
    return frame(model=["a", "a"], item=["x", "y"], score=[1.0, 0.0], **columns)


def twice(monitor):
    monitor.add("q", 1.0)
    monitor.add("q", 1.0)


ERRORS = {
    "no such interval": lambda: hs.estimate(two_models(), interval="wlad"),
    "plain words as data": lambda: hs.compare(two_models(), "a", "b").render("csv", explain=True),
    "no such method": lambda: hs.compare(two_models(), "a", "b", method="ttest"),
    "method of one pair on a board": lambda: hs.leaderboard(two_models(), method="mcnemar"),
    "no such failures": lambda: hs.estimate(two_models(), failures="ignore"),
    "chart of no such kind": lambda: hs.leaderboard(two_models()).chart("bars"),
    "chart of the pairs of one model": lambda: hs.leaderboard(two_models().filter(pl.col("model") == "a")).chart(
        "pairs"
    ),
    "chart as a text document": lambda: writing.write_chart({}, "board.docx"),
    "level in percent": lambda: hs.estimate(two_models(), level=95),
    "margin of nothing": lambda: hs.compare(two_models(), "a", "b", margin=0),
    "overall nonsense": lambda: hs.leaderboard(
        pl.concat([two_models(task=pl.lit(t)) for t in "xy"]), overall="harmonic"
    ),
    "overall lacks a task": lambda: hs.leaderboard(
        pl.concat([two_models(task=pl.lit(t)) for t in "xy"]), overall={"x": 1.0}
    ),
    "unknown model": lambda: hs.compare(two_models(), "a", "bb"),
    "same model twice": lambda: hs.compare(two_models(), "a", "a"),
    "models without a common task": lambda: hs.compare(
        frame(model=["a", "b"], item=["x", "x"], score=[1.0, 0.0], task=["t1", "t2"]), "a", "b"
    ),
    "several metrics": lambda: hs.compare(pl.concat([two_models(metric=pl.lit(m)) for m in "mn"]), "a", "b"),
    "nothing to plan for": hs.plan,
    "plan for no effect": lambda: hs.plan(effect=0),
    "plan with a size in words": lambda: hs.plan(effect="5pp"),
    "plan for a misspelt option": lambda: hs.plan(effect=0.05, clusterr="passage"),
    "plan at the level of a coin": lambda: hs.plan(not_worse_than=0.05, level=0.4),
    "plan of fewer than no items": lambda: hs.plan_score(within=0.05, n_items=-3),
    "plan for failures rarer than can be counted": lambda: hs.plan_failures(1e-9),
    "plan for a bare 3": lambda: hs.plan(effect=3),
    "plan a floor of a bare 92": lambda: hs.plan_score(at_least=92, rate=0.95),
    "plan an error bar as wide as the scale": lambda: hs.plan_score(within=3),
    "plan with the score test on another scale": lambda: hs.plan(
        two_models(score=pl.col("score") * 50), "a", "b", effect=1, method="score"
    ),
    "plan with power in percent": lambda: hs.plan(effect=0.1, power=80),
    "plan for two goals": lambda: hs.plan(not_worse_than=0.1, same_within=0.1),
    "plan outside its margin": lambda: hs.plan(same_within=0.05, effect=0.06),
    "plan with too few items": lambda: hs.plan(n_items=1),
    "plan without the pilot it needs": lambda: hs.plan(effect=0.1, cluster="passage"),
    "plan from one model": lambda: hs.plan(two_models().filter(pl.col("model") == "a"), effect=0.1),
    "plan from no spread": lambda: hs.plan(two_models(score=pl.lit(1.0)), "a", "b", effect=0.1),
    "plan from one item": lambda: hs.plan(two_models(n=1), "a", "b", effect=0.1),
    "plan from one cluster": lambda: hs.plan(
        two_models(g=pl.lit("g")), "a", "b", effect=0.1, cluster="g", population="new-clusters"
    ),
    "plan for attempts that nothing tells of": lambda: hs.plan(two_models(), "a", "b", effect=0.1, attempts=3),
    "plan on two bases": lambda: hs.plan(two_models(), effect=0.1, assume=hs.Assumptions()),
    "assumed icc too large": lambda: hs.plan(effect=0.1, assume=hs.Assumptions(icc=0.5, cluster_size=5)),
    "assumed twice": lambda: hs.Assumptions(rate=0.5, answer_variance=0.1),
    "assumed rate of 1.5": lambda: hs.Assumptions(rate=1.5),
    "costs of nothing": lambda: hs.Costs(attempt=0),
    "failures below 0": lambda: hs.plan_failures(0),
    "more failures than runs": lambda: hs.plan_failures(0.01, observed=(3, 2)),
    "icc without clusters": lambda: hs.plan_failures(0.01, icc=0.2),
    "no rows left": lambda: hs.estimate(hs.read(two_models(), where={"item": "nowhere"})),
    "no rows left of a task": lambda: hs.estimate(hs.read(two_models(), where={"item": "nowhere"}), task="task"),
    "unknown task": lambda: hs.estimate(two_models(task=pl.lit("arithmetic")), task="arithmetics"),
    "unknown task beside a known one": lambda: hs.estimate(two_models(task=pl.lit("sums")), task=["sums", "x"]),
    "unknown task of many": lambda: hs.estimate(two_models(task=pl.col("item")), task="exam"),
    "unknown metric": lambda: hs.leaderboard(two_models(metric=pl.lit("exact_match")), metric="exact"),
    "unknown model beside a known one": lambda: hs.estimate(two_models(), model=["a", "c"]),
    "end of several names": lambda: hs.estimate(
        two_models(model=pl.concat_str(pl.col("model"), pl.lit("/mini"))), model="mini"
    ),
    "model that lacks the task": lambda: hs.estimate(
        frame(model=["a", "b"], item=["x", "x"], score=[1.0, 0.0], task=["t1", "t2"]), model="a", task="t2"
    ),
    "no model column": lambda: hs.estimate(frame(item=["x"], score=[1.0])),
    "no score column": lambda: hs.estimate(frame(model=["a"], item=["x"])),
    "votes": lambda: hs.estimate(frame(model_a=["a"], model_b=["b"], winner=["a"])),
    "named column is missing": lambda: hs.estimate(hs.read(two_models(), columns={"score": "points"})),
    "unknown letter": lambda: hs.estimate(frame(model=["a"], item=["x"], score=["maybe"])),
    "score is a list": lambda: hs.estimate(frame(model=["a"], item=["x"], score=[[1, 2]])),
    "infinite score": lambda: hs.estimate(grouped().with_columns(score=pl.lit(float("inf")))),
    "no score at all": lambda: hs.estimate(frame(model=["a"], item=["x"], score=[None]).cast({"score": pl.Float64})),
    "row without a model": lambda: hs.estimate(frame(model=["a", None], item=["x", "y"], score=[1.0, 0.0])),
    "mixture": lambda: hs.estimate(doubled(language=["p1", "p2"])),
    "one attempt, two scores": lambda: hs.estimate(doubled(attempt=[0, 0])),
    "failures refused": lambda: hs.estimate(grouped(status=["ok", "error"]), failures="error"),
    "unknown cluster": lambda: hs.estimate(clustered(), cluster="passages"),
    "cluster with holes": lambda: hs.estimate(grouped(doc=["d", None]), cluster="doc"),
    "cluster that varies": lambda: hs.estimate(
        frame(model=["a", "b"], item=["x", "x"], score=[1.0, 0.0], doc=["d", "e"]), cluster="doc"
    ),
    "three clusterings": lambda: hs.estimate(grouped(p=[1, 2], q=[1, 2], r=[1, 2]), cluster=["p", "q", "r"]),
    "pattern without a group": lambda: hs.estimate(clustered(), cluster=r"id:^p\d"),
    "pattern that is none": lambda: hs.estimate(clustered(), cluster="id:("),
    "pattern that misses": lambda: hs.estimate(clustered(), cluster=r"id:^(p[0-3])-"),
    "weight of nothing": lambda: hs.estimate(grouped(importance=[1.0, 0.0]), weight="importance"),
    "weight in words": lambda: hs.estimate(grouped(importance=["big", "small"]), weight="importance"),
    "not a frame": lambda: hs.estimate(42),
    "no such path": lambda: hs.read("no/such/folder"),
    "no such reader": lambda: hs.read("README.md", reader="helmet"),
    "audit of nothing": lambda: hs.audit(frame(model=["a"], when=["now"])),
    "mcnemar of fractions": lambda: difference(np.array([0.5, 1]), np.array([0.0, 1]), method="mcnemar"),
    "score test off the scale": lambda: difference(
        np.array([5.0, 1]), np.array([0.0, 1]), bounded=False, method="score"
    ),
    "sign-flip without shared items": lambda: difference(
        np.array([1.0, np.nan]), np.array([np.nan, 1.0]), method="sign-flip"
    ),
    "wilson off the scale": lambda: mean(np.array([5.0, 1]), bounded=False, interval="wilson"),
    "watch: nothing is asked": lambda: hs.Monitor(a="a"),
    "watch: two questions": lambda: hs.Monitor(a="a", at_least=0.5, within=0.1),
    "watch: a margin of one model": lambda: hs.Monitor(a="a", within=None, at_least=None, margin=0.1),
    "watch: a floor of two models": lambda: hs.Monitor(a="a", b="b", at_least=0.5),
    "watch: a model with itself": lambda: hs.Monitor(a="a", b="a"),
    "watch: one model by two names": lambda: hs.Monitor(a="a", b="x/a").update(
        two_models(model=pl.lit("x/") + pl.col("model"))
    ),
    "watch: within nothing": lambda: hs.Monitor(a="a", within=0),
    "watch: bounds upside down": lambda: hs.Monitor(a="a", within=0.1, bounds=(1, 0)),
    "watch: a floor beyond the bounds": lambda: hs.Monitor(a="a", at_least=92),
    "watch: margin of the whole scale": lambda: hs.Monitor(a="a", b="b", margin=1),
    "watch: a floor in words": lambda: hs.Monitor(a="a", at_least="90%"),
    "watch: within the whole scale": lambda: hs.Monitor(a="a", within=2),
    "watch: no items planned": lambda: hs.Monitor(a="a", b="b", looks="any/0"),
    "watch: exactly these questions": lambda: hs.Monitor(a="a", b="b", population="these-questions"),
    "watch: checkpoints": lambda: hs.Monitor(a="a", b="b", average_last=2),
    "watch: two ways of clustering": lambda: hs.Monitor(a="a", b="b", cluster=["p", "q"]),
    "watch: covariate": lambda: hs.Monitor(a="a", b="b", covariate="length"),
    "watch: clusters of unknown size": lambda: hs.Monitor(a="a", b="b", cluster="passage").update(clustered()),
    "watch: clusters of another size": lambda: hs.Monitor(a="a", b="b", cluster="passage", cluster_size=3).update(
        clustered()
    ),
    "watch: weights of what is seen": lambda: hs.Monitor(a="a", b="b", weight="w").update(two_models(w=pl.lit(2.0))),
    "watch: a score out of bounds": lambda: hs.Monitor(a="a", b="b").update(two_models(score=pl.col("score") * 50)),
    "watch: several tasks": lambda: hs.Monitor(a="a", b="b").update(
        pl.concat([two_models(task=pl.lit(t)) for t in "xy"])
    ),
    "watch: several metrics": lambda: hs.Monitor(a="a", b="b").update(
        pl.concat([two_models(metric=pl.lit(t)) for t in "xy"])
    ),
    "watch: one score of two": lambda: hs.Monitor(a="a", b="b").add("q1", 1.0),
    "watch: an item of no order": lambda: hs.Monitor(a="a", within=0.1, order=["p"]).add("q", 1.0),
    "watch: an item twice": lambda: twice(hs.Monitor(a="a", within=0.1)),
    "betting beyond the bounds": lambda: Betting().add([2.0]),
    "betting on units too large": lambda: Betting().add([2.0], [3.0]),
    "betting without bounds": lambda: Betting(bounds=(1, 0)),
    "gate that asks nothing": lambda: hs.gate(two_models(), "a", "b"),
    "gate without a baseline": lambda: hs.gate(two_models(), "a", better=True),
    "gate of a model against itself": lambda: hs.gate(two_models(), "a", "a", better=True),
    "gate at a coin's throw": lambda: hs.gate(two_models(), "a", "b", better=True, level=0.5),
    "gate with no margin": lambda: hs.gate(two_models(), "a", "b", not_worse_than=0),
    "gate with a floor in words": lambda: hs.gate(two_models(), "a", at_least="92%"),
    "floor off the scale": lambda: hs.gate(two_models(), "a", at_least=92),
    "floor where smaller is better": lambda: hs.gate(two_models(), "a", at_least=0.5, lower_is_better=True),
    "margin by a method without one": lambda: hs.gate(two_models(), "a", "b", same_within=0.1, method="mcnemar"),
    "gate of nothing": lambda: hs.gate(two_models(), "a", "b", better=True, each_task=False),
    "overall gate on two scales": lambda: hs.gate(
        pl.concat([two_models(task=pl.lit("t")), two_models(task=pl.lit("u"), score=pl.col("score") * 7)]),
        *("a", "b"),
        better=True,
        overall="mean",
    ),
    "configuration that is not there": lambda: configuration.load("nowhere.toml"),
    "origin of a page that is not there": lambda: read_origin("nowhere.html"),
    "origin of what is no page": lambda: read_origin(os.devnull),
    "report by a method for one pair": lambda: hs.report(two_models(), method="sign-flip"),
    "report with a covariate": lambda: hs.report(attempts(), covariate="length"),
    "margin without an error bar": lambda: hs.compare(two_models(n=1), "a", "b", margin=0.1),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_messages_match_their_snapshots(name, snapshot):
    with pytest.raises(hs.HowsureError) as caught:
        ERRORS[name]()
    assert f"{type(caught.value).__name__}: {caught.value}" == snapshot


FILES = {
    "empty.csv": b"",
    "cut.json": b'[{"model": "a", ',
    "words.txt": b"hello",
    "no-items.csv": b"model,when\na,now\n",
    "broken.parquet": b"PAR1 and nothing else",
    "broken.jsonl": b'{"model": "a", "item": "x", "score": 1}\n{"model": "a"\n',
    "list.json": b"[1, 2]",
    "not-a-zip.eval": b"PK\x03\x04 but no zip",
    "binary.csv": b"\x00\x01\x02",
}


@pytest.mark.parametrize("name", FILES)
def test_messages_about_files_match_their_snapshots(name, snapshot, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    with pytest.raises(hs.HowsureError) as caught:
        hs.read(path)
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == snapshot


CAUTIONS = {
    "one item": lambda: hs.estimate(frame(model=["a"], item=["x"], score=[0.5])),
    "one cluster": lambda: hs.estimate(grouped(cluster=["c", "c"]), population="new-clusters"),
    "no variance": lambda: hs.estimate(grouped().with_columns(score=pl.lit(0.5))),
    "dominant cluster": lambda: hs.estimate(
        clustered().with_columns(cluster=pl.when(pl.col("passage") < "p6").then(pl.lit("big")).otherwise("passage")),
        population="new-clusters",
    ),
    "few clusters": lambda: hs.estimate(clustered(n_clusters=4, size=10), cluster="passage", population="new-clusters"),
    "ids look grouped": lambda: hs.estimate(clustered()),
    "metadata looks grouped": lambda: hs.estimate(clustered().with_columns(item=pl.col("item").hash().cast(pl.String))),
    "rows as attempts": lambda: hs.estimate(doubled()),
    "copies": lambda: hs.estimate(doubled(attempt=[0, 0]).with_columns(score=pl.lit(1.0))),
    "mixed scale": lambda: hs.estimate(
        frame(model=["a", "a", "b", "b"], item=["x", "y"] * 2, score=[0.5, 1.0, 70.0, 90.0])
    ),
    "cluster with holes": lambda: hs.estimate(grouped(cluster=["c", None])),
    "unpaired": lambda: hs.compare(frame(model=["a", "a", "b", "b"], item=list("wxyz"), score=[1, 0, 1, 1]), "a", "b"),
    "policy changes the verdict": lambda: hs.compare(
        frame(
            model=["a"] * 30 + ["b"] * 30,
            item=[*range(30)] * 2,
            score=[1.0] * 20 + [None] * 10 + [0.0] * 6 + [1.0] * 24,
        ),
        *("a", "b"),
    ),
    "policy changes the order": lambda: hs.leaderboard(
        frame(model=["a", "a", "b", "b"], item=["x", "y"] * 2, score=[1.0, None, 1.0, 0.0])
    ),
    "no overall": lambda: hs.leaderboard(
        pl.concat([two_models(task=pl.lit("t")), two_models(task=pl.lit("u"), score=pl.col("score") * 7)])
    ),
    "not in overall": lambda: hs.leaderboard(
        pl.concat([two_models(task=pl.lit("t")), two_models(task=pl.lit("u")).filter(pl.col("model") == "a")])
    ),
    "watch: order": lambda: hs.Monitor(a="a", b="b").update(two_models()),
    "watch: a model that is missing": lambda: hs.Monitor(a="a", b="c", shuffled=True).update(two_models()),
    "watch: unbounded": lambda: hs.Monitor(a="a", b="b", bounds=None, shuffled=True).update(two_models()),
    "gate: a task left out, items missing, a fail after Holm": lambda: hs.gate(
        pl.concat(
            [
                two_models(n=60, task=pl.lit("x")).filter((pl.col("model") == "a") | (pl.col("item") != "q1")),
                two_models(task=pl.lit("y")).filter(pl.col("model") == "a"),
                two_models(n=12, task=pl.lit("z")),
            ]
        ),
        *("b", "a"),
        not_worse_than=0.01,
    ),
    "gate: a task without baseline": lambda: hs.gate(
        pl.concat([two_models(task=pl.lit("x")), two_models(task=pl.lit("y")).filter(pl.col("model") == "a")]),
        *("a", "b"),
        not_worse_than=0.01,
    ),
    "gate: failure policy": lambda: hs.gate(
        frame(model=["a"] * 60 + ["b"] * 60, item=[*range(60)] * 2, score=[1.0] * 20 + [None] * 40 + [1.0] * 60),
        *("a", "b"),
        not_worse_than=0.2,
    ),
    "binomial only": lambda: hs.audit(frame(model=["a", "b"], score=[0.7, 0.6], n=[100, None])),
}


@pytest.mark.parametrize("name", CAUTIONS)
def test_warning_texts_match_their_snapshots(name, snapshot):
    text = CAUTIONS[name]().render("markdown")
    assert "\n".join(line for line in text.splitlines() if line.startswith("- ⚠")) == snapshot


def test_a_where_filter_on_an_unknown_column_is_an_error():
    with pytest.raises((hs.DataError, nw.exceptions.ColumnNotFoundError), match="kind"):
        hs.read(two_models(), where={"kind": "x"})


def test_an_unexpected_exception_in_a_reader_becomes_a_read_error(tmp_path, monkeypatch):
    def broken(source):
        raise AttributeError("no such part")

    monkeypatch.setattr(inspect_ai, "read", broken)
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps({"version": 2, "status": "success", "eval": {"task": "t", "created": "1", "model": "m"}})
    )
    with pytest.raises(hs.ReadError, match=r"x\.json: .*AttributeError: no such part.*please report it"):
        hs.read(path)


def test_a_log_whose_header_names_no_task_is_a_read_error(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"version": 2, "status": "success", "eval": {"task": [], "created": 1, "model": "m"}}))
    with pytest.raises(hs.ReadError, match=r"x\.json: no task and model in the log's header"):
        hs.read(path)


def test_an_unreadable_file_is_a_warning_and_an_error_only_when_strict(tmp_path):
    two_models().write_csv(tmp_path / "good.csv")
    (tmp_path / "bad.json").write_text("[{")
    scores = hs.read(tmp_path)
    assert [(file.path, file.outcome) for file in scores.files] == [("bad.json", "failed"), ("good.csv", "read")]
    assert [warning.code for warning in scores.warnings] == ["files_failed"]
    with pytest.raises(hs.ReadError, match=r"bad\.json"):
        hs.read(tmp_path, strict=True)


def test_an_unknown_reader_name_is_an_error_that_lists_the_readers():
    with pytest.raises(hs.OptionError) as caught:
        registry.by_name("x")
    assert "inspect" in str(caught.value)
