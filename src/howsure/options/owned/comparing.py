"""What the verbs that compare models, raters and judges have of their own."""

from __future__ import annotations

from dataclasses import replace

from howsure import checks
from howsure.options import kinds, reused
from howsure.options.option import Option, owned
from howsure.options.words import ArenaScale
from howsure.statistics.choices import ManyToOne, Measurement

OPTIONS = (
    *owned(
        "compare",
        replace(
            reused.A,
            metavar="SIDE",
            help=(
                "The first side: a model, a path, or tag:…, commit:…, run:…, saved:…  [default: of two "
                "models the first]"
            ),
        ),
        replace(reused.B, metavar="SIDE", help="The second side."),
        replace(reused.ADJUST, default="holm", help="Correct for many tasks."),
        replace(
            reused.MARGIN, help="Ask for equivalence and non-inferiority within this margin: 1pp or 0.01."
        ),
        reused.FLIPS,
    ),
    *owned(
        "against",
        Option(
            "against",
            kinds.NAME,
            "SIDE",
            needed=True,
            help="Compare every other side with this one, not a with b.",
        ),
        replace(
            reused.ADJUST,
            kind=kinds.word_of(ManyToOne),
            help="Correct for many sides, or tasks (max-t is Holm for two sides).",
        ),
        replace(reused.METHOD, kind=kinds.MANY),
    ),
    *owned("leaderboard", replace(reused.METHOD, kind=kinds.MANY)),
    *owned("frontier", replace(reused.METHOD, kind=kinds.MANY)),
    *owned(
        "arena",
        *reused.VOTES,
        Option("scale", kinds.word_of(ArenaScale), default="score", help="Show scores first, or Elo."),
    ),
    *owned(
        "head_to_head",
        *reused.VOTES,
        replace(reused.A, needed=True, help="Compare two models alone: the first …"),
        replace(reused.B, needed=True, help="… and the second."),
    ),
    *owned(
        "bias",
        reused.WINNER_IS,
        Option(
            "covariate",
            kinds.NAMES,
            "NAME",
            help=(
                "What may be favoured: a pair of columns NAME_a and NAME_b, or first − second (again for "
                "more).  [default: all pairs]"
            ),
        ),
    ),
    *owned(
        "agree",
        Option("human", kinds.NAME, "RATER", help="Measure the others by this rater."),
        Option(
            "exclude", kinds.NAMES, "COLUMN", help="Leave out a column that is no rater's (again for more)."
        ),
        Option(
            "cluster",
            kinds.NAME,
            "COLUMN",
            help="Items of one value hang together; 'none' takes each by itself.",
        ),
        Option(
            "measurement", kinds.word_of(Measurement), help="What ratings are.  [default: by their values]"
        ),
    ),
    *owned(
        "judge",
        replace(
            reused.A,
            help="Compare two models by corrected rates: the first …, or the one that a floor is about.",
        ),
        replace(reused.B, help="… and the second."),
        Option("human", kinds.NAME, "COLUMN", help="The column of the labels, empty where there is none."),
        Option(
            "labels",
            kinds.Kind(check=checks.table),
            "FILE",
            help="A second table that has the labels, matched by item, and by model where both name it.",
        ),
        Option(
            "cluster",
            kinds.NAME,
            "COLUMN",
            help=(
                "Answers of one value hang together; 'none' takes each by itself.  [default: cluster, "
                "else repeated items]"
            ),
        ),
        Option(
            "labels_drawn",
            kinds.DRAWN,
            "random|probability:COLUMN|convenience|unknown",
            default="unknown",
            help="How the labelled answers were chosen.",
        ),
        replace(
            reused.AT_LEAST, help="Ask for a corrected rate of at least this, as a gate does: 70% or 0.7."
        ),
        replace(
            reused.MARGIN,
            kind=kinds.SIZE,
            help="Ask that a is not worse than b by more than this, as a gate does: 3pp or 0.03.",
        ),
        replace(reused.LEVEL, kind=kinds.ONE_SIDED),
    ),
    *owned(
        "audit", Option("n", kinds.count_of(1), "N", help="Number of questions, where the table has none.")
    ),
)
