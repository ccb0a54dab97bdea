"""How the verdict of a policy is said: what is shown, what could have shown a loss, what is blind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.gate import Check, Counts, Gate

COUNTS: dict[Counts, str] = {
    "pass": "pass",
    "fail": "fail",
    "unclear": "can't tell",
    "blind": "blind",
    "nothing": "nothing",
}
NOTE = (
    "A supporting check that stays open counts as passed where a loss of its margin would have been seen "
    "at least every other time; else it is blind"
)


def summary(gate: Gate) -> str:
    """Say what the verdict rests on, in one line."""
    binding = [check for check in gate.checks if check.binds]
    if gate.verdict == "pass":
        return f"{_shown(gate)}."
    found = [check for check in binding if check.counts_as == gate.verdict]
    if not found:
        return f"nothing that binds is shown: {_shown(gate)}."
    head = f"{len(found):,} of {plural(len(binding), 'binding check')} {_does(gate, len(found))}"
    if len(found) > 1:
        return f"{head}: {listing([_named(check) for check in found])}. {_blind(gate)}".rstrip()
    return f"{head}: {_named(found[0])}: {found[0].sentence} {_blind(gate)}".rstrip()


def _does(gate: Gate, count: int) -> str:
    because = {
        "missing": " (results are missing)",
        "differs": " (the two were not asked the same)",
        "attempts": " (are the attempts repeats, or something that questions share?)",
        "clusters": " (clusters would change the verdict)",
        "population": " (few clusters: the same ones or new ones?)",
    }
    if gate.verdict == "fail":
        return "fails" if count == 1 else "fail"
    return ("is undecided" if count == 1 else "are undecided") + because.get(gate.unclear_because, "")


def _named(check: Check) -> str:
    return f"{check.name} ({check.tier})"


def _shown(gate: Gate) -> str:
    """Say what of each tier is shown."""
    told = []
    critical, supporting, advisory = (gate.of_tier(tier) for tier in ("critical", "supporting", "advisory"))
    if critical:
        passed = sum(check.counts_as == "pass" for check in critical)
        are = "is" if len(critical) == 1 else "are"
        told.append(f"{passed:,} of {plural(len(critical), 'critical check')} {are} shown")
    if supporting:
        told.append(_of_supporting(supporting))
    if advisory:
        told.append(f"{plural(len(advisory), 'advisory check')} beside")
    return "; ".join(told)


def _of_supporting(checks: Sequence[Check]) -> str:
    seeing = sum(check.counts_as == "pass" for check in checks)
    blind = [check.name for check in checks if check.counts_as == "blind"]
    verb, are = ("is" if count == 1 else "are" for count in (len(blind), len(checks)))
    unseen = f", {len(blind):,} {verb} blind ({listing(blind)})" if blind else ""
    return (
        f"{seeing:,} of {plural(len(checks), 'supporting check')} {are} shown, or could have shown a loss "
        f"of the margin{unseen}"
    )


def _blind(gate: Gate) -> str:
    """Say how many are blind, beside another verdict."""
    if not gate.n_blind:
        return ""
    return f"{plural(gate.n_blind, 'supporting check')} {'is' if gate.n_blind == 1 else 'are'} blind."
