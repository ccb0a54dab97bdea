"""A comparison on several tasks starts with the verdict, then one table with one row per task, overall first."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from frames import two_models
from howsure.present.compare import details_table, document
from howsure.present.document import Table, Text
from paragraphs import paragraph

GAPS = {"algebra": 0.3, "code": 0.05, "logic": 0.16}


def rows(gaps=GAPS, n=120, seed=3):
    rng = np.random.default_rng(seed)
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "task": task,
                    "model": np.repeat(["lab/a-model", "lab/b-model"], n),
                    "item": np.tile([f"q{i}" for i in range(n)], 2),
                    "score": np.concatenate([rng.random(n) < 0.5 + gap, rng.random(n) < 0.5]).astype(float),
                }
            )
            for task, gap in gaps.items()
        ]
    )


def compared(data=None, **options):
    return hs.compare(rows() if data is None else data, "a-model", "b-model", **options)


def table_of(answer):
    (found,) = [block for block in document(answer).blocks if isinstance(block, Table)]
    return found


def column(table, name):
    at = [each.name for each in table.columns].index(name)
    return [row[at] for row in table.rows]


def test_several_tasks_are_one_table_with_adjusted_intervals_overall_first():
    answer = compared()
    table = table_of(answer)
    assert column(table, "task") == ["overall", "algebra", "code", "logic"]
    assert table.lead == 1
    of = {c.task or "overall": c for c in answer.every}
    for name, low, p, verdict in zip(
        *(column(table, head) for head in ("task", "95% CI", "p", "verdict")), strict=True
    ):
        c = of[name]
        assert low.startswith(f"{100 * c.adjusted_interval.low:.1f}".replace("-", "−"))
        assert p == ("< 0.001" if c.p_adjusted < 0.001 else f"{c.p_adjusted:.3f}")
        assert verdict == ("can't tell" if c.better is None else f"{'a' if c.better == c.a else 'b'} is better")


def test_the_verdict_comes_first_and_counts_significant_tasks():
    answer = compared()
    first = document(answer).blocks[0]
    assert (first.kind, first.text) == ("verdict", answer.sentence)
    won = sum(c.better == c.a for c in answer.comparisons)
    assert answer.sentence.startswith("lab/a-model is better than lab/b-model overall by ")
    assert paragraph(answer).endswith(
        f"Of 3 tasks, it is significantly better on {won} and the other on none ({3 - won} undecided)."
    )


def test_the_correction_for_several_tasks_is_named():
    said = [block.text for block in document(compared()).blocks if isinstance(block, Text)]
    assert "Corrected for 3 tasks (Holm): each interval agrees with its p-value and verdict." in said
    assert "a: lab/a-model, b: lab/b-model." in said
    by = [block.text for block in document(compared(adjust="bh")).blocks if isinstance(block, Text)]
    assert any(text.startswith("Corrected for 3 tasks (Benjamini–Hochberg)") for text in by)
    assert not any("orrected" in str(block) for block in document(compared(adjust="none")).blocks)


def test_a_margin_adds_its_p_value_and_shows_uncorrected_intervals():
    answer = compared(margin=0.1)
    table = table_of(answer)
    heads = [each.name for each in table.columns]
    assert "p" not in heads
    assert column(table, "p, not worse")[0] == "< 0.001"
    own = answer.comparisons[1].difference.interval
    assert column(table, "95% CI")[2].startswith(f"{100 * own.low:.1f} to ".replace("-", "−"))
    assert column(table, "verdict")[1] == "a is not worse"
    assert any("aren't corrected" in str(block) for block in document(answer).blocks)


def test_differences_on_different_scales_carry_their_units():
    data = rows().with_columns(score=pl.when(pl.col("task") == "code").then(7 * pl.col("score") + 1).otherwise("score"))
    table = table_of(compared(data, metric="score"))
    assert column(table, "task") == ["algebra", "code", "logic"]
    assert table.lead == 0
    assert column(table, "a − b")[0].endswith(" points")
    assert not column(table, "a − b")[1].endswith(" points")


def test_unshared_items_and_clusters_are_counted_per_task():
    data = rows().with_columns(cluster=pl.when(pl.col("task") == "code").then(pl.col("item").str.slice(1, 1)))
    data = data.filter(~((pl.col("task") == "logic") & (pl.col("model") == "lab/a-model") & (pl.col("item") < "q2")))
    table = table_of(compared(data))
    missing = rows().filter(pl.col("item") < "q2")["item"].n_unique()
    assert column(table, "not shared") == [f"{missing}", "0", "0", f"{missing}"]
    assert column(table, "clusters")[2] == "10"


def test_warnings_of_several_tasks_name_their_task():
    data = rows().with_columns(
        item=pl.when(pl.col("task") == "code").then(pl.col("item") + pl.col("model")).otherwise("item")
    )
    text = compared(data).render(width=400)
    assert text.count("no overall comparison") == 1
    assert "! code: " in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_output_for_several_tasks_matches_its_snapshot_at_both_widths(snapshot, width):
    assert compared().render(width=width) == snapshot


def test_the_overall_row_is_set_off_in_every_format(snapshot):
    answer = compared()
    terminal = answer.render(width=100).splitlines()
    overall = next(k for k, line in enumerate(terminal) if line.startswith("overall"))
    assert terminal[overall + 1] == ""
    assert terminal[overall + 2].startswith("algebra")
    assert "| **overall** |" in answer.render("markdown")
    assert '<tr class="lead"><th scope="row">overall</th>' in answer.render("html")
    latex = answer.render("latex").splitlines()
    assert latex[next(k for k, line in enumerate(latex) if line.startswith("overall")) + 1] == r"\midrule"


def test_the_facts_of_a_comparison_on_one_task_are_a_table_without_header():
    assert not details_table(hs.compare(two_models(), "a", "b")).has_header


def test_a_constant_difference_proposes_bounds_or_the_sign_flip_test():
    """The default for scores without bounds is t, which is the one that sees no spread there."""
    rows = pl.DataFrame({"model": ["a", "b"] * 9, "item": [k // 2 for k in range(18)], "score": [5.0, 4.0] * 9})
    rows = rows.with_columns(pl.col("score") + pl.col("item"))
    (remedy,) = {warning.remedy for warning in hs.compare(rows, "a", "b").difference.warnings}
    assert "`bounds`" in remedy
    assert "`method='sign-flip'`" in remedy
    assert hs.compare(rows, "a", "b", method="sign-flip").p_value < 0.01


def test_a_useless_covariate_gains_nothing_and_minus_signs_are_typographic():
    rows = pl.DataFrame({"model": ["a", "b"] * 9, "item": [k // 2 for k in range(18)], "score": [4.0, 6.0] * 9})
    assert "same amount (−2)" in hs.compare(rows, "a", "b").sentence
    noise = two_models().with_columns(x=pl.col("item").str.slice(1).cast(int) % 3)
    answer = hs.compare(noise, "a", "b", covariate="x")
    assert answer.variance_saved < 0
    assert "(covariates gained nothing)" in answer.render("terminal", width=100, details=True)
