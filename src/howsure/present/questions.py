"""How the questions of a task are worded and tabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.present import flips
from howsure.present.document import Document, Field, closing, facts, opening, tabled
from howsure.wording import Scale, come_once, count_text, level_text, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.questions import Item, ItemKind, ModelAttempts, Questions, TaskQuestions
    from howsure.present.document import Table


MOST_SUSPECTS = 10
MOST_MIXED = 20
_APART_FROM: tuple[ItemKind, ...] = ("all_solved", "none_solved", "all_equal", "unanswered")


def document(answer: Questions) -> Document:
    """Return the verdict, the facts of one task or one line for each of several, suspect items, warnings."""
    blocks = opening(sentence(answer), answer.notes, more=more_of(answer))
    if answer.changed is not None:
        changes = flips.blocks(answer.changed)[1:]  # without the sentence
        return Document(blocks=(*blocks, *changes, *closing(answer.warnings)))
    if not _only_attempts(answer.tasks):
        blocks.append(_facts(answer.tasks[0]) if len(answer.tasks) == 1 else _lines(answer.tasks))
    repeated = [(task, model) for task in answer.tasks for model in task.over_attempts]
    if len(repeated) == 1 and repeated[0][1].mixed:
        blocks.append(_mixed_questions(*repeated[0], several_tasks=len(answer.tasks) > 1))
    elif len(repeated) > 1:
        blocks.append(_models_over_attempts(repeated, several_tasks=len(answer.tasks) > 1))
    if any(task.suspect for task in answer.tasks):
        # List the worst suspect questions.
        found = [(task, suspect) for task in answer.tasks for suspect in task.suspects]
        found.sort(key=lambda pair: pair[1].discrimination)
        fields: list[Field[tuple[TaskQuestions, Item]]] = [
            Field("task", lambda s: s[0].task, align="left", priority=8, shown=len(answer.tasks) > 1),
            Field("suspect question", lambda s: s[1].item, align="left"),
            Field("score", lambda s: Scale(percent=s[0].percent).score(s[1].score), priority=7),
            Field("models", lambda s: count_text(s[1].n_models), priority=6),
            Field("discrimination", lambda s: _decimal(s[1].discrimination)),
            Field("p, adjusted", lambda s: p_text(s[1].p_adjusted), priority=8),
        ]
        left = len(found) - MOST_SUSPECTS
        more = f"… and {plural(left, 'more question')}; `format='json'` lists all. " if left > 0 else ""
        suspects_table = tabled(found[:MOST_SUSPECTS], fields, note=more + _RELATED)
        blocks.append(suspects_table)
    warnings = (*(warning for task in answer.tasks for warning in task.warnings), *answer.warnings)
    details = (_details(answer.tasks[0]),) if len(answer.tasks) == 1 else ()
    return Document(blocks=(*blocks, *closing(warnings)), details=details)


def sentence(answer: Questions) -> str:
    """Return how many questions changed between two models, else how many distinguish the models."""
    return _sentence_of(answer.tasks) if answer.changed is None else flips.sentence(answer.changed)


def more_of(answer: Questions) -> str:
    """Return the smallest significant difference, and how many questions contradict the others."""
    return _more_of(answer.tasks) if answer.changed is None else flips.significance(answer.changed)


def _sentence_of(tasks: tuple[TaskQuestions, ...]) -> str:
    """Return how many questions distinguish the models of the only task, or of all."""
    return task_sentence(tasks[0]) if len(tasks) == 1 else _sentence_of_all(tasks)


def _more_of(tasks: Sequence[TaskQuestions]) -> str:
    if len(tasks) == 1:
        return " ".join(filter(None, (_flaky_sentence(tasks[0]), _unseen(tasks[0]), _suspicion(tasks[0]))))
    return _more_of_all([task for task in tasks if len(task.models) > 1])


def task_sentence(task: TaskQuestions) -> str:
    """Return how many questions distinguish the models, and the results of the others."""
    models = len(task.models)
    if models < 2 and task.over_attempts:
        return _mixed_sentence(task, task.over_attempts[0])
    if models < 2:
        return f"{task.task}: a single model doesn't show which questions distinguish models."
    told = (
        f"{count_text(task.n_discriminating) if task.n_discriminating else 'none'} of "
        f"{plural(task.n_items, 'question')}"
    )
    who = "both models" if models == 2 else f"the {count_text(models)} models"
    return (
        f"{task.task}: {told} {_verb(task.n_discriminating == 1, 'distinguish', 'distinguishes')} "
        f"{who}{_others(task)}."
    )


def _mixed_sentence(task: TaskQuestions, model: ModelAttempts) -> str:
    """Return how many questions a model solved in some attempts only, always and never."""
    mixed = count_text(model.mixed) if model.mixed else "none"
    verb = "was" if model.mixed == 1 else "were"
    apart = f"; {count_text(model.always)} always and {count_text(model.never)} never" if model.mixed else ""
    return (
        f"{task.task}: {mixed} of {plural(task.n_items, 'question')} {verb} solved in some of "
        f"{_attempts(model)} attempts and not in others (mixed){apart}."
    )


def _flaky_sentence(task: TaskQuestions) -> str:
    """Return how many questions are shown to be flaky, and the attempts that it takes to show it."""
    if not task.over_attempts or not any(model.mixed for model in task.over_attempts):
        return ""
    band = "a success probability of 5% to 95%"
    most = max(task.over_attempts, key=lambda model: model.flaky)
    if not most.flaky:
        needed = max(model.attempts_needed for model in task.over_attempts)
        return (
            f"No question is shown to be flaky ({band}). To show it of one that is solved half of the time "
            f"takes {needed} attempts."
        )
    are = "is" if most.flaky == 1 else "are"
    whose = f" for {most.model}" if len(task.models) > 1 else ""
    return f"{plural(most.flaky, 'question')} {are} shown to be flaky{whose} ({band})."


def _attempts(model: ModelAttempts) -> str:
    """Return the numbers of attempts at the questions: `5`, `3–5`."""
    counts = model.items.attempts[model.items.attempts > 0]
    return count_text(int(counts[0])) if counts.min() == counts.max() else f"{counts.min()}–{counts.max()}"


def _only_attempts(tasks: Sequence[TaskQuestions]) -> bool:
    """Return whether only attempts say something of the questions: each task has one model, and some several
    attempts.
    """
    return all(len(task.models) == 1 for task in tasks) and any(task.over_attempts for task in tasks)


def _mixed_questions(task: TaskQuestions, model: ModelAttempts, *, several_tasks: bool) -> Table:
    """List the mixed questions, flaky ones first, then those that add most noise."""
    items = model.items
    order = np.lexsort((-items.noise_share, items.p_flaky))
    chosen = [int(k) for k in order if items.kind[k] in ("mixed", "flaky")]
    scale, any_flaky = Scale(percent=True, digits=0), model.flaky > 0
    of = task.task if several_tasks else model.model if len(task.models) > 1 else ""
    title = f"mixed question of {of}" if of else "mixed question"
    fields: list[Field[int]] = [
        Field(title, lambda k: str(items.item[k]), align="left"),
        Field("solved", lambda k: f"{items.solved[k]} of {items.attempts[k]}"),
        Field(f"{level_text(model.level)} CI %", lambda k: scale.interval(items.low[k], items.high[k])),
        Field("flaky", lambda k: "yes" if items.kind[k] == "flaky" else "", shown=any_flaky),
        Field("p, adjusted", lambda k: p_text(items.p_flaky[k]), priority=8, shown=any_flaky),
        Field("share of noise", lambda k: scale.score(items.noise_share[k]), priority=7),
    ]
    left = len(chosen) - MOST_MIXED
    more = f"… and {plural(left, 'more question')}. " if left > 0 else ""
    note = more + "share of noise: in the variance that attempts add to the score"
    return tabled(chosen[:MOST_MIXED], fields, note=note)


def _models_over_attempts(found: list[tuple[TaskQuestions, ModelAttempts]], *, several_tasks: bool) -> Table:
    """Lay out the questions of each model over its attempts, one line each."""
    fields: list[Field[tuple[TaskQuestions, ModelAttempts]]] = [
        Field("task", lambda f: f[0].task, align="left", priority=8, shown=several_tasks),
        Field("model", lambda f: f[1].model, align="left"),
        Field("attempts", lambda f: _attempts(f[1]), priority=6),
        Field("always", lambda f: count_text(f[1].always)),
        Field("mixed", lambda f: count_text(f[1].mixed)),
        Field("flaky", lambda f: count_text(f[1].flaky)),
        Field("never", lambda f: count_text(f[1].never)),
    ]
    note = "mixed: solved in some attempts and not in others; flaky: shown to be solved in 5% to 95% of them"
    left = len(found) - MOST_MIXED
    more = f"… and {plural(left, 'more model')}. " if left > 0 else ""
    return tabled(found[:MOST_MIXED], fields, note=more + note)


def _others(task: TaskQuestions) -> str:
    """Return the counts of the questions on which models don't differ."""
    everybody, nobody, same, lonely = (task.count(kind) for kind in _APART_FROM)
    best, worst = (
        ("at the best score for", "at the worst for all")
        if task.lower_is_better
        else ("solved by", "by none" if everybody else "solved by none")
    )
    be = "was" if everybody == 1 else "were"
    solved = [f"{count_text(everybody)} {be} {best} all"] if everybody else []
    solved += (
        [f"{count_text(nobody)} {'' if everybody else 'was ' if nobody == 1 else 'were '}{worst}"]
        if nobody
        else []
    )
    parts = [" and ".join(solved)] if task.percent and solved else []
    if same:
        parts.append(f"on {count_text(same)} all models score the same")
    if lonely:
        parts.append(
            f"{count_text(lonely)} {'was' if lonely == 1 else 'were'} answered by fewer than two models"
        )
    return f"; {', '.join(parts)}" if parts else ""


