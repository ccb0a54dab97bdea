"""How it is said what a gate makes of two equal systems."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Field, tabled
from howsure.present.words.forecasts import attempts_text, items_text, percent_text
from howsure.wording import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.equal import EqualSystems
    from howsure.present.document import Table


def sentence(equal: EqualSystems) -> str:
    """Say how often the gate passes, fails and can't tell, and how many questions it takes to tell."""
    return (
        f"Of two equal systems a gate with {items_text(equal.items)} questions passes "
        f"{percent_text(equal.passed)}, fails {percent_text(equal.failed)} and can't tell "
        f"{percent_text(equal.unclear)}; {_needed(equal)}."
    )


def _needed(equal: EqualSystems) -> str:
    if not math.isfinite(equal.items_that_tell):
        return "no number of questions brings can't tell below 20 %"
    limits = ""
    if not math.isnan(equal.items_that_tell_low):
        high = (
            items_text(equal.items_that_tell_high)
            if math.isfinite(equal.items_that_tell_high)
            else "any number"
        )
        limits = f" (plausibly {items_text(equal.items_that_tell_low)} to {high})"
    return f"can't tell falls below 20 % from {items_text(equal.items_that_tell)} questions{limits} on"


def always_open(level: float) -> str:
    """Say what a gate that asks for a difference makes of equal systems."""
    return (
        f"Asked for “better”, equal systems stay open in {100 * level:.3g} of 100 runs, however many "
        "questions."
    )


def at_the_limit(level: float, limit: str) -> str:
    """Say what a gate with a floor (or a ceiling) makes of a system whose score is the floor itself."""
    return (
        f"A system whose true score is the {limit} itself stays open in {200 * level - 100:.3g} of 100 "
        "runs or more, however many questions."
    )


def range_sentence(equal: Sequence[EqualSystems], *, alone: bool) -> str:
    """Say between which shares the gate can't tell; `alone`: it asks nothing else."""
    shares = sorted(each.unclear for each in equal)
    least, most = (f"{100 * share:.0f}" for share in (shares[0], shares[-1]))
    span = f"{least} %" if least == most else f"{least} to {most} %"
    what = (
        "the gate"
        if alone and len({each.criterion for each in equal}) == 1
        else "each criterion with a margin"
    )
    return f"Of two equal systems, {what} on all the data can't tell {span}."


def tables(equal: Sequence[EqualSystems]) -> list[Table]:
    """Lay out one table a criterion."""
    criteria = dict.fromkeys(each.criterion for each in equal)
    return [_table([each for each in equal if each.criterion == criterion]) for criterion in criteria]


def _table(equal: Sequence[EqualSystems]) -> Table:
    """Lay out one line a pairing and criterion; sizes that are everywhere the same stand in the title."""
    several = len({(each.task, each.metric) for each in equal}) > 1
    sizes = {(each.items, each.attempts) for each in equal}
    pairs = {(each.task, f"{each.a} − {each.b}") for each in equal if each.pairing == "pair"}
    fields: list[Field[EqualSystems]] = [
        Field("task", lambda each: f"{each.task} · {each.metric}", align="left", shown=several),
        Field("equal systems", _who, align="left"),
        Field("questions", lambda each: items_text(each.items), shown=len(sizes) > 1),
        Field("attempts", lambda each: attempts_text(each.attempts), shown=len(sizes) > 1, priority=5),
        Field("pass %", lambda each: f"{100 * each.passed:.0f}"),
        Field("can't tell %", lambda each: f"{100 * each.unclear:.0f}"),
        Field("fail %", lambda each: f"{100 * each.failed:.0f}"),
        Field("questions to tell", lambda each: items_text(each.items_that_tell)),
    ]
    size = f" on {_size(*sizes.pop())}" if len(sizes) == 1 else ""
    told = ["questions to tell: from which on can't tell falls below 20 %"]
    if any(each.pairing == "itself" for each in equal):
        told.append("again: the model run a second time, its answers as noisy as its attempts")
    if pairs:
        named = f", {next(iter(pairs))[1]}" if len(pairs) == 1 else ""
        told.append(
            "median pair: two equal systems whose answers differ as those of the median pair of models "
            f"do{named}"
        )
    return tabled(
        equal,
        fields,
        title=f"Forecast for two equal systems{size}: {_criterion(equal[0])}",
        note="; ".join(told),
    )


def _size(items: float, attempts: float) -> str:
    each = "" if attempts == 1 else f", {attempts_text(attempts)} attempts each"
    return f"all {items_text(items)} questions{each}"


def _who(equal: EqualSystems) -> str:
    return f"{equal.a}, again" if equal.pairing == "itself" else "median pair"


def _criterion(equal: EqualSystems) -> str:
    margin = Scale(percent=equal.percent).given_gap(equal.margin)
    return (
        f"not worse by more than {margin}"
        if equal.criterion == "not_worse_than"
        else f"the same within {margin}"
    )
