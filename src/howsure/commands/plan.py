"""howsure plan: how many questions and attempts are needed, before you pay for them.

Without a subcommand it plans a comparison. The subcommands score, failures, policy and labels are other
plans.
"""

from __future__ import annotations

import shlex
from functools import partial
from typing import Any

import click

from howsure.commands.base import read, read_sides, split, write, write_records
from howsure.commands.options import (
    DESIGN,
    OUTPUT,
    READING,
    Fraction,
    GroupedCommand,
    flag_of,
    made,
    refuse_points,
    typed,
)
from howsure.commands.verbs import command_of, options_of
from howsure.options import table

SIZES = {"plan": ("effect", "not_worse_than", "same_within"), "plan_score": ("within", "at_least", "at_most")}
"""The options of each verb that are sizes, in points or in score units."""


def _number(flag: str, metavar: str, help: str) -> click.Option:
    return click.Option([flag], type=Fraction(), metavar=metavar, help=help)


PILOT = click.Option(
    ["--pilot"], multiple=True, metavar="PATH", help="Logs to take variances and clusters from (repeatable)."
)
VARIANCES = (
    _number(
        "--question-variance", "V", "Assumed variance of true differences between questions.  [default: 1/9]"
    ),
    _number(
        "--answer-variance", "V", "Assumed variance of one attempt, both models together.  [default: 1/3]"
    ),
    _number("--rate", "RATE", "Assumed score of both models, in place of the variances: 70%."),
    _number("--agreement", "SHARE", "Assumed share of questions that both get right or both get wrong: 85%."),
    _number("--correlation", "R", "Assumed correlation between the models' answers, with --rate."),
)
VARIANCES_OF_ONE = (
    _number(
        "--question-variance", "V", "Assumed variance between questions.  [default: what the score leaves]"
    ),
    _number("--answer-variance", "V", "Assumed variance of one attempt.  [default: 0]"),
)
CLUSTERS = (
    click.Option(
        ["--cluster-size"], type=float, metavar="M", help="Assumed mean number of questions per cluster."
    ),
    _number("--cluster-variation", "CV", "Assumed coefficient of variation of cluster sizes."),
    click.Option(["--icc"], type=float, metavar="R", help="Assumed intra-cluster correlation."),
)
COSTS = tuple(
    click.Option([f"--cost-{name}"], type=float, metavar="PRICE", help=f"Cost of {what}, {when}.")
    for name, what, when in (
        ("item", "a question", "once"),
        ("attempt", "one attempt at a question", "all models together"),
        ("level", "a level of a random factor", "both models together"),
    )
)


def _params(verb: str) -> list[click.Parameter]:
    """Return the options of a verb that plans from a pilot, or from assumptions."""
    variances = VARIANCES_OF_ONE if verb == "plan_score" else VARIANCES
    written: dict[str, tuple[click.Option, ...]] = {
        "pilot": (),
        "assume": (*variances, *CLUSTERS),
        "costs": COSTS,
    }
    params: list[click.Parameter] = [PILOT]
    for name in options_of(verb):
        params += written[name] if name in written else [made(table.option(name, verb).verb, name)]
    return params


def ask(verb: str, pilot: tuple[str, ...], given: dict[str, Any]) -> Any:
    """Call a verb that plans from a pilot or from assumptions, with the options."""
    import howsure

    rest = dict(given)
    about_models = VARIANCES_OF_ONE if verb == "plan_score" else VARIANCES
    assumed = {str(option.name): rest.pop(str(option.name)) for option in (*about_models, *CLUSTERS)}
    first = (rest.pop("policy"),) if verb == "plan_policy" else ()
    if verb == "plan":
        rest["costs"] = _costs(*(rest.pop(str(option.name)) for option in COSTS))
    if not pilot:
        # options for results in a configuration are about other data than these
        about_results = [name for name in DESIGN if name in rest and not typed(name)]
        rest = {name: rest[name] for name in rest if name not in (*READING, *about_results)}
        stated = {name: value for name, value in assumed.items() if value is not None}
        rest["assume"] = howsure.Assumptions(**stated) if stated else None
        scores = None
    else:
        told = next((name for name in assumed if typed(name)), None)
        if told is not None:
            raise click.UsageError(f"{flag_of(told)} doesn't go with --pilot, which estimates it")
        scores = read(pilot, rest) if verb == "plan_score" else read_sides(pilot, rest, "a", "b")
    answer = getattr(howsure, verb)(*first, scores, **rest)
    sizes = {name: given[name] for name in SIZES.get(verb, ())}
    if sizes:
        percent = answer.percent if verb == "plan_score" else all(task.percent for task in answer.tasks)
        refuse_points(sizes, percent=percent)
    return answer


