"""Commands that only call a verb. Their options come from its signature, in its order."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import click

from howsure.commands.base import (
    PROSE,
    columns_and_rows,
    read,
    read_runs,
    read_sides,
    split,
    write,
    write_card,
    write_records,
)
from howsure.commands.options import (
    CARD_OPTION,
    DESIGN,
    READING,
    GroupedCommand,
    Paths,
    VerdictCommand,
    flag_of,
    made,
    refuse_points,
    type_of,
)
from howsure.commands.signatures import signature_of
from howsure.options import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.base import Answer

PAIRS = ("pairs", "pair_records", "Write every pair instead of every model (csv and json).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The command line's description of a verb.

    Attributes:
        more: Its help after the first sentence.
        data: The kind of its data: files that readers know, models (which may be paths themselves), runs (one
            per path), a table that the verb reads itself, or none.
        arguments: Its positional options.
        rows: A flag, the answer's method whose rows it writes in place of the answer, and its help.
        plot: The chart for `--plot`, if it has one.
        prose: Whether it can explain itself, and has a methods paragraph.
        has_verdict: Whether its exit codes are verdicts.
        card: Whether it draws a card.
        shares: Its sizes that are shares for any data, so that they accept points and percent.
    """

    more: str = ""
    data: Literal["files", "sides", "runs", "table", "nothing"] = "files"
    arguments: tuple[str, ...] = ()
    rows: tuple[str, str, str] | None = None
    plot: str = ""
    prose: bool = False
    has_verdict: bool = False
    card: bool = False
    shares: tuple[str, ...] = ()


SERVED: Mapping[str, Served] = {
    "runs": Served(more="Columns: date, task, model, questions, score, commit, tags, limit."),
    "estimate": Served(prose=True),
    "noise": Served(
        more=(
            "Between questions, within questions (random answers), and the gain from more attempts or "
            "questions."
        ),
        data="sides",
        rows=PAIRS,
        plot="Draw the SE over attempts and questions (.pdf, .svg, .png, .json).",
    ),
    "history": Served(
        more=("Each file or subfolder of a folder is one run, in order of the dates in their logs or names."),
        data="runs",
    ),
    "trend": Served(more="Also which tasks distinguish runs."),
    "leaderboard": Served(rows=PAIRS, prose=True),
    "frontier": Served(
        card=True,
        more=(
            "For example --usage usd, seconds or tokens_out: a model is on the frontier unless "
            "another scores "
            "significantly higher and costs no more. A published leaderboard works too (model, "
            "score, n, usd or "
            "total_cost)."
        ),
    ),
    "curve": Served(
        more=(
            "pass@k and pass^k for every k, the score within a budget (--over usd), or a line through models "
            "(--over params)."
        )
    ),
    "horizon": Served(
        more=("For example --difficulty human_minutes. With --release-dates also how fast horizons double.")
    ),
    "agree": Served(
        more="Observed and beyond chance, from a table with one row per rating or one column per rater.",
        data="table",
        rows=(
            "confusion",
            "confusion_records",
            "Write the confusion table of each two raters (csv and json).",
        ),
    ),
    "bias": Served(more=("From a table with one row per choice between two answers."), data="table"),
    "judge": Served(
        more=(
            "From a table with one row per answer: the judge's verdict, and a label for some. -a and -b "
            "compare two models. With --at-least or --margin the exit code is 0 for pass, 1 for fail, 2 for "
            "can't tell and 3 for an error."
        ),
        data="table",
        has_verdict=True,
        shares=("margin",),
    ),
    "audit": Served(more="Needs only model, score and number of questions."),
    "plan_failures": Served(
        more=(
            "With no failure, and with a few. --observed shows what the runs so far prove, and how many more "
            "are needed."
        ),
        data="nothing",
        arguments=("below",),
    ),
    "plan_labels": Served(
        more=(
            "From a table of verdicts as judge reads it. --queue writes the answers to label "
            "first. -a and -b "
            "plan the difference of two models."
        ),
        data="table",
    ),
    "calibrate": Served(
        more="The simulation results of this release: the coverage of 95% intervals in "
        "scenarios with known parameters.",
        data="nothing",
    ),
}
"""The verbs whose commands only call the verb."""


