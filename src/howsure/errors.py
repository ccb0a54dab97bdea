"""What can go wrong, and what deserves a warning.

HowsureError
├── OptionError    an option has a value that it can't have
├── ReadError      a file can't be read, or isn't what it claims to be
├── DataError      the scores contradict each other or can't be used as asked
└── MethodError    a statistic isn't defined for these scores

Every message says what, where and what next. A [`Caution`][howsure.Caution] is the milder form: data that
rides on an answer and is shown with it.
"""

from __future__ import annotations

from dataclasses import dataclass


class HowsureError(Exception):
    """Base of every error that howsure raises on purpose.

    `where` may be empty; `remedy` says what to do next.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(_sentence(what, where, remedy))


class OptionError(HowsureError, ValueError):
    """An option has a value that it can't have."""


class ReadError(HowsureError):
    """A file can't be read, or isn't what it claims to be."""


class DataError(HowsureError, ValueError):
    """The scores contradict each other or can't be used as asked."""


class MethodError(HowsureError, ValueError):
    """A statistic isn't defined for these scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """A warning as data: it rides on the answer and is shown with it.

    `code` is stable and meant for programs, `message` says what was seen, `remedy` what to do about it.
    """

    code: str
    message: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the caution as plain data."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy}


def _sentence(what: str, where: str, remedy: str) -> str:
    head = f"{where}: {what}" if where else what
    return f"{head.rstrip('.')}. {remedy}".strip() if remedy else head
