"""Options from a file: [tool.howsure] in pyproject.toml, or howsure.toml. Searched upwards from the working
directory.

A table is named after its command. Keys outside the tables apply to every command with that option. Keys are
the options' long names. Relative paths are relative to the file. A file that was found, not named by
--config, may only have files written below its own folder. A key without an option is an error. A table
[tasks."PATTERN"] sets options for the tasks with matching names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import click

PYPROJECT, OWN = "pyproject.toml", "howsure.toml"
SIDE, PATH_SIDE = "MODEL|RUN|PATH", "path:"
FILES = ("FILE", "PATH", "PATH...", "[PATH...]")
"""The metavars of paths in help."""
MAPPINGS, FROZEN = "map", "frozen"
"""The table with mappings, which --map names."""
MEMBERS = "members"
"""The key for the defaults of a group's members if the group itself is a command."""
WRITTEN = ("output", "junit", "comment", "freeze")
"""Parameters that name a file to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The contents of a file. `table`: the file's own keys or those under tool.howsure. `named`: by the user,
    with --config.
    """

    path: Path
    table: Mapping[str, Any]
    named: bool = False

    @property
    def name(self) -> str:
        """The file as a user would write it, relative to the working directory."""
        return os.path.relpath(self.path)


def find(start: Path) -> Configuration | None:
    """Return the nearest configuration from a folder upwards. None if there is none up to the repository's
    root.

    A howsure.toml takes precedence over a pyproject.toml in the same folder. A pyproject.toml without
    tool.howsure is skipped.
    """
    for folder in (start, *start.parents):
        for name in (OWN, PYPROJECT):
            found = _read(folder / name) if (folder / name).is_file() else None
            if found is not None:
                return found
        if (folder / ".git").exists():
            return None
    return None


def load(path: str) -> Configuration:
    """Read the configuration that a user named."""
    if not Path(path).is_file():
        raise OptionError(f"no configuration {path!r}", remedy="Check --config.")
    found = _read(Path(path))
    if found is None:
        raise OptionError(f"{path!r} has no table [tool.howsure]", remedy="Add one, or name another file.")
    return replace(found, named=True)


def _read(path: Path) -> Configuration | None:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise OptionError(
            f"can't read {str(path)!r} ({error.strerror})", remedy="Check its rights."
        ) from None
    table = table_of(path, raw)
    return None if table is None else Configuration(path=path, table=table)


def table_of(path: Path, raw: bytes) -> Mapping[str, Any] | None:
    """Return the options in the bytes of a file of this name. None if it has no table of ours."""
    if path.name == PYPROJECT and b"howsure" not in raw:
        return None
    import tomllib

    table: Any
    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if path.name == PYPROJECT and b"tool.howsure" not in raw:
            return None  # somebody else's file: their tools will report it
        raise OptionError(
            f"no TOML ({error})", where=os.path.relpath(path), remedy="Mend it, or use --no-config."
        ) from None
    if path.name == PYPROJECT:
        tool = table.get("tool", {})
        table = tool.get("howsure") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def defaults(found: Configuration, commands: Mapping[str, click.Command]) -> dict[str, dict[str, Any]]:
    """Return the defaults of every command, by the names of its parameters. A command's own table takes
    precedence.

    A command that draws an answer takes the defaults of its verb, except the output file.
    """
    every = {name: dict(_options(command)) for name, command in commands.items()}
    said = {
        key: value
        for key, value in found.table.items()
        if not (key in (MAPPINGS, FROZEN) and isinstance(value, dict))
    }
    tables = {key: value for key, value in said.items() if (key in commands and isinstance(value, dict))}
    shared = [_shared(key, value, found, every) for key, value in said.items() if key not in tables]
    result: dict[str, dict[str, Any]] = {}
    for name, options in every.items():
        result[name] = {param: value for each in shared for param, value in each.get(name, {}).items()}
        for key, value in tables.get(name, {}).items():
            if _word(key) not in options:
                raise _unknown(f"{name}.{key}", found, [f"{name}.{word}" for word in options])
            param = options[_word(key)]
            result[name][str(param.name)] = _value(param, value, found)
    for name, command in commands.items():
        if _members(command):
            ours = _of_verbs(command, result)
            alone = getattr(command, "invoke_without_command", False)  # it has options of its own as well
            result[name] = (result[name] | ({MEMBERS: ours} if ours else {})) if alone else ours
    return result


