"""How changed verdicts between models are worded and tabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.document import Field, Table, Text, tabled
from howsure.present.labels import labels
from howsure.wording import Scale, level_text, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.verdict_changes import VerdictChange, VerdictChanges
    from howsure.present.document import Block

MOST_ROWS = 10
"""The number of pairs shown. The details and the JSON form have all."""
NAME = 16
"""The number of characters of a side's name in a table."""
WORDS = {"better": "better", "worse": "worse", "unclear": "can't tell"}
CORRECTIONS = {"holm": "Holm", "bh": "Benjamini–Hochberg"}


def blocks(changes: VerdictChanges | None, column: str) -> list[Block]:
    """Return which verdicts between models differ between two values of a column, nothing without several
    models.
    """
    if changes is None:
        return []
    listed = [pair for pair in changes.pairs if pair.differs or pair.gap_changed]
    found: list[Block] = [Text(text=sentence(changes, column), kind="heading")]
    return [*found, table(changes, listed[:MOST_ROWS], len(listed))] if listed else found


def sentence(changes: VerdictChanges, column: str) -> str:
    """Return for how many pairs of models the verdict differs, and for how many that is more than chance."""
    n, differ = len(changes.pairs), [pair for pair in changes.pairs if pair.differs]
    if not n:
        return f"No pair of models has two questions with scores by both {changes.a} and {changes.b}."
    pairs = f"{plural(n, 'pair')} of {plural(changes.n_models, 'model')}"
    others = changes.n_gaps_changed - sum(pair.gap_changed for pair in differ)
    if not differ:
        more = f", but the gap of {plural(others, 'pair')} changed significantly" if others else ""
        return f"The verdict on all {pairs} is the same with either {column}{more}."
    shown = sum(pair.gap_changed for pair in differ)
    did = "changed significantly" if shown else "did not change significantly"
    of_these = (
        f"its gap {did}"
        if len(differ) == 1
        else f"the gap of {shown or 'none'} of these changed significantly"
    )
    others_did = (
        f", and that of {plural(others, 'other pair')}"
        if shown
        else (f", but that of {plural(others, 'other pair')} did")
    )
    more = others_did if others else ""
    return f"The verdict on {len(differ):,} of {pairs} depends on the {column}: {of_these}{more}."


def table(changes: VerdictChanges, pairs: list[VerdictChange] | tuple[VerdictChange, ...], of: int) -> Table:
    """Lay out pairs with their gap and verdict by each side, and the change. `of`: the number of all such
    pairs.
    """
    scale = Scale(percent=changes.percent)
    names = labels([changes.a, changes.b], NAME)
    level = level_text(pairs[0].change.interval.level) if pairs else ""
    fields: list[Field[VerdictChange]] = [
        Field("gap between models", lambda pair: f"{pair.model} − {pair.other}", align="left"),
        Field(names[0], lambda pair: _gap(pair.gap_a, pair.verdict_a, scale), align="left", priority=8),
        Field(names[1], lambda pair: _gap(pair.gap_b, pair.verdict_b, scale), align="left", priority=8),
        Field("change", lambda pair: scale.signed(pair.change.value), priority=10),
        Field(f"{level} CI", lambda pair: scale.interval(pair.change.low, pair.change.high)),
        Field("p", lambda pair: p_text(pair.p_adjusted), priority=5),
        Field("questions", lambda pair: f"{pair.n_items:,}", priority=3),
    ]
    more = f"… and {plural(of - len(pairs), 'more pair')}. " if of > len(pairs) else ""
    corrected = (
        f", corrected for {plural(len(changes.pairs), 'pair')} ({CORRECTIONS[changes.adjust]})"
        if changes.adjust in CORRECTIONS and len(changes.pairs) > 1
        else ""
    )
    unit = "Gaps in points" if changes.percent else "Gaps in score units"
    return tabled(
        pairs,
        fields,
        note=f"{more}{unit}, on questions that both scored{corrected}. A verdict can differ by chance: the "
        "change shows whether the gap does.",
    )


def _gap(value: float, verdict: str, scale: Scale) -> str:
    return f"{scale.signed(value)} {WORDS[verdict]}"
