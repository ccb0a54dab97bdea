"""Pairwise votes from tables: two models, who won, and who voted, under the names that arenas, MT-bench and
rating sheets give them.

Ties may be of two kinds ("both are bad"); a vote without a winner, or of a model against itself, is left out
and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.columns import (
    PAIRS,
    POSITION,
    coded,
    copies_note,
    known_column,
    name_columns,
    numbers,
    require_roles,
    roles_of,
)
from howsure.statistics.votes import Votes
from howsure.table.cells import (
    FIGURE,
    MISSING,
    UNDECIDED,
    WORDS,
    NumberKind,
    chosen_rows,
    numbers_among,
    read_column,
    shown,
    texts_of,
)
from howsure.table.names import word_list
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.readers.columns import Covariate, Numbers
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import WinnerIs

ALIASES: Mapping[str, tuple[str, ...]] = {
    "model_a": word_list("model_a model_1 model1 left_model player_a first_model assistant_a modela"),
    "model_b": word_list("model_b model_2 model2 right_model player_b second_model assistant_b modelb"),
    "winner": ("winner", "vote", "outcome", "preference", "result", "choice", "verdict", "label"),
    "voter": word_list(
        """
        voter voter_id judge judge_hash rater annotator annotator_id user user_id evaluator worker_id
        evaluation_session_id
        """
    ),
}
"""Names under which the columns of votes are recognised; the first one found counts."""
ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
"""Three columns of 0 and 1 in place of a winner."""
WIN, TIE, LOSS, NOBODY, STRANGE = 1.0, 0.5, 0.0, -1.0, -2.0
WINNERS: Mapping[float, frozenset[str]] = {
    WIN: frozenset(word_list("model_a model_1 a left first [[a]] player_a assistant_a response_a a>b a>>b")),
    LOSS: frozenset(
        word_list("model_b model_2 b right second [[b]] player_b assistant_b response_b b>a b>>a")
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
NOTHING = MISSING | UNDECIDED
NO_CLUSTERS = "none"
MOST_CLUSTERINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered:
    """One way of clustering: the `column`, the code of each vote (N,), and the `labels` of the codes, "" for
    a vote without one.
    """

    column: str
    codes: Ints
    labels: tuple[str, ...]

    def take(self, kept: Bools) -> Clustered:
        """Return the clusters of some of the votes."""
        if kept.all():
            return self
        codes, places = np.unique(self.codes[kept], return_inverse=True)
        return Clustered(
            column=self.column, codes=places, labels=tuple(self.labels[code] for code in codes.tolist())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteTable:
    """Votes among models of these names, none, one or two ways of clustering them, the covariates, and what
    is to be said of it.
    """

    models: tuple[str, ...]
    votes: Votes
    clusters: tuple[Clustered, ...]
    covariates: tuple[Covariate, ...]
    notes: tuple[str, ...]


def id_columns(named: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the columns whose values are ids and names, also where they look like numbers."""
    return name_columns(ALIASES, named, ("model_a", "model_b", "winner", "voter"))


def read_votes(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    cluster: Sequence[str] | None,
    covariate: Sequence[str] = (),
    weight: str | None = None,
    winner_is: WinnerIs | None = None,
) -> VoteTable:
    """Read votes from a table. DataError where there are none, or a winner can't be understood."""
    frame = chosen_rows(frame, where)
    roles = _roles(frame, columns, covariate)
    names = _clusters_of(frame, roles, cluster)
    found = numbers(frame, covariate, columns, weight)
    first, second = (texts_of(frame[roles[role]]) for role in ("model_a", "model_b"))
    score = _scores(frame, roles, first, second, winner_is)
    usable = (score >= 0) & first.is_not_null().to_numpy() & second.is_not_null().to_numpy()
    apart = usable & (first != second).fill_null(value=False).to_numpy()
    kept = np.asarray(apart & ~found.lacks_x & ~found.lacks_weight)
    if not kept.any():
        what = "every covariate, and a weight above 0" if apart.any() else "two models and a winner"
        raise DataError(f"no vote has {what}", remedy="Name the columns with `columns`.")
    lost = {
        "without two models or a winner": int(len(frame) - usable.sum()),
        "of a model against itself": int(usable.sum() - apart.sum()),
        "without a covariate": int((apart & found.lacks_x).sum()),
        "without a weight above 0": int((apart & ~found.lacks_x & found.lacks_weight).sum()),
    }
    found = found.take(kept)
    models = pl.concat([first.filter(kept).unique(), second.filter(kept).unique()]).unique().sort().to_list()
    place = {name: k for k, name in enumerate(models)}
    votes = Votes(
        first=_codes(first.filter(kept), place),
        second=_codes(second.filter(kept), place),
        score=score[kept],
        models=len(models),
        weight=found.weight,
        x=found.x,
    )
    clusters = tuple(_clustered(name, frame[name].filter(kept)) for name in names)
    return VoteTable(
        models=tuple(models),
        votes=votes,
        clusters=clusters,
        covariates=found.covariates,
        notes=(*_notes(votes, clusters, found, weight, lost, asked=cluster is not None), *copies_note(frame)),
    )


