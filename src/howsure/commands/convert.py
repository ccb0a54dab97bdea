"""howsure convert: write any log as the one tidy table."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read
from howsure.commands.options import READING, paths, takes
from howsure.commands.streams import tell


@click.command()
@paths
@takes("convert", *READING)
@click.option("--output", "-o", required=True, metavar="FILE", help="A .parquet, .csv, .jsonl or .arrow file.")
def convert(paths: tuple[str, ...], output: str, **given: Any) -> None:
    """Write any log as the one tidy table."""
    from howsure.present.files import refuse_overwriting, write_table

    refuse_overwriting(output, paths)
    rows = write_table(read(paths, given), output)
    tell(f"{rows:,} rows written to {output}.")
