"""Gathering a study: the rows are aggregated once, metrics chosen, clusters and weights attached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import AttemptColumnError, DataError, OptionError, ResultWarning
from howsure.study import attempts, clusters, comparability
from howsure.study.attempt_labels import attempt_warnings
from howsure.study.clusters import propose
from howsure.study.comparability import ends_warnings, exam_differences, settings_note
from howsure.study.failures import FailurePolicy, completed, counts_as_failed, decided
from howsure.study.models import (
    choose,
    find_checkpoints,
    keep_last,
    last_checkpoints,
    names_of_averages,
    parts_note,
    resolve,
    torn_items,
)
from howsure.study.notes import (
    classified,
    doubts,
    metric_missing,
    notes_of,
    silent_factor_of,
    sizes_note,
    without_scores,
)
from howsure.study.study import Study
from howsure.study.units import Scales, known_measures, priced, scales_of
from howsure.study.weights import attach_weights, numeric_weights, weights_of_items
from howsure.table.aggregate import Wanted, metadata_names, tasks_of, value_counts
from howsure.table.grouping import distinct_names, once
from howsure.table.names import means_factor
from howsure.table.schema import FINGERPRINTS, GRADING, find_roles, open_frame, roles_note
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.study.clusters import ClusteredItems
    from howsure.study.comparability import AskedDifference
    from howsure.study.design import Design
    from howsure.study.models import Average
    from howsure.table.aggregate import Grouped
    from howsure.table.scores import Scores

    Parts = dict[tuple[str, str], pl.DataFrame]

FEW = 6.0
"""With an effective number of clusters below this, inference about other clusters is hardly possible."""


def with_few_clusters(study: Study, every: pl.DataFrame | None) -> Study:
    """Return a study that knows which tasks have few clusters. `every`: the attributes of items in all rows,
    if some were left out.
    """
    if not study.cluster_names:
        return study
    table = study.items if every is None else _all_items(study, every)
    return replace(study, few_clusters=few_clusters(table, study.cluster_names))


def _all_items(study: Study, every: pl.DataFrame) -> pl.DataFrame:
    """Return all questions of the tasks with their clusters and weights, or those of the study if others lack
    theirs.
    """
    known = every.filter(pl.col("task").cast(pl.String).is_in(list(study.tasks)))
    try:
        grouped = clusters.attach_clusters(known, study.side, study.design)
        return attach_weights(grouped.table, study.side, study.design)
    except DataError:
        return study.items


def few_clusters(table: pl.DataFrame, names: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the tasks with an effective number of clusters below six, W² / Σ W_g², for two clusterings the
    smaller.

    Questions without a cluster aren't clusters. A column that is a factor makes none few: inference about
    other levels is intended.
    """
    clustered = [task for task, called in names.items() if not any(map(means_factor, called))]
    known = table.filter(pl.col("task").cast(pl.String).is_in(clustered))
    found: set[str] = set()
    for column in (name for name in ("cluster_0", "cluster_1") if name in known.columns):
        held = known.filter(pl.col(column).is_not_null() & ~pl.col(column).str.starts_with(clusters.LONE))
        weight = pl.col("weight").sum() if "weight" in held.columns else pl.len().cast(pl.Float64)
        sizes = held.group_by("task", column).agg(w=weight, n=pl.len())
        worth = sizes.group_by("task").agg(
            c=pl.len(), n=pl.col("n").sum(), worth=pl.col("w").sum() ** 2 / (pl.col("w") ** 2).sum()
        )
        found.update(
            worth.filter((pl.col("c") < pl.col("n")) & (pl.col("worth") < FEW))["task"].cast(pl.String)
        )
    return frozenset(found)


MODEL = "model:"
"""The prefix of covariates that are other models' scores."""


