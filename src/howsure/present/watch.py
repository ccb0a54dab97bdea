"""How a look at a run in progress is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, closing, facts, opening
from howsure.present.words import forecasts
from howsure.wording import Scale, ci_text, level_text, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.parts import Looks
    from howsure.answers.watch import Look


def document(look: Look) -> Document:
    """Return the verdict, one table and the warnings."""
    planned = (
        []
        if look.looks is None
        else [forecasts.table(look.looks.looks, forecasts.spending_words(look.looks.spending))]
    )
    return Document(
        blocks=(
            *opening(sentence(look), look.notes, more=_forecast(look), chapter=look.chapter),
            facts(_rows(look)),
            *planned,
            *closing(look.warnings),
        )
    )


def sentence(look: Look) -> str:
    """Return the decision, or the progress of the run."""
    if look.decided:
        at = "" if look.looks is None else f" at {forecasts.place(look.looks)}"
        return f"Stop{at}: {_found(look)} ({_seen(look)})."
    if look.looks is not None:
        return _undecided(look, look.looks)
    state = f"{_state(look)}, {_seen(look)}"
    if look.exhausted:
        return f"Can't tell after all {plural(look.n_items, 'question')}: {state}."
    return f"Keep going: {state}."


def _undecided(look: Look, planned: Looks) -> str:
    """Return the state after planned looks without a decision, and when the next one is due."""
    state = f"{_state(look)}, {_seen(look)}" if planned.number else ""
    if planned.due is None:
        return f"Can't tell after the last look: {state}."
    if planned.finished <= look.n_items + look.n_failed:
        return f"Keep going: {state + '; ' if state else ''}{forecasts.coming(planned)}."
    before = f" At look {planned.number:,}: {state}." if state else ""
    return (
        f"No verdict between looks: {forecasts.coming(planned)}, {planned.finished:,} are finished.{before}"
    )


def line(look: Look) -> str:
    """Return it in one short line: `212 of 500 questions  +3.1 points  −2.0 to 8.2  keep going`."""
    scale = Scale(percent=look.percent)
    waiting = f" ({look.n_waiting:,} waiting)" if look.n_waiting else ""
    if look.looks is not None and not (look.decided or look.exhausted):
        return f"{look.looks.finished:,}{_of(look)} questions{waiting}  {forecasts.coming(look.looks)}"
    if not look.n_items:
        return f"0{_of(look)} questions{waiting}  keep going"
    value = scale.score(look.estimate) if look.b is None else scale.difference(look.estimate)
    interval = scale.interval(look.interval.low, look.interval.high)
    word = "decided" if look.decided else "all questions used" if look.exhausted else "keep going"
    return (
        f"{look.n_items:,}{_of(look)} questions{waiting}  {value}  {interval}{scale.unit if look.b else ''}  "
        f"{word}"
    )


def _found(look: Look) -> str:
    """Return the decision."""
    scale = Scale(percent=look.percent)
    if look.at_least is not None:
        floor = scale.given(look.at_least)
        words = (
            ("at most" if look.bound_met else "above")
            if look.lower_is_better
            else "at least"
            if look.bound_met
            else "below"
        )
        return f"{look.a} is {words} {floor}"
    if look.within is not None:
        return f"{_name(look)} is known to within ± {scale.given_gap(look.within)}"
    if look.margin is not None:
        margin, low, high = look.margin or 0.0, look.interval.low, look.interval.high
        if -margin < low and high < margin:
            return f"{look.a} and {look.b} are equivalent within {scale.given_gap(margin)}"
        if not look.bound_met:
            return f"{look.a} is worse than {look.b} by more than {scale.given_gap(margin)}"
        return f"{look.a} is not worse than {look.b} by more than {scale.given_gap(margin)}"
    other = look.b if look.better == look.a else look.a
    return f"{look.better} is better than {other} by {scale.lead(look.estimate)}"


def _name(look: Look) -> str:
    return look.a if look.b is None else f"the difference of {look.a} and {look.b}"


def _state(look: Look) -> str:
    """Return the state before a decision."""
    scale = Scale(percent=look.percent)
    if not math.isfinite(look.estimate):
        return "nothing to compare yet" if look.b else "no scores yet"
    if look.b is None:
        return f"{look.a} scores {scale.score(look.estimate)} so far"
    if look.estimate == 0:
        return f"{look.a} and {look.b} score the same"
    ahead = look.a if (look.estimate > 0) != look.lower_is_better else look.b
    return f"{ahead} is ahead by {scale.lead(look.estimate)}"


def _seen(look: Look) -> str:
    scale = Scale(percent=look.percent)
    of = "" if look.exhausted else _of(look)
    after = f"after {look.n_items:,}{of} questions" if look.n_items != 1 or of else "after 1 question"
    if look.clustered:
        after += f" in {plural(look.n_units, 'cluster')}"
    if not math.isfinite(look.interval.low):
        return f"no interval yet, {after}"
    after += f", {look.n_failed:,} more failed" if look.n_failed else ""
    kind = "always-valid" if look.looks is None else "repeated"
    interval = look.interval.of_lead(look.estimate) if _names_leader(look) else look.interval
    return f"{kind} {ci_text(interval, scale)}, {after}"


def _names_leader(look: Look) -> bool:
    """Return whether the sentence is about who is ahead, and not about a − b."""
    return look.b is not None and (not look.decided or (look.margin is None and look.within is None))


def _forecast(look: Look) -> str:
    """Return what would decide it, nothing if it is decided, or before there are scores."""
    if look.decided or look.exhausted or look.looks is not None or not math.isfinite(look.estimate):
        return ""
    left = math.inf if look.planned is None else look.planned - look.n_items
    if not look.needed < 1e6:
        return "At this rate, no realistic number of questions would decide."
    # Round up to two digits: a forecast is not exact.
    step = 10 ** max(math.floor(math.log10(max(look.needed, 1))) - 1, 0)
    about = int(max(math.ceil(look.needed / step), 1) * step)
    more = f"If this holds, about {about:,} more questions would decide"
    return f"{more} (only {left:,} are left)." if about > left else f"{more}."


def _rows(look: Look) -> list[tuple[str, str]]:
    scale, interval = Scale(percent=look.percent), look.interval
    unit = scale.unit if look.b else scale.column.strip()
    if not look.n_items:
        there = "" if look.looks is None else f"; {look.looks.finished:,} finished"
        return [("questions", f"0{_of(look)}{there}; {look.n_waiting:,} waiting")]
    rows = [(look.a, scale.score(look.a_mean))]
    if look.b is not None:
        rows += [(look.b, scale.score(look.b_mean)), ("difference a − b", scale.difference(look.estimate))]
    shown = scale.interval(interval.low, interval.high) + unit if math.isfinite(interval.low) else "n/a"
    kind = "always valid" if look.looks is None else "at all looks"
    rows.append((f"{level_text(interval.level)} CI, {kind}", shown))
    if math.isfinite(look.p_value):
        rows.append((f"p-value, {kind}", p_text(look.p_value)))
    units = f" in {plural(look.n_units, 'complete cluster')}" if look.clustered else ""
    units += f"; {look.n_failed:,} failed" if look.n_failed else ""
    waiting = f"; {look.n_waiting:,} waiting" if look.n_waiting else ""
    made = "" if look.looks is None else f"; {forecasts.place(look.looks)}, {look.looks.finished:,} finished"
    rows += [("questions", f"{look.n_items:,}{_of(look)}{units}{waiting}{made}"), ("method", look.method)]
    return rows


def _of(look: Look) -> str:
    return f" of {look.planned:,}" if look.planned is not None else ""
