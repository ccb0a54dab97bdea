"""How the variance components are worded, tabled and drawn."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from howsure.answers.noise import ATTEMPTS, GRADINGS
from howsure.errors import MethodError
from howsure.present.charts.base import Row, Spec, by_panel, figure, points, scaled
from howsure.present.document import Document, Field, Text, closing, opening, small, tabled
from howsure.present.labels import labels
from howsure.present.presenting import shared
from howsure.present.slices import ALL_TOO_SMALL, headed, left_out
from howsure.present.style import AREA, BLUE, CURVE, GREEN, ORANGE
from howsure.present.words import factors
from howsure.wording import Scale, plural, rounded_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.noise import Component, Noise, NoiseEntry, NoiseSlices, PairNoise, TaskNoise
    from howsure.answers.parts import ErrorSources
    from howsure.present.document import Block, Table

LITTLE = 0.03
"""More attempts are mentioned only if they would shorten the error bar by at least this share."""


def document(answer: Noise) -> Document:
    """Return the sources of the error bars, one table per task, and the warnings."""
    several = len(answer.tasks) > 1
    details: list[Block] = []
    more = "" if several else more_of(answer.tasks[0])
    blocks = opening(sentence(answer), answer.notes, more=more)
    for task in answer.tasks:
        if several:
            blocks.append(Text(text=f"{task.task} · {task.metric}", kind="heading"))
            blocks.append(Text(text=f"{task_sentence(task)} {more_of(task)}".rstrip()))
        if any(entry.sources is not None for entry in task.entries):
            blocks.append(factor_table(task))
            continue
        graded = any(entry.graded for entry in task.entries)
        if graded:
            blocks += [grading_table(task), same_table(task)]
        (details if graded else blocks).append(source_table(task))
        if any(entry.measured for entry in task.entries):
            details.append(details_table(task))
        if any(entry.measured or entry.n_clusters < entry.n_items for entry in task.entries):
            details.append(component_table(task))
    for way in answer.slices:
        by = way.slicing.by
        blocks += [
            *headed(way.task, several=len(answer.tasks) > 1),
            *(
                [Text(text=f"By {by}:"), slice_table(way)]
                if way.slices
                else [Text(text=ALL_TOO_SMALL.format(by=by))]
            ),
            *small(left_out(way.slicing)),
        ]
    of_entries = (warning for task in answer.tasks for entry in task.entries for warning in entry.warnings)
    return Document(blocks=(*blocks, *closing((*answer.warnings, *of_entries))), details=tuple(details))


def sentence(answer: Noise) -> str:
    """Return the sources of the error bars of the scores. For several tasks, the range over all."""
    if len(answer.tasks) == 1:
        return task_sentence(answer.tasks[0])
    shares = [
        1 - entry.within_share
        for task in answer.tasks
        for entry in task.entries
        if entry.measured and entry.se > 0
    ]
    tasks = plural(len(answer.tasks), "task")
    if not shares:
        return (
            f"On {tasks}, the variance between and within questions isn't known: it takes repeated attempts."
        )
    return f"On {tasks}, {_range(shares)} of the variance of these scores is between questions."


def slice_table(way: NoiseSlices) -> Table:
    """Lay out the sources of the error bars, one line per slice and model."""
    scale = Scale(percent=way.percent)
    lines = [(each.slice, entry) for each in way.slices for entry in each.noise.entries]
    fields: list[Field[tuple[str, NoiseEntry]]] = [
        Field(way.slicing.by, lambda line: line[0], align="left"),
        Field("", lambda line: line[1].name, align="left", shown=len({entry.name for _, entry in lines}) > 1),
        Field("questions", lambda line: f"{line[1].n_items:,}", priority=8),
        Field(f"score{scale.column}", lambda line: scale.number(line[1].value), priority=7),
        Field("SE", lambda line: scale.number(line[1].se)),
        Field(
            "within questions", lambda line: percent(line[1].within_share) if line[1].measured else "unknown"
        ),
    ]
    return tabled(lines, fields)


def chart(answer: Noise) -> Spec:
    """Draw the predicted standard error over attempts and questions."""
    if answer.slices:
        raise MethodError(
            "slices are not drawn: every curve is of all questions",
            remedy=(
                "`howsure noise` shows slices in a table; to draw one, choose its rows with `where` and "
                "leave out `by`."
            ),
        )
    ranked = {
        (task.task, entry.name): (_is_difference(task, entry), -entry.value)
        for task in answer.tasks
        for entry in task.entries
    }
    tasks = [task.task for task in answer.tasks]
    records = sorted(
        answer.curves(),
        key=lambda record: (tasks.index(record["task"]), ranked[record["task"], record["name"]]),
    )
    if not records:
        raise MethodError(
            "nothing to draw: one attempt per question doesn't reveal the conditional variance",
            remedy="Run two attempts or more.",
        )
    shares = all(task.percent for task in answer.tasks)
    return spec(records, percent=shares, description=task_sentence(answer.tasks[0]))


def pairs_sentence(pairs: PairNoise) -> str:
    """Return how much of the variance of differences is within questions, now and with one attempt."""
    now, once = percent(pairs.within_share), percent(pairs.within_share_once)
    if pairs.n_pairs == 1:
        return f"For the difference between the two, {now} is within questions ({once} with one attempt)."
    mostly = f"; with one attempt, most of it for {pairs.n_mostly_within:,}" if pairs.n_mostly_within else ""
    return (
        f"For the difference between two models, {now} is within questions, and {once} with one attempt "
        f"(median of {plural(pairs.n_pairs, 'pair')}{mostly})."
    )


def more_of(task: TaskNoise) -> str:
    """Return the gain from more attempts, and how much they matter for differences."""
    told = task.entries[-1:] if task.pair else task.entries
    known = [entry for entry in told if entry.measured and entry.se > 0]
    if any(entry.sources is not None for entry in told):
        return ""
    graded = [entry for entry in told if entry.graded]
    if graded:
        return _grading_advice(graded, Scale(percent=task.percent))
    advice = _advice(known, Scale(percent=task.percent)) if known else ""
    pairs = "" if task.pairs is None else pairs_sentence(task.pairs)
    return f"{advice} {pairs}".strip()


def task_sentence(task: TaskNoise) -> str:
    """Return the sources of the error bars."""
    told = task.entries[-1:] if task.pair else task.entries
    if any(entry.sources is not None for entry in told):
        return _factor_verdict(task, told)
    known = [entry for entry in told if entry.measured and entry.se > 0]
    what = "this difference" if task.pair else "these scores" if len(told) > 1 else told[0].name
    if not known and any(entry.graded for entry in told):
        return _of_gradings([entry for entry in told if entry.graded], what)
    if not known:
        most = [entry.most_within_share for entry in told if math.isfinite(entry.most_within_share)]
        if not most:
            return f"The noise of {what} can't be split, because there is no error bar."
        bound = "all" if max(most) >= 0.995 else f"up to {percent(max(most))}"
        return (
            f"One attempt per question can't split the variance of {what}: none or {bound} of it could be "
            "within questions. A second attempt at some questions would show it."
        )
    single = sum(not entry.measured for entry in told)
    alike = sum(entry.measured and not entry.se > 0 for entry in told)
    reasons = [(single, "with one attempt per question"), (alike, "whose questions all have the same score")]
    left = [f"{plural(count, 'model')} {why}" for count, why in reasons if count]
    aside = f" (leaving aside {' and '.join(left)})" if left else ""
    what += aside
    if any(entry.graded for entry in known):
        return _of_gradings([entry for entry in known if entry.graded], what)
    shares = [entry.within_share for entry in known]
    between = _range([1 - share for share in shares])
    return (
        f"{between} of the variance of {what} is between questions and {_range(shares)} within questions "
        "(random answers)."
    )


def _of_gradings(known: Sequence[NoiseEntry], what: str) -> str:
    """Return the shares of questions, answers and gradings. With one answer per question, the first two
    together.
    """
    gradings = f"{_range([entry.grading_share for entry in known])} between gradings of an answer"
    if not all(entry.measured for entry in known):
        together = _range([1 - entry.grading_share for entry in known])
        return (
            f"{together} of the variance of {what} is between questions, with one answer each, "
            f"and {gradings}."
        )
    questions = _range([1 - entry.answer_share - entry.grading_share for entry in known])
    answers = _range([entry.answer_share for entry in known])
    return (
        f"{questions} of the variance of {what} is between questions, {answers} between answers to a "
        f"question and {gradings}."
    )


def _grading_advice(known: Sequence[NoiseEntry], scale: Scale) -> str:
    """Return what more gradings bring to the median error bar, as a number of questions too."""
    entry = sorted(known, key=lambda entry: entry.grading_share)[len(known) // 2]
    one, *_, most = entry.graded
    whose = f" of {entry.name}" if len(known) > 1 else ""
    if not entry.variance_between_gradings_once > 0:
        return "Gradings of an answer never differ, so grading again brings nothing."
    more = most.items_with_one - entry.n_items
    return (
        f"{_words(most.gradings)} gradings per answer instead of one reduce the SE{whose} from "
        f"{scale.number(one.se)} to {scale.number(most.se)}{scale.unit}, as "
        f"{plural(round(more), 'more question')} with one grading would ({entry.n_items:,} now)."
    )


def grading_table(task: TaskNoise) -> Table:
    """Lay out the shares of questions, answers and gradings, and the error bar with other numbers of
    gradings.
    """
    scale, measured = Scale(percent=task.percent), any(entry.measured for entry in task.entries)
    known = [entry for entry in task.entries if entry.graded]

    def questions(entry: NoiseEntry) -> str:
        """Write the share of questions, with one answer each that of answers too."""
        return percent(1 - entry.grading_share - (entry.answer_share if entry.measured else 0))

    fields: list[Field[NoiseEntry]] = [
        Field("", lambda entry: _label(task, entry), align="left"),
        Field("questions" if measured else "questions, answers", questions),
        Field("answers", lambda entry: _share(entry.answer_share), shown=measured),
        Field("gradings", lambda entry: percent(entry.grading_share)),
        Field("SE now", lambda entry: scale.number(entry.se)),
        *(
            Field(f"{g}×", partial(_graded_se, k, scale), priority=7 if g == 3 else 8)
            for k, g in enumerate(GRADINGS)
        ),
    ]
    now = {f"{entry.gradings:.3g}" for entry in known}
    mean = f" ({next(iter(now))} gradings per answer)" if len(now) == 1 else ""
    return tabled(
        known,
        fields,
        note=f"Shares of the squared SE. Standard errors{scale.column and ' in points'} now{mean}, and with "
        "1, 2, 3 and 5 gradings of each answer.",
    )


def _graded_se(k: int, scale: Scale, entry: NoiseEntry) -> str:
    return scale.number(entry.graded[k].se)


def same_table(task: TaskNoise) -> Table:
    """Lay out how many questions with one grading have the same error bar as more gradings."""
    known = [entry for entry in task.entries if entry.graded]
    fields: list[Field[NoiseEntry]] = [
        Field("", lambda entry: _label(task, entry), align="left"),
        Field("questions now", lambda entry: f"{entry.n_items:,}"),
        *(Field(f"for {g}×", partial(_same_items, k)) for k, g in enumerate(GRADINGS) if g > 1),
    ]
    return tabled(
        known, fields, note="How many questions with one grading per answer have the SE of 2, 3 and 5."
    )


def _same_items(k: int, entry: NoiseEntry) -> str:
    items = entry.graded[k].items_with_one
    return rounded_up(items) if math.isfinite(items) else "no number"


def _factor_verdict(task: TaskNoise, told: Sequence[NoiseEntry]) -> str:
    """Return the sources of the median error bar, and its change with twice of each."""
    known = [(entry, entry.sources) for entry in told if entry.sources is not None and entry.sources.known]
    if not known:
        why = next((warning.message for entry in told for warning in entry.warnings), "nothing varies")
        return f"The noise of {'this difference' if task.pair else 'these scores'} can't be split: {why}."
    known.sort(key=lambda each: sum(factor.share for factor in each[1].factors))
    (entry, sources), scale = known[len(known) // 2], Scale(percent=task.percent)
    what = "this difference" if task.pair else f"the score of {entry.name}"
    ways = [
        ("questions", sources.se_twice_questions),
        *((f"{each.name}s", each.se_twice) for each in sources.factors),
    ]
    *most, last = [f"{scale.number(se)} with twice the {name}" for name, se in ways]
    return (
        f"Of the variance of {what}, {factors.shares_listed(sources)}. "
        f"The SE of {scale.number(entry.se)}{scale.unit} would be {', '.join(most)} and {last}."
    )


def factor_table(task: TaskNoise) -> Table:
    """Lay out the sources of each error bar, and its size with twice of each."""
    scale, names = Scale(percent=task.percent), [each.name for each in _sources(task.entries[0]).factors]
    alone = any(math.isfinite(_sources(entry).answers) for entry in task.entries)
    fields: list[Field[NoiseEntry]] = [
        Field("", lambda entry: _label(task, entry), align="left"),
        Field(f"score{scale.column}", lambda entry: _value(task, entry)),
        Field("SE", lambda entry: scale.number(entry.se)),
        Field("questions", lambda entry: _share(_sources(entry).questions)),
        *(Field(name, partial(_factor_share, k)) for k, name in enumerate(names)),
        *(Field(f"q. × {name}", partial(_factor_rest, k), priority=7) for k, name in enumerate(names)),
        Field("answers", lambda entry: _share(_sources(entry).answers), shown=alone),
        Field("2× q.", lambda entry: scale.number(_sources(entry).se_twice_questions), priority=6),
        *(Field(f"2× {name}s", partial(_factor_twice, k, scale), priority=6) for k, name in enumerate(names)),
        Field("questions in all", lambda entry: f"{entry.n_items:,}", priority=4),
    ]
    rest = "" if alone else ", with the answers in it"
    note = f"Shares of the squared SE. q. ×: of questions at a level{rest}. 2×: the SE with twice as many."
    return tabled(task.entries, fields, note=note)


def _sources(entry: NoiseEntry) -> ErrorSources:
    assert entry.sources is not None
    return entry.sources


def _share(share: float) -> str:
    return percent(share) if math.isfinite(share) else "n/a"


def _factor_share(k: int, entry: NoiseEntry) -> str:
    return _share(_sources(entry).factors[k].share)


def _factor_rest(k: int, entry: NoiseEntry) -> str:
    return _share(_sources(entry).factors[k].interaction)


def _factor_twice(k: int, scale: Scale, entry: NoiseEntry) -> str:
    return scale.number(_sources(entry).factors[k].se_twice)


def _advice(known: Sequence[NoiseEntry], scale: Scale) -> str:
    entry = sorted(known, key=lambda entry: entry.within_share)[len(known) // 2]
    k, now, best = entry.attempts, entry.se_with(), entry.se_with(math.inf)
    more = f"{_words(k)} attempt{'' if k == 1 else 's'} per question"
    se = f"the SE of {entry.name}" if len(known) > 1 else "the SE"
    brought = (
        f" bring{'s' if k == 1 else ''} {percent(1 - 1 / k)} of the possible gain from attempts"
        if k > 1.05
        else ""
    )
    twice = f"twice the questions to {scale.number(entry.se_with(items=2 * entry.n_items))}{scale.unit}"
    whose = f" for {entry.name}" if len(known) > 1 else ""
    if not entry.variance_within_questions_once > 0:
        return (
            f"Answers to one question don't differ, so only more questions help: {twice} from "
            f"{scale.number(now)}{whose}."
        )
    if now <= 0 or 1 - best / now < LITTLE:
        return (
            f"{more}{brought}; beyond that, only more questions help: {twice} from "
            f"{scale.number(now)}{whose}."
        )
    return (
        f"{more}{brought}: ten would reduce {se} from {scale.number(now)} to "
        f"{scale.number(entry.se_with(10))}, unlimited attempts to {scale.number(best)}, {twice}."
        if k < 10
        else (
            f"{more}{brought}: unlimited attempts would reduce {se} from {scale.number(now)} to "
            f"{scale.number(best)}, {twice}."
        )
    )


def _words(count: float) -> str:
    names = {
        1: "One",
        2: "Two",
        3: "Three",
        4: "Four",
        5: "Five",
        6: "Six",
        7: "Seven",
        8: "Eight",
        9: "Nine",
        10: "Ten",
    }
    whole = round(count)
    return names.get(whole, str(whole)) if abs(count - whole) < 0.05 else f"About {count:.1f}"


def percent(share: float) -> str:
    """Write a share: `84%`."""
    return f"{100 * share:.0f}%"


def _range(shares: Sequence[float]) -> str:
    low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
    return f"{low}%" if low == high else f"{low}–{high}%"


def source_table(task: TaskNoise) -> Table:
    """Lay out the sources of each error bar, and its size with other numbers of attempts."""
    scale = Scale(percent=task.percent)
    measured = any(
        entry.measured for entry in task.entries
    )  # with one attempt per question there is no forecast
    fields: list[Field[NoiseEntry]] = [
        Field("", lambda entry: _label(task, entry), align="left"),
        Field("SE now", lambda entry: scale.number(entry.se)),
        *(_se_field(k, scale, shown=measured) for k in (1, math.inf)),
        Field("2× questions", lambda entry: scale.number(_se_doubled(entry))),
        Field("between", _question_share, shown=measured, priority=8),
        Field("within", _answer_share, priority=8 if measured else 9),
    ]
    attempts = {f"{entry.attempts:.3g}" for entry in task.entries}
    now = f"now ({next(iter(attempts))} attempts per question)" if measured and len(attempts) == 1 else "now"
    others = (
        ", with other numbers of attempts, and with twice the questions; the shares of the "
        "variance between and within questions"
        if measured
        else (" and with twice the questions; the largest possible share of the variance within questions")
    )
    return tabled(task.entries, fields, note=f"Standard errors{scale.column and ' in points'} {now}{others}.")


def details_table(task: TaskNoise) -> Table:
    """Lay out the scores, their standard errors with other numbers of attempts, and the sizes behind them."""
    scale = Scale(percent=task.percent)
    fields: list[Field[NoiseEntry]] = [
        Field("", lambda entry: _label(task, entry), align="left"),
        Field(f"score{scale.column}", lambda entry: _value(task, entry)),
        Field("attempts", lambda entry: f"{entry.attempts:.3g}"),
        *(_se_field(k, scale) for k in ATTEMPTS),
        Field("questions", lambda entry: f"{entry.n_items:,}", priority=4),
    ]
    return tabled(task.entries, fields, title="Standard errors by attempts")


def _se_field(k: float, scale: Scale, *, shown: bool = True) -> Field[NoiseEntry]:
    name = "unlimited" if math.isinf(k) else plural(int(k), "attempt")
    return Field(
        name, lambda entry: scale.number(entry.se_with(k)), priority=5 if k in (2, 10) else 8, shown=shown
    )


def _se_doubled(entry: NoiseEntry) -> float:
    return entry.se_with(items=2 * entry.n_items) if entry.measured else entry.se / math.sqrt(2)


def _question_share(entry: NoiseEntry) -> str:
    return percent(1 - entry.within_share) if math.isfinite(entry.within_share) else "n/a"


def _answer_share(entry: NoiseEntry) -> str:
    if math.isfinite(entry.within_share):
        return percent(entry.within_share)
    return f"≤ {percent(entry.most_within_share)}" if math.isfinite(entry.most_within_share) else "n/a"


def _label(task: TaskNoise, entry: NoiseEntry) -> str:
    """Name a row. The difference has a short name, which a narrow terminal doesn't cut."""
    return "difference a − b" if _is_difference(task, entry) else entry.name


