"""Every option once: how it is checked, its default, its words, and the sentences that the command line and the API page show.

The table at the end is the only list of options. Verbs check what they were given with [`checked`][howsure.options.checked];
the command line, the configuration and the reference pages are made from the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from howsure import checks
from howsure.errors import OptionError
from howsure.statistics.choices import (
    Adjustment,
    AverageOf,
    ComparisonMethod,
    Drawing,
    IntervalMethod,
    ManyToOne,
    Measurement,
    Overlap,
    PlanMethod,
    Spending,
    Ties,
    Variance,
)
from howsure.table.writing import Decimal

if TYPE_CHECKING:
    from howsure.statistics.choices import ScoreKind

Failures = Literal["harness", "drop", "zero", "error"]
"""What a failed attempt counts as: what the harness does, nothing, a 0, or a reason to stop."""

Overall = Literal["harness", "mean", "pooled"]
"""How tasks are put together: as the harness weighs a group of them, the mean over tasks, or all items in one pool."""

Population = Literal["questions", "same-clusters", "benchmark"]
"""What a score is about: all questions (clusters) that could have been drawn, more from these same clusters, or exactly these."""

Format = Literal["terminal", "markdown", "csv", "json", "latex", "html"]
"""What an answer is rendered as."""

BoardChart = Literal["leaderboard", "ranks", "pairs"]
"""What a leaderboard is drawn as: scores with error bars, the ranks that could be, or all pairs."""

Preset = Literal["column", "page", "slide", "poster"]
"""What a figure is for: a column or the whole text of a paper, a slide, a poster."""

Worlds = Literal["small", "standard", "stress"]
"""Which grid of made-up worlds is drawn."""

ArenaScale = Literal["score", "elo"]
"""What a board of votes shows first."""

BoardMethod = Literal["score", "t"]
"""How differences are tested where many are tested at once."""

Exam = Literal["questions", "targets", "version", "grader", "scorer"]
"""What makes an exam: what is asked and what is right, by the item; the task's version, who grades, and the scorer's options."""

Unclear = Literal["separate", "warn", "fail", "pass"]
"""What a gate that can't tell counts as: something of its own, a pass with a warning where there is only too little evidence, a fail, a pass."""


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """What is made of the attempts at an item: a kind and its k, 0 where it has none."""

    kind: ScoreKind = "mean"
    k: int = 0

    def __str__(self) -> str:
        if self.kind == "plug-in":
            return f"pass^{self.k}-plug-in"
        return f"{self.kind}{self.k or ''}"

    @property
    def over_attempts(self) -> bool:
        """Whether it is another number than the mean of the attempts."""
        return self.kind not in ("mean", "prob")


_RULE = r"(?P<kind>pass@|pass\^|majority@|best-of-)(?P<k>[1-9]\d{0,5})(?P<plug>-plug-in)?"
SCORES = "mean, pass@K, pass^K, pass^K-plug-in, majority@K, best-of-K, consistency, prob"


def parse_score(text: str) -> ScoreRule:
    """Read `pass@3`, `pass^3`, `majority@5`, `best-of-4`, `consistency`, `prob` or `mean`; raise OptionError for others."""
    found = re.fullmatch(_RULE, text) if isinstance(text, str) else None
    if isinstance(text, str) and text in ("mean", "consistency", "prob"):
        return ScoreRule(kind=text)  # type: ignore[arg-type]
    if found is None or (found["plug"] and found["kind"] != "pass^"):
        raise OptionError(f"score={text!r} is not one of {SCORES}", remedy="K is a whole number, as in 'pass@3'.")
    kind = "plug-in" if found["plug"] else found["kind"]
    return ScoreRule(kind=kind, k=int(found["k"]))  # type: ignore[arg-type]


Written = Literal["text", "whole", "real", "size", "bounds", "switch"]
"""How a value is written on a command line; a size may be in points or percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an option's values are: `check` takes its name and a value, and returns the value as plain Python has it."""

    check: Callable[[str, Any], Any]
    written: Written = "text"
    words: tuple[str, ...] = ()
    least: int | None = None
    many: bool = False


def word_of(alias: Any) -> Kind:
    """Return the kind of the words of a Literal alias."""
    return Kind(check=partial(checks.word, alias=alias), words=get_args(alias))


def count_of(least: int = 1) -> Kind:
    """Return the kind of whole numbers from `least` on."""
    return Kind(check=partial(checks.count, least=least), written="whole", least=least)


