"""howsure baseline: results as a small file without text, to be committed and compared with."""

from __future__ import annotations

from typing import Any

import click

from howsure.commands.base import read
from howsure.commands.options import READING, paths, takes
from howsure.commands.streams import say, tell
from howsure.wording import listing, plural

MOST_NAMES = 5


@click.group()
def baseline() -> None:
    """Save results as a small file to compare with (saved:NAME).

    compare and gate accept it in place of a model. It contains scores, usage, attributes of questions and
    hashes, but no text of prompts, right answers or outputs.
    """


@baseline.command()
@click.argument("name", metavar="NAME")
@paths
@takes("save_baseline", *READING, "output")
def save(name: str, paths: tuple[str, ...], output: str | None, **given: Any) -> None:
    """Save the contents of the paths as the baseline NAME.

    The file is baselines/NAME.howsure next to howsure.toml, otherwise at the repository's root, otherwise in
    the working directory. An existing one is replaced.
    """
    import howsure
    from howsure.present.files import refuse_overwriting

    refuse_overwriting(output, paths)
    saved = howsure.save_baseline(read(paths, given), name, output=output)
    what = (
        f"{plural(len(saved.models), 'model')} on {plural(len(saved.tasks), 'task')}, "
        f"{plural(saved.n_items, 'question')}, {plural(saved.n_rows, 'row')}"
    )
    lines = [f"Saved to {saved.path}: {what}, {size(saved.n_bytes)}."]
    if saved.replaced:
        lines.append(f"It replaces a baseline that was there ({saved.replaced}).")
    if saved.left_out:
        lines.append(
            "Not kept (texts, secrets, or another value for every question): "
            f"{listing(list(saved.left_out), MOST_NAMES)}."
        )
    lines.append(f"Compare with it: howsure gate --candidate PATH --baseline saved:{output or name}")
    for line in lines:
        tell(line)


@baseline.command(name="list")
def list_() -> None:
    """List the saved baselines."""
    import howsure
    from howsure.errors import HowsureError, OptionError
    from howsure.present.render.visible import visible
    from howsure.readers.baselines import folder, found, names, shown

    known = names()
    if not known:
        raise OptionError(
            f"no saved baseline in {shown(folder())}", remedy="Save one: `howsure baseline save NAME PATHS`."
        )
    for name in known:
        try:
            place = found(name)
            rows = howsure.read(place).to_frame()
            models, tasks = (listing(sorted(rows[role].unique()), MOST_NAMES) for role in ("model", "task"))
            what = f"{models} on {tasks}, {plural(len(rows), 'row')}, {size(place.stat().st_size)}"
        except HowsureError as error:
            what = f"can't be read: {error.what}"
        say(f"{visible(name)}  {visible(what)}\n")


def size(n_bytes: int) -> str:
    """Write a size in kB."""
    return f"{max(n_bytes / 1000, 0.1):,.1f} kB"
