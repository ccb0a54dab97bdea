"""How a frontier is worded, tabled and drawn."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len

from howsure.present.charts.base import POINT, Row, Spec, figure, glyphs, scaled, tooltip, unit
from howsure.present.costs import times_text
from howsure.present.document import Document, Field, Text, closing, opening, small, tabled
from howsure.present.estimate import limits, merged, score
from howsure.present.labels import labels
from howsure.present.presenting import shared
from howsure.present.render.visible import visible
from howsure.present.style import BLUE, CURVE, FADED, GOOD, GREY, HAIR, HOLLOW, INTERVAL
from howsure.present.style import POINT as POINT_RADIUS
from howsure.wording import Scale, amount_text, ci_text, level_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
SHORTEST = 12.0
"""A shorter line from a name to its point isn't drawn, in pixels."""
CLEAR = 5.0
"""The distance of such a line from other points and names, in pixels."""


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

    def above(self, at: tuple[float, float]) -> bool:
        """Return whether it is right above or below a point."""
        return abs(self.x - at[0]) < self.half_width

    def nearest(self, at: tuple[float, float]) -> tuple[float, float]:
        """Return the point of it that is nearest to another."""
        x = min(max(at[0], self.x - self.half_width), self.x + self.half_width)
        return x, min(max(at[1], self.y - self.half_height), self.y + self.half_height)

    def inside(self, frame: Frame) -> bool:
        """Return whether all of it lies within the axes."""
        across = self.half_width <= self.x <= frame.width - self.half_width
        return across and self.half_height <= self.y <= frame.height - self.half_height


@dataclass(frozen=True, slots=True)
class Name:
    """A name's place, by its centre, and the end of the line to its point if it has one."""

    box: Box
    line: tuple[float, float] | None


def places(rows: Sequence[Row], frame: Frame, font: float) -> list[Name | None]:
    """Return the place of each row's name: on no point, error bar or other name, and near its point. None if
    it has no room. Those of the step line come first.
    """
    points = [frame.at(row["cost"], row["score"]) for row in rows]
    bars = [bar for row in rows for bar in _bars(row, frame)]
    taken = [*(Box(x, y, DOT * font, DOT * font) for x, y in points), *bars]
    found: list[Name | None] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda k: (rows[k]["step"] is None, rows[k]["group"] == BEATEN, k))
    for k in order:
        others = [*points[:k], *points[k + 1 :]]
        for box in _around(rows[k]["label"], points[k], font):
            if not box.inside(frame) or any(map(box.touches, taken)):
                continue
            line = box.nearest(points[k])
            along = _along(points[k], line)
            gap = math.dist(points[k], line)
            if not along and any(math.dist(at, box.nearest(at)) < gap + CLEAR for at in others):
                continue
            named = [each.box for each in found if each is not None]
            if any(box.touches(at) for at in along for box in [*named, *(Box(*at, 0, 0) for at in others)]):
                continue
            found[k] = Name(box, line if along else None)
            taken += [box, *along]
            break
    return found


def numbered(rows: Sequence[Row], found: Sequence[Name | None], frame: Frame, font: float) -> list[Name]:
    """Return the places of all names. A name without room becomes a number, which may cover error bars."""
    points = [frame.at(row["cost"], row["score"]) for row in rows]
    taken = [Box(x, y, 0.9 * DOT * font, 0.9 * DOT * font) for x, y in points]
    taken += [each.box for each in found if each is not None]
    every: list[Name] = []
    count = 0
    for name, at in zip(found, points, strict=True):
        place = name
        if place is None:
            count += 1
            boxes = list(_around(f"{count}", at, font))[: len(RINGS)]
            place = Name(next((box for box in boxes if not any(map(box.touches, taken))), boxes[0]), None)
            taken.append(place.box)
        every.append(place)
    return every


def _along(point: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """Return a line from a point to a name as small rectangles, none if it is too short to be drawn."""
    length = math.dist(point, end)
    if length < SHORTEST + POINT_RADIUS:
        return []
    steps = [k / int(length / CLEAR) for k in range(2, int(length / CLEAR))]
    (x, y), (u, v) = point, end
    return [Box(x + t * (u - x), y + t * (v - y), CLEAR / 2, CLEAR / 2) for t in steps]


def _around(label: str, at: tuple[float, float], font: float) -> Iterator[Box]:
    """Yield places around a point, the near ones first."""
    half_width, half_height = EM * font * cell_len(label) / 2, 0.6 * font
    for ring in RINGS:
        gap = (DOT + 0.2 + ring) * font
        side, above = half_width + gap, half_height + gap
        beside = half_height + 1.0 + 0.6 * ring * font  # clear of its own error bar
        for x, y in ((side, -beside), (side, beside), (-side, -beside), (-side, beside)):
            yield Box(at[0] + x, at[1] + y, half_width, half_height)
        for across in (0.0, 0.9, -0.9):
            for y in (-above, above):
                yield Box(at[0] + across * half_width, at[1] + y, half_width, half_height)


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
KEY = re.compile(r"\d+: ")
"""The beginning of a line of names that have no room at their points."""


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
    costs = _reach(shown, COSTS, log=True)
    x = {
        "type": "quantitative",
        "title": f"{visible(measure)} per question, log scale",
        "scale": {"type": "log", "nice": False, "domain": costs},
        "axis": {"values": _ticks(costs), "format": ",~r", "grid": False, "labelSeparation": 6},
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
    times = 1.25 if len(shown) > MANY else 1
    drawing = {
        "width": times * WIDTH,
        "height": times * HEIGHT,
        "layer": _layers(x, y, told, len(shown), ground),
    }
    note = f"error bars: {level_text(level)} confidence intervals"
    beginning = shared({row["name"] for row in shown})
    note += f"\nnames begin with {beginning}" if beginning else ""
    return placed(figure(shown, drawing, description=description, title=title, subtitle=note), TYPE)


def _layers(x: Spec, y: Spec, told: list[Spec], count: int, ground: str) -> list[Spec]:
    """Return the step line, crosses, points and names. `x` and `y`: the axes. With many points the crosses
    are faint.
    """
    line, point = glyphs(GROUPS, ground)
    for channel in (*line.values(), *point.values()):
        channel["legend"] = {"symbolOpacity": 1}
    faded = {"condition": {"test": f"datum.group == '{BEATEN}'", "value": FADED}, "value": 1}
    common = {"tooltip": told, "description": {"field": "told", "type": "nominal"}}
    bars = {**common, **line, "opacity": {**faded, "value": 1 if count <= MANY else FADED}}
    to_point = {"x2": {"field": "cost"}, "y2": {"field": "score"}}
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
            "transform": [{"filter": {"field": "line_x", "valid": True}}],
            "mark": {"type": "rule", "color": GREY, "strokeWidth": HAIR},
            "encoding": {"x": {"field": "line_x", **x}, "y": {"field": "line_y", **y}, **to_point},
        },
        {"mark": POINT, "encoding": {"x": at_x, "y": at_y, **common, **point}},
        *_names(x, y, ground),
    ]