def formats(found: Configuration, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the format of every command's answer, before anything else is checked. None if the answer goes
    into a file.
    """
    tables = {name: found.table.get(name) for name in names}
    said = {name: {**found.table, **(own if isinstance(own, dict) else {})} for name, own in tables.items()}
    return {
        name: {"format": each["format"]}
        for name, each in said.items()
        if "format" in each and "output" not in each
    }


def _members(command: click.Command) -> Mapping[str, click.Command]:
    return getattr(command, "commands", {})


def _of_verbs(group: click.Command, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the defaults of a group's members: those of its verb, else of the group, for the options that it
    has.
    """
    every: dict[str, Any] = {}
    for name, command in _members(group).items():
        own = {param.name for param in command.params} - {"output"}
        verb = given.get(str(getattr(command, "verb", group.name)), {})
        if fitting := {param: value for param, value in verb.items() if param in own}:
            every[name] = fitting
    return every


def _shared(
    key: str, value: Any, found: Configuration, every: Mapping[str, Mapping[str, click.Parameter]]
) -> dict[str, dict[str, Any]]:
    """Return the values of a key outside the tables, for each command that has the option and accepts the
    value.
    """
    having = {name: options[_word(key)] for name, options in every.items() if _word(key) in options}
    if not having:
        raise _unknown(key, found, [*every, *(word for options in every.values() for word in options)])
    fits: dict[str, dict[str, Any]] = {}
    misfit: OptionError | None = None
    for name, param in having.items():
        try:
            fits[name] = {str(param.name): _value(param, value, found)}
        except OptionError as error:
            misfit = error
    if misfit is not None and not fits:
        raise misfit
    return fits


def _word(key: str) -> str:
    return key.replace("_", "-")


def _options(command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
    """Return the parameters of a command by their long names. For a group, those of the members without a
    verb of their own.
    """
    members = [each for each in _members(command).values() if not hasattr(each, "verb")]
    for param in (param for each in (command, *members) for param in each.params):
        longs = [name[2:] for name in param.opts if name.startswith("--")]
        for word in longs or [str(param.name)]:
            yield _word(word), param


def _unknown(key: str, found: Configuration, known: list[str]) -> OptionError:
    near = get_close_matches(_word(key), list(dict.fromkeys(known)), n=1)
    hint = (
        f"Did you mean {near[0]!r}?"
        if near
        else "Its keys are the options' long names (see `howsure --help`)."
    )
    return OptionError(f"no option {key!r}", where=found.name, remedy=hint)


def _value(param: click.Parameter, value: Any, found: Configuration) -> Any:
    """Return a value in its form on the command line."""
    if getattr(param, "is_flag", False):
        if not isinstance(value, bool):
            raise _misfit(param, value, found, "is true or false")
        return value
    if getattr(param, "multiple", False) or param.nargs == -1:
        values = (
            _entries(param, value, found)
            if isinstance(value, dict)
            else value
            if isinstance(value, list)
            else [value]
        )
        return [_single(param, single, found) for single in values]
    if param.name == "bounds" and isinstance(value, list):
        return ",".join(map(str, value))
    return _single(param, value, found)


def _entries(param: click.Parameter, table: Mapping[str, Any], found: Configuration) -> list[str]:
    """Write a table as NAME=VALUE. Several columns of one role are joined, other values are repeated."""
    if param.name == "tasks":
        return [entry for pattern, said in table.items() for entry in _of_task(pattern, said, found)]
    pairs = []
    for name, value in table.items():
        values = value if isinstance(value, list) else [value]
        joined = ["+".join(map(str, values))] if param.name == "columns" else values
        pairs += [f"{name}={single}" for single in joined]
    return pairs


def _of_task(pattern: str, said: Any, found: Configuration) -> list[str]:
    """Write the table of a task, as in [tasks."mmlu*"], as PATTERN:OPTION=VALUE."""
    from howsure.study.design import task_rule

    if isinstance(said, dict):
        said = {key.replace("-", "_"): value for key, value in said.items()}
    try:
        task_rule(pattern, _as_read(pattern, said))
    except OptionError as error:
        what = f"{error.where}: {error.what}" if error.where else error.what
        raise OptionError(what, where=found.name, remedy=error.remedy) from None
    if isinstance(said.get("bounds"), list):
        said |= {"bounds": ",".join(map(str, said["bounds"]))}
    pairs = (
        (key, each) for key, value in said.items() for each in (value if isinstance(value, list) else [value])
    )
    return [f"{pattern}:{key}={str(each).lower() if isinstance(each, bool) else each}" for key, each in pairs]


def _as_read(pattern: str, said: Any) -> Any:
    """Return the options of a task, with its margin and bounds read as on the command line: `2pp` is 0.02,
    "0,100" two numbers.
    """
    import click

    from howsure.commands.options import Bounds, Size

    if not isinstance(said, dict):
        return said
    kinds: dict[str, click.ParamType] = {"margin": Size(), "bounds": Bounds()}  # type: ignore[type-arg]
    texts = {key: kind for key, kind in kinds.items() if isinstance(said.get(key), str)}
    try:
        return said | {key: kind.convert(said[key], None, None) for key, kind in texts.items()}
    except click.BadParameter as error:
        raise OptionError(error.message, where=f"tasks[{pattern!r}]") from None


def _single(param: click.Parameter, value: Any, found: Configuration) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _misfit(param, value, found, "is a text or a number")
    if param.name in WRITTEN and not found.named:
        # Refuse a file outside the folder of a configuration that was found: its author may not write
        # anywhere.
        folder = found.path.parent.resolve()
        if not (folder / str(value)).resolve().is_relative_to(folder):
            raise OptionError(
                f"{_word(str(param.name))} = {value!r} lies outside the configuration's folder",
                where=found.name,
                remedy=(
                    "Name a file below it, give it on the command line, or trust the configuration: --config."
                ),
            )
    if getattr(param, "metavar", None) in FILES:
        return _from_here(str(value), found)
    return _side(str(value), found) if getattr(param, "metavar", None) == SIDE else value


def _from_here(path: str, found: Configuration) -> str:
    """Return a path relative to the configuration as seen from the working directory."""
    folder = os.path.relpath(found.path.parent)
    return path if folder == "." or Path(path).is_absolute() else str(Path(folder) / path)


def _side(text: str, found: Configuration) -> str:
    """Return a model. If it is a path, it is relative to the configuration, like all its paths."""
    path = _from_here(text.removeprefix(PATH_SIDE), found)
    if text.startswith(PATH_SIDE):
        return f"{PATH_SIDE}{path}"
    return path if os.path.lexists(path) else text


def _misfit(param: click.Parameter, value: Any, found: Configuration, expected: str) -> OptionError:
    return OptionError(
        f"{_word(str(param.name))} = {value!r} doesn't fit", where=found.name, remedy=f"It {expected}."
    )
