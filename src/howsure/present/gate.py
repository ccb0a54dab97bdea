"""How a gate's verdict is worded and tabled."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.present import flips
from howsure.present.costs import times_text
from howsure.present.document import Document, Field, closing, facts, opening, small, tabled
from howsure.present.slices import gap_blocks
from howsure.present.words import factors, forecasts
from howsure.wording import MOST_FORECAST, VERDICTS, Scale, level_text, listing, p_text, plural, rounded_up

if TYPE_CHECKING:
    from howsure.answers.gate import Check, Counts, EachQuestion, Gate, PopulationVerdict, QuarantineUse
    from howsure.errors import ResultWarning
    from howsure.present.document import Table
    from howsure.present.render.junit import Outcome

COUNTS: dict[Counts, str] = {
    "pass": "pass",
    "fail": "fail",
    "unclear": "can't tell",
    "underpowered": "underpowered",
    "nothing": "nothing",
}
NOTE = (
    "An undecided supporting check counts as passed if it would have detected a loss of its margin at least "
    "half of the time; otherwise it is underpowered."
)
NOT_BINDING = "Slices don't count towards this verdict."
MARK = "howsure gate"
"""The marker by which a bot finds its comment again."""
BECAUSE = {
    "missing": " (results are missing)",
    "quarantine": " (the candidate's run has no date)",
    "differs": " (the two runs differ in what they were asked)",
    "attempts": " (attempts may be a factor that questions share)",
    "clusters": " (clusters would change the verdict)",
    "population": " (same and new clusters give different verdicts)",
}
"""Why checks are undecided, other than for too little evidence."""


def document(gate: Gate) -> Document:
    """Return the verdict, the notes, a table of the checks and the warnings."""
    slices, alone = gap_blocks(gate.slices), len(gate.checks) == 1 and not gate.has_policy
    blocks = (
        *opening(sentence(gate), notes(gate), more=more_of(gate), chapter=gate.chapter),
        _facts(gate) if alone else _table(gate),
        *slices,
        *(small([NOT_BINDING]) if slices else []),
        *flips.blocks(gate.flips),
        *closing((*gate.warnings, *named_warnings(gate))),
    )
    return Document(blocks=blocks, details=(_details(gate),) if alone else (), mark=MARK)


def notes(gate: Gate) -> tuple[str, ...]:
    """Return the notes, after those on a quarantine and planned looks."""
    aside = () if gate.quarantine is None else _quarantine_notes(gate, gate.quarantine)
    if gate.looks is None:
        return (*aside, *gate.notes)
    made = f"{forecasts.place(gate.looks).capitalize()}, at {plural(gate.looks.finished, 'question')}"
    return (
        (
            f"{made}; {forecasts.spending_words(gate.looks.spending)}, and limits and p-values are for "
            "all looks together."
        ),
        *aside,
        *gate.notes,
    )


def _quarantine_notes(gate: Gate, use: QuarantineUse) -> tuple[str, ...]:
    """Return how many questions are in quarantine, until when, and the verdict if all count."""
    if use.ended or not use.n_left_out:
        return ()
    without = "" if use.verdict_without is None else VERDICTS[use.verdict_without].lower()
    same = "the same" if use.verdict_without == gate.verdict else without
    left = f"{use.n_left_out:,} of {plural(use.n_items, 'question')} left out until {use.until}"
    return (f"Quarantine: {left}. The verdict on all questions: {same}.",)


def named_warnings(gate: Gate) -> tuple[ResultWarning, ...]:
    """Return the warnings of single checks, once each, with the tasks and slices concerned."""
    names: dict[ResultWarning, dict[str, None]] = {}
    for check in gate.checks:
        for warning in check.warnings:
            names.setdefault(warning, {})[check.name] = None
    if len({check.name for check in gate.checks}) < 2:
        return tuple(names)
    return tuple(
        replace(warning, message=f"{listing([*about])}: {warning.message}")
        for warning, about in names.items()
    )


def sentence(gate: Gate) -> str:
    """Return the word of the verdict and its basis: `PASS. …`, `FAIL. …` or `Can't tell whether …`."""
    text = _of_policy(gate) if gate.has_policy else _of_checks(gate)
    if gate.verdict == "unclear" and text.startswith("whether "):
        return f"Can't tell {text}"
    keeps = text.startswith((gate.candidate, str(gate.baseline)))  # a name keeps its first letter
    return f"{VERDICTS[gate.verdict]}. {text if keeps else text[0].upper() + text[1:]}"


def more_of(gate: Gate) -> str:
    """Return what would decide the verdict, a loss within the margin, and which planned look this is."""
    texts = []
    if len(gate.checks) == 1:
        texts = [_worse_within(gate.checks[0]), _each_more(gate.checks[0]), _needed(gate.checks[0], gate)]
    if gate.looks is None:
        return " ".join(filter(None, texts))
    if gate.verdict != "unclear":
        texts.append(f"This is {forecasts.place(gate.looks)}.")
    elif gate.looks.due is None:
        texts.append(f"This was the last of {plural(len(gate.looks.looks), 'look')}.")
    else:
        texts.append(f"This is look {gate.looks.number:,}; {forecasts.coming(gate.looks)}.")
    return " ".join(filter(None, texts))


def _worse_within(c: Check) -> str:
    """Return that the candidate is worse, if that is significant and a loss beyond the margin isn't."""
    if c.criterion != "not_worse_than" or c.verdict == "fail" or not math.isfinite(c.high):
        return ""
    if not (c.low > 0 if c.lower_is_better else c.high < 0):
        return ""
    if c.verdict == "pass":
        return f"It is worse than {c.baseline}, by less than the margin."
    return f"It is worse than {c.baseline}, but not shown to be worse by more than the margin."


