"""A gate's statement: `gate --statement` writes it, and howsure verify checks that files and verdict are
unchanged.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from howsure.commands.exits import DONE, FAILED
from howsure.commands.options import VerdictCommand, words_of
from howsure.commands.read_only import reading_options
from howsure.commands.streams import say
from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.gate import Gate


SETTINGS = ("items", "map", "policy", "quarantine", "prices")
"""Options with files that a verdict depends on."""


def statement_of(answer: Gate, context: click.Context) -> str:
    """Return the statement of a verdict. OptionError for what has no digest: an address, or counts."""
    from howsure.integrations.statement import statement
    from howsure.readers.baselines import found
    from howsure.verbs.sides import side_of

    given = context.params
    sides = [side_of(given[name]) for name in ("candidate", "baseline") if given[name]]
    alone = [
        found(side.text).as_posix() if side.kind == "saved" else side.text
        for side in sides
        if side.is_read_alone
    ]
    paths = list(dict.fromkeys((*given["paths"], *alone)))
    if missing := [path for path in paths if not Path(path).exists()]:
        raise OptionError(
            f"{missing[0]!r} has no digest", remedy="A statement needs files. Download them first."
        )
    words = [
        word
        for param in reading_options(context.command)
        if context.get_parameter_source(str(param.name)) is not ParameterSource.DEFAULT
        for word in _joined(words_of(param, given[str(param.name)]))
    ]
    values = [given[name] for name in SETTINGS if given[name]]
    files = [each for value in values for each in ((value,) if isinstance(value, str) else value)]
    return statement(
        answer,
        paths=paths,
        settings=[file for file in files if Path(file).is_file()],
        words=[*words, *(("--", *given["paths"]) if given["paths"] else ())],
    )


def _joined(words: list[str]) -> list[str]:
    """Join flags and their values with `=`."""
    return (
        words
        if len(words) == 1
        else [f"{flag}={value}" for flag, value in zip(words[::2], words[1::2], strict=True)]
    )


@click.command(cls=VerdictCommand)
@click.argument("statement", metavar="STATEMENT")
def verify(statement: str) -> None:
    """Check that files and verdict of a gate's statement are unchanged.

    The digests are computed again, in the folder in which the gate ran, and the gate is run again. Exits with
    0 if all is as stated, 1 if something differs, and 3 on any error. It doesn't check who wrote the
    statement: for that, sign it.
    """
    from howsure.integrations.statement import MOST_SHOWN, changed_files, read_statement
    from howsure.present.render.visible import visible
    from howsure.wording import plural

    found = read_statement(statement)
    words = found["predicate"]["howsure"]["options"]
    split_at = words.index("--") if "--" in words else len(words)
    options, paths = words[:split_at], words[split_at + 1 :]
    changed = changed_files(found, paths)
    changed += _refused(options) or _changed_answer(found, [*options, "--format=json", *words[split_at:]])
    if changed:
        more = [f"… and {len(changed) - MOST_SHOWN} more"] if len(changed) > MOST_SHOWN else []
        lines = [visible(line) for line in changed[:MOST_SHOWN]]
        say("\n".join([f"Not verified: {plural(len(changed), 'difference')}.", *lines, *more]) + "\n")
        sys.exit(FAILED)
    files = plural(len(found["subject"]) + len(found["predicate"]["configuration"]), "file")
    sentence = found["predicate"]["howsure"]["answer"]["sentence"]
    rest = f"{files} and all numbers are as stated. The statement itself isn't signed."
    say(f"Verified: {visible(sentence)}\n{rest}\n")
    sys.exit(DONE)


def _refused(options: Sequence[str]) -> list[str]:
    """Return the words that a gate which only reads doesn't have, a line each."""
    from howsure.commands.main import load

    flags = {
        flag for option in reading_options(load("gate")) for flag in (*option.opts, *option.secondary_opts)
    }
    return [
        f"{word}: not an option of a gate that only reads"
        for word in options
        if word.partition("=")[0] not in flags
    ]


def _changed_answer(found: dict[str, Any], words: Sequence[str]) -> list[str]:
    """Run the gate again. Return what differs in its answer, a line each, or why it gave none."""
    from howsure.integrations.statement import changed_numbers

    command = [sys.executable, "-P", "-m", "howsure", "--no-config", "gate", *words]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")  # noqa: S603
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"error": {}}
    if "error" in answer:
        reason = " ".join(done.stderr.split()).removeprefix("howsure: ")
        return [f"The gate gave no answer here: {reason}"]
    return changed_numbers(found, answer)
