"""What every command does: split its options, read, show progress, write. The only place that prints."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from howsure.commands.flags import with_flags
from howsure.commands.json_errors import mark_answered
from howsure.commands.options import READING, flag_of, gather, name_pairs, python_values, words_of
from howsure.commands.streams import say, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.answers.base import Answer
    from howsure.options.choices import Format
    from howsure.present.render.html import About
    from howsure.table.scores import Scores

PROSE = ("details", "explain", "methods_paragraph")
"""The options that add prose to an answer."""
MANY_FILES = 20
LINE_SECONDS = 10.0
"""A line about progress at most so often, where no bar can be drawn."""
MOST_PROCESSES = 4
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def split(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split the options of the output from the others, which are returned in the form that verbs take."""
    from howsure.present.files import refuse_overwriting

    shown: dict[str, Any] = {name: given[name] for name in ("format", "output", *PROSE) if name in given}
    refuse_overwriting(shown["output"], paths)
    for name in PROSE:
        if shown.get(name):
            _refuse_data(name, shown["format"], shown["output"])
    return python_values({name: value for name, value in given.items() if name not in shown}), shown


def _refuse_data(name: str, format: Format | None, output: str | None) -> None:
    from howsure.answers.base import DATA
    from howsure.present.files import format_of

    chosen = format or format_of(output)
    if chosen in DATA:
        raise click.UsageError(
            f"{flag_of(name)} adds prose, and {chosen} is data. Leave one out, or write terminal, "
            "markdown, latex or html"
        )


def _mapping(name: str) -> Any:
    """Return a mapping: the path of a file, or the table of that name in the configuration, unless that isn't
    read (--no-config).
    """
    from howsure.commands.configuration import find

    context = click.get_current_context(silent=True)
    if Path(name).is_file() or (context is not None and context.find_root().params.get("no_config")):
        return name
    found = find(Path.cwd())
    tables = found.table.get("map", {}) if found is not None else {}
    return {name: tables[name]} if isinstance(tables, dict) and name in tables else name


def read(paths: tuple[str, ...], given: dict[str, Any]) -> Scores:
    """Read the paths with the options for reading, which are removed from `given`."""
    import howsure
    from howsure.commands.places import is_name
    from howsure.verbs.read import with_columns_used

    names = [word for word in paths if is_name(word)]
    if names and len(names) < len(paths) and "model" in given:
        raise click.UsageError(
            f"{names[0]!r} is not a file or folder here. To choose a model: --model {names[0]}"
        )
    how = _how(given)
    return with_columns_used(howsure.read(list(paths), **how), how["columns"])


def read_sides(paths: tuple[str, ...], given: dict[str, Any], *names: str, whole: bool = False) -> Scores:
    """Read the paths, and models given as paths or saved baselines. The options of these names then name
    models of the result.

    A name in a configuration, or one with a kind, is a whole name. With `whole` all names are.
    """
    from howsure.verbs.sides import is_path, parted, side_of

    asked = {name: str(given[name]) for name in names if given.get(name) is not None}
    alone = bool(asked) and all(side_of(text).is_read_alone for text in asked.values())
    if not paths and not alone:
        raise click.MissingParameter(param_hint="'PATH...'", param_type="argument")
    if alone and _configured("paths"):
        paths = ()
    scores, names_of_sides = parted(list(paths) or None, tuple(asked.values()), _how(given), whole=whole)
    found = dict(zip(asked, names_of_sides, strict=True))
    models = {name for name, text in asked.items() if not (side_of(text).kind or is_path(text))}
    bare = models if whole else {name for name in models if not _configured(name)}
    given |= {name: model if name in bare else f"model:{model}" for name, model in found.items()}
    return scores


