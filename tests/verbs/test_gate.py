"""gate: pass, fail or unclear from one test, exact at 0 and n of n, fails corrected, missing data never passes."""

import itertools
import json
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

import howsure as hs
from frames import attempts, two_models
from howsure.commands.main import main
from howsure.present.render import github, junit
from howsure.statistics.clustered_variance import clusterings
from howsure.statistics.differences import column_sums, pivots
from howsure.statistics.event_sizes import ItemSpread
from places import LOGS
from reader_cases import run_log, whole_log, whole_sample
from trials import draws

HOSTILE = 'evil"<x>&\n::error::\x00\x1b[31m]]>\ufffe|*`'


def table(*models, items=None, **columns):
    """One model after another: a list of scores each."""
    rows = [
        {"model": "ab"[k], "item": f"q{i}", "score": float(score)}
        for k, scores in enumerate(models)
        for i, score in enumerate(scores)
        if score is not None
    ]
    return pl.DataFrame(rows).with_columns(**columns)


def drawn(seed, n=120, p=0.6, shift=0.0, tasks=("t",)):
    rng = np.random.default_rng(seed)
    return pl.concat(
        [table(rng.random(n) < p + shift, rng.random(n) < p).with_columns(task=pl.lit(task)) for task in tasks]
    )


@pytest.mark.unmeasured
@given(st.integers(0, 10_000), st.floats(-0.5, 0.3), st.floats(0.005, 0.4), st.booleans())
def test_verdict_p_value_and_interval_of_a_margin_agree(seed, shift, margin, better):
    rows = drawn(seed, n=60, shift=shift)
    check = hs.gate(rows, "a", "b", not_worse_than=margin).checks[0]
    assert (check.verdict == "pass") == (check.low >= -margin)
    assert (check.verdict == "fail") == (check.high <= -margin)
    found = hs.compare(rows, "a", "b", margin=margin)
    assert check.p_pass == found.equivalence.p_noninferior
    assert check.p_fail == found.equivalence.p_inferior
    assert check.p_fail + check.p_pass >= 1 - 1e-12  # more where few items differ: then nothing is shown so soon
    same = hs.gate(rows, "a", "b", same_within=margin).checks[0]
    assert same.p_pass == found.equivalence.p_equivalent
    assert (same.verdict == "pass") == found.equivalence.equivalent
    outside = found.difference.interval.high < -margin or found.difference.interval.low > margin
    assert (same.verdict == "fail") == outside
    decided = hs.gate(rows, "a", "b", better=True).verdict
    assert decided == {"a": "pass", "b": "fail", None: "unclear"}[found.better]


@given(st.integers(0, 10_000), st.floats(-0.4, 0.4))
def test_swapping_the_models_swaps_pass_and_fail(seed, shift):
    rows = drawn(seed, n=60, shift=shift)
    one, other = hs.gate(rows, "a", "b", better=True), hs.gate(rows, "b", "a", better=True)
    assert other.verdict == {"pass": "fail", "fail": "pass", "unclear": "unclear"}[one.verdict]
    assert one.checks[0].low == pytest.approx(-other.checks[0].high)


@pytest.mark.unmeasured
@given(st.integers(0, 10_000), st.floats(-0.4, 0.4))
def test_lower_is_better_gives_the_verdicts_of_mirrored_scores(seed, shift):
    rows = drawn(seed, n=60, shift=shift)
    mirrored = rows.with_columns(score=1 - pl.col("score"))
    asked = {"not_worse_than": 0.05, "better": True, "same_within": 0.2}
    one = hs.gate(rows, "a", "b", **asked, at_least=0.5)
    other = hs.gate(mirrored, "a", "b", **asked, at_most=0.5, lower_is_better=True)
    assert [check.verdict for check in one.checks] == [check.verdict for check in other.checks]
    for mine, theirs in zip(one.checks[:3], other.checks[:3], strict=True):
        assert mine.p_pass == pytest.approx(theirs.p_pass, abs=1e-12)
        assert mine.p_fail == pytest.approx(theirs.p_fail, abs=1e-12)


