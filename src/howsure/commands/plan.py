"""howsure plan: say how many questions and attempts are needed before they are paid for. Serves the verbs
that plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import columns_and_rows, read, read_sides, split, write, write_records
from howsure.commands.options import (
    DESIGN,
    OUTPUT,
    READING,
    Fraction,
    GroupedCommand,
    Size,
    flag_of,
    refuse_points,
    takes,
    typed,
)
from howsure.commands.signatures import signature_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.plan import Plan

ASSUMED = (
    "question_variance",
    "answer_variance",
    "rate",
    "correlation",
    "cluster_size",
    "cluster_variation",
    "icc",
)
COSTS = ("cost_item", "cost_attempt", "cost_level")
SIZES = ("effect", "not_worse_than", "same_within")
SCORES = ("within", "at_least", "at_most")
PILOT = (*READING, *(name for name in DESIGN if name not in signature_of("plan").refused))
"""What is about the pilot's results."""
OF_SCORE = ("pilot", "a", "n_items", "attempts", "power", "level", *SCORES, *PILOT, *OUTPUT)
OF_POLICY = ("policy", "pilot", "a", "b", "power", "attempts", "n_tasks", *PILOT, *OUTPUT)
OF_LABELS = (
    "labels_for",
    "n_labels",
    "judge_right",
    "cost_label",
    "cost_judge",
    "budget",
    "queue",
    "human",
    "labels_drawn",
)
"""What is about labels alone."""
LABELLING = (*OF_LABELS, "a", "b", "within", "level", "seed", "columns", "where", *OUTPUT)
OF_FAILURES = ("failures_below", "observed", "level", "rate", "cluster_size", "icc", *OUTPUT)


@click.command(cls=GroupedCommand)
@click.option(
    "--pilot",
    multiple=True,
    metavar="PATH",
    help="Take variances and clusters from these logs (again for more).",
)
@takes(
    "plan",
    "a",
    "b",
    "effect",
    "n_items",
    "attempts",
    "n_levels",
    "power",
    "level",
    *SIZES[1:],
    "better",
    *SCORES,
)
@click.option(
    "--failures-below",
    type=Size(),
    metavar="RATE",
    help="Plan to show that failures are rarer than this: 1%.",
)
@takes("plan_policy", "policy", needed=False)
@click.option(
    "--labels-for",
    multiple=True,
    metavar="PATH",
    help="Plan the labels of these verdicts of a judge (again for more).",
)
@takes("plan_labels", *OF_LABELS[1:])
@click.option(
    "--observed", metavar="K/N", help="With --failures-below: so many failures in so many runs were seen."
)
@takes("plan", "looks", "spending")
@takes("plan", "paired", "n_models", "n_tasks", "n_clusters", "method")
@click.option("--cost-item", type=float, metavar="PRICE", help="What a question costs, once.")
@click.option(
    "--cost-attempt",
    type=float,
    metavar="PRICE",
    help="What one attempt at a question costs, all models together.",
)
@click.option(
    "--cost-level",
    type=float,
    metavar="PRICE",
    help="What a level of a random factor costs, both models together.",
)
@takes("plan", "simulate")
@click.option(
    "--question-variance",
    type=Fraction(),
    metavar="V",
    help="Assume this variance of true differences between questions.  [default: 1/9]",
)
@click.option(
    "--answer-variance",
    type=Fraction(),
    metavar="V",
    help="Assume this variance of one attempt, both models together.  [default: 1/3]",
)
@click.option(
    "--rate",
    type=Fraction(),
    metavar="RATE",
    help="Assume this score instead (70%), or this true failure rate.",
)
@click.option("--correlation", type=float, help="… and this correlation between the models.")
@click.option("--cluster-size", type=float, metavar="M", help="Assume clusters of so many questions,")
@click.option(
    "--cluster-variation", type=float, metavar="CV", help="… their sizes' standard deviation over their mean,"
)
@click.option("--icc", type=float, help="… and this intra-cluster correlation.")
@click.option("--curve", is_flag=True, help="Write the power curves (csv and json).")
@click.option("--plot", metavar="FILE", help="Draw the power curves (.pdf, .svg, .png, .json).")
@takes("plan", "seed", *PILOT, *OUTPUT)
def plan(pilot: tuple[str, ...], curve: bool, plot: str | None, **given: Any) -> None:
    """Say how many questions a comparison needs, or what they show.

    Give two of three: --effect with --power asks for questions, --n-items for the smallest difference, both
    for the power. With --within, --at-least or --at-most: the score of one model. With --failures-below: how
    many runs without a failure show that failures are rare. With --policy: the questions of each task with
    which two equal systems pass a suite's gate. With --labels-for: how many labels a judge's rate takes, and
    of which answers.
    """
    from howsure.present.files import write_chart

    rest, shown = split((*pilot, *given["labels_for"]), given)
    if rest["labels_for"] is not None:
        write(_label_plan(rest), **shown)
        return
    _refuse_labelling()
    rest = {name: value for name, value in rest.items() if name not in OF_LABELS}
    policy = rest.pop("policy")
    if policy is not None:
        write(_policy_plan(policy, pilot, rest), **shown)
        return
    if rest["failures_below"] is not None:
        write(_failure_plan(rest), **shown)
        return
    if rest["observed"] is not None:
        raise click.UsageError("--observed goes with --failures-below")
    goal = next((name for name in SCORES if rest[name] is not None), None)
    if goal is not None:
        found = _score_plan(goal, pilot, rest)
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
    import howsure

    others = ("failures_below", "observed", *SCORES, *ASSUMED, *COSTS)
    rest = {name: value for name, value in given.items() if name not in others}
    if pilot:
        _refuse_assumed()
    assumed, costs = _assumed(given), _costs(given)
    if pilot:
        answer = howsure.plan(read_sides(pilot, rest, "a", "b"), assume=assumed, costs=costs, **rest)
    else:
        answer = howsure.plan(assume=assumed, costs=costs, **_without_pilot(rest))
    refuse_points({name: given[name] for name in SIZES}, percent=all(task.percent for task in answer.tasks))
    return answer