def _of_checks(gate: Gate) -> str:
    """Return the basis of the verdict if all checks count."""
    if len(gate.checks) == 1:
        return check_sentence(gate.checks[0])
    total = f"{len(gate.checks):,} checks"
    if gate.verdict == "pass":
        against = "" if gate.baseline is None else f" against {gate.baseline}"
        about = {_about(check) for check in gate.checks}
        also = f",{about.pop()}" if len(about) == 1 and all(about) else ""
        return f"all {total} pass, {gate.candidate}{against}{also}."
    deciding = [check for check in gate.checks if check.verdict == gate.verdict]
    several_tasks = len({(check.task, check.metric) for check in gate.checks}) > 1
    head = f"{len(deciding):,} of {total} {_does(gate, len(deciding))}"
    if len(deciding) > 1 and several_tasks:
        return f"{head}: {listing([check.name for check in deciding])}."
    first = ", the first" if len(deciding) > 1 else ""
    name = f"{deciding[0].name}: " if several_tasks else ""
    return f"{head}{first}: {name}{check_sentence(deciding[0])}"


def _does(gate: Gate, count: int) -> str:
    """Return the result of this many checks: they fail, or are undecided."""
    if gate.verdict == "fail":
        return "fails" if count == 1 else "fail"
    return ("is undecided" if count == 1 else "are undecided") + BECAUSE.get(gate.unclear_because, "")


def _of_policy(gate: Gate) -> str:
    """Return the basis of the verdict if a policy sets how each check counts."""
    binding = [check for check in gate.checks if check.binds]
    deciding = [check for check in binding if check.counts_as == gate.verdict]
    if gate.verdict == "pass" or not deciding:
        return f"{'' if gate.verdict == 'pass' else 'no binding check is conclusive: '}{_shown(gate)}."
    names = listing([f"{check.name} ({check.tier})" for check in deciding])
    alone = f": {deciding[0].sentence}" if len(deciding) == 1 else "."
    blind = ""
    if gate.n_underpowered:
        blind = (
            f"{plural(gate.n_underpowered, 'supporting check')} "
            f"{'is' if gate.n_underpowered == 1 else 'are'} underpowered."
        )
    return (
        f"{len(deciding):,} of {plural(len(binding), 'binding check')} {_does(gate, len(deciding))}: "
        f"{names}{alone} {blind}"
    ).rstrip()


