"""The verbs: read, describe, estimate, compare, leaderboard, audit. Options are checked here; the work is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from howsure import assemble, covariates, finer, ranking, rereading
from howsure.answers.comparison import Comparison, Comparisons
from howsure.answers.estimate import Entry, Estimates
from howsure.benchmark import measured, refuse_methods, refuse_population
from howsure.design import DesignOptions, make_design
from howsure.errors import OptionError
from howsure.options import (
    Adjustment,
    ComparisonMethod,
    IntervalMethod,
    Overall,
    Variance,
    check,
    check_level,
)
from howsure.overall import overall_comparison
from howsure.prepare import collect
from howsure.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.audit import Audit
    from howsure.answers.description import Description
    from howsure.answers.health import Health
    from howsure.answers.leaderboard import Leaderboard
    from howsure.answers.noise import Noise
    from howsure.answers.trend import Trend
    from howsure.design import Design
    from howsure.readers.folder import Progress

    Names = str | Sequence[str]


def read(
    data: Any,
    *,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    reader: str | None = None,
    strict: bool = False,
    probabilities: bool = False,
    progress: Progress | None = None,
) -> Scores:
    """Read per-question results: a path or paths to what a harness wrote, or a frame that you hold.

    A path may be a file or a folder of mixed formats, each recognised by content. A frame may be pandas, Polars (also
    lazy), PyArrow, DuckDB, Ibis or Spark; it is aggregated where it lies. Nothing in a file is executed.

    `columns` names the columns of a table, `{"model": ["model", "temperature"]}` joining several; the usual names
    (benchmark, question_id, epoch, is_correct …) are recognised and told. `where` keeps only rows with these values.
    `reader` forces a format; `strict` stops at the first file that can't be read. `probabilities` adds the metrics
    `prob` and `prob_norm`, the probability of the right answer, from logs that hold it.
    Raises ReadError where nothing can be read, DataError where the columns don't fit.

    >>> import polars as pl
    >>> scores = read(pl.DataFrame({"model": ["a", "a"], "question": [1, 2], "correct": [True, False]}))
    >>> scores.to_frame()["score"].to_list()
    [1.0, 0.0]
    """
    roles = {role: _tuple(names) for role, names in (columns or {}).items()}
    kept = {name: _tuple(values) for name, values in (where or {}).items()}
    if isinstance(data, Scores):
        return data
    if _is_paths(data):
        from howsure.readers.folder import read_paths

        paths = [data] if isinstance(data, (str, Path)) else list(data)
        return read_paths(
            paths,
            columns=roles,
            where=kept,
            reader=reader,
            strict=strict,
            probabilities=probabilities,
            progress=progress,
        )
    return _read_frame(data, roles, kept)


def _is_paths(data: Any) -> bool:
    return isinstance(data, (str, Path)) or (
        isinstance(data, (list, tuple)) and bool(data) and all(isinstance(part, (str, Path)) for part in data)
    )


def _read_frame(data: Any, roles: dict[str, tuple[str, ...]], where: dict[str, tuple[str, ...]]) -> Scores:
    import narwhals as nw

    from howsure.tidy import find_roles, open_frame

    frame = open_frame(data)
    for name, values in where.items():
        frame = frame.filter(nw.col(name).cast(nw.String).is_in(list(values)))
    found = find_roles(frame.collect_schema().names(), roles)
    return Scores(rows=frame.to_native(), roles=found)


def _scores(data: Any, design: Design) -> Scores:
    """Read what a verb was given, with probabilities where the design asks for them."""
    return read(data, probabilities=design.score.kind == "prob")


def describe(data: Any) -> Description:
    """Say what was found: files, harness, tasks, models, items, attempts, clusters, what was left out and why."""
    from howsure.describing import describe_scores

    return describe_scores(read(data))


def estimate(
    data: Any,
    *,
    interval: IntervalMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Estimates:
    """Estimate the score of each model on each task and metric, with its error bar.

    `data`: what `read` takes. The interval is meant for the question "had other questions been drawn": items, or
    clusters of them, are seen as a sample from a larger population (Miller 2024, section 2).
    `interval`: None takes Wilson's on the effective sample size for scores in [0, 1] and the t interval otherwise.
    `seed` matters to "bootstrap" only. Shared options: see [`Design`][howsure.design.Design].

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": "a", "question": range(8), "correct": [1, 0, 1, 1, 0, 1, 1, 1]})
    >>> answer = estimate(rows)[0].estimate
    >>> round(answer.value, 3), round(answer.interval.low, 3), round(answer.interval.high, 3)
    (0.75, 0.351, 0.954)
    """
    check("interval", interval, IntervalMethod, optional=True)
    check("variance", variance, Variance)
    check_level(level)
    design = make_design(options)
    refuse_methods(design.population, interval=interval)
    scores = _scores(data, design)
    items = collect(scores, design)
    asked = assemble.MeanOptions(
        interval=interval, variance=variance, level=level, seed=seed, population=design.population
    )
    entries: list[Entry] = []
    percent, pools = {}, covariates.pools(scores, design, items, interval=interval, variance=variance)
    refined = finer.right_or_wrong(scores, design)
    matrices, left_out = measured(list(items.matrices()), design.population)
    for matrix in matrices:
        found = covariates.adjusted_entries(matrix, pools, assemble.entries(matrix, items, asked))
        entries += finer.with_savings(found, matrix, refined, variance)
        percent[matrix.task, matrix.metric] = matrix.bounded
    notes = (*items.notes, *covariates.told(design, pools))
    return Estimates(entries=tuple(entries), percent=percent, notes=notes, cautions=(*items.cautions, *left_out))


def compare(
    data: Any,
    a: str,
    b: str,
    *,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    margin: float | None = None,
    adjust: Adjustment = "holm",
    overall: Overall | Mapping[str, float] = "mean",
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Comparison | Comparisons:
    """Say whether model `a` is really better than `b`: paired on the items that both answered.

    One task gives a Comparison, several give Comparisons with an overall one (the mean over tasks, all items pooled, or
    your own weights), p-values corrected for the number of tasks by `adjust` ("max-t" means Holm here).
    `margin`, in score units, asks for equivalence and non-inferiority as well. `method`: None takes pseudo-items for
    scores in [0, 1] and t otherwise. Miller (2024), section 4.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": ["a"] * 6 + ["b"] * 6, "item": [*range(6)] * 2,
    ...     "score": [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]})
    >>> answer = compare(rows, "a", "b")
    >>> answer.wins, answer.losses, answer.better is None
    (2, 0, True)
    """
    check("method", method, ComparisonMethod, optional=True)
    check("variance", variance, Variance)
    check("adjust", adjust, Adjustment)
    check_level(level)
    if margin is not None and not (isinstance(margin, (int, float)) and margin > 0):
        raise OptionError(f"margin={margin!r} is not above 0", remedy="Write 0.01 for one percentage point.")
    design = make_design(options)
    refuse_methods(design.population, method=method)
    scores = _scores(data, design)
    items, (a, b) = assemble.known_models(scores, design, (a, b))
    pools = covariates.pools(scores, design, items, method=method, variance=variance)
    asked = assemble.PairOptions(
        method=method, variance=variance, level=level, margin=margin, seed=seed, population=design.population
    )
    matrices, unknown = measured(assemble.one_metric(items, design.metric), design.population)
    if margin is not None and margin >= 1 and any(matrix.bounded for matrix in matrices):
        raise OptionError(f"margin={margin!r} is the whole scale", remedy="Write 0.05 (or --margin 5pp) for 5 points.")
    left_out = [*assemble.tasks_left_out(items, matrices), *unknown]
    plain = [assemble.comparison(matrix, a, b, asked) for matrix in matrices]
    pairs = assemble.adjusted(covariates.adjusted_comparisons(matrices, pools, plain, margin), adjust)
    again = partial(assemble.comparison, asked=replace(asked, margin=None))
    cautions = (*items.cautions, *left_out, *rereading.policy_changes_verdict(items, pairs, again))
    notes = (*items.notes, *covariates.told(design, pools))
    if len(pairs) == 1:
        return replace(pairs[0], notes=notes, cautions=(*cautions, *pairs[0].cautions))
    if pools:
        total, more = None, [covariates.NO_OVERALL]
    else:
        total, more = overall_comparison(matrices, pairs, asked, overall)
    return Comparisons(comparisons=tuple(pairs), overall=total, notes=notes, cautions=(*cautions, *more))


def leaderboard(
    data: Any,
    *,
    interval: IntervalMethod | None = None,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    adjust: Adjustment = "max-t",
    overall: Overall | Mapping[str, float] = "mean",
    top: int | None = None,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Leaderboard:
    """Rank all models of each task, with the interval of places that each could really have, and the ties.

    All pairs are compared at once, each on the items that both answered, and their p-values corrected over all pairs
    ("max-t": step-down over sign flips, Romano and Wolf 2005). Rank intervals hold together
    (Mogstad et al. 2024). Several tasks give an overall board of the models that have them all: the mean over tasks,
    all items pooled, or your own weights. `method`: "pseudo-items" (None) or "t". `top`: how many to show.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": ["a"] * 30 + ["b"] * 30, "item": [*range(30)] * 2, "score": [1] * 30 + [0] * 30})
    >>> board = leaderboard(rows)
    >>> board.boards[0].could_be_best, [rank.high for rank in board.boards[0].ranks]
    (('a',), [1, 2])
    """
    design = make_design(options)
    asked = ranking.rank_options(
        design,
        "leaderboard",
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    return ranking.rank(collect(_scores(data, design), design), asked, top=top)


def noise(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    variance: Variance = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Noise:
    """Say where the error bars come from: which questions were drawn, or what was answered to them.

    With several attempts a question, the two are told apart for every model, for every pair, and between and within
    clusters, and the error bar is predicted for other numbers of attempts and questions. `a` and `b`: take their paired
    difference apart as well. With one attempt a question, what can be said is a bound. `level`: of the intervals of the
    components. Miller (2024), section 3; Wang (2025).

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": "a", "item": [k // 4 for k in range(40)], "attempt": [k % 4 for k in range(40)],
    ...     "score": [int(k % 4 < k // 4 % 3) for k in range(40)]})
    >>> entry = noise(rows)["a"]
    >>> round(entry.se, 3), round(entry.se_with(attempts=1), 3), round(entry.answer_share, 2)
    (0.069, 0.134, 0.91)
    """
    from howsure.decomposing import decompose

    check("variance", variance, Variance)
    check_level(level)
    design = make_design(options)
    asked = assemble.MeanOptions(interval=None, variance=variance, level=level, seed=0)
    return decompose(_scores(data, design), design, asked, a, b)


def health(
    data: Any,
    *,
    top: int | None = None,
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Health:
    """Say which questions of every task tell models apart at all, and what gap the task can resolve.

    Counts questions that every model, or none, gets right; finds those that better models get wrong more often (likely
    mislabelled); gives the smallest gap that can be seen, and how reliable the ranking is (split-half, Spearman and Brown
    1910). `top`: only the best N models of each task.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": [m for m in "abc" for _ in range(4)], "item": [*range(4)] * 3,
    ...     "score": [1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]})
    >>> found = health(rows).tasks[0]
    >>> found.count("everybody"), found.count("nobody"), found.n_separating
    (1, 1, 2)
    """
    from howsure.examining import examine

    check_level(level)
    design = make_design(options)
    covariates.refuse_covariate(design, "health")
    refuse_population(design, "health")
    return examine(collect(_scores(data, design), design), top=top, level=level)


def trend(
    data: Any,
    *,
    last: int = 5,
    variance: Variance = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Trend:
    """Follow the checkpoints of training runs: scores, paired changes, the trend, and what the task can tell apart.

    Models whose names tell a step (…-step1000) are checkpoints of a run; `step_from` names other patterns, and a column
    `step` of published scores counts as well. The rise is that of a straight line through all checkpoints, item by item.
    The signal-to-noise ratio of a task compares the largest difference between runs, each averaged over its `last`
    checkpoints, with how much these differ within a run (Heineman et al. 2025).

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": [f"run-step{s}" for s in (1, 2, 3) for _ in range(20)], "item": [*range(20)] * 3,
    ...     "score": [int(i % 4 < s) for s in (1, 2, 3) for i in range(20)]})
    >>> run = trend(rows).tasks[0].runs[0]
    >>> round(run.rise.value, 3), [round(point.estimate.value, 2) for point in run.points]
    (0.5, [0.25, 0.5, 0.75])
    """
    from howsure.auditing import published_in
    from howsure.training import TrendOptions, follow, follow_published, has_steps, refuse_others

    check("variance", variance, Variance)
    check_level(level)
    design = make_design(options)
    refuse_others(design, last)
    asked = TrendOptions(variance=variance, level=level, last=last)
    if not isinstance(data, Scores) and not _is_paths(data) and has_steps(data):
        return follow_published(published_in(data), design, asked)
    scores = _scores(data, design)
    return follow(scores, design, asked) if scores.has_rows else follow_published(scores.published, design, asked)


def audit(
    data: Any,
    *,
    n: int | None = None,
    level: float = 0.95,
    top: int | None = None,
    task: Names | None = None,
    metric: Names | None = None,
) -> Audit:
    """Say which gaps between published scores could be noise, from score and number of questions alone.

    `data`: what `read` takes; a leaderboard (model, score, n, perhaps stderr) or a log that states its scores. A frame
    works as well. `n`: the number of questions where the table has none. Gaps are judged as unpaired, and the break-even
    correlation says how much agreement between the two models' answers would make each gap real.
    """
    from howsure.auditing import audit_published, published_in

    check_level(level)
    published = read(data).published if isinstance(data, Scores) or _is_paths(data) else published_in(data)
    return audit_published(published, n=n, level=level, top=top, task=_tuple(task or ()), metric=_tuple(metric or ()))


def _tuple(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
