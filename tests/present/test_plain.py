"""Plain-language explanations (`--explain`) are true in every case, use the answer's own numbers, and can be filled in by a page."""

import functools
import json
import re
import shutil
import string
import subprocess
import tempfile
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from frames import attempts, clustered, two_models, won
from howsure.answers.base import presentation
from howsure.commands.main import main
from howsure.present.render import render
from howsure.present.words.plain import (
    PHRASES,
    TOPICS,
    WHEN,
    against_phrases,
    board_conditions,
    board_fields,
    board_phrases,
    board_steps,
    chosen,
    pair_conditions,
    pair_fields,
    pair_phrases,
    score_phrases,
    short_names,
)
from howsure.statistics.choices import ComparisonMethod
from howsure.statistics.difference import difference
from places import LOGS

SEEDS = LOGS.parent / "seeds.parquet"
PAIR = ("smollm2-135m-t0.3", "smollm2-135m-2shot")


def explanation(answer):
    return presentation(answer).explanation(answer)


def scored(a, b):
    return pl.concat(
        [two_models().filter(pl.col("model") == name).with_columns(score=pl.lit(x)) for name, x in (("a", a), ("b", b))]
    )


def half():
    return pl.DataFrame({"model": ["a", "b"], "item": ["x", "x"], "score": [0.5, 0.25]})


def known():
    """Write sixty items with a length; a and b answered the first forty of them, better where they are short."""
    path = Path(tempfile.mkdtemp()) / "items.csv"
    pl.DataFrame({"item": [f"q{i}" for i in range(60)], "length": [(7 * i) % 20 for i in range(60)]}).write_csv(path)
    return str(path)


def seen():
    return pl.DataFrame(
        [
            {"model": model, "item": f"q{i}", "score": float((7 * i) % 20 < limit + (i % 5 == 0))}
            for model, limit in (("a", 14), ("b", 6))
            for i in range(40)
        ]
    )