def _shown(gate: Gate) -> str:
    """Return the passed checks of each tier."""
    shown = []
    critical, supporting, advisory = (gate.of_tier(tier) for tier in ("critical", "supporting", "advisory"))
    if critical:
        passed = sum(check.counts_as == "pass" for check in critical)
        are = "is" if len(critical) == 1 else "are"
        shown.append(f"{passed:,} of {plural(len(critical), 'critical check')} {are} shown")
    if supporting:
        passed = sum(check.counts_as == "pass" for check in supporting)
        blind = [check.name for check in supporting if check.counts_as == "underpowered"]
        verb, are = ("is" if count == 1 else "are" for count in (len(blind), len(supporting)))
        unseen = f", {len(blind):,} {verb} underpowered ({listing(blind)})" if blind else ""
        shown.append(
            f"{passed:,} of {plural(len(supporting), 'supporting check')} {are} shown, or would "
            "have detected a "
            f"loss of the margin{unseen}"
        )
    if advisory:
        shown.append(f"{plural(len(advisory), 'advisory check')} listed")
    return ", ".join(shown)


def _needed(check: Check, gate: Gate) -> str:
    """Return what more would decide a check, nothing if that isn't known."""
    if gate.looks is not None:
        return ""
    if check.more_items < MOST_FORECAST:
        return (
            f"About {rounded_up(check.more_items)} more questions would settle it, if the "
            "true value is as observed."
        )
    if check.unclear_because == "evidence" and factors.needed(check.sources):
        return f"More questions alone wouldn't settle it, but {factors.needed(check.sources)} would."
    return ""


def asked(c: Check) -> str:
    """Return the criterion for the candidate."""
    scale = Scale(percent=c.percent)
    if c.criterion == "ratio_at_most":
        return f"at most {times_text(c.limit)} the {c.metric} of {c.baseline}"
    limit = "" if math.isnan(c.limit) else scale.given(c.limit) if _is_floor(c) else scale.given_gap(c.limit)
    return {
        "not_worse_than": f"not worse than {c.baseline} by more than {limit}",
        "better": f"better than {c.baseline}",
        "same_within": f"equivalent to {c.baseline} within {limit}",
        "at_least": f"at least {limit}",
        "at_most": f"at most {limit}",
        "each_at_least": f"at least {_each_floor(c)} on each question",
    }[c.criterion]


def _asked_short(c: Check) -> str:
    if c.criterion == "ratio_at_most":
        return f"at most {times_text(c.limit)} the {c.metric}"
    limit = "" if math.isnan(c.limit) else Scale(percent=c.percent).given_gap(c.limit)
    words = {
        "not_worse_than": f"not worse by {limit}",
        "better": "better",
        "same_within": f"equivalent within {limit}",
    }
    return words.get(c.criterion, asked(c))


def _is_floor(c: Check) -> bool:
    return c.criterion in ("at_least", "at_most", "each_at_least")


def _each_floor(c: Check) -> str:
    """Return the floor of every question: `80%`, or the count `8 of 10`."""
    if c.each is None or c.each.counted is None:
        return f"{100 * c.limit:g}%"
    return f"{round(c.limit * c.each.counted)} of {c.each.counted}"


def _each_sentence(c: Check, each: EachQuestion) -> str:
    """Return the result of the check of every question, without the verdict's word."""
    often = f"at least {_each_floor(c)}{' attempts' if each.counted else ' of the time'}"
    lowest = f"{each.item}, {each.solved} of {each.attempts}"
    solves = f"{c.candidate} solves each of {plural(c.n_items, 'question')} {often}"
    if c.verdict == "pass":
        return f"{solves} (lowest: {lowest})."
    if c.verdict == "fail":
        below = [k for k, verdict in enumerate(each.verdicts) if verdict == "fail"]
        below.sort(key=lambda k: each.all_solved[k] / each.all_attempts[k])
        names = listing([f"{each.items[k]} ({each.all_solved[k]} of {each.all_attempts[k]})" for k in below])
        of_all = f"{each.n_below:,} of {plural(c.n_items, 'question')}"
        return f"{c.candidate} solves {of_all} less often than {_each_floor(c)}: {names}."
    if c.n_unknown:
        return f"whether {solves}: {plural(c.n_unknown, 'attempt')} without a score could change the verdict."
    are = "is" if c.n_items - each.n_kept == 1 else "are"
    left = f"{c.n_items - each.n_kept:,} of them {are} undecided (lowest: {lowest})"
    return f"whether {solves}: {left}, and none is shown to be below."


