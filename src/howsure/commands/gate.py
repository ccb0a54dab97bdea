"""howsure gate: may this candidate pass? Exit code 0 pass, 1 fail, 2 can't tell, 3 error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import click

from howsure.commands.base import put, read_sides, rendered, split
from howsure.commands.configuration import OWN, PYPROJECT, table_of
from howsure.commands.exits import DONE, FAILED, UNDECIDED
from howsure.commands.options import (
    OUTPUT,
    VerdictCommand,
    refuse_points,
    refuse_task_points,
    sided_paths,
    takes,
)
from howsure.commands.streams import say, tell
from howsure.commands.verbs import options_of
from howsure.errors import Caution, OptionError
from howsure.options.words import Unclear
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.answers.gate import Check, Gate
    from howsure.present.document import LinkedPage

    Kind = Literal["notice", "warning", "error"]

CODE, BASELINE = "configuration_changed", "baseline_changed"
UNKNOWN = Caution(
    code=CODE,
    message=(
        "Whether this pull request changes the gate's own configuration or baseline is not known: its "
        "base commit is not here."
    ),
    remedy="Check out with fetch-depth: 0.",
)


def configuration_cautions(
    named: str | None, *, baseline: Path | None = None, policy: Path | None = None, read: bool = True
) -> list[Caution]:
    """Warn where the pull request that is being tested changes what the gate asks, or the saved baseline that
    it is compared with.

    `named`: the file of --config; `policy`: that of --policy, which is configuration as well; `read`: whether
    a configuration counts at all.
    """
    base = _base_commit()
    if base is None or not (read or baseline or policy):
        return []
    root = _git("rev-parse", "--show-toplevel")
    if root is None or _git("cat-file", "-e", f"{base}^{{commit}}") is None:
        return [UNKNOWN]
    top = Path(os.fsdecode(root).strip()).resolve()
    candidates = _candidates(top, named) if read else []
    changed = [path.relative_to(top).as_posix() for path in candidates if _is_changed(path, top, base)]
    held = [policy.resolve()] if policy else []
    changed += [
        path.relative_to(top).as_posix()
        for path in held
        if path.is_relative_to(top) and _is_another_file(path, top, base)
    ]
    told = [_caution(CODE, f"the gate's own configuration: {listing(changed)}")] if changed else []
    place = baseline.resolve() if baseline else None
    if place is not None and place.is_relative_to(top) and _is_another_file(place, top, base):
        told.append(
            _caution(BASELINE, f"the baseline that it is compared with: {place.relative_to(top).as_posix()}")
        )
    return told


def _caution(code: str, what: str) -> Caution:
    return Caution(
        code=code,
        message=f"This pull request changes {what}.",
        remedy="Read that change before you trust the verdict.",
    )


def _is_another_file(path: Path, top: Path, base: str) -> bool:
    return (
        not path.is_file() or _git("show", f"{base}:{path.relative_to(top).as_posix()}") != path.read_bytes()
    )


def _base_commit() -> str | None:
    """Return the commit that the pull request goes out from, as GitHub tells it; None outside of a pull
    request.
    """
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        commit = str(event["pull_request"]["base"]["sha"])
        int(commit, 16)
    except (KeyError, TypeError, ValueError, OSError):
        return None
    return commit


def _candidates(top: Path, named: str | None) -> Iterable[Path]:
    """Return the files that could be the gate's configuration, or could have been it."""
    if named is not None:
        return [path for path in [Path(named).resolve()] if path.is_relative_to(top)]
    here = Path.cwd().resolve()
    folders = [folder for folder in (here, *here.parents) if folder.is_relative_to(top)]
    return [folder / name for folder in folders for name in (OWN, PYPROJECT)]


def _is_changed(path: Path, top: Path, base: str) -> bool:
    before = _git("show", f"{base}:{path.relative_to(top).as_posix()}")
    return bool(_table(path, before) != _table(path, path.read_bytes() if path.is_file() else None))


def _table(path: Path, raw: bytes | None) -> Any:
    """Return the options that a file holds; None where it is absent or has none, its bytes where they can't
    be read.
    """
    try:
        return None if raw is None else table_of(path, raw)
    except OptionError:
        return raw


def _git(*words: str) -> bytes | None:
    """Return what git says, None where it fails."""
    try:
        return subprocess.run(["git", *words], capture_output=True, check=True).stdout  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None


SIZES = ("not_worse_than", "same_within", "at_least", "at_most")
WITH_MARGIN = ("not_worse_than", "same_within")
JUNIT_WIDTH = 120
MOST_ANNOTATIONS, MOST_CAUTIONS = 10, 3
"""GitHub shows so many of each kind a step."""


class Counted(NamedTuple):
    """What a verdict that can't be told counts as: the exit code, a test case of JUnit, the kind of
    annotation, and in words.
    """

    code: int
    outcome: Literal["pass", "fail", "skip"]
    kind: Kind
    words: str


