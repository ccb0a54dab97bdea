"""The public surface is typed: mypy and pyright read a user's program, and find its mistakes and no others."""

import json
import shutil
import subprocess
import sys

import pytest

from places import ROOT

pytestmark = pytest.mark.once

USER = ROOT / "tests" / "typing" / "user.py"


def test_mypy_agrees_with_a_user():
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", "--no-incremental", str(USER)],
        capture_output=True,
        check=False,
        text=True,
        cwd=ROOT,
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="pyright needs Node.js")
def test_pyright_agrees_with_a_user(tmp_path):
    shutil.copy(USER, tmp_path)
    settings = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": True}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(tmp_path)],
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
    )
    told = json.loads(found.stdout)
    assert told["summary"]["filesAnalyzed"] == 1
    assert [each["message"] for each in told["generalDiagnostics"]] == []