@pytest.mark.parametrize("n", [5, 30, 200])
@pytest.mark.parametrize("right", [0, 1])
def test_floors_at_0_and_n_of_n_use_the_exact_binomial_limit(n, right):
    rows = table([right] * n)
    test = stats.binomtest(right * n, n, alternative="greater" if right else "less")
    limit = test.proportion_ci(0.95, method="exact")
    edge = limit.low if right else limit.high
    check = hs.gate(rows, "a", at_least=0.5).checks[0]
    assert (check.low if right else check.high) == pytest.approx(edge, rel=1e-9)
    for floor, expected in (
        (edge - 1e-6, "pass" if right else "unclear"),
        (edge + 1e-6, "unclear" if right else "fail"),
    ):
        assert hs.gate(rows, "a", at_least=floor).verdict == expected


@pytest.mark.parametrize(
    ("n", "rate"),
    draws(
        [(100, 0.9952), (30, 0.92), (100, 0.02)],
        [(100, 0.999), (100, 0.9952), (50, 0.99), (30, 0.92), (100, 0.02), (100, 0.004)],
    ),
)
def test_a_true_score_at_the_floor_passes_or_fails_in_5_percent_at_most(n, rate):
    """All counts of right answers, each with its binomial chance: one-sided Wilson limits alone err in up to 10 of 100."""
    chances = stats.binom(n, rate).pmf(np.arange(n + 1))
    likely = np.flatnonzero(chances > 1e-7)
    verdicts = [hs.gate(table([k < right for k in range(n)]), "a", at_least=rate).verdict for right in likely]
    for verdict in ("pass", "fail"):
        assert chances[likely][[found == verdict for found in verdicts]].sum() <= 0.05


def test_fails_are_corrected_by_holm_and_passes_are_not():
    """A fail that only Holm takes away: p between α/K and α."""
    rng = np.random.default_rng(1)
    for seed in range(200):
        one = drawn(seed, shift=-0.12)
        p = hs.gate(one, "a", "b", not_worse_than=0.01).checks[0].p_fail
        if 0.03 < p < 0.049:
            break
    equal = table(ones := rng.random(400) < 0.5, ones)
    both = pl.concat(
        [
            one.with_columns(task=pl.lit("x")),
            equal.with_columns(task=pl.lit("y")).select("model", "item", "score", "task"),
        ]
    )
    assert hs.gate(one, "a", "b", not_worse_than=0.01).verdict == "fail"
    answer = hs.gate(both, "a", "b", not_worse_than=0.01)
    assert answer.verdict == "unclear"
    assert answer.checks[0].p_fail_adjusted == pytest.approx(2 * p)
    assert "fail_not_corrected" in [warning.code for check in answer.checks for warning in check.warnings]
    assert "Holm" in str(answer)


@pytest.mark.unmeasured
@example([29, 33, 34])  # alone it fails (p = .030), of three it doesn't
@settings(max_examples=draws(2, 60))
@given(st.lists(st.integers(24, 34), min_size=2, max_size=3))
def test_fails_of_several_floors_follow_holms_steps(rights):
    """Verdicts as if the p-value of every floor were known, which bisection over levels finds."""
    rows = pl.concat(
        [table([k < right for k in range(40)]).with_columns(task=pl.lit(f"t{j}")) for j, right in enumerate(rights)]
    )
    answer = hs.gate(rows, "a", at_least=0.85)

    def p_fail(task):
        low, high = 1e-9, 0.499
        for _ in range(16):  # to within 1e-5
            middle = (low + high) / 2
            limit = hs.gate(rows, "a", task=task, at_least=0.85, level=1 - middle).checks[0].high
            low, high = (low, middle) if limit < 0.85 else (middle, high)
        return high

    p = np.array([p_fail(check.task) for check in answer.checks])
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    expected = dict(zip(order.tolist(), (adjusted <= 0.05).tolist(), strict=True))
    assert [check.verdict == "fail" for check in answer.checks] == [expected[k] for k in range(len(p))]


