"""Allocation: which items get the next attempts, and what choosing them brings against spreading them evenly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.allocate import _count_table, _error_table, _percent
from howsure.present.document import Document, Note, Text
from howsure.wording import Scale, listing, plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.errors import Caution
    from howsure.present.document import Block

WORTHWHILE = 0.02
"""A saving of less than this share of the answers' part is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation(Answer):
    """The next attempts of one model, or of two that are compared, item by item.

    Cells are one model's answers to one item: `item`, `model` (C,), `attempts` so far and attempts to `add` (C,). `questions`,
    `answers`: the parts of SE² now; `answers_after`, `answers_even`: the answers' part with the attempts added as chosen, and
    as many spread evenly; NaN where one attempt an item leaves them open. `saved`: the share of the answers' part that choosing
    saves against spreading. `new_run`: the attempts are a run of its own, and its estimate leaves the old ones out. `decided_by`:
    the models whose answers chose.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    item: tuple[str, ...]
    model: tuple[str, ...]
    attempts: NDArray[np.int64]
    add: NDArray[np.int64]
    se: float
    questions: float
    answers: float
    answers_after: float
    answers_even: float
    saved: float
    decided_by: tuple[str, ...]
    new_run: bool = False
    percent: bool = True
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def total(self) -> int:
        """How many attempts are added."""
        return int(self.add.sum())

    @property
    def worthwhile(self) -> bool:
        """Whether choosing saves anything to speak of."""
        return self.saved >= WORTHWHILE

    @property
    def se_after(self) -> float:
        """The expected SE with the attempts as chosen."""
        return math.sqrt(max(self.questions, 0.0) + self.answers_after)

    @property
    def se_even(self) -> float:
        """The expected SE with as many attempts spread evenly."""
        return math.sqrt(max(self.questions, 0.0) + self.answers_even)

    @property
    def verdict(self) -> str:
        """One or two plain sentences."""
        who, count = " − ".join(self.models), plural(self.total, "attempt")
        part = f"of the answers' part of the variance of {who}"
        if not self.worthwhile:
            lost = f"save {_percent(self.saved)}" if self.saved >= 0 else f"add {_percent(-self.saved)}"
            return f"Spread the {count} evenly: choosing items would {lost} {part}."
        head = f"A new run of {count}, spread as below," if self.new_run else f"{self._more}, spread as below,"
        if not math.isfinite(self.se_after):
            return f"{head} would save about {_percent(self.saved)} {part}, against spreading them evenly."
        scale = Scale(percent=self.percent, digits=2)
        start = f"would have an SE of {scale.gap(self.se_after)}" if self.new_run else self._brought(scale)
        whole = _percent(1 - self.se_after / self.se_even, 1)
        return f"{head} {start}; spread evenly, {scale.gap(self.se_even)}. That saves {_percent(self.saved)} {part}, {whole} of its SE."

    @property
    def _more(self) -> str:
        return "1 more attempt" if self.total == 1 else f"{self.total:,} more attempts"

    def _brought(self, scale: Scale) -> str:
        return f"would bring the SE from {scale.number(self.se)} to {scale.gap(self.se_after)}"

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per cell."""
        cells = zip(self.item, self.model, self.attempts.tolist(), self.add.tolist(), strict=True)
        return [{"item": item, "model": model, "attempts": k, "add": add} for item, model, k, add in cells]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "allocation",
            "verdict": self.verdict,
            "task": self.task,
            "metric": self.metric,
            "models": list(self.models),
            "decided_by": list(self.decided_by),
            "new_run": self.new_run,
            "attempts": self.total,
            "se": number(self.se),
            "se_after": number(self.se_after),
            "se_even": number(self.se_even),
            "variance_questions": number(self.questions),
            "variance_answers": number(self.answers),
            "variance_answers_after": number(self.answers_after),
            "variance_answers_even": number(self.answers_even),
            "saved": number(self.saved),
            "cells": self.records(),
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the verdict, the notes, two small tables and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(Text(text=f"Chosen by the answers of {listing(self.decided_by)}.", kind="small"))
        if math.isfinite(self.se_after):
            blocks.append(_error_table(self))
        if self.worthwhile:
            blocks.append(_count_table(self))
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))