def _unseen(task: TaskQuestions) -> str:
    if not task.smallest_significant_difference > 0:
        return ""
    if task.percent and task.smallest_significant_difference > 1:
        return "No difference between two models would be significant."
    models = "The two models" if len(task.models) == 2 else "Two typical models"
    apart = task.n_significant_neighbours
    ranks = (
        "no neighbouring ranks do"
        if not apart
        else f"{plural(apart, 'pair')} of neighbouring ranks {_verb(apart == 1, 'do', 'does')}"
    )
    size = _gap(task, task.smallest_significant_difference)
    return f"{models} must differ by {size} to be significant; {ranks}."


def _suspicion(task: TaskQuestions) -> str:
    count = task.suspect
    against = f"{plural(count, 'question')} {_verb(count == 1, 'contradict', 'contradicts')} the others"
    return (
        f"{against} (negative item discrimination): review {'it' if count == 1 else 'them'}." if count else ""
    )


def _verb(one: bool, several: str, single: str) -> str:
    return single if one else several


def _sentence_of_all(tasks: tuple[TaskQuestions, ...]) -> str:
    seen = [task for task in tasks if len(task.models) > 1]
    if not seen and _only_attempts(tasks):
        repeated = [(task.n_items, model) for task in tasks for model in task.over_attempts]
        mixed, every = sum(model.mixed for _, model in repeated), sum(n for n, _ in repeated)
        were = "was" if mixed == 1 else "were"
        some = "solved in some attempts and not in others (mixed)"
        return f"{count_text(mixed)} of {plural(every, 'question')} with several attempts {were} {some}."
    if not seen:
        return "A single model per task doesn't show which questions distinguish models."
    told, everyone = sum(task.n_discriminating for task in seen), sum(task.n_items for task in seen)
    return (
        f"{told:,} of {plural(everyone, 'question')} {_where(seen, tasks)} "
        f"{_verb(told == 1, 'distinguish', 'distinguishes')} the models."
    )