def _score(_: str, value: Any) -> ScoreRule:
    return parse_score(value)


def _method_of_many(name: str, value: Any) -> str:
    """Return a method that many pairs at once can be tested by."""
    method = checks.word(name, value, ComparisonMethod)
    if method not in get_args(BoardMethod):
        raise OptionError(f"{name}={value!r} is for one pair", remedy="All pairs at once take 'score' or 't'.")
    return method


def _overall(name: str, value: Any) -> Any:
    """Return a word, or the weights of tasks."""
    if not isinstance(value, Mapping):
        return checks.word(name, value, Overall)
    weights = {task: checks.number(f"{name}[{task!r}]", weight, remedy="Write 2.") for task, weight in value.items()}
    if not weights or not all(isinstance(task, str) for task in weights):
        raise OptionError(
            f"{checks.said(name, value)} are no weights of tasks", remedy="Write 'mean', 'pooled' or {'task': 2}."
        )
    return weights


def _exams(name: str, value: Any) -> tuple[str, ...]:
    """Return words for what makes an exam."""
    return tuple(checks.word(name, each, Exam) for each in checks.names(name, value))


PROBABILITY = "probability:"
"""What comes before the column of the probabilities with which answers were drawn."""


def _drawn(name: str, value: Any) -> str:
    """Return how labelled answers were drawn: a word, or probability:COLUMN."""
    if isinstance(value, str) and value.startswith(PROBABILITY) and value != PROBABILITY:
        return str(value)
    try:
        return checks.word(name, value, Drawing)
    except OptionError as error:
        raise OptionError(error.what, remedy="Write random, probability:COLUMN, convenience or unknown.") from None


def _tasks(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(pattern, str) for pattern in value):
        raise OptionError(
            f"{checks.said(name, value)} is no table of tasks", remedy='Write {"mmlu*": {"cluster": "subject"}}.'
        )
    return value


NAME, NAMES = Kind(check=checks.one_name), Kind(check=checks.names, many=True)
PATTERN, PATH = Kind(check=checks.pattern), Kind(check=checks.path)
FLAG, SEED = Kind(check=checks.flag, written="switch"), Kind(check=checks.seed, written="whole", least=0)
LEVEL, ONE_SIDED = Kind(check=checks.level, written="real"), Kind(check=checks.one_sided_level, written="real")
SHARE = Kind(check=checks.share, written="real")
FRACTION = Kind(check=checks.fraction, written="size")
RARE = Kind(check=partial(checks.share, remedy="Write 0.01 for one in a hundred."), written="size")
MARGIN = Kind(check=checks.margin, written="size")
SIZE, CHANGE = Kind(check=checks.positive, written="size"), Kind(check=checks.number, written="size")
SCORE = Kind(check=partial(checks.number, remedy="Write 0.92 for 92 %."), written="size")
PRICE = Kind(check=partial(checks.positive, remedy="Write 0.02 for two cents."), written="real")
MANY = Kind(check=_method_of_many, words=get_args(BoardMethod))
PAIRED_NAMES = Kind(check=checks.named, many=True)


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    `verb`: whose own it is, where the same name means something else, or reads better, there; "" for all. `default`: None
    where it needn't be given. `needed`: it must be. `metavar`, `help`: for the command line; `about`: for the API page.
    `flags`: how the command line writes it, where that isn't `--name`; () in a verb's own says that there is none.
    """

    name: str
    kind: Kind
    metavar: str = ""
    _: KW_ONLY
    default: Any = None
    verb: str = ""
    needed: bool = False
    help: str = ""
    about: str = ""
    flags: tuple[str, ...] = ()

    @property
    def long(self) -> str:
        """The long flag that the command line has it under."""
        return max(self.flags, key=len).partition("/")[0] if self.flags else f"--{self.name.replace('_', '-')}"

    @property
    def off(self) -> str:
        """The long flag that turns it off, "" where there is none."""
        return max(self.flags, key=len).partition("/")[2] if self.flags else ""

    def checked(self, value: Any) -> Any:
        """Return a value as plain Python has it; None passes where the option needn't be given."""
        if value is None and self.default is None and not self.needed:
            return None
        return self.kind.check(self.name, value)


def option(name: str, verb: str = "") -> Option:
    """Return an option: a verb's own, or the one that all share."""
    return _TABLE.get((verb, name)) or _TABLE["", name]


def checked(verb: str = "", /, **given: Any) -> dict[str, Any]:
    """Check everything that a verb was given; raise OptionError for the first value that an option can't have."""
    return {name: option(name, verb).checked(value) for name, value in given.items()}