def _roles(
    frame: pl.DataFrame, named: Mapping[str, Sequence[str]], covariates: Sequence[str]
) -> dict[str, str]:
    """Return the column of each role; of the winner none where three columns say it."""
    require_roles(named, (*ALIASES, *covariates))
    roles = roles_of(frame, ALIASES, {role: columns for role, columns in named.items() if role in ALIASES})
    lacking = [role for role in ("model_a", "model_b", "winner") if role not in roles]
    if lacking == ["winner"] and all(name in frame.columns for name in ONE_HOT):
        return roles
    if lacking:
        raise DataError(
            f"no column for {listing(lacking)} among {', '.join(frame.columns)}",
            remedy="Votes need model_a, model_b and winner; name others with `columns`.",
        )
    return roles


def _scores(
    frame: pl.DataFrame,
    roles: Mapping[str, str],
    first: pl.Series,
    second: pl.Series,
    winner_is: WinnerIs | None,
) -> Floats:
    """Return what the first of each vote got (N,), −1 where nobody says."""
    if "winner" not in roles:
        won = frame.select(read_column(frame[name], FIGURE).fill_null(0) for name in ONE_HOT).to_numpy()
        order = np.array([WIN, LOSS, TIE])
        return np.where((won > 0).sum(axis=1) == 1, order[won.argmax(axis=1)], NOBODY)
    return first_scores(frame[roles["winner"]], first, second, winner_is)


def first_scores(
    winner: pl.Series, first: pl.Series, second: pl.Series, winner_is: WinnerIs | None = None
) -> Floats:
    """Return what the first of two got (N,), −1 where nobody says.

    A winner is a name if every one is of its row's two models, a tie or empty; else a side (a word or a
    number) if none is the name of any model. DataError where neither holds and `winner_is` doesn't say which
    it is, or a winner can't be understood.
    """
    said = texts_of(winner).str.strip_chars()
    lower = said.str.to_lowercase().fill_null("")
    sides = (first.str.strip_chars(), second.str.strip_chars())
    won, lost = (_equal(said, side) for side in sides)
    if not (won | lost).any():
        won, lost = (_equal(lower, side.str.to_lowercase()) for side in sides)
    neither, nobody = _is_in(lower, WINNERS[TIE]), _is_in(lower, NOTHING)
    if winner_is is None:
        winner_is = _what_winners_are(said, won | lost, neither | nobody, sides)
    if winner_is == "name":
        scores = np.select([won & ~lost, lost & ~won, neither, nobody], [WIN, LOSS, TIE, NOBODY], STRANGE)
        scores[won & lost] = NOBODY  # of a model against itself
    else:
        written = numbers_among(said)
        known = written.filter(~pl.Series(nobody))
        if len(known) and known.is_not_null().all():
            return _numbers(written)
        words = {word: score for score, known in WINNERS.items() for word in known} | dict.fromkeys(
            NOTHING, NOBODY
        )
        scores = lower.replace_strict(words, default=STRANGE, return_dtype=pl.Float64).to_numpy().copy()
    if (scores == STRANGE).any():
        strange = said.filter(scores == STRANGE).unique().sort().to_list()
        place = f"column {winner.name!r}, row {int(np.argmax(scores == STRANGE)) + 1:,}"
        raise DataError(
            f"a winner that can't be understood: {listing([shown(x) for x in strange], most=6)} ({place})",
            remedy="Write model_a, model_b or tie, or the name of the model that won.",
        )
    return np.asarray(scores)


def _what_winners_are(
    said: pl.Series, named: Bools, empty: Bools, sides: tuple[pl.Series, pl.Series]
) -> WinnerIs:
    """Tell names of models from sides; DataError where winners could be both."""
    if bool((named | empty).all()) and named.any():
        return "name"
    models = pl.concat(sides).unique().drop_nulls()
    lower = said.str.to_lowercase()
    called = (said.is_in(models.implode()) | lower.is_in(models.str.to_lowercase().implode())).fill_null(
        value=False
    )
    words = {word for score in (WIN, LOSS) for word in WINNERS[score]}
    side = (lower.is_in(list(words)) | numbers_among(said).is_not_null()).fill_null(value=False)
    if not called.any() or not side.any():
        return "name" if named.any() else "side"
    both = said.filter(called | side).unique().sort().to_list()
    raise DataError(
        f"winners that could be sides or names of models: {listing([repr(name) for name in both], most=6)}",
        remedy="Say which they are: `winner_is='name'` or `winner_is='side'`.",
    )


