"""How a frontier is worded, tabled and drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from howsure.present.charts.base import POINT, Row, Spec, figure, glyphs, scaled, tooltip, unit
from howsure.present.costs import times_text
from howsure.present.document import Document, Field, Text, closing, opening, small, tabled
from howsure.present.estimate import limits, merged, score
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.present.style import BLUE, CURVE, FADED, GOOD, GREY, HAIR, HOLLOW, INTERVAL
from howsure.wording import Scale, amount_text, ci_text, level_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.answers.frontier import Frontier, FrontierModel, TaskFrontier
    from howsure.present.document import Block, Table

DIGITS = 3


def document(answer: Frontier) -> Document:
    """Return each task's verdict and table, then the warnings."""
    blocks: list[Block] = []
    for task in answer.tasks:
        if len(answer.tasks) > 1:
            blocks.append(Text(text=title(task), kind="heading"))
        first = task is answer.tasks[0]
        blocks += opening(task_sentence(task), answer.notes if first else (), more=more_of(task))
        blocks += task_blocks(task)
    told = [(each.model, each.score.warnings) for task in answer.tasks for each in task.models]
    gaps = [
        warning
        for task in answer.tasks
        if task.difference is not None
        for warning in task.difference.warnings
    ]
    return Document(blocks=(*blocks, *closing((*answer.warnings, *merged(told, "model"), *gaps))))


def task_blocks(task: TaskFrontier) -> list[Block]:
    """Return a part's table, and the models of which only a lower bound of the cost is known."""
    # Return the models of which only a lower bound of the cost is known.
    lacking = [each for each in task.models if each.n_missing]
    unknown = [each.model for each in lacking if _is_unknown(each)]
    least = [
        f"{each.model} ({plural(each.n_missing, 'attempt')})" for each in lacking if not _is_unknown(each)
    ]
    left_open = []
    if unknown:
        are = "it is" if len(unknown) == 1 else "they are"
        left_open.append(
            f"The {task.usage} of {listing(unknown)} isn't known, so {are} never cheaper than another."
        )
    if least:
        left_open.append(
            f"A lower bound, because some attempts don't record it: {listing(least)}. It never "
            "counts as cheaper."
        )
    return [frontier_table(task), *small(left_open)]


def sentence(answer: Frontier) -> str:
    """Return the result of the first part: all tasks together, or the only one."""
    return task_sentence(answer.tasks[0])


def title(task: TaskFrontier) -> str:
    """Name a part: its task, metric and usage."""
    return f"{task.task or 'all tasks, questions pooled'} · {task.metric} · {task.usage}"


def task_sentence(task: TaskFrontier) -> str:
    """Return which of the models that could be best are the cheapest."""
    if task.cheapest is None:
        return (
            f"The cheapest model isn't known: no model that could be best records its {task.usage} in every "
            "attempt."
        )
    level = _level(task, task[task.cheapest])
    models = "model" if len(level) == 1 else "models"
    cost = f"{amount_text(task[task.cheapest].cost.value, DIGITS)} {task.usage} per question"
    return f"Cheapest {models} that could be best: {listing(level)} ({cost})."


def more_of(task: TaskFrontier) -> str:
    """Return the extra cost of the leader, and how many models could be on the frontier."""
    return " ".join(filter(None, (_leads(task), _frontier(task))))


def _leads(task: TaskFrontier) -> str:
    """Return how the cheapest compares with the leader, nothing if that isn't known."""
    if task.cheapest is None:
        return ""
    if task.difference is not None:
        return _leader(task)
    level = _level(task, task[task.cheapest])
    ahead = [model for model in level if task[model].score.value == task[task.leader].score.value]
    high = "lowest" if task.lower_is_better else "highest"
    who = "It" if len(level) == 1 else listing(ahead)
    return f"{who} also {'has' if len(ahead) == 1 else 'have'} the {high} score."


def _level(task: TaskFrontier, cheapest: FrontierModel) -> list[str]:
    """Name all that could be best and cost as little."""
    return [
        each.model
        for each in task.models
        if each.could_be_best and not each.n_missing and each.cost.value == cheapest.cost.value
    ]


