"""The options that a verb has of its own, or that mean something else there: those that look at results,
compare, plan and decide.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from howsure import checks
from howsure.options import kinds, shared
from howsure.options.choices import ArenaScale
from howsure.options.kinds import Option, owned
from howsure.options.look_plan import look_plan
from howsure.statistics.choices import ManyToOne, Measurement, PlanMethod

COMPARING = (
    *owned(
        "compare",
        replace(
            shared.A,
            metavar="SIDE",
            help=(
                "The first side: a model, a path, or tag:…, commit:…, run:…, saved:…  [default: of two "
                "models the first]"
            ),
        ),
        replace(shared.B, metavar="SIDE", help="The second side."),
        shared.PUBLISHED,
        replace(shared.ADJUST, default="holm", help="Correct for many tasks."),
        replace(
            shared.MARGIN, help="Ask for equivalence and non-inferiority within this margin: 1pp or 0.01."
        ),
        shared.FLIPS,
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
            shared.ADJUST,
            kind=kinds.word_of(ManyToOne),
            help="Correct for many sides, or tasks (max-t is Holm for two sides).",
        ),
        replace(shared.METHOD, kind=kinds.MANY),
    ),
    *owned(
        "leaderboard",
        replace(shared.METHOD, kind=kinds.MANY),
        Option(
            "each_task",
            kinds.FLAG,
            default=False,
            help="Show a board for each task as well, not only the overall one and a summary.",
        ),
    ),
    *owned("frontier", replace(shared.METHOD, kind=kinds.MANY)),
    *owned(
        "arena",
        *shared.VOTES,
        Option("scale", kinds.word_of(ArenaScale), default="score", help="Show scores first, or Elo."),
    ),
    *owned(
        "head_to_head",
        *shared.VOTES,
        replace(shared.A, needed=True, help="Compare two models alone: the first …"),
        replace(shared.B, needed=True, help="… and the second."),
    ),
    *owned(
        "bias",
        shared.WINNER_IS,
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
            shared.A,
            help="Compare two models by corrected rates: the first …, or the one that a floor is about.",
        ),
        replace(shared.B, help="… and the second."),
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
            shared.AT_LEAST, help="Ask for a corrected rate of at least this, as a gate does: 70% or 0.7."
        ),
        replace(
            shared.MARGIN,
            kind=kinds.SIZE,
            help="Ask that a is not worse than b by more than this, as a gate does: 3pp or 0.03.",
        ),
        replace(shared.LEVEL, kind=kinds.ONE_SIDED),
    ),
    *owned(
        "audit", Option("n", kinds.count_of(1), "N", help="Number of questions, where the table has none.")
    ),
)


DECIDING = (
    *owned(
        "gate",
        Option(
            "candidate",
            kinds.NAME,
            "SIDE",
            flags=("--candidate", "-a"),
            help=(
                "What wants to pass: a model, a path, or tag:…, commit:…, run:…, saved:…  [default: the "
                "only model]"
            ),
        ),
        Option(
            "baseline",
            kinds.NAME,
            "SIDE",
            flags=("--baseline", "-b"),
            help="The side that it is compared with, also history:… (the runs since the last change).",
        ),
        shared.PUBLISHED,
        replace(
            shared.NOT_WORSE,
            kind=kinds.MARGIN,
            help="Ask that it is not worse than the baseline by more: 1pp, 0.01, or 1%rel of its score.",
        ),
        Option("better", kinds.FLAG, default=False, help="Ask that it is better than the baseline."),
        replace(shared.SAME_WITHIN, kind=kinds.MARGIN),
        shared.AT_LEAST,
        shared.AT_MOST,
        Option(
            "each_task",
            kinds.FLAG,
            default=True,
            flags=("--each-task/--overall-only",),
            help="Judge every task, or the overall score alone.",
        ),
        Option("overall", kinds.OVERALL, "harness|mean|pooled|TASK=WEIGHT", help="How tasks make one score."),
        shared.POLICY,
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
        shared.FLIPS,
        replace(
            shared.LOOKS,
            help=(
                "Ask again while questions are added: 4/2000 is four times, the last at 2,000 questions; or "
                "name them, 500,1000,2000. Add :pocock to spend the error evenly."
            ),
        ),
        replace(shared.LEVEL, kind=kinds.ONE_SIDED),
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
            shared.A,
            metavar="SIDE",
            needed=True,
            help="The one that is watched, or the first of two: a model, a path, or tag:…, commit:…, run:…",
        ),
        replace(shared.B, metavar="SIDE", help="The second, also saved:…: is one of them better?"),
        replace(shared.AT_LEAST, help="Does A keep this floor? 92% or 0.92."),
        replace(shared.WITHIN, help="Until the interval is ± this: 2pp or 0.02."),
        replace(shared.MARGIN, help="Is A not worse than B by more than this? 1pp or 0.01."),
        replace(shared.LEVEL, help="Confidence level, for all looks at once."),
        replace(
            shared.LOOKS,
            kind=kinds.Kind(check=partial(look_plan, any_time=True)),
            help=(
                "Decide at planned looks alone: 5, 5/2000 or 100,250,500; add :pocock to spend the error "
                "evenly. any/2000 looks at any time of a run of 2,000 items."
            ),
        ),
        replace(shared.ATTEMPTS, help="An item counts once it has K attempts.  [default: the log's]"),
        replace(shared.CLUSTER_SIZE, help="Every cluster has N items."),
        replace(
            shared.BOUNDS, metavar="LOW,HIGH|none", help="No score can pass them; they count as 0 and 1."
        ),
        Option("clusters", kinds.Kind(check=checks.groups)),
        Option("shuffled", kinds.FLAG, help="The items come in random order, though no log says so."),
        Option("order", kinds.Kind(check=checks.ids)),
    ),
)


LOOKING = (
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
        replace(shared.A, metavar="SIDE", help="Take the difference of two sides apart: the first …"),
        replace(shared.B, metavar="SIDE", help="… and the second."),
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
        replace(shared.METHOD, kind=kinds.MANY),
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


PLANNING = (
    *owned(
        "plan",
        replace(shared.A, metavar="SIDE", help="The two sides of the pilot: the first …"),
        replace(shared.B, metavar="SIDE", help="… and the second.  [default: the median pair]"),
        Option("effect", kinds.CHANGE, "SIZE", help="The true difference that is to show: 3pp or 0.03."),
        Option("n_items", kinds.count_of(2), "N", help="What can so many questions show?"),
        replace(shared.ATTEMPTS, help="Attempts at each question."),
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
        replace(shared.NOT_WORSE, help="Plan to show that a is not worse by more than this."),
        replace(shared.SAME_WITHIN, help="Plan to show that the two are the same within this."),
        Option(
            "paired",
            kinds.FLAG,
            default=True,
            flags=("--paired/--unpaired",),
            help="Whether the models answer the same questions.",
        ),
        replace(
            shared.LOOKS,
            metavar="K|N,N,…",
            help=(
                "Plan for K looks at the run, or for looks in these proportions: 1,2,5; add :pocock to spend "
                "the error evenly."
            ),
        ),
        Option("n_models", kinds.count_of(2), default=2, help="Compare so many, all pairs."),
        Option("n_tasks", kinds.count_of(1), default=1, help="On so many tasks (without a pilot)."),
        Option("n_clusters", kinds.count_of(2), "N", help="Hold the number of clusters fixed."),
        replace(
            shared.METHOD,
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
        replace(shared.SEED, help="For --check."),
    ),
    *owned(
        "plan_score",
        replace(shared.A, help="The model of the pilot, where it has several."),
        replace(shared.WITHIN, help="Plan an error bar of ± this."),
        replace(shared.AT_LEAST, help="Plan to show that the score is at least this: 92%."),
        shared.AT_MOST,
        Option(
            "rate",
            replace(kinds.SCORE, written="fraction"),
            "SCORE",
            help="Suppose this true score.  [default: the pilot's; 50% for an error bar]",
        ),
        Option("n_items", kinds.count_of(1), "N", help="What can so many questions show?"),
        replace(shared.ATTEMPTS, help="Attempts at each question."),
        Option("power", kinds.SHARE, default=0.8, help="The chance that the limit is shown."),
    ),
    *owned(
        "plan_policy",
        replace(shared.POLICY, needed=True),
        replace(shared.A, metavar="SIDE", help="The two sides of the pilot: the candidate …"),
        replace(shared.B, metavar="SIDE", help="… and the baseline.  [default: the median pair]"),
        Option("power", kinds.SHARE, default=0.8, help="The joint chance that two equal systems pass."),
        replace(shared.ATTEMPTS, help="Attempts at each question."),
        Option(
            "n_tasks", kinds.count_of(1), "N", help="So many tasks, those that the policy names included."
        ),
    ),
    *owned(
        "plan_failures",
        Option("below", kinds.RARE, "RATE", needed=True),
        Option(
            "observed",
            kinds.Kind(check=checks.failures_of_runs, written="count of"),
            "K/N",
            help="So many failures in so many runs were seen.",
        ),
        Option(
            "rate",
            replace(kinds.RARE, written="fraction"),
            "RATE",
            help="Suppose this true failure rate, for the chance of success.",
        ),
        replace(shared.CLUSTER_SIZE, default=1, help="So many runs share a scenario."),
        Option(
            "icc",
            kinds.Kind(check=checks.fraction, written="real"),
            "R",
            help="The intra-cluster correlation of such runs.  [default: both extremes]",
        ),
    ),
    *owned(
        "plan_labels",
        replace(shared.A, help="The first of two models, to plan their difference …"),
        replace(shared.B, help="… and the second."),
        replace(shared.WITHIN, help="Plan a corrected rate of ± this."),
        Option("n_labels", kinds.count_of(2), "N", help="So many labels in all, in place of --within."),
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
        replace(shared.SEED, help="For the draw."),
    ),
    *owned(
        "calibrate", Option("methods", kinds.NAMES, "WORD", help="Only methods with this word in their name.")
    ),
)
