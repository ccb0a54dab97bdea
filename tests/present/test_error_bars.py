"""Error bars in tables are drawn to scale on one axis that all rows share."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.present.document import Whisker
from howsure.present.render.html import MOST_NUMBERS, ROOM, WIDTH, Axis, draw_axis, draw_error_bar
from howsure.wording import Scale


def places(svg):
    """The limits and the value of a bar, in pixels."""
    low, high = re.search(r'class="range" d="M([\d.]+) 9H([\d.]+)', svg).groups()
    return float(low), float(re.search(r'cx="([\d.]+)"', svg)[1]), float(high)


def test_an_error_bar_is_drawn_at_its_value_and_limits():
    axis = Axis(low=0.0, high=1.0)
    inner = WIDTH - 2 * ROOM
    drawn = places(draw_error_bar(Whisker(value=0.5, low=0.25, high=1.0), axis))
    assert drawn == (ROOM + inner / 4, ROOM + inner / 2, WIDTH - ROOM)


def test_a_value_outside_its_limits_is_drawn_outside():
    low, value, high = places(draw_error_bar(Whisker(value=0.9, low=0.2, high=0.4), Axis(low=0.2, high=0.9)))
    assert low < high < value


def test_tolerance_limits_are_a_band():
    axis = Axis(low=0.0, high=1.0)
    low, high = axis.place(0.25), axis.place(0.75)
    drawn = draw_error_bar(Whisker(value=0.5, low=0.25, high=0.75, limits=True), axis)
    assert f'<rect class="band" x="{low:g}" width="{high - low:g}" height="18"/>' in drawn
    assert 'width="0"' in draw_error_bar(Whisker(value=0.5, low=0.5, high=0.5, limits=True), axis)


def test_zero_is_marked_only_if_it_is_on_the_axis():
    drawn = draw_error_bar(Whisker(value=0.01, low=-0.02, high=0.03), Axis(low=-0.02, high=0.03))
    assert drawn.count('class="zero"') == 1
    assert 'class="zero"' not in draw_error_bar(Whisker(value=0.7, low=0.6, high=0.8), Axis(low=0.6, high=0.8))


@pytest.mark.parametrize(
    ("percent", "numbers"), [(True, ["−10", "−5", "0", "5"]), (False, ["−0.1", "−0.05", "0", "0.05"])]
)
def test_axis_labels_use_the_number_format_of_the_table(percent, numbers):
    drawn = draw_axis(Axis(low=-0.11, high=0.09), Scale(percent=percent))
    assert re.findall(r">([^<]+)</text>", drawn) == numbers


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9))
def test_axis_ticks_are_few_sorted_and_within_the_axis(low, width):
    high = low + width
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        return
    ticks = Axis(low=low, high=high).ticks()
    assert 1 <= len(ticks) <= MOST_NUMBERS + 1
    assert ticks == sorted(ticks)
    slack = 1e-6 * (high - low)
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    assert all(math.isfinite(tick) for tick in ticks)