def _each_more(c: Check) -> str:
    """Return what would settle the check of every question, and how a plain count fails by chance."""
    each = c.each
    if each is None:
        return ""
    if each.counted is not None:
        rate = each.false_fail_rate
        chance = "over 99%" if rate > 0.99 else Scale(percent=True, digits=0).score(rate)
        good = "a system that solves every question 90% of the time"
        scaled = (
            f" ({each.needed_at_usual:,} of {each.usual_attempts:,} here)"
            if each.usual_attempts > each.counted
            else ""
        )
        return f"This is a plain count{scaled}, which {good} fails with probability {chance}."
    texts = []
    if c.verdict == "unclear" and c.unclear_because == "evidence":
        texts = [f"A pass takes at least {each.attempts_to_pass:,} attempts at each, all of them right."]
        if each.attempts_to_pass < each.attempts_needed < MOST_FORECAST:
            needed = f"About {rounded_up(each.attempts_needed)} attempts at {each.item}"
            texts.append(f"{needed} would settle it, if its share stays.")
    return " ".join(texts)


def check_sentence(c: Check) -> str:
    """Return the result of a check, without the verdict's word."""
    if c.lacking:
        other = c.baseline if c.lacking == c.candidate else c.candidate
        return f"{c.lacking} has no score here, but {other} does."
    if c.undated:
        does = "keeps to its criterion" if c.criterion == "ratio_at_most" else f"is {asked(c)}"
        return f"whether {c.candidate} {does}: its run has no date, so the quarantine may have ended."
    if c.each is not None and not c.differs and not c.unconfirmed_attempts:
        return _each_sentence(c, c.each)
    scale = Scale(percent=c.percent)
    does = "takes" if c.criterion == "ratio_at_most" else "is"
    whether = f"whether {c.candidate} {does} {asked(c)}"
    if c.criterion == "ratio_at_most" and c.n_unknown:
        records = "records" if c.n_unknown == 1 else "record"
        return f"{whether}: {plural(c.n_unknown, 'attempt')} of the two {records} none."
    if not (math.isfinite(c.low) and math.isfinite(c.high)):
        why = c.warnings[0].message if c.warnings else "too few questions or clusters"
        return f"there is no error bar ({why})."
    seen = f"{_value(c)}, {level_text(c.level)} CI {_interval(c)}"
    if c.differs:
        return f"{whether}: {c.differs} ({seen})."
    if c.n_unknown:
        return (
            f"{whether}: {plural(c.n_unknown, 'attempt')} without a score could change the verdict ({seen})."
        )
    if c.unconfirmed_attempts:
        return (
            f"{whether}: the values of {c.unconfirmed_attempts!r} could be repeats of each "
            "question, or a factor "
            f"that all questions share ({seen})."
        )
    if c.proposed_clusters:
        return f"{whether}: clusters by {c.proposed_clusters} would change the verdict ({seen})."
    if c.verdict_own_population is not None and c.other_population is not None:
        these, new = factors.more_of_these(c.clusters, c.task), factors.new_ones(c.clusters, c.task)
        return (
            f"{whether}: {VERDICTS[c.verdict_own_population].lower()} on {these} ({seen}), "
            f"{VERDICTS[c.other_population.verdict].lower()} on {new} "
            f"({_other_limits(c, c.other_population)})."
        )
    if c.verdict == "unclear":
        hidden = (
            f"; losses that no question showed could be up to {scale.gap(c.unseen_loss_rate)}"
            if c.unseen_loss_rate > c.limit
            else ""
        )
        return f"{whether}{_about(c)} ({seen}{hidden})."
    shown = asked(c) if c.verdict == "pass" else _broken(c, scale)
    as_seen = " for losses like those seen" if c.only_as_seen else ""
    return f"{c.candidate} {does} {shown}{_about(c)}{as_seen} ({seen})."


def _other_limits(c: Check, other: PopulationVerdict) -> str:
    return f"{Scale(percent=c.percent).interval(other.low, other.high)}{_unit(c)}"


