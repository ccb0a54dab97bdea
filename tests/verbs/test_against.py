"""against: many models compared with one reference model, corrected for multiplicity; inputs and edge cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

import howsure as hs
from frames import clustered, two_models
from howsure.commands.main import main
from places import LOGS
from runs import log

RUNS = ("main", "pr-1", "pr-2")


def board(*rights: float, n: int = 200, seed: int = 0, names: tuple[str, ...] = ()) -> pl.DataFrame:
    """Models with these scores on n items: main first, then s1, s2 …; each is right where a draw of its item is below."""
    rng = np.random.default_rng(seed)
    draw = rng.random(n)
    columns = names or ("main", *(f"s{k}" for k in range(1, len(rights))))
    return pl.concat(
        pl.DataFrame(
            {"model": name, "item": [f"q{i}" for i in range(n)], "score": (draw + 0.05 * rng.random(n) < right) * 1.0}
        )
        for name, right in zip(columns, rights, strict=True)
    )


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, (words, result.output, result.stderr)
    return result


SENTENCES = {
    (0.5, 0.8, 0.3, 0.2, 0.5): "1 of 4 models is better than main, 2 are worse and 1 does not differ significantly.",
    (0.5, 0.8, 0.9, 0.5): "2 of 3 models are better than main and 1 does not differ significantly.",
    (0.5, 0.2, 0.5, 0.5): "None of 3 models is better than main, 1 is worse and 2 do not differ significantly.",
    (0.5, 0.5, 0.5, 0.5): "None of 3 models differs significantly from main.",
    (0.5, 0.5, 0.5): "Neither of 2 models differs significantly from main.",
    (0.5, 0.2, 0.5): "Neither of 2 models is better than main, 1 is worse and 1 does not differ significantly.",
    (0.5, 0.8, 0.9, 0.95): "All 3 models are better than main.",
    (0.5, 0.8, 0.9): "Both models are better than main.",
    (0.5, 0.2, 0.1): "Both models are worse than main.",
    (0.5, 0.8): "s1 is better than main.",
    (0.5, 0.2): "s1 is worse than main.",
    (0.5, 0.5): "s1 and main don't differ significantly.",
}


@pytest.mark.parametrize("rights", SENTENCES)
def test_the_verdict_counts_models_better_and_worse_than_the_reference(rights: tuple[float, ...]) -> None:
    assert hs.against(board(*rights), "main").sentence == SENTENCES[rights]


def test_uncorrected_rows_equal_compare_and_are_sorted_best_first() -> None:
    rows = board(0.5, 0.8, 0.3, 0.52)
    answer = hs.against(rows, "main", adjust="none")
    sides = answer.tasks[0].models
    assert [side.model for side in sides] == ["s1", "s3", "s2"]
    for side in sides:
        pair = hs.compare(rows, side.model, "main")
        assert isinstance(pair, hs.Comparison)
        assert side.difference.value == pytest.approx(pair.difference.value)
        assert side.difference.se == pytest.approx(pair.difference.se)
        assert side.difference.df == pytest.approx(pair.difference.df)
        assert side.p_value == side.p_adjusted == pytest.approx(pair.p_value)
        ours, theirs = side.difference.interval, pair.difference.interval
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
        assert (side.adjusted_interval.low, side.adjusted_interval.high) == pytest.approx((ours.low, ours.high))
        assert (side.n_improved, side.n_regressed, side.n_unchanged) == (pair.wins, pair.losses, pair.ties)
        assert (side.mean, side.against_mean) == pytest.approx((pair.a_mean, pair.b_mean))


@pytest.mark.parametrize("adjust", ["max-t", "dunnett", "holm", "bh", "none"])
@pytest.mark.parametrize("cluster", [None, "passage"])
def test_corrected_intervals_and_verdicts_agree_for_every_correction(adjust: Any, cluster: str | None) -> None:
    rows = pl.concat(
        [
            clustered(n_clusters=10, models="abcde"),
            board(0.5, 0.7, 0.3, names=("a", "b", "c"))
            .with_columns(task=pl.lit("other"), passage=pl.col("item"))
            .select("task", "model", "item", "passage", "score"),
        ]
    )
    answer = hs.against(rows, "a", adjust=adjust, cluster=cluster)
    assert answer.overall is not None
    for part in answer.every:
        for side in part.models:
            apart = side.adjusted_interval.low > 0 or side.adjusted_interval.high < 0
            assert apart == (side.verdict in ("better", "worse"))
            assert side.p_adjusted >= side.p_value * (1 - 1e-12)


def test_the_row_of_the_reference_model_has_its_score_only() -> None:
    answer = hs.against(board(0.5, 0.8, 0.3), "main")
    score = f"{100 * answer.tasks[0].mean:.1f}"
    line = next(line for line in answer.render("latex").splitlines() if line.startswith("main &"))
    assert line.replace(" ", "") == f"main&{score}&&&&&&" + 2 * chr(92)


def test_lower_is_better_reverses_verdicts_and_order() -> None:
    rows = board(0.5, 0.8, 0.3)
    up, down = hs.against(rows, "main").tasks[0], hs.against(rows, "main", lower_is_better=True).tasks[0]
    assert (up.sentence, down.sentence) == ("1 of 2 models is better than main and 1 is worse.",) * 2
    there = {side.model: (side.n_improved, side.n_regressed, side.verdict) for side in up.models}
    back = {side.model: (side.n_regressed, side.n_improved, side.verdict) for side in down.models}
    assert {name: told[:2] for name, told in there.items()} == {name: told[:2] for name, told in back.items()}
    assert (there["s1"][2], back["s1"][2]) == ("better", "worse")
    assert [side.model for side in down.models] == ["s2", "s1"]


def test_a_single_comparison_is_not_corrected() -> None:
    side = hs.against(board(0.5, 0.56), "main").tasks[0].models[0]
    assert side.p_adjusted == side.p_value
    assert side.adjusted_interval == side.difference.interval


def test_the_model_option_selects_the_models_compared() -> None:
    answer = hs.against(board(0.5, 0.8, 0.3, 0.2), "main", model=["s1", "s3"])
    assert [side.model for side in answer.tasks[0].models] == ["s1", "s3"]
    assert answer.tasks[0].n_tests == 2


def test_overall_differences_come_first_and_tests_of_all_tasks_form_one_family() -> None:
    rows = pl.concat([board(0.5, 0.8, 0.3, seed=k).with_columns(task=pl.lit(f"t{k}")) for k in range(3)])
    answer = hs.against(rows, "main")
    assert answer.overall is not None
    assert answer.sentence == ("1 of 2 models is better than main overall and 1 is worse.")
    assert [record["task"] for record in answer.records()][:3] == ["", "", "t0"]
    assert (answer.overall.n_tests, answer.tasks[0].n_tests) == (2, 6)
    alone = hs.against(rows, "main", task="t0").tasks[0].models[0]
    among = answer["t0"].models[0]
    assert among.p_adjusted == pytest.approx(3 * alone.p_adjusted)
    assert among.adjusted_interval.half_width > alone.adjusted_interval.half_width
    pair = hs.compare(rows, "s1", "main")
    assert pair.tasks
    assert pair.overall is not None
    assert answer.overall.models[0].difference.value == pytest.approx(pair.overall.difference.value)
    assert answer.overall.models[0].difference.se == pytest.approx(pair.overall.difference.se)
    assert answer.overall.models[0].p_value == pytest.approx(pair.overall.p_value)


def test_models_with_missing_tasks_or_items_are_counted_in_warnings() -> None:
    whole = pl.concat([board(0.5, 0.8, 0.3, seed=k).with_columns(task=pl.lit(f"t{k}")) for k in range(2)])
    rows = whole.filter((pl.col("model") != "s2") | (pl.col("task") == "t0"))
    rows = rows.filter((pl.col("model") != "s1") | (pl.col("task") == "t1") | pl.col("item").str.ends_with("1"))
    elsewhere = board(0.5).with_columns(model=pl.lit("stray"), task=pl.lit("t9"))
    answer = hs.against(pl.concat([rows, elsewhere.select(rows.columns)]), "main")
    assert {warning.code for warning in answer.warnings} == {
        *("task_left_out", "side_lacks_task", "side_left_out", "not_in_overall")
    }
    assert answer.overall is not None
    assert (answer.overall.n_left_out, answer.overall.n_tasks_left_out) == (1, 1)
    assert answer.sentence.startswith("On 2 of 3 tasks, s1 is better than main overall.")
    (side,) = (each for each in answer["t0"].models if each.model == "s1")
    assert (side.difference.n_items, side.n_only_model, side.n_only_against) == (20, 0, 180)
    assert "questions" in answer.render()
    assert [warning.message for warning in answer["t0"].warnings] == [
        "s1 answered fewer than 90% of the 200 questions of main"
    ]


def test_models_with_no_or_one_shared_item_are_unknown_instead_of_an_error() -> None:
    rows = board(0.5, 0.8, 0.3)
    apart = board(0.4).with_columns(model=pl.lit("apart"), item=pl.lit("x") + pl.col("item"))
    one = board(0.9, n=1).with_columns(model=pl.lit("one"))
    answer = hs.against(pl.concat([rows, apart, one]), "main")
    assert answer.sentence == "1 of 4 models is better than main, 1 is worse and 2 have no error bar."
    told = {side.model: side for side in answer.tasks[0].models}
    assert (told["apart"].verdict, told["apart"].difference.n_items, told["apart"].n_only_against) == (None, 0, 200)
    assert (told["one"].verdict, told["one"].difference.n_items) == (None, 1)
    codes = {side.model: {c.code for c in side.difference.warnings} for side in answer.tasks[0].models}
    assert codes["apart"] == {"no_shared_items"}
    assert "one_cluster" in codes["one"]
    assert "apart: no question that both answered" in " ".join(answer.render(width=200).split())


@pytest.mark.parametrize("score", [0.0, 1.0])
@pytest.mark.parametrize("method", [None, "t"])
def test_identical_models_are_undecided(score: float, method: Any) -> None:
    rows = pl.concat([two_models(score=pl.lit(score)), two_models(score=pl.lit(score)).with_columns(model=pl.lit("c"))])
    answer = hs.against(rows, "a", method=method)
    assert [side.verdict for side in answer.tasks[0].models] == [None if method else "unclear"] * 2
    for form in ("json", "markdown", "latex", "html", "csv"):
        assert answer.render(form)  # type: ignore[arg-type]


def test_all_right_is_significantly_better_than_all_wrong() -> None:
    answer = hs.against(board(0.0, 1.1, 1.1, n=30), "main")
    assert answer.sentence == "Both models are better than main."
    assert answer.tasks[0].models[0].adjusted_interval.high == 1.0


@pytest.mark.parametrize(("clusters", "told"), [(1, None), (2, "unclear")])
def test_one_cluster_gives_no_standard_error_and_two_clusters_use_dunnett(clusters: int, told: str) -> None:
    rows = clustered(n_clusters=clusters, size=12, models="abcd")
    answer = hs.against(rows, "a", cluster="passage", population="new-clusters")
    assert {side.verdict for side in answer.tasks[0].models} == {told}
    if clusters == 2:
        assert answer.tasks[0].adjust == "dunnett"
        assert any("too few clusters" in note for note in answer.notes)


def test_unequal_clusters_weaken_the_statement_on_simultaneous_coverage() -> None:
    rows = clustered(n_clusters=12, size=10, models="abc")
    assert "Intervals are simultaneous at 95%." in hs.against(rows, "a", cluster="passage").render(width=200)
    uneven = rows.with_columns(passage=pl.when(pl.col("passage") < "p5").then(pl.lit("p0")).otherwise("passage"))
    said = hs.against(uneven, "a", cluster="passage", population="new-clusters").render(width=200)
    assert "Intervals are simultaneous at 95% only approximately" in said
    assert "Treat the interval as approximate" in said


def test_two_way_clusters_and_fixed_questions_use_dunnett_instead_of_sign_flips() -> None:
    rows = clustered(n_clusters=12, models="abc").with_columns(other=pl.col("item").str.tail(1))
    two = hs.against(rows, "a", cluster=["passage", "other"], population="new-clusters")
    assert (two.tasks[0].adjust, any("two clusterings" in note for note in two.notes)) == ("dunnett", True)
    tried = pl.concat([rows.with_columns(attempt=pl.lit(k), score=(pl.col("score") + k) % 2) for k in range(2)])
    fixed = hs.against(tried, "a", population="these-questions")
    assert fixed.tasks[0].adjust == "dunnett"
    assert str(fixed.tasks[0].models[0].difference.method) == "paired fixed-items"


def test_a_warning_names_models_whose_verdict_depends_on_the_failure_policy() -> None:
    rows = board(0.5, 0.62, 0.5).with_columns(
        score=pl.when((pl.col("model") == "s1") & (pl.int_range(pl.len()) % 3 == 0))
        .then(None)
        .otherwise(pl.col("score"))
    )
    dropped = hs.against(rows, "main", failures="drop")
    zeroed = hs.against(rows, "main", failures="zero")
    assert dropped.tasks[0].models[0].verdict != {s.model: s.verdict for s in zeroed.tasks[0].models}["s1"]
    assert [c.message for c in dropped.warnings if c.code == "failure_policy"] == [
        "default · score: with `failures='zero'`, s1 would get another verdict"
    ] or any(c.code == "failure_policy" and "s1 would get another verdict" in c.message for c in dropped.warnings)


def test_another_seed_changes_p_values_only_slightly() -> None:
    rows = board(0.5, 0.53, 0.48, 0.5)
    one, other = (hs.against(rows, "main", seed=seed).tasks[0].models[0].p_adjusted for seed in (0, 1))
    assert one != other
    assert one == pytest.approx(other, abs=0.02)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of one model in three folders, each of a commit and with a tag of its own."""
    for name, scores, commit in zip(RUNS, ("CCCICCCI" * 5, "CIIICIII" * 5, "CCCICCCC" * 5), "abc", strict=True):
        log(tmp_path / "runs" / name / "x.eval", scores, revision={"commit": commit * 7}, tags=[name])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("paths", "one", "name"),
    [
        (("runs/main", "runs/pr-1", "runs/pr-2"), "runs/main", "main"),
        (("runs/pr-1", "runs/pr-2"), "runs/main", "main"),
        (("runs/pr-1", "runs/pr-2"), "path:runs/main", "main"),
        (("runs",), "runs/main", "main"),
        (("runs",), "./runs/main/", "main"),
        (("runs",), "commit:aaa", "mock/a (commit=aaaaaaa, tags=main)"),
        (("runs",), "tag:main", "mock/a (commit=aaaaaaa, tags=main)"),
        (("runs",), "model:a (commit=aaaaaaa, tags=main)", "mock/a (commit=aaaaaaa, tags=main)"),
    ],
)
def test_the_reference_can_be_a_path_tag_commit_or_model(
    runs: Path, paths: tuple[str, ...], one: str, name: str
) -> None:
    assert runs.is_dir()
    answer = hs.against(list(paths) if len(paths) > 1 else paths[0], one)
    assert answer.against == name
    assert [(side.n_improved, side.n_regressed) for side in answer.tasks[0].models] == [(5, 0), (0, 20)]
    found = json.loads(run("compare", *paths, "--against", one, "-f", "json").output)
    assert (found["against"], found["sentence"]) == (name, answer.sentence)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ("tag:nobody", "tag:nobody matches no run. See `howsure runs`."),
        ("commit:", "no model 'commit:'"),
        ("runs/nowhere", "no model 'runs/nowhere'"),
        ("run:eval", "run:eval matches 3 models"),
    ],
)
def test_an_unknown_or_ambiguous_reference_is_an_error(runs: Path, one: str, said: str) -> None:
    with pytest.raises(hs.DataError, match="^" + __import__("re").escape(said)):
        hs.against(runs, one)


