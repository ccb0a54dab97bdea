"""Where the repository, its example logs and the real results are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "examples" / "logs"
DATA = ROOT.parent / "shared" / "data"