def _equal(said: pl.Series, other: pl.Series) -> Bools:
    return (said == other).fill_null(value=False).to_numpy()


def _is_in(said: pl.Series, words: frozenset[str]) -> Bools:
    return said.is_in(list(words)).to_numpy()


def _numbers(winner: pl.Series) -> Floats:
    """Read 1, 2 and 0 as first, second and tie; 1, 0.5 and 0 as the score of the first; with fractions 0 to 1
    as that, 1 to 2 as first to second.
    """
    values = winner.drop_nulls().unique().to_numpy()
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    fractions = bool((np.floor(values) != values).any())
    if not len(values):
        return np.full(len(winner), NOBODY)
    if low >= 0 and high <= 1 and fractions:
        meant = winner
    elif low >= 1 and high <= 2 and fractions:
        meant = 2 - winner
    elif high == 2 and np.isin(values, (0, 1, 2)).all():
        meant = winner.replace_strict({1.0: WIN, 2.0: LOSS, 0.0: TIE}, return_dtype=pl.Float64)
    else:
        raise DataError(
            "winners are numbers that could mean several things: "
            f"{listing([f'{value:g}' for value in sorted(values)])}",
            remedy=(
                "Write model_a, model_b or tie; 1, 2 and 0, or shares of the first such as 1, 0.5 and 0, "
                "are understood as well."
            ),
        )
    return meant.fill_null(NOBODY).to_numpy()