def _leader(task: TaskFrontier) -> str:
    """Return the extra usage of the leader, and how far it is ahead."""
    gap, lead, scale = task.difference, task.lead, Scale(percent=task.percent)
    if gap is None or lead is None:
        return ""
    low, high = gap.interval.low, gap.interval.high
    level = level_text(gap.interval.level)
    limits = f" ({level} CI {times_text(low)} to {times_text(high)})" if low < high else ""
    bound = "" if gap.ratio_is == "exact" else f"{gap.ratio_is.replace('_', ' ')} "
    cost = (
        f"costs {bound}{times_text(gap.ratio)}{limits}"
        if gap.ratio_is != "unknown"
        else "has an unknown cost"
    )
    alone = "is better if only these two are compared"
    shown = alone if lead.interval.excludes(0.0) else "isn't significantly better"
    spread = ci_text(lead.interval, scale)
    return f"{task.leader} {cost} and {shown} ({scale.difference(lead.value)}, {spread})."


def _frontier(task: TaskFrontier) -> str:
    kept, count, way = (
        len(task.could_be_on_frontier),
        len(task.models),
        "lower" if task.lower_is_better else "higher",
    )
    if kept == count:
        every = "Both" if count == 2 else f"All {count}"
        return f"{every} models could be on the cost–score frontier."
    beaten = [each.model for each in task.models if not each.could_be_on_frontier]
    named = f": {listing(beaten)}" if len(beaten) <= 3 else ""
    are = "is" if len(beaten) == 1 else "are"
    return (
        f"{kept} of {plural(count, 'model')} could be on the cost–score frontier. The "
        f"{'other' if len(beaten) == 1 else 'others'} {are} dominated by a model that scores {way} and costs "
        f"no more{named}."
    )


def _is_unknown(each: FrontierModel) -> bool:
    return each.n_missing > 0 and not each.cost.value > 0


def frontier_table(task: TaskFrontier) -> Table:
    """Lay out the models, the cheapest first."""
    scale, level = Scale(percent=task.percent), level_text(task.level)
    fields: list[Field[FrontierModel]] = [
        Field("model", lambda each: each.model, align="left"),
        Field(task.usage, _cost),
        Field(f"{level} CI ", _cost_limits, priority=6),
        Field(f"score{scale.column}", lambda each: score(each.score, scale)),
        Field(f"{level} CI", lambda each: limits(each.score, scale), priority=7),
        Field("could be", _could_be, align="left", priority=8),
        Field("dominated by", lambda each: listing(each.dominated_by), align="left", priority=5, cut=True),
    ]
    return tabled(task.models, fields)


def _cost(each: FrontierModel) -> str:
    if _is_unknown(each):
        return "unknown"
    return f"{'≥ ' if each.n_missing else ''}{amount_text(each.cost.value, DIGITS)}"


def _cost_limits(each: FrontierModel) -> str:
    low, high = each.cost.interval.low, each.cost.interval.high
    if not low < high or _is_unknown(each):
        return ""
    end = "∞" if each.n_missing else amount_text(high, DIGITS)
    return f"{amount_text(max(low, 0.0), DIGITS)}–{end}"


def _could_be(each: FrontierModel) -> str:
    words = [
        word
        for word, true in (("best", each.could_be_best), ("on frontier", each.could_be_on_frontier))
        if true
    ]
    return ", ".join(words)


def chart(answer: Frontier) -> Spec:
    """Draw score over cost, one panel per part."""
    from howsure.present.charts.base import panels

    several = len(answer.tasks) > 1
    specs = [task_chart(task, title=title(task) if several else "") for task in answer.tasks]
    return panels(specs, columns=2 if len(specs) > 2 else 1)


def task_chart(task: TaskFrontier, *, title: str = "", ground: str = "white") -> Spec:
    """Draw one part: scores over costs, each with its error bar."""
    return spec(
        task.records(),
        percent=task.percent,
        score=task.metric,
        measure=task.usage,
        level=task.level,
        lower_is_better=task.lower_is_better,
        title=title,
        description=task_sentence(task),
        ground=ground,
    )


