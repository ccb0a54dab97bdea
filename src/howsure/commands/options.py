"""The options that several commands share, and their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Command = Callable[..., None]

INTERVALS = ("blend", "wilson", "t", "clopper-pearson", "jeffreys", "bootstrap", "bayes")
METHODS = ("pseudo-items", "t", "sign-flip", "mcnemar", "bootstrap", "bayes")
VARIANCES = ("CR2", "CR1", "miller")
ADJUSTMENTS = ("max-t", "holm", "bh", "none")
FAILURES = ("harness", "drop", "zero", "error")
POPULATIONS = ("questions", "benchmark")
WORLDS = ("small", "standard", "stress")
FORMATS = ("terminal", "markdown", "csv", "json", "latex", "html")


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Join several option decorators into one."""

    def apply(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return apply


class Paths(click.Argument):
    """Paths that a configuration may give where the command line gives none."""

    def consume_value(self, ctx: click.Context, opts: Any) -> Any:
        """Return the paths and where they come from."""
        value, source = super().consume_value(ctx, opts)
        configured = ctx.lookup_default(str(self.name)) if not isinstance(value, (tuple, list)) or not value else None
        return (configured, ParameterSource.DEFAULT_MAP) if configured else (value, source)


paths = click.argument("paths", cls=Paths, nargs=-1, required=True, metavar="PATH...")
output = options(
    click.option("--format", "-f", type=click.Choice(FORMATS), help="How to write the answer.  [default: terminal]"),
    click.option("--output", "-o", metavar="FILE", help="Write to a file; its suffix chooses the format."),
)
explain = click.option("--explain", is_flag=True, help="Say it in plain words as well.")
reading = options(
    click.option("--columns", "-c", multiple=True, metavar="ROLE=COLUMN", help="Name a table's column; A+B joins two."),
    click.option("--where", "-w", multiple=True, metavar="COLUMN=VALUE", help="Keep only rows with this value."),
    click.option("--reader", metavar="NAME", help="Force a format instead of recognising it."),
    click.option("--strict", is_flag=True, help="Stop at the first file that can't be read."),
)
choosing = options(
    click.option("--task", "-t", multiple=True, metavar="NAME", help="Only this task (again for more)."),
    click.option("--metric", "-m", multiple=True, metavar="NAME", help="Only this metric (again for more)."),
)


def design_options(side_table: str = "--items") -> Callable[[Command], Command]:
    """Return the options of a Design; `side_table`: how the option of the table with one row an item is called."""
    return options(
        choosing,
        click.option(
            "--cluster", multiple=True, metavar="COLUMN", help="Cluster by a column; 'none' ignores a declared one."
        ),
        click.option("--cluster-from", metavar="REGEX", help="Cluster by the first group of a pattern in the item id."),
        click.option(
            side_table, "items", metavar="FILE", help="A table with one row an item: clusters, weights, covariates."
        ),
        click.option("--weight", metavar="COLUMN", help="Weight items by a column."),
        click.option(
            "--failures",
            type=click.Choice(FAILURES),
            default="harness",
            show_default=True,
            help="Count failed attempts as.",
        ),
        click.option("--lower-is-better/--higher-is-better", default=None, help="Overrule what the harness says."),
        click.option(
            "--score",
            default="mean",
            show_default=True,
            metavar="RULE",
            help="What attempts make: mean, pass@K, pass^K, majority@K, best-of-K, consistency, prob.",
        ),
        click.option(
            "--average-last", type=click.IntRange(1), metavar="N", help="Average the last N checkpoints of a run."
        ),
        click.option(
            "--step-from", metavar="REGEX", help="Tell run and step from model names: (?P<run>…)-(?P<step>…)."
        ),
    )


design = design_options()
population = click.option(
    "--population",
    type=click.Choice(POPULATIONS),
    default="questions",
    show_default=True,
    help="Had other questions been drawn, or exactly these.",
)
covariate = click.option(
    "--covariate",
    multiple=True,
    metavar="COLUMN|model:NAME",
    help="Adjust by what is known of more items than were answered.",
)
statistics = options(
    click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level."),
    click.option(
        "--variance", type=click.Choice(VARIANCES), default="CR2", show_default=True, help="Variance estimator."
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="For methods that draw."),
)
interval = click.option("--interval", type=click.Choice(INTERVALS), help="How the interval of a score is made.")
method = click.option("--method", type=click.Choice(METHODS), help="How a difference is tested.")
adjust = click.option(
    "--adjust", type=click.Choice(ADJUSTMENTS), default="max-t", show_default=True, help="Correct for many pairs."
)
overall = click.option("--overall", multiple=True, metavar="mean|pooled|TASK=WEIGHT", help="How tasks make one score.")
models = click.option("--model", multiple=True, metavar="NAME", help="Only this model or …/NAME (again for more).")
top = click.option("--top", type=click.IntRange(1), metavar="N", help="Show only the N best.")


criteria = options(
    click.option(
        "--not-worse-than", metavar="SIZE", help="Ask that it is not worse than the baseline by more: 1pp or 0.01."
    ),
    click.option("--better", is_flag=True, help="Ask that it is better than the baseline."),
    click.option("--same-within", metavar="SIZE", help="Ask that it is the same as the baseline within this: 2pp."),
)


def parse_criteria(given: dict[str, Any]) -> dict[str, Any]:
    """Take the criteria of a gate out of the options, sizes and scores as numbers."""
    found: dict[str, Any] = {"better": given.pop("better")}
    for name in ("not_worse_than", "same_within", "at_least", "at_most"):
        text = given.pop(name, None)
        found[name] = None if text is None else parse_margin(text, f"--{name.replace('_', '-')}")
    return {name: value for name, value in found.items() if value is not None}


def name_pairs(option: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Read NAME=VALUE, again and again."""
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


def parse_overall(texts: tuple[str, ...]) -> Any:
    """Read how tasks make one score: a word, or weights."""
    if not texts:
        return "mean"
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    try:
        return {task: float(weight) for task, weight in name_pairs("--overall", texts)}
    except ValueError:
        raise click.BadParameter("a weight is a number: TASK=2", param_hint="--overall") from None


def parse_margin(text: str, option: str = "--margin") -> float:
    """Read a margin: `1pp` and `1%` are 0.01, a bare number is in score units."""
    stripped = text.strip().lower()
    unit = next((unit for unit in ("pp", "%") if stripped.endswith(unit)), "")
    try:
        return float(stripped.removesuffix(unit)) / (100 if unit else 1)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no number: write 1pp or 0.01", param_hint=option) from None


def refuse_points(given: dict[str, Any], *, percent: bool) -> None:
    """Raise a usage error where a size was written in points or percent, and the scores are not in [0, 1]."""
    for name, text in given.items():
        if not percent and isinstance(text, str) and text.strip().endswith(("pp", "%")):
            raise click.UsageError(
                f"--{name.replace('_', '-')} {text}: points and percent are for scores in [0, 1], and these are on another "
                "scale. Write the size in their own units, or choose tasks with --task."
            )
