"""Names: which model a user means by a part of its name, and what to say of a name that nothing has."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import DataError
from howsure.table.aggregate import Grouped, Wanted, group, names_of
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.table.scores import Scores

ROLES = ("task", "model", "metric")
LONGEST_NAME = 1_000
"""More characters are no name of a task, a model or a metric, and no table or chart could show them."""


def resolve(
    name: str, names: Sequence[str], *, averages: Mapping[str, str] | None = None, parts: bool = False
) -> str:
    """Return the model of this name; what follows the last slash is enough.

    `averages`: of averages of checkpoints, the run of each, which is enough as well. `parts`: so is any part
    that no other name has. DataError, with the nearest names, where no model or more than one fits.
    """
    if name in names:
        return name
    runs = {known for known, run in (averages or {}).items() if run == name}
    ending = [known for known in fitting(name, names) if known.endswith(f"/{name}")]
    ending += [known for known in runs if known not in ending]
    if len(ending) == 1:
        return ending[0]
    apart = fitting(name, names)
    if apart and not ending:
        raise DataError(
            f"model {name!r} ran in {len(apart):,} ways, which are kept apart",
            remedy=f"Name one of {listing([repr(known) for known in apart])}, or a side such as commit:… or a "
            "path; `as_attempts=True` counts them as attempts of one model.",
        )
    containing = [known for known in names if name in known] if parts and not ending else []
    if len(containing) == 1:
        return containing[0]
    raise unknown("model", name, names, ending or containing)


def parts_note(asked: Sequence[str], names: Sequence[str]) -> str:
    """Say which models were taken for parts of their names; "" where all were named."""
    taken = (
        [(name, resolve(name, names, parts=True)) for name in asked if not fitting(name, names)]
        if names
        else []
    )
    told = [f"{name!r} is {model}" for name, model in taken]
    return f"Models by a part of their names: {'; '.join(told)}." if told else ""


def fitting(name: str, names: Sequence[str]) -> list[str]:
    """Return the models that a name could mean: that one, else those with it behind a slash, else the ways in
    which it ran.
    """
    ending = [known for known in names if known == name] or [
        known for known in names if known.endswith(f"/{name}")
    ]
    return ending or [known for known in names if known.startswith(f"{name} (") or f"/{name} (" in known]


def unknown(role: str, name: str, names: Sequence[str], fitting: Sequence[str] = ()) -> DataError:
    """Say that a name is none of those that there are, or fits several of them, and name the nearest."""
    near = fitting or get_close_matches(name, names, n=3, cutoff=0.3)
    said = listing([repr(known) for known in near or names])
    there = f"there {'is' if len(names) == 1 else 'are'} {plural(len(names), role)}"
    what = f"{role} {name!r} could be any of {len(fitting):,}" if fitting else f"no {role} {name!r} ({there})"
    return DataError(what, remedy=f"Did you mean {said}?" if near else f"Here is what there is: {said}.")


def choose(
    scores: Scores, wanted: Wanted, columns: Sequence[str], *, parts: bool = False, every: bool = False
) -> tuple[Wanted, Grouped]:
    """Group the rows that are wanted, and return them with the full names of what was wanted.

    `parts`: a part of a model's name that no other has is enough; its rows are grouped in a second query.
    `every`: attributes of all rows are wanted as well. Only where some name isn't found are all names of its
    kind looked up, for the error. DataError where none is meant, or no row is left.
    """
    found = group(scores, wanted, columns, every=every)
    for role in ROLES:
        refuse_long(role, found.results[role].unique().cast(pl.String))
    missing = [role for role in ROLES if not _all_found(role, getattr(wanted, role), found)]
    meant = replace(
        wanted, **{role: _meant(scores, role, getattr(wanted, role), found, parts) for role in missing}
    )
    if parts and not all(_all_found(role, getattr(meant, role), found) for role in missing):
        found = replace(group(scores, meant, columns), every=found.every)
    if not len(found.results):
        raise _nothing(
            [f"{role} {listing([repr(name) for name in getattr(meant, role)])}" for role in missing]
        )
    return meant, found


def refuse_long(role: str, names: pl.Series) -> None:
    """DataError for a name that is too long to be one."""
    long = names.filter(names.str.len_chars() > LONGEST_NAME)
    if len(long):
        raise DataError(
            f"the {role} {long[0][:40]!r} … has {len(long[0]):,} characters, more than the limit of "
            f"{LONGEST_NAME:,}",
            remedy=f"Check that the column for the {role} holds names.",
        )


def _all_found(role: str, names: Sequence[str], found: Grouped) -> bool:
    return set(names) <= set(found.results[role].unique())


def _nothing(wanted: list[str]) -> DataError:
    what = f"no row has {' and '.join(wanted)} at once" if len(wanted) > 1 else "no row is left"
    return DataError(what, remedy="Check `task`, `model`, `metric` and `where` against `howsure describe`.")


def _meant(scores: Scores, role: str, asked: tuple[str, ...], found: Grouped, parts: bool) -> tuple[str, ...]:
    """Return the full names of what was asked for; tasks and metrics are named in full."""
    there = found.results[role].unique().cast(pl.String).sort().to_list()
    if role == "model":
        try:
            return tuple(dict.fromkeys(resolve(name, there) for name in asked))
        except DataError:  # a name of which no row is left, or that is unknown
            there = []
    names = names_of(scores, role)
    if not names:
        raise _nothing([])
    if role == "model":
        return tuple(dict.fromkeys(resolve(name, names, parts=parts) for name in asked))
    for name in asked:
        if name not in names:
            raise unknown(role, name, names)
    return asked