def _without_pilot(given: dict[str, Any]) -> dict[str, Any]:
    """Leave out how files are read, and what a configuration says of results: here there are none."""
    return {
        name: value
        for name, value in given.items()
        if name not in PILOT or (name not in READING and typed(name))
    }


def _score_plan(goal: str, pilot: tuple[str, ...], given: dict[str, Any]) -> Any:
    """Plan one model's score; options that are about comparisons are refused."""
    import howsure

    _refuse_others((*OF_SCORE, *(name for name in ASSUMED if name != "correlation")), flag_of(goal))
    rest = {name: value for name, value in given.items() if name in OF_SCORE}
    if pilot:
        _refuse_assumed(but="rate")
    assumed = _assumed({**given, "rate": None, "correlation": None})
    if pilot:
        return howsure.plan_score(read(pilot, rest), assume=assumed, rate=given["rate"], **rest)
    return howsure.plan_score(assume=assumed, rate=given["rate"], **_without_pilot(rest))


def _policy_plan(policy: str, pilot: tuple[str, ...], given: dict[str, Any]) -> Any:
    """Plan a suite by its policy; options that are about one comparison are refused."""
    import howsure

    _refuse_others((*OF_POLICY, *ASSUMED), "--policy")
    rest = {name: value for name, value in given.items() if name in OF_POLICY}
    rest["n_tasks"] = rest["n_tasks"] if typed("n_tasks") else None
    if pilot:
        _refuse_assumed()
        return howsure.plan_policy(policy, read_sides(pilot, rest, "a", "b"), **rest)
    return howsure.plan_policy(policy, assume=_assumed(given), **_without_pilot(rest))


def _refuse_others(own: Sequence[str], goal: str) -> None:
    """Raise a usage error for an option that was typed and is not one of a goal's own."""
    for param in click.get_current_context().command.params:
        name = str(param.name)
        if name not in own and typed(name):
            raise click.UsageError(f"{flag_of(name)} doesn't go with {goal}")


def _assumed(given: dict[str, Any]) -> Any:
    """Return the assumptions among the options; None where none was given."""
    import howsure

    found = {name: given[name] for name in ASSUMED if given[name] is not None}
    return howsure.Assumptions(**found) if found else None


def _refuse_assumed(but: str = "") -> None:
    """Raise a usage error where something is assumed that a pilot tells."""
    for name in ASSUMED:
        if name != but and typed(name):
            raise click.UsageError(f"{flag_of(name)} doesn't go with --pilot, which tells it")


def _costs(given: dict[str, Any]) -> Any:
    import howsure

    item, attempt, level = (given[name] for name in COSTS)
    if item is None and attempt is None and level is None:
        return None
    if attempt is None:
        raise click.UsageError(f"--cost-{'level' if item is None else 'item'} needs --cost-attempt as well")
    return howsure.Costs(item=item or 0.0, attempt=attempt, level=level or 0.0)


def _failure_plan(given: dict[str, Any]) -> Any:
    """Plan safety runs; options that are about comparisons are refused."""
    import howsure

    _refuse_others(OF_FAILURES, "--failures-below")
    size, observed = given["cluster_size"], given["observed"]
    if size is not None and size != int(size):
        raise click.BadParameter("is a whole number with --failures-below", param_hint="--cluster-size")
    return howsure.plan_failures(
        given["failures_below"],
        level=given["level"],
        observed=None if observed is None else _observed(observed),
        rate=given["rate"],
        cluster_size=1 if size is None else int(size),
        icc=given["icc"],
    )


def _label_plan(given: dict[str, Any]) -> Any:
    """Plan labels; options that are about comparisons are refused."""
    import howsure
    from howsure.present.files import refuse_overwriting

    _refuse_others(LABELLING, "--labels-for")
    paths = list(given["labels_for"])
    refuse_overwriting(given["queue"], paths)
    rest = {name: given[name] for name in (*OF_LABELS[1:], "a", "b", "within", "level", "seed")}
    return howsure.plan_labels(paths, **rest, **columns_and_rows(given))


def _refuse_labelling() -> None:
    """Raise a usage error for an option that is about labels, where none are planned."""
    for name in OF_LABELS:
        if typed(name):
            raise click.UsageError(f"{flag_of(name)} goes with --labels-for")


def _observed(text: str) -> tuple[int, int]:
    failures, _, runs = text.partition("/")
    try:
        return int(failures), int(runs)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not failures and runs: write 2/500", param_hint="--observed"
        ) from None
