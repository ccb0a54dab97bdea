"""The main verbs as a user with a type checker writes them: mypy and pyright must agree with what the documentation says.

A line that ends in `# type: ignore[…]` is a mistake that both have to find: an ignored error that isn't there is an error too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import howsure as hs

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


def ranks(folder: Path) -> dict[str, tuple[int, int]]:
    """A board, its entries and ranks, and every output."""
    scores: hs.Scores = hs.read(folder, cache=True, where={"split": "test"})
    board: hs.Leaderboard = hs.leaderboard(scores, cluster="passage_id", adjust="holm", seed=1)
    frame: pl.DataFrame = board.to_frame()
    told: dict[str, Any] = board.to_dict()
    print(frame.columns, board.render("markdown"), told["howsure"], board.sentence)
    return {line.entry.model: (line.rank_low, line.rank_high) for line in board.boards[0].models}


def pair(scores: hs.Scores) -> str | None:
    """One task and several give one type: the difference, and that of each task."""
    gap: hs.Comparison = hs.compare(scores, "a", "b", cluster=["passage_id"], margin=0.02)
    low: float = gap.low
    return gap.better if low > 0 else next((task.better for task in gap.tasks), None)


def means(scores: pl.LazyFrame) -> list[float]:
    """Estimates iterate."""
    found: hs.Estimates = hs.estimate(scores, interval="wilson", level=0.9, failures="zero")
    return [entry.estimate.value for entry in found]


def passed(scores: hs.Scores) -> int:
    """A gate has checks and an exit code."""
    gate: hs.Gate = hs.gate(scores, "a", "b", not_worse_than="1pp", cluster="passage_id")
    for check in gate.checks:
        print(check.verdict, check.low, check.key)
    return gate.exit_code


def before(pilot: pl.DataFrame) -> None:
    """Plans."""
    plan: hs.Plan = hs.plan(effect=0.03, pilot=pilot, a="a", b="b", costs=hs.Costs(item=1.0, attempt=0.1))
    print(plan.sentence, hs.plan_failures(below=0.01).render(), hs.plan_score(within=0.03).render())


def rest(table: pl.DataFrame, scores: hs.Scores) -> None:
    """Votes, judges and raters; noise, questions and history; a page, a chart, an error."""
    for answer in (hs.arena(table), hs.agree(table), hs.judge(table, human="label"), hs.bias(table)):
        print(answer.sentence, answer.warnings)
    print(hs.noise(scores).tasks[0].entries[0], hs.questions(scores).tasks, hs.history(scores).tasks)
    hs.report(scores, title="x").save("x.html")
    chart: dict[str, Any] = hs.leaderboard(scores).chart()
    try:
        print(chart, hs.audit(scores))
    except hs.HowsureError as error:
        print(error.what, error.where, error.remedy)


def mistakes(scores: hs.Scores) -> None:
    """What a type checker finds before anything runs."""
    hs.estimate(scores, failures="nonsense")  # type: ignore[arg-type]
    hs.estimate(scores, clutser="passage_id")  # type: ignore[call-arg]
    hs.leaderboard(scores, adjust="nonsense")  # type: ignore[arg-type]
    hs.leaderboard(scores, level="high")  # type: ignore[arg-type]
