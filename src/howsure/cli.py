"""The command line: the group, and howsure's errors in one line. Each command is a file in commands/."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import click

from howsure import __version__
from howsure.commands.audit import audit
from howsure.commands.calibrate import calibrate
from howsure.commands.compare import compare
from howsure.commands.convert import convert
from howsure.commands.describe import describe
from howsure.commands.estimate import estimate
from howsure.commands.health import health
from howsure.commands.leaderboard import leaderboard
from howsure.commands.noise import noise
from howsure.commands.trend import trend

gc.set_threshold(200_000, 50, 50)  # a command lives for a second, and collecting would take a tenth of it
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # its products are small: two threads were seen to be slower than one


class Commands(click.Group):
    """A group that turns howsure's errors into one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from howsure.errors import HowsureError

        try:
            return super().invoke(ctx)
        except HowsureError as error:
            from howsure.render.visible import visible

            click.echo(f"howsure: {visible(str(error))}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a user meets them."""
        del ctx
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="howsure %(version)s")
def main() -> None:
    """How sure can you be of an LLM evaluation result?

    Point howsure at what an eval harness wrote (a file, a folder, a table): Inspect, lm-eval, HELM, SWE-bench,
    tau-bench, promptfoo, evalplus, LiveCodeBench, alpaca_eval, terminal-bench, Every Eval Ever, CSV, JSON, Parquet …
    """


for command in (
    leaderboard,
    compare,
    estimate,
    noise,
    health,
    trend,
    audit,
    convert,
    describe,
    calibrate,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
