"""Pairwise votes from tables: two models, the winner, and the voter, under the names used by arenas, MT-bench
and rating sheets.

Ties may be of two kinds ("both are bad"). A vote without a winner, or of a model against itself, is left out
and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.columns import (
    NO_CLUSTERS,
    PAIRS,
    POSITION,
    Roles,
    coded,
    copies_note,
    known_column,
    numbers,
    places,
    refuse_lacking,
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

    from howsure.readers.columns import Covariate
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import WinnerIs

VOTES = Roles(
    {
        "model_a": word_list("model_a model_1 model1 left_model player_a first_model assistant_a modela"),
        "model_b": word_list("model_b model_2 model2 right_model player_b second_model assistant_b modelb"),
        "winner": ("winner", "vote", "outcome", "preference", "result", "choice", "verdict", "label"),
        "voter": word_list(
            """
            voter voter_id judge judge_hash rater annotator annotator_id user user_id evaluator worker_id
            evaluation_session_id
            """
        ),
    },
    names=("model_a", "model_b", "winner", "voter"),
)
ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
"""Three columns of 0 and 1 instead of a winner."""
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
    """Votes among models of these names, none, one or two ways of clustering them, the covariates, and the
    notes.
    """

    models: tuple[str, ...]
    votes: Votes
    clusters: tuple[Clustered, ...]
    covariates: tuple[Covariate, ...]
    notes: tuple[str, ...]


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
    """Read votes from a table. DataError if there are none, or a winner isn't recognised."""
    frame = chosen_rows(frame, where)
    VOTES.refuse_unknown(columns, covariate)
    roles = VOTES.columns(frame, columns)
    lacking = [role for role in ("model_a", "model_b", "winner") if role not in roles]
    one_hot = lacking == ["winner"] and all(name in frame.columns for name in ONE_HOT)
    if not one_hot:
        remedy = (
            "Votes need model_a, model_b and winner. Set other names with `columns`. Scores are "
            "ranked by `howsure leaderboard`, with `rank_by='elo'` by Elo ratings over tasks."
        )
        refuse_lacking(lacking, frame, remedy)
    ways = _clusters_of(frame, roles, cluster)
    others = numbers(frame, covariate, columns, weight)
    first, second = (texts_of(frame[roles[role]]) for role in ("model_a", "model_b"))
    if one_hot:
        won = frame.select(read_column(frame[name], FIGURE).fill_null(0) for name in ONE_HOT).to_numpy()
        order = np.array([WIN, LOSS, TIE])
        score = np.where((won > 0).sum(axis=1) == 1, order[won.argmax(axis=1)], NOBODY)
    else:
        score = first_scores(frame[roles["winner"]], first, second, winner_is)
    usable = (score >= 0) & first.is_not_null().to_numpy() & second.is_not_null().to_numpy()
    apart = usable & (first != second).fill_null(value=False).to_numpy()
    kept = np.asarray(apart & ~others.lacks_x & ~others.lacks_weight)
    if not kept.any():
        what = "every covariate, and a weight above 0" if apart.any() else "two models and a winner"
        raise DataError(f"no vote has {what}", remedy="Name the columns with `columns`.")
    lost = {
        "without two models or a winner": int(len(frame) - usable.sum()),
        "of a model against itself": int(usable.sum() - apart.sum()),
        "without a covariate": int((apart & others.lacks_x).sum()),
        "without a weight above 0": int((apart & ~others.lacks_x & others.lacks_weight).sum()),
    }
    others, first, second = others.take(kept), first.filter(kept), second.filter(kept)
    models = pl.concat([first.unique(), second.unique()]).unique().sort().to_list()
    votes = Votes(
        first=places(first, models),
        second=places(second, models),
        score=score[kept],
        models=len(models),
        weight=others.weight,
        x=others.x,
    )
    clusters = []
    for name in ways:
        codes, labels = coded(frame[name].filter(kept))
        clusters.append(Clustered(column=name, codes=codes, labels=labels))
    table = VoteTable(
        models=tuple(models), votes=votes, clusters=tuple(clusters), covariates=others.covariates, notes=()
    )
    left_out = (f"{plural(count, 'vote')} {what} left out." for what, count in lost.items() if count)
    notes = (*_notes(table, weight, asked=cluster is not None), *left_out, *copies_note(frame))
    return replace(table, notes=notes)


