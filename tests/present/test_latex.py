"""LaTeX: errors in parentheses, nothing obeyed, and a document that compiles where LaTeX is."""

import shutil
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


def test_the_standard_error_stands_behind_its_score_in_parentheses():
    answer = hs.leaderboard(clustered(), cluster="passage")
    text = answer.render("latex")
    assert r"rank & could be & model & score \% (SE) & 95 \% interval & ties \\" in text
    for entry in answer.boards[0].entries:
        assert f"& {100 * entry.estimate.value:.1f} ({100 * entry.estimate.se:.1f}) & {{[" in text
    assert r"score \% (SE)" in hs.estimate(clustered()).render("latex")


def test_a_standard_error_that_is_not_there_is_told():
    rows = clustered(n_clusters=1, size=1, models=("a", "b"))
    assert "(n/a)" in hs.leaderboard(rows).render("latex")


def test_the_terminal_leaves_it_out_whatever_its_width():
    for width in (80, 200):
        assert " SE " not in hs.leaderboard(clustered()).render("terminal", width=width)
    assert "| SE |" in hs.leaderboard(clustered()).render("markdown")


def test_a_column_without_a_name_has_no_errors():
    columns = (Column(name="model", align="left"), Column(name=""), Column(name="SE", error_of="score"))
    text = latex.render(Document(blocks=(Table(columns=columns, rows=(("a", "x", "1.0"),)),)))
    assert r"a & x & 1.0 \\" in text


def test_characters_that_latex_would_join_stay_apart():
    assert latex.escape("--- ?` !` ,, `` ''") == "-{}-{}- ?{}` !{}` ,{}, `{}` '{}'"
    assert latex.escape("–") == "--"


def test_a_line_s_end_takes_no_option_from_the_next():
    for name in ("*star", "[10cm]"):
        assert f"\n{{{name}}} &" in hs.estimate(named(name, clustered())).render("latex")


def test_a_caption_makes_a_float_and_comments_of_the_rest():
    answer = hs.leaderboard(clustered(), cluster="passage")
    text = answer.render("latex", caption=r"Scores~\cite{x}.", label="tab:board")
    assert "\\caption{Scores~\\cite{x}.}\n\\label{tab:board}\n" in text
    assert text.count(r"\begin{table}") == 1
    outside = text[: text.index(r"\begin{table}")] + text[text.index(r"\end{table}") :]
    assert {line[:1] for line in outside.splitlines()} == {"", "%", "\\"}
    assert answer.verdict.split(",", maxsplit=1)[0] in outside


def test_several_tables_have_labels_and_captions_of_their_own():
    rows = pl.concat([clustered().with_columns(task=pl.lit(task)) for task in ("x", "y")])
    text = hs.estimate(rows).render("latex", caption="Scores.", label="tab:s")
    assert r"\label{tab:s}" in text
    assert r"\label{tab:s-2}" in text
    assert text.count(r"\caption{Scores. (") == 2


def test_siunitx_aligns_numbers_and_leaves_words_alone():
    columns = (Column(name="model", align="left"), Column(name="gap"), Column(name="p"), Column(name="n"))
    rows = (("a", "−1.25", "<0.001", "12,345"), ("b", "10.5", "0.020", ""))
    text = latex.render(Document(blocks=(Table(columns=columns, rows=rows),)), latex.Paper(siunitx=True))
    assert r"{lS[table-format=-2.2]S[table-format=1.3]S[table-format=5]}" in text
    assert r"model & {gap} & {p} & {n} \\" in text
    assert r"a & -1.25 & {\textless{}0.001} & 12345 \\" in text
    assert r"b & 10.5 & 0.020 & {} \\" in text


def test_what_is_about_latex_is_refused_elsewhere():
    answer = hs.estimate(clustered())
    for given in ({"caption": "x"}, {"siunitx": True}, {"label": "x", "caption": "x"}):
        with pytest.raises(hs.HowsureError, match="is for LaTeX"):
            answer.render("markdown", **given)
    with pytest.raises(hs.HowsureError, match="label is for a table with a caption"):
        answer.render("latex", label="x")
    with pytest.raises(hs.HowsureError, match="is no label of LaTeX"):
        answer.render("latex", label="x}", caption="x")


PAPERS = {"plain": {}, "siunitx": {"siunitx": True}, "float": {"caption": "x", "label": "tab:x", "siunitx": True}}


def has(package):
    return subprocess.run(["kpsewhich", f"{package}.sty"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("kind", [*SPECIAL, *(kind for kind in HOSTILE if kind != "lone")])
def test_it_compiles(kind, paper, tmp_path):
    packages = ["booktabs", *(["siunitx"] if "siunitx" in PAPERS[paper] else [])]
    if shutil.which("pdflatex") is None or not all(map(has, packages)):
        pytest.skip("no LaTeX here, or not all of it")
    name = {**HOSTILE, **SPECIAL}[kind]
    rows = named(name, attempts()).with_columns(task=pl.lit(name))
    answers = (hs.leaderboard(rows), hs.estimate(rows), hs.compare(rows, name, "b"), hs.noise(rows))
    body = "\n\n".join(answer.render("latex", **PAPERS[paper]) for answer in answers)
    uses = f"\\usepackage{{{','.join(packages)}}}"
    head = rf"\documentclass{{article}}\usepackage[T1]{{fontenc}}{uses}\begin{{document}}"
    (tmp_path / "x.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
