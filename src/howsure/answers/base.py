"""What every answer can do: plain data from its fields, words from `present`."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from howsure import checks
from howsure.answers.output import derived, row, shown, tree
from howsure.errors import DataError, MethodError, OptionError
from howsure.options.choices import Format, Preset
from howsure.options.table import checked
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    import altair as alt
    import polars as pl

    from howsure.answers.settings import Settings
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval

T = TypeVar("T")
LEADERBOARDS, FEW, CLUSTERS, ATTEMPTS, FAIR, POWER, PLAYBOOK, RIGOR = 1, 3, 4, 5, 6, 7, 8, 9
FEW_CLUSTERS = ("one_cluster", "few_clusters", "dominant_cluster", "too_few_flips", "real_clusters")
"""Warnings about too few clusters."""


def of_difference(
    found: Estimate,
    judged: Interval,
    *,
    paired: bool = True,
    alone: int = 0,
    unclustered_se: float = math.nan,
) -> int:
    """Return the chapter to read about an inconclusive difference.

    `judged`: the interval that matches the verdict. `alone`: items that only one of the two answered.
    `unclustered_se`: the standard error without clustering, NaN without clusters or if the verdict isn't
    about zero.
    """
    if not math.isfinite(found.se) or not judged.low <= judged.high:
        return of_warnings(found.warnings)
    if not paired or alone > found.n_items:
        return FAIR
    without = judged.half_width * unclustered_se / found.se if found.se else math.nan
    if abs(found.value) > without or has_few_clusters(found.warnings):
        return CLUSTERS
    return ATTEMPTS if found.method.of_benchmark else POWER


def of_warnings(warnings: Iterable[ResultWarning]) -> int:
    """Return the chapter of the warning that explains the missing error bar."""
    return next((warning.chapter for warning in warnings if warning.chapter is not None), FEW)


def has_few_clusters(warnings: Iterable[ResultWarning]) -> bool:
    """Return whether any warning is about too few clusters."""
    return any(warning.code in FEW_CLUSTERS for warning in warnings)


SCHEMA_VERSION = 1
"""The version of the JSON form. See `schema.json` next to this file."""
STATISTICS_VERSION = 1
"""Raised whenever the same data give other numbers or another verdict. The changelog lists the changes. See
docs/stability.md.
"""
FIGURES = "those of leaderboard, compare, arena, frontier, curve, horizon, history, noise and plan"
FIGURE_OF = {
    "estimates": "leaderboard(data).plot() draws scores with their error bars.",
    "gate": "compare(data, a, b).plot() draws the differences.",
    "head_to_head": "arena(votes).plot() draws all models.",
    "trend": "history(data).plot() draws runs over time.",
    "look": "compare(data, a, b).plot() draws the differences.",
    "score_plan": "plan(…).plot() draws the power of a comparison.",
    "runs": "history(data).plot() draws runs over time.",
}
"""The call that draws the subject of an answer without a figure."""
DATA: tuple[Format, ...] = ("csv", "json")
"""The machine-readable formats."""
GONE = {
    "cautions": "warnings",
    "beside": "new_clusters and same_clusters",
    "told": "verdict",
    "measures": "usage",
    "gap": "difference",
    "sides": "models",
    "favours": "biases",
    "whole": "all_answers",
    "drawn": "labels_drawn",
    "met": "direct_votes",
    "sought": "solved_for",
    "broke": "n_regressed",
    "fixed": "n_improved",
    "n_blind": "n_underpowered",
}
"""Renamed attributes, by their old name."""
FIRST = ("sentence", "verdict")
"""The first keys of every answer."""
LINES = 40
"""The number of lines of an answer in its `repr`."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """Every answer is a frozen result: data first, then its renderings. `print(answer)` shows the terminal
    form.

    Attributes:
        settings: The options it was computed with, and who chose each. None for a nested answer.
    """

    settings: Settings | None = field(default=None, metadata=shown(rows=False))

    @derived()
    def sentence(self) -> str:
        """The first sentence, for people, with the verdict in words."""
        return str(presentation(self).sentence(self))

    @derived()
    def verdict(self) -> str | None:
        """The decision, as a code. None for answers without a decision."""
        return None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in GONE:
                raise AttributeError(f"{type(self).__name__} has no {name!r}: use {GONE[name]}")
            raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON. Undefined numbers are None."""
        found = tree(self)
        return {
            "howsure": SCHEMA_VERSION,
            "statistics": STATISTICS_VERSION,
            "answer": kind(type(self)),
            **{key: found[key] for key in FIRST},
            **found,
        }

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per row."""
        return [row(self)]

    def to_frame(self) -> pl.DataFrame:
        """Return one row per record as a Polars frame."""
        import polars as pl

        return pl.DataFrame(self.records(), infer_schema_length=None)

    def plot(self, *_: Any, **size: Any) -> alt.TopLevelMixin:
        """Draw the answer if it has a figure. Otherwise raise a MethodError that names the figure to use."""
        del size
        name = kind(type(self))
        raise MethodError(f"{name} has no figure", remedy=FIGURE_OF.get(name, f"Figures: {FIGURES}."))

    def render(
        self,
        format: Format = "terminal",
        *,
        width: int | None = None,
        color: bool = False,
        details: bool = False,
        explain: bool = False,
        methods_paragraph: bool = False,
    ) -> str:
        """Return the answer as text in one of the formats, ending with a line break.

        Args:
            format: "terminal", "markdown", "latex" or "html" for people, "csv" or "json" for programs.
            width: The width in columns. None uses the width of the terminal.
            color: Use ANSI colours (terminal only).
            details: Add further tables, the method and assumptions (csv and json always have them).
            explain: Add the answer in plain words, for readers without statistics (not to csv and json).
            methods_paragraph: Add a methods paragraph for a paper, with references (scores, comparisons and
                boards; not to csv and json).

        Raises:
            OptionError: The format is unknown, or doesn't support a requested option.
        """
        checks.word("format", format, Format)
        prose = {"details": details, "explain": explain, "methods_paragraph": methods_paragraph}
        if format in DATA and any(prose.values()):
            raise OptionError(
                f"{next(name for name in prose if prose[name])}=True adds prose, and {format} is data",
                remedy="Leave one out, or choose terminal, markdown, latex or html.",
            )
        if format == "json":
            return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        if format == "csv":
            return str(present("render.comma_separated").render(self.records()))
        words = words_of(self, **prose)
        return str(present("render").render(words, format, width=width, color=color))

    def _repr_html_(self) -> str:
        """Return the answer as Jupyter and marimo show it."""
        return str(
            present("render.html").notebook(
                present("presenting").described(presentation(self), self, explain=False)
            )
        )

    def __str__(self) -> str:
        return self.render().rstrip("\n")

    def __repr__(self) -> str:
        lines = str(self).splitlines()
        more = [f"… {len(lines) - LINES + 1:,} more lines: print() shows them"] if len(lines) > LINES else []
        return "\n".join([*lines[: LINES - len(more)], *more])


class Drawn(Answer):
    """An answer with a chart."""

    __slots__ = ()

    def chart(self) -> dict[str, Any]:
        """Return the figure as a Vega-Lite specification."""
        return dict(presentation(self).chart(self))

    def plot(
        self, *, width: str | None = None, font_size: float | None = None, preset: Preset | None = None
    ) -> alt.TopLevelMixin:
        """Draw `chart()`. Needs the extra "plot".

        Args:
            width: The width of the whole figure: "5.5in", "14cm", "396pt" or "528px".
            font_size: The font size in points. None uses 9 with a width, otherwise the preset's.
            preset: Width, font size and maximum height for a "column", a "page", a "slide" or a "poster".

        Raises:
            OptionError: A value isn't valid, or the width is too small for the figure.
        """
        return draw(self.chart(), width=width, font_size=font_size, preset=preset)


class TaskPart:
    """The part of an answer about one task, with its own verdict."""

    __slots__ = ()

    @derived()
    def sentence(self) -> str:
        """One or two plain sentences."""
        return str(presentation(self).task_sentence(self))


def named(parts: Iterable[T], role: str, name: str) -> T:
    """Return the first part of this name. DataError with the names for any other."""
    found: dict[str, T] = {}
    for part in parts:
        found.setdefault(str(getattr(part, role)), part)
    if name not in found:
        raise DataError(
            f"no {role} {name!r} in this answer",
            remedy=f"Available: {listing([repr(each) for each in found])}.",
        )
    return found[name]


def present(name: str) -> ModuleType:
    """Return a module of `present`, which words, tabulates and draws the data here."""
    return import_module(f"howsure.present.{name}")


def presentation(thing: object) -> ModuleType:
    """Return the module that presents an answer or a part of one. Both files have the name of the verb."""
    return present(type(thing).__module__.rpartition(".")[2])


def words_of(
    answer: Answer, *, details: bool = False, explain: bool = False, methods_paragraph: bool = False
) -> Any:
    """Return an answer in words, as a document."""
    if methods_paragraph and not hasattr(presentation(answer), "methods"):
        raise OptionError(
            "this answer has no methods paragraph",
            remedy="estimate, compare, against and leaderboard have one.",
        )
    return present("presenting").described(
        presentation(answer), answer, explain=explain, methods=methods_paragraph, details=details
    )


def draw(chart: dict[str, Any], **size: Any) -> alt.TopLevelMixin:
    """Draw what an answer's `chart()` returns, at the given size if there is one. Needs the extra "plot"."""
    drawn: alt.TopLevelMixin = present("charts.base").draw(resized(chart, **size))
    return drawn


