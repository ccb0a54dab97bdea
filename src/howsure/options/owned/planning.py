"""What the verbs that plan an evaluation have of their own."""

from __future__ import annotations

from dataclasses import replace

from howsure import checks
from howsure.options import kinds, reused
from howsure.options.option import Option, owned
from howsure.statistics.choices import PlanMethod

OPTIONS = (
    *owned(
        "plan",
        replace(reused.A, metavar="SIDE", help="The two sides of the pilot: the first …"),
        replace(reused.B, metavar="SIDE", help="… and the second.  [default: the median pair]"),
        Option("effect", kinds.CHANGE, "SIZE", help="The true difference that is to show: 3pp or 0.03."),
        Option("n_items", kinds.count_of(2), "N", help="What can so many questions show?"),
        replace(reused.ATTEMPTS, help="Attempts at each question."),
        Option(
            "n_levels",
            kinds.counts_of(2),
            "N",
            help=(
                "With --random-factor: so many levels of it (8; of two factors 8,5).  [default: the "
                "pilot's, or as many as its questions need]"
            ),
        ),
        Option("power", kinds.SHARE, default=0.8, help="The chance that it shows."),
        Option(
            "better",
            kinds.FLAG,
            default=False,
            help="Say what a gate that asks for “better” makes of equal systems.",
        ),
        replace(reused.NOT_WORSE, help="Plan to show that a is not worse by more than this."),
        replace(reused.SAME_WITHIN, help="Plan to show that the two are the same within this."),
        replace(reused.WITHIN, help="Plan one model's error bar: ± this."),
        replace(reused.AT_LEAST, help="Plan to show that one model scores at least this: 92%."),
        reused.AT_MOST,
        Option(
            "paired",
            kinds.FLAG,
            default=True,
            flags=("--paired/--unpaired",),
            help="Whether the models answer the same questions.",
        ),
        replace(reused.LOOKS, help="Plan for so many looks at the run, or for looks at these shares: 1,2,5."),
        reused.SPENDING,
        Option("n_models", kinds.count_of(2), default=2, help="Compare so many, all pairs."),
        Option("n_tasks", kinds.count_of(1), default=1, help="On so many tasks (without a pilot)."),
        Option("n_clusters", kinds.count_of(2), "N", help="Hold the number of clusters fixed."),
        replace(
            reused.METHOD,
            kind=kinds.word_of(PlanMethod),
            help="Which test to plan for; z is the paper's formula.",
        ),
        Option(
            "simulate",
            kinds.FLAG,
            default=False,
            flags=("--check",),
            help="Check the power with the pilot's own questions.",
        ),
        replace(reused.SEED, help="For --check."),
    ),
    *owned(
        "plan_score",
        reused.A,
        reused.WITHIN,
        reused.AT_LEAST,
        reused.AT_MOST,
        Option("rate", kinds.SCORE),
        Option("n_items", kinds.count_of(1)),
        reused.ATTEMPTS,
        Option("power", kinds.SHARE, default=0.8),
    ),
    *owned(
        "plan_policy",
        replace(reused.POLICY, needed=True),
        reused.A,
        reused.B,
        Option("power", kinds.SHARE, default=0.8),
        reused.ATTEMPTS,
        Option("n_tasks", kinds.count_of(1)),
    ),
    *owned(
        "plan_failures",
        Option("below", kinds.RARE, needed=True),
        Option("observed", kinds.Kind(check=checks.failures_of_runs)),
        Option("rate", kinds.RARE),
        replace(reused.CLUSTER_SIZE, default=1),
        Option("icc", kinds.Kind(check=checks.fraction, written="real")),
    ),
    *owned(
        "plan_labels",
        reused.A,
        reused.B,
        replace(reused.WITHIN, help="With --labels-for: the corrected rate ± this."),
        Option(
            "n_labels",
            kinds.count_of(2),
            "N",
            help="With --labels-for: so many labels in all, in place of --within.",
        ),
        Option("human", kinds.NAME, "COLUMN", help="The column of labels that there are."),
        Option(
            "labels_drawn",
            kinds.DRAWN,
            "random|unknown",
            default="unknown",
            help="How labels that there are were drawn; at random they count.",
        ),
        Option(
            "judge_right",
            kinds.Kind(check=checks.right, written="size"),
            "SHARE",
            default=0.8,
            help="Assume that judges are right so often where they agree, as far as no label tells.",
        ),
        Option(
            "cost_label",
            kinds.PRICE,
            "PRICE",
            help="What a label costs; with --cost-judge: what to judge and to label for the least.",
        ),
        Option("cost_judge", kinds.PRICE, "PRICE", help="What a verdict costs."),
        Option("budget", kinds.PRICE, "PRICE", help="What labels and verdicts may cost together."),
        Option(
            "queue",
            kinds.PATH,
            "FILE",
            help="Write the answers as CSV, those to label first, as `judge` reads them.",
        ),
        replace(reused.SEED, help="For the draw."),
    ),
    *owned(
        "calibrate", Option("methods", kinds.NAMES, "WORD", help="Only methods with this word in their name.")
    ),
)
