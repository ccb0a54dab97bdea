"""Margins: relative ones are a share of the baseline's score; a large margin without a unit needs one."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main

N = 200


def rows(task: str = "t", scale: float = 1.0, **right: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"task": task, "model": model, "item": f"q{k}", "score": scale * (k < count)}
            for model, count in right.items()
            for k in range(N)
        ]
    )


def check(data: Any, **asked: Any) -> Any:
    return hs.gate(data, "a", "b", **asked).checks


def test_a_relative_margin_is_a_share_of_the_baselines_score() -> None:
    (relative,) = check(rows(a=95, b=100), not_worse_than="20%rel")
    (absolute,) = check(rows(a=95, b=100), not_worse_than=0.1)
    assert relative == absolute
    assert relative.limit == pytest.approx(0.1)


def test_a_relative_margin_is_computed_per_task_and_for_the_overall_score() -> None:
    data = pl.concat([rows("low", a=38, b=40), rows("high", a=155, b=160)])
    limits = {found.task: found.limit for found in check(data, not_worse_than="10%rel", overall="mean")}
    assert limits == pytest.approx({"low": 0.02, "high": 0.08, "": 0.05})


def test_compare_accepts_a_relative_margin() -> None:
    answer = hs.compare(rows(a=95, b=100), "a", "b", margin="20%rel")
    assert isinstance(answer, hs.Comparison)
    assert answer.equivalence is not None
    assert answer.equivalence.margin == pytest.approx(0.1)


def test_a_relative_margin_of_a_baseline_score_of_0_is_refused() -> None:
    with pytest.raises(hs.OptionError, match="b scores 0 on t, so a relative margin isn't possible"):
        check(rows(a=5, b=0), not_worse_than="20%rel")


@pytest.mark.parametrize("text", ["0%rel", "100%rel", "-1%rel", "x%rel", "nan%rel"])
def test_a_relative_margin_must_lie_between_0_and_100_percent(text: str) -> None:
    with pytest.raises(hs.OptionError, match="is not a share of a score"):
        check(rows(a=5, b=5), not_worse_than=text)


def test_plan_refuses_a_relative_margin() -> None:
    with pytest.raises(hs.OptionError, match="not_worse_than='1%rel'` is not a number"):
        hs.plan(effect=0.1, not_worse_than="1%rel")


@pytest.mark.parametrize(
    ("scale", "words", "told"),
    [
        (1.0, ["--not-worse-than", "0.5"], "50 points of scores from 0 to 1: write 50pp if you mean it, or 0.5pp"),
        (1.0, ["--same-within", "0.1"], "write 10pp if you mean it, or 0.1pp"),
        (1.0, ["--at-least", "5%rel"], "is a share of a score, which only margins take"),
        (1.0, ["--not-worse-than", "50pp"], ""),
        (1.0, ["--not-worse-than", "0.05"], ""),
        (1.0, ["--not-worse-than", "20%rel"], ""),
        (40.0, ["--not-worse-than", "0.5"], ""),
    ],
)
def test_a_large_margin_without_a_unit_is_refused_for_scores_from_0_to_1(
    tmp_path: Any, scale: float, words: list[str], told: str
) -> None:
    rows(scale=scale, a=100, b=100).write_csv(tmp_path / "rows.csv")
    result = CliRunner().invoke(main, ["gate", str(tmp_path / "rows.csv"), "-a", "a", "-b", "b", *words])
    assert result.exit_code in ((3,) if told else (0,) if scale == 1 else (0, 2)), result.output
    assert told in " ".join(result.output.split())
    assert check(rows(a=100, b=100), not_worse_than=0.5)[0].limit == 0.5, "Python keeps the units of the score"


@pytest.mark.parametrize("command", ["gate", "compare"])
@pytest.mark.parametrize(
    ("scale", "margin", "told"),
    [
        (1.0, "0.5", "--tasks t*:margin=0.5 is 50 points of scores from 0 to 1: write 50pp if you mean it, or 0.5pp"),
        (40.0, "2pp", "--tasks t*:margin=2pp: points and percent are for scores that are shown in percent"),
        (1.0, "50pp", ""),
        (1.0, "0.05", ""),
        (1.0, "20%rel", ""),
        (40.0, "2", ""),
    ],
)
def test_a_large_margin_of_one_task_without_a_unit_is_refused(
    tmp_path: Any, command: str, scale: float, margin: str, told: str
) -> None:
    """It counts only for the tasks that its pattern names, and only where no earlier pattern does."""
    rows(scale=scale, a=95, b=100).write_csv(tmp_path / "rows.csv")
    words = [command, str(tmp_path / "rows.csv"), "-a", "a", "-b", "b", "--tasks", f"t*:margin={margin}"]
    words += ["--not-worse-than", "0.01"] if command == "gate" else []
    result = CliRunner().invoke(main, ["--no-config", *words, "--tasks", "*:margin=0.7", "--tasks", "x:margin=0.9"])
    assert ("Usage:" in result.output) == bool(told), result.output
    assert told in " ".join(result.output.split())