def test_a_task_missing_from_the_candidate_is_unclear():
    rows = pl.concat([two_models(n=300, task=pl.lit("x")), two_models(task=pl.lit("y")).filter(pl.col("model") == "b")])
    answer = hs.gate(rows, "a", "b", not_worse_than=0.01)
    assert [check.verdict for check in answer.checks] == ["pass", "unclear"]
    assert answer.verdict == "unclear"
    assert "y" in answer.sentence
    assert "has no score here" in answer.checks[1].sentence
    other = hs.gate(rows, "b", "a", at_least=0.01)
    assert other.verdict == "pass"
    alone = hs.gate(rows.with_columns(task=pl.col("task").replace({"y": "z"})), "b", "a", same_within=0.9)
    assert [warning.code for warning in alone.warnings] == ["task_without_baseline"]


def test_a_task_with_failed_attempts_only_is_unclear():
    rows = pl.concat([two_models(n=300, task=pl.lit("x")), two_models(task=pl.lit("y"))]).with_columns(
        score=pl.when((pl.col("task") == "y") & (pl.col("model") == "a")).then(None).otherwise("score")
    )
    assert hs.gate(rows, "a", "b", not_worse_than=0.01, failures="drop").verdict == "unclear"


def test_warnings_report_missing_items_and_dependence_on_the_failure_policy():
    scores = [1.0] * 250 + [None] * 50
    rows = table(scores, [1.0] * 300)
    check = hs.gate(rows, "a", "b", not_worse_than=0.05).checks[0]
    assert "b has 50 items that a lacks" in check.warnings[0].message
    failed = pl.DataFrame(
        {"model": ["a"] * 300 + ["b"] * 300, "item": [*range(300)] * 2, "score": scores + [1.0] * 300}
    )
    answer = hs.gate(failed, "a", "b", not_worse_than=0.05, missing_at_most=0.1)
    assert answer.verdict == "pass"
    assert ["fail" in warning.message for warning in answer.warnings if warning.code == "failure_policy"] == [True]


def test_one_item_one_cluster_or_constant_scores_are_unclear():
    asked = {"not_worse_than": 0.05, "better": True, "same_within": 0.1}
    one = hs.gate(two_models(n=1), "a", "b", **asked, at_least=0.5)
    assert one.counts() == {"pass": 0, "fail": 0, "unclear": 4}
    assert "no error bar" in str(one)
    cluster = hs.gate(two_models(cluster=pl.lit("c")), "a", "b", **asked)
    assert cluster.verdict == "unclear"
    flat = hs.gate(two_models(score=pl.lit(7.0)), "a", "b", **asked)
    assert flat.verdict == "unclear"
    mixed = pl.concat([two_models(n=300, task=pl.lit("x")), two_models(n=1, task=pl.lit("y"))])
    assert [check.verdict for check in hs.gate(mixed, "a", "b", not_worse_than=0.05).checks] == ["pass", "unclear"]


@pytest.mark.parametrize(
    "options",
    [
        {"cluster": "passage"},
        {"cluster": ["passage", "item"]},
        {"weight": "length"},
        {"population": "these-questions"},
        {"score": "pass@2"},
        {"method": "t"},
        {"variance": "miller"},
    ],
)
def test_gate_uses_the_p_value_of_compare_for_every_option(options):
    rows = attempts().with_columns(length=pl.col("length") + 1)
    answer = hs.gate(rows, "a", "b", not_worse_than=0.3, at_least=0.1, **options)
    found = hs.compare(rows, "a", "b", margin=0.3, **options)
    assert answer.checks[0].p_pass == found.equivalence.p_noninferior
    json.loads(answer.render("json"))


def test_margins_and_floors_of_unbounded_scores_are_in_score_units():
    rng = np.random.default_rng(0)
    base = rng.normal(50, 9, 200)
    rows = table(base - 3 + rng.normal(0, 2, 200), base)
    assert hs.gate(rows, "a", "b", not_worse_than=5.0).verdict == "pass"
    assert hs.gate(rows, "a", "b", not_worse_than=1.0).verdict == "fail"
    assert hs.gate(rows, "a", at_least=20.0).verdict == "pass"


