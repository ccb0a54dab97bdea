"""The command line: the group, and howsure's errors in one line. A command is made from its verb's signature
(verbs.py), or has its own file.
"""

from __future__ import annotations

import atexit
import gc
import os
import shlex
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from howsure import __version__
from howsure.commands import exits, streams

if TYPE_CHECKING:
    from collections.abc import Mapping

gc.set_threshold(
    200_000, 50, 50
)  # a command runs for a second, and garbage collection would take a tenth of it
atexit.register(gc.freeze)  # its remains needn't be collected at the end either
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its products are small: two threads were slower than one
# Polars holds fewer rows at a time, and returns memory after a third of a second instead of ten.
os.environ.setdefault("POLARS_IDEAL_MORSEL_SIZE", "20000")
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:300,muzzy_decay_ms:0")


GROUPS: Mapping[str, Mapping[str, str]] = {
    "Look at results": {
        "describe": "Describe the files' contents, and what was left out and why.",
        "runs": "List every run, and which of them are used.",
        "estimate": "Estimate each model's score on each task, with an error bar.",
        "noise": "Split the error bars into their sources (variance components).",
        "questions": "List flaky and useless questions, or show one with its answers.",
        "history": "Find significant changes in runs of one system over time.",
        "trend": "Follow the checkpoints of training runs.",
        "guide": "Read nine short chapters on error bars and comparisons.",
    },
    "Compare models": {
        "compare": "Compare two models, or all models with one.",
        "leaderboard": "Rank all models: scores, error bars, rank intervals, groups.",
        "frontier": "Find the models that could be on the cost–score frontier.",
        "curve": "Follow scores over attempts, cost or the size of models.",
        "horizon": "Find how difficult the questions are that a model can manage.",
        "arena": "Rank models by pairwise votes, or compare two of them (-a, -b).",
        "agree": "Measure how far raters, judges and repeats agree.",
        "bias": "Test a judge for bias: position, length, its own family.",
        "judge": "Correct a judge's rate with human labels of some answers.",
        "audit": "Check which differences between published scores could be noise.",
    },
    "Plan an evaluation": {
        "plan": "Plan how many questions a comparison needs.",
        "calibrate": "Show how often each method's intervals covered the truth.",
    },
    "Gate a release": {
        "gate": "Decide whether a candidate passes: pass, fail or can't tell.",
        "baseline": "Save results as a small file to compare with (saved:NAME).",
        "verify": "Check that files and verdict of a gate's statement are unchanged.",
    },
    "Follow a run": {
        "watch": "Follow a run in progress, and stop it when it is decided.",
        "view": "Serve the report on this machine, and update it with the folder.",
    },
    "Write files": {
        "report": "Make one report of everything: ranks, pairs, noise, questions.",
        "plot": "Draw an answer into a PDF, SVG, PNG or Vega-Lite file.",
        "convert": "Convert any log into one tidy table, percent as fractions.",
        "annotate": "Write the estimate into an Inspect log, next to its own metrics.",
    },
    "Connect": {"mcp": "Serve the commands to agents, over the Model Context Protocol."},
}
"""Users' goals, the commands for each and their descriptions, in the order of help. A command's file is
imported when it runs.
"""

SUMMARIES = {name: summary for commands in GROUPS.values() for name, summary in commands.items()}
NAMES = tuple(SUMMARIES)


ANSWER = "answer"
"""The command that runs if none is named."""


def _with_command(args: list[str]) -> list[str]:
    """Return the typed words, with the command `answer` if a path is in place of a command."""
    place = 0
    while place < len(args) and args[place].partition("=")[0] in ("--no-config", "--config"):
        place += 2 if args[place] == "--config" else 1
    first = args[place] if place < len(args) else ""
    own = ("-h", "--help", "--help-all", "--version")
    if not first or first in NAMES or first in own:
        return args
    words = args[place:] if first.startswith("-") else [first]
    if not set(words) & set(NAMES) and any(map(_is_data, words)):
        return [*args[:place], ANSWER, *args[place:]]
    return args


def _is_data(word: str) -> bool:
    """Return whether a word is an address, a path that exists, or a count."""
    from howsure.checks import COUNT

    if "://" in word:
        return True
    try:
        return bool(word) and (Path(word).exists() or COUNT.fullmatch(word) is not None)
    except (OSError, ValueError):  # not a valid file name
        return False


