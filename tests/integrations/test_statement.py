"""A gate's statement: in-toto's own program accepts it, and a changed log, number or option is found."""

import json
import shutil

import polars as pl
import pytest
from click.testing import CliRunner
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as Result
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Message

from frames import two_models
from howsure.commands.main import main
from howsure.integrations.statement import digest, read_statement

pytestmark = pytest.mark.once
FILE = "gate.intoto.json"


def run(*words):
    return CliRunner().invoke(main, list(words), prog_name="howsure")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with results, clusters of their questions in a table, and a statement about a gate on them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    two_models(n=300).write_csv("logs/quiz.csv")
    done = run("gate", "logs", "--candidate=a", "--baseline=b", "--not-worse-than=1pp", f"--statement={FILE}")
    assert done.exit_code == 0, done.output
    return tmp_path


def changed(place, change, name="forged.json"):
    found = json.loads((place / FILE).read_text())
    change(found)
    (place / name).write_text(json.dumps(found))
    return run("verify", name)


def test_in_toto_accepts_the_statement_and_its_predicate(place):
    found = json.loads((place / FILE).read_text())
    message = ParseDict(found, Message())
    Statement.copy_from_pb(message).validate()
    predicate = {name: value for name, value in found["predicate"].items() if name != "howsure"}
    result = ParseDict(predicate, Result())
    assert result.result == "PASSED"
    assert list(result.passed_tests) == [found["predicate"]["passedTests"][0]]
    assert found["subject"] == [{"name": "logs/quiz.csv", "digest": {"sha256": digest(place / "logs/quiz.csv")}}]


def test_an_unchanged_statement_is_verified(place):
    done = run("verify", FILE)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Verified: PASS. a is not worse than b")
    assert "isn't signed" in done.output


def test_changed_missing_and_added_logs_are_found(place):
    original = (place / "logs" / "quiz.csv").read_text()
    (place / "logs" / "quiz.csv").write_text(original.replace("\na,q1,", "\na,q1,", 1) + "\n")
    done = run("verify", FILE)
    assert done.exit_code == 1
    assert "logs/quiz.csv: was changed" in done.output
    (place / "logs" / "quiz.csv").write_text(original)
    shutil.copy(place / "logs" / "quiz.csv", place / "logs" / "more.csv")
    assert "logs/more.csv: is not in the statement" in run("verify", FILE).output
    (place / "logs" / "quiz.csv").unlink()
    assert "logs/quiz.csv: is not here" in run("verify", FILE).output


FORGED = {
    "another result": (lambda found: found["predicate"].update(result="FAILED"), "result: FAILED in the statement"),
    "another verdict": (
        lambda found: found["predicate"]["howsure"]["answer"].update(verdict="fail"),
        'verdict: "fail" in the statement, "pass" here',
    ),
    "another number": (
        lambda found: found["predicate"]["howsure"]["answer"]["checks"][0].update(low=0.5),
        "checks[0].low: 0.5 in the statement",
    ),
    "another list of tests": (lambda found: found["predicate"].update(failedTests=["x"]), "failedTests: 1 in"),
    "another margin": (
        lambda found: found["predicate"]["howsure"]["options"].__setitem__(2, "--not-worse-than=50pp"),
        "checks[0].limit: 0.01 in the statement, 0.5 here",
    ),
    "an option that writes": (
        lambda found: found["predicate"]["howsure"]["options"].insert(0, "--junit=stolen.xml"),
        "--junit=stolen.xml: not an option of a gate that only reads",
    ),
    "another digest": (
        lambda found: found["subject"][0]["digest"].update(sha256="0" * 64),
        "logs/quiz.csv: was changed",
    ),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_statement_is_found(place, forged):
    change, line = FORGED[forged]
    done = changed(place, change)
    assert done.exit_code == 1, done.output
    assert line in done.output
    assert not (place / "stolen.xml").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"_type": "x"}', "not json", '{"predicate": {"howsure": {"options": 3}}}']
)
def test_other_files_are_not_statements(place, text):
    (place / "other.json").write_text(text)
    done = run("verify", "other.json")
    assert done.exit_code == 3
    assert "not a statement of a gate" in done.output


def test_every_file_that_the_verdict_depends_on_has_a_digest(place):
    rows = two_models(n=300)
    for model, name in (("a", "new.csv"), ("b", "old.csv")):
        rows.filter(pl.col("model") == model).with_columns(task=pl.lit("quiz")).write_csv(name)
    items = rows["item"].unique(maintain_order=True)
    pl.DataFrame({"item": items, "document": [f"d{k // 5}" for k in range(len(items))]}).write_csv("items.csv")
    assert run("baseline", "save", "main", "old.csv").exit_code == 0
    words = ("gate", "--candidate=new.csv", "--baseline=saved:main", "--not-worse-than=1pp")
    done = run(*words, "--items=items.csv", "--cluster=document", f"--statement={FILE}")
    assert done.exit_code == 0, done.output
    found = read_statement(FILE)
    assert [each["name"] for each in found["subject"]] == ["new.csv", "baselines/main.howsure"]
    assert [each["name"] for each in found["predicate"]["configuration"]] == ["items.csv"]
    done = run("verify", FILE)
    assert done.exit_code == 0, done.output


def test_counts_have_no_digest(place):
    done = run("gate", "47/50", "--at-least=50%", "--statement=x.json")
    assert done.exit_code == 3
    assert "has no digest" in done.output


def test_a_gate_that_cannot_be_run_again_is_one_difference(place):
    (place / "logs" / "quiz.csv").unlink()
    done = run("verify", FILE)
    assert done.exit_code == 1, done.output
    lines = done.output.splitlines()
    assert lines[:2] == ["Not verified: 2 differences.", "logs/quiz.csv: is not here"]
    assert lines[2].startswith("The gate gave no answer here: ")
    assert len(lines) == 3
