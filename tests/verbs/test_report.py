"""report: the command, the HTML report and the record of how it was made."""

import html
import json
import shlex

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.base import SCREENS
from howsure.commands.main import main
from howsure.page.provenance import read_origin
from places import ROOT

LOGS = str(ROOT / "examples" / "logs")


def run(*words, config=False):
    return CliRunner().invoke(main, [*([] if config else ["--no-config"]), *words])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_report_command_writes_the_report_and_prints_the_verdict(here):
    result = run("report", LOGS, "--cluster", "passage_id", "-o", "page.html")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("openai-api/local/smollm2-135m-t0.3 scores highest (43.4%)")
    assert "Page written to page.html (0.7 MB)." in result.stderr
    assert (here / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_the_default_file_name_never_overwrites_a_file_of_another_origin(here):
    (here / "report.html").write_text("<p>my own page</p>")
    refused = run("report", LOGS)
    assert refused.exit_code == 1
    assert "'report.html' already exists and isn't a page of howsure" in refused.output
    (here / "report.html").unlink()
    assert run("report", LOGS).exit_code == run("report", LOGS).exit_code == 0


def test_a_report_contains_the_command_that_reproduces_it(here):
    words = ["report", LOGS, "--cluster", "passage_id", "--level", "0.9", "--title", "it's ours"]
    words += ["--model", "openai-api/local/smollm2-135m-t0.3", "--model", "openai-api/local/smollm2-135m-t1.0"]
    words += ["-o", "a.html"]
    assert run(*words).exit_code == 0
    told = run("report", "--from", "a.html")
    command = told.stdout.strip()
    first = (here / "a.html").read_bytes()
    assert run(*shlex.split(command)[1:]).exit_code == 0
    assert (here / "a.html").read_bytes() == first
    assert read_origin("a.html").fingerprint in told.stderr


def test_the_command_in_a_report_includes_options_from_the_configuration(here):
    (here / "howsure.toml").write_text('cluster = "passage_id"\nlevel = 0.9\n')
    assert run("report", LOGS, "-o", "a.html", config=True).exit_code == 0
    command, first = read_origin("a.html").command, (here / "a.html").read_bytes()
    assert "--no-config report" in command
    assert "--cluster passage_id" in command
    assert "--level 0.9" in command
    assert CliRunner().invoke(main, shlex.split(command)[1:]).exit_code == 0
    assert (here / "a.html").read_bytes() == first


def test_a_report_with_another_file_extension_is_refused(here):
    for name in ("page.pdf", "page.md"):
        refused = run("report", LOGS, "-o", name)
        assert refused.exit_code == 1
        assert f"{name!r} isn't a valid name for a page" in refused.output
        assert not (here / name).exists()


def test_without_an_overall_score_the_verdict_covers_all_boards_and_the_largest_is_first(here):
    rows = [(task, metric, model, k, k % 2) for task, metric, n in BOARDS for model in "ab" for k in range(n)]
    pl.DataFrame(rows, schema=["task", "metric", "model", "item", "score"], orient="row").write_csv("scores.csv")
    (here / "broken").mkdir()
    (here / "scores.csv").rename(here / "broken" / "scores.csv")
    (here / "broken" / "half.eval").write_bytes(b"PK\x03\x04")
    told = run("report", "broken", "-o", "a.html")
    assert told.stdout.startswith("On none of 3 boards is one model shown to be best: 2 models could be."), told.output
    assert "half.eval" in told.stdout
    data = hs.report("broken").data
    assert data["first"] == 2
    assert data["boards"][2]["title"] == "large · m"


BOARDS = (("a small one", "m", 4), ("a small one", "n", 4), ("large", "m", 40))


def test_the_open_option_opens_the_report(here, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    assert run("report", LOGS, "-o", "a.html", "--open").exit_code == 0
    assert opened == [(here / "a.html").as_uri()]


def test_without_a_screen_the_open_option_gives_a_message(here, monkeypatch):
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("click.launch", lambda address: pytest.fail(f"opened {address}"))
    done = run("report", LOGS, "-o", "a.html", "--open")
    assert done.exit_code == 0
    assert "Page written to a.html" in done.output
    assert "without a screen" in done.output


def test_a_report_never_overwrites_its_input(here):
    pl.DataFrame({"model": ["a", "b"], "item": [1, 1], "score": [1, 0]}).write_csv("scores.csv")
    refused = run("report", "scores.csv", "-o", "scores.csv")
    assert "one of the files to be read" in refused.output


def test_report_without_a_path_exits_with_code_2():
    refused = run("report")
    assert refused.exit_code == 2
    assert "Missing argument 'PATH...'" in refused.output


def test_a_notebook_shows_the_report_in_a_sandboxed_frame():
    shown = hs.report(LOGS, cluster="passage_id", title='"><script>')._repr_html_()
    assert shown.startswith('<iframe title="&quot;&gt;&lt;script&gt;" sandbox="allow-scripts allow-downloads" ')
    assert 'height="800"' in shown
    assert "allow-same-origin" not in shown
    assert shown.count("<") == 2


def test_the_height_of_the_frame_can_be_set():
    page = hs.report(LOGS, cluster="passage_id")
    assert 'height="333"' in page.frame(height=333)
    with pytest.raises(hs.errors.OptionError, match="height"):
        page.frame(height=0)


URL = "https://example.org/runs/page.html"


def test_a_report_with_a_url_has_metadata_for_link_previews():
    page = hs.report(LOGS, cluster="passage_id", url=URL, card="card.png")
    assert '<meta property="og:image" content="https://example.org/runs/card.png">' in page.html
    assert f'<meta property="og:description" content="{html.escape(page.sentence)}">' in page.html
    assert '<meta name="twitter:card" content="summary_large_image">' in page.html
    assert page.data["embed"].startswith(f'<iframe src="{URL}" ')
    assert "url='https://example.org/runs/page.html', card='card.png', cluster=" in page.data["command"]
    assert 'property="og:' not in hs.report(LOGS, cluster="passage_id").html


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b",
        "javascript:alert(1)",
        "//a/b",
        "https://",
        "https://a b",
        "https://me:secret@a/b",
        "",
        1,
        "https://a\n",
    ],
)
def test_only_http_urls_are_accepted(url):
    with pytest.raises(hs.errors.OptionError, match="not a web address") as raised:
        hs.report(LOGS, url=url)
    assert "secret" not in str(raised.value)


def test_a_card_without_a_url_is_refused():
    with pytest.raises(hs.errors.OptionError, match="a card needs the address of the page"):
        hs.report(LOGS, card="card.png")


def test_urls_and_titles_are_escaped_in_the_report():
    evil = '"><script>alert(1)</script>'
    page = hs.report(LOGS, cluster="passage_id", url=f"https://a/{evil}", card=f"{evil}.png", title=evil)
    assert evil not in page.html
    assert evil not in page.data["embed"]


def test_a_report_made_in_python_contains_the_function_call():
    data = hs.report(LOGS, cluster="passage_id").data
    assert data["command"] == f"howsure.report({LOGS!r}, cluster='passage_id')"
    said = hs.report(LOGS, level=0.9, seed=0, adjust="holm", title="ours").data["command"]
    assert said == f"howsure.report({LOGS!r}, title='ours', level=0.9, adjust='holm')"
    json.dumps(data, allow_nan=False)
