"""howsure inside Inspect: metrics, early stopping and annotation, in real runs with the mock model; nothing uses the network."""

import asyncio
import itertools
import logging
import math
import os
import re
import subprocess
import sys
import zlib
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main

pytest.importorskip("inspect_ai")
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import CORRECT, INCORRECT, SampleScore, Score, accuracy, includes, scorer, stderr
from inspect_ai.solver import solver

from howsure.integrations.inspect import annotate, clustered_se, interval, noise, shuffle_clusters, stop_when_decided
from places import ROOT
from trials import draws

pytestmark = pytest.mark.filterwarnings("ignore")  # Inspect's own, and those of what it depends on


@solver
def canned(rate, name=""):
    """Answer right with this rate, by a hash of sample and epoch."""

    async def solve(state, generate):
        lucky = zlib.crc32(f"{name}/{state.sample_id}/{state.epoch}".encode()) % 1000 < 1000 * rate
        state.output = ModelOutput.from_content("mockllm/model", state.target.text if lucky else "no idea")
        return state

    return solve


@solver
def failing(every):
    """Fail at every so many-th sample, answer the others right."""

    async def solve(state, generate):
        if zlib.crc32(str(state.sample_id).encode()) % every == 0:
            raise RuntimeError("the tool broke")
        state.output = ModelOutput.from_content("mockllm/model", state.target.text)
        return state

    return solve


def data(n=200, *, shuffled=True):
    samples = [
        Sample(id=f"q{i}", input=f"Say {i}.", target=f"word{i}", metadata={"passage_id": f"p{i // 5}"})
        for i in range(n)
    ]
    dataset = MemoryDataset(samples, name="words")
    if shuffled:
        dataset.shuffle(seed=7)
    return dataset


@pytest.fixture
def run(tmp_path):
    def runs(dataset, answer, early=None, *, metrics=None, epochs=1, **options):
        task = Task(
            name="words",
            dataset=dataset,
            solver=answer,
            scorer=includes(),
            metrics=metrics,
            early_stopping=early,
            epochs=epochs,
        )
        (log,) = eval(task, model="mockllm/model", log_dir=str(tmp_path), display="none", **options)
        return log

    return runs


def told(log):
    return log.results.early_stopping.metadata


def metrics_of(log):
    return {name: metric.value for score in log.results.scores for name, metric in score.metrics.items()}


def test_inspect_metrics_equal_those_of_estimate_and_noise(run):
    asked = [accuracy(), stderr(), clustered_se("passage_id"), interval("passage_id"), noise("passage_id")]
    log = run(data(60), canned(0.7), metrics=asked, epochs=3)
    found = metrics_of(log)
    estimate = hs.estimate(log.location, cluster="passage_id")[0].estimate
    assert found["clustered_se"] == pytest.approx(estimate.se, rel=1e-9)
    assert (found["low"], found["high"]) == pytest.approx((estimate.interval.low, estimate.interval.high), rel=1e-9)
    entry = hs.noise(log.location, cluster="passage_id").tasks[0].entries[0]
    assert found["se_answers"] == pytest.approx(math.sqrt(entry.variance_within_questions), rel=1e-9)
    assert found["se_questions"] ** 2 + found["se_answers"] ** 2 == pytest.approx(estimate.se**2)
    registered = {metric.name for score in log.eval.scorers or [] for metric in score.metrics or []}
    assert {"howsure/clustered_se", "howsure/interval", "howsure/noise"} <= registered


def scores(values, group="g"):
    return [
        SampleScore(score=Score(value=value), sample_id=k, sample_metadata={"passage_id": group.format(k)})
        for k, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("given", "cluster"),
    [
        ([], None),
        (scores([CORRECT]), None),
        (scores([CORRECT, INCORRECT]), "passage_id"),
        (scores([CORRECT, INCORRECT]), "no such key"),
        (scores([math.nan, math.nan]), None),
    ],
)
def test_inspect_metrics_are_nan_instead_of_raising(given, cluster):
    assert math.isnan(clustered_se(cluster)(given))
    assert math.isnan(noise(cluster)(given)["se_answers"])
    interval(cluster)(given)


