"""Model names: which model a user means by a part of its name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from howsure.document import listing
from howsure.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


def resolve(name: str, names: Sequence[str]) -> str:
    """Return the model of this name; what follows the last slash is enough, and the run of an average of checkpoints.

    DataError, with the nearest names, where no model or more than one fits.
    """
    if name in names:
        return name
    ending = [known for known in names if known.endswith(f"/{name}") or known.startswith(f"{name} (last ")]
    if len(ending) == 1:
        return ending[0]
    near = get_close_matches(name, names, n=3, cutoff=0.3) or names[:5]
    raise DataError(f"no model {name!r}", remedy=f"Did you mean {listing([repr(known) for known in near])}?")