PAIRS = {
    "questions": lambda: hs.compare(two_models(), "a", "b"),
    "clusters": lambda: hs.compare(clustered(), "a", "c", cluster="passage"),
    "no error bar": lambda: hs.compare(two_models(n=1), "a", "b"),
    "one cluster": lambda: hs.compare(
        two_models(text=pl.lit("x")), "a", "b", cluster="text", population="new-clusters"
    ),
    "few clusters": lambda: hs.compare(two_models(text=pl.lit("x")), "a", "b", cluster="text"),
    "all of n against none": lambda: hs.compare(scored(1.0, 0.0), "a", "b"),
    "all of n, both": lambda: hs.compare(scored(1.0, 1.0), "a", "b"),
    "no shared item": lambda: hs.compare(two_models().with_columns(item=pl.col("item") + pl.col("model")), "a", "b"),
    "some shared": lambda: hs.compare(
        two_models().filter((pl.col("model") == "a") | (pl.col("item") != "q3")), "a", "b"
    ),
    "exactly these": lambda: hs.compare(attempts(), "a", "b", population="these-questions"),
    "covariate": lambda: hs.compare(attempts(), "a", "b", covariate="length"),
    "lower is better": lambda: hs.compare(two_models(), "a", "b", lower_is_better=True),
    "another scale": lambda: hs.compare(two_models().with_columns(score=7 * pl.col("score") + 1), "a", "b"),
    "not worse": lambda: hs.compare(two_models(), "a", "b", margin=0.1),
    "the same": lambda: hs.compare(two_models(), "a", "b", margin=0.7),
    "worse by more": lambda: hs.compare(scored(0.0, 1.0), "a", "b", margin=0.01),
    "margin open": lambda: hs.compare(two_models(), "b", "a", margin=0.01),
    "bayes": lambda: hs.compare(two_models(), "a", "b", method="bayes"),
    "tasks": lambda: hs.compare(pl.concat([two_models(task=pl.lit(t)) for t in "xy"]), "a", "b"),
    "of several": lambda: hs.compare(
        pl.concat([two_models(n=n, task=pl.lit(t)) for n, t in ((30, "x"), (2, "y"))]), "a", "b", level=0.9
    ).comparisons[0],
}
PAIRS |= {
    "example": lambda: hs.compare(LOGS, *PAIR, cluster="passage_id"),
    "example, other": lambda: hs.compare(LOGS, PAIR[0], "smollm2-135m-terse", cluster="passage_id"),
    "seeds": lambda: hs.compare(hs.read(SEEDS), "tuned", "base", random_factor="seed"),
    "known of more": lambda: hs.compare(seen(), "a", "b", covariate="length", items=known()),
}
BOARDS = {
    "half": lambda: hs.leaderboard(half()),
    "clusters": lambda: hs.leaderboard(clustered(), cluster="passage"),
    "one model": lambda: hs.leaderboard(two_models().filter(pl.col("model") == "a")),
    "one item": lambda: hs.leaderboard(two_models(n=1)),
    "all the same": lambda: hs.leaderboard(scored(1.0, 1.0)),
    "clear": lambda: hs.leaderboard(scored(1.0, 0.0)),
    "one direction": lambda: hs.leaderboard(won(9, 2, 12)),
    "exactly these": lambda: hs.leaderboard(attempts(models="abc"), population="these-questions"),
    "not corrected": lambda: hs.leaderboard(clustered(), cluster="passage", adjust="none"),
    "false discoveries": lambda: hs.leaderboard(clustered(), cluster="passage", adjust="bh"),
    "lower is better": lambda: hs.leaderboard(clustered(), cluster="passage", lower_is_better=True),
    "bayes": lambda: hs.leaderboard(two_models(), interval="bayes"),
    "tasks": lambda: hs.leaderboard(pl.concat([two_models(task=pl.lit(t)) for t in "xy"])),
}
SCORES = {
    "seeds": lambda: hs.estimate(hs.read(SEEDS), random_factor="seed"),
    "clusters": lambda: hs.estimate(clustered(), cluster="passage"),
    "one item": lambda: hs.estimate(two_models(n=1)),
    "half": lambda: hs.estimate(half()),
    "known of more": lambda: hs.estimate(seen(), covariate="length", items=known()),
    "none and all": lambda: hs.estimate(scored(0.0, 1.0)),
    "exactly these": lambda: hs.estimate(attempts(), population="these-questions"),
    "covariate": lambda: hs.estimate(attempts(), covariate="length"),
    "bayes": lambda: hs.estimate(two_models(), interval="bayes"),
    "another scale": lambda: hs.estimate(two_models().with_columns(score=7 * pl.col("score") + 1)),
}
AGAINST = {
    "clusters": lambda: hs.against(clustered(models="abcd"), "a", cluster="passage"),
    "one side": lambda: hs.against(two_models(), "a"),
    "one item": lambda: hs.against(two_models(n=1), "a"),
    "not corrected": lambda: hs.against(clustered(), "a", adjust="none"),
    "false discoveries": lambda: hs.against(clustered(), "a", adjust="bh"),
    "lower is better": lambda: hs.against(clustered(), "a", lower_is_better=True),
    "tasks": lambda: hs.against(pl.concat([clustered().with_columns(task=pl.lit(t)) for t in "xy"]), "b"),
}
EVERY = {
    f"{kind}: {name}": make
    for kind, cases in (("pair", PAIRS), ("against", AGAINST), ("board", BOARDS), ("score", SCORES))
    for name, make in cases.items()
}


@functools.cache
def answered(name):
    return EVERY[name]()


@pytest.mark.parametrize("name", EVERY)
def test_explanations_match_their_snapshots(name, snapshot):
    """And nothing in them is unknown or left unfilled."""
    words = explanation(answered(name))
    assert render(words, width=110) == snapshot
    assert not re.search(r"n/a|\bnan\b|None|[{}]|  ", render(words, "markdown"))


@pytest.mark.parametrize("verb", ["compare", "leaderboard", "estimate"])
@pytest.mark.parametrize("cluster", ["none", "passage_id"])
def test_example_logs_have_the_explanations_of_their_snapshots(verb, cluster, snapshot):
    more = ["-a", PAIR[0], "-b", PAIR[1]] if verb == "compare" else []
    words = [verb, str(LOGS), *more, "--cluster", cluster, "--explain"]
    result = CliRunner(env={"COLUMNS": "80"}).invoke(main, words)
    assert result.exit_code == 0
    assert result.output.partition("In plain words")[2] == snapshot