def _clusters_of(
    frame: pl.DataFrame, roles: Mapping[str, str], asked: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the columns that votes are clustered by: those that are asked for, else who voted where a column
    says it.
    """
    if asked is None:
        return (roles["voter"],) if "voter" in roles else ()
    if list(asked) == [NO_CLUSTERS]:
        return ()
    if len(asked) > MOST_CLUSTERINGS:
        raise DataError("more than two ways of clustering", remedy="Name one or two columns.")
    return tuple(known_column(name, frame) for name in asked)


def _clustered(name: str, values: pl.Series) -> Clustered:
    """Return the code of each value (N,); a vote without one is a cluster of its own."""
    values = values if values.dtype.is_integer() else texts_of(values)
    if values.null_count():
        lone = pl.format("\x00{}", pl.int_range(pl.len()))
        values = values.to_frame("value").select(pl.col("value").cast(pl.String).fill_null(lone))["value"]
    codes = (values.rank("dense").cast(pl.Int64) - 1).to_numpy()
    labels = values.unique().sort().cast(pl.String).to_list()
    return Clustered(
        column=name, codes=codes, labels=tuple("" if label.startswith("\x00") else label for label in labels)
    )


def _codes(names: pl.Series, place: Mapping[str, int]) -> Ints:
    return names.replace_strict(dict(place), return_dtype=pl.Int64).to_numpy()


def _notes(
    votes: Votes,
    clusters: Sequence[Clustered],
    found: Numbers,
    weight: str | None,
    lost: Mapping[str, int],
    *,
    asked: bool,
) -> tuple[str, ...]:
    """Say how many votes there are, how they are clustered and weighed, the covariates, and what was left
    out.
    """
    shares = "" if votes.whole else "; winners are shares of the first"
    notes = [
        (
            f"Data: {plural(len(votes), 'vote')} among {plural(votes.models, 'model')}, {votes.ties:,} of "
            f"them ties{shares}."
        )
    ]
    for way in clusters:
        unasked = "" if asked else "; `cluster='none'` takes each vote by itself"
        count = plural(len(way.labels), "cluster")
        notes.append(f"Clusters: column `{way.column}` ({count} of {plural(len(votes), 'vote')}){unasked}.")
        alone = way.labels.count("")
        notes += (
            [f"{plural(alone, 'vote')} without a `{way.column}`: each is a cluster of its own."]
            if alone
            else []
        )
    if not clusters:
        notes.append("Clusters: none, so each vote counts as independent of all others.")
    if found.weight is not None:
        worth = found.weight.sum() ** 2 / (found.weight @ found.weight)
        notes.append(f"Weights: column `{weight}`; the votes are worth {worth:,.0f} of one weight.")
    if found.covariates:
        notes.append(
            f"Covariates: {', '.join(map(str, found.covariates))}. Scores are those of answers alike in them."
        )
    notes += [f"{plural(count, 'vote')} {what} left out." for what, count in lost.items() if count]
    return tuple(notes)


CHOICE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "item": word_list("item item_id question_id prompt_id sample_id instruction prompt question id"),
    "judge": ("judge", "judge_id", "judge_model", "rater", "annotator", "grader", "voter"),
    "winner": ("winner", "verdict", "choice", "preference", "vote", "preferred", "chosen"),
    "gold": ("gold", "gold_label", "label", "truth", "human", "target"),
    "swapped": ("swapped", "swap", "reversed", "is_swapped"),
    "model_a": ("model_a", "model_1", "model1", "generator_1", "left_model", "first_model"),
    "model_b": ("model_b", "model_2", "model2", "generator_2", "right_model", "second_model"),
}
"""Names under which the columns are recognised; the first one found counts."""
NO_ATTRIBUTE = frozenset({"model", "winner", "score", "rating", "id", "item", "answer"})
SWAPPED = NumberKind(
    what="truth value", words={**WORDS, "swapped": 1.0, "original": 0.0}, remedy="Write yes or no."
)
NEITHER = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """N choices: `picked` (N,), 1 the first answer, 0 the second, ½ neither; `better` (N,), 1 or 0, NaN where
    it isn't known; codes of items and judges (N,).

    `pair` (N,): codes of the item with the two models; `order` (N,): which way round a pair was shown.
    `sides`: by the attribute, POSITION for who was shown first, which answer has more of it: 1 the first, 0
    the second, NaN neither (N,). "First" is here the answer in the first columns, whichever was shown first.
    `own` (N, judges): which one alone is of each judge's family, in the same way.
    """

    picked: Floats
    better: Floats
    item: Ints
    pair: Ints
    order: Bools
    judge: Ints
    judges: tuple[str, ...]
    sides: Mapping[str, Floats]
    own: Floats
    notes: tuple[str, ...]


def choice_id_columns(named: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the columns whose values are ids and names, also where they look like numbers."""
    return name_columns(CHOICE_ALIASES, named, ("item", "judge", "winner", "gold", "model_a", "model_b"))


def read_choices(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    covariate: Sequence[str],
    winner_is: WinnerIs | None = None,
) -> Choices:
    """Read choices. DataError where there is no winner, or one can't be understood."""
    frame = chosen_rows(frame, where)
    require_roles(columns, (*CHOICE_ALIASES, *covariate))
    roles = roles_of(
        frame, CHOICE_ALIASES, {role: names for role, names in columns.items() if role in CHOICE_ALIASES}
    )
    if "winner" not in roles:
        raise DataError(
            f"no column for winner among {', '.join(frame.columns)}",
            remedy="Name it with `columns`: winner=…",
        )
    kept = np.isfinite(_picked(frame, roles, "winner", winner_is))
    if not kept.any():
        raise DataError("no choice has a winner", remedy="Name the column with `columns`: winner=…")
    frame, lost = frame.filter(pl.Series(kept)), int((~kept).sum())
    judge, judges = _judges(frame, roles)
    item = _items(frame, roles)
    names = covariate or _attributes(frame, {*roles.values()})
    (pair, turned), swapped = _pairs(frame, roles, item), _swapped(frame, roles)
    sides = {POSITION: np.where(swapped, 0.0, 1.0)} | _more(frame, names, columns)
    counted = f"{plural(len(frame), 'choice')} between two answers, {plural(int(item.max()) + 1, 'item')}"
    notes = [
        f"Data: {counted}, {plural(len(judges), 'judge')}.",
        f"Columns: {', '.join(f'{column} as {role}' for role, column in roles.items())}.",
        *([f"Compared: {listing(list(names), most=6)} of the two answers."] if names else []),
        *([f"{plural(lost, 'row')} without a winner left out."] if lost else []),
        *copies_note(frame),
    ]
    return Choices(
        picked=_picked(frame, roles, "winner", winner_is),
        better=_better(frame, roles, winner_is),
        item=item,
        pair=pair,
        order=turned ^ swapped,
        judge=judge,
        judges=judges,
        sides=sides,
        own=_own(frame, roles, judges),
        notes=tuple(notes),
    )


def _picked(frame: pl.DataFrame, roles: Mapping[str, str], role: str, winner_is: WinnerIs | None) -> Floats:
    """Return which answer a column names (N,): 1 the first, 0 the second, ½ neither, NaN where it says
    nothing.
    """
    nobody = pl.Series([None] * len(frame), dtype=pl.String)
    first, second = (
        texts_of(frame[roles[name]]) if name in roles else nobody for name in ("model_a", "model_b")
    )
    found = first_scores(frame[roles[role]], first, second, winner_is)
    return np.where(found == NOBODY, np.nan, found)


def _better(frame: pl.DataFrame, roles: Mapping[str, str], winner_is: WinnerIs | None) -> Floats:
    """Return which answer is better (N,), NaN where none is, or nobody knows."""
    if "gold" not in roles:
        return np.full(len(frame), np.nan)
    found = _picked(frame, roles, "gold", winner_is)
    return np.where(found == NEITHER, np.nan, np.round(found))


def _judges(frame: pl.DataFrame, roles: Mapping[str, str]) -> tuple[Ints, tuple[str, ...]]:
    """Return the code of each choice's judge (N,), and their names."""
    if "judge" not in roles:
        return np.zeros(len(frame), dtype=np.int64), ("the judge",)
    said = texts_of(frame[roles["judge"]]).fill_null("(no name)")
    names = said.unique().sort().to_list()
    place = {name: k for k, name in enumerate(names)}
    return said.replace_strict(place, return_dtype=pl.Int64).to_numpy(), tuple(names)


def _items(frame: pl.DataFrame, roles: Mapping[str, str]) -> Ints:
    """Return the code of each choice's item (N,); a row without one is by itself."""
    return coded(frame[roles["item"]]) if "item" in roles else np.arange(len(frame))


def _pairs(frame: pl.DataFrame, roles: Mapping[str, str], item: Ints) -> tuple[Ints, Bools]:
    """Return the code of each choice's item and two models (N,), and whether these stand in the second order
    (N,).
    """
    if not {"model_a", "model_b"} <= set(roles):
        return item, np.zeros(len(frame), dtype=bool)
    one, two = (texts_of(frame[roles[name]]).fill_null("") for name in ("model_a", "model_b"))
    key = pl.struct(pl.Series("item", item), one=pl.min_horizontal(one, two), two=pl.max_horizontal(one, two))
    found = frame.select(pair=key.rank("dense").cast(pl.Int64) - 1, turned=one > two)
    return found["pair"].to_numpy(), found["turned"].to_numpy()


def _swapped(frame: pl.DataFrame, roles: Mapping[str, str]) -> Bools:
    """Say which choices were shown the second answer first (N,)."""
    if "swapped" not in roles:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray((read_column(frame[roles["swapped"]], SWAPPED) > 0).fill_null(value=False).to_numpy())


def _attributes(frame: pl.DataFrame, taken: set[str]) -> list[str]:
    """Return what two columns of numbers have in common whose names differ by the side alone: len of len_1
    and len_2.
    """
    numeric = {name for name in frame.columns if name not in taken and frame[name].dtype.is_numeric()}
    found: dict[str, None] = {}
    for one, two in PAIRS:
        start, end = one.split("{}")
        bare = (
            name[len(start) : len(name) - len(end)]
            for name in sorted(numeric)
            if name.startswith(start) and name.endswith(end)
        )
        found |= {
            name: None for name in bare if name and name not in NO_ATTRIBUTE and two.format(name) in numeric
        }
    return list(found)


def _more(
    frame: pl.DataFrame, names: Sequence[str], columns: Mapping[str, Sequence[str]]
) -> dict[str, Floats]:
    """Return which answer has more of each attribute: 1 the first, 0 the second, NaN neither (N,)."""
    names = [name for name in names if name != POSITION]
    x = numbers(frame, names, columns, None).x
    if x is None:
        return {}
    sides = np.where(x > 0, 1.0, np.where(x < 0, 0.0, np.nan))
    return {name: sides[:, k] for k, name in enumerate(names)}


def _own(frame: pl.DataFrame, roles: Mapping[str, str], judges: Sequence[str]) -> Floats:
    """Return which answer alone is of each judge's family: 1 the first, 0 the second, NaN neither or both (N,
    judges).
    """
    if not {"judge", "model_a", "model_b"} <= set(roles):
        return np.full((len(frame), len(judges)), np.nan)
    own = _family(pl.Series(judges)).fill_null("").to_numpy()
    one, two = (
        _family(frame[roles[name]]).fill_null("").to_numpy()[:, None] for name in ("model_a", "model_b")
    )
    first, second = (one == own) & (own != ""), (two == own) & (own != "")
    return np.where(first == second, np.nan, first.astype(float))


def _family(names: pl.Series) -> pl.Series:
    """Return the letters that a model's name begins with, its maker aside: gpt, claude, llama."""
    return names.cast(pl.String).str.split("/").list.last().str.to_lowercase().str.extract(r"([a-z]+)")
