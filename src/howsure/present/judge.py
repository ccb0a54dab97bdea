"""How a judge's corrected rate is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, closing, opening, tabled
from howsure.present.estimate import limits, score, whisker
from howsure.present.leaderboard import leading, places, rivals
from howsure.statistics.results import significant
from howsure.wording import VERDICTS, Scale, ci_text, level_text, listing, p_words, plural

if TYPE_CHECKING:
    from howsure.answers.judge import JudgeCheck, JudgedDifference, JudgedModel, JudgeLine, JudgeRates
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Interval, Rank

PERCENT = Scale(percent=True)
HEADED = {
    "unknown": "Valid only if the labels were drawn at random (`labels_drawn='random'`).",
    "convenience": "Valid only as far as the labels, a convenience sample, represent all answers.",
}
"""The limitation of an answer whose labels weren't drawn at random, nor with known probabilities."""


def document(answer: JudgeRates) -> Document:
    """Return the verdict, one line per model, how often the judge is right, and the warnings."""
    return Document(
        blocks=(
            *opening(sentence(answer), answer.notes, more=more_of(answer), chapter=answer.chapter),
            rates_table(answer),
            *_judges(answer),
            *closing(answer.warnings),
        )
    )


def sentence(answer: JudgeRates) -> str:
    """Return that a judge may only guess, else the requested result: a floor or margin, who is ahead, or the
    corrected rate.
    """
    return _guesses(answer) or _asked(answer)


def more_of(answer: JudgeRates) -> str:
    """Return the requested result if the judge may only guess, its bias, the best model, and the
    limitations.
    """
    chosen = answer.all_answers.n_labelled < answer.all_answers.n_judged
    head = HEADED.get(answer.labels_drawn, "") if chosen and answer.check is None else ""
    texts = [_asked(answer) if _guesses(answer) else ""]
    if answer.check is None and answer.difference is None:
        texts += [_errs(answer.all_answers, len(answer.judges)), _leads(answer)]
    return " ".join(filter(None, (*texts, head)))


def _guesses(answer: JudgeRates) -> str:
    """Return which judges aren't significantly better than guessing, nothing if all are, or if it isn't
    known.
    """
    found = [each for each in answer.judges if each.better_than_chance is False]
    if len(answer.judges) > 1:
        return (
            f"Not shown to be better than guessing: {listing([each.judge for each in found])}."
            if found
            else ""
        )
    return "".join(
        "The judge isn't shown to be better than guessing (sensitivity "
        f"{PERCENT.score(each.sensitivity.value)}, "
        f"specificity {PERCENT.score(each.specificity.value)})."
        for each in found
    )


def _asked(answer: JudgeRates) -> str:
    """Return the requested result."""
    if answer.check is not None:
        return f"{VERDICTS[answer.check.verdict]}. {_checked(answer.check, answer.difference)}"
    return _ahead(answer) if answer.difference is not None else _rate(answer)


def _rate(answer: JudgeRates) -> str:
    """Return the corrected rate and the judge's own."""
    found = answer.all_answers
    rate = f"{PERCENT.score(found.estimate.value)} ({ci_text(found.estimate.interval, PERCENT)})"
    labels = plural(found.n_labelled, "label")
    if math.isnan(found.judge):
        return f"With {labels}, the rate of all {found.n_judged:,} answers is {rate}."
    own = "the judge's own" if len(answer.judges) < 2 else f"that of the {len(answer.judges)} judges"
    return f"Corrected with {labels}, the rate is {rate}; {own} is {PERCENT.score(found.judge)}."


def _limits(interval: Interval) -> str:
    return ci_text(interval, PERCENT)


def _errs(found: JudgedModel, judges: int) -> str:
    """Return the judge's bias, and whether it is significant, nothing without one."""
    if math.isnan(found.judge):
        return ""
    who, bias = "The judges are" if judges > 1 else "The judge is", found.bias
    if not found.bias_interval.excludes(0.0):
        return f"{'Their' if judges > 1 else 'Its'} bias isn't significant ({PERCENT.difference(bias)})."
    return f"{who} too {'kind' if bias > 0 else 'strict'} by about {PERCENT.gap(abs(bias))}."


def _leads(answer: JudgeRates) -> str:
    """Return which model leads, and who could be best, nothing if there are none to rank."""
    if not answer.ranks:
        return ""
    first = [each for each, rank in zip(answer.models, answer.ranks, strict=True) if rank.rank == 1]
    others = sum(rank.could_be_best for rank in answer.ranks) - len(first)
    lead = (
        f"{leading([each.model for each in first], 'scores highest', 'share the highest score')} "
        f"({PERCENT.score(first[0].estimate.value)})"
    )
    count = len(answer.models) - len(first)
    if others <= 0 or not count:
        ahead = ", significantly ahead" if count else ""
        return f"{lead}{ahead}{' of the others' if count > 1 else ''}."
    return f"{lead}, but {rivals(others, count)} could be best."


def _ahead(answer: JudgeRates) -> str:
    """Return who is ahead by the judge, and who by the labels."""
    gap = answer.difference
    if gap is None:
        return ""
    lead = gap.difference.value
    labels = f"{gap.n_both:,} pairs of labels" if gap.paired else plural(gap.n_labels, "label")
    told = (
        f"corrected with {labels}, {_leader(gap.a, gap.b, lead)} "
        f"({_limits(gap.difference.interval.of_lead(lead))}, {p_words(gap.p_value)})"
    )
    if not math.isnan(gap.judge):
        who = "The judge" if len(answer.judges) < 2 else f"The {len(answer.judges)} judges"
        told = f"{told}; for {who.lower()}, {_leader(gap.a, gap.b, gap.judge)}"
    if not significant(gap.p_value, answer.level):
        return f"Can't tell. {told[0].upper()}{told[1:]}."
    return f"{gap.a if lead > 0 else gap.b} is better. {told[0].upper()}{told[1:]}."


