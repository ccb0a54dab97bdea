"""The kinds of values that options have, and the check of each kind."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from howsure import checks
from howsure.errors import MethodError, OptionError
from howsure.options.choices import RENAMED, BoardMethod, Exam, Overall, Population
from howsure.statistics.choices import ComparisonMethod, Drawing, is_own

if TYPE_CHECKING:
    from howsure.statistics.choices import ScoreKind
    from howsure.statistics.metrics import ChosenMetric


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """How attempts at a question are combined: a kind and its k, 0 if it has none."""

    kind: ScoreKind = "mean"
    k: int = 0

    def __str__(self) -> str:
        if self.kind == "plug-in":
            return f"pass^{self.k}-plug-in"
        return f"{self.kind}{self.k or ''}"

    @property
    def over_attempts(self) -> bool:
        """Whether it differs from the mean of the attempts."""
        return self.kind not in ("mean", "prob")


_RULE = r"(?P<kind>pass@|pass\^|majority@|best-of-)(?P<k>[1-9]\d{0,5})(?P<plug>-plug-in)?"
SCORES = "mean, pass@K, pass^K, pass^K-plug-in, majority@K, best-of-K, consistency, prob"


def parse_score(text: str) -> ScoreRule:
    """Read `pass@3`, `pass^3`, `majority@5`, `best-of-4`, `consistency`, `prob` or `mean`. Raise OptionError
    for others.
    """
    found = re.fullmatch(_RULE, text) if isinstance(text, str) else None
    if isinstance(text, str) and text in ("mean", "consistency", "prob"):
        return ScoreRule(kind=text)  # type: ignore[arg-type]
    if found is None and isinstance(text, str) and all(re.fullmatch(_RULE, each) for each in text.split(",")):
        raise OptionError(
            f"`score={text!r}` is several scores, and one is computed at a time",
            remedy="Choose one, or use `howsure curve` for pass@k and pass^k at every k.",
        )
    if found is None or (found["plug"] and found["kind"] != "pass^"):
        raise OptionError(
            f"`score={text!r}` is not one of {SCORES}", remedy="K is a whole number, as in 'pass@3'."
        )
    kind = "plug-in" if found["plug"] else found["kind"]
    return ScoreRule(kind=kind, k=int(found["k"]))  # type: ignore[arg-type]


Written = Literal["text", "whole", "real", "size", "fraction", "bounds", "count of", "switch"]
"""The form of a value on a command line. A size may be in points or percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The values of an option. `check` takes its name and a value, and returns the value as plain Python.
    `explains`: whether it explains words that aren't among `words`, such as former ones.
    """

    check: Callable[[str, Any], Any]
    written: Written = "text"
    words: tuple[str, ...] = ()
    explains: bool = False
    least: int | None = None
    many: bool = False


def word_of(alias: Any) -> Kind:
    """Return the kind of the words of a Literal alias."""
    return Kind(check=partial(checks.word, alias=alias), words=get_args(alias))


def word_or_object(option: str, alias: Any) -> Kind:
    """Return the kind of the words of a Literal alias, or of a user's own object in their place."""

    def check(name: str, value: Any) -> Any:
        """Return a word, also for one of howsure's own objects, or else the object."""
        if not is_own(option, value):
            return checks.word(name, value, alias)
        known = type(value).__module__.startswith("howsure.") and value.name in get_args(alias)
        return value.name if known else value

    return Kind(check=check, words=get_args(alias))


def count_of(least: int = 1) -> Kind:
    """Return the kind of whole numbers from `least` on."""
    return Kind(check=partial(checks.count, least=least), written="whole", least=least)


def _top(name: str, value: Any) -> Any:
    """Return a number of rows, or "all"."""
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    all_of_them = isinstance(value, str) and value == "all"
    return value if all_of_them else checks.count(name, value, least=1)


def counts_of(least: int = 1) -> Kind:
    """Return the kind of one or several whole numbers from `least` on."""
    return Kind(check=partial(checks.counts, least=least))


def _score(_: str, value: Any) -> ScoreRule:
    return parse_score(value)


def _metric(name: str, value: Any) -> ChosenMetric:
    """Return the metric that a word chooses, or one that was chosen."""
    from howsure.statistics.metrics import ChosenMetric, OfRows, metric_of

    if isinstance(value, ChosenMetric):
        return value
    if callable(value) and not isinstance(value, type) and _takes_one(value):
        return ChosenMetric(OfRows(value))
    if not isinstance(value, str):
        raise OptionError(
            f"{checks.said(name, value)} is neither the name of a metric nor a function of rows",
            remedy="Write 'f1'.",
        )
    try:
        return metric_of(value)
    except MethodError as error:
        raise OptionError(f"`{name}`: {error.what}", remedy=error.remedy) from None


def _takes_one(function: Callable[..., Any]) -> bool:
    """Return whether a function can be called with one argument, as far as can be known."""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # one written in C may have no signature
        return True
    return True


