"""howsure annotate: write the estimate into an Inspect log, beside Inspect's own metrics."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.options import interval


@click.command()
@click.argument("log", metavar="LOG")
@click.option("--output", "-o", metavar="FILE", help="Write another log and leave this one as it is.")
@click.option("--cluster", metavar="COLUMN", help="Cluster by a key of the samples' metadata.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@interval
def annotate(log: str, **given: Any) -> None:
    """Write the estimate into an Inspect log: howsure_se, howsure_low and howsure_high beside Inspect's own metrics.

    Needs Inspect (inspect_ai). The samples are not touched.
    """
    from howsure.errors import OptionError

    try:
        from howsure.integrations.inspect import annotate as write
    except ImportError:
        raise OptionError("annotate needs Inspect", remedy="pip install inspect_ai") from None
    click.echo(f"Estimate written to {write(log, **given)}.", err=True)
