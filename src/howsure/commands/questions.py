"""howsure questions: examine all questions, or show one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read, split, write, write_records
from howsure.commands.options import OUTPUT, GroupedCommand, Paths, flag_of, takes, typed
from howsure.commands.places import is_name
from howsure.commands.verbs import options_of

if TYPE_CHECKING:
    from howsure.answers.question import OneQuestion
    from howsure.answers.questions import Questions

OF_ALL = tuple(name for name in options_of("questions") if name not in options_of("question"))
"""Options that don't apply to one question."""


@click.command(cls=GroupedCommand)
@click.argument("paths", cls=Paths, nargs=-1, required=True, metavar="PATH... [ID]")
@takes("questions", *options_of("questions"))
@click.option("--each", is_flag=True, help="Write every question instead of every task (csv and json).")
@takes("questions", *OUTPUT)
def questions(paths: tuple[str, ...], each: bool, **given: Any) -> None:
    """List flaky and useless questions, or show one with its answers.

    Over attempts: which are flaky, mixed, always or never solved. Over models: which distinguish them, and
    the smallest difference that would be significant. With ID, or a unique part of it: one question with its
    prompt, target, and every answer, score and stop reason.
    """
    item = paths[-1] if len(paths) > 1 and is_name(paths[-1]) else None
    rest, shown = split(paths if item is None else paths[:-1], given)
    if item is not None:
        write(ask_one(paths[:-1], item, rest), **shown)
    elif each:
        write_records(ask(paths, rest).item_records(), shown["format"], shown["output"])
    else:
        write(ask(paths, rest), **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Questions:
    """Read the results and examine their questions, with the options."""
    import howsure

    return howsure.questions(read(paths, given), **given)


def ask_one(paths: tuple[str, ...], item: str, given: dict[str, Any]) -> OneQuestion:
    """Read the results and show one question, with the options."""
    import howsure

    wrong = [name for name in (*OF_ALL, "each") if typed(name)]
    if wrong:
        flags = ", ".join(map(flag_of, wrong))
        raise click.UsageError(f"{item} is one question, and {flags} is for all of them: leave one out")
    scores = read(paths, given)
    tasks = given["task"] or (None,)
    if len(tasks) > 1:
        raise click.UsageError(f"{item} is one question: choose one --task")
    return howsure.question(scores, item, task=tasks[0], model=given["model"], metric=given["metric"])