class Commands(click.Group):
    """The group of all commands. Its help is ordered by goals, its errors end as described in `exits`."""

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command line, and handle errors of its output."""
        with exits.unless_interrupted():
            streams.prepare()
        return super().main(*args, **more)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        """Read the group's own options."""
        args[:] = _with_command(args)
        words = list(args)
        try:
            with exits.unless_interrupted():
                return super().make_context(info_name, args, *more, **extra)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            streams.aside(error.show)
            _put_error(None, words, None, error, exits.BROKEN)
            raise click.exceptions.Exit(exits.BROKEN) from None
        except OSError as error:  # the help, into a full disk
            code = exits.output_lost(error)
            if code is None:
                raise
            raise click.exceptions.Exit(code) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        # the command is named in a private place before it is invoked
        name, *words = [*ctx._protected_args, *ctx.args] or [""]  # noqa: SLF001
        with exits.unless_interrupted():
            command = self.get_command(ctx, name)
        error_code = int(getattr(command, "error_code", 0))
        return exits.run(
            lambda: super(Commands, self).invoke(ctx),
            ctx,
            error_code,
            partial(_put_error, command, words, ctx),
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a user meets them."""
        del ctx
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command. Its file is imported now, to keep the start fast."""
        del ctx
        if cmd_name in NAMES or cmd_name == ANSWER:
            return load(cmd_name)
        return foreign(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command. Any other word is an error that names the intended command."""
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            from howsure.commands.places import looks_like_path
            from howsure.commands.words import command_for

            if looks_like_path(word):
                raise click.UsageError(f"{word}: no such file or folder", ctx)
            if meaning := command_for(word):
                paths = [other for other in args[1:] if _is_data(other)]
                behind = f" {shlex.join(paths)}" if paths and ";" not in meaning else ""
                raise click.UsageError(f"no command {word!r}; {meaning}{behind}", ctx)
            raise click.UsageError(f"{word!r} is neither a command nor a file or folder that is here", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command's first sentence, in groups."""
        del ctx
        width = max(map(len, NAMES))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), summary) for name, summary in commands.items()])


def _put_error(
    command: click.Command | None,
    words: list[str],
    ctx: click.Context | None,
    error: BaseException,
    exit_code: int,
) -> None:
    """Write an error as JSON if the answer would have been JSON."""
    from howsure.commands import json_errors

    json_errors.put_error(
        json_errors.as_data(error, exit_code), json_errors.channel(command, words, ctx), ctx
    )


@cache
def load(name: str) -> click.Command:
    """Return the command of a name, made from its verb's signature or from the file of that name."""
    from howsure.commands.verbs import SERVED, command_of

    if name in SERVED:
        return command_of(name, SUMMARIES[name])
    command: click.Command = getattr(import_module(f"howsure.commands.{name}"), name)
    return command


def foreign(name: str) -> click.Command | None:
    """Return a command of another package, defined in the entry point group `howsure.commands`."""
    from importlib.metadata import entry_points

    for entry in entry_points(group="howsure.commands", name=name):
        try:
            command: click.Command = entry.load()
        except Exception as error:  # noqa: BLE001 - whatever a foreign module raises
            raise click.UsageError(f"{name!r} ({entry.value}) can't be loaded: {error}") from None
        return command
    return None


def every() -> dict[str, click.Command]:
    """Return all commands by their names."""
    return {name: load(name) for name in NAMES}


def _here() -> Path:
    """Return the working directory. A usage error if it has been deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise click.UsageError(
            "the folder that you are in was deleted: change into one that exists (`cd`), and start again."
        ) from None


@click.group(
    cls=Commands,
    subcommand_metavar="PATH... | COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="howsure %(version)s")
@click.option(
    "--config", metavar="FILE", help="Take options from this file.  [default: howsure.toml, pyproject.toml]"
)
@click.option("--no-config", is_flag=True, help="Take options from the command line alone.")
@click.pass_context
def main(ctx: click.Context, config: str | None, no_config: bool) -> None:
    """How sure can you be of an LLM evaluation result?

    `howsure PATH` reads what an eval harness wrote (a file, a folder, a table) and answers what the data ask
    for: Inspect, lm-eval, HELM, SWE-bench, tau-bench, promptfoo, evalplus, LiveCodeBench, alpaca_eval,
    terminal-bench, Every Eval Ever, CSV, JSON, Parquet …
    """
    here = _here()
    if no_config:
        return
    from howsure.commands import configuration

    found = configuration.load(config) if config else configuration.find(here)
    if found is None:
        return
    # the format first: if the rest fails, a program reads the error in it
    ctx.default_map = configuration.formats(found, NAMES)
    ctx.default_map = configuration.defaults(found, every())
    if ctx.default_map.get(ctx.invoked_subcommand or ""):
        streams.tell(f"howsure: options from {found.name}")


if __name__ == "__main__":
    main()