def test_metrics_without_a_cluster_take_that_of_the_environment_or_the_key_named_cluster(monkeypatch):
    """`inspect score --metric howsure/…` can't give arguments to a metric."""
    values = [CORRECT, CORRECT, CORRECT, INCORRECT, INCORRECT, INCORRECT, CORRECT, INCORRECT]
    grouped = [
        SampleScore(score=Score(value=value), sample_id=k, sample_metadata={"passage_id": f"p{k // 2}"})
        for k, value in enumerate(values)
    ]
    alone, clustered = clustered_se()(grouped), clustered_se("passage_id")(grouped)
    assert clustered > alone
    monkeypatch.setenv("HOWSURE_CLUSTER", "passage_id")
    assert clustered_se()(grouped) == clustered
    monkeypatch.delenv("HOWSURE_CLUSTER")
    for score in grouped:
        score.sample_metadata["cluster"] = score.sample_metadata["passage_id"]
    assert clustered_se()(grouped) == clustered


CANNED = """
import zlib
from inspect_ai.model import ModelOutput
from inspect_ai.solver import solver

@solver
def canned():
    async def solve(state, generate):
        right = zlib.crc32(f"q{int(state.sample_id) - 1}/{state.epoch}".encode()) % 10 < 7
        state.output = ModelOutput.from_content("mockllm/model", state.target.text if right else "no idea")
        return state

    return solve
"""
"""In place of a model: Inspect counts tokens with a table that it fetches."""


