"""How a judge's corrected rate is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, closing, opening, tabled
from howsure.present.estimate import limits, score, whisker
from howsure.present.leaderboard import leading, places, rivals
from howsure.statistics.results import significant
from howsure.wording import VERDICTS, Scale, have, level_text, listing, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.judge import JudgeCheck, JudgedDifference, JudgedModel, JudgeLine, JudgeRates
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Interval, Rank

PERCENT = Scale(percent=True)
HEADED = {
    "unknown": "If your labels were drawn at random: ",
    "convenience": "Your labels are a convenience sample, and as far as they stand for all: ",
}
"""What is said first of labels that weren't drawn at random, nor with known probabilities."""


def document(answer: JudgeRates) -> Document:
    """Return the verdict, a line a model, how often the judge is right, and the warnings."""
    return Document(
        blocks=(
            *opening(sentence(answer), answer.notes, chapter=answer.chapter),
            rates_table(answer),
            *_judges(answer),
            *closing(answer.warnings),
        )
    )


def sentence(answer: JudgeRates) -> str:
    """Say which judges may only guess, then what was asked: a floor or margin, who is ahead, or what the
    labels make of the judge's rate.
    """
    return f"{_guesses(answer)} {_asked(answer)}".lstrip()


def _guesses(answer: JudgeRates) -> str:
    """Say which judges aren't shown to be better than chance; nothing where all are, or nothing tells."""
    found = [each for each in answer.judges if each.better_than_chance is False]
    if len(answer.judges) > 1:
        return (
            f"Not shown to be better than chance: {listing([each.judge for each in found])}." if found else ""
        )
    return "".join(
        f"The judge isn't shown to be better than chance: it calls {PERCENT.score(each.sensitivity.value)} "
        f"of right answers right and {PERCENT.score(1 - each.specificity.value)} of wrong ones."
        for each in found
    )


def _asked(answer: JudgeRates) -> str:
    """Say what was asked."""
    chosen = answer.all_answers.n_labelled < answer.all_answers.n_judged
    head = HEADED.get(answer.labels_drawn, "") if chosen else ""
    if answer.check is not None:
        return f"{VERDICTS[answer.check.verdict]}: {_checked(answer.check, answer.difference)}"
    said = _ahead(answer) if answer.difference is not None else _rate(answer)
    return head + (said[0].lower() + said[1:] if head and said.startswith(("The ", "With ")) else said)


def _rate(answer: JudgeRates) -> str:
    """Say what the judge says, what the labels make of it, which way it errs, and which model leads."""
    found = answer.all_answers
    rate = f"{PERCENT.score(found.estimate.value)} {_limits(found.estimate.interval)}"
    labels = plural(found.n_labelled, "label")
    if math.isnan(found.judge):
        told = f"With your {labels} the rate of all {found.n_judged:,} answers is {rate}."
    else:
        told = (
            f"{_judges_say(answer)} {PERCENT.score(found.judge)}; with your {labels} the rate is {rate}: "
            f"{_errs(found, len(answer.judges))}."
        )
    return f"{told} {_leads(answer)}".rstrip()


def _judges_say(answer: JudgeRates) -> str:
    count = len(answer.judges)
    return "The judge says" if count < 2 else f"The {count} judges say"


def _limits(interval: Interval) -> str:
    return PERCENT.interval(interval.low, interval.high)


def _errs(found: JudgedModel, judges: int) -> str:
    """Say which way the judge errs, where it is shown."""
    who = "the judges are" if judges > 1 else "the judge is"
    if not found.bias_interval.excludes(0.0):
        return f"nothing shows that {who} too kind or too strict"
    word = "kind" if found.bias > 0 else "strict"
    return f"{who} too {word} by about {PERCENT.gap(abs(found.bias))}"


def _leads(answer: JudgeRates) -> str:
    """Say which model leads, and who could be best; nothing where there are none to rank."""
    if not answer.ranks:
        return ""
    first = [each for each, rank in zip(answer.models, answer.ranks, strict=True) if rank.rank == 1]
    others = sum(rank.could_be_best for rank in answer.ranks) - len(first)
    lead = (
        f"{leading([each.model for each in first], 'leads', 'lead')} with "
        f"{PERCENT.score(first[0].estimate.value)}"
    )
    count = len(answer.models) - len(first)
    if others <= 0 or not count:
        ahead = ", significantly ahead" if count else ""
        return f"{lead}{ahead}{' of the others' if count > 1 else ''}."
    return f"{lead}, but {rivals(others, count)} could also be best."


def _ahead(answer: JudgeRates) -> str:
    """Say who is ahead by the judge, and who by the labels."""
    gap = answer.difference
    if gap is None:
        return ""
    lead = gap.difference.value
    labels = f"{gap.n_both:,} pairs of labels" if gap.paired else plural(gap.n_labels, "label")
    told = (
        f"with your {labels} {_leader(gap.a, gap.b, lead)} "
        f"{_limits(gap.difference.interval.of_lead(lead))}, p {p_text(gap.p_value)}"
    )
    if not math.isnan(gap.judge):
        who = "The judge" if len(answer.judges) < 2 else f"The {len(answer.judges)} judges"
        told = (
            f"{who} {have(max(len(answer.judges), 1))} "
            f"{_leader(gap.a, gap.b, gap.judge).replace(' is ', ' ').replace(' are ', ' ')}; {told}"
        )
    return f"{told[0].upper()}{told[1:]}: {_shown(gap, answer.level)}."


