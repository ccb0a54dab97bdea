"""How agreement is worded and tabled."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from howsure.answers.agree import NAMES
from howsure.present.document import Document, Field, closing, opening, small, tabled
from howsure.present.estimate import limits, score, whisker
from howsure.wording import Scale, ci_text, level_text, plural, rounded_up

if TYPE_CHECKING:
    from howsure.answers.agree import Agreed, Agreement, Confusion
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Estimate

PERCENT, PLAIN = Scale(percent=True), Scale(percent=False)
TWO, MOST_SHOWN, MOST_PAIRS = 2, 3, 15


def document(answer: Agreement) -> Document:
    """Return the verdict, raters compared with the human, coefficients, raters or pairs, repeats, the
    confusion table, and the warnings.
    """
    blocks: list[Block] = [*opening(sentence(answer), answer.notes, more=more_of(answer))]
    if answer.human and answer.pairs:
        rest = f"Without {answer.human}, {_lower(among(answer))}" if answer.overall else ""
        blocks += [human_table(answer), *small([independence(answer), rest])]
    if answer.overall:
        blocks.append(overall_table(answer))
    if answer.pairs and not answer.human:
        blocks.append(pairs_table(answer))
    if answer.raters:
        blocks.append(shares_table(answer.raters, "agrees with the others", answer.level))
    if answer.repeats:
        blocks.append(shares_table(answer.repeats, "agrees with itself", answer.level))
    if answer.confusion and not answer.pairs:
        blocks.append(confusion_table(answer))
    return Document(blocks=(*blocks, *closing(answer.warnings)))


def sentence(answer: Agreement) -> str:
    """Return how far raters agree with the human, or with each other."""
    return measured(answer) if answer.human and answer.pairs else among(answer)


def more_of(answer: Agreement) -> str:
    """Return how many questions make agreement known to the requested half-width."""
    found = answer.planned
    if found is None or not math.isfinite(answer.items_needed):
        return ""
    whose = f" of {found.b}" if found.b else ""
    what = (
        f"{NAMES[found.coefficient]}{whose} is known to ± {PLAIN.number(found.estimate.interval.half_width)}"
    )
    if answer.items_needed <= found.estimate.n_items:
        return f"{what}, within the requested ± {answer.within:g}."
    more = rounded_up(answer.items_needed - found.estimate.n_items)
    return f"{what}; about {more} more questions would make that ± {answer.within:g}."


def measured(answer: Agreement) -> str:
    """Return who agrees most with the human, and who least. For ordered values, who is nearest."""
    found = by_agreement(answer)
    (best, most), (last, least) = ((each.b, _share(each.estimate)) for each in (found[0], found[-1]))
    near, by = _ordered(answer), f"Measured by {answer.human}, "
    if len(found) == 1:
        return f"{by}{best} {'is close to it on' if near else 'agrees on'} {most} of the questions."
    if most == least:
        return (
            f"{by}all {len(found):,} raters {'are close to it on' if near else 'agree on'} "
            f"{most} of the questions."
        )
    if near:
        return f"{by}{best} is closest ({most}) and {last} farthest ({least})."
    return f"{by}{best} agrees most ({most} of the questions) and {last} least ({least})."


def by_agreement(answer: Agreement) -> list[Agreed]:
    """Return the plain agreement of each pair, highest first."""
    return sorted(
        (each for each in answer.pairs if each.coefficient == "agreement"),
        key=lambda each: -each.estimate.value,
    )


def among(answer: Agreement) -> str:
    """Return how far raters agree with each other, the agreement by chance, and the excess over it."""
    who, what = (
        ("two raters", "of the questions")
        if answer.n_raters == TWO
        else (f"{answer.n_raters:,} raters", "of pairs of ratings")
    )
    whole = {each.coefficient: each for each in answer.overall}
    near = "are close on" if _ordered(answer) else "agree on"
    share = _share(whole["agreement"].estimate)
    first = f"{who} {near} {share} {what}, compared with {PERCENT.score(answer.by_chance)} by chance."
    return " ".join([f"{first[0].upper()}{first[1:]}", _beyond(whole["krippendorff"])])


def _share(estimate: Estimate) -> str:
    return f"{PERCENT.score(estimate.value)} ({ci_text(estimate.interval, PERCENT)})"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _ordered(answer: Agreement) -> bool:
    return answer.measurement != "nominal" and len(answer.values) > TWO


def _beyond(found: Agreed) -> str:
    alpha = found.estimate
    if math.isnan(alpha.value):
        return "Agreement beyond chance isn't defined, because all ratings have the same value."
    bar = f"{signed(alpha.value)} {_limits(alpha)}"
    if found.unknowable:
        return f"Agreement beyond chance is unknown from these questions (Krippendorff's alpha {bar})."
    if not alpha.interval.excludes(0.0):
        return (
            f"Agreement beyond chance isn't significant (Krippendorff's alpha {bar}; 0 is chance, 1 full "
            "agreement)."
        )
    return f"Beyond chance, agreement is {bar} (Krippendorff's alpha: 0 is chance, 1 full agreement)."


def overall_table(answer: Agreement) -> Table:
    """Lay out the coefficients of all raters together."""
    fields: list[Field[Agreed]] = [
        Field("", lambda each: name(each, answer), align="left"),
        Field("value", lambda each: _number(each.estimate)),
        Field(
            "SE",
            lambda each: f"{each.estimate.se:.3f}" if math.isfinite(each.estimate.se) else "–",
            priority=0,
        ),
        Field(f"{level_text(answer.level)} CI", lambda each: _limits(each.estimate)),
        Field(" ", lambda each: whisker(each.estimate), align="left", priority=5, axis=PLAIN),
        Field("questions", lambda each: f"{each.estimate.n_items:,}", priority=6),
    ]
    return tabled(answer.overall, fields)


def name(each: Agreed, answer: Agreement) -> str:
    """Return the usual name of a coefficient."""
    ordered = answer.measurement != "nominal" and len(answer.values) > 2
    if each.coefficient == "gwet":
        return "Gwet's AC2" if ordered else "Gwet's AC1"
    if each.coefficient == "correlation":
        return "Spearman's correlation" if answer.measurement == "ordinal" else "Pearson's correlation"
    weighted = ordered and each.coefficient in ("cohen", "fleiss")
    return f"{NAMES[each.coefficient]}, weighted" if weighted else NAMES[each.coefficient]


def pairs_table(answer: Agreement) -> Table:
    """Lay out each pair of raters: agreement and Cohen's kappa."""
    level = level_text(answer.level)
    kappas = {(each.a, each.b): each.estimate for each in answer.pairs if each.coefficient == "cohen"}
    fields: list[Field[Agreed]] = [
        Field("rater", lambda each: each.a, align="left"),
        Field("and", lambda each: each.b, align="left"),
        *_shares("agree %", answer.level),
        Field("kappa", lambda each: _number(kappas[each.a, each.b])),
        Field(f"{level} interval ", lambda each: _limits(kappas[each.a, each.b]), priority=9),
        Field("", lambda each: whisker(kappas[each.a, each.b]), align="left", priority=4, axis=PLAIN),
    ]
    pairs = [each for each in answer.pairs if each.coefficient == "agreement"]
    more = len(pairs) - MOST_PAIRS
    note = f"{plural(more, 'more pair')} in csv and json" if more > 0 else ""
    return tabled(pairs[:MOST_PAIRS], fields, note=note)