def _value(task: TaskNoise, entry: NoiseEntry) -> str:
    scale = Scale(percent=task.percent)
    return scale.signed(entry.value) if _is_difference(task, entry) else scale.number(entry.value)


def _is_difference(task: TaskNoise, entry: NoiseEntry) -> bool:
    return task.pair and entry is task.entries[-1]


def component_table(task: TaskNoise) -> Table:
    """Lay out the standard deviations of single scores, with the standard errors of their variances as ±."""
    scale, clustered = (
        Scale(percent=task.percent),
        any(entry.n_clusters < entry.n_items for entry in task.entries),
    )
    split = any(math.isfinite(entry.within_question.variance) for entry in task.entries) or not clustered
    fields: list[Field[NoiseEntry]] = [
        Field("", lambda entry: _label(task, entry), align="left"),
        Field("within questions", lambda entry: _sd(entry.within_question, scale), shown=split),
        Field("between questions", lambda entry: _sd(entry.between_questions, scale), shown=split),
        Field(
            "between clusters", lambda entry: _sd(entry.between_clusters, scale), priority=7, shown=clustered
        ),
        Field(
            "within clusters", lambda entry: _sd(entry.within_clusters, scale), priority=6, shown=clustered
        ),
    ]
    return tabled(
        task.entries,
        fields,
        title="Standard deviations of single scores" + (" (points)" if scale.percent else ""),
    )


