"""The function arena: models ranked by pairwise votes."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

from howsure.answers.arena import Arena, ArenaBoard, PositionEffect, VotedModel
from howsure.answers.estimate import Entry
from howsure.answers.leaderboard import Board
from howsure.answers.settings import of_options
from howsure.errors import DataError, OptionError, ResultWarning
from howsure.inference.board import Placing
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.inference.voting import VOTED, VotePool, effects, fits_one_line, next_votes, without_one
from howsure.options.table import checked
from howsure.readers.votes import VOTES, read_votes
from howsure.statistics.bradley_terry import ELO_MEAN, ELO_SPREAD, expected_scores, strengths
from howsure.statistics.intervals import t_p_value, t_quantile
from howsure.statistics.means import cluster_warnings
from howsure.statistics.multiplicity import usable_adjustment
from howsure.statistics.results import Estimate, Interval, significant
from howsure.statistics.vote_errors import clusters_of_models, vote_moments
from howsure.statistics.votes import pools
from howsure.study.models import resolve
from howsure.verbs.read import table_of, with_notes
from howsure.wording import listing, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.answers.arena import ModelFit
    from howsure.options.choices import ArenaScale, Top
    from howsure.readers.columns import Covariate
    from howsure.readers.votes import VoteTable
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Adjustment, Ties, WinnerIs
    from howsure.statistics.vote_errors import VoteMoments

    Names = str | Sequence[str]

METRIC = "expected score"
LEAST, CALM = 1e-12, 1e-9
TIES = {
    "half": "half a win of each",
    "davidson": "by Davidson (1970)",
    "rao-kupper": "by Rao and Kupper (1967)",
}


def arena(
    data: Any,
    *,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: Names | None = None,
    weight: str | None = None,
    covariate: Names | None = None,
    ties: Ties = "half",
    against: Names | None = None,
    adjust: Adjustment = "max-t",
    level: float = 0.95,
    top: Top | None = None,
    mark: Names | None = None,
    scale: ArenaScale = "score",
    seed: int = 0,
    winner_is: WinnerIs | None = None,
) -> Arena:
    """Rank models by pairwise votes, with error bars that account for who voted and a simultaneous interval
    for every rank.

    Strengths are fitted by maximum likelihood (Bradley and Terry 1952). A model's score is its expected score
    against the other models, each met once: P(win) + P(tie) / 2. Its standard error is clustered by voter
    (CR2 on their influences; Bell and McCaffrey 2002, Huber 1967): twenty votes of one voter don't count as
    twenty voters. With covariates the fit is a logistic regression that includes them (Agresti 2013), and
    scores are for answers with equal covariates. Pairs, ranks and the models that could be best are computed
    as in [`leaderboard`][howsure.leaderboard].

    Args:
        data: A table of votes as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data
            frame: one row per vote.
        columns: The column of a role: {"model_a": …, "model_b": …, "winner": …, "voter": …}. None uses the
            usual names. For a covariate: its difference, or the two columns of first and second.
        where: Keep only rows with this value in a column.
        cluster: The columns by which votes are correlated, one or two. "none" treats votes as independent.
            None uses the voter, if there is such a column.
        weight: The column with the weight of each vote: 2 counts as two. None weights all equally.
        covariate: What to adjust for: a column with the first's value minus the second's, a pair such as
            `length_a` and `length_b` by the name "length", or "position", for the answer that was shown
            first. Each is measured in its standard deviation.
        ties: How to count a tie: "half" a win each, or a separate outcome as in "davidson" (1970) or
            "rao-kupper" (1967).
        against: The models that scores are against. None uses all others, so a new model changes every score
            slightly.
        adjust: The correction for the number of pairs: "max-t" or "holm" (family-wise error), "bh" (false
            discovery rate), or "none".
        level: The confidence level of each score's interval, and the joint level of all rank intervals of a
            board.
        top: How many models to show. Inference is about all. None shows 20 on a terminal and in Markdown, and
            all elsewhere. "all" shows all.
        mark: Models to mark, and to show beyond `top` too.
        scale: What a rendered answer shows first: the "score", or "elo".
        seed: The seed of the sign flips.
        winner_is: How to read the winner if it could be both: the "name" of a model, or a "side" such as a,
            left or 1. None infers it from the values, and raises an error if both are possible.

    Returns:
        Arena: One board per group of models that votes connect, best first.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If a column is missing, or a winner can't be understood.
        MethodError: If the votes don't identify the effect of a covariate.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> votes = [{"model_a": "x", "model_b": "y", "winner": "model_a", "voter": k} for k in range(30)]
        >>> votes += [{"model_a": "y", "model_b": "x", "winner": "model_a", "voter": k} for k in range(10)]
        >>> board = arena(pl.DataFrame(votes)).boards[0].board
        >>> round(board.entries[0].estimate.value, 2), board.could_be_best
        (0.75, ('x',))
    """
    adjust, level, seed = checked("arena", adjust=adjust, level=level, seed=seed).values()
    ties, top, mark, scale = checked("arena", ties=ties, top=top, mark=mark, scale=scale).values()
    table, against = votes_of(
        "arena",
        data,
        against,
        columns=columns,
        where=where,
        cluster=cluster,
        weight=weight,
        covariate=covariate,
        winner_is=winner_is,
    )
    question = Question(population=NEW_CLUSTERS, adjust=adjust, level=level, seed=seed)
    boards = tuple(_board(pool, table.covariates, question) for pool in pools_of(table, against, ties))
    models = [model.model for pool in boards for model in pool.models]
    return Arena(
        boards=boards,
        ties=ties,
        against=against,
        top=top,
        mark=tuple(resolve(name, models, parts=True) for name in mark or ()),
        scale=scale,
        settings=of_options(
            level=level, seed=seed, clusters=[way.column for way in table.clusters], asked=cluster
        ),
        notes=(*table.notes, score_note(ties, against)),
        warnings=(
            *_apart(boards),
            *_perfect([model.model for pool in boards for model in pool.models if model.perfect]),
            *_off_the_line(boards, level),
        ),
    )


def votes_of(
    verb: str, data: Any, against: Names | None, **options: Any
) -> tuple[VoteTable, tuple[str, ...]]:
    """Read the votes, and return the full names of the models that scores are against."""
    given = {name: value for name, value in options.items() if value is not None}
    options = checked(verb, **{"columns": {}, "where": {}, "cluster": None, "covariate": (), **given})
    named = checked(verb, against=against)["against"] or ()
    rows, notes = table_of(data, VOTES.id_columns(options["columns"]).union(options["cluster"] or ()))
    table = with_notes(read_votes(rows, **options), notes)
    return table, tuple(resolve(name, table.models, parts=True) for name in named)


def score_note(ties: Ties, against: Sequence[str]) -> str:
    """Describe how ties are counted and how a score is defined."""
    pool = listing(list(against)) if against else "the other models, each once"
    return f"Ties: {TIES[ties]}. Score: P(win) + P(tie) / 2 against {pool}."


def pools_of(table: VoteTable, against: Sequence[str], ties: Ties) -> tuple[VotePool, ...]:
    """Split the models into pools that votes connect, the pool with the most votes first. OptionError for
    shares of a win with ties as an outcome.
    """
    if ties != "half" and not table.votes.whole:
        raise OptionError(
            f"`ties={ties!r}` needs votes that are won, lost or tied", remedy="Use `ties='half'`."
        )
    label = pools(table.votes.counts())
    sizes = np.bincount(label[table.votes.first])
    return tuple(
        _pool(table, np.asarray(label == k), against, ties) for k in np.argsort(-sizes, kind="stable")
    )


def _pool(table: VoteTable, members: Bools, against: Sequence[str], ties: Ties) -> VotePool:
    kept = np.asarray(members[table.votes.first])
    names = tuple(name for name, member in zip(table.models, members.tolist(), strict=True) if member)
    chosen = np.array([not against or name in against for name in names])
    if not chosen.any():
        raise DataError(
            f"none of {listing(list(against))} is in the pool of {names[0]}",
            remedy="Name models of every pool.",
        )
    votes = table.votes.among(members)
    ways = tuple(each.take(kept) for each in table.clusters)
    return VotePool(names=names, votes=votes, ways=ways, against=chosen, ties=votes.ties_as(ties))


def _board(pool: VotePool, covariates: Sequence[Covariate], question: Question) -> ArenaBoard:
    """Fit the strengths of a pool, and order the models by their expected scores."""
    found = vote_moments(pool.votes, pool.codes, pool.ties, pool=pool.against)
    order = np.lexsort((np.array(pool.names), -found.values))
    met = pool.votes.met()
    places = Placing(
        moments=found.pairs,
        scores=found.values,
        sign=1,
        order=order,
        question=question,
        limits=partial(found.pairs.limits, question.level, 1.0),
        shared=lambda: (met, found.pairs.units),
    )
    beside = _other_scores(pool, found)
    return ArenaBoard(
        board=Board(
            task="",
            metric=METRIC,
            level=question.level,
            adjust=usable_adjustment(found.pairs, question.adjust),
            entries=tuple(_entry(k, pool, found, met, question.level) for k in order.tolist()),
            places=places,
            warnings=tuple(_doubts(pool, found.df)),
        ),
        models=tuple(_model(k, pool, found, met, beside, level=question.level) for k in order.tolist()),
        n_votes=len(pool.votes),
        n_tied=pool.votes.ties,
        n_clusters=pool.n_clusters,
        position_effect=None
        if any(not each.columns for each in covariates)
        else _first(found, question.level),
        model_fit=fits_one_line(pool, found, question),
        influential_cluster=without_one(pool, found),
        next_votes=next_votes(pool, found, order.tolist(), places.p_adjusted, question.level),
        effects=effects(found, covariates, pool.ties, question.level),
    )


def _other_scores(pool: VotePool, moments: VoteMoments) -> dict[str, Floats]:
    """Return the scores under other choices (M,): without covariates, and against all others."""
    beside, every = {}, np.ones(len(pool.names), dtype=bool)
    if pool.votes.x is not None:
        fit = strengths(pool.votes.plain().cells(), clusters_of_models(pool.votes, pool.codes), pool.ties)
        beside["unadjusted"] = expected_scores(fit, pool.against, pool.ties)[0]
    if not pool.against.all():
        beside["against_all"] = expected_scores(moments.fit, every, pool.ties)[0]
    return beside


def _entry(k: int, pool: VotePool, moments: VoteMoments, met: Ints, level: float) -> Entry:
    count = int(met[k].sum())
    estimate = Estimate(
        value=float(moments.values[k]),
        se=float(moments.se[k]),
        interval=score_interval(moments, k, level),
        df=float(moments.own_df[k]),
        n_items=count,
        n_clusters=pool.n_clusters,
        method=VOTED,
    )
    return Entry(task="", metric=METRIC, model=pool.names[k], estimate=estimate, n_attempts=count)


def score_interval(moments: VoteMoments, k: int, level: float) -> Interval:
    """Return the interval of one model's score. It is open at the end for a perfect result, a point for an
    only anchor.
    """
    if not moments.slopes[k].any():
        return Interval(low=float(moments.values[k]), high=float(moments.values[k]), level=level)
    value, se, extreme = float(moments.values[k]), float(moments.se[k]), bool(moments.extreme[k])
    low, high = logit_limits(value, se, float(moments.own_df[k]), level)
    if extreme or se < CALM:
        low, high = no_calmer(value, (low, high), float(moments.clusters[k]), level)
    if extreme:
        low, high = (low, 1.0) if value > 1 / 2 else (0.0, high)
    return Interval(low=low, high=high, level=level)


def _model(
    k: int, pool: VotePool, moments: VoteMoments, met: Ints, beside: dict[str, Floats], *, level: float
) -> VotedModel:
    strength, half = (
        float(moments.fit.log[k]),
        float(t_quantile(level, moments.own_df[k])) * float(moments.log_se[k]),
    )
    others = {
        name: (float(values[k]), 1 + int((values > values[k]).sum())) for name, values in beside.items()
    }
    unadjusted, against_all = (others.get(name, (math.nan, None)) for name in ("unadjusted", "against_all"))
    calm = half < CALM and bool(moments.slopes[k].any())
    limits = _calm_strengths(moments, k, level) if calm else (strength - half, strength + half)
    low, high = (ELO_MEAN + ELO_SPREAD * limit for limit in limits)
    if moments.extreme[k]:
        low, high = (low, math.inf) if strength > 0 else (-math.inf, high)
    return VotedModel(
        model=pool.names[k],
        strength=strength,
        elo=ELO_MEAN + ELO_SPREAD * strength,
        elo_interval=Interval(low=low, high=high, level=level),
        n_votes=int(met[k].sum()),
        perfect=bool(moments.fit.bounded[k]),
        unadjusted=unadjusted[0],
        unadjusted_rank=unadjusted[1],
        against_all=against_all[0],
        against_all_rank=against_all[1],
    )


def _first(moments: VoteMoments, level: float) -> PositionEffect | None:
    """Return the advantage of the answer shown first, or None if votes don't vary (a single vote doesn't), as
    it can't be estimated then.
    """
    if not moments.gain_se > CALM:
        return None
    half = float(t_quantile(level, moments.df)) * moments.gain_se
    p = float(t_p_value(abs(moments.gain) / moments.gain_se, moments.df))
    interval = Interval(low=moments.gain - half, high=moments.gain + half, level=level)
    return PositionEffect(value=moments.gain, interval=interval, p_value=p)


def _calm_strengths(moments: VoteMoments, k: int, level: float) -> tuple[float, float]:
    """Return the limits of a strength whose votes don't vary: those of its score, given the others'
    strengths.
    """
    score, models = score_interval(moments, k, level), len(moments.values)
    apart = scipy.special.logit([score.low, score.high]) - scipy.special.logit(moments.values[k])
    low, high = (moments.fit.log[k] + apart * (1 - 1 / models)).tolist()
    return low, high


def logit_limits(value: float, se: float, df: float, level: float) -> tuple[float, float]:
    """Return the limits of a score between 0 and 1, symmetric on the logistic scale."""
    if not (se >= 0 and LEAST < value < 1 - LEAST):
        return math.nan, math.nan
    half = float(t_quantile(level, df)) * se / (value * (1 - value))
    centre = float(scipy.special.logit(value))
    return float(scipy.special.expit(centre - half)), float(scipy.special.expit(centre + half))


def no_calmer(
    value: float, limits: tuple[float, float], clusters: float, level: float
) -> tuple[float, float]:
    """Widen the limits of a score whose clusters don't vary to those that this many clusters without an
    exception allow.

    If all of G clusters agree, others may differ with a probability of up to 1 − ((1 − level) / 2)^(1 / G)
    (Clopper and Pearson 1934).
    """
    alike = ((1 - level) / 2) ** (1 / clusters)
    low, high = value * alike, 1 - (1 - value) * alike
    return float(np.fmin(low, limits[0])), float(np.fmax(high, limits[1]))


def board_warnings(pool: VotePool, moments: VoteMoments) -> list[ResultWarning]:
    """Warn of too few or uneven clusters, and of models without a finite strength."""
    perfect = [
        name for name, bounded in zip(pool.names, moments.fit.bounded.tolist(), strict=True) if bounded
    ]
    return [*_doubts(pool, moments.df), *_perfect(perfect)]


def _doubts(pool: VotePool, df: float) -> list[ResultWarning]:
    """Warn of one cluster, of few or uneven ones, and of fewer votes than in the calibration of the
    intervals.
    """
    if not np.isfinite(df):
        what = "cluster of votes" if pool.ways else "vote"
        return [
            ResultWarning(
                code="one_cluster",
                message=f"a single {what} gives no error bar",
                remedy="Collect votes from more voters.",
            )
        ]
    labels = (
        [f"{pool.ways[0].column} {label}" if label else "" for label in pool.ways[0].labels]
        if pool.ways
        else ()
    )
    return cluster_warnings(pool.votes.weights, pool.codes, df, labels, units="votes")


def _apart(boards: Sequence[ArenaBoard]) -> Iterator[ResultWarning]:
    if len(boards) > 1:
        yield ResultWarning(
            code="pools_apart",
            message=f"no vote connects the {len(boards)} pools of models: ranks and differences "
            "don't compare across "
            "them",
            remedy="Collect votes between models of different pools.",
        )


def _off_the_line(boards: Sequence[ArenaBoard], level: float) -> Iterator[ResultWarning]:
    """Warn if the Bradley–Terry model doesn't fit the votes, and name the pair with the worst fit."""
    for line in (board.model_fit for board in boards if board.model_fit):
        if significant(line.p_value, level):
            yield ResultWarning(
                code="not_one_line",
                message=(
                    "the Bradley–Terry model doesn't fit the votes (p "
                    f"{p_text(line.p_value)}){_farthest(line)}"
                ),
                remedy=(
                    "Also cluster on what voters saw (the prompt, the two answers). What that "
                    "doesn't explain "
                    "depends on which two models met."
                ),
            )


def _farthest(line: ModelFit) -> str:
    if not line.worst_pairs:
        return ""
    worst = line.worst_pairs[0]
    return (
        f": {worst.model_a} got {100 * worst.share:.0f}% of {plural(worst.n_votes, 'vote')} against "
        f"{worst.model_b}, {100 * worst.expected:.0f}% expected"
    )


def _perfect(names: Sequence[str]) -> Iterator[ResultWarning]:
    if names:
        yield ResultWarning(
            code="perfect_record",
            message=f"{plural(len(names), 'model')} won, or lost, everything against all the others: "
            f"{listing(list(names))}. Their strength is only bounded, by one extra cluster of ties with the "
            "opponents they met",
            remedy="Collect votes against models of similar strength.",
        )
