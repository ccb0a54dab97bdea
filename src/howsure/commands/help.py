"""What a command's help shows on one screen: the options that most people need, and three examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.options import shared

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 12
"""The number of options shown first. A command with no more shows all of them."""
WHAT = ("task", "model", "metric")
DESIGN = tuple(option.name for option in shared.DESIGN if option.name not in WHAT)
STATISTICS = (
    *(option.name for option in shared.STATISTICS if option.name != "top"),
    *("simulate", "ties", "labels_drawn", "measurement", "guard_unseen", "missing_at_most", "methods"),
    *(
        "question_variance",
        "answer_variance",
        "correlation",
        "agreement",
        "cluster_size",
        "cluster_variation",
    ),
    *("icc", "runs_between_alarms"),
)
OUTPUT = (
    *(
        "top",
        "mark",
        "each_task",
        "flips",
        "pairs",
        "questions",
        "confusion",
        "curve",
        "plot",
        "scale",
        "explain_plan",
    ),
    *(
        "details",
        "methods_paragraph",
        "explain",
        "format",
        "output",
        "junit",
        "comment",
        "freeze",
        "github",
        "queue",
        "url",
        "card",
    ),
    *("title", "open"),
)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "What to ask": WHAT,
    "Reading": tuple(option.name for option in shared.READING),
    "Design": DESIGN,
    "Statistics": STATISTICS,
    "Output": OUTPUT,
}
"""The groups of options in help. The first group has all that aren't in another."""
COMPARING = ("compare", "gate", "noise", "arena", "leaderboard", "frontier", "estimate", "answer")
"""Commands whose first group is named after what they compare."""

