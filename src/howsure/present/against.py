"""How the comparison of many models with one is worded, tabled and drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import Row, Spec, drawing, figure, numbers, points, scaled, tooltip
from howsure.present.document import Document, Field, Text, Whisker, closing, facts, opening, small, tabled
from howsure.present.estimate import merged
from howsure.present.labels import labels
from howsure.present.methods import of_many
from howsure.present.render.terminal import shorten
from howsure.present.render.visible import visible
from howsure.present.style import BAD, GOOD, GREY, HOLLOW, THIN
from howsure.present.words import plain
from howsure.wording import Scale, level_text, p_text, plural, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.against import Against, AgainstModel, AgainstTask
    from howsure.answers.base import PairVerdict
    from howsure.present.document import Block, Cell, Table

WORDS: dict[PairVerdict | None, str] = {
    "better": "better",
    "worse": "worse",
    "unclear": "can't tell",
    None: "no error bar",
}
FEW_DF = 15.0
"""Intervals are approximate if unequal clusters give fewer degrees of freedom than this, and than half their
number.
"""
CORRECTIONS = {"max-t": "max-t", "dunnett": "Dunnett", "holm": "Holm", "bh": "Benjamini–Hochberg"}


def document(answer: Against) -> Document:
    """Return each part's verdict and table, then the warnings."""
    blocks: list[Block] = []
    details: list[Block] = []
    for part in answer.every:
        if len(answer.every) > 1 and not (part is answer.every[0] and answer.overall is not None):
            blocks.append(Text(text=_title(part), kind="heading"))
        first = part is answer.every[0]
        notes = answer.notes if first else ()
        corrected = filter(None, [_corrected(part, rough=_is_rough(answer))])
        if len(answer.every) == 1 or (first and answer.overall is not None):
            more = _over_tasks(answer) if len(answer.tasks) > 1 else ""
            blocks += opening(task_sentence(part), (*corrected, *notes), more=more, chapter=answer.chapter)
        else:
            blocks += [Text(text=task_sentence(part)), *small(corrected)]
        blocks.append(_table(part))
        told = [(model.model, model.difference.warnings) for model in part.models]
        blocks += closing((*part.warnings, *merged(told, "model")))
        details.append(_methods(part))
    if len(answer.every) > 1 and answer.overall is None:
        blocks = [*opening(sentence(answer), answer.notes, chapter=answer.chapter), *blocks]
    return Document(blocks=(*blocks, *closing(answer.warnings)), details=tuple(details))


def _methods(part: AgainstTask) -> Table:
    """Lay out the methods of a task's intervals."""
    methods = "; ".join(dict.fromkeys(str(model.difference.method) for model in part.models))
    return facts([(f"method, {part.task or 'overall'}", methods)])


def sentence(answer: Against) -> str:
    """Return how many models are better than the reference, overall or on the only task, else on how many
    tasks.
    """
    if answer.overall is None and len(answer.tasks) > 1:
        return _over_tasks(answer)
    return task_sentence(answer.every[0])


def task_sentence(part: AgainstTask) -> str:
    """Return how many models are better or worse: `1 of 9 models is better than main, 2 are worse, and 6
    don't differ significantly.`.
    """
    every = part.n_tasks + part.n_tasks_left_out
    scope = f"On {part.n_tasks:,} of {every:,} tasks, " if part.n_tasks_left_out else ""
    return within(scope, _alone(part) if len(part.models) == 1 else _counted(part))


def _alone(part: AgainstTask) -> str:
    side, one = part.models[0], part.against
    said: dict[str | None, str] = {
        "better": f"{side.model} is better than {one}",
        "worse": f"{side.model} is worse than {one}",
    }
    other = f"{side.model} and {one} don't differ significantly"
    if side.verdict is None:
        other = f"{side.model} can't be compared with {one}, because there is no error bar"
    return f"{said.get(side.verdict, other)}{_overall(part)}."


def _counted(part: AgainstTask) -> str:
    count, one, where = len(part.models), part.against, _overall(part)
    better, worse, same, unknown = (
        len(part.those(verdict)) for verdict in ("better", "worse", "unclear", None)
    )
    every = "Both" if count == 2 else f"All {count:,}"
    if better == count:
        return f"{every} models are better than {one}{where}."
    if worse == count:
        return f"{every} models are worse than {one}{where}."
    if same == count:
        return (
            f"{'Neither' if count == 2 else 'None'} of {count:,} models differs significantly "
            f"from {one}{where}."
        )
    none = "Neither" if count == 2 else "None"
    parts = [
        f"{f'{better:,}' if better else none} of {count:,} models {_is(better or 1)} better than {one}{where}"
    ]
    if worse:
        parts.append(f"{worse:,} {_is(worse)} worse")
    if same:
        parts.append(f"{same:,} {'does' if same == 1 else 'do'} not differ significantly")
    if unknown:
        parts.append(f"{unknown:,} {'has' if unknown == 1 else 'have'} no error bar")
    *first, last = parts
    return f"{', '.join(first)}{' and ' if first else ''}{last}."