def every() -> tuple[Option, ...]:
    """Return all options: those that verbs share first, then those that a verb has of its own."""
    return tuple(_TABLE.values())


_BOUNDS = Option("bounds", Kind(check=checks.bounds, written="bounds"), "LOW,HIGH")

SHARED = (
    Option(
        "task",
        NAMES,
        "NAME",
        flags=("--task", "-t"),
        help="Only this task (again for more).",
        about="Only these tasks; None means all.",
    ),
    Option(
        "model",
        NAMES,
        "NAME",
        help="Only this model or …/NAME (again for more).",
        about="Only these models; what follows a slash of a name is enough. None means all.",
    ),
    Option(
        "metric",
        NAMES,
        "NAME",
        flags=("--metric", "-m"),
        help="Only this metric (again for more).",
        about="Only these metrics; None means the one that a harness puts first, else all.",
    ),
    Option(
        "cluster",
        NAMES,
        "COLUMN",
        help="Cluster by a column; 'none' ignores a declared one.",
        about=(
            'A metadata column, two of them for two-way clustering, or "none" to ignore a declared one. None means a '
            "column named cluster, if there is one."
        ),
    ),
    Option(
        "cluster_from",
        PATTERN,
        "REGEX",
        help="Cluster by the first group of a pattern in the item id.",
        about="A regular expression whose first group, matched in the item's id, is the cluster.",
    ),
    Option(
        "items",
        PATH,
        "FILE",
        help="A table with one row an item: clusters, weights, covariates.",
        about="The path of a table with one row an item, where clusters, weights and covariates are looked up as well.",
    ),
    Option(
        "weight",
        NAME,
        "COLUMN",
        help="Weight items by a column.",
        about="A column of weights. None weighs all items alike.",
    ),
    Option(
        "by",
        NAMES,
        "COLUMN",
        help="Slice by a column of the items; A+B crosses two (again for another partition).",
        about=(
            'Slices: columns of the items, of the rows or of the items table, "a+b" for the crossing of two. Each is a partition of its '
            "own, shown below the answer for all items, which stays as it is. None makes no slices."
        ),
    ),
    Option(
        "by_from",
        PATTERN,
        "REGEX",
        help="Slice by the first group of a pattern in the item id.",
        about="A regular expression whose first group, matched in the item's id, is the slice.",
    ),
    Option(
        "measure",
        NAMES,
        "NAME",
        help="Compare what attempts took as well: usd, seconds, tokens_out … (again for more).",
        about=(
            "What attempts took, beside the score: columns of numbers such as usd, seconds, steps, tokens_in, tokens_out. A failed attempt "
            "has a cost, and one that wasn't recorded isn't 0."
        ),
    ),
    Option(
        "prices",
        PATH,
        "FILE",
        help="A table of prices in usd per million tokens: model, tokens_in, tokens_out …",
        about=(
            "The path of a table with one row a model and the price of a million tokens in a column for each kind of them, by which usd are "
            "computed where the log states none."
        ),
    ),
    Option(
        "failures",
        word_of(Failures),
        default="harness",
        help="Count failed attempts as.",
        about='What a failed attempt counts as: what its "harness" does, nothing ("drop"), a 0 ("zero"), or an "error".',
    ),
    Option(
        "lower_is_better",
        FLAG,
        flags=("--lower-is-better/--higher-is-better",),
        help="Overrule what the harness says.",
        about="The direction of the scores; None leaves it to what the harness says.",
    ),
    Option(
        "score",
        Kind(check=_score),
        "RULE",
        default="mean",
        help="What attempts make: mean, pass@K, pass^K, majority@K, best-of-K, consistency, prob.",
        about=(
            'What is made of the attempts at an item: "mean", "pass@3", "pass^3", "majority@5", "best-of-4", "consistency", '
            'or "prob", the probability of the right answer.'
        ),
    ),
    Option(
        "average_last",
        count_of(1),
        "N",
        help="Average the last N checkpoints of a run.",
        about="Average the last so many checkpoints of a run.",
    ),
    Option(
        "step_from",
        PATTERN,
        "REGEX",
        help="Tell run and step from model names: (?P<run>…)-(?P<step>…).",
        about="A regular expression with the groups run and step, for names of models other than the usual …-step1000.",
    ),
    Option(
        "tasks",
        Kind(check=_tasks, many=True),
        "TASK:OPTION=VALUE",
        help="Another option for some tasks: 'mmlu*:cluster=subject' (again for more).",
        about=(
            'What is different for some tasks, by patterns of their names: `{"mmlu*": {"cluster": "subject"}}`, with '
            "cluster, metric, lower_is_better, failures, margin and bounds. Of each, the first pattern that matches and speaks of it holds."
        ),
    ),
    Option(
        "population",
        word_of(Population),
        default="questions",
        help="Other questions (clusters), more of the same clusters, or exactly these.",
        about=(
            'What the score is about, from wide to narrow: all "questions" that could have been drawn, in other clusters where '
            'there are clusters; more questions from the "same-clusters"; or exactly those of this "benchmark".'
        ),
    ),
    replace(
        _BOUNDS,
        help="Scores from LOW to HIGH count as 0 to 1; 0,100 for percent.",
        about=(
            "The smallest and largest possible score, which count as 0 and 1, in sizes and limits too: (0, 100) says percent. "
            "None takes percent for percent where a name, a % sign or the values say so, and other scores as they are."
        ),
    ),
    Option(
        "covariate",
        NAMES,
        "COLUMN|model:NAME",
        help="Adjust by what is known of more items than were answered.",
        about="Columns, or `model:NAME`, that are known for more items than were answered; means are adjusted by them.",
    ),
)
"""The options of a Design: how the scores are to be looked at."""

