"""The options that verbs share: for viewing scores, reading files, requests, and writing an answer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from howsure import checks
from howsure.options import kinds
from howsure.options.choices import Failures, Format, Preset, RankBy
from howsure.options.kinds import Option
from howsure.options.look_plan import look_plan
from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Ties, Variance, WinnerIs
from howsure.table.writing import Decimal

BOUNDS = Option("bounds", kinds.Kind(check=checks.bounds, written="bounds"), "LOW,HIGH")

LEVEL = Option("level", kinds.LEVEL, default=0.95, help="Confidence level.")
PROCESSES = Option("processes", kinds.count_of(1), default=1)
SEED = Option("seed", kinds.SEED, default=0, help="Seed of random draws.")
A = Option("a", kinds.SIDE, "MODEL", flags=("-a", "--a"))
B = Option("b", kinds.SIDE, "MODEL", flags=("-b", "--b"))
ADJUST = Option("adjust", kinds.word_of(Adjustment), default="max-t", help="Correction for many pairs.")
METHOD = Option("method", kinds.word_or_object("method", ComparisonMethod), help="Test of a difference.")
PUBLISHED = Option(
    "published",
    kinds.Kind(check=checks.published),
    "SCORE[/N]",
    help="A published score to compare with, and its number of questions if known: 58.7%/89.",
)
TASKS_AS_SAMPLE = Option(
    "tasks_as_sample",
    kinds.FLAG,
    default=False,
    help="Rank for other tasks like these, with error bars over tasks (--cluster: their families).",
)
RANK_BY = Option(
    "rank_by",
    kinds.word_of(RankBy),
    help="Rank by this of each task, with tasks as a sample.  [default: score]",
)
DIFFICULTY = Option(
    "difficulty",
    kinds.NAME,
    "COLUMN|others",
    help=(
        "Horizons: the column with the difficulty of each question, such as human_minutes. others: by the "
        "success of the other models."
    ),
)
RELEASE_DATES = Option(
    "release_dates",
    kinds.Kind(check=checks.model_values),
    "FILE|COLUMN",
    help="Release date of each model, for doubling times: a table with model and date, or a column.",
)
MARGIN = Option("margin", kinds.MARGIN, "SIZE")
ATTEMPTS = Option("attempts", kinds.count_of(1), "K")
SAME_WITHIN = Option(
    "same_within", kinds.SIZE, "SIZE", help="Require that it is the same as the baseline within this: 2pp."
)
NOT_WORSE = Option(
    "not_worse_than",
    kinds.SIZE,
    "SIZE",
    help="Require that it is not worse than the baseline by more than this: 1pp or 0.01.",
)
AT_LEAST = Option("at_least", kinds.SCORE, "SCORE", help="Require a score of at least this: 92% or 0.92.")
AT_MOST = Option(
    "at_most", kinds.SCORE, "SCORE", help="Require a score of at most this, if smaller scores are better: 5%."
)
WITHIN = Option("within", kinds.SIZE, "SIZE")
WINNER_IS = Option(
    "winner_is",
    kinds.word_of(WinnerIs),
    help="Whether a winner that could be both is the name of a model or a position.",
)
VOTES = (
    WINNER_IS,
    Option(
        "cluster",
        kinds.NAMES,
        "COLUMN",
        help=(
            "Cluster votes by a column (repeatable once), or 'none' for independent votes.  [default: voter]"
        ),
    ),
    Option("weight", kinds.NAME, "COLUMN", help="Weight votes by a column."),
    Option(
        "covariate",
        kinds.NAMES,
        "NAME",
        help=(
            "Adjust for an attribute of the answers: a column (first − second), a pair NAME_a "
            "and NAME_b, or position (repeatable)."
        ),
    ),
    Option(
        "ties",
        kinds.word_of(Ties),
        default="half",
        help="Count a tie as half a win for each, or as an outcome of its own.",
    ),
    Option(
        "against", kinds.NAMES, "NAME", help="Score against these models (repeatable).  [default: all others]"
    ),
)
FLIPS = Option(
    "flips", kinds.FLAG, default=False, help="Show which questions got worse and which got better, and why."
)
POLICY = Option(
    "policy",
    kinds.Kind(check=checks.policy),
    "FILE",
    help="Check a suite by a policy file with tiers, margins, slices and costs (see docs/policy.md).",
)
CLUSTER_SIZE = Option("cluster_size", kinds.count_of(1), "N")
LOOKS = Option("looks", kinds.Kind(check=look_plan), "K/N|N,N,…")


DESIGN = (
    Option(
        "task",
        kinds.NAMES,
        "NAME",
        flags=("--task", "-t"),
        help="Only this task (repeatable).",
        about="Only these tasks. None means all.",
    ),
    Option(
        "model",
        kinds.NAMES,
        "NAME",
        help="Only this model or …/NAME (repeatable).",
        about="Only these models. The part of a name after a slash is enough. None means all.",
    ),
    Option(
        "metric",
        kinds.NAMES,
        "NAME",
        flags=("--metric", "-m"),
        help="Only this metric (repeatable).",
        about="Only these metrics. None means the harness's first one, or all if there is none.",
    ),
    Option(
        "cluster",
        kinds.NAMES,
        "COLUMN|id:REGEX",
        help=(
            "Cluster questions by a column, or by the first group of a pattern in the question id. "
            "'none' ignores all clusters."
        ),
        about=(
            "A metadata column, or `id:` and a regular expression whose first group, matched in the question "
            'id, is the cluster. Two of them give two-way clustering, "none" ignores clusters. None means '
            "the column by which the log's own standard error is clustered, otherwise a column "
            "named cluster, "
            "if there is one."
        ),
    ),
    Option(
        "items",
        kinds.PATH,
        "FILE",
        help="Table with one row per question: clusters, weights, covariates.",
        about=(
            "The path of a table with one row per question and further columns for clusters, weights and "
            "covariates."
        ),
    ),
    Option(
        "weight",
        kinds.NAME,
        "COLUMN",
        help="Weight questions by a column.",
        about="A column of weights. None gives all questions the same weight.",
    ),
    Option(
        "by",
        kinds.NAMES,
        "COLUMN|id:REGEX",
        help=(
            "Show slices by a column, or by the first group of a pattern in the question id. A+B "
            "crosses two columns (repeatable)."
        ),
        about=(
            'Slices: columns of questions, of rows or of the items table, "a+b" for the crossing of two, '
            "or `id:` and a regular expression whose first group, matched in the question id, is the slice. "
            "Each is a separate partition, shown below the unchanged answer for all questions. "
            "None makes no slices."
        ),
    ),
    Option(
        "usage",
        kinds.NAMES,
        "NAME",
        help="Compare costs as well: usd, seconds, tokens_out … (repeatable).",
        about=(
            "The usage of attempts, next to the score: numeric columns such as usd, seconds, steps, "
            "tokens_in, tokens_out. Failed attempts count. Unrecorded usage isn't counted as 0."
        ),
    ),
    Option(
        "prices",
        kinds.PATH,
        "FILE",
        help="Table of prices in USD per million tokens: model, tokens_in, tokens_out ….",
        about=(
            "The path of a table with one row per model and one column per kind of tokens, with prices in "
            "USD per million tokens. They are used to compute usd if the log states none."
        ),
    ),
    Option(
        "failures",
        kinds.word_of(Failures),
        default="harness",
        help="How to score failed attempts.",
        about=(
            'How to score failed attempts: as in the "harness", not at all ("drop"), as 0 ("zero"), or '
            'as an "error".'
        ),
    ),
    Option(
        "lower_is_better",
        kinds.FLAG,
        flags=("--lower-is-better/--higher-is-better",),
        help="Direction of the scores.  [default: the harness's]",
        about="The direction of the scores. None uses the harness's.",
    ),
    Option(
        "score",
        kinds.RULE,
        "RULE",
        default="mean",
        help="How to combine attempts: mean, pass@K, pass^K, majority@K, best-of-K, consistency, prob.",
        about=(
            'How to combine the attempts at a question: "mean", "pass@3", "pass^3", "majority@5", '
            '"best-of-4", "consistency", or "prob", the probability of the right answer.'
        ),
    ),
    Option(
        "statistic",
        kinds.METRIC,
        "METRIC",
        help="Measure this over labels and predictions: f1, macro-f1, auroc, mcc, pearson, wer ….",
        about=(
            "A metric over the columns `label` and `prediction`, such as f1, `f1@class=unsafe`, auroc, "
            "`recall@fpr=0.01` or pearson (docs/metrics.md lists them), or a function of the rows of one "
            "model. None takes the mean of scores."
        ),
    ),
    Option(
        "average_last",
        kinds.count_of(1),
        "N",
        help="Average the last N checkpoints of a run.",
        about="Average this number of last checkpoints of a run.",
    ),
    Option(
        "step_from",
        kinds.PATTERN,
        "REGEX",
        help="Pattern for run and step in model names: (?P<run>…)-(?P<step>…).",
        about=(
            "A regular expression with the groups run and step, for model names other than the usual "
            "…-step1000."
        ),
    ),
    Option(
        "tasks",
        kinds.TASKS,
        "TASK:OPTION=VALUE",
        help="Set an option for some tasks: 'mmlu*:cluster=subject' (repeatable).",
        about=(
            'Options for some tasks, by patterns of their names: `{"mmlu*": {"cluster": '
            '"subject"}}`, with cluster, metric, lower_is_better, failures, margin and bounds. For each '
            "option, the first matching pattern that sets it applies."
        ),
    ),
    Option(
        "population",
        kinds.POPULATION,
        help=(
            "Generalize to new clusters of questions, to more questions from the same clusters, or "
            "to exactly these questions.  [default: by the clusters]"
        ),
        about=(
            'The population of the score, from wide to narrow: "new-clusters" of questions (without '
            'clusters, all questions like these), more questions from the "same-clusters", or exactly '
            '"these-questions". None means the same clusters for tasks with too few to generalize to others '
            "(an effective number below six), and new clusters otherwise."
        ),
    ),
    replace(
        BOUNDS,
        help="Smallest and largest possible score. Use 0,100 for percent.",
        about=(
            "The smallest and largest possible score, which count as 0 and 1, in sizes and limits too. "
            "Use (0, 100) for percent. None recognises percent by a name, a % sign or the values, and leaves "
            "other scores unchanged."
        ),
    ),
    Option(
        "random_factor",
        kinds.NAMES,
        "COLUMN",
        help="Treat a column that all questions share (seed, prompt, judge) as a random factor.",
        about=(
            "A column whose values all questions share, such as a training seed, a prompt or a judge. They "
            "count as a sample, like the questions: the standard error includes the variance between values."
        ),
    ),
    Option(
        "covariate",
        kinds.NAMES,
        "COLUMN|model:NAME",
        help="Adjust by a covariate that is known for more questions than were answered.",
        about=(
            "Columns, or `model:NAME`, that are known for more questions than were answered. Means are "
            "adjusted by them."
        ),
    ),
)
"""The options of a Design: how to look at the scores."""

READING = (
    Option(
        "columns",
        kinds.PAIRED_NAMES,
        "ROLE=COLUMN",
        flags=("--columns", "-c"),
        help="Name a table's column: item=prompt; A+B joins two.",
    ),
    Option(
        "where",
        kinds.PAIRED_NAMES,
        "COLUMN=VALUE",
        flags=("--where", "-w"),
        help="Keep only rows with this value.",
    ),
    Option(
        "missing", kinds.NAMES, "TEXT", help="Read this text as a missing score, like NA and - (repeatable)."
    ),
    Option("decimal", kinds.word_of(Decimal), help="Decimal mark, if a column is ambiguous."),
    Option("reader", kinds.NAME, "NAME", help="Force a format instead of recognising it."),
    Option(
        "map",
        kinds.Kind(check=checks.mapping, many=True),
        "FILE|NAME",
        help="Read unknown files by a mapping (repeatable).",
    ),
    Option(
        "runs",
        kinds.Kind(check=checks.selectors, many=True),
        "SELECTOR",
        help=(
            "Read only these runs: tag:…, commit:…, run:…, latest (of each model and task), "
            "since:7d (before the newest; repeatable)."
        ),
    ),
    Option(
        "as_attempts",
        kinds.FLAG,
        flags=("--as-attempts/--no-as-attempts",),
        help=(
            "Count all runs of a model as attempts, or separate all that differ.  [default: by "
            "their settings]"
        ),
    ),
    Option("model_from", kinds.PATTERN, "REGEX", help="Take the model from the path: 'runs/([^/]+)/'."),
    Option(
        "strict",
        kinds.FLAG,
        default=False,
        help="Stop at the first file that can't be read, or whose rows contradict its own totals.",
    ),
    Option(
        "cache",
        kinds.FLAG,
        default=True,
        flags=("--cache/--no-cache",),
        help="Cache the content of logs, and read again only those that changed.",
    ),
)
"""How files are read."""

STATISTICS = (
    LEVEL,
    Option("variance", kinds.word_or_object("variance", Variance), default="CR2", help="Variance estimator."),
    SEED,
    Option(
        "interval", kinds.word_or_object("interval", IntervalMethod), help="Confidence interval of a score."
    ),
    METHOD,
    ADJUST,
    Option(
        "overall",
        kinds.OVERALL,
        "harness|mean|pooled|TASK=WEIGHT",
        default="harness",
        help="How to combine tasks.",
    ),
    Option(
        "top",
        kinds.TOP,
        "N|all",
        help="Show the N best, or all.  [default: 20 on a terminal and in Markdown]",
    ),
    Option("mark", kinds.NAMES, "NAME", help="Mark a model, and show it beyond --top too (repeatable)."),
)
"""Options of several verbs, with the same wording for all."""

OUTPUT = (
    Option(
        "format",
        kinds.word_of(Format),
        flags=("--format", "-f"),
        help="Format of the answer.  [default: terminal]",
    ),
    Option(
        "output",
        kinds.PATH,
        "FILE",
        flags=("--output", "-o"),
        help="Write to a file. Its suffix sets the format.",
    ),
    Option("details", kinds.FLAG, default=False, help="Show further tables, the method and assumptions."),
    Option("explain", kinds.FLAG, default=False, help="Explain the answer in plain words as well."),
)
"""How the command line writes an answer."""


METHODS = Option(
    "methods_paragraph",
    kinds.FLAG,
    default=False,
    help="Add a methods paragraph for a paper, with its references.",
)

FIGURE = (
    Option(
        "width",
        kinds.Kind(check=checks.length),
        "LENGTH",
        help="Width of the whole figure: 5.5in, 14cm, 396pt or 528px.",
    ),
    Option(
        "font_size",
        kinds.Kind(check=partial(checks.positive, remedy="Write 9 for 9 points."), written="real"),
        "POINTS",
        help="Font size.  [default: 9 with --width, else the preset's]",
    ),
    Option(
        "preset",
        kinds.word_of(Preset),
        help="Width, font size and greatest height for a column, a page, a slide, a poster.",
    ),
)
"""The size of a figure."""
