"""docs/limits.md states the limits that the code enforces."""

from __future__ import annotations

import pytest

from howsure.inference import many_models
from howsure.readers import addresses, base, parquet, parsing, reading, tables, votes, zipped
from howsure.readers.mapping import documents
from howsure.study import matrix, models
from places import ROOT

pytestmark = pytest.mark.once

GB, MB = 1024**3, 1024**2
STATED = [
    f"{reading.MAX_FILES:,} files",
    f"all else whole) | {base.MAX_FILE_BYTES // GB} GB |",
    f"about {parsing.MAX_OBJECT_BYTES // GB} GB, estimated",
    f"more than {parquet.MOST_PAGE // GB} GB each",
    f"{zipped.MAX_UNPACKED_BYTES // GB} GB unpacked, {zipped.MAX_MEMBER_BYTES // MB} MB each member",
    f"`.zst` | {zipped.MAX_MEMBER_BYTES // MB} MB unpacked",
    f"{zipped.MAX_MEMBERS:,} members, {zipped.MAX_LOG_MEMBER_BYTES // GB} GB each, {zipped.MAX_TOTAL_BYTES // GB} GB in all",
    f"{documents.MAX_UNPACKED_BYTES // GB} GB; {documents.MAX_CELL_BYTES // MB} MB a cell",
    f"{parsing.MOST_VALUES:,} values",
    f"{addresses.MAX_FILES:,} files, {addresses.MAX_FILE_BYTES // MB} MB each, {addresses.MAX_FETCHED_BYTES // GB} GB in all",
    f"{addresses.MAX_SILENT_SECONDS} seconds, of `https`",
    f"| columns | {tables.MAX_COLUMNS:,} |",
    f"name | {tables.LONGEST_NAME:,} characters",
    f"{models.LONGEST_NAME:,} characters | refused",
    f"{matrix.MOST_MODELS:,} (about 5 GB",
    f"up to {many_models.MOST_IN_BLOCKS:,} in blocks",
    f"| clusterings | {votes.MOST_CLUSTERINGS} |",
]


@pytest.mark.parametrize("stated", STATED)
def test_docs_state_every_limit_that_the_code_enforces(stated: str) -> None:
    assert stated in (ROOT / "docs" / "limits.md").read_text()