def test_the_overall_score_is_a_separate_check():
    rows = drawn(3, n=200, tasks=("x", "y", "z"))
    both = hs.gate(rows, "a", "b", not_worse_than=0.05, at_least=0.4, overall="mean")
    assert [check.task for check in both.checks] == ["", "x", "y", "z"] * 2
    alone = hs.gate(rows, "a", "b", not_worse_than=0.05, overall={"x": 1, "y": 2, "z": 3}, each_task=False)
    found = hs.compare(rows, "a", "b", margin=0.05, overall={"x": 1, "y": 2, "z": 3}).overall
    assert [check.p_pass for check in alone.checks] == [found.equivalence.p_noninferior]
    single = hs.gate(drawn(3), "a", "b", not_worse_than=0.05, overall="mean", each_task=False)
    assert [check.task for check in single.checks] == ["t"]
    scales = pl.concat([two_models(task=pl.lit("t")), two_models(task=pl.lit("u"), score=pl.col("score") * 7)])
    with pytest.raises(hs.DataError, match="different scales"):
        hs.gate(scales, "a", "b", better=True, overall="mean")


def test_the_further_questions_needed_follow_the_closed_formula():
    """About n · ((z₀.₉₅ + z₀.₈) · SE / (d + δ))², the closed form, which knows no score pivot."""
    checked = (drawn(seed, n=100) for seed in range(20))
    rows, check = next(
        (rows, found)
        for rows in checked
        if (found := hs.gate(rows, "a", "b", not_worse_than=0.05).checks[0]).verdict == "unclear"
        and found.value > -0.04
    )
    assert check.verdict == "unclear"
    se = hs.compare(rows, "a", "b").difference.se
    expected = 100 * ((stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) * se / (check.value + 0.05)) ** 2
    assert check.items_needed == pytest.approx(expected, rel=0.15)
    assert check.more_items == check.items_needed - 100
    assert np.isnan(hs.gate(table([1] * 30, [1] * 30), "a", "b", not_worse_than=0.01).checks[0].more_items)


@pytest.mark.unmeasured
def test_equal_models_rarely_fail_and_a_loss_of_15_points_is_detected():
    """Gates of equal models, and of models that are 15 points apart: 300 items, margin 2 points."""
    rng, gates = np.random.default_rng(0), draws(25, 150)
    verdicts = {"equal": [], "worse": []}
    for name, shift in (("equal", 0.0), ("worse", -0.15)):
        for _ in range(gates):
            difficulty = rng.random(300)
            rows = table(difficulty < 0.7 + shift, rng.permutation(difficulty) < 0.7)
            verdicts[name].append(hs.gate(rows, "a", "b", not_worse_than=0.02).verdict)
    assert verdicts["equal"].count("fail") <= 0.05 * gates
    assert verdicts["worse"].count("fail") / gates > draws(0.7, 0.8)
    assert "pass" not in verdicts["worse"]


@pytest.mark.parametrize(
    ("n", "score", "baseline", "together"),
    [
        (50, 0.65, 0.7, 0.5),
        (300, 0.65, 0.7, 0.5),
        (300, 0.93, 0.98, 0.0),
        (1000, 0.65, 0.7, 0.8),
        (100, 0.5, 0.55, 0.3),
    ],
)
def test_at_a_true_difference_equal_to_the_margin_errors_stay_near_5_percent(n, score, baseline, together):
    """The truth is −5 points, and so is the margin: both verdicts are wrong, and each is to come 1 time in 20 at most.

    4,000 draws: a standard error of 0.35 points. Next to 100% the one-sided test passes 5.8% (docs/decisions/0010-margins.md).
    """
    rng, draws = np.random.default_rng(1), 4_000
    luck = rng.random((n, draws))
    other = np.where(rng.random((n, draws)) < together, luck, rng.random((n, draws)))
    d = (luck < score).astype(float) - (other < baseline)
    around = (d - d.mean(axis=0)) ** 2
    spread = ItemSpread(squares=around.sum(axis=0), fourths=(around**2).sum(axis=0))
    sums = column_sums(d, np.ones(n), spread, clusterings((), np.ones(n))[0][0], "CR2")
    found = pivots(sums, "CR2", score=True)
    not_worse, not_better = found.reversed().p_at_least(0.05), found.p_at_least(0.05)
    for passes, sides in ((not_worse, 1), (np.maximum(not_worse, not_better), 2)):
        assert np.mean(passes <= 0.05) <= (0.068 if baseline > 0.9 else 0.0605)
        assert np.mean(sides * (1 - passes) <= 0.05) <= 0.0605


