"""Every output format keeps its layout and escapes hostile names."""

import re

import polars as pl
import pytest

import howsure as hs
from frames import clustered
from howsure.present.document import Column, Document, Table, Whisker
from howsure.present.render import comma_separated, latex, terminal
from howsure.present.render.terminal import draw_whisker, fit, shorten
from howsure.present.render.visible import visible
from howsure.wording import Scale, correlation_text, listing, p_text

HOSTILE = {
    "ansi": "gpt\x1b[31m-red\x1b[0m",
    "osc": "x\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "html": "<script>alert(1)</script>",
    "markdown": "[click](javascript:alert(1)) | **x** `y`",
    "formula": "=HYPERLINK(1)",
    "wide formula": "\uff1dHYPERLINK(1)",
    "later formula": " +1+1",
    "latex": r"\input{/etc/passwd} %_&#$^~{}",
    "newline": "a\nb\r\nc",
    "bidi": "abc\u202etxt.exe",
    "rich": "[bold red]x[/bold red] [link=http://evil]y[/link]",
    "lone": "x\ud800y",
}


def board_with(name):
    rows = clustered(models=("plain", "other"))
    return hs.leaderboard(rows.with_columns(model=pl.col("model").str.replace("plain", name, literal=True)))


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "lone"])
@pytest.mark.parametrize("format", ["terminal", "markdown", "csv", "latex", "html"])
def test_hostile_names_are_escaped_in_every_format(kind, format):
    text = board_with(HOSTILE[kind]).render(format)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    if format == "markdown":
        assert not re.search(r"(?<!\\)<script", text)
        assert not re.search(r"(?<!\\)\[click", text)
        rows = [line for line in text.splitlines() if line[:1] == "|"]
        assert len({row.count(" | ") for row in rows}) == 1
    if format == "latex":
        assert r"\input{" not in text
    if format == "csv":
        assert not re.search(r"(^|,)[=@]", text)


def test_hostile_names_are_escaped_in_coloured_output():
    text = board_with(HOSTILE["ansi"]).render("terminal", width=120, color=True)
    assert "\\x1b[31m" in text
    assert "\x1b[31m" not in text


def test_control_characters_are_shown_as_escapes():
    assert visible("a\x1bb\nc\u202ed\ud800") == "a\\x1bb\\x0ac\\u202ed\\ud800"
    assert visible("naïve 模型 🦜") == "naïve 模型 🦜"


@pytest.mark.parametrize(
    "code", [0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0x3164, 0xFE00, 0xFEFF, 0xE0041, 0x061C, 0x180E]
)
def test_invisible_characters_are_shown_as_escapes(code):
    assert f"{code:x}" in visible(f"gpt{chr(code)}-4")


@pytest.mark.parametrize(
    "name",
    [
        "http://evil.example",
        "https://evil.example/a?b",
        "WWW.evil.example",
        ":smile:",
        ":+1:",
        "a@evil.example",
        "@octocat",
    ],
)
def test_markdown_prevents_mentions_links_and_emoji_in_names(name):
    text = re.sub(r"\\(?=[^\w\s])", "", board_with(name).render("markdown"))
    assert name not in text
    assert name in text.replace("<!-- -->", "")


def test_names_that_look_alike_are_shown_with_escapes():
    names = ("gpt-4", "g\u0440t-4", "gpt\u20104", "gpt-4 ")
    board = hs.leaderboard(clustered(models=names))
    for format in ("terminal", "markdown", "html", "latex"):
        text = board.render(format, width=120).replace("\\\\", "\\")
        assert "\u0440" not in text, format
        for told in ("u0440t-4", "u20104", "x20"):
            assert told in text, (format, told)
    pair = hs.compare(clustered(models=names), "gpt-4", "g\u0440t-4")
    assert "\u0440" not in str(pair)
    assert "\\u0440t-4" in str(pair).splitlines()[0]


