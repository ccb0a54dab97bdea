"""howsure mcp: a server of read-only commands for agents. Its tools are made from the commands' options."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from howsure.commands import help as help_screen
from howsure.commands.options import GroupedCommand
from howsure.commands.read_only import reading_options
from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.integrations.mcp import Folders, Tool

SERVED = (
    *("answer", "describe", "runs", "estimate", "compare", "leaderboard", "gate", "noise", "questions"),
    *("history", "trend", "frontier", "curve", "horizon", "arena", "judge", "agree", "bias", "audit"),
    *("plan", "plan score", "plan failures", "plan policy", "plan labels"),
)
"""Commands that only read, with an answer in JSON."""
PATTERNS = ("cluster", "by")
"""Options whose value may be a pattern, `id:REGEX`."""
PLACES = "Files or folders with results, below the served folders; counts such as 17/20 also work."
MORE = "options"
"""The argument with the options that have none of their own."""


@click.command(cls=GroupedCommand)
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option(
    "--characters",
    type=click.IntRange(min=1_000),
    default=40_000,
    show_default=True,
    help="Cut longer answers, with a count.",
)
def mcp(folders: tuple[str, ...], characters: int) -> None:
    """Serve the commands to agents, over the Model Context Protocol.

    The tools only read, and only files below these folders (default: the working directory). Answers are the
    JSON of the commands. Needs the extra howsure[mcp].
    """
    try:
        from howsure.integrations.mcp import Folders, serve
    except ImportError:
        raise OptionError("mcp needs the MCP SDK", remedy="pip install 'howsure[mcp]'") from None
    try:
        served = Folders(folders or (".",))
    except OSError as error:
        raise OptionError(f"{error.filename}: no such folder", remedy="Give folders that exist.") from None
    os.chdir(served.paths[0])  # where its calls run, so that names mean the same
    serve(tools(served), served, characters=characters)


def tools(folders: Folders) -> list[Tool]:
    """Return the tools: one per command, the help of all their options, and the guide."""
    from howsure.commands.main import SUMMARIES, load
    from howsure.integrations.mcp import Tool

    made = []
    for name in SERVED:
        first, _, second = name.partition(" ")
        command: Any = load(first)
        if second:
            command = command.commands[second]
        summary = SUMMARIES.get(name, "") or (command.help or "").partition("\n")[0]
        made.append(
            Tool(
                name=name.replace(" ", "_"),
                description=summary,
                schema=schema_of(command, first),
                words=words_of(command, name, folders),
            )
        )
    names = [tool.name for tool in made]
    named = {"command": {"type": "string", "enum": names}}
    chapter = {"chapter": {"type": "integer", "minimum": 1, "maximum": 9}}
    return [
        *made,
        Tool(
            name="help",
            description=f"All options of a command, for its argument `{MORE}`.",
            schema={"type": "object", "properties": named, "required": ["command"]},
            words=lambda given: [*_chosen(given, "command", names).split("_"), "--help-all"],
            as_json=False,
        ),
        Tool(
            name="guide",
            description="A chapter on the statistics behind the answers, without formulas.",
            schema={"type": "object", "properties": chapter, "required": ["chapter"]},
            words=lambda given: ["guide", _chosen(given, "chapter", [str(k) for k in range(1, 10)])],
            as_json=False,
        ),
    ]


def _chosen(given: Mapping[str, Any], name: str, choices: list[str]) -> str:
    value = str(given.get(name))
    if value not in choices:
        raise OptionError(f"no {name} {value!r}", remedy=f"There are {', '.join(choices)}.")
    return value


def schema_of(command: click.Command, group: str) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments: the command's, and the options that its help shows
    first.
    """
    properties: dict[str, Any] = {}
    required = []
    for param in command.params:
        if isinstance(param, click.Argument):
            text = {"type": "string"}
            many = {"type": "array", "items": text, "description": PLACES}
            properties[str(param.name)] = many if param.nargs == -1 else text
            if param.required:
                required.append(str(param.name))
    names = [str(option.name) for option in reading_options(command)]
    shown = help_screen.shown_first(str(command.name) if command.name in help_screen.FIRST else group, names)
    for option in reading_options(command):
        if option.name in shown:
            described = {"description": option.help} if option.help else {}
            properties[str(option.name)] = {**_type(option), **described}
    properties[MORE] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Further options as on the command line, such as --seed=1. See the tool help.",
    }
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type(option: click.Option) -> dict[str, Any]:
    kind = option.type
    if option.is_flag:
        return {"type": "boolean"}
    if isinstance(kind, click.Choice):
        found: dict[str, Any] = {"type": "string", "enum": list(kind.choices)}
    elif isinstance(kind, click.types.IntParamType):
        found = {"type": "integer"}
        if isinstance(kind, click.IntRange) and kind.min is not None:
            found["minimum"] = kind.min
    elif isinstance(kind, click.types.FloatParamType):
        found = {"type": "number"}
    elif kind is click.STRING:
        found = {"type": "string"}
    else:
        found = {"type": ["number", "string"]}  # a size: 0.02 or 2pp
    return {"type": "array", "items": found} if option.multiple else found


def words_of(command: click.Command, name: str, folders: Folders) -> Callable[[Mapping[str, Any]], list[str]]:
    """Return the function that turns a tool's arguments into a command line."""
    options = {str(option.name): option for option in reading_options(command)}
    flags = {flag: option for option in options.values() for flag in (*option.opts, *option.secondary_opts)}
    arguments = [str(param.name) for param in command.params if isinstance(param, click.Argument)]

    def words(given: Mapping[str, Any]) -> list[str]:
        """Return the words. OptionError for an argument that there isn't, or a path outside the folders."""
        unknown = [key for key in given if key not in {*options, *arguments, MORE}]
        if unknown:
            known = ", ".join((*arguments, *options))
            raise OptionError(f"no argument {unknown[0]!r}", remedy=f"There are {known}.")
        made = name.split()
        for key, option in options.items():
            for value in _values(given.get(key)):
                made.append(_word(option, value))
        for word in _values(given.get(MORE)):
            flag = str(word).partition("=")[0]
            if flag not in flags or not flag.startswith("--"):
                raise OptionError(f"no option {flag!r}", remedy=f"Ask the tool help for those of {name}.")
            made.append(str(word))
        places = [str(value) for key in arguments for value in _values(given.get(key))]
        for word in made[len(name.split()) :]:
            flag, equals, value = word.partition("=")
            if equals and not (flags[flag].name in PATTERNS and value.startswith("id:")):
                folders.check(value)
        for place in places:
            folders.check(place)
        return [*made, "--format=json", *(("--", *places) if places else ())]

    return words


def _values(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _word(option: click.Option, value: Any) -> str:
    flag = next(name for name in option.opts if name.startswith("--"))
    if not option.is_flag:
        return f"{flag}={value}"
    if value:
        return flag
    if not option.secondary_opts:
        raise OptionError(f"{option.name} can only be true", remedy="Leave it out.")
    return option.secondary_opts[0]