_COMMON = ("task", "model", "columns", "where", "cluster", "details", "format", "output")
FIRST: Mapping[str, tuple[str, ...]] = {
    "answer": (
        "task",
        "model",
        "columns",
        "where",
        "cluster",
        "by",
        "score",
        "details",
        "explain",
        "format",
        "output",
    ),
    "estimate": (*_COMMON, "by", "score", "level", "interval", "explain"),
    "compare": (
        *("a", "b", "against", "margin", "task", "columns", "cluster", "by", "flips"),
        *("details", "format", "output"),
    ),
    "leaderboard": (*_COMMON, "by", "top", "mark", "each_task"),
    "gate": (
        *("candidate", "baseline", "not_worse_than", "better", "at_least", "at_most", "task"),
        *("cluster", "flips", "junit", "comment", "freeze"),
    ),
    "plan": (
        *("pilot", "a", "b", "effect", "n_items", "attempts", "power", "not_worse_than", "rate", "agreement"),
        *("cluster_size", "output"),
    ),
    "score": (
        "pilot",
        "a",
        "within",
        "at_least",
        "at_most",
        "rate",
        "n_items",
        "attempts",
        "power",
        "output",
    ),
    "policy": ("pilot", "a", "b", "power", "n_tasks", "attempts", "format", "output"),
    "noise": ("a", "b", *_COMMON, "random_factor", "pairs", "plot"),
    "questions": (*_COMMON, "each", "level"),
    "history": (*_COMMON, "baseline", "compare_last", "runs_between_alarms", "lower_is_better"),
    "trend": (*_COMMON, "metric", "step_from", "last"),
    "frontier": (*_COMMON, "usage", "prices", "method", "lower_is_better"),
    "curve": ("over", "attempts", *_COMMON),
    "horizon": ("difficulty", "chance", "release_dates", *_COMMON),
    "arena": (
        "a",
        "b",
        "columns",
        "where",
        "cluster",
        "covariate",
        "ties",
        "top",
        "pairs",
        "format",
        "output",
    ),
    "agree": (
        "columns",
        "where",
        "human",
        "exclude",
        "cluster",
        "measurement",
        "confusion",
        "format",
        "output",
    ),
    "judge": (
        *("a", "b", "human", "labels", "labels_drawn", "at_least", "margin", "columns", "where", "cluster"),
        *("details", "format", "output"),
    ),
    "watch": ("a", "b", "at_least", "within", "margin", "looks", "task", "metric", "format", "output"),
    "report": (*_COMMON, "title", "texts", "url", "level"),
    "labels": (
        "within",
        "n_labels",
        "a",
        "b",
        "human",
        "cost_label",
        "cost_judge",
        "budget",
        "queue",
        "output",
    ),
}
"""The options that help shows first. For other commands, their own and the common ones."""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "answer": ("howsure logs/", "howsure results.csv --task gsm8k", "howsure 17/20 14/20"),
    "describe": (
        "howsure describe logs/",
        "howsure describe results.csv -c item=prompt",
        "howsure describe logs/ -f json",
    ),
    "runs": ("howsure runs logs/", "howsure runs logs/ --task gsm8k", "howsure runs logs/ --top 10"),
    "estimate": (
        "howsure estimate logs/",
        "howsure estimate results.csv --cluster document",
        "howsure estimate 2/3000",
    ),
    "noise": (
        "howsure noise logs/",
        "howsure noise logs/ -a gpt-4o -b llama-3",
        "howsure noise logs/ --plot noise.svg",
    ),
    "questions": (
        "howsure questions results.parquet",
        "howsure questions logs/ q17",
        "howsure questions logs/ --each -o questions.csv",
    ),
    "history": (
        "howsure history nightly/",
        "howsure history nightly/ --compare-last 5",
        "howsure history nightly/ -o nightly.html",
    ),
    "trend": (
        "howsure trend checkpoints/",
        "howsure trend results.csv --average-last 3",
        "howsure trend checkpoints/ -o trend.csv",
    ),
    "guide": ("howsure guide", "howsure guide 4", "howsure guide 4 --open logs/"),
    "compare": (
        "howsure compare logs/ -a gpt-4o -b llama-3",
        "howsure compare old.csv new.csv --flips",
        "howsure compare results.csv --against baseline --cluster document",
    ),
    "leaderboard": (
        "howsure leaderboard logs/",
        "howsure leaderboard results.parquet --top 10 -o board.tex",
        "howsure leaderboard results.csv --by category",
    ),
    "frontier": (
        "howsure frontier logs/",
        "howsure frontier results.csv --usage seconds",
        "howsure frontier logs/ --prices prices.csv",
    ),
    "curve": (
        "howsure curve results.csv",
        "howsure curve logs/ --over usd -o curve.csv",
        "howsure curve results.csv --over sizes.csv",
    ),
    "horizon": (
        "howsure horizon runs.csv --difficulty human_minutes",
        "howsure horizon runs.csv --difficulty human_minutes --release-dates dates.csv",
        "howsure horizon logs/ --difficulty others --cluster subject",
    ),
    "arena": (
        "howsure arena votes.csv",
        "howsure arena votes.csv -a gpt-4o -b llama-3",
        "howsure arena votes.csv --covariate length",
    ),
    "agree": (
        "howsure agree ratings.csv",
        "howsure agree ratings.csv --human expert",
        "howsure agree ratings.csv --exclude notes",
    ),
    "bias": (
        "howsure bias choices.csv",
        "howsure bias choices.csv --covariate length",
        "howsure bias choices.csv -w judge=gpt-4o",
    ),
    "judge": (
        "howsure judge verdicts.csv",
        "howsure judge verdicts.csv --labels labels.csv --labels-drawn random",
        "howsure judge verdicts.csv -a new -b old --margin 3pp",
    ),
    "audit": (
        "howsure audit scores.csv",
        "howsure audit scores.csv --n 500",
        "howsure audit results/ -o audit.md",
    ),
    "plan": (
        "howsure plan --effect 3pp --rate 70% --agreement 85%",
        "howsure plan --pilot logs/ --n-items 1000",
        "howsure plan failures 1% --observed 2/500",
    ),
    "score": (
        "howsure plan score --within 2pp --rate 70%",
        "howsure plan score --at-least 92% --rate 95%",
        "howsure plan score --pilot logs/ --within 2pp",
    ),
    "policy": (
        "howsure plan policy suite.toml --n-tasks 12",
        "howsure plan policy suite.toml --pilot logs/",
        "howsure plan policy suite.toml --pilot logs/ --power 90%",
    ),
    "failures": (
        "howsure plan failures 1%",
        "howsure plan failures 1% --observed 2/500",
        "howsure plan failures 1% --cluster-size 10",
    ),
    "labels": (
        "howsure plan labels verdicts.csv --within 3pp",
        "howsure plan labels verdicts.csv --n-labels 200 --queue queue.csv",
        "howsure plan labels verdicts.csv -a new -b old --within 3pp",
    ),
    "calibrate": (
        "howsure calibrate",
        "howsure calibrate --methods wilson",
        "howsure calibrate -o record.csv",
    ),
    "gate": (
        "howsure gate --candidate ci/pr --baseline ci/main --not-worse-than 2pp",
        "howsure gate logs/ --candidate new --baseline old --better --junit gate.xml",
        "howsure gate 47/50 --at-least 85%",
    ),
    "save": ("howsure baseline save main logs/",),
    "watch": (
        "howsure watch logs/ -a gpt-4o --within 2pp",
        "howsure watch logs/ -a new -b old",
        "howsure watch logs/ -a new --at-least 90%",
    ),
    "view": ("howsure view logs/", "howsure view logs/ --port 8000", "howsure view logs/ --task gsm8k"),
    "report": (
        "howsure report logs/ -o page.html",
        "howsure report logs/ --title 'Nightly' -o page.html",
        "howsure report logs/ --texts -o page.html",
    ),
    "convert": (
        "howsure convert logs/ -o results.parquet",
        "howsure convert logs/ --runs latest -o results.csv",
        "howsure convert old.csv -o new.csv",
    ),
    "annotate": ("howsure annotate logs/run.eval",),
    "verify": ("howsure verify gate.intoto.json",),
    "mcp": ("howsure mcp logs/", "howsure mcp logs/ baselines/"),
}
"""Three examples of each command."""


def group_of(name: str) -> str:
    """Return the group of an option."""
    return next((title for title, names in GROUPS.items() if name in names), next(iter(GROUPS)))


def title_of(group: str, command: str) -> str:
    """Return the name of a group in the help of a command."""
    return "What to compare" if group == "What to ask" and command in COMPARING else group


def shown_first(command: str, names: list[str]) -> list[str]:
    """Return the options of a command that its help shows first."""
    if len(names) <= MOST:
        return names
    wanted = FIRST.get(command) or (*(name for name in names if group_of(name) == "What to ask"), *_COMMON)
    return [name for name in names if name in wanted]