def test_names_in_other_scripts_are_kept_if_unambiguous():
    assert "模型 x" in str(hs.leaderboard(clustered(models=("模型 x", "other"))))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_terminal_keeps_its_width(width):
    long = clustered(models=("organisation/a-very-long-model-name-2025-11-24-instruct", "b", "c"))
    for answer in (hs.leaderboard(long), hs.estimate(long), hs.compare(long, "b", "c"), hs.describe(long)):
        table_lines = answer.render("terminal", width=width).splitlines()
        assert max(map(len, table_lines)) <= max(width, 56)


def test_output_is_coloured_only_on_request():
    assert "\x1b" not in hs.leaderboard(clustered()).render("terminal")
    assert "\x1b[" in hs.leaderboard(clustered()).render("terminal", color=True)


def test_latex_keeps_the_two_hyphens_of_a_flag():
    assert latex.escape("--cluster a–b") == "-{}-cluster a--b"


def test_columns_of_low_priority_are_dropped_first():
    columns = (Column(name="model", align="left"), Column(name="x", priority=5), Column(name="y", priority=3))
    table = Table(columns=columns, rows=(("a" * 30, "1" * 10, "2" * 10),))
    assert list(fit(table, 80)) == [0, 1, 2]
    assert list(fit(table, 35)) == [0, 1]
    assert list(fit(table, 25)) == [0]


@pytest.mark.parametrize("width", [20, 25, 40, 60])
def test_a_too_wide_table_loses_no_digits(width):
    columns = (Column(name="model", align="left", priority=9), *(Column(name=f"x{k}", priority=9) for k in range(4)))
    rows = tuple(("name" * 6, *(f"{10**k * 1234.5:,.1f}" for k in range(4))) for _ in range(3))
    text = terminal.render(Document(blocks=(Table(columns=columns, rows=rows),)), width=width)
    assert all(text.count(cell) == 3 for cell in rows[0][1:])


def test_whiskers_share_one_axis():
    rows = ((Whisker(value=0.5, low=0.0, high=1.0),), (Whisker(value=0.2, low=0.1, high=0.4),))
    table = Table(columns=(Column(name="", align="left"),), rows=rows)
    assert table.whisker_range == (0.0, 1.0)
    assert draw_whisker(rows[0][0], 11, 0.0, 1.0) == "├────●────┤"
    assert draw_whisker(rows[1][0], 11, 0.0, 1.0) == " ├●─┤      "
    assert draw_whisker(Whisker(value=0.5, low=0.5, high=0.5), 5, 0.0, 1.0) == "  ●  "
    assert draw_whisker(Whisker(value=0.0, low=0.5, high=1.0), 5, 0.0, 1.0) == "● ├─┤"


@pytest.mark.parametrize(("value", "drawn"), [(0.5, " │ ● │ "), (0.15, " ●│  │ "), (0.85, " │  │● "), (1.0, " │   │●")])
def test_tolerance_limits_are_vertical_lines_and_a_value_outside_is_drawn_outside(value, drawn):
    assert draw_whisker(Whisker(value=value, low=0.2, high=0.8, limits=True), 7, 0.0, 1.0) == drawn


def test_long_names_are_shortened_in_the_middle():
    assert shorten("organisation/model-large", 12) == "organi…large"
    assert shorten("short", 12) == "short"


