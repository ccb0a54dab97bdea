"""howsure gate: may this candidate pass? Exit code 0 pass, 1 fail, 2 can't tell, 3 error."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import click

from howsure.commands.base import put, read_sides, rendered, split, write_card
from howsure.commands.configuration import OWN, PYPROJECT, table_of
from howsure.commands.exits import DONE, FAILED, UNDECIDED
from howsure.commands.freezing import frozen_names, frozen_text, frozen_warnings
from howsure.commands.options import (
    CARD,
    OUTPUT,
    VerdictCommand,
    refuse_points,
    refuse_task_points,
    sided_paths,
    takes,
)
from howsure.commands.places import is_name
from howsure.commands.streams import say, tell
from howsure.commands.verbs import options_of
from howsure.commands.verify import statement_of
from howsure.errors import OptionError, ResultWarning
from howsure.options.choices import Unclear
from howsure.wording import listing

if TYPE_CHECKING:
    from howsure.answers.gate import Check, Gate
    from howsure.present.document import LinkedPage

    Kind = Literal["notice", "warning", "error"]
    Outcome = Literal["pass", "fail", "skip"]

SIZES = ("not_worse_than", "same_within", "at_least", "at_most")
WITH_MARGIN = ("not_worse_than", "same_within")
JUNIT_WIDTH = 120
MOST_ANNOTATIONS, MOST_WARNINGS = 10, 3
"""GitHub's limits for annotations of each kind per step."""


class Counted(NamedTuple):
    """How a verdict counts: the exit code, a JUnit test case, the kind of annotation, and in words."""

    code: int
    outcome: Outcome
    kind: Kind
    words: str = ""


DECIDED = {"pass": Counted(DONE, "pass", "notice"), "fail": Counted(FAILED, "fail", "error")}
HARMLESS = Counted(DONE, "skip", "notice")
"""Underpowered checks and those without effect on the verdict don't block it."""
COUNTED = {
    "separate": Counted(UNDECIDED, "skip", "warning", "not decided"),
    "fail": Counted(FAILED, "fail", "error", "it counts as a fail"),
    "pass": Counted(DONE, "pass", "notice", "it counts as a pass"),
}
WARNED = Counted(DONE, "skip", "warning", "let through with a warning")
STOPPED = Counted(UNDECIDED, "fail", "error", "not let through")
USUAL = "HOWSURE_USUAL_UNCLEAR"
"""The variable by which the action sets the default of --unclear. A configuration takes precedence."""


def counted(judged: Gate | Check, unclear: str) -> Counted:
    """Return how the verdict of a gate or a check counts. `unclear`: the user's choice for "can't tell". With
    "warn" it depends on the reason.
    """
    verdict = getattr(judged, "counts_as", judged.verdict)
    if verdict in DECIDED:
        return DECIDED[verdict]
    if verdict != "unclear":
        return HARMLESS
    if unclear != "warn":
        return COUNTED[unclear]
    return WARNED if judged.unclear_because == "evidence" else STOPPED


@click.command(cls=VerdictCommand)
@sided_paths
@takes("gate", *options_of("gate", without=("model",)))
@click.option(
    "--unclear",
    type=click.Choice(get_args(Unclear)),
    default=lambda: os.environ.get(USUAL, "separate"),
    show_default="separate",
    help=(
        'How "can\'t tell" counts in exit code, JUnit and annotations. warn lets only too little evidence '
        "pass, with a warning."
    ),
)
@click.option("--junit", metavar="FILE", help="Write JUnit XML as well, one test case per check.")
@click.option(
    "--github", is_flag=True, help="On GitHub Actions: write annotations, the job's summary, and outputs."
)
@click.option(
    "--comment",
    metavar="FILE",
    help=(
        "Write a comment for a pull request as well, as Markdown. HOWSURE_NAME, HOWSURE_URL and "
        "HOWSURE_CARD_ADDRESS give its title, the address of its page, and of a card."
    ),
)
@CARD
@click.option("--freeze", metavar="FILE", help="Write the settings of this verdict as howsure.toml.")
@click.option(
    "--statement",
    metavar="FILE",
    help="Write the verdict as an in-toto Statement, with digests of the logs, for howsure verify.",
)
@takes("gate", *OUTPUT)
def gate(
    paths: tuple[str, ...],
    candidate: str | None,
    baseline: str | None,
    *,
    unclear: str,
    junit: str | None,
    comment: str | None,
    card: str | None,
    github: bool,
    freeze: str | None,
    statement: str | None,
    **given: Any,
) -> None:
    """Decide whether a candidate passes: pass, fail or can't tell.

    There are three verdicts: pass, fail, can't tell yet. Exits with 0 for pass, 1 for fail, 2 for can't tell
    (see --unclear), and 3 on any error.
    """
    import howsure
    from howsure.integrations.comments import gate_name, with_verdict
    from howsure.present.comment import comment as commented
    from howsure.present.files import refuse_overwriting
    from howsure.present.render import markdown
    from howsure.study.comparability import texts_told
    from howsure.writing import write

    _refuse_places(paths, candidate)
    for file in (junit, comment, freeze, statement):
        refuse_overwriting(file, paths)
    linked = None if comment is None else _linked_page()
    rest, shown = split(paths, given)
    if not rest["each_task"]:
        rest.setdefault("overall", "harness")
    rest |= {"candidate": candidate, "baseline": baseline}
    scores = read_sides(paths, rest, "candidate", "baseline", whole=True)
    asked = dict(rest)
    in_comment = comment is not None and rest["baseline"] is not None and not rest["statistic"]
    answer = howsure.gate(scores, **rest | {"flips": rest["flips"] or in_comment})
    context = click.get_current_context()
    if more := frozen_warnings(answer, scores, asked, frozen_names(context)):
        answer = replace(answer, warnings=(*answer.warnings, *more))
    of_scores = [check for check in answer.checks if check.criterion != "ratio_at_most"]
    refuse_points({name: rest[name] for name in SIZES}, percent=all(check.percent for check in of_scores))
    refuse_task_points(
        rest.get("tasks"),
        [(check.task, check.percent) for check in of_scores if check.criterion in WITH_MARGIN],
    )
    counts = counted(answer, unclear)
    if comment is not None:
        text = commented(
            answer,
            gate_name(),
            counts=counts.words,
            warnings=configuration_warnings(),
            digests=texts_told(scores.runs),
            linked=linked,
        )
        write(with_verdict(markdown.render(text), answer.verdict), comment)
    if not rest["flips"]:
        answer = replace(answer, flips=None)
    if junit is not None:
        write(_junit(answer, unclear), junit)
    if card is not None:
        write_card(answer, card, paths)
    if freeze is not None:
        write(frozen_text(answer, context), freeze)
    if statement is not None:
        write(statement_of(answer, context), statement)
    on_github = github and bool(os.environ.get("GITHUB_STEP_SUMMARY"))
    _show(answer, unclear, on_github=on_github, **shown)
    sys.exit(counts.code)