def _method_of_many(name: str, value: Any) -> str:
    """Return a method that can test many pairs at once."""
    method = checks.word(name, value, ComparisonMethod)
    if method not in get_args(BoardMethod):
        raise OptionError(
            f"`{name}={value!r}` is for one pair", remedy="All pairs at once take 'score' or 't'."
        )
    return method


def _overall(name: str, value: Any) -> Any:
    """Return a word, or the weights of tasks."""
    if not isinstance(value, Mapping):
        return checks.word(name, value, Overall)
    weights = {
        task: checks.number(f"{name}[{task!r}]", weight, remedy="Write 2.") for task, weight in value.items()
    }
    if not weights or not all(isinstance(task, str) for task in weights):
        raise OptionError(
            f"{checks.said(name, value)} isn't a mapping of task weights",
            remedy="Write 'mean', 'pooled' or {'task': 2}.",
        )
    return weights


def _exams(name: str, value: Any) -> tuple[str, ...]:
    """Return words for the parts of a comparability check."""
    return tuple(checks.word(name, each, Exam) for each in checks.names(name, value))


PROBABILITY = "probability:"
"""The prefix of the column with the probabilities with which answers were drawn."""


def _drawn(name: str, value: Any) -> str:
    """Return how labelled answers were drawn: a word, or probability:COLUMN."""
    if isinstance(value, str) and value.startswith(PROBABILITY) and value != PROBABILITY:
        return str(value)
    try:
        return checks.word(name, value, Drawing)
    except OptionError as error:
        raise OptionError(
            error.what, remedy="Write random, probability:COLUMN, convenience or unknown."
        ) from None


def _population(name: str, value: Any) -> str:
    """Return a population. A former name is an error that names the new one."""
    if isinstance(value, str) and value in RENAMED:
        raise OptionError(
            f"`{name}={value!r}` is called {RENAMED[value]!r}", remedy=f"Write {RENAMED[value]!r}."
        )
    if isinstance(value, str) and "task" in value:
        raise OptionError(
            f"`{name}={value!r}` is about tasks, and a population is one of questions",
            remedy="For other tasks like these: `tasks_as_sample` of leaderboard.",
        )
    return checks.word(name, value, Population)


def _tasks(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(pattern, str) for pattern in value):
        raise OptionError(
            f"{checks.said(name, value)} isn't a table of tasks",
            remedy='Write {"mmlu*": {"cluster": "subject"}}.',
        )
    return value


SIDE = Kind(check=checks.side)
NAME, NAMES = Kind(check=checks.one_name), Kind(check=checks.names, many=True)
PATTERN, PATH = Kind(check=checks.pattern), Kind(check=checks.path)
FLAG, SEED = Kind(check=checks.flag, written="switch"), Kind(check=checks.seed, written="whole", least=0)
LEVEL, ONE_SIDED = (
    Kind(check=checks.level, written="fraction"),
    Kind(check=checks.one_sided_level, written="fraction"),
)
SHARE = Kind(check=checks.share, written="fraction")
FRACTION = Kind(check=checks.fraction, written="size")
RARE = Kind(check=partial(checks.share, remedy="Write 0.01 for one in a hundred."), written="size")
MARGIN = Kind(check=checks.margin, written="size")
SIZE, CHANGE = Kind(check=checks.positive, written="size"), Kind(check=checks.number, written="size")
SCORE = Kind(check=partial(checks.number, remedy="Write 0.92 for 92%."), written="size")
PRICE = Kind(check=partial(checks.positive, remedy="Write 0.02 for two cents."), written="real")
MANY = Kind(check=_method_of_many, words=get_args(BoardMethod))
PAIRED_NAMES = Kind(check=checks.named, many=True)
DRAWN, OVERALL = Kind(check=_drawn), Kind(check=_overall, many=True)
POPULATION = Kind(check=_population, words=get_args(Population), explains=True)
EXAMS, TASKS = Kind(check=_exams, many=True), Kind(check=_tasks, many=True)
RULE, METRIC = Kind(check=_score), Kind(check=_metric)
TOP = Kind(check=_top)


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    `verb`: its owner, if the same name has another meaning or wording there. "" for all. `default`: None if
    it may be omitted. `needed`: it must be given. `metavar`, `help`: for the command line. `about`: for the
    API page. `flags`: its form on the command line, if that isn't `--name`. () for a verb's own means that
    there is none.
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
        """The long flag on the command line."""
        return (
            max(self.flags, key=len).partition("/")[0] if self.flags else f"--{self.name.replace('_', '-')}"
        )

    @property
    def off(self) -> str:
        """The long flag that turns it off, "" if there is none."""
        return max(self.flags, key=len).partition("/")[2] if self.flags else ""

    def checked(self, value: Any) -> Any:
        """Return a value as plain Python. None is accepted if the option may be omitted."""
        if value is None and self.default is None and not self.needed:
            return None
        return self.kind.check(self.name, value)


def owned(verb: str, *options: Option) -> tuple[Option, ...]:
    """Return options as a verb's own."""
    return tuple(replace(each, verb=verb) for each in options)
