"""Attempts that may share more than their question (such as a seed): warnings, both standard errors, and the gate."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.errors import DataError
from howsure.wording import Scale
from paragraphs import paragraph
from trials import draws

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TOGETHER, SILENT, SETTING = "attempts_move_together", "factor_as_attempt", "setting_as_attempt"


def answered(
    sd: float = 0.5, *, label: str = "attempt", levels: Sequence[Any] = range(5), n: int = 120, seed: int = 1
) -> pl.DataFrame:
    """Return the answers of two models at labels of their own, each of which moves all questions (sd, logit)."""
    rng = np.random.default_rng(seed)
    hard, rows = rng.normal(0, 1.2, n), []
    for k, model in enumerate(("base", "tuned")):
        for level in levels:
            right = rng.random(n) < 1 / (1 + np.exp(-hard - 0.2 * k - sd * rng.normal()))
            rows += [{"question": f"q{i}", "model": model, label: level, "passed": int(r)} for i, r in enumerate(right)]
    return pl.DataFrame(rows)


def codes(answer: Any) -> set[str]:
    return {each.code for each in answer.warnings} & {TOGETHER, SILENT, SETTING}


def warning_of(answer: Any, code: str) -> Any:
    (found,) = [each for each in answer.warnings if each.code == code]
    return found


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "csv", "parquet"])
def test_every_kind_of_table_gives_the_warning_on_correlated_attempts(kind: str, tmp_path: Path) -> None:
    rows = answered()
    if kind == "csv":
        rows.write_csv(tmp_path / "rows.csv")
    elif kind == "parquet":
        rows.write_parquet(tmp_path / "rows.parquet")
    table = {
        "polars": lambda: rows,
        "pandas": rows.to_pandas,
        "arrow": rows.to_arrow,
        "csv": lambda: tmp_path / "rows.csv",
        "parquet": lambda: tmp_path / "rows.parquet",
    }[kind]()
    assert warning_of(hs.estimate(table), TOGETHER) == warning_of(hs.estimate(rows), TOGETHER)
    assert "standard deviation" in warning_of(hs.estimate(table), TOGETHER).message


def test_lazy_frames_are_not_read_again_for_the_warning() -> None:
    assert not codes(hs.estimate(answered().lazy()))


@pytest.mark.parametrize("label", ["attempt", "epoch", "trial", "repeat", "replicate"])
def test_attempt_columns_give_a_warning_only_if_their_levels_are_correlated(label: str) -> None:
    assert not codes(hs.compare(answered(0.0, label=label), "tuned", "base"))
    assert codes(hs.compare(answered(label=label), "tuned", "base")) == {TOGETHER}


@pytest.mark.parametrize("label", ["seed", "run"])
def test_a_seed_column_gives_a_warning_until_its_role_is_chosen(label: str) -> None:
    rows = answered(0.0, label=label)
    assert codes(hs.compare(rows, "tuned", "base")) == {SILENT}
    chosen = hs.read(rows, columns={"attempt": label})
    assert not codes(hs.compare(chosen, "tuned", "base"))
    assert not codes(hs.compare(rows, "tuned", "base", random_factor=label))
    moving = hs.read(answered(label=label), columns={"attempt": label})
    assert codes(hs.compare(moving, "tuned", "base")) == {TOGETHER}


def test_the_warning_gives_the_interval_width_for_both_readings_of_the_column() -> None:
    rows = answered(label="seed")
    for verb, bars in (
        (lambda **more: hs.compare(rows, "tuned", "base", **more), lambda found: found.difference.interval),
        (lambda **more: hs.estimate(rows.filter(model="tuned"), **more), lambda found: found[0].estimate.interval),
    ):
        one, other = (bars(verb(**more)) for more in ({}, {"random_factor": "seed"}))
        halves = [f"{50 * (each.high - each.low):.1f} points" for each in (one, other)]
        message = warning_of(verb(), SILENT).message
        assert f" ± {halves[0]}, and if its values are a sample of others ± {halves[1]}" in message
    board = hs.leaderboard(rows)
    pairs = hs.leaderboard(rows, random_factor="seed").boards[0].pairs
    assert f"a sample of others ± {50 * (pairs.high - pairs.low)[0, 1]:.1f} points" in warning_of(board, SILENT).message


@pytest.mark.parametrize("highest", [1, 40])
def test_a_board_of_many_models_gives_the_widths_that_its_own_pairs_have(highest: float) -> None:
    """Only the leaders are computed again, unless without the others they would be on another scale."""
    rows, one = answered(label="seed").rename({"passed": "pass_rate"}), pl.col("question") == "q3"
    worse = [
        rows.filter(model="base").with_columns(
            model=pl.lit(f"worse{k}"), pass_rate=pl.when(one).then(highest).otherwise(0)
        )
        for k in range(3)
    ]
    rows = pl.concat([rows, *worse], how="vertical_relaxed")
    scores = hs.read(rows, columns={"score": "pass_rate"})
    board, sampled = hs.leaderboard(scores), hs.leaderboard(scores, random_factor="seed")
    assert {entry.model for entry in board.boards[0].entries[:2]} == {"tuned", "base"}
    halves = [float((each.boards[0].pairs.high - each.boards[0].pairs.low)[0, 1] / 2) for each in (board, sampled)]
    told = [Scale(percent=board.boards[0].percent).gap(half) for half in halves]
    assert f" ± {told[0]}, and if its values are a sample of others ± {told[1]}" in warning_of(board, SILENT).message


def test_the_warning_has_no_widths_for_methods_without_random_factors() -> None:
    message = warning_of(hs.compare(answered(label="seed"), "tuned", "base", method="sign-flip"), SILENT).message
    assert "±" not in message


def test_correlated_attempts_are_tested_jointly_over_tasks_and_models() -> None:
    parts = [answered(0.0, seed=k).with_columns(task=pl.lit(f"t{k}")) for k in range(3)]
    assert not codes(hs.leaderboard(pl.concat(parts)))
    parts[1] = answered(seed=1).with_columns(task=pl.lit("t1"))
    message = warning_of(hs.leaderboard(pl.concat(parts)), TOGETHER).message
    assert message.startswith("answers of t1: ")


def test_attempt_labels_unique_to_a_question_give_no_warning() -> None:
    rows = answered()
    own = rows.with_columns(attempt=pl.concat_str("question", "attempt", separator="-"))
    assert not codes(hs.compare(own, "tuned", "base"))


def test_missing_attempts_do_not_prevent_or_cause_the_warning() -> None:
    rng = np.random.default_rng(2)
    rows = answered().filter(pl.Series(rng.random(1200) < 0.95))
    assert codes(hs.compare(rows, "tuned", "base")) == {TOGETHER}
    failed = answered().with_columns(passed=pl.when(pl.Series(rng.random(1200) < 0.95)).then("passed"))
    assert codes(hs.compare(failed, "tuned", "base")) == {TOGETHER}
    quiet = answered(0.0).with_columns(passed=pl.when(pl.Series(rng.random(1200) < 0.95)).then("passed"))
    assert not codes(hs.compare(quiet, "tuned", "base"))


def test_correlated_clusters_do_not_count_as_correlated_attempts() -> None:
    rng = np.random.default_rng(4)
    rows = answered(0.0).with_columns(text=pl.col("question").str.slice(1).cast(pl.Int64) // 20)
    moods = rows.select("model", "text", "attempt").unique(maintain_order=True)
    moods = moods.with_columns(mood=pl.Series(rng.normal(0, 0.4, len(moods))))
    moved = rows.join(moods, on=["model", "text", "attempt"]).with_columns(
        passed=0.5 * pl.col("passed") + pl.col("mood")
    )
    assert codes(hs.estimate(moved)) == {TOGETHER}
    assert not codes(hs.estimate(moved, cluster="text"))


def test_percent_scores_give_the_same_warning_in_points() -> None:
    rows = answered().with_columns(passed=pl.col("passed") * 100)
    assert warning_of(hs.estimate(rows, bounds=(0, 100)), TOGETHER) == warning_of(hs.estimate(answered()), TOGETHER)


# Gates --------------------------------------------------------------------------------------------------------------


def test_gate_is_unclear_until_the_role_of_a_seed_column_is_chosen() -> None:
    rows = answered(0.0, label="seed", levels=range(3))
    found = hs.gate(rows, "tuned", "base", not_worse_than=0.1, at_least=0.3)
    assert (found.verdict, found.unclear_because, found.exit_code) == ("unclear", "attempts", 2)
    assert {check.unconfirmed_attempts for check in found.checks} == {"seed"}
    assert "repeats of each question, or a" in paragraph(found)
    remedy = warning_of(found, SILENT).remedy
    for words in (
        "random_factor='seed'",
        'random-factor = "seed"',
        "{'attempt': 'seed'}",
        'columns = {attempt = "seed"}',
    ):
        assert words in remedy
    chosen = hs.read(rows, columns={"attempt": "seed"})
    plain = rows.rename({"seed": "epoch"})
    verdicts = [hs.gate(each, "tuned", "base", not_worse_than=0.1, at_least=0.3).verdict for each in (chosen, plain)]
    assert verdicts == ["pass", "pass"]


def test_gate_of_two_files_exits_with_2_until_the_role_of_a_seed_column_is_chosen(tmp_path: Path) -> None:
    sides = {}
    for model in ("tuned", "base"):
        (tmp_path / model).mkdir()
        sides[model] = tmp_path / model / "results.csv"
        answered(0.0, label="seed").filter(model=model).write_csv(sides[model])
    words = ["gate", "-a", str(sides["tuned"]), "-b", str(sides["base"]), "--not-worse-than", "10pp"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "--random-factor seed" in " ".join(done.output.split())
    assert CliRunner().invoke(main, [*words, "-c", "attempt=seed"]).exit_code == 0


def test_correlated_attempts_give_a_warning_but_do_not_change_the_gate_verdict() -> None:
    found = hs.gate(answered(), "tuned", "base", not_worse_than=0.2)
    assert (found.verdict, codes(found)) == ("pass", {TOGETHER})


def test_textual_seeds_of_two_sides_are_matched_by_name() -> None:
    rows = answered(label="seed", levels=tuple("vwxyz"))
    sides = {
        model: rows.filter(model=model).drop("model").with_columns(model=pl.lit(model)) for model in ("tuned", "base")
    }
    shuffled = {name: part.sample(fraction=1, shuffle=True, seed=3) for name, part in sides.items()}
    found = hs.compare(shuffled, "tuned", "base")
    assert codes(found) == {SILENT, TOGETHER}
    assert "'seed'" in warning_of(found, TOGETHER).message


# Names --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "levels"),
    draws(
        [("prompt", "xy"), ("judge", (0, 1)), ("prompt_id", "xy")],
        list(
            itertools.product(
                ["prompt", "template", "paraphrase", "judge", "grader", "rater", "user", "prompt_id"], ["xy", (0, 1)]
            )
        ),
    ),
)
def test_repeated_rows_by_prompt_or_judge_give_a_warning_with_both_readings(name: str, levels: Sequence[Any]) -> None:
    rows = answered(label=name, levels=levels)
    found = hs.compare(rows, "tuned", "base")
    asked = warning_of(found, SILENT)
    assert f"`random_factor={name!r}`" in asked.remedy
    assert f"{{'attempt': {name!r}}}" in asked.remedy
    sample = hs.compare(rows, "tuned", "base", random_factor=name).difference.interval
    assert f"{100 * sample.half_width:.1f} points" in asked.message
    gate = hs.gate(rows, "tuned", "base", better=True)
    assert (gate.verdict, gate.checks[0].unconfirmed_attempts) == ("unclear", name)
    assert hs.describe(rows).notes is not None


def test_a_seed_column_next_to_attempts_is_an_error_that_offers_both_readings() -> None:
    rows = pl.concat([answered(label="seed", levels=(0, 1)).with_columns(attempt=k) for k in (0, 1)])
    with pytest.raises(DataError) as raised:
        hs.compare(rows, "tuned", "base")
    assert "`random_factor='seed'`" in raised.value.remedy
    assert "{'attempt': ['attempt', 'seed']}" in raised.value.remedy


@pytest.mark.parametrize(("name", "levels"), [("temperature", (0.0, 1.0)), ("checkpoint", (100, 200))])
def test_columns_of_model_settings_are_suggested_as_part_of_the_model_name(name: str, levels: Sequence[float]) -> None:
    rows = answered(0.0, label=name, levels=levels)
    with pytest.raises(DataError) as raised:
        hs.estimate(rows)
    assert f"columns={{'model': ['model', {name!r}]}}" in raised.value.remedy
    assert "attempt" not in raised.value.remedy
    numbered = rows.with_columns(attempt=pl.col(name).rank("dense"))
    assert name in warning_of(hs.estimate(numbered), SETTING).message
    named = hs.read(numbered, columns={"model": ["model", name]})
    assert not codes(hs.estimate(named))


def test_a_setting_constant_within_each_question_gives_no_warning() -> None:
    rows = answered(0.0).with_columns(temperature=pl.col("question").str.ends_with("1").cast(pl.Float64))
    assert not codes(hs.estimate(rows))


def test_a_prompt_column_without_item_ids_is_suggested_as_the_item() -> None:
    rows = answered(levels=(0,)).drop("attempt").rename({"question": "prompt"})
    with pytest.raises(DataError, match=r"columns=\{'item': 'prompt'\}"):
        hs.estimate(rows)