COUNTED = {
    "separate": Counted(UNDECIDED, "skip", "warning", "not decided"),
    "fail": Counted(FAILED, "fail", "error", "it counts as a fail"),
    "pass": Counted(DONE, "pass", "notice", "it counts as a pass"),
}
WARNED = Counted(DONE, "skip", "warning", "let through with a warning")
STOPPED = Counted(UNDECIDED, "fail", "error", "not let through")
OUTCOMES: dict[str, Literal["pass", "fail", "skip"]] = {
    "pass": "pass",
    "fail": "fail",
    "blind": "skip",
    "nothing": "skip",
}
"""What a check is as a test case of JUnit, but for one that can't be told."""
USUAL = "HOWSURE_USUAL_UNCLEAR"
"""The variable by which the action sets the default of --unclear, which a configuration goes before."""


@click.command(cls=VerdictCommand)
@sided_paths
@takes("gate", *options_of("gate", without=("model",)))
@click.option(
    "--unclear",
    type=click.Choice(get_args(Unclear)),
    default=lambda: os.environ.get(USUAL, "separate"),
    show_default="separate",
    help=(
        'What "can\'t tell" counts as in exit code, JUnit and annotations; warn lets too little evidence '
        "pass, with a warning, and nothing else."
    ),
)
@click.option("--junit", metavar="FILE", help="Write JUnit XML as well, one test case a check.")
@click.option(
    "--github", is_flag=True, help="On GitHub Actions: write annotations, the job's summary, and outputs."
)
@click.option("--comment", metavar="FILE", help="Write a comment for a pull request as well, as Markdown.")
@click.option(
    "--url",
    metavar="ADDRESS",
    help="Where a page of these results lies (howsure report): the comment links to it.",
)
@click.option(
    "--card", metavar="NAME", help="The page's card, which lies beside it: the comment shows it. Needs --url."
)
@click.option(
    "--name", metavar="TEXT", help="What the gate is called in its comment.  [default: workflow and job]"
)
@takes("gate", *OUTPUT)
def gate(
    paths: tuple[str, ...],
    candidate: str,
    baseline: str | None,
    *,
    unclear: str,
    junit: str | None,
    comment: str | None,
    name: str | None,
    url: str | None,
    card: str | None,
    **given: Any,
) -> None:
    """Say whether a candidate may pass.

    Three verdicts: pass, fail, can't tell yet. Exits with 0 for pass, 1 for fail, 2 for can't tell (see
    --unclear), and 3 where something went wrong.
    """
    import howsure
    from howsure.present.files import refuse_overwriting
    from howsure.study.comparability import texts_told
    from howsure.writing import write

    for file in (junit, comment):
        refuse_overwriting(file, paths)
    linked = _linked_page(url, card)
    on_github = given.pop("github") and bool(os.environ.get("GITHUB_STEP_SUMMARY"))
    rest, shown = split(paths, given)
    if not rest["each_task"]:
        rest.setdefault("overall", "harness")
    rest |= {"candidate": candidate, "baseline": baseline}
    scores = read_sides(paths, rest, "candidate", "baseline", whole=True)
    answer = howsure.gate(scores, **rest)
    of_scores = [check for check in answer.checks if check.criterion != "ratio_at_most"]
    refuse_points({name: rest[name] for name in SIZES}, percent=all(check.percent for check in of_scores))
    refuse_task_points(
        rest.get("tasks"),
        [(check.task, check.percent) for check in of_scores if check.criterion in WITH_MARGIN],
    )
    if junit is not None:
        write(_junit(answer, unclear), junit)
    if comment is not None:
        write(_comment(answer, unclear, name, texts_told(scores.runs), linked), comment)
    _show(answer, unclear, on_github=on_github, **shown)
    sys.exit(_exit_code(answer, unclear))


def counted(unclear: str, because: str) -> Counted:
    """Say what "can't tell" counts as, as the user says; where that is warn, by why it can't be told."""
    if unclear != "warn":
        return COUNTED[unclear]
    return WARNED if because == "evidence" else STOPPED


def _exit_code(answer: Gate, unclear: str) -> int:
    """Return the exit code, "can't tell" counted as the user says."""
    return answer.exit_code if answer.verdict != "unclear" else counted(unclear, answer.unclear_because).code


def _linked_page(url: str | None, card: str | None) -> LinkedPage | None:
    """Return the page that a comment links to, and where its card is."""
    from howsure.checks import address
    from howsure.page.page import beside, refuse_card_alone
    from howsure.present.document import LinkedPage

    refuse_card_alone(url, card)
    if url is None:
        return None
    page = address("url", url)
    return LinkedPage(address=page, picture=beside(page, Path(card).name) if card else "")


