"""The function bias: what a judge favours other than quality."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.bias import LONGER, OWN_FAMILY, SHOWN_FIRST, Biases, JudgeBias
from howsure.answers.settings import of_options
from howsure.errors import ResultWarning
from howsure.options.table import checked
from howsure.readers.columns import POSITION
from howsure.readers.votes import CHOICES, read_choices
from howsure.statistics.difference import difference
from howsure.verbs.read import table_of, with_notes
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.readers.votes import Choices
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Shown, WinnerIs
    from howsure.statistics.difference import Difference

    Names = str | Sequence[str]

MANY = 5
LENGTHS = frozenset({"len", "length", "chars", "words", "tokens", "num_tokens", "n_tokens"})
FEWEST = 10
"""The least number of choices of one kind for a result."""


def bias(
    data: Any,
    *,
    covariate: Names | None = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    level: float = 0.95,
    winner_is: WinnerIs | None = None,
) -> Biases:
    """Measure what a judge favours other than quality when it chooses between two answers: the first shown,
    the longer, or that of its own family.

    If the better answer is known, a bias is how much more often the judge errs towards a kind of answer than
    away from it. If each pair was shown in both orders, it is how much more often the first is picked than
    the second. Otherwise the result is only an association: longer answers may be better. Intervals are those
    of `compare`, clustered by item.

    Args:
        data: A table with one row per choice as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths,
            or a data frame: the winner, and the attributes in which the two answers differ. The columns of
            winner and gold contain 1 or 2, A or B, or a model's name. `swapped` marks pairs whose second
            answer was shown first.
        covariate: The attribute that may be favoured, as in `arena`: `length` in columns `length_a` and
            `length_b`. None takes all pairs of numeric columns.
        columns: The column of a role: {"winner": …, "gold": …, "swapped": …, "item": …, "judge": …,
            "model_a": …, "model_b": …}. None uses the usual names.
        where: Keep only rows with this value in a column.
        level: The confidence level of each interval.
        winner_is: How to read the winner if it could be both: the "name" of a model, or a "side" such as a,
            left or 1. None infers it from the values, and raises an error if both are possible.

    Returns:
        Biases: One entry a judge and kind of answer, with its effect, interval and p-value.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If a column is missing, or a winner can't be understood.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> choices = pl.DataFrame({"item": list(range(40)) * 2, "swapped": [False] * 40 + [True] * 40,
        ...     "winner": [1] * 60 + [2] * 20})
        >>> found = bias(choices).biases[0]
        >>> found.evidence, round(found.estimate.value, 2), found.order_flips
        ('orders', 0.5, 0.5)
    """
    named = checked("bias", columns={} if columns is None else columns, where={} if where is None else where)
    given = checked("bias", covariate=covariate, level=level, winner_is=winner_is)
    rows, notes = table_of(data, CHOICES.id_columns(named["columns"]))
    table = read_choices(rows, **named, covariate=given["covariate"] or (), winner_is=given["winner_is"])
    return favours(with_notes(table, notes), given["level"])


def favours(table: Choices, level: float) -> Biases:
    """Measure what judges favour (see `howsure.bias`)."""
    kinds = _kinds(table)
    found = [
        _ChoicesOfKind.of(table, judge, name, side).favour(level)
        for name in kinds
        for judge in range(len(table.judges))
        for side in (table.own[:, judge] if name == OWN_FAMILY else table.sides[kinds[name]],)
        if (np.isfinite(side) & (table.judge == judge)).sum() >= FEWEST
    ]
    order = list(kinds)
    found.sort(key=lambda each: (order.index(each.feature), -each.estimate.value))
    return Biases(
        biases=tuple(found),
        level=level,
        settings=of_options(level=level),
        notes=table.notes,
        warnings=(*_association(found), *_many(found, level)),
    )


def _kinds(table: Choices) -> dict[str, str]:
    """Return what may be favoured, with its name and attribute. The first measure of length is "longer"."""
    found = {SHOWN_FIRST: POSITION}
    for name in table.sides:
        if name != POSITION:
            longer = name.lower() in LENGTHS and LONGER not in found
            found[LONGER if longer else f"more {name}"] = name
    return found | {OWN_FAMILY: OWN_FAMILY}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChoicesOfKind:
    """One judge's choices between an answer of one kind and one of the other: `picked` it (n,), it is
    `better` (n,), codes of items and pairs (n,).

    `order` (n,): in which order a pair was shown, and `both_orders`: whether each was shown in both.
    `other_picks`, `other_items`: what other judges picked for the same items.
    """

    judge: str
    name: str
    picked: Floats
    better: Floats
    item: Ints
    pair: Ints
    order: Bools
    both_orders: bool
    other_picks: Floats
    other_items: Ints

    @classmethod
    def of(cls, table: Choices, judge: int, name: str, side: Floats) -> _ChoicesOfKind:
        """Select the choices of a judge that include one kind of answer."""
        apart = np.isfinite(side)
        own = apart & (table.judge == judge)
        both_orders = name == SHOWN_FIRST and (both := _both_orders(table, own)).sum() >= FEWEST
        own = both if both_orders else own
        picks = np.where(side == 1, table.picked, 1 - table.picked)
        better = np.where(side == 1, table.better, 1 - table.better)
        others = apart & (table.judge != judge) & np.isin(table.item, table.item[own])
        return cls(
            judge=table.judges[judge],
            name=name,
            picked=picks[own],
            better=better[own],
            item=table.item[own],
            pair=table.pair[own],
            order=table.order[own],
            both_orders=both_orders,
            other_picks=picks[others],
            other_items=table.item[others],
        )

    def favour(self, level: float) -> JudgeBias:
        """Measure how much more often the kind is picked than the other."""
        by, found = self._difference(level)
        wrong, known = np.abs(self.picked - self.better), bool(np.isfinite(self.better).any())
        return JudgeBias(
            judge=self.judge,
            feature=self.name,
            evidence=by,
            n_choices=len(self.picked),
            n_items=len(np.unique(self.item)),
            chosen_share=float(self.picked.mean()),
            error_towards=float(wrong[self.better == 0].mean()) if known else math.nan,
            error_away=float(wrong[self.better == 1].mean()) if known else math.nan,
            estimate=replace(found.estimate, warnings=()),
            p_value=found.p_value,
            order_flips=float(np.abs(self._by_order().sum(axis=1) - 1).mean())
            if by == "orders"
            else math.nan,
        )

    def _difference(self, level: float) -> tuple[Shown, Difference]:
        """Return what the kind is measured by, and how much more often it is picked than the other."""
        codes = _codes(self.item)
        if self.both_orders:  # each order of a pair counts the same
            first = self._by_order().mean(axis=1)
            codes = _codes(self.item[np.unique(self.pair, return_index=True)[1]])
            return "orders", difference(first, 1 - first, clusters=(codes,), level=level)
        if min((self.better == value).sum() for value in (0, 1)) >= FEWEST:
            wrong = np.abs(self.picked - self.better)
            towards, away = (np.where(self.better == value, wrong, np.nan) for value in (0, 1))
            return "gold", difference(towards, away, clusters=(codes,), level=level)
        if self.name == OWN_FAMILY and len(self.other_picks):
            mine = np.concatenate([self.picked, np.full(len(self.other_picks), np.nan)])
            theirs = np.concatenate([np.full(len(self.picked), np.nan), self.other_picks])
            codes = _codes(np.concatenate([self.item, self.other_items]))
            return "others", difference(mine, theirs, clusters=(codes,), level=level)
        return "nothing", difference(self.picked, 1 - self.picked, clusters=(codes,), level=level)

    def _by_order(self) -> Floats:
        """Return how often the answer shown first was picked of each pair, in one order and in the other
        (pairs, 2).
        """
        code = _codes(self.pair) * 2 + self.order
        return np.asarray((np.bincount(code, weights=self.picked) / np.bincount(code)).reshape(-1, 2))


def _both_orders(table: Choices, own: Bools) -> Bools:
    """Return those of these choices whose pair was shown to the judge in both orders (N,)."""
    seen = [
        np.bincount(table.pair[own & (table.order == order)], minlength=int(table.pair.max()) + 1) > 0
        for order in (False, True)
    ]
    return np.asarray(own & (seen[0] & seen[1])[table.pair])


def _codes(item: Ints) -> Ints:
    return np.unique(item, return_inverse=True)[1].astype(np.int64)


def _association(favours: list[JudgeBias]) -> Iterator[ResultWarning]:
    """Warn if a bias can't be distinguished from quality."""
    open_ = sorted({each.feature for each in favours if not each.bias})
    if open_:
        yield ResultWarning(
            code="association",
            message=(
                f"bias can't be distinguished from quality in {', '.join(open_)}: answers of "
                "this kind may be better"
            ),
            remedy="Give a column `gold` with the better answer, or show each pair in both orders.",
        )


def _many(favours: list[JudgeBias], level: float) -> Iterator[ResultWarning]:
    if len(favours) >= MANY:
        yield ResultWarning(
            code="many_effects",
            message=(
                f"{plural(len(favours), 'effect')} were tested: about "
                f"{(1 - level) * len(favours):.1f} would be "
                "significant by chance"
            ),
            remedy="Confirm those you act on in new data.",
        )
