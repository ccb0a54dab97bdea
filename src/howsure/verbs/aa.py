"""The verb aa: how often a gate fails a system against itself, by random splits of the user's own results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.aa import SplitQuestion, parted
from howsure.inference.gating.applying import refuse_beside
from howsure.inference.gating.policy import PLACEHOLDER
from howsure.inference.gating.reading import policy_of
from howsure.options.table import checked
from howsure.study.design import Respects, make_design, of_new_clusters
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.aa import FalseAlarms
    from howsure.options.words import BoardMethod
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.study.design import DesignOptions


RESPECTS = Respects(verb="aa", all_but=("random factor", "population", "covariate", "slices", "measures"))


def aa(
    data: Any,
    *,
    not_worse_than: float | None = None,
    better: bool = False,
    same_within: float | None = None,
    policy: Any = None,
    splits: int = 1_000,
    method: BoardMethod | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> FalseAlarms:
    """Estimate how often a gate would fail a system against itself (an A/A test), from your own results.

    Each model is split at random into two halves that act as candidate and baseline, `splits` times. With
    several attempts at most items, the attempts at every item are split and compared in pairs; with one,
    whole clusters (or items) are split and compared unpaired. Each model and task is a gate of its own.
    Splits of one data set aren't independent replications: the intervals express how well the splits measure
    the share in these data.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        not_worse_than: The margin of non-inferiority, in score units. None omits the criterion.
        better: Whether the gate requires the candidate to be better; assumed if no other criterion is given.
        same_within: The margin of equivalence, in score units. None omits the criterion.
        policy: The policy of a suite, as [`gate`][howsure.gate] takes it: the share of splits that fail is
            then that of the whole policy, all its tasks parted at once. It takes the place of all criteria.
        splits: The number of random splits per model.
        method: The test: "score" or "t". None chooses by the scale.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of the gate's verdicts, above ½.
        seed: The seed of the random splits.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `population`:
            "new-clusters" alone, other questions where there are no clusters.

    Returns:
        FalseAlarms: One line per model, task and metric, with the share of splits that fail (type I errors),
            pass or differ, exact intervals of these shares, and the share that is promised.

    Raises:
        OptionError: If an option has a value that it can't have, or can't be applied to halves (covariates,
            another `population` than "new-clusters").
        DataError: If no model has enough items or clusters to split.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": "a", "item": [k // 6 for k in range(600)], "attempt": [k % 6 for k in range(600)],
        ...     "score": [int(k % 6 < k // 6 % 7) for k in range(600)]})
        >>> found = aa(rows, not_worse_than=0.02)
        >>> found.failed_share <= 0.05, found.entries[0].parted
        (True, 'attempts')
    """
    given = checked(
        "aa",
        not_worse_than=not_worse_than,
        better=better,
        same_within=same_within,
        splits=splits,
        method=method,
        variance=variance,
        level=level,
    )
    seed, policy = checked("aa", seed=seed, policy=policy).values()
    design, suite = (
        of_new_clusters(make_design(options, RESPECTS)),
        None if policy is None else policy_of(policy),
    )
    if suite is not None:
        criteria = {name: given[name] for name in ("not_worse_than", "better", "same_within")}
        refuse_beside(suite, criteria, level=given["level"], design=design)
        given |= {"not_worse_than": suite.margin or PLACEHOLDER, "level": suite.level}
    given["better"] |= given["not_worse_than"] is None and same_within is None
    scores = scores_of(data, design)
    study = gather(scores, design)
    if suite is not None:
        suite.refuse_unfitting(study)
    return parted(scores, study, SplitQuestion(**given), seed, suite)
