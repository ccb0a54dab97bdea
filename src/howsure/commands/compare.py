"""howsure compare: whether A is better than B, or which models are better than one. The verdict comes
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read_against, read_sides, read_two_paths, split, write, write_card
from howsure.commands.options import (
    CARD,
    OUTPUT,
    GroupedCommand,
    flag_of,
    refuse_points,
    refuse_task_points,
    sided_paths,
    takes,
    typed,
)
from howsure.commands.places import with_names
from howsure.commands.verbs import options_of

if TYPE_CHECKING:
    from howsure.answers.against import Against
    from howsure.answers.compare import Comparison

_OF_MANY, _OF_PAIR = options_of("against"), options_of("compare")
OF_TWO = tuple(name for name in _OF_PAIR if name not in _OF_MANY)
"""Options of a comparison of two models, which don't apply to many."""
IDLE = (None, False, ())
"""Their values if they aren't used."""


@click.command(cls=GroupedCommand)
@sided_paths
@takes("compare", "a", "b", needed=False)
@takes("against", "against", needed=False)
@takes("against", "model")
@takes("compare", *(name for name in _OF_PAIR if name not in ("a", "b", "model", "adjust")))
@takes("against", "adjust")
@CARD
@takes("compare", "explain", "methods_paragraph", *OUTPUT)
def compare(paths: tuple[str, ...], card: str | None, **given: Any) -> None:
    """Compare two models, or all models with one.

    Models are compared on the questions that both answered. -a and -b name two models. --against names one
    that every other is compared with, corrected for their number.
    """
    rest, shown = split(paths, given)
    answer = ask(paths, rest)
    if card is not None:
        write_card(answer, card, paths)
    write(answer, **shown)


def ask(paths: tuple[str, ...], given: dict[str, Any]) -> Comparison | Against:
    """Read the paths and compare two models, or all with one, with the options."""
    import howsure
    from howsure.verbs.sides import two_models

    if _against(given):
        return howsure.against(read_against(paths, given), **given)
    paths = with_names(paths, given, "a", "b")
    alone = given["published"] is not None
    two = None if alone or given["a"] is not None else read_two_paths(paths, given)
    scores, names = two or (read_sides(paths, given, "a", "b"), None)
    if given["a"] is None and not alone:
        given |= dict(
            zip("ab", (f"model:{name}" for name in names or two_models(scores, paths)), strict=True)
        )
    answer = howsure.compare(scores, **given)
    pairs = answer.comparisons
    refuse_points({"margin": given["margin"]}, percent=all(pair.percent for pair in pairs))
    refuse_task_points(given.get("tasks"), [(pair.task, pair.percent) for pair in pairs])
    return answer


def _against(given: dict[str, Any]) -> bool:
    """Return whether all are compared with one, and keep only the options of that, or of two. The command
    line overrules a configuration.
    """
    two = [name for name in ("a", "b") if given[name] is not None]
    if given["against"] is not None and two and any(typed(name) for name in two) and not typed("against"):
        given["against"] = None
    if given["against"] is None:
        # Keep only the options of a comparison of two, and raise an error for what it lacks.
        del given["against"]
        lacking = [name for name in ("a", "b") if given[name] is None]
        if len(lacking) == 1 and given["published"] is None:
            found = next(
                param for param in click.get_current_context().command.params if param.name == lacking[0]
            )
            raise click.MissingParameter(
                param=found, message="Or name the one that all others are compared with: --against."
            )
        if given.pop("model") is not None:
            raise click.UsageError("--model is for --against: -a and -b name the models")
        if given["adjust"] == "dunnett":
            raise click.UsageError("--adjust dunnett is for --against: two models take holm, bh or none")
        return False
    wrong = [name for name in OF_TWO if given[name] not in IDLE and (typed(name) or not typed("against"))]
    if wrong:
        flags = ", ".join(map(flag_of, wrong))
        if "by" in wrong:
            raise click.UsageError(
                f"--by makes slices of two models: -a MODEL -b {given['against']} --by …. For all models: "
                "howsure leaderboard PATH --by …"
            )
        raise click.UsageError(
            f"--against compares every other model with one, and {flags} is for two. Leave one out"
        )
    for name in OF_TWO:
        del given[name]
    return True