def test_repeated_gates_give_identical_output():
    sides = "smollm2-135m-t0.3", "smollm2-135m-2shot"
    assert len({hs.gate(LOGS, *sides, not_worse_than=0.01).render("json") for _ in range(draws(2, 20))}) == 1


def run(*words, env=None):
    return CliRunner(env=env).invoke(main, list(words))


@pytest.fixture
def quiz(tmp_path):
    """The models good (like old), bad, and old, on 300 items."""
    rng = np.random.default_rng(5)
    old = rng.random(300) < 0.7
    models = {"old": old, "good": old, "bad": rng.random(300) < 0.45, HOSTILE: rng.random(300) < 0.7}
    rows = [
        {"model": model, "item": i, "score": float(score)}
        for model, scores in models.items()
        for i, score in enumerate(scores)
    ]
    path = tmp_path / "quiz.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return str(path)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-a", "good", "-b", "old", "--not-worse-than", "2pp"), 0),
        (("-a", "bad", "-b", "old", "--not-worse-than", "2pp"), 1),
        (("-a", HOSTILE, "-b", "old", "--better"), 2),
        (("-a", HOSTILE, "-b", "old", "--better", "--unclear", "pass"), 0),
        (("-a", HOSTILE, "-b", "old", "--better", "--unclear", "fail"), 1),
        (("-a", HOSTILE, "-b", "old", "--better", "--unclear", "warn"), 0),
        (("-a", "good", "--at-least", "50%"), 0),
        (("-a", "good", "--at-most", "50%"), 3),
        (("-a", "good", "--at-least", "92"), 3),
        (("-a", "good", "-b", "old"), 3),
        (("-a", "good", "--better"), 3),
        (("-a", "nobody", "--at-least", "50%"), 3),
        (("-a", "good", "--at-least", "much"), 3),
        (("-a", "good", "--at-lest", "50%"), 3),
        (("-b", "good", "--at-least", "50%"), 3),
        (("-a", "good", "-b", "old", "--better", "--level", "0.4"), 3),
        (("-a", "good", "-b", "old", "--not-worse-than", "0"), 3),
        (("-a", "good", "-b", "old", "--not-worse-than", "2pp", "--method", "mcnemar"), 3),
        (("-a", "good", "-b", "old", "--better", "--method", "mcnemar"), 2),
    ],
)
def test_each_verdict_has_its_exit_code(quiz, words, code):
    result = run("gate", quiz, *words)
    assert result.exit_code == code, result.output


def test_missing_paths_and_internal_errors_exit_with_code_3(monkeypatch, quiz):
    assert run("gate", "no/such/place", "-a", "x", "--at-least", "1%").exit_code == 3
    monkeypatch.setattr("howsure.inference.gate_verdicts.tasks_of_one", lambda *_: 1 / 0)
    assert run("gate", quiz, "-a", "good", "-b", "old", "--better").exit_code == 3


def test_a_mistyped_gate_command_exits_with_code_3(quiz):
    assert run("gat", quiz).exit_code == 3
    assert run("--bogus", "gate", quiz).exit_code == 3
    assert run("gate", "--help").exit_code == 0
    assert run("estimate", quiz, "--bogus").exit_code == 2