_LEVEL = Option("level", LEVEL, default=0.95, help="Confidence level.")
_SEED = Option("seed", SEED, default=0, help="For methods that draw.")
_A = Option("a", NAME, "MODEL", flags=("-a", "--a"))
_B = Option("b", NAME, "MODEL", flags=("-b", "--b"))
_ADJUST = Option("adjust", word_of(Adjustment), default="max-t", help="Correct for many pairs.")
_METHOD = Option("method", word_of(ComparisonMethod), help="How a difference is tested.")
_MARGIN = Option("margin", MARGIN, "SIZE")
_ATTEMPTS = Option("attempts", count_of(1), "K")
_SAME_WITHIN = Option("same_within", SIZE, "SIZE", help="Ask that it is the same as the baseline within this: 2pp.")
_NOT_WORSE = Option(
    "not_worse_than", SIZE, "SIZE", help="Ask that it is not worse than the baseline by more: 1pp or 0.01."
)
_AT_LEAST = Option("at_least", SCORE, "SCORE", help="Ask for a score of at least this: 92% or 0.92.")
_AT_MOST = Option("at_most", SCORE, "SCORE", help="The same where smaller scores are better.")
_WITHIN = Option("within", SIZE, "SIZE")
_OVERLAP = Option(
    "overlap",
    word_of(Overlap),
    default="shared",
    help="Where two share a part of their items: compare on the shared ones, or on all.",
    about=(
        'Where two models share a part of their items: "shared" compares them on these; "combine" weighs in the items that each '
        "has alone, which is right where it is by chance which items are shared."
    ),
)
_VOTES = (
    Option(
        "cluster",
        NAMES,
        "COLUMN",
        help="Votes of one value hang together (again for two ways); 'none' takes each by itself.  [default: who voted]",
    ),
    Option("weight", NAME, "COLUMN", help="Weigh votes by a column."),
    Option(
        "covariate",
        NAMES,
        "NAME",
        help="Compare answers that are alike in this: a column (first − second), a pair NAME_a and NAME_b, or position (again for more).",
    ),
    Option("ties", word_of(Ties), default="half", help="What a tie is: half a win of each, or an outcome of its own."),
    Option("against", NAMES, "NAME", help="Scores are against these models (again for more).  [default: all others]"),
)
_FLIPS = Option("flips", FLAG, default=False, help="Show which questions broke and which were fixed, and why.")
_AVERAGE = Option(
    "average",
    word_of(AverageOf),
    default="mean",
    help="What a ratio of costs is of: means, log-normal means, means without the largest and smallest tenth.",
)
_POLICY = Option(
    "policy",
    Kind(check=checks.policy),
    "FILE",
    help="Judge a suite by a policy file: tiers, margins, slices and costs; see docs/policy.md.",
)
_CLUSTER_SIZE = Option("cluster_size", count_of(1), "N")
_LOOKS = Option("looks", Kind(check=checks.looks), "K|N,N,…")
_SPENDING = Option(
    "spending", word_of(Spending), default="obrien-fleming", help="How planned looks spend the error: late, or evenly."
)
_ITEMS_PLANNED = Option("items_planned", count_of(1), "N", help="Items of the whole run, where the log doesn't say.")

