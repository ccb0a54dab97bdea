"""Settings: the options an answer was computed with, and who chose them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Source = Literal["given", "stated", "automatic"]
"""Who chose a setting: an option or a configuration, the log, or howsure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSetting:
    """A setting of one or several words.

    Attributes:
        value: The words. Empty if there are none.
        source: Who chose it: "given" by an option or a configuration, "stated" by the log, or "automatic".
    """

    value: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSetting:
    """A setting of one word.

    Attributes:
        value: The word.
        source: Who chose it: "given" by an option or a configuration, "stated" by the log, or "automatic".
    """

    value: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSetting:
    """A numeric setting.

    Attributes:
        value: The number.
        source: Who chose it: "given" by an option or a configuration, or "automatic" for the default.
    """

    value: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options an answer was computed with. None if an option doesn't apply to it.

    Attributes:
        task: The tasks.
        metric: The metrics.
        cluster: The columns of clusters. Empty if questions are independent.
        population: The population of the scores: "new-clusters" (without clusters: new questions),
            "same-clusters", "these-questions", or "mixed" if tasks differ.
        attempts: How attempts are combined into a score, such as "mean" or "pass@5".
        random_factors: The columns whose values are a sample too (random factors).
        failures: How failed attempts are scored: "harness" as in the harness, "drop", "zero" or "error".
        method: How error bars are computed.
        level: The confidence level.
        seed: The seed of all random draws.
    """

    task: WordsSetting | None = None
    metric: WordsSetting | None = None
    cluster: WordsSetting | None = None
    population: WordSetting | None = None
    attempts: WordSetting | None = None
    random_factors: WordsSetting | None = None
    failures: WordSetting | None = None
    method: WordSetting | None = None
    level: NumberSetting | None = None
    seed: NumberSetting | None = None


def chosen(value: object, default: object) -> Source:
    """Return who chose an option: "given" unless it has its default."""
    return "automatic" if value == default else "given"


def of_options(
    *,
    level: float | None = None,
    seed: int | None = None,
    clusters: Sequence[str] | None = None,
    asked: Sequence[str] | str | None = None,
    method: str = "",
) -> Settings:
    """Return the settings of an answer without a study: votes, verdicts, ratings, plans from assumptions.

    `clusters`: the columns that were used, None if unknown. `asked`: the option that names them.
    """
    named = (asked,) if isinstance(asked, str) else tuple(asked or ())
    columns = named if clusters is None else tuple(clusters)
    known = clusters is not None or bool(named)
    source: Source = "given" if named else "automatic"
    return Settings(
        cluster=WordsSetting(value=columns, source=source) if known else None,
        method=WordSetting(value=method, source="automatic") if method else None,
        level=None if level is None else NumberSetting(value=level, source=chosen(level, 0.95)),
        seed=None if seed is None else NumberSetting(value=seed, source=chosen(seed, 0)),
    )