def _comment(
    answer: Gate, unclear: str, name: str | None, digests: dict[str, str], linked: LinkedPage | None
) -> str:
    from howsure.integrations.github import gate_name
    from howsure.present.comment import comment
    from howsure.present.render import markdown

    counts = counted(unclear, answer.unclear_because).words
    changed = _configuration_cautions()
    told = comment(
        answer, name or gate_name(), counts=counts, cautions=changed, digests=digests, linked=linked
    )
    return markdown.render(told)


def _junit(answer: Gate, unclear: str) -> str:
    from howsure.present.document import Document
    from howsure.present.flips import blocks
    from howsure.present.gate import COUNTS
    from howsure.present.render import junit, terminal
    from howsure.wording import VERDICTS

    def outcome(check: Check) -> junit.Outcome:
        """Return what a check is in JUnit's words, the doubtful ones by what the user makes of doubt."""
        if check.counts_as == "unclear":
            return counted(unclear, check.unclear_because).outcome
        return OUTCOMES[check.counts_as]

    suite = f"howsure gate: {answer.candidate}"

    def told(check: Check) -> str:
        """Say the verdict of a check, what it counts as where that is another one, and why."""
        counts = "" if check.counts_as == check.verdict else f" (counts as {COUNTS[check.counts_as]})"
        return f"{VERDICTS[check.verdict]}{counts}: {check.sentence}"

    cases = [
        (c.name, (f"{c.tier}: {c.asked}" if c.tier else c.asked), outcome(c), told(c)) for c in answer.checks
    ]
    beside = terminal.render(Document(blocks=tuple(blocks(answer.flips))), width=JUNIT_WIDTH)
    return junit.render(suite, cases, beside=beside)


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
    from howsure.present.comment import reason
    from howsure.present.document import Document, Note
    from howsure.present.gate import document
    from howsure.present.render import markdown
    from howsure.present.render.github import annotation
    from howsure.writing import append

    def note(kind: Kind, title: str, message: str) -> None:
        """Write a notice to standard output, or beside it where the answer stands there."""
        line = annotation(kind, title, message)
        tell(line) if beside else say(line + "\n")

    changed, why = _configuration_cautions(), reason(answer, counted(unclear, answer.unclear_because).words)
    summary = [
        answer.render("markdown"),
        *([why + "\n"] if why else []),
        *([markdown.render(Document(blocks=(Note(cautions=changed),)))] if changed else []),
    ]
    append("\n".join(summary) + "\n", os.environ["GITHUB_STEP_SUMMARY"])
    _put_out(answer)
    note(_kind(answer, unclear), "howsure gate", f"{answer.sentence} {why}".rstrip())
    for message, remedy in (line for caution in changed for line in Note(cautions=(caution,)).lines):
        note("warning", "howsure gate: configuration", f"{message} {remedy}")
    cautions = [block for block in document(answer).blocks if isinstance(block, Note)]
    for message, remedy in [line for block in cautions for line in block.lines][:MOST_CAUTIONS]:
        note("warning", "howsure gate: caution", f"{message} {remedy}")
    if len(answer.checks) < 2:
        return
    told = [check for check in answer.checks if check.counts_as in ("fail", "unclear", "blind")]
    for check in told[: MOST_ANNOTATIONS - MOST_CAUTIONS - 1]:
        note(_kind(check, unclear), f"howsure gate: {check.name}", check.sentence)


def _configuration_cautions() -> tuple[Caution, ...]:
    """Warn of what the pull request that is tested changes of its own gate."""
    from howsure.readers.baselines import found
    from howsure.verbs.sides import side_of

    context = click.get_current_context()
    root, side = context.find_root().params, side_of(context.params["baseline"] or "")
    baseline = found(side.text) if side.kind == "saved" else None
    policy = context.params["policy"]
    cautions = configuration_cautions(
        root.get("config"),
        baseline=baseline,
        policy=Path(policy) if policy else None,
        read=not root.get("no_config"),
    )
    return tuple(cautions)


def _kind(judged: Gate | Check, unclear: str) -> Kind:
    """Return the kind of annotation of a verdict; what is blind holds nothing up."""
    if getattr(judged, "counts_as", "") == "blind":
        return "notice"
    if judged.verdict == "unclear":
        return counted(unclear, judged.unclear_because).kind
    return "notice" if judged.verdict == "pass" else "error"


def _put_out(answer: Gate) -> None:
    """Give the verdict, why it can't be told, and which look it was, to the steps that follow."""
    from howsure.writing import append

    if file := os.environ.get("GITHUB_OUTPUT"):
        planned = answer.looks
        made = "" if planned is None else f"look={planned.number}\nlooks={len(planned.looks)}\n"
        append(f"verdict={answer.verdict}\nbecause={answer.unclear_because}\n{made}", file)
