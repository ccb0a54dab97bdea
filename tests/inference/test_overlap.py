"""Two models that share a part of their items: the shared ones by default, all of them beside it or when asked for."""

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.errors import OptionError


def partly(shared, only_a, only_b, *, task="task", seed=0, harder=0.0):
    """Right or wrong answers of two models that have so many items together and alone; the shared ones may be harder."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(shared + only_a + only_b):
        luck, less = rng.random(), harder if k < shared else 0.0
        for model, rate, has in (("a", 0.7, k < shared + only_a), ("b", 0.6, not shared <= k < shared + only_a)):
            if has:
                rows.append(
                    {"task": task, "model": model, "item": k, "group": k % 20, "score": float(luck < rate - less)}
                )
    return pl.DataFrame(rows)


FEW, MANY = partly(10, 490, 490), partly(60, 30, 20)


def test_few_shared_items_have_the_answer_of_all_beside_them():
    found, asked = hs.compare(FEW, "a", "b"), hs.compare(FEW, "a", "b", overlap="combine")
    assert (found.paired, found.difference.n_items) == (True, 10)
    assert found.combined.estimate == asked.difference
    assert (found.combined.p_value, found.combined.a_mean) == (asked.p_value, asked.a_mean)
    assert asked.difference.n_items == 990
    assert found.difference.interval.half_width > 5 * asked.difference.interval.half_width
    assert asked.a_mean - asked.b_mean == pytest.approx(asked.difference.value)
    assert "all items" in found.render("markdown")
    assert found.to_dict()["combined"]["estimate"]["n_items"] == 990


def test_many_shared_items_have_one_answer():
    assert hs.compare(MANY, "a", "b").combined is None
    assert hs.compare(partly(60, 0, 0), "a", "b").combined is None
    assert hs.compare(FEW, "a", "b", method="sign-flip").combined is None
    assert hs.compare(FEW, "a", "b", overlap="combine").combined is None


@pytest.mark.parametrize("cluster", ["none", "group"])
@pytest.mark.parametrize("method", [None, "t"])
def test_with_nothing_to_combine_it_is_the_usual_comparison(method, cluster):
    for rows in (partly(60, 0, 0), partly(0, 40, 50)):
        one, other = (
            hs.compare(rows, "a", "b", overlap=overlap, method=method, cluster=cluster, margin=0.1)
            for overlap in ("shared", "combine")
        )
        assert one.to_dict() == other.to_dict()


def test_margins_and_plain_words_and_lower_scores_go_with_all_items():
    found = hs.compare(FEW, "a", "b", overlap="combine", margin=0.05)
    assert found.equivalence.noninferior
    assert not found.equivalence.equivalent
    assert found.better == "a"
    lower = hs.compare(FEW, "a", "b", overlap="combine", margin=0.05, lower_is_better=True)
    assert (lower.better, lower.equivalence.noninferior) == ("b", False)
    assert "On all that each answered" in found.render("markdown", explain=True)
    assert "they share no question" not in found.render("markdown", explain=True)


def test_shared_items_that_differ_are_told_with_both_figures():
    rows = partly(100, 400, 400, harder=0.4)
    for found in (hs.compare(rows, "a", "b"), hs.compare(rows, "a", "b", overlap="combine")):
        told = [each for each in (*found.cautions, *found.difference.cautions) if each.code == "shared_items_differ"]
        assert len(told) == 1
        assert (
            "a scores 25.0 % on the 100 items that both answered and 67.0 % on the 400 that it alone has"
            in told[0].message
        )
    assert "shared_items_differ" not in [each.code for each in hs.compare(FEW, "a", "b").cautions]


def test_several_tasks_are_combined_one_by_one_and_have_no_overall():
    rows = pl.concat([partly(10, 490, 490, task="x"), partly(60, 30, 20, task="y", seed=1)])
    found = hs.compare(rows, "a", "b", overlap="combine")
    assert found.overall is None
    assert [each.difference.n_items for each in found.comparisons] == [990, 110]
    assert "combined" in " ".join(each.message for each in found.cautions)
    shared = hs.compare(rows, "a", "b")
    assert shared.overall.combined is None
    assert [each.combined is None for each in shared.comparisons] == [False, True]


def test_a_gate_judges_on_all_items_when_asked():
    asked = hs.compare(FEW, "a", "b", overlap="combine")
    gate = hs.gate(FEW, "a", "b", better=True, overlap="combine")
    assert gate.verdict == "pass"
    assert gate.checks[0].p_pass == asked.p_value
    assert gate.checks[0].n_items == 990
    assert hs.gate(FEW, "a", "b", better=True).verdict != "pass"


@pytest.mark.parametrize(
    "given", [{"population": "same-clusters"}, {"population": "these-questions"}, {"covariate": "group"}]
)
def test_what_does_not_go_with_all_items_is_refused(given):
    with pytest.raises(OptionError, match="overlap='combine'"):
        hs.compare(FEW, "a", "b", overlap="combine", cluster="group", **given)


def test_the_command_takes_it_for_two_sides_only(tmp_path):
    path = tmp_path / "rows.csv"
    FEW.write_csv(path)
    shown = CliRunner().invoke(main, ["compare", str(path), "-a", "a", "-b", "b", "--overlap", "combine"])
    assert shown.exit_code == 0, shown.output
    assert "combined, CR2" in shown.output
    refused = CliRunner().invoke(main, ["compare", str(path), "--against", "a", "--overlap", "combine"])
    assert refused.exit_code == 2
    assert "--overlap is for two" in refused.output
    assert CliRunner().invoke(main, ["compare", str(path), "--against", "a"]).exit_code == 0


def test_a_gate_on_few_shared_items_prints_what_all_say_and_decides_without():
    compared, gate = hs.compare(FEW, "a", "b"), hs.gate(FEW, "a", "b", better=True)
    (note,) = [note for note in gate.notes if note.startswith("task: on all items of both")]
    interval = compared.combined.estimate.interval
    assert f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}] pp".replace("-", "−") in note
    assert note.endswith("this isn't what decides.")
    assert (gate.checks[0].value, gate.checks[0].n_items) == (compared.difference.value, 10)
    assert "on all items of both" in " ".join(gate.render("terminal").split())
    assert not any("all items of both" in note for note in hs.gate(MANY, "a", "b", better=True).notes)
    assert not any("all items" in note for note in hs.gate(FEW, "a", "b", better=True, overlap="combine").notes)


def test_a_gate_warns_where_shared_items_differ_as_compare_does():
    rows = partly(100, 400, 400, harder=0.4)
    (said,) = [each for each in hs.compare(rows, "a", "b").cautions if each.code == "shared_items_differ"]
    for asked in ({"better": True}, {"not_worse_than": 0.05}):
        assert said in hs.gate(rows, "a", "b", **asked).cautions
    two = pl.concat([rows, partly(100, 400, 400, harder=0.4, task="other", seed=3)])
    told = [each.message for each in hs.gate(two, "a", "b", better=True).cautions if each.code == "shared_items_differ"]
    assert [message.split(":")[0] for message in told] == ["other", "task"]
