"""howsure annotate: write the estimate into an Inspect log, next to Inspect's own metrics."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.options import GroupedCommand, takes
from howsure.commands.streams import tell


@click.command(cls=GroupedCommand)
@click.argument("log", metavar="LOG")
@click.option("--output", "-o", metavar="FILE", help="Write another log and leave this one as it is.")
@click.option("--cluster", metavar="COLUMN", help="Cluster by a key of the samples' metadata.")
@takes("annotate", "level", "interval")
def annotate(log: str, **given: Any) -> None:
    """Write the estimate into an Inspect log, next to its own metrics.

    The metrics are howsure_se, howsure_low and howsure_high. Needs Inspect (inspect_ai). The samples are not
    touched.
    """
    from howsure.errors import OptionError

    try:
        from howsure.integrations.inspect import annotate as write
    except ImportError:
        raise OptionError("annotate needs Inspect", remedy="pip install inspect_ai") from None
    tell(f"Estimate written to {write(log, **given)}.")