def command_of(verb: str, summary: str, *, name: str = "") -> click.Command:
    """Return the command of a verb. Its name is the verb's unless it has another."""
    served = SERVED[verb]
    params: list[click.Parameter] = []
    if served.data != "nothing":
        sided = served.data == "sides"
        shown = "[PATH...]" if sided else "PATH..."
        params.append(Paths(["paths"], nargs=-1, required=not sided, metavar=shown))
    for argument in served.arguments:
        option = table.option(argument, verb)
        shown = option.metavar or argument.upper()
        params.append(click.Argument([argument], type=type_of(option.kind), metavar=shown))
    params += [made(table.option(each, verb).verb, each) for each in options_of(verb)]
    if served.rows:
        flag, _, help = served.rows
        params.append(click.Option([f"--{flag}"], is_flag=True, help=help))
    if served.plot:
        params.append(click.Option(["--plot"], metavar="FILE", help=served.plot))
    if served.card:
        params.append(CARD_OPTION)
    output = ("details", *(("explain", "methods_paragraph") if served.prose else ()))
    params += [made("", each) for each in (*output, "format", "output")]
    kind = VerdictCommand if served.has_verdict else GroupedCommand
    help = f"{summary}\n\n{served.more}".strip()
    return kind(name or verb, params=params, help=help, callback=partial(_run, verb, served))


def options_of(verb: str, *, without: Sequence[str] = ()) -> list[str]:
    """Return the options of a verb, including those of its Design and of reading files if it has them."""
    signature = signature_of(verb)
    names = list(signature.own)
    served = SERVED.get(verb, Served())
    if served.data not in ("table", "nothing"):
        names += READING
    if signature.shared:
        names += [name for name in DESIGN if name not in signature.refused]
    return [name for name in dict.fromkeys(names) if name not in (*served.arguments, *without)]


def ask(verb: str, paths: tuple[str, ...], given: dict[str, Any]) -> Any:
    """Read the paths, and call the verb with the options."""
    import howsure
    from howsure.present.files import refuse_overwriting

    call = getattr(howsure, verb)
    data = SERVED[verb].data
    if data == "nothing":
        return call(**given)
    if data == "table":
        refuse_overwriting(given.get("queue"), list(paths))
        return call(list(paths), **(given | columns_and_rows(given)))
    if data == "sides":
        return call(read_sides(paths, given, "a", "b"), **given)
    return call((read_runs if data == "runs" else read)(paths, given), **given)


def _run(verb: str, served: Served, paths: tuple[str, ...] = (), **given: Any) -> None:
    """Call the verb, and write its answer, or single rows of it."""
    rows = served.rows if served.rows and given.pop(served.rows[0]) else None
    plot, card = given.pop("plot", None), given.pop("card", None)
    rest, shown = split(paths, given)
    prose = next((name for name in PROSE if shown.get(name)), None)
    if rows and prose:
        raise click.UsageError(f"{flag_of(prose)} adds prose, and --{rows[0]} writes data: leave one out")
    refuse_points({name: rest[name] for name in served.shares}, percent=True)
    answer: Answer = ask(verb, paths, rest)
    if plot is not None:
        from howsure.present.files import write_chart

        write_chart(answer.chart(), plot)  # type: ignore[attr-defined]  # what has --plot is drawn
    if card is not None:
        write_card(answer, card, paths)
    if rows:
        write_records(getattr(answer, rows[1])(), shown["format"], shown["output"])
    else:
        write(answer, **shown)
    if served.has_verdict:
        sys.exit(answer.exit_code)  # type: ignore[attr-defined]  # an answer with a verdict has it
