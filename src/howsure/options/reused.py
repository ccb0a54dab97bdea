"""Options that several verbs have, each with a default or a sentence of its own."""

from __future__ import annotations

from howsure import checks
from howsure.options import kinds
from howsure.options.option import Option
from howsure.statistics.choices import (
    Adjustment,
    AverageOf,
    ComparisonMethod,
    Overlap,
    Spending,
    Ties,
    WinnerIs,
)

BOUNDS = Option("bounds", kinds.Kind(check=checks.bounds, written="bounds"), "LOW,HIGH")

LEVEL = Option("level", kinds.LEVEL, default=0.95, help="Confidence level.")
SEED = Option("seed", kinds.SEED, default=0, help="For methods that draw.")
A = Option("a", kinds.NAME, "MODEL", flags=("-a", "--a"))
B = Option("b", kinds.NAME, "MODEL", flags=("-b", "--b"))
ADJUST = Option("adjust", kinds.word_of(Adjustment), default="max-t", help="Correct for many pairs.")
METHOD = Option(
    "method", kinds.word_or_object("method", ComparisonMethod), help="How a difference is tested."
)
MARGIN = Option("margin", kinds.MARGIN, "SIZE")
ATTEMPTS = Option("attempts", kinds.count_of(1), "K")
SAME_WITHIN = Option(
    "same_within", kinds.SIZE, "SIZE", help="Ask that it is the same as the baseline within this: 2pp."
)
NOT_WORSE = Option(
    "not_worse_than",
    kinds.SIZE,
    "SIZE",
    help="Ask that it is not worse than the baseline by more: 1pp or 0.01.",
)
AT_LEAST = Option("at_least", kinds.SCORE, "SCORE", help="Ask for a score of at least this: 92% or 0.92.")
AT_MOST = Option("at_most", kinds.SCORE, "SCORE", help="The same where smaller scores are better.")
WITHIN = Option("within", kinds.SIZE, "SIZE")
OVERLAP = Option(
    "overlap",
    kinds.word_of(Overlap),
    default="shared",
    help="Where two share a part of their items: compare on the shared ones, or on all.",
    about=(
        'Where two models share a part of their items: "shared" compares them on these; "combine" weighs in the items that each '
        "has alone, which is right where it is by chance which items are shared."
    ),
)
WINNER_IS = Option(
    "winner_is",
    kinds.word_of(WinnerIs),
    help="What a winner is where it could be both: the name of a model, or a side.",
)
VOTES = (
    WINNER_IS,
    Option(
        "cluster",
        kinds.NAMES,
        "COLUMN",
        help=(
            "Votes of one value hang together (again for two ways); 'none' takes each by itself.  "
            "[default: who voted]"
        ),
    ),
    Option("weight", kinds.NAME, "COLUMN", help="Weigh votes by a column."),
    Option(
        "covariate",
        kinds.NAMES,
        "NAME",
        help=(
            "Compare answers that are alike in this: a column (first − second), a pair NAME_a and NAME_b, "
            "or position (again for more)."
        ),
    ),
    Option(
        "ties",
        kinds.word_of(Ties),
        default="half",
        help="What a tie is: half a win of each, or an outcome of its own.",
    ),
    Option(
        "against",
        kinds.NAMES,
        "NAME",
        help="Scores are against these models (again for more).  [default: all others]",
    ),
)
FLIPS = Option(
    "flips", kinds.FLAG, default=False, help="Show which questions broke and which were fixed, and why."
)
AVERAGE = Option(
    "average",
    kinds.word_of(AverageOf),
    default="mean",
    help=(
        "What a ratio of costs is of: means, log-normal means, means without the largest and smallest tenth."
    ),
)
POLICY = Option(
    "policy",
    kinds.Kind(check=checks.policy),
    "FILE",
    help="Judge a suite by a policy file: tiers, margins, slices and costs; see docs/policy.md.",
)
CLUSTER_SIZE = Option("cluster_size", kinds.count_of(1), "N")
LOOKS = Option("looks", kinds.Kind(check=checks.looks), "K|N,N,…")
SPENDING = Option(
    "spending",
    kinds.word_of(Spending),
    default="obrien-fleming",
    help="How planned looks spend the error: late, or evenly.",
)
ITEMS_PLANNED = Option(
    "items_planned", kinds.count_of(1), "N", help="Items of the whole run, where the log doesn't say."
)
