"""Names of models: reading commands accept a part of a name or a rank, gates only whole names."""

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from places import ROOT

LOGS = str(ROOT / "examples" / "logs")
BEST, WORST = "openai-api/local/smollm2-135m-t0.3", "openai-api/local/smollm2-135m-terse"
ROWS = pl.DataFrame(
    {
        "model": [name for name in ("pr-4", "pr-42", "main") for _ in range(20)],
        "item": [*range(20)] * 3,
        "score": [float(k < n) for n in (9, 12, 15) for k in range(20)],
    }
)


def pair(data, a, b):
    answer = hs.compare(data, a, b)
    assert isinstance(answer, hs.Comparison)
    return answer.a, answer.b


def test_a_unique_part_of_a_name_chooses_the_model_with_a_note():
    answer = hs.compare(LOGS, "t0.3", "terse")
    assert isinstance(answer, hs.Comparison)
    assert (answer.a, answer.b) == (BEST, WORST)
    assert f"Models by a part of their names: 't0.3' is {BEST}; 'terse' is {WORST}." in answer.notes


def test_an_exact_name_takes_precedence_over_names_that_contain_it():
    assert pair(ROWS, "pr-4", "main") == ("pr-4", "main")
    assert not [note for note in hs.compare(ROWS, "pr-4", "main").notes if "part of" in note]


def test_an_ambiguous_part_of_a_name_is_an_error_that_lists_the_matches():
    with pytest.raises(hs.DataError, match=r"model 'pr' could be any of 2. Did you mean 'pr-4', 'pr-42'"):
        hs.compare(ROWS, "pr", "main")


def test_a_rank_chooses_the_model_with_a_note():
    answer = hs.compare(ROWS, "1", "3")
    assert isinstance(answer, hs.Comparison)
    assert (answer.a, answer.b) == ("main", "pr-4")
    assert "Models by rank: rank 1 is main; rank 3 is pr-4." in answer.notes
    with pytest.raises(hs.DataError, match="no rank 4: 3 models in all"):
        hs.compare(ROWS, "1", "4")
    twice = pl.concat([ROWS.with_columns(metric=pl.lit(name)) for name in ("first", "second")])
    with pytest.raises(hs.OptionError, match="each of 2 tasks and metrics has a rank 1"):
        hs.compare(twice, "1", "2")


def test_a_model_named_by_a_number_takes_precedence_over_a_rank():
    rows = ROWS.with_columns(pl.col("model").replace({"pr-4": "1"}))
    assert pair(rows, "1", "main") == ("1", "main")


def test_gate_never_replaces_a_missing_candidate_by_a_similar_name():
    rows = ROWS.filter(pl.col("model") != "pr-4")
    with pytest.raises(hs.DataError, match="no model 'pr-4'"):
        hs.gate(rows, "pr-4", "main", not_worse_than=0.3)
    assert pair(rows, "pr-4", "main") == ("pr-42", "main")
    with pytest.raises(hs.DataError, match="no model 'pr-4'"):
        hs.compare(rows, "model:pr-4", "main")


def test_gate_and_configuration_files_accept_only_whole_names(tmp_path, monkeypatch):
    ROWS.filter(pl.col("model") != "pr-4").write_csv(tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(main, ["compare", "rows.csv", "-a", "pr-4", "-b", "main"]).exit_code == 0
    gated = run(main, ["gate", "rows.csv", "-a", "pr-4", "-b", "main", "--better"])
    assert (gated.exit_code, "no model 'pr-4'" in gated.output) == (3, True)
    (tmp_path / "howsure.toml").write_text('[compare]\na = "pr-4"\nb = "main"\n')
    assert "no model 'pr-4'" in run(main, ["compare", "rows.csv"]).output


def test_a_common_name_prefix_is_shown_once_and_short_names_are_accepted():
    text = hs.leaderboard(LOGS).render("terminal", width=100)
    assert "openai-api/local/" not in text
    details = hs.leaderboard(LOGS).render("terminal", width=100, details=True)
    assert details.count("openai-api/local/") == 1
    assert "The names of all models begin with openai-api/local/." in details
    assert pair(LOGS, "smollm2-135m-t0.3", "smollm2-135m-terse") == (BEST, WORST)


@pytest.mark.parametrize("format", ["json", "csv"])
def test_json_and_csv_contain_whole_names(format):
    assert hs.leaderboard(LOGS).render(format).count(BEST) >= 1


def test_names_without_a_long_common_prefix_are_shown_whole():
    rows = ROWS.with_columns(model="org/" + pl.col("model"))
    assert "org/main" in hs.leaderboard(rows).render("terminal")  # a beginning as short as this stays
    mixed = ROWS.with_columns(model=pl.col("model").replace({"main": "organisation/main", "pr-4": "organisation/pr-4"}))
    assert "organisation/main" in hs.leaderboard(mixed).render("terminal")