def test_junit_output_escapes_hostile_names(quiz, tmp_path):
    expected = {"separate": ("skipped", 2), "warn": ("skipped", 0), "fail": ("failure", 1), "pass": ("system-out", 0)}
    for unclear, (tag, code) in expected.items():
        result = run(
            "gate",
            quiz,
            "-a",
            HOSTILE,
            "-b",
            "old",
            "--better",
            "--unclear",
            unclear,
            "--junit",
            str(tmp_path / "j.xml"),
        )
        assert result.exit_code == code, result.output
        root = ET.parse(tmp_path / "j.xml").getroot()
        case = root.find("testsuite/testcase")
        assert [child.tag for child in case] == [tag]
        assert "\\x1b" in root.get("name")
    text = junit.render(HOSTILE, [(HOSTILE, HOSTILE, "fail", HOSTILE), ("b", "c", "pass", HOSTILE)])
    root = ET.fromstring(text.encode())
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("2", "1", "0")


def test_github_output_has_annotations_and_a_summary(quiz, tmp_path):
    summary = tmp_path / "summary.md"
    words = ("gate", quiz, "-a", HOSTILE, "-b", "old", "--not-worse-than", "2pp")
    assert "::" not in run(*words[:3], "good", *words[4:], "--github", env={"GITHUB_STEP_SUMMARY": ""}).output
    result = run(*words, "--github", env={"GITHUB_STEP_SUMMARY": str(summary)})
    lines = result.stdout.splitlines()
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert commands[0].startswith("::warning title=howsure gate::Can't tell")
    assert commands[1].startswith("::stop-commands::")
    assert commands[-1] == f"::{commands[1].removeprefix('::stop-commands::')}::"
    assert summary.read_text().startswith("<!-- howsure gate -->\n**Can't tell")
    found = run(*words, "--github", "-f", "json", env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert json.loads(found.stdout)["verdict"] == "unclear"
    assert "::warning" in found.stderr


def test_github_annotations_are_escaped():
    line = github.annotation("error", "a,b:c\n::", "100%\r\n::error::x")
    assert line == "::error title=a%2Cb%3Ac\\x0a%3A%3A::100%25\\x0d\\x0a::error::x"


def test_the_comment_starts_with_the_verdict_and_the_table(quiz, tmp_path, monkeypatch):
    path = tmp_path / "comment.md"
    asked = ("gate", quiz, "-a", "good", "-b", "old", "--not-worse-than", "2pp", "--comment", str(path))
    run(*asked)
    alone = path.read_text()
    run(*asked[:-2], "-o", str(tmp_path / "answer.md"))
    assert (tmp_path / "answer.md").read_text().startswith("<!-- howsure gate -->\n**PASS. good is not worse than old")
    assert alone.startswith("<!-- howsure gate: gate -->")
    verdict, table, data = (alone.index(text) for text in ("**PASS", "| difference |", "Data: "))
    assert verdict < table < data
    assert "](" not in alone
    monkeypatch.setenv("HOWSURE_URL", "https://a.org/x/p.html")
    run(*asked)
    assert "\n\n[The page of these results](<https://a.org/x/p.html>)\n\nData: " in path.read_text()
    monkeypatch.setenv("HOWSURE_URL", "https://a.org/x/p>).html")
    monkeypatch.setenv("HOWSURE_CARD_ADDRESS", "build/c d.png")
    run(*asked)
    picture, page = "<https://a.org/x/c%20d.png>", "<https://a.org/x/p%3E).html>"
    assert f"[![The page of these results]({picture})]({page})" in path.read_text()
    path.unlink()
    monkeypatch.setenv("HOWSURE_URL", "")
    assert run(*asked).exit_code == 3
    monkeypatch.setenv("HOWSURE_URL", "javascript:x")
    assert run(*asked).exit_code == 3
    assert not path.exists()


def test_gate_averages_the_last_checkpoints():
    rows = attempts(models=["run-step1", "run-step2", "base-step1", "base-step2"])
    answer = hs.gate(rows, "run", "base", not_worse_than=0.9, at_least=0.05, average_last=2)
    assert {check.verdict for check in answer.checks} == {"pass"}
    assert answer.candidate.startswith("run (last 2")


def test_every_pair_of_example_logs_passes_a_margin_of_30_points():
    """Every model against every other at a margin of 30 points: nothing here is that much worse."""
    scores = hs.read(LOGS)
    pairs = list(itertools.permutations([entry.model for entry in hs.estimate(scores).entries], 2))
    for a, b in draws(pairs[::4], pairs):
        assert hs.gate(scores, a, b, not_worse_than=0.3, cluster="passage_id").verdict == "pass"


def test_margins_and_floors_are_shown_with_all_digits():
    """A floor of 99.95% would read as 100.0%, and a margin of 0.04 points as none."""
    rows = two_models(n=400)
    assert "at least 99.95%" in hs.gate(rows, "a", at_least=0.9995).checks[0].asked
    assert "more than 0.04 points" in hs.gate(rows, "a", "b", not_worse_than=0.0004).checks[0].asked
    assert (
        "at least 1,234.5"
        in hs.gate(rows.with_columns(score=pl.col("score") * 2000), "a", at_least=1234.5).checks[0].asked
    )


def test_an_unreadable_file_is_a_warning_in_gate(tmp_path):
    """A log that isn't whole is not left out in silence; a stray file of a folder that is whole is passed over."""
    two_models(n=200).write_csv(tmp_path / "scores.csv")
    (tmp_path / "half.json").write_text('{"version": 2, "status": "started", "eval": {"ta')
    named = hs.gate([tmp_path / "scores.csv", tmp_path / "half.json"], "a", "b", not_worse_than=0.5)
    assert [c.code for c in named.warnings] == ["files_failed"]
    assert "half.json" in named.warnings[0].message
    with pytest.raises(hs.ReadError, match="half"):
        hs.read([tmp_path / "scores.csv", tmp_path / "half.json"], strict=True)
    assert "half.json" in hs.gate(tmp_path, "a", "b", not_worse_than=0.5).warnings[0].message
    (tmp_path / "half.json").write_text('{"version": 2, "status": "started"}')
    assert not hs.gate(tmp_path, "a", "b", not_worse_than=0.5).warnings


@pytest.mark.parametrize(
    ("stated_a", "stated_b", "verdicts", "who"),
    [
        (0.95, 0.5, ["pass", "pass"], ""),
        (0.95, 0.7, ["unclear", "pass"], "the log of mock/b states 70.0%, its rows give 50.0%"),
        (0.8, 0.5, ["unclear", "unclear"], "the log of mock/a states 80.0%, its rows give 95.0%"),
    ],
)
def test_a_verdict_on_rows_that_contradict_their_log_is_taken_back(tmp_path, stated_a, stated_b, verdicts, who):
    """A floor is of the candidate alone, whatever is wrong with the baseline."""
    for name, scores, stated in (("a", "C" * 38 + "II", stated_a), ("b", "CI" * 20, stated_b)):
        told = {"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": stated}}}
        run_log(tmp_path, name, scores, model=f"mock/{name}", results={"scores": [told]})
    checks = hs.gate(tmp_path, "mock/a", "mock/b", better=True, at_least=0.5).checks
    assert [check.criterion for check in checks] == ["better", "at_least"]
    assert [check.verdict for check in checks] == verdicts
    assert [check.differs for check in checks] == [who if verdict == "unclear" else "" for verdict in verdicts]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("gate", ["-a", "a", "-b", "b", "--not-worse-than", "5pp"]),
        ("gate", ["-a", "a", "--at-least", "40%"]),
        ("compare", ["-a", "a", "-b", "b", "--margin", "5%"]),
        ("watch", ["-a", "a", "-b", "b", "--bounds", "none", "--margin", "5pp", "--once"]),
        ("plan", ["--effect", "5pp"]),
        ("plan score", ["-a", "a", "--within", "5pp"]),
    ],
)
def test_margins_in_points_are_refused_for_scores_beyond_0_to_1(tmp_path, command, words):
    """On a scale of 0 to 100 a margin of 5pp would be read as 0.05 of one point."""
    path = tmp_path / "scores.csv"
    two_models(n=60, score=(pl.col("score") * 60 + pl.col("item").hash(1) % 40).cast(pl.Float64)).write_csv(path)
    where = ["--pilot", str(path)] if command.startswith("plan") else [str(path)]
    refused = CliRunner().invoke(main, [*command.split(), *where, *words])
    assert refused.exit_code == (3 if command in ("gate", "watch") else 2)
    assert "are for scores that are shown in percent" in refused.output
    plain = [word.removesuffix("pp").removesuffix("%").strip() for word in words]
    taken = CliRunner().invoke(main, [*command.split(), *where, *plain])
    assert (taken.exit_code in (0, 1, 2), "are for scores" in taken.output) == (True, False)


