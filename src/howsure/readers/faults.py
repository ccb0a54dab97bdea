"""Where faults stop: whatever a file causes while it is read becomes one ReadError that names it, and the
rest goes on.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import HowsureError, ReadError
from howsure.wording import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WORDS = 200
"""So much is shown of what another library says about a file."""


@contextmanager
def named(where: str, what: str = "") -> Iterator[None]:
    """Turn what goes wrong inside into a ReadError about the file; `what` the file was taken to be.

    A panic of Polars is no Exception, but a fault of the file like any other.
    """
    kind = f"not a valid {what} file" if what else "can't be read"
    try:
        yield
    except HowsureError:
        raise
    except MemoryError:
        raise ReadError("does not fit into memory", where=where) from None
    except OSError as error:
        raise ReadError(
            f"can't be read ({error.strerror or _said(error)})", where=where, remedy="Check its rights."
        ) from None
    except pl.exceptions.PolarsError as error:
        raise ReadError(
            f"not a readable table ({_said(error)})", where=where, remedy="Write the file again."
        ) from None
    except (Exception, pl.exceptions.PanicException) as error:
        told = f"{type(error).__name__}: {_said(error)}"
        raise ReadError(
            f"{kind} ({told})", where=where, remedy="If the harness reads it, please report it."
        ) from error


def _said(error: BaseException) -> str:
    lines = str(error).splitlines()
    return without_secrets(lines[0])[:MOST_WORDS] if lines else type(error).__name__
