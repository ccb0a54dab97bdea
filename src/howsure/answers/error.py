"""What stands in place of an answer, where a program waits for one and there is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from howsure.answers.base import SCHEMA_VERSION
from howsure.answers.output import tree

ErrorKind = Literal["usage", "option", "read", "data", "method", "other", "interrupted", "bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Why there is no answer.

    Attributes:
        kind: A command line that can't be read ("usage"), an option's value that can't be ("option"), a file
            that can't be read ("read"), scores that contradict each other or can't be used as asked, such as
            a model that isn't there ("data"), a statistic that isn't defined for them ("method"), anything
            else that howsure says on purpose, such as an extra that isn't installed ("other"), Ctrl-C
            ("interrupted"), or a mistake in howsure itself ("bug").
        message: What is wrong.
        where: The file, and the place in it; may be empty.
        remedy: What to do next, as flags of the command line; may be empty.
        exit_code: The exit code of the command.
    """

    kind: ErrorKind
    message: str
    where: str = ""
    remedy: str = ""
    exit_code: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the place of an answer."""
        return {"howsure": SCHEMA_VERSION, "error": tree(self)}

    def render(self) -> str:
        """Return it as JSON, in ASCII: a file name may hold what no encoding has."""
        return json.dumps(self.to_dict(), indent=2) + "\n"