def _sd(component: Component, scale: Scale) -> str:
    if not math.isfinite(component.variance):
        return "n/a"
    if not math.isfinite(component.low):
        return scale.number(component.sd)
    low, high = (math.sqrt(max(limit, 0.0)) for limit in (component.low, component.high))
    return f"{scale.number(component.sd)} ({scale.interval(low, high)})"


MOST_PANELS, PANEL = 12, 46
"""The number of panels, and that of the characters of their names."""
SHAPES = ("circle", "square", "triangle-up")
TICKS = (1, 2, 3, 5, 10, 20)


def spec(records: Sequence[Row], *, percent: bool = True, description: str) -> Spec:
    """Return the curves. `records`: task, name, attempts, items, se. Only the first twelve panels are
    drawn.
    """
    factor, behind = points(percent=percent)
    shown = rows(records, factor)
    words = list(dict.fromkeys(row["questions"] for row in sorted(shown, key=_order)))
    panels = len({row["panel"] for row in shown})
    drawing = _drawing("" if panels > 1 else f"standard error{behind}", words)
    note = f"standard error{behind} over attempts per question" if panels > 1 else ""
    beginning = shared({row["name"] for row in shown})
    if beginning:
        note = f"{note}\nnames begin with {beginning}"
    grid = {**by_panel(drawing), "bounds": "flush", "spacing": {"row": 36, "column": 24}}
    return figure(shown, grid, description=description, subtitle=note)