def _overall(part: AgainstTask) -> str:
    return "" if part.task else " overall"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _over_tasks(answer: Against) -> str:
    """Count the tasks on which any model is better than the reference, and on which any is worse."""
    tasks = len(answer.tasks)
    better, worse = (
        sum(part.n_better > 0 for part in answer.tasks),
        sum(part.n_worse > 0 for part in answer.tasks),
    )
    if not better and not worse:
        return f"On none of {plural(tasks, 'task')} does a model differ significantly from {answer.against}."
    return (
        f"A model is better than {answer.against} on {better or 'none'} of "
        f"{plural(tasks, 'task')}, and one is "
        f"worse on {worse or 'none'}."
    )


def _title(part: AgainstTask) -> str:
    return f"{part.task or 'overall'} · {part.metric}"


def _corrected(part: AgainstTask, *, rough: bool) -> str:
    """Return how the table is corrected, and the guarantee of its intervals."""
    if part.adjust == "none" or part.n_tests < 2:
        return ""
    here = sum(math.isfinite(side.p_value) for side in part.models)
    tests = plural(here, "model") if here == part.n_tests else f"{part.n_tests:,} comparisons on all tasks"
    together = "" if part.adjust == "bh" else f" {_simultaneous(part.level, rough=rough)}"
    return f"Corrected for {tests} ({CORRECTIONS[part.adjust]}).{together}"


def _simultaneous(level: float, *, rough: bool) -> str:
    """Return that intervals are simultaneous, only approximately with few or unequal clusters."""
    about = " only approximately, because clusters are few or unequal" if rough else ""
    return f"Intervals are simultaneous at {level_text(level)}{about}."


def _is_rough(answer: Against) -> bool:
    """Return whether any of the intervals is based on few or unequal clusters."""
    found = (side.difference for part in answer.tasks for side in part.models)
    return any(d.n_clusters < d.n_items and d.df < min(FEW_DF, d.n_clusters / 2) for d in found)


def _table(part: AgainstTask) -> Table:
    """Lay out the reference, and below it one line per model."""
    scale, sides = Scale(percent=part.percent), part.models
    uneven = any(side.n_only_model or side.n_only_against for side in sides)
    counted = any(side.n_regressed or side.n_improved for side in sides) or part.percent
    clustered = any(side.difference.n_clusters != side.difference.n_items for side in sides)
    several = len({side.difference.n_clusters for side in sides}) > 1
    gap, score = f"difference{scale.points}", f"score{scale.column}"
    fields: list[Field[AgainstModel | None]] = [
        Field("model", lambda s: s.model if s else part.against, align="left"),
        Field(score, lambda s: scale.known(s.mean if s else part.mean)),
        Field(gap, lambda s: scale.signed(s.difference.value) if s and s.difference.n_items else ""),
        Field("SE", lambda s: scale.known(s.difference.se) if s else "", priority=0, error_of=gap),
        Field(f"{level_text(part.level)} CI", lambda s: _limits(s, scale) if s else "", priority=8),
        Field("", lambda s: _whisker(s) if s else "", align="left", priority=4, axis=scale),
        Field("p", lambda s: p_text(s.p_adjusted) if s and math.isfinite(s.p_adjusted) else "", priority=5),
        Field("verdict", lambda s: WORDS[s.verdict] if s else "", align="left", priority=10),
        Field("worse on", lambda s: f"{s.n_regressed:,}" if s else "", priority=7, shown=counted),
        Field("better on", lambda s: f"{s.n_improved:,}" if s else "", priority=7, shown=counted),
        Field(
            "questions",
            lambda s: f"{s.difference.n_items if s else part.n_items:,}",
            priority=5,
            shown=uneven,
        ),
        Field(
            "clusters",
            lambda s: f"{s.difference.n_clusters:,}" if s else "",
            priority=3,
            shown=clustered and several,
        ),
    ]
    shared = " Each difference is on the questions that both answered." if uneven else ""
    note = f"Difference: the model's score minus that of {part.against}.{shared}"
    return tabled([None, *sides], fields, note=note, lead=1)


def _limits(side: AgainstModel, scale: Scale) -> str:
    interval = side.adjusted_interval
    return scale.interval(interval.low, interval.high) if interval.low <= interval.high else ""