def _more_of_all(seen: list[TaskQuestions]) -> str:
    gaps = sorted(
        (task for task in seen if task.smallest_significant_difference > 0 and task.percent),
        key=lambda task: task.smallest_significant_difference,
    )
    span = " to ".join(
        dict.fromkeys(_gap(task, task.smallest_significant_difference) for task in (*gaps[:1], *gaps[-1:]))
    )
    gap = f"The smallest significant difference is {span}." if gaps else ""
    suspects = sum(task.suspect for task in seen)
    contradict = _verb(suspects == 1, "contradict", "contradicts")
    rest = f"{plural(suspects, 'question')} {contradict} the others." if suspects else ""
    return f"{gap} {rest}".strip()


def _where(seen: list[TaskQuestions], tasks: tuple[TaskQuestions, ...]) -> str:
    """Return the number of tasks, or of boards if a task has several metrics."""
    count = f"{len(seen):,}" if len(seen) == len(tasks) else f"{len(seen):,} of {len(tasks):,}"
    if come_once([task.task for task in tasks]):
        return f"in {count} tasks"
    return f"on {count} boards, one for each task and metric,"


def _facts(task: TaskQuestions) -> Table:
    """Lay out one task: the counts, the differences, the reliability."""
    models = len(task.models)
    clusters = "" if task.n_clusters == task.n_items else f" in {plural(task.n_clusters, 'cluster')}"
    rows = [("models", count_text(models)), ("questions", count_text(task.n_items) + clusters)]
    if models > 1:
        known, against = np.isfinite(task.items.discrimination).sum(), count_text(task.suspect)
        best, worst = (
            ("best for all models", "worst for all models")
            if task.lower_is_better
            else ("solved by all", "solved by none")
        )
        kinds: list[tuple[str, ItemKind]] = (
            [(best, "all_solved"), (worst, "none_solved")] if task.percent else []
        )
        extra: list[tuple[str, ItemKind]] = [
            ("same score for all", "all_equal"),
            ("answered by fewer than two", "unanswered"),
        ]
        kinds += [(words, kind) for words, kind in extra if task.count(kind)]
        inert_rows = [(words, _share(task.count(kind), task.n_items)) for words, kind in kinds]
        rows += [
            ("distinguish models", _share(task.n_discriminating, task.n_items)),
            *inert_rows,
            (
                "suspect",
                f"{against} of {count_text(known)} have negative item discrimination"
                if known
                else "not checked",
            ),
            ("detected with 80% power", f"{_gap(task, task.detectable_difference)} (one planned comparison)"),
            ("reliability", _decimal(task.reliability)),
        ]
    return facts(rows)


