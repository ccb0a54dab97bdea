"""The public surface is typed: pyright reads a user's program, and finds its mistakes and no others (mypy does so with the sources: pyproject.toml)."""

import json
import shutil
import subprocess
import sys

import pytest

from places import ROOT

pytestmark = pytest.mark.once

USER = ROOT / "tests" / "typing" / "user.py"


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