def read_two_paths(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[Scores, tuple[str, str]] | None:
    """Read two paths as two models, and return these with their names. None if they aren't two models."""
    from howsure.verbs.sides import two_paths

    if len(paths) != 2:
        return None
    found = two_paths(list(paths), _how(dict(given)))
    if found is not None:
        for name in READING:
            given.pop(name)
    return found


def _configured(name: str) -> bool:
    """Return whether a parameter of the command has its value from a configuration."""
    context = click.get_current_context()
    return context.get_parameter_source(name) is ParameterSource.DEFAULT_MAP


def read_against(paths: tuple[str, ...], given: dict[str, Any]) -> Scores:
    """Read the paths for a comparison of all models with the one that the option `against` names. It then
    names a model of the result.
    """
    from howsure.verbs.sides import against_side

    if not paths:
        raise click.MissingParameter(param_hint="'PATH...'", param_type="argument")
    scores, model = against_side(list(paths), str(given["against"]), _how(given))
    given["against"] = model
    return scores


def read_runs(paths: tuple[str, ...], given: dict[str, Any]) -> Scores:
    """Read every run in the paths separately. The option `model` selects models within each run, and is
    removed from `given`.
    """
    from howsure.verbs.series import are_apart, runs_apart

    models = given.pop("model") or () if are_apart(list(paths)) else ()
    return runs_apart(list(paths), _how(given), models)


def columns_and_rows(given: dict[str, Any]) -> dict[str, Any]:
    """Return which columns of a table to use, and which rows to keep, in the form that verbs take."""
    return {
        "columns": gather(
            (role, name)
            for role, names in name_pairs("--columns", given["columns"] or ())
            for name in names.split("+")
        ),
        "where": gather(name_pairs("--where", given["where"] or ())),
    }


def _how(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `read` in its own form. They are removed from `given`."""
    how = {name: given.pop(name) for name in READING}
    return {
        **columns_and_rows(how),
        "missing": how["missing"] or None,
        "decimal": how["decimal"],
        "model_from": how["model_from"],
        "runs": how["runs"],
        "as_attempts": how["as_attempts"],
        "map": [_mapping(name) for name in how["map"] or ()] or None,
        "reader": how["reader"],
        "items": given.get("items"),
        "strict": how["strict"],
        "cache": how["cache"],
        "probabilities": given.get("score") == "prob",
        "statistic": given.get("statistic"),
        "processes": processes(),
        "progress": _progress,
    }


def processes() -> int:
    """Return how many processes a command may use: at most MOST_PROCESSES of the available cores, each with
    its own memory.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_PROCESSES)


def _progress(sources: Sequence[Any]) -> Iterable[Any]:
    """Show the progress of reading, by files or runs, or of fetching, whose files are places and which takes
    longer: as a bar on a terminal, elsewhere as a line now and then.
    """
    fetching = isinstance(next(iter(sources), None), Path)
    if len(sources) < (2 if fetching else MANY_FILES):
        return sources
    if not sys.stderr.isatty():
        return _counted(sources, "Fetched" if fetching else "Read")
    from rich.console import Console
    from rich.progress import track

    return track(
        sources,
        description="Fetching" if fetching else "Reading",
        console=Console(stderr=True),
        transient=True,
    )


def _counted(sources: Sequence[Any], done: str) -> Iterator[Any]:
    """Yield the sources, and write every few seconds how many of them are done."""
    last = time.monotonic()
    for count, source in enumerate(sources):
        if time.monotonic() - last > LINE_SECONDS:
            tell(f"{done} {count:,} of {len(sources):,} files.")
            last = time.monotonic()
        yield source


def command_line(ctx: click.Context, *, skip: Sequence[str] = (), name: str = "") -> str:
    """Return the command with all options of the command line or a configuration.

    `skip`: parameters to leave out. `name`: another command with the same parameters.
    """
    root = ctx.find_root()
    alone = ctx.default_map or (root.default_map or {}).get(name) or root.params.get("no_config")
    words = ["howsure", *(["--no-config"] if alone else []), name or str(ctx.info_name)]
    for param in ctx.command.params:
        asked = ctx.get_parameter_source(str(param.name)) not in (ParameterSource.DEFAULT, None)
        if asked and param.name not in skip:
            words += words_of(param, ctx.params[str(param.name)])
    return shlex.join(words)


def write(answer: Answer, format: Format | None, output: str | None, **prose: bool) -> None:
    """Write an answer in the chosen format, or in that of the file's suffix, with this prose of PROSE."""
    from howsure.answers.base import DATA
    from howsure.present.files import format_of

    chosen = format or format_of(output)
    color = output is None and sys.stdout.isatty()
    text = rendered(answer, chosen, color=color and chosen == "terminal", **prose)
    put(text, output, data=chosen in DATA)


def write_card(answer: Answer, target: str, paths: Sequence[str]) -> None:
    """Draw the card of an answer into a .png file."""
    from howsure.present.cards import card_of
    from howsure.present.files import card_path
    from howsure.writing import write

    place = card_path(target, paths)
    write(card_of(answer).png(), place)
    tell(f"Card written to {place}.")


def put(text: str, output: str | None, *, data: bool) -> None:
    """Write text to a file, or to standard output without one."""
    from howsure.writing import write

    if output is None:
        mark_answered()  # before: what breaks off was answered in part
        say(text, data=data)
    else:
        write(text, output)
        mark_answered()


def rendered(answer: Answer, format: Format, *, color: bool = False, **prose: bool) -> str:
    """Return an answer as text. Its warnings name flags, its data keep the names of Python."""
    from howsure.answers.base import DATA, words_of
    from howsure.present.render import render

    if format in DATA:
        return answer.render(format, **prose)
    words = with_flags(words_of(answer, **prose))
    if format == "html":
        from howsure.present.render import html

        return html.page(words, _about(answer))
    return str(render(words, format, color=color))  # type: ignore[arg-type]  # no data here


def _about(answer: Answer) -> About | None:
    """Return the head of a page: the command, what it read, and its figure. None without a command."""
    from datetime import datetime

    from howsure.present.files import figure_of
    from howsure.present.render.html import About

    context = click.get_current_context(silent=True)
    if context is None:
        return None
    paths = context.params.get("paths") or context.params.get("pilot") or ()
    figure, description = figure_of(answer)
    return About(
        heading=str(context.info_name).replace("-", " ").capitalize(),
        day=datetime.now().astimezone().date().isoformat(),
        data=", ".join(paths),
        command=command_line(context),
        figure=figure,
        description=description,
    )


def write_records(records: list[dict[str, Any]], format: Format | None, output: str | None) -> None:
    """Write single rows as csv or json."""
    import json

    from howsure.present.files import format_of
    from howsure.present.render import comma_separated

    if (format or format_of(output)) not in ("csv", "json") and (format or output):
        raise click.BadParameter("single rows are written as csv or json", param_hint="--format")
    as_json = (format or format_of(output)) == "json"
    put(
        json.dumps(records, indent=1) + "\n" if as_json else comma_separated.render(records),
        output,
        data=True,
    )


def page_path(output: str, paths: tuple[str, ...]) -> Path:
    """Return where the page goes. A page with another suffix wouldn't open anywhere."""
    from howsure.errors import OptionError
    from howsure.present.files import refuse_overwriting

    refuse_overwriting(output, paths)
    if Path(output).suffix.lower() not in ("", ".html", ".htm"):
        raise OptionError(
            f"{output!r} isn't a valid name for a page",
            remedy="End it in .html. For figures and tables use howsure plot or --format.",
        )
    return Path(output)


def open_page(address: str) -> None:
    """Open an address in the browser. Without a screen (a server, a container), print a note instead."""
    if sys.platform == "linux" and not any(os.environ.get(name) for name in SCREENS):
        tell("It can't be opened here, without a screen.")
        return
    click.launch(address)
