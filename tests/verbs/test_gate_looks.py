"""gate with planned looks: the level at each look, which look is due, and plans that don't fit."""

import os

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from howsure.commands.main import main
from howsure.statistics.group_sequential import Schedule
from paragraphs import paragraph
from runs import first, results
from trials import draws

LOOKS = {"looks": "4/200"}


def test_a_gate_at_a_look_uses_the_nominal_level_of_that_look():
    data = first(results(200, a=0.75), 100)
    found = hs.gate(data, "a", "b", better=True, **LOOKS)
    level = Schedule((0.25, 0.5, 0.75, 1.0)).level_at(2, 0.95)
    plain = hs.gate(data, "a", "b", better=True, level=level)
    assert (found.checks[0].low, found.checks[0].high) == (plain.checks[0].low, plain.checks[0].high)
    assert found.checks[0].level == 0.95
    assert (found.looks.number, [look.items for look in found.looks.looks]) == (2, [50, 100, 150, 200])
    assert found.looks.looks[1].nominal == pytest.approx(1 - level)


def test_a_margin_at_a_look_uses_the_one_sided_nominal_level():
    data = first(results(200, a=0.7), 100)
    found = hs.gate(data, "a", "b", not_worse_than=0.02, **LOOKS).checks[0]
    level = Schedule((0.25, 0.5, 0.75, 1.0)).level_at(2, 0.9)
    plain = hs.gate(data, "a", "b", not_worse_than=0.02, level=(1 + level) / 2).checks[0]
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    assert found.level == pytest.approx(0.9)
    assert found.p_pass > plain.p_pass


def test_a_single_look_equals_the_gate_without_looks():
    data = results(80, a=0.65)
    asked = {"better": True, "not_worse_than": 0.05, "same_within": 0.3, "at_least": 0.5}
    once, looked = hs.gate(data, "a", "b", **asked), hs.gate(data, "a", "b", **asked, looks="1/80")
    for one, other in zip(once.checks, looked.checks, strict=True):
        assert (one.verdict, one.level) == (other.verdict, pytest.approx(other.level))
        assert (one.low, one.high) == pytest.approx((other.low, other.high))
        assert one.p_pass == pytest.approx(other.p_pass, abs=2e-3, nan_ok=True)


@pytest.mark.parametrize("rate", [0.2, 0.35, 0.4])
def test_swapping_the_models_swaps_the_p_values_of_better_at_a_look(rate):
    data = first(results(200, a=rate), 100)
    (one,), (other,) = (hs.gate(data, *sides, better=True, **LOOKS).checks for sides in ("ab", "ba"))
    assert (one.p_pass, one.p_fail) == (other.p_fail, other.p_pass)
    assert one.p_fail < 1


@given(st.integers(0, 10_000), st.floats(0.2, 0.95), st.sampled_from(["obrien-fleming", "pocock"]))
def test_verdict_p_value_and_interval_at_a_look_agree(seed, rate, spending):
    data = first(results(90, a=rate, seed=seed), 60)
    found = hs.gate(data, "a", "b", better=True, not_worse_than=0.1, same_within=0.2, looks=f"3/90:{spending}")
    better, kept, same = found.checks
    assert (better.verdict == "pass") == (better.low > 0) == (better.p_pass <= 0.05)
    assert (better.verdict == "fail") <= (better.high < 0)
    assert (kept.verdict == "pass") == (kept.low > -0.1) == (kept.p_pass <= 0.05)
    assert (same.verdict == "pass") == (same.low > -0.2 and same.high < 0.2) == (same.p_pass <= 0.05)