def _whisker(side: AgainstModel) -> Cell:
    """Return the corrected interval to draw, an empty cell if there is none."""
    low, high = side.adjusted_interval.low, side.adjusted_interval.high
    return (
        Whisker(value=side.difference.value, low=low, high=high)
        if low <= high and math.isfinite(high - low)
        else ""
    )


def explanation(answer: Against) -> Document:
    """Explain the overall differences, or else those on the first task, in plain words."""
    part = answer.every[0]
    return plain.explained(plain.against_phrases(part), _title(part) if len(answer.every) > 1 else "")


def methods(answer: Against) -> Document:
    """Return the methods, as in a paper."""
    return of_many(answer.every)


def chart(answer: Against) -> Spec:
    """Draw the differences with their corrected intervals, one row per model and one panel per task, the
    overall one first.
    """
    from howsure.present.charts.base import panels

    several = len(answer.every) > 1
    specs = [_panel(part, several=several, rough=_is_rough(answer)) for part in answer.every]
    return panels(specs, columns=2 if len(answer.every) > 2 else 1)


def _panel(part: AgainstTask, *, several: bool, rough: bool) -> Spec:
    return spec(
        part.records(),
        one=part.against,
        percent=part.percent,
        score=part.metric,
        level=part.level,
        lower_is_better=part.lower_is_better,
        title=(part.task or "overall") if several else "",
        subtitle=_corrected(part, rough=rough),
        description=task_sentence(part),
    )


GROUPS = {"better": GOOD, "worse": BAD, "can't tell": HOLLOW}
BETTER, WORSE, OPEN = GROUPS
NUMBERS = ("difference", "adjusted_low", "adjusted_high")
NAME = 30


def spec(
    records: Sequence[Row],
    *,
    one: str,
    percent: bool = True,
    score: str = "score",
    level: float = 0.95,
    lower_is_better: bool = False,
    title: str = "",
    subtitle: str = "",
    description: str,
) -> Spec:
    """Return the chart of all models on one task. `records`: model, difference, adjusted_low, adjusted_high,
    verdict, n_regressed, n_improved, p_adjusted.
    """
    behind, metric = points(percent=percent)[1], visible(score)
    better = "; lower is better" if lower_is_better else ""
    drawn = rows(records, percent=percent)
    shown = drawing(
        ("difference", "low", "high"),
        f"difference in {metric}{behind}, with its {level_text(level)} confidence interval{better}",
        GROUPS,
        tooltip(
            [
                *(("name", "model"), ("difference", f"difference{behind}"), ("low", "from"), ("high", "to")),
                *(
                    ("p_adjusted", "p, adjusted"),
                    ("n_regressed", "worse on"),
                    ("n_improved", "better on"),
                    ("group", "verdict"),
                ),
            ],
            percent=percent,
        ),
        count=len(records),
        scale={"zero": True, "nice": False, "padding": 12},
        beside=drawn,
    )
    nothing = {
        "mark": {"type": "rule", "color": GREY, "strokeWidth": THIN},
        "encoding": {"x": {"datum": 0.0}},
    }
    shown["layer"] = [nothing, *shown["layer"]]
    note = f"compared with {shorten(visible(one), NAME)}\n{subtitle}"
    return figure(drawn, shown, description=description, title=title, subtitle=note)


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return the rows to draw: one per model, numbers on the axis's scale."""
    factor, scale = points(percent=percent)[0], Scale(percent=percent)
    names = labels(record["model"] for record in records)
    return [
        {
            "model": record["model"],
            "name": visible(record["model"]),
            "label": label,
            "difference": scaled(record["difference"], factor),
            "low": scaled(record["adjusted_low"], factor),
            "high": scaled(record["adjusted_high"], factor),
            "p_adjusted": record["p_adjusted"],
            "n_regressed": record["n_regressed"],
            "n_improved": record["n_improved"],
            "group": (group := (str(record["verdict"]) if record["verdict"] in (BETTER, WORSE) else OPEN)),
            "numbers": numbers(scale.signed, [record[name] for name in NUMBERS], scale),
            "n": f"{record['n_items']:,}" if "n_items" in record else "",
            "told": _told(record, group, scale),
        }
        for record, label in zip(records, names, strict=True)
    ]


def _told(record: Row, group: str, scale: Scale) -> str:
    """Return a row in words: `pr-42: +3.2 pp [0.4, 6.0], better`."""
    value, low, high = (math.nan if record[name] is None else record[name] for name in NUMBERS)
    return f"{visible(record['model'])}: {scale.difference(value)} ({scale.interval(low, high)}), {group}"
