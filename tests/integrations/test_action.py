"""The GitHub action passes its inputs unchanged to the gate, executes nothing in them, and keeps one comment per gate on the pull request."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import two_models
from github_stand_in import APP, BOT, JOB, PERSON, READER, github
from howsure.commands.main import main
from howsure.integrations.github import main as comment_main
from howsure.present.comment import comment, mark
from howsure.present.render import markdown
from places import ROOT
from reader_cases import run_log

pytestmark = pytest.mark.once

ACTION = (ROOT / "action.yml").read_text()
INPUTS = re.findall(r"^  ([a-z-]+):\n    description: ", ACTION.partition("outputs:")[0], re.MULTILINE)
PASSED = dict(re.findall(r"^        (HOWSURE_[A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}$", ACTION, re.MULTILINE))


STEPS = [
    step for step in re.split(r"^    - ", ACTION.partition("\n  steps:\n")[2], flags=re.MULTILINE) if "run: " in step
]
"""The steps that run something, as the file has them."""
INSTALL, GATE, COMMENT = STEPS


def test_inputs_reach_the_scripts_through_the_environment_only():
    assert set(PASSED.values()) == set(INPUTS) - {"python-version", "comment", "token"}
    assert all(name == f"HOWSURE_{value.upper().replace('-', '_')}" for name, value in PASSED.items())
    script = (ROOT / "scripts" / "gate-action").read_text()
    assert all(name in script for name in PASSED)
    assert all("${{" not in line for line in re.findall(r"^\s+(?:- )?run: .*$", ACTION, re.MULTILINE))


@pytest.fixture
def place(tmp_path):
    (tmp_path / "the logs").mkdir()
    two_models(n=300).write_csv(tmp_path / "the logs" / "quiz.csv")
    return tmp_path


def act(place, **inputs):
    env = {**os.environ, **inputs, "GITHUB_STEP_SUMMARY": str(place / "summary"), "GITHUB_OUTPUT": str(place / "out")}
    env |= {"RUNNER_TEMP": str(place)}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    script = ROOT / "scripts" / "gate-action"
    return subprocess.run(["bash", script], cwd=place, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("inputs", "code", "verdict"),
    [
        ({"HOWSURE_BASELINE": "b", "HOWSURE_NOT_WORSE_THAN": "1pp"}, 0, "pass"),
        ({"HOWSURE_AT_LEAST": "90%"}, 1, "fail"),
        ({"HOWSURE_AT_LEAST": "50%", "HOWSURE_UNCLEAR": "separate"}, 2, "unclear"),
        ({"HOWSURE_BASELINE": "b", "HOWSURE_OPTIONS": "--better\n--level=0.9\n"}, 0, "pass"),
        ({}, 3, "error"),
    ],
)
def test_the_action_runs_the_gate_and_sets_verdict_and_exit_code(place, inputs, code, verdict):
    done = act(place, HOWSURE_PATHS="the logs\n", HOWSURE_CANDIDATE="a", **inputs)
    assert done.returncode == code, done.stdout + done.stderr
    out = (place / "out").read_text()
    assert f"verdict={verdict}\n" in out
    assert "comment=" in out, "the comment's step takes the last answer back where there is none"
    assert ("because=evidence\n" in out) == (verdict == "unclear")
    if code < 3:
        assert "<!-- howsure gate -->" in (place / "summary").read_text()
        assert "::notice" in done.stdout or "::error" in done.stdout or "::warning" in done.stdout


@pytest.mark.unmeasured
def test_shell_commands_in_inputs_are_not_executed_and_files_are_written(place):
    evil = "a$(touch evil)`touch evil`; touch evil"
    done = act(place, HOWSURE_PATHS="the logs", HOWSURE_CANDIDATE=evil, HOWSURE_AT_LEAST="1%")
    assert done.returncode == 3
    assert not (place / "evil").exists()
    act(
        place,
        HOWSURE_PATHS="the logs",
        HOWSURE_CANDIDATE="a",
        HOWSURE_AT_LEAST="1%",
        HOWSURE_COMMENT_FILE="c.md",
        HOWSURE_NAME="n",
        HOWSURE_JUNIT="j.xml",
    )
    assert (place / "c.md").read_text().startswith("<!-- howsure gate: n -->\n### n\n")
    assert (place / "j.xml").read_text().startswith("<?xml")


def git(place, *words):
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=place, check=True, capture_output=True, text=True)
    return done.stdout.strip()


CHANGES = {
    "none": ({}, "", None),
    "a threshold": ({"howsure.toml": "[gate]\nat_least = 0.01\n"}, "", "howsure.toml"),
    "a comment": ({"howsure.toml": "# lower\n[gate]\nat_least = 0.02\n"}, "", None),
    "it is gone": ({"howsure.toml": None}, "", "howsure.toml"),
    "another tool": ({"pyproject.toml": "[tool.other]\nx = 1\n"}, "", None),
    "a new one nearer": ({"the logs/howsure.toml": "[gate]\nat_least = 0.01\n"}, "the logs", "the logs/howsure.toml"),
    "no base commit": ({}, "", "unknown"),
}


@pytest.fixture
def gated(place, monkeypatch):
    """Commit the place, let a test change it, and run `howsure gate --github` on it as a pull request; return what is said in all places."""

    def run(change, *words, folder="", base=None):
        git(place, "init", "-q")
        git(place, "add", ".")
        git(place, "commit", "-qm", "base")
        event = {"pull_request": {"base": {"sha": base or git(place, "rev-parse", "HEAD")}}}
        change()
        (place / "event.json").write_text(json.dumps(event))
        monkeypatch.chdir(place / folder)
        for name in ("event", "summary"):
            monkeypatch.setenv(
                f"GITHUB_{'EVENT_PATH' if name == 'event' else 'STEP_SUMMARY'}", str(place / f"{name}.json")
            )
        asked = ["gate", "--github", f"--comment={place / 'c.md'}", str(place / "the logs"), "-a", "a", *words]
        done = CliRunner().invoke(main, asked)
        assert done.exit_code in (0, 1), done.output
        return done.stdout, (place / "summary.json").read_text(), (place / "c.md").read_text()

    return run


@pytest.mark.parametrize("case", CHANGES)
def test_a_configuration_changed_by_the_pull_request_is_reported(place, gated, case):
    files, folder, said = CHANGES[case]
    (place / "howsure.toml").write_text("[gate]\nat_least = 0.02\n")

    def change():
        for name, text in files.items():
            (place / name).unlink() if text is None else (place / name).write_text(text)

    base = "0" * 40 if said == "unknown" else None
    for text in gated(change, "--at-least=0.02", folder=folder, base=base)[:2]:
        assert ("configuration" in text) == (said is not None)
        assert said is None or said in text


@pytest.mark.parametrize("changed", [True, False])
def test_a_saved_baseline_changed_by_the_pull_request_is_reported(place, gated, changed):
    rows = {model: hs.read(str(place / "the logs"), where={"model": model}) for model in "ab"}
    saved = str(place / "main.howsure")
    hs.save_baseline(rows["b"], "main", output=saved)
    asked = ("-b", "saved:main.howsure", "--not-worse-than=10pp")
    for text in gated(lambda: changed and hs.save_baseline(rows["a"], "main", output=saved), *asked):
        assert ("This pull request changes the baseline that it is compared with: main" in text) == changed


@pytest.mark.parametrize("changed", [True, False])
def test_a_policy_file_changed_by_the_pull_request_is_reported(place, gated, changed):
    policy = place / "suite.toml"
    policy.write_text('margin = "10pp"\n')
    for text in gated(lambda: changed and policy.write_text('margin = "90pp"\n'), "-b", "b", "--policy=suite.toml"):
        assert ("This pull request changes the gate's own configuration: suite.toml." in text) == changed


def test_outside_a_pull_request_configuration_changes_are_not_reported(place):
    done = act(place, HOWSURE_PATHS="the logs", HOWSURE_CANDIDATE="a", HOWSURE_AT_LEAST="1%", GITHUB_EVENT_PATH="")
    assert "configuration" not in done.stdout


def surroundings(place, server, *, sha="a" * 40, event=None):
    """Return the variables that a runner sets."""
    said = {"pull_request": {"number": 7, "base": {"sha": sha}, "head": {"sha": sha}}} if event is None else event
    (place / "event.json").write_text(json.dumps(said))
    return {
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_EVENT_PATH": str(place / "event.json"),
        "GITHUB_STEP_SUMMARY": str(place / "summary"),
        "GITHUB_OUTPUT": str(place / "out"),
        "GITHUB_API_URL": server.address,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "99",
        "GITHUB_WORKFLOW": "evals",
        "GITHUB_JOB": "gate",
        "RUNNER_TEMP": str(place),
        "NO_PROXY": "*",
    }


def run_steps(place, server, token, *, sha="a" * 40, **inputs):
    """Run the steps of the action as a runner would, up to an answer of the comments' API; return the gate's and the comment's."""
    given = {**USUAL, **inputs}
    (place / "out").unlink(missing_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "HOWSURE_"))}
    env |= surroundings(place, server, sha=sha)
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = []
    for step in (GATE, COMMENT):
        outputs = dict(line.partition("=")[::2] for line in (place / "out").read_text().splitlines()) if done else {}
        values = {name: filled(text, given | {"token": token}, outputs) for name, text in ENV.findall(step)}
        command = re.search(r"^\s+run: (.*)$", step, re.MULTILINE)[1]
        run = ["bash", "-e", "-o", "pipefail", "-c", command]
        done.append(subprocess.run(run, cwd=place, env=env | values, capture_output=True, text=True, check=False))
    return done


