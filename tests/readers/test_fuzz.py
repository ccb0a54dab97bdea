"""A small part of scripts/fuzz: no mutation of a fixture causes anything but an answer or an error in words."""

import os
import subprocess
import sys

from places import ROOT


def test_mutated_files_are_read_or_refused():
    words = [
        sys.executable,
        str(ROOT / "scripts" / "fuzz"),
        "--minutes",
        "0.15",
        "--inputs",
        "150",
        "--seed",
        "7",
        "--own",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "raw exception 0, hang 0, over 2 GB 0" in result.stdout