def _about(c: Check) -> str:
    """Return other random factors, or the clusters of a check limited to the same ones, and whether it also
    applies to new ones. With the space before it.
    """
    if c.sources is not None:
        return factors.as_sample(c.sources)
    if c.population != "same-clusters" or (c.clusters is None and c.task):
        return ""
    both = c.other_population is not None and c.other_population.verdict == c.verdict
    also = f" and on {factors.new_ones(c.clusters, c.task)}" if both else ""
    return f" on {factors.more_of_these(c.clusters, c.task)}{also}"


def _broken(c: Check, scale: Scale) -> str:
    """Return the result of a failed check."""
    if _is_floor(c):
        return f"{'below' if c.criterion == 'at_least' else 'above'} {scale.given(c.limit)}"
    if c.criterion == "ratio_at_most":
        return f"more than {times_text(c.limit)} the {c.metric} of {c.baseline}"
    if c.criterion == "same_within":
        return f"different from {c.baseline} by more than {scale.given_gap(c.limit)}"
    by = f" by more than {scale.given_gap(c.limit)}" if c.criterion == "not_worse_than" else ""
    return f"worse than {c.baseline}{by}"


def _facts(gate: Gate) -> Table:
    """Lay out one check as two columns."""
    c = gate.checks[0]
    scale = Scale(percent=c.percent)
    rows: list[tuple[str, str]] = []
    if c.each is not None:
        return facts(_each_rows(c, c.each, gate.level))
    if _is_floor(c):
        rows.append((c.candidate, scale.score(c.value)))
    else:
        noun = "ratio" if c.criterion == "ratio_at_most" else "difference"
        scores = f"{scale.score(c.candidate_score)} − {scale.score(c.baseline_score)}"
        rows.append((noun, _value(c) if noun == "ratio" else f"{_value(c)} ({scores})"))
    rows.append((f"{level_text(c.level)} CI", f"{_interval(c)}{_unit(c)}{_asked_of_limits(c, scale)}"))
    if not _is_floor(c):
        rows.append(("p-value", p_text(c.p_fail if c.verdict == "fail" else c.p_pass)))
    if c.other_population is not None and c.other_population.verdict != (
        c.verdict_own_population or c.verdict
    ):
        rows.append(_other_row(c, c.other_population))
    return facts([*rows, *factors.source_rows(c.sources, scale)])


def each_cases(c: Check) -> list[tuple[str, str, Outcome, str]]:
    """Return a JUnit test case for every single question of a check of each.

    An open one is skipped, and so are all if the verdict of the check was withdrawn.
    """
    each = c.each
    if each is None:
        return []
    withdrawn = c.unclear_because not in ("", "evidence")
    outcomes: dict[str, Outcome] = {} if withdrawn else {"pass": "pass", "fail": "fail"}
    return [
        (f"{c.name} · questions", str(item), outcomes.get(verdict, "skip"), f"{solved} of {attempts}")
        for item, verdict, solved, attempts in zip(
            each.items.tolist(), each.verdicts.tolist(), each.all_solved, each.all_attempts, strict=True
        )
    ]


def _each_rows(c: Check, each: EachQuestion, level: float) -> list[tuple[str, str]]:
    """Return the facts of the check of every question."""
    if each.counted is not None:
        return [("reach the count", f"{each.n_kept:,} of {c.n_items:,}"), ("miss it", f"{each.n_below:,}")]
    limits = f"{_interval(c)}% ({level_text(c.level)} CI)"
    most, usual = each.most_solved_below, plural(each.usual_attempts, "attempt")
    fails = f"{most:,} right of {usual}, or fewer" if most >= 0 else f"not even 0 right of {usual}"
    return [
        ("lowest question", f"{each.item}: {each.solved} of {each.attempts}, {limits}"),
        ("shown at or above", f"{each.n_kept:,} of {c.n_items:,}"),
        ("shown below", f"{each.n_below:,}"),
        ("would fail", f"{fails} ({level_text(level)} over all questions)"),
    ]


def _other_row(c: Check, other: PopulationVerdict) -> tuple[str, str]:
    """Return the verdict for the other of new and same clusters."""
    name = factors.new_ones if other.population == "new-clusters" else factors.more_of_these
    return f"on {name(c.clusters, c.task)}", f"{VERDICTS[other.verdict].lower()}: {_other_limits(c, other)}"