def rows(records: Sequence[Row], factor: float) -> list[Row]:
    """Return the rows to draw: one per point, numbers on the axis's scale."""
    keys = list(dict.fromkeys((record["task"], record["name"]) for record in records))[:MOST_PANELS]
    several = len({task for task, _ in keys}) > 1
    counts = {key: sorted({r["items"] for r in records if (r["task"], r["name"]) == key}) for key in keys}
    alike = len(set(map(tuple, counts.values()))) == 1
    beginning = shared({name for _, name in keys})
    plain = [(task, name.removeprefix(beginning)) for task, name in keys]
    names = labels((f"{task}: {name}" if several else name for task, name in plain), PANEL)
    panels = dict(zip(keys, names, strict=True))
    return [
        {
            "panel": panels[key],
            "task": record["task"],
            "name": record["name"],
            "attempts": record["attempts"],
            "items": record["items"],
            "questions": f"{record['items']:,}" if alike else _times(record["items"], counts[key][0]),
            "se": scaled(record["se"], factor),
        }
        for record in records
        if (key := (record["task"], record["name"])) in panels
    ]


def _order(row: Row) -> int:
    return int(row["items"])


def _times(items: int, fewest: int) -> str:
    """Write a number of questions if panels have different ones: `as now`, `2 × as many`."""
    return "as now" if items == fewest else f"{items / fewest:g} × as many"


def _drawing(title: str, words: list[str]) -> Spec:
    """Return the curves of a panel. Without a title, axes have none: they share one above."""
    lines = {"field": "questions", "type": "nominal", "title": "questions"}
    return {
        "width": 300,
        "height": 180,
        "mark": {"type": "line", "strokeWidth": CURVE, "point": {"filled": True, "size": AREA}},
        "encoding": {
            "x": {
                "field": "attempts",
                "type": "quantitative",
                "title": "attempts per question" if title else None,
                "scale": {"type": "log", "domain": [1, 20], "nice": False},
                "axis": {"values": list(TICKS)},
            },
            "y": {"field": "se", "type": "quantitative", "title": title or None, "scale": {"zero": True}},
            "color": {**lines, "scale": {"domain": words, "range": [BLUE, ORANGE, GREEN]}},
            "shape": {**lines, "scale": {"domain": words, "range": list(SHAPES)}},
        },
    }
