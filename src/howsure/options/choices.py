"""The words that options choose from, where the statistics don't name them."""

from __future__ import annotations

from typing import Literal

Failures = Literal["harness", "drop", "zero", "error"]
"""What a failed attempt counts as: what the harness does, nothing, a 0, or a reason to stop."""

Overall = Literal["harness", "mean", "pooled"]
"""How tasks are put together: as the harness weighs a group of them, the mean over tasks, or all items in one
pool.
"""

Population = Literal["new-clusters", "same-clusters", "these-questions"]
"""What a score is about: new clusters of questions (other questions without clusters), more questions from
these same clusters, or exactly these.
"""

RENAMED = {"questions": "new-clusters", "benchmark": "these-questions"}
"""What populations were called before, for files that still say so."""

Top = int | Literal["all"]
"""How many rows of a long table are shown."""

Format = Literal["terminal", "markdown", "csv", "json", "latex", "html"]
"""What an answer is rendered as."""

BoardChart = Literal["leaderboard", "ranks", "pairs"]
"""What a leaderboard is drawn as: scores with error bars, the ranks that could be, or all pairs."""

Preset = Literal["column", "page", "slide", "poster"]
"""What a figure is for: a column or the whole text of a paper, a slide, a poster."""

"""Which grid of made-up worlds is drawn."""

ArenaScale = Literal["score", "elo"]
"""What a board of votes shows first."""

BoardMethod = Literal["score", "t"]
"""How differences are tested where many are tested at once."""

Exam = Literal["questions", "targets", "version", "grader", "scorer"]
"""What makes an exam: what is asked and what is right, by the item; the task's version, who grades, and the
scorer's options.
"""

Unclear = Literal["separate", "warn", "fail", "pass"]
"""What a gate that can't tell counts as: something of its own, a pass with a warning where there is only too
little evidence, a fail, a pass.
"""