@pytest.fixture
def commented(place, server, monkeypatch, capsys):
    """Run the comment's step alone, on what a gate wrote, and return what it says; without a `text` there is no such file."""

    def run(token=JOB, *, text="PASS", event=None):
        for name in [name for name in os.environ if name.startswith("GITHUB_")]:
            monkeypatch.delenv(name)
        for name, value in surroundings(place, server, event=event).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GITHUB_TOKEN", token)
        monkeypatch.setenv("HOWSURE_NAME", "g")
        (place / "comment.md").unlink(missing_ok=True)
        if text:
            (place / "comment.md").write_text(f"<!-- {mark('g')} -->\n{text}\n")
        assert comment_main([str(place / "comment.md")]) == 0
        return capsys.readouterr().out

    return run


ENV = re.compile(r"^        ([A-Z_]+): (.*)$", re.MULTILINE)
USUAL = dict(
    re.findall(
        r"^  ([a-z-]+):\n    description: .*\n    default: \"?(.*?)\"?$", ACTION.partition("outputs:")[0], re.MULTILINE
    )
)
USUAL |= {"paths": "the logs", "candidate": "a", "baseline": "b", "not-worse-than": "1pp", "unclear": ""}


def filled(text, inputs, outputs):
    text = re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs.get(found[1], ""), text)
    return re.sub(r"\$\{\{ steps\.gate\.outputs\.([a-z]+) \}\}", lambda found: outputs.get(found[1], ""), text)


