"""LaTeX output puts standard errors in parentheses, escapes names, and compiles."""

import subprocess

import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered
from hostile import HOSTILE
from howsure.present.document import Column, Document, Table
from howsure.present.render import latex

SPECIAL = {
    "commands": r"\\input{/etc/passwd} \\end{tabular} \\\\",
    "specials": "%_&#$^~{}<>|\\",
    "carets": "^^M ^^5c",
    "ligatures": "--- ?` !` ,, `` '' <<",
    "star": "*star",
    "bracket": "[10cm]",
    "maths": "$x$ a_b ≤ ≥ × ∞ ² σ",
    "accents": "é ü ß œ",
}


def named(name, rows):
    return rows.with_columns(model=pl.col("model").replace({"a": name}))


def test_the_standard_error_follows_its_score_in_parentheses():
    answer = hs.leaderboard(clustered(), cluster="passage")
    text = answer.render("latex")
    assert "rank & rank CI & model & score \\% (SE) & 95\\% CI & group \\\\" in text
    for entry in answer.boards[0].entries:
        assert (
            f"& {100 * entry.estimate.value:.1f} ({100 * entry.estimate.se:.1f}) & {100 * entry.estimate.interval.low:.1f}--"
            in text.replace("\\textbf{", "").replace("}", "")
        )
    assert r"score \% (SE)" in hs.estimate(clustered()).render("latex")


def test_a_missing_standard_error_is_shown_as_not_available():
    rows = clustered(n_clusters=1, size=1, models=("a", "b"))
    assert "(n/a)" in hs.leaderboard(rows).render("latex")


def test_standard_errors_are_in_markdown_and_not_on_the_terminal():
    for width in (80, 200):
        assert " SE " not in hs.leaderboard(clustered()).render("terminal", width=width)
    assert "| SE |" in hs.leaderboard(clustered()).render("markdown")


def test_an_error_column_without_its_value_column_is_dropped():
    columns = (Column(name="model", align="left"), Column(name=""), Column(name="SE", error_of="score"))
    text = latex.render(Document(blocks=(Table(columns=columns, rows=(("a", "x", "1.0"),)),)))
    assert r"a & x & 1.0 \\" in text


def test_latex_ligatures_are_prevented():
    assert latex.escape("--- ?` !` ,, `` ''") == "-{}-{}- ?{}` !{}` ,{}, `{}` '{}'"
    assert latex.escape("–") == "--"


def test_names_starting_with_a_star_or_bracket_are_protected_in_latex():
    for name in ("*star", "[10cm]"):
        assert f"\n{{{name}}} &" in hs.estimate(named(name, clustered())).render("latex")


def test_models_that_could_be_best_are_bold():
    board = hs.leaderboard(clustered(), cluster="passage").boards[0]
    text = hs.leaderboard(clustered(), cluster="passage").render("latex")
    for entry, rank in zip(board.entries, board.ranks, strict=True):
        assert (rf"& \textbf{{{entry.model}}} &" in text) == rank.could_be_best


def test_several_tasks_are_one_table_with_intervals_below_bold_scores():
    rows = pl.concat([clustered().with_columns(task=pl.lit(task)) for task in ("a_task-with a long name", "b")])
    answer = hs.leaderboard(rows, top=2)
    table = answer.render("latex").split(r"\begin{tabular}{@{}lrrr@{}}")[1]
    assert table.startswith(
        "\n\\toprule\nmodel & \\shortstack[r]{overall} & \\shortstack[r]{a\\_task- \\\\{} with a \\\\{} long name} & "
    )
    scores, limits = table.split("\n")[4:6]
    for board in answer.every:
        entry = next(each for each in board.entries if scores.startswith(each.model))
        shown = f"{100 * entry.estimate.value:.1f}"
        assert (rf"\textbf{{{shown}}}" if entry.model in board.could_be_best else f"& {shown} ") in scores
        assert rf"{{\scriptsize {100 * entry.estimate.interval.low:.1f}--" in limits
    assert len(table.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().split("\n")) == 4


@pytest.mark.trial  # it needs LaTeX, which scripts/trials installs
@pytest.mark.parametrize("kind", [*SPECIAL, *(kind for kind in HOSTILE if kind != "lone")])
def test_latex_output_with_special_and_hostile_names_compiles(kind, tmp_path):
    name = {**HOSTILE, **SPECIAL}[kind]
    rows = named(name, attempts()).with_columns(task=pl.lit(name))
    twice = pl.concat([rows, rows.with_columns(task=pl.lit("other"))])
    answers = (
        hs.leaderboard(rows),
        hs.leaderboard(twice),
        hs.estimate(rows),
        hs.compare(rows, name, "b"),
        hs.noise(rows),
    )
    body = "\n\n".join(answer.render("latex") for answer in answers)
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\begin{document}"
    (tmp_path / "x.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