@pytest.mark.parametrize("cluster", ["none", "passage_id"])
def test_numbers_in_the_explanation_of_a_comparison_are_those_of_the_answer(cluster):
    answer = hs.compare(hs.read(LOGS), *PAIR, cluster=cluster)
    shown = answer.render("terminal", width=200, details=True)
    fields = pair_fields(answer)
    for name in (
        "a_score",
        "b_score",
        "low",
        "high",
        "se",
        "unpaired",
        "correlation",
        "wins",
        "losses",
        "ties",
        "p",
        *([] if answer.decided else ["items"]),
    ):
        assert re.sub(r"[+−]| points| %", "", fields[name]) in shown, name
    assert float(fields["gap"].split()[0]) == pytest.approx(100 * abs(answer.difference.value), abs=0.05)
    assert float(fields["low"].split()[0].replace("−", "-")) == pytest.approx(
        100 * answer.difference.interval.low, abs=0.05
    )


def test_numbers_in_the_explanation_of_a_leaderboard_are_those_of_the_answer():
    board = hs.leaderboard(hs.read(LOGS), cluster="passage_id").boards[0]
    fields = board_fields(board, board_steps(board))
    assert fields["candidates"] == str(len(board.could_be_best))
    assert (fields["rank_low"], fields["rank_high"]) == (str(board.ranks[0].low), str(board.ranks[0].high))
    assert board_conditions(board, board_steps(board))["apart"] == (board.n_significant_neighbours > 0)
    assert fields["pair_count"] == str(len(board.pair_records()))


@pytest.mark.parametrize("name", PAIRS)
def test_the_explanation_agrees_with_the_verdict(name):
    answer = answered(f"pair: {name}")
    pair = getattr(answer, "overall", None) or answer
    keys = {key for key, _ in pair_phrases(pair)}
    assert ("pair.verdict.real" in keys) == pair.decided
    assert len([key for key in keys if key.startswith("pair.verdict")]) == 1
    assert not {"pair.needed.items", "pair.needed.attempts"} & keys or not pair.decided
    assert ("pair.bar.none" in keys) != any(key.startswith("pair.bar") for key in keys - {"pair.bar.none"})


SCORES_OF = st.sampled_from([0.0, 1.0, 0.5])
METHODS = st.sampled_from([method for method in get_args(ComparisonMethod) if method != "mcnemar"])


@given(
    st.lists(st.tuples(SCORES_OF, SCORES_OF, st.integers(0, 3)), min_size=1, max_size=12),
    METHODS,
    st.booleans(),
    st.booleans(),
)
def test_explanations_of_random_data_are_true(rows, method, clusters, lower):
    frame = pl.concat(
        pl.DataFrame(
            {
                "model": name,
                "item": [f"q{i}" for i in range(len(rows))],
                "score": [r[k] for r in rows],
                "g": [f"g{r[2]}" for r in rows],
            }
        )
        for k, name in enumerate("ab")
    )
    pair = hs.compare(frame, "a", "b", method=method, cluster="g" if clusters else "none", lower_is_better=lower)
    said = {key: PHRASES[key].format(**fields) for key, fields in pair_phrases(pair)}
    assert not re.search(r"n/a|\bnan\b|None|[{}]", " ".join(said.values()))
    low, high = pair.difference.interval.low, pair.difference.interval.high
    if "pair.verdict.open" in said:
        assert low <= 1e-9
        assert high >= -1e-9
    if "pair.verdict.real" in said:
        assert low > -1e-9 or high < 1e-9
        ahead = pair.difference.value > 0
        assert said["pair.verdict.real"].startswith("a," if ahead != lower else "b,")
    if "pair.groups.larger" in said:
        assert pair.unclustered_se < pair.difference.se
    if "pair.pairing.helped" in said:
        assert pair.difference.se < pair.unpaired_se
        assert pair.correlation > 0
    if "pair.seen.wins" in said:
        assert pair.wins + pair.losses + pair.ties == len(rows)


def test_every_phrase_occurs_in_some_example():
    def of(kind):
        return [answered(name) for name in EVERY if name.startswith(kind)]

    said = {key for answer in of("pair") for pair in _comparisons(answer) for key, _ in pair_phrases(pair)}
    said |= {key for answer in of("against") for part in answer.every for key, _ in against_phrases(part)}
    said |= {key for answer in of("board") for board in answer.boards for key, _ in board_phrases(board, boards=2)}
    said |= {key for answer in of("score") for entry in answer.entries for key, _ in score_phrases(entry, many=True)}
    assert set(PHRASES) - said <= RARE


RARE = {"board.neighbours.wide", "pair.groups.smaller", "pair.groups.same", "pair.known.saved", "pair.pairing.saved"}
"""What these small tables don't bring about."""