@pytest.fixture
def server():
    with github() as state:
        yield state


@pytest.mark.unmeasured
def test_a_second_push_updates_the_comment_of_each_gate(place, server):
    fails = {"not-worse-than": "", "at-least": "95%"}
    for sha, name, asked, code in (("a", "quality", {}, 0), ("b", "safety", fails, 1), ("b", "quality", {}, 0)):
        gate, comment = run_steps(place, server, JOB, sha=sha * 40, name=name, **asked)
        assert gate.returncode == code, gate.stdout + gate.stderr
        assert comment.returncode == 0, comment.stderr
    assert "Changed the comment" in comment.stdout
    quality, safety = server.ours
    assert quality.startswith("<!-- howsure gate: quality -->\n### quality\n\n**PASS. ")
    assert safety.startswith("<!-- howsure gate: safety -->\n### safety\n\n**FAIL. ")
    for body in server.ours:
        assert body.endswith("\n\n[the run](https://github.example/o/r/actions/runs/99), commit bbbbbbb\n")
        assert body.count("\n") < 60
    assert [line.partition(" ")[0] for line in server.asked].count("POST") == 2


def test_an_unnamed_gate_is_called_after_its_workflow_and_job(place, server, monkeypatch):
    monkeypatch.chdir(place)
    for name, value in surroundings(place, server).items():
        monkeypatch.setenv(name, value)
    asked = ["gate", "the logs", "-a", "a", "-b", "b", "--not-worse-than=1pp", "--comment=c.md"]
    assert CliRunner().invoke(main, asked).exit_code == 0
    assert (place / "c.md").read_text().startswith("<!-- howsure gate: evals · gate -->\n")


def test_the_earlier_comment_is_found_among_more_than_a_hundred(server, commented):
    for number in range(130):
        server.add(f"comment {number}", {"login": "somebody", "type": "User"})
    assert "Commented" in commented()
    assert "Changed the comment" in commented()
    assert (len(server.comments), len(server.ours)) == (131, 1)
    assert any("page=2" in line for line in server.asked)


@pytest.mark.parametrize(("token", "user"), [(JOB, BOT), (APP, BOT), (PERSON, {"login": "alice", "type": "User"})])
def test_a_comment_with_the_same_mark_by_another_user_is_not_edited(server, commented, token, user):
    """Who wrote it could write into it what they like, later."""
    server.add("<!-- howsure gate: g -->\nPASS", {"login": "mallory", "type": "User"})
    for _ in range(2):
        commented(token)
    assert [each["user"] for each in server.comments] == [{"login": "mallory", "type": "User"}, user]
    assert server.comments[0]["body"] == "<!-- howsure gate: g -->\nPASS"