def _refuse_places(paths: tuple[str, ...], candidate: str | None) -> None:
    """Refuse models given by position: which of two is the candidate must not depend on it."""
    if candidate is not None:
        return
    names = [word for word in paths if is_name(word)]
    sources = [word for word in paths if word not in names]
    sides = names or (sources if len(sources) == 2 else [])
    if len(sides) == 2:
        words = shlex.join(["--candidate", sides[0], "--baseline", sides[1]])
        raise click.UsageError(
            f"a gate takes its two models by name: write {words} (or the other way round) in place of "
            f"{shlex.join(sides)}"
        )


def _linked_page() -> LinkedPage | None:
    """Return the page that a comment links to, and the address of its card, from the environment."""
    from howsure.checks import address
    from howsure.page.page import beside
    from howsure.present.document import LinkedPage

    url, card = os.environ.get("HOWSURE_URL", ""), os.environ.get("HOWSURE_CARD_ADDRESS", "")
    if not url:
        if card:
            raise OptionError(
                "HOWSURE_CARD_ADDRESS is the card of a page that has no address",
                remedy="Set HOWSURE_URL as well.",
            )
        return None
    page = address("HOWSURE_URL", url)
    return LinkedPage(address=page, picture=beside(page, Path(card).name) if card else "")


def _junit(answer: Gate, unclear: str) -> str:
    from howsure.present.document import Document
    from howsure.present.flips import blocks
    from howsure.present.gate import COUNTS, each_cases
    from howsure.present.render import junit, terminal
    from howsure.wording import VERDICTS

    cases = []
    for check in answer.checks:
        asked = f"{check.tier}: {check.asked}" if check.tier else check.asked
        counts = "" if check.counts_as == check.verdict else f" (counts as {COUNTS[check.counts_as]})"
        told = f"{VERDICTS[check.verdict]}{counts}: {check.sentence}"
        cases.append((check.name, asked, counted(check, unclear).outcome, told))
        cases += each_cases(check)
    flips = terminal.render(Document(blocks=tuple(blocks(answer.flips))), width=JUNIT_WIDTH)
    return junit.render(f"howsure gate: {answer.candidate}", cases, beside=flips)


def _show(
    answer: Gate, unclear: str, *, on_github: bool, format: Any, output: str | None, details: bool
) -> None:
    """Write the answer."""
    from howsure.answers.base import DATA
    from howsure.present.files import format_of
    from howsure.present.render.github import fence

    chosen = format or format_of(output)
    color = output is None and chosen == "terminal" and sys.stdout.isatty()
    text = rendered(answer, chosen, color=color, details=details)
    if on_github:
        _tell_github(answer, unclear, beside=output is None and chosen in DATA)
    fenced = on_github and output is None and chosen not in DATA
    put(fence(text) if fenced else text, output, data=chosen in DATA)


