"""howsure skill: what an agent has to know to use howsure."""

from __future__ import annotations

import click

from howsure.commands.streams import say


@click.command()
def skill() -> None:
    """Print the skill for agents: which command to use when.

    It is a SKILL.md: put it where your agent looks for skills, as in `howsure skill >
    .claude/skills/howsure/SKILL.md`.
    """
    from howsure.guide.skill import skill as text

    say(text())
