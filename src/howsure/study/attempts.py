"""Other scores than the mean of the attempts: pass@k and its kin, and probabilities of the right answer.

Attempts whose labels all questions share: the rows are asked whether attempts of the same label move
together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import Caution, DataError
from howsure.options.score import ScoreRule
from howsure.statistics.attempts import attempt_noise, attempt_score, best_of, fewest_attempts
from howsure.statistics.random_factors import label_test, p_from_sums
from howsure.statistics.tolerances import ROUNDED_SCORES
from howsure.study.notes import silent_factor_taken
from howsure.table.aggregate import coded
from howsure.table.collecting import to_polars
from howsure.table.factor_names import means_setting
from howsure.table.schema import CONSTANTS, find_roles, open_frame, tidy, used_columns
from howsure.wording import Scale, listing, p_text, plural

if TYPE_CHECKING:
    from howsure.statistics.random_factors import LabelTest
    from howsure.study.study import Study
    from howsure.study.units import Scales
    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
    Key = tuple[str, ...]
    from howsure.study.design import Design

    Parts = dict[tuple[str, str], pl.DataFrame]

OWN = ("task", "metric", "model")
LEVEL = 0.05
"""Of all models and tasks of an answer together: each is tested at its share (Bonferroni)."""
COMMON = 0.5
"""A label that a smaller share of a model's questions has isn't one that they share, as an id of every single
answer isn't.
"""
MOST_ROWS = 5_000_000


def attempt_cautions(scores: Scores, study: Study, scales: Scales) -> tuple[Caution, ...]:
    """Warn of attempts that are no repeats by their column's name, that differ in a setting of the model, or
    whose labels move together over questions.

    Of the rows only files and frames in memory are asked, and no more rows than fit there easily: a database,
    or a lazy frame of the caller's, would be read once more.
    """
    silent = silent_factor_taken(study.unasked)
    here = scores.files or scores.in_memory or isinstance(scores.rows, pl.DataFrame)
    parts = [part for part in study.parts.values() if bool((part["rows"] > 1).any())]
    if not here or study.averages or not 0 < sum(part["rows"].sum() for part in parts) <= MOST_ROWS:
        return tuple(silent)
    return (*silent, *_of_settings(scores, parts), *_of_labels(scores, study, parts, scales))


def _of_settings(scores: Scores, parts: list[pl.DataFrame]) -> list[Caution]:
    """Warn of a setting, such as the temperature, in which the rows of one model and question differ."""
    frame, roles = tidy(scores.rows, scores.roles)
    used = used_columns(roles)
    names = [name for name in frame.collect_schema().names() if means_setting(name) and name not in used]
    if not names:
        return []
    counts = to_polars(frame.group_by("task", "model", "item").agg(nw.col(name).n_unique() for name in names))
    asked = pl.concat([part.select(pl.col("task", "model", "item").cast(pl.String)) for part in parts])
    counts = counts.join(asked, on=["task", "model", "item"], how="semi")
    several = {name: counts.filter(pl.col(name) > 1)["model"].n_unique() for name in names}
    return [
        Caution(
            code="setting_as_attempt",
            message=(
                f"{name!r} isn't the same for all attempts of {plural(models, 'model')} at a question, and "
                "is a setting of the model"
            ),
            remedy=f"Make it part of the name: `columns={ ({'model': [*roles['model'], name]})!r}`.",
        )
        for name, models in several.items()
        if models
    ]


def _of_labels(scores: Scores, study: Study, parts: list[pl.DataFrame], scales: Scales) -> list[Caution]:
    """Warn of labels that move together by more than chance (F test): sums by label come first, then the rows
    of models where these look odd.

    Failed attempts, and questions that lack a label, are left out.
    """
    column = attempt_column(scores)
    if not column:
        return []
    frame, own = _scored(scores, column)
    means = to_polars(frame.group_by(*own, "attempt").agg(nw.col("score").mean(), nw.len().alias("count")))
    sums = _placed(means, scales)
    odd = {key: p for part in parts for key, p in _from_sums(sums, part).items()}
    doubtful = [key for key, p in sorted(odd.items()) if p * len(odd) <= 2 * LEVEL]
    if not doubtful:
        return []
    rows = _placed(to_polars(frame.filter(nw.col("model").is_in({model for *_, model in doubtful}))), scales)
    together = []
    for task, metric, model in doubtful:
        test = _test(rows.filter(task=task, metric=metric, model=model), study.items.filter(task=task))
        if test is not None and test.p_value * len(odd) <= LEVEL:
            together.append((test, f"{task}: {model}" if len(study.tasks) > 1 else model))
    percent = all(bool(((part["low"] >= 0) & (part["high"] <= 1)).all()) for part in parts)
    return [_caution(column, together, len(odd), Scale(percent=percent))] if together else []


def attempt_column(scores: Scores) -> str:
    """Return the column whose values are taken for attempts; "" where there is none, or where several
    together are.
    """
    names = open_frame(scores.rows).collect_schema().names()
    if scores.unasked in names:
        return scores.unasked
    columns = find_roles(names, scores.roles).get("attempt", ())
    return columns[0] if len(columns) == 1 else ""


def _scored(scores: Scores, column: str) -> tuple[Frame, list[str]]:
    """Return the attempts that have a score and a label (`column`), and the columns of tasks, metrics and
    models that there are.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    scored = ~nw.col("score").is_null() & ~nw.col(column).is_null()
    own = [name for name in OWN if name in roles]
    kept = frame.filter((nw.col("status") == "ok") & scored if "status" in roles else scored)
    return kept.select(*own, "item", nw.col(column).alias("attempt"), "score"), own


