"""Options of the table on a command line, and how typed values are converted for a verb."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from howsure import checks
from howsure.checks import Points
from howsure.commands import help as help_screen
from howsure.commands.exits import BROKEN
from howsure.errors import OptionError
from howsure.options import shared, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from howsure.options.kinds import Kind

    Command = Callable[..., None]

READING = tuple(option.name for option in shared.READING)
DESIGN = tuple(option.name for option in shared.DESIGN)
"""The options of a Design. A verb may refuse some."""
OUTPUT = ("details", "format", "output")
MARGINS = ("margin", "not_worse_than", "same_within")
MANY_POINTS = 0.1
"""From this size on, a margin must have a unit."""


class Size(click.ParamType):  # type: ignore[type-arg]  # generic since Click 8.4
    """A size or a score: `1pp` and `1%` are 0.01, a bare number is in score units."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a size. A number, from a configuration, is returned as it is."""
        if isinstance(value, float):
            return value
        text = str(value).strip().lower()
        if text.endswith(checks.RELATIVE):
            return self._relative(text, param, ctx)
        unit = next((unit for unit in ("pp", "%") if text.endswith(unit)), "")
        try:
            number = float(text.removesuffix(unit))
        except ValueError:
            self.fail(f"{value!r} is no number: write 1pp or 0.01", param, ctx)
        return Points(number / 100) if unit else number

    def _relative(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a share of a score, if the option takes one."""
        name = "margin" if param is None else str(param.name)
        if name not in MARGINS:
            self.fail(
                f"{text!r} is a share of a score, which only margins take: "
                f"{', '.join(map(flag_of, MARGINS))}",
                param,
                ctx,
            )
        try:
            return checks.margin(name, text)
        except OptionError as error:
            raise click.BadParameter(str(error), ctx, param) from None


class Fraction(Size):
    """A number as 0.25, 25%, or 1/4."""

    name = "fraction"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number or a ratio of two."""
        over, slash, under = str(value).partition("/")
        if not slash:
            return float(super().convert(value, param, ctx))
        below = float(super().convert(under, param, ctx))
        if not below:
            self.fail(f"{value!r} divides by 0", param, ctx)
        return float(super().convert(over, param, ctx)) / below


class Bounds(click.ParamType):  # type: ignore[type-arg]  # generic since Click 8.4
    """Two numbers, the lower one first: `0,100`. `open_`: or `none`."""

    name = "bounds"

    def __init__(self, *, open_: bool = False) -> None:
        self.open_ = open_

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float] | None:
        """Read two numbers, or None."""
        if self.open_ and str(value).strip().lower() == "none":
            return None
        try:
            low, high = (float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not LOW,HIGH{' or none' if self.open_ else ''}: write 0,100", param, ctx)
        return low, high


class CountOf(click.ParamType):  # type: ignore[type-arg]  # generic since Click 8.4
    """Failures and runs: `2/500`."""

    name = "count of"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read two whole numbers."""
        failures, _, runs = str(value).partition("/")
        try:
            return int(failures), int(runs)
        except ValueError:
            self.fail(f"{value!r} is not failures and runs: write 2/500", param, ctx)


class GroupedCommand(click.Command):
    """A command whose help shows its options by groups, the most used ones first."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words. An unknown option is an error that names the intended one."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from howsure.commands.words import UnknownOption, option_for

            flags = [flag for param in self.params for flag in (*param.opts, *param.secondary_opts)]
            hint = option_for(error.option_name, flags)
            if not hint:
                known = [flag for flag in error.possibilities or () if len(flag) > len("--b")]
                near = get_close_matches(error.option_name, known, cutoff=0.8)
                near += [flag for flag in flags if flag.startswith(f"{error.option_name}-")][:1]
                raise click.NoSuchOption(error.option_name, possibilities=near, ctx=ctx) from None
            raise UnknownOption(error.option_name, hint, ctx) from None
        except click.MissingParameter as error:
            if isinstance(error.param, click.Argument) and Path(str(self.name)).exists():
                raise click.MissingParameter(
                    f"For what is in {self.name!r} here: howsure ./{self.name}", ctx, error.param
                ) from None
            raise
        except click.UsageError as error:
            from howsure.commands.words import WITHOUT_DATA

            if str(self.name) in WITHOUT_DATA and error.message.startswith("Got unexpected"):
                raise click.UsageError(WITHOUT_DATA[str(self.name)], ctx) from None
            raise

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return all options, including that of the whole help."""
        params = super().get_params(ctx)
        return [*params, HELP_ALL] if len(self.params) > help_screen.MOST + 1 else params

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by groups, and examples."""
        command = _called(ctx)
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        names = [str(param.name) for param in options if not _is_help(param)]
        shown = names if ctx.meta.get(WHOLE_HELP) else help_screen.shown_first(command, names)
        rows: dict[str, list[tuple[str, str]]] = {title: [] for title in help_screen.GROUPS}
        for param in options:
            record = param.get_help_record(ctx)
            if record is not None and (param.name in shown or _is_help(param)):
                rows["Output" if _is_help(param) else help_screen.group_of(str(param.name))].append(record)
        for group, records in rows.items():
            if records:
                with formatter.section(help_screen.title_of(group, command)):
                    formatter.write_dl(records)
        if examples := help_screen.EXAMPLES.get(command):
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def _is_help(param: click.Parameter) -> bool:
    return "--help" in param.opts or param is HELP_ALL


def _called(ctx: click.Context) -> str:
    """Return the name of a command. The one without a name is `answer`."""
    return str(ctx.command.name)


WHOLE_HELP = "howsure.whole_help"


def _show_all(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        ctx.meta[WHOLE_HELP] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


HELP_ALL = click.Option(
    ["--help-all"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_all,
    help="Show all options.",
)


class VerdictCommand(GroupedCommand):
    """A command whose exit codes 0, 1 and 2 are verdicts: any error exits with 3, usage errors included."""

    error_code = BROKEN


class Paths(click.Argument):
    """Paths that a configuration may provide if the command line has none."""

    def consume_value(self, ctx: click.Context, opts: Any) -> Any:
        """Return the paths and where they come from."""
        value, source = super().consume_value(ctx, opts)
        configured = (
            ctx.lookup_default(str(self.name)) if not isinstance(value, (tuple, list)) or not value else None
        )
        return (configured, ParameterSource.DEFAULT_MAP) if configured else (value, source)


paths = click.argument("paths", cls=Paths, nargs=-1, required=True, metavar="PATH...")
sided_paths = click.argument("paths", cls=Paths, nargs=-1, metavar="[PATH...]")
"""Paths of a command whose models may be paths themselves."""


def takes(verb: str, *names: str, needed: bool = True) -> Callable[[Command], Command]:
    """Give a command these options of its verb, in this order. With `needed` False, required options are
    optional too.
    """

    def apply(command: Command) -> Command:
        """Put them on the command."""
        ours = [made(table.option(name, verb).verb, name, needed) for name in reversed(names)]
        command.__dict__.setdefault("__click_params__", []).extend(ours)  # where click.option puts its own
        return command

    return apply


@cache
def made(verb: str, name: str, needed: bool = True) -> click.Option:
    """Return an option of the table as a Click option. All commands share one object, since creation takes
    time.
    """
    option = table.option(name, verb)
    declared = (*(option.flags or (option.long,)), option.name)
    kind, more = option.kind, dict[str, Any]()
    if kind.written == "switch":
        more = {"is_flag": True, "default": option.default}
    elif kind.many:
        more = {"multiple": True}
    else:
        shown = option.default is not None
        more = {
            "type": type_of(kind),
            "show_default": shown,
            **({"default": option.default} if shown else {}),
        }
    return click.Option(
        declared, **more, required=option.needed and needed, metavar=option.metavar or None, help=option.help
    )


ALSO = {"tex": "latex", "md": "markdown", "htm": "html", "txt": "terminal", "text": "terminal"}
"""Alternative names of formats."""


class Words(click.Choice[str]):
    """One of several words. If some words have an error of their own, it is that of the library."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.words)
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a word."""
        if param is not None and self.kind.explains:
            from howsure.present.flags import as_flags

            try:
                self.kind.check(str(param.name), value)
            except OptionError as error:
                self.fail(as_flags(f"{error.what}. {error.remedy}"), param, ctx)
        if param is not None and param.name == "format":
            value = ALSO.get(str(value).lower(), value)
        return super().convert(value, param, ctx)


def type_of(kind: Kind) -> Any:
    """Return the Click type for values of a kind."""
    if kind.words:
        return Words(kind)
    if kind.written == "whole":
        return click.IntRange(kind.least)
    return {
        "real": float,
        "size": Size(),
        "bounds": Bounds(),
        "count of": CountOf(),
        "fraction": Fraction(),
    }.get(kind.written, str)


def typed(name: str) -> bool:
    """Return whether an option of the running command was typed, and doesn't come from a configuration."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def flag_of(name: str) -> str:
    """Return the flag of an option of the running command."""
    found = next(param for param in click.get_current_context().command.params if param.name == name)
    return max((*found.opts, *found.secondary_opts), key=len)


def python_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in the form that verbs take: None, or nothing at all, if a repeatable one isn't
    given.
    """
    values: dict[str, Any] = {name: None if value == () else value for name, value in given.items()}
    for name, parse in (("overall", parse_overall), ("tasks", parse_tasks)):
        if values.get(name) is not None:
            values[name] = parse(values[name])
        else:
            values.pop(name, None)
    return values


def name_pairs(option: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Read repeated NAME=VALUE."""
    parts = [text.partition("=") for text in texts]
    bad = next((name for name, sign, _ in parts if not sign or not name), None)
    if bad is not None:
        raise click.BadParameter(f"{bad!r} has no '='", param_hint=option)
    return [(name, value) for name, _, value in parts]


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Put the values of one name together."""
    gathered: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        gathered[name] = (*gathered.get(name, ()), value)
    return gathered


def parse_overall(texts: Sequence[str]) -> Any:
    """Read how tasks are combined into one score: a word, or weights."""
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    try:
        return {task: float(weight) for task, weight in name_pairs("--overall", texts)}
    except ValueError:
        raise click.BadParameter("a weight is a number: TASK=2", param_hint="--overall") from None


_OF_A_TASK = (
    r"(?P<task>.+?):(?P<name>cluster|metric|lower[-_]is[-_]better|failures|margin|bounds)=(?P<value>.+)"
)


def parse_tasks(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read the options for some tasks: `mmlu*:cluster=subject`, repeated."""
    tasks: dict[str, dict[str, Any]] = {}
    for text in texts:
        found = re.fullmatch(_OF_A_TASK, text)
        if found is None:
            raise click.BadParameter(
                f"{text!r} is not TASK:OPTION=VALUE: write 'mmlu*:cluster=subject'", param_hint="--tasks"
            )
        rule, name = tasks.setdefault(found["task"], {}), found["name"].replace("-", "_")
        if name in ("cluster", "metric"):
            rule[name] = [*rule.get(name, ()), found["value"]]
        else:
            rule[name] = _of_a_task(name, found["value"])
    return tasks


def _of_a_task(name: str, text: str) -> Any:
    if name == "margin":
        return Size().convert(text, None, None)
    if name == "bounds":
        return Bounds().convert(text, None, None)
    if name == "lower_is_better":
        return click.BOOL.convert(text, None, None)
    return text


def refuse_points(given: Mapping[str, Any], *, percent: bool) -> None:
    """Raise a usage error if a size is in points or percent, but the scores are not in [0, 1].

    If they are, a margin of a tenth or more needs a unit: 0.5 is 50 points, and probably a mistake.
    """
    for name, size in given.items():
        if size is not None:
            _refuse_unit(f"{flag_of(name)} ", size, percent=percent, margin=name in MARGINS)


def refuse_task_points(
    tasks: Mapping[str, Mapping[str, Any]] | None, judged: Iterable[tuple[str, bool]]
) -> None:
    """Raise a usage error as `refuse_points` does, for margins of single tasks.

    `judged`: the tasks whose margin counts, and whether their scores are in [0, 1].
    """
    from howsure.study.design import TaskRule

    margins = {pattern: said["margin"] for pattern, said in (tasks or {}).items() if "margin" in said}
    for task, percent in judged:
        pattern = next((pattern for pattern in margins if TaskRule(pattern=pattern).matches(task)), None)
        if pattern is not None:
            _refuse_unit(f"--tasks {pattern}:margin=", margins[pattern], percent=percent, margin=True)


def _refuse_unit(flag: str, size: float, *, percent: bool, margin: bool) -> None:
    """Raise a usage error if a size, written behind its flag, has a unit that doesn't fit the scores, or
    needs one.
    """
    if percent and margin and size >= MANY_POINTS and type(size) in (int, float):
        raise click.UsageError(
            f"{flag}{size:g} is {100 * size:g} points of scores from 0 to 1: write {100 * size:g}pp if you "
            f"mean it, or {size:g}pp"
        )
    if not percent and isinstance(size, Points):
        raise click.UsageError(
            f"{flag}{100 * size:g}pp: points and percent are for scores that are shown in percent, and these "
            "aren't. Write the size in their own units, or choose tasks with --task."
        )


CARD_HELP = "Draw a card of 1200 × 630 as well: the claim in large letters, and the chart (.png)."
CARD = click.option("--card", metavar="FILE", help=CARD_HELP)
CARD_OPTION = click.Option(["--card"], metavar="FILE", help=CARD_HELP)
"""The same for a command that is made of a list of options."""


def words_of(param: click.Parameter, value: Any) -> list[str]:
    """Return the names under which a parameter is set."""
    if isinstance(param, click.Argument):
        return [str(each) for each in value]
    if isinstance(value, bool):
        chosen = param.opts if value else param.secondary_opts
        return [max(chosen, key=len)] if chosen else []
    flag = max(param.opts, key=len)
    values = value if getattr(param, "multiple", False) else (value,)
    return [word for each in values for word in (flag, _typed_as(param, each))]


def _typed_as(param: click.Parameter, value: Any) -> str:
    """Return the text that a parameter reads as this value."""
    if isinstance(value, checks.Points):
        return f"{100 * value:.12g}pp"
    if isinstance(value, checks.Relative):
        return f"{100 * value:.12g}{checks.RELATIVE}"
    if isinstance(value, tuple):
        return ("/" if isinstance(param.type, CountOf) else ",").join(f"{each:.12g}" for each in value)
    return str(value)
