"""How flips are worded and tabled: the counts next to those of a mere rerun, then causes, then the
questions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Field, Text, tabled
from howsure.wording import Scale, count_text, p_text, plural, shortened

if TYPE_CHECKING:
    from howsure.answers.flips import Cause, Flip, FlipCount, Flips
    from howsure.present.document import Block

MOST_ROWS = 20
"""The number of questions shown. The JSON form has more."""
MOST_NAMED = 10
"""The number of ids named in a line."""
MOST_LETTERS = 40
"""The number of characters of an answer in a table."""


def blocks(flips: Flips | None, *, judged: bool = False) -> list[Block]:
    """Return the text and tables of flips, nothing if there are none. `judged`: between two judges, where a
    higher score isn't better.
    """
    if flips is None:
        return []
    found: list[Block] = [Text(text=sentence(flips, judged=judged), kind="heading", more=significance(flips))]
    if len(flips.counts) > 1:
        fields: list[Field[FlipCount]] = [
            Field("task", lambda count: count.task, align="left"),
            Field("metric", lambda count: count.metric, align="left", priority=3),
            Field("worse", lambda count: f"{count.n_regressed:,}"),
            Field("better", lambda count: f"{count.n_improved:,}"),
            Field("in a rerun", _rerun, priority=7),
            Field("questions", lambda count: f"{count.n_items:,}", priority=5),
        ]
        counts = tabled(flips.counts, fields)
        found.append(counts)
    found += _causes(flips)
    return [*found, *_questions(flips, judged=judged)]


def brief(flips: Flips | None) -> list[Block]:
    """Return the public part of flips: counts, causes and ids, without any text of a question or an
    answer.
    """
    if flips is None:
        return []
    found: list[Block] = [Text(text=sentence(flips), more=significance(flips)), *_causes(flips)]
    for word, broke in (("Got worse", True), ("Got better", False)):
        names = [shortened(flip.item, MOST_LETTERS) for flip in flips.items if flip.regressed == broke]
        left = (flips.n_regressed if broke else flips.n_improved) - len(names[:MOST_NAMED])
        more = f" and {left:,} more" if left > 0 else ""
        found += [Text(text=f"{word}: {', '.join(names[:MOST_NAMED])}{more}.")] if names else []
    where = "Targets and answers are in the output of the gate and the job's summary, not in this comment."
    return (
        [*found, Text(text=where, kind="small")]
        if any(flip.target or flip.answer_after for flip in flips.items)
        else found
    )


def sentence(flips: Flips, *, judged: bool = False) -> str:
    """Return how many questions regressed and improved, and how many a mere rerun would change."""
    total = sum(count.n_items for count in flips.counts)
    worse, better = ("got lower scores", "higher ones") if judged else ("got worse", "better")
    head = (
        f"From {flips.before} to {flips.after}, {flips.n_regressed:,} of "
        f"{plural(total, 'question')} {worse} and {flips.n_improved:,} {better}"
    )
    if not math.isfinite(flips.rerun_regressed):
        return f"{head}. How many would flip in an unchanged rerun isn't known."
    few, many = count_text(round(flips.rerun_regressed)), count_text(round(flips.rerun_improved))
    return f"{head}. An unchanged rerun would flip about {few} and {many}."


def significance(flips: Flips) -> str:
    """Return how many questions changed significantly by themselves, if their attempts can show it."""
    counts = [count.n_significant for count in flips.counts if count.n_significant is not None]
    if not counts:
        return ""
    n = sum(counts)
    questions = "No question" if not n else f"{plural(n, 'question')}"
    test = "Fisher's exact test over attempts, corrected for all questions"
    return f"{questions} changed significantly alone ({test})."


def _rerun(count: FlipCount) -> str:
    if not math.isfinite(count.rerun_regressed):
        return "not known"
    return f"{count_text(round(count.rerun_regressed))} and {count_text(round(count.rerun_improved))}"


def _causes(flips: Flips) -> list[Block]:
    """Return how attempts ended, over all questions first. The figure among changed questions is selected."""
    if flips.stops_unknown and flips.stops_unknown == flips.texts_unknown:
        return []  # reported below the questions
    if flips.stops_unknown:
        return [Text(text=f"Stop reasons aren't known: {flips.stops_unknown}.", kind="small")]
    if not flips.causes:
        return []
    fields: list[Field[Cause]] = [
        Field("stop reason of attempts", lambda cause: cause.stop, align="left"),
        Field("before", lambda cause: _share(cause.before)),
        Field("after", lambda cause: _share(cause.after)),
        Field("changed: before", lambda cause: _share(cause.before_changed), priority=5),
        Field("changed: after", lambda cause: _share(cause.after_changed), priority=5),
    ]
    note = "Changed: only the questions that changed, so a selected sample."
    return [tabled(flips.causes, fields, note=note)]


def _share(share: float) -> str:
    return Scale(percent=True).score(share) if math.isfinite(share) else ""


def _questions(flips: Flips, *, judged: bool) -> list[Block]:
    """List questions that regressed and improved, those that regressed first."""
    if not flips.items:
        return []
    broke = [flip for flip in flips.items if flip.regressed][:MOST_ROWS]
    fixed = [flip for flip in flips.items if not flip.regressed][
        : max(MOST_ROWS - len(broke), MOST_ROWS // 4)
    ]
    shown = [*broke, *fixed]
    left = len(flips.items) + flips.n_unlisted - len(shown)
    more = f"… and {plural(left, 'more question')} that changed" if left else ""
    known = any(flip.answer_before or flip.answer_after for flip in flips.items)
    texts = (
        f"{'some' if known else 'the'} answers aren't known: {flips.texts_unknown}"
        if flips.texts_unknown
        else ""
    )
    several = len({flip.task for flip in shown}) > 1
    any_tested = any(count.n_significant for count in flips.counts)
    percent = all(count.percent for count in flips.counts)
    words = {True: "lower", False: "higher"} if judged else {True: "worse", False: "better"}
    fields: list[Field[Flip]] = [
        Field("", lambda flip: words[flip.regressed], align="left", priority=10),
        Field("task", lambda flip: flip.task, align="left", priority=6, shown=several),
        Field("question", lambda flip: flip.item, align="left"),
        Field(
            f"score{Scale(percent=percent).column}",
            lambda flip: _change(flip, percent),
            align="left",
            priority=8,
        ),
        Field("p, adjusted", lambda flip: p_text(flip.p_adjusted), priority=9, shown=any_tested),
        Field(
            "target", lambda flip: shortened(flip.target, MOST_LETTERS), align="left", priority=5, cut=True
        ),
        Field(
            "answer before",
            lambda flip: _answer(flip.answer_before, flip.stop_before),
            align="left",
            priority=7,
            cut=True,
        ),
        Field(
            "answer after",
            lambda flip: _answer(flip.answer_after, flip.stop_after),
            align="left",
            priority=7,
            cut=True,
        ),
    ]
    kept = [each for each in fields if any(each.cell(flip) for flip in shown)]
    return [tabled(shown, kept, note="; ".join(each for each in (more, texts) if each))]


def _change(flip: Flip, percent: bool) -> str:
    """Write both scores, with enough digits to show the difference."""
    scale = Scale(percent=percent)
    texts = scale.number(flip.before), scale.number(flip.after)
    if percent and f"{100 * flip.before:.0f}" != f"{100 * flip.after:.0f}":
        texts = f"{100 * flip.before:.0f}", f"{100 * flip.after:.0f}"
    return " → ".join(texts)


def _answer(text: str, stop: str) -> str:
    """Write the beginning of an answer on one line, and why it ended unless it ended normally."""
    ended = f" ({stop})" if stop not in ("", "stop") else ""
    return f"{shortened(text, MOST_LETTERS)}{ended}"
