"""Scores other than the mean of the attempts: pass@k and similar, and probabilities of the right answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError, ResultWarning
from howsure.options.kinds import ScoreRule
from howsure.statistics.attempts import attempt_noise, attempt_score, best_of, fewest_attempts
from howsure.statistics.tolerances import ROUNDED_SCORES
from howsure.table.engines import to_polars
from howsure.table.schema import find_roles, open_frame, tidy
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from howsure.study.design import Design
    from howsure.table.scores import Scores

    Parts = dict[tuple[str, str], pl.DataFrame]

PROB = "prob"


def probabilities(scores: Scores, design: Design) -> tuple[Scores, Design]:
    """Use the metric `prob` as the score if that is requested, or a column of that name. DataError if there
    is neither.
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


def warnings(rule: ScoreRule) -> list[ResultWarning]:
    """Warn if scores have another meaning than the usual one."""
    return [ANOTHER_QUESTION] if rule.kind == "prob" else []


def notes(rule: ScoreRule) -> list[str]:
    """Note how attempts are combined, if not by their mean."""
    return [f"Score: {told(rule)}."] if rule.kind != "mean" else []


def renamed(parts: Parts, rule: ScoreRule) -> Parts:
    """Name the metrics after the rule: "pass@3", or "pass@3 of METRIC" if a task has several."""
    if not rule.over_attempts:
        return parts
    tasks = [task for task, _ in parts]
    return {
        (task, str(rule) if tasks.count(task) == 1 else f"{rule} of {metric}"): part
        for (task, metric), part in parts.items()
    }


def told(rule: ScoreRule) -> str:
    """Describe how a rule combines the attempts."""
    if rule.k == 1:
        return f"{rule}, the score of one attempt"
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
    """Return whether the score of every attempt is needed, and not their mean only."""
    return rule.kind == "best-of-" and any(not _right_or_wrong(part) for part in parts.values())


def enough(part: pl.DataFrame, rule: ScoreRule) -> bool:
    """Return whether some item has as many attempts as the score needs."""
    return not rule.over_attempts or bool((part["n"] >= fewest_attempts(rule.kind, rule.k)).any())


def too_few(part: pl.DataFrame, rule: ScoreRule, task: str) -> list[ResultWarning]:
    """Warn how many results have fewer attempts than the score needs."""
    fewest = fewest_attempts(rule.kind, rule.k) if rule.over_attempts else 1
    lacking = int((part["n"] < fewest).sum())
    if not lacking:
        return []
    needs = f"{rule} needs {plural(fewest, 'attempt')} per item"
    if lacking == len(part):
        most = f"none has more than {part.select(pl.col('n').max()).item()}"
        remedy = "Choose a smaller K, or run more attempts." if rule.k else "Run more attempts."
        return [ResultWarning(code="no_attempts", message=f"{task}: {needs}, and {most}", remedy=remedy)]
    models = part["model"].n_unique()
    of = f"results of {models} models" if models > 1 else "items"
    gone = sorted(set(part["model"]) - set(part.filter(pl.col("n") >= fewest)["model"]))
    none = f", and {listing(gone)} has no results left" if gone else ""
    return [
        ResultWarning(
            code="few_attempts",
            message=f"{task}: {needs}, but {lacking:,} of {len(part):,} {of} have fewer and are "
            f"left out{none}",
            remedy=f"Run the missing attempts{', or choose a smaller K' if rule.k else ''}.",
        )
    ]


def rescore(
    part: pl.DataFrame, rule: ScoreRule, values: pl.DataFrame | None, task: str, *, lower_is_better: bool
) -> pl.DataFrame:
    """Replace every item's mean by the rule's score.

    `n` and `variance` are changed so that they give the noise of the new score, with n = 1 if it is unknown.
    """
    if not rule.over_attempts:
        return part
    if lower_is_better and rule.kind != "best-of-":
        raise DataError(
            f"{rule} counts 1 as right, but smaller scores are better here",
            where=task,
            remedy="Use best-of-K, or reverse the scores.",
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
    """Return whether all attempts are 0 or 1: then, and only then, the variance within an item is v (1 −
    v).
    """
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


ANOTHER_QUESTION = ResultWarning(
    code="probability_score",
    message="the mean probability of the right answer is not the share of right answers: it is "
    "the probability that "
    "the model gives them, and a model can be better on only one of the two",
    remedy="Compare probabilities only with probabilities, and mention it when you publish them.",
)