def _leader(a: str, b: str, value: float) -> str:
    """Return which of two is ahead, and by how much."""
    if not value:
        return f"{a} and {b} are level"
    return f"{a if value > 0 else b} is ahead by {PERCENT.lead(abs(value))}"


def _checked(check: JudgeCheck, gap: JudgedDifference | None) -> str:
    """Return whether a floor or a margin is met, and by which limit."""
    level = level_text(check.level)
    if check.criterion == "not_worse_than" and gap is not None:
        limit = PERCENT.given_gap(check.limit)
        kept, broken = (
            f"{gap.a} is {word} than {gap.b} by more than {limit}" for word in ("not worse", "worse")
        )
        open_ = f"{gap.a} may or may not be worse than {gap.b} by more than {limit}"
        value, low, high = (PERCENT.difference(each) for each in (check.value, check.low, check.high))
    else:
        who, limit = (
            f"{check.candidate}’s rate" if check.candidate else "The rate",
            PERCENT.given(check.limit),
        )
        kept, broken, open_ = (
            f"{who} is at least {limit}",
            f"{who} is below {limit}",
            f"{who} may be above or below {limit}",
        )
        value, low, high = (PERCENT.score(each) for each in (check.value, check.low, check.high))
    if check.verdict == "pass":
        return f"{kept} (corrected {value}, at least {low} at {level} confidence)."
    if check.verdict == "fail":
        return f"{broken} (corrected {value}, at most {high} at {level} confidence)."
    return (
        f"{open_} (corrected {value}, {low} to {high}, each limit at {level} confidence); label more answers."
    )


def rates_table(answer: JudgeRates) -> Table:
    """Lay out all answers, then each model with its rank. For a comparison or a floor, the models
    concerned.
    """
    level, ranked = level_text(answer.level), list(answer.ranks)
    places_of = dict(zip((each.model for each in answer.models), ranked, strict=False))
    asked = _asked_about(answer)
    lines = [each for each in answer.models if each.model in asked] or answer.every

    def rank(each: JudgedModel) -> Rank | None:
        """Return the rank of a model, None if the answer is about a comparison or a floor."""
        return None if asked else places_of.get(each.model)

    shown = bool(ranked) and not asked
    fields: list[Field[JudgedModel]] = [
        Field("rank", lambda each: str(found.rank) if (found := rank(each)) else "", shown=shown),
        Field(
            "rank CI",
            lambda each: places(found) if (found := rank(each)) else "",
            align="left",
            priority=8,
            shown=shown,
        ),
        Field("model", lambda each: each.model or "all answers", align="left"),
        Field("judged", lambda each: f"{each.n_judged:,}", priority=4),
        Field("labels", lambda each: f"{each.n_labelled:,}", priority=7),
        Field("judge %", lambda each: PERCENT.number(each.judge)),
        Field("rate %", lambda each: score(each.estimate, PERCENT)),
        Field(f"{level} CI", lambda each: limits(each.estimate, PERCENT), priority=8),
        Field("", lambda each: whisker(each.estimate), align="left", priority=6, axis=PERCENT),
        Field("labels alone %", lambda each: score(each.labels, PERCENT), priority=3),
        Field(f"{level} CI ", lambda each: limits(each.labels, PERCENT), priority=3),
        Field("bias, points", lambda each: PERCENT.signed(each.bias), priority=5),
    ]
    return tabled(lines, fields, lead=1 if answer.models and not asked else 0)


def _asked_about(answer: JudgeRates) -> tuple[str, ...]:
    """Return the models of a comparison or a floor, none if it is about all of them."""
    if answer.difference is not None:
        return answer.difference.a, answer.difference.b
    return (answer.check.candidate,) if answer.check is not None and answer.check.candidate else ()


def _judges(answer: JudgeRates) -> list[Block]:
    """Return how often each judge is right: for one in a sentence, for several in a table."""
    if len(answer.judges) > 1:
        return [judges_table(answer)]
    right = [
        f"{name} {PERCENT.score(share.value)} ({_limits(share.interval)})"
        for each in answer.judges
        for name, share in (("sensitivity", each.sensitivity), ("specificity", each.specificity))
        if math.isfinite(share.value)
    ]
    return [Text(text=f"The judge has {' and '.join(right)}.")] if right else []


def judges_table(answer: JudgeRates) -> Table:
    """Lay out the judges: the rate, the bias, and how often each is right."""
    level = level_text(answer.level)
    fields: list[Field[JudgeLine]] = [
        Field("judge", lambda each: each.judge, align="left"),
        Field("judged", lambda each: f"{each.n_judged:,}", priority=4),
        Field("own rate %", lambda each: PERCENT.number(each.rate)),
        Field("bias, points", lambda each: PERCENT.signed(each.bias)),
        Field("sensitivity %", lambda each: score(each.sensitivity, PERCENT)),
        Field(f"{level} CI", lambda each: limits(each.sensitivity, PERCENT), priority=6),
        Field("specificity %", lambda each: score(each.specificity, PERCENT)),
        Field(f"{level} CI ", lambda each: limits(each.specificity, PERCENT), priority=6),
    ]
    note = (
        "Bias: its own rate minus the corrected one. Sensitivity: the share of right answers "
        "that it rates as "
        "right. Specificity: the share of wrong ones that it rates as wrong."
    )
    return tabled(answer.judges, fields, note=note)