NO_COMMENT = {
    "a token that may only read": ({"token": READER}, "GitHub returned 403: the token has no write permission there"),
    "a fork without a token": ({"token": ""}, "there is no token"),
    "a token of nobody": ({"token": "stale"}, "GitHub returned 401: the token has no write permission there"),
    "a push": ({"token": JOB, "event": {"after": "abc"}}, "this run doesn't belong to one"),
    "an odd event": (
        {"token": JOB, "event": {"pull_request": {"number": "7; x", "head": {"sha": "z"}}}},
        "the environment doesn't name the repository",
    ),
}


@pytest.mark.parametrize("case", NO_COMMENT)
def test_a_comment_that_cannot_be_written_is_explained_and_does_not_fail_the_job(server, commented, case):
    more, said = NO_COMMENT[case]
    told = commented(**more)
    assert f"No comment on a pull request: {said}. The answer is in the job's summary." in told
    assert told.count("\n") == 1
    assert server.ours == []


@pytest.mark.parametrize("broken", [302, 404, 500])
def test_errors_of_the_github_api_do_not_fail_the_job(server, commented, broken):
    server.broken = broken
    assert f"GitHub returned {broken}" in commented()
    assert not any("elsewhere" in line for line in server.asked)


def test_an_unreachable_github_api_does_not_fail_the_job(server, commented):
    server.address = "http://127.0.0.1:9"
    assert "GitHub gave no answer" in commented()


def test_a_gate_without_a_verdict_replaces_the_last_comment_by_an_error(server, commented):
    commented()
    commented(text="")
    assert len(server.ours) == 1
    assert "**ERROR: the gate gave no verdict. See the run for the reason.**" in server.ours[0]


@pytest.mark.unmeasured
def test_too_little_evidence_passes_with_a_warning_by_default(place, server):
    gate, _ = run_steps(place, server, JOB, **{"not-worse-than": "", "at-least": "50%"})
    assert gate.returncode == 0
    assert "::warning title=howsure gate::Can't tell" in gate.stdout
    why = "There is too little evidence either way: let through with a warning."
    assert why in server.ours[0]
    assert why in gate.stdout
    assert why in (place / "summary").read_text()
    (place / "howsure.toml").write_text('[gate]\nunclear = "separate"\n')
    assert run_steps(place, server, JOB, **{"not-worse-than": "", "at-least": "50%"})[0].returncode == 2


@pytest.mark.unmeasured
def test_missing_results_fail_the_job(place, server):
    shutil.rmtree(place / "the logs")
    for name, text in (("a", "CCCCCCCC"), ("b", "CCCCCCCCCCCC")):
        (place / name).mkdir()
        run_log(place / name, name, text, dataset={"samples": 12, "sample_ids": list(range(1, 13))})
    gate, _ = run_steps(place, server, JOB, paths="", **{"not-worse-than": "40pp"})
    assert "because=missing" in (place / "out").read_text()
    assert gate.returncode == 2
    assert "::error title=howsure gate::Can't tell" in gate.stdout
    assert "Results are missing: not let through." in server.ours[0]


@pytest.mark.unmeasured
def test_a_comment_is_short_and_escapes_names():
    evil = "x --> <script>\n# @everyone" + "y" * 500
    rows = two_models(n=40)
    many = pl.concat([rows.with_columns(task=pl.lit(f"task {k} {evil}")) for k in range(70)])
    answer = hs.gate(many, "a", "b", not_worse_than=0.01)
    warnings = [hs.ResultWarning(code=f"code {k}", message=evil, remedy=evil) for k in range(40)]
    told = markdown.render(comment(answer, evil, counts="not let through", warnings=warnings))
    assert told.count("\n") < 58
    assert len(told) < 60_000
    assert "and 50 more checks" in told
    assert "more warnings: see the job's summary" in told
    assert told.partition("\n")[0].count("-->") == 1
    assert "<script>" not in told
    assert "@everyone" not in told.replace("\\@<!-- -->everyone", "")


@pytest.mark.parametrize("name", ["", "-->", "<!--", "a\nb", "x" * 300, "\u202e", "a--b"])
def test_comment_marks_are_safe_and_distinct_for_every_gate_name(name):
    assert not re.search(r"-->|--!>|[<>@\n]", mark(name))
    assert mark(name) != mark(name + "!")


PAGE = (ROOT / "docs" / "ci.md").read_text()
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_CONFIG_FILE": os.devnull}
"""With these pip takes nothing from the network: what howsure needs is there. (0 is pip's way to say that there shall be no isolation.)"""


