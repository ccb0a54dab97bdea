"""The command line: the group, and howsure's errors in one line. Each command is a file in commands/."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Any

import click

from howsure import __version__
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


UNKNOWN = 3
"""What a mistake before the command exits with: 2 would be the verdict "can't tell" of a gate that was mistyped."""


class Commands(click.Group):
    """A group that turns howsure's errors into one line on standard error and exit code 1, or the command's own."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the group's own options."""
        try:
            return super().make_context(*args, **more)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            error.show()
            raise click.exceptions.Exit(UNKNOWN) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from howsure.errors import HowsureError

        try:
            return super().invoke(ctx)
        except HowsureError as error:
            from howsure.present.render.visible import visible

            click.echo(f"howsure: {visible(str(error))}", err=True)
            ctx.exit(self._error_code(ctx) or 1)
        except click.ClickException as error:
            code = self._error_code(ctx) if ctx.invoked_subcommand else UNKNOWN
            if not code:
                raise
            error.show()
            ctx.exit(code)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(self._error_code(ctx) or 0)
        except Exception as error:
            if isinstance(error, (click.exceptions.Exit, click.Abort)) or not self._error_code(ctx):
                raise
            from traceback import print_exc

            print_exc()  # a bug must not look like a verdict
            ctx.exit(self._error_code(ctx))

    def _error_code(self, ctx: click.Context) -> int:
        """Return the exit code that the command keeps for errors, 0 where it has none of its own."""
        command = self.commands.get(ctx.invoked_subcommand or "")
        return int(getattr(command, "error_code", 0))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a user meets them."""
        del ctx
        return list(self.commands)


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
        from howsure.present.render.visible import visible

        click.echo(f"howsure: options from {visible(found.name)}", err=True)


for command in (
    leaderboard,
    compare,
    plot,
    gate,
    aa,
    estimate,
    noise,
    allocate,
    plan,
    health,
    report,
    view,
    trend,
    watch,
    audit,
    convert,
    annotate,
    describe,
    guide,
    calibrate,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
