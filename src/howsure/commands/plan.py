"""howsure plan: say how many questions and attempts are needed before they are paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import design_options, models, output, parse_margin, reading, refuse_points

if TYPE_CHECKING:
    from howsure.answers.plan import Plan

ASSUMED = ("question_variance", "answer_variance", "rate", "correlation", "cluster_size", "cluster_variation", "icc")
SIZES = ("effect", "not_worse_than", "same_within")
SCORES = ("within", "at_least", "at_most")
READING = ("columns", "where", "reader", "strict")
DESIGN = (
    *("task", "metric", "cluster", "cluster_from", "items", "weight", "failures", "lower_is_better", "score"),
    *("average_last", "step_from", "model"),
)


@click.command()
@click.option(
    "--pilot", multiple=True, metavar="PATH", help="Take variances and clusters from these logs (again for more)."
)
@click.option("-a", "--a", metavar="MODEL", help="The two models of the pilot: the first …")
@click.option("-b", "--b", metavar="MODEL", help="… and the second.  [default: the median pair]")
@click.option("--effect", metavar="SIZE", help="The true difference that is to show: 3pp or 0.03.")
@click.option("--items", "n_items", type=click.IntRange(2), metavar="N", help="What can so many questions show?")
@click.option("--attempts", type=click.IntRange(1), metavar="K", help="Attempts at each question.")
@click.option("--power", type=float, default=0.8, show_default=True, help="The chance that it shows.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--not-worse-than", metavar="SIZE", help="Plan to show that a is not worse by more than this.")
@click.option("--same-within", metavar="SIZE", help="Plan to show that the two are the same within this.")
@click.option("--within", metavar="SIZE", help="Plan one model's error bar: ± this.")
@click.option("--at-least", metavar="SCORE", help="Plan to show that one model scores at least this: 92%.")
@click.option("--at-most", metavar="SCORE", help="The same where smaller scores are better.")
@click.option("--failures-below", metavar="RATE", help="Plan to show that failures are rarer than this: 1%.")
@click.option("--observed", metavar="K/N", help="With --failures-below: so many failures in so many runs were seen.")
@click.option("--unpaired", is_flag=True, help="The models answer different questions.")
@click.option(
    "--models", "n_models", type=click.IntRange(2), default=2, show_default=True, help="Compare so many, all pairs."
)
@click.option(
    "--tasks", type=click.IntRange(1), default=1, show_default=True, help="On so many tasks (without a pilot)."
)
@click.option("--clusters", type=click.IntRange(2), metavar="N", help="Hold the number of clusters fixed.")
@click.option(
    "--method", type=click.Choice(("pseudo-items", "t", "z")), help="Which test to plan for; z is the paper's formula."
)
@click.option("--cost-item", type=float, metavar="PRICE", help="What a question costs, once.")
@click.option(
    "--cost-attempt", type=float, metavar="PRICE", help="What one attempt at a question costs, all models together."
)
@click.option("--check", is_flag=True, help="Check the power with the pilot's own questions.")
@click.option(
    "--question-variance",
    metavar="V",
    help="Assume this variance of true differences between questions.  [default: 1/9]",
)
@click.option(
    "--answer-variance", metavar="V", help="Assume this variance of one attempt, both models together.  [default: 1/3]"
)
@click.option("--rate", metavar="RATE", help="Assume this score instead (70%), or this true failure rate.")
@click.option("--correlation", type=float, help="… and this correlation between the models.")
@click.option("--cluster-size", type=float, metavar="M", help="Assume clusters of so many questions,")
@click.option(
    "--cluster-variation", type=float, metavar="CV", help="… their sizes' standard deviation over their mean,"
)
@click.option("--icc", type=float, help="… and this intra-cluster correlation.")
@click.option("--curve", is_flag=True, help="Write the power curves (csv and json).")
@click.option("--plot", metavar="FILE", help="Draw the power curves (.pdf, .svg, .png, .json).")
@click.option("--seed", type=int, default=0, show_default=True, help="For --check.")
@reading
@design_options("--items-table")
@models
@output
def plan(pilot: tuple[str, ...], failures_below: str | None, curve: bool, plot: str | None, **given: Any) -> None:
    """Say how many questions and attempts a comparison needs, or what so many can show.

    Give two of three: --effect with --power asks for questions, --items for the smallest difference, both for the power.
    With --within, --at-least or --at-most: the score of one model. With --failures-below: how many runs without a failure
    show that failures are rare.
    """
    from howsure.present.files import write_chart

    rest, shown = split(pilot, given)
    drawn = {"curve": curve, "plot": plot}
    if failures_below is not None:
        below = parse_margin(failures_below, "--failures-below")
        write(_failure_plan(below, {**rest, **drawn, "pilot": pilot}), **shown)
        return
    if rest["observed"] is not None:
        raise click.UsageError("--observed goes with --failures-below")
    goal = next((name for name in SCORES if rest[name] is not None), None)
    if goal is not None:
        found = _score_plan(goal, pilot, {**rest, **drawn})
        refuse_points({goal: rest[goal]}, percent=found.percent)
        write(found, **shown)
        return
    answer = ask(pilot, rest)
    if plot is not None:
        write_chart(answer.chart(), plot)
    if curve:
        write_records(answer.curve_records(), **shown)
    else:
        write(answer, **shown)


def ask(pilot: tuple[str, ...], given: dict[str, Any]) -> Plan:
    """Plan a comparison, as the options say."""
    answer = _plan(pilot, given)
    refuse_points({name: given[name] for name in SIZES}, percent=all(task.percent for task in answer.tasks))
    return answer


def _plan(pilot: tuple[str, ...], given: dict[str, Any]) -> Plan:
    import howsure

    rest = {name: value for name, value in given.items() if name not in ("observed", *SCORES)}
    assumed = _assumed(rest)
    sizes: dict[str, Any] = {
        name: None if (text := rest.pop(name)) is None else parse_margin(text, _flag(name)) for name in SIZES
    }
    rest |= {"paired": not rest.pop("unpaired"), "simulate": rest.pop("check"), "models": rest.pop("n_models")}
    rest["prices"] = _prices(rest.pop("cost_item"), rest.pop("cost_attempt"))
    if pilot:
        _refuse_assumed(assumed)
        scores = read(pilot, rest)
        return howsure.plan(scores, assume=assumed, **sizes, **rest)
    return howsure.plan(assume=assumed, **sizes, **_without_reading(rest))


def _without_reading(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in READING}


def _score_plan(goal: str, pilot: tuple[str, ...], given: dict[str, Any]) -> Any:
    """Plan one model's score; options that are about comparisons are refused."""
    import howsure

    own = ("a", "n_items", "attempts", "power", "level", *SCORES, *ASSUMED, *DESIGN, *READING)
    _refuse_others(given, own, _flag(goal))
    if given["correlation"] is not None:
        raise click.UsageError(f"--correlation doesn't go with {_flag(goal)}")
    rest = {name: value for name, value in given.items() if name in own and name not in SCORES}
    rate = None if (text := rest.pop("rate")) is None else _fraction(text, "--rate")
    assumed = _assumed({**rest, "rate": None})
    for name in ASSUMED:
        rest.pop(name, None)
    targets: dict[str, Any] = {
        name: None if given[name] is None else parse_margin(given[name], _flag(name)) for name in SCORES
    }
    if pilot:
        _refuse_assumed(assumed)
        scores = read(pilot, rest)
        return howsure.plan_score(scores, assume=assumed, rate=rate, **targets, **rest)
    return howsure.plan_score(assume=assumed, rate=rate, **targets, **_without_reading(rest))