def _asked_of_limits(c: Check, scale: Scale) -> str:
    """Return the range of the interval's limits for a pass."""
    if not math.isfinite(c.low):
        return ""
    worse = scale.number(c.limit if c.lower_is_better else -c.limit) if math.isfinite(c.limit) else ""
    side, place = ("upper", "below") if c.lower_is_better else ("lower", "above")
    return {
        "not_worse_than": f" (its {side} limit must be {place} {worse})",
        "better": f" (its {side} limit must be {place} 0)",
        "same_within": f" (both limits must be within ±{scale.number(c.limit)})",
        "at_least": f" (its lower limit must be at least {scale.given(c.limit)})",
        "at_most": f" (its upper limit must be at most {scale.given(c.limit)})",
    }.get(c.criterion, "")


def _details(gate: Gate) -> Table:
    """Lay out the criterion and task of one check, and both its p-values."""
    c = gate.checks[0]
    scale = Scale(percent=c.percent)
    rows: list[tuple[str, str]] = [("criterion", _asked_short(c)), ("task", c.name)]
    if not _is_floor(c):
        rows += [
            (c.candidate, scale.score(c.candidate_score)),
            (c.baseline or "", scale.score(c.baseline_score)),
            ("p-values (pass, fail)", f"{p_text(c.p_pass)}, {p_text(c.p_fail)}"),
        ]
    held = "" if c.n_clusters == c.n_items else f" in {plural(c.n_clusters, 'cluster')}"
    rows.append(("questions", f"{c.n_items:,}{held}"))
    if c.other_population is not None:
        rows.append(_other_row(c, c.other_population))
    return facts(rows)


def _table(gate: Gate) -> Table:
    """Lay out the checks, one per row."""
    alike = len({asked(check) for check in gate.checks}) == 1
    fields: list[Field[Check]] = [
        Field("", lambda check: VERDICTS[check.verdict].lower(), align="left", priority=10),
        Field("tier", lambda check: check.tier or "", align="left", priority=6, shown=gate.has_policy),
        Field(
            "counts as",
            lambda check: COUNTS[check.counts_as],
            align="left",
            priority=9,
            shown=gate.has_policy,
        ),
        Field("task", lambda check: check.name, align="left"),
        Field("criterion", _asked_short, align="left", shown=not alike),
        Field("observed", lambda check: _value(check) if math.isfinite(check.value) else "n/a", priority=8),
        Field("CI", _interval, priority=7),
        Field("questions", lambda check: f"{check.n_items:,}", priority=4),
        Field("more needed", _more, priority=5, shown=gate.looks is None and any(map(_more, gate.checks))),
        Field(
            "why",
            lambda check: check.unclear_because,
            align="left",
            priority=6,
            shown=any(check.unclear_because in BECAUSE for check in gate.checks),
        ),
    ]
    title = f"{gate.checks[0].candidate}: {asked(gate.checks[0])}" if alike else ""
    judged = sum(check.binds and not check.lacking for check in gate.checks)
    note = (
        f"Each check at {level_text(gate.level)}. P-values for failing are corrected for "
        f"{plural(judged, 'check')} (Holm)."
    )
    note += f" {NOTE}" if gate.of_tier("supporting") else ""
    return tabled(gate.checks, fields, title=title, note=note)


def _value(c: Check) -> str:
    scale = Scale(percent=c.percent)
    if c.criterion == "ratio_at_most":
        return times_text(c.value)
    return scale.score(c.value) if _is_floor(c) else scale.difference(c.value)


def _interval(c: Check) -> str:
    if c.criterion == "ratio_at_most" and math.isfinite(c.low):
        return f"{times_text(c.low)} to {times_text(c.high)}"
    return Scale(percent=c.percent).interval(c.low, c.high) if math.isfinite(c.low) else "n/a"


def _unit(c: Check) -> str:
    return ("%" if _is_floor(c) else " points") if c.percent else ""


def _more(c: Check) -> str:
    if c.more_items < MOST_FORECAST:
        return f"about {rounded_up(c.more_items)}"
    return "n/a" if c.unclear_because == "evidence" else ""
