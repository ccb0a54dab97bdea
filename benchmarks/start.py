"""What it costs to start: `howsure --help` and `import howsure`, against a Python that does nothing."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import Race, Side

COMMAND = str(Path(sys.executable).with_name("howsure"))
NOTHING = Side(name="python -c pass", command=[sys.executable, "-c", "pass"], inner=False, floor=True)


def races(peers: dict[str, str]) -> list[Race]:
    help_ = Side(name="howsure", command=[COMMAND, "--help"], inner=False)
    import_ = Side(name="howsure", command=[sys.executable, "-c", "import howsure"], inner=False)
    return [
        Race(title="howsure --help", ours=help_, others=[NOTHING], at_most=10, rounds=21),
        Race(title="import howsure", ours=import_, others=[NOTHING], rounds=21),
    ]
