"""One comment per gate or per suite of gates: on GitLab, and from several files."""

import re

import polars as pl
import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from frames import two_models
from gitlab_stand_in import NOTES, TOKEN, gitlab
from howsure.commands.main import main
from howsure.integrations import comments
from howsure.integrations.gitlab import main as comment_on_gitlab
from places import ROOT

pytestmark = pytest.mark.once
SCHEDULED = {"pass": "--not-worse-than=1pp", "fail": "--at-least=95%", "unclear": "--at-least=50%"}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Comments of three gates, and one of a gate that ended in an error."""
    monkeypatch.chdir(tmp_path)
    two_models(n=300).write_csv("quiz.csv")
    for verdict, asked in SCHEDULED.items():
        monkeypatch.setenv("HOWSURE_NAME", f"{verdict} | suite")
        words = ["gate", "quiz.csv", "--candidate=a", "--baseline=b", asked, f"--comment={verdict}.md"]
        CliRunner().invoke(main, words, catch_exceptions=False)
        assert f"<!-- howsure verdict: {verdict} -->" in (tmp_path / f"{verdict}.md").read_text()
    monkeypatch.delenv("HOWSURE_NAME")
    return [tmp_path / f"{name}.md" for name in (*SCHEDULED, "broken")]


def test_several_gates_make_one_comment_with_the_worst_first(files, monkeypatch):
    monkeypatch.setenv("HOWSURE_NAME", "all suites")
    text = comments.text_of(files, "[the run](https://example.org/1)")
    first, heading, _, told = text.splitlines()[:4]
    assert first == "<!-- howsure gate: all suites -->"
    assert heading == "### all suites"
    assert told == "**4 gates: 1 without a verdict, 1 failed, 1 undecided, 1 passed.**"
    rows = re.findall(r"^\| (.*?) \| (.*) \|$", text.partition("<details>")[0], re.MULTILINE)[2:]
    assert [name for name, _ in rows] == ["broken", "fail \\| suite", "unclear \\| suite", "pass \\| suite"]
    assert [sentence.split(".")[0].split(" whether")[0] for _, sentence in rows][1:] == ["FAIL", "Can't tell", "PASS"]
    assert text.count("<details>") == 4
    assert text.endswith("[the run](https://example.org/1)\n")
    assert "howsure verdict" not in text


def test_one_gate_keeps_its_own_comment(files):
    text = comments.text_of(files[:1], "")
    assert text.startswith("<!-- howsure gate: pass")
    assert "<details>" not in text


def test_hostile_names_stay_text_in_a_comment_of_several_gates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = "a|b</summary><img src=x onerror=alert(1)>"
    rows = two_models(n=300).with_columns(pl.col("model").replace("a", hostile))
    rows.write_csv("quiz.csv")
    monkeypatch.setenv("HOWSURE_NAME", "</summary><img src=y>x|y")
    for name in ("one.md", "two.md"):
        run = ["gate", "quiz.csv", "--candidate", hostile, "--baseline=b", "--at-least=50%", "--comment", name]
        CliRunner().invoke(main, run, catch_exceptions=False)
    text = comments.text_of([tmp_path / "one.md", tmp_path / "two.md"], "")
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in html
    assert [html.count(tag) for tag in ("<details>", "</details>", "<summary>", "</summary>")] == [2, 2, 2, 2]
    assert html.count("<td>") == 4 + html.partition("<details>")[2].count("<td>")


def test_a_comment_may_show_a_statistic_of_a_whole_task(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["gate", str(ROOT / "examples" / "guards.parquet"), "--candidate=guard-small", "--baseline=guard-large"]
    done = CliRunner().invoke(main, [*words, "--statistic=auroc@class=unsafe", "--better", "--comment=c.md"])
    assert done.exit_code == 1, done.output
    assert "FAIL. guard-small is worse than guard-large" in (tmp_path / "c.md").read_text()


def test_a_comment_of_many_gates_stays_below_the_limit(files, monkeypatch):
    monkeypatch.setattr(comments, "MAX_COMMENT", 4_000)
    text = comments.text_of([files[0]] * 12, "")
    assert len(text) < 4_100
    assert "… More is in the job's summary." in text
    assert text.count("<details>") == text.count("</details>") < 12


@pytest.fixture
def server():
    with gitlab() as state:
        yield state


def surroundings(server, **more):
    env = {"CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "42", "CI_API_V4_URL": server.address}
    env |= {"CI_JOB_URL": "https://gitlab.example/o/r/-/jobs/5", "CI_COMMIT_SHORT_SHA": "abcdef12"}
    return env | {"HOWSURE_GITLAB_TOKEN": TOKEN, "HOWSURE_NAME": "quality"} | more


def comment(files, monkeypatch, capsys, env):
    for name in ("CI_MERGE_REQUEST_IID", "HOWSURE_GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert comment_on_gitlab([str(file) for file in files]) == 0
    return capsys.readouterr().out


def test_a_second_push_changes_the_note_of_the_merge_request(files, server, monkeypatch, capsys):
    for number in range(130):
        server.add(f"note {number}", 3)
    server.add("<!-- howsure gate: pass | suite -->\nnot ours", 3)
    assert "Commented on merge request 7." in comment(files[:1], monkeypatch, capsys, surroundings(server))
    assert "Changed the comment" in comment(files[:1], monkeypatch, capsys, surroundings(server))
    assert len(server.notes) == 132
    body = server.notes[-1]["body"]
    assert body.endswith("[the job](https://gitlab.example/o/r/-/jobs/5), commit abcdef12\n")
    assert server.notes[-2]["body"].endswith("not ours")
    assert [line.split("?")[0] for line in server.asked].count(f"POST {NOTES}") == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"CI_MERGE_REQUEST_IID": ""}, "this pipeline doesn't belong to one"),
        ({"HOWSURE_GITLAB_TOKEN": ""}, "there is no token in HOWSURE_GITLAB_TOKEN"),
        ({"HOWSURE_GITLAB_TOKEN": "stale"}, "GitLab returned 401: the token has no write permission there"),
        ({"CI_PROJECT_ID": "42; x"}, "the environment doesn't name the project"),
        ({"CI_API_V4_URL": "http://127.0.0.1:9/api/v4"}, "GitLab gave no answer"),
    ],
)
def test_a_note_that_cannot_be_written_is_explained(files, server, monkeypatch, capsys, more, reason):
    told = comment(files[:1], monkeypatch, capsys, surroundings(server, **more))
    assert f"No comment on a merge request: {reason}" in told
    assert server.notes == []


def test_notes_that_cannot_be_listed_are_explained(files, server, monkeypatch, capsys):
    printed = comment(files[:1], monkeypatch, capsys, surroundings(server, CI_PROJECT_ID="43"))
    assert "GitLab returned 404: the token has no write permission there" in printed


def test_the_template_runs_the_gate_and_keeps_its_exit_code():
    template = (ROOT / "templates" / "howsure-gate.gitlab-ci.yml").read_text()
    assert "howsure gate $HOWSURE_GATE --junit howsure.xml --comment howsure.md || code=$?" in template
    assert "exit_codes: [2]" in template
    assert "HOWSURE_GITLAB_TOKEN" in template
