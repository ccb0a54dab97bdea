"""The public API is typed: pyright in strict mode accepts a user's program and finds its mistakes.

mypy does the same for the sources (pyproject.toml).
"""

import json
import shutil
import subprocess
import sys

import pytest

from places import ROOT

pytestmark = pytest.mark.once

USER = ROOT / "tests" / "typing" / "user.py"


@pytest.mark.unmeasured
@pytest.mark.skipif(shutil.which("node") is None, reason="pyright needs Node.js")
def test_pyright_strict_reports_only_the_intended_errors_in_a_user_program(tmp_path):
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