READING = (
    Option(
        "columns", PAIRED_NAMES, "ROLE=COLUMN", flags=("--columns", "-c"), help="Name a table's column; A+B joins two."
    ),
    Option("where", PAIRED_NAMES, "COLUMN=VALUE", flags=("--where", "-w"), help="Keep only rows with this value."),
    Option("missing", NAMES, "TEXT", help="Read this text as no score, as NA and - are (again for more)."),
    Option("decimal", word_of(Decimal), help="The mark before decimals, where a column doesn't tell it."),
    Option("reader", NAME, "NAME", help="Force a format instead of recognising it."),
    Option(
        "map",
        Kind(check=checks.mapping, many=True),
        "FILE|NAME",
        help="Read unknown files by a mapping (again for more).",
    ),
    Option("latest", FLAG, default=False, help="Read only the newest run of each model on each task."),
    Option(
        "since",
        Kind(check=checks.age),
        "AGE",
        help="Read only runs that began at most this long before the newest: 7d.",
    ),
    Option("runs", NAMES, "SELECTOR", help="Read only these runs: tag:…, commit:…, run:… (again for more)."),
    Option(
        "as_attempts",
        FLAG,
        default=False,
        help="Count all runs of a model as attempts, whatever differs between them.",
    ),
    Option("model_from", PATTERN, "REGEX", help="Take the model from the path: 'runs/([^/]+)/'."),
    Option(
        "strict",
        FLAG,
        default=False,
        help="Stop at the first file that can't be read, or whose rows differ from what it states.",
    ),
)
"""How files are read."""

STATISTICS = (
    _LEVEL,
    Option("variance", word_of(Variance), default="CR2", help="Variance estimator."),
    _SEED,
    Option("interval", word_of(IntervalMethod), help="How the interval of a score is made."),
    _METHOD,
    _ADJUST,
    Option(
        "overall",
        Kind(check=_overall, many=True),
        "harness|mean|pooled|TASK=WEIGHT",
        default="harness",
        help="How tasks make one score.",
    ),
    Option("top", count_of(1), "N", help="Show only the N best."),
)
"""What several verbs are asked for, said in the same words by all."""

OUTPUT = (
    Option("format", word_of(Format), flags=("--format", "-f"), help="How to write the answer.  [default: terminal]"),
    Option("output", PATH, "FILE", flags=("--output", "-o"), help="Write to a file; its suffix chooses the format."),
    Option("explain", FLAG, default=False, help="Say it in plain words as well."),
)
"""How the command line writes an answer."""

PAPER = (
    Option("caption", NAME, "LATEX", help="With latex: tables float under this caption; the rest becomes comments."),
    Option(
        "label", Kind(check=checks.label), "NAME", help="What the first of these tables is referred to by: tab:board."
    ),
    Option("siunitx", FLAG, default=False, help="With latex: align numbers at their points, by the package siunitx."),
)
"""How LaTeX tables go into a paper."""

METHODS = Option(
    "methods_paragraph", FLAG, default=False, help="End with a methods paragraph for a paper, and what it cites."
)

FIGURE = (
    Option("width", Kind(check=checks.length), "LENGTH", help="The figure's whole width: 5.5in, 14cm, 396pt or 528px."),
    Option(
        "font_size",
        Kind(check=partial(checks.positive, remedy="Write 9 for 9 points."), written="real"),
        "POINTS",
        help="The size of its type.  [default: 9 with --width, else the preset's]",
    ),
    Option("preset", word_of(Preset), help="Width, type and greatest height for a column, a page, a slide, a poster."),
)
"""How large a figure is."""


def _owned(verb: str, *options: Option) -> tuple[Option, ...]:
    return tuple(replace(each, verb=verb) for each in options)