def test_the_verdict_names_the_look_and_when_the_next_is_due():
    data = results(200, a=0.55)
    early = hs.gate(first(data, 50), "a", "b", better=True, **LOOKS)
    assert paragraph(early).endswith("This is look 1; look 2 of 4 is due at 100 questions.")
    assert "Look 1 of 4, at 50 questions; the error is spent late" in str(early)
    last = hs.gate(data, "a", "b", better=True, **LOOKS)
    assert paragraph(last).endswith("This was the last of 4 looks.")
    shown = hs.gate(first(results(200, a=0.95), 100), "a", "b", better=True, **LOOKS)
    assert shown.verdict == "pass"
    assert paragraph(shown).endswith("This is look 2 of 4.")
    assert shown.to_dict()["looks"]["number"] == 2


def test_a_number_of_questions_between_looks_is_an_error():
    data = results(200)
    with pytest.raises(
        hs.DataError, match=r"70 questions don't match a look\. Looks are due at 50, 100, 150"
    ) as caught:
        hs.gate(first(data, 70), "a", "b", better=True, **LOOKS)
    assert caught.value.remedy.startswith("Ask the gate at 100 questions")
    with pytest.raises(hs.DataError, match="200 questions don't match a look") as caught:
        hs.gate(data, "a", "b", better=True, looks="50,100")
    assert caught.value.remedy.startswith("Judge the planned questions")


def test_one_percent_missing_or_one_cluster_beyond_the_look_is_accepted():
    data = results(100)
    assert hs.gate(first(data, 99), "a", "b", better=True, looks="50,100").looks.number == 2
    with pytest.raises(hs.DataError, match="98 questions don't match a look"):
        hs.gate(first(data, 98), "a", "b", better=True, looks="50,100")
    groups = data.with_columns(group=pl.int_range(pl.len()).over("model") // 10)
    assert hs.gate(first(groups, 60), "a", "b", better=True, looks="55,100", cluster="group").looks.number == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"looks": 3}, "needs the planned number of questions"),
        ({"looks": "3/2"}, "more than the 2 items"),
        ({"looks": "any/200"}, "is neither a number of looks"),
        ({"looks": "3/200:haybittle"}, "is not one of"),
        ({"looks": "100,200", "population": "these-questions"}, "planned looks add questions"),
    ],
)
def test_invalid_plans_of_looks_are_refused(options, message):
    with pytest.raises(hs.OptionError, match=message):
        hs.gate(results(200), "a", "b", better=True, **options)


def test_the_configuration_sets_the_looks_and_the_action_outputs_the_look(tmp_path, monkeypatch, capsys):
    first(results(200, a=0.95), 100).write_csv(tmp_path / "scores.csv")
    (tmp_path / "howsure.toml").write_text(
        'paths = "scores.csv"\n[gate]\ncandidate = "a"\nbaseline = "b"\nbetter = true\nlooks = "4/200:pocock"\n'
    )
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with pytest.raises(SystemExit) as caught:
        main(["gate", "--github", "--comment", "comment.md"])
    assert caught.value.code == 0
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == "verdict=pass\nbecause=\nlook=2\nlooks=4\n"
    assert "Look 2 of 4, at 100 questions; the error is spent evenly" in (tmp_path / "comment.md").read_text()
    assert "PASS" in capsys.readouterr().out
    assert os.environ["GITHUB_OUTPUT"]


@pytest.mark.unmeasured
def test_gates_at_every_look_keep_the_type_i_error():
    rng, hits, runs = np.random.default_rng(11), 0, draws(12, 60)
    for _ in range(runs):
        signs = rng.choice([-1, 0, 1], 60, p=[0.2, 0.6, 0.2])
        data = pl.DataFrame(
            {
                "model": ["a"] * 60 + ["b"] * 60,
                "item": [*range(60)] * 2,
                "score": np.r_[signs > 0, signs < 0].astype(float),
            }
        )
        looks = (hs.gate(first(data, n), "a", "b", better=True, looks="3/60:pocock") for n in (20, 40, 60))
        hits += any(found.verdict != "unclear" for found in looks)
    assert hits <= runs * 0.05 + 3 * (runs * 0.05 * 0.95) ** 0.5
