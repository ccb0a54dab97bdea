"""`runs` selects the latest run or those of a period, counted from the newest run and not from the clock."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from howsure.readers.runs import age
from reader_cases import run_log as log


@pytest.fixture
def nights(tmp_path):
    """Three nights of two models on one task; each night everything was right less often."""
    for night, scores in {"2026-01-01": "CCCC", "2026-01-08": "CCII", "2026-01-09": "CIII"}.items():
        for model in ("mock/a", "mock/b"):
            log(tmp_path, f"{night} {model[-1]}", scores, model=model, created=f"{night}T02:00:00+00:00")
    return tmp_path


def values(folder, **how):
    return {row["model"]: row["value"] for row in howsure.estimate(howsure.read(folder, **how)).records()}


def test_runs_latest_keeps_the_newest_run_of_each_model(nights):
    assert values(nights, runs="latest") == {"mock/a": 0.25, "mock/b": 0.25}
    left = [report.reason for report in howsure.read(nights, runs="latest").files if report.outcome == "left out"]
    assert left == ["older than the requested runs"] * 4


@pytest.mark.parametrize(
    ("since", "mean"), [("12h", 0.25), ("1d", 0.375), ("25h", 0.375), ("2w", 1.75 / 3), ("90m", 0.25)]
)
def test_runs_since_counts_from_the_newest_run(nights, since, mean):
    assert values(nights, runs=f"since:{since}") == pytest.approx({"mock/a": mean, "mock/b": mean})


def test_runs_latest_applies_per_task_and_since_to_all_tasks(nights):
    log(nights, "old sums", "CC", model="mock/a", task="sums", created="2020-01-01T00:00:00+00:00")
    frame = howsure.read(nights, runs="latest").to_frame()
    assert set(frame["task"]) == {"words", "sums"}
    assert set(howsure.read(nights, runs="since:1d").to_frame()["task"]) == {"words"}


def test_a_log_without_a_date_is_kept_with_a_warning(nights):
    log(nights, "undated", "IIII", model="mock/c", created="yesterday")
    scores = howsure.read(nights, runs="latest")
    assert set(scores.to_frame()["model"]) == {"mock/a", "mock/b", "mock/c"}
    assert "1 log names no date and is kept" in [warning.message for warning in scores.warnings]


def test_dates_are_compared_across_time_zones(tmp_path):
    log(tmp_path, "first", "IIII", created="2026-01-01T23:30:00-05:00")
    log(tmp_path, "second", "CCCC", created="2026-01-02T03:00:00+00:00")
    assert values(tmp_path, runs="latest") == {"mock/a": 0}


@pytest.mark.parametrize(("text", "meant"), [("7d", timedelta(7)), (" 1.5H ", timedelta(hours=1.5)), ("90m", timedelta(minutes=90)), ("2w", timedelta(14))])  # fmt: skip
def test_a_period_is_a_number_with_a_unit(text, meant):
    assert age(text) == meant


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "7 days", "1y", "1e9d ", "99999999999d"])
def test_a_malformed_period_is_an_option_error(text, nights):
    with pytest.raises(howsure.OptionError, match="Write 7d"):
        howsure.read(nights, runs=f"since:{text}")


def test_the_runs_option_works_for_estimate_and_compare(nights):
    result = CliRunner().invoke(main, ["estimate", str(nights), "--runs", "latest", "--format", "csv"])
    assert result.output.count(",0.25,") == 2
    result = CliRunner().invoke(main, ["compare", str(nights), "-a", "a", "-b", "b", "--runs", "since:1d"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("odd", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "0001-01-01"])
def test_dates_at_the_limits_of_the_calendar_are_read(nights, odd):
    log(nights, "odd", "IIII", model="mock/c", created=odd)
    for how in ({"runs": "latest"}, {"runs": "since:9999w"}, {"runs": "since:1d"}):
        assert "mock/a" in values(nights, **how) or odd.startswith("9999")
    assert len(howsure.runs(nights).runs) == 7