def _refuse_others(given: dict[str, Any], own: tuple[str, ...], goal: str) -> None:
    """Raise a usage error for an option that was given and is not one of a goal's own."""
    usual = {"power": 0.8, "n_models": 2, "tasks": 1, "seed": 0, "score": "mean", "failures": "harness"}
    for name, value in given.items():
        if name not in own and value and usual.get(name) != value:
            option = {"n_items": "items", "n_models": "models", "items": "items-table"}.get(name, name)
            raise click.UsageError(f"{_flag(option)} doesn't go with {goal}")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _assumed(given: dict[str, Any]) -> Any:
    """Take the assumptions out of the options; None where none was given."""
    import howsure

    found = {name: value for name in ASSUMED if (value := given.pop(name)) is not None}
    for name in ("question_variance", "answer_variance", "rate"):
        if name in found:
            found[name] = _fraction(found[name], _flag(name))
    return howsure.Assumptions(**found) if found else None


def _refuse_assumed(assumed: Any) -> None:
    """Raise a usage error where something is assumed that a pilot tells."""
    import howsure

    usual = howsure.Assumptions()
    names = [name for name in ASSUMED if assumed is not None and getattr(assumed, name) != getattr(usual, name)]
    if names:
        raise click.UsageError(f"{_flag(names[0])} doesn't go with --pilot, which tells it")


def _fraction(text: str, option: str) -> float:
    """Read a number: 0.25, 25%, or 1/4."""
    over, slash, under = text.partition("/")
    if not slash:
        return parse_margin(text, option)
    below = parse_margin(under, option)
    if not below:
        raise click.BadParameter(f"{text!r} divides by 0", param_hint=option)
    return parse_margin(over, option) / below


def _prices(item: float | None, attempt: float | None) -> Any:
    import howsure

    if item is None and attempt is None:
        return None
    if attempt is None:
        raise click.UsageError("--cost-item needs --cost-attempt as well")
    return howsure.Prices(item=item or 0.0, attempt=attempt)


def _failure_plan(below: float, given: dict[str, Any]) -> Any:
    """Plan safety runs; options that are about comparisons are refused."""
    import howsure

    _refuse_others(given, ("level", "rate", "cluster_size", "icc", "observed"), "--failures-below")
    size, observed = given["cluster_size"], given["observed"]
    if size is not None and size != int(size):
        raise click.BadParameter("is a whole number with --failures-below", param_hint="--cluster-size")
    return howsure.plan_failures(
        below,
        level=given["level"],
        observed=None if observed is None else _observed(observed),
        rate=None if given["rate"] is None else _fraction(given["rate"], "--rate"),
        cluster_size=1 if size is None else int(size),
        icc=given["icc"],
    )


def _observed(text: str) -> tuple[int, int]:
    failures, _, runs = text.partition("/")
    try:
        return int(failures), int(runs)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not failures and runs: write 2/500", param_hint="--observed") from None
