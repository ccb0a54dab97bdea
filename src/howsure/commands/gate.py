"""howsure gate: may this candidate pass? Exit code 0 pass, 1 fail, 2 can't tell, 3 error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, get_args

import click

from howsure.commands.base import put, read_sides, rendered, split
from howsure.commands.exits import DONE, FAILED, VerdictCommand
from howsure.commands.options import CRITERIA, DESIGN, OUTPUT, READING, STATISTICS, refuse_points, sided_paths, takes
from howsure.commands.streams import say, tell
from howsure.options import Unclear

if TYPE_CHECKING:
    from howsure.answers.gate import Gate
    from howsure.errors import Caution

SIZES = ("not_worse_than", "same_within", "at_least", "at_most")
JUNIT_WIDTH = 120
MOST_ANNOTATIONS, MOST_CAUTIONS = 10, 3
"""GitHub shows so many of each kind a step."""


@click.command(cls=VerdictCommand)
@sided_paths
@takes("gate", "candidate", "baseline", *CRITERIA, "at_least", "at_most", *READING, *DESIGN, "population", "covariate")
@takes("gate", *STATISTICS, "method", "overall", "each_task", "missing_at_most", "allow_differs", "flips")
@click.option(
    "--unclear",
    type=click.Choice(get_args(Unclear)),
    default="separate",
    show_default=True,
    help='What "can\'t tell" counts as in exit code, JUnit and annotations.',
)
@click.option("--junit", metavar="FILE", help="Write JUnit XML as well, one test case a check.")
@click.option("--github", is_flag=True, help="On GitHub Actions: write annotations and the job's summary.")
@takes("gate", *OUTPUT)
def gate(
    paths: tuple[str, ...], candidate: str, baseline: str | None, unclear: str, junit: str | None, **given: Any
) -> None:
    """Say whether a candidate may pass.

    Three verdicts: pass, fail, can't tell yet. Exits with 0 for pass, 1 for fail, 2 for can't tell (see --unclear), and 3 where something went wrong.
    """
    import howsure
    from howsure.present.files import refuse_overwriting
    from howsure.writing import write

    refuse_overwriting(junit, paths)
    on_github = given.pop("github") and bool(os.environ.get("GITHUB_STEP_SUMMARY"))
    rest, shown = split(paths, given)
    if not rest["each_task"]:
        rest.setdefault("overall", "harness")
    rest |= {"candidate": candidate, "baseline": baseline}
    answer = howsure.gate(read_sides(paths, rest, "candidate", "baseline", whole=True), **rest)
    refuse_points({name: rest[name] for name in SIZES}, percent=all(check.percent for check in answer.checks))
    if junit is not None:
        write(_junit(answer, unclear), junit)
    _show(answer, unclear, on_github=on_github, **shown)
    sys.exit(_exit_code(answer, unclear))


def _exit_code(answer: Gate, unclear: str) -> int:
    """Return the exit code, "can't tell" counted as the user says."""
    if answer.verdict != "unclear":
        return answer.exit_code
    return {"separate": answer.exit_code, "fail": FAILED, "pass": DONE}[unclear]


def _junit(answer: Gate, unclear: str) -> str:
    from howsure.present.document import Document
    from howsure.present.flips import blocks
    from howsure.present.render import junit, terminal
    from howsure.wording import VERDICTS

    outcomes: dict[str, junit.Outcome] = {"pass": "pass", "fail": "fail", "unclear": "skip"}
    if unclear != "separate":
        outcomes["unclear"] = "fail" if unclear == "fail" else "pass"
    suite = f"howsure gate: {answer.candidate}"
    return junit.render(
        suite,
        [(c.name, c.asked, outcomes[c.verdict], f"{VERDICTS[c.verdict]}: {c.sentence}") for c in answer.checks],
        beside=terminal.render(Document(blocks=tuple(blocks(answer.flips))), width=JUNIT_WIDTH),
    )


def _show(answer: Gate, unclear: str, *, on_github: bool, format: Any, output: str | None) -> None:
    """Write the answer."""
    from howsure.answers.base import DATA
    from howsure.present.files import format_of

    chosen = format or format_of(output)
    color = output is None and chosen == "terminal" and sys.stdout.isatty()
    text = rendered(answer, chosen, color=color)
    if on_github:
        _tell_github(answer, unclear, beside=output is None and chosen in DATA)
    fenced = on_github and output is None and chosen not in DATA
    put(_fenced(text) if fenced else text, output, data=chosen in DATA)


def _fenced(text: str) -> str:
    from howsure.present.render.github import fence

    return fence(text)


def _tell_github(answer: Gate, unclear: str, *, beside: bool) -> None:
    """Append the summary, and print annotations: beside the answer where a program reads it."""
    from howsure.present.document import Document, Note
    from howsure.present.gate import document
    from howsure.present.render import markdown
    from howsure.present.render.github import annotation
    from howsure.writing import append

    kinds = _kinds(unclear)

    def note(kind: str, title: str, message: str) -> None:
        line = annotation(kinds[kind], title, message)
        tell(line) if beside else say(line + "\n")

    changed = _configuration_cautions()
    summary = [
        answer.render("markdown"),
        *([markdown.render(Document(blocks=(Note(cautions=changed),)))] if changed else []),
    ]
    append("\n".join(summary) + "\n", os.environ["GITHUB_STEP_SUMMARY"])
    note(answer.verdict, "howsure gate", answer.sentence)
    for caution in changed:
        note("caution", "howsure gate: configuration", f"{caution.message} {caution.remedy}")
    cautions = [block for block in document(answer).blocks if isinstance(block, Note)]
    for message, remedy in [line for block in cautions for line in block.lines][:MOST_CAUTIONS]:
        note("caution", "howsure gate: caution", f"{message} {remedy}")
    if len(answer.checks) < 2:
        return
    for check in [check for check in answer.checks if check.verdict != "pass"][: MOST_ANNOTATIONS - MOST_CAUTIONS - 1]:
        note(check.verdict, f"howsure gate: {check.name}", check.sentence)


def _configuration_cautions() -> tuple[Caution, ...]:
    from howsure.commands.pull_request import configuration_cautions

    root = click.get_current_context().find_root().params
    return () if root.get("no_config") else tuple(configuration_cautions(root.get("config")))


def _kinds(unclear: str) -> dict[str, Any]:
    """Return the kind of annotation of each verdict, and of cautions."""
    counted = {"separate": "warning", "fail": "error", "pass": "notice"}[unclear]
    return {"pass": "notice", "fail": "error", "unclear": counted, "caution": "warning"}