def test_scores_differences_intervals_and_p_values_are_formatted():
    percent, plain = Scale(percent=True), Scale(percent=False)
    assert percent.score(0.788) == "78.8%"
    assert percent.difference(-0.0321) == "−3.2 points"
    assert percent.interval(-0.01, 0.2) == "−1.0 to 20.0"
    assert plain.score(3.14159) == "3.142"
    assert plain.difference(2.0) == "+2"
    assert percent.number(float("nan")) == "n/a"
    assert plain.difference(-1234.5) == "−1,234"
    assert plain.interval(676_712.0, 999_960_000) == "676,700–1,000,000,000"
    assert [plain.number(value) for value in (999.96, 12_345)] == ["1,000", "12,340"]
    assert [plain.number(value) for value in (1.5e9, 2.5e-5)] == ["1.5e+09", "2.5e-05"]
    assert [plain.given(value) for value in (12_345.0, -1_234_567.5, 20_000)] == ["12,345", "−1,234,567.5", "20,000"]
    assert [p_text(p) for p in (0.0004, 0.0312, 0.9999, float("nan"))] == ["< 0.001", "0.031", "1.000", "n/a"]
    assert listing(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_shortened_names_stay_distinct():
    beginning = "model (commit=86a0aa0"
    names = [
        f"{beginning}{more}, template=#d06981, temperature=0.3)" for more in (" dirty", "", ", tokens=4", ", tags=x")
    ]
    table = Table(
        columns=(Column(name="model", align="left"), Column(name="n")), rows=tuple((name, "1") for name in names)
    )
    for width in (24, 30, 40):
        lines = terminal.render(Document(blocks=(table,)), width=width).split("\n")[1:5]
        assert len(set(lines)) == len(names)
        assert all(len(line) <= width for line in lines)


def test_only_terminal_colours_legible_on_light_and_dark_are_used():
    """Magenta alone: as xterm, and as common light and dark themes draw it, it has contrast 3 with its ground."""
    rows = clustered(n_clusters=3)
    told = "".join(
        answer.render("terminal", color=True, width=120)
        for answer in (
            verb(rows, cluster="passage", population="new-clusters") for verb in (hs.leaderboard, hs.estimate)
        )
    )
    codes = {int(code) for found in re.findall(r"\x1b\[([\d;]*)m", told) for code in found.split(";") if code}
    assert 35 in codes
    assert codes <= {0, 1, 2, 4, 22, 35, 39}


def test_several_leaderboards_begin_with_a_summary_table():
    rows = pl.concat([clustered().with_columns(task=pl.lit(task)) for task in ("reading", "writing")])
    answer = hs.leaderboard(rows, each_task=True)
    assert "reading · score" not in hs.leaderboard(rows).render("terminal", width=100)
    text = answer.render("terminal", width=100)
    lines = text.splitlines()
    first = next(k for k, line in enumerate(lines) if line.split()[:4] == ["model", "overall", "reading", "writing"])
    assert (
        first
        < lines.index("reading · score")
        < next(k for k, line in enumerate(lines) if "Overall: mean over tasks." in line)
    )
    leader = answer.overall.entries[0].model
    shown = next(line for line in lines[first:] if line.split()[0] == leader).split()
    for board in answer.every:
        place = [entry.model for entry in board.entries].index(leader)
        assert f"{100 * board.entries[place].estimate.value:.1f}" in shown
        assert board.ranks[place].group in shown
    assert "\nmodel " not in hs.leaderboard(clustered()).render("terminal")


def test_the_summary_table_drops_the_last_tasks_on_a_narrow_terminal():
    rows = pl.concat([clustered().with_columns(task=pl.lit(f"task {k:02}")) for k in range(20)])
    text = hs.leaderboard(rows).render("terminal", width=80)
    head = next(line for line in text.splitlines() if line.startswith("model "))
    assert "overall" in head
    assert "task 00" in head
    assert "task 19" not in head
    assert "where there is no room the last tasks are left out" in text.replace("\n", " ")


def test_correlations_have_two_decimals_and_no_negative_zero():
    assert [correlation_text(value) for value in (-0.2, -0.001, 0.004, 0.5, 1.0)] == [
        "−0.20",
        "0.00",
        "0.00",
        "0.50",
        "1.00",
    ]


@pytest.mark.parametrize(
    "name", ["=1", "+1", "-1", "@SUM", "\t=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM", " =1", "\u3000\uff1d1"]
)
def test_csv_cells_are_never_formulas(name):
    assert comma_separated.render([{"model": name, "score": -1.0}]).splitlines()[1].startswith("'")