def test_a_run_pooled_as_an_attempt_of_a_model_cannot_be_the_reference(tmp_path: Path) -> None:
    for name in ("one", "two"):
        log(tmp_path / "runs" / f"{name}.eval", "CCII")
    log(tmp_path / "runs" / "other.eval", "CCIC", model="b")
    with pytest.raises(hs.DataError, match="run:eval one is one of several runs of mock/a, which count as attempts"):
        hs.against(tmp_path / "runs", "run:eval one")


def test_a_reference_path_without_other_models_is_an_error(runs: Path) -> None:
    assert runs.is_dir()
    for data in ("runs/main", None, board(0.5, 0.6)):
        with pytest.raises(hs.OptionError, match="there is nothing to compare with runs/main"):
            hs.against(data, "runs/main")
    assert "there is nothing to compare with" in run("compare", "runs/main", "--against", "runs/main", code=1).stderr


def test_a_name_that_is_both_model_and_path_is_an_error_until_prefixed(runs: Path) -> None:
    scores = hs.read({"main": runs / "main", "runs": runs / "pr-1"})
    with pytest.raises(hs.OptionError, match="'runs' is both a model and a path"):
        hs.against(scores, "runs")
    assert hs.against(scores, "model:runs").against == "runs"


def test_runs_with_several_models_are_compared_model_by_model(runs: Path) -> None:
    for name in RUNS:
        log(runs / name / "y.eval", "CCCI" * 10, model="b", revision={"commit": name}, tags=[name])
    for name in RUNS:
        scores = "CCCICCCI" * 5
        log(runs / name / "x.eval", scores, revision={}, tags=[])
        log(runs / name / "y.eval", scores, model="b", revision={}, tags=[])
    answer = hs.against(runs, "runs/main")
    assert [part.task for part in answer.tasks] == ["b", "mock/a"]
    assert [side.model for side in answer.tasks[0].models] == ["pr-1", "pr-2"]


