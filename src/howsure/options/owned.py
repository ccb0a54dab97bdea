"""The options that a verb has of its own, or has in a way of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from howsure import checks
from howsure.options import kinds, reused
from howsure.options.option import Option
from howsure.options.words import ArenaScale, Worlds
from howsure.statistics.choices import ManyToOne, Measurement, PlanMethod


def _owned(verb: str, *options: Option) -> tuple[Option, ...]:
    return tuple(replace(each, verb=verb) for each in options)


OWNED = (
    *_owned(
        "read",
        Option("probabilities", kinds.FLAG, default=False),
        Option("cache", kinds.FLAG, default=False),
        Option("progress", kinds.Kind(check=checks.callback)),
    ),
    *_owned(
        "compare",
        replace(
            reused.A,
            metavar="SIDE",
            needed=True,
            help="The first side: a model, a path, or tag:…, commit:…, run:…, saved:…",
        ),
        replace(reused.B, metavar="SIDE", needed=True, help="The second side."),
        replace(reused.ADJUST, default="holm", help="Correct for many tasks."),
        replace(reused.MARGIN, help="Ask for equivalence and non-inferiority within this margin: 1pp or 0.01."),
        reused.OVERLAP,
        reused.FLIPS,
        reused.AVERAGE,
    ),
    *_owned(
        "against",
        Option(
            "against", kinds.NAME, "SIDE", needed=True, help="Compare every other side with this one, not a with b."
        ),
        replace(
            reused.ADJUST,
            kind=kinds.word_of(ManyToOne),
            help="Correct for many sides, or tasks (max-t is Holm for two sides).",
        ),
        replace(reused.METHOD, kind=kinds.MANY),
    ),
    *_owned("leaderboard", replace(reused.METHOD, kind=kinds.MANY)),
    *_owned("frontier", replace(reused.METHOD, kind=kinds.MANY), reused.AVERAGE),
    *_owned(
        "arena",
        *reused.VOTES,
        Option("scale", kinds.word_of(ArenaScale), default="score", help="Show scores first, or Elo."),
    ),
    *_owned(
        "head_to_head",
        *reused.VOTES,
        replace(reused.A, needed=True, help="Compare two models alone: the first …"),
        replace(reused.B, needed=True, help="… and the second."),
    ),
    *_owned(
        "bias",
        Option(
            "covariate",
            kinds.NAMES,
            "NAME",
            help="What may be favoured: a pair of columns NAME_a and NAME_b, or first − second (again for more).  [default: all pairs]",
        ),
    ),
    *_owned(
        "agree",
        Option("human", kinds.NAME, "RATER", help="Measure the others by this rater."),
        Option("cluster", kinds.NAME, "COLUMN", help="Items of one value hang together; 'none' takes each by itself."),
        Option("measurement", kinds.word_of(Measurement), help="What ratings are.  [default: by their values]"),
    ),
    *_owned(
        "judge",
        replace(reused.A, help="Compare two models by corrected rates: the first …, or the one that a floor is about."),
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
            help="Answers of one value hang together; 'none' takes each by itself.  [default: cluster, else repeated items]",
        ),
        Option(
            "labels_drawn",
            kinds.DRAWN,
            "random|probability:COLUMN|convenience|unknown",
            default="unknown",
            help="How the labelled answers were chosen.",
        ),
        replace(
            reused.AT_LEAST,
            help="Ask for a corrected rate of at least this, as a gate does: 70% or 0.7.",
        ),
        replace(
            reused.MARGIN,
            kind=kinds.SIZE,
            help="Ask that a is not worse than b by more than this, as a gate does: 3pp or 0.03.",
        ),
        replace(reused.LEVEL, kind=kinds.ONE_SIDED),
    ),
    *_owned(
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
                    checks.address, remedy="Give the one that `inspect view` prints, such as http://127.0.0.1:7575."
                )
            ),
            "ADDRESS",
            help="Link samples to Inspect View at this address, of the same folder.",
        ),
        Option(
            "url",
            kinds.Kind(check=checks.address),
            "ADDRESS",
            help="Where the page will lie: links to it are shown with its verdict, and with the card, which lies beside it.",
        ),
        Option("card", kinds.NAME, flags=()),
    ),
    *_owned(
        "noise",
        replace(reused.A, metavar="SIDE", help="Take the difference of two sides apart: the first …"),
        replace(reused.B, metavar="SIDE", help="… and the second."),
    ),
    *_owned(
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
            help="Mean number of runs between two false alarms.",
        ),
    ),
    *_owned(
        "trend",
        Option("last", kinds.count_of(2), default=5, help="Checkpoints that measure a run's wobble."),
    ),
    *_owned(
        "audit",
        Option("n", kinds.count_of(1), "N", help="Number of questions, where the table has none."),
    ),
    *_owned(
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
    *_owned("runs", Option("top", kinds.count_of(1), "N", help="Show only the N newest.")),
    *_owned(
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
    *_owned(
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
        Option(
            "overall",
            kinds.OVERALL,
            "harness|mean|pooled|TASK=WEIGHT",
            help="How tasks make one score.",
        ),
        reused.POLICY,
        Option(
            "ratio_at_most",
            kinds.Kind(check=checks.ratio, written="real"),
            "RATIO",
            help="Ask that the candidate takes at most so many times what the baseline takes, of each --measure: 1.1.",
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
            help="Decide although these differ between the two: questions, targets, version, grader, scorer (again for more).",
        ),
        reused.OVERLAP,
        reused.FLIPS,
        replace(
            reused.LOOKS, help="The gate may be asked so often while questions are added, or at these numbers of them."
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
    *_owned(
        "aa",
        reused.NOT_WORSE,
        Option("better", kinds.FLAG, default=False, help="Ask that it is better than the baseline."),
        reused.SAME_WITHIN,
        reused.POLICY,
        Option("splits", kinds.count_of(1), default=1_000, help="Random splits a model."),
        replace(reused.METHOD, kind=kinds.MANY),
        replace(reused.SEED, help="For the splits."),
        replace(reused.LEVEL, kind=kinds.ONE_SIDED),
    ),
    *_owned(
        "allocate",
        replace(reused.ATTEMPTS, needed=True, metavar="N", help="How many attempts to spend."),
        replace(
            reused.A,
            metavar="SIDE",
            flags=("-a", "--a", "--model"),
            help="The side whose attempts they are, or the first …",
        ),
        replace(reused.B, metavar="SIDE", help="… and the second, where their difference is asked for."),
        Option("most", kinds.count_of(1), "K", help="No item shall have more, old and new together."),
        Option("new_run", kinds.FLAG, default=False, help="A run of its own, chosen by a model's own old answers."),
    ),
    *_owned(
        "plan",
        replace(reused.A, metavar="SIDE", help="The two sides of the pilot: the first …"),
        replace(reused.B, metavar="SIDE", help="… and the second.  [default: the median pair]"),
        Option("effect", kinds.CHANGE, "SIZE", help="The true difference that is to show: 3pp or 0.03."),
        Option("n_items", kinds.count_of(2), "N", help="What can so many questions show?"),
        replace(reused.ATTEMPTS, help="Attempts at each question."),
        Option("power", kinds.SHARE, default=0.8, help="The chance that it shows."),
        Option(
            "better", kinds.FLAG, default=False, help="Say what a gate that asks for “better” makes of equal systems."
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
            reused.METHOD, kind=kinds.word_of(PlanMethod), help="Which test to plan for; z is the paper's formula."
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
    *_owned(
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
    *_owned(
        "plan_policy",
        replace(reused.POLICY, needed=True),
        reused.A,
        reused.B,
        Option("power", kinds.SHARE, default=0.8),
        reused.ATTEMPTS,
        Option("n_tasks", kinds.count_of(1)),
    ),
    *_owned(
        "plan_failures",
        Option("below", kinds.RARE, needed=True),
        Option("observed", kinds.Kind(check=checks.failures_of_runs)),
        Option("rate", kinds.RARE),
        replace(reused.CLUSTER_SIZE, default=1),
        Option("icc", kinds.Kind(check=checks.fraction, written="real")),
    ),
    *_owned(
        "plan_labels",
        reused.A,
        reused.B,
        replace(reused.WITHIN, help="With --labels-for: the corrected rate ± this."),
        Option(
            "n_labels", kinds.count_of(2), "N", help="With --labels-for: so many labels in all, in place of --within."
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
            "queue", kinds.PATH, "FILE", help="Write the answers as CSV, those to label first, as `judge` reads them."
        ),
        replace(reused.SEED, help="For the draw."),
    ),
    *_owned(
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
            reused.LOOKS, help="Decide at so many planned looks, or at these numbers of items, and at no other time."
        ),
        reused.SPENDING,
        reused.ITEMS_PLANNED,
        replace(reused.ATTEMPTS, help="An item counts once it has K attempts.  [default: the log's]"),
        replace(reused.CLUSTER_SIZE, help="Every cluster has N items."),
        replace(reused.BOUNDS, metavar="LOW,HIGH|none", help="No score can pass them; they count as 0 and 1."),
        Option("clusters", kinds.Kind(check=checks.groups)),
        Option("shuffled", kinds.FLAG, help="The items come in random order, though no log says so."),
        Option("order", kinds.Kind(check=checks.ids)),
    ),
    *_owned(
        "calibrate",
        Option("worlds", kinds.word_of(Worlds), default="small", help="Which made-up worlds, where no data are given."),
        Option("record", kinds.FLAG, default=False, help="Show the published record; draw nothing."),
        Option("methods", kinds.NAMES, "WORD", help="Only methods with this word in their name."),
        Option("trials", kinds.count_of(10), default=2_000, help="Samples drawn per world."),
        Option("slow", kinds.FLAG, default=False, help="Also the methods that resample, in every tenth world."),
        Option("processes", kinds.count_of(1), default=1, help="How many to use."),
        replace(reused.SEED, help="For all draws."),
        Option("progress", kinds.Kind(check=checks.callback)),
    ),
)
