"""The pytest plugin turns gate verdicts into test outcomes; it is tested in a pytest process of its own."""

import subprocess
import sys

import numpy as np
import numpy.fft  # here, since pytester forgets what its runs load, and numpy loads once per process
import polars as pl
import pytest

pytest_plugins = ["pytester"]

HOSTILE = "evil\x1b[31m\n::error::"

TESTS = """
import pytest

def test_good(howsure_gate):
    answer = howsure_gate("logs", candidate="good", baseline="old", not_worse_than=0.02)
    assert answer.verdict == "pass"

def test_bad(howsure_gate):
    howsure_gate("logs", candidate="bad", baseline="old", not_worse_than=0.02)

def test_open(howsure_gate):
    howsure_gate(["logs/quiz.csv"], candidate="same", baseline="old", better=True)

@pytest.mark.howsure_gate("logs", candidate="good", at_least=0.5)
def test_marked(): ...

@pytest.mark.howsure_gate("logs", candidate="good", at_least=0.5)
@pytest.mark.howsure_gate("logs", candidate="bad", at_least=0.9)
def test_marked_twice():
    raise AssertionError("is not reached")
"""


@pytest.fixture
def project(pytester):
    rng = np.random.default_rng(5)
    old = rng.random(300) < 0.7
    models = {"old": old, "good": old, "bad": rng.random(300) < 0.4, "same": rng.random(300) < 0.7}
    rows = [{"model": m, "item": i, "score": float(x)} for m, scores in models.items() for i, x in enumerate(scores)]
    (pytester.path / "logs").mkdir()
    pl.DataFrame(rows).write_csv(pytester.path / "logs" / "quiz.csv")
    pytester.makepyfile(TESTS)
    return pytester


def run(project, *words):
    return project.runpytest("--strict-markers", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *words)


def test_verdicts_become_test_outcomes(project):
    result = run(project, "-rs")
    result.assert_outcomes(passed=2, failed=2, skipped=1)
    result.stdout.fnmatch_lines(["*howsure: 3 pass, 2 fail, 1 can't tell*"])
    result.stdout.fnmatch_lines(["FAIL. bad is worse than old by more than 2.0 points*"])
    result.stdout.fnmatch_lines(["SKIPPED*Can't tell whether same is better than old*"])


@pytest.mark.parametrize(
    ("word", "outcome"), [("fail", {"failed": 1}), ("xfail", {"xfailed": 1}), ("pass", {"passed": 1})]
)
def test_an_undecided_gate_has_the_outcome_set_by_the_user(project, word, outcome):
    run(project, "-k", "open", f"--howsure-unclear={word}").assert_outcomes(deselected=4, **outcome)
    project.makeini(f"[pytest]\nhowsure_unclear = {word}")
    run(project, "-k", "open").assert_outcomes(deselected=4, **outcome)


def test_an_unknown_outcome_for_undecided_gates_is_a_usage_error(project):
    project.makeini("[pytest]\nhowsure_unclear = perhaps")
    assert run(project).ret == pytest.ExitCode.USAGE_ERROR


def test_result_paths_are_relative_to_the_root(project, monkeypatch):
    sub = project.mkdir("sub")
    project.makeini("[pytest]")
    (sub / "test_sub.py").write_text(
        "def test_it(howsure_gate):\n    howsure_gate('logs', candidate='good', at_least=0.5)\n"
    )
    monkeypatch.chdir(sub)
    run(project, "test_sub.py").assert_outcomes(passed=1)


def test_a_read_error_fails_the_test(project):
    project.makepyfile("def test_it(howsure_gate):\n    howsure_gate('nowhere', candidate='good', at_least=0.5)\n")
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ReadError*"])


def test_hostile_names_are_escaped(project):
    pl.DataFrame({"model": HOSTILE, "item": [*range(40)], "score": [0.0] * 40}).write_csv(
        project.path / "logs" / "evil.csv"
    )
    project.makepyfile(f"def test_it(howsure_gate):\n    howsure_gate('logs', candidate={HOSTILE!r}, at_least=0.5)\n")
    text = run(project).stdout.str()
    assert "\n::error::" not in text
    assert "\\x1b[31m\\x0a::error::" in text


def test_the_howsure_gate_marker_is_registered(project):
    run(project, "--markers").stdout.fnmatch_lines(["@pytest.mark.howsure_gate(paths*"])


def test_importing_the_plugin_loads_no_heavy_package():
    code = (
        "import sys, howsure.integrations.pytest\n"
        "heavy = {'numpy', 'polars', 'scipy', 'narwhals', 'click'} & set(sys.modules)\n"
        "sys.exit(bool(heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_baseline_may_be_a_saved_one(project):
    project.makepyfile(
        test_saved="""
        import howsure

        def test_saved(howsure_gate):
            old = howsure.read("logs", where={"model": "old"})
            howsure.save_baseline(old, "main")
            answer = howsure_gate("logs", candidate="good", baseline="saved:main", not_worse_than=0.02)
            assert (answer.verdict, answer.baseline) == ("pass", "main")
        """
    )
    run(project, "test_saved.py").assert_outcomes(passed=1)


def test_models_may_be_paths_relative_to_the_root(project, monkeypatch):
    rows = pl.read_csv(project.path / "logs" / "quiz.csv")
    for name, model in (("main", "old"), ("pr", "good")):
        (project.path / "runs" / name).mkdir(parents=True)
        rows.filter(model=model).with_columns(model=pl.lit("m")).write_csv(project.path / "runs" / name / "quiz.csv")
    project.makeini("[pytest]")
    sub = project.mkdir("below")
    (sub / "test_below.py").write_text(
        "import howsure, pytest\n"
        "def test_it(howsure_gate, pytestconfig):\n"
        "    howsure.save_baseline(pytestconfig.rootpath / 'runs/main', 'main', output=pytestconfig.rootpath / 'main.howsure')\n"
        "    asked = {'candidate': 'runs/pr', 'not_worse_than': 0.02}\n"
        "    assert howsure_gate(baseline='path:runs/main', **asked).baseline == 'main'\n"
        "    assert howsure_gate(baseline='saved:main.howsure', **asked).candidate == 'pr'\n"
        "@pytest.mark.howsure_gate(candidate='runs/pr', baseline='runs/main', not_worse_than=0.02)\n"
        "def test_marked(): ...\n"
    )
    monkeypatch.chdir(sub)
    run(project, "test_below.py").assert_outcomes(passed=2)


def test_a_policy_path_is_relative_to_the_root(project, monkeypatch):
    project.path.joinpath("suite.toml").write_text('margin = "90pp"\n')
    project.makepyfile(
        "def test_it(howsure_gate):\n    howsure_gate('logs', candidate='good', baseline='bad', policy='suite.toml')\n"
    )
    project.path.joinpath("below").mkdir()
    monkeypatch.chdir(project.path / "below")
    found = project.runpytest("..", "--rootdir", str(project.path))
    found.assert_outcomes(passed=1)