def _placed(rows: pl.DataFrame, scales: Scales) -> pl.DataFrame:
    """Return rows with their constants, texts, and scores in the units of their scales."""
    constants = {name: pl.lit(CONSTANTS[name]) for name in OWN if name not in rows.columns}
    return scales.place_values(rows.with_columns(pl.col("attempt").cast(pl.String), **constants))


def _from_sums(sums: pl.DataFrame, part: pl.DataFrame) -> dict[Key, float]:
    """Return the p-value of every model of a part whose attempts have labels that most of its questions
    share, from sums alone.
    """
    n, task, metric = pl.col("n").cast(pl.Int64), str(part["task"][0]), str(part["metric"][0])
    models = part.group_by("model").agg(
        pl.len(), rest=n.sum() - (n > 0).sum(), within=pl.col("variance").dot(n.cast(pl.Float64))
    )
    mine = sums.filter(task=task, metric=metric)
    known = mine.join(models.with_columns(pl.col("model").cast(pl.String)), on="model")
    shared = known.filter(pl.col("count") >= COMMON * pl.col("len"))
    labels = shared.group_by("model", "within", "rest").agg("score", "count")
    return {
        (task, metric, model): p_from_sums(np.array(means), np.array(counts), within, rest)
        for model, within, rest, means, counts in labels.iter_rows()
    }


def _test(rows: pl.DataFrame, items: pl.DataFrame) -> LabelTest | None:
    """Test one model's labels on its questions that have all of them; `items`: with clusters and weights."""
    shared = pl.len().over("attempt") >= COMMON * rows["item"].n_unique()
    wide = (
        rows.filter(shared)
        .pivot(on="attempt", index="item", values="score", aggregate_function="mean")
        .drop_nulls()
    )
    if wide.width < 3 or wide.height < 2:
        return None
    named = wide.select("item").join(items, on="item", how="left", maintain_order="left")
    codes = weights = None
    if "cluster_0" in named.columns:
        codes = coded(named["cluster_0"].fill_null(named["item"]))[1]
    if "weight" in named.columns:
        weights = named["weight"].fill_null(strategy="mean").to_numpy()
    return label_test(wide.drop("item").to_numpy(), codes=codes, weights=weights)


def _caution(column: str, together: list[tuple[LabelTest, str]], tests: int, scale: Scale) -> Caution:
    """Say of the model whose labels differ most clearly by how much they do, and how many others there
    are.
    """
    test, model = min(together, key=lambda each: each[0].p_value)
    others = f"; so do those of {plural(len(together) - 1, 'other model')}" if len(together) > 1 else ""
    p = p_text(min(test.p_value * tests, 1.0))
    return Caution(
        code="attempts_move_together",
        message=f"answers of {model} with the same {column!r} move together: the scores of its "
        f"{int(test.df[0]) + 1} values have a standard deviation of {scale.gap(test.spread)}, about "
        f"{scale.gap(test.chance)} would be chance (F test, p "
        f"{p if p.startswith('<') else f'= {p}'}){others}",
        remedy=(
            f"What they share is left out of the error bar of repeats; `random_factor={column!r}` counts it."
        ),
    )