def test_the_command_line_takes_two_sides_or_one_against_all() -> None:
    logs = str(LOGS)
    words = ("compare", logs, "--cluster", "passage_id", "--against", "smollm2-135m-t0.3")
    assert run(*words).output.startswith("None of 3 models is better than smollm2-135m-t0.3, 1 is worse ")
    assert run(*words, "--model", "smollm2-135m-terse", "--adjust", "dunnett", "-f", "csv").output.count("\n") == 2
    for more in (("-a", "x"), ("-b", "x"), ("--margin", "1pp"), ("--covariate", "x")):
        said = run(*words, *more, code=2).stderr
        assert "--against compares every other model with one," in said
        assert "Leave one out" in said
    assert "Missing option '-b'" in run("compare", logs, "-a", "x", code=2).stderr
    two = ("compare", logs, "-a", "smollm2-135m-t0.3", "-b", "smollm2-135m-terse")
    assert "--model is for --against" in run(*two, "--model", "x", code=2).stderr
    assert "--adjust dunnett is for --against" in run(*two, "--adjust", "dunnett", code=2).stderr
    assert "Missing argument" in run("compare", "--against", "x", code=2).stderr


def test_command_line_options_take_precedence_over_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board(0.5, 0.8, 0.3).write_csv("rows.csv")
    Path("howsure.toml").write_text('[compare]\na = "s1"\nb = "main"\nmargin = 0.01\n')
    assert "1 of 2 models is better than main" in run("compare", "rows.csv", "--against", "main").output
    Path("howsure.toml").write_text('[compare]\nagainst = "main"\n')
    assert "1 of 2 models is better than main" in run("compare", "rows.csv").output
    assert "s1 is better than s2 by" in run("compare", "rows.csv", "-a", "s1", "-b", "s2").output


def test_plot_compare_with_against_draws_corrected_intervals_and_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board(0.5, 0.8, 0.3, 0.5).write_csv("rows.csv")
    assert (
        "1 of 3 models is better than main"
        in run("plot", "compare", "rows.csv", "--against", "main", "-o", "x.json").output
    )
    rows = json.loads(Path("x.json").read_text())["data"]["values"]
    sides = hs.against(hs.read("rows.csv"), "main").tasks[0].models
    assert [(row["model"], row["group"]) for row in rows] == [("s1", "better"), ("s3", "can't tell"), ("s2", "worse")]
    assert [row["low"] for row in rows] == pytest.approx(
        [100 * side.adjusted_interval.low for side in sides], rel=1e-11
    )


def test_one_cluster_gives_a_warning_and_one_comparison_no_correction_note() -> None:
    one = two_models().with_columns(cluster=pl.lit("c"))
    found = hs.against(one, "a", cluster="cluster", population="new-clusters")
    assert "one_cluster" in [warning.code for warning in found.tasks[0].models[0].difference.warnings]
    assert not any(note.startswith("Correction:") for note in found.notes)
