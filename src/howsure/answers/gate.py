"""Gate: may this candidate pass? Pass, fail, or can't tell; the verdict first, the numbers after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Document, Note, Text
from howsure.present.gate import MARKER, WORDS, _asked, _facts, _named, _sentence, _summary, _table

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.options import Format
    from howsure.present.document import Block

GateVerdict = Literal["pass", "fail", "unclear"]


Criterion = Literal["not_worse_than", "better", "same_within", "at_least", "at_most"]


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
