"""What every answer can do: its plain data from its fields, its words from `present`."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from howsure import checks
from howsure.answers.output import derived, row, shown, tree
from howsure.errors import MethodError, OptionError
from howsure.options.choices import Format, Preset
from howsure.options.table import checked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    import altair as alt
    import polars as pl

    from howsure.answers.settings import Settings
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval

LEADERBOARDS, FEW, CLUSTERS, ATTEMPTS, FAIR, POWER, PLAYBOOK, RIGOR = 1, 3, 4, 5, 6, 7, 8, 9
FEW_CLUSTERS = ("one_cluster", "few_clusters", "dominant_cluster", "too_few_flips", "real_clusters")
"""Warnings that say that there are too few clusters to tell much."""


def of_difference(
    found: Estimate,
    judged: Interval,
    *,
    paired: bool = True,
    alone: int = 0,
    unclustered_se: float = math.nan,
) -> int:
    """Return the chapter on a difference that can't be told.

    `judged`: the interval that the verdict agrees with; `alone`: items that only one of the two answered;
    `unclustered_se`: the standard error if each item stood alone, NaN without clusters or where the verdict
    isn't about zero.
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
    """Return the chapter of the warning that says why there is no error bar."""
    return next((warning.chapter for warning in warnings if warning.chapter is not None), FEW)


def has_few_clusters(warnings: Iterable[ResultWarning]) -> bool:
    """Say whether any warning is about too few clusters."""
    return any(warning.code in FEW_CLUSTERS for warning in warnings)


SCHEMA_VERSION = 1
"""The version of the JSON form; see `schema.json` beside this file."""
STATISTICS_VERSION = 1
"""Raised whenever the same data get other numbers or another verdict; the changelog says which. See
docs/stability.md.
"""
FIGURES = "those of leaderboard, compare, arena, frontier, history, noise and plan"
FIGURE_OF = {
    "estimates": "leaderboard(data).plot() draws scores with their error bars.",
    "gate": "compare(data, a, b).plot() draws the differences.",
    "head_to_head": "arena(votes).plot() draws all models.",
    "trend": "history(data).plot() draws runs over time.",
    "look": "compare(data, a, b).plot() draws the differences.",
    "score_plan": "plan(…).plot() draws the power of a comparison.",
    "runs": "history(data).plot() draws runs over time.",
}
"""What draws what an answer without a figure is about."""
DATA: tuple[Format, ...] = ("csv", "json")
"""The formats that programs read."""
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
"""Attributes that have another name, by their old one."""
FIRST = ("sentence", "verdict")
"""What comes first of every answer."""
LINES = 40
"""So many lines of an answer are its `repr`."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """Every answer is a frozen result: data first, then its renderings. `print(answer)` shows the terminal
    form.

    Attributes:
        settings: What it was computed with, and who chose each; None for an answer within another.
    """

    settings: Settings | None = field(default=None, metadata=shown(rows=False))

    @derived()
    def sentence(self) -> str:
        """The first sentence, as people read it, with the word of its verdict."""
        return str(presentation(self).sentence(self))

    @derived()
    def verdict(self) -> str | None:
        """What is decided, as a code; None for answers that decide nothing."""
        return None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in GONE:
                raise AttributeError(f"{type(self).__name__} has no {name!r}: use {GONE[name]}")
            raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON; a number that doesn't exist is None."""
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
        """Draw the answer, if it has a figure. MethodError that names the figure to take if it has none."""
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
            width: Columns of the terminal; None asks the terminal.
            color: Use ANSI colours (terminal only).
            details: Add further tables, the method and assumptions (not to csv and json, which have them).
            explain: Add the answer in plain words, for readers without statistics (not to csv and json).
            methods_paragraph: Add a methods paragraph for a paper and what it cites (scores, comparisons and
                boards; not to csv and json).

        Raises:
            OptionError: The format isn't one of these, or doesn't have what was asked for.
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
        """Return what the answer shows as Vega-Lite."""
        return dict(presentation(self).chart(self))

    def plot(
        self, *, width: str | None = None, font_size: float | None = None, preset: Preset | None = None
    ) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot".

        Args:
            width: The figure's whole width: "5.5in", "14cm", "396pt" or "528px".
            font_size: The size of its type in points; None takes 9 with a width, else the preset's.
            preset: Width, type and greatest height for a "column", a "page", a "slide" or a "poster".

        Raises:
            OptionError: One of these is no such value, or the width leaves no room for what is shown.
        """
        return draw(self.chart(), width=width, font_size=font_size, preset=preset)


class TaskPart:
    """The part of an answer that is about one task, with a verdict of its own."""

    __slots__ = ()

    @derived()
    def sentence(self) -> str:
        """One or two plain sentences."""
        return str(presentation(self).task_sentence(self))


def present(name: str) -> ModuleType:
    """Return a module of `present` that says, tables and draws what is data here."""
    return import_module(f"howsure.present.{name}")


def presentation(thing: object) -> ModuleType:
    """Return the module that presents an answer, or a part of one: it has the verb's name, as the answer's
    own file has.
    """
    return present(type(thing).__module__.rpartition(".")[2])


def words_of(
    answer: Answer, *, details: bool = False, explain: bool = False, methods_paragraph: bool = False
) -> Any:
    """Return what an answer says, as a document."""
    if methods_paragraph and not hasattr(presentation(answer), "methods"):
        raise OptionError(
            "this answer has no methods paragraph",
            remedy="estimate, compare, against and leaderboard have one.",
        )
    return present("presenting").described(
        presentation(answer), answer, explain=explain, methods=methods_paragraph, details=details
    )


def draw(chart: dict[str, Any], **size: Any) -> alt.TopLevelMixin:
    """Draw what an answer's `chart()` returns, at a size where one is given; needs the extra "plot"."""
    drawn: alt.TopLevelMixin = present("charts.base").draw(resized(chart, **size))
    return drawn


def resized(chart: dict[str, Any], **size: Any) -> dict[str, Any]:
    """Return what an answer's `chart()` returns at the size that the options say, as it is where they say
    none.
    """
    if all(value is None for value in size.values()):
        return chart
    sizes = present("charts.sizes")
    found: dict[str, Any] = sizes.sized(chart, sizes.size_of(**checked(**size)))
    return found


def kind(answer: type) -> str:
    """Return the name of a class as the output has it: `false_alarms`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", answer.__name__).lower()


PairVerdict = Literal["better", "worse", "unclear"]
"""The first of two models against the second."""
ErrorKind = Literal["usage", "option", "read", "data", "method", "other", "interrupted", "bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Why there is no answer.

    Attributes:
        kind: A command line that can't be read ("usage"), an option's value that can't be ("option"), a file
            that can't be read ("read"), scores that contradict each other or can't be used as asked, such as
            a model that isn't there ("data"), a statistic that isn't defined for them ("method"), anything
            else that howsure says on purpose, such as an extra that isn't installed ("other"), Ctrl-C
            ("interrupted"), or a mistake in howsure itself ("bug").
        message: What is wrong.
        where: The file, and the place in it; may be empty.
        remedy: What to do next, as flags of the command line; may be empty.
        exit_code: The exit code of the command.
    """

    kind: ErrorKind
    message: str
    where: str = ""
    remedy: str = ""
    exit_code: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the place of an answer."""
        return {"howsure": SCHEMA_VERSION, "error": tree(self)}

    def render(self) -> str:
        """Return it as JSON, in ASCII: a file name may hold what no encoding has."""
        return json.dumps(self.to_dict(), indent=2) + "\n"
