"""The options that belong to one verb, or have another meaning there: for viewing results, comparing,
planning and deciding.
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
            metavar="MODEL|RUN|PATH",
            help=(
                "First model: its name, a path, or tag:…, commit:…, run:…, saved:….  [default: "
                "the first of two models]"
            ),
        ),
        replace(shared.B, metavar="MODEL|RUN|PATH", help="Second model."),
        shared.PUBLISHED,
        replace(shared.ADJUST, default="holm", help="Correction for several tasks."),
        replace(shared.MARGIN, help="Margin for non-inferiority and equivalence: 1pp or 0.01."),
        shared.FLIPS,
    ),
    *owned(
        "against",
        Option(
            "against",
            kinds.NAME,
            "MODEL|RUN|PATH",
            needed=True,
            help="Compare every other model with this one.",
        ),
        replace(
            shared.ADJUST,
            kind=kinds.word_of(ManyToOne),
            help="Correction for several models or tasks (max-t is Holm for two models).",
        ),
        replace(shared.METHOD, kind=kinds.MANY),
    ),
    *owned(
        "leaderboard",
        replace(shared.METHOD, kind=kinds.MANY),
        Option("each_task", kinds.FLAG, default=False, help="Show a leaderboard for each task as well."),
        shared.TASKS_AS_SAMPLE,
        shared.RANK_BY,
    ),
    *owned("frontier", replace(shared.METHOD, kind=kinds.MANY)),
    *owned(
        "curve",
        Option(
            "over",
            kinds.Kind(check=checks.model_values),
            "attempts|COLUMN|FILE",
            default="attempts",
            help=(
                "attempts, a measure of usage such as usd, or a value of each model such as its size: a "
                "column, or a table with model and value."
            ),
        ),
        replace(shared.ATTEMPTS, help="Largest number of attempts.  [default: the fewest at any question]"),
    ),
    *owned(
        "horizon",
        shared.DIFFICULTY,
        Option(
            "chance",
            kinds.Kind(check=checks.shares),
            "SHARE,…",
            default="50%,80%",
            help="Chances of success to find the difficulty for.",
        ),
        shared.RELEASE_DATES,
    ),
    *owned(
        "arena",
        *shared.VOTES,
        Option("scale", kinds.word_of(ArenaScale), default="score", help="Show scores or Elo ratings first."),
    ),
    *owned(
        "head_to_head",
        *shared.VOTES,
        replace(shared.A, needed=True, help="First of two models to compare."),
        replace(shared.B, needed=True, help="Second of the two."),
    ),
    *owned(
        "bias",
        shared.WINNER_IS,
        Option(
            "covariate",
            kinds.NAMES,
            "NAME",
            help=(
                "Attribute that may be favoured: a pair of columns NAME_a and NAME_b, or their "
                "difference (repeatable).  [default: all pairs]"
            ),
        ),
    ),
    *owned(
        "agree",
        Option("human", kinds.NAME, "RATER", help="Compare all other raters with this one."),
        Option(
            "exclude", kinds.NAMES, "COLUMN", help="Leave out a column that isn't a rater's (repeatable)."
        ),
        Option(
            "cluster",
            kinds.NAME,
            "COLUMN",
            help="Cluster questions by a column, or 'none' for independent questions.",
        ),
        Option(
            "measurement",
            kinds.word_of(Measurement),
            help="Scale of the ratings.  [default: by their values]",
        ),
        replace(shared.WITHIN, help="Plan how many questions make the coefficient known to ± this: 0.1."),
    ),
    *owned(
        "judge",
        replace(shared.A, help="First of two models to compare, or the model for --at-least."),
        replace(shared.B, help="Second of the two."),
        Option("human", kinds.NAME, "COLUMN", help="Column of the labels, empty for unlabelled answers."),
        Option(
            "labels",
            kinds.Kind(check=checks.table),
            "FILE",
            help="Second table with the labels, matched by question, and by model if both name it.",
        ),
        Option(
            "cluster",
            kinds.NAME,
            "COLUMN",
            help=(
                "Cluster answers by a column, or 'none' for independent answers.  [default: "
                "cluster, else repeated questions]"
            ),
        ),
        Option(
            "labels_drawn",
            kinds.DRAWN,
            "random|probability:COLUMN|convenience|unknown",
            default="unknown",
            help="How the labelled answers were chosen.",
        ),
        replace(shared.AT_LEAST, help="Require a corrected rate of at least this: 70% or 0.7."),
        replace(
            shared.MARGIN,
            kind=kinds.SIZE,
            help="Require that A is not worse than B by more than this: 3pp or 0.03.",
        ),
        replace(shared.LEVEL, kind=kinds.ONE_SIDED),
    ),
    *owned("audit", Option("n", kinds.count_of(1), "N", help="Number of questions, if the table has none.")),
)


DECIDING = (
    *owned(
        "gate",
        Option(
            "candidate",
            kinds.SIDE,
            "MODEL|RUN|PATH",
            flags=("--candidate", "-a"),
            help=(
                "Candidate: a model, a path, or tag:…, commit:…, run:…, saved:….  [default: the only model]"
            ),
        ),
        Option(
            "baseline",
            kinds.SIDE,
            "MODEL|RUN|PATH",
            flags=("--baseline", "-b"),
            help="Baseline to compare with, also history:… (the runs since the last change).",
        ),
        shared.PUBLISHED,
        replace(
            shared.NOT_WORSE,
            kind=kinds.MARGIN,
            help=(
                "Require that it is not worse than the baseline by more than this: 1pp, 0.01, or "
                "1%rel of its score."
            ),
        ),
        Option("better", kinds.FLAG, default=False, help="Require that it is better than the baseline."),
        replace(shared.SAME_WITHIN, kind=kinds.MARGIN),
        shared.AT_LEAST,
        shared.AT_MOST,
        Option(
            "each_at_least",
            kinds.Kind(check=checks.each_floor),
            "SHARE|COUNT",
            help="Require it of every single question over its attempts: 80%, or 8/10 as a plain count.",
        ),
        Option(
            "quarantine",
            kinds.NAME,
            "FILE",
            help="Leave the questions of this file out, as howsure questions --quarantine wrote it.",
        ),
        Option(
            "each_task",
            kinds.FLAG,
            default=True,
            flags=("--each-task/--overall-only",),
            help="Check every task, or only the overall score.",
        ),
        Option("overall", kinds.OVERALL, "harness|mean|pooled|TASK=WEIGHT", help="How to combine tasks."),
        shared.POLICY,
        Option(
            "ratio_at_most",
            kinds.Kind(check=checks.ratio, written="real"),
            "RATIO",
            help=("Require a cost of at most this multiple of the baseline's, for each --usage: 1.1."),
        ),
        Option(
            "missing_at_most",
            kinds.FRACTION,
            "SHARE",
            default=0.01,
            help="Decide with up to this share of missing attempts that could change the verdict: 1%.",
        ),
        Option(
            "allow_differs",
            kinds.EXAMS,
            "WHAT",
            help=(
                "Decide even if this differs between the two: questions, targets, version, "
                "grader, scorer (repeatable)."
            ),
        ),
        Option(
            "guard_unseen",
            kinds.FLAG,
            default=False,
            help=("Pass averages only if unseen total losses couldn't exceed the margin either."),
        ),
        shared.FLIPS,
        replace(
            shared.LOOKS,
            help=(
                "Planned looks while questions are added: 4/2000 for four, the last at 2,000 "
                "questions, or 500,1000,2000. Add :pocock to spend the error evenly."
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
            metavar="MODEL|RUN|PATH",
            needed=True,
            help="Model to watch, or the first of two: a model, a path, or tag:…, commit:…, run:….",
        ),
        replace(
            shared.B, metavar="MODEL|RUN|PATH", help="Second model, also saved:…: stop when one is better."
        ),
        replace(shared.AT_LEAST, help="Stop when A is above or below this score: 92% or 0.92."),
        replace(shared.WITHIN, help="Stop when the interval is ± this: 2pp or 0.02."),
        replace(
            shared.MARGIN,
            help="Stop when A is shown to be, or not to be, worse than B by more than this: 1pp or 0.01.",
        ),
        replace(shared.LEVEL, help="Confidence level, for all looks together."),
        replace(
            shared.LOOKS,
            kind=kinds.Kind(check=partial(look_plan, any_time=True)),
            help=(
                "Decide only at planned looks: 5, 5/2000 or 100,250,500. Add :pocock to spend "
                "the error evenly. any/2000 looks at any time in a run of 2,000 questions."
            ),
        ),
        replace(shared.ATTEMPTS, help="Attempts that complete a question.  [default: the log's]"),
        replace(shared.CLUSTER_SIZE, help="Number of questions in each cluster."),
        replace(shared.BOUNDS, metavar="LOW,HIGH|none", help="Smallest and largest possible score."),
        Option("clusters", kinds.Kind(check=checks.groups)),
        Option("shuffled", kinds.FLAG, help="Questions come in random order, even if no log states it."),
        Option("order", kinds.Kind(check=checks.ids)),
    ),
)


LOOKING = (
    *owned(
        "read",
        Option("probabilities", kinds.FLAG, default=False),
        Option("cache", kinds.FLAG, default=False),
        shared.PROCESSES,
        Option("progress", kinds.Kind(check=checks.callback)),
    ),
    *owned(
        "describe",
        Option(
            "explain_plan",
            kinds.FLAG,
            default=False,
            help="Show the queries that run at the data source (DuckDB SQL), and their results.",
            about="Whether to show the queries that verbs run at the data source, and their results.",
        ),
    ),
    *owned(
        "noise",
        replace(
            shared.A,
            metavar="MODEL|RUN|PATH",
            help="First of two models, to decompose the variance of their difference.",
        ),
        replace(shared.B, metavar="MODEL|RUN|PATH", help="Second of the two."),
    ),
    *owned(
        "history",
        Option(
            "baseline",
            kinds.NAME,
            "RUN",
            help="Run to compare with, besides the previous and the best one.  [default: the first]",
        ),
        Option(
            "runs_between_alarms",
            kinds.Kind(check=partial(checks.at_least, least=10), written="real"),
            "N",
            default=100,
            help="Smallest mean number of runs between two false alarms.",
        ),
        Option(
            "compare_last",
            kinds.count_of(2),
            "N",
            help="Also compare the last N runs with the N before them.",
        ),
        Option(
            "anchors",
            kinds.Kind(check=checks.column_value),
            "COLUMN=VALUE",
            help="Answers graded again in every run, which tell a change of the judge from the system's.",
        ),
    ),
    *owned(
        "trend",
        Option(
            "last", kinds.count_of(2), default=5, help="Number of checkpoints that measure a run's variation."
        ),
    ),
    *owned(
        "questions",
        replace(shared.A, help="First of two models, to list the questions that changed."),
        replace(shared.B, help="Second of the two."),
        Option(
            "quarantine",
            kinds.NAME,
            "FILE",
            help="Write the flaky questions to a TOML file, for gate --quarantine. Needs --until.",
        ),
        Option("until", kinds.Kind(check=checks.day), "DATE", help="Last day of the quarantine: 2027-01-31."),
        Option(
            "mixed",
            kinds.FLAG,
            default=False,
            help="Put all mixed questions in quarantine, not only flaky ones.",
        ),
    ),
    *owned(
        "question",
        Option("item", kinds.NAME, needed=True),
        Option(
            "task",
            kinds.Kind(check=checks.one_name),
            "NAME",
            flags=("--task", "-t"),
            help="Task of the question, if several have it.",
        ),
    ),
    *owned("runs", Option("top", kinds.count_of(1), "N", help="Show only the N newest runs.")),
    *owned(
        "history",
        Option(
            "top",
            kinds.TOP,
            "N|all",
            help="Show the N last runs, with every alarm, or all.  [default: 20 on a terminal "
            "and in Markdown]",
        ),
    ),
    *owned(
        "report",
        replace(shared.METHOD, kind=kinds.MANY),
        Option("title", kinds.NAME, "TEXT", help="Title of the page.  [default: the tasks' names]"),
        Option("command", kinds.NAME),
        Option(
            "texts",
            kinds.FLAG,
            default=False,
            help="Include prompts, right answers and answers in the page, for everyone who gets it.",
        ),
        shared.TASKS_AS_SAMPLE,
        shared.RANK_BY,
        shared.DIFFICULTY,
        shared.RELEASE_DATES,
        Option(
            "inspect_view",
            kinds.Kind(
                check=partial(
                    checks.address,
                    remedy="Give the one that `inspect view` prints, such as http://127.0.0.1:7575.",
                )
            ),
            "ADDRESS",
            help="Link samples to Inspect View at this address, on the same folder.",
        ),
        Option(
            "lesson",
            kinds.Kind(check=checks.lesson),
            "ADDRESS",
            help="Link chapters to the lesson at this address, or beside the page: ../lesson.html.",
        ),
        Option(
            "url",
            kinds.Kind(check=checks.address),
            "ADDRESS",
            help=("Address of the page: links to it then show its verdict, and the card next to it."),
        ),
        Option("card", kinds.NAME, flags=()),
        shared.PROCESSES,
    ),
)


PLANNING = (
    *owned(
        "plan",
        replace(shared.A, metavar="MODEL|RUN|PATH", help="First model of the pilot."),
        replace(
            shared.B, metavar="MODEL|RUN|PATH", help="Second model of the pilot.  [default: the median pair]"
        ),
        Option("effect", kinds.CHANGE, "SIZE", help="True difference to detect: 3pp or 0.03."),
        Option("n_items", kinds.count_of(2), "N", help="Number of questions, to compute what they can show."),
        replace(shared.ATTEMPTS, help="Attempts at each question."),
        Option(
            "n_levels",
            kinds.counts_of(2),
            "N",
            help=(
                "Levels of --random-factor (8; of two factors 8,5).  [default: the pilot's, or "
                "as many as its questions need]"
            ),
        ),
        Option("power", kinds.SHARE, default=0.8, help="Probability of detecting it."),
        Option(
            "better",
            kinds.FLAG,
            default=False,
            help="Forecast what a gate that requires “better” does with equal systems.",
        ),
        replace(shared.NOT_WORSE, help="Plan to show that A is not worse by more than this."),
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
                "Plan for K looks at the run, or for looks in these proportions: 1,2,5. Add "
                ":pocock to spend the error evenly."
            ),
        ),
        Option("n_models", kinds.count_of(2), default=2, help="Number of models, compared in all pairs."),
        Option("n_tasks", kinds.count_of(1), default=1, help="Number of tasks (without a pilot)."),
        Option("n_clusters", kinds.count_of(2), "N", help="Fixed number of clusters."),
        replace(
            shared.METHOD, kind=kinds.word_of(PlanMethod), help="Test to plan for (z is the paper's formula)."
        ),
        Option(
            "simulate",
            kinds.FLAG,
            default=False,
            flags=("--check",),
            help="Check the power by resampling the pilot's questions.",
        ),
        replace(shared.SEED, help="Seed for --check."),
    ),
    *owned(
        "plan_score",
        replace(shared.A, help="Model of the pilot, if it has several."),
        replace(shared.WITHIN, help="Plan an error bar of ± this: 2pp or 0.02."),
        replace(shared.AT_LEAST, help="Plan to show that the score is at least this: 92%."),
        shared.AT_MOST,
        Option(
            "rate",
            replace(kinds.SCORE, written="fraction"),
            "SCORE",
            help="Assumed true score.  [default: the pilot's; 50% for an error bar]",
        ),
        Option("n_items", kinds.count_of(1), "N", help="Number of questions, to compute what they can show."),
        replace(shared.ATTEMPTS, help="Attempts at each question."),
        Option("power", kinds.SHARE, default=0.8, help="Probability of showing the limit."),
    ),
    *owned(
        "plan_policy",
        replace(shared.POLICY, needed=True),
        replace(shared.A, metavar="MODEL|RUN|PATH", help="Candidate of the pilot."),
        replace(
            shared.B, metavar="MODEL|RUN|PATH", help="Baseline of the pilot.  [default: the median pair]"
        ),
        Option("power", kinds.SHARE, default=0.8, help="Joint probability that two equal systems pass."),
        replace(shared.ATTEMPTS, help="Attempts at each question."),
        Option(
            "n_tasks", kinds.count_of(1), "N", help="Number of tasks, including those that the policy names."
        ),
    ),
    *owned(
        "plan_failures",
        Option("below", kinds.RARE, "RATE", needed=True),
        Option(
            "observed",
            kinds.Kind(check=checks.failures_of_runs, written="count of"),
            "K/N",
            help="Failures and runs observed so far: 2/500.",
        ),
        Option(
            "rate",
            replace(kinds.RARE, written="fraction"),
            "RATE",
            help="Assumed true failure rate, for the probability of success.",
        ),
        replace(shared.CLUSTER_SIZE, default=1, help="Number of runs per scenario."),
        Option(
            "icc",
            kinds.Kind(check=checks.fraction, written="real"),
            "R",
            help="Intra-cluster correlation of runs of one scenario.  [default: both extremes]",
        ),
    ),
    *owned(
        "plan_labels",
        replace(shared.A, help="First of two models, to plan their difference."),
        replace(shared.B, help="Second of the two."),
        replace(shared.WITHIN, help="Plan a corrected rate of ± this: 3pp or 0.03."),
        Option("n_labels", kinds.count_of(2), "N", help="Number of labels in all, in place of --within."),
        Option("human", kinds.NAME, "COLUMN", help="Column of existing labels."),
        Option(
            "labels_drawn",
            kinds.DRAWN,
            "random|unknown",
            default="unknown",
            help="How existing labels were drawn. Random ones count towards the plan.",
        ),
        Option(
            "judge_right",
            kinds.Kind(check=checks.right, written="size"),
            "SHARE",
            default=0.8,
            help="Assumed accuracy when judges agree, if there are no labels.",
        ),
        Option(
            "cost_label",
            kinds.PRICE,
            "PRICE",
            help="Cost of a label. With --cost-judge, finds the cheapest mix of labels and verdicts.",
        ),
        Option("cost_judge", kinds.PRICE, "PRICE", help="Cost of a verdict."),
        Option("budget", kinds.PRICE, "PRICE", help="Budget for labels and verdicts together."),
        Option(
            "queue",
            kinds.PATH,
            "FILE",
            help="Write the answers to a CSV file for `judge`, those to label first.",
        ),
        replace(shared.SEED, help="Seed of the draw."),
    ),
    *owned(
        "calibrate", Option("methods", kinds.NAMES, "WORD", help="Only methods with this word in their name.")
    ),
)