@pytest.fixture
def scratch(place):
    """Return a repository with results, a saved baseline and a configuration, all committed."""
    rows = {model: hs.read(str(place / "the logs"), where={"model": model}) for model in "ab"}
    (place / "baselines").mkdir()
    hs.save_baseline(rows["b"], "main", output=str(place / "baselines" / "main.howsure"))
    shutil.rmtree(place / "the logs")
    (place / "logs").mkdir()
    two_models(n=300).filter(pl.col("model") == "a").write_csv(place / "logs" / "quiz.csv")
    asked = 'paths = "logs"\n[gate]\ncandidate = "a"\nbaseline = "saved:main"\nnot-worse-than = "1pp"\n'
    (place / "howsure.toml").write_text(asked)
    (place / "notes.txt").write_text("nothing to do with it")
    git(place, "init", "-q")
    git(place, "add", ".")
    git(place, "commit", "-qm", "base")
    return place


@pytest.mark.unmeasured
def test_the_install_step_installs_the_action_from_its_own_folder(tmp_path):
    command = re.search(r"^\s+run: (.*)$", INSTALL, re.MULTILINE)[1]
    env = {**os.environ, **OFFLINE, "PIP_TARGET": str(tmp_path / "there"), "GITHUB_ACTION_PATH": str(ROOT)}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    subprocess.run(["bash", "-e", "-c", command], cwd=tmp_path, env=env, check=True, capture_output=True)
    assert (tmp_path / "there" / "howsure" / "commands" / "gate.py").is_file()


def test_the_documented_workflow_runs_in_a_scratch_repository(scratch, server):
    (scratch / "howsure.toml").unlink()
    (step,) = re.findall(r"^- uses: OWNER/howsure@v\S+\n  with:\n((?:    .+\n)+)", PAGE, re.MULTILINE)
    inputs = dict(re.findall(r"^    ([a-z-]+): (.+)$", step, re.MULTILINE))
    assert set(inputs) <= set(INPUTS)
    head = git(scratch, "rev-parse", "HEAD")
    gate, comment = run_steps(scratch, server, JOB, sha=head, paths="", **inputs)
    assert (gate.returncode, comment.returncode) == (0, 0), gate.stdout + gate.stderr
    assert "verdict=pass\n" in (scratch / "out").read_text()
    assert "**PASS. " in server.ours[0]
    assert "unknown" not in server.ours[0]


HOOK = dict(re.findall(r"^[- ] ([a-z_]+): (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE))


def commit(place, *more):
    """Run the hook on the files of the last commit, as pre-commit would; None where it has nothing to do with them."""
    names = git(place, "show", "--name-only", "--format=", "HEAD").splitlines()
    if not any(re.search(HOOK["files"], name) for name in names):
        return None
    assert HOOK["pass_filenames"] == "false"
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    words = [*HOOK["entry"].split(), *more]
    assert words[0] == "howsure"
    run = [sys.executable, "-m", *words]
    return subprocess.run(run, cwd=place, env=env, capture_output=True, text=True, check=False)


@pytest.mark.unmeasured
def test_the_documented_hook_runs_in_a_scratch_repository(scratch):
    (hook, args) = re.search(r"^      - id: (\S+)\n        args: \[(.+)\]$", PAGE, re.MULTILINE).groups()
    assert hook == HOOK["id"]
    passed = commit(scratch, args)
    assert passed.returncode == 0, passed.stderr
    assert passed.stdout.startswith("PASS. a is not worse than main")
    (scratch / "notes.txt").write_text("other notes")
    git(scratch, "commit", "-qam", "notes")
    assert commit(scratch, args) is None
    configuration = scratch / "howsure.toml"
    for asked, code in (("99%", 1), ("no number", 3), ("50%", 0)):
        configuration.write_text(f'paths = "logs"\n[gate]\ncandidate = "a"\nat-least = "{asked}"\n')
        git(scratch, "commit", "-qam", asked)
        assert commit(scratch, args).returncode == code
    assert commit(scratch).returncode == 2, "without the documented word there is too little evidence"


RESULTS = "runs/x.eval runs/x.json a/b.parquet evals.duckdb runs.zip"
RESULTS += " baselines/main.howsure howsure.toml sub/pyproject.toml"


def test_the_pre_commit_hook_runs_on_result_files_only():
    assert [name for name in RESULTS.split() if not re.search(HOOK["files"], name)] == []
    assert [name for name in ("src/x.py", "other.toml", "jsonl.md") if re.search(HOOK["files"], name)] == []