def test_negative_scores_are_written_with_a_minus_sign():
    rows = two_models(n=60, score=pl.col("score") * -0.5 - 0.1)
    assert "-0." not in str(hs.gate(rows, "a", at_least=-0.25))
    assert "at least −0.25" in str(hs.gate(rows, "a", at_least=-0.25))


def test_the_comment_contains_no_prompt_or_answer_text(tmp_path):
    for name, scores, prompt in (
        ("old", "CCIC", "Answer very briefly please."),
        ("new", "ICCC", "You are an odd sort of poet."),
    ):
        plan = {"steps": [{"solver": "system_message", "params": {"template": prompt}}]}
        samples = [whole_sample(number, value) for number, value in enumerate(scores, 1)]
        whole_log(tmp_path / f"{name}.eval", *samples, plan=plan)
    path = tmp_path / "comment.md"
    asked = (
        "-a",
        f"path:{tmp_path / 'new.eval'}",
        "-b",
        f"path:{tmp_path / 'old.eval'}",
        "--not-worse-than",
        "2pp",
        "--flips",
    )
    shown = run("gate", *asked, "--comment", str(path)).stdout
    assert "odd sort of poet" in " ".join(shown.split())
    assert "1 | word" in shown
    text = path.read_text()
    assert "1 of 4 questions got worse and 1 better" in text
    assert "Got worse: q1." in text
    assert "Got better: q3." in text
    for hidden in ("poet", "briefly", "It is", "What is", "1 | word"):
        assert hidden not in text
    assert 'system\\_message.template "\\#' in text


