"""Notes and warnings on a study: how the data were read and grouped, what is doubtful, and what is missing.

Whether smaller scores are better comes from the user or the harness. It is never guessed from a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError, ResultWarning
from howsure.study.failures import failures_note
from howsure.table.grouping import count_names, distinct_names, once
from howsure.table.names import is_burden, silent_factor
from howsure.table.repeats import is_rater
from howsure.table.schema import find_roles, label_column
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.study.study import Study

    Key = tuple[str, str]
    from collections.abc import Iterable

    from howsure.study.clusters import ClusteredItems
    from howsure.study.design import Design
    from howsure.table.aggregate import Grouped, Wanted
    from howsure.table.scores import Scores

    Parts = dict[tuple[str, str], pl.DataFrame]

REMEDY = (
    "Choose: `lower_is_better=True` if smaller scores are better, `lower_is_better=False` if larger ones are."
)


def undeclared(study: Study) -> list[str]:
    """Return the scores, by task and metric, whose direction is neither clear from the name nor stated."""
    column = f" (column {study.column})"
    keys = [key for key in study.parts if study.is_undeclared(key)]
    return [" · ".join(key) + ("" if is_burden(key[1]) else column) for key in keys]


def direction_warnings(study: Study) -> list[ResultWarning]:
    """Warn if models are ranked by scores of unknown direction."""
    return unsaid(undeclared(study))


def unsaid(names: list[str]) -> list[ResultWarning]:
    """Warn of scores with these names, whose direction is unknown, if there are any."""
    if not names:
        return []
    message = (
        f"it isn't known whether larger or smaller scores of {listing(names)} are better, so larger ones "
        "count as better"
    )
    return [ResultWarning(code="unknown_direction", message=message, remedy=REMEDY)]


def require_one_metric(parts: Iterable[tuple[str, str]], design: Design) -> None:
    """Raise OptionError if a task has several metrics among its parts (task and metric), and none was
    chosen.
    """
    by_task: dict[str, list[str]] = {}
    for task, metric in parts:
        by_task.setdefault(task, []).append(metric)
    for task, metrics in by_task.items():
        if len(metrics) > 1 and not design.metric_of(task):
            raise OptionError(
                f"{task} has {len(metrics)} metrics: {listing(metrics)}", remedy="Choose one with `metric`."
            )


def require_direction(study: Study) -> None:
    """Raise OptionError if a verdict depends on an unknown direction."""
    names = undeclared(study)
    if names:
        raise OptionError(
            f"it isn't known whether larger or smaller scores of {listing(names)} are better", remedy=REMEDY
        )


def directions_note(study: Study) -> str:
    """Return a note on the scores of which smaller ones are better, "" without any."""
    return lower_note([key for key in study.parts if study.is_lower_better(key)], len(study.parts))


def lower_note(lower: Sequence[Key], count: int) -> str:
    """Return a note on the scores, by task and metric, of which smaller ones are better, "" without any."""
    which = "" if len(lower) == count else f" for {listing([' · '.join(key) for key in lower])}"
    return f"Direction: smaller scores are better{which}." if lower else ""


def notes_of(study: Study, before: list[str], grouped: ClusteredItems, found: Grouped) -> tuple[str, ...]:
    """Return notes on how the data were read and grouped. `before`: the first notes, such as the sizes."""
    design = study.design
    told = [
        *before,
        f"{plural(found.blank, 'row')} without model, item and score left out." if found.blank else "",
        directions_note(study),
        *grouped.notes,
        population_note(study),
        _unused_weights(found.attributes, design),
        note_of_failures(study),
    ]
    return tuple(note for note in told if note)


def population_note(study: Study) -> str:
    """Return a note on the population, "" for the usual one."""
    population, clusters, few = study.design.population, study.cluster_names, sorted(study.few_clusters)
    if population == "these-questions":
        return FIXED
    if population == "same-clusters" and not clusters:
        return SAME_OF_NONE
    if population != "same-clusters" and not few:
        return ""
    if population == "new-clusters":
        return NEW_OF_FEW
    of = f" of {listing(few)}" if population is None and len(few) < len(study.tasks) else ""
    said = SAME if population else SAME_OF_FEW.format(of=of)
    asked = clusters.values() if population else [clusters[task] for task in few]
    more = [SAME_OF_TWO] if any(len(names) > 1 for names in asked) else []
    more += [] if population or len(study.tasks) < 2 else [NEW_OVER_TASKS]
    return " ".join((said, *more))


def sizes_note(study: Study, called: str) -> str:
    """Return a note on the numbers of models, tasks, items and attempts."""
    parts = list(study.parts.values())
    models = _distinct("model", parts)
    of_tasks: dict[str, list[pl.DataFrame]] = {}
    for (task, _), part in study.parts.items():
        of_tasks.setdefault(task, []).append(part)
    items = sum(_distinct("item", each) for each in of_tasks.values())
    fewest = min(part["rows"].min() for part in parts)  # type: ignore[type-var]
    attempts = _span(fewest, max(part["rows"].max() for part in parts))  # type: ignore[type-var]
    if len(parts) == 1 and len(parts[0]) == models * items:
        return f"Data: {plural(models, called)} × {plural(items, 'question')} × {attempts}."
    tasks = f"{plural(len(study.tasks), 'task')}, " if len(study.tasks) > 1 else ""
    return (
        f"Data: {plural(models, called)}, {tasks}{plural(items, 'question')}, {attempts} per "
        f"{called} and question."
    )


def _names(column: str, parts: Iterable[pl.DataFrame]) -> set[str]:
    return set().union(*(distinct_names(part[column]).cast(pl.String) for part in parts))


def _distinct(column: str, parts: Sequence[pl.DataFrame]) -> int:
    """Count the names in a column of some parts."""
    every = pl.concat([part[column] for part in parts]) if len(parts) > 1 else parts[0][column]
    return len(once(every.to_frame())) if every.dtype == pl.String else count_names(every)


def _span(least: Any, most: Any) -> str:
    return plural(most, "attempt") if least == most else f"{least:,}–{most:,} attempts"


def _unused_weights(attributes: pl.DataFrame, design: Design) -> str:
    held = "weight" in attributes.columns and attributes["weight"].null_count() < len(attributes)
    return (
        "Weights: column `weight` is not used; `weight='weight'` uses it."
        if held and not design.weight
        else ""
    )


def note_of_failures(study: Study) -> str:
    """Return how many attempts have no score and what they count as, "" without any."""
    torn = [key for key, part in study.parts.items() if part["rows"].sum() != part["n"].sum()]
    return failures_note(study.parts, [study.policy.words(key[0], study.policy_of(key)) for key in torn])


def without_scores(study: Study) -> list[ResultWarning]:
    """Name the models without a score. If failures are left out, they appear in no table."""
    lacking = {key: _unscored(study, key, part) for key, part in study.parts.items()}
    if not any(lacking.values()):
        return []
    there = {model for key, part in study.parts.items() for model in _names("model", [part]) - lacking[key]}
    nowhere = set().union(*lacking.values()) - there
    places: dict[frozenset[str], list[str]] = {}
    for (task, metric), models in lacking.items():
        places.setdefault(frozenset(models - nowhere), []).append(f"{task} · {metric}")
    told = [_nothing_of(nowhere)] if nowhere else []
    return told + [_nothing_of(models, f"{listing(where)}: ") for models, where in places.items() if models]


def _unscored(study: Study, key: tuple[str, str], part: pl.DataFrame) -> set[str]:
    """Return the models that have attempts in a part, and a score in none of them."""
    if not (part["n"] == 0).any() or study.policy_of(key) != "drop":
        return set()
    return _names("model", [part]) - _names("model", [part.filter(pl.col("n") > 0)])


def _nothing_of(models: set[str] | frozenset[str], where: str = "") -> ResultWarning:
    them = "it" if len(models) == 1 else "they"
    return ResultWarning(
        code="model_without_scores",
        message=f"{where}no attempt of {listing(sorted(models))} has a score, so {them} can't be analysed",
        remedy="Count failed attempts as 0 with `failures='zero'`, or run them again.",
    )


def doubts(found: Grouped, parts: Parts) -> list[ResultWarning]:
    """Warn of copies that were left out, and of rows that are counted as attempts."""
    warnings = [_copies(found.copies)] if found.copies else []
    repeated = not found.numbered and any(bool((part["rows"] > 1).any()) for part in parts.values())
    return [*warnings, REPEATED] if repeated else warnings


def metric_missing(lacking: list[str], wanted: Wanted, found: Grouped) -> list[ResultWarning]:
    """Warn of tasks without any of the chosen metrics."""
    if not lacking:
        return []
    tasks = len(lacking) + found.results["task"].n_unique()
    have, are = ("has", "is") if len(lacking) == 1 else ("have", "are")
    return [
        ResultWarning(
            code="metric_missing",
            message=f"{len(lacking):,} of {plural(tasks, 'task')} {have} no metric {listing(wanted.metric)} "
            f"and {are} left out: {listing(lacking)}",
            remedy="Leave `metric` out to take each task's own, or choose by task with `tasks`.",
        )
    ]


def classified(found: Grouped, columns: Sequence[str], score: str) -> list[ResultWarning]:
    """Warn of fractional scores next to labels, such as a classifier's probabilities. Their mean isn't its
    accuracy.
    """
    labels, mean = label_column(columns), pl.col("mean")
    if (
        not labels
        or labels == score
        or not found.results.select(((mean > 0) & (mean < 1) & (pl.col("rows") == 1)).any()).item()
    ):
        return []
    return [
        ResultWarning(
            code="classifier_scores",
            message=(
                f"column {score!r} holds fractions beside the labels of {labels!r}, as a classifier's "
                "probabilities do: their mean isn't how often it is right"
            ),
            remedy=(
                "Use `statistic='accuracy'`, or another metric such as auroc or f1. Or name a column that is "
                "1 where the prediction is right, else 0 (`columns={'score': '…'}`)."
            ),
        )
    ]


def silent_factor_of(names: Sequence[str], scores: Scores, parts: Parts) -> str:
    """Return the column used as attempts because of its name, if all questions may share its values. "" if
    there is none.
    """
    name = scores.unasked or silent_factor(find_roles(names, scores.roles), scores.chosen)
    return name if any(bool((part["rows"] > 1).any()) for part in parts.values()) else ""


def silent_factor_taken(name: str, *, gate: bool = False) -> list[ResultWarning]:
    """Warn of a column used as attempts because of its name. `gate`: explain how a configuration chooses."""
    if not name:
        return []
    lines = f'; in howsure.toml: random-factor = "{name}", or columns = {{attempt = "{name}"}}'
    each = f", `columns={{'metric': {name!r}}}` to see each by itself" if is_rater(name) else ""
    return [
        ResultWarning(
            code="factor_as_attempt",
            message=(
                f"column {name!r} is used as attempts at each question, so the error bar ignores how its "
                "values differ"
            ),
            remedy=f"Say which it is: `random_factor={name!r}` if all questions share its values and others "
            f"could have been drawn, `columns={{'attempt': {name!r}}}` if it only numbers "
            f"repeats{each}{lines if gate else ''}.",
        )
    ]


def _copies(count: int) -> ResultWarning:
    return ResultWarning(
        code="copies_dropped",
        message=f"{plural(count, 'exact copy', 'exact copies')} of other rows left out",
        remedy="Was one log given twice?",
    )


FIXED = "Population: exactly these questions, so only the answers are a sample and clusters don't matter."

SAME = "Population: more questions from these same clusters, in the same proportions."

SAME_OF_FEW = (
    "Population{of}: more questions from these clusters (the default for few clusters); "
    "`population='new-clusters'` is about others."
)

NEW_OVER_TASKS = "The overall score is about new clusters, unless all tasks share theirs."

NEW_OF_FEW = (
    "Population: new clusters, although these are few; `population='same-clusters'` is about more questions "
    "from these."
)

SAME_OF_TWO = "With two ways of clustering, the first counts."

SAME_OF_NONE = (
    "Population: more questions from the same clusters, which without clusters are all questions like these."
)

REPEATED = ResultWarning(
    code="rows_as_attempts",
    message=(
        "some questions occur more than once for a model and no column numbers the attempts; the rows count "
        "as attempts"
    ),
    remedy="Name the column that numbers them (`columns={'attempt': '…'}`), or remove repeated rows.",
)