def _comparisons(answer):
    return (*answer.comparisons, *([answer.overall] if answer.overall else []))


def test_phrases_use_only_known_conditions_and_fields():
    board = BOARDS["clear"]().boards[0]
    steps = board_steps(board)
    known = {"pair": pair_conditions(PAIRS["questions"]()), "board": board_conditions(board, steps)}
    filled = {"pair": pair_fields(PAIRS["questions"]()), "board": board_fields(board, steps)}
    for key, when in WHEN.items():
        kind = key.partition(".")[0]
        assert key.rpartition(".")[0] in TOPICS
        if kind in known:
            assert {name.removeprefix("!") for name in when} <= set(known[kind]), key
            assert {name for _, name, _, _ in string.Formatter().parse(PHRASES[key]) if name} <= set(filled[kind]), key


JAVASCRIPT = """
const { PHRASES, WHEN, TOPICS, holds, fields } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const topics = new Map();
for (const [key, when] of Object.entries(WHEN)) {
  if (!key.startsWith("pair.") || !when.every((name) => (name[0] === "!" ? !holds[name.slice(1)] : holds[name]))) continue;
  const topic = key.slice(0, key.lastIndexOf("."));
  const sentence = PHRASES[key].replace(/{(\\w+)}/g, (_, name) => fields[name]);
  topics.set(topic, [...(topics.get(topic) ?? []), sentence]);
}
console.log(JSON.stringify([...topics].map(([topic, sentences]) => `${TOPICS[topic]} ${sentences.join(" ")}`)));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_ten_lines_of_javascript_give_the_same_explanation():
    pair = hs.compare(hs.read(LOGS), *PAIR, cluster="passage_id")
    data = {
        "PHRASES": PHRASES,
        "WHEN": WHEN,
        "TOPICS": TOPICS,
        "holds": pair_conditions(pair),
        "fields": pair_fields(pair),
    }
    done = subprocess.run(
        ["node", "-e", JAVASCRIPT], input=json.dumps(data), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [block.text for block in explanation(pair).blocks[1:]]


def test_phrases_keep_the_order_of_their_table():
    keys = chosen("pair", pair_conditions(PAIRS["clusters"]()))
    assert keys == sorted(keys, key=list(PHRASES).index)


def test_short_names_drop_the_common_prefix():
    assert short_names("p/x/a", "p/x/b/c") == ("a", "b/c")
    assert short_names("p/a", "p") == ("p/a", "p")
    assert short_names("a", "a") == ("a", "a")
    assert short_names("p/a", "q/a") == ("p/a", "q/a")


def test_names_from_logs_are_escaped():
    evil = two_models().with_columns(model=pl.col("model") + pl.lit("\x1b[31m{p}<script>*"))
    answer = hs.compare(evil, *sorted(evil["model"].unique()))
    assert "\x1b" not in render(explanation(answer))
    assert "{p}" in render(explanation(answer))
    assert "<script>" not in render(explanation(answer), "markdown")
    assert "<script>" not in answer.render("html", explain=True)


@pytest.mark.parametrize("words", [["-f", "csv"], ["-o", "x.json"]])
def test_explain_is_refused_in_data_formats(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two_models().write_csv("t.csv")
    result = CliRunner().invoke(main, ["estimate", "t.csv", "--explain", *words])
    assert result.exit_code == 2
    assert "--explain adds prose" in result.output
    result = CliRunner().invoke(main, ["leaderboard", "t.csv", "--explain", "--pairs"])
    assert result.exit_code == 2
    assert "--pairs writes data" in result.output


def test_explain_changes_nothing_for_an_answer_without_explanation():
    plan = hs.plan(effect=0.05)
    assert plan.render(explain=True) == plan.render()


def test_the_standard_error_without_clusters_is_that_of_single_items():
    frame = clustered()
    whole = hs.compare(frame, "a", "c", cluster="passage")
    assert whole.unclustered_se == pytest.approx(hs.compare(frame, "a", "c", cluster="none").difference.se, rel=1e-12)
    assert hs.compare(frame, "a", "c", cluster="none").to_dict()["unclustered_se"] is None
    wide = frame.pivot("model", index="item", values="score")
    a, c = wide["a"].to_numpy(), wide["c"].to_numpy()
    assert whole.unclustered_se == pytest.approx((a - c).std(ddof=1) / len(a) ** 0.5, rel=1e-12)
    assert difference(a, c).unclustered_se != difference(a, c).unclustered_se  # NaN
