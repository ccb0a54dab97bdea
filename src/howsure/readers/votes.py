"""Pairwise votes from tables: two models, who won, and who voted, under the names that arenas, MT-bench and rating sheets give them.

Ties may be of two kinds ("both are bad"); a vote without a winner, or of a model against itself, is left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.columns import coded, kept_rows, known_column, roles_of
from howsure.statistics.votes.strengths import LOSS, TIE, WIN, Votes
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.statistics.arrays import Ints

ALIASES: Mapping[str, tuple[str, ...]] = {
    "model_a": ("model_a", "model_1", "model1", "left_model", "player_a", "first_model", "assistant_a", "modela"),
    "model_b": ("model_b", "model_2", "model2", "right_model", "player_b", "second_model", "assistant_b", "modelb"),
    "winner": ("winner", "vote", "outcome", "preference", "result", "choice", "verdict", "label"),
    "voter": (
        *("voter", "voter_id", "judge", "judge_hash", "rater", "annotator", "annotator_id", "user", "user_id"),
        *("evaluator", "worker_id", "evaluation_session_id"),
    ),
}
"""Names under which the columns of votes are recognised; the first one found counts."""
ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
"""Three columns of 0 and 1 in place of a winner."""
WORDS: Mapping[int, frozenset[str]] = {
    WIN: frozenset(
        {"model_a", "model_1", "a", "left", "first", "[[a]]", "player_a", "assistant_a", "response_a", "a>b", "a>>b"}
    ),
    LOSS: frozenset(
        {"model_b", "model_2", "b", "right", "second", "[[b]]", "player_b", "assistant_b", "response_b", "b>a", "b>>a"}
    ),
    TIE: frozenset(
        {
            "tie",
            "draw",
            "both",
            "equal",
            "same",
            "tie (bothbad)",
            "tie_bothbad",
            "both_bad",
            "bothbad",
            "neither",
            "[[c]]",
            "a=b",
        }
    ),
}
NOTHING = frozenset({"", "null", "none", "nan", "na", "n/a", "skip", "skipped", "invalid", "error", "unknown"})
NO_CLUSTERS = "none"
MOST_CLUSTERINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteTable:
    """Votes among models of these names, `clusters`: the codes of none, one or two ways of clustering, and what is to be said of it."""

    models: tuple[str, ...]
    votes: Votes
    clusters: tuple[Ints, ...]
    notes: tuple[str, ...]


def read_votes(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    cluster: Sequence[str] | None,
) -> VoteTable:
    """Read votes from a table. DataError where there are none, or a winner can't be understood."""
    frame = kept_rows(frame, where)
    roles = _roles(frame, columns)
    names = _clusters_of(frame, roles, cluster)
    first, second = (frame[roles[role]].cast(pl.String) for role in ("model_a", "model_b"))
    outcome = _outcomes(frame, roles, first, second)
    usable = (outcome >= 0) & first.is_not_null().to_numpy() & second.is_not_null().to_numpy()
    kept = usable & (first != second).fill_null(value=False).to_numpy()
    if not kept.any():
        raise DataError("no vote has two models and a winner", remedy="Name the columns with `columns`.")
    models = pl.concat([first.filter(kept).unique(), second.filter(kept).unique()]).unique().sort().to_list()
    place = {name: k for k, name in enumerate(models)}
    votes = Votes(
        first=_codes(first.filter(kept), place),
        second=_codes(second.filter(kept), place),
        outcome=outcome[kept],
        models=len(models),
    )
    clusters = tuple(coded(frame[name].filter(kept)) for name in names)
    counts = {name: int(codes.max()) + 1 for name, codes in zip(names, clusters, strict=True)}
    lost = int(len(frame) - usable.sum()), int(usable.sum() - kept.sum())
    return VoteTable(
        models=tuple(models),
        votes=votes,
        clusters=clusters,
        notes=_notes(votes, counts, lost, asked=cluster is not None),
    )