def gather(
    scores: Scores,
    design: Design,
    *,
    models: tuple[str, ...] = (),
    shared: bool = False,
    whole: bool = False,
    called: str = "model",
    extents: pl.DataFrame | None = None,
    paired: bool = True,
) -> Study:
    """Aggregate the rows once, with every attribute of items that the design needs.

    `models`: the function's own, instead of the design's; their full names are `study.models`. `shared`: only
    what all of these have is used, the rest is `study.partial`. `whole`: a part of a model's name isn't
    enough. `called`: the word for a model in notes. `extents`: of single scores by task, metric and model, if
    rows are means of them. `paired`: models are compared item by item, so these must have the same weights
    for all. No note or warning concerns anything left out. Raises DataError if a name is unknown, a column is
    missing, or nothing is left.
    """
    if design.weight is None and "weight" in scores.chosen:
        design = replace(design, weight="weight")
    if scores.answered_by and design.population == "same-clusters":
        raise OptionError(
            "`population='same-clusters'` treats the answers of several models to one question as "
            "independent",
            remedy="Leave it out, or keep one model with `where`.",
        )
    failed = next((warning.message for warning in scores.warnings if warning.code == "files_failed"), "")
    if failed and scores.published and not scores.has_rows:
        raise DataError(
            f"only published scores here, no per-question rows; {failed}",
            remedy="Correct or fetch the files, or use `howsure audit` on the published scores.",
        )
    how: dict[str, Any] = {
        "models": models,
        "shared": shared,
        "whole": whole,
        "called": called,
        "extents": extents,
    }
    how["paired"] = paired
    try:
        return _gathered(scores, design, **how)
    except AttemptColumnError as error:
        return gather(as_attempts(scores, error), design, **how)


def as_attempts(scores: Scores, error: AttemptColumnError) -> Scores:
    """Return scores with a column that numbers the attempts in the rows. The answer asks for clarification if
    all questions may share its values.
    """
    unasked, mine = error.column if error.asks else scores.unasked, (error.column,)
    if scores.roles.get("item") == mine and "item" in scores.chosen:
        raise error
    others = {role: columns for role, columns in scores.roles.items() if columns != mine}
    return replace(scores, roles={**others, "attempt": mine}, unasked=unasked)


def _gathered(
    scores: Scores,
    design: Design,
    *,
    models: tuple[str, ...],
    shared: bool,
    whole: bool,
    called: str,
    extents: pl.DataFrame | None,
    paired: bool,
) -> Study:
    """Aggregate the rows once (see `gather`)."""
    smallest: dict[tuple[str, str], float] = {}
    labelled: pl.DataFrame | None = None
    if design.statistic is not None:
        from howsure.study.metric_rows import with_metric

        scores, smallest, labelled = with_metric(scores, design, models or design.model, paired=paired)
    scores, design = attempts.probabilities(scores, replace(design, model=models) if models else design)
    side = clusters.side_table(design)
    scores, summed = numeric_weights(priced(scores, design), design, side)
    names = open_frame(scores.rows).collect_schema().names()
    clusters.known_covariates(design, side, names)
    telling = clusters.telling_columns(design, scores.facts, metadata_names(scores))
    columns = (
        *clusters.columns_of_rows(design, side, names),
        *telling,
        *_hashes(names, few=shared or bool(models)),
    )
    every = clusters.may_have_any(design, names, scores.facts)
    wanted, found = choose(scores, _wanted(scores, design, summed), columns, parts=not whole, every=every)
    sorted_out = _sorted_out(found, scores, design, wanted, extents)
    lacking = _lacking_metric(scores, wanted, found)
    warnings = [*scores.warnings, *metric_missing(lacking, wanted, found), *attempts.warnings(design.score)]
    notes = [*scores.notes, roles_note(find_roles(names, scores.roles)), *sorted_out.notes]
    if GRADING in scores.roles:
        notes.append("Gradings of an answer are averaged first, so each answer counts once.")
    notes += [parts_note(design.model, wanted.model), settings_note(scores.runs, sorted_out.models)]
    renamed = attempts.renamed(sorted_out.parts, design.score)
    parts, averages, models, said = _averaged(renamed, design, sorted_out.models)
    notes += [*attempts.notes(design.score), *said]
    every_task = (*dict.fromkeys(task for task, _ in parts), *lacking)
    parts, partial = _shared(parts, models) if shared else (parts, ())
    differs = _differences(scores, found, parts)
    study = Study(
        design=design,
        differs=differs,
        parts=parts,
        partial=partial,
        every_task=every_task,
        items=found.attributes,
        facts=scores.facts,
        beside=sorted_out.beside,
        side=side,
        values=_values(scores, wanted, parts, design, sorted_out.scales),
        averages=averages,
        column=scores.score_column,
        models=models,
        missing=tuple(lack for lack in scores.missing if not counts_as_failed(lack, scores, design)),
        groups=scores.groups,
        held=_held(found, averages),
        policy=FailurePolicy(design=design, facts=scores.facts),
        warnings=(
            *(*comparability.warnings(differs), *ends_warnings(scores.runs, parts, models)),
            *warnings,
            *(*doubts(found, parts), *classified(found, names, scores.score_column)),
        ),
        unasked=silent_factor_of(names, scores, parts),
        smallest=smallest,
        labelled=labelled,
    )
    study, grouped = _clustered(_sound(study), sorted_out, telling, found.every, paired=paired)
    if scores.answered_by:  # within the same clusters, the answers to one question would be independent
        study = replace(study, few_clusters=frozenset())
    study = replace(study, warnings=(*study.warnings, *attempt_warnings(scores, study, sorted_out.scales)))
    return replace(
        study,
        notes=notes_of(study, [sizes_note(study, scores.side_column or called), *notes], grouped, found),
    )


