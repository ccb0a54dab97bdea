"""The words that options choose from, if the statistics don't define them."""

from __future__ import annotations

from typing import Literal

Failures = Literal["harness", "drop", "zero", "error"]
"""How a failed attempt is scored: as in the harness, not at all, as 0, or as an error."""

Overall = Literal["harness", "mean", "pooled"]
"""How tasks are combined: with the harness's weights for a group, by the mean over tasks, or with all
questions pooled.
"""

Population = Literal["new-clusters", "same-clusters", "these-questions"]
"""The population of a score: new clusters of questions (without clusters, other questions), new questions
from the same clusters, or exactly these.
"""

RENAMED = {"questions": "new-clusters", "benchmark": "these-questions"}
"""Former names of populations, for files that still use them."""

RankBy = Literal["score", "mean-rank", "win-rate", "borda", "normalised", "elo"]
"""What a model has on each of a sample of tasks."""

Unit = Literal["question", "task"]
"""What a score is of, and what is a sample."""

Top = int | Literal["all"]
"""How many rows of a long table are shown."""

Format = Literal["terminal", "markdown", "csv", "json", "latex", "html"]
"""The format of a rendered answer."""

BoardChart = Literal["leaderboard", "ranks", "pairs"]
"""The kinds of leaderboard chart: scores with error bars, rank intervals, or all pairs."""

Preset = Literal["column", "page", "slide", "poster"]
"""The use of a figure: a column or the full text width of a paper, a slide, a poster."""

ArenaScale = Literal["score", "elo"]
"""The quantity that a board of votes shows first."""

BoardMethod = Literal["score", "t"]
"""How differences are tested if there are many."""

Exam = Literal["questions", "targets", "version", "grader", "scorer"]
"""The parts of a comparability check: questions and right answers, by question. The task's version, the
grader, and the scorer's options.
"""

Unclear = Literal["separate", "warn", "fail", "pass"]
"""How a gate counts that can't tell: as a separate result, as a pass with a warning if there is only too
little evidence, as a fail, or as a pass.
"""
