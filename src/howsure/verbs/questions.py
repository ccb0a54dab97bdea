"""The function questions: which distinguish models, and which are flaky over attempts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from howsure.errors import OptionError
from howsure.inference.compare import gather_pair, one_metric
from howsure.inference.flips import flipped
from howsure.inference.population import population_of
from howsure.inference.quarantine import quarantine_text
from howsure.inference.question import Question
from howsure.inference.questions import examine
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of
from howsure.verbs.sides import read_two
from howsure.wording import plural
from howsure.writing import write

if TYPE_CHECKING:
    from datetime import date

    from howsure.answers.questions import Questions

RESPECTS = Respects(
    verb="questions", all_but=("statistic", "random factor", "benchmark", "covariate", "slices", "measures")
)


def questions(
    data: Any,
    *,
    a: str | None = None,
    b: str | None = None,
    top: int | None = None,
    quarantine: str | None = None,
    until: str | date | None = None,
    mixed: bool = False,
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Questions:
    """Examine the questions of each task one by one: which distinguish models, and which are flaky.

    Over models: it counts the questions that all models, or none, answer correctly, and finds those with
    negative item discrimination, which are likely mislabelled. It also gives the smallest detectable
    difference and the reliability of the ranking (split halves; Spearman 1910, Brown 1910). The models are
    treated as an independent sample. If they are related, p-values of single questions are too small.

    Over attempts: it counts the questions that a model solved always, never, or in some attempts only
    (mixed). A mixed question is flaky if its success probability is shown to be from 5% to 95%, by two exact
    one-sided tests, corrected for all questions. A list of flaky questions contains a wrong one with
    probability 1 − level at most. Attempts at a question are treated as independent.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        a: The first of two models. With `b`, only these two are examined, and the answer is about the
            questions that changed from `a` to `b`, as in [`compare`][howsure.compare] with `flips`.
        b: The second of the two.
        top: Use only this many of the best models of each task. None uses all.
        quarantine: The path of a TOML file to write the flaky questions to, with the evidence, which `gate`
            then leaves out. The evidence is that of one model. None writes none.
        until: The last day of the quarantine, as a date or "2027-01-31". Required with `quarantine`.
        mixed: Whether all mixed questions go into quarantine, instead of those shown to be flaky.
        level: The confidence level, between 0 and 1.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters". "same-clusters" assumes that more questions would come from these clusters.

    Returns:
        Questions: One part per task and metric, with the discrimination and kind of every question, its
            attempts for each model, the smallest detectable difference and the reliability, and for two
            models what changed between them.

    Raises:
        OptionError: If an option has an invalid value, or is one that this function doesn't support.
        DataError: If a named task, model, metric or column doesn't exist.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": [m for m in "abc" for _ in range(4)], "item": [*range(4)] * 3,
        ...     "score": [1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]})
        >>> found = questions(rows).tasks[0]
        >>> found.count("all_solved"), found.count("none_solved"), found.n_discriminating
        (1, 1, 2)
    """
    top, level = checked("questions", top=top, level=level).values()
    path, last, mixed = checked("questions", quarantine=quarantine, until=until, mixed=mixed).values()
    if (path is None) != (last is None) or (mixed and path is None):
        raise OptionError(
            "a quarantine takes a file and its last day",
            remedy="Give both `quarantine` and `until`, or neither.",
        )
    design = make_design(options, RESPECTS)
    question = Question(population=population_of(design.population), level=level)
    a, b = checked("questions", a=a, b=b).values()
    if (a is None) != (b is None):
        raise OptionError("questions change between two models", remedy="Give both `a` and `b`.")
    if a is None:
        scores = scores_of(data, design)
        answer = examine(gather(scores, design), question, top=top)
    else:
        scores, (a, b) = read_two(data, a, b, design)
        study = gather_pair(scores, design, a, b, gather)
        answer = examine(study, question, top=top)
        changed = flipped(one_metric(study), scores, *study.models, level=level)
        answer = replace(answer, changed=changed)
    if path is None:
        return answer
    text, count = quarantine_text(answer, scores, until=last, mixed=mixed)
    write(text, path)
    kind = "mixed" if mixed else "flaky"
    note = f"Quarantine: {plural(count, f'{kind} question')} until {last}, in {Path(path).name}."
    return replace(answer, notes=(*answer.notes, note))
