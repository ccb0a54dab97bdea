"""An interrupted gate (Ctrl-C) ends with exit code 3 at any moment, never with the code of a verdict."""

import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from howsure.commands import main as module
from howsure.commands import streams
from howsure.commands.exits import BROKEN
from howsure.commands.main import main
from places import ROOT

GATE = ["gate", str(ROOT / "examples" / "logs"), "-a", "t1.0", "-b", "t0.3", "--not-worse-than", "2pp"]


def interrupt(*_, **__):
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["streams", "options", "the command's file"])
def test_an_interruption_before_the_command_runs_ends_a_gate_with_exit_code_3(where, monkeypatch):
    if where == "streams":
        monkeypatch.setattr(streams, "prepare", interrupt)
    elif where == "options":
        monkeypatch.setattr(main, "parse_args", interrupt)
    else:
        monkeypatch.setattr(module, "load", interrupt)
    found = CliRunner().invoke(main, GATE)
    assert found.exit_code == BROKEN
    assert "Aborted!" in found.output


@pytest.mark.unmeasured
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interruption_at_any_time_never_gives_a_verdict_exit_code():
    found = set()
    for delay in (0.15, 0.25, 0.35, 0.5):
        process = subprocess.Popen(
            [sys.executable, "-m", "howsure", *GATE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate()
        if not told:  # else it was done before
            found.add(process.returncode)
    assert found <= {BROKEN, -signal.SIGINT}