def first_scores(
    winner: pl.Series, first: pl.Series, second: pl.Series, winner_is: WinnerIs | None = None
) -> Floats:
    """Return the score of the first of two (N,), −1 if unknown.

    A winner is a name if every one is of its row's two models, a tie or empty. It is a side (a word or a
    number) if none is the name of any model. DataError if neither applies and `winner_is` doesn't decide, or
    a winner isn't recognised.
    """
    said = texts_of(winner).str.strip_chars()
    lower = said.str.to_lowercase().fill_null("")
    sides = (first.str.strip_chars(), second.str.strip_chars())
    won, lost = (_equal(said, side) for side in sides)
    if not (won | lost).any():
        won, lost = (_equal(lower, side.str.to_lowercase()) for side in sides)
    neither, nobody = (lower.is_in(list(words)).to_numpy() for words in (WINNERS[TIE], NOTHING))
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
            f"unrecognised winners: {listing([shown(x) for x in strange], most=6)} ({place})",
            remedy="Write model_a, model_b or tie, or the name of the model that won.",
        )
    return np.asarray(scores)


def _what_winners_are(
    said: pl.Series, named: Bools, empty: Bools, sides: tuple[pl.Series, pl.Series]
) -> WinnerIs:
    """Distinguish names of models from sides. DataError if winners could be both."""
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
        remedy="Set which they are: `winner_is='name'` or `winner_is='side'`.",
    )


def _equal(said: pl.Series, other: pl.Series) -> Bools:
    return (said == other).fill_null(value=False).to_numpy()


def _numbers(winner: pl.Series) -> Floats:
    """Read 1, 2 and 0 as first, second and tie, and 1, 0.5 and 0 as the score of the first. Fractions from 0
    to 1 are that score, those from 1 to 2 go from first to second.
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
            "winners are numbers with several possible meanings: "
            f"{listing([f'{value:g}' for value in sorted(values)])}",
            remedy=(
                "Write model_a, model_b or tie, or numbers: 1, 2 and 0, or scores of the first "
                "such as 1, 0.5 and 0."
            ),
        )
    return meant.fill_null(NOBODY).to_numpy()


def _clusters_of(
    frame: pl.DataFrame, roles: Mapping[str, str], asked: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the columns that votes are clustered by: the requested ones, else the voter if there is a
    column.
    """
    if asked is None:
        return (roles["voter"],) if "voter" in roles else ()
    if list(asked) == [NO_CLUSTERS]:
        return ()
    if len(asked) > MOST_CLUSTERINGS:
        raise DataError("more than two ways of clustering", remedy="Choose one or two columns.")
    return tuple(known_column(name, frame) for name in asked)


def _notes(table: VoteTable, weight: str | None, *, asked: bool) -> list[str]:
    """Note the number of votes, their clusters and weights, and the covariates."""
    votes = table.votes
    shares = "" if votes.whole else "; winners are scores of the first"
    number, among = plural(len(votes), "vote"), plural(votes.models, "model")
    notes = [f"Data: {number} among {among}, {votes.ties:,} of them ties{shares}."]
    for way in table.clusters:
        unasked = "" if asked else "; `cluster='none'` treats votes as independent"
        notes.append(
            f"Clusters: column `{way.column}` ({plural(len(way.labels), 'cluster')} of {number}){unasked}."
        )
        alone = way.labels.count("")
        if alone:
            each = f"{plural(alone, 'vote')} without a `{way.column}`"
            notes.append(f"{each}: each is a separate cluster.")
    if not table.clusters:
        notes.append("Clusters: none, so each vote counts as independent of all others.")
    if votes.weight is not None:
        worth = votes.weight.sum() ** 2 / (votes.weight @ votes.weight)
        notes.append(f"Weights: column `{weight}`; the effective number of votes is {worth:,.0f}.")
    if table.covariates:
        names = ", ".join(map(str, table.covariates))
        notes.append(f"Covariates: {names}. Scores are for answers with equal covariates.")
    return notes