def _sound(study: Study) -> Study:
    """Leave out items without a score or with too few attempts, and warn of models without any score."""
    scored = _with_scores(study)
    return _enough_attempts(replace(scored, warnings=(*scored.warnings, *without_scores(scored))))


def _clustered(
    study: Study,
    sorted_out: _SortedOut,
    telling: tuple[str, ...],
    every: pl.DataFrame | None,
    *,
    paired: bool,
) -> tuple[Study, ClusteredItems]:
    """Attach clusters and weights to the items, with warnings about them and the scales. `every`: the
    attributes of items in all rows.
    """
    side, table = study.side, _items_of(study)
    design, unused = clusters.as_stated(table, side, study.design, study.facts)
    grouped = clusters.attach_clusters(table, side, design)
    grouped = replace(grouped, warnings=(*unused, *grouped.warnings))
    tasks = set(study.tasks)
    left = {key: part for key, part in sorted_out.parts.items() if key[0] in tasks}
    # Propose clusters if there are none and the user didn't rule them out.
    sure = (
        grouped.names or grouped.warnings or design.ignores_clusters or design.population == "these-questions"
    )
    proposal = None if sure else propose(grouped.table, telling)
    doubts = (*grouped.warnings, *([proposal.warning] if proposal else []), *sorted_out.scales.warnings(left))
    by_task, own, differing = weights_of_items(left, grouped.table, design, paired=paired)
    items = attach_weights(grouped.table, side, design, by_task)
    known = replace(
        study,
        design=design,
        items=items,
        own_weights=own,
        cluster_names=grouped.names,
        proposed=proposal,
        scales=sorted_out.scales.scales,
    )
    return with_few_clusters(replace(known, warnings=(*study.warnings, *doubts, *differing)), every), grouped


def as_proposed(study: Study) -> Study | None:
    """Return a study with the clusters that were proposed for its items, or None without any, or if some
    items have none.
    """
    if study.proposed is None or study.design.population in ("same-clusters", "these-questions"):
        return None
    design = study.proposed.of(study.design)
    try:
        grouped = clusters.attach_clusters(study.items, study.side, design)
    except DataError:
        return None
    few = few_clusters(grouped.table, grouped.names)
    return replace(
        study,
        design=design,
        items=grouped.table,
        cluster_names=grouped.names,
        few_clusters=few,
        proposed=None,
    )


def _hashes(names: Sequence[str], *, few: bool) -> list[str]:
    """Return the columns that identify the content of an item, and if few models are compared, its
    position.
    """
    return [name for name in (*FINGERPRINTS, *([comparability.POSITION] if few else [])) if name in names]


def _differences(scores: Scores, found: Grouped, parts: Parts) -> tuple[AskedDifference, ...]:
    """Return the differences between the models' conditions: questions, right answers, and other conditions
    of a task.
    """
    alike = comparability.differences(found.attributes, {task for task, _ in parts})
    return (*alike, *comparability.replaced(found.attributes, parts), *exam_differences(scores.runs, parts))


def _with_scores(study: Study) -> Study:
    """Leave out models and tasks without any score, with a warning, if others have scores."""
    tried = {key: part for key, part in study.parts.items() if len(part)}
    empty = [key for key, part in tried.items() if study.policy_of(key) == "drop" and not part["n"].sum()]
    if not empty or len(empty) == len(study.parts):
        return study
    kept = {key: part for key, part in study.parts.items() if key not in empty}
    named = listing([f"{task} · {metric}" for task, metric in empty])
    left_out = ResultWarning(
        code="no_scores",
        message=f"{named}: no attempt has a score, so it is left out",
        remedy="`howsure describe` lists the contents of the files.",
    )
    return replace(study, parts=kept, warnings=(*study.warnings, left_out))