def _details(task: TaskQuestions) -> Table:
    """Lay out the smallest significant difference, and the reliability of scores, ranks and questions."""
    rows = [
        ("smallest significant difference", _gap(task, task.smallest_significant_difference) + _apart(task)),
        ("reliability", _reliability(task)),
    ]
    return facts(rows, note=_LEGEND if np.isfinite(task.reliability) else "")


_LEGEND = (
    "Reliability: the expected correlation with scores on other questions like these (split halves); by "
    "question: Cronbach's alpha."
)


def _gap(task: TaskQuestions, size: float) -> str:
    """Write a difference, "n/a" if unknown, and no number beyond the scale."""
    if not size > 0:
        return "n/a"
    return "over 100 points" if task.percent and size > 1 else Scale(percent=task.percent).gap(size)


def _apart(task: TaskQuestions) -> str:
    if not task.smallest_significant_difference > 0:
        return ""
    gaps = plural(len(task.models) - 1, "difference")
    pair = "one pair" if len(task.models) == 2 else "a typical pair"
    return (
        f" ({pair}, {level_text(task.level)}); {task.n_significant_neighbours:,} of {gaps} "
        "between neighbouring "
        f"ranks {_verb(task.n_significant_neighbours == 1, 'exceed', 'exceeds')} it"
    )


def _share(count: int, total: int) -> str:
    share = 100 * count / total
    return f"{count_text(count)} ({share:.{1 if 0 < share < 1 else 0}f}%)"


def _reliability(task: TaskQuestions) -> str:
    if not np.isfinite(task.reliability):
        return "n/a"
    places, items = _decimal(task.reliability_places), _decimal(task.reliability_items)
    on = (
        f", on the {count_text(task.n_complete)} that all models answered"
        if task.n_complete < task.n_items
        else ""
    )
    return f"{_decimal(task.reliability)} (ranks {places}; by question {items}{on})"


def _decimal(value: float) -> str:
    """Write a correlation: `−0.52`. Only exactly 1 is written as 1."""
    if not np.isfinite(value):
        return "n/a"
    if 0.995 <= value < 1 - 1e-9:
        return "> 0.99"
    return f"{'−' if value < -0.005 else ''}{abs(value):.2f}"


def _lines(tasks: tuple[TaskQuestions, ...]) -> Table:
    """Lay out several tasks, one line each."""
    fields: list[Field[TaskQuestions]] = [
        Field("task", lambda t: t.task, align="left"),
        Field(
            "metric", lambda t: t.metric, align="left", priority=8, shown=len({t.metric for t in tasks}) > 1
        ),
        Field("models", lambda t: count_text(len(t.models)), priority=4),
        Field("questions", lambda t: count_text(t.n_items)),
        Field("discriminating", lambda t: count_text(t.n_discriminating) if len(t.models) > 1 else "n/a"),
        Field("all", lambda t: _inert(t, "all_solved"), priority=6),
        Field("none", lambda t: _inert(t, "none_solved"), priority=6),
        Field("suspect", _suspect_count, priority=7),
        Field("difference", lambda t: _gap(t, t.smallest_significant_difference), priority=8),
        Field("reliability", lambda t: _decimal(t.reliability), priority=5),
    ]
    note = (
        "Discriminating: questions on which models differ. All, none: solved by all models, by none. "
        f"Difference: the smallest significant one for a typical pair ({level_text(tasks[0].level)}). "
        "Reliability: 1 if other questions would give the same scores."
    )
    return tabled(tasks, fields, note=note)


def _inert(task: TaskQuestions, kind: ItemKind) -> str:
    return count_text(task.count(kind)) if len(task.models) > 1 and task.percent else "n/a"


def _suspect_count(task: TaskQuestions) -> str:
    return count_text(task.suspect) if np.isfinite(task.items.discrimination).any() else "n/a"


_RELATED = (
    "discrimination: correlation, over models, with the score on all other questions. Models are related, "
    "which makes p too small: read a question before you drop it"
)