_OWN = (
    *_owned(
        "read",
        Option("probabilities", FLAG, default=False),
        Option("progress", Kind(check=checks.callback)),
    ),
    *_owned(
        "compare",
        replace(
            _A, metavar="SIDE", needed=True, help="The first side: a model, a path, or tag:…, commit:…, run:…, saved:…"
        ),
        replace(_B, metavar="SIDE", needed=True, help="The second side."),
        replace(_ADJUST, default="holm", help="Correct for many tasks."),
        replace(_MARGIN, help="Ask for equivalence and non-inferiority within this margin: 1pp or 0.01."),
        _OVERLAP,
        _FLIPS,
        _AVERAGE,
    ),
    *_owned(
        "against",
        Option("against", NAME, "SIDE", needed=True, help="Compare every other side with this one, not a with b."),
        replace(
            _ADJUST, kind=word_of(ManyToOne), help="Correct for many sides, or tasks (max-t is Holm for two sides)."
        ),
        replace(_METHOD, kind=MANY),
    ),
    *_owned("leaderboard", replace(_METHOD, kind=MANY)),
    *_owned("frontier", replace(_METHOD, kind=MANY), _AVERAGE),
    *_owned("arena", *_VOTES, Option("scale", word_of(ArenaScale), default="score", help="Show scores first, or Elo.")),
    *_owned(
        "head_to_head",
        *_VOTES,
        replace(_A, needed=True, help="Compare two models alone: the first …"),
        replace(_B, needed=True, help="… and the second."),
    ),
    *_owned(
        "bias",
        Option(
            "covariate",
            NAMES,
            "NAME",
            help="What may be favoured: a pair of columns NAME_a and NAME_b, or first − second (again for more).  [default: all pairs]",
        ),
    ),
    *_owned(
        "agree",
        Option("human", NAME, "RATER", help="Measure the others by this rater."),
        Option("cluster", NAME, "COLUMN", help="Items of one value hang together; 'none' takes each by itself."),
        Option("measurement", word_of(Measurement), help="What ratings are.  [default: by their values]"),
    ),
    *_owned(
        "judge",
        replace(_A, help="Compare two models by corrected rates: the first …, or the one that a floor is about."),
        replace(_B, help="… and the second."),
        Option("human", NAME, "COLUMN", help="The column of the labels, empty where there is none."),
        Option(
            "labels",
            Kind(check=checks.table),
            "FILE",
            help="A second table that has the labels, matched by item, and by model where both name it.",
        ),
        Option(
            "cluster",
            NAME,
            "COLUMN",
            help="Answers of one value hang together; 'none' takes each by itself.  [default: cluster, else repeated items]",
        ),
        Option(
            "labels_drawn",
            Kind(check=_drawn),
            "random|probability:COLUMN|convenience|unknown",
            default="unknown",
            help="How the labelled answers were chosen.",
        ),
        replace(
            _AT_LEAST,
            help="Ask for a corrected rate of at least this, as a gate does: 70% or 0.7.",
        ),
        replace(
            _MARGIN, kind=SIZE, help="Ask that a is not worse than b by more than this, as a gate does: 3pp or 0.03."
        ),
        replace(_LEVEL, kind=ONE_SIDED),
    ),
    *_owned(
        "report",
        replace(_METHOD, kind=MANY),
        Option("title", NAME, "TEXT", help="The page's title.  [default: the tasks' names]"),
        Option("command", NAME),
        Option(
            "url",
            Kind(check=checks.address),
            "ADDRESS",
            help="Where the page will lie: links to it are shown with its verdict, and with the card, which lies beside it.",
        ),
        Option("card", NAME, flags=()),
    ),
    *_owned(
        "noise",
        replace(_A, metavar="SIDE", help="Take the difference of two sides apart: the first …"),
        replace(_B, metavar="SIDE", help="… and the second."),
    ),
    *_owned(
        "history",
        Option(
            "baseline",
            NAME,
            "RUN",
            help="The run to compare with beside the previous and the best.  [default: the first]",
        ),
        Option(
            "runs_between_alarms",
            Kind(check=partial(checks.at_least, least=10), written="real"),
            "N",
            default=100,
            help="Mean number of runs between two false alarms.",
        ),
    ),
    *_owned(
        "trend",
        Option("last", count_of(2), default=5, help="Checkpoints that measure a run's wobble."),
    ),
    *_owned(
        "audit",
        Option("n", count_of(1), "N", help="Number of questions, where the table has none."),
    ),
    *_owned(
        "show",
        Option("item", NAME, needed=True),
        Option(
            "task", Kind(check=checks.one_name), "NAME", flags=("--task", "-t"), help="Its task, where several have it."
        ),
    ),
    *_owned("runs", Option("top", count_of(1), "N", help="Show only the N newest.")),
    *_owned(
        "save_baseline",
        Option("name", NAME, needed=True),
        Option(
            "output",
            PATH,
            "FILE",
            flags=("--output", "-o"),
            help="Write to this file.  [default: baselines/NAME.howsure]",
        ),
    ),
    *_owned(
        "gate",
        Option(
            "candidate",
            NAME,
            "SIDE",
            needed=True,
            flags=("--candidate", "-a"),
            help="What wants to pass: a model, a path, or tag:…, commit:…, run:…, saved:…",
        ),
        Option(
            "baseline",
            NAME,
            "SIDE",
            flags=("--baseline", "-b"),
            help="The side that it is compared with, also history:… (the runs since the last change).",
        ),
        replace(
            _NOT_WORSE,
            kind=MARGIN,
            help="Ask that it is not worse than the baseline by more: 1pp, 0.01, or 1%rel of its score.",
        ),
        Option("better", FLAG, default=False, help="Ask that it is better than the baseline."),
        replace(_SAME_WITHIN, kind=MARGIN),
        _AT_LEAST,
        _AT_MOST,
        Option(
            "each_task",
            FLAG,
            default=True,
            flags=("--each-task/--overall-only",),
            help="Judge every task, or the overall score alone.",
        ),
        Option(
            "overall",
            Kind(check=_overall, many=True),
            "harness|mean|pooled|TASK=WEIGHT",
            help="How tasks make one score.",
        ),
        _POLICY,
        Option(
            "ratio_at_most",
            Kind(check=checks.ratio, written="real"),
            "RATIO",
            help="Ask that the candidate takes at most so many times what the baseline takes, of each --measure: 1.1.",
        ),
        Option(
            "missing_at_most",
            FRACTION,
            "SHARE",
            default=0.01,
            help="Decide with up to this share of attempts without a score that could turn the verdict: 1%.",
        ),
        Option(
            "allow_differs",
            Kind(check=_exams, many=True),
            "WHAT",
            help="Decide although these differ between the two: questions, targets, version, grader, scorer (again for more).",
        ),
        _OVERLAP,
        _FLIPS,
        replace(_LOOKS, help="The gate may be asked so often while questions are added, or at these numbers of them."),
        Option(
            "look", count_of(1), "N", help="Which look this is.  [default: the one that is due at so many questions]"
        ),
        _SPENDING,
        replace(_ITEMS_PLANNED, help="Questions at the last look."),
        replace(_LEVEL, kind=ONE_SIDED),
    ),
    *_owned(
        "aa",
        _NOT_WORSE,
        Option("better", FLAG, default=False, help="Ask that it is better than the baseline."),
        _SAME_WITHIN,
        _POLICY,
        Option("splits", count_of(1), default=1_000, help="Random splits a model."),
        replace(_METHOD, kind=MANY),
        replace(_SEED, help="For the splits."),
        replace(_LEVEL, kind=ONE_SIDED),
    ),
    *_owned(
        "allocate",
        replace(_ATTEMPTS, needed=True, metavar="N", help="How many attempts to spend."),
        replace(
            _A, metavar="SIDE", flags=("-a", "--a", "--model"), help="The side whose attempts they are, or the first …"
        ),
        replace(_B, metavar="SIDE", help="… and the second, where their difference is asked for."),
        Option("most", count_of(1), "K", help="No item shall have more, old and new together."),
        Option("new_run", FLAG, default=False, help="A run of its own, chosen by a model's own old answers."),
    ),
    *_owned(
        "plan",
        replace(_A, metavar="SIDE", help="The two sides of the pilot: the first …"),
        replace(_B, metavar="SIDE", help="… and the second.  [default: the median pair]"),
        Option("effect", CHANGE, "SIZE", help="The true difference that is to show: 3pp or 0.03."),
        Option("n_items", count_of(2), "N", help="What can so many questions show?"),
        replace(_ATTEMPTS, help="Attempts at each question."),
        Option("power", SHARE, default=0.8, help="The chance that it shows."),
        Option("better", FLAG, default=False, help="Say what a gate that asks for “better” makes of equal systems."),
        replace(_NOT_WORSE, help="Plan to show that a is not worse by more than this."),
        replace(_SAME_WITHIN, help="Plan to show that the two are the same within this."),
        replace(_WITHIN, help="Plan one model's error bar: ± this."),
        replace(_AT_LEAST, help="Plan to show that one model scores at least this: 92%."),
        _AT_MOST,
        Option(
            "paired",
            FLAG,
            default=True,
            flags=("--paired/--unpaired",),
            help="Whether the models answer the same questions.",
        ),
        replace(_LOOKS, help="Plan for so many looks at the run, or for looks at these shares: 1,2,5."),
        _SPENDING,
        Option("n_models", count_of(2), default=2, help="Compare so many, all pairs."),
        Option("n_tasks", count_of(1), default=1, help="On so many tasks (without a pilot)."),
        Option("n_clusters", count_of(2), "N", help="Hold the number of clusters fixed."),
        replace(_METHOD, kind=word_of(PlanMethod), help="Which test to plan for; z is the paper's formula."),
        Option(
            "simulate", FLAG, default=False, flags=("--check",), help="Check the power with the pilot's own questions."
        ),
        replace(_SEED, help="For --check."),
    ),
    *_owned(
        "plan_score",
        _A,
        _WITHIN,
        _AT_LEAST,
        _AT_MOST,
        Option("rate", SCORE),
        Option("n_items", count_of(1)),
        _ATTEMPTS,
        Option("power", SHARE, default=0.8),
    ),
    *_owned(
        "plan_policy",
        replace(_POLICY, needed=True),
        _A,
        _B,
        Option("power", SHARE, default=0.8),
        _ATTEMPTS,
        Option("n_tasks", count_of(1)),
    ),
    *_owned(
        "plan_failures",
        Option("below", RARE, needed=True),
        Option("observed", Kind(check=checks.failures_of_runs)),
        Option("rate", RARE),
        replace(_CLUSTER_SIZE, default=1),
        Option("icc", Kind(check=checks.fraction, written="real")),
    ),
    *_owned(
        "plan_labels",
        _A,
        _B,
        replace(_WITHIN, help="With --labels-for: the corrected rate ± this."),
        Option("n_labels", count_of(2), "N", help="With --labels-for: so many labels in all, in place of --within."),
        Option("human", NAME, "COLUMN", help="The column of labels that there are."),
        Option(
            "labels_drawn",
            Kind(check=_drawn),
            "random|unknown",
            default="unknown",
            help="How labels that there are were drawn; at random they count.",
        ),
        Option(
            "judge_right",
            Kind(check=checks.right, written="size"),
            "SHARE",
            default=0.8,
            help="Assume that judges are right so often where they agree, as far as no label tells.",
        ),
        Option(
            "cost_label",
            PRICE,
            "PRICE",
            help="What a label costs; with --cost-judge: what to judge and to label for the least.",
        ),
        Option("cost_judge", PRICE, "PRICE", help="What a verdict costs."),
        Option("budget", PRICE, "PRICE", help="What labels and verdicts may cost together."),
        Option("queue", PATH, "FILE", help="Write the answers as CSV, those to label first, as `judge` reads them."),
        replace(_SEED, help="For the draw."),
    ),
    *_owned(
        "watch",
        replace(
            _A,
            metavar="SIDE",
            needed=True,
            help="The one that is watched, or the first of two: a model, a path, or tag:…, commit:…, run:…",
        ),
        replace(_B, metavar="SIDE", help="The second, also saved:…: is one of them better?"),
        replace(_AT_LEAST, help="Does A keep this floor? 92% or 0.92."),
        replace(_WITHIN, help="Until the interval is ± this: 2pp or 0.02."),
        replace(_MARGIN, help="Is A not worse than B by more than this? 1pp or 0.01."),
        replace(_LEVEL, help="Confidence level, for all looks at once."),
        replace(_LOOKS, help="Decide at so many planned looks, or at these numbers of items, and at no other time."),
        _SPENDING,
        _ITEMS_PLANNED,
        replace(_ATTEMPTS, help="An item counts once it has K attempts.  [default: the log's]"),
        replace(_CLUSTER_SIZE, help="Every cluster has N items."),
        replace(_BOUNDS, metavar="LOW,HIGH|none", help="No score can pass them; they count as 0 and 1."),
        Option("clusters", Kind(check=checks.groups)),
        Option("shuffled", FLAG, help="The items come in random order, though no log says so."),
        Option("order", Kind(check=checks.ids)),
    ),
    *_owned(
        "calibrate",
        Option("worlds", word_of(Worlds), default="small", help="Which made-up worlds, where no data are given."),
        Option("record", FLAG, default=False, help="Show the published record; draw nothing."),
        Option("methods", NAMES, "WORD", help="Only methods with this word in their name."),
        Option("trials", count_of(10), default=2_000, help="Samples drawn per world."),
        Option("slow", FLAG, default=False, help="Also the methods that resample, in every tenth world."),
        Option("processes", count_of(1), default=1, help="How many to use."),
        replace(_SEED, help="For all draws."),
        Option("progress", Kind(check=checks.callback)),
    ),
)

_TABLE = {
    (each.verb, each.name): each for each in (*READING, *SHARED, *STATISTICS, *OUTPUT, METHODS, *PAPER, *FIGURE, *_OWN)
}