def _wanted(scores: Scores, design: Design, summed: tuple[str, ...] = ()) -> Wanted:
    """Return which rows are needed: the requested ones, and those that only explain them."""
    metrics: tuple[str, ...] = design.metric
    if any(rule.metric for rule in design.tasks):
        metrics = ()  # chosen task by task once the rows are aggregated
    elif metrics and design.score.kind == "prob":
        metrics = tuple(dict.fromkeys((*metrics, *_refined(scores).values())))
    models = design.model
    if design.average_last and models:
        models = ()  # a run is named, and all its checkpoints are needed
    elif models:
        covariate_models = [name.removeprefix(MODEL) for name in design.covariate if name.startswith(MODEL)]
        models = tuple(dict.fromkeys((*models, *covariate_models)))
    return Wanted(
        task=design.task,
        model=models,
        metric=metrics,
        measures=(*known_measures(scores, design.usage), *summed),
    )


def _refined(scores: Scores) -> dict[tuple[str, str], str]:
    """Return, for each task and metric that is a probability, the metric that it refines."""
    return {(fact.task, prob): metric for fact in scores.facts for prob, metric in fact.finer.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _SortedOut:
    """The requested parts, those used with them, the full names of the requested models, scales and notes."""

    parts: Parts
    scales: Scales
    beside: Parts
    models: tuple[str, ...]
    notes: tuple[str, ...]


def _sorted_out(
    found: Grouped, scores: Scores, design: Design, wanted: Wanted, extents: pl.DataFrame | None
) -> _SortedOut:
    """Split the requested rows from those that explain them, and choose the metrics of every task."""
    failed = [lack for lack in scores.missing if counts_as_failed(lack, scores, design)]
    every = completed(parts_of(found.results), failed)
    scales = scales_of(every, scores, design, scores.score_column, extents)
    every = scales.place(every)
    refined = _refined(scores) if design.score.kind == "prob" else {}
    plain = {(task, metric) for (task, _), metric in refined.items()}
    beside = {
        key: part for key, part in every.items() if key in plain and key[1] not in design.metric_of(key[0])
    }
    asked = {key: part for key, part in every.items() if key not in beside}
    models = (
        tuple(dict.fromkeys(resolve(name, wanted.model, parts=True) for name in design.model))
        if wanted.model
        else ()
    )
    others = [name for name in wanted.model if name not in models]
    if others:
        beside, asked = {**beside, **_rows_of(asked, others)}, _rows_of(asked, models)
    notes: list[str] = []
    parts = _headlines(_chosen_metrics(asked, design), scores, design, notes)
    scales.refuse_vast(parts)
    return _SortedOut(
        parts=parts, scales=scales, beside=beside, models=models, notes=(*notes, *scales.notes(parts))
    )


def _values(
    scores: Scores, wanted: Wanted, parts: Parts, design: Design, scales: Scales
) -> pl.DataFrame | None:
    """Return single scores and their counts if the score of the attempts needs them."""
    return (
        scales.place_values(value_counts(scores, wanted))
        if attempts.needs_values(parts, design.score)
        else None
    )


def _rows_of(parts: Parts, models: Iterable[str]) -> Parts:
    chosen = pl.col("model").cast(pl.String).is_in(list(models))
    kept = {key: part.filter(chosen) for key, part in parts.items()}
    return {key: part for key, part in kept.items() if len(part)}


def parts_of(results: pl.DataFrame) -> Parts:
    """Return the results of each task and metric."""
    if all(len(distinct_names(results[key])) == 1 for key in ("task", "metric")):
        return {(results["task"][0], results["metric"][0]): results}
    parts = {(part["task"][0], part["metric"][0]): part for part in results.partition_by("task", "metric")}
    return dict(sorted(parts.items()))


def _chosen_metrics(parts: Parts, design: Design) -> Parts:
    """Keep the requested metrics of every task. DataError if a task has none of them."""
    if not design.tasks:
        return parts
    kept = {key: part for key, part in parts.items() if key[1] in (design.metric_of(key[0]) or (key[1],))}
    lacking = sorted({task for task, _ in parts} - {task for task, _ in kept})
    if lacking:
        metrics = [repr(metric) for task, metric in parts if task == lacking[0]]
        raise DataError(
            f"no metric {' or '.join(map(repr, design.metric_of(lacking[0])))}",
            where=lacking[0],
            remedy=f"There is {listing(metrics)}.",
        )
    return kept


def _headlines(parts: Parts, scores: Scores, design: Design, notes: list[str]) -> Parts:
    """Keep the headline metric of each task whose harness names one, unless the user chose."""
    for fact in scores.facts:
        others = [metric for task, metric in parts if task == fact.task and metric != fact.headline]
        if design.metric_of(fact.task) or not others or (fact.task, fact.headline) not in parts:
            continue
        parts = {key: part for key, part in parts.items() if key[0] != fact.task or key[1] == fact.headline}
        notes.append(
            f"{fact.task}: metric {fact.headline}, the headline of {fact.harness}, also {listing(others)}."
        )
    return parts


def _items_of(study: Study) -> pl.DataFrame:
    """Return the attributes of the requested items, without those that only explain them."""
    known = study.items.filter(pl.col("task").cast(pl.String).is_in(list(study.tasks)))
    if not study.beside:
        return known
    rows = pl.concat([part.select(pl.col("task", "item").cast(pl.String)) for part in study.parts.values()])
    return known.join(rows.unique(), on=["task", "item"], how="semi", maintain_order="left")


def _shared(parts: Parts, models: tuple[str, ...]) -> tuple[Parts, tuple[tuple[str, str], ...]]:
    """Split what all of these models have from what only some have. If they have nothing in common, all
    stays.
    """
    kept = {key: part for key, part in parts.items() if part["model"].n_unique() == len(models)}
    return (kept, tuple(key for key in parts if key not in kept)) if kept else (parts, ())


def _held(found: Grouped, averages: Iterable[Average]) -> dict[str, frozenset[str]]:
    """Return the tasks on which each model, or average, has a score on any metric."""
    scored = found.results.select("model", "task", "n").filter(pl.col("n") > 0).drop("n")
    scored = once(scored).cast(pl.String)
    names = names_of_averages(list(averages))
    held: dict[str, set[str]] = {}
    for model, task in scored.iter_rows():
        held.setdefault(names.get(model, model), set()).add(task)
    return {model: frozenset(tasks) for model, tasks in held.items()}


def _averaged(
    parts: Parts, design: Design, models: tuple[str, ...]
) -> tuple[Parts, tuple[Average, ...], tuple[str, ...], list[str]]:
    """Keep the last checkpoints of every run if they are to be averaged, under the names of their averages,
    and note which they are.

    Returns parts, averages, the requested models (`models`), and notes.
    """
    if not design.average_last:
        return parts, (), models, []
    found = sorted({str(model) for part in parts.values() for model in part["model"].unique()})
    averages = tuple(last_checkpoints(found, design.average_last, design.step_from))
    known = {point.model for point in find_checkpoints(found, design.step_from)}
    others = [model for model in found if model not in known]
    left = f"; left out: {listing(others)}" if others else ""
    last = f"the last {design.average_last} of {plural(len(averages), 'run')}"
    names = names_of_averages(averages)
    kept = {key: keep_last(part, names) for key, part in parts.items()}
    asked = tuple(_average_of(name, averages) for name in design.model)
    kept = _rows_of(kept, asked) if asked else kept
    return kept, averages, asked, [f"Checkpoints: {last}, averaged item by item{left}."]


def _average_of(name: str, averages: Iterable[Average]) -> str:
    """Return the full name of the average for a run, or for the part of its name after a slash."""
    runs = {average.name: average.run for average in averages}
    return resolve(name, sorted(runs), averages=runs)


def _enough_attempts(study: Study) -> Study:
    """Leave out tasks without enough attempts for the score, or for averages, and note which results lack
    some.
    """
    if not study.rule.over_attempts and not study.averages:
        return study
    parts, warnings = {}, []
    for key, part in study.parts.items():
        task, _ = key
        if not len(part):
            no_checkpoints = ResultWarning(
                code="no_checkpoints",
                message=f"{task}: no model is a checkpoint of a run, so the task is left out",
                remedy="Set `step_from` to a pattern for run and step, or choose tasks with `task`.",
            )
            warnings.append(no_checkpoints)
            continue
        counted = decided(part, study.policy_of(key))
        warnings += attempts.too_few(counted, study.rule, task)
        if attempts.enough(counted, study.rule):
            warnings += torn_items(counted, study.averages, task) if study.averages else []
            if len(study.scored(key)):
                parts[key] = part
    if not parts:
        raise DataError(warnings[0].message, remedy=warnings[0].remedy)
    return replace(study, parts=parts, warnings=(*study.warnings, *warnings))


def _lacking_metric(scores: Scores, wanted: Wanted, found: Grouped) -> list[str]:
    """Return the tasks that have none of the metrics that were chosen for all."""
    if not wanted.metric:
        return []
    return sorted(set(tasks_of(scores, wanted)) - set(found.results["task"].unique().cast(pl.String)))