def _names(x: Spec, y: Spec, ground: str) -> list[Spec]:
    """Return the names, each with an outline in the background's colour, so that it is legible over lines."""
    named = {"transform": [{"filter": {"field": "label_x", "valid": True}}]}
    at = {"x": {"field": "label_x", **x}, "y": {"field": "label_y", **y}}
    text = {"type": "text", "align": {"expr": "datum.align"}, "baseline": "middle", "fontSize": TYPE}
    said = {**at, "text": {"field": "tag", "type": "nominal"}}
    return [
        {**named, "mark": {**text, "stroke": ground, "strokeWidth": 3, "aria": False}, "encoding": said},
        {**named, "mark": text, "encoding": said},
    ]


def _ticks(ends: Sequence[float]) -> list[float]:
    """Return round numbers along the axis of costs: 1, 2 and 5 times powers of ten, or all digits if these
    are few.
    """
    powers = range(math.floor(math.log10(ends[0])), math.ceil(math.log10(ends[1])) + 1)
    for digits in ((1, 2, 5), range(1, 10), [k / 2 for k in range(2, 20)]):
        found = [float(f"{digit}e{power}") for power in powers for digit in digits]
        found = [tick for tick in found if ends[0] <= tick <= ends[1]]
        gaps = [math.log(high / low) for low, high in pairwise([ends[0], *found, ends[1]])]
        if len(found) > 2 and max(gaps) < 0.4 * math.log(ends[1] / ends[0]):
            break
    return found


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


def _broken(key: list[str], most: int) -> list[str]:
    """Return numbered names in lines."""
    lines: list[str] = []
    for name in key:
        if lines and len(lines[-1]) + len(name) + 3 <= most:
            lines[-1] += f"; {name}"
        else:
            lines.append(name)
    return lines


def placed(spec: Spec, font: float) -> Spec:
    """Return a figure with names next to their points without overlaps. Points without room for a name have a
    number, and its name stands above.
    """
    parts = spec.get("concat", [spec])
    every = spec["data"]["values"]
    for k, part in enumerate(parts):
        mine = [row for row in every if row.get("panel", 0) == k]
        # Place the names of one panel.
        encoding = part["layer"][1]["encoding"]
        frame = Frame(
            float(part["width"]),
            float(part["height"]),
            x=tuple(encoding["x"]["scale"]["domain"]),
            y=tuple(encoding["y"]["scale"]["domain"]),
        )
        found = places(mine, frame, font)
        count, key = 0, []
        for row, alone, name in zip(mine, found, numbered(mine, found, frame, font), strict=True):
            at = frame.at(row["cost"], row["score"])
            count += alone is None
            row["tag"] = row["label"] if alone else f"{count}"
            key += [] if alone else [f"{count}: {row['label']}"]
            # Written from its end at the point, as its width is a guess.
            side = (name.box.x > at[0]) - (name.box.x < at[0]) if not name.box.above(at) else 0
            row["align"] = ("center", "left", "right")[side]
            row["label_x"], row["label_y"] = frame.back(name.box.x - side * name.box.half_width, name.box.y)
            row["line_x"], row["line_y"] = frame.back(*name.line) if name.line else (None, None)
        lines = part["title"]["subtitle" if "subtitle" in part["title"] else "text"]
        most = int((frame.width + 4 * font) / (EM * font))
        lines[:] = [line for line in lines if not KEY.match(line)] + _broken(key, most)
    return spec


def rows(records: Sequence[Row], *, percent: bool, lower_is_better: bool) -> list[Row]:
    """Return the rows to draw: one per model with a cost above 0. `step` is the best score so far of those
    that could be the best buy.
    """
    factor = unit(percent=percent)[0]
    kept = [record for record in records if record["cost"] is not None and record["cost"] > 0]
    beginning = shared({record["model"] for record in kept})
    names, sign, best, found = (
        labels(record["model"].removeprefix(beginning) for record in kept),
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
                "tag": label,
                "align": "center",
                **dict.fromkeys(("label_x", "label_y", "line_x", "line_y")),
                "group": BUY if buy else BEATEN,
                "told": _told(record, Scale(percent=percent), BUY if buy else BEATEN),
            }
        )
    return found


def _told(record: Row, scale: Scale, group: str) -> str:
    value = math.nan if record["value"] is None else record["value"]
    return f"{visible(record['model'])}: {scale.score(value)} at {amount_text(record['cost'], 3)}, {group}"