def run_in(folder, *words, **environment):
    result = subprocess.run(
        [sys.executable, "-m", "inspect_ai", *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_code_of_the_page_runs_and_inspect_score_finds_the_metrics(tmp_path):
    """The task of docs/inspect.md, run and scored again by Inspect's own program."""
    page = (ROOT / "docs" / "inspect.md").read_text()
    first, second = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    first = first.replace("generate()", "canned()").replace("from inspect_ai.solver import generate", CANNED)
    (tmp_path / "passages.py").write_text(first)
    run_in(tmp_path, "eval", "passages.py", "--model", "mockllm/model", "--display", "none")
    (log,) = (tmp_path / "logs").glob("*.eval")
    found = metrics_of(read_eval_log(str(log), header_only=True))
    shown = re.findall(r"(\w+) +(\d\.\d{3})", page)
    assert {name: f"{value:.3f}" for name, value in found.items()} == dict(shown)
    command = re.search(r"inspect score (.*)", page)[1].split()
    words = [str(log) if word.endswith("LOG.eval") else word for word in command]
    run_in(tmp_path, "score", *words, "--output-file", "again.eval", "--display", "none", HOWSURE_CLUSTER="passage_id")
    again = metrics_of(read_eval_log(str(tmp_path / "again.eval"), header_only=True))
    assert again == pytest.approx({name: found[name] for name in again})
    assert set(again) == {"clustered_se", "low", "high"}
    (tmp_path / "main.eval").write_bytes(log.read_bytes())
    names = {"log": str(tmp_path / "main.eval")}
    second = second.replace("generate()", "canned()")
    exec(f"{first}\n{second}".replace('"logs/main.eval"', "log"), names)
    assert names["stopped"].early_stopping is not None


def test_inspect_metrics_at_100_percent_use_the_exact_interval():
    ends = interval()(scores([CORRECT] * 30))
    assert ends["high"] == 1.0
    assert ends["low"] == pytest.approx(0.8843, abs=1e-4)  # Clopper and Pearson, 30 of 30
    assert clustered_se()(scores([CORRECT] * 30)) == 0
    assert math.isnan(noise()(scores([CORRECT, INCORRECT] * 10))["se_questions"])  # one attempt


def test_a_run_clearly_above_its_floor_is_stopped_early(run):
    stopping = stop_when_decided(at_least=0.7)
    log = run(data(), canned(0.95), stopping, max_samples=4)
    assert log.status == "success"
    assert told(log)["decided"]
    assert "at least 70.0%" in told(log)["verdict"]
    stopped = log.results.early_stopping.early_stops
    assert len(stopped) == told(log)["stopped"] > 100
    assert told(log)["verdict"] == stopped[0].reason
    assert log.results.completed_samples + len(stopped) == 200
    assert told(log)["low"] > 0.7 > 0.05 > told(log)["p_value"]
    again = run(data(), canned(0.95), stop_when_decided(at_least=0.7), max_samples=4)
    assert abs(again.results.completed_samples - log.results.completed_samples) < 10


@pytest.mark.unmeasured
def test_a_run_better_than_or_within_the_margin_of_its_baseline_is_stopped_early(run):
    n = 120
    baseline = run(data(n), canned(0.3, "old"))
    log = run(data(n), canned(0.9, "new"), stop_when_decided(baseline.location), max_samples=4)
    assert told(log)["decided"]
    assert "mockllm/model is better than baseline" in told(log)["verdict"]
    assert log.results.completed_samples < 100
    same = run(data(n), canned(0.3, "old"), stop_when_decided(baseline.location), max_samples=4)
    assert not told(same)["decided"]
    assert told(same)["estimate"] == 0
    assert told(same)["stopped"] == 0
    fine = run(data(n), canned(0.3, "old"), stop_when_decided(baseline.location, margin=0.2), max_samples=4)
    assert told(fine)["decided"]


def test_a_run_is_stopped_once_its_interval_is_narrow_enough(run):
    log = run(data(), canned(0.9), stop_when_decided(within=0.2), max_samples=4)
    assert told(log)["high"] - told(log)["low"] <= 0.4
    assert log.results.completed_samples < 200


def test_early_stopping_refuses_unshuffled_samples(run):
    log = run(data(shuffled=False), canned(0.9), stop_when_decided(at_least=0.5))
    assert log.status == "error"
    assert "random order" in log.error.message
    assert run(data(shuffled=False), canned(0.9), stop_when_decided(at_least=0.5, shuffled=True)).status == "success"


def test_early_stopping_warns_if_all_samples_start_at_once(run, caplog):
    with caplog.at_level(logging.WARNING, logger="howsure"):
        run(data(20), canned(0.9), stop_when_decided(at_least=0.5), max_samples=20)
    assert any("leaves nothing to stop" in record.getMessage() for record in caplog.records)


def test_early_stopping_counts_whole_clusters(run):
    dataset = MemoryDataset(shuffle_clusters(list(data(shuffled=False)), "passage_id", seed=3), name="words")
    log = run(
        dataset, canned(0.97), stop_when_decided(at_least=0.6, cluster="passage_id", shuffled=True), max_samples=4
    )
    assert told(log)["decided"]
    assert told(log)["n_items"] % 5 == 0
    assert log.results.completed_samples < 200
    lacking = run(data(), canned(0.9), stop_when_decided(at_least=0.5, cluster="book"))
    assert "no 'book' in its metadata" in lacking.error.message


def test_shuffle_clusters_keeps_clusters_together():
    samples = list(data(50, shuffled=False))
    found = shuffle_clusters(samples, "passage_id", seed=1)
    groups = [sample.metadata["passage_id"] for sample in found]
    assert sorted(sample.id for sample in found) == sorted(sample.id for sample in samples)
    assert groups != sorted(groups)
    assert sum(a != b for a, b in itertools.pairwise(groups)) == 9


def test_failed_samples_do_not_block_early_stopping(run):
    log = run(data(), failing(10), stop_when_decided(at_least=0.6), max_samples=2, fail_on_error=False)
    assert told(log)["decided"]
    assert log.results.completed_samples < 200


def test_early_stopping_of_a_run_of_two_epochs_warns_that_the_first_decides(run, caplog):
    with caplog.at_level(logging.WARNING, logger="howsure"):
        log = run(data(), canned(0.95), stop_when_decided(at_least=0.7), epochs=2, max_samples=4)
    assert "of 2 epochs the first decides" in caplog.text
    assert told(log)["decided"]
    assert told(log)["n_items"] < 100
    assert log.results.completed_samples + told(log)["stopped"] == 400


@pytest.mark.parametrize("later", [0.0, 1.0])
def test_early_stopping_uses_the_first_epoch_alone(later):
    """The second epoch of a question may end before its first; whatever it scores, the first is what counts."""
    first = [float(k % 10 > 0) for k in range(100)]
    alone = stepped("match", first, None, at_least=0.5)
    assert alone["decided"]
    assert alone["n_items"] < 100
    assert stepped("match", first, None, later=[later] * 100, at_least=0.5) == alone


def test_early_stopping_needs_exactly_one_criterion():
    with pytest.raises(hs.OptionError, match="nothing to decide"):
        stop_when_decided()
    with pytest.raises(hs.OptionError, match="at_least and within to decide"):
        stop_when_decided(at_least=0.5, within=0.1)


def test_several_scorers_need_a_choice_of_scorer():
    stopping = stop_when_decided(at_least=0.5)
    both = {name: SampleScore(score=Score(value=CORRECT)) for name in ("one", "two")}
    with pytest.raises(hs.OptionError, match="2 scores: one, two"):
        stopping._value(both)
    assert stop_when_decided(at_least=0.5, scorer="two")._value(both) == 1
    with pytest.raises(hs.OptionError, match="no score 'three': there is one, two"):
        stop_when_decided(at_least=0.5, scorer="three")._value(both)
    assert math.isnan(stop_when_decided(at_least=0.5, scorer="three")._value({}))  # a sample that failed


@pytest.mark.once
@pytest.mark.unmeasured
def test_early_stopping_keeps_the_type_i_error_at_5_percent():
    """Runs in which the floor is exactly the true rate: at most 5% of them end decided."""
    runs = draws(16, 400)
    task = SimpleNamespace(
        dataset=SimpleNamespace(shuffled=True), task="t", model="m", config=SimpleNamespace(max_samples=None)
    )
    rng, samples = np.random.default_rng(0), [SimpleNamespace(id=k, metadata={}) for k in range(40)]

    async def decided():
        stopping = stop_when_decided(at_least=0.5)
        await stopping.start_task(task, samples, 1)
        for k, right in enumerate(rng.random(40) < 0.5):
            await stopping.complete_sample(k, 1, {"s": SampleScore(score=Score(value=CORRECT if right else INCORRECT))})
        return stopping.look.decided

    async def all_runs():
        return [await decided() for _ in range(runs)]

    assert np.mean(asyncio.run(all_runs())) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_the_estimate_is_printed_only_on_request(run, monkeypatch, capfd):
    run(data(20), canned(0.9))
    assert "95% CI" not in capfd.readouterr().err
    monkeypatch.setenv("HOWSURE_PRINT", "1")
    run(data(20), canned(0.9))
    assert "95% CI" in capfd.readouterr().err


def test_annotating_a_log_adds_howsure_metrics_and_keeps_the_others(run, tmp_path):
    log = run(data(40), canned(0.8))
    before = hs.estimate(log.location, cluster="passage_id")
    copy = annotate(log.location, output=tmp_path / "copy.eval", cluster="passage_id")
    found = metrics_of(read_eval_log(copy))
    assert found["howsure_se"] == pytest.approx(before[0].estimate.se)
    assert found["howsure_low"] == pytest.approx(before[0].estimate.interval.low)
    assert found["accuracy"] == metrics_of(log)["accuracy"]
    assert "howsure_se" not in metrics_of(read_eval_log(log.location))
    assert annotate(log.location, cluster="passage_id") == log.location
    params = read_eval_log(log.location).results.scores[0].metrics["howsure_high"].params
    assert params["cluster"] == "passage_id"
    assert (params["n_items"], params["n_clusters"]) == (40, 8)
    assert hs.estimate(log.location, cluster="passage_id").to_dict()["entries"] == before.to_dict()["entries"]


def test_the_annotate_command_accepts_inspect_logs_only(run, tmp_path):
    log = run(data(20), canned(0.8))
    target = str(tmp_path / "told.eval")
    result = CliRunner().invoke(main, ["annotate", log.location, "-o", target, "--cluster", "passage_id"])
    assert result.exit_code == 0, result.output
    assert "howsure_low" in metrics_of(read_eval_log(target))
    table = tmp_path / "x.csv"
    table.write_text("model,item,score\na,x,1\na,y,0\n")
    for wrong in (table, tmp_path):
        told = CliRunner().invoke(main, ["annotate", str(wrong)])
        assert (told.exit_code, "not a log of Inspect. Give one file" in told.stderr) == (1, True)
    missing = CliRunner().invoke(main, ["annotate", str(tmp_path / "none.eval")])
    assert (missing.exit_code, "no such file" in missing.stderr) == (1, True)


def test_every_scorer_and_part_of_a_dictionary_score_is_annotated(tmp_path):
    log = ROOT / "tests" / "fixtures" / "inspect" / "dict_scores.eval"
    copy = read_eval_log(annotate(log, output=tmp_path / "copy.eval"))
    expected = {entry.metric: entry.estimate.se for entry in hs.estimate(log, metric=THREE).entries}
    found = [score.metrics["howsure_se"].value for score in copy.results.scores]
    assert found == pytest.approx([expected[name] for name in THREE])
    some = read_eval_log(annotate(log, output=tmp_path / "some.eval", metric="rubric/fluency"))
    assert ["howsure_se" in score.metrics for score in some.results.scores] == [True, False, False]


THREE = ["rubric/fluency", "rubric/accuracy", "includes"]


@scorer(metrics={"strict": [accuracy()], "loose": [accuracy()]})
def twofold():
    async def score(state, target):
        return Score(value={"strict": 0, "loose": 1})

    return score


@scorer(metrics=[accuracy()])
def points():
    async def score(state, target):
        return Score(value=75)

    return score


def scored(tmp_path, scorers, **stopping):
    task = Task(
        dataset=data(60),
        solver=canned(1),
        scorer=scorers,
        early_stopping=stop_when_decided(at_least=stopping.pop("floor", 0.5), **stopping),
    )
    (log,) = eval(task, model="mockllm/model", log_dir=str(tmp_path), display="none", max_samples=2)
    return log


def test_a_dictionary_score_needs_a_choice_and_never_counts_as_0(tmp_path):
    """A score that is a mapping is no number; read as 0 it would end the run as a failure."""
    unclear = scored(tmp_path, twofold())
    assert unclear.status == "error"
    assert "2 scores: twofold/strict, twofold/loose. Choose one with scorer=" in unclear.error.message
    assert "is at least 50.0%" in told(scored(tmp_path, twofold(), scorer="twofold/loose"))["verdict"]
    assert "is below 50.0%" in told(scored(tmp_path, twofold(), scorer="twofold/strict"))["verdict"]


def test_ambiguous_or_unknown_scorers_are_refused_before_any_sample_runs(tmp_path):
    for options in ({}, {"scorer": "inclodes"}):
        log = scored(tmp_path, [includes(), points()], **options)
        assert log.status == "error"
        assert not log.samples
        assert "Choose one with scorer=" in log.error.message


def test_scores_on_another_scale_need_their_bounds(tmp_path):
    assert "not between 0 and 1" in scored(tmp_path, points()).error.message
    assert "is at least 50.0%" in told(scored(tmp_path, points(), floor=0.5, bounds=(0, 100)))["verdict"]


def stepped(name, scores, baseline, *, later=(), **options):
    """Drive the hooks as Inspect does, and return what the log would keep; of each sample the epoch of `later` ends first."""

    async def go():
        samples = [Sample(id=k, input="?") for k in range(len(scores))]
        stopping = stop_when_decided(baseline, **options)
        dataset = SimpleNamespace(shuffled=True)
        scorers = [SimpleNamespace(name=name)]
        config = SimpleNamespace(max_samples=1)
        task = SimpleNamespace(task="t", model="new", dataset=dataset, scorers=scorers, config=config)
        await stopping.start_task(task, samples, 2 if later else 1)
        for k, score in enumerate(scores):
            if await stopping.schedule_sample(k, 1) is not None:
                break
            for epoch, value in [*((2, each) for each in later[k : k + 1]), (1, score)]:
                await stopping.complete_sample(k, epoch, {name: SampleScore(score=Score(value=value))})
        return await stopping.complete_task()

    return asyncio.run(go())


def before(name, scores):
    """A baseline with these scores."""
    return pl.DataFrame(
        {"task": "t", "metric": name, "model": "old", "item": [*map(str, range(len(scores)))], "score": scores}
    )


def test_a_run_and_baseline_on_any_scale_get_the_same_verdict():
    """The baseline was brought to [0, 1] twice, and a run that was worse was stopped as better."""
    old, new = [float(k % 5 > 0) for k in range(200)], [float(k % 2) for k in range(200)]
    usual = stepped("match", new, before("match", old))
    assert usual["verdict"].startswith("Stop: baseline is better than new by ")
    for low, high in ((0, 100), (1, 5)):
        a, b = ([low + (high - low) * x for x in scores] for scores in (new, old))
        assert stepped("match", a, before("match", b), bounds=(low, high)) == usual


@pytest.mark.unmeasured
def test_a_scorer_of_unknown_direction_needs_lower_is_better():
    old, new = [0.1 + k % 5 / 20 for k in range(200)], [0.5 + k % 5 / 20 for k in range(200)]
    with pytest.raises(hs.OptionError, match="larger or smaller scores of wer are better"):
        stepped("wer", new, before("wer", old), margin=0.05)
    told = stepped("wer", new, before("wer", old), margin=0.05, lower_is_better=True)
    assert told["verdict"].startswith("Stop: new is worse than baseline by more than 5.0 points")
    assert "not worse" in stepped("wer", new, before("wer", old), margin=0.05, lower_is_better=False)["verdict"]
    assert stepped("wer", new, None, within=0.1)["decided"]
