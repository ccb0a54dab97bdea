"""A hook for Inspect that prints the estimate of every task that ends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from inspect_ai.hooks import Hooks, TaskEnd, hooks

from howsure.errors import HowsureError
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

PRINT = "HOWSURE_PRINT"


@hooks(name="estimate", description="Prints howsure's estimate at the end of a task (HOWSURE_PRINT=1).")
class PrintEstimate(Hooks):
    """Print the estimate of every task that ends, to standard error; on where HOWSURE_PRINT is set and not
    0.
    """

    def enabled(self) -> bool:
        """Say whether it was asked for."""
        return os.environ.get(PRINT, "0") not in ("", "0")

    async def on_task_end(self, data: TaskEnd) -> None:
        """Print; whatever goes wrong is told and nothing else."""
        try:
            sys.stderr.write(f"\n{_told(data.log)}\n")
        except HowsureError as error:
            sys.stderr.write(f"\nhowsure: {visible(str(error))}\n")


def _told(log: EvalLog) -> str:
    import howsure

    return str(howsure.estimate(log.location))
