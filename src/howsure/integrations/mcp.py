"""howsure as a server of the Model Context Protocol (MCP): read-only commands for agents, over standard input
and output.

Every call runs the command in a process of its own and returns the JSON that it documents. Files are only
read below the folders that the server was given. Long answers are cut, and the cut is counted.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from howsure import __version__
from howsure.errors import OptionError
from howsure.readers import baselines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Json = dict[str, Any]

SECONDS = 600
"""After this time a call is given up."""
CHARACTERS = 40_000
"""The longest answer: about 10,000 tokens."""
LONGEST_TEXT = 2_000
MOST_BYTES = 200 * 1024**2
INSTRUCTIONS = """\
Statistics of LLM evaluations from per-question results. Call describe first: it lists models, tasks and \
columns. Then ask one question: compare (is A better than B), leaderboard (which could be best), estimate \
(how good is each), gate (may it be merged), plan (how many questions).
Quote the field `sentence` with its interval, and pass on `warnings`. "Can't tell" means that the results \
show neither: never call it equal or no regression. Decide by fields, not by sentences.
Questions that were drawn together (one text, repository, template) need `cluster`. An error has a `remedy`: \
follow it instead of dropping rows. Don't compare two scores by whether their intervals overlap: use compare.
`cut` in an answer counts what was left out of long lists: ask with model, task or metric for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A command as a tool.

    Attributes:
        name: Its name.
        description: What it answers.
        schema: The JSON schema of its arguments.
        words: The command line for some arguments. OptionError if they are invalid.
        as_json: Whether the command answers in JSON, not in text.
    """

    name: str
    description: str
    schema: Json
    words: Callable[[Mapping[str, Any]], list[str]]
    as_json: bool = True


class Folders:
    """The folders below which files may be read. Paths are relative to the first one."""

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = tuple(Path(path).resolve(strict=True) for path in paths)

    def check(self, text: str) -> None:
        """Raise OptionError if a text could lead out of the folders: an absolute path, an address, `..`, a
        link, or a baseline that is saved elsewhere.
        """
        if "://" in text:
            raise OptionError(f"{text!r} is an address", remedy="Only files in the served folders are read.")
        if text.startswith("saved:") and not self._contain(baselines.folder()):
            raise OptionError(f"{text!r} is saved outside the served folders", remedy=self._remedy)
        for part in _parts(text):
            if not self._contain(self.paths[0] / part):
                raise OptionError(f"{part!r} is outside the served folders", remedy=self._remedy)

    def _contain(self, path: Path) -> bool:
        try:
            place = path.resolve()
        except (OSError, ValueError, RuntimeError):
            return False
        return any(place.is_relative_to(folder) for folder in self.paths)

    @property
    def _remedy(self) -> str:
        return f"Give a path below {', '.join(map(str, self.paths))}."


def _parts(text: str) -> Iterator[str]:
    """Yield what a command could take for a path in a text: all of it, and what follows a `=`, `:` or `,`."""
    yield text
    yield from re.split(r"[=:,]", text)[1:]


def cut(answer: Any, most: int = CHARACTERS) -> Any:
    """Return an answer of at most about `most` characters: lists have their first entries, and `cut` counts
    the others, by their place.
    """
    limit = 4_096
    while len(json.dumps(answer, ensure_ascii=False)) > most and limit >= 1:
        left_out: dict[str, dict[str, int]] = {}
        shorter = _shortened(answer, limit, "", left_out)
        if left_out and len(json.dumps(shorter, ensure_ascii=False)) <= most:
            return {**shorter, "cut": left_out}
        if limit == 1:
            return {name: value for name, value in shorter.items() if not isinstance(value, (dict, list))} | {
                "cut": left_out
            }
        limit //= 2
    return answer


def _shortened(value: Any, limit: int, place: str, left_out: dict[str, dict[str, int]]) -> Any:
    if isinstance(value, dict):
        inside = f"{place}." if place else ""
        return {name: _shortened(each, limit, f"{inside}{name}", left_out) for name, each in value.items()}
    if isinstance(value, list):
        if len(value) > limit:
            count = left_out.setdefault(place, {"shown": 0, "of": 0})
            count["shown"], count["of"] = count["shown"] + limit, count["of"] + len(value)
        return [_shortened(each, limit, f"{place}[]", left_out) for each in value[:limit]]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}…"
    return value


def server(tools: Sequence[Tool], folders: Folders, *, characters: int = CHARACTERS) -> Server[Any]:
    """Return a server of these tools."""
    by_name = {tool.name: tool for tool in tools}

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        """List the tools."""
        hints = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name, description=tool.description, input_schema=tool.schema, annotations=hints
                )
                for tool in tools
            ]
        )

    async def call_tool(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        """Run a tool's command."""
        if asked.name not in by_name:
            return _result(_error("usage", f"no tool {asked.name!r}", f"There are {', '.join(by_name)}."))
        tool = by_name[asked.name]
        try:
            words = tool.words(asked.arguments or {})
        except OptionError as error:
            return _result(_error("option", error.what, error.remedy))
        code, output, notes = await _run(words, folders.paths[0])
        if code is None:
            return _result(
                _error("other", f"no answer within {SECONDS} s", "Ask about fewer tasks or models.")
            )
        if not tool.as_json:
            text = output or notes
            return types.CallToolResult(
                content=[types.TextContent(text=text[:characters])], is_error=not output
            )
        try:
            answer = json.loads(output)
        except ValueError:
            lines = notes.strip().splitlines() or ["no answer"]
            return _result(_error("bug", lines[-1], "Report it with the command.", code))
        return _result(cut(answer, characters) if isinstance(answer, dict) else answer)

    return Server(
        "howsure",
        version=__version__,
        title="howsure: how sure can you be of an LLM evaluation result?",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _error(kind: str, message: str, remedy: str, exit_code: int = 1) -> Json:
    """Return an error in the form of those of the command line."""
    error = {"kind": kind, "message": message, "where": "", "remedy": remedy, "exit_code": exit_code}
    return {"howsure": 1, "error": error}


def _result(answer: Any) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(text=json.dumps(answer, ensure_ascii=False))],
        structured_content=answer,
        is_error=isinstance(answer, dict) and "error" in answer,
    )


async def _run(words: Sequence[str], folder: Path) -> tuple[int | None, str, str]:
    """Run a command, and return its exit code, output and notes. No code after too long a time."""
    command = [sys.executable, "-P", "-m", "howsure", "--no-config", *words]
    with anyio.move_on_after(SECONDS):
        done = await anyio.run_process(command, cwd=folder, check=False, stdin=DEVNULL)
        output, notes = (text[:MOST_BYTES].decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return done.returncode, output, notes
    return None, "", ""


def serve(tools: Sequence[Tool], folders: Folders, *, characters: int = CHARACTERS) -> None:
    """Serve until the client closes the connection."""

    async def run() -> None:
        """Serve on standard input and output."""
        async with stdio_server() as (received, sent):
            built = server(tools, folders, characters=characters)
            await built.run(received, sent, built.create_initialization_options())

    anyio.run(run)
