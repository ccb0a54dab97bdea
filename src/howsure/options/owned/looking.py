"""What the verbs that look at results have of their own, and the page of everything."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from howsure import checks
from howsure.options import kinds, reused
from howsure.options.option import Option, owned

OPTIONS = (
    *owned(
        "read",
        Option("probabilities", kinds.FLAG, default=False),
        Option("cache", kinds.FLAG, default=False),
        Option("processes", kinds.count_of(1), default=1),
        Option("progress", kinds.Kind(check=checks.callback)),
    ),
    *owned(
        "describe",
        Option(
            "explain_plan",
            kinds.FLAG,
            default=False,
            help="Show what is asked of the engine that holds the rows (SQL of DuckDB), and what comes back.",
            about=(
                "Whether to show the queries that verbs run where the rows lie, and what comes back of them."
            ),
        ),
    ),
    *owned(
        "noise",
        replace(reused.A, metavar="SIDE", help="Take the difference of two sides apart: the first …"),
        replace(reused.B, metavar="SIDE", help="… and the second."),
    ),
    *owned(
        "history",
        Option(
            "baseline",
            kinds.NAME,
            "RUN",
            help="The run to compare with beside the previous and the best.  [default: the first]",
        ),
        Option(
            "runs_between_alarms",
            kinds.Kind(check=partial(checks.at_least, least=10), written="real"),
            "N",
            default=100,
            help="Least mean number of runs between two false alarms.",
        ),
        Option(
            "compare_last", kinds.count_of(2), "N", help="Also compare the last N runs with the N before."
        ),
    ),
    *owned(
        "trend", Option("last", kinds.count_of(2), default=5, help="Checkpoints that measure a run's wobble.")
    ),
    *owned(
        "show",
        Option("item", kinds.NAME, needed=True),
        Option(
            "task",
            kinds.Kind(check=checks.one_name),
            "NAME",
            flags=("--task", "-t"),
            help="Its task, where several have it.",
        ),
    ),
    *owned("runs", Option("top", kinds.count_of(1), "N", help="Show only the N newest.")),
    *owned(
        "report",
        replace(reused.METHOD, kind=kinds.MANY),
        Option("title", kinds.NAME, "TEXT", help="The page's title.  [default: the tasks' names]"),
        Option("command", kinds.NAME),
        Option(
            "texts",
            kinds.FLAG,
            default=False,
            help="Let the page hold prompts, right answers and answers, for all to read who get it.",
        ),
        Option(
            "inspect_view",
            kinds.Kind(
                check=partial(
                    checks.address,
                    remedy="Give the one that `inspect view` prints, such as http://127.0.0.1:7575.",
                )
            ),
            "ADDRESS",
            help="Link samples to Inspect View at this address, of the same folder.",
        ),
        Option(
            "url",
            kinds.Kind(check=checks.address),
            "ADDRESS",
            help=(
                "Where the page will lie: links to it are shown with its verdict, and with the card, "
                "which lies beside it."
            ),
        ),
        Option("card", kinds.NAME, flags=()),
    ),
)