CHOICES = Roles(
    {
        "item": word_list("item item_id question_id prompt_id sample_id instruction prompt question id"),
        "judge": ("judge", "judge_id", "judge_model", "rater", "annotator", "grader", "voter"),
        "winner": ("winner", "verdict", "choice", "preference", "vote", "preferred", "chosen"),
        "gold": ("gold", "gold_label", "label", "truth", "human", "target"),
        "swapped": ("swapped", "swap", "reversed", "is_swapped"),
        "model_a": ("model_a", "model_1", "model1", "generator_1", "left_model", "first_model"),
        "model_b": ("model_b", "model_2", "model2", "generator_2", "right_model", "second_model"),
    },
    names=("item", "judge", "winner", "gold", "model_a", "model_b"),
)
NO_ATTRIBUTE = frozenset({"model", "winner", "score", "rating", "id", "item", "answer"})
SWAPPED = NumberKind(
    what="truth value", words={**WORDS, "swapped": 1.0, "original": 0.0}, remedy="Write yes or no."
)
NEITHER = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """N choices: `picked` (N,), 1 the first answer, 0 the second, ½ neither; `better` (N,), 1 or 0, or NaN if
    unknown; codes of items and judges (N,).

    `pair` (N,): codes of the item with the two models. `order` (N,): in which order a pair was shown.
    `sides`: by the attribute (POSITION for being shown first), which answer has more of it: 1 the first, 0
    the second, NaN neither (N,). "First" means the answer in the first columns, whichever was shown first.
    `own` (N, judges): which answer alone is of each judge's family, in the same way.
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


def read_choices(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    covariate: Sequence[str],
    winner_is: WinnerIs | None = None,
) -> Choices:
    """Read choices. DataError if the winner is missing or isn't recognised."""
    frame = chosen_rows(frame, where)
    CHOICES.refuse_unknown(columns, covariate)
    roles = CHOICES.columns(frame, columns)
    refuse_lacking(
        [role for role in ("winner",) if role not in roles], frame, "Set its column with `columns`: winner=…"
    )
    picked = _picked(frame, roles, "winner", winner_is)
    kept = np.isfinite(picked)
    if not kept.any():
        raise DataError("no choice has a winner", remedy="Name the column with `columns`: winner=…")
    frame, lost = frame.filter(pl.Series(kept)), int((~kept).sum())
    picked, better = picked[kept], np.full(len(frame), np.nan)
    if "gold" in roles:
        gold = _picked(frame, roles, "gold", winner_is)
        better = np.where(gold == NEITHER, np.nan, np.round(gold))
    judges: tuple[str, ...] = ("the judge",)
    judge: Ints = np.zeros(len(frame), dtype=np.int64)
    if "judge" in roles:
        judge, judges = coded(texts_of(frame[roles["judge"]]).fill_null("(no name)"))
    item = coded(texts_of(frame[roles["item"]]))[0] if "item" in roles else np.arange(len(frame))
    names = covariate or _attributes(frame, {*roles.values()})
    pair, turned = _pairs(frame, roles, item)
    swapped = np.zeros(len(frame), dtype=bool)
    if "swapped" in roles:
        swapped = (read_column(frame[roles["swapped"]], SWAPPED) > 0).fill_null(value=False).to_numpy()
    sides = {POSITION: np.where(swapped, 0.0, 1.0)}
    more = [name for name in names if name != POSITION]
    x = numbers(frame, more, columns, None).x
    if x is not None:
        larger = np.where(x > 0, 1.0, np.where(x < 0, 0.0, np.nan))
        sides |= {name: larger[:, k] for k, name in enumerate(more)}
    counted = f"{plural(len(frame), 'choice')} between two answers, {plural(int(item.max()) + 1, 'item')}"
    notes = [
        f"Data: {counted}, {plural(len(judges), 'judge')}.",
        f"Columns: {', '.join(f'{column} as {role}' for role, column in roles.items())}.",
        *([f"Compared: {listing(list(names), most=6)} of the two answers."] if names else []),
        *([f"{plural(lost, 'row')} without a winner left out."] if lost else []),
        *copies_note(frame),
    ]
    return Choices(
        picked=picked,
        better=better,
        item=item,
        pair=pair,
        order=np.asarray(turned ^ swapped),
        judge=judge,
        judges=judges,
        sides=sides,
        own=_own(frame, roles, judges),
        notes=tuple(notes),
    )


def _picked(frame: pl.DataFrame, roles: Mapping[str, str], role: str, winner_is: WinnerIs | None) -> Floats:
    """Return which answer a column names (N,): 1 the first, 0 the second, ½ neither, or NaN for anything
    else.
    """
    nobody = pl.Series([None] * len(frame), dtype=pl.String)
    first, second = (
        texts_of(frame[roles[name]]) if name in roles else nobody for name in ("model_a", "model_b")
    )
    scores = first_scores(frame[roles[role]], first, second, winner_is)
    return np.where(scores == NOBODY, np.nan, scores)


def _pairs(frame: pl.DataFrame, roles: Mapping[str, str], item: Ints) -> tuple[Ints, Bools]:
    """Return the code of each choice's item and two models (N,), and whether these are in the second order
    (N,).
    """
    if not {"model_a", "model_b"} <= set(roles):
        return item, np.zeros(len(frame), dtype=bool)
    one, two = (texts_of(frame[roles[name]]).fill_null("") for name in ("model_a", "model_b"))
    key = pl.struct(pl.Series("item", item), one=pl.min_horizontal(one, two), two=pl.max_horizontal(one, two))
    pairs = frame.select(pair=key.rank("dense").cast(pl.Int64) - 1, turned=one > two)
    return pairs["pair"].to_numpy(), pairs["turned"].to_numpy()


def _attributes(frame: pl.DataFrame, taken: set[str]) -> list[str]:
    """Return the common name of two numeric columns whose names differ only by the side: len for len_1 and
    len_2.
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
    """Return the initial letters of a model's name without its maker: gpt, claude, llama."""
    return names.cast(pl.String).str.split("/").list.last().str.to_lowercase().str.extract(r"([a-z]+)")
