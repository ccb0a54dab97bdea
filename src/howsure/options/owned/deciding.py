"""What the verbs that gate a release, or follow a run until it is decided, have of their own."""

from __future__ import annotations

from dataclasses import replace

from howsure import checks
from howsure.options import kinds, reused
from howsure.options.option import Option, owned

OPTIONS = (
    *owned(
        "gate",
        Option(
            "candidate",
            kinds.NAME,
            "SIDE",
            needed=True,
            flags=("--candidate", "-a"),
            help="What wants to pass: a model, a path, or tag:…, commit:…, run:…, saved:…",
        ),
        Option(
            "baseline",
            kinds.NAME,
            "SIDE",
            flags=("--baseline", "-b"),
            help="The side that it is compared with, also history:… (the runs since the last change).",
        ),
        replace(
            reused.NOT_WORSE,
            kind=kinds.MARGIN,
            help="Ask that it is not worse than the baseline by more: 1pp, 0.01, or 1%rel of its score.",
        ),
        Option("better", kinds.FLAG, default=False, help="Ask that it is better than the baseline."),
        replace(reused.SAME_WITHIN, kind=kinds.MARGIN),
        reused.AT_LEAST,
        reused.AT_MOST,
        Option(
            "each_task",
            kinds.FLAG,
            default=True,
            flags=("--each-task/--overall-only",),
            help="Judge every task, or the overall score alone.",
        ),
        Option("overall", kinds.OVERALL, "harness|mean|pooled|TASK=WEIGHT", help="How tasks make one score."),
        reused.POLICY,
        Option(
            "ratio_at_most",
            kinds.Kind(check=checks.ratio, written="real"),
            "RATIO",
            help=(
                "Ask that the candidate takes at most so many times what the baseline takes, of each "
                "--measure: 1.1."
            ),
        ),
        Option(
            "missing_at_most",
            kinds.FRACTION,
            "SHARE",
            default=0.01,
            help="Decide with up to this share of attempts without a score that could turn the verdict: 1%.",
        ),
        Option(
            "allow_differs",
            kinds.EXAMS,
            "WHAT",
            help=(
                "Decide although these differ between the two: questions, targets, version, grader, "
                "scorer (again for more)."
            ),
        ),
        Option(
            "guard_unseen",
            kinds.FLAG,
            default=False,
            help=(
                "Pass averages only if whole losses that no question showed couldn't exceed the margin "
                "either."
            ),
        ),
        reused.FLIPS,
        replace(
            reused.LOOKS,
            help="The gate may be asked so often while questions are added, or at these numbers of them.",
        ),
        Option(
            "look",
            kinds.count_of(1),
            "N",
            help="Which look this is.  [default: the one that is due at so many questions]",
        ),
        reused.SPENDING,
        replace(reused.ITEMS_PLANNED, help="Questions at the last look."),
        replace(reused.LEVEL, kind=kinds.ONE_SIDED),
    ),
    *owned(
        "save_baseline",
        Option("name", kinds.NAME, needed=True),
        Option(
            "output",
            kinds.PATH,
            "FILE",
            flags=("--output", "-o"),
            help="Write to this file.  [default: baselines/NAME.howsure]",
        ),
    ),
    *owned(
        "watch",
        replace(
            reused.A,
            metavar="SIDE",
            needed=True,
            help="The one that is watched, or the first of two: a model, a path, or tag:…, commit:…, run:…",
        ),
        replace(reused.B, metavar="SIDE", help="The second, also saved:…: is one of them better?"),
        replace(reused.AT_LEAST, help="Does A keep this floor? 92% or 0.92."),
        replace(reused.WITHIN, help="Until the interval is ± this: 2pp or 0.02."),
        replace(reused.MARGIN, help="Is A not worse than B by more than this? 1pp or 0.01."),
        replace(reused.LEVEL, help="Confidence level, for all looks at once."),
        replace(
            reused.LOOKS,
            help="Decide at so many planned looks, or at these numbers of items, and at no other time.",
        ),
        reused.SPENDING,
        reused.ITEMS_PLANNED,
        replace(reused.ATTEMPTS, help="An item counts once it has K attempts.  [default: the log's]"),
        replace(reused.CLUSTER_SIZE, help="Every cluster has N items."),
        replace(
            reused.BOUNDS, metavar="LOW,HIGH|none", help="No score can pass them; they count as 0 and 1."
        ),
        Option("clusters", kinds.Kind(check=checks.groups)),
        Option("shuffled", kinds.FLAG, help="The items come in random order, though no log says so."),
        Option("order", kinds.Kind(check=checks.ids)),
    ),
)
