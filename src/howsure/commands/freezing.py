"""howsure gate --freeze: the settings of a verdict as howsure.toml, and those that a later run would choose
differently.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from howsure.commands import configuration
from howsure.commands.options import words_of

if TYPE_CHECKING:
    from howsure.answers.gate import Gate
    from howsure.answers.settings import Settings
    from howsure.errors import ResultWarning
    from howsure.table.scores import Scores

NOT_FROZEN = (
    *("paths", "candidate", "baseline", "published", "freeze"),
    *("format", "output", "details", "explain", "methods_paragraph", "junit", "comment", "github"),
)
"""Parameters of the gate that name its data or its output."""
OPTIONS = {
    "task": "task",
    "metric": "metric",
    "cluster": "cluster",
    "population": "population",
    "attempts": "score",
    "random_factors": "random-factor",
    "failures": "failures",
    "level": "level",
    "seed": "seed",
}
"""Settings by name, and the options that set them."""
WATCHED = ("task", "metric", "cluster", "population", "attempts", "failures")
"""Settings that howsure chooses from the data, so that later data could change them."""


def frozen_text(answer: Gate, context: click.Context) -> str:
    """Return the settings and criteria of a gate as a configuration. A setting that howsure chose differently
    for different tasks is left out, with a comment.
    """
    values, settings, automatic = _asked(context), answer.settings, list(frozen_names(context))
    assert settings is not None
    differing = _differing(answer)
    for name, option in OPTIONS.items():
        if option in values or name in differing or (name == "metric" and "statistic" in values):
            continue
        if (value := _value(name, getattr(settings, name).value)) is not None:
            values[option] = value
            automatic += [name] if name in WATCHED and name not in automatic else []
    return "\n".join(
        [
            "# Written by howsure gate --freeze. Delete a line to let howsure choose again.",
            *(
                f"# Not frozen, because tasks differ: {OPTIONS[name]}."
                for name in differing
                if OPTIONS[name] not in values
            ),
            "[gate]",
            *(f"{option} = {_toml(value)}" for option, value in values.items()),
            "",
            f"[{configuration.FROZEN}]",
            f"automatic = {_toml(automatic)}",
            "",
        ]
    )


def _differing(answer: Gate) -> list[str]:
    """Return the settings whose automatic choice differs between tasks."""
    checks = [check for check in answer.checks if check.task]
    metrics = {check.metric for check in checks}
    clusters = {None if check.clusters is None else check.clusters.name for check in checks}
    populations = {check.population for check in checks}
    differ: dict[str, set[Any]] = {"metric": metrics, "cluster": clusters, "population": populations}
    return [name for name, values in differ.items() if len(values) > 1]


def _asked(context: click.Context) -> dict[str, Any]:
    """Return the options of the gate from the command line or a configuration."""
    values: dict[str, Any] = {}
    for param in context.command.params:
        name = str(param.name)
        asked = context.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)
        if name in NOT_FROZEN or not isinstance(param, click.Option) or not asked:
            continue
        words = words_of(param, context.params[name])
        option = max(param.opts, key=len).removeprefix("--")
        if len(words) == 1:
            values[option] = not words[0].startswith("--no-")
        elif words:
            values[option] = words[1::2] if param.multiple else words[1]
    return values


def _value(name: str, value: Any) -> Any:
    """Return a setting as its option is written. None if it has no value to freeze."""
    if name == "cluster":
        return list(value) or "none"
    if isinstance(value, tuple):
        return list(value) or None
    if name == "seed":
        return int(value)
    return value


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def frozen_names(context: click.Context) -> tuple[str, ...]:
    """Return the settings in a configuration that howsure chose."""
    root = context.find_root().params
    if root.get("no_config"):
        return ()
    named = root.get("config")
    found = configuration.load(named) if named else configuration.find(Path.cwd())
    table = {} if found is None else found.table.get(configuration.FROZEN, {})
    names = table.get("automatic", ()) if isinstance(table, dict) else ()
    return tuple(name for name in WATCHED if name in names)


def frozen_warnings(
    answer: Gate, scores: Scores, asked: dict[str, Any], names: tuple[str, ...]
) -> tuple[ResultWarning, ...]:
    """Warn about frozen settings that howsure would choose differently for these scores."""
    from howsure.errors import ResultWarning
    from howsure.verbs.gate import automatic_settings

    if not names or answer.settings is None:
        return ()
    options = {_option(name) for name in names}
    now = automatic_settings(scores, {key: value for key, value in asked.items() if key not in options})
    return tuple(
        ResultWarning(
            code="frozen_setting",
            message=f"{name} is frozen as {old}, but by itself howsure would now take {new}",
            remedy="Check what changed in the data. To accept it, delete the line, then --freeze again.",
        )
        for name in names
        if (old := _words(answer.settings, name)) != (new := _words(now, name))
    )


def _option(name: str) -> str:
    return OPTIONS[name].replace("-", "_")


def _words(settings: Settings, name: str) -> str:
    """Write the value of a setting."""
    value = getattr(settings, name).value
    return value if isinstance(value, str) else ", ".join(value) or "none"
