"""Python code in a process of its own, with an environment of its own."""

import os
import subprocess
import sys

from places import ROOT


def run(code, folder, **variables):
    """Run code in a folder and return what it printed; what it said of a fault is shown if it fails."""
    places = {"PYTHONPATH": str(ROOT / "src"), "HOME": str(folder), "TMPDIR": str(folder)}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **places, **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
