"""What an agent has to know to use howsure: skills/howsure/SKILL.md, which goes into the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def skill() -> str:
    """Return the skill: from the package, or from a repository that is installed as it lies."""
    packed = files("howsure.guide") / "SKILL.md"
    page = packed if packed.is_file() else Path(__file__).parents[3] / "skills" / "howsure" / "SKILL.md"
    return page.read_text(encoding="utf-8")
