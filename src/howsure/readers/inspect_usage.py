"""What Inspect's samples took: tokens, cost and time of the evaluated model, by column, and what the log
states of them all.

`total_time` is kept and not `working_time`: it is the clock's time, with what a sample waited for (rate
limits, retries, a sandbox).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.readers.records import inner
from howsure.readers.usage import TOKENS, numbers, token_measures
from howsure.table.cells import finite, whole_text
from howsure.table.schema import MEASURES
from howsure.table.scores import Total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

SECOND = 19
"""So many characters of a stamp say the second: two of one log may differ in how they write its parts and the
zone.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the samples of one log took: `columns` by measure, in the order of the schema, those that any
    sample has.

    `tokens`: all tokens of the samples as they state them, 0 where their parts don't add up to that. `once`:
    no sample failed or was tried again. `begun`: when the first of them began, "" where they don't say.
    """

    columns: Mapping[str, pl.Series]
    tokens: float
    once: bool
    begun: str

    @classmethod
    def of(cls, samples: Sequence[Mapping[str, Any]], spec: Mapping[str, Any]) -> Usage:
        """Gather the evaluated model's usage, going over the samples once."""
        model, usages, seconds, started = spec["model"], [], [], []
        roles = again = False
        for sample in samples:
            every = sample.get("model_usage")
            usages.append(every.get(model) if isinstance(every, dict) else None)
            seconds.append(sample.get("total_time"))
            started.append(sample.get("started_at"))
            roles = roles or bool(sample.get("role_usage"))
            again = again or bool(sample.get("error") or sample.get("retries") or sample.get("error_retries"))
        if roles:
            usages = [_own(usage, sample, spec) for usage, sample in zip(usages, samples, strict=True)]
        columns = _columns(usages, seconds)
        stated = numbers(
            [usage.get("total_tokens") if isinstance(usage, dict) else None for usage in usages]
        ).sum()
        added = sum(columns[name].sum() for name in TOKENS if name in columns)
        begun = min(map(str, filter(None, started)), default="")
        return cls(
            columns=columns, tokens=float(stated) if stated == added else 0.0, once=not again, begun=begun
        )


def _columns(usages: Sequence[object], seconds: Sequence[object]) -> dict[str, pl.Series]:
    columns, time = token_measures(usages), numbers(seconds)
    columns |= {"seconds": time} if time.count() else {}
    return {name: columns[name].alias(name) for name in MEASURES if name in columns}


def stated_totals(header: Mapping[str, Any], usage: Usage) -> tuple[Total, ...]:
    """Return the tokens that the header states, where they are those of the log's samples and nothing else.

    They aren't where a sample failed or was tried again, where samples were taken over from an earlier log,
    where roles were played, or where a provider's total isn't the sum of its parts.
    """
    spec, stats = header["eval"], inner(header, "stats")
    total = finite(inner(stats, "model_usage", spec["model"]).get("total_tokens"))
    earlier = usage.begun and usage.begun[:SECOND] < str(stats.get("started_at") or "")[:SECOND]
    whole = header.get("status") == "success" and usage.once and usage.tokens and not earlier
    if not total or not whole or stats.get("role_usage") or spec.get("model_roles"):
        return ()
    return (
        Total(task=whole_text(spec["task"]), model=whole_text(spec["model"]), figure="tokens", value=total),
    )


def _own(usage: object, sample: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a usage without what the same model used in another role, such as a grader's."""
    if not isinstance(usage, dict):
        return {}
    roles = inner(sample, "role_usage")
    others = [inner(roles, role) for role in roles if _plays(role, sample, spec)]
    return {name: _less(value, others, name) for name, value in usage.items()}


def _plays(role: str, sample: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Say whether the evaluated model played a role: as the log says, or since no other model was used."""
    named = inner(spec, "model_roles").get(role)
    model = named.get("model") if isinstance(named, dict) else named
    return bool(model == spec["model"] if model else len(sample["model_usage"]) == 1)


def _less(value: object, others: Sequence[Mapping[str, Any]], name: str) -> float | None:
    whole = finite(value)
    return None if whole is None else whole - sum(finite(part.get(name)) or 0.0 for part in others)
