"""The options that verbs share: how scores are looked at and files are read, what is asked for, how an answer
is written.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from howsure import checks
from howsure.options import kinds
from howsure.options.choices import Failures, Format, Preset
from howsure.options.kinds import Option
from howsure.options.look_plan import look_plan
from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Ties, Variance, WinnerIs
from howsure.table.writing import Decimal

BOUNDS = Option("bounds", kinds.Kind(check=checks.bounds, written="bounds"), "LOW,HIGH")

LEVEL = Option("level", kinds.LEVEL, default=0.95, help="Confidence level.")
SEED = Option("seed", kinds.SEED, default=0, help="For methods that draw.")
A = Option("a", kinds.NAME, "MODEL", flags=("-a", "--a"))
B = Option("b", kinds.NAME, "MODEL", flags=("-b", "--b"))
ADJUST = Option("adjust", kinds.word_of(Adjustment), default="max-t", help="Correct for many pairs.")
METHOD = Option(
    "method", kinds.word_or_object("method", ComparisonMethod), help="How a difference is tested."
)
PUBLISHED = Option(
    "published",
    kinds.Kind(check=checks.published),
    "SCORE[/N]",
    help="A published score to compare with, and its number of questions if known: 58.7%/89.",
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
POLICY = Option(
    "policy",
    kinds.Kind(check=checks.policy),
    "FILE",
    help="Judge a suite by a policy file: tiers, margins, slices and costs; see docs/policy.md.",
)
CLUSTER_SIZE = Option("cluster_size", kinds.count_of(1), "N")
LOOKS = Option("looks", kinds.Kind(check=look_plan), "K/N|N,N,…")


DESIGN = (
    Option(
        "task",
        kinds.NAMES,
        "NAME",
        flags=("--task", "-t"),
        help="Only this task (again for more).",
        about="Only these tasks; None means all.",
    ),
    Option(
        "model",
        kinds.NAMES,
        "NAME",
        help="Only this model or …/NAME (again for more).",
        about="Only these models; what follows a slash of a name is enough. None means all.",
    ),
    Option(
        "metric",
        kinds.NAMES,
        "NAME",
        flags=("--metric", "-m"),
        help="Only this metric (again for more).",
        about="Only these metrics; None means the one that a harness puts first, else all.",
    ),
    Option(
        "cluster",
        kinds.NAMES,
        "COLUMN|id:REGEX",
        help=(
            "Cluster by a column, or by the first group of a pattern in the item id; 'none' ignores those "
            "declared or stated by the log."
        ),
        about=(
            "A metadata column, `id:` and a regular expression whose first group, matched in the item's id, "
            'is the cluster, two of them for two-way clustering, or "none" for no clusters. None means '
            "the column by which the log's own standard error is clustered, else a column named cluster, if "
            "there is one."
        ),
    ),
    Option(
        "items",
        kinds.PATH,
        "FILE",
        help="A table with one row an item: clusters, weights, covariates.",
        about=(
            "The path of a table with one row an item, where clusters, weights and covariates are looked "
            "up as well."
        ),
    ),
    Option(
        "weight",
        kinds.NAME,
        "COLUMN",
        help="Weight items by a column.",
        about="A column of weights. None weighs all items alike.",
    ),
    Option(
        "by",
        kinds.NAMES,
        "COLUMN|id:REGEX",
        help=(
            "Slice by a column of the items, or by the first group of a pattern in the item id; A+B crosses "
            "two columns (again for another partition)."
        ),
        about=(
            'Slices: columns of the items, of the rows or of the items table, "a+b" for the crossing of two, '
            "or `id:` and a regular expression whose first group, matched in the item's id, is the slice. "
            "Each is a partition of its own, shown below the answer for all items, which stays as it is. "
            "None makes no slices."
        ),
    ),
    Option(
        "measure",
        kinds.NAMES,
        "NAME",
        help="Compare what attempts took as well: usd, seconds, tokens_out … (again for more).",
        about=(
            "What attempts took, beside the score: columns of numbers such as usd, seconds, steps, "
            "tokens_in, tokens_out. A failed attempt has a cost, and one that wasn't recorded isn't 0."
        ),
    ),
    Option(
        "prices",
        kinds.PATH,
        "FILE",
        help="A table of prices in usd per million tokens: model, tokens_in, tokens_out …",
        about=(
            "The path of a table with one row a model and the price of a million tokens in a column for "
            "each kind of them, by which usd are computed where the log states none."
        ),
    ),
    Option(
        "failures",
        kinds.word_of(Failures),
        default="harness",
        help="Count failed attempts as.",
        about=(
            'What a failed attempt counts as: what its "harness" does, nothing ("drop"), a 0 ("zero"), or '
            'an "error".'
        ),
    ),
    Option(
        "lower_is_better",
        kinds.FLAG,
        flags=("--lower-is-better/--higher-is-better",),
        help="Overrule what the harness says.",
        about="The direction of the scores; None leaves it to what the harness says.",
    ),
    Option(
        "score",
        kinds.RULE,
        "RULE",
        default="mean",
        help="What attempts make: mean, pass@K, pass^K, majority@K, best-of-K, consistency, prob.",
        about=(
            'What is made of the attempts at an item: "mean", "pass@3", "pass^3", "majority@5", '
            '"best-of-4", "consistency", or "prob", the probability of the right answer.'
        ),
    ),
    Option(
        "average_last",
        kinds.count_of(1),
        "N",
        help="Average the last N checkpoints of a run.",
        about="Average the last so many checkpoints of a run.",
    ),
    Option(
        "step_from",
        kinds.PATTERN,
        "REGEX",
        help="Tell run and step from model names: (?P<run>…)-(?P<step>…).",
        about=(
            "A regular expression with the groups run and step, for names of models other than the usual "
            "…-step1000."
        ),
    ),
    Option(
        "tasks",
        kinds.TASKS,
        "TASK:OPTION=VALUE",
        help="Another option for some tasks: 'mmlu*:cluster=subject' (again for more).",
        about=(
            'What is different for some tasks, by patterns of their names: `{"mmlu*": {"cluster": '
            '"subject"}}`, with cluster, metric, lower_is_better, failures, margin and bounds. Of each, the '
            "first pattern that matches and speaks of it holds."
        ),
    ),
    Option(
        "population",
        kinds.POPULATION,
        help="New clusters of questions, more from the same, or these.  [default: by the clusters]",
        about=(
            'What the score is about, from wide to narrow: "new-clusters" of questions, which without '
            'clusters are all questions like these; more questions from the "same-clusters"; or exactly '
            '"these-questions". None takes the same clusters for tasks that have too few to speak of others '
            "(fewer than six equal ones are worth as much), and new clusters for all else."
        ),
    ),
    replace(
        BOUNDS,
        help="Scores from LOW to HIGH count as 0 to 1; 0,100 for percent.",
        about=(
            "The smallest and largest possible score, which count as 0 and 1, in sizes and limits too: "
            "(0, 100) says percent. None takes percent for percent where a name, a % sign or the values "
            "say so, and other scores as they are."
        ),
    ),
    Option(
        "random_factor",
        kinds.NAMES,
        "COLUMN",
        help="Take a column that all questions share (seed, prompt, judge) for a sample.",
        about=(
            "A column whose values all questions share, such as a training seed, a prompt or a judge, and "
            "which are a sample as the questions are: the standard error then allows for other values too."
        ),
    ),
    Option(
        "covariate",
        kinds.NAMES,
        "COLUMN|model:NAME",
        help="Adjust by what is known of more items than were answered.",
        about=(
            "Columns, or `model:NAME`, that are known for more items than were answered; means are "
            "adjusted by them."
        ),
    ),
)
"""The options of a Design: how the scores are to be looked at."""

READING = (
    Option(
        "columns",
        kinds.PAIRED_NAMES,
        "ROLE=COLUMN",
        flags=("--columns", "-c"),
        help="Name a table's column; A+B joins two.",
    ),
    Option(
        "where",
        kinds.PAIRED_NAMES,
        "COLUMN=VALUE",
        flags=("--where", "-w"),
        help="Keep only rows with this value.",
    ),
    Option(
        "missing", kinds.NAMES, "TEXT", help="Read this text as no score, as NA and - are (again for more)."
    ),
    Option(
        "decimal", kinds.word_of(Decimal), help="The mark before decimals, where a column doesn't tell it."
    ),
    Option("reader", kinds.NAME, "NAME", help="Force a format instead of recognising it."),
    Option(
        "map",
        kinds.Kind(check=checks.mapping, many=True),
        "FILE|NAME",
        help="Read unknown files by a mapping (again for more).",
    ),
    Option(
        "runs",
        kinds.Kind(check=checks.selectors, many=True),
        "SELECTOR",
        help=(
            "Read only these runs: tag:…, commit:…, run:…, latest (of each model and task), since:7d "
            "(before the newest; again for more)."
        ),
    ),
    Option(
        "as_attempts",
        kinds.FLAG,
        flags=("--as-attempts/--no-as-attempts",),
        help="Count all runs of a model as attempts, whatever differs, or keep apart all that differ.",
    ),
    Option("model_from", kinds.PATTERN, "REGEX", help="Take the model from the path: 'runs/([^/]+)/'."),
    Option(
        "strict",
        kinds.FLAG,
        default=False,
        help="Stop at the first file that can't be read, or whose rows differ from what it states.",
    ),
    Option(
        "cache",
        kinds.FLAG,
        default=True,
        flags=("--cache/--no-cache",),
        help="Keep what logs hold, and read again only those that changed.",
    ),
)
"""How files are read."""

STATISTICS = (
    LEVEL,
    Option("variance", kinds.word_or_object("variance", Variance), default="CR2", help="Variance estimator."),
    SEED,
    Option(
        "interval",
        kinds.word_or_object("interval", IntervalMethod),
        help="How the interval of a score is made.",
    ),
    METHOD,
    ADJUST,
    Option(
        "overall",
        kinds.OVERALL,
        "harness|mean|pooled|TASK=WEIGHT",
        default="harness",
        help="How tasks make one score.",
    ),
    Option("top", kinds.count_of(1), "N", help="Show only the N best."),
)
"""What several verbs are asked for, said in the same words by all."""

OUTPUT = (
    Option(
        "format",
        kinds.word_of(Format),
        flags=("--format", "-f"),
        help="How to write the answer.  [default: terminal]",
    ),
    Option(
        "output",
        kinds.PATH,
        "FILE",
        flags=("--output", "-o"),
        help="Write to a file; its suffix chooses the format.",
    ),
    Option("explain", kinds.FLAG, default=False, help="Say it in plain words as well."),
)
"""How the command line writes an answer."""


METHODS = Option(
    "methods_paragraph",
    kinds.FLAG,
    default=False,
    help="End with a methods paragraph for a paper, and what it cites.",
)

FIGURE = (
    Option(
        "width",
        kinds.Kind(check=checks.length),
        "LENGTH",
        help="The figure's whole width: 5.5in, 14cm, 396pt or 528px.",
    ),
    Option(
        "font_size",
        kinds.Kind(check=partial(checks.positive, remedy="Write 9 for 9 points."), written="real"),
        "POINTS",
        help="The size of its type.  [default: 9 with --width, else the preset's]",
    ),
    Option(
        "preset",
        kinds.word_of(Preset),
        help="Width, type and greatest height for a column, a page, a slide, a poster.",
    ),
)
"""How large a figure is."""