def _costs(item: float | None, attempt: float | None, level: float | None) -> Any:
    import howsure

    if item is None and attempt is None and level is None:
        return None
    if attempt is None:
        raise click.UsageError(f"--cost-{'level' if item is None else 'item'} needs --cost-attempt as well")
    return howsure.Costs(item=item or 0.0, attempt=attempt, level=level or 0.0)


def _write_plan(verb: str, pilot: tuple[str, ...] = (), **given: Any) -> None:
    """Call a verb, and write its answer."""
    rest, shown = split(pilot, given)
    write(ask(verb, pilot, rest), **shown)


class Plans(GroupedCommand, click.Group):
    """The plan of a comparison, and other plans as subcommands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words. An option of a subcommand alone is an error that names the subcommand."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            for name, command in self.commands.items():
                if any(error.option_name in param.opts for param in command.params):
                    message = f"{error.option_name} goes with a subcommand: howsure plan {name}"
                    raise click.UsageError(message, ctx) from None
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand. Any other word was probably meant as results."""
        if args[0] not in self.commands:
            files = [*ctx.params.get("pilot", ()), args[0]]
            flags = " ".join(f"--pilot {shlex.quote(path)}" for path in files)
            raise click.UsageError(
                f"unknown kind of plan {args[0]!r}. Write --pilot before each file of results: {flags}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands, and then the options of a comparison by groups."""
        with formatter.section("Other plans"):
            formatter.write_dl(
                [(name, str(command.help).partition("\n")[0]) for name, command in self.commands.items()]
            )
        super().format_options(ctx, formatter)


@click.group(
    cls=Plans,
    invoke_without_command=True,
    params=[
        *_params("plan"),
        click.Option(["--curve"], is_flag=True, help="Write the power curves (csv and json)."),
        click.Option(["--plot"], metavar="FILE", help="Draw the power curves (.pdf, .svg, .png, .json)."),
        *(made("", name) for name in OUTPUT),
    ],
)
@click.pass_context
def plan(ctx: click.Context, /, pilot: tuple[str, ...], curve: bool, plot: str | None, **given: Any) -> None:
    """Plan how many questions a comparison needs.

    Give any two of effect, sample size and power. --effect with --power computes the number of questions,
    --n-items the smallest difference, both the power.
    """
    from howsure.present.files import write_chart

    if ctx.invoked_subcommand is not None:
        before = next((str(param.name) for param in ctx.command.params if typed(str(param.name))), None)
        if before is not None:
            raise click.UsageError(f"write {flag_of(before)} after {ctx.invoked_subcommand}")
        from howsure.commands.configuration import MEMBERS

        ctx.default_map = (ctx.default_map or {}).get(MEMBERS)
        return
    rest, shown = split(pilot, given)
    answer = ask("plan", pilot, rest)
    if plot is not None:
        write_chart(answer.chart(), plot)
    if curve:
        write_records(answer.curve_records(), shown["format"], shown["output"])
    else:
        write(answer, **shown)


for member, summary in (
    ("score", "Plan one model's score: an error bar, a floor or a ceiling."),
    ("policy", "Plan a suite, so that two equal systems pass its policy."),
):
    params = [*_params(f"plan_{member}"), *(made("", name) for name in OUTPUT)]
    if member == "policy":
        params.insert(0, click.Argument(["policy"], metavar="FILE"))
    write_plan = partial(_write_plan, f"plan_{member}")
    plan.add_command(GroupedCommand(member, params=params, help=summary, callback=write_plan))
for member, summary in (
    ("failures", "Plan how many runs show that failures are rarer than RATE."),
    ("labels", "Plan how many labels a judge's rate needs, and for which answers."),
):
    plan.add_command(command_of(f"plan_{member}", summary, name=member))
