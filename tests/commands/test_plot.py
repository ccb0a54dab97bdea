"""`howsure plot` draws every kind of chart in every file format, with the numbers and the verdict of its verb."""

import itertools
import json
import re

import pytest
from click.testing import CliRunner

import howsure as hs
from frames import attempts
from howsure.commands.main import every, main
from howsure.commands.plot import NOT_DRAWN
from howsure.options.shared import FIGURE
from trials import draws

STARTS = {"pdf": b"%PDF-", "svg": b"<svg ", "png": b"\x89PNG\r\n\x1a\n"}
KINDS = {
    "leaderboard": ("table.csv", "--cluster", "passage"),
    "ranks": ("table.csv", "--top", "1"),
    "pairs": ("table.csv", "--adjust", "holm"),
    "compare": ("table.csv", "-a", "a", "-b", "b", "--margin", "5pp"),
    "noise": ("table.csv",),
    "plan": ("--pilot", "table.csv", "--effect", "10pp"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    attempts().write_csv(tmp_path / "table.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words, code=0):
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, (words, result.output, result.exception)
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_vega_lite_json_needs_no_extra_and_pictures_name_the_plot_extra(folder, kind, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "altair", None)
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    run("plot", kind, *KINDS[kind], "-o", "x.json")
    assert json.loads((folder / "x.json").read_text())["data"]["values"]
    result = run("plot", kind, *KINDS[kind], "-o", "x.svg", code=1)
    assert result.stderr.strip().splitlines() == [
        "howsure: charts need vl-convert. Install it with the extra: pip install 'howsure[plot]'."
    ]


def in_turn(others):
    """Pair every kind of chart with one of the others in turn; with each of them in trials."""
    return draws([*zip(KINDS, itertools.cycle(others))], [*itertools.product(KINDS, others)])


@pytest.mark.parametrize(("kind", "suffix"), in_turn(STARTS))
def test_charts_are_written_in_every_picture_format(folder, kind, suffix):
    pytest.importorskip("vl_convert")
    run("plot", kind, *KINDS[kind], "-o", f"x.{suffix}")
    assert (folder / f"x.{suffix}").read_bytes().startswith(STARTS[suffix])


@pytest.mark.parametrize("kind", ["leaderboard", "ranks", "pairs"])
def test_each_slice_has_its_own_panel(folder, kind):
    rows = attempts()
    half = rows.with_columns(half=(rows["item"].cast(str).hash() % 2).cast(str))
    half.write_csv(folder / "halves.csv")
    run("plot", kind, "halves.csv", "--by", "half", "-o", "x.json")
    drawn = (folder / "x.json").read_text()
    assert '"half 0"' in drawn
    assert '"half 1"' in drawn


def test_a_chart_without_slices_refers_to_the_command_that_has_them(folder):
    rows = attempts()
    rows.with_columns(half=(rows["item"].cast(str).hash() % 2).cast(str)).write_csv(folder / "halves.csv")
    refused = run("plot", "noise", "halves.csv", "--by", "half", "-o", "x.json", code=1)
    assert "`howsure noise` shows slices in a table; to draw one, choose its rows with --where" in refused.stderr
    assert not (folder / "x.json").exists()


def test_plot_draws_the_numbers_of_the_verb_and_prints_its_verdict(folder):
    result = run("plot", "leaderboard", "table.csv", "--cluster", "passage", "--level", "0.9", "-o", "x.json")
    answer = hs.leaderboard(hs.read("table.csv"), cluster="passage", level=0.9)
    assert json.loads((folder / "x.json").read_text()) == answer.chart()
    assert result.stdout.replace("\n", " ").startswith(answer.sentence)
    assert "Clusters: column" in result.stdout
    assert "rank" not in result.stdout.split()
    assert result.stderr == "Chart written to x.json.\n"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_plot_has_the_options_of_its_verb(kind):
    figure = every()["plot"].commands[kind]
    verb = every()[figure.verb]
    assert {param.name for param in figure.params} == {param.name for param in verb.params} - {*NOT_DRAWN} | {
        *(option.name for option in FIGURE),
        "output",
    }


SIZES = {
    "width": (("--width", "5.5in"), 396),
    "preset": (("--preset", "column"), 234),
    "cm": (("--width", "14cm"), 397),
}


@pytest.mark.parametrize(("kind", "size"), in_turn(SIZES))
def test_a_figure_has_the_requested_width(folder, kind, size):
    pytest.importorskip("vl_convert")
    words, width = SIZES[size]
    told = run("plot", kind, *KINDS[kind], *words, "-o", "x.svg").stderr
    svg = (folder / "x.svg").read_text()
    found = re.search(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    least = width if kind != "pairs" else 0  # a matrix of few models ends earlier, its cells are square
    assert least - 1 <= float(found[1]) <= width + 1
    assert f"({float(found[1]) / 72:.2f} × {float(found[2]) / 72:.2f} in" in told


def test_text_in_a_figure_has_the_requested_font_size(folder):
    pytest.importorskip("vl_convert")
    run("plot", "leaderboard", "table.csv", "--width", "5in", "--font-size", "7.5", "-o", "x.svg")
    assert set(re.findall(r'font-size="([\d.]+)px"', (folder / "x.svg").read_text())) == {"7.5"}


def test_a_png_has_300_dots_per_inch(folder):
    pytest.importorskip("vl_convert")
    run("plot", "leaderboard", "table.csv", "--width", "3in", "-o", "x.png")
    assert abs(int.from_bytes((folder / "x.png").read_bytes()[16:20], "big") - 900) <= 5


def test_an_invalid_or_too_small_width_is_an_error(folder):
    pytest.importorskip("vl_convert")
    for word in ("5.5", "0in", "-3cm", "wide", "5 miles"):
        assert "Write it with its unit" in run("plot", "ranks", "table.csv", "--width", word, code=1).stderr
    told = run("plot", "ranks", "table.csv", "--width", "0.7in", code=1).stderr
    assert "too narrow" in told
    assert "more --width or a smaller --font-size" in told
    assert not (folder / "ranks.svg").exists()


def test_the_default_file_name_is_the_kind_and_is_never_overwritten(folder):
    pytest.importorskip("vl_convert")
    assert "Chart written to ranks.svg" in run("plot", "ranks", "table.csv").stderr
    assert "'ranks.svg' already exists" in run("plot", "ranks", "table.csv", code=1).stderr
    run("plot", "ranks", "table.csv", "-o", "ranks.svg")


def test_invalid_plot_output_is_refused_before_anything_is_read(folder):
    assert "can't draw 'x.docx'" in run("plot", "leaderboard", "nothing.csv", "-o", "x.docx", code=1).stderr
    assert "one of the files to be read" in run("plot", "noise", "table.csv", "-o", "table.csv", code=1).stderr
    assert "can't write" in run("plot", "noise", "table.csv", "-o", "no/x.json", code=1).stderr
    assert "No such option" in run("plot", "leaderboard", "table.csv", "--pairs", code=2).stderr


def test_noise_and_plan_still_have_a_plot_option(folder):
    pytest.importorskip("vl_convert")
    run("noise", "table.csv", "--plot", "n.pdf")
    run("plan", "--effect", "3pp", "--plot", "p.pdf")
    assert (folder / "n.pdf").read_bytes().startswith(b"%PDF-")
    assert (folder / "p.pdf").read_bytes().startswith(b"%PDF-")


def test_a_plot_takes_the_configuration_of_its_verb(folder):
    (folder / "howsure.toml").write_text(
        'cluster = "passage"\noutput = "x.md"\n[leaderboard]\npaths = "table.csv"\ntop = 1\n[plan]\neffect = "10pp"\n'
    )
    result = run("plot", "ranks", "-o", "x.json")
    chart = json.loads((folder / "x.json").read_text())
    assert len(chart["data"]["values"]) == 1
    assert "column `passage`" in result.stdout
    run("plot", "plan", "--pilot", "table.csv", "-o", "p.json")
    assert not (folder / "x.md").exists()


def test_a_plot_table_in_a_configuration_is_an_error(folder):
    (folder / "howsure.toml").write_text("[plot]\ntop = 3\n")
    assert "no option 'plot.top'" in run("plot", "ranks", "table.csv", code=1).stderr


def test_a_report_writes_a_card_of_1200_by_630_pixels(folder):
    pytest.importorskip("vl_convert")
    told = run("report", "table.csv", "--cluster", "passage", "-o", "page.html", "--card", "card.png").stderr
    assert "Card written to card.png." in told
    png = (folder / "card.png").read_bytes()
    assert [int.from_bytes(png[k : k + 4], "big") for k in (16, 20)] == [1200, 630]
    alone = (folder / "page.html").read_bytes()
    run("report", "table.csv", "--cluster", "passage", "-o", "page.html")
    assert (folder / "page.html").read_bytes() == alone
    run(
        "report",
        "table.csv",
        "-o",
        "page.html",
        "--card",
        "out card.png",
        "--url",
        "https://example.org/a/page.html?x=1",
    )
    page = (folder / "page.html").read_text()
    assert '<meta property="og:image" content="https://example.org/a/out%20card.png">' in page
    told = run("report", "--from", "page.html").stdout
    assert "--card 'out card.png' --url" in told
    assert "not a web address" in run("report", "table.csv", "-o", "p.html", "--url", "a/b", code=1).stderr
    assert "End it in .png" in run("report", "table.csv", "-o", "p.html", "--card", "card.svg", code=1).stderr
    assert not (folder / "p.html").exists()


def test_a_methods_paragraph_is_refused_in_data_formats(folder):
    assert (
        "--methods-paragraph adds prose"
        in run("estimate", "table.csv", "--methods-paragraph", "-f", "csv", code=2).stderr
    )
    assert "Computed with howsure" in run("compare", "table.csv", "--against", "a", "--methods-paragraph").stdout