PROB = "prob"


def probabilities(scores: Scores, design: Design) -> tuple[Scores, Design]:
    """Take the metric `prob` for the score where that is asked for, or a column of that name; DataError where
    there is neither.
    """
    if design.score.kind != "prob":
        return scores, design
    frame = open_frame(scores.rows)
    names = frame.collect_schema().names()
    found = find_roles(names, scores.roles) if names else {}
    if "metric" in found:
        metrics = to_polars(tidy(scores.rows, scores.roles)[0].select("metric").unique())["metric"].to_list()
        if PROB in metrics:
            return scores, replace(design, metric=design.metric or (PROB,))
    if PROB in names and found.get("score") != (PROB,):
        return replace(scores, roles={**scores.roles, "score": (PROB,)}), design
    if PROB in names:
        return scores, design
    raise DataError(
        "no probability of the right answer in these results",
        remedy="Logs need log-probabilities (lm-eval multiple choice with --log_samples, Inspect with "
        "logprobs on), tables a column prob.",
    )


def cautions(rule: ScoreRule) -> list[Caution]:
    """Warn where scores answer another question than the usual one."""
    return [ANOTHER_QUESTION] if rule.kind == "prob" else []


def notes(rule: ScoreRule) -> list[str]:
    """Say what is made of the attempts, where it isn't their mean."""
    return [f"Score: {told(rule)}."] if rule.kind != "mean" else []


def renamed(parts: Parts, rule: ScoreRule) -> Parts:
    """Name the metrics after the rule: "pass@3", or "pass@3 of METRIC" where a task has several."""
    if not rule.over_attempts:
        return parts
    tasks = [task for task, _ in parts]
    return {
        (task, str(rule) if tasks.count(task) == 1 else f"{rule} of {metric}"): part
        for (task, metric), part in parts.items()
    }


def told(rule: ScoreRule) -> str:
    """Say what a rule makes of the attempts."""
    if rule.k == 1:
        return f"{rule}, what one attempt gets"
    words = {
        "pass@": f"at least one of {rule.k} attempts is right",
        "pass^": f"all of {rule.k} attempts are right",
        "plug-in": f"all of {rule.k} attempts are right, as (share right)^{rule.k}",
        "majority@": f"more than half of {rule.k} attempts are right",
        "best-of-": f"the best of {rule.k} attempts",
        "consistency": "two attempts agree",
        "prob": "the probability of the right answer",
    }
    return f"{rule}, {words[rule.kind]}"


def needs_values(parts: Parts, rule: ScoreRule) -> bool:
    """Say whether the score of every attempt is needed, and not their mean only."""
    return rule.kind == "best-of-" and any(not _right_or_wrong(part) for part in parts.values())


def enough(part: pl.DataFrame, rule: ScoreRule) -> bool:
    """Say whether some item has as many attempts as the score needs."""
    return not rule.over_attempts or bool((part["n"] >= fewest_attempts(rule.kind, rule.k)).any())


def too_few(part: pl.DataFrame, rule: ScoreRule, task: str) -> list[Caution]:
    """Tell how many results have fewer attempts than the score needs."""
    fewest = fewest_attempts(rule.kind, rule.k) if rule.over_attempts else 1
    lacking = int((part["n"] < fewest).sum())
    if not lacking:
        return []
    needs = f"{rule} needs {plural(fewest, 'attempt')} per item"
    if lacking == len(part):
        most = f"none has more than {part.select(pl.col('n').max()).item()}"
        remedy = "Choose a smaller K, or run more attempts." if rule.k else "Run more attempts."
        return [Caution(code="no_attempts", message=f"{task}: {needs}, and {most}", remedy=remedy)]
    models = part["model"].n_unique()
    of = f"results of {models} models" if models > 1 else "items"
    gone = sorted(set(part["model"]) - set(part.filter(pl.col("n") >= fewest)["model"]))
    none = f"; nothing is left of {listing(gone)}" if gone else ""
    return [
        Caution(
            code="few_attempts",
            message=f"{task}: {needs}; {lacking:,} of {len(part):,} {of} have fewer and are left out{none}",
            remedy=f"Run the missing attempts{', or choose a smaller K' if rule.k else ''}.",
        )
    ]


