"""The command line: the group, and howsure's errors in one line. Each command is a file in commands/."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import click

from howsure import __version__
from howsure.commands import exits
from howsure.commands.aa import aa
from howsure.commands.allocate import allocate
from howsure.commands.annotate import annotate
from howsure.commands.audit import audit
from howsure.commands.calibrate import calibrate
from howsure.commands.compare import compare
from howsure.commands.convert import convert
from howsure.commands.describe import describe
from howsure.commands.estimate import estimate
from howsure.commands.gate import gate
from howsure.commands.guide import guide
from howsure.commands.health import health
from howsure.commands.leaderboard import leaderboard
from howsure.commands.noise import noise
from howsure.commands.plan import plan
from howsure.commands.plot import plot
from howsure.commands.report import report
from howsure.commands.trend import trend
from howsure.commands.view import view
from howsure.commands.watch import watch

gc.set_threshold(200_000, 50, 50)  # a command lives for a second, and collecting would take a tenth of it
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # its products are small: two threads were seen to be slower than one


GROUPS: tuple[tuple[str, tuple[click.Command, ...]], ...] = (
    ("Look at results", (describe, estimate, noise, health, trend, guide)),
    ("Compare models", (compare, leaderboard, audit)),
    ("Plan an evaluation", (plan, allocate, calibrate)),
    ("Gate a release", (gate, aa)),
    ("Follow a run", (watch, view)),
    ("Write files", (report, plot, convert, annotate)),
)
"""What one may want, and the commands for it, in the order in which help shows them."""


class Commands(click.Group):
    """The group of all commands: its help goes by what one wants, its errors end as `exits` says."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the group's own options."""
        try:
            return super().make_context(*args, **more)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            error.show()
            raise click.exceptions.Exit(exits.BROKEN) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        return exits.run(lambda: super(Commands, self).invoke(ctx), ctx, self._error_code(ctx))

    def _error_code(self, ctx: click.Context) -> int:
        """Return the exit code that the command keeps for errors, 0 where it has none of its own."""
        words = [*ctx._protected_args, *ctx.args]  # noqa: SLF001 - the command is named there before it is invoked
        return int(getattr(self.commands.get(words[0] if words else ""), "error_code", 0))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a user meets them."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command's first sentence, in groups."""
        del ctx
        width = max(map(len, self.commands))
        for title, commands in GROUPS:
            with formatter.section(title):
                formatter.write_dl([(str(each.name).ljust(width), summary(each)) for each in commands])


def summary(command: click.Command) -> str:
    """Return the first sentence of a command's help."""
    return (command.help or "").split("\n\n")[0].replace("\n", " ")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="howsure %(version)s")
@click.option("--config", metavar="FILE", help="Take options from this file.  [default: howsure.toml, pyproject.toml]")
@click.option("--no-config", is_flag=True, help="Take options from the command line alone.")
@click.pass_context
def main(ctx: click.Context, config: str | None, no_config: bool) -> None:
    """How sure can you be of an LLM evaluation result?

    Point howsure at what an eval harness wrote (a file, a folder, a table): Inspect, lm-eval, HELM, SWE-bench,
    tau-bench, promptfoo, evalplus, LiveCodeBench, alpaca_eval, terminal-bench, Every Eval Ever, CSV, JSON, Parquet …
    """
    if no_config:
        return
    from howsure.commands import configuration

    found = configuration.load(config) if config else configuration.find(Path.cwd())
    if found is None:
        return
    ctx.default_map = configuration.defaults(found, main.commands)
    if ctx.default_map.get(ctx.invoked_subcommand or ""):
        exits.tell(f"howsure: options from {found.name}")


for _, members in GROUPS:
    for command in members:
        main.add_command(command)


if __name__ == "__main__":
    main()