def resized(chart: dict[str, Any], **size: Any) -> dict[str, Any]:
    """Return what an answer's `chart()` returns, at the size that the options set, unchanged if they set
    none.
    """
    if all(value is None for value in size.values()):
        return chart
    sizes = present("charts.sizes")
    found: dict[str, Any] = sizes.sized(chart, sizes.size_of(**checked(**size)))
    return found


def kind(answer: type) -> str:
    """Return the name of a class in the output: `false_alarms`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", answer.__name__).lower()


PairVerdict = Literal["better", "worse", "unclear"]
"""The first of two models compared with the second."""
ErrorKind = Literal["usage", "option", "read", "data", "method", "other", "interrupted", "bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """The error that replaces an answer.

    Attributes:
        kind: An invalid command line: "usage". An invalid option value: "option". An unreadable file: "read".
            Contradictory or unusable scores, such as those of an unknown model: "data". A statistic that
            isn't defined for the scores: "method". Any other expected error, such as a missing extra:
            "other". Ctrl-C: "interrupted". A bug in howsure: "bug".
        message: What is wrong.
        where: The file, and the place in it. May be empty.
        remedy: What to do next, as flags of the command line. May be empty.
        exit_code: The exit code of the command.
    """

    kind: ErrorKind
    message: str
    where: str = ""
    remedy: str = ""
    exit_code: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in place of an answer."""
        return {"howsure": SCHEMA_VERSION, "error": tree(self)}

    def render(self) -> str:
        """Return it as JSON, in ASCII, because a file name may contain characters that an encoding lacks."""
        return json.dumps(self.to_dict(), indent=2) + "\n"
