"""What can go wrong, and what deserves a warning.

HowsureError
├── OptionError    an option has a value that it can't have
├── ReadError      a file can't be read, or isn't what it claims to be
├── DataError      the scores contradict each other or can't be used as asked
└── MethodError    a statistic isn't defined for these scores

Every message says what, where and what next. A [`ResultWarning`][howsure.ResultWarning] is the milder form:
data that rides on an answer and is shown with it.
"""

from __future__ import annotations

from dataclasses import dataclass


class HowsureError(Exception):
    """Base of every error that howsure raises on purpose.

    `where` may be empty; `remedy` says what to do next.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        head = f"{where}: {what}" if where else what
        sentence = f"{head.rstrip('.')}. {remedy}".strip() if remedy else head
        super().__init__(sentence)


class OptionError(HowsureError, ValueError):
    """An option has a value that it can't have."""


class ReadError(HowsureError):
    """A file can't be read, or isn't what it claims to be."""


class DataError(HowsureError, ValueError):
    """The scores contradict each other or can't be used as asked."""


class UnreadableTableError(DataError):
    """Rows of a table can't be read, which is found when they are needed."""


class AttemptColumnError(DataError):
    """Rows of single questions differ in `column`, and could be attempts. `asks`: all questions may share its
    values, so the user has to choose.
    """

    def __init__(
        self, what: str, *, column: str, asks: bool = False, where: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.column, self.asks = column, asks


class MethodError(HowsureError, ValueError):
    """A statistic isn't defined for these scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWarning:
    """A warning as data: it rides on the answer and is shown with it.

    Attributes:
        code: Names the kind of warning, for programs; it stays the same from version to version.
        message: What was seen.
        remedy: What to do about it.
    """

    code: str
    message: str
    remedy: str = ""

    @property
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` with more about it, None for a code that isn't howsure's own."""
        return _CHAPTER_OF.get(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallPart(ResultWarning):
    """A warning of one task, or one stratum of judged answers, that carries most of the error of the whole.

    Attributes:
        code: "small_part".
        message: How much of the error it carries, and what more of it would bring.
        remedy: What to do about it.
        name: Its name.
        n: Its questions, clusters or labels.
        units: Which of these.
        error_share: Its share of the squared error.
        needed: About how many it would need to carry as much as all other parts together.
        half_width: About half the width that the interval of the whole would have with these.
    """

    name: str
    n: int
    units: str
    error_share: float
    needed: float
    half_width: float


CHAPTERS: dict[int, tuple[str, ...]] = {
    1: ("many_models", "no_overall", "not_in_overall", "not_one_line", "perfect_record", "pools_apart"),
    2: ("earlier_labels", "labels_unlike", "shared_items_differ", "weights_differ"),
    3: (
        "curve_form",
        "flat_curve",
        "asymptotic",
        "cant_be_known",
        "classifier_scores",
        "few_labels",
        "heavy_tailed",
        "known_to_miss",
        "no_cost_error_bar",
        "no_overall_error_bar",
        "no_slice_error_bar",
        "no_variance",
        "one_item",
        "one_value",
        "skewed",
        "small_class",
        "small_slice",
        "unbounded_scores",
        "undefined_class",
        "unknown_n",
        "unknown_scale",
    ),
    4: (
        "binomial_only",
        "cluster_missing",
        "clusters_unseen",
        "dominant_cluster",
        "few_clusters",
        "first_clustering_only",
        "ignores_clusters",
        "looks_grouped",
        "stated_clusters_unused",
        "clusters_would_change_verdict",
        "population_would_change_verdict",
        "negative_two_way_variance",
        "one_cluster",
        "real_clusters",
        "runs_counted",
        "taken_one_by_one",
        "task_without_clusters",
        "too_few_flips",
    ),
    5: (
        "attempts_move_together",
        "factor_as_attempt",
        "levels_missing",
        "levels_unshared",
        "one_level",
        "covariate_saves_nothing",
        "covariate_too_dear",
        "few_attempts",
        "negative_variance",
        "no_attempts",
        "no_checkpoints",
        "no_covariate",
        "not_checkpoints",
        "one_attempt",
        "prob_cut",
        "prob_differs",
        "prob_first_token",
        "prob_missing",
        "prob_unscored",
        "probability_score",
        "rows_as_attempts",
        "runs_as_attempts",
        "setting_as_attempt",
        "single_attempts",
        "torn_checkpoints",
        "unweighted_components",
    ),
    6: (
        "exam_changed",
        "items_changed",
        "items_replaced",
        "no_shared_items",
        "nothing_shared",
        "published_exact",
        "runs_apart",
        "uneven_items",
        "unpaired",
    ),
    7: (
        "fewest_labels",
        "more_than_differ",
        "no_outcome",
        "not_planned",
        "off_the_scale",
        "out_of_reach",
        "small_part",
        "small_pilot",
    ),
    8: (
        "clashing_statistics",
        "copies_dropped",
        "corpus_metric",
        "no_curve",
        "no_difficulty",
        "no_doubling_time",
        "no_horizon",
        "unknown_usage",
        "cost_missing",
        "cut_row",
        "differs_from_log",
        "ended_otherwise",
        "failure_policy",
        "few_models",
        "files_failed",
        "files_unknown",
        "invalidated",
        "items_failed",
        "limited_left_out",
        "logs_copied",
        "metric_missing",
        "missing_could_turn",
        "missing_items",
        "mixed_id_types",
        "mixed_scale",
        "model_from_path",
        "model_missing",
        "model_without_scores",
        "name_twice",
        "no_labels",
        "no_number",
        "no_scores",
        "not_like_with_like",
        "one_model",
        "one_run",
        "partial_run",
        "percent_bounds",
        "percent_name",
        "quarantine_absent",
        "quarantine_ended",
        "quarantine_ends",
        "quarantine_large",
        "reducer",
        "resolved_only",
        "runs_left_out",
        "runs_of_several_models",
        "score_left_out",
        "seldom_equal",
        "several_results",
        "short_rows",
        "side_lacks_task",
        "side_left_out",
        "tables_copied",
        "tables_left_out",
        "task_left_out",
        "task_without_baseline",
        "templates_left_out",
        "undated_runs",
        "unknown_direction",
        "unknown_layout",
        "unscored_samples",
    ),
    9: (
        "association",
        "baseline_changed",
        "beyond_last_look",
        "configuration_changed",
        "frozen_setting",
        "fail_not_corrected",
        "looks_contradict",
        "many_effects",
        "order_not_random",
        "scores_changed",
    ),
}
"""The code of every warning by the chapter of `howsure guide` with more about it."""
_CHAPTER_OF = {code: chapter for chapter, codes in CHAPTERS.items() for code in codes}


_DOUBTS = {
    "one_item": ("one question gives no standard error", "Add questions: at least two are needed."),
    "one_cluster": (
        "all {n} questions are in one cluster, so the variance between clusters is unknown",
        "Add clusters, or ignore the clusters if the questions were drawn one by one.",
    ),
    "no_outcome": (
        "no outcome on {count} questions could be significant, not even all right against all wrong",
        "Use at least {more}.",
    ),
    "one_shared_item": ("one shared question gives no error bar", "Add questions or clusters."),
    "one_shared_cluster": (
        "all shared questions are in one cluster, which gives no error bar",
        "Add questions or clusters.",
    ),
    "few_clusters": (
        "{clusters} clusters leave {df:.2f} degrees of freedom",
        "Treat the interval as approximate; add {units} from more clusters.",
    ),
    "dominant_cluster": (
        "one of {clusters} clusters ({name}) contains {size} of {n} {units}, which leaves {df:.1f} df",
        "Treat the interval as approximate; add clusters, not {units} in {name}.",
    ),
    "no_variance": (
        (
            "every question (or cluster) has the same score, {value}: a standard error of 0 doesn't "
            "mean certainty"
        ),
        "Check that the scores are per question and not one summary repeated.",
    ),
    "same_difference": (
        (
            "the models differ by the same amount ({value}) on every question, so this method "
            "has no variance "
            "to estimate"
        ),
        ("Use the default method (with `bounds` if scores aren't in [0, 1]), or `method='sign-flip'`."),
    ),
    "too_few_flips": (
        (
            "with {clusters} clusters no p-value is below {smallest:.3g}, so nothing is significant "
            "at this level"
        ),
        "Use the default method or more clusters.",
    ),
    "first_clustering_only": (
        "this method uses only the first way of clustering",
        "Use the default method for both.",
    ),
    "negative_two_way_variance": (
        (
            "the two-way clustered variance is not positive, so the larger of the two one-way "
            "variances is used"
        ),
        "Few clusters on one side: cluster on the other alone.",
    ),
    "ignores_clusters": (
        "McNemar's test treats questions as independent, so the clusters were not used",
        "Use the default method, which uses them.",
    ),
    "unpaired": (
        "the two models share no question, so the comparison is unpaired",
        "Run both on the same questions: a paired comparison needs far fewer.",
    ),
    "no_overall_error_bar": (
        "a task has a single question or cluster, so the overall score has no error bar",
        (
            "Leave such tasks out, or cluster by another column. Ranks for other tasks like these: "
            "`tasks_as_sample` of leaderboard."
        ),
    ),
    "single_attempts": (
        (
            "{count} of {n} questions had one attempt; their within-question variance is assumed to "
            "equal the others'"
        ),
        "Run the missing attempts.",
    ),
    "one_attempt": (
        "with one attempt per question, the variance within questions is unknown",
        "Run two attempts or more, or use another population than these questions.",
    ),
}
_CODES = {
    "one_shared_item": "one_cluster",
    "one_shared_cluster": "one_cluster",
    "same_difference": "no_variance",
}


def doubt(kind: str, **facts: float | str) -> ResultWarning:
    """Return the warning that a statistic raises: the statistic knows its kind and the facts, the sentence
    is here.

    >>> doubt("single_attempts", count=2, n=10).message
    "2 of 10 questions had one attempt; their within-question variance is assumed to equal the others'"
    """
    message, remedy = _DOUBTS[kind]
    if facts.get("units") == "items":
        facts["units"] = "questions"
    if "value" in facts:
        facts["value"] = f"{facts['value']:.4g}".replace("-", "−")
    return ResultWarning(
        code=_CODES.get(kind, kind), message=message.format(**facts), remedy=remedy.format(**facts)
    )