def averages(gain=0.1, attempts=16, items=30):
    rng = np.random.default_rng(5)
    chance = rng.uniform(0.2, 0.8, items)
    return pl.DataFrame(
        [
            {"model": model, "item": i, "attempt": k, "score": float(rng.random() < chance[i] + more)}
            for model, more in (("new", gain), ("old", 0.0))
            for i in range(items)
            for k in range(attempts)
        ]
    )


def test_averages_pass_a_small_margin_with_a_note_on_unseen_losses():
    found = hs.gate(averages(), "new", "old", not_worse_than=0.05)
    assert found.verdict == "pass"
    assert found.checks[0].unseen_loss_rate > 0.05
    assert "for losses like those seen" in found.render("markdown")
    assert "like those seen" not in hs.gate(averages(), "new", "old", not_worse_than=0.2).render("markdown")


def test_guard_unseen_makes_a_gate_on_averages_unclear():
    found = hs.gate(averages(), "new", "old", not_worse_than=0.05, guard_unseen=True)
    assert found.verdict == "unclear"
    assert found.checks[0].p_pass == pytest.approx(0.95**29, rel=1e-6)
    low = hs.gate(averages(), "new", "old", not_worse_than=0.05, guard_unseen=True, level=0.6)
    assert low.checks[0].p_pass == pytest.approx(0.95**29, rel=1e-6), "the chance is the same at every level"
    assert "losses that no question showed" in found.render("markdown")
    assert hs.gate(averages(), "new", "old", not_worse_than=0.2, guard_unseen=True).verdict == "pass"