def rescore(
    part: pl.DataFrame, rule: ScoreRule, values: pl.DataFrame | None, task: str, *, lower_is_better: bool
) -> pl.DataFrame:
    """Put the rule's score of every item in the place of its mean.

    `n` and `variance` are changed so that they give the noise of the new score; n = 1 where nothing tells it.
    """
    if not rule.over_attempts:
        return part
    if lower_is_better and rule.kind != "best-of-":
        raise DataError(
            f"{rule} counts 1 as right, and here smaller scores are better",
            where=task,
            remedy="Use best-of-K, or turn the scores round.",
        )
    part = part.filter(pl.col("n") >= fewest_attempts(rule.kind, rule.k))
    if not _right_or_wrong(part):
        if rule.kind != "best-of-" or values is None:
            raise _fractions(part, rule, task)
        return _best_of(part, rule.k, values, -1 if lower_is_better else 1)
    n = part["n"].to_numpy().astype(float)
    right = np.rint(part["mean"].to_numpy() * n)
    if lower_is_better:  # the best of right or wrong is then the smallest
        rule = ScoreRule(kind="pass^", k=rule.k)
    noise = attempt_noise(rule.kind, rule.k, n, right)
    known = ~np.isnan(noise)
    return part.with_columns(
        mean=attempt_score(rule.kind, rule.k, n, right),
        n=pl.Series(np.where(known, n, 1)).cast(pl.Int64),
        variance=np.where(known, noise * (n - 1), 0.0),
    )


def _right_or_wrong(part: pl.DataFrame) -> bool:
    """Say whether all attempts are 0 or 1: then, and only then, the variance within an item is v (1 − v)."""
    mean, inside = pl.col("mean"), (pl.col("low") >= 0) & (pl.col("high") <= 1)
    binary = inside & ((pl.col("variance") - mean * (1 - mean)).abs() < ROUNDED_SCORES)
    return bool(part.filter(pl.col("n") > 0).select(binary.all()).item())


def _fractions(part: pl.DataFrame, rule: ScoreRule, task: str) -> DataError:
    mean = pl.col("mean")
    odd = (
        part.filter((pl.col("variance") - mean * (1 - mean)).abs() >= ROUNDED_SCORES)
        .sort("model", "item")
        .row(0, named=True)
    )
    return DataError(
        f"{rule} needs attempts that are right or wrong, and item {odd['item']!r} of model "
        f"{odd['model']!r} is neither",
        where=task,
        remedy="Use best-of-K, choose tasks with `task`, or make the scores 0 and 1 first.",
    )


def _best_of(part: pl.DataFrame, k: int, values: pl.DataFrame, sign: int) -> pl.DataFrame:
    """Return the expected best of k attempts, the largest times `sign`, from how often every item had every
    value.
    """
    names = ["task", "metric", "model", "item"]
    long = part.with_row_index("place").select("place", *names).join(values, on=names, how="inner")
    seen = long["score"].unique().sort()
    counts = np.zeros((len(part), len(seen)))
    counts[long["place"].to_numpy(), seen.search_sorted(long["score"]).to_numpy()] = long["count"].to_numpy()
    lacking = part["n"].to_numpy() - counts.sum(axis=1)
    if lacking.any():  # failed attempts that count as 0
        counts, seen = np.column_stack([counts, lacking]), seen.append(pl.Series([0.0]))
    return part.with_columns(
        mean=sign * best_of(k, counts, sign * seen.to_numpy()), n=pl.lit(1, pl.Int64), variance=pl.lit(0.0)
    )


ANOTHER_QUESTION = Caution(
    code="probability_score",
    message="the mean probability of the right answer is not the share of right answers: it is how much "
    "probability the model gives them, and a model can be better on one and not on the other",
    remedy="Compare probabilities only with probabilities, and say so when you publish them.",
)
