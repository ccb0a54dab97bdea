"""One option: its check, default, words and flag."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from howsure.options.kinds import Kind


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    `verb`: whose own it is, where the same name means something else, or reads better, there; "" for all.
    `default`: None where it needn't be given. `needed`: it must be. `metavar`, `help`: for the command line;
    `about`: for the API page.
    `flags`: how the command line writes it, where that isn't `--name`; () in a verb's own says that there is
    none.
    """

    name: str
    kind: Kind
    metavar: str = ""
    _: KW_ONLY
    default: Any = None
    verb: str = ""
    needed: bool = False
    help: str = ""
    about: str = ""
    flags: tuple[str, ...] = ()

    @property
    def long(self) -> str:
        """The long flag that the command line has it under."""
        return (
            max(self.flags, key=len).partition("/")[0] if self.flags else f"--{self.name.replace('_', '-')}"
        )

    @property
    def off(self) -> str:
        """The long flag that turns it off, "" where there is none."""
        return max(self.flags, key=len).partition("/")[2] if self.flags else ""

    def checked(self, value: Any) -> Any:
        """Return a value as plain Python has it; None passes where the option needn't be given."""
        if value is None and self.default is None and not self.needed:
            return None
        return self.kind.check(self.name, value)


def owned(verb: str, *options: Option) -> tuple[Option, ...]:
    """Return options as a verb's own."""
    return tuple(replace(each, verb=verb) for each in options)