EM = 0.54
"""The mean width of a character, in font sizes."""
DOT = 0.5
"""A point's half width, and a gap, in font sizes."""
RINGS = (0.0, 0.7, 1.6, 2.8, 4.5, 7.0, 10.0, 14.0)
"""The distances of names from their points, in font sizes."""
CROSSED = 0.6
"""The penalty for covering an error bar, in rings."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes: their size as drawn, and their ends. x is logarithmic."""

    width: float
    height: float
    x: tuple[float, ...]
    y: tuple[float, ...]

    def at(self, cost: float, score: float) -> tuple[float, float]:
        """Return the position of a point in the drawing, from the top left."""
        low, high = (math.log(end) for end in self.x)
        along = (math.log(cost) - low) / (high - low)
        up = (score - self.y[0]) / (self.y[1] - self.y[0])
        return self.width * along, self.height * (1 - up)

    def back(self, left: float, down: float) -> tuple[float, float]:
        """Return the cost and score at a position."""
        low, high = (math.log(end) for end in self.x)
        cost = math.exp(low + left / self.width * (high - low))
        score = self.y[0] + (1 - down / self.height) * (self.y[1] - self.y[0])
        return float(f"{cost:.12g}"), float(f"{score:.12g}")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its centre and half its sides."""

    x: float
    y: float
    half_width: float
    half_height: float

    def touches(self, other: Box) -> bool:
        """Return whether two rectangles overlap."""
        across, down = self.half_width + other.half_width, self.half_height + other.half_height
        return abs(self.x - other.x) < across and abs(self.y - other.y) < down

    def inside(self, frame: Frame) -> bool:
        """Return whether all of it lies within the axes."""
        across = self.half_width <= self.x <= frame.width - self.half_width
        return across and self.half_height <= self.y <= frame.height - self.half_height


def places(rows: Sequence[Row], frame: Frame, font: float) -> list[tuple[float, float] | None]:
    """Return the centre of each row's name, on the axes' scales. None if it has no room.

    Those of the step line are first, and may be farther off.
    """
    points = [frame.at(row["cost"], row["score"]) for row in rows]
    taken = [Box(x, y, DOT * font, DOT * font) for x, y in points]
    bars = [bar for row in rows for bar in _bars(row, frame)]
    found: list[tuple[float, float] | None] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda k: (rows[k]["step"] is None, rows[k]["group"] == "beaten", k))
    for k in order:
        most = math.inf if rows[k]["step"] is not None else RINGS[1]
        around = _around(rows[k]["label"], points[k], frame, font)
        free = ((far, box) for far, box in around if box.inside(frame) and not any(map(box.touches, taken)))
        box = _best(free, bars, most)
        if box is not None:
            taken.append(box)
            found[k] = frame.back(box.x, box.y)
    return found


def _best(free: Iterable[tuple[float, Box]], bars: Sequence[Box], most: float) -> Box | None:
    """Return the nearest free place, not over an error bar if possible. None if all cost `most` or more."""
    best, least = None, most
    for far, box in free:
        if far >= least:
            break
        cost = far + CROSSED * sum(map(box.touches, bars))
        if cost < least:
            best, least = box, cost
    return best


def _around(label: str, at: tuple[float, float], frame: Frame, font: float) -> Iterator[tuple[float, Box]]:
    """Yield places around a point, the near ones first, each with its distance."""
    half_width, half_height = EM * font * cell_len(label) / 2, 0.6 * font
    middle = max(
        min(at[0], frame.width - half_width - 1.0), half_width + 1.0
    )  # above and below, a name may move sideways
    for ring in RINGS:
        gap = (DOT + 0.2 + ring) * font
        side, above = half_width + gap, half_height + gap
        beside = half_height + 1.0  # clear of its own error bar
        for x, y in ((side, -beside), (side, beside), (-side, -beside), (-side, beside)):
            yield ring, Box(at[0] + x, at[1] + y, half_width, half_height)
        for y in (-above, above):
            yield ring + 0.1, Box(middle, at[1] + y, half_width, half_height)


def _bars(row: Row, frame: Frame) -> Iterator[Box]:
    """Yield the two error bars of a point as thin rectangles."""
    x, y = frame.at(row["cost"], row["score"])
    if row["low"] is not None and row["high"] is not None:
        top, bottom = frame.at(row["cost"], row["high"])[1], frame.at(row["cost"], row["low"])[1]
        yield Box(x, (top + bottom) / 2, 0.5, (bottom - top) / 2)
    if row["cost_low"] is not None and row["cost_high"] is not None:
        left, right = frame.at(row["cost_low"], row["score"])[0], frame.at(row["cost_high"], row["score"])[0]
        yield Box((left + right) / 2, y, (right - left) / 2, 0.5)


GROUPS = {"could be the best buy": GOOD, "beaten": HOLLOW}
BUY, BEATEN = GROUPS
WIDTH, HEIGHT = 460, 320
MANY = 15
"""Error bars are faint with more points than this."""
TYPE = 10
"""The font size of the names."""
MORE = 0.06
"""The margin of an axis at each end, as a share of the drawn range."""
COSTS, SCORES = ("cost", "cost_low", "cost_high"), ("score", "low", "high")
UNNAMED = "points on the line without room for a name:"


def spec(
    records: Sequence[Row],
    *,
    percent: bool,
    score: str,
    measure: str,
    level: float,
    lower_is_better: bool = False,
    title: str = "",
    description: str,
    ground: str = "white",
) -> Spec:
    """Return the chart of a frontier. `records`: model, value, low, high, cost, cost_low, cost_high,
    could_be_best_buy. `ground`: the background of names.
    """
    behind = unit(percent=percent)[1]
    better = "; lower is better" if lower_is_better else ""
    shown = rows(records, percent=percent, lower_is_better=lower_is_better)
    x = {
        "type": "quantitative",
        "title": f"{visible(measure)} per question, log scale",
        "scale": {"type": "log", "nice": False, "domain": _reach(shown, COSTS, log=True)},
        "axis": {"tickCount": 6},
    }
    y = {
        "type": "quantitative",
        "title": f"{visible(score)}{behind}{better}",
        "scale": {"zero": False, "nice": False, "domain": _reach(shown, SCORES)},
    }
    told = tooltip(
        [
            *(("name", "model"), ("cost", visible(measure)), ("cost_low", "from"), ("cost_high", "to")),
            *(("score", f"score{behind}"), ("low", "from"), ("high", "to"), ("group", "verdict")),
        ],
        percent=percent,
    )
    drawing = {"width": WIDTH, "height": HEIGHT, "layer": _layers(x, y, told, len(shown), ground)}
    note = f"error bars: {level_text(level)} confidence intervals of each alone"
    return placed(figure(shown, drawing, description=description, title=title, subtitle=note), TYPE)


def _layers(x: Spec, y: Spec, told: list[Spec], count: int, ground: str) -> list[Spec]:
    """Return the step line, crosses, points and names. `x` and `y`: the axes. With many points the crosses
    are faint.
    """
    line, point = glyphs(GROUPS, ground)
    for channel in point.values():
        channel["legend"] = {"symbolOpacity": 1}
    faded = {"condition": {"test": f"datum.group == '{BEATEN}'", "value": FADED}, "value": 1}
    shared = {"opacity": faded, "tooltip": told, "description": {"field": "told", "type": "nominal"}}
    bars = {**shared, **line, "opacity": {**faded, "value": 1 if count <= MANY else FADED}}
    at_x, at_y = {"field": "cost", **x}, {"field": "score", **y}
    return [
        {
            "transform": [{"filter": {"field": "step", "valid": True}}],
            "mark": {
                "type": "line",
                "interpolate": "step-after",
                "color": BLUE,
                "opacity": 0.5,
                "strokeWidth": CURVE,
            },
            "encoding": {"x": at_x, "y": {"field": "step", **y}, "order": {"field": "cost"}},
        },
        {
            "mark": {"type": "rule", "strokeWidth": INTERVAL},
            "encoding": {"x": at_x, "y": {"field": "low", **y}, "y2": {"field": "high"}, **bars},
        },
        {
            "mark": {"type": "rule", "strokeWidth": INTERVAL},
            "encoding": {"x": {"field": "cost_low", **x}, "x2": {"field": "cost_high"}, "y": at_y, **bars},
        },
        {
            "mark": {key: value for key, value in POINT.items() if key != "opacity"},
            "encoding": {"x": at_x, "y": at_y, **shared, **point},
        },
        *_names(x, y, ground),
    ]


def _names(x: Spec, y: Spec, ground: str) -> list[Spec]:
    """Return the names, each with a line to its point and an outline in the background's colour, so that it
    is legible over error bars.
    """
    named = {"transform": [{"filter": {"field": "label_x", "valid": True}}]}
    at = {"x": {"field": "label_x", **x}, "y": {"field": "label_y", **y}}
    text = {"type": "text", "align": "center", "baseline": "middle", "fontSize": TYPE}
    said = {**at, "text": {"field": "label", "type": "nominal"}}
    to_point = {"x2": {"field": "cost"}, "y2": {"field": "score"}}
    return [
        {
            **named,
            "mark": {"type": "rule", "color": GREY, "strokeWidth": HAIR},
            "encoding": {**at, **to_point},
        },
        {**named, "mark": {**text, "stroke": ground, "strokeWidth": 3, "aria": False}, "encoding": said},
        {**named, "mark": text, "encoding": said},
    ]


def _reach(shown: Sequence[Row], fields: tuple[str, str, str], *, log: bool = False) -> list[float]:
    """Return the range of an axis: all points and error bars, and a little more."""
    found = [row[field] for row in shown for field in fields if row[field] is not None]
    if not found:
        return [1.0, 10.0] if log else [0.0, 1.0]
    low, high = min(found), max(found)
    if log:
        more = max((high / low) ** MORE, 1.1)
        return [scaled(low / more, 1.0) or low, scaled(high * more, 1.0) or high]
    more = MORE * (high - low) or 1.0
    return [scaled(low - more, 1.0) or 0.0, scaled(high + more, 1.0) or 0.0]


def placed(spec: Spec, font: float) -> Spec:
    """Return a figure with names next to their points without overlaps: those of the line, and others if
    there is room.
    """
    parts = spec.get("concat", [spec])
    every = spec["data"]["values"]
    for k, part in enumerate(parts):
        mine = [row for row in every if row.get("panel", 0) == k]
        # Place the names of one panel, and count those of the line without room.
        encoding = part["layer"][1]["encoding"]
        frame = Frame(
            float(part["width"]),
            float(part["height"]),
            x=tuple(encoding["x"]["scale"]["domain"]),
            y=tuple(encoding["y"]["scale"]["domain"]),
        )
        found = places(mine, frame, font)
        for row, at in zip(mine, found, strict=True):
            row["label_x"], row["label_y"] = at if at is not None else (None, None)
        lines = part["title"]["subtitle" if "subtitle" in part["title"] else "text"]
        lines[:] = [line for line in lines if not line.startswith(UNNAMED)]
        lost = sum(at is None for row, at in zip(mine, found, strict=True) if row["step"] is not None)
        if lost:
            lines.append(f"{UNNAMED} {lost:,}")
    return spec


def rows(records: Sequence[Row], *, percent: bool, lower_is_better: bool) -> list[Row]:
    """Return the rows to draw: one per model with a cost above 0. `step` is the best score so far of those
    that could be the best buy.
    """
    factor = unit(percent=percent)[0]
    kept = [record for record in records if record["cost"] is not None and record["cost"] > 0]
    names, sign, best, found = (
        labels(record["model"] for record in kept),
        -1 if lower_is_better else 1,
        -math.inf,
        [],
    )
    for record, label in zip(kept, names, strict=True):
        buy = record["could_be_on_frontier"]
        ahead = buy and sign * record["value"] > best
        best = max(best, sign * record["value"]) if buy else best
        low = record["cost_low"]
        found.append(
            {
                "model": record["model"],
                "name": visible(record["model"]),
                "label": label,
                "cost": scaled(record["cost"], 1.0),
                "cost_low": scaled(low, 1.0) if low is not None and low > 0 else scaled(record["cost"], 1.0),
                "cost_high": scaled(record["cost_high"], 1.0),
                "score": scaled(record["value"], factor),
                "low": scaled(record["low"], factor),
                "high": scaled(record["high"], factor),
                "step": scaled(record["value"], factor) if ahead else None,
                "label_x": None,
                "label_y": None,
                "group": BUY if buy else BEATEN,
                "told": _told(record, Scale(percent=percent), BUY if buy else BEATEN),
            }
        )
    return found


def _told(record: Row, scale: Scale, group: str) -> str:
    value = math.nan if record["value"] is None else record["value"]
    return f"{visible(record['model'])}: {scale.score(value)} at {amount_text(record['cost'], 3)}, {group}"
