"""Gate: may this candidate pass? Pass, fail, or can't tell; the verdict first, the numbers after."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.document import Column, Document, Note, Scale, Table, Text, level_text, listing, p_text, plural, rounded_up

if TYPE_CHECKING:
    from howsure.document import Block
    from howsure.errors import Caution
    from howsure.options import Format

GateVerdict = Literal["pass", "fail", "unclear"]
Criterion = Literal["not_worse_than", "better", "same_within", "at_least", "at_most"]

WORDS = {"pass": "PASS", "fail": "FAIL", "unclear": "CAN'T TELL"}
"""What people read; programs read "pass", "fail" and "unclear"."""

MARKER = "<!-- howsure gate -->"

EXIT_CODES = {"pass": 0, "fail": 1, "unclear": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One criterion on one task and metric, or overall (task "").

    `limit`: the margin or the floor, in score units; NaN for "better". `value`: the difference candidate − baseline, or the
    candidate's score for a floor; `low`, `high`: its interval at `level`, the one that decides. `p_pass`, `p_fail`: of the
    tests that the criterion is met, or broken; `p_fail_adjusted`: corrected for the number of checks (Holm); NaN for floors,
    which are decided by their interval. `items_needed`: about how many items in all would settle it with 80 % power if the
    truth is what was seen, NaN where that can't be said. `lacking`: the candidate has no score here, the baseline has.
    """

    task: str
    metric: str
    criterion: Criterion
    candidate: str
    baseline: str | None = None
    verdict: GateVerdict = "unclear"
    limit: float = math.nan
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = math.nan
    candidate_score: float = math.nan
    baseline_score: float = math.nan
    p_pass: float = math.nan
    p_fail: float = math.nan
    p_fail_adjusted: float = math.nan
    n_items: int = 0
    n_clusters: int = 0
    items_needed: float = math.nan
    lacking: bool = False
    percent: bool = True
    lower_is_better: bool = False
    cautions: tuple[Caution, ...] = ()

    @property
    def name(self) -> str:
        """Where the check was made: the task, and its metric."""
        return f"{self.task} · {self.metric}" if self.task else f"overall · {self.metric}"

    @property
    def asked(self) -> str:
        """What the candidate has to show, in a few words."""
        return _asked(self)

    @property
    def more_items(self) -> float:
        """About how many more items would settle an unclear check, NaN where that can't be said."""
        more = self.items_needed - self.n_items
        return more if more > 0 and self.verdict == "unclear" else math.nan

    @property
    def sentence(self) -> str:
        """One plain sentence, without the verdict's word."""
        return _sentence(self)

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        return {
            "task": self.task,
            "metric": self.metric,
            "criterion": self.criterion,
            "limit": number(self.limit),
            "verdict": self.verdict,
            "value": number(self.value),
            "low": number(self.low),
            "high": number(self.high),
            "level": number(self.level),
            "candidate": self.candidate,
            "candidate_score": number(self.candidate_score),
            "baseline": self.baseline,
            "baseline_score": number(self.baseline_score),
            "p_pass": number(self.p_pass),
            "p_fail": number(self.p_fail),
            "p_fail_adjusted": number(self.p_fail_adjusted),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "items_needed": number(self.items_needed),
            "lower_is_better": self.lower_is_better,
            "sentence": self.sentence,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the check as plain data."""
        return {**self.record(), "cautions": [caution.to_dict() for caution in self.cautions]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Answer):
    """Whether a candidate may pass: every check, and one verdict over all of them.

    The gate passes where every check passes, fails where one fails, and can't tell otherwise. `level`: how sure a verdict
    has to be.
    """

    candidate: str
    baseline: str | None
    checks: tuple[Check, ...]
    level: float
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def verdict(self) -> GateVerdict:
        """The overall verdict: "pass", "fail" or "unclear"."""
        found = {check.verdict for check in self.checks}
        return "fail" if "fail" in found else "unclear" if "unclear" in found or not found else "pass"

    @property
    def exit_code(self) -> int:
        """0 for pass, 1 for fail, 2 for can't tell; 3 is kept for errors."""
        return EXIT_CODES[self.verdict]

    @property
    def sentence(self) -> str:
        """The verdict in one line: `PASS: …`, `FAIL: …` or `CAN'T TELL: …`."""
        return f"{WORDS[self.verdict]}: {_summary(self)}"

    def counts(self) -> dict[GateVerdict, int]:
        """Return how many checks pass, fail and are unclear."""
        words: tuple[GateVerdict, ...] = ("pass", "fail", "unclear")
        return {word: sum(check.verdict == word for check in self.checks) for word in words}

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per check."""
        return [check.record() for check in self.checks]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "gate",
            "verdict": self.verdict,
            "sentence": self.sentence,
            "exit_code": self.exit_code,
            "candidate": self.candidate,
            "baseline": self.baseline,
            "level": number(self.level),
            "checks": [check.to_dict() for check in self.checks],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def render(
        self, format: Format = "terminal", *, width: int | None = None, color: bool = False, explain: bool = False
    ) -> str:
        """Return the answer as text; Markdown begins with a hidden line, so that a bot can find its comment again."""
        text = Answer.render(self, format, width=width, color=color, explain=explain)
        return f"{MARKER}\n{text}" if format == "markdown" else text

    def document(self) -> Document:
        """Return the verdict, the notes, a table of the checks and the cautions."""
        blocks: list[Block] = [Text(text=self.sentence, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(_facts(self) if len(self.checks) == 1 else _table(self))
        cautions = (*self.cautions, *_named(self))
        if cautions:
            blocks.append(Note(cautions=cautions))
        return Document(blocks=tuple(blocks))


def _named(gate: Gate) -> tuple[Caution, ...]:
    """Return the cautions of single checks with the task that each is about, once each."""
    many = len({(check.task, check.metric) for check in gate.checks}) > 1
    told = [
        replace(caution, message=f"{check.name}: {caution.message}") if many else caution
        for check in gate.checks
        for caution in check.cautions
    ]
    return tuple(dict.fromkeys(told))


def _summary(gate: Gate) -> str:
    if len(gate.checks) == 1:
        return _with_needed(gate.checks[0])
    named = [check for check in gate.checks if check.verdict == gate.verdict]
    many = len({(check.task, check.metric) for check in gate.checks}) > 1
    total = f"{len(gate.checks):,} checks"
    if gate.verdict == "pass":
        against = "" if gate.baseline is None else f" against {gate.baseline}"
        return f"all {total} pass, {gate.candidate}{against}."
    head = f"{len(named):,} of {total} {'fail' if gate.verdict == 'fail' else 'are open'}"
    if len(named) == 1:
        head = f"1 of {total} {'fails' if gate.verdict == 'fail' else 'is open'}"
    if len(named) > 1 and many:
        return f"{head}: {listing([check.name for check in named])}."
    first = "; the first" if len(named) > 1 else ""
    return f"{head}{first}: {named[0].name + ': ' if many else ''}{_with_needed(named[0])}"


def _with_needed(check: Check) -> str:
    if not check.more_items < 1e7:
        return check.sentence
    more = rounded_up(check.more_items)
    return f"{check.sentence.rstrip('.')}; about {more} more questions would settle it if that is the truth."


def _asked(c: Check) -> str:
    scale = Scale(percent=c.percent)
    limit = "" if math.isnan(c.limit) else scale.given(c.limit) if _is_floor(c) else scale.given_gap(c.limit)
    return {
        "not_worse_than": f"not worse than {c.baseline} by more than {limit}",
        "better": f"better than {c.baseline}",
        "same_within": f"the same as {c.baseline} within {limit}",
        "at_least": f"at least {limit}",
        "at_most": f"at most {limit}",
    }[c.criterion]


def _asked_short(c: Check) -> str:
    limit = "" if math.isnan(c.limit) else Scale(percent=c.percent).given_gap(c.limit)
    words = {"not_worse_than": f"not worse by {limit}", "better": "better", "same_within": f"same within {limit}"}
    return words.get(c.criterion, c.asked)


def _is_floor(c: Check) -> bool:
    return c.criterion in ("at_least", "at_most")


def _sentence(c: Check) -> str:
    if c.lacking:
        return f"{c.candidate} has no score here, and {c.baseline} has."
    scale, level = Scale(percent=c.percent), level_text(c.level)
    if not (math.isfinite(c.low) and math.isfinite(c.high)):
        why = c.cautions[0].message if c.cautions else "too few items or clusters"
        return f"these scores give no error bar ({why})."
    value = scale.score(c.value) if _is_floor(c) else scale.difference(c.value)
    unit = (" %" if _is_floor(c) else " pp") if c.percent else ""
    seen = f"{value}, {level} interval {scale.interval(c.low, c.high)}{unit}"
    if c.verdict == "unclear":
        return f"whether {c.candidate} is {c.asked} ({seen})."
    return f"{c.candidate} is {c.asked if c.verdict == 'pass' else _broken(c, scale)} ({seen})."


def _broken(c: Check, scale: Scale) -> str:
    """Say what a failed check has shown."""
    if _is_floor(c):
        return f"{'below' if c.criterion == 'at_least' else 'above'} {scale.given(c.limit)}"
    if c.criterion == "same_within":
        return f"more than {scale.given_gap(c.limit)} away from {c.baseline}"
    by = f" by more than {scale.given_gap(c.limit)}" if c.criterion == "not_worse_than" else ""
    return f"worse than {c.baseline}{by}"


def _facts(gate: Gate) -> Table:
    """Lay out one check as two columns."""
    c = gate.checks[0]
    scale = Scale(percent=c.percent)
    rows: list[tuple[str, str]] = [("asked", _asked_short(c)), ("task", c.name)]
    if not _is_floor(c):
        rows += [(c.candidate, scale.score(c.candidate_score)), (c.baseline or "", scale.score(c.baseline_score))]
        rows.append(("difference", scale.difference(c.value)))
    else:
        rows.append((c.candidate, scale.score(c.value)))
    unit = (" %" if _is_floor(c) else " pp") if c.percent else ""
    rows.append((f"{level_text(c.level)} interval", scale.interval(c.low, c.high) + unit))
    if not _is_floor(c):
        rows.append(("p-value of pass, of fail", f"{p_text(c.p_pass)}, {p_text(c.p_fail)}"))
    clusters = "" if c.n_clusters == c.n_items else f" in {plural(c.n_clusters, 'cluster')}"
    rows.append(("items", f"{c.n_items:,}{clusters}"))
    return Table(
        columns=(Column(name="", align="left"), Column(name="", align="left")),
        rows=tuple(rows),
    )


def _table(gate: Gate) -> Table:
    """Lay out the checks, one a row."""
    alike = len({check.asked for check in gate.checks}) == 1
    columns = (
        Column(name="", align="left", priority=10),
        Column(name="task", align="left"),
        *(() if alike else (Column(name="asked", align="left"),)),
        Column(name="seen", priority=8),
        Column(name="interval", priority=7),
        Column(name="items", priority=4),
        Column(name="more needed", priority=5),
    )
    title = f"{gate.checks[0].candidate}: {gate.checks[0].asked}" if alike else ""
    judged = sum(not check.lacking for check in gate.checks)
    note = f"each at {level_text(gate.level)}; p-values of fails corrected for {judged:,} checks (Holm)"
    return Table(columns=columns, rows=tuple(_row(check, alike) for check in gate.checks), title=title, note=note)


def _row(c: Check, alike: bool) -> tuple[str, ...]:
    scale = Scale(percent=c.percent)
    value = scale.score(c.value) if _is_floor(c) else scale.difference(c.value)
    value = value if math.isfinite(c.value) else "n/a"
    more = f"about {rounded_up(c.more_items)}" if c.more_items < 1e7 else "n/a" if c.verdict == "unclear" else ""
    interval = scale.interval(c.low, c.high) if math.isfinite(c.low) else "n/a"
    asked = () if alike else (_asked_short(c),)
    return (WORDS[c.verdict].lower(), c.name, *asked, value, interval, f"{c.n_items:,}", more)