def _tell_github(answer: Gate, unclear: str, *, beside: bool) -> None:
    """Append the summary, print annotations (to standard error if a program reads the answer), and pass the
    verdict to the following steps.
    """
    from howsure.present.comment import reason
    from howsure.present.document import Document, Note
    from howsure.present.gate import document
    from howsure.present.render import markdown
    from howsure.present.render.github import annotation
    from howsure.writing import append

    def note(kind: Kind, title: str, message: str) -> None:
        """Write a notice to standard output, or to standard error if the answer goes there."""
        line = annotation(kind, title, message)
        tell(line) if beside else say(line + "\n")

    counts, changed = counted(answer, unclear), Note(warnings=tuple(configuration_warnings()))
    why = reason(answer, counts.words)
    summary = [
        answer.render("markdown"),
        *([why + "\n"] if why else []),
        *([markdown.render(Document(blocks=(changed,)))] if changed.warnings else []),
    ]
    append("\n".join(summary) + "\n", os.environ["GITHUB_STEP_SUMMARY"])
    if file := os.environ.get("GITHUB_OUTPUT"):
        planned = answer.looks
        made = "" if planned is None else f"look={planned.number}\nlooks={len(planned.looks)}\n"
        append(f"verdict={answer.verdict}\nbecause={answer.unclear_because}\n{made}", file)
    note(counts.kind, "howsure gate", f"{answer.sentence} {why}".rstrip())
    for message, remedy in changed.lines:
        note("warning", "howsure gate: configuration", f"{message} {remedy}")
    warnings = [block for block in document(answer).blocks if isinstance(block, Note)]
    for message, remedy in [line for block in warnings for line in block.lines][:MOST_WARNINGS]:
        note("warning", "howsure gate: warning", f"{message} {remedy}")
    if len(answer.checks) < 2:
        return
    held_up = [check for check in answer.checks if check.counts_as in ("fail", "unclear", "underpowered")]
    for check in held_up[: MOST_ANNOTATIONS - MOST_WARNINGS - 1]:
        note(counted(check, unclear).kind, f"howsure gate: {check.name}", check.sentence)


CODE, BASELINE = "configuration_changed", "baseline_changed"
UNKNOWN = ResultWarning(
    code=CODE,
    message=(
        "It is unknown whether this pull request changes the gate's own configuration or baseline: its "
        "base commit is not here."
    ),
    remedy="Check out with fetch-depth: 0.",
)


def configuration_warnings() -> list[ResultWarning]:
    """Warn if the tested pull request changes its own gate: a configuration, a policy, or the saved
    baseline.
    """
    from howsure.readers.baselines import found
    from howsure.verbs.sides import side_of

    context = click.get_current_context()
    root, side = context.find_root().params, side_of(context.params["baseline"] or "")
    baseline = found(side.text) if side.kind == "saved" else None
    policy = context.params["policy"]
    try:  # the base commit of the pull request, according to GitHub
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        base = str(event["pull_request"]["base"]["sha"])
        int(base, 16)
    except (KeyError, TypeError, ValueError, OSError):
        return []
    if root.get("no_config") and not baseline and not policy:
        return []
    folder = _git("rev-parse", "--show-toplevel")
    if folder is None or _git("cat-file", "-e", f"{base}^{{commit}}") is None:
        return [UNKNOWN]
    top = Path(os.fsdecode(folder).strip()).resolve()
    here = Path.cwd().resolve()
    configurations = [parent / name for parent in (here, *here.parents) for name in (OWN, PYPROJECT)]
    if root.get("config") is not None:
        configurations = [Path(root["config"]).resolve()]

    def is_changed(path: Path, *, whole: bool) -> bool:
        """Return whether a file of the repository has changed, or only our part of it."""
        if not path.is_relative_to(top):
            return False
        before = _git("show", f"{base}:{path.relative_to(top).as_posix()}")
        now = path.read_bytes() if path.is_file() else None
        if whole:
            return now is None or now != before
        return bool(_table(path, before) != _table(path, now))

    changed = [] if root.get("no_config") else [one for one in configurations if is_changed(one, whole=False)]
    if policy and is_changed(Path(policy).resolve(), whole=True):
        changed.append(Path(policy).resolve())
    names = [path.relative_to(top).as_posix() for path in changed]
    warnings = [_warning(CODE, f"the gate's own configuration: {listing(names)}")] if names else []
    if baseline and is_changed(baseline.resolve(), whole=True):
        name = baseline.resolve().relative_to(top).as_posix()
        warnings.append(_warning(BASELINE, f"the baseline that it is compared with: {name}"))
    return warnings


def _warning(code: str, what: str) -> ResultWarning:
    return ResultWarning(
        code=code,
        message=f"This pull request changes {what}.",
        remedy="Read that change before you trust the verdict.",
    )


def _table(path: Path, raw: bytes | None) -> Any:
    """Return the options in a file. None if it is absent or has none, its bytes if they can't be read."""
    try:
        return None if raw is None else table_of(path, raw)
    except OptionError:
        return raw


def _git(*words: str) -> bytes | None:
    """Return the output of git, None if it fails."""
    try:
        return subprocess.run(["git", *words], capture_output=True, check=True).stdout  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None