def _roles(frame: pl.DataFrame, named: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the column of each role; of the winner none where three columns say it."""
    roles = roles_of(frame, ALIASES, named)
    lacking = [role for role in ("model_a", "model_b", "winner") if role not in roles]
    if lacking == ["winner"] and all(name in frame.columns for name in ONE_HOT):
        return roles
    if lacking:
        raise DataError(
            f"no column for {listing(lacking)} among {', '.join(frame.columns)}",
            remedy="Votes need model_a, model_b and winner; name others with `columns`.",
        )
    return roles


def _outcomes(frame: pl.DataFrame, roles: Mapping[str, str], first: pl.Series, second: pl.Series) -> Ints:
    """Return who won each vote (N,), −1 where nobody says."""
    if "winner" not in roles:
        won = frame.select(
            pl.col(name).cast(pl.Float64, strict=False).fill_nan(None).fill_null(0) for name in ONE_HOT
        ).to_numpy()
        order = np.array([WIN, LOSS, TIE])
        return np.where((won > 0).sum(axis=1) == 1, order[won.argmax(axis=1)], -1).astype(np.int64)
    winner = frame[roles["winner"]]
    if winner.dtype.is_numeric():
        return _numbers(winner)
    said = winner.cast(pl.String).str.strip_chars()
    words = {word: code for code, known in WORDS.items() for word in known} | dict.fromkeys(NOTHING, -1)
    lower = said.str.to_lowercase()
    codes = lower.fill_null("").replace_strict(words, default=-2, return_dtype=pl.Int64).to_numpy().copy()
    codes[(codes == -2) & (said == first).fill_null(value=False).to_numpy()] = WIN
    codes[(codes == -2) & (said == second).fill_null(value=False).to_numpy()] = LOSS
    if (codes == -2).any():
        raise DataError(
            f"a winner that can't be understood: {listing([repr(x) for x in said.filter(codes == -2).unique().sort().to_list()])}",
            remedy="Write model_a, model_b or tie, or the name of the model that won.",
        )
    return np.asarray(codes)


def _numbers(winner: pl.Series) -> Ints:
    """Read 1, 2 and 0 as first, second and tie; 1, 0.5 and 0 as the score of the first."""
    winner = winner.cast(pl.Float64).fill_nan(None)
    values = set(winner.drop_nulls().unique().to_list())
    first_second, score = {1.0: WIN, 2.0: LOSS, 0.0: TIE}, {1.0: WIN, 0.5: TIE, 0.0: LOSS}
    meant = first_second if 2 in values else score if 0.5 in values else {}
    if not values <= set(meant):
        raise DataError(
            f"winners are numbers that could mean several things: {listing([f'{value:g}' for value in sorted(values)])}",
            remedy="Write model_a, model_b or tie; 1, 2 and 0, or 1, 0.5 and 0, are understood as well.",
        )
    return winner.replace_strict(meant, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()


def _clusters_of(frame: pl.DataFrame, roles: Mapping[str, str], asked: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns that votes are clustered by: those that are asked for, else who voted where a column says it."""
    if asked is None:
        return (roles["voter"],) if "voter" in roles else ()
    if list(asked) == [NO_CLUSTERS]:
        return ()
    if len(asked) > MOST_CLUSTERINGS:
        raise DataError("more than two ways of clustering", remedy="Name one or two columns.")
    return tuple(known_column(name, frame) for name in asked)


def _codes(names: pl.Series, place: Mapping[str, int]) -> Ints:
    return names.replace_strict(dict(place), return_dtype=pl.Int64).to_numpy()


def _notes(votes: Votes, clusters: Mapping[str, int], lost: tuple[int, int], *, asked: bool) -> tuple[str, ...]:
    """Say how many votes there are, how they are clustered, and what was left out: votes without a winner, and of a model against itself."""
    ties = int((votes.outcome == TIE).sum())
    notes = [f"Data: {plural(len(votes), 'vote')} among {plural(votes.models, 'model')}, {ties:,} of them ties."]
    for name, count in clusters.items():
        unasked = "" if asked else "; `cluster='none'` takes each vote by itself"
        notes.append(
            f"Clusters: column `{name}` ({plural(count, 'cluster')} of {plural(len(votes), 'vote')}){unasked}."
        )
    if not clusters:
        notes.append("Clusters: none, so each vote counts as independent of all others.")
    if lost[0]:
        notes.append(f"{plural(lost[0], 'vote')} without two models or a winner left out.")
    if lost[1]:
        notes.append(f"{plural(lost[1], 'vote')} of a model against itself left out.")
    return tuple(notes)
