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
@click.option(
    "--output", "-o", required=True, metavar="FILE", help="A .parquet, .csv, .jsonl or .arrow file."
)
def convert(paths: tuple[str, ...], output: str, **given: Any) -> None:
    """Write any log as the one tidy table, percent as fractions.

    A table doesn't carry what the log says of its tasks: the rule for failed attempts, the metric that comes
    first, the direction. Where that changes an answer it is said, with the flags that restore it.
    """
    from howsure.commands.unwritten import unwritten
    from howsure.present.files import refuse_overwriting, write_table
    from howsure.study.fractions import copied

    refuse_overwriting(output, paths)
    scores, notes = copied(read(paths, given))
    rows = write_table(scores, output)
    for line in (f"{rows:,} rows written to {output}.", *notes, *unwritten(scores)):
        tell(line)