def _leader(a: str, b: str, value: float) -> str:
    """Say which of two is ahead, and by how much."""
    if not value:
        return f"{a} and {b} are level"
    return f"{a if value > 0 else b} is ahead by {PERCENT.lead(abs(value))}"


def _shown(gap: JudgedDifference, level: float) -> str:
    if not significant(gap.p_value, level):
        return "nothing shows that one is better"
    return f"{gap.a if gap.difference.value > 0 else gap.b} is better"


def _checked(check: JudgeCheck, gap: JudgedDifference | None) -> str:
    """Say whether a floor or a margin is kept, and by which limit."""
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
            f"{check.candidate}’s rate" if check.candidate else "the rate",
            PERCENT.given(check.limit),
        )
        kept, broken, open_ = (
            f"{who} is at least {limit}",
            f"{who} is below {limit}",
            f"{who} may be above or below {limit}",
        )
        value, low, high = (PERCENT.score(each) for each in (check.value, check.low, check.high))
    if check.verdict == "pass":
        return f"{kept}: corrected {value}, no less than {low} at {level} confidence."
    if check.verdict == "fail":
        return f"{broken}: corrected {value}, no more than {high} at {level} confidence."
    return (
        f"{open_}: corrected {value}, from {low} to {high}, each limit at {level} confidence. More labels "
        "narrow it."
    )


def rates_table(answer: JudgeRates) -> Table:
    """Lay out all answers, then each model with its rank; of a comparison or a floor the models that it is
    about.
    """
    level, ranked = level_text(answer.level), list(answer.ranks)
    places_of = dict(zip((each.model for each in answer.models), ranked, strict=False))
    asked = _asked_about(answer)
    lines = [each for each in answer.models if each.model in asked] or answer.every

    def rank(each: JudgedModel) -> Rank | None:
        """Return the rank of a model, None where the answer is about a comparison or a floor."""
        return None if asked else places_of.get(each.model)

    shown = bool(ranked) and not asked
    fields: list[Field[JudgedModel]] = [
        Field("rank", lambda each: str(found.rank) if (found := rank(each)) else "", shown=shown),
        Field(
            "could be",
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
        Field(f"{level} interval", lambda each: limits(each.estimate, PERCENT), priority=8),
        Field("", lambda each: whisker(each.estimate), align="left", priority=6, axis=PERCENT),
        Field("labels alone %", lambda each: score(each.labels, PERCENT), priority=3),
        Field(f"{level} interval ", lambda each: limits(each.labels, PERCENT), priority=3),
        Field("judge errs pp", lambda each: PERCENT.signed(each.bias), priority=5),
    ]
    return tabled(lines, fields, lead=1 if answer.models and not asked else 0)


def _asked_about(answer: JudgeRates) -> tuple[str, ...]:
    """Return the models that a comparison or a floor is about; none where it is all of them."""
    if answer.difference is not None:
        return answer.difference.a, answer.difference.b
    return (answer.check.candidate,) if answer.check is not None and answer.check.candidate else ()


def _judges(answer: JudgeRates) -> list[Block]:
    """Say how often each judge is right: of one in a sentence, of several in a table."""
    if len(answer.judges) > 1:
        return [judges_table(answer)]
    right = [
        f"calls {PERCENT.score(share.value)} {_limits(share.interval)} of {kind} answers {kind}"
        for each in answer.judges
        for kind, share in (("right", each.sensitivity), ("wrong", each.specificity))
        if math.isfinite(share.value)
    ]
    return [Text(text=f"The judge {' and '.join(right)}.".replace(" and calls", " and"))] if right else []


def judges_table(answer: JudgeRates) -> Table:
    """Lay out the judges: what each says, by how much it errs, and how often it is right."""
    level = level_text(answer.level)
    fields: list[Field[JudgeLine]] = [
        Field("judge", lambda each: each.judge, align="left"),
        Field("judged", lambda each: f"{each.n_judged:,}", priority=4),
        Field("says %", lambda each: PERCENT.number(each.rate)),
        Field("errs pp", lambda each: PERCENT.signed(each.bias)),
        Field("sensitivity %", lambda each: score(each.sensitivity, PERCENT)),
        Field(f"{level} interval", lambda each: limits(each.sensitivity, PERCENT), priority=6),
        Field("specificity %", lambda each: score(each.specificity, PERCENT)),
        Field(f"{level} interval ", lambda each: limits(each.specificity, PERCENT), priority=6),
    ]
    note = (
        "errs: its rate less the corrected one; sensitivity, specificity: the share of right answers that "
        "it calls right, of wrong ones wrong"
    )
    return tabled(answer.judges, fields, note=note)