def human_table(answer: Agreement) -> Table:
    """Lay out each rater compared with the human: agreement, kappa, and how often it is right for each value
    of the human.
    """
    right = {
        (each.b, each.value_a): each.estimate for each in answer.confusion if each.value_a == each.value_b
    }
    kappas = {each.b: each.estimate for each in answer.pairs if each.coefficient == "cohen"}
    shown = answer.values if len(answer.values) <= MOST_SHOWN and right else ()
    fields: list[Field[Agreed]] = [
        Field("rater", lambda each: each.b, align="left"),
        *_shares("agrees %", answer.level),
        Field("kappa", lambda each: _number(kappas[each.b])),
        Field(f"{level_text(answer.level)} interval ", lambda each: _limits(kappas[each.b]), priority=7),
        *(Field(f"on {value} %", partial(_right, right, value), priority=6) for value in shown),
    ]
    return tabled(by_agreement(answer), fields)


def _right(right: dict[tuple[str, str], Estimate], value: str, each: Agreed) -> str:
    return PERCENT.number(right[each.b, value].value) if (each.b, value) in right else "–"


def shares_table(rows: tuple[Agreed, ...], what: str, level: float) -> Table:
    """Lay out how far each rater agrees with the others, or with itself."""
    fields: list[Field[Agreed]] = [
        Field("rater", lambda each: each.a, align="left"),
        *_shares(f"{what} %", level),
        Field("", lambda each: whisker(each.estimate), align="left", priority=4, axis=PERCENT),
    ]
    return tabled(sorted(rows, key=lambda each: -each.estimate.value), fields)


def _shares(what: str, level: float) -> list[Field[Agreed]]:
    return [
        Field("questions", lambda each: f"{each.estimate.n_items:,}", priority=5),
        Field(what, lambda each: score(each.estimate, PERCENT)),
        Field(f"{level_text(level)} CI", lambda each: limits(each.estimate, PERCENT), priority=8),
    ]


def confusion_table(answer: Agreement) -> Table:
    """Lay out one rater's values for the items to which another gave a value."""
    fields: list[Field[Confusion]] = [
        Field("where", lambda each: f"{each.a} says {each.value_a}", align="left"),
        Field("says", lambda each: f"{each.b} says {each.value_b}", align="left"),
        Field("questions", lambda each: f"{each.count:,}"),
        Field("share %", lambda each: score(each.estimate, PERCENT)),
        Field(f"{level_text(answer.level)} CI", lambda each: limits(each.estimate, PERCENT), priority=8),
    ]
    return tabled(answer.confusion, fields)


def independence(answer: Agreement) -> str:
    """Return the effective number of independent raters."""
    found = answer.independence
    if found is None:
        return ""
    if math.isnan(found.value):
        return f"The {found.n_raters} raters made no error that could show how independent they are."
    low, high = found.interval.low, found.interval.high
    return (
        f"The errors of the {found.n_raters} raters are worth those of {found.value:.1f} independent ones "
        f"[{low:.1f}, {high:.1f}]."
    )


def _number(estimate: Estimate) -> str:
    return signed(estimate.value) if math.isfinite(estimate.value) else "undefined"


def _limits(estimate: Estimate) -> str:
    return f"[{signed(estimate.interval.low)}, {signed(estimate.interval.high)}]"


def signed(value: float) -> str:
    """Write a coefficient with two decimals and a typographic sign."""
    text = f"{value:.2f}"
    return "n/a" if math.isnan(value) else "0.00" if text == "-0.00" else text.replace("-", "−")
